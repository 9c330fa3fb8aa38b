"""From the results about shifts to named numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from landscape.dynamics.shift import Shift
from landscape.dynamics.stability import StepMoments
from landscape.labs.covariate_shift.measure import Domains, PartOfCurve, Seen
from landscape.labs.covariate_shift.request import CovariateShift, Elsewhere
from landscape.labs.lab import Known, Results
from landscape.labs.trainings import Trained, trained_of

BORROWED = "result "
"""With it begin the names of what other labs measure."""

Named = TypeVar("Named", bound="_Named")


@dataclass(frozen=True)
class _Named:
    """A network. normalization: the name that links use."""

    name: str
    normalization: str


@dataclass(frozen=True)
class Inside(_Named):
    """The distributions inside one network while it trains, of the units of its last hidden layer.

    jump: how far the mean of the median unit moves from one step to the next, in its deviations. wander: by how much the
    logarithm of its deviation varies over the training.
    """

    trained: Trained
    jump: float
    wander: float


@dataclass(frozen=True)
class There:
    """One network in one other domain.

    before, after: its score there without and with AdaBN. told_before, told_after: the share of examples whose domain a
    linear rule tells by the last hidden layer. divergence_before, divergence_after: (L,) by layer.
    """

    elsewhere: Elsewhere
    before: float
    after: float
    told_before: float
    told_after: float
    divergence_before: tuple[float, ...]
    divergence_after: tuple[float, ...]


@dataclass(frozen=True)
class Abroad(_Named):
    """One network in all other domains.

    source: its score at home. stores: whether it has statistics to replace. learned: whether it has learned at home.
    """

    source: float
    stores: bool
    there: tuple[There, ...]
    learned: bool = True

    def at(self, elsewhere: Elsewhere) -> There | None:
        """Return what it does in one domain; None where that was not looked at."""
        return next((one for one in self.there if one.elsewhere is elsewhere), None)


@dataclass(frozen=True)
class Moving(_Named):
    """How the gradients of one network change when the layers below move, over the looks at its training.

    All but the first layer have something below them. relative, cosine: the median of |G - G'| / |G| and of the cosine
    over those layers and the looks. worst: the least of the layers' median cosines. at_output, cosine_at_output: of the
    output layer alone. first, last: the loss of the first step and of the last. layers: how many are counted.
    """

    relative: float
    cosine: float
    worst: float
    at_output: float
    cosine_at_output: float
    first: float
    last: float
    layers: int
    diverged: bool


@dataclass(frozen=True)
class OnCurve(_Named):
    """What one network makes of a curve of which it learnt a part: mean squared errors in that part and beyond it.

    adapted: beyond it after AdaBN to the examples there; None where it stores nothing.
    """

    inside: float
    outside: float
    adapted: float | None

    @property
    def times(self) -> float:
        """How many times as large the error is beyond the part that was learnt."""
        return self.outside / self.inside if self.inside > 0 else float("inf")


def borrowed_numbers(results: Results) -> dict[str, float]:
    """Return what other labs measured, by the name of the result: the median of its seeds, where all have ended with a number.

    >>> borrowed_numbers({"result rates": [Known(3.0, True), Known(10.0, True), Known(5.0, True)], "result edge": [Known()]})
    {'rates': 5.0}
    """
    ended = {
        name: [one.value for one in of]
        for name, of in _borrowed(results).items()
        if all(one.done and not one.failed for one in of)
    }
    medians = {name: float(np.median(values)) for name, values in ended.items() if None not in values}
    return {name: value for name, value in medians.items() if not np.isnan(value)}


class Lack(StrEnum):
    """Why a number of another lab will not come."""

    FAILED = "a job of a seed failed"
    NONE = "the networks of a seed have no such number"


def borrowed_lacks(results: Results) -> dict[str, Lack]:
    """Return of which results no number will come, and why.

    >>> borrowed_lacks({"result rates": [Known(3.0, True), Known(done=True, failed=True), Known()], "result edge": [Known()]})
    {'rates': <Lack.FAILED: 'a job of a seed failed'>}
    """
    many, numbers = _borrowed(results), borrowed_numbers(results)
    failed = {name for name, of in many.items() if any(one.failed for one in of)}
    ended = {name for name, of in many.items() if all(one.done for one in of)}
    return {
        name: Lack.FAILED if name in failed else Lack.NONE
        for name in many
        if name in failed or (name in ended and name not in numbers)
    }


def _borrowed(results: Results) -> dict[str, Sequence[Known]]:
    return {name.removeprefix(BORROWED): of for name, of in results.items() if name.startswith(BORROWED)}


@dataclass(frozen=True)
class Facts:
    """The facts about shifts, as far as they are there: of all networks in each tuple, or of none.

    score: what tells how well a network does; activation, depth: of the networks of the sidebar. elsewhere: the domain that
    is drawn. learnt: up to which x the curve was.
    """

    score: str
    activation: str
    depth: int
    elsewhere: Elsewhere
    learnt: float
    inside: tuple[Inside, ...] = ()
    abroad: tuple[Abroad, ...] = ()
    moving: tuple[Moving, ...] = ()
    linear: tuple[Moving, ...] = ()
    curves: tuple[OnCurve, ...] = ()


def of(records: Iterable[Named], normalization: str) -> Named | None:
    """Return the first record of a normalization; None where there is none, or not yet."""
    return next((one for one in records if one.normalization == normalization), None)


def facts_of(request: CovariateShift, results: Results) -> Facts | None:
    """Return the facts that are there; None before any is."""
    labels, kinds = request.comparison.labels(), [kind.value for kind in request.comparison.normalizations()]
    linear, curves = request.linear(), request.curves()
    found: dict[str, Any] = {
        "inside": _each(results["moments"], labels, kinds, _inside),
        "abroad": _each(results["domains"], labels, kinds, _abroad),
        "moving": _each(results["shift"], labels, kinds, _moving),
        "linear": _each(results["linear"], *_names(linear), _moving),
        "curves": _each(results["curve"], *_names(curves), _on_curve),
    }
    if not any(found.values()):
        return None
    base = request.comparison.base
    network = base.network
    of_all = (base.data.dataset.score, network.activation.label, network.depth, request.chosen, request.learnt)
    return Facts(*of_all, **found)


def _names(experiments: Sequence[Any]) -> tuple[list[str], list[str]]:
    kinds = [one.network.normalization for one in experiments]
    return [kind.label for kind in kinds], [kind.value for kind in kinds]


def _each(
    many: Sequence[Known], names: Sequence[str], kinds: Sequence[str], make: Callable[[str, str, Any], Named]
) -> tuple[Named, ...]:
    """Return the facts of all networks; none while one of them is not there. One that failed is left out."""
    if not all(one.done for one in many):
        return ()
    each = zip(names, kinds, many, strict=False)  # the pair is the first of more names
    return tuple(make(name, kind, one.value) for name, kind, one in each if one.value is not None and not one.failed)


def _inside(name: str, kind: str, found: StepMoments) -> Inside:
    deviation = found.deviation[:, -1]
    logarithm = np.log(np.where(deviation > 0, deviation, np.nan))
    return Inside(
        name=name,
        normalization=kind,
        trained=trained_of(name, found.run),
        jump=_median(found.jump[:, -1]),
        wander=_median(logarithm.std(axis=0)),
    )


def _abroad(name: str, kind: str, found: Domains) -> Abroad:
    there = tuple(_there(one) for one in found.seen)
    return Abroad(name, kind, found.seen[0].shift.source_accuracy, found.stores, there, found.learned)


def _there(seen: Seen) -> There:
    shift, features = seen.shift, seen.features
    return There(
        elsewhere=seen.elsewhere,
        before=shift.accuracy_before,
        after=shift.accuracy_after,
        told_before=features.told_before,
        told_after=features.told_after,
        divergence_before=tuple(map(float, shift.before)),
        divergence_after=tuple(map(float, shift.after)),
    )


def _moving(name: str, kind: str, found: Shift) -> Moving:
    shift = found.shift
    relative = relative_of(found)
    cosines = np.array([_median(column) for column in shift.cosine[:, 1:].T] or [np.nan])
    return Moving(
        name=name,
        normalization=kind,
        relative=_median(relative[:, 1:]),
        cosine=_median(shift.cosine[:, 1:]),
        worst=float(np.nanmin(cosines)) if np.isfinite(cosines).any() else float("nan"),
        at_output=_median(relative[:, -1]),
        cosine_at_output=_median(shift.cosine[:, -1]),
        first=float(found.run.loss[0]),
        last=float(found.run.loss[-1]),
        layers=relative.shape[1] - 1,
        diverged=found.run.diverged_at is not None,
    )


def relative_of(found: Shift) -> np.ndarray:
    """Return |G - G'| / |G| of each layer at each look, (M, L); not a number where there is no gradient."""
    length = found.shift.gradient_norm
    return found.shift.difference / np.where(length > 0, length, np.nan)


def _on_curve(name: str, kind: str, found: PartOfCurve) -> OnCurve:
    return OnCurve(name, kind, found.inside, found.outside, found.adapted_outside)


def _median(values: np.ndarray) -> float:
    """Return the median of those that are numbers; not a number where none is."""
    known = np.ravel(values)[np.isfinite(np.ravel(values))]
    return float(np.median(known)) if len(known) else float("nan")
