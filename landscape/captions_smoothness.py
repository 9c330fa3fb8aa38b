"""What the measures along the gradient say, in sentences and tables, beside what the paper found.

The paper is Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.captions import ALIKE, Outcome, listing, number, trained
from landscape.experiment import Optimizer
from landscape.smoothness import Smoothness, StepLine
from models.normalization import Normalization

EARLY = 0.2
"""The measures are summed up after this part of a training: before it they change with every step."""

NEAR = 2.0
"""Two measures within this factor of each other are called alike."""

MEASURES = {
    "loss_range": "the loss along the gradient varies by",
    "greatest_change": "the gradient changes by",
    "max_beta": "the effective beta is",
}

NORMS = (Normalization.BATCH_L1, Normalization.BATCH_L2, Normalization.BATCH_LINF)


@dataclass(frozen=True, eq=False)
class Measured:
    """What is known of one network; the later parts may still be missing.

    finished: whether its training was measured to its end. kurtosis: (L,) of what enters its activation functions.
    """

    label: str
    smoothness: Smoothness
    finished: bool = True
    kurtosis: np.ndarray | None = None

    @property
    def normalization(self) -> Normalization:
        return self.smoothness.run.experiment.network.normalization

    def level(self, name: str, early: bool = False) -> Level:
        """Return the median and the greatest of a measure after the first fifth of the training, or in it."""
        measured = self.smoothness
        late = measured.steps >= EARLY * measured.run.experiment.training.num_steps
        chosen = ~late if early or not late.any() else late
        values = np.nan_to_num(getattr(measured.probe, name)[chosen], nan=np.inf, posinf=np.inf)
        return Level(float(np.median(values)), float(values.max()))

    @property
    def named(self) -> str:
        """The label, with a word where the numbers are those of a training that was cut short."""
        return self.label if self.smoothness.run.diverged_at is None else f"{self.label} (until it diverged)"

    @property
    def outlier(self) -> float:
        """The longest gradient of the training over the median one."""
        norms = self.smoothness.run.gradient_norm
        finite = norms[np.isfinite(norms)]
        return float(finite.max() / np.median(finite)) if len(finite) == len(norms) else float(np.inf)

    @property
    def apart_from_gaussian(self) -> float | None:
        """The median over the layers of the size of the excess kurtosis."""
        return None if self.kurtosis is None else float(np.median(np.abs(self.kurtosis)))


@dataclass(frozen=True)
class Level:
    """The median and the greatest of a measure along a training."""

    median: float
    most: float

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.most)})"


@dataclass(frozen=True)
class SmoothnessRow:
    """One network in the table, in words and numbers for people; of measures the median and the greatest."""

    network: str
    test_accuracy: str
    loss_range: str
    gradient_change: str
    effective_beta: str
    edge: str
    outlier: str
    kurtosis: str


def smoothness_table(networks: Sequence[Measured]) -> list[SmoothnessRow]:
    """Return the table's rows: the measures along the gradient after the first fifth of the training, and the rest."""
    rows = []
    for one in networks:
        run, apart = one.smoothness.run, one.apart_from_gaussian
        rows.append(
            SmoothnessRow(
                network=one.label,
                test_accuracy=f"{run.test_accuracy[-1]:.3f}"
                if run.diverged_at is None
                else f"diverged at step {run.diverged_at}",
                loss_range=str(one.level("loss_range")),
                gradient_change=str(one.level("greatest_change")),
                effective_beta=str(one.level("max_beta")),
                edge=number(one.smoothness.edge_of_stability),
                outlier=number(one.outlier),
                kurtosis="…" if apart is None else number(apart),
            )
        )
    return rows


def smoothness_notice(networks: Sequence[Measured]) -> list[str]:
    """Return what to notice, a sentence or two each, from the results that are there."""
    said = trained([Outcome(one.label, one.smoothness.run) for one in networks])
    if len(networks) > 1:
        said += [*_smoother(networks, "loss_range"), *_smoother(networks, "greatest_change")]
    return [*said, *_beta(networks), *_outliers(networks), *_shapes(networks)]


def _smoother(networks: Sequence[Measured], name: str) -> list[str]:
    levels = {one.named: one.level(name) for one in networks}
    each = listing([f"{level} for {label}" for label, level in levels.items()])
    rough, smooth = (pick(levels, key=lambda label: (levels[label].median, levels[label].most)) for pick in (max, min))
    ratio, most = _ratio(levels[rough].median, levels[smooth].median), _ratio(levels[rough].most, levels[smooth].most)
    if ratio < NEAR and most < NEAR:
        end = "That is alike: in a small or shallow network, or at a low learning rate, this is what to expect."
    elif ratio < NEAR:
        end = f"The medians are alike; what differs are the spikes, **{number(most)} times** as high."
    else:
        end = f"**{rough}** is **{number(ratio)} times** as rough as **{smooth}**; at its worst {number(most)} times."
    return [f"After the first fifth of training {MEASURES[name]} (median, in brackets the most) {each}. {end}"]


