"""What is said about one layer, in sentences and tables, from facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from landscape.labs.anatomy.facts import Arithmetic, Center, Divisor, Facts, Kind, Over, Undone
from landscape.labs.anatomy.request import Moment, Shape, When
from landscape.labs.words import number as plain_number
from landscape.labs.words import sentence

SHOWN = 4
"""Of a sum of many values the first so many are written out."""

OVER_SENTENCES = {
    Over.NOTHING: "Nothing is normalized: each cell stays as it is.",
    Over.BATCH: "Each unit (of an image, each channel) by its own values in all examples of the batch.",
    Over.PIECE: "Each unit by its own values in all examples of the batch, in another way than BatchNorm.",
    Over.NOISY: "Each unit by its own values in all examples of the batch, and then noise is drawn upon it.",
    Over.RENORMALIZED: "Each unit by its own values in all examples of the batch, corrected towards stored numbers.",
    Over.DETACHED: "Each unit by its own values in all examples of the batch, taken for constants by the gradient.",
    Over.MIXED: "Several units together, over several examples of the batch.",
    Over.EXAMPLE: "Each example by all of its own values, whatever the batch.",
    Over.PART: "Each example by parts: a group of its units or channels at a time, whatever the batch.",
    Over.CHANNEL: "Each channel of each image by its own pixels, whatever the batch.",
    Over.STORED: "Each unit by numbers stored from the batches before, already in training.",
    Over.WEIGHTS: "The weights of each unit, by their own length; the activations are left as they come.",
    Over.CONSTANTS: "The weights of each unit, by their own length, and after the activation function constants.",
    Over.WEIGHTS_AND_BATCH: "The weights of each unit, by their own length, then each unit over the batch.",
}
"""What shares a statistic."""

COST_SENTENCES = {
    Over.NOTHING: "It costs nothing, and larger learning rates soon diverge.",
    Over.BATCH: "An example's output depends on the others of its batch: it takes batches of more than a few, and numbers stored "
    "for test that may not fit.",
    Over.PIECE: "As with BatchNorm an example's output depends on the others of its batch.",
    Over.NOISY: "Each step sees other distributions; an example's output depends on the others of its batch too.",
    Over.RENORMALIZED: "Two limits more must be chosen, and how they grow while training goes on.",
    Over.DETACHED: "A step may grow what the next mean takes away again: a bias runs away, and the loss does not fall by it.",
    Over.MIXED: "An example's output depends on the others of its batch, and units on each other.",
    Over.EXAMPLE: "Its statistics are computed anew at test too; units keep their unlike scales within an example.",
    Over.PART: "The number of groups is one more choice; statistics are computed anew at test too.",
    Over.CHANNEL: "How strong a channel is in this image is lost; it takes several pixels a channel.",
    Over.STORED: "The gradient does not know of the numbers it divides by: weights grow, and training slows or fails.",
    Over.WEIGHTS: "It is cheap, a length for each unit; but the activations are standardized on a first batch at most.",
    Over.CONSTANTS: "It is cheap; but its constants hold only for standardized inputs and nearly orthogonal weights.",
    Over.WEIGHTS_AND_BATCH: "It is cheaper than BatchNorm; the mean still depends on the batch, and is stored for test.",
}
"""What it costs."""

TAKEN_SENTENCES = {
    Over.NOTHING: "Taken for shallow networks, and to compare with.",
    Over.BATCH: "Taken for networks of images, in batches of some sixteen or more.",
    Over.PIECE: "Taken to find out what of BatchNorm it is that helps.",
    Over.NOISY: "Taken to show that it is not steady distributions by which BatchNorm helps.",
    Over.RENORMALIZED: "Taken where batches are small, or unlike those at test.",
    Over.DETACHED: "Taken to show what fails.",
    Over.MIXED: "Taken by nobody that we know of.",
    Over.EXAMPLE: "Taken for sequences and transformers, and where batches are small or examples come one by one.",
    Over.PART: "Taken for images where batches must be small, as in detection and segmentation.",
    Over.CHANNEL: "Taken for the style of images, where contrast should not count.",
    Over.STORED: "Taken to show what fails: the stored numbers must not replace those of the batch in training.",
    Over.WEIGHTS: "Taken where batch statistics do not suit, as in recurrent networks and reinforcement learning.",
    Over.CONSTANTS: "Taken where no statistic at all may be computed; seldom in practice.",
    Over.WEIGHTS_AND_BATCH: "Taken where the noise of a batch should be mild.",
}
"""When one takes it."""


class Case(StrEnum):
    """What there is to say about a cell, a template each."""

    ALONE = "alone"
    UNIT = "one unit of all examples"
    CHANNEL = "one channel of all examples"
    EXAMPLE = "all of an example"
    GROUP = "a group of units of an example"
    IMAGE = "all of an image"
    GROUP_OF_CHANNELS = "a group of channels of an image"
    PIXELS = "a channel of an image"
    SOME = "some cells"
    STORED = "stored"
    WEIGHT = "a unit's weight"
    ONE_VALUE = "its own mean"
    ONE_ALONE = "statistics of one value"


SHARE_SENTENCES = {
    Case.ALONE: "The chosen cell shares no statistic with any other: this normalization leaves the activations alone.",
    Case.UNIT: "The chosen cell shares its statistics with the same unit of the other examples: {cells} cells, {examples} examples "
    "of one unit.",
    Case.CHANNEL: "The chosen cell shares its statistics with all pixels of its channel in all {examples} examples: {cells} cells.",
    Case.EXAMPLE: "The chosen cell shares its statistics with the other units of its example, and with no other example: {cells} "
    "cells.",
    Case.GROUP: "The chosen cell shares its statistics with its group of {units} units in its own example: {cells} cells.",
    Case.IMAGE: "The chosen cell shares its statistics with all channels and pixels of its own example: {cells} cells.",
    Case.GROUP_OF_CHANNELS: "The chosen cell shares its statistics with all pixels of its group of {units} channels, in its own "
    "example: {cells} cells.",
    Case.PIXELS: "The chosen cell shares its statistics with the other pixels of its channel, in its own example: {cells} cells.",
    Case.SOME: "The chosen cell shares its statistics with others: {cells} cells of {units} units and {examples} examples.",
    Case.STORED: "The chosen cell takes stored numbers, those of its unit from the batches of training. No other example here has "
    "any part in it.",
    Case.WEIGHT: "The chosen weight shares one length with all weights into its unit: {cells} of them.",
    Case.ONE_VALUE: "The chosen cell is all there is to average: its own mean is subtracted, and the same shift is left whatever "
    "the example.",
    Case.ONE_ALONE: "The chosen cell is all there is to take statistics of: they are those of one number.",
}

ORDER_SENTENCES = {
    "kept": "Over the examples the unit keeps its order and its proportions: before and after have a correlation of {order}.",
    "lost": "Over the examples the unit's order and proportions change: before and after have a correlation of {order}.",
}

UNDO_SENTENCES = {
    "all": "With scale = what was divided by, {scale}, and shift = what was subtracted, {shift}, all {cells} of the unit are back "
    "where they were: a network that needs them so can learn it.",
    "some": "With scale = what was divided by, {scale}, and shift = what was subtracted, {shift}, {back} of the {cells} of the "
    "unit are back. The others were normalized by statistics of their own, and a unit has one scale and one shift.",
    "else": "At a scale of {scale} and a shift of {shift}, {back} of the {cells} of the unit are as they were; at the divisor and "
    "the centre themselves, 1 and 1, it would be {own}.",
    "none": "Nothing is normalized here, so there is nothing to undo.",
    "weights": "With scale = the length, {scale}, all {cells} weights of the unit are back where they were.",
}

NOISE_SENTENCES = {
    "noise": "In training noise is drawn on top: by it this cell would be {noise} this time.",
    "constants": "After the activation function a constant is subtracted and one divided by: {active} becomes {final}.",
}


def share_case(facts: Facts) -> Case:
    """Return what the chosen activation shares with others."""
    one, images = facts.activations, facts.request.shape is Shape.IMAGES
    if one.by_state and not one.by_cells:
        return Case.STORED
    if facts.arithmetic.center_kind is Center.MEAN and one.cells == 1:
        return Case.ONE_VALUE
    if one.cells == 1:
        return Case.ALONE if facts.arithmetic.divisor_kind is Divisor.NOTHING else Case.ONE_ALONE
    if not one.whole:
        return Case.SOME
    if one.examples > 1:
        if one.units > 1:
            return Case.SOME
        return Case.CHANNEL if images else Case.UNIT
    every = one.units == facts.request.sizes[2]
    if images:
        if one.units == 1:
            return Case.PIXELS
        return Case.IMAGE if every else Case.GROUP_OF_CHANNELS
    return Case.EXAMPLE if every else Case.GROUP


def notice(facts: Facts) -> list[str]:
    """Return what to notice of the chosen cell."""
    one = facts.activations
    said = []
    if facts.weights is not None:
        said.append(sentence(SHARE_SENTENCES[Case.WEIGHT], cells=facts.weights.cells))
    case = share_case(facts)
    said.append(sentence(SHARE_SENTENCES[case], cells=one.cells, examples=one.examples, units=one.units))
    said.append(" ".join(table[facts.kind.over] for table in (OVER_SENTENCES, COST_SENTENCES, TAKEN_SENTENCES)))
    return said


def said(facts: Facts) -> str:
    """Return what stands below the arithmetic: of order, of noise, of constants."""
    parts = []
    if facts.order == facts.order and not facts.request.alone and facts.activations.cells > 1:
        case = "kept" if kept(facts) else "lost"
        parts.append(sentence(ORDER_SENTENCES[case], order=float(f"{facts.order:.4f}")))
    if facts.noise is not None:
        parts.append(sentence(NOISE_SENTENCES["noise"], noise=facts.noise))
    if facts.active != facts.final:
        parts.append(sentence(NOISE_SENTENCES["constants"], active=facts.active, final=facts.final))
    return " ".join(parts)


def kept(facts: Facts) -> bool:
    """Return whether the unit's values keep their relative positions over the examples."""
    return abs(facts.order) > 1 - 1e-9


