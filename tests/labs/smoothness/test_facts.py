"""The facts of measures along trainings are the numbers of the results, which are made here by hand."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.labs.smoothness.facts import Level, Measure, Missing, Unlike, ratio_of, unlike
from tests.labs.smoothness.made import (
    DIVERGED,
    IDLE,
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


def of(outcome):
    return facts(outcome).networks[0]


def same(level, median, most):
    assert (level.median, level.most) == (pytest.approx(median), pytest.approx(most))


def test_levels_are_medians_and_greatest_after_the_first_fifth():
    one = of(ROUGH)
    same(one.loss_range, 0.4, 16)
    same(one.change, 5, 200)
    same(one.beta, 20, 800)
    same(one.early_change, 50, 50)
    assert (one.first_late, one.last) == (60, 290)
    assert (one.outlier, one.edge, one.its_edge, one.near_edge) == (4, 20, True, True)
    assert of(replace(ROUGH, kurtosis=np.array([0.5, -0.3, 0.1]))).kurtosis == 0.3


def test_what_overflows_is_infinite():
    probe = replace(ROUGH.smoothness.probe, loss=np.full((30, 2), np.nan))
    broken = replace(ROUGH, smoothness=replace(ROUGH.smoothness, probe=probe))
    assert of(broken).loss_range == Level(np.inf, np.inf)
    assert ratio_of(np.inf, 1.0) == np.inf


def test_a_measure_is_missing_for_a_reason():
    early = of(cut(ROUGH, 2, diverged_at=15))
    assert (early.loss_range, early.lacks(Measure.BETA)) == (None, Missing.DIVERGED)
    assert of(cut(ROUGH, 1, probes=1)).missing is Missing.ONE_STEP
    # It diverged, but long after its only step that was to be measured.
    assert of(cut(ROUGH, 1, diverged_at=250, probes=1)).missing is Missing.ONE_STEP
    single = of(with_one_rung(ROUGH))
    assert (single.loss_range, single.missing) == (None, None)
    assert single.lacks(Measure.LOSS_RANGE) is Missing.ONE_SIZE
    assert single.change is not None


def test_a_training_that_diverged_has_no_outlier_but_a_growth():
    one = of(measured(run=DIVERGED))
    assert (one.outlier, one.first_gradient, one.longest_gradient) == (None, 3, 600)


def test_near_the_edge_is_within_a_factor_of_two_of_its_own():
    for beta, near in ((9, False), (11, True), (39, True), (41, False)):
        assert of(measured(beta=beta)).near_edge is near
    assert of(with_settings(measured(beta=56), learning_rate=0.03)).near_edge


@pytest.mark.parametrize(
    ("a", "b", "why"),
    [
        (ROUGH, SMOOTH, None),
        (cut(ROUGH, 2, diverged_at=15), SMOOTH, Unlike.MISSING),
        (of_run(ROUGH, diverged_at=250), SMOOTH, Unlike.DIVERGED),
        (with_settings(ROUGH, learning_rate=0.03), SMOOTH, Unlike.RATES),
        (with_settings(ROUGH, batch_size=256), SMOOTH, Unlike.SETTINGS),
        (with_settings(ROUGH, preprocessing="standardize"), SMOOTH, Unlike.SETTINGS),
        (ROUGH, measured("batch", spread=0.02, run=IDLE), Unlike.IDLE),
        (measured(spread=0.4, run=IDLE), SMOOTH, None),
    ],
)
def test_networks_are_compared_or_not(a, b, why):
    assert unlike(*facts(a, b).networks, Measure.LOSS_RANGE) == why
    assert unlike(*facts(b, a).networks, Measure.LOSS_RANGE) == why


def test_the_pair_is_the_one_that_the_question_is_about():
    layer = measured("layer")
    assert facts(ROUGH, layer).pair is None
    plain, batch = facts(layer, SMOOTH, ROUGH).pair
    assert (plain.name, batch.name) == ("none", "BatchNorm")
    slow = replace(with_settings(ROUGH, learning_rate=0.01), label="none, rate 0.01")
    assert facts(slow, ROUGH, SMOOTH).pair[0].name == "none"
    assert facts(slow, SMOOTH).pair[0].name == "none, rate 0.01"


def test_the_line_ahead():
    ahead = of(with_line(ROUGH, [2, 1, 0.5, 4, 20])).ahead
    assert (ahead.step, ahead.start, ahead.low, ahead.top, ahead.last, ahead.finite) == (7, 2, 0.5, 20, 20, True)
    assert ahead.climbs
    assert (ahead.length, ahead.degrees) == (pytest.approx(25), pytest.approx(126.87, abs=0.01))
    assert not of(with_line(ROUGH, [2, 1, 0.5, 0.7, 1])).ahead.climbs
    over = of(with_line(ROUGH, [2, 1, 4, np.inf, np.nan])).ahead
    assert (over.finite, over.top, over.low, over.turns) == (False, np.inf, 1, 0)
    assert of(ROUGH).ahead is None
