"""What is said about inference, in whole sentences for each case and in tables, which is why this is long; from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from landscape.labs.inference.facts import Company, Corrected, Facts, Hard, Naive, OtherMates, Reader
from landscape.labs.trainings import Ended, told_of
from landscape.labs.words import Percent, Ratio, Share, number, sentence
from models.normalization import Layer

LOST = 0.1
"""A score so much lower is another one."""

CLOSE = 0.03
"""Scores within this of each other are alike."""

STILL = 1e-4
"""Outputs that deviate by less over other mates, in deviations of the outputs, stay: that is rounding."""

AS_MUCH = 1.3
"""Outputs that deviate by less than so many times as much deviate alike."""

GROWS = 1.3
"""Weights that end so many times as long have grown clearly."""

WORSE = 1.5
"""A loss so many times another is clearly worse."""

MANY = 32
"""What is told of a batch that is not small."""

FEW = 8
"""And of one that is."""


class Case(StrEnum):
    """What there is to say about inference, a template each."""

    ALONE_LOST = "one alone tells nothing"
    ALONE_HOLDS = "one alone is as good"
    ALONE_WORSE = "one alone is worse"
    ANY_COMPANY = "whatever the company"
    SORTED_LOST = "lost where sorted"
    SORTED_HOLDS = "holds where sorted"
    LOSS_FALLS = "loss by batch size"
    MATES_MOVE = "mates move the answer"
    MATES_NUMBERS = "mates move a number"
    MATES_LESS = "mates move it less"
    MATES_NOT = "one dot"
    DROPPING = "dropout moves it in any batch"
    DROPPING_LESS = "dropout moves it, less in large batches"
    DROPPING_NOT = "dropout moves nothing"
    OPENING = "what the opening limits would cut"
    LIMITS_PAPER = "the paper's limits"
    LIMITS_OWN = "other limits than the paper's"
    LIMITS_AT_ONCE = "other limits, from the first step on"
    LIMITS_CLOSED = "limits that leave BatchNorm"
    SHOWN = "the example shown"
    MEAN = "the mean's error"
    LAST_LESS = "less in the last layer"
    VARIANCE = "biased variance"
    FOLLOWING = "averages along training"
    FLOOR = "floors of averages"
    FOLDED = "folded into the weights"
    R_AND_D = "r and d"
    R_AND_D_SORTED = "r and d where sorted"
    APART = "training and inference"
    HARD_MENDED = "renormalization trains where BatchNorm does not"
    HARD_ALIKE = "no clear difference"
    HARD_NO_BETTER = "BatchNorm ends lower"
    HARD_OTHERS = "the others under it"
    HARD_STORED = "a higher loss and a higher score"
    GREW = "the weights grew"
    GREW_LITTLE = "the weights grew little"
    RISES = "the loss rises again"
    FALLS = "the loss falls yet"
    NAIVE_DIVERGED = "diverged by averages"
    STEPS_DIFFER = "steps differ"
    SHARED_WORSE = "one set for all is worse"
    SHARED_ALIKE = "one set for all is as good"
    NUMBERS = "numbers stored"
    LATER_STEPS = "statistics of each step do not carry over"
    LATER_ALIKE = "no clear difference on more steps"


SENTENCES = {
    Case.ALONE_LOST: "**{name}** by the statistics of one example alone tells nothing: every output is the same, and its test "
    "{score} of {one} is that of a guess. With two together it is {two}, with {many} together {some}; by stored statistics {stored}, "
    "whether alone or not.",
    Case.ALONE_WORSE: "**{name}** does worse with one example alone, {one}, than by stored statistics, {stored}; with {many} "
    "together it is {some}.",
    Case.ALONE_HOLDS: "**{name}** corrects a batch by what it stored, so that one example alone is told as well as many: {one} "
    "alone, {some} with {many} together, {stored} by stored statistics.",
    Case.ANY_COMPANY: "Each example is normalized by itself, if at all, and how many stand together changes nothing: {scores}.",
    Case.SORTED_LOST: "**{name}** on examples sorted by class, {many} together, reaches {alike}, and shuffled {shuffled}: a batch "
    "of one class is centred on what makes it that class.",
    Case.SORTED_HOLDS: "**{name}** on examples sorted by class, {many} together, reaches {alike}, and shuffled {shuffled}.",
    Case.LOSS_FALLS: "**{name}** has another loss with each size of the batch, of the very same weights: {few} in batches of "
    "{small}, {whole} in batches of {large}. That is the noise which its batches bring.",
    Case.MATES_MOVE: "**{name}**: in batches of {small} other mates move an output by {spread} of its deviation over the "
    "examples, and change the class in {changes} of the batches; in batches of {large} they move it by {less}. That is the mean of "
    "several test examples.",
    Case.MATES_NUMBERS: "**{name}**: in batches of {small} other mates move an output by {spread} of its deviation over the "
    "examples; in batches of {large} by {less}.",
    Case.MATES_LESS: "**{name}** is moved too, but in batches of {small} only by {spread}, where BatchNorm is moved {ratio} as much.",
    Case.MATES_NOT: "One dot, whatever the mates: {names}.",
    Case.DROPPING: "**{name}** is a cloud too, and the batch has no part in it: each pass drops other units, and an output moves by "
    "{spread} of what tells examples apart in batches of {small}, by {less} in batches of {large}. At test nothing is dropped: one dot.",
    Case.DROPPING_LESS: "**{name}** moves an output by {spread} of what tells examples apart in batches of {small}, and by {less} "
    "in batches of {large}.",
    Case.DROPPING_NOT: "**{name}** moves no output here.",
    Case.OPENING: "The limits begin as BatchNorm, r at 1 and d at 0, which cuts {first} of all r and d; those of a quarter of the "
    "training would cut {quarter} in batches of {size} drawn by chance and {sorted_quarter} in sorted ones, those of its end {end} "
    "and {sorted_end}.",
    Case.LIMITS_PAPER: "These open as training goes on, from 1 and 0, which is BatchNorm, to {r} and {d}: the paper's, scaled to "
    "these steps.",
    Case.LIMITS_OWN: "These are 1 and 0, which is BatchNorm, for the first {begin} of the training, and open from there to {r} and "
    "{d}; the paper's open to 3 and 5, scaled to these steps after an eighth of them.",
    Case.LIMITS_AT_ONCE: "These open from the first step on, from 1 and 0, which is BatchNorm, to {r} and {d}; the paper's open to "
    "3 and 5, scaled to these steps after an eighth of them.",
    Case.LIMITS_CLOSED: "These stay at 1 and 0: batch renormalization is BatchNorm here.",
    Case.SHOWN: "Example {place} of the test data is a {label}. With other mates **{name}** says so in {small_right} of the "
    "batches of {small}, and in {large_right} of those of {large}.",
    Case.MEAN: "The mean of m examples lies about 1/√m deviations from that of all: in the first layer measured over expected is "
    "between {low} and {high} at every size.",
    Case.LAST_LESS: "In the last layer it lies only {last} of that away: the layers below are normalized by the same batch, so "
    "that its mean there moves less.",
    Case.VARIANCE: "The variance of {small} examples, a sum of squares over m, is {biased} of that of all; over m − 1 in place of "
    "m it is {unbiased}. Training takes the first, and what is stored is the second.",
    Case.FOLLOWING: "After {step} steps averages in which a batch weighs {slow_weight} score {slow} on the test data, as they still "
    "hold what they began with; those of weight {weight} score {early}, those of 1, the last batch alone, {one}. At the end they "
    "score {slow_end}, {end} and {one_end}.",
    Case.FLOOR: "At fixed weights an average of weight a forgets its start by a factor of 1 − a with each batch, and then "
    "errs by √(a / (2 − a)) of one batch's error. Measured over that: {ratios}.",
    Case.FOLDED: "With stored statistics BatchNorm is one affine map: folded into the weights before it, a network without "
    "any normalization gives the same outputs, to within {difference}, where the largest is {largest}.",
    Case.R_AND_D: "In batches of {size} drawn by chance r is {r} on average and d {d}: there is nothing to correct but chance. d "
    "deviates by {deviation}, where 1/√{size} is {chance}; in batches of {small} by {small_deviation}.",
    Case.R_AND_D_SORTED: "In batches sorted by class d deviates by {deviation}, {ratio} as much: there the batch's mean says "
    "which class it is, and d gives that back.",
    Case.APART: "In batches of {size}, what training's form gives lies {batch} deviations from what inference gives with "
    "BatchNorm, and {renorm} with batch renormalization.",
    Case.HARD_MENDED: "Trained in {condition}, BatchNorm ends at a loss of {batch}, batch renormalization at {renorm}; on the "
    "test data they reach {batch_score} and {renorm_score}.",
    Case.HARD_ALIKE: "Trained in {condition}, batch renormalization ends at about the loss of BatchNorm, {renorm} and {batch}; on the "
    "test data they reach {renorm_score} and {batch_score}.",
    Case.HARD_NO_BETTER: "Trained in {condition}, batch renormalization ends at a higher loss than BatchNorm, {renorm} and "
    "{batch}; on the test data they reach {renorm_score} and {batch_score}.",
    Case.HARD_OTHERS: "Trained in {condition}, those that normalize each example by itself end at a loss of {losses}, and reach "
    "{scores} on the test data.",
    Case.HARD_STORED: "There the loss is that of training's form, by each small batch; on the test data BatchNorm predicts by averages "
    "of many batches, which is how it reaches more than these with a higher loss.",
    Case.GREW: "**{name}**: the hidden weights end {growth} as long as they began, and over the second half alone {late}; with "
    "BatchNorm {batch}. Its loss ends at {loss}, and BatchNorm's at {batch_loss}.",
    Case.GREW_LITTLE: "**{name}**: the hidden weights hardly grow here, and end {growth} as long as they began; with "
    "BatchNorm {batch}. Its loss ends at {loss}, and BatchNorm's at {batch_loss}.",
    Case.RISES: "**{name}** does not come to rest: the mean loss of its best quarter is {best}, that of the last {last}.",
    Case.FALLS: "**{name}** still learns: the mean loss falls from {first} in the first quarter to {last} in the last.",
    Case.NAIVE_DIVERGED: "**{name}** diverged: its loss overflowed, or rose a thousandfold.",
    Case.STEPS_DIFFER: "Each step has statistics of its own: the mean deviation of the units is {first} at the first, and "
    "{greatest} as large where it is largest.",
    Case.SHARED_WORSE: "One set for all steps fits none of them: {shared} on the test data, where a set for each step gives "
    "{each}. The weights are the very same: only the stored numbers differ.",
    Case.SHARED_ALIKE: "One set for all steps does about as well here: {shared} on the test data, a set for each step {each}. The "
    "weights are the very same.",
    Case.NUMBERS: "A set for each step stores {each} numbers, one for all steps {shared}, and layer normalization none: it reaches "
    "{layer}; without normalization it is {plain}.",
    Case.LATER_STEPS: "With {rows} blank rows before the digit, {rows} steps more than in training, statistics of each step do not "
    "carry over: {each} is lost with them, {shared} with one set for all, {plain} without normalization.",
    Case.LATER_ALIKE: "With {rows} blank rows before the digit, {rows} steps more than in training, statistics of each step, of which "
    "there are none for the later ones, lose {each}; one set for all loses {shared}, layer normalization, which stores none, "
    "{layer}, and no normalization {plain}. That they alone fail there is not shown here.",
}


def together_notice(facts: Facts) -> list[str]:
    """Return what to notice of examples that are normalized together."""
    badly = any(one.ended is not Ended.LEARNED for one in facts.trained)
    said = told_of(facts.trained, draws=False) if badly else []
    said += [told_of_alone(facts, one) for one in facts.company if one.depends]
    if same := {one.name: Share(one.stored) for one in facts.company if not one.depends}:
        said.append(sentence(SENTENCES[Case.ANY_COMPANY], scores=same))
    said += [told_of_sorted(one) for one in facts.company if one.alike and sorted_case(one) is Case.SORTED_LOST]
    return [*said, *told_of_losses(facts)]


def alone_case(facts: Facts, one: Company) -> Case:
    """Return what a network that depends on its batch does with one example."""
    if abs(one.scores[0] - one.stored) <= CLOSE:
        return Case.ALONE_HOLDS
    return Case.ALONE_LOST if one.scores[0] <= facts.guess + LOST else Case.ALONE_WORSE


def told_of_alone(facts: Facts, one: Company) -> str:
    """Return how a network that depends on its batch does with one example and with more."""
    return sentence(
        SENTENCES[alone_case(facts, one)],
        name=one.name,
        score=facts.score,
        one=Share(one.scores[0]),
        two=Share(one.score(2)),
        many=min(MANY, one.sizes[-1]),
        some=Share(one.score(MANY)),
        stored=Share(one.stored),
    )


def sorted_case(one: Company) -> Case:
    """Return whether a network loses its way where examples of one class stand together."""
    return Case.SORTED_LOST if one.sorted_score(MANY) < one.score(MANY) - LOST else Case.SORTED_HOLDS


def told_of_sorted(one: Company) -> str:
    """Return how a network does with examples sorted by class."""
    return sentence(
        SENTENCES[sorted_case(one)],
        name=one.name,
        many=min(MANY, one.sizes[-1]),
        alike=Share(one.sorted_score(MANY)),
        shuffled=Share(one.score(MANY)),
    )


def falls(one: Company) -> bool:
    """Return whether the loss of the same weights is clearly higher in small batches than in large ones."""
    return len(one.losses) > 1 and one.losses[0] > WORSE * one.losses[-1]


def told_of_losses(facts: Facts) -> list[str]:
    """Return of which networks the loss is another with each size of the batch."""
    return [
        sentence(
            SENTENCES[Case.LOSS_FALLS],
            name=one.name,
            few=one.losses[0],
            small=one.loss_sizes[0],
            whole=one.losses[-1],
            large=one.loss_sizes[-1],
        )
        for one in facts.company
        if falls(one)
    ]


def mates_notice(facts: Facts) -> list[str]:
    """Return what to notice of other mates."""
    said = [told_of_mates(facts, one) for one in facts.mates if moved(one)]
    if still := [one.name for one in facts.mates if not moved(one)]:
        said.append(sentence(SENTENCES[Case.MATES_NOT], names=still))
    return said + ([told_of_dropping(facts)] if facts.dropping else [])


def dropping_case(one: OtherMates) -> Case:
    """Return whether dropout moves outputs, and whether the size of the batch matters to it."""
    if not moved(one):
        return Case.DROPPING_NOT
    return Case.DROPPING if one.spread[0] < AS_MUCH * one.spread[-1] else Case.DROPPING_LESS


def told_of_dropping(facts: Facts) -> str:
    """Return by how much dropout moves a network's outputs; nothing where there is no such network."""
    one = facts.dropping
    if one is None:
        return ""
    holes = {"small": one.sizes[0], "large": one.sizes[-1], "spread": one.spread[0], "less": one.spread[-1]}
    return sentence(SENTENCES[dropping_case(one)], name=one.name, **holes)


