"""A step of a training as it stands: the loss that this step descends, and tasks that measure it along the way.

What is measured changes nothing: the training goes on as if nobody had looked.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.experiment import Experiment
from landscape.loss.losses import accuracies_of, loss_on
from landscape.loss.objective import Objective
from landscape.loss.population import expand_state
from landscape.serving.devices import chunk_size
from landscape.serving.task import ChunkedTask
from landscape.training.run import Run
from landscape.training.training import Training
from models.normalization import Context, NetworkState


class StepObjective(Objective):
    """The loss that one step of a training descends: on that step's batch, by its statistics.

    At the current weights, `start`, it equals the loss that the training notes for this step. What is random in the
    step (dropout, the noise of noisy BatchNorm) is drawn as the step itself draws it, the same for every member of a
    stack and at every call, so that losses differ by the parameters alone.

    start: (P,) the parameters before the step. step: its number.

    Args:
        training: a training that has not ended, about to do the step.
        member: which of its stack.
    """

    def __init__(self, training: Training, member: int = 0) -> None:
        def own(values: Tensor) -> Tensor:
            row = min(member, len(values) - 1)
            return values[row : row + 1]

        self.network, self.loss, self.step = training.network, training.base.training.loss, training.step
        self.layout, self.dtype, self.device = self.network.layout, training.x.dtype, training.x.device
        indexes = training.batches.at(self.step)
        batch = slice(None) if indexes is None else own(indexes)[0].to(self.device)
        self.x, self.y = training.x[batch][None], training.y[batch][None]
        self.losses = loss_on(self.y, self.network.outputs, self.loss, self.dtype)
        self.start = training.parameters[member].detach().clone()
        self.state = {place: {k: own(v).clone() for k, v in one.items()} for place, one in training.state.items()}
        self.progress = training.step / training.steps_total
        self.noise = training.generators[member].get_state()
        each, held = self.x.shape[1] * self.network.working_size, self.layout.size
        self.chunk = chunk_size(each * self.x.element_size(), self.device, held * self.x.element_size())

    def outputs(self, parameters: Tensor) -> Tensor:
        """Return the outputs `(E, batch, C)`."""
        generators = tuple(torch.Generator(self.device).set_state(self.noise) for _ in parameters)
        context = Context(progress=self.progress, training=True, generators=generators)
        return self.network.forward(parameters, expand_state(self.state, len(parameters)), self.x, context)[0]

    def batch_state(self) -> NetworkState:
        """Return what the normalizations would remember of this step's batch alone, each value `(1, C)`."""
        generators = (torch.Generator(self.device).set_state(self.noise),)
        context = Context(progress=self.progress, momentum=1.0, training=True, generators=generators)
        with torch.no_grad():
            return self.network.forward(self.start[None], self.state, self.x, context)[1]

    def __call__(self, parameters: Tensor) -> Tensor:
        return self.losses(self.outputs(parameters))

    def accuracy(self, parameters: Tensor) -> Tensor:
        with torch.no_grad():
            return accuracies_of(self.outputs(parameters), self.y)


def step_objective(experiment: Experiment, step: int) -> StepObjective:
    """Return the loss that a step of a training descends, after training up to it.

    >>> experiment = Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5)
    >>> loss = step_objective(experiment, 3)
    >>> from landscape import train
    >>> bool(abs(loss(loss.start[None])[0] - train(experiment).loss[3]) < 1e-6)
    True

    Args: experiment: what to train; step: how many steps to do before, from 0.
    Returns: a StepObjective of the network's P parameters, those before the step as its `start`.
    Raises: ValueError where the training has no such step, or diverges before it.
    """
    training = Training([experiment], snapshots=2)
    while not training.ended and training.step < step:
        training.work()
    if training.ended or step < 0:
        last = (training.step if training.ended else training.steps_total) - 1
        end = " before it diverges" if training.record.diverged_at[0] is not None else ""
        raise ValueError(f"step must be from 0 to {last}, those that this training does{end}, not {step}")
    return StepObjective(training)


def spread_steps(total: int, count: int) -> list[int]:
    """Return up to `count` steps of `total`, evenly spaced, the first and the last among them.

    >>> spread_steps(400, 5), spread_steps(3, 100)
    ([0, 100, 200, 299, 399], [0, 1, 2])
    """
    return np.unique(np.linspace(0, total - 1, count).round().astype(int)).tolist()


class AlongTraining(ChunkedTask):
    """A task that trains one experiment and measures at some of its steps. M of them are measured.

    A step at which the training diverges is not measured: its loss is not finite, or a thousand times the first.

    Args:
        experiment: what to train.
        count: how many steps to measure, evenly spaced.
    """

    def __init__(self, experiment: Experiment, count: int) -> None:
        self.training = Training([experiment])
        self.wanted = frozenset(spread_steps(experiment.training.num_steps, count))
        self.steps: list[int] = []
        self.measured: list[Any] = []

    @abstractmethod
    def measure(self, objective: StepObjective, after: Tensor) -> Any:
        """Return what is kept of a step, given its loss and the parameters (P,) after it."""

    @abstractmethod
    def collect(self, run: Run, steps: np.ndarray, measured: list[Any]) -> Any:
        """Return the result on the steps (M,) that were measured, at least one."""

    @property
    def finished(self) -> bool:
        return self.training.finished

    @property
    def fraction(self) -> float:
        return self.training.fraction

    def work(self) -> None:
        """Do one step of the training, measured where it is one of those."""
        step, wanted = self.training.step, self.training.step in self.wanted and not self.training.ended
        objective = StepObjective(self.training) if wanted else None
        self.training.work()
        if objective is not None and self.training.step > step:
            self.measured.append(self.measure(objective, self.training.parameters[0].detach()))
            self.steps.append(step)

    def partial(self) -> Any | None:
        """Return the result up to now, or None before the first measurement."""
        run = self.training.partial()
        return self.collect(run, np.array(self.steps), self.measured) if run is not None and self.steps else None

    def result(self) -> Any:
        """Return the result.

        Raises: RuntimeError where the training diverged at its first step, so that nothing could be measured.
        """
        if not self.steps:
            raise RuntimeError(
                "the training diverged at its first step: there is nothing to measure; its loss is "
                "not finite at the initial weights, choose a smaller initialization scale"
            )
        return self.collect(self.training.result(), np.array(self.steps), self.measured)
