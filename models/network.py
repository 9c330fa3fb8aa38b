"""What a network is: its flat parameters, and the forward pass of a stack of them.

A stack of E networks of one configuration has parameters `(E, P)` and activations `(E, N, C)`; one network is a stack
of one. The kinds (`mlp`, `cnn`, `recurrent`) say which maps there are and in which order they apply. It is long, as a
network is read in one place: what it learns and remembers, how it begins, and each step of its pass.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.activations import activate
from models.config import Initialization, Kind, NetworkConfig, Normalized, Placement
from models.layout import Block, Layout
from models.normalization import Context, Layer, NetworkState
from models.normalization.base import per_feature


def initial_weight(
    shape: tuple[int, int], config: NetworkConfig, fan_in: int, fan_out: int, generator: torch.Generator
) -> Tensor:
    """Draw a weight `(inputs, outputs)`.

    He: N(0, 2/fan_in). Xavier: U(-a, a), a = sqrt(6/(fan_in+fan_out)). PyTorch: U(-1/sqrt(fan_in), 1/sqrt(fan_in)).

    Source: He et al. 2015, arXiv 1502.01852, Eq. 10; Glorot & Bengio 2010, Eq. 16; torch.nn.Linear.
    """
    if config.initialization is Initialization.HE:
        weight = torch.randn(shape, generator=generator, dtype=torch.float32) * math.sqrt(2 / fan_in)
    else:
        bound = (
            math.sqrt(6 / (fan_in + fan_out))
            if config.initialization is Initialization.XAVIER
            else 1 / math.sqrt(fan_in)
        )
        weight = (torch.rand(shape, generator=generator, dtype=torch.float32) * 2 - 1) * bound
    return weight * config.init_scale


def image_side(inputs: tuple[int, ...], kind: Kind) -> int:
    """Return s of inputs that are the pixels of an s x s image, `(s, s)` or flat `(s * s,)`.

    >>> image_side((64,), Kind.CNN)
    8

    Raises: ValueError where they are not.
    """
    side = math.isqrt(math.prod(inputs))
    if side < 2 or inputs not in ((side, side), (side * side,)):
        raise ValueError(
            f"NetworkConfig.kind {kind} needs inputs of s x s numbers, the pixels of an image, not of shape {inputs}. "
            "Choose the digits, or the kind mlp."
        )
    return side


Product = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""A linear map of a stack: (x, weight `(E, inputs, outputs)`, bias `(E, outputs)` or None) -> pre-activations."""


@dataclass(frozen=True)
class Map:
    """A linear map of a network: `inputs -> outputs`, with the normalization that stands after it.

    inputs: the rows of its weight: of a convolution kernel and channels, of a recurrent layer x_t and h_{t-1}.
    bias: whether it learns one: not where a normalization would cancel it.
    first: whether it has a weight for each feature of the data.
    fan_out: what the initialization counts as outputs, where these are not all (in a convolution).
    """

    place: str
    inputs: int
    outputs: int
    layer: Layer
    bias: bool = True
    first: bool = False
    fan_out: int | None = None


