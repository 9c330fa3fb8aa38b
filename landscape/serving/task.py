"""A computation in chunks, and what one chunk of it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from landscape.devices import limit_freed_memory

MISSING = object()


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


@dataclass
class Once:
    """A task that is one call, too short to be cut."""

    call: Callable[[], Any]
    found: Any = MISSING

    @property
    def finished(self) -> bool:
        return self.found is not MISSING

    @property
    def fraction(self) -> float:
        return float(self.finished)

    def advance(self, seconds: float) -> None:
        """Do all of it."""
        self.found = self.call()

    def partial(self) -> None:
        """Return None: there is nothing before the end."""

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
    task = start() if task is None else task
    if not task.finished:
        task.advance(seconds)
    limit_freed_memory()
    if task.finished:
        return Chunk(None, 1.0, True, None, task.result())
    return Chunk(task, task.fraction, False, task.partial(), None)
