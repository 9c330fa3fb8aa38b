"""What is said about the inside of layers, in sentences and tables, from facts.

It is long, as it holds every sentence of six sections; each decides its case first and fills one template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import isfinite
from typing import Any

from landscape.labs.activations.facts import (
    AtStart,
    AtWidth,
    Constant,
    Correction,
    Distribution,
    Early,
    Facts,
    Identity,
    Layers,
    Scales,
    Use,
)
from landscape.labs.trainings import Ended, told_of
from landscape.labs.words import Percent, Quotient, Ratio, Share, Steps, number, sentence

FURTHER = 2.0
"""A unit that moves so many times as far moves clearly further."""

HUMPS, TAILS = -0.5, 0.5
"""Below this excess kurtosis a unit is flat on top or has two humps, above that one heavy tails."""

VANISHED, EXPLODED = 0.1, 10.0
"""Between these factors from the last layer to the first, gradients neither vanish nor explode."""

DEAD = 0.02
"""Where a unit's deviation is under this share of that in the first layer, it has died out."""

UNLIKE = 15.0
"""Layers that are updated so many times faster than others are updated unlike."""

SATURATED = 0.05
"""From this share of inputs on a flat part on, a network is called saturated."""

STRAIGHT = 0.975
"""A line that explains so much of an activation function leaves a linear map."""

SHRUNK = 0.5
"""A learnt scale under this has mostly taken a unit to the straight part around 0."""

SAME = 1e-4
"""Outputs whose relative difference is smaller are the same, but for rounding."""

HALFWAY, CLOSED = 0.5, 0.25
"""Of the way that a unit's median goes more than the one is most of it; a band of less than the other of its width at the
end has not opened yet."""

FADED, KEPT = 0.2, 0.7
"""Under the one share of the first layer's deviation activations have faded, above the other they are kept."""

GROWS = 1.08
"""From this factor a layer on a gradient grows."""


SEEN = 0.01
"""A growth that lessens by less is told by the same number."""


class Case(StrEnum):
    """What there is to say, a template each."""

    STEADIER = "one stays much steadier"
    AS_STEADY = "all move alike"
    ONE_MOVES = "one network"
    DRIFTS_AND_LEARNS = "one drifts and learns"
    HUMPS = "two humps"
    NORMAL = "about normal"
    TAILS = "heavy tails"
    CENTRES = "centres"
    MOVES_EARLY = "moves in the first steps"
    OPENS_LATER = "opens later"
    OPEN_BY_THEN = "open by then"
    WITHIN = "within"
    STRAIGHT_LINE = "lines"
    SATURATED = "saturated"
    NOT_SATURATED = "not saturated"
    VANISHES = "vanishes"
    EXPLODES = "explodes"
    EVEN = "even"
    BY_SLOPES = "by slopes"
    BY_SATURATION = "by saturation"
    UPDATES = "updates"
    DIES = "dies out"
    KEEPS = "keeps"
    GROWTH = "growth"
    GROWS_AS_TOLD = "grows as theory says"
    GROWS_WITH_SKIPS = "grows with skip connections"
    WITHOUT_SKIPS = "what theory says without skips"
    LATER = "less, later"
    WHATEVER_SCALE = "whatever the scale"
    BY_SCALE = "by the scale"
    USED = "undone where of use"
    NOT_USED = "not undone"
    NOT_UNDONE_HERE = "not undone here"
    UNDONE_HERE = "undone here"
    EXACT = "exact"
    INEXACT = "inexact"
    WIDER_LESS = "wider, less correlated"
    WIDER_NO_LESS = "wider, no less correlated"
    CORRECTED = "kept by the correction"
    UNCORRECTED_TOO = "kept without it too"
    NEARER_LATER = "nearer and later"
    NEARER_SOONER = "nearer and sooner"
    NO_NEARER = "no nearer"
    SINGULAR = "singular values"


