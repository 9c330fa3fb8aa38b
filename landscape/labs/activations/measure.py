"""What is computed about the inside of networks, each a job: along the page's trainings, and in networks of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from landscape.experiment import Experiment
from landscape.internals.bends import activation_use
from landscape.internals.correlations import layer_correlations
from landscape.internals.gradients import GradientNorms, gradient_norms, layer_jacobians, layer_lengths
from landscape.internals.scales import learnt_scales
from landscape.internals.units import LEAVING, UnitMoments, layer_means, unit_moments
from landscape.labs.activations.request import EARLY, Activations
from landscape.labs.jobs import training_jobs
from landscape.labs.lab import Job, Jobs
from landscape.loss.network import objective
from landscape.loss.parametrization import same_function
from landscape.serving.task import ChunkedTask, Once, made
from landscape.training.run import Run
from landscape.training.snapshots import Snapshot, snapshot_count
from landscape.training.training import Training

ALL = 20000
"""No training set has more examples: correlations over few are larger by chance."""

OF_PROPAGATION = ("widths", "corrections", "constant run", "means", "jacobians")
"""What takes trainings of networks normalized by constants, and is computed where it is asked for."""

STAGES = 9
"""On the way from scale 1 and shift 0 to those that undo the normalization."""


@dataclass(frozen=True, eq=False)
class LayerGradients:
    """The gradients of one training by layer, and the lengths of its weights (S, L), the output last."""

    norms: GradientNorms
    lengths: np.ndarray


@dataclass(frozen=True, eq=False)
class LayerMeans:
    """The mean of what leaves each layer (S, L), by step (S,)."""

    steps: np.ndarray
    means: np.ndarray


@dataclass(frozen=True, eq=False)
class Passed:
    """The mean and the deviation of what leaves each layer (L,), over its units and the examples, before the first step.

    score: on test data after the last step.
    """

    mean: np.ndarray
    deviation: np.ndarray
    score: float


@dataclass(frozen=True, eq=False)
class DeepGradients:
    """|dL / dh_i| of a deep network by layer (L,), without the output, for each initial scale.

    scales: as multiples of the initial weights. start, later: a row each scale, before the first step and after the last.
    """

    scales: tuple[float, ...]
    start: np.ndarray
    later: np.ndarray


@dataclass(frozen=True, eq=False)
class Undone:
    """Outputs of a plain network and of one with BatchNorm and the same weights.

    stages: (STAGES,) from 0, scale 1 and shift 0, to 1, scale the deviation and shift the mean of each unit.
    difference: (STAGES,) root mean square of the outputs' difference over that of the plain outputs.
    plain: (N,) some of the plain network's outputs; first, last: (N,) the other's at the ends of the way.
    """

    stages: np.ndarray
    difference: np.ndarray
    plain: np.ndarray
    first: np.ndarray
    last: np.ndarray


class DeepTask(ChunkedTask):
    """The first steps of one deep network from several initial scales, a stack, and then its gradients by layer."""

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        self.training = Training(experiments, snapshots=2)
        self.found: list[np.ndarray] = []  # (2, L) of each

    @property
    def finished(self) -> bool:
        """Whether all gradients are there."""
        return self.training.finished and len(self.found) == len(self.training.experiments)

    def work(self) -> None:
        """Do a step, or the gradients of one network."""
        if not self.training.finished:
            self.training.work()
        else:
            taken, member = self.training.snapshots.taken, len(self.found)
            run = ungraded(self.training.experiments[member], [taken[0], taken[-1]], member)
            self.found.append(gradient_norms(run).activations[[0, -1], :-1])

    def result(self) -> DeepGradients:
        """Return the gradients of all of them."""
        scales = tuple(one.network.init_scale for one in self.training.experiments)
        start, later = np.stack(self.found, 1)
        return DeepGradients(scales, start, later)


class FirstSteps(ChunkedTask):
    """The units of a network in its first steps: those of its training, which is given up after them.

    At `EARLY`, or at fewer of these where the network is so large that a run would keep fewer.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.training = Training([experiment], snapshots=2)
        count = snapshot_count(len(EARLY), self.training.network.layout.size)
        self.wanted = {EARLY[place] for place in np.linspace(0, len(EARLY) - 1, count).astype(int)}
        self.taken: list[Snapshot] = []
        self.found: UnitMoments | None = None

    @property
    def finished(self) -> bool:
        """Whether the units have been looked at."""
        return self.found is not None

    @property
    def fraction(self) -> float:
        """How many of the steps are done."""
        return float(self.finished) or 0.9 * self.training.step / EARLY[-1]

    def work(self) -> None:
        """Do a step, or look at the units after the last."""
        training = self.training
        if training.step in self.wanted:
            self.wanted.remove(training.step)
            states = training.network.flatten_state(training.state)
            kept = (values.detach().cpu().numpy().copy() for values in (training.parameters, states))
            self.taken.append(Snapshot(training.step, *kept))
        if training.step >= EARLY[-1] or training.ended:
            finite = [one for one in self.taken if np.isfinite(one.parameters).all()]
            self.found = unit_moments(ungraded(training.experiments[0], finite, 0))
        else:
            training.work()

    def result(self) -> UnitMoments:
        """Return what was found, at the steps that were done."""
        return made(self.found)


