"""What is known of each network of a comparison now, and the jobs that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np

from landscape.experiment import Experiment, PlaneKind, Statistics, View
from landscape.figures.panel import Group
from landscape.geometry.descents import Balls, BallsTask
from landscape.geometry.surfaces import Surface
from landscape.labs.compare.dropping import MOST
from landscape.labs.compare.measure import MOVING, Followed, Frames, FramesTask, Moved, StartTask, shots_of
from landscape.labs.compare.request import PLACES, RATES, BallsRequest, Request
from landscape.labs.jobs import training_jobs
from landscape.labs.lab import Job, Jobs, Known, Results
from landscape.serving.task import Once
from landscape.training.run import Run
from landscape.training.sweeps import Sweep, SweepTask
from landscape.views import Bare, Inspection, InspectionTask, Measures, MeasuresTask, scan_of


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one network of a comparison; the later parts may still be missing.

    finished: whether the run is whole. ended: whether what is missing will not come. failed: the rows of pictures that
    could not be computed.
    start: the landscape around its initial weights; frames: those around the weights of its snapshots. frozen: on the
    plane of `surface`, by the statistics that training stored.
    """

    label: str
    run: Run
    finished: bool = True
    surface: Surface | None = None
    inspection: Inspection | None = None
    measures: Measures | None = None
    balls: Balls | None = None
    sweeps: tuple[Sweep, ...] = ()
    ended: bool = False
    start: Surface | None = None
    frames: Frames | None = None
    frozen: Surface | None = None


BALL_JOBS = ("balls", *(f"ball {i}" for i in range(1, MOST + 1)))
"""The jobs of balls: those that every landscape has together, and each that is dropped by itself."""

MOST_PICTURES = 4
"""As many landscapes a page can draw in space."""


def jobs(request: Request) -> Jobs:
    """Return what is computed for each network, in the order in which it is worth having.

    The landscapes around the initial weights, the trainings of all networks, then their landscapes, then the rest: what
    takes turns before what can run beside it. Results are bare: many pages that are open hold many of them, and the store
    alone keeps all snapshots.
    """
    view, experiments = request.view, request.comparison.experiments()
    fixed = f"{view.num_examples} {view.batches}"
    moving = view.plane in MOVING
    trainings, runs = training_jobs(experiments, partial(Followed, view=view) if moving else None)
    on = trainings if view.plane is PlaneKind.PCA else runs
    each = list(zip(experiments, trainings, runs, on, strict=True))
    shots = [Job(f"shots {one!r}", _shots, (training,)) for one, training, _, _ in each]
    starts = [Job(f"start {one!r} {view!r}", partial(StartTask, one, view)) for one in experiments]
    surfaces = [
        Job(f"surface {one!r} {view!r}", partial(_bare_surface, view=view), (need,)) for one, _, _, need in each
    ]
    frozen = _frozen_of(request, experiments)
    still = replace(view, statistics=Statistics.RUNNING)
    return {
        "start": [start if moving else None for start in starts],
        "run": runs,
        "training": trainings,
        "surface": surfaces,
        "inspection": [
            Job(f"inspection {one!r} {fixed}", partial(_bare_inspection, view=view), (training,))
            for one, training, _, _ in each
        ],
        "frozen": [
            Job(f"surface {one!r} {still!r}", partial(_bare_surface, view=still), (need,)) if i == frozen else None
            for i, (one, _, _, need) in enumerate(each)
        ],
        # One after the other: of images the second derivatives take more memory than all else.
        "measures": [
            Job(f"measures {one!r} {fixed}", partial(MeasuresTask, view=view), (run,), serial=True)
            for one, _, run, _ in each
        ],
        # Each by itself, as it answers a click: the others need not roll again.
        **{
            name: [_balls(one, view, need, request.balls, (place,)) if place else None for one, _, _, need in each]
            for name, place in zip_longest(BALL_JOBS[1:], request.balls.dropped)
        },
        BALL_JOBS[0]: [_balls(one, view, need, request.balls, PLACES) for one, _, _, need in each],
        # Beside the balls, of which one network's roll at a time.
        "shots": [shot if moving else None for shot in shots],
        "frames": [
            Job(f"frames {one!r} {view!r}", partial(FramesTask, view=view), (shot, start, end)) if moving else None
            for one, shot, start, end in zip(experiments, shots, starts, surfaces, strict=True)
        ],
        # What follows comes last, and where others wait after them.
        "rates": [_sweep(one) if request.balls.other_rates else None for one in experiments],
    }


