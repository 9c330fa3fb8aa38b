"""What a network says of an example, and of all, by how many and which are normalized together.

The form is that of training at its end (`progress` 1), without noise, and without dropout but where it is asked for: a batch is normalized by its own
statistics, which batch renormalization corrects by what it stored; statistics that training stored stand beside it. Batches
are the members of a stack that shares its parameters. Nothing that is computed changes a parameter or a buffer.
It is long, as each way of being normalized together is a function of its own, documented.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.data.batch_orders import drawn_batches
from landscape.experiment import BatchOrder, Split
from landscape.internals.passes import snapshots_of
from landscape.loss.losses import accuracies_of, losses_of
from landscape.loss.network import network_of
from landscape.loss.population import expand_state
from landscape.serving.task import ChunkedTask
from landscape.training.run import Run
from models.network import Network
from models.normalization import Context, NetworkState

AT_ONCE = 2**19
"""Numbers at work at once: of the activations of some batches, or of their parameters."""

AS_IN_TRAINING = Context(progress=1.0, momentum=0.0)
"""By the statistics of the batch, as training takes them at its end; nothing is remembered."""


DRAWS_APART = 2**20
"""So far apart lie the seeds of what batches of two sizes draw: no two batches draw the same."""


def batch_sizes(examples: int) -> tuple[int, ...]:
    """Return the powers of two below a number of examples, and that number.

    >>> batch_sizes(10), batch_sizes(8)
    ((1, 2, 4, 8, 10), (1, 2, 4, 8))
    """
    return (*(2**power for power in range((examples - 1).bit_length())), examples)


def outputs_of_batches(
    network: Network, parameters: Tensor, state: NetworkState, x: Tensor, rows: Tensor, drawn: int | None = None
) -> Tensor:
    """Return the outputs `(B, m, C)` of one network `(1, P)` on batches, each normalized by itself.

    Args: x `(N, ...)`, of which rows `(B, m)` are the batches; drawn: from which seed on each batch draws the units that
        dropout drops and all other noise; None draws nothing.
    """
    found: list[Tensor] = []
    begin = 0
    for some in rows.split(batches_at_once(network, rows.shape[1])):
        members, kept = parameters.expand(len(some), -1), expand_state(state, len(some))
        context = AS_IN_TRAINING
        if drawn is not None:
            seeds = range(drawn + begin, drawn + begin + len(some))
            generators = tuple(torch.Generator(x.device).manual_seed(seed) for seed in seeds)
            context = replace(AS_IN_TRAINING, training=True, generators=generators)
        found.append(network.forward(members, kept, x[some.to(x.device)], context)[0])
        begin += len(some)
    return torch.cat(found)


def batches_at_once(network: Network, size: int) -> int:
    """Return how many batches of so many examples to take as one stack."""
    return max(1, AT_ONCE // max(size * network.working_size, network.layout.size))


@dataclass(frozen=True, eq=False)
class Together:
    """What a network does on a part of the data by how many examples are normalized together; not a number where not yet.

    sizes: (M,). accuracy, loss: (M,) of all examples together. apart: (M,) the root of the mean square of the difference
    between these outputs and those by stored statistics, over the deviation of the latter.
    stored_accuracy, stored_loss: by stored statistics, one example by itself as well as all.
    """

    sizes: np.ndarray
    accuracy: np.ndarray
    loss: np.ndarray
    apart: np.ndarray
    stored_accuracy: float
    stored_loss: float


class TogetherTask(ChunkedTask):
    """The computation of `normalized_together`, a size a unit of work."""

    def __init__(
        self,
        run: Run,
        split: Split | str = Split.TEST,
        sizes: Sequence[int] | None = None,
        order: BatchOrder | str = BatchOrder.SHUFFLED,
        rounds: int = 3,
        seed: int = 0,
    ) -> None:
        self.network, self.loss = network_of(run.experiment), run.experiment.training.loss
        self.parameters, self.state = snapshots_of(run, self.network, [-1])
        like = self.parameters
        self.x, self.y = examples_of(load(run.experiment.data), split, like.dtype, like.device)
        self.sizes = np.array(batch_sizes(len(self.x)) if sizes is None else sizes)
        self.order, self.rounds, self.seed = BatchOrder(order), rounds, seed
        if not len(self.sizes) or self.sizes.min() < 1 or self.sizes.max() > len(self.x):
            raise ValueError(
                f"sizes must be from 1 to {len(self.x)}, the examples of the split, not {list(self.sizes)}"
            )
        if rounds < 1:
            raise ValueError(f"rounds must be at least 1, not {rounds}")
        with torch.no_grad():
            stored, _ = self.network.forward(self.parameters, self.state, self.x[None], Context(statistics="stored"))
        self.stored, self.deviation = stored[0], float((stored[0] - stored[0].mean(0)).square().mean().sqrt())
        self.found: list[tuple[float, float, float]] = []

    @property
    def finished(self) -> bool:
        return len(self.found) == len(self.sizes)

    @property
    def fraction(self) -> float:
        return len(self.found) / len(self.sizes)

    def work(self) -> None:
        """Measure at the next size."""
        size = int(self.sizes[len(self.found)])
        rows = drawn_batches(self.y, size, self.rounds, self.order, self.seed)
        with torch.no_grad():
            outputs = outputs_of_batches(self.network, self.parameters, self.state, self.x, rows).flatten(0, 1)
            rows = rows.flatten().to(self.x.device)
            apart = float((outputs - self.stored[rows]).square().mean().sqrt()) / max(self.deviation, 1e-30)
            self.found.append((*self._graded(outputs, self.y[rows]), apart))

    def partial(self) -> Together | None:
        return self._collected() if self.found else None

    def result(self) -> Together:
        """Return what was found."""
        return self._collected()

    def _graded(self, outputs: Tensor, targets: Tensor) -> tuple[float, float]:
        """Return accuracy and loss of outputs `(n, C)`."""
        return (
            float(accuracies_of(outputs[None], targets[None])),
            float(losses_of(outputs[None], targets[None], self.loss)),
        )

    def _collected(self) -> Together:
        values = np.full((len(self.sizes), 3), np.nan)
        values[: len(self.found)] = np.array(self.found).reshape(-1, 3)
        first, second, third = values.T
        accuracy, loss = self._graded(self.stored, self.y)
        return Together(self.sizes, first, second, third, accuracy, loss)


def normalized_together(
    run: Run,
    split: Split | str = Split.TEST,
    sizes: Sequence[int] | None = None,
    order: BatchOrder | str = BatchOrder.SHUFFLED,
    rounds: int = 3,
    seed: int = 0,
) -> Together:
    """Return how a trained network does by how many examples are normalized together, by their own statistics.

    A single example has its own mean and no variance: a unit normalized over the batch gives its shift, whatever the
    example is. What normalizes each example by itself does the same in any company.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=8, depth=1, normalization="layer", num_steps=20))
    >>> together = normalized_together(run)
    >>> together.sizes.tolist(), bool(np.allclose(together.accuracy[-1], together.stored_accuracy))
    ([1, 2, 4, 8, 16, 32, 36], True)

    Source: why inference takes stored statistics, Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3.1; that a batch of like
        examples is normalized otherwise, Ioffe 2017, arXiv 1702.03275, Sec. 4.3.

    Args: run: at whose end; split: train or test; sizes: of the batches, the powers of two and all if not given; order:
        of the examples, as `drawn_batches`; rounds: how often all examples are gone through; seed: of the shuffling.
    Returns: a Together of M sizes.
    Raises: ValueError for sizes that the split has not.
    """
    return TogetherTask(run, split, sizes, order, rounds, seed).complete()


@dataclass(frozen=True, eq=False)
class Mates:
    """The outputs of some examples, each in batches with other mates; by size of the batch.

    sizes: (M,). examples: (n,) their places in the split. outputs: (M, D, n, C) by draw of the mates; not numbers where not
    yet. stored: (n, C) by stored statistics. targets: (n,) classes or (n, C) numbers. deviation: of the outputs by stored
    statistics over all examples of the split.
    """

    sizes: np.ndarray
    examples: np.ndarray
    outputs: np.ndarray
    stored: np.ndarray
    targets: np.ndarray
    deviation: float

    @property
    def spread(self) -> np.ndarray:
        """The deviation over the mates, in units of that of the outputs over the examples, (M,)."""
        return np.sqrt(self.outputs.var(1).mean((1, 2))) / max(self.deviation, 1e-30)

    @property
    def changes(self) -> np.ndarray:
        """The share of the draws in which an example gets another class than it gets most often, (M,)."""
        classes = self.outputs.argmax(-1)  # (M, D, n)
        often = np.stack([(classes == c).sum(1) for c in range(self.outputs.shape[-1])], -1).max(-1)
        return np.where(np.isnan(self.outputs).any((1, 2, 3)), np.nan, 1 - often.mean(1) / classes.shape[1])


class MatesTask(ChunkedTask):
    """The computation of `outputs_with_mates`, a size a unit of work."""

    def __init__(
        self,
        run: Run,
        examples: Sequence[int],
        sizes: Sequence[int],
        draws: int = 32,
        split: Split | str = Split.TEST,
        seed: int = 0,
        drops: bool = False,
    ) -> None:
        self.network, self.drops = network_of(run.experiment), drops
        self.parameters, self.state = snapshots_of(run, self.network, [-1])
        like = self.parameters
        self.x, self.y = examples_of(load(run.experiment.data), split, like.dtype, like.device)
        self.examples, self.sizes, self.draws, self.seed = list(examples), list(sizes), draws, seed
        if not self.examples or not all(0 <= one < len(self.x) for one in self.examples):
            raise ValueError(f"examples must be from 0 to {len(self.x) - 1}, those of the split, not {self.examples}")
        if not self.sizes or not all(1 <= size <= len(self.x) for size in self.sizes):
            raise ValueError(f"sizes must be from 1 to {len(self.x)}, the examples of the split, not {self.sizes}")
        if draws < 1:
            raise ValueError(f"draws must be at least 1, not {draws}")
        with torch.no_grad():
            stored, _ = self.network.forward(self.parameters, self.state, self.x[None], Context(statistics="stored"))
        self.stored = stored[0]
        self.found: list[np.ndarray] = []

    @property
    def finished(self) -> bool:
        return len(self.found) == len(self.sizes)

    @property
    def fraction(self) -> float:
        return len(self.found) / len(self.sizes)

    def work(self) -> None:
        """Draw the mates of the next size."""
        size = self.sizes[len(self.found)]
        own = torch.tensor(self.examples).repeat(self.draws)
        generator = torch.Generator().manual_seed(self.seed + size)
        places = torch.rand(len(own), len(self.x), generator=generator)
        places[torch.arange(len(own)), own] = -1.0  # the least of all: an example is the first of its batch
        rows = places.topk(size, largest=False, sorted=True).indices
        drawn = (self.seed + size) * DRAWS_APART if self.drops else None
        with torch.no_grad():
            outputs = outputs_of_batches(self.network, self.parameters, self.state, self.x, rows, drawn)[:, 0]
        self.found.append(outputs.view(self.draws, len(self.examples), -1).cpu().numpy())

    def partial(self) -> Mates | None:
        return self._collected() if self.found else None

    def result(self) -> Mates:
        """Return what was found."""
        return self._collected()

    def _collected(self) -> Mates:
        outputs = np.full((len(self.sizes), *self.found[0].shape), np.nan, np.float32)
        outputs[: len(self.found)] = np.stack(self.found)
        stored, deviation = self.stored, (self.stored - self.stored.mean(0)).square().mean().sqrt()
        alone, targets = (values[self.examples].cpu().numpy() for values in (stored, self.y))
        return Mates(np.array(self.sizes), np.array(self.examples), outputs, alone, targets, float(deviation))


def outputs_with_mates(
    run: Run,
    examples: Sequence[int],
    sizes: Sequence[int],
    draws: int = 32,
    split: Split | str = Split.TEST,
    seed: int = 0,
    drops: bool = False,
) -> Mates:
    """Return what a trained network says of examples, in batches whose other members are drawn anew.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=8, depth=1, normalization="batch", num_steps=20))
    >>> mates = outputs_with_mates(run, [0, 1], [1, 4], draws=5)
    >>> mates.outputs.shape, bool(mates.spread[0] < 1e-6), bool(mates.spread[1] > 0.1)
    ((2, 5, 2, 3), True, True)

    Source: Ioffe 2017, arXiv 1702.03275, Sec. 3: what an example's activations are depends on the rest of its batch.

    Args: run: at whose end; examples: their places in the split; sizes: of the batches; draws: of each size; split: train
        or test; seed: of the draws; drops: whether dropout drops units, as in training, other ones in each batch.
    Returns: a Mates of M sizes, D draws and n examples.
    Raises: ValueError for examples or sizes that the split has not.
    """
    return MatesTask(run, examples, sizes, draws, split, seed, drops).complete()
