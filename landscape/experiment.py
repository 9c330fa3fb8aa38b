"""What was asked: experiments, comparisons of them, and views of their landscapes. All frozen, all hashable.

Nothing here computes; every configuration is validated when it is made and says what to do about a bad value. It is
long, as each field has its bounds, title and help here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from landscape.serving.memory import FEATURES, WORK_BYTES, Size
from landscape.serving.own_table import OwnTable
from models.config import Kind, NetworkConfig, Normalized, Placement
from models.fields import Misfit, bounds_of, carried, choice, number, switch, validate
from models.normalization import Normalization


class Dataset(StrEnum):
    """The datasets by the names that links use. The last two are a table of the user's own, of classes or of numbers."""

    DIGITS = "digits"
    WINE = "wine"
    BREAST_CANCER = "breast-cancer"
    GAUSSIANS = "gaussians"
    MOONS = "moons"
    CIRCLES = "circles"
    BLOBS = "blobs"
    SPIRALS = "spirals"
    TARGET_CURVE = "target-curve"
    LINEAR_MAP = "linear-map"
    OWN_CLASSES = "own-classes"
    OWN_NUMBERS = "own-numbers"

    @property
    def label(self) -> str:
        named = {"gaussians": "two Gaussian features"} | dict.fromkeys(("own-classes", "own-numbers"), "your own table")
        return named.get(self.value, self.value.replace("-", " "))

    @property
    def own(self) -> bool:
        """Whether it is a table of the user's own."""
        return self in (Dataset.OWN_CLASSES, Dataset.OWN_NUMBERS)

    def takes(self, table: OwnTable | None) -> bool:
        """Whether it can be shown with this table: one that is not the user's own with any, and with none."""
        return not self.own or (table is not None and table.has_classes is self.has_classes)

    @property
    def has_classes(self) -> bool:
        """Whether the targets are classes, not numbers."""
        return self not in (Dataset.TARGET_CURVE, Dataset.LINEAR_MAP, Dataset.OWN_NUMBERS)

    @property
    def score(self) -> str:
        """What tells how well a network does: its accuracy, or the share of the targets' variance that it explains."""
        return "accuracy" if self.has_classes else "R²"


class Preprocessing(StrEnum):
    """What is done once to the features, by statistics of the training data."""

    NONE = "none"
    CENTER = "center"
    SCALE = "scale"
    STANDARDIZE = "standardize"
    WHITEN = "whiten"


class LossFunction(StrEnum):
    """The losses, each a mean over the examples."""

    CROSS_ENTROPY = "cross-entropy"
    SQUARED = "squared"


class Optimizer(StrEnum):
    """The optimizers."""

    GRADIENT_DESCENT = "gradient-descent"
    MOMENTUM = "momentum"
    NESTEROV = "nesterov"
    ADAGRAD = "adagrad"
    RMSPROP = "rmsprop"
    ADAM = "adam"

    @property
    def label(self) -> str:
        proper = {"nesterov": "Nesterov", "adagrad": "Adagrad", "rmsprop": "RMSProp", "adam": "Adam"}
        return proper.get(self.value, self.value.replace("-", " "))


class BatchOrder(StrEnum):
    """How examples come into batches: shuffled without replacement, sorted by class, or each batch of a few classes.

    Source: for few classes Ioffe 2017, arXiv 1702.03275, Sec. 4.3, whose batches of 32 hold two images of each of 16 classes.
    """

    SHUFFLED = "shuffled"
    SORTED = "sorted"
    FEW_CLASSES = "few-classes"

    @property
    def label(self) -> str:
        return self.value.replace("-", " ")


class PlaneKind(StrEnum):
    """The planes on which a surface is drawn."""

    RANDOM = "random"
    PCA = "pca"
    INPUT_WEIGHTS = "input-weights"
    GRADIENT = "gradient"
    HESSIAN = "hessian"

    @property
    def label(self) -> str:
        return {
            "random": "random, filter-normalized",
            "pca": "trajectory PCA",
            "gradient": "gradient and a random direction",
            "hessian": "top Hessian eigenvectors",
        }.get(self.value, self.value.replace("-", " "))


