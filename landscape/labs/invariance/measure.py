"""What is computed about invariances: the table at once, all that needs a training as jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch

from landscape.data import examples_of, load
from landscape.dynamics.lengths import WeightLengthsTask
from landscape.experiment import Experiment
from landscape.internals.invariances import EXAMPLES, Invariances, invariances, rescaled_gradients
from landscape.labs.invariance.request import FACTORS, ONE_EXAMPLE, OUTLYING, Invariance, Moment
from landscape.labs.jobs import training_jobs
from landscape.labs.lab import Job, Jobs
from landscape.loss.losses import losses_of
from landscape.loss.network import network_of
from landscape.serving.task import ChunkedTask, Once
from landscape.training.run import Run
from landscape.training.sweeps import stack_size
from landscape.training.training import Training
from models.normalization import Context

CPU = torch.device("cpu")


KEPT_ROWS = 64
"""Of the table that is computed at once, as some people's sliders move."""


def table_row(experiment: Experiment, factor: float) -> Invariances:
    """Return what changes in a network at its initial weights when something is rescaled: computed at once, and kept.

    Rows of somebody's own examples are kept with these: a cache beside them would hold them when they are let go of.
    """
    if experiment.data.table is None:
        return _row(experiment, factor)
    kept: dict[tuple[str, float], Invariances] = experiment.data.table.kept("rows of invariances", dict)
    key = repr(experiment), factor
    if key not in kept:
        while len(kept) >= KEPT_ROWS:
            del kept[next(iter(kept))]
        kept[key] = invariances(experiment, factor)
    return kept[key]


@lru_cache(maxsize=KEPT_ROWS)
def _row(experiment: Experiment, factor: float) -> Invariances:
    return invariances(experiment, factor)


def jobs(request: Invariance) -> Jobs:
    """Return what is computed, in the order in which it is worth having.

    Lists are one a network; for `table` one a row, if it is of trained networks; for `start run` and `first batch` one a start, for `bound` one without and one with it.
    """
    experiments = request.comparison.experiments()
    trainings, runs = training_jobs(experiments)
    table = request.table() if request.moment is Moment.TRAINED else ()
    table_runs = training_jobs(table)[1]
    starts = request.starts()
    start_trainings, start_runs = training_jobs(starts)
    batches = [Job(f"first batch {one!r}", partial(_first_batch, one)) for one in starts]
    asked = request.try_starts
    return {
        "table": [
            Job(f"invariances {one!r} {request.factor}", partial(_trained_row, factor=request.factor), (run,))
            for one, run in zip(table, table_runs, strict=True)
        ],
        "run": runs,
        "training": trainings,
        "gradient": [
            Job(f"rescaled gradients {one!r}", _rescaled, (run,)) for one, run in zip(experiments, runs, strict=True)
        ],
        "lengths": [_lengths([one]) for one in request.followed()],
        "funnel": [_lengths(many) for many in request.funnels()],
        "start run": [job if asked else None for job in start_runs],
        "start training": [job if asked else None for job in start_trainings],
        "first batch": [job if asked else None for job in batches],
        "bound": [_lengths(many) for many in request.bounds()],
        "units": [Job(f"outlying units {one!r}", partial(OutlyingUnits, one), serial=True) for one in experiments],
        "example": [
            Job(f"outlying example {one!r}", _outlying, (run,)) for one, run in zip(experiments, runs, strict=True)
        ],
    }


def _lengths(experiments: Sequence[Experiment]) -> Job:
    return Job(f"weight lengths {tuple(experiments)!r}", partial(WeightLengthsTask, experiments), serial=True)


def _trained_row(run: Run, factor: float) -> Once:
    return Once(partial(invariances, run, factor))


def _rescaled(run: Run) -> Once:
    return Once(partial(rescaled_gradients, run, FACTORS))


@dataclass(frozen=True, eq=False)
class FirstBatch:
    """Mean and deviation (L,) of what enters the activation functions of each hidden layer on the first batch, pooled."""

    mean: np.ndarray
    deviation: np.ndarray


def _first_batch(experiment: Experiment) -> Once:
    return Once(partial(first_batch, experiment))


