"""What the page of two weights can be asked: the data, the model, its training; and results kept by what they depend on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, wraps
from typing import Any

from landscape.data import load
from landscape.experiment import DataConfig, Dataset, Optimizer, Preprocessing
from landscape.labs.codec import codec_of
from landscape.serving.own_table import OwnTable
from models.fields import Misfit, carried, choice, number, switch, validate

KEPT = 64
"""Results that are kept of each function: as many as some people's sliders ask for at a time."""


MOST_EXAMPLES = 2000
"""Of a user's own table, so that a slider can compute with all of them."""


class Source(StrEnum):
    """Where the two features come from."""

    GAUSSIANS = "gaussians"
    WINE = "wine"
    BREAST_CANCER = "breast-cancer"
    OWN = "own"

    @property
    def label(self) -> str:
        named = {"gaussians": "drawn: units and hundreds", "own": "your own table"}
        return named.get(self.value, self.value.replace("-", " "))

    @property
    def own(self) -> bool:
        """Whether it is a table of the user's own."""
        return self is Source.OWN

    def takes(self, table: OwnTable | None) -> bool:
        """Whether it can be shown with this table: one that is not the user's own with any, and with none."""
        return not self.own or (table is not None and (len(table.names) > 1 or bool(table.columns)))


class Model(StrEnum):
    """What is done with the weighted sum of the features."""

    LEAST_SQUARES = "least-squares"
    LOGISTIC = "logistic"

    @property
    def label(self) -> str:
        return self.value.replace("-", " ")


class Kind(StrEnum):
    """What is done once to the features; own: minus the centre, over the divisor, that the user chooses."""

    RAW = "raw"
    CENTERED = "centered"
    SCALED = "scaled"
    STANDARDIZED = "standardized"
    WHITENED = "whitened"
    OWN = "own"

    @property
    def label(self) -> str:
        return "your c and s" if self is Kind.OWN else self.value


class Rate(StrEnum):
    """Whether each preprocessing has a step of its own, a multiple of its own 1/L, or all share one learning rate."""

    OWN = "own"
    SHARED = "shared"

    @property
    def label(self) -> str:
        return {"own": "each its own: a multiple of 1/L", "shared": "one for all"}[self.value]


PREPROCESSING = {
    Kind.RAW: Preprocessing.NONE,
    Kind.CENTERED: Preprocessing.CENTER,
    Kind.SCALED: Preprocessing.SCALE,
    Kind.STANDARDIZED: Preprocessing.STANDARDIZE,
    Kind.WHITENED: Preprocessing.WHITEN,
}

ADAPTIVE = (Optimizer.ADAGRAD, Optimizer.RMSPROP, Optimizer.ADAM)
"""Optimizers whose steps are as long as the learning rate, whatever the curvature."""


