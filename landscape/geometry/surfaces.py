"""Losses on a plane: surfaces, and the path of a training across them.

The grid is computed in chunks that are one stack each; no grid point ever changes what it is computed from. It is long,
as a surface, its computation and a path on it are read together, and each is documented with an example.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import ArrayLike

from landscape.geometry.planes import Plane
from landscape.loss.objective import Objective
from landscape.serving.devices import device_name
from landscape.serving.task import ChunkedTask

GLANCE = 0.5
"""Seconds: a coarse surface is not worth drawing for less."""

CENTRE_TOLERANCE = 1e-4
"""The surface's centre must equal the loss computed directly to this, relative (float32 sums in another order)."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The loss on a grid of a plane.

    alphas: (A,) along the first direction, x. betas: (B,) along the second, y. loss: (B, A), rows are y.
    centre: the loss at the plane's origin, computed directly. changed: the greatest relative change of that between
    before and after the sweep: 0 where evaluating changed nothing.
    overflowed: number of grid points whose loss is not finite.
    accuracy: (B, A) the share of examples classified rightly, where it was asked for. device: where it was computed.
    """

    plane: Plane
    alphas: np.ndarray
    betas: np.ndarray
    loss: np.ndarray
    centre: float
    changed: float = 0.0
    accuracy: np.ndarray | None = None
    device: str = "CPU"

    def bare(self) -> Surface:
        """Return the surface on a bare plane."""
        return replace(self, plane=self.plane.bare())

    @property
    def overflowed(self) -> int:
        return int((~np.isfinite(self.loss)).sum())

    @property
    def stretch(self) -> float:
        """How many times as much the loss changes along y as along x.

        The mean of |loss - centre| over the finite points of the line through the middle along y, over that along x. 1
        is a round valley; not a number for a line, or where the loss does not change along x.
        """
        if min(self.loss.shape) == 1 or not np.isfinite(self.centre):
            return float("nan")
        lines = self.loss[len(self.betas) // 2], self.loss[:, len(self.alphas) // 2]
        changes = [np.abs(line[np.isfinite(line)] - self.centre) for line in lines]
        along_x, along_y = (change.mean() if len(change) else np.nan for change in changes)
        return float(along_y / along_x) if along_x > 0 else float("nan")

    @property
    def finite(self) -> np.ndarray:
        """The losses that are finite, flat."""
        return self.loss[np.isfinite(self.loss)]


@dataclass(frozen=True, eq=False)
class Path:
    """A trajectory on a plane. S snapshots.

    steps: (S,). coordinates: (S, 2) of the nearest point of the plane. loss: (S,) the true loss of each snapshot.
    height: (S,) the loss at that nearest point. residual: (S,) distance of the snapshot from the plane.
    off_plane: the share of the path's squared length from its end that lies off the plane, in [0, 1].
    device: where it was computed.
    """

    plane: Plane
    steps: np.ndarray
    coordinates: np.ndarray
    loss: np.ndarray
    height: np.ndarray
    residual: np.ndarray
    off_plane: float
    device: str = "CPU"

    def bare(self) -> Path:
        """Return the path on a bare plane."""
        return replace(self, plane=self.plane.bare())


def axis(extent: float, points: int, centre: float = 0.0) -> np.ndarray:
    """Return evenly spaced coordinates from `centre - extent` to `centre + extent`.

    >>> axis(1, 5).tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]

    Args: extent: to each side, in the plane's units; points: how many, one of which stands at the centre; centre.
    Returns: (points,).
    """
    return np.linspace(centre - extent, centre + extent, points) if points > 1 else np.array([float(centre)])


def nested(points: int) -> slice:
    """Return the coarse grid that lies in a fine one: every second point where the ends stay, else all.

    >>> [len(range(51)[nested(51)]), len(range(31)[nested(31)]), len(range(4)[nested(4)])]
    [26, 16, 4]
    """
    return slice(None, None, 2 if points % 2 and points > 1 else 1)


@dataclass(eq=False)
class SurfaceScan(ChunkedTask):
    """The computation of a surface in chunks, a coarse grid first.

    coarse: whether to compute every second point first, so that `partial` can be drawn early.
    with_accuracy: whether to compute the accuracy too, from the same outputs.
    """

    objective: Objective
    plane: Plane
    alphas: np.ndarray
    betas: np.ndarray
    coarse: bool = True
    with_accuracy: bool = False
    done: int = 0
    spent: float = 0.0
    shown: Surface | None = None
    restricted: Objective | None = None
    loss: np.ndarray = field(init=False)
    accuracy: np.ndarray | None = field(init=False)
    order: np.ndarray = field(init=False)
    points: torch.Tensor = field(init=False)
    origin: torch.Tensor = field(init=False)
    centre: float = field(init=False)

    def __post_init__(self) -> None:
        for name, values in (("alphas", self.alphas), ("betas", self.betas)):
            if np.ndim(values) != 1 or not len(values) or not np.isfinite(values).all():
                raise ValueError(f"{name} must be one or more finite numbers, (n,), not {values}; see axis()")
        if len(self.plane.directions) == 1 and len(self.betas) > 1:
            raise ValueError(
                f"a line has one coordinate: leave betas out, or give a plane, not {len(self.betas)} betas"
            )
        shape = (len(self.betas), len(self.alphas))
        self.loss = np.full(shape, np.nan)
        self.accuracy = np.full(shape, np.nan) if self.with_accuracy else None
        indexes = np.arange(self.loss.size).reshape(shape)
        first = indexes[nested(shape[0]), nested(shape[1])] if self.coarse else indexes
        rest = np.setdiff1d(indexes, first)
        self.num_coarse = first.size
        self.order = np.concatenate([first.ravel(), rest])
        columns = len(self.alphas)
        axes = self.alphas[self.order % columns], self.betas[self.order // columns]
        self.points = self.objective.tensor(np.stack(axes[: len(self.plane.directions)], axis=1))
        self.origin = self.objective.tensor(self.plane.origin)[None]
        self.centre = self._direct()

    @property
    def finished(self) -> bool:
        return self.done >= len(self.order)

    @property
    def fraction(self) -> float:
        return self.done / len(self.order)

    def work(self) -> None:
        """Compute one chunk of the grid."""
        begin = time.perf_counter()
        if self.restricted is None:
            directions = self.objective.tensor(self.plane.directions)
            self.restricted = self.objective.restricted(self.origin[0], directions)
        chosen = self.order[self.done : self.done + self.restricted.chunk]
        points = self.points[self.done : self.done + len(chosen)]
        with torch.no_grad():
            if self.accuracy is None:
                loss = self.restricted(points)
            else:
                loss, accuracy = self.restricted.measure(points)
                self.accuracy.ravel()[chosen] = accuracy.cpu().numpy()
            self.loss.ravel()[chosen] = loss.cpu().numpy()  # a GPU is waited for, so that the clock is right
        self.done += len(chosen)
        self.spent += time.perf_counter() - begin

    def rest(self) -> None:
        """Let go of the objective on the plane: it holds memory, which a computation that waits need not keep."""
        self.restricted = None

    def partial(self) -> Surface | None:
        """Return the coarse surface once it is there, unless the fine one comes before an eye could take it in.

        What was returned once is returned until the end: it is not to be drawn anew, nor to vanish.
        """
        remaining = self.spent * (len(self.order) / max(self.done, 1) - 1)
        there = self.num_coarse <= self.done and self.num_coarse < len(self.order)
        if self.shown is None and there and remaining >= GLANCE:
            self.shown = self._surface(nested(len(self.betas)), nested(len(self.alphas)))
        return self.shown

    def result(self) -> Surface:
        """Return the surface.

        Raises: RuntimeError where the loss at the centre is not what it was before, or not what the grid has there:
            something was changed.
        """
        again = self._direct()
        rows, columns = np.flatnonzero(self.betas == 0), np.flatnonzero(self.alphas == 0)
        if np.isfinite(self.centre) and rows.size and columns.size:
            swept = self.loss[rows[0], columns[0]]
            gap = abs(swept - self.centre)
            if gap > 10 * CENTRE_TOLERANCE * max(abs(self.centre), 1e-6) and gap > 10 * self._rounding():
                raise RuntimeError(
                    f"the loss at the centre of the grid is {swept:g}, computed directly {self.centre:g}: the "
                    "objective must give each member of a stack the loss that it has alone"
                )
        changed = abs(again - self.centre) / max(abs(self.centre), 1e-12) if np.isfinite(self.centre) else 0.0
        if changed > CENTRE_TOLERANCE:
            raise RuntimeError(
                f"the loss at the centre was {self.centre:g} before the sweep and {again:g} after it: the objective "
                "changes what it is computed from; it must be a pure function of the parameters"
            )
        return self._surface(slice(None), slice(None), changed)

    def _surface(self, rows: slice, columns: slice, changed: float = 0.0) -> Surface:
        loss = self.loss[rows, columns].copy()
        accuracy = None if self.accuracy is None else self.accuracy[rows, columns].copy()
        alphas, betas, device = self.alphas[columns], self.betas[rows], device_name(self.objective.device)
        return Surface(self.plane, alphas, betas, loss, self.centre, changed, accuracy, device)

    def _direct(self) -> float:
        with torch.no_grad():
            return float(self.objective(self.origin)[0])

    def _rounding(self) -> float:
        """Return how far the loss at the centre moves where each parameter moves by one rounding, up or down.

        A stack rounds otherwise than one member does. Of two examples BatchNorm makes +1 and -1, whichever is larger: a
        rounding may swap them, and through many layers of them another loss comes of it.
        """
        signs = torch.ones_like(self.origin)
        signs[:, ::2] = -1
        moves = torch.finfo(self.origin.dtype).eps * torch.cat([signs, -signs, signs.flip(1)])
        with torch.no_grad():
            losses = [float(self.objective(self.origin * (1 + move))[0]) for move in moves]
        return max(abs(loss - self.centre) for loss in losses)


def loss_surface(
    objective: Objective, plane: Plane, alphas: ArrayLike, betas: ArrayLike = (0.0,), accuracy: bool = False
) -> Surface:
    """Return the loss at each point of a grid, f(alpha, beta) = L(origin + alpha d1 + beta d2).

    Source: Li et al. 2018, arXiv 1712.09913, Eq. 1.

    Args: objective of P parameters; plane in P dimensions; alphas (A,) and, but for a line, betas (B,); accuracy:
        whether to compute it too.
    Returns: a Surface whose loss is (B, A). Points whose loss is not finite are kept as they are and counted.
    Raises: ValueError where the plane lies among other parameters than the objective's; where alphas or betas are empty
    or not finite, or a line is given several betas.

    >>> from landscape import Experiment, objective, random_plane, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5))
    >>> loss = objective(run, num_examples=10_000)
    >>> surface = loss_surface(loss, random_plane(run.parameters[-1], loss.layout), axis(1, 5), axis(1, 3))
    >>> surface.loss.shape, bool(np.isclose(surface.loss[1, 2], run.train_loss, rtol=1e-5))
    ((3, 5), True)
    """
    return SurfaceScan(
        objective, plane, np.asarray(alphas, float), np.asarray(betas, float), False, accuracy
    ).complete()


def losses_at(objective: Objective, points: np.ndarray) -> np.ndarray:
    """Return the losses (S,) at parameters (S, P), computed in chunks.

    >>> from landscape import Experiment, objective, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5, batch_size=10_000))
    >>> before_each_step = losses_at(objective(run, num_examples=10_000), run.parameters)
    >>> bool(np.allclose(before_each_step[:-1], run.loss, rtol=1e-5))
    True

    Args: objective of P parameters; points (S, P).
    Returns: (S,).
    Raises: ValueError for parameters of another shape, or none.
    """
    points = np.asarray(points)
    if points.ndim != 2 or not len(points):
        raise ValueError(
            f"parameters must be (S, P), one row for each point, at least one, not {points.shape}; write points[None] for one"
        )
    with torch.no_grad():
        parts = [
            objective(objective.tensor(points[i : i + objective.chunk])).cpu().numpy()
            for i in range(0, len(points), objective.chunk)
        ]
    return np.concatenate(parts)


def path_on(objective: Objective, plane: Plane, trajectory: np.ndarray, steps: np.ndarray) -> Path:
    """Return a trajectory (S, P), whose snapshots were taken at the steps (S,), as it lies on, and off, a plane.

    Source: Li et al. 2018, arXiv 1712.09913, Sec. 7, for the projection; the residual is ours.

    >>> from landscape import Experiment, objective, pca_plane, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=2))
    >>> path = path_on(objective(run), pca_plane(run.parameters), run.parameters, run.steps)
    >>> bool(np.allclose(path.loss, path.height)), round(path.off_plane, 6)  # three points lie on one plane
    (True, 0.0)

    Args: objective of P parameters; plane in P dimensions; trajectory (S, P); steps (S,).
    Returns: a Path.
    Raises: ValueError for a trajectory of other parameters than the plane's, or of more or fewer snapshots than steps.
    """
    if np.ndim(trajectory) != 2 or trajectory.shape[1] != len(plane.origin):
        raise ValueError(
            f"the trajectory must be (S, {len(plane.origin)}), as many parameters as the plane's, not {np.shape(trajectory)}"
        )
    if len(steps) != len(trajectory):
        raise ValueError(f"{len(trajectory)} snapshots need as many steps, not {len(steps)}")
    coordinates = plane.coordinates(trajectory)
    # One snapshot at a time: of a large network each copy of them all counts.
    nearest = (plane.points(coordinate[None])[0] for coordinate in coordinates)
    residual = np.array([_distance(here, there) for here, there in zip(trajectory, nearest, strict=True)])
    square = sum(_distance(here, plane.origin) ** 2 for here in trajectory)
    on_plane = objective.restricted(objective.tensor(plane.origin), objective.tensor(plane.directions))
    return Path(
        plane,
        steps,
        coordinates,
        loss=losses_at(objective, trajectory),
        height=losses_at(on_plane, coordinates),
        residual=residual,
        off_plane=float(np.square(residual).sum() / square) if square else 0.0,
        device=device_name(objective.device),
    )


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Euclidean distance of two points (P,), in double precision."""
    return float(np.linalg.norm((one - other).astype(np.float64)))
