"""What may be asked of two weights, with its settings and its answer: nineteen, which is why this is long."""

from __future__ import annotations

from math import isinf

from landscape.experiment import Optimizer
from landscape.labs.lab import Choice, Question
from landscape.labs.two_weights.facts import Ended, Facts, Optimized
from landscape.labs.two_weights.request import Kind, Model, Rate, Source, TwoWeights
from landscape.labs.words import Hole, Percent, Ratio, Share, Steps, sentence

ROUND = 2.0
"""A bowl up to this condition number is called round."""

STRETCHED = 1000.0
"""A bowl from this condition number on is called stretched a thousandfold."""

NEAR_BOUND = 0.9
"""From this share of its bound on L is called near it."""

ALIKE = 3.0
"""Steps of two weights within this factor are called alike."""

SAME_LOSS = 1e-6
"""Least losses within this are the same."""

FLAT, STEEP = 0.5, 1.0
"""A share left to learn beyond which a divisor is too large, or too small."""

SENTENCES = {
    "guess": "It cuts through the loss and promises too much: by the parabola your step descends by {guaranteed}, and it "
    "descends by {real}.",
    "guess, climbs": "It cuts through the loss and promises too much: by the parabola your step descends by {guaranteed}, and "
    "it climbs by {climb}.",
    "guess, not": "In these settings the parabola still lies above the loss, and the step descends by no less than it "
    "guarantees, {guaranteed}.",
    "beyond, all": "It diverges, however the features are prepared: at {multiple} times 1/L each step bounces higher up the steep "
    "walls.",
    "beyond, some": "In these settings it diverges on these features alone: {names}.",
    "beyond, none": "In these settings it diverges on none of the features.",
    "rate": "Yes: at a learning rate of {rate} the raw features diverge, whose 2/L is {raw}; the standardized ones, whose 2/L "
    "is {standardized}, are learnt from step {step} on.",
    "rate, not": "In these settings it is not seen: at the learning rates of {rates} raw features end {above} above their "
    "minimum, and standardized ones {least}.",
    "rate, diverges": "In these settings it is not seen: at the learning rates of {rates} training diverges on these features: "
    "{names}.",
    "rate, separated": "A line separates the classes in these settings: at the learning rates of {rates} there is no minimum to "
    "reach or to miss.",
    "grows": "That of the weights: with inputs {times} as large it is {grown} as long, while that of a bias stays {bias}.",
    "grows, zero": "Neither grows in these settings: all inputs are 0, and the weights' gradient with them.",
    "derivative": "Sigmoid with cross-entropy: its derivative stays between −1 and 0, while squared error reaches {squared} and "
    "cross-entropy alone {alone} on what is drawn, and both grow without end.",
    "holds": "E|x|² does, and closely where features are correlated: L of the standardized features is {smoothness}, {share}% of "
    "that bound.",
    "holds, loosely": "E|x|² does, though not closely: L of the standardized features is {smoothness}, {share}% of that bound.",
    "mean": "Nothing, with a bias: the least loss is {raw} before and after, and E|x − c|² falls from {nothing} to {least}.",
    "mean, lost": "Without a bias, something: the least loss is {raw} raw and {centered} centered.",
    "mean, separated": "A line separates the classes in these settings: there is no least loss to compare.",
    "s": "In these settings s is about right: {left} of what there is to learn is left.",
    "s, flat": "Nearly nothing is learnt: L is {smoothness}, so flat that {left} of what there is to learn is left after {steps}; "
    "at s = 1 deviation {deviation} is.",
    "s, steep": "It is too steep: L is {smoothness}, and the same learning rate, {rate}, ends higher than it began; at s = 1 "
    "deviation {deviation} of what there is to learn is left.",
    "s, separated": "A line separates the classes in these settings, and the loss falls for ever: after {steps} {left} of it "
    "is left, and at s = 1 deviation {deviation}.",
    "s, nothing": "In these settings the loss is flat, whatever s: there is nothing to learn.",
    "alike": "Once divided by the deviation they do: the first step moves w2 {raw} as far as w1 on raw features, and "
    "{standardized} as far on standardized ones.",
    "alike, not": "In these settings they do not, on standardized features either: the first step moves w2 {standardized} as far "
    "as w1.",
    "alike, still": "In these settings a weight does not move at all in the first step.",
    "zero": "It becomes perfectly smooth, L = 0, and useless: the loss stays at {own}, where {standardized} can be reached.",
    "zero, bias": "It becomes useless: nothing can be learnt of the features, and the bias alone leaves the loss at {own}, where "
    "{standardized} can be reached.",
    "zero, separated": "It becomes useless: the loss stays at {own}, where that of the standardized features falls for ever, as a "
    "line separates the classes.",
    "zero, not": "The features are not multiplied by 0 in these settings: L of your own preprocessing is {smoothness}.",
    "thousands": "The raw bowl is stretched, with a condition number of {raw}; the standardized one stays round, at "
    "{standardized}.",
    "thousands, not": "In these settings the condition number is {raw} raw and {standardized} standardized.",
    "optimizer": "Some, each at its best rate: on raw features {best} ends {least} above the minimum and plain gradient descent "
    "{plain}, but plain gradient descent on standardized features ends {standardized} above it.",
    "optimizer, enough": "Yes in these settings: on raw features {best} ends {least} above the minimum, and plain gradient "
    "descent {standardized} above it on standardized ones.",
    "optimizer, none": "Not in these settings: on raw features none ends lower than plain gradient descent, {plain} above the "
    "minimum; on standardized features that ends {standardized} above it.",
    "optimizer, separated": "A line separates the classes in these settings: the loss has no minimum, and none ends above it.",
    "optimizer, hidden": "Switch on *All optimizers*, and they are compared.",
    "places": "Standardized they do: each feature has a correlation of {kept} with itself as it was. Whitened it has {mixed}, as "
    "whitening mixes correlated features.",
    "places, both": "They do in these settings, standardized and whitened: each feature has a correlation of {kept} and {mixed} with "
    "itself as it was.",
    "places, none": "No example has a place to keep in these settings: all features are constant.",
    "correlated": "Standardizing leaves the bowl stretched, with a condition number of {standardized}; whitening rounds it to "
    "{whitened}, and training ends {above} above the minimum standardized and {least} whitened.",
    "correlated, separated": "The condition number is {standardized} standardized and {whitened} whitened, where the loss falls "
    "hardly any more: a line separates the classes in these settings, and there is no minimum.",
    "correlated, alike": "In these settings it makes little difference: the condition number is {standardized} standardized and "
    "{whitened} whitened.",
    "cost": "Here and now {ms} ms for {features} features, {ratio} as long as standardizing, and the count of its steps grows as "
    "the cube of the features.",
    "cost, hidden": "Switch on *Measure the cost of whitening*, and it is measured.",
    "table": "A real table is no better: {first} beside {second} gives a condition number of {raw}, and {standardized} standardized.",
    "constant": "Centered, {names} is 0 everywhere: the loss is a trough, flat along its weight, and training goes "
    "straight to its floor.",
    "constant, both": "Both are, and centered both are 0: the loss is flat, and there is nothing to learn of them.",
    "constant, not": "In these settings no feature is constant.",
    "same": "There is no lowest point but a line of them: the loss does not change where what one weight gains the other loses.",
    "same, not": "In these settings the two features differ: the condition number is {standardized} standardized.",
}


