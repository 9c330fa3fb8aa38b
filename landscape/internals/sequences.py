"""Recurrent networks on sequences longer than those they were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from landscape.data import examples_of, load
from landscape.internals.passes import snapshots_of
from landscape.loss.losses import accuracies_of
from landscape.loss.network import network_of
from landscape.training.run import Run
from models.build import build
from models.config import Kind, Normalized, TimeStatistics
from models.network import Network
from models.normalization import Context, NetworkState
from models.recurrent import Recurrent


@dataclass(frozen=True, eq=False)
class ReadLater:
    """rows: (B,) blank rows before the image. accuracy: (B,) on the test data, by stored statistics."""

    rows: np.ndarray
    accuracy: np.ndarray


def read_later(run: Run, rows: Sequence[int]) -> ReadLater:
    """Return how well a recurrent network reads test images that begin later: after rows as dark as their darkest pixel.

    One set of stored statistics serves any number of steps. Of statistics of each step there are as many as training had
    steps; later steps take those of the last.

    Source: Cooijmans et al. 2016, arXiv 1603.09025, keeps statistics of each step; what later steps take is ours.

    >>> from landscape import Experiment, train
    >>> small = Experiment().replace(kind="recurrent", width=8, depth=1, normalization="batch", num_steps=20)
    >>> run = train(small)
    >>> bool(read_later(run, [0, 3]).accuracy[0] == run.test_accuracy[-1])
    True

    Args: run: of a recurrent network whose input is not normalized; rows: B numbers of blank rows.
    Returns: a ReadLater.
    Raises: ValueError for another network.
    """
    config = run.experiment.network
    if config.kind is not Kind.RECURRENT or config.normalized is not Normalized.HIDDEN:
        raise ValueError(
            "the run's network must be recurrent, with no normalization on its input, whose statistics would be those of as "
            f"many rows as it was trained on, not a {config.kind.label} network normalized on {config.normalized}"
        )
    data, network = load(run.experiment.data), network_of(run.experiment)
    if not isinstance(network, Recurrent):
        raise ValueError("the run's network must be recurrent")
    parameters, stored = snapshots_of(run, network, [-1])
    x, y = examples_of(data, "test", parameters.dtype, parameters.device)
    steps, width = network.sequence
    images, found = x.view(-1, steps, width), []
    for count in rows:
        blank = images.new_full((len(images), count, width), float(images.min()))
        longer = build(config, (steps + count, width), data.classes)
        state = _state_of(longer, stored, config.depth, steps)
        with torch.no_grad():
            outputs, _ = longer.forward(
                parameters, state, torch.cat([blank, images], 1)[None], Context(statistics="stored")
            )
        found.append(float(accuracies_of(outputs, y[None])))
    return ReadLater(np.array(rows), np.array(found))


def shared_over_time(run: Run) -> Run:
    """Return a recurrent run that stores one set of statistics for all time steps: the mean of those of each.

    Training is the same either way, and so are the parameters: averages are linear, so that the mean of those of the steps
    is the average of the steps' mean, which is what a training with shared statistics stores.

    >>> from landscape import Experiment, train
    >>> small = Experiment().replace(kind="recurrent", width=4, depth=1, normalization="batch", num_steps=5)
    >>> shared = train(small.replace(time_statistics="shared"))
    >>> bool(np.allclose(shared_over_time(train(small)).states, shared.states[-1:], atol=1e-5))
    True

    Args: run: of a recurrent network with statistics of each step.
    Returns: a run of its last snapshot, with the other experiment, states and test accuracy.
    Raises: ValueError for a network that has no statistics of each step.
    """
    config = run.experiment.network
    network = network_of(run.experiment)
    if config.kind is not Kind.RECURRENT or config.time_statistics is TimeStatistics.SHARED or not network.states:
        raise ValueError(
            "the run's network must be recurrent and store statistics of each step: there are none to share"
        )
    experiment = run.experiment.replace(time_statistics=TimeStatistics.SHARED)
    target, data = network_of(experiment), load(experiment.data)
    parameters, stored = snapshots_of(run, network, [-1])
    state: NetworkState = {}
    for place in target.states:
        own = [values for name, values in stored.items() if name == place or name.startswith(f"{place}.")]
        state[place] = {name: torch.stack([one[name] for one in own]).mean(0) for name in own[0]}
    x, y = examples_of(data, "test", parameters.dtype, parameters.device)
    with torch.no_grad():
        outputs, _ = target.forward(parameters, state, x[None], Context(statistics="stored"))
    accuracy = run.test_accuracy.copy()
    accuracy[-1] = float(accuracies_of(outputs, y[None]))
    states = target.flatten_state(state).cpu().numpy()
    return replace(run.bare(), experiment=experiment, states=states, test_accuracy=accuracy)


def _state_of(longer: Network, stored: NetworkState, depth: int, steps: int) -> NetworkState:
    """Return what a network of more steps takes from one of fewer: of later steps that of the last."""
    if longer.config.time_statistics is TimeStatistics.SHARED:
        return stored
    state: NetworkState = {"input": stored["input"]}
    for layer in range(1, depth + 1):
        total = len([name for name in longer.states if name.startswith(f"layer{layer}.")])
        for step in range(1, total + 1):
            state[f"layer{layer}.t{step}"] = stored[f"layer{layer}.t{min(step, steps)}"]
    return state
