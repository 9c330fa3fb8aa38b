"""What is said about curvature, in sentences and tables, from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from landscape.experiment import Statistics
from landscape.labs.curvature.facts import AtRate, Facts, Spectrum
from landscape.labs.trainings import Ended, decay_of, told_of
from landscape.labs.words import Ratio, Share, number, sentence

ALIKE = 1.3
"""Eigenvalues that differ by less than this factor are called alike."""

BACK = 1.8
"""By other statistics the greatest eigenvalue is called back where it is so many times as great as by those of the batch."""

NEAR = (0.85, 1.2)
"""Sharpness between these multiples of 2 / learning rate counts as at the edge of stability."""

BESIDE = {
    Statistics.BATCH: "{name}",
    Statistics.RUNNING: "{name}, frozen",
    Statistics.POPULATION: "{name}, population statistics",
}
"""What a spectrum is called, by its statistics."""


def called(name: str, statistics: Statistics) -> str:
    """Return what a spectrum is called.

    >>> called("BatchNorm", Statistics.RUNNING)
    'BatchNorm, frozen'
    """
    return BESIDE[statistics].format(name=name)


class Case(StrEnum):
    """What there is to say about curvature, a template each."""

    OUTLIERS = "outliers"
    NO_OUTLIERS = "no outliers"
    SHARE = "share"
    NOT_FOUND = "not found"
    FROZEN_BACK = "frozen, back"
    FROZEN_SAME = "frozen, no more than by the batch"
    POPULATION_BACK = "population, back"
    POPULATION_SAME = "population, no more than by the batch"
    SETTLES = "settles at the edge"
    BELOW = "ends below the edge"
    UNLIKE = "ends unlike from rate to rate"
    DIVERGED = "diverged"
    SAME_LESS = "less curved"
    SAME_ALIKE = "as curved"
    SAME_MORE = "more curved"


SENTENCES = {
    Case.OUTLIERS: "This many of the twenty greatest eigenvalues stand out, each over three times the twentieth: {counts}. "
    "The greatest of all is {tops}.",
    Case.NO_OUTLIERS: "No eigenvalue stands out: none is over three times the twentieth. The greatest is {tops}.",
    Case.SHARE: "Of the gradient's squared length this share lies along the ten steepest directions: {shares}.",
    Case.NOT_FOUND: "Not all of the twenty greatest eigenvalues were found of {names}.",
    Case.FROZEN_BACK: "With its statistics frozen as training left them, **{name}** is steep again: its "
    "greatest eigenvalue is {other}, and by the statistics of the batch {batch}.",
    Case.FROZEN_SAME: "With its statistics frozen as training left them, **{name}** has no steeper direction than by those "
    "of the batch: its greatest eigenvalue is {other}, and there {batch}.",
    Case.POPULATION_BACK: "By population statistics **{name}** is steeper than by those of the batch: its greatest "
    "eigenvalue is {other}, and there {batch}.",
    Case.POPULATION_SAME: "Population statistics do not bring the outliers of **{name}** back: its greatest eigenvalue is "
    "{other}, and by the statistics of the batch {batch}. They change with the weights, as those of the batch do.",
    Case.SETTLES: "At each rate the sharpness comes to 2 / learning rate and stays there: over the second half of the "
    "training it is this many times that: {lates}. It began at {firsts}. The loss falls all the same, though after this share "
    "of the steps it is higher than before: {rises}.",
    Case.BELOW: "At no rate does the sharpness stay at 2 / learning rate: over the second half of the training it is only "
    "this many times that: {lates}. It began at {firsts}, and at most it was {peaks}.",
    Case.UNLIKE: "Over the second half of the training the sharpness is this many times 2 / learning rate: {lates}. Near 1 "
    "it is at the edge of stability. It began at {firsts}.",
    Case.DIVERGED: "Too large a rate for these networks: {names} diverged, and nothing is told of the sharpness there.",
    Case.SAME_LESS: "Both networks compute one function, of loss {loss}. Written with {name}, its greatest eigenvalue is "
    "{written}; as plain weights it is {plain}, {ratio} as much.",
    Case.SAME_ALIKE: "Both networks compute one function, of loss {loss}, and are as curved: the greatest eigenvalue is "
    "{written} written with {name}, and {plain} as plain weights.",
    Case.SAME_MORE: "Both networks compute one function, of loss {loss}. Written with {name}, its greatest eigenvalue is "
    "{written}, {ratio} as much as the {plain} of plain weights.",
}


def spectra_notice(facts: Facts) -> list[str]:
    """Return what to notice of the spectra: the outliers, the gradient, and what other statistics make of them."""
    said = told_of(facts.trained, draws=False) if any(one.ended is not Ended.LEARNED for one in facts.trained) else []
    names = {called(one.name, one.statistics): one for one in facts.spectra}
    known = {name: one for name, one in names.items() if isfinite(one.top)}
    if known:
        counts, tops = ({name: getattr(one, of) for name, one in known.items()} for of in ("outliers", "top"))
        case = Case.OUTLIERS if any(counts.values()) else Case.NO_OUTLIERS
        said.append(sentence(SENTENCES[case], counts=counts, tops=tops))
        said.append(sentence(SENTENCES[Case.SHARE], shares={name: Share(one.share) for name, one in known.items()}))
    if missed := [name for name, one in names.items() if name not in known or not isfinite(one.share)]:
        said.append(sentence(SENTENCES[Case.NOT_FOUND], names=missed))
    diverged = {one.name for one in facts.trained if one.diverged_at is not None}
    said += [told for one in known.values() if one.name not in diverged and (told := beside(facts, one))]
    return [*said, *decay_of(facts.trained)] if known else said


def beside(facts: Facts, one: Spectrum) -> str:
    """Return what other statistics make of a network's spectrum; nothing of those of the batch."""
    batch = next((o for o in facts.spectra if (o.name, o.statistics) == (one.name, Statistics.BATCH)), None)
    if one.statistics is Statistics.BATCH or batch is None:
        return ""
    back = one.top > BACK * batch.top
    if one.statistics is Statistics.RUNNING:
        case = Case.FROZEN_BACK if back else Case.FROZEN_SAME
    else:
        case = Case.POPULATION_BACK if back else Case.POPULATION_SAME
    return sentence(SENTENCES[case], name=one.name, other=one.top, batch=batch.top)


