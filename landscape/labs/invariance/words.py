"""What is said about invariances, in tables and whole sentences for each case, which is why this is long; from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from landscape.labs.invariance.facts import NEARLY, Bounded, Facts, Funnel, Lengths, OverFactor, Rescaling, Started
from landscape.labs.invariance.request import Moment
from landscape.labs.words import Ratio, Share, number, sentence

EXACT = 0.02
"""A gradient that is within so much of |g| / c at every factor is divided by it."""

ABOUT = 0.2
"""And one whose slope is so near to -1 is nearly so."""

RIGHT_ANGLES = 0.01
"""Growth that is so near to the sum of the squared steps is by steps at right angles."""

CLOSER = 3.0
"""An effective rate falls that does so by such a factor."""

STEADY = 1.5
"""An effective rate that changes by less than this factor stays."""

APART = 0.05
"""Accuracies that differ by less are alike."""

FAR = 0.3
"""And a start that ends so much lower fails."""

OVER_EXAMPLES = ("layer", "rms", "group")
"""Normalizations before which a bias stands."""

DAMPED = 0.05
"""A first loss that outlying weights change by a smaller share is not touched by them."""


class Case(StrEnum):
    """What there is to say about invariances, a template each."""

    DIVIDED = "divided by the factor"
    NEARLY_DIVIDED = "nearly divided"
    NOT_DIVIDED = "not divided"
    AT_RIGHT_ANGLES = "at right angles"
    NOT_AT_RIGHT_ANGLES = "not at right angles"
    OTHER_STEPS = "other steps than those of plain descent"
    LENGTH_DIVERGED = "diverged on the way"
    FROM_ABOVE = "come together from above"
    FROM_BOTH = "come together from both sides"
    OVERSHOT = "overshoots"
    APART = "stay apart"
    FUNNEL_DIVERGED = "diverged from some scales"
    START_NEEDED = "the start from data is needed"
    START_ALIKE = "both starts do alike"
    START_WORSE = "the start from data does worse"
    LOG_ALIKE = "the logarithm changes nothing"
    LOG_UNLIKE = "the logarithm makes a difference"
    COST_DEARER = "more weights than activations"
    COST_CHEAPER = "fewer weights than activations"
    BOUND_BOTH = "better at a small rate, worse at a large one"
    BOUND_IDLE = "the bound is never reached"
    BOUND_ALIKE = "the bound makes no difference"
    BOUND_BETTER = "the bound helps"
    BOUND_WORSE = "the bound harms"
    UNIT_DAMPED = "outlying weights are not felt"
    UNIT_FELT = "outlying weights are felt"
    EXAMPLE = "an outlying example"
    BURSTS = "outlying gradients"
    LITTLE = "epsilon"
    BIAS = "the bias is not rescaled"
    NO_BIAS = "blind after training too"


UNCHANGED_SENTENCES = {
    Rescaling.LAYER: "Multiply all weights of a layer by {factor}: no output changes with {names}.",
    Rescaling.LAYER_SHIFT: "Add one vector to the weights of every unit of a layer: no output changes with {names}.",
    Rescaling.UNIT: "Multiply the weights of one unit alone: no output changes with {names}.",
    Rescaling.INPUTS: "Multiply the inputs: no output changes with {names}.",
    Rescaling.INPUTS_SHIFT: "Add {factor} to the inputs: no output changes with {names}.",
    Rescaling.EXAMPLE: "Multiply one example: its own output does not change with {names}.",
    Rescaling.OTHERS: "Multiply one example: the outputs of the others do not change with {names}, which compute each by itself.",
}

CHANGED_SENTENCES = {
    Rescaling.LAYER: "Multiply all weights of a layer by {factor}: outputs change with each of these.",
    Rescaling.LAYER_SHIFT: "Add one vector to the weights of every unit of a layer: outputs change with each of these.",
    Rescaling.UNIT: "Multiply the weights of one unit alone: outputs change with each of these.",
    Rescaling.INPUTS: "Multiply the inputs: outputs change with each of these.",
    Rescaling.INPUTS_SHIFT: "Add {factor} to the inputs: outputs change with each of these.",
    Rescaling.EXAMPLE: "Multiply one example: its own output changes with each of these.",
    Rescaling.OTHERS: "Multiply one example: the outputs of the others change with each of these.",
}

NOTICED = "They do change with these, by so much of their length: {changes}."
"""What is said after those that notice nothing."""

SENTENCES = {
    Case.LITTLE: "In the pale cells the epsilon beside the variance is seen: without it, or with larger values, the change would "
    "be none.",
    Case.BIAS: "After training these notice a rescaled layer: the outputs change by {changes} of their length. Their bias stands "
    "before the normalization and is not multiplied; it was 0 at the start.",
    Case.NO_BIAS: "After training too, layer normalization does not notice a rescaled layer.",
    Case.DIVIDED: "Weights *c* times as long have a gradient *c* times smaller with {names}, to within {off}. The gradient stands at "
    "right angles to the weights: the greatest cosine of a unit is {cosine}.",
    Case.NEARLY_DIVIDED: "With {names} the gradient is divided by large factors alone, over which it falls with a slope of {slope}: at "
    "small ones the bias rules, which is not multiplied. It is the weights of a whole layer that may be rescaled there, not those of a "
    "unit: the greatest cosine of a unit is {cosine}.",
    Case.NOT_DIVIDED: "With {names} the gradient is not divided by the factor: over large ones the slope is {slope}, where −1 is "
    "dividing, and the greatest cosine of a unit is {cosine}.",
    Case.AT_RIGHT_ANGLES: "The weights only ever grow with {names}, and what they grow by is the sum of the squared steps, "
    "all the way to within {off} of it. After {steps} steps |w|² is {grown} as large as at the start.",
    Case.NOT_AT_RIGHT_ANGLES: "With {names} the weights do not grow by the sum of the squared steps: on the way |w|² lies up to {off} "
    "of that sum away from it, though at the end it has changed by {shares} of the sum.",
    Case.OTHER_STEPS: "Weight decay or momentum is on: their steps are not at right angles to the weights, so that these "
    "do not grow by the sum of the squared steps. With {names} |w|² is {grown} as large as at the start.",
    Case.LENGTH_DIVERGED: "At learning rate {rate} these diverged, and their lines end there: {names}.",
    Case.FROM_ABOVE: "With **{name}** the effective rates come together, but from above alone: from initial scales 0.1 to 3 they "
    "begin {first} apart and end {last} apart. The largest of all six ends {largest} smaller than it began, since its steps "
    "lengthen the weights; the least, whose steps are small, hardly moves.",
    Case.OVERSHOT: "The largest overshoots with **{name}**: its first steps make the weights so long that it ends lower than "
    "one that began lower.",
    Case.FROM_BOTH: "With **{name}** the effective rates come together from both sides: from initial scales 0.1 to 3 they begin "
    "{first} apart and end {last} apart. Large ones fall as steps lengthen the weights, and weight decay makes the small "
    "ones rise, the least to {least} what it was: it shortens weights that no step lengthens.",
    Case.APART: "With **{name}** the effective rates stay apart: from initial scales 0.1 to 3 they begin {first} "
    "apart and end {last} apart.",
    Case.FUNNEL_DIVERGED: "**{name}** diverged from these initial scales: {scales}.",
    Case.START_NEEDED: "Weight normalization needs its start here: set by a first batch it reaches {data}, from the "
    "function of the plain network {plain}, and without any normalization {none}. On that batch the "
    "inputs of the last activation function have deviation {last} from data, and {small} from the plain start.",
    Case.START_ALIKE: "Here the start matters little: {data} set by a first batch, {plain} from the function of the plain "
    "network. On that batch the inputs of the last activation function have deviation {last}, and {small}.",
    Case.START_WORSE: "Here the start from data does worse: it reaches {data}, and the function of the plain network {plain}.",
    Case.LOG_ALIKE: "Learning the length by its logarithm makes no difference to speak of: {log} against {data}.",
    Case.LOG_UNLIKE: "Learning the length by its logarithm makes a difference here: {log} against {data}.",
    Case.COST_DEARER: "What it costs: a step divides {weights} weights, where BatchNorm normalizes {activations} "
    "activations. In dense layers with so small a batch it is not the cheaper one. It is where a weight serves many values: in "
    "convolutions, and with large batches.",
    Case.COST_CHEAPER: "What it costs: a step divides {weights} weights, where BatchNorm normalizes {activations} "
    "activations. It does not grow with the batch.",
    Case.BOUND_BOTH: "The bound keeps the effective rate large, for better and for worse: at learning rate {low} it "
    "reaches {better}, and {below} without it; at {high} it reaches {worse}, and {above} without it.",
    Case.BOUND_IDLE: "Here the bound does nothing: the weights of a unit begin at a length of {length}, under it.",
    Case.BOUND_ALIKE: "Here the bound makes little difference: {bounded} with it, {without} without.",
    Case.BOUND_BETTER: "The bound helps here: at learning rate {low} it reaches {better}, and {below} without it.",
    Case.BOUND_WORSE: "The bound harms here: at learning rate {high} it reaches {worse}, and {above} without it.",
    Case.UNIT_DAMPED: "One unit of each layer {factor} times as large is not felt with {names}: the first loss is what "
    "it would be without, and the accuracy reached is {accuracy}.",
    Case.UNIT_FELT: "One unit of each layer {factor} times as large is felt with {names}: the first loss is {loss} and the accuracy reached is {accuracy}.",
    Case.EXAMPLE: "One mislabelled example {factor} times as large makes the gradient {growth} as long.",
    Case.BURSTS: "Along these trainings the longest gradient is {longest} as long as the median one.",
}


def bias_notice(facts: Facts) -> str:
    """Return what training has made of those that are blind to a layer's scale at the start; nothing of initial weights."""
    if facts.moment is Moment.START or not facts.cells:
        return ""
    own = [one for one in facts.cells if one.normalization in OVER_EXAMPLES and one.rescaling is Rescaling.LAYER]
    changes = {one.name: one.change for one in own if not one.unchanged}
    return sentence(SENTENCES[Case.BIAS if changes else Case.NO_BIAS], changes=changes or [""])


