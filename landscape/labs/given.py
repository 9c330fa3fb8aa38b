"""The data that networks learn, shown small: ten digits, or the examples by their features of least and greatest scale."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from landscape.data import Data, load
from landscape.experiment import DataConfig, Dataset
from landscape.figures.thumbnails import images_svg, points_svg
from landscape.labs.codec import Values
from landscape.labs.lab import Thumbnail
from landscape.labs.words import number

POINTS = 150
"""Examples of a picture of points."""

SIDE = 8
"""Pixels along an edge of a digit."""


def thumbnail(values: Values) -> Thumbnail | None:
    """Return the data that these values choose, after the ramp of scales and preprocessing; None where they do not fit."""
    fields = ("dataset", "num_examples", "input_scale", "preprocessing", "noise")
    try:
        return _drawn(DataConfig(**{name: values[name] for name in fields}))
    except ValueError:
        return None


@lru_cache(maxsize=32)
def _drawn(config: DataConfig) -> Thumbnail:
    data = load(config)
    x, y = data.train_x.numpy(), data.train_y.numpy()
    if config.dataset is Dataset.DIGITS:
        return _digits(x, y)
    groups = y[:POINTS].tolist() if data.classification else [0] * len(y[:POINTS])
    across, up, names = _axes(data, x, y)
    said = (
        f"{names[0]} across, from {number(float(across.min()))} to {number(float(across.max()))}; {names[1]} up, from "
        f"{number(float(up.min()))} to {number(float(up.max()))}; both on one scale."
    )
    return Thumbnail(points_svg(across[:POINTS], up[:POINTS], groups, said), said)


def _digits(x: np.ndarray, y: np.ndarray) -> Thumbnail:
    first = [int(np.flatnonzero(y == digit)[0]) for digit in np.unique(y)]
    said = "One example of each digit, all on one scale of grey."
    return Thumbnail(images_svg(x[first].reshape(-1, SIDE, SIDE), said), said)


def _axes(data: Data, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[str, str]]:
    """Return the features of least and of greatest scale with their names; of one feature, it and the target."""
    if x.shape[1] == 1:
        return x[:, 0], y[:, 0], (data.feature_names[0], "the target")
    least, greatest = data.extreme_features
    if least == greatest:
        least, greatest = 0, 1
    return x[:, least], x[:, greatest], (data.feature_names[least], data.feature_names[greatest])
