"""From the results about curvature to named numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.experiment import Statistics
from landscape.geometry.eigenvalues import LeadingEigenvalues, count_outliers
from landscape.geometry.spectrum import SpectralDensity
from landscape.labs.curvature.request import Curvature
from landscape.labs.lab import Known, Results
from landscape.labs.trainings import Trained, trained_of

TENTH = 10
"""The gradient's share is that along so many eigenvectors, and the spread the ratio of the first to this eigenvalue."""


@dataclass(frozen=True)
class Spectrum:
    """The facts of one network's spectrum by some statistics, at its last weights.

    loss, gradient_norm: there. top, tenth: eigenvalues of the Hessian. outliers: of the twenty greatest those over three
    times the twentieth. share: of the gradient's squared length along the ten steepest directions.
    negative: the share of all eigenvalues that are below zero; trace: their sum; None while the density is not there.
    """

    name: str
    normalization: str
    statistics: Statistics
    loss: float
    gradient_norm: float
    top: float
    tenth: float
    outliers: int
    share: float
    negative: float | None
    trace: float | None

    @property
    def spread(self) -> float:
        """How many times the tenth the greatest is."""
        return self.top / self.tenth if self.tenth > 0 else float("nan")


@dataclass(frozen=True)
class AtRate:
    """The facts of a training on full batches at one rate.

    edge: 2 / learning rate. first, peak, late: the sharpness as a multiple of that, before the first step, at most, and as
    the median over the second half. rises: the share of the steps after which the loss is higher.
    """

    trained: Trained
    edge: float
    first: float
    peak: float
    late: float
    rises: float

    @property
    def diverged(self) -> bool:
        """Whether the training diverged."""
        return self.trained.diverged_at is not None


@dataclass(frozen=True)
class Facts:
    """The facts about curvature, as far as they are there.

    trained: the networks compared. spectra: theirs, in order. rates: the trainings on full batches, all three or none.
    plain, written: one function in two parametrizations.
    """

    trained: tuple[Trained, ...] = ()
    spectra: tuple[Spectrum, ...] = ()
    rates: tuple[AtRate, ...] = ()
    plain: Spectrum | None = None
    written: Spectrum | None = None

    def of(self, normalization: str, statistics: Statistics = Statistics.BATCH) -> Spectrum | None:
        """Return the first spectrum of a normalization by these statistics; None where there is none, or not yet."""
        return next(
            (one for one in self.spectra if (one.normalization, one.statistics) == (normalization, statistics)), None
        )


def facts_of(request: Curvature, results: Results) -> Facts | None:
    """Return the facts that are there; None before the first network is trained."""
    labels, experiments = request.comparison.labels(), request.comparison.experiments()
    trained = [trained_of(name, one.value) for name, one in zip(labels, results["run"], strict=True) if _whole(one)]
    if not trained:
        return None
    curves = [(labels[i], experiments[i].network.normalization, statistics) for i, statistics in request.curves()]
    spectra = _spectra(curves, results["eigenvalues"], results["density"])
    ways = [
        ("plain weights", "none", Statistics.BATCH),
        (request.written.label, request.written.value, Statistics.BATCH),
    ]
    same = _spectra(ways, results["same eigenvalues"], results["same density"])
    plain, written = same if len(same) == 2 else (None, None)
    return Facts(tuple(trained), tuple(spectra), tuple(_at_rates(results)), plain, written)


def name_of(rate: float) -> str:
    """Return what a training on full batches is called."""
    return f"rate {rate:g}"


def _whole(one: Known) -> bool:
    return one.done and not one.failed and one.value is not None


def _spectra(
    curves: Sequence[tuple[str, str, Statistics]], eigenvalues: Sequence[Known], densities: Sequence[Known]
) -> list[Spectrum]:
    each = zip(curves, eigenvalues, densities, strict=True)
    return [_spectrum(*curve, found.value, density.value) for curve, found, density in each if _whole(found)]


def _spectrum(
    name: str, normalization: str, statistics: Statistics, found: LeadingEigenvalues, density: SpectralDensity | None
) -> Spectrum:
    values, shares = found.values[-1], found.shares[-1]
    tenth = min(TENTH, len(values)) - 1
    return Spectrum(
        name=name,
        normalization=str(normalization),
        statistics=statistics,
        loss=float(found.loss[-1]),
        gradient_norm=float(found.gradient_norm[-1]),
        top=float(values[0]),
        tenth=float(values[tenth]),
        outliers=count_outliers(values),
        share=float(shares[: tenth + 1].sum()),
        negative=None if density is None else density.negative,
        trace=None if density is None else density.trace,
    )


def _at_rates(results: Results) -> list[AtRate]:
    each = list(zip(results["edge run"], results["sharpness"], strict=True))
    if not all(_whole(run) and _whole(sharpness) for run, sharpness in each):
        return []
    found = []
    for run, sharpness in each:
        rate = run.value.experiment.training.learning_rate
        multiples = sharpness.value.sharpness * rate / 2
        late = multiples[sharpness.value.steps >= sharpness.value.steps[-1] / 2]
        rises = np.diff(run.value.loss) > 0
        found.append(
            AtRate(
                trained=trained_of(name_of(rate), run.value),
                edge=2 / rate,
                first=float(multiples[0]),
                peak=float(multiples.max()),
                late=float(np.median(late)),
                rises=float(rises.mean()) if len(rises) else 0.0,
            )
        )
    return found
