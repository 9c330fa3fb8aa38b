"""Somewhat normalized: a network of the page at several strengths of BatchNorm, from none to all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from landscape.experiment import Comparison, Experiment, PlaneKind, Variant
from landscape.geometry.surfaces import Surface
from landscape.labs.compare.measure import MOVING
from landscape.labs.compare.outcomes import jobs
from landscape.labs.compare.request import Beside, Request
from landscape.labs.lab import Job, Jobs, Results
from landscape.training.run import Run
from landscape.training.sweeps import Sweep
from models.normalization import Normalization

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much of BatchNorm: none, each quarter more, all of it."""

JOBS = {"strength run": "run", "strength surface": "surface", "strength rates": "rates"}
"""The jobs, and those of a comparison that they are: what a page draws anyway is computed once."""


@dataclass(frozen=True, eq=False)
class Weakened:
    """What is known of the network at one strength. sweep: None while there is nothing of it."""

    strength: float
    run: Run
    surface: Surface
    sweep: Sweep | None


def experiments_of(request: Request) -> tuple[Experiment, ...]:
    """Return the first network with BatchNorm at each strength, without normalization at 0; empty where none has it."""
    batch = (one for one in request.comparison.experiments() if one.network.normalization is Normalization.BATCH)
    first = next(batch, None)
    if first is None:
        return ()
    plain = first.replace(normalization=Normalization.NONE, strength=1.0)
    return (plain, *(first.replace(strength=strength) for strength in STRENGTHS[1:]))


def strength_jobs(request: Request) -> Jobs:
    """Return what is computed for each strength; nothing where it is not asked for."""
    experiments = experiments_of(request) if request.beside.try_strengths else ()
    each = [jobs(_alone(request, one)) for one in experiments]
    nothing: list[Job | None] = [None] * len(STRENGTHS)
    return {name: [one[job][0] for one in each] or nothing for name, job in JOBS.items()}


def weakened_of(results: Results) -> list[Weakened]:
    """Return what is known of each strength whose landscape is there and has some height, in order."""
    runs, surfaces, rates = (results.get(name, ()) for name in JOBS)
    return [
        Weakened(strength, run.value, surface.value, sweep.value)
        for strength, run, surface, sweep in zip(STRENGTHS, runs, surfaces, rates, strict=False)
        if run.done
        and surface.done
        and run.value is not None
        and surface.value is not None
        and len(surface.value.finite)
    ]


def are_known(found: Sequence[Weakened]) -> bool:
    """Return whether none and all of BatchNorm are there, and something between."""
    strengths = [one.strength for one in found]
    return len(strengths) > 2 and strengths[0] == STRENGTHS[0] and strengths[-1] == STRENGTHS[-1]


def _alone(request: Request, experiment: Experiment) -> Request:
    """Return the request for one network, at other learning rates too, on a plane that all strengths share."""
    view = request.view if request.view.plane in MOVING else replace(request.view, plane=PlaneKind.RANDOM)
    balls = replace(request.balls, other_rates=True)
    return replace(request, comparison=Comparison(experiment, (Variant(),)), view=view, balls=balls, beside=Beside())
