"""Is the loss really smoother with BatchNorm?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landscape.labs.codec import Values
from landscape.labs.explanations import CONSENSUS
from landscape.labs.groups import NETWORKS as NETWORK_GROUPS
from landscape.labs.lab import Group, Lab, Results, Section, Shown, Table
from landscape.labs.smoothness import prose
from landscape.labs.smoothness.explanations import explanations
from landscape.labs.smoothness.facts import ahead_of, facts_of
from landscape.labs.smoothness.figures import line_panels, measure_panels
from landscape.labs.smoothness.findings import findings
from landscape.labs.smoothness.outcomes import jobs
from landscape.labs.smoothness.questions import QUESTIONS
from landscape.labs.smoothness.request import CODEC, NETWORKS, Request
from landscape.labs.smoothness.tables import rows_of, table
from landscape.labs.smoothness.words import line_caption, notice, notice_of_lines

LADDER = Group("view", "Along the gradient", ("lowest", "highest"), {"More about the ladder": ("rungs", "probes")})


def curves(request: Request, results: Results) -> Shown:
    """Show what is measured along the trainings, as far as it is there, and what is to be noticed of it."""
    comparison = request.comparison
    steps = comparison.base.training.num_steps
    panels = measure_panels(
        comparison.labels(),
        comparison.normalizations(),
        [one.value for one in results["measures"]],
        steps,
        min(request.step, steps - 1),
    )
    facts = facts_of(request, results)
    waiting = not all(one.done for one in results["measures"])
    said = notice(facts) if facts else [prose.TRAINING] if waiting else []
    return Shown(notice=said, panels=panels)


def lines(request: Request, results: Results) -> Shown:
    """Show the loss along the gradient of one step."""
    labels, known = request.comparison.labels(), results["line"]
    ahead = ahead_of(request, results)
    panels = line_panels(
        labels,
        request.comparison.normalizations(),
        [one.value for one in known],
        [line_caption(ahead[label]) if label in ahead else "" for label in labels],
        [one.done and one.value is None for one in known],
    )
    whole = ahead and all(one.done for one in known)
    return Shown(notice=notice_of_lines(list(ahead.items())) if whole else [], panels=panels)


def tables(request: Request, results: Results) -> Shown:
    """Show the numbers, the paper beside them, and what they say for and against each explanation."""
    facts = facts_of(request, results)
    if facts is None:
        return Shown()
    score = request.comparison.base.data.dataset.score
    columns = {name: title.replace("accuracy", score) for name, title in prose.COLUMNS.items()}
    shown = [
        Table(table(facts), columns, "In numbers", prose.TABLE_NOTE),
        Table(findings(facts), prose.PAPER_COLUMNS, prose.PAPER),
        Table(explanations(facts), prose.EXPLANATION_COLUMNS, CONSENSUS),
    ]
    return Shown(tables=[one for one in shown if one.rows])


def step_slider(values: Values) -> Mapping[str, int | None]:
    """Return the slider of the step, up to the last of the training."""
    return {"step": values["num_steps"] - 1}


def numbers(request: Request, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return rows_of(facts) if facts else []


LAB = Lab(
    name="smoothness",
    title="Smoothness",
    icon=":material/ssid_chart:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: (*NETWORK_GROUPS, LADDER),
    jobs=jobs,
    sections=[
        Section("curves", curves, ("measures",), picks="step"),
        Section("lines", lines, ("line",), prose.LINES, prose.LINES_NOTE, controls=step_slider),
        Section("tables", tables, ("shapes",)),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    networks=NETWORKS,
    numbers=numbers,
)