DEVIATIONS = (0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
MEANS = (*(-value for value in reversed(DEVIATIONS[1:])), *DEVIATIONS)


@dataclass(frozen=True)
class TwoWeights:
    """Two features, a model of two weights on them, and how it is trained.

    start_1, start_2: where training starts, from the minimum, as a share of what the picture shows.
    extent: how far the picture reaches from the minimum, in the weights' own units.
    curvature: the L of the parabola, as a multiple of the loss's own.
    table: the user's own, where that is the source, less all but the two features; else it is let go.
    center, divisor: of the preprocessing `own`, x -> (x - center * mean) / (divisor * deviation); zero: x -> 0.
    """

    source: Source = choice(Source.GAUSSIANS, "Data", "Two features, drawn or from a real table.")
    mean_1: float = number(5.0, -10000.0, 10000.0, "Mean of x1", "Of the drawn feature.", stops=MEANS)
    deviation_1: float = number(2.0, 0.0, 10000.0, "Deviation of x1", "0 makes the feature constant.", stops=DEVIATIONS)
    mean_2: float = number(500.0, -10000.0, 10000.0, "Mean of x2", "Of the drawn feature.", stops=MEANS)
    deviation_2: float = number(
        200.0, 0.0, 10000.0, "Deviation of x2", "0 makes the feature constant.", stops=DEVIATIONS
    )
    correlation: float = number(0.0, -1.0, 1.0, "Correlation", "Between the drawn features; at 1 they say the same.")
    noise: float = number(0.5, 0.0, 2.0, "Noise", "Deviation of the drawn target's noise; the features' share is 1.")
    num_examples: int = number(
        500, 20, 2000, "Examples", "Drawn; a real table gives what it has.", stops=(100, 200, 500, 1000, 2000)
    )
    feature_1: int = number(0, 0, 199, "First feature", "Of the real table.")
    feature_2: int = number(3, 0, 199, "Second feature", "Of the real table.")
    model: Model = choice(Model.LEAST_SQUARES, "Model", "Least squares on a number, or logistic on two classes.")
    bias: bool = switch(False, "With a bias", "A third parameter, added to the weighted sum.")
    optimizer: Optimizer = choice(Optimizer.GRADIENT_DESCENT, "Optimizer", "How the gradient becomes a step.")
    rate: Rate = choice(Rate.OWN, "Learning rate", "Each preprocessing at a multiple of its own 1/L, or one for all.")
    step: float = number(1.0, 0.05, 3.0, "Step, times 1/L", "1 is the best guarantee; from 2 on nothing is guaranteed.")
    learning_rate: float = number(0.1, 1e-6, 100.0, "Learning rate for all", "The step over the gradient.", True)
    momentum: float = number(0.9, 0.0, 0.999, "Momentum", "Fraction of the last step that momentum keeps.")
    num_steps: int = number(60, 1, 500, "Steps", "Steps of the optimizer.", stops=(10, 25, 50, 100, 200, 400))
    start_1: float = number(0.8, -1.0, 1.0, "Start along w1", "From the minimum to the edge of the picture.")
    start_2: float = number(0.5, -1.0, 1.0, "Start along w2", "From the minimum to the edge of the picture.")
    extent: float = number(1.5, 1e-4, 100.0, "Extent", "How far the picture reaches, in units of weight.", True)
    compare: bool = switch(False, "All optimizers", "Train with each optimizer at its best of some rates.")
    looked_at: Kind = choice(Kind.RAW, "Look at", "Along the gradient of which preprocessing.")
    curvature: float = number(1.5, 0.05, 3.0, "L of the parabola", "As a multiple of the loss's own L.")
    center: float = number(1.0, -1.0, 3.0, "Centre c, times the mean", "Subtracted: 0 is nothing, 1 the mean.")
    divisor: float = number(1.0, 0.01, 100.0, "Divisor s, times the deviation", "The features are divided by it.", True)
    zero: bool = switch(False, "Multiply by 0 instead", "The smoothest loss there is.")
    cost: bool = switch(False, "Measure the cost of whitening", "A second of computing, here and now.")
    table: OwnTable | None = carried()

    def __post_init__(self) -> None:
        validate(self)
        if not self.source.own:
            object.__setattr__(self, "table", None)
        elif not self.source.takes(self.table):
            raise Misfit(
                "source must be another than own here: no table of one's own with two features or more is at hand. "
                "Choose another, or load such a table.",
                source=TwoWeights.source,
            )
        columns = self.feature_1, self.feature_2
        if self.source is Source.GAUSSIANS or (self.table is not None and self.table.columns == columns):
            return
        names = feature_names(self.source, self.table)
        for name, instead in (("feature_1", 0), ("feature_2", 1)):
            if getattr(self, name) >= len(names):
                raise Misfit(
                    f"{name} must be from 0 to {len(names) - 1} in {self.source.label}, which has {len(names)} "
                    f"features, not {getattr(self, name)}. Choose another.",
                    **{name: instead},
                )
        if self.table is not None:
            object.__setattr__(self, "table", self.table.part(columns, MOST_EXAMPLES))

    @property
    def names(self) -> tuple[str, str]:
        """Return the features' names."""
        if self.source is Source.GAUSSIANS:
            return "x1", "x2"
        if self.table is not None:
            return self.table.names[0], self.table.names[1]
        names = feature_names(self.source)
        return names[self.feature_1], names[self.feature_2]

    def only(self, names: Sequence[str]) -> TwoWeights:
        """Return this with all other fields at their defaults, so that equal questions are asked once."""
        return TwoWeights(**{name: getattr(self, name) for name in names})


DATA = ("source", "mean_1", "deviation_1", "mean_2", "deviation_2", "correlation", "noise", "num_examples", "feature_1",
        "feature_2", "table")  # fmt: skip
MODEL = ("model", "bias")
OWN = ("center", "divisor", "zero")
RATE = ("optimizer", "rate", "step", "learning_rate")
START = ("start_1", "start_2", "extent")
TRAINING = (*RATE, *START, "momentum", "num_steps")


def remembered(*names: str) -> Callable[[Callable], Callable]:
    """Keep what a function of a configuration returns, by the settings of these names and what else it is given.

    The settings of the preprocessing `own` count for that kind alone. So a slider has computed anew only what depends on
    it, and what is the same is the same object.
    """

    def decorate(function: Callable) -> Callable:
        kept = lru_cache(maxsize=KEPT)(function)

        @wraps(function)
        def asked(config: TwoWeights, *given: Any) -> Any:
            return kept(config.only(names + OWN if Kind.OWN in given else names), *given)

        return asked

    return decorate


def feature_names(source: Source, table: OwnTable | None = None) -> tuple[str, ...]:
    """Return the names of a table's features; the user's own is given."""
    if source is Source.GAUSSIANS:
        return "x1", "x2"
    if source.own:
        return table.names if table else ()
    return load(DataConfig(dataset=Dataset(source.value), num_examples=20000)).feature_names


CODEC = codec_of("two_weights", TwoWeights())
"""The codec of the page of two weights."""
