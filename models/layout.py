"""How the parameters of a network lie in one flat vector, so that geometry never sees a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import torch
from torch import Tensor


@dataclass(frozen=True)
class Block:
    """One tensor of a network.

    shape: without the axis of the stack.
    filter_axis: the axis that counts the filters (the output units), or None on 1-D tensors, which have none.
    inputs: whether it has weights for each feature of the data: the first layer's, whose axis that is not of the filters
        counts the features.
    """

    name: str
    shape: tuple[int, ...]
    filter_axis: int | None = None
    inputs: bool = False

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class Layout:
    """The blocks of a flat vector of `size` numbers, in order.

    >>> layout = Layout((Block("weight", (2, 3), filter_axis=1), Block("bias", (3,))))
    >>> layout.size, layout.slice("bias")
    (9, slice(6, 9, None))
    >>> {name: tuple(part.shape) for name, part in layout.split(torch.zeros(5, 9)).items()}
    {'weight': (5, 2, 3), 'bias': (5, 3)}
    """

    blocks: tuple[Block, ...]

    @cached_property
    def size(self) -> int:
        return sum(block.size for block in self.blocks)

    def slice(self, name: str) -> slice:
        """Return where the block of that name lies in the flat vector."""
        start = 0
        for block in self.blocks:
            if block.name == name:
                return slice(start, start + block.size)
            start += block.size
        raise KeyError(f"no block {name!r}; there are {[block.name for block in self.blocks]}")

    def split(self, flat: Tensor) -> dict[str, Tensor]:
        """View a flat `(E, P)` as its blocks, each `(E, *shape)`.

        Raises: ValueError where there are more or fewer than P numbers.
        """
        if flat.shape[1] != self.size:
            raise ValueError(
                f"these are {flat.shape[1]} parameters, and the network has {self.size}: take parameters and planes "
                "from a network of the same configuration and data"
            )
        parts = flat.split([block.size for block in self.blocks], dim=1)
        return {block.name: part.reshape(-1, *block.shape) for block, part in zip(self.blocks, parts, strict=True)}

    def join(self, parts: dict[str, Tensor]) -> Tensor:
        """Return the flat `(E, P)` of blocks `(E, *shape)`, given by name."""
        return torch.cat([parts[block.name].flatten(1) for block in self.blocks], dim=1)
