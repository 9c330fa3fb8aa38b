"""The statistics of batches as numbers: how far they lie from those of the whole training set, and what is stored of them.

Each hidden place that may be normalized has some, the time steps of a recurrent network each their own; they are those of
what enters a normalization. The layers below are normalized by the same batch, in training's form at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.data.batch_orders import drawn_batches
from landscape.experiment import BatchOrder
from landscape.internals.passes import snapshots_of
from landscape.internals.together import batches_at_once
from landscape.loss.network import network_of
from landscape.loss.population import expand_state
from landscape.training.run import Run
from models.network import Network
from models.normalization import Context, NetworkState
from models.normalization.batch import renormalization_limits


@dataclass(frozen=True, eq=False)
class BatchStatistics:
    """Mean and variance of each unit in batches of several sizes. L places of C units.

    places: their names. sizes: (M,). mean, variance: (M, D, L, C) by draw, the variance biased, 1/m. values: (L,) how many
    values an example gives a unit, more than one where it has locations. examples: how many the training set has.
    population_mean, population_variance: (L, C) of the training set as one batch.
    """

    places: tuple[str, ...]
    sizes: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    values: np.ndarray
    examples: int
    population_mean: np.ndarray
    population_variance: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """The root of the mean square over draws and units of (mean - population mean) / population deviation, (M, L)."""
        varies = self.population_variance > 0
        squared = np.square(self.mean - self.population_mean) / np.where(varies, self.population_variance, np.inf)
        return np.sqrt(squared.mean(1).sum(-1) / np.maximum(varies.sum(-1), 1))

    @property
    def expected(self) -> np.ndarray:
        """What `error` is where examples are drawn by chance, (M,): sqrt((1 - (m - 1) / (N - 1)) / m), without replacement."""
        return np.sqrt((1 - (self.sizes - 1) / max(self.examples - 1, 1)) / self.sizes)

    @property
    def biased(self) -> np.ndarray:
        """The mean over draws and units of the batch's variance over the population's, (M, L)."""
        varies = self.population_variance > 0
        ratios = self.variance.mean(1) / np.where(varies, self.population_variance, np.inf)
        return np.asarray(ratios.sum(-1) / np.maximum(varies.sum(-1), 1))

    @property
    def unbiased(self) -> np.ndarray:
        """The same of the variance times n / (n - 1), n values of a unit in the batch, (M, L); none of one value."""
        count = self.sizes[:, None] * self.values
        return np.where(count > 1, self.biased * count / np.maximum(count - 1, 1), np.nan)


def batch_statistics(run: Run, sizes: Sequence[int], draws: int = 64, seed: int = 0) -> BatchStatistics:
    """Return the statistics of training batches at a run's end, each drawn by itself without replacement.

    E[mean] is the population's, E[variance] (n - 1) / n of it where a unit has n independent values; the mean is off by
    1/sqrt(m) of a deviation.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=8, depth=1, normalization="batch", num_steps=20))
    >>> found = batch_statistics(run, [2, 142])
    >>> bool(abs(found.error[0, 0] / found.expected[0] - 1) < 0.2), bool(found.error[1, 0] < 1e-5)
    (True, True)

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithms 1, 2 and Sec. 3.1.

    Args: run: whose network and training data; sizes: of the batches; draws: how many of each; seed: of the draws.
    Returns: a BatchStatistics.
    Raises: ValueError for sizes that the training set has not.
    """
    network = network_of(run.experiment)
    parameters, state = snapshots_of(run, network, [-1])
    x, y = examples_of(load(run.experiment.data), "train", parameters.dtype, parameters.device)
    found = [moments_of(network, parameters, state, x, _independent(y, size, draws, seed + size)) for size in sizes]
    whole = moments_of(network, parameters, state, x, torch.arange(len(x))[None])
    return BatchStatistics(
        places=whole.places,
        sizes=np.array(sizes),
        mean=np.stack([one.mean for one in found]),
        variance=np.stack([one.variance for one in found]),
        values=whole.values,
        examples=len(x),
        population_mean=whole.mean[0],
        population_variance=whole.variance[0],
    )


def _independent(targets: Tensor, size: int, draws: int, seed: int) -> Tensor:
    """Return the indexes (D, size) of batches each drawn from all examples."""
    rounds = [drawn_batches(targets, size, seed=seed * 1000 + i)[0] for i in range(draws)]
    return torch.stack(rounds)


@dataclass(frozen=True, eq=False)
class Moments:
    """places (L,); mean and biased variance (B, L, C) of each batch; values (L,) of a unit for each example."""

    places: tuple[str, ...]
    mean: np.ndarray
    variance: np.ndarray
    values: np.ndarray


def moments_of(network: Network, parameters: Tensor, state: NetworkState, x: Tensor, rows: Tensor) -> Moments:
    """Return mean and variance of what enters each hidden place, for batches `rows (B, m)` of x `(N, ...)`."""
    found: list[dict[str, tuple[Tensor, Tensor]]] = []
    values: dict[str, int] = {}

    def tap(place: str, moment: str, entering: Tensor) -> None:
        if moment == "before" and place != "input":
            flat = entering.flatten(1, -2)
            values[place] = flat.shape[1]
            found[-1][place] = flat.mean(1), flat.var(1, correction=0)

    context = Context(progress=1.0, momentum=0.0, tap=tap)
    with torch.no_grad():
        for some in rows.split(batches_at_once(network, rows.shape[1])):
            found.append({})
            members, kept = parameters.expand(len(some), -1), expand_state(state, len(some))
            network.forward(members, kept, x[some.to(x.device)], context)
    places = tuple(found[0])
    mean, variance = (
        np.stack([torch.cat([one[place][i] for one in found]).cpu().numpy() for place in places], 1) for i in (0, 1)
    )
    return Moments(places, mean, variance, np.array([values[place] for place in places]) // rows.shape[1])


@dataclass(frozen=True, eq=False)
class Corrections:
    """r and d of batches before they are clipped, (B, L, C).

    r_max, d_max, begin: the network's limits, as `renormalization_limits` takes them.
    """

    places: tuple[str, ...]
    r: np.ndarray
    d: np.ndarray
    r_max: float
    d_max: float
    begin: float

    @property
    def clipped(self) -> float:
        """The share of units and batches in which r or d lies beyond its limit at the end of the training."""
        return self.clipped_at(1.0)

    def clipped_at(self, progress: float) -> float:
        """Return the share that the limits of that fraction of the training would clip, of these r and d."""
        r_max, d_max = renormalization_limits(progress, self.r_max, self.d_max, self.begin)
        return float(((np.abs(self.d) > d_max) | (self.r > r_max) | (self.r < 1 / r_max)).mean())


def renormalization_corrections(
    run: Run, size: int, rounds: int = 1, order: BatchOrder | str = BatchOrder.SHUFFLED, seed: int = 0
) -> Corrections:
    """Return by what batch renormalization corrects each training batch at a run's end.

    r = deviation / stored deviation, d = (mean - stored mean) / stored deviation. Where the stored ones are the means of
    the batches', E[r] = 1 and E[d] = 0; of n independent values d deviates by about 1/sqrt(n).

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=8, depth=1, normalization="batch-renorm", num_steps=200))
    >>> found = renormalization_corrections(run, 16, rounds=4)
    >>> found.r.shape, bool(abs(found.r.mean() - 1) < 0.2)
    ((32, 1, 8), True)

    Source: Ioffe 2017, arXiv 1702.03275, Algorithm 1.

    Args: run: of a network that stores mean and deviation, or variance; size, rounds, order, seed: of the batches, as
        `drawn_batches`.
    Returns: Corrections of B batches, L places and C units.
    Raises: ValueError where nothing of that is stored.
    """
    network = network_of(run.experiment)
    parameters, state = snapshots_of(run, network, [-1])
    stored = stored_statistics(run)
    x, y = examples_of(load(run.experiment.data), "train", parameters.dtype, parameters.device)
    found = moments_of(network, parameters, state, x, drawn_batches(y, size, rounds, order, seed))
    layer = network.layer
    r = np.sqrt(found.variance + layer.epsilon) / stored.deviation
    d = (found.mean - stored.mean) / stored.deviation
    return Corrections(found.places, r, d, layer.r_max, layer.d_max, layer.begin)


@dataclass(frozen=True, eq=False)
class StoredStatistics:
    """What a network stores: names of the places (L,), or the one place of several steps, each with (L, C) of its units.

    numbers: how many numbers are stored in all, the input's too.
    """

    places: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    numbers: int


def stored_statistics(run: Run) -> StoredStatistics:
    """Return the mean and the deviation of each hidden unit that training stored, at a run's end.

    A recurrent network has them for each time step, or one set for all.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=8, depth=2, normalization="batch", num_steps=20))
    >>> stored = stored_statistics(run)
    >>> stored.places, stored.deviation.shape, stored.numbers
    (('layer1', 'layer2'), (2, 8), 32)

    Args: run: of a network that stores mean and deviation, or variance.
    Returns: a StoredStatistics.
    Raises: ValueError where nothing of that is stored.
    """
    network = network_of(run.experiment)
    _, state = snapshots_of(run, network, [-1])
    epsilon, hidden = network.layer.epsilon, {name: own for name, own in state.items() if name != "input"}
    if not any("mean" in own and ("deviation" in own or "variance" in own) for own in hidden.values()):
        raise ValueError(
            f"the run's network must store mean and deviation of its hidden units, which {network.layer.label} does not; "
            "choose one with BatchNorm or batch renormalization"
        )
    deviations = [
        own["deviation"] if "deviation" in own else (own["variance"] + epsilon).sqrt() for own in hidden.values()
    ]
    mean, deviation = (
        np.stack([one[0].cpu().numpy() for one in many])
        for many in ([own["mean"] for own in hidden.values()], deviations)
    )
    return StoredStatistics(tuple(hidden), mean, deviation, sum(v.shape[1] for o in state.values() for v in o.values()))
