"""What is said about the inside of layers: the case that the facts are, whole sentences, and what failed is told."""

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from landscape.experiment import Comparison, Variant
from landscape.labs.activations import LAB
from landscape.labs.activations.facts import (
    AtStart,
    AtWidth,
    Constant,
    Correction,
    Distribution,
    Early,
    Facts,
    Identity,
    Layers,
    Scales,
    Use,
)
from landscape.labs.activations.measure import DeepGradients
from landscape.labs.activations.request import CODEC, Activations, Deep
from landscape.labs.activations.words import (
    SENTENCES,
    Case,
    bends_notice,
    correction_case,
    deep_notice,
    dies,
    distributions_notice,
    drift_case,
    early_case,
    gradient_case,
    gradients_notice,
    learns_though_it_drifts,
    means_case,
    numbers,
    propagation_notice,
    scale_case,
    scales_notice,
    shape_case,
    told_of_early,
    told_of_growth,
    told_of_identity,
    told_of_saturation,
    undoes,
    use_case,
    vanishing_case,
    width_case,
)
from landscape.labs.lab import Known

BATCH = Distribution("BatchNorm", "batch", 3, 0.96, True, 0.35, 2.0, 3.0, 1.5, -0.9, 0.1)
PLAIN = replace(BATCH, name="no normalization", normalization="none", score=0.25, learned=False, drift=2.6)
LAYER = replace(BATCH, name="layer normalization", normalization="layer", score=0.91, drift=2.1, kurtosis=-1.1)
USED = Use("BatchNorm", "batch", "tanh", 0.58, 0.62, 0.05, 0.7, 0.95, 0.02)
PLAIN_LAYERS = Layers("no normalization", "none", 8, 1e-6, 1e-3, 1e6, 1e5, 0.5, 4e-7, 1.6, 1.6, 0.0)
BATCH_LAYERS = replace(PLAIN_LAYERS, name="BatchNorm", normalization="batch", gradient=1.3, updates=4.0, last=1.0)
START = AtStart("BatchNorm", "batch", 16, (0.5, 1.0, 2.0), (17.0, 18.0, 25.0), 1.21, 1.15, 1.211)
LINE = Scales("a straight task", 0.26, 0.56, 0.1, 0.997, 1.4)
STRAIGHT = (LINE, replace(LINE, first=nan, loss=3.3), replace(LINE, first=0.96))
WIDTHS = tuple(AtWidth(width, 0.1, third, 0.4, 3.0) for width, third in ((16, 0.29), (64, 0.2), (256, 0.14)))
BATCH_CONSTANT = Constant("BatchNorm", "batch", 0.97, 0.41, 0, 1.2, 3.5, 3.0, 0.3)
PROPAGATION = replace(
    BATCH_CONSTANT, name="normalization propagation", normalization="propagation", mean=0.13, settled=150
)

EARLY = Early("no normalization", "none", 3, 64, 0.75, 8, 0.02)
CORRECTION = Correction(8, 100, 0.01, 1.4, 1.0, 0.8, 0.03, 0.05, 0.6, 0.25)


@pytest.mark.parametrize(
    ("known", "case"),
    [([BATCH, PLAIN], Case.STEADIER), ([BATCH, replace(PLAIN, drift=0.5)], Case.AS_STEADY), ([BATCH], Case.ONE_MOVES)],
)
def test_which_units_move_clearly_further(known, case):
    assert drift_case(known) is case


def test_one_that_drifts_and_learns_is_the_best_of_those():
    assert learns_though_it_drifts([BATCH, PLAIN, LAYER]) is LAYER
    assert learns_though_it_drifts([BATCH, PLAIN]) is None
    assert learns_though_it_drifts([replace(BATCH, learned=False), LAYER]) is None
    said = " ".join(distributions_notice(Facts(distributions=(BATCH, PLAIN, LAYER))))
    assert "6 times as far" in said
    assert "0.910 beside 0.960" in said


@pytest.mark.parametrize(
    ("share", "opened", "case"),
    [(0.75, 0.02, Case.OPENS_LATER), (0.75, 0.9, Case.OPEN_BY_THEN), (0.3, 0.02, Case.OPEN_BY_THEN)],
)
def test_what_a_unit_does_in_the_first_steps(share, opened, case):
    assert early_case(replace(EARLY, share=share, opened=opened)) is case


