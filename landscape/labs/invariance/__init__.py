"""What can be rescaled without a change?

It is long, as it puts together its sections, each from its results to what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from landscape.dynamics.lengths import WeightLengths
from landscape.figures.panel import Group as Row
from landscape.figures.panel import Panel
from landscape.figures.theme import Style, styles_of
from landscape.labs.groups import NETWORKS
from landscape.labs.invariance import prose
from landscape.labs.invariance.facts import NEARLY, UNCHANGED, Rescaling, facts_of, over
from landscape.labs.invariance.figures import SHADES, Curve, bars_panel, cosine_panel, curves, verdict_panel
from landscape.labs.invariance.measure import jobs
from landscape.labs.invariance.questions import QUESTIONS
from landscape.labs.invariance.request import BOUNDED, CODEC, SCALES, START_NAMES, STARTS, Invariance
from landscape.labs.invariance.words import (
    bound_notice,
    funnel_notice,
    funnel_rows,
    gradient_notice,
    length_notice,
    numbers,
    outlier_notice,
    start_notice,
    start_rows,
    table_notice,
)
from landscape.labs.lab import Known, Lab, Results, Section, Shown, Table
from models.normalization import Normalization

HEADS = {
    Rescaling.LAYER: ("a layer<br>× c", "all weights of a layer, times the factor"),
    Rescaling.LAYER_SHIFT: ("a layer<br>+ v", "one vector added to the weights of every unit of a layer"),
    Rescaling.UNIT: ("a unit<br>× c", "the weights of one unit, times the factor"),
    Rescaling.INPUTS: ("inputs<br>× c", "all inputs, times the factor"),
    Rescaling.INPUTS_SHIFT: ("inputs<br>+ c", "the factor added to all inputs"),
    Rescaling.EXAMPLE: ("one x<br>× c", "one example, times the factor: its own output"),
    Rescaling.OTHERS: ("… the<br>others", "one example, times the factor: the outputs of the others"),
}
"""How each rescaling is called above its column, and in words."""

NAMES = {"none": "none", "batch": "BatchNorm", "layer": "layer", "rms": "RMS", "group": "group", "weight": "weight"}
"""Short names of the usual normalizations, for a phone's width."""

SHORT = {
    "batch-center": "mean only",
    "batch-scale": "scale only",
    "batch-l1": "l1 BatchNorm",
    "batch-linf": "l∞ BatchNorm",
    "weight-mean": "weight, mean",
    "propagation": "propagation",
}
"""And of their kin."""


def table(request: Invariance, results: Results) -> Shown:
    """Show whose outputs change when something is rescaled."""
    facts = facts_of(request, results)
    cells, title = facts.cells, f"Change of the outputs, with the factor {request.factor:g}"
    if not cells:
        return Shown(panels=[_pending(title, results["table"])])
    kinds = list(dict.fromkeys(one.normalization for one in cells))
    change = np.array([one.change for one in cells]).reshape(len(kinds), len(HEADS))
    panel = verdict_panel(
        title,
        change,
        [(NAMES | SHORT)[kind] for kind in kinds],
        [head for head, _ in HEADS.values()],
        unchanged=UNCHANGED,
        nearly=NEARLY,
        described=[words for _, words in HEADS.values()],
    )
    return Shown(notice=table_notice(facts), panels=[panel], note=prose.TABLE_LIMITS)


def gradient(request: Invariance, results: Results) -> Shown:
    """Show the gradient over the factor, and its angle to the weights."""
    names, styles = _networks(request)
    titles = "Length of the gradient, over the factor", "Angle between weights and gradient, by unit"
    known = [
        (name, style, one.value)
        for name, style, one in zip(names, styles, results["gradient"], strict=True)
        if one.value is not None
    ]
    if not known:
        return Shown(panels=[_pending(title, results["gradient"]) for title in titles])
    lines = [
        Curve(name, style, found.factors, over(found.norms, _at_one(found.factors, found.norms)), markers=True)
        for name, style, found in known
    ]
    factors = known[0][2].factors
    lines.append(Curve("1 / factor", GREY, factors, 1 / factors))
    panels = [
        curves(
            titles[0],
            lines,
            x_title="factor of the layer's weights",
            y_title="times that as trained",
            logarithmic_x=True,
            logarithmic_y=True,
        ),
        cosine_panel(
            titles[1],
            [name for name, *_ in known],
            [style for _, style, _ in known],
            [one.cosines for *_, one in known],
        ),
    ]
    return Shown(notice=gradient_notice(facts_of(request, results)), panels=panels)


GREY = Style("#8C8C8C", "dash")


def _at_one(factors: np.ndarray, norms: np.ndarray) -> float:
    return float(norms[int(np.argmin(abs(factors - 1)))])