class Split(StrEnum):
    """The two parts of the data."""

    TRAIN = "train"
    TEST = "test"


class Statistics(StrEnum):
    """The statistics that BatchNorm uses on a surface.

    Of the batch, as in training; the running averages that training stored, frozen; or those of the whole training
    set, computed anew at each point.
    """

    BATCH = "batch"
    RUNNING = "running"
    POPULATION = "population"


@dataclass(frozen=True)
class DataConfig:
    """A dataset and what is done to it, in this order: load, multiply by the ramp of scales, preprocess.

    input_scale: ratio between the largest and the smallest factor of a geometric ramp over the features: feature j of
        F is multiplied by `input_scale ** (j / (F - 1))`. 1 changes nothing, 1000 is three decades.
    table: the user's own, where that is the dataset; else it is let go.
    """

    dataset: Dataset = choice(Dataset.DIGITS, "Dataset", "What the networks learn.")
    num_examples: int = number(
        2000, 40, 20000, "Examples", "Training and test together; a real dataset gives at most what it has.",
        stops=(100, 200, 500, 1000, 2000, 5000, 10000, 20000),
    )  # fmt: skip
    input_scale: float = number(
        1.0, 1.0, 1000.0, "Input scale", "The last feature is multiplied by this, the first by 1, those between by a "
        "geometric ramp.", logarithmic=True,
    )  # fmt: skip
    preprocessing: Preprocessing = choice(
        Preprocessing.NONE, "Preprocessing", "Done to the features after the ramp: standardizing undoes it."
    )
    noise: float = number(0.2, 0.0, 1.0, "Noise", "Deviation of the noise of datasets that are drawn.")
    table: OwnTable | None = carried()

    def __post_init__(self) -> None:
        validate(self)
        if not self.dataset.own:
            object.__setattr__(self, "table", None)
        elif not self.dataset.takes(self.table):
            kind = "classes" if self.dataset.has_classes else "numbers"
            raise Misfit(
                f"DataConfig.dataset must be another than {self.dataset} here: no table of one's own whose last column "
                f"holds {kind} is at hand. Choose another dataset, or load such a table.",
                dataset=DataConfig.dataset,
            )

    @property
    def features(self) -> int:
        """How many features there are."""
        return FEATURES[self.dataset] if self.table is None else self.table.size[0]


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    batch_size: examples of a step; at least the training set's size means all of it, without shuffling.
    averages_weight: running averages become `average + averages_weight * (batch - average)` after each step: PyTorch's
        momentum of BatchNorm, whose default this is. Ioffe 2017, arXiv 1702.03275, has 0.01 for batch renormalization.
    """

    loss: LossFunction = choice(LossFunction.CROSS_ENTROPY, "Loss", "What is minimized, a mean over the examples.")
    optimizer: Optimizer = choice(Optimizer.GRADIENT_DESCENT, "Optimizer", "How the gradient becomes a step.")
    learning_rate: float = number(
        0.1, 1e-6, 100.0, "Learning rate", "The step is this times the gradient.", logarithmic=True
    )
    batch_size: int = number(
        64, 1, 20000, "Batch size", "Examples of one step; the data's size or more means all.",
        stops=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 20000),
    )  # fmt: skip
    num_steps: int = number(
        400,
        1,
        5000,
        "Steps",
        "Number of steps of the optimizer.",
        stops=(10, 25, 50, 100, 200, 400, 800, 1600, 3200, 5000),
    )
    momentum: float = number(0.9, 0.0, 0.999, "Momentum", "Fraction of the last step that momentum keeps.")
    weight_decay: float = number(0.0, 0.0, 1.0, "Weight decay", "Added to the gradient: this times the parameters.")
    batch_order: BatchOrder = choice(
        BatchOrder.SHUFFLED, "Batch order", "Shuffled each epoch, sorted by class, or each batch of a few classes."
    )
    batch_classes: int = number(
        2, 1, 10, "Classes in a batch", "Of how many classes a batch is, where its order is a few classes."
    )
    averages_weight: float = number(
        0.1, 0.001, 1.0, "Weight of a batch in the averages", "How much a new batch counts in the running averages that "
        "are stored for prediction; PyTorch calls it momentum.", logarithmic=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        validate(self)


PARTS = {"data": DataConfig, "network": NetworkConfig, "training": TrainingConfig}
"""The parts of an experiment. No two of them share the name of a field, so that a field's name is enough."""