SENTENCES = {
    Case.STEADIER: "In layer {layer} the median of a typical unit moves by {drifts} along training. **{steady}** keeps it "
    "steadiest: with {other} it moves {times} as far.",
    Case.AS_STEADY: "In layer {layer} the median of a typical unit moves about as far with each: by {drifts}.",
    Case.ONE_MOVES: "In layer {layer} the median of a typical unit moves by {drifts} along training.",
    Case.DRIFTS_AND_LEARNS: "Does it matter? With **{name}** a unit moves {times} as far as with **{steady}**, and the network learns all the "
    "same, to {score} beside {steady_score}: it can learn while what its units see moves.",
    Case.HUMPS: "Normalized is not normal: the middle unit's excess kurtosis is {kurtosis}, where a normal "
    "distribution has 0. It is flat on top, or has two humps, one for each answer that it gives.",
    Case.NORMAL: "Normalized, the middle unit is about normal: its excess kurtosis is {kurtosis}, near 0.",
    Case.TAILS: "The middle unit has heavier tails than a normal distribution: its excess kurtosis is {kurtosis}.",
    Case.CENTRES: "The mean of the middle unit, over its deviation, is off 0 by {offs}.",
    Case.MOVES_EARLY: "Of all the way that the median of a unit goes, the first {until} steps make {shares}. Half of it is gone by step "
    "{halves}.",
    Case.OPENS_LATER: "With {names} a unit moves before its band opens: at step {until} the band has {shares} of its width at the end. All that "
    "the unit sees has moved together, and hardly tells the examples apart yet.",
    Case.OPEN_BY_THEN: "With {names} the band has {shares} of its width at the end by then.",
    Case.WITHIN: "From −1 to 1, where {activation} has {near} of its bend, lie {shares} of the inputs.",
    Case.STRAIGHT_LINE: "Of what a typical unit's activation function does in the last layer, the best straight line explains a "
    "share of {lines}.",
    Case.SATURATED: "On a flat part, with less than a tenth of the greatest slope, lie {shares} of the inputs.",
    Case.NOT_SATURATED: "Hardly anything is saturated: on a flat part lie at most {most} of the inputs.",
    Case.VANISHES: "Before the first step the gradient shrinks from the last layer down to the first, to a share of {shares}.",
    Case.EXPLODES: "Before the first step the gradient explodes from the last layer down to the first: there it is {ratios} as long.",
    Case.EVEN: "Before the first step the gradient neither vanishes nor explodes with {names}: its length at the first layer over "
    "that at the last is {ratios}.",
    Case.BY_SLOPES: "It is not saturation that makes it vanish with **{name}**: of the inputs {flat} lie on a flat part. The slopes "
    "and weights are small everywhere, and what is multiplied layer by layer shrinks.",
    Case.BY_SATURATION: "With **{name}** up to {flat} of a layer's inputs lie on a flat part, where no gradient passes.",
    Case.UPDATES: "As a share of its weights, the first step moves the fastest layer {ratios} as much as the slowest.",
    Case.DIES: "What enters the activation functions dies out with {names}: in the last layer a unit's deviation is {lasts}, "
    "in the first {firsts}.",
    Case.KEEPS: "A unit's deviation is {lasts} in the last layer, and {firsts} in the first: through all layers units tell "
    "examples apart.",
    Case.GROWTH: "Before the first step each layer, from the last down, multiplies the gradient's length by {growths}.",
    Case.GROWS_AS_TOLD: "With **{name}** the gradient grows by {growth} a layer, where theory says {theory}: through {depth} layers it "
    "becomes {ratio} as long.",
    Case.GROWS_WITH_SKIPS: "With skip connections and **{name}** the gradient grows by {growth} a layer: through {depth} layers it becomes "
    "{ratio} as long.",
    Case.WITHOUT_SKIPS: "Without them theory says {theory}.",
    Case.LATER: "A few steps lessen it, to {later} a layer.",
    Case.WHATEVER_SCALE: "With **{name}** it makes no difference how large the initial weights are: the length of the first layer's "
    "gradient over that of the last is {ratios}.",
    Case.BY_SCALE: "With **{name}** it depends on the initial weights: the length of the first layer's gradient over that of the "
    "last is {ratios}.",
    Case.USED: "Where it is of use, it is undone: on the straight task the scales of the first layer shrink to {line}, so that "
    "a line explains {linear} of tanh; on the bent task they stay at {curve}. Without scale and shift the loss on the straight "
    "task is {bare} instead of {loss}.",
    Case.NOT_USED: "On the straight task the scales of the first layer are {line}, on the bent one {curve}; the loss on the "
    "straight task is {loss}, and without scale and shift {bare}.",
    Case.NOT_UNDONE_HERE: "On this page's data **{name}** does not undo it: of its units {undone} have a scale nearer to the "
    "deviation that was taken away than to 1. The median scale is {first} in the first layer and {last} in the last.",
    Case.UNDONE_HERE: "On this page's data **{name}** goes a way to undo it: of its units {undone} have a scale nearer to the "
    "deviation that was taken away than to 1. The median scale is {first} in the first layer and {last} in the last.",
    Case.EXACT: "It can be undone exactly: with scale = deviation and shift = mean the outputs of BatchNorm differ from the plain "
    "network's by a share of {undone}, which is rounding; with scale 1 and shift 0 by {as_made}.",
    Case.INEXACT: "With scale = deviation and shift = mean the outputs differ from the plain network's by a share of {undone}, "
    "with scale 1 and shift 0 by {as_made}.",
    Case.WIDER_LESS: "The wider the layers, the less correlated their units: after the first layer the correlation is {laters}. In "
    "the first layer the covariance off the diagonal has a bound, which is {rooms} as large as it is.",
    Case.WIDER_NO_LESS: "Here wider layers are not less correlated: after the first layer the correlation is {laters}. In the first "
    "layer the covariance off the diagonal has a bound, which is {rooms} as large as it is.",
    Case.CORRECTED: "What is the correction for? With it the activations of layer {layers} have deviation {deviation} and mean {mean} before the "
    "first step; weights of length 1 alone leave {bare_deviation} and {bare_mean}, where the deviation of the first layer is {bare_first}: each "
    "ReLU lets half through. After {steps} the one reaches {score}, the other {bare_score}.",
    Case.UNCORRECTED_TOO: "With the correction the activations of layer {layers} have deviation {deviation} and mean {mean} before the first step, "
    "with weights of length 1 alone {bare_deviation} and {bare_mean}. After {steps} the one reaches {score}, the other {bare_score}.",
    Case.NEARER_LATER: "At the end a layer's mean output is {propagation} with normalization propagation and {batch} with "
    "BatchNorm. It is nearer 0, but settles later: at step {late}, and BatchNorm's at step {soon}.",
    Case.NEARER_SOONER: "At the end a layer's mean output is {propagation} with normalization propagation and {batch} with "
    "BatchNorm. It is nearer 0, and settles no later: at step {late}, and BatchNorm's at step {soon}.",
    Case.NO_NEARER: "At the end a layer's mean output is {propagation} with normalization propagation, no nearer 0 than the "
    "{batch} of BatchNorm.",
    Case.SINGULAR: "In the root mean square a layer's Jacobian stretches by {rmss}. The values themselves are not near 1: they "
    "run from 0 to {greatest}, as about half of the ReLUs are off; the median one is {medians}.",
}


