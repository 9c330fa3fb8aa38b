"""What may be asked of smoothness, each question with its settings and its answer, which is why this is long."""

from __future__ import annotations

from landscape.experiment import Comparison, Experiment, Variant
from landscape.labs.lab import Choice, Question
from landscape.labs.smoothness.explanations import rougher_but_as_good, times_smoother
from landscape.labs.smoothness.facts import NEAR, NORMS, Facts, Measure, Network, ratio_of, unlike
from landscape.labs.smoothness.findings import MUCH
from landscape.labs.smoothness.request import (
    CONVOLUTIONAL,
    DEEP_LINEAR,
    DIGITS,
    LONG_LADDER,
    SHORT_LADDER,
    Ladder,
    Request,
)
from landscape.labs.words import Ratio, Share, sentence
from models.normalization import Normalization

FAR, VERY_FAR = 1e3, 1e6
"""Ranges of the loss up to the first are told from those up to the second, and from those beyond."""

SENTENCES = {
    "unanswered": "These settings do not answer it: that takes a network without normalization and one with BatchNorm whose "
    "measures can be compared.",
    "both": "Yes: after the first fifth of training the loss varies {loss} as much along the gradient without normalization "
    "as with BatchNorm, and the gradient changes {change} as much (medians).",
    "one": "In part: after the first fifth of training the loss varies {loss} as much along the gradient without "
    "normalization as with BatchNorm, and the gradient changes {change} as much (medians).",
    "neither": "Not in these settings: after the first fifth of training the loss varies {loss} as much along the gradient "
    "without normalization as with BatchNorm, and the gradient changes {change} as much (medians).",
    "ahead, awaited": "The answer comes with the losses along the gradient.",
    "ahead, plain climbs": "From step {step} a long step is a bad one without normalization: the loss climbs to {top}, "
    "{ratio} its start. With BatchNorm it never climbs above its start.",
    "ahead, batch climbs": "From step {step} the loss climbs with BatchNorm, to {batch_top} from {batch_start}; without "
    "normalization it never climbs above its start.",
    "ahead, both climb": "From step {step} the loss climbs along the gradient with both: without normalization to {top} "
    "from {start}, with BatchNorm to {batch_top} from {batch_start}.",
    "ahead, unlike steps": "One of the trainings diverged before the step that was asked for: without normalization the loss "
    "goes from {start} up to {top} ahead of step {step}, with BatchNorm from {batch_start} up to {batch_top} ahead of step "
    "{batch_step}.",
    "ahead, neither climbs": "From step {step} the loss climbs above its start with neither of them.",
    "large, normalized": "Without normalization training diverges at step {step}: the gradient grows to {longest} from "
    "{first}. What is normalized learns: {learned}.",
    "large, idle": "Without normalization nothing is learned. What is normalized learns: {learned}.",
    "large, all": "With these initial weights all of them learn: {learned}.",
    "large, some": "With these initial weights these learn: {learned}; and these do not: {idle}.",
    "large, none": "With these initial weights none of them learns.",
    "norms, unanswered": "These settings do not answer it: that takes BatchNorm and one by another norm whose measures can be "
    "compared.",
    "norms, as smooth": "Yes, about as well: the loss varies this many times as much along the gradient as with BatchNorm: "
    "{each} (medians after the first fifth of training).",
    "norms, rougher": "Not quite: the loss varies this many times as much along the gradient as with BatchNorm: {each} (medians "
    "after the first fifth of training).",
    "why, both": "There is no consensus, and here no single explanation stands. With noise that disturbs each layer's "
    "distribution at every step training still reaches {noisy} ({score}; on the test data {noisy_test}), so that steady "
    "distributions are not needed to fit the training data; and rougher networks do as well as BatchNorm on the test data "
    "({own}): {each}.",
    "why, noise": "There is no consensus. Here, with noise that disturbs each layer's distribution at every step, training "
    "still reaches {noisy} ({score}; on the test data {noisy_test}), so that steady distributions are not needed to fit the "
    "training data; and no rougher network does as well as BatchNorm on the test data ({own}).",
    "why, rougher": "There is no consensus. Here noise that disturbs each layer's distribution keeps BatchNorm from learning "
    "({score} {noisy}); but rougher networks do as well as BatchNorm on the test data ({own}): {each}.",
    "why, neither": "There is no consensus. Here noise that disturbs each layer's distribution keeps BatchNorm from learning "
    "({score} {noisy}), and no rougher network does as well as BatchNorm on the test data ({own}).",
    "why, unanswered": "There is no consensus. These settings say little: that takes BatchNorm, which learns, beside noisy "
    "BatchNorm.",
    "images": "Yes: after the first fifth of training the loss varies {loss} as much along the gradient without normalization "
    "as with BatchNorm (medians).",
    "images, not": "Not in these settings: after the first fifth of training the loss varies {loss} as much along the "
    "gradient without normalization as with BatchNorm (medians).",
    "linear": "Yes: along steps of up to {reach} the learning rate the loss varies by up to {top} without normalization, "
    "and by up to {batch_top} with BatchNorm; in the median by {median} and {batch_median}.",
    "linear, not": "Not in these settings: along steps of up to {reach} the learning rate the loss varies by up to {top} without "
    "normalization, and by up to {batch_top} with BatchNorm; in the median by {median} and {batch_median}.",
}


