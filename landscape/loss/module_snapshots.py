"""What a module's parameters were while it was trained, by whatever loop: kept by a callback."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

MOST = 101
"""Snapshots that are kept of a training at most."""


class Snapshots:
    """Keeps a module's parameters, evenly spaced over its training, as that goes on as it would anyway.

    Called after each step of the optimizer, by the loop or by the optimizer itself. Where there are more than `most`
    every second one is let go, and half as many are taken from then on, so that no length of training need be known
    before. Its first parameters and its present ones are always among them.

    >>> module = nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    >>> snapshots = Snapshots(module, most=5)
    >>> hook = optimizer.register_step_post_hook(snapshots)
    >>> for _ in range(10):
    ...     optimizer.zero_grad()
    ...     module(torch.ones(4, 2)).square().mean().backward()
    ...     optimizer.step()
    >>> snapshots.steps.tolist(), snapshots.parameters.shape
    ([0, 4, 8, 10], (4, 3))

    Args: module: whose parameters, in the order in which `module_objective` takes them. most: snapshots at most, from 3.
    Raises: ValueError for fewer.
    """

    def __init__(self, module: nn.Module, most: int = MOST) -> None:
        if most < 3:
            raise ValueError(f"most must be at least 3 snapshots, the first, the last and one between, not {most}")
        self.module, self.most, self.done, self.interval = module, most, 0, 1
        self._kept = [(0, self._present())]

    def __call__(self, *given: object) -> None:
        """Note that a step was done. What an optimizer gives its hooks is not needed."""
        self.done += 1
        if self.done % self.interval:
            return
        if len(self._kept) == self.most - 1:  # one more may come: the present ones
            self._kept, self.interval = self._kept[::2], 2 * self.interval
        if self.done % self.interval == 0:
            self._kept.append((self.done, self._present()))

    @property
    def steps(self) -> np.ndarray:
        """The steps (S,) after which the snapshots were taken, 0 before the first one."""
        return np.array([step for step, _ in self._all()])

    @property
    def parameters(self) -> np.ndarray:
        """The parameters (S, P) at these."""
        return np.stack([parameters for _, parameters in self._all()])

    def _all(self) -> list[tuple[int, np.ndarray]]:
        last = [] if self._kept[-1][0] == self.done else [(self.done, self._present())]
        return self._kept + last

    def _present(self) -> np.ndarray:
        with torch.no_grad():
            return torch.cat([part.detach().flatten() for part in self.module.parameters()]).cpu().numpy().copy()
