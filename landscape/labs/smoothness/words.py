"""What the measures along the gradient say, in sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscape.dynamics.smoothness import Smoothness, StepLine
from landscape.experiment import Optimizer
from landscape.labs.compare.words import Outcome, listing, number, trained
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
    ended: whether a kurtosis that is missing will not come.
    """

    label: str
    smoothness: Smoothness
    finished: bool = True
    kurtosis: np.ndarray | None = None
    ended: bool = False

    @property
    def normalization(self) -> Normalization:
        return self.smoothness.run.experiment.network.normalization

    @property
    def learning_rate(self) -> float:
        return self.smoothness.run.experiment.training.learning_rate

    @property
    def late(self) -> np.ndarray:
        """Whether each step that was measured lies after the first fifth of the training, (M,)."""
        return self.smoothness.steps >= EARLY * self.smoothness.run.experiment.training.num_steps

    @property
    def ranges(self) -> bool:
        """Whether the ladder has two step sizes or more: along a single one the loss has no range."""
        sizes = self.smoothness.probe.step_sizes
        return bool(sizes[0] < sizes[-1])

    def level(self, name: str, early: bool = False) -> Level | None:
        """Return the median and the greatest of a measure after the first fifth of the training, or in it.

        None where no step was measured there, and for the loss range on a ladder of one step size.
        """
        chosen = ~self.late if early else self.late
        if not chosen.any() or (name == "loss_range" and not self.ranges):
            return None
        values = np.nan_to_num(getattr(self.smoothness.probe, name)[chosen], nan=np.inf, posinf=np.inf)
        return Level(float(np.median(values)), float(values.max()))

    def told(self, name: str) -> str:
        """Return the level of a measure in words, or why there is none."""
        level = self.level(name)
        if level is not None:
            return str(level)
        return "no later step" if not self.late.any() else "one step size"

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
        blank = "not computed" if one.ended else "…"
        rows.append(
            SmoothnessRow(
                network=one.label,
                test_accuracy=f"{run.test_accuracy[-1]:.3f}"
                if run.diverged_at is None
                else f"diverged at step {run.diverged_at}",
                loss_range=one.told("loss_range"),
                gradient_change=one.told("greatest_change"),
                effective_beta=one.told("max_beta"),
                edge=number(one.smoothness.edge_of_stability),
                outlier=number(one.outlier),
                kurtosis=blank if apart is None else number(apart),
            )
        )
    return rows


def smoothness_notice(networks: Sequence[Measured]) -> list[str]:
    """Return what to notice, a sentence or two each, from the results that are there."""
    said = trained([Outcome(one.label, one.smoothness.run) for one in networks])
    missing = dict.fromkeys(unmeasured(networks, name) for name in MEASURES)
    said += [sentence for sentence in missing if sentence]
    said += [*_smoother(networks, "loss_range"), *_smoother(networks, "greatest_change")]
    return [*said, *_beta(networks), *_outliers(networks), *_shapes(networks)]


def unmeasured(networks: Sequence[Measured], name: str) -> str:
    """Return why a measure of these networks, or of some, is not summed up; nothing where each is."""
    if name == "loss_range" and not all(one.ranges for one in networks):
        return "A range of the loss needs two step sizes, and the ladder has one."
    missing = [one for one in networks if not one.late.any()]
    # A training that is measured at two steps or more is measured at its last one, unless it diverges.
    cut = [one for one in missing if one.smoothness.run.diverged_at is not None and one.smoothness.ladder.probes > 1]
    whole = [one.label for one in missing if one not in cut]
    said = []
    if cut:
        each = listing([f"{one.label} (diverged at step {one.smoothness.run.diverged_at})" for one in cut])
        compared = f"nothing is compared with {'it' if len(cut) == 1 else 'them'}"
        said.append(f"After the first fifth of training nothing was measured of {each}, and {compared}.")
    if whole:
        said.append(f"Only step 0 was measured of {listing(whole)}: one step says nothing of later ones.")
    return " ".join(said)


