"""Trainings over one field or two, for several networks and seeds, and how each of them went on the way.

`sweeps` has the ends along one axis; here a sweep is a thing of its own, which can be asked for, shared and drawn as it
grows, and in which a combination that cannot be leaves its cell blank and says why. It is long, as what is asked, what
comes of it and the computation are documented with an example each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from landscape.experiment import PART_OF, Experiment
from landscape.serving.devices import default_device, device_name
from landscape.serving.task import ChunkedTask
from landscape.training.sweeps import field_bounds, plain, stack_size
from landscape.training.training import Training, stack_key
from models.fields import Misfit

MAX_GRID_VARIANTS = 6
"""Networks of a grid at most."""

LATE = 1 / 8
"""The last snapshots are those of so much of a training: one bad step at its end does not decide."""

Cell = tuple[int, int, int, int]
"""The place of a training: which network, which value upwards, which value across, which seed."""

Overrides = tuple[tuple[str, Any], ...]
"""What one network has of its own: fields of an experiment by name."""


@dataclass(frozen=True)
class SweepAxis:
    """A field of an experiment and the values that it takes.

    >>> SweepAxis("learning_rate", (0.1, 1)).values, SweepAxis("learning_rate", (0.1,)).label
    ((0.1, 1.0), 'Learning rate')

    Raises: ValueError where there is no such field, or a value is out of its bounds or there twice.
    """

    name: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.name == "seed":
            raise ValueError("SweepAxis.name must not be seed: give the seeds of the grid, and another field")
        bounds = field_bounds(self.name)
        try:
            values = tuple(bounds.check(value) for value in plain(self.values))
        except ValueError as error:
            raise ValueError(f"SweepAxis.values of {self.name} {error}") from None
        if not values or len(set(values)) < len(values):
            raise ValueError(f"SweepAxis.values of {self.name} must be one or more, each once, not {self.values}")
        object.__setattr__(self, "values", values)

    @property
    def label(self) -> str:
        """What people call the field."""
        return field_bounds(self.name).label

    @property
    def logarithmic(self) -> bool:
        """Whether its values go by factors."""
        return field_bounds(self.name).logarithmic


@dataclass(frozen=True)
class SweepGrid:
    """Trainings of up to six networks over the values of one field or two, with several seeds.

    base: what all have in common. across, up: the axes; of one axis `up` is None.
    variants: what each network has of its own, as mappings or pairs; one that has nothing is the base.
    snapshots: at how many places of each training, evenly spaced, the test accuracy is found: its start and its end, or
    more.

    >>> rates = SweepAxis("learning_rate", (0.1, 1.0))
    >>> grid = SweepGrid(Experiment(), rates, variants=({"normalization": "none"}, {"normalization": "batch"}))
    >>> grid.shape, len(grid.each())
    ((2, 1, 2, 1), 2)

    Raises: ValueError where axes and variants do not go together, or there are too many networks or none.
    """

    base: Experiment
    across: SweepAxis
    up: SweepAxis | None = None
    variants: tuple[Any, ...] = ((),)
    seeds: tuple[int, ...] = (0,)
    snapshots: int = 2

    def __post_init__(self) -> None:
        pairs = (tuple(one.items()) if isinstance(one, Mapping) else tuple(one) for one in self.variants)
        object.__setattr__(self, "variants", tuple(pairs))
        object.__setattr__(self, "seeds", plain(self.seeds))
        if not 1 <= len(self.variants) <= MAX_GRID_VARIANTS or not self.seeds:
            raise ValueError(
                f"a SweepGrid needs one to {MAX_GRID_VARIANTS} variants and at least one seed, not "
                f"{len(self.variants)} and {len(self.seeds)}"
            )
        if self.snapshots < 2:
            raise ValueError(f"SweepGrid.snapshots must be at least 2, the start and the end, not {self.snapshots}")
        swept = [axis.name for axis in (self.across, self.up) if axis is not None]
        own = [name for overrides in self.variants for name, _ in overrides]
        if len(set(swept)) < len(swept) or set(swept) & set(own):
            raise ValueError(
                f"the axes of a SweepGrid must be two fields that no variant sets, not {', '.join(swept)} beside "
                f"{', '.join(own) or 'none'}: leave one of them out"
            )
        for name in own:
            if name not in PART_OF:
                raise ValueError(f"a variant of a SweepGrid names {name!r}; there are: {', '.join(PART_OF)}")

    @property
    def shape(self) -> Cell:
        """How many networks, values upwards, values across and seeds there are: (M, B, A, R)."""
        rows = 1 if self.up is None else len(self.up.values)
        return len(self.variants), rows, len(self.across.values), len(self.seeds)

    def each(self) -> tuple[SweepGrid, ...]:
        """Return the grid of each network by itself, as a computation of its own."""
        return tuple(replace(self, variants=(one,)) for one in self.variants)

    def experiment(self, cell: Cell) -> Experiment:
        """Return the experiment of a cell.

        Raises: Misfit where its fields do not fit together.
        """
        network, row, column, seed = cell
        given = dict(self.variants[network]) | {self.across.name: self.across.values[column]}
        if self.up is not None:
            given[self.up.name] = self.up.values[row]
        return self.base.replace(**given, seed=self.seeds[seed])

    def cells(self) -> Iterator[Cell]:
        """Yield the places of all trainings."""
        yield from np.ndindex(*self.shape)


@dataclass(frozen=True, eq=False)
class SweepOutcome:
    """How the trainings of a grid went. M networks, B values upwards, A across, R seeds, S snapshots, T steps.

    fractions: (S,) how much of the training is done at each snapshot, to the nearest step.
    accuracy: (M, B, A, R, S) on the test data by the stored statistics; for targets that are numbers the share of their
    variance that is explained.
    curves: (M, B, A, R, T) the loss of each step's batch.
    train_loss, train_accuracy: (M, B, A, R) over the training set as one batch, by its statistics, at the end.
    Not numbers where a training diverged, has not come so far, or cannot be.
    diverged, finished: (M, B, A, R). majority: what a constant guess gets right of the test data.
    reasons: by (network, row, column) why a cell is blank: the sentence of its Misfit. device: where it was computed.
    """

    grid: SweepGrid
    fractions: np.ndarray
    accuracy: np.ndarray
    curves: np.ndarray
    train_loss: np.ndarray
    train_accuracy: np.ndarray
    diverged: np.ndarray
    finished: np.ndarray
    majority: float
    reasons: Mapping[tuple[int, int, int], str]
    device: str = "CPU"

    def late_accuracy(self) -> np.ndarray:
        """Return the median (M, B, A, R) of the accuracies over the last eighth of each training that ended well."""
        well = self.finished & ~self.diverged
        found = np.full(self.finished.shape, np.nan)
        found[well] = np.median(self.accuracy[well][:, self.fractions >= 1 - LATE], axis=1)
        return found

    def standing(self) -> np.ndarray:
        """Return what can be drawn of each training now (M, B, A, R).

        The late accuracy of one that has ended, the majority's of one that diverged, the last one known of one that goes on.
        """
        known = np.isfinite(self.accuracy).sum(axis=-1, keepdims=True)
        last = np.take_along_axis(self.accuracy, np.maximum(known - 1, 0), axis=-1)[..., 0]
        last = np.where(self.finished & ~self.diverged, self.late_accuracy(), last)
        return np.where(self.diverged, self.majority, last)


def grid_stacks(grid: SweepGrid) -> tuple[tuple[dict[Cell, Experiment], ...], dict[tuple[int, int, int], str]]:
    """Return the experiments of a grid, cut into those that train as one stack, and the reasons of blank cells.

    Experiments that differ only in learning rate, initialization scale, momentum, weight decay and seed share a stack, as
    many as stay in the cache.

    >>> axes = SweepAxis("learning_rate", (0.1, 1.0)), SweepAxis("batch_size", (1, 8))
    >>> stacks, reasons = grid_stacks(SweepGrid(Experiment().replace(dataset="moons", width=8), *axes))
    >>> [len(stack) for stack in stacks], reasons
    ([2, 2], {})

    Args: grid: with M networks, B values upwards, A values across and R seeds.
    Returns: for each stack its experiments by their cells; by (network, row, column) the sentence of a Misfit.
    """
    alike: dict[Hashable, list[tuple[Cell, Experiment]]] = {}
    reasons = {}
    for cell in grid.cells():
        try:
            member = grid.experiment(cell)
        except Misfit as error:
            reasons[cell[:3]] = str(error)
        else:
            alike.setdefault(stack_key(member), []).append((cell, member))
    stacks = []
    for members in alike.values():
        most = stack_size(members[0][1])
        count = -(-len(members) // most)
        size = -(-len(members) // count)  # alike in size: the last one would else train few in the time of many
        stacks += [dict(members[i : i + size]) for i in range(0, len(members), size)]
    return tuple(stacks), reasons


class SweepGridTask(ChunkedTask):
    """The computation of a grid in chunks, one stack after the other, so that memory is that of one.

    For several workers ask for each network of the grid (`SweepGrid.each`) as a task of its own.

    Args: grid: what to train.
    """

    def __init__(self, grid: SweepGrid) -> None:
        self.stacks, reasons = grid_stacks(grid)
        self.place, self.graded = 0, 0
        self.training: Training | None = None
        shape, fractions = grid.shape, np.linspace(0, 1, grid.snapshots)
        steps = max((one.training.num_steps for stack in self.stacks for one in stack.values()), default=0)
        self.made = SweepOutcome(
            grid,
            fractions,
            accuracy=np.full((*shape, len(fractions)), np.nan),
            curves=np.full((*shape, steps), np.nan, np.float32),
            train_loss=np.full(shape, np.nan),
            train_accuracy=np.full(shape, np.nan),
            diverged=np.zeros(shape, bool),
            finished=np.zeros(shape, bool),
            majority=0.0,
            reasons=reasons,
            device=device_name(default_device()),
        )

    @property
    def finished(self) -> bool:
        return self.place >= len(self.stacks)

    @property
    def fraction(self) -> float:
        done = [float(len(stack)) for stack in self.stacks]
        going = self.training.fraction * len(self.stacks[self.place]) if self.training and not self.finished else 0.0
        return (sum(done[: self.place]) + going) / sum(done) if done else 1.0

    def work(self) -> None:
        """Do one step of the stack that trains now, and after its last what tells how well it does."""
        if self.training is None:
            self.training = Training(list(self.stacks[self.place].values()), snapshots=2)
            self.made = replace(self.made, majority=self.training.majority)
            self.graded = 0
        training = self.training
        if self._is_due(training):
            self._grade(training)
        training.work()
        if training.finished:
            self._end(training)
            self.place, self.training = self.place + 1, None

    def rest(self) -> None:
        """Note the losses of the stack that trains now."""
        if self.training is not None:
            self._note(self.training)

    def partial(self) -> SweepOutcome | None:
        """Return the outcome so far, or None before the first accuracy."""
        made = self.made
        if not np.isfinite(made.accuracy).any() and not made.finished.any():
            return None
        arrays = ("accuracy", "curves", "train_loss", "train_accuracy", "diverged", "finished")
        return replace(made, **{name: getattr(made, name).copy() for name in arrays})

    def result(self) -> SweepOutcome:
        """Return the outcome."""
        return self.made

    def _is_due(self, training: Training) -> bool:
        """Return whether the next snapshot is to be taken at this step: the nearest to its fraction of the training."""
        left = self.made.fractions[self.graded :]
        return len(left) > 0 and training.step >= round(left[0] * training.steps_total)

    def _grade(self, training: Training) -> None:
        """Find the test accuracies of the stack as it stands, as those of its next snapshots that are due."""
        states = training.network.flatten_state(training.state)
        found = training.grader.by_stored_statistics(*(v.detach().cpu().numpy() for v in (training.parameters, states)))
        while self._is_due(training):
            for member, cell in enumerate(self.stacks[self.place]):
                if training.record.diverged_at[member] is None:
                    self.made.accuracy[cell][self.graded] = found[member]
            self.graded += 1

    def _note(self, training: Training) -> None:
        for member, cell in enumerate(self.stacks[self.place]):
            losses, _ = training.record.of(member)
            self.made.curves[cell][: len(losses)] = losses
            self.made.diverged[cell] = training.record.diverged_at[member] is not None

    def _end(self, training: Training) -> None:
        """Note how a stack ended."""
        self._note(training)
        self._grade(training)
        states = training.network.flatten_state(training.state)
        arrays = (values.detach().cpu().numpy() for values in (training.parameters, states))
        losses, accuracies = training.grader.on_training_set(*arrays)
        for member, cell in enumerate(self.stacks[self.place]):
            self.made.finished[cell] = True
            if not self.made.diverged[cell]:
                self.made.train_loss[cell], self.made.train_accuracy[cell] = losses[member], accuracies[member]


def sweep_grid(grid: SweepGrid) -> SweepOutcome:
    """Train all that a grid asks for; each training is what it would be alone, to rounding.

    >>> small = Experiment().replace(dataset="moons", width=8, depth=1, num_steps=20)
    >>> found = sweep_grid(SweepGrid(small, SweepAxis("batch_size", (1, 8)), variants=({"normalization": "batch"},)))
    >>> found.finished[0, 0, :, 0].tolist(), list(found.reasons)
    ([False, True], [(0, 0, 0)])

    Args: grid: networks, axes and seeds.
    Returns: a SweepOutcome of (M, B, A, R) trainings.
    """
    return SweepGridTask(grid).complete()
