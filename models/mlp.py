"""The multilayer perceptron: `depth` hidden layers of `width` units, and a linear output."""

from __future__ import annotations

from math import prod

from torch import Tensor

from models.network import Map, Network
from models.normalization import Context, Layer, NetworkState


class Perceptron(Network):
    """z_1 = W_1 x + b_1, h_i = g(normalize(z_i)), z_{i+1} = W_{i+1} h_i + b_{i+1}; the last z is the output.

    With skip connections h_i = h_{i-1} + g(normalize(z_i)) for all but the first. Inputs of any shape are taken flat. The
    deep linear network of Santurkar et al. 2018 (arXiv 1805.11604, App. A.1) is 24 hidden layers of 10 with the linear
    activation.
    """

    def linear_maps(self) -> list[Map]:
        width, depth = self.config.width, self.config.depth
        sizes = [prod(self.inputs)] + [width] * depth
        hidden = [self.hidden_map(f"layer{i}", sizes[i - 1], width, first=i == 1) for i in range(1, depth + 1)]
        return [*hidden, Map("output", width, self.outputs, Layer())]

    def normalized_places(self) -> dict[str, tuple[Layer, int]]:
        hidden = {f"layer{i}": (self.hidden_layer, self.config.width) for i in range(1, self.config.depth + 1)}
        return {"input": (self.input_layer, prod(self.inputs)), **hidden}

    def apply(self, parts: dict[str, Tensor], state: NetworkState, x: Tensor, context: Context) -> Tensor:
        x = self.normalize("input", x.flatten(2), parts, state, context)
        for i in range(1, self.config.depth + 1):
            passed = self.passed_by(i, x)
            x = self.map(f"layer{i}", x, parts, context)
            x = self.hidden(f"layer{i}", x, parts, state, context)
            x = x if passed is None else passed + x
        return self.map("output", x, parts, context)