def moved(one: OtherMates) -> bool:
    """Return whether other mates move a network's outputs by more than rounding."""
    return max(one.spread, default=0.0) > STILL


def told_of_mates(facts: Facts, one: OtherMates) -> str:
    """Return by how much other mates move a network's outputs."""
    batch = facts.visitor("batch")
    less = batch is not None and batch is not one and 2 * one.spread[0] < batch.spread[0]
    holes = {"small": one.sizes[0], "large": one.sizes[-1], "spread": one.spread[0], "less": one.spread[-1]}
    if less and batch is not None:
        return sentence(
            SENTENCES[Case.MATES_LESS], name=one.name, ratio=Ratio(batch.spread[0] / one.spread[0]), **holes
        )
    if not one.changes:
        return sentence(SENTENCES[Case.MATES_NUMBERS], name=one.name, **holes)
    return sentence(SENTENCES[Case.MATES_MOVE], name=one.name, changes=Percent(one.changes[0]), **holes)


def told_of_shown(facts: Facts) -> str:
    """Return how often the example that is shown is told rightly; nothing where no mates move it, or it has no class."""
    one = next((one for one in facts.mates if moved(one) and one.right), None)
    if one is None:
        return ""
    return sentence(
        SENTENCES[Case.SHOWN],
        place=facts.shown[0],
        label=facts.shown[1],
        name=one.name,
        small=one.sizes[0],
        small_right=Percent(one.right[0]),
        large=one.sizes[-1],
        large_right=Percent(one.right[-1]),
    )


