"""Forward passes that keep what went through each layer, so that it can be measured and differentiated by."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.data import load
from landscape.objective import examples_of, network_of
from landscape.training import Run
from models.config import Kind, Placement
from models.network import Network
from models.normalization import Context

STACK_BYTES = 2**26
"""The snapshots that are taken at once keep about so many bytes of activations."""


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """A forward pass with what it went through, by layer: x (E, N, ...), inputs and hidden (E, N, ..., C)."""

    parts: dict[str, Tensor]
    x: Tensor
    inputs: dict[str, Tensor]
    hidden: dict[str, Tensor]
    outputs: Tensor
    targets: Tensor


def forward_pass(run: Run, network: Network, parameters: Tensor, examples: int) -> ForwardPass:
    """Run parameters (E, P) forward on the first training examples and keep what each layer takes in and gives out.

    Raises: ValueError for a recurrent network.
    """
    if run.experiment.network.kind is Kind.RECURRENT:
        raise ValueError(
            "what enters and leaves a layer is measured where it acts once: choose a multilayer perceptron or a "
            "convolutional network, not a recurrent one"
        )
    x, y = examples_of(load(run.experiment.data), "train", torch.float32, torch.device("cpu"))
    parts = {name: part.detach().requires_grad_() for name, part in network.layout.split(parameters).items()}
    watched = copy.copy(network)
    inputs: dict[str, Tensor] = {}
    hidden: dict[str, Tensor] = {}

    def tap(place: str, moment: str, values: Tensor) -> None:
        if moment == "after" and place != "input":
            inputs[place] = values.clone()

    def through(place: str, x: Tensor, *rest: Any, **named: Any) -> Tensor:
        if after:
            inputs[place] = x.clone()
        hidden[place] = network.hidden(place, x, *rest, **named)
        return hidden[place]

    after = run.experiment.network.placement is Placement.AFTER
    watched.hidden = through
    context = Context(tap=None if after else tap)
    x = x[None, :examples].expand(len(parameters), *(-1,) * x.ndim).detach().requires_grad_()
    outputs, _ = watched.forward(parts, network.initial_state(len(parameters), parameters), x, context)
    return ForwardPass(parts, x, inputs, hidden, outputs, y[None, :examples])


def forward_passes(run: Run, examples: int) -> Iterator[ForwardPass]:
    """Run the snapshots forward, as many at once as the memory that they keep allows."""
    network = network_of(run.experiment)
    locations = int(np.prod(network.inputs)) if run.experiment.network.kind is Kind.CNN else 1
    each = 12 * examples * network.config.width * (network.config.depth + 1) * locations
    for parameters in torch.as_tensor(run.parameters).split(max(1, STACK_BYTES // each)):
        yield forward_pass(run, network, parameters, examples)
