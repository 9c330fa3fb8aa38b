"""What each question of two weights is meant to show, from its facts; and that each answer is that of the facts."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.labs.two_weights import LAB, questions, words
from landscape.labs.two_weights.facts import Ended, facts_of
from landscape.labs.two_weights.measure import bowl_of, divisors_of
from landscape.labs.two_weights.questions import QUESTIONS
from landscape.labs.two_weights.request import Kind, TwoWeights

BY_SLUG = {question.slug: question for question in QUESTIONS}


def l_too_small(facts):
    assert facts.step.guaranteed > 1.2 * facts.step.real > 0
    assert facts.step.cut > 0.1


def longer_than_the_limit(facts):
    assert facts.step.multiple > 2
    for one in facts.prepared:
        assert one.learning_rate > 1.04 * one.longest_step
        assert one.ended in (Ended.DIVERGED, Ended.OVERFLOWED)


def larger_rate(facts):
    assert facts.raw.smoothness > 1000 * facts.standardized.smoothness
    assert 10 * facts.raw.longest_step < facts.raw.learning_rate < 0.5 * facts.standardized.longest_step
    assert facts.raw.ended is Ended.OVERFLOWED
    assert facts.standardized.learnt_at < 20


def gradient_grows(facts):
    assert (facts.sizes.times, facts.sizes.grown) == pytest.approx((1000, 1000))
    assert facts.sizes.bias < 1


def bounded_derivative(facts):
    ends = facts.derivatives
    assert facts.sizes.bias < 1
    assert -1 <= ends.sigmoid_low < ends.sigmoid_high <= 0
    assert max(ends.squared, ends.alone) < -5


def bound_holds(facts):
    assert all(one.smoothness <= one.bound * (1 + 1e-12) for one in facts.prepared)
    assert facts.standardized.smoothness > 0.93 * facts.standardized.bound


def nothing_lost(facts):
    assert np.ptp([one.minimum_loss for one in facts.prepared]) < 1e-9
    assert facts.centre.nothing > 5 * facts.centre.here == 5 * facts.centre.least


def too_large(facts):
    assert facts.own.smoothness < 0.01 < facts.standardized.smoothness
    assert facts.own.learnt_at == 0  # so flat that a distance of weights is next to none
    assert facts.divided.left > 0.9 > 0.01 > facts.divided.deviation


def too_small(facts):
    assert facts.own.smoothness > 50 * facts.standardized.smoothness
    assert facts.own.above > 1e6
    assert facts.divided.left > 1 > 0.01 > facts.divided.deviation


def alike(facts):
    assert facts.raw.update_ratio > 50
    assert 0.3 < facts.standardized.update_ratio < 3


def useless(facts):
    assert facts.own.smoothness == 0
    assert facts.own.minimum_loss > 2 * facts.standardized.minimum_loss


def thousands(facts):
    assert facts.raw.condition > 1e6 > 1.5 > facts.standardized.condition
    assert facts.raw.longest_step < 1e-6 * facts.standardized.longest_step


def cleverer(facts):
    raw = {one.optimizer: one.left[Kind.RAW] for one in facts.optimized}
    standardized = {one.optimizer: one.left[Kind.STANDARDIZED] for one in facts.optimized}
    plain, best = raw["gradient-descent"], min(raw.values())
    assert plain > 5 * best > 1000 * standardized["gradient-descent"]


def places(facts):
    assert facts.standardized.kept == pytest.approx(1, abs=1e-9)
    assert facts.whitened.kept < 0.95


def correlated(facts):
    assert facts.standardized.condition > 20 > 1.01 > facts.whitened.condition
    assert facts.whitened.learnt_at == 1
    assert facts.standardized.above > facts.whitened.above


def cost(facts):
    assert facts.price.features == 1024
    assert facts.price.seconds > 0 < facts.price.ratio


def real_table(facts):
    assert facts.names == ("hue", "proline")
    assert facts.raw.condition > 1e4 > 100 > facts.standardized.condition


def constant(facts):
    assert facts.constant == ("x1",)
    assert facts.standardized.condition == float("inf")
    assert facts.standardized.above < 1e-6


def the_same(facts):
    assert facts.same
    assert facts.standardized.condition == float("inf")
    assert facts.standardized.above < 1e-6


SHOWS = {
    "l-too-small": l_too_small,
    "beyond-the-limit": longer_than_the_limit,
    "larger-rate": larger_rate,
    "gradient-grows": gradient_grows,
    "bounded-derivative": bounded_derivative,
    "what-holds-l": bound_holds,
    "subtract-the-mean": nothing_lost,
    "s-too-large": too_large,
    "s-too-small": too_small,
    "move-alike": alike,
    "times-zero": useless,
    "thousands": thousands,
    "optimizers": cleverer,
    "places": places,
    "correlated": correlated,
    "cost-of-whitening": cost,
    "real-table": real_table,
    "constant": constant,
    "same": the_same,
}

OTHERS = [
    TwoWeights(),
    TwoWeights(zero=True),
    TwoWeights(curvature=0.6, step=2.5, compare=True),
    TwoWeights(optimizer="momentum"),
    TwoWeights(optimizer="adam", learning_rate=5.0),
    TwoWeights(deviation_1=0.0, deviation_2=0.0, mean_1=0.0, mean_2=0.0, compare=True),
    TwoWeights(deviation_1=0.0, deviation_2=0.0),
    TwoWeights(model="logistic", noise=0.0, bias=True, compare=True),
    TwoWeights(mean_1=0.0, mean_2=0.0, deviation_1=1.0, deviation_2=1.0),
    TwoWeights(deviation_1=0.1, mean_1=0.1, deviation_2=0.1, mean_2=0.1, rate="shared"),
    TwoWeights(rate="shared", learning_rate=100.0, num_steps=400),
    TwoWeights(start_1=0.0, start_2=0.0),
    TwoWeights(source="breast-cancer", model="logistic", bias=True),
    TwoWeights(correlation=-1.0, model="logistic"),
    TwoWeights(step=2.0, bias=True, correlation=0.95),
]
"""Settings that somebody may have changed to under any question."""


@pytest.mark.parametrize("slug", SHOWS)
def test_a_question_shows_what_it_asks(slug):
    SHOWS[slug](facts_of(BY_SLUG[slug].request))


def test_every_question_has_its_section_and_its_test():
    assert {question.section for question in QUESTIONS} <= {section.name for section in LAB.sections}
    assert list(SHOWS) == list(BY_SLUG)
    rows = {row for question in QUESTIONS for row in question.rows}
    assert rows == {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 19, 29, 45}


def test_an_answer_in_its_own_settings_is_no_exception():
    for question in QUESTIONS:
        said = question.answer(facts_of(question.request))
        assert not any(words in said for words in ("in these settings", "In these settings", "Switch on"))


@pytest.mark.parametrize("config", [*OTHERS, *(question.request for question in QUESTIONS)])
def test_whatever_is_changed_each_question_has_one_answer_and_one_right_choice(config):
    facts = facts_of(config)
    said = [question.answer(facts) for question in QUESTIONS]
    said += [
        words.notice(facts),
        words.inequality_notice(facts),
        words.center_notice(facts),
        words.gradient_notice(facts),
    ]
    said += [
        words.divisor_notice(facts),
        words.divisor_caption(facts),
        words.order_notice(facts),
        *words.problems(facts),
    ]
    for text in said:
        assert text
        for wrong in ("nan", "not a number", "None", "{", "e+06 times", "inf "):
            assert wrong not in text, text
    for question in QUESTIONS:
        if question.choices:
            assert sum(bool(choice.right(facts)) for choice in question.choices) == 1, question.slug


def test_momentum_is_not_told_as_worse_than_plain_descent_for_a_rate_that_is_not_its_own():
    facts = facts_of(TwoWeights(optimizer="momentum"))
    plain = facts_of(TwoWeights())
    assert facts.raw.above > 10 * plain.raw.above
    assert words.sentence(
        words.SENTENCES[words.Case.MOMENTUM], momentum=0.9, sum=words.Ratio(1 / (1 - 0.9))
    ) in words.notice(facts)
    assert "1/L is what suits" not in words.notice(plain)
    assert "1/L is what suits" not in words.notice(facts_of(TwoWeights(optimizer="momentum", rate="shared")))


def test_features_that_are_learnt_from_one_step_on_are_named_together():
    facts = facts_of(TwoWeights())
    assert facts.standardized.learnt_at == facts.whitened.learnt_at == 1
    assert "From step 1 (standardized and whitened) on the loss is within 0.01 of its minimum." in words.notice(facts)


def test_a_sentence_is_whole_and_no_half_word():
    tables = [
        table for module in (words, questions) for name, table in vars(module).items() if name.endswith("SENTENCES")
    ]
    assert len(tables) == 9
    for template in (template for table in tables for template in table.values()):
        assert template[0].isupper() or template[0] in "*{1", template
        assert template.rstrip("*").endswith((".", "?")), template


def test_only_what_is_asked_for_is_measured():
    facts = facts_of(replace(TwoWeights(), step=1.3))
    assert facts.optimized is None
    assert facts.price is None


def test_nothing_is_told_above_a_minimum_that_there_is_not():
    """A line separates the classes: whichever question is asked, no answer, table or sentence measures by a minimum."""
    facts = facts_of(TwoWeights(model="logistic", noise=0.0, bias=True, compare=True))
    assert len(facts.separated) == len(facts.prepared)
    said = [question.answer(facts) for question in QUESTIONS]
    said += [words.notice(facts), words.divisor_notice(facts), words.optimizer_notice(facts)]
    for wrong in ("above the minimum", "above their minimum", "what there is to learn", "Nine tenths are learnt"):
        assert not any(wrong in text for text in said)
    zero = facts_of(replace(facts.request, zero=True))
    for slug in ("larger-rate", "s-too-large", "optimizers", "correlated", "times-zero"):
        assert "line separates" in BY_SLUG[slug].answer(zero if slug == "times-zero" else facts)
    rows = words.optimizer_rows(facts)
    assert {text for row in rows for name, text in row.items() if name != "optimizer"} == {"no minimum"}


def test_the_share_of_a_separated_loss_falls_with_the_steps_and_is_that_of_the_loss():
    config = TwoWeights(model="logistic", noise=0.0, bias=True)
    found = divisors_of(config)
    assert found.separated
    assert not divisors_of(TwoWeights()).separated
    # Computed plainly, for s = 1: the loss after so many steps over log 2, that of weights of 0.
    bowl = bowl_of(config, Kind.OWN)
    x, sign, weights, losses = bowl.features, 2 * bowl.objective.y.numpy() - 1, np.zeros(3), []
    for _ in range(config.num_steps + 1):
        margin = sign * (x @ weights)
        losses.append(np.log1p(np.exp(-margin)).mean())
        weights = weights + config.learning_rate * (x * (sign / (1 + np.exp(margin)))[:, None]).mean(0)
    last = max(losses[-max(2, config.num_steps // 10) :])
    assert found.left[20] == pytest.approx(last / np.log(2), rel=1e-6)


def test_features_multiplied_by_0_are_told_as_gone_with_a_bias_too():
    facts = facts_of(TwoWeights(zero=True, bias=True))
    assert facts.own.smoothness == pytest.approx(1)  # that of the bias
    assert "the bias alone leaves the loss" in BY_SLUG["times-zero"].answer(facts)
    assert "is that of the bias" in words.divisor_notice(facts)


def test_what_is_rounding_is_told_as_nothing():
    facts = facts_of(BY_SLUG["optimizers"].request)
    left = [value for one in facts.optimized for value in one.left.values()] + [one.above for one in facts.prepared]
    assert 0 in left
    assert all(value == 0 or value >= 1e-12 for value in left)


def test_a_rate_at_which_training_diverges_is_told_without_how_high_it_rose():
    facts = facts_of(TwoWeights(rate="shared", learning_rate=100.0))
    assert BY_SLUG["larger-rate"].answer(facts).endswith("diverges on these features: raw and standardized.")


def test_one_step_is_no_steps():
    facts = facts_of(TwoWeights(num_steps=1, rate="shared", compare=True))
    said = [question.answer(facts) for question in QUESTIONS]
    said += [words.notice(facts), words.divisor_notice(facts), words.optimizer_notice(facts)]
    assert any("1 step of gradient descent" in text for text in said)
    assert not any("1 steps" in text for text in said)
