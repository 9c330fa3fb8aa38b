"""The datasets that are drawn, not shipped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from landscape.experiment import Dataset

Draw = Callable[[int, float, Generator], tuple[ndarray, ndarray]]
"""Draws a number of examples with a deviation of the noise: x (N, F); y (N,) classes or (N, C) targets."""


def _gaussians(count: int, noise: float, rng: Generator) -> tuple[ndarray, ndarray]:
    """Draw x1 ~ N(5, 2^2) and x2 ~ N(500, 200^2); the class is whether z1 + z2, noise added, exceeds its median.

    z are the standardized features, so that both count alike; the noise is relative to the deviation of z1 + z2.
    """
    z = rng.standard_normal((count, 2))
    score = z.sum(axis=1) / np.sqrt(2) + noise * rng.standard_normal(count)
    return np.array([5.0, 500.0]) + np.array([2.0, 200.0]) * z, (score > np.median(score)).astype(int)


def _in_the_plane(curve: Callable[[ndarray, ndarray], tuple[ndarray, ndarray]], classes: int) -> Draw:
    """Return a generator of points at a uniform place t in [0, 1] of the curve of their class, Gaussian noise added."""

    def draw(count: int, noise: float, rng: Generator) -> tuple[ndarray, ndarray]:
        y = np.arange(count) % classes
        points = np.stack(curve(rng.random(count), y), axis=1)
        return points + noise * rng.standard_normal((count, 2)), y

    return draw


def _moons(t: ndarray, y: ndarray) -> tuple[ndarray, ndarray]:
    """Two half circles of radius 1, the second upside down and moved by (1, 1/2)."""
    sign = 1 - 2 * y
    return y + sign * np.cos(np.pi * t), y / 2 + sign * np.sin(np.pi * t)


def _circles(t: ndarray, y: ndarray) -> tuple[ndarray, ndarray]:
    """Two circles about the origin, of radius 1 and 1/2."""
    radius = 1 - y / 2
    return radius * np.cos(2 * np.pi * t), radius * np.sin(2 * np.pi * t)


def _blobs(t: ndarray, y: ndarray) -> tuple[ndarray, ndarray]:
    """Four points, the corners of a square of side 2: with noise, four Gaussian clouds."""
    return 2.0 * (y % 2) - 1, 2.0 * (y // 2) - 1


def _spirals(t: ndarray, y: ndarray) -> tuple[ndarray, ndarray]:
    """Two arms of one and a half turns each, from the origin to radius 3, half a turn apart."""
    angle = np.pi * (3 * t + y)
    return 3 * t * np.cos(angle), 3 * t * np.sin(angle)


def _target_curve(count: int, noise: float, rng: Generator) -> tuple[ndarray, ndarray]:
    """Draw x uniform in [-3, 3] and y = sin(2 x) + x / 2 with Gaussian noise."""
    x = rng.uniform(*CURVE_ENDS, (count, 1))
    return x, target_curve(x) + noise * rng.standard_normal((count, 1))


CURVE_ENDS = (-3, 3)
"""Between these lie the examples of the target curve."""


def target_curve(x: ndarray) -> ndarray:
    """Return the target curve without noise, sin(2 x) + x / 2.

    >>> float(target_curve(np.zeros(1))[0])
    0.0
    """
    return np.sin(2 * x) + x / 2


def _linear_map(count: int, noise: float, rng: Generator) -> tuple[ndarray, ndarray]:
    """Draw x in R^10 and y = A x, all of x and A standard normal; there is no noise, as in the source.

    Source: Santurkar, Tsipras, Ilyas & Madry (2018), arXiv 1805.11604; its deep linear network.
    """
    A = rng.standard_normal((10, 10))
    x = rng.standard_normal((count, 10))
    return x, x @ A.T


SYNTHETIC: dict[Dataset, Draw] = {
    Dataset.GAUSSIANS: _gaussians,
    Dataset.MOONS: _in_the_plane(_moons, 2),
    Dataset.CIRCLES: _in_the_plane(_circles, 2),
    Dataset.BLOBS: _in_the_plane(_blobs, 4),
    Dataset.SPIRALS: _in_the_plane(_spirals, 2),
    Dataset.TARGET_CURVE: _target_curve,
    Dataset.LINEAR_MAP: _linear_map,
}
"""What draws each dataset that is not a shipped file."""
