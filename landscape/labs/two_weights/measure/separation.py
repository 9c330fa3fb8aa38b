"""Whether a line separates two classes: then the logistic loss has no minimum, and falls for ever as the weights grow."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy import ndarray

from landscape.labs.two_weights.measure.examples import examples_of, prepared
from landscape.labs.two_weights.request import DATA, MODEL, Kind, Model, TwoWeights, remembered

RANK = 1e-9
"""A direction in which features of unit size vary by less than this share of the most does not count."""

NEAREST = 1e-9
"""An example whose direction is nearer to the line than so many radians is on it."""

ALIKE = 1 - 1e-5
"""Up to this correlation whitening keeps both directions in which the features vary."""


class Separation(StrEnum):
    """How a line parts two classes: not at all, with some examples on it, or with all on their own sides of it."""

    NONE = "none"
    TOUCHING = "touching"
    COMPLETE = "complete"


def separation_of(x: ndarray, classes: ndarray) -> Separation:
    """Return whether a line {w : <w, x> = 0} separates classes (N,) of 0 and 1 by their features x (N, P).

    With s = 1 or -1 by class: completely where some w has s <w, x> > 0 for all examples, touching where it has s <w, x> >= 0
    for all and > 0 for some. Only then has the logistic loss no minimum (Albert and Anderson 1984, Biometrika 71, 1-10).
    A linear program finds the w of a box whose sum of s <w, x> is greatest: it is 0 or reaches the box's edge. A second one
    finds the w that is farthest from the nearest example. Both are asked of an orthonormal basis of what the features span,
    each example as a direction: neither changes the answer, and both make it that of any scales.

    >>> separation_of(np.array([[1.0], [2.0], [-1.0]]), np.array([1.0, 1.0, 0.0])).value
    'complete'
    >>> separation_of(np.array([[1.0], [0.0], [-1.0]]), np.array([1.0, 1.0, 0.0])).value
    'touching'
    >>> separation_of(np.array([[1.0], [2.0], [-1.0]]), np.array([1.0, 0.0, 0.0])).value
    'none'
    """
    # Of a logistic loss alone is it asked, and no other page needs what loads in half a second.
    from scipy.optimize import linprog

    basis = _basis(x)
    lengths = np.linalg.norm(basis, axis=1)
    there = lengths > RANK * lengths.max(initial=0)
    if basis.shape[1] == 0:
        return Separation.NONE
    rows = ((2 * classes - 1) / np.where(there, lengths, 1.0))[:, None] * np.where(there[:, None], basis, 0.0)
    count, size = rows.shape
    exact = {"primal_feasibility_tolerance": NEAREST / 10, "dual_feasibility_tolerance": NEAREST / 10}
    far = linprog(-rows.sum(0), A_ub=-rows, b_ub=np.zeros(count), bounds=[(-1, 1)] * size, options=exact)
    if np.abs(far.x).max() < 0.5:
        return Separation.NONE
    if not there.all():
        return Separation.TOUCHING
    margin = linprog(
        [*np.zeros(size), -1],
        A_ub=np.column_stack([-rows, np.ones(count)]),
        b_ub=np.zeros(count),
        bounds=[(-1, 1)] * size + [(0, 1)],
        options=exact,
    )
    return Separation.COMPLETE if margin.x[-1] > NEAREST else Separation.TOUCHING


def _basis(x: ndarray) -> ndarray:
    """Return an orthonormal basis (N, R) of what the columns span; a column of ones is one of them, the others less it."""
    constant = x.max(0) == x.min(0)
    ones = bool((constant & (x[0] != 0)).any())
    centered = np.where(constant, 0.0, x - x.mean(0)) if ones else x
    size = np.linalg.norm(centered, axis=0)
    vectors, values, _ = np.linalg.svd(centered / np.where(size > 0, size, 1.0), full_matrices=False)
    kept = vectors[:, values > RANK * max(values[0], 1.0)]
    return np.column_stack([kept, np.full(len(x), 1 / np.sqrt(len(x)))]) if ones else kept


def separation_in(config: TwoWeights, kind: Kind) -> Separation:
    """Return how a line parts the classes by the features of a preprocessing; least squares ask for none."""
    if config.model is Model.LEAST_SQUARES:
        return Separation.NONE
    return _separation(config, _representative(config, kind))


def _representative(config: TwoWeights, kind: Kind) -> Kind:
    """Return the preprocessing by which the classes lie as by this one: a map that can be undone moves no line's sides."""
    if kind is Kind.OWN:
        return kind
    if kind is Kind.WHITENED:
        examples = examples_of(config)
        if examples.constant.any() or abs(np.corrcoef(examples.x.T)[0, 1]) > ALIKE:
            return kind
    # With a bias a shift can be undone as well.
    return Kind.RAW if config.bias or kind in (Kind.RAW, Kind.SCALED) else Kind.CENTERED


@remembered(*DATA, *MODEL)
def _separation(config: TwoWeights, kind: Kind) -> Separation:
    return separation_of(prepared(config, kind), examples_of(config).classes)