def test_the_first_steps_are_told_by_network_and_what_is_no_number_is_not():
    batch = replace(EARLY, name="BatchNorm", normalization="batch", opened=0.85, half=11)
    said = told_of_early([EARLY, batch])
    assert "step 8 (no normalization) and 11 (BatchNorm)" in said
    assert (
        "With no normalization a unit moves before its band opens: at step 64 the band has 2% (no normalization) of"
        in said
    )
    assert "With BatchNorm the band has 85% (BatchNorm) of its width at the end by then." in said
    assert told_of_early([replace(EARLY, share=nan, opened=nan)]) == ""
    assert said in distributions_notice(Facts(distributions=(BATCH, PLAIN), early=(EARLY, batch)))


@pytest.mark.parametrize(
    ("changes", "case"),
    [
        ({}, Case.CORRECTED),
        ({"bare_deviation": 0.5}, Case.UNCORRECTED_TOO),
        ({"deviation": 0.3}, Case.UNCORRECTED_TOO),
    ],
)
def test_what_the_correction_is_for(changes, case):
    one = replace(CORRECTION, **changes)
    assert correction_case(one) is case
    (said,) = propagation_notice(Facts(correction=one))
    assert "After 100 steps the one reaches 0.800, the other 0.250." in said


@pytest.mark.parametrize(("kurtosis", "case"), [(-0.9, Case.HUMPS), (0.1, Case.NORMAL), (1.0, Case.TAILS)])
def test_the_shape_of_a_unit(kurtosis, case):
    assert shape_case(replace(BATCH, kurtosis=kurtosis)) is case


def test_networks_whose_units_have_one_shape_are_told_of_together():
    both = (replace(BATCH, kurtosis=-0.9), replace(BATCH, kurtosis=-1.0, name="layer normalization"))
    said = [one for one in distributions_notice(Facts(distributions=both)) if "kurtosis" in one]
    assert len(said) == 1
    assert "−0.9 (BatchNorm) and −1 (layer normalization)" in said[0]


def test_saturation_is_told_where_there_is_some():
    assert "at most 0.2% of the inputs" in told_of_saturation([replace(USED, saturated=0.002)])
    assert "30% (BatchNorm)" in told_of_saturation([replace(USED, saturated=0.3)])


def test_of_a_straight_line_no_bend_is_told():
    linear = replace(USED, activation="linear", near=nan)
    assert not any("bend" in one for one in bends_notice(Facts(uses=(linear,))))
    assert "58% of its bend" in bends_notice(Facts(uses=(USED,)))[0]


@pytest.mark.parametrize(("gradient", "case"), [(1e-3, Case.VANISHES), (1.3, Case.EVEN), (1e3, Case.EXPLODES)])
def test_what_becomes_of_gradients(gradient, case):
    assert gradient_case(replace(PLAIN_LAYERS, gradient=gradient)) is case


def test_why_a_gradient_vanishes():
    assert vanishing_case(PLAIN_LAYERS) is Case.BY_SLOPES
    assert vanishing_case(replace(PLAIN_LAYERS, flat=0.6)) is Case.BY_SATURATION
    said = " ".join(gradients_notice(Facts(layers=(PLAIN_LAYERS, BATCH_LAYERS))))
    assert "not saturation" in said
    assert "thousands" in said or "millions" in said
    assert dies(PLAIN_LAYERS)
    assert not dies(BATCH_LAYERS)
    assert "BatchNorm, in" not in said


def test_a_network_of_one_layer_has_no_gradient_between_layers():
    assert gradients_notice(Facts(layers=(replace(BATCH_LAYERS, depth=1),))) == []


@pytest.mark.parametrize(
    ("ratios", "case"),
    [((17.0, 18.0, 25.0), Case.WHATEVER_SCALE), ((1e-5, 1.0, 1e4), Case.BY_SCALE), ((0.0, 1.0, 2.0), Case.BY_SCALE)],
)
def test_whether_the_initial_scale_matters(ratios, case):
    assert scale_case(replace(START, ratios=ratios)) is case


def test_growth_stands_beside_theory():
    said = " ".join(deep_notice(Facts(deep=(START,))))
    assert "the gradient grows by 1.21 a layer, where theory says 1.21" in said
    assert deep_notice(Facts(deep=(replace(START, growth=nan),))) == []


def test_a_growth_that_a_few_steps_do_not_lessen_is_not_told_twice_nor_theory_of_another_network():
    deep = replace(START, skip=True, growth=1.08, later=1.079)
    assert "lessen" not in told_of_growth(deep)
    assert "Without them theory says 1.21" in told_of_growth(deep)
    assert "theory" not in told_of_growth(replace(deep, name="no normalization", normalization="none"))


def test_whether_a_normalization_is_undone():
    assert use_case(STRAIGHT) is Case.USED
    assert use_case((replace(LINE, first=0.9), *STRAIGHT[1:])) is Case.NOT_USED
    assert undoes(replace(LINE, undone=0.6))
    said = " ".join(scales_notice(Facts(straight=STRAIGHT, learnt=(LINE, replace(LINE, first=nan)))))
    assert "3.3 instead of 1.4" in said
    assert "nan" not in said
    assert "not a number" not in said


