"""What does normalization do to a network's loss landscape?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landscape.labs.compare import prose
from landscape.labs.compare.facts import answering, facts_of
from landscape.labs.compare.figures import comparison_panels
from landscape.labs.compare.outcomes import failed_of, jobs, outcomes_of
from landscape.labs.compare.questions import QUESTIONS
from landscape.labs.compare.request import CODEC, Request
from landscape.labs.compare.words import notice, rows_of, table
from landscape.labs.groups import NETWORKS
from landscape.labs.lab import Group, Lab, Results, Section, Shown, Table

VIEW = Group(
    "view",
    "View",
    ("plane", "statistics", "drawing", "logarithmic", "shared_range"),
    {
        "More about the view": (
            "extent", "resolution", "resolution_y", "view_num_examples", "split", "batches", "view_seed", "feature_x",
            "feature_y",
        )
    },
)  # fmt: skip


def landscapes(request: Request, results: Results) -> Shown:
    """Show the landscapes, the paths, the curves and the activations, and what is to be noticed of them."""
    comparison, outcomes = request.comparison, outcomes_of(request, results)
    facts = facts_of(request, results)
    trained = all(one.done for one in results["run"])
    said = notice(facts) if facts and trained else "" if trained else prose.TRAINING
    panels = comparison_panels(
        comparison.labels(), comparison.normalizations(), outcomes, request.view, request.display, failed_of(results)
    )
    steps: list[int] = max((outcome.run.steps.tolist() for outcome in outcomes if outcome), key=len, default=[])
    score = comparison.base.data.dataset.score
    columns = {name: title.replace("accuracy", score) for name, title in prose.COLUMNS.items()}
    tables = [Table(table(facts), columns, "In numbers", prose.TABLE_NOTE.replace("accuracy", score))] if facts else []
    return Shown(notice=[said] if said else [], panels=panels, steps=steps, tables=tables)


def numbers(request: Request, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return rows_of(facts) if facts else []


LAB = Lab(
    name="compare",
    title="Compare landscapes",
    icon=":material/landscape:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: (*NETWORKS, VIEW),
    jobs=jobs,
    sections=[
        Section(
            "landscapes",
            landscapes,
            ("run", "surface", "inspection", "measures", "training"),
            awaited=("run", "surface", "inspection"),
        )
    ],
    facts=answering,
    questions=QUESTIONS,
    numbers=numbers,
)
