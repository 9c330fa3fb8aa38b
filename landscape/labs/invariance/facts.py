"""From the results about invariances to named numbers.

It is long, as each section has a record, and the table one for each of its cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from landscape.data import load
from landscape.dynamics.lengths import WeightLengths
from landscape.experiment import Experiment
from landscape.internals.invariances import RescaledGradients
from landscape.internals.invariances import Rescaling as Rescaling
from landscape.labs.invariance.measure import FirstBatch, OneExample, Outlying, table_row
from landscape.labs.invariance.request import BOUND_RATES, SCALES, START_NAMES, STARTS, Invariance, Moment
from landscape.labs.lab import Known, Results
from landscape.labs.trainings import Trained, trained_of
from landscape.training.run import Run

UNCHANGED = 1e-4
"""A relative change under this counts as none."""

NEARLY = 1e-2
"""And one under this as little: it is that of the epsilon beside a variance, or of a bias that is not rescaled."""

MIDDLE = (0.1, 3.0)
"""The initial scales between which spreads of effective rates are compared."""

Record = TypeVar("Record")


@dataclass(frozen=True)
class Cell:
    """By how much the outputs of a network change, relative to their length, when something is rescaled."""

    name: str
    normalization: str
    rescaling: Rescaling
    change: float

    @property
    def unchanged(self) -> bool:
        """Whether that counts as no change."""
        return self.change < UNCHANGED


@dataclass(frozen=True)
class OverFactor:
    """The gradient by a layer's weights, when these are multiplied.

    slope: that of log |g| over log c from c = 1 on; -1 where the gradient is divided by the factor. off: the greatest relative
    distance of |g(c w)| from |g(w)| / c. cosine: the greatest between a hidden unit's weights and their gradient.
    """

    name: str
    normalization: str
    slope: float
    off: float
    cosine: float


@dataclass(frozen=True)
class Lengths:
    """The length of the hidden weights along one training.

    grown: |w|^2 at the end over that at the start. share: how much it has grown, over the sum of the squared steps; 1
    where each step is at right angles to the weights. off: the greatest distance on the way between both, over the whole
    sum. diverged_at: the step, or None.
    """

    name: str
    normalization: str
    grown: float
    share: float
    off: float
    steps: int
    diverged_at: int | None


@dataclass(frozen=True)
class Funnel:
    """Effective learning rates of one network from several initial scales, those that diverged left out.

    scales: (F,). first, last: of each the rate over |w|^2 of a unit at the start and at the end. accuracy: there, on the
    test data. diverged: the scales at which it did.
    """

    name: str
    normalization: str
    scales: tuple[float, ...]
    first: tuple[float, ...]
    last: tuple[float, ...]
    accuracy: tuple[float, ...]
    diverged: tuple[float, ...]

    @property
    def spread_first(self) -> float:
        """The greatest over the least at the start, of the scales in the middle."""
        return self._spread(self.first)

    @property
    def spread_last(self) -> float:
        """And at the end."""
        return self._spread(self.last)

    @property
    def falls(self) -> float:
        """By what factor the greatest falls."""
        return float(over(self.first[0], self.last[0])) if self.first else float("nan")

    @property
    def rises(self) -> float:
        """By what factor the least rises."""
        return float(over(self.last[-1], self.first[-1])) if self.first else float("nan")

    def _spread(self, rates: Sequence[float]) -> float:
        inside = [rate for scale, rate in zip(self.scales, rates, strict=True) if MIDDLE[0] <= scale <= MIDDLE[1]]
        return float(over(max(inside), min(inside))) if inside else float("nan")


@dataclass(frozen=True)
class Started:
    """One start: how the inputs of the activation functions are distributed by layer on the first batch, and how it ends.

    deviations: (L,) over the examples, in the mean over the units. trained: None while it trains. weights: how many numbers a step
    of weight normalization divides in the hidden layers; activations: how many one of BatchNorm does.
    """

    name: str
    normalization: str
    deviations: tuple[float, ...]
    trained: Trained
    weights: int
    activations: int


@dataclass(frozen=True)
class Bounded:
    """Weight normalization with or without a bound: by learning rate the test accuracy, and how the weights end.

    length: the mean |v| of a unit at the start. rate: by learning rate the effective one at the end.
    """

    name: str
    normalization: str
    rates: tuple[float, ...]
    accuracy: tuple[float, ...]
    diverged: tuple[bool, ...]
    length: float
    effective: tuple[float, ...]


@dataclass(frozen=True)
class OutlyingWeights:
    """Trainings with one unit of each hidden layer so many times as large: first loss, accuracy, whether they diverged."""

    name: str
    normalization: str
    factors: tuple[float, ...]
    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    diverged: tuple[bool, ...]


@dataclass(frozen=True)
class OutlyingExample:
    """By how many times the gradient grows as one mislabelled example does."""

    name: str
    normalization: str
    factors: tuple[float, ...]
    growth: tuple[float, ...]


@dataclass(frozen=True)
class Bursts:
    """The gradients along one training: how many times the median the longest is."""

    name: str
    normalization: str
    longest: float


@dataclass(frozen=True)
class Facts:
    """The facts about invariances, as far as they are there: of all networks in each tuple, or of none.

    factor, moment: of the table, whose cells are there at once where it is of initial weights. weight_decay, learning_rate: of the sidebar; plain_descent: whether
    its optimizer is gradient descent. length_rate: at which lengths are followed.
    """

    factor: float
    cells: tuple[Cell, ...] = ()
    moment: Moment = Moment.START
    weight_decay: float = 0.0
    plain_descent: bool = True
    learning_rate: float = 0.0
    length_rate: float = 0.0
    gradients: tuple[OverFactor, ...] = ()
    lengths: tuple[Lengths, ...] = ()
    funnels: tuple[Funnel, ...] = ()
    starts: tuple[Started, ...] = ()
    bounds: tuple[Bounded, ...] = ()
    units: tuple[OutlyingWeights, ...] = ()
    examples: tuple[OutlyingExample, ...] = ()
    bursts: tuple[Bursts, ...] = ()

    def change(self, normalization: str, rescaling: Rescaling) -> float:
        """Return the change in a cell; not a number where the table has none."""
        found = (one.change for one in self.cells if (one.normalization, one.rescaling) == (normalization, rescaling))
        return next(found, float("nan"))

    def unchanged(self, rescaling: Rescaling) -> tuple[str, ...]:
        """Return the names of the normalizations that do not feel a rescaling."""
        return tuple(one.name for one in self.cells if one.rescaling is rescaling and one.unchanged)


def facts_of(request: Invariance, results: Results) -> Facts:
    """Return the facts that are there."""
    names, experiments = request.comparison.labels(), request.comparison.experiments()
    kinds = [one.network.normalization.value for one in experiments]
    each = partial_of(names, kinds)
    training = request.base.training
    starts = request.starts()
    return Facts(
        factor=request.factor,
        moment=request.moment,
        cells=cells_of(request, results["table"]),
        weight_decay=training.weight_decay,
        plain_descent=training.optimizer == "gradient-descent",
        learning_rate=training.learning_rate,
        length_rate=request.length_rate,
        gradients=each(results["gradient"], _over_factor),
        lengths=each(results["lengths"], _lengths),
        funnels=each(results["funnel"], _funnel),
        starts=_starts(starts, results["start run"], results["first batch"]),
        bounds=partial_of(
            [one[0].network.normalization.label for one in request.bounds()], ["weight", "weight-bounded"]
        )(results["bound"], _bounded),
        units=each(results["units"], _units),
        examples=each(results["example"], _example),
        bursts=each(results["run"], _bursts),
    )


def partial_of(
    names: Sequence[str], kinds: Sequence[str]
) -> Callable[[Sequence[Known], Callable[[str, str, Any], Record]], tuple[Record, ...]]:
    """Return what makes the records of all networks from their results; of none while one of them is not there."""

    def records(many: Sequence[Known], record: Callable[[str, str, Any], Record]) -> tuple[Record, ...]:
        if not all(one.done and one.value is not None for one in many):
            return ()
        return tuple(record(name, kind, one.value) for name, kind, one in zip(names, kinds, many, strict=True))

    return records


def cells_of(request: Invariance, trained: Sequence[Known]) -> tuple[Cell, ...]:
    """Return the cells of the table, row by row; none while trained networks are awaited."""
    if request.moment is Moment.START:
        rows = [table_row(one, request.factor) for one in request.table()]
    elif all(one.done and one.value is not None for one in trained):
        rows = [one.value for one in trained]
    else:
        return ()
    return tuple(
        Cell(kind.label, kind.value, rescaling, change)
        for row in rows
        for kind in [row.experiment.network.normalization]
        for rescaling, change in row.change.items()
    )


def over(values: np.ndarray | float, one: float) -> np.ndarray:
    """Return values over one of them; not numbers where that is none, as of a network that overflowed, or 0.

    >>> over(np.array([1.0, 3.0]), 2.0).tolist(), over(np.array([0.0]), 0.0).tolist()
    ([0.5, 1.5], [nan])
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(one == 0, np.nan, np.asarray(values, float) / one)


