"""What the page of one layer can be asked: which normalization, when, and at which cell to look."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from landscape.experiment import DEFAULT_SEED, Experiment
from landscape.labs.codec import codec_of
from models.config import Kind
from models.fields import Misfit, choice, number, switch, validate
from models.normalization import Normalization


class Shape(StrEnum):
    """The networks of which one layer is looked at."""

    DENSE = "dense"
    IMAGES = "images"

    @property
    def label(self) -> str:
        return {"dense": "dense", "images": "convolutional"}[self.value]


class When(StrEnum):
    """When the layer normalizes: while the network is trained, or after that."""

    TRAINING = "training"
    TEST = "test"

    @property
    def label(self) -> str:
        return {"training": "in training", "test": "at test"}[self.value]


class Moment(StrEnum):
    """Which numbers stand in the picture."""

    BEFORE = "before"
    AFTER = "after"

    @property
    def label(self) -> str:
        return {"before": "before", "after": "after"}[self.value]


EXAMPLES = {Shape.DENSE: 6, Shape.IMAGES: 4}
FEATURES = {Shape.DENSE: 8, Shape.IMAGES: 4}
"""Units, or channels."""
PIXELS = {Shape.DENSE: 1, Shape.IMAGES: 16}
INPUTS = {Shape.DENSE: 8, Shape.IMAGES: 36}
"""Rows of a weight: of a convolution, nine places of a patch times the channels."""


@dataclass(frozen=True)
class Anatomy:
    """One layer, and one cell of it; a cell beyond the ends is the last one.

    alone: whether the chosen example is all of the batch.
    scale, shift: of the section that undoes it, as multiples of what was divided by, and of what was subtracted.
    """

    normalization: Normalization = choice(Normalization.BATCH, "Normalization", "What normalizes the hidden layers.")
    shape: Shape = choice(Shape.DENSE, "Network", "Two hidden layers on the digits; the second is looked at.")
    groups: int = number(2, 1, 4, "Groups", "Of group normalization.", stops=(1, 2, 4))
    steps: int = number(
        60, 1, 400, "Steps of training", "1 is nearly the initial network.", stops=(1, 20, 60, 200, 400)
    )
    seed: int = number(DEFAULT_SEED, 0, 2**31 - 1, "Seed", "Draws the initial weights and the batches.")
    when: When = choice(When.TRAINING, "When", "In training the batch's own numbers, at test those that are stored.")
    alone: bool = switch(False, "Alone", "The chosen example is the whole batch.")
    moment: Moment = choice(Moment.BEFORE, "Numbers", "What stands in the cells: before it is normalized, or after.")
    example: int = number(0, 0, 5, "Example", "A row of the picture, or a card; a click on a cell does the same.")
    unit: int = number(0, 0, 7, "Unit", "A column of the picture; of images a channel, a row.")
    pixel: int = number(0, 0, 15, "Pixel", "A column of the card.")
    input: int = number(0, 0, 35, "Input", "Of the chosen weight: a column of the weights.")
    scale: float = number(1.0, 0.0, 2.0, "Scale, times the divisor", "1 is what was divided by.")
    shift: float = number(1.0, 0.0, 2.0, "Shift, times the centre", "1 is what was subtracted.")

    def __post_init__(self) -> None:
        validate(self)
        try:
            self.experiment()
        except ValueError as error:
            if self.shape is Shape.IMAGES:
                raise
            raise Misfit(str(error), shape=Shape.IMAGES) from None

    def experiment(self) -> Experiment:
        """Return what is trained: the digits, two hidden layers."""
        return Experiment().replace(
            kind=Kind.MLP if self.shape is Shape.DENSE else Kind.CNN,
            width=FEATURES[self.shape],
            depth=2,
            normalization=self.normalization,
            groups=self.groups,
            num_steps=self.steps,
            batch_size=64 if self.shape is Shape.DENSE else 32,
            seed=self.seed,
        )

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Return how many examples, pixels and units there are."""
        return EXAMPLES[self.shape], PIXELS[self.shape], FEATURES[self.shape]

    @property
    def cell(self) -> tuple[int, int, int]:
        """Return the chosen activation: its example, pixel and unit."""
        examples, pixels, units = self.sizes
        return min(self.example, examples - 1), min(self.pixel, pixels - 1), min(self.unit, units - 1)

    @property
    def weight(self) -> tuple[int, int]:
        """Return the chosen weight: its input and unit."""
        return min(self.input, INPUTS[self.shape] - 1), self.cell[2]


CODEC = codec_of("anatomy", Anatomy())
"""The codec of the anatomy."""
