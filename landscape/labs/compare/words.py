"""What a comparison says, in sentences and a table, from its facts.

It is long, as there is a whole sentence for each case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

from landscape.experiment import PlaneKind, Statistics
from landscape.labs.compare.facts import Facts, Network
from landscape.labs.trainings import Ended, decay_of, told_of
from landscape.labs.words import Ratio, number, sentence
from models.normalization import Normalization

ALIKE = 3.0
"""Surfaces whose heights differ by less than this factor are called alike."""

SHALLOW = 4
"""Up to so many layers a landscape without normalization is hardly rougher than with it."""

LEAST = 1e-30
"""A height that others are divided by is at least this."""


class Case(StrEnum):
    """What there is to say of landscapes, a template each."""

    STRETCH = "stretch"
    ALONE = "alone"
    SAME = "same"
    ALIKE = "alike"
    ALIKE_SHALLOW = "alike and shallow"
    HIGHER = "higher"
    HIGHER_HERE = "higher here, and on the planes of the paths"
    HIGHER_OWN = "higher on its own plane"
    BEARS = "what follows, on the same slice"
    BEFORE = "before the first step"
    BEFORE_LESS = "before the first step, less"
    FROZEN = "frozen"
    RUNNING = "running"
    POPULATION = "population"
    BALLS = "balls"
    FOLLOWS = "follows"
    FOLLOWS_ALIKE = "follows alike"
    FOLLOWS_ONE = "follows, one"
    FOLLOWS_NONE = "follows, none"


SENTENCES = {
    Case.STRETCH: "Along the {y} the loss changes this many times as much as along the {x}: {each}. Near 1 the valley is "
    "round; far from it, it is stretched.",
    Case.ALONE: "On this plane its loss climbs to {top}; the median is {median}.",
    Case.SAME: "These networks are the same, and so are their surfaces.",
    Case.ALIKE: "The highest points of their surfaces differ by a factor of {factor} only: {each}.",
    Case.ALIKE_SHALLOW: "The highest points of their surfaces differ by a factor of {factor} only: {each}. In a shallow "
    "network that is what to expect: the difference grows with depth and learning rate.",
    Case.HIGHER: "On the slice drawn here the loss with **{high}** climbs to {top}, **{ratio}** as high as with **{low}** "
    "({least}).",
    Case.HIGHER_HERE: "On the slice drawn here the loss with **{high}** climbs to {top}, **{ratio}** as high as with **{low}** "
    "({least}); on slices along their own paths, below, it is {own_ratio} as high.",
    Case.BEARS: "A wide bowl bears longer steps: of {dropped} balls that roll down each landscape, {thrown} are thrown out.",
    Case.HIGHER_OWN: "Each on the plane of its own path, the loss with **{high}** climbs to {top}, **{ratio}** as high as "
    "with **{low}** ({least}); the medians are {median} and {least_median}.",
    Case.BEFORE: "The difference is there before the first step: around the initial weights the loss climbs to {top} and to "
    "{least}, {ratio} as high. It comes with the network; training lowers the middle: from {first} to {last} with **{high}**, "
    "and from {low_first} to {low_last} with **{low}**. Press play to see it.",
    Case.BEFORE_LESS: "Before the first step the loss climbs to {top} around the initial weights with **{high}**, and to "
    "{least} with **{low}**, {ratio} as high: what is drawn now came with training. Press play to see it.",
    Case.FROZEN: "By the statistics that **{name}** stored, frozen, the same slice climbs to {top}, {ratio} as high as by the "
    "batch's, by which training descends.",
    Case.RUNNING: "These surfaces use **running statistics**, frozen as training left them: away from the centre they no "
    "longer fit the network, and BatchNorm looks more rugged than what training descends. Batch statistics show that.",
    Case.BALLS: "From {places} places balls roll down each slice, by gradient descent at a rate of {rate}. Thrown out are "
    "{thrown}; at the bottom arrive {arrived}. A slice bears rates that the whole network, with all its dimensions, does not.",
    Case.FOLLOWS: "Trained again at {tried} learning rates, the network with **{wide}** learns at those from {wide_low} to "
    "{wide_high}, and that with **{narrow}** from {narrow_low} to {narrow_high}.",
    Case.FOLLOWS_ALIKE: "Trained again at {tried} learning rates, these networks learn at the same ones, from {wide_low} to "
    "{wide_high}.",
    Case.FOLLOWS_ONE: "Trained again at {tried} learning rates, the network with **{wide}** learns at those from {wide_low} "
    "to {wide_high}, and that with **{narrow}** at none of them.",
    Case.FOLLOWS_NONE: "Trained again at {tried} learning rates, none of these networks learns at any of them.",
    Case.POPULATION: "These surfaces use population statistics, computed anew on the training data at each point.",
}


def notice(facts: Facts) -> str:
    """Return one paragraph on what to notice."""
    trained = [one.trained for one in facts.networks]
    more = [*_statistics(facts), *_frozen(facts)]
    # Longer, it would push the landscapes out of a low window: the balls are told of below too.
    return " ".join([*told_of(trained), *_heights(facts), *(more or _bears(facts))])


def below(facts: Facts) -> str:
    """Return what is to be told below the landscapes: how they were before the first step, and what they leave out."""
    return " ".join([*before(facts), *decay_of([one.trained for one in facts.networks])])


def balls(facts: Facts) -> list[str]:
    """Return what became of the balls, once they have rolled in every landscape."""
    rolled = {one.name: one.rolled for one in facts.networks if one.rolled is not None}
    if not facts.whole or len(rolled) < len(facts.networks):
        return []
    first = next(iter(rolled.values()))
    thrown, arrived = ({name: getattr(one, part) for name, one in rolled.items()} for part in ("thrown", "arrived"))
    holes = {"places": first.dropped, "rate": first.rate}
    return [sentence(SENTENCES[Case.BALLS], thrown=thrown, arrived=arrived, **holes)]


def follows(facts: Facts) -> list[str]:
    """Return at which rates the networks learn: the one of the widest range beside the one of the narrowest."""
    swept = [one for one in facts.networks if one.rates is not None and one.rates.whole]
    if len(swept) < max(len(facts.networks), 1):
        return []
    reach = {one.name: one.rates.learns for one in swept if one.rates is not None}
    wide, narrow = (pick(reach, key=lambda name: len(reach[name])) for pick in (max, min))
    if not reach[wide]:
        case = Case.FOLLOWS_NONE
    elif not reach[narrow]:
        case = Case.FOLLOWS_ONE
    else:
        case = Case.FOLLOWS_ALIKE if reach[wide] == reach[narrow] else Case.FOLLOWS
    ends = {"wide": wide, "narrow": narrow}
    holes: dict[str, float | str] = {"tried": len(swept[0].rates.rates) if swept[0].rates else 0, **ends}
    for which, name in ends.items():
        holes |= {f"{which}_low": min(reach[name], default=0.0), f"{which}_high": max(reach[name], default=0.0)}
    return [sentence(SENTENCES[case], **holes)]


def parting_rate(facts: Facts) -> float | None:
    """Return the rate nearest to that of the page at which one network learns and another does not; None without one."""
    learns = [set(one.rates.learns) for one in facts.networks if one.rates is not None and one.rates.whole]
    if len(learns) < len(facts.networks) or not learns:
        return None
    own = facts.networks[0].trained.learning_rate
    everywhere = {rate for rate in learns[0] if all(rate in other for other in learns)}
    parting = {rate for one in learns for rate in one} - everywhere - {own}
    return min(parting, key=lambda rate: abs(log(rate / own)), default=None)


def _heights(facts: Facts) -> list[str]:
    case = _case(facts)
    compared = _pair(facts) or facts.compared
    if case is None:
        return []
    if case is Case.STRETCH:
        each = {one.name: one.slice.stretch for one in facts.networks if one.slice is not None}
        x, y = facts.axes
        return [sentence(SENTENCES[case], x=x, y=y, each=each)]
    tops = {one.name: one.slice.top for one in compared if one.slice is not None}
    medians = {one.name: one.slice.median for one in compared if one.slice is not None}
    high, low = max(tops, key=lambda name: tops[name]), min(tops, key=lambda name: tops[name])
    ratio = tops[high] / max(tops[low], LEAST)
    own = {one.name: one.own.top for one in compared if one.own is not None}
    own_ratio = own[high] / max(own[low], LEAST) if high in own and low in own else float("nan")
    if case is Case.HIGHER and high in own and low in own:
        case = Case.HIGHER_HERE
    return [
        sentence(
            SENTENCES[case],
            high=high,
            low=low,
            top=tops[high],
            least=tops[low],
            ratio=Ratio(ratio),
            own_ratio=Ratio(own_ratio),
            factor=ratio,
            median=medians[high],
            least_median=medians[low],
            each={name: tops[name] for name in (high, low)},
        )
    ]


def _bears(facts: Facts) -> list[str]:
    """Return how many balls each of two landscapes throws out, where it is the higher one that throws more of them."""
    if _case(facts) not in (Case.HIGHER, Case.HIGHER_HERE):
        return []
    pair = [(one.name, one.slice, one.rolled) for one in _pair(facts) or facts.compared]
    known = [(name, slice_.top, rolled) for name, slice_, rolled in pair if slice_ is not None and rolled is not None]
    if len(known) < len(pair):
        return []
    high, low = (pick(known, key=lambda one: one[1]) for pick in (max, min))
    if high[2].thrown <= low[2].thrown:
        return []
    thrown = {name: rolled.thrown for name, _, rolled in (high, low)}
    return [sentence(SENTENCES[Case.BEARS], dropped=high[2].dropped, thrown=thrown)]


def before(facts: Facts) -> list[str]:
    """Return whether the landscapes differed before the first step, where they differ on one plane at the end."""
    if _case(facts) not in (Case.HIGHER, Case.HIGHER_HERE):
        return []
    pair = [(one.name, one.slice, one.start) for one in _pair(facts) or facts.compared]
    known = [(name, end, start) for name, end, start in pair if end is not None and start is not None]
    if len(known) < len(pair):
        return []
    high, low = (pick(known, key=lambda one: one[1].top) for pick in (max, min))
    ratio = high[2].top / max(low[2].top, LEAST)
    return [
        sentence(
            SENTENCES[Case.BEFORE if ratio >= ALIKE else Case.BEFORE_LESS],
            high=high[0],
            low=low[0],
            top=high[2].top,
            least=low[2].top,
            ratio=Ratio(ratio),
            first=high[2].centre,
            last=high[1].centre,
            low_first=low[2].centre,
            low_last=low[1].centre,
        )
    ]


def _frozen(facts: Facts) -> list[str]:
    """Return how high the landscapes by frozen statistics are beside those by the batch's."""
    if facts.statistics is not Statistics.BATCH:
        return []
    return [
        sentence(
            SENTENCES[Case.FROZEN],
            name=one.name,
            top=one.frozen.top,
            least=one.slice.top,
            ratio=Ratio(one.frozen.top / max(one.slice.top, LEAST)),
        )
        for one in facts.networks
        if one.frozen is not None and one.slice is not None
    ]


