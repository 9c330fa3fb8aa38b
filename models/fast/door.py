"""The one door to what is written out for time: each function answers an object that does the same faster, or None.

Who asks takes the answer where there is one, and else the text that stands in `models` and `landscape`; the numbers are
the same within rounding. Within `closed()` the answer is always None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

from models.cnn import Convolutional
from models.config import NetworkConfig
from models.fast import networks
from models.fast.backpropagation import Backpropagation
from models.fast.images import ImageEvaluation
from models.fast.losses import SharedCrossEntropy
from models.fast.perceptrons import PerceptronEvaluation
from models.network import Network
from models.normalization import Context, NetworkState

_closed = False


@contextmanager
def closed() -> Iterator[None]:
    """Answer None to whoever asks in here, on any thread: for tests, and for readers of the slow text.

    What was answered before stays fast: a network, and what was made of it.
    """
    global _closed
    before, _closed = _closed, True
    try:
        yield
    finally:
        _closed = before


class Evaluation(Protocol):
    """The forward pass of a network at points of a plane, as many at a time as it has room for."""

    members: int

    def __call__(self, coefficients: Tensor) -> list[Tensor]:
        """Return the outputs `(E, N, C)` for each batch, without gradient, at the points `coefficients @ basis`.

        Args: coefficients `(E, 1 + K)`, E at most `members`; the first of each, the origin's, is 1.
        """


def network(config: NetworkConfig, inputs: tuple[int, ...], outputs: int) -> Network | None:
    """Return the network of a configuration, whose forward pass takes less time; the arguments are those of `build`."""
    return None if _closed else networks.FAST[config.kind](config, inputs, outputs)


def evaluation(
    network: Network, basis: Tensor, batches: Sequence[Tensor], members: int, state: NetworkState, context: Context
) -> Evaluation | None:
    """Return the forward pass on a plane, without noise.

    It writes over what it holds, so that one is for one thread.

    Args:
        network: whose forward pass.
        basis: (1 + K, P), the origin of the plane and its directions.
        batches: the examples of each batch, `(1, N, *inputs)`.
        members: how many points are to be evaluated at once by the network's own forward pass.
        state, context: of that, the state that of one network.
    """
    if _closed or basis.device.type != "cpu":
        return None
    own_statistics = context.statistics == "batch" or not network.state_layout.blocks
    if own_statistics:
        written_out = _written_out(network, basis, batches, members)
        if written_out is not None:
            return written_out
    if isinstance(network, networks.FastPerceptron) and networks.FirstKnown.can(network):
        return networks.FirstKnown(network, basis, batches, members, state, context)
    return None


def _written_out(network: Network, basis: Tensor, batches: Sequence[Tensor], members: int) -> Evaluation | None:
    threads = torch.get_num_threads()
    if PerceptronEvaluation.can(network):
        # A quarter as many for each thread, so that what is kept stays near, but one for each.
        return PerceptronEvaluation(network, basis, batches, min(members, threads * max(1, members // 4)))
    if isinstance(network, Convolutional) and ImageEvaluation.can(network, batches[0].shape[1]):
        # As many for each thread: with an odd one out the others wait.
        return ImageEvaluation(network, basis, batches, max(threads, members // threads * threads))
    return None


def losses(targets: Tensor, classes: int, loss: str, dtype: torch.dtype) -> Callable[[Tensor], Tensor] | None:
    """Return the mean loss of each of many networks, outputs `(E, N, C)` of that type -> `(E,)`.

    Args:
        targets: those of all, `(1, N)` classes; with others there is nothing faster.
        classes: how many there are.
        loss: the name of the loss.
        dtype: of the outputs.
    """
    shared_classes = targets.ndim == 2 and len(targets) == 1 and not targets.is_floating_point()
    if _closed or loss != "cross-entropy" or not shared_classes:
        return None
    return SharedCrossEntropy(targets, classes, dtype)


def backpropagation(
    network: Network,
    parts: dict[str, Tensor],
    gradients: dict[str, Tensor],
    state: NetworkState,
    loss: str,
    momentum: float = Context.momentum,
    generators: tuple[torch.Generator, ...] = (),
) -> Backpropagation | None:
    """Return loss and gradient of a network, without autograd.

    Args:
        network: whose.
        parts, gradients: its parameters and the places for their gradients, blocks by name.
        state: what its normalizations remember, which is written over.
        loss: the name of the loss.
        momentum: weight of a batch in the running averages.
        generators: one, from which noise is drawn.
    """
    alone = all(len(own) == 1 for name, own in parts.items() if name.endswith(".weight"))
    if _closed or not alone or not Backpropagation.can(network):
        return None
    return Backpropagation(network, parts, gradients, state, loss, momentum, generators)
