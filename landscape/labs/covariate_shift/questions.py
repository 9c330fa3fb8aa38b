"""What may be asked about shifts, with its settings and its answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from landscape.experiment import Comparison, Variant
from landscape.labs.covariate_shift.evidence import against, told_of_why
from landscape.labs.covariate_shift.facts import Abroad, Facts, There, of
from landscape.labs.covariate_shift.request import CovariateShift, Elsewhere
from landscape.labs.covariate_shift.words import (
    Case,
    Trio,
    control_case,
    curve_case,
    curve_notice,
    linear_case,
    noise_case,
    relu_case,
    steady_case,
    there_case,
    told_of_control,
    told_of_linear,
    told_of_noise,
    told_of_relu,
    told_of_steadiness,
    told_of_there,
    told_of_two,
    trio_of,
    two_of,
)
from landscape.labs.lab import Choice, Question

DEFAULT = CovariateShift()

PAIR = Comparison(DEFAULT.comparison.base, (Variant(normalization="none"), Variant(normalization="batch")))
"""The two networks that are seen in another domain, alone."""


def _asked(own: dict[str, Any] | None = None, **base: Any) -> CovariateShift:
    """Return the default settings with fields of the page's own, and of the networks, changed."""
    comparison = DEFAULT.comparison
    return replace(DEFAULT, comparison=replace(comparison, base=comparison.base.replace(**base)), **(own or {}))


def _in_domain(elsewhere: Elsewhere) -> CovariateShift:
    return replace(DEFAULT, comparison=PAIR, elsewhere=elsewhere)


def _noise(facts: Facts) -> str:
    trio = trio_of(facts)
    return "" if trio is None else told_of_noise(trio, facts.score)


def _steady(facts: Facts) -> str:
    trio = trio_of(facts)
    return "" if trio is None else told_of_steadiness(trio)


def _noise_is(facts: Facts, case: Case) -> bool:
    trio = trio_of(facts)
    return trio is not None and noise_case(trio) is case


def _steady_is(facts: Facts, case: Case) -> bool:
    trio: Trio | None = trio_of(facts)
    return trio is not None and steady_case(trio) is case


def _control_is(facts: Facts, *cases: Case) -> bool:
    plain, alone = of(facts.inside, "none"), of(facts.inside, "noise")
    return plain is not None and alone is not None and control_case(plain, alone) in cases


def _batch_there(facts: Facts) -> tuple[Abroad, There] | None:
    batch = of(facts.abroad, "batch")
    there = batch.at(facts.elsewhere) if batch else None
    return None if batch is None or there is None else (batch, there)


def _there(facts: Facts) -> str:
    found = _batch_there(facts)
    return "" if found is None else told_of_there(*found)


def _there_is(facts: Facts, *cases: Case) -> bool:
    found = _batch_there(facts)
    return found is not None and there_case(*found) in cases


IN_DOMAIN = (
    Choice("All the way back", lambda facts: _there_is(facts, Case.MENDED, Case.HOLDS)),
    Choice("A good part of the way", lambda facts: _there_is(facts, Case.PARTLY)),
    Choice("Hardly at all", lambda facts: _there_is(facts, Case.NOT_MENDED)),
)


def _linear_is(facts: Facts, case: Case) -> bool:
    return len(facts.linear) == 2 and linear_case(*facts.linear) is case


def _relu_is(facts: Facts, case: Case) -> bool:
    return len(facts.moving) == 2 and relu_case(*facts.moving) is case


def _two_is(facts: Facts, case: Case) -> bool:
    two = two_of(facts)
    return two is not None and two.case is case


def _curve(facts: Facts) -> str:
    return " ".join(curve_notice(facts))


def _curve_is(facts: Facts, case: Case) -> bool:
    return bool(facts.curves) and curve_case(facts.curves) is case


