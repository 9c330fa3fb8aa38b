"""From results about inference to named numbers.

It is long, as six sections have a record each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.data import load
from landscape.dynamics.averages import Averages, filtered
from landscape.experiment import Experiment
from landscape.internals.statistics import BatchStatistics, Corrections
from landscape.internals.together import Mates
from landscape.labs.inference.request import READER_NAMES, WEIGHTS, Inference
from landscape.labs.lab import Known, Results
from landscape.labs.trainings import Trained, trained_of
from landscape.training.run import Run

LAST = 50
"""The loss at the end is the mean over so many steps."""

OPENING = (0.0, 1 / 4, 1 / 2)
"""Shares of the training at which renormalization's limits are told of: at the first they leave BatchNorm as it is."""

EARLY = 0.1
"""Averages are told of after this share of the training, and at its end."""


@dataclass(frozen=True)
class Company:
    """How one network does on the test data by how many examples are normalized together.

    depends: whether an example's output depends on its mates in training. sizes: how many; scores: of each; alike: with
    examples sorted by class, none where they are not; stored: by stored statistics. apart: by size, how far the outputs lie
    from those by stored statistics, in deviations of these.
    loss_sizes, losses: the loss on training examples in batches of so many.
    """

    name: str
    normalization: str
    depends: bool
    sizes: tuple[int, ...]
    scores: tuple[float, ...]
    alike: tuple[float, ...]
    stored: float
    apart: tuple[float, ...]
    loss_sizes: tuple[int, ...] = ()
    losses: tuple[float, ...] = ()

    def score(self, size: int) -> float:
        """Return the score with so many together, or the nearest number below that there is."""
        return self.scores[_nearest(self.sizes, size)]

    def sorted_score(self, size: int) -> float:
        """Return the same of examples sorted by class."""
        return self.alike[_nearest(self.sizes, size)]

    def distance(self, size: int) -> float:
        """Return how far the outputs lie from those by stored statistics."""
        return self.apart[_nearest(self.sizes, size)]


@dataclass(frozen=True)
class OtherMates:
    """What other mates change of one network's outputs, over some examples, by size of the batch.

    spread: the deviation over the mates, in units of that over the examples. changes: the share of other classes.
    right: the share of the mates with which the example that is shown is told rightly; stored: whether it is by stored
    statistics.
    """

    name: str
    normalization: str
    depends: bool
    sizes: tuple[int, ...]
    spread: tuple[float, ...]
    changes: tuple[float, ...]
    right: tuple[float, ...]
    stored: bool


@dataclass(frozen=True)
class Sampled:
    """The statistics of batches beside the population's.

    sizes: of the batches. first, last: the error of the mean in the first and in the last layer, over what chance gives.
    biased, unbiased: the variance over the population's, in the first layer.
    """

    name: str
    sizes: tuple[int, ...]
    first: tuple[float, ...]
    last: tuple[float, ...]
    biased: tuple[float, ...]
    unbiased: tuple[float, ...]


@dataclass(frozen=True)
class Forgetting:
    """The error of a moving average of one weight at fixed weights of the network, in deviations of the units.

    first: before any batch. floor: at the end. expected: that of independent batches.
    """

    weight: float
    first: float
    floor: float
    expected: float


@dataclass(frozen=True)
class Following:
    """The test score by averages of one weight along a training: early, after so many steps, and at the end."""

    weight: float
    early_step: int
    early: float
    end: float


@dataclass(frozen=True)
class Folded:
    """The outputs of the folded network: the greatest difference, the largest output, the share of equal classes."""

    difference: float
    largest: float
    alike: float


@dataclass(frozen=True)
class Corrected:
    """r and d of the first layer over batches of one kind; chance: 1 / sqrt(size).

    clipped: the share, of all layers, that lies beyond the limits at the end of the training; opening: beyond those of each
    of `OPENING`.
    """

    size: int
    order: str
    r_mean: float
    r_deviation: float
    d_mean: float
    d_deviation: float
    clipped: float
    opening: tuple[float, ...] = ()

    @property
    def chance(self) -> float:
        """What the deviation of d is where examples are drawn by chance."""
        return float(self.size**-0.5)