def _beside(base: Experiment, *names: str, ladder: Ladder = SHORT_LADDER, step: int = 100) -> Request:
    return Request(Comparison(base, tuple(Variant(normalization=name) for name in names)), ladder, step)


def _times(facts: Facts) -> tuple[float, float] | None:
    """Return how many times as much the loss and the gradient change without normalization as with BatchNorm."""
    if facts.pair is None or any(unlike(*facts.pair, measure) for measure in (Measure.LOSS_RANGE, Measure.CHANGE)):
        return None
    plain, batch = facts.pair
    if not (plain.loss_range and batch.loss_range and plain.change and batch.change):
        return None
    return (
        ratio_of(plain.loss_range.median, batch.loss_range.median),
        ratio_of(plain.change.median, batch.change.median),
    )


def _over(facts: Facts) -> int | None:
    """Return in how many of the two BatchNorm is clearly smoother: the loss, the gradient."""
    times = _times(facts)
    return None if times is None else sum(one > NEAR for one in times)


def _smoother(facts: Facts) -> str:
    times, over = _times(facts), _over(facts)
    if times is None or over is None:
        return sentence(SENTENCES["unanswered"])
    case = ("neither", "one", "both")[over]
    return sentence(SENTENCES[case], loss=Ratio(times[0]), change=Ratio(times[1]))


def _climb(facts: Facts) -> tuple[bool, bool] | None:
    """Return whether the loss ahead climbs without normalization, and with BatchNorm."""
    ahead = [one.ahead for one in facts.pair or ()]
    return (ahead[0].climbs, ahead[1].climbs) if len(ahead) == 2 and ahead[0] and ahead[1] else None


def _ahead(facts: Facts) -> str:
    climb = _climb(facts)
    if climb is None or facts.pair is None:
        return sentence(SENTENCES["ahead, awaited" if facts.pair else "unanswered"])
    plain, batch = (one.ahead for one in facts.pair)
    if plain is None or batch is None:
        return sentence(SENTENCES["ahead, awaited"])
    case = {
        (True, False): "ahead, plain climbs",
        (False, True): "ahead, batch climbs",
        (True, True): "ahead, both climb",
        (False, False): "ahead, neither climbs",
    }[climb]
    case = case if plain.step == batch.step else "ahead, unlike steps"
    return sentence(
        SENTENCES[case],
        step=plain.step,
        start=plain.start,
        top=plain.top,
        ratio=Ratio(ratio_of(plain.top, plain.start)),
        batch_step=batch.step,
        batch_start=batch.start,
        batch_top=batch.top,
    )