def distributions_notice(facts: Facts) -> list[str]:
    """Return what to notice of the units of a layer along training."""
    said = told_of(facts.trained, draws=False) if any(one.ended is not Ended.LEARNED for one in facts.trained) else []
    known = [one for one in facts.distributions if isfinite(one.drift)]
    if not known:
        return said
    said.append(told_of_drift(known))
    if further := learns_though_it_drifts(known):
        steady = steadiest(known)
        said.append(
            sentence(
                SENTENCES[Case.DRIFTS_AND_LEARNS],
                name=further.name,
                times=Ratio(further.drift / steady.drift),
                steady=steady.name,
                score=Share(further.score),
                steady_score=Share(steady.score),
            )
        )
    shaped = [one for one in known if isfinite(one.kurtosis) and one.normalization != "none"]
    said += [told_of_early(facts.early)] if facts.early else []
    for case in (Case.HUMPS, Case.NORMAL, Case.TAILS):
        if alike := [one for one in shaped if shape_case(one) is case]:
            said.append(told_of_shape(*alike))
    offs = {one.name: one.off_centre for one in known if isfinite(one.off_centre)}
    return [*said, sentence(SENTENCES[Case.CENTRES], offs=offs)] if offs else said


def told_of_drift(known: Sequence[Distribution]) -> str:
    """Return how far the medians move."""
    steady, other = steadiest(known), max(known, key=lambda one: one.drift)
    shared: dict[str, Any] = {"layer": known[0].layer, "drifts": {one.name: one.drift for one in known}}
    if drift_case(known) is not Case.STEADIER:
        return sentence(SENTENCES[drift_case(known)], **shared)
    times = Ratio(other.drift / steady.drift)
    return sentence(SENTENCES[Case.STEADIER], steady=steady.name, other=other.name, times=times, **shared)


