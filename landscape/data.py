"""Datasets: load, split, multiply by the ramp of input scales, preprocess; always in this order.

Real tables are shipped as files in `datasets/` (origin and licences beside them), the others are drawn here. All is
fixed by the configuration alone: the numbers come from a generator of their own with a fixed seed, so that every
experiment on one configuration sees the same examples. Arithmetic is in float64, what comes out in float32.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from numpy.random import Generator
from torch import Tensor

from landscape.experiment import DataConfig, Dataset, Preprocessing

SEED = 6
"""Draws the synthetic examples and the split; not a choice, so that compared networks share their data.

Of 0 to 7 the seed whose splits of the real tables are nearest to the median in the accuracy of a nearest neighbour:
with 36 test examples of wine it ranges from 0.86 to 1.
"""

TEST_SHARE = 0.2
"""Share of the examples that is held out."""

LEAST_VARIANCE = 1e-6
"""Whitening leaves out principal components with less than this share of the largest one's variance."""

Draw = Callable[[int, float, Generator], tuple[ndarray, ndarray]]
"""Draws a number of examples with a deviation of the noise: x (N, F); y (N,) classes or (N, C) targets."""


@dataclass(frozen=True, eq=False)
class Data:
    """Training and test examples of a dataset, ready for a network. Shared by all who load it: never write into it.

    train_x, test_x: (N, *inputs) float32.
    train_y, test_y: (N,) int64 indexes of classes, or (N, C) float32 targets of a regression.
    classes: number of outputs C.
    feature_names, class_names: by position; a regression has no class names.
    scales: (F,) standard deviations of the training features after the ramp and before preprocessing; exactly 0 for a
        constant feature.
    """

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    classes: int
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    scales: ndarray

    @property
    def inputs(self) -> tuple[int, ...]:
        """Return the shape of one example."""
        return tuple(self.train_x.shape[1:])

    @property
    def classification(self) -> bool:
        """Return whether the targets are classes."""
        return not self.train_y.is_floating_point()

    @property
    def majority(self) -> float:
        """Return the share of the test data's most frequent class, what a constant guess gets; 0 for a regression."""
        return self.test_y.bincount().max().item() / len(self.test_y) if self.classification else 0.0

    @property
    def extreme_features(self) -> tuple[int, int]:
        """Return the features of least and of greatest scale; constant ones, which no weight can feel, are left out."""
        by_scale = np.argsort(np.where(self.scales > 0, self.scales, np.nan), kind="stable")  # constant ones last
        return int(by_scale[0]), int(by_scale[int((self.scales > 0).sum()) - 1])


@lru_cache(maxsize=32)
def load(config: DataConfig) -> Data:
    """Return the data of a configuration, always the same; the global generators are left alone.

    The classes have the same shares in the test data as in all. Feature j of F is multiplied by
    `input_scale ** (j / (F - 1))`. Whatever is measured, for the scale of the digits and for preprocessing, is measured
    on the training data.

    >>> data = load(DataConfig(dataset="wine", preprocessing="standardize"))
    >>> data.train_x.shape, data.classes, bool(data.train_x.mean(0).abs().max() < 1e-6)
    (torch.Size([142, 13]), 3, True)
    """
    rng = np.random.default_rng(SEED)
    if config.dataset in SYNTHETIC:
        x, y = SYNTHETIC[config.dataset](config.num_examples, config.noise, rng)
        feature_names = tuple(f"x{j + 1}" for j in range(x.shape[1]))
        class_names = tuple(str(label) for label in np.unique(y)) if y.ndim == 1 else ()
    else:
        x, y, feature_names, class_names = _shipped(config.dataset)
    train, test = _split(y if y.ndim == 1 else np.zeros(len(y), int), config.num_examples, rng)
    if config.dataset is Dataset.DIGITS:
        x = (x - x[train].mean()) / x[train].std()
    x = x * config.input_scale ** np.linspace(0, 1, x.shape[1])
    shift, matrix = preprocessing_map(x[train], config.preprocessing)
    prepared = torch.from_numpy((x - shift) @ matrix).float()
    targets = torch.from_numpy(y) if y.ndim == 1 else torch.from_numpy(y).float()
    return Data(
        train_x=prepared[train],
        train_y=targets[train],
        test_x=prepared[test],
        test_y=targets[test],
        classes=len(class_names) or y.shape[1],
        feature_names=feature_names,
        class_names=class_names,
        scales=_deviations(x[train]),
    )


