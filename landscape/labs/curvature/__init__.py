"""Is the curvature smaller?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landscape.figures.theme import styles_of
from landscape.labs.curvature import prose
from landscape.labs.curvature.facts import facts_of, name_of
from landscape.labs.curvature.figures import Drawn, Rate, edge_panels, share_panel, spectrum_panel
from landscape.labs.curvature.measure import jobs
from landscape.labs.curvature.questions import QUESTIONS
from landscape.labs.curvature.request import CODEC, Curvature
from landscape.labs.curvature.words import called, edge_notice, edge_rows, numbers, rows, same_notice, spectra_notice
from landscape.labs.groups import NETWORKS
from landscape.labs.lab import Group, Known, Lab, Results, Section, Shown, Table
from models.normalization import Normalization

SPECTRUM = Group("spectrum", "Spectra", ("measured",), {"More about the spectra": ("probes", "lanczos_steps")})


def spectra(request: Curvature, results: Results) -> Shown:
    """Show all spectra on one axis, and how much of the gradient lies along the steepest directions."""
    labels, kinds = request.comparison.labels(), request.comparison.normalizations()
    curves = request.curves()
    drawn = _drawn(
        [called(labels[i], statistics) for i, statistics in curves],
        [kinds[i] for i, _ in curves],
        results["eigenvalues"],
        results["density"],
    )
    facts, failed = facts_of(request, results), _done(results, "eigenvalues", "density")
    return Shown(
        notice=spectra_notice(facts) if facts and _done(results, "eigenvalues") else (),
        panels=[spectrum_panel("Eigenvalues of the Hessian", drawn, failed), share_panel(drawn, failed)],
        note=prose.SPECTRA_LIMITS,
        tables=[Table(rows(facts.spectra), prose.COLUMNS, "", prose.TABLE_NOTE)] if facts and facts.spectra else (),
    )


def edge(request: Curvature, results: Results) -> Shown:
    """Show the sharpness along the trainings on full batches, and below it their loss."""
    experiments = request.edge.experiments(request.comparison.base.seed)
    each = zip(experiments, results["edge training"], results["edge run"], results["sharpness"], strict=True)
    rates = []
    for one, training, run, sharpness in each:
        rate, known = one.training.learning_rate, run.value or training.value
        found = sharpness.value
        rates.append(
            Rate(name_of(rate), 2 / rate, found and found.steps, found and found.sharpness, known and known.loss)
        )
    facts = facts_of(request, results)
    told, failed = edge_notice(facts) if facts else "", _done(results, "edge run", "sharpness")
    table = [Table(edge_rows(facts.rates), prose.EDGE_COLUMNS)] if facts and facts.rates else ()
    return Shown(
        notice=[told] if told else (), panels=edge_panels(rates, request.edge.edge_steps, failed), tables=table
    )


def same(request: Curvature, results: Results) -> Shown:
    """Show the spectra of one function in two parametrizations."""
    written = Normalization(request.written)
    drawn = _drawn(
        ["plain weights", written.label],
        [Normalization.NONE, written],
        results["same eigenvalues"],
        results["same density"],
    )
    facts = facts_of(request, results)
    told, failed = same_notice(facts) if facts else "", _done(results, "same eigenvalues", "same density")
    pair = [one for one in (facts.plain, facts.written) if one is not None] if facts else []
    return Shown(
        notice=[told] if told else (),
        panels=[spectrum_panel("Eigenvalues of the Hessian at one function", drawn, failed)],
        tables=[Table(rows(pair), prose.COLUMNS, "", prose.TABLE_NOTE)] if pair else (),
    )


def _drawn(
    names: Sequence[str], kinds: Sequence[Normalization], eigenvalues: Sequence[Known], densities: Sequence[Known]
) -> list[Drawn]:
    """Return what of each spectrum can be drawn now."""
    made = []
    for name, style, found, density in zip(names, styles_of(kinds), eigenvalues, densities, strict=True):
        values = None if found.value is None else found.value.values[-1]
        share = None if found.value is None else float(found.value.shares[-1][:10].sum())
        of = density.value
        made.append(Drawn(name, style, of and of.nodes, of and of.weights, values, share))
    return made


def _done(results: Results, *names: str) -> bool:
    return all(one.done for name in names for one in results[name])


def take_along(request: Curvature, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return numbers(facts) if facts else []


LAB = Lab(
    name="curvature",
    title="Curvature",
    icon=":material/target:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: (*NETWORKS, SPECTRUM),
    jobs=jobs,
    sections=[
        Section(
            "spectra",
            spectra,
            ("run", "training", "eigenvalues", "density"),
            prose.SPECTRA_TITLE,
            prose.SPECTRA_NOTE,
            "spectra",
            lambda values: {"beside": None},
            awaited=("eigenvalues",),
        ),
        Section(
            "edge",
            edge,
            ("edge run", "edge training", "sharpness"),
            prose.EDGE_TITLE,
            prose.EDGE_NOTE,
            "edge",
            lambda values: dict.fromkeys(
                ("edge_rate", "edge_loss", "edge_normalization", "edge_steps", "edge_snapshots")
            ),
        ),
        Section(
            "same",
            same,
            ("written", "same eigenvalues", "same density"),
            prose.SAME_TITLE,
            prose.SAME_NOTE,
            "same",
            lambda values: {"written": None},
        ),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    numbers=take_along,
)
