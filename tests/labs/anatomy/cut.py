"""Layers that are cut out of trained networks, each trained once for all tests."""

from __future__ import annotations

from functools import lru_cache

from landscape.labs.anatomy import LAB
from landscape.labs.anatomy.facts import Facts, facts_of
from landscape.labs.anatomy.measure import Specimen
from landscape.labs.anatomy.request import Anatomy, Shape
from landscape.labs.lab import Results
from models.normalization import Normalization
from tests.labs.ended import results_of

KINDS = [
    (shape, kind) for shape in Shape for kind in Normalization if (shape, kind) != (Shape.DENSE, Normalization.INSTANCE)
]
"""Every normalization on every network that takes it."""


@lru_cache(maxsize=64)
def _trained(kind: Normalization, shape: Shape, groups: int, steps: int, seed: int) -> Results:
    return results_of(LAB, Anatomy(normalization=kind, shape=shape, groups=groups, steps=steps, seed=seed))


def results(request: Anatomy) -> Results:
    """Return what is known when the jobs of a request have ended."""
    return _trained(request.normalization, request.shape, request.groups, request.steps, request.seed)


def specimen(request: Anatomy) -> Specimen:
    """Return the layer of a request."""
    return results(request)["specimen"][0].value


def facts(request: Anatomy) -> Facts:
    """Return the facts of a request."""
    found = facts_of(request, results(request))
    assert found is not None
    return found
