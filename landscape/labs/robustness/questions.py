"""What may be asked about robustness, each question with its settings and its answer, which is why this is long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite
from statistics import fmean, median
from typing import Any

from landscape.experiment import Comparison, Variant
from landscape.labs.lab import Choice, Question
from landscape.labs.robustness.chaos import Case as Chaos
from landscape.labs.robustness.chaos import batches_case, cause_case, told_of_batches, told_of_cause
from landscape.labs.robustness.chaos import of as at_large
from landscape.labs.robustness.facts import AtChoices, Facts, InTime, OnTheMap, OverRates
from landscape.labs.robustness.request import BASE, ChoiceAxis, MapAxis, Robustness
from landscape.labs.robustness.words import (
    Case,
    cares_case,
    choice_case,
    failing,
    higher_case,
    of,
    rates_case,
    same_rate_case,
    told_of_cares,
    told_of_choice,
    told_of_failing,
    told_of_higher,
    told_of_rates,
    told_of_same_rate,
    told_of_steps,
)
from landscape.labs.words import Share, sentence

DEFAULT = replace(Robustness(), comparison=Comparison(BASE, Robustness().comparison.variants))

THREE = ("none", "batch", "layer")

FOUR = ("none", "batch", "batch", "batch")
"""Without any, on the input, before and after the activation function."""

GAINS = (Case.WIDER, Case.NO_LARGER, Case.ONLY, Case.MOSTLY_ONLY)
"""Who trains over a wider range of rates than another."""

HALF = 0.5
"""Who needs less than this share of the other's steps is there much sooner."""

LITTLE = 0.03
"""Best accuracies within this of each other are alike."""

FAR_APART = 0.2
"""An accuracy so much under another's is a failure beside it."""

SENTENCES = {
    "cells": "Of the {of} cells {batch} train with BatchNorm, {layer} with layer normalization and {plain} without any.",
    "affine, alike": "Hardly anything: at its best rate it reaches {without} without a learnt scale and shift, {best} with them.",
    "affine, worse": "Something is lost: at its best rate it reaches {without} without a learnt scale and shift, {best} with them.",
    "where, hidden": "In the hidden layers, on either side: before the activation function it trains over {before} decades of "
    "rates, after it over {after}; on the input alone over {input}, as without any over {plain}.",
    "where, otherwise": "Here it trains over this many decades of rates: {before} before the activation function, {after} after "
    "it, {input} on the input alone, {plain} without any.",
    "batch, fails": "With batches of 2 BatchNorm fails: it reaches {batch}, layer normalization {layer} and no normalization "
    "{plain}. With batches of 64 it reaches {large}. A batch of 1 has no variance and cannot be.",
    "batch, holds": "It holds here: with batches of 2 BatchNorm reaches {batch}, layer normalization {layer} and no "
    "normalization {plain}.",
}


def _asked(normalizations: tuple[str, ...] = THREE, own: dict[str, Any] | None = None, **changes: Any) -> Robustness:
    """Return a request of these networks; `changes` are fields of an experiment, `own` those of the request."""
    variants = tuple(Variant(normalization=name) for name in normalizations)
    return replace(DEFAULT, comparison=Comparison(BASE.replace(**changes), variants), **own or {})


def _pair(facts: Facts, name: str) -> tuple[OverRates, OverRates] | None:
    """Return a network over the rates and the one without normalization; None where one is missing."""
    one, plain = of(facts.rates, name), of(facts.rates, "none")
    return None if one is None or plain is None else (one, plain)


def _told(name: str) -> Callable[[Facts], str]:
    def answer(facts: Facts) -> str:
        pair = _pair(facts, name)
        return "" if pair is None else told_of_rates(*pair)

    return answer


def _is(name: str, *cases: Case) -> Callable[[Facts], bool]:
    def right(facts: Facts) -> bool:
        pair = _pair(facts, name)
        return pair is not None and rates_case(*pair) in cases

    return right