def _pair(facts: Facts) -> tuple[Network, ...]:
    """Return the two networks that the page's question is about: without any normalization, and with BatchNorm or another.

    Empty where there are no such two: then the highest and the lowest are told.
    """
    plain = [one for one in facts.compared if one.experiment.get("normalization") == Normalization.NONE]
    others = [one for one in facts.compared if one.experiment.get("normalization") != Normalization.NONE]
    batch = [one for one in others if one.experiment.get("normalization") == Normalization.BATCH]
    return (plain[0], (batch or others)[0]) if plain and others else ()


def _case(facts: Facts) -> Case | None:
    """Return what there is to say of the heights, if anything."""
    compared = _pair(facts) or facts.compared
    if facts.plane is PlaneKind.INPUT_WEIGHTS:
        return Case.STRETCH if any(one.slice is not None for one in facts.networks) else None
    if len(facts.networks) == 1 and facts.whole and compared:
        return Case.ALONE
    if len(compared) < 2:
        return None
    if len({one.experiment for one in compared}) == 1:
        return Case.SAME
    tops = [one.slice.top for one in compared if one.slice is not None]
    if max(tops) / max(min(tops), LEAST) < ALIKE:
        # Said of what training descends, on one plane for all.
        fair = facts.statistics is Statistics.BATCH and facts.plane is PlaneKind.RANDOM
        shallow = fair and max(one.experiment.network.depth for one in compared) <= SHALLOW
        return Case.ALIKE_SHALLOW if shallow else Case.ALIKE
    return Case.HIGHER_OWN if facts.plane is PlaneKind.PCA else Case.HIGHER


