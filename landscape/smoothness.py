"""How smooth the loss is along the gradient: its range, how well the gradient foretells itself, the effective beta.

Follows Santurkar et al. 2018 (arXiv 1805.11604), Sec. 3.2 and App. A.2.2: the full gradient, the batch of the step, by
its statistics, at the current weights. Leaves out random directions, on which the paper finds the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.devices import device_name
from landscape.experiment import Experiment
from landscape.objective import Objective, lengths
from landscape.steps import AlongTraining, StepObjective
from landscape.training import Run, Training
from models.activations import Activation
from models.fields import number, validate

LINE_POINTS = 81
"""Points of a line that is drawn."""


@dataclass(frozen=True)
class Ladder:
    """The sizes of the steps along the gradient, as multiples of the learning rate, and how often they are tried.

    Source: Santurkar et al. 2018, arXiv 1805.11604, App. A.2.2: 1/2 to 4 for VGG, 1/100 to 30 for the deep linear
    network (see `ladder_of`); the number of rungs, and their even spacing in logarithm, are ours.

    >>> Ladder(rungs=4).step_sizes(0.1).round(3).tolist()
    [0.05, 0.1, 0.2, 0.4]
    """

    lowest: float = number(0.5, 1e-4, 1e4, "Shortest step", "Times the learning rate.", logarithmic=True)
    highest: float = number(4.0, 1e-4, 1e4, "Longest step", "Times the learning rate.", logarithmic=True)
    rungs: int = number(8, 1, 64, "Rungs", "How many sizes of step are tried, by even factors.")
    probes: int = number(100, 1, 5000, "Probes", "At how many steps of the training, evenly spaced.")

    def __post_init__(self) -> None:
        validate(self)
        if self.lowest > self.highest:
            raise ValueError(
                f"Ladder.lowest must be at most Ladder.highest, not {self.lowest:g} and {self.highest:g}; swap them"
            )

    def step_sizes(self, learning_rate: float) -> np.ndarray:
        """Return the sizes (K,) of the steps at a learning rate."""
        return learning_rate * np.geomspace(self.lowest, self.highest, self.rungs)


def ladder_of(experiment: Experiment) -> Ladder:
    """Return the paper's ladder for an experiment: the longer one for a deep linear network.

    >>> [ladder_of(Experiment().replace(activation=name)).highest for name in ("relu", "linear")]
    [4.0, 30.0]

    Source: Santurkar et al. 2018, arXiv 1805.11604, App. A.2.2.

    Args: experiment: whose activation function tells.
    Returns: a Ladder.
    """
    linear = experiment.network.activation is Activation.LINEAR
    return Ladder(lowest=0.01, highest=30.0) if linear else Ladder()


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
    found = (_numpy(values) for values in (losses, change, beta, start_loss[0], norm))
    return Probe(sizes, *found, device=device_name(objective.device))


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
        sizes,
        _numpy(torch.cat(parts)),
        arrows,
        *(_numpy(values) for values in (arrow_loss, along, across)),
        float(start_loss[0]),
        float(norm),
        device_name(objective.device),
    )


@dataclass(frozen=True, eq=False)
class Smoothness:
    """The measures along the gradient at M steps of a training, on a ladder of K step sizes.

    run: the training, up to where it was when this was taken. steps: (M,). probe: arrays (M, K) and (M,).
    """

    run: Run
    ladder: Ladder
    steps: np.ndarray
    probe: Probe

    @property
    def edge_of_stability(self) -> float:
        """2 / learning rate: the curvature beyond which plain gradient descent does not converge."""
        return 2 / self.run.experiment.training.learning_rate


class SmoothnessTask(AlongTraining):
    """The computation of a `Smoothness` in chunks, so that the first bands can be drawn while it trains.

    Each step that is measured is probed with its own batch, weights and noise; the training itself is not touched.
    """

    def __init__(self, experiment: Experiment, ladder: Ladder | None = None) -> None:
        self.ladder = ladder or ladder_of(experiment)
        super().__init__(experiment, self.ladder.probes)

    def measure(self, objective: StepObjective, after: Tensor) -> Probe:
        rate = self.training.base.training.learning_rate
        return probe_along_gradient(objective, objective.start, self.ladder.step_sizes(rate))

    def collect(self, run: Run, steps: np.ndarray, measured: list[Any]) -> Smoothness:
        names = ("loss", "gradient_change", "effective_beta", "start_loss", "gradient_norm")
        stacked = {name: np.stack([getattr(probe, name) for probe in measured]) for name in names}
        return Smoothness(run, self.ladder, steps, replace(measured[0], **stacked))


def smoothness_of(experiment: Experiment, ladder: Ladder | None = None) -> Smoothness:
    """Train an experiment and return the measures along the gradient at steps of its training.

    >>> from landscape.experiment import Experiment
    >>> small = Experiment().replace(dataset="moons", width=8, depth=1, num_steps=50)
    >>> smoothness_of(small, Ladder(rungs=4, probes=10)).probe.loss.shape
    (10, 4)

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2, Fig. 4.

    Args: experiment: what to train; ladder: the paper's where it is None (see `ladder_of`).
    Returns: a Smoothness, up to the step at which the training diverged, if it did.
    Raises: RuntimeError where it diverged at its first step, so that there is nothing to measure.
    """
    task = SmoothnessTask(experiment, ladder)
    task.advance(float("inf"))
    return task.result()


@dataclass(frozen=True, eq=False)
class StepLine:
    """The loss along the gradient from one step of a training, and the number of that step."""

    step: int
    line: GradientLine


class LineTask:
    """The computation of a `StepLine`: the training again, in chunks, up to the step, then the line from there.

    The line reaches as far as the ladder, in even steps, with arrows at a quarter, at half and at the whole of that.

    Args:
        measured: the measures of that training, which say how far it came.
        step: from which the line starts, or the last one before the training ended or diverged where it does not reach it.
    """

    def __init__(self, measured: Smoothness, step: int) -> None:
        self.training = Training([measured.run.experiment], snapshots=2)
        run = measured.run
        done = run.experiment.training.num_steps if run.diverged_at is None else run.diverged_at
        self.step = min(step, done - 1)
        self.reach = measured.ladder.highest * measured.run.experiment.training.learning_rate
        self.line: GradientLine | None = None

    @property
    def finished(self) -> bool:
        return self.line is not None

    @property
    def fraction(self) -> float:
        return 1.0 if self.finished else self.training.step / (self.step + 1)

    def advance(self, seconds: float) -> None:
        """Train for about so many seconds, at least one step, or draw the line where the step is reached."""
        until = time.perf_counter() + seconds
        while self.training.step < self.step:
            self.training.advance(0)
            if time.perf_counter() > until:
                return
        if not self.finished:
            loss, arrows = StepObjective(self.training), self.reach * np.array([0.25, 0.5, 1])
            self.line = line_along_gradient(loss, loss.start, np.linspace(0, self.reach, LINE_POINTS), arrows)

    def partial(self) -> None:
        """Return None: there is nothing before the end."""

    def result(self) -> StepLine:
        """Return the line."""
        return StepLine(self.step, self.line)
