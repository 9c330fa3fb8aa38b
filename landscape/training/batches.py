"""Which examples each step of a training sees."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from landscape.data.batch_orders import batch_of_few, members_of
from landscape.experiment import BatchOrder


class Batches:
    """The indexes of each step's examples, for each seed of a stack.

    All batches have one size, as a trailing smaller one would be normalized by fewer examples, so that an epoch leaves
    out those that fill no batch: the convention of PyTorch's `DataLoader` with drop_last.

    Shuffled: each epoch is one permutation from the seed's generator, cut into batches; what it leaves out is drawn anew.
    Sorted: the examples in the order of their classes, around and around: each epoch begins with those that the one before
    left out. Else they, of the last classes, would never be seen. A batch may hold the last class and the first one; no
    example comes more than once more often than another. Targets that are numbers stay in the order of the data.

    Few classes: each batch draws its classes, and of each about as many examples, all anew; where these are too few for a
    batch, of more classes. Targets that are numbers have no classes, and are shuffled.

    A batch as large as the data is all of it, in order.
    """

    def __init__(
        self, seeds: Sequence[int], targets: Tensor, batch_size: int, order: BatchOrder, classes: int = 2
    ) -> None:
        self.count = len(targets)
        self.size = min(batch_size, self.count)
        self.per_epoch = self.count // self.size
        self.order = order
        alike = len(set(seeds)) == 1 or order is BatchOrder.SORTED or self.size == self.count
        self.generators = [torch.Generator().manual_seed(seed + 1) for seed in (seeds[:1] if alike else seeds)]
        if order is BatchOrder.SORTED and targets.ndim == 1:
            self.epoch = torch.argsort(targets.cpu(), stable=True)[None]
        else:
            self.epoch = torch.arange(self.count)[None]
        self.few = classes
        self.members: list[Tensor] = []
        if order is BatchOrder.FEW_CLASSES and targets.ndim == 1:
            self.members = members_of(targets.cpu())
        self.epochs = 1 if order is BatchOrder.SORTED else 0  # how many were begun

    def at(self, step: int) -> Tensor | None:
        """Return indexes `(E or 1, batch)`, or None for all examples in order.

        Steps are asked for in order, each as often as one likes.
        """
        place = self.place(step)
        return None if self.size == self.count else self.epoch[:, place]

    def place(self, step: int) -> slice:
        """Return where in its `epoch` a step's indexes stand, having drawn that epoch."""
        epoch, position = divmod(step, self.per_epoch)
        if epoch == self.epochs and self.size < self.count:
            self.epochs += 1
            if self.order is BatchOrder.SORTED:
                self.epoch = self.epoch.roll(-self.per_epoch * self.size, 1)
            else:
                self.epoch = torch.stack([self._drawn(generator) for generator in self.generators])
        return slice(position * self.size, (position + 1) * self.size)

    def _drawn(self, generator: torch.Generator) -> Tensor:
        """Return the indexes of an epoch, one batch after the other."""
        if not self.members:
            return torch.randperm(self.count, generator=generator)
        batches = (batch_of_few(self.members, self.size, self.few, generator) for _ in range(self.per_epoch))
        return torch.cat(list(batches))
