"""Surfaces: against the loops of others, against the products alone, and how the cost grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from benchmarks.harness import (
    AND_A_PASS,
    PRODUCTS_ALONE,
    Passes,
    Products,
    Row,
    Times,
    compare,
    power,
    relative_difference,
    seconds,
    with_bound,
)
from benchmarks.peers import Loops, walked
from landscape import Experiment, Objective, Plane, Surface, axis, loss_surface, objective, random_plane, train
from landscape.loss.network import network_of
from models.cnn import Convolutional

EXAMPLES, BATCHES = 512, 4
NORMALIZATIONS = {"none": "plain", "batch": "BatchNorm"}

LOADER, MEMORY, PACKAGE = "loop with DataLoader", "loop in memory", "loss-landscapes 3.0.6"
WIDE_ENOUGH = 64
"""Units of a layer from which on products take so much of the time that a pass over the activations is little beside."""


@dataclass(frozen=True)
class Case:
    """A network, the points along an edge of its grid, and the budget against each peer (None: shown alone)."""

    name: str
    experiment: Experiment
    points: int
    budgets: dict[str, float | None] = field(default_factory=dict)


SMALL = Experiment().replace(dataset="moons", num_examples=1000, depth=4, width=32, num_steps=100)
DIGITS = Experiment().replace(num_steps=100)
WIDE = DIGITS.replace(width=256)
CONVOLUTIONAL = DIGITS.replace(kind="cnn", depth=3, width=16)

CASES = (
    Case("4x32 MLP, moons", SMALL, 51, {LOADER: 20, MEMORY: 4, PACKAGE: 4}),
    Case("8x64 MLP, digits", DIGITS, 51, {LOADER: 8, MEMORY: 2.5, PACKAGE: None}),
    Case("CNN 3x16, digits", CONVOLUTIONAL, 21, {LOADER: 1, MEMORY: 1}),
    Case("8x256 MLP, digits", WIDE, 11, {MEMORY: None}),
)


@dataclass(frozen=True)
class Setting:
    """A trained network with a plane through it."""

    experiment: Experiment
    loss: Objective
    partitioned: Objective
    tiny: Objective
    plane: Plane


def prepare(experiment: Experiment) -> Setting:
    """Train a network and make its plane, and its objectives: in one batch, in four, and on two examples."""
    run = train(experiment)
    plane = random_plane(run.parameters[-1], network_of(experiment).layout)
    whole, tiny = objective(run, num_examples=EXAMPLES), objective(run, num_examples=2)
    tiny.chunk = whole.chunk
    return Setting(experiment, whole, objective(run, batches=BATCHES, num_examples=EXAMPLES), tiny, plane)


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row for each case, normalization and peer, and at last those of the growth of the cost."""
    repeats = 3 if quick else 7
    for case in CASES[:-1] if quick else CASES:
        for normalization, label in NORMALIZATIONS.items():
            points = min(case.points, 9) if quick else case.points
            yield from case_rows(
                case, normalization, f"surface {points}x{points}, {case.name}, {label}", points, repeats
            )
    yield from growth_rows(quick)


def case_rows(case: Case, normalization: str, name: str, points: int, repeats: int) -> Iterator[Row]:
    """Yield the rows of one case."""
    setting = prepare(case.experiment.replace(normalization=normalization))
    line = axis(1.0, points)
    plane, ours = setting.plane, partial(loss_surface, setting.loss, setting.plane, line, line)
    loops = Loops(setting.experiment, plane, line, line, EXAMPLES)
    for peer, budget in case.budgets.items():
        versus = partial(compare, name, peer, repeats=repeats, budget=budget)
        if peer == LOADER:
            # Both in batches of 128: the batch is part of the loss of BatchNorm.
            in_batches = partial(loss_surface, setting.partitioned, plane, line, line)
            yield versus(_losses(in_batches), loops.load_and_iterate, difference=relative_difference)
        elif peer == MEMORY:
            yield versus(_losses(ours), loops.in_memory, difference=relative_difference)
        else:
            longer = np.append(line, 2 * line[-1] - line[-2])
            expected = walked(loss_surface(setting.loss, plane, line, longer).loss)
            # It reaches a point by adding up to 2601 steps in float32, whose rounding adds up too.
            yield versus(_losses(ours), loops.package, difference=_difference_from(expected), tolerance=1e-3)
    yield limit_row(setting, name, points, repeats)


