"""What is said of the measures along the gradient: the case that the facts are, and their numbers in it."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.labs.smoothness.words import line_caption, notice, notice_of_lines
from tests.labs.smoothness.made import (
    DIVERGED,
    IDLE,
    LEARNED,
    ROUGH,
    SMOOTH,
    cut,
    facts,
    measured,
    of_run,
    with_line,
    with_one_rung,
    with_settings,
)


def said(*outcomes):
    return " ".join(notice(facts(*outcomes)))


def test_the_notice_compares_the_pair_of_the_question():
    text = said(ROUGH, SMOOTH, measured("layer", spread=0.001, change=0.01))
    assert "by 0.4 (none), 0.02 (BatchNorm) and 0.001 (layer) in the median, and by 16 (none), 0.04 (BatchNorm)" in text
    assert (
        "The loss of **none** varies **20 times** as much as that of **BatchNorm** in the median, and 400 times" in text
    )
    assert "The gradient of **none** changes **5 times** as much as that of **BatchNorm**" in text
    assert "**layer**" not in text
    assert "20 (none), 15 (BatchNorm) and 20 (layer) in the median, and 800 (none), 30 (BatchNorm)" in text
    assert "2 / learning rate is 20. It settles near 2 / learning rate, within a factor of 2, for every network" in text
    assert "4 times (none), 4 times (BatchNorm) and 4 times (layer)" in text


def test_without_the_pair_the_roughest_is_compared_with_the_smoothest():
    text = said(measured("layer", spread=0.4, change=1.5), measured("rms", spread=0.1, change=0.2), SMOOTH)
    assert "The loss of **layer** varies **20 times** as much as that of **BatchNorm**" in text
    assert "The gradient of **layer** changes **7.5 times** as much as that of **rms**" in text


def test_a_worst_that_says_the_contrary_is_told_as_such():
    crossed = said(measured(spread=0.1), measured("batch", spread=0.02, spike=100.0))
    assert (
        "varies **5 times** as much as that of **BatchNorm** in the median; but at its worst that of **BatchNorm** "
        in crossed
    )
    assert "varies the more, 20 times as much" in crossed
    assert "0.05" not in crossed
    level = said(measured(spread=0.1), measured("batch", spread=0.02, spike=5.0))
    assert "at their worst they are alike" in level


def test_measures_that_are_alike_are_called_so():
    text = said(ROUGH, measured("batch", spread=0.3, change=4.0, spike=30.0))
    assert "Of **none** and **BatchNorm** that is alike." in text
    assert "shallow" not in text
    shallow = [with_settings(one, depth=3) for one in (ROUGH, measured("batch", spread=0.3, change=4.0, spike=30.0))]
    assert "that is alike: in a shallow network this is what to expect" in said(*shallow)
    spiky = said(ROUGH, measured("batch", spread=0.4, change=5.0))
    assert (
        "the medians are alike; what differs are the spikes: at its worst the loss of **none** varies **40 times**"
        in spiky
    )
    other = said(measured(spread=0.4, change=5.0), measured("batch", spread=0.35, change=4.5, spike=40.0))
    assert "at its worst the loss of **BatchNorm** varies **35 times** as much" in other


def test_a_network_is_not_compared_with_itself():
    text = said(SMOOTH, replace(SMOOTH, label="BatchNorm, again"))
    assert "These networks are the same, and so are their measures." in text
    assert "varies **" not in text
    assert "**BatchNorm**" not in text


def test_an_effective_beta_away_from_the_edge_is_told_as_such():
    far = measured("batch", beta=500.0)
    assert "near 2 / learning rate for these: none; and it is not for these: BatchNorm." in said(ROUGH, far)
    assert "not near 2 / learning rate for any network here, unlike in the paper's figure" in said(far)
    assert "as in the paper's own figure" in said(SMOOTH)


def test_each_network_is_held_against_its_own_learning_rate():
    slow = with_settings(measured(spread=0.4, beta=56.0), learning_rate=0.03)
    text = said(slow, SMOOTH)
    assert "2 / learning rate is 66.7 (none) and 20 (BatchNorm). It settles near 2 / learning rate" in text
    assert "These have unlike learning rates, and so unlike steps along the gradient: none and BatchNorm." in text
    assert "varies **" not in text


def test_the_edge_is_that_of_gradient_descent():
    text = said(with_settings(ROUGH, optimizer="adam"), with_settings(SMOOTH, optimizer="adam"))
    assert "2 / learning rate is a threshold of plain gradient descent, and none of Adam." in text
    assert "near 2 / learning rate" not in text
    assert "none of" not in said(ROUGH)


def test_what_diverged_in_the_first_fifth_is_compared_with_nothing():
    early, layer = cut(ROUGH, 2, diverged_at=15), measured("layer", spread=0.2)
    parts = notice(facts(early, SMOOTH, layer))
    assert "nothing was measured of these, as their training diverged before: none." in " ".join(parts)
    (spread,) = [each for each in parts if "the loss varies along the gradient" in each]
    assert "0.02 (BatchNorm) and 0.2 (layer) in the median" in spread
    assert "none" not in spread
    # The question is about the network that is not there: no other two stand in for the pair.
    assert "**" not in spread
    assert not any("varies along" in each for each in notice(facts(early, SMOOTH)))


def test_where_all_diverge_there_are_no_others():
    text = said(cut(ROUGH, 2, diverged_at=15), cut(SMOOTH, 2, diverged_at=15))
    assert "All trainings diverged in their first fifth" in text
    assert "the others" not in text


def test_a_short_training_that_diverges_has_no_ratio_to_its_median():
    text = said(measured(run=DIVERGED), SMOOTH)
    assert "**None** diverged at step 7 with learning rate 0.1: its loss rose to 4000, from 2." in text
    assert "It was measured up to step 290." in text
    assert "The gradient of **none** grew from 3 to 600 until it diverged at step 7." in text
    assert "over its median one: 4 times (BatchNorm)." in text


def test_one_measured_step_says_nothing_of_later_ones():
    text = said(cut(ROUGH, 1, probes=1), cut(SMOOTH, 1, probes=1))
    assert "Only step 0 was measured of these, and one step says nothing of later ones: none and BatchNorm." in text
    assert "After the first fifth" not in text
    assert "effective beta" not in text


def test_one_step_size_has_no_range():
    parts = notice(facts(with_one_rung(ROUGH), with_one_rung(SMOOTH)))
    assert "A range of the loss needs two step sizes, and the ladder has one." in parts
    assert not any("the loss varies along" in each for each in parts)
    assert any("the gradient changes along its own direction" in each for each in parts)


def test_a_network_that_has_not_learned_may_look_smooth():
    text = said(ROUGH, measured("batch", spread=0.02, run=IDLE))
    assert "A network that has not learned may look smooth for that reason alone." in text
    assert "The smoother of these two has not learned" in text
    assert "varies **" not in text
    assert "may look smooth" not in said(ROUGH, SMOOTH)


def test_overflow_is_told_in_words():
    probe = replace(ROUGH.smoothness.probe, loss=np.full((30, 2), np.nan))
    broken = replace(ROUGH, smoothness=replace(ROUGH.smoothness, probe=probe))
    assert "**more than a billion times** as much" in said(broken, SMOOTH)


@pytest.mark.parametrize(
    ("spread", "kurtosis", "words"),
    [
        (
            0.02,
            0.4,
            "0.2 with BatchNorm and 0.4 (l1): that is less Gaussian for l1, and the loss is as smooth all the same",
        ),
        (0.5, 0.4, "and the loss is not as smooth"),
        (0.02, 0.1, "in this network that is no less Gaussian"),
    ],
)
def test_other_norms_are_less_gaussian_or_not(spread, kurtosis, words):
    batch, other = replace(SMOOTH, kurtosis=np.array([-0.2])), measured("batch-l1", spread=spread, beta=15)
    assert words in said(batch, replace(other, kurtosis=np.array([kurtosis])))
    early = replace(cut(other, 2, diverged_at=15), kurtosis=np.array([0.4]))
    assert notice(facts(batch, early))[-1].endswith("that is less Gaussian for l1.")


def test_a_scale_of_the_initial_weights_is_said():
    assert "made 1.25 times as large" in said(with_settings(ROUGH, init_scale=1.25))
    assert "made" not in said(ROUGH)


def ahead_of(loss, step=7):
    return facts(with_line(ROUGH, loss, step)).networks[0].ahead


def test_lines_say_where_the_loss_goes():
    caption = line_caption(ahead_of([2, 1, 0.5, 4, 20]))
    assert caption == (
        "From step 7: the loss 2 falls to 0.5, then climbs to 20 at the longest step. At the longest step the gradient is "
        "25 times as long as at the start, 127° off."
    )
    rough, falls = ahead_of([2, 1, 0.5, 4, 20]), ahead_of([2, 1.75, 1.5, 1.25, 1])
    text = " ".join(notice_of_lines([("none", rough), ("BatchNorm", falls)]))
    assert "step 7 the loss of **none** climbs to 20, 10 times its start (2)." in text
    assert "step 7 the loss of **BatchNorm** never climbs above its start (2)." in text
    wavy = ahead_of([2.0, 1, 3, 0.5, 9], step=5)
    text = " ".join(notice_of_lines([("none", wavy), ("BatchNorm", falls)]))
    assert text.endswith("It is wavy, and turns more than once, for these: none.")
    assert "gradient of step 5 the loss of **none**" in text
    assert "until it overflows" in notice_of_lines([("none", ahead_of([2, 1, 4, np.inf, np.nan]))])[0]
    assert "a little over its start" in notice_of_lines([("none", ahead_of([2, 1, 2.1, 2, 2]))])[0]


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        # A dip of two in a climb of tens of thousands is under a thousandth of the range, and is there.
        ([60.9, 58.2, 300, 9000, 78700], "the loss 60.9 falls to 58.2, then climbs to 78700 at the longest step. At"),
        ([2, 3, 4, 5, 20], "the loss 2 climbs to 20 at the longest step. At"),
        ([2, 1, 0.5, 0.7, 1], "falls to 0.5, then climbs to 1 at the longest step, still below its start. At"),
        ([2, 1, 3, 0.5, 9], "falls to 0.5, then climbs to 9 at the longest step. It turns 3 times. At"),
        ([2, 5, 4, 3, 1], "the loss 2 falls to 1 at the longest step. It turns once. At"),
        ([2, 1, 4, np.inf, np.inf], "the loss 2 falls to 1, then overflows. At"),
        ([2, 3, 4, np.inf, np.nan], "the loss 2 overflows. At"),
        ([2, 2, 2, 2, 2], "the loss 2 stays. At"),
    ],
)
def test_a_curve_goes_where_its_caption_says(loss, words):
    assert words in line_caption(ahead_of(loss))


def test_a_gradient_that_overflows_has_no_length():
    one = replace(ahead_of([2, 1, 4, np.inf, np.nan]), length=np.nan, degrees=np.nan)
    assert line_caption(one).endswith("At the longest step the gradient overflows.")


def test_a_diverged_training_of_no_number_says_so():
    assert "its loss overflowed" in said(of_run(measured(run=DIVERGED), loss=np.array([2.0, np.inf])))


def test_of_one_step_no_longest_gradient_is_told():
    one = measured("none", run=replace(LEARNED, steps=np.array([0, 1])))
    assert "longest gradient" not in said(one)
    assert "longest gradient" in said(measured("none"))


def test_a_little_more_excess_kurtosis_is_chance():
    batch, other = replace(SMOOTH, kurtosis=np.array([0.177])), measured("batch-l1", beta=15)
    assert "no less Gaussian" in said(batch, replace(other, kurtosis=np.array([0.205])))
    assert "that is less Gaussian for l1" in said(batch, replace(other, kurtosis=np.array([0.339])))


def test_weight_decay_is_told_as_left_out_of_what_is_measured():
    assert "weight decay adds 0.02 times the weights" in said(measured("none", settings={"weight_decay": 0.02}))
    assert "weight decay" not in said(measured("none"))
