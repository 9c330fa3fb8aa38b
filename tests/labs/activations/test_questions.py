"""Each question's facts, with margins, on seeds that had no part in the choice of its settings."""

from dataclasses import replace
from functools import cache

import pytest

from landscape.labs.activations import LAB
from landscape.labs.activations.questions import drift_ratio, input_fails, near_one, straight_without, unlike
from landscape.labs.activations.words import Case, scale_case
from landscape.labs.lab import Known

SEEDS = [31, 32]
ONE = SEEDS[1:]
"""Of what takes long."""
QUESTIONS = {question.slug: question for question in LAB.questions}
DONE = {}
PARTS = {
    "distributions": ("run", "units", "early"),
    "bends": ("run", "use"),
    "gradients": ("run", "gradients", "units", "use"),
    "deep": ("deep",),
    "scales": ("run", "learnt", "straight run", "straight learnt", "straight use", "undone"),
    "propagation": ("widths", "constant run", "means", "jacobians"),
}
OWN = {
    "undo": ("straight run", "straight learnt", "straight use"),
    "undo-digits": ("run", "learnt"),
    "identity": ("undone",),
    "correlations": ("widths",),
    "correction": ("corrections",),
}
"""What a question takes that is less than its section."""


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
        name: [Known(done=True) if job is None else Known(result(job), True) for job in many]
        if name in parts
        else [Known() for _ in many]
        for name, many in LAB.jobs(request).items()
    }


def seeded(request, seed):
    comparison = request.comparison
    return replace(request, comparison=replace(comparison, base=comparison.base.replace(seed=seed)))


@cache
def facts(slug, seed):
    question = QUESTIONS[slug]
    request = seeded(question.request, seed)
    return LAB.facts(request, results_of(request, OWN.get(slug, PARTS[question.section])))


def right(slug, seed):
    """Return the one choice that is right, and see that there is an answer."""
    assert QUESTIONS[slug].answer(facts(slug, seed)).endswith((".", ".**"))
    (choice,) = [choice.text for choice in QUESTIONS[slug].choices if choice.right(facts(slug, seed))]
    return choice


def of(records, name):
    return next(one for one in records if one.normalization == name)


@pytest.mark.parametrize("seed", ONE)
def test_batch_normalization_keeps_units_in_place_and_another_learns_without(seed):
    known = facts("stable", seed).distributions
    plain, batch, layer = (of(known, name) for name in ("none", "batch", "layer"))
    assert drift_ratio(known) > 3
    assert batch.growth < 3
    assert plain.growth > 4 * batch.growth
    assert layer.drift > 3 * batch.drift
    assert layer.score > plain.score + 0.2
    assert batch.score > 0.9
    assert right("stable", seed).startswith("Yes")
    assert right("matters", seed).startswith("No")


@pytest.mark.parametrize("seed", SEEDS)
def test_without_normalization_a_unit_moves_at_once_and_its_band_opens_later(seed):
    early = facts("first-steps", seed).early
    plain, batch = (of(early, name) for name in ("none", "batch"))
    assert plain.until == 64
    assert plain.share > 0.6
    assert plain.opened < 0.15
    assert batch.opened > 0.6
    assert 1 <= plain.half <= 45
    assert right("first-steps", seed).startswith("It moves most of its way, and its band opens later")
    assert facts("stable", seed).early == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_normalized_unit_has_two_humps_and_layer_normalization_does_not_centre_units(seed):
    batch, layer = (of(facts("gaussian", seed).distributions, name) for name in ("batch", "layer"))
    assert batch.kurtosis < -0.5
    assert layer.off_centre > 3 * batch.off_centre
    assert right("gaussian", seed).startswith("No, it is flat on top")


@pytest.mark.parametrize("seed", ONE)
def test_more_inputs_of_tanh_lie_where_it_bends(seed):
    batch, plain = (of(facts("bends", seed).uses, name) for name in ("batch", "none"))
    assert batch.within > 0.5 > 0.45 > plain.within
    assert plain.saturated > 3 * batch.saturated
    assert batch.near == pytest.approx(0.58, abs=0.01)
    assert right("bends", seed).startswith("Clearly more")


def test_a_sigmoid_bends_elsewhere():
    assert facts("sigmoid-bends", 31).uses[0].near == pytest.approx(0.21, abs=0.01)
    assert right("sigmoid-bends", 31).startswith("No")


@pytest.mark.parametrize("seed", ONE)
def test_without_scale_and_shift_a_sigmoid_is_nearly_straight(seed):
    with_them, without = facts("linear-part", seed).uses
    assert without.linear > 0.98
    assert with_them.linear < 0.96
    assert without.loss > 1.3 * with_them.loss
    assert straight_without((with_them, without))
    assert right("linear-part", seed) == "Nearly a straight line"


@pytest.mark.parametrize("seed", ONE)
def test_deep_sigmoids_fail_by_their_slopes_and_not_by_saturation(seed):
    known = facts("deep-sigmoids", seed)
    plain, layer, batch = known.layers
    assert plain.gradient < 1e-4
    assert layer.gradient < 0.02
    assert batch.gradient > 0.5
    assert plain.flat < 0.001
    assert [one.test_accuracy > 0.85 for one in known.trained] == [False, False, True]
    assert right("deep-sigmoids", seed).startswith("No: slopes")