def table_notice(facts: Facts) -> list[str]:
    """Return what to notice of the table."""
    if not facts.cells:
        return []
    said = [bias_notice(facts)] if facts.moment is Moment.TRAINED else []
    for rescaling in (Rescaling.LAYER, Rescaling.UNIT, Rescaling.INPUTS, Rescaling.OTHERS):
        names = list(facts.unchanged(rescaling))
        if names:
            said.append(sentence(UNCHANGED_SENTENCES[rescaling], factor=facts.factor, names=names))
        else:
            said.append(sentence(CHANGED_SENTENCES[rescaling], factor=facts.factor))
    if facts.moment is Moment.START and any(not one.unchanged and one.change < NEARLY for one in facts.cells):
        said.append(sentence(SENTENCES[Case.LITTLE]))
    return said


def gradient_case(one: OverFactor) -> Case:
    """Return what the gradient does over the factor."""
    if one.off < EXACT:
        return Case.DIVIDED
    return Case.NEARLY_DIVIDED if abs(one.slope + 1) < ABOUT else Case.NOT_DIVIDED


def gradient_notice(facts: Facts) -> list[str]:
    """Return what to notice of the gradient over the factor."""
    said = []
    for case in (Case.DIVIDED, Case.NEARLY_DIVIDED, Case.NOT_DIVIDED):
        own = [one for one in facts.gradients if gradient_case(one) is case]
        if own:
            said.append(
                sentence(
                    SENTENCES[case],
                    names=[one.name for one in own],
                    off=max(one.off for one in own),
                    slope={one.name: round(one.slope, 2) for one in own} if len(own) > 1 else round(own[0].slope, 2),
                    cosine=max(one.cosine for one in own),
                )
            )
    return said