class Network(ABC):
    """A network of one configuration on inputs of one shape: the layout of its parameters and its forward pass.

    Args:
        config: the configuration.
        inputs: shape of one example, `(F,)` (`(H, W)` for an image or `(T, F)` for a sequence).
        outputs: number of outputs C.
    """

    def __init__(self, config: NetworkConfig, inputs: tuple[int, ...], outputs: int) -> None:
        self.config, self.inputs, self.outputs = config, inputs, outputs
        self.layer = self.layer_of(config)
        on_input = config.normalized is not Normalized.HIDDEN
        self.hidden_layer = Layer() if config.normalized is Normalized.INPUT else self.layer
        self.input_layer = self.layer if on_input else Layer()
        self.maps = {item.place: item for item in self.linear_maps()}
        self.places = self.normalized_places()
        config.check_input(self.places["input"][1])
        self.states = {name: self.places[place] for name, place in self.remembered().items()}
        self.names = {
            place: tuple((name, f"{place}.{name}") for name in layer.parameters(features))
            for place, (layer, features) in self.places.items()
        }
        self.layout = self._parameter_layout()
        self.state_layout = Layout(
            tuple(
                Block(f"{name}.{key}", (features,))
                for name, (layer, features) in self.states.items()
                for key in layer.state(features)
            )
        )

    def layer_of(self, config: NetworkConfig) -> Layer:
        """Return the normalization of a configuration."""
        return config.layer()

    @abstractmethod
    def linear_maps(self) -> Sequence[Map]:
        """Return the linear maps in the order in which they apply."""

    @abstractmethod
    def normalized_places(self) -> dict[str, tuple[Layer, int]]:
        """Return the normalization and the number of features at each place that may have one."""

    def remembered(self) -> dict[str, str]:
        """Return the name of each state with the place whose normalization keeps it: one a place, of the same name."""
        return {place: place for place in self.places}

    @property
    def working_size(self) -> int:
        """How many numbers of one example are at work at once, which tells how many members fit a cache together."""
        return self.config.width

    @abstractmethod
    def apply(self, parts: dict[str, Tensor], state: NetworkState, x: Tensor, context: Context) -> Tensor:
        """Compute the outputs `(E, N, C)`, replacing in `state` what the normalizations remember."""

    def hidden_map(self, place: str, inputs: int, outputs: int, first: bool = False, fan_out: int | None = None) -> Map:
        """Return a map with the network's normalization after it, and no bias where that cancels one."""
        before = self.config.placement is Placement.BEFORE
        bias = not (before and self.hidden_layer.cancels_bias)
        return Map(place, inputs, outputs, self.hidden_layer, bias, first, fan_out)

    def forward(
        self, parameters: Tensor | dict[str, Tensor], state: NetworkState, x: Tensor, context: Context
    ) -> tuple[Tensor, NetworkState]:
        """Compute the outputs of a stack, and what its normalizations remember afterwards.

        Args:
            parameters: `(E, P)`, or its blocks by name as `Layout.split` gives them.
            state: of each place (or its time steps) by name, each value `(E, C)`; it is not changed.
            x: `(E, N, *inputs)`, or `(1, N, *inputs)` for inputs that the stack shares.
            context: which statistics, progress, generators.

        Returns: outputs `(E, N, C)`, and the new state.
        """
        state = dict(state)
        parts = self.layout.split(parameters) if isinstance(parameters, Tensor) else parameters
        return self.apply(parts, state, x, context), state

    def initial_parameters(self, seeds: Sequence[int], configs: Sequence[NetworkConfig] | None = None) -> Tensor:
        """Draw initial parameters `(E, P)`, one member for each seed.

        The weights are drawn before all else and in one order, so that one seed gives the same initial weights
        under every normalization. `configs` may give each member its own `init_scale`.
        """
        configs = configs or [self.config] * len(seeds)
        return torch.cat([self._draw(seed, config) for seed, config in zip(seeds, configs, strict=True)])

    def _draw(self, seed: int, config: NetworkConfig) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        parts: dict[str, Tensor] = {}
        for item in self.maps.values():
            fan_out = item.fan_out or item.outputs
            shape = (item.inputs, item.outputs)
            parts[f"{item.place}.weight"] = initial_weight(shape, config, item.inputs, fan_out, generator)
        for item in self.maps.values():
            if config.initialization is Initialization.TORCH:
                drawn = torch.rand(item.outputs, generator=generator, dtype=torch.float32)
                bias = (drawn * 2 - 1) / math.sqrt(item.inputs)
            else:
                bias = torch.zeros(item.outputs, dtype=torch.float32)
            parts[f"{item.place}.bias"] = bias
        for place, (layer, features) in self.places.items():
            parts |= {f"{place}.{name}": torch.full((features,), v) for name, v in layer.parameters(features).items()}
        return self.layout.join({name: part[None] for name, part in parts.items()})

    def initial_state(self, members: int, like: Tensor | None = None) -> NetworkState:
        """Return what the normalizations remember before any batch, each value `(E, C)`."""
        like = torch.empty(0) if like is None else like
        return {
            name: {key: like.new_full((members, features), v) for key, v in layer.state(features).items()}
            for name, (layer, features) in self.states.items()
        }

    def flatten_state(self, state: NetworkState) -> Tensor:
        """Return the state as one `(E, Q)`, in the order of `state_layout`."""
        parts = [values.flatten(1) for own in state.values() for values in own.values()]
        return torch.cat(parts, dim=1) if parts else torch.empty(1, 0)

    def unflatten_state(self, flat: Tensor) -> NetworkState:
        """Return the state that `flatten_state` made flat."""
        state: NetworkState = {name: {} for name in self.states}
        if self.state_layout.blocks:
            for block, values in self.state_layout.split(flat).items():
                name, _, key = block.rpartition(".")
                state[name][key] = values
        return state

    def initialize_from(self, parameters: Tensor, x: Tensor) -> Tensor:
        """Return the parameters after the data-dependent initialization that some normalizations ask for.

        Args: parameters `(E, P)`; x, a first batch `(E or 1, N, *inputs)`.
        """
        parts = dict(self.layout.split(parameters.clone()))
        with torch.no_grad():
            self.apply(parts, self.initial_state(len(parameters), parameters), x, Context(initializing=True))
        return self.layout.join(parts)

    def project(self, parts: dict[str, Tensor]) -> None:
        """Bring the parameters, blocks by name, to where the normalizations keep them after an optimizer's step."""
        if type(self.hidden_layer).project is Layer.project:
            return
        with torch.no_grad():
            for item in self.maps.values():
                weight = parts[f"{item.place}.weight"]
                weight.copy_(item.layer.project(weight))

    def dense(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Multiply each member's activations by its own weights: `x (E or 1, N, inputs) -> (E, N, outputs)`.

        Args: weight `(E, inputs, outputs)`; bias `(E, outputs)`, `(E, N, outputs)` for one of each example's own, or None.
        """
        y = torch.matmul(x, weight)
        if bias is None:
            return y
        return y + (bias if bias.ndim == 3 else per_feature(bias, y))

    def activate(self, x: Tensor) -> Tensor:
        """Apply the activation function to what a hidden layer has just made."""
        return activate(x, self.config.activation)

    def map(
        self, place: str, x: Tensor, parts: dict[str, Tensor], context: Context, product: Product | None = None
    ) -> Tensor:
        """Apply the linear map of that place: `x (E or 1, N, ..., inputs) -> (E, N, ..., outputs)`."""
        product = product or self.dense
        if context.initializing:
            self.initialize_map(place, product(x, parts[f"{place}.weight"], None), parts)
        return product(x, *self.weights(place, parts))

    def weights(self, place: str, parts: dict[str, Tensor]) -> tuple[Tensor, Tensor | None]:
        """Return the weight that the map of that place uses, made from the one that is learnt, and its bias."""
        item = self.maps[place]
        return item.layer.weight(parts[f"{place}.weight"], self.own(place, parts)), parts.get(f"{place}.bias")

    def initialize_map(self, place: str, x: Tensor, parts: dict[str, Tensor]) -> None:
        """Put into `parts` what the normalization starts from, given a first batch's `x = input @ weight`."""
        for name, values in self.maps[place].layer.initialize(parts[f"{place}.weight"], x).items():
            parts[f"{place}.{name}"] = values

    def own(self, place: str, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the parameters of the normalization of that place by their own names."""
        return {name: parts[block] for name, block in self.names.get(place, ())}

    def normalize(
        self,
        place: str,
        x: Tensor,
        parts: dict[str, Tensor],
        state: NetworkState,
        context: Context,
        at: str | None = None,
    ) -> Tensor:
        """Normalize activations at that place; `state` takes what is remembered, by the name `at` or the place's."""
        layer = self.places[place][0]
        at = at or place
        if context.tap:
            context.tap(at, "before", x)
        x, state[at] = layer.normalize(x, self.own(place, parts), state[at], context)
        if context.tap:
            context.tap(at, "after", x)
        return x

    def hidden(
        self,
        place: str,
        x: Tensor,
        parts: dict[str, Tensor],
        state: NetworkState,
        context: Context,
        at: str | None = None,
    ) -> Tensor:
        """Normalize pre-activations, activate, correct, drop: all that follows a hidden linear map."""
        before = self.config.placement is Placement.BEFORE
        if before:
            x = self.normalize(place, x, parts, state, context, at)
        if context.tap:
            context.tap(at or place, "preactivation", x)
        x = self.hidden_layer.correct(self.activate(x))
        if not before:
            x = self.normalize(place, x, parts, state, context, at)
        if context.tap:
            context.tap(at or place, "activation", x)
        if context.training and self.config.dropout:
            keep = context.uniform(x) >= self.config.dropout
            x = x * keep / (1 - self.config.dropout)
        return x

    def passed_by(self, layer: int, x: Tensor) -> Tensor | None:
        """Return what goes by the hidden layer of that number, to be added to what it makes; None where nothing does.

        The first changes the number of features, so that nothing goes by it.

        Source: He et al. 2016, arXiv 1512.03385, Eq. 1, of one layer.
        """
        return x if self.config.skip and layer > 1 else None

    def _parameter_layout(self) -> Layout:
        blocks = []
        for item in self.maps.values():
            blocks.append(Block(f"{item.place}.weight", (item.inputs, item.outputs), 1, inputs=item.first))
            if item.bias:
                blocks.append(Block(f"{item.place}.bias", (item.outputs,)))
        for place, (layer, features) in self.places.items():
            blocks += [Block(f"{place}.{name}", (features,)) for name in layer.parameters(features)]
        return Layout(tuple(blocks))
