"""What may be asked about the inside of layers, each with settings that were tried over several seeds.

It is long, as each question stands with its settings, choices and answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from landscape.experiment import Comparison, Experiment, Variant
from landscape.labs.activations.facts import AtStart, Correction, Distribution, Early, Facts, Layers, Scales, Use
from landscape.labs.activations.request import PAPER, Activations, Deep
from landscape.labs.activations.words import (
    FURTHER,
    GROWS,
    HALFWAY,
    STRAIGHT,
    UNLIKE,
    Case,
    constant_pair,
    correction_case,
    dies,
    early_case,
    gradient_case,
    learns_though_it_drifts,
    means_case,
    scale_case,
    shape_case,
    steadiest,
    told_of_correction,
    told_of_drift,
    told_of_early,
    told_of_growth,
    told_of_identity,
    told_of_learnt,
    told_of_means,
    told_of_scales,
    told_of_shape,
    told_of_singular,
    told_of_updates,
    told_of_use,
    told_of_vanishing,
    told_of_widths,
    told_of_within,
    undoes,
    use_case,
    vanishing_case,
    width_case,
)
from landscape.labs.lab import Choice, Question
from landscape.labs.words import Percent, Ratio, Share, sentence
from models.activations import Activation

DEFAULT = Activations()

CONSTANTS = replace(DEFAULT, try_propagation=True)

CLOSER = 1.15
"""So many times as many inputs are clearly more."""

NEAR_ONE = (0.8, 1.3)
"""Between these a root mean square singular value counts as near 1."""

HALF = 0.5

SLOWER = 0.95
"""A growth a layer under so much of another is slower."""

SENTENCES = {
    "needs not": "No: {name} moves {times} as far as {steady} and reaches {score}, beside {steady_score}.",
    "needs": "Of these networks only those learn whose units stay nearly where they are.",
    "sigmoid bends elsewhere": "A sigmoid does not: only {near} of its bend lies from −1 to 1, as it bends most at 1.32. Of tanh's it "
    "is 58%.",
    "bends here": "Yes: {near} of the bend of {activation} lies from −1 to 1.",
    "straight without": "Without them a sigmoid is nearly a straight line: {without} of what it does is explained by one, with "
    "them {with_them}. The loss comes to {loss_without} without and {loss_with} with them.",
    "straight with too": "A line explains {without} of what a sigmoid does without them and {with_them} with them.",
    "vanishing": "Before the first step the gradient at the first layer is {ratio} of that at the last without "
    "normalization.",
    "no vanishing": "It does not vanish here: the gradient at the first layer is {ratio} times that at the last.",
    "input alone fails": "No: with {input} alone the deviation falls from {first} in the first layer to {last} in the last; every layer's "
    "linear map brings the differences back, and shrinks what passes.",
    "input alone holds": "Here it is: with {input} alone a unit's deviation is {first} in the first layer and {last} in the last.",
    "singular, near": "So the root mean square is near 1 with each, though the values are not.",
    "singular, far": "So not even the root mean square is near 1 with each.",
}


def _asked(base: Experiment, *variants: str | Variant, **own: Any) -> Activations:
    """Return a request of these networks, by normalization or as they are; `own` are fields of the request."""
    made = tuple(one if isinstance(one, Variant) else Variant(normalization=one) for one in variants)
    return replace(DEFAULT, comparison=Comparison(base, made), **own)


def _of(records: Sequence[Any], name: str) -> Any:
    """Return the first record of that normalization; None where there is none, or not yet."""
    return next((one for one in records if one.normalization == name), None)


def _pair(records: Sequence[Any], one: str = "batch", other: str = "none") -> tuple[Any, Any] | None:
    """Return the records of two normalizations; None while one is missing."""
    found = _of(records, one), _of(records, other)
    return None if None in found else found


def _holds(pick: Callable[[Facts], Any], test: Callable[[Any], bool]) -> Callable[[Facts], bool]:
    """Return a test of what is picked from facts, false while it is not there."""

    def right(facts: Facts) -> bool:
        found = pick(facts)
        return found is not None and test(found)

    return right


def _said(pick: Callable[[Facts], Any], tell: Callable[[Any], str]) -> Callable[[Facts], str]:
    """Return a sentence about what is picked from facts, nothing while it is not there."""

    def answer(facts: Facts) -> str:
        found = pick(facts)
        return "" if found is None else tell(found)

    return answer


def _drifts(facts: Facts) -> Sequence[Distribution] | None:
    known = [one for one in facts.distributions if isfinite(one.drift)]
    return known if len(known) > 1 and _pair(known) else None


def drift_ratio(known: Sequence[Distribution]) -> float:
    """Return how many times as far a unit moves without normalization as with BatchNorm."""
    batch, plain = _of(known, "batch"), _of(known, "none")
    return float(plain.drift / batch.drift) if batch.drift > 0 else float("inf")


def _matters(known: Sequence[Distribution]) -> str:
    further, steady = learns_though_it_drifts(known), steadiest(known)
    if further is None:
        return sentence(SENTENCES["needs"])
    return sentence(
        SENTENCES["needs not"],
        name=further.name,
        times=Ratio(further.drift / steady.drift),
        steady=steady.name,
        score=Share(further.score),
        steady_score=Share(steady.score),
    )


def _early(facts: Facts) -> Sequence[Early] | None:
    return facts.early if _of(facts.early, "none") else None


def _plain_early(facts: Facts) -> Early | None:
    found: Early | None = _of(facts.early, "none")
    return found


def _correction(facts: Facts) -> Correction | None:
    return facts.correction


def _shape(facts: Facts) -> Distribution | None:
    found: Distribution | None = _of(facts.distributions, "batch")
    return found if found is not None and isfinite(found.kurtosis) else None


def _bends(facts: Facts) -> Use | None:
    return facts.uses[0] if facts.uses and isfinite(facts.uses[0].near) else None


def _own_bend(one: Use) -> str:
    key = "sigmoid bends elsewhere" if one.near < HALF else "bends here"
    return sentence(SENTENCES[key], near=Percent(one.near), activation=one.activation)


def _uses(facts: Facts) -> tuple[Use, Use] | None:
    return _pair(facts.uses)


def _inside(pair: tuple[Use, Use]) -> float:
    batch, plain = pair
    return batch.within / max(plain.within, 1e-12)


def _both_affine(facts: Facts) -> tuple[Use, Use] | None:
    """Return BatchNorm with scale and shift, and without."""
    kinds = [one.normalization for one in facts.uses]
    return (facts.uses[0], facts.uses[1]) if kinds == ["batch", "batch"] else None


def straight_without(pair: tuple[Use, Use]) -> bool:
    """Return whether a sigmoid is nearly a straight line without scale and shift alone."""
    with_them, without = pair
    return without.linear > STRAIGHT > with_them.linear


def _straight(pair: tuple[Use, Use]) -> str:
    with_them, without = pair
    return sentence(
        SENTENCES["straight without" if straight_without(pair) else "straight with too"],
        with_them=Percent(with_them.linear),
        without=Percent(without.linear),
        loss_with=with_them.loss,
        loss_without=without.loss,
    )


def _plain_layers(facts: Facts) -> Layers | None:
    found: Layers | None = _of(facts.layers, "none")
    return found


def _vanishing(one: Layers) -> str:
    key = "vanishing" if vanishes(one) else "no vanishing"
    said = sentence(SENTENCES[key], ratio=one.gradient)
    return f"{said} {told_of_vanishing(one)}" if vanishes(one) else said


def vanishes(one: Layers) -> bool:
    """Return whether the gradient vanishes from the last layer down to the first."""
    return gradient_case(one) is Case.VANISHES


def _layers(facts: Facts) -> tuple[Layers, Layers] | None:
    return _pair(facts.layers)


def unlike(pair: tuple[Layers, Layers]) -> tuple[bool, bool]:
    """Return whether layers are updated unlike, with BatchNorm and without."""
    return pair[0].updates > UNLIKE, pair[1].updates > UNLIKE


PACES = (
    Choice("Unlike without, alike with it", _holds(_layers, lambda pair: unlike(pair) == (False, True))),
    Choice("Alike with both", _holds(_layers, lambda pair: unlike(pair) == (False, False))),
    Choice("Unlike with BatchNorm", _holds(_layers, lambda pair: unlike(pair)[0])),
)


def _three_places(facts: Facts) -> tuple[Layers, ...] | None:
    kinds = [one.normalization for one in facts.layers]
    return facts.layers if kinds == ["batch"] * 3 else None


def input_fails(places: Sequence[Layers]) -> bool:
    """Return whether units die out where only the input is normalized, and live where each layer is."""
    return dies(places[0]) and not any(dies(one) for one in places[1:])


def _places(places: Sequence[Layers]) -> str:
    on_input = places[0]
    key = "input alone fails" if input_fails(places) else "input alone holds"
    return sentence(SENTENCES[key], input=on_input.name, first=on_input.first, last=on_input.last)


def _deep_batch(facts: Facts) -> AtStart | None:
    found: AtStart | None = _of(facts.deep, "batch")
    return found if found is not None and isfinite(found.growth) else None


def _deep_pair(facts: Facts) -> tuple[AtStart, AtStart] | None:
    return _pair(facts.deep)


def skips(pair: tuple[AtStart, AtStart]) -> tuple[bool, bool]:
    """Return whether gradients grow more slowly than theory says without skips, and whether they explode, by network."""
    batch, plain = pair
    return batch.growth < SLOWER * batch.theory, plain.growth > batch.theory


def _skips(pair: tuple[AtStart, AtStart]) -> str:
    return " ".join(told_of_growth(one) for one in pair)


def _scale_cases(pair: tuple[AtStart, AtStart]) -> tuple[Case, Case]:
    return scale_case(pair[0]), scale_case(pair[1])


def _straight_task(facts: Facts) -> tuple[Scales, ...] | None:
    return facts.straight or None


def _learnt(facts: Facts) -> Scales | None:
    return next((one for one in facts.learnt if isfinite(one.first)), None)


def _singular(facts: Facts) -> Facts | None:
    return facts if facts.constants else None


def near_one(facts: Facts) -> bool:
    """Return whether the root mean square singular value is near 1 with each network."""
    return all(NEAR_ONE[0] < one.rms < NEAR_ONE[1] for one in facts.constants)


def _rms(facts: Facts) -> str:
    return sentence(SENTENCES["singular, near" if near_one(facts) else "singular, far"])


DIGITS = Experiment()
"""Eight layers of 64 ReLUs, He's initialization."""

