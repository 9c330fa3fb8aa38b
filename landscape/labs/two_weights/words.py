"""What the bowls of two weights say, in sentences and tables: every number is computed from a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from landscape.labs.compare.words import number
from landscape.labs.two_weights.measure import (
    ADAPTIVE,
    LEARNT,
    ROUNDING,
    Bowl,
    Center,
    Cost,
    Descended,
    Divisors,
    Gradients,
    Inequality,
    Kind,
    Model,
    OptimizerTable,
    Rate,
    Slopes,
    TwoWeights,
    examples_of,
    first_updates,
    kept_order,
)

NEAR = 0.005
"""A step within this share of 1/L or 2/L is called that."""


@dataclass(frozen=True)
class Row:
    """One preprocessing in the table of numbers."""

    preprocessing: str
    smoothness: float
    bound: float
    longest_step: float
    condition: float
    learning_rate: float
    above: float
    learnt_at: str
    update_ratio: float
    minimum_loss: float


def table(config: TwoWeights, bowls: Mapping[Kind, Bowl], descents: Mapping[Kind, Descended]) -> list[Row]:
    """Return a row for each preprocessing."""
    return [
        Row(
            preprocessing=kind.label,
            smoothness=bowl.smoothness,
            bound=bowl.bound,
            longest_step=bowl.longest_step,
            condition=bowl.condition,
            learning_rate=descents[kind].learning_rate,
            above=float(descents[kind].above[-1]),
            learnt_at=_learnt(descents[kind]),
            update_ratio=first_updates(config, kind),
            minimum_loss=bowl.minimum_loss,
        )
        for kind, bowl in bowls.items()
    ]


def shown(value: float | str) -> str:
    """Return a table's entry as people read it: no exponent is broken off, and a dash is where there is no number.

    >>> shown(1e-6).isascii(), shown(1.5), shown(float("nan"))
    (False, '1.5', '–')
    """
    if isinstance(value, str):
        return value
    return "–" if np.isnan(value) else number(value).replace("-", "\N{NON-BREAKING HYPHEN}")


def _learnt(one: Descended) -> str:
    if one.overflowed:
        return f"overflows at step {len(one.above)}"
    return {None: "not yet", 0: "starts there"}.get(one.learnt_at, f"step {one.learnt_at}")


def problems(config: TwoWeights, bowls: Mapping[Kind, Bowl], descents: Mapping[Kind, Descended]) -> list[str]:
    """Return a sentence for each thing that keeps a picture from being what one expects."""
    examples, found = examples_of(config), []
    for name, constant in zip(config.names, examples.constant, strict=True):
        if constant:
            found.append(
                f"**{name} is constant.** Centered it is 0 everywhere: no weight can use it, and the loss is flat along "
                "its weight. It has no deviation to be divided by, and is divided by 1."
            )
    if examples.same:
        found.append(
            "**The two features say the same.** Only a sum of the two weights matters where they are centered: the loss "
            "has no lowest point but a line of them, and the condition number is infinite. Training goes straight to "
            "that line. Whitening keeps the one direction that varies."
        )
    if not all(bowl.found for bowl in bowls.values()):
        found.append(
            "**A line separates the classes.** The logistic loss has no minimum then: it falls for ever as the weights "
            "grow. The pictures are centred where the search for it ended."
        )
    over = [f"{kind.label} (step {len(one.above)})" for kind, one in descents.items() if one.overflowed]
    if over:
        found.append(
            f"**The numbers overflow**: {', '.join(over)}. Paths and curves are drawn as far as they go. Take a "
            "smaller learning rate."
        )
    return found


def notice(config: TwoWeights, bowls: Mapping[Kind, Bowl], descents: Mapping[Kind, Descended]) -> str:
    """Return one paragraph on what to notice: the shapes, the steps, what training reached."""
    raw, standardized = bowls[Kind.RAW], bowls[Kind.STANDARDIZED]
    shapes = (raw, standardized, bowls[Kind.WHITENED])
    each = [f"**{bowl.kind.label}**, L = {number(bowl.smoothness)} and {_condition(bowl)}" for bowl in shapes]
    sentences = [f"The loss of the features: {'; '.join(each)}."]
    if any(bowl.flat for bowl in shapes):
        sentences.append("An infinite condition number is that of a loss which does not change along some direction.")
    if raw.smoothness > 0 and standardized.smoothness > 0:
        ratio = standardized.longest_step / raw.longest_step
        sentences.append(f"So standardized features allow a learning rate {number(ratio)} times as large.")
    ends = []
    for kind in (Kind.RAW, Kind.STANDARDIZED, Kind.WHITENED):
        one = descents[kind]
        if one.overflowed or one.diverged:
            ends.append(f"{kind.label} diverges")
        elif bowls[kind].smoothness == 0:
            ends.append(f"{kind.label} does not move, as its loss is flat")
        elif one.learnt_at is not None:
            ends.append(f"{kind.label} is within {LEARNT:g} of its minimum from step {one.learnt_at} on")
        else:
            ends.append(f"{kind.label} is still {number(float(one.above[-1]))} above its minimum")
    rates = "at one learning rate" if _shared(config) else f"each at {config.step:g}/L"
    sentences.append(f"After {config.num_steps} steps of {config.optimizer.label}, {rates}: {'; '.join(ends)}.")
    updates = [first_updates(config, kind) for kind in (Kind.RAW, Kind.STANDARDIZED)]
    if np.isfinite(updates).all() and config.optimizer not in ADAPTIVE:
        sentences.append(
            f"The first step moves w2 {number(updates[0])} times as far as w1 on raw features, "
            f"{number(updates[1])} times standardized."
        )
    lost = raw.minimum_loss - standardized.minimum_loss
    if config.bias and abs(lost) < 1e-6:
        sentences.append(
            f"Nothing is lost: the least loss is {number(raw.minimum_loss)} with and without preprocessing; the bias takes "
            "up the centre."
        )
    elif abs(lost) > 0.01:
        sentences.append(
            f"Without a bias, centering changes what the model can say: the least loss is {number(raw.minimum_loss)} raw and "
            f"{number(standardized.minimum_loss)} standardized. With a bias nothing is lost."
        )
    return " ".join(sentences)


def _condition(bowl: Bowl) -> str:
    return "an infinite condition number" if bowl.flat else f"condition number {number(bowl.condition)}"


def _shared(config: TwoWeights) -> bool:
    return config.rate is Rate.SHARED or config.optimizer in ADAPTIVE


def regime(multiple: float) -> str:
    """Return what gradient descent does at a step of so many times 1/L, where L is the loss's own.

    >>> regime(1.5)
    'between 1/L and 2/L: each step descends, and crosses the valley from side to side'
    """
    if abs(multiple - 1) <= NEAR:
        return "at 1/L: no step has a better guarantee by this L; the steep direction is done in one step"
    if abs(multiple - 2) <= NEAR:
        return "at 2/L: this L guarantees nothing; along the steep direction it bounces for ever, from side to side"
    if multiple < 1:
        return "below 1/L: each step descends, without crossing the valley; smaller is only slower"
    if multiple < 2:
        return "between 1/L and 2/L: each step descends, and crosses the valley from side to side"
    return "beyond 2/L: each step bounces higher up the steep walls; it diverges"


def inequality_notice(config: TwoWeights, found: Inequality) -> str:
    """Return what the parabola shows, with its own L, and what the chosen step does, by the L of the loss."""
    if found.true_smoothness == 0:
        return "The loss is flat: its gradient is 0, no step changes anything, and no L is needed."
    if np.ptp(found.loss) <= ROUNDING * (1 + abs(found.start_loss)):
        return "Training starts at the minimum: the gradient is 0 there, and no step changes anything."
    own = number(found.true_smoothness)
    best = found.gradient_norm**2 / (2 * found.smoothness)
    whose = "the loss's own" if config.curvature == 1 else f"{config.curvature:g} times the loss's own, {own}"
    lies = (
        "It **cuts through the loss**: it promises more than there is."
        if found.cut
        else "It lies above the loss all along: the inequality holds here."
    )
    promised = (
        f"your step of {number(found.chosen)} is guaranteed to descend by {number(found.guaranteed)}"
        if found.guaranteed > ROUNDING * best
        else f"nothing is guaranteed for your step of {number(found.chosen)}"
    )
    real = f"it descends by {number(found.real)}" if found.real > 0 else f"it **climbs** by {number(-found.real)}"
    if abs(found.chosen * found.smoothness - 1) <= NEAR:
        where = "your step"
    else:
        where = "1/L of the loss" if config.curvature == 1 else f"{number(1 / config.curvature)} times 1/L of the loss"
    sentences = [
        f"The parabola has L = {number(found.smoothness)}, {whose}. {lies}",
        f"By the parabola {promised}; {real}.",
        f"The most that the parabola guarantees is {number(best)}, at {where}.",
    ]
    step = regime(found.chosen * found.true_smoothness)
    if config.model is Model.LOGISTIC:
        sentences.append(f"Where the loss is as curved as its own L = {own}, your step is {step}.")
        sentences.append("The logistic loss is nowhere more curved and mostly flatter: it may bear a longer step.")
    else:
        sentences.append(f"By the loss's own L = {own} your step is {step}.")
    return " ".join(sentences)


def center_notice(config: TwoWeights, found: Center) -> str:
    """Return what the centre does."""
    here = float(np.interp(config.center, found.multiples, found.moments))
    start = float(np.interp(0.0, found.multiples, found.moments))
    return (
        f"E|x − c|² is {number(start)} with nothing subtracted, {number(here)} at your c, and least at the mean: {number(found.least)}. "
        "The same number holds L, whatever the weights."
    )


def divisor_notice(config: TwoWeights, found: Divisors, bowl: Bowl) -> str:
    """Return what the divisor does."""
    if config.zero:
        return (
            f"Multiplied by 0 the loss is perfectly smooth, L = {number(bowl.smoothness)}, and useless: nothing can be learnt, it stays at "
            f"{number(bowl.minimum_loss)}. Smoothness must not cost the fit."
        )
    if bowl.smoothness == 0:
        return "The loss is flat, L = 0, whatever s: no step changes anything, and there is nothing to learn."
    nearest = int(np.abs(np.log(found.multiples / config.divisor)).argmin())
    left = float(found.left[nearest])
    learnt = found.multiples[found.left < 0.1]
    what = (
        "it diverges: too steep"
        if left > 1
        else f"{number(100 * left)}% of what there is to learn is left" + (": too flat" if left > 0.5 else "")
    )
    sentences = [
        f"At s = {config.divisor:g} deviations, L = {number(bowl.smoothness)}; after {config.num_steps} steps of "
        f"gradient descent at the learning rate for all, {config.learning_rate:g}, {what}."
    ]
    if learnt.size:
        sentences.append(
            f"Nine tenths are learnt from s = {number(float(learnt[0]))} to {number(float(learnt[-1]))} deviations."
        )
    return " ".join(sentences)


def gradients_notice(config: TwoWeights, found: Gradients) -> str:
    """Return what the size of the inputs does to the gradients."""
    bounded = "below 1 whatever the inputs" if config.model is Model.LOGISTIC else "the same whatever the inputs"
    if found.weights[0] == 0:
        return (
            "The inputs are 0, however often multiplied: so is the weights' gradient; the bias's is "
            f"{number(float(found.bias[-1]))}, {bounded}."
        )
    grown = found.weights[-1] / found.weights[0]
    return (
        f"Inputs {number(float(found.sizes[-1]))} times as large: the weights' gradient is {number(float(grown))} times as long; "
        f"the bias's is {number(float(found.bias[-1]))}, {bounded}."
    )


def slopes_notice(found: Slopes) -> str:
    """Return which derivatives are bounded, from those that are drawn."""
    low, high = float(found.sigmoid_cross_entropy.min()), float(found.sigmoid_cross_entropy.max())
    return (
        f"For an example of class 1 the derivative of sigmoid with cross-entropy lies between {low:.4f} and {high:.4f}, and "
        f"never leaves (-1, 0). That of squared error is {number(float(found.squared.min()))} at h = "
        f"{number(float(found.h.min()))} and grows with h; that of cross-entropy alone is "
        f"{number(float(found.cross_entropy.min()))} at p = {number(float(found.p.min()))} and grows as p goes to 0."
    )


def order_notice(config: TwoWeights) -> str:
    """Return what preprocessing does to the positions of the examples in each dimension."""
    standardized, whitened = (
        kept_order(config, Kind.STANDARDIZED),
        kept_order(config, Kind.WHITENED),
    )
    varying = [name for name, value in zip(config.names, standardized, strict=True) if np.isfinite(value)]
    if not varying:
        return "Both features are constant: no example has a place that it could keep or lose."
    kept, mixed = float(np.nanmin(standardized)), float(np.nanmin(whitened))
    if len(varying) == 1:
        return (
            f"Only {varying[0]} varies. Its correlation with itself as it was: {kept:.3f} standardized and {mixed:.3f} "
            "whitened, so every example keeps its place in it; in the constant feature no example has a place."
        )
    return (
        f"Correlation of each feature with itself as it was: {kept:.3f} standardized, so every example keeps its place in "
        f"each dimension; {mixed:.3f} whitened, which "
        + ("hardly mixes them here." if mixed > 0.999 else "mixes the dimensions, since they are correlated.")
    )


def cost_notice(found: Cost) -> str:
    """Return what whitening cost, here and now."""
    ratio = found.whiten[-1] / found.standardize[-1]
    return (
        f"Measured now: for {found.features[-1]} features whitening took {number(1000 * float(found.whiten[-1]))} ms, {number(float(ratio))} times as "
        f"long as standardizing. Over the last doubling its time grew as the power {found.growth:.1f} of the number of "
        "features; the decomposition's count of steps grows as the cube."
    )


def optimizer_rows(found: OptimizerTable) -> list[dict[str, str]]:
    """Return the table of optimizers: how far above its minimum each ends on each preprocessing."""
    return [
        {"optimizer": optimizer.label}
        | {kind.label: number(float(v)) for kind, v in zip(found.kinds, row, strict=True)}
        for optimizer, row in zip(found.optimizers, found.left, strict=True)
    ]


def optimizer_notice(config: TwoWeights, found: OptimizerTable) -> str:
    """Return what an optimizer makes up for, and what normalizing does."""
    raw, standardized = found.left[:, found.kinds.index(Kind.RAW)], found.left[0, found.kinds.index(Kind.STANDARDIZED)]
    best = int(raw.argmin())
    return (
        f"On raw features gradient descent ends {number(float(raw[0]))} above the minimum after {config.num_steps} steps; the best "
        f"optimizer there, {found.optimizers[best].label}, {number(float(raw[best]))}. Plain gradient descent on standardized "
        f"features: {number(float(standardized))}."
    )