def lengths(request: Invariance, results: Results) -> Shown:
    """Show the length of the weights by step, beside the sum of the squared steps."""
    names, styles = _networks(request)
    title = f"Length of the hidden weights, squared, at learning rate {request.length_rate:g}"
    lines = []
    for name, style, one in zip(names, styles, results["lengths"], strict=True):
        found: WeightLengths | None = one.value
        if found is not None:
            steps, start = np.arange(found.length.shape[1]), found.length[0, 0]
            crossed = found.diverged_at[0] is not None
            lines.append(Curve(name, style, steps, over(found.length[0], start), crossed))
            dotted = Style(style.colour, "dot")
            lines.append(Curve(f"{name}, by its steps", dotted, steps, over(found.predicted[0], start), legend=False))
    panel = (
        curves(title, lines, x_title="step", y_title="|w|², 1 at the start")
        if lines
        else _pending(title, results["lengths"])
    )
    return Shown(notice=length_notice(facts_of(request, results)), panels=[panel])


def funnel(request: Invariance, results: Results) -> Shown:
    """Show the effective learning rate by step from six initial scales, a panel a network."""
    names, styles = _networks(request)
    found = [one.value for one in results["funnel"]]
    every = [one.effective_rate for one in found if one is not None]
    seen = np.concatenate([rates[np.isfinite(rates) & (rates > 0)] for rates in every]) if every else np.ones(1)
    limits = float(seen.min()) / 1.5, float(seen.max()) * 1.5
    panels = []
    for name, style, one, known in zip(names, styles, found, results["funnel"], strict=True):
        if one is None:
            panels.append(_pending(name, [known]))
            continue
        rates = one.effective_rate
        lines = [
            Curve(
                f"{scale:g}",
                Style(shade),
                np.arange(len(own)),
                own,
                crossed=step is not None,
            )
            for scale, shade, own, step in zip(SCALES, SHADES, rates, one.diverged_at, strict=True)
        ]
        panels.append(
            curves(
                name,
                lines,
                x_title="step",
                y_title="rate / |w|² of a unit",
                logarithmic_y=True,
                y_range=limits,
                called="scale",
                colour=style.colour,
            )
        )
    facts = facts_of(request, results)
    rows = [Table(funnel_rows(facts), prose.FUNNEL_COLUMNS, prose.FUNNEL_TABLE, folded=True)] if facts.funnels else ()
    return Shown(notice=funnel_notice(facts), panels=panels, tables=rows)


def start(request: Invariance, results: Results) -> Shown:
    """Show training from each start of weight normalization, and what the first batch makes of its layers.

    Where that is asked for.
    """
    if not request.try_starts:
        return Shown()
    names, styles = [START_NAMES[kind] for kind in STARTS], _told_apart()
    titles = (
        f"Test accuracy: {request.weights.beginning.label}",
        "Inputs of the activation functions on the first batch",
    )
    runs = [
        known.value or going.value for known, going in zip(results["start run"], results["start training"], strict=True)
    ]
    lines = [
        Curve(name, style, run.steps, run.test_accuracy, run.diverged_at is not None)
        for name, style, run in zip(names, styles, runs, strict=True)
        if run is not None
    ]
    spread = [
        Curve(name, style, np.arange(1, len(one.value.deviation) + 1), one.value.deviation, markers=True)
        for name, style, one in zip(names, styles, results["first batch"], strict=True)
        if one.value is not None
    ]
    panels = [
        curves(titles[0], lines, x_title="step", y_title=f"test {_score(request)}", y_range=(0, 1.03))
        if lines
        else _pending(titles[0], results["start run"]),
        curves(titles[1], spread, x_title="hidden layer", y_title="deviation over the examples", logarithmic_y=True)
        if spread
        else _pending(titles[1], results["first batch"]),
    ]
    facts = facts_of(request, results)
    rows = [Table(start_rows(facts), prose.START_COLUMNS)] if facts.starts else ()
    return Shown(notice=start_notice(facts), panels=panels, tables=rows)


def _told_apart() -> list[Style]:
    """Return the styles of the starts; those that begin as the same function lie on each other, so that one is dashed."""
    styles = dict(zip(STARTS, styles_of(STARTS), strict=True))
    dashes = {Normalization.WEIGHT_PLAIN: "dash", Normalization.WEIGHT: "solid", Normalization.WEIGHT_LOG: "dash"}
    return [Style(style.colour, dashes.get(kind, style.dash)) for kind, style in styles.items()]


def bound(request: Invariance, results: Results) -> Shown:
    """Show what a bound on the weights does at several rates, and to the effective rate."""
    facts = facts_of(request, results)
    names, styles = [kind.label for kind in BOUNDED], styles_of(BOUNDED)
    titles = f"Test {_score(request)} by learning rate", "Effective learning rate"
    if not facts.bounds:
        return Shown(panels=[_pending(title, results["bound"]) for title in titles])
    scores = bars_panel(
        titles[0],
        names,
        styles,
        [f"{rate:g}" for rate in facts.bounds[0].rates],
        np.array([one.accuracy for one in facts.bounds]),
        np.array([one.diverged for one in facts.bounds]),
        x_title="learning rate",
        y_title=f"test {_score(request)}",
        y_range=(0, 1.12),
    )
    lines = [
        Curve(name, style, np.arange(len(rates)), rates, step is not None, legend=place == 0)
        for name, style, one in zip(names, styles, results["bound"], strict=True)
        for place, (rates, step) in enumerate(zip(one.value.effective_rate, one.value.diverged_at, strict=True))
    ]
    over = curves(titles[1], lines, x_title="step", y_title="rate / |v|² of a unit", logarithmic_y=True)
    return Shown(notice=[bound_notice(facts)], panels=[scores, over])


