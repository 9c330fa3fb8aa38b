"""Trainings of two weights, all preprocessings as one stack: paths, what they leave to be learnt, optimizers compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy import ndarray

from landscape.experiment import Optimizer
from landscape.labs.two_weights.measure.bowls import FOUND, Bowl, LinearModel, bowl_of
from landscape.labs.two_weights.request import (
    ADAPTIVE,
    DATA,
    MODEL,
    PREPROCESSING,
    START,
    TRAINING,
    Kind,
    Rate,
    TwoWeights,
    remembered,
)
from landscape.training.optimizers import Descent

LEARNT = 0.01
"""A loss so little above its minimum is as good as learnt: targets and classes have a variance of about 1."""

ROUNDING = 1e-12
"""What is smaller than this share of what it is computed from is 0 to rounding."""


def start_of(config: TwoWeights, bowl: Bowl) -> ndarray:
    """Return the parameters (P,) from which training starts; a bias starts at its best value."""
    start = bowl.minimum.copy()
    start[:2] += config.extent * np.array([config.start_1, config.start_2])
    return start


def learning_rate_of(config: TwoWeights, bowl: Bowl) -> float:
    """Return the learning rate of a preprocessing: the shared one, or its own multiple of 1/L."""
    if config.rate is Rate.SHARED or config.optimizer in ADAPTIVE or bowl.smoothness == 0:
        return config.learning_rate
    return config.step / bowl.smoothness


@dataclass(frozen=True, eq=False)
class Descended:
    """A training from one start.

    trajectory: (S, P), as far as all is finite. above: (S,) the loss above its minimum.
    learning_rate: of it. overflowed: whether it ended where numbers overflow.
    """

    trajectory: ndarray
    above: ndarray
    learning_rate: float
    overflowed: bool

    @property
    def diverged(self) -> bool:
        """Whether it ends higher than it starts, by more than rounding."""
        # The start may itself be rounding: a ratio to it says nothing. Losses near their minimum are of order 1.
        return self.overflowed or bool(self.above[-1] > self.above[0] * (1 + 1e-9) + ROUNDING)

    @property
    def learnt_at(self) -> int | None:
        """The first step at which as little as `LEARNT` is left for good."""
        left = np.flatnonzero(self.above > LEARNT)
        first = int(left[-1]) + 1 if left.size else 0
        return first if first < len(self.above) and not self.overflowed else None


def trajectories(
    objective: LinearModel, starts: ndarray, optimizer: Optimizer, rates: ndarray, num_steps: int, momentum: float = 0.9
) -> ndarray:
    """Return the parameters (S, E, P) of E trainings on all examples, each at its own learning rate (E,)."""
    parameters = objective.tensor(starts).clone()
    descent = Descent(optimizer, objective.tensor(rates)[:, None], momentum)
    visited = [parameters.clone()]
    with torch.no_grad():
        for _ in range(num_steps):
            descent.step(parameters, objective.gradient_alone(parameters))
            visited.append(parameters.clone())
    return torch.stack(visited).numpy()


def descents_of(config: TwoWeights) -> dict[Kind, Descended]:
    """Return the training of every preprocessing, those that are given as one stack."""
    return _descents(config, *PREPROCESSING) | _descents(config, Kind.OWN)


@remembered(*DATA, *MODEL, *TRAINING)
def _descents(config: TwoWeights, *kinds: Kind) -> dict[Kind, Descended]:
    bowls = [bowl_of(config, kind) for kind in kinds]
    objective = together(config, bowls)
    rates = np.array([learning_rate_of(config, bowl) for bowl in bowls])
    starts = np.stack([start_of(config, bowl) for bowl in bowls])
    visited = trajectories(objective, starts, config.optimizer, rates, config.num_steps, config.momentum)
    losses = losses_of(objective, visited)
    found = {}
    for i, (kind, bowl) in enumerate(zip(kinds, bowls, strict=True)):
        finite = np.isfinite(visited[:, i]).all(1) & np.isfinite(losses[:, i])
        end = len(finite) if finite.all() else int(finite.argmin())
        above = np.maximum(losses[:end, i] - bowl.minimum_loss, 0)
        found[kind] = Descended(visited[:end, i], above, float(rates[i]), end < len(finite))
    return found


def together(config: TwoWeights, bowls: Sequence[Bowl]) -> LinearModel:
    """Return the losses of E bowls as one objective of E parameters."""
    x = np.stack([bowl.features for bowl in bowls])
    return LinearModel(x, bowls[0].objective.y.numpy(), config.model)


def losses_of(objective: LinearModel, visited: ndarray) -> ndarray:
    """Return the losses (S, E) of what E trainings visited, (S, E, P)."""
    with torch.no_grad():
        return torch.stack([objective(parameters) for parameters in torch.from_numpy(visited)]).numpy()


def first_updates(config: TwoWeights, kind: Kind) -> float:
    """Return how many times as far as w1 gradient descent's first step moves w2; not a number where neither moves."""
    bowl = bowl_of(config, kind)
    gradient = bowl.objective.gradient(bowl.objective.tensor(start_of(config, bowl))[None])[1][0].abs().numpy()
    gradient[gradient <= FOUND * np.sqrt((bowl.features**2).mean(0))] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(gradient[1] / gradient[0])


@dataclass(frozen=True, eq=False)
class OptimizerTable:
    """How far (O, 5) above its minimum the loss is after the steps, by optimizer and preprocessing.

    Each at its best learning rate of a ladder; rates: (O, 5).
    """

    optimizers: tuple[Optimizer, ...]
    kinds: tuple[Kind, ...]
    left: ndarray
    rates: ndarray


@remembered(*DATA, *MODEL, *START, "num_steps", "momentum")
def optimizers_of(config: TwoWeights) -> OptimizerTable:
    """Return what each optimizer leaves on each preprocessing, at its best of eight learning rates."""
    kinds = tuple(PREPROCESSING)
    bowls = [bowl_of(config, kind) for kind in kinds]
    ladder = np.array([0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 1.9])
    objective = together(config, [bowl for bowl in bowls for _ in ladder])
    starts = np.stack([start_of(config, bowl) for bowl in bowls for _ in ladder])
    least = np.array([bowl.minimum_loss for bowl in bowls])[:, None]
    left, best = [], []
    for optimizer in Optimizer:
        unit = [config.extent if optimizer in ADAPTIVE else 1 / (bowl.smoothness or 1.0) for bowl in bowls]
        rates = np.array(unit)[:, None] * ladder
        visited = trajectories(objective, starts, optimizer, rates.ravel(), config.num_steps, config.momentum)
        last = losses_of(objective, visited[-1:]).reshape(rates.shape)
        above = np.where(np.isfinite(last), last - least, np.inf)
        at = above.argmin(1)[:, None]
        left.append(np.take_along_axis(above, at, 1)[:, 0].clip(0))
        best.append(np.take_along_axis(rates, at, 1)[:, 0])
    return OptimizerTable(tuple(Optimizer), kinds, np.stack(left), np.stack(best))