def _statistics(facts: Facts) -> list[str]:
    cases = {Statistics.RUNNING: Case.RUNNING, Statistics.POPULATION: Case.POPULATION}
    return [SENTENCES[cases[facts.statistics]]] if facts.statistics in cases and facts.remembers else []


@dataclass(frozen=True)
class Row:
    """One network in the table, in words and numbers for people."""

    network: str
    training_loss: str
    training_accuracy: str
    test_accuracy: str
    population_accuracy: str
    learned: str
    sharpness: str
    stable_below: str
    explained_variance: str
    off_plane: str


def table(facts: Facts) -> list[Row]:
    """Return the table's rows: final training loss and test accuracy, sharpness beside 2 / learning rate, the path.

    The edge of stability 2 / learning rate is that of gradient descent: Cohen et al. 2021, arXiv 2103.00065.
    """
    return [_row(one) for one in facts.networks]


def _row(one: Network) -> Row:
    blank, trained = "not computed" if one.known else "…", one.trained
    no_path = "no path" if one.own is not None else blank
    return Row(
        network=one.name,
        training_loss=number(one.train_loss),
        training_accuracy=f"{trained.train_accuracy:.3f}",
        test_accuracy=f"{trained.test_accuracy:.3f}",
        population_accuracy=blank if trained.population_accuracy is None else f"{trained.population_accuracy:.3f}",
        learned=_learned(one),
        sharpness=blank if one.sharpness is None else number(one.sharpness),
        stable_below=number(one.edge) if one.its_edge else "no threshold",
        explained_variance=no_path if one.variance is None else f"{one.variance:.0%}",
        off_plane=no_path if one.off_plane is None else f"{one.off_plane:.0%}",
    )


