"""Presets: requests that show one thing each, by the question that they answer."""

from __future__ import annotations

from landscape.dynamics.smoothness import Ladder
from landscape.experiment import Comparison, Experiment, Variant, View
from landscape.labs.codec import Request
from landscape.labs.smoothness.request import DIGITS, SmoothnessRequest, values_of_network
from landscape.labs.two_weights.request import TwoWeights

DEFAULT = Request()

UNLIKE_SCALES = Request(
    Comparison(
        Experiment().replace(
            dataset="moons",
            num_examples=1000,
            input_scale=100.0,
            depth=2,
            width=16,
            activation="tanh",
            initialization="xavier",
            num_steps=800,
            learning_rate=0.1,
        ),
        (
            Variant(normalization="none"),
            Variant(normalization="batch"),
            Variant(normalization="batch", normalized="both"),
            Variant(normalization="none", preprocessing="standardize"),
        ),
    ),
    View(plane="input-weights", extent=3.0),
)
"""Over six seeds the loss changed along y 12 to 250 times as much as along x without normalization, 8 to 130 times with
BatchNorm in the hidden layers, 0.2 to 1.6 times with BatchNorm on the input too, 0.4 to 0.8 times standardized."""

REAL_TABLE = Request(
    Comparison(
        Experiment().replace(
            dataset="breast-cancer", depth=3, width=32, activation="tanh", initialization="xavier", learning_rate=0.1
        ),
        (
            Variant(normalization="none"),
            Variant(normalization="batch"),
            Variant(normalization="batch", normalized="both"),
        ),
    ),
)
"""Over four seeds the test accuracy was 0.63 to 0.65 without normalization, which is the majority class, 0.89 to 0.92
with BatchNorm in the hidden layers and 0.97 to 0.98 with BatchNorm on the input too."""

COMPARE = {
    "Digits": ("Two networks of equal accuracy, in two very different landscapes.", DEFAULT),
    "Unlike scales": ("What if x2 is 100 times x1? Only normalizing the input rounds the valley.", UNLIKE_SCALES),
    "A real table": ("Breast cancer, raw: features that differ a thousandfold in scale.", REAL_TABLE),
}
"""The presets of the comparison page: name -> (what it asks, the request)."""

CONVOLUTIONAL = DIGITS.replace(kind="cnn", width=16, depth=4)

DEEP_LINEAR = DIGITS.replace(
    dataset="linear-map",
    num_examples=1000,
    activation="linear",
    loss="squared",
    initialization="xavier",
    depth=24,
    width=10,
    batch_size=20000,
    learning_rate=0.001,
)
"""Santurkar et al. 2018, arXiv 1805.11604, App. A.1: 25 linear maps of 10 units, all data in each step. Theirs took 10 000
steps at a rate of 1e-6; here 300 at 1e-3, which plain training just survives."""

LONG_LADDER = Ladder(lowest=0.01, highest=30.0)

SMOOTHNESS_NETWORKS = {
    "Perceptron": values_of_network(DIGITS, Ladder()),
    "Convolutional": values_of_network(CONVOLUTIONAL, Ladder()),
    "Deep linear": values_of_network(DEEP_LINEAR, LONG_LADDER),
}
"""The networks of the page on smoothness, each with the paper's ladder for its kind, as values by name."""


def _beside(base: Experiment, *names: str, ladder: Ladder = Ladder(), step: int = 100) -> SmoothnessRequest:  # noqa: B008
    return SmoothnessRequest(Comparison(base, tuple(Variant(normalization=name) for name in names)), ladder, step)


