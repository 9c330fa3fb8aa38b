"""Networks whose forward pass takes less time: the same maps, by other layouts of memory and by faster layers.

Without gradient the examples of a unit lie side by side in memory, though the axes stay: sums over examples, or over
features, are then fastest, and so is the softmax over classes that follows the last layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import torch
from torch import Tensor
from torch.nn import functional

from models.cnn import Convolutional
from models.config import Kind, NetworkConfig, Placement
from models.fast.convolutions import WHOLE, batch_factor, centred, patches_of, whole_matrix
from models.fast.kernels import activate_
from models.fast.layers import FastBatchNorm, fast
from models.mlp import Perceptron
from models.network import Network, Product
from models.normalization import Context, Layer, NetworkState
from models.normalization.base import per_feature
from models.recurrent import Recurrent

KNOWN = "known"
"""Among the parts of a network: what its first map gives, where that is known already."""


class Fast(Network):
    """What all fast networks do otherwise."""

    def layer_of(self, config: NetworkConfig) -> Layer:
        return fast(config.layer())

    def dense(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return examples_first(x, weight, bias) if torch.is_grad_enabled() else features_first(x, weight, bias)

    def activate(self, x: Tensor) -> Tensor:
        return super().activate(x) if torch.is_grad_enabled() else activate_(x, self.config.activation)

    def normalize(
        self,
        place: str,
        x: Tensor,
        parts: dict[str, Tensor],
        state: NetworkState,
        context: Context,
        at: str | None = None,
    ) -> Tensor:
        if place == "input" and not torch.is_grad_enabled():
            x = x.clone()  # a layer may write over it, and the data stay as they are
        return super().normalize(place, x, parts, state, context, at)


def examples_first(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Do what `Network.dense` does, with fewer passes over the activations, to be differentiated."""
    members, inputs, outputs = weight.shape
    if bias is not None:
        bias = bias if bias.ndim == 3 else per_feature(bias, x)
        if members == 1:
            return torch.baddbmm(bias, x, weight)
        return torch.bmm(x.expand(members, -1, -1), weight).add_(bias)  # `baddbmm` first copies the bias to every row
    if len(x) == members:
        return torch.bmm(x, weight)
    # What cancels a bias goes over the examples next, best where each example's values of all members lie side by side.
    return (x[0] @ weight.transpose(0, 1).reshape(inputs, -1)).view(-1, members, outputs).transpose(0, 1)


