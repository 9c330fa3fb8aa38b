"""What a part of BatchNorm does, in sentences: of networks side by side, or of one under a slider."""

from __future__ import annotations

from landscape.labs.compare.facts import Facts, Part
from landscape.labs.words import number, sentence
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
    "rates": "More of it still buys something else: the learning rates at which they learn go from {rates}.",
    "rates alike": "The learning rates at which they learn go from {rates}.",
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
    plain, whole = parts[0.0].slice, parts[1.0].slice
    if enough is None:
        return sentence(SENTENCES["alike"], top=plain.top, least=whole.top)
    strengths = list(parts)
    part = enough if enough < 1 else strengths[-2]
    some = parts[part].slice
    holes = {"part": part, "top": plain.top, "some": some.top, "least": whole.top}
    if enough < 1:
        medians = {"median": plain.median, "some_median": some.median, "least_median": whole.median}
        said = sentence(SENTENCES["most"], **holes, **medians)
    else:
        said = sentence(SENTENCES["whole"], **holes)
    swept = {strength: one.rates.learns for strength, one in parts.items() if one.rates and one.rates.whole}
    if len(swept) < len(parts):
        return said
    case = "rates" if max(swept[1.0], default=0.0) > max(swept[enough], default=0.0) else "rates alike"
    rates = {
        parts[strength].name: f"{min(learns):g} to {max(learns):g}" for strength, learns in swept.items() if learns
    }
    return f"{said} {sentence(SENTENCES[case], rates=rates)}" if rates else said


def readout(part: Part) -> str:
    """Return what stands beside the slider at one strength."""
    trained, rates = part.trained, part.rates
    reached = "diverged" if trained.diverged_at is not None else f"test {trained.score} {trained.test_accuracy:.2f}"
    said = f"loss at most {number(part.slice.top)}, median {number(part.slice.median)}; {reached}"
    if rates is None or not rates.whole:
        return said
    learns = f"{min(rates.learns):g} to {max(rates.learns):g}" if rates.learns else "none"
    return f"{said}; learns at rates {learns}"
