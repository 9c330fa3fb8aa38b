"""From the results about the inside of networks to named numbers.

It is long, as six sections have a record each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from landscape.internals.bends import ActivationUse
from landscape.internals.gradients import LayerJacobians
from landscape.internals.scales import LearntScales
from landscape.internals.units import ENTERING, LINEAR, UnitMoments
from landscape.labs.activations.measure import DeepGradients, LayerGradients, LayerMeans, Passed, Undone
from landscape.labs.activations.request import CONSTANTS, WIDTHS, Activations
from landscape.labs.lab import Known, Results
from landscape.labs.trainings import Trained, trained_of
from landscape.training.run import Run
from models.normalization.weight import MOMENTS

NEAR = 0.05
"""A layer's mean has settled once it stays so near to its end."""


LAST = 50
"""The loss at the end is the median of so many batches."""


@dataclass(frozen=True)
class Distribution:
    """The units of one layer along a training, by what enters their activation functions.

    drift: how far the median unit's median moves. start, end: from its 15th to its 85th percentile, before the first step
    and at the end. growth: how many times wider that becomes, of the median unit. kurtosis, off_centre: at the end the
    excess kurtosis and the |mean| / deviation of the median unit.
    """

    name: str
    normalization: str
    layer: int
    score: float
    learned: bool
    drift: float
    start: float
    end: float
    growth: float
    kurtosis: float
    off_centre: float


@dataclass(frozen=True)
class Early:
    """What the units of one layer do in the first steps of a training, in their median.

    until: up to this step the first ones were looked at. share: of how far a unit's median moves in all, the part by then.
    half: the first step that was looked at by which it has moved half as far. opened: from the 15th to the 85th percentile
    by then, over that at the end.
    """

    name: str
    normalization: str
    layer: int
    until: int
    share: float
    half: int
    opened: float


@dataclass(frozen=True)
class Use:
    """How one network's activation functions are used at the end, as a mean over its layers.

    near: the share of the function's bend from -1 to 1. within: the share of the inputs there. saturated: where it is flat.
    slope: root mean square. linear: of the last layer, R squared of the best line through a typical unit. loss: of a batch,
    the median of the last ones: at a large rate the very last may be far off.
    """

    name: str
    normalization: str
    activation: str
    near: float
    within: float
    saturated: float
    slope: float
    linear: float
    loss: float


@dataclass(frozen=True)
class Layers:
    """One network by layer.

    gradient, gradient_end: |dL/dh| of the first hidden layer over that of the last, before the first step and at the end.
    updates, updates_median: the greatest over the least share of itself by which a step moves a layer, the output among them, before the first
    step and in the middle of training. first, last: the mean deviation of the units that enter the first and last
    activation function, at the end. unlike_linear, unlike_entering: how many times the 5th percentile of the
    units' deviations the 95th is, after the linear map and where the activation function begins, in the median layer.
    flat: the greatest share of inputs of a layer where the activation function is flat, before the first step.
    """

    name: str
    normalization: str
    depth: int
    gradient: float
    gradient_end: float
    updates: float
    updates_median: float
    first: float
    last: float
    unlike_linear: float
    unlike_entering: float
    flat: float


@dataclass(frozen=True)
class AtStart:
    """A deep network at the start.

    scales: its initial weights, as multiples. ratios: for each, |dL/dh| of the first layer over that of the last.
    growth, later: the factor of a layer, at scale 1, before the first step and after a few. theory: with
    BatchNorm and no skip connections. skip: whether it has these.
    """

    name: str
    normalization: str
    depth: int
    scales: tuple[float, ...]
    ratios: tuple[float, ...]
    growth: float
    later: float
    theory: float
    skip: bool = False


@dataclass(frozen=True)
class Scales:
    """What a network has learnt to multiply its normalized units by.

    first, last: the median |scale| of the first and of the last hidden layer; not a number where none is learnt.
    undone: the share of all units whose scale is nearer to the deviation that was divided by than to 1.
    linear: R squared of the best line through a unit of the first layer. loss: at the end, on the training data.
    """

    name: str
    first: float
    last: float
    undone: float
    linear: float
    loss: float


