"""What may be asked about inference, each question with its settings and its answer, which is why this is long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from landscape.experiment import Comparison, Variant
from landscape.labs.inference.facts import Company, Facts, Naive, OtherMates
from landscape.labs.inference.request import BASE, Alike, Inference
from landscape.labs.inference.words import (
    CLOSE,
    FEW,
    LOST,
    MANY,
    Case,
    alone_case,
    dropping_case,
    falls,
    grew,
    hard_case,
    later_case,
    moved,
    shared_worse,
    sorted_case,
    told_of_alone,
    told_of_distance,
    told_of_dropping,
    told_of_floors,
    told_of_folded,
    told_of_following,
    told_of_growth,
    told_of_hard,
    told_of_later,
    told_of_mates,
    told_of_opening,
    told_of_shared,
    told_of_sorted,
    told_of_sorted_corrections,
)
from landscape.labs.lab import Choice, Question
from landscape.labs.words import Percent, Share, sentence

DEFAULT = Inference()

AVERAGES = replace(DEFAULT, try_averages=True)

RECURRENT = replace(DEFAULT, try_readers=True)

MUCH = 0.1
"""A share of r and d over this is much to be cut."""

HALF = 0.5
"""A share of the outputs' deviation over this is told as more than half."""

SENTENCES = {
    "how many": "With {fewest} together it comes within {close} of its score by stored statistics, {stored}; with {fewer} it is {before}.",
    "how many, never": "Not even all {most} together bring it within {close} of its score by stored statistics, {stored}: they give {best}.",
    "needs none": "They need no company: {scores}, alone as together, and what is used is what was trained.",
    "needs none, not": "Their scores differ with the company here, which they should not: {scores}.",
    "noise": "Of the very same weights the loss with BatchNorm is {few} in batches of {small}, {own} in batches of {trained} and {whole} in batches of {large}.",
    "noise, none": "The loss hardly depends on the batch here: it is {few} in batches of {small} and {whole} in batches of {large}.",
    "mean": "By 1/√m: measured over 1/√m it lies between {low} and {high} at every size, up to what drawing without replacement takes off.",
    "mean, not": "Not by 1/√m here: measured over that it lies between {low} and {high}.",
    "variance": "The sum of squares over m gives {biased} of the variance of all where m is {small}: the mean is that of the two themselves. Over m − 1 it is {unbiased}.",
    "lag": "By what it stored it reaches {stored}, and by the statistics of {many} test examples at hand {some}: after {steps} steps averages of that weight still hold what they began with.",
    "lag, not": "They are ready: by what it stored it reaches {stored}, by the statistics of {many} test examples at hand {some}.",
    "small": "In {condition} BatchNorm ends at a test score of {batch}, group normalization at {group} and layer normalization at {layer}; in batches as in the sidebar BatchNorm reaches {shuffled}.",
    "mind": "**{name}** names another class than it does most often in {few} of the batches of {small}, and in {many} of those of "
    "{large}.",
    "one dot": "By nothing: an example is normalized by itself with {names}, and all its dots are one.",
    "steps": "They differ: a unit deviates by {first} at the first step and by {greatest} at the one where it is greatest, as h begins at 0.",
    "steps, not": "They hardly differ here: a unit deviates by {first} at the first step and by {greatest} at the one where it is greatest.",
}


def _asked(normalizations: tuple[str, ...] = (), own: dict[str, Any] | None = None, **changes: Any) -> Inference:
    """Return a request of these networks; `changes` are fields of an experiment, `own` those of the request."""
    variants = tuple(Variant(normalization=name) for name in normalizations) or DEFAULT.comparison.variants
    return replace(DEFAULT, comparison=Comparison(BASE.replace(**changes), variants), **own or {})


def _of(kind: str, tell: Callable[[Facts, Company], str]) -> Callable[[Facts], str]:
    def answer(facts: Facts) -> str:
        one = facts.network(kind)
        return "" if one is None else tell(facts, one)

    return answer