PART_OF = {name: part for part, config in PARTS.items() for name in bounds_of(config)}
"""The part in which each field stands."""


DEFAULT_SEED = 3
"""One whose landscapes of the default networks are neither the flattest nor the steepest that seeds give: on any, and on any
machine, the plain one rises to hundreds or thousands, and the one with BatchNorm to less than ten."""


@dataclass(frozen=True)
class Experiment:
    """One network, its data, its training and the seed of all that is random in them.

    >>> Experiment().replace(width=16, learning_rate=0.5, seed=3).network.width
    16

    Raises: ValueError that names the field, the value and the way out, also where two parts do not fit together.
    """

    data: DataConfig = DataConfig()
    network: NetworkConfig = NetworkConfig()
    training: TrainingConfig = TrainingConfig()
    seed: int = number(
        DEFAULT_SEED, 0, 2**31 - 1, "Seed", "Draws the initial weights, the order of the batches and the noise."
    )

    def __post_init__(self) -> None:
        validate(self)
        layer = self.network.layer()
        self.network.check_input(self.data.features)
        if self.training.batch_size < self.network.least_batch:
            raise Misfit(
                f"TrainingConfig.batch_size must be at least 2 with {layer.label} on dense layers or on the input, not "
                "1: one example has no variance. Choose a larger batch, or a normalization over one example, such as layer.",
                batch_size=TrainingConfig.batch_size,
            )
        if self.network.kind is not Kind.MLP and self.data.dataset is not Dataset.DIGITS:
            raise Misfit(
                f"NetworkConfig.kind must be mlp on {self.data.dataset}, not {self.network.kind}: its examples are no "
                "images, which have locations and rows to go through. Choose mlp, or the digits.",
                kind=Kind.MLP,
            )
        if self.training.loss is LossFunction.CROSS_ENTROPY and not self.data.dataset.has_classes:
            raise Misfit(
                f"TrainingConfig.loss must be squared on {self.data.dataset}, not cross-entropy: its targets are "
                "numbers, not classes. Choose squared.",
                loss=LossFunction.SQUARED,
            )
        standardized = self.data.preprocessing in (Preprocessing.STANDARDIZE, Preprocessing.WHITEN)
        scaled_by_dataset = (
            self.data.dataset is Dataset.DIGITS
            and self.data.input_scale == 1
            and self.data.preprocessing is Preprocessing.NONE
        )
        if layer.needs_standardized_input and not (standardized or scaled_by_dataset):
            raise Misfit(
                f"DataConfig.preprocessing must be standardize or whiten with {layer.label}, not "
                f"{self.data.preprocessing}: its constants suppose inputs of mean 0 and deviation 1. Choose "
                "standardize, or the digits with an input scale of 1, which come standardized as a whole.",
                preprocessing=Preprocessing.STANDARDIZE,
            )
        if not self.size.fits:
            remedy = self.size.nearest()
            name, value = next(iter(remedy.items()))
            raise Misfit(
                f"{type(getattr(self, PART_OF[name])).__name__}.{name} must be at most {value} here, not {self.get(name)}: "
                f"this network of width {self.network.width} and depth {self.network.depth}, in batches of "
                f"{self.training.batch_size}, would hold {self.size.work_bytes / 2**20:.0f} MB, more than the "
                f"{WORK_BYTES / 2**20:.0f} that one may hold. Choose {value}.",
                **remedy,
            )

    @property
    def size(self) -> Size:
        """What tells how much memory the experiment takes."""
        network, data, training = self.network, self.data, self.training
        own = () if data.table is None else data.table.size
        return Size(
            network.kind, network.width, network.depth, training.batch_size, data.num_examples, data.dataset.value, own
        )

    def replace(self, **changes: Any) -> Experiment:
        """Return the experiment with fields changed, each by its own name, whichever part it stands in."""
        parts: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
        own: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in ("seed", "table") and name not in PART_OF:
                raise ValueError(f"an Experiment has no field {name!r}; there are: {', '.join([*PART_OF, 'seed'])}")
            (own if name == "seed" else parts[PART_OF.get(name, "data")])[name] = value
        made = {part: replace(getattr(self, part), **given) for part, given in parts.items() if given}
        return replace(self, **made, **own)

    def get(self, name: str) -> Any:
        """Return a field by its own name, whichever part it stands in."""
        return self.seed if name == "seed" else getattr(getattr(self, PART_OF[name]), name)


