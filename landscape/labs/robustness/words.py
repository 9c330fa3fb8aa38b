"""What is said about robustness, in tables and whole sentences for each case, which is why this is long; from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from statistics import fmean, median
from typing import TypeVar

from landscape.labs.robustness.facts import AtChoices, Facts, InTime, OnTheMap, OverRates
from landscape.labs.words import Hole, Ratio, Share, Steps, number, sentence

DECADES = 0.4
"""Ranges of rates that differ by less than so much of a decade differ little."""

FEW_DECADES = 0.2
"""By less than this nothing is gained."""

FASTER = 0.7
"""Who needs so many of the other's steps is called faster."""

LITTLE_FASTER = 0.9
"""And who needs so many of them, little faster."""

MATTERS = 0.5
"""A choice matters less where it makes so much of the difference that it makes to the other network."""

SMALL = 0.02
"""Differences between choices under this are as those between seeds."""

CARES = 0.9
"""Who trains at fewer of the values upwards than this share of them depends on them still."""

Named = TypeVar("Named", OverRates, OnTheMap, InTime, AtChoices)


class Case(StrEnum):
    """What there is to say about robustness, a template each."""

    COUNT = "how many trainings"
    WIDER = "trains at more rates"
    NO_LARGER = "trains at more rates, but no larger ones"
    LITTLE = "gains little"
    ONLY = "trains where the other does not"
    MOSTLY_ONLY = "trains where the other does not with most seeds"
    AS_WIDE = "trains at as many rates"
    NARROWER = "trains at fewer rates"
    NEITHER = "neither trains"
    ALONE = "one network"
    FASTEST = "steps at the best rate"
    SAME_FASTER = "faster at one rate"
    SAME_LITTLE_FASTER = "little faster at one rate"
    SAME_NOT_FASTER = "no faster at one rate"
    SAME_ONLY = "comes there alone at one rate"
    CELLS = "cells of the map"
    ROWS = "values upwards"
    STILL_CARES = "depends still"
    CARES_NOT = "depends no more"
    ENDS = "where the curves end"
    STEPS = "steps at each multiple"
    NEVER = "comes there at no multiple"
    HIGHER = "ends higher at the largest rate"
    NO_HIGHER = "ends no higher at the largest rate"
    LESS = "the choice matters less"
    AS_MUCH = "the choice matters as much"
    MORE = "the choice matters more"
    FAILS = "fails with a choice"
    ALL_TRAIN = "trains with each choice"


SENTENCES = {
    Case.COUNT: "Trainings here: {count}, of {steps} steps each.",
    Case.WIDER: "**{name}** trains over {decades} decades of learning rates, up to {largest}, and **{plain}** over {others}, "
    "up to {other}: the largest rate is {times} as large.",
    Case.NO_LARGER: "**{name}** trains over more learning rates than **{plain}**, but no larger ones: {decades} decades "
    "against {others}.",
    Case.LITTLE: "**{name}** gains little here: it trains over {decades} decades of learning rates, up to {largest}, and "
    "**{plain}** over {others}, up to {other}.",
    Case.ONLY: "**{name}** trains over {decades} decades of learning rates, up to {largest}; **{plain}** trains at none of them.",
    Case.MOSTLY_ONLY: "**{name}** trains over {decades} decades of learning rates, up to {largest}; **{plain}** trains at none "
    "of them with most of the seeds.",
    Case.AS_WIDE: "**{name}** gains nothing here: it trains over {decades} decades of learning rates, up to {largest}, and "
    "**{plain}** over {others}, up to {other}.",
    Case.NARROWER: "**{name}** trains over fewer learning rates than **{plain}**: {decades} decades against {others}.",
    Case.NEITHER: "Neither **{name}** nor **{plain}** trains at any of these learning rates with most of the seeds.",
    Case.ALONE: "**{name}** trains over {decades} decades of learning rates, up to {largest}.",
    Case.FASTEST: "Each at its best rate, they come to {level} after {steps}.",
    Case.SAME_FASTER: "At the same rate, {rate}, **{name}** comes to {level} after {steps} steps, **{plain}** after {others}.",
    Case.SAME_LITTLE_FASTER: "At the same rate, {rate}, **{name}** is a little faster: it comes to {level} after {steps} steps, "
    "**{plain}** after {others}.",
    Case.SAME_NOT_FASTER: "At the same rate, {rate}, **{name}** is no faster: it comes to {level} after {steps} steps, "
    "**{plain}** after {others}.",
    Case.SAME_ONLY: "At the same rate, {rate}, **{name}** comes to {level} after {steps} steps, **{plain}** not at all.",
    Case.CELLS: "Of the {of} cells of a map, this many train: {counts}.",
    Case.ROWS: "At the learning rate {rate}, this many of the {of} values of the {upwards} train: {own}. With the best rate for "
    "each value: {best}.",
    Case.STILL_CARES: "**{name}** still depends on the {upwards}: at the rate {rate} it trains at {own} of the {of} values, "
    "with the best rate for each at {best}.",
    Case.CARES_NOT: "With the best rate for each, **{name}** trains at {best} of the {of} values of the {upwards}; at the rate "
    "{rate} it is {own}.",
    Case.ENDS: "At the learning rate {rate} they end at a test {score} of {ends}.",
    Case.STEPS: "**{name}** comes to {level} after {steps}.",
    Case.NEVER: "**{name}** comes to {level} at none of these rates.",
    Case.HIGHER: "**{name}** ends higher at {most} times the rate than at {less} times: at {high}, against {low}.",
    Case.NO_HIGHER: "**{name}** does not end higher at {most} times the rate than at {less} times: at {high}, against {low}.",
    Case.LESS: "The {chosen} matters less with **{name}**: its best and its worst are {spread} apart, and {other} with **{plain}**.",
    Case.AS_MUCH: "The {chosen} matters about as much with **{name}**: its best and its worst are {spread} apart, and {other} "
    "with **{plain}**.",
    Case.MORE: "The {chosen} matters more with **{name}**: its best and its worst are {spread} apart, and {other} with **{plain}**.",
    Case.FAILS: "The network with **{name}** does not train with {chosen} {names}.",
    Case.ALL_TRAIN: "The network with **{name}** trains with each {chosen}.",
}


