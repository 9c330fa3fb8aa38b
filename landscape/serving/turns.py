"""Whose turn it is: owners one after the other, within an owner in order of request, patient work when nothing else can."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable

from landscape.serving.tickets import Work


class Turns:
    """The work that waits for a worker, and how many chunks the workers have.

    workers: tells how many chunks may be with them at a time; serial_workers: how many of these of serial jobs.
    """

    def __init__(self, workers: Callable[[], int], serial_workers: Callable[[], int]) -> None:
        self._workers, self._serial_workers = workers, serial_workers
        self._ready: dict[Work, None] = {}
        self._served: dict[tuple[bool, Hashable], int] = {}
        self._count = itertools.count()
        self._taken = self._serial_taken = 0

    def queue(self, work: Work) -> None:
        """Let work wait for its next turn."""
        self._ready[work] = None

    def leave(self, work: Work) -> None:
        """Let work wait no longer, if it does."""
        self._ready.pop(work, None)

    def take(self) -> Work | None:
        """Give the next turn, or None while there is no work or no worker for it.

        It goes to who was served least recently; patience has turns of its own, after all others. Who was not served
        since all was idle comes first: that delays the others by one chunk, once.
        """
        full = self._serial_taken >= self._serial_workers()
        open_to = [work for work in self._ready if not (full and work.serial)]
        if not open_to or self._taken >= self._workers():
            return None
        chosen = min(open_to, key=lambda work: (work.patient, self._served.get(work.turn, -1), work.number))
        self._served[chosen.turn] = next(self._count)
        self.leave(chosen)
        self._taken += 1
        self._serial_taken += chosen.serial
        return chosen

    def give_back(self, work: Work) -> None:
        """Note that a worker is free of a chunk that it had taken."""
        self._taken -= 1
        self._serial_taken -= work.serial

    def end(self) -> bool:
        """Forget who was served once all is done; say whether there was anything to forget."""
        idle = not self._ready and not self._taken
        served = bool(self._served)
        if idle:
            self._served.clear()
        return idle and served
