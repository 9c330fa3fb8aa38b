"""From outputs and targets to losses and accuracies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from landscape.experiment import LossFunction
from models.fast import door


def check_finite(x: Tensor) -> None:
    """Raise a ValueError where inputs or targets are not finite: every loss would be not a number."""
    bad = int((~torch.isfinite(x)).sum()) if x.is_floating_point() or x.is_complex() else 0
    if bad:
        raise ValueError(
            f"{bad} of {x.numel()} values of the data are not finite; a loss on them is not a number anywhere. Remove the "
            "examples or fill the values in first"
        )


def losses_of(outputs: Tensor, targets: Tensor, loss: LossFunction) -> Tensor:
    """Return each member's mean loss over the examples, `(E,)`.

    Cross-entropy: -log softmax(outputs)[class]. Squared: the squared error summed over the outputs, on one-hot targets
    where the targets are classes.

    Args: outputs `(E, N, C)`; targets `(E or 1, N)` classes or `(E or 1, N, C)` numbers.
    """
    if loss is LossFunction.CROSS_ENTROPY:
        classes = targets.expand(len(outputs), -1)
        return functional.cross_entropy(outputs.transpose(1, 2), classes, reduction="none").mean(1)
    if not targets.is_floating_point():
        targets = functional.one_hot(targets, outputs.shape[2]).to(outputs.dtype)
    return (outputs - targets).square().sum(2).mean(1)


def loss_on(targets: Tensor, outputs: int, loss: LossFunction, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """Return the loss as a function of outputs `(E, N, C)` alone, of that type.

    Args: targets `(E or 1, N)` classes or `(E or 1, N, C)` numbers; outputs: their number C; loss: which; dtype: the type.
    """
    return door.losses(targets, outputs, loss, dtype) or partial(losses_of, targets=targets, loss=loss)


def accuracies_of(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the share of right answers `(E,)`; for numbers as targets, the share of their variance explained.

    Args: outputs `(E, N, C)`; targets `(1 or E, N)` classes or `(1 or E, N, C)` numbers.
    """
    if not targets.is_floating_point():
        return (outputs.argmax(2) == targets).float().mean(1)
    residual = (outputs - targets).square().sum((1, 2))
    total = (targets - targets.mean(1, keepdim=True)).square().sum((1, 2))
    return 1 - residual / total
