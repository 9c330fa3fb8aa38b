"""Sharpness, the top eigenvalue of the Hessian: along a training, and in units that scale-invariance leaves alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from landscape.geometry.curvature import top_eigenvalues
from landscape.geometry.directions import filter_lengths
from landscape.loss.objective import Objective
from landscape.serving.devices import device_name
from landscape.serving.task import ChunkedTask


class Rescaled(Objective):
    """An objective in coordinates u = w / lengths: L'(u) = L(lengths * u), so that H' = D H D with D = diag(lengths).

    Args: objective; lengths (P,), positive.
    """

    def __init__(self, objective: Objective, lengths: np.ndarray) -> None:
        self.objective, self.layout, self.chunk = objective, objective.layout, objective.chunk
        self.dtype, self.device = objective.dtype, objective.device
        self.lengths = self.tensor(lengths)

    def __call__(self, parameters: Tensor) -> Tensor:
        return self.objective(parameters * self.lengths)


def relative_objective(objective: Objective, parameters: np.ndarray) -> tuple[Rescaled, np.ndarray]:
    """Return the objective in units of each filter's own length at parameters (P,), and these in such units.

    Where a filter w_j is scale-invariant, as before BatchNorm, its curvature goes as 1/|w_j|^2 though the function of
    the network stays: growth looks like flattening. In units of |w_j| the blocks of the Hessian are multiplied by
    |w_i| |w_j|, which undoes that: all curvature in these units stays when filters grow. Parameters of one axis (bias,
    scale, shift) keep their own units.

    >>> from landscape import module_objective
    >>> import torch
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> relative, there = relative_objective(loss, np.array([3.0, 4.0]))  # a filter of length 5
    >>> top_eigenvalues(relative, there).values.round(3).tolist()  # 5^2 times the 4 of w2
    [100.0]

    Source: the invariance is Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3.3, differentiated twice; the units are the
    filter-wise ones of Kwon et al. 2021, arXiv 2102.11600 (who take those of a bias relative too).

    Args: objective of P parameters; parameters (P,).
    Returns: the objective, and the parameters (P,) to give to it for those here.
    """
    lengths = filter_lengths(parameters, objective.layout)
    return Rescaled(objective, lengths), parameters / lengths


@dataclass(frozen=True, eq=False)
class Sharpness:
    """The sharpness along a training, at S snapshots.

    steps (S,). sharpness (S,): the top eigenvalue of the Hessian. residuals (S,): of these. relative (S,): the same in
    units of each filter's length (`relative_objective`), by which scale-invariant networks are compared; the two are
    not to be compared with each other.
    """

    steps: np.ndarray
    sharpness: np.ndarray
    residuals: np.ndarray
    relative: np.ndarray
    device: str = "CPU"


@dataclass(eq=False)
class SharpnessScan(ChunkedTask):
    """The computation of the sharpness along a training, a snapshot at a time.

    Args: objective; parameters (S, P) and steps (S,) as a run has them; tolerance of the eigenvalues, relative.
    """

    objective: Objective
    parameters: np.ndarray
    steps: np.ndarray
    tolerance: float = 1e-3
    rows: list[tuple[float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if np.ndim(self.parameters) != 2 or not len(self.parameters) == len(self.steps) > 0:
            raise ValueError(
                f"parameters must be (S, P), one row for each of the {len(self.steps)} steps, at least one, not "
                f"{np.shape(self.parameters)}"
            )

    @property
    def finished(self) -> bool:
        return len(self.rows) >= len(self.steps)

    @property
    def fraction(self) -> float:
        return len(self.rows) / len(self.steps)

    def work(self) -> None:
        """Do one snapshot."""
        here = self.parameters[len(self.rows)]
        top = top_eigenvalues(self.objective, here, tolerance=self.tolerance)
        relative = top_eigenvalues(*relative_objective(self.objective, here), tolerance=self.tolerance)
        self.rows.append((top.values[0], top.residuals[0], relative.values[0]))

    def partial(self) -> Sharpness | None:
        """Return the sharpness as far as it is known, or None before the first snapshot."""
        return self.result() if self.rows else None

    def result(self) -> Sharpness:
        """Return the sharpness at the snapshots done."""
        sharpness, residuals, relative = np.array(self.rows, float).T
        steps = self.steps[: len(self.rows)]
        return Sharpness(steps, sharpness, residuals, relative, device_name(self.objective.device))


def sharpness_along(objective: Objective, parameters: np.ndarray, steps: np.ndarray) -> Sharpness:
    """Return the top eigenvalue of the Hessian at each snapshot (S, P) of a training.

    Full-batch gradient descent of rate eta raises it to 2 / eta and hovers there, at the edge of stability.

    >>> from landscape import module_objective
    >>> import torch
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> found = sharpness_along(loss, np.array([[3.0, 4.0], [0.6, 0.8]]), np.array([0, 10]))
    >>> found.sharpness.round(3).tolist(), found.relative.round(3).tolist()
    ([4.0, 4.0], [100.0, 4.0])

    Source: Cohen et al. 2021, arXiv 2103.00065.

    Args: objective of P parameters; parameters (S, P) and steps (S,) as a run has them.
    Returns: a Sharpness.
    """
    return SharpnessScan(objective, parameters, steps).complete()
