"""Results of papers, each beside a question whose facts hold the same number at this app's size.

What a paper gives in a figure alone is told in words, as it cannot be read off to a digit. It is long, as each
result stands with its claim, its settings and its verdict's bounds.
"""

from __future__ import annotations

from math import inf, isfinite, nan
from typing import Any

from landscape.experiment import Statistics
from landscape.teaching.result import Range, Result, Unit

IOFFE = "Ioffe & Szegedy 2015, arXiv 1502.03167"
SANTURKAR = "Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604"
GHORBANI = "Ghorbani, Krishnan & Xiao 2019, arXiv 1901.10159"
COHEN = "Cohen, Kaur, Li, Kolter & Talwalkar 2021, arXiv 2103.00065"
WU = "Wu & He 2018, arXiv 1803.08494"
BA = "Ba, Kiros & Hinton 2016, arXiv 1607.06450"
BJORCK = "Bjorck, Gomes, Selman & Weinberger 2018, arXiv 1806.02375"
YANG = "Yang, Pennington, Rao, Sohl-Dickstein & Schoenholz 2019, arXiv 1902.08129"
LI = "Li, Wang, Shi, Liu & Hou 2016, arXiv 1603.04779"
SALIMANS = "Salimans & Kingma 2016, arXiv 1602.07868"
RENORMALIZATION = "Ioffe 2017, arXiv 1702.03275"
LAARHOVEN = "van Laarhoven 2017, arXiv 1706.05350"

ONE = {"runs": 1}
"""One seed a request, where a lab takes several."""

FEWER = {"probes": 40}
"""Steps of a training at which networks are measured whose gradients take long: a median of these is as good."""


def _of(records: Any, normalization: str) -> Any:
    return next((one for one in records if one.normalization == normalization), None)


def _over(above: float | None, below: float | None) -> float | None:
    """Return a ratio; None where one of the two is missing or both are nothing."""
    if above is None or below is None or (below == 0 and above == 0):
        return None
    return inf if below == 0 else above / below


def _fewest(curve: Any) -> float:
    return min(curve.waits.values())


def _sooner(facts: Any) -> float | None:
    plain, batch = _of(facts.curves, "none"), _of(facts.curves, "batch")
    if plain is None or batch is None or not isfinite(_fewest(batch)):
        return None
    # Where the plain network never comes there, it takes more than all steps.
    return min(_fewest(plain), facts.steps) / max(_fewest(batch), 1.0)


def _steady_rate(facts: Any) -> float | None:
    plain, batch = _of(facts.curves, "none"), _of(facts.curves, "batch")
    if plain is None or batch is None:
        return None
    own, other = (min(one.waits[1.0], facts.steps) for one in (plain, batch))
    return _over(own, other)


def _same_rate(facts: Any) -> float | None:
    plain, batch = _of(facts.rates, "none"), _of(facts.rates, "batch")
    if plain is None or batch is None:
        return None
    own, other = (min(one.own_steps[0], facts.steps) for one in (plain, batch))
    return _over(own, other)


def _thirty(facts: Any) -> float | None:
    batch = _of(facts.curves, "batch")
    return None if batch is None else batch.heights.get(30.0, nan) - batch.heights.get(5.0, nan)


def _deep(facts: Any) -> float | None:
    """Return how much more accurate BatchNorm is at the last choice."""
    plain, batch = _of(facts.choices, "none"), _of(facts.choices, "batch")
    return None if plain is None or batch is None else batch.middles[-1] - plain.middles[-1]


def _scales(facts: Any) -> float | None:
    batch = _of(facts.cells, "batch")
    return None if batch is None else len(batch.rows) / facts.upward_values


def _largest(facts: Any, normalization: str = "batch") -> float | None:
    """Return how many times as large the largest rate is with a normalization."""
    plain, own = _of(facts.rates, "none"), _of(facts.rates, normalization)
    return None if plain is None or own is None else _over(own.largest[0], plain.largest[0])