def _ratio(large: float, small: float) -> float:
    return float(np.inf) if np.isinf(large) else large / max(small, 1e-30)


def _beta(networks: Sequence[Measured]) -> list[str]:
    levels = [(one.named, one.level("max_beta"), one.smoothness.edge_of_stability) for one in networks]
    each = listing([f"{level} for {label}" for label, level, _ in levels])
    edges = sorted({edge for *_, edge in levels})
    edge = listing([number(one) for one in edges])
    near = [label for label, level, own in levels if own / NEAR <= level.median <= NEAR * own]
    if len(near) == len(levels):
        end = (
            "It settles near that line for every network here, normalized or not, as in the paper's own figure "
            "(near 20 = 2 / 0.1, with BatchNorm and without): the size of the step sets this level, not the "
            "normalization. What may differ are the spikes above it."
        )
    elif near:
        end = f"It is near that line for {listing(near)} only."
    else:
        end = "It is not near that line for any network here, other than in the paper's figure of the VGG network."
    plain = {one.smoothness.run.experiment.training.optimizer for one in networks} == {Optimizer.GRADIENT_DESCENT}
    whose = "" if plain else ", the edge of stability of plain gradient descent and not of this optimizer"
    return [f"The effective beta is {each}; 2 / learning rate is {edge}{whose}. {end}"]


def lines_notice(lines: Sequence[tuple[str, StepLine]]) -> str:
    """Return what to notice in the losses along the gradient of one step, each with the name of its network."""
    steps = [found.step for _, found in lines]
    parts, wavy = [], []
    for label, found in lines:
        line, own = found.line, f" from step {found.step}" if len(set(steps)) > 1 else ""
        top = float(np.nan_to_num(line.loss, nan=np.inf).max())
        where = "never above its start" if top <= line.start_loss * 1.001 else f"up to {number(top)}"
        parts.append(f"{where} for {label}{own} (it starts at {number(line.start_loss)})")
        wavy += [label] if line.turns > 1 else []
    shape = (
        f"It is wavy for {listing(wavy)}." if wavy else "There are no waves here, but one valley or one slope for each."
    )
    return f"Along the gradient of step {max(steps)} the loss goes {listing(parts)}. {shape}"


def _outliers(networks: Sequence[Measured]) -> list[str]:
    each = listing([f"{number(one.outlier)} times ({one.label})" for one in networks])
    scale = networks[0].smoothness.run.experiment.network.init_scale
    drawn = "" if scale == 1 else f" All initial weights were made {scale:g} times as large."
    return [f"The longest gradient of the training is so many times the median one: {each}.{drawn}"]


def _shapes(networks: Sequence[Measured]) -> list[str]:
    kin = [one for one in networks if one.normalization in NORMS and one.kurtosis is not None]
    base = next(
        (one for one in networks if one.normalization == Normalization.BATCH and one.kurtosis is not None), None
    )
    if not kin or base is None:
        return []
    each = listing([f"{number(one.apart_from_gaussian)} ({one.label})" for one in kin])
    further = [one for one in kin if one.apart_from_gaussian > base.apart_from_gaussian]
    smooth = all(one.level("loss_range").median < NEAR * base.level("loss_range").median for one in further)
    end = (
        f"less Gaussian than with BatchNorm for {listing([one.label for one in further])}, and "
        f"{'yet as smooth' if smooth else 'not as smooth'}"
        if further
        else "no less Gaussian than with BatchNorm in this small network"
    )
    return [
        "Other norms: what enters the activation functions has an excess kurtosis (0 for a Gaussian; the median size over "
        f"the layers) of {number(base.apart_from_gaussian)} with BatchNorm and {each}: {end}."
    ]


def line_caption(found: StepLine) -> str:
    """Return what the picture of a line shows, for its caption and for those who do not see it."""
    line = found.line
    if not np.isfinite(line.loss).all():
        end = "then it overflows"
    elif line.loss[-1] <= line.start_loss:
        end = f"at the longest step it is still lower, {number(line.loss[-1])}"
    else:
        end = f"at the longest step it has climbed to {number(line.loss[-1])}"
    turns = "never turns" if not line.turns else "turns once" if line.turns == 1 else f"turns {line.turns} times"
    lowest = float(np.nanmin(line.loss)) if np.isfinite(line.loss).any() else line.start_loss
    return (
        f"From step {found.step}: the loss {number(line.start_loss)} falls to {number(lowest)} and {turns}; {end}. There "
        f"the gradient is {number(line.ratios[-1])} times as long as at the start, {np.degrees(line.angles[-1]):.0f}° off."
    )


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
    by_kind = {one.normalization: one for one in reversed(networks)}
    plain, batch = by_kind.get(Normalization.NONE), by_kind.get(Normalization.BATCH)
    found = []
    if plain and batch:
        found += [_range_finding(plain, batch), _change_finding(plain, batch), _spikes_finding(plain, batch)]
        found.append(_plateau_finding(plain, batch))
    if batch and (kin := [by_kind[norm] for norm in NORMS if norm in by_kind]):
        found.append(_norms_finding(batch, kin))
    if batch and (noisy := by_kind.get(Normalization.BATCH_NOISY)):
        found.append(_noise_finding(batch, noisy))
    return found


