"""Planes and lines through a network's parameters: where a landscape is cut.

Follows Li et al. 2018 (arXiv 1712.09913) for random planes and the plane of a trajectory; directions never include
buffers, and the second is made orthogonal to the first after both are normalized.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from landscape.geometry.directions import orthogonal, random_direction, scaled_to, weights_length
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

    @property
    def explained(self) -> float:
        """The share of a trajectory's variance that the plane holds; not a number where it was made from none."""
        return float("nan") if self.explained_variance is None else float(self.explained_variance.sum())

    @cached_property
    def cosine(self) -> float:
        """The cosine of the angle between the two directions; 0 for a line."""
        if len(self.directions) == 1:
            return 0.0
        first, second = self.directions.astype(np.float64)
        lengths = np.linalg.norm(first) * np.linalg.norm(second)
        return float(first @ second / lengths) if lengths else 0.0

    def bare(self) -> Plane:
        """Return the plane with P = 0: what pictures and captions need, in a thousandth of the memory."""
        cosine = self.cosine
        bare = replace(self, origin=np.empty(0), directions=np.empty((len(self.directions), 0)))
        vars(bare)["cosine"] = cosine  # as `cached_property` keeps it
        return bare

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """Return the coordinates (S, 2) of the points of the plane that lie nearest to the given ones (S, P)."""
        offsets = (points - self.origin).astype(np.float64)
        return np.linalg.lstsq(self.directions.T.astype(np.float64), offsets.T, rcond=None)[0].T

    def line(self, number: int = 0) -> Plane:
        """Return the line through the origin along one of the directions alone."""
        explained = None if self.explained_variance is None else self.explained_variance[number : number + 1]
        return Plane(self.origin, self.directions[number : number + 1], self.labels[number : number + 1], explained)

    def points(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the parameters (S, P) at the coordinates (S, 2)."""
        return self.origin + coordinates.astype(self.origin.dtype) @ self.directions


def random_plane(parameters: np.ndarray, layout: Layout, seed: int = 0) -> Plane:
    """Return a plane of two Gaussian directions, filter-normalized, then made orthogonal.

    Networks with the same weights' shapes get the same Gaussian numbers from one seed, whatever else they learn.

    >>> from models.layout import Block
    >>> layout = Layout((Block("weight", (2, 1), filter_axis=1), Block("bias", (1,))))  # one filter of two weights
    >>> plane = random_plane(np.array([3.0, 4.0, 1.0]), layout)
    >>> round(float(np.linalg.norm(plane.directions[0])), 6), abs(round(plane.cosine, 6))
    (5.0, 0.0)

    Source: Li et al. 2018, arXiv 1712.09913, Sec. 4.

    Args: parameters (P,), the origin; layout of these; seed of the Gaussian numbers.
    Returns: a Plane on which 1 is a step as long as each filter.
    Raises: ValueError for other parameters than the layout's, or a layout without filters.
    """
    if np.shape(parameters) != (layout.size,):
        raise ValueError(f"parameters must be ({layout.size},), those of the layout, not {np.shape(parameters)}")
    if all(block.filter_axis is None for block in layout.blocks):
        raise ValueError(
            "random directions leave parameters of one axis alone, and there are no others here; make a plane of "
            "directions of your own, Plane(origin, directions, labels)"
        )
    generator = torch.Generator().manual_seed(seed)
    first, second = (random_direction(parameters, layout, generator) for _ in range(2))
    return Plane(parameters, np.stack([first, orthogonal(second, first)]), ("random direction 1", "random direction 2"))


def pca_plane(trajectory: np.ndarray) -> Plane:
    """Return the plane through the last of some parameters (S, P) along the two main axes of their variation.

    The axes have length 1; with fewer than three different points the missing ones are zero.

    >>> plane = pca_plane(np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]))
    >>> abs(plane.directions[0]).round(6).tolist(), plane.explained_variance.round(6).tolist()
    ([0.6, 0.8], [1.0, 0.0])

    Source: Li et al. 2018, arXiv 1712.09913, Sec. 7 (principal components of w_s - w_last, mean-centred).

    Args: trajectory (S, P), the snapshots of a run.
    Returns: a Plane in units of weight, with the share of the variance that each axis explains.
    Raises: ValueError for parameters that are not finite.
    """
    if np.ndim(trajectory) != 2 or not len(trajectory):
        raise ValueError(f"the trajectory must be (S, P), at least one snapshot, not {np.shape(trajectory)}")
    if not np.isfinite(trajectory).all():
        raise ValueError("some parameters of the trajectory are not finite: leave out the snapshots after it diverged")
    offsets = (trajectory - trajectory[-1]).astype(np.float64)
    centred = offsets - offsets.mean(0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    order = np.argsort(values)[::-1][:2]
    lengths = np.sqrt(np.maximum(values[order], 0))
    total = np.square(centred).sum()
    directions = np.zeros((2, trajectory.shape[1]))
    for i, (index, length) in enumerate(zip(order, lengths, strict=True)):
        if length > 1e-6 * np.sqrt(total):  # below it is rounding: the eigenvalue is the square
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

    >>> from models.layout import Block
    >>> layout = Layout((Block("weight", (3, 1), filter_axis=1, inputs=True), Block("bias", (1,))))
    >>> abs(input_weights_plane(np.zeros(4), layout, (0, 2)).directions).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]

    Args:
        parameters: (P,) the origin.
        layout: of these; also that of a module of whose dense layers one takes the features of the data.
        features: the two, by their numbers.
        names: of the features, for the labels.
        seed: draws the amounts.

    Returns: a Plane in units of weight.
    Raises: ValueError where the network's first layer does not take the features one by one, or there are no two such
    features.
    """
    block = next((block for block in layout.blocks if block.inputs), None)
    if block is None or block.filter_axis is None:
        raise ValueError(
            "the plane of input weights needs a first layer with a weight for each feature: an mlp, or a module in which "
            "one nn.Linear takes the inputs as they are, or through a BatchNorm of each feature"
        )
    units, count = block.filter_axis, block.shape[1 - block.filter_axis]
    if not all(0 <= feature < count for feature in features) or features[0] == features[1]:
        raise ValueError(f"features must be two different ones from 0 to {count - 1}, not {features}")
    amounts = torch.randn(block.shape[units], generator=torch.Generator().manual_seed(seed)).numpy()
    amounts = amounts / np.linalg.norm(amounts)
    directions = np.zeros((2, len(parameters)), dtype=parameters.dtype)
    for direction, feature in zip(directions, features, strict=True):
        weights = np.zeros(block.shape, dtype=parameters.dtype)
        np.moveaxis(weights, units, 1)[feature] = amounts
        direction[layout.slice(block.name)] = weights.ravel()
    return Plane(parameters, directions, tuple(f"weights of {name}" for name in names))