def _same_rate(facts: Facts) -> str:
    pair = _pair(facts, "batch")
    return "" if pair is None else told_of_same_rate(facts, *pair)


def _same_is(facts: Facts, *cases: Case) -> bool:
    pair = _pair(facts, "batch")
    return pair is not None and same_rate_case(*pair) in cases


def _kinds(facts: Facts, *normalizations: str) -> bool:
    """Return whether the networks over the rates are those of these normalizations, in order."""
    return tuple(one.normalization for one in facts.rates) == normalizations


def affine_loss(facts: Facts) -> float:
    """Return how much the best accuracy falls without scale and shift, in the mean of the seeds."""
    with_them, without = facts.rates
    return fmean(a - b for a, b in zip(with_them.best, without.best, strict=True))


def _affine(facts: Facts) -> str:
    if not _kinds(facts, "batch", "batch"):
        return ""
    with_them, without = (Share(median(one.best)) for one in facts.rates)
    case = "affine, alike" if abs(affine_loss(facts)) <= LITTLE else "affine, worse"
    return sentence(SENTENCES[case], best=with_them, without=without)


def _decades(facts: Facts) -> tuple[float, ...]:
    return tuple(round(fmean(one.decades), 1) for one in facts.rates)


def hidden_helps(facts: Facts) -> bool:
    """Return whether normalizing hidden layers widens the range on both sides of the activation, and the input does not."""
    if not _kinds(facts, *FOUR):
        return False
    plain, on_input, before, after = facts.rates
    helped = (rates_case(one, plain) in GAINS for one in (before, after))
    return all(helped) and rates_case(on_input, plain) not in GAINS


def _where(facts: Facts) -> str:
    if not _kinds(facts, *FOUR):
        return ""
    plain, on_input, before, after = _decades(facts)
    case = "where, hidden" if hidden_helps(facts) else "where, otherwise"
    return sentence(SENTENCES[case], plain=plain, input=on_input, before=before, after=after)


def _three(facts: Facts) -> tuple[OnTheMap, OnTheMap, OnTheMap] | None:
    plain, batch, layer = (of(facts.cells, name) for name in THREE)
    return None if plain is None or batch is None or layer is None else (plain, batch, layer)


def _cells(facts: Facts) -> str:
    three = _three(facts)
    if three is None:
        return ""
    plain, batch, layer = three
    return sentence(SENTENCES["cells"], of=plain.of, plain=plain.trained, batch=batch.trained, layer=layer.trained)


def _times_as_many(facts: Facts, least: float, most: float) -> bool:
    three = _three(facts)
    return three is not None and least * three[0].trained <= three[1].trained < most * max(three[0].trained, 1)


def _cares(facts: Facts) -> str:
    batch = of(facts.cells, "batch")
    return "" if batch is None else told_of_cares(facts, batch)


def _cares_is(facts: Facts, case: Case) -> bool:
    batch = of(facts.cells, "batch")
    return batch is not None and cares_case(facts, batch) is case


def _batch_in_time(facts: Facts) -> InTime | None:
    return of(facts.curves, "batch")


def _thirty(facts: Facts) -> str:
    batch = _batch_in_time(facts)
    return "" if batch is None else told_of_higher(batch)


def _higher_is(facts: Facts, case: Case) -> bool:
    batch = _batch_in_time(facts)
    return batch is not None and higher_case(batch) is case


def _sooner(facts: Facts) -> str:
    return " ".join(told_of_steps(facts, one) for one in facts.curves)


def share_of_steps(facts: Facts) -> float:
    """Return which share of the plain network's steps BatchNorm needs, each at its best multiple; none where it never comes."""
    batch, plain = of(facts.curves, "batch"), of(facts.curves, "none")
    if batch is None or plain is None or not isfinite(least := min(batch.waits.values())):
        return float("nan")
    return least / min(plain.waits.values())