def _guess(facts: Facts) -> str:
    step = facts.step
    case = "guess, not" if not step.cut else "guess" if step.real > 0 else "guess, climbs"
    return sentence(SENTENCES[case], guaranteed=step.guaranteed, real=step.real, climb=-step.real)


def _diverged(facts: Facts) -> list[str]:
    return [one.name for one in facts.prepared if one.ended in (Ended.DIVERGED, Ended.OVERFLOWED)]


def _beyond(facts: Facts) -> str:
    names = _diverged(facts)
    if not names:
        return SENTENCES["beyond, none"]
    every = len(names) == len(facts.prepared) and not facts.shared
    return sentence(SENTENCES["beyond, all" if every else "beyond, some"], multiple=facts.request.step, names=names)


def _rate(facts: Facts) -> str:
    raw, standardized = facts.raw, facts.standardized
    if _only_raw(facts) and facts.shared:
        return sentence(
            SENTENCES["rate"],
            rate=facts.request.learning_rate,
            raw=raw.longest_step,
            standardized=standardized.longest_step,
            step=standardized.learnt_at or 0,
        )
    rates = {one.name: one.learning_rate for one in (raw, standardized)}
    names = [one.name for one in (raw, standardized) if one.name in _diverged(facts)]
    if names:
        return sentence(SENTENCES["rate, diverges"], rates=rates, names=names)
    case = "rate, separated" if _parted(facts) else "rate, not"
    return sentence(SENTENCES[case], rates=rates, above=raw.above, least=standardized.above)


