"""What goes on inside a network: distributions, saturation, gradients and Jacobians, layer by layer, along a training.

All are taken on the first training examples as one batch, by its statistics, at the snapshots of a run, which are one
stack. Recurrent networks, whose layers act once at every time step, have histograms only.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.data import load
from landscape.objective import examples_of, losses_of, network_of
from landscape.training import Run
from models.activations import Activation, activate
from models.network import Kind, Network, Placement
from models.normalization import Context

BINS = 40
EXAMPLES = 64
VALUES = 2048
"""A histogram takes at most so many of a layer's activations, evenly spaced among them."""


@dataclass(frozen=True, eq=False)
class ActivationHistograms:
    """Histograms of activations before and after each layer's normalization. S snapshots, L layers.

    layers: their names. steps: (S,). edges: (BINS + 1,), the same for all layers and snapshots.
    density: (S, L, 2, BINS) share of the values in each bin; what lies beyond the ends is counted in the last bins.
    deviation: (S, L, 2) of the values.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    edges: np.ndarray
    density: np.ndarray
    deviation: np.ndarray


def activation_histograms(run: Run) -> ActivationHistograms:
    """Return the distributions at every snapshot of a run, on the first 64 training examples, by batch statistics.

    The edges span the 1st to 99th percentile of all of them, widened by a tenth.
    """
    network, data = network_of(run.experiment), load(run.experiment.data)
    x, _ = examples_of(data, "train", torch.float32, torch.device("cpu"))
    parameters = torch.as_tensor(run.parameters)
    taken: dict[str, dict[str, Tensor]] = {}

    def tap(place: str, moment: str, values: Tensor) -> None:
        if place != "input" and moment != "activation":
            values = values.flatten(1)
            taken.setdefault(place, {})[moment] = values[:, :: -(-values.shape[1] // VALUES)].clone()

    with torch.no_grad():
        blank = network.initial_state(len(parameters), parameters)
        network.forward(parameters, blank, x[None, :EXAMPLES], Context(tap=tap))
    layers = tuple(taken)
    count = min(values.shape[1] for of_layer in taken.values() for values in of_layer.values())
    values = torch.stack(
        [torch.stack([taken[place][moment][:, :count] for moment in ("before", "after")]) for place in layers]
    )
    values = torch.nan_to_num(values).permute(2, 0, 1, 3)  # (S, L, 2, count)
    sample = values.flatten()[:: max(1, values.numel() // 100_000)]
    low, high = (float(torch.quantile(sample, q)) for q in (0.01, 0.99))
    margin = 0.1 * (high - low) or 0.5
    low, high = low - margin, high + margin
    bins = ((values - low) * (BINS / (high - low))).clamp_(0, BINS - 1).long()
    rows = bins.flatten(0, 2)
    rows += torch.arange(len(rows))[:, None] * BINS
    counts = torch.bincount(rows.flatten(), minlength=len(rows) * BINS).view(*values.shape[:3], BINS)
    density = counts.numpy() / values.shape[3]
    return ActivationHistograms(layers, run.steps, np.linspace(low, high, BINS + 1), density, values.std(3).numpy())


PERCENTILES = (15, 50, 85)
"""Those that Ioffe & Szegedy 2015 (arXiv 1502.03167), Fig. 1, draws."""

FLAT = 0.1
"""An activation function is flat where its slope is less than this share of the greatest it has."""

STACK_BYTES = 2**26
"""The snapshots that are taken at once keep about so many bytes of activations."""


@dataclass(frozen=True, eq=False)
class LayerInputs:
    """What enters the activation functions. S snapshots, L layers.

    layers: their names. steps: (S,).
    percentiles: (S, L, 3) the 15th, 50th and 85th of one unit's values over the examples (and locations), or of all
    units' where no unit is given.
    saturated: (S, L) the share of values where the activation function is flat: its slope less than a tenth of the
    greatest. For ReLU the share of zeros. dead: (S, L) the share of units that are so for every example.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    percentiles: np.ndarray
    saturated: np.ndarray
    dead: np.ndarray


def layer_inputs(run: Run, unit: int | None = None, examples: int = 256) -> LayerInputs:
    """Return percentiles and saturation of what enters each layer's activation function, at every snapshot of a run.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Fig. 1 (b, c): one typical unit of the last hidden layer.

    Args: unit: which of each layer, or None for all; examples: of the training data, the first so many.
    Raises: ValueError for a unit that no layer has, or a recurrent network.
    """
    width = run.experiment.network.width
    if unit is not None and not 0 <= unit < width:
        raise ValueError(f"unit must be from 0 to {width - 1}, those that a layer has, not {unit}")
    levels, activation = torch.tensor(PERCENTILES) / 100, run.experiment.network.activation
    greatest = slope(torch.linspace(-4, 4, 801), activation).max()
    percentiles, saturated, dead, layers = [], [], [], ()
    for trace in _traces(run, examples):
        layers = tuple(trace.inputs)
        values = [own.detach().flatten(1, -2) for own in trace.inputs.values()]  # each (S, examples, C)
        flat = [slope(own, activation).abs() < FLAT * greatest for own in values]
        chosen = values if unit is None else [own[..., unit : unit + 1] for own in values]
        percentiles.append(torch.stack([quantiles(own.flatten(1), levels) for own in chosen], dim=1))
        saturated.append(torch.stack([own.float().mean((1, 2)) for own in flat], dim=1))
        dead.append(torch.stack([own.all(1).float().mean(1) for own in flat], dim=1))
    return LayerInputs(layers, run.steps, *(torch.cat(parts).numpy() for parts in (percentiles, saturated, dead)))


