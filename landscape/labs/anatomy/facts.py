"""From a layer that is cut out to named numbers: what a cell shares, its arithmetic, and what undoes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from landscape.labs.anatomy.kinds import Kind, kinds
from landscape.labs.anatomy.measure import Center, Divisor, Part, cut_of
from landscape.labs.anatomy.request import Anatomy, When
from landscape.labs.lab import Results

SAME = 1e-9
"""Numbers that differ by less are the same."""


@dataclass(frozen=True)
class Sharing:
    """Which cells share the chosen one's statistics: itself and `cells - 1` others.

    examples, units, pixels: of how many of each they are; of a weight, examples are the rows of the unit's weight.
    whole: whether those are all cells of these examples, units and pixels. by_cells, by_state: whether outputs of the
    table depend on other cells of the batch, on stored numbers.
    """

    cells: int
    examples: int
    units: int
    pixels: int
    whole: bool
    by_cells: bool
    by_state: bool


@dataclass(frozen=True)
class Arithmetic:
    """How the chosen cell becomes what it is: result = scale * factor * (value - centre) / divisor + shift.

    values: (m,) of all cells that share its statistics, the chosen one at `at`.
    known: whether the rule is one of the usual ones; else centre and divisor are those of the measured line.
    result: by the layer itself; told: by these numbers, in the same precision.
    center_name, divisor_name: of the stored number, where it is one.
    """

    values: tuple[float, ...]
    at: int
    known: bool
    center_kind: Center
    divisor_kind: Divisor
    center_name: str
    divisor_name: str
    center: float
    divisor: float
    factor: float
    epsilon: float
    normalized: float
    scale: float
    shift: float
    result: float
    told: float

    @property
    def value(self) -> float:
        """The chosen cell before all this."""
        return self.values[self.at]


@dataclass(frozen=True)
class Undone:
    """What a scale and a shift of its unit make of the normalized cells of that unit.

    scale, shift: those tried, by the sliders. own: whether they are the divisor and the centre of the chosen cell.
    before, normalized, after: (m,) of the unit, one a row of the table. cells: how many it has, all pixels. back: how many
    are as before; back_at_own: how many would be with divisor and centre of the chosen cell. of_weights: whether they are
    weights.
    """

    scale: float
    shift: float
    own: bool
    before: tuple[float, ...]
    normalized: tuple[float, ...]
    after: tuple[float, ...]
    cells: int
    back: int
    back_at_own: int
    of_weights: bool


@dataclass(frozen=True)
class Facts:
    """The facts of a layer and of one of its cells.

    kind: its normalization; activations: what of the batch the chosen cell shares; weights: None where they stay.
    active, final: of the activation function, as it is and as the normalization corrects it.
    noise: what the chosen output is with the noise of training, None where there is none.
    alone_training, alone_test: the greatest difference that it makes to an example's outputs to be alone, in either form.
    constant_alone: whether alone in training all outputs of a unit are its shift, whatever the example.
    training_test: the greatest difference of the chosen example between the two forms, among the others.
    order: the correlation of the unit's values over the examples, before and after; nan where a side is constant.
    """

    request: Anatomy
    kind: Kind
    classes: tuple[str, ...]
    activations: Sharing
    weights: Sharing | None
    arithmetic: Arithmetic
    of_weight: Arithmetic | None
    active: float
    final: float
    noise: float | None
    alone_training: float
    alone_test: float
    constant_alone: bool
    training_test: float
    order: float
    undone: Undone | None


def facts_of(request: Anatomy, results: Results) -> Facts | None:
    """Return the facts; None while the layer is not there."""
    specimen = results["specimen"][0].value
    if specimen is None:
        return None
    cut = cut_of(request, specimen)
    _, pixel, unit = request.cell
    cell = (cut.row, pixel, unit)
    activations, row = cut.activations, (request.weight[0], 0, unit)
    kind = next(one for one in kinds() if one.normalization is request.normalization)
    undone = None
    if not activations.untouched:
        undone = _undone(activations, cell, request.scale, request.shift, of_weights=False)
    elif cut.weights is not None:
        undone = _undone(cut.weights, row, request.scale, request.shift, of_weights=True)
    shift = activations.shift
    return Facts(
        request=request,
        kind=kind,
        classes=specimen.classes,
        activations=_sharing(activations, cell),
        weights=None if cut.weights is None else _sharing(cut.weights, row),
        arithmetic=_arithmetic(activations, cell),
        of_weight=None if cut.weights is None else _arithmetic(cut.weights, row),
        active=cut.active,
        final=cut.final,
        noise=None if cut.noisy is None else float(cut.noisy[cell]),
        alone_training=_differ(cut.alone_training, cut.together_training),
        alone_test=_differ(cut.alone_test, cut.together_test),
        constant_alone=_differ(cut.alone_training, np.broadcast_to(shift, cut.alone_training.shape)) < SAME,
        training_test=_differ(cut.together_training, cut.together_test),
        order=_correlation(activations.before[:, :, unit], activations.after[:, :, unit]),
        undone=undone,
    )


def _differ(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one.reshape(-1) - one.mean(), other.reshape(-1) - other.mean()
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths > SAME else float("nan")


def _sharing(part: Part, cell: tuple[int, int, int]) -> Sharing:
    own = part.own(cell)
    count, (examples, pixels, units) = int(own.sum()), (len(set(axis.tolist())) for axis in own.nonzero())
    whole = count == examples * pixels * units
    return Sharing(count, examples, units, pixels, whole, part.by_cells, part.by_state)


def _arithmetic(part: Part, cell: tuple[int, int, int]) -> Arithmetic:
    own, rule, (center, divisor) = part.own(cell), part.rule, part.line(cell)
    values = part.before[own]
    at = int(np.flatnonzero(np.flatnonzero(own) == np.ravel_multi_index(cell, own.shape))[0])
    scale, shift = float(part.scale[cell[2]]), float(part.shift[cell[2]])
    factor = rule.factor if rule else 1.0
    told = factor * (float(part.before[cell]) - center) / divisor
    usual = rule is not None or part.untouched
    return Arithmetic(
        values=tuple(values.tolist()),
        at=at,
        known=usual,
        center_kind=rule.center if rule else Center.NOTHING if usual else Center.MEASURED,
        divisor_kind=rule.divisor if rule else Divisor.NOTHING if usual else Divisor.MEASURED,
        center_name=rule.center_name if rule else "",
        divisor_name=rule.divisor_name if rule else "",
        center=center,
        divisor=divisor,
        factor=factor,
        epsilon=part.epsilon,
        normalized=float(part.xhat[cell]),
        scale=scale,
        shift=shift,
        result=float(part.after[cell]),
        told=scale * told + shift,
    )


def _undone(part: Part, cell: tuple[int, int, int], scale: float, shift: float, of_weights: bool) -> Undone | None:
    """Return what the sliders' scale and shift make of the chosen unit; None where no line tells centre and divisor."""
    before, normalized = part.before[:, :, cell[2]], part.xhat[:, :, cell[2]]
    center, divisor = part.line(cell)
    divisor /= part.rule.factor if part.rule else 1.0
    if center != center:
        return None

    def rescaled(scale: float, shift: float) -> tuple[np.ndarray, np.ndarray]:
        made = scale * divisor * normalized + shift * center
        return made, np.abs(made - before)

    made, far = rescaled(scale, shift)
    limit = SAME * max(1.0, float(np.abs(before).max()))
    shown = cell[1]
    return Undone(
        scale=scale * divisor,
        shift=shift * center,
        own=scale == 1 and shift == 1,
        before=tuple(before[:, shown].tolist()),
        normalized=tuple(normalized[:, shown].tolist()),
        after=tuple(made[:, shown].tolist()),
        cells=before.size,
        back=int((far < limit).sum()),
        back_at_own=int((rescaled(1.0, 1.0)[1] < limit).sum()),
        of_weights=of_weights,
    )


def numbers(facts: Facts) -> list[Mapping[str, object]]:
    """Return the numbers to take along: those of the chosen cell, and of the unit."""
    one = facts.arithmetic
    row = {
        "normalization": facts.kind.normalization.value,
        "form": "test" if facts.request.when is When.TEST else "training",
        "shared_by": facts.activations.cells,
        "value": one.value,
        "centre": one.center,
        "divisor": one.divisor,
        "normalized": one.normalized,
        "scale": one.scale,
        "shift": one.shift,
        "result": one.result,
    }
    return [row]
