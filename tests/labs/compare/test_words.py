"""What is said of results: every number in a sentence is that of the result, which is made here by hand."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import Experiment, View
from landscape.geometry.descents import Balls
from landscape.geometry.planes import Plane
from landscape.geometry.surfaces import Path, Surface, axis
from landscape.labs.compare import words
from landscape.labs.compare.captions import drawn_caption, readout, surface_caption
from landscape.labs.compare.facts import Rates, facts_from
from landscape.labs.compare.outcomes import Outcome
from landscape.labs.compare.request import Request
from landscape.labs.words import number
from landscape.training.run import Run
from landscape.views import Inspection, Measures

LEARNED = Run(
    experiment=Experiment().replace(learning_rate=0.04),
    steps=np.array([0, 200, 400]),
    parameters=np.zeros((3, 4)),
    states=np.zeros((3, 2)),
    loss=np.linspace(2, 0.5, 400),
    gradient_norm=np.ones(400),
    test_accuracy=np.array([0.1, 0.9, 0.9637]),
    train_loss=0.012345,
    train_accuracy=0.999,
    diverged_at=None,
    learned=True,
    majority=0.123,
    device="CPU",
)
NORMALIZED = replace(LEARNED, experiment=LEARNED.experiment.replace(normalization="batch"))
IDLE = replace(LEARNED, test_accuracy=np.array([0.1, 0.1, 0.125]), train_accuracy=0.13, learned=False)
DIVERGED = replace(
    LEARNED,
    experiment=Experiment().replace(learning_rate=2.0),
    steps=np.array([0, 3]),
    test_accuracy=np.array([0.1, 0.09]),
    diverged_at=7,
    learned=False,
    train_loss=float("inf"),
)
PLANE = Plane(np.zeros(4), np.eye(2, 4), ("weights of area", "weights of smoothness"), np.array([0.61, 0.2]))
RANDOM, PCA, WEIGHTS = View(), View(plane="pca"), View(plane="input-weights")


def surface(top, middle=1.0, centre=0.5):
    loss = np.full((3, 5), middle)
    loss[0, 0] = top
    return Surface(PLANE, axis(1, 5), axis(1, 3), loss, centre)


def notice(outcomes, view):
    return words.notice(facts_from(Request(view=view), outcomes, len(outcomes)))


def table(outcomes):
    return words.table(facts_from(Request(), outcomes, len(outcomes)))


MEASURES = Measures(48.25, 0.1, 0.953)


def inspection(off_plane=0.076):
    path = Path(PLANE, LEARNED.steps, *(np.zeros(3) for _ in range(4)), off_plane)
    return Inspection(path, surface(2), None)


def test_the_table_holds_the_numbers_of_the_results():
    first, second, third = table(
        [
            Outcome("one", LEARNED, inspection=inspection(), measures=MEASURES),
            Outcome("two", IDLE),
            Outcome("three", DIVERGED),
        ]
    )
    assert first.network == "one"
    assert first.training_loss == "0.0123"
    assert first.test_accuracy == "0.964"
    assert first.learned == "yes"
    assert first.sharpness == "48.2"
    assert first.population_accuracy == "0.953"
    assert first.stable_below == "50"
    assert first.explained_variance == "81%"
    assert first.off_plane == "8%"
    assert "0.12" in second.learned
    assert second.learned.startswith("no")
    assert second.sharpness == second.explained_variance == second.off_plane == "…"
    assert table([Outcome("two", IDLE, ended=True)])[0].sharpness == "not computed"
    assert "step 7" in third.learned
    assert third.training_loss == "infinite"
    assert third.stable_below == "1"


def test_a_path_of_one_snapshot_is_none():
    alone = replace(inspection(), path=replace(inspection().path, steps=np.array([0])))
    (row,) = table([Outcome("one", DIVERGED, inspection=alone)])
    assert (row.explained_variance, row.off_plane) == ("no path", "no path")


def test_one_network_alone_is_told_of():
    assert notice([Outcome("one", LEARNED, surface=surface(4.0, 3.0))], RANDOM) == (
        "**One** reaches 0.964 on the test data at step 400. On this plane its loss climbs to 4; the median is 3."
    )


def test_where_targets_are_numbers_the_share_of_their_variance_is_told():
    experiment = Experiment().replace(dataset="target-curve", loss="squared")
    fits, fails = (replace(run, experiment=experiment, majority=0.0) for run in (LEARNED, IDLE))
    assert "reach about the same test R²: 0.964 (one) and 0.964 (two)" in notice(
        [Outcome("one", fits), Outcome("two", fits)], RANDOM
    )
    text = notice([Outcome("one", fits), Outcome("two", fails)], RANDOM)
    assert "**One** reaches 0.964 on the test data" in text
    assert "The network with **two** has not learned: its test R² is 0.125, the mean alone gives 0.000" in text
    assert table([Outcome("two", fails)])[0].learned == "no: the mean alone gives 0.00"


@pytest.mark.parametrize(
    ("last", "said"), [(3500.0, "its loss rose to 3500, from 2."), (np.inf, "its loss overflowed.")]
)
def test_how_a_network_diverged_is_told(last, said):
    run = replace(DIVERGED, loss=np.array([2.0, 3.0, last]))
    assert said in notice([Outcome("plain", run)], RANDOM)


def test_a_diverged_and_an_untrained_network_are_told():
    text = notice([Outcome("plain", DIVERGED), Outcome("idle", IDLE), Outcome("normalized", LEARNED)], RANDOM)
    assert "The network with **plain** diverged at step 7 with learning rate 2" in text
    assert "(step 3)" in text
    assert notice([Outcome("no normalization", DIVERGED)], RANDOM).startswith(
        "The network with **no normalization** diverged"
    )
    assert "The network with **idle** has not learned: its test accuracy is 0.125" in text
    assert "majority class alone gives 0.123" in text
    assert "**Normalized**" not in text.split("idle")[0]
    assert "networks reach" not in text


@pytest.mark.parametrize(("other", "alike"), [(0.9537, True), (0.9, False)])
def test_accuracies_are_called_the_same_only_where_they_are(other, alike):
    second = replace(LEARNED, test_accuracy=np.array([0.1, other]))
    text = notice([Outcome("one", LEARNED), Outcome("two", second)], RANDOM)
    assert "At step 400" in text
    assert "0.964 (one)" in text
    assert f"{other:.3f} (two)" in text
    assert ("about the same test accuracy" in text) == alike


def test_the_higher_landscape_is_told_by_its_factor():
    outcomes = [
        Outcome("low", LEARNED, surface=surface(4.0, 3.0)),
        Outcome("high", NORMALIZED, surface=surface(372, 18.0)),
    ]
    text = notice(outcomes, RANDOM)
    assert (
        "On the slice drawn here the loss with **high** climbs to 372, **93 times** as high as with **low** (4)" in text
    )
    own = notice(outcomes, PCA)
    assert "Each on the plane of its own path, the loss with **high** climbs to 372" in own
    assert "medians are 18 and 3" in own


def rolled(*thrown):
    """Return balls of which these are thrown out, and the others arrive."""
    loss = np.outer([4.0, 0.1], np.ones(len(thrown)))
    return Balls(30.0, 1.0, np.zeros((2, len(thrown), 2)), loss, np.array(thrown))


def test_what_follows_is_told_where_the_higher_landscape_throws_more_balls_out():
    low = Outcome("low", LEARNED, surface=surface(4.0), balls=rolled(False, False, False))
    high = Outcome("high", NORMALIZED, surface=surface(372), balls=rolled(True, True, False))
    assert "of 3 balls that roll down each landscape, 2 (high) and 0 (low) are thrown out." in notice(
        [low, high], RANDOM
    )
    for others in (
        [replace(low, balls=high.balls), high],
        [replace(low, balls=None), high],
        [low, replace(high, surface=surface(5.0))],
    ):
        assert "thrown out" not in notice(others, RANDOM)


@pytest.mark.parametrize(("depth", "reason"), [(2, True), (4, True), (5, False), (8, False)])
def test_like_landscapes_are_called_alike_and_only_shallow_ones_for_that_reason(depth, reason):
    one, two = (replace(run, experiment=run.experiment.replace(depth=depth)) for run in (LEARNED, NORMALIZED))
    text = notice([Outcome("one", one, surface=surface(4.0)), Outcome("two", two, surface=surface(5.0))], RANDOM)
    assert "a factor of 1.25 only: 5 (two) and 4 (one)" in text
    assert ("In a shallow network" in text) == reason
    assert "times** as high" not in text


def test_equal_networks_are_called_equal():
    outcomes = [Outcome(name, LEARNED, surface=surface(4.0)) for name in ("none (1)", "none (2)")]
    assert "These networks are the same, and so are their surfaces." in notice(outcomes, RANDOM)


def test_landscapes_of_networks_that_did_not_train_are_not_compared():
    drawn = [Outcome(name, run, surface=surface(top)) for name, run, top in (("a", DIVERGED, 400), ("b", IDLE, 40))]
    text = notice([*drawn, Outcome("c", NORMALIZED, surface=surface(4.0))], RANDOM)
    assert "as high" not in text
    assert "**C** reaches 0.964 on the test data at step 400." in text


def test_points_that_overflow_and_missing_surfaces_do_not_reach_the_sentences():
    broken = surface(np.inf, 6.0)
    outcomes = [Outcome("broken", LEARNED, surface=broken), Outcome("fine", NORMALIZED, surface=surface(2.0, 1.0))]
    text = notice([*outcomes, Outcome("none yet", LEARNED)], RANDOM)
    assert "loss with **broken** climbs to 6, **3 times**" in text
    assert "inf" not in text
    nothing = Surface(PLANE, axis(1, 3), axis(1, 3), np.full((3, 3), np.nan), 1.0)
    for view in (RANDOM, WEIGHTS):
        assert isinstance(notice([Outcome("empty", DIVERGED, surface=nothing)] * 2, view), str)


def test_the_stretch_of_the_valley_is_told_on_the_plane_of_input_weights():
    loss = np.array([[9.0, 21.0, 9.0], [1.5, 1.0, 1.5], [9.0, 21.0, 9.0]])
    stretched = Surface(PLANE, axis(1, 3), axis(1, 3), loss, 1.0)
    text = notice([Outcome("plain", LEARNED, surface=stretched)], WEIGHTS)
    assert (
        "Along the weights of smoothness the loss changes this many times as much as along the weights of area" in text
    )
    assert "40 (plain)" in text
    told = text[text.index("Along the weights") :]
    assert notice([Outcome("plain", LEARNED, surface=stretched), Outcome("not yet", IDLE)], WEIGHTS).endswith(told)


def test_frozen_statistics_are_told_wherever_they_matter():
    plain = replace(LEARNED, states=np.zeros((3, 0)))
    running, population = View(statistics="running"), View(statistics="population")
    assert "running statistics" in notice([Outcome("one", LEARNED)], running)
    assert "population statistics" in notice([Outcome("one", LEARNED)], population)
    assert "statistics" not in notice([Outcome("one", LEARNED)], RANDOM)
    assert "statistics" not in notice([Outcome("one", plain)], running)


def test_a_surfaces_caption_says_how_it_was_computed():
    text = drawn_caption(surface(4.0), View(statistics="running", batches=4))
    assert "running statistics, 4 batches" in text
    assert "directions at right angles" in text
    assert "one batch" in drawn_caption(surface(4.0), PCA)
    assert "cosine" not in drawn_caption(surface(4.0), PCA)


def test_a_surfaces_caption_says_what_it_is_a_slice_of_and_how_high_it_is():
    assert surface_caption(surface(4.0, 3.0, 0.4321), 33_418) == (
        "One slice of 33,418 dimensions. Height: the loss. In the middle, where training ended, it is 0.432; at most it is 4, "
        "and its median is 3."
    )
    nothing = Surface(PLANE, axis(1, 3), axis(1, 3), np.full((3, 3), np.nan), 1.0)
    assert surface_caption(nothing, 4).endswith("where training ended, it is 1.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.5, "−0.5"),
        (999.4, "999"),
        (999.6, "1000"),
        (999_600, "1e+06"),
        (-12345, "−12300"),
        (np.inf, "infinite"),
    ],
)
def test_numbers_are_written_for_people(value, text):
    assert number(value) == text


def test_stored_averages_that_lag_are_not_called_untrained():
    lagging = replace(LEARNED, test_accuracy=np.array([0.1, 0.5]), train_accuracy=0.97, learned=False)
    outcome = Outcome("lagging", lagging, measures=replace(MEASURES, population_accuracy=0.81))
    told = notice([outcome, Outcome("other", LEARNED)], RANDOM)
    assert table([outcome])[0].learned == "yes, but its stored averages lag"
    assert table([Outcome("fits", lagging)])[0].learned == "only the training data"
    assert "has not learned" not in told
    assert "(0.970, by batch statistics)" in told
    assert (
        "(0.500): its stored averages lag behind its weights; by statistics of the whole training set it is 0.810"
        in told
    )
    alone = notice([outcome], RANDOM)
    assert "**Lagging** learns the training data to 0.970. On the test data it reaches 0.810 by statistics" in alone
    assert "and 0.500 by its stored averages" in alone


def test_the_ratio_on_the_planes_of_the_paths_stands_beside_that_on_the_picture():
    outcomes = [
        Outcome("low", LEARNED, surface=surface(4.0, 3.0), inspection=inspection()),
        Outcome("high", NORMALIZED, surface=surface(372, 18.0), inspection=inspection()),
    ]
    text = notice(outcomes, RANDOM)
    assert "**93 times** as high as with **low** (4)" in text
    assert "on slices along their own paths, below, it is 1 times as high." in text


def test_the_pair_that_the_page_asks_about_is_compared_and_not_the_most_unlike():
    layer = replace(LEARNED, experiment=LEARNED.experiment.replace(normalization="layer"))
    outcomes = [
        Outcome("layer", layer, surface=surface(100.0)),
        Outcome("none", LEARNED, surface=surface(50.0)),
        Outcome("batch", NORMALIZED, surface=surface(5.0)),
        Outcome("other batch", NORMALIZED, surface=surface(1.0)),
    ]
    text = notice(outcomes, RANDOM)
    assert "with **none** climbs to 50, **10 times** as high as with **batch** (5)" in text
    assert "other batch** (" not in text
    assert "with **layer** climbs to 100, **100 times** as high as with **other batch** (1)" in notice(
        [outcomes[0], outcomes[3]], RANDOM
    )


def test_another_normalization_stands_for_batchnorm_where_there_is_none_and_alike_is_said_of_the_pair():
    layer = replace(LEARNED, experiment=LEARNED.experiment.replace(normalization="layer"))
    group = replace(LEARNED, experiment=LEARNED.experiment.replace(normalization="group"))
    none = Outcome("none", LEARNED, surface=surface(50.0))
    others = [Outcome("layer", layer, surface=surface(5.0)), Outcome("group", group, surface=surface(500.0))]
    assert "with **none** climbs to 50, **10 times** as high as with **layer** (5)" in notice([none, *others], RANDOM)
    alike = [Outcome("batch", NORMALIZED, surface=surface(40.0)), none, others[1]]
    assert "differ by a factor of 1.25 only: 50 (none) and 40 (batch)" in notice(alike, RANDOM)
    slower = replace(LEARNED, experiment=LEARNED.experiment.replace(learning_rate=0.01))
    text = notice([none, Outcome("slower", slower, surface=surface(5.0))], RANDOM)
    assert "with **none** climbs to 50, **10 times** as high as with **slower** (5)" in text


def test_a_shallow_network_is_no_reason_by_other_statistics_or_on_planes_of_their_own():
    shallow = replace(LEARNED, experiment=LEARNED.experiment.replace(depth=2))
    normalized = replace(shallow, experiment=shallow.experiment.replace(normalization="batch"))
    outcomes = [Outcome("one", shallow, surface=surface(2.0)), Outcome("two", normalized, surface=surface(3.0))]
    assert "In a shallow network" in notice(outcomes, RANDOM)
    for view in (PCA, View(statistics="running"), View(statistics="population")):
        text = notice(outcomes, view)
        assert "differ by a factor of 1.5 only" in text
        assert "shallow" not in text


def test_what_is_drawn_leaves_weight_decay_out_and_says_so():
    decayed = replace(LEARNED, experiment=LEARNED.experiment.replace(weight_decay=0.01))
    facts, usual = (facts_from(Request(), [Outcome("one", run, surface=surface(4.0))], 1) for run in (decayed, LEARNED))
    assert words.below(facts).endswith(
        "weight decay adds 0.01 times the weights to each gradient. What is drawn and measured here is "
        "the loss alone, without it."
    )
    assert "decay" not in words.notice(facts)  # above the pictures it would push them out of a low window
    assert words.below(usual) == ""


def test_training_data_are_fitted_by_the_rule_that_says_learned():
    """0.476 of ten classes with a guess of 0.1 is not: it errs more than half as often as the guess."""
    for accuracy, told in ((0.476, "no: "), (0.6, "only the training data")):
        run = replace(IDLE, train_accuracy=accuracy, majority=0.1)
        assert table([Outcome("one", run)])[0].learned.startswith(told)


def before(outcomes):
    return words.before(facts_from(Request(), outcomes, len(outcomes)))


def started(outcome, top, centre=2.5):
    return replace(outcome, start=surface(top, centre=centre))


def test_whether_the_difference_was_there_before_training_is_told():
    plain = Outcome("plain", LEARNED, surface=surface(400.0, centre=0.002))
    batch = Outcome("batch", NORMALIZED, surface=surface(4.0, centre=0.004))
    (text,) = before([started(plain, 428.0, 3.16), started(batch, 3.6)])
    assert (
        "there before the first step: around the initial weights the loss climbs to 428 and to 3.6, 119 times" in text
    )
    assert "from 3.16 to 0.002 with **plain**, and from 2.5 to 0.004 with **batch**" in text
    (later,) = before([started(plain, 4.0), started(batch, 3.6)])
    assert "1.11 times as high: what is drawn now came with training" in later
    assert before([plain, started(batch, 3.6)]) == []
    alike = [started(replace(one, surface=surface(4.0)), 3.0) for one in (plain, batch)]
    assert before(alike) == []


def test_before_training_the_higher_one_is_that_which_is_higher_at_the_end():
    plain = Outcome("a", LEARNED, surface=surface(400.0))
    batch = Outcome("b", NORMALIZED, surface=surface(4.0))
    for outcomes in ([started(plain, 3.0), started(batch, 6.0)], [started(batch, 6.0), started(plain, 3.0)]):
        (text,) = before(outcomes)
        assert "climbs to 3 around the initial weights with **a**, and to 6 with **b**, 0.5 times" in text
    (three_times,) = before([started(plain, 12.0), started(batch, 4.0)])
    assert "3 times as high. It comes with the network" in three_times
    assert before([plain, batch]) == before([started(plain, 3.0)]) == []


def test_the_planes_of_the_paths_are_told_only_where_both_are_known_and_the_slice_shows_a_difference():
    low = Outcome("low", LEARNED, surface=surface(4.0))
    high = Outcome("high", NORMALIZED, surface=surface(372.0))
    for outcomes in (
        [replace(low, inspection=inspection()), high],
        [low, replace(high, inspection=inspection())],
        [replace(one, surface=surface(4.0), inspection=inspection()) for one in (low, high)],
    ):
        assert "along their own paths" not in notice(outcomes, RANDOM)
    both = [replace(one, inspection=inspection()) for one in (low, high)]
    assert "medians are" in notice(both, PCA)


def facts_with(*learns):
    """Return facts of networks that learn at these of five learning rates, trained at one of 0.04 themselves."""
    facts = facts_from(Request(), [Outcome(name, LEARNED) for name in "abc"[: len(learns)]], len(learns))
    tried, none = (0.005, 0.04, 0.2, 1.0, 5.0), (0.5,) * 5
    rates = [Rates(tried, 3, none, none, none, rates, True) for rates in learns]
    networks = zip(facts.networks, rates, strict=True)
    return replace(facts, networks=tuple(replace(one, rates=own) for one, own in networks))


@pytest.mark.parametrize(
    ("learns", "said"),
    [
        (
            [(0.04,), (0.04, 0.2, 1.0), (0.005, 0.04)],
            "the network with **b** learns at those from 0.04 to 1, and that with **a** from 0.04 to 0.04.",
        ),
        (
            [(), (0.04, 0.2)],
            "the network with **b** learns at those from 0.04 to 0.2, and that with **a** at none of them.",
        ),
        ([(0.04, 1.0), (0.04, 1.0)], "these networks learn at the same ones, from 0.04 to 1."),
        ([(), ()], "none of these networks learns at any of them."),
    ],
)
def test_what_follows_at_other_learning_rates_is_told_of_the_widest_and_the_narrowest_range(learns, said):
    (text,) = words.follows(facts_with(*learns))
    assert text.lower() == f"Trained again at 5 learning rates, {said}".lower()


def test_what_follows_is_told_once_all_networks_are_trained_at_all_rates():
    facts = facts_with((0.04,), (0.2,))
    first, second = facts.networks
    unfinished = replace(second, rates=replace(second.rates, whole=False))
    for networks in ((first, replace(second, rates=None)), (first, unfinished), ()):
        assert words.follows(replace(facts, networks=networks)) == []
        assert words.parting_rate(replace(facts, networks=networks)) is None


@pytest.mark.parametrize(
    ("learns", "rate"),
    [
        ([(0.005, 0.04), (0.04, 0.2)], 0.2),  # five times as large, while the other is an eighth
        ([(0.04, 0.2, 1.0), (0.04, 0.2, 5.0), (0.04, 0.2)], 1.0),
        ([(0.04, 5.0), (5.0,)], None),  # that of the page does not part from itself
        ([(0.04, 1.0), (0.04, 1.0)], None),
        ([(0.04, 1.0), ()], 1.0),
    ],
)
def test_the_rate_that_parts_is_the_nearest_at_which_some_learn_and_some_do_not(learns, rate):
    assert words.parting_rate(facts_with(*learns)) == rate


def test_what_became_of_the_balls_is_told_once_they_have_rolled_everywhere():
    low = Outcome("low", LEARNED, surface=surface(4.0), balls=rolled(False, False, False))
    high = Outcome("high", NORMALIZED, surface=surface(372), balls=rolled(True, True, False))
    facts = facts_from(Request(), [low, high], 2)
    (text,) = words.balls(facts)
    assert text.startswith(
        "From 3 places balls roll down each slice, by gradient descent at a rate of 30. Thrown out are 0 (low) and 2 (high); "
        "at the bottom arrive 3 (low) and 1 (high)."
    )
    assert words.balls(replace(facts, whole=False)) == []
    assert words.balls(facts_from(Request(), [low, replace(high, balls=None)], 2)) == []


def test_frozen_statistics_are_told_beside_those_of_the_batch():
    one = Outcome("batch", NORMALIZED, surface=surface(4.0), frozen=surface(200.0))
    assert "stored, frozen, the same slice climbs to 200, 50 times as high" in notice([one], RANDOM)
    assert "frozen" not in notice([replace(one, frozen=None)], RANDOM)
    assert "frozen" not in notice([replace(one, surface=None)], RANDOM)
    assert "50 times" not in notice([one], replace(RANDOM, statistics="running"))
    (row,) = words.rows_of(facts_from(Request(), [started(one, 3.0)], 1))
    assert (row["highest_before_training"], row["highest_by_frozen_statistics"]) == (3.0, 200.0)


def test_the_numbers_to_take_along_are_those_of_the_results():
    low = Outcome("low", LEARNED, surface=surface(4.0, 3.0), balls=rolled(True, False, False), measures=MEASURES)
    facts = facts_from(Request(), [started(replace(low, inspection=inspection()), 5.0)], 1)
    rates = facts_with((0.04, 0.2)).networks[0].rates
    (row,) = words.rows_of(replace(facts, networks=(replace(facts.networks[0], rates=rates),)))
    assert row == {
        "network": "low",
        "steps": 400,
        "diverged_at": None,
        "learned": True,
        "train_loss": 0.012345,
        "train_accuracy": 0.999,
        "test_accuracy": 0.9637,
        "population_accuracy": 0.953,
        "sharpness": 48.25,
        "edge_of_stability": 50.0,
        "highest_before_training": 5.0,
        "highest_by_frozen_statistics": None,
        "centre": 0.5,
        "highest": 4.0,
        "median": 3.0,
        "stretch": facts.networks[0].slice.stretch,
        "path_variance": pytest.approx(0.81),
        "path_off_plane": 0.076,
        "balls_thrown_out": 1,
        "balls_arrived": 2,
        "learns_at_rates": "0.04 0.2",
    }
    (unknown,) = words.rows_of(facts_from(Request(), [Outcome("low", LEARNED)], 1))
    known = ["network", "steps", "learned", "train_loss", "train_accuracy", "test_accuracy", "edge_of_stability"]
    assert [name for name, value in unknown.items() if value is not None] == known


def test_what_stands_beside_the_slider_is_of_its_step():
    assert readout(0.0213, "accuracy", 0.967, ended=False) == "loss of the batch 0.0213, test accuracy 0.97"
    assert readout(0.0213, "R²", 0.5, ended=True) == "training loss 0.0213, test R² 0.50"
