"""Each question's facts, with margins, on seeds that had no part in the choice of its settings."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from landscape.experiment import Comparison, Variant
from landscape.labs.invariance import LAB
from landscape.labs.invariance.facts import Rescaling
from landscape.labs.invariance.request import BASE
from landscape.labs.invariance.words import reached, started
from landscape.labs.lab import Known

SEEDS = [41, 42]
QUESTIONS = {question.slug: question for question in LAB.questions}
DONE = {}
PARTS = {
    "table": ("table",),
    "gradient": ("run", "gradient"),
    "lengths": ("lengths",),
    "funnel": ("funnel",),
    "start": ("start run", "first batch"),
    "bound": ("bound",),
    "outliers": ("run", "units", "example"),
}


def result(job):
    """Return the result of a job, computed here once for all tests."""
    if job.key not in DONE:
        task = job.make(*[result(need) for need in job.needs])
        while not task.finished:
            task.advance(60)
        DONE[job.key] = task.result()
    return DONE[job.key]


def results_of(request, parts):
    """Return what the page knows at the end, of the jobs of these names; of the others nothing."""
    return {
        name: [Known(result(job), True) if name in parts else Known() for job in many]
        for name, many in LAB.jobs(request).items()
    }


@cache
def facts(slug, seed):
    question = QUESTIONS[slug]
    comparison = question.request.comparison
    request = replace(question.request, comparison=replace(comparison, base=comparison.base.replace(seed=seed)))
    return LAB.facts(request, results_of(request, PARTS[question.section]))


def of(records, kind):
    return next(one for one in records if one.normalization == kind)


def right(slug, seed):
    """Return the one choice that is right."""
    (choice,) = [choice.text for choice in QUESTIONS[slug].choices if choice.right(facts(slug, seed))]
    return choice


@pytest.mark.parametrize("seed", SEEDS)
def test_a_layer_may_be_rescaled_and_a_unit_and_an_example_by_some(seed):
    known = facts("layer", seed)
    for kind in ("batch", "layer", "rms", "group", "weight"):
        assert known.change(kind, Rescaling.LAYER) < 1e-4
    assert known.change("none", Rescaling.LAYER) > 1
    assert known.change("layer", Rescaling.UNIT) > 0.05
    assert known.change("batch", Rescaling.OTHERS) > 0.05
    assert known.change("weight", Rescaling.OTHERS) == known.change("layer", Rescaling.OTHERS) == 0
    assert right("layer", seed).startswith("The plain one")
    assert right("unit", seed).startswith("Yes")
    assert right("mates", seed).startswith("With BatchNorm")


def test_after_training_layer_normalization_notices_a_rescaled_layer_a_little():
    known = facts("trained", SEEDS[0])
    assert 1e-3 < known.change("layer", Rescaling.LAYER) < 0.3
    assert known.change("batch", Rescaling.LAYER) < 1e-4
    assert known.change("weight", Rescaling.LAYER) < 1e-4
    assert right("trained", SEEDS[0]).startswith("Nearly")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradient_is_divided_by_the_factor(seed):
    known = facts("gradient", seed).gradients
    for kind in ("batch", "weight"):
        assert of(known, kind).off < 0.02
        assert of(known, kind).cosine < 1e-3
    assert of(known, "none").slope > -0.7
    assert of(known, "none").cosine > 0.1
    assert abs(of(known, "layer").slope + 1) < 0.2
    assert right("gradient", seed) == "Ten times shorter"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_weights_grow_by_the_squared_steps(seed):
    known = facts("growth", seed).lengths
    for kind in ("batch", "weight"):
        assert of(known, kind).share == pytest.approx(1, abs=0.01)
        assert of(known, kind).grown > 1.02
    assert right("growth", seed) == "It only ever grows"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_effective_rates_come_together_from_above(seed):
    batch = of(facts("effective", seed).funnels, "batch")
    assert batch.spread_first == pytest.approx(900, rel=0.1)
    assert batch.spread_first > 2 * batch.spread_last
    assert batch.falls > 10
    assert batch.rises < 1.1
    assert right("effective", seed) == "Only the large ones fall"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_with_weight_decay_from_both_sides(seed):
    batch = of(facts("decay", seed).funnels, "batch")
    assert batch.spread_last < batch.spread_first / 50
    assert batch.rises > 3
    assert right("decay", seed) == "From both sides"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_weight_normalization_needs_its_start_under_sigmoids(seed):
    known = facts("start", seed)
    assert reached(started(known, "weight")) > 0.9
    assert reached(started(known, "weight-plain")) < 0.5
    assert abs(reached(started(known, "weight")) - reached(started(known, "weight-log"))) < 0.04
    assert started(known, "weight").deviations == pytest.approx([1, 1, 1], abs=0.02)
    assert started(known, "weight-plain").deviations[-1] < 0.2
    assert right("start", seed) == "It does not learn without the start from data"
    assert right("logarithm", seed) == "No difference"
    assert right("cost", seed) == "Here it has more"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_under_relu_and_he_it_does_not(seed):
    known = facts("start-relu", seed)
    assert reached(started(known, "weight-plain")) > 0.85
    assert right("start-relu", seed) == "It learns as well from the plain function"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_the_bound_helps_at_a_small_rate_and_harms_at_a_large_one(seed):
    free, bounded = facts("bound", seed).bounds
    assert bounded.accuracy[0] > free.accuracy[0] + 0.05
    assert bounded.accuracy[-1] < free.accuracy[-1] - 0.2
    assert bounded.effective == pytest.approx(bounded.rates, rel=1e-3)
    assert right("bound", seed).startswith("At small learning rates")


def test_a_bound_that_is_never_reached_does_nothing():
    free, bounded = facts("idle", SEEDS[0]).bounds
    assert bounded.accuracy == free.accuracy
    assert free.length < 10 / 2
    assert right("idle", SEEDS[0]) == "It does nothing at all"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_outlying_weights_are_felt_without_normalization_and_with_layer_normalization(seed):
    known = facts("outliers", seed)
    at = known.units[0].factors.index(100.0)
    for kind in ("batch", "weight"):
        assert of(known.units, kind).accuracy[at] > 0.9
        assert of(known.units, kind).loss[at] < 5
    assert of(known.units, "none").loss[at] > 15
    assert of(known.units, "none").accuracy[at] < 0.5
    assert of(known.units, "layer").accuracy[at] < 0.6
    growth = {one.normalization: one.growth[-1] for one in known.examples}
    assert growth["none"] > 2 * growth["batch"]
    assert growth["layer"] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("slug", QUESTIONS)
def test_an_answer_is_given_as_soon_as_its_own_section_is_there_and_not_before(slug):
    question = QUESTIONS[slug]
    assert question.answer(facts(slug, SEEDS[0])).endswith(".")
    if question.section != "table":
        assert question.answer(LAB.facts(question.request, results_of(question.request, ()))) == ""


def test_the_costs_are_counts_of_the_network():
    one = started(facts("start", SEEDS[0]), "weight")
    assert one.weights == 64 * 100 + 2 * 100 * 100
    assert one.activations == 64 * 3 * 100


def test_facts_of_a_funnel_are_those_of_its_results():
    request = replace(
        QUESTIONS["effective"].request,
        comparison=Comparison(BASE.replace(num_steps=10), (Variant(normalization="batch"),)),
    )
    results = results_of(request, ("funnel",))
    for one, known in zip(LAB.facts(request, results).funnels, results["funnel"], strict=True):
        kept = [i for i, step in enumerate(known.value.diverged_at) if step is None]
        np.testing.assert_allclose(one.last, known.value.effective_rate[kept, -1])
