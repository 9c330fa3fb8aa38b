"""Outputs of many convolutional networks on a plane of parameters, written out as products of matrices.

In small images a kernel covers much of the image, or all: a convolution of 2x2 pixels is a product with a matrix without
zeros, one of 4x4 pixels a product for each row. They take less time than PyTorch's grouped convolution, and leave the
examples of a unit side by side, where BatchNorm is fastest. Without gradient only, on fixed examples, by their own
statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import torch
from torch import Tensor

from models.cnn import Convolutional
from models.fast.convolutions import (
    ROW_BY_ROW,
    Band,
    bands_of,
    batch_factor,
    centred,
    output_matrix,
    patches_of,
    quarters_of,
)
from models.fast.kernels import Pair, activate_, normalize_rows
from models.fast.perceptrons import plain_or_batch
from models.network import Network
from models.normalization import Normalization

SIDES = (4, 8)
"""Pixels along an edge of the images of which all layers but the first see 4x4 or 2x2."""

MOST_CHANNELS = 64
"""With more, convolutions are as fast as the matrices: at 4x4 pixels three eighths of these are zeros."""

LEAST_EXAMPLES = 32
"""With fewer, the matrices cost more than the products with them, and as many as have room for them are too large."""

AT_ONCE = 2**19
"""Bytes of a quarter of the first layer that are computed together for each thread, to meet in the second-level cache."""


class Memory:
    """Memory of one array at a time, of any shape: what it held is written over.

    Made anew, arrays of one size do not fit where those before them have been: of glibc's blocks with their alignment a
    few bytes stay behind, and a surface holds much more than it needs.
    """

    def __init__(self, like: Tensor) -> None:
        self.flat = like.new_empty(0)

    def shaped(self, *shape: int) -> Tensor:
        """Return an array of that shape, whose numbers are any."""
        size = prod(shape)
        if self.flat.numel() < size:
            self.flat = self.flat.new_empty(size)
        return self.flat[:size].view(shape)


@dataclass(frozen=True, eq=False)
class Batch:
    """The examples of a batch: what kernels see in each quarter of the pixels, `(4, 10, L / 4 * N)`, and its covariance.

    The covariance is None where nothing is normalized.
    """

    quarters: Tensor
    covariance: Tensor | None

    @staticmethod
    def of(x: Tensor, normalizes: bool) -> Batch:
        """Return the batch of images `(1, N, ...)`; normalizing takes their means away."""
        patches, covariance = patches_of(x), None
        if normalizes:
            patches, _, covariance = centred(patches)
        return Batch(quarters_of(patches.to(x.dtype)), covariance)


class ImageEvaluation:
    """The forward pass of convolutional networks on a plane of parameters, plain or with BatchNorm.

    z_1 = W_1 p for the patches p around all pixels. BatchNorm's statistics of it follow from the mean m and the covariance
    S of the patches: a unit of weights w has mean w m and variance w S w, so that scale and shift go into the weights.
    Pixels whose mean is taken next lie in four quarters, which are computed one after the other and added up; the 1/4 is
    in the next weights. From then on z = M h, with M the convolution as a matrix, or one for each row of 4x4 pixels.

    Source: for the normalization Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1.

    Args:
        network: one that `can` be evaluated so.
        basis: (1 + K, P), the origin of the plane and its directions.
        batches: the examples of each batch, `(1, N, *inputs)`.
        members: how many points are to be in a call.
    """

    def __init__(self, network: Convolutional, basis: Tensor, batches: Sequence[Tensor], members: int) -> None:
        self.network, self.members = network, members
        self.normalizes = network.config.normalization is Normalization.BATCH
        self.channels, self.seen = network.config.width, network.sides[1:]  # seen by all layers after the first
        parts = network.layout.split(basis)
        first, *hidden, output = network.maps
        weights = [parts[f"{place}.weight"] for place in (*hidden, output)]
        halved = [after < before for before, after in pairwise(network.sides)]
        weights = [weight / 4 if sums else weight for weight, sums in zip(weights, halved, strict=True)]
        self.first = parts[f"{first}.weight"].transpose(1, 2).contiguous()
        layers = [bands_of(*layer) for layer in zip(weights[:-1], self.seen[:-1], strict=True)]
        self.inputs = [[inputs for inputs, _ in bands] for bands in layers]
        matrices = [matrix for bands in layers for _, matrix in bands]
        matrices.append(output_matrix(weights[-1], self.seen[-1]))
        self.shapes = [matrix.shape[1:] for matrix in matrices]
        self.basis = torch.cat([matrix.flatten(1) for matrix in matrices], dim=1)
        self.bias = parts[f"{output}.bias"]
        names = [name for name in ("scale", "shift", "bias") if f"{first}.{name}" in parts]
        learnt = [parts[f"{place}.{name}"] for place in (first, *hidden) for name in names]
        self.learnt = torch.stack(learnt).unflatten(0, (-1, len(names))) if names else None
        self.batches = [Batch.of(x, self.normalizes) for x in batches]
        self.matrices, self.sums, self.quarters = Memory(basis), Memory(basis), Memory(basis)
        # To and fro: a layer reads what the one before it wrote. One memory for each row of its outputs.
        self.rows = [[Memory(basis) for _ in range(ROW_BY_ROW)] for _ in range(2)]
        self.whole, self.halves, self.pooled = Memory(basis), Memory(basis), Memory(basis)

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
        learnt = self._learnt(coefficients)
        bias = torch.mm(coefficients, self.bias).unsqueeze(2)
        outputs = []
        for batch in self.batches:
            x, own = self._first_layer(self._first_weights(first, batch, learnt[0]), batch.quarters), iter(matrices)
            for i, inputs in enumerate(self.inputs, start=1):
                x = self._hidden_layer(i, [(seen, next(own)) for seen in inputs], x, learnt[i])
            outputs.append(torch.bmm(output, x).add_(bias).transpose(1, 2))
        return outputs

    def _matrices(self, coefficients: Tensor) -> list[Tensor]:
        """Return the matrices of all layers but the first at points `(E, 1 + K)`, each `(E, outputs, inputs)`."""
        flat = self.matrices.shaped(len(coefficients), self.basis.shape[1])
        parts = torch.mm(coefficients, self.basis, out=flat).split([prod(shape) for shape in self.shapes], dim=1)
        return [part.unflatten(1, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _learnt(self, coefficients: Tensor) -> list[Pair]:
        """Return scale and shift of each layer at points `(E, 1 + K)`, each `(E, channels)`; a bias is a shift alone."""
        if self.learnt is None:
            return [(None, None)] * len(self.seen)
        pairs = [own.unbind() for own in torch.matmul(coefficients, self.learnt)]
        return [(pair[0] if self.normalizes else None, pair[-1]) for pair in pairs]

    def _first_weights(self, weights: Tensor, batch: Batch, learnt: Pair) -> Tensor:
        """Return weights `(E, channels, 10)` on patches and a 1: those on patches, with bias or normalization."""
        scale, shift = learnt
        if batch.covariance is not None:
            factor = batch_factor(weights.transpose(1, 2), batch.covariance, self.network.hidden_layer.epsilon)
            weights = weights * (factor if scale is None else scale * factor).unsqueeze(2)
        shift = weights.new_zeros(weights.shape[:2]) if shift is None else shift
        return torch.cat([weights, shift.unsqueeze(2)], dim=2)

    def _first_layer(self, weights: Tensor, quarters: Tensor) -> Tensor:
        """Return the sums over 2x2 pixels of the first activations, `(E, units, N)`, in the order that is seen next."""
        members, values, side = len(weights), quarters.shape[2], self.seen[0]
        rows = side if side == ROW_BY_ROW else 1
        sums = self.sums.shaped(members, rows, self.channels, values // rows)
        count = max(1, AT_ONCE * torch.get_num_threads() // (members * values * weights.element_size()))
        total, other = self.quarters.shaped(2, members * min(count, self.channels), values)
        for some, out in zip(weights.split(count, dim=1), sums.split(count, dim=2), strict=True):
            own = some.flatten(0, 1)
            y = self._activate(torch.mm(own, quarters[0], out=total[: len(own)]))
            for quarter in quarters[1:]:
                y.add_(self._activate(torch.mm(own, quarter, out=other[: len(own)])))
            out.copy_(y.view(members, -1, rows, values // rows).transpose(1, 2))
        return sums.view(members, self.channels * side**2, -1)

    def _hidden_layer(self, layer: int, bands: Sequence[Band], x: Tensor, learnt: Pair) -> Tensor:
        """Return the activations `(E, units, N)` of the next layer, or their sums over 2x2 pixels."""
        (members, _, examples), (side, next_side) = x.shape, self.seen[layer - 1 : layer + 1]
        rows = []
        for (inputs, matrix), memory in zip(bands, self.rows[layer % 2], strict=False):
            out = memory.shaped(members, matrix.shape[1], examples)
            rows.append(torch.bmm(matrix, x[:, inputs], out=out).view(members * self.channels, -1))
        y = rows[0]
        if len(rows) > 1:
            y = torch.cat(rows, dim=1, out=self.whole.shaped(len(y), side**2 * examples))
        y = self._activate(self._follow(y, learnt))
        return (self._pooled(y) if next_side < side else y).view(members, -1, examples)

    def _pooled(self, y: Tensor) -> Tensor:
        """Return the sums over 2x2 of 4x4 pixels: `(E channels, 16 N) -> (E channels, 4 N)`."""
        pixels = y.view(len(y), 2, 2, 2, 2, -1)  # rows in pairs, columns in pairs
        above, below = pixels.unbind(2)
        left, right = torch.add(above, below, out=self.halves.shaped(*above.shape)).unbind(3)
        return torch.add(left, right, out=self.pooled.shaped(*left.shape)).flatten(1)

    def _follow(self, y: Tensor, learnt: Pair) -> Tensor:
        """Normalize pre-activations `(E channels, pixels N)`, or add the bias; they may be written over."""
        scale, shift = (None if one is None else one.flatten() for one in learnt)
        if self.normalizes:
            return normalize_rows(y[None], (scale, shift), self.network.hidden_layer.epsilon)[0]
        return y if shift is None else y.add_(shift.unsqueeze(1))

    def _activate(self, y: Tensor) -> Tensor:
        return activate_(y, self.network.config.activation)
