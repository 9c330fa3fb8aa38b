"""What may be asked about curvature, with its settings and its answer."""

from __future__ import annotations

from dataclasses import replace

from landscape.experiment import LossFunction, Statistics
from landscape.labs.curvature.facts import Facts
from landscape.labs.curvature.request import Curvature, Edge, Written
from landscape.labs.curvature.words import BACK, Case, at_edge, beside, edge_case, edge_notice, same_case, same_notice
from landscape.labs.lab import Choice, Question
from landscape.labs.words import Ratio, Share, sentence
from models.normalization import Normalization

DEFAULT = Curvature()

STEEPER = 3.0
"""A network whose greatest eigenvalue is so many times as great is called steeper."""

SENTENCES = {
    "outliers": "Without normalization {plain} eigenvalues stand out and the greatest is {top}, {ratio} the {least} with "
    "BatchNorm, where none stands out. Along the ten steepest directions lies {share} of the squared gradient, and with "
    "BatchNorm {batch_share}.",
    "outliers, some": "BatchNorm makes them less steep: the greatest eigenvalue is {top} without normalization, {ratio} the "
    "{least} with it. In both some stand out, {plain} and {batch}. Along the ten steepest directions lies {share} of the "
    "squared gradient, and with BatchNorm {batch_share}.",
    "outliers, not": "Not in these settings: without normalization the greatest eigenvalue is {top} and {plain} stand out; "
    "with BatchNorm it is {least} and {batch} stand out.",
}


def _outliers(facts: Facts) -> str:
    plain, batch = facts.of("none"), facts.of("batch")
    if plain is None or batch is None:
        return ""
    return sentence(
        SENTENCES["outliers, not" if not _steeper(facts) else "outliers, some" if batch.outliers else "outliers"],
        plain=plain.outliers,
        batch=batch.outliers,
        top=plain.top,
        least=batch.top,
        ratio=Ratio(plain.top / batch.top),
        share=Share(plain.share),
        batch_share=Share(batch.share),
    )


def _steeper(facts: Facts) -> bool:
    plain, batch = facts.of("none"), facts.of("batch")
    return plain is not None and batch is not None and plain.top > STEEPER * batch.top


def _frozen(facts: Facts) -> str:
    other = facts.of("batch", Statistics.RUNNING)
    return "" if other is None else beside(facts, other)


def _back(facts: Facts) -> bool:
    batch, other = facts.of("batch"), facts.of("batch", Statistics.RUNNING)
    return batch is not None and other is not None and other.top > BACK * batch.top


def _rewritten(facts: Facts) -> Case | None:
    plain, written = facts.plain, facts.written
    return None if plain is None or written is None else same_case(plain, written)


def _ends(case: Case, facts: Facts) -> bool:
    return bool(facts.rates) and edge_case(facts.rates) is case


QUESTIONS = (
    Question(
        "outliers",
        "How many steep walls does a network stand between, without BatchNorm and with it?",
        DEFAULT,
        "spectra",
        _outliers,
        (
            Choice("About as steep with it", lambda facts: not _steeper(facts)),
            Choice("Far less steep with it", _steeper),
        ),
        (63,),
    ),
    Question(
        "frozen",
        "Freeze BatchNorm's statistics: do the walls come back?",
        DEFAULT,
        "spectra",
        _frozen,
        (
            Choice("They come back", _back),
            Choice("They stay away: the weights are the same", lambda facts: not _back(facts)),
        ),
        (63,),
    ),
    Question(
        "edge",
        "Trained on all the data at once, how sharp does the loss become?",
        DEFAULT,
        "edge",
        edge_notice,
        (
            Choice("As sharp as 2 / learning rate, at each rate", lambda facts: _ends(Case.SETTLES, facts)),
            Choice("It stays below that", lambda facts: _ends(Case.BELOW, facts)),
            Choice("That has nothing to do with the rate", lambda facts: _ends(Case.UNLIKE, facts)),
        ),
        (62,),
    ),
    Question(
        "edge-batch",
        "And with BatchNorm, whose loss begins sharper than that?",
        replace(DEFAULT, edge=Edge(edge_normalization=Normalization.BATCH, edge_rate=0.13)),
        "edge",
        edge_notice,
        (
            Choice("It diverges", lambda facts: any(one.diverged for one in facts.rates)),
            Choice("It comes down to 2 / learning rate", lambda facts: _all_at_edge(facts)),
        ),
        (62,),
    ),
    Question(
        "cross-entropy",
        "Is it so with cross-entropy too?",
        replace(
            DEFAULT, edge=Edge(edge_loss=LossFunction.CROSS_ENTROPY, edge_rate=0.7, edge_steps=500, edge_snapshots=9)
        ),
        "edge",
        edge_notice,
        (
            Choice("Yes, it stays at 2 / learning rate", lambda facts: _all_at_edge(facts)),
            Choice("No, it falls below as the data are fitted", lambda facts: _ends(Case.BELOW, facts)),
        ),
        (62,),
    ),
    Question(
        "one-function",
        "One function, written with and without BatchNorm: is it as curved?",
        DEFAULT,
        "same",
        same_notice,
        (
            Choice("Yes: it is the same function", lambda facts: _rewritten(facts) is Case.SAME_ALIKE),
            Choice("Less with BatchNorm", lambda facts: _rewritten(facts) is Case.SAME_LESS),
            Choice("More with BatchNorm", lambda facts: _rewritten(facts) is Case.SAME_MORE),
        ),
        (59,),
    ),
    Question(
        "weights",
        "And written with weight normalization?",
        replace(DEFAULT, written=Written.WEIGHT_PLAIN),
        "same",
        same_notice,
        (
            Choice("As curved as plain weights", lambda facts: _rewritten(facts) is Case.SAME_ALIKE),
            Choice("Less curved", lambda facts: _rewritten(facts) is Case.SAME_LESS),
        ),
        (59,),
    ),
)


def _all_at_edge(facts: Facts) -> bool:
    return bool(facts.rates) and all(at_edge(one) for one in facts.rates)
