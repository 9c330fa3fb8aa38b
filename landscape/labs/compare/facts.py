"""From the results of a comparison to named numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from landscape.experiment import Experiment, Optimizer, PlaneKind, Statistics
from landscape.geometry.descents import Balls
from landscape.geometry.surfaces import Surface
from landscape.labs.compare.outcomes import Outcome, outcomes_of
from landscape.labs.compare.request import Request
from landscape.labs.compare.strengths import Weakened, weakened_of
from landscape.labs.lab import Results
from landscape.labs.trainings import Ended, Trained, trained_of
from landscape.training.sweeps import Sweep


@dataclass(frozen=True)
class Slice:
    """The heights of a surface: the loss at its centre, the greatest, the median, and how stretched its valley is."""

    centre: float
    top: float
    median: float
    stretch: float


@dataclass(frozen=True)
class Rolled:
    """How many balls were dropped, at which rate, how many were thrown out and how many arrived."""

    dropped: int
    rate: float
    thrown: int
    arrived: int


@dataclass(frozen=True)
class Rates:
    """At which learning rates a network learns, of so many seeds: the median test accuracy decides.

    rates: (V,) all that were tried. accuracy, least, most: over the seeds, at each; what diverged has the score of a
    guess. learns: those rates at which it learned. whole: whether all trainings have ended.
    """

    rates: tuple[float, ...]
    seeds: int
    accuracy: tuple[float, ...]
    least: tuple[float, ...]
    most: tuple[float, ...]
    learns: tuple[float, ...]
    whole: bool


@dataclass(frozen=True)
class Network:
    """The facts of one network; None for what is not known, or not yet.

    experiment: what it is. known: whether nothing more will come. train_loss: over the whole training set.
    sharpness: the top eigenvalue at the end. edge: 2 / learning rate; its_edge: whether that is its threshold.
    slice: its heights on the plane that is drawn; own: on the plane of its own path.
    start: its heights around the initial weights. frozen: on the plane that is drawn, by the statistics that it stored.
    variance: the share of the path's variance that its plane holds; off_plane: of its squared length that lies off it.
    """

    experiment: Experiment
    trained: Trained
    known: bool
    train_loss: float
    sharpness: float | None
    edge: float
    its_edge: bool
    slice: Slice | None
    own: Slice | None
    variance: float | None
    off_plane: float | None
    rolled: Rolled | None
    rates: Rates | None
    start: Slice | None = None
    frozen: Slice | None = None

    @property
    def name(self) -> str:
        """How sentences call it."""
        return self.trained.name

    @property
    def compares(self) -> bool:
        """Whether its landscape is one of a network that learned something."""
        return self.slice is not None and self.trained.ended in (Ended.LEARNED, Ended.TRAINING_DATA_ONLY)


@dataclass(frozen=True)
class Part:
    """The facts of a network at one strength of BatchNorm, 0 without normalization. name: how sentences call it."""

    strength: float
    name: str
    slice: Slice
    trained: Trained
    rates: Rates | None


@dataclass(frozen=True)
class Facts:
    """The facts of a comparison: of each network that is trained, and of the view.

    whole: whether all networks are trained. axes: the names of the plane's directions. parts: of one of the networks at
    each strength of BatchNorm, where that is asked for.
    """

    networks: tuple[Network, ...]
    whole: bool
    plane: PlaneKind
    axes: tuple[str, ...]
    statistics: Statistics
    remembers: bool
    parts: tuple[Part, ...] = ()

    @property
    def compared(self) -> tuple[Network, ...]:
        """Those whose landscapes can be compared."""
        return tuple(one for one in self.networks if one.compares)

    def of(self, normalization: str, **fields: object) -> Network | None:
        """Return the first network of a normalization whose experiment has these values of fields; None without one."""
        asked = {"normalization": normalization, **fields}
        for one in self.networks:
            if all(one.experiment.get(name) == value for name, value in asked.items()):
                return one
        return None


def facts_of(request: Request, results: Results) -> Facts | None:
    """Return the facts of the networks that are trained; None before the first."""
    outcomes = outcomes_of(request, results)
    found = facts_from(request, [outcome for outcome in outcomes if outcome and outcome.finished], len(outcomes))
    return found and replace(found, parts=tuple(_parts(weakened_of(results))))


def answering(request: Request, results: Results) -> Facts | None:
    """Return the facts that a question is answered from; None while a training, a landscape or a measure is awaited."""
    awaited = (one for name in ("start", "run", "surface", "frozen", "measures") for one in results[name])
    return facts_of(request, results) if all(one.done for one in awaited) else None


def facts_from(request: Request, outcomes: Sequence[Outcome], count: int) -> Facts | None:
    """Return the facts of these outcomes of so many networks; None where there are none."""
    if not outcomes:
        return None
    drawn = next((outcome.surface for outcome in outcomes if outcome.surface is not None), None)
    return Facts(
        networks=tuple(map(_network, outcomes)),
        whole=len(outcomes) == count,
        plane=request.view.plane,
        axes=() if drawn is None else tuple(drawn.plane.labels),
        statistics=request.view.statistics,
        remembers=any(outcome.run.states.shape[1] for outcome in outcomes),
    )


def _network(outcome: Outcome) -> Network:
    run, measures, inspection = outcome.run, outcome.measures, outcome.inspection
    training = run.experiment.training
    path = None if inspection is None or len(inspection.path.steps) < 2 else inspection.path
    return Network(
        experiment=run.experiment,
        trained=trained_of(outcome.label, run, None if measures is None else measures.population_accuracy),
        known=outcome.ended,
        train_loss=run.train_loss,
        sharpness=None if measures is None else measures.sharpness,
        edge=2 / training.learning_rate,
        its_edge=training.optimizer is Optimizer.GRADIENT_DESCENT,
        slice=_slice(outcome.surface),
        own=None if inspection is None else _slice(inspection.surface),
        variance=None if path is None else path.plane.explained,
        off_plane=None if path is None else path.off_plane,
        rolled=None if outcome.balls is None else _rolled(outcome.balls),
        rates=_rates(outcome.sweeps, run.majority) if outcome.sweeps else None,
        start=_slice(outcome.start),
        frozen=_slice(outcome.frozen),
    )


def _parts(found: Sequence[Weakened]) -> Iterator[Part]:
    for one in found:
        if (heights := _slice(one.surface)) is not None:
            name = {0.0: "no normalization", 1.0: "BatchNorm"}.get(one.strength, f"strength {one.strength:g}")
            rates = None if one.sweep is None else _rates([one.sweep], one.run.majority)
            yield Part(one.strength, name, heights, trained_of(name, one.run), rates)


def _rolled(balls: Balls) -> Rolled:
    return Rolled(len(balls.thrown), balls.rate, int(balls.thrown.sum()), int(balls.arrived.sum()))


def _rates(sweeps: Sequence[Sweep], guess: float) -> Rates:
    """Return what sweeps over the same rates say together, each of seeds of its own."""
    rates = tuple(float(rate) for rate in sweeps[0].values)
    found, finished, learns = (
        np.concatenate([getattr(sweep, name) for sweep in sweeps], axis=1)
        for name in ("test_accuracy", "finished", "learned")
    )
    accuracy = np.where(finished & np.isnan(found), guess, found)
    learned = learns.mean(1) > 0.5
    return Rates(
        rates=rates,
        seeds=found.shape[1],
        accuracy=_numbers(np.median(accuracy, axis=1)),
        least=_numbers(accuracy.min(1)),
        most=_numbers(accuracy.max(1)),
        learns=tuple(rate for rate, well in zip(rates, learned, strict=True) if well),
        whole=bool(finished.all()),
    )


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _slice(surface: Surface | None) -> Slice | None:
    if surface is None or not len(surface.finite):
        return None
    return Slice(surface.centre, float(surface.finite.max()), float(np.median(surface.finite)), surface.stretch)
