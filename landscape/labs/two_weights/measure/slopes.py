"""Where the gradient gets its size: from the inputs, and from the derivative of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy import ndarray

from landscape.labs.two_weights.measure.bowls import bowl_of
from landscape.labs.two_weights.request import DATA, Kind, TwoWeights, remembered


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of an example at weights of 0, in the mean, for inputs multiplied by sizes (K,).

    weights: (K,) E|dl/dh x|. bias: (K,) E|dl/dh|, the same for all sizes.
    """

    sizes: ndarray
    weights: ndarray
    bias: ndarray


@remembered(*DATA, "model")
def gradients_of(config: TwoWeights) -> Gradients:
    """Return how the gradients grow with the inputs, at weights of 0.

    Source: kexue.fm/archives/6992, (9): grad_b f = E[l'], grad_w f = E[l' x].
    """
    bowl, sizes = bowl_of(config, Kind.RAW), np.geomspace(1, 1000, 31)
    slopes = bowl.objective.derivative(torch.zeros(1, len(bowl.features), dtype=torch.float64))[0].numpy()
    # Of each example: in the mean over classes that are as frequent, gradients of the bias would cancel.
    lengths, steep = np.linalg.norm(bowl.features, axis=1), np.abs(slopes)
    return Gradients(sizes, sizes * (steep * lengths).mean(), np.full(len(sizes), steep.mean()))


@dataclass(frozen=True, eq=False)
class Slopes:
    """The derivatives of three losses for an example of class or target 1.

    h: (K,) outputs; sigmoid_cross_entropy: (K,) sigmoid(h) - 1, in (-1, 0). squared: (K,) h - 1.
    p: (K,) probabilities; cross_entropy: (K,) -1/p.
    """

    h: ndarray
    sigmoid_cross_entropy: ndarray
    squared: ndarray
    p: ndarray
    cross_entropy: ndarray


@cache
def slopes() -> Slopes:
    """Return the derivatives of three losses.

    Source: kexue.fm/archives/6992, (8).
    """
    h, p = np.linspace(-8, 8, 81), np.geomspace(0.05, 1, 60)
    return Slopes(h, 1 / (1 + np.exp(-h)) - 1, h - 1, p, -1 / p)
