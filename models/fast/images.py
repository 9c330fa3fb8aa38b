"""Outputs of many convolutional networks on a plane of parameters, written out as products of matrices.

In small images a kernel covers much of the image, or all: a convolution of 2x2 pixels is a product with a matrix without
zeros, one of 4x4 pixels a product for each row. They take a quarter, and a half or as much, of the time of PyTorch's
grouped convolution, and leave the examples of a unit side by side, as `models.evaluation` does, where BatchNorm takes a
tenth of the time. Without gradient only, on fixed examples, by their own statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isqrt, prod

import torch
from torch import Tensor
from torch.nn import functional

from models.activations import activate
from models.cnn import KERNEL, Convolutional, batch_factor, centred, patches_of, taps
from models.fast.perceptrons import plain_or_batch
from models.network import Network
from models.normalization.batch import BatchNorm, normalize_rows

SIDES = (4, 8)
"""Pixels along an edge of the images of which all layers but the first see 4x4 or 2x2."""

MOST_CHANNELS = 64
"""Of 96 channels the matrices are as fast as convolutions, of 128 slower: at 4x4 pixels three eighths are zeros."""

ROW_BY_ROW = 4
"""The side of an image whose rows have a matrix each: they see two or three rows of the four."""

LEAST_EXAMPLES = 32
"""With fewer, the matrices cost more than the products with them, and as many as have room for them are too large."""

AT_ONCE = 2**19
"""Bytes of a quarter of the first layer that are computed together for each thread, to meet in the second-level cache."""

Band = tuple[slice, Tensor]
"""Some of the inputs of a layer, and a matrix `(1 + K or E, outputs, inputs)` on these."""


class ImageEvaluation:
    """The forward pass of convolutional networks on a plane of parameters, plain or with BatchNorm.

    z_1 = W_1 p for the patches p around all pixels. BatchNorm's statistics of it follow from the mean m and the covariance
    S of the patches: a unit of weights w has mean w m and variance w S w, so that scale and shift go into the weights.
    Pixels whose mean is taken next lie in four quarters, which are computed one after the other and added up; the 1/4 is
    in the next weights. From then on z = M h, with M the convolution as a matrix. A unit is a channel at a pixel, in the
    order row, channel, column for 4x4 pixels, so that neighbouring rows lie together, and channel, row, column for 2x2.

    Source: for the normalization Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1.

    Args:
        network: one that `can` be evaluated so.
        basis: (1 + K, P), the origin of the plane and its directions.
        batches: the examples of each batch, `(1, N, *inputs)`.
    """

    def __init__(self, network: Convolutional, basis: Tensor, batches: Sequence[Tensor]) -> None:
        self.network, self.normalizes = network, isinstance(network.hidden_layer, BatchNorm)
        self.channels, self.seen = network.config.width, network.sides[1:]  # seen by all layers after the first
        parts = network.layout.split(basis)
        first, *hidden, output = network.maps
        weights = [parts[f"{place}.weight"] for place in (*hidden, output)]
        halved = [after < before for before, after in pairwise(network.sides)]
        weights = [weight / 4 if sums else weight for weight, sums in zip(weights, halved, strict=True)]
        self.first = parts[f"{first}.weight"].transpose(1, 2).contiguous()
        hidden_bands = [bands_of(*layer) for layer in zip(weights[:-1], self.seen[:-1], strict=True)]
        self.inputs = [[inputs for inputs, _ in bands] for bands in hidden_bands]
        matrices = [matrix for bands in hidden_bands for _, matrix in bands]
        matrices.append(output_matrix(weights[-1], self.seen[-1]))
        self.shapes = [matrix.shape[1:] for matrix in matrices]
        self.basis = torch.cat([matrix.flatten(1) for matrix in matrices], dim=1)
        self.bias = parts[f"{output}.bias"]
        names = ("scale", "shift") if self.normalizes else ("bias",)
        learnt = [[parts.get(f"{place}.{name}") for name in names] for place in (first, *hidden)]
        self.learnt = None if learnt[0][0] is None else torch.stack([torch.stack(own) for own in learnt])
        patches = [patches_of(x) for x in batches]
        covariances: list[Tensor | None] = [None] * len(patches)
        if self.normalizes:
            patches, _, covariances = zip(*map(centred, patches), strict=True)
        quarters = [quarters_of(one.to(basis.dtype)) for one in patches]
        self.batches = list(zip(quarters, covariances, strict=True))
        self.kept: dict[str, Tensor] = {}

    @staticmethod
    def can(network: Network, examples: int) -> bool:
        """Return whether a network is of those that are written out, on batches of so many examples."""
        small = isinstance(network, Convolutional) and network.sides[0] in SIDES and examples >= LEAST_EXAMPLES
        return small and network.config.width <= MOST_CHANNELS and plain_or_batch(network)

    def __call__(self, coefficients: Tensor) -> list[Tensor]:
        """Return the outputs `(E, N, C)` for each batch at the points `coefficients @ basis`.

        Args: coefficients `(E, 1 + K)`, the first of which, the origin's, is 1.
        """
        first = torch.mm(coefficients, self.first.flatten(1)).view(-1, *self.first.shape[1:])
        *matrices, output = self._matrices(coefficients)
        learnt = None if self.learnt is None else torch.matmul(coefficients, self.learnt)
        bias = torch.mm(coefficients, self.bias).unsqueeze(2)
        outputs = []
        for patches, covariance in self.batches:
            x, own = self._first_layer(self._first_weights(first, covariance, learnt), patches), iter(matrices)
            for i, inputs in enumerate(self.inputs, start=1):
                bands = [(seen, next(own)) for seen in inputs]
                x = self._hidden_layer(i, bands, x, None if learnt is None else learnt[i])
            outputs.append(torch.bmm(output, x).add_(bias).transpose(1, 2))
        return outputs

    def _room(self, name: str, *shape: int) -> Tensor:
        """Return memory of that shape, the same for a name at each call: what it held is written over.

        Made anew, arrays of one size did not fit where those before them had been: of glibc's blocks with their alignment
        a few bytes stay behind. A surface held up to 400 MB more than it needed.
        """
        size = prod(shape)
        if name not in self.kept or self.kept[name].numel() < size:
            self.kept[name] = self.basis.new_empty(size)
        return self.kept[name][:size].view(shape)

    def _matrices(self, coefficients: Tensor) -> list[Tensor]:
        """Return the matrices of all layers but the first at points `(E, 1 + K)`, each `(E, outputs, inputs)`."""
        flat = self._room("matrices", len(coefficients), self.basis.shape[1])
        parts = torch.mm(coefficients, self.basis, out=flat).split([prod(shape) for shape in self.shapes], dim=1)
        return [part.unflatten(1, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _first_weights(self, weights: Tensor, covariance: Tensor | None, learnt: Tensor | None) -> Tensor:
        """Return weights `(E, channels, 10)` on patches and a 1: those on patches, with bias or normalization."""
        if covariance is None:
            return torch.cat([weights, learnt[0, 0].unsqueeze(2)], dim=2)
        factor = batch_factor(weights.transpose(1, 2), covariance, self.network.hidden_layer.epsilon)
        scale, shift = (1.0, torch.zeros_like(factor)) if learnt is None else learnt[0]
        return torch.cat([weights * (scale * factor).unsqueeze(2), shift.unsqueeze(2)], dim=2)

    def _first_layer(self, weights: Tensor, patches: Tensor) -> Tensor:
        """Return the sums over 2x2 pixels of the first activations, `(E, units, N)`."""
        members, values, side = len(weights), patches.shape[2], self.seen[0]
        rows = side if side == ROW_BY_ROW else 1
        sums = self._room("sums", members, rows, self.channels, values // rows)
        count = max(1, AT_ONCE * torch.get_num_threads() // (members * values * weights.element_size()))
        total, other = self._room("quarters", 2, members * min(count, self.channels), values)
        for some, out in zip(weights.split(count, dim=1), sums.split(count, dim=2), strict=True):
            own = some.flatten(0, 1)
            y = self._activate(torch.mm(own, patches[0], out=total[: len(own)]))
            for quarter in patches[1:]:
                y.add_(self._activate(torch.mm(own, quarter, out=other[: len(own)])))
            out.copy_(y.view(members, -1, rows, values // rows).transpose(1, 2))
        return sums.view(members, self.channels * side**2, -1)

    def _hidden_layer(self, layer: int, bands: Sequence[Band], x: Tensor, learnt: Tensor | None) -> Tensor:
        """Return the activations `(E, units, N)` of the next layer, or their sums over 2x2 pixels."""
        (members, _, examples), (side, next_side) = x.shape, self.seen[layer - 1 : layer + 1]
        rows = []
        for i, (inputs, matrix) in enumerate(bands):
            # To and fro: a layer reads what the one before it wrote.
            out = self._room(f"row {i}, {layer % 2}", members, matrix.shape[1], examples)
            rows.append(torch.bmm(matrix, x[:, inputs], out=out).view(members * self.channels, -1))
        whole = self._room("rows", len(rows[0]), side**2 * examples) if len(rows) > 1 else None
        y = rows[0] if whole is None else torch.cat(rows, dim=1, out=whole)
        y = self._activate(self._follow(y, None if learnt is None else learnt.flatten(1)))
        return (self._pooled(y) if next_side < side else y).view(members, -1, examples)

    def _pooled(self, y: Tensor) -> Tensor:
        """Return the sums over 2x2 of 4x4 pixels: `(E channels, 16 N) -> (E channels, 4 N)`."""
        pixels = y.view(len(y), 2, 2, 2, 2, -1)
        above, below = pixels.unbind(2)
        left, right = torch.add(above, below, out=self._room("halves", *above.shape)).unbind(3)
        return torch.add(left, right, out=self._room("pooled", *left.shape)).flatten(1)

    def _follow(self, y: Tensor, learnt: Tensor | None) -> Tensor:
        """Normalize pre-activations `(E channels, pixels N)`, or add the bias; they may be written over."""
        if not self.normalizes:
            return y.add_(learnt[0].unsqueeze(1))
        own = (None, None) if learnt is None else learnt
        return normalize_rows(y[None], *own, self.network.hidden_layer.epsilon)[0]

    def _activate(self, y: Tensor) -> Tensor:
        return activate(y, self.network.config.activation)


def bands_of(weight: Tensor, side: int) -> list[Band]:
    """Return 3x3 convolutions `(1 + K, 9 * inputs, outputs)` of an image as matrices on its units.

    The outputs, those of a row of 4x4 pixels or of all 2x2, are in the order channel, row, column.

    >>> [tuple(matrix.shape) for _, matrix in bands_of(torch.ones(1, 9, 1), 4)]  # two rows are seen, or three
    [(1, 4, 8), (1, 4, 12), (1, 4, 12), (1, 4, 8)]

    Returns: bands of matrices `(1 + K, outputs in the band, inputs in the band)`.
    """
    kernels = functional.pad(weight.unflatten(1, (KERNEL**2, -1)), (0, 0, 0, 0, 0, 1))
    units, bands = side * kernels.shape[2], []
    height = 1 if side == ROW_BY_ROW else side
    for row in range(0, side, height):
        begin, end = max(row - 1, 0), min(row + height + 1, side)
        # (1 + K, row, column, input row, input column, input, output)
        entries = kernels[:, taps(side)[row : row + height, :, begin:end]]
        entries = entries.permute(0, 6, 1, 2, *((3, 5, 4) if side == ROW_BY_ROW else (5, 3, 4)))
        bands.append((slice(begin * units, end * units), entries.flatten(4).flatten(1, 3).contiguous()))
    return bands


def output_matrix(weight: Tensor, side: int) -> Tensor:
    """Return the output's weights `(1 + K, pixels * channels, C)` as matrices on the units, `(1 + K, C, units)`."""
    pixels = weight.unflatten(1, (side, side, -1))
    return pixels.permute(0, 4, *((1, 3, 2) if side == ROW_BY_ROW else (3, 1, 2))).flatten(2).contiguous()


def quarters_of(patches: Tensor) -> Tensor:
    """Return patches `(9, N, L)`, and a 1, in four quarters of their pixels: `(4, 10, L / 4 * N)`.

    A quarter has every second row and column; it is in the order row, column, example.
    """
    half = isqrt(patches.shape[2]) // 2
    patches = functional.pad(patches, (0, 0, 0, 0, 0, 1), value=1.0).unflatten(2, (half, 2, half, 2))
    return patches.permute(3, 5, 0, 2, 4, 1).reshape(4, KERNEL**2 + 1, -1)
