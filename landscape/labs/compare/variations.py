"""Questions that vary the networks of a comparison: their rate, depth and activation, and what normalizes them where.

It is long, as each question stands with its settings, choices and answer.
"""

from __future__ import annotations

from collections.abc import Callable

from landscape.experiment import Comparison, Experiment, Variant
from landscape.labs.compare.facts import Facts, Network, Rolled
from landscape.labs.compare.request import Beside, Request
from landscape.labs.lab import Choice, Question
from landscape.labs.words import Ratio, Share, sentence

HIGHER = 3.0
"""A landscape this many times as high as another is called higher."""

MANY = 20.0
"""A landscape this many times as high as another is called many times as high."""

MATTERS = 0.05
"""Test accuracies that differ by less are called about the same."""

SIGMOIDS = Request(
    Comparison(
        Experiment().replace(
            depth=3, width=100, activation="sigmoid", initialization="torch", learning_rate=0.3, num_steps=600
        )
    )
)
LARGER_RATE = Request(Comparison(Experiment().replace(learning_rate=1.0)))
SHALLOW = Request(Comparison(Experiment().replace(depth=2)))
AFFINE = Request(Comparison(variants=(Variant(normalization="batch"), Variant(normalization="batch", affine=False))))
PLACEMENT = Request(
    Comparison(variants=(Variant(normalization="batch"), Variant(normalization="batch", placement="after")))
)
WEIGHT = Request(Comparison(variants=tuple(Variant(normalization=one) for one in ("none", "weight", "batch"))))
FROZEN = Request(Comparison(variants=(Variant(normalization="batch"),)), beside=Beside(frozen=True))

SENTENCES = {
    "learns, batch": "Only the one with BatchNorm learns: it reaches a test accuracy of {batch}, the plain one {plain}, and the "
    "majority class alone gives {majority}.",
    "learns, both": "Both learn in these settings: {batch} with BatchNorm and {plain} without.",
    "learns, plain": "Only the plain one learns in these settings: {plain}, against {batch} with BatchNorm.",
    "learns, neither": "Neither learns in these settings: {batch} with BatchNorm and {plain} without.",
    "depth": "It is a few times: in networks of {depth} layers the loss climbs to {top} without normalization and to {least} with "
    "BatchNorm, {ratio} as high. It grows with depth.",
    "depth, not": "It is large in these settings too: in networks of {depth} layers the loss climbs to {top} without "
    "normalization and to {least} with BatchNorm, {ratio} as high.",
    "affine": "Hardly anything: the test accuracy is {off} without the learnt scale and shift and {on} with them.",
    "affine, worse": "Accuracy is lost in these settings: {off} without the learnt scale and shift, and {on} with them.",
    "affine, better": "Nothing is lost in these settings: {off} without the learnt scale and shift, and {on} with them.",
    "placement": "It hardly matters: the test accuracy is {before} with BatchNorm before the activation and {after} with it after; "
    "the landscapes climb to {top_before} and {top_after}.",
    "placement, before": "Before is better in these settings: the test accuracy is {before} before the activation and {after} "
    "after it; the landscapes climb to {top_before} and {top_after}.",
    "placement, after": "After is better in these settings: the test accuracy is {after} after the activation and {before} before "
    "it; the landscapes climb to {top_before} and {top_after}.",
    "weight": "It keeps more of them: of {dropped} balls that roll at a rate of {rate}, {weight} are thrown out with weight "
    "normalization, {batch} with BatchNorm and {plain} without. It needs no batch.",
    "weight, not": "It keeps no more of them in these settings: of {dropped} balls that roll at a rate of {rate}, {weight} are thrown "
    "out with weight normalization, {batch} with BatchNorm and {plain} without.",
    "frozen": "It rises to {top}, {ratio} as high as the {least} by the statistics of the batch: the same weights on the same "
    "plane. Training descends the lower one; many printed pictures of BatchNorm show the other.",
    "frozen, not": "Not much in these settings: it rises to {top} by the stored statistics, and to {least} by those of the batch.",
    "before": "It is there before the first step: around the initial weights the loss climbs to {top} without normalization, "
    "{ratio} as high as the {least} with BatchNorm. Training digs the centre, from {first} to {last} in the plain network.",
    "before, not": "Training makes it in these settings: around the initial weights the loss climbs to {top} without normalization "
    "and to {least} with BatchNorm.",
}  # fmt: skip


def _two(facts: Facts) -> tuple[Network, Network] | None:
    """Return the plain network and that with BatchNorm; None without one of them."""
    plain, batch = facts.of("none"), facts.of("batch")
    return None if plain is None or batch is None else (plain, batch)


