"""The convolutional network: `depth` convolutions of `width` channels, and a linear output."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from math import isqrt

from torch import Tensor
from torch.nn import functional

from models.network import Map, Network, image_side
from models.normalization import Context, Layer, NetworkState

KERNEL = 3
"""Pixels along an edge of a convolution's kernel."""

POOLED = 2
"""Number of layers, from the first on, after which the image is halved."""


class Convolutional(Network):
    """z_1 = W_1 * x + b_1, h_i = pool(g(normalize(z_i))), z_{i+1} = W_{i+1} * h_i + b_{i+1}; the output is linear in h.
    With skip connections h_i = pool(h_{i-1} + g(normalize(z_i))) for all but the first.

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
        for i, (side, next_side) in enumerate(pairwise(self.sides), start=1):
            passed = self.passed_by(i, x)
            x = self.convolved(f"layer{i}", x, parts, state, context)
            x = x if passed is None else passed + x
            if next_side < side:
                x = self.halve(x)
        return self.map("output", x.flatten(2), parts, context)

    def convolved(
        self, place: str, x: Tensor, parts: dict[str, Tensor], state: NetworkState, context: Context
    ) -> Tensor:
        """Return what the layer of that place makes of activations: `(E or 1, N, L, C) -> (E, N, L, width)`."""
        x = self.map(place, x, parts, context, self.convolve)
        return self.hidden(place, x, parts, state, context)

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Convolve each member's activations with its own 3x3 weights: `x (E or 1, N, L, C) -> (E, N, L, width)`.

        The stack is one convolution with a group of channels for each member, or without groups where it shares its
        inputs.

        Args: weight `(E, 9 * C, width)`; bias `(E, width)` or None.
        """
        members, inputs, width = weight.shape
        channels = inputs // KERNEL**2
        kernels = weight.view(members, KERNEL, KERNEL, channels, width).permute(0, 4, 3, 1, 2)
        kernels = kernels.reshape(members * width, channels, KERNEL, KERNEL)
        bias = None if bias is None else bias.flatten()
        y = functional.conv2d(images(x), kernels, bias, padding=KERNEL // 2, groups=x.shape[0])
        return locations(y, members)

    def halve(self, x: Tensor) -> Tensor:
        """Take the means over 2x2 pixels: `(E, N, L, C) -> (E, N, L / 4, C)`."""
        return locations(functional.avg_pool2d(images(x), 2), x.shape[0])


def images(x: Tensor) -> Tensor:
    """View activations `(E, N, L, C)` as images `(N, E * C, s, s)`, the stack among their channels."""
    members, examples, places, channels = x.shape
    side = isqrt(places)
    return x.permute(1, 0, 3, 2).reshape(examples, members * channels, side, side)


def locations(x: Tensor, members: int) -> Tensor:
    """View images `(N, E * C, s, s)` as activations `(E, N, L, C)`: the inverse of `images`."""
    examples, channels, side, _ = x.shape
    return x.reshape(examples, members, channels // members, side * side).permute(1, 0, 3, 2)