def undo_notice(facts: Facts) -> str:
    """Return what the scale and the shift of the sliders make of the chosen unit."""
    one = facts.undone
    if one is None:
        return UNDO_SENTENCES["none"]
    if not one.own:
        case = "else"
    elif one.back < one.cells:
        case = "some"
    else:
        case = "weights" if one.of_weights else "all"
    return sentence(
        UNDO_SENTENCES[case],
        scale=one.scale,
        shift=one.shift,
        cells=one.cells,
        back=one.back,
        own=one.back_at_own,
    )


def number(value: float) -> str:
    """Return a number as it stands in arithmetic, with a minus as long as a plus.

    >>> number(-0.5)
    '−0.5'
    """
    return plain_number(value).replace("-", "−")


@dataclass(frozen=True)
class Line:
    """One line of the arithmetic of a cell."""

    step: str
    numbers: str
    result: str


def lines(one: Arithmetic, called: str = "The chosen cell") -> list[Line]:
    """Return the arithmetic of a cell, line by line, with its own numbers. called: what it is."""
    made = [Line(called, "", number(one.value))]
    if one.center != one.center:
        return [
            *made,
            Line("Normalized", "by the layer itself: one cell tells no line", number(one.normalized)),
            *_learnt(one),
        ]
    count, squares = len(one.values), [value**2 for value in one.values]
    if one.center_kind is Center.MEAN:
        made.append(Line(f"Sum of the {count} cells", _sum(one.values), number(sum(one.values))))
        made.append(Line("Mean", f"{number(sum(one.values))} / {count}", number(one.center)))
    elif one.center_kind is Center.STORED:
        made.append(Line(f"Stored {one.center_name}", "from the batches of training", number(one.center)))
    elif one.center_kind is Center.MEASURED:
        made.append(Line("Centre, measured", "where the line through these cells is 0", number(one.center)))
    if one.divisor_kind is Divisor.DEVIATION:
        mean = sum(one.values) / count
        if one.center_kind is not Center.MEAN:
            made.append(Line("Mean, which is not subtracted", f"{number(sum(one.values))} / {count}", number(mean)))
        off = [value - mean for value in one.values]
        total = sum(value**2 for value in off)
        made.append(Line("Deviation of this cell from it", _minus(one.value, mean), number(off[one.at])))
        made.append(Line("Sum of the squared deviations", _squares(off), number(total)))
        made.append(Line("Variance", f"{number(total)} / {count}", number(total / count)))
        made.append(Line("Root", f"√({number(total / count)} + {one.epsilon:g})", number(one.divisor)))
    elif one.divisor_kind is Divisor.ROOT_MEAN_SQUARE:
        made.append(Line(f"Sum of the {count} squares", _squares(one.values), number(sum(squares))))
        made.append(Line("Mean square", f"{number(sum(squares))} / {count}", number(sum(squares) / count)))
        made.append(Line("Root", f"√({number(sum(squares) / count)} + {one.epsilon:g})", number(one.divisor)))
    elif one.divisor_kind is Divisor.LENGTH:
        made.append(Line(f"Sum of the {count} squares", _squares(one.values), number(sum(squares))))
        made.append(Line("Length", f"√{number(sum(squares))}", number(one.divisor)))
    elif one.divisor_kind is Divisor.MAGNITUDE:
        total = sum(map(abs, one.values))
        made.append(Line(f"Sum of the {count} sizes, signs dropped", _sum([*map(abs, one.values)]), number(total)))
        made.append(Line("Mean size", f"{number(total)} / {count} + {one.epsilon:g}", number(one.divisor)))
    elif one.divisor_kind is Divisor.GREATEST:
        made.append(Line(f"Greatest of the {count} sizes", f"+ {one.epsilon:g}", number(one.divisor)))
    elif one.divisor_kind is Divisor.STORED:
        made.append(Line(f"Stored {one.divisor_name}", "from the batches of training", number(one.divisor)))
    elif one.divisor_kind is Divisor.STORED_ROOT:
        stored = one.divisor**2 - one.epsilon
        made.append(Line(f"Stored {one.divisor_name}", "from the batches of training", number(stored)))
        made.append(Line("Root", f"√({number(stored)} + {one.epsilon:g})", number(one.divisor)))
    elif one.divisor_kind is Divisor.MEASURED:
        made.append(Line("Divisor, measured", "of the line through these cells", number(one.divisor)))
    if (one.center_kind, one.divisor_kind) == (Center.NOTHING, Divisor.NOTHING):
        return made
    below = "" if one.divisor_kind is Divisor.NOTHING else f" / {number(one.divisor)}"
    centred = one.center_kind is not Center.NOTHING
    above = _minus(one.value, one.center) if centred else number(one.value)
    inner = f"({above})" if below and centred else above
    times = "" if one.factor == 1 else f"{number(one.factor)} × "
    made.append(Line("Normalized", f"{times}{inner}{below}", number(one.normalized)))
    made += _learnt(one)
    if one.center_kind is Center.STORED or one.divisor_kind in (Divisor.STORED, Divisor.STORED_ROOT):
        slope = one.scale * one.factor / one.divisor
        at_zero = one.shift - slope * one.center
        made.append(
            Line("The same as one map", f"{number(slope)} × {_signed(one.value)} {_plus(at_zero)}", number(one.result))
        )
    return made