def _over_factor(name: str, kind: str, found: RescaledGradients) -> OverFactor:
    large = found.factors >= 1
    logs = np.log(found.factors[large]), np.log(np.maximum(found.norms[large], 1e-300))
    here = found.norms[int(np.argmin(abs(found.factors - 1)))]
    off = np.abs(over(found.norms * found.factors, here) - 1)
    cosines = np.abs(found.cosines[np.isfinite(found.cosines)])
    return OverFactor(name, kind, float(np.polyfit(*logs, 1)[0]), float(off.max()), float(cosines.max(initial=0.0)))


def _lengths(name: str, kind: str, found: WeightLengths) -> Lengths:
    length = found.length[0][np.isfinite(found.length[0])]
    moved = np.nansum(found.moved[0])
    share = float((length[-1] - length[0]) / moved) if moved > 0 else float("nan")
    beside = np.abs(found.predicted[0, : len(length)] - length).max()
    off = float(beside / moved) if moved > 0 else float("nan")
    return Lengths(name, kind, float(over(length[-1], length[0])), share, off, len(length) - 1, found.diverged_at[0])


def _funnel(name: str, kind: str, found: WeightLengths) -> Funnel:
    well = [i for i, step in enumerate(found.diverged_at) if step is None]
    rates = found.effective_rate
    return Funnel(
        name=name,
        normalization=kind,
        scales=tuple(SCALES[i] for i in well),
        first=tuple(float(rates[i, 0]) for i in well),
        last=tuple(float(rates[i, -1]) for i in well),
        accuracy=tuple(float(found.accuracy[i]) for i in well),
        diverged=tuple(SCALES[i] for i in range(len(SCALES)) if i not in well),
    )


