"""What each question's settings are to show, as facts with margins; and what its answer and its choices make of facts."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.dynamics.smoothness import LineTask, smoothness_of
from landscape.labs.smoothness import LAB
from landscape.labs.smoothness.explanations import explanations, rougher_but_as_good
from landscape.labs.smoothness.facts import Missing
from landscape.labs.smoothness.findings import Claim, Verdict, findings
from landscape.labs.smoothness.outcomes import Outcome
from landscape.labs.smoothness.questions import QUESTIONS
from landscape.labs.smoothness.request import Request
from tests.labs.ended import facts_of
from tests.labs.smoothness.made import (
    DIVERGED,
    IDLE,
    ROUGH,
    SMOOTH,
    cut,
    facts,
    measured,
    with_line,
    with_settings,
)

OF = {question.slug: question for question in QUESTIONS}
FEWER = {"probes": 40, "rungs": 4}
"""Fewer probes change the pace and not the direction."""


def found(slug, seed=None, **changes):
    """Return a question's facts, with fewer probes."""
    values = LAB.codec.values_of(OF[slug].request) | FEWER | changes
    return facts_of(LAB, LAB.codec.request_of(values | ({} if seed is None else {"seed": seed})))


def right(slug, found):
    return [choice.text for choice in OF[slug].choices if choice.right(found)]


def test_60_the_measures_all_through_training():
    all_through = found("smoother")
    plain, batch = all_through.pair
    for name, factor in (("loss_range", 5), ("change", 2)):
        for part in ("median", "most"):
            assert getattr(getattr(plain, name), part) > factor * getattr(getattr(batch, name), part)
    # Near 2 / learning rate with and without: no claim of the page's that the paper's own figure does not bear out.
    for one in (plain, batch):
        assert one.near_edge
        assert 10 < one.beta.median < 40
    assert plain.beta.most > 1.3 * batch.beta.most
    verdicts = {one.claim: one.verdict for one in findings(all_through)}
    assert verdicts[Claim.RANGE] is Verdict.AGREES
    assert len(verdicts) == 4
    assert right("smoother", all_through) == ["Both the loss and the gradient change less with BatchNorm"]


def test_38_from_one_step_it_climbs_without_batchnorm_and_falls_with_it():
    ahead = found("ahead")
    plain, batch = (one.ahead for one in ahead.pair)
    assert plain.last > 3 * plain.start
    assert not batch.climbs
    assert plain.length > 2 > 1 > batch.length
    assert right("ahead", ahead) == ["The loss climbs without normalization only"]


def test_40_outlying_weights_and_gradients_are_damped():
    large = found("large-weights")
    plain, batch, weight = large.networks
    assert plain.trained.diverged_at < 30
    assert plain.longest_gradient > 30 * plain.first_gradient
    assert batch.outlier < 10
    for one in (batch, weight):
        assert one.trained.test_accuracy > 0.9
    assert plain.missing is Missing.DIVERGED
    assert {one.verdict for one in findings(large)} == {Verdict.NOT_COMPARED}
    assert right("large-weights", large) == ["The normalized ones learn, the plain one does not"]
    assert "BatchNorm" in OF["large-weights"].answer(large)
    assert "weight" in OF["large-weights"].answer(large)


def test_61_other_norms_smooth_as_well_with_less_gaussian_activations():
    norms = found("other-norms")
    plain, batch, *kin = norms.networks
    for one in kin:
        assert one.loss_range.median < 2.5 * batch.loss_range.median
        assert plain.loss_range.median > 5 * one.loss_range.median
    assert kin[0].kurtosis > batch.kurtosis
    assert right("other-norms", norms) == ["About as well"]


def test_43_no_explanation_is_without_evidence_against_it():
    why = found("why")
    assert all(one.pro.strip() and one.contra.strip() for one in explanations(why))
    # Against the distributions: noise after BatchNorm, and it trains. Against smoothness alone: a rougher one learns.
    batch, noisy, layer = why.of("batch"), why.of("batch-noisy"), why.of("layer")
    assert noisy.trained.train_accuracy > 0.9
    assert layer.loss_range.median > 3 * batch.loss_range.median
    assert layer.trained.test_accuracy > batch.trained.test_accuracy - 0.02
    assert layer in rougher_but_as_good(why, batch)
    assert right("why", why) == ["Neither settles it: both are contradicted here"]
    # The noise costs on the test data, and what was not measured is not claimed.
    (noise,) = [one for one in findings(why) if one.claim is Claim.NOISE]
    assert noise.verdict is not Verdict.AGREES