def _parted(facts: Facts) -> bool:
    """Return whether a line separates the classes by raw or by standardized features."""
    return facts.raw in facts.separated or facts.standardized in facts.separated


def _only_raw(facts: Facts) -> bool:
    return facts.raw.name in _diverged(facts) and facts.standardized.ended is Ended.LEARNT


def _grows(facts: Facts) -> str:
    sizes = facts.sizes
    case = "grows" if sizes.weights else "grows, zero"
    return sentence(SENTENCES[case], times=Ratio(sizes.times), grown=Ratio(sizes.grown), bias=sizes.bias)


def _derivative(facts: Facts) -> str:
    return sentence(SENTENCES["derivative"], squared=facts.derivatives.squared, alone=facts.derivatives.alone)


def _share(facts: Facts) -> float:
    """Return how near L of the standardized features is to its bound."""
    one = facts.standardized
    return one.smoothness / one.bound if one.bound else 1.0


def _holds(facts: Facts) -> str:
    case = "holds" if _share(facts) >= NEAR_BOUND else "holds, loosely"
    return sentence(SENTENCES[case], smoothness=facts.standardized.smoothness, share=100 * _share(facts))


def _mean(facts: Facts) -> str:
    centered = facts.of(Kind.CENTERED)
    same = abs(facts.raw.minimum_loss - centered.minimum_loss) < SAME_LOSS
    case = "mean, separated" if facts.separated else "mean" if same else "mean, lost"
    return sentence(
        SENTENCES[case],
        raw=facts.raw.minimum_loss,
        centered=centered.minimum_loss,
        nothing=facts.centre.nothing,
        least=facts.centre.least,
    )


def _divisor(facts: Facts) -> str:
    left, deviation = facts.divided.left, facts.divided.deviation
    if left != left or facts.own.smoothness == 0:
        return SENTENCES["s, nothing"]
    case = "s, steep" if left > STEEP else "s, flat" if left > FLAT else "s"
    if facts.divided.separated:
        case = "s, separated"
    return sentence(
        SENTENCES[case],
        smoothness=facts.own.smoothness,
        left=Percent(left),
        deviation=Percent(deviation),
        steps=Steps(facts.request.num_steps),
        rate=facts.divided.learning_rate,
    )


def _alike(facts: Facts) -> str:
    raw, standardized = facts.raw.update_ratio, facts.standardized.update_ratio
    if not (0 < raw < float("inf") and 0 < standardized < float("inf")):
        return SENTENCES["alike, still"]
    case = "alike" if 1 / ALIKE < standardized < ALIKE else "alike, not"
    return sentence(SENTENCES[case], raw=Ratio(raw), standardized=Ratio(standardized))


def _zero(facts: Facts) -> str:
    gone = facts.request.zero or facts.own.smoothness == 0
    case = "zero, not" if not gone else "zero" if facts.own.smoothness == 0 else "zero, bias"
    if gone and facts.standardized in facts.separated:
        case = "zero, separated"
    return sentence(
        SENTENCES[case],
        own=facts.own.minimum_loss,
        standardized=facts.standardized.minimum_loss,
        smoothness=facts.own.smoothness,
    )


def _thousands(facts: Facts) -> str:
    case = "thousands" if _stretched(facts) and _rounds(facts) else "thousands, not"
    return sentence(SENTENCES[case], **_conditions(facts))


def _conditions(facts: Facts) -> dict[str, Hole]:
    return {"raw": facts.raw.condition, "standardized": facts.standardized.condition}


def _stretched(facts: Facts) -> bool:
    return facts.raw.condition > STRETCHED


def _rounds(facts: Facts) -> bool:
    return facts.standardized.condition < ROUND


def _optimizer(facts: Facts) -> str:
    if facts.optimized is None:
        return SENTENCES["optimizer, hidden"]
    if _parted(facts):
        return SENTENCES["optimizer, separated"]
    plain, best = _plain(facts.optimized), _best(facts.optimized)
    least, standardized = best.left[Kind.RAW], plain.left[Kind.STANDARDIZED]
    case = "optimizer, none" if best is plain else "optimizer" if least > standardized else "optimizer, enough"
    return sentence(
        SENTENCES[case],
        best=best.optimizer.label,
        least=least,
        plain=plain.left[Kind.RAW],
        standardized=standardized,
    )