@dataclass(frozen=True)
class Identity:
    """How far BatchNorm with a plain network's weights is from it, relative to its outputs.

    as_made: with scale 1 and shift 0. undone: with scale the deviation and shift the mean of each unit.
    """

    as_made: float
    undone: float


@dataclass(frozen=True)
class AtWidth:
    """Correlations in the first layer of a network of one width, and in those after it; in the first the bound over the error."""

    width: int
    first: float
    later: float
    coherence: float
    room: float


@dataclass(frozen=True)
class Correction:
    """Deep networks of unit weight vectors, with the correction of ReLU by constants and without it, before the first step.

    Of what leaves a layer, over its units and the examples: mean, deviation: in the last layer. first: the deviation in
    the first. layers: how many there are. score: on test data, after so many steps. The names with `bare` are without the
    correction.
    """

    layers: int
    steps: int
    mean: float
    deviation: float
    first: float
    score: float
    bare_mean: float
    bare_deviation: float
    bare_first: float
    bare_score: float


@dataclass(frozen=True)
class Constant:
    """A network of eight layers with its statistics, constants or neither.

    mean: |mean output| of a layer at the end, mean over the layers. settled: the step from which a layer's mean stays near
    its end, median over the layers. rms: root mean square singular value of a layer's Jacobian before the first step, in the
    mean over the hidden layers but the first; product: through all of these; greatest, median: of all their values.
    """

    name: str
    normalization: str
    score: float
    mean: float
    settled: int
    rms: float
    product: float
    greatest: float
    median: float


