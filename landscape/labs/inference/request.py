"""What may be asked about inference: networks, the digit that is shown, how small the batches are, what averages learn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from landscape.experiment import BatchOrder, Comparison, Experiment, TrainingConfig, Variant
from landscape.labs.codec import codec_of
from models.config import Kind, Normalized, Placement
from models.fields import Misfit, bounds_of, choice, number, switch, validate
from models.normalization import Normalization

BASE = Experiment().replace(depth=3, width=32, batch_size=32, num_steps=200)
"""Small, and trained to the end of what it can: the question is what it then says."""

MOST_STEPS = int(bounds_of(TrainingConfig)["num_steps"].high)
"""No training takes more."""

MATES = (2, 4, 16, 64)
"""The sizes of the batches in which one example has other mates."""

OTHERS = 15
"""So many other examples have other mates too, for the numbers that are told."""

DROPOUT = 0.2
"""What the network beside drops, where the sidebar drops nothing."""

WEIGHTS = (0.01, 0.1, 1.0)
"""Weights of a new batch in moving averages: a long memory, PyTorch's, and none."""

LONGER = 2
"""Trainings by averages take so many times the steps of the others: what grows takes its time."""

NAIVE = (Normalization.BATCH, Normalization.BATCH_MOVING, Normalization.BATCH_DETACHED)
"""By the batch, by moving averages, and by a batch whose statistics have no gradient."""

READER = Experiment().replace(
    kind=Kind.RECURRENT,
    depth=1,
    width=32,
    activation="tanh",
    initialization="xavier",
    learning_rate=0.03,
    batch_size=64,
    num_steps=400,
)
"""A small recurrent network that reads the digits row by row."""

READERS = ("none", "batch", "layer")
"""Its normalizations. With BatchNorm it is looked at twice, with statistics for each step and with one set for all."""

LATER = (0, 1, 2, 4, 8)
"""So many blank rows are read before the digit: more steps than the training had."""

READER_NAMES = (
    "no normalization",
    "BatchNorm, stored for each step",
    "BatchNorm, stored once for all steps",
    "layer normalization",
)


class Alike(StrEnum):
    """How the examples of a batch are alike, where they are to be."""

    FEW_CLASSES = "few-classes"
    SORTED = "sorted"

    @property
    def label(self) -> str:
        """The name that people read."""
        return BatchOrder(self.value).label


@dataclass(frozen=True)
class Inference:
    """All that a link to the page holds.

    example: which test example has other mates. dropout_too: whether a network with dropout is beside. small: the size of
    small batches. alike: the order of alike ones. try_averages: whether networks are normalized by averages in training;
    learns: whether these learn a scale and a shift. try_readers: whether recurrent networks are trained.
    """

    comparison: Comparison = Comparison(
        BASE, tuple(Variant(normalization=name) for name in ("batch", "batch-renorm", "group", "layer"))
    )
    example: int = number(0, 0, 4000, "Test example", "Which example of the test data has other mates.")
    dropout_too: bool = switch(
        False, "Dropout beside", "Whether a network with dropout, and no normalization, is looked at in the same way."
    )
    small: int = number(4, 2, 16, "Small batches", "How many examples a small batch holds.", stops=(2, 4, 8, 16))
    alike: Alike = choice(
        Alike.FEW_CLASSES, "Alike batches", "In which order examples come where those of a batch are alike."
    )
    try_averages: bool = switch(False, "Train by averages", "Three longer trainings, which take some seconds.")
    learns: bool = switch(
        False, "Learn scale and shift", "Whether these networks learn a scale and a shift of each unit."
    )
    try_readers: bool = switch(
        False, "Train recurrent networks", "Three trainings of another kind of network, which take some seconds."
    )

    def __post_init__(self) -> None:
        validate(self)

    @property
    def subject(self) -> int | None:
        """Which network's stored statistics are looked at: with BatchNorm, or else the first that stores some; or None."""
        experiments = self.comparison.experiments()
        storing = [i for i, one in enumerate(experiments) if _stores_moments(one)]
        usual = [i for i in storing if experiments[i].network.normalization is Normalization.BATCH]
        return next(iter((*usual, *storing)), None)

    @property
    def renormalized(self) -> Experiment | None:
        """The network of the sidebar with batch renormalization, as training begins; None where that cannot be."""
        return _possible(self.comparison.base, normalization=Normalization.BATCH_RENORM)

    @property
    def dropping(self) -> Experiment | None:
        """The network of the sidebar with dropout in place of normalization; None where it is not asked for."""
        base = self.comparison.base
        changes = {"normalization": Normalization.NONE, "dropout": base.network.dropout or DROPOUT}
        return _possible(base, **changes) if self.dropout_too else None

    def depends(self) -> tuple[bool, ...]:
        """Return of each network whether an example's output depends on its mates in training."""
        return tuple(one.network.layer().over_batch for one in self.comparison.experiments())

    def corrected(self) -> tuple[tuple[int, BatchOrder], ...]:
        """Return the batches whose corrections are drawn: the size and the order of each kind."""
        size = self.comparison.base.training.batch_size
        return (size, BatchOrder.SHUFFLED), (self.small, BatchOrder.SHUFFLED), (size, BatchOrder.SORTED)

    def hard(self) -> dict[str, tuple[Experiment | None, ...]]:
        """Return by name the conditions under which batches are small or alike, each with its trainings, a network each."""
        conditions: dict[str, dict[str, Any]] = {
            "as in the sidebar": {},
            f"batches of {self.small}": {"batch_size": self.small},
            self.alike.label: {"batch_order": BatchOrder(self.alike.value)},
        }
        experiments = self.comparison.experiments()
        return {name: tuple(_possible(one, **own) for one in experiments) for name, own in conditions.items()}

    def naive(self) -> tuple[Experiment | None, ...]:
        """Return the trainings by moving averages, and what they are compared with; none where it is not asked for."""
        if not self.try_averages:
            return (None,) * len(NAIVE)
        base = self.comparison.base
        steps = min(LONGER * base.training.num_steps, MOST_STEPS)
        return tuple(_possible(base, normalization=kind, affine=self.learns, num_steps=steps) for kind in NAIVE)

    def readers(self) -> tuple[Experiment | None, ...]:
        """Return the recurrent networks; none where it is not asked for."""
        if not self.try_readers:
            return (None,) * len(READERS)
        return tuple(READER.replace(seed=self.comparison.base.seed, normalization=kind) for kind in READERS)


def can_fold(experiment: Experiment) -> bool:
    """Return whether a network's stored statistics make one affine map of each layer."""
    network = experiment.network
    plain = network.normalized is Normalized.HIDDEN and network.placement is Placement.BEFORE
    return plain and network.kind is not Kind.RECURRENT and network.layer().over_batch


def _stores_moments(experiment: Experiment) -> bool:
    network = experiment.network
    stored = network.layer().state(1)
    return (
        network.normalized is not Normalized.INPUT
        and "mean" in stored
        and not {"variance", "deviation"}.isdisjoint(stored)
    )


def _possible(experiment: Experiment, **changes: Any) -> Experiment | None:
    """Return a changed experiment, None where it cannot be."""
    try:
        return experiment.replace(**changes)
    except Misfit:
        return None


CODEC = codec_of("inference", Inference())
"""The codec of the page."""
