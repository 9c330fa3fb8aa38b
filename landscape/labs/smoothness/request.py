"""What may be asked about smoothness: a comparison, the ladder of step sizes, and one step of the training."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.dynamics.smoothness import Ladder
from landscape.experiment import PART_OF, Comparison, Experiment, Variant
from landscape.labs.codec import Values, codec_of
from models.fields import bounds_of, number, validate

DIGITS = Experiment().replace(num_steps=300)
"""Eight ReLU layers of 64 with He initialization: with torch's own the plain network does not learn, and looks smooth."""

CONVOLUTIONAL = DIGITS.replace(kind="cnn", width=16, depth=4)

DEEP_LINEAR = DIGITS.replace(
    dataset="linear-map",
    num_examples=1000,
    activation="linear",
    loss="squared",
    initialization="xavier",
    depth=24,
    width=10,
    batch_size=20000,
    learning_rate=0.001,
)
"""Santurkar et al. 2018, arXiv 1805.11604, App. A.1: 25 linear maps of 10 units, all data in each step. Theirs took 10 000
steps at a rate of 1e-6; here 300 at 1e-3, which plain training just survives."""

SHORT_LADDER, LONG_LADDER = Ladder(), Ladder(lowest=0.01, highest=30.0)


@dataclass(frozen=True)
class Request:
    """All that a link to the page holds.

    step: of the training, from which the line along the gradient is drawn; the last one where there are fewer.
    """

    comparison: Comparison = Comparison(DIGITS, tuple(Variant(normalization=n) for n in ("none", "batch", "layer")))
    ladder: Ladder = SHORT_LADDER
    step: int = number(
        100, 0, 4999, "From step", "The step of the training from which the line along its gradient goes."
    )

    def __post_init__(self) -> None:
        validate(self)


CODEC = codec_of("smoothness", Request())
"""The codec of the page on smoothness."""


def _values_of_network(experiment: Experiment, ladder: Ladder) -> Values:
    """Return the values of a network, its data and training, and of a ladder; the variants and the seed are not among them."""
    return {name: experiment.get(name) for name in PART_OF} | {
        name: getattr(ladder, name) for name in bounds_of(Ladder)
    }


NETWORKS = {
    "Perceptron": _values_of_network(DIGITS, SHORT_LADDER),
    "Convolutional": _values_of_network(CONVOLUTIONAL, SHORT_LADDER),
    "Deep linear": _values_of_network(DEEP_LINEAR, LONG_LADDER),
}
"""Each with the paper's ladder for its kind, as values by name."""
