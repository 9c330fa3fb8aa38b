"""What may be asked about curvature: networks and statistics, rates on full batches, and another parametrization."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from landscape.experiment import Comparison, Experiment, LossFunction, Statistics, Variant
from landscape.labs.codec import codec_of
from models.config import Kind
from models.fields import Misfit, choice, number, validate
from models.normalization import Normalization

DIGITS = Experiment().replace(depth=3, width=32, num_steps=100)
"""Small and early, where outliers are clearest: four times as many steps, or twice the layers, and they fade."""

FULL_BATCH = DIGITS.replace(num_examples=500, activation="tanh", initialization="torch", batch_size=20000)
"""As Cohen et al. 2021, arXiv 2103.00065, in small: full batches, tanh, the squared loss."""

AROUND = (0.7, 1.0, 1.5)
"""The three rates of the trainings on full batches, as multiples of the one that is asked for."""


class Written(StrEnum):
    """The parametrizations in which a plain network's function may be written."""

    BATCH = "batch"
    BATCH_CENTER = "batch-center"
    BATCH_SCALE = "batch-scale"
    WEIGHT_PLAIN = "weight-plain"

    @property
    def label(self) -> str:
        """The name that people read."""
        return Normalization(self).label


@dataclass(frozen=True)
class Edge:
    """Trainings of one network on full batches, at three learning rates."""

    edge_rate: float = number(
        0.1, 1e-4, 10.0, "Middle learning rate", "The others are 0.7 and 1.5 times this.", logarithmic=True
    )
    edge_loss: LossFunction = choice(LossFunction.SQUARED, "Loss on full batches", "What these networks minimize.")
    edge_normalization: Normalization = choice(
        Normalization.NONE, "Normalization on full batches", "What normalizes these networks."
    )
    edge_steps: int = number(
        600, 10, 5000, "Steps on full batches", "Of each training.", stops=(100, 200, 400, 600, 1000, 2000, 5000)
    )
    edge_snapshots: int = number(
        7, 4, 41, "Snapshots", "At how many steps the sharpness is found.", stops=(4, 7, 9, 13, 21, 41)
    )

    def __post_init__(self) -> None:
        validate(self)
        self.experiments(0)

    def rates(self) -> tuple[float, ...]:
        """Return the three learning rates."""
        return tuple(float(f"{factor * self.edge_rate:.3g}") for factor in AROUND)

    def experiments(self, seed: int) -> tuple[Experiment, ...]:
        """Return the experiment of each rate."""
        base = FULL_BATCH.replace(
            loss=self.edge_loss, normalization=self.edge_normalization, num_steps=self.edge_steps, seed=seed
        )
        return tuple(base.replace(learning_rate=rate) for rate in self.rates())


@dataclass(frozen=True)
class Curvature:
    """All that a link to the curvature holds.

    beside: the statistics that are taken beside those of the batch, in networks that store some.
    written: the other parametrization of the plain network.
    measured: the first so many training examples are those whose loss is curved.
    """

    comparison: Comparison = Comparison(DIGITS, (Variant(normalization="none"), Variant(normalization="batch")))
    beside: Statistics = choice(
        Statistics.RUNNING, "Beside batch statistics", "A second spectrum of networks that store statistics: by these."
    )
    written: Written = choice(Written.BATCH, "Written with", "The other way to write the plain network's function.")
    edge: Edge = Edge()
    measured: int = number(
        512, 32, 2048, "Examples of the spectra", "The first of the training set.", stops=(128, 256, 512, 1024, 2048)
    )
    probes: int = number(
        2, 1, 32, "Probes", "Random vectors from which a density is estimated.", stops=(1, 2, 3, 5, 10, 20)
    )
    lanczos_steps: int = number(
        40, 8, 128, "Lanczos steps", "Products with the Hessian from each of them.", stops=(20, 40, 60, 90, 128)
    )

    def __post_init__(self) -> None:
        validate(self)
        recurrent = self.comparison.base.network.kind is Kind.RECURRENT
        if recurrent and self.written is not Written.WEIGHT_PLAIN:
            raise Misfit(
                f"written must be weight-plain with a recurrent network, not {self.written}: one scale and shift cannot "
                "undo the statistics of each time step. Choose weight-plain, or kind mlp.",
                written=Written.WEIGHT_PLAIN,
                kind=Kind.MLP,
            )

    def curves(self) -> tuple[tuple[int, Statistics], ...]:
        """Return the spectra: of which network, by which statistics."""
        made = []
        for i in range(len(self.comparison.variants)):
            made.append((i, Statistics.BATCH))
            if self.beside is not Statistics.BATCH and self._stores(i):
                made.append((i, self.beside))
        return tuple(made)

    def _stores(self, i: int) -> bool:
        network = self.comparison.experiments()[i].network
        return bool(network.layer().state(1))

    def plain(self) -> Experiment:
        """Return the experiment without any normalization, whose function is written in another way too."""
        return self.comparison.base.replace(normalization="none", normalized="hidden", placement="before", affine=True)


CODEC = codec_of("curvature", Curvature())
"""The codec of the curvature."""