def _holds(kind: str, rule: Callable[[Facts, Company], bool]) -> Callable[[Facts], bool]:
    def right(facts: Facts) -> bool:
        one = facts.network(kind)
        return one is not None and rule(facts, one)

    return right


def fewest_together(one: Company) -> int:
    """Return how many must stand together to come near the score by stored statistics; 0 where all do not."""
    return next((size for size, score in zip(one.sizes, one.scores, strict=True) if score >= one.stored - CLOSE), 0)


def _how_many(facts: Facts, one: Company) -> str:
    fewest = fewest_together(one)
    shared = {"close": CLOSE, "stored": Share(one.stored)}
    if not fewest:
        return sentence(SENTENCES["how many, never"], most=one.sizes[-1], best=Share(max(one.scores)), **shared)
    before = max((size for size in one.sizes if size < fewest), default=fewest)
    score = Share(one.score(before))
    return sentence(SENTENCES["how many"], fewest=fewest, fewer=before, before=score, **shared)


def _alone(facts: Facts) -> list[Company]:
    return [one for one in facts.company if one.normalization in ("group", "layer")]


def _needs_none(one: Company) -> bool:
    return max(one.scores) - min(one.scores) <= CLOSE


def _needs(facts: Facts) -> str:
    many = _alone(facts)
    if not many:
        return ""
    case = "needs none" if all(_needs_none(one) for one in many) else "needs none, not"
    return sentence(SENTENCES[case], scores={one.name: Share(one.scores[0]) for one in many})


def _noise(facts: Facts, one: Company) -> str:
    if not one.losses:
        return ""
    at = dict(zip(one.loss_sizes, one.losses, strict=True))
    trained = max(size for size in one.loss_sizes if size <= MANY)
    holes = {"few": one.losses[0], "small": one.loss_sizes[0], "whole": one.losses[-1], "large": one.loss_sizes[-1]}
    return sentence(SENTENCES["noise" if falls(one) else "noise, none"], own=at[trained], trained=trained, **holes)


def _changed(facts: Facts) -> str:
    one = facts.visitor("batch")
    if one is None or not one.changes:
        return ""
    few, many = (Percent(_changes(one, size)) for size in (FEW_MATES, one.sizes[-1]))
    return sentence(SENTENCES["mind"], name=one.name, few=few, small=FEW_MATES, many=many, large=one.sizes[-1])


FEW_MATES = 4
"""Of a batch in which mates matter."""


def _visiting(kind: str) -> Callable[[Facts], str]:
    def answer(facts: Facts) -> str:
        one = facts.visitor(kind)
        return "" if one is None else told_of_mates(facts, one)

    return answer


def _visits(kind: str, rule: Callable[[Facts, OtherMates], bool]) -> Callable[[Facts], bool]:
    def right(facts: Facts) -> bool:
        one = facts.visitor(kind)
        return one is not None and rule(facts, one)

    return right


def _changes(one: OtherMates, size: int) -> float:
    """Return in which share of the batches of so many another class is named."""
    return dict(zip(one.sizes, one.changes, strict=False)).get(size, 0.0)


def _calmer(facts: Facts, one: OtherMates) -> bool:
    batch = facts.visitor("batch")
    return batch is not None and 2 * one.spread[0] < batch.spread[0]


def _still(facts: Facts) -> str:
    names = [one.name for one in facts.mates if one.normalization in ("group", "layer") and not moved(one)]
    return sentence(SENTENCES["one dot"], names=names) if names else ""


def _mean(facts: Facts) -> str:
    one = facts.sampled
    if one is None:
        return ""
    return sentence(SENTENCES["mean" if by_root(facts) else "mean, not"], low=min(one.first), high=max(one.first))


def by_root(facts: Facts) -> bool:
    """Return whether the error of a batch's mean is as chance has it at every size."""
    return facts.sampled is not None and all(0.8 < ratio < 1.25 for ratio in facts.sampled.first)


