"""Which case is told of which facts, and that each case that there is can be told."""

from dataclasses import replace

import pytest

from landscape.labs.invariance.facts import (
    Bounded,
    Cell,
    Facts,
    Funnel,
    Lengths,
    OutlyingExample,
    OutlyingWeights,
    OverFactor,
    Rescaling,
    Started,
)
from landscape.labs.invariance.questions import QUESTIONS
from landscape.labs.invariance.request import Moment
from landscape.labs.invariance.words import (
    CHANGED_SENTENCES,
    UNCHANGED_SENTENCES,
    Case,
    bias_notice,
    bound_case,
    bound_notice,
    funnel_case,
    funnel_notice,
    gradient_case,
    gradient_notice,
    is_damped,
    length_case,
    length_notice,
    log_case,
    numbers,
    outlier_notice,
    overshoots,
    start_case,
    start_notice,
    table_notice,
)
from landscape.labs.trainings import Trained

CELLS = tuple(
    Cell(name, kind, rescaling, change)
    for name, kind, change in (("BatchNorm", "batch", 1e-6), ("no normalization", "none", 2.0))
    for rescaling in Rescaling
)
FACTS = Facts(3.0, CELLS, length_rate=0.5)
EXACT = OverFactor("BatchNorm", "batch", -1.0, 0.001, 1e-6)
GROWS = Lengths("BatchNorm", "batch", 1.3, 1.0002, 0.001, 200, None)
CLOSES = Funnel("BatchNorm", "batch", (0.1, 1.0, 3.0), (5.0, 0.05, 0.0057), (1.1, 0.049, 0.0057), (0.9, 0.9, 0.9), ())


def trained(accuracy, diverged_at=None):
    return Trained(
        "n", 0.1, 100, diverged_at, 2.3, 0.1, True, True, 0.1, "accuracy", "majority class", 1.0, accuracy, None, 0.01
    )


def started(kind, accuracy, deviation=1.0, weights=10, activations=20):
    return Started(kind, kind, (1.0, deviation), trained(accuracy), weights, activations)


def bounded(*accuracy, diverged=(False, False)):
    return Bounded("weight", "weight", (0.03, 0.3), accuracy, diverged, 1.4, (0.1, 0.2))


def test_a_cell_is_unchanged_below_a_ten_thousandth():
    assert [Cell("", "", Rescaling.UNIT, change).unchanged for change in (0.0, 9e-5, 2e-4)] == [True, True, False]
    assert FACTS.unchanged(Rescaling.UNIT) == ("BatchNorm",)
    assert FACTS.change("none", Rescaling.INPUTS) == 2.0


def test_the_table_is_told_whether_somebody_is_blind_or_nobody():
    said = table_notice(FACTS)
    assert said[0] == UNCHANGED_SENTENCES[Rescaling.LAYER].format(factor=3, names="BatchNorm")
    nobody = replace(FACTS, cells=tuple(replace(one, change=0.5) for one in CELLS))
    assert table_notice(nobody)[0] == CHANGED_SENTENCES[Rescaling.LAYER].format(factor=3)
    nearly = replace(FACTS, cells=(replace(CELLS[0], change=1e-3), *CELLS[1:]))
    assert len(table_notice(nearly)) == len(said) + 1


def test_after_training_a_bias_is_told_of_where_it_is_felt():
    cells = tuple(Cell("layer normalization", "layer", rescaling, 0.02) for rescaling in Rescaling)
    trained_facts = Facts(3.0, cells, Moment.TRAINED)
    assert bias_notice(trained_facts) == table_notice(trained_facts)[0]
    assert "0.02" in bias_notice(trained_facts)
    blind = replace(trained_facts, cells=tuple(replace(one, change=0.0) for one in cells))
    assert bias_notice(blind) != bias_notice(trained_facts)
    assert bias_notice(FACTS) == bias_notice(Facts(3.0, (), Moment.TRAINED)) == ""
    assert table_notice(Facts(3.0, (), Moment.TRAINED)) == []


@pytest.mark.parametrize(
    ("one", "case"),
    [
        (EXACT, Case.DIVIDED),
        (replace(EXACT, off=0.5, slope=-1.05), Case.NEARLY_DIVIDED),
        (replace(EXACT, off=3.0, slope=-0.2), Case.NOT_DIVIDED),
    ],
)
def test_gradients(one, case):
    assert gradient_case(one) is case
    assert len(gradient_notice(replace(FACTS, gradients=(one, one)))) == 1


@pytest.mark.parametrize(
    ("one", "plain", "case"),
    [
        (GROWS, True, Case.AT_RIGHT_ANGLES),
        (replace(GROWS, off=0.3), True, Case.NOT_AT_RIGHT_ANGLES),
        (GROWS, False, Case.OTHER_STEPS),
        (replace(GROWS, diverged_at=4), True, Case.LENGTH_DIVERGED),
    ],
)
def test_lengths(one, plain, case):
    assert length_case(one, plain) is case
    assert len(length_notice(replace(FACTS, lengths=(one,), plain_descent=plain))) == 1


