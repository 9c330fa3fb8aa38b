"""Normalizations over the weights: each output unit's weight vector, so that no example depends on another.

Follows Salimans & Kingma 2016 (arXiv 1602.07868) and Arpit et al. 2016 (arXiv 1603.01431). The network's stored weight
is v; what these learn beside it takes the place of a scale, and the bias of the linear map that of a shift. Without
`affine` there is no learnt length: the weight vectors have length 1. The weights of a convolution are those of a dense
map on its patches, so that the length is over input channels and kernel, one for each output channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from models.activations import Activation
from models.normalization.base import Layer, Parameters
from models.normalization.batch import BatchCenter, batch_axes


def lengths(weight: Tensor) -> Tensor:
    """Return |v| `(E, C)` of each output unit of weights `(E, inputs, C)`."""
    if not torch.is_grad_enabled():  # fast over this axis, but its gradient at 0 would not be a number
        return weight.square().sum(1).sqrt_()
    return torch.linalg.vector_norm(weight, dim=1)


class UnitWeights(Layer):
    """Divide each unit's weight vector by its length, and multiply it by a learnt one: w = g v / |v|."""

    on_weights: ClassVar[bool] = True

    def parameters(self, features: int) -> dict[str, float]:
        return {"scale": 1.0} if self.affine else {}

    def gain(self, parameters: Parameters) -> Tensor:
        """Return g `(E, C)`."""
        return parameters["scale"]

    def weight(self, weight: Tensor, parameters: Parameters) -> Tensor:
        factor = lengths(weight).reciprocal()
        return weight * (self.gain(parameters) * factor if self.affine else factor).unsqueeze(1)


class PlainWeightNorm(UnitWeights):
    """Learn the direction and the length of each unit's weights apart: w = g v / |v|, from g = |v|.

    The gradient of v is orthogonal to v, so that plain gradient descent only ever lengthens it. At the start the
    function is that of the network without normalization.

    It normalizes over the inputs of a unit (in a convolution channels and kernel); it stores nothing; training and
    testing are the same.

    Source: Salimans & Kingma 2016, arXiv 1602.07868, Eq. 2; the start is that of torch's `weight_norm`.
    """

    label: ClassVar[str] = "weight normalization, plain start"
    about: ClassVar[str] = (
        "The direction and the length of each unit's weights are learnt apart, from the same function as without: "
        "it is taken where a trained network is to be carried over, or to see what the parametrization alone does."
    )

    def initialize(self, weight: Tensor, x: Tensor) -> Parameters:
        return {"scale": lengths(weight)} if self.affine else {}


class WeightNorm(PlainWeightNorm):
    """Learn the direction and the length of each unit's weights apart: w = g v / |v|, started from a first batch.

    With t = v.x / |v| on that batch, g = 1 / deviation(t) and bias = -mean(t) / deviation(t), so that the
    pre-activations of that batch, and of no other, have mean 0 and deviation 1. Without a learnt length the bias alone
    is set. A unit that is constant on the batch starts with g = 1.

    It normalizes over the inputs of a unit (in a convolution channels and kernel); it stores nothing; training and
    testing are the same.

    Source: Salimans & Kingma 2016, arXiv 1602.07868, Eq. 2, 5, 6.
    """

    label: ClassVar[str] = "weight normalization"
    about: ClassVar[str] = (
        "The direction and the length of each unit's weights are learnt apart, set by a first batch: it is taken "
        "where the noise of a batch hurts, as in recurrent and generative networks."
    )

    def initialize(self, weight: Tensor, x: Tensor) -> Parameters:
        axes = batch_axes(x)
        length = lengths(weight)
        mean, variance = x.mean(axes) / length, x.var(axes, correction=0) / length.square()
        constant = variance.sqrt() <= self.epsilon * mean.abs()
        gain = torch.where(constant, 1.0, variance.rsqrt())
        return {"scale": gain, "bias": -mean * gain} if self.affine else {"bias": -mean}


class LogWeightNorm(WeightNorm):
    """Learn the length of each unit's weights by its logarithm: w = e^s v / |v|, started from a first batch.

    The length can neither vanish nor change its sign.

    It normalizes over the inputs of a unit (in a convolution channels and kernel); it stores nothing; training and
    testing are the same.

    Source: Salimans & Kingma 2016, arXiv 1602.07868, whose authors saw no clear advantage in it.
    """

    label: ClassVar[str] = "weight normalization, g = e^s"
    about: ClassVar[str] = (
        "Weight normalization whose length is learnt by its logarithm: it is taken where a length must never "
        "vanish or change its sign."
    )

    def parameters(self, features: int) -> dict[str, float]:
        return {"log_scale": 0.0} if self.affine else {}

    def gain(self, parameters: Parameters) -> Tensor:
        return parameters["log_scale"].exp()

    def initialize(self, weight: Tensor, x: Tensor) -> Parameters:
        initial = super().initialize(weight, x)
        return {"log_scale": initial.pop("scale").log(), **initial} if self.affine else initial


