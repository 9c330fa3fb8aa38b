"""What does normalization do to a network's loss landscape?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landscape.figures.theme import styles_of
from landscape.labs.compare import prose
from landscape.labs.compare.dropping import dropping
from landscape.labs.compare.facts import answering, facts_of
from landscape.labs.compare.figures import comparison_panels, rates_panel, readouts_of
from landscape.labs.compare.outcomes import BALL_JOBS, failed_of, jobs, outcomes_of, starts_of
from landscape.labs.compare.questions import FRONT, QUESTIONS
from landscape.labs.compare.request import CODEC, Request
from landscape.labs.compare.strength_figures import readouts_of as strength_readouts
from landscape.labs.compare.strength_figures import strength_panels
from landscape.labs.compare.strength_words import falls
from landscape.labs.compare.strengths import JOBS as STRENGTH_JOBS
from landscape.labs.compare.strengths import experiments_of, strength_jobs, weakened_of
from landscape.labs.compare.words import balls, below, follows, notice, parting_rate, rows_of, table
from landscape.labs.groups import NETWORKS
from landscape.labs.lab import Action, Group, Jobs, Lab, Results, Section, Shown, Table

VIEW = Group(
    "view",
    "View",
    ("plane", "statistics", "drawing", "logarithmic", "shared_range"),
    {
        "More about the view": (
            "extent", "resolution", "resolution_y", "view_num_examples", "split", "batches", "view_seed", "feature_x",
            "feature_y", "frozen",
        )
    },
)  # fmt: skip


BALLS = Group(
    "balls",
    "Balls",
    ("ball_rate", "another_ball", "ball_x", "ball_y"),
    {"More about the balls": ("ball_steps",)},
    actions=dropping,
)


def landscapes(request: Request, results: Results) -> Shown:
    """Show the landscapes, the paths, the curves and the activations, and what is to be noticed of them."""
    comparison, outcomes = request.comparison, outcomes_of(request, results)
    facts = facts_of(request, results)
    trained = all(one.done for one in results["run"])
    said = [prose.TRAINING]
    if trained:
        said = [notice(facts)] if facts else []
    kinds, starts = comparison.normalizations(), starts_of(results)
    panels = comparison_panels(
        comparison.labels(), kinds, outcomes, request.view, request.display, failed_of(results), starts, request.balls
    )
    steps: list[int] = max((outcome.run.steps.tolist() for outcome in outcomes if outcome), key=len, default=[])
    score = comparison.base.data.dataset.score
    columns = {name: title.replace("accuracy", score) for name, title in prose.COLUMNS.items()}
    few = {name: columns[name] for name in prose.FEW}
    tables = []
    if facts:
        rows = table(facts)
        tables = [
            Table(rows, few, "In numbers"),
            Table(rows, columns, prose.ALL, prose.TABLE_NOTE.replace("accuracy", score), folded=True),
        ]
    beside = readouts_of(outcomes, styles_of(kinds))
    note = below(facts) if facts and trained else ""
    return Shown([], [one for one in said if one], panels, steps, note, tables, readouts=beside)


def rates(request: Request, results: Results) -> Shown:
    """Show at which learning rates these very networks train."""
    facts = facts_of(request, results)
    if facts is None:
        return Shown()
    actions = []
    if (parting := parting_rate(facts)) is not None:
        actions = [Action(prose.PARTING.format(parting), {"learning_rate": parting})]
    panels = [rates_panel(facts)] if request.balls.other_rates else []
    return Shown(panels=panels, notice=[*balls(facts), *follows(facts)], actions=actions)


def somewhat(request: Request, results: Results) -> Shown:
    """Show the landscape of one network from no normalization to BatchNorm, under a slider."""
    if not request.beside.try_strengths:
        return Shown()
    if not experiments_of(request):
        return Shown(said=prose.NO_BATCHNORM)
    facts, found = facts_of(request, results), weakened_of(results)
    parts = () if facts is None else facts.parts
    panels = strength_panels(found, parts, request.view, request.display, len(request.comparison.variants))
    known = panels[0].figure is not None
    said = falls(facts) if facts is not None and known else []
    steps = [one.strength for one in parts] if known else []
    beside = strength_readouts(parts) if known else []
    return Shown(notice=said, panels=panels, steps=steps, readouts=beside, along="strength")


def every_job(request: Request) -> Jobs:
    """Return what is computed for the networks of the page, and last for one of them at each strength of BatchNorm."""
    return {**jobs(request), **strength_jobs(request)}


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
    groups=lambda values: (*NETWORKS, VIEW, BALLS),
    jobs=every_job,
    sections=[
        Section(
            "landscapes",
            landscapes,
            (
                "start",
                "run",
                "surface",
                "inspection",
                "frozen",
                "shots",
                "frames",
                "measures",
                "training",
                *BALL_JOBS,
            ),
            picks="ball_x",
            awaited=("run", "surface", "inspection"),
            prompt=("start", *BALL_JOBS[1:]),
        ),
        Section(
            "follows",
            rates,
            ("run", *BALL_JOBS, "rates"),
            prose.FOLLOWS,
            prose.FOLLOWS_NOTE,
            controls=lambda values: {"other_rates": None},
        ),
        Section(
            "somewhat",
            somewhat,
            tuple(STRENGTH_JOBS),
            prose.SOMEWHAT,
            prose.SOMEWHAT_NOTE,
            controls=lambda values: {"try_strengths": None},
            height=300,
        ),
    ],
    facts=answering,
    questions=QUESTIONS,
    numbers=numbers,
    front=FRONT,
)
