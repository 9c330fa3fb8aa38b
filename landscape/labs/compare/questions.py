"""What may be asked of a comparison, with its settings and its answer."""

from __future__ import annotations

from landscape.experiment import Comparison, Experiment, PlaneKind, Variant, View
from landscape.labs.compare.facts import Facts
from landscape.labs.compare.request import Request
from landscape.labs.lab import Choice, Question
from landscape.labs.words import Ratio, Share, sentence

DEFAULT = Request()

UNLIKE_SCALES = Request(
    Comparison(
        Experiment().replace(
            dataset="moons",
            num_examples=1000,
            input_scale=100.0,
            depth=2,
            width=16,
            activation="tanh",
            initialization="xavier",
            num_steps=800,
            learning_rate=0.1,
        ),
        (
            Variant(normalization="none"),
            Variant(normalization="batch"),
            Variant(normalization="batch", normalized="both"),
            Variant(normalization="none", preprocessing="standardize"),
        ),
    ),
    View(plane=PlaneKind.INPUT_WEIGHTS, extent=3.0),
)

REAL_TABLE = Request(
    Comparison(
        Experiment().replace(
            dataset="breast-cancer", depth=3, width=32, activation="tanh", initialization="xavier", learning_rate=0.1
        ),
        (
            Variant(normalization="none"),
            Variant(normalization="batch"),
            Variant(normalization="batch", normalized="both"),
        ),
    ),
)

TIMES_AS_HIGH = 3.0
"""A landscape this many times as high as another is called higher."""

SENTENCES = {
    "digits": "Both learn ({each}), in unlike landscapes: without normalization the loss climbs to {top} on this plane, "
    "{ratio} as high as with BatchNorm.",
    "digits, not both": "These settings do not answer it, as not both networks learn: {each}.",
    "digits, alike": "Not in these settings: on this plane the landscapes are about as high, {top} and {least}.",
    "scales": "Normalizing the input does. The loss changes {plain} as much along one weight as along the other without "
    "normalization, {hidden} with BatchNorm in the hidden layers alone, and {both} with BatchNorm on the input too.",
    "scales, not": "Not in these settings: the loss changes {plain} as much along one weight as along the other without "
    "normalization, and {both} with BatchNorm on the input.",
    "table": "By statistics of the whole training set BatchNorm in the hidden layers reaches {hidden} on the test data, with "
    "the input normalized too {both}; without any normalization it is {plain}, and the majority class alone gives "
    "{majority}.",
}


def _digits(facts: Facts) -> str:
    each = {one.name: Share(one.trained.test_accuracy) for one in facts.networks}
    plain, batch = facts.of("none"), facts.of("batch")
    if not (plain.compares and batch.compares and plain.slice and batch.slice):
        return sentence(SENTENCES["digits, not both"], each=each)
    ratio = plain.slice.top / batch.slice.top
    case = "digits" if ratio > TIMES_AS_HIGH else "digits, alike"
    return sentence(SENTENCES[case], each=each, top=plain.slice.top, least=batch.slice.top, ratio=Ratio(ratio))


def _scales(facts: Facts) -> str:
    plain, hidden, both = _stretches(facts)
    case = "scales" if plain > TIMES_AS_HIGH * both else "scales, not"
    return sentence(SENTENCES[case], plain=Ratio(plain), hidden=Ratio(hidden), both=Ratio(both))


def _stretches(facts: Facts) -> tuple[float, float, float]:
    """Return how stretched the valley is: plain, BatchNorm hidden, BatchNorm on the input too."""
    networks = (
        facts.of("none", preprocessing="none"),
        facts.of("batch", normalized="hidden"),
        facts.of("batch", normalized="both"),
    )
    plain, hidden, both = (one.slice.stretch if one.slice else float("nan") for one in networks)
    return plain, hidden, both


def _table(facts: Facts) -> str:
    plain, hidden, both = _best(facts)
    shares = {"plain": plain, "hidden": hidden, "both": both, "majority": facts.networks[0].trained.majority}
    return sentence(SENTENCES["table"], **{name: Share(value) for name, value in shares.items()})


def _best(facts: Facts) -> tuple[float, float, float]:
    """Return each test accuracy, by the better of stored and population statistics: plain, hidden, on the input too."""
    networks = facts.of("none"), facts.of("batch", normalized="hidden"), facts.of("batch", normalized="both")
    plain, hidden, both = (max(one.trained.test_accuracy, one.trained.population_accuracy or 0.0) for one in networks)
    return plain, hidden, both


QUESTIONS = (
    Question(
        "digits",
        "Two networks learn equally well: are their landscapes alike?",
        DEFAULT,
        "landscapes",
        _digits,
        (
            Choice("About alike", lambda facts: not _higher(facts)),
            Choice("The plain one is much higher", lambda facts: _higher(facts)),
        ),
        (18, 37),
    ),
    Question(
        "unlike-scales",
        "What if x2 is 100 times x1: what rounds the valley?",
        UNLIKE_SCALES,
        "landscapes",
        _scales,
        (
            Choice("BatchNorm in the hidden layers", lambda facts: _stretches(facts)[1] < 2),
            Choice("BatchNorm on the input too", lambda facts: _stretches(facts)[1] >= 2 > _stretches(facts)[2]),
        ),
        (16, 66),
    ),
    Question(
        "real-table",
        "And a real table, raw, whose features differ a thousandfold?",
        REAL_TABLE,
        "landscapes",
        _table,
        (
            Choice("None of them learns", lambda facts: max(_best(facts)) < 0.7),
            Choice("All of them learn", lambda facts: min(_best(facts)) > 0.8),
            Choice("Only with BatchNorm", lambda facts: _best(facts)[0] < 0.7 < min(_best(facts)[1:])),
        ),
        (16, 66),
    ),
)


def _higher(facts: Facts) -> bool:
    plain, batch = facts.of("none").slice, facts.of("batch").slice
    return plain is not None and batch is not None and plain.top > TIMES_AS_HIGH * batch.top