SMOOTHNESS = {
    "Is it smoother all through training?": (
        "None, BatchNorm and layer normalization: three measures at every step.",
        SmoothnessRequest(),
    ),
    "What lies ahead of one step?": (
        "The loss and the gradient at several step sizes: it climbs without BatchNorm, and falls on with it.",
        _beside(DIGITS, "none", "batch", step=40),
    ),
    "What if the initial weights are too large?": (
        "A quarter larger: outlying weights and gradients, damped by a normalization.",
        _beside(DIGITS.replace(init_scale=1.25), "none", "batch", "weight", step=20),
    ),
    "Would another norm do as well?": (
        "l1 and l-infinity in place of the standard deviation; l2 can be chosen too.",
        _beside(DIGITS, "none", "batch", "batch-l1", "batch-linf"),
    ),
    "So why does it help?": (
        "Noisy BatchNorm has unstable distributions, layer normalization a rougher loss, and both learn.",
        _beside(DIGITS, "none", "batch", "batch-noisy", "layer"),
    ),
    "And in a convolutional network?": (
        "Four layers of 16 channels on the digits as images.",
        _beside(CONVOLUTIONAL, "none", "batch"),
    ),
    "And in the paper's deep linear network?": (
        "25 linear layers, with steps up to 30 times the learning rate: the plain loss reaches 1e8 and more.",
        _beside(DEEP_LINEAR, "none", "batch", ladder=LONG_LADDER, step=60),
    ),
}
"""The presets of the page on smoothness.

Ahead of step 40 the plain loss climbed to 4.7 to 8.9 times its start over three seeds and two sets of PyTorch's
kernels; ahead of step 100 it was 2.1 to 20 times, as training carries the roundings apart that processors differ in."""

TWO_WEIGHTS = {
    "What if L is guessed too small?": (
        "How long may a step be: the parabola cuts through the loss and promises too much.",
        TwoWeights(curvature=0.5),
    ),
    "What if the step is longer than 2/L?": ("It bounces up the walls and diverges.", TwoWeights(step=2.1)),
    "Does a smaller L allow a larger rate?": (
        "One learning rate for all: it suits the standardized features and blows up the raw ones.",
        TwoWeights(rate="shared", learning_rate=0.5),
    ),
    "Whose gradient grows with the inputs?": (
        "Where the gradient gets its size: that of the weights grows; that of the bias stays bounded.",
        TwoWeights(model="logistic"),
    ),
    "Which loss has a bounded derivative?": (
        "Where the gradient gets its size: sigmoid with cross-entropy; not cross-entropy alone, not squared error.",
        TwoWeights(model="logistic", bias=True),
    ),
    "What holds L?": (
        "E|x|²: nearly all of it belongs to one eigenvalue where the features are correlated.",
        TwoWeights(correlation=0.9),
    ),
    "Is anything lost by subtracting the mean?": (
        "With a bias, nothing: the least loss is the same.",
        TwoWeights(bias=True, looked_at="centered"),
    ),
    "What if s is much too large?": (
        "Divide by a scale: flat, nothing is learnt in the given steps.",
        TwoWeights(rate="shared", learning_rate=0.5, divisor=50.0),
    ),
    "What if s is much too small?": (
        "Divide by a scale: steep, the same learning rate diverges.",
        TwoWeights(rate="shared", learning_rate=0.5, divisor=0.1),
    ),
    "Do both weights move alike?": (
        "Divided by the deviation they do, as with a learning rate for each.",
        TwoWeights(bias=True, looked_at="standardized"),
    ),
    "What if everything is multiplied by 0?": (
        "Divide by a scale: perfectly smooth, and useless.",
        TwoWeights(zero=True),
    ),
    "What if x2 is in thousands?": (
        "The raw bowl is stretched a hundred times more; the standardized one stays round.",
        TwoWeights(mean_2=5000.0, deviation_2=2000.0),
    ),
    "Does a cleverer optimizer help?": (
        "The table at the end: some; plain gradient descent on standardized features is hard to beat.",
        TwoWeights(optimizer="momentum", compare=True),
    ),
    "Do the examples keep their places?": (
        "The examples themselves: standardized yes, in each dimension; whitening mixes correlated ones.",
        TwoWeights(correlation=0.8, looked_at="standardized"),
    ),
    "What if the features are correlated?": (
        "Standardizing does not undo it; whitening does, and trains faster.",
        TwoWeights(correlation=0.95, start_2=-0.6),
    ),
    "What does whitening cost?": ("At the end: measured here and now.", TwoWeights(cost=True)),
    "What about a real table?": (
        "Wine: hue beside proline, which is a thousand times as large.",
        TwoWeights(source="wine", feature_1=10, feature_2=12),
    ),
    "What if a feature is constant?": ("Centered, it is 0: a trough.", TwoWeights(deviation_1=0.0)),
    "What if both features say the same?": ("A line of minima.", TwoWeights(correlation=1.0)),
}
"""The presets of the page of two weights, by the question that each answers: (what to look at, the configuration)."""
