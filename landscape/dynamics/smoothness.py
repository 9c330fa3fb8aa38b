"""How smooth the loss is along the gradient: its range, how well the gradient foretells itself, the effective beta.

Follows Santurkar et al. 2018 (arXiv 1805.11604), Sec. 3.2 and App. A.2.2: the full gradient, the batch of the step, by
its statistics, at the current weights. Leaves out random directions, on which the paper finds the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from landscape.dynamics.steps import AlongTraining, StepObjective
from landscape.experiment import Experiment
from landscape.geometry.gradient_lines import (
    LINE_POINTS,
    GradientLine,
    Probe,
    line_along_gradient,
    probe_along_gradient,
    stacked,
)
from landscape.serving.task import ChunkedTask, made
from landscape.training.run import Run
from landscape.training.training import Training
from models.activations import Activation
from models.fields import number, validate


@dataclass(frozen=True)
class Ladder:
    """The sizes of the steps along the gradient, as multiples of the learning rate, and how often they are tried.

    Source: Santurkar et al. 2018, arXiv 1805.11604, App. A.2.2: 1/2 to 4 for VGG, 1/100 to 30 for the deep linear
    network (see `ladder_of`); the number of rungs, and their even spacing in logarithm, are ours.

    >>> Ladder(rungs=4).step_sizes(0.1).round(3).tolist()
    [0.05, 0.1, 0.2, 0.4]
    """

    lowest: float = number(0.5, 1e-4, 1e4, "Shortest step", "Times the learning rate.", logarithmic=True)
    highest: float = number(4.0, 1e-4, 1e4, "Longest step", "Times the learning rate.", logarithmic=True)
    rungs: int = number(8, 1, 64, "Rungs", "How many sizes of step are tried, by even factors.")
    probes: int = number(100, 1, 5000, "Probes", "At how many steps of the training, evenly spaced.")

    def __post_init__(self) -> None:
        validate(self)
        if self.lowest > self.highest:
            raise ValueError(
                f"Ladder.lowest must be at most Ladder.highest, not {self.lowest:g} and {self.highest:g}; swap them"
            )

    def step_sizes(self, learning_rate: float) -> np.ndarray:
        """Return the sizes (K,) of the steps at a learning rate."""
        return learning_rate * np.geomspace(self.lowest, self.highest, self.rungs)


def ladder_of(experiment: Experiment) -> Ladder:
    """Return the paper's ladder for an experiment: the longer one for a deep linear network.

    >>> [ladder_of(Experiment().replace(activation=name)).highest for name in ("relu", "linear")]
    [4.0, 30.0]

    Source: Santurkar et al. 2018, arXiv 1805.11604, App. A.2.2.

    Args: experiment: whose activation function tells.
    Returns: a Ladder.
    """
    linear = experiment.network.activation is Activation.LINEAR
    return Ladder(lowest=0.01, highest=30.0) if linear else Ladder()


@dataclass(frozen=True, eq=False)
class Smoothness:
    """The measures along the gradient at M steps of a training, on a ladder of K step sizes.

    run: the training, up to where it was when this was taken. steps: (M,). probe: arrays (M, K) and (M,).
    """

    run: Run
    ladder: Ladder
    steps: np.ndarray
    probe: Probe

    @property
    def edge_of_stability(self) -> float:
        """2 / learning rate: the curvature beyond which plain gradient descent does not converge."""
        return 2 / self.run.experiment.training.learning_rate


class SmoothnessTask(AlongTraining):
    """The computation of a `Smoothness` in chunks, so that the first bands can be drawn while it trains.

    Each step that is measured is probed with its own batch, weights and noise; the training itself is not touched.
    """

    def __init__(self, experiment: Experiment, ladder: Ladder | None = None) -> None:
        self.ladder = ladder or ladder_of(experiment)
        super().__init__(experiment, self.ladder.probes)

    def measure(self, objective: StepObjective, after: Tensor) -> Probe:
        rate = self.training.base.training.learning_rate
        return probe_along_gradient(objective, objective.start, self.ladder.step_sizes(rate))

    def collect(self, run: Run, steps: np.ndarray, measured: list[Any]) -> Smoothness:
        return Smoothness(run, self.ladder, steps, stacked(measured))


def smoothness_of(experiment: Experiment, ladder: Ladder | None = None) -> Smoothness:
    """Train an experiment and return the measures along the gradient at steps of its training.

    >>> from landscape.experiment import Experiment
    >>> small = Experiment().replace(dataset="moons", width=8, depth=1, num_steps=50)
    >>> smoothness_of(small, Ladder(rungs=4, probes=10)).probe.loss.shape
    (10, 4)

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2, Fig. 4.

    Args: experiment: what to train; ladder: the paper's where it is None (see `ladder_of`).
    Returns: a Smoothness, up to the step at which the training diverged, if it did.
    Raises: RuntimeError where it diverged at its first step, so that there is nothing to measure.
    """
    return SmoothnessTask(experiment, ladder).complete()


@dataclass(frozen=True, eq=False)
class StepLine:
    """The loss along the gradient from one step of a training, and the number of that step."""

    step: int
    line: GradientLine


class LineTask(ChunkedTask):
    """The computation of a `StepLine`: the training again, in chunks, up to the step, then the line from there.

    The line reaches as far as the ladder, in even steps, with arrows at a quarter, at half and at the whole of that.

    Args:
        measured: the measures of that training, which say how far it came.
        step: from which the line starts, or the last one before the training ended or diverged where it does not reach it.
    """

    def __init__(self, measured: Smoothness, step: int) -> None:
        self.training = Training([measured.run.experiment], snapshots=2)
        run = measured.run
        done = run.experiment.training.num_steps if run.diverged_at is None else run.diverged_at
        self.step = min(step, done - 1)
        self.reach = measured.ladder.highest * measured.run.experiment.training.learning_rate
        self.line: StepLine | None = None

    @property
    def finished(self) -> bool:
        return self.line is not None

    @property
    def fraction(self) -> float:
        return 1.0 if self.finished else self.training.step / (self.step + 1)

    def work(self) -> None:
        """Do one step of the training, or draw the line where the step is reached."""
        if self.training.step < self.step:
            self.training.work()
            return
        loss, arrows = StepObjective(self.training), self.reach * np.array([0.25, 0.5, 1])
        line = line_along_gradient(loss, loss.start, np.linspace(0, self.reach, LINE_POINTS), arrows)
        self.line = StepLine(self.step, line)

    def result(self) -> StepLine:
        """Return the line.

        Raises: RuntimeError where it is not drawn yet.
        """
        return made(self.line)