def _at(facts: Any, normalization: str, size: str) -> float:
    one = _of(facts.choices, normalization)
    return one.at(size)[0] if one is not None and one.at(size) else nan


def _smoother(facts: Any, measure: str) -> float | None:
    """Return how many times as large a measure is without normalization."""
    if facts.pair is None:
        return None
    plain, batch = (getattr(one, measure) for one in facts.pair)
    return None if plain is None or batch is None else _over(plain.median, batch.median)


def _level(facts: Any, normalization: str) -> float | None:
    one = facts.of(normalization)
    return None if one is None or one.beta is None else one.beta.median / one.edge


def _noise(facts: Any) -> float | None:
    batch, noisy = facts.of("batch"), facts.of("batch-noisy")
    return None if batch is None or noisy is None else noisy.trained.train_accuracy - batch.trained.train_accuracy


def _norms(facts: Any) -> float | None:
    """Return the loss range by the roughest of the other norms, as a multiple of BatchNorm's."""
    batch, kin = facts.of("batch"), [facts.of(name) for name in ("batch-l1", "batch-linf")]
    ranges = [one.loss_range.median for one in kin if one is not None and one.loss_range is not None]
    if batch is None or batch.loss_range is None or len(ranges) < len(kin):
        return None
    return _over(max(ranges), batch.loss_range.median)


def _steeper(facts: Any) -> float | None:
    plain, batch = facts.of("none"), facts.of("batch")
    return None if plain is None or batch is None else _over(plain.top, batch.top)


def _share(facts: Any, normalization: str) -> float | None:
    one = facts.of(normalization)
    return None if one is None else one.share


def _back(facts: Any) -> float | None:
    batch, frozen = facts.of("batch"), facts.of("batch", Statistics.RUNNING)
    return None if batch is None or frozen is None else _over(frozen.top, batch.top)


def _edge(facts: Any) -> float | None:
    """Return the late sharpness over 2 / learning rate, of the rate at which it is furthest from 1."""
    late = [one.late for one in facts.rates]
    return max(late, key=lambda value: abs(value - 1)) if late else None


def _ratio_of(records: Any, above: str, below: str, name: str) -> float | None:
    """Return how many times as large a fact of one network is as that of another."""
    one, other = _of(records, above), _of(records, below)
    return None if one is None or other is None else _over(getattr(one, name), getattr(other, name))


def _fact(records: Any, normalization: str, name: str) -> float | None:
    one = _of(records, normalization)
    return None if one is None else getattr(one, name)


def _turns(facts: Any) -> float | None:
    """Return how much more the gradients turn with BatchNorm, by the cosine of the layer where they turn most."""
    plain, batch = _of(facts.linear, "none"), _of(facts.linear, "batch")
    return None if plain is None or batch is None else plain.worst - batch.worst


def _adapted(facts: Any) -> float | None:
    """Return how much more accurate BatchNorm is in another domain with statistics from there."""
    batch = _of(facts.abroad, "batch")
    there = None if batch is None else batch.at(facts.elsewhere)
    return None if there is None else there.after - there.before


def _renormalized(facts: Any, condition: str) -> float | None:
    """Return how much more accurate renormalization is than BatchNorm when trained under a condition."""
    batch, renorm = (facts.under(condition, kind) for kind in ("batch", "batch-renorm"))
    return None if batch is None or renorm is None else renorm.score - batch.score


SPECTRA = ("run", "eigenvalues", "density")
EDGE = ("run", "edge run", "sharpness")
TWO_RATES = Range(0.5, 2.0)