class BoundedWeightNorm(WeightNorm):
    """Learn direction and length apart, w = g v / |v|, and keep |v| at a bound or below: v <- v / max(1, |v| / bound).

    The function does not change by it, as w depends on the direction of v alone; but v cannot grow, and with it the
    effective learning rate on the direction, which is the rate over |v|^2, does not fall. It is done after each step. A
    bound of 1 is never reached from PyTorch's own initialization (|v| = 0.58), and at once from He's (1.41).

    It normalizes over the inputs of a unit (in a convolution channels and kernel); it stores nothing; training and
    testing are the same.

    Source: Salimans & Kingma 2016, arXiv 1602.07868, which proposes a bound and leaves its value open.
    """

    label: ClassVar[str] = "weight normalization, |v| bounded"
    about: ClassVar[str] = (
        "Weight normalization whose weights are kept no longer than a bound: it is taken where the learning rate on "
        "the direction is not to fall as training goes on."
    )

    def project(self, weight: Tensor) -> Tensor:
        return weight / (lengths(weight) / self.bound).clamp(min=1.0).unsqueeze(1)


class MeanOnlyWeightNorm(WeightNorm, BatchCenter):
    """Normalize the weights, then center over the batch: y = g v.x / |v| - mean + shift, g started from a first batch.

    The noise that the batch brings is then nearly Gaussian, as it is that of a mean.

    It normalizes the weights over the inputs of a unit and centers over examples and locations; it stores the running
    mean; training uses the batch's mean, testing the stored one.

    Source: Salimans & Kingma 2016, arXiv 1602.07868, Eq. 7, 8.
    """

    label: ClassVar[str] = "weight normalization, mean-only BatchNorm"
    about: ClassVar[str] = (
        "Weight normalization with each feature centred over the batch: it is taken in convolutional networks, for "
        "the centering of BatchNorm with less of its noise."
    )

    def parameters(self, features: int) -> dict[str, float]:
        return {"scale": 1.0, "shift": 0.0} if self.affine else {}

    def initialize(self, weight: Tensor, x: Tensor) -> Parameters:
        initial = super().initialize(weight, x)
        del initial["bias"]
        return initial


@dataclass(frozen=True)
class Moments:
    """What an activation function f makes of a standard normal z.

    mean, deviation: of f(z).
    growth: sqrt(E[f'(z)^2]) / deviation, by which a gradient grows in a layer that keeps the deviation at 1.
    """

    mean: float
    deviation: float
    growth: float


MOMENTS: dict[Activation, Moments] = {
    Activation.LINEAR: Moments(0.0, 1.0, 1.0),
    Activation.SIGMOID: Moments(0.5, 0.208276344932, 1.016657459541),
    Activation.TANH: Moments(0.0, 0.627928730349, 1.085268276651),
    Activation.RELU: Moments(0.398942280401, 0.583819370104, 1.211173896236),
    Activation.LEAKY_RELU: Moments(0.394952857597, 0.586568188939, 1.205558277752),
    Activation.GELU: Moments(0.282094791774, 0.587914969213, 1.148409757389),
}
"""By quadrature; for ReLU they are 1 / sqrt(2 pi), sqrt((1 - 1 / pi) / 2) and 1 / sqrt(1 - 1 / pi), the 1.21."""


class UnitNormalizationPropagation(UnitWeights):
    """Keep activations at mean 0 and deviation 1 by constants: y = (f(scale w.x / |w| + bias) - mean) / deviation.

    mean and deviation are those of f(z) for a standard normal z. If a layer's inputs are standardized and its weight
    vectors nearly orthogonal, its outputs are standardized too. Gradients grow by `Moments.growth` in each layer.

    It normalizes over the inputs of a unit (in a convolution channels and kernel); it stores nothing; training and
    testing are the same, whatever the batch.

    Source: Arpit et al. 2016, arXiv 1603.01431, without the factor 1.21 of the authors' code.
    """

    label: ClassVar[str] = "normalization propagation, unit variance"
    about: ClassVar[str] = (
        "Weights are divided by their lengths and outputs of the activation function corrected by constants, so "
        "that the variance stays at 1: it is taken to see the method without its factor for steady gradients."
    )
    needs_standardized_input: ClassVar[bool] = True

    def correct(self, y: Tensor) -> Tensor:
        moments = MOMENTS[self.activation]
        return (y - moments.mean) / moments.deviation


class NormalizationPropagation(UnitNormalizationPropagation):
    """Keep gradients steady by constants: y = (f(scale w.x / (growth |w|) + bias) - mean) / deviation.

    growth is 1.21 for ReLU: dividing by it brings the singular values of a layer's Jacobian near 1. The activations'
    deviation is then no longer 1: in deep ReLU networks it falls to 0.50, their mean to -0.34.

    It normalizes over the inputs of a unit (in a convolution channels and kernel); it stores nothing; training and
    testing are the same, whatever the batch.

    Source: Arpit et al. 2016, arXiv 1603.01431, and the authors' code for ReLU; other functions' constants are ours.
    """

    label: ClassVar[str] = "normalization propagation"
    about: ClassVar[str] = (
        "Weights are divided by their lengths and outputs of the activation function corrected by constants, so "
        "that gradients stay steady: it is taken where batches are too small for statistics and inputs are "
        "standardized."
    )

    def weight(self, weight: Tensor, parameters: Parameters) -> Tensor:
        return super().weight(weight, parameters) / MOMENTS[self.activation].growth
