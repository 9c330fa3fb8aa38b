"""A model of two weights on two features of unlike scales, so that its surface is the whole truth of its loss.

Follows Su Jianlin's account of normalization (kexue.fm/archives/6992): the descent inequality, L held by the inputs'
second moment, the centre and the divisor that serve it best. Everything is exact, in float64 and on all examples, so
that a page can compute it while a slider moves.
"""

from landscape.labs.two_weights.measure.bowls import SINGULAR, Bowl, LinearModel, bowl_of, surface_of
from landscape.labs.two_weights.measure.descents import (
    LEARNT,
    ROUNDING,
    Descended,
    OptimizerTable,
    descents_of,
    first_updates,
    learning_rate_of,
    optimizers_of,
    start_of,
)
from landscape.labs.two_weights.measure.examples import Examples, examples_of, kept_order, prepared
from landscape.labs.two_weights.measure.inequality import Inequality, inequality_of
from landscape.labs.two_weights.measure.preparing import Center, Cost, Divisors, center_of, cost, divisors_of
from landscape.labs.two_weights.measure.separation import Separation, separation_of
from landscape.labs.two_weights.measure.slopes import Gradients, Slopes, gradients_of, slopes
from landscape.labs.two_weights.request import ADAPTIVE, Kind, Model, Rate, Source, TwoWeights, feature_names

__all__ = [
    "ADAPTIVE",
    "LEARNT",
    "ROUNDING",
    "SINGULAR",
    "Bowl",
    "Center",
    "Cost",
    "Descended",
    "Divisors",
    "Examples",
    "Gradients",
    "Inequality",
    "Kind",
    "LinearModel",
    "Model",
    "OptimizerTable",
    "Rate",
    "Separation",
    "Slopes",
    "Source",
    "TwoWeights",
    "bowl_of",
    "center_of",
    "cost",
    "descents_of",
    "divisors_of",
    "examples_of",
    "feature_names",
    "first_updates",
    "gradients_of",
    "inequality_of",
    "kept_order",
    "learning_rate_of",
    "optimizers_of",
    "prepared",
    "separation_of",
    "slopes",
    "start_of",
    "surface_of",
]
