"""What may be asked of a comparison, with its settings and its answer.

It is long, as each question stands with its settings, choices and answer.
"""

from __future__ import annotations

from landscape.experiment import Comparison, Experiment, PlaneKind, Variant, View
from landscape.labs.compare.facts import Facts, Network
from landscape.labs.compare.request import BallsRequest, Beside, Request
from landscape.labs.compare.strength_words import TIMES_AS_HIGH, by_parts, most
from landscape.labs.compare.variations import VARIATIONS
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

DEEP = Request(
    Comparison(
        Experiment().replace(depth=24, num_steps=200, learning_rate=0.03),
        (
            Variant(normalization="none"),
            Variant(normalization="none", skip=True),
            Variant(normalization="batch"),
            Variant(normalization="batch", skip=True),
        ),
    ),
    View(resolution=21, num_examples=256),
)

HOW_MUCH = (
    Choice("A quarter does most of it", lambda facts: most(facts) == 0.25),
    Choice("Half of it does", lambda facts: most(facts) == 0.5),
    Choice("Nearly all of it is needed", lambda facts: (enough := most(facts)) is not None and enough > 0.5),
)

STRENGTH = Request(Comparison(Experiment().replace(width=32, num_steps=200)), beside=Beside(try_strengths=True))

BY_PARTS = Request(
    Comparison(
        Experiment().replace(width=32, num_steps=200),
        (
            Variant(normalization="none"),
            Variant(normalization="batch", strength=0.25),
            Variant(normalization="batch", strength=0.5),
            Variant(normalization="batch"),
        ),
    ),
    balls=BallsRequest(other_rates=True),
)

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
    "balls": "In the landscape without normalization {thrown} of {dropped} balls are thrown out at a rate of {rate}, in that of "
    "BatchNorm {others}: the wider bowl bears the longer step. A slice bears larger rates than the whole network.",
    "balls, alike": "Not in these settings: {thrown} of {dropped} balls are thrown out without normalization at a rate of "
    "{rate}, and {others} with BatchNorm.",
    "follows": "Of {tried} learning rates the network with BatchNorm learns at those up to {batch}, the plain one up to {plain}.",
    "follows, none": "Only BatchNorm does. Of {tried} learning rates the network with BatchNorm learns at those up to {batch}, "
    "the plain one at none.",
    "follows, not": "BatchNorm bears no larger one here: of {tried} learning rates the plain network learns at those up to "
    "{plain}, the one with BatchNorm up to {batch}.",
    "table": "BatchNorm reaches a test accuracy of {hidden} in the hidden layers, and {both} with the input normalized too "
    "(each by the better of its statistics); without normalization it is {plain}, and the majority class alone gives "
    "{majority}.",
    "deep": "The one with both, at {best}: BatchNorm alone reaches {batch}, the plain network {plain}. With skip connections alone "
    "it diverges: each of {depth} layers adds at least as much as it is given, where BatchNorm keeps what is added small.",
    "deep, higher": "The one with both has the higher landscape all the same, {both} against {batch} with BatchNorm alone: a low one is not all.",
    "deep, both": "The one with both, at {best}. The others reach {others}.",
    "deep, another": "Here it is not the one with both, which reaches {both}: {name} reaches {best}.",
    "deep, none": "None of them learns in these settings.",
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


def _thrown(facts: Facts) -> tuple[int, int] | None:
    """Return how many balls are thrown out, of the plain network's and of BatchNorm's."""
    networks = facts.of("none"), facts.of("batch")
    found = [one.rolled.thrown for one in networks if one is not None and one.rolled is not None]
    return (found[0], found[1]) if len(found) == len(networks) else None


def _balls(facts: Facts) -> str:
    found, plain = _thrown(facts), facts.of("none")
    if found is None or plain is None or plain.rolled is None:
        return ""
    case = "balls" if found[0] > found[1] else "balls, alike"
    dropped, rate = plain.rolled.dropped, plain.rolled.rate
    return sentence(SENTENCES[case], thrown=found[0], others=found[1], dropped=dropped, rate=rate)


def _greatest(facts: Facts) -> tuple[float, float, int] | None:
    """Return the greatest rate at which each learns, 0 for none: plain, BatchNorm; and how many rates were tried."""
    networks = facts.of("none"), facts.of("batch")
    rates = [one.rates for one in networks if one is not None and one.rates is not None and one.rates.whole]
    if len(rates) < len(networks):
        return None
    plain, batch = (max(one.learns, default=0.0) for one in rates)
    return plain, batch, len(rates[0].rates)


