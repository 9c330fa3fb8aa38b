"""What is computed about curvature, each a job: spectra at the end of trainings, sharpness along them, a function rewritten."""

from __future__ import annotations

from functools import partial

import numpy as np

from landscape.experiment import Experiment, Statistics
from landscape.geometry.eigenvalues import EigenvalueScan
from landscape.geometry.spectrum import DensityScan
from landscape.labs.curvature.request import Curvature, Written
from landscape.labs.jobs import training_jobs
from landscape.labs.lab import Job, Jobs
from landscape.loss.network import objective
from landscape.loss.parametrization import same_function
from landscape.serving.task import Once
from landscape.training.run import Run

COUNT = 20
"""The greatest eigenvalues that are found, or all where a network has fewer parameters."""


TOLERANCE = 0.01
"""Of the sharpness along trainings, relative: less than a line is wide, and found from fewer products."""


def jobs(request: Curvature) -> Jobs:
    """Return what is computed, in the order in which it is worth having.

    Lists are one a network, one a spectrum (`Curvature.curves`), one a rate, or the two ways to write one function.
    """
    experiments, curves = request.comparison.experiments(), request.curves()
    trainings, runs = training_jobs(experiments)
    spectra = [(runs[i], experiments[i], statistics) for i, statistics in curves]
    at_rates = request.edge.experiments(request.comparison.base.seed)
    edge_trainings, edge_runs = training_jobs(at_rates)
    snapshots = request.edge.edge_snapshots
    _, (plain,) = training_jobs([request.plain()])
    rewritten = Job(
        f"written {request.plain()!r} {request.written} {request.measured}",
        partial(_rewritten, kind=request.written, num_examples=request.measured),
        (plain,),
    )
    ways = [(plain, request.plain(), ""), (rewritten, request.plain(), f" as {request.written}")]
    return {
        "run": runs,
        "training": trainings,
        "eigenvalues": [_eigenvalues(request, run, one, statistics) for run, one, statistics in spectra],
        "density": [_density(request, run, one, statistics) for run, one, statistics in spectra],
        "edge run": edge_runs,
        "edge training": edge_trainings,
        "sharpness": [
            Job(f"sharpness {one!r} {snapshots}", partial(_sharpness, snapshots=snapshots), (training,), serial=True)
            for one, training in zip(at_rates, edge_trainings, strict=True)
        ],
        "written": [rewritten],
        "same eigenvalues": [_eigenvalues(request, run, one, Statistics.BATCH, how) for run, one, how in ways],
        "same density": [_density(request, run, one, Statistics.BATCH, how) for run, one, how in ways],
    }


def _eigenvalues(request: Curvature, run: Job, one: Experiment, statistics: Statistics, how: str = "") -> Job:
    make = partial(_leading, statistics=statistics, num_examples=request.measured)
    return Job(f"eigenvalues {one!r} {statistics} {request.measured}{how}", make, (run,), serial=True)


def _density(request: Curvature, run: Job, one: Experiment, statistics: Statistics, how: str = "") -> Job:
    measured, probes, steps = request.measured, request.probes, request.lanczos_steps
    make = partial(_spectrum, statistics=statistics, num_examples=measured, probes=probes, steps=steps)
    return Job(f"density {one!r} {statistics} {measured} {probes} {steps}{how}", make, (run,), serial=True)


def _leading(run: Run, statistics: Statistics, num_examples: int) -> EigenvalueScan:
    count = min(COUNT, run.parameters.shape[1])
    return EigenvalueScan(
        objective(run, statistics, num_examples=num_examples), run.parameters[-1:], run.steps[-1:], count
    )


def _spectrum(run: Run, statistics: Statistics, num_examples: int, probes: int, steps: int) -> DensityScan:
    return DensityScan(objective(run, statistics, num_examples=num_examples), run.parameters[-1], probes, steps)


def _sharpness(run: Run, snapshots: int) -> EigenvalueScan:
    chosen = np.unique(np.linspace(0, len(run.steps) - 1, snapshots).round().astype(int))
    return EigenvalueScan(objective(run), run.parameters[chosen], run.steps[chosen], tolerance=TOLERANCE)


def _rewritten(run: Run, kind: Written, num_examples: int) -> Once:
    return Once(partial(same_function, run, kind.value, num_examples))
