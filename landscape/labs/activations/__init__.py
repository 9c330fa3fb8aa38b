"""What goes on inside the layers?

It is long, as it puts together six sections, each from its results to what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group as Row
from landscape.figures.theme import Style, styles_of
from landscape.internals.units import ENTERING, LINEAR, UnitMoments
from landscape.labs.activations import prose
from landscape.labs.activations.facts import STRAIGHT, facts_of, merged
from landscape.labs.activations.figures import (
    ByLayer,
    FromScales,
    Percentiles,
    Units,
    Used,
    correction_panel,
    deep_panels,
    deviation_panel,
    gradient_panel,
    matrix_panel,
    means_panels,
    percentile_panels,
    scales_panel,
    singular_panels,
    undone_panel,
    unit_panels,
    update_panels,
    use_panels,
    widths_panel,
)
from landscape.labs.activations.measure import LayerGradients, LayerMeans, jobs
from landscape.labs.activations.questions import QUESTIONS
from landscape.labs.activations.request import CODEC, CONSTANTS, WIDTHS, Activations, Spread
from landscape.labs.activations.words import (
    bends_notice,
    constant_rows,
    deep_notice,
    distributions_notice,
    gradients_notice,
    layer_rows,
    numbers,
    propagation_notice,
    rows,
    scales_notice,
)
from landscape.labs.groups import NETWORKS
from landscape.labs.lab import Group, Known, Lab, Results, Section, Shown, Table
from models.normalization import Normalization

LOOK = Group("look", "Where to look", ("layer", "spread", "first_steps"))

STYLES = (
    Style(theme.OKABE_ITO["orange"]),
    Style(theme.FAMILIES["other"][2], "dash"),
    Style(theme.OKABE_ITO["reddish purple"]),
)
"""Of the networks on a straight task, the same without scale and shift, and a bent one."""


CORRECTIONS = ("with the correction", "weights of length 1 alone")
"""What the networks with and without the correction of ReLU are called."""

OF_CORRECTIONS = styles_of([Normalization.PROPAGATION_UNIT, Normalization.WEIGHT_PLAIN])


def _networks(request: Activations) -> list[tuple[str, Style]]:
    kinds = request.comparison.normalizations()
    return list(zip(request.comparison.labels(), styles_of(kinds), strict=True))


def _done(results: Results, *names: str) -> bool:
    return all(one.done for name in names for one in results[name])


def distributions(request: Activations, results: Results) -> Shown:
    """Show the units of one layer along training, and at its end."""
    percentiles, units = [], []
    for network, known, early in zip(_networks(request), results["units"], results["early"], strict=True):
        found: UnitMoments | None = known.value
        first: UnitMoments | None = early.value
        if found is None or (request.first_steps and first is None and not early.done):
            percentiles.append(Percentiles(*network, None, None))
            units.append(Units(*network, None, None, None))
            continue
        place = request.place(len(found.layers))
        unit = int(found.typical[place])
        of_unit = request.spread is Spread.UNIT
        steps, by_unit, pooled = (
            (found.steps, found.percentiles, found.pooled) if first is None else merged(first, found)
        )
        values = by_unit[:, place, unit] if of_unit else pooled[:, place]
        what = f"unit {unit + 1} of layer {place + 1}" if of_unit else f"all units of layer {place + 1}"
        percentiles.append(Percentiles(*network, steps, values, what))
        moments = (one[-1, place, ENTERING] for one in (found.mean, found.deviation))
        units.append(Units(*network, found.values[-1, place], *moments))
    facts, failed = facts_of(request, results), _done(results, "units", "early")
    last = request.comparison.base.training.num_steps
    return Shown(
        notice=distributions_notice(facts) if facts else (),
        panels=[*percentile_panels(percentiles, last, failed, request.first_steps), *unit_panels(units, failed)],
        note=prose.DISTRIBUTIONS_LIMITS,
        tables=[Table(rows(facts), prose.COLUMNS, "", prose.TABLE_NOTE)] if facts and facts.uses else (),
    )


def bends(request: Activations, results: Results) -> Shown:
    """Show the activation functions of one layer with their inputs, along training."""
    used, steps = [], ()
    for network, known in zip(_networks(request), results["use"], strict=True):
        used.append(_used(*network, known, request))
        if known.value is not None and len(known.value.steps) > len(steps):
            steps = known.value.steps.tolist()
    facts = facts_of(request, results)
    return Shown(
        notice=bends_notice(facts) if facts else (),
        panels=use_panels(used, _done(results, "use")),
        steps=steps,
        note=prose.BENDS_LIMITS,
    )


def _used(name: str, style: Style, known: Known, request: Activations | None = None) -> Used:
    """Return what of one activation function can be drawn now: of the layer drawn, along training, or else of the first at the end."""
    found = known.value
    if found is None:
        return Used(name, style)
    place, snapshots = (request.place(len(found.layers)), slice(None)) if request else (0, slice(-1, None))
    curve = found.curve
    return Used(
        name,
        style,
        curve.x,
        curve.height,
        curve.bend,
        found.edges,
        found.density[snapshots, place],
        found.line[snapshots, place],
    )


def gradients(request: Activations, results: Results) -> Shown:
    """Show gradients, updates and deviations by layer."""
    made = []
    each = zip(_networks(request), results["gradients"], results["units"], strict=True)
    for network, gradient, units in each:
        found: LayerGradients | None = gradient.value
        points = None if units.value is None else _deviations(units.value)
        if found is None:
            made.append(ByLayer(*network, points=points))
            continue
        rate = found.norms.weights / np.maximum(found.lengths, 1e-30)
        by_outputs = found.norms.activations[:, :-1]
        made.append(ByLayer(*network, by_outputs[0], by_outputs[-1], found.norms.steps, rate, points))
    rates = [one.training.learning_rate for one in request.comparison.experiments()]
    made = [_stepped(one, rate) for one, rate in zip(made, rates, strict=True)]
    facts, failed = facts_of(request, results), _done(results, "gradients")
    steps = request.comparison.base.training.num_steps
    return Shown(
        notice=gradients_notice(facts) if facts else (),
        panels=[gradient_panel(made, failed), deviation_panel(made, failed), *update_panels(made, steps, failed)],
        tables=[Table(layer_rows(facts), prose.LAYER_COLUMNS)] if facts and facts.layers else (),
    )


def _stepped(one: ByLayer, rate: float) -> ByLayer:
    """Return it with its moves as a step of gradient descent at that rate makes them."""
    moves = None if one.moves is None else rate * one.moves
    return ByLayer(one.name, one.style, one.start, one.end, one.steps, moves, one.points)


def _deviations(units: UnitMoments) -> np.ndarray:
    """Return the quartiles of the units' deviations (2L, 3) after each linear map and where its activation begins."""
    both = units.deviation[-1][:, [LINEAR, ENTERING]]  # (L, 2, C)
    return np.moveaxis(np.percentile(both, (25, 50, 75), axis=-1), 0, -1).reshape(-1, 3)