def length_case(one: Lengths, plain_descent: bool = True) -> Case:
    """Return how the weights of a training grow."""
    if one.diverged_at is not None:
        return Case.LENGTH_DIVERGED
    if not plain_descent:
        return Case.OTHER_STEPS
    return Case.AT_RIGHT_ANGLES if one.off < RIGHT_ANGLES else Case.NOT_AT_RIGHT_ANGLES


def length_notice(facts: Facts) -> list[str]:
    """Return what to notice of the lengths."""
    plain, said = facts.plain_descent and not facts.weight_decay, []
    for case in (Case.AT_RIGHT_ANGLES, Case.NOT_AT_RIGHT_ANGLES, Case.OTHER_STEPS, Case.LENGTH_DIVERGED):
        own = [one for one in facts.lengths if length_case(one, plain) is case]
        if own:
            said.append(
                sentence(
                    SENTENCES[case],
                    names=[one.name for one in own],
                    off={one.name: one.off for one in own}
                    if case is Case.NOT_AT_RIGHT_ANGLES
                    else max(one.off for one in own),
                    shares={one.name: one.share for one in own},
                    grown={one.name: Ratio(one.grown) for one in own},
                    steps=own[0].steps,
                    rate=facts.length_rate,
                )
            )
    return said


def funnel_case(one: Funnel) -> Case:
    """Return how the effective rates of a network go."""
    if not (one.falls > CLOSER and one.spread_last < one.spread_first):
        return Case.APART
    return Case.FROM_BOTH if one.rises > STEADY else Case.FROM_ABOVE


