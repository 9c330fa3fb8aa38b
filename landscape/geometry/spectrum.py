"""The whole spectrum of a Hessian from products with it: its trace and its density.

Follows Ghorbani et al. 2019 (arXiv 1901.10159) for the density. The probes of a quadrature are one stack of copies of
the parameters; the Lanczos recurrence is written out, as scipy does not hand out its tridiagonal matrix, whose
eigenvalues are scipy's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from landscape.geometry.hessians import hessian_products
from landscape.loss.objective import Objective
from landscape.serving.devices import device_name
from landscape.serving.task import ChunkedTask

BASIS_BYTES = 2**28
"""Fewer Lanczos steps, and fewer probes at a time, rather than more than so many bytes of basis vectors."""


@dataclass(frozen=True, eq=False)
class Trace:
    """An estimate of a Hessian's trace: value, its standard error, and the number of probes."""

    value: float
    error: float
    probes: int
    device: str = "CPU"


@dataclass(frozen=True, eq=False)
class SpectralDensity:
    """The density of a Hessian's eigenvalues: `density` (G,) at `grid` (G,), of integral 1.

    nodes, weights: (probes, m) the Ritz values and the share of the eigenvalues that each stands for: sums of
    weights * f(nodes) estimate means of f over the eigenvalues. Weights of a probe sum to 1.
    width: deviation of the Gaussians that smooth them. parameters: number of eigenvalues. steps: of Lanczos, m.

    Source: Ghorbani et al. 2019, arXiv 1901.10159, Alg. 1, 2.
    """

    grid: np.ndarray
    density: np.ndarray
    nodes: np.ndarray
    weights: np.ndarray
    width: float
    parameters: int
    device: str = "CPU"

    @property
    def steps(self) -> int:
        return self.nodes.shape[1]

    @property
    def trace(self) -> float:
        """The sum of the eigenvalues that the density implies."""
        return float(self.parameters * (self.weights * self.nodes).sum(1).mean())

    @property
    def negative(self) -> float:
        """The share of the eigenvalues that are below zero by more than the width of the smoothing."""
        return float(np.where(self.nodes < -self.width, self.weights, 0).sum(1).mean())


def hessian_trace(objective: Objective, parameters: np.ndarray, probes: int = 16, seed: int = 0) -> Trace:
    """Estimate the trace of the Hessian at parameters (P,): the mean of <v, H v> over vectors v of random signs.

    Exact for a diagonal Hessian. The error is the deviation of the probes over the root of their number.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> trace = hessian_trace(loss, loss.parameters)
    >>> trace.value, trace.error
    (5.0, 0.0)

    Source: Hutchinson 1990, A stochastic estimator of the trace of the influence matrix.

    Args: objective of P parameters; parameters (P,); probes, at least 2; seed of the signs.
    Returns: a Trace.
    Raises: ValueError for fewer than two probes.
    """
    if probes < 2:
        raise ValueError(f"probes must be at least 2, to tell their error, not {probes}")
    values: list[float] = []
    while len(values) < probes:
        count = _stack(objective, len(parameters), probes - len(values))
        vectors = _normal(objective, len(parameters), seed, range(len(values), len(values) + count)).sign()
        products = hessian_products(objective, parameters, count)(vectors)
        values += (vectors * products).sum(1, dtype=torch.float64).tolist()
    error = float(np.std(values, ddof=1) / np.sqrt(probes))
    return Trace(float(np.mean(values)), error, probes, device_name(objective.device))


