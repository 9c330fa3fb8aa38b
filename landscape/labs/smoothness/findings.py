"""What the paper found beside what is measured here.

The paper is Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from landscape.labs.smoothness.facts import (
    NEAR,
    NORMS,
    Facts,
    Level,
    Measure,
    Missing,
    Network,
    Unlike,
    ratio_of,
    unlike,
)
from landscape.labs.trainings import alike
from landscape.labs.words import Hole, Ratio, Share, sentence, unmarked
from models.normalization import Normalization

MUCH = 3.0
"""A band this many times as wide is clearly wider: a factor between trainings that differ by their seed alone is less."""

NOISE, HALF = 0.02, 0.1
"""Training accuracies within the first are as good; within the second the direction is right."""


class Verdict(StrEnum):
    """What is measured here says of a claim of the paper."""

    AGREES = "agrees"
    PARTLY = "agrees in direction"
    NOT_HERE = "not seen here"
    LATER = "seen later only"
    NOT_WITHOUT = "does not agree without it"
    NOT_WITH = "does not agree with it"
    TRAINS = "trains as well; stability not measured"
    TRAINING_ONLY = "only on the training data; stability not measured"
    NEARLY = "trains nearly as well; stability not measured"
    NOT_COMPARED = "not compared"


class Claim(StrEnum):
    """A claim of the paper."""

    RANGE = "BatchNorm narrows the band of the loss along the gradient"
    CHANGE = "BatchNorm makes gradients foretell themselves"
    SPIKES = "BatchNorm removes the spikes of the effective beta"
    LEVEL = "The effective beta is near 2 / learning rate with and without BatchNorm"
    NORMS = "Other norms smooth as well as BatchNorm"
    NOISE = "Unstable distributions do not hurt"


PAPER = {
    Claim.RANGE: "The band without it is wide and spikes all through training; with it, it is narrow (Fig. 4a, 10).",
    Claim.CHANGE: "Their change is close to two orders of magnitude smaller early in training (Fig. 4b).",
    Claim.SPIKES: "5 to 45 without it, 15 to 25 with it, early in training (Fig. 4c).",
    Claim.LEVEL: "Both settle near 20, which is 2 / 0.1 (Fig. 4c).",
    Claim.NORMS: "l1, l2 and l-infinity smooth alike or better, with activations that are not Gaussian (Fig. 5, 12).",
    Claim.NOISE: "BatchNorm followed by noise has less stable distributions than a network without BatchNorm, and trains "
    "about as well as BatchNorm (Sec. 2.1, Fig. 2).",
}


class Here(StrEnum):
    """What is measured here, a template each."""

    LEVELS = "levels"
    CHANGE_SMALLER = "smaller early and later"
    CHANGE_LARGER = "larger early and later"
    CHANGE_LATER = "larger early, smaller later"
    CHANGE_EARLY = "smaller early, larger later"
    BETA = "effective beta at one rate"
    BETA_EDGES = "effective beta at two rates"
    NORMS = "norms"
    NOISE = "noise"
    IDLE_BATCH = "BatchNorm has not learned"
    OPTIMIZER = "no edge"
    DIVERGED_EARLY = "diverged early"
    ONE_STEP = "one step"
    ONE_SIZE = "one size"
    DIVERGED = "diverged"
    RATES = "rates"
    SETTINGS = "settings"
    IDLE = "idle"


HERE_SENTENCES = {
    Here.LEVELS: "Median {plain} and at most {plain_most} without, {batch} and {batch_most} with BatchNorm.",
    Here.CHANGE_SMALLER: "With BatchNorm the median change is smaller: it is {early} as large without it in the first fifth "
    "of training, and {late} later.",
    Here.CHANGE_LARGER: "With BatchNorm the median change is no smaller: it is {early} as large as without it in the first "
    "fifth of training, and {late} later.",
    Here.CHANGE_LATER: "In the first fifth of training the median change is {early} as large with BatchNorm as without it; "
    "later it is {late} as large without it.",
    Here.CHANGE_EARLY: "In the first fifth of training the median change is {early} as large without BatchNorm as with it; "
    "later it is {late} as large with it.",
    Here.BETA: "Medians {plain} without and {batch} with BatchNorm; 2 / learning rate is {edge}.",
    Here.BETA_EDGES: "Medians {plain} without and {batch} with BatchNorm; 2 / learning rate is {plain_edge} without and "
    "{edge} with it.",
    Here.NORMS: "Median loss range, as a multiple of BatchNorm's: {each}.",
    Here.NOISE: "Training {score} {noisy} with the noise, {clean} without it; on the test data {noisy_test} and "
    "{clean_test}. How stable the distributions are is not measured here.",
    Here.IDLE_BATCH: "BatchNorm itself has not learned here.",
    Here.OPTIMIZER: "2 / learning rate is a threshold of plain gradient descent, and none of {optimizer}.",
    Here.DIVERGED_EARLY: "Diverged in the first fifth of training, so that nothing was measured later: {names}.",
    Here.ONE_STEP: "Only step 0 was measured, and one step says nothing of later ones: {names}.",
    Here.ONE_SIZE: "A range of the loss needs two step sizes, and the ladder has one.",
    Here.DIVERGED: "Diverged in training, so that its last steps are no measure: {names}.",
    Here.RATES: "Their learning rates differ, and so do the steps along the gradient.",
    Here.SETTINGS: "They differ in their data or batches too.",
    Here.IDLE: "The smoother one has not learned, and is smooth for that reason alone.",
}


@dataclass(frozen=True)
class Finding:
    """A claim of the paper beside what is measured here."""

    claim: Claim
    paper: str
    here: str
    verdict: Verdict


def findings(facts: Facts) -> list[Finding]:
    """Return the paper's claims on which the networks that are there have a say.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Figs. 4, 5, 10, 12 and Sec. 2.1, 3.3, read off the figures.
    """
    found = []
    if facts.pair:
        plain, batch = facts.pair
        found += [
            _level_finding(Claim.RANGE, Measure.LOSS_RANGE, plain, batch, MUCH, MUCH),
            _change_finding(plain, batch),
            _level_finding(Claim.SPIKES, Measure.BETA, plain, batch, 0, 1.5),
            _plateau_finding(plain, batch),
        ]
    own = facts.pair[1] if facts.pair else facts.of(Normalization.BATCH)
    kin = [one for norm in NORMS if (one := facts.of(norm))]
    if own and kin:
        found.append(_norms_finding(own, kin))
    if own and (noisy := facts.of(Normalization.BATCH_NOISY)):
        found.append(_noise_finding(own, noisy))
    return found


def _not_compared(claim: Claim, networks: Sequence[Network], measure: Measure) -> Finding | None:
    """Return the finding that two networks, or the first and each other, are not compared in a measure; None if they are."""
    lacking = {missing: [one.name for one in networks if one.lacks(measure) is missing] for missing in Missing}
    cases = {
        Missing.ONE_SIZE: Here.ONE_SIZE,
        Missing.DIVERGED: Here.DIVERGED_EARLY,
        Missing.ONE_STEP: Here.ONE_STEP,
    }
    for missing, case in cases.items():
        if lacking[missing]:
            return _finding(claim, case, Verdict.NOT_COMPARED, names=lacking[missing])
    first, *others = networks
    reasons = [why for one in others if (why := unlike(first, one, measure))]
    if not reasons:
        return None
    names = [one.name for one in networks if one.trained.diverged_at is not None] or [first.name]
    why_not = {
        Unlike.DIVERGED: Here.DIVERGED, Unlike.RATES: Here.RATES, Unlike.SETTINGS: Here.SETTINGS, Unlike.IDLE: Here.IDLE,
    }  # fmt: skip
    return _finding(claim, why_not[reasons[0]], Verdict.NOT_COMPARED, names=names)


def _finding(claim: Claim, here: Here, verdict: Verdict, **holes: Hole) -> Finding:
    said = sentence(HERE_SENTENCES[here], **holes)
    return Finding(claim, PAPER[claim], unmarked(said), verdict)


def _verdict(full: bool, partly: bool) -> Verdict:
    return Verdict.AGREES if full else Verdict.PARTLY if partly else Verdict.NOT_HERE


def _levels(plain: Network, batch: Network, measure: Measure) -> tuple[Level, Level]:
    """Return the levels of two networks that are compared."""
    own, other = plain.level(measure), batch.level(measure)
    assert own is not None
    assert other is not None
    return own, other


def _level_finding(
    claim: Claim, measure: Measure, plain: Network, batch: Network, median: float, most: float
) -> Finding:
    """Compare a measure without and with BatchNorm; median, most: the factors by which it agrees when over both."""
    if told := _not_compared(claim, (plain, batch), measure):
        return told
    bare, own = _levels(plain, batch, measure)
    full = bare.median > median * own.median and bare.most > most * own.most
    holes = {"plain": bare.median, "plain_most": bare.most, "batch": own.median, "batch_most": own.most}
    partly = bare.most > own.most and (not median or bare.median > own.median)
    return _finding(claim, Here.LEVELS, _verdict(full, partly), **holes)


def _change_finding(plain: Network, batch: Network) -> Finding:
    if told := _not_compared(Claim.CHANGE, (plain, batch), Measure.CHANGE):
        return told
    bare, own = _levels(plain, batch, Measure.CHANGE)
    # Step 0 is measured always, and lies in the first fifth.
    early_bare, early_own = plain.early_change, batch.early_change
    early = ratio_of(early_bare.median, early_own.median) if early_bare and early_own else 1.0
    late = ratio_of(bare.median, own.median)
    # The claim is of the beginning: what is smaller only later does not bear it out.
    verdict = (
        Verdict.LATER if early <= 1 and late > NEAR else _verdict(early > 30, early > 1 and max(early, late) > NEAR)
    )
    smaller = early > 1, late > 1
    case = {
        (True, True): Here.CHANGE_SMALLER,
        (True, False): Here.CHANGE_EARLY,
        (False, True): Here.CHANGE_LATER,
        (False, False): Here.CHANGE_LARGER,
    }[smaller]
    told_early, told_late = (value if value > 1 else 1 / value if value else float("inf") for value in (early, late))
    return _finding(Claim.CHANGE, case, verdict, early=Ratio(told_early), late=Ratio(told_late))


def _plateau_finding(plain: Network, batch: Network) -> Finding:
    claim = Claim.LEVEL
    for one in (plain, batch):
        if not one.its_edge:
            optimizer = one.experiment.training.optimizer.label
            return _finding(claim, Here.OPTIMIZER, Verdict.NOT_COMPARED, optimizer=optimizer)
    if plain.beta is None or batch.beta is None:
        told = _not_compared(claim, (plain, batch), Measure.BETA)
        assert told is not None
        return told
    # The claim is of both: where one is far off, that one contradicts it.
    verdict = {
        (True, True): Verdict.AGREES,
        (False, True): Verdict.NOT_WITHOUT,
        (True, False): Verdict.NOT_WITH,
        (False, False): Verdict.NOT_HERE,
    }[plain.near_edge, batch.near_edge]
    case = Here.BETA if plain.edge == batch.edge else Here.BETA_EDGES
    holes = {"plain": plain.beta.median, "batch": batch.beta.median, "plain_edge": plain.edge, "edge": batch.edge}
    return _finding(claim, case, verdict, **holes)


def _norms_finding(batch: Network, kin: Sequence[Network]) -> Finding:
    if told := _not_compared(Claim.NORMS, (batch, *kin), Measure.LOSS_RANGE):
        return told
    ratios = {}
    for one in kin:
        own, other = _levels(batch, one, Measure.LOSS_RANGE)
        ratios[one.name] = ratio_of(other.median, own.median)
    verdict = _verdict(max(ratios.values()) < NEAR, min(ratios.values()) < NEAR)
    return _finding(Claim.NORMS, Here.NORMS, verdict, each=ratios)


def _noise_finding(batch: Network, noisy: Network) -> Finding:
    clean, disturbed = batch.trained, noisy.trained
    if batch.experiment.training.learning_rate != noisy.experiment.training.learning_rate:
        return _finding(Claim.NOISE, Here.RATES, Verdict.NOT_COMPARED)
    if not clean.learned:
        return _finding(Claim.NOISE, Here.IDLE_BATCH, Verdict.NOT_COMPARED)
    lost = clean.train_accuracy - disturbed.train_accuracy
    lost_test = clean.test_accuracy - disturbed.test_accuracy
    if not lost < HALF:
        verdict = Verdict.NOT_HERE
    elif lost_test > 0 and not alike(clean, disturbed):
        verdict = Verdict.TRAINING_ONLY
    else:
        verdict = Verdict.TRAINS if lost < NOISE else Verdict.NEARLY
    return _finding(
        Claim.NOISE,
        Here.NOISE,
        verdict,
        score=clean.score,
        noisy=Share(disturbed.train_accuracy),
        clean=Share(clean.train_accuracy),
        noisy_test=Share(disturbed.test_accuracy),
        clean_test=Share(clean.test_accuracy),
    )