def told_of_count(count: int, steps: int) -> str:
    """Return how many trainings there are, in words."""
    return sentence(SENTENCES[Case.COUNT], count=count, steps=steps)


def of(records: Sequence[Named], normalization: str) -> Named | None:
    """Return the first network of a normalization; None where there is none, or not yet."""
    return next((one for one in records if one.normalization == normalization), None)


def plain_of(records: Sequence[Named]) -> Named:
    """Return whom the others are compared with: the first without normalization, or else the first of all."""
    return of(records, "none") or records[0]


def rates_case(one: OverRates, plain: OverRates) -> Case:
    """Return how a network's range of rates compares with another's."""
    decades, others = fmean(one.decades), fmean(plain.decades)
    if median(one.largest) == median(plain.largest) == 0:
        return Case.NEITHER
    if median(plain.largest) == 0:
        return Case.MOSTLY_ONLY if others else Case.ONLY
    if others - decades >= DECADES:
        return Case.NARROWER
    larger = median(one.largest) > median(plain.largest)
    if decades - others >= DECADES:
        return Case.WIDER if larger else Case.NO_LARGER
    return Case.LITTLE if larger or decades - others > FEW_DECADES else Case.AS_WIDE


def told_of_rates(one: OverRates, plain: OverRates) -> str:
    """Return how a network's range of rates compares with another's, in words."""
    largest, other = median(one.largest), median(plain.largest)
    return sentence(
        SENTENCES[rates_case(one, plain)],
        name=one.name,
        plain=plain.name,
        decades=round(fmean(one.decades), 1),
        others=round(fmean(plain.decades), 1),
        largest=largest,
        other=other,
        times=Ratio(largest / other if other else float("nan")),
    )


def same_rate_case(one: OverRates, plain: OverRates) -> Case | None:
    """Return who is faster at the rate of the sidebar; None where the network does not come there."""
    steps, others = median(one.own_steps), median(plain.own_steps)
    if not isfinite(steps):
        return None
    if not isfinite(others):
        return Case.SAME_ONLY
    if steps <= FASTER * others:
        return Case.SAME_FASTER
    return Case.SAME_LITTLE_FASTER if steps <= LITTLE_FASTER * others else Case.SAME_NOT_FASTER


def told_of_same_rate(facts: Facts, one: OverRates, plain: OverRates) -> str:
    """Return who is faster at the rate of the sidebar, in words; nothing where the network does not come there."""
    case = same_rate_case(one, plain)
    if case is None:
        return ""
    return sentence(
        SENTENCES[case],
        name=one.name,
        plain=plain.name,
        rate=facts.own_rate,
        level=_level(facts),
        steps=round(median(one.own_steps)),
        others=round(median(plain.own_steps)) if case is not Case.SAME_ONLY else 0,
    )


