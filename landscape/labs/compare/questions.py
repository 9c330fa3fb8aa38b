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

ROUND = 3.0
"""A valley along which the loss changes less than so many times as much one way as the other is called round."""

SENTENCES = {
    "digits": "Both learn, with test accuracies of {each}, and stand in unlike landscapes: on this plane the loss climbs to "
    "{top} without normalization, {ratio} as high as with BatchNorm.",
    "digits, not both": "These settings do not answer it, as not both networks learn: their test accuracies are {each}.",
    "digits, alike": "Not in these settings: on this plane the landscapes are about as high, {top} without normalization "
    "and {least} with BatchNorm.",
    "scales": "Normalizing the input does. Along one weight the loss changes {plain} as much as along the other without "
    "normalization, {hidden} with BatchNorm in the hidden layers alone, and {both} with BatchNorm on the input too.",
    "scales, not": "Not in these settings: along one weight the loss changes {plain} as much as along the other without "
    "normalization, {hidden} with BatchNorm in the hidden layers alone, and {both} with BatchNorm on the input too.",
    "table": "BatchNorm reaches a test accuracy of {hidden} in the hidden layers, and {both} with the input normalized too "
    "(each by the better of its statistics); without normalization it is {plain}, and the majority class alone gives "
    "{majority}.",
}


def _digits(facts: Facts) -> str:
    plain, batch = facts.of("none"), facts.of("batch")
    if plain is None or batch is None:
        return ""
    each = {one.name: Share(one.trained.test_accuracy) for one in (plain, batch)}
    if not (plain.compares and batch.compares and plain.slice and batch.slice):
        return sentence(SENTENCES["digits, not both"], each=each)
    top, least = plain.slice.top, batch.slice.top
    case = "digits" if top > TIMES_AS_HIGH * least else "digits, alike"
    return sentence(SENTENCES[case], each=each, top=top, least=least, ratio=Ratio(top / least))


def _higher(facts: Facts) -> bool:
    plain, batch = facts.of("none"), facts.of("batch")
    if plain is None or batch is None or plain.slice is None or batch.slice is None:
        return False
    return plain.slice.top > TIMES_AS_HIGH * batch.slice.top


def _stretches(facts: Facts) -> tuple[float, float, float] | None:
    """Return how stretched the valley is: plain, BatchNorm hidden, BatchNorm on the input too."""
    networks = (
        facts.of("none", preprocessing="none"),
        facts.of("batch", normalized="hidden"),
        facts.of("batch", normalized="both"),
    )
    found = [one.slice.stretch for one in networks if one is not None and one.slice is not None]
    return (found[0], found[1], found[2]) if len(found) == len(networks) else None


def _scales(facts: Facts) -> str:
    found = _stretches(facts)
    if found is None:
        return ""
    plain, hidden, both = found
    case = "scales" if both < ROUND <= min(plain, hidden) else "scales, not"
    return sentence(SENTENCES[case], plain=Ratio(plain), hidden=Ratio(hidden), both=Ratio(both))


def _rounds(facts: Facts, hidden: bool, both: bool) -> bool:
    """Return whether just these round the valley: BatchNorm in the hidden layers, BatchNorm on the input too."""
    found = _stretches(facts)
    return found is not None and (found[1] < ROUND, found[2] < ROUND) == (hidden, both)


def _best(facts: Facts) -> tuple[float, float, float] | None:
    """Return each test accuracy, by the better of stored and population statistics: plain, hidden, on the input too."""
    networks = facts.of("none"), facts.of("batch", normalized="hidden"), facts.of("batch", normalized="both")
    found = [
        max(one.trained.test_accuracy, one.trained.population_accuracy or 0.0) for one in networks if one is not None
    ]
    return (found[0], found[1], found[2]) if len(found) == len(networks) else None


def _table(facts: Facts) -> str:
    found = _best(facts)
    if found is None:
        return ""
    plain, hidden, both = map(Share, found)
    majority = Share(facts.networks[0].trained.majority)
    return sentence(SENTENCES["table"], plain=plain, hidden=hidden, both=both, majority=majority)


def _learn(facts: Facts, plain: bool, batch: bool) -> bool:
    """Return whether just these learn: the plain network, those with BatchNorm."""
    networks = facts.of("none"), facts.of("batch", normalized="hidden"), facts.of("batch", normalized="both")
    learned = [one.trained.learned for one in networks if one is not None]
    return len(learned) == len(networks) and learned == [plain, batch, batch]


QUESTIONS = (
    Question(
        "digits",
        "Two networks learn equally well: are their landscapes alike?",
        DEFAULT,
        "landscapes",
        _digits,
        (
            Choice("About alike", lambda facts: not _higher(facts)),
            Choice("The plain one is much higher", _higher),
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
            Choice("BatchNorm in the hidden layers does", lambda facts: _rounds(facts, hidden=True, both=True)),
            Choice("Only normalizing the input does", lambda facts: _rounds(facts, hidden=False, both=True)),
            Choice("Neither does", lambda facts: _rounds(facts, hidden=False, both=False)),
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
            Choice("None of them learns", lambda facts: _learn(facts, plain=False, batch=False)),
            Choice("All of them learn", lambda facts: _learn(facts, plain=True, batch=True)),
            Choice("Only those with BatchNorm learn", lambda facts: _learn(facts, plain=False, batch=True)),
        ),
        (16, 66),
    ),
)