QUESTIONS = (
    Question(
        "noise",
        "Noise after BatchNorm moves every distribution at every step: does it still train?",
        DEFAULT,
        "noise",
        _noise,
        (
            Choice("About as well as with BatchNorm alone", lambda facts: _noise_is(facts, Case.NOISE_AS_WELL)),
            Choice("Clearly less well", lambda facts: _noise_is(facts, Case.NOISE_WORSE)),
            Choice("Not at all", lambda facts: _noise_is(facts, Case.NOISE_FAILS)),
        ),
        (34,),
    ),
    Question(
        "steady",
        "Are its distributions at least steadier than without any normalization?",
        DEFAULT,
        "noise",
        _steady,
        (
            Choice("Yes, steadier", lambda facts: _steady_is(facts, Case.STEADIER)),
            Choice("About alike", lambda facts: _steady_is(facts, Case.AS_STEADY)),
            Choice("No, less steady", lambda facts: _steady_is(facts, Case.LESS_STEADY)),
        ),
        (34,),
    ),
    Question(
        "noise-alone",
        "And the same noise without BatchNorm: does that stop the network?",
        DEFAULT,
        "noise",
        told_of_control,
        (
            Choice("It stops it", lambda facts: _control_is(facts, Case.CONTROL_FAILS, Case.CONTROL_BOTH_FAIL)),
            Choice("It does not", lambda facts: _control_is(facts, Case.CONTROL_TRAINS)),
        ),
        (34,),
    ),
    Question(
        "noise-deep",
        "And in twelve layers?",
        _asked({"looks": 4}, depth=12),
        "noise",
        told_of_control,
        (
            Choice("It stops it", lambda facts: _control_is(facts, Case.CONTROL_FAILS, Case.CONTROL_BOTH_FAIL)),
            Choice("It does not", lambda facts: _control_is(facts, Case.CONTROL_TRAINS)),
        ),
        (34,),
    ),
    Question(
        "paler",
        "The digits become paler and brighter: how far do new statistics bring BatchNorm back?",
        _in_domain(Elsewhere.PALER),
        "domain",
        _there,
        IN_DOMAIN,
        (53,),
    ),
    Question(
        "blurred",
        "And where they are blurred?",
        _in_domain(Elsewhere.BLURRED),
        "domain",
        _there,
        IN_DOMAIN,
        (53,),
    ),
    Question(
        "moved",
        "And where they are moved by a single pixel?",
        _in_domain(Elsewhere.MOVED),
        "domain",
        _there,
        IN_DOMAIN,
        (53,),
    ),
    Question(
        "inverted",
        "And where light is dark?",
        _in_domain(Elsewhere.INVERTED),
        "domain",
        _there,
        IN_DOMAIN,
        (53,),
    ),
    Question(
        "deep-linear",
        "The layers below take a step: is a layer's gradient thrown less with BatchNorm, in the paper's linear layers?",
        DEFAULT,
        "below",
        told_of_linear,
        (
            Choice("Less with it", lambda facts: _linear_is(facts, Case.LINEAR_LESS)),
            Choice("About alike", lambda facts: _linear_is(facts, Case.LINEAR_ALIKE)),
            Choice("More with it", lambda facts: _linear_is(facts, Case.LINEAR_MORE)),
        ),
        (36,),
    ),
    Question(
        "relu-layers",
        "And at the output of ReLU layers on the digits?",
        DEFAULT,
        "below",
        told_of_relu,
        (
            Choice("Less with it", lambda facts: _relu_is(facts, Case.RELU_LESS)),
            Choice("About alike", lambda facts: _relu_is(facts, Case.RELU_ALIKE)),
            Choice("More with it", lambda facts: _relu_is(facts, Case.RELU_MORE)),
        ),
        (36,),
    ),
    Question(
        "two-shifts",
        "Less shift between layers: does that help in another domain?",
        _in_domain(Elsewhere.PALER),
        "both",
        told_of_two,
        (
            Choice("Yes: less of the one, less of the other", lambda facts: _two_is(facts, Case.TWO_BOTH)),
            Choice("No: it falls there as a plain network does", lambda facts: _two_is(facts, Case.TWO_APART)),
            Choice(
                "There is no less shift between layers",
                lambda facts: _two_is(facts, Case.TWO_NEITHER) or _two_is(facts, Case.TWO_OTHER),
            ),
        ),
        (44,),
    ),
    Question(
        "curve",
        "A curve is learnt on one part and asked for on another: which normalization helps there?",
        DEFAULT,
        "curve",
        _curve,
        (
            Choice("None of them", lambda facts: _curve_is(facts, Case.CURVE_LOST)),
            Choice("One of them", lambda facts: _curve_is(facts, Case.CURVE_SOME)),
            Choice("It is no problem for any", lambda facts: _curve_is(facts, Case.CURVE_HELD)),
        ),
        (35,),
    ),
    Question(
        "why",
        "So is it because of internal covariate shift?",
        DEFAULT,
        "why",
        told_of_why,
        (
            Choice("Both tests of this page speak against it", lambda facts: against(facts) == 2),
            Choice("One of them does", lambda facts: against(facts) == 1),
            Choice("Neither does", lambda facts: against(facts) == 0),
        ),
        (43, 44),
    ),
)
