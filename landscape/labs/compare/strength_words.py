"""What a part of BatchNorm does, in sentences: of networks side by side, or of one under a slider."""

from __future__ import annotations

from collections.abc import Mapping

from landscape.labs.compare.facts import Facts, Part
from landscape.labs.compare.words import LEAST
from landscape.labs.words import Ratio, number, sentence
from models.normalization import Normalization

TIMES_AS_HIGH = 3.0
"""A landscape this many times as high as another is called higher."""

SENTENCES = {
    "most": "A strength of {part} does most of it: on this plane the loss climbs to {top} without normalization, to {some} with "
    "that part of BatchNorm, and to {least} with all of it; the medians are {median}, {some_median} and {least_median}.",
    "whole": "Nearly all of it is needed: on this plane the loss climbs to {top} without normalization, still to {some} at a "
    "strength of {part}, and to {least} with all of BatchNorm.",
    "alike": "These settings do not answer it, as the landscapes are about as high: on this plane the loss climbs to {top} "
    "without normalization and to {least} with BatchNorm.",
    "rates": "More of it still buys something else: the learning rates at which they learn reach up to {first} without "
    "normalization, {rate} with that part, and {last} with all of it.",
    "rates alike": "The learning rates at which they learn reach up to {first} without normalization, {rate} with that part, and "
    "{last} with all of it.",
    "falls": "Without normalization the loss climbs {first} as high as at a strength of {part}, and there {rest} as high as with "
    "all of BatchNorm. The slider leads from one to the other.",
}


def parts_of(facts: Facts) -> dict[float, Part]:
    """Return what is known by strength, 0 without normalization: of the slider, or else of the networks of the page.

    Nothing without both ends and something between.
    """
    found = {one.strength: one for one in facts.parts}
    if not found:
        for one in facts.networks:
            network = one.experiment.network
            if one.slice is not None and network.normalization in (Normalization.NONE, Normalization.BATCH):
                strength = network.strength if network.normalization is Normalization.BATCH else 0.0
                found[strength] = Part(strength, one.name, one.slice, one.trained, one.rates)
    return dict(sorted(found.items())) if {0.0, 1.0} <= set(found) and len(found) > 2 else {}


def most(facts: Facts) -> float | None:
    """Return the least strength that lowers the landscape by more times than all that is left of BatchNorm would.

    None where BatchNorm does not lower it.
    """
    tops = {strength: one.slice.top for strength, one in parts_of(facts).items()}
    if not tops or tops[0.0] < TIMES_AS_HIGH * tops[1.0]:
        return None
    return next(strength for strength, top in tops.items() if tops[0.0] / top > top / tops[1.0])


def by_parts(facts: Facts) -> str:
    """Return how much of BatchNorm lowers the landscape, and what more of it does."""
    parts, enough = parts_of(facts), most(facts)
    if not parts:
        return ""
    part = _telling(parts, enough)
    plain, some, whole = (parts[strength].slice for strength in (0.0, part, 1.0))
    if enough is None:
        return sentence(SENTENCES["alike"], top=plain.top, least=whole.top)
    medians = {"median": plain.median, "some_median": some.median, "least_median": whole.median}
    holes = {"part": part, "top": plain.top, "some": some.top, "least": whole.top, **medians}
    said = sentence(SENTENCES["most" if enough == part else "whole"], **holes)
    swept = {strength: one.rates.learns for strength, one in parts.items() if one.rates and one.rates.whole}
    if len(swept) < len(parts):
        return said
    greatest = [max(swept[strength], default=0.0) for strength in (0.0, part, 1.0)]
    first, rate, last = (f"{one:g}" if one else "none" for one in greatest)
    case = "rates" if greatest[2] > greatest[1] else "rates alike"
    return f"{said} {sentence(SENTENCES[case], first=first, rate=rate, last=last)}"


def falls(facts: Facts) -> list[str]:
    """Return how many times the landscape falls up to the strength that does most of it, and from there on."""
    parts = parts_of(facts)
    if not parts:
        return []
    part = _telling(parts, most(facts))
    plain, some, whole = (max(parts[strength].slice.top, LEAST) for strength in (0.0, part, 1.0))
    return [sentence(SENTENCES["falls"], part=part, first=Ratio(plain / some), rest=Ratio(some / whole))]


def _telling(parts: Mapping[float, Part], enough: float | None) -> float:
    """Return the strength that is told of beside the ends: what does most of it, or else the last before all of it."""
    return enough if enough is not None and enough < 1 else list(parts)[-2]


def readout(part: Part) -> str:
    """Return what stands beside the slider at one strength."""
    trained, rates = part.trained, part.rates
    reached = "diverged" if trained.diverged_at is not None else f"test {trained.score} {trained.test_accuracy:.2f}"
    said = f"loss at most {number(part.slice.top)}, median {number(part.slice.median)}; {reached}"
    if rates is None or not rates.whole:
        return said
    learns = f"{min(rates.learns):g} to {max(rates.learns):g}" if rates.learns else "none"
    return f"{said}; learns at rates {learns}"
