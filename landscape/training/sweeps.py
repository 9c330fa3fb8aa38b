"""Many trainings along one axis: what can be one stack is one, the rest takes turns or runs side by side."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from landscape.data import load
from landscape.experiment import PART_OF, PARTS, Experiment
from landscape.loss.network import network_of
from landscape.serving.devices import chunk_size, default_device, device_name
from landscape.serving.task import ChunkedTask
from landscape.training.training import Training, stack_key
from models.fields import Bounds, bounds_of

TURN_SECONDS = 0.05
"""How long one stack trains before the next has its turn."""

ARRAYS = ("loss", "train_accuracy", "test_accuracy", "learned", "diverged", "curves", "finished")
"""The arrays of a sweep, each with a row for each value and a column for each seed."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """The ends of V x R trainings, one for each value of a field of an experiment and each seed.

    axis: the field; label: what people call it; logarithmic: whether its values go by factors. values: (V,) as given.
    seeds: (R,).
    loss: (V, R) over the training set as one batch, by its statistics. train_accuracy: (V, R) on the same.
    test_accuracy: (V, R) by the stored statistics. learned, diverged: (V, R). Not a number, and false, where a training
    diverged or has not ended.
    curves: (V, R, T) the loss of each step's batch; not a number beyond the last step done.
    finished: (V, R) whether the training has ended. device: where they were computed.
    """

    experiment: Experiment
    axis: str
    label: str
    logarithmic: bool
    values: tuple[Any, ...]
    seeds: tuple[int, ...]
    loss: np.ndarray
    train_accuracy: np.ndarray
    test_accuracy: np.ndarray
    learned: np.ndarray
    diverged: np.ndarray
    curves: np.ndarray
    finished: np.ndarray
    device: str = "CPU"


Cell = tuple[int, int]
"""The place of a training in a sweep: which value, which seed."""


def sweep_stacks(
    experiment: Experiment, axis: str, values: Sequence[Any], seeds: Sequence[int] = (0,)
) -> tuple[dict[Cell, Experiment], ...]:
    """Return the experiments of a sweep by their cells, cut into those that are trained as one stack.

    Experiments alike in `stack_key` (they may differ in seed, learning rate, momentum, weight decay, initialization
    scale) are stacks, as many in each as stay in the cache.

    >>> small = Experiment().replace(dataset="moons", width=8)
    >>> [len(sweep_stacks(small, axis, values)) for axis, values in {"learning_rate": [0.1, 1.0], "depth": [1, 2]}.items()]
    [1, 2]

    Args: as `sweep`.
    Returns: for each stack its experiments by their cells, (row of the value, column of the seed).
    Raises: ValueError where the axis is no field, or one of its values makes no valid experiment.
    """
    if not len(values) or not len(seeds):
        raise ValueError("a sweep needs at least one value and one seed; give values and seeds")
    if axis == "seed":
        raise ValueError("the axis of a sweep must not be seed: give the seeds as seeds, and another axis")
    alike: dict[Hashable, list[tuple[Cell, Experiment]]] = {}
    for row, value in enumerate(plain(values)):
        for column, seed in enumerate(plain(seeds)):
            member = experiment.replace(**{axis: value, "seed": seed})
            alike.setdefault(stack_key(member), []).append(((row, column), member))
    stacks = []
    for members in alike.values():
        most = stack_size(members[0][1])
        stacks += [dict(members[i : i + most]) for i in range(0, len(members), most)]
    return tuple(stacks)


class SweepTask(ChunkedTask):
    """The computation of a sweep in chunks; its stacks take turns, so that all of them grow side by side.

    As one task a sweep has one worker. For several, ask for each stack as a task of its own and put what they show
    together by `join_sweeps`.

    Args:
        experiment, axis, values, seeds: as `sweep`.
        stack: the one of `sweep_stacks` to train, leaving the other cells blank; or None for all.

    Raises: ValueError where the axis is no field, or one of its values makes no valid experiment.
    """

    def __init__(
        self,
        experiment: Experiment,
        axis: str,
        values: Sequence[Any],
        seeds: Sequence[int] = (0,),
        stack: int | None = None,
    ) -> None:
        stacks = sweep_stacks(experiment, axis, values, seeds)
        chosen = stacks if stack is None else stacks[stack : stack + 1]
        self.cells = [list(own) for own in chosen]
        self.trainings = [Training(list(own.values()), snapshots=2) for own in chosen]
        self.turn = 0
        self.turn_began: float | None = None
        bounds, shape = field_bounds(axis), (len(values), len(seeds))
        steps = max(member.training.num_steps for own in stacks for member in own.values())
        numbers = {name: np.full(shape, np.nan) for name in ("loss", "train_accuracy", "test_accuracy")}
        flags = {name: np.zeros(shape, bool) for name in ("learned", "diverged", "finished")}
        self.made = Sweep(
            experiment,
            axis,
            bounds.label,
            bounds.logarithmic,
            plain(values),
            plain(seeds),
            curves=np.full((*shape, steps), np.nan),
            device=device_name(default_device()),
            **numbers,
            **flags,
        )

    @property
    def finished(self) -> bool:
        return all(training.finished for training in self.trainings)

    @property
    def fraction(self) -> float:
        members = [len(cells) for cells in self.cells]
        return float(np.average([training.fraction for training in self.trainings], weights=members))

    def work(self) -> None:
        """Do one step of the stack whose turn it is: that of the next one comes once this has trained for a while."""
        training, now = self.trainings[self.turn], time.perf_counter()
        self.turn_began = now if self.turn_began is None else self.turn_began
        training.work()
        if training.finished or time.perf_counter() > self.turn_began + TURN_SECONDS:
            self.rest()

    def rest(self) -> None:
        """End the turn of a stack: note what it has come to, and choose the next."""
        if self.turn_began is None:
            return
        self._take(self.turn)
        self.turn_began = None
        count = len(self.trainings)
        others = [(self.turn + i) % count for i in range(1, count + 1)]
        self.turn = next((turn for turn in others if not self.trainings[turn].finished), self.turn)

    def partial(self) -> Sweep | None:
        """Return the sweep so far, or None before the first step."""
        return join_sweeps([self.made]) if any(training.step for training in self.trainings) else None

    def result(self) -> Sweep:
        """Return the sweep."""
        return self.made

    def _take(self, turn: int) -> None:
        """Note what a stack has come to."""
        training, made = self.trainings[turn], self.made
        for member, cell in enumerate(self.cells[turn]):
            losses, _ = training.record.of(member)
            made.curves[cell][: len(losses)] = losses
        if not training.finished:
            return
        for run, cell in zip(training.results(), self.cells[turn], strict=True):
            made.finished[cell], made.learned[cell] = True, run.learned
            made.diverged[cell] = run.diverged_at is not None
            if run.diverged_at is None:
                made.loss[cell], made.train_accuracy[cell] = run.train_loss, run.train_accuracy
                made.test_accuracy[cell] = run.test_accuracy[-1]


def plain(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return values as Python's own, so that those of `np.arange` and `np.logspace` are values of an experiment.

    >>> plain(np.arange(1, 3)), plain(["none", 0.5])
    ((1, 2), ('none', 0.5))
    """
    return tuple(value.item() if isinstance(value, np.generic) else value for value in values)


