"""Curvature of an objective: products with its Hessian, and the eigenvalues that they give.

Follows Pearlmutter 1994 for the products; the eigenvalues are scipy's (implicitly restarted Lanczos).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from landscape.objective import Objective


@dataclass(frozen=True, eq=False)
class Eigenvalues:
    """Eigenvalues of a Hessian: values (k,), largest first; vectors (k, P); residuals (k,) = |H v - value v|."""

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray


def hessian_operator(objective: Objective, parameters: np.ndarray) -> LinearOperator:
    """Return the Hessian at parameters (P,) as products only: H v = gradient of <gradient L, v>.

    Source: Pearlmutter 1994, Fast exact multiplication by the Hessian.
    """
    leaf = objective.tensor(parameters)[None].requires_grad_()
    (gradient,) = torch.autograd.grad(objective(leaf).sum(), leaf, create_graph=True)

    def product(vector: np.ndarray) -> np.ndarray:
        along = objective.tensor(vector.reshape(1, -1))
        (result,) = torch.autograd.grad(gradient, leaf, along, retain_graph=True)
        return result[0].cpu().numpy().astype(np.float64)

    return LinearOperator((len(parameters),) * 2, matvec=product, dtype=np.float64)


def top_eigenvalues(
    objective: Objective, parameters: np.ndarray, count: int = 1, tolerance: float = 1e-2, seed: int = 0
) -> Eigenvalues:
    """Return the largest eigenvalues of the Hessian at parameters (P,).

    The first is the sharpness: gradient descent at that point is stable only for rates under 2 / sharpness.

    Args: tolerance of the eigenvalues, relative; seed of Lanczos' first vector.
    Returns: Eigenvalues; not a number where the Hessian is not finite or Lanczos does not converge.
    """
    operator = hessian_operator(objective, parameters)
    size = len(parameters)
    start = np.random.default_rng(seed).standard_normal(size)
    try:
        if not np.isfinite(operator.matvec(start)).all():
            raise FloatingPointError
        if size <= max(2 * count + 1, 3):
            values, vectors = np.linalg.eigh(np.stack([operator.matvec(unit) for unit in np.eye(size)]))
            values, vectors = values[-count:], vectors[:, -count:]
        else:
            values, vectors = eigsh(operator, k=count, which="LA", tol=tolerance, v0=start, maxiter=300)
    except (ArpackNoConvergence, FloatingPointError):
        blank = np.full(count, np.nan)
        return Eigenvalues(blank, np.full((count, size), np.nan), blank)
    order = np.argsort(values)[::-1]
    values, vectors = values[order], vectors[:, order].T
    residuals = [np.linalg.norm(operator.matvec(v) - value * v) for value, v in zip(values, vectors, strict=True)]
    return Eigenvalues(values, vectors, np.array(residuals))