def _variance(facts: Facts) -> str:
    one = facts.sampled
    if one is None:
        return ""
    shares = {"biased": Share(one.biased[0]), "unbiased": Share(one.unbiased[0])}
    return sentence(SENTENCES["variance"], small=one.sizes[0], **shares)


def as_weighed(facts: Facts) -> bool:
    """Return whether moving averages come down to what their weight has them do."""
    return all(0.7 < one.floor / one.expected < 1.4 for one in facts.forgetting if one.weight >= 0.05)


def _is_half(facts: Facts) -> bool:
    return facts.sampled is not None and facts.sampled.biased[0] < 0.75


def _early(facts: Facts, place: int) -> bool:
    """Return whether the averages of this place are by far the worst early on."""
    if len(facts.following) != 3:
        return False
    scores = [one.early for one in facts.following]
    return scores[place] == min(scores)


def _lag(facts: Facts, one: Company) -> str:
    case = "lag" if lags(one) else "lag, not"
    shares = {"stored": Share(one.stored), "some": Share(one.score(MANY))}
    return sentence(SENTENCES[case], many=min(MANY, one.sizes[-1]), steps=facts.steps, **shares)


def lags(one: Company) -> bool:
    """Return whether a network does much better by the statistics at hand than by those it stored."""
    return one.score(MANY) > one.stored + LOST


def _mended(condition: str) -> Callable[[Facts], bool]:
    def right(facts: Facts) -> bool:
        batch, renorm = facts.under(condition, "batch"), facts.under(condition, "batch-renorm")
        return batch is not None and renorm is not None and hard_case(batch, renorm) is Case.HARD_MENDED

    return right


def _limited(**limits: float) -> Inference:
    """Return the default request with other limits of renormalization."""
    comparison = DEFAULT.comparison
    return replace(DEFAULT, comparison=replace(comparison, base=comparison.base.replace(**limits)))


def _drops(facts: Facts, case: Case) -> bool:
    return facts.dropping is not None and dropping_case(facts.dropping) is case


def _dropped(facts: Facts) -> str:
    """Return what dropout does to one example's outputs, and BatchNorm beside it."""
    batch = facts.visitor("batch")
    if facts.dropping is None or batch is None:
        return ""
    return f"{told_of_dropping(facts)} {told_of_mates(facts, batch)}"


def _cuts(facts: Facts) -> tuple[bool, bool] | None:
    """Return whether the limits of a quarter of the training cut much in shuffled batches, and in sorted ones."""
    if len(facts.corrected) != 3:
        return None
    own, _, alike = facts.corrected
    return own.opening[1] > MUCH, alike.opening[1] > MUCH


def _not(rule: Callable[[Facts], bool], there: Callable[[Facts], bool]) -> Callable[[Facts], bool]:
    """Return the rule that another does not hold, once it can be told."""
    return lambda facts: there(facts) and not rule(facts)


def _told_hard(condition: str) -> Callable[[Facts], str]:
    return lambda facts: told_of_hard(facts, condition)


def _has_hard(facts: Facts) -> bool:
    return bool(facts.hard)


SMALL = f"batches of {DEFAULT.small}"

TWO = "batches of 2"


def _small(facts: Facts) -> str:
    found = [facts.under(TWO, kind) for kind in ("batch", "group", "layer")]
    shuffled = facts.under("as in the sidebar", "batch")
    if shuffled is None or any(one is None for one in found):
        return ""
    batch, group, layer = (Share(one.score) for one in found if one is not None)
    return sentence(
        SENTENCES["small"], condition=TWO, batch=batch, group=group, layer=layer, shuffled=Share(shuffled.score)
    )


def small_fails(facts: Facts) -> bool:
    """Return whether BatchNorm does clearly worse in batches of two than group and layer normalization."""
    found = [facts.under(TWO, kind) for kind in ("batch", "group", "layer")]
    if any(one is None for one in found):
        return False
    batch, group, layer = (one.score for one in found if one is not None)
    return batch < min(group, layer) - LOST


