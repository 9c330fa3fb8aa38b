"""Each explanation of why BatchNorm helps, with the evidence for and against it, from the literature and from here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from landscape.labs.explanations import EXPLANATIONS, Cause
from landscape.labs.smoothness.facts import NEAR, Facts, Measure, Network, ratio_of, unlike
from landscape.labs.smoothness.findings import MUCH
from landscape.labs.trainings import alike
from landscape.labs.words import Hole, Ratio, Share, sentence, unmarked
from models.normalization import Normalization


class Here(StrEnum):
    """What these networks say for or against an explanation, a template each."""

    NOISE = "noise"
    SMOOTHER = "smoother"
    ROUGHER_LEARN = "rougher networks learn as well"
    EDGE = "both near the edge"
    ONLY_NORMALIZED = "only normalized networks learn"
    BOTH_LEARN = "both learn"
    WEIGHT_SMOOTH = "weight normalization is smoother"
    WEIGHT_ROUGH = "weight normalization is no smoother"


HERE_SENTENCES = {
    Here.NOISE: "Here, with such noise: training {score} {noisy}, test {score} {noisy_test}; BatchNorm's are {clean} and "
    "{clean_test}. How stable the distributions are is not measured on this page.",
    Here.SMOOTHER: "Here the median loss range is {ratio} as large without BatchNorm.",
    Here.ROUGHER_LEARN: "Here rougher networks do as well on the test data: {each}, beside BatchNorm's {own}. Their loss "
    "range, in the median: {ranges}, beside BatchNorm's {own_range}.",
    Here.EDGE: "Here too the effective beta settles near 2 / learning rate with BatchNorm and without: {batch} and {plain}, "
    "beside {edge}.",
    Here.ONLY_NORMALIZED: "Here, at this rate, the network without normalization does not learn; what does: {names}.",
    Here.BOTH_LEARN: "Here both learn at the same rate, and with BatchNorm the loss is still the smoother.",
    Here.WEIGHT_SMOOTH: "Here the median loss range is {own} with weight normalization, and {plain} without any.",
    Here.WEIGHT_ROUGH: "Here it does not smooth the loss: the median loss range is {own}, and {plain} without any "
    "normalization.",
}


@dataclass(frozen=True)
class Explanation:
    """An explanation, what speaks for it, and what against it."""

    claim: str
    pro: str
    contra: str


@dataclass
class Evidence:
    """What is measured here for and against an explanation."""

    pro: str = ""
    contra: str = ""


def explanations(facts: Facts) -> list[Explanation]:
    """Return the explanations, each with what the literature and these networks say of it."""
    here = evidence(facts)
    return [
        Explanation(claim, f"{pro} {here[cause].pro}".strip(), f"{contra} {here[cause].contra}".strip())
        for cause, (claim, pro, contra) in EXPLANATIONS.items()
    ]


def evidence(facts: Facts) -> dict[Cause, Evidence]:
    """Return what these networks say for and against each explanation."""
    said = {cause: Evidence() for cause in Cause}
    plain = facts.pair[0] if facts.pair else facts.of(Normalization.NONE)
    batch = facts.pair[1] if facts.pair else facts.of(Normalization.BATCH)
    noisy, weight = facts.of(Normalization.BATCH_NOISY), facts.of(Normalization.WEIGHT)
    if batch and noisy:
        said[Cause.SHIFT].contra = _noise(batch, noisy)
    if plain and batch:
        said[Cause.SMOOTH].pro = _smoother(plain, batch)
        said[Cause.SMOOTH].contra = f"{_edge(plain, batch)} {_rougher(facts, batch)}".strip()
        said[Cause.RATE] = _rate(facts, plain, batch)
    if plain and weight:
        said[Cause.DECOUPLED] = _decoupled(plain, weight)
    return said


def _say(case: Here, **holes: Hole) -> str:
    return unmarked(sentence(HERE_SENTENCES[case], **holes))


def _noise(batch: Network, noisy: Network) -> str:
    shares = {
        "noisy": noisy.trained.train_accuracy,
        "noisy_test": noisy.trained.test_accuracy,
        "clean": batch.trained.train_accuracy,
        "clean_test": batch.trained.test_accuracy,
    }
    told = {name: Share(value) for name, value in shares.items()}
    return _say(Here.NOISE, score=batch.trained.score, **told)


def times_smoother(plain: Network, batch: Network) -> float | None:
    """Return how many times as large the median loss range is in the first network; None where they are not compared."""
    if plain.loss_range is None or batch.loss_range is None or unlike(plain, batch, Measure.LOSS_RANGE):
        return None
    return ratio_of(plain.loss_range.median, batch.loss_range.median)


def _smoother(plain: Network, batch: Network) -> str:
    ratio = times_smoother(plain, batch)
    return _say(Here.SMOOTHER, ratio=Ratio(ratio)) if ratio is not None and ratio > NEAR else ""


def _edge(plain: Network, batch: Network) -> str:
    fair = plain.its_edge and batch.its_edge and plain.edge == batch.edge
    if not (fair and plain.beta and batch.beta and plain.near_edge and batch.near_edge):
        return ""
    return _say(Here.EDGE, plain=plain.beta.median, batch=batch.beta.median, edge=batch.edge)


def rougher_but_as_good(facts: Facts, batch: Network) -> list[Network]:
    """Return the networks whose loss is rougher than BatchNorm's and which do as well or better on the test data.

    None where BatchNorm itself has not learned: as bad as each other is not as well.
    """
    if not batch.trained.learned:
        return []
    return [
        one
        for one in facts.networks
        if one.experiment != batch.experiment
        and one.trained.learned
        and (one.trained.test_accuracy > batch.trained.test_accuracy or alike(one.trained, batch.trained))
        and (times_smoother(one, batch) or 0) > MUCH
    ]


def _rougher(facts: Facts, batch: Network) -> str:
    others = rougher_but_as_good(facts, batch)
    ranges = {one.name: one.loss_range.median for one in others if one.loss_range}
    if not ranges or batch.loss_range is None:
        return ""
    return _say(
        Here.ROUGHER_LEARN,
        each={one.name: Share(one.trained.test_accuracy) for one in others},
        own=Share(batch.trained.test_accuracy),
        ranges=ranges,
        own_range=batch.loss_range.median,
    )


def _rate(facts: Facts, plain: Network, batch: Network) -> Evidence:
    rates = {one.trained.learning_rate for one in facts.networks}
    if not batch.trained.learned or len(rates) > 1:
        return Evidence()
    if not plain.trained.learned:
        names = [one.name for one in facts.networks if one.trained.learned]
        return Evidence(pro=_say(Here.ONLY_NORMALIZED, names=names))
    smoother = (times_smoother(plain, batch) or 0) > NEAR
    return Evidence(contra=_say(Here.BOTH_LEARN)) if smoother else Evidence()


def _decoupled(plain: Network, weight: Network) -> Evidence:
    ratio = times_smoother(plain, weight)
    if ratio is None or plain.loss_range is None or weight.loss_range is None:
        return Evidence()
    case = Here.WEIGHT_SMOOTH if ratio > NEAR else Here.WEIGHT_ROUGH
    told = _say(case, own=weight.loss_range.median, plain=plain.loss_range.median)
    return Evidence(pro=told) if case is Here.WEIGHT_SMOOTH else Evidence(contra=told)
