"""How a landscape moves while a network is trained: coarse surfaces around the weights of its snapshots.

Around the initial weights it needs no training, so that it stands before a step is taken. The same draws are made long
filter by filter at each snapshot anew; the plane of the path's own axes stays where it is, and has no such frames. The
first frame is the landscape before training, the last one a part of the picture: neither is computed a second time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from landscape.experiment import Experiment, PlaneKind, View
from landscape.geometry.surfaces import Surface
from landscape.serving.task import ChunkedTask, Task, made
from landscape.training.run import Run
from landscape.training.training import Training
from landscape.views import surface_of

POINTS = 11
"""Grid points along an edge of a frame: enough to see a bowl from a ridge, and part of all but one of the pictures' grids."""

FRAMES = 7
"""As many frames at most, between the first and the last snapshot."""

SHOT_BYTES = 2**20
"""Rather fewer frames than parameters of more bytes, which each open page holds of each network."""

LOOK_SECONDS = 2.0
"""Between two looks at the landscape of a training that goes on, at least."""

LOOK_PART = 20
"""And so many times as long as the last look took, so that all together take a small part of the training's time."""

MOVING = (PlaneKind.RANDOM, PlaneKind.INPUT_WEIGHTS)
"""The planes whose frames are cheap, and go with the weights."""


@dataclass(frozen=True, eq=False)
class Shots:
    """What of a run its frames need: the run with the snapshots of these alone. at: their numbers among all snapshots."""

    run: Run
    at: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Frames:
    """Surfaces around the weights of snapshots.

    at: the number of the snapshot of each, in order. surfaces: bare, one each.
    """

    at: tuple[int, ...]
    surfaces: tuple[Surface, ...]


def frame_view(view: View) -> View:
    """Return the view of a frame: the same plane and data, on a coarse grid."""
    return replace(view, resolution=min(POINTS, view.resolution), resolution_y=min(POINTS, view.grid()[1]))


def frame_of(run: Run, view: View, snapshot: int) -> Surface:
    """Return the coarse surface around the weights of a snapshot."""
    here = slice(snapshot, snapshot + 1)
    return surface_of(replace(run, parameters=run.parameters[here], states=run.states[here]), frame_view(view)).bare()


def part_of(picture: Surface, like: Surface) -> Surface | None:
    """Return the points of a picture that stand on the grid of a frame of the same plane; None where not all are there."""
    steps = []
    for many, few in zip(picture.loss.shape, like.loss.shape, strict=True):
        step = max(1, (many - 1) // max(1, few - 1))
        if step * (few - 1) != many - 1:
            return None
        steps.append(step)
    loss = picture.loss[:: steps[0], :: steps[1]].copy()
    return replace(picture, alphas=like.alphas, betas=like.betas, loss=loss)


def chosen(snapshots: int, frames: int = FRAMES) -> tuple[int, ...]:
    """Return the snapshots that have a frame: as dense at the start of training as the snapshots themselves.

    >>> chosen(19), chosen(3), chosen(1)
    ((0, 3, 6, 9, 12, 15, 18), (0, 1, 2), (0,))
    """
    if snapshots <= frames:
        return tuple(range(snapshots))
    return tuple(int(round(place)) for place in np.linspace(0, snapshots - 1, frames))


def shots_of(run: Run) -> Shots:
    """Return what the frames of a run need, in less memory than all of it."""
    at = chosen(len(run.steps), max(2, min(FRAMES, SHOT_BYTES // run.parameters[:1].nbytes)))
    kept = {name: getattr(run, name)[list(at)] for name in ("steps", "parameters", "states", "test_accuracy")}
    return Shots(replace(run, **kept), at)


@dataclass(eq=False)
class StartTask(ChunkedTask):
    """The computation of the landscape around a network's initial weights, in one chunk."""

    experiment: Experiment
    view: View
    surface: Surface | None = None

    @property
    def finished(self) -> bool:
        return self.surface is not None

    def work(self) -> None:
        """Do all: draw the weights as training does, and take what it keeps before its first step."""
        training = Training([self.experiment], snapshots=2)
        training.work()
        self.surface = frame_of(made(training.partial()), self.view, 0)

    def result(self) -> Surface:
        """Return the surface."""
        return made(self.surface)


@dataclass(eq=False)
class FramesTask(ChunkedTask):
    """The computation of frames, one at a time from the first snapshot on.

    start: the first of them. picture: the fine surface around the weights of the last snapshot, in the same view.
    """

    shots: Shots
    start: Surface
    picture: Surface
    view: View
    surfaces: list[Surface] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        return len(self.surfaces) == len(self.shots.at)

    @property
    def fraction(self) -> float:
        return len(self.surfaces) / len(self.shots.at)

    def work(self) -> None:
        """Compute the next frame, where it is not there already."""
        number, known = len(self.surfaces), None
        if number == 0:
            known = self.start
        elif number == len(self.shots.at) - 1:
            known = part_of(self.picture, self.start)
        self.surfaces.append(known or frame_of(self.shots.run, self.view, number))

    def result(self) -> Frames:
        """Return the frames."""
        return Frames(self.shots.at, tuple(self.surfaces))


@dataclass(frozen=True, eq=False)
class Moved(Run):
    """A run so far, and the coarse landscape around its last snapshot at a moment of its training."""

    around: Surface | None = None
    around_step: int = 0


@dataclass(eq=False)
class Followed:
    """A training that takes a long time, with a look at the landscape around its weights now and then.

    Its result is the training's own, whoever asks for it.
    """

    training: Task
    view: View
    looked: float = field(default_factory=time.monotonic)
    took: float = 0.0
    around: Surface | None = None
    around_step: int = 0

    @property
    def finished(self) -> bool:
        return self.training.finished

    @property
    def fraction(self) -> float:
        return self.training.fraction

    def advance(self, seconds: float) -> None:
        """Go on training."""
        self.training.advance(seconds)

    def partial(self) -> Run | None:
        """Return the run so far, with what was seen last of its landscape; look again where that was long ago."""
        run = self.training.partial()
        if run is None:
            return None
        now = time.monotonic()
        if now - self.looked > max(LOOK_SECONDS, LOOK_PART * self.took) and run.steps[-1] != self.around_step:
            self.around, self.around_step = frame_of(run, self.view, len(run.steps) - 1), int(run.steps[-1])
            self.looked = time.monotonic()
            self.took = self.looked - now
        return Moved(**vars(run), around=self.around, around_step=self.around_step)

    def result(self) -> Run:
        """Return the run."""
        run: Run = self.training.result()
        return run
