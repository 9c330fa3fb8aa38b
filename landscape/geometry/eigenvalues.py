"""The greatest eigenvalues of a Hessian at chosen snapshots of a training, put down and taken up between two products.

Lanczos with its whole basis kept orthogonal, which takes fewer products than scipy's restarted one; where the basis fills
its room it begins again from the best of it (Wu & Simon 2000, thick restart). Left out: of several equal eigenvalues one
alone may be found, where `top_eigenvalues` finds each. It is long, as the method and what is asked of it stand together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.geometry.hessians import check_point, hessian_products
from landscape.geometry.sharpness import relative_objective
from landscape.loss.objective import Objective
from landscape.serving.devices import device_name

BASIS_BYTES = 2**27
"""The basis begins again rather than take more than so many bytes."""

LOOK = 4
"""Products between two looks at what was found."""

MOST = 1500
"""Products, after which what was not found counts as not a number."""

OUTLYING = 3.0
"""An eigenvalue over so many times the least of those given is an outlier."""


@dataclass(eq=False)
class Lanczos:
    """The search for the greatest eigenvalues of the Hessian at one point, one product at a time; it pickles between two.

    H Q = Q T + r e': each product is made orthogonal to the basis Q (m, P), twice, and its coefficients are a column of T
    (m, m). With T s = value s the vector Q s has the residual |r| |s_m|.

    Args: objective, parameters (P,); count: how many, at most P; tolerance, relative to the greatest in magnitude; seed
        of the first vector.
    """

    objective: Objective
    parameters: np.ndarray
    count: int
    tolerance: float = 1e-3
    seed: int = 0
    size: int = 0
    products: int = 0
    done: bool = False
    basis: Tensor = field(default_factory=lambda: torch.empty(0))
    projected: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    rest: float = 0.0
    product: Callable[[Tensor], Tensor] | None = None

    def __post_init__(self) -> None:
        check_point(self.parameters)
        length = len(self.parameters)
        if not 1 <= self.count <= length:
            raise ValueError(f"count must be from 1 to the {length} parameters there are, not {self.count}")
        room = BASIS_BYTES // (length * torch.empty(0, dtype=self.objective.dtype).element_size())
        room = min(length, max(2 * self.count + 2 * LOOK, min(room, 4 * self.count + 64)))
        self.basis = self.objective.tensor(np.zeros((room + 1, length)))
        self.projected = np.zeros((room, room))
        self.basis[0] = self._drawn()

    def __getstate__(self) -> dict[str, Any]:
        """Go into a pickle without the graph of the gradient, which is made again, and without the empty room."""
        return vars(self) | {"product": None, "basis": self.basis[: self.size + 1].clone()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Come back from a pickle."""
        self.__dict__.update(state)
        basis, self.basis = self.basis, self.basis.new_zeros(len(self.projected) + 1, self.basis.shape[1])
        self.basis[: len(basis)] = basis

    def step(self) -> None:
        """Take one product with the Hessian into the basis, and look at what is found now and then."""
        if self.product is None:
            self.product = hessian_products(self.objective, self.parameters)
        last, m = self.basis[self.size], self.size + 1
        image = self.product(last[None])[0]
        self.products += 1
        if not torch.isfinite(image).all():
            self.done, self.size = True, 0
            return
        greatest = float(torch.linalg.vector_norm(image, dtype=torch.float64))
        within = self.basis[:m]
        first = within @ image
        image = image - first @ within
        again = within @ image
        image = image - again @ within
        column = (first.double() + again.double()).cpu().numpy()
        self.projected[:m, self.size] = self.projected[self.size, :m] = column
        self.size = m
        self.rest = float(torch.linalg.vector_norm(image, dtype=torch.float64))
        if m == len(self.parameters):
            self.rest, self.done = 0.0, True
            return
        if self.rest <= 10 * torch.finfo(image.dtype).eps * greatest:  # all that this vector leads to is in the basis
            self.rest = 0.0
            self.basis[m] = self._drawn()
        else:
            self.basis[m] = image / self.rest
        full = m == len(self.projected)
        if full or (m % LOOK == 0 and m >= self.count + 2 * LOOK):
            self._look(full)

    def _look(self, full: bool) -> None:
        """End the search where all are found, or nothing more is to be tried; begin again where the basis is full."""
        values, vectors = np.linalg.eigh(self.projected[: self.size, : self.size])
        residuals = self.rest * np.abs(vectors[-1])
        found = residuals[-self.count :] <= self.tolerance * np.abs(values).max()
        self.done = bool(found.all()) or self.products >= MOST
        if full and not self.done:
            kept = self.count + (self.size - self.count) // 2 if self.size > self.count + 1 else self.count
            best = self.objective.tensor(vectors[:, -kept:].T)
            following = self.basis[self.size].clone()
            self.basis[:kept] = best @ self.basis[: self.size]
            self.basis[kept] = following
            self.projected[:] = 0
            self.projected[range(kept), range(kept)] = values[-kept:]
            self.size = kept

    def _drawn(self) -> Tensor:
        """Return a random vector of length 1, orthogonal to the basis; never twice the same."""
        random = np.random.default_rng((self.seed, self.products))
        vector = self.objective.tensor(random.standard_normal(len(self.parameters)))
        for _ in range(2):
            within = self.basis[: self.size]
            vector = vector - (within @ vector) @ within
            vector = vector / torch.linalg.vector_norm(vector)
        return vector

    def found(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return values (k,), the greatest first, vectors (k, P) and residuals (k,); not numbers where none was found."""
        if not self.size:
            return (
                np.full(self.count, np.nan),
                np.full((self.count, len(self.parameters)), np.nan),
                np.full(self.count, np.nan),
            )
        values, vectors = np.linalg.eigh(self.projected[: self.size, : self.size])
        residuals = self.rest * np.abs(vectors[-1])
        order = np.arange(self.size)[::-1][: self.count]
        whole = self.objective.tensor(vectors[:, order].T) @ self.basis[: self.size]
        missed = residuals[order] > self.tolerance * np.abs(values).max()
        return np.where(missed, np.nan, values[order]), whole.cpu().numpy(), residuals[order]


@dataclass(frozen=True, eq=False)
class LeadingEigenvalues:
    """The k greatest eigenvalues of the Hessian at S snapshots of a training, the greatest first.

    steps (S,). values (S, k): not numbers where none was found. residuals (S, k): an eigenvalue of the Hessian lies within
    each of its value. shares (S, k): of the gradient's squared length, along each eigenvector. loss, gradient_norm (S,).
    relative (S,): the greatest in units of each filter's length (`relative_objective`), not numbers where it was not
    asked for.
    """

    steps: np.ndarray
    values: np.ndarray
    residuals: np.ndarray
    shares: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    relative: np.ndarray
    device: str = "CPU"

    @property
    def sharpness(self) -> np.ndarray:
        """The greatest, (S,)."""
        return self.values[:, 0]


@dataclass(eq=False)
class EigenvalueScan:
    """The computation of the greatest eigenvalues along a training, a product with the Hessian at a time.

    Args: objective; parameters (S, P) and steps (S,) as a run has them; count: how many at each; relative: whether the
        sharpness in units of each filter's length is found too, which takes as long again for one eigenvalue; tolerance
        of the eigenvalues, relative; seed of the first vectors.

    Raises: ValueError where parameters and steps do not fit together, or for fewer than one or more than P eigenvalues.
    """

    objective: Objective
    parameters: np.ndarray
    steps: np.ndarray
    count: int = 1
    relative: bool = False
    tolerance: float = 1e-3
    seed: int = 0
    rows: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    reliefs: list[float] = field(default_factory=list)
    search: Lanczos | None = None

    def __post_init__(self) -> None:
        if np.ndim(self.parameters) != 2 or not len(self.parameters) == len(self.steps) > 0:
            raise ValueError(
                f"parameters must be (S, P), one row for each of the {len(self.steps)} steps, at least one, not "
                f"{np.shape(self.parameters)}"
            )
        if not 1 <= self.count <= self.parameters.shape[1]:
            raise ValueError(
                f"count must be from 1 to the {self.parameters.shape[1]} parameters there are, not {self.count}"
            )

    @property
    def finished(self) -> bool:
        return self._whole == len(self.steps)

    @property
    def fraction(self) -> float:
        done = (len(self.rows) + len(self.reliefs)) / (1 + self.relative)
        within = 0.0 if self.search is None else min(0.95, self.search.products / (3 * self.search.count + 4 * LOOK))
        return min(1.0, (done + within / (1 + self.relative)) / len(self.steps))

    def advance(self, seconds: float) -> None:
        """Take products for about so many seconds, at least one."""
        until = time.perf_counter() + seconds
        while not self.finished:
            self.work()
            if time.perf_counter() > until:
                break

    def work(self) -> None:
        """Take one product, and note what was found where that was the last of a search."""
        here = self.parameters[self._whole]
        of_filters = len(self.rows) > len(self.reliefs) and self.relative
        if self.search is None:
            of, point = relative_objective(self.objective, here) if of_filters else (self.objective, here)
            self.search = Lanczos(of, point, 1 if of_filters else self.count, self.tolerance, self.seed)
        self.search.step()
        if not self.search.done:
            return
        values, vectors, residuals = self.search.found()
        self.search = None
        if of_filters:
            self.reliefs.append(float(values[0]))
            return
        loss, gradient = (
            each[0].double().cpu().numpy() for each in self.objective.gradient(self.objective.tensor(here)[None])
        )
        square = gradient @ gradient
        shares = np.square(vectors @ gradient) / (square if square else np.nan)
        self.rows.append((values, residuals, shares, loss, np.sqrt(square)))

    @property
    def _whole(self) -> int:
        """How many snapshots have all that was asked for."""
        return len(self.reliefs) if self.relative else len(self.rows)

    def partial(self) -> LeadingEigenvalues | None:
        """Return the eigenvalues of the snapshots that are done, or None before the first."""
        return self.result() if self._whole else None

    def result(self) -> LeadingEigenvalues:
        """Return the eigenvalues of the snapshots that are done."""
        values, residuals, shares, loss, length = (
            np.stack(each) for each in zip(*self.rows[: self._whole], strict=True)
        )
        relative = np.array(self.reliefs) if self.relative else np.full(len(values), np.nan)
        return LeadingEigenvalues(
            self.steps[: self._whole],
            values,
            residuals,
            shares,
            loss,
            length,
            relative,
            device_name(self.objective.device),
        )


def eigenvalues_along(
    objective: Objective,
    parameters: np.ndarray,
    steps: np.ndarray,
    count: int = 1,
    relative: bool = False,
    **options: Any,
) -> LeadingEigenvalues:
    """Return the greatest eigenvalues of the Hessian at snapshots (S, P) of a training, and the gradient's share in each.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> found = eigenvalues_along(loss, np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([0, 10]), count=2)
    >>> found.values.round(3).tolist(), found.shares[1].round(3).tolist()
    ([[4.0, 1.0], [4.0, 1.0]], [0.0, 1.0])

    Source: Ghorbani et al. 2019, arXiv 1901.10159, for what they tell; Wu & Simon 2000, Thick-restart Lanczos method for
    large symmetric eigenvalue problems, for how they are found.

    Args: objective of P parameters; parameters (S, P), steps (S,), count and relative as `EigenvalueScan` takes them, whose
        tolerance and seed are the options.
    Returns: LeadingEigenvalues.
    """
    scan = EigenvalueScan(objective, parameters, steps, count, relative, **options)
    scan.advance(float("inf"))
    return scan.result()


def count_outliers(eigenvalues: np.ndarray, factor: float = OUTLYING) -> int:
    """Return how many of the greatest eigenvalues stand out: those over a factor times the least of them.

    Where the least is not positive, all that are positive stand out; what is not a number is left out.

    >>> count_outliers(np.array([15.0, 9.0, 2.1, 1.0])), count_outliers(np.array([1.5, 0.9, 0.6]))
    (2, 0)

    Source: the outliers are those of Ghorbani et al. 2019, arXiv 1901.10159, who count them by eye; the factor, and to
    take it of the least of the twenty greatest, is ours.

    Args: eigenvalues (k,), in any order; factor.
    Returns: the number of outliers.
    """
    known = np.asarray(eigenvalues, float)
    known = known[np.isfinite(known)]
    return int((known > factor * max(float(known.min(initial=np.inf)), 0.0)).sum()) if len(known) else 0
