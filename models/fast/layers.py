"""Normalizations that give the same numbers in less time: by PyTorch's kernels, or in place.

Where no gradient is recorded they may write over the activations that they are given, which a network has just made.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from models.fast import kernels
from models.normalization import Context, Layer, Parameters, State
from models.normalization.base import Affine, per_feature
from models.normalization.batch import BatchNorm, NoisyBatchNorm, batch_axes, batch_size
from models.normalization.example import GroupNorm, InstanceNorm, LayerNorm, OverExample


class InPlace(Affine):
    """A learnt scale and shift that write over what they are given, where no gradient is recorded."""

    def rescale(self, xhat: Tensor, parameters: Parameters, factor: Tensor | None = None) -> Tensor:
        if torch.is_grad_enabled() or not self.affine:
            return super().rescale(xhat, parameters, factor)
        scale, shift = (per_feature(parameters[name], xhat) for name in ("scale", "shift"))
        factor = scale if factor is None else scale * factor
        # Two passes with a vector each are faster than one with two of them.
        shared = xhat.shape[0] < factor.shape[0]
        return (xhat * factor if shared else xhat.mul_(factor)).add_(shift)


class FastBatchNorm(InPlace, BatchNorm):
    """BatchNorm by PyTorch's kernels, where it takes the batch's statistics."""

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        if context.statistics == "stored" or batch_size(x) == 1:
            return super().normalize(x, parameters, state, context)
        if torch.is_grad_enabled() and context.through:  # through averages that a kernel writes no gradient passes
            return super().normalize(x, parameters, state, context)
        if torch.is_grad_enabled() or not _side_by_side(x):
            return self._by_kernel(x, parameters, state, context)
        if not context.momentum and _are_rows(x, state):
            return self._by_rows(x, parameters), state
        return super().normalize(x, parameters, state, context)

    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor, State]:
        if torch.is_grad_enabled() or batch_size(x) == 1:
            return super().by_batch(x)
        axes, count = batch_axes(x), batch_size(x)
        mean = x.mean(axes, keepdim=True)
        x.sub_(mean)
        variance = torch.linalg.vector_norm(x, dim=axes, keepdim=True).square_().div_(count)
        return x, torch.rsqrt(variance + self.epsilon), {"mean": mean, "variance": variance * (count / (count - 1))}

    def _by_kernel(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        """Take the members' features as so many channels of PyTorch's kernel, which moves copies of the averages."""
        members, features = state["mean"].shape
        alone = members == len(x) == 1  # one network's features are channels as they are
        channels = x if alone else x.expand(members, *x.shape[1:]).movedim(0, -2)
        averages: kernels.Pair = (None, None)
        if context.momentum:
            state = {name: values.clone() for name, values in state.items()}
            averages = state["mean"].view(-1), state["variance"].view(-1)
        rows = channels.reshape(-1, members * features)
        y, _ = kernels.batch_norm(rows, self._learnt(parameters), averages, self.epsilon, context.momentum)
        return y.view(x.shape) if alone else y.view(channels.shape).movedim(-2, 0), state

    def _by_rows(self, x: Tensor, parameters: Parameters) -> Tensor:
        return kernels.normalize_rows(x.transpose(1, 2), self._learnt(parameters), self.epsilon).transpose(1, 2)

    def _learnt(self, parameters: Parameters) -> kernels.Pair:
        """Return scale and shift of all members one after the other, each `(E C,)`, or None."""
        if not self.affine:
            return None, None
        # Contiguous, which a view of a single feature is not: the kernels read the memory in its order.
        return parameters["scale"].flatten().contiguous(), parameters["shift"].flatten().contiguous()


def _side_by_side(x: Tensor) -> bool:
    """Return whether the examples of a unit lie side by side in memory, as they do unless a convolution made them."""
    return x.ndim == 3 or x.stride(1) == 1


def _are_rows(x: Tensor, state: State) -> bool:
    """Return whether each member has activations `(E, N, C)` of its own, the examples of a unit side by side."""
    return x.ndim == 3 and len(x) == len(state["mean"]) and x.transpose(1, 2).is_contiguous()


class FastNoisyBatchNorm(NoisyBatchNorm, FastBatchNorm):
    """Noisy BatchNorm, whose normalizing is that of `FastBatchNorm`."""


class FastOverExample(InPlace, OverExample):
    """Standardize by PyTorch's kernel with gradient; without in place, in the order in which the axes lie in memory."""

    def standardize(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        if not torch.is_grad_enabled():
            order = sorted(range(x.ndim), key=x.stride, reverse=True)
            values, over = x.permute(order), tuple(order.index(axis) for axis in axes)
            values.sub_(values.mean(over, keepdim=True))
            values.mul_(torch.rsqrt(values.square().mean(over, keepdim=True) + self.epsilon))
            return x
        if axes == tuple(range(axes[0], x.ndim)):
            return functional.layer_norm(x, x.shape[axes[0] :], eps=self.epsilon)
        return super().standardize(x, axes)


class FastLayerNorm(FastOverExample, LayerNorm):
    """Layer normalization."""


class FastGroupNorm(FastOverExample, GroupNorm):
    """Group normalization."""


class FastInstanceNorm(FastOverExample, InstanceNorm):
    """Instance normalization."""


FAST: dict[type[Layer], type[Layer]] = {
    BatchNorm: FastBatchNorm,
    NoisyBatchNorm: FastNoisyBatchNorm,
    LayerNorm: FastLayerNorm,
    GroupNorm: FastGroupNorm,
    InstanceNorm: FastInstanceNorm,
}
"""The fast layer of each that has one."""


def fast(layer: Layer) -> Layer:
    """Return the fast layer that does what a layer does, or that layer where there is none."""
    kind = FAST.get(type(layer))
    return kind(layer.affine, layer.groups, layer.activation, layer.epsilon) if kind else layer
