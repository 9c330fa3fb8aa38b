"""Jobs: computations apart from the script that draws the page, shared by all who ask for the same one.

A task is cut into chunks, each one call on a `concurrent.futures.Executor`, so that progress, cancelling and fairness
are the same on threads, on processes and on a cluster. All state changes under one lock, in a request, a release or the
callback of a finished chunk; nothing polls, and no thread is kept for the bookkeeping.

What is left out: a chunk that has begun is never interrupted (its result is dropped), and no job outlives its process.
"""

from __future__ import annotations

import functools
import itertools
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from landscape.devices import release_freed_memory
from landscape.serving.store import Store
from landscape.serving.task import MISSING, Chunk, Task, run_chunk

logger = logging.getLogger(__name__)


class Status(StrEnum):
    """Where a job stands; the last three are final."""

    WAITING = "waiting for a result it needs"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(eq=False)
class _Hold:
    """One waiter's wish that a job go on."""

    owner: Hashable


@dataclass(eq=False)
class _Job:
    """A computation that runs, waits or has ended. What holds it: tickets' holds, and jobs that need its result."""

    key: str
    number: int
    news: threading.Condition
    make: Callable[..., Task] | None = None
    serial: bool = False
    needs: tuple[_Job, ...] = ()
    holds: dict[_Hold | _Job, None] = field(default_factory=dict)
    status: Status = Status.WAITING
    start: Callable[[], Task] | None = None
    task: Task | None = None
    fraction: float = 0.0
    partial: Any = None
    result: Any = None
    error: BaseException | None = None
    version: int = 0

    @property
    def owner(self) -> Hashable:
        """Whose turn the job takes: the first of those who still hold it."""
        return next(iter(self.holds)).owner

    @property
    def done(self) -> bool:
        return self.status in (Status.DONE, Status.FAILED, Status.CANCELLED)


