"""What is known of each network that is measured, and the jobs that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from landscape.dynamics.smoothness import LineTask, Smoothness, SmoothnessTask, StepLine
from landscape.experiment import Experiment
from landscape.internals.distributions import excess_kurtosis
from landscape.labs.lab import Job, Jobs, Results
from landscape.labs.smoothness.request import Request
from landscape.serving.task import Once
from landscape.training.run import Run
from models.config import Kind


@dataclass(frozen=True, eq=False)
class Shapes:
    """The shape of what enters a network's activation functions. kurtosis: (L,), the excess kurtosis by layer."""

    kurtosis: np.ndarray


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one network; the later parts may still be missing.

    kurtosis: (L,) of what enters its activation functions. line: the loss along the gradient of one step.
    ended: whether what is missing will not come.
    """

    label: str
    smoothness: Smoothness
    kurtosis: np.ndarray | None = None
    line: StepLine | None = None
    ended: bool = False


def jobs(request: Request) -> Jobs:
    """Return what is computed for each network: the measures along its training, the line from a step, the shapes."""
    measures: list[Job | None] = []
    lines: list[Job | None] = []
    shapes: list[Job | None] = []
    for one in request.comparison.experiments():
        key = f"{one!r} {request.ladder!r}"
        measured = Job(f"smoothness {key}", partial(SmoothnessTask, one, request.ladder), serial=True)
        measures.append(measured)
        lines.append(Job(f"line {key} {request.step}", partial(LineTask, step=request.step), (measured,), serial=True))
        shapes.append(None if _recurrent(one) else Job(f"shapes {key}", _shapes, (measured,)))
    return {"measures": measures, "line": lines, "shapes": shapes}


def outcomes_of(request: Request, results: Results) -> list[Outcome]:
    """Return what is known of each network of which something was measured."""
    each = zip(request.comparison.labels(), results["measures"], results["shapes"], results["line"], strict=True)
    return [
        Outcome(label, measured.value, shapes.value and shapes.value.kurtosis, line.value, shapes.done and line.done)
        for label, measured, shapes, line in each
        if measured.value is not None
    ]


def _recurrent(experiment: Experiment) -> bool:
    return experiment.network.kind is Kind.RECURRENT


def _shapes(measured: Smoothness) -> Once:
    return Once(partial(_shapes_of, measured.run))


def _shapes_of(run: Run) -> Shapes:
    return Shapes(excess_kurtosis(run))