def _chosen(facts: Facts, name: str = "batch") -> tuple[AtChoices, AtChoices] | None:
    one, plain = of(facts.choices, name), of(facts.choices, "none")
    return None if one is None or plain is None else (one, plain)


def _choice(facts: Facts) -> str:
    pair = _chosen(facts)
    return "" if pair is None else told_of_choice(facts, *pair)


def _choice_is(facts: Facts, *cases: Case) -> bool:
    pair = _chosen(facts)
    return pair is not None and choice_case(*pair) in cases


def _deepest(facts: Facts) -> str:
    return " ".join(told_of_failing(facts, one) for one in facts.choices)


def fail_in_depth(facts: Facts, *normalizations: str) -> bool:
    """Return whether exactly the networks of these normalizations do not train at the greatest depth."""
    failed = {one.normalization for one in facts.choices if one.names[-1] in failing(facts, one)}
    return bool(facts.choices) and failed == set(normalizations)


def _at_two(facts: Facts) -> dict[str, float]:
    """Return the accuracies with batches of 2, by normalization."""
    return {one.normalization: median(one.at("2")) for one in facts.choices if one.at("2")}


def fails_in_small_batches(facts: Facts) -> bool:
    """Return whether with batches of 2 BatchNorm is far under both the others."""
    two = _at_two(facts)
    return set(THREE) <= set(two) and two["batch"] < min(two["none"], two["layer"]) - FAR_APART


def _small_batches(facts: Facts) -> str:
    two, batch = _at_two(facts), of(facts.choices, "batch")
    if batch is None or not set(THREE) <= set(two):
        return ""
    case = "batch, fails" if fails_in_small_batches(facts) else "batch, holds"
    accuracies = {name: Share(two[key]) for name, key in (("batch", "batch"), ("layer", "layer"), ("plain", "none"))}
    return sentence(SENTENCES[case], large=Share(median(batch.at("64"))), **accuracies)


def unlike_to(facts: Facts) -> tuple[str, ...] | None:
    """Return to which of the plain network and BatchNorm the batches are unlike; None where nothing is left of one."""
    cases = {name: batches_case(one) for name in ("none", "batch") if (one := at_large(facts.unrest, name)) is not None}
    if len(cases) < 2 or Chaos.GONE in cases.values():
        return None
    return tuple(name for name, case in cases.items() if case is Chaos.UNEVEN)


def _batches(facts: Facts) -> str:
    plain, batch = (at_large(facts.unrest, name) for name in ("none", "batch"))
    return "" if plain is None or batch is None else " ".join(told_of_batches(one) for one in (plain, batch))


def _cause(facts: Facts) -> str:
    layer, batch = (at_large(facts.unrest, name) for name in ("layer", "batch"))
    if layer is None or batch is None:
        return ""
    return told_of_cause(layer, batch) or told_of_batches(layer)


def _cause_is(facts: Facts, case: Chaos) -> bool:
    layer, batch = (at_large(facts.unrest, name) for name in ("layer", "batch"))
    return layer is not None and batch is not None and cause_case(layer, batch) is case


CHAOS = _asked(own={"large_rate": 0.3}, depth=8, num_steps=150)
"""Deep enough for a large rate to do harm, and not so much that nothing is left."""

PAPER = _asked(
    own={"trains_at": 0.9, "most_rate": 31.7}, activation="sigmoid", initialization="xavier", depth=3, num_steps=300
)
"""As Ioffe & Szegedy 2015, Sec. 4.1: three layers of sigmoids; theirs had 100 units and took 50 000 steps."""

