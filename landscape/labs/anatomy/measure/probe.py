"""What a normalization does, asked of the layer itself: change one cell, or one stored number, and see which outputs change.

So no normalization has an entry here: what a new one shares is found as it is of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from models.activations import activate
from models.normalization import LAYERS, Context, Layer, Normalization

Vectors = Mapping[str, np.ndarray]
"""Numbers `(C,)` of each feature by name."""

CHANGED = 1e-9
"""An output has changed where it differs by more than this: all is in double precision."""

MOVE = 0.7310585
"""What is added to a cell, or to a stored number: no value at which anything is special."""


def apply(
    layer: Layer,
    x: np.ndarray,
    parameters: Vectors,
    state: Vectors,
    stored: bool,
    noise: bool = False,
    progress: float = 1.0,
) -> np.ndarray:
    """Return what the layer makes of activations `(E, N, L, C)`, each member of the stack by itself.

    Args: parameters `(C,)`; state `(C,)`, or `(E, C)` for one of each member's own; stored: as at test; noise: with what
        is drawn in training, the same for each member; progress: how far training has come.
    """
    generators = tuple(torch.Generator().manual_seed(0) for _ in x) if noise else ()
    context = Context("stored" if stored else "batch", progress, 0.0, training=noise, generators=generators)
    given = {name: torch.as_tensor(values).double().reshape(1, -1) for name, values in parameters.items()}
    kept = {name: torch.atleast_2d(torch.as_tensor(values).double()) for name, values in state.items()}
    with torch.no_grad():
        return layer.normalize(torch.as_tensor(x).double(), given, kept, context)[0].numpy()


def weights(layer: Layer, weight: np.ndarray, parameters: Vectors) -> np.ndarray:
    """Return the weights `(E, inputs, C)` that the linear map uses, made from those that are learnt."""
    given = {name: torch.as_tensor(values).double().reshape(1, -1) for name, values in parameters.items()}
    with torch.no_grad():
        return layer.weight(torch.as_tensor(weight).double(), given).numpy()


def corrected(layer: Layer, y: float) -> tuple[float, float]:
    """Return what the activation function makes of one value, and that with the layer's correction."""
    with torch.no_grad():
        active: Tensor = activate(torch.tensor(y, dtype=torch.float64), layer.activation)
        return float(active), float(layer.correct(active))


