"""What is known of each network of a comparison now, and the jobs that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from landscape.experiment import Experiment, PlaneKind, View
from landscape.figures.panel import Group
from landscape.geometry.descents import Balls, BallsTask
from landscape.geometry.surfaces import Surface
from landscape.labs.compare.request import RATES, BallsRequest, Request
from landscape.labs.jobs import training_jobs
from landscape.labs.lab import Job, Jobs, Known, Results
from landscape.training.run import Run
from landscape.training.sweeps import Sweep, SweepTask
from landscape.views import Bare, Inspection, InspectionTask, Measures, MeasuresTask, scan_of


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one network of a comparison; the later parts may still be missing.

    finished: whether the run is whole. ended: whether what is missing will not come. failed: the rows of pictures that
    could not be computed.
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


def jobs(request: Request) -> Jobs:
    """Return what is computed for each network, in the order in which it is worth having.

    The trainings of all networks, then their landscapes, then the rest. Results are bare: many pages that are open hold
    many of them, and the store alone keeps all snapshots.
    """
    view, experiments = request.view, request.comparison.experiments()
    fixed = f"{view.num_examples} {view.batches}"
    trainings, runs = training_jobs(experiments)
    on = trainings if view.plane is PlaneKind.PCA else runs
    each = list(zip(experiments, trainings, runs, on, strict=True))
    return {
        "run": runs,
        "training": trainings,
        "surface": [
            Job(f"surface {one!r} {view!r}", partial(_bare_surface, view=view), (need,)) for one, _, _, need in each
        ],
        "inspection": [
            Job(f"inspection {one!r} {fixed}", partial(_bare_inspection, view=view), (training,))
            for one, training, _, _ in each
        ],
        # One after the other: of images the second derivatives take more memory than all else.
        "measures": [
            Job(f"measures {one!r} {fixed}", partial(MeasuresTask, view=view), (run,), serial=True)
            for one, _, run, _ in each
        ],
        "balls": [
            Job(
                f"balls {one!r} {view!r} {request.balls.ball_rate} {request.balls.ball_steps} {request.balls.places}",
                partial(_balls, view=view, balls=request.balls),
                (need,),
                serial=True,
            )
            for one, _, _, need in each
        ],
        # What follows comes last, and where others wait after them.
        "rates": [_sweep(one) if request.balls.other_rates else None for one in experiments],
    }


def outcomes_of(request: Request, results: Results) -> list[Outcome | None]:
    """Return what is known of each network now, None before its first step."""
    surfaces, inspections = _together(results["surface"]), _together(results["inspection"])
    made: list[Outcome | None] = []
    for i, label in enumerate(request.comparison.labels()):
        run, training, measures = (results[name][i] for name in ("run", "training", "measures"))
        known = run.value if run.done else training.value
        balls, rates = (results[name][i].value for name in ("balls", "rates"))
        ended = all(results[name][i].done for name in results)
        parts = surfaces[i], inspections[i], measures.value, balls, () if rates is None else (rates,)
        made.append(known and Outcome(label, known, run.done, *parts, ended))
    return made


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


def _balls(run: Run, view: View, balls: BallsRequest) -> BallsTask:
    """Return the balls of a network: dropped at shares of what its picture shows."""
    scan = scan_of(run, view)
    reach = [(axis[-1] - axis[0]) / 2 for axis in (scan.alphas, scan.betas)]
    centre = [(axis[-1] + axis[0]) / 2 for axis in (scan.alphas, scan.betas)]
    starts = np.asarray(centre) + np.asarray(balls.places) * reach
    extent = float(np.abs(np.concatenate([scan.alphas, scan.betas])).max())
    return BallsTask(scan.objective, scan.plane, starts, balls.ball_rate, balls.ball_steps, extent)


def _bare_surface(run: Run, view: View) -> Bare:
    return Bare(scan_of(run, view))


def _bare_inspection(run: Run, view: View) -> Bare:
    return Bare(InspectionTask(run, view))
