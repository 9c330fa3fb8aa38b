"""How gradients go down a network: their lengths by layer, and the singular values of the layers' Jacobians.

Taken on the first training examples as one batch, by its statistics, at snapshots of a run. Leaves out recurrent
networks, whose layers act once at every time step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.objective import losses_of, network_of
from landscape.passes import STACK_BYTES, forward_pass, forward_passes
from landscape.training import Run
from models.config import Kind

EXAMPLES = 64
"""Of the training data so many make the batch, the first ones."""


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """How large the gradient of the loss is at each layer. S snapshots, L layers, the output last.

    activations: (S, L) |dL / dh_i|, by the output h_i of layer i for all examples; the last is that by the network's
    output. weights: (S, L) |dL / dW_i|.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    activations: np.ndarray
    weights: np.ndarray


def gradient_norms(run: Run, examples: int = EXAMPLES) -> GradientNorms:
    """Return the lengths of the loss's gradients by layer, at every snapshot of a run.

    Their growth from the output down is what vanishing and exploding gradients are. In a deep BatchNorm network of
    ReLUs they grow by sqrt(pi / (pi - 1)) = 1.21 a layer at initialization.

    Source: Yang et al. 2019, arXiv 1902.08129.

    Args: examples: of the training data, the first so many.
    Raises: ValueError for a recurrent network.
    """
    layers: tuple[str, ...] = ()
    activations, weights = [], []
    for seen in forward_passes(run, examples):
        layers = (*seen.hidden, "output")
        losses = losses_of(seen.outputs, seen.targets, run.experiment.training.loss)
        wanted = [*seen.hidden.values(), seen.outputs, *(seen.parts[f"{layer}.weight"] for layer in layers)]
        norms = [g.flatten(1).norm(dim=1) for g in torch.autograd.grad(losses.sum(), wanted)]
        activations.append(torch.stack(norms[: len(layers)], dim=1))
        weights.append(torch.stack(norms[len(layers) :], dim=1))
    return GradientNorms(layers, run.steps, torch.cat(activations).numpy(), torch.cat(weights).numpy())


@dataclass(frozen=True, eq=False)
class LayerJacobians:
    """Singular values of the layers' Jacobians at one snapshot. L layers, the output last; J examples.

    step: of the snapshot. values: for each layer (J, R), from the greatest down; R is the lesser of its inputs and
    outputs.
    """

    layers: tuple[str, ...]
    step: int
    values: tuple[np.ndarray, ...]


def layer_jacobians(run: Run, snapshot: int = -1, count: int = 4, examples: int = EXAMPLES) -> LayerJacobians:
    """Return the singular values of d h_i / d h_{i-1} for a few examples, h_0 the input, the output last.

    h_i is the output of layer i, its normalization and activation function included. It is differentiated by the same
    example's h_{i-1} alone, the other examples of the batch being held; where the layer normalizes over the batch, the
    batch's statistics move with the example.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3.3 (conjectured near 1); Arpit et al. 2016, arXiv 1603.01431
    (1.21 a layer).

    Args: snapshot: which of the run; count: J examples; examples: of the batch, the first so many training examples.
    Raises: ValueError where the network is no multilayer perceptron: its layers' Jacobians are too large, or many.
    """
    if run.experiment.network.kind is not Kind.MLP:
        raise ValueError(f"layer Jacobians need a multilayer perceptron, not {run.experiment.network.kind}: choose mlp")
    network = network_of(run.experiment)
    parameters = torch.as_tensor(run.parameters[snapshot])[None]
    units = max([run.experiment.network.width, network.outputs])
    per = max(1, STACK_BYTES // (12 * examples * network.config.width * (network.config.depth + 1)))
    rows: dict[str, list[Tensor]] = {}
    for first in range(0, units, per):
        # Each member of the stack is the same network, differentiated by another unit of every layer's output.
        chosen = torch.arange(first, min(first + per, units))
        seen = forward_pass(run, network, parameters.expand(len(chosen), -1), examples)
        outputs = {**seen.hidden, "output": seen.outputs}
        for (layer, h), before in zip(outputs.items(), [seen.x, *seen.hidden.values()], strict=True):
            asked = chosen[chosen < h.shape[2]]
            if not len(asked):
                continue
            found = []
            for example in range(count):
                towards = torch.zeros_like(h)
                towards[torch.arange(len(asked)), example, asked] = 1
                (by_all,) = torch.autograd.grad(h, before, towards, retain_graph=True)
                found.append(by_all[: len(asked), example].flatten(1))
            rows.setdefault(layer, []).append(torch.stack(found))
    values = tuple(torch.linalg.svdvals(torch.cat(parts, dim=1)).numpy() for parts in rows.values())
    return LayerJacobians(tuple(rows), int(run.steps[snapshot]), values)
