"""Many trainings along one axis: what can be one stack is one, the rest takes turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from landscape.data import load
from landscape.devices import chunk_size, default_device
from landscape.experiment import PART_OF, PARTS, Experiment
from landscape.objective import network_of
from landscape.training import Training, stack_key
from models.fields import Bounds, bounds_of


@dataclass(frozen=True, eq=False)
class Sweep:
    """The ends of V x R trainings, one for each value of a field of an experiment and each seed.

    axis: the field; label: what people call it; logarithmic: whether its values go by factors. values: (V,) as given.
    seeds: (R,).
    loss: (V, R) over the training set as one batch, by its statistics. train_accuracy: (V, R) on the same.
    test_accuracy: (V, R) by the stored statistics. learned, diverged: (V, R). Not a number, and false, where a training
    diverged or has not ended.
    curves: (V, R, T) the loss of each step's batch; not a number beyond the last step done.
    finished: (V, R) whether the training has ended.
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


class SweepTask:
    """The computation of a sweep in chunks.

    Experiments alike in `stack_key` (they may differ in seed, learning rate, momentum, weight decay, initialization
    scale) are stacks, as many in each as stay in the cache; the stacks take turns, so that all of them grow side by
    side.

    Raises: ValueError where the axis is no field, or one of its values makes no valid experiment.
    """

    def __init__(self, experiment: Experiment, axis: str, values: Sequence[Any], seeds: Sequence[int] = (0,)) -> None:
        if not len(values) or not len(seeds):
            raise ValueError("a sweep needs at least one value and one seed; give values and seeds")
        if axis == "seed":
            raise ValueError("the axis of a sweep must not be seed: give the seeds as seeds, and another axis")
        self.experiment, self.axis, self.values, self.seeds = experiment, axis, tuple(values), tuple(seeds)
        stacks: dict[Experiment, list[tuple[int, int, Experiment]]] = {}
        for row, value in enumerate(self.values):
            for column, seed in enumerate(self.seeds):
                member = experiment.replace(**{axis: value, "seed": seed})
                stacks.setdefault(stack_key(member), []).append((row, column, member))
        self.cells: list[list[tuple[int, int]]] = []
        self.trainings: list[Training] = []
        for key, stack in stacks.items():
            most = _stack_size(key)
            for part in (stack[i : i + most] for i in range(0, len(stack), most)):
                self.cells.append([(row, column) for row, column, _ in part])
                self.trainings.append(Training([member for _, _, member in part], snapshots=2))
        self.turn = 0
        self.made = self._blank()

    @property
    def finished(self) -> bool:
        return bool(self.made.finished.all())

    @property
    def fraction(self) -> float:
        members = [len(cells) for cells in self.cells]
        return float(np.average([training.fraction for training in self.trainings], weights=members))

    def advance(self, seconds: float) -> None:
        """Train for about so many seconds, at least one step; each stack that has not ended in turn."""
        until = time.perf_counter() + seconds
        while not self.finished:
            turn = self.turn % len(self.trainings)
            self.turn += 1
            if self.trainings[turn].finished:
                continue
            self.trainings[turn].advance(min(TURN_SECONDS, seconds))
            self._take(turn)
            if time.perf_counter() > until:
                break

    def partial(self) -> Sweep | None:
        """Return the sweep so far, or None before the first step."""
        if not self.turn:
            return None
        arrays = ("loss", "train_accuracy", "test_accuracy", "learned", "diverged", "curves", "finished")
        return replace(self.made, **{name: getattr(self.made, name).copy() for name in arrays})

    def result(self) -> Sweep:
        """Return the sweep."""
        return self.made

    def _blank(self) -> Sweep:
        bounds = field_bounds(self.axis)
        shape = len(self.values), len(self.seeds)
        steps = max(training.steps_total for training in self.trainings)
        numbers = [np.full(shape, np.nan) for _ in range(3)]
        flags = [np.zeros(shape, bool) for _ in range(3)]
        curves = np.full((*shape, steps), np.nan)
        named = (self.experiment, self.axis, bounds.label, bounds.logarithmic, self.values, self.seeds)
        return Sweep(*named, *numbers, *flags[:2], curves, flags[2])

    def _take(self, turn: int) -> None:
        """Note what a stack has come to."""
        training, made = self.trainings[turn], self.made
        losses = training.losses[: training.step + 1].cpu().numpy()
        for member, cell in enumerate(self.cells[turn]):
            end = training.diverged_at[member]
            kept = losses[: None if end is None else end + 1, member]
            made.curves[cell][: len(kept)] = kept
        if not training.finished:
            return
        for run, cell in zip(training.results(), self.cells[turn], strict=True):
            made.finished[cell], made.learned[cell], made.diverged[cell] = (
                True,
                run.learned,
                run.diverged_at is not None,
            )
            if run.diverged_at is None:
                made.loss[cell], made.train_accuracy[cell] = run.train_loss, run.train_accuracy
                made.test_accuracy[cell] = run.test_accuracy[-1]


TURN_SECONDS = 0.05
"""How long one stack trains before the next has its turn."""


def _stack_size(experiment: Experiment) -> int:
    """Return how many members to train as one stack: more than stay in the cache were no faster, measured."""
    data, training = load(experiment.data), experiment.training
    batch = min(training.batch_size, len(data.train_x))
    size = network_of(experiment).working_size * data.train_x.element_size()
    return chunk_size(batch * size, default_device())


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

    >>> small = Experiment().replace(dataset="moons", width=8, depth=1, num_steps=50)
    >>> sweep(small, "learning_rate", [0.01, 0.1, 1.0], seeds=(0, 1)).test_accuracy.shape
    (3, 2)

    Args: axis, any number or choice of an experiment by its name; values (V,); seeds (R,).
    Raises: ValueError where the axis is no field, or one of its values makes no valid experiment.
    """
    task = SweepTask(experiment, axis, values, seeds)
    task.advance(float("inf"))
    return task.result()
