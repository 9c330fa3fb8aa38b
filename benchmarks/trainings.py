"""Trainings: one, and 48 of a sweep, against `torch.nn` and `torch.optim` one after the other.

Ours notes the norm of the gradient at each step and watches for divergence; theirs does not. Both note each loss and
compute the test accuracy at the end (ours at the start too), and neither at snapshots between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from benchmarks.harness import Products, Row, compare, relative_difference, seconds, with_bound
from benchmarks.peers import train_plainly
from benchmarks.surfaces import CONVOLUTIONAL, DIGITS, NORMALIZATIONS, SMALL
from landscape import Experiment, Run, Training, sweep, sweep_stacks

PLAIN = "torch.nn + torch.optim"
ALIKE = 5
"""The losses of so many first steps are compared, in float64: in float32 rounding opens or closes a relu now and then,
after which two trainings part for good."""

RATES, SEEDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2), range(8)

SINGLE = (
    ("4x32 MLP, moons", SMALL, 400, 1.0),
    ("8x64 MLP, digits", DIGITS, 400, 1.0),
    ("CNN 3x16, digits", CONVOLUTIONAL, 100, 1.0),
)
SWEEPS = (
    ("4x32 MLP, moons", SMALL, 150, 6.0),
    ("8x64 MLP, digits", DIGITS, 40, None),
    ("CNN 3x16, digits", CONVOLUTIONAL, 10, None),
)


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of single trainings, then of sweeps."""
    repeats = 3 if quick else 7
    for cases, row_of in ((SINGLE, single_row), (SWEEPS, sweep_row)):
        for name, experiment, steps, budget in cases:
            for normalization, label in NORMALIZATIONS.items():
                steps_now = max(ALIKE, steps // 10) if quick else steps
                one = experiment.replace(normalization=normalization, num_steps=steps_now)
                yield row_of(f"{name}, {label}", one, budget, repeats if row_of is single_row else repeats // 2)


def single_row(name: str, experiment: Experiment, budget: float | None, repeats: int) -> Row:
    """Return the row of one training."""
    name = f"one training, {experiment.training.num_steps} steps, {name}"
    ours, theirs = partial(trained, [experiment]), partial(train_plainly, experiment)
    row = compare(name, PLAIN, ours, theirs, repeats, budget=budget, difference=partial(difference, [experiment]))
    return with_bound(row, products_in(ours), partial(trained, [experiment.replace(batch_size=2)]))


def sweep_row(name: str, experiment: Experiment, budget: float | None, repeats: int) -> Row:
    """Return the row of 48 trainings: six learning rates, eight seeds."""
    members = [experiment.replace(learning_rate=rate, seed=seed) for rate in RATES for seed in SEEDS]
    axis = "learning_rate", RATES, SEEDS
    tiny = [[one.replace(batch_size=2) for one in stack.values()] for stack in sweep_stacks(experiment, *axis)]

    def theirs() -> None:
        for member in members:
            train_plainly(member)

    name = f"{len(members)} trainings, {experiment.training.num_steps} steps, {name}"
    ours = partial(sweep, experiment, *axis)
    row = compare(name, PLAIN, ours, theirs, repeats, budget=budget, difference=partial(difference, members[::6]))
    return with_bound(row, products_in(ours), lambda: [trained(stack) for stack in tiny])


def trained(stack: list[Experiment], dtype: torch.dtype = torch.float32) -> tuple[Run, ...]:
    """Return the runs of experiments trained as one stack."""
    training = Training(stack, dtype=dtype, snapshots=2)
    training.advance(float("inf"))
    return training.results()


def difference(members: list[Experiment], *timed: object) -> float:
    """Return the greatest relative difference of the first losses, trained anew in float64 both as a stack and plainly."""
    short = [member.replace(num_steps=ALIKE) for member in members]
    ours = np.stack([run.loss for run in trained(short, torch.float64)])
    return relative_difference(ours, np.stack([train_plainly(member, torch.float64) for member in short]))


def products_in(run: Callable[[], object]) -> float:
    """Return the seconds that the matrix products of a call take alone."""
    with Products() as products:
        run()
    return min(seconds(products.run)[0] for _ in range(3))
