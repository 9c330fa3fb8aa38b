"""Measures made by hand, whose numbers are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from landscape.dynamics.smoothness import Ladder, Smoothness, StepLine
from landscape.experiment import Experiment
from landscape.geometry.gradient_lines import GradientLine, Probe
from landscape.labs.smoothness.facts import Facts, facts_from
from landscape.labs.smoothness.outcomes import Outcome
from landscape.training.run import Run

STEPS = np.arange(0, 300, 10)
BASE = Experiment().replace(num_steps=300)
LEARNED = Run(
    experiment=BASE,
    steps=np.array([0, 150, 300]),
    parameters=np.zeros((3, 4)),
    states=np.zeros((3, 2)),
    loss=np.linspace(2, 0.5, 300),
    gradient_norm=np.array([1.0, 1.0, 4.0, 1.0]),
    test_accuracy=np.array([0.1, 0.9, 0.9637]),
    train_loss=0.012345,
    train_accuracy=0.999,
    diverged_at=None,
    learned=True,
    majority=0.123,
    device="CPU",
)
IDLE = replace(LEARNED, test_accuracy=np.array([0.1, 0.1, 0.125]), train_accuracy=0.13, learned=False)
DIVERGED = replace(
    IDLE,
    steps=np.array([0, 3]),
    loss=np.array([2.0, 5.0, 90.0, 4000.0]),
    gradient_norm=np.array([3.0, 20.0, 600.0]),
    test_accuracy=np.array([0.1, 0.09]),
    diverged_at=7,
    train_loss=float("inf"),
)
LABELS = {"batch": "BatchNorm", "batch-l1": "l1", "batch-noisy": "noisy"}
LINE = GradientLine(
    step_sizes=np.linspace(0, 0.4, 5),
    loss=np.array([2.0, 1.0, 0.5, 4.0, 20.0]),
    arrow_sizes=np.array([0.1, 0.2, 0.4]),
    arrow_loss=np.array([1.0, 0.5, 20.0]),
    along=np.array([1.0, 0.0, -30.0]),
    across=np.array([0.0, 1.0, 40.0]),
    start_loss=2.0,
    gradient_norm=2.0,
)


def measured(
    normalization: str = "none",
    spread: float = 1.0,
    change: float = 1.0,
    beta: float = 20.0,
    spike: float = 1.0,
    run: Run = LEARNED,
    settings: dict[str, Any] | None = None,
    label: str = "",
    **known: Any,
) -> Outcome:
    """Return measures that are constant after the first fifth, but for one spike; all are ten times as large before."""
    height = np.where(STEPS < 60, 10.0, 1.0)
    height[20] = spike
    start, rungs = np.ones(len(STEPS)), np.array([0.0, 1.0])
    probe = Probe(
        step_sizes=np.array([0.05, 0.4]),
        loss=1 + height[:, None] * spread * rungs,
        gradient_change=height[:, None] * change * (0.5 + 0.5 * rungs),
        effective_beta=height[:, None] * beta * (0.5 + 0.5 * rungs),
        start_loss=start,
        gradient_norm=start,
    )
    run = replace(run, experiment=BASE.replace(normalization=normalization, **settings or {}))
    name = label or LABELS.get(normalization, normalization)
    return Outcome(name, Smoothness(run, Ladder(), STEPS, probe), **known)


ROUGH = measured(spread=0.4, change=5.0, spike=40.0)
SMOOTH = measured("batch", spread=0.02, change=1.0, beta=15.0, spike=2.0)


def facts(*outcomes: Outcome) -> Facts:
    return facts_from(outcomes)


def of_run(one: Outcome, **changes: Any) -> Outcome:
    """Return the measures as those of a training that went otherwise."""
    return replace(one, smoothness=replace(one.smoothness, run=replace(one.smoothness.run, **changes)))


def with_settings(one: Outcome, **settings: Any) -> Outcome:
    """Return the measures as those of a training of other settings."""
    return of_run(one, experiment=one.smoothness.run.experiment.replace(**settings))


def cut(one: Outcome, count: int, diverged_at: int | None = None, probes: int = 100) -> Outcome:
    """Return the measures at the first steps alone."""
    found, probe = one.smoothness, one.smoothness.probe
    names = ("loss", "gradient_change", "effective_beta", "start_loss", "gradient_norm")
    probe = replace(probe, **{name: getattr(probe, name)[:count] for name in names})
    run = replace(found.run, diverged_at=diverged_at, learned=diverged_at is None)
    return replace(one, smoothness=Smoothness(run, Ladder(probes=probes), STEPS[:count], probe))


def with_one_rung(one: Outcome) -> Outcome:
    """Return the measures on a ladder of one step size, along which the loss has no range."""
    probe = one.smoothness.probe
    names = ("loss", "gradient_change", "effective_beta")
    probe = replace(probe, step_sizes=probe.step_sizes[1:], **{name: getattr(probe, name)[:, 1:] for name in names})
    return replace(one, smoothness=replace(one.smoothness, ladder=Ladder(rungs=1), probe=probe))


def with_line(one: Outcome, loss: list[float], step: int = 7) -> Outcome:
    """Return what is known with a line of these losses."""
    return replace(one, line=StepLine(step, replace(LINE, loss=np.array(loss, float), start_loss=float(loss[0]))))