def limit_row(setting: Setting, name: str, points: int, repeats: int) -> Row:
    """Return the row that compares a surface with what it cannot do without, in the same chunks.

    These are its products. A network that normalizes has to read and write each activation once between them, and in one
    with narrow layers that is not little beside the products, whatever stands there.
    """
    config = setting.experiment.network
    scan = _scan(setting.loss, setting.plane, points)
    with Products() as products:
        scan()
    alone = min(seconds(products.run)[0] for _ in range(3))
    passes = passes_of(setting, points)

    def limit() -> None:
        products.run()
        passes.run()

    if config.normalization == "none" and config.width >= WIDE_ENOUGH:
        row = compare(name, PRODUCTS_ALONE, scan, products.run, repeats, budget=0.5)
    else:
        row = compare(name, AND_A_PASS, scan, limit, repeats, budget=0.5)
    return with_bound(row, alone, _scan(setting.tiny, setting.plane, points))


def passes_of(setting: Setting, points: int) -> Passes:
    """Return one pass over all hidden activations of a surface, in its own chunks."""
    loss, network = setting.loss, network_of(setting.experiment)
    plane = loss.restricted(loss.tensor(setting.plane.origin), loss.tensor(setting.plane.directions))
    whole, rest = divmod(points**2, plane.chunk)
    places = [1] * network.config.depth
    if isinstance(network, Convolutional):
        places = [side**2 for side in network.sides[:-1]]
    sizes = [EXAMPLES * each * network.config.width for each in places]
    return Passes([plane.chunk] * whole + [rest] * (rest > 0), sizes)


def growth_rows(quick: bool) -> Iterator[Row]:
    """Yield how the time of a surface grows with points, examples and width: exponents of power laws."""
    fewer, rounds = (2, 3) if quick else (1, 5)
    edges = [n // fewer for n in (24, 48, 96)]
    small = prepare(SMALL)
    yield growth(
        "a surface", "points", [n**2 for n in edges], [_scan(small.loss, small.plane, n) for n in edges], 1.1, rounds
    )
    large = train(SMALL.replace(num_examples=12000))
    counts = [512, 2048, 8192]
    scans = [_scan(objective(large, num_examples=n), small.plane, 26 // fewer) for n in counts]
    yield growth("a surface", "examples", counts, scans, 1.1, rounds)
    widths = [32, 64, 128, 256]
    settings = [prepare(DIGITS.replace(width=n, num_steps=10)) for n in widths]
    yield growth(
        "a surface", "width", widths, [_scan(one.loss, one.plane, 14 // fewer) for one in settings], 2.0, rounds
    )


def growth(of: str, what: str, sizes: list[int], scans: list, most: float, repeats: int) -> Row:
    """Return the exponent of the growth of something's time over sizes, with the times of the largest and the smallest."""
    for scan in scans:
        scan()
    rounds = [[seconds(scan)[0] for scan in scans] for _ in range(repeats)]
    exponents = Times(tuple(power(sizes, times) for times in rounds))
    largest, smallest = (Times(tuple(times[i] for times in rounds)) for i in (-1, 0))
    name = f"exponent of the time of {of} in its {what}, {sizes[0]} to {sizes[-1]}"
    return Row(name, "the largest, the smallest", largest, smallest, exponents, budget=most, at_most=True)


def _scan(loss: Objective, plane: Plane, points: int) -> partial[Surface]:
    line = axis(1.0, points)
    return partial(loss_surface, loss, plane, line, line)


def _losses(scan: Callable[[], Surface]) -> Callable[[], np.ndarray]:
    """Return the heights of a surface as a function."""
    return lambda: scan().loss


def _difference_from(expected: np.ndarray) -> Callable[[np.ndarray, np.ndarray], float]:
    """Return how far theirs are from what is expected of them, whatever ours are."""
    return lambda ours, theirs: relative_difference(expected, theirs)