@dataclass(frozen=True)
class Hard:
    """One network trained under one condition: its last loss, its score on test data, whether it diverged."""

    condition: str
    name: str
    normalization: str
    loss: float
    score: float
    diverged: bool


@dataclass(frozen=True)
class Naive:
    """One training by averages, or what it is compared with.

    growth: of the length of the hidden weights; late_growth: over the second half. quarters: the mean loss of each.
    """

    name: str
    normalization: str
    growth: float
    late_growth: float
    loss: float
    quarters: tuple[float, ...]
    diverged: bool


@dataclass(frozen=True)
class Reader:
    """One recurrent network.

    numbers: stored. deviations: stored, the mean of the units at each step, or the one for all; none where none is stored.
    rows, later: the score where so many blank rows come first.
    """

    name: str
    score: float
    train: float
    numbers: int
    deviations: tuple[float, ...]
    rows: tuple[int, ...]
    later: tuple[float, ...]


@dataclass(frozen=True)
class Facts:
    """The facts about inference, as far as they are there: of all networks in each tuple, or of none.

    score: what is counted; guess: what a constant guess gets; examples: of the test data. shown: the place of the example
    that is shown, and its class.
    """

    trained: tuple[Trained, ...]
    score: str
    guess: float
    examples: int
    shown: tuple[int, str]
    company: tuple[Company, ...] = ()
    mates: tuple[OtherMates, ...] = ()
    dropping: OtherMates | None = None
    sampled: Sampled | None = None
    forgetting: tuple[Forgetting, ...] = ()
    following: tuple[Following, ...] = ()
    folded: Folded | None = None
    corrected: tuple[Corrected, ...] = ()
    hard: tuple[Hard, ...] = ()
    naive: tuple[Naive, ...] = ()
    readers: tuple[Reader, ...] = ()
    steps: int = 0

    def network(self, normalization: str) -> Company | None:
        """Return the first network of a normalization among those of which it is known how they do together."""
        return next((one for one in self.company if one.normalization == normalization), None)

    def visitor(self, normalization: str) -> OtherMates | None:
        """Return the first network of a normalization among those with other mates."""
        return next((one for one in self.mates if one.normalization == normalization), None)

    def under(self, condition: str, normalization: str) -> Hard | None:
        """Return the first network of a normalization under a condition."""
        found = (one for one in self.hard if (one.condition, one.normalization) == (condition, normalization))
        return next(found, None)


def facts_of(request: Inference, results: Results) -> Facts | None:
    """Return the facts that are there; None before any is."""
    labels, experiments = request.comparison.labels(), request.comparison.experiments()
    data, dataset = load(request.comparison.base.data), request.comparison.base.data.dataset
    trained = tuple(
        trained_of(name, one.value) for name, one in zip(labels, results["run"], strict=True) if _there(one)
    )
    shown = min(request.example, len(data.test_y) - 1)
    naive, readers = _naive(request, results), _readers(results)
    if not (trained or naive or readers):
        return None
    return Facts(
        trained=trained,
        score=dataset.score,
        guess=data.majority,
        examples=len(data.test_y),
        shown=(shown, data.class_names[int(data.test_y[shown])] if dataset.has_classes else ""),
        company=_company(request, results),
        mates=_mates(request, results),
        dropping=_dropping(request, results),
        sampled=_sampled(labels, request, results),
        forgetting=_forgetting(results),
        following=_following(results),
        folded=_folded(results),
        corrected=_corrected(request, results),
        hard=_hard(request, results),
        naive=naive,
        readers=readers,
        steps=experiments[0].training.num_steps,
    )


