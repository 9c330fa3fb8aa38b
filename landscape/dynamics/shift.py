"""Internal covariate shift: how the gradient of a layer changes when the layers below it take their step.

Follows Santurkar et al. 2018 (arXiv 1805.11604), Definition 2.1. The shift between two domains of data, another thing, is
in `landscape.internals.domains`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.dynamics.steps import AlongTraining, StepObjective
from landscape.experiment import Experiment
from landscape.loss.objective import Objective, lengths
from landscape.serving.devices import device_name
from landscape.training.run import Run
from models.layout import Layout


@dataclass(frozen=True, eq=False)
class LayerShift:
    """Internal covariate shift of L layers at one step, or at each of M steps (M, L).

    With G the gradient by a layer's weights and G' the same after the layers below have moved by the step:
    layers: their names, the output last. difference: (..., L) |G - G'|. cosine: (..., L) of the angle between them, 1
    where nothing shifts; not a number where one of them is 0. gradient_norm: (..., L) |G|. device: where it was computed.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Definition 2.1.
    """

    layers: tuple[str, ...]
    difference: np.ndarray
    cosine: np.ndarray
    gradient_norm: np.ndarray
    device: str = "CPU"


def internal_covariate_shift(
    objective: Objective, before: np.ndarray | Tensor, after: np.ndarray | Tensor
) -> LayerShift:
    """Return how much the gradient of each layer changes when the layers below it move.

    G_i = grad_{W_i} L(W_1, ..., W_k), G'_i = grad_{W_i} L(W_1', ..., W_{i-1}', W_i, ..., W_k), on the same batch. W_i
    are the layer's weights; with the layers below move their biases and the scales and shifts of their normalizations,
    and those of a normalization on the input. The lowest layer has nothing below it: its shift is 0 where no input is
    normalized. The points are stacks of the objective's.

    >>> from landscape import step_objective
    >>> small = Experiment().replace(dataset="moons", width=8, depth=2, num_steps=5)
    >>> loss, after = step_objective(small, 0), step_objective(small, 1).start
    >>> internal_covariate_shift(loss, loss.start, after).difference[0].item()  # nothing is below the first layer
    0.0

    Source: Santurkar et al. 2018, arXiv 1805.11604, Definition 2.1.

    Args: objective of the step's batch, of a network of ours or of a module whose layers are registered in the order in
        which they apply; before (P,) and after (P,) the optimizer's step.
    Returns: a LayerShift of one step.
    """
    weights, ranks = _ranks(objective.layout)
    start, moved = objective.tensor(before), objective.tensor(after)
    below = torch.from_numpy(ranks).to(objective.device)
    own = [objective.layout.slice(weight) for weight in weights]
    (gradient,) = objective.gradient(start[None])[1]
    shifted = [gradient[part] for part in own]
    moving = torch.arange(int(ranks.min()) + 1, len(weights))  # those that have something below them
    for some in moving.split(objective.gradient_chunk) if len(moving) else ():
        _, gradients = objective.gradient(torch.where(below < some.to(below)[:, None], moved, start))
        for layer, row in zip(some.tolist(), gradients, strict=True):
            shifted[layer] = row[own[layer]].clone()
    measures = [
        [float(one) for one in (lengths(g - other), _cosine(g, other), lengths(g))]
        for g, other in zip((gradient[part] for part in own), shifted, strict=True)
    ]
    difference, cosine, gradient_norm = np.array(measures).T
    layers, device = tuple(map(_layer, weights)), device_name(objective.device)
    return LayerShift(layers, difference, cosine, gradient_norm, device)


def _ranks(layout: Layout) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the layers' weights in the order in which they stand, and of each parameter (P,) the number of its layer.

    -1 is a normalization on the input, below them all.
    """
    weights = tuple(block.name for block in layout.blocks if block.filter_axis is not None)
    rank = {"input": -1} | {_layer(weight): i for i, weight in enumerate(weights)}
    ranks, last = [], -1
    for block in layout.blocks:
        # What has another name than a layer, such as a module's BatchNorm, belongs to the layer before it.
        last = weights.index(block.name) if block.name in weights else rank.get(block.name.rpartition(".")[0], last)
        ranks.append(np.full(block.size, last, np.int16))
    return weights, np.concatenate(ranks)


def _layer(weight: str) -> str:
    return weight.removesuffix(".weight")


def _cosine(a: Tensor, b: Tensor) -> Tensor:
    return ((a.double() / lengths(a)) @ (b.double() / lengths(b))).clamp(-1, 1)


@dataclass(frozen=True, eq=False)
class Shift:
    """Internal covariate shift at M steps of a training. run: up to where it was. shift: arrays (M, L)."""

    run: Run
    steps: np.ndarray
    shift: LayerShift


class ShiftTask(AlongTraining):
    """The computation of a `Shift` in chunks: at each measured step the layers move as the optimizer moves them."""

    def __init__(self, experiment: Experiment, count: int = 100) -> None:
        if count < 1:
            raise ValueError(f"count must be at least 1, the steps to measure, not {count}")
        super().__init__(experiment, count)

    def measure(self, objective: StepObjective, after: Tensor) -> LayerShift:
        return internal_covariate_shift(objective, objective.start, after)

    def collect(self, run: Run, steps: np.ndarray, measured: list[Any]) -> Shift:
        names = ("difference", "cosine", "gradient_norm")
        stacked = {name: np.stack([getattr(one, name) for one in measured]) for name in names}
        return Shift(run, steps, replace(measured[0], **stacked))


def shift_of(experiment: Experiment, count: int = 100) -> Shift:
    """Train an experiment and return its internal covariate shift at up to `count` steps, evenly spaced.

    >>> found = shift_of(Experiment().replace(dataset="moons", width=8, depth=2, num_steps=20), count=5)
    >>> found.shift.layers, found.shift.cosine.shape
    (('layer1', 'layer2', 'output'), (5, 3))

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 2.2, Fig. 3.

    Args: experiment: what to train; count: how many of its steps to measure.
    Returns: a Shift, up to the step at which the training diverged, if it did.
    Raises: ValueError for no steps to measure; RuntimeError where it diverged at its first, so that there is nothing.
    """
    return ShiftTask(experiment, count).complete()
