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
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from typing import Any

from landscape.serving.devices import release_freed_memory
from landscape.serving.store import Store
from landscape.serving.task import MISSING, Chunk, Task, run_chunk
from landscape.serving.tickets import Dropped, Hold, Status, Ticket, Work
from landscape.serving.turns import Turns

logger = logging.getLogger(__name__)

MOST_LOSSES = 4
"""So often the same chunk may be lost with its executor before its job fails, as with Dask's workers."""


@dataclass(frozen=True)
class Job:
    """One computation as data: what its result is called, how it is made, and what it is made from.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from landscape.serving.task import Once
    >>> numbers = Job("numbers", lambda: Once(lambda: [3, 4]))
    >>> total = Job("their sum", lambda numbers: Once(lambda: sum(numbers)), needs=(numbers,))
    >>> with ThreadPoolExecutor(1) as pool:
    ...     ticket = Dispatcher(pool, 1, Store(10**6)).request(total)
    ...     while not ticket.done:
    ...         news = ticket.wait()
    >>> ticket.result
    7

    key: `repr` of the frozen configs that say all about the result; no job that it needs has the same one.
    make: called in a worker, with the results of the needs; pickles where workers are processes.
    needs: jobs whose results it takes, or tickets of such; they are only asked for where this one is not stored, held as
        long as this one is, and their failure is its failure.
    serial: whether it consists of many small operations, so that only some of the workers take its kind at a time.
    passing: for who asks: it is asked for by itself only while what needs it first is not there.
    patient: whether it runs only while no job of anybody that is not patient could. What a job needs is as patient as
        the job is, unless somebody else waits for it too.
    """

    key: str
    make: Callable[..., Task]
    needs: tuple[Job | Ticket, ...] = ()
    serial: bool = False
    passing: bool = False
    patient: bool = False

    def __post_init__(self) -> None:
        if any(need.key == self.key for need in self._all_needs()):
            raise ValueError(
                f"Job.key {self.key!r} is that of a job it needs, which would wait for itself: give it another"
            )

    def _all_needs(self) -> Iterator[Job | Ticket]:
        for need in self.needs:
            yield need
            if isinstance(need, Job):
                yield from need._all_needs()


