"""Normalizations over one example: no batch, no stored statistics, the same in training and testing.

For images they follow Wu & He 2018 (arXiv 1803.08494, Sec. 3.1): one scale and one shift for each channel.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from models.normalization.base import Affine, Context, Parameters, State, per_feature


class OverExample(Affine):
    """Normalize each example, or parts of it, by statistics of its own values.

    Of two values, centred and divided by their deviation, nothing is left but which one is greater, and of one nothing:
    these are refused. The images of a network have locations enough.
    """

    least: ClassVar[int] = 3
    """How many values share their statistics at least."""

    def refusal(self, features: int | None, spatial: bool, where: str) -> str:
        if features is None or spatial or features >= self.least:
            return ""
        return (
            f"NetworkConfig.normalization must not be {self.label} on {where} of {features} "
            f"{'feature' if features == 1 else 'features'}: it takes statistics over at least {self.least}, as "
            f"{'nothing but a sign' if features == self.least - 1 else 'nothing'} would be left of fewer"
        )

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

    label: ClassVar[str] = "layer normalization"
    about: ClassVar[str] = (
        "Each example is centred and scaled over all its own features: it takes the place of BatchNorm where batches are "
        "small or sequences differ in length, and is the usual choice in transformers."
    )

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        return self.rescale(self.standardize(x, tuple(range(2, x.ndim))), parameters), state


class RMSNorm(OverExample):
    """Divide each example by the root of its mean square, without centering.

    y = scale * x / sqrt(mean(x^2) + epsilon); there is no shift.

    It normalizes over all features of one example (channels and locations of an image); it stores nothing; training and
    testing are the same.

    Source: Zhang & Sennrich 2019, arXiv 1910.07467; the epsilon is PyTorch's option.
    """

    label: ClassVar[str] = "RMS normalization"
    about: ClassVar[str] = (
        "Each example is divided by the root of its mean square and not centred: a cheaper layer normalization, taken in "
        "large language models."
    )
    least: ClassVar[int] = 2

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

    label: ClassVar[str] = "group normalization"
    about: ClassVar[str] = (
        "Each example is centred and scaled over groups of its channels: it takes the place of BatchNorm in convolutional "
        "networks whose batches are too small for it."
    )

    def refusal(self, features: int | None, spatial: bool, where: str) -> str:
        least = 1 if spatial else self.least
        if features is None or (features % self.groups == 0 and features // self.groups >= least):
            return ""
        return (
            f"NetworkConfig.groups must cut the features of {where} into equal groups of {least} or more, not be "
            f"{self.groups} with {features} {'feature' if features == 1 else 'features'}"
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

    label: ClassVar[str] = "instance normalization"
    about: ClassVar[str] = (
        "Each channel of each image is centred and scaled over its locations, which takes its contrast away: it is taken "
        "where the style of a picture is not to matter, as in style transfer."
    )
    cancels_bias: ClassVar[bool] = True

    def refusal(self, features: int | None, spatial: bool, where: str) -> str:
        if spatial:
            return ""
        return (
            f"NetworkConfig.normalization must not be {self.label} on {where}, which is dense: it normalizes over the "
            "locations of a channel, and a unit has but one, so that each output would be the shift"
        )

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        return self.rescale(self.standardize(x, tuple(range(2, x.ndim - 1))), parameters), state