def gradient_plane(parameters: np.ndarray, layout: Layout, gradient: np.ndarray, seed: int = 0) -> Plane:
    """Return the plane of the gradient and a random direction of its orthogonal complement.

    The second is Gaussian, filter-normalized, then made orthogonal to the gradient. Both are as long as the network's
    weights (all filters together), the length of a direction on the random plane: 1 is a step that could undo them.

    >>> from models.layout import Block
    >>> layout = Layout((Block("weight", (2, 1), filter_axis=1), Block("bias", (1,))))  # one filter of two weights
    >>> plane = gradient_plane(np.array([3.0, 4.0, 1.0]), layout, np.array([0.1, 0.0, 0.0]))
    >>> plane.directions[0].tolist(), abs(plane.directions[1]).tolist()
    ([5.0, 0.0, 0.0], [0.0, 5.0, 0.0])

    Args: parameters (P,), the origin; layout of these; gradient (P,) there; seed of the second direction.
    Returns: a Plane.
    Raises: ValueError where the gradient is zero or not finite, or nothing of the second direction is beside it.
    """
    length = weights_length(parameters, layout)
    first = scaled_to(length, gradient.astype(parameters.dtype), "gradient")
    drawn = random_direction(parameters, layout, torch.Generator().manual_seed(seed))
    second = scaled_to(length, orthogonal(drawn, first), "random direction beside the gradient")
    return Plane(parameters, np.stack([first, second]), ("gradient", "random direction orthogonal to it"))


