"""Small experiments and objectives, as data, on which the tests stand."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from landscape.experiment import Experiment
from landscape.loss.objective import Objective
from models.layout import Block, Layout

SMALL = Experiment().replace(
    dataset="moons", num_examples=200, width=6, depth=2, activation="tanh", num_steps=30, batch_size=32
)
"""A network of two layers of six on 160 training examples, trained in a few hundredths of a second."""

NETWORKS = {
    "none": SMALL,
    "none-relu-deep": SMALL.replace(activation="relu", depth=3, initialization="torch"),
    "batch": SMALL.replace(normalization="batch"),
    "batch-input": SMALL.replace(normalization="batch", normalized="input"),
    "batch-both": SMALL.replace(normalization="batch", normalized="both"),
    "batch-after-plain": SMALL.replace(normalization="batch", placement="after", affine=False),
    "layer": SMALL.replace(normalization="layer"),
    "layer-both-squared": SMALL.replace(
        dataset="wine",
        preprocessing="standardize",
        normalization="layer",
        normalized="both",
        loss="squared",
        learning_rate=0.02,
    ),  # fmt: skip
}
"""Networks that have a twin in `torch.nn`: none, BatchNorm and layer normalization, wherever they may stand."""


class Quadratic(Objective):
    """L(w) = w.A w / 2 + b.w + c, in float64, of which everything geometric is known exactly."""

    dtype = torch.float64

    def __init__(self, A: np.ndarray, b: np.ndarray, c: float = 0.0, chunk: int = 4) -> None:
        self.A, self.b, self.c, self.chunk = torch.as_tensor(A), torch.as_tensor(b), c, chunk
        self.layout = Layout((Block("w", (len(b),)),))

    def __call__(self, parameters: Tensor) -> Tensor:
        return 0.5 * ((parameters @ self.A) * parameters).sum(1) + parameters @ self.b + self.c

    def at(self, w: np.ndarray) -> float:
        """Return the loss at w (P,) by numpy."""
        A, b = self.A.numpy(), self.b.numpy()
        return float(0.5 * w @ A @ w + b @ w + self.c)


def quadratic(size: int, seed: int = 0) -> Quadratic:
    """Return a random indefinite quadratic of that many parameters."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    return Quadratic(root + root.T, rng.standard_normal(size), 1.5)
