"""A model of two weights on two features of unlike scales, so that its surface is the whole truth of its loss.

Follows Su Jianlin's account of normalization (kexue.fm/archives/6992): the descent inequality, L held by the inputs'
second moment, the centre and the divisor that serve it best. Everything is exact, in float64 and on all examples, so
that a page can compute it while a slider moves.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import functional

from landscape.data import load, preprocessing_map
from landscape.directions import Plane
from landscape.experiment import DataConfig, Optimizer, Preprocessing
from landscape.objective import Objective
from landscape.optimizers import Descent
from landscape.surfaces import Surface, axis, loss_surface
from models.fields import bounds_of, choice, number, switch, validate
from models.layout import Block, Layout

SEED = 6
"""Draws the examples; not a choice, so that whatever differs between two pictures is what was asked to differ."""

RESOLUTION = 31
"""Grid points along an edge of a surface."""

SINGULAR = 1e-12
"""An eigenvalue under this share of the top one is 0 up to rounding: the loss is flat along its eigenvector."""

LEARNT = 0.01
"""A loss so little above its minimum is as good as learnt: targets and classes have a variance of about 1."""


class Source(StrEnum):
    """Where the two features come from."""

    GAUSSIANS = "gaussians"
    WINE = "wine"
    BREAST_CANCER = "breast-cancer"

    @property
    def label(self) -> str:
        return {"gaussians": "drawn: units and hundreds"}.get(self.value, self.value.replace("-", " "))


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


@dataclass(frozen=True)
class TwoWeights:
    """Two features, a model of two weights on them, and how it is trained.

    start_1, start_2: where training starts, from the minimum, as a share of what the picture shows.
    extent: how far the picture reaches from the minimum, in the weights' own units.
    curvature: the L of the parabola, as a multiple of the loss's own.
    center, divisor: of the preprocessing `own`, x -> (x - center * mean) / (divisor * deviation); zero: x -> 0.
    """

    source: Source = choice(Source.GAUSSIANS, "Data", "Two features, drawn or from a real table.")
    mean_1: float = number(5.0, -10000.0, 10000.0, "Mean of x1", "Of the drawn feature.")
    deviation_1: float = number(2.0, 0.0, 10000.0, "Deviation of x1", "0 makes the feature constant.")
    mean_2: float = number(500.0, -10000.0, 10000.0, "Mean of x2", "Of the drawn feature.")
    deviation_2: float = number(200.0, 0.0, 10000.0, "Deviation of x2", "0 makes the feature constant.")
    correlation: float = number(0.0, -1.0, 1.0, "Correlation", "Between the drawn features; at 1 they say the same.")
    noise: float = number(0.5, 0.0, 2.0, "Noise", "Deviation of the drawn target's noise; the features' share is 1.")
    num_examples: int = number(500, 20, 2000, "Examples", "Drawn; a real table gives what it has.")
    feature_1: int = number(0, 0, 29, "First feature", "Of the real table.")
    feature_2: int = number(3, 0, 29, "Second feature", "Of the real table.")
    model: Model = choice(Model.LEAST_SQUARES, "Model", "Least squares on a number, or logistic on two classes.")
    bias: bool = switch(False, "With a bias", "A third parameter, added to the weighted sum.")
    optimizer: Optimizer = choice(Optimizer.GRADIENT_DESCENT, "Optimizer", "How the gradient becomes a step.")
    rate: Rate = choice(Rate.OWN, "Learning rate", "Each preprocessing at a multiple of its own 1/L, or one for all.")
    step: float = number(1.0, 0.05, 3.0, "Step, times 1/L", "1 is the best guarantee; from 2 on nothing is guaranteed.")
    learning_rate: float = number(0.1, 1e-6, 100.0, "Learning rate for all", "The step over the gradient.", True)
    momentum: float = number(0.9, 0.0, 0.999, "Momentum", "Fraction of the last step that momentum keeps.")
    num_steps: int = number(60, 1, 500, "Steps", "Steps of the optimizer.")
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

    def __post_init__(self) -> None:
        validate(self)
        if self.source is not Source.GAUSSIANS:
            names = feature_names(self.source)
            for name in ("feature_1", "feature_2"):
                if getattr(self, name) >= len(names):
                    raise ValueError(
                        f"{name} must be from 0 to {len(names) - 1} in {self.source.label}, which has {len(names)} "
                        f"features, not {getattr(self, name)}. Choose another."
                    )

    @property
    def names(self) -> tuple[str, str]:
        """Return the features' names."""
        if self.source is Source.GAUSSIANS:
            return "x1", "x2"
        names = feature_names(self.source)
        return names[self.feature_1], names[self.feature_2]

    def only(self, *parts: Sequence[str]) -> TwoWeights:
        """Return this with all other fields at their defaults, so that equal questions are asked once."""
        return TwoWeights(**{name: getattr(self, name) for part in parts for name in part})


