"""Is it the distribution?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landscape.figures.panel import Group as Row
from landscape.figures.theme import styles_of
from landscape.labs.covariate_shift import figures, prose
from landscape.labs.covariate_shift.evidence import BORROWED
from landscape.labs.covariate_shift.evidence import rows as evidence_rows
from landscape.labs.covariate_shift.facts import borrowed_lacks, borrowed_numbers, facts_of
from landscape.labs.covariate_shift.measure import jobs
from landscape.labs.covariate_shift.questions import QUESTIONS
from landscape.labs.covariate_shift.request import CODEC, OF_CURVE, CovariateShift
from landscape.labs.covariate_shift.words import (
    below_notice,
    curve_notice,
    domain_notice,
    inside_rows,
    noise_notice,
    numbers,
    there_rows,
    two_notice,
)
from landscape.labs.groups import NETWORKS
from landscape.labs.lab import Group, Lab, Results, Section, Shown, Table

LOOKS = Group("looks", "Looks inside", ("looks",))


def noise(request: CovariateShift, results: Results) -> Shown:
    """Show the distributions inside each network by step, the losses, and how far the units jump."""
    comparison, found = request.comparison, [one.value for one in results["moments"]]
    names, styles = comparison.labels(), styles_of(comparison.normalizations())
    facts = facts_of(request, results)
    steps = comparison.base.training.num_steps
    records = facts.inside if facts else ()
    told = [style for name, style in zip(names, styles, strict=True) if name in {one.name for one in records}]
    return Shown(
        notice=noise_notice(facts) if facts and facts.inside else (),
        panels=[
            *figures.inside_panels(names, styles, found, steps),
            figures.loss_panel(names, styles, found, steps),
            figures.jump_panel(records, told),
        ],
        note=prose.NOISE_LIMITS,
        tables=[_table(request, inside_rows(facts), prose.INSIDE_COLUMNS, prose.INSIDE_TABLE)]
        if facts and records
        else (),
    )


def domain(request: CovariateShift, results: Results) -> Shown:
    """Show the first two networks in other domains."""
    found, chosen = [one.value for one in results["domains"]], request.chosen
    names, kinds = request.pair_labels, request.comparison.normalizations()[: len(request.pair)]
    styles = styles_of([*kinds, *kinds])
    facts = facts_of(request, results)
    abroad = facts.abroad if facts else ()
    stored = next((place for place, one in enumerate(found) if one is not None and one.stores), len(found) - 1)
    score = request.comparison.base.data.dataset.score
    told = styles if len(abroad) == len(names) else (*styles[: len(abroad)], *styles[-len(abroad) :])
    return Shown(
        notice=domain_notice(facts) if facts else (),
        panels=[
            figures.example_panel(next((one for one in found if one is not None), None), chosen),
            figures.score_panel(abroad, told, score),
            figures.divergence_panel(names, styles, found, chosen),
            *figures.feature_panels(names[stored], found[stored], chosen),
        ],
        note=prose.DOMAIN_LIMITS,
        tables=[_table(request, there_rows(facts), prose.THERE_COLUMNS, prose.THERE_TABLE)] if facts and abroad else (),
    )


def below(request: CovariateShift, results: Results) -> Shown:
    """Show how gradients change as the layers below move, in the deep linear network and in those of the sidebar."""
    linear, relu = ([one.value for one in results[name]] for name in ("linear", "shift"))
    deep = request.linear()
    of_deep = [one.network.normalization.label for one in deep], styles_of([one.network.normalization for one in deep])
    of_own = request.pair_labels, styles_of(request.comparison.normalizations()[: len(request.pair)])
    steps = request.comparison.base.training.num_steps
    facts = facts_of(request, results)
    return Shown(
        notice=below_notice(facts) if facts else (),
        panels=[
            *figures.layer_panels(*of_deep, linear, cosine=True, num_steps=request.linear_steps, group=Row.PATH),
            figures.shift_loss_panel(*of_deep, linear, request.linear_steps, Row.PATH),
            *figures.layer_panels(*of_own, relu, cosine=False, num_steps=steps, group=Row.CURVE),
        ],
        note=prose.BELOW_LIMITS,
    )


def both(request: CovariateShift, results: Results) -> Shown:
    """Show both shifts of the same networks side by side."""
    facts = facts_of(request, results)
    names, styles = request.pair_labels, styles_of(request.comparison.normalizations()[: len(request.pair)])
    base = request.comparison.base
    shift = [one.value for one in results["shift"]]
    return Shown(
        notice=two_notice(facts) if facts else (),
        panels=[
            figures.output_panel(names, styles, shift, base.training.num_steps),
            figures.home_panel(facts.abroad if facts else (), styles, request.chosen, base.data.dataset.score),
        ],
    )


def curve(request: CovariateShift, results: Results) -> Shown:
    """Show a curve of which a part is learnt."""
    names = [one.network.normalization.label for one in request.curves()]
    facts = facts_of(request, results)
    found = [one.value for one in results["curve"]]
    return Shown(
        notice=curve_notice(facts) if facts else (),
        panels=[figures.curve_panel(names, styles_of(OF_CURVE), found, request.learnt)],
    )


def why(request: CovariateShift, results: Results) -> Shown:
    """Show each explanation with what is measured for it and against it."""
    found = evidence_rows(facts_of(request, results), borrowed_numbers(results), borrowed_lacks(results))
    return Shown(tables=[Table(found, prose.WHY_COLUMNS, "", prose.WHY_LIMITS)])


def _table(request: CovariateShift, rows: Sequence[Any], columns: Mapping[str, str], note: str) -> Table:
    score = request.comparison.base.data.dataset.score
    return Table(rows, {name: title.format(score=score) for name, title in columns.items()}, "", note)


def take_along(request: CovariateShift, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return numbers(facts) if facts else []


LAB = Lab(
    name="covariate_shift",
    title="Covariate shift",
    icon=":material/shuffle:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: (*NETWORKS, LOOKS),
    jobs=jobs,
    sections=[
        Section("noise", noise, ("moments",), prose.NOISE_TITLE, prose.NOISE_NOTE),
        Section(
            "domain",
            domain,
            ("run", "domains"),
            prose.DOMAIN_TITLE,
            prose.DOMAIN_NOTE,
            "domain",
            lambda values: {"elsewhere": None},
        ),
        Section(
            "below",
            below,
            ("shift", "linear"),
            prose.BELOW_TITLE,
            prose.BELOW_NOTE,
            "below",
            lambda values: dict.fromkeys(("linear_rate", "linear_steps")),
        ),
        Section("both", both, ("domains", "shift"), prose.BOTH_TITLE, prose.BOTH_NOTE),
        Section(
            "curve",
            curve,
            ("curve",),
            prose.CURVE_TITLE,
            prose.CURVE_NOTE,
            "curve",
            lambda values: dict.fromkeys(("learnt", "curve_steps")),
        ),
        Section("why", why, (), prose.WHY_TITLE, prose.WHY_NOTE, borrowed=BORROWED),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    numbers=take_along,
)