def drift_case(known: Sequence[Distribution]) -> Case:
    """Return whether some unit moves clearly further than another network's, where there is another."""
    if len(known) == 1:
        return Case.ONE_MOVES
    drifts = [one.drift for one in known]
    return Case.STEADIER if max(drifts) > FURTHER * min(drifts) > 0 else Case.AS_STEADY


def steadiest(known: Sequence[Distribution]) -> Distribution:
    """Return the network whose typical unit moves least."""
    return min(known, key=lambda one: one.drift)


def learns_though_it_drifts(known: Sequence[Distribution]) -> Distribution | None:
    """Return the best of the networks that move clearly further than the steadiest, if that has learned and they have."""
    steady = steadiest(known)
    further = [one for one in known if one.learned and one.drift > FURTHER * steady.drift > 0]
    return max(further, key=lambda one: one.score) if further and steady.learned else None


def told_of_early(early: Sequence[Early]) -> str:
    """Return how much of the way the units have gone in the first steps, and how far their bands have opened."""
    until = early[0].until
    shares = {one.name: Percent(one.share) for one in early if isfinite(one.share)}
    halves = {one.name: one.half for one in early if isfinite(one.share)}
    said = [sentence(SENTENCES[Case.MOVES_EARLY], until=until, shares=shares, halves=halves)] if shares else []
    for case in (Case.OPENS_LATER, Case.OPEN_BY_THEN):
        own = {one.name: Percent(one.opened) for one in early if isfinite(one.opened) and early_case(one) is case}
        said += [sentence(SENTENCES[case], names=list(own), until=until, shares=own)] if own else []
    return " ".join(said)


def early_case(one: Early) -> Case:
    """Return whether a unit has gone most of its way in the first steps, and its band not yet."""
    return Case.OPENS_LATER if one.share > HALFWAY and one.opened < CLOSED else Case.OPEN_BY_THEN


def told_of_shape(*alike: Distribution) -> str:
    """Return how the values of a normalized unit are distributed, in networks of which that is alike."""
    return sentence(SENTENCES[shape_case(alike[0])], kurtosis={one.name: one.kurtosis for one in alike})


def shape_case(one: Distribution) -> Case:
    """Return the shape by the excess kurtosis."""
    return Case.HUMPS if one.kurtosis < HUMPS else Case.TAILS if one.kurtosis > TAILS else Case.NORMAL


def bends_notice(facts: Facts) -> list[str]:
    """Return what to notice of where the inputs of activation functions fall."""
    if not facts.uses:
        return []
    said = [told_of_within(facts.uses)] if isfinite(facts.uses[0].near) else []
    said.append(told_of_lines(facts.uses))
    return [one for one in [*said, told_of_saturation(facts.uses)] if one]


def told_of_within(uses: Sequence[Use]) -> str:
    """Return how many inputs lie from -1 to 1, and how much of the bend."""
    shares = {one.name: Percent(one.within) for one in uses}
    return sentence(SENTENCES[Case.WITHIN], activation=uses[0].activation, near=Percent(uses[0].near), shares=shares)