_ALL = (
    Result(
        "sooner",
        f"{IOFFE}, Fig. 3",
        "With BatchNorm and a larger rate the same accuracy takes a fraction of the steps.",
        "14 times fewer steps: 2.1 in place of 31 million",
        "Steps without BatchNorm over those with it, each at its best multiple of the rate",
        "robustness",
        "sooner",
        ("curves",),
        _sooner,
        Range(low=7.0),  # half of the paper's
        Range(low=1.2),
        Unit.TIMES,
        ONE,
    ),
    Result(
        "same-rate",
        f"{IOFFE}, Fig. 3",
        "Also at the same rate BatchNorm takes fewer steps.",
        "2.3 times fewer steps: 13.3 in place of 31 million",
        "Steps without BatchNorm over those with it, at the same small rate, eight ReLU layers",
        "robustness",
        "same-rate",
        ("rates",),
        _same_rate,
        Range(low=1.5),
        Range(low=1.1),
        Unit.TIMES,
        ONE,
    ),
    Result(
        "same-rate-sigmoids",
        f"{IOFFE}, Fig. 3",
        "Also at the same rate BatchNorm takes fewer steps.",
        "2.3 times fewer steps: 13.3 in place of 31 million",
        "Steps without BatchNorm, all of them where it never comes there, over those with it, three layers of sigmoids",
        "robustness",
        "sooner",
        ("curves",),
        _steady_rate,
        Range(low=1.5),
        Range(low=1.1),
        Unit.TIMES,
        ONE,
    ),
    Result(
        "thirty",
        f"{IOFFE}, Fig. 3",
        "At thirty times the rate BatchNorm ends higher than at five times, if later.",
        "74.8% in place of 73.0%",
        "Accuracy at 30 times the rate minus that at 5 times",
        "robustness",
        "thirty",
        ("curves",),
        _thirty,
        Range(low=0.01),
        Range(low=0.002),
        Unit.POINTS,
        ONE,
    ),
    Result(
        "sigmoid",
        f"{IOFFE}, Sec. 4.2.2",
        "Deep networks of sigmoids train with BatchNorm, and stay at chance without.",
        "69.8% with it, at most 0.1% without",
        "Accuracy with BatchNorm minus that without, eight layers of sigmoids",
        "robustness",
        "deep-sigmoids",
        ("choices",),
        _deep,
        Range(low=0.5),
        Range(low=0.1),
        Unit.POINTS,
        ONE,
    ),
    Result(
        "scale",
        f"{IOFFE}, Sec. 3.3",
        "With BatchNorm training is resilient to the scale of the weights.",
        "at any scale: BN(aWu) = BN(Wu)",
        "Share of the initial scales, a thousandfold apart, at which some rate trains",
        "robustness",
        "initial-scale",
        ("map",),
        _scales,
        Range(low=0.999),
        Range(low=0.7),
        Unit.PERCENT,
        ONE,
    ),
    Result(
        "rates",
        BJORCK,
        "What BatchNorm primarily enables are larger learning rates: large steps diverge without it.",
        "larger rates, in a residual network of 110 layers",
        "Largest rate that trains with BatchNorm, over the largest without",
        "robustness",
        "rates",
        ("rates",),
        _largest,
        Range(low=3.0),
        Range(low=1.5),
        Unit.TIMES,
        ONE,
    ),
    Result(
        "weight-rates",
        f"{SALIMANS}, Sec. 2.1",
        "As weights only grow, networks with weight normalization work well with a much wider range of learning rates.",
        "a much wider range, in words",
        "Largest rate that trains with weight normalization, over the largest without",
        "robustness",
        "rates",
        ("rates",),
        lambda facts: _largest(facts, "weight"),
        Range(low=3.0),
        Range(low=1.5),
        Unit.TIMES,
        ONE | {"v3_normalization": "weight"},
    ),
    Result(
        "batch-of-two",
        f"{WU}, Table 2",
        "BatchNorm gets worse as batches get small.",
        "error 34.7% at a batch of 2, 23.6% at 32: 11.1 points",
        "Accuracy with batches of 64 minus that with batches of 2",
        "robustness",
        "batch-size",
        ("choices",),
        lambda facts: _at(facts, "batch", "64") - _at(facts, "batch", "2"),
        Range(low=0.1),
        Range(low=0.03),
        Unit.POINTS,
        ONE,
    ),
    Result(
        "group-of-two",
        f"{WU}, Table 2",
        "Group normalization does not get worse as batches get small, and is far better at a batch of 2.",
        "error 24.1% in place of 34.7%: 10.6 points",
        "Accuracy of group normalization minus that of BatchNorm, batches of 2",
        "robustness",
        "batch-size",
        ("choices",),
        lambda facts: _at(facts, "group", "2") - _at(facts, "batch", "2"),
        Range(low=0.1),
        Range(low=0.03),
        Unit.POINTS,
        ONE | {"v3_normalization": "group"},
    ),
    Result(
        "layer-of-four",
        f"{BA}, Sec. 6.6",
        "Layer normalization is robust to small batches, where BatchNorm suffers.",
        "BatchNorm behind at a batch of 4, as a curve",
        "Accuracy of layer normalization minus that of BatchNorm, batches of 4",
        "robustness",
        "batch-size",
        ("choices",),
        lambda facts: _at(facts, "layer", "4") - _at(facts, "batch", "4"),
        Range(low=0.03),
        Range(low=0.0),
        Unit.POINTS,
        ONE,
    ),
    Result(
        "loss-range",
        f"{SANTURKAR}, Fig. 4a",
        "The loss varies far less along the gradient with BatchNorm.",
        "a wide band without it, a narrow one with it",
        "Median range of the loss along the gradient without BatchNorm over that with it",
        "smoothness",
        "smoother",
        ("measures",),
        lambda facts: _smoother(facts, "loss_range"),
        Range(low=3.0),
        Range(low=1.5),
        Unit.TIMES,
    ),
    Result(
        "gradient-change",
        f"{SANTURKAR}, Fig. 4b",
        "Early in training the gradient changes far less along itself with BatchNorm.",
        "close to two orders of magnitude",
        "Median change of the gradient in the first fifth without BatchNorm over that with it",
        "smoothness",
        "smoother",
        ("measures",),
        lambda facts: _smoother(facts, "early_change"),
        Range(low=30.0),
        Range(low=1.5),
        Unit.TIMES,
    ),
    Result(
        "beta-plain",
        f"{SANTURKAR}, Fig. 4c",
        "The effective beta settles without BatchNorm too.",
        "in a figure: a level near 2 / rate, with BatchNorm and without",
        "Its median without BatchNorm over 2 / rate",
        "smoothness",
        "smoother",
        ("measures",),
        lambda facts: _level(facts, "none"),
        TWO_RATES,
        Range(0.2, 5.0),
    ),
    Result(
        "beta-batch",
        f"{SANTURKAR}, Fig. 4c",
        "The effective beta settles at the same height with BatchNorm.",
        "in a figure: a level near 2 / rate, with BatchNorm and without",
        "Its median with BatchNorm over 2 / rate",
        "smoothness",
        "smoother",
        ("measures",),
        lambda facts: _level(facts, "batch"),
        TWO_RATES,
        Range(0.2, 5.0),
    ),
    Result(
        "convolutional",
        f"{SANTURKAR}, Fig. 4a",
        "In a convolutional network the loss varies far less along the gradient with BatchNorm.",
        "a wide band without it, a narrow one with it, in VGG",
        "Median range of the loss along the gradient without BatchNorm over that with it",
        "smoothness",
        "convolutional",
        ("measures",),
        lambda facts: _smoother(facts, "loss_range"),
        Range(low=3.0),
        Range(low=1.5),
        Unit.TIMES,
        FEWER,
    ),
    Result(
        "noise",
        f"{SANTURKAR}, Fig. 2",
        "BatchNorm followed by noise that shifts every distribution trains as well as BatchNorm.",
        "almost no difference, as curves",
        "Training accuracy with the noise minus that without it",
        "smoothness",
        "why",
        ("measures",),
        _noise,
        Range(low=-0.02),
        Range(low=-0.1),
        Unit.POINTS,
    ),
    Result(
        "norms",
        f"{SANTURKAR}, Sec. 3.3",
        "Dividing by other norms smooths the loss as well as BatchNorm.",
        "alike or better, as curves",
        "The widest median range of the loss by the l1 and the greatest-value norm over BatchNorm's",
        "smoothness",
        "other-norms",
        ("measures",),
        _norms,
        Range(high=3.0),
        Range(high=5.0),
        Unit.TIMES,
        FEWER,
    ),
    Result(
        "outliers",
        GHORBANI,
        "Without BatchNorm large isolated eigenvalues appear; with it they are almost absent.",
        "almost absent with it",
        "Greatest eigenvalue without BatchNorm over that with it",
        "curvature",
        "outliers",
        SPECTRA,
        _steeper,
        Range(low=3.0),
        Range(low=1.5),
        Unit.TIMES,
    ),
    Result(
        "concentration",
        GHORBANI,
        "Without BatchNorm the gradient is concentrated along the few steepest directions.",
        "surprisingly concentrated, as curves",
        "Share of the squared gradient along the ten steepest directions, without BatchNorm",
        "curvature",
        "outliers",
        SPECTRA,
        lambda facts: _share(facts, "none"),
        Range(low=0.7),
        Range(low=0.4),
        Unit.PERCENT,
    ),
    Result(
        "no-concentration",
        GHORBANI,
        "With BatchNorm the gradient is not concentrated along the few steepest directions.",
        "almost absent with it",
        "Share of the squared gradient along the ten steepest directions, with BatchNorm",
        "curvature",
        "outliers",
        SPECTRA,
        lambda facts: _share(facts, "batch"),
        Range(high=0.4),
        Range(high=0.7),
        Unit.PERCENT,
    ),
    Result(
        "frozen",
        GHORBANI,
        "With statistics that are not the batch's the large eigenvalues come back.",
        "they reappear with statistics of the population",
        "Greatest eigenvalue with running statistics over that with the batch's, same weights",
        "curvature",
        "frozen",
        SPECTRA,
        _back,
        Range(low=3.0),
        Range(low=1.5),
        Unit.TIMES,
    ),
    Result(
        "edge",
        f"{COHEN}, Fig. 1",
        "On full batches sharpness rises to 2 / rate and hovers there.",
        "1, or just above",
        "Late sharpness over 2 / rate, at the rate where it is furthest from 1",
        "curvature",
        "edge",
        EDGE,
        _edge,
        Range(0.9, 1.1),
        Range(0.7, 1.4),
    ),
    Result(
        "edge-batch",
        f"{COHEN}, Appendix",
        "On full batches networks with BatchNorm train at 2 / rate too.",
        "1, in figures",
        "Late sharpness over 2 / rate, at the rate where it is furthest from 1",
        "curvature",
        "edge-batch",
        EDGE,
        _edge,
        Range(0.9, 1.1),
        Range(0.7, 1.4),
    ),
    Result(
        "edge-cross-entropy",
        f"{COHEN}, Appendix",
        "With cross-entropy sharpness falls below 2 / rate at the end of training.",
        "below 1 at the end",
        "Late sharpness over 2 / rate, greatest over the rates",
        "curvature",
        "cross-entropy",
        EDGE,
        lambda facts: max((one.late for one in facts.rates), default=None),
        Range(high=0.95),
        Range(high=1.0),
    ),
    Result(
        "unsteady",
        f"{SANTURKAR}, Fig. 2",
        "With noise after BatchNorm distributions are less stable than without any normalization.",
        "less stable, as pictures of distributions",
        "How far a unit's mean jumps from step to step with the noise over how far without normalization",
        "covariate_shift",
        "steady",
        ("moments",),
        lambda facts: _ratio_of(facts.inside, "batch-noisy", "none", "jump"),
        Range(low=1.2),
        Range(low=1.0),
        Unit.TIMES,
    ),
    Result(
        "turns",
        f"{SANTURKAR}, Fig. 3",
        "In deep linear networks the layers below turn a layer's gradient no less with BatchNorm.",
        "a cosine near 1 without it and far below with it, as curves",
        "Cosine of the gradient before and after, in the layer where it is least: without BatchNorm minus with it",
        "covariate_shift",
        "deep-linear",
        ("linear",),
        _turns,
        Range(low=0.1),
        Range(low=0.0),
    ),
    Result(
        "growth",
        YANG,
        "With BatchNorm and ReLU gradients grow by a constant factor a layer before the first step.",
        "√(π / (π - 1)) = 1.21 by their theory, for many units and large batches",
        "The factor a layer with BatchNorm",
        "activations",
        "growth",
        ("run", "deep"),
        lambda facts: _fact(facts.deep, "batch", "growth"),
        Range(1.16, 1.26),
        Range(low=1.05),
    ),
    Result(
        "growth-plain",
        YANG,
        "Without normalization, at He's initialization, gradients do not grow from layer to layer.",
        "steady: a factor of 1, for which that initialization is made",
        "The factor a layer without normalization",
        "activations",
        "growth",
        ("run", "deep"),
        lambda facts: _fact(facts.deep, "none", "growth"),
        Range(0.9, 1.1),
        Range(0.8, 1.15),
    ),
    Result(
        "adapted",
        LI,
        "Statistics from another domain, without any label, make BatchNorm more accurate there.",
        "more accurate on each of two benchmarks of photographs",
        "Accuracy on blurred digits with statistics from there minus that with the stored ones",
        "covariate_shift",
        "blurred",
        ("domains",),
        _adapted,
        Range(low=0.05),
        Range(low=0.01),
        Unit.POINTS,
    ),
    Result(
        "at-right-angles",
        f"{SALIMANS}, Sec. 2.1",
        "With weight normalization each step is at right angles to the weights, which can only grow.",
        "|v|² grows by the squared length of each step: 1",
        "Growth of the squared length of the weights over the sum of the squared steps",
        "invariance",
        "growth",
        ("lengths",),
        lambda facts: _fact(facts.lengths, "weight", "share"),
        Range(0.98, 1.02),
        Range(low=0.8),
    ),
    Result(
        "divided",
        LAARHOVEN,
        "With BatchNorm the gradient by weights that are longer by a factor is divided by it.",
        "an exponent of −1",
        "Slope of the logarithm of the gradient over that of the factor",
        "invariance",
        "gradient",
        ("run", "gradient"),
        lambda facts: _fact(facts.gradients, "batch", "slope"),
        Range(-1.02, -0.98),
        Range(high=-0.8),
    ),
    Result(
        "settles",
        LAARHOVEN,
        "With weight decay effective learning rates come together, whatever the initial scale was.",
        "they settle at one value",
        "Spread of the effective rates at the end over that at the start, six initial scales",
        "invariance",
        "decay",
        ("funnel",),
        lambda facts: (
            None if (one := _of(facts.funnels, "batch")) is None else _over(one.spread_last, one.spread_first)
        ),
        Range(high=0.2),
        Range(high=0.7),
    ),
    Result(
        "renormalized-small",
        RENORMALIZATION,
        "Trained in batches of four, renormalization does better than BatchNorm.",
        "substantially better",
        "Accuracy of renormalization minus that of BatchNorm",
        "inference",
        "small-renorm",
        ("run", "hard run"),
        lambda facts: _renormalized(facts, "batches of 4"),
        Range(low=0.02),
        Range(low=0.0),
        Unit.POINTS,
    ),
    Result(
        "renormalized-few",
        RENORMALIZATION,
        "Trained in batches of few classes, renormalization does far better than BatchNorm.",
        "substantially better",
        "Accuracy of renormalization minus that of BatchNorm",
        "inference",
        "few-classes",
        ("run", "hard run"),
        lambda facts: _renormalized(facts, "few classes"),
        Range(low=0.05),
        Range(low=0.0),
        Unit.POINTS,
    ),
)

RESULTS = {one.name: one for one in _ALL}
"""By name."""
