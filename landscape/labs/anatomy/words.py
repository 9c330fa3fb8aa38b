"""What is said about one layer, in tables and whole sentences for each case, which is why this is long; from facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from landscape.labs.anatomy.facts import Center, Divisor, Facts, Undone
from landscape.labs.anatomy.families import COST_SENTENCES, OVER_SENTENCES, TAKEN_SENTENCES
from landscape.labs.anatomy.lines import number
from landscape.labs.anatomy.request import Moment, Shape, When
from landscape.labs.words import sentence


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