@dataclass(eq=False)
class DensityScan(ChunkedTask):
    """The computation of a spectral density, a stack of probes at a time.

    Args:
        objective, parameters (P,): whose Hessian.
        probes: number of random vectors.
        steps: of Lanczos; fewer where P is less, or the basis would take more than 256 MB.
        smoothing: deviation of the Gaussians as a share of the spectrum's range.
        points: of the grid, which reaches five deviations beyond the spectrum.
        seed: of the vectors.

    Raises: ValueError for no probes, no steps, no smoothing, or fewer points than that asks for.
    """

    objective: Objective
    parameters: np.ndarray
    probes: int = 8
    steps: int = 64
    smoothing: float = 0.01
    points: int = 501
    seed: int = 0
    quadratures: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.probes < 1 or self.steps < 1:
            raise ValueError(f"probes and steps must be at least 1, not {self.probes} and {self.steps}")
        if not self.smoothing > 0:
            raise ValueError(f"smoothing must be over 0, not {self.smoothing}: without it a spectrum has no density")
        if self.points < (least := math.ceil(0.9 / self.smoothing)):
            raise ValueError(
                f"a smoothing of {self.smoothing} needs at least {least} points, not {self.points}: bumps that fall "
                "between them are lost"
            )

    @property
    def finished(self) -> bool:
        return len(self.quadratures) >= self.probes

    @property
    def fraction(self) -> float:
        return len(self.quadratures) / self.probes

    def work(self) -> None:
        """Run Lanczos from one further stack of probes."""
        size, first = len(self.parameters), len(self.quadratures)
        steps = max(1, min(self.steps, size, BASIS_BYTES // (size * 8)))
        count = _stack(self.objective, size * steps, self.probes - first)
        start = _normal(self.objective, size, self.seed, range(first, first + count))
        for diagonal, between in zip(*_lanczos(self.objective, self.parameters, start, steps), strict=True):
            nodes, weights = np.full((2, steps), np.nan)
            if np.isfinite(diagonal).all() and np.isfinite(between).all():
                nodes, vectors = eigh_tridiagonal(diagonal, between)
                weights = np.square(vectors[0])
            self.quadratures.append((nodes, weights))

    def partial(self) -> SpectralDensity | None:
        """Return the density by the probes so far, or None before the first."""
        return self.result() if self.quadratures else None

    def result(self) -> SpectralDensity:
        """Return the density by the probes done; not a number where the Hessian is not finite."""
        nodes, weights = (np.stack(values) for values in zip(*self.quadratures, strict=True))
        seen = nodes[~(weights == 0)]  # those of no weight are zeros that fill up where Lanczos ended
        low, high = seen.min(), seen.max()
        width = self.smoothing * max(high - low, 1e-6 * max(abs(low), abs(high)), 1e-12)
        grid = np.linspace(low - 5 * width, high + 5 * width, self.points)
        bumps = np.exp(-0.5 * np.square((grid - nodes[..., None]) / width)) / (width * np.sqrt(2 * np.pi))
        density = (weights[..., None] * bumps).sum((0, 1)) / len(nodes)
        device = device_name(self.objective.device)
        return SpectralDensity(grid, density, nodes, weights, width, len(self.parameters), device)


def spectral_density(
    objective: Objective,
    parameters: np.ndarray,
    probes: int = 8,
    steps: int = 64,
    seed: int = 0,
    smoothing: float = 0.01,
    points: int = 501,
) -> SpectralDensity:
    """Estimate the density of the Hessian's eigenvalues at parameters (P,) by stochastic Lanczos quadrature.

    Each random unit vector v starts m steps of Lanczos, H = Q T Q'; the eigenvalues of T are the nodes, the squares of
    the first components of its eigenvectors the weights of a Gauss quadrature of v' f(H) v, whose mean over v is
    trace f(H) / P. The density is that of f = a Gaussian around each point of the grid.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> spectral_density(loss, loss.parameters, probes=1).nodes.round(4).tolist()
    [[1.0, 4.0]]

    Source: Ghorbani et al. 2019, arXiv 1901.10159, Alg. 1, 2; they take 10 probes and 90 steps.

    Args and Raises: as `DensityScan`.
    Returns: a SpectralDensity.
    """
    return DensityScan(objective, parameters, probes, steps, smoothing, points, seed).complete()


def _stack(objective: Objective, numbers: int, probes: int) -> int:
    """Return how many of the probes, each of which keeps so many numbers, to take at once."""
    return max(1, min(objective.gradient_chunk, probes, BASIS_BYTES // (8 * numbers)))


def _normal(objective: Objective, size: int, seed: int, probes: range) -> Tensor:
    """Return the normal vectors (E, size) of these probes, each from a generator of its own."""
    return objective.tensor(np.stack([np.random.default_rng([seed, i]).standard_normal(size) for i in probes]))


def _lanczos(objective: Objective, parameters: np.ndarray, start: Tensor, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the diagonals (E, m) and what stands beside them (E, m - 1) of each start's (E, P) tridiagonal matrix.

    Each vector is made orthogonal to all before, twice: once leaves what rounding made of it, and then Ritz values come
    again. Where a start's Krylov space ends, the vectors after it are zero and its matrix ends in a block of no weight.
    It has ended where what is left is rounding of the longest product so far: of the last it would be where that is
    rounding itself, and Lanczos would go on with noise.
    """
    products = hessian_products(objective, parameters, len(start))
    basis = start.new_zeros(len(start), steps, start.shape[1])
    diagonal, between = (torch.zeros(len(start), steps, dtype=torch.float64) for _ in range(2))
    vector = start / torch.linalg.vector_norm(start, dim=1, keepdim=True)
    longest = vector.new_zeros(len(start), 1)
    rounding = 10 * torch.finfo(vector.dtype).eps * vector.shape[1] ** 0.5
    for step in range(steps):
        basis[:, step] = vector
        image = products(vector)
        longest = torch.maximum(longest, torch.linalg.vector_norm(image, dim=1, keepdim=True))
        along = (image * vector).sum(1, keepdim=True)
        for _ in range(2):
            # One member at a time: such flat matrices gain nothing in a batched product.
            image = torch.stack([x - (known @ x) @ known for known, x in zip(basis[:, : step + 1], image, strict=True)])
        length = torch.linalg.vector_norm(image, dim=1, keepdim=True)
        ended = length <= rounding * longest
        length = torch.where(ended, torch.zeros_like(length), length)
        vector = torch.where(ended, torch.zeros_like(image), image / length)
        diagonal[:, step], between[:, step] = along[:, 0], length[:, 0]
    return diagonal.numpy(), between[:, :-1].numpy()