def quantiles(values: Tensor, levels: Tensor) -> Tensor:
    """Return quantiles along the last axis, linear between order statistics: `(..., n)` and `(q,)` -> `(..., q)`.

    `torch.quantile` does the same for up to 16 million values alone.
    """
    ordered, place = values.sort(-1).values, levels * (values.shape[-1] - 1)
    low = place.floor().long()
    high = (low + 1).clamp_max(values.shape[-1] - 1)
    return torch.lerp(ordered[..., low], ordered[..., high], (place - low).to(values.dtype))


def slope(values: Tensor, activation: Activation) -> Tensor:
    """Return the activation function's slope at each of the values, shaped as they are.

    >>> slope(torch.tensor([-1.0, 0.5]), Activation.RELU).tolist(), slope(torch.zeros(1), Activation.SIGMOID).item()
    ([0.0, 1.0], 0.25)
    """
    leaf = values.detach().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(activate(leaf.clone(), activation).sum(), leaf)
    return found


def excess_kurtosis(run: Run, examples: int = 512) -> np.ndarray:
    """Return the excess kurtosis (L,) of what enters each layer's activation function, at a run's last snapshot.

    E (z - m)^4 / (E (z - m)^2)^2 - 3 over a layer's units and the examples (and locations) together: 0 for a Gaussian.

    Args: examples: of the training data, the first so many.
    Raises: ValueError for a recurrent network.
    """
    last = replace(run, parameters=run.parameters[-1:])
    found = []
    for values in next(_traces(last, examples)).inputs.values():
        centred = values.detach().double().flatten()
        centred -= centred.mean()
        found.append(float((centred**4).mean() / (centred**2).mean() ** 2 - 3))
    return np.array(found)


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
    for trace in _traces(run, examples):
        layers = (*trace.hidden, "output")
        losses = losses_of(trace.outputs, trace.targets, run.experiment.training.loss)
        wanted = [*trace.hidden.values(), trace.outputs, *(trace.parts[f"{layer}.weight"] for layer in layers)]
        norms = [g.flatten(1).norm(dim=1) for g in torch.autograd.grad(losses.sum(), wanted)]
        activations.append(torch.stack(norms[: len(layers)], dim=1))
        weights.append(torch.stack(norms[len(layers) :], dim=1))
    return GradientNorms(layers, run.steps, torch.cat(activations).numpy(), torch.cat(weights).numpy())


@dataclass(frozen=True, eq=False)
class LayerJacobians:
    """Singular values of the layers' Jacobians at one snapshot. L layers, the output last; J examples.

    step: of the snapshot. values: for each layer (J, R), from the greatest down, R the lesser of its inputs and outputs.
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
        trace = _trace(run, network, parameters.expand(len(chosen), -1), examples)
        outputs = {**trace.hidden, "output": trace.outputs}
        for (layer, h), before in zip(outputs.items(), [trace.x, *trace.hidden.values()], strict=True):
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


@dataclass(frozen=True, eq=False)
class _Trace:
    """A forward pass with what it went through, by layer: x (E, N, ...), inputs and hidden (E, N, ..., C)."""

    parts: dict[str, Tensor]
    x: Tensor
    inputs: dict[str, Tensor]
    hidden: dict[str, Tensor]
    outputs: Tensor
    targets: Tensor


def _trace(run: Run, network: Network, parameters: Tensor, examples: int) -> _Trace:
    """Run parameters (E, P) forward on the first training examples and keep what each layer takes in and gives out."""
    if run.experiment.network.kind is Kind.RECURRENT:
        raise ValueError(
            "what enters and leaves a layer is measured where it acts once: choose a multilayer perceptron or a "
            "convolutional network, not a recurrent one"
        )
    x, y = examples_of(load(run.experiment.data), "train", torch.float32, torch.device("cpu"))
    parts = {name: part.detach().requires_grad_() for name, part in network.layout.split(parameters).items()}
    watched = copy.copy(network)
    inputs: dict[str, Tensor] = {}
    hidden: dict[str, Tensor] = {}

    def tap(place: str, moment: str, values: Tensor) -> None:
        if moment == "after" and place != "input":
            inputs[place] = values.clone()

    def through(place: str, x: Tensor, *rest: Any, **named: Any) -> Tensor:
        if after:
            inputs[place] = x.clone()
        hidden[place] = network.hidden(place, x, *rest, **named)
        return hidden[place]

    after = run.experiment.network.placement is Placement.AFTER
    watched.hidden = through
    context = Context(tap=None if after else tap)
    x = x[None, :examples].expand(len(parameters), *(-1,) * x.ndim).detach().requires_grad_()
    outputs, _ = watched.forward(parts, network.initial_state(len(parameters), parameters), x, context)
    return _Trace(parts, x, inputs, hidden, outputs, y[None, :examples])


def _traces(run: Run, examples: int) -> Iterator[_Trace]:
    """Run the snapshots forward, as many at once as the memory that they keep allows."""
    network = network_of(run.experiment)
    locations = int(np.prod(network.inputs)) if run.experiment.network.kind is Kind.CNN else 1
    each = 12 * examples * network.config.width * (network.config.depth + 1) * locations
    for parameters in torch.as_tensor(run.parameters).split(max(1, STACK_BYTES // each)):
        yield _trace(run, network, parameters, examples)