def edge_notice(facts: Facts) -> str:
    """Return what to notice of the sharpness along the trainings on full batches."""
    going = [one for one in facts.rates if not one.diverged]
    said = []
    if diverged := [one.trained.name for one in facts.rates if one.diverged]:
        said.append(sentence(SENTENCES[Case.DIVERGED], names=diverged))
    if going:
        lates, firsts, peaks = (
            {one.trained.name: getattr(one, of) for one in going} for of in ("late", "first", "peak")
        )
        rises = {one.trained.name: Share(one.rises) for one in going}
        said.append(sentence(SENTENCES[edge_case(going)], lates=lates, firsts=firsts, peaks=peaks, rises=rises))
    return " ".join(said)


def edge_case(rates: Sequence[AtRate]) -> Case:
    """Return where the sharpness ends at these rates."""
    if all(at_edge(one) for one in rates):
        return Case.SETTLES
    return Case.BELOW if all(one.late < NEAR[0] for one in rates) else Case.UNLIKE


def at_edge(one: AtRate) -> bool:
    """Return whether over the second half of a training the sharpness is near 2 / learning rate."""
    return not one.diverged and NEAR[0] <= one.late <= NEAR[1]


def same_notice(facts: Facts) -> str:
    """Return what to notice of one function in two parametrizations; nothing before both spectra are there."""
    plain, written = facts.plain, facts.written
    if plain is None or written is None or not (plain.top > 0 and written.top > 0):
        return ""
    case, ratio = same_case(plain, written), plain.top / written.top
    return sentence(
        SENTENCES[case],
        loss=plain.loss,
        name=written.name,
        written=written.top,
        plain=plain.top,
        ratio=Ratio(1 / ratio if case is Case.SAME_MORE else ratio),
    )


def same_case(plain: Spectrum, written: Spectrum) -> Case:
    """Return how the curvature of a function differs between two ways to write it."""
    if 1 / ALIKE <= plain.top / written.top <= ALIKE:
        return Case.SAME_ALIKE
    return Case.SAME_LESS if plain.top > written.top else Case.SAME_MORE


@dataclass(frozen=True)
class Row:
    """One spectrum in a table, in words and numbers for people."""

    network: str
    loss: str
    gradient: str
    top: str
    spread: str
    outliers: str
    share: str
    negative: str


@dataclass(frozen=True)
class EdgeRow:
    """One training on full batches in the table."""

    rate: str
    edge: str
    first: str
    late: str
    rises: str
    loss: str
    accuracy: str


def rows(spectra: Sequence[Spectrum]) -> list[Row]:
    """Return the rows of a table of spectra."""
    return [
        Row(
            network=called(one.name, one.statistics),
            loss=number(one.loss),
            gradient=number(one.gradient_norm),
            top=number(one.top),
            spread=number(one.spread),
            outliers=f"{one.outliers}",
            share=f"{one.share:.2f}",
            negative="…" if one.negative is None else f"{one.negative:.1%}",
        )
        for one in spectra
    ]


def edge_rows(rates: Sequence[AtRate]) -> list[EdgeRow]:
    """Return the rows of the table of the trainings on full batches."""
    return [
        EdgeRow(
            rate=f"{one.trained.learning_rate:g}",
            edge=number(one.edge),
            first=number(one.first),
            late=f"diverged at step {one.trained.diverged_at}" if one.diverged else number(one.late),
            rises=f"{one.rises:.0%}",
            loss=number(one.trained.last_loss),
            accuracy=f"{one.trained.test_accuracy:.3f}",
        )
        for one in rates
    ]


def numbers(facts: Facts) -> Sequence[Mapping[str, object]]:
    """Return the numbers to take along: a row for each spectrum, for each way to write one function, for each rate."""
    same = [one for one in (facts.plain, facts.written) if one is not None]
    return [
        _row(part, one.name, one.loss)
        | {
            "statistics": one.statistics.value,
            "gradient_norm": one.gradient_norm,
            "top_eigenvalue": one.top,
            "tenth_eigenvalue": one.tenth,
            "outliers": one.outliers,
            "gradient_in_top_ten": one.share,
            "share_below_zero": one.negative,
            "trace": one.trace,
        }
        for part, spectra in (("spectra", facts.spectra), ("one function", same))
        for one in spectra
    ] + [
        _row("full batches", one.trained.name, one.trained.last_loss)
        | {
            "learning_rate": one.trained.learning_rate,
            "sharpness_first": one.first * one.edge,
            "sharpness_late": one.late * one.edge,
            "share_of_rises": one.rises,
        }
        for one in facts.rates
    ]


OF_SPECTRA = (
    "statistics", "gradient_norm", "top_eigenvalue", "tenth_eigenvalue", "outliers", "gradient_in_top_ten",
    "share_below_zero", "trace",
)  # fmt: skip

OF_RATES = ("learning_rate", "sharpness_first", "sharpness_late", "share_of_rises")


def _row(part: str, network: str, loss: float) -> dict[str, object]:
    """Return a row of all columns, of which another part's stay empty."""
    return {"part": part, "network": network, "loss": loss} | dict.fromkeys((*OF_SPECTRA, *OF_RATES))
