"""PyTorch's own kernels under names that say what they are given: what its layers and its autograd call.

They are called by position, as names cost time at each call; below each has the arguments that it is used with.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.activations import LEAK, Activation, activate
from models.normalization import Context

OWN = torch.ops.aten

Pair = tuple[Tensor | None, Tensor | None]
"""Scale and shift, or the gradients by them; None where there are none."""

Kept = tuple[Tensor, Tensor, Tensor]
"""What a normalization keeps for its gradient: x, the means, and one over the deviations."""


def normalize_rows(rows: Tensor, learnt: Pair, epsilon: float) -> Tensor:
    """Return `scale * xhat + shift` of units whose examples lie side by side, BatchNorm by the batch's statistics.

    They are rows, and so many groups of one channel to PyTorch's group normalization: its kernel does all to one row after
    the other, in the first-level cache. Without gradient.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1.

    Args: rows `(E, C, N)`, contiguous; learnt: scale and shift `(E C,)`, contiguous, or None.
    Returns: `(E, C, N)`.
    """
    members, features, examples = rows.shape
    batch = 1
    units = groups = members * features
    scale, shift = learnt
    y, _, _ = torch.native_group_norm(
        rows.view(1, units, examples), scale, shift, batch, units, examples, groups, epsilon
    )
    return y.view(rows.shape)


def batch_norm(
    x: Tensor, learnt: Pair, averages: Pair, epsilon: float, momentum: float = Context.momentum
) -> tuple[Tensor, Kept]:
    """Return BatchNorm of x `(N, C)` or `(N, C, s, s)` by the batch's statistics, and what its gradient needs.

    Args: averages: mean and variance `(C,)`, which are moved; or None.
    """
    (scale, shift), (mean, variance) = learnt, averages
    training = True
    y, means, deviations = torch.native_batch_norm(x, scale, shift, mean, variance, training, momentum, epsilon)
    return y, (x, means, deviations)


def batch_norm_backward(
    gradient: Tensor, kept: Kept, scale: Tensor | None, averages: Pair, epsilon: float
) -> tuple[Tensor, Pair]:
    """Return the gradients by x and by scale and shift, given that by what `batch_norm` returned."""
    (x, means, deviations), (mean, variance), learns = kept, averages, scale is not None
    training, wanted = True, [True, learns, learns]
    by_x, by_scale, by_shift = OWN.native_batch_norm_backward(
        gradient, x, scale, mean, variance, means, deviations, training, epsilon, wanted
    )
    return by_x, (by_scale, by_shift)


def layer_norm(x: Tensor, learnt: Pair, epsilon: float) -> tuple[Tensor, Kept]:
    """Return layer normalization of x `(N, C)`, and what its gradient needs."""
    scale, shift = learnt
    y, means, deviations = torch.native_layer_norm(x, x.shape[1:], scale, shift, epsilon)
    return y, (x, means, deviations)


def layer_norm_backward(gradient: Tensor, kept: Kept, learnt: Pair) -> tuple[Tensor, Pair]:
    """Return the gradients by x and by scale and shift, given that by what `layer_norm` returned."""
    (x, means, deviations), (scale, shift), learns = kept, learnt, learnt[0] is not None
    wanted = [True, learns, learns]
    by_x, by_scale, by_shift = OWN.native_layer_norm_backward(
        gradient, x, x.shape[1:], means, deviations, scale, shift, wanted
    )
    return by_x, (by_scale, by_shift)


def group_norm(x: Tensor, learnt: Pair, groups: int, epsilon: float) -> tuple[Tensor, Kept]:
    """Return group normalization of x `(N, C)`, and what its gradient needs."""
    (scale, shift), (examples, features), locations = learnt, x.shape, 1
    y, means, deviations = torch.native_group_norm(x, scale, shift, examples, features, locations, groups, epsilon)
    return y, (x, means, deviations)


def group_norm_backward(gradient: Tensor, kept: Kept, scale: Tensor | None, groups: int) -> tuple[Tensor, Pair]:
    """Return the gradients by x and by scale and shift, given that by what `group_norm` returned."""
    (x, means, deviations), learns = kept, scale is not None
    (examples, features), locations, wanted = x.shape, 1, [True, learns, learns]
    by_x, by_scale, by_shift = OWN.native_group_norm_backward(
        gradient, x, means, deviations, scale, examples, features, locations, groups, wanted
    )
    return by_x, (by_scale, by_shift)


def convolution_backward(
    gradient: Tensor, x: Tensor, kernels: Tensor, border: int, by_x: bool, by_bias: bool
) -> tuple[Tensor | None, Tensor, Tensor | None]:
    """Return the gradients by x, kernels and bias of a convolution with a border of zeros, those that are wanted."""
    sizes = [len(kernels)] if by_bias else None
    stride, padding, dilation, transposed, output_padding, groups = [1, 1], [border, border], [1, 1], False, [0, 0], 1
    how = sizes, stride, padding, dilation, transposed, output_padding, groups, [by_x, True, by_bias]
    found: tuple[Tensor | None, Tensor, Tensor | None] = OWN.convolution_backward(gradient, x, kernels, *how)
    return found


def halve_backward(gradient: Tensor, x: Tensor) -> Tensor:
    """Return the gradient by images x, given that by their means over 2x2 pixels."""
    kernel, stride, padding, ceil_mode, count_include_pad, divisor = [2, 2], [2, 2], [0, 0], False, True, None
    how = kernel, stride, padding, ceil_mode, count_include_pad, divisor
    by_x: Tensor = OWN.avg_pool2d_backward(gradient, x, *how)
    return by_x


def activate_(x: Tensor, activation: Activation) -> Tensor:
    """Apply the activation function to x, the ReLU in place."""
    return torch.relu_(x) if activation is Activation.RELU else activate(x, activation)


def activate_backward(gradient: Tensor, x: Tensor, y: Tensor, activation: Activation) -> Tensor:
    """Return the gradient by x, given that by y = g(x); x may have been written over by y of a ReLU."""
    by_x = gradient
    match activation:
        case Activation.SIGMOID:
            by_x = OWN.sigmoid_backward(gradient, y)
        case Activation.TANH:
            by_x = OWN.tanh_backward(gradient, y)
        case Activation.RELU:
            by_x = OWN.threshold_backward(gradient, y, 0)
        case Activation.LEAKY_RELU:
            by_x = OWN.leaky_relu_backward(gradient, x, LEAK, False)
        case Activation.GELU:
            by_x = OWN.gelu_backward(gradient, x)
    return by_x


def cross_entropy(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean cross-entropy `()` and its gradient by the outputs `(N, C)`, rounded as autograd rounds them."""
    class_weights, mean_of_all, ignored = None, 1, -100  # all classes alike, and none left out
    log_shares = torch.log_softmax(outputs, 1)
    mean, total = OWN.nll_loss_forward(log_shares, targets, class_weights, mean_of_all, ignored)
    gradient = OWN.nll_loss_backward(
        torch.ones_like(mean), log_shares, targets, class_weights, mean_of_all, ignored, total
    )
    return mean, OWN._log_softmax_backward_data(gradient, log_shares, 1, outputs.dtype)