def told_of_lines(uses: Sequence[Use]) -> str:
    """Return how much of the last layer's activation functions a straight line explains."""
    lines = {one.name: Share(one.linear) for one in uses if isfinite(one.linear)}
    return sentence(SENTENCES[Case.STRAIGHT_LINE], lines=lines) if lines else ""


def told_of_saturation(uses: Sequence[Use]) -> str:
    """Return how many inputs lie on a flat part."""
    most = max(one.saturated for one in uses)
    if most < SATURATED:
        return sentence(SENTENCES[Case.NOT_SATURATED], most=Percent(most))
    return sentence(SENTENCES[Case.SATURATED], shares={one.name: Percent(one.saturated) for one in uses})


def gradients_notice(facts: Facts) -> list[str]:
    """Return what to notice of gradients, updates and deviations by layer."""
    known = [one for one in facts.layers if isfinite(one.gradient) and one.depth > 1]
    said = [told_of_gradients(known, case) for case in (Case.VANISHES, Case.EXPLODES, Case.EVEN)]
    said += [told_of_vanishing(one) for one in known if gradient_case(one) is Case.VANISHES]
    said += [told_of_updates(known), told_of_layers(known)]
    return [one for one in said if one]


def gradient_case(one: Layers) -> Case:
    """Return what becomes of the gradient from the last layer down to the first, before the first step."""
    return Case.VANISHES if one.gradient < VANISHED else Case.EXPLODES if one.gradient > EXPLODED else Case.EVEN


def told_of_gradients(known: Sequence[Layers], case: Case) -> str:
    """Return of which networks that is so; nothing where of none."""
    own = [one for one in known if gradient_case(one) is case]
    if not own:
        return ""
    names, shares = [one.name for one in own], {one.name: Quotient(one.gradient) for one in own}
    ratios = {one.name: Ratio(one.gradient) for one in own}
    return sentence(SENTENCES[case], names=names, shares=shares, ratios=shares if case is Case.EVEN else ratios)


def told_of_vanishing(one: Layers) -> str:
    """Return whether saturation or small slopes make a gradient vanish."""
    return sentence(SENTENCES[vanishing_case(one)], name=one.name, flat=Percent(one.flat))


def vanishing_case(one: Layers) -> Case:
    """Return what makes it vanish."""
    return Case.BY_SATURATION if one.flat > SATURATED else Case.BY_SLOPES


def told_of_updates(known: Sequence[Layers]) -> str:
    """Return how unlike the layers are updated."""
    ratios = {one.name: Ratio(one.updates) for one in known if isfinite(one.updates)}
    return sentence(SENTENCES[Case.UPDATES], ratios=ratios) if ratios else ""


def told_of_layers(known: Sequence[Layers]) -> str:
    """Return whether what enters the activation functions lives through the layers."""
    dying = [one for one in known if dies(one)]
    if not known:
        return ""
    told = dying or known
    lasts, firsts = ({one.name: getattr(one, name) for one in told} for name in ("last", "first"))
    names = [one.name for one in told]
    return sentence(SENTENCES[Case.DIES if dying else Case.KEEPS], names=names, lasts=lasts, firsts=firsts)


def dies(one: Layers) -> bool:
    """Return whether the last layer's units hardly vary any more."""
    return one.last < DEAD * one.first


def deep_notice(facts: Facts) -> list[str]:
    """Return what to notice of deep networks at their start."""
    known = [one for one in facts.deep if isfinite(one.growth)]
    if not known:
        return []
    said = [sentence(SENTENCES[Case.GROWTH], growths={one.name: one.growth for one in known})]
    said += [told_of_growth(one) for one in known if one.normalization == "batch"]
    return said + [told_of_scales(one) for one in known if all(isfinite(ratio) for ratio in one.ratios)]