def _learned(facts: Facts) -> tuple[list[Network], list[Network]]:
    """Return the networks that learned, and those that did not."""
    return (
        [one for one in facts.networks if one.trained.learned],
        [one for one in facts.networks if not one.trained.learned],
    )


def _only_normalized(facts: Facts) -> bool:
    """Return whether all networks learn but the one without normalization."""
    _, idle = _learned(facts)
    return [one.normalization for one in idle] == [Normalization.NONE] and len(facts.networks) > 1


def _large(facts: Facts) -> str:
    learned, idle = _learned(facts)
    each = {one.name: Share(one.trained.test_accuracy) for one in learned}
    if _only_normalized(facts):
        (plain,) = idle
        if plain.trained.diverged_at is None:
            return sentence(SENTENCES["large, idle"], learned=each)
        grown = {"first": plain.first_gradient, "longest": plain.longest_gradient}
        return sentence(SENTENCES["large, normalized"], learned=each, step=plain.trained.diverged_at, **grown)
    if not learned:
        return sentence(SENTENCES["large, none"])
    if not idle:
        return sentence(SENTENCES["large, all"], learned=each)
    return sentence(SENTENCES["large, some"], learned=each, idle=[one.name for one in idle])


def _ratios(facts: Facts) -> dict[str, float]:
    """Return how many times as much the loss varies by another norm as with BatchNorm; of none where one is not compared."""
    batch, kin = facts.of(Normalization.BATCH), [one for norm in NORMS if (one := facts.of(norm))]
    found = {one.name: times_smoother(one, batch) for one in kin} if batch else {}
    return {name: ratio for name, ratio in found.items() if ratio is not None} if None not in found.values() else {}


def _norms(facts: Facts) -> str:
    ratios = _ratios(facts)
    if not ratios:
        return sentence(SENTENCES["norms, unanswered"])
    case = "norms, as smooth" if max(ratios.values()) < MUCH else "norms, rougher"
    return sentence(SENTENCES[case], each=ratios)


def _causes(facts: Facts) -> tuple[bool, bool] | None:
    """Return whether noisy BatchNorm learns, and whether rougher networks do as well as BatchNorm."""
    batch, noisy = facts.of(Normalization.BATCH), facts.of(Normalization.BATCH_NOISY)
    if batch is None or noisy is None or not batch.trained.learned:
        return None
    return noisy.trained.fits, bool(rougher_but_as_good(facts, batch))


def _why(facts: Facts) -> str:
    causes = _causes(facts)
    batch, noisy = facts.of(Normalization.BATCH), facts.of(Normalization.BATCH_NOISY)
    if causes is None or batch is None or noisy is None:
        return sentence(SENTENCES["why, unanswered"])
    case = {
        (True, True): "why, both",
        (True, False): "why, noise",
        (False, True): "why, rougher",
        (False, False): "why, neither",
    }[causes]
    rougher = {"each": {one.name: Share(one.trained.test_accuracy) for one in rougher_but_as_good(facts, batch)}}
    return sentence(
        SENTENCES[case],
        score=noisy.trained.score,
        noisy=Share(noisy.trained.train_accuracy),
        noisy_test=Share(noisy.trained.test_accuracy),
        own=Share(batch.trained.test_accuracy),
        **rougher if causes[1] else {},
    )


def _loss_times(facts: Facts) -> float | None:
    return times_smoother(*facts.pair) if facts.pair else None


def _images(facts: Facts) -> str:
    ratio = _loss_times(facts)
    if ratio is None:
        return sentence(SENTENCES["unanswered"])
    return sentence(SENTENCES["images" if ratio > NEAR else "images, not"], loss=Ratio(ratio))


def _linear(facts: Facts) -> str:
    ratio = _loss_times(facts)
    plain, batch = facts.pair or (None, None)
    if ratio is None or plain is None or batch is None or plain.loss_range is None or batch.loss_range is None:
        return sentence(SENTENCES["unanswered"])
    return sentence(
        SENTENCES["linear" if ratio > NEAR else "linear, not"],
        reach=Ratio(plain.reach),
        top=plain.loss_range.most,
        batch_top=batch.loss_range.most,
        median=plain.loss_range.median,
        batch_median=batch.loss_range.median,
    )