def _plain(optimized: tuple[Optimized, ...]) -> Optimized:
    return next(one for one in optimized if one.optimizer is Optimizer.GRADIENT_DESCENT)


def _best(optimized: tuple[Optimized, ...]) -> Optimized:
    return min(optimized, key=lambda one: one.left[Kind.RAW])


def _beats(facts: Facts) -> bool:
    """Return whether some optimizer on raw features does as well as plain gradient descent on standardized ones."""
    optimized = facts.optimized
    return optimized is not None and _best(optimized).left[Kind.RAW] <= _plain(optimized).left[Kind.STANDARDIZED]


def _places(facts: Facts) -> str:
    if not facts.varying:
        return SENTENCES["places, none"]
    case = "places" if _mixes(facts) else "places, both"
    return sentence(SENTENCES[case], kept=Share(facts.standardized.kept), mixed=Share(facts.whitened.kept))


def _mixes(facts: Facts) -> bool:
    return facts.whitened.kept < 0.99


def _correlated(facts: Facts) -> str:
    case = "correlated" if _left_stretched(facts) else "correlated, alike"
    if facts.standardized in facts.separated or facts.whitened in facts.separated:
        case = "correlated, separated"
    return sentence(
        SENTENCES[case],
        standardized=facts.standardized.condition,
        whitened=facts.whitened.condition,
        above=facts.standardized.above,
        least=facts.whitened.above,
    )


def _left_stretched(facts: Facts) -> bool:
    return facts.standardized.condition > ROUND * facts.whitened.condition


def _cost(facts: Facts) -> str:
    price = facts.price
    if price is None:
        return SENTENCES["cost, hidden"]
    return sentence(SENTENCES["cost"], features=price.features, ms=1000 * price.seconds, ratio=Ratio(price.ratio))


def _table(facts: Facts) -> str:
    first, second = facts.names
    case = "table" if _stretched(facts) else "thousands, not"
    return sentence(SENTENCES[case], first=first, second=second, **_conditions(facts))


def _constant(facts: Facts) -> str:
    case = ("constant, not", "constant", "constant, both")[len(facts.constant)]
    return sentence(SENTENCES[case], names=facts.constant) if facts.constant else SENTENCES[case]


def _same(facts: Facts) -> str:
    return sentence(SENTENCES["same" if facts.same else "same, not"], standardized=facts.standardized.condition)


