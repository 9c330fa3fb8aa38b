"""The facts of a comparison, from results that are made here by hand."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import Comparison, Variant
from landscape.labs.compare.facts import answering, facts_from, facts_of
from landscape.labs.compare.outcomes import BALL_JOBS, Outcome
from landscape.labs.compare.request import Request
from landscape.labs.lab import Known
from landscape.training.sweeps import Sweep
from tests.labs.compare.test_words import IDLE, LEARNED, NORMALIZED, PLANE, inspection, surface

NAMES = "start", "run", "training", "surface", "inspection", "frozen", "measures", "frames", "rates", *BALL_JOBS
AWAITED = "start", "run", "surface", "frozen", "measures"
TWO = Request(Comparison(variants=(Variant(), Variant(normalization="batch"))))


def results(**known):
    """Return what is known of two networks: by the name of a job, for each, and else nothing that would still come."""
    return {name: known.get(name, (Known(None, True), Known(None, True))) for name in NAMES}


def test_a_network_is_one_of_the_facts_once_its_training_is_whole():
    first, second = Known(LEARNED, True), Known(NORMALIZED, True)
    assert facts_of(TWO, results(run=(Known(), Known()))) is None
    part = facts_of(TWO, results(run=(first, Known()), training=(Known(), Known(NORMALIZED))))
    assert ([one.experiment for one in part.networks], part.whole) == ([LEARNED.experiment], False)
    both = facts_of(TWO, results(run=(first, second)))
    assert ([one.experiment for one in both.networks], both.whole) == (
        [LEARNED.experiment, NORMALIZED.experiment],
        True,
    )


@pytest.mark.parametrize("name", AWAITED)
def test_a_question_is_answered_once_nothing_that_it_needs_is_awaited(name):
    run = (Known(LEARNED, True), Known(NORMALIZED, True))
    assert len(answering(TWO, results(run=run)).networks) == 2
    assert answering(TWO, results(run=run) | {name: (run[0], Known(run[1].value))}) is None
    for other in set(NAMES) - set(AWAITED):
        assert answering(TWO, results(run=run) | {other: (Known(None, True), Known())}) is not None


def test_a_network_is_found_by_all_that_is_asked_of_it():
    slower = replace(LEARNED, experiment=LEARNED.experiment.replace(learning_rate=0.01))
    runs = [LEARNED, slower, NORMALIZED]
    facts = facts_from(Request(), [Outcome(str(i), run) for i, run in enumerate(runs)], 3)
    assert facts.of("none").name == "0"
    assert facts.of("none", learning_rate=0.01).name == "1"
    assert facts.of("batch", depth=LEARNED.experiment.network.depth).name == "2"
    assert facts.of("batch", learning_rate=0.01) is None
    assert facts.of("layer") is None


def test_the_axes_are_those_of_the_first_plane_that_is_drawn_and_a_network_that_stores_something_remembers():
    outcomes = [Outcome("not drawn", LEARNED), Outcome("drawn", NORMALIZED, surface=surface(2.0))]
    assert facts_from(Request(), outcomes, 2).axes == PLANE.labels
    assert facts_from(Request(), outcomes[:1], 2).axes == ()
    plain = Outcome("plain", replace(LEARNED, states=np.zeros((3, 0))))
    assert facts_from(Request(), [plain, outcomes[1]], 2).remembers
    assert not facts_from(Request(), [plain], 1).remembers


@pytest.mark.parametrize(("snapshots", "there"), [(1, False), (2, True), (3, True)])
def test_a_path_has_two_snapshots_or_more(snapshots, there):
    found = replace(inspection(), path=replace(inspection().path, steps=np.arange(snapshots)))
    (one,) = facts_from(Request(), [Outcome("one", LEARNED, inspection=found)], 1).networks
    assert (one.variance, one.off_plane) == ((pytest.approx(0.81), 0.076) if there else (None, None))


def test_the_threshold_is_that_of_gradient_descent_alone():
    adam = replace(LEARNED, experiment=LEARNED.experiment.replace(optimizer="adam", learning_rate=0.01))
    one, other = facts_from(Request(), [Outcome("one", LEARNED), Outcome("other", adam)], 2).networks
    assert (one.edge, one.its_edge) == (2 / 0.04, True)
    assert (other.edge, other.its_edge) == (2 / 0.01, False)


def swept(accuracy, learned, finished):
    """Return a sweep over three rates, for as many seeds as the numbers have."""
    found = np.array(accuracy)
    rest = np.full(found.shape, np.nan), np.isnan(found), np.zeros((*found.shape, 1))
    parts = rest[0], rest[0], found, np.array(learned, bool), rest[1], rest[2], np.array(finished, bool)
    seeds = tuple(range(found.shape[1]))
    return Sweep(IDLE.experiment, "learning_rate", "Rate", True, (0.1, 1, 10), seeds, *parts)


def test_at_each_rate_the_median_counts_and_more_than_half_must_learn():
    nan = float("nan")
    first = swept([[0.9, 0.8], [0.7, 0.2], [nan, nan]], [[1, 1], [1, 0], [0, 0]], [[1, 1], [1, 1], [1, 1]])
    second = swept([[0.6, 0.7], [0.3, 0.9], [nan, 0.5]], [[1, 0], [0, 1], [0, 1]], [[1, 1], [1, 1], [1, 1]])
    (one,) = facts_from(Request(), [Outcome("one", LEARNED, sweeps=(first, second))], 1).networks
    rates = one.rates
    assert (rates.rates, rates.seeds, rates.learns, rates.whole) == ((0.1, 1.0, 10.0), 4, (0.1,), True)
    assert rates.accuracy == pytest.approx((0.75, 0.5, 0.123)), "what diverged has the score of a guess"
    assert rates.least == pytest.approx((0.6, 0.2, 0.123))
    assert rates.most == pytest.approx((0.9, 0.9, 0.5))
    unfinished = replace(first, finished=np.array([[1, 1], [1, 1], [1, 0]], bool))
    (one,) = facts_from(Request(), [Outcome("one", LEARNED, sweeps=(unfinished,))], 1).networks
    assert not one.rates.whole
    assert np.isnan(one.rates.accuracy[2])
    assert facts_from(Request(), [Outcome("one", LEARNED)], 1).networks[0].rates is None
