"""What moving averages of any weight would have stored along one training: a filter of its batches' statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.dynamics.steps import StepObjective, spread_steps
from landscape.experiment import Experiment
from landscape.serving.task import ChunkedTask
from landscape.training.training import Training


@dataclass(frozen=True, eq=False)
class Averages:
    """The test accuracy along a training by moving averages of several weights.

    weights: (A,) of a new batch. steps: (M,) the steps before which it was measured. accuracy: (A, M).
    """

    weights: tuple[float, ...]
    steps: np.ndarray
    accuracy: np.ndarray


class AveragesTask(ChunkedTask):
    """The computation of `averages_along`, a step a unit of work."""

    def __init__(self, experiment: Experiment, weights: Sequence[float], count: int = 31) -> None:
        if not weights or not all(0 < weight <= 1 for weight in weights):
            raise ValueError(f"weights of a new batch must be over 0 and at most 1, not {list(weights)}")
        self.training = Training([experiment], snapshots=2)
        self.network = self.training.network
        if not self.network.state_layout.blocks:
            raise ValueError(
                f"the network must store statistics, which {self.network.layer.label} does not; choose one with BatchNorm"
            )
        self.weights = tuple(weights)
        self.wanted = frozenset(spread_steps(experiment.training.num_steps + 1, count))
        first = self.network.flatten_state(self.training.state)
        self.kept = first.repeat(len(self.weights), 1)  # (A, Q)
        self.steps: list[int] = []
        self.accuracies: list[np.ndarray] = []

    @property
    def finished(self) -> bool:
        return self.training.ended and (self.training.step not in self.wanted or self.training.step in self.steps)

    @property
    def fraction(self) -> float:
        return self.training.fraction

    def work(self) -> None:
        """Measure where it is time, then do one step and take its statistics into each of the averages."""
        step = self.training.step
        if step in self.wanted and step not in self.steps:
            parameters = self.training.parameters.detach().cpu().numpy().repeat(len(self.weights), 0)
            self.accuracies.append(self.training.grader.by_stored_statistics(parameters, self.kept.cpu().numpy()))
            self.steps.append(step)
        if not self.training.ended:
            statistics = self.network.flatten_state(StepObjective(self.training).batch_state())
            self.training.work()
            if self.training.step > step:
                weight = self.kept.new_tensor(self.weights)[:, None]
                self.kept = self.kept + weight * (statistics - self.kept)

    def partial(self) -> Averages | None:
        return self.result() if self.steps else None

    def result(self) -> Averages:
        """Return what was measured."""
        return Averages(self.weights, np.array(self.steps), np.stack(self.accuracies, 1))


def averages_along(experiment: Experiment, weights: Sequence[float], count: int = 31) -> Averages:
    """Train, and return the test accuracy by moving averages of several weights that the same training would have stored.

    After k batches of fixed weights an average of weight a has forgotten all but (1 - a)^k of what it began with, and its
    error is sqrt(a / (2 - a)) of one batch's. Trained weights move: what lags is wrong, and what follows is noisy.

    The training's own averages take no part in it, so that only a normalization that does not train by what it stores is
    what it would be with each of the weights.

    >>> found = averages_along(Experiment().replace(dataset="wine", width=8, depth=1, normalization="batch", num_steps=20),
    ...     [0.1, 1.0], count=3)
    >>> found.steps.tolist(), found.accuracy.shape
    ([0, 10, 20], (2, 3))

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3.1, which mentions moving averages; PyTorch's momentum of 0.1 is
        the weight of a new batch.

    Args: experiment: whose normalization stores statistics; weights: A of a new batch, over 0 and at most 1; count: of
        steps at which is measured, evenly spaced, the first and the last among them.
    Returns: Averages.
    Raises: ValueError where nothing is stored, or for other weights.
    """
    return AveragesTask(experiment, weights, count).complete()


def filtered(values: np.ndarray, weight: float, first: np.ndarray) -> np.ndarray:
    """Return the moving average (D, ...) after each of D values, begun at `first`.

    >>> filtered(np.array([1.0, 1.0]), 0.5, np.array(0.0)).tolist()
    [0.5, 0.75]
    """
    found, kept = [], first
    for value in values:
        kept = kept + weight * (value - kept)
        found.append(kept)
    return np.stack(found)
