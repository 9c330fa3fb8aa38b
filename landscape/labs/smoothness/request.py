"""What a link to the page on smoothness holds: a comparison, the ladder of step sizes, and one step of the training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from landscape.dynamics.smoothness import Ladder
from landscape.experiment import PART_OF, Comparison, Experiment, Variant
from landscape.labs import codec as links
from landscape.labs.codec import Codec, Values
from models.fields import bounds_of, number, validate

DIGITS = Experiment().replace(num_steps=300)
"""Eight ReLU layers of 64 with He initialization: with torch's own the plain network does not learn, and looks smooth."""


@dataclass(frozen=True)
class SmoothnessRequest:
    """All that a link to the page holds.

    step: of the training, from which the line along the gradient is drawn; the last one where there are fewer.
    """

    comparison: Comparison = Comparison(DIGITS, tuple(Variant(normalization=n) for n in ("none", "batch", "layer")))
    ladder: Ladder = Ladder()
    step: int = number(
        100, 0, 4999, "From step", "The step of the training from which the line along its gradient goes."
    )

    def __post_init__(self) -> None:
        validate(self)


OF_LADDER = bounds_of(Ladder)
OF_COMPARISON = (*PART_OF, "seed", "variants", *links.OF_VARIANTS)
FIELDS = {name: links.FIELDS[name] for name in OF_COMPARISON} | OF_LADDER | bounds_of(SmoothnessRequest)


def values_of(request: SmoothnessRequest) -> Values:
    """Return the values that make this request, all of them, by name."""
    known: dict[str, Any] = links.values_of(links.Request(request.comparison))
    values = {name: known[name] for name in OF_COMPARISON}
    return values | {name: getattr(request.ladder, name) for name in OF_LADDER} | {"step": request.step}


def values_of_network(experiment: Experiment, ladder: Ladder) -> Values:
    """Return the values of a network, its data and training, and of a ladder; the variants and the seed are not among them."""
    return {name: experiment.get(name) for name in PART_OF} | {name: getattr(ladder, name) for name in OF_LADDER}


def request_of(values: Values) -> SmoothnessRequest:
    """Return the request that values by name make; what is missing takes its default.

    Raises: ValueError with a sentence where values that are fine one by one do not fit together.
    """
    values = DEFAULTS | values
    comparison = links.request_of({name: values[name] for name in OF_COMPARISON}).comparison
    return SmoothnessRequest(comparison, Ladder(**{name: values[name] for name in OF_LADDER}), values["step"])


DEFAULTS = values_of(SmoothnessRequest())

SMOOTHNESS = Codec("smoothness", FIELDS, DEFAULTS, request_of, values_of, tuple(links.OF_VARIANTS), links.idle)
"""The codec of the page on smoothness."""