def test_weight_decay_counts_as_other_steps():
    decaying = replace(FACTS, lengths=(GROWS,), weight_decay=0.1)
    assert length_notice(decaying) != length_notice(replace(decaying, weight_decay=0.0))


@pytest.mark.parametrize(
    ("one", "case"),
    [
        (CLOSES, Case.FROM_ABOVE),
        (replace(CLOSES, last=(1.1, 0.3, 0.2)), Case.FROM_BOTH),
        (replace(CLOSES, last=CLOSES.first), Case.APART),
        (replace(CLOSES, last=(50.0, 0.05, 0.0057)), Case.APART),
    ],
)
def test_funnels(one, case):
    assert funnel_case(one) is case
    assert len(funnel_notice(replace(FACTS, funnels=(one,)))) == 1
    assert len(funnel_notice(replace(FACTS, funnels=(replace(one, diverged=(10.0,)),)))) == 2


def test_a_rate_that_falls_under_another_overshoots():
    assert not overshoots(CLOSES)
    assert overshoots(replace(CLOSES, last=(0.01, 0.049, 0.0057)))


def test_a_funnel_of_which_all_diverged_is_told():
    none = Funnel("n", "none", (), (), (), (), (1.0, 3.0))
    assert len(funnel_notice(replace(FACTS, funnels=(none,)))) == 1


@pytest.mark.parametrize(
    ("plain", "data", "case"),
    [(0.1, 0.95, Case.START_NEEDED), (0.96, 0.95, Case.START_ALIKE), (0.95, 0.5, Case.START_WORSE)],
)
def test_starts(plain, data, case):
    assert start_case(started("weight-plain", plain), started("weight", data)) is case
    starts = (
        started("none", 0.1),
        started("weight-plain", plain),
        started("weight", data),
        started("weight-log", data),
    )
    assert len(start_notice(replace(FACTS, starts=starts))) == 3
    assert start_notice(FACTS) == []


def test_a_start_that_diverged_counts_as_a_guess():
    away = replace(started("weight", 0.95), trained=trained(0.95, 3))
    assert start_case(started("weight-plain", 0.9), away) is Case.START_WORSE


def test_the_logarithm():
    assert log_case(started("weight", 0.95), started("weight-log", 0.94)) is Case.LOG_ALIKE
    assert log_case(started("weight", 0.95), started("weight-log", 0.4)) is Case.LOG_UNLIKE


@pytest.mark.parametrize(
    ("free", "kept", "case"),
    [
        (bounded(0.8, 0.9), bounded(0.9, 0.1, diverged=(False, True)), Case.BOUND_BOTH),
        (bounded(0.8, 0.9), bounded(0.8, 0.9), Case.BOUND_IDLE),
        (bounded(0.8, 0.9), bounded(0.81, 0.9), Case.BOUND_ALIKE),
        (bounded(0.8, 0.9), bounded(0.9, 0.9), Case.BOUND_BETTER),
        (bounded(0.8, 0.9), bounded(0.8, 0.5), Case.BOUND_WORSE),
    ],
)
def test_bounds(free, kept, case):
    assert bound_case(free, kept) is case
    assert bound_notice(replace(FACTS, bounds=(free, kept))).endswith(".")
    assert bound_notice(FACTS) == ""


def test_outliers():
    damped = OutlyingWeights("BatchNorm", "batch", (1.0, 100.0), (2.9, 2.91), (0.9, 0.9), (False, False))
    felt = replace(damped, name="none", normalization="none", loss=(2.9, 60.0), diverged=(False, True))
    example = OutlyingExample("none", "none", (1.0, 100.0), (1.0, 40.0))
    facts = replace(FACTS, units=(damped, felt), examples=(example,))
    assert [is_damped(facts, kind) for kind in ("batch", "none", "layer")] == [True, False, None]
    assert len(outlier_notice(facts)) == 3


def test_every_row_of_numbers_has_the_same_columns_and_a_number():
    funnel = replace(CLOSES, diverged=(10.0,))
    rows = numbers(replace(FACTS, gradients=(EXACT,), lengths=(GROWS,), funnels=(funnel,)))
    assert len({tuple(row) for row in rows}) == 1
    assert len(rows) == len(CELLS) + 2 + 2 + 9


@pytest.mark.parametrize("slug", ["layer", "unit", "mates"])
def test_an_answer_names_those_that_notice_too(slug):
    (question,) = (one for one in QUESTIONS if one.slug == slug)
    said = question.answer(FACTS)
    assert all(one.name in said for one in CELLS)