def _company(request: Inference, results: Results) -> tuple[Company, ...]:
    """Return how all networks do together; none while one is not there. Losses come when all of them are there."""
    kinds, together, alike, losses = (
        request.comparison.normalizations(), results["together"], results["sorted"], results["loss"],
    )  # fmt: skip
    if not (_all_there(together) and all(one.done for one in alike)):
        return ()
    with_losses = _all_there(losses)
    found = []
    for i, (name, kind, depends) in enumerate(zip(request.comparison.labels(), kinds, request.depends(), strict=True)):
        one, other = together[i].value, alike[i].value
        found.append(
            Company(
                name=name,
                normalization=kind.value,
                depends=depends,
                sizes=_ints(one.sizes),
                scores=_floats(one.accuracy),
                alike=() if other is None else _floats(other.accuracy),
                stored=one.stored_accuracy,
                apart=_floats(one.apart),
                loss_sizes=_ints(losses[i].value.sizes) if with_losses else (),
                losses=_floats(losses[i].value.loss) if with_losses else (),
            )
        )
    return tuple(found)


def _mates(request: Inference, results: Results) -> tuple[OtherMates, ...]:
    if not _all_there(results["mates"]):
        return ()
    found = []
    each = zip(
        request.comparison.labels(),
        request.comparison.normalizations(),
        request.depends(),
        results["mates"],
        strict=True,
    )
    for name, kind, depends, known in each:
        found.append(_visit(name, kind.value, depends, known.value))
    return tuple(found)


def _visit(name: str, normalization: str, depends: bool, one: Mates) -> OtherMates:
    classes = one.targets.ndim == 1
    right = (one.outputs[:, :, 0].argmax(-1) == one.targets[0]).mean(1) if classes else np.zeros(len(one.sizes))
    return OtherMates(
        name=name,
        normalization=normalization,
        depends=depends,
        sizes=_ints(one.sizes),
        spread=_floats(one.spread),
        changes=_floats(one.changes) if classes else (),
        right=_floats(right) if classes else (),
        stored=bool(classes and one.stored[0].argmax() == one.targets[0]),
    )


def dropping_name(experiment: Experiment) -> str:
    """Return what the network with dropout is called.

    >>> dropping_name(Experiment().replace(normalization="none", dropout=0.2))
    'dropout 0.2, no normalization'
    """
    return f"dropout {experiment.network.dropout:g}, {experiment.network.normalization.label}"


def _dropping(request: Inference, results: Results) -> OtherMates | None:
    (known,) = results["dropping"]
    if request.dropping is None or not _there(known):
        return None
    return _visit(dropping_name(request.dropping), request.dropping.network.normalization.value, False, known.value)


def _sampled(labels: Sequence[str], request: Inference, results: Results) -> Sampled | None:
    (known,) = results["statistics"]
    if not _there(known) or request.subject is None:
        return None
    one: BatchStatistics = known.value
    error = one.error / one.expected[:, None]
    columns = (error[:, 0], error[:, -1], one.biased[:, 0], one.unbiased[:, 0])
    return Sampled(labels[request.subject], _ints(one.sizes), *(_floats(column) for column in columns))


def errors_of_averages(found: BatchStatistics, weight: float) -> np.ndarray:
    """Return the error (1 + D,) of a moving average of the first layer's means after each batch, begun at 0.

    The root of its mean square over the units, in deviations of each.
    """
    population, deviation = found.population_mean[0], np.sqrt(found.population_variance[0])
    varies = deviation > 0
    means = np.concatenate(
        [np.zeros((1, len(population))), filtered(found.mean[0, :, 0], weight, np.zeros(len(population)))]
    )
    return np.asarray(np.sqrt(np.square((means - population)[:, varies] / deviation[varies]).mean(1)))


def floor_of(found: BatchStatistics, weight: float) -> float:
    """Return what the error of a moving average of independent batches comes down to: sqrt(a / (2 - a)) of a batch's."""
    return float(np.sqrt(weight / (2 - weight)) * found.expected[0])


