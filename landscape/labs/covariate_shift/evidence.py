"""For each explanation of why BatchNorm helps what is measured for it and against it, with the link that shows it.

It is long as each measurement has a sentence for each way it can turn out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from landscape.labs.covariate_shift.facts import Facts, Lack, of
from landscape.labs.covariate_shift.words import (
    Case,
    learns,
    linear_case,
    mends,
    relu_case,
    score_of,
    steady_case,
    trio_of,
    two_of,
)
from landscape.labs.explanations import EXPLANATIONS, Cause
from landscape.labs.lab import Linked
from landscape.labs.words import Hole, Ratio, Share, sentence, unmarked

HERE = "covariate_shift"

AWAITED = "…"


class Piece(StrEnum):
    """A piece of evidence: its number is of this page."""

    STEADY = "BatchNorm's means jump less"
    UNSTEADY = "noise does no harm"
    NOISE_HARMS = "noise does harm"
    NO_STEADIER = "BatchNorm's means jump no less"
    NOISE_CALMER = "noise that does not unsettle"
    PLAIN_LOST = "no means to compare with"
    FOLLOWS = "less shift at the output"
    FOLLOWS_NOT = "no less shift at the output"
    NO_GRADIENT = "no gradient to compare"
    CHASES = "more shift in the deep linear network"
    CHASES_NOT = "no more shift in the deep linear network"
    ADAPTS = "statistics mend a domain"
    ADAPTS_NOT = "statistics mend no domain"
    FALLS = "falls in a domain as without"
    HOLDS = "does better in a domain"
    UNTRAINED = "not both have learned"


HERE_SENTENCES = {
    Piece.STEADY: "With BatchNorm the mean of a unit jumps by {batch} of its deviations from step to step, without by {plain}.",
    Piece.NO_STEADIER: "BatchNorm's means do not jump less: {batch} of a deviation, without it {plain}.",
    Piece.UNSTEADY: "With noise they jump by {noisy}, and without any normalization by {plain}; yet the network reaches {score}, "
    "with BatchNorm alone {clean}.",
    Piece.NOISE_HARMS: "With noise they jump by {noisy}, and the network reaches {score} only, with BatchNorm alone {clean}.",
    Piece.NOISE_CALMER: "Nothing here: with noise they jump by {noisy}, and no less without any normalization, by {plain}.",
    Piece.PLAIN_LOST: "Without any normalization the network diverges before its means can jump: nothing can be compared.",
    Piece.FOLLOWS: "In layers of {activation} a step of the layers below changes the gradient of the output by {batch} of its length "
    "with BatchNorm, and by {plain} without it.",
    Piece.FOLLOWS_NOT: "With BatchNorm it does not change less at the output: by {batch} of its length, without it by {plain}.",
    Piece.NO_GRADIENT: "One of the two networks diverges before its gradients can be compared.",
    Piece.CHASES: "In a deep linear network it changes by {batch} of its length with BatchNorm, and by {plain} without it.",
    Piece.CHASES_NOT: "In a deep linear network it does not change more: by {batch} of its length, without it by {plain}.",
    Piece.ADAPTS: "New statistics alone bring it from {before} to {after} where the data are {domain}.",
    Piece.ADAPTS_NOT: "New statistics do not mend the domain {domain}: {before}, and with them {after}.",
    Piece.FALLS: "Without new statistics it falls as one without BatchNorm does: to {before} and {plain}.",
    Piece.HOLDS: "Without new statistics it does better than one without BatchNorm: {before} and {plain}.",
    Piece.UNTRAINED: "One of the two networks has not learned here: nothing can be compared.",
}


LACK_SENTENCES = {
    Lack.FAILED: "{awaited}: this could not be measured. Run again tries it once more.",
    Lack.NONE: "{awaited}: in the networks of one seed at least there is no such number.",
}


@dataclass(frozen=True)
class Borrowed:
    """A piece of evidence that another page measures.

    result: the result of a paper whose number it is. to: the question that shows it. awaited: what it is, without the number.
    above, below: the sentence where the number is over `at`, and where it is not.
    """

    result: str
    to: str
    awaited: str
    above: str
    below: str
    at: float

    def linked(self, numbers: Mapping[str, float], lacks: Mapping[str, Lack]) -> Linked:
        """Return the entry of the table, with the number where it is there, or with why it will not come."""
        if lack := lacks.get(self.result):
            return Linked(unmarked(sentence(LACK_SENTENCES[lack], awaited=self.awaited)), self.to)
        value = numbers.get(self.result)
        if value is None:
            return Linked(f"{self.awaited}:", self.to)
        template = self.above if value > self.at else self.below
        return Linked(unmarked(sentence(template, times=Ratio(value))), self.to)


ELSEWHERE: dict[Cause, tuple[Borrowed, Borrowed]] = {
    Cause.SMOOTH: (
        Borrowed(
            "loss-range",
            "smoothness?ask=smoother",
            "How much less the loss varies along the gradient with it, and how much without",
            "Along the gradient the loss varies {times} as much without it.",
            "Along the gradient the loss does not vary more without it: {times} as much.",
            1.0,
        ),
        Borrowed(
            "beta-plain",
            "smoothness?ask=smoother",
            "Whether the effective beta comes to 2 / learning rate without it too",
            "Without it the effective beta comes to {times} 2 / learning rate.",
            "Without it too the effective beta comes to no more than {times} 2 / learning rate.",
            2.0,
        ),
    ),
    Cause.RATE: (
        Borrowed(
            "rates",
            "robustness?ask=rates",
            "How much larger the rates are at which it trains",
            "The largest rate at which a network trains is {times} as large with it.",
            "The largest rate at which a network trains is no larger with it: {times} as large.",
            1.0,
        ),
        Borrowed(
            "same-rate",
            "robustness?ask=same-rate",
            "Whether it takes fewer steps at one and the same rate",
            "At one and the same small rate too a network takes {times} as many steps without it.",
            "Nothing: at one and the same small rate a network needs no more steps without it: {times} as many.",
            1.1,
        ),
    ),
    Cause.DECOUPLED: (
        Borrowed(
            "at-right-angles",
            "invariance?ask=growth",
            "Whether the steps of weight normalization are at right angles to the weights, and so turn them alone",
            "With weight normalization the squared length of the weights grows by {times} the squares of the steps: each "
            "step is at right angles to the weights and turns them alone.",
            "With weight normalization the squared length of the weights grows by {times} the squares of the steps only: they "
            "do not turn the weights alone.",
            0.98,
        ),
        Borrowed(
            "weight-rates",
            "robustness?ask=rates&v3_normalization=weight",
            "Whether weight normalization, which does just that, trains at larger rates",
            "Nothing: weight normalization does just that, and the largest rate at which a network trains is {times} as large "
            "with it.",
            "Weight normalization does just that, and the largest rate at which a network trains is no larger with it: {times} "
            "as large.",
            1.0,
        ),
    ),
    Cause.SPECTRUM: (
        Borrowed(
            "outliers",
            "curvature?ask=outliers",
            "How much greater the greatest eigenvalue of the Hessian is without it",
            "The greatest eigenvalue of the Hessian is {times} as great without it.",
            "The greatest eigenvalue of the Hessian is not greater without it: {times} as great.",
            1.5,
        ),
        Borrowed(
            "edge-batch",
            "curvature?ask=edge-batch",
            "Whether its sharpness comes to 2 / learning rate all the same",
            "On full batches its sharpness comes to {times} 2 / learning rate all the same.",
            "Nothing: on full batches its sharpness stays at {times} 2 / learning rate.",
            0.9,
        ),
    ),
}
"""For and against the explanations that other pages measure."""

BORROWED = tuple(one.result for pair in ELSEWHERE.values() for one in pair)
"""The results whose numbers the table takes."""


@dataclass(frozen=True)
class Row:
    """An explanation in the table, with what is measured for and against it."""

    claim: str
    pro: Linked
    contra: Linked


GRADIENTS = "Each layer's gradient stays the right one while the layers below it move (Santurkar et al. 2018, Sec. 2.2)"

DOMAINS = "It makes a network robust against a shift of the data, which is another thing (Li et al. 2016)"


def rows(
    facts: Facts | None, numbers: Mapping[str, float] | None = None, lacks: Mapping[str, Lack] | None = None
) -> list[Row]:
    """Return the table: first what this page measures, then what others do.

    numbers: of these, by the name of the result; lacks: why others of them will not come.
    """
    made = [
        Row(EXPLANATIONS[Cause.SHIFT][0], *_steadiness(facts)),
        Row(GRADIENTS, *_gradients(facts)),
        Row(DOMAINS, *_domains(facts)),
    ]
    there = {cause: [one.linked(numbers or {}, lacks or {}) for one in pair] for cause, pair in ELSEWHERE.items()}
    return made + [Row(EXPLANATIONS[cause][0], *pair) for cause, pair in there.items()]


def _say(piece: Piece, ask: str, **holes: Hole) -> Linked:
    return Linked(unmarked(sentence(HERE_SENTENCES[piece], **holes)), f"{HERE}?ask={ask}")


def _awaited(*asks: str) -> tuple[Linked, ...]:
    return tuple(Linked(AWAITED, f"{HERE}?ask={ask}") for ask in asks)


def _steadiness(facts: Facts | None) -> tuple[Linked, ...]:
    trio = trio_of(facts) if facts else None
    if trio is None:
        return _awaited("steady", "noise")
    jumps = {name: getattr(trio, name).jump for name in ("batch", "plain", "noisy")}
    scores = {"score": Share(score_of(trio.noisy)), "clean": Share(score_of(trio.batch))}
    case = steady_case(trio)
    if case is Case.STEADY_UNKNOWN:
        return _say(Piece.PLAIN_LOST, "steady"), _say(Piece.PLAIN_LOST, "noise")
    steadier = Piece.STEADY if trio.batch.jump < trio.plain.jump else Piece.NO_STEADIER
    harm = Piece.UNSTEADY if noise_refutes(facts) else Piece.NOISE_HARMS
    if case is not Case.LESS_STEADY:
        harm = Piece.NOISE_CALMER
    return _say(steadier, "steady", **jumps), _say(harm, "noise", **jumps, **scores)


def noise_refutes(facts: Facts | None) -> bool:
    """Return whether the network with noise has less steady distributions than the plain one, and learns as well or nearly."""
    trio = trio_of(facts) if facts else None
    if trio is None or steady_case(trio) is not Case.LESS_STEADY:
        return False
    return learns(trio.noisy) and score_of(trio.noisy) >= score_of(trio.plain) - 0.1


def _gradients(facts: Facts | None) -> tuple[Linked, ...]:
    relu, linear = _awaited("relu-layers", "deep-linear")
    if facts and len(facts.moving) == 2:
        plain, batch = facts.moving
        piece = Piece.FOLLOWS if batch.at_output < plain.at_output else Piece.FOLLOWS_NOT
        if relu_case(plain, batch) is Case.RELU_UNKNOWN:
            piece = Piece.NO_GRADIENT
        relu = _say(piece, "relu-layers", activation=facts.activation, batch=batch.at_output, plain=plain.at_output)
    if facts and len(facts.linear) == 2:
        plain, batch = facts.linear
        piece = Piece.CHASES if linear_case(plain, batch) is Case.LINEAR_MORE else Piece.CHASES_NOT
        linear = _say(piece, "deep-linear", batch=batch.relative, plain=plain.relative)
    return relu, linear


def _domains(facts: Facts | None) -> tuple[Linked, ...]:
    adapts, falls = _awaited("blurred", "two-shifts")
    batch = of(facts.abroad, "batch") if facts else None
    there = batch.at(facts.elsewhere) if facts and batch else None
    if facts and batch and there:
        scores = {"before": Share(there.before), "after": Share(there.after)}
        piece = Piece.ADAPTS if mends(batch, there) else Piece.ADAPTS_NOT
        adapts = _say(piece, "blurred", domain=facts.elsewhere.label, **scores)
    two = two_of(facts) if facts else None
    if two is not None:
        piece = Piece.HOLDS if two.better_abroad else Piece.FALLS
        if two.case is Case.TWO_UNTRAINED:
            piece = Piece.UNTRAINED
        falls = _say(piece, "two-shifts", before=Share(two.there.before), plain=Share(two.plain_there.before))
    return adapts, falls


def against(facts: Facts) -> int | None:
    """Return how many of this page's two tests speak against the internal shift; None while they are not both there.

    Noise that does no harm, and a deep linear network that shifts more with BatchNorm.
    """
    if trio_of(facts) is None or len(facts.linear) < 2:
        return None
    return noise_refutes(facts) + (linear_case(*facts.linear) is Case.LINEAR_MORE)


WHY_SENTENCES = {
    2: "Both tests of this page speak against it: noise makes the distributions {times} as unsteady as without any "
    "normalization, and the network still reaches {score}; in the deep linear network BatchNorm brings more shift, not "
    "less. What does explain it is open: there is no consensus.",
    1: "One of the two tests of this page speaks against it, the other does not, in these settings. There is no consensus.",
    0: "Neither of the two tests of this page speaks against it, in these settings. There is no consensus.",
}


FOR_IT = (
    "For it speaks that in the layers of {activation} the gradient of the output shifts less with BatchNorm, by {batch} of its "
    "length, than without it, by {plain}."
)
"""What is seen in the network of the sidebar, where it is so."""


def told_of_why(facts: Facts) -> str:
    """Return what the page says on the whole; nothing while a test is not there."""
    count, trio = against(facts), trio_of(facts)
    if count is None or trio is None:
        return ""
    times = Ratio(trio.noisy.jump / trio.plain.jump)
    said = sentence(WHY_SENTENCES[count], times=times, score=Share(score_of(trio.noisy)))
    if len(facts.moving) == 2 and relu_case(*facts.moving) is Case.RELU_LESS:
        plain, batch = facts.moving
        holes: dict[str, Hole] = {"batch": batch.at_output, "plain": plain.at_output}
        said = f"{said} {sentence(FOR_IT, activation=facts.activation, **holes)}"
    return said
