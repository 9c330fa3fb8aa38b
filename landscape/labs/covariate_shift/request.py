"""What may be asked about shifts: networks, another domain, a deep linear network, and how much of a curve is learnt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from landscape.experiment import Comparison, Experiment, Variant
from landscape.internals.domains import Domain
from landscape.labs.codec import codec_of
from models.config import Kind
from models.fields import Misfit, choice, number, validate

BASE = Experiment().replace(depth=3, num_steps=200)
"""The default networks with fewer layers, where the shift at their output is the clearest; half of the steps are enough."""

DEEP_LINEAR = Experiment().replace(
    dataset="linear-map", num_examples=500, activation="linear", loss="squared", initialization="xavier",
    depth=24, width=10, batch_size=20000,
)  # fmt: skip
"""As Santurkar et al. 2018, arXiv 1805.11604, App. A.1: 25 layers, on all examples at once."""

CURVE = Experiment().replace(
    dataset="target-curve", activation="relu", loss="squared", depth=3, width=32, learning_rate=0.02
)
"""The network that learns a part of a curve."""

OF_CURVE = ("none", "batch", "layer")
"""The normalizations with which it does."""


class Elsewhere(StrEnum):
    """The other domains: how the same examples are seen there."""

    PALER = "paler"
    ONE_SIDE = "one-side"
    BLURRED = "blurred"
    MOVED = "moved"
    INVERTED = "inverted"
    NOISY = "noisy"

    @property
    def label(self) -> str:
        """The name that people read."""
        return LABELS[self]

    @property
    def short(self) -> str:
        """The name where there is little room."""
        return self.value.replace("-", " ")

    @property
    def domain(self) -> Domain:
        """What is done to the examples."""
        return DOMAINS[self]

    @property
    def of_pictures(self) -> bool:
        """Whether the examples must be pictures."""
        return self in (Elsewhere.ONE_SIDE, Elsewhere.BLURRED, Elsewhere.MOVED)


LABELS = {
    Elsewhere.PALER: "paler and brighter",
    Elsewhere.ONE_SIDE: "lit from one side",
    Elsewhere.BLURRED: "blurred",
    Elsewhere.MOVED: "moved by a pixel",
    Elsewhere.INVERTED: "light for dark",
    Elsewhere.NOISY: "noisy",
}
"""What the domains are called."""

DOMAINS = {
    Elsewhere.PALER: Domain(contrast=0.5, brightness=1.0),
    Elsewhere.ONE_SIDE: Domain(contrast=1.0, brightness=0.0, ramp=1.5),
    Elsewhere.BLURRED: Domain(contrast=1.0, brightness=0.0, blur=1),
    Elsewhere.MOVED: Domain(contrast=1.0, brightness=0.0, moved=1),
    Elsewhere.INVERTED: Domain(contrast=-1.0, brightness=1.0),
    Elsewhere.NOISY: Domain(contrast=1.0, brightness=0.0, noise=1.0),
}
"""What is done in each: the contrast of the last but one is such that digits become dark on light."""


@dataclass(frozen=True)
class CovariateShift:
    """All that a link to the page holds.

    looks: at how many steps of a training the distributions are looked at, and the gradients before and after the layers
    below have moved. elsewhere: the other domain that is drawn. linear_rate, linear_steps: of the deep linear network.
    learnt: the curve is learnt where x is below it. curve_steps: of that training.
    """

    comparison: Comparison = Comparison(
        BASE, tuple(Variant(normalization=one) for one in ("none", "batch", "batch-noisy", "noise"))
    )
    looks: int = number(
        20,
        4,
        100,
        "Steps looked at",
        "At how many steps the inside of a training is looked at.",
        stops=(4, 10, 20, 40, 100),
    )
    elsewhere: Elsewhere = choice(Elsewhere.BLURRED, "Other domain", "How the same examples are seen there.")
    linear_rate: float = number(
        1e-4, 1e-6, 0.01, "Learning rate of the deep linear network", "Above 0.001 it is thrown out.", logarithmic=True
    )
    linear_steps: int = number(
        300, 10, 2000, "Its steps", "Of gradient descent on all examples.", stops=(50, 100, 200, 300, 600, 1000, 2000)
    )
    learnt: float = number(1.0, -2.0, 2.5, "Learnt up to", "The curve is learnt where x is below this.")
    curve_steps: int = number(
        400, 10, 3200, "Steps on the curve", "Of each training.", stops=(100, 200, 400, 800, 1600, 3200)
    )

    def __post_init__(self) -> None:
        validate(self)
        if self.comparison.base.network.kind is Kind.RECURRENT:
            raise Misfit(
                "NetworkConfig.kind must be mlp or cnn here, not recurrent: a layer must act once for its units to have "
                "one distribution. Choose mlp.",
                kind=Kind.MLP,
            )

    @property
    def pair(self) -> tuple[Experiment, ...]:
        """The first two networks of the comparison: those that are seen in another domain, and whose shift is measured."""
        return self.comparison.experiments()[:2]

    @property
    def pair_labels(self) -> tuple[str, ...]:
        """The names of the pair."""
        return self.comparison.labels()[:2]

    def linear(self) -> tuple[Experiment, ...]:
        """Return the deep linear network, without normalization and with BatchNorm."""
        base = DEEP_LINEAR.replace(
            learning_rate=self.linear_rate, num_steps=self.linear_steps, seed=self.comparison.base.seed
        )
        return tuple(base.replace(normalization=one) for one in ("none", "batch"))

    def curves(self) -> tuple[Experiment, ...]:
        """Return the networks that learn a part of the curve."""
        base = CURVE.replace(num_steps=self.curve_steps, seed=self.comparison.base.seed)
        return tuple(base.replace(normalization=one) for one in OF_CURVE)

    def domains(self) -> tuple[Elsewhere, ...]:
        """Return the domains in which examples of this dataset can be seen."""
        pictures = self.comparison.base.data.dataset == "digits"
        return tuple(one for one in Elsewhere if pictures or not one.of_pictures)

    @property
    def chosen(self) -> Elsewhere:
        """The domain that is drawn: the one that is asked for, or the first where that is one of pictures alone."""
        return self.elsewhere if self.elsewhere in self.domains() else self.domains()[0]


CODEC = codec_of("covariate_shift", CovariateShift())
"""The codec of the page."""