def rates_notice(facts: Facts) -> list[str]:
    """Return what to notice over the learning rates."""
    if not facts.rates:
        return []
    plain = plain_of(facts.rates)
    others = [one for one in facts.rates if one is not plain]
    if not others:
        decades, largest = round(fmean(plain.decades), 1), median(plain.largest)
        return [sentence(SENTENCES[Case.ALONE], name=plain.name, decades=decades, largest=largest)]
    said = [told_of_rates(one, plain) for one in others]
    fewest = {one.name: Steps(round(median(one.fewest))) for one in facts.rates if isfinite(median(one.fewest))}
    if len(fewest) > 1:
        said.append(sentence(SENTENCES[Case.FASTEST], level=_level(facts), steps=fewest))
    return said + [told for one in others[:1] if (told := told_of_same_rate(facts, one, plain))]


def map_notice(facts: Facts) -> list[str]:
    """Return what to notice on the map."""
    if not facts.cells:
        return []
    counts = {one.name: one.trained for one in facts.cells}
    own, best = ({one.name: len(getattr(one, name)) for one in facts.cells} for name in ("own_rows", "rows"))
    most = max(one.of + one.blank for one in facts.cells)
    rows: dict[str, Hole] = {"rate": facts.own_rate, "of": facts.upward_values, "upwards": facts.upwards.label}
    return [
        sentence(SENTENCES[Case.CELLS], of=most, counts=counts),
        sentence(SENTENCES[Case.ROWS], own=own, best=best, **rows),
    ]


def cares_case(facts: Facts, one: OnTheMap) -> Case:
    """Return whether a network depends on the value upwards, the rate chosen for each."""
    return Case.STILL_CARES if len(one.rows) < CARES * facts.upward_values else Case.CARES_NOT


def told_of_cares(facts: Facts, one: OnTheMap) -> str:
    """Return whether a network depends on the value upwards, in words."""
    return sentence(
        SENTENCES[cares_case(facts, one)],
        name=one.name,
        upwards=facts.upwards.label,
        rate=facts.own_rate,
        own=len(one.own_rows),
        best=len(one.rows),
        of=facts.upward_values,
    )


def curves_notice(facts: Facts, rates: Mapping[float, float]) -> list[str]:
    """Return what to notice of the curves; rates: the learning rates by how many times the sidebar's they are."""
    if not facts.curves:
        return []
    said = [
        sentence(
            SENTENCES[Case.ENDS],
            rate=rate,
            score=facts.score,
            ends={one.name: Share(one.heights[factor]) for one in facts.curves},
        )
        for factor, rate in rates.items()
    ]
    return said + [told_of_steps(facts, one) for one in facts.curves]


def told_of_steps(facts: Facts, one: InTime) -> str:
    """Return after how many steps a network is trained at each multiple of the rate, in words."""
    steps = {
        TIMES.format(factor=f"{factor:g}") if factor > 1 else ONCE: Steps(round(wait))
        for factor, wait in one.waits.items()
        if isfinite(wait)
    }
    return sentence(
        SENTENCES[Case.STEPS if steps else Case.NEVER], name=one.name, level=_level(facts), steps=steps or [""]
    )


TIMES, ONCE = "{factor} times the rate", "the rate of the sidebar"
"""What a multiple of the rate is called, and the rate itself."""


def higher_case(one: InTime) -> Case | None:
    """Return whether a network ends higher at the largest multiple than at the one before; None where there is one only."""
    if len(one.factors) < 2:
        return None
    low, high = list(one.heights.values())[-2:]
    return Case.HIGHER if high - low > SMALL else Case.NO_HIGHER


def told_of_higher(one: InTime) -> str:
    """Return whether a network ends higher at the largest multiple than at the one before, in words."""
    case = higher_case(one)
    if case is None:
        return ""
    (less, low), (most, high) = list(one.heights.items())[-2:]
    return sentence(SENTENCES[case], name=one.name, most=most, less=less, high=Share(high), low=Share(low))


def spread_of(one: AtChoices) -> float:
    """Return how much the choice matters: the median over the seeds of best less worst."""
    return median(one.spreads) if one.spreads else float("nan")


def choice_case(one: AtChoices, plain: AtChoices) -> Case:
    """Return whether a choice matters less to a network than to another."""
    spread, other = spread_of(one), spread_of(plain)
    if spread <= MATTERS * other and other - spread > SMALL:
        return Case.LESS
    return Case.MORE if other <= MATTERS * spread and spread - other > SMALL else Case.AS_MUCH


