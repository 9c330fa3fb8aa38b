"""What is said of each normalization: what shares a statistic, what that costs, when one takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landscape.labs.anatomy.kinds import Kind, Over

OVER_SENTENCES = {
    Over.NOTHING: "Nothing is normalized: each cell stays as it is.",
    Over.BATCH: "Each unit (of an image, each channel) is normalized by its own values in all examples of the batch.",
    Over.PIECE: "Each unit is normalized by its own values in all examples of the batch, in another way than BatchNorm.",
    Over.NOISY: "Each unit is normalized by its own values in all examples of the batch, and then noise is drawn upon it.",
    Over.NOISE: "Nothing is normalized: noise is drawn upon each cell.",
    Over.RENORMALIZED: "Each unit is normalized by its own values in all examples of the batch, corrected towards stored numbers.",
    Over.DETACHED: "Each unit is normalized by its own values in all examples of the batch, which the gradient takes for constants.",
    Over.MIXED: "Several units are normalized together, over several examples of the batch.",
    Over.EXAMPLE: "Each example is normalized by all of its own values, whatever the batch.",
    Over.PART: "Each example is normalized by parts: a group of its units or channels at a time, whatever the batch.",
    Over.CHANNEL: "Each channel of each image is normalized by its own pixels, whatever the batch.",
    Over.STORED: "Each unit is normalized by numbers stored from the batches before, already in training.",
    Over.WEIGHTS: "The weights of each unit are divided by their own length; the activations are left as they come.",
    Over.CONSTANTS: "The weights of each unit are divided by their own length, and after the activation function come constants.",
    Over.WEIGHTS_AND_BATCH: "The weights of each unit are divided by their own length, then each unit is centred over the batch.",
}
"""What shares a statistic."""

COST_SENTENCES = {
    Over.NOTHING: "It costs nothing, and larger learning rates soon diverge.",
    Over.BATCH: "An example's output depends on the others of its batch: it takes batches of more than a few, and numbers stored "
    "for test that may not fit.",
    Over.PIECE: "As with BatchNorm an example's output depends on the others of its batch.",
    Over.NOISY: "Each step sees other distributions; an example's output depends on the others of its batch too.",
    Over.NOISE: "Each step sees other distributions, and nothing takes that back.",
    Over.RENORMALIZED: "Two limits more must be chosen, and how they grow while training goes on.",
    Over.DETACHED: "A step may grow what the next mean takes away again: a bias runs away, and the loss does not fall by it.",
    Over.MIXED: "An example's output depends on the others of its batch, and units on each other.",
    Over.EXAMPLE: "Its statistics are computed anew at test too; units keep their unlike scales within an example.",
    Over.PART: "The number of groups is one more choice; statistics are computed anew at test too.",
    Over.CHANNEL: "How strong a channel is in this image is lost; it takes several pixels a channel.",
    Over.STORED: "The gradient does not know of the numbers it divides by: weights grow, and training slows or fails.",
    Over.WEIGHTS: "It is cheap, a length for each unit; but the activations are standardized on a first batch at most.",
    Over.CONSTANTS: "It is cheap; but its constants hold only for standardized inputs and nearly orthogonal weights.",
    Over.WEIGHTS_AND_BATCH: "It is cheaper than BatchNorm; the mean still depends on the batch, and is stored for test.",
}
"""What it costs."""

TAKEN_SENTENCES = {
    Over.NOTHING: "It is taken for shallow networks, and to compare with.",
    Over.BATCH: "It is taken for networks of images, in batches of some sixteen or more.",
    Over.PIECE: "It is taken to find out what of BatchNorm it is that helps.",
    Over.NOISY: "It is taken to show that it is not steady distributions by which BatchNorm helps.",
    Over.NOISE: "It is taken as the control of noisy BatchNorm.",
    Over.RENORMALIZED: "It is taken where batches are small, or unlike those at test.",
    Over.DETACHED: "It is taken to show what fails.",
    Over.MIXED: "It is taken by nobody that we know of.",
    Over.EXAMPLE: "It is taken for sequences and transformers, and where batches are small or examples come one by one.",
    Over.PART: "It is taken for images where batches must be small, as in detection and segmentation.",
    Over.CHANNEL: "It is taken for the style of images, where contrast should not count.",
    Over.STORED: "It is taken to show what fails: the stored numbers must not replace those of the batch in training.",
    Over.WEIGHTS: "It is taken where batch statistics do not suit, as in recurrent networks and reinforcement learning.",
    Over.CONSTANTS: "It is taken where no statistic at all may be computed; seldom in practice.",
    Over.WEIGHTS_AND_BATCH: "It is taken where the noise of a batch should be mild.",
}
"""When one takes it."""


@dataclass(frozen=True)
class OverRow:
    """All normalizations that take their statistics over the same, in a table."""

    names: str
    over: str
    test: str
    cost: str
    taken: str


@dataclass(frozen=True)
class KindRow:
    """One normalization in the table of all."""

    name: str
    does: str


TEST_SENTENCES = {
    True: "Stored numbers stand where those of the batch stood.",
    False: "The same as in training.",
}


def over_rows(kinds: Sequence[Kind]) -> list[OverRow]:
    """Return a row for all normalizations that share alike."""
    found: dict[tuple[Over, bool], list[str]] = {}
    for one in kinds:
        found.setdefault((one.over, one.stored), []).append(one.name)
    return [
        OverRow(
            "; ".join(names), OVER_SENTENCES[over], TEST_SENTENCES[stored], COST_SENTENCES[over], TAKEN_SENTENCES[over]
        )
        for (over, stored), names in found.items()
    ]


def kind_rows(kinds: Sequence[Kind]) -> list[KindRow]:
    """Return what every normalization does, in its layer's own words."""
    return [KindRow(one.name, one.does) for one in kinds if one.over is not Over.NOTHING]
