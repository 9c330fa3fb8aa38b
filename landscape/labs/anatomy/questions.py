"""What may be asked about one layer, with its settings and its answer."""

from __future__ import annotations

from collections.abc import Callable

from landscape.labs.anatomy.facts import Facts
from landscape.labs.anatomy.request import Anatomy, Shape, When
from landscape.labs.anatomy.words import SHARE_SENTENCES, Case, kept, share_case, undo_notice
from landscape.labs.lab import Choice, Question
from landscape.labs.words import sentence
from models.normalization import Normalization

SAME = 1e-6
"""Outputs that differ by less are told as the same."""

SENTENCES = {
    "weights": "Its weights: the {cells} into its unit share one length, and the activations stay as they come.",
    "weights, not": "In these settings no weight is normalized, but activations.",
    "alone": "At test, the same as among the others: stored numbers stand where the batch's stood. In training its outputs would "
    "differ by up to {training}.",
    "alone, constant": "At test, the same as among the others: stored numbers stand where the batch's stood. In training it would "
    "be its own mean, and only the shift would be left.",
    "alone, always": "The same as among the others, in training as at test: no other example has any part in it.",
    "alone, differs": "In these settings it differs, even at test, by up to {test}.",
    "order": "They keep them: over the examples the unit's values before and after have a correlation of {order}.",
    "order, not": "They do not: over the examples the unit's values before and after have a correlation of {order}.",
    "order, constant": "In these settings the unit is the same for all examples, and there is no order to keep.",
}

BY_UNIT = (Case.UNIT, Case.CHANNEL)
BY_EXAMPLE = (Case.EXAMPLE, Case.IMAGE)
BY_PART = (Case.GROUP, Case.GROUP_OF_CHANNELS, Case.PIXELS)


def _share(facts: Facts) -> str:
    one = facts.activations
    return sentence(SHARE_SENTENCES[share_case(facts)], cells=one.cells, examples=one.examples, units=one.units)


def _is(*cases: Case) -> Callable[[Facts], bool]:
    return lambda facts: share_case(facts) in cases


CHOICES = (
    Choice("The same unit in all examples", _is(*BY_UNIT)),
    Choice("All units of its own example", _is(*BY_EXAMPLE)),
    Choice("Some units of its own example", _is(*BY_PART)),
    Choice("None of these", lambda facts: share_case(facts) not in (*BY_UNIT, *BY_EXAMPLE, *BY_PART)),
)


def _weights(facts: Facts) -> str:
    if facts.weights is None:
        return SENTENCES["weights, not"]
    return sentence(SENTENCES["weights"], cells=facts.weights.cells)


def _alone(facts: Facts) -> str:
    if facts.alone_test > SAME:
        return sentence(SENTENCES["alone, differs"], test=facts.alone_test)
    if facts.alone_training < SAME:
        return SENTENCES["alone, always"]
    case = "alone, constant" if facts.constant_alone else "alone"
    return sentence(SENTENCES[case], training=facts.alone_training)


def _order(facts: Facts) -> str:
    if facts.order != facts.order:
        return SENTENCES["order, constant"]
    return sentence(SENTENCES["order" if kept(facts) else "order, not"], order=float(f"{facts.order:.4f}"))


def _all_back(facts: Facts) -> bool:
    return facts.undone is not None and facts.undone.back_at_own == facts.undone.cells


UNDOING = (
    Choice("Yes, for every example at once", _all_back),
    Choice("For some examples, not for all at once", lambda facts: not _all_back(facts)),
)

QUESTIONS = (
    Question(
        "batch",
        "BatchNorm: which numbers share one mean and one deviation?",
        Anatomy(),
        "cells",
        _share,
        CHOICES,
        (67,),
    ),
    Question(
        "layer",
        "And with layer normalization?",
        Anatomy(normalization=Normalization.LAYER),
        "cells",
        _share,
        CHOICES,
        (67,),
    ),
    Question(
        "group",
        "Group normalization on images: over which channels and pixels?",
        Anatomy(normalization=Normalization.GROUP, shape=Shape.IMAGES),
        "cells",
        _share,
        CHOICES,
        (67,),
    ),
    Question(
        "weights",
        "Weight normalization: what is normalized there?",
        Anatomy(normalization=Normalization.WEIGHT),
        "cells",
        _weights,
        (
            Choice("The activations of an example", lambda facts: facts.weights is None),
            Choice("The weights of a unit", lambda facts: facts.weights is not None),
        ),
        (67,),
    ),
    Question(
        "alone",
        "One digit to read, and no batch: what does BatchNorm make of it?",
        Anatomy(when=When.TEST, alone=True),
        "cells",
        _alone,
        (
            Choice("The same as among others: by stored numbers", lambda facts: facts.alone_test <= SAME),
            Choice("Something else: it lacks the others", lambda facts: facts.alone_test > SAME),
        ),
        (23, 31),
    ),
    Question(
        "order",
        "Do the examples keep their relative positions within a unit?",
        Anatomy(),
        "cells",
        _order,
        (
            Choice("They keep them exactly", lambda facts: kept(facts)),
            Choice("They are mixed", lambda facts: not kept(facts)),
        ),
        (19,),
    ),
    Question(
        "undo",
        "Can a scale and a shift undo BatchNorm?",
        Anatomy(),
        "undo",
        undo_notice,
        UNDOING,
        (48,),
    ),
    Question(
        "undo-layer",
        "And can they undo layer normalization?",
        Anatomy(normalization=Normalization.LAYER),
        "undo",
        undo_notice,
        UNDOING,
        (48,),
    ),
)
