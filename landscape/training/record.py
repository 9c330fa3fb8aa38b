"""What is noted of each step of a training, and when it has diverged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

DIVERGED = 1000.0
"""A loss so many times the first counts as diverged."""


class Record:
    """The losses and the gradients' lengths of a stack of E trainings, step by step.

    losses, gradient_norms: for each step done, E numbers.
    diverged_at: of each member the first step whose loss was not finite or 1000 times the first, or None.

    >>> record = Record(2)
    >>> record.note([1.0, 1.0], [0.1, 0.1])
    >>> record.note([0.9, 1e9], [0.1, 1e9])
    >>> record.diverged_at, record.all_diverged
    ([None, 1], False)
    """

    def __init__(self, members: int) -> None:
        self.losses: list[Sequence[float]] = []
        self.gradient_norms: list[Sequence[float]] = []
        self.diverged_at: list[int | None] = [None] * members

    @property
    def all_diverged(self) -> bool:
        """Whether there is none left to train."""
        return None not in self.diverged_at

    def note(self, losses: Sequence[float], gradient_norms: Sequence[float]) -> None:
        """Note a step, and who diverged at it."""
        step = len(self.losses)
        self.losses.append(losses)
        self.gradient_norms.append(gradient_norms)
        for member, (loss, first) in enumerate(zip(losses, self.losses[0], strict=True)):
            well = loss <= DIVERGED * first  # false of what is not a number
            if not well and self.diverged_at[member] is None:
                self.diverged_at[member] = step

    def of(self, member: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a member's losses and gradient lengths `(T,)`, the step at which it diverged the last."""
        end = self.diverged_at[member]
        done = slice(None if end is None else end + 1)
        losses, norms = (
            np.array([values[member] for values in noted[done]], np.float32)
            for noted in (self.losses, self.gradient_norms)
        )
        return losses, norms
