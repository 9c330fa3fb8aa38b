"""Trainings: one, and 48 of a sweep, against `torch.nn` and `torch.optim` one after the other.

Ours notes the norm of the gradient at each step and watches for divergence; theirs does not. Both note each loss and
compute the test accuracy at the end (ours at the start too), and neither at snapshots between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from math import prod

import numpy as np
import torch

from benchmarks.harness import Products, Row, Times, compare, relative_difference, seconds, with_bound
from benchmarks.peers import train_plainly
from benchmarks.surfaces import CONVOLUTIONAL, DIGITS, NORMALIZATIONS, SMALL, growth
from landscape import Experiment, Run, SweepAxis, SweepGrid, Training, sweep, sweep_grid, sweep_stacks

PLAIN = "torch.nn + torch.optim"
ALIKE = 5
"""The losses of so many first steps are compared, in float64: in float32 rounding opens or closes a relu now and then,
after which two trainings part for good."""

RATES, SEEDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2), range(8)

MAPPED = Experiment().replace(depth=4, width=32, batch_size=32)
MAP_KINDS = ("none", "batch", "layer")
MAP_RATES = tuple(float(f"{10 ** (power / 2 - 3):.3g}") for power in range(9))
MAP_SCALES = tuple(float(f"{10 ** (power / 2 - 1.5):.3g}") for power in range(7))
MAP_SNAPSHOTS = 9
"""The accuracy is found so often on the way, as the page does; the peer finds it once."""
MILD = 4
"""So many cells of a diagonal have rates and scales at which the first losses tell the arithmetic, not the rounding."""

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
    """Yield the rows of single trainings, then of sweeps, of the map, and of how a sweep grows."""
    repeats = 3 if quick else 7
    for cases, row_of in ((SINGLE, single_row), (SWEEPS, sweep_row)):
        for name, experiment, steps, budget in cases:
            for normalization, label in NORMALIZATIONS.items():
                steps_now = max(ALIKE, steps // 10) if quick else steps
                one = experiment.replace(normalization=normalization, num_steps=steps_now)
                yield row_of(f"{name}, {label}", one, budget, repeats if row_of is single_row else repeats // 2)
    yield map_row(*(20, 1) if quick else (120, 3))
    yield growth_row(quick)


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


def map_row(steps: int, repeats: int) -> Row:
    """Return the row of the map of learning rate and initial scale for three normalizations.

    The peer trains the cells of one diagonal of each; its time is taken times as many as there are more.
    """
    base = MAPPED.replace(num_steps=steps)
    across, up = SweepAxis("learning_rate", MAP_RATES), SweepAxis("init_scale", MAP_SCALES)
    grid = SweepGrid(base, across, up, tuple({"normalization": kind} for kind in MAP_KINDS), snapshots=MAP_SNAPSHOTS)
    diagonals = [
        [grid.experiment((kind, i, i + 1, 0)) for i in range(len(MAP_SCALES))] for kind in range(len(MAP_KINDS))
    ]
    sample = [cell for diagonal in diagonals for cell in diagonal]
    cells = prod(grid.shape)

    def theirs() -> None:
        for cell in sample:
            train_plainly(cell)

    def agree(*timed: object) -> float:
        return max(difference(diagonal[:MILD]) for diagonal in diagonals)

    name = f"map of {len(MAP_RATES)} x {len(MAP_SCALES)} cells, {len(MAP_KINDS)} normalizations, {steps} steps, 4x32 MLP, digits"
    row = compare(name, PLAIN, partial(sweep_grid, grid), theirs, repeats, budget=8.0, difference=agree)
    return times_as_long(row, cells / len(sample), f"theirs: {len(sample)} of {cells} trainings, scaled")


def times_as_long(row: Row, factor: float, note: str) -> Row:
    """Return a row of which the peer did only a part: its times, and the ratios, are taken so many times."""
    theirs, ratio = (Times(tuple(factor * value for value in one.values)) for one in (row.theirs, row.ratio))
    return replace(row, theirs=theirs, ratio=ratio, note=note)


def growth_row(quick: bool) -> Row:
    """Return the row of how the time of a sweep grows with its members: the exponent of a power law."""
    members = [6, 12, 24, 48] if quick else [6, 12, 24, 48, 96]
    base = MAPPED.replace(normalization="batch", num_steps=20 if quick else 120)
    sweeps = [partial(sweep, base, "learning_rate", RATES, range(count // len(RATES))) for count in members]
    return growth("a sweep", "members", members, sweeps, 1.1, 3 if quick else 5)


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
