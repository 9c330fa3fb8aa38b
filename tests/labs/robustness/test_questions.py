"""Each question's facts, with margins, on three seeds that had no part in the choice of its settings."""

from dataclasses import replace
from functools import cache
from statistics import fmean, median

import numpy as np
import pytest

from landscape.labs.lab import Known
from landscape.labs.robustness import LAB
from landscape.labs.robustness.facts import steps_to
from landscape.labs.robustness.words import of

SEEDS = [27]
"""Each the first of three."""

QUESTIONS = {question.slug: question for question in LAB.questions}
JOBS_OF = {section.name: section.jobs for section in LAB.sections}
DONE = {}


def result(job):
    """Return the result of a job, computed here once for all tests."""
    if job.key not in DONE:
        DONE[job.key] = job.make().complete()
    return DONE[job.key]


def results_of(request, section):
    """Return what the page knows at the end, of the jobs of a section; of the others nothing."""
    own = JOBS_OF.get(section, (section,))
    return {
        name: [Known(result(job), True) if name in own else Known() for job in many]
        for name, many in LAB.jobs(request).items()
    }


def seeded(request, seed):
    comparison = request.comparison
    return replace(request, comparison=replace(comparison, base=comparison.base.replace(seed=seed)))


@cache
def facts(slug, seed):
    question = QUESTIONS[slug]
    request = seeded(question.request, seed)
    return LAB.facts(request, results_of(request, question.section))


def right(slug, seed):
    """Return the one choice that is right."""
    (choice,) = [choice.text for choice in QUESTIONS[slug].choices if choice.right(facts(slug, seed))]
    return choice


@pytest.mark.parametrize("seed", SEEDS)
def test_batch_normalization_trains_over_a_wider_range_of_rates(seed):
    plain, batch, _ = facts("rates", seed).rates
    assert fmean(batch.decades) >= fmean(plain.decades) + 0.4
    assert median(batch.largest) >= 3 * median(plain.largest)
    assert median(batch.fewest) <= 0.8 * median(plain.fewest)
    assert right("rates", seed) == "Over a wider range with it"


@pytest.mark.parametrize("seed", SEEDS)
def test_in_eight_layers_layer_normalization_gains_little_or_nothing(seed):
    plain, batch, layer = facts("layer-rates", seed).rates
    assert fmean(layer.decades) <= fmean(batch.decades) - 0.4
    assert fmean(layer.decades) <= fmean(plain.decades) + 0.4
    assert fmean(batch.decades) >= fmean(plain.decades) + 0.4
    assert right("layer-rates", seed) == "No, it gains little or nothing there"


@pytest.mark.parametrize("seed", SEEDS)
def test_with_sigmoids_hardly_anything_but_batch_normalization_trains(seed):
    plain, batch, layer = facts("sigmoid-rates", seed).rates
    assert min(batch.decades) >= max(plain.decades) + 1
    assert max(layer.decades) < min(batch.decades)
    assert median(plain.largest) == 0
    assert right("sigmoid-rates", seed) == "Hardly anything but BatchNorm trains"


@pytest.mark.parametrize("seed", SEEDS)
def test_at_the_same_small_rate_batch_normalization_is_no_faster(seed):
    plain, batch, _ = facts("same-rate", seed).rates
    assert median(batch.own_steps) > 0.75 * median(plain.own_steps)
    assert median(batch.largest) >= 3 * median(plain.largest)
    assert right("same-rate", seed) == "Little or not: what it gains is the larger rate"


@pytest.mark.parametrize("seed", SEEDS)
def test_without_scale_and_shift_hardly_any_accuracy_is_lost(seed):
    with_them, without = facts("affine", seed).rates
    assert fmean(with_them.best) == pytest.approx(fmean(without.best), abs=0.03)
    assert right("affine", seed) == "Hardly any accuracy"


@pytest.mark.parametrize("seed", SEEDS)
def test_hidden_layers_are_to_be_normalized_on_either_side_of_the_activation(seed):
    plain, on_input, before, after = facts("where", seed).rates
    assert min(fmean(before.decades), fmean(after.decades)) >= fmean(plain.decades) + 0.4
    assert fmean(on_input.decades) <= fmean(plain.decades) + 0.35
    assert fmean(before.best) == pytest.approx(fmean(after.best), abs=0.05)
    assert right("where", seed) == "Hidden layers, on either side of the activation"


@pytest.mark.parametrize("seed", SEEDS)
def test_batch_normalization_trains_in_many_more_cells_of_the_map_and_cares_still(seed):
    plain, batch, layer = facts("initial-scale", seed).cells
    assert batch.trained >= 4 * plain.trained
    assert 1.5 * plain.trained < layer.trained < batch.trained / 1.3
    assert len(plain.rows) <= 2
    assert len(batch.own_rows) >= 4
    assert right("initial-scale", seed) == "At more than four times as many with it"
    assert right("does-not-care", seed).startswith("It cares still")