def features_first(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Do what `Network.dense` does, so that the examples of a unit lie side by side in memory."""
    rows = weight.transpose(1, 2)
    if x.shape[0] < weight.shape[0]:  # the members share their inputs
        inputs, count = x[0], rows.shape[1]
        if bias is not None and bias.ndim == 2:  # as the weight of one more input, which is 1: that saves a pass
            rows, bias = torch.cat([rows, bias.unsqueeze(2)], 2), None
            inputs = functional.pad(inputs, (0, 1), value=1.0)
        y = (rows.reshape(-1, rows.shape[2]) @ inputs.t()).view(len(weight), count, -1).transpose(1, 2)
    else:
        y = torch.bmm(rows, x.transpose(1, 2)).transpose(1, 2)
    return y if bias is None else y.add_(bias if bias.ndim == 3 else per_feature(bias, y))


class FastPerceptron(Fast, Perceptron):
    """A perceptron. What its first map gives may stand among its parts, by the name `KNOWN`: then it is taken."""

    def map(
        self, place: str, x: Tensor, parts: dict[str, Tensor], context: Context, product: Product | None = None
    ) -> Tensor:
        known = parts.get(KNOWN) if place == "layer1" else None
        return super().map(place, x, parts, context, product) if known is None else known


class FirstKnown:
    """The forward pass of perceptrons on a plane, whose first map is itself a plane: linear in what is learnt.

    Two passes over that plane stand for a product at each point.

    Args:
        network: one that `can` be evaluated so.
        basis: (1 + K, P), the origin of the plane and its directions.
        batches: the examples of each batch, `(1, N, *inputs)`.
        members: how many points are to be in a call.
        state, context: of the forward pass, the state that of one network.
    """

    def __init__(
        self,
        network: FastPerceptron,
        basis: Tensor,
        batches: Sequence[Tensor],
        members: int,
        state: NetworkState,
        context: Context,
    ) -> None:
        self.network, self.basis, self.batches, self.members = network, basis, batches, members
        self.state, self.context = state, context
        with torch.no_grad():
            parts = network.layout.split(basis)
            firsts = [network.map("layer1", x.flatten(2), parts, Context()) for x in batches]
        # In the order of memory: what is made of them is then as the map would have left it.
        self.firsts = [first.transpose(1, 2).contiguous() for first in firsts]

    @staticmethod
    def can(network: Network) -> bool:
        """Return whether inputs and weights of the first map are those of the data and those that are learnt."""
        plain = type(network.input_layer) is Layer and type(network.hidden_layer).weight is Layer.weight
        return isinstance(network, FastPerceptron) and plain

    def __call__(self, coefficients: Tensor) -> list[Tensor]:
        """Return the outputs `(E, N, C)` for each batch at the points `coefficients @ basis`."""
        count = len(coefficients)
        parts = self.network.layout.split(coefficients @ self.basis)
        state = {
            place: {name: values.expand(count, -1) for name, values in own.items()} for place, own in self.state.items()
        }
        outputs = []
        for x, first in zip(self.batches, self.firsts, strict=True):
            known = (coefficients @ first.flatten(1)).view(count, *first.shape[1:]).transpose(1, 2)
            outputs.append(self.network.forward({**parts, KNOWN: known}, state, x, self.context)[0])
        return outputs


class FastRecurrent(Fast, Recurrent):
    """A recurrent network."""


class FastConvolutional(Fast, Convolutional):
    """A convolutional network."""

    def convolved(
        self, place: str, x: Tensor, parts: dict[str, Tensor], state: NetworkState, context: Context
    ) -> Tensor:
        if place == "layer1" and self._normalizes_by_weights(x, context):
            return self.activate(self._normalized_by_weights(x, parts))
        return super().convolved(place, x, parts, state, context)

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if x.shape[2] != WHOLE**2:
            return super().convolve(x, weight, bias)
        y = self.dense(x.flatten(2), whole_matrix(weight), None if bias is None else bias.repeat(1, WHOLE**2))
        return y.unflatten(2, (WHOLE**2, weight.shape[2]))

    def halve(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or x.stride(2) > 1:
            return super().halve(x)
        # Where the pixels of a channel lie side by side in memory, sums of slices take less than the kernel.
        half = isqrt(x.shape[2]) // 2
        pixels = x.unflatten(2, (half, 2, half, 2))
        rows = pixels[:, :, :, 0] + pixels[:, :, :, 1]
        return (rows[:, :, :, :, 0] + rows[:, :, :, :, 1]).mul_(0.25).flatten(2, 3)

    def _normalizes_by_weights(self, x: Tensor, context: Context) -> bool:
        """Return whether BatchNorm of the first layer is to go into its weights.

        In 8x8 images the first activations are as large as those of all other layers together: where they are kept for a
        gradient, as for products with the Hessian, that is half of the memory.
        """
        kind = type(self.input_layer) is Layer and type(self.hidden_layer) is FastBatchNorm
        kept = torch.is_grad_enabled() and not x.requires_grad and x.shape[0] == 1
        own = context.statistics == "batch" and not (context.momentum or context.training or context.tap)
        return kind and kept and own and self.config.placement is Placement.BEFORE

    def _normalized_by_weights(self, x: Tensor, parts: dict[str, Tensor]) -> Tensor:
        """Return the first pre-activations, by BatchNorm: `(1, N, L, 1) -> (E, N, L, width)`.

        Of patches with means m and covariance S a unit of weights w has mean w m and variance w S w: with
        v = w scale / sqrt(w S w + epsilon) it is v * x + shift - v m.
        """
        weight, own = parts["layer1.weight"], self.own("layer1", parts)
        _, mean, covariance = centred(patches_of(x))
        factor = batch_factor(weight, covariance, self.hidden_layer.epsilon)
        weight = weight * (factor * own["scale"] if own else factor).unsqueeze(1)
        bias = -torch.einsum("eiw,i->ew", weight.to(mean.dtype), mean).to(weight.dtype)
        return self.convolve(x, weight, bias + own["shift"] if own else bias)


FAST: dict[Kind, type[Network]] = {
    Kind.MLP: FastPerceptron,
    Kind.CNN: FastConvolutional,
    Kind.RECURRENT: FastRecurrent,
}
"""The fast network of each kind."""
