"""What may be asked about invariances, with its settings and its answer.

It is long, as each question stands with its settings, choices and answer.
"""

from __future__ import annotations

from dataclasses import replace

from landscape.experiment import Comparison, Variant
from landscape.labs.invariance.facts import Facts, Rescaling
from landscape.labs.invariance.request import Beginning, Invariance, Moment, WeightNormalization
from landscape.labs.invariance.words import (
    CHANGED_SENTENCES,
    NOTICED,
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
    outlier_notice,
    start_case,
    start_notice,
    started,
)
from landscape.labs.lab import Choice, Question
from landscape.labs.words import sentence

DEFAULT = Invariance()

STARTS = replace(DEFAULT, try_starts=True)

DECAYING = replace(
    DEFAULT,
    comparison=Comparison(DEFAULT.base.replace(weight_decay=0.1, num_steps=300), (Variant(normalization="batch"),)),
)


def _row(facts: Facts, *rescalings: Rescaling) -> str:
    """Return who does not notice these rescalings, and by how much the outputs of the others change."""
    said = []
    for rescaling in rescalings if facts.cells else ():
        names = list(facts.unchanged(rescaling))
        template = (UNCHANGED_SENTENCES if names else CHANGED_SENTENCES)[rescaling]
        said.append(sentence(template, factor=facts.factor, names=names or ["none"]))
        own = [one for one in facts.cells if one.rescaling is rescaling and not one.unchanged]
        if own and names:
            said.append(sentence(NOTICED, changes={one.name: one.change for one in own}))
    return " ".join(said)


def _blind(facts: Facts, kind: str, rescaling: Rescaling) -> bool:
    return facts.change(kind, rescaling) < 1e-4


def _over(facts: Facts, kind: str) -> Case | None:
    return next((gradient_case(one) for one in facts.gradients if one.normalization == kind), None)


def _grows(facts: Facts, kind: str) -> Case | None:
    return next((length_case(one) for one in facts.lengths if one.normalization == kind), None)


def _funnel(facts: Facts, kind: str) -> Case | None:
    return next((funnel_case(one) for one in facts.funnels if one.normalization == kind), None)


def _funnel_of(facts: Facts, kind: str) -> str:
    own = replace(facts, funnels=tuple(one for one in facts.funnels if one.normalization == kind))
    return " ".join(funnel_notice(own))


def _start(facts: Facts) -> Case | None:
    plain, data = started(facts, "weight-plain"), started(facts, "weight")
    return None if plain is None or data is None else start_case(plain, data)


def _log(facts: Facts) -> Case | None:
    data, log = started(facts, "weight"), started(facts, "weight-log")
    return None if data is None or log is None else log_case(data, log)


def _said(lines: list[str], place: int) -> str:
    return lines[place] if len(lines) > place else ""


def _bound(facts: Facts) -> Case | None:
    return bound_case(*facts.bounds) if len(facts.bounds) == 2 else None


def _dearer(facts: Facts) -> bool:
    data = started(facts, "weight")
    return data is not None and data.weights >= data.activations


