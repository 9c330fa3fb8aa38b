"""What is said about a large learning rate: the loss, and how unlike the batches are; whole sentences from facts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import isfinite
from statistics import median

from landscape.labs.robustness.facts import AFTER, AtLargeRate, Facts
from landscape.labs.words import Hole, Ratio, sentence

EVEN = 1.25
"""Batches of which none deviates so many times as far as another are about even: as much is chance in batches of 32."""

EQUAL = 1.02
"""Under this they are equal, but for the epsilon under the root."""

CALM = 1.3
"""A loss is calmer where the other's rises so many times as high, and lies as much higher in the end."""


class Case(StrEnum):
    """What there is to say about a large learning rate, a template each."""

    CALMER = "its loss is calmer"
    AS_WILD = "its loss is no calmer"
    LOST = "the plain network is lost"
    ALONE = "one network"
    UNEVEN = "its batches are unlike"
    ABOUT_EVEN = "its batches are about alike"
    EQUALIZED = "its batches are alike behind it"
    GONE = "nothing is left of it"
    NOT_ALL = "even batches, and a high loss"
    ALL = "even batches, and a low loss"


SENTENCES = {
    Case.CALMER: "After step {after} the loss of **{plain}** rises up to {high} still, that of **{name}** up to {own_high}; over the "
    "last steps they lie at {late} and {own_late}.",
    Case.AS_WILD: "The loss of **{name}** is no calmer than that of **{plain}**: after step {after} it rises up to {own_high}, the "
    "other up to {high}, and over the last steps they lie at {own_late} and {late}.",
    Case.LOST: "At this learning rate **{plain}** is lost: with {lost} of {runs} seeds its loss diverges, or its last layer dies.",
    Case.ALONE: "After step {after} the loss of **{name}** rises up to {own_high} still, and over the last steps it lies at {own_late}.",
    Case.UNEVEN: "With **{name}** one batch is not like another: in one the units of the last layer deviate {before} as far as in "
    "another, though all are drawn by chance from the same data.",
    Case.ABOUT_EVEN: "With **{name}** the batches are about alike: in none the units of the last layer deviate more than {before} as "
    "far as in another.",
    Case.EQUALIZED: "With **{name}** the units deviate at most {before} as far in one batch as in another, and behind it equally in all.",
    Case.GONE: "Of **{name}** nothing is left whose batches could be looked at.",
    Case.NOT_ALL: "Alike batches are not all there is to it: those of **{name}** differ by {before} only, and yet its loss lies at "
    "{own_late}, that of **{other}** at {late}.",
    Case.ALL: "Here alike batches and a low loss go together: those of **{name}** differ by {before}, and its loss lies at {own_late}, "
    "that of **{other}** at {late}.",
}


def batches_case(one: AtLargeRate) -> Case:
    """Return whether the batches are alike to a network, by the median of the seeds of which something is left."""
    if not one.unevenness:
        return Case.GONE
    if median(one.unevenness) >= EVEN:
        return Case.UNEVEN
    return Case.EQUALIZED if median(one.behind) < EQUAL else Case.ABOUT_EVEN


def told_of_batches(one: AtLargeRate) -> str:
    """Return whether the batches are alike to a network, in words."""
    case = batches_case(one)
    before = Ratio(median(one.unevenness) if one.unevenness else float("nan"))
    return sentence(SENTENCES[case], name=one.name, before=before)


def loss_case(one: AtLargeRate, plain: AtLargeRate) -> Case:
    """Return whether the loss of a network is calmer than another's."""
    if not (isfinite(median(plain.highest)) and isfinite(median(plain.late))) or 2 * plain.lost > len(plain.highest):
        return Case.LOST
    higher = median(plain.highest) >= CALM * median(one.highest)
    return Case.CALMER if higher and median(plain.late) >= CALM * median(one.late) else Case.AS_WILD


def told_of_loss(one: AtLargeRate, plain: AtLargeRate) -> str:
    """Return whether the loss of a network is calmer than another's, in words."""
    return sentence(
        SENTENCES[loss_case(one, plain)],
        name=one.name,
        plain=plain.name,
        lost=plain.lost,
        runs=len(plain.highest),
        **_losses(one, plain),
    )


def cause_case(one: AtLargeRate, other: AtLargeRate) -> Case | None:
    """Return whether a network with even batches has a loss as low as another's; None where its batches are not even."""
    if batches_case(one) not in (Case.ABOUT_EVEN, Case.EQUALIZED):
        return None
    return Case.NOT_ALL if median(one.late) >= CALM * median(other.late) else Case.ALL


def told_of_cause(one: AtLargeRate, other: AtLargeRate) -> str:
    """Return whether a network with even batches has a loss as low as another's, in words; nothing where they are not even."""
    case = cause_case(one, other)
    if case is None:
        return ""
    before = Ratio(median(one.unevenness))
    return sentence(SENTENCES[case], name=one.name, other=other.name, before=before, **_losses(one, other))


def _losses(one: AtLargeRate, other: AtLargeRate) -> dict[str, Hole]:
    """Return how high the losses of two networks rise and where they end, the medians of the seeds."""
    own: dict[str, Hole] = {"own_high": median(one.highest), "own_late": median(one.late)}
    return own | {"high": median(other.highest), "late": median(other.late), "after": AFTER}


def chaos_notice(facts: Facts) -> list[str]:
    """Return what to notice at a large learning rate."""
    if not facts.unrest:
        return []
    plain = of(facts.unrest, "none") or facts.unrest[0]
    batch, layer = of(facts.unrest, "batch"), of(facts.unrest, "layer")
    others = [one for one in facts.unrest if one is not plain]
    calmed = batch if batch in others else next(iter(others), None)
    if calmed is None:
        losses = {"own_high": median(plain.highest), "own_late": median(plain.late), "after": AFTER}
        first = sentence(SENTENCES[Case.ALONE], name=plain.name, **losses)
    else:
        first = told_of_loss(calmed, plain)
    said = [first, *(told_of_batches(one) for one in facts.unrest)]
    if batch is not None and layer is not None and (cause := told_of_cause(layer, batch)):
        said.append(cause)
    return said


def of(records: Sequence[AtLargeRate], normalization: str) -> AtLargeRate | None:
    """Return the first network of a normalization; None where there is none, or not yet."""
    return next((one for one in records if one.normalization == normalization), None)
