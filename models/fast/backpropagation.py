"""Outputs and gradients of one network, written out step by step: what most trainings are.

Autograd gives the same numbers. What it keeps of each operation costs more than the arithmetic of a small network: by it a
training took twice as long. Stacks, recurrent networks and the other normalizations train by autograd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from models.activations import LEAK, Activation, activate
from models.cnn import KERNEL, WHOLE, WHOLE_TAPS, Convolutional, whole_matrix
from models.config import Kind, Placement
from models.network import Network
from models.normalization import Context, Layer, NetworkState
from models.normalization.base import State
from models.normalization.batch import BatchNorm
from models.normalization.example import LayerNorm

WRITTEN_OUT = {Layer: (Kind.MLP, Kind.CNN), BatchNorm: (Kind.MLP, Kind.CNN), LayerNorm: (Kind.MLP,)}
"""The normalizations, with the kinds of networks that may have them."""

ADDED_UP = functional.one_hot(WHOLE_TAPS, KERNEL**2).t().float()
"""Which entries of a matrix of 2x2 pixels are one of the kernel: 1 where they are, `(9, 16)`."""

KERNELS = torch.ops.aten
"""PyTorch's own derivatives, those that autograd calls."""


class Step(Protocol):
    """One function of a network, with the chain rule through it."""

    def forward(self, x: Tensor) -> Tensor:
        """Return y = f(x), keeping what `backward` needs."""

    def backward(self, gradient: Tensor) -> Tensor:
        """Return dL/dx, given dL/dy; write dL by what the step learns."""


@dataclass(eq=False)
class Dense:
    """y = x W + b: dL/dx = dL/dy W^T, dL/dW = x^T dL/dy, dL/db = sum of dL/dy over the examples.

    weight: (K, C). bias: (C,) or None. towards: the places for the gradients by both.
    """

    weight: Tensor
    bias: Tensor | None
    towards: tuple[Tensor, Tensor | None]
    x: Tensor = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return torch.mm(x, self.weight) if self.bias is None else torch.addmm(self.bias, x, self.weight)

    def backward(self, gradient: Tensor) -> Tensor:
        weight, bias = self.towards
        torch.mm(self.x.t(), gradient, out=weight)
        if bias is not None:
            torch.sum(gradient, 0, out=bias)
        return torch.mm(gradient, self.weight.t())