def _shipped(dataset: Dataset) -> tuple[ndarray, ndarray, tuple[str, ...], tuple[str, ...]]:
    """Read a shipped table: features (N, F), classes (N,), names of features and of classes."""
    path = Path(__file__).with_name("datasets") / f"{dataset.value}.csv.gz"
    header, *rows = (line.split(",") for line in gzip.decompress(path.read_bytes()).decode().splitlines())
    class_names = tuple(dict.fromkeys(row[-1] for row in rows))
    y = np.array([class_names.index(row[-1]) for row in rows])
    return np.array([row[:-1] for row in rows], dtype=float), y, tuple(header[:-1]), class_names


def _split(labels: ndarray, count: int, rng: Generator) -> tuple[ndarray, ndarray]:
    """Return the rows of the training and of the test data, `count` together or all there are.

    Each class is spread evenly over one order of all rows, so that every piece of this order holds each class in
    proportion, to within an example or two.
    """
    shuffled = rng.permutation(len(labels))
    place = np.empty(len(labels))
    for label in np.unique(labels):
        members = shuffled[labels[shuffled] == label]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    chosen = shuffled[np.argsort(place[shuffled], kind="stable")][:count]
    held_out = round(TEST_SHARE * len(chosen))
    # Shuffled again: in the even order, batches of the first rows would resemble each other more than chance allows.
    return rng.permutation(chosen[:-held_out]), rng.permutation(chosen[-held_out:])


def _deviations(x: ndarray) -> ndarray:
    """Return the standard deviation (over N, as in BatchNorm) of each feature, exactly 0 where it is constant.

    Rounding can give a constant feature a deviation of 1e-17, by which one must not divide.
    """
    return np.where(x.max(axis=0) == x.min(axis=0), 0.0, x.std(axis=0))


def preprocessing_map(train: ndarray, how: Preprocessing) -> tuple[ndarray, ndarray]:
    """Return the shift (F,) and the matrix (F, F) of a preprocessing, x -> (x - shift) @ matrix.

    With m, s and R the mean, deviation and correlation of the training features:
    none x; center x - m; scale x / s; standardize z = (x - m) / s; whiten R^(-1/2) z.

    Whitening is the symmetric one of the standardized features, Cov[z]^(-1/2) (z - E[z]): it undoes the ramp, as
    standardizing does, and each output stays as near to its own feature as whitening allows. Of the features as they
    are, the root would lose those of small scale to rounding. Components of variance under `LEAST_VARIANCE` of the
    largest are left out, that is, set to 0: divided by their deviation they would be noise, or infinite where there are
    fewer examples than features. A feature that is constant in the training data is divided by 1: where the test data
    are not constant in it, the ramp stays in them.

    Source: Ioffe & Szegedy (2015), arXiv 1502.03167, section 3; Kessy, Lewin & Strimmer (2018), arXiv 1512.00809,
    "ZCA-cor whitening".
    """
    mean, deviations = train.mean(axis=0), _deviations(train)
    centers = how in (Preprocessing.CENTER, Preprocessing.STANDARDIZE, Preprocessing.WHITEN)
    scales = how in (Preprocessing.SCALE, Preprocessing.STANDARDIZE, Preprocessing.WHITEN)
    matrix = np.diag(1 / np.where(deviations > 0, deviations, 1.0)) if scales else np.eye(len(mean))
    if how is Preprocessing.WHITEN:
        z = (train - mean) @ matrix
        variances, components = np.linalg.eigh(z.T @ z / len(z))
        kept = variances > LEAST_VARIANCE * variances[-1]
        matrix = matrix @ (components[:, kept] / np.sqrt(variances[kept])) @ components[:, kept].T
    return mean if centers else np.zeros_like(mean), matrix


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
    x = rng.uniform(-3, 3, (count, 1))
    return x, np.sin(2 * x) + x / 2 + noise * rng.standard_normal((count, 1))


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