def _naive_of(facts: Facts, kind: str) -> tuple[Naive, Naive] | None:
    found = {one.normalization: one for one in facts.naive}
    return (found[kind], found["batch"]) if kind in found and "batch" in found else None


def _grows(facts: Facts) -> str:
    pair = _naive_of(facts, "batch-moving")
    return "" if pair is None else told_of_growth(*pair)


def _grew(facts: Facts) -> bool:
    pair = _naive_of(facts, "batch-moving")
    return pair is not None and not pair[0].diverged and grew(*pair)


def _grew_not(facts: Facts) -> bool:
    pair = _naive_of(facts, "batch-moving")
    return pair is not None and not pair[0].diverged and not grew(*pair)


def _steps(facts: Facts) -> str:
    if len(facts.readers) != 4:
        return ""
    steps = facts.readers[1].deviations
    return sentence(SENTENCES["steps" if steps_differ(facts) else "steps, not"], first=steps[0], greatest=max(steps))


def steps_differ(facts: Facts) -> bool:
    """Return whether the deviation of a unit at some step is far from that at the first."""
    steps = facts.readers[1].deviations if len(facts.readers) == 4 else ()
    return bool(steps) and max(steps) > 1.5 * steps[0]


def _shared(facts: Facts) -> str:
    return told_of_shared(facts.readers[1], facts.readers[2]) if len(facts.readers) == 4 else ""


def _is_shared_worse(facts: Facts) -> bool:
    return len(facts.readers) == 4 and shared_worse(facts.readers[1], facts.readers[2])


def _has_readers(facts: Facts) -> bool:
    return len(facts.readers) == 4


def _later(facts: Facts) -> str:
    return told_of_later(facts) if facts.readers else ""


