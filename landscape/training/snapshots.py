"""At which steps of a training its parameters are kept, and those that were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

SNAPSHOTS = 41
"""Snapshots of a training, its first and last step among them."""

SNAPSHOT_BYTES = 5 * 2**19
"""A run keeps fewer snapshots rather than more than so many bytes of them, but always the first and the last."""

SHORT = 8
"""Where no more of them came before a divergence, the steps up to it are done again for their path."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A stack of E trainings before a step: parameters (E, P), and what was remembered, states (E or 1, Q)."""

    step: int
    parameters: np.ndarray
    states: np.ndarray

    def member(self, member: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a member's parameters (P,) and state (Q,)."""
        return self.parameters[member], self.states[min(member, len(self.states) - 1)]


def snapshot_count(most: int, parameters: int) -> int:
    """Return how many snapshots of so many parameters to keep: at most so many, at least two.

    >>> snapshot_count(SNAPSHOTS, 1_000), snapshot_count(SNAPSHOTS, 100_000), snapshot_count(SNAPSHOTS, 10**7)
    (41, 6, 2)
    """
    return max(2, min(most, SNAPSHOT_BYTES // (4 * parameters)))


class Snapshots:
    """The snapshots of a training, up to `count` of them, from the start to the step `last`.

    They are dense at the start, where the loss changes most: the i-th of n + 1 before step last (i / n)^2, but no two
    before one step. As many evenly spaced ones leave half of what the loss changes, and more, to the first stretch of a path.

    wanted: before which steps they are taken. taken: in order.

    >>> sorted(Snapshots(400, 5).wanted), sorted(Snapshots(20, 11).wanted)
    ([0, 25, 100, 225, 400], [0, 1, 2, 3, 4, 5, 7, 9, 12, 16, 20])
    """

    def __init__(self, last: int, count: int) -> None:
        numbers = np.arange(min(count, last + 1))
        spaced = last * (numbers / max(numbers[-1], 1)) ** 2
        self.wanted = frozenset(np.maximum(spaced.astype(int), numbers).tolist())
        self.taken: list[Snapshot] = []

    def take(self, step: int, parameters: Tensor, states: Tensor) -> None:
        """Keep a copy of the parameters `(E, P)` before a step, and of what was remembered `(E or 1, Q)`."""
        kept = (values.detach().cpu().numpy().copy() for values in (parameters, states))
        self.taken.append(Snapshot(step, *kept))

    def has(self, step: int) -> bool:
        """Return whether the last one was taken before that step."""
        return bool(self.taken) and self.taken[-1].step == step

    def are_few_before(self, step: int) -> bool:
        """Return whether a divergence at that step leaves a path of few points, where more were asked for and there are."""
        complete = step == 0 or step - 1 in self.wanted or len(self.taken) > SHORT
        return not complete and len(self.wanted) > 2

    def of(self, member: int, diverged_at: int | None) -> list[Snapshot]:
        """Return those of a member's path: finite, and before the step at which it diverged; at least the first."""
        before = [one for one in self.taken if diverged_at is None or one.step < diverged_at]
        return [one for one in before if np.isfinite(one.parameters[member]).all()] or self.taken[:1]
