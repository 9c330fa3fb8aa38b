"""What is said about robustness: the case that the facts are, and nothing before they are there."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.experiment import Comparison, Variant
from landscape.labs.lab import Known
from landscape.labs.robustness import LAB
from landscape.labs.robustness.facts import AtChoices, Facts, InTime, OnTheMap, OverRates
from landscape.labs.robustness.request import BASE, CODEC, MapAxis, Robustness
from landscape.labs.robustness.words import (
    Case,
    cares_case,
    choice_case,
    choices_notice,
    curves_notice,
    higher_case,
    map_notice,
    rates_case,
    rates_notice,
    same_rate_case,
    told_of_failing,
    told_of_rates,
)
from models.fields import Misfit

INF = float("inf")
PLAIN = OverRates(
    "no normalization", "none", (1.5,) * 3, (0.3,) * 3, (50.0,) * 3, (60.0,) * 3, (0.94,) * 3, (0.95,) * 3, 8
)
BATCH = replace(PLAIN, name="BatchNorm", normalization="batch", decades=(2.5,) * 3, largest=(3.0,) * 3)
NEVER = replace(PLAIN, decades=(0.0,) * 3, largest=(0.0,) * 3, fewest=(INF,) * 3, own_steps=(INF,) * 3)
CELLS = OnTheMap("BatchNorm", "batch", 24, 63, 0, "", (0.1, 1.0, 3.0, 5.0, 6.0), (0.1, 1.0))
FACTS = Facts("accuracy", 0.8, 0.1, 3, 200, MapAxis.INIT_SCALE, 7, "activation")
WIDE = AtChoices("no normalization", "none", ("sigmoid", "tanh"), ((0.1, 0.1), (0.9, 0.9)), "")
EVEN = replace(WIDE, name="BatchNorm", normalization="batch", scores=((0.93, 0.92), (0.95, 0.95)))
GROWS = InTime("BatchNorm", "batch", (1.0, 5.0, 30.0), ((0.9,), (0.96,), (0.95,)), ((90.0,), (40.0,), (INF,)))


@pytest.mark.parametrize(
    ("one", "plain", "case"),
    [
        (BATCH, PLAIN, Case.WIDER),
        (replace(BATCH, decades=(1.5, 1.5, 2.0)), PLAIN, Case.LITTLE),
        (replace(PLAIN, decades=(1.5, 1.5, 2.0)), PLAIN, Case.AS_WIDE),
        (replace(PLAIN, decades=(2.0, 1.5, 2.0)), PLAIN, Case.LITTLE),
        (replace(BATCH, largest=PLAIN.largest), PLAIN, Case.NO_LARGER),
        (PLAIN, BATCH, Case.NARROWER),
        (BATCH, NEVER, Case.ONLY),
        (BATCH, replace(NEVER, decades=(0.0, 0.0, 0.5), largest=(0.0, 0.0, 1.0)), Case.MOSTLY_ONLY),
        (NEVER, NEVER, Case.NEITHER),
    ],
)
def test_how_ranges_of_rates_compare(one, plain, case):
    assert rates_case(one, plain) is case
    assert "not a number" not in told_of_rates(one, plain)


@pytest.mark.parametrize(
    ("steps", "others", "case"),
    [
        (30, 60, Case.SAME_FASTER),
        (50, 60, Case.SAME_LITTLE_FASTER),
        (58, 60, Case.SAME_NOT_FASTER),
        (90, INF, Case.SAME_ONLY),
        (INF, 60, None),
    ],
)
def test_who_is_faster_at_one_rate(steps, others, case):
    one, plain = replace(BATCH, own_steps=(steps,) * 3), replace(PLAIN, own_steps=(others,) * 3)
    assert same_rate_case(one, plain) is case


def test_a_choice_matters_less_where_it_makes_less_of_a_difference():
    assert choice_case(EVEN, WIDE) is Case.LESS
    assert choice_case(WIDE, EVEN) is Case.MORE
    assert choice_case(EVEN, EVEN) is Case.AS_MUCH
    assert (
        told_of_failing(FACTS, WIDE) == "The network with **no normalization** does not train with activation sigmoid."
    )
    assert told_of_failing(FACTS, EVEN) == "The network with **BatchNorm** trains with each activation."
    assert np.allclose(WIDE.spreads, (0.8, 0.8))


def test_a_choice_that_cannot_be_has_no_part_in_the_spread():
    blank = replace(WIDE, scores=((), (0.9, 0.8)))
    assert blank.spreads == (0.0, 0.0)
    assert np.isnan(blank.middles[0])
    assert "sigmoid" not in told_of_failing(FACTS, blank)


def test_whether_the_scale_is_cared_for_and_the_largest_rate_ends_higher():
    assert cares_case(FACTS, CELLS) is Case.STILL_CARES
    assert cares_case(FACTS, replace(CELLS, rows=tuple(range(7)))) is Case.CARES_NOT
    assert higher_case(GROWS) is Case.NO_HIGHER
    assert higher_case(replace(GROWS, ends=((0.1,), (0.2,), (0.9,)))) is Case.HIGHER
    assert higher_case(InTime("a", "none", (1.0,), ((0.1,),), ((INF,),))) is None


def test_what_never_comes_is_not_told_as_a_number():
    facts = replace(
        FACTS, rates=(NEVER, BATCH), cells=(CELLS,), curves=(GROWS, replace(GROWS, steps=((INF,),) * 3)),
        choices=(WIDE, EVEN),
    )  # fmt: skip
    said = [*rates_notice(facts), *map_notice(facts), *curves_notice(facts, {1.0: 0.1}), *choices_notice(facts)]
    assert len(said) == 2 + 2 + 3 + 3
    assert not any("inf" in one.replace("infer", "") or "nan" in one for one in said)
    assert "at none of these rates" in said[-4]
    nothing = (rates_notice(FACTS), map_notice(FACTS), curves_notice(FACTS, {}), choices_notice(FACTS))
    assert nothing == ([], [], [], [])


def test_sections_wait_and_fail_without_a_word_too_many():
    request = Robustness()
    for known in (Known(), Known(done=True, failed=True)):
        results = {name: [known] * len(many) for name, many in LAB.jobs(request).items()}
        assert LAB.facts(request, results) is None
        for section in LAB.sections:
            shown = section.show(request, results)
            assert not shown.notice
            assert all(panel.figure is None and panel.pending for panel in shown.panels)


def test_rates_go_by_equal_factors_from_the_least_on():
    request = Robustness(least_rate=0.01, most_rate=1.0, a_decade=2)
    assert request.rates() == (0.01, 0.0316, 0.1, 0.316, 1.0)
    assert request.rates(10.0)[0] == 0.001
    assert request.own_rate == 0.1
    assert list(request.times) == [1, 5, 30]
    fast = Comparison(BASE.replace(learning_rate=10.0), (Variant(normalization="none"),))
    assert list(Robustness(fast).times) == [1, 5]


def test_a_range_that_is_none_is_refused_with_one_that_is():
    with pytest.raises(Misfit, match="above the least") as said:
        Robustness(least_rate=0.5, most_rate=0.1)
    assert Robustness(least_rate=0.5, **said.value.remedy).rates()


def test_what_a_network_has_of_its_own_gives_way_to_an_axis():
    request = Robustness(
        Comparison(
            BASE, (Variant(normalization="none", learning_rate=0.5), Variant(normalization="batch", batch_size=8))
        )
    )
    plain, batch = request.rate_grids()
    assert "learning_rate" not in dict(plain.variants[0])
    assert dict(batch.variants[0])["batch_size"] == 8
    assert dict(request.choice_grids()[0].variants[0])["learning_rate"] == 0.5


def test_a_link_holds_what_differs():
    values, problems = CODEC.read({"upwards": "depth", "chosen": "dropout", "runs": "1", "v2_normalization": "group"})
    assert problems == ()
    request = CODEC.request_of(values)
    assert (request.upwards, request.seeds) == (MapAxis.DEPTH, (3,))
    assert CODEC.write(CODEC.values_of(request)) == {
        "upwards": "depth", "chosen": "dropout", "runs": "1", "v2_normalization": "group",
    }  # fmt: skip


def test_one_network_is_asked_for_again_by_the_same_key_when_another_changes():
    with_layer, with_group = (
        Comparison(BASE, tuple(Variant(normalization=name) for name in ("none", other))) for other in ("layer", "group")
    )
    one, other = (LAB.jobs(Robustness(each, try_choices=True)) for each in (with_layer, with_group))
    for name in one:
        assert one[name][0].key == other[name][0].key
        assert one[name][1].key != other[name][1].key
