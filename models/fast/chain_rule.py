"""The functions of one network, each with the chain rule through it, as `backpropagation` strings them together.

This is long as each kind of normalization has a gradient of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from models.activations import Activation
from models.cnn import KERNEL
from models.fast import kernels
from models.fast.convolutions import WHOLE, WHOLE_TAPS, whole_matrix
from models.normalization import Context
from models.normalization.noise import disturbance

ADDED_UP = functional.one_hot(WHOLE_TAPS, KERNEL**2).t().float()
"""Which entries of a matrix of 2x2 pixels are one of the kernel: 1 where they are, `(9, 16)`."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """What is learnt at one place of a network, or the places for the gradients by it.

    weight: (K, C). bias, scale, shift: (C,), or None where there is none.
    """

    weight: Tensor
    bias: Tensor | None
    scale: Tensor | None
    shift: Tensor | None

    @staticmethod
    def at(place: str, parts: dict[str, Tensor]) -> Learnt:
        """Return those at a place of blocks by name, of a stack of one."""
        bias, scale, shift = (parts.get(f"{place}.{name}") for name in ("bias", "scale", "shift"))
        return Learnt(parts[f"{place}.weight"][0], bias, scale, shift)

    @property
    def affine(self) -> kernels.Pair:
        """Scale and shift."""
        return self.scale, self.shift


@dataclass(eq=False)
class Now:
    """What of a training the steps of its network depend on: how far it has come, from 0 to 1, and where noise comes from."""

    progress: float = 1.0
    generators: tuple[torch.Generator, ...] = ()


class Step(Protocol):
    """One function of a network, with the chain rule through it."""

    def forward(self, x: Tensor) -> Tensor:
        """Return y = f(x), keeping what `backward` needs."""

    def backward(self, gradient: Tensor) -> Tensor:
        """Return dL/dx, given dL/dy; write dL by what the step learns."""


@dataclass(eq=False)
class Dense:
    """y = x W + b: dL/dx = dL/dy W^T, dL/dW = x^T dL/dy, dL/db = sum of dL/dy over the examples.

    first: whether nothing stands before it that learns, so that no gradient by x is wanted.
    """

    own: Learnt
    towards: Learnt
    first: bool = False
    x: Tensor = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return torch.mm(x, self.own.weight) if self.own.bias is None else torch.addmm(self.own.bias, x, self.own.weight)

    def backward(self, gradient: Tensor) -> Tensor:
        torch.mm(self.x.t(), gradient, out=self.towards.weight)
        if self.towards.bias is not None:
            torch.sum(gradient, 0, out=self.towards.bias)
        return gradient if self.first else torch.mm(gradient, self.own.weight.t())


class Convolution:
    """y = W * x + b with a border of zeros, on images (N, C, s, s). first: as of `Dense`."""

    def __init__(self, own: Learnt, towards: Learnt, first: bool) -> None:
        self.kernels, self.bias, self.first = _kernels(own.weight), own.bias, first
        self.to_kernels, self.to_bias = _kernels(towards.weight), towards.bias

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return torch.conv2d(x, self.kernels, self.bias, padding=KERNEL // 2)

    def backward(self, gradient: Tensor) -> Tensor:
        by_x, *found = kernels.convolution_backward(
            gradient, self.x, self.kernels, border=KERNEL // 2, by_x=not self.first, by_bias=self.bias is not None
        )
        _write((self.to_kernels, self.to_bias), found)
        return gradient if by_x is None else by_x


@dataclass(eq=False)
class WholeConvolution:
    """y = W * x + b on images of 2x2 pixels, taken location by location, (4 N, C): y = x M + b with the matrix M of W."""

    own: Learnt
    towards: Learnt
    kept: tuple[Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        matrix = whole_matrix(self.own.weight[None])[0]
        self.kept = x.view(-1, len(matrix)), matrix
        bias = None if self.own.bias is None else self.own.bias.repeat(WHOLE**2)
        y = torch.mm(*self.kept) if bias is None else torch.addmm(bias, *self.kept)
        return y.view(-1, self.own.weight.shape[1])

    def backward(self, gradient: Tensor) -> Tensor:
        (x, matrix), weight = self.kept, self.towards.weight
        if self.towards.bias is not None:
            torch.sum(gradient, 0, out=self.towards.bias)
        gradient = gradient.view(len(x), -1)
        pixels, outputs = WHOLE**2, weight.shape[1]
        by_matrix = torch.mm(x.t(), gradient).view(pixels, -1, pixels, outputs)
        by_entry = by_matrix.transpose(1, 2).reshape(len(ADDED_UP[0]), -1)
        torch.mm(ADDED_UP.to(by_entry), by_entry, out=weight.view(KERNEL**2, -1))
        return torch.mm(gradient, matrix.t()).view(-1, matrix.shape[0] // pixels)


@dataclass(eq=False)
class Normalize:
    """BatchNorm by the batch's statistics, of (N, C) or of images (N, C, s, s); it moves the running averages.

    averages: mean and variance, (C,). epsilon: added to a variance before its root. momentum: weight of a batch in the
    averages.
    """

    own: Learnt
    towards: Learnt
    averages: tuple[Tensor, Tensor]
    epsilon: float
    momentum: float
    kept: kernels.Kept = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        y, self.kept = kernels.batch_norm(x, self.own.affine, self.averages, self.epsilon, self.momentum)
        return y

    def backward(self, gradient: Tensor) -> Tensor:
        by_x, found = kernels.batch_norm_backward(gradient, self.kept, self.own.scale, self.averages, self.epsilon)
        _write(self.towards.affine, found)
        return by_x


@dataclass(eq=False)
class NormalizeByPart:
    """BatchNorm of strength t by the batch's statistics, of (N, C): y = scale u + shift, u = (x - t mean) / deviation^t.

    With xhat = (x - mean) / deviation, h = dL/du and m(.) the mean over the examples
    dL/dx = (h - t m(h) - t xhat (m(h xhat) + (1 - t) mean / deviation m(h))) / deviation^t.

    averages, epsilon, momentum: as of `Normalize`.
    """

    own: Learnt
    towards: Learnt
    averages: tuple[Tensor, Tensor]
    epsilon: float
    momentum: float
    strength: float
    kept: tuple[Tensor, Tensor, Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        xhat, (_, mean, factor) = kernels.batch_norm(x, (None, None), self.averages, self.epsilon, self.momentum)
        left = (1 - self.strength) * mean * factor  # of the mean, in deviations
        power = factor**self.strength
        self.kept = xhat, left, factor, power
        size = power / factor
        scale, shift = self.own.affine
        if scale is None or shift is None:
            return (xhat + left) * size
        return torch.addcmul(torch.addcmul(shift, left, size * scale), xhat, size * scale)

    def backward(self, gradient: Tensor) -> Tensor:
        (xhat, left, factor, power), scale = self.kept, self.own.scale
        mean, along = gradient.mean(0), (gradient * xhat).mean(0)
        if scale is not None:
            found = (along + left * mean) * power / factor * len(gradient), mean * len(gradient)
            _write(self.towards.affine, found)
            power = power * scale
        shift, slope = (-self.strength * power * values for values in (mean, along + left * mean))
        return torch.addcmul(torch.addcmul(shift, xhat, slope), gradient, power)


@dataclass(eq=False)
class Renormalize:
    """Batch renormalization of (N, C): y = scale (r xhat + d) + shift, r and d constants of this step.

    That is BatchNorm with r scale for its scale, so that with h = dL/dy
    dL/dscale = r sum(h xhat) + d sum(h), and dL/dx is BatchNorm's with that scale.

    averages: of mean and deviation, (C,), which it moves. epsilon, momentum: as of `Normalize`. now: of the training.
    limits: of r and d at a fraction of it.
    """

    own: Learnt
    towards: Learnt
    averages: tuple[Tensor, Tensor]
    epsilon: float
    momentum: float
    now: Now
    limits: Callable[[float], tuple[float, float]]
    kept: tuple[kernels.Kept, Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        xhat, kept = kernels.batch_norm(x, (None, None), (None, None), self.epsilon)
        (_, mean, factor), (stored_mean, stored) = kept, self.averages
        (r_max, d_max), deviation = self.limits(self.now.progress), factor.reciprocal()
        r = (deviation / stored).clamp_(1 / r_max, r_max)
        d = ((mean - stored_mean) / stored).clamp_(-d_max, d_max)
        self.kept = kept, r, d
        stored_mean.lerp_(mean, self.momentum)
        stored.lerp_(deviation, self.momentum)
        scale, shift = self.own.affine
        if scale is None or shift is None:
            return torch.addcmul(d, xhat, r)
        return torch.addcmul(torch.addcmul(shift, d, scale), xhat, r * scale)

    def backward(self, gradient: Tensor) -> Tensor:
        (kept, r, d), scale = self.kept, self.own.scale
        by_x, (along, total) = kernels.batch_norm_backward(
            gradient, kept, r if scale is None else r * scale, (None, None), self.epsilon
        )
        if along is not None and total is not None:
            _write(self.towards.affine, (torch.addcmul(r * along, d, total), total))
        return by_x


@dataclass(eq=False)
class Disturb:
    """The noise of one step of training upon (N, C): y = s x + m, both drawn anew. now: of the training."""

    now: Now
    scales: Tensor = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        shifts, scales = disturbance(x[None], Context(generators=self.now.generators))
        self.scales = scales[0]
        return torch.addcmul(shifts[0], self.scales, x)

    def backward(self, gradient: Tensor) -> Tensor:
        return gradient * self.scales


@dataclass(eq=False)
class NormalizeGroups:
    """Group normalization of (N, C), each example over each group of its features; epsilon as of `Normalize`."""

    own: Learnt
    towards: Learnt
    groups: int
    epsilon: float
    kept: kernels.Kept = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        y, self.kept = kernels.group_norm(x, self.own.affine, self.groups, self.epsilon)
        return y

    def backward(self, gradient: Tensor) -> Tensor:
        by_x, found = kernels.group_norm_backward(gradient, self.kept, self.own.scale, self.groups)
        _write(self.towards.affine, found)
        return by_x


@dataclass(eq=False)
class NormalizeExamples:
    """Layer normalization of (N, C), each example over its features; epsilon as of `Normalize`."""

    own: Learnt
    towards: Learnt
    epsilon: float
    kept: kernels.Kept = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        y, self.kept = kernels.layer_norm(x, self.own.affine, self.epsilon)
        return y

    def backward(self, gradient: Tensor) -> Tensor:
        by_x, found = kernels.layer_norm_backward(gradient, self.kept, self.own.affine)
        _write(self.towards.affine, found)
        return by_x


@dataclass(eq=False)
class Activate:
    """y = g(x), each number by itself."""

    activation: Activation
    kept: tuple[Tensor, Tensor] = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.kept = x, kernels.activate_(x, self.activation)
        return self.kept[1]

    def backward(self, gradient: Tensor) -> Tensor:
        return kernels.activate_backward(gradient, *self.kept, self.activation)


@dataclass(eq=False)
class Halve:
    """The means over 2x2 pixels of images (N, C, s, s)."""

    x: Tensor = field(init=False)

    def forward(self, x: Tensor) -> Tensor:
        self.x = x
        return functional.avg_pool2d(x, 2)

    def backward(self, gradient: Tensor) -> Tensor:
        return kernels.halve_backward(gradient, self.x)


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


@dataclass(eq=False)
class Skip:
    """y = x + f(x), f one step after the other: dL/dx = dL/dy + dL/dy f'(x)."""

    steps: Sequence[Step]

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for step in self.steps:
            y = step.forward(y)
        return x + y

    def backward(self, gradient: Tensor) -> Tensor:
        by_x = gradient
        for step in reversed(self.steps):
            by_x = step.backward(by_x)
        return gradient + by_x


def _write(places: Sequence[Tensor | None], values: Sequence[Tensor | None]) -> None:
    """Copy the values into the places that there are."""
    for place, value in zip(places, values, strict=True):
        if place is not None and value is not None:
            place.copy_(value)


def _kernels(weight: Tensor) -> Tensor:
    """View a weight (k k C, C') as kernels (C', C, k, k)."""
    return weight.unflatten(0, (KERNEL, KERNEL, -1)).permute(3, 2, 0, 1)