def _learners(facts: Facts) -> str:
    """Return who learns, as the sentences call it; nothing without both networks."""
    found = _two(facts)
    if found is None:
        return ""
    plain, batch = (one.trained.learned for one in found)
    return "both" if plain and batch else "batch" if batch else "plain" if plain else "neither"


def _learns(facts: Facts) -> str:
    found, who = _two(facts), _learners(facts)
    if found is None:
        return ""
    plain, batch = (Share(one.trained.test_accuracy) for one in found)
    holes = {"plain": plain, "batch": batch, "majority": Share(found[0].trained.majority)}
    return sentence(SENTENCES[f"learns, {who}"], **holes)


WHO_LEARNS = (
    Choice("Both of them", lambda facts: _learners(facts) == "both"),
    Choice("Only the one with BatchNorm", lambda facts: _learners(facts) == "batch"),
    Choice("Neither", lambda facts: _learners(facts) == "neither"),
)


def _tops(facts: Facts) -> tuple[float, float] | None:
    """Return how high the landscapes are: plain, BatchNorm; None where one is not known, or of an untrained network."""
    found = _two(facts)
    if found is None or not all(one.compares for one in found):
        return None
    plain, batch = (one.slice.top for one in found if one.slice is not None)
    return plain, batch


def _depth(facts: Facts) -> str:
    found = _tops(facts)
    if found is None:
        return ""
    top, least = found
    case = "depth" if top <= MANY * least else "depth, not"
    depth = facts.networks[0].experiment.network.depth
    return sentence(SENTENCES[case], depth=depth, top=top, least=least, ratio=Ratio(top / least))


def _many(facts: Facts) -> bool | None:
    """Return whether the plain landscape is many times as high; None where it is not known."""
    return None if (found := _tops(facts)) is None else found[0] > MANY * found[1]


def _pair(facts: Facts, field: str, first: object, second: object) -> tuple[Network, Network] | None:
    """Return the networks with BatchNorm of two values of a field; None without one of them."""
    one, other = (facts.of("batch", **{field: value}) for value in (first, second))
    return None if one is None or other is None else (one, other)


def _gap(found: tuple[Network, Network] | None) -> int | None:
    """Return which of two networks does better on the test data: -1 the first, 1 the second, 0 about the same."""
    if found is None:
        return None
    gap = found[1].trained.test_accuracy - found[0].trained.test_accuracy
    return 0 if abs(gap) <= MATTERS else 1 if gap > 0 else -1


def _affine(facts: Facts) -> str:
    found = _pair(facts, "affine", True, False)
    if found is None:
        return ""
    case = {0: "affine", -1: "affine, worse", 1: "affine, better"}[_gap(found) or 0]
    on, off = (Share(one.trained.test_accuracy) for one in found)
    return sentence(SENTENCES[case], on=on, off=off)


def _placement(facts: Facts) -> str:
    found = _pair(facts, "placement", "before", "after")
    if found is None or any(one.slice is None for one in found):
        return ""
    case = {0: "placement", -1: "placement, before", 1: "placement, after"}[_gap(found) or 0]
    before, after = (Share(one.trained.test_accuracy) for one in found)
    top_before, top_after = (one.slice.top for one in found if one.slice is not None)
    return sentence(SENTENCES[case], before=before, after=after, top_before=top_before, top_after=top_after)


def _gaps(field: str, first: object, second: object, gap: int) -> Callable[[Facts], bool]:
    return lambda facts: _gap(_pair(facts, field, first, second)) == gap


def _thrown(facts: Facts) -> dict[str, Rolled] | None:
    """Return what became of the balls: plain, with weight normalization, with BatchNorm; None while one is not known."""
    names = ("none", "weight", "batch")
    found = {name: one.rolled for name in names if (one := facts.of(name)) is not None and one.rolled is not None}
    return found if len(found) == len(names) else None


def _keeps(facts: Facts) -> bool | None:
    """Return whether weight normalization's landscape throws fewer balls out than the plain one."""
    found = _thrown(facts)
    return None if found is None else found["weight"].thrown < found["none"].thrown


def _weight(facts: Facts) -> str:
    found = _thrown(facts)
    if found is None:
        return ""
    holes = {"dropped": found["none"].dropped, "rate": found["none"].rate}
    thrown = {"plain": found["none"].thrown, "weight": found["weight"].thrown, "batch": found["batch"].thrown}
    return sentence(SENTENCES["weight" if _keeps(facts) else "weight, not"], **holes, **thrown)


