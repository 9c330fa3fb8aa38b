"""The loss of one network with its gradient by the outputs, without autograd."""

from __future__ import annotations

from collections.abc import Callable

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