class Ticket:
    """One waiter's hold on a job. Given up by `release`, or when nobody refers to the ticket any more."""

    def __init__(self, dispatcher: Dispatcher, job: _Job, hold: _Hold) -> None:
        self._dispatcher, self._job, self._hold, self._seen = dispatcher, job, hold, job.version
        # Garbage is collected at any moment, also in a thread that is just changing jobs: it only leaves a note, which
        # is read before the next chunk is submitted. The weak reference lets a finished job's result go at once.
        self._finalizer = weakref.finalize(self, dispatcher._dropped.append, (weakref.ref(job), hold))
        self._finalizer.atexit = False

    @property
    def key(self) -> str:
        return self._job.key

    @property
    def status(self) -> Status:
        return self._job.status

    @property
    def done(self) -> bool:
        """Whether the job has ended, well or not: from now on there is an error, or the result."""
        return self._job.done

    @property
    def fraction(self) -> float:
        return self._job.fraction

    @property
    def partial(self) -> Any:
        """The last snapshot of a job that has not finished, or None."""
        return self._job.partial

    @property
    def result(self) -> Any:
        """The result, or None where there is none (yet)."""
        return self._job.result

    @property
    def error(self) -> BaseException | None:
        """What ended the job, as a plain value, or None."""
        return self._job.error

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for news since the last wait (since the request, the first time), or the end; say whether there is."""
        job = self._job
        with job.news:
            there = job.news.wait_for(lambda: job.done or job.version != self._seen, timeout)
            self._seen = job.version
        return there

    def release(self) -> None:
        """Give the hold up. The job is cancelled at once when nobody else holds it. A second time does nothing."""
        self._finalizer.detach()
        self._dispatcher._release(self._job, self._hold)


class Dispatcher:
    """Runs tasks on an executor: each key once at a time, owners in turn, within an owner in order of request.

    At most `workers` chunks are with the executor at a time; the others wait here, so that a turn can be given to
    whoever was served least recently. `renew` makes a new executor where the old one broke, as processes do when one is
    killed; without it every later job fails with the same error. `serial_workers` is how many of the workers may have
    a serial job at a time, all of them if not given.
    """

    def __init__(
        self,
        executor: Executor,
        workers: int,
        store: Store,
        chunk_seconds: float = 0.1,
        renew: Callable[[], Executor] | None = None,
        serial_workers: int | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError(f"Dispatcher.workers must be at least 1, not {workers}")
        self.store = store
        self._executor, self._workers, self._chunk_seconds, self._renew = executor, workers, chunk_seconds, renew
        self._lock = threading.RLock()  # reentrant: a chunk that has ended already calls back within `_submit`
        self._jobs: dict[str, _Job] = {}  # those that have not ended
        self._ready: dict[_Job, None] = {}
        self._served: dict[Hashable, int] = {}
        self._count = itertools.count()
        self._in_flight = self._serial_in_flight = 0
        self._serial_workers = serial_workers or workers
        self._dispatching = False
        self._dropped: deque[tuple[weakref.ref[_Job], _Hold]] = deque()

    def request(
        self,
        key: str,
        make: Callable[..., Task],
        needs: tuple[Ticket | tuple[Any, ...], ...] = (),
        owner: Hashable = "",
        serial: bool = False,
    ) -> Ticket:
        """Return a hold on the job of this key: its stored result, the job that runs already, or a new one.

        key: `repr` of the frozen configs that say all about the result.
        make: called in a worker, with the results of the needs; pickles where workers are processes.
        needs: jobs whose results it takes, as tickets or as (key, make) or (key, make, serial), which are only asked for
            where this one is not stored; they are held as long as this one is, and their failure is its failure.
        owner: whose share of the workers the job takes.
        serial: whether it consists of many small operations, so that at most `serial_workers` of its kind run at once.
        """
        with self._lock:
            hold = _Hold(owner)
            job = self._find(key, make, needs, hold, serial)
            ticket = Ticket(self, job, hold)
            self._dispatch()
            return ticket

    def _find(
        self, key: str, make: Callable[..., Task], needs: tuple, hold: _Hold | _Job, serial: bool = False
    ) -> _Job:
        job = self._jobs.get(key)
        if job is None:
            job = _Job(key, next(self._count), threading.Condition(self._lock), make, serial)
            stored = self.store.get(key, MISSING)
            if stored is not MISSING:
                job.result, job.fraction, job.status = stored, 1.0, Status.DONE
        job.holds[hold] = None
        if job.status is Status.WAITING and key not in self._jobs:
            self._jobs[key] = job
            job.needs = tuple(
                need._job if isinstance(need, Ticket) else self._find(*need[:2], (), job, *need[2:]) for need in needs
            )
            for need in job.needs:
                need.holds[job] = None
            self._start_when_ready(job)
        return job

    def _start_when_ready(self, job: _Job) -> None:
        """Queue a job whose needs are there; end it where one of them failed."""
        error = next((need.error for need in job.needs if need.error is not None), None)
        if error is not None:
            self._end(job, Status.FAILED, error=error)
        elif all(need.done for need in job.needs):
            job.start, job.status = functools.partial(job.make, *[need.result for need in job.needs]), Status.QUEUED
            self._leave_needs(job)
            self._ready[job] = None

    def _dispatch(self) -> None:
        """Submit chunks while there are workers free. Called last by everything that changes jobs."""
        if self._dispatching:  # called back from `_submit` below: the loop goes on there
            return
        self._dispatching = True
        try:
            while True:
                while self._dropped:
                    reference, hold = self._dropped.popleft()
                    if (dropped := reference()) is not None:
                        self._let_go(dropped, hold)
                if self._served and not self._ready and not self._in_flight:
                    self._served.clear()  # all is done, so that no turns need to be remembered
                    release_freed_memory()
                if not self._ready or self._in_flight >= self._workers:
                    return
                # Who was not served since all was idle comes first: that delays the others by one chunk, once.
                full = self._serial_in_flight >= self._serial_workers
                open_to = [job for job in self._ready if not (full and job.serial)]
                if not open_to:
                    return
                job = min(open_to, key=lambda one: (self._served.get(one.owner, -1), one.number))
                del self._ready[job]
                self._served[job.owner] = next(self._count)
                self._submit(job)
        finally:
            self._dispatching = False

    def _submit(self, job: _Job) -> None:
        job.status = Status.RUNNING
        executor = self._executor
        self._in_flight += 1
        self._serial_in_flight += job.serial
        try:
            future = executor.submit(run_chunk, job.task, job.start, self._chunk_seconds)
        except Exception as error:
            self._in_flight -= 1
            self._serial_in_flight -= job.serial
            if isinstance(error, RuntimeError) and not isinstance(error, BrokenExecutor):
                # The executor was shut down, as when a server stops: the job did not fail.
                logger.warning("a job was given up: %s", error)
                self._end(job, Status.CANCELLED, error=CancelledError(str(error)))
            else:
                self._fail(job, error, executor)
        else:
            future.add_done_callback(functools.partial(self._chunk_ended, job, executor))

    def _chunk_ended(self, job: _Job, executor: Executor, future: Future[Chunk]) -> None:
        """Take in what a chunk brought. Never raises: whatever goes wrong is the job's error."""
        with self._lock:
            self._in_flight -= 1
            self._serial_in_flight -= job.serial
            try:
                chunk = future.result()
                if chunk.finished:  # also where nobody waits any more: the work is done, somebody may come back
                    self.store.put(job.key, chunk.result)
            except BaseException as error:
                self._fail(job, error, executor)
            else:
                if not job.done:
                    job.task, job.start, job.fraction, job.partial = chunk.task, None, chunk.fraction, chunk.partial
                    if chunk.finished:
                        self._end(job, Status.DONE, result=chunk.result)
                    else:
                        self._ready[job] = None
                        self._tell(job)
            self._dispatch()

    def _fail(self, job: _Job, error: BaseException, executor: Executor) -> None:
        if isinstance(error, BrokenExecutor) and self._renew is not None and executor is self._executor:
            try:
                self._executor = self._renew()
            except Exception:
                logger.exception("a new executor could not be made in place of the broken one")
        if not job.done:
            logger.warning("a job failed: %s", job.key, exc_info=error)
            # Without its traceback, whose frames would keep the task and its arrays as long as the error.
            self._end(job, Status.FAILED, error=error.with_traceback(None))

    def _end(self, job: _Job, status: Status, result: Any = None, error: BaseException | None = None) -> None:
        job.result, job.error, job.status = result, error, status  # the status last: readers look without the lock
        job.make = job.start = job.task = None
        self._ready.pop(job, None)
        del self._jobs[job.key]
        self._leave_needs(job)
        self._tell(job)
        for dependent in [hold for hold in job.holds if isinstance(hold, _Job)]:
            if dependent.status is Status.WAITING:
                self._start_when_ready(dependent)

    def _tell(self, job: _Job) -> None:
        job.version += 1
        job.news.notify_all()

    def _leave_needs(self, job: _Job) -> None:
        needs, job.needs = job.needs, ()
        for need in needs:
            self._let_go(need, job)

    def _let_go(self, job: _Job, hold: _Hold | _Job) -> None:
        job.holds.pop(hold, None)
        if not job.holds and not job.done:
            self._end(job, Status.CANCELLED, error=CancelledError("nobody waited for this any more"))

    def _release(self, job: _Job, hold: _Hold) -> None:
        with self._lock:
            self._let_go(job, hold)
            self._dispatch()
