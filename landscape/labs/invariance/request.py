"""What may be asked about invariances: networks, a factor, and the settings of the sections that train networks of their own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from landscape.experiment import Comparison, Experiment, Variant
from landscape.labs.codec import codec_of
from models.fields import choice, number, switch, validate
from models.normalization import Normalization

BASE = Experiment().replace(depth=3, width=32, num_steps=150)
"""Small, so that some fifty of them are trained while one looks."""

FACTORS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
"""By which a layer's weights are multiplied for the gradient."""

SCALES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""The six initial scales from which effective learning rates start."""

OUTLYING = (1.0, 10.0, 100.0, 1000.0)
"""How many times as large as drawn one unit's initial weights are."""

ONE_EXAMPLE = (1.0, 3.0, 10.0, 30.0, 100.0)
"""How many times as large as it is one example is."""

MAIN = (
    Normalization.NONE,
    Normalization.BATCH,
    Normalization.LAYER,
    Normalization.RMS,
    Normalization.GROUP,
    Normalization.WEIGHT,
)
"""The normalizations of the table, those that one meets."""

MORE = (
    Normalization.BATCH_CENTER,
    Normalization.BATCH_SCALE,
    Normalization.BATCH_L1,
    Normalization.BATCH_LINF,
    Normalization.WEIGHT_MEAN,
    Normalization.PROPAGATION,
)
"""And their kin."""


class Kinds(StrEnum):
    """Of which normalizations the table is."""

    MAIN = "main"
    MORE = "more"

    @property
    def label(self) -> str:
        """The name that people read."""
        return {"main": "those that one meets", "more": "their kin too"}[self.value]


class Moment(StrEnum):
    """At which weights the table is."""

    START = "start"
    TRAINED = "trained"

    @property
    def label(self) -> str:
        """The name that people read."""
        return {"start": "initial", "trained": "trained"}[self.value]


class Beginning(StrEnum):
    """The networks on which the starts of weight normalization are compared."""

    SIGMOID = "sigmoid"
    TANH = "tanh"
    RELU = "relu"

    @property
    def label(self) -> str:
        """The name that people read."""
        return {
            "sigmoid": "3 sigmoid layers, PyTorch's start",
            "tanh": "8 tanh layers, PyTorch's start",
            "relu": "4 ReLU layers, He's start",
        }[self.value]

    @property
    def network(self) -> dict[str, object]:
        """The fields of the network."""
        return {
            "sigmoid": {"depth": 3, "width": 100, "activation": "sigmoid", "initialization": "torch"},
            "tanh": {"depth": 8, "width": 32, "activation": "tanh", "initialization": "torch"},
            "relu": {"depth": 4, "width": 32, "activation": "relu", "initialization": "he"},
        }[self.value]


STARTS = (
    Normalization.NONE,
    Normalization.WEIGHT_PLAIN,
    Normalization.WEIGHT,
    Normalization.WEIGHT_LOG,
    Normalization.BATCH,
)
"""What is compared at the start."""

START_NAMES = {
    Normalization.NONE: "no normalization",
    Normalization.WEIGHT_PLAIN: "weight, plain start",
    Normalization.WEIGHT: "weight, from data",
    Normalization.WEIGHT_LOG: "weight, g = e^s",
    Normalization.BATCH: "BatchNorm",
}
"""How they are called there."""

BOUNDED = (Normalization.WEIGHT, Normalization.WEIGHT_BOUNDED)
"""Weight normalization without and with a bound."""

BOUND_RATES = (0.03, 0.1, 0.3)
"""The learning rates at which they are compared."""


@dataclass(frozen=True)
class WeightNormalization:
    """The networks by which weight normalization is looked at, on the data and with the seed of the sidebar."""

    beginning: Beginning = choice(
        Beginning.SIGMOID, "Network of the starts", "Which network is trained from each start."
    )
    start_rate: float = number(
        0.1, 1e-4, 10.0, "Learning rate of the starts", "Of each of these trainings.", logarithmic=True
    )
    start_steps: int = number(
        200, 10, 2000, "Steps of the starts", "Of each of these trainings.", stops=(50, 100, 200, 300, 400, 800, 2000)
    )

    def __post_init__(self) -> None:
        validate(self)


@dataclass(frozen=True)
class Invariance:
    """All that a link to the page holds.

    factor: by which things are multiplied in the table, or shifted. moment: at which weights it is. kinds: of which
    normalizations.
    length_rate: at which the lengths of the weights are followed. try_starts: whether the starts are compared.
    """

    comparison: Comparison = Comparison(
        BASE, tuple(Variant(normalization=name) for name in ("none", "batch", "layer", "weight"))
    )
    factor: float = number(
        3.0, 0.01, 1000.0, "Factor", "By which something is multiplied, or shifted.", logarithmic=True
    )
    moment: Moment = choice(
        Moment.START, "Weights of the table", "As they are drawn, or after the training of the sidebar."
    )
    kinds: Kinds = choice(Kinds.MAIN, "Normalizations of the table", "The usual ones, or their kin too.")
    length_rate: float = number(
        0.5, 1e-4, 10.0, "Learning rate of the lengths", "A large one, so that the lengths change.", logarithmic=True
    )
    try_starts: bool = switch(
        False, "Train from each start", "Five trainings of other networks, which take some seconds."
    )
    weights: WeightNormalization = WeightNormalization()

    def __post_init__(self) -> None:
        validate(self)

    @property
    def base(self) -> Experiment:
        """What the networks have in common."""
        return self.comparison.base

    def table(self) -> tuple[Experiment, ...]:
        """Return the experiment of each normalization of the table; those that do not fit the sidebar are left out."""
        kinds = MAIN if self.kinds is Kinds.MAIN else (*MAIN, *MORE)
        return tuple(one for kind in kinds if (one := _fitting(self.base, kind)) is not None)

    def followed(self) -> tuple[Experiment, ...]:
        """Return the experiments whose weights' lengths are followed at one rate."""
        return tuple(one.replace(learning_rate=self.length_rate) for one in self.comparison.experiments())

    def funnels(self) -> tuple[tuple[Experiment, ...], ...]:
        """Return of each network the experiments from all initial scales."""
        return tuple(tuple(one.replace(init_scale=scale) for scale in SCALES) for one in self.comparison.experiments())

    def starts(self) -> tuple[Experiment, ...]:
        """Return the experiments that differ in how they start."""
        base = self._plain(num_steps=self.weights.start_steps, **self.weights.beginning.network)
        return tuple(base.replace(normalization=kind, learning_rate=self.weights.start_rate) for kind in STARTS)

    def bounds(self) -> tuple[tuple[Experiment, ...], ...]:
        """Return without and with a bound on the weights the experiments at each learning rate."""
        base = self._plain(depth=3, width=32, num_steps=150, init_scale=3.0, bound=self.base.network.bound)
        return tuple(
            tuple(base.replace(normalization=kind, learning_rate=rate) for rate in BOUND_RATES) for kind in BOUNDED
        )

    def _plain(self, **changes: object) -> Experiment:
        """Return an experiment on the data, with the loss and the seed of the sidebar, all else as it is by itself."""
        base = self.base
        own = Experiment(data=base.data, seed=base.seed, training=type(base.training)(loss=base.training.loss))
        return own.replace(**changes)


def _fitting(base: Experiment, kind: Normalization) -> Experiment | None:
    try:
        return base.replace(normalization=kind)
    except ValueError:
        return None


CODEC = codec_of("invariance", Invariance())
"""The codec of the page."""