def deep(request: Activations, results: Results) -> Shown:
    """Show the gradients of deep networks before their first step."""
    facts = facts_of(request, results)
    theory = facts.deep[0].theory if facts and facts.deep else 1.0
    made = [
        FromScales(*network)
        if known.value is None
        else FromScales(*network, known.value.scales, known.value.start, theory)
        for network, known in zip(_networks(request), results["deep"], strict=True)
    ]
    return Shown(notice=deep_notice(facts) if facts else (), panels=deep_panels(made, _done(results, "deep")))


def scales(request: Activations, results: Results) -> Shown:
    """Show what scales have been learnt, and that scale and shift can undo the normalization."""
    shown = []
    for name, style, known in zip(STRAIGHT, STYLES, results["straight learnt"], strict=True):
        if known.value is not None:
            shown.append((name, style, known.value.scale[-1, 0]))
    for network, known in zip(_networks(request), results["learnt"], strict=True):
        if known.value is not None:
            shown.append((f"{network[0]}, this page's data", network[1], known.value.scale[-1]))
    undone = results["undone"][0]
    uses = [_used(*each) for each in zip(STRAIGHT, STYLES, results["straight use"], strict=True)]
    values = undone.value
    plain, first, last = (None, None, None) if values is None else (values.plain, values.first, values.last)
    facts, (blue,) = facts_of(request, results), styles_of([Normalization.BATCH])
    return Shown(
        notice=scales_notice(facts) if facts else (),
        panels=[
            scales_panel(shown, _done(results, "straight learnt", "learnt")),
            undone_panel(plain, first, last, blue, undone.done),
            *use_panels(uses, _done(results, "straight use"), Row.CURVE),
        ],
        note=prose.SCALES_LIMITS,
    )