def hessian_plane(parameters: np.ndarray, layout: Layout, values: np.ndarray, vectors: np.ndarray) -> Plane:
    """Return the plane of eigenvectors (2, P) of the Hessian, of eigenvalues (2,); of one, the line.

    Each is as long as the network's weights (all filters together) and has its sign from its greatest component.

    >>> from models.layout import Block
    >>> layout = Layout((Block("weight", (2, 1), filter_axis=1), Block("bias", (1,))))  # one filter of two weights
    >>> vectors = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> hessian_plane(np.array([3.0, 4.0, 1.0]), layout, np.array([9.0, 2.0]), vectors).directions.round(6).argmax(1).tolist()
    [1, 2]

    Args: parameters (P,), the origin; layout of these; values and vectors as `top_eigenvalues` finds them there.
    Returns: a Plane.
    Raises: ValueError where they are not finite, as Lanczos did not find them.
    """
    length = weights_length(parameters, layout)
    signs = np.sign(np.take_along_axis(vectors, np.abs(vectors).argmax(1)[:, None], 1))
    directions = [scaled_to(length, v, "top eigenvector of the Hessian") for v in signs * vectors]
    labels = tuple(f"eigenvector {i + 1} of the Hessian (eigenvalue {v:.3g})" for i, v in enumerate(values))
    return Plane(parameters, np.stack(directions).astype(parameters.dtype), labels)


def plane_through(points: np.ndarray, names: tuple[str, ...] = ()) -> Plane:
    """Return the plane through three networks' parameters (3, P), or the line through two (2, P).

    The points are at (0, 0), (1, 0) and (0, 1), so that between two networks the line is Goodfellow's interpolation.
    The directions are the differences, not orthogonal: see `cosine`. Give the loss batch or population statistics: the
    running ones that one run stored are wrong at the others.

    Source: Goodfellow et al. 2015, arXiv 1412.6544; for three Garipov et al. 2018, arXiv 1802.10026, who make the
    second orthogonal.

    >>> plane_through(np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 2.0]])).points(np.array([[1, 0], [0.5, 1]])).tolist()
    [[3.0, 1.0], [2.0, 2.0]]

    Args: points; names of the points, for the labels.
    Returns: a Plane, or a line, through the first.
    Raises: ValueError for another number of points, or where they are the same, or three on one line.
    """
    points, count = np.asarray(points, np.result_type(*points, np.float32)), len(points)
    if count not in (2, 3):
        raise ValueError(f"a plane goes through three points and a line through two, not through {count}")
    names = names or tuple(f"network {i + 1}" for i in range(count))
    directions = points[1:] - points[0]
    if np.linalg.matrix_rank(directions.astype(np.float64)) < count - 1:
        what = "two of the points are the same" if count == 2 else "the three points lie on one line, or are the same"
        raise ValueError(f"{what}: they give no {'direction' if count == 2 else 'plane'}; choose different networks")
    return Plane(points[0], directions, tuple(f"from {names[0]} to {name}" for name in names[1:]))


def coordinate_plane(
    parameters: np.ndarray, layout: Layout, first: tuple[str, tuple[int, ...]], second: tuple[str, tuple[int, ...]]
) -> Plane:
    """Return the plane that moves one weight along x and another along y, in raw units.

    >>> from models.layout import Block
    >>> layout = Layout((Block("weight", (2, 1), filter_axis=1), Block("bias", (1,))))  # one filter of two weights
    >>> coordinate_plane(np.zeros(3), layout, ("weight", (1, 0)), ("bias", (0,))).directions.tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]

    Args: parameters (P,), the origin; layout of these; first, second: the name of a weight's block and its index there,
        as in `("layer1.weight", (0, 3))`.
    Returns: a Plane in units of weight.
    Raises: ValueError where there is no such weight, or both are the same.
    """
    directions = np.zeros((2, len(parameters)), dtype=parameters.dtype)
    labels = []
    shapes = {block.name: block.shape for block in layout.blocks}
    for direction, (name, index) in zip(directions, (first, second), strict=True):
        shape = shapes.get(name)
        if shape is None or len(index) != len(shape) or not all(0 <= i < n for i, n in zip(index, shape, strict=True)):
            raise ValueError(f"there is no weight {name}{list(index)}; the blocks and their shapes are {shapes}")
        direction[layout.slice(name).start + np.ravel_multi_index(index, shape)] = 1
        labels.append(f"{name}{list(index)}")
    if labels[0] == labels[1]:
        raise ValueError(f"the two weights must differ, not both be {labels[0]}")
    return Plane(parameters, directions, tuple(labels))


two_weights_plane = coordinate_plane
"""Its name in scripts that were written before."""