def _verdict(full: bool, partly: bool) -> str:
    return AGREES if full else PARTLY if partly else NOT_HERE


def _range_finding(plain: Measured, batch: Measured) -> Finding:
    a, b = plain.level("loss_range"), batch.level("loss_range")
    return Finding(
        "BatchNorm narrows the band of the loss along the gradient",
        "The band without it is wide and spikes all through training; with it, it is narrow (Fig. 4a, 10).",
        f"{a} without, {b} with BatchNorm.",
        _verdict(a.median > ALIKE * b.median and a.most > ALIKE * b.most, a.most > b.most),
    )


def _change_finding(plain: Measured, batch: Measured) -> Finding:
    ratio = _ratio(plain.level("greatest_change").median, batch.level("greatest_change").median)
    early = _ratio(plain.level("greatest_change", True).median, batch.level("greatest_change", True).median)
    return Finding(
        "BatchNorm makes gradients foretell themselves",
        "Their change is close to two orders of magnitude smaller early in training (Fig. 4b).",
        f"{number(early)} times smaller in the first fifth of training, {number(ratio)} times later (medians).",
        _verdict(early > 30, max(early, ratio) > NEAR),
    )


def _spikes_finding(plain: Measured, batch: Measured) -> Finding:
    a, b = plain.level("max_beta"), batch.level("max_beta")
    return Finding(
        "BatchNorm removes the spikes of the effective beta",
        "5 to 45 without it, 15 to 25 with it, early in training (Fig. 4c).",
        f"At most {number(a.most)} without, {number(b.most)} with BatchNorm.",
        _verdict(a.most > 1.5 * b.most, a.most > b.most),
    )


def _plateau_finding(plain: Measured, batch: Measured) -> Finding:
    levels = [one.level("max_beta").median for one in (plain, batch)]
    edge = batch.smoothness.edge_of_stability
    near = [edge / NEAR <= level <= NEAR * edge for level in levels]
    return Finding(
        "The effective beta is near 2 / learning rate with and without BatchNorm",
        "Both settle near 20, which is 2 / 0.1 (Fig. 4c).",
        f"Medians {number(levels[0])} without and {number(levels[1])} with BatchNorm; 2 / learning rate is {number(edge)}.",
        _verdict(all(near), any(near)),
    )


def _norms_finding(batch: Measured, kin: Sequence[Measured]) -> Finding:
    own = batch.level("loss_range").median
    ratios = [_ratio(one.level("loss_range").median, own) for one in kin]
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
    by_kind = {one.normalization: one for one in reversed(networks)}
    plain, batch = by_kind.get(Normalization.NONE), by_kind.get(Normalization.BATCH)
    said = {"shift": ("", ""), "smooth": ("", ""), "rate": ("", ""), "decoupled": ("", "")}
    if plain and (weight := by_kind.get(Normalization.WEIGHT)):
        own, bare = weight.level("loss_range"), plain.level("loss_range")
        said["decoupled"] = ("", f"Here its loss range is {own}, that of the plain network {bare}.")
    if batch and (noisy := by_kind.get(Normalization.BATCH_NOISY)):
        clean, disturbed = (one.smoothness.run.train_accuracy for one in (batch, noisy))
        said["shift"] = ("", f"Here, with that noise: training accuracy {disturbed:.3f}, BatchNorm's is {clean:.3f}.")
    if plain and batch:
        ratio = _ratio(plain.level("loss_range").median, batch.level("loss_range").median)
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


def numbers(networks: Sequence[Measured]) -> list[dict[str, object]]:
    """Return every number of the pictures along the training, a row for each network and step that was measured."""
    rows = []
    for one in networks:
        measured, probe = one.smoothness, one.smoothness.probe
        for row, step in enumerate(measured.steps.tolist()):
            rows.append(
                {
                    "network": one.label,
                    "step": step,
                    "loss": float(probe.start_loss[row]),
                    "gradient_norm": float(probe.gradient_norm[row]),
                    "least_loss": float(probe.loss_band[row, 0]),
                    "greatest_loss": float(probe.loss_band[row, 1]),
                    "least_change": float(probe.change_band[row, 0]),
                    "greatest_change": float(probe.change_band[row, 1]),
                    "effective_beta": float(probe.max_beta[row]),
                }
            )
    return rows