def _ratio_frozen(facts: Facts) -> float | None:
    """Return how many times as high the landscape by frozen statistics is; None where it is not drawn."""
    batch = facts.of("batch")
    if batch is None or batch.slice is None or batch.frozen is None:
        return None
    return batch.frozen.top / batch.slice.top


def _frozen(facts: Facts) -> str:
    batch, ratio = facts.of("batch"), _ratio_frozen(facts)
    if batch is None or batch.slice is None or batch.frozen is None or ratio is None:
        return ""
    case = "frozen" if ratio > HIGHER else "frozen, not"
    return sentence(SENTENCES[case], top=batch.frozen.top, least=batch.slice.top, ratio=Ratio(ratio))


def _ratio_before(facts: Facts) -> float | None:
    """Return how many times as high the plain landscape was before the first step; None where it is not known."""
    found = _two(facts)
    if found is None:
        return None
    tops = [one.start.top for one in found if one.start is not None]
    return tops[0] / tops[1] if len(tops) == 2 else None


def _before(facts: Facts) -> str:
    found, ratio = _two(facts), _ratio_before(facts)
    if found is None or ratio is None:
        return ""
    plain, batch = found
    if plain.start is None or batch.start is None or plain.slice is None:
        return ""
    holes = {"top": plain.start.top, "least": batch.start.top, "first": plain.start.centre, "last": plain.slice.centre}
    return sentence(SENTENCES["before" if ratio > HIGHER else "before, not"], ratio=Ratio(ratio), **holes)


def _than(ratio: Callable[[Facts], float | None], higher: bool) -> Callable[[Facts], bool]:
    """Return whether a ratio is known, and over what is called higher or not."""
    return lambda facts: (found := ratio(facts)) is not None and (found > HIGHER) == higher


VARIATIONS = (
    Question(
        "before-training",
        "Does training make the difference, or is it there before the first step?",
        Request(),
        "landscapes",
        _before,
        (
            Choice("Training makes it", _than(_ratio_before, higher=False)),
            Choice("It is there before the first step", _than(_ratio_before, higher=True)),
        ),
        (70,),
    ),
    Question(
        "frozen",
        "One network by its stored averages in place of its batch: what of its landscape?",
        FROZEN,
        "landscapes",
        _frozen,
        (
            Choice("Much the same", _than(_ratio_frozen, higher=False)),
            Choice("It rises many times higher", _than(_ratio_frozen, higher=True)),
        ),
        (65,),
    ),
    Question(
        "larger-rate", "At ten times the learning rate: who still learns?", LARGER_RATE, "landscapes", _learns, WHO_LEARNS,
        (3, 24, 37),
    ),
    Question(
        "sigmoid", "Three layers of sigmoids: who learns?", SIGMOIDS, "landscapes", _learns, WHO_LEARNS, (24, 33)
    ),
    Question(
        "depth",
        "In eight layers it is a hundred times: how large is the difference in two?",
        SHALLOW,
        "landscapes",
        _depth,
        (
            Choice("A few times", lambda facts: _many(facts) is False),
            Choice("A hundred times, too", lambda facts: _many(facts) is True),
        ),
        (18,),
    ),
    Question(
        "without-scale-and-shift",
        "BatchNorm without its learnt scale and shift: what is lost?",
        AFFINE,
        "landscapes",
        _affine,
        (
            Choice("Much accuracy", _gaps("affine", True, False, -1)),
            Choice("Hardly any", _gaps("affine", True, False, 0)),
            Choice("It does better without", _gaps("affine", True, False, 1)),
        ),
        (12,),
    ),
    Question(
        "placement",
        "BatchNorm before the activation or after it?",
        PLACEMENT,
        "landscapes",
        _placement,
        (
            Choice("Before is better", _gaps("placement", "before", "after", -1)),
            Choice("After is better", _gaps("placement", "before", "after", 1)),
            Choice("It hardly matters", _gaps("placement", "before", "after", 0)),
        ),
        (22,),
    ),
    Question(
        "weight-normalization",
        "Weight normalization sees no batch: does its landscape keep the balls?",
        WEIGHT,
        "landscapes",
        _weight,
        (
            Choice("More of them than the plain one", lambda facts: _keeps(facts) is True),
            Choice("No more than the plain one", lambda facts: _keeps(facts) is False),
        ),
        (54,),
    ),
)  # fmt: skip
"""The questions, each with its settings, its answer and its choices."""