def _starts(starts: Sequence[Experiment], runs: Sequence[Known], batches: Sequence[Known]) -> tuple[Started, ...]:
    if not all(one.done and one.value is not None for one in (*runs, *batches)):
        return ()
    return tuple(
        _started(START_NAMES[kind], one, run.value, batch.value)
        for kind, one, run, batch in zip(STARTS, starts, runs, batches, strict=True)
    )


def _started(name: str, one: Experiment, run: Run, batch: FirstBatch) -> Started:
    width, depth = one.network.width, one.network.depth
    size, inputs = one.training.batch_size, int(np.prod(load(one.data).inputs))
    return Started(
        name=name,
        normalization=one.network.normalization.value,
        deviations=tuple(float(value) for value in batch.deviation),
        trained=trained_of(name, run),
        weights=inputs * width + (depth - 1) * width * width,
        activations=size * width * depth,
    )


def _bounded(name: str, kind: str, found: WeightLengths) -> Bounded:
    ended = [np.flatnonzero(np.isfinite(rates))[-1] for rates in found.effective_rate]
    return Bounded(
        name=name,
        normalization=kind,
        rates=BOUND_RATES,
        accuracy=tuple(float(value) for value in found.accuracy),
        diverged=tuple(step is not None for step in found.diverged_at),
        length=float(np.sqrt(found.length[0, 0] / found.units.sum())),
        effective=tuple(float(rates[end]) for rates, end in zip(found.effective_rate, ended, strict=True)),
    )


def _units(name: str, kind: str, found: Outlying) -> OutlyingWeights:
    factors, loss, accuracy = (
        tuple(float(value) for value in of) for of in (found.factors, found.loss, found.accuracy)
    )
    return OutlyingWeights(name, kind, factors, loss, accuracy, tuple(bool(value) for value in found.diverged))


def _example(name: str, kind: str, found: OneExample) -> OutlyingExample:
    growth = tuple(float(value) for value in over(found.norms, found.norms[0]))
    return OutlyingExample(name, kind, tuple(float(value) for value in found.factors), growth)


def _bursts(name: str, kind: str, run: Run) -> Bursts:
    norms = run.gradient_norm[np.isfinite(run.gradient_norm)]
    return Bursts(name, kind, float(over(norms.max(), np.median(norms))) if len(norms) else float("nan"))
