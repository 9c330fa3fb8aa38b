"""Which examples stand together in a batch, by the order of the batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from landscape.experiment import BatchOrder


def members_of(targets: Tensor) -> list[Tensor]:
    """Return the indexes of the examples of each class, of targets `(N,)`."""
    return [torch.nonzero(targets == label).flatten() for label in targets.unique()]


def batch_of_few(members: Sequence[Tensor], size: int, classes: int, generator: torch.Generator) -> Tensor:
    """Draw the indexes `(size,)` of a batch of so many classes, of each about as many examples, none twice.

    >>> members = [torch.arange(10), torch.arange(10, 20), torch.arange(20, 30)]
    >>> batch = batch_of_few(members, 8, 2, torch.Generator().manual_seed(0))
    >>> sorted((batch // 10).bincount(minlength=3).tolist())
    [0, 4, 4]

    Args: members: of each class its examples, at least `size` together.
    """
    chosen: list[Tensor] = []
    for label in torch.randperm(len(members), generator=generator).tolist():
        if len(chosen) >= classes and sum(map(len, chosen)) >= size:
            break
        own = members[label]
        chosen.append(own[torch.randperm(len(own), generator=generator)])
    turns = torch.cat([torch.arange(len(own)) for own in chosen])  # one of each class, then another of each
    return torch.cat(chosen)[turns.argsort(stable=True)[:size]]


def drawn_batches(
    targets: Tensor,
    size: int,
    rounds: int = 1,
    order: BatchOrder | str = BatchOrder.SHUFFLED,
    seed: int = 0,
    classes: int = 2,
) -> Tensor:
    """Return the indexes `(B, size)` of examples that are taken together, in batches of one size.

    Each round goes through all examples, but for those that fill no batch, in an order of its own: shuffled; or sorted by
    class, each round beginning at another place within a batch; or each batch of a few classes, drawn anew, two where
    nothing else is said. Targets that are numbers stay in the order of the data, or have no classes and are shuffled.

    >>> drawn_batches(torch.tensor([1, 0, 1, 0]), 2, order="sorted").tolist()
    [[1, 3], [0, 2]]

    Args: targets `(N,)` classes or `(N, C)` numbers; size, at most N; rounds, at least one; seed of the shuffling; classes
        of a batch, where they are few.
    Raises: ValueError where a batch would hold more examples than there are, or none.
    """
    count = len(targets)
    if not 1 <= size <= count:
        raise ValueError(f"size must be from 1 to {count}, the number of examples, not {size}")
    targets, generator = targets.cpu(), torch.Generator().manual_seed(seed)
    if BatchOrder(order) is BatchOrder.SORTED:
        whole = torch.argsort(targets, stable=True) if targets.ndim == 1 else torch.arange(count)
        orders = [whole.roll(-(i * size // rounds)) for i in range(rounds)]
    elif BatchOrder(order) is BatchOrder.FEW_CLASSES and targets.ndim == 1:
        members, batches = members_of(targets), rounds * (count // size)
        return torch.stack([batch_of_few(members, size, classes, generator) for _ in range(batches)])
    else:
        orders = [torch.randperm(count, generator=generator) for _ in range(rounds)]
    return torch.cat([one[: count // size * size].view(-1, size) for one in orders])