def _forgetting(results: Results) -> tuple[Forgetting, ...]:
    (known,) = results["forgetting"]
    if not _there(known):
        return ()
    found = []
    for weight in WEIGHTS:
        errors = errors_of_averages(known.value, weight)
        late = errors[len(errors) // 2 :]
        floor = float(np.sqrt(np.square(late).mean()))
        found.append(Forgetting(weight, float(errors[0]), floor, floor_of(known.value, weight)))
    return tuple(found)


def _following(results: Results) -> tuple[Following, ...]:
    (known,) = results["following"]
    if not _there(known):
        return ()
    one: Averages = known.value
    early = int(np.abs(one.steps - EARLY * one.steps[-1]).argmin())
    return tuple(
        Following(weight, int(one.steps[early]), float(curve[early]), float(curve[-1]))
        for weight, curve in zip(one.weights, one.accuracy, strict=True)
    )


def _folded(results: Results) -> Folded | None:
    (known,) = results["folding"]
    return Folded(known.value.difference, known.value.largest, known.value.alike) if _there(known) else None


def _corrected(request: Inference, results: Results) -> tuple[Corrected, ...]:
    if not _all_there(results["corrections"]):
        return ()
    found = []
    for (size, order), known in zip(request.corrected(), results["corrections"], strict=True):
        one: Corrections = known.value
        r, d = one.r[:, 0], one.d[:, 0]
        r_mean, r_deviation, d_mean, d_deviation = (float(value) for value in (r.mean(), r.std(), d.mean(), d.std()))
        opening = tuple(one.clipped_at(progress) for progress in OPENING)
        found.append(Corrected(size, order.value, r_mean, r_deviation, d_mean, d_deviation, one.clipped, opening))
    return tuple(found)


def _hard(request: Inference, results: Results) -> tuple[Hard, ...]:
    known = results["hard run"]
    if not all(one.done for one in known):
        return ()
    labels, kinds = request.comparison.labels(), request.comparison.normalizations()
    where = [
        (condition, name, kind.value)
        for condition, many in request.hard().items()
        for name, kind, _ in zip(labels, kinds, many, strict=True)
    ]
    each = zip(where, known, strict=True)
    return tuple(Hard(*place, *_outcome(one.value)) for place, one in each if _there(one))


def _outcome(run: Run) -> tuple[float, float, bool]:
    return float(run.loss[-LAST:].mean()), float(run.test_accuracy[-1]), run.diverged_at is not None


def _naive(request: Inference, results: Results) -> tuple[Naive, ...]:
    lengths, runs = results["lengths"], results["naive run"]
    if not (_all_there(lengths) and _all_there(runs)):
        return ()
    found = []
    for one, length, run in zip(request.naive(), lengths, runs, strict=True):
        if one is None:
            continue
        of, half = length.value, length.value[len(length.value) // 2]
        kind = one.network.normalization
        loss, _, diverged = _outcome(run.value)
        quarters = tuple(float(part.mean()) for part in np.array_split(run.value.loss, 4) if len(part))
        growth = float(of[-1] / of[0]), float(of[-1] / half)
        found.append(Naive(kind.label, kind.value, *growth, loss, quarters, diverged))
    return tuple(found)


def _readers(results: Results) -> tuple[Reader, ...]:
    runs, stored, later = results["reader run"], results["reader stored"], results["later"]
    if not (_all_there(runs) and _all_there(later) and all(one.done for one in stored)):
        return ()
    found = []
    for name, run, kept, read in zip(READER_NAMES, runs, stored, later, strict=True):
        one: Any = kept.value
        found.append(
            Reader(
                name=name,
                score=float(run.value.test_accuracy[-1]),
                train=run.value.train_accuracy,
                numbers=0 if one is None else one.numbers,
                deviations=() if one is None else _floats(one.deviation.mean(1)),
                rows=_ints(read.value.rows),
                later=_floats(read.value.accuracy),
            )
        )
    return tuple(found)


def _there(one: Known) -> bool:
    return one.done and not one.failed and one.value is not None


def _all_there(many: Sequence[Known]) -> bool:
    return bool(many) and all(_there(one) for one in many)


def _nearest(sizes: Sequence[int], size: int) -> int:
    """Return the place of the greatest size that is no more than this one, or of the least."""
    return max((i for i, one in enumerate(sizes) if one <= size), default=0)


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _ints(values: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