def outcomes_of(request: Request, results: Results) -> list[Outcome | None]:
    """Return what is known of each network now, None before its first step."""
    surfaces, inspections, frames = (_together(results[name]) for name in ("surface", "inspection", "frames"))
    made: list[Outcome | None] = []
    for i, label in enumerate(request.comparison.labels()):
        run, training, measures = (results[name][i] for name in ("run", "training", "measures"))
        known = run.value if run.done else training.value
        rates = results["rates"][i].value
        rolled = (results[name][i].value for name in BALL_JOBS)
        balls = joined([one for one in rolled if one is not None])
        ended = all(results[name][i].done for name in results)
        parts = surfaces[i], inspections[i], measures.value, balls, () if rates is None else (rates,)
        moving = results["start"][i].value, frames[i], results["frozen"][i].value
        made.append(known and Outcome(label, known, run.done, *parts, ended, *moving))
    return made


def starts_of(results: Results) -> list[tuple[Surface, int] | None]:
    """Return the coarse landscape around each network's weights while it is trained, and at which step, once all have one.

    Around the initial weights at first, then around those of a look while training goes on.
    """
    found: list[tuple[Surface, int] | None] = []
    for start, training in zip(_together(results["start"]), results["training"], strict=True):
        now = training.value
        if isinstance(now, Moved) and now.around is not None:
            found.append((now.around, now.around_step))
        else:
            found.append(None if start is None else (start, 0))
    return found


def _frozen_of(request: Request, experiments: Sequence[Experiment]) -> int | None:
    """Return which network is drawn by frozen statistics too; None where none is asked for, stores some or has room."""
    if not request.beside.frozen or len(experiments) >= MOST_PICTURES:
        return None
    stores = (i for i, one in enumerate(experiments) if one.network.layer().of_batches)
    return next(stores, None)


def failed_of(results: Results) -> list[frozenset[Group]]:
    """Return for each network the rows of pictures that could not be computed."""
    sources = {Group.SCENE: "surface", Group.PATH: "inspection", Group.CURVE: "run", Group.ACTIVATION: "inspection"}
    return [
        frozenset(group for group, name in sources.items() if results[name][i].failed)
        for i in range(len(results["run"]))
    ]


def _together(known: Sequence[Known]) -> list:
    """Return what is known of each once there is something of all: pictures that share a range are drawn at once.

    One that failed keeps nobody waiting.
    """
    waiting = any(one.value is None and not one.done for one in known)
    return [None if waiting else one.value for one in known]


def _sweep(experiment: Experiment) -> Job:
    """Return the trainings of a network at several learning rates."""
    task = partial(SweepTask, experiment, "learning_rate", RATES, (experiment.seed,))
    return Job(f"rates {experiment!r}", task, serial=True, patient=True)


def _shots(run: Run) -> Once:
    return Once(partial(shots_of, run))


def joined(rolled: Sequence[Balls]) -> Balls | None:
    """Return balls of one landscape that were dropped apart as one; None where there are none."""
    if len(rolled) < 2:
        return rolled[0] if rolled else None
    whole: dict[str, Any] = {
        name: np.concatenate([getattr(one, name) for one in rolled], axis=-1) for name in ("loss", "thrown")
    }
    return replace(rolled[0], coordinates=np.concatenate([one.coordinates for one in rolled], axis=1), **whole)


def _balls(
    experiment: Experiment, view: View, need: Job, balls: BallsRequest, places: tuple[tuple[float, float], ...]
) -> Job:
    """Return the balls of a network that are dropped at these places."""
    key = f"balls {experiment!r} {view!r} {balls.ball_rate} {balls.ball_steps} {places}"
    return Job(key, partial(_rolling, view=view, balls=balls, places=places), (need,), serial=True)


def _rolling(run: Run, view: View, balls: BallsRequest, places: tuple[tuple[float, float], ...]) -> BallsTask:
    """Return the task of balls that are dropped at shares of what the picture shows."""
    scan = scan_of(run, view)
    reach = [(axis[-1] - axis[0]) / 2 for axis in (scan.alphas, scan.betas)]
    centre = [(axis[-1] + axis[0]) / 2 for axis in (scan.alphas, scan.betas)]
    starts = np.asarray(centre) + np.asarray(places) * reach
    extent = float(np.abs(np.concatenate([scan.alphas, scan.betas])).max())
    return BallsTask(scan.objective, scan.plane, starts, balls.ball_rate, balls.ball_steps, extent)


def _bare_surface(run: Run, view: View) -> Bare:
    return Bare(scan_of(run, view))


def _bare_inspection(run: Run, view: View) -> Bare:
    return Bare(InspectionTask(run, view))