@dataclass(frozen=True)
class Facts:
    """The facts about the inside of networks, as far as they are there; each tuple whole or empty.

    learnt: of the networks whose units are divided by their own deviation, so that a scale may undo that.
    """

    trained: tuple[Trained, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    early: tuple[Early, ...] = ()
    uses: tuple[Use, ...] = ()
    layers: tuple[Layers, ...] = ()
    deep: tuple[AtStart, ...] = ()
    learnt: tuple[Scales, ...] = ()
    straight: tuple[Scales, ...] = ()
    identity: Identity | None = None
    widths: tuple[AtWidth, ...] = ()
    correction: Correction | None = None
    constants: tuple[Constant, ...] = ()


def facts_of(request: Activations, results: Results) -> Facts | None:
    """Return the facts that are there; None before anything is."""
    labels, kinds = request.comparison.labels(), [str(kind) for kind in request.comparison.normalizations()]
    names = list(zip(labels, kinds, strict=True))
    runs, units, uses = (_all(results[name]) for name in ("run", "units", "use"))
    gradients, deep, learnt = (_all(results[name]) for name in ("gradients", "deep", "learnt"))
    straight = [_all(results[f"straight {name}"]) for name in ("run", "learnt", "use")]
    constants = [_all(results[name]) for name in ("constant run", "means", "jacobians")]
    facts = Facts(
        trained=tuple(trained_of(name, run) for name, run in zip(labels, runs, strict=False)),
        distributions=tuple(
            _distribution(request, *name, run, one) for name, run, one in zip(names, runs, units, strict=False)
        ),
        early=tuple(
            _early(request, *name, *each)
            for name, *each in zip(names, units, _all(results["early"]), strict=False)
            if None not in each
        ),
        uses=tuple(_use(*name, run, one) for name, run, one in zip(names, runs, uses, strict=False)),
        layers=tuple(_layers(*name, *each) for name, *each in zip(names, gradients, units, uses, strict=False)),
        deep=tuple(_deep(request, *name, one) for name, one in zip(names, deep, strict=False)),
        learnt=tuple(
            _scales(name, run, one, None)
            for (name, kind), run, one in zip(names, runs, learnt, strict=False)
            if one is not None and kind.startswith("batch")
        ),
        straight=tuple(_scales(name, *each) for name, *each in zip(STRAIGHT, *straight, strict=False)),
        identity=_identity(results["undone"][0]),
        widths=tuple(
            AtWidth(
                width=width,
                first=float(one.rms[0]),
                later=float(one.rms[1:].mean()),
                coherence=float(one.coherence[0]),
                room=float(one.bound[0] / one.error[0]),
            )
            for width, one in zip(WIDTHS, _all(results["widths"]), strict=False)
        ),
        correction=_correction(_all(results["corrections"]), request.propagation.propagation_steps),
        constants=tuple(_constant(kind, *each) for kind, *each in zip(CONSTANTS, *constants, strict=False)),
    )
    return None if facts == Facts() else facts


STRAIGHT = ("a straight task", "a straight task, without scale and shift", "a bent task")
"""What the networks that learn scales are called, by what they learn."""


def _all(many: Sequence[Known]) -> list[Any]:
    """Return all results of a kind once they are there, None for those that there are not to be; nothing before, and of none."""
    values = [one.value for one in many] if all(one.done and not one.failed for one in many) else []
    return values if any(value is not None for value in values) else []


def _middle(values: np.ndarray) -> float:
    """Return the median of the finite values, not a number where there are none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else nan


def _over(a: float, b: float) -> float:
    """Return a / b, not a number where that cannot be told."""
    return float(a) / float(b) if b > 0 else nan


def _distribution(request: Activations, name: str, kind: str, run: Run, units: UnitMoments) -> Distribution:
    place = request.place(len(units.layers))
    widths = units.percentiles[:, place, :, 2] - units.percentiles[:, place, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = widths[-1] / widths[0]
        off_centre = np.abs(units.mean[-1, place, ENTERING]) / units.deviation[-1, place, ENTERING]
    return Distribution(
        name=name,
        normalization=kind,
        layer=place + 1,
        score=float(run.test_accuracy[-1]),
        learned=run.learned,
        drift=_middle(units.drift[place]),
        start=_middle(widths[0]),
        end=_middle(widths[-1]),
        growth=_middle(growth),
        kurtosis=_middle(units.kurtosis[-1, place, ENTERING]),
        off_centre=_middle(off_centre),
    )


def merged(first: UnitMoments, units: UnitMoments) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps (S,), percentiles by unit (S, L, C, 3) and pooled (S, L, 3) of the first steps and the later ones."""
    later = units.steps > first.steps[-1]
    parts = ((first.steps, units.steps), (first.percentiles, units.percentiles), (first.pooled, units.pooled))
    steps, by_unit, pooled = (np.concatenate([one, other[later]]) for one, other in parts)
    return steps, by_unit, pooled


def _early(request: Activations, name: str, kind: str, units: UnitMoments, first: UnitMoments) -> Early:
    place = request.place(len(units.layers))
    steps, by_unit, _ = merged(first, units)
    medians, widths = by_unit[:, place, :, 1], by_unit[:, place, :, 2] - by_unit[:, place, :, 0]
    moved = np.maximum.accumulate(medians) - np.minimum.accumulate(medians)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares, opened = moved / moved[-1], widths / widths[-1]
    halves = steps[(shares >= 0.5).argmax(0)][np.isfinite(shares[-1])]
    until = int(first.steps[-1])
    at = int(np.searchsorted(steps, until))
    return Early(
        name=name,
        normalization=kind,
        layer=place + 1,
        until=until,
        share=_middle(shares[at]),
        half=int(np.median(halves)) if len(halves) else 0,
        opened=_middle(opened[at]),
    )


def _use(name: str, kind: str, run: Run, use: ActivationUse) -> Use:
    return Use(
        name=name,
        normalization=kind,
        activation=run.experiment.network.activation.label,
        near=use.curve.near,
        within=float(use.within[-1].mean()),
        saturated=float(use.saturated[-1].mean()),
        slope=float(use.slope[-1].mean()),
        linear=float(use.linear[-1, -1]),
        loss=float(np.median(run.loss[-LAST:])),
    )


def _layers(name: str, kind: str, gradients: LayerGradients, units: UnitMoments, use: ActivationUse) -> Layers:
    by_outputs = gradients.norms.activations[:, :-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = gradients.norms.weights / gradients.lengths
        unlike = moves.max(1) / moves.min(1)
        low, high = np.percentile(units.deviation[-1], (5, 95), axis=-1)
        ratios = high / low
    entering = units.deviation[-1, :, ENTERING].mean(-1)
    return Layers(
        name=name,
        normalization=kind,
        depth=len(units.layers),
        gradient=_over(by_outputs[0, 0], by_outputs[0, -1]),
        gradient_end=_over(by_outputs[-1, 0], by_outputs[-1, -1]),
        updates=float(unlike[0]),
        updates_median=_middle(unlike),
        first=float(entering[0]),
        last=float(entering[-1]),
        unlike_linear=_middle(ratios[:, LINEAR]),
        unlike_entering=_middle(ratios[:, ENTERING]),
        flat=float(use.saturated[0].max()),
    )


def _deep(request: Activations, name: str, kind: str, found: DeepGradients) -> AtStart:
    depth = found.start.shape[1]
    middle = len(found.scales) // 2

    def growth(lengths: np.ndarray) -> float:
        ratio = _over(lengths[0], lengths[-1])
        return float(ratio ** (1 / (depth - 1))) if depth > 1 and ratio > 0 else nan

    return AtStart(
        name=name,
        normalization=kind,
        depth=depth,
        scales=found.scales,
        ratios=tuple(_over(row[0], row[-1]) for row in found.start),
        growth=growth(found.start[middle]),
        later=growth(found.later[middle]),
        theory=MOMENTS[request.deep.deep_activation].growth,
        skip=request.comparison.base.network.skip,
    )


def _scales(name: str, run: Run, learnt: LearntScales | None, use: ActivationUse | None) -> Scales:
    sizes = None if learnt is None else np.abs(learnt.scale[-1])
    return Scales(
        name=name,
        first=nan if sizes is None else float(np.median(sizes[0])),
        last=nan if sizes is None else float(np.median(sizes[-1])),
        undone=nan if learnt is None else float(learnt.undone[-1].mean()),
        linear=nan if use is None else float(use.linear[-1, 0]),
        loss=run.train_loss,
    )


def _identity(known: Known) -> Identity | None:
    found: Undone | None = known.value
    return None if found is None else Identity(float(found.difference[0]), float(found.difference[-1]))


def _correction(both: Sequence[Passed], steps: int) -> Correction | None:
    if not both:
        return None
    with_it, without = both
    return Correction(
        layers=len(with_it.mean),
        steps=steps,
        mean=float(with_it.mean[-1]),
        deviation=float(with_it.deviation[-1]),
        first=float(with_it.deviation[0]),
        score=with_it.score,
        bare_mean=float(without.mean[-1]),
        bare_deviation=float(without.deviation[-1]),
        bare_first=float(without.deviation[0]),
        bare_score=without.score,
    )


def _constant(kind: str, run: Run, found: LayerMeans, jacobians: LayerJacobians) -> Constant:
    means = found.means
    away = np.abs(means - means[-1]) > NEAR
    # The step after the last one at which a layer is away from its end.
    settled = [int(found.steps[np.flatnonzero(one)[-1] + 1]) if one.any() else int(found.steps[0]) for one in away.T]
    inner = jacobians.values[1:-1] or jacobians.values[:1]
    rms = np.array([np.sqrt(np.square(values).mean()) for values in inner])
    return Constant(
        name=run.experiment.network.normalization.label,
        normalization=str(kind),
        score=float(run.test_accuracy[-1]),
        mean=float(np.abs(means[-1]).mean()),
        settled=int(np.median(settled)),
        rms=float(rms.mean()),
        product=float(rms.prod()),
        greatest=float(max(values.max() for values in inner)),
        median=float(np.median(np.concatenate([values.ravel() for values in inner]))),
    )
