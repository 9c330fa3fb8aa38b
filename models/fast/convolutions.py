"""Convolutions of images of a few pixels as matrices, and the statistics of what a kernel sees.

A unit is a channel at a pixel. Where axes change places they have letters: k counts origin and directions, i inputs and o
outputs of a layer, y and x rows and columns, Y and X those of the inputs.
"""

from __future__ import annotations

from math import isqrt

import torch
from torch import Tensor
from torch.nn import functional

from models.cnn import KERNEL

WHOLE = 2
"""The side of an image of which a kernel sees all from each pixel: its convolution is a matrix without zeros."""

ROW_BY_ROW = 4
"""The side of an image whose rows have a matrix each: they see two or three rows of the four."""

Band = tuple[slice, Tensor]
"""Some of the inputs of a layer, and a matrix `(1 + K or E, outputs, inputs)` on these."""


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


def seen_order(side: int) -> str:
    """Return in which order the inputs of a layer on such images lie.

    Row, channel, column where rows have matrices of their own, so that neighbouring rows lie together; else channel, row,
    column, as the outputs of every layer do.
    """
    return "YiX" if side == ROW_BY_ROW else "iYX"


def bands_of(weight: Tensor, side: int) -> list[Band]:
    """Return 3x3 convolutions `(1 + K, 9 * inputs, outputs)` of an image as matrices on its units.

    The outputs, those of a row of 4x4 pixels or of all 2x2, are in the order channel, row, column.

    >>> [tuple(matrix.shape) for _, matrix in bands_of(torch.ones(1, 9, 1), 4)]  # two rows are seen, or three
    [(1, 4, 8), (1, 4, 12), (1, 4, 12), (1, 4, 8)]

    Returns: bands of matrices `(1 + K, outputs in the band, inputs in the band)`.
    """
    kernels = functional.pad(weight.unflatten(1, (KERNEL**2, -1)), (0, 0, 0, 0, 0, 1))  # a tenth entry, 0, for unseen
    units, bands = side * kernels.shape[2], []
    height = 1 if side == ROW_BY_ROW else side
    for row in range(0, side, height):
        begin, end = max(row - 1, 0), min(row + height + 1, side)
        entries = kernels[:, taps(side)[row : row + height, :, begin:end]]
        entries = torch.einsum(f"kyxYXio->koyx{seen_order(side)}", entries)
        bands.append((slice(begin * units, end * units), entries.flatten(4).flatten(1, 3).contiguous()))
    return bands


def output_matrix(weight: Tensor, side: int) -> Tensor:
    """Return the output's weights `(1 + K, pixels * channels, C)` as matrices on the units, `(1 + K, C, units)`."""
    pixels = weight.unflatten(1, (side, side, -1))
    return torch.einsum(f"kYXio->ko{seen_order(side)}", pixels).flatten(2).contiguous()


def quarters_of(patches: Tensor) -> Tensor:
    """Return patches `(9, N, L)`, and a 1, in four quarters of their pixels: `(4, 10, L / 4 * N)`.

    A quarter (a, b) has every second row and column; it is in the order row, column, example (n).
    """
    half = isqrt(patches.shape[2]) // 2
    patches = functional.pad(patches, (0, 0, 0, 0, 0, 1), value=1.0).unflatten(2, (half, 2, half, 2))
    return torch.einsum("pnyaxb->abpyxn", patches).reshape(4, KERNEL**2 + 1, -1)
