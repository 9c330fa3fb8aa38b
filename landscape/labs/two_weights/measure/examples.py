"""The examples of two features, drawn or from a table, and what each preprocessing makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from landscape.data import load, preprocessing_map
from landscape.experiment import DataConfig, Dataset
from landscape.labs.two_weights.request import DATA, MODEL, PREPROCESSING, Kind, Source, TwoWeights, remembered
from landscape.serving.own_table import OwnTable

SEED = 6
"""Draws the examples; not a choice, so that whatever differs between two pictures is what was asked to differ."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Two features x (N, 2), a target for least squares and a class, 0 or 1, for each, and what class 1 means."""

    x: ndarray
    target: ndarray
    classes: ndarray
    positive: str

    @property
    def constant(self) -> ndarray:
        """Which of the features (2,) are constant."""
        return self.x.max(0) == self.x.min(0)

    @property
    def mean(self) -> ndarray:
        """The means (2,) of the features: of a constant one exactly its value, which a sum over examples can miss."""
        return np.where(self.constant, self.x[0], self.x.mean(0))

    @property
    def same(self) -> bool:
        """Whether one feature is the other, up to unit and offset."""
        z = self.x - self.x.mean(0)
        lengths = np.linalg.norm(z, axis=0)
        return bool(not self.constant.any() and abs(z[:, 0] @ z[:, 1]) > (1 - 1e-12) * lengths.prod())


@remembered(*DATA)
def examples_of(config: TwoWeights) -> Examples:
    """Return the examples: x1 ~ N(mean_1, deviation_1^2), x2 likewise, or two columns of a table.

    The drawn target is (z1 + z2) / sqrt(2) plus noise, of the standardized features z, so that both count alike; its
    sign is the class. A table's class is whether an example is of its first class; its target is 1 or -1 by that. Where
    the user's own table holds numbers, these are the target, standardized, and the class is whether they are above 0.
    """
    if config.table is not None:
        return _own_examples(config.table)
    if config.source is not Source.GAUSSIANS:
        data = load(DataConfig(dataset=Dataset(config.source.value), num_examples=20000))
        x = data.train_x[:, [config.feature_1, config.feature_2]].double().numpy()
        classes = (data.train_y == 0).double().numpy()
        return Examples(x, 2 * classes - 1, classes, data.class_names[0])
    rng = np.random.default_rng(SEED)
    z, noise = rng.standard_normal((config.num_examples, 2)), rng.standard_normal(config.num_examples)
    rho = config.correlation
    z[:, 1] = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    target = z.sum(1) / np.sqrt(2) + config.noise * noise
    means, deviations = [config.mean_1, config.mean_2], [config.deviation_1, config.deviation_2]
    return Examples(means + z * deviations, target, (target > 0).astype(float), "a target above 0")


def _own_examples(table: OwnTable) -> Examples:
    """Return the examples of a user's own table of two features."""
    if table.has_classes:
        classes = (table.y == 0).astype(float)
        return Examples(table.x, 2 * classes - 1, classes, table.class_names[0])
    numbers = table.y[:, 0]
    target = (numbers - numbers.mean()) / (numbers.std() or 1.0)
    return Examples(table.x, target, (target > 0).astype(float), "a target above its mean")


@remembered(*DATA, *MODEL)
def prepared(config: TwoWeights, kind: Kind) -> ndarray:
    """Return the features (N, P) of a preprocessing, a column of ones last where there is a bias."""
    examples = examples_of(config)
    x = examples.x
    if kind is Kind.OWN:
        shift = config.center * examples.mean
        deviations = np.where(examples.constant, 1.0, x.std(0))
        matrix = np.zeros((2, 2)) if config.zero else np.diag(1 / (config.divisor * deviations))
    else:
        shift, matrix = preprocessing_map(x, PREPROCESSING[kind])
        # What rounding leaves of a constant feature would have a curvature, and be whitened to one of 1.
        shift = np.where(shift == 0, 0.0, examples.mean)
    features = (x - shift) @ matrix
    return np.column_stack([features, np.ones(len(x))]) if config.bias else features


@remembered(*DATA)
def kept_order(config: TwoWeights, kind: Kind) -> ndarray:
    """Return the correlation (2,) of each prepared feature with the same feature raw: 1 keeps every relative position.

    Not a number for a feature that is constant, before or after.
    """
    x, after = examples_of(config).x, prepared(config, kind)[:, :2]
    a, b = x - x.mean(0), after - after.mean(0)
    with np.errstate(invalid="ignore"):
        lengths = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
        return np.where(lengths > 1e-300, (a * b).sum(0) / lengths, np.nan)
