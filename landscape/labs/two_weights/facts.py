"""From the results of two weights to named numbers: a record for each of eight pictures, which is why this is long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np

from landscape.experiment import Optimizer
from landscape.labs.two_weights import measure
from landscape.labs.two_weights.measure import ROUNDING, Bowl, Descended, Separation
from landscape.labs.two_weights.request import ADAPTIVE, KEPT, Kind, Model, Rate, TwoWeights


class Ended(StrEnum):
    """How a training ended, the first that holds."""

    OVERFLOWED = "overflowed"
    NO_MINIMUM = "no minimum"
    FLAT = "flat"
    DIVERGED = "diverged"
    LEARNT = "learnt"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Prepared:
    """The facts of one preprocessing.

    smoothness: L. bound: on L, E|x|^2, a quarter of it for logistic. longest_step: 2/L. condition: of the Hessian, infinite
    where the loss is flat along some direction. minimum_loss: the least, or where a line separates the classes and there is
    none, that at the centre of the picture. separation: how a line does.
    learning_rate: of its training. above: the last loss over the least, as far as numbers go. learnt_at: from which step on
    it is as good as learnt. num_steps: until it ends or overflows.
    update_ratio: how many times as far as w1 the first step moves w2; not a number where neither moves.
    kept: the least correlation of its features with the same as they were; not a number where all are constant.
    """

    kind: Kind
    smoothness: float
    bound: float
    longest_step: float
    condition: float
    minimum_loss: float
    separation: Separation
    learning_rate: float
    above: float
    ended: Ended
    learnt_at: int | None
    num_steps: int
    update_ratio: float
    kept: float

    @property
    def name(self) -> str:
        """How sentences call it."""
        return self.kind.label


@dataclass(frozen=True)
class Step:
    """The facts of one step along the gradient, by the inequality.

    smoothness: the L of the parabola; own: that of the loss. cut: by how much the loss rises above the parabola.
    chosen: the step; multiple: of the loss's own 1/L. guaranteed, real: the descent at it; best: the most guaranteed.
    at_minimum: whether there is no gradient.
    """

    kind: Kind
    smoothness: float
    own: float
    cut: float
    chosen: float
    multiple: float
    guaranteed: float
    real: float
    best: float
    at_minimum: bool


@dataclass(frozen=True)
class Centre:
    """E|x - c|^2 with nothing subtracted, at the page's c and at the mean; shifts: whether the mean is any shift at all."""

    nothing: float
    here: float
    least: float

    @property
    def shifts(self) -> bool:
        """Whether it matters what is subtracted."""
        return self.nothing > self.least * (1 + ROUNDING)


@dataclass(frozen=True)
class Divided:
    """What the divisor does: left, the share that is left to learn at the page's s; not a number where all is flat.

    separated: whether a line separates the classes by these features, so that it is the share of the loss itself.
    low, high: between which divisors nine tenths are learnt, None where at none. deviation: the share left at s = 1.
    least: the divisor that leaves least. steep: the largest at which it ends higher than it began, None where at none.
    """

    left: float
    deviation: float
    least: float
    steep: float | None
    low: float | None
    high: float | None
    learning_rate: float
    separated: bool


@dataclass(frozen=True)
class Sizes:
    """The gradients of the weights and of a bias for inputs a number of times as large; grown: the weights', by how much."""

    times: float
    weights: float
    grown: float
    bias: float


@dataclass(frozen=True)
class Derivatives:
    """The ends of three losses' derivatives for an example of class or target 1."""

    sigmoid_low: float
    sigmoid_high: float
    squared: float
    squared_at: float
    alone: float
    alone_at: float


@dataclass(frozen=True)
class Optimized:
    """How far above its minimum each optimizer ends, at its best of some learning rates, by preprocessing.

    Not a number where a line separates the classes, and there is no minimum.
    """

    optimizer: Optimizer
    left: dict[Kind, float]


@dataclass(frozen=True)
class Price:
    """Seconds of whitening so many features, how many times as long that is as standardizing, and the power of its growth."""

    features: int
    seconds: float
    ratio: float
    growth: float


@dataclass(frozen=True)
class Facts:
    """The facts of the page.

    constant: the names of the features that are. same: whether the two say the same. varying: the others' names.
    shared: whether all train at one learning rate. lost: the least loss raw over that standardized.
    optimized, price: None where not asked for.
    """

    request: TwoWeights
    names: tuple[str, str]
    constant: tuple[str, ...]
    same: bool
    shared: bool
    prepared: tuple[Prepared, ...]
    step: Step
    centre: Centre
    divided: Divided
    sizes: Sizes
    derivatives: Derivatives
    optimized: tuple[Optimized, ...] | None
    price: Price | None

    def of(self, kind: Kind) -> Prepared:
        """Return the facts of a preprocessing."""
        return next(one for one in self.prepared if one.kind is kind)

    @property
    def raw(self) -> Prepared:
        return self.of(Kind.RAW)

    @property
    def standardized(self) -> Prepared:
        return self.of(Kind.STANDARDIZED)

    @property
    def whitened(self) -> Prepared:
        return self.of(Kind.WHITENED)

    @property
    def own(self) -> Prepared:
        return self.of(Kind.OWN)

    @property
    def varying(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name not in self.constant)

    @property
    def lost(self) -> float:
        return self.raw.minimum_loss - self.standardized.minimum_loss

    @property
    def separated(self) -> tuple[Prepared, ...]:
        """Those by whose features a line separates the classes."""
        return tuple(one for one in self.prepared if one.separation is not Separation.NONE)

    @property
    def adaptive(self) -> bool:
        """Whether steps are as long as the learning rate, whatever the curvature."""
        return self.request.optimizer in ADAPTIVE

    @property
    def logistic(self) -> bool:
        return self.request.model is Model.LOGISTIC


