"""How gradients go down a network: their lengths by layer, and the singular values of the layers' Jacobians.

Taken on the first training examples as one batch, in training's form (see `passes`), at snapshots of a run: a gradient is
one that a step would go along, with its noise and its dropped units. Leaves out recurrent networks, whose layers act once
at every time step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.internals.passes import Form, form_of, forward_pass, forward_passes, stack_size
from landscape.loss.losses import losses_of
from landscape.loss.network import network_of
from landscape.loss.objective import lengths
from landscape.serving.devices import default_device, device_name
from landscape.training.run import Run

EXAMPLES = 64
"""Of the training data so many make the batch, the first ones."""

LARGEST = 2**22
"""Entries of a Jacobian, up to which its singular values are computed."""


@dataclass(frozen=True, eq=False)
class GradientNorms:
    """How large the gradient of the loss is at each layer. S snapshots, L layers, the output last.

    activations: (S, L) |dL / dh_i|, by the output h_i of layer i for all examples; the last is that by the network's
    output. weights: (S, L) |dL / dW_i|. device: where they were computed. form: in which the network was.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    activations: np.ndarray
    weights: np.ndarray
    device: str = "CPU"
    form: Form = Form.TRAINING


def gradient_norms(run: Run, examples: int = EXAMPLES) -> GradientNorms:
    """Return the lengths of the loss's gradients by layer, at every snapshot of a run.

    Their growth from the output down is what vanishing and exploding gradients are. In a deep BatchNorm network of
    ReLUs they grow by sqrt(pi / (pi - 1)) = 1.21 a layer at initialization.

    >>> from landscape import Experiment, train
    >>> plain = Experiment().replace(width=128, depth=6, num_steps=1)
    >>> norms = gradient_norms(train(plain.replace(normalization="batch"))).activations[0]
    >>> round(float(norms[0] / norms[-2]) ** (1 / 5), 1), bool(norms[0] > 2 * norms[-2])
    (1.2, True)

    Source: Yang et al. 2019, arXiv 1902.08129.

    Args: run: of any network but a recurrent one; examples: of the training data, the first so many.
    Returns: GradientNorms at the S snapshots.
    Raises: ValueError for a recurrent network, or no examples.
    """
    layers: tuple[str, ...] = ()
    activations, weights = [], []
    for seen in forward_passes(run, examples):
        layers = (*seen.hidden, "output")
        losses = losses_of(seen.outputs, seen.targets, run.experiment.training.loss)
        wanted = [*seen.hidden.values(), seen.outputs, *(seen.parts[f"{layer}.weight"] for layer in layers)]
        norms = [lengths(g.flatten(1)) for g in torch.autograd.grad(losses.sum(), wanted)]
        activations.append(torch.stack(norms[: len(layers)], dim=1))
        weights.append(torch.stack(norms[len(layers) :], dim=1))
    by_activations, by_weights = (torch.cat(norms).cpu().numpy() for norms in (activations, weights))
    device, form = device_name(default_device()), form_of(run.experiment)
    return GradientNorms(layers, run.steps, by_activations, by_weights, device, form)


def layer_lengths(run: Run) -> np.ndarray:
    """Return the length of each layer's learnt weights (S, L), at every snapshot of a run, the output last.

    The layers are those of `gradient_norms`: learning rate * |dL / dW_i| / |W_i| is by what share of itself a step of
    gradient descent moves a layer.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=4, depth=2, num_steps=20))
    >>> bool(np.allclose(layer_lengths(run)[-1, 0], np.linalg.norm(run.parameters[-1, :8])))
    True

    Args: run: of any network, its parameters at S snapshots.
    Returns: (S, L).
    """
    layout = network_of(run.experiment).layout
    parts = layout.split(torch.as_tensor(run.parameters))
    weights = [part for name, part in parts.items() if name.endswith(".weight")]
    return torch.stack([lengths(weight.flatten(1)) for weight in weights], dim=1).numpy()