def _follows(facts: Facts) -> str:
    found = _greatest(facts)
    if found is None:
        return ""
    plain, batch, tried = found
    case = "follows, not" if batch <= plain else "follows" if plain else "follows, none"
    return sentence(SENTENCES[case], plain=plain, batch=batch, tried=tried)


def _deep(facts: Facts) -> dict[str, Network]:
    """Return the networks of the question by what they have; nothing while one is missing."""
    kinds = {
        "plain": facts.of("none", skip=False),
        "skip": facts.of("none", skip=True),
        "batch": facts.of("batch", skip=False),
        "both": facts.of("batch", skip=True),
    }
    found = {kind: one for kind, one in kinds.items() if one is not None}
    return found if len(found) == len(kinds) else {}


def _deepest(facts: Facts) -> str:
    """Return which of the networks learns best, by the name of its kind; nothing where none does."""
    learned = {kind: one.trained.test_accuracy for kind, one in _deep(facts).items() if one.trained.learned}
    return max(learned, key=lambda kind: learned[kind], default="")


def _higher_all_the_same(both: Network, batch: Network) -> list[str]:
    if both.slice is None or batch.slice is None or both.slice.top < TIMES_AS_HIGH * batch.slice.top:
        return []
    return [sentence(SENTENCES["deep, higher"], both=both.slice.top, batch=batch.slice.top)]


def _layers(facts: Facts) -> str:
    networks, best = _deep(facts), _deepest(facts)
    if not networks:
        return ""
    if not best:
        return SENTENCES["deep, none"]
    reached = {kind: Share(one.trained.test_accuracy) for kind, one in networks.items()}
    depth = networks["both"].experiment.network.depth
    if best != "both":
        name, both = networks[best].name, reached["both"]
        return sentence(SENTENCES["deep, another"], name=name, best=reached[best], both=both)
    if networks["skip"].trained.diverged_at is not None:
        plain, batch = reached["plain"], reached["batch"]
        said = sentence(SENTENCES["deep"], best=reached[best], batch=batch, plain=plain, depth=depth)
        return " ".join([said, *_higher_all_the_same(networks["both"], networks["batch"])])
    others = {one.name: reached[kind] for kind, one in networks.items() if kind != best}
    return sentence(SENTENCES["deep, both"], best=reached[best], others=others)


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
        "balls",
        "Drop balls on both landscapes: which keep them at a long step?",
        DEFAULT,
        "landscapes",
        _balls,
        (
            Choice("The deep funnel does", lambda facts: (found := _thrown(facts)) is not None and found[0] < found[1]),
            Choice("The wide bowl does", lambda facts: (found := _thrown(facts)) is not None and found[0] > found[1]),
            Choice("No difference", lambda facts: (found := _thrown(facts)) is not None and found[0] == found[1]),
        ),
        (71,),
    ),
    Question(
        "what-follows",
        "Which of these two networks trains at larger learning rates?",
        Request(balls=BallsRequest(other_rates=True)),
        "follows",
        _follows,
        (
            Choice("The plain one", lambda facts: (found := _greatest(facts)) is not None and found[0] > found[1]),
            Choice(
                "The one with BatchNorm", lambda facts: (found := _greatest(facts)) is not None and found[0] < found[1]
            ),
            Choice("Neither", lambda facts: (found := _greatest(facts)) is not None and found[0] == found[1]),
        ),
        (3, 68),
    ),
    *VARIATIONS,
    Question(
        "unlike-scales",
        "One input is 100 times as large as the other: does BatchNorm undo that?",
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
    Question(
        "skip-connections",
        "24 layers, with skip connections, BatchNorm, neither or both: which learns best?",
        DEEP,
        "landscapes",
        _layers,
        (
            Choice("The plain one", lambda facts: _deepest(facts) == "plain"),
            Choice("With skip connections alone", lambda facts: _deepest(facts) == "skip"),
            Choice("With BatchNorm alone", lambda facts: _deepest(facts) == "batch"),
            Choice("With both", lambda facts: _deepest(facts) == "both"),
        ),
        (69,),
    ),
    Question(
        "strength",
        "Turn BatchNorm up from none to all of it: when does the landscape come down?",
        STRENGTH,
        "somewhat",
        by_parts,
        HOW_MUCH,
        (72,),
    ),
    Question(
        "by-parts",
        "How much of BatchNorm does it take to lower the landscape?",
        BY_PARTS,
        "landscapes",
        by_parts,
        HOW_MUCH,
        (72,),
    ),
)

FRONT = {
    "unlike-scales": "Does it undo unlike scales?",
    "what-follows": "Why larger learning rates?",
    "strength": "How much of it is needed?",
}
"""The questions that stand in view, in a few words."""