def overshoots(one: Funnel) -> bool:
    """Return whether the largest effective rate ends clearly under one that began lower."""
    return len(one.last) > 1 and one.first[0] > one.first[1] and one.last[0] * STEADY < one.last[1]


def funnel_notice(facts: Facts) -> list[str]:
    """Return what to notice of the effective rates."""
    said = []
    for one in facts.funnels:
        if len(one.scales) > 1:
            said.append(
                sentence(
                    SENTENCES[funnel_case(one)],
                    name=one.name,
                    first=Ratio(one.spread_first),
                    last=Ratio(one.spread_last),
                    largest=Ratio(one.falls),
                    least=Ratio(one.rises),
                )
            )
        if overshoots(one):
            said.append(sentence(SENTENCES[Case.OVERSHOT], name=one.name))
        if one.diverged:
            said.append(sentence(SENTENCES[Case.FUNNEL_DIVERGED], name=one.name, scales=list(one.diverged)))
    return said


def started(facts: Facts, kind: str) -> Started | None:
    """Return the facts of a start; None while they are not there."""
    return next((one for one in facts.starts if one.normalization == kind), None)


def reached(one: Started) -> float:
    """Return the accuracy that a start reaches; that of a constant guess where it diverged."""
    return one.trained.majority if one.trained.diverged_at is not None else one.trained.test_accuracy


def start_case(plain: Started, data: Started) -> Case:
    """Return whether weight normalization needs its start."""
    better = reached(data) - reached(plain)
    if better > FAR:
        return Case.START_NEEDED
    return Case.START_WORSE if better < -APART else Case.START_ALIKE


def log_case(data: Started, log: Started) -> Case:
    """Return whether it matters that a length is learnt by its logarithm."""
    return Case.LOG_ALIKE if abs(reached(data) - reached(log)) < APART else Case.LOG_UNLIKE


def start_notice(facts: Facts) -> list[str]:
    """Return what to notice of the starts of weight normalization."""
    none, plain, data, log = (started(facts, kind) for kind in ("none", "weight-plain", "weight", "weight-log"))
    if none is None or plain is None or data is None or log is None:
        return []
    case = Case.COST_DEARER if data.weights >= data.activations else Case.COST_CHEAPER
    return [
        sentence(
            SENTENCES[start_case(plain, data)],
            data=Share(reached(data)),
            plain=Share(reached(plain)),
            none=Share(reached(none)),
            last=data.deviations[-1],
            small=plain.deviations[-1],
        ),
        sentence(SENTENCES[log_case(data, log)], log=Share(reached(log)), data=Share(reached(data))),
        sentence(SENTENCES[case], weights=data.weights, activations=data.activations),
    ]


def bound_case(free: Bounded, bounded: Bounded) -> Case:
    """Return what a bound does, at the least and at the largest of the rates."""
    gains = [_score(bounded, i) - _score(free, i) for i in range(len(free.rates))]
    if bounded.accuracy == free.accuracy:
        return Case.BOUND_IDLE
    helps, harms = max(gains) > APART, min(gains) < -APART
    if helps and harms:
        return Case.BOUND_BOTH
    return Case.BOUND_BETTER if helps else Case.BOUND_WORSE if harms else Case.BOUND_ALIKE


def _score(one: Bounded, place: int) -> float:
    return 0.0 if one.diverged[place] else one.accuracy[place]


def bound_notice(facts: Facts) -> str:
    """Return what to notice of the bound."""
    if len(facts.bounds) != 2:
        return ""
    free, bounded = facts.bounds
    gains = [_score(bounded, i) - _score(free, i) for i in range(len(free.rates))]
    best, worst = gains.index(max(gains)), gains.index(min(gains))
    return sentence(
        SENTENCES[bound_case(free, bounded)],
        low=free.rates[best],
        better=Share(bounded.accuracy[best]),
        below=Share(free.accuracy[best]),
        high=free.rates[worst],
        worse=_told(bounded, worst),
        above=_told(free, worst),
        length=free.length,
        bounded=[Share(value) for value in bounded.accuracy],
        without=[Share(value) for value in free.accuracy],
    )


def _told(one: Bounded, place: int) -> Share | str:
    return "no end, as it diverges" if one.diverged[place] else Share(one.accuracy[place])


