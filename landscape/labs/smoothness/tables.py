"""The numbers of the networks, as a table for people and as rows to take along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from landscape.labs.smoothness.facts import Facts, Level, Measure, Missing, Network
from landscape.labs.words import number


@dataclass(frozen=True)
class Row:
    """One network in the table, in words and numbers for people; of measures the median and the greatest."""

    network: str
    test_accuracy: str
    loss_range: str
    gradient_change: str
    effective_beta: str
    edge: str
    outlier: str
    kurtosis: str


def table(facts: Facts) -> list[Row]:
    """Return the table's rows: the measures along the gradient after the first fifth of the training, and the rest."""
    return [_row(one) for one in facts.networks]


def _row(one: Network) -> Row:
    at = one.trained.diverged_at
    return Row(
        network=one.name,
        test_accuracy=f"{one.trained.test_accuracy:.3f}" if at is None else f"diverged at step {at}",
        loss_range=_entry(one, Measure.LOSS_RANGE),
        gradient_change=_entry(one, Measure.CHANGE),
        effective_beta=_entry(one, Measure.BETA),
        edge=number(one.edge) if one.its_edge else "no threshold",
        outlier="diverged" if one.outlier is None else number(one.outlier),
        kurtosis=_kurtosis(one),
    )


def _entry(one: Network, measure: Measure) -> str:
    level: Level | None = one.level(measure)
    if level is not None:
        return f"{number(level.median)} ({number(level.most)})"
    return "one step size" if one.lacks(measure) is Missing.ONE_SIZE else "no later step"


def _kurtosis(one: Network) -> str:
    if one.kurtosis is None:
        return "not computed" if one.known else "…"
    return number(one.kurtosis)


def rows_of(facts: Facts) -> Sequence[Mapping[str, Any]]:
    """Return every number of the pictures along the training, a row for each network and step that was measured."""
    return [{"network": one.name} | asdict(point) for one in facts.networks for point in one.points]
