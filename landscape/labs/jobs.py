"""The jobs that labs share: the same key names the same result, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from landscape.experiment import Experiment
from landscape.serving.jobs import Job
from landscape.serving.task import Once, Task
from landscape.training.run import Run
from landscape.training.training import Training


def training_jobs(
    experiments: Sequence[Experiment], watched: Callable[[Task], Task] | None = None
) -> tuple[list[Job], list[Job]]:
    """Return a training of each network, and what of it is kept: the run with its last snapshot alone.

    The training shows its run as it grows; it is asked for by itself only while the kept run is not there, or where
    something needs all snapshots. Many pages that are open hold many kept runs, and the store alone all snapshots.

    watched: makes of a training one that shows more of itself as it goes on; its result is the same.
    """
    trainings = [
        Job(f"training {one!r}", partial(_train, one, watched), serial=True, passing=True) for one in experiments
    ]
    kept = [Job(f"run {one!r}", _kept, (job,)) for one, job in zip(experiments, trainings, strict=True)]
    return trainings, kept


def _train(experiment: Experiment, watched: Callable[[Task], Task] | None) -> Task:
    training = Training([experiment])
    return training if watched is None else watched(training)


def _kept(run: Run) -> Once:
    return Once(run.bare)
