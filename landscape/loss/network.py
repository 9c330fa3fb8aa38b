"""The loss of a network of ours as an objective: on fixed data, in equal batches, with declared statistics.

Nothing that it computes changes a parameter or a buffer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.experiment import Experiment, LossFunction, Statistics
from landscape.loss.losses import accuracies_of, check_finite, loss_on
from landscape.loss.objective import Objective, Restriction, coefficients_of, statistics_of
from landscape.loss.population import expand_state, population_state
from landscape.serving.devices import chunk_size, default_device
from models.build import build
from models.fast import door
from models.network import Network
from models.normalization import Context, NetworkState

if TYPE_CHECKING:
    from landscape.training.run import Run


def network_of(experiment: Experiment) -> Network:
    """Return the network of an experiment, sized by its data.

    >>> from landscape import Experiment
    >>> network_of(Experiment().replace(dataset="moons", width=8, depth=1)).layout.size  # 2 x 8 + 8 and 8 x 2 + 2
    42

    Args: experiment: whose configuration and data.
    Returns: a Network, which holds no parameters itself; its `layout` names them.
    """
    data = load(experiment.data)
    sized = experiment.network, data.inputs, data.classes
    return door.network(*sized) or build(*sized)


class NetworkObjective(Objective):
    """The loss of a network of ours on fixed data, in equal batches, with declared statistics.

    batch: L(w) = mean over the batches of the loss normalized by that batch, as in training (batch renormalization as
        its training begins, r = 1 and d = 0: corrected by stored averages it would not be by this batch).
    running: by the averages that training stored, frozen wherever w goes: they fit one network alone, so that on a
        plane through several runs' parameters the losses at the others are not theirs.
    population: by the mean over the training batches, computed anew at each w, through which the gradient passes.

    Source: for population statistics Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 2.

    Args:
        network: the network.
        x, y: the data, `(N, ...)`; N is cut to a multiple of `batches`.
        loss: which loss.
        statistics: which statistics.
        batches: number of equal batches.
        state: what the normalizations remember, each value `(1, C)`, for running statistics, and for a normalization
            that trains by the averages before a batch.
        population: the training inputs in batches, for population statistics.
    """

    def __init__(
        self,
        network: Network,
        x: Tensor,
        y: Tensor,
        loss: LossFunction,
        statistics: Statistics = Statistics.BATCH,
        batches: int = 1,
        state: NetworkState | None = None,
        population: tuple[Tensor, ...] = (),
    ) -> None:
        check_finite(x)
        check_finite(y)
        if batches < 1:
            raise ValueError(f"batches must be at least 1, not {batches}")
        size = len(x) // batches
        if size < 1:
            raise ValueError(f"{batches} batches need at least as many examples, not {len(x)}; choose fewer batches")
        if statistics is Statistics.BATCH and network.layer.over_batch and size < network.config.least_batch:
            raise ValueError(
                f"{batches} batches of {len(x)} examples leave {size} in each, and {network.layer.label} by batch "
                "statistics needs at least two; choose fewer batches or running statistics"
            )
        self.network, self.loss, self.statistics = network, loss, statistics
        self.layout, self.dtype, self.device = network.layout, x.dtype, x.device
        self.parts = [(x[i * size : (i + 1) * size][None], y[i * size : (i + 1) * size][None]) for i in range(batches)]
        self.losses = [loss_on(y, network.outputs, loss, x.dtype) for _, y in self.parts]
        self.state = network.initial_state(1, x) if state is None else state
        self.population = population
        held = network.layout.size * x.element_size()
        largest = max([size, *(batch.shape[1] for batch in population)])
        self.chunk = chunk_size(largest * network.working_size * x.element_size(), x.device, held)

    def outputs(self, parameters: Tensor) -> list[Tensor]:
        """Return the outputs `(E, n, C)` of each batch."""
        state = expand_state(self.state, len(parameters))
        if self.statistics is Statistics.POPULATION:
            state = population_state(self.network, parameters, state, self.population)
        return [self.network.forward(parameters, state, x, self.context)[0] for x, _ in self.parts]

    def __call__(self, parameters: Tensor) -> Tensor:
        return self.mean_loss(self.outputs(parameters))

    def accuracy(self, parameters: Tensor) -> Tensor:
        return self.measure(parameters)[1]

    def measure(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            return self.measured(self.outputs(parameters))

    @property
    def context(self) -> Context:
        """How a forward pass is to be done."""
        by_batch = self.statistics is Statistics.BATCH
        return Context(progress=0.0, momentum=0.0) if by_batch else Context(statistics="stored")

    @property
    def state_is_fixed(self) -> bool:
        """Whether what the normalizations remember is the same everywhere, or nothing."""
        return self.statistics is not Statistics.POPULATION or not self.network.state_layout.blocks

    def restricted(self, origin: Tensor, directions: Tensor) -> Objective:
        return NetworkRestriction(self, origin, directions)

    def mean_loss(self, outputs: list[Tensor]) -> Tensor:
        """Return the losses `(E,)` of what `outputs` gives."""
        losses = [loss(values) for loss, values in zip(self.losses, outputs, strict=True)]
        return losses[0] if len(losses) == 1 else torch.stack(losses).mean(0)

    def measured(self, outputs: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the losses and the accuracies, each `(E,)`, of what `outputs` gives."""
        # Of all batches together: the variance of a batch's targets is not that of all, and of one example it is 0.
        targets = torch.cat([y for _, y in self.parts], 1)
        return self.mean_loss(outputs), accuracies_of(torch.cat(outputs, 1), targets)