class Dispatcher:
    """Runs jobs on an executor: each key once at a time, owners in turn, within an owner in order of request.

    At most `workers` chunks (a number, or what tells it) are with the executor at a time; the others wait here, so that a
    turn can be given to whoever was served least recently. `renew` makes a new executor where the old one broke, as
    processes do when one is killed: chunks that were lost with it are run again there, as they are pure. `serial_workers`
    is how many of the workers may have a serial job at a time, all of them if not given.
    """

    def __init__(
        self,
        executor: Executor,
        workers: int | Callable[[], int],
        store: Store,
        chunk_seconds: float = 0.1,
        renew: Callable[[], Executor] | None = None,
        serial_workers: int | None = None,
    ) -> None:
        if isinstance(workers, int) and workers < 1:
            raise ValueError(f"Dispatcher.workers must be at least 1, not {workers}")
        each = workers if callable(workers) else lambda: workers
        self.store = store
        self._executor, self._chunk_seconds, self._renew = executor, chunk_seconds, renew
        self._lock = threading.RLock()  # reentrant: a chunk that has ended already calls back within `_submit`
        self._works: dict[str, Work] = {}  # by key, all that has not ended
        self._turns = Turns(each, lambda: serial_workers or each())
        self._count = itertools.count()
        self._dispatching = False
        self._dropped: Dropped = deque()

    def request(self, job: Job, owner: Hashable = "") -> Ticket:
        """Return a hold on this job: on its stored result, on the work on it that goes on already, or on a new one.

        owner: whose share of the workers it takes.
        """
        with self._lock:
            hold = Hold(owner, job.patient)
            work = self._find(job, hold)
            ticket = Ticket(work, hold, self._release, self._dropped)
            self._dispatch()
            return ticket

    def _find(self, job: Job | Ticket, hold: Hold | Work) -> Work:
        """Return the work on a job, held by one more."""
        work = job.work if isinstance(job, Ticket) else self._works.get(job.key) or self._begin(job)
        work.holds[hold] = None
        return work

    def _begin(self, job: Job) -> Work:
        """Return work that has ended where the result is stored, else new work that holds what it needs."""
        work = Work(job.key, next(self._count), threading.Condition(self._lock), job.make, job.serial)
        stored = self.store.get(job.key, MISSING)
        if stored is not MISSING:
            work.result, work.fraction, work.status = stored, 1.0, Status.DONE
            return work
        self._works[job.key] = work
        work.needs = tuple(self._find(need, work) for need in job.needs)
        self._start_when_ready(work)
        return work

    def _start_when_ready(self, work: Work) -> None:
        """Queue work whose needs are there; end it where one of them failed."""
        error = next((need.error for need in work.needs if need.error is not None), None)
        if error is not None:
            self._end(work, Status.FAILED, error=error)
        elif work.make is not None and all(need.done for need in work.needs):
            work.start, work.status = functools.partial(work.make, *[need.result for need in work.needs]), Status.QUEUED
            self._leave_needs(work)
            self._turns.queue(work)

    def _dispatch(self) -> None:
        """Submit chunks while there are workers free. Called last by everything that changes works."""
        if self._dispatching:  # called back from `_submit` below: the loop goes on there
            return
        self._dispatching = True
        try:
            while True:
                while self._dropped:
                    reference, hold = self._dropped.popleft()
                    if (dropped := reference()) is not None:
                        self._let_go(dropped, hold)
                if self._turns.end():
                    release_freed_memory()
                work = self._turns.take()
                if work is None:
                    return
                self._submit(work)
        finally:
            self._dispatching = False

    def _submit(self, work: Work) -> None:
        work.status = Status.RUNNING
        executor = self._executor
        try:
            future = executor.submit(run_chunk, work.task, work.start, self._chunk_seconds)
        except Exception as error:
            self._turns.give_back(work)
            if isinstance(error, RuntimeError) and not isinstance(error, BrokenExecutor):
                # The executor was shut down, as when a server stops: the job did not fail.
                logger.warning("a job was given up: %s", error)
                self._end(work, Status.CANCELLED, error=CancelledError(str(error)))
            else:
                self._fail(work, error, executor)
        else:
            future.add_done_callback(functools.partial(self._chunk_ended, work, executor))

    def _chunk_ended(self, work: Work, executor: Executor, future: Future[Chunk]) -> None:
        """Take in what a chunk brought. Never raises: whatever goes wrong is the job's error."""
        with self._lock:
            self._turns.give_back(work)
            try:
                chunk = future.result()
                if chunk.finished:  # also where nobody waits any more: the work is done, somebody may come back
                    self.store.put(work.key, chunk.result)
            except BaseException as error:
                self._fail(work, error, executor)
            else:
                work.losses = 0
                if not work.done:
                    work.task, work.start, work.fraction, work.partial = chunk.task, None, chunk.fraction, chunk.partial
                    if chunk.finished:
                        self._end(work, Status.DONE, result=chunk.result)
                    else:
                        self._turns.queue(work)
                        work.tell()
            self._dispatch()

    def _fail(self, work: Work, error: BaseException, executor: Executor) -> None:
        if isinstance(error, BrokenExecutor) and self._renew is not None:
            try:
                if executor is self._executor:
                    self._executor = self._renew()
            except Exception:
                logger.exception("a new executor could not be made in place of the broken one")
            else:
                work.losses += 1
                if not work.done and work.losses < MOST_LOSSES:  # who broke it cannot be told from who was there too
                    self._turns.queue(work)
                    return
        if not work.done:
            # That workers went away is told without a traceback, which would show where the news came in.
            told = None if isinstance(error, BrokenExecutor) else error
            logger.warning("a job failed: %s: %s", work.key, error, exc_info=told)
            # Without its traceback, whose frames would keep the task and its arrays as long as the error.
            self._end(work, Status.FAILED, error=error.with_traceback(None))

    def _end(self, work: Work, status: Status, result: Any = None, error: BaseException | None = None) -> None:
        work.result, work.error, work.status = result, error, status  # the status last: readers look without the lock
        work.make = work.start = work.task = None
        self._turns.leave(work)
        del self._works[work.key]
        self._leave_needs(work)
        work.tell()
        for dependent in [hold for hold in work.holds if isinstance(hold, Work)]:
            if dependent.status is Status.WAITING:
                self._start_when_ready(dependent)

    def _leave_needs(self, work: Work) -> None:
        needs, work.needs = work.needs, ()
        for need in needs:
            self._let_go(need, work)

    def _let_go(self, work: Work, hold: Hold | Work) -> None:
        work.holds.pop(hold, None)
        if not work.holds and not work.done:
            self._end(work, Status.CANCELLED, error=CancelledError("nobody waited for this any more"))

    def _release(self, work: Work, hold: Hold) -> None:
        with self._lock:
            self._let_go(work, hold)
            self._dispatch()
