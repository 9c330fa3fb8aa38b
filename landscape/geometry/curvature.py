"""Curvature of an objective: the outermost eigenvalues of its Hessian, and what they say of the gradient.

The eigenvalues are scipy's (implicitly restarted Lanczos), found by products with the Hessian alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from landscape.geometry.hessians import check_point, hessian, hessian_operator
from landscape.loss.objective import Objective
from landscape.serving.devices import device_name

BASIS = 8
"""Vectors of Lanczos' basis for one eigenvalue: scipy's 20 took twice as many products for the same digits."""

RESTARTS = 300
"""Of Lanczos, after which an eigenvalue counts as not found."""


@dataclass(frozen=True, eq=False)
class Eigenvalues:
    """Eigenvalues of a Hessian: values (k,), the outermost first; vectors (k, P); residuals (k,) = |H v - value v|.

    An eigenvalue of the Hessian lies within each residual of its value. Not a number where none was found.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    device: str = "CPU"


def top_eigenvalues(
    objective: Objective, parameters: np.ndarray, count: int = 1, tolerance: float = 1e-3, seed: int = 0
) -> Eigenvalues:
    """Return the largest eigenvalues of the Hessian at parameters (P,).

    The first is the sharpness: gradient descent at that point is stable only for rates under 2 / sharpness.

    >>> import torch
    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> top_eigenvalues(loss, loss.parameters, count=2).values.tolist()
    [4.0, 1.0]

    Source: Lehoucq, Sorensen & Yang 1998, ARPACK Users' Guide (restarted Lanczos); for the edge Cohen et al. 2021,
    arXiv 2103.00065.

    Args: objective of P parameters; parameters (P,); count: how many; tolerance of the eigenvalues, relative to the
        largest in magnitude: at 1e-3 the second was found in place of the first in none of 1600 networks, and in one of
        100 linear regressions, 2% below it; seed of Lanczos' first vector.
    Returns: Eigenvalues; not a number where the Hessian is not finite or Lanczos does not converge.
    Raises: ValueError for fewer than one, or more than there are parameters, for those of several points, or where the
    loss has no second derivative.
    """
    return _outermost(objective, parameters, count, tolerance, seed, top=True)


def bottom_eigenvalues(
    objective: Objective, parameters: np.ndarray, count: int = 1, tolerance: float = 1e-3, seed: int = 0
) -> Eigenvalues:
    """Return the least eigenvalues of the Hessian at parameters (P,), least first: negative where a saddle falls off.

    >>> import torch
    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> bottom_eigenvalues(loss, loss.parameters).values.tolist()
    [1.0]

    Source: as `top_eigenvalues`.

    Args, Returns and Raises: as `top_eigenvalues`.
    """
    return _outermost(objective, parameters, count, tolerance, seed, top=False)


def _outermost(
    objective: Objective, parameters: np.ndarray, count: int, tolerance: float, seed: int, top: bool
) -> Eigenvalues:
    check_point(parameters)
    size, device = len(parameters), device_name(objective.device)
    if not 1 <= count <= size:
        raise ValueError(f"count must be from 1 to the {size} parameters there are, not {count}")
    operator = hessian_operator(objective, parameters)
    random = np.random.default_rng(seed)
    start = random.standard_normal(size).astype(operator.dtype)
    blank = Eigenvalues(np.full(count, np.nan), np.full((count, size), np.nan), np.full(count, np.nan), device)
    along = operator.matvec(start)
    if not np.isfinite(along).all():
        return blank
    if not along.any():  # a Hessian of zeros, from which Lanczos cannot start
        vectors = np.eye(size, count, dtype=operator.dtype)
    elif size <= max(BASIS, 4 * count):
        vectors = np.linalg.eigh(hessian(objective, parameters))[1][:, :: -1 if top else 1][:, :count]
    else:
        try:
            unit = _scaled(operator, float(np.linalg.norm(start.astype(float)) / np.linalg.norm(along.astype(float))))
            found = _directly(unit, tolerance, start) if top and count == 1 else None
            vectors = _shifted(unit, count, tolerance, random, top) if found is None else found
        except ArpackNoConvergence:
            return blank
    images = np.stack([operator.matvec(vector) for vector in vectors.T])
    values = (images * vectors.T).sum(1, dtype=float)
    residuals = np.linalg.norm(images - values[:, None] * vectors.T, axis=1)
    order = np.argsort(-values if top else values)
    return Eigenvalues(values[order], vectors.T[order], residuals[order].astype(float), device)


def _scaled(operator: LinearOperator, factor: float) -> LinearOperator:
    """Return an operator times a number, in its own precision.

    ARPACK is given a Hessian whose eigenvalues have a mean square near 1: below 1e-5 in single precision it takes its
    tolerance as absolute.
    """
    return LinearOperator(
        operator.shape, matvec=lambda v: operator.matvec(v) * operator.dtype.type(factor), dtype=operator.dtype
    )


