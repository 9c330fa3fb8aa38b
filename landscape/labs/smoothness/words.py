"""What the measures along the gradient say, in sentences from facts: what to notice, and the captions of lines.

A whole sentence for each case, which is why this is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from landscape.labs.smoothness.facts import (
    NEAR,
    NORMS,
    Ahead,
    Facts,
    Measure,
    Missing,
    Network,
    Unlike,
    ratio_of,
    unlike,
)
from landscape.labs.trainings import Ended, decay_of, told_of
from landscape.labs.words import Ratio, number, sentence
from models.normalization import Normalization

LESS_GAUSSIAN = 1.5
"""So many times the excess kurtosis is told as less Gaussian: less may be the chance of a few hundred examples."""

SHALLOW = 4
"""Up to so many layers a loss without normalization is hardly rougher than with it."""


class Case(StrEnum):
    """What there is to say of measures along trainings, a template each."""

    DIVERGED = "diverged"
    OVERFLOWED = "overflowed"
    IDLE_IS_SMOOTH = "idle is smooth"
    DIVERGED_EARLY = "diverged early"
    ALL_DIVERGED_EARLY = "all diverged early"
    ONE_STEP = "one step"
    ONE_SIZE = "one size"
    SAME = "same"
    RATES = "rates"
    SETTINGS = "settings"
    IDLE = "idle"
    OUTLIERS = "outliers"
    GROWTH = "growth"
    INITIAL = "initial"
    GAUSSIAN = "no less Gaussian"
    LESS_GAUSSIAN = "less Gaussian"
    LESS_GAUSSIAN_SMOOTH = "less Gaussian and as smooth"
    LESS_GAUSSIAN_ROUGH = "less Gaussian and rougher"


SENTENCES = {
    Case.DIVERGED: "**{name}** diverged at step {step} with learning rate {rate}: its loss rose to {last}, from {first}. "
    "It was measured up to step {end}.",
    Case.OVERFLOWED: "**{name}** diverged at step {step} with learning rate {rate}: its loss overflowed. It was measured "
    "up to step {end}.",
    Case.IDLE_IS_SMOOTH: "A network that has not learned may look smooth for that reason alone.",
    Case.DIVERGED_EARLY: "After the first fifth of training nothing was measured of these, as their training diverged "
    "before: {names}. There is nothing to compare the others with.",
    Case.ALL_DIVERGED_EARLY: "All trainings diverged in their first fifth, and nothing was measured after it.",
    Case.ONE_STEP: "Only step 0 was measured of these, and one step says nothing of later ones: {names}.",
    Case.ONE_SIZE: "A range of the loss needs two step sizes, and the ladder has one.",
    Case.SAME: "These networks are the same, and so are their measures.",
    Case.RATES: "These have unlike learning rates, and so unlike steps along the gradient: {names}. How much the loss and "
    "the gradient change there is not compared.",
    Case.SETTINGS: "These differ in their data or batches too, so that their measures are not compared: {names}.",
    Case.IDLE: "The smoother of these two has not learned, so that their measures are not compared: {names}.",
    Case.OUTLIERS: "The longest gradient of a training, over its median one: {each}.",
    Case.GROWTH: "The gradient of **{name}** grew from {first} to {longest} until it diverged at step {step}.",
    Case.INITIAL: "All initial weights were made {scale} as large as the initialization draws them.",
    Case.GAUSSIAN: "Other norms: what enters the activation functions has an excess kurtosis (0 for a Gaussian; the median "
    "size over the layers) of {own} with BatchNorm and {each}: in this network that is no less Gaussian.",
    Case.LESS_GAUSSIAN: "Other norms: what enters the activation functions has an excess kurtosis (0 for a Gaussian; the "
    "median size over the layers) of {own} with BatchNorm and {each}: that is less Gaussian for {further}.",
    Case.LESS_GAUSSIAN_SMOOTH: "Other norms: what enters the activation functions has an excess kurtosis (0 for a Gaussian; "
    "the median size over the layers) of {own} with BatchNorm and {each}: that is less Gaussian for {further}, and the loss "
    "is as smooth all the same.",
    Case.LESS_GAUSSIAN_ROUGH: "Other norms: what enters the activation functions has an excess kurtosis (0 for a Gaussian; "
    "the median size over the layers) of {own} with BatchNorm and {each}: that is less Gaussian for {further}, and the loss "
    "is not as smooth.",
}


class Rougher(StrEnum):
    """How two networks compare in a measure, by its median and its greatest value, a template each."""

    LEVELS = "levels"
    ALIKE = "alike"
    ALIKE_SHALLOW = "alike and shallow"
    SPIKES = "the medians are alike, and the spikes are not"
    ROUGHER = "rougher"
    ROUGHER_MEDIAN = "rougher, but for the spikes"
    CROSSED = "rougher, with lower spikes"


LOSS_SENTENCES = {
    Rougher.LEVELS: "After the first fifth of training the loss varies along the gradient by {medians} in the median, and "
    "by {tops} at most.",
    Rougher.ALIKE: "Of **{rough}** and **{smooth}** that is alike.",
    Rougher.ALIKE_SHALLOW: "Of **{rough}** and **{smooth}** that is alike: in a shallow network this is what to expect.",
    Rougher.SPIKES: "Of **{rough}** and **{smooth}** the medians are alike; what differs are the spikes: at its worst the "
    "loss of **{rough}** varies **{most}** as much.",
    Rougher.ROUGHER: "The loss of **{rough}** varies **{ratio}** as much as that of **{smooth}** in the median, and {most} as "
    "much at its worst.",
    Rougher.ROUGHER_MEDIAN: "The loss of **{rough}** varies **{ratio}** as much as that of **{smooth}** in the median; at "
    "their worst they are alike.",
    Rougher.CROSSED: "The loss of **{rough}** varies **{ratio}** as much as that of **{smooth}** in the median; but at its "
    "worst that of **{smooth}** varies the more, {most} as much.",
}

CHANGE_SENTENCES = {
    Rougher.LEVELS: "After the first fifth of training the gradient changes along its own direction by {medians} in the median, and by "
    "{tops} at most.",
    Rougher.ALIKE: "Of **{rough}** and **{smooth}** that is alike.",
    Rougher.ALIKE_SHALLOW: "Of **{rough}** and **{smooth}** that is alike: in a shallow network this is what to expect.",
    Rougher.SPIKES: "Of **{rough}** and **{smooth}** the medians are alike; what differs are the spikes: at its worst the "
    "gradient of **{rough}** changes **{most}** as much.",
    Rougher.ROUGHER: "The gradient of **{rough}** changes **{ratio}** as much as that of **{smooth}** in the median, and "
    "{most} as much at its worst.",
    Rougher.ROUGHER_MEDIAN: "The gradient of **{rough}** changes **{ratio}** as much as that of **{smooth}** in the median; "
    "at their worst they are alike.",
    Rougher.CROSSED: "The gradient of **{rough}** changes **{ratio}** as much as that of **{smooth}** in the median; but at "
    "its worst that of **{smooth}** changes the more, {most} as much.",
}


class Edge(StrEnum):
    """Where the effective beta lies, beside 2 / learning rate, a template each."""

    BETA = "of one learning rate"
    BETA_EDGES = "of several learning rates"
    NO_EDGE = "of an optimizer that has no such edge"
    ALL_BOTH = "all are near it, normalized and not"
    ALL = "all are near it"
    SOME = "some are near it"
    NONE = "none is near it"


BETA_SENTENCES = {
    Edge.BETA: "The effective beta is {medians} in the median, and {tops} at most; 2 / learning rate is {edge}.",
    Edge.BETA_EDGES: "The effective beta is {medians} in the median, and {tops} at most; 2 / learning rate is {edges}.",
    Edge.NO_EDGE: "The effective beta is {medians} in the median, and {tops} at most. It is held against no line: "
    "2 / learning rate is a threshold of plain gradient descent, and none of {optimizer}.",
    Edge.ALL_BOTH: "It settles near 2 / learning rate, within a factor of {near}, for every network that was measured, "
    "normalized or not, as in the paper's own figure (near 20 = 2 / 0.1, with BatchNorm and without): the size of the step "
    "sets this level, not the normalization. What may differ are the spikes above it.",
    Edge.ALL: "It settles near 2 / learning rate, within a factor of {near}, as in the paper's own figure (near 20 = "
    "2 / 0.1): the size of the step sets this level.",
    Edge.SOME: "Within a factor of {near} it is near 2 / learning rate for these: {close}; and it is not for these: {far}.",
    Edge.NONE: "It is not near 2 / learning rate for any network here, unlike in the paper's figure of the VGG network.",
}


class Course(StrEnum):
    """Where the loss goes along the gradient of one step, a template each."""

    BELOW = "never above its start"
    CLIMBS = "climbs above its start"
    CLIMBS_LITTLE = "climbs a little above its start"
    OVERFLOWS = "overflows"
    WAVY = "wavy"
    NOT_WAVY = "not wavy"


COURSE_SENTENCES = {
    Course.BELOW: "Along the gradient of step {step} the loss of **{name}** never climbs above its start ({start}).",
    Course.CLIMBS: "Along the gradient of step {step} the loss of **{name}** climbs to {top}, {ratio} its start ({start}).",
    Course.CLIMBS_LITTLE: "Along the gradient of step {step} the loss of **{name}** climbs to {top}, a little over its start "
    "({start}).",
    Course.OVERFLOWS: "Along the gradient of step {step} the loss of **{name}** climbs from {start} until it overflows.",
    Course.WAVY: "It is wavy, and turns more than once, for these: {names}.",
    Course.NOT_WAVY: "There are no waves here, but one valley or one slope for each.",
}


class Line(StrEnum):
    """What a picture of a line shows, a template each."""

    FALLS = "falls"
    FALLS_CLIMBS = "falls, then climbs"
    FALLS_CLIMBS_BELOW = "falls, then climbs, but not to its start"
    CLIMBS = "climbs"
    STAYS = "stays"
    OVERFLOWS = "overflows"
    FALLS_OVERFLOWS = "falls, then overflows"
    TURNS_ONCE = "turns once"
    TURNS = "turns"
    GRADIENT = "gradient"
    GRADIENT_OVERFLOWS = "gradient overflows"


CAPTION_SENTENCES = {
    Line.FALLS: "From step {step}: the loss {start} falls to {last} at the longest step.",
    Line.FALLS_CLIMBS: "From step {step}: the loss {start} falls to {low}, then climbs to {last} at the longest step.",
    Line.FALLS_CLIMBS_BELOW: "From step {step}: the loss {start} falls to {low}, then climbs to {last} at the longest step, "
    "still below its start.",
    Line.CLIMBS: "From step {step}: the loss {start} climbs to {last} at the longest step.",
    Line.STAYS: "From step {step}: the loss {start} stays.",
    Line.OVERFLOWS: "From step {step}: the loss {start} overflows.",
    Line.FALLS_OVERFLOWS: "From step {step}: the loss {start} falls to {low}, then overflows.",
    Line.TURNS_ONCE: "It turns once.",
    Line.TURNS: "It turns {turns} times.",
    Line.GRADIENT: "At the longest step the gradient is {length} as long as at the start, {degrees}° off.",
    Line.GRADIENT_OVERFLOWS: "At the longest step the gradient overflows.",
}


def notice(facts: Facts) -> list[str]:
    """Return what to notice along the trainings, a sentence or two each."""
    return [
        *_trainings(facts),
        *_missing(facts),
        *_rougher(facts, Measure.LOSS_RANGE),
        *_rougher(facts, Measure.CHANGE),
        *_incomparable(facts),
        *_beta(facts),
        *_outliers(facts),
        *_shapes(facts),
        *decay_of([one.trained for one in facts.networks]),
    ]


def _trainings(facts: Facts) -> list[str]:
    """Return how the trainings went; here their measures, and not only their snapshots, end where they diverge."""
    said = []
    for one in facts.networks:
        if one.trained.diverged_at is None:
            continue
        case = Case.DIVERGED if one.trained.ended is Ended.DIVERGED else Case.OVERFLOWED
        said.append(
            sentence(
                SENTENCES[case],
                name=one.name,
                step=one.trained.diverged_at,
                rate=one.trained.learning_rate,
                last=one.trained.last_loss,
                first=one.trained.first_loss,
                end=one.last,
            )
        )
    whole = [one.trained for one in facts.networks if one.trained.diverged_at is None]
    said += told_of(whole, draws=False)
    idle = any(one.ended is Ended.NOT_LEARNED for one in whole)
    return [*said, SENTENCES[Case.IDLE_IS_SMOOTH]] if idle else said


def _missing(facts: Facts) -> list[str]:
    said = []
    for missing, case in ((Missing.DIVERGED, Case.DIVERGED_EARLY), (Missing.ONE_STEP, Case.ONE_STEP)):
        if names := [one.name for one in facts.networks if one.missing is missing]:
            whole = case is Case.DIVERGED_EARLY and len(names) == len(facts.networks)
            said.append(sentence(SENTENCES[Case.ALL_DIVERGED_EARLY if whole else case], names=names))
    sizes = any(one.lacks(Measure.LOSS_RANGE) is Missing.ONE_SIZE for one in facts.networks)
    return [*said, SENTENCES[Case.ONE_SIZE]] if sizes else said


def compared(facts: Facts, measure: Measure) -> tuple[Network, Network] | None:
    """Return the two networks of which a sentence says that one is rougher: those that the page's question is about.

    Without any normalization and with BatchNorm; or with the first other one. Where all are normalized, or none is, the
    roughest and the smoothest. None where the one without normalization was not measured long enough: then no other two
    are put in the place of this pair.
    """
    if facts.pair:
        return facts.pair
    plain = facts.of(Normalization.NONE)
    others = [one for one in facts.networks if one.normalization != Normalization.NONE]
    if plain and others:
        return plain, others[0]
    levels = {place: level for place, one in enumerate(facts.networks) if (level := one.level(measure))}
    ranked = sorted(levels, key=lambda place: (levels[place].median, levels[place].most))
    return (facts.networks[ranked[-1]], facts.networks[ranked[0]]) if len(ranked) > 1 else None


def _rougher(facts: Facts, measure: Measure) -> list[str]:
    levels = {one.name: level for one in facts.networks if (level := one.level(measure))}
    if len(levels) < 2:
        return []
    sentences = LOSS_SENTENCES if measure is Measure.LOSS_RANGE else CHANGE_SENTENCES
    medians, tops = ({name: getattr(level, part) for name, level in levels.items()} for part in ("median", "most"))
    said = sentence(sentences[Rougher.LEVELS], medians=medians, tops=tops)
    pair = compared(facts, measure)
    if pair is None or pair[0].experiment == pair[1].experiment or unlike(*pair, measure):
        return [said]
    case, rough, smooth, ratio, most = _case(pair, measure)
    more = sentence(sentences[case], rough=rough.name, smooth=smooth.name, ratio=Ratio(ratio), most=Ratio(most))
    return [f"{said} {more}"]


def _case(pair: tuple[Network, Network], measure: Measure) -> tuple[Rougher, Network, Network, float, float]:
    """Return the case of a pair, the rougher and the smoother one, and how many times it is so; by which it is told."""
    levels = {id(one): level for one in pair if (level := one.level(measure))}

    def times(name: str) -> float:
        return ratio_of(getattr(levels[id(rough)], name), getattr(levels[id(smooth)], name))

    smooth, rough = sorted(pair, key=lambda one: (levels[id(one)].median, levels[id(one)].most))
    ratio, most = times("median"), times("most")
    if ratio < NEAR:
        if most < 1:
            rough, smooth = smooth, rough
            most = times("most")
        if most >= NEAR:
            return Rougher.SPIKES, rough, smooth, ratio, most
        shallow = max(one.experiment.network.depth for one in pair) <= SHALLOW
        return Rougher.ALIKE_SHALLOW if shallow else Rougher.ALIKE, rough, smooth, ratio, most
    if most >= NEAR:
        return Rougher.ROUGHER, rough, smooth, ratio, most
    if most > 1 / NEAR:
        return Rougher.ROUGHER_MEDIAN, rough, smooth, ratio, most
    return Rougher.CROSSED, rough, smooth, ratio, 1 / most if most else float("inf")


def _incomparable(facts: Facts) -> list[str]:
    """Return why the pair is not compared, where no sentence has said it yet."""
    pair = compared(facts, Measure.CHANGE)
    if pair is None:
        return []
    if pair[0].experiment == pair[1].experiment:
        return [SENTENCES[Case.SAME]]
    cases = {Unlike.RATES: Case.RATES, Unlike.SETTINGS: Case.SETTINGS, Unlike.IDLE: Case.IDLE}
    why = [unlike(*pair, measure) for measure in (Measure.CHANGE, Measure.LOSS_RANGE)]
    case = next((cases[one] for one in why if one in cases), None)
    return [sentence(SENTENCES[case], names=[one.name for one in pair])] if case else []


def _beta(facts: Facts) -> list[str]:
    levels = {one.name: one.beta for one in facts.networks if one.beta}
    known = [one for one in facts.networks if one.beta]
    if not known:
        return []
    holes = {
        "medians": {name: level.median for name, level in levels.items()},
        "tops": {name: level.most for name, level in levels.items()},
    }
    if not all(one.its_edge for one in known):
        optimizer = known[0].experiment.training.optimizer.label
        return [sentence(BETA_SENTENCES[Edge.NO_EDGE], **holes, optimizer=optimizer)]
    edges = {one.name: one.edge for one in known}
    case = Edge.BETA if len(set(edges.values())) == 1 else Edge.BETA_EDGES
    near, far = ([one.name for one in known if one.near_edge is which] for which in (True, False))
    both = len({one.normalization is Normalization.NONE for one in known}) == 2
    where = Edge.NONE if not near else Edge.SOME if far else Edge.ALL_BOTH if both else Edge.ALL
    said = sentence(BETA_SENTENCES[case], **holes, edge=known[0].edge, edges=edges)
    names = {"close": near, "far": far} if where is Edge.SOME else {}
    return [f"{said} {sentence(BETA_SENTENCES[where], near=NEAR, **names)}"]


def _outliers(facts: Facts) -> list[str]:
    # Of one step alone the longest gradient is the median one.
    measured = [one for one in facts.networks if one.outlier is not None and one.trained.steps > 1]
    each = {one.name: Ratio(one.outlier or 0.0) for one in measured}
    said = [sentence(SENTENCES[Case.OUTLIERS], each=each)] if each else []
    said += [
        sentence(
            SENTENCES[Case.GROWTH],
            name=one.name,
            step=one.trained.diverged_at,
            first=one.first_gradient,
            longest=one.longest_gradient,
        )
        for one in facts.networks
        if one.trained.diverged_at is not None and one.longest_gradient > one.first_gradient
    ]
    scale = facts.networks[0].experiment.network.init_scale
    return [*said, sentence(SENTENCES[Case.INITIAL], scale=Ratio(scale))] if scale != 1 else said


def _shapes(facts: Facts) -> list[str]:
    batch = facts.of(Normalization.BATCH)
    kin = {one.name: one.kurtosis for one in facts.networks if one.normalization in NORMS and one.kurtosis is not None}
    if not kin or batch is None or batch.kurtosis is None:
        return []
    further = [one for one in facts.networks if one.name in kin and kin[one.name] > LESS_GAUSSIAN * batch.kurtosis]
    if not further:
        return [sentence(SENTENCES[Case.GAUSSIAN], own=batch.kurtosis, each=kin)]
    unclear = any(unlike(batch, one, Measure.LOSS_RANGE) for one in further)
    case = Case.LESS_GAUSSIAN if unclear else _smooth_case(batch, further)
    return [sentence(SENTENCES[case], own=batch.kurtosis, each=kin, further=[one.name for one in further])]


def _smooth_case(batch: Network, others: Sequence[Network]) -> Case:
    medians = [one.loss_range.median for one in (batch, *others) if one.loss_range]
    smooth = all(median < NEAR * medians[0] for median in medians[1:])
    return Case.LESS_GAUSSIAN_SMOOTH if smooth else Case.LESS_GAUSSIAN_ROUGH


def notice_of_lines(facts: Sequence[tuple[str, Ahead]]) -> list[str]:
    """Return what to notice in the losses along the gradient of one step, each with the name of its network."""
    wavy = [name for name, one in facts if one.turns > 1]
    waves = sentence(COURSE_SENTENCES[Course.WAVY], names=wavy) if wavy else COURSE_SENTENCES[Course.NOT_WAVY]
    return [*(_course(name, one) for name, one in facts), waves]


def _course(name: str, one: Ahead) -> str:
    ratio = ratio_of(one.top, one.start)
    if not one.finite:
        case = Course.OVERFLOWS
    elif one.climbs:
        case = Course.CLIMBS if ratio >= 1.1 else Course.CLIMBS_LITTLE
    else:
        case = Course.BELOW
    return sentence(COURSE_SENTENCES[case], name=name, step=one.step, start=one.start, top=one.top, ratio=Ratio(ratio))


def line_caption(one: Ahead) -> str:
    """Return what the picture of a line shows, for its caption and for those who do not see it."""
    # As they are read: what changes no digit is no change. A dip is told however small it is beside the climb.
    start, low, last = (number(value) for value in (one.start, one.low, one.last))
    if not one.finite:
        case = Line.OVERFLOWS if low == start else Line.FALLS_OVERFLOWS
    elif last == low:
        case = Line.STAYS if low == start else Line.FALLS
    elif low == start:
        case = Line.CLIMBS
    else:
        case = Line.FALLS_CLIMBS_BELOW if one.last < one.start else Line.FALLS_CLIMBS
    holes = {"step": one.step, "start": one.start, "low": one.low, "last": one.last, "turns": one.turns}
    parts = [case]
    if one.turns > int(start != low != last):
        parts.append(Line.TURNS_ONCE if one.turns == 1 else Line.TURNS)
    overflows = not (one.length < float("inf"))
    parts.append(Line.GRADIENT_OVERFLOWS if overflows else Line.GRADIENT)
    degrees = 0 if overflows else round(one.degrees)
    return " ".join(
        sentence(CAPTION_SENTENCES[part], **holes, length=Ratio(one.length), degrees=degrees) for part in parts
    )
