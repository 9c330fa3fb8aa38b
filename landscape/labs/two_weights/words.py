"""What the bowls of two weights say, in sentences and tables, from their facts.

Each section has its cases with a whole sentence for each, side by side, which is why this is long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from landscape.experiment import Optimizer
from landscape.labs.two_weights.facts import Ended, Facts, Prepared
from landscape.labs.two_weights.measure import LEARNT, Separation
from landscape.labs.two_weights.request import Kind
from landscape.labs.words import Percent, Ratio, Share, Steps, listing, number, sentence

NEAR = 0.005
"""A step within this share of 1/L or 2/L is called that."""

LOST = 0.01
"""A least loss that differs by more is another one."""

UNMIXED = 0.999
"""A feature correlated so much with itself as it was is hardly mixed with others."""


class Problem(StrEnum):
    """What keeps a picture from being what one expects."""

    CONSTANT = "constant"
    SAME = "same"
    SEPARATED = "separated"
    SEPARATED_SOME = "separated, some"
    TOUCHING = "touching"
    OVERFLOW = "overflow"


PROBLEM_SENTENCES = {
    Problem.CONSTANT: "**A feature is constant: {name}.** Centered it is 0 everywhere: no weight can use it, and the loss is flat along "
    "its weight. It has no deviation to be divided by, and is divided by 1.",
    Problem.SAME: "**The two features say the same.** Only a sum of the two weights matters where they are centered: the "
    "loss has no lowest point but a line of them, and the condition number is infinite. Gradient descent goes straight to that "
    "line. Whitening keeps the one direction that varies.",
    Problem.SEPARATED: "**A line separates the classes**, however the features are prepared. The logistic loss has no "
    "minimum then: it falls for ever as the weights grow. The pictures are centred where it falls hardly any more.",
    Problem.SEPARATED_SOME: "**A line separates the classes** by these features: {names}. Their logistic loss has no minimum: "
    "it falls for ever as the weights grow. Their pictures are centred where it falls hardly any more.",
    Problem.TOUCHING: "**A line separates the classes, but for examples that lie on it**, by these features: {names}. Their "
    "logistic loss has no minimum: it falls for ever as the weights grow, though not to 0. Their pictures are centred where it "
    "falls hardly any more.",
    Problem.OVERFLOW: "**The numbers overflow** on these features: {names}. Their paths and curves are drawn as far as they "
    "go.",
}


def problems(facts: Facts) -> list[str]:
    """Return a sentence for each thing that keeps a picture from being what one expects."""
    said = [sentence(PROBLEM_SENTENCES[Problem.CONSTANT], name=name) for name in facts.constant]
    if facts.same:
        said.append(PROBLEM_SENTENCES[Problem.SAME])
    for separation in (Separation.COMPLETE, Separation.TOUCHING):
        names = [one.name for one in facts.prepared if one.separation is separation]
        if names:
            said.append(sentence(PROBLEM_SENTENCES[_problem(facts, separation, names)], names=names))
    over = [one.name for one in facts.prepared if one.ended is Ended.OVERFLOWED]
    if over:
        said.append(sentence(PROBLEM_SENTENCES[Problem.OVERFLOW], names=over))
    return said


def _problem(facts: Facts, separation: Separation, names: Sequence[str]) -> Problem:
    if separation is Separation.TOUCHING:
        return Problem.TOUCHING
    return Problem.SEPARATED if len(names) == len(facts.prepared) else Problem.SEPARATED_SOME


class Case(StrEnum):
    """What there is to notice of the shapes and of training."""

    SHAPES = "shapes"
    INFINITE = "infinite"
    LARGER_RATE = "larger rate"
    SMALLER_RATE = "smaller rate"
    EACH_ITS_OWN = "each its own"
    EACH_AT_ONE = "each its own 1/L"
    ONE_FOR_ALL = "one for all"
    MOMENTUM = "momentum"
    DIVERGED = "diverged"
    NO_MINIMUM = "no minimum"
    FLAT = "flat"
    LEARNT = "learnt"
    NOT_YET = "not yet"
    FIRST_STEP = "first step"
    NOTHING_LOST = "nothing lost"
    LOST = "lost"


SENTENCES = {
    Case.SHAPES: "L, the greatest curvature of the loss, is {smoothness}; the condition number, how stretched its bowl is, "
    "{condition}.",
    Case.INFINITE: "An infinite condition number is that of a loss which does not change along some direction.",
    Case.LARGER_RATE: "So standardized features allow a learning rate **{ratio}** as large as raw ones.",
    Case.SMALLER_RATE: "So standardized features allow a learning rate {share} times that of raw ones: here it is the "
    "smaller one.",
    Case.EACH_ITS_OWN: "Each is then trained by {steps} of {optimizer}, at a learning rate of {multiple} times its own 1/L.",
    Case.EACH_AT_ONE: "Each is then trained by {steps} of {optimizer}, at a learning rate of its own 1/L.",
    Case.ONE_FOR_ALL: "Each is then trained by {steps} of {optimizer}, all at a learning rate of {rate}.",
    Case.MOMENTUM: "1/L is what suits a step of plain gradient descent; with a momentum of {momentum} steps add up to "
    "{sum} as long, and what suits them is another multiple: *All optimizers* compares each at its best.",
    Case.DIVERGED: "Training diverges on these features: {names}.",
    Case.NO_MINIMUM: "There is no minimum to reach on these features: {names}.",
    Case.FLAT: "Training does not move where the loss is flat: {names}.",
    Case.LEARNT: "From step {steps} on the loss is within {learnt} of its minimum.",
    Case.NOT_YET: "At the end it is still above its minimum by {above}.",
    Case.FIRST_STEP: "The first step moves the weight of x2 {raw} as far as that of x1 on raw features, {standardized} on standardized ones.",
    Case.NOTHING_LOST: "Nothing is lost: the least loss is {raw} with and without preprocessing; the bias takes up the "
    "centre.",
    Case.LOST: "Without a bias, centering changes what the model can say: the least loss is {raw} raw and {standardized} "
    "standardized. With a bias nothing is lost.",
}


def notice(facts: Facts) -> str:
    """Return one paragraph on what to notice: the shapes, the steps, what training reached."""
    return " ".join([*_shapes(facts), *_training(facts), *_first_step(facts), *_lost(facts)])


def _shapes(facts: Facts) -> list[str]:
    raw, standardized, shapes = facts.raw, facts.standardized, _three(facts)
    said = [
        sentence(
            SENTENCES[Case.SHAPES],
            smoothness={one.name: one.smoothness for one in shapes},
            condition={one.name: one.condition for one in shapes},
        )
    ]
    if any(np.isinf(one.condition) for one in shapes):
        said.append(SENTENCES[Case.INFINITE])
    if raw.smoothness > 0 and standardized.smoothness > 0:
        ratio = raw.smoothness / standardized.smoothness
        case = Case.LARGER_RATE if ratio >= 1 else Case.SMALLER_RATE
        said.append(sentence(SENTENCES[case], ratio=Ratio(ratio), share=ratio))
    return said


def _three(facts: Facts) -> tuple[Prepared, ...]:
    return facts.raw, facts.standardized, facts.whitened


def _training(facts: Facts) -> list[str]:
    request, three = facts.request, _three(facts)
    case = Case.ONE_FOR_ALL if facts.shared else Case.EACH_AT_ONE if request.step == 1 else Case.EACH_ITS_OWN
    said = [
        sentence(
            SENTENCES[case],
            steps=Steps(request.num_steps),
            optimizer=request.optimizer.label,
            multiple=request.step,
            rate=request.learning_rate,
        )
    ]
    of = {ended: [one for one in three if one.ended is ended] for ended in Ended}
    diverged = [one.name for one in three if one.ended in (Ended.OVERFLOWED, Ended.DIVERGED)]
    if diverged:
        said.append(sentence(SENTENCES[Case.DIVERGED], names=diverged))
    for ended, case in ((Ended.FLAT, Case.FLAT), (Ended.NO_MINIMUM, Case.NO_MINIMUM)):
        if of[ended]:
            said.append(sentence(SENTENCES[case], names=[one.name for one in of[ended]]))
    if of[Ended.LEARNT]:
        # Named together where the step is the same.
        by_step: dict[int, list[str]] = {}
        for one in of[Ended.LEARNT]:
            by_step.setdefault(one.learnt_at or 0, []).append(one.name)
        steps = {listing(names): step for step, names in by_step.items()}
        said.append(sentence(SENTENCES[Case.LEARNT], learnt=LEARNT, steps=steps))
    if of[Ended.NOT_YET]:
        said.append(sentence(SENTENCES[Case.NOT_YET], above={one.name: one.above for one in of[Ended.NOT_YET]}))
    if request.optimizer in (Optimizer.MOMENTUM, Optimizer.NESTEROV) and not facts.shared and request.momentum > 0:
        total = Ratio(1 / (1 - request.momentum))
        said.append(sentence(SENTENCES[Case.MOMENTUM], momentum=request.momentum, sum=total))
    return said


def _first_step(facts: Facts) -> list[str]:
    ratios = {"raw": facts.raw.update_ratio, "standardized": facts.standardized.update_ratio}
    if facts.adaptive or not np.isfinite(list(ratios.values())).all():
        return []
    return [sentence(SENTENCES[Case.FIRST_STEP], **{name: Ratio(value) for name, value in ratios.items()})]


def _lost(facts: Facts) -> list[str]:
    losses = {"raw": facts.raw.minimum_loss, "standardized": facts.standardized.minimum_loss}
    if facts.separated:
        return []
    if facts.request.bias and abs(facts.lost) < 1e-6:
        return [sentence(SENTENCES[Case.NOTHING_LOST], **losses)]
    return [sentence(SENTENCES[Case.LOST], **losses)] if abs(facts.lost) > LOST and not facts.request.bias else []


class Promise(StrEnum):
    """What the descent inequality says of a step."""

    FLAT = "flat"
    AT_MINIMUM = "at the minimum"
    OWN = "the loss's own L"
    OTHER = "another L"
    CUT = "too small an L"
    DESCENDS = "guaranteed, and descends"
    CLIMBS = "guaranteed, and climbs"
    FREE_DESCENDS = "not guaranteed, and descends"
    FREE_CLIMBS = "not guaranteed, and climbs"
    BEST_HERE = "best at the step"
    BEST_OWN = "best at 1/L"
    BEST_ELSEWHERE = "best elsewhere"
    BELOW = "below 1/L"
    AT_ONE = "at 1/L"
    BETWEEN = "between 1/L and 2/L"
    AT_TWO = "at 2/L"
    BEYOND = "beyond 2/L"
    LOGISTIC = "logistic, within 2/L"
    LOGISTIC_BEYOND = "logistic, from 2/L on"


PROMISE_SENTENCES = {
    Promise.FLAT: "The loss is flat: its gradient is 0, no step changes anything, and no L is needed.",
    Promise.AT_MINIMUM: "Training starts at the minimum: the gradient is 0 there, and no step changes anything.",
    Promise.OWN: "The parabola has the loss's own L, {own}. It lies above the loss all along: the inequality holds here.",
    Promise.OTHER: "The parabola has L = {smoothness}, {multiple} times the loss's own, {own}. It lies above the loss all "
    "along: the inequality holds here.",
    Promise.CUT: "The parabola has L = {smoothness}, {multiple} times the loss's own, {own}. It **cuts through the loss**: it "
    "promises more than there is.",
    Promise.DESCENDS: "By the parabola your step of {step} is guaranteed to descend by {guaranteed}; it descends by {real}.",
    Promise.CLIMBS: "By the parabola your step of {step} is guaranteed to descend by {guaranteed}; it **climbs** by {climb}.",
    Promise.FREE_DESCENDS: "By the parabola nothing is guaranteed for your step of {step}; it descends by {real}.",
    Promise.FREE_CLIMBS: "By the parabola nothing is guaranteed for your step of {step}; it **climbs** by {climb}.",
    Promise.BEST_HERE: "The most that the parabola guarantees is {best}, at your step.",
    Promise.BEST_OWN: "The most that the parabola guarantees is {best}, at 1/L of the loss.",
    Promise.BEST_ELSEWHERE: "The most that the parabola guarantees is {best}, at {where} times 1/L of the loss.",
    Promise.BELOW: "By the loss's own L your step is below 1/L: each step descends, without crossing the valley; smaller is "
    "only slower.",
    Promise.AT_ONE: "By the loss's own L your step is at 1/L: no step has a better guarantee; the steep direction is done in "
    "one step.",
    Promise.BETWEEN: "By the loss's own L your step is between 1/L and 2/L: each step descends, and crosses the valley from "
    "side to side.",
    Promise.AT_TWO: "By the loss's own L your step is at 2/L: nothing is guaranteed; along the steep direction it bounces for "
    "ever, from side to side.",
    Promise.BEYOND: "By the loss's own L your step is beyond 2/L: each step bounces higher up the steep walls; it diverges.",
    Promise.LOGISTIC: "By the loss's own L your step is within 2/L, and so it descends wherever it starts. The logistic loss is "
    "nowhere more curved and mostly flatter: it may bear a longer step.",
    Promise.LOGISTIC_BEYOND: "By the loss's own L your step is not within 2/L: where the loss is as curved as that, it "
    "bounces. The logistic loss is mostly flatter, and may bear it.",
}


def regime(multiple: float, logistic: bool) -> Promise:
    """Return what gradient descent does at a step of so many times 1/L, where L is the loss's own.

    >>> regime(1.5, False).value, regime(2.1, True).value
    ('between 1/L and 2/L', 'logistic, from 2/L on')
    """
    if logistic:
        return Promise.LOGISTIC if multiple < 2 - NEAR else Promise.LOGISTIC_BEYOND
    if abs(multiple - 1) <= NEAR:
        return Promise.AT_ONE
    if abs(multiple - 2) <= NEAR:
        return Promise.AT_TWO
    if multiple < 1:
        return Promise.BELOW
    return Promise.BETWEEN if multiple < 2 else Promise.BEYOND


def inequality_notice(facts: Facts) -> str:
    """Return what the parabola shows, with its own L, and what the chosen step does, by the L of the loss."""
    step = facts.step
    multiple = step.smoothness / step.own if step.own else 1.0
    return " ".join(
        sentence(
            PROMISE_SENTENCES[case],
            smoothness=step.smoothness,
            own=step.own,
            multiple=multiple,
            step=step.chosen,
            guaranteed=step.guaranteed,
            real=step.real,
            climb=-step.real,
            best=step.best,
            where=1 / multiple,
        )
        for case in _promises(facts)
    )


def _promises(facts: Facts) -> list[Promise]:
    step = facts.step
    if step.own == 0:
        return [Promise.FLAT]
    if step.at_minimum:
        return [Promise.AT_MINIMUM]
    own = abs(step.smoothness / step.own - 1) < 1e-9
    parabola = Promise.CUT if step.cut else Promise.OWN if own else Promise.OTHER
    if step.guaranteed > 0:
        promised = Promise.DESCENDS if step.real > 0 else Promise.CLIMBS
    else:
        promised = Promise.FREE_DESCENDS if step.real > 0 else Promise.FREE_CLIMBS
    if abs(step.chosen * step.smoothness - 1) <= NEAR:
        best = Promise.BEST_HERE
    else:
        best = Promise.BEST_OWN if own else Promise.BEST_ELSEWHERE
    return [parabola, promised, best, regime(step.multiple, facts.logistic)]


class Prepares(StrEnum):
    """What a centre and a divisor do."""

    NOTHING_TO_SUBTRACT = "nothing to subtract"
    AT_MEAN = "at the mean"
    OFF_MEAN = "off the mean"
    ZERO = "zero"
    ZERO_BIAS = "zero, but for a bias"
    FLAT = "flat"
    STEEP = "steep"
    STEEP_LOGISTIC = "steep, logistic"
    TOO_FLAT = "too flat"
    LEFT = "left"
    SEPARATED = "separated"
    RANGE = "range"
    CAPTION = "caption"
    CAPTION_STEEP = "caption, steep"
    CAPTION_FLAT = "caption, flat"
    ONE = "one"


PREPARES_SENTENCES = {
    Prepares.NOTHING_TO_SUBTRACT: "The means are 0: E|x − c|² is {least} whatever multiple of them is subtracted. The same "
    "number bounds L, whatever the weights.",
    Prepares.AT_MEAN: "E|x − c|² is {nothing} with nothing subtracted, and least at the mean, where your c is: {least}. The "
    "same number bounds L, whatever the weights.",
    Prepares.OFF_MEAN: "E|x − c|² is {nothing} with nothing subtracted, {here} at your c, and least at the mean: {least}. The "
    "same number bounds L, whatever the weights.",
    Prepares.ZERO: "Multiplied by 0 the loss is perfectly smooth, L = {smoothness}, and useless: nothing can be learnt of the "
    "features, it stays at {loss}. Smoothness must not cost the fit.",
    Prepares.ZERO_BIAS: "Multiplied by 0 the features are gone, and L = {smoothness} is that of the bias: nothing can be learnt "
    "of them, the loss stays at {loss}. Smoothness must not cost the fit.",
    Prepares.FLAT: "The loss is flat, L = 0, whatever s: no step changes anything, and there is nothing to learn.",
    Prepares.STEEP: "At s = {divisor} times the deviation, L = {smoothness}; {steps} of gradient descent at the learning rate "
    "for all, {rate}, diverge: too steep.",
    Prepares.STEEP_LOGISTIC: "At s = {divisor} times the deviation, L = {smoothness}; {steps} of gradient descent at the "
    "learning rate for all, {rate}, bounce higher than they begin: too steep.",
    Prepares.TOO_FLAT: "At s = {divisor} times the deviation, L = {smoothness}; {steps} of gradient descent at the "
    "learning rate for all, {rate}, leave {left} of what there is to learn: too flat.",
    Prepares.LEFT: "At s = {divisor} times the deviation, L = {smoothness}; {steps} of gradient descent at the learning "
    "rate for all, {rate}, leave {left} of what there is to learn.",
    Prepares.SEPARATED: "At s = {divisor} times the deviation, L = {smoothness}; {steps} of gradient descent at the "
    "learning rate for all, {rate}, leave {left} of the loss. A line separates the classes: it falls for ever, the slower the "
    "larger s is.",
    Prepares.RANGE: "Nine tenths are learnt from s = {low} to {high} deviations.",
    Prepares.CAPTION: "Least at s = {least} deviations.",
    Prepares.CAPTION_STEEP: "Least at s = {least} deviations; up to s = {steep} it ends higher than it began.",
    Prepares.CAPTION_FLAT: "The loss is flat: there is nothing to learn.",
    Prepares.ONE: "Nine tenths are learnt near s = {low} deviations alone.",
}


def center_notice(facts: Facts) -> str:
    """Return what the centre does."""
    centre = facts.centre
    if not centre.shifts:
        case = Prepares.NOTHING_TO_SUBTRACT
    else:
        case = Prepares.AT_MEAN if facts.request.center == 1 else Prepares.OFF_MEAN
    return sentence(PREPARES_SENTENCES[case], nothing=centre.nothing, here=centre.here, least=centre.least)


def divisor_notice(facts: Facts) -> str:
    """Return what the divisor does."""
    request, divided, own = facts.request, facts.divided, facts.own
    case = _divides(facts)
    said = sentence(
        PREPARES_SENTENCES[case],
        smoothness=own.smoothness,
        loss=own.minimum_loss,
        divisor=request.divisor,
        steps=Steps(request.num_steps),
        rate=divided.learning_rate,
        left=Percent(divided.left),
    )
    if (
        case in (Prepares.ZERO, Prepares.ZERO_BIAS, Prepares.FLAT)
        or divided.separated
        or divided.low is None
        or divided.high is None
    ):
        return said
    span = Prepares.ONE if divided.low == divided.high else Prepares.RANGE
    return f"{said} {sentence(PREPARES_SENTENCES[span], low=divided.low, high=divided.high)}"


def divisor_caption(facts: Facts) -> str:
    """Return what stands below the picture of the divisor."""
    divided = facts.divided
    if np.isnan(divided.least):
        return PREPARES_SENTENCES[Prepares.CAPTION_FLAT]
    case = Prepares.CAPTION if divided.steep is None else Prepares.CAPTION_STEEP
    return sentence(PREPARES_SENTENCES[case], least=divided.least, steep=divided.steep or 0.0)


def _divides(facts: Facts) -> Prepares:
    left = facts.divided.left
    if facts.request.zero:
        return Prepares.ZERO_BIAS if facts.request.bias else Prepares.ZERO
    if facts.own.smoothness == 0 or np.isnan(left):
        return Prepares.FLAT
    if left > 1:
        return Prepares.STEEP_LOGISTIC if facts.logistic else Prepares.STEEP
    if facts.divided.separated:
        return Prepares.SEPARATED
    return Prepares.TOO_FLAT if left > 0.5 else Prepares.LEFT


class Sized(StrEnum):
    """Where the gradient gets its size."""

    GROWS = "grows"
    GROWS_LOGISTIC = "grows, logistic"
    ZERO = "zero"
    DERIVATIVES = "derivatives"


SIZED_SENTENCES = {
    Sized.GROWS: "Inputs {times} as large: the weights' gradient is {grown} as long; that of a bias stays {bias}.",
    Sized.GROWS_LOGISTIC: "Inputs {times} as large: the weights' gradient is {grown} as long; that of a bias stays {bias}, "
    "and below 1 whatever the inputs.",
    Sized.ZERO: "The inputs are 0, however often multiplied: so is the weights' gradient; that of a bias is {bias}.",
    Sized.DERIVATIVES: "For an example of class 1 the derivative of sigmoid with cross-entropy lies between {low} and {high} "
    "here, and never leaves (−1, 0). That of squared error is {squared} at h = {squared_at} and grows with h; that of "
    "cross-entropy alone is {alone} at p = {alone_at} and grows as p goes to 0.",
}


def gradient_notice(facts: Facts) -> str:
    """Return what the size of the inputs does to the gradients, and which derivatives are bounded."""
    sizes, ends = facts.sizes, facts.derivatives
    grows = Sized.GROWS_LOGISTIC if facts.logistic else Sized.GROWS
    case = Sized.ZERO if sizes.weights == 0 else grows
    first = sentence(SIZED_SENTENCES[case], times=Ratio(sizes.times), grown=Ratio(sizes.grown), bias=sizes.bias)
    second = sentence(
        SIZED_SENTENCES[Sized.DERIVATIVES],
        low=f"{ends.sigmoid_low:.4f}".replace("-", "−"),
        high=f"{ends.sigmoid_high:.4f}".replace("-", "−"),
        squared=ends.squared,
        squared_at=ends.squared_at,
        alone=ends.alone,
        alone_at=ends.alone_at,
    )
    return f"{first} {second}"


class Places(StrEnum):
    """What preprocessing does to the positions of the examples in each dimension."""

    ALL_CONSTANT = "all constant"
    ONE_VARIES = "one varies"
    KEPT = "kept"
    MIXED = "mixed"


PLACES_SENTENCES = {
    Places.ALL_CONSTANT: "Both features are constant: no example has a place that it could keep or lose.",
    Places.ONE_VARIES: "Only {name} varies. Its correlation with itself as it was: {standardized} standardized and {whitened} "
    "whitened, so every example keeps its place in it; in the constant feature no example has a place.",
    Places.KEPT: "Correlation of each feature with itself as it was: {standardized} standardized, so every example keeps its "
    "place in each dimension; {whitened} whitened, which hardly mixes them here.",
    Places.MIXED: "Correlation of each feature with itself as it was: {standardized} standardized, so every example keeps its "
    "place in each dimension; {whitened} whitened, which mixes the dimensions, since they are correlated.",
}


def order_notice(facts: Facts) -> str:
    """Return what preprocessing does to the positions of the examples in each dimension."""
    if not facts.varying:
        return PLACES_SENTENCES[Places.ALL_CONSTANT]
    case = Places.ONE_VARIES
    if len(facts.varying) > 1:
        case = Places.KEPT if facts.whitened.kept > UNMIXED else Places.MIXED
    kept = {one.name: Share(one.kept) for one in (facts.standardized, facts.whitened)}
    return sentence(PLACES_SENTENCES[case], name=facts.varying[0], **kept)


class Instead(StrEnum):
    """What an optimizer makes up for, and what whitening costs."""

    CLEVERER = "cleverer"
    PLAIN_BEST = "plain is best"
    SEPARATED = "separated"
    COST = "cost"


INSTEAD_SENTENCES = {
    Instead.CLEVERER: "On raw features plain gradient descent ends {plain} above the minimum after {steps}; the best "
    "optimizer there, {best}, ends {least} above it. Plain gradient descent on standardized features ends {standardized} above.",
    Instead.PLAIN_BEST: "On raw features no optimizer ends lower than plain gradient descent does after {steps}, {plain} "
    "above the minimum. On standardized features it ends {standardized} above.",
    Instead.SEPARATED: "A line separates the classes by these features: {names}. Their loss has no minimum to end above, and "
    "the optimizers are not compared on them.",
    Instead.COST: "Measured now: for {features} features whitening took {ms} ms, {ratio} as long as standardizing. Over the "
    "last doubling its time grew as the power {growth} of the number of features; the decomposition's count of steps grows as "
    "the cube.",
}


def optimizer_rows(facts: Facts) -> list[dict[str, str]]:
    """Return the table of optimizers: how far above its minimum each ends on each preprocessing."""
    none = {one.kind: "no minimum" for one in facts.separated}
    return [
        {"optimizer": one.optimizer.label}
        | {kind.value: none.get(kind, entry(value)) for kind, value in one.left.items()}
        for one in facts.optimized or ()
    ]


def optimizer_notice(facts: Facts) -> str:
    """Return what an optimizer makes up for, and what normalizing does."""
    optimized = facts.optimized or ()
    if facts.raw in facts.separated or facts.standardized in facts.separated:
        names = [one.name for one in facts.separated if one is not facts.own]
        return sentence(INSTEAD_SENTENCES[Instead.SEPARATED], names=names)
    plain = next(one for one in optimized if one.optimizer is Optimizer.GRADIENT_DESCENT)
    best = min(optimized, key=lambda one: one.left[Kind.RAW])
    case = Instead.CLEVERER if best.left[Kind.RAW] < plain.left[Kind.RAW] else Instead.PLAIN_BEST
    return sentence(
        INSTEAD_SENTENCES[case],
        plain=plain.left[Kind.RAW],
        steps=Steps(facts.request.num_steps),
        best=best.optimizer.label,
        least=best.left[Kind.RAW],
        standardized=plain.left[Kind.STANDARDIZED],
    )


def cost_notice(facts: Facts) -> str:
    """Return what whitening cost, here and now."""
    price = facts.price
    if price is None:
        return ""
    return sentence(
        INSTEAD_SENTENCES[Instead.COST],
        features=price.features,
        ms=1000 * price.seconds,
        ratio=Ratio(price.ratio),
        growth=round(price.growth, 1),
    )


class Bounded(StrEnum):
    """What stands below a bowl."""

    BOUND = "bound"
    QUARTER = "quarter"


BOUNDED_SENTENCES = {
    Bounded.BOUND: "L = {smoothness}, at most E|x|² = {bound}. Longest step 2/L = {longest}. Condition number {condition}.",
    Bounded.QUARTER: "L = {smoothness}, at most ¼E|x|² = {bound}. Longest step 2/L = {longest}. Condition number {condition}.",
}


def caption_of(facts: Facts, kind: Kind) -> str:
    """Return what stands below a bowl: L beside its bound, the longest stable step, the condition number."""
    one = facts.of(kind)
    return sentence(
        BOUNDED_SENTENCES[Bounded.QUARTER if facts.logistic else Bounded.BOUND],
        smoothness=one.smoothness,
        bound=one.bound,
        longest=one.longest_step,
        condition=one.condition,
    )


@dataclass(frozen=True)
class Row:
    """One preprocessing in the table, in words and numbers for people."""

    preprocessing: str
    smoothness: str
    bound: str
    longest_step: str
    condition: str
    learning_rate: str
    above: str
    learnt_at: str
    update_ratio: str
    minimum_loss: str


def table(facts: Facts) -> list[Row]:
    """Return a row for each preprocessing."""
    return [
        Row(
            preprocessing=one.name,
            smoothness=entry(one.smoothness),
            bound=entry(one.bound),
            longest_step=entry(one.longest_step),
            condition=entry(one.condition),
            learning_rate=entry(one.learning_rate),
            above=entry(float("nan") if one.separation is not Separation.NONE else one.above),
            learnt_at=_learnt(one),
            update_ratio=entry(one.update_ratio),
            minimum_loss=entry(one.minimum_loss) if one.separation is Separation.NONE else "no minimum",
        )
        for one in facts.prepared
    ]


def entry(value: float) -> str:
    """Return a table's entry as people read it: no exponent is broken off, and a dash is where there is no number.

    >>> entry(1e-6).isascii(), entry(1.5), entry(float("nan"))
    (False, '1.5', '–')
    """
    return "–" if np.isnan(value) else number(value).replace("-", "\N{NON-BREAKING HYPHEN}")


def _learnt(one: Prepared) -> str:
    if one.ended is Ended.OVERFLOWED:
        return f"overflows at step {one.num_steps}"
    if one.separation is not Separation.NONE:
        return "no minimum"
    return {None: "not yet", 0: "starts there"}.get(one.learnt_at, f"step {one.learnt_at}")


def rows_of(facts: Facts) -> list[dict[str, object]]:
    """Return the numbers to take along, a row for each preprocessing."""
    return [
        {
            "preprocessing": one.name,
            "smoothness": one.smoothness,
            "bound": one.bound,
            "longest_step": one.longest_step,
            "condition": one.condition,
            "learning_rate": one.learning_rate,
            "above": one.above if one.separation is Separation.NONE else None,
            "learnt_at": one.learnt_at,
            "ended": one.ended.value,
            "update_ratio": one.update_ratio,
            "minimum_loss": one.minimum_loss if one.separation is Separation.NONE else None,
            "separation": one.separation.value,
        }
        for one in facts.prepared
    ]