QUESTIONS = (
    Question(
        "alone",
        "One example alone, normalized by its own statistics: what does a trained BatchNorm network say?",
        DEFAULT,
        "together",
        _of("batch", told_of_alone),
        (
            Choice(
                "The right class, nearly as often",
                _holds("batch", lambda f, one: alone_case(f, one) is Case.ALONE_HOLDS),
            ),
            Choice(
                "The right class, less often", _holds("batch", lambda f, one: alone_case(f, one) is Case.ALONE_WORSE)
            ),
            Choice(
                "The same, whatever it is shown", _holds("batch", lambda f, one: alone_case(f, one) is Case.ALONE_LOST)
            ),
        ),
        (23,),
    ),
    Question(
        "how-many",
        "How many test examples must stand together, until their own statistics are as good as stored ones?",
        DEFAULT,
        "together",
        _of("batch", _how_many),
        (
            Choice("Four or fewer", _holds("batch", lambda f, one: 0 < fewest_together(one) <= 4)),
            Choice("8 to 128", _holds("batch", lambda f, one: 4 < fewest_together(one) <= 128)),
            Choice("More, or they never are", _holds("batch", lambda f, one: not 0 < fewest_together(one) <= 128)),
        ),
        (10, 23),
    ),
    Question(
        "sorted",
        "And 32 test examples of one class or two?",
        DEFAULT,
        "together",
        _of("batch", lambda facts, one: told_of_sorted(one)),
        (
            Choice("As good as any 32", _holds("batch", lambda f, one: sorted_case(one) is Case.SORTED_HOLDS)),
            Choice("Much worse", _holds("batch", lambda f, one: sorted_case(one) is Case.SORTED_LOST)),
        ),
        (23, 49),
    ),
    Question(
        "renorm-alone",
        "Batch renormalization, one example alone, in the form in which it trains?",
        DEFAULT,
        "together",
        _of("batch-renorm", told_of_alone),
        (
            Choice(
                "Lost, as BatchNorm is",
                _holds("batch-renorm", lambda f, one: alone_case(f, one) is not Case.ALONE_HOLDS),
            ),
            Choice("As good as many", _holds("batch-renorm", lambda f, one: alone_case(f, one) is Case.ALONE_HOLDS)),
        ),
        (23, 50),
    ),
    Question(
        "layer-group",
        "How many examples do group and layer normalization need together?",
        DEFAULT,
        "together",
        _needs,
        (
            Choice("None: one is as good as many", lambda f: bool(_alone(f)) and all(map(_needs_none, _alone(f)))),
            Choice("As many as BatchNorm", lambda f: bool(_alone(f)) and not all(map(_needs_none, _alone(f)))),
        ),
        (23, 41),
    ),
    Question(
        "noise",
        "The same weights, the same training examples, other sizes of batches: is the loss the same?",
        DEFAULT,
        "together",
        _of("batch", _noise),
        (
            Choice(
                "Yes, a mean over the same examples",
                _holds("batch", lambda f, one: bool(one.losses) and not falls(one)),
            ),
            Choice("No, higher in small batches", _holds("batch", lambda f, one: falls(one))),
        ),
        (20,),
    ),
    Question(
        "lag",
        "Averages with a long memory, of weight 0.01, after 25 steps: are they of use?",
        _asked(averages_weight=0.01, num_steps=25),
        "together",
        _of("batch", _lag),
        (
            Choice("Yes, 25 batches are many", _holds("batch", lambda f, one: not lags(one))),
            Choice("No, a batch at hand is better", _holds("batch", lambda f, one: lags(one))),
        ),
        (11,),
    ),
    Question(
        "other-mates",
        "The same example in other batches of four: how often does BatchNorm change its mind?",
        DEFAULT,
        "mates",
        _changed,
        (
            Choice("Never", _visits("batch", lambda f, one: _changes(one, FEW_MATES) == 0)),
            Choice(
                "In fewer than one batch of ten", _visits("batch", lambda f, one: 0 < _changes(one, FEW_MATES) < 0.1)
            ),
            Choice("In more than one of ten", _visits("batch", lambda f, one: _changes(one, FEW_MATES) >= 0.1)),
        ),
        (20, 49),
    ),
    Question(
        "mates-renorm",
        "And batch renormalization?",
        DEFAULT,
        "mates",
        _visiting("batch-renorm"),
        (
            Choice("Its mates move it far less", _visits("batch-renorm", _calmer)),
            Choice("As much", _visits("batch-renorm", lambda f, one: not _calmer(f, one))),
        ),
        (49, 50),
    ),
    Question(
        "mates-layer",
        "And by how much do mates move group and layer normalization?",
        DEFAULT,
        "mates",
        _still,
        (
            Choice("A little", lambda f: any(moved(one) for one in f.mates if one.normalization in ("group", "layer"))),
            Choice(
                "Not at all",
                lambda f: (
                    bool(_still(f)) and not any(moved(o) for o in f.mates if o.normalization in ("group", "layer"))
                ),
            ),
        ),
        (41, 49),
    ),
    Question(
        "dropout-mates",
        "Dropout draws by chance in training too: is one example's output a cloud with it, and does the batch matter?",
        replace(DEFAULT, dropout_too=True),
        "mates",
        _dropped,
        (
            Choice("A cloud, in batches of any size", lambda f: _drops(f, Case.DROPPING)),
            Choice("A cloud, and a smaller one in large batches", lambda f: _drops(f, Case.DROPPING_LESS)),
            Choice("One dot", lambda f: _drops(f, Case.DROPPING_NOT)),
        ),
        (28, 49),
    ),
    Question(
        "mean",
        "A batch four times as large: how much nearer is its mean to that of all?",
        DEFAULT,
        "statistics",
        _mean,
        (
            Choice("Twice as near", by_root),
            Choice("Otherwise", _not(by_root, lambda f: f.sampled is not None)),
        ),
        (10,),
    ),
    Question(
        "variance",
        "The variance that BatchNorm takes of two examples, beside that of all?",
        DEFAULT,
        "statistics",
        _variance,
        (
            Choice("About half of it", _is_half),
            Choice("About the same", _not(_is_half, lambda f: f.sampled is not None)),
        ),
        (31,),
    ),
    Question(
        "folded",
        "What does BatchNorm cost when the network is used?",
        DEFAULT,
        "statistics",
        told_of_folded,
        (
            Choice(
                "Nothing: it is folded into the weights", lambda f: f.folded is not None and f.folded.difference < 1e-3
            ),
            Choice("Some accuracy", lambda f: f.folded is not None and f.folded.difference >= 1e-3),
        ),
        (31,),
    ),
    Question(
        "momentum",
        "After a tenth of the training, which averages are the worst to predict by?",
        DEFAULT,
        "statistics",
        told_of_following,
        (
            Choice("Weight 0.01, a long memory", lambda f: _early(f, 0)),
            Choice("Weight 0.1", lambda f: _early(f, 1) and not _early(f, 0)),
            Choice("Weight 1, the last batch", lambda f: _early(f, 2) and not _early(f, 0) and not _early(f, 1)),
        ),
        (11,),
    ),
    Question(
        "floor",
        "At fixed weights, how good does a moving average become?",
        DEFAULT,
        "statistics",
        told_of_floors,
        (
            Choice(
                "As its weight allows: √(a / (2 − a)) of a batch's error",
                lambda f: bool(f.forgetting) and as_weighed(f),
            ),
            Choice("Ever better", lambda f: bool(f.forgetting) and not as_weighed(f)),
        ),
        (10, 11),
    ),
    Question(
        "r-and-d",
        "Batches sorted by class: what has renormalization to correct?",
        DEFAULT,
        "renorm",
        told_of_sorted_corrections,
        (
            Choice("More than twice what chance gives", lambda f: len(f.corrected) == 3 and _twice(f)),
            Choice("About what chance gives", lambda f: len(f.corrected) == 3 and not _twice(f)),
        ),
        (52,),
    ),
    Question(
        "limits",
        "The limits of r and d open slowly: what do they cut once a quarter of the training is done?",
        DEFAULT,
        "renorm",
        told_of_opening,
        (
            Choice("Little in shuffled batches, more in sorted ones", lambda f: _cuts(f) == (False, True)),
            Choice("Much in both", lambda f: _cuts(f) == (True, True)),
            Choice("Little in both", lambda f: _cuts(f) == (False, False)),
        ),
        (52,),
    ),
    Question(
        "agreement",
        "Is the network that is used the network that was trained?",
        DEFAULT,
        "renorm",
        told_of_distance,
        (
            Choice("With renormalization far more so", lambda f: _nearer(f)),
            Choice("With both about as much", lambda f: bool(told_of_distance(f)) and not _nearer(f)),
        ),
        (50,),
    ),
    Question(
        "small-batches",
        "Trained in batches of two: does BatchNorm fail, and who does not?",
        replace(DEFAULT, small=2),
        "renorm",
        _small,
        (
            Choice("It fails; group and layer normalization do not", small_fails),
            Choice("It does about as well", _not(small_fails, lambda f: bool(_small(f)))),
        ),
        (41,),
    ),
    Question(
        "small-renorm",
        "Trained in batches of four: does renormalization help?",
        DEFAULT,
        "renorm",
        _told_hard(SMALL),
        (
            Choice("Yes, its loss is far lower", _mended(SMALL)),
            Choice("No", _not(_mended(SMALL), _has_hard)),
        ),
        (41, 50),
    ),
    Question(
        "closed-limits",
        "Hold r at 1 and d at 0 in batches of four: is anything of renormalization left?",
        _limited(renorm_r=1.0, renorm_d=0.0),
        "renorm",
        _told_hard(SMALL),
        (
            Choice("No, it trains as BatchNorm does", _not(_mended(SMALL), _has_hard)),
            Choice("Yes, it still trains better", _mended(SMALL)),
        ),
        (50, 52),
    ),
    Question(
        "open-limits",
        "Let r and d go where they will from the first step on, which the paper advises against: does it harm?",
        _limited(renorm_r=100.0, renorm_d=100.0, renorm_begin=0.0),
        "renorm",
        _told_hard(SMALL),
        (
            Choice("Not here: it trains far better than BatchNorm", _mended(SMALL)),
            Choice("It trains no better than BatchNorm", _not(_mended(SMALL), _has_hard)),
        ),
        (50, 52),
    ),
    Question(
        "d-alone",
        "Hold r at 1 and let d alone correct batches of few classes: does it help?",
        _limited(renorm_r=1.0),
        "renorm",
        _told_hard("few classes"),
        (
            Choice("Yes, its loss is far lower than BatchNorm's", _mended("few classes")),
            Choice("No, it takes both", _not(_mended("few classes"), _has_hard)),
        ),
        (50, 52),
    ),
    Question(
        "sorted-training",
        "Trained on examples sorted by class: who learns?",
        replace(DEFAULT, alike=Alike.SORTED),
        "renorm",
        _told_hard("sorted"),
        (
            Choice("Batch renormalization far better than BatchNorm", _mended("sorted")),
            Choice("Both alike, or BatchNorm", _not(_mended("sorted"), _has_hard)),
        ),
        (50,),
    ),
    Question(
        "few-classes",
        "Trained on batches of two classes each?",
        DEFAULT,
        "renorm",
        _told_hard("few classes"),
        (
            Choice("Batch renormalization far better than BatchNorm", _mended("few classes")),
            Choice("Both alike, or BatchNorm", _not(_mended("few classes"), _has_hard)),
        ),
        (50,),
    ),
    Question(
        "moving-averages",
        "Why not normalize by the moving averages in training too?",
        AVERAGES,
        "naive",
        _grows,
        (
            Choice("The weights grow, and the loss suffers", _grew),
            Choice("Nothing speaks against it", _grew_not),
        ),
        (51,),
    ),
    Question(
        "moving-averages-affine",
        "And if scale and shift are learnt?",
        replace(AVERAGES, learns=True),
        "naive",
        _grows,
        (
            Choice("The weights grow all the same", _grew),
            Choice("They do not grow", _grew_not),
        ),
        (51,),
    ),
    Question(
        "time-steps",
        "A recurrent network: are the statistics of its time steps alike?",
        RECURRENT,
        "readers",
        _steps,
        (
            Choice("Yes, the weights are the same", _not(steps_differ, _has_readers)),
            Choice("No, the first differs from the later ones", steps_differ),
        ),
        (42,),
    ),
    Question(
        "one-set",
        "May all time steps share one set of stored statistics?",
        RECURRENT,
        "readers",
        _shared,
        (
            Choice("Yes, it does as well", _not(_is_shared_worse, _has_readers)),
            Choice("No, it does worse", _is_shared_worse),
        ),
        (42,),
    ),
    Question(
        "longer",
        "And on sequences longer than those of training?",
        RECURRENT,
        "readers",
        _later,
        (
            Choice(
                "Statistics of each step lose by far the most",
                lambda f: _has_readers(f) and later_case(f) is Case.LATER_STEPS,
            ),
            Choice("All lose; no clear difference", lambda f: _has_readers(f) and later_case(f) is Case.LATER_ALIKE),
        ),
        (42,),
    ),
)


def _twice(facts: Facts) -> bool:
    own, _, alike = facts.corrected
    return alike.d_deviation > 2 * own.d_deviation


def _nearer(facts: Facts) -> bool:
    batch, renorm = facts.network("batch"), facts.network("batch-renorm")
    return batch is not None and renorm is not None and 5 * renorm.distance(FEW) < batch.distance(FEW)