def test_60_a_convolutional_network_is_smoother_too():
    images = found("convolutional", num_steps=120, probes=20, step=60)
    plain, batch = images.pair
    assert plain.loss_range.median > 3 * batch.loss_range.median
    assert right("convolutional", images) == ["Smoother with BatchNorm there, too"]


def test_60_the_deep_linear_network_climbs_beyond_a_million():
    # As many probes as the question has: the plain network's median hangs on which of its steps are measured.
    linear = found("deep-linear", probes=100)
    plain, batch = linear.pair
    assert plain.loss_range.most > 1e6
    assert batch.loss_range.most < 1e4
    assert batch.near_edge
    assert not plain.near_edge
    (level,) = [one for one in findings(linear) if one.claim is Claim.LEVEL]
    assert level.verdict is Verdict.NOT_WITHOUT
    assert right("deep-linear", linear) == ["By more than a million"]
    assert "nan" not in OF["deep-linear"].answer(linear)


@pytest.mark.parametrize("seed", [5, 6])
def test_batchnorm_is_smoother_on_other_seeds(seed):
    request = Request()
    plain, batch = (
        Outcome("", smoothness_of(one.replace(seed=seed, num_steps=200), replace(request.ladder, probes=30, rungs=4)))
        for one in request.comparison.experiments()[:2]
    )
    bare, own = facts(plain, batch).networks
    for name in ("loss_range", "change"):
        assert getattr(bare, name).median > 2 * getattr(own, name).median
    task = LineTask(batch.smoothness, 100)
    task.advance(np.inf)
    assert task.result().step == 100


LAYER = measured("layer", spread=0.2)
NOISY = measured("batch-noisy")
CASES = {
    "alone": [ROUGH],
    "no plain one": [SMOOTH, LAYER],
    "diverged early": [cut(measured(run=DIVERGED), 2, diverged_at=7), SMOOTH, measured("weight")],
    "nothing learned": [measured(run=IDLE), measured("batch", run=IDLE)],
    "unlike rates": [with_settings(ROUGH, learning_rate=0.01), SMOOTH],
    "noise": [ROUGH, SMOOTH, NOISY, LAYER],
    "noise alone": [SMOOTH, NOISY],
    "noise that does harm": [ROUGH, SMOOTH, measured("batch-noisy", run=IDLE)],
    "norms": [ROUGH, SMOOTH, measured("batch-l1", spread=0.1), measured("batch-l2", spread=0.02)],
    "lines": [with_line(ROUGH, [2, 1, 0.5, 4, 20]), with_line(SMOOTH, [2, 1.5, 1, 0.9, 0.8])],
    "lines that climb": [with_line(ROUGH, [2, 3, 4, 5, 20]), with_line(SMOOTH, [2, 3, 4, 5, 20])],
    "lines of unlike steps": [with_line(ROUGH, [2, 3, 4, 5, 20], step=1), with_line(SMOOTH, [2, 3, 4, 5, 20])],
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("slug", OF)
def test_any_facts_have_an_answer_of_one_kind_and_one_right_choice_at_most(slug, case):
    some = facts(*CASES[case])
    said = OF[slug].answer(some)
    assert said.endswith(".")
    assert "{" not in said
    assert len(right(slug, some)) <= 1


@pytest.mark.parametrize(
    ("slug", "case", "words"),
    [
        ("smoother", "noise", "20 times as much along the gradient without normalization as with BatchNorm"),
        ("smoother", "alone", "do not answer it"),
        ("ahead", "lines", "climbs to 20, 10 times its start. With BatchNorm it never climbs"),
        ("ahead", "lines of unlike steps", "ahead of step 1, with BatchNorm from 2 up to 20 ahead of step 7"),
        ("ahead", "noise", "comes with the losses"),
        ("large-weights", "diverged early", "diverges at step 7: the gradient grows to 600 from 3. What is normalized"),
        ("large-weights", "nothing learned", "none of them learns"),
        ("other-norms", "norms", "Not quite"),
        ("why", "noise", "0.964 (none)"),
        ("why", "noise that does harm", "keeps BatchNorm from learning"),
        ("why", "noise alone", "still reaches 0.999"),
        ("deep-linear", "noise", "by up to 16 without normalization, and by up to 0.04 with BatchNorm"),
    ],
)
def test_answers_hold_the_numbers_of_the_facts(slug, case, words):
    said = OF[slug].answer(facts(*CASES[case]))
    assert words in said