@pytest.mark.parametrize("seed", ONE)
def test_updates_are_alike_where_the_initialization_or_the_normalization_makes_them(seed):
    batch, plain = (of(facts("updates", seed).layers, name) for name in ("batch", "none"))
    assert plain.updates > 30
    assert batch.updates < 8
    assert batch.updates_median < 15
    assert right("updates", seed) == "Unlike without, alike with it"
    assert unlike((of(facts("updates-he", seed).layers, "batch"), of(facts("updates-he", seed).layers, "none"))) == (
        False,
        False,
    )
    assert right("updates-he", seed) == "Alike with both"


@pytest.mark.parametrize("seed", ONE)
def test_every_layer_is_normalized_or_units_die_out(seed):
    known = facts("every-layer", seed)
    on_input, every, after = known.layers
    assert on_input.last < 0.02 * on_input.first
    assert input_fails(known.layers)
    assert every.unlike_linear > 1.2 * every.unlike_entering
    accuracies = [one.test_accuracy for one in known.trained]
    assert accuracies[0] < 0.3
    assert min(accuracies[1:]) > 0.9
    assert abs(accuracies[1] - accuracies[2]) < 0.06
    assert after.last > 0.1
    assert right("every-layer", seed).startswith("No")


@pytest.mark.parametrize("seed", ONE)
def test_gradients_grow_as_theory_says_at_the_start_of_deep_networks(seed):
    plain, batch, layer = (of(facts("growth", seed).deep, name) for name in ("none", "batch", "layer"))
    assert batch.theory == pytest.approx(1.211, abs=1e-3)
    assert 1.17 < batch.growth < 1.27
    assert batch.later < batch.growth
    assert 0.93 < plain.growth < 1.07
    assert 0.9 < layer.growth < 1.07
    assert right("growth", seed).startswith("No: they grow")
    assert 1.07 < of(facts("growth-tanh", seed).deep, "batch").growth < 1.15
    assert right("growth-tanh", seed) == "They grow more slowly"


@pytest.mark.parametrize("seed", SEEDS)
def test_skip_connections_tame_gradients_with_batch_normalization_alone(seed):
    plain, batch = facts("skip", seed).deep
    assert 1.02 < batch.growth < 1.14
    assert plain.growth > 1.25
    assert right("skip", seed).startswith("With BatchNorm they tame them")


@pytest.mark.parametrize("seed", SEEDS)
def test_initial_scales_make_plain_gradients_vanish_and_explode(seed):
    plain, batch = (of(facts("initial-scale", seed).deep, name) for name in ("none", "batch"))
    assert plain.ratios[0] < 1e-3
    assert plain.ratios[2] > 1e3
    assert all(10 < ratio < 40 for ratio in batch.ratios)
    assert (scale_case(plain), scale_case(batch)) == (Case.BY_SCALE, Case.WHATEVER_SCALE)
    assert right("initial-scale", seed).startswith("They vanish and explode")


@pytest.mark.parametrize("seed", ONE)
def test_the_normalization_is_undone_on_a_straight_task_alone(seed):
    line, bare, curve = facts("undo", seed).straight
    assert line.first < 0.4
    assert curve.first > 0.8
    assert bare.loss > 1.4 * line.loss
    assert right("undo", seed).startswith("Yes")
    assert facts("undo-digits", seed).learnt[0].undone < 0.35
    assert right("undo-digits", seed).startswith("No")


@pytest.mark.parametrize("seed", SEEDS)
def test_it_can_be_undone_exactly(seed):
    identity = facts("identity", seed).identity
    assert identity.undone < 1e-4
    assert identity.as_made > 0.3
    assert right("identity", seed).startswith("Yes")


@pytest.mark.parametrize("seed", SEEDS)
def test_wider_layers_are_less_correlated_within_the_bound(seed):
    widths = facts("correlations", seed).widths
    laters = [one.later for one in widths]
    assert laters[0] > 1.2 * laters[1] > 1.44 * laters[2]
    assert all(one.room >= 1 for one in widths)
    assert all(one.first <= one.coherence for one in widths)
    assert right("correlations", seed).startswith("Yes")


@pytest.mark.parametrize("seed", SEEDS)
def test_without_the_correction_activations_fade_from_layer_to_layer(seed):
    one = facts("correction", seed).correction
    assert 0.9 < one.first < 1.1
    assert one.deviation > 1.1
    assert abs(one.mean) < 0.1
    assert 0.5 < one.bare_first < 0.65
    assert one.bare_deviation < 0.12
    assert one.score > one.bare_score + 0.25
    assert right("correction", seed).startswith("Yes")


@pytest.mark.parametrize("seed", ONE)
def test_means_are_nearer_zero_with_constants_and_settle_later(seed):
    known = {one.normalization: one for one in facts("settle", seed).constants}
    assert known["propagation"].mean < 0.6 * known["batch"].mean
    assert known["propagation"].settled > known["batch"].settled
    assert right("settle", seed) == "Nearer 0, but later"


@pytest.mark.parametrize("seed", SEEDS)
def test_singular_values_are_near_one_in_the_root_mean_square_alone(seed):
    known = {one.normalization: one for one in facts("singular", seed).constants}
    assert 1.1 < known["batch"].rms < 1.3
    assert 0.9 < known["none"].rms < 1.1
    assert 0.93 < known["propagation"].rms < 1.07
    assert 1.13 < known["propagation-unit"].rms < 1.3
    assert all(one.median < 0.6 for one in known.values())
    assert known["batch"].greatest > 2
    assert near_one(facts("singular", seed))
    assert right("singular", seed).startswith("Their root mean square")