OF_UNIT = "factor of one unit's weights"


def outliers(request: Invariance, results: Results) -> Shown:
    """Show what outlying initial weights and an outlying example do."""
    names, styles = _networks(request)
    titles = (
        "First loss",
        f"Test {_score(request)} reached",
        "Gradient, with one example outlying",
        "Gradient by step of training",
    )
    units = [
        (name, style, one.value)
        for name, style, one in zip(names, styles, results["units"], strict=True)
        if one.value is not None
    ]
    examples = [
        Curve(name, style, one.value.factors, over(one.value.norms, one.value.norms[0]), markers=True)
        for name, style, one in zip(names, styles, results["example"], strict=True)
        if one.value is not None
    ]
    runs = [known.value or going.value for known, going in zip(results["run"], results["training"], strict=True)]
    norms = [
        Curve(name, style, np.arange(len(run.gradient_norm)), run.gradient_norm, run.diverged_at is not None)
        for name, style, run in zip(names, styles, runs, strict=True)
        if run is not None and len(run.gradient_norm)
    ]
    panels = [
        curves(
            titles[0],
            [Curve(name, style, one.factors, one.loss, markers=True) for name, style, one in units],
            y_title="loss before the first step",
            logarithmic_x=True,
            logarithmic_y=True,
            x_title=OF_UNIT,
        )
        if units
        else _pending(titles[0], results["units"]),
        curves(
            titles[1],
            [Curve(name, style, one.factors, one.accuracy, markers=True) for name, style, one in units],
            y_title=f"test {_score(request)}",
            logarithmic_x=True,
            y_range=(0, 1.03),
            x_title=OF_UNIT,
        )
        if units
        else _pending(titles[1], results["units"]),
        curves(
            titles[2],
            examples,
            y_title="length of the gradient, 1 as it is",
            logarithmic_x=True,
            logarithmic_y=True,
            x_title="factor of one example",
        )
        if examples
        else _pending(titles[2], results["example"]),
        curves(titles[3], norms, x_title="step", y_title="length of the gradient", logarithmic_y=True)
        if norms
        else _pending(titles[3], results["run"]),
    ]
    return Shown(notice=outlier_notice(facts_of(request, results)), panels=panels, note=prose.OUTLIERS_LIMITS)


def _networks(request: Invariance) -> tuple[tuple[str, ...], tuple[Style, ...]]:
    """Return the names and styles of the networks that are compared."""
    return request.comparison.labels(), styles_of(request.comparison.normalizations())


def _score(request: Invariance) -> str:
    return request.base.data.dataset.score


def _pending(title: str, awaited: Sequence[Known]) -> Panel:
    """Return a panel of which nothing is there yet, or ever."""
    ended = all(one.done for one in awaited)
    pending = "This could not be computed: see above." if ended else "Training…"
    return Panel(title, Row.PATH, pending=pending, empty=ended)


def take_along(request: Invariance, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    return numbers(facts_of(request, results))


LAB = Lab(
    name="invariance",
    title="Invariance",
    icon=":material/open_in_full:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: NETWORKS,
    jobs=jobs,
    sections=[
        Section(
            "table",
            table,
            ("table",),
            prose.TABLE_TITLE,
            prose.TABLE_NOTE,
            "table",
            lambda values: {"factor": None, "moment": None, "kinds": None},
            height=340,
        ),
        Section("gradient", gradient, ("run", "training", "gradient"), prose.GRADIENT_TITLE, prose.GRADIENT_NOTE),
        Section(
            "lengths",
            lengths,
            ("lengths",),
            prose.LENGTHS_TITLE,
            prose.LENGTHS_NOTE,
            "lengths",
            lambda values: {"length_rate": None},
        ),
        Section("funnel", funnel, ("funnel",), prose.FUNNEL_TITLE, prose.FUNNEL_NOTE, "funnel"),
        Section(
            "start",
            start,
            ("start run", "start training", "first batch"),
            prose.START_TITLE,
            prose.START_NOTE,
            "start",
            lambda values: dict.fromkeys(
                ("try_starts", *(("beginning", "start_rate", "start_steps") if values["try_starts"] else ()))
            ),
        ),
        Section("bound", bound, ("bound",), prose.BOUND_TITLE, prose.BOUND_NOTE, "bound"),
        Section(
            "outliers",
            outliers,
            ("run", "training", "units", "example"),
            prose.OUTLIERS_TITLE,
            prose.OUTLIERS_NOTE,
            "outliers",
        ),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    numbers=take_along,
)
