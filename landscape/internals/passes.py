"""Forward passes in training's form that keep what went through each layer, so that it can be measured and differentiated by.

A batch is normalized by its own statistics, and what is random in a step is drawn: the noise of noisy BatchNorm, the
units that dropout drops. It comes from the experiment's seed, the same at each snapshot and at each call, so that what is
measured is a function of the parameters. For that reason too batch renormalization is taken as its training begins,
with r = 1 and d = 0: later it corrects by what it remembers. What normalizes by moving averages even in training has
those of its snapshot. Each result says in which `Form` it was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.experiment import Experiment
from landscape.loss.network import network_of
from landscape.serving.devices import default_device
from landscape.training.run import Run
from models.config import Kind
from models.network import Network
from models.normalization import Context, NetworkState, Normalization

STACK_BYTES = 2**24
"""The snapshots that are taken at once keep about so many bytes of activations."""


class Form(StrEnum):
    """In which form a network was when something was measured in it.

    training: by the statistics of the batch, with noise and dropout as a step draws them.
    batch: by the statistics of the batch alone, where training corrects them (batch renormalization).
    testing: by stored statistics, without noise or dropout.
    """

    TRAINING = "training"
    BATCH = "batch"
    TESTING = "testing"


def form_of(experiment: Experiment) -> Form:
    """Return the form in which the passes of this room take a network."""
    return Form.BATCH if experiment.network.normalization is Normalization.BATCH_RENORM else Form.TRAINING


def training_context(
    experiment: Experiment, members: int, device: torch.device, tap: Callable[[str, str, Tensor], None]
) -> Context:
    """Return how to do a pass in training's form: what is random is the same for each member, and at each call."""
    generators = tuple(torch.Generator(device).manual_seed(experiment.seed + 2) for _ in range(members))
    return Context(progress=0.0, momentum=0.0, training=True, generators=generators, tap=tap)


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """A forward pass with what it went through, by layer: x (E, N, ...), inputs and hidden (E, N, ..., C).

    inputs: what enters the activation functions. hidden: what leaves the layers, before dropout.
    """

    parts: dict[str, Tensor]
    x: Tensor
    inputs: dict[str, Tensor]
    hidden: dict[str, Tensor]
    outputs: Tensor
    targets: Tensor


def forward_pass(run: Run, network: Network, snapshots: Sequence[int], examples: int) -> ForwardPass:
    """Run snapshots forward on the first training examples and keep what each layer takes in and gives out.

    Args: snapshots: E of the run's, one of them as often as wanted; examples: how many, at least one.
    Raises: ValueError for a recurrent network, or no examples.
    """
    check_passes(run, examples)
    parameters, state = snapshots_of(run, network, snapshots)
    x, y = examples_of(load(run.experiment.data), "train", parameters.dtype, parameters.device)
    parts = {name: part.detach().requires_grad_() for name, part in network.layout.split(parameters).items()}
    inputs: dict[str, Tensor] = {}
    hidden: dict[str, Tensor] = {}

    def tap(place: str, moment: str, values: Tensor) -> None:
        if moment == "preactivation":
            inputs[place] = values.clone()
        elif moment == "activation":
            hidden[place] = values  # itself, for the gradient by it

    context = training_context(run.experiment, len(parameters), parameters.device, tap)
    x = x[None, :examples].expand(len(parameters), *(-1,) * x.ndim).detach().requires_grad_()
    outputs, _ = network.forward(parts, state, x, context)
    return ForwardPass(parts, x, inputs, hidden, outputs, y[None, :examples])


def check_passes(run: Run, examples: int) -> None:
    """Raise a ValueError for a recurrent network, or no examples."""
    if run.experiment.network.kind is Kind.RECURRENT:
        raise ValueError(
            "what enters and leaves a layer is measured where it acts once: choose a multilayer perceptron or a "
            "convolutional network, not a recurrent one"
        )
    if examples < 1:
        raise ValueError(f"examples must be at least 1, not {examples}: without any nothing goes through a layer")


def taken_passes(run: Run, examples: int, moments: Collection[str]) -> Iterator[dict[str, dict[str, Tensor]]]:
    """Run the snapshots forward without gradients, and yield what went through the layers, stack after stack.

    By layer and by moment, each (E, N, C), the locations of an image beside its examples: `before` and `after` the
    normalization, at `preactivation` what enters the activation function, at `activation` what leaves the layer.

    Args: examples: how many, at least one; moments: those that are wanted.
    Raises: ValueError for a recurrent network, or no examples.
    """
    check_passes(run, examples)
    network = network_of(run.experiment)
    for snapshots in torch.arange(len(run.parameters)).split(stack_size(network, examples)):
        parameters, state = snapshots_of(run, network, snapshots.tolist())
        x, _ = examples_of(load(run.experiment.data), "train", parameters.dtype, parameters.device)
        taken: dict[str, dict[str, Tensor]] = {}

        def tap(place: str, moment: str, values: Tensor, taken: dict[str, dict[str, Tensor]] = taken) -> None:
            if place != "input" and moment in moments:
                taken.setdefault(place, {})[moment] = values.flatten(1, -2).clone()

        with torch.no_grad():
            context = training_context(run.experiment, len(parameters), parameters.device, tap)
            network.forward(parameters, state, x[None, :examples], context)
        yield taken


def forward_passes(run: Run, examples: int) -> Iterator[ForwardPass]:
    """Run the snapshots forward, as many at once as the memory that they keep allows."""
    network = network_of(run.experiment)
    for snapshots in torch.arange(len(run.parameters)).split(stack_size(network, examples)):
        yield forward_pass(run, network, snapshots.tolist(), examples)


def stack_size(network: Network, examples: int) -> int:
    """Return how many members to take at once for the memory that their activations and gradients keep."""
    locations = int(np.prod(network.inputs)) if network.config.kind is Kind.CNN else 1
    each = 12 * examples * network.config.width * (network.config.depth + 1) * locations
    return max(1, STACK_BYTES // max(each, 1))


def snapshots_of(run: Run, network: Network, snapshots: Sequence[int]) -> tuple[Tensor, NetworkState]:
    """Return the parameters (E, P) of E snapshots of a run, and what they remembered.

    In single precision, on a GPU where there is one.
    """
    rows, device = list(snapshots), default_device()
    parameters, states = (torch.as_tensor(of[rows]).to(device, torch.float32) for of in (run.parameters, run.states))
    return parameters, network.unflatten_state(states)
