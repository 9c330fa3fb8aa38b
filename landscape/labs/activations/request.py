"""What may be asked about the inside of networks: a comparison, a layer, deep networks at the start, constants for statistics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from landscape.experiment import Comparison, Experiment, Preprocessing, Variant
from landscape.labs.codec import codec_of
from models.activations import Activation
from models.config import Kind
from models.fields import Misfit, choice, number, switch, validate
from models.normalization import Normalization

PAPER = Experiment().replace(
    depth=3, width=100, activation="sigmoid", initialization="torch", learning_rate=1.0, num_steps=400
)
"""Three layers of a hundred sigmoids, as Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 4.1."""

FIRST_STEPS = 8
"""Of a deep network, whose gradients are taken before and after them."""

LINE = Experiment().replace(
    dataset="linear-map",
    width=32,
    depth=2,
    activation="tanh",
    initialization="xavier",
    loss="squared",
    normalization="batch",
    learning_rate=0.02,
    num_steps=600,
)
"""A network that bends where its task is straight: there it is of use to undo the normalization."""

EARLY = (0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64)
"""The first steps that are looked at, about a half further each time: a picture of all steps leaves most of them out."""

PLAIN = Experiment().replace(depth=4, width=32, num_steps=100)
"""The network without normalization whose function is written with BatchNorm too."""

CONSTANTS = (Normalization.NONE, Normalization.BATCH, Normalization.PROPAGATION, Normalization.PROPAGATION_UNIT)
"""The networks among which normalization propagation is shown."""

WIDTHS = (16, 64, 256)
"""The widths of layers whose correlations are compared."""


class Spread(StrEnum):
    """Of what the percentiles are drawn."""

    UNIT = "unit"
    LAYER = "layer"

    @property
    def label(self) -> str:
        """The name that people read."""
        return {"unit": "one typical unit", "layer": "all units of the layer"}[self.value]


class Prepared(StrEnum):
    """What is done to the digits before normalization propagation takes them."""

    WHITEN = "whiten"
    STANDARDIZE = "standardize"
    NONE = "none"

    @property
    def label(self) -> str:
        """The name that people read."""
        return {"whiten": "whitened", "standardize": "standardized", "none": "as they are"}[self.value]


@dataclass(frozen=True)
class Deep:
    """Deep networks at the start, each with initial weights as they are, smaller and larger."""

    deep_depth: int = number(
        16, 2, 32, "Depth of the deep networks", "Hidden layers, all else as above.", stops=(4, 8, 12, 16, 24, 32)
    )
    deep_activation: Activation = choice(
        Activation.RELU, "Their activation", "How much a gradient grows a layer with BatchNorm depends on it."
    )
    deep_factor: float = number(
        2.0, 1.0, 10.0, "Factor of the initial weights", "How many times larger, and smaller.", logarithmic=True
    )

    def __post_init__(self) -> None:
        validate(self)

    def experiments(self, one: Experiment) -> tuple[Experiment, ...]:
        """Return the deep networks of one of the comparison: with smaller initial weights, as they are, and larger."""
        base = one.replace(
            depth=self.deep_depth,
            activation=self.deep_activation,
            initialization="he",
            learning_rate=0.1,
            optimizer="gradient-descent",
            weight_decay=0.0,
            dropout=0.0,
            num_steps=FIRST_STEPS,
        )
        factors = (1 / self.deep_factor, 1.0, self.deep_factor)
        return tuple(base.replace(init_scale=float(f"{factor:.4g}")) for factor in factors)


@dataclass(frozen=True)
class Propagation:
    """Networks normalized by constants, beside one by statistics and one not at all."""

    prepared: Prepared = choice(Prepared.WHITEN, "The digits are", "What is done to the inputs of these networks.")
    propagation_steps: int = number(
        100, 10, 1000, "Their steps", "Of the training of these networks.", stops=(50, 100, 200, 400, 1000)
    )

    def __post_init__(self) -> None:
        validate(self)

    def experiments(self, seed: int) -> tuple[Experiment, ...]:
        """Return eight layers of 64 ReLUs with each of these normalizations."""
        base = Experiment().replace(
            preprocessing=Preprocessing(self.prepared.value), num_steps=self.propagation_steps, seed=seed
        )
        return tuple(base.replace(normalization=kind) for kind in CONSTANTS)

    def of_widths(self, seed: int) -> tuple[Experiment, ...]:
        """Return networks of four layers at their start, of each width."""
        base = self.experiments(seed)[CONSTANTS.index(Normalization.PROPAGATION)]
        return tuple(base.replace(depth=4, width=width, num_steps=1, learning_rate=1e-6) for width in WIDTHS)

    def corrections(self, seed: int) -> tuple[Experiment, Experiment]:
        """Return networks whose unit weight vectors are followed by the correction of ReLU, and by nothing.

        Weight normalization without a learnt length is normalization propagation without its correction.
        """
        base = self.experiments(seed)[0].replace(affine=False)
        kinds = (Normalization.PROPAGATION_UNIT, Normalization.WEIGHT_PLAIN)
        corrected, bare = (base.replace(normalization=kind) for kind in kinds)
        return corrected, bare


@dataclass(frozen=True)
class Activations:
    """All that a link to the page holds.

    layer: whose units are drawn, 0 for the last hidden one. spread: of what the percentiles are. first_steps: whether the
    first steps are looked at one by one. try_propagation: whether networks are normalized by constants.
    """

    comparison: Comparison = Comparison(PAPER, tuple(Variant(normalization=n) for n in ("none", "batch", "layer")))
    layer: int = number(0, 0, 64, "Layer (0: the last)", "Whose units are drawn; 0: the last hidden one.")
    spread: Spread = choice(Spread.UNIT, "Percentiles of", "One unit, or all units of the layer together.")
    first_steps: bool = switch(
        False,
        "The first steps, wide",
        f"Looks at {len(EARLY)} of the first {EARLY[-1]} steps; steps by their logarithm.",
    )
    deep: Deep = Deep()
    try_propagation: bool = switch(
        False, "Train networks normalized by constants", "Some trainings more, which take some seconds."
    )
    propagation: Propagation = Propagation()

    def __post_init__(self) -> None:
        validate(self)
        if self.comparison.base.network.kind is Kind.RECURRENT:
            raise Misfit(
                "NetworkConfig.kind must be mlp or cnn here, not recurrent: what enters and leaves a layer is measured "
                "where it acts once. Choose mlp.",
                kind=Kind.MLP,
            )
        self.deep_experiments()

    @property
    def seed(self) -> int:
        """The seed of all networks."""
        return self.comparison.base.seed

    def place(self, depth: int) -> int:
        """Return which of so many layers is drawn, counted from 0."""
        return depth - 1 if self.layer == 0 else min(self.layer, depth) - 1

    def deep_experiments(self) -> tuple[tuple[Experiment, ...], ...]:
        """Return the deep networks, some of each of the comparison."""
        return tuple(self.deep.experiments(one) for one in self.comparison.experiments())

    def straight_experiments(self) -> tuple[Experiment, ...]:
        """Return a network on a straight task, the same without scale and shift, and one on a bent task."""
        line = LINE.replace(seed=self.seed)
        return line, line.replace(affine=False), line.replace(dataset="target-curve")

    def plain(self) -> Experiment:
        """Return the network whose function is written with BatchNorm too."""
        return PLAIN.replace(seed=self.seed)


CODEC = codec_of("activations", Activations())
"""The codec of the page."""