def _plain_top(facts: Facts) -> float:
    """Return the greatest range of the loss without normalization; not a number where there is none."""
    plain = facts.of(Normalization.NONE)
    return plain.loss_range.most if plain and plain.loss_range else float("nan")


QUESTIONS = (
    Question(
        "smoother",
        "Is it smoother all through training?",
        Request(),
        "curves",
        _smoother,
        (
            Choice("Both the loss and the gradient change less with BatchNorm", lambda facts: _over(facts) == 2),
            Choice("One of the two does", lambda facts: _over(facts) == 1),
            Choice("Neither does", lambda facts: _over(facts) == 0),
        ),
        (60,),
    ),
    Question(
        "ahead",
        "What lies ahead of one step?",
        _beside(DIGITS, "none", "batch", step=40),
        "lines",
        _ahead,
        (
            Choice("The loss climbs without normalization only", lambda facts: _climb(facts) == (True, False)),
            Choice("It climbs with BatchNorm only", lambda facts: _climb(facts) == (False, True)),
            Choice("It climbs with both", lambda facts: _climb(facts) == (True, True)),
            Choice("It climbs with neither", lambda facts: _climb(facts) == (False, False)),
        ),
        (38,),
    ),
    Question(
        "large-weights",
        "What if the initial weights are too large?",
        _beside(DIGITS.replace(init_scale=1.25), "none", "batch", "weight", step=20),
        "curves",
        _large,
        (
            Choice("All three learn", lambda facts: not _learned(facts)[1]),
            Choice("The normalized ones learn, the plain one does not", _only_normalized),
            Choice("None of them learns", lambda facts: not _learned(facts)[0]),
        ),
        (40,),
    ),
    Question(
        "other-norms",
        "Would another norm do as well?",
        _beside(DIGITS, "none", "batch", "batch-l1", "batch-linf"),
        "curves",
        _norms,
        (
            Choice("About as well", lambda facts: max(_ratios(facts).values(), default=MUCH) < MUCH),
            Choice("Not as well", lambda facts: max(_ratios(facts).values(), default=0) >= MUCH),
        ),
        (61,),
    ),
    Question(
        "why",
        "So why does it help?",
        _beside(DIGITS, "none", "batch", "batch-noisy", "layer"),
        "tables",
        _why,
        (
            Choice("As distributions stay put: noise would ruin it", lambda facts: _causes(facts) == (False, False)),
            Choice("As the loss is smoother: no rougher network does as well", lambda f: _causes(f) == (True, False)),
            Choice("Neither settles it: both are contradicted here", lambda facts: _causes(facts) == (True, True)),
        ),
        (43,),
    ),
    Question(
        "convolutional",
        "And in a convolutional network?",
        _beside(CONVOLUTIONAL, "none", "batch"),
        "curves",
        _images,
        (
            Choice("Smoother with BatchNorm there, too", lambda facts: (_loss_times(facts) or 0) > NEAR),
            Choice("About alike", lambda facts: 1 / NEAR <= (_loss_times(facts) or 0) <= NEAR),
            Choice("Rougher with BatchNorm", lambda facts: 0 < (_loss_times(facts) or 0) < 1 / NEAR),
        ),
        (60,),
    ),
    Question(
        "deep-linear",
        "And in the paper's deep linear network?",
        _beside(DEEP_LINEAR, "none", "batch", ladder=LONG_LADDER, step=60),
        "curves",
        _linear,
        (
            Choice("The plain loss varies by up to a thousand", lambda facts: _plain_top(facts) <= FAR),
            Choice("By up to a million", lambda facts: FAR < _plain_top(facts) <= VERY_FAR),
            Choice("By more than a million", lambda facts: _plain_top(facts) > VERY_FAR),
        ),
        (60,),
    ),
)
