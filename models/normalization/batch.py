"""Normalizations over the batch: each feature by statistics over the examples (and locations) of a batch.

Follows Ioffe & Szegedy 2015 (arXiv 1502.03167), with PyTorch's running averages in place of the paper's Algorithm 2
while training; population statistics are the same averages with momentum 1/k (see `Context`). Its relatives differ
in what they subtract and by what they divide, each in the two hooks of `OverBatch`: they stand beside what they depart
from, which is why this is long.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

import torch
from torch import Tensor

from models.normalization.base import Affine, Context, Layer, Parameters, State, per_feature
from models.normalization.noise import disturbed


def batch_axes(x: Tensor) -> tuple[int, ...]:
    """Return the axes of `x (E, N, ..., C)` that hold the batch: examples and locations."""
    return tuple(range(1, x.ndim - 1))


def batch_size(x: Tensor) -> int:
    """Return how many values of each feature the batch `x (E, N, ..., C)` holds."""
    return prod(x.shape[1:-1])


def remember(state: State, batch: State, context: Context) -> State:
    """Return the running averages `(E, C)` after a batch: `state + momentum * (batch - state)`.

    Without gradient, but where the context lets it through.
    """
    if not context.momentum:
        return state
    with torch.set_grad_enabled(context.through and torch.is_grad_enabled()):
        return {name: torch.lerp(state[name], batch[name].flatten(1), context.momentum) for name in state}


class OverBatch(Affine):
    """Normalize each feature by what the batch, or the state, says: y = scale * (x - center) * factor + shift."""

    over_batch: ClassVar[bool] = True
    of_batches: ClassVar[bool] = True

    @abstractmethod
    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor | None, State]:
        """Return `x - center`, the factor `(E, 1, ..., C)` or None for 1, and the statistics to remember, likewise."""

    @abstractmethod
    def by_state(self, x: Tensor, state: State) -> tuple[Tensor, Tensor | None]:
        """Return `x - center` and the factor from remembered statistics, each `(E, 1, ..., C)`."""

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        if context.statistics == "stored":
            centred, factor = self.by_state(x, {name: per_feature(values, x) for name, values in state.items()})
            return self.rescale(centred, parameters, factor), state
        centred, factor, batch = self.by_batch(x)
        return self.rescale(centred, parameters, factor), remember(state, batch, context)

    def folded(self, parameters: Parameters, state: State) -> tuple[Tensor, Tensor]:
        """Return factor and shift, each `(E, C)`, of the one affine map that testing is: y = factor * x + shift.

        For BatchNorm factor = scale / sqrt(variance + epsilon) and the shift is that learnt less factor * mean. It can
        be folded into the linear map before: W' = W factor, b' = b factor + shift.

        Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 2, its last line.
        """
        zeros = torch.zeros_like(next(iter(state.values())))
        centred, factor = self.by_state(zeros, state)
        at_0, at_1 = (self.rescale(zeros + value, parameters, factor) for value in (0, 1))
        return at_1 - at_0, self.rescale(centred, parameters, factor)


class BatchNorm(OverBatch):
    """Normalize each feature over the batch.

    xhat = (x - mean) / sqrt(variance + epsilon), y = scale * xhat + shift, with the batch's mean and biased variance.

    It normalizes over the examples and, in images, their locations; it stores running averages of the mean and of the
    unbiased variance; training uses the batch's statistics, testing the stored ones.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1 and Sec. 3.1, 3.2.
    """

    label: ClassVar[str] = "BatchNorm"
    about: ClassVar[str] = (
        "Each feature is centred and scaled over the examples of a batch: the usual choice in convolutional "
        "networks with batches of some 16 examples or more."
    )
    cancels_bias: ClassVar[bool] = True

    def state(self, features: int) -> dict[str, float]:
        return {"mean": 0.0, "variance": 1.0}

    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor, State]:
        mean = x.mean(batch_axes(x), keepdim=True)
        centred = x - mean
        variance = centred.square().mean(batch_axes(x), keepdim=True)
        count = batch_size(x)
        unbiased = variance * (count / max(count - 1, 1))
        return centred, torch.rsqrt(variance + self.epsilon), {"mean": mean, "variance": unbiased}

    def by_state(self, x: Tensor, state: State) -> tuple[Tensor, Tensor]:
        return x - state["mean"], torch.rsqrt(state["variance"] + self.epsilon)


@dataclass(frozen=True)
class WeakBatchNorm(BatchNorm):
    """Normalize each feature over the batch by a part only: strength t from 0, none, to 1, BatchNorm.

    y = scale * (x - t mean) / (variance + epsilon)^(t / 2) + shift, with the batch's mean and biased variance. A deviation
    becomes itself to the power 1 - t.

    It normalizes over the examples and locations; it stores what BatchNorm does; training uses the batch's statistics,
    testing the stored ones. A bias before it stays, as a part of it is left; scale and shift are learnt at t = 0 too.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1 at t = 1; the powers between are ours.
    """

    strength: float = 1.0

    cancels_bias: ClassVar[bool] = False

    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor, State]:
        _, factor, batch = super().by_batch(x)
        return x - self.strength * batch["mean"], factor**self.strength, batch

    def by_state(self, x: Tensor, state: State) -> tuple[Tensor, Tensor]:
        _, factor = super().by_state(x, state)
        return x - self.strength * state["mean"], factor**self.strength


class BatchCenter(OverBatch):
    """Center each feature over the batch, without scaling: mean-only BatchNorm.

    y = x - mean + shift, so that grad_x = grad_y - mean(grad_y).

    It centers over the examples and locations; it stores the running mean; training uses the batch's mean, testing the
    stored one. There is no scale to learn, as there is none to undo.

    Source: Salimans & Kingma 2016, arXiv 1602.07868, Eq. 7, 8.
    """

    label: ClassVar[str] = "BatchNorm, centering only"
    about: ClassVar[str] = (
        "Each feature is centred over the batch and not scaled: it shows what the mean alone does, and stands "
        "beside weight normalization."
    )
    cancels_bias: ClassVar[bool] = True

    def parameters(self, features: int) -> dict[str, float]:
        return {"shift": 0.0} if self.affine else {}

    def state(self, features: int) -> dict[str, float]:
        return {"mean": 0.0}

    def by_batch(self, x: Tensor) -> tuple[Tensor, None, State]:
        mean = x.mean(batch_axes(x), keepdim=True)
        return x - mean, None, {"mean": mean}

    def by_state(self, x: Tensor, state: State) -> tuple[Tensor, None]:
        return x - state["mean"], None

    def rescale(self, xhat: Tensor, parameters: Parameters, factor: Tensor | None = None) -> Tensor:
        return xhat + per_feature(parameters["shift"], xhat) if self.affine else xhat


class BatchScale(BatchNorm):
    """Scale each feature by its deviation over the batch, without centering.

    xhat = x / sqrt(variance + epsilon), y = scale * xhat + shift; the variance is that around the mean.

    It scales over the examples and locations; it stores the running unbiased variance; training uses the batch's,
    testing the stored one. A bias before it stays.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1 without its subtraction.
    """

    label: ClassVar[str] = "BatchNorm, scaling only"
    about: ClassVar[str] = (
        "Each feature is divided by its deviation over the batch and not centred: it shows what the scale alone does."
    )
    cancels_bias: ClassVar[bool] = False

    def state(self, features: int) -> dict[str, float]:
        return {"variance": 1.0}

    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor, State]:
        _, factor, batch = super().by_batch(x)
        return x, factor, batch

    def by_state(self, x: Tensor, state: State) -> tuple[Tensor, Tensor]:
        return x, torch.rsqrt(state["variance"] + self.epsilon)


class BatchL1(OverBatch):
    """Normalize each feature over the batch by its average l1 norm.

    xhat = (x - mean) / N(x), y = scale * xhat + shift, N_1 = mean |x| + epsilon, of x before the mean is subtracted.

    It normalizes over the examples and locations; it stores running averages of the mean and of N; training uses the
    batch's, testing the stored ones. A bias before it stays, as N depends on it.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.3, in words; the epsilon is ours.
    """

    label: ClassVar[str] = "l1 BatchNorm"
    about: ClassVar[str] = (
        "Each feature is divided by the mean of its absolute values instead of its deviation: it is taken to "
        "ask whether matching variances is the point."
    )

    def state(self, features: int) -> dict[str, float]:
        return {"mean": 0.0, "scale": 1.0}

    def size(self, x: Tensor) -> Tensor:
        """Return N(x) `(E, 1, ..., C)`."""
        return x.abs().mean(batch_axes(x), keepdim=True) + self.epsilon

    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor, State]:
        mean, size = x.mean(batch_axes(x), keepdim=True), self.size(x)
        return x - mean, size.reciprocal(), {"mean": mean, "scale": size}

    def by_state(self, x: Tensor, state: State) -> tuple[Tensor, Tensor]:
        return x - state["mean"], state["scale"].reciprocal()


class BatchL2(BatchL1):
    """Normalize each feature over the batch by its average l2 norm: as `BatchL1` with N_2 = sqrt(mean x^2 + epsilon).

    It normalizes over the examples and locations; it stores running averages of the mean and of N; training uses the
    batch's, testing the stored ones.
    """

    label: ClassVar[str] = "l2 BatchNorm"
    about: ClassVar[str] = (
        "Each feature is divided by the root of its mean square instead of its deviation: one of three lengths "
        "that are compared to see whether the deviation matters."
    )

    def size(self, x: Tensor) -> Tensor:
        return torch.sqrt(x.square().mean(batch_axes(x), keepdim=True) + self.epsilon)


class BatchLInfinity(BatchL1):
    """Normalize each feature over the batch by its greatest value: as `BatchL1` with N_inf = max |x| + epsilon.

    It normalizes over the examples and locations; it stores running averages of the mean and of N; training uses the
    batch's, testing the stored ones.
    """

    label: ClassVar[str] = "l-infinity BatchNorm"
    about: ClassVar[str] = (
        "Each feature is divided by its greatest absolute value in the batch: the third of the lengths that are "
        "compared to see whether the deviation matters."
    )

    def size(self, x: Tensor) -> Tensor:
        return x.abs().amax(batch_axes(x), keepdim=True) + self.epsilon


class NoisyBatchNorm(BatchNorm):
    """Normalize as BatchNorm does, then disturb the distribution at every training step.

    The noise is that of `disturbed`. It normalizes over the examples and locations and stores what BatchNorm does; training uses the batch's statistics
    and draws the noise, testing uses the stored ones and draws none.

    Source: Santurkar et al. 2018, arXiv 1805.11604, App. A.2.1, Algorithm 1.
    """

    label: ClassVar[str] = "noisy BatchNorm"
    about: ClassVar[str] = (
        "BatchNorm whose outputs are disturbed anew at every step of training: an experiment on whether steady "
        "distributions are why BatchNorm helps."
    )

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        y, state = super().normalize(x, parameters, state, context)
        return (disturbed(y, context) if context.training else y), state


def renormalization_limits(
    progress: float, r_max: float = Layer.r_max, d_max: float = Layer.d_max, begin: float = Layer.begin
) -> tuple[float, float]:
    """Return the limits of r and d at a fraction of the training: 1 and 0, which is BatchNorm, up to `begin`.

    From there on that of r grows linearly to `r_max` at the end, and that of d to `d_max` at 4/7 of the way to it. The
    defaults are the paper's schedule with its 40 000th step at progress 1: BatchNorm for the first 5 000 steps, then r_max
    grows to 3 at 40 000 and d_max to 5 at 25 000.

    >>> [renormalization_limits(progress) for progress in (0, 1 / 8, 5 / 8, 1)]
    [(1.0, 0.0), (1.0, 0.0), (2.142857142857143, 5.0), (3.0, 5.0)]
    >>> renormalization_limits(0.5, r_max=1.0, d_max=0.0), renormalization_limits(0.5, begin=0.0)
    ((1.0, 0.0), (2.0, 4.375))

    Source: Ioffe 2017, arXiv 1702.03275; linear growth is ours.
    """
    if progress <= begin:
        return 1.0, 0.0
    since, all_of_it = progress - begin, 1 - begin
    return 1 + (r_max - 1) * min(since / all_of_it, 1.0), d_max * min(since / (all_of_it * 4 / 7), 1.0)


class BatchRenorm(OverBatch):
    """Normalize each feature over the batch, corrected towards the stored statistics.

    xhat = (x - mean) / deviation * r + d, y = scale * xhat + shift, deviation = sqrt(variance + epsilon), with
    r = deviation / stored deviation within [1 / r_max, r_max] and d = (mean - stored mean) / stored deviation within
    [-d_max, d_max], both without gradient; the limits follow `renormalization_limits`.

    It normalizes over the examples and locations; it stores running averages of the mean and of the deviation (not
    the variance); testing is (x - stored mean) / stored deviation, and so is training's output where nothing is
    clipped, but training's gradient passes through the batch's statistics.

    Source: Ioffe 2017, arXiv 1702.03275. The paper's averages have momentum 0.01.
    """

    label: ClassVar[str] = "batch renormalization"
    about: ClassVar[str] = (
        "BatchNorm corrected towards its stored averages, so that training and testing nearly agree: it is taken "
        "where batches are small or their examples alike."
    )
    cancels_bias: ClassVar[bool] = True

    def state(self, features: int) -> dict[str, float]:
        return {"mean": 0.0, "deviation": 1.0}

    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor, State]:
        axes = batch_axes(x)
        mean = x.mean(axes, keepdim=True)
        centred = x - mean
        deviation = torch.sqrt(centred.square().mean(axes, keepdim=True) + self.epsilon)
        return centred, deviation.reciprocal(), {"mean": mean, "deviation": deviation}

    def by_state(self, x: Tensor, state: State) -> tuple[Tensor, Tensor]:
        return x - state["mean"], state["deviation"].reciprocal()

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        if context.statistics == "stored":
            return super().normalize(x, parameters, state, context)
        centred, factor, batch = self.by_batch(x)
        r_max, d_max = renormalization_limits(context.progress, self.r_max, self.d_max, self.begin)
        with torch.no_grad():
            mean, deviation = (per_feature(state[name], x) for name in ("mean", "deviation"))
            r = (batch["deviation"] / deviation).clamp(1 / r_max, r_max)
            d = ((batch["mean"] - mean) / deviation).clamp(-d_max, d_max)
        return self.rescale(torch.addcmul(d, centred, factor * r), parameters), remember(state, batch, context)


class BatchMoving(BatchNorm):
    """Normalize each feature by the moving averages even while training: a demonstration of what fails.

    y = scale * (x - stored mean) / sqrt(stored variance + epsilon) + shift, the averages taken before this batch and
    without gradient. The averages that follow a gradient step take part of it back: the weights grow, and the loss
    falls more slowly.

    It normalizes by averages over the batches before; it stores what BatchNorm does; training updates the averages,
    testing does not, and their outputs are the same.

    Source: Ioffe 2017, arXiv 1702.03275, where it is what not to do: there the weights grow without bound and the loss
    does not fall at all.
    """

    label: ClassVar[str] = "BatchNorm by moving averages"
    about: ClassVar[str] = (
        "Each feature is normalized by averages over earlier batches while training too: a demonstration of what "
        "fails, as no gradient passes through them."
    )
    cancels_bias: ClassVar[bool] = False
    over_batch: ClassVar[bool] = False

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        y, _ = super().normalize(x, parameters, state, replace(context, statistics="stored"))
        if context.statistics == "stored":
            return y, state
        return y, remember(state, self.by_batch(x if context.through else x.detach())[2], context)


class BatchDetached(BatchNorm):
    """Normalize as BatchNorm does, but let no gradient pass through the statistics: a demonstration of what fails.

    y = scale * (x - mean) / sqrt(variance + epsilon) + shift with mean and variance taken as constants. A bias before
    it keeps growing while outputs and loss stay: that is why one is kept here, though it changes no output.

    It normalizes over the examples and locations; it stores what BatchNorm does; training uses the batch's statistics,
    testing the stored ones.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 2, where it is what not to do.
    """

    label: ClassVar[str] = "BatchNorm, statistics without gradient"
    about: ClassVar[str] = (
        "BatchNorm whose statistics count as constants in the gradient: a demonstration of why the gradient must "
        "pass through them."
    )
    cancels_bias: ClassVar[bool] = False

    def by_batch(self, x: Tensor) -> tuple[Tensor, Tensor, State]:
        _, factor, batch = super().by_batch(x.detach())
        return x - batch["mean"], factor, batch
