"""What is computed of one layer: a training, the layer cut out of it, and what it makes of the cells as they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from landscape.labs.anatomy.measure.probe import (
    apply,
    corrected,
    groups_of,
    influence,
    influence_of_state,
    plain,
    weights,
)
from landscape.labs.anatomy.measure.recognition import Center, Divisor, Rule, measured_line, recognize
from landscape.labs.anatomy.measure.specimen import Specimen, specimen_of
from landscape.labs.anatomy.request import EXAMPLES, Anatomy, When
from landscape.labs.jobs import training_jobs
from landscape.labs.lab import Job, Jobs
from landscape.serving.task import Once
from landscape.training.run import Run
from models.normalization import LAYERS, Normalization

KEPT = 64
"""Cuts that are kept, as many as some people's sliders ask for at a time."""


def jobs(request: Anatomy) -> Jobs:
    """Return what is computed: the training, and the layer cut out of it, which all settings of a cell share."""
    one, count = request.experiment(), EXAMPLES[request.shape]
    (training,), _ = training_jobs([one])
    cut = Job(f"specimen {one!r} {count}", partial(_cut, count=count), (training,))
    return {"specimen": [cut], "training": [training]}


@lru_cache(maxsize=KEPT)
def rule_of(normalization: Normalization) -> Rule | None:
    """Return the arithmetic of a normalization in training, None of one that leaves activations alone.

    >>> rule_of(Normalization.RMS).divisor.value
    'root mean square'
    """
    x = np.random.default_rng(0).standard_normal((3, 4, 4))
    layer = LAYERS[normalization](affine=False, groups=2)
    state = {name: np.full(4, value) for name, value in layer.state(4).items()}

    def normalized(stack: np.ndarray) -> np.ndarray:
        return apply(layer, stack, {}, state, stored=False, progress=0.0)

    groups = groups_of(influence(normalized, x))
    return recognize(x, normalized(x[None])[0], groups, {}, layer.epsilon)


def _cut(run: Run, count: int) -> Once:
    return Once(partial(specimen_of, run, count))


@dataclass(frozen=True, eq=False)
class Part:
    """A table of numbers and what is made of it: activations (N, L, C), or weights (inputs, 1, C).

    xhat: before the learnt scale and shift; after: all of it. scale, shift: (C,) as they are learnt.
    groups: of each cell, shaped as they are; -1 of one that shares nothing with others.
    by_cells, by_state: whether an output depends on other cells of the table, on stored numbers.
    rule: the arithmetic, or None where there is none, or not one of the usual ones. state: (C,) what is stored, by name.
    """

    before: np.ndarray
    xhat: np.ndarray
    after: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    groups: np.ndarray
    by_cells: bool
    by_state: bool
    rule: Rule | None
    state: Mapping[str, np.ndarray]
    epsilon: float

    def own(self, cell: tuple[int, int, int]) -> np.ndarray:
        """Return which cells share the statistics of this one, itself among them: shaped as they are, true or false."""
        group = self.groups[cell]
        own = (self.groups == group) & (group >= 0)
        own[cell] = True
        return own

    @property
    def untouched(self) -> bool:
        """Whether nothing is normalized."""
        return self.rule is None and not (self.by_cells or self.by_state)

    def line(self, cell: tuple[int, int, int]) -> tuple[float, float]:
        """Return centre and divisor of a cell: xhat = factor * (x - centre) / divisor; nan where no line tells it."""
        if self.untouched:
            return 0.0, 1.0
        own = self.own(cell)
        if self.rule is None:
            return measured_line(self.before[own], self.xhat[own])
        stored = {name: float(values[cell[2]]) for name, values in self.state.items()}
        return self.rule.line(self.before[own], stored, self.epsilon)


@dataclass(frozen=True, eq=False)
class Cut:
    """What a layer makes of a batch, and of its weights, in the form that is asked for.

    activations: of the batch at hand; weights: None where the layer leaves them as they are.
    row: of the chosen example in that batch. noisy: (N, L, C) with what is drawn in training, None where nothing is.
    active, final: what the activation function makes of the chosen output, and that as the layer corrects it.
    alone_training, alone_test: the outputs of the chosen example (L, C) as a batch of its own; together_training,
    together_test: among the others.
    """

    activations: Part
    weights: Part | None
    row: int
    noisy: np.ndarray | None
    active: float
    final: float
    alone_training: np.ndarray
    alone_test: np.ndarray
    together_training: np.ndarray
    together_test: np.ndarray


