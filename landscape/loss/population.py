"""What normalizations remember, for a stack: of one member for all, and averaged over all training batches."""

from __future__ import annotations

import torch
from torch import Tensor

from models.network import Network
from models.normalization import Context, NetworkState

TOGETHER = 2**19
"""Numbers at work at once, of all batches that are taken together: those of some members of a stack."""


def expand_state(state: NetworkState, members: int) -> NetworkState:
    """Give each of that many members the one state, each value `(1, C)` -> `(E, C)`."""
    return {
        place: {name: values.expand(members, *values.shape[1:]) for name, values in one.items()}
        for place, one in state.items()
    }


def population_state(
    network: Network, parameters: Tensor, state: NetworkState, batches: tuple[Tensor, ...]
) -> NetworkState:
    """Return statistics averaged over all batches, each weighing alike, at parameters `(E, P)`.

    E[x] = mean of the batches' means, Var[x] = mean of their unbiased variances. Where a normalization trains by the
    averages before a batch (`batch-moving`), each batch is normalized by those of the batches before it, the first by
    the state: what the layers above see, and so their statistics, follow that, not the batches' own.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 2.
    """
    if len(parameters) == 1 and batches and network.layer.over_batch and not torch.is_grad_enabled():
        return _of_one(network, parameters, state, batches)
    for k, x in enumerate(batches, start=1):
        _, state = network.forward(parameters, state, x, Context(progress=0.0, momentum=1 / k, through=True))
    return state


def _of_one(network: Network, parameters: Tensor, state: NetworkState, batches: tuple[Tensor, ...]) -> NetworkState:
    """Return those of one network `(1, P)`, whose batches know nothing of each other: as many at once as members of a stack.

    Short batches take more calls than arithmetic.
    """
    at_once = max(1, TOGETHER // (batches[0].shape[1] * network.working_size))
    found: list[NetworkState] = []
    for i in range(0, len(batches), at_once):
        some = torch.cat(batches[i : i + at_once])
        members, context = len(some), Context(progress=0.0, momentum=1.0)
        found.append(network.forward(parameters.expand(members, -1), expand_state(state, members), some, context)[1])
    return {
        place: {name: torch.cat([one[place][name] for one in found]).mean(0, keepdim=True) for name in own}
        for place, own in state.items()
    }
