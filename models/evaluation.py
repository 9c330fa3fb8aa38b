"""Outputs of many perceptrons at once, written out: what most surfaces are.

The network's own forward pass gives the same numbers. Here every array is made once and written over by each call, so that
what a layer reads is still in the cache, and the views that a layer needs are made once. Without gradient only, on fixed
examples, by their own statistics.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from models.activations import activate
from models.config import Kind, Placement
from models.network import Network
from models.normalization import Layer
from models.normalization.batch import BatchNorm, normalize_rows


@dataclass(frozen=True, eq=False)
class Step:
    """A linear map and the normalization after it, as views of the parameters of E members.

    rows: (E, outputs, inputs). bias: (E, outputs, 1) or None. learnt: scale and shift, each (E, outputs) or None.
    """

    rows: Tensor
    bias: Tensor | None
    learnt: tuple[Tensor | None, Tensor | None]


class Evaluation:
    """The forward pass of stacks of perceptrons, plain or with BatchNorm, into memory that is kept.

    z_1 is given, h_i = g(normalize(z_i)), z_{i+1} = W_{i+1} h_i + b_{i+1}; the last z is the output.

    Source: for the normalization Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1.

    parameters: (members, P), where those of the next call are to be written.
    first: (members, width, N), where what their first linear map gives, z_1, is to be written.
    learnt: (2 depth, members, width), scale and shift of each layer in turn; (0, members, width) where there are none.

    Args:
        network: one that `can` be evaluated so.
        members: how many there are at most in a call. examples: N. like: a tensor of the type and device.
    """

    def __init__(self, network: Network, members: int, examples: int, like: Tensor) -> None:
        self.network, self.normalizes = network, isinstance(network.hidden_layer, BatchNorm)
        self.parameters = like.new_empty(members, network.layout.size)
        self.pair = [like.new_empty(members, network.config.width, examples) for _ in range(2)]
        self.first = self.pair[0]
        hidden = network.hidden_layer.parameters(network.config.width)
        self.learnt = like.new_empty(len(hidden) * network.config.depth, members, network.config.width)
        self.steps: dict[int, list[Step]] = {}

    @staticmethod
    def can(network: Network) -> bool:
        """Return whether a network is of those that are written out."""
        config, layer = network.config, type(network.hidden_layer)
        return (
            config.kind is Kind.MLP
            and type(network.input_layer) is Layer
            and (layer is Layer or (layer is BatchNorm and config.placement is Placement.BEFORE))
        )

    def forward(self, count: int) -> Tensor:
        """Return the outputs `(count, N, C)` of the first so many members; `first` is written over."""
        if count not in self.steps:
            self.steps[count] = self._steps(count)
        # At once, as scales and shifts end the parameters: layer by layer they took a tenth of a small network's time.
        blocks, _, width = self.learnt.shape
        tail = self.parameters[:count, self.parameters.shape[1] - blocks * width :].view(count, blocks, width)
        self.learnt[:, :count].copy_(tail.transpose(0, 1))
        first, *hidden, last = self.steps[count]
        x = self._follow(first, self.first[:count])
        for i, step in enumerate(hidden, start=1):
            y = torch.bmm(step.rows, x, out=self.pair[i % 2][:count])
            x = self._follow(step, y if step.bias is None else y.add_(step.bias))
        return torch.baddbmm(last.bias, last.rows, x).transpose(1, 2)

    def _follow(self, step: Step, y: Tensor) -> Tensor:
        """Return what a layer makes of its pre-activations `(E, width, N)`, which may be written over."""
        if self.normalizes:
            y = normalize_rows(y, *step.learnt, self.network.hidden_layer.epsilon)
        return activate(y, self.network.config.activation)

    def _steps(self, count: int) -> list[Step]:
        parts = self.network.layout.split(self.parameters[:count])
        learnt = iter(self.learnt[:, :count])
        steps = []
        for place in self.network.maps:
            weight, bias = parts[f"{place}.weight"], parts.get(f"{place}.bias")
            own = (next(learnt, None), next(learnt, None))
            steps.append(Step(weight.transpose(1, 2), None if bias is None else bias.unsqueeze(2), own))
        return steps