class NetworkRestriction(Restriction):
    """The loss of a network of ours on a plane: what its points have, or what is written out for a plane.

    evaluation: the latter, where there is one. It writes over what it holds, so that a restriction is for one thread.
    """

    whole: NetworkObjective

    def __init__(self, whole: NetworkObjective, origin: Tensor, directions: Tensor) -> None:
        super().__init__(whole, origin, directions)
        self.evaluation = None
        if whole.state_is_fixed:
            batches, how = [x for x, _ in whole.parts], (whole.state, whole.context)
            self.evaluation = door.evaluation(whole.network, self.basis, batches, whole.chunk, *how)
        if self.evaluation is not None:
            self.chunk = self.evaluation.members

    def outputs(self, coordinates: Tensor) -> list[Tensor]:
        """Return the outputs `(E, n, C)` of each batch."""
        if self.evaluation is None or len(coordinates) > self.chunk or torch.is_grad_enabled():
            return self.whole.outputs(self.points(coordinates))
        return self.evaluation(coefficients_of(coordinates))

    def __call__(self, parameters: Tensor) -> Tensor:
        return self.whole.mean_loss(self.outputs(parameters))

    def measure(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            return self.whole.measured(self.outputs(parameters))


def objective(
    run: Run,
    statistics: Statistics | str = Statistics.BATCH,
    split: str = "train",
    batches: int = 1,
    num_examples: int = 512,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> NetworkObjective:
    """Return the loss of a run's network as a function of its parameters.

    Args:
        run: whose data, network, loss and stored statistics to use.
        statistics: batch, running or population.
        split: "train" or "test".
        batches: number of equal batches.
        num_examples: the first so many of the split, or all where there are fewer.
        dtype, device: of the computation; a GPU where there is one if no device is given.

    Returns: a NetworkObjective of the run's P parameters.
    Raises: ValueError for an unknown split or statistics, or where batches are too small.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5))
    >>> loss = objective(run, num_examples=10_000)
    >>> abs(float(loss(loss.tensor(run.parameters[-1:]))[0]) - run.train_loss) < 1e-6
    True
    """
    device = device or default_device()
    data, network, experiment = load(run.experiment.data), network_of(run.experiment), run.experiment
    x, y = examples_of(data, split, dtype, device)
    statistics = statistics_of(statistics)
    if num_examples < 1:
        raise ValueError(f"num_examples must be at least 1, not {num_examples}")
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]).to(device=device, dtype=dtype))
    population: tuple[Tensor, ...] = ()
    if statistics is Statistics.POPULATION:
        train, _ = examples_of(data, "train", dtype, device)
        size = min(max(experiment.training.batch_size, 2), len(train))
        population = tuple(train[i : i + size][None] for i in range(0, len(train) - size + 1, size))
    build_objective = partial(NetworkObjective, network, loss=experiment.training.loss, statistics=statistics)
    return build_objective(x[:num_examples], y[:num_examples], batches=batches, state=state, population=population)
