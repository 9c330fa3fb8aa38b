"""What a network is to be: its kind, size, normalization, initialization. The data give the sizes of its ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.activations import Activation
from models.fields import Misfit, bounds_of, choice, number, switch, validate
from models.normalization import LAYERS, Layer, Normalization
from models.normalization.batch import WeakBatchNorm


class Kind(StrEnum):
    """The kinds of network."""

    MLP = "mlp"
    CNN = "cnn"
    RECURRENT = "recurrent"

    @property
    def label(self) -> str:
        return {"mlp": "multilayer perceptron", "cnn": "convolutional", "recurrent": "recurrent"}[self.value]


class Initialization(StrEnum):
    """How the initial weights are drawn."""

    HE = "he"
    XAVIER = "xavier"
    TORCH = "torch"

    @property
    def label(self) -> str:
        return {"he": "He", "xavier": "Xavier", "torch": "PyTorch's own"}[self.value]


class Normalized(StrEnum):
    """Where the normalization stands."""

    HIDDEN = "hidden"
    INPUT = "input"
    BOTH = "both"


class Placement(StrEnum):
    """On which side of the activation function the normalization of a hidden layer stands."""

    BEFORE = "before"
    AFTER = "after"


class TimeStatistics(StrEnum):
    """What a recurrent network's normalizations remember: of each time step its own, or one for all steps.

    Shared, a batch counts as one whose statistics are the mean over the steps of those of each step.

    Source: Cooijmans et al. 2016, arXiv 1603.09025, whose choice is per step: the first steps differ from later ones.
    """

    PER_STEP = "per-step"
    SHARED = "shared"


@dataclass(frozen=True)
class NetworkConfig:
    """A network, but for the sizes of its input and output, which the data give.

    Raises: ValueError that names the field, the value and the way out.
    """

    kind: Kind = choice(Kind.MLP, "Network", "The kind of network.")
    width: int = number(
        64, 1, 512, "Width", "Units in each hidden layer (channels of a convolution).",
        stops=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    )  # fmt: skip
    depth: int = number(
        8, 1, 64, "Depth", "Number of hidden layers.", stops=(1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32, 48, 64)
    )
    activation: Activation = choice(Activation.RELU, "Activation", "The function after each hidden layer.")
    initialization: Initialization = choice(
        Initialization.HE, "Initialization", "He: deviation sqrt(2 / inputs). Xavier: uniform, variance "
        "2 / (inputs + outputs). PyTorch's own: uniform within 1 / sqrt(inputs), biases too.",
    )  # fmt: skip
    init_scale: float = number(
        1.0, 0.01, 100.0, "Initialization scale", "Multiplies the initial weights.", logarithmic=True
    )
    normalization: Normalization = choice(Normalization.NONE, "Normalization", "What normalizes the layers.")
    normalized: Normalized = choice(
        Normalized.HIDDEN, "Normalization stands on", "The hidden layers, the input, or both."
    )
    placement: Placement = choice(
        Placement.BEFORE, "Placement", "Before or after the activation function of a hidden layer."
    )
    affine: bool = switch(True, "Learnt scale and shift", "Whether the normalization learns a scale and a shift.")
    groups: int = number(4, 1, 64, "Groups", "Number of groups of group normalization.")
    bound: float = number(
        1.0, 0.01, 100.0, "Bound of |v|", "At most so long weight normalization with a bound keeps each unit's weights.",
        logarithmic=True,
    )  # fmt: skip
    dropout: float = number(0.0, 0.0, 0.9, "Dropout", "Fraction of hidden activations dropped in training.")
    time_statistics: TimeStatistics = choice(
        TimeStatistics.PER_STEP, "Statistics over time", "Whether BatchNorm in a recurrent network stores statistics "
        "for each time step, or one set for all.",
    )  # fmt: skip
    strength: float = number(
        1.0, 0.0, 1.0, "Strength of BatchNorm", "Normalize by a part t only: (x - t mean) / deviation^t. 0: not at all; 1: "
        "BatchNorm.", stops=(0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0),
    )  # fmt: skip
    skip: bool = switch(
        False, "Skip connections", "Whether each hidden layer but the first adds what it makes to what it is given: "
        "h + g(N(W h)).",
    )  # fmt: skip
    renorm_r: float = number(
        3.0, 1.0, 100.0, "Limit of r", "Batch renormalization scales a batch by r, from 1 over this limit to the limit. Limits of 1 "
        "for r and 0 for d leave BatchNorm.", logarithmic=True, stops=(1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0),
    )  # fmt: skip
    renorm_d: float = number(
        5.0, 0.0, 100.0, "Limit of d", "Batch renormalization shifts a batch by d, at most by this limit to either side, in stored "
        "deviations.", stops=(0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0),
    )  # fmt: skip
    renorm_begin: float = number(
        0.125, 0.0, 1.0, "Limits open after", "The share of the training up to which batch renormalization is BatchNorm. Then its "
        "limits open, step by step.", stops=(0.0, 0.125, 0.25, 0.5, 0.75, 1.0),
    )  # fmt: skip

    def __post_init__(self) -> None:
        validate(self)
        layer = self.layer()
        self.check_input(None)
        if self.normalized is not Normalized.HIDDEN and layer.on_weights:
            raise Misfit(
                f"NetworkConfig.normalized must be hidden with normalization {self.normalization}, not "
                f"{self.normalized}: it acts on weights, and the input has none. Choose hidden.",
                normalized=Normalized.HIDDEN,
            )
        if self.placement is Placement.AFTER and layer.on_weights:
            raise Misfit(
                f"NetworkConfig.placement must be before with normalization {self.normalization}, not after: it acts "
                "on the weights, which stand before the activation function. Choose before.",
                placement=Placement.BEFORE,
            )
        if self.strength < 1 and self.normalization not in (Normalization.NONE, Normalization.BATCH):
            raise Misfit(
                f"NetworkConfig.strength must be 1 with normalization {self.normalization}, not {self.strength:g}: only "
                "BatchNorm is taken by a part. Choose strength 1, or normalization batch.",
                strength=1.0,
                normalization=Normalization.BATCH,
            )
        if self.skip and self.kind is Kind.RECURRENT:
            raise Misfit(
                "NetworkConfig.skip must be false in a recurrent network, not true: its layers add nothing to what they "
                "read. Choose no skip connections, or kind mlp.",
                skip=False,
                kind=Kind.MLP,
            )
        if self.skip and layer.needs_standardized_input:
            raise Misfit(
                f"NetworkConfig.skip must be false with {layer.label}, not true: its constants suppose that what a layer "
                "is given has deviation 1, and sums have more. Choose no skip connections, or normalization batch.",
                skip=False,
                normalization=Normalization.BATCH,
            )

    @property
    def least_batch(self) -> int:
        """The fewest examples of a batch: two where a normalization needs more than one value of a feature to vary."""
        has_locations = self.kind is Kind.CNN and self.normalized is Normalized.HIDDEN
        return 2 if self.layer().of_batches and not has_locations else 1

    def check_input(self, features: int | None) -> None:
        """Raise a Misfit where the normalization makes no sense on the hidden layers or on an input of `features`.

        None stands for a number that only the data will tell.
        """
        refusal = self._refusal(features)
        if refusal:
            remedy = dict(self._remedies(features))
            ways = " or ".join(f"{name} {value}" for name, value in remedy.items())
            raise Misfit(f"{refusal}. Choose {ways}.", **remedy)

    def _refusal(self, features: int | None, **changes: Any) -> str:
        """Return the rule that the normalization breaks with these changes, or nothing."""
        changed = vars(self) | changes
        layer = LAYERS[changed["normalization"]](groups=changed["groups"])
        refusal = ""
        if changed["normalized"] is not Normalized.INPUT:
            refusal = layer.refusal(changed["width"], changed["kind"] is Kind.CNN, "a hidden layer")
        if changed["normalized"] is not Normalized.HIDDEN:
            refusal = refusal or layer.refusal(features, False, "the input")
        return refusal

    def _remedies(self, features: int | None) -> Iterator[tuple[str, Any]]:
        """Yield fields by name, each with the value nearest to its own that mends all by itself."""
        unknown = features is None and self.normalized is not Normalized.HIDDEN
        most = {name: int(one.high) for name, one in bounds_of(self).items() if one.kind is int}
        candidates: dict[str, Iterable[Any]] = {
            "groups": sorted(range(1, most["groups"] + 1), key=lambda groups: abs(groups - self.groups)),
            "width": range(self.width + 1, most["width"] + 1),
            "normalized": (Normalized.HIDDEN,),
            "normalization": (Normalization.BATCH,) if unknown else (Normalization.LAYER, Normalization.BATCH),
        }
        for name, values in candidates.items():
            fitting = (value for value in values if not self._refusal(features, **{name: value}))
            if (value := next(fitting, None)) is not None:
                yield name, value

    def layer(self) -> Layer:
        """Return the normalization as an object."""
        given: dict[str, Any] = {
            "affine": self.affine,
            "groups": self.groups,
            "activation": self.activation,
            "bound": self.bound,
            "r_max": self.renorm_r,
            "d_max": self.renorm_d,
            "begin": self.renorm_begin,
        }
        if self.normalization is Normalization.BATCH and self.strength < 1:
            return WeakBatchNorm(**given, strength=self.strength)
        return LAYERS[self.normalization](**given)
