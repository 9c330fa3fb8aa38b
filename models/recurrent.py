"""The recurrent network: `depth` layers of `width` units that read a sequence, and a linear output after its end."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod

import torch
from torch import Tensor

from models.config import TimeStatistics
from models.network import Map, Network, image_side
from models.normalization import Context, Layer, NetworkState


class Recurrent(Network):
    """h_t = g(normalize(W_x x_t + W_h h_{t-1} + b)), h_0 = 0; the output is linear in the last h_t of the last layer.

    A further layer reads the h_t of the one before as its x_t. Inputs are `(T, F)`; s*s numbers are an image read row
    by row, s steps of s numbers. On the input a normalization takes each of the T * F numbers as a feature of its own.

    The weight of a layer is W_x above W_h, `(F + width, width)`, so that a filter is all that enters a unit. Scale,
    shift and bias are shared over time, as the weights are. A normalization over the batch uses the statistics of the
    batch at each step while training; for testing it stores those of each step, or their mean over the steps (see
    `TimeStatistics`). Normalizations over an example or over weights store nothing and do not know of steps.

    Source: Ba, Kiros & Hinton 2016, arXiv 1607.06450, Sec. 3.1 normalizes the sum of both terms, as here; Cooijmans et
    al. 2016, arXiv 1603.09025 keeps statistics of each step, but normalizes the two terms apart.
    """

    @cached_property
    def sequence(self) -> tuple[int, int]:
        """T and F."""
        return self.inputs if len(self.inputs) == 2 else (image_side(self.inputs, self.config.kind),) * 2

    def linear_maps(self) -> list[Map]:
        width, depth = self.config.width, self.config.depth
        sizes = [self.sequence[1]] + [width] * depth
        hidden = [self.hidden_map(f"layer{i}", sizes[i - 1] + width, width) for i in range(1, depth + 1)]
        return [*hidden, Map("output", width, self.outputs, Layer())]

    def normalized_places(self) -> dict[str, tuple[Layer, int]]:
        hidden = {f"layer{i}": (self.hidden_layer, self.config.width) for i in range(1, self.config.depth + 1)}
        return {"input": (self.input_layer, prod(self.inputs)), **hidden}

    def remembered(self) -> dict[str, str]:
        if self.config.time_statistics is TimeStatistics.SHARED:
            return super().remembered()
        hidden = {name: place for place in self.places if place != "input" for name in self.steps(place)}
        return {"input": "input", **hidden}

    @property
    def working_size(self) -> int:
        """One step's values and inputs, or a quarter of what all steps keep."""
        return max(2, self.sequence[0] // 4) * self.config.width

    def steps(self, place: str) -> list[str]:
        """Return the name of each step at that place."""
        return [f"{place}.t{t}" for t in range(1, self.sequence[0] + 1)]

    def apply(self, parts: dict[str, Tensor], state: NetworkState, x: Tensor, context: Context) -> Tensor:
        x = self.normalize("input", x.flatten(2), parts, state, context)
        h = x.unflatten(2, self.sequence).unbind(2)
        for i in range(1, self.config.depth + 1):
            h = self.read(f"layer{i}", h, parts, state, context)
        return self.map("output", h[-1], parts, context)

    def read(
        self, place: str, x: Sequence[Tensor], parts: dict[str, Tensor], state: NetworkState, context: Context
    ) -> list[Tensor]:
        """Read the x_t `(E or 1, N, F)` of all steps in the layer of that place, and return its h_t `(E, N, C)`."""
        if context.initializing:
            self.initialize_map(place, self.drawn(place, x, parts, state, context), parts)
        weight, bias = self.weights(place, parts)
        from_x, from_h = weight.split([x[0].shape[2], weight.shape[2]], dim=1)
        entering = self.dense(torch.cat(list(x), dim=1), from_x, bias).chunk(len(x), dim=1)
        at_steps = self.states_of_steps(place, state)
        h, read = entering[0].new_zeros(entering[0].shape), []
        for step, z in zip(at_steps, entering, strict=True):
            h = self.hidden(place, self.dense(h, from_h, z), parts, at_steps, context, at=step)
            read.append(h)
        if self.config.time_statistics is TimeStatistics.PER_STEP:
            state.update(at_steps)
        elif context.statistics != "stored":
            # All began with one state, so that their mean is the state after the mean of the steps' statistics.
            state[place] = {
                name: torch.stack([each[name] for each in at_steps.values()]).mean(0) for name in state[place]
            }
        return read

    def states_of_steps(self, place: str, state: NetworkState) -> NetworkState:
        """Return what each step at that place begins with."""
        shared = self.config.time_statistics is TimeStatistics.SHARED
        return {step: state[place if shared else step] for step in self.steps(place)}

    def drawn(
        self, place: str, x: Sequence[Tensor], parts: dict[str, Tensor], state: NetworkState, context: Context
    ) -> Tensor:
        """Return the pre-activations `(E, T * N, C)` of all steps, `input @ weight`, from which the layer may start.

        They depend on the h_t of the very start that is sought. Here each step starts as if it were the only one, so
        that every h_t has the size that it is to have.
        """
        weight, parts, at_steps = parts[f"{place}.weight"], dict(parts), self.states_of_steps(place, state)
        h = weight.new_zeros(len(weight), x[0].shape[1], weight.shape[2])
        drawn = []
        for step, x_t in zip(at_steps, x, strict=True):
            entering = torch.cat([x_t.expand(len(h), -1, -1), h], dim=2)
            drawn.append(self.dense(entering, weight, None))
            self.initialize_map(place, drawn[-1], parts)
            h = self.hidden(place, self.dense(entering, *self.weights(place, parts)), parts, at_steps, context, at=step)
        return torch.cat(drawn, dim=1)