def influence(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return whether the output at each cell changes with each cell of x: `(cells, cells)`, row i for output i.

    function: maps a stack `(E, *x.shape)` to outputs of the same shape, each member by itself.

    >>> influence(lambda stack: stack - stack.mean(axis=1, keepdims=True), np.zeros((2, 2))).astype(int).tolist()
    [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    """
    moved = x.reshape(-1) + MOVE * np.eye(x.size)
    stack = np.concatenate([x[None], moved.reshape(-1, *x.shape)])
    outputs = function(stack).reshape(len(stack), -1)
    return (np.abs(outputs[1:] - outputs[0]) > CHANGED).T


def influence_of_state(layer: Layer, x: np.ndarray, parameters: Vectors, state: Vectors, stored: bool) -> np.ndarray:
    """Return whether the output at each cell changes with what is stored of each feature: `(cells, C)`."""
    if not state:
        return np.zeros((x.size, x.shape[-1]), bool)
    moved = {name: np.vstack([values, values + MOVE * np.eye(len(values))]) for name, values in state.items()}
    stack = np.broadcast_to(x, (x.shape[-1] + 1, *x.shape)).copy()
    outputs = apply(layer, stack, parameters, moved, stored).reshape(len(stack), -1)
    return (np.abs(outputs[1:] - outputs[0]) > CHANGED).T


def gradient(layer: Layer, x: np.ndarray, parameters: Vectors, state: Vectors) -> np.ndarray:
    """Return the gradient of the first cell's output by activations x (N, L, C), in training."""
    leaf = torch.as_tensor(x).double()[None].requires_grad_()
    given, kept = (
        {name: torch.as_tensor(values).double().reshape(1, -1) for name, values in of.items()}
        for of in (parameters, state)
    )
    with torch.enable_grad():
        y, _ = layer.normalize(leaf, given, kept, Context(momentum=0.0, progress=0.0))
        (found,) = torch.autograd.grad(y[0, 0, 0, 0], leaf)
    return np.abs(found[0].numpy()) > CHANGED


def groups_of(cells: np.ndarray, stored: np.ndarray | None = None) -> np.ndarray:
    """Return the group of each cell, from 0, or -1 of one that shares nothing: `(cells,)`.

    Cells are of one group where the output of one changes with the other, or both with one stored number.

    Args: cells: `(cells, cells)`, as `influence` says; stored: `(cells, C)`, as `influence_of_state` does.

    >>> groups_of(np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], bool)).tolist()
    [0, -1, 0]
    """
    linked = cells | cells.T
    if stored is not None:
        linked = linked | (stored[:, None, :] & stored[None, :, :]).any(-1)
    found = np.full(len(cells), -1)
    number = 0
    for first in range(len(cells)):
        if found[first] >= 0:
            continue
        group, new = np.zeros(len(cells), bool), np.eye(len(cells), dtype=bool)[first]
        while (new & ~group).any():
            group |= new
            new = linked[group].any(0)
        if group.sum() > 1:
            found[group] = number
            number += 1
    return found


@dataclass(frozen=True)
class Reach:
    """Over what a normalization takes its statistics, on images of 4 pixels and 4 channels in a batch of 3.

    examples: whether an output depends on other examples, in training; at_test: whether it does so then.
    features: on how many channels of its own example; locations: whether on other pixels of its channel.
    stored: whether it depends on stored numbers at test; training_stored: whether it does in training, at its end.
    gradient: whether a gradient passes to other examples, in training. noise: whether anything is drawn.
    weights: whether the weights of a unit are made from all of that unit's. constants: whether the output of the
    activation function is corrected.
    """

    examples: bool
    at_test: bool
    features: int
    locations: bool
    stored: bool
    training_stored: bool
    gradient: bool
    noise: bool
    weights: bool
    constants: bool


@lru_cache(maxsize=64)
def reach_of(normalization: Normalization) -> Reach:
    """Return over what a normalization takes its statistics, as training begins.

    >>> reach_of(Normalization.GROUP).features, reach_of(Normalization.BATCH).examples
    (2, True)
    """
    drawn = np.random.default_rng(0)
    x, weight = drawn.standard_normal((3, 4, 4)), drawn.standard_normal((5, 4))
    layer = LAYERS[normalization](groups=2)
    parameters = {name: np.full(4, value) for name, value in layer.parameters(4).items()}
    state = {name: np.full(4, value) for name, value in layer.state(4).items()}

    def influenced(stored: bool) -> np.ndarray:
        found = influence(lambda stack: apply(layer, stack, parameters, state, stored, progress=0.0), x)
        return found.reshape(*x.shape, *x.shape)[0, 0, 0]  # of the first cell

    training, test = influenced(False), influenced(True)
    made = influence(lambda stack: weights(layer, stack, parameters), weight)
    np.fill_diagonal(made, False)
    quiet, drawn_too = (apply(layer, x[None], parameters, state, False, noise=noise) for noise in (False, True))
    active, final = corrected(layer, 1.0)
    return Reach(
        examples=bool(training[1:].any()),
        at_test=bool(test[1:].any()),
        features=int(training[0].any(0).sum()),
        locations=bool(training[0, 1:, 0].any()),
        stored=bool(influence_of_state(layer, x, parameters, state, True).any()),
        training_stored=bool(influence_of_state(layer, x, parameters, state, False).any()),
        gradient=bool(gradient(layer, x, parameters, state)[1:].any()),
        noise=not np.allclose(quiet, drawn_too),
        weights=bool(made.any()),
        constants=active != final,
    )


def plain(layer: Layer) -> Layer:
    """Return the layer without a learnt scale and shift.

    >>> plain(LAYERS[Normalization.BATCH]()).parameters(2)
    {}
    """
    return replace(layer, affine=False)
