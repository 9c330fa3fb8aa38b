"""What is computed about inference, each a job: networks alone and together, statistics, corrections, hard trainings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from landscape.data import load
from landscape.dynamics.averages import AveragesTask
from landscape.experiment import BatchOrder, Experiment
from landscape.internals.sequences import read_later, shared_over_time
from landscape.internals.statistics import batch_statistics, renormalization_corrections, stored_statistics
from landscape.internals.together import MatesTask, TogetherTask
from landscape.labs.inference.request import LATER, MATES, OTHERS, WEIGHTS, Inference, can_fold
from landscape.labs.jobs import training_jobs
from landscape.labs.lab import Job, Jobs
from landscape.loss.folding import folding_error
from landscape.loss.network import network_of
from landscape.serving.task import Once, Task
from landscape.training.run import Run

SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
"""The sizes of batches whose statistics are compared with the population's."""

DRAWS = 64
"""So many batches of each."""

BATCHES = 200
"""So many batches are averaged, one after the other, at fixed weights."""

MOST = 2000
"""The loss is measured on so many training examples at most."""


def jobs(request: Inference) -> Jobs:
    """Return what is computed, in the order in which it is worth having.

    Lists are one a network, one for the network whose statistics are looked at, one a kind of batch whose corrections are
    drawn, one a condition and network, one a training by averages, or one a recurrent network.
    """
    experiments = request.comparison.experiments()
    trainings, runs = training_jobs(experiments)
    each = list(zip(experiments, runs, strict=True))
    found: dict[str, list[Job | None]] = {
        "run": list(runs),
        "training": list(trainings),
        "together": [_of(run, f"together {one!r}", TogetherTask) for one, run in each],
        "sorted": [
            _of(run, f"sorted together {one!r}", partial(TogetherTask, order="sorted")) if depends else None
            for (one, run), depends in zip(each, request.depends(), strict=True)
        ],
        "mates": [
            _of(run, f"mates {one!r} {request.example}", partial(_mates, example=request.example)) for one, run in each
        ],
        "loss": [_of(run, f"loss together {one!r}", _losses) for one, run in each],
        **_statistics(request, experiments, runs),
        "corrections": _corrections(request),
    }
    found["dropping training"], found["dropping run"] = _trained([request.dropping])
    found["dropping"] = [
        run and _of(run, f"dropping {run.key} {request.example}", partial(_mates, example=request.example, drops=True))
        for run in found["dropping run"]
    ]
    hard = [one for condition in request.hard().values() for one in condition]
    found["hard training"], found["hard run"] = _trained(hard)
    naive = request.naive()
    found["naive training"], found["naive run"] = _trained(naive)
    found["lengths"] = [
        Job(f"lengths {one!r}", _lengths, (training,)) if one and training else None
        for one, training in zip(naive, found["naive training"], strict=True)
    ]
    readers = request.readers()
    found["reader training"], trained = _trained(readers)
    plain, by_step, layer = trained
    shared = by_step and _of(by_step, f"shared {by_step.key}", partial(_once, shared_over_time))
    found["reader run"] = [plain, by_step, shared, layer]
    found["reader stored"] = [
        run and _of(run, f"stored {run.key}", partial(_once, stored_statistics))
        for run in (None, by_step, shared, None)
    ]
    found["later"] = [
        run and _of(run, f"later {run.key} {LATER}", partial(_once, partial(read_later, rows=LATER)))
        for run in found["reader run"]
    ]
    return found


def _statistics(
    request: Inference, experiments: Sequence[Experiment], runs: Sequence[Job]
) -> dict[str, list[Job | None]]:
    """Return the jobs about one network's statistics; none where no network stores any."""
    names = "statistics", "forgetting", "following", "folding"
    if request.subject is None:
        return {name: [None] for name in names}
    one, run = experiments[request.subject], runs[request.subject]
    size = one.training.batch_size
    jobs = (
        _of(run, f"statistics {one!r}", _at_sizes),
        _of(run, f"forgetting {one!r}", partial(_sequence, size=size)),
        Job(f"following {one!r} {WEIGHTS}", partial(AveragesTask, one, WEIGHTS), serial=True),
        _of(run, f"folding {one!r}", partial(_once, folding_error)) if can_fold(one) else None,
    )
    return {name: [job] for name, job in zip(names, jobs, strict=True)}


def _corrections(request: Inference) -> list[Job | None]:
    one = request.renormalized
    if one is None:
        return [None] * 3
    _, (run,) = training_jobs([one])
    return [
        _of(run, f"corrections {one!r} {size} {order}", partial(_corrected, size=size, order=order))
        for size, order in request.corrected()
    ]


def _trained(experiments: Sequence[Experiment | None]) -> tuple[list[Job | None], list[Job | None]]:
    """Return trainings and what is kept of them, None where there is no experiment."""
    trainings: list[Job | None] = []
    kept: list[Job | None] = []
    for one in experiments:
        found = training_jobs([one]) if one is not None else ([None], [None])
        trainings += found[0]
        kept += found[1]
    return trainings, kept


def _of(run: Job, key: str, make: Callable[[Run], Task]) -> Job:
    return Job(key, make, (run,))


def _once(call: Callable[[Run], Any], run: Run) -> Once:
    return Once(partial(call, run))


def _losses(run: Run) -> TogetherTask:
    """Return the task that measures the loss on training examples in batches of powers of two, once through."""
    examples = len(load(run.experiment.data).train_x)
    sizes = [2**power for power in range(1, 11) if 2**power <= examples]
    return TogetherTask(run, "train", sizes, rounds=1)


def _mates(run: Run, example: int, drops: bool = False) -> MatesTask:
    """Return the task that gives other mates to the example and to the first others; and drops units, as training does."""
    examples = len(load(run.experiment.data).test_x)
    shown = min(example, examples - 1)
    others = [place for place in range(min(OTHERS + 1, examples)) if place != shown][:OTHERS]
    return MatesTask(run, [shown, *others], [size for size in MATES if size <= examples], drops=drops)


def _at_sizes(run: Run) -> Once:
    examples = len(load(run.experiment.data).train_x)
    return Once(partial(batch_statistics, run, [size for size in SIZES if size <= examples], DRAWS))


def _sequence(run: Run, size: int) -> Once:
    examples = len(load(run.experiment.data).train_x)
    return Once(partial(batch_statistics, run, [min(size, examples)], BATCHES, 1))


def _corrected(run: Run, size: int, order: BatchOrder) -> Once:
    examples = len(load(run.experiment.data).train_x)
    return Once(partial(renormalization_corrections, run, min(size, examples), 1, order))


def _lengths(run: Run) -> Once:
    return Once(partial(hidden_length, run))


def hidden_length(run: Run) -> np.ndarray:
    """Return the length (S,) of all weights of the hidden layers together, at each snapshot."""
    network = network_of(run.experiment)
    parts = network.layout.split(torch.as_tensor(run.parameters).double())
    squares = [parts[f"{place}.weight"].square().sum((1, 2)) for place in network.maps if place != "output"]
    return torch.stack(squares).sum(0).sqrt().numpy()