def stack_size(experiment: Experiment) -> int:
    """Return how many members to train as one stack: more than stay in the cache gain nothing.

    >>> small, large = (Experiment().replace(width=width) for width in (8, 512))
    >>> stack_size(small) > stack_size(large)
    True
    """
    data, training = load(experiment.data), experiment.training
    network, each = network_of(experiment), data.train_x.element_size()
    batch = min(training.batch_size, len(data.train_x))
    return chunk_size(batch * network.working_size * each, default_device(), network.layout.size * each)


def join_sweeps(parts: Sequence[Sweep]) -> Sweep:
    """Return one sweep that holds what each part of it has trained, up to now or to the end; parts share no cell.

    Args: parts: of one sweep, by the stacks that they train.
    Returns: a Sweep; the parts stay as they are.

    >>> small = Experiment().replace(dataset="moons", width=8, num_steps=20)
    >>> whole = small, "depth", [1, 2]
    >>> parts = [SweepTask(*whole, stack=i) for i in range(len(sweep_stacks(*whole)))]
    >>> for part in parts:
    ...     part.advance(float("inf"))
    >>> join_sweeps([part.result() for part in parts]).finished.all(axis=1).tolist()
    [True, True]
    """
    joined = {name: getattr(parts[0], name).copy() for name in ARRAYS}
    for part in parts[1:]:
        own = ~np.isnan(part.curves[..., 0]) | part.finished
        for name, values in joined.items():
            values[own] = getattr(part, name)[own]
    return replace(parts[0], **joined)


def field_bounds(axis: str) -> Bounds:
    """Return what is known of a field of an experiment: its label, its bounds, whether it goes by factors.

    >>> field_bounds("init_scale").label
    'Initialization scale'

    Raises: ValueError where there is no such field.
    """
    if axis not in PART_OF:
        raise ValueError(f"an Experiment has no field {axis!r} to sweep; there are: {', '.join(PART_OF)}")
    return bounds_of(PARTS[PART_OF[axis]])[axis]


def sweep(experiment: Experiment, axis: str, values: Sequence[Any], seeds: Sequence[int] = (0,)) -> Sweep:
    """Train an experiment with each value of one field and each seed; each training is what it would be alone.

    To rounding, which differs between a stack and one alone, and which rates at the edge of stability magnify: losses may
    differ visibly there after some hundred steps, though not in double precision.

    >>> small = Experiment().replace(dataset="moons", width=8, depth=1, num_steps=50)
    >>> sweep(small, "learning_rate", [0.01, 0.1, 1.0], seeds=(0, 1)).test_accuracy.shape
    (3, 2)

    Args: experiment: what all have in common; axis, any number or choice of an experiment by its name; values (V,);
        seeds (R,).
    Returns: a Sweep of (V, R) trainings.
    Raises: ValueError where the axis is no field, or one of its values makes no valid experiment.
    """
    return SweepTask(experiment, axis, values, seeds).complete()
