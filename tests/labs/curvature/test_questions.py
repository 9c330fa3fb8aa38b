"""Each question's facts, with margins, on seeds that had no part in the choice of its settings."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from landscape.experiment import Statistics
from landscape.labs.curvature import LAB
from landscape.labs.curvature.request import Curvature
from landscape.labs.lab import Known

SEEDS = [31, 32]
QUESTIONS = {question.slug: question for question in LAB.questions}
DONE = {}


def result(job):
    """Return the result of a job, computed here once for all tests."""
    if job.key not in DONE:
        task = job.make(*[result(need) for need in job.needs])
        while not task.finished:
            task.advance(60)
        DONE[job.key] = task.result()
    return DONE[job.key]


def results_of(request, parts=None):
    """Return what the page knows at the end, of the jobs of these names; of the others nothing."""
    return {
        name: [Known(result(job), True) if parts is None or name in parts else Known() for job in many]
        for name, many in LAB.jobs(request).items()
    }


PARTS = {
    "spectra": ("run", "eigenvalues"),
    "edge": ("run", "edge run", "sharpness"),
    "same": ("run", "same eigenvalues"),
}


@cache
def facts(slug, seed):
    question = QUESTIONS[slug]
    comparison = question.request.comparison
    request = replace(question.request, comparison=replace(comparison, base=comparison.base.replace(seed=seed)))
    return LAB.facts(request, results_of(request, PARTS[question.section]))


def right(slug, seed):
    """Return the one choice that is right."""
    (choice,) = [choice.text for choice in QUESTIONS[slug].choices if choice.right(facts(slug, seed))]
    return choice


@pytest.mark.parametrize("seed", SEEDS)
def test_without_normalization_eigenvalues_stand_out_and_the_gradient_lies_along_them(seed):
    plain, batch = (facts("outliers", seed).of(name) for name in ("none", "batch"))
    assert plain.top > 4 * batch.top
    assert plain.outliers >= 5
    assert batch.outliers <= 1
    assert plain.spread > 1.7 * batch.spread
    assert plain.share > 2 * batch.share
    assert all(one.learned for one in facts("outliers", seed).trained)
    assert right("outliers", seed) == "Far less steep with it"


@pytest.mark.parametrize("seed", SEEDS)
def test_frozen_statistics_bring_outliers_back(seed):
    batch, frozen = (facts("frozen", seed).of("batch", of) for of in (Statistics.BATCH, Statistics.RUNNING))
    assert frozen.top > 2.5 * batch.top
    assert frozen.outliers >= batch.outliers + 3
    assert frozen.spread > 1.2 * batch.spread
    assert right("frozen", seed) == "They come back"


def test_population_statistics_do_not():
    small = Curvature(beside=Statistics.POPULATION)
    small = replace(small, comparison=replace(small.comparison, base=small.comparison.base.replace(seed=31)))
    known = LAB.facts(small, results_of(small, PARTS["spectra"]))
    batch, population = (known.of("batch", of) for of in (Statistics.BATCH, Statistics.POPULATION))
    assert population.top < 1.5 * batch.top
    assert population.outliers <= 2


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_on_full_batches_sharpness_settles_at_the_edge(seed):
    rates = facts("edge", seed).rates
    assert [one.trained.learning_rate for one in rates] == [0.07, 0.1, 0.15]
    for one in rates:
        assert 0.9 < one.late < 1.15
        assert one.rises > 0.01
        assert one.trained.last_loss < one.trained.first_loss / 4
    assert rates[0].first < 0.7
    assert right("edge", seed).startswith("As sharp as 2 / learning rate")


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_with_batch_normalization_it_comes_down_to_the_edge(seed):
    for one in facts("edge-batch", seed).rates:
        assert one.first > 1.1
        assert 0.9 < one.late < 1.2
    assert right("edge-batch", seed) == "It comes down to 2 / learning rate"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_with_cross_entropy_it_does_not_stay_there(seed):
    for one in facts("cross-entropy", seed).rates:
        assert one.late < 0.5
        assert one.peak > 2 * one.late
        assert not one.diverged
    assert right("cross-entropy", seed).startswith("No,")


@pytest.mark.parametrize("seed", SEEDS)
def test_one_function_is_less_curved_with_batch_normalization(seed):
    known = facts("one-function", seed)
    assert known.written.loss == pytest.approx(known.plain.loss, abs=1e-4)
    assert known.plain.top > 1.5 * known.written.top
    assert right("one-function", seed) == "Less with BatchNorm"


@pytest.mark.parametrize("seed", SEEDS)
def test_weight_normalization_at_its_plain_start_changes_nothing(seed):
    known = facts("weights", seed)
    assert known.written.loss == pytest.approx(known.plain.loss, abs=1e-4)
    assert known.written.top == pytest.approx(known.plain.top, rel=0.1)
    assert right("weights", seed) == "As curved as plain weights"


@pytest.mark.parametrize("slug", QUESTIONS)
def test_an_answer_is_given_as_soon_as_its_own_section_is_there_and_not_before(slug):
    question = QUESTIONS[slug]
    assert question.answer(facts(slug, SEEDS[0])).endswith(".")
    nothing = LAB.facts(question.request, results_of(question.request, ("run",)))
    assert question.answer(nothing) == ""
    assert question.section in {section.name for section in LAB.sections}


def test_the_numbers_of_spectra_are_those_of_the_results():
    request = Curvature()
    results = results_of(request, ("run", "eigenvalues", "density"))
    known = LAB.facts(request, results)
    for one, found, density in zip(known.spectra, results["eigenvalues"], results["density"], strict=True):
        values = found.value.values[0]
        assert one.top == values[0]
        assert one.spread == pytest.approx(values[0] / values[9])
        assert one.outliers == np.sum(values > 3 * values[19])
        assert one.share == pytest.approx(found.value.shares[0, :10].sum())
        assert one.trace == density.value.trace
        assert one.negative == density.value.negative


def test_every_row_of_numbers_has_the_same_columns():
    request = Curvature()
    rows = LAB.numbers(request, results_of(request, {name for part in PARTS.values() for name in part}))
    assert [row["part"] for row in rows] == ["spectra"] * 3 + ["one function"] * 2 + ["full batches"] * 3
    assert len({tuple(row) for row in rows}) == 1