QUESTIONS = (
    Question(
        "rates",
        "How large may the learning rate be, with BatchNorm and without?",
        DEFAULT,
        "rates",
        _told("batch"),
        (
            Choice("Over a wider range with it", _is("batch", *GAINS)),
            Choice("Over about the same range", _is("batch", Case.LITTLE, Case.AS_WIDE, Case.NEITHER)),
            Choice("Over a narrower range with it", _is("batch", Case.NARROWER)),
        ),
        (3, 24),
    ),
    Question(
        "layer-rates",
        "And in eight layers: does layer normalization allow larger rates as well?",
        _asked(depth=8),
        "rates",
        _told("layer"),
        (
            Choice("Yes, over a wider range", _is("layer", *GAINS)),
            Choice(
                "No, it gains little or nothing there",
                _is("layer", Case.LITTLE, Case.AS_WIDE, Case.NEITHER, Case.NARROWER),
            ),
        ),
        (3, 24),
    ),
    Question(
        "sigmoid-rates",
        "And with sigmoids, as in the paper of BatchNorm?",
        _asked(own={"most_rate": 31.7}, activation="sigmoid", initialization="xavier", depth=3),
        "rates",
        _told("batch"),
        (
            Choice("Hardly anything but BatchNorm trains", _is("batch", Case.ONLY, Case.MOSTLY_ONLY)),
            Choice("Both train well, BatchNorm over a wider range", _is("batch", Case.WIDER, Case.NO_LARGER)),
            Choice(
                "BatchNorm gains little or nothing",
                _is("batch", Case.LITTLE, Case.AS_WIDE, Case.NARROWER, Case.NEITHER),
            ),
        ),
        (24, 33),
    ),
    Question(
        "same-rate",
        "At the very same small learning rate, is BatchNorm faster?",
        _asked(own={"trains_at": 0.9}, depth=8, learning_rate=0.03, num_steps=300),
        "rates",
        _same_rate,
        (
            Choice("Yes, clearly", lambda facts: _same_is(facts, Case.SAME_FASTER, Case.SAME_ONLY)),
            Choice(
                "Little or not: what it gains is the larger rate",
                lambda facts: _same_is(facts, Case.SAME_NOT_FASTER, Case.SAME_LITTLE_FASTER),
            ),
        ),
        (24,),
    ),
    Question(
        "affine",
        "Take the learnt scale and shift away: what is lost?",
        replace(
            DEFAULT,
            comparison=Comparison(BASE, (Variant(normalization="batch"), Variant(normalization="batch", affine=False))),
        ),
        "rates",
        _affine,
        (
            Choice(
                "Hardly any accuracy", lambda facts: _kinds(facts, "batch", "batch") and affine_loss(facts) <= LITTLE
            ),
            Choice(
                "A good deal of accuracy", lambda facts: _kinds(facts, "batch", "batch") and affine_loss(facts) > LITTLE
            ),
        ),
        (12,),
    ),
    Question(
        "where",
        "Is it enough to normalize the input, and does the side of the activation matter?",
        replace(
            DEFAULT,
            comparison=Comparison(
                BASE,
                (
                    Variant(normalization="none"),
                    Variant(normalization="batch", normalized="input"),
                    Variant(normalization="batch"),
                    Variant(normalization="batch", placement="after"),
                ),
            ),
        ),
        "rates",
        _where,
        (
            Choice("Hidden layers, on either side of the activation", hidden_helps),
            Choice("Something else", lambda facts: _kinds(facts, *FOUR) and not hidden_helps(facts)),
        ),
        (22,),
    ),
    Question(
        "initial-scale",
        "At how many pairs of learning rate and initial scale does a network train?",
        DEFAULT,
        "map",
        _cells,
        (
            Choice("At about as many with BatchNorm as without", lambda facts: _times_as_many(facts, 0, 2)),
            Choice("At twice to four times as many with it", lambda facts: _times_as_many(facts, 2, 4)),
            Choice("At more than four times as many with it", lambda facts: _times_as_many(facts, 4, float("inf"))),
        ),
        (26,),
    ),
    Question(
        "does-not-care",
        "So does BatchNorm not care about the initial scale at all?",
        DEFAULT,
        "map",
        _cares,
        (
            Choice("It trains at every scale, given a rate", lambda facts: _cares_is(facts, Case.CARES_NOT)),
            Choice("It cares still: there are scales too large", lambda facts: _cares_is(facts, Case.STILL_CARES)),
        ),
        (26,),
    ),
    Question(
        "sooner",
        "Five and thirty times the rate: how much sooner is BatchNorm there, as in its paper?",
        PAPER,
        "curves",
        _sooner,
        (
            Choice("In less than half of the steps", lambda facts: share_of_steps(facts) < HALF),
            Choice("Sooner, by less than that", lambda facts: HALF <= share_of_steps(facts) < 1),
            Choice("No sooner", lambda facts: share_of_steps(facts) >= 1),
        ),
        (3, 24),
    ),
    Question(
        "thirty",
        "Does BatchNorm end higher at 30 times the rate than at 5 times?",
        PAPER,
        "curves",
        _thirty,
        (
            Choice("Higher", lambda facts: _higher_is(facts, Case.HIGHER)),
            Choice("No higher", lambda facts: _higher_is(facts, Case.NO_HIGHER)),
        ),
        (24,),
    ),
    Question(
        "chaos",
        "At a large learning rate, is one batch like another to the network?",
        CHAOS,
        "chaos",
        _batches,
        (
            Choice("Yes: all are drawn by chance from the same data", lambda facts: unlike_to(facts) == ()),
            Choice("Not without normalization, but with BatchNorm", lambda facts: unlike_to(facts) == ("none",)),
            Choice("No, to neither", lambda facts: unlike_to(facts) == ("none", "batch")),
        ),
        (25,),
    ),
    Question(
        "even-batches",
        "So is a low loss at a large rate all due to batches that are alike?",
        CHAOS,
        "chaos",
        _cause,
        (
            Choice("Yes: where they are alike the loss is low", lambda facts: _cause_is(facts, Chaos.ALL)),
            Choice(
                "No: layer normalization has them too, and a high loss", lambda facts: _cause_is(facts, Chaos.NOT_ALL)
            ),
        ),
        (25,),
    ),
    Question(
        "activation",
        "Does it matter which activation function one takes?",
        _asked(own={"try_choices": True, "chosen": ChoiceAxis.ACTIVATION}, initialization="torch", learning_rate=0.3),
        "choices",
        _choice,
        (
            Choice("Less with BatchNorm", lambda facts: _choice_is(facts, Case.LESS)),
            Choice("As much with it as without", lambda facts: _choice_is(facts, Case.AS_MUCH)),
            Choice("More with it", lambda facts: _choice_is(facts, Case.MORE)),
        ),
        (27,),
    ),
    Question(
        "deep-sigmoids",
        "How many layers of sigmoids can be trained?",
        _asked(
            own={"try_choices": True, "chosen": ChoiceAxis.DEPTH},
            activation="sigmoid",
            initialization="xavier",
            learning_rate=0.3,
            num_steps=300,
        ),
        "choices",
        _deepest,
        (
            Choice("Eight with any of these", lambda facts: fail_in_depth(facts)),
            Choice("Eight with BatchNorm alone", lambda facts: fail_in_depth(facts, "none", "layer")),
            Choice("Eight with BatchNorm and with layer normalization", lambda facts: fail_in_depth(facts, "none")),
        ),
        (33,),
    ),
    Question(
        "batch-size",
        "How small may the batches be?",
        _asked(
            own={"try_choices": True, "chosen": ChoiceAxis.BATCH_SIZE, "upwards": MapAxis.BATCH_SIZE},
            learning_rate=0.03,
            num_steps=300,
        ),
        "choices",
        _small_batches,
        (
            Choice("With batches of 2 BatchNorm fails, the others do not", fails_in_small_batches),
            Choice(
                "It holds even there",
                lambda facts: set(THREE) <= set(_at_two(facts)) and not fails_in_small_batches(facts),
            ),
        ),
        (41,),
    ),
)