def _learnt(one: Arithmetic) -> list[Line]:
    """Return the line of the learnt scale and shift, where they change anything."""
    if one.scale == 1 and one.shift == 0:
        return []
    product = f"{number(one.scale)} × {_signed(one.normalized)}"
    if one.shift == 0:
        return [Line("Learnt scale", product, number(one.result))]
    return [Line("Learnt scale and shift", f"{product} {_plus(one.shift)}", number(one.result))]


def _plus(value: float) -> str:
    return f"− {number(-value)}" if value < 0 else f"+ {number(value)}"


def _signed(value: float) -> str:
    return f"(−{number(-value)})" if value < 0 else number(value)


def _minus(value: float, other: float) -> str:
    return f"{number(value)} {_plus(-other)}"


def _sum(values: list[float] | tuple[float, ...]) -> str:
    """Return a sum as it is written, the first few of many.

    >>> _sum([1.0, -2.0, 3.0]), _sum([1.0] * 9)
    ('1 − 2 + 3', '1 + 1 + 1 + 1 + … (9 in all)')
    """
    shown = values if len(values) <= 2 * SHOWN else values[:SHOWN]
    text = number(shown[0]) + "".join(f" {_plus(value)}" for value in shown[1:])
    return text if len(shown) == len(values) else f"{text} + … ({len(values)} in all)"