@pytest.mark.parametrize("seed", SEEDS)
def test_batch_normalization_is_there_in_less_than_half_of_the_steps_and_ends_no_higher_at_thirty_times_the_rate(seed):
    plain, batch, _ = facts("sooner", seed).curves
    assert 2.5 * min(batch.waits.values()) <= min(plain.waits.values())
    assert batch.waits[5] <= 0.75 * batch.waits[1]
    assert plain.heights[1] < 0.6
    assert batch.heights[1] > 0.9
    assert batch.heights[30] < batch.heights[5] + 0.01
    assert right("sooner", seed) == "In less than half of the steps"
    assert right("thirty", seed) == "No higher"


@pytest.mark.parametrize("seed", SEEDS)
def test_at_a_large_rate_batches_are_unlike_without_normalization_and_alike_behind_batch_normalization(seed):
    plain, batch, layer = facts("chaos", seed).unrest
    assert median(plain.highest) > 1.3 * median(batch.highest)
    assert all(own >= 1.7 * other for own, other in zip(plain.late, batch.late, strict=True))
    assert median(plain.unevenness) > 1.25 > 1.2 > max(batch.unevenness)
    assert max(batch.behind) < 1.01
    assert fmean(plain.swings) >= 1.15 * fmean(batch.swings)
    assert right("chaos", seed) == "Not without normalization, but with BatchNorm"
    # Those of layer normalization are about even, and its loss is high: it is not all there is to it.
    assert median(layer.unevenness) < 1.25
    assert median(layer.late) >= 1.5 * median(batch.late)
    assert right("even-batches", seed).startswith("No")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_activation_matters_less_with_batch_normalization(seed):
    plain, batch, layer = (of(facts("activation", seed).choices, name) for name in ("none", "batch", "layer"))
    assert min(plain.spreads) >= 0.5
    assert median(batch.spreads) <= 0.15
    assert median(layer.spreads) > 0.2
    assert right("activation", seed) == "Less with BatchNorm"


@pytest.mark.parametrize("seed", SEEDS)
def test_eight_layers_of_sigmoids_train_with_batch_normalization_alone(seed):
    plain, batch, layer = facts("deep-sigmoids", seed).choices
    assert min(plain.at("1")) > 0.85
    assert max(plain.at("4")) < 0.3
    assert min(batch.at("8")) > 0.7
    assert max(layer.at("8")) < 0.3
    assert right("deep-sigmoids", seed) == "Eight with BatchNorm alone"


@pytest.mark.parametrize("seed", SEEDS)
def test_in_batches_of_two_batch_normalization_fails(seed):
    plain, batch, layer = facts("batch-size", seed).choices
    assert min(median(plain.at("2")), median(layer.at("2"))) >= median(batch.at("2")) + 0.25
    assert median(batch.at("64")) >= 0.85
    assert batch.at("1") == ()
    assert "at least 2" in batch.reason
    assert right("batch-size", seed).startswith("With batches of 2 BatchNorm fails")


@pytest.mark.parametrize("slug", QUESTIONS)
def test_an_answer_is_given_as_soon_as_its_own_section_is_there_and_not_before(slug):
    question = QUESTIONS[slug]
    assert question.answer(facts(slug, SEEDS[0])).endswith(".")
    other = "map" if question.section != "map" else "rates"
    known = LAB.facts(DEFAULT, results_of(DEFAULT, other))
    assert question.answer(known) == ""
    assert not any(choice.right(known) for choice in question.choices)


DEFAULT = seeded(LAB.codec.request_of({}), SEEDS[0])


def test_the_facts_over_rates_are_those_of_the_trainings():
    results = results_of(DEFAULT, "rates")
    known = LAB.facts(DEFAULT, results)
    rates = np.array(DEFAULT.rates())
    between = DEFAULT.comparison.base.training.num_steps / 16
    for one, found in zip(known.rates, results["rates"], strict=True):
        scores = found.value.standing()[0, 0]
        steps = steps_to(found.value, 0.8)[0, 0]
        for seed in range(3):
            trained = rates[scores[:, seed] >= 0.8]
            assert one.decades[seed] == pytest.approx(len(trained) / 2)
            assert one.largest[seed] == max(trained, default=0)
            assert one.fewest[seed] == steps[:, seed].min()
            at_own = found.value.accuracy[0, 0, list(rates).index(0.1), seed]
            assert one.own_steps[seed] == np.round(between * np.flatnonzero(at_own >= 0.8)[0])


def test_every_row_of_numbers_has_the_same_columns():
    parts = {name: results_of(DEFAULT, name)[name] for name in ("rates", "map")}
    rows = LAB.numbers(DEFAULT, results_of(DEFAULT, "") | parts)
    assert [row["part"] for row in rows] == ["rates"] * 9 + ["map"] * 3
    assert len({tuple(row) for row in rows}) == 1