QUESTIONS = (
    Question(
        "layer",
        "Multiply all the weights of a layer by 3: which networks notice?",
        DEFAULT,
        "table",
        lambda facts: _row(facts, Rescaling.LAYER),
        (
            Choice(
                "The plain one; BatchNorm, layer and weight normalization do not",
                lambda facts: all(_blind(facts, kind, Rescaling.LAYER) for kind in ("batch", "layer", "weight")),
            ),
            Choice(
                "All but the one with BatchNorm",
                lambda facts: _blind(facts, "batch", Rescaling.LAYER) and not _blind(facts, "layer", Rescaling.LAYER),
            ),
            Choice("All of them", lambda facts: not facts.unchanged(Rescaling.LAYER)),
        ),
        (32, 54),
    ),
    Question(
        "unit",
        "And the weights of a single unit: does layer normalization notice?",
        DEFAULT,
        "table",
        lambda facts: _row(facts, Rescaling.UNIT),
        (
            Choice("Yes, as its scale is that of all units", lambda facts: not _blind(facts, "layer", Rescaling.UNIT)),
            Choice("No, as with a whole layer", lambda facts: _blind(facts, "layer", Rescaling.UNIT)),
        ),
        (32,),
    ),
    Question(
        "trained",
        "After training, is layer normalization still blind to the scale of a layer?",
        replace(DEFAULT, moment=Moment.TRAINED),
        "table",
        bias_notice,
        (
            Choice("Nearly: its bias is not rescaled", lambda facts: not _blind(facts, "layer", Rescaling.LAYER)),
            Choice("Yes, as at the start", lambda facts: _blind(facts, "layer", Rescaling.LAYER)),
        ),
        (32,),
    ),
    Question(
        "mates",
        "Make one example of a batch larger: do the outputs of the others change?",
        DEFAULT,
        "table",
        lambda facts: _row(facts, Rescaling.OTHERS),
        (
            Choice(
                "With BatchNorm, not with weight or layer normalization",
                lambda facts: (
                    not _blind(facts, "batch", Rescaling.OTHERS)
                    and all(_blind(facts, kind, Rescaling.OTHERS) for kind in ("weight", "layer"))
                ),
            ),
            Choice("With all that normalize", lambda facts: not _blind(facts, "weight", Rescaling.OTHERS)),
            Choice("With none", lambda facts: _blind(facts, "batch", Rescaling.OTHERS)),
        ),
        (54,),
    ),
    Question(
        "gradient",
        "With weights ten times as long behind a BatchNorm, how long is their gradient?",
        DEFAULT,
        "gradient",
        lambda facts: " ".join(gradient_notice(facts)),
        (
            Choice("Ten times shorter", lambda facts: _over(facts, "batch") is Case.DIVIDED),
            Choice("As long", lambda facts: _over(facts, "batch") is not Case.DIVIDED),
        ),
        (32,),
    ),
    Question(
        "growth",
        "How does gradient descent change the length of weights that does not matter?",
        DEFAULT,
        "lengths",
        lambda facts: " ".join(length_notice(facts)),
        (
            Choice("It only ever grows", lambda facts: _grows(facts, "batch") is Case.AT_RIGHT_ANGLES),
            Choice("It grows and shrinks", lambda facts: _grows(facts, "batch") is Case.NOT_AT_RIGHT_ANGLES),
        ),
        (32, 54),
    ),
    Question(
        "effective",
        "BatchNorm and six initial scales: do their effective learning rates come together?",
        DEFAULT,
        "funnel",
        lambda facts: _funnel_of(facts, "batch"),
        (
            Choice(
                "Yes, the large ones fall and the small ones rise",
                lambda facts: _funnel(facts, "batch") is Case.FROM_BOTH,
            ),
            Choice("Only the large ones fall", lambda facts: _funnel(facts, "batch") is Case.FROM_ABOVE),
            Choice("They stay apart", lambda facts: _funnel(facts, "batch") is Case.APART),
        ),
        (32,),
    ),
    Question(
        "decay",
        "BatchNorm and weight decay: do effective learning rates then come together?",
        DECAYING,
        "funnel",
        lambda facts: _funnel_of(facts, "batch"),
        (
            Choice("From both sides", lambda facts: _funnel(facts, "batch") is Case.FROM_BOTH),
            Choice("From above alone", lambda facts: _funnel(facts, "batch") is Case.FROM_ABOVE),
            Choice("They stay apart", lambda facts: _funnel(facts, "batch") is Case.APART),
        ),
        (32,),
    ),
    Question(
        "start",
        "Three sigmoid layers with weight normalization: does its start matter?",
        STARTS,
        "start",
        lambda facts: _said(start_notice(facts), 0),
        (
            Choice("It does not learn without the start from data", lambda facts: _start(facts) is Case.START_NEEDED),
            Choice("It learns as well from the plain function", lambda facts: _start(facts) is Case.START_ALIKE),
        ),
        (55,),
    ),
    Question(
        "start-relu",
        "Four ReLU layers with He's initialization: does it matter there?",
        replace(STARTS, weights=WeightNormalization(beginning=Beginning.RELU)),
        "start",
        lambda facts: _said(start_notice(facts), 0),
        (
            Choice("It does not learn without the start from data", lambda facts: _start(facts) is Case.START_NEEDED),
            Choice("It learns as well from the plain function", lambda facts: _start(facts) is Case.START_ALIKE),
            Choice("The start from data does worse", lambda facts: _start(facts) is Case.START_WORSE),
        ),
        (55,),
    ),
    Question(
        "logarithm",
        "Is it better to learn the length as e to the power of s?",
        STARTS,
        "start",
        lambda facts: _said(start_notice(facts), 1),
        (
            Choice("No difference", lambda facts: _log(facts) is Case.LOG_ALIKE),
            Choice("It makes a difference", lambda facts: _log(facts) is Case.LOG_UNLIKE),
        ),
        (56,),
    ),
    Question(
        "cost",
        "Is weight normalization cheaper than BatchNorm?",
        STARTS,
        "start",
        lambda facts: _said(start_notice(facts), 2),
        (
            Choice("Here it has fewer numbers to divide", lambda facts: not _dearer(facts)),
            Choice("Here it has more", _dearer),
        ),
        (54,),
    ),
    Question(
        "bound",
        "Keep the weights of weight normalization short: does it help?",
        DEFAULT,
        "bound",
        bound_notice,
        (
            Choice("At small learning rates; at large ones it harms", lambda facts: _bound(facts) is Case.BOUND_BOTH),
            Choice("It helps", lambda facts: _bound(facts) is Case.BOUND_BETTER),
            Choice("It makes little difference", lambda facts: _bound(facts) in (Case.BOUND_ALIKE, Case.BOUND_IDLE)),
            Choice("It harms", lambda facts: _bound(facts) is Case.BOUND_WORSE),
        ),
        (56,),
    ),
    Question(
        "idle",
        "And a bound of 10, which is over twice the length of the initial weights?",
        replace(DEFAULT, comparison=replace(DEFAULT.comparison, base=DEFAULT.base.replace(bound=10.0))),
        "bound",
        bound_notice,
        (
            Choice("It does nothing at all", lambda facts: _bound(facts) is Case.BOUND_IDLE),
            Choice("It makes a difference", lambda facts: _bound(facts) is not Case.BOUND_IDLE),
        ),
        (56,),
    ),
    Question(
        "outliers",
        "One unit of each layer starts a hundred times as large: who trains all the same?",
        DEFAULT,
        "outliers",
        lambda facts: " ".join(outlier_notice(facts)),
        (
            Choice(
                "BatchNorm and weight normalization, not layer normalization",
                lambda facts: [is_damped(facts, kind) for kind in ("batch", "weight", "layer")] == [True, True, False],
            ),
            Choice("All three", lambda facts: all(is_damped(facts, kind) for kind in ("batch", "weight", "layer"))),
            Choice(
                "None of them", lambda facts: not any(is_damped(facts, kind) for kind in ("batch", "weight", "layer"))
            ),
        ),
        (40,),
    ),
)
