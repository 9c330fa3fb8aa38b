"""Planes through a network's parameters: where a landscape is cut.

Follows Li et al. 2018 (arXiv 1712.09913) for filter normalization and the plane of a trajectory; directions never
include buffers, and the second is made orthogonal to the first after both are normalized.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from models.layout import Layout


@dataclass(frozen=True, eq=False)
class Plane:
    """An origin and two directions: the point (alpha, beta) is `origin + alpha * directions[0] + beta * directions[1]`.

    origin: (P,). directions: (2, P), or (1, P) for a line.
    labels: of the axes. cosine: between the directions.
    explained_variance: (2,) share of a trajectory's variance along each, where the plane was made from one.
    """

    origin: np.ndarray
    directions: np.ndarray
    labels: tuple[str, ...]
    explained_variance: np.ndarray | None = None

    @cached_property
    def cosine(self) -> float:
        """The cosine of the angle between the two directions; 0 for a line."""
        if len(self.directions) == 1:
            return 0.0
        first, second = self.directions.astype(np.float64)
        lengths = np.linalg.norm(first) * np.linalg.norm(second)
        return float(first @ second / lengths) if lengths else 0.0

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """Return the coordinates (S, 2) of the points of the plane that lie nearest to the given ones (S, P)."""
        offsets = (points - self.origin).astype(np.float64)
        return np.linalg.lstsq(self.directions.T.astype(np.float64), offsets.T, rcond=None)[0].T

    def points(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the parameters (S, P) at the coordinates (S, 2)."""
        return self.origin + coordinates.astype(self.origin.dtype) @ self.directions


def filter_normalize(direction: np.ndarray, parameters: np.ndarray, layout: Layout) -> np.ndarray:
    """Return the direction with each filter as long as the network's own; zero on 1-D parameters.

    d_ij <- d_ij / |d_ij| * |w_ij| for filter j of layer i: in a dense layer the incoming weights of one unit.

    Source: Li et al. 2018, arXiv 1712.09913, Sec. 4, and the authors' code (`ignore="biasbn"`).

    Args: direction (P,); parameters (P,); layout of both.
    """
    result = np.zeros_like(direction)
    for block in layout.blocks:
        if block.filter_axis is None:
            continue
        place = layout.slice(block.name)
        axes = tuple(axis for axis in range(len(block.shape)) if axis != block.filter_axis)
        d, w = direction[place].reshape(block.shape), parameters[place].reshape(block.shape)
        length = np.linalg.norm(d, axis=axes, keepdims=True) if len(axes) <= 2 else _length(d, axes)
        own = np.linalg.norm(w, axis=axes, keepdims=True) if len(axes) <= 2 else _length(w, axes)
        result[place] = (d / (length + 1e-10) * own).ravel()
    return result


def _length(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return np.sqrt(np.square(values).sum(axis=axes, keepdims=True))


def orthogonal(direction: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Return the direction less its part along another, d - to <d, to> / |to|^2."""
    square = float(to @ to)
    return direction - to * (float(direction @ to) / square) if square else direction


def random_plane(parameters: np.ndarray, layout: Layout, seed: int = 0) -> Plane:
    """Return a plane of two Gaussian directions, filter-normalized, then made orthogonal.

    Networks with the same weights' shapes get the same Gaussian numbers from one seed, whatever else they learn.

    Source: Li et al. 2018, arXiv 1712.09913, Sec. 4.
    """
    generator = torch.Generator().manual_seed(seed)
    directions = []
    for _ in range(2):
        direction = np.zeros_like(parameters)
        for block in layout.blocks:
            if block.filter_axis is not None:
                drawn = torch.randn(block.size, generator=generator, dtype=torch.float32).numpy()
                direction[layout.slice(block.name)] = drawn
        directions.append(filter_normalize(direction, parameters, layout))
    first, second = directions
    return Plane(parameters, np.stack([first, orthogonal(second, first)]), ("random direction 1", "random direction 2"))


def pca_plane(trajectory: np.ndarray) -> Plane:
    """Return the plane through the last of some parameters (S, P) along the two main axes of their variation.

    The axes have length 1; with fewer than three different points the missing ones are zero.

    Source: Li et al. 2018, arXiv 1712.09913, Sec. 7 (principal components of w_s - w_last, mean-centred).
    """
    offsets = (trajectory - trajectory[-1]).astype(np.float64)
    centred = offsets - offsets.mean(0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    order = np.argsort(values)[::-1][:2]
    lengths = np.sqrt(np.maximum(values[order], 0))
    total = np.square(centred).sum()
    directions = np.zeros((2, trajectory.shape[1]))
    for i, (index, length) in enumerate(zip(order, lengths, strict=True)):
        if length > 1e-12 * max(1.0, float(np.sqrt(total))):
            directions[i] = vectors[:, index] @ centred / length
    shares = np.square(lengths) / total if total else np.zeros(len(lengths))
    explained = np.zeros(2)
    explained[: len(shares)] = shares
    names = tuple(f"principal axis {i + 1} ({share:.0%} of the path's variance)" for i, share in enumerate(explained))
    return Plane(trajectory[-1], directions.astype(trajectory.dtype), names, explained)


def input_weights_plane(
    parameters: np.ndarray,
    layout: Layout,
    features: tuple[int, int],
    names: tuple[str, str] = ("x1", "x2"),
    seed: int = 0,
) -> Plane:
    """Return the plane that moves the first layer's weights of one feature along x, those of another along y.

    Both directions move every unit by the same amounts, drawn from the seed, and have length 1: raw units of weight, so
    that an imbalance of the inputs is not hidden as filter normalization would hide it.

    Raises: ValueError where the network's first layer does not take the features one by one.
    """
    block = next((block for block in layout.blocks if block.inputs), None)
    if block is None:
        raise ValueError("the plane of input weights needs a first layer with a weight for each feature: an mlp")
    if max(features) >= block.shape[0] or features[0] == features[1]:
        raise ValueError(f"features must be two different ones from 0 to {block.shape[0] - 1}, not {features}")
    amounts = torch.randn(block.shape[1], generator=torch.Generator().manual_seed(seed)).numpy()
    amounts = amounts / np.linalg.norm(amounts)
    directions = np.zeros((2, len(parameters)), dtype=parameters.dtype)
    for direction, feature in zip(directions, features, strict=True):
        weights = np.zeros(block.shape, dtype=parameters.dtype)
        weights[feature] = amounts
        direction[layout.slice(block.name)] = weights.ravel()
    return Plane(parameters, directions, tuple(f"weights of {name}" for name in names))
