"""What a normalization is: one small frozen object with a hook for each thing that any of them does.

Activations are channels last: dense `(E, N, C)`, images `(E, N, L, C)` with L locations, so that one definition
serves both: "over the batch" is every axis but the first and the last, "over an example" every axis after the
second. E counts the networks of the stack, N the examples, C the features (units or channels).

A kind overrides only the hooks it needs; the others are the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from models.activations import Activation

EPSILON = 1e-5
"""Added to a variance before its root: PyTorch's default (the paper leaves the value open)."""

Parameters = dict[str, Tensor]
State = dict[str, Tensor]
NetworkState = dict[str, State]
"""What a network's normalizations remember: the state of each by the name of its place."""


@dataclass(frozen=True)
class Context:
    """How a forward pass is to be done: with which statistics, how far training has come, from which noise.

    statistics: "batch" normalizes by the statistics of the batch at hand, "stored" by those in the state (which
        may be running averages, population statistics or those of a new domain: the state says, not the layer).
    progress: fraction of the training done, in [0, 1]; batch renormalization's schedule follows it.
    momentum: weight of the new batch in the running averages; 1/k at the k-th batch makes a plain mean of them, 0 leaves
        the state as it is.
    training: whether dropout and the noise of noisy BatchNorm are drawn.
    generators: where noise comes from, one for each member of the stack, so that a member draws what it would alone.
    initializing: whether this pass is the first, from which weight normalization initializes.
    through: whether the gradient passes through what is remembered: population statistics are functions of the
        parameters, the running averages of a training are not.
    tap: called as `tap(place, moment, values)` with moment "before" and "after" for each normalization (the same
        values twice where there is none), "preactivation" for what enters the activation function, "activation" for the
        output of the layer before dropout and before what a skip connection adds; it must copy what it keeps, but where
        a gradient is recorded.
    """

    statistics: str = "batch"
    progress: float = 1.0
    momentum: float = 0.1
    training: bool = False
    generators: tuple[torch.Generator, ...] = ()
    initializing: bool = False
    through: bool = False
    tap: Callable[[str, str, Tensor], None] | None = None

    def uniform(self, like: Tensor) -> Tensor:
        """Draw uniform numbers in [0, 1) shaped as `like (E, ...)`, each member's from its own generator."""
        return self._stack(torch.rand, like)

    def normal(self, like: Tensor) -> Tensor:
        """Draw standard normal numbers shaped as `like (E, ...)`, each member's from its own generator."""
        return self._stack(torch.randn, like)

    def _stack(self, draw: Callable[..., Tensor], like: Tensor) -> Tensor:
        shape, kind = like.shape[1:], {"dtype": like.dtype, "device": like.device}
        return torch.stack([draw(shape, generator=generator, **kind) for generator in self.generators])


def per_feature(values: Tensor, like: Tensor) -> Tensor:
    """View values `(E, C)`, or `(C,)` of a stack of one, so that they broadcast over activations `(E, N, ..., C)`."""
    return values.reshape(-1, *(1,) * (like.ndim - 2), values.shape[-1])


@dataclass(frozen=True)
class Layer:
    """The identity: what every normalization is where it does not say otherwise.

    affine: whether it learns a scale and a shift of each feature.
    groups: number of groups of group normalization.
    activation: the function that follows, on which the constants of normalization propagation depend.
    epsilon: added to a variance before its root.
    bound: how long the weights of a unit are at most, where a normalization keeps them bounded.
    r_max, d_max: what the limits of batch renormalization come to. begin: the fraction of the training up to which they
        leave BatchNorm as it is.
    """

    affine: bool = True
    groups: int = 1
    activation: Activation = Activation.RELU
    epsilon: float = EPSILON
    bound: float = 1.0
    r_max: float = 3.0
    d_max: float = 5.0
    begin: float = 1 / 8

    label: ClassVar[str] = "no normalization"
    about: ClassVar[str] = "Nothing is normalized: what all the others are compared with."
    """What it does and when one takes it, in one sentence."""
    cancels_bias: ClassVar[bool] = False
    """It subtracts a mean of each feature's own, so that a bias just before it would have no gradient."""
    over_batch: ClassVar[bool] = False
    """An example's output depends on the other examples of its batch while training."""
    of_batches: ClassVar[bool] = False
    """It takes statistics of a batch while training, which a single value has not."""
    on_weights: ClassVar[bool] = False
    """It acts on the weights, so that it cannot stand on the inputs, which have none."""
    needs_standardized_input: ClassVar[bool] = False
    """Its constants suppose inputs of mean 0 and deviation 1."""

    def refusal(self, features: int | None, spatial: bool, where: str) -> str:
        """Return the rule by which `features` units (`spatial`: channels of an image) cannot be normalized so, or nothing.

        None stands for a number that only the data will tell. where: what has these features, as the rule calls it.
        """
        return ""

    def parameters(self, features: int) -> dict[str, float]:
        """Name what is learnt, each of shape `(features,)`, with its initial value."""
        return {}

    def state(self, features: int) -> dict[str, float]:
        """Name what is remembered between batches, each of shape `(features,)`, with its initial value."""
        return {}

    def weight(self, weight: Tensor, parameters: Parameters) -> Tensor:
        """Return the weights `(E, inputs, C)` that the linear map uses, made from those that are learnt."""
        return weight

    def initialize(self, weight: Tensor, x: Tensor) -> Parameters:
        """Return initial values by name (`bias` too) from a first batch of pre-activations `x = input @ weight`."""
        return {}

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        """Return the normalized activations, shaped as `x (E, N, ..., C)`, and the state after this batch."""
        return x, state

    def correct(self, y: Tensor) -> Tensor:
        """Return the corrected output of the activation function (normalization propagation)."""
        return y

    def project(self, weight: Tensor) -> Tensor:
        """Return the learnt weights `(E, inputs, C)` as they are kept after an optimizer's step."""
        return weight


class Affine(Layer):
    """A normalization that is followed by a learnt scale and shift, `y = scale * xhat + shift`."""

    def parameters(self, features: int) -> dict[str, float]:
        return {"scale": 1.0, "shift": 0.0} if self.affine else {}

    def rescale(self, xhat: Tensor, parameters: Parameters, factor: Tensor | None = None) -> Tensor:
        """Apply a factor for each feature, then the learnt scale and shift, each `(E, C)`, where there are any."""
        if not self.affine:
            return xhat if factor is None else xhat * factor
        scale, shift = (per_feature(parameters[name], xhat) for name in ("scale", "shift"))
        return torch.addcmul(shift, xhat, scale if factor is None else scale * factor)