SHRINKING = DIGITS.replace(initialization="torch")
"""The same with PyTorch's own initialization, in which plain ReLU networks shrink what passes."""

QUESTIONS = (
    Question(
        "stable",
        "Does BatchNorm keep what a unit sees in place while the network trains?",
        DEFAULT,
        "distributions",
        _said(_drifts, told_of_drift),
        (
            Choice(
                "Yes: without it the unit moves more than twice as far",
                _holds(_drifts, lambda known: drift_ratio(known) > FURTHER),
            ),
            Choice(
                "Hardly: it moves about as far",
                _holds(_drifts, lambda known: 1 / FURTHER <= drift_ratio(known) <= FURTHER),
            ),
            Choice(
                "No: with it the unit moves further", _holds(_drifts, lambda known: drift_ratio(known) < 1 / FURTHER)
            ),
        ),
    ),
    Question(
        "matters",
        "And must it stay in place for a network to learn?",
        DEFAULT,
        "distributions",
        _said(_drifts, _matters),
        (
            Choice(
                "No: one that moves far learns as well",
                _holds(_drifts, lambda known: learns_though_it_drifts(known) is not None),
            ),
            Choice(
                "Here only what stays in place learns",
                _holds(_drifts, lambda known: learns_though_it_drifts(known) is None),
            ),
        ),
        (13,),
    ),
    Question(
        "first-steps",
        "The first 64 steps, looked at one by one: what becomes of a unit without normalization?",
        replace(DEFAULT, first_steps=True),
        "distributions",
        _said(_early, told_of_early),
        (
            Choice(
                "It moves most of its way, and its band opens later",
                _holds(_plain_early, lambda one: early_case(one) is Case.OPENS_LATER),
            ),
            Choice(
                "It moves most of its way, and its band opens",
                _holds(_plain_early, lambda one: one.share > HALFWAY and early_case(one) is not Case.OPENS_LATER),
            ),
            Choice("It moves most of its way later", _holds(_plain_early, lambda one: one.share <= HALFWAY)),
        ),
    ),
    Question(
        "gaussian",
        "Mean 0, deviation 1: is a unit that BatchNorm has normalized normally distributed?",
        DEFAULT,
        "distributions",
        _said(_shape, told_of_shape),
        (
            Choice("No, it is flat on top or has two humps", _holds(_shape, lambda one: shape_case(one) is Case.HUMPS)),
            Choice("Yes, about", _holds(_shape, lambda one: shape_case(one) is Case.NORMAL)),
            Choice("No, it has heavy tails", _holds(_shape, lambda one: shape_case(one) is Case.TAILS)),
        ),
        (13,),
    ),
    Question(
        "bends",
        "Do the inputs of tanh fall where it bends, from −1 to 1?",
        _asked(DIGITS.replace(activation="tanh", learning_rate=0.5), "none", "batch"),
        "bends",
        _said(_uses, told_of_within),
        (
            Choice("Clearly more of them with BatchNorm", _holds(_uses, lambda pair: _inside(pair) > CLOSER)),
            Choice("About as many without", _holds(_uses, lambda pair: 1 / CLOSER <= _inside(pair) <= CLOSER)),
            Choice("Fewer with BatchNorm", _holds(_uses, lambda pair: _inside(pair) < 1 / CLOSER)),
        ),
        (14,),
    ),
    Question(
        "sigmoid-bends",
        "Does a sigmoid bend from −1 to 1 as well?",
        DEFAULT,
        "bends",
        _said(_bends, _own_bend),
        (
            Choice("Yes, most of its bend is there", _holds(_bends, lambda one: one.near >= HALF)),
            Choice("No, most of it lies further out", _holds(_bends, lambda one: one.near < HALF)),
        ),
        (14,),
    ),
    Question(
        "linear-part",
        "Normalized and nothing more: what is left of a sigmoid without scale and shift?",
        _asked(
            PAPER.replace(learning_rate=3.0, num_steps=600),
            "batch",
            Variant(normalization="batch", affine=False),
        ),
        "bends",
        _said(_both_affine, _straight),
        (
            Choice("Nearly a straight line", _holds(_both_affine, straight_without)),
            Choice("It bends about as with them", _holds(_both_affine, lambda pair: not straight_without(pair))),
        ),
        (30,),
    ),
    Question(
        "deep-sigmoids",
        "Eight layers of sigmoids do not learn without normalization. Are they saturated?",
        _asked(SHRINKING.replace(activation="sigmoid", learning_rate=0.3), "none", "layer", "batch"),
        "gradients",
        _said(_plain_layers, _vanishing),
        (
            Choice(
                "Yes, most inputs lie where a sigmoid is flat",
                _holds(_plain_layers, lambda one: vanishes(one) and vanishing_case(one) is Case.BY_SATURATION),
            ),
            Choice(
                "No: slopes and weights are small everywhere, and their product vanishes",
                _holds(_plain_layers, lambda one: vanishes(one) and vanishing_case(one) is Case.BY_SLOPES),
            ),
            Choice("No: the gradient does not vanish", _holds(_plain_layers, lambda one: not vanishes(one))),
        ),
        (33,),
    ),
    Question(
        "updates",
        "Does a step move all layers alike?",
        _asked(SHRINKING.replace(num_steps=200), "none", "batch"),
        "gradients",
        _said(_layers, told_of_updates),
        PACES,
        (9,),
    ),
    Question(
        "updates-he",
        "And with He's initialization, which was made for ReLU?",
        _asked(DIGITS.replace(num_steps=200), "none", "batch"),
        "gradients",
        _said(_layers, told_of_updates),
        PACES,
        (9,),
    ),
    Question(
        "every-layer",
        "Is it enough to normalize the input?",
        _asked(
            SHRINKING,
            Variant(normalization="batch", normalized="input"),
            "batch",
            Variant(normalization="batch", placement="after"),
        ),
        "gradients",
        _said(_three_places, _places),
        (
            Choice("No: in deep layers the units die out", _holds(_three_places, input_fails)),
            Choice("Yes, here it is", _holds(_three_places, lambda places: not input_fails(places))),
        ),
        (22,),
    ),
    Question(
        "growth",
        "In a deep network of ReLUs, does BatchNorm keep gradients even before the first step?",
        _asked(DIGITS, "none", "batch", "layer"),
        "deep",
        _said(_deep_batch, told_of_growth),
        (
            Choice("No: they grow by more than a tenth a layer", _holds(_deep_batch, lambda one: one.growth > GROWS)),
            Choice("Yes", _holds(_deep_batch, lambda one: 1 / GROWS <= one.growth <= GROWS)),
            Choice("No: they shrink from layer to layer", _holds(_deep_batch, lambda one: one.growth < 1 / GROWS)),
        ),
        (64,),
    ),
    Question(
        "growth-tanh",
        "And with tanh, which is nearer to a straight line?",
        _asked(DIGITS, "none", "batch", "layer", deep=Deep(deep_activation=Activation.TANH)),
        "deep",
        _said(_deep_batch, told_of_growth),
        (
            Choice("They grow by a fifth a layer too", _holds(_deep_batch, lambda one: one.growth > 1.16)),
            Choice("They grow more slowly", _holds(_deep_batch, lambda one: 1.02 < one.growth <= 1.16)),
            Choice("They do not grow", _holds(_deep_batch, lambda one: one.growth <= 1.02)),
        ),
        (64,),
    ),
    Question(
        "skip",
        "Do skip connections keep the gradients of 32 layers even?",
        _asked(DIGITS.replace(skip=True), "none", "batch", deep=Deep(deep_depth=32)),
        "deep",
        _said(_deep_pair, _skips),
        (
            Choice(
                "With BatchNorm they tame them, without it they explode",
                _holds(_deep_pair, lambda pair: skips(pair) == (True, True)),
            ),
            Choice("They tame them in both", _holds(_deep_pair, lambda pair: skips(pair) == (True, False))),
            Choice("Not with BatchNorm", _holds(_deep_pair, lambda pair: not skips(pair)[0])),
        ),
        (69,),
    ),
    Question(
        "initial-scale",
        "Initial weights half and twice as large: what becomes of the gradients?",
        _asked(DIGITS, "none", "batch", "layer"),
        "deep",
        _said(_deep_pair, lambda pair: f"{told_of_scales(pair[1])} {told_of_scales(pair[0])}"),
        (
            Choice(
                "They vanish and explode without, with BatchNorm it makes no difference",
                _holds(_deep_pair, lambda pair: _scale_cases(pair) == (Case.WHATEVER_SCALE, Case.BY_SCALE)),
            ),
            Choice(
                "It matters to both",
                _holds(_deep_pair, lambda pair: _scale_cases(pair) == (Case.BY_SCALE, Case.BY_SCALE)),
            ),
            Choice(
                "It makes no difference without normalization",
                _holds(_deep_pair, lambda pair: _scale_cases(pair)[1] is Case.WHATEVER_SCALE),
            ),
        ),
        (18,),
    ),
    Question(
        "undo",
        "Do scale and shift undo the normalization where that is of use?",
        DEFAULT,
        "scales",
        _said(_straight_task, told_of_use),
        (
            Choice(
                "Yes: on a straight task the scales shrink",
                _holds(_straight_task, lambda straight: use_case(straight) is Case.USED),
            ),
            Choice(
                "No: they stay where they were",
                _holds(_straight_task, lambda straight: use_case(straight) is Case.NOT_USED),
            ),
        ),
        (21,),
    ),
    Question(
        "undo-digits",
        "And do they undo it on the digits?",
        _asked(DIGITS, "batch"),
        "scales",
        _said(_learnt, told_of_learnt),
        (
            Choice("Yes, most units", _holds(_learnt, undoes)),
            Choice("No, hardly any", _holds(_learnt, lambda one: not undoes(one))),
        ),
        (21,),
    ),
    Question(
        "identity",
        "Can they undo it exactly?",
        DEFAULT,
        "scales",
        _said(lambda facts: facts.identity, told_of_identity),
        (
            Choice("Yes, but for rounding", _holds(lambda facts: facts.identity, lambda one: one.undone < 1e-4)),
            Choice("No, only roughly", _holds(lambda facts: facts.identity, lambda one: one.undone >= 1e-4)),
        ),
        (48,),
    ),
    Question(
        "correlations",
        "Units of a layer are to be uncorrelated: does width help?",
        CONSTANTS,
        "propagation",
        _said(lambda facts: facts.widths or None, told_of_widths),
        (
            Choice(
                "Yes: wider layers are less correlated",
                _holds(lambda facts: facts.widths or None, lambda widths: width_case(widths) is Case.WIDER_LESS),
            ),
            Choice(
                "No",
                _holds(lambda facts: facts.widths or None, lambda widths: width_case(widths) is not Case.WIDER_LESS),
            ),
        ),
        (57,),
    ),
    Question(
        "correction",
        "Each unit's weights have length 1: must the mean and deviation that ReLU makes be corrected too?",
        CONSTANTS,
        "propagation",
        _said(_correction, told_of_correction),
        (
            Choice(
                "Yes: without it activations fade from layer to layer",
                _holds(_correction, lambda one: correction_case(one) is Case.CORRECTED),
            ),
            Choice(
                "No: they stay as large without it",
                _holds(_correction, lambda one: correction_case(one) is not Case.CORRECTED),
            ),
        ),
        (57,),
    ),
    Question(
        "settle",
        "Do the layers' means settle sooner, and nearer 0, with normalization propagation than with BatchNorm?",
        CONSTANTS,
        "propagation",
        _said(constant_pair, lambda pair: told_of_means(*pair)),
        (
            Choice("Sooner and nearer 0", _holds(constant_pair, lambda pair: means_case(*pair) is Case.NEARER_SOONER)),
            Choice("Nearer 0, but later", _holds(constant_pair, lambda pair: means_case(*pair) is Case.NEARER_LATER)),
            Choice("Not nearer 0", _holds(constant_pair, lambda pair: means_case(*pair) is Case.NO_NEARER)),
        ),
        (58,),
    ),
    Question(
        "singular",
        "Are the singular values of the layers' Jacobians near 1?",
        CONSTANTS,
        "propagation",
        _said(_singular, lambda facts: f"{told_of_singular(facts.constants)} {_rms(facts)}"),
        (
            Choice(
                "Their root mean square is, they themselves run from 0 to over 2",
                _holds(_singular, lambda facts: near_one(facts) and max(one.greatest for one in facts.constants) > 2),
            ),
            Choice(
                "All of them are",
                _holds(_singular, lambda facts: near_one(facts) and max(one.greatest for one in facts.constants) <= 2),
            ),
            Choice("Not even in the root mean square", _holds(_singular, lambda facts: not near_one(facts))),
        ),
        (46,),
    ),
)