@dataclass(eq=False)
class Convolution:
    """y = W * x + b with a border of zeros, on images (N, C, s, s).

    weight: (C', C, k, k), a view of the weight as it is learnt. bias, towards: as of `Dense`.
    """

    weight: Tensor
    bias: Tensor | None
    towards: tuple[Tensor, Tensor | None]
    first: bool
    x: Tensor = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return torch.conv2d(x, self.weight, self.bias, padding=KERNEL // 2)

    def backward(self, gradient: Tensor) -> Tensor:
        border, learns = [KERNEL // 2] * 2, self.bias is not None
        wanted = [not self.first, True, learns]
        sizes = [len(self.weight)] if learns else None
        x, weight, bias = KERNELS.convolution_backward(
            gradient, self.x, self.weight, sizes, [1, 1], border, [1, 1], False, [0, 0], 1, wanted
        )
        _write(self.towards, (weight, bias))
        return x


@dataclass(eq=False)
class WholeConvolution:
    """y = W * x + b on images of 2x2 pixels, taken location by location, (4 N, C): y = x M + b with the matrix M of W.

    weight: (9 C, C'). bias, towards: as of `Dense`.
    """

    weight: Tensor
    bias: Tensor | None
    towards: tuple[Tensor, Tensor | None]
    kept: tuple[Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        matrix = whole_matrix(self.weight[None])[0]
        self.kept = x.view(-1, len(matrix)), matrix
        bias = None if self.bias is None else self.bias.repeat(WHOLE**2)
        y = torch.mm(*self.kept) if bias is None else torch.addmm(bias, *self.kept)
        return y.view(-1, self.weight.shape[1])

    def backward(self, gradient: Tensor) -> Tensor:
        (x, matrix), (weight, bias) = self.kept, self.towards
        if bias is not None:
            torch.sum(gradient, 0, out=bias)
        gradient = gradient.view(len(x), -1)
        pixels, outputs = WHOLE**2, weight.shape[1]
        by_matrix = torch.mm(x.t(), gradient).view(pixels, -1, pixels, outputs)
        by_entry = by_matrix.transpose(1, 2).reshape(len(ADDED_UP[0]), -1)
        torch.mm(ADDED_UP.to(by_entry), by_entry, out=weight.view(KERNEL**2, -1))
        return torch.mm(gradient, matrix.t()).view(-1, matrix.shape[0] // pixels)


@dataclass(eq=False)
class Normalize:
    """BatchNorm by the batch's statistics, of (N, C) or of images (N, C, s, s); it moves the running averages.

    learnt, towards: [scale, shift], each (C,), and the places for their gradients; None where it learns none.
    averages: mean and variance, (C,). epsilon: added to a variance before its root.
    """

    learnt: list[Tensor | None]
    towards: list[Tensor | None]
    averages: tuple[Tensor, Tensor]
    epsilon: float
    kept: tuple[Tensor, Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        y, mean, deviation = torch.native_batch_norm(
            x, *self.learnt, *self.averages, True, Context.momentum, self.epsilon
        )
        self.kept = x, mean, deviation
        return y

    def backward(self, gradient: Tensor) -> Tensor:
        x, mean, deviation = self.kept
        learns = self.learnt[0] is not None
        gradient, *found = KERNELS.native_batch_norm_backward(
            gradient, x, self.learnt[0], *self.averages, mean, deviation, True, self.epsilon, [True, learns, learns]
        )
        _write(self.towards, found)
        return gradient


@dataclass(eq=False)
class NormalizeExamples:
    """Layer normalization of (N, C), each example over its features.

    learnt, towards, epsilon: as of `Normalize`.
    """

    learnt: list[Tensor | None]
    towards: list[Tensor | None]
    epsilon: float
    kept: tuple[Tensor, Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        y, mean, deviation = torch.native_layer_norm(x, x.shape[1:], *self.learnt, self.epsilon)
        self.kept = x, mean, deviation
        return y

    def backward(self, gradient: Tensor) -> Tensor:
        x, mean, deviation = self.kept
        learns = self.learnt[0] is not None
        gradient, *found = KERNELS.native_layer_norm_backward(
            gradient, x, x.shape[1:], mean, deviation, *self.learnt, [True, learns, learns]
        )
        _write(self.towards, found)
        return gradient


@dataclass(eq=False)
class Activate:
    """y = g(x), each number by itself."""

    activation: Activation
    kept: tuple[Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        y = activate(x, self.activation)  # ReLU writes over x
        self.kept = x, y
        return y

    def backward(self, gradient: Tensor) -> Tensor:
        x, y = self.kept
        match self.activation:
            case Activation.SIGMOID:
                return KERNELS.sigmoid_backward(gradient, y)
            case Activation.TANH:
                return KERNELS.tanh_backward(gradient, y)
            case Activation.RELU:
                return KERNELS.threshold_backward(gradient, y, 0)
            case Activation.LEAKY_RELU:
                return KERNELS.leaky_relu_backward(gradient, x, LEAK, False)
            case Activation.GELU:
                return KERNELS.gelu_backward(gradient, x)
            case _:
                return gradient


@dataclass(eq=False)
class Halve:
    """The means over 2x2 pixels of images (N, C, s, s)."""

    x: Tensor = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return functional.avg_pool2d(x, 2)

    def backward(self, gradient: Tensor) -> Tensor:
        return KERNELS.avg_pool2d_backward(gradient, self.x, [2, 2], [2, 2], [0, 0], False, True, None)


@dataclass(eq=False)
class Locations:
    """Images (N, C, s, s) as the channels of each location, (N s s, C)."""

    shape: torch.Size = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.shape = x.shape
        return x.movedim(1, 3).contiguous().view(-1, x.shape[1])

    def backward(self, gradient: Tensor) -> Tensor:
        examples, channels, *sides = self.shape
        return gradient.view(examples, *sides, channels).movedim(3, 1)


@dataclass(eq=False)
class Flatten:
    """The locations of an example (N s s, C) side by side, (N, s s C)."""

    places: int
    channels: int = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.channels = x.shape[1]
        return x.view(-1, self.places * self.channels)

    def backward(self, gradient: Tensor) -> Tensor:
        return gradient.view(-1, self.channels)


class Backpropagation:
    """One network, plain or normalized before its activation functions, and the gradient by its parameters.

    Args:
        network: one that `can` be written out.
        parts, gradients: its parameters and the places for their gradients, blocks by name, of a stack of one.
        state: what its normalizations remember, which is written over.
    """

    def __init__(
        self, network: Network, parts: dict[str, Tensor], gradients: dict[str, Tensor], state: NetworkState
    ) -> None:
        convolves = isinstance(network, Convolutional)
        self.shape = (1, network.sides[0], network.sides[0]) if convolves else (-1,)
        self.steps: list[Step] = []
        images = convolves
        for i, place in enumerate(network.maps):
            (weight, bias, *learnt), (to_weight, to_bias, *towards) = (
                [blocks.get(f"{place}.{name}") for name in ("weight", "bias", "scale", "shift")]
                for blocks in (parts, gradients)
            )
            hidden = place != "output"
            if images and (not hidden or network.sides[i] == WHOLE):
                self.steps.append(Locations())
                images = False
            if images:
                kernels = _kernels(weight[0]), bias, (_kernels(to_weight[0]), to_bias)
                self.steps.append(Convolution(*kernels, first=i == 0))
            elif convolves and hidden:
                self.steps.append(WholeConvolution(weight[0], bias, (to_weight[0], to_bias)))
            else:
                self.steps += [Flatten(network.sides[-1] ** 2)] if convolves else []
                self.steps.append(Dense(weight[0], bias, (to_weight[0], to_bias)))
            if hidden:
                self.steps += _normalizing(network.hidden_layer, learnt, towards, state[place])
                self.steps.append(Activate(network.config.activation))
            if images and network.sides[i + 1] < network.sides[i]:
                self.steps.append(Halve())

    @staticmethod
    def can(network: Network) -> bool:
        """Return whether a network is of those that are written out."""
        config, layer = network.config, type(network.hidden_layer)
        return (
            config.kind in WRITTEN_OUT.get(layer, ())
            and type(network.input_layer) is Layer
            and (layer is Layer or config.placement is Placement.BEFORE)
            and not config.dropout
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, C) of inputs (N, ...)."""
        x = x.reshape(len(x), *self.shape)
        for step in self.steps:
            x = step.forward(x)
        return x

    def backward(self, gradient: Tensor) -> None:
        """Write the gradients by the parameters, given that (N, C) by the outputs just computed."""
        for step in reversed(self.steps):
            gradient = step.backward(gradient)


def _normalizing(layer: Layer, learnt: list[Tensor | None], towards: list[Tensor | None], state: State) -> list[Step]:
    """Return the step that a normalization is, or none."""
    if isinstance(layer, BatchNorm):
        return [Normalize(learnt, towards, (state["mean"].view(-1), state["variance"].view(-1)), layer.epsilon)]
    return [NormalizeExamples(learnt, towards, layer.epsilon)] if isinstance(layer, LayerNorm) else []


def _write(places: Sequence[Tensor | None], values: Sequence[Tensor]) -> None:
    """Copy the values into the places that there are."""
    for place, value in zip(places, values, strict=True):
        if place is not None:
            place.copy_(value)


def _kernels(weight: Tensor) -> Tensor:
    """View a weight (k k C, C') as kernels (C', C, k, k)."""
    return weight.unflatten(0, (KERNEL, KERNEL, -1)).permute(3, 2, 0, 1)
