"""What is computed about robustness: the trainings of each network over the rates, on the map, in time, by choice.

And how even the batches are at the end of trainings at a large rate, which no other lab asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.data.batch_orders import drawn_batches
from landscape.experiment import Experiment
from landscape.internals.passes import snapshots_of
from landscape.internals.together import AS_IN_TRAINING, batches_at_once
from landscape.labs.lab import Job, Jobs
from landscape.labs.robustness.request import Robustness
from landscape.loss.network import network_of
from landscape.loss.population import expand_state
from landscape.serving.task import ChunkedTask
from landscape.training.grids import SweepGrid, SweepGridTask
from landscape.training.run import Run
from landscape.training.training import Training


def jobs(request: Robustness) -> Jobs:
    """Return what is computed, a job a network, in the order in which it is worth having."""
    return {
        "rates": [_job(grid) for grid in request.rate_grids()],
        "map": [_job(grid) for grid in request.map_grids()],
        "curves": [_job(grid) for grid in request.curve_grids()],
        "unrest": [Job(f"unrest {stack!r}", partial(UnrestTask, stack)) for stack in request.at_large_rate()],
        # Stacks of few members are many small operations.
        "choices": [_job(grid, serial=True) if request.try_choices else None for grid in request.choice_grids()],
    }


def _job(grid: SweepGrid, serial: bool = False) -> Job:
    return Job(f"{grid!r}", partial(SweepGridTask, grid), serial=serial)


@dataclass(frozen=True, eq=False)
class Unrest:
    """Trainings of one network with R seeds, and how even B batches are at their ends. T steps.

    loss: (R, T) of each step's batch, not a number after a training has diverged, or while it has not come so far.
    gradient_norm: (R, T) of that loss. diverged: (R,).
    before, after: (R, B) the deviation of the units of the last hidden layer over each batch, the root of the mean square
    over the units, where it enters the normalization and where it leaves it; not numbers where a training diverged, as
    nothing is left of it, or goes on.
    """

    loss: np.ndarray
    gradient_norm: np.ndarray
    diverged: np.ndarray
    before: np.ndarray
    after: np.ndarray


class UnrestTask(ChunkedTask):
    """Train one network with several seeds as a stack, then look at its batches, a seed a unit of work.

    Args: experiments: R of them, which differ in their seeds alone.
    """

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        self.training = Training(experiments, snapshots=2)
        self.runs: tuple[Run, ...] = ()
        self.found: list[tuple[np.ndarray, np.ndarray]] = []

    @property
    def finished(self) -> bool:
        return len(self.found) == len(self.training.experiments)

    @property
    def fraction(self) -> float:
        return self.training.fraction

    def work(self) -> None:
        """Do a step, or look at the batches of the next seed."""
        if not self.training.finished:
            self.training.work()
            return
        self.runs = self.runs or self.training.results()
        self.found.append(deviations_of_batches(self.runs[len(self.found)]))

    def partial(self) -> Unrest | None:
        return self._collected()

    def result(self) -> Unrest:
        """Return what was found."""
        return self._collected()

    def _collected(self) -> Unrest:
        members, steps = len(self.training.experiments), self.training.steps_total
        loss, norms = np.full((2, members, steps), np.nan)
        for member in range(members):
            for whole, own in zip((loss, norms), self.training.record.of(member), strict=True):
                whole[member, : len(own)] = own
        batches = len(self.found[0][0]) if self.found else 0
        before, after = np.full((2, members, batches), np.nan)
        for member, (entering, leaving) in enumerate(self.found):
            before[member], after[member] = entering, leaving
        diverged = np.array([at is not None for at in self.training.record.diverged_at])
        return Unrest(loss, norms, diverged, before, after)


def deviations_of_batches(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the units of the last hidden layer deviate over each training batch, (B,) before and after it normalizes.

    The batches are one round of the training's size, shuffled by its seed; each is normalized as training does at its end,
    without dropout. A deviation is sqrt(mean over units of the variance over the batch). Not numbers of a run that diverged.
    """
    network, experiment = network_of(run.experiment), run.experiment
    parameters, state = snapshots_of(run, network, [-1])
    x, y = examples_of(load(experiment.data), "train", parameters.dtype, parameters.device)
    rows = drawn_batches(y, min(experiment.training.batch_size, len(x)), seed=experiment.seed)
    if run.diverged_at is not None:
        return np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    found: list[dict[str, Tensor]] = []

    def tap(place: str, moment: str, values: Tensor) -> None:
        if moment in ("before", "after"):  # each place takes that of the one before
            found[-1][moment] = values.flatten(1, -2).var(1, correction=0).mean(-1).sqrt()

    context = replace(AS_IN_TRAINING, tap=tap)
    with torch.no_grad():
        for some in rows.split(batches_at_once(network, rows.shape[1])):
            found.append({})
            members, kept = parameters.expand(len(some), -1), expand_state(state, len(some))
            network.forward(members, kept, x[some.to(x.device)], context)
    before, after = (torch.cat([one[moment] for one in found]).cpu().numpy() for moment in ("before", "after"))
    return before, after
