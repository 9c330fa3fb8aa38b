"""What is said about shifts, in whole sentences for each case and in tables; from facts.

It is long, as there is a whole sentence for each case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import isfinite

from landscape.labs.covariate_shift.facts import Abroad, Facts, Inside, Moving, OnCurve, There, of
from landscape.labs.trainings import told_of
from landscape.labs.words import Ratio, Share, number, sentence

NEAR = 0.05
"""Scores that differ by less than this are about the same."""

CLEARLY = 1.5
"""Jumps, and shifts, that are so many times as large are larger; those within are about alike."""

BACK = 0.03
"""Who comes so near to the score at home is back."""

HALF = 0.5
"""AdaBN mends a domain where it brings back so much of what was lost, or more."""

LOST = 3.0
"""An error so many times as large says that nothing is known there."""

LEARNS = 0.5
"""A network that comes less of the way from a guess to the best score has not learned anything to speak of."""


class Case(StrEnum):
    """What there is to say about shifts, a template each."""

    NOISE_AS_WELL = "noise, as well"
    NOISE_WORSE = "noise, less well"
    NOISE_FAILS = "noise, not at all"
    LESS_STEADY = "noise, less steady"
    AS_STEADY = "noise, as steady"
    STEADIER = "noise, steadier"
    STEADY_UNKNOWN = "noise, no jump to compare with"
    CONTROL_TRAINS = "noise alone, trains"
    CONTROL_FAILS = "noise alone, stopped"
    CONTROL_BOTH_FAIL = "noise alone, as bad as without"
    UNTRAINED = "domain, nothing to lose"
    HOLDS = "domain, holds"
    MENDED = "domain, mended"
    PARTLY = "domain, mended in part"
    NOT_MENDED = "domain, not mended"
    NOTHING_STORED = "domain, nothing stored"
    ALL_MENDED = "domains, all mended"
    SOME_MENDED = "domains, some mended"
    NONE_MENDED = "domains, none mended"
    LAYERS = "domain, layers"
    LINEAR_MORE = "linear, more"
    LINEAR_ALIKE = "linear, alike"
    LINEAR_LESS = "linear, less"
    RELU_MORE = "sidebar, more"
    RELU_ALIKE = "sidebar, alike"
    RELU_LESS = "sidebar, less"
    RELU_UNKNOWN = "sidebar, one is not measured"
    LOSSES = "losses"
    TWO_APART = "less of one shift, no less of the other"
    TWO_BOTH = "less of both"
    TWO_NEITHER = "less of neither"
    TWO_OTHER = "no less of the one, less of the other"
    TWO_UNTRAINED = "not both have learned"
    CURVE_LOST = "curve, all lost"
    CURVE_SOME = "curve, some lost"
    CURVE_HELD = "curve, held"
    CURVE_ADAPTED = "curve, AdaBN mends"
    CURVE_NOT_ADAPTED = "curve, AdaBN does not mend"


SENTENCES = {
    Case.NOISE_AS_WELL: "Noise after each BatchNorm moves every distribution at every step, and the network trains as "
    "well: test {score} {noisy}, with BatchNorm alone {batch}, without any {plain}.",
    Case.NOISE_WORSE: "With noise after each BatchNorm the network still trains, less well: test {score} {noisy}, "
    "with BatchNorm alone {batch}, without any {plain}.",
    Case.NOISE_FAILS: "With noise after each BatchNorm the network does not learn here: test {score} {noisy}, with "
    "BatchNorm alone {batch}, without any {plain}.",
    Case.LESS_STEADY: "Its distributions are less steady than those without any normalization: from one step to the "
    "next the mean of the median unit jumps by {noisy} of its deviations, without normalization by {plain}, and with "
    "BatchNorm alone by {batch}.",
    Case.AS_STEADY: "Its distributions are about as steady as those without any normalization: from one step to the "
    "next the mean of the median unit jumps by {noisy} of its deviations, without normalization by {plain}, and with "
    "BatchNorm alone by {batch}.",
    Case.STEADIER: "Its distributions are steadier than those without any normalization: from one step to the next "
    "the mean of the median unit jumps by {noisy} of its deviations, without normalization by {plain}, and with "
    "BatchNorm alone by {batch}.",
    Case.STEADY_UNKNOWN: "Without any normalization the network diverges before its means can jump; with the noise that of the "
    "median unit jumps by {noisy} of its deviations from one step to the next, and with BatchNorm alone by {batch}.",
    Case.CONTROL_TRAINS: "The same noise **without** BatchNorm does not stop this network: test {score} {alone}, "
    "without noise {plain}. In the paper it stopped a deeper one.",
    Case.CONTROL_FAILS: "The same noise **without** BatchNorm stops the network: test {score} {alone}, without noise "
    "{plain}; BatchNorm with that noise reaches {noisy}.",
    Case.CONTROL_BOTH_FAIL: "Without BatchNorm the network does not learn here, with that noise or without: test "
    "{score} {alone} and {plain}.",
    Case.UNTRAINED: "The network with **{name}** has not learned, and has nothing to lose in the domain *{domain}*: {before}, at "
    "home {source}.",
    Case.HOLDS: "The network with **{name}** does about as well in the domain *{domain}* as at home: {before}, at "
    "home {source}.",
    Case.MENDED: "In the domain *{domain}* the network with **{name}** falls from {source} to {before}; the "
    "statistics of that domain bring it back to {after}, with no label and no weight changed.",
    Case.PARTLY: "In the domain *{domain}* the network with **{name}** falls from {source} to {before}; the "
    "statistics of that domain bring it to {after}, with no label and no weight changed.",
    Case.NOT_MENDED: "In the domain *{domain}* the network with **{name}** falls from {source} to {before}, and the "
    "statistics of that domain do not mend it: {after}.",
    Case.NOTHING_STORED: "In the domain *{domain}* the network with **{name}** falls from {source} to {before}; it "
    "stores no statistics that could be replaced.",
    Case.ALL_MENDED: "AdaBN brings back at least half of what the network with **{name}** loses in each domain: "
    "{mended}.",
    Case.SOME_MENDED: "AdaBN brings back at least half of what the network with **{name}** loses where the domain is "
    "{mended}, and less where it is {others}.",
    Case.NONE_MENDED: "AdaBN brings back less than half of what the network with **{name}** loses in each domain: "
    "{others}.",
    Case.LAYERS: "What enters the last hidden layer diverges by {before} between the domains, and with AdaBN by "
    "{after}; what enters the first stays as it was, {first}.",
    Case.LINEAR_MORE: "In the deep linear network BatchNorm brings **more** of this shift: |G − G′| is {batch} of |G| "
    "in the median, and {plain} without it. In its worst layer the cosine is {worst} in the median, without BatchNorm "
    "{plain_worst}.",
    Case.LINEAR_ALIKE: "In the deep linear network the shift is about alike: |G − G′| is {batch} of |G| in the median "
    "with BatchNorm, and {plain} without it. In the worst layers the cosines are {worst} and {plain_worst} in the "
    "median.",
    Case.LINEAR_LESS: "In the deep linear network BatchNorm brings less of this shift: |G − G′| is {batch} of |G| in "
    "the median, and {plain} without it. In the worst layers the cosines are {worst} and {plain_worst} in the median.",
    Case.RELU_MORE: "In the network of the sidebar there is **more** of it at the output with **{name}**: |G − G′| is "
    "{batch} of |G|, and with **{other}** {plain}.",
    Case.RELU_ALIKE: "In the network of the sidebar there is about as much of it at the output with **{name}**: |G − "
    "G′| is {batch} of |G|, and with **{other}** {plain}.",
    Case.RELU_LESS: "In the network of the sidebar there is **less** of it at the output with **{name}**: |G − G′| is "
    "{batch} of |G|, and with **{other}** {plain}.",
    Case.RELU_UNKNOWN: "In the network of the sidebar this cannot be compared, as |G − G′| / |G| is no number with **{lost}**: it "
    "diverges before, or its gradient is 0.",
    Case.LOSSES: "Over the same steps the loss of the deep linear network goes from {first} to {last} with BatchNorm, "
    "and from {plain_first} to {plain_last} without it.",
    Case.TWO_APART: "Two things: with **{name}** there is less shift between layers ({inside} of |G| at the output, "
    "with **{other}** {plain_inside}), and in the domain *{domain}* it is no better off: {before}, with **{other}** "
    "{plain_before}.",
    Case.TWO_BOTH: "With **{name}** there is less shift between layers ({inside} of |G| at the output, with "
    "**{other}** {plain_inside}), and in the domain *{domain}* it does better: {before}, with **{other}** "
    "{plain_before}.",
    Case.TWO_NEITHER: "With **{name}** there is no less shift between layers ({inside} of |G| at the output, with "
    "**{other}** {plain_inside}), and in the domain *{domain}* it is no better off: {before}, with **{other}** "
    "{plain_before}.",
    Case.TWO_OTHER: "With **{name}** there is no less shift between layers ({inside} of |G| at the output, with "
    "**{other}** {plain_inside}), yet in the domain *{domain}* it does better: {before}, with **{other}** "
    "{plain_before}.",
    Case.TWO_UNTRAINED: "Both shifts can be compared of networks that have learned, and here one has not: with **{name}** the test "
    "{score} at home is {source}, with **{other}** {plain_source}.",
    Case.CURVE_LOST: "Beyond the part that was learnt no network knows the curve, whatever normalizes it: the error there "
    "is {times} as large.",
    Case.CURVE_SOME: "Beyond the part that was learnt the error is {times} as large.",
    Case.CURVE_HELD: "The networks hold the curve beyond the part that was learnt: the error there is {times} as large.",
    Case.CURVE_ADAPTED: "With the statistics of that part the error of **{name}** beyond it is {adapted}, in place of "
    "{outside}; in the part that was learnt it is {inside}.",
    Case.CURVE_NOT_ADAPTED: "AdaBN does not mend that: the error of **{name}** beyond is {adapted} with the "
    "statistics of that part, in place of {outside}; in the part that was learnt it is {inside}.",
}


@dataclass(frozen=True)
class Trio:
    """The networks of the experiment with noise; alone is the control, None where it is not compared."""

    plain: Inside
    batch: Inside
    noisy: Inside
    alone: Inside | None


def trio_of(facts: Facts) -> Trio | None:
    """Return the networks of the experiment with noise; None where one of them is not there."""
    plain, batch, noisy = (of(facts.inside, kind) for kind in ("none", "batch", "batch-noisy"))
    if plain is None or batch is None or noisy is None:
        return None
    return Trio(plain, batch, noisy, of(facts.inside, "noise"))


def score_of(one: Inside) -> float:
    """Return the test score of a network; of one that diverged that of a constant guess."""
    return one.trained.test_accuracy if one.trained.diverged_at is None else one.trained.majority


def learns(one: Inside) -> bool:
    """Return whether a network has learned something to speak of."""
    return score_of(one) >= one.trained.majority + LEARNS * (1 - one.trained.majority)


def noise_case(trio: Trio) -> Case:
    """Return how well the network trains with noise after BatchNorm."""
    noisy, batch = score_of(trio.noisy), score_of(trio.batch)
    if noisy >= batch - NEAR and trio.noisy.trained.learned:
        return Case.NOISE_AS_WELL
    return Case.NOISE_WORSE if learns(trio.noisy) else Case.NOISE_FAILS


def steady_case(trio: Trio) -> Case:
    """Return how steady its distributions are, beside those without any normalization."""
    if not isfinite(trio.plain.jump):
        return Case.STEADY_UNKNOWN
    return _by_ratio(trio.noisy.jump, trio.plain.jump, Case.LESS_STEADY, Case.AS_STEADY, Case.STEADIER)


def control_case(plain: Inside, alone: Inside) -> Case:
    """Return what the noise does without BatchNorm."""
    if learns(alone) and score_of(alone) >= score_of(plain) - 2 * NEAR:
        return Case.CONTROL_TRAINS
    return Case.CONTROL_FAILS if learns(plain) else Case.CONTROL_BOTH_FAIL


def _by_ratio(one: float, other: float, more: Case, alike: Case, less: Case) -> Case:
    return more if one > CLEARLY * other else less if other > CLEARLY * one else alike


def told_of_noise(trio: Trio, score: str) -> str:
    """Return how well the network trains with noise after BatchNorm, in words."""
    scores = {name: Share(score_of(getattr(trio, name))) for name in ("noisy", "batch", "plain")}
    return sentence(SENTENCES[noise_case(trio)], score=score, **scores)


def told_of_steadiness(trio: Trio) -> str:
    """Return how steady the distributions are, in words."""
    jumps = {name: getattr(trio, name).jump for name in ("noisy", "batch", "plain")}
    return sentence(SENTENCES[steady_case(trio)], **jumps)


def told_of_control(facts: Facts) -> str:
    """Return what the noise does without BatchNorm, in words; nothing where that is not compared."""
    plain, alone, noisy = (of(facts.inside, kind) for kind in ("none", "noise", "batch-noisy"))
    if plain is None or alone is None or noisy is None:
        return ""
    scores = {"alone": Share(score_of(alone)), "plain": Share(score_of(plain)), "noisy": Share(score_of(noisy))}
    return sentence(SENTENCES[control_case(plain, alone)], score=facts.score, **scores)


def noise_notice(facts: Facts) -> list[str]:
    """Return what to notice of the trainings with noise."""
    trio = trio_of(facts)
    if trio is None:
        return told_of([one.trained for one in facts.inside], draws=False)
    said = [told_of_noise(trio, facts.score), told_of_steadiness(trio), told_of_control(facts)]
    return [one for one in said if one]


def there_case(one: Abroad, there: There) -> Case:
    """Return what becomes of a network in a domain."""
    if not one.learned:
        return Case.UNTRAINED
    if one.source - there.before < NEAR:
        return Case.HOLDS
    if not one.stores:
        return Case.NOTHING_STORED
    if there.after >= one.source - BACK:
        return Case.MENDED
    return Case.PARTLY if mends(one, there) else Case.NOT_MENDED


def mends(one: Abroad, there: There) -> bool:
    """Return whether AdaBN brings back at least half of what is lost in a domain."""
    return one.stores and there.after - there.before >= HALF * (one.source - there.before) > 0


def told_of_there(one: Abroad, there: There) -> str:
    """Return what becomes of a network in a domain, in words."""
    scores = {"source": Share(one.source), "before": Share(there.before), "after": Share(there.after)}
    return sentence(SENTENCES[there_case(one, there)], name=one.name, domain=there.elsewhere.label, **scores)


def told_of_all(one: Abroad) -> str:
    """Return in which domains AdaBN mends what is lost; nothing where nothing is lost, or stored."""
    fallen = [there for there in one.there if one.source - there.before >= NEAR]
    if not fallen or not one.stores or not one.learned:
        return ""
    mended = [there.elsewhere.label for there in fallen if mends(one, there)]
    others = [there.elsewhere.label for there in fallen if not mends(one, there)]
    case = Case.SOME_MENDED if mended and others else Case.ALL_MENDED if mended else Case.NONE_MENDED
    return sentence(SENTENCES[case], name=one.name, mended=mended or "none", others=others or "none")


def domain_notice(facts: Facts) -> list[str]:
    """Return what to notice of another domain."""
    said = [told_of_there(one, there) for one in facts.abroad if (there := one.at(facts.elsewhere)) is not None]
    for one in facts.abroad:
        there = one.at(facts.elsewhere)
        if one.stores and there is not None and len(there.divergence_before) > 1:
            ends = {"before": there.divergence_before[-1], "after": there.divergence_after[-1]}
            said.append(sentence(SENTENCES[Case.LAYERS], first=there.divergence_before[0], **ends))
        said.append(told_of_all(one))
    return [one for one in said if one]


def linear_case(plain: Moving, batch: Moving) -> Case:
    """Return in which of the deep linear networks there is more shift."""
    return _by_ratio(batch.relative, plain.relative, Case.LINEAR_MORE, Case.LINEAR_ALIKE, Case.LINEAR_LESS)


def relu_case(plain: Moving, batch: Moving) -> Case:
    """Return in which of the networks of the sidebar there is more shift at the output."""
    if not (isfinite(plain.at_output) and isfinite(batch.at_output)):
        return Case.RELU_UNKNOWN
    return _by_ratio(batch.at_output, plain.at_output, Case.RELU_MORE, Case.RELU_ALIKE, Case.RELU_LESS)


def told_of_linear(facts: Facts) -> str:
    """Return how much shift there is in the deep linear networks, in words; nothing while they are not both there."""
    if len(facts.linear) < 2:
        return ""
    plain, batch = facts.linear
    numbers = {"batch": batch.relative, "plain": plain.relative, "worst": batch.worst, "plain_worst": plain.worst}
    return sentence(SENTENCES[linear_case(plain, batch)], **numbers)


def told_of_relu(facts: Facts) -> str:
    """Return how much shift there is in the networks of the sidebar, in words; nothing while there are not two."""
    if len(facts.moving) < 2:
        return ""
    plain, batch = facts.moving
    numbers = {"batch": batch.at_output, "plain": plain.at_output}
    lost = batch.name if isfinite(plain.at_output) else plain.name
    return sentence(SENTENCES[relu_case(plain, batch)], name=batch.name, other=plain.name, lost=lost, **numbers)


def below_notice(facts: Facts) -> list[str]:
    """Return what to notice of the gradients as the layers below move."""
    said = [told_of_linear(facts), told_of_relu(facts)]
    if len(facts.linear) == 2:
        plain, batch = facts.linear
        ends = {"first": batch.first, "last": batch.last, "plain_first": plain.first, "plain_last": plain.last}
        said.insert(1, sentence(SENTENCES[Case.LOSSES], **ends))
    return [one for one in said if one]


@dataclass(frozen=True)
class Two:
    """Two networks and both of their shifts: at the output between layers, and the score in another domain."""

    plain: Moving
    batch: Moving
    plain_abroad: Abroad
    abroad: Abroad
    plain_there: There
    there: There

    @property
    def less_inside(self) -> bool:
        """Whether the second has clearly less shift between its layers."""
        return relu_case(self.plain, self.batch) is Case.RELU_LESS

    @property
    def better_abroad(self) -> bool:
        """Whether the second loses less between the domains."""
        plain_lost, lost = self.plain_abroad.source - self.plain_there.before, self.abroad.source - self.there.before
        return lost < plain_lost - NEAR

    @property
    def case(self) -> Case:
        """Return of which shift the second has less, where both networks have learned."""
        if not (self.plain_abroad.learned and self.abroad.learned):
            return Case.TWO_UNTRAINED
        if self.less_inside:
            return Case.TWO_BOTH if self.better_abroad else Case.TWO_APART
        return Case.TWO_OTHER if self.better_abroad else Case.TWO_NEITHER


def two_of(facts: Facts) -> Two | None:
    """Return the two networks with both shifts; None while one is not there."""
    if len(facts.moving) != 2 or len(facts.abroad) != 2:
        return None
    first, second = (one.at(facts.elsewhere) for one in facts.abroad)
    if first is None or second is None:
        return None
    return Two(facts.moving[0], facts.moving[1], facts.abroad[0], facts.abroad[1], first, second)


def told_of_two(facts: Facts) -> str:
    """Return of which shift there is less, in words; nothing while something is not there."""
    two = two_of(facts)
    if two is None:
        return ""
    return sentence(
        SENTENCES[two.case],
        name=two.batch.name,
        other=two.plain.name,
        inside=two.batch.at_output,
        plain_inside=two.plain.at_output,
        domain=facts.elsewhere.label,
        before=Share(two.there.before),
        plain_before=Share(two.plain_there.before),
        score=facts.score,
        source=Share(two.abroad.source),
        plain_source=Share(two.plain_abroad.source),
    )


def two_notice(facts: Facts) -> list[str]:
    """Return what to notice of both shifts in one network."""
    two = two_of(facts)
    return [] if two is None else [told_of_two(facts), told_of_there(two.abroad, two.there)]


def curve_case(curves: Sequence[OnCurve]) -> Case:
    """Return what becomes of the curve beyond the part that was learnt."""
    lost = [one.times > LOST for one in curves]
    return Case.CURVE_LOST if all(lost) else Case.CURVE_SOME if any(lost) else Case.CURVE_HELD


def adapted_case(one: OnCurve) -> Case | None:
    """Return whether AdaBN mends what is lost beyond the part that was learnt; None where nothing is stored."""
    if one.adapted is None:
        return None
    return Case.CURVE_ADAPTED if one.adapted <= LOST * one.inside else Case.CURVE_NOT_ADAPTED


def curve_notice(facts: Facts) -> list[str]:
    """Return what to notice of a curve of which a part is learnt."""
    if not facts.curves:
        return []
    times = {one.name: Ratio(one.times) for one in facts.curves}
    said = [sentence(SENTENCES[curve_case(facts.curves)], times=times)]
    for one in facts.curves:
        case = adapted_case(one)
        if case is not None and one.adapted is not None:
            errors = {"inside": one.inside, "outside": one.outside, "adapted": one.adapted}
            said.append(sentence(SENTENCES[case], name=one.name, **errors))
    return said


@dataclass(frozen=True)
class InsideRow:
    """One network of the experiment with noise, in a table."""

    network: str
    test: str
    train: str
    jump: str
    wander: str


@dataclass(frozen=True)
class ThereRow:
    """One network in one domain, in a table."""

    network: str
    domain: str
    source: str
    before: str
    after: str
    told: str


def inside_rows(facts: Facts) -> list[InsideRow]:
    """Return the rows of the networks of the experiment with noise."""
    return [
        InsideRow(
            network=one.name,
            test=f"{one.trained.test_accuracy:.3f}" if one.trained.diverged_at is None else "diverged",
            train=f"{one.trained.train_accuracy:.3f}",
            jump=number(one.jump),
            wander=number(one.wander),
        )
        for one in facts.inside
    ]


def there_rows(facts: Facts) -> list[ThereRow]:
    """Return the rows of every network in every domain."""
    return [
        ThereRow(
            network=one.name,
            domain=there.elsewhere.label,
            source=f"{one.source:.3f}",
            before=f"{there.before:.3f}",
            after=f"{there.after:.3f}" if one.stores else "nothing to replace",
            told=f"{there.told_before:.0%}" + (f" → {there.told_after:.0%}" if one.stores else ""),
        )
        for one in facts.abroad
        for there in one.there
    ]


COLUMNS = ("part", "network", "where", "what", "value")


def numbers(facts: Facts) -> Sequence[Mapping[str, object]]:
    """Return the numbers to take along: one a row, with the part of the page, the network, and what it is."""
    found: list[tuple[str, str, str, str, float | None]] = []
    for one in facts.inside:
        each = {"test": one.trained.test_accuracy, "train": one.trained.train_accuracy, "jump": one.jump}
        found += [("noise", one.name, "", what, value) for what, value in each.items()]
    for abroad in facts.abroad:
        for there in abroad.there:
            each = {"at home": abroad.source, "before": there.before, "after": there.after}
            each |= {"told before": there.told_before, "told after": there.told_after}
            found += [("domains", abroad.name, there.elsewhere.label, what, value) for what, value in each.items()]
    for part, many in (("network of the sidebar", facts.moving), ("deep linear network", facts.linear)):
        for moving in many:
            each = {key: value for key, value in asdict(moving).items() if isinstance(value, float)}
            found += [("layers below", moving.name, part, what, value) for what, value in each.items()]
    for curve in facts.curves:
        of_curve = {"inside": curve.inside, "outside": curve.outside, "outside, AdaBN": curve.adapted}
        found += [("curve", curve.name, "", what, value) for what, value in of_curve.items()]
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]