def _learned(one: Network) -> str:
    trained = one.trained
    match trained.ended:
        case Ended.DIVERGED | Ended.OVERFLOWED:
            return f"no: diverged at step {trained.diverged_at}"
        case Ended.LEARNED:
            return "yes, but its stored averages lag" if trained.lags else "yes"
        case Ended.NOT_LEARNED:
            return f"no: the {trained.guess} alone gives {trained.majority:.2f}"
    return "yes, but its stored averages lag" if trained.lags else "only the training data"


def rows_of(facts: Facts) -> Sequence[dict[str, object]]:
    """Return the numbers to take along, a row for each network."""
    return [
        {
            "network": one.name,
            "steps": one.trained.steps,
            "diverged_at": one.trained.diverged_at,
            "learned": one.trained.learned,
            "train_loss": one.train_loss,
            "train_accuracy": one.trained.train_accuracy,
            "test_accuracy": one.trained.test_accuracy,
            "population_accuracy": one.trained.population_accuracy,
            "sharpness": one.sharpness,
            "edge_of_stability": one.edge,
            "highest_before_training": one.start and one.start.top,
            "highest_by_frozen_statistics": one.frozen and one.frozen.top,
            "centre": one.slice and one.slice.centre,
            "highest": one.slice and one.slice.top,
            "median": one.slice and one.slice.median,
            "stretch": one.slice and one.slice.stretch,
            "path_variance": one.variance,
            "path_off_plane": one.off_plane,
            "balls_thrown_out": one.rolled and one.rolled.thrown,
            "balls_arrived": one.rolled and one.rolled.arrived,
            "learns_at_rates": one.rates and " ".join(f"{rate:g}" for rate in one.rates.learns),
        }
        for one in facts.networks
    ]
