"""Outputs and gradients of one network, written out step by step: what most trainings are.

Autograd gives the same numbers. What it keeps of each operation costs more than the arithmetic of a small network. Stacks,
recurrent networks and the other normalizations train by autograd.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from torch import Generator, Tensor

from models.cnn import Convolutional
from models.config import Kind, Normalized, Placement
from models.fast.chain_rule import (
    Activate,
    Convolution,
    Dense,
    Disturb,
    Flatten,
    Halve,
    Learnt,
    Locations,
    Normalize,
    NormalizeByPart,
    NormalizeExamples,
    NormalizeGroups,
    Now,
    Renormalize,
    Skip,
    Step,
    WholeConvolution,
)
from models.fast.convolutions import WHOLE
from models.fast.losses import WITH_GRADIENT
from models.network import Network
from models.normalization import Context, NetworkState, Normalization
from models.normalization.batch import renormalization_limits

WRITTEN_OUT = {
    Normalization.NONE: (Kind.MLP, Kind.CNN),
    Normalization.BATCH: (Kind.MLP, Kind.CNN),
    Normalization.BATCH_RENORM: (Kind.MLP,),
    Normalization.BATCH_NOISY: (Kind.MLP,),
    Normalization.LAYER: (Kind.MLP,),
    Normalization.GROUP: (Kind.MLP,),
}
"""The normalizations, with the kinds of networks that may have them."""


class Backpropagation:
    """One network, plain or normalized before its activation functions, and the gradient by its parameters.

    Args:
        network: one that `can` be written out.
        parts, gradients: its parameters and the places for their gradients, blocks by name, of a stack of one.
        state: what its normalizations remember, which is written over.
        loss: the name of the loss.
        momentum: weight of a batch in the running averages.
        generators: one, from which noise is drawn.
    """

    def __init__(
        self,
        network: Network,
        parts: dict[str, Tensor],
        gradients: dict[str, Tensor],
        state: NetworkState,
        loss: str,
        momentum: float = Context.momentum,
        generators: tuple[Generator, ...] = (),
    ) -> None:
        self.now = Now(generators=generators)
        self.network, self.state, self.loss, self.momentum = network, state, WITH_GRADIENT[loss], momentum
        self.learnt = {place: (Learnt.at(place, parts), Learnt.at(place, gradients)) for place in network.maps}
        self.shape: tuple[int, ...] = (-1,)
        if isinstance(network, Convolutional):
            self.shape = (1, network.sides[0], network.sides[0])
            self.steps = self._of_images(network)
        else:
            self.steps = self._of_perceptron()

    @staticmethod
    def can(network: Network) -> bool:
        """Return whether a network is of those that are written out."""
        config = network.config
        plain = config.normalization is Normalization.NONE
        hidden = config.normalized is Normalized.HIDDEN and config.placement is Placement.BEFORE
        kinds = WRITTEN_OUT.get(config.normalization, ()) if plain or config.strength == 1 else (Kind.MLP,)
        return config.kind in kinds and (plain or hidden) and not config.dropout

    def step(self, x: Tensor, targets: Tensor, progress: float) -> Tensor:
        """Return the loss `()` on inputs `(N, ...)` and their targets, and write its gradient by the parameters.

        progress: fraction of the training done.
        """
        self.now.progress = progress
        loss, gradient = self.loss(self.forward(x), targets)
        self.backward(gradient)
        return loss

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (N, C) of inputs (N, ...)."""
        x = x.reshape(len(x), *self.shape)
        for step in self.steps:
            x = step.forward(x)
        return x

    def backward(self, gradient: Tensor) -> None:
        """Write the gradients by the parameters, given that (N, C) by the outputs just computed."""
        for step in reversed(self.steps):
            gradient = step.backward(gradient)

    def _of_perceptron(self) -> list[Step]:
        *hidden, output = self.learnt
        steps: list[Step] = []
        for place in hidden:
            steps += self._hidden(place, Dense(*self.learnt[place], first=not steps))
        return [*steps, Dense(*self.learnt[output])]

    def _of_images(self, network: Convolutional) -> list[Step]:
        """Return the steps on images, as long as a kernel sees a part of them, then those on their locations."""
        *hidden, output = self.learnt
        in_part = sum(side > WHOLE for side in network.sides[:-1])
        steps: list[Step] = []
        for place, (side, next_side) in zip(hidden[:in_part], pairwise(network.sides), strict=False):
            steps += self._hidden(place, Convolution(*self.learnt[place], first=not steps))
            steps += [Halve()] if next_side < side else []
        steps.append(Locations())
        for place in hidden[in_part:]:
            steps += self._hidden(place, WholeConvolution(*self.learnt[place]))
        return [*steps, Flatten(network.sides[-1] ** 2), Dense(*self.learnt[output])]

    def _hidden(self, place: str, linear: Step) -> list[Step]:
        """Return the steps of a hidden layer, given that of its map."""
        steps = [linear, *self._following(place)]
        return [Skip(steps)] if self.network.config.skip and place != next(iter(self.learnt)) else steps

    def _following(self, place: str) -> list[Step]:
        """Return what follows the map of a hidden layer: its normalization, where there is one, and the activation."""
        return [*self._normalization(place), Activate(self.network.config.activation)]

    def _normalization(self, place: str) -> list[Step]:
        """Return the steps of the normalization of a hidden layer."""
        layer, strength, learnt = self.network.hidden_layer, self.network.config.strength, self.learnt[place]
        match self.network.config.normalization:
            case Normalization.BATCH if strength < 1:
                return [NormalizeByPart(*learnt, self._averages(place), layer.epsilon, self.momentum, strength)]
            case Normalization.BATCH:
                return [Normalize(*learnt, self._averages(place), layer.epsilon, self.momentum)]
            case Normalization.BATCH_NOISY:
                return [Normalize(*learnt, self._averages(place), layer.epsilon, self.momentum), Disturb(self.now)]
            case Normalization.BATCH_RENORM:
                limits = partial(renormalization_limits, r_max=layer.r_max, d_max=layer.d_max, begin=layer.begin)
                return [Renormalize(*learnt, self._averages(place), layer.epsilon, self.momentum, self.now, limits)]
            case Normalization.LAYER:
                return [NormalizeExamples(*learnt, layer.epsilon)]
            case Normalization.GROUP:
                return [NormalizeGroups(*learnt, layer.groups, layer.epsilon)]
            case _:
                return []

    def _averages(self, place: str) -> tuple[Tensor, Tensor]:
        """Return what the normalization of a hidden layer remembers, (C,) each: of the mean, and of the deviation or variance."""
        mean, spread = (own.view(-1) for own in self.state[place].values())
        return mean, spread
