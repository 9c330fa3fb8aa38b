"""What results say, in sentences and tables: every number is computed from a result, none is written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from landscape.experiment import PlaneKind, Statistics, View
from landscape.geometry.surfaces import Path, Surface
from landscape.training.run import Run
from landscape.views import Inspection, Measures

GAP = 0.1
"""A test accuracy so much under the training accuracy is worth a sentence."""

ALIKE = 3.0
"""Surfaces whose heights differ by less than this factor are called alike."""

LONG = 8
"""A wait of so many seconds is told of."""

SHALLOW = 4
"""Up to so many layers a landscape without normalization is hardly rougher (PHENOMENA's measured settings have 8)."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one network of a comparison; the later parts may still be missing.

    finished: whether the run is whole. ended: whether what is missing will not come.
    """

    label: str
    run: Run
    finished: bool = True
    surface: Surface | None = None
    inspection: Inspection | None = None
    measures: Measures | None = None
    ended: bool = False

    @property
    def blank(self) -> str:
        """What stands for a number that is missing."""
        return "not computed" if self.ended else "…"


@dataclass(frozen=True)
class Row:
    """One network in the table, in words and numbers for people."""

    network: str
    training_loss: str
    training_accuracy: str
    test_accuracy: str
    population_accuracy: str
    learned: str
    sharpness: str
    stable_below: str
    explained_variance: str
    off_plane: str


def number(value: float) -> str:
    """Return a number with three significant digits, as people read it.

    >>> number(0.0023456), number(2491.0), number(999.6), number(1.2e9), number(float("nan"))
    ('0.00235', '2490', '1000', '1.2e+09', 'not a number')
    """
    if np.isnan(value):
        return "not a number"
    if np.isinf(value):
        return "infinite"
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if 1e3 <= abs(rounded) < 1e6 else f"{value:.3g}"


def time_left(seconds: float | None) -> str:
    """Return how long a wait will still take, in words; nothing where that is short or not known.

    >>> time_left(42.0), time_left(170.0), time_left(3.0), time_left(None)
    ('about 40 seconds more', 'about 3 minutes more', '', '')
    """
    if seconds is None or seconds < LONG:
        return ""
    return f"about {f'{5 * round(seconds / 5)} seconds' if seconds < 100 else f'{round(seconds / 60)} minutes'} more"


def table(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return the table's rows: final training loss and test accuracy, sharpness beside 2 / learning rate, the path.

    The edge of stability 2 / learning rate is that of gradient descent: Cohen et al. 2021, arXiv 2103.00065.
    """
    rows = []
    for outcome in outcomes:
        run, measures = outcome.run, outcome.measures
        rows.append(
            Row(
                network=outcome.label,
                training_loss=number(run.train_loss),
                training_accuracy=f"{run.train_accuracy:.3f}",
                test_accuracy=f"{run.test_accuracy[-1]:.3f}",
                population_accuracy=outcome.blank if measures is None else f"{measures.population_accuracy:.3f}",
                learned=_learned(run, measures),
                sharpness=outcome.blank if measures is None else number(measures.sharpness),
                stable_below=number(2 / run.experiment.training.learning_rate),
                explained_variance=_of_path(outcome, lambda path: float(path.plane.explained_variance.sum())),
                off_plane=_of_path(outcome, lambda path: path.off_plane),
            )
        )
    return rows


def _of_path(outcome: Outcome, share: Callable[[Path], float]) -> str:
    if outcome.inspection is None:
        return outcome.blank
    path = outcome.inspection.path
    return f"{share(path):.0%}" if len(path.steps) > 1 else "no path"


def _learned(run: Run, measures: Measures | None) -> str:
    if run.diverged_at is not None:
        return f"no: diverged at step {run.diverged_at}"
    if run.learned:
        return "yes, but its stored averages lag" if _lags(run, measures) else "yes"
    if not _fits(run):
        return f"no: the {_constant(run)} alone gives {run.majority:.2f}"
    return "yes, but its stored averages lag" if _lags(run, measures) else "only the training data"


def _lags(run: Run, measures: Measures | None) -> bool:
    """Return whether a run does clearly better on the test data by statistics of the training set than by the stored."""
    return measures is not None and measures.population_accuracy - run.test_accuracy[-1] > GAP / 2


def notice(outcomes: Sequence[Outcome], view: View) -> str:
    """Return one paragraph on what to notice, from the results that are there."""
    sentences = [*trained(outcomes), *_heights(outcomes, view), *_frozen(outcomes, view)]
    return " ".join(sentences)


def listing(names: Sequence[str]) -> str:
    """Return names as they stand in a sentence.

    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _constant(run: Run) -> str:
    """Return the name of the guess whose score is `run.majority`."""
    return "majority class" if run.experiment.data.dataset.has_classes else "mean"


def _fits(run: Run) -> bool:
    """Return whether a run fits its training data well beyond the majority class, whatever it does on the test data."""
    return run.train_accuracy - run.majority > 2 * GAP


def trained(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what is to be said of the trainings: which diverged, did not learn, learned alike or fit too well."""
    sentences = []
    for outcome in outcomes:
        run = outcome.run
        if run.diverged_at is not None:
            rate, last = run.experiment.training.learning_rate, float(run.loss[-1])
            what = f"rose to {number(last)}, from {number(float(run.loss[0]))}" if np.isfinite(last) else "overflowed"
            sentences.append(
                f"**{outcome.label}** diverged at step {run.diverged_at} with learning rate {rate:g}: its loss {what}. "
                f"What is drawn and told of it ends at its last snapshot before (step {run.steps[-1]})."
            )
        elif not run.learned and not _fits(run):
            sentences.append(
                f"**{outcome.label}** has not learned: {_scored(run)} on the test data, the {_constant(run)} "
                f"alone gives {run.majority:.2f}. An untrained network's landscape may be flat for that reason alone."
            )
    learned = [outcome for outcome in outcomes if outcome.run.learned]
    able = [one for one in outcomes if one.run.diverged_at is None and (one.run.learned or _fits(one.run))]
    alone = able[0] if len(able) == 1 and _lags(able[0].run, able[0].measures) else None
    if alone:
        sentences.append(f"**{alone.label}** learns the training data to {alone.run.train_accuracy:.2f}.")
    elif len(learned) == 1:
        reached, last = _scored(learned[0].run, 3), learned[0].run.steps[-1]
        sentences.append(f"**{learned[0].label}** reaches {reached} on the test data after {_steps(last)}.")
    if len(learned) > 1:
        each = listing([f"{outcome.run.test_accuracy[-1]:.3f} ({outcome.label})" for outcome in learned])
        accuracies = [outcome.run.test_accuracy[-1] for outcome in learned]
        dataset = learned[0].run.experiment.data.dataset
        unlike = "unlike test accuracies" if dataset.has_classes else "unlike test R²"
        reached = f"about the same test {dataset.score}" if max(accuracies) - min(accuracies) < 0.02 else unlike
        sentences.append(f"After {_steps(learned[0].run.steps[-1])} the networks reach {reached}: {each}.")
    sentences += [_gap(outcome, outcome is alone) for outcome in outcomes if _falls_short(outcome)]
    return [re.sub(r"^\*\*no ", "**No ", sentence) for sentence in sentences]  # a sentence that begins with a name


def _falls_short(outcome: Outcome) -> bool:
    """Return whether a run does so much worse on the test data than on the training data that it is worth a sentence."""
    run = outcome.run
    known = run.diverged_at is None and outcome.measures is not None
    return known and _fits(run) and run.train_accuracy - run.test_accuracy[-1] > GAP


def _steps(count: int) -> str:
    return f"{count} step{'' if count == 1 else 's'}"


def _gap(outcome: Outcome, alone: bool) -> str:
    """Return how far a run falls short on the test data; alone: as the second sentence on the only one that learned."""
    run, better, tested = outcome.run, outcome.measures.population_accuracy, outcome.run.test_accuracy[-1]
    if alone:
        return (
            f"On the test data it reaches {better:.2f} by statistics of the whole training set, and {tested:.2f} by its "
            "stored averages, which lag behind its weights."
        )
    why = ": its stored averages lag behind its weights; by statistics of the whole training set it is"
    return (
        f"**{outcome.label}** fits the training data ({run.train_accuracy:.2f}, by batch statistics) better than the test "
        f"data ({tested:.2f}){f'{why} {better:.2f}' if _lags(run, outcome.measures) else ''}."
    )


def _scored(run: Run, digits: int = 2) -> str:
    return f"{'' if run.experiment.data.dataset.has_classes else 'R² = '}{run.test_accuracy[-1]:.{digits}f}"


def _heights(outcomes: Sequence[Outcome], view: View) -> list[str]:
    drawn = [outcome for outcome in outcomes if outcome.surface is not None and len(outcome.surface.finite)]
    if view.plane is PlaneKind.INPUT_WEIGHTS:
        parts = [f"{number(outcome.surface.stretch)} ({outcome.label})" for outcome in drawn]
        if not parts:
            return []
        x, y = drawn[0].surface.plane.labels
        return [
            f"Along the {y} the loss changes so many times as much as along the {x}: {listing(parts)}. "
            "Near 1 the valley is round; far from it, it is stretched."
        ]
    drawn = [
        outcome for outcome in drawn if outcome.run.diverged_at is None and (outcome.run.learned or _fits(outcome.run))
    ]
    if len(outcomes) == 1 and drawn:
        loss = drawn[0].surface.finite
        return [
            f"On this plane its loss climbs to {number(float(loss.max()))}; the median is {number(np.median(loss))}."
        ]
    if len(drawn) < 2:
        return []
    if len({outcome.run.experiment for outcome in drawn}) == 1:
        return ["These networks are the same, and so are their surfaces."]
    tops = {outcome.label: float(outcome.surface.finite.max()) for outcome in drawn}
    middles = {outcome.label: float(np.median(outcome.surface.finite)) for outcome in drawn}
    high, low = max(tops, key=tops.get), min(tops, key=tops.get)
    ratio = tops[high] / max(tops[low], 1e-30)
    if ratio < ALIKE:
        small = max(outcome.run.experiment.network.depth for outcome in drawn) <= SHALLOW
        reason = " In a shallow network that is what to expect: the difference grows with depth and learning rate."
        return [
            f"The highest points of their surfaces differ by a factor of {number(ratio)} only "
            f"({number(tops[high])} for {high}, {number(tops[low])} for {low})." + (reason if small else "")
        ]
    where = "Each on the plane of its own path," if view.plane is PlaneKind.PCA else "On the same plane"
    return [
        f"{where} the loss of **{high}** climbs to {number(tops[high])}, **{number(ratio)} times** as high "
        f"as that of **{low}** ({number(tops[low])}); the medians are {number(middles[high])} and {number(middles[low])}."
    ]


def _frozen(outcomes: Sequence[Outcome], view: View) -> list[str]:
    if view.statistics is Statistics.BATCH or not any(o.run.states.shape[1] for o in outcomes):
        return []
    if view.statistics is Statistics.RUNNING:
        return [
            "These surfaces use **running statistics**, frozen as training left them: away from the centre they no "
            "longer fit the network, and BatchNorm looks more rugged than what SGD descends. Batch statistics show that."
        ]
    return ["These surfaces use population statistics, computed anew on the training data at each point."]


def surface_caption(surface: Surface, view: View) -> str:
    """Return what a surface's picture must say: the loss at its centre, statistics, batches, the directions' cosine."""
    batches = "one batch" if view.batches == 1 else f"{view.batches} batches"
    parts = [f"Loss at the centre {number(surface.centre)}; {view.statistics.value} statistics, {batches}"]
    if view.plane is PlaneKind.RANDOM:
        parts.append(f"cosine of the directions {surface.plane.cosine:.0e}")
    return "; ".join(parts) + "."
