"""Normalizations over one example: no batch, no stored statistics, the same in training and testing.

For images they follow Wu & He 2018 (arXiv 1803.08494, Sec. 3.1): one scale and one shift for each channel.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from models.normalization.base import Affine, Context, Parameters, State, per_feature


class OverExample(Affine):
    """Normalize each example, or parts of it, by mean and variance."""

    def standardize(self, x: Tensor, axes: tuple[int, ...]) -> Tensor:
        """Return `(x - mean) / sqrt(variance + epsilon)`, mean and biased variance over those axes."""
        centred = x - x.mean(axes, keepdim=True)
        return centred * torch.rsqrt(centred.square().mean(axes, keepdim=True) + self.epsilon)


class LayerNorm(OverExample):
    """Normalize each example over its features.

    xhat = (x - mean) / sqrt(variance + epsilon), y = scale * xhat + shift, mean and biased variance over the features.

    It normalizes over all features of one example (channels and locations of an image); it stores nothing; training and
    testing are the same.

    Source: Ba, Kiros & Hinton 2016, arXiv 1607.06450, Eq. 3; for images Wu & He 2018, arXiv 1803.08494, Sec. 3.1.
    """

    label: ClassVar[str] = "layer"

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        return self.rescale(self.standardize(x, tuple(range(2, x.ndim))), parameters), state


class RMSNorm(Affine):
    """Divide each example by the root of its mean square, without centering.

    y = scale * x / sqrt(mean(x^2) + epsilon); there is no shift.

    It normalizes over all features of one example (channels and locations of an image); it stores nothing; training and
    testing are the same.

    Source: Zhang & Sennrich 2019, arXiv 1910.07467; the epsilon is PyTorch's option.
    """

    label: ClassVar[str] = "RMS"

    def parameters(self, features: int) -> dict[str, float]:
        return {"scale": 1.0} if self.affine else {}

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        xhat = x * torch.rsqrt(x.square().mean(tuple(range(2, x.ndim)), keepdim=True) + self.epsilon)
        return xhat * per_feature(parameters["scale"], x) if self.affine else xhat, state


class GroupNorm(OverExample):
    """Normalize each example over groups of neighbouring channels.

    xhat = (x - mean) / sqrt(variance + epsilon), y = scale * xhat + shift, mean and biased variance over the channels
    of a group; one group is layer normalization, a group for each channel is instance normalization.

    It normalizes over the channels of a group and, in images, all locations of one example; it stores nothing; training
    and testing are the same.

    Source: Wu & He 2018, arXiv 1803.08494, Eq. 1, 2 and Sec. 3.1. The paper has 32 groups, for wider layers.
    """

    label: ClassVar[str] = "group"

    def check(self, features: int | None, spatial: bool) -> None:
        if features is None:
            return
        least = 1 if spatial else 2
        fitting = [str(groups) for groups in range(1, features // least + 1) if features % groups == 0]
        if str(self.groups) not in fitting:
            raise ValueError(
                f"NetworkConfig.groups must cut the features of a layer into equal groups of {least} or more, not be "
                f"{self.groups} with {features} features. Choose from {', '.join(fitting) or 'none'}, or another width."
            )

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        grouped = x.unflatten(-1, (self.groups, -1))
        xhat = self.standardize(grouped, (*range(2, x.ndim - 1), x.ndim))
        return self.rescale(xhat.flatten(-2), parameters), state


class InstanceNorm(OverExample):
    """Normalize each channel of each image over its locations.

    xhat = (x - mean) / sqrt(variance + epsilon), y = scale * xhat + shift, mean and biased variance over the locations.

    It normalizes over the locations of one channel of one example; it stores nothing; training and testing are the
    same. Dense layers have no locations.

    Source: Ulyanov, Vedaldi & Lempitsky 2016, arXiv 1607.08022; Wu & He 2018, arXiv 1803.08494, Sec. 3.1.
    """

    label: ClassVar[str] = "instance"
    cancels_bias: ClassVar[bool] = True

    def check(self, features: int | None, spatial: bool) -> None:
        if not spatial:
            raise ValueError(
                "NetworkConfig.normalization must not be instance on dense layers: it normalizes over the locations of "
                "a channel, and a unit has but one, so that each output would be the shift. Choose the "
                "hidden layers of a convolutional network, or layer or group normalization."
            )

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        return self.rescale(self.standardize(x, tuple(range(2, x.ndim - 1))), parameters), state