def test_rounding_is_told_as_exact():
    assert told_of_identity(Identity(0.9, 3e-7)).startswith("It can be undone exactly")
    assert not told_of_identity(Identity(0.9, 0.01)).startswith("It can be undone exactly")


def test_constants_are_compared_with_batch_normalization():
    assert width_case(WIDTHS) is Case.WIDER_LESS
    assert width_case(WIDTHS[::-1]) is Case.WIDER_NO_LESS
    assert means_case(PROPAGATION, BATCH_CONSTANT) is Case.NEARER_LATER
    assert means_case(replace(PROPAGATION, settled=0), BATCH_CONSTANT) is Case.NEARER_SOONER
    assert means_case(replace(PROPAGATION, mean=0.5), BATCH_CONSTANT) is Case.NO_NEARER
    assert len(propagation_notice(Facts(widths=WIDTHS, constants=(BATCH_CONSTANT, PROPAGATION)))) == 3


def test_every_case_has_a_sentence():
    assert set(SENTENCES) == set(Case)


def test_numbers_are_rows_of_one_form():
    facts = Facts(
        distributions=(BATCH,), uses=(USED,), layers=(BATCH_LAYERS,), deep=(START,), straight=STRAIGHT, widths=WIDTHS,
        identity=Identity(0.9, 1e-7), constants=(PROPAGATION,), early=(EARLY,), correction=CORRECTION,
    )  # fmt: skip
    found = numbers(facts)
    assert {tuple(row) for row in found} == {("part", "network", "measure", "value")}
    assert {
        "first steps",
        "correction",
        "distributions",
        "bends",
        "gradients",
        "deep",
        "scales",
        "constants",
        "widths",
        "identity",
    } == {row["part"] for row in found}


def test_a_link_holds_what_differs():
    values, problems = CODEC.read({"layer": "2", "deep_factor": "3", "prepared": "standardize"})
    assert problems == ()
    request = CODEC.request_of(values)
    assert (request.place(3), request.place(1), Activations().place(3)) == (1, 0, 2)
    assert request.deep == Deep(deep_factor=3.0)
    assert [one.network.init_scale for one in request.deep_experiments()[0]] == [0.3333, 1.0, 3.0]
    assert CODEC.write(values) == {"layer": "2", "deep_factor": "3", "prepared": "standardize"}


@pytest.mark.parametrize("failed", [False, True])
def test_sections_wait_and_fail_without_a_word_too_many(failed):
    request = Activations(try_propagation=True)
    known = Known(done=failed, failed=failed)
    results = {name: [known] * len(many) for name, many in LAB.jobs(request).items()}
    assert LAB.facts(request, results) is None
    for section in LAB.sections:
        shown = section.show(request, results)
        assert not shown.notice
        assert shown.panels
        assert all(one.figure is None and one.pending and one.empty == failed for one in shown.panels)


def test_facts_of_some_jobs_are_there_without_the_others():
    """As where a result of a paper takes these alone."""
    request = Activations()
    results = {name: [Known(done=True)] * len(many) for name, many in LAB.jobs(request).items()}
    assert LAB.facts(request, results) is None
    lengths = np.geomspace(8, 1, 4)[None].repeat(3, 0)
    deep = [Known(DeepGradients((0.5, 1.0, 2.0), lengths, lengths), True)] * len(results["deep"])
    facts = LAB.facts(request, results | {"deep": deep})
    assert [one.growth for one in facts.deep] == [pytest.approx(2.0)] * 3
    assert facts == Facts(deep=facts.deep)


def test_networks_without_learnt_scales_have_no_job_for_them():
    variants = (
        Variant(normalization="none"),
        Variant(normalization="batch"),
        Variant(normalization="batch", affine=False),
    )
    jobs = LAB.jobs(Activations(Comparison(variants=variants)))
    assert [job is not None for job in jobs["learnt"]] == [False, True, False]
    on_input = Activations(Comparison(variants=(Variant(normalization="batch", normalized="input"),)))
    assert LAB.jobs(on_input)["learnt"] == [None]


def test_jobs_are_the_same_only_where_their_keys_say_so():
    keys = [job.key for many in LAB.jobs(Activations()).values() for job in many if job is not None]
    assert len(set(keys)) == len(keys)


def test_one_network_alone_moves_as_far_as_no_other():
    (said, *_) = distributions_notice(Facts(distributions=(BATCH,)))
    assert drift_case([BATCH]) is Case.ONE_MOVES
    assert "with each" not in said
