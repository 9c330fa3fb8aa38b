"""What a centre, a divisor and whitening do to the features: the moment that bounds L, what is learnt, what it costs."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy import ndarray

from landscape.data import preprocessing_map
from landscape.experiment import Optimizer, Preprocessing
from landscape.labs.two_weights.measure.bowls import LinearModel, bowl_of
from landscape.labs.two_weights.measure.descents import ROUNDING, losses_of, trajectories
from landscape.labs.two_weights.measure.examples import SEED, examples_of
from landscape.labs.two_weights.request import DATA, MODEL, Kind, Model, TwoWeights, remembered

LAST = 10
"""What is left to be learnt is looked at over the last one of so many parts of the steps."""


@dataclass(frozen=True, eq=False)
class Center:
    """E|x - c|^2 (K,) of centres c, which are the multiples (K,) of the mean, and E|x - mean|^2, the least."""

    multiples: ndarray
    moments: ndarray
    least: float


@remembered(*DATA)
def center_of(config: TwoWeights) -> Center:
    """Return E|x - c|^2 = E|x - mean|^2 + |mean - c|^2 along c = multiple * mean.

    Source: kexue.fm/archives/6992, (13) and (14).
    """
    examples, multiples = examples_of(config), np.linspace(-1, 3, 81)
    mean = examples.mean
    least = float(((examples.x - mean) ** 2).mean(0).sum())
    return Center(multiples, least + (1 - multiples) ** 2 * float(mean @ mean), least)


@dataclass(frozen=True, eq=False)
class Divisors:
    """What gradient descent from weights of 0 has learnt after all steps at the shared rate, by divisor.

    multiples: (K,) of the deviation. left: (K,) share of the loss above its minimum that is left, the most over the last
    tenth of the steps; infinite where it overflows, not a number where the loss is flat: then there is nothing to learn.
    Where a line separates the classes there is no minimum, and it is the share of the loss itself.
    smoothness: (K,) L.
    learning_rate: of all. separated: whether a line separates the classes.
    """

    multiples: ndarray
    left: ndarray
    smoothness: ndarray
    learning_rate: float
    separated: bool


@remembered(*DATA, *MODEL, "center", "learning_rate", "num_steps")
def divisors_of(config: TwoWeights) -> Divisors:
    """Return what is learnt by divisor, at the page's centre: too large learns nothing, too small is too steep."""
    multiples = np.geomspace(0.01, 100, 41)
    one = bowl_of(replace(config, divisor=1.0, zero=False), Kind.OWN)
    x = one.features[None] / multiples[:, None, None]
    if config.bias:
        x[:, :, -1] = 1
    objective = LinearModel(x, one.objective.y.numpy(), config.model)
    rates, starts = np.full(len(x), config.learning_rate), np.zeros(x[:, 0].shape)
    visited = trajectories(objective, starts, Optimizer.GRADIENT_DESCENT, rates, config.num_steps)
    losses = losses_of(objective, visited[[0, *range(-max(2, config.num_steps // LAST), 0)]])
    # What is too steep bounces, and may be low at one step by chance.
    first, last = losses[0], losses[1:].max(0)
    least = one.minimum_loss if one.found else 0.0
    last, there_is = np.where(np.isfinite(last), last, np.inf), first - least
    nothing = np.full(len(x), np.nan)
    left = np.divide(last - least, there_is, out=nothing, where=there_is > ROUNDING * first)
    most = 0.25 if config.model is Model.LOGISTIC else 1.0
    smoothness = most * np.linalg.eigvalsh(x.transpose(0, 2, 1) @ x / x.shape[1])[:, -1]
    return Divisors(multiples, left, smoothness, config.learning_rate, not one.found)


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


@cache
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