DATA = ("source", "mean_1", "deviation_1", "mean_2", "deviation_2", "correlation", "noise", "num_examples", "feature_1",
        "feature_2")  # fmt: skip
MODEL = ("model", "bias")
OWN = ("center", "divisor", "zero")
TRAINING = ("optimizer", "rate", "step", "learning_rate", "momentum", "num_steps", "start_1", "start_2", "extent")


def feature_names(source: Source) -> tuple[str, ...]:
    """Return the names of a table's features."""
    if source is Source.GAUSSIANS:
        return "x1", "x2"
    return load(DataConfig(dataset=source.value, num_examples=20000)).feature_names


@dataclass(frozen=True, eq=False)
class Examples:
    """Two features x (N, 2), a target for least squares and a class, 0 or 1, for each, and what class 1 means."""

    x: ndarray
    target: ndarray
    classes: ndarray
    positive: str

    @property
    def constant(self) -> ndarray:
        """Which of the features (2,) are constant."""
        return self.x.max(0) == self.x.min(0)

    @property
    def same(self) -> bool:
        """Whether one feature is the other, up to unit and offset."""
        z = self.x - self.x.mean(0)
        lengths = np.linalg.norm(z, axis=0)
        return bool(not self.constant.any() and abs(z[:, 0] @ z[:, 1]) > (1 - 1e-12) * lengths.prod())


@lru_cache(maxsize=32)
def _examples(config: TwoWeights) -> Examples:
    if config.source is not Source.GAUSSIANS:
        data = load(DataConfig(dataset=config.source.value, num_examples=20000))
        x = data.train_x[:, [config.feature_1, config.feature_2]].double().numpy()
        classes = (data.train_y == 0).double().numpy()
        return Examples(x, 2 * classes - 1, classes, data.class_names[0])
    rng = np.random.default_rng(SEED)
    z, noise = rng.standard_normal((config.num_examples, 2)), rng.standard_normal(config.num_examples)
    rho = config.correlation
    z[:, 1] = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    target = z.sum(1) / np.sqrt(2) + config.noise * noise
    means, deviations = [config.mean_1, config.mean_2], [config.deviation_1, config.deviation_2]
    return Examples(means + z * deviations, target, (target > 0).astype(float), "a target above 0")


def examples_of(config: TwoWeights) -> Examples:
    """Return the examples: x1 ~ N(mean_1, deviation_1^2), x2 likewise, or two columns of a table.

    The drawn target is (z1 + z2) / sqrt(2) plus noise, of the standardized features z, so that both count alike; its
    sign is the class. A table's class is whether an example is of its first class; its target is 1 or -1 by that.
    """
    return _examples(config.only(DATA))


def prepared(config: TwoWeights, kind: Kind) -> ndarray:
    """Return the features (N, P) of a preprocessing, a column of ones last where there is a bias."""
    x = examples_of(config).x
    if kind is Kind.OWN:
        shift = config.center * x.mean(0)
        deviations = np.where(x.max(0) == x.min(0), 1.0, x.std(0))
        matrix = np.zeros((2, 2)) if config.zero else np.diag(1 / (config.divisor * deviations))
    else:
        shift, matrix = preprocessing_map(x, PREPROCESSING[kind])
    features = (x - shift) @ matrix
    return np.column_stack([features, np.ones(len(x))]) if config.bias else features