def told_of_choice(facts: Facts, one: AtChoices, plain: AtChoices) -> str:
    """Return whether a choice matters less to a network than to another, in words."""
    return sentence(
        SENTENCES[choice_case(one, plain)],
        name=one.name,
        plain=plain.name,
        chosen=facts.chosen,
        spread=Share(spread_of(one)),
        other=Share(spread_of(plain)),
    )


def failing(facts: Facts, one: AtChoices) -> list[str]:
    """Return the choices with which a network does not train, by the median of its seeds."""
    return [name for name, middle in zip(one.names, one.middles, strict=True) if middle < facts.trains_at]


def told_of_failing(facts: Facts, one: AtChoices) -> str:
    """Return with which choices a network does not train, in words."""
    names = failing(facts, one)
    case = Case.FAILS if names else Case.ALL_TRAIN
    return sentence(SENTENCES[case], name=one.name, chosen=facts.chosen, names=names or [""])


def choices_notice(facts: Facts) -> list[str]:
    """Return what to notice of one choice after the other."""
    if not facts.choices:
        return []
    plain = plain_of(facts.choices)
    said = [told_of_choice(facts, one, plain) for one in facts.choices if one is not plain]
    return said + [told_of_failing(facts, one) for one in facts.choices]


def _level(facts: Facts) -> str:
    return f"a test {facts.score} of {facts.trains_at:g}"


@dataclass(frozen=True)
class Row:
    """One network over the rates in the table, for people."""

    network: str
    decades: str
    largest: str
    fewest: str
    own_steps: str
    own: str
    diverged: str


def rows(facts: Facts) -> list[Row]:
    """Return the rows of the table."""
    return [
        Row(
            one.name,
            _between(one.decades),
            _between(one.largest),
            _between(one.fewest),
            _between(one.own_steps),
            " to ".join(dict.fromkeys(f"{pick(one.own):.3f}" for pick in (min, max))),
            f"{one.diverged}",
        )
        for one in facts.rates
    ]


def _between(values: Sequence[float]) -> str:
    """Return the least and the greatest of the seeds, or that there is none."""
    names = [number(value) if isfinite(value) else "never" for value in (min(values), max(values))]
    return " to ".join(dict.fromkeys(names))


def numbers(facts: Facts) -> Sequence[Mapping[str, object]]:
    """Return the numbers to take along: a row a network and seed over the rates, a network on the map, a choice and seed."""
    rows: list[dict[str, object]] = [
        _row("rates", one.name)
        | {
            "run": run,
            "decades": one.decades[run],
            "largest_rate": one.largest[run],
            "fewest_steps": one.fewest[run],
            "steps_at_own_rate": one.own_steps[run],
            "accuracy_at_own_rate": one.own[run],
            "best_accuracy": one.best[run],
        }
        for one in facts.rates
        for run in range(len(one.decades))
    ]
    rows += [_row("map", one.name) | {"cells_trained": one.trained, "cells": one.of} for one in facts.cells]
    rows += [
        _row("curves", one.name) | {"run": run, "times_the_rate": factor, "accuracy": end, "fewest_steps": steps}
        for one in facts.curves
        for factor, ends, waits in zip(one.factors, one.ends, one.steps, strict=True)
        for run, (end, steps) in enumerate(zip(ends, waits, strict=True))
    ]
    rows += [
        _row("large rate", one.name) | {"run": run, "highest_loss": high, "late_loss": late, "gradient_swing": swing}
        for one in facts.unrest
        for run, (high, late, swing) in enumerate(zip(one.highest, one.late, one.swings, strict=True))
    ]
    rows += [
        _row("large rate, batches", one.name) | {"batches_apart": before, "batches_apart_behind": behind}
        for one in facts.unrest
        for before, behind in zip(one.unevenness, one.behind, strict=True)
    ]
    return rows + [
        _row("choices", one.name) | {"run": run, "choice": name, "accuracy": value}
        for one in facts.choices
        for name, scores in zip(one.names, one.scores, strict=True)
        for run, value in enumerate(scores)
    ]


COLUMNS = (
    "run", "decades", "largest_rate", "fewest_steps", "steps_at_own_rate", "accuracy_at_own_rate", "best_accuracy",
    "cells_trained", "cells", "times_the_rate", "choice", "accuracy", "highest_loss", "late_loss", "gradient_swing",
    "batches_apart", "batches_apart_behind",
)  # fmt: skip


def _row(part: str, network: str) -> dict[str, object]:
    """Return a row of all columns, of which another part's stay empty."""
    return {"part": part, "network": network} | dict.fromkeys(COLUMNS)