def propagation(request: Activations, results: Results) -> Shown:
    """Show normalization by constants, where it is asked for: correlations, means of layers and singular values."""
    if not request.try_propagation:
        return Shown()
    widths = [one.value for one in results["widths"]]
    middle = widths[len(WIDTHS) // 2]
    named = [(kind.label, style) for kind, style in zip(CONSTANTS, styles_of(CONSTANTS), strict=True)]
    means = []
    for network, known in zip(named, results["means"], strict=True):
        found: LayerMeans | None = known.value
        name, style = network
        means.append((name, style, None if found is None else found.steps, None if found is None else found.means))
    singular = [
        (*network, None if known.value is None else known.value.values[:-1])
        for network, known in zip(named, results["jacobians"], strict=True)
    ]
    corrected = [
        (*network, *((None, None) if known.value is None else (known.value.mean, known.value.deviation)))
        for network, known in zip(zip(CORRECTIONS, OF_CORRECTIONS, strict=True), results["corrections"], strict=True)
    ]
    facts, failed = facts_of(request, results), _done(results, "widths")
    title = f"Correlations in layer 3 of width {WIDTHS[len(WIDTHS) // 2]}"
    return Shown(
        notice=propagation_notice(facts) if facts else (),
        panels=[
            matrix_panel(None if middle is None else middle.matrix[2], title, failed),
            widths_panel(WIDTHS, [None if one is None else one.rms for one in widths], failed),
            correction_panel(corrected, _done(results, "corrections")),
            *means_panels(means, _done(results, "means")),
            *singular_panels(singular, _done(results, "jacobians")),
        ],
        note=prose.PROPAGATION_LIMITS,
        tables=[Table(constant_rows(facts), prose.CONSTANT_COLUMNS)] if facts and facts.constants else (),
    )


def take_along(request: Activations, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return numbers(facts) if facts else []


LAB = Lab(
    name="activations",
    title="Inside the layers",
    icon=":material/layers:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: (*NETWORKS, LOOK),
    jobs=jobs,
    sections=[
        Section(
            "distributions",
            distributions,
            ("run", "units", "early", "use"),
            prose.DISTRIBUTIONS_TITLE,
            prose.DISTRIBUTIONS_NOTE,
            awaited=("units",),
            height=340,
        ),
        Section("bends", bends, ("run", "use"), prose.BENDS_TITLE, prose.BENDS_NOTE, height=380),
        Section(
            "gradients",
            gradients,
            ("gradients", "units", "use"),
            prose.GRADIENTS_TITLE,
            prose.GRADIENTS_NOTE,
            height=380,
        ),
        Section(
            "deep",
            deep,
            ("deep",),
            prose.DEEP_TITLE,
            prose.DEEP_NOTE,
            "deep",
            lambda values: dict.fromkeys(("deep_depth", "deep_activation", "deep_factor")),
            height=400,
        ),
        Section(
            "scales",
            scales,
            ("straight run", "straight learnt", "straight use", "learnt", "undone"),
            prose.SCALES_TITLE,
            prose.SCALES_NOTE,
            height=400,
        ),
        Section(
            "propagation",
            propagation,
            ("widths", "corrections", "constant run", "means", "jacobians"),
            prose.PROPAGATION_TITLE,
            prose.PROPAGATION_NOTE,
            "propagation",
            lambda values: dict.fromkeys(
                ("try_propagation", *(("prepared", "propagation_steps") if values["try_propagation"] else ()))
            ),
            height=360,
        ),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    numbers=take_along,
)
