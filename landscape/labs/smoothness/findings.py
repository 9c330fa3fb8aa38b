"""What the paper found beside what is measured here, and what that says of each explanation of why BatchNorm helps.

The paper is Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landscape.labs.compare.words import ALIKE, listing, number
from landscape.labs.smoothness.words import NEAR, NORMS, Measured, near_edge, ratio_of, unmeasured
from models.normalization import Normalization


@dataclass(frozen=True)
class Finding:
    """A claim of the paper beside what is measured here."""

    claim: str
    paper: str
    here: str
    verdict: str


AGREES, PARTLY, NOT_HERE, LATER = "agrees", "agrees in direction", "not seen here", "seen later only"
NOT_COMPARED = "not compared"


def findings(networks: Sequence[Measured]) -> list[Finding]:
    """Return the paper's claims on which the networks that are there have a say.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Figs. 4, 5, 10, 12 and Sec. 2.1, 3.3, read off the figures.
    """
    by_kind = _by_kind(networks)
    plain, batch = by_kind.get(Normalization.NONE), by_kind.get(Normalization.BATCH)
    found = []
    if plain and batch:
        found += [
            _level_finding(
                "BatchNorm narrows the band of the loss along the gradient",
                "The band without it is wide and spikes all through training; with it, it is narrow (Fig. 4a, 10).",
                "loss_range",
                (plain, batch),
                (ALIKE, ALIKE),
            ),
            _change_finding(plain, batch),
            _level_finding(
                "BatchNorm removes the spikes of the effective beta",
                "5 to 45 without it, 15 to 25 with it, early in training (Fig. 4c).",
                "max_beta",
                (plain, batch),
                (0, 1.5),
            ),
            _plateau_finding(plain, batch),
        ]
    if batch and (kin := [by_kind[norm] for norm in NORMS if norm in by_kind]):
        found.append(_norms_finding(batch, kin))
    if batch and (noisy := by_kind.get(Normalization.BATCH_NOISY)):
        found.append(_noise_finding(batch, noisy))
    return found


def _by_kind(networks: Sequence[Measured]) -> dict[Normalization, Measured]:
    """Return the first network of each normalization."""
    return {one.normalization: one for one in reversed(networks)}


def _verdict(full: bool, partly: bool) -> str:
    return AGREES if full else PARTLY if partly else NOT_HERE


def _incomparable(plain: Measured, batch: Measured, name: str) -> str:
    """Return why a measure without BatchNorm is not compared with that with it; nothing where it is."""
    # The ladder is made of multiples of the learning rate.
    unlike = "Their learning rates differ, and so do the steps along the gradient."
    return unmeasured((plain, batch), name) or (unlike if plain.learning_rate != batch.learning_rate else "")


def _level_finding(
    claim: str, paper: str, name: str, networks: tuple[Measured, Measured], alike: tuple[float, float]
) -> Finding:
    """Compare a measure without and with BatchNorm; alike: the factors within which its median and its greatest are so."""
    if why := _incomparable(*networks, name):
        return Finding(claim, paper, why, NOT_COMPARED)
    plain, batch = (one.level(name) for one in networks)
    full = plain.median > alike[0] * batch.median and plain.most > alike[1] * batch.most
    return Finding(claim, paper, f"{plain} without, {batch} with BatchNorm.", _verdict(full, plain.most > batch.most))


def _change_finding(plain: Measured, batch: Measured) -> Finding:
    claim = "BatchNorm makes gradients foretell themselves"
    paper = "Their change is close to two orders of magnitude smaller early in training (Fig. 4b)."
    if why := _incomparable(plain, batch, "greatest_change"):
        return Finding(claim, paper, why, NOT_COMPARED)
    (early, early_words), (late, late_words) = (_smaller(plain, batch, part) for part in (True, False))
    # The claim is of the beginning: what is smaller only later does not bear it out.
    verdict = LATER if early <= 1 and late > NEAR else _verdict(early > 30, early > 1 and max(early, late) > NEAR)
    return Finding(
        claim, paper, f"{early_words} in the first fifth of training, {late_words} later (medians).", verdict
    )


def _smaller(plain: Measured, batch: Measured, early: bool) -> tuple[float, str]:
    """Return how many times smaller the gradient's median change is with BatchNorm, and the same in words."""
    without, own = (one.level("greatest_change", early).median for one in (plain, batch))
    ratio = ratio_of(without, own)
    if ratio < 1:
        return ratio, f"{number(ratio_of(own, without))} times larger"
    return ratio, f"{number(ratio)} times smaller" if ratio > 1 else "as large"


