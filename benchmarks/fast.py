"""What is written out for time against the text that stands for the same: each fast way with the door open and closed.

What gives less than a tenth is to go out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from benchmarks.harness import CLOSED, Row, compare, relative_difference
from benchmarks.surfaces import CONVOLUTIONAL, DIGITS, EXAMPLES, SMALL
from landscape import (
    Experiment,
    Run,
    Training,
    axis,
    loss_surface,
    network_of,
    objective,
    random_plane,
    top_eigenvalues,
    train,
)
from models.fast import door

LEAST = 1.1

SURFACES = (
    ("perceptrons on a plane, 4x32 MLP, plain", SMALL),
    ("perceptrons on a plane, 8x64 MLP, BatchNorm", DIGITS.replace(normalization="batch")),
    ("images on a plane, CNN 3x16, plain", CONVOLUTIONAL),
    ("images on a plane, CNN 3x16, BatchNorm", CONVOLUTIONAL.replace(normalization="batch")),
    ("networks and layers, 4x32 MLP, group", SMALL.replace(normalization="group")),
    ("networks and layers, CNN 3x16, layer", CONVOLUTIONAL.replace(normalization="layer")),
)
TRAININGS = (
    ("backpropagation, 4x32 MLP, plain", SMALL, 1),
    ("backpropagation, 8x64 MLP, BatchNorm", DIGITS.replace(normalization="batch"), 1),
    ("backpropagation, 8x64 MLP, layer", DIGITS.replace(normalization="layer"), 1),
    ("backpropagation, 8x64 MLP, batch renormalization", DIGITS.replace(normalization="batch-renorm"), 1),
    ("backpropagation, 8x64 MLP, noisy BatchNorm", DIGITS.replace(normalization="batch-noisy"), 1),
    ("backpropagation, 8x64 MLP, group", DIGITS.replace(normalization="group"), 1),
    ("backpropagation, CNN 3x16, BatchNorm", CONVOLUTIONAL.replace(normalization="batch"), 1),
    ("networks and layers, 24 of CNN 3x16, BatchNorm", CONVOLUTIONAL.replace(normalization="batch"), 24),
)
CURVATURE = (
    ("networks and layers, 8x64 MLP, layer", DIGITS.replace(normalization="layer")),
    ("networks and layers, CNN 3x16, BatchNorm", CONVOLUTIONAL.replace(normalization="batch")),
)


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row for each fast way."""
    repeats, points, steps = (3, 7, 10) if quick else (7, 15, 50)
    for name, experiment in SURFACES:
        yield row(f"surface {points}x{points}, {name}", partial(surface, train(experiment), points), repeats)
    for name, experiment, members in TRAININGS:
        own = steps if members == 1 else steps // 5
        run = partial(first_losses, experiment.replace(num_steps=own), members)
        yield row(f"training, {own} steps, {name}", run, repeats)
    for name, experiment in CURVATURE:
        yield row(f"top eigenvalue, {name}", partial(top, train(experiment)), repeats)


def row(name: str, compute: Callable[[], np.ndarray], repeats: int) -> Row:
    """Return the row of one computation, made from its beginning with the door open and closed."""

    def closed() -> np.ndarray:
        with door.closed():
            return compute()

    return compare(name, CLOSED, compute, closed, repeats, relative_difference, budget=LEAST, tolerance=1e-3)


def surface(run: Run, points: int) -> np.ndarray:
    """Return the heights of a surface."""
    plane, line = random_plane(run.parameters[-1], network_of(run.experiment).layout), axis(1.0, points)
    return loss_surface(objective(run, num_examples=EXAMPLES), plane, line, line).loss


def first_losses(experiment: Experiment, members: int) -> np.ndarray:
    """Train a stack of several seeds, and return its first losses, which no rounding has parted yet."""
    training = Training([experiment.replace(seed=seed) for seed in range(members)], snapshots=2)
    training.advance(float("inf"))
    return np.array(training.record.losses[:2])


def top(run: Run) -> np.ndarray:
    """Return the greatest eigenvalue of the Hessian."""
    return top_eigenvalues(objective(run, num_examples=EXAMPLES), run.parameters[-1], 1).values
