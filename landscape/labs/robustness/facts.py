"""From trainings over rates, on the map, in time and with each choice, to named numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from statistics import median
from typing import Any, TypeVar

import numpy as np

from landscape.labs.lab import Known, Results
from landscape.labs.robustness.measure import Unrest
from landscape.labs.robustness.request import UPWARDS, MapAxis, Robustness
from landscape.training.grids import SweepOutcome

Record = TypeVar("Record")

AFTER = 20
"""From this step on a loss that rises is no beginning any more."""

LATE = 50
"""So many steps are the last ones."""

TINY = 1e-30
"""In place of nothing, to divide by."""


@dataclass(frozen=True)
class OverRates:
    """The facts of one network over the learning rates.

    decades: by seed, at how many decades of rates it trains; each rate stands for its own share of one. largest: by seed
    the largest rate at which it trains, 0 where there is none. fewest: by seed the fewest steps to the accuracy that
    counts as trained, at whichever rate; own_steps: those at the rate of the sidebar; infinite where it never comes.
    own: the accuracy at the rate of the sidebar. best: by seed the greatest accuracy. diverged: trainings that did.
    """

    name: str
    normalization: str
    decades: tuple[float, ...]
    largest: tuple[float, ...]
    fewest: tuple[float, ...]
    own_steps: tuple[float, ...]
    own: tuple[float, ...]
    best: tuple[float, ...]
    diverged: int


@dataclass(frozen=True)
class OnTheMap:
    """The facts of one network on the map.

    trained: cells in which it trains, of so many; blank: those that cannot be, and why. rows: values upwards at which some
    rate trains; own_rows: those at which the rate of the sidebar does.
    """

    name: str
    normalization: str
    trained: int
    of: int
    blank: int
    reason: str
    rows: tuple[float, ...]
    own_rows: tuple[float, ...]


@dataclass(frozen=True)
class InTime:
    """The facts of one network at multiples of the learning rate.

    factors: how many times. ends: at each the late accuracy by seed. steps: at each by seed the first snapshot with the
    accuracy that counts as trained, infinite where there is none.
    """

    name: str
    normalization: str
    factors: tuple[float, ...]
    ends: tuple[tuple[float, ...], ...]
    steps: tuple[tuple[float, ...], ...]

    @property
    def waits(self) -> dict[float, float]:
        """The median of the steps at each multiple."""
        return {factor: median(own) for factor, own in zip(self.factors, self.steps, strict=True)}

    @property
    def heights(self) -> dict[float, float]:
        """The median of the late accuracies at each multiple."""
        return {factor: median(own) for factor, own in zip(self.factors, self.ends, strict=True)}


@dataclass(frozen=True)
class AtChoices:
    """The facts of one network with one choice after the other.

    names: of the choices. scores: for each the accuracy by seed; none where it cannot be, for the reason.
    """

    name: str
    normalization: str
    names: tuple[str, ...]
    scores: tuple[tuple[float, ...], ...]
    reason: str

    @property
    def middles(self) -> tuple[float, ...]:
        """The median of each choice; not a number where there is none."""
        return tuple(float(np.median(own)) if own else float("nan") for own in self.scores)

    @property
    def spreads(self) -> tuple[float, ...]:
        """By seed the difference between its best choice and its worst."""
        return tuple(max(one) - min(one) for one in zip(*(own for own in self.scores if own), strict=True))

    def at(self, name: str) -> tuple[float, ...]:
        """Return the accuracies with a choice, by seed; none where there is no such choice."""
        return self.scores[self.names.index(name)] if name in self.names else ()


@dataclass(frozen=True)
class AtLargeRate:
    """The facts of one network at the large learning rate, each by seed.

    highest: the highest loss of a batch after the first steps; late: the median over the last ones; infinite where a
    training diverged. unevenness: how many times as far the units of the last hidden layer deviate in one batch as in
    another at most, where they enter the normalization; behind: where they leave it; of the seeds of which something is
    left. swings: the 95th percentile of the gradient's length over the 5th. lost: trainings that diverged, or whose last
    layer gives one value alone in some batch.
    """

    name: str
    normalization: str
    highest: tuple[float, ...]
    late: tuple[float, ...]
    unevenness: tuple[float, ...]
    behind: tuple[float, ...]
    swings: tuple[float, ...]
    lost: int


@dataclass(frozen=True)
class Facts:
    """The facts about robustness, as far as they are there: of all networks in each tuple, or of none.

    score: what is counted; trains_at: from which on a network counts as trained. own_rate: of the rates the one nearest to
    the sidebar's. chosen: what is chosen otherwise. upwards: what the map has upwards, of so many values. runs: seeds.
    """

    score: str
    trains_at: float
    own_rate: float
    runs: int
    steps: int
    upwards: MapAxis
    upward_values: int
    chosen: str
    rates: tuple[OverRates, ...] = ()
    cells: tuple[OnTheMap, ...] = ()
    curves: tuple[InTime, ...] = ()
    choices: tuple[AtChoices, ...] = ()
    unrest: tuple[AtLargeRate, ...] = ()


def facts_of(request: Robustness, results: Results) -> Facts | None:
    """Return the facts that are there; None before any is."""
    rates = _of_all(request, results["rates"], _over_rates)
    cells = _of_all(request, results["map"], _on_the_map)
    curves = _of_all(request, results["curves"], _in_time)
    choices = _of_all(request, results["choices"], _at_choices)
    unrest = _of_all(request, results["unrest"], _at_large_rate)
    if not (rates or cells or curves or choices or unrest):
        return None
    base = request.comparison.base
    return Facts(
        score=base.data.dataset.score,
        trains_at=request.trains_at,
        own_rate=request.own_rate,
        runs=request.runs,
        steps=base.training.num_steps,
        upwards=request.upwards,
        upward_values=len(UPWARDS[request.upwards]),
        chosen=request.chosen.label,
        rates=rates,
        cells=cells,
        curves=curves,
        choices=choices,
        unrest=unrest,
    )


def _of_all(
    request: Robustness, many: Sequence[Known], facts: Callable[[Robustness, str, str, Any], Record]
) -> tuple[Record, ...]:
    """Return the facts of all networks; none while one of them is not there."""
    if not all(one.done and one.value is not None for one in many):
        return ()
    each = zip(request.comparison.labels(), request.comparison.normalizations(), many, strict=True)
    return tuple(facts(request, name, kind.value, known.value) for name, kind, known in each)


def _over_rates(request: Robustness, name: str, normalization: str, found: SweepOutcome) -> OverRates:
    rates = np.array(request.rates())
    scores = found.standing()[0, 0]  # (A, R)
    trained, steps = scores >= request.trains_at, steps_to(found, request.trains_at)[0, 0]
    own = request.rates().index(request.own_rate)
    return OverRates(
        name=name,
        normalization=normalization,
        decades=_floats(trained.sum(axis=0) / request.a_decade),
        largest=_floats(np.max(np.where(trained, rates[:, None], 0.0), axis=0)),
        fewest=_floats(steps.min(axis=0)),
        own_steps=_floats(steps[own]),
        own=_floats(scores[own]),
        best=_floats(scores.max(axis=0)),
        diverged=int(found.diverged.sum()),
    )


def steps_to(found: SweepOutcome, level: float) -> np.ndarray:
    """Return the step of the first snapshot with such an accuracy (M, B, A, R); infinite where there is none."""
    steps = np.round(found.fractions * found.grid.base.training.num_steps)
    reached = np.nan_to_num(found.accuracy, nan=-inf) >= level
    return np.where(reached.any(axis=-1), steps[reached.argmax(axis=-1)], inf)


def _on_the_map(request: Robustness, name: str, normalization: str, found: SweepOutcome) -> OnTheMap:
    scores = found.standing()[0, :, :, 0]
    trained = np.nan_to_num(scores, nan=-inf) >= request.trains_at
    values = UPWARDS[request.upwards]
    across = found.grid.across.values
    own = min(range(len(across)), key=lambda i: abs(np.log(across[i] / request.own_rate)))
    return OnTheMap(
        name=name,
        normalization=normalization,
        trained=int(trained.sum()),
        of=trained.size - len(found.reasons),
        blank=len(found.reasons),
        reason=next(iter(found.reasons.values()), ""),
        rows=tuple(float(value) for value, row in zip(values, trained, strict=True) if row.any()),
        own_rows=tuple(float(value) for value, row in zip(values, trained, strict=True) if row[own]),
    )


def _in_time(request: Robustness, name: str, normalization: str, found: SweepOutcome) -> InTime:
    scores, steps = found.standing()[0, 0], steps_to(found, request.trains_at)[0, 0]
    ends, waits = (tuple(_floats(own) for own in values) for values in (scores, steps))
    return InTime(name, normalization, tuple(request.times), ends, waits)


def _at_choices(request: Robustness, name: str, normalization: str, found: SweepOutcome) -> AtChoices:
    scores = found.standing()[0, 0]
    return AtChoices(
        name=name,
        normalization=normalization,
        names=names_of(found),
        scores=tuple(tuple(value for value in _floats(own) if isfinite(value)) for own in scores),
        reason=next(iter(found.reasons.values()), ""),
    )


def _at_large_rate(request: Robustness, name: str, normalization: str, found: Unrest) -> AtLargeRate:
    steps = found.loss.shape[1]
    first, late = min(AFTER, steps - 1), min(LATE, steps)
    whole = [np.isfinite(own).all() for own in found.loss]
    losses = [own if all_ else np.full(steps, inf) for own, all_ in zip(found.loss, whole, strict=True)]
    # A layer that gives one value alone in some batch, or of which nothing is left.
    left = [bool(own.min() > 0) for own in found.before]
    before, behind = (
        tuple(float(own.max() / own.min()) for own, here in zip(many, left, strict=True) if here and own.min() > 0)
        for many in (found.before, found.after)
    )
    swings = [np.nanpercentile(own, 95) / max(np.nanpercentile(own, 5), TINY) for own in found.gradient_norm]
    return AtLargeRate(
        name=name,
        normalization=normalization,
        highest=tuple(float(own[first:].max()) for own in losses),
        late=tuple(float(np.median(own[-late:])) for own in losses),
        unevenness=before,
        behind=behind,
        swings=tuple(map(float, swings)),
        lost=len(left) - sum(left),
    )


def names_of(found: SweepOutcome) -> tuple[str, ...]:
    """Return the values across as people read them."""
    return tuple(
        f"{value:g}" if isinstance(value, int | float) else str(getattr(value, "label", value))
        for value in found.grid.across.values
    )


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