@dataclass(frozen=True, eq=False)
class LayerJacobians:
    """Singular values of the layers' Jacobians at one snapshot. L layers, the output last; J examples.

    step: of the snapshot. values: for each layer (J, R), from the greatest down; R is the lesser of its inputs and
    outputs. device: where they were computed. form: in which the network was.
    """

    layers: tuple[str, ...]
    step: int
    values: tuple[np.ndarray, ...]
    device: str = "CPU"
    form: Form = Form.TRAINING


def layer_jacobians(run: Run, snapshot: int = -1, count: int = 4, examples: int = EXAMPLES) -> LayerJacobians:
    """Return the singular values of d h_i / d h_{i-1} for a few examples, h_0 the input, the output last.

    h_i is the output of layer i, its normalization and activation function included, and the noise of noisy BatchNorm as
    one draw of it; what makes an image smaller after it, or drops units, belongs to the layer above. It is differentiated by the same example's h_{i-1} alone, the other examples of the
    batch being held; where the layer normalizes over the batch, the batch's statistics move with the example.
    A skip connection adds the identity to what is returned here.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=3, depth=1, activation="linear", num_steps=1))
    >>> weight = run.parameters[-1, :6].reshape(2, 3)  # it is the whole Jacobian of a linear layer
    >>> bool(np.allclose(layer_jacobians(run).values[0], np.linalg.svd(weight)[1], rtol=1e-4))
    True

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3.3 (conjectured near 1); Arpit et al. 2016, arXiv 1603.01431
    (1.21 a layer).

    Args:
        run: of a multilayer perceptron or a convolutional network.
        snapshot: which of the run.
        count: J examples, the first of the batch.
        examples: of the batch, the first so many training examples.

    Returns: LayerJacobians.
    Raises: ValueError for a recurrent network, whose layers act at every time step and so have no one Jacobian; for
    more examples than the batch has; for a snapshot that the run has not; where a layer's Jacobian is too large.
    """
    kept = len(run.parameters)
    if not -kept <= snapshot < kept:
        raise ValueError(f"snapshot must be from {-kept} to {kept - 1}, as the run has {kept}, not {snapshot}")
    network = network_of(run.experiment)
    alone = forward_pass(run, network, [snapshot], examples)
    if not 1 <= count <= alone.x.shape[1]:
        raise ValueError(f"count must be from 1 to the {alone.x.shape[1]} examples of the batch, not {count}")
    sizes = [values[0, 0].numel() for values in (alone.x, *alone.hidden.values(), alone.outputs)]
    layers = dict(zip((*alone.hidden, "output"), sizes[1:], strict=True))
    largest = max(a * b for a, b in zip(sizes, sizes[1:], strict=False))
    if largest > LARGEST:
        raise ValueError(
            f"a layer's Jacobian has {largest} entries, and the singular values of over {LARGEST} take too long; choose "
            "a smaller width"
        )
    units, per = max(layers.values()), stack_size(network, examples)
    rows: dict[str, list[Tensor]] = {}
    for first in range(0, units, per):
        # Each member of the stack is the same network, differentiated by another unit of every layer's output.
        chosen = torch.arange(first, min(first + per, units), device=alone.x.device)
        seen = forward_pass(run, network, [snapshot] * len(chosen), examples)
        outputs, befores = (*seen.hidden.values(), seen.outputs), (seen.x, *seen.hidden.values())
        for (layer, size), h, before in zip(layers.items(), outputs, befores, strict=True):
            asked = chosen[chosen < size]
            if not len(asked):
                continue
            found = []
            for example in range(count):
                each = h.flatten(2)[torch.arange(len(asked), device=asked.device), example, asked]
                (by_all,) = torch.autograd.grad(each.sum(), before, retain_graph=True)
                found.append(by_all[: len(asked), example].flatten(1))
            rows.setdefault(layer, []).append(torch.stack(found))
    values = tuple(torch.linalg.svdvals(torch.cat(parts, dim=1)).cpu().numpy() for parts in rows.values())
    device, form = device_name(alone.x.device), form_of(run.experiment)
    return LayerJacobians(tuple(rows), int(run.steps[snapshot]), values, device, form)
