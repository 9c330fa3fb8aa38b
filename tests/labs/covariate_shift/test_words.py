"""What is said about shifts fits the facts, in every case; and every number of the table has a link that there is."""

import re
from dataclasses import replace
from math import nan
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from landscape.labs.covariate_shift.evidence import BORROWED, ELSEWHERE, against, noise_refutes, rows, told_of_why
from landscape.labs.covariate_shift.facts import (
    Abroad,
    Facts,
    Inside,
    Lack,
    Moving,
    OnCurve,
    There,
    borrowed_lacks,
    borrowed_numbers,
)
from landscape.labs.covariate_shift.request import Elsewhere
from landscape.labs.covariate_shift.words import (
    Case,
    Two,
    below_notice,
    control_case,
    curve_case,
    curve_notice,
    domain_notice,
    linear_case,
    noise_case,
    noise_notice,
    relu_case,
    steady_case,
    there_case,
    told_of_all,
    told_of_control,
    trio_of,
    two_of,
)
from landscape.labs.lab import Known
from landscape.labs.trainings import Trained
from landscape.teaching.published import RESULTS
from tests.labs.covariate_shift.measured import result
from tests.labs.every_lab import LABS

TRAINED = Trained("", 0.1, 400, None, 2.3, 0.01, True, True, 0.1, "accuracy", "majority class", 1.0, 0.97, None, 0.01)


def inside(kind, jump=0.05, test=0.97, diverged=None):
    trained = replace(TRAINED, name=kind, test_accuracy=test, diverged_at=diverged)
    return Inside(kind, kind, trained, jump, 0.5)


def there(before, after, elsewhere=Elsewhere.BLURRED):
    return There(elsewhere, before, after, 0.9, 0.6, (2.0, 1.0), (2.0, 0.1))


def moving(kind, relative=0.5, at_output=0.5):
    return Moving(kind, kind, relative, 0.9, 0.1, at_output, 0.9, 2.3, 0.1, 3, False)


FACTS = Facts(
    "accuracy", "ReLU", 3, Elsewhere.BLURRED, 1.0,
    inside=(inside("none"), inside("batch", 0.001), inside("batch-noisy", 0.25), inside("noise", 0.25)),
    abroad=(
        Abroad("none", "none", 0.97, False, (there(0.5, 0.5), there(0.4, 0.4, Elsewhere.MOVED))),
        Abroad("batch", "batch", 0.97, True, (there(0.5, 0.9), there(0.4, 0.41, Elsewhere.MOVED))),
    ),
    moving=(moving("none", at_output=0.7), moving("batch", at_output=0.2)),
    linear=(moving("none", 0.01), moving("batch", 0.7)),
    curves=(OnCurve("none", "none", 0.1, 5.0, None), OnCurve("batch", "batch", 0.05, 2.0, 1.6)),
)  # fmt: skip


def with_inside(**changes):
    """The facts with the network of a kind replaced, by its name with an underscore; or left out."""
    given = {name.replace("_", "-"): one for name, one in changes.items()}
    kept = [given.get(one.normalization, one) for one in FACTS.inside]
    return replace(FACTS, inside=tuple(one for one in kept if one is not None))


@pytest.mark.parametrize(
    ("test", "case"), [(0.95, Case.NOISE_AS_WELL), (0.8, Case.NOISE_WORSE), (0.2, Case.NOISE_FAILS)]
)
def test_how_well_noise_lets_it_train(test, case):
    assert noise_case(trio_of(with_inside(batch_noisy=inside("batch-noisy", 0.25, test)))) is case


def test_a_network_that_diverged_is_taken_for_a_guess():
    trio = trio_of(with_inside(batch_noisy=inside("batch-noisy", 0.25, 0.95, diverged=7)))
    assert noise_case(trio) is Case.NOISE_FAILS


@pytest.mark.parametrize(("jump", "case"), [(0.25, Case.LESS_STEADY), (0.05, Case.AS_STEADY), (0.01, Case.STEADIER)])
def test_how_steady_it_is(jump, case):
    assert steady_case(trio_of(with_inside(batch_noisy=inside("batch-noisy", jump)))) is case


@pytest.mark.parametrize(
    ("plain", "alone", "case"),
    [(0.97, 0.95, Case.CONTROL_TRAINS), (0.97, 0.1, Case.CONTROL_FAILS), (0.3, 0.1, Case.CONTROL_BOTH_FAIL)],
)
def test_what_the_noise_does_alone(plain, alone, case):
    assert control_case(inside("none", test=plain), inside("noise", test=alone)) is case


def test_of_two_classes_half_of_all_right_is_a_guess():
    guess = {name: inside(name, test=0.5) for name in ("none", "noise")}
    for name, one in guess.items():
        guess[name] = replace(one, trained=replace(one.trained, majority=0.5))
    assert control_case(guess["none"], guess["noise"]) is Case.CONTROL_BOTH_FAIL


