"""What does normalization make easy?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from landscape.figures.theme import styles_of
from landscape.labs.codec import Values
from landscape.labs.groups import NETWORKS
from landscape.labs.lab import Action, Group, Lab, Results, Section, Shown, Table
from landscape.labs.robustness import prose
from landscape.labs.robustness.chaos import chaos_notice
from landscape.labs.robustness.facts import facts_of
from landscape.labs.robustness.figures import choice_panels, curve_figures, map_figures, rate_panels, unrest_panels
from landscape.labs.robustness.measure import jobs
from landscape.labs.robustness.questions import QUESTIONS
from landscape.labs.robustness.request import CODEC, COMPARED, LOWER, UPWARDS, MapAxis, Robustness
from landscape.labs.robustness.words import (
    choices_notice,
    curves_notice,
    map_notice,
    numbers,
    rates_notice,
    rows,
    told_of_count,
)
from landscape.labs.words import spoken
from landscape.training.grids import SweepGrid
from models.fields import Misfit

RANGE = Group(
    "range", "Learning rates", ("least_rate", "most_rate"), {"More about the rates": ("a_decade", "runs", "trains_at")}
)

NOTES = {MapAxis.INIT_SCALE: prose.OF_SCALES, MapAxis.BATCH_SIZE: prose.OF_BATCHES}
"""What is to be known of a map, by what it has upwards."""

LABELS = {name: bounds.label for name, bounds in CODEC.fields.items()}


def rates(request: Robustness, results: Results) -> Shown:
    """Show how each network does over the learning rates."""
    names, found = request.comparison.labels(), [one.value for one in results["rates"]]
    facts = facts_of(request, results)
    columns = {name: title.format(score=_score(request)) for name, title in prose.COLUMNS.items()}
    return Shown(
        notice=rates_notice(facts) if facts else (),
        panels=rate_panels(request, names, styles_of(request.comparison.normalizations()), found),
        note=f"{_count(request, request.rate_grids())} {prose.RATES_LIMITS.strip()}",
        tables=[Table(rows(facts), columns, "", prose.TABLE_NOTE)] if facts and facts.rates else (),
    )


def maps(request: Robustness, results: Results) -> Shown:
    """Show how each network does over two settings."""
    names, found = request.comparison.labels(), [one.value for one in results["map"]]
    facts = facts_of(request, results)
    styles = styles_of(request.comparison.normalizations())
    return Shown(
        notice=map_notice(facts) if facts else (),
        panels=map_figures(request, names, styles, found, [_reason(one) for one in found]),
        note=f"{_count(request, request.map_grids())} {NOTES.get(request.upwards, '').strip()}",
        actions=_looked_into(request),
    )


def _looked_into(request: Robustness) -> Sequence[Action]:
    """Return the link to the landscapes of the framed cell's networks; none where one of them cannot be."""
    try:
        link = COMPARED.write(COMPARED.values_of(request.at_cell()))
    except Misfit:
        return ()
    row, column = request.cell
    named = {"row": UPWARDS[request.upwards][row], "rate": request.rates(LOWER)[column]}
    return [Action(prose.LOOK_INTO.format(upwards=request.upwards.label, **named), link, "compare")]


def cell_controls(values: Values) -> Mapping[str, int | Sequence[str] | None]:
    """Return the controls of the map: what it has upwards, and the cell that is looked into, by the values of its axes."""
    try:
        rates = CODEC.request_of(values).rates(LOWER)
    except ValueError:
        return dict.fromkeys(("upwards", "cell_rate", "cell_row"))
    rows = UPWARDS[MapAxis(values["upwards"])]
    named = {name: [f"{one:g}" for one in many] for name, many in (("cell_rate", rates), ("cell_row", rows))}
    return {"upwards": None, **named}


def curves(request: Robustness, results: Results) -> Shown:
    """Show how the accuracy grows at multiples of the learning rate."""
    names, found = request.comparison.labels(), [one.value for one in results["curves"]]
    facts = facts_of(request, results)
    return Shown(
        notice=curves_notice(facts, request.times) if facts else (),
        panels=curve_figures(request, names, styles_of(request.comparison.normalizations()), found),
        note=_count(request, request.curve_grids()),
    )


def chaos(request: Robustness, results: Results) -> Shown:
    """Show the loss at a large learning rate, and how unlike the batches are at its end."""
    names, found = request.comparison.labels(), [one.value for one in results["unrest"]]
    facts = facts_of(request, results)
    return Shown(
        notice=chaos_notice(facts) if facts else (),
        panels=unrest_panels(request, names, styles_of(request.comparison.normalizations()), found),
        note=prose.CHAOS_LIMITS,
    )


def choices(request: Robustness, results: Results) -> Shown:
    """Show how each network does with one choice after the other, where that is asked for."""
    if not request.try_choices:
        return Shown()
    names, found = request.comparison.labels(), [one.value for one in results["choices"]]
    facts = facts_of(request, results)
    said = [f"{name}: {reason}" for name, one in zip(names, found, strict=True) if (reason := _reason(one))]
    return Shown(
        notice=choices_notice(facts) if facts else (),
        panels=choice_panels(request, names, styles_of(request.comparison.normalizations()), found),
        note=" ".join([_count(request, request.choice_grids()), *said]),
    )


def _count(request: Robustness, grids: Sequence[SweepGrid]) -> str:
    """Return how many trainings there are."""
    return told_of_count(sum(prod(one.shape) for one in grids), request.comparison.base.training.num_steps)


def _reason(found: Any) -> str:
    """Return why cells are blank, with fields by the names of their controls; nothing where none is."""
    return "" if found is None else spoken(next(iter(found.reasons.values()), ""), LABELS)


def _score(request: Robustness) -> str:
    return request.comparison.base.data.dataset.score


def take_along(request: Robustness, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return numbers(facts) if facts else []


LAB = Lab(
    name="robustness",
    title="What it makes easy",
    icon=":material/speed:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: (*NETWORKS, RANGE),
    jobs=jobs,
    sections=[
        Section("rates", rates, ("rates",), prose.RATES_TITLE, prose.RATES_NOTE, "range"),
        Section(
            "map", maps, ("map",), prose.MAP_TITLE, prose.MAP_NOTE, "map", cell_controls, picks="cell_rate", height=380
        ),
        Section("curves", curves, ("curves",), prose.CURVES_TITLE, prose.CURVES_NOTE, "curves", height=480),
        Section(
            "chaos",
            chaos,
            ("unrest",),
            prose.CHAOS_TITLE,
            prose.CHAOS_NOTE,
            "chaos",
            lambda values: {"large_rate": None},
        ),
        Section(
            "choices",
            choices,
            ("choices",),
            prose.CHOICES_TITLE,
            prose.CHOICES_NOTE,
            "choices",
            lambda values: {"try_choices": None} | ({"chosen": None} if values["try_choices"] else {}),
        ),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    numbers=take_along,
)