def _squares(values: list[float] | tuple[float, ...]) -> str:
    shown = values if len(values) <= 2 * SHOWN else values[:SHOWN]
    text = " + ".join(f"{_signed(value)}²" for value in shown)
    return text if len(shown) == len(values) else f"{text} + … ({len(values)} in all)"


@dataclass(frozen=True)
class Place:
    """One cell of the chosen unit, before, normalized and rescaled, in the table of what is undone."""

    name: str
    before: str
    normalized: str
    after: str


def places(facts: Facts, one: Undone) -> list[Place]:
    """Return the rows of the table of what is undone: an example each, or an input of the unit."""
    if one.of_weights:
        names = [f"input {i}" for i in range(len(one.before))]
    else:
        names = [name_of(facts, i) for i in examples_of(facts)]
    rows = zip(names, one.before, one.normalized, one.after, strict=True)
    return [Place(name, number(x), number(xhat), number(y)) for name, x, xhat, y in rows]


def examples_of(facts: Facts) -> list[int]:
    """Return the examples of the batch."""
    return [facts.request.cell[0]] if facts.request.alone else list(range(facts.request.sizes[0]))


def name_of(facts: Facts, example: int) -> str:
    """Return what an example is called."""
    return f"{example}: a {facts.classes[example]}"


@dataclass(frozen=True)
class OverRow:
    """All normalizations that take their statistics over the same, in a table."""

    names: str
    over: str
    test: str
    cost: str
    taken: str