QUESTIONS = (
    Question(
        "l-too-small",
        "What if L is guessed too small?",
        TwoWeights(curvature=0.5),
        "inequality",
        _guess,
        (
            Choice("The parabola promises more than there is", lambda facts: facts.step.cut > 0),
            Choice("The parabola stays above the loss", lambda facts: facts.step.cut == 0),
        ),
        (1,),
    ),
    Question(
        "beyond-the-limit",
        "What if the step is longer than 2/L?",
        TwoWeights(step=2.1),
        "bowls",
        _beyond,
        (
            Choice("It only takes longer", lambda facts: not _diverged(facts)),
            Choice("It diverges on the raw features alone", lambda facts: _diverged(facts) == [facts.raw.name]),
            Choice("It diverges on other features too", lambda facts: bool({*_diverged(facts)} - {facts.raw.name})),
        ),
        (2,),
    ),
    Question(
        "larger-rate",
        "Does a smaller L allow a larger rate?",
        TwoWeights(rate=Rate.SHARED, learning_rate=0.5),
        "bowls",
        _rate,
        (
            Choice("It suits the standardized features and blows up the raw ones", _only_raw),
            Choice("Both do alike", lambda facts: not _only_raw(facts)),
        ),
        (3,),
    ),
    Question(
        "gradient-grows",
        "Whose gradient grows with the inputs?",
        TwoWeights(model=Model.LOGISTIC),
        "gradient",
        _grows,
        (
            Choice("That of the weights", lambda facts: facts.sizes.grown > 1),
            Choice("That of neither", lambda facts: facts.sizes.grown <= 1),
        ),
        (4,),
    ),
    Question(
        "bounded-derivative",
        "Which loss has a bounded derivative?",
        TwoWeights(model=Model.LOGISTIC, bias=True),
        "gradient",
        _derivative,
        (
            Choice("Squared error", lambda facts: facts.derivatives.squared > -1),
            Choice("Sigmoid with cross-entropy", lambda facts: facts.derivatives.sigmoid_low >= -1),
            Choice("Cross-entropy alone", lambda facts: facts.derivatives.alone > -1),
        ),
        (5,),
    ),
    Question(
        "what-holds-l",
        "What bounds L?",
        TwoWeights(correlation=0.9),
        "bowls",
        _holds,
        (
            Choice("E|x|², and L is near it", lambda facts: _share(facts) >= NEAR_BOUND),
            Choice("E|x|², and L is far below it", lambda facts: _share(facts) < NEAR_BOUND),
        ),
        (6,),
    ),
    Question(
        "subtract-the-mean",
        "Is anything lost by subtracting the mean?",
        TwoWeights(bias=True, looked_at=Kind.CENTERED),
        "prepare",
        _mean,
        rows=(7,),
    ),
    Question(
        "s-too-large",
        "What if s is much too large?",
        TwoWeights(rate=Rate.SHARED, learning_rate=0.5, divisor=50.0),
        "prepare",
        _divisor,
        (
            Choice("It diverges", lambda facts: facts.divided.left > STEEP),
            Choice("Nearly nothing is learnt", lambda facts: FLAT < facts.divided.left <= STEEP),
            Choice("It is learnt all the same", lambda facts: not facts.divided.left > FLAT),
        ),
        (8,),
    ),
    Question(
        "s-too-small",
        "What if s is much too small?",
        TwoWeights(rate=Rate.SHARED, learning_rate=0.5, divisor=0.1),
        "prepare",
        _divisor,
        (
            Choice("It diverges", lambda facts: facts.divided.left > STEEP),
            Choice("Nearly nothing is learnt", lambda facts: FLAT < facts.divided.left <= STEEP),
            Choice("It is learnt all the same", lambda facts: not facts.divided.left > FLAT),
        ),
        (8,),
    ),
    Question(
        "move-alike",
        "Do both weights move alike?",
        TwoWeights(bias=True, looked_at=Kind.STANDARDIZED),
        "bowls",
        _alike,
        rows=(9,),
    ),
    Question(
        "times-zero",
        "What if everything is multiplied by 0?",
        TwoWeights(zero=True),
        "prepare",
        _zero,
        rows=(15,),
    ),
    Question(
        "thousands",
        "What if x2 is in thousands?",
        TwoWeights(mean_2=5000.0, deviation_2=2000.0),
        "bowls",
        _thousands,
        (
            Choice("Both bowls are stretched", lambda facts: _stretched(facts) and not _rounds(facts)),
            Choice("The raw bowl alone is stretched", lambda facts: _stretched(facts) and _rounds(facts)),
            Choice("Neither is", lambda facts: not _stretched(facts)),
        ),
        (16,),
    ),
    Question(
        "optimizers",
        "Does a cleverer optimizer help?",
        TwoWeights(optimizer=Optimizer.RMSPROP, learning_rate=0.2, compare=True),
        "compare",
        _optimizer,
        (
            Choice("As much as normalizing", _beats),
            Choice("Less than normalizing", lambda facts: not _beats(facts)),
        ),
        (17,),
    ),
    Question(
        "places",
        "Do the examples keep their places?",
        TwoWeights(correlation=0.8, looked_at=Kind.STANDARDIZED),
        "examples",
        _places,
        (
            Choice("Standardized and whitened", lambda facts: not _mixes(facts)),
            Choice("Standardized alone", _mixes),
        ),
        (19,),
    ),
    Question(
        "correlated",
        "What if the features are correlated?",
        TwoWeights(correlation=0.95, start_2=-0.6),
        "bowls",
        _correlated,
        (
            Choice("Standardizing rounds the bowl", lambda facts: not _left_stretched(facts)),
            Choice("Only whitening rounds it", _left_stretched),
        ),
        (29,),
    ),
    Question("cost-of-whitening", "What does whitening cost?", TwoWeights(cost=True), "cost", _cost, rows=(45,)),
    Question(
        "real-table",
        "What about a real table?",
        TwoWeights(source=Source.WINE, feature_1=10, feature_2=12),
        "bowls",
        _table,
        rows=(16,),
    ),
    Question(
        "constant",
        "What if a feature is constant?",
        TwoWeights(deviation_1=0.0),
        "bowls",
        _constant,
        (
            Choice("The standardized loss is flat along a weight", lambda facts: isinf(facts.standardized.condition)),
            Choice("It is a bowl as ever", lambda facts: not isinf(facts.standardized.condition)),
        ),
    ),
    Question("same", "What if both features say the same?", TwoWeights(correlation=1.0), "bowls", _same),
)