class LinearModel(Objective):
    """The loss of h = <x, w> as a function of w, exactly, for one or E sets of features.

    Least squares 1/2 E(h - y)^2, of Hessian E[x x^T]; logistic E[log(1 + e^h) - y h], of Hessian E[p(1 - p) x x^T].

    Args: x `(1 or E, N, P)`, the last column ones where there is a bias; y `(N,)` targets or classes.
    """

    dtype = torch.float64
    chunk = 512

    def __init__(self, x: ndarray, y: ndarray, model: Model) -> None:
        self.x, self.y, self.model = torch.from_numpy(x), torch.from_numpy(y), model
        self.layout = Layout((Block("weight", (x.shape[2],)),))

    def outputs(self, parameters: Tensor) -> Tensor:
        """Return h `(E, N)`."""
        return parameters @ self.x[0].T if len(self.x) == 1 else (self.x @ parameters[:, :, None])[:, :, 0]

    def __call__(self, parameters: Tensor) -> Tensor:
        h = self.outputs(parameters)
        if self.model is Model.LEAST_SQUARES:
            return (h - self.y).square().mean(1) / 2
        return (functional.softplus(h) - self.y * h).mean(1)

    def derivative(self, h: Tensor) -> Tensor:
        """Return dl/dh of outputs `(E, N)`: h - y, or sigmoid(h) - y, which lies in (-1, 1)."""
        return (h if self.model is Model.LEAST_SQUARES else torch.sigmoid(h)) - self.y

    def gradient(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the losses and the gradients E[dl/dh x] in closed form, several times faster than autograd."""
        slopes = self.derivative(self.outputs(parameters)) / len(self.y)
        gradient = slopes @ self.x[0] if len(self.x) == 1 else (slopes[:, None] @ self.x)[:, 0]
        return self(parameters), gradient

    def hessian(self, parameters: ndarray) -> ndarray:
        """Return the Hessian (P, P) at parameters (P,), of the one set of features."""
        x = self.x[0].numpy()
        weights = np.ones(len(x))
        if self.model is Model.LOGISTIC:
            p = torch.sigmoid(self.outputs(self.tensor(parameters)[None]))[0].numpy()
            weights = p * (1 - p)
        return x.T @ (weights[:, None] * x) / len(x)

    def minimum(self) -> tuple[ndarray, bool]:
        """Return the parameters (P,) of least loss, the shortest where there are many, and whether there are any.

        Newton's method in units of each feature's size, halving steps that climb. Classes that a line separates have no
        minimum: the loss falls for ever, and the search ends after some steps.
        """
        x = self.x[0].numpy()
        size = np.sqrt((x**2).mean(0))
        size[size == 0] = 1
        scaled = LinearModel((x / size)[None], self.y.numpy(), self.model)
        at, found = np.zeros(x.shape[1]), False
        for _ in range(40):
            loss, gradient = (value[0].numpy() for value in scaled.gradient(scaled.tensor(at)[None]))
            step = np.linalg.lstsq(scaled.hessian(at), gradient, rcond=SINGULAR)[0]
            found = bool(np.abs(gradient).max() < 1e-9)
            if found:
                break
            ladder = at - step * 0.5 ** np.arange(20)[:, None]
            losses = scaled(scaled.tensor(ladder)).numpy()
            at = ladder[np.flatnonzero(losses <= loss)[0]] if (losses <= loss).any() else at
        return at / size, found


@dataclass(frozen=True, eq=False)
class Bowl:
    """The loss of one preprocessing, in numbers.

    features: (N, P). minimum: (P,); found: whether there is one, which there is not for separated classes.
    hessian: (P, P) at the minimum. eigenvalues: (P,) from the lowest; eigenvectors: (P, P), in columns.
    smoothness: L, the greatest top eigenvalue of the Hessian anywhere: that of E[x x^T], a quarter of it for logistic.
    bound: on L, E|x|^2, a quarter of it for logistic.
    """

    kind: Kind
    objective: LinearModel
    features: ndarray
    minimum: ndarray
    found: bool
    minimum_loss: float
    hessian: ndarray
    eigenvalues: ndarray
    eigenvectors: ndarray
    smoothness: float
    bound: float

    @property
    def flat(self) -> bool:
        """Whether the loss does not change along some direction."""
        return bool(self.eigenvalues[0] <= SINGULAR * self.eigenvalues[-1])

    @property
    def condition(self) -> float:
        """The condition number of the Hessian, top eigenvalue over lowest; infinite where the bowl is a trough."""
        return np.inf if self.flat else float(self.eigenvalues[-1] / self.eigenvalues[0])

    @property
    def longest_step(self) -> float:
        """The longest step that surely descends, 2 / L."""
        return 2 / self.smoothness if self.smoothness > 0 else np.inf


@lru_cache(maxsize=64)
def _bowl(config: TwoWeights, kind: Kind) -> Bowl:
    examples, x = examples_of(config), prepared(config, kind)
    logistic = config.model is Model.LOGISTIC
    objective = LinearModel(x[None], examples.classes if logistic else examples.target, config.model)
    minimum, found = objective.minimum()
    hessian = objective.hessian(minimum)
    values, vectors = np.linalg.eigh(hessian)
    moment = x.T @ x / len(x)
    most = 0.25 if logistic else 1.0
    return Bowl(
        kind=kind,
        objective=objective,
        features=x,
        minimum=minimum,
        found=found,
        minimum_loss=float(objective(objective.tensor(minimum)[None])[0]),
        hessian=hessian,
        eigenvalues=np.maximum(values, 0),
        eigenvectors=vectors,
        smoothness=most * float(np.linalg.eigvalsh(moment)[-1]),
        bound=most * float(np.trace(moment)),
    )


def bowl_of(config: TwoWeights, kind: Kind) -> Bowl:
    """Return the loss of one preprocessing in numbers.

    Source: kexue.fm/archives/6992, (12): |E[lambda x]|^2 <= E[lambda^2] E|x|^2, so E|x|^2 holds L, whatever the weights.

    >>> bowl = bowl_of(TwoWeights(), Kind.STANDARDIZED)
    >>> bowl.smoothness <= bowl.bound and abs(bowl.bound - 2) < 1e-12
    True
    """
    own = OWN if kind is Kind.OWN else ()
    return _bowl(config.only(DATA, MODEL, own), Kind(kind))


@lru_cache(maxsize=64)
def _surface(config: TwoWeights, kind: Kind) -> Surface:
    bowl = bowl_of(config, kind)
    plane = Plane(bowl.minimum, np.eye(2, len(bowl.minimum)), ("w1", "w2"))
    # Relative to the minimum: the grid's centre is the loss computed there, to the last digits.
    coordinates = axis(config.extent, RESOLUTION)
    return loss_surface(bowl.objective, plane, coordinates, coordinates)


def surface_of(config: TwoWeights, kind: Kind) -> Surface:
    """Return the loss over the two weights around the minimum; a bias stays at its best value there."""
    return _surface(config.only(DATA, MODEL, OWN if kind is Kind.OWN else (), ("extent",)), Kind(kind))


def start_of(config: TwoWeights, bowl: Bowl) -> ndarray:
    """Return the parameters (P,) from which training starts; a bias starts at its best value."""
    start = bowl.minimum.copy()
    start[:2] += config.extent * np.array([config.start_1, config.start_2])
    return start


def learning_rate_of(config: TwoWeights, bowl: Bowl) -> float:
    """Return the learning rate of a preprocessing: the shared one, or its own multiple of 1/L."""
    if config.rate is Rate.SHARED or config.optimizer in ADAPTIVE or bowl.smoothness == 0:
        return config.learning_rate
    return config.step / bowl.smoothness


def multiple_of(config: TwoWeights, bowl: Bowl) -> float:
    """Return the learning rate times L: 1 is the best guarantee, 2 the end of it."""
    return learning_rate_of(config, bowl) * bowl.smoothness


@dataclass(frozen=True, eq=False)
class Descended:
    """A training from one start.

    trajectory: (S, P), as far as all is finite. above: (S,) the loss above its minimum.
    learning_rate: of it. overflowed: whether it ended where numbers overflow.
    """

    trajectory: ndarray
    above: ndarray
    learning_rate: float
    overflowed: bool

    @property
    def diverged(self) -> bool:
        """Whether it ends higher than it starts."""
        return self.overflowed or bool(self.above[-1] > self.above[0] * (1 + 1e-9))

    @property
    def learnt_at(self) -> int | None:
        """The first step at which as little as `LEARNT` is left for good."""
        left = np.flatnonzero(self.above > LEARNT)
        first = int(left[-1]) + 1 if left.size else 0
        return first if first < len(self.above) and not self.overflowed else None


def trajectories(
    objective: LinearModel, starts: ndarray, optimizer: Optimizer, rates: ndarray, num_steps: int, momentum: float = 0.9
) -> ndarray:
    """Return the parameters (S, E, P) of E trainings on all examples, each at its own learning rate (E,)."""
    parameters = objective.tensor(starts).clone()
    descent = Descent(optimizer, objective.tensor(rates)[:, None], momentum)
    visited = [parameters.clone()]
    with torch.no_grad():
        for _ in range(num_steps):
            descent.step(parameters, objective.gradient(parameters)[1])
            visited.append(parameters.clone())
    return torch.stack(visited).numpy()


@lru_cache(maxsize=32)
def _descents(config: TwoWeights) -> dict[Kind, Descended]:
    bowls = {kind: bowl_of(config, kind) for kind in Kind}
    objective = _together(config, list(bowls.values()))
    rates = np.array([learning_rate_of(config, bowl) for bowl in bowls.values()])
    starts = np.stack([start_of(config, bowl) for bowl in bowls.values()])
    visited = trajectories(objective, starts, config.optimizer, rates, config.num_steps, config.momentum)
    losses = _losses(objective, visited)
    found = {}
    for i, (kind, bowl) in enumerate(bowls.items()):
        finite = np.isfinite(visited[:, i]).all(1) & np.isfinite(losses[:, i])
        end = len(finite) if finite.all() else int(finite.argmin())
        above = np.maximum(losses[:end, i] - bowl.minimum_loss, 0)
        found[kind] = Descended(visited[:end, i], above, float(rates[i]), end < len(finite))
    return found


def descents_of(config: TwoWeights) -> dict[Kind, Descended]:
    """Return the training of every preprocessing, all as one stack."""
    return _descents(config.only(DATA, MODEL, OWN, TRAINING))


def _together(config: TwoWeights, bowls: Sequence[Bowl]) -> LinearModel:
    x = np.stack([bowl.features for bowl in bowls])
    return LinearModel(x, bowls[0].objective.y.numpy(), config.model)


def _losses(objective: LinearModel, visited: ndarray) -> ndarray:
    with torch.no_grad():
        return torch.stack([objective(parameters) for parameters in torch.from_numpy(visited)]).numpy()


@dataclass(frozen=True, eq=False)
class Inequality:
    """The loss along the gradient, beside the parabola that should lie above it.

    f(w - eta g) <= f(w) - (eta - L eta^2 / 2) |g|^2

    Source: kexue.fm/archives/6992, (2) and (5).

    steps: (K,) eta. loss, parabola: (K,). smoothness: the L of the parabola. true_smoothness: that of the loss.
    chosen: the learning rate of the page. guaranteed, real: the decrease at it. start_loss: f(w). gradient_norm: |g|.
    """

    steps: ndarray
    loss: ndarray
    parabola: ndarray
    smoothness: float
    true_smoothness: float
    chosen: float
    guaranteed: float
    real: float
    start_loss: float
    gradient_norm: float

    @property
    def cut(self) -> float:
        """By how much the loss rises above the parabola at most, over what is shown of it; 0 where it holds."""
        scale = max(float(np.abs(self.loss - self.start_loss).max()), 1e-300)
        excess = float((self.loss - self.parabola).max()) / scale
        return excess if excess > 1e-9 else 0.0


def inequality_of(config: TwoWeights) -> Inequality:
    """Return the descent inequality from the start, with L as the page has it, at steps up to 2.5 / L and the chosen one."""
    bowl = bowl_of(config, config.looked_at)
    start = start_of(config, bowl)
    losses, gradients = bowl.objective.gradient(bowl.objective.tensor(start)[None])
    loss, gradient = float(losses[0]), gradients[0].numpy()
    square = float(gradient @ gradient)
    chosen = learning_rate_of(replace(config, optimizer=Optimizer.GRADIENT_DESCENT), bowl)
    unit = 1 / bowl.smoothness if bowl.smoothness else 1.0
    steps = np.linspace(0, min(max(2.5 * unit, 1.1 * chosen), 6 * unit), 101)
    smoothness = config.curvature * bowl.smoothness

    def along(etas: ndarray) -> ndarray:
        return bowl.objective(bowl.objective.tensor(start - np.outer(etas, gradient))).numpy()

    def promised(etas: ndarray) -> ndarray:
        return (etas - smoothness * etas**2 / 2) * square

    here = np.array([chosen])
    return Inequality(
        steps=steps,
        loss=along(steps),
        parabola=loss - promised(steps),
        smoothness=smoothness,
        true_smoothness=bowl.smoothness,
        chosen=chosen,
        guaranteed=float(promised(here)[0]),
        real=loss - float(along(here)[0]),
        start_loss=loss,
        gradient_norm=float(np.sqrt(square)),
    )


@dataclass(frozen=True, eq=False)
class Center:
    """E|x - c|^2 (K,) of centres c, which are the multiples (K,) of the mean, and E|x - mean|^2, the least."""

    multiples: ndarray
    moments: ndarray
    least: float


def center_of(config: TwoWeights) -> Center:
    """Return E|x - c|^2 = E|x - mean|^2 + |mean - c|^2 along c = multiple * mean.

    Source: kexue.fm/archives/6992, (13) and (14).
    """
    x, multiples = examples_of(config).x, np.linspace(-1, 3, 81)
    mean, least = x.mean(0), float(x.var(0).sum())
    return Center(multiples, least + (1 - multiples) ** 2 * float(mean @ mean), least)


@dataclass(frozen=True, eq=False)
class Divisors:
    """What gradient descent from weights of 0 has learnt after all steps at the shared rate, by divisor.

    multiples: (K,) of the deviation. left: (K,) share of the loss above its minimum that is left; infinite where it
    overflows. smoothness: (K,) L. learning_rate: of all.
    """

    multiples: ndarray
    left: ndarray
    smoothness: ndarray
    learning_rate: float


@lru_cache(maxsize=32)
def _divisors(config: TwoWeights) -> Divisors:
    multiples = np.geomspace(0.01, 100, 61)
    one = bowl_of(replace(config, divisor=1.0, zero=False), Kind.OWN)
    x = one.features[None] / multiples[:, None, None]
    if config.bias:
        x[:, :, -1] = 1
    objective = LinearModel(x, one.objective.y.numpy(), config.model)
    rates, starts = np.full(len(x), config.learning_rate), np.zeros(x[:, 0].shape)
    visited = trajectories(objective, starts, Optimizer.GRADIENT_DESCENT, rates, config.num_steps)
    first, last = _losses(objective, visited[[0, -1]])
    left = (last - one.minimum_loss) / (first - one.minimum_loss)
    most = 0.25 if config.model is Model.LOGISTIC else 1.0
    smoothness = most * np.linalg.eigvalsh(x.transpose(0, 2, 1) @ x / x.shape[1])[:, -1]
    return Divisors(multiples, np.where(np.isfinite(left), left, np.inf), smoothness, config.learning_rate)


def divisors_of(config: TwoWeights) -> Divisors:
    """Return what is learnt by divisor, at the page's centre: too large learns nothing, too small is too steep."""
    return _divisors(config.only(DATA, MODEL, ("center", "learning_rate", "num_steps")))


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradients of an example at weights of 0, in the mean, for inputs multiplied by sizes (K,).

    weights: (K,) E|dl/dh x|. bias: (K,) E|dl/dh|, the same for all sizes.
    """

    sizes: ndarray
    weights: ndarray
    bias: ndarray


def gradients_of(config: TwoWeights) -> Gradients:
    """Return how the gradients grow with the inputs, at weights of 0.

    Source: kexue.fm/archives/6992, (9): grad_b f = E[l'], grad_w f = E[l' x].
    """
    config = replace(config, bias=False)
    bowl, sizes = bowl_of(config, Kind.RAW), np.geomspace(1, 1000, 31)
    slopes = bowl.objective.derivative(torch.zeros(1, len(bowl.features), dtype=torch.float64))[0].numpy()
    # Of each example: in the mean over classes that are as frequent, gradients of the bias would cancel.
    lengths, steep = np.linalg.norm(bowl.features, axis=1), np.abs(slopes)
    return Gradients(sizes, sizes * (steep * lengths).mean(), np.full(len(sizes), steep.mean()))


@dataclass(frozen=True, eq=False)
class Slopes:
    """The derivatives of three losses for an example of class or target 1.

    h: (K,) outputs; sigmoid_cross_entropy: (K,) sigmoid(h) - 1, in (-1, 0). squared: (K,) h - 1.
    p: (K,) probabilities; cross_entropy: (K,) -1/p.
    """

    h: ndarray
    sigmoid_cross_entropy: ndarray
    squared: ndarray
    p: ndarray
    cross_entropy: ndarray


def slopes() -> Slopes:
    """Return the derivatives of three losses.

    Source: kexue.fm/archives/6992, (8).
    """
    h, p = np.linspace(-8, 8, 81), np.geomspace(0.05, 1, 60)
    return Slopes(h, 1 / (1 + np.exp(-h)) - 1, h - 1, p, -1 / p)


@dataclass(frozen=True, eq=False)
class OptimizerTable:
    """How far (O, 5) above its minimum the loss is after the steps, by optimizer and preprocessing.

    Each at its best learning rate of a ladder; rates: (O, 5).
    """

    optimizers: tuple[Optimizer, ...]
    kinds: tuple[Kind, ...]
    left: ndarray
    rates: ndarray


@lru_cache(maxsize=8)
def _optimizers(config: TwoWeights) -> OptimizerTable:
    kinds = tuple(PREPROCESSING)
    bowls = [bowl_of(config, kind) for kind in kinds]
    ladder = np.array([0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 1.9])
    objective = _together(config, [bowl for bowl in bowls for _ in ladder])
    starts = np.stack([start_of(config, bowl) for bowl in bowls for _ in ladder])
    least = np.array([bowl.minimum_loss for bowl in bowls])[:, None]
    left, best = [], []
    for optimizer in Optimizer:
        unit = [config.extent if optimizer in ADAPTIVE else 1 / (bowl.smoothness or 1.0) for bowl in bowls]
        rates = np.array(unit)[:, None] * ladder
        visited = trajectories(objective, starts, optimizer, rates.ravel(), config.num_steps, config.momentum)
        last = _losses(objective, visited[-1:]).reshape(rates.shape)
        above = np.where(np.isfinite(last), last - least, np.inf)
        at = above.argmin(1)[:, None]
        left.append(np.take_along_axis(above, at, 1)[:, 0].clip(0))
        best.append(np.take_along_axis(rates, at, 1)[:, 0])
    return OptimizerTable(tuple(Optimizer), kinds, np.stack(left), np.stack(best))


def optimizers_of(config: TwoWeights) -> OptimizerTable:
    """Return what each optimizer leaves on each preprocessing, at its best of eight learning rates."""
    return _optimizers(config.only(DATA, MODEL, ("num_steps", "momentum", "start_1", "start_2", "extent")))


@dataclass(frozen=True, eq=False)
class Cost:
    """Seconds (K,) that standardizing and whitening take, examples and all, by number of features (K,).

    growth: the power of the number of features with which whitening grew over the last step.
    """

    features: ndarray
    standardize: ndarray
    whiten: ndarray

    @property
    def growth(self) -> float:
        return float(np.log(self.whiten[-1] / self.whiten[-2]) / np.log(self.features[-1] / self.features[-2]))


@lru_cache(maxsize=1)
def cost() -> Cost:
    """Measure what preprocessing costs here: on 256 random examples, the faster of two.

    Standardizing takes F steps an example; whitening decomposes a matrix of F x F, F^3 steps.
    """
    features, rng = np.array([16, 32, 64, 128, 256, 512, 1024]), np.random.default_rng(SEED)
    seconds: dict[Preprocessing, list[float]] = {Preprocessing.STANDARDIZE: [], Preprocessing.WHITEN: []}
    for count in features:
        x = rng.standard_normal((256, count))
        for how, spent in seconds.items():
            spent.append(min(_timed(x, how) for _ in range(2)))
    return Cost(features, *(np.array(spent) for spent in seconds.values()))


def _timed(x: ndarray, how: Preprocessing) -> float:
    begin = time.perf_counter()
    preprocessing_map(x, how)
    return time.perf_counter() - begin


def kept_order(config: TwoWeights, kind: Kind) -> ndarray:
    """Return the correlation (2,) of each prepared feature with the same feature raw: 1 keeps every relative position.

    Not a number for a feature that is constant, before or after.
    """
    x, after = examples_of(config).x, bowl_of(config, kind).features[:, :2]
    a, b = x - x.mean(0), after - after.mean(0)
    with np.errstate(invalid="ignore"):
        lengths = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
        return np.where(lengths > 1e-300, (a * b).sum(0) / lengths, np.nan)


def first_updates(config: TwoWeights, kind: Kind) -> float:
    """Return how many times as far as w1 gradient descent's first step moves w2."""
    bowl = bowl_of(config, kind)
    gradient = bowl.objective.gradient(bowl.objective.tensor(start_of(config, bowl))[None])[1][0].abs().numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(gradient[1] / gradient[0])


CONTROLLED = tuple(bounds_of(TwoWeights))
"""The names of all settings."""