def _plateau_finding(plain: Measured, batch: Measured) -> Finding:
    claim = "The effective beta is near 2 / learning rate with and without BatchNorm"
    paper = "Both settle near 20, which is 2 / 0.1 (Fig. 4c)."
    if why := unmeasured((plain, batch), "max_beta"):
        return Finding(claim, paper, why, NOT_COMPARED)
    levels = [one.level("max_beta") for one in (plain, batch)]
    far = [
        f"{word} ({number(level.median)})"
        for word, one, level in zip(("without", "with"), (plain, batch), levels, strict=True)
        if not near_edge(one, level)
    ]
    # The claim is of both: where one is far off, that one contradicts it.
    verdict = f"does not agree {far[0]}" if len(far) == 1 else NOT_HERE if far else AGREES
    without, own = (number(one.smoothness.edge_of_stability) for one in (plain, batch))
    edge = own if plain.learning_rate == batch.learning_rate else f"{without} without and {own} with it"
    bare, normalized = (number(level.median) for level in levels)
    here = f"Medians {bare} without and {normalized} with BatchNorm; 2 / learning rate is {edge}."
    return Finding(claim, paper, here, verdict)


def _norms_finding(batch: Measured, kin: Sequence[Measured]) -> Finding:
    claim = "Other norms smooth as well as BatchNorm"
    paper = "l1, l2 and l-infinity smooth alike or better, with activations that are not Gaussian (Fig. 5, 12)."
    if why := unmeasured((batch, *kin), "loss_range"):
        return Finding(claim, paper, why, NOT_COMPARED)
    own = batch.level("loss_range").median
    ratios = [ratio_of(one.level("loss_range").median, own) for one in kin]
    each = listing([f"{number(ratio)} ({one.label})" for ratio, one in zip(ratios, kin, strict=True)])
    verdict = _verdict(max(ratios) < NEAR, min(ratios) < NEAR)
    return Finding(claim, paper, f"Median loss range over BatchNorm's: {each}.", verdict)


def _noise_finding(batch: Measured, noisy: Measured) -> Finding:
    clean, disturbed = (one.smoothness.run.train_accuracy for one in (batch, noisy))
    return Finding(
        "Unstable distributions do not hurt",
        "BatchNorm followed by noise trains about as well as BatchNorm (Sec. 2.1, Fig. 2).",
        f"Training {_score(batch)} {disturbed:.3f} with the noise, {clean:.3f} without it.",
        _verdict(disturbed > clean - 0.02, disturbed > clean - 0.1),
    )


def _score(one: Measured) -> str:
    return one.smoothness.run.experiment.data.dataset.score


def evidence(networks: Sequence[Measured]) -> dict[str, tuple[str, str]]:
    """Return what these networks say for and against each explanation of why BatchNorm helps, by the explanation."""
    by_kind = _by_kind(networks)
    plain, batch = by_kind.get(Normalization.NONE), by_kind.get(Normalization.BATCH)
    said = {"shift": ("", ""), "smooth": ("", ""), "rate": ("", ""), "decoupled": ("", "")}
    if plain and (weight := by_kind.get(Normalization.WEIGHT)):
        own, bare = weight.level("loss_range"), plain.level("loss_range")
        if own and bare:
            said["decoupled"] = ("", f"Here its loss range is {own}, that of the plain network {bare}.")
    if batch and (noisy := by_kind.get(Normalization.BATCH_NOISY)):
        clean, disturbed = (one.smoothness.run.train_accuracy for one in (batch, noisy))
        said["shift"] = (
            "",
            f"Here, with that noise: training {_score(batch)} {disturbed:.3f}, BatchNorm's is {clean:.3f}.",
        )
    if plain and batch:
        bare, own = plain.level("loss_range"), batch.level("loss_range")
        ratio = ratio_of(bare.median, own.median) if not _incomparable(plain, batch, "loss_range") else 1.0
        smoother = f"Here the median loss range is {number(ratio)} times larger without BatchNorm."
        said["smooth"] = (smoother if ratio > 1 else "", _rougher(networks, batch))
        learned = plain.smoothness.run.learned
        if batch.smoothness.run.learned and plain.learning_rate == batch.learning_rate:
            if not learned:
                said["rate"] = ("Here, at this rate, only BatchNorm learns.", "")
            elif ratio > NEAR:
                said["rate"] = ("", "Here both learn at the same rate, and BatchNorm is the smoother still.")
    return said


def _rougher(networks: Sequence[Measured], batch: Measured) -> str:
    """Return which networks learn as well as BatchNorm's and are rougher; nothing where none is, or it did not learn."""
    own, run = batch.level("loss_range"), batch.smoothness.run
    if own is None or not run.learned:
        return ""
    others = [
        f"{one.label} ({one.smoothness.run.test_accuracy[-1]:.3f}, loss range {number(level.median)})"
        for one in networks
        if one is not batch
        and one.smoothness.run.learned
        and one.smoothness.run.test_accuracy[-1] > run.test_accuracy[-1] - 0.02
        and (level := one.level("loss_range"))
        and level.median > ALIKE * own.median
    ]
    if not others:
        return ""
    return (
        f"Here rougher networks learn as well: {listing(others)}, beside BatchNorm ({run.test_accuracy[-1]:.3f}, "
        f"{number(own.median)})."
    )
