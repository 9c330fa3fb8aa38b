"""What the paper found beside what is measured here, and what that says of each explanation of why BatchNorm helps.

The paper is Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landscape.captions import ALIKE, listing, number
from landscape.captions_smoothness import NEAR, NORMS, Level, Measured, ratio_of
from models.normalization import Normalization


@dataclass(frozen=True)
class Finding:
    """A claim of the paper beside what is measured here."""

    claim: str
    paper: str
    here: str
    verdict: str


AGREES, PARTLY, NOT_HERE = "agrees", "agrees in direction", "not seen here"


def findings(networks: Sequence[Measured]) -> list[Finding]:
    """Return the paper's claims on which the networks that are there have a say.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Figs. 4, 5, 10, 12 and Sec. 2.1, 3.3, read off the figures.
    """
    by_kind = _by_kind(networks)
    plain, batch = by_kind.get(Normalization.NONE), by_kind.get(Normalization.BATCH)
    found = []
    if plain and batch:
        ranges, betas = ((plain.level(name), batch.level(name)) for name in ("loss_range", "max_beta"))
        found += [
            _level_finding(
                "BatchNorm narrows the band of the loss along the gradient",
                "The band without it is wide and spikes all through training; with it, it is narrow (Fig. 4a, 10).",
                ranges,
                (ALIKE, ALIKE),
            ),
            _change_finding(plain, batch),
            _level_finding(
                "BatchNorm removes the spikes of the effective beta",
                "5 to 45 without it, 15 to 25 with it, early in training (Fig. 4c).",
                betas,
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


def _level_finding(claim: str, paper: str, levels: tuple[Level, Level], alike: tuple[float, float]) -> Finding:
    """Compare a measure without and with BatchNorm; alike: the factors within which its median and its greatest are so."""
    plain, batch = levels
    full = plain.median > alike[0] * batch.median and plain.most > alike[1] * batch.most
    return Finding(claim, paper, f"{plain} without, {batch} with BatchNorm.", _verdict(full, plain.most > batch.most))


def _change_finding(plain: Measured, batch: Measured) -> Finding:
    ratio = ratio_of(plain.level("greatest_change").median, batch.level("greatest_change").median)
    early = ratio_of(plain.level("greatest_change", True).median, batch.level("greatest_change", True).median)
    return Finding(
        "BatchNorm makes gradients foretell themselves",
        "Their change is close to two orders of magnitude smaller early in training (Fig. 4b).",
        f"{number(early)} times smaller in the first fifth of training, {number(ratio)} times later (medians).",
        _verdict(early > 30, max(early, ratio) > NEAR),
    )


def _plateau_finding(plain: Measured, batch: Measured) -> Finding:
    levels = [one.level("max_beta").median for one in (plain, batch)]
    edge = batch.smoothness.edge_of_stability
    far = [
        f"{name} ({number(level)})"
        for name, level in zip(("without", "with"), levels, strict=True)
        if not edge / NEAR <= level <= NEAR * edge
    ]
    # The claim is of both: where one is far off, that one contradicts it.
    verdict = f"does not agree {far[0]}" if len(far) == 1 else NOT_HERE if far else AGREES
    return Finding(
        "The effective beta is near 2 / learning rate with and without BatchNorm",
        "Both settle near 20, which is 2 / 0.1 (Fig. 4c).",
        f"Medians {number(levels[0])} without and {number(levels[1])} with BatchNorm; 2 / learning rate is {number(edge)}.",
        verdict,
    )


def _norms_finding(batch: Measured, kin: Sequence[Measured]) -> Finding:
    own = batch.level("loss_range").median
    ratios = [ratio_of(one.level("loss_range").median, own) for one in kin]
    each = listing([f"{number(ratio)} ({one.label})" for ratio, one in zip(ratios, kin, strict=True)])
    return Finding(
        "Other norms smooth as well as BatchNorm",
        "l1, l2 and l-infinity smooth alike or better, with activations that are not Gaussian (Fig. 5, 12).",
        f"Median loss range over BatchNorm's: {each}.",
        _verdict(max(ratios) < NEAR, min(ratios) < NEAR),
    )


def _noise_finding(batch: Measured, noisy: Measured) -> Finding:
    clean, disturbed = (one.smoothness.run.train_accuracy for one in (batch, noisy))
    return Finding(
        "Unstable distributions do not hurt",
        "BatchNorm followed by noise trains about as well as BatchNorm (Sec. 2.1, Fig. 2).",
        f"Training accuracy {disturbed:.3f} with the noise, {clean:.3f} without it.",
        _verdict(disturbed > clean - 0.02, disturbed > clean - 0.1),
    )


def evidence(networks: Sequence[Measured]) -> dict[str, tuple[str, str]]:
    """Return what these networks say for and against each explanation of why BatchNorm helps, by the explanation."""
    by_kind = _by_kind(networks)
    plain, batch = by_kind.get(Normalization.NONE), by_kind.get(Normalization.BATCH)
    said = {"shift": ("", ""), "smooth": ("", ""), "rate": ("", ""), "decoupled": ("", "")}
    if plain and (weight := by_kind.get(Normalization.WEIGHT)):
        own, bare = weight.level("loss_range"), plain.level("loss_range")
        said["decoupled"] = ("", f"Here its loss range is {own}, that of the plain network {bare}.")
    if batch and (noisy := by_kind.get(Normalization.BATCH_NOISY)):
        clean, disturbed = (one.smoothness.run.train_accuracy for one in (batch, noisy))
        said["shift"] = ("", f"Here, with that noise: training accuracy {disturbed:.3f}, BatchNorm's is {clean:.3f}.")
    if plain and batch:
        ratio = ratio_of(plain.level("loss_range").median, batch.level("loss_range").median)
        smoother = f"Here the median loss range is {number(ratio)} times larger without BatchNorm."
        own = batch.smoothness.run
        others = [
            f"{one.label} ({one.smoothness.run.test_accuracy[-1]:.3f}, loss range {number(one.level('loss_range').median)})"
            for one in networks
            if one is not batch
            and one.smoothness.run.test_accuracy[-1] > own.test_accuracy[-1] - 0.02
            and one.level("loss_range").median > ALIKE * batch.level("loss_range").median
        ]
        rough = (
            f"Here rougher networks learn as well: {listing(others)}, beside BatchNorm ({own.test_accuracy[-1]:.3f}, "
            f"{number(batch.level('loss_range').median)})."
            if others
            else ""
        )
        said["smooth"] = (smoother if ratio > 1 else "", rough)
        learned = plain.smoothness.run.learned
        if own.learned and not learned:
            said["rate"] = ("Here, at this rate, only BatchNorm learns.", "")
        elif own.learned and ratio > NEAR:
            said["rate"] = ("", "Here both learn at the same rate, and BatchNorm is the smoother still.")
    return said
