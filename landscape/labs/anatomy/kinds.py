"""The facts of every normalization that there is, found by probing its layer: a new one needs no entry here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from landscape.labs.anatomy.measure import Center, Divisor, Rule, rule_of
from landscape.labs.anatomy.measure.probe import Reach, reach_of
from models.normalization import LAYERS, Normalization


class Over(StrEnum):
    """Over what a normalization takes its statistics, the first that holds."""

    NOTHING = "nothing"
    WEIGHTS_AND_BATCH = "the weights, and the batch"
    CONSTANTS = "the weights, and constants"
    WEIGHTS = "the weights"
    MIXED = "several units of several examples"
    RENORMALIZED = "the batch, corrected by what is stored"
    NOISY = "the batch, then noise"
    NOISE = "nothing, but noise is drawn"
    DETACHED = "the batch, without gradient"
    PIECE = "the batch, in another way than BatchNorm"
    BATCH = "the batch"
    EXAMPLE = "an example"
    PART = "a part of an example"
    CHANNEL = "a channel of an example"
    STORED = "what is stored"


def over_of(reach: Reach, rule: Rule | None) -> Over:
    """Return over what statistics are taken that reach so far, by this arithmetic."""
    if reach.weights:
        if reach.examples:
            return Over.WEIGHTS_AND_BATCH
        return Over.CONSTANTS if reach.constants else Over.WEIGHTS
    if reach.examples:
        return _of_batch(reach, rule)
    if reach.features > 1:
        return Over.EXAMPLE if reach.features == 4 else Over.PART
    if reach.locations:
        return Over.CHANNEL
    if reach.training_stored:
        return Over.STORED
    return Over.NOISE if reach.noise else Over.NOTHING


def _of_batch(reach: Reach, rule: Rule | None) -> Over:
    if reach.features > 1:
        return Over.MIXED
    if not reach.gradient:
        return Over.DETACHED
    if reach.training_stored:
        return Over.RENORMALIZED
    if reach.noise:
        return Over.NOISY
    usual = rule is not None and (rule.center, rule.divisor) == (Center.MEAN, Divisor.DEVIATION)
    return Over.BATCH if usual else Over.PIECE


@dataclass(frozen=True)
class Kind:
    """The facts of one normalization, found by probing its layer.

    does: in its layer's own words. over: over what it takes its statistics. stored: whether it stores any for test.
    """

    normalization: Normalization
    name: str
    does: str
    over: Over
    stored: bool


@lru_cache(maxsize=1)
def kinds() -> tuple[Kind, ...]:
    """Return the facts of every normalization that there is."""
    return tuple(
        Kind(one, one.label, _does(one), over_of(reach_of(one), rule_of(one)), reach_of(one).stored)
        for one in Normalization
    )


def _does(normalization: Normalization) -> str:
    """Return the first line of what the layer says of itself, in which other layers have the names that people read."""
    labels = {layer.__name__: layer.label for layer in LAYERS.values()}
    line = (LAYERS[normalization].__doc__ or "").partition("\n")[0]
    return re.sub(r"`(\w+)`", lambda found: labels.get(found[1], found[1]), line)