def told_of_growth(one: AtStart) -> str:
    """Return by how much a gradient grows a layer, beside theory, and after a few steps where that is less."""
    ratio = Ratio(one.ratios[len(one.ratios) // 2])
    holes = {"growth": one.growth, "theory": one.theory, "ratio": ratio}
    case = Case.GROWS_WITH_SKIPS if one.skip else Case.GROWS_AS_TOLD
    said = sentence(SENTENCES[case], name=one.name, depth=one.depth, **holes)
    if one.skip and one.normalization == "batch":
        said = f"{said} {sentence(SENTENCES[Case.WITHOUT_SKIPS], theory=one.theory)}"
    return f"{said} {sentence(SENTENCES[Case.LATER], later=one.later)}" if one.growth - one.later >= SEEN else said


def told_of_scales(one: AtStart) -> str:
    """Return whether the size of the initial weights matters to the gradient."""
    ratios = {f"weights × {scale:.3g}": Quotient(value) for scale, value in zip(one.scales, one.ratios, strict=True)}
    return sentence(SENTENCES[scale_case(one)], name=one.name, ratios=ratios)


def scale_case(one: AtStart) -> Case:
    """Return whether the gradient's ratio depends on the size of the initial weights."""
    low, high = min(one.ratios), max(one.ratios)
    return Case.BY_SCALE if low <= 0 or high > 10 * low else Case.WHATEVER_SCALE


def scales_notice(facts: Facts) -> list[str]:
    """Return what to notice of learnt scales and shifts."""
    said = [told_of_use(facts.straight)] if facts.straight else []
    said += [told_of_learnt(one) for one in facts.learnt if isfinite(one.first)]
    return [*said, told_of_identity(facts.identity)] if facts.identity else said


def told_of_use(straight: Sequence[Scales]) -> str:
    """Return whether scale and shift undo the normalization on a straight task."""
    line, bare, curve = straight
    holes = {"line": line.first, "curve": curve.first, "bare": bare.loss, "loss": line.loss}
    return sentence(SENTENCES[use_case(straight)], linear=Share(line.linear), **holes)


def use_case(straight: Sequence[Scales]) -> Case:
    """Return whether the scales shrink on the straight task alone."""
    line, _, curve = straight
    return Case.USED if line.first < SHRUNK < curve.first else Case.NOT_USED


def told_of_learnt(one: Scales) -> str:
    """Return whether a network of the page undoes its normalization."""
    case = Case.UNDONE_HERE if undoes(one) else Case.NOT_UNDONE_HERE
    return sentence(SENTENCES[case], name=one.name, first=one.first, last=one.last, undone=Percent(one.undone))


def undoes(one: Scales) -> bool:
    """Return whether half of the scales are nearer to what was divided by than to 1."""
    return one.undone > 0.5


def told_of_identity(one: Identity) -> str:
    """Return how far BatchNorm that is undone is from the plain network."""
    case = Case.EXACT if one.undone < SAME else Case.INEXACT
    return sentence(SENTENCES[case], undone=one.undone, as_made=one.as_made)


def propagation_notice(facts: Facts) -> list[str]:
    """Return what to notice of normalization by constants."""
    said = [told_of_widths(facts.widths)] if facts.widths else []
    said += [told_of_correction(facts.correction)] if facts.correction else []
    pair = constant_pair(facts)
    if pair:
        said += [told_of_means(*pair), told_of_singular(facts.constants)]
    return said


def constant_pair(facts: Facts) -> tuple[Constant, Constant] | None:
    """Return the networks with normalization propagation and with BatchNorm."""
    found = {one.normalization: one for one in facts.constants}
    return (found["propagation"], found["batch"]) if found else None


def told_of_widths(widths: Sequence[AtWidth]) -> str:
    """Return how correlated units are in layers of several widths, and how far below the bound."""
    laters = {f"width {one.width}": one.later for one in widths}
    rooms = {f"width {one.width}": Ratio(one.room) for one in widths}
    return sentence(SENTENCES[width_case(widths)], laters=laters, rooms=rooms)


def width_case(widths: Sequence[AtWidth]) -> Case:
    """Return whether wider layers are less correlated, each than the one before."""
    laters = [one.later for one in widths]
    falls = all(b < a for a, b in zip(laters, laters[1:], strict=False))
    return Case.WIDER_LESS if falls else Case.WIDER_NO_LESS


def told_of_correction(one: Correction) -> str:
    """Return what becomes of activations with the correction of ReLU and without it."""
    return sentence(
        SENTENCES[correction_case(one)],
        layers=one.layers,
        steps=Steps(one.steps),
        score=Share(one.score),
        bare_score=Share(one.bare_score),
        mean=one.mean,
        deviation=one.deviation,
        bare_mean=one.bare_mean,
        bare_deviation=one.bare_deviation,
        bare_first=one.bare_first,
    )


def correction_case(one: Correction) -> Case:
    """Return whether activations die out without the correction, and live with it."""
    dead = one.bare_deviation < FADED * one.bare_first
    return Case.CORRECTED if dead and one.deviation > KEPT * one.first else Case.UNCORRECTED_TOO


def told_of_means(propagation: Constant, batch: Constant) -> str:
    """Return which layer means are nearer 0, and which settle sooner."""
    return sentence(
        SENTENCES[means_case(propagation, batch)],
        propagation=propagation.mean,
        batch=batch.mean,
        late=propagation.settled,
        soon=batch.settled,
    )


def means_case(propagation: Constant, batch: Constant) -> Case:
    """Return whether the means are nearer 0 with constants, and when they settle."""
    if propagation.mean >= batch.mean:
        return Case.NO_NEARER
    return Case.NEARER_LATER if propagation.settled > batch.settled else Case.NEARER_SOONER


def told_of_singular(constants: Sequence[Constant]) -> str:
    """Return by how much the layers stretch a small change."""
    return sentence(
        SENTENCES[Case.SINGULAR],
        rmss={one.name: one.rms for one in constants},
        greatest=max(one.greatest for one in constants),
        medians={one.name: round(one.median, 3) for one in constants},
    )


def rows(facts: Facts) -> list[Mapping[str, str]]:
    """Return the table of distributions and use."""
    return [
        {
            "network": one.name,
            "accuracy": f"{one.score:.3f}",
            "drift": number(one.drift),
            "growth": number(one.growth),
            "kurtosis": number(one.kurtosis),
            "within": f"{use.within:.2f}",
            "saturated": f"{use.saturated:.3f}",
            "linear": f"{use.linear:.3f}",
        }
        for one, use in zip(facts.distributions, facts.uses, strict=False)
    ]


def layer_rows(facts: Facts) -> list[Mapping[str, str]]:
    """Return the table of gradients, updates and deviations."""
    names = ("gradient", "gradient_end", "updates", "updates_median", "first", "last")
    return [{"network": one.name} | {name: number(getattr(one, name)) for name in names} for one in facts.layers]


def constant_rows(facts: Facts) -> list[Mapping[str, str]]:
    """Return the table of normalization by constants."""
    return [
        {
            "network": one.name,
            "accuracy": f"{one.score:.3f}",
            "mean": number(one.mean),
            "settled": f"{one.settled}",
            "rms": number(one.rms),
            "greatest": number(one.greatest),
            "median": number(round(one.median, 3)),
            "product": number(one.product),
        }
        for one in facts.constants
    ]


def numbers(facts: Facts) -> list[dict[str, object]]:
    """Return all numbers to take along, a row each."""
    found: list[dict[str, object]] = []

    def add(part: str, record: object, name: str) -> None:
        for measure, value in vars(record).items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found.append({"part": part, "network": name, "measure": measure, "value": value})

    parts: dict[str, Sequence[Distribution | Early | Use | Layers | AtStart | Scales | Constant]] = {
        "distributions": facts.distributions,
        "first steps": facts.early,
        "bends": facts.uses,
        "gradients": facts.layers,
        "deep": facts.deep,
        "scales": (*facts.learnt, *facts.straight),
        "constants": facts.constants,
    }
    for part, records in parts.items():
        for record in records:
            add(part, record, record.name)
    for width in facts.widths:
        add("widths", width, f"width {width.width}")
    if facts.correction:
        add("correction", facts.correction, "unit weight vectors")
    if facts.identity:
        add("identity", facts.identity, "BatchNorm, undone")
    return found
