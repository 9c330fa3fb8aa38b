"""Noise that disturbs the distribution of every unit anew at each step of training, and a layer that does nothing else.

Follows Santurkar et al. 2018 (arXiv 1805.11604), App. A.2.1, who put it after BatchNorm and, as a control, into a network
without any.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from models.normalization.base import Context, Layer, Parameters, State, per_feature


def disturbed(y: Tensor, context: Context) -> Tensor:
    """Return activations `(E, N, ..., C)` with the noise of one step drawn upon them.

    For each unit j: mu_j ~ U(-0.5, 0.5), sigma_j ~ U(1, 1.25); for each example (and location) i:
    m_ij ~ U(mu_j - 0.1, mu_j + 0.1), s_ij ~ N(sigma_j, deviation 0.1); y_ij <- s_ij y_ij + m_ij.

    Source: Santurkar et al. 2018, arXiv 1805.11604, App. A.2.1, Algorithm 1, with its constants.
    """
    shifts, scales = disturbance(y, context)
    return torch.addcmul(shifts, scales, y)


def disturbance(y: Tensor, context: Context) -> tuple[Tensor, Tensor]:
    """Draw the noise of one step upon activations: what is added, m, and what they are multiplied by, s, shaped as they are."""
    unit = y.flatten(1, -2)[:, 0]
    mu = per_feature(context.uniform(unit) - 0.5, y)
    sigma = per_feature(1 + 0.25 * context.uniform(unit), y)
    shifts = mu + (0.2 * context.uniform(y) - 0.1)
    scales = sigma + 0.1 * context.normal(y)
    return shifts, scales


class Noise(Layer):
    """Disturb the distribution of each unit at every training step, and normalize nothing.

    It takes no statistics over anything and stores none; training draws the noise of `disturbed`, testing draws none.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 2.1: the control of noisy BatchNorm.
    """

    label: ClassVar[str] = "noise without BatchNorm"
    about: ClassVar[str] = (
        "Nothing is normalized, and each unit is disturbed anew at every step of training: the control of an experiment "
        "on steady distributions."
    )

    def normalize(self, x: Tensor, parameters: Parameters, state: State, context: Context) -> tuple[Tensor, State]:
        return (disturbed(x, context) if context.training else x), state