MAX_VARIANTS = 4
"""Networks of a comparison at most."""

VARIED = (
    "normalization",
    "normalized",
    "preprocessing",
    "learning_rate",
    "affine",
    "placement",
    "batch_size",
    "skip",
    "strength",
)
"""The fields in which the variants of a comparison may differ from its base."""


@dataclass(frozen=True)
class Variant:
    """What one network of a comparison has of its own: fields of an experiment by name; None takes the base's."""

    normalization: Any = None
    normalized: Any = None
    preprocessing: Any = None
    learning_rate: Any = None
    affine: Any = None
    placement: Any = None
    batch_size: Any = None
    skip: Any = None
    strength: Any = None

    def __post_init__(self) -> None:
        for name in self.overrides():
            bounds = bounds_of(PARTS[PART_OF[name]])[name]
            try:
                object.__setattr__(self, name, bounds.check(getattr(self, name)))
            except ValueError as error:
                raise ValueError(f"Variant.{name} {error}") from None

    def overrides(self) -> dict[str, Any]:
        """Return what differs from the base, by name."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Comparison:
    """A base experiment and one to four variants of it, each a few fields that differ.

    >>> [e.network.normalization.value for e in Comparison().experiments()]
    ['none', 'batch']

    Raises: ValueError where there are no or too many variants, or one of them is no valid experiment.
    """

    base: Experiment = Experiment()
    variants: tuple[Variant, ...] = (Variant(normalization="none"), Variant(normalization="batch"))

    def __post_init__(self) -> None:
        if not 1 <= len(self.variants) <= MAX_VARIANTS:
            raise ValueError(f"Comparison.variants must be one to four, not {len(self.variants)}")
        self.experiments()

    def experiments(self) -> tuple[Experiment, ...]:
        """Return the experiment of each variant."""
        return tuple(self._experiment(number) for number in range(1, len(self.variants) + 1))

    def _experiment(self, number: int) -> Experiment:
        try:
            return self.base.replace(**self.variants[number - 1].overrides())
        except Misfit as misfit:
            misfit.network = number
            raise

    def normalizations(self) -> tuple[Normalization, ...]:
        """Return the normalization of each variant."""
        return tuple(experiment.network.normalization for experiment in self.experiments())

    def labels(self) -> tuple[str, ...]:
        """Return a name for each variant, no two the same: its normalization, and all in which it differs from others.

        >>> Comparison(variants=(Variant(normalization="batch"), Variant(normalization="batch", affine=False))).labels()
        ('BatchNorm', 'BatchNorm, without scale and shift')
        """
        experiments = self.experiments()
        differ = {name for name in VARIED if len({experiment.get(name) for experiment in experiments}) > 1}
        names: list[str] = []
        for experiment in experiments:
            name = _label(experiment, differ)
            same = sum(_label(other, differ) == name for other in experiments[: len(names)])
            names.append(f"{name}{_AGAIN[same]}")
        return tuple(names)


_AGAIN = ("", ", again", ", a third time", ", a fourth time")
"""What tells networks apart that are the same."""

_PREPROCESSED = {
    Preprocessing.CENTER: "centered",
    Preprocessing.SCALE: "scaled",
    Preprocessing.STANDARDIZE: "standardized",
    Preprocessing.WHITEN: "whitened",
}


def _label(experiment: Experiment, differ: Collection[str]) -> str:
    """Return how a network is called among others, of whose fields these differ."""
    network, training = experiment.network, experiment.training
    normalizes = network.normalization is not Normalization.NONE
    name = network.normalization.label
    if normalizes and network.normalized is not Normalized.HIDDEN:
        name += " on the input" if network.normalized is Normalized.INPUT else " on input and hidden"
    parts = [name]
    if network.normalization is Normalization.BATCH and network.strength < 1:
        parts.append(f"strength {network.strength:g}")
    if experiment.data.preprocessing is not Preprocessing.NONE:
        parts.append(_PREPROCESSED[experiment.data.preprocessing])
    if normalizes and "placement" in differ and network.placement is Placement.AFTER:
        parts.append("after the activation")
    if normalizes and "affine" in differ and not network.affine:
        parts.append("without scale and shift")
    if "skip" in differ and network.skip:
        parts.append("skip")
    if "learning_rate" in differ:
        parts.append(f"rate {training.learning_rate:g}")
    if "batch_size" in differ:
        parts.append(f"batch {training.batch_size}")
    return ", ".join(parts)


GRIDS = (11, 16, 21, 31, 41, 51, 71, 101)
"""The numbers of grid points among which a slider chooses."""


@dataclass(frozen=True)
class View:
    """The request for a picture of the landscape around a run's last parameters.

    extent: coordinates run from -extent to extent on the random plane (1 is a direction as long as each filter) and on
        those of gradient and Hessian (1 is as long as all weights together); on the input-weights plane likewise, in
        raw units of weight; on the PCA plane the path sets the size, this enlarges it.
    resolution, resolution_y: grid points along x and y; 0 for resolution_y means as many as along x.
    split: train or test, of which the first num_examples are those on which the loss is computed.
    batches: number of equal batches in which these are normalized: part of the loss where there is BatchNorm.
    feature_x, feature_y: the two features of the input-weights plane; -1 means those of least and greatest scale.
    seed: draws the directions; shared by all networks that are compared.
    """

    plane: PlaneKind = choice(PlaneKind.RANDOM, "Plane", "Which two directions through the parameters are drawn.")
    extent: float = number(1.0, 0.001, 100.0, "Extent", "How far the picture reaches.", logarithmic=True)
    resolution: int = number(31, 3, 101, "Resolution", "Grid points along an edge.", stops=GRIDS)
    resolution_y: int = number(0, 0, 101, "Resolution along y", "0: as many as along x.", stops=(0, *GRIDS))
    statistics: Statistics = choice(
        Statistics.BATCH,
        "Statistics",
        "What BatchNorm uses on the surface: its batch, the stored averages, or the training set's.",
    )
    split: Split = choice(Split.TRAIN, "Split", "On which part of the data the surface is computed: train or test.")
    num_examples: int = number(
        512, 2, 20000, "Examples", "Examples of that part on which the surface is computed.",
        stops=(64, 128, 256, 512, 1024, 2048),
    )  # fmt: skip
    batches: int = number(
        1, 1, 64, "Batches", "In how many equal batches these are normalized.", stops=(1, 2, 4, 8, 16, 32, 64)
    )
    feature_x: int = number(-1, -1, 10000, "Feature of x", "-1: the one of least scale.")
    feature_y: int = number(-1, -1, 10000, "Feature of y", "-1: the one of greatest scale.")
    seed: int = field(
        default=0, metadata={"bounds": bounds_of(Experiment)["seed"]}
    )  # fmt: skip

    def __post_init__(self) -> None:
        validate(self)
        most = self.num_examples // 2
        if self.batches > most:
            raise Misfit(
                f"View.batches must be at most {most} of {self.num_examples} examples, not {self.batches}: a batch of one "
                "has no variance. Choose fewer batches.",
                batches=most,
            )

    def grid(self) -> tuple[int, int]:
        """Return the numbers of grid points along x and y."""
        return self.resolution, self.resolution_y or self.resolution


class Drawing(StrEnum):
    """How a surface is drawn."""

    SURFACE = "surface"
    CONTOUR = "contour"


@dataclass(frozen=True)
class Display:
    """How pictures are drawn: nothing in it asks for another computation."""

    drawing: Drawing = choice(Drawing.SURFACE, "Drawing", "A surface to turn, or its contour lines from above.")
    logarithmic: bool = switch(True, "Logarithmic height", "Heights and colours by the logarithm of the loss.")
    shared_range: bool = switch(
        True, "One range for all", "The same heights and colours for all networks; else each has its own."
    )

    def __post_init__(self) -> None:
        validate(self)
