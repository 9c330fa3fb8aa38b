"""Results of papers: verdicts on made-up numbers, the very facts of the labs, and a number that is what its words say."""

from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace

import pytest

from landscape.labs.smoothness.findings import MUCH
from landscape.teaching.labs import labs
from landscape.teaching.published import RESULTS
from landscape.teaching.reproductions import jobs_of, number_of
from landscape.teaching.result import CHANCE, SEED_FIELDS, SEEDS, Found, Range, Unit, Verdict
from tests.labs.ended import _ended, results_of

RATIO = replace(RESULTS["sooner"], agrees=Range(low=5.0), direction=Range(low=1.2), unit=Unit.TIMES)


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ((6.0, 7.0, 9.0), Verdict.AGREES),
        ((6.0, 7.0, inf), Verdict.AGREES),
        ((1.3, 7.0, 9.0), Verdict.AGREES),
        ((1.1, 7.0, 9.0), Verdict.UNSTEADY),
        ((1.1, 1.4, 9.0), Verdict.UNSTEADY),
        ((1.3, 1.4, 9.0), Verdict.DIRECTION),
        ((1.0, 1.1, 9.0), Verdict.NOT_HERE),
        ((nan, 6.0, 7.0), Verdict.AGREES),
        ((nan, nan, 7.0), Verdict.UNANSWERED),
        ((nan, nan, nan), Verdict.UNANSWERED),
    ],
)
def test_a_verdict_is_that_of_the_median_and_no_seed_contradicts_agreement(numbers, verdict):
    assert Found(RATIO, numbers).verdict is verdict


@pytest.mark.parametrize(
    ("lowest", "verdict"), [(-0.011, Verdict.AGREES), (-0.029, Verdict.AGREES), (-0.031, Verdict.UNSTEADY)]
)
def test_accuracies_contradict_each_other_by_more_than_chance_alone_makes(lowest, verdict):
    result = replace(RATIO, agrees=Range(low=0.02), direction=Range(low=0.0), unit=Unit.POINTS)
    assert Found(result, (0.07, lowest, 0.05)).verdict is verdict
    assert Found(result, (lowest, lowest, 0.05)).verdict is Verdict.NOT_HERE, "the median itself has no such margin"
    # The standard error of a difference of accuracies near 0.9 on 359 test examples.
    assert pytest.approx(1.4 * (2 * 0.9 * 0.1 / 359) ** 0.5, rel=0.1) == CHANCE


def test_numbers_are_told_in_their_unit_each_seed_by_itself():
    assert Found(RATIO, (14.0, 2.0, 6.0)).ours == "6.0 times (14.0, 2.0, 6.0)"
    assert Found(RATIO, (nan, 2.0, 6.0)).ours == "4.0 times (none, 2.0, 6.0)"
    assert Found(RATIO, (nan, nan, nan)).ours == "none (none, none, none)"
    assert Found(RATIO, (inf, inf, 2.0)).ours == "infinite (infinite, infinite, 2.0)"
    assert Found(RATIO, (2e7, 12.0, 2e4)).ours == "thousands of times (millions of times, 12, thousands of times)"


@pytest.mark.parametrize(
    ("unit", "numbers", "said"),
    [
        (Unit.TIMES, (36.4, 10.209, 5.4537), "10 times (36, 10, 5)"),
        (Unit.TIMES, (4.735, 4.955, 5.059), "5.0 times (4.7, 5.0, 5.1)"),
        (Unit.TIMES, (1.0, 1.0, 1.0), "1.0 times (1.0, 1.0, 1.0)"),
        (Unit.TIMES, (340.0, 290.0, 1234.0), "340 times (340, 290, 1234)"),
        (Unit.PLAIN, (1.22621, 1.21003, 1.22026), "1.22 (1.23, 1.21, 1.22)"),
        (Unit.PLAIN, (1.0000001, 0.9999998, 1.0000003), "1.00 (1.00, 1.00, 1.00)"),
        (Unit.PLAIN, (0.003168, 0.003069, 0.002907), "0.0031 (0.0032, 0.0031, 0.0029)"),
        (Unit.PLAIN, (0.0, 0.0, 0.0), "0 (0, 0, 0)"),
        (Unit.PERCENT, (0.857143, 0.714286, 0.857143), "86% (86, 71, 86)"),
        (Unit.POINTS, (0.0696379, -0.0111421, 0.0529248), "5.3 points (7.0, −1.1, 5.3)"),
        (Unit.POINTS, (-0.0034770, -0.0041724, -0.0034770), "−0.3 points (−0.3, −0.4, −0.3)"),
        (Unit.POINTS, (-0.0139, -0.0001, 0.0), "0.0 points (−1.4, 0.0, 0.0)"),
    ],
)
def test_numbers_have_as_many_digits_as_tell_the_seeds_apart(unit, numbers, said):
    assert Found(replace(RATIO, unit=unit), numbers).ours == said


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_a_result_names_a_question_and_jobs_that_there_are_and_a_link_that_asks_it(result):
    lab = labs()[result.lab]
    assert set(result.jobs) <= set(lab.jobs(result.question.request))
    assert result.claim.endswith(".")
    assert not result.what.endswith(".")
    link = result.link()
    assert link.pop("ask") == result.slug
    values, problems = lab.codec.read(link, base=lab.codec.values_of(result.question.request))
    assert not problems
    for seed in SEEDS:
        own = {name: value for name, value in result.values(seed).items() if name in SEED_FIELDS}
        assert lab.codec.request_of(values | own) == lab.codec.request_of(result.values(seed))
        assert own["seed"] == seed
    assert not set(result.settings()) & set(SEED_FIELDS)
    assert all(job.needs for job in jobs_of(result)), "what it takes is computed with these settings"
    # What agrees also goes the paper's way.
    for bound in (result.agrees.low, result.agrees.high):
        assert bound in result.direction or abs(bound) == inf