def test_where_the_control_is_not_compared_nothing_is_said_of_it():
    assert told_of_control(with_inside(noise=None)) == ""
    assert trio_of(with_inside(batch=None)) is None


@pytest.mark.parametrize(
    ("stores", "before", "after", "case"),
    [
        (True, 0.95, 0.96, Case.HOLDS), (True, 0.5, 0.96, Case.MENDED), (True, 0.5, 0.8, Case.PARTLY),
        (True, 0.5, 0.6, Case.NOT_MENDED), (False, 0.5, 0.5, Case.NOTHING_STORED),
    ],
)  # fmt: skip
def test_what_becomes_of_a_network_in_a_domain(stores, before, after, case):
    assert there_case(Abroad("b", "batch", 0.97, stores, ()), there(before, after)) is case


def test_which_domains_are_mended_is_told_by_name():
    told = told_of_all(FACTS.abroad[1])
    assert re.search("is blurred.*is moved by a pixel", told)
    assert told_of_all(FACTS.abroad[0]) == ""
    assert len(domain_notice(FACTS)) == 4


def test_where_there_is_more_shift():
    cases = [linear_case(moving("none", 0.5), moving("batch", size)) for size in (0.9, 0.5, 0.1)]
    assert cases == [Case.LINEAR_MORE, Case.LINEAR_ALIKE, Case.LINEAR_LESS]
    cases = [relu_case(moving("none"), moving("batch", at_output=size)) for size in (0.9, 0.5, 0.1)]
    assert cases == [Case.RELU_MORE, Case.RELU_ALIKE, Case.RELU_LESS]


@pytest.mark.parametrize(
    ("at_output", "before", "case"),
    [
        (0.1, 0.5, Case.TWO_APART), (0.1, 0.9, Case.TWO_BOTH), (0.7, 0.5, Case.TWO_NEITHER), (0.7, 0.9, Case.TWO_OTHER),
    ],
)  # fmt: skip
def test_of_which_shift_there_is_less(at_output, before, case):
    plain, batch = FACTS.abroad
    two = Two(moving("none", at_output=0.7), moving("batch", at_output=at_output), plain, batch, there(0.5, 0.5), there(before, 0.9))  # fmt: skip
    assert two.case is case


@pytest.mark.parametrize(
    ("outside", "case"), [((5.0, 2.0), Case.CURVE_LOST), ((5.0, 0.1), Case.CURVE_SOME), ((0.1, 0.1), Case.CURVE_HELD)]
)
def test_what_becomes_of_the_curve(outside, case):
    curves = [replace(one, outside=error) for one, error in zip(FACTS.curves, outside, strict=True)]
    assert curve_case(curves) is case
    assert len(curve_notice(FACTS)) == 2


def test_every_cell_of_the_explanations_links_to_a_question_and_has_a_number_where_this_page_computed_it():
    for row in rows(FACTS):
        for cell in (row.pro, row.contra):
            computed = cell.to.startswith("covariate_shift?")
            assert bool(re.search(r"\d", cell.text.replace("2 / learning rate", ""))) == computed, cell
            link = urlsplit(cell.to)
            asked = dict(parse_qsl(link.query))["ask"]
            assert asked in {question.slug for question in LABS[link.path].questions}, cell


def test_a_number_that_is_borrowed_is_that_of_the_question_to_which_its_cell_leads():
    for one in [one for pair in ELSEWHERE.values() for one in pair]:
        assert one.to == f"{RESULTS[one.result].lab}?{urlencode(RESULTS[one.result].link())}"
        for value, template in ((one.at * 1.5, one.above), (one.at * 0.5, one.below)):
            told = one.linked({one.result: value}, {})
            assert told.to == one.to
            assert told.text.split(f"{value:.3g} times")[0] == template.split("{times}")[0]
    assert len(set(BORROWED)) == 2 * len(ELSEWHERE)


def test_with_the_borrowed_numbers_every_cell_has_one():
    cells = [cell for row in rows(FACTS, dict.fromkeys(BORROWED, 3.0)) for cell in (row.pro, row.contra)]
    assert all(re.search(r"\d", cell.text.replace("2 / learning rate", "")) for cell in cells)
    assert rows(FACTS, {}) == rows(FACTS)


def test_a_borrowed_number_is_the_median_of_its_seeds_once_all_are_there():
    done = [Known(value, True) for value in (4.0, 1.0, 2.0)]
    assert borrowed_numbers({"result rates": done}) == {"rates": 2.0}
    assert borrowed_numbers({"result rates": [*done[:2], Known()]}) == {}
    assert borrowed_numbers({"result rates": [*done[:2], Known(done=True, failed=True)]}) == {}
    assert borrowed_numbers({"result rates": [Known(nan, True)] * 3, "rates": done}) == {}


