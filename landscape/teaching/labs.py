"""Every lab that there is, by name: what stands above the labs knows them by no other way."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import landscape.labs
from landscape.labs.lab import Lab, Question

ORDER = (
    "compare", "two_weights", "anatomy", "activations", "covariate_shift", "smoothness", "curvature", "invariance",
    "robustness", "inference",
)  # fmt: skip
"""Labs in the order in which one meets them; any other comes after these."""


@cache
def labs() -> dict[str, Lab]:
    """Return every lab by its name, in order.

    >>> list(labs())[:2]
    ['compare', 'two_weights']
    """
    found = sorted(one.name for one in iter_modules(landscape.labs.__path__) if one.ispkg)
    ordered = sorted(found, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return {name: import_module(f"landscape.labs.{name}").LAB for name in ordered}


def question_of(lab: str, slug: str) -> Question | None:
    """Return the question of that name of a lab; None where there is no such lab, or it has no such question.

    >>> question_of("two_weights", "thousands").ask
    'What if x2 is in thousands?'
    """
    one = labs().get(lab)
    return next((question for question in one.questions if question.slug == slug), None) if one else None