def statistics_notice(facts: Facts) -> list[str]:
    """Return what to notice of a batch's statistics, of averages of them, and of what becomes of them."""
    said = []
    if one := facts.sampled:
        said.append(sentence(SENTENCES[Case.MEAN], low=min(one.first), high=max(one.first)))
        if max(one.last) < 0.6:
            said.append(sentence(SENTENCES[Case.LAST_LESS], last=one.last[len(one.last) // 2]))
        said.append(
            sentence(
                SENTENCES[Case.VARIANCE],
                small=one.sizes[0],
                biased=Share(one.biased[0]),
                unbiased=Share(one.unbiased[0]),
            )
        )
    said += [told for told in (told_of_following(facts), told_of_floors(facts), told_of_folded(facts)) if told]
    return said


def told_of_following(facts: Facts) -> str:
    """Return how the averages of three weights do along a training."""
    if len(facts.following) != 3:
        return ""
    slow, usual, one = facts.following
    return sentence(
        SENTENCES[Case.FOLLOWING],
        step=slow.early_step,
        slow_weight=slow.weight,
        slow=Share(slow.early),
        weight=usual.weight,
        early=Share(usual.early),
        one=Share(one.early),
        slow_end=Share(slow.end),
        end=Share(usual.end),
        one_end=Share(one.end),
    )


def told_of_floors(facts: Facts) -> str:
    """Return where averages come down to at fixed weights; of those that have had time to."""
    ratios = {f"weight {one.weight:g}": one.floor / one.expected for one in facts.forgetting if one.weight >= 0.05}
    return sentence(SENTENCES[Case.FLOOR], ratios=ratios) if ratios else ""


def told_of_folded(facts: Facts) -> str:
    """Return how near the folded network is."""
    if facts.folded is None:
        return ""
    difference = f"{facts.folded.difference:.1e}"
    return sentence(SENTENCES[Case.FOLDED], difference=difference, largest=facts.folded.largest)


def renorm_notice(facts: Facts) -> list[str]:
    """Return what to notice of r and d, of training against inference, and of hard trainings."""
    said = [
        told
        for told in (
            told_of_corrections(facts),
            told_of_sorted_corrections(facts),
            told_of_opening(facts),
            told_of_distance(facts),
        )
        if told
    ]
    for condition in dict.fromkeys(one.condition for one in facts.hard):
        said += [told for told in (told_of_hard(facts, condition), told_of_others(facts, condition)) if told]
    return said


def told_of_limits(r_max: float, d_max: float, begin: float) -> str:
    """Return within which limits r and d are held."""
    if begin >= 1 or (r_max, d_max) == (1, 0):
        case = Case.LIMITS_CLOSED
    elif (r_max, d_max, begin) == (Layer.r_max, Layer.d_max, Layer.begin):
        case = Case.LIMITS_PAPER
    else:
        case = Case.LIMITS_OWN if begin else Case.LIMITS_AT_ONCE
    return sentence(SENTENCES[case], r=r_max, d=d_max, begin=Percent(begin))


def told_of_corrections(facts: Facts) -> str:
    """Return what r and d are in batches drawn by chance."""
    if not facts.corrected:
        return ""
    own, small, _ = facts.corrected
    return sentence(
        SENTENCES[Case.R_AND_D],
        size=own.size,
        r=f"{own.r_mean:.2f}",
        d=f"{abs(own.d_mean):.2f}",
        deviation=own.d_deviation,
        chance=own.chance,
        small=small.size,
        small_deviation=small.d_deviation,
    )


def told_of_sorted_corrections(facts: Facts) -> str:
    """Return what r and d are in batches sorted by class; nothing where that is little more."""
    if not facts.corrected:
        return ""
    own, _, alike = facts.corrected
    if alike.d_deviation < WORSE * own.d_deviation:
        return ""
    ratio = Ratio(alike.d_deviation / own.d_deviation)
    return sentence(SENTENCES[Case.R_AND_D_SORTED], deviation=alike.d_deviation, ratio=ratio)


def told_of_opening(facts: Facts) -> str:
    """Return what the limits would cut of r and d as they open."""
    if not facts.corrected:
        return ""
    own, _, alike = facts.corrected
    return sentence(
        SENTENCES[Case.OPENING],
        first=Percent(own.opening[0]),
        size=own.size,
        quarter=Percent(own.opening[1]),
        sorted_quarter=Percent(alike.opening[1]),
        end=Percent(own.clipped),
        sorted_end=Percent(alike.clipped),
    )


def told_of_distance(facts: Facts, size: int = FEW) -> str:
    """Return how far training's outputs lie from inference's, with BatchNorm and with batch renormalization."""
    batch, renorm = facts.network("batch"), facts.network("batch-renorm")
    if batch is None or renorm is None:
        return ""
    apart = {"batch": batch.distance(size), "renorm": renorm.distance(size)}
    return sentence(SENTENCES[Case.APART], size=size, **apart)


def hard_case(batch: Hard, renorm: Hard) -> Case:
    """Return which of BatchNorm and batch renormalization trains clearly better under a condition."""
    if batch.loss > WORSE * renorm.loss:
        return Case.HARD_MENDED
    return Case.HARD_NO_BETTER if renorm.loss > WORSE * batch.loss else Case.HARD_ALIKE


SPOKEN = {
    "as in the sidebar": "batches as in the sidebar",
    "sorted": "batches sorted by class",
    "few classes": "batches of a few classes",
}
"""How conditions are called in a sentence, where not as they are."""


def told_of_hard(facts: Facts, condition: str) -> str:
    """Return how BatchNorm and batch renormalization train under a condition; nothing where one is missing."""
    batch, renorm = facts.under(condition, "batch"), facts.under(condition, "batch-renorm")
    if batch is None or renorm is None:
        return ""
    return sentence(
        SENTENCES[hard_case(batch, renorm)],
        condition=SPOKEN.get(condition, condition),
        batch=batch.loss,
        renorm=renorm.loss,
        batch_score=Share(batch.score),
        renorm_score=Share(renorm.score),
    )


def told_of_others(facts: Facts, condition: str) -> str:
    """Return how group and layer normalization train under a condition; nothing of the sidebar's own."""
    own = [one for one in facts.hard if one.condition == condition and one.normalization in ("group", "layer")]
    if not own or condition == facts.hard[0].condition:
        return ""
    losses, scores = {one.name: one.loss for one in own}, {one.name: Share(one.score) for one in own}
    said = sentence(
        SENTENCES[Case.HARD_OTHERS], condition=SPOKEN.get(condition, condition), losses=losses, scores=scores
    )
    batch = facts.under(condition, "batch")
    stored = batch is not None and all(batch.loss > one.loss and batch.score > one.score for one in own)
    return f"{said} {SENTENCES[Case.HARD_STORED]}" if stored else said


def naive_notice(facts: Facts) -> list[str]:
    """Return what to notice of trainings by averages."""
    batch = next((one for one in facts.naive if one.normalization == "batch"), None)
    if batch is None:
        return []
    said = []
    for one in facts.naive:
        if one is not batch:
            said += [told_of_growth(one, batch), *([] if one.diverged else [told_of_quarters(one)])]
    return said


def grew(one: Naive, batch: Naive) -> bool:
    """Return whether weights have grown clearly, and not so with BatchNorm."""
    return one.growth > GROWS * batch.growth


def told_of_growth(one: Naive, batch: Naive) -> str:
    """Return how the weights grow by averages, and with BatchNorm."""
    if one.diverged:
        return sentence(SENTENCES[Case.NAIVE_DIVERGED], name=one.name)
    return sentence(
        SENTENCES[Case.GREW if grew(one, batch) else Case.GREW_LITTLE],
        name=one.name,
        growth=Ratio(one.growth),
        late=Ratio(one.late_growth),
        batch=Ratio(batch.growth),
        loss=one.loss,
        batch_loss=batch.loss,
    )


def told_of_quarters(one: Naive) -> str:
    """Return whether the loss falls from quarter to quarter."""
    first, last, best = one.quarters[0], one.quarters[-1], min(one.quarters)
    case = Case.RISES if last > 1.1 * best else Case.FALLS
    return sentence(SENTENCES[case], name=one.name, first=first, last=last, best=best)


def readers_notice(facts: Facts) -> list[str]:
    """Return what to notice of recurrent networks."""
    if len(facts.readers) != 4:
        return []
    plain, each, shared, layer = facts.readers
    steps = each.deviations
    said = [sentence(SENTENCES[Case.STEPS_DIFFER], first=steps[0], greatest=Ratio(max(steps) / steps[0]))]
    said.append(told_of_shared(each, shared))
    numbers = {"each": each.numbers, "shared": shared.numbers}
    said.append(sentence(SENTENCES[Case.NUMBERS], layer=Share(layer.score), plain=Share(plain.score), **numbers))
    return [*said, told_of_later(facts)]


def shared_worse(each: Reader, shared: Reader) -> bool:
    """Return whether one set for all steps is clearly worse."""
    return shared.score < each.score - CLOSE / 2


def told_of_shared(each: Reader, shared: Reader) -> str:
    """Return how one set of statistics for all steps does."""
    case = Case.SHARED_WORSE if shared_worse(each, shared) else Case.SHARED_ALIKE
    return sentence(SENTENCES[case], each=Share(each.score), shared=Share(shared.score))


def told_of_later(facts: Facts) -> str:
    """Return how recurrent networks do on more steps than they were trained on."""
    plain, each, shared, layer = (Share(one.score - one.later[-1]) for one in facts.readers)
    lost = {"plain": plain, "each": each, "shared": shared, "layer": layer}
    return sentence(SENTENCES[later_case(facts)], rows=facts.readers[0].rows[-1], **lost)


def later_case(facts: Facts) -> Case:
    """Return whether on more steps statistics of each step lose clearly more than all others."""
    plain, each, *others = (one.score - one.later[-1] for one in facts.readers)
    return Case.LATER_STEPS if each > max(plain, *others) + LOST else Case.LATER_ALIKE


@dataclass(frozen=True)
class Row:
    """One network by how many are normalized together, in a table."""

    network: str
    one: str
    two: str
    eight: str
    many: str
    alike: str
    stored: str


def rows(facts: Facts) -> list[Row]:
    """Return the rows of the table of scores by company."""
    return [
        Row(
            network=one.name,
            one=f"{one.scores[0]:.3f}",
            two=f"{one.score(2):.3f}",
            eight=f"{one.score(8):.3f}",
            many=f"{one.score(MANY):.3f}",
            alike=f"{one.sorted_score(MANY):.3f}" if one.alike else "as shuffled",
            stored=f"{one.stored:.3f}" if one.depends else "stores none",
        )
        for one in facts.company
    ]


@dataclass(frozen=True)
class HardRow:
    """One network under one condition, in a table."""

    condition: str
    network: str
    loss: str
    score: str


def hard_rows(facts: Facts) -> list[HardRow]:
    """Return the rows of the table of hard trainings."""
    return [
        HardRow(one.condition, one.name, "diverged" if one.diverged else number(one.loss), f"{one.score:.3f}")
        for one in facts.hard
    ]


COLUMNS = ("part", "network", "condition", "size", "score", "sorted", "apart", "loss", "spread", "changes", "growth")
"""Of the numbers to take along; what a row has none of stays empty."""


def numbers(facts: Facts) -> Sequence[Mapping[str, object]]:
    """Return the numbers to take along, a row for each network and size, condition or training."""
    found: list[dict[str, object]] = []
    for one in facts.company:
        for i, size in enumerate(one.sizes):
            alike = one.alike[i] if one.alike else None
            loss = dict(zip(one.loss_sizes, one.losses, strict=True)).get(size)
            found.append(
                {"part": "together", "network": one.name, "size": size, "score": one.scores[i], "sorted": alike}
                | {"apart": one.apart[i], "loss": loss}
            )
    for mates in facts.mates:
        for i, size in enumerate(mates.sizes):
            changes = mates.changes[i] if mates.changes else None
            found.append(
                {
                    "part": "other mates",
                    "network": mates.name,
                    "size": size,
                    "spread": mates.spread[i],
                    "changes": changes,
                }
            )
    found += [
        {"part": "trained", "network": hard.name, "condition": hard.condition, "loss": hard.loss, "score": hard.score}
        for hard in facts.hard
    ]
    found += [
        {"part": "by averages", "network": naive.name, "growth": naive.growth, "loss": naive.loss}
        for naive in facts.naive
    ]
    found += [{"part": "recurrent", "network": reader.name, "score": reader.score} for reader in facts.readers]
    return [dict.fromkeys(COLUMNS) | row for row in found]


def of_chance(one: Corrected) -> float:
    """Return how many times the deviation of d is what chance gives."""
    return one.d_deviation * sqrt(one.size)