def _directly(operator: LinearOperator, tolerance: float, start: np.ndarray) -> np.ndarray | None:
    """Return the top eigenvector (P, 1) by the fewest products; None where it is to be sought by `_shifted`.

    ARPACK's tolerance is relative to each eigenvalue: one near zero is never found, and what lies next to it is taken
    for it. Above the root of the mean square of all eigenvalues, which is near 1, it is far from zero.
    """
    try:
        values, vectors = eigsh(operator, 1, which="LA", tol=tolerance, v0=start, ncv=BASIS, maxiter=RESTARTS)
    except ArpackNoConvergence:
        return None
    return vectors if values[0] > 1 else None


def _shifted(
    operator: LinearOperator, count: int, tolerance: float, random: np.random.Generator, top: bool
) -> np.ndarray:
    """Return eigenvectors (P, count) of one end of the spectrum, wherever it lies, each as often as it is repeated.

    They are sought as the greatest of H + s (of s - H for the bottom), s twice the largest in magnitude, all of which
    are far from zero. Lanczos sees one of several equal eigenvalues: those found are taken out, and it is asked again.
    """
    size = operator.shape[0]

    def lanczos(of: LinearOperator, wanted: int, which: str, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
        start = random.standard_normal(size).astype(of.dtype)  # never twice the same, which would be as blind again
        search = partial(eigsh, of, wanted, which=which, tol=tolerance, v0=start, maxiter=RESTARTS)
        try:
            return search(ncv=min(size, max(2 * BASIS, 4 * wanted)))
        except ArpackNoConvergence:  # so few vectors do nearly everywhere, but not where eigenvalues lie dense
            return search(ncv=min(size, max(8 * BASIS, 8 * wanted)))

    shift, sign = 2 * abs(lanczos(operator, 1, "LM", 0.1)[0][0]), 1 if top else -1
    tolerance = max(tolerance / 10, 10 * np.finfo(operator.dtype).eps)
    values, vectors = np.empty(0), np.empty((size, 0), operator.dtype)

    def product(vector: np.ndarray) -> np.ndarray:
        vector = vector.ravel()
        return sign * operator.matvec(vector) + shift * vector - vectors @ (values * (vectors.T @ vector))

    beside = LinearOperator(operator.shape, matvec=product, dtype=operator.dtype)
    for number in range(count + 1 if count > 1 else 1):
        found, along = lanczos(beside, 1 if number else count, "LA", tolerance)
        if number and found[0] <= values.min() + tolerance * shift:
            break
        values, vectors = np.append(values, found), np.hstack([vectors, along])
        kept = np.argsort(-values)[:count]
        values, vectors = values[kept], np.linalg.qr(vectors[:, kept])[0].astype(operator.dtype)
    return vectors


def condition_number(eigenvalues: np.ndarray, floor: float = 1e-6) -> float:
    """Return the ratio of the greatest to the least of the positive eigenvalues.

    A network's Hessian has many eigenvalues near zero and some below it, so that the ratio over all says nothing:
    those up to `floor` times the greatest are left out. Not a number where none is positive.

    Source: of the K greatest eigenvalues it is the ratio zeta of Ghorbani et al. 2019, arXiv 1901.10159; the floor is
    ours.

    Args: eigenvalues (k,), in any order; floor, a share of the greatest.
    Returns: the ratio, at least 1.

    >>> condition_number(np.array([-1.0, 1e-9, 2.0, 8.0]))
    4.0
    """
    eigenvalues = np.asarray(eigenvalues)
    greatest = np.max(eigenvalues, initial=0.0)
    if not greatest > 0:
        return float("nan")
    return float(greatest / np.min(eigenvalues[eigenvalues > floor * greatest]))


def gradient_energy(objective: Objective, parameters: np.ndarray, eigenvalues: Eigenvalues) -> np.ndarray:
    """Return the share of the gradient's squared length along each eigenvector, <g, v_i>^2 / |g|^2, (k,).

    Their sum is the share in the whole eigenspace: near 1 where the gradient points up the steepest walls. Not a
    number where the gradient is zero.

    >>> import torch
    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> there = np.array([1.0, 0.0])  # where the gradient points along w1
    >>> gradient_energy(loss, there, top_eigenvalues(loss, there, count=2)).tolist()
    [0.0, 1.0]

    Source: Ghorbani et al. 2019, arXiv 1901.10159, |P_K g|^2 / |g|^2.

    Args: objective of P parameters; parameters (P,); eigenvalues with their vectors, found there.
    Returns: (k,) shares in [0, 1].
    """
    gradient = objective.gradient(objective.tensor(parameters)[None])[1][0].cpu().numpy().astype(np.float64)
    square = gradient @ gradient
    return np.square(eigenvalues.vectors @ gradient) / (square if square else np.nan)
