"""Gradient descent within a slice of the loss: balls that roll down a surface, each from a place of its own.

The rates that a slice bears say how wide its bowl is; those that the whole network bears are other ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from landscape.geometry.planes import Plane
from landscape.loss.objective import Objective
from landscape.serving.task import ChunkedTask

FAR = 2.0
"""A ball is thrown out where it lies so many times as far from the centre as a picture of that extent reaches."""

LOW = 0.2
"""A ball has arrived where its loss is under this share of that at its start."""


@dataclass(frozen=True, eq=False)
class Balls:
    """K descents of T steps within a plane.

    rate: of the descent. extent: how far the picture reaches from the centre, by which a ball is called thrown out.
    coordinates: (T + 1, K, 2) of each ball before each step and at the end. loss: (T + 1, K) there. A ball that was thrown
    out, or whose loss is not finite, stays where it was last within reach.
    thrown: (K,) whether it was.
    """

    rate: float
    extent: float
    coordinates: np.ndarray
    loss: np.ndarray
    thrown: np.ndarray

    @property
    def arrived(self) -> np.ndarray:
        """Whether each ball lies low at the end, (K,): under a fifth of the loss at its start."""
        return ~self.thrown & (self.loss[-1] < LOW * self.loss[0])


class BallsTask(ChunkedTask):
    """The computation of balls, a step of all of them at a time.

    c <- c - rate * grad_c L / |d|^2, each coordinate by the length of its own direction: for orthogonal directions that is
    the projection of a step of gradient descent, -rate * grad L, onto the plane.

    Args:
        objective: of P parameters. plane: in P dimensions, with two directions.
        starts: (K, 2) coordinates. rate: of the descent. steps: how many. extent: how far the picture reaches.

    Raises: ValueError for starts of another shape or that are not finite, or for a rate that is not over 0.
    """

    def __init__(
        self, objective: Objective, plane: Plane, starts: np.ndarray, rate: float, steps: int, extent: float = 1.0
    ) -> None:
        starts = np.asarray(starts, float)
        if starts.ndim != 2 or starts.shape[1] != len(plane.directions) or not np.isfinite(starts).all():
            raise ValueError(
                f"starts must be finite coordinates (K, {len(plane.directions)}), one row for each ball, not {starts}"
            )
        if not rate > 0:
            raise ValueError(f"rate must be over 0, not {rate:g}")
        self.objective, self.plane = objective, plane
        self.rate, self.steps, self.extent = rate, steps, extent
        self.squares = np.square(plane.directions.astype(float)).sum(1)
        self.coordinates, self.losses = [starts], [np.full(len(starts), np.nan)]
        self.thrown = np.zeros(len(starts), bool)
        self.step = 0

    @property
    def finished(self) -> bool:
        return self.step > self.steps

    @property
    def fraction(self) -> float:
        return self.step / (self.steps + 1)

    def work(self) -> None:
        """Note the loss where the balls lie, and let each take a step; those that were thrown out lie still."""
        here, last, rolls = self.coordinates[-1], self.losses[-1], ~self.thrown
        loss, slopes = last.copy(), np.zeros_like(here)
        if rolls.any():
            loss[rolls], slopes[rolls] = self._measured(here[rolls])
        self.thrown = self.thrown | ~np.isfinite(loss)
        self.losses[-1] = np.where(np.isfinite(loss), loss, last)
        self.step += 1
        if self.finished:
            return
        there = here - self.rate * slopes / self.squares
        with np.errstate(invalid="ignore"):
            out = ~(np.linalg.norm(there, axis=1) <= FAR * self.extent)  # not a number is out too
        self.thrown = self.thrown | out
        self.coordinates.append(np.where(self.thrown[:, None], here, there))
        self.losses.append(np.where(self.thrown, self.losses[-1], np.nan))

    def _measured(self, coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the losses `(K,)` at coordinates `(K, 2)`, and the gradient's products with the directions `(K, 2)`."""
        objective = self.objective
        directions = objective.tensor(self.plane.directions)
        points = objective.tensor(self.plane.origin)[None] + objective.tensor(coordinates) @ directions
        parts = [objective.gradient(part) for part in points.split(objective.gradient_chunk)]
        loss = torch.cat([losses for losses, _ in parts])
        slopes = torch.cat([gradients @ directions.t() for _, gradients in parts])
        return loss.double().cpu().numpy(), slopes.double().cpu().numpy()

    def result(self) -> Balls:
        """Return the balls."""
        return Balls(self.rate, self.extent, np.stack(self.coordinates), np.stack(self.losses), self.thrown)


def roll_balls(
    objective: Objective, plane: Plane, starts: np.ndarray, rate: float, steps: int = 60, extent: float = 1.0
) -> Balls:
    """Return descents within a plane from several places, c <- c - rate * grad_c L / |d|^2.

    >>> from landscape import Experiment, objective, random_plane, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5))
    >>> loss = objective(run)
    >>> plane = random_plane(run.parameters[-1], loss.layout)
    >>> balls = roll_balls(loss, plane, [[0.5, 0.5]], rate=0.1, steps=20)
    >>> balls.coordinates.shape, bool(balls.loss[-1] < balls.loss[0])
    ((21, 1, 2), True)

    Args: objective of P parameters; plane in P dimensions; starts (K, 2) coordinates; rate of the descent; steps: how
        many; extent: how far a picture reaches from the plane's origin: a ball twice as far away is thrown out.
    Returns: Balls.
    Raises: ValueError for starts of another shape or that are not finite, or for a rate that is not over 0.
    """
    found: Balls = BallsTask(objective, plane, np.asarray(starts, float), rate, steps, extent).complete()
    return found
