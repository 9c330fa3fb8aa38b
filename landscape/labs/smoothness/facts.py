"""From the measures along trainings to named numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from landscape.dynamics.smoothness import Smoothness, StepLine
from landscape.experiment import Experiment, Optimizer
from landscape.labs.lab import Results
from landscape.labs.smoothness.outcomes import Outcome, outcomes_of
from landscape.labs.smoothness.request import Request
from landscape.labs.trainings import Ended, Trained, trained_of
from models.normalization import Normalization

EARLY = 0.2
"""The measures are summed up after this part of a training: before it they change with every step."""

NEAR = 2.0
"""Two measures within this factor of each other are called alike."""

NORMS = (Normalization.BATCH_L1, Normalization.BATCH_L2, Normalization.BATCH_LINF)
"""BatchNorm by other norms."""


class Measure(StrEnum):
    """What is measured along the gradient, by the name of its level in `Network`."""

    LOSS_RANGE = "loss_range"
    CHANGE = "change"
    BETA = "beta"


class Missing(StrEnum):
    """Why a measure is not summed up after the first fifth of a training."""

    DIVERGED = "diverged in the first fifth"
    ONE_STEP = "one step was measured"
    ONE_SIZE = "the ladder has one step size"


class Unlike(StrEnum):
    """Why two networks are not compared in a measure, beside that one is missing."""

    MISSING = "missing"
    DIVERGED = "diverged"
    RATES = "learning rates differ"
    SETTINGS = "other settings differ"
    IDLE = "the smoother one has not learned"


@dataclass(frozen=True)
class Level:
    """The median and the greatest of a measure along a part of a training."""

    median: float
    most: float


@dataclass(frozen=True)
class Point:
    """What was measured at one step, as the pictures show it."""

    step: int
    loss: float
    gradient_norm: float
    least_loss: float
    greatest_loss: float
    least_change: float
    greatest_change: float
    effective_beta: float


@dataclass(frozen=True)
class Ahead:
    """The loss along the gradient of one step.

    start, low, top, last: the loss at its start, the least (a start included), the greatest, and at the longest step.
    turns: how often it turns from falling to climbing or back. finite: whether nothing of it overflows.
    length, degrees: of the gradient at the longest step, over that at the start, and the angle between them.
    """

    step: int
    start: float
    low: float
    top: float
    last: float
    turns: int
    finite: bool
    length: float
    degrees: float

    @property
    def climbs(self) -> bool:
        """Whether the loss comes to lie above its start."""
        return self.top > 1.001 * self.start


@dataclass(frozen=True)
class Network:
    """The facts of one network; None for what is not known, or not yet.

    experiment: what it is. known: whether nothing more will come.
    edge: 2 / learning rate; its_edge: whether that is the threshold of its optimizer.
    first_late: the first step that was measured after the first fifth of the training; last: the last one of all.
    loss_range, change, beta: of the greatest along the ladder, after the first fifth. early_change: before.
    missing: why there is none of these; sizes: how many step sizes the ladder has; reach: the longest,
    as a multiple of the learning rate.
    outlier: the longest gradient of the training over the median one; None where it diverged.
    first_gradient, longest_gradient: their lengths.
    kurtosis: excess kurtosis of what enters the activation functions, the median of its size over the layers.
    """

    experiment: Experiment
    trained: Trained
    known: bool
    edge: float
    its_edge: bool
    first_late: int | None
    last: int
    loss_range: Level | None
    change: Level | None
    beta: Level | None
    early_change: Level | None
    missing: Missing | None
    sizes: int
    reach: float
    outlier: float | None
    first_gradient: float
    longest_gradient: float
    kurtosis: float | None
    ahead: Ahead | None
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """How sentences call it."""
        return self.trained.name

    @property
    def normalization(self) -> Normalization:
        """What normalizes its layers."""
        return self.experiment.network.normalization

    @property
    def near_edge(self) -> bool:
        """Whether the median of its effective beta is near the 2 / learning rate of its own."""
        return self.beta is not None and self.edge / NEAR <= self.beta.median <= NEAR * self.edge

    def level(self, measure: Measure) -> Level | None:
        """Return a measure after the first fifth of the training."""
        return {Measure.LOSS_RANGE: self.loss_range, Measure.CHANGE: self.change, Measure.BETA: self.beta}[measure]

    def lacks(self, measure: Measure) -> Missing | None:
        """Return why a measure is not summed up, None where it is."""
        return Missing.ONE_SIZE if measure is Measure.LOSS_RANGE and self.sizes == 1 else self.missing


@dataclass(frozen=True)
class Facts:
    """The facts of networks that are measured to the ends of their trainings."""

    networks: tuple[Network, ...]

    def of(self, normalization: str) -> Network | None:
        """Return the first network of a normalization, if there is one."""
        return next((one for one in self.networks if one.normalization == normalization), None)

    @property
    def pair(self) -> tuple[Network, Network] | None:
        """The networks that the page's question is about: without any normalization, and with BatchNorm.

        The first two that can be compared, or else the first of each; None where one of them is missing.
        """
        plain = [one for one in self.networks if one.normalization == Normalization.NONE]
        batch = [one for one in self.networks if one.normalization == Normalization.BATCH]
        pairs = [(one, other) for one in plain for other in batch]
        fair = [pair for pair in pairs if not unlike(*pair, Measure.CHANGE)]
        return next(iter(fair or pairs), None)


def unlike(a: Network, b: Network, measure: Measure) -> Unlike | None:
    """Return why two networks are not compared in a measure, None where they are.

    The ladder is made of multiples of the learning rate. A training that diverged was measured on fewer steps, some of
    which were its last. One that has not learned is smooth for that reason alone.
    """
    own, other = a.level(measure), b.level(measure)
    if own is None or other is None:
        return Unlike.MISSING
    if a.trained.diverged_at is not None or b.trained.diverged_at is not None:
        return Unlike.DIVERGED
    if a.experiment.training.learning_rate != b.experiment.training.learning_rate:
        return Unlike.RATES
    if any(a.experiment.get(name) != b.experiment.get(name) for name in ("batch_size", "preprocessing")):
        return Unlike.SETTINGS
    smoother = a if own.median < other.median else b
    return Unlike.IDLE if smoother.trained.ended is Ended.NOT_LEARNED else None


def ratio_of(large: float, small: float) -> float:
    """Return large / small, where either may be infinite or 0; 1 where both are.

    >>> ratio_of(6, 2), ratio_of(0, 0), ratio_of(1, 0)
    (3.0, 1.0, inf)
    """
    if large == small:
        return 1.0
    return float(np.inf) if np.isinf(large) or small == 0 else large / small


def facts_of(request: Request, results: Results) -> Facts | None:
    """Return the facts once all networks are measured; None before, and where none could be."""
    outcomes = outcomes_of(request, results)
    return facts_from(outcomes) if outcomes and all(one.done for one in results["measures"]) else None


def facts_from(outcomes: Sequence[Outcome]) -> Facts:
    """Return the facts of these outcomes."""
    return Facts(tuple(map(_network, outcomes)))


def ahead_of(request: Request, results: Results) -> dict[str, Ahead]:
    """Return the facts of the lines along the gradient that are there, by the names of their networks."""
    each = zip(request.comparison.labels(), results["line"], strict=True)
    return {label: _ahead(one.value) for label, one in each if one.value is not None}


def _network(outcome: Outcome) -> Network:
    found = outcome.smoothness
    run, training = found.run, found.run.experiment.training
    late = found.steps >= EARLY * training.num_steps
    ranges = len(found.probe.step_sizes) > 1 and found.probe.step_sizes[0] < found.probe.step_sizes[-1]
    # A training that is measured at two steps or more is measured at its last one, unless it diverges.
    cut = run.diverged_at is not None and found.ladder.probes > 1
    norms = run.gradient_norm
    finite = norms[np.isfinite(norms)]
    return Network(
        experiment=run.experiment,
        trained=trained_of(outcome.label, run),
        known=outcome.ended,
        edge=found.edge_of_stability,
        its_edge=training.optimizer is Optimizer.GRADIENT_DESCENT,
        first_late=int(found.steps[late][0]) if late.any() else None,
        last=int(found.steps[-1]),
        loss_range=_level(found, "loss_range", late) if ranges else None,
        change=_level(found, "greatest_change", late),
        beta=_level(found, "max_beta", late),
        early_change=_level(found, "greatest_change", ~late),
        missing=None if late.any() else Missing.DIVERGED if cut else Missing.ONE_STEP,
        sizes=len(found.probe.step_sizes) if ranges else 1,
        reach=found.ladder.highest,
        outlier=None if run.diverged_at is not None else ratio_of(float(norms.max()), float(np.median(norms))),
        first_gradient=float(norms[0]),
        longest_gradient=float(finite.max()) if len(finite) else float("inf"),
        kurtosis=None if outcome.kurtosis is None else float(np.median(np.abs(outcome.kurtosis))),
        ahead=None if outcome.line is None else _ahead(outcome.line),
        points=_points(found),
    )


def _level(found: Smoothness, name: str, chosen: np.ndarray) -> Level | None:
    """Return the median and the greatest of a measure at these steps; what overflowed counts as infinite."""
    if not chosen.any():
        return None
    values = np.nan_to_num(getattr(found.probe, name)[chosen], nan=np.inf, posinf=np.inf)
    return Level(float(np.median(values)), float(values.max()))


def _ahead(found: StepLine) -> Ahead:
    line = found.line
    finite = np.isfinite(line.loss)
    return Ahead(
        step=found.step,
        start=line.start_loss,
        low=min(line.start_loss, float(line.loss[finite].min(initial=np.inf))),
        top=float(np.nan_to_num(line.loss, nan=np.inf).max()),
        last=float(line.loss[-1]),
        turns=line.turns if finite.all() else 0,
        finite=bool(finite.all()),
        length=float(line.ratios[-1]),
        degrees=float(np.degrees(line.angles[-1])),
    )


def _points(found: Smoothness) -> tuple[Point, ...]:
    probe = found.probe
    columns = (
        found.steps, probe.start_loss, probe.gradient_norm, *probe.loss_band.T, *probe.change_band.T, probe.max_beta,
    )  # fmt: skip
    return tuple(Point(*row) for row in zip(*(column.tolist() for column in columns), strict=True))
