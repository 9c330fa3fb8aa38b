"""What may be asked about robustness: networks, a range of learning rates, a second axis of the map, and one choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from landscape.experiment import VARIED, Comparison, Experiment, TrainingConfig, Variant
from landscape.labs.codec import codec_of
from landscape.training.grids import SweepAxis, SweepGrid
from models.fields import Misfit, bounds_of, choice, number, switch, validate

BASE = Experiment().replace(depth=4, width=32, batch_size=32, num_steps=200)
"""Small, so that some two hundred of them are trained while one looks."""

SHORT = BASE.replace(num_steps=96)
"""What a link that says nothing asks for: as long as it takes to tell who trains from who does not."""

LOWER = 10.0
"""The map begins at a learning rate so many times smaller: small initial weights need it."""

ON_THE_WAY = 17
"""Snapshots of a training over the rates, on which the late median and the steps to an accuracy rest."""

ON_THE_MAP = 9
"""Those of a training of the map."""


IN_TIME = 31
"""Those of a training whose curve is drawn."""

FACTORS = (1.0, 5.0, 30.0)
"""The learning rate times these, as Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 4.2.1."""

GREATEST = bounds_of(TrainingConfig)["learning_rate"].high
"""No learning rate is larger."""


class MapAxis(StrEnum):
    """What the map has upwards."""

    INIT_SCALE = "init-scale"
    DEPTH = "depth"
    BATCH_SIZE = "batch-size"

    @property
    def label(self) -> str:
        """The name that people read."""
        return {"init-scale": "initialization scale"}.get(self.value, self.value.replace("-", " "))

    @property
    def field(self) -> str:
        """The field of an experiment."""
        return self.value.replace("-", "_")


UPWARDS: dict[MapAxis, tuple[float, ...]] = {
    MapAxis.INIT_SCALE: tuple(float(f"{10 ** (power / 2 - 1.5):.3g}") for power in range(7)),
    MapAxis.DEPTH: (1, 2, 4, 8, 12),
    MapAxis.BATCH_SIZE: (1, 2, 4, 8, 16, 64),
}
"""The values upwards."""


class ChoiceAxis(StrEnum):
    """The choices of which one is made at a time."""

    ACTIVATION = "activation"
    INITIALIZATION = "initialization"
    DEPTH = "depth"
    BATCH_SIZE = "batch-size"
    WEIGHT_DECAY = "weight-decay"
    DROPOUT = "dropout"

    @property
    def label(self) -> str:
        """The name that people read."""
        return self.value.replace("-", " ")

    @property
    def field(self) -> str:
        """The field of an experiment."""
        return self.value.replace("-", "_")


CHOICES: dict[ChoiceAxis, tuple[Any, ...]] = {
    ChoiceAxis.ACTIVATION: ("sigmoid", "tanh", "relu", "gelu"),
    ChoiceAxis.INITIALIZATION: ("he", "xavier", "torch"),
    ChoiceAxis.DEPTH: (1, 2, 3, 4, 8),
    ChoiceAxis.BATCH_SIZE: (1, 2, 4, 8, 16, 64),
    ChoiceAxis.WEIGHT_DECAY: (0.0, 0.01, 0.03, 0.1),
    ChoiceAxis.DROPOUT: (0.0, 0.2, 0.4),
}
"""Their values."""


@dataclass(frozen=True)
class Robustness:
    """All that a link to the page holds.

    least_rate, most_rate, a_decade: the learning rates, by equal factors. runs: how many seeds, from that of the
    sidebar on. trains_at: from which test accuracy on a network counts as trained.
    """

    comparison: Comparison = Comparison(SHORT, tuple(Variant(normalization=n) for n in ("none", "batch", "layer")))
    least_rate: float = number(
        0.01, 1e-5, 1.0, "Least learning rate", "Where the range of rates begins.", logarithmic=True
    )
    most_rate: float = number(10.0, 0.01, 100.0, "Greatest learning rate", "Where it ends.", logarithmic=True)
    a_decade: int = number(
        2, 1, 4, "Rates a decade", "How many rates from one to ten times as much.", stops=(1, 2, 3, 4)
    )
    runs: int = number(
        3,
        1,
        6,
        "Seeds",
        "How often each training is done, with other initial weights and batches.",
        stops=(1, 2, 3, 4, 6),
    )
    trains_at: float = number(
        0.8, 0.1, 1.0, "Counts as trained", "From which test accuracy on, or share of the variance that is explained."
    )
    upwards: MapAxis = choice(MapAxis.INIT_SCALE, "Vertical axis", "What the map has beside the learning rate.")
    cell_rate: int = number(
        4, 0, 40, "Cell, horizontally", "The learning rate of the framed cell, which can be looked into."
    )
    cell_row: int = number(3, 0, 6, "Cell, vertically", "The row of the framed cell, which can be looked into.")
    large_rate: float = number(
        0.5, 1e-3, 10.0, "Large learning rate", "At which batches are looked at, one by one.", logarithmic=True
    )
    try_choices: bool = switch(
        False, "Try one choice after the other", "Some dozens of trainings more, which take some seconds."
    )
    chosen: ChoiceAxis = choice(ChoiceAxis.ACTIVATION, "One choice", "What is chosen otherwise, all else as it is.")

    def __post_init__(self) -> None:
        validate(self)
        if self.least_rate >= self.most_rate:
            raise Misfit(
                f"Robustness.most_rate must be above the least, {self.least_rate:g}, not {self.most_rate:g}: there is no "
                "range of rates otherwise. Choose a greater one.",
                most_rate=min(100.0, 100 * self.least_rate),
            )

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, from the base's on."""
        first = self.comparison.base.seed
        return tuple((first + i) % 2**31 for i in range(self.runs))

    def rates(self, lower: float = 1.0) -> tuple[float, ...]:
        """Return the learning rates, from so many times lower on."""
        least = self.least_rate / lower
        count = int(np.floor(np.log10(self.most_rate / least) * self.a_decade + 1e-6)) + 1
        return tuple(float(f"{least * 10 ** (i / self.a_decade):.3g}") for i in range(count))

    @property
    def own_rate(self) -> float:
        """The rate of the range that is nearest to the one of the sidebar."""
        own = self.comparison.base.training.learning_rate
        return min(self.rates(), key=lambda rate: abs(np.log(rate / own)))

    @property
    def times(self) -> dict[float, float]:
        """The learning rates of the curves, by how many times the one of the sidebar they are."""
        own = self.comparison.base.training.learning_rate
        return {factor: float(f"{factor * own:.6g}") for factor in FACTORS if factor * own <= GREATEST}

    def rate_grids(self) -> tuple[SweepGrid, ...]:
        """Return the trainings over the learning rates, those of each network by themselves."""
        return self._grids(SweepAxis("learning_rate", self.rates()), None, self.seeds, ON_THE_WAY)

    def map_grids(self) -> tuple[SweepGrid, ...]:
        """Return the trainings of the map, those of each network by themselves, with one seed."""
        across = SweepAxis("learning_rate", self.rates(LOWER))
        up = SweepAxis(self.upwards.field, UPWARDS[self.upwards])
        return self._grids(across, up, self.seeds[:1], ON_THE_MAP)

    @property
    def cell(self) -> tuple[int, int]:
        """The row and the column of the framed cell: the last ones where the map has fewer than that."""
        rows, columns = len(UPWARDS[self.upwards]), len(self.rates(LOWER))
        return min(self.cell_row, rows - 1), min(self.cell_rate, columns - 1)

    def at_cell(self) -> Comparison:
        """Return the very networks that the framed cell of each map trains.

        Raises: Misfit where one of them cannot be.
        """
        row, column = self.cell
        swept = {"learning_rate": self.rates(LOWER)[column], self.upwards.field: UPWARDS[self.upwards][row]}
        own = tuple(
            replace(one, **dict.fromkeys(name for name in swept if name in VARIED)) for one in self.comparison.variants
        )
        return Comparison(self.comparison.base.replace(**swept), own)

    def curve_grids(self) -> tuple[SweepGrid, ...]:
        """Return the trainings at multiples of the learning rate, those of each network by themselves."""
        return self._grids(SweepAxis("learning_rate", tuple(self.times.values())), None, self.seeds, IN_TIME)

    def at_large_rate(self) -> tuple[tuple[Experiment, ...], ...]:
        """Return the trainings at the large learning rate, those of each network by themselves, a seed each."""
        return tuple(
            tuple(one.replace(learning_rate=self.large_rate, seed=seed) for seed in self.seeds)
            for one in self.comparison.experiments()
        )

    def choice_grids(self) -> tuple[SweepGrid, ...]:
        """Return the trainings with one choice after the other, those of each network by themselves."""
        across = SweepAxis(self.chosen.field, CHOICES[self.chosen])
        return self._grids(across, None, self.seeds, ON_THE_MAP)

    def _grids(
        self, across: SweepAxis, up: SweepAxis | None, seeds: tuple[int, ...], snapshots: int
    ) -> tuple[SweepGrid, ...]:
        """Return a grid a network; what a network has of its own gives way to an axis."""
        swept = {across.name, up and up.name}
        base = self.comparison.base.replace(seed=seeds[0])
        own = [
            {name: value for name, value in one.overrides().items() if name not in swept}
            for one in self.comparison.variants
        ]
        return tuple(SweepGrid(base, across, up, (one,), seeds, snapshots) for one in own)


CODEC = codec_of("robustness", Robustness())
"""The codec of the page."""

COMPARED = codec_of("compare", Comparison())
"""That of the networks of the page that compares landscapes, which calls them so in its links too."""
