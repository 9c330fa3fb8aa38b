"""Losses: of one network with its gradient by the outputs, without autograd, and of many on targets that all share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from models.fast import kernels


def squared(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the squared error, summed over the outputs `(N, C)`, and its gradient 2 (outputs - targets) / N."""
    if not targets.is_floating_point():
        targets = functional.one_hot(targets, outputs.shape[1])
    errors = outputs - targets
    return errors.square().sum(1).mean(), errors * (2 / len(outputs))


LossAndGradient = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(outputs `(N, C)`, targets `(N,)` or `(N, C)`) -> the mean loss over the examples, its gradient by the outputs."""

WITH_GRADIENT: dict[str, LossAndGradient] = {"cross-entropy": kernels.cross_entropy, "squared": squared}
"""The losses by the names that links use."""


@dataclass(frozen=True, eq=False)
class SharedCrossEntropy:
    """The mean cross-entropy of each of many networks on the same examples.

    As one product with the right classes, looked up once: to pick them out anew takes longer than the softmax.

    targets: (1, N), the right class of each example. classes: how many there are. dtype: of the outputs.
    """

    targets: Tensor
    classes: int
    dtype: torch.dtype

    @cached_property
    def right(self) -> Tensor:
        """1 where an example has a class and 0 elsewhere, `(C N,)`."""
        return functional.one_hot(self.targets[0], self.classes).t().to(self.dtype).flatten()

    def __call__(self, outputs: Tensor) -> Tensor:
        """Return the losses `(E,)` of outputs `(E, N, C)`, differentiably."""
        by_class = outputs.transpose(1, 2)
        if len(outputs) == 1:
            return functional.cross_entropy(by_class, self.targets).reshape(1)
        log_shares = functional.log_softmax(by_class, 1)
        return log_shares.flatten(1) @ self.right / -outputs.shape[1]
