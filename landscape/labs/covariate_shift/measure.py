"""What is computed about shifts: the units' moments along trainings, other domains, gradients, and a part of a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch

from landscape.data import Data, load
from landscape.data.draws import CURVE_ENDS, target_curve
from landscape.dynamics.shift import ShiftTask
from landscape.dynamics.stability import StepMoments, StepMomentsTask
from landscape.experiment import Experiment
from landscape.internals.domains import DomainFeatures, DomainShift, adapted_state, domain_features, domain_shift
from landscape.internals.passes import snapshots_of
from landscape.labs.covariate_shift.request import CovariateShift, Elsewhere
from landscape.labs.lab import Job, Jobs
from landscape.loss.network import network_of
from landscape.serving.task import ChunkedTask, Once
from landscape.training.run import Run
from landscape.training.training import Training
from models.normalization import Context

LINEAR_LOOKS = 8
"""At so many steps the deep linear network is measured: each takes two gradients a layer."""

GRID = 181
"""Points at which a curve is drawn, over all of its range."""

SHOWN = 4
"""So many examples of a domain are shown."""


def jobs(request: CovariateShift) -> Jobs:
    """Return what is computed, in the order in which it is worth having.

    Those of the curve and of the deep linear network are not serial, so that a second worker has them beside the others.
    Lists are one a network of the comparison ("moments"), of the first two ("run", "domains", "shift"), of the deep linear
    ones, of those of the curve.
    """
    domains, looks = request.domains(), request.looks
    moments = [
        Job(f"moments {one!r} {looks}", partial(StepMomentsTask, one, looks), serial=True)
        for one in request.comparison.experiments()
    ]
    # The runs that other labs call so too: here they have been trained already, to look inside.
    runs = [Job(f"run {one!r}", _kept, (own,)) for one, own in zip(request.pair, moments, strict=False)]
    return {
        "moments": moments,
        "run": runs,
        "domains": [
            Job(f"domains {one!r} {domains}", partial(_domains, domains=domains), (run,), serial=True)
            for one, run in zip(request.pair, runs, strict=True)
        ],
        "curve": [
            Job(f"curve {one!r} {request.learnt}", partial(CurveTask, one, request.learnt)) for one in request.curves()
        ],
        "shift": [Job(f"shift {one!r} {looks}", partial(ShiftTask, one, looks), serial=True) for one in request.pair],
        "linear": [
            Job(f"shift {one!r} {LINEAR_LOOKS}", partial(ShiftTask, one, LINEAR_LOOKS)) for one in request.linear()
        ],
    }


@dataclass(frozen=True, eq=False)
class Seen:
    """A network in another domain: the shift, its features there, and some test examples (n, *inputs) as they look."""

    elsewhere: Elsewhere
    shift: DomainShift
    features: DomainFeatures
    examples: np.ndarray


@dataclass(frozen=True, eq=False)
class Domains:
    """A network in other domains.

    examples: (n, *inputs) the test examples as they are. stores: whether it has statistics for AdaBN to replace.
    learned: whether there is something that another domain could take away.
    """

    seen: tuple[Seen, ...]
    examples: np.ndarray
    stores: bool
    learned: bool = True


class DomainsTask(ChunkedTask):
    """A network in one domain after the other."""

    def __init__(self, run: Run, domains: Sequence[Elsewhere]) -> None:
        self.run, self.domains, self.seen = run, tuple(domains), list[Seen]()
        data = load(run.experiment.data)
        self.examples, self.deviation = data.test_x[:SHOWN], float(data.train_x.std())

    @property
    def finished(self) -> bool:
        return len(self.seen) == len(self.domains)

    @property
    def fraction(self) -> float:
        return len(self.seen) / len(self.domains)

    def work(self) -> None:
        """See the next domain."""
        one = self.domains[len(self.seen)]
        examples = one.domain.apply(self.examples, self.deviation, 1).numpy()
        self.seen.append(Seen(one, domain_shift(self.run, one.domain), domain_features(self.run, one.domain), examples))

    def result(self) -> Domains:
        stores = bool(network_of(self.run.experiment).state_layout.blocks)
        return Domains(tuple(self.seen), self.examples.numpy(), stores, self.run.learned)


def _kept(found: StepMoments) -> Once:
    return Once(found.run.bare)


def _domains(run: Run, domains: Sequence[Elsewhere]) -> DomainsTask:
    return DomainsTask(run, domains)


@dataclass(frozen=True, eq=False)
class PartOfCurve:
    """A curve of which a part was learnt. G points of the whole.

    learnt: up to which x. x, true: (G,) and the curve there; told: (G,) what the network says; adapted: (G,) the same after AdaBN to the other
    part, None where nothing is stored. seen_x, seen_y: (N,) the training examples. inside, outside: mean squared error on
    test examples of the part that was learnt, and of the other; adapted_outside: there after AdaBN, or None.
    run: of the training.
    """

    run: Run
    learnt: float
    x: np.ndarray
    true: np.ndarray
    told: np.ndarray
    adapted: np.ndarray | None
    seen_x: np.ndarray
    seen_y: np.ndarray
    inside: float
    outside: float
    adapted_outside: float | None


class CurveTask(ChunkedTask):
    """The training on the part of a curve where x is below a bound, and what the network says of all of it."""

    def __init__(self, experiment: Experiment, learnt: float) -> None:
        self.learnt = learnt
        self.training = Training([experiment], data=part_of(load(experiment.data), learnt))

    @property
    def finished(self) -> bool:
        return self.training.finished

    @property
    def fraction(self) -> float:
        return self.training.fraction

    def work(self) -> None:
        """Do one step of the training."""
        self.training.work()

    def result(self) -> PartOfCurve:
        run = self.training.result()
        network, data = network_of(run.experiment), load(run.experiment.data)
        parameters, stored = snapshots_of(run, network, [-1])
        grid = torch.linspace(*CURVE_ENDS, GRID)[:, None]
        beyond, within = data.test_x[:, 0] >= self.learnt, data.test_x[:, 0] < self.learnt

        def says(x: torch.Tensor, state: Any) -> torch.Tensor:
            with torch.no_grad():
                told, _ = network.forward(parameters, state, x[None].to(parameters), Context(statistics="stored"))
            return told[0].cpu()

        def error(which: torch.Tensor, state: Any) -> float:
            return float((says(data.test_x[which], state) - data.test_y[which]).square().mean())

        adapted = None
        if network.state_layout.blocks:
            there = data.train_x[data.train_x[:, 0] >= self.learnt].to(parameters)
            adapted = adapted_state(network, parameters, there)
        seen = part_of(data, self.learnt)
        return PartOfCurve(
            run=run.bare(),
            learnt=self.learnt,
            x=grid[:, 0].numpy(),
            true=target_curve(grid[:, 0].numpy()),
            told=says(grid, stored)[:, 0].numpy(),
            adapted=None if adapted is None else says(grid, adapted)[:, 0].numpy(),
            seen_x=seen.train_x[:, 0].numpy(),
            seen_y=seen.train_y[:, 0].numpy(),
            inside=error(within, stored),
            outside=error(beyond, stored),
            adapted_outside=None if adapted is None else error(beyond, adapted),
        )


def part_of(data: Data, learnt: float) -> Data:
    """Return the data with those examples alone whose first feature is below a bound."""
    train, test = data.train_x[:, 0] < learnt, data.test_x[:, 0] < learnt
    return replace(
        data,
        train_x=data.train_x[train],
        train_y=data.train_y[train],
        test_x=data.test_x[test],
        test_y=data.test_y[test],
    )