@lru_cache(maxsize=KEPT)
def facts_of(config: TwoWeights) -> Facts:
    """Return the facts of a configuration.

    >>> facts = facts_of(TwoWeights())
    >>> facts.raw.smoothness > 1000 * facts.standardized.smoothness
    True
    """
    examples, descents = measure.examples_of(config), measure.descents_of(config)
    constant = tuple(name for name, is_so in zip(config.names, examples.constant, strict=True) if is_so)
    return Facts(
        request=config,
        names=config.names,
        constant=constant,
        same=examples.same,
        shared=config.rate is Rate.SHARED or config.optimizer in ADAPTIVE,
        prepared=tuple(_prepared(config, measure.bowl_of(config, kind), descents[kind]) for kind in Kind),
        step=_step(config),
        centre=_centre(config),
        divided=_divided(config),
        sizes=_sizes(config),
        derivatives=_derivatives(),
        optimized=_optimized(config) if config.compare else None,
        price=_price() if config.cost else None,
    )


def _prepared(config: TwoWeights, bowl: Bowl, descended: Descended) -> Prepared:
    kept = measure.kept_order(config, bowl.kind)
    return Prepared(
        kind=bowl.kind,
        smoothness=bowl.smoothness,
        bound=bowl.bound,
        longest_step=bowl.longest_step,
        condition=bowl.condition,
        minimum_loss=bowl.minimum_loss,
        separation=bowl.separation,
        learning_rate=descended.learning_rate,
        above=_above(descended.above[-1]),
        ended=_ended(bowl, descended),
        learnt_at=descended.learnt_at if bowl.found else None,
        num_steps=len(descended.above) if descended.overflowed else len(descended.above) - 1,
        update_ratio=measure.first_updates(config, bowl.kind),
        kept=float(np.nanmin(kept)) if np.isfinite(kept).any() else float("nan"),
    )


def _above(loss: float) -> float:
    """Return how far above its minimum a loss is, without what is rounding: losses are of order 1."""
    return 0.0 if loss < ROUNDING else float(loss)


def _ended(bowl: Bowl, descended: Descended) -> Ended:
    if descended.overflowed:
        return Ended.OVERFLOWED
    if not bowl.found:
        return Ended.NO_MINIMUM
    if bowl.smoothness == 0:
        return Ended.FLAT
    if descended.diverged:
        return Ended.DIVERGED
    return Ended.NOT_YET if descended.learnt_at is None else Ended.LEARNT


def _step(config: TwoWeights) -> Step:
    found = measure.inequality_of(config)
    best = found.gradient_norm**2 / (2 * found.smoothness) if found.smoothness else 0.0
    return Step(
        kind=config.looked_at,
        smoothness=found.smoothness,
        own=found.true_smoothness,
        cut=found.cut,
        chosen=found.chosen,
        multiple=found.chosen * found.true_smoothness,
        guaranteed=found.guaranteed if abs(found.guaranteed) > ROUNDING * best else 0.0,
        real=found.real,
        best=best,
        at_minimum=bool(np.ptp(found.loss) <= ROUNDING * (1 + abs(found.start_loss))),
    )


def _centre(config: TwoWeights) -> Centre:
    found = measure.center_of(config)
    at = np.interp([0.0, config.center], found.multiples, found.moments)
    return Centre(float(at[0]), float(at[1]), found.least)


def _divided(config: TwoWeights) -> Divided:
    found = measure.divisors_of(config)
    learnt = found.multiples[found.left < 0.1]
    nearest = np.abs(np.log(found.multiples[:, None] / [config.divisor, 1.0])).argmin(0)
    here, deviation = found.left[nearest]
    low, high = (float(learnt[0]), float(learnt[-1])) if learnt.size else (None, None)
    steep = found.multiples[found.left > 1]
    least = float("nan") if np.isnan(found.left).all() else float(found.multiples[found.left.argmin()])
    most = float(steep[-1]) if steep.size else None
    return Divided(float(here), float(deviation), least, most, low, high, found.learning_rate, found.separated)


def _sizes(config: TwoWeights) -> Sizes:
    found = measure.gradients_of(config)
    first, last = float(found.weights[0]), float(found.weights[-1])
    return Sizes(float(found.sizes[-1]), last, last / first if first else 0.0, float(found.bias[-1]))


def _derivatives() -> Derivatives:
    found = measure.slopes()
    return Derivatives(
        sigmoid_low=float(found.sigmoid_cross_entropy.min()),
        sigmoid_high=float(found.sigmoid_cross_entropy.max()),
        squared=float(found.squared.min()),
        squared_at=float(found.h.min()),
        alone=float(found.cross_entropy.min()),
        alone_at=float(found.p.min()),
    )


def _optimized(config: TwoWeights) -> tuple[Optimized, ...]:
    found = measure.optimizers_of(config)
    there_is = [measure.bowl_of(config, kind).found for kind in found.kinds]
    left = [
        [_above(one) if minimum else float("nan") for one, minimum in zip(row, there_is, strict=True)]
        for row in found.left
    ]
    return tuple(
        Optimized(optimizer, dict(zip(found.kinds, row, strict=True)))
        for optimizer, row in zip(found.optimizers, left, strict=True)
    )


def _price() -> Price:
    found = measure.cost()
    seconds = float(found.whiten[-1])
    return Price(int(found.features[-1]), seconds, seconds / float(found.standardize[-1]), found.growth)