def first_batch(experiment: Experiment) -> FirstBatch:
    """Return how the inputs of the activation functions are distributed before the first step.

    The deviation is that over the examples, in the mean over the units: by it they are on a common scale or not.
    """
    training = Training([experiment], snapshots=2)
    indexes = training.batches.at(0)
    x = training.x[None] if indexes is None else training.x[indexes]
    seen: list[tuple[float, float]] = []

    def tap(place: str, moment: str, values: torch.Tensor) -> None:
        if moment == "preactivation":
            flat = values.flatten(1, -2)[0]
            seen.append((float(flat.mean()), float(flat.std(0, correction=0).mean())))

    with torch.no_grad():
        training.network.forward(training.parameters, training.state, x, Context(progress=0.0, momentum=0.0, tap=tap))
    return FirstBatch(*(np.array(values) for values in zip(*seen, strict=True)))


@dataclass(frozen=True, eq=False)
class Outlying:
    """Trainings with outlying initial weights, by how many times (F,): first loss, test accuracy, whether it diverged."""

    factors: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    diverged: np.ndarray


class OutlyingUnits(ChunkedTask):
    """Trains one network as often as there are factors, the initial weights of a unit of each hidden layer times each.

    What a normalization takes from a first batch it has from the weights as drawn; of those on weights it is the same.
    Large networks are trained one after the other.
    """

    def __init__(self, experiment: Experiment) -> None:
        most = stack_size(experiment)
        self.experiment = experiment
        self.waiting = [OUTLYING[i : i + most] for i in range(0, len(OUTLYING), most)]
        self.count, self.ended = len(self.waiting), list[Run]()
        self._begin()

    def _begin(self) -> None:
        """Begin with the factors that are next."""
        factors = self.waiting.pop(0)
        self.training = Training([self.experiment] * len(factors), snapshots=2)
        network, parameters = self.training.network, self.training.parameters
        with torch.no_grad():
            for item in network.maps.values():
                if item.place != "output":
                    weight = parameters[:, network.layout.slice(f"{item.place}.weight")]
                    first = weight.view(len(factors), item.inputs, item.outputs)[:, :, 0]
                    first *= parameters.new_tensor(factors)[:, None]

    @property
    def finished(self) -> bool:
        return not self.waiting and self.training.finished

    @property
    def fraction(self) -> float:
        return (self.count - len(self.waiting) - 1 + self.training.fraction) / self.count

    def work(self) -> None:
        """Do one step."""
        if self.training.finished:
            self.ended += [run.bare() for run in self.training.results()]
            self._begin()
        self.training.work()

    def result(self) -> Outlying:
        """Return how the trainings began and ended; the accuracy of one that diverged is that of a constant guess."""
        runs = [*self.ended, *self.training.results()]
        diverged = np.array([run.diverged_at is not None for run in runs])
        accuracy = np.array([float(run.test_accuracy[-1]) for run in runs])
        loss = np.array([float(run.loss[0]) for run in runs])
        return Outlying(np.array(OUTLYING), loss, np.where(diverged, runs[0].majority, accuracy), diverged)


@dataclass(frozen=True, eq=False)
class OneExample:
    """The gradient of the loss of a batch in which one example is so many times as large (F,), with a wrong label."""

    factors: np.ndarray
    norms: np.ndarray


def _outlying(run: Run) -> Once:
    return Once(partial(one_example, run))


def one_example(run: Run) -> OneExample:
    """Return the length of the whole gradient at the last weights, when the first example is made larger and mislabelled."""
    network = network_of(run.experiment)
    data = load(run.experiment.data)
    x, y = (values[None, :EXAMPLES].clone() for values in examples_of(data, "train", torch.float64, CPU))
    if data.classification:
        y[0, 0] = (y[0, 0] + 1) % data.classes
    else:
        y[0, 0] = -y[0, 0]
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]).double())
    parameters = torch.as_tensor(run.parameters[-1:]).double()
    norms = []
    for factor in ONE_EXAMPLE:
        larger = x.clone()
        larger[:, 0] *= factor
        leaf = parameters.clone().requires_grad_()
        with torch.enable_grad():
            outputs, _ = network.forward(leaf, state, larger, Context(progress=0.0, momentum=0.0))
            loss = losses_of(outputs, y, run.experiment.training.loss).sum()
            norms.append(float(torch.autograd.grad(loss, leaf)[0].norm()))
    return OneExample(np.array(ONE_EXAMPLE), np.array(norms))
