"""A computation in chunks, and what one chunk of it brings."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from landscape.serving.devices import limit_freed_memory

Result = TypeVar("Result")

MISSING = object()
"""Stands for a result that there is not, where None may be one."""


class Task(Protocol):
    """A pure computation cut into chunks; the object pickles between two of them."""

    @property
    def finished(self) -> bool: ...

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1."""

    def advance(self, seconds: float) -> None:
        """Work for about that long, at least one unit of work, then return."""

    def partial(self) -> Any | None:
        """Return what can be drawn already, as a snapshot that never changes; None while there is nothing."""

    def result(self) -> Any:
        """Return the result of a finished task."""


class ChunkedTask(ABC):
    """A task by its units of work: a kind of it says what one is, when all are done, and what comes of them.

    Where it has come to stands in its attributes, so that it pickles between two units.
    """

    @property
    @abstractmethod
    def finished(self) -> bool:
        """Whether all is done."""

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1."""
        return float(self.finished)

    @abstractmethod
    def work(self) -> None:
        """Do the next unit of work; there is one while the task has not finished."""

    def rest(self) -> None:
        """Let go of what is not to be held, nor to be pickled, while others have their turn."""
        return

    def advance(self, seconds: float) -> None:
        """Work for about so many seconds, at least one unit."""
        until = time.perf_counter() + seconds
        while not self.finished:
            self.work()
            if time.perf_counter() > until:
                break
        self.rest()

    def partial(self) -> Any | None:
        """Return what can be drawn already; None while there is nothing."""
        return None

    @abstractmethod
    def result(self) -> Any:
        """Return the result of a finished task."""

    def complete(self) -> Any:
        """Do all that is left, and return the result."""
        self.advance(float("inf"))
        return self.result()


def made(result: Result | None) -> Result:
    """Return what a task was to make, once it is there.

    Raises: RuntimeError where it is not.
    """
    if result is None:
        raise RuntimeError("the task has not finished: advance it until it has, or call complete()")
    return result


@dataclass
class Once(ChunkedTask):
    """A task that is one call, too short to be cut.

    >>> Once(lambda: 42).complete()
    42
    """

    call: Callable[[], Any]
    found: Any = None
    done: bool = False

    @property
    def finished(self) -> bool:
        return self.done

    def work(self) -> None:
        """Do all of it."""
        self.found, self.done = self.call(), True

    def result(self) -> Any:
        """Return what the call returned."""
        return self.found


@dataclass(frozen=True)
class Chunk:
    """What comes back from one chunk: the task as it stands now and what it has to show."""

    task: Task | None
    fraction: float
    finished: bool
    partial: Any
    result: Any


def run_chunk(task: Task | None, start: Callable[[], Task] | None, seconds: float) -> Chunk:
    """Run one chunk, in a worker. The first one builds the task, which may be slow or fail as the rest may."""
    if task is None:
        if start is None:
            raise ValueError("a chunk needs a task, or what makes one: give task or start")
        task = start()
    if not task.finished:
        task.advance(seconds)
    limit_freed_memory()
    if task.finished:
        return Chunk(None, 1.0, True, None, task.result())
    return Chunk(task, task.fraction, False, task.partial(), None)
