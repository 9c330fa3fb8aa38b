"""The lessons: each some questions in order, ten minutes of them, over any labs."""

from __future__ import annotations

from landscape.teaching.lesson import Lesson, Step, own_lesson

WHY = Lesson(
    "why-normalize",
    "Why normalize at all",
    "From a bowl over two weights to the landscapes of real networks, and to what their shape allows.",
    (
        Step(
            "two_weights",
            "thousands",
            "Over two weights the loss is a bowl, and training rolls down it. Each weight belongs to one feature, x1 or x2, of "
            "which x1 counts units. Bowls are drawn of the same examples: of their raw features, and of standardized ones, whose "
            "mean is subtracted and which are divided by their deviation.",
        ),
        Step(
            "two_weights",
            "beyond-the-limit",
            "L is the curvature of the bowl along its steepest direction: a step of 1/L times the gradient goes straight to the "
            "lowest point there.",
        ),
        Step("two_weights", "larger-rate", "Dividing each feature by its deviation makes L smaller."),
        Step("two_weights", "optimizers", "One could also leave the bowl as it is, and step more cleverly."),
        Step("compare", "real-table", "So much for a bowl. Here are networks of several layers, on a real table."),
        Step(
            "compare",
            "digits",
            "A network has thousands of weights; a slice through them can be drawn. BatchNorm normalizes inside the network.",
        ),
        Step("compare", "balls", "What does the shape matter? A ball that is dropped on it shows that."),
        Step("compare", "what-follows", "A ball on a slice is one thing, training the whole network another."),
        Step(
            "robustness",
            "initial-scale",
            "The learning rate is not the only thing that must be chosen before training.",
        ),
        Step("robustness", "activation", "And there is the activation function, which people argue about a lot."),
    ),
)

SHIFT = Lesson(
    "covariate-shift",
    "Is it covariate shift?",
    "What BatchNorm was made for, what else it does, and what speaks for and against each explanation.",
    (
        Step("robustness", "rates", "First what is to be explained: what does one gain by it?"),
        Step(
            "activations",
            "stable",
            "BatchNorm was made so that what a layer sees stays in place while the layers below it learn.",
        ),
        Step("activations", "matters", "Whether it does so is one question; whether it has to is another."),
        Step(
            "covariate_shift",
            "noise",
            "The sharpest test: after BatchNorm one adds noise that shifts every distribution, anew at each step.",
        ),
        Step("covariate_shift", "steady", "What does that noise do to the distributions themselves?"),
        Step(
            "covariate_shift",
            "deep-linear",
            "Shift between layers can be measured too: by how a layer's gradient turns when the layers below take their step.",
        ),
        Step(
            "smoothness",
            "smoother",
            "Others hold that BatchNorm smooths the loss: one walks along the gradient and looks how much it changes.",
        ),
        Step(
            "curvature",
            "one-function",
            "Is that a property of what a network computes, or of how it is written? Take one and the same function.",
        ),
        Step("robustness", "same-rate", "And others hold that the larger rate itself is all there is to it."),
        Step("smoothness", "why", "Now all of it side by side."),
    ),
)

KIN = Lesson(
    "kin",
    "Batch, layer, group, weight",
    "What each kind of normalization divides by what, and when one takes which.",
    (
        Step("anatomy", "batch", "A layer's activations are a table: an example a row, a unit a column."),
        Step("anatomy", "layer", "Some data come in batches of very few, and then another choice is needed."),
        Step("anatomy", "group", "Of an image each channel has many pixels, and there is more to choose from."),
        Step("anatomy", "weights", "One need not look at activations at all."),
        Step("anatomy", "undo", "Normalized values get a learnt scale and shift."),
        Step("invariance", "layer", "What a network does not notice tells its kind of normalization."),
        Step("invariance", "mates", "Whom does an example depend on?"),
        Step("robustness", "layer-rates", "Are they as good for training? In deep networks that shows first."),
        Step("robustness", "batch-size", "Now make the batches small."),
        Step(
            "invariance",
            "start",
            "Weight normalization looks at no data, but for the very first batch, if one lets it.",
        ),
    ),
)

FAILS = Lesson(
    "where-it-fails",
    "Where it fails",
    "Small batches, one example alone, other data, frozen statistics: what BatchNorm does not do, and what it costs.",
    (
        Step("inference", "alone", "In training BatchNorm looks at a batch. In use there may be one example."),
        Step("inference", "sorted", "So it needs company. But any company?"),
        Step("inference", "other-mates", "Then what is said of an example depends on who stands beside it."),
        Step("inference", "small-batches", "In training, too, batches may be small: large images leave room for few."),
        Step(
            "inference",
            "moving-averages",
            "Stored averages do not depend on a batch. They come to mind for training as well.",
        ),
        Step(
            "inference", "one-set", "A network that reads row by row has one layer, and as many distributions as rows."
        ),
        Step(
            "curvature",
            "frozen",
            "In use its statistics are frozen. Much that is printed of its landscape was drawn so.",
        ),
        Step(
            "covariate_shift",
            "moved",
            "Data in use may be others than in training. Statistics can be taken anew, from there.",
        ),
        Step("compare", "unlike-scales", "Popular notes say that it makes up for features of unlike scales."),
        Step("activations", "growth", "And that it keeps gradients in order, however deep the network."),
    ),
)

LESSONS = {lesson.name: lesson for lesson in (WHY, SHIFT, KIN, FAILS)}
"""By their names in a link."""


def lesson_of(name: str) -> Lesson:
    """Return the lesson of that name, or the one whose steps it lists.

    >>> len(lesson_of("why-normalize").steps)
    10

    Raises: ValueError with a sentence where it is neither.
    """
    if name in LESSONS:
        return LESSONS[name]
    try:
        return own_lesson(name)
    except ValueError as error:
        raise ValueError(f"The link names no lesson. {error}") from error
