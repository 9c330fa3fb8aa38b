"""The activation functions of the networks."""

from __future__ import annotations

from enum import StrEnum

import torch
from torch import Tensor
from torch.nn import functional

LEAK = 0.01
"""The slope of the leaky ReLU below zero, PyTorch's default."""


class Activation(StrEnum):
    """The activation functions by the names that links use."""

    LINEAR = "linear"
    SIGMOID = "sigmoid"
    TANH = "tanh"
    RELU = "relu"
    LEAKY_RELU = "leaky-relu"
    GELU = "gelu"

    @property
    def label(self) -> str:
        return {"relu": "ReLU", "leaky-relu": "leaky ReLU", "gelu": "GELU"}.get(self.value, self.value)


def activate(x: Tensor, activation: Activation) -> Tensor:
    """Apply the activation function."""
    match activation:
        case Activation.SIGMOID:
            return torch.sigmoid(x)
        case Activation.TANH:
            return torch.tanh(x)
        case Activation.RELU:
            return torch.relu(x)
        case Activation.LEAKY_RELU:
            return functional.leaky_relu(x, LEAK)
        case Activation.GELU:
            return functional.gelu(x)
        case _:
            return x
