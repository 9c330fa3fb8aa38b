"""What normalizations remember, for a stack: of one member for all, and averaged over all training batches."""

from __future__ import annotations

from torch import Tensor

from models.network import Network
from models.normalization import Context, NetworkState


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
    for k, x in enumerate(batches, start=1):
        _, state = network.forward(parameters, state, x, Context(progress=0.0, momentum=1 / k, through=True))
    return state
