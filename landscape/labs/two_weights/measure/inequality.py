"""The descent inequality along the gradient: the loss, the parabola above it, what a step is promised and what it gets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray

from landscape.experiment import Optimizer
from landscape.labs.two_weights.measure.bowls import bowl_of
from landscape.labs.two_weights.measure.descents import learning_rate_of, start_of
from landscape.labs.two_weights.request import DATA, MODEL, OWN, RATE, START, TwoWeights, remembered


@dataclass(frozen=True, eq=False)
class Inequality:
    """The loss along the gradient, beside the parabola that should lie above it.

    f(w - eta g) <= f(w) - (eta - L eta^2 / 2) |g|^2

    Source: kexue.fm/archives/6992, (2) and (5).

    steps: (K,) eta. loss, parabola: (K,). smoothness: the L of the parabola. true_smoothness: that of the loss.
    chosen: the learning rate of the page. guaranteed, real: the decrease at it. start_loss: f(w). gradient_norm: |g|.
    """

    steps: ndarray
    loss: ndarray
    parabola: ndarray
    smoothness: float
    true_smoothness: float
    chosen: float
    guaranteed: float
    real: float
    start_loss: float
    gradient_norm: float

    @property
    def cut(self) -> float:
        """By how much the loss rises above the parabola at most, over what is shown of it; 0 where it holds."""
        scale = max(float(np.abs(self.loss - self.start_loss).max()), 1e-300)
        excess = float((self.loss - self.parabola).max()) / scale
        return excess if excess > 1e-9 else 0.0


@remembered(*DATA, *MODEL, *OWN, *RATE, *START, "looked_at", "curvature")
def inequality_of(config: TwoWeights) -> Inequality:
    """Return the descent inequality from the start, with L as the page has it, at steps up to 2.5 / L and the chosen one."""
    bowl = bowl_of(config, config.looked_at)
    start = start_of(config, bowl)
    losses, gradients = bowl.objective.gradient(bowl.objective.tensor(start)[None])
    loss, gradient = float(losses[0]), gradients[0].numpy()
    square = float(gradient @ gradient)
    chosen = learning_rate_of(replace(config, optimizer=Optimizer.GRADIENT_DESCENT), bowl)
    unit = 1 / bowl.smoothness if bowl.smoothness else 1.0
    steps = np.linspace(0, min(max(2.5 * unit, 1.1 * chosen), 6 * unit), 101)
    smoothness = config.curvature * bowl.smoothness

    def along(etas: ndarray) -> ndarray:
        return bowl.objective(bowl.objective.tensor(start - np.outer(etas, gradient))).numpy()

    def promised(etas: ndarray) -> ndarray:
        return (etas - smoothness * etas**2 / 2) * square

    here = np.array([chosen])
    return Inequality(
        steps=steps,
        loss=along(steps),
        parabola=loss - promised(steps),
        smoothness=smoothness,
        true_smoothness=bowl.smoothness,
        chosen=chosen,
        guaranteed=float(promised(here)[0]),
        real=loss - float(along(here)[0]),
        start_loss=loss,
        gradient_norm=float(np.sqrt(square)),
    )