def test_as_smooth_by_other_norms_is_what_the_lab_takes_for_it():
    assert RESULTS["norms"].agrees.high == MUCH


def test_there_are_enough_of_them_by_several_papers_told_apart():
    assert len(RESULTS) >= 30
    assert len({one.authors for one in RESULTS.values()}) >= 10
    keys = [job.key for one in RESULTS.values() for job in jobs_of(one)]
    assert len(set(keys)) == len(keys) == len(SEEDS) * len(RESULTS)


def network(normalization, **facts):
    return SimpleNamespace(normalization=normalization, **facts)


def test_measures_are_what_their_words_say():
    """Against facts made up here, in which each number can be read off."""
    curves = (
        network("none", waits={1.0: inf, 5.0: 200.0, 30.0: 120.0}, heights={5.0: 0.5, 30.0: 0.9}),
        network("batch", waits={1.0: 90.0, 5.0: 20.0, 30.0: 40.0}, heights={5.0: 0.97, 30.0: 0.95}),
    )
    rates = (
        network("none", own_steps=(200.0,), largest=(0.1,)),
        network("batch", own_steps=(inf,), largest=(1.0,)),
        network("weight", own_steps=(200.0,), largest=(0.3,)),
    )
    facts = SimpleNamespace(curves=curves, rates=rates, steps=300)
    assert RESULTS["sooner"].measure(facts) == 6.0
    assert RESULTS["thirty"].measure(facts) == pytest.approx(-0.02)
    assert RESULTS["same-rate"].measure(facts) == pytest.approx(2 / 3)
    assert RESULTS["same-rate-sigmoids"].measure(facts) == pytest.approx(300 / 90)
    assert RESULTS["rates"].measure(facts) == 10.0
    assert RESULTS["weight-rates"].measure(facts) == pytest.approx(3.0)
    never = SimpleNamespace(curves=(network("none", waits={1.0: inf}), curves[1]), steps=300)
    assert RESULTS["sooner"].measure(never) == 15.0
    choices = tuple(
        network(name, middles=(0.9, last), at={"2": (two,), "4": (four,), "64": (0.95,)}.get)
        for name, last, two, four in (("none", 0.1, 0.8, 0.9), ("batch", 0.95, 0.3, 0.7), ("layer", 0.9, 0.7, 0.8))
    )
    facts = SimpleNamespace(choices=choices)
    assert RESULTS["sigmoid"].measure(facts) == pytest.approx(0.85)
    assert RESULTS["batch-of-two"].measure(facts) == pytest.approx(0.65)
    assert RESULTS["layer-of-four"].measure(facts) == pytest.approx(0.1)
    rates_at = tuple(SimpleNamespace(late=late) for late in (1.02, 0.8, 1.1))
    facts = SimpleNamespace(rates=rates_at)
    assert RESULTS["edge"].measure(facts) == 0.8
    assert RESULTS["edge-cross-entropy"].measure(facts) == 1.1


SMALL = {"width": 8, "depth": 2, "num_steps": 12, "num_examples": 200, "probes": 6, "rungs": 3}


def test_a_number_comes_of_the_very_jobs_of_the_lab_and_is_that_of_its_facts():
    """Small networks: what is asked is whether both ways lead to one number, not which."""
    result = replace(RESULTS["loss-range"], changes=SMALL)
    lab = labs()[result.lab]
    for seed, job in zip(SEEDS[:2], jobs_of(result), strict=False):
        request = lab.codec.request_of(result.values(seed))
        assert request.comparison.base.seed == seed
        asked = {one.key for many in lab.jobs(request).values() for one in many if one is not None}
        assert {need.key for need in job.needs} <= asked
        ended: dict = {}
        values = [_ended(need, ended).value for need in job.needs]
        shape = {name: tuple(name in result.jobs for _ in many) for name, many in lab.jobs(request).items()}
        found = number_of(result, request, values, shape)
        assert found == result.measure(lab.facts(request, results_of(lab, request)))
        assert found > 0


def test_facts_that_are_not_there_are_no_number():
    result = replace(RESULTS["loss-range"], changes=SMALL)
    request = labs()[result.lab].codec.request_of(result.values(0))
    shape = {name: tuple(False for _ in many) for name, many in labs()[result.lab].jobs(request).items()}
    found = number_of(result, request, (), shape)
    assert found != found
