"""How stable the distributions inside a network are while it trains: the mean and the deviation of each unit, step by step.

Follows Santurkar et al. 2018 (arXiv 1805.11604), Sec. 2.1, who show the distributions at a few steps; their jump from one
step to the next as a number is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.dynamics.steps import AlongTraining, StepObjective
from landscape.experiment import Experiment
from landscape.serving.devices import device_name
from landscape.training.run import Run
from models.config import Kind
from models.normalization import Context

EXAMPLES = 256
"""So many of the first training examples are looked at: the same at each step."""


@dataclass(frozen=True, eq=False)
class StepMoments:
    """What enters the activation functions at M steps of a training: the mean and deviation of each of C units of L layers.

    run: up to where it was. steps: (M,). layers: names of the L hidden layers. mean, deviation: (M, L, C) before the step,
    over the same examples as one batch in training's form, with the noise that the step itself begins with.
    jump: (M, L, C) how far the step, and the noise of the next one, moves each unit's mean, in deviations of the unit before
    it; not a number where that is 0, as of a unit that is constant. device: where it was computed.
    """

    run: Run
    steps: np.ndarray
    layers: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    jump: np.ndarray
    device: str = "CPU"


class StepMomentsTask(AlongTraining):
    """The computation of `StepMoments` in chunks.

    Args: experiment: what to train; count: how many steps to look at, evenly spaced.
    Raises: ValueError for no looks, or a recurrent network.
    """

    def __init__(self, experiment: Experiment, count: int = 40) -> None:
        if count < 1:
            raise ValueError(f"count must be at least 1, the steps at which to look, not {count}")
        if experiment.network.kind is Kind.RECURRENT:
            raise ValueError(
                "a layer must act once for its units to have one distribution: choose a multilayer perceptron or a "
                "convolutional network, not a recurrent one"
            )
        super().__init__(experiment, count)
        self.x = self.training.x[None, :EXAMPLES]

    def measure(self, objective: StepObjective, after: Tensor) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the layers, and of their units the mean and deviation before the step and the mean after it, (3, L, C)."""
        layers, mean, deviation = self._look(objective, objective.start, objective.noise)
        _, next_mean, _ = self._look(objective, after, self.training.generators[0].get_state())
        return layers, np.array([mean, deviation, next_mean])

    def _look(
        self, objective: StepObjective, parameters: Tensor, noise: Tensor
    ) -> tuple[tuple[str, ...], list[np.ndarray], list[np.ndarray]]:
        """Return the layers, and the means and deviations (L, C) of their units at parameters (P,)."""
        found: dict[str, tuple[np.ndarray, np.ndarray]] = {}

        def tap(place: str, moment: str, values: Tensor) -> None:
            if moment == "preactivation":
                variance, mean = torch.var_mean(values.double().flatten(0, -2), dim=0, correction=0)
                found[place] = mean.cpu().numpy(), variance.sqrt().cpu().numpy()

        generator = torch.Generator(objective.device).set_state(noise)
        context = Context(progress=objective.progress, momentum=0.0, training=True, generators=(generator,), tap=tap)
        with torch.no_grad():
            objective.network.forward(parameters[None], objective.state, self.x, context)
        means, deviations = zip(*found.values(), strict=True)
        return tuple(found), list(means), list(deviations)

    def collect(self, run: Run, steps: np.ndarray, measured: list[Any]) -> StepMoments:
        mean, deviation, after = np.stack([moments for _, moments in measured], axis=1)
        jump = np.abs(after - mean) / np.where(deviation > 0, deviation, np.nan)
        return StepMoments(run, steps, measured[0][0], mean, deviation, jump, device_name(self.training.device))


def step_moments(experiment: Experiment, count: int = 40) -> StepMoments:
    """Train an experiment and return the moments of its units at up to `count` steps, evenly spaced.

    >>> found = step_moments(Experiment().replace(dataset="moons", width=4, depth=2, num_steps=10), count=5)
    >>> found.layers, found.mean.shape
    (('layer1', 'layer2'), (5, 2, 4))

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 2.1, Fig. 2.

    Args: experiment: what to train, no recurrent network; count: at how many of its steps to look, at least 1.
    Returns: StepMoments, up to the step at which the training diverged, if it did.
    Raises: ValueError for no looks or a recurrent network; RuntimeError where it diverged at its first step.
    """
    return StepMomentsTask(experiment, count).complete()