def is_damped(facts: Facts, name: str, factor: float = 100.0) -> bool | None:
    """Return whether a network does not feel outlying initial weights in its first loss; None where that is not known."""
    one = next((one for one in facts.units if one.normalization == name), None)
    if one is None or factor not in one.factors:
        return None
    return abs(one.loss[one.factors.index(factor)] / one.loss[0] - 1) < DAMPED


def outlier_notice(facts: Facts, factor: float = 100.0) -> list[str]:
    """Return what to notice of outlying weights and examples."""
    said = []
    for case, damped in ((Case.UNIT_DAMPED, True), (Case.UNIT_FELT, False)):
        own = [one for one in facts.units if is_damped(facts, one.normalization, factor) is damped]
        at = [one.factors.index(factor) for one in own]
        if own:
            said.append(
                sentence(
                    SENTENCES[case],
                    factor=factor,
                    names=[one.name for one in own],
                    loss={one.name: one.loss[i] for one, i in zip(own, at, strict=True)},
                    accuracy={one.name: Share(one.accuracy[i]) for one, i in zip(own, at, strict=True)},
                )
            )
    if facts.examples:
        growth = {one.name: Ratio(one.growth[-1]) for one in facts.examples}
        said.append(sentence(SENTENCES[Case.EXAMPLE], factor=facts.examples[0].factors[-1], growth=growth))
        longest = {one.name: Ratio(one.longest) for one in facts.bursts}
        if longest:
            said.append(sentence(SENTENCES[Case.BURSTS], longest=longest))
    return said


@dataclass(frozen=True)
class FunnelRow:
    """The effective rates of one network from one initial scale, in the table."""

    network: str
    scale: str
    first: str
    last: str
    accuracy: str


def funnel_rows(facts: Facts) -> list[FunnelRow]:
    """Return the rows of the table of effective rates."""
    return [
        FunnelRow(one.name, f"{scale:g}", number(first), number(last), f"{accuracy:.3f}")
        for one in facts.funnels
        for scale, first, last, accuracy in zip(one.scales, one.first, one.last, one.accuracy, strict=True)
    ]


@dataclass(frozen=True)
class StartRow:
    """One start in the table."""

    network: str
    first: str
    last: str
    loss: str
    accuracy: str


def start_rows(facts: Facts) -> list[StartRow]:
    """Return the rows of the table of starts."""
    return [
        StartRow(
            one.name,
            number(one.deviations[0]),
            number(one.deviations[-1]),
            number(one.trained.last_loss),
            f"diverged at step {one.trained.diverged_at}"
            if one.trained.diverged_at is not None
            else f"{one.trained.test_accuracy:.3f}",
        )
        for one in facts.starts
    ]


COLUMNS = ("part", "network", "what", "at", "value")


def numbers(facts: Facts) -> Sequence[Mapping[str, object]]:
    """Return the numbers to take along, one in each row: of which part and network, what it is, and at which setting."""
    rows: list[tuple[str, str, str, object, float]] = [
        ("table", one.name, one.rescaling.value, facts.factor, one.change) for one in facts.cells
    ]
    for over in facts.gradients:
        rows.append(("gradient", over.name, "slope", "", over.slope))
        rows.append(("gradient", over.name, "greatest cosine", "", over.cosine))
    for length in facts.lengths:
        rows.append(("lengths", length.name, "growth of |w|^2", facts.length_rate, length.grown))
        rows.append(("lengths", length.name, "growth over squared steps", facts.length_rate, length.share))
    for funnel in facts.funnels:
        each = (("first", funnel.first), ("last", funnel.last), ("test accuracy", funnel.accuracy))
        for what, values in each:
            rows += [("effective rate", funnel.name, what, at, v) for at, v in zip(funnel.scales, values, strict=True)]
    rows += [("start", one.name, "test accuracy", "", one.trained.test_accuracy) for one in facts.starts]
    for bound in facts.bounds:
        rows += [
            ("bound", bound.name, "test accuracy", at, v) for at, v in zip(bound.rates, bound.accuracy, strict=True)
        ]
    for unit in facts.units:
        for what, values in (("first loss", unit.loss), ("test accuracy", unit.accuracy)):
            rows += [("outlying unit", unit.name, what, at, v) for at, v in zip(unit.factors, values, strict=True)]
    for example in facts.examples:
        rows += [
            ("outlying example", example.name, "growth of the gradient", at, v)
            for at, v in zip(example.factors, example.growth, strict=True)
        ]
    rows += [("gradients", one.name, "longest over median", "", one.longest) for one in facts.bursts]
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows if isfinite(row[-1])]