@dataclass(frozen=True)
class KindRow:
    """One normalization in the table of all."""

    name: str
    does: str


TEST_SENTENCES = {
    True: "Stored numbers stand where those of the batch stood.",
    False: "The same as in training.",
}


def over_rows(kinds: Sequence[Kind]) -> list[OverRow]:
    """Return a row for all normalizations that share alike."""
    found: dict[tuple[Over, bool], list[str]] = {}
    for one in kinds:
        found.setdefault((one.over, one.stored), []).append(one.name)
    return [
        OverRow(
            "; ".join(names), OVER_SENTENCES[over], TEST_SENTENCES[stored], COST_SENTENCES[over], TAKEN_SENTENCES[over]
        )
        for (over, stored), names in found.items()
    ]


def kind_rows(kinds: Sequence[Kind]) -> list[KindRow]:
    """Return what every normalization does, in its layer's own words."""
    return [KindRow(one.name, one.does) for one in kinds if one.over is not Over.NOTHING]


CAPTION_SENTENCES = {
    (
        When.TRAINING,
        Moment.BEFORE,
    ): "In training, before it is normalized. Framed: the chosen cell; within the line: those with which it shares.",
    (
        When.TRAINING,
        Moment.AFTER,
    ): "In training, after the learnt scale and shift. Framed: the chosen cell; within the line: those with which it shares.",
    (
        When.TEST,
        Moment.BEFORE,
    ): "At test, before it is normalized. Framed: the chosen cell; within the line: those with which it shares.",
    (
        When.TEST,
        Moment.AFTER,
    ): "At test, after the learnt scale and shift. Framed: the chosen cell; within the line: those with which it shares.",
}


def caption(facts: Facts) -> str:
    """Return which numbers stand in the picture."""
    return CAPTION_SENTENCES[facts.request.when, facts.request.moment]