def test_why_a_borrowed_number_will_not_come_is_told_in_its_cell():
    done = [Known(value, True) for value in (4.0, 1.0, nan)]
    lacks = borrowed_lacks({
        "result rates": [Known(4.0, True), Known(done=True, failed=True), Known()],
        "result edge-batch": done,
        "result outliers": done[:2],
        "result same-rate": [*done[:2], Known()],
        "rates": [Known(done=True, failed=True)],
    })  # fmt: skip
    assert lacks == {"rates": Lack.FAILED, "edge-batch": Lack.NONE}
    usual, lacking = rows(FACTS), rows(FACTS, {}, lacks)
    cells = {one.result: one.awaited for pair in ELSEWHERE.values() for one in pair}
    told = {cell.text for row in lacking for cell in (row.pro, row.contra)}
    assert told - {cell.text for row in usual for cell in (row.pro, row.contra)} == {
        f"{cells['rates']}: this could not be measured. Run again tries it once more.",
        f"{cells['edge-batch']}: in the networks of one seed at least there is no such number.",
    }
    assert [(row.pro.to, row.contra.to) for row in lacking] == [(row.pro.to, row.contra.to) for row in usual]


def test_before_there_are_facts_the_explanations_wait():
    table = rows(None)
    assert [row.pro.text for row in table[:3]] == ["…"] * 3
    assert len(table) == 3 + len(ELSEWHERE)


def test_what_speaks_against_the_internal_shift_is_counted():
    assert against(FACTS) == 2
    assert against(with_inside(batch_noisy=inside("batch-noisy", 0.25, 0.3))) == 1
    assert against(replace(FACTS, linear=FACTS.linear[::-1])) == 1
    assert against(replace(FACTS, linear=())) is None
    assert not noise_refutes(None)
    assert told_of_why(replace(FACTS, inside=())) == ""


def elsewhere(lab, ask, *names):
    """The facts of a question of another page, of which only these jobs are done."""
    (question,) = [question for question in LABS[lab].questions if question.slug == ask]
    results = {
        name: [Known(result(job), True) if name in names and job else Known(done=True) for job in many]
        for name, many in LABS[lab].jobs(question.request).items()
    }
    return LABS[lab].facts(question.request, results)


def test_the_numbers_of_another_page_are_those_of_its_question():
    spectra = elsewhere("curvature", "outliers", "run", "eigenvalues")
    assert spectra.of("batch").top == pytest.approx(1.5, rel=0.3)
    assert spectra.of("none").top == pytest.approx(15, rel=0.3)
    assert spectra.of("none").outliers >= 7


def untrained(place, score):
    """The facts with one of the two networks, first or second, one that has not learned and has such a score everywhere."""
    own = replace(FACTS.abroad[place], source=score, learned=False, there=(there(score, score),))
    return replace(FACTS, abroad=tuple(own if i == place else one for i, one in enumerate(FACTS.abroad)))


@pytest.mark.parametrize("place", [0, 1])
def test_a_network_that_has_not_learned_has_nothing_to_lose_and_is_compared_with_none(place):
    facts = untrained(place, 0.1)
    own, (other,) = facts.abroad[place], [one for i, one in enumerate(facts.abroad) if i != place]
    assert there_case(own, own.there[0]) is Case.UNTRAINED
    assert there_case(other, other.there[0]) is not Case.UNTRAINED
    assert two_of(facts).case is Case.TWO_UNTRAINED
    assert told_of_all(own) == ""
    (row,) = (one for one in rows(facts) if "shift of the data" in one.claim)
    assert "nothing can be compared" in row.contra.text


def test_what_diverged_before_it_could_jump_is_compared_with_none():
    facts = with_inside(none=inside("none", nan, 0.1, diverged=1))
    assert steady_case(trio_of(facts)) is Case.STEADY_UNKNOWN
    lost = replace(facts, moving=(moving("none", at_output=nan), moving("batch", at_output=0.2)))
    assert relu_case(*lost.moving) is Case.RELU_UNKNOWN
    for row in rows(lost)[:2]:
        assert "not a number" not in row.pro.text + row.contra.text
    assert "not a number" not in " ".join([*noise_notice(lost), *below_notice(lost)])


def test_noise_that_leaves_a_network_steadier_than_the_plain_one_is_no_evidence():
    facts = with_inside(none=inside("none", 17.0, 0.1, diverged=2))
    assert "only" not in rows(facts)[0].contra.text
    assert rows(facts)[0].contra.text.startswith("Nothing here")


def test_what_speaks_for_the_shift_is_told_too_where_it_is_so():
    assert "0.2 of its length" in told_of_why(FACTS)
    alike = replace(FACTS, moving=(moving("none", at_output=0.2), moving("batch", at_output=0.2)))
    assert "of its length" not in told_of_why(alike)
