"""The loss and its gradient along the gradient, from one point or many.

Follows Santurkar et al. 2018 (arXiv 1805.11604), Sec. 3.2 and App. A.2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.loss.objective import Objective, lengths
from landscape.serving.devices import device_name

LINE_POINTS = 81
"""Points of a line that is drawn."""


@dataclass(frozen=True, eq=False)
class Probe:
    """The loss and its gradient at K steps along the gradient g from one point, or from each of M points (M, K).

    With theta(rho) = theta - rho g:
    step_sizes: (K,) rho; each step is rho times the gradient, and so rho |g| long.
    loss: (..., K) L(theta(rho)). gradient_change: (..., K) |grad L(theta(rho)) - g|.
    effective_beta: (..., K) gradient_change / (rho |g|); not a number where g is 0.
    start_loss: (...) L(theta). gradient_norm: (...) |g|. device: where it was computed.

    What overflows is inf or not a number, as it comes; the bands and the greatest values count it as infinite.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2, App. A.2.2.
    """

    step_sizes: np.ndarray
    loss: np.ndarray
    gradient_change: np.ndarray
    effective_beta: np.ndarray
    start_loss: np.ndarray
    gradient_norm: np.ndarray
    device: str = "CPU"

    @property
    def loss_band(self) -> np.ndarray:
        """Least and greatest loss along the ladder, (..., 2)."""
        return _band(self.loss)

    @property
    def loss_range(self) -> np.ndarray:
        """Greatest minus least loss along the ladder, (...)."""
        low, high = np.moveaxis(self.loss_band, -1, 0)
        return np.where(np.isinf(high), np.inf, high - np.where(np.isinf(low), 0, low))

    @property
    def change_band(self) -> np.ndarray:
        """Least and greatest change of the gradient along the ladder, (..., 2)."""
        return _band(self.gradient_change)

    @property
    def greatest_change(self) -> np.ndarray:
        """Greatest change of the gradient along the ladder, (...)."""
        return self.change_band[..., 1]

    @property
    def max_beta(self) -> np.ndarray:
        """The effective beta of the point, the greatest along the ladder, (...); not a number where g is 0."""
        return np.where(self.gradient_norm > 0, _band(self.effective_beta)[..., 1], np.nan)


def _band(values: np.ndarray) -> np.ndarray:
    values = np.where(np.isnan(values), np.inf, values)
    return np.stack([values.min(-1), values.max(-1)], axis=-1)


def probe_along_gradient(objective: Objective, parameters: np.ndarray | Tensor, step_sizes: np.ndarray) -> Probe:
    """Walk along the gradient g = grad L(theta) and compare losses and gradients there with those at the start.

    L(theta - rho g), |grad L(theta - rho g) - g| and |grad L(theta - rho g) - g| / (rho |g|) for each rho. The K points
    are stacks, of as many as the objective differentiates at once: for a step of training one.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> probe = probe_along_gradient(loss, np.array([0.0, 1.0]), np.array([0.1, 0.2]))  # along w2, of curvature 4
    >>> probe.effective_beta.round(4).tolist(), probe.loss.round(4).tolist()  # 2 (1 - 4 rho)^2
    ([4.0, 4.0], [0.72, 0.08])

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2.

    Args: objective of P parameters; parameters theta (P,); step_sizes rho (K,), each over 0.
    Returns: a Probe of one point.
    Raises: ValueError where a step size is not over 0, as the effective beta divides by it.
    """
    sizes = np.asarray(step_sizes, float)
    if sizes.ndim != 1 or not len(sizes) or not (sizes > 0).all():
        raise ValueError(f"step_sizes must be a list of numbers over 0, not {step_sizes}: no step has no direction")
    start = objective.tensor(parameters)[None]
    start_loss, gradient = objective.gradient(start)
    norm = lengths(gradient[0])
    parts = []
    for rho in objective.tensor(sizes).split(objective.gradient_chunk):
        losses, gradients = objective.gradient(start - rho[:, None] * gradient)
        parts.append((losses, lengths(gradients - gradient)))
    losses, change = (torch.cat(part) for part in zip(*parts, strict=True))
    beta = change / (objective.tensor(sizes) * norm)
    return Probe(
        step_sizes=sizes,
        loss=_numpy(losses),
        gradient_change=_numpy(change),
        effective_beta=_numpy(beta),
        start_loss=_numpy(start_loss[0]),
        gradient_norm=_numpy(norm),
        device=device_name(objective.device),
    )


def probe_snapshots(objective: Objective, parameters: np.ndarray, step_sizes: np.ndarray) -> Probe:
    """Probe along the gradient at each of M points, as the snapshots of a training are.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> probe = probe_snapshots(loss, np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0.1]))  # curvatures 4 and 1
    >>> probe.max_beta.round(4).tolist()
    [4.0, 1.0]

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2, Fig. 4.

    Args: objective of P parameters; parameters (M, P), at least one row; step_sizes rho (K,), each over 0.
    Returns: a Probe whose arrays are (M, K) and (M,).
    Raises: ValueError for parameters of another shape, or none, and where a step size is not over 0.
    """
    if np.ndim(parameters) != 2 or not len(parameters):
        raise ValueError(
            f"parameters must be (M, P), one row for each point, at least one, not {np.shape(parameters)}; write "
            "parameters[None] for one"
        )
    return stacked([probe_along_gradient(objective, point, step_sizes) for point in parameters])


def stacked(probes: Sequence[Probe]) -> Probe:
    """Return the probes of M points, all on one ladder, as one."""
    names = ("loss", "gradient_change", "effective_beta", "start_loss", "gradient_norm")
    arrays: dict[str, Any] = {name: np.stack([getattr(probe, name) for probe in probes]) for name in names}
    return replace(probes[0], **arrays)


def _numpy(values: Tensor) -> np.ndarray:
    return values.double().cpu().numpy()


@dataclass(frozen=True, eq=False)
class GradientLine:
    """The loss on a line along the gradient, and the gradient at a few points of it, to be drawn as arrows.

    step_sizes: (K,) rho; the point lies rho |g| from the start, down the gradient g. loss: (K,) there.
    arrow_sizes: (A,) the rho of the arrows. arrow_loss: (A,) there.
    along: (A,) <grad L, g> / |g|, the part of the gradient there that points as g does: the loss's slope along the line
        is -along per unit of length, -along |g| per unit of rho. Below 0 a step further climbs.
    across: (A,) the length of the rest, which points out of the line.
    start_loss, gradient_norm: at the start. device: where it was computed.
    """

    step_sizes: np.ndarray
    loss: np.ndarray
    arrow_sizes: np.ndarray
    arrow_loss: np.ndarray
    along: np.ndarray
    across: np.ndarray
    start_loss: float
    gradient_norm: float
    device: str = "CPU"

    @property
    def ratios(self) -> np.ndarray:
        """Length of the gradient at the start and at each arrow, over that at the start, (1 + A,)."""
        return np.append(1.0, np.hypot(self.along, self.across) / self.gradient_norm)

    @property
    def angles(self) -> np.ndarray:
        """Angle between the gradient at the start and that there and at each arrow, in radians, (1 + A,)."""
        return np.append(0.0, np.arctan2(self.across, self.along))

    @property
    def turns(self) -> int:
        """How often the loss along the line turns from falling to rising, or back, by over a thousandth of its range."""
        least, found, rises = 1e-3 * float(np.ptp(self.loss)), 0, None
        low = high = float(self.loss[0])  # since the last turn
        for loss in self.loss.tolist():
            low, high = min(low, loss), max(high, loss)
            falls = rises is not False and loss < high - least
            climbs = rises is not True and loss > low + least
            if falls or climbs:
                found += rises is not None
                rises, low, high = climbs, loss, loss
        return found


def line_along_gradient(
    objective: Objective,
    parameters: np.ndarray | Tensor,
    step_sizes: np.ndarray,
    arrow_sizes: np.ndarray,
) -> GradientLine:
    """Return the loss L(theta - rho g) on a fine grid of rho, and the gradient's parts at a few rho.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> line = line_along_gradient(loss, np.array([0.0, 1.0]), np.array([0.0, 0.25]), np.array([0.25, 0.5]))
    >>> line.loss.round(4).tolist(), line.along.round(4).tolist()  # at 1 / 4 the bottom, beyond it the other wall
    ([2.0, 0.0], [0.0, -4.0])

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2, whose measures are read off such lines.

    Args: objective of P parameters; parameters theta (P,); step_sizes rho (K,), multiples of g; arrow_sizes (A,),
        usually three.
    Returns: a GradientLine; not numbers across and along where g is 0.
    """
    sizes, arrows = np.asarray(step_sizes, float), np.asarray(arrow_sizes, float)
    start = objective.tensor(parameters)[None]
    start_loss, gradient = objective.gradient(start)
    arrow_loss, gradients = objective.gradient(start - objective.tensor(arrows)[:, None] * gradient)
    norm = lengths(gradient[0])
    direction, gradients = gradient[0].double() / norm, gradients.double()
    along = gradients @ direction
    across = lengths(gradients - along[:, None] * direction)
    parts = []
    with torch.no_grad():
        for rho in objective.tensor(sizes).split(objective.chunk):
            parts.append(objective(start - rho[:, None] * gradient))
    return GradientLine(
        step_sizes=sizes,
        loss=_numpy(torch.cat(parts)),
        arrow_sizes=arrows,
        arrow_loss=_numpy(arrow_loss),
        along=_numpy(along),
        across=_numpy(across),
        start_loss=float(start_loss[0]),
        gradient_norm=float(norm),
        device=device_name(objective.device),
    )