def ungraded(experiment: Experiment, taken: Sequence[Snapshot], member: int) -> Run:
    """Return a run of these snapshots of one of a stack without what it does on data: that takes longer than few steps."""
    none, unknown = np.zeros(0, np.float32), float("nan")
    parameters, states = (np.stack(parts) for parts in zip(*(one.member(member) for one in taken), strict=True))
    return Run(
        experiment,
        np.array([one.step for one in taken]),
        parameters,
        states,
        loss=none,
        gradient_norm=none,
        test_accuracy=none,
        train_loss=unknown,
        train_accuracy=unknown,
        diverged_at=None,
        learned=False,
        majority=unknown,
        device="",
    )


def jobs(request: Activations) -> Jobs:
    """Return what is computed, in the order in which it is worth having."""
    experiments = request.comparison.experiments()
    trainings, runs = training_jobs(experiments)
    straight = request.straight_experiments()
    straight_trainings, straight_runs = training_jobs(straight)
    _, (plain,) = training_jobs([request.plain()])
    constants = request.propagation.experiments(request.seed)
    constant_trainings, constant_runs = training_jobs(constants)
    widths = request.propagation.of_widths(request.seed)
    width_trainings, _ = training_jobs(widths)
    corrections = request.propagation.corrections(request.seed)
    correction_trainings, _ = training_jobs(corrections)
    found: dict[str, list[Job | None]] = {
        "run": list(runs),
        "training": list(trainings),
        "units": _looks("units", unit_moments, experiments, trainings),
        "early": [
            Job(f"first steps {one!r}", partial(FirstSteps, one), serial=True) if request.first_steps else None
            for one in experiments
        ],
        "use": _looks("use", activation_use, experiments, trainings),
        "gradients": _looks("gradients", layer_gradients, experiments, trainings),
        "deep": [Job(f"deep {many!r}", partial(DeepTask, many), serial=True) for many in request.deep_experiments()],
        "learnt": [
            job if _learns(one) else None
            for one, job in zip(experiments, _looks("learnt", learnt_scales, experiments, trainings), strict=True)
        ],
        "straight run": list(straight_runs),
        "straight learnt": [
            job if _learns(one) else None
            for one, job in zip(straight, _looks("learnt", learnt_scales, straight, straight_trainings), strict=True)
        ],
        "straight use": _looks("use", activation_use, straight, straight_trainings),
        "undone": [Job(f"undone {request.plain()!r}", _undone, (plain,), serial=True)],
        "widths": _looks("correlations", _correlations, widths, width_trainings),
        "corrections": _looks("passed", passed, corrections, correction_trainings),
        "constant run": list(constant_runs),
        "means": _looks("means", _means, constants, constant_trainings),
        "jacobians": _looks("jacobians", _jacobians, constants, constant_trainings),
    }
    return found if request.try_propagation else found | {name: [None] * len(found[name]) for name in OF_PROPAGATION}


def _looks(
    name: str, look: Callable[[Run], Any], experiments: Sequence[Experiment], trainings: Sequence[Job]
) -> list[Job | None]:
    """Return jobs that look into trainings, one each."""
    return [
        Job(f"{name} {one!r}", partial(_look, look=look), (training,), serial=True)
        for one, training in zip(experiments, trainings, strict=True)
    ]


def _look(run: Run, look: Callable[[Run], Any]) -> Once:
    return Once(partial(look, run))


def _learns(one: Experiment) -> bool:
    """Return whether the normalization of its hidden layers learns a scale and a shift, once for each unit."""
    network = one.network
    return {"scale", "shift"} <= set(network.layer().parameters(1)) and network.normalized != "input"


def layer_gradients(run: Run) -> LayerGradients:
    """Return the gradients of a run by layer, and the lengths of its weights."""
    return LayerGradients(gradient_norms(run), layer_lengths(run))


def _correlations(run: Run) -> Any:
    return layer_correlations(run, snapshot=0, examples=ALL)


def _means(run: Run) -> LayerMeans:
    return LayerMeans(run.steps, layer_means(run))


def passed(run: Run) -> Passed:
    """Return what leaves the layers of a network before its first step."""
    units = unit_moments(at_start(run))
    mean, deviation = (of[0, :, LEAVING] for of in (units.mean, units.deviation))
    whole = mean.mean(-1)
    size = np.sqrt((np.square(deviation) + np.square(mean)).mean(-1) - np.square(whole))
    return Passed(whole, size, float(run.test_accuracy[-1]))


def at_start(run: Run) -> Run:
    """Return a run that ends before its first step."""
    return replace(run, steps=run.steps[:1], parameters=run.parameters[:1], states=run.states[:1])


def _jacobians(run: Run) -> Any:
    return layer_jacobians(run, snapshot=0)


def _undone(run: Run) -> Once:
    return Once(partial(undo, run))


def undo(run: Run, examples: int = 256) -> Undone:
    """Return what becomes of a plain network's outputs as BatchNorm with its weights is undone by scale and shift."""
    other = same_function(run, "batch", examples)
    plain, normalized = (objective(one, num_examples=examples) for one in (run, other))
    end = normalized.tensor(other.parameters[-1:])
    start = end.clone()
    for block in normalized.layout.blocks:
        if block.name.endswith((".scale", ".shift")):
            start[:, normalized.layout.slice(block.name)] = float(block.name.endswith(".scale"))
    stages = torch.linspace(0, 1, STAGES)
    with torch.no_grad():
        target = plain.outputs(plain.tensor(run.parameters[-1:]))[0][0]  # all examples are one batch
        found = normalized.outputs(start + stages[:, None] * (end - start))[0]
    difference = (found - target).square().mean((1, 2)).sqrt() / target.square().mean().sqrt()
    some = [values.flatten()[::7].cpu().numpy() for values in (target, found[0], found[-1])]
    return Undone(stages.numpy(), difference.cpu().numpy(), *some)
