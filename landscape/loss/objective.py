"""The seam between networks and geometry: parameters -> loss, on fixed data with declared statistics.

Planes, surfaces and curvature see only this. Nothing that an objective computes changes a parameter or a buffer.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor
from torch.nn import functional

from landscape.experiment import Statistics
from models.layout import Block, Layout


class Objective(ABC):
    """A loss as a function of a flat vector of P parameters, for E of them at a time.

    layout: the blocks of that vector (which are filters, which are inputs).
    chunk: how many members to evaluate at once.
    """

    layout: Layout
    chunk: int = 1
    dtype: torch.dtype = torch.float32
    device: torch.device = torch.device("cpu")

    @abstractmethod
    def __call__(self, parameters: Tensor) -> Tensor:
        """Return the losses `(E,)` of parameters `(E, P)`, differentiably."""

    def accuracy(self, parameters: Tensor) -> Tensor:
        """Return the share of examples that each member `(E, P)` classifies rightly, `(E,)`."""
        raise NotImplementedError("this objective has no notion of accuracy")

    def measure(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the losses and the accuracies, each `(E,)`."""
        return self(parameters), self.accuracy(parameters)

    def restricted(self, origin: Tensor, directions: Tensor) -> Objective:
        """Return the loss as a function of K coordinates, those of the points `origin + coordinates @ directions`.

        Args: origin `(P,)`; directions `(K, P)`.
        """
        return Restriction(self, origin, directions)

    @property
    def gradient_chunk(self) -> int:
        """How many members to differentiate at once: a quarter of a chunk, as the activations of all layers are kept."""
        return max(1, self.chunk // 4)

    def gradient(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the losses `(E,)` and each member's own gradient `(E, P)`."""
        with plainly(self.device):
            leaf = parameters.detach().clone().requires_grad_()
            losses = self(leaf)
            if not losses.requires_grad:  # nothing of the parameters is in them
                return losses, torch.zeros_like(leaf)
            (gradient,) = torch.autograd.grad(losses.sum(), leaf)
        return losses.detach(), gradient

    def tensor(self, array: object) -> Tensor:
        """Return numbers as a tensor of this objective's type and device."""
        with torch.inference_mode(False):  # what is made within it never has a gradient
            tensor = torch.as_tensor(array).to(device=self.device, dtype=self.dtype)
            return tensor.clone() if tensor.is_inference() else tensor


class Restriction(Objective):
    """An objective on a plane, or a line: its parameters are the coordinates `(E, K)` of points.

    whole: the objective. basis: (1 + K, P), the origin and the directions.
    """

    def __init__(self, whole: Objective, origin: Tensor, directions: Tensor) -> None:
        with torch.inference_mode(False):
            self.whole, self.basis = whole, torch.cat([origin[None], directions])
        self.layout = Layout((Block("coordinates", (len(directions),)),))
        self.chunk, self.dtype, self.device = whole.chunk, whole.dtype, whole.device

    def points(self, coordinates: Tensor) -> Tensor:
        """Return the parameters `(E, P)` of the whole objective."""
        with unrounded(self.device):
            return coefficients_of(coordinates) @ self.basis

    def __call__(self, parameters: Tensor) -> Tensor:
        return self.whole(self.points(parameters))

    def accuracy(self, parameters: Tensor) -> Tensor:
        return self.measure(parameters)[1]

    def measure(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        return self.whole.measure(self.points(parameters))


def unrounded(device: torch.device) -> AbstractContextManager[object]:
    """Return a context without torch's automatic half precision, where the device has any."""
    available = torch.amp.is_autocast_available(device.type)
    return torch.autocast(device.type, enabled=False) if available else nullcontext()


@contextmanager
def plainly(device: torch.device) -> Iterator[None]:
    """Compute as torch does by itself, whatever the caller is within: gradients are possible, and nothing is rounded.

    What somebody compiled runs uncompiled: it would have no second derivative.
    """
    # Nothing was compiled where the compiler is not there, and to ask it would load it, which takes seconds.
    compiler = torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()
    with torch.inference_mode(False), torch.enable_grad(), unrounded(device), compiler:
        yield


def coefficients_of(coordinates: Tensor) -> Tensor:
    """Return `(E, 1 + K)`, a 1 for the origin before the coordinates: one product with the basis makes the points."""
    return functional.pad(coordinates, (1, 0), value=1.0)


def lengths(vectors: Tensor) -> Tensor:
    """Return the Euclidean lengths of vectors `(..., n)`, `(...)` in float64.

    In single precision the squares of entries under 1e-23, or over 1e19, are 0, or infinite: gradients that vanish or
    explode have such.

    >>> round(lengths(torch.tensor([3e-30, 4e-30])).item() * 1e30, 3)
    5.0
    """
    return torch.linalg.vector_norm(vectors, dim=-1, dtype=torch.float64)


def statistics_of(name: Statistics | str) -> Statistics:
    """Return the statistics of that name.

    >>> statistics_of("running") is Statistics.RUNNING
    True

    Raises: ValueError for an unknown name.
    """
    if name not in list(Statistics):
        raise ValueError(f"statistics must be one of {', '.join(Statistics)}, not {name!r}")
    return Statistics(name)