def _smoother(networks: Sequence[Measured], name: str) -> list[str]:
    levels = {one.named: level for one in networks if (level := one.level(name))}
    if len(levels) < 2:
        return []
    each = listing([f"{level} for {label}" for label, level in levels.items()])
    rough, smooth = (pick(levels, key=lambda label: (levels[label].median, levels[label].most)) for pick in (max, min))
    ratio, most = (
        ratio_of(levels[rough].median, levels[smooth].median),
        ratio_of(levels[rough].most, levels[smooth].most),
    )
    if ratio < NEAR and most < NEAR:
        end = "That is alike: in a small or shallow network, or at a low learning rate, this is what to expect."
    elif ratio < NEAR:
        end = f"The medians are alike; what differs are the spikes, **{number(most)} times** as high."
    else:
        end = f"**{rough}** is **{number(ratio)} times** as rough as **{smooth}**; at its worst {number(most)} times."
    return [f"After the first fifth of training {MEASURES[name]} (median, in brackets the most) {each}. {end}"]


def ratio_of(large: float, small: float) -> float:
    """Return large / small, where either may be infinite or 0; 1 where both are."""
    if large == small:
        return 1.0
    return float(np.inf) if np.isinf(large) or small == 0 else large / small


def _beta(networks: Sequence[Measured]) -> list[str]:
    known = [(one, level) for one in networks if (level := one.level("max_beta"))]
    if not known:
        return []
    each = listing([f"{level} for {one.named}" for one, level in known])
    edges = {one.named: number(one.smoothness.edge_of_stability) for one, _ in known}
    if len(set(edges.values())) == 1:
        line, edge = "that line", edges[known[0][0].named]
    else:
        line, edge = "its own line", listing([f"{own} for {label}" for label, own in edges.items()])
    near = [one.named for one, level in known if near_edge(one, level)]
    other = "" if len(known) == len(networks) else "other "
    both = len({one.normalization is Normalization.NONE for one, _ in known}) == 2
    if len(near) == len(known):
        end = (
            f"It settles near {line}, within a factor of {NEAR:g}, for every {other}network here"
            f"{', normalized or not' if both else ''}, as in the paper's own figure "
            "(near 20 = 2 / 0.1, with BatchNorm and without): the size of the step sets this level, not the "
            "normalization. What may differ are the spikes above it."
        )
    elif near:
        end = f"It is near {line} for {listing(near)} only."
    else:
        end = f"It is not near {line} for any {other}network here, unlike in the paper's figure of the VGG network."
    plain = {one.smoothness.run.experiment.training.optimizer for one in networks} == {Optimizer.GRADIENT_DESCENT}
    whose = "" if plain else ", the edge of stability of plain gradient descent and not of this optimizer"
    return [f"The effective beta is {each}; 2 / learning rate is {edge}{whose}. {end}"]


def near_edge(one: Measured, level: Level) -> bool:
    """Return whether the median of an effective beta is near the 2 / learning rate of its own network."""
    edge = one.smoothness.edge_of_stability
    return edge / NEAR <= level.median <= NEAR * edge


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
    own, *levels = (one.level("loss_range") for one in (base, *further))
    if further:
        end = f"less Gaussian than with BatchNorm for {listing([one.label for one in further])}"
        if own and all(levels):
            smooth = all(level.median < NEAR * own.median for level in levels)
            end += f", and {'yet as smooth' if smooth else 'not as smooth'}"
    else:
        end = "no less Gaussian than with BatchNorm in this small network"
    return [
        "Other norms: what enters the activation functions has an excess kurtosis (0 for a Gaussian; the median size over "
        f"the layers) of {number(base.apart_from_gaussian)} with BatchNorm and {each}: {end}."
    ]


def line_caption(found: StepLine) -> str:
    """Return what the picture of a line shows, for its caption and for those who do not see it."""
    line, finite = found.line, np.isfinite(found.line.loss)
    lowest = min(line.start_loss, float(line.loss[finite].min(initial=np.inf)))
    # As they are read: what changes no digit is no change. A dip is told however small it is beside the climb.
    start, low, last = (number(value) for value in (line.start_loss, lowest, line.loss[-1]))
    parts = [f"falls to {low}"] if low != start else []
    if not finite.all():
        parts.append("overflows")
    elif last != low:
        below = ", still below its start" if line.loss[-1] < line.start_loss else ""
        parts.append(f"climbs to {last} at the longest step{below}")
    elif parts:
        parts[0] += " at the longest step"
    one_valley = int(start != low != last)
    turns = line.turns if finite.all() else 0
    waves = f" It turns {'once' if turns == 1 else f'{turns} times'}." if turns > one_valley else ""
    return (
        f"From step {found.step}: the loss {start} {', then '.join(parts) or 'stays'}.{waves} At the longest step the "
        f"gradient is {number(line.ratios[-1])} times as long as at the start, {np.degrees(line.angles[-1]):.0f}° off."
    )


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
