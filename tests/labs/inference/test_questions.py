"""Each question's facts, with margins, on seeds that had no part in the choice of its settings."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from landscape.labs.inference import LAB
from landscape.labs.inference.words import of_chance
from landscape.labs.lab import Known

SEEDS = [27, 33]

QUESTIONS = {question.slug: question for question in LAB.questions}
DONE = {}

PARTS = {
    "together": ("run", "together", "sorted", "loss"),
    "mates": ("run", "mates", "dropping run", "dropping"),
    "statistics": ("run", "statistics", "forgetting", "following", "folding"),
    "renorm": ("run", "together", "sorted", "corrections", "hard run"),
    "naive": ("naive run", "lengths"),
    "readers": ("reader run", "reader stored", "later"),
}
"""The jobs of a section."""


def result(job):
    """Return the result of a job, computed here once for all tests."""
    if job.key not in DONE:
        DONE[job.key] = job.make(*[result(need) for need in job.needs]).complete()
    return DONE[job.key]


def results_of(request, section):
    """Return what the page knows at the end, of the jobs of a section; of the others nothing."""
    return {
        name: [Known(result(job) if job else None, True) if name in PARTS[section] else Known() for job in many]
        for name, many in LAB.jobs(request).items()
    }


@cache
def facts(slug, seed):
    question = QUESTIONS[slug]
    comparison = question.request.comparison
    request = replace(question.request, comparison=replace(comparison, base=comparison.base.replace(seed=seed)))
    return LAB.facts(request, results_of(request, question.section))


def right(slug, seed):
    """Return the one choice that is right."""
    (choice,) = [choice.text for choice in QUESTIONS[slug].choices if choice.right(facts(slug, seed))]
    return choice


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_batch_normalization_needs_company(seed):
    known = facts("alone", seed)
    batch = known.network("batch")
    assert batch.score(1) < 0.15
    assert batch.score(2) < 0.5
    assert batch.score(4) < 0.8
    assert batch.score(16) < batch.stored - 0.01
    assert batch.score(32) > 0.9
    assert batch.sorted_score(32) < 0.4
    assert right("alone", seed) == "The same, whatever it is shown"
    assert right("how-many", seed) == "8 to 128"
    assert right("sorted", seed) == "Much worse"


@pytest.mark.parametrize("seed", SEEDS)
def test_renormalization_group_and_layer_normalization_need_none(seed):
    known = facts("alone", seed)
    renorm = known.network("batch-renorm")
    assert max(abs(score - renorm.stored) for score in renorm.scores) < 0.03
    for kind in ("group", "layer"):
        one = known.network(kind)
        assert max(one.apart) < 1e-4
        assert max(one.scores) - min(one.scores) < 0.03  # sizes that do not divide the data leave some of it out
        assert max(one.losses) < 1.2 * min(one.losses)
    assert right("renorm-alone", seed) == "As good as many"
    assert right("layer-group", seed) == "None: one is as good as many"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_loss_of_the_same_weights_falls_with_the_size_of_the_batch(seed):
    batch = facts("noise", seed).network("batch")
    losses = dict(zip(batch.loss_sizes, batch.losses, strict=True))
    assert losses[4] > losses[16] > losses[64] > losses[256]
    assert losses[4] > 8 * losses[1024]
    assert 1.1 < losses[64] / losses[1024] < 2.5
    assert right("noise", seed) == "No, higher in small batches"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_averages_of_a_long_memory_are_late(seed):
    batch = facts("lag", seed).network("batch")
    assert batch.score(32) > batch.stored + 0.1
    assert right("lag", seed) == "No, a batch at hand is better"
    slow, usual, one = facts("momentum", seed).following
    assert usual.early > slow.early + 0.05
    assert min(slow.end, usual.end) > 0.9
    assert one.end < usual.end + 0.01
    assert right("momentum", seed) == "Weight 0.01, a long memory"


@pytest.mark.parametrize("seed", SEEDS)
def test_other_mates_move_batch_normalization_and_renormalization_less_and_the_others_not(seed):
    known = facts("other-mates", seed)
    batch, renorm = known.visitor("batch"), known.visitor("batch-renorm")
    assert batch.spread[2] > 0.2
    assert batch.spread[3] < 0.7 * batch.spread[2]
    assert batch.changes[1] > 0.12
    assert renorm.spread[1] < batch.spread[1] / 4
    for kind in ("group", "layer"):
        assert max(known.visitor(kind).spread) < 1e-5
    assert right("other-mates", seed) == "In more than one of ten"
    assert right("mates-renorm", seed) == "Its mates move it far less"
    assert right("mates-layer", seed) == "Not at all"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_statistics_of_batches_are_those_of_chance(seed):
    known = facts("mean", seed)
    assert np.allclose(known.sampled.first, 1, atol=0.1)
    assert max(known.sampled.last) < 0.5
    assert known.sampled.biased[0] < 0.6
    assert np.allclose(known.sampled.unbiased[1:], 1, atol=0.08)
    assert known.sampled.unbiased[0] == pytest.approx(1, abs=0.2)
    for one in known.forgetting:
        if one.weight >= 0.1:
            assert one.floor == pytest.approx(one.expected, rel=0.25)
    assert known.folded.difference < 1e-4
    assert known.folded.alike == 1
    assert right("mean", seed) == "Twice as near"
    assert right("variance", seed) == "About half of it"
    assert right("folded", seed) == "Nothing: it is folded into the weights"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_r_and_d_are_chance_but_where_batches_are_alike(seed):
    own, small, alike = facts("r-and-d", seed).corrected
    assert own.r_mean == pytest.approx(1, abs=0.1)
    assert own.d_mean == pytest.approx(0, abs=0.1)
    assert of_chance(own) == pytest.approx(1, abs=0.15)
    assert of_chance(small) == pytest.approx(1, abs=0.15)
    assert alike.d_deviation >= 3 * own.d_deviation
    assert right("r-and-d", seed) == "More than twice what chance gives"


@pytest.mark.parametrize("seed", SEEDS)
def test_training_and_inference_agree_with_renormalization(seed):
    known = facts("agreement", seed)
    batch, renorm = known.network("batch"), known.network("batch-renorm")
    assert all(renorm.distance(size) < batch.distance(size) / 4 for size in (2, 4, 8, 32))
    assert renorm.distance(8) < 0.03
    assert batch.distance(8) > 0.4
    assert right("agreement", seed) == "With renormalization far more so"


@pytest.mark.parametrize("seed", SEEDS[:1])
def test_small_and_alike_batches_train_with_renormalization(seed):
    known = facts("small-renorm", seed)
    for condition, factor in (("batches of 4", 1.6), ("few classes", 2.5)):
        batch, renorm = (known.under(condition, kind) for kind in ("batch", "batch-renorm"))
        assert batch.loss > factor * renorm.loss
    assert known.under("few classes", "batch-renorm").score > known.under("few classes", "batch").score + 0.05
    assert right("small-renorm", seed) == "Yes, its loss is far lower"
    assert right("few-classes", seed) == "Batch renormalization far better than BatchNorm"


def test_in_batches_of_two_and_of_one_class_batch_normalization_fails():
    two, alike = facts("small-batches", SEEDS[0]), facts("sorted-training", SEEDS[0])
    assert two.under("batches of 2", "batch").score < two.under("batches of 2", "layer").score - 0.2
    assert alike.under("sorted", "batch").loss > 2  # log 10 is 2.3
    assert right("small-batches", SEEDS[0]) == "It fails; group and layer normalization do not"
    assert right("sorted-training", SEEDS[0]) == "Batch renormalization far better than BatchNorm"


def test_weights_grow_where_moving_averages_normalize():
    batch, moving, detached = facts("moving-averages", SEEDS[0]).naive
    assert batch.growth < 1.05
    assert min(moving.growth, detached.growth) > 1.5
    assert min(moving.late_growth, detached.late_growth) > 1.1
    assert moving.loss > 2.5 * batch.loss
    assert right("moving-averages", SEEDS[0]) == "The weights grow, and the loss suffers"
    assert right("moving-averages-affine", SEEDS[0]) == "The weights grow all the same"


def test_time_steps_have_statistics_of_their_own():
    plain, each, shared, layer = facts("one-set", SEEDS[0]).readers
    assert max(each.deviations) > 2 * each.deviations[0]
    assert each.score > shared.score + 0.01
    assert layer.score > 0.85
    assert (plain.numbers, each.numbers, shared.numbers, layer.numbers) == (0, 512, 64, 0)
    assert right("time-steps", SEEDS[0]) == "No, the first differs from the later ones"
    assert right("one-set", SEEDS[0]) == "No, it does worse"


@pytest.mark.parametrize("slug", QUESTIONS)
def test_an_answer_is_given_as_soon_as_its_own_section_is_there_and_one_choice_is_right(slug):
    question = QUESTIONS[slug]
    known = facts(slug, SEEDS[0])
    assert question.answer(known).endswith(".")
    assert sum(choice.right(known) for choice in question.choices) == bool(question.choices)
    other = "readers" if question.section != "readers" else "naive"
    elsewhere = facts("one-set" if other == "readers" else "moving-averages", SEEDS[0])
    assert question.answer(elsewhere) == ""
    assert not any(choice.right(elsewhere) for choice in question.choices)


@pytest.mark.parametrize("seed", SEEDS)
def test_dropout_is_a_cloud_in_batches_of_any_size(seed):
    known = facts("dropout-mates", seed)
    dropping, batch = known.dropping, known.visitor("batch")
    assert dropping.sizes == batch.sizes == (2, 4, 16, 64)
    assert min(dropping.spread) > 0.15
    assert max(dropping.spread) < 1.25 * min(dropping.spread)
    assert batch.spread[-1] < 0.7 * batch.spread[0]
    assert batch.spread[-1] < min(dropping.spread)
    assert right("dropout-mates", seed) == "A cloud, in batches of any size"


@pytest.mark.parametrize("seed", SEEDS)
def test_how_far_the_limits_open_is_how_much_is_mended(seed):
    """Closed it is BatchNorm; open from the start it is no worse; and d alone does much of it where batches are alike."""
    losses = {
        slug: facts(slug, seed).under("batches of 4", "batch-renorm").loss for slug in ("closed-limits", "open-limits")
    }
    batch = facts("closed-limits", seed).under("batches of 4", "batch").loss
    assert losses["closed-limits"] == pytest.approx(batch, rel=0.25)
    assert losses["open-limits"] < batch / 1.7
    known = facts("d-alone", seed)
    assert known.under("few classes", "batch-renorm").loss < known.under("few classes", "batch").loss / 1.6
    assert right("closed-limits", seed) == "No, it trains as BatchNorm does"
    assert right("open-limits", seed) == "Not here: it trains far better than BatchNorm"
    assert right("d-alone", seed) == "Yes, its loss is far lower than BatchNorm's"


@pytest.mark.parametrize("seed", [41, 57])
def test_the_opening_limits_cut_all_at_first_and_little_of_shuffled_batches_soon(seed):
    own, small, alike = facts("limits", seed).corrected
    assert min(own.opening[0], alike.opening[0]) > 0.99
    assert own.opening[1] < 0.08
    assert alike.opening[1] > max(0.12, 2 * own.opening[1])
    assert right("limits", seed) == "Little in shuffled batches, more in sorted ones"
    assert alike.clipped < alike.opening[1]
    assert own.clipped < 0.01
