"""The convolutional network: `depth` convolutions of `width` channels, and a linear output."""

from __future__ import annotations

from functools import cached_property
from math import isqrt

import torch
from torch import Tensor
from torch.nn import functional

from models.activations import activate
from models.config import Placement
from models.network import Map, Network, dense, image_side
from models.normalization import Context, Layer, NetworkState
from models.normalization.batch import BatchNorm

KERNEL = 3
"""Pixels along an edge of a convolution's kernel."""

POOLED = 2
"""Number of layers, from the first on, after which the image is halved."""

WHOLE = 2
"""The side of an image of which a kernel sees all from each pixel."""


class Convolutional(Network):
    """z_1 = W_1 * x + b_1, h_i = pool(g(normalize(z_i))), z_{i+1} = W_{i+1} * h_i + b_{i+1}; the output is linear in h.

    `*` is a 3x3 convolution with a border of zeros, which keeps the size. After each of the first two layers means over
    2x2 pixels halve an image of even size 4 or more: 8x8 becomes 4x4, then 2x2. The output sees every location of the
    last layer. Inputs of s*s numbers are an s x s image of one channel, row by row; on the input a normalization takes
    each pixel as a feature of its own, as scales may differ between pixels.

    Activations are `(E, N, L, C)` with L locations; a weight is `(9 * channels, width)`: what a unit sees of a patch,
    row by row, then its channels, so that a filter is a column, as it is in a dense layer.
    """

    @cached_property
    def sides(self) -> list[int]:
        """The sizes of the image that each layer sees, and of the one that the output sees."""
        sides = [image_side(self.inputs, self.config.kind)]
        for i in range(self.config.depth):
            halves = i < POOLED and sides[-1] >= 4 and sides[-1] % 2 == 0
            sides.append(sides[-1] // 2 if halves else sides[-1])
        return sides

    def linear_maps(self) -> list[Map]:
        width, depth, patch = self.config.width, self.config.depth, KERNEL**2
        sizes = [1] + [width] * depth
        hidden = [
            self.hidden_map(f"layer{i}", patch * sizes[i - 1], width, fan_out=patch * width)
            for i in range(1, depth + 1)
        ]
        return [*hidden, Map("output", self.sides[-1] ** 2 * width, self.outputs, Layer())]

    def normalized_places(self) -> dict[str, tuple[Layer, int]]:
        hidden = {f"layer{i}": (self.hidden_layer, self.config.width) for i in range(1, self.config.depth + 1)}
        return {"input": (self.input_layer, self.sides[0] ** 2), **hidden}

    @property
    def working_size(self) -> int:
        """The mean over the layers."""
        return sum(side**2 for side in self.sides[:-1]) * self.config.width // self.config.depth

    def apply(self, parts: dict[str, Tensor], state: NetworkState, x: Tensor, context: Context) -> Tensor:
        x = self.normalize("input", x.flatten(2), parts, state, context).unsqueeze(3)
        for i, (side, next_side) in enumerate(zip(self.sides, self.sides[1:], strict=False), start=1):
            if i == 1 and self._normalizes_by_weights(x, context):
                x = activate(self._normalized_by_weights(x, parts), self.config.activation)
            else:
                x = self.map(f"layer{i}", x, parts, context, convolve)
                x = self.hidden(f"layer{i}", x, parts, state, context)
            if next_side < side:
                x = halve(x)
        return self.map("output", x.flatten(2), parts, context)

    def _normalizes_by_weights(self, x: Tensor, context: Context) -> bool:
        """Return whether BatchNorm of the first layer is to go into its weights.

        In 8x8 images the first activations are as large as those of all other layers together. Where they are kept for a
        gradient this takes two thirds of the time, and half of the memory, of products with the Hessian.
        """
        kind = type(self.input_layer) is Layer and type(self.hidden_layer) is BatchNorm
        kept = torch.is_grad_enabled() and not x.requires_grad and x.shape[0] == 1
        own = context.statistics == "batch" and not (context.momentum or context.training or context.tap)
        return kind and kept and own and self.config.placement is Placement.BEFORE

    def _normalized_by_weights(self, x: Tensor, parts: dict[str, Tensor]) -> Tensor:
        """Return the first pre-activations, by BatchNorm: `(1, N, L, 1) -> (E, N, L, width)`.

        Of patches with means m and covariance S a unit of weights w has mean w m and variance w S w: with
        v = w scale / sqrt(w S w + epsilon) it is v * x + shift - v m.
        """
        weight, own = parts["layer1.weight"], self.own("layer1", parts)
        _, mean, covariance = centred(patches_of(x))
        factor = batch_factor(weight, covariance, self.hidden_layer.epsilon)
        weight = weight * (factor * own["scale"] if own else factor).unsqueeze(1)
        bias = -torch.einsum("eiw,i->ew", weight.to(mean.dtype), mean).to(weight.dtype)
        return convolve(x, weight, bias + own["shift"] if own else bias)


def images(x: Tensor) -> Tensor:
    """View activations `(E, N, L, C)` as images `(N, E * C, s, s)`, the stack among their channels."""
    members, examples, places, channels = x.shape
    side = isqrt(places)
    return x.permute(1, 0, 3, 2).reshape(examples, members * channels, side, side)


def locations(x: Tensor, members: int) -> Tensor:
    """View images `(N, E * C, s, s)` as activations `(E, N, L, C)`: the inverse of `images`."""
    examples, channels, side, _ = x.shape
    return x.reshape(examples, members, channels // members, side * side).permute(1, 0, 3, 2)


def halve(x: Tensor) -> Tensor:
    """Take the means over 2x2 pixels: `(E, N, L, C) -> (E, N, L / 4, C)`.

    >>> halve(torch.arange(16.0).view(1, 1, 16, 1)).flatten().tolist()
    [2.5, 4.5, 10.5, 12.5]
    """
    if torch.is_grad_enabled() or x.stride(2) > 1:
        return locations(functional.avg_pool2d(images(x), 2), x.shape[0])
    # Where the pixels of a channel lie side by side in memory, sums of slices take a sixth of the kernel's time.
    half = isqrt(x.shape[2]) // 2
    pixels = x.unflatten(2, (half, 2, half, 2))
    rows = pixels[:, :, :, 0] + pixels[:, :, :, 1]
    return (rows[:, :, :, :, 0] + rows[:, :, :, :, 1]).mul_(0.25).flatten(2, 3)


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve each member's activations with its own 3x3 weights: `x (E or 1, N, L, C) -> (E, N, L, width)`.

    The stack is one convolution with a group of channels for each member, or without groups where it shares its inputs.
    Activations stay in memory as images, so that only their views are channels last. Unfolding the patches for a
    batched product gives the same numbers; on a CPU it took 5 to 7 times as long with its gradient. Of 2x2 pixels each
    sees all: that is a product with a matrix, which takes less than half of the time.

    Args: weight `(E, 9 * C, width)`; bias `(E, width)` or None.

    >>> import torch
    >>> x, weight = torch.ones(1, 1, 16, 1), torch.ones(1, 9, 1)
    >>> convolve(x, weight, None).view(4, 4)  # how many of a pixel's nine neighbours are in the image
    tensor([[4., 6., 6., 4.],
            [6., 9., 9., 6.],
            [6., 9., 9., 6.],
            [4., 6., 6., 4.]])
    """
    members, inputs, width = weight.shape
    channels = inputs // KERNEL**2
    if x.shape[2] == WHOLE**2:
        y = dense(x.flatten(2), whole_matrix(weight), None if bias is None else bias.repeat(1, WHOLE**2))
        return y.unflatten(2, (WHOLE**2, width))
    kernels = weight.view(members, KERNEL, KERNEL, channels, width).permute(0, 4, 3, 1, 2)
    kernels = kernels.reshape(members * width, channels, KERNEL, KERNEL)
    bias = None if bias is None else bias.flatten()
    y = functional.conv2d(images(x), kernels, bias, padding=KERNEL // 2, groups=x.shape[0])
    return locations(y, members)


def taps(side: int) -> Tensor:
    """Return by which entry of a 3x3 kernel a pixel sees another: `(row, column, input row, input column)`, 9 by none.

    >>> taps(2)[0, 0]  # the first of 2x2 pixels sees itself by the middle of the kernel
    tensor([[4, 5],
            [7, 8]])
    """
    pixels = torch.arange(side)
    along = pixels - pixels[:, None] + KERNEL // 2
    rows, columns = along[:, None, :, None], along[None, :, None, :]
    inside = (rows >= 0) & (rows < KERNEL) & (columns >= 0) & (columns < KERNEL)
    return torch.where(inside, KERNEL * rows + columns, KERNEL**2)


def patches_of(x: Tensor) -> Tensor:
    """Return what a 3x3 kernel sees of one channel's images `(1, N, ...)`, at each of L pixels: `(9, N, L)`."""
    side = isqrt(x[0, 0].numel())
    return functional.unfold(x.reshape(-1, 1, side, side), KERNEL, padding=KERNEL // 2).transpose(0, 1)


def centred(patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return patches `(9, N, L)` less their means, the means `(9,)`, and the covariance `(9, 9)`, all in float64.

    >>> patches, mean, covariance = centred(patches_of(torch.arange(32.0).view(1, 2, 16)))
    >>> mean[4].item(), covariance[4, 4].item(), patches[4].square().mean().item()  # the middle: all pixels
    (15.5, 85.25, 85.25)
    """
    rows = patches.flatten(1).double()
    mean = rows.mean(1)
    rows -= mean[:, None]
    return rows.view(patches.shape), mean, rows @ rows.t() / rows.shape[1]


def batch_factor(weight: Tensor, covariance: Tensor, epsilon: float) -> Tensor:
    """Return 1 / sqrt(variance + epsilon) of units with weights `(E, inputs, units)` on inputs of that covariance.

    The variance is w S w, as exact as the covariance.

    Returns: `(E, units)`, of the weights' precision.
    """
    exact = weight.to(covariance.dtype)
    return ((covariance @ exact * exact).sum(1) + epsilon).rsqrt().to(weight.dtype)


WHOLE_TAPS = taps(WHOLE).permute(2, 3, 0, 1).flatten()
"""The entries by which pixels are seen by others, `(4 * 4,)`, input pixels first."""


def whole_matrix(weight: Tensor) -> Tensor:
    """Return convolutions of 2x2 pixels as matrices: `(E, 9 * C, width) -> (E, 4 * C, 4 * width)`, pixel by pixel.

    >>> whole_matrix(torch.arange(9.0).view(1, 9, 1))[0]
    tensor([[4., 3., 1., 0.],
            [5., 4., 2., 1.],
            [7., 6., 4., 3.],
            [8., 7., 5., 4.]])
    """
    entries = weight.unflatten(1, (KERNEL**2, -1)).index_select(1, WHOLE_TAPS.to(weight.device))
    return entries.unflatten(1, (WHOLE**2, -1)).transpose(2, 3).flatten(3).flatten(1, 2)
