"""What becomes of a job that was asked for, and the ticket by which each of those who wait for it follows it."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from landscape.serving.task import Task


class Status(StrEnum):
    """Where a job stands; the last three are final."""

    WAITING = "waiting for a result it needs"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(eq=False)
class Hold:
    """One waiter's wish that a job go on."""

    owner: Hashable
    patient: bool


@dataclass(eq=False)
class Work:
    """What becomes of a job that was asked for. What holds it: tickets' holds, and what needs its result."""

    key: str
    number: int
    news: threading.Condition
    make: Callable[..., Task] | None
    serial: bool
    needs: tuple[Work, ...] = ()
    holds: dict[Hold | Work, None] = field(default_factory=dict)
    status: Status = Status.WAITING
    start: Callable[[], Task] | None = None
    task: Task | None = None
    fraction: float = 0.0
    partial: Any = None
    result: Any = None
    error: BaseException | None = None
    version: int = 0
    losses: int = 0

    @property
    def owner(self) -> Hashable:
        """Whose turn the job takes: the first of those who still hold it, of those in a hurry where there are some."""
        return min(self.holds, key=lambda hold: hold.patient).owner

    @property
    def patient(self) -> bool:
        """Whether none of those who hold it is in a hurry."""
        return all(hold.patient for hold in self.holds)

    @property
    def turn(self) -> tuple[bool, Hashable]:
        """Which turn a chunk of it takes."""
        return self.patient, self.owner

    @property
    def done(self) -> bool:
        return self.status in (Status.DONE, Status.FAILED, Status.CANCELLED)

    def tell(self) -> None:
        """Wake those who wait for news; called with the lock held."""
        self.version += 1
        self.news.notify_all()


Dropped = deque[tuple[weakref.ref[Work], Hold]]
"""The holds of tickets that nobody refers to any more, to be given up."""


class Ticket:
    """One waiter's hold on a job. Given up by `release`, or when nobody refers to the ticket any more."""

    def __init__(self, work: Work, hold: Hold, let_go: Callable[[Work, Hold], None], dropped: Dropped) -> None:
        self.work, self._hold, self._let_go, self._seen = work, hold, let_go, work.version
        # Garbage is collected at any moment, also in a thread that is just changing jobs: it only leaves a note, which
        # is read before the next chunk is submitted. The weak reference lets a finished job's result go at once.
        self._finalizer = weakref.finalize(self, dropped.append, (weakref.ref(work), hold))
        self._finalizer.atexit = False

    @property
    def key(self) -> str:
        return self.work.key

    @property
    def status(self) -> Status:
        return self.work.status

    @property
    def done(self) -> bool:
        """Whether the job has ended, well or not: from now on there is an error, or the result."""
        return self.work.done

    @property
    def fraction(self) -> float:
        return self.work.fraction

    @property
    def partial(self) -> Any:
        """The last snapshot of a job that has not finished, or None."""
        return self.work.partial

    @property
    def result(self) -> Any:
        """The result, or None where there is none (yet)."""
        return self.work.result

    @property
    def error(self) -> BaseException | None:
        """What ended the job, as a plain value, or None."""
        return self.work.error

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for news since the last wait (since the request, the first time), or the end; say whether there is."""
        work = self.work
        with work.news:
            there = work.news.wait_for(lambda: work.done or work.version != self._seen, timeout)
            self._seen = work.version
        return there

    def release(self) -> None:
        """Give the hold up. The job is cancelled at once when nobody else holds it. A second time does nothing."""
        self._finalizer.detach()
        self._let_go(self.work, self._hold)