def cut_of(request: Anatomy, specimen: Specimen) -> Cut:
    """Return what the layer makes of what is asked for."""
    example, pixel, unit = request.cell
    stored, row = request.when is When.TEST, 0 if request.alone else example
    part = activations_of(specimen, stored, example if request.alone else None)
    noisy = None
    if not stored:
        drawn = apply(specimen.layer, part.before[None], specimen.parameters, specimen.state, False, noise=True)[0]
        noisy = None if np.allclose(drawn, part.after) else drawn

    def outputs(chosen: slice, place: int, form: bool) -> np.ndarray:
        return apply(specimen.layer, specimen.before[None, chosen], specimen.parameters, specimen.state, form)[0, place]

    alone, every = slice(example, example + 1), slice(None)
    return Cut(
        part,
        weights_of(specimen),
        row,
        noisy,
        *corrected(specimen.layer, float(part.after[row, pixel, unit])),
        outputs(alone, 0, False),
        outputs(alone, 0, True),
        outputs(every, example, False),
        outputs(every, example, True),
    )


@lru_cache(maxsize=KEPT)
def activations_of(specimen: Specimen, stored: bool, alone: int | None) -> Part:
    """Return what the layer makes of the activations, of all examples or of one alone; at test if stored."""
    layer, state, every = plain(specimen.layer), specimen.state, specimen.before
    x = every if alone is None else every[alone : alone + 1]

    def normalized(stack: np.ndarray) -> np.ndarray:
        return apply(layer, stack, {}, state, stored)

    def learnt(stack: np.ndarray) -> np.ndarray:
        return apply(specimen.layer, stack, specimen.parameters, state, stored)

    by_cells, by_state = influence(normalized, x), influence_of_state(layer, x, {}, state, stored)
    groups = groups_of(by_cells, by_state).reshape(x.shape)
    # The rule, the scale and the shift are those of the whole batch: of one cell every line would do.
    whole = groups if alone is None else activations_of(specimen, stored, None).groups
    rule = recognize(every, normalized(every[None])[0], whole.reshape(-1), state, layer.epsilon)
    scale, shift = _learnt(normalized(every[None])[0], learnt(every[None])[0])
    np.fill_diagonal(by_cells, False)
    return Part(
        before=x,
        xhat=normalized(x[None])[0],
        after=learnt(x[None])[0],
        scale=scale,
        shift=shift,
        groups=groups,
        by_cells=bool(by_cells.any()),
        by_state=bool(by_state.any()),
        rule=rule,
        state=state,
        epsilon=layer.epsilon,
    )


@lru_cache(maxsize=KEPT)
def weights_of(specimen: Specimen) -> Part | None:
    """Return what the layer makes of its weights, a table of one location; None where it leaves them."""
    layer, learnt = plain(specimen.layer), specimen.weight

    def made(stack: np.ndarray) -> np.ndarray:
        return weights(layer, stack, {})

    by_cells = influence(made, learnt)
    np.fill_diagonal(by_cells, False)
    if not by_cells.any():
        return None
    groups = groups_of(by_cells)
    # Elsewhere than at the weights themselves, whose length may be 1 already.
    other = learnt + np.random.default_rng(0).standard_normal(learnt.shape)
    rule = recognize(other, made(other[None])[0], groups, {}, layer.epsilon)
    unit, final = made(learnt[None])[0], weights(specimen.layer, learnt[None], specimen.parameters)[0]
    scale, shift = _learnt(unit, final)
    return Part(
        before=learnt[:, None],
        xhat=unit[:, None],
        after=final[:, None],
        scale=scale,
        shift=np.zeros_like(shift),
        groups=groups.reshape(learnt.shape)[:, None],
        by_cells=True,
        by_state=False,
        rule=rule,
        state={},
        epsilon=layer.epsilon,
    )


def _learnt(xhat: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and shift (C,) of each feature, by which y comes from xhat, both (..., C)."""
    flat, outputs = xhat.reshape(-1, xhat.shape[-1]), y.reshape(-1, y.shape[-1])
    places = np.arange(flat.shape[1])
    low, high = flat.argmin(0), flat.argmax(0)
    span = flat[high, places] - flat[low, places]
    scale = np.where(span > 0, (outputs[high, places] - outputs[low, places]) / np.where(span > 0, span, 1), 1.0)
    return scale, outputs[low, places] - scale * flat[low, places]


__all__ = ["Center", "Cut", "Divisor", "Part", "Rule", "Specimen", "cut_of", "jobs", "rule_of"]
