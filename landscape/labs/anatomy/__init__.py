"""What is normalized, by what?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landscape.figures.panel import Group as Row
from landscape.figures.panel import Panel
from landscape.labs.anatomy import prose, words
from landscape.labs.anatomy.facts import Facts, facts_of, numbers
from landscape.labs.anatomy.families import kind_rows, over_rows
from landscape.labs.anatomy.figures import card_panels, table_panel, weight_panel
from landscape.labs.anatomy.kinds import kinds
from landscape.labs.anatomy.lines import lines
from landscape.labs.anatomy.measure import Cut, cut_of, jobs
from landscape.labs.anatomy.measure.probe import reach_of
from landscape.labs.anatomy.questions import QUESTIONS
from landscape.labs.anatomy.request import CODEC, Anatomy, Moment, Shape
from landscape.labs.codec import Values
from landscape.labs.lab import Group, Lab, Results, Section, Shown, Table
from models.normalization import Normalization


def groups(values: Values) -> Sequence[Group]:
    """Return the controls that matter beside what is chosen."""
    own = ("groups",) if values["normalization"] is Normalization.GROUP else ()
    layer = Group("layer", "Layer", ("normalization", *own, "shape"), {"More about training": ("steps", "seed")})
    return (layer,)


def cell_controls(values: Values) -> Mapping[str, int | None]:
    """Return the controls of the form and of the chosen cell, as far as the table has such places."""
    examples, pixels, units = CODEC.request_of(CODEC.defaults | {"shape": values["shape"]}).sizes
    found: dict[str, int | None] = {"when": None, "alone": None, "moment": None}
    found |= {"example": examples - 1, "unit": units - 1}
    if pixels > 1:
        found["pixel"] = pixels - 1
    if reach_of(values["normalization"]).weights:
        found["input"] = None
    return found


def cells(request: Anatomy, results: Results) -> Shown:
    """Show the tables of cells, and the arithmetic of the chosen ones."""
    facts = facts_of(request, results)
    if facts is None:
        return Shown(panels=[Panel("Activations", Row.ACTIVATION, pending="The network is trained…")])
    cut = cut_of(request, results["specimen"][0].value)
    tables = []
    if facts.of_weight is not None:
        tables.append(Table(lines(facts.of_weight, "The chosen weight"), prose.ARITHMETIC, prose.OF_WEIGHT))
    if not tables or facts.activations.cells > 1 or facts.activations.by_state:
        tables.append(Table(lines(facts.arithmetic), prose.ARITHMETIC, prose.OF_CELL))
    return Shown(
        notice=words.notice(facts),
        panels=panels(request, facts, cut),
        tables=tables,
        said=words.said(facts),
    )


def panels(request: Anatomy, facts: Facts, cut: Cut) -> list[Panel]:
    """Return the pictures: the weights, where these are normalized, and the activations."""
    part, weights, after = cut.activations, cut.weights, request.moment is Moment.AFTER
    examples = words.examples_of(facts)
    names = [words.name_of(facts, example) for example in examples]
    _, pixel, unit = request.cell
    values, made = (part.after if after else part.before), []
    if weights is not None:
        table = (weights.after if after else weights.before)[:, 0]
        made.append(weight_panel(prose.WEIGHTS, table, weights.groups[:, 0], request.weight, prose.WEIGHTS_CAPTION))
    caption = words.caption(facts)
    if request.shape is Shape.DENSE:
        table, groups = values[:, 0], part.groups[:, 0]
        made.append(table_panel(prose.ACTIVATIONS, table, groups, (cut.row, unit), examples, names, caption))
    else:
        made += card_panels(values, part.groups, (cut.row, pixel, unit), examples, names, caption)
    return made


def undo(request: Anatomy, results: Results) -> Shown:
    """Show the chosen unit, normalized and rescaled by the sliders."""
    facts = facts_of(request, results)
    if facts is None:
        return Shown()
    if facts.undone is None:
        return Shown(said=words.undo_notice(facts))
    note = prose.PLACES_NOTE if request.shape is Shape.IMAGES and not facts.undone.of_weights else ""
    rows = Table(words.places(facts, facts.undone), prose.PLACES, note=note)
    return Shown(tables=[rows], said=words.undo_notice(facts))


def every_kind(request: Anatomy, results: Results) -> Shown:
    """Show what every normalization does, shares and costs."""
    return Shown(
        tables=[
            Table(over_rows(kinds()), prose.OVER_COLUMNS),
            Table(kind_rows(kinds()), prose.KIND_COLUMNS),
        ]
    )


def take_along(request: Anatomy, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return numbers(facts) if facts else []


LAB = Lab(
    name="anatomy",
    title="Anatomy",
    icon=":material/grid_on:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=groups,
    jobs=jobs,
    sections=[
        Section(
            "cells",
            cells,
            ("specimen",),
            group="cells",
            controls=cell_controls,
            picks="unit",
            awaited=("specimen",),
            note=prose.CELLS_NOTE,
            height=330,
        ),
        Section(
            "undo",
            undo,
            ("specimen",),
            prose.UNDO,
            prose.UNDO_NOTE,
            "undo",
            lambda values: dict.fromkeys(("scale", "shift")),
            awaited=("specimen",),
        ),
        Section("kinds", every_kind, ("specimen",), prose.KINDS, prose.KINDS_NOTE, "kinds"),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    numbers=take_along,
)
