"""How well the networks of a stack do, by each of the statistics that a normalization over the batch may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from landscape.data import Data, examples_of
from landscape.experiment import Statistics, TrainingConfig
from landscape.loss.losses import accuracies_of
from landscape.loss.network import NetworkObjective
from landscape.serving.devices import chunk_size
from landscape.training.learned import well_above
from landscape.training.run import Run
from models.network import Network
from models.normalization import Context

POPULATION_BATCHES = 64
"""Population statistics are means over at most so many of the training batches, evenly spaced among them."""


def population_batches(x: Tensor, size: int) -> tuple[Tensor, ...]:
    """Return the batches `(1, size, ...)` of training inputs `(N, ...)` over which population statistics are means.

    >>> [len(population_batches(torch.zeros(count, 2), 10)) for count in (100, 109, 10_000)]
    [10, 10, 64]
    """
    size = min(max(size, 2), len(x))
    starts = np.arange(0, len(x) - size + 1, size)
    chosen = np.unique(np.linspace(0, len(starts) - 1, min(len(starts), POPULATION_BATCHES)).round().astype(int))
    return tuple(x[start : start + size][None] for start in starts[chosen].tolist())


class Grader:
    """What E networks of one configuration do on the data, given their parameters (E, P) and states (E or 1, Q).

    like: a tensor of the type and on the device of the computation.
    """

    def __init__(self, network: Network, data: Data, training: TrainingConfig, like: Tensor) -> None:
        self.network, self.training, self.like = network, training, like
        self.x, self.y = examples_of(data, "train", like.dtype, like.device)
        self.test_x, self.test_y = examples_of(data, "test", like.dtype, like.device)

    def judged(self, runs: Sequence[Run]) -> tuple[Run, ...]:
        """Return runs of such networks with what their last parameters do on the data, and whether they have learned."""
        parameters, states = (np.stack([getattr(run, name)[-1] for run in runs]) for name in ("parameters", "states"))
        train_loss, train_accuracy = self.on_training_set(parameters, states)
        stored = np.array([run.test_accuracy[-1] for run in runs])
        stores = bool(self.network.state_layout.blocks)
        population = self.by_population_statistics(parameters, states) if stores else stored
        examples = len(self.test_y)
        return tuple(
            replace(
                run,
                train_loss=float(train_loss[i]),
                train_accuracy=float(train_accuracy[i]),
                population_accuracy=float(population[i]),
                learned=run.diverged_at is None
                and any(well_above(run.majority, score[i], examples) for score in (stored, population)),
            )
            for i, run in enumerate(runs)
        )

    def by_stored_statistics(self, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Return the test accuracies (E,) by what the normalizations remember."""
        each = len(self.test_x) * self.network.working_size * self.like.element_size()
        held = self.network.layout.size * self.like.element_size()
        context = Context(statistics="stored")

        def accuracies(some: Tensor, state: Tensor) -> Tensor:
            outputs, _ = self.network.forward(some, self.network.unflatten_state(state), self.test_x[None], context)
            return accuracies_of(outputs, self.test_y[None])[None]

        return self._in_chunks(accuracies, chunk_size(each, self.like.device, held), parameters, states)[0]

    def by_population_statistics(self, parameters: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Return the test accuracies (E,) by the means of the statistics of training batches at these parameters.

        Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 2.
        """
        batches = population_batches(self.x, self.training.batch_size)
        build = partial(NetworkObjective, self.network, self.test_x, self.test_y, self.training.loss)
        return self._measured(partial(build, Statistics.POPULATION, population=batches), parameters, states)[1]

    def on_training_set(self, parameters: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return losses and accuracies, each (E,), over the whole training set as one batch, by its statistics."""
        build = partial(NetworkObjective, self.network, self.x, self.y, self.training.loss)
        losses, accuracies = self._measured(build, parameters, states)
        return losses, accuracies

    def _measured(
        self, build: Callable[..., NetworkObjective], parameters: np.ndarray, states: np.ndarray
    ) -> np.ndarray:
        """Return losses and accuracies, (2, E), by the objective that is built with a state."""

        def measure(some: Tensor, state: Tensor) -> Tensor:
            return torch.stack(build(state=self.network.unflatten_state(state)).measure(some))

        return self._in_chunks(measure, build().chunk, parameters, states)

    def _in_chunks(
        self, measure: Callable[[Tensor, Tensor], Tensor], chunk: int, parameters: np.ndarray, states: np.ndarray
    ) -> np.ndarray:
        """Return what is measured of chunks of the members, (number of measures, E)."""
        found = []
        with torch.no_grad():
            for i in range(0, len(parameters), chunk):
                of_members = states if len(states) == 1 else states[i : i + chunk]
                some, state = (torch.as_tensor(v).to(self.like) for v in (parameters[i : i + chunk], of_members))
                found.append(measure(some, state).cpu().numpy())
        return np.concatenate(found, axis=1)
