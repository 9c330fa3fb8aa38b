"""Whether a line separates two classes: labels by construction, by angles, and for every preprocessing."""

import numpy as np
import pytest

from landscape.labs.two_weights.facts import Ended, facts_of
from landscape.labs.two_weights.measure import Kind, LinearModel, Model, Separation, TwoWeights, separation_of
from landscape.labs.two_weights.words import PROBLEM_SENTENCES, Problem, problems, table

MAPS = {
    "as it is": lambda x: x,
    "unlike scales": lambda x: x * [1e-3, 1e4],
    "far away": lambda x: x + [300.0, -5000.0],
    "turned": lambda x: x @ np.array([[0.6, -0.8], [0.8, 0.6]]),
    "correlated": lambda x: x @ np.array([[1.0, 0.999], [0.0, 0.001]]),
}
"""Maps that can be undone: with a bias they part no classes, and bring none together."""


def with_ones(x):
    return np.column_stack([x, np.ones(len(x))])


def drawn(seed, count, bias):
    """Return examples of which a known line has every one at a distance of 0.02 or more."""
    rng = np.random.default_rng(seed)
    x, angle = rng.standard_normal((8 * count, 2)), rng.uniform(0, 2 * np.pi)
    offset = rng.uniform(-0.5, 0.5) if bias else 0.0
    height = x @ [np.cos(angle), np.sin(angle)] + offset
    kept = np.flatnonzero(np.abs(height) > 0.02)[:count]
    return x[kept], (height[kept] > 0).astype(float), height[kept]


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("count", [20, 200, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_classes_by_a_line_are_separated_and_by_no_line_are_not(seed, count, bias):
    x, classes, height = drawn(seed, count, bias)
    mapped = {name: map_(x) for name, map_ in MAPS.items() if bias or name != "far away"}
    # A class deep inside of the other's side: between examples of the other class, on a line with them.
    deep = np.argsort(height)[-1]
    between = np.concatenate([x, [x[deep] * 0.5 + x[np.argsort(height)[-2]] * 0.5]])
    overlapping = np.append(classes, 0.0)
    for name, features in mapped.items():
        given = with_ones(features) if bias else features
        assert separation_of(given, classes) is Separation.COMPLETE, name
        features = MAPS[name](between)
        given = with_ones(features) if bias else features
        assert separation_of(given, overlapping) is Separation.NONE, name


@pytest.mark.parametrize("seed", range(5))
def test_examples_on_the_line_touch(seed):
    """Two classes on either side of x1 = 0, with examples of both at one place on it."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((60, 2))
    classes = (x[:, 0] > 0).astype(float)
    x = np.concatenate([x, [[0.0, 0.7], [0.0, 0.7]]])
    classes = np.append(classes, [0.0, 1.0])
    for name, map_ in MAPS.items():
        assert separation_of(with_ones(map_(x)), classes) is Separation.TOUCHING, name
    # On the line one class alone: then a line a little aside of it parts all.
    assert separation_of(with_ones(x[:-1]), classes[:-1]) is Separation.COMPLETE
    # And on it both in turn, so that no turn of the line parts them, but with the others it has no other side.
    mixed = np.concatenate([x, [[0.0, 0.1], [0.0, -0.5]]])
    assert separation_of(with_ones(mixed), np.append(classes, [1.0, 0.0])) is Separation.TOUCHING


@pytest.mark.parametrize("seed", range(40))
def test_without_a_bias_it_is_the_widest_gap_between_directions(seed):
    """In the plane a line through 0 parts the classes if and only if their directions, one class's turned, leave half a
    turn free."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((6, 2))
    classes = (rng.uniform(size=6) > 0.5).astype(float)
    rows = (2 * classes - 1)[:, None] * x
    angles = np.sort(np.arctan2(rows[:, 1], rows[:, 0]))
    gap = np.diff(np.append(angles, angles[0] + 2 * np.pi)).max()
    assert separation_of(x, classes) is (Separation.COMPLETE if gap > np.pi else Separation.NONE)


def test_what_spans_less_is_asked_of_what_it_spans():
    line = np.linspace(-1, 1, 11)
    same, classes = np.column_stack([line, 100 * line]), (line > 0.3).astype(float)
    assert separation_of(with_ones(same), classes) is Separation.COMPLETE
    assert separation_of(same, classes) is Separation.NONE
    zeros = np.zeros((10, 2))
    assert separation_of(zeros, np.arange(10) % 2.0) is Separation.NONE
    assert separation_of(with_ones(zeros), np.arange(10) % 2.0) is Separation.NONE
    assert separation_of(with_ones(zeros), np.ones(10)) is Separation.COMPLETE


@pytest.mark.parametrize("correlation", [-0.9, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("scales", [{}, {"mean_2": 10000.0, "deviation_2": 0.1}, {"mean_1": -50.0, "deviation_1": 1e3}])
def test_without_noise_the_page_s_classes_are_separated_whatever_is_done_to_the_features(correlation, scales):
    config = TwoWeights(model="logistic", noise=0.0, bias=True, correlation=correlation, **scales)
    facts = facts_of(config)
    assert {one.separation for one in facts.prepared} == {Separation.COMPLETE}
    assert {one.ended for one in facts.prepared} <= {Ended.NO_MINIMUM}
    assert PROBLEM_SENTENCES[Problem.SEPARATED] in problems(facts)
    assert {row.minimum_loss for row in table(facts)} == {"no minimum"}


@pytest.mark.parametrize("noise", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("bias", [False, True])
def test_with_noise_they_overlap(noise, bias):
    facts = facts_of(TwoWeights(model="logistic", noise=noise, bias=bias))
    assert {one.separation for one in facts.prepared} == {Separation.NONE}
    assert not problems(facts)


def test_without_a_bias_it_is_another_question_for_centered_features():
    """The classes lie on either side of a line through the means they were drawn with, not through those they have."""
    facts = facts_of(TwoWeights(model="logistic", noise=0.0, mean_1=0.0, mean_2=0.0))
    parted = {one.kind for one in facts.prepared if one.separation is Separation.COMPLETE}
    assert parted == {Kind.RAW, Kind.SCALED}
    assert "raw and scaled" in problems(facts)[0]


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("center", [0.0, 0.4])
def test_it_is_asked_once_for_all_preprocessings_that_it_is_the_same_for(noise, bias, center):
    """Against the same question asked of the features of each."""
    from landscape.labs.two_weights.measure import examples_of, prepared

    config = TwoWeights(
        model="logistic", noise=noise, bias=bias, center=center, num_examples=100, mean_1=0.0, mean_2=0.0
    )
    for one in facts_of(config).prepared:
        assert one.separation is separation_of(prepared(config, one.kind), examples_of(config).classes)


def test_where_no_line_separates_the_search_ends_at_a_minimum():
    for seed in range(5):
        x, classes, _ = drawn(seed, 200, True)
        classes[:20] = 1 - classes[:20]
        model = LinearModel(with_ones(x)[None], classes, Model.LOGISTIC)
        assert separation_of(with_ones(x), classes) is Separation.NONE
        gradient = model.gradient(model.tensor(model.minimum())[None])[1]
        assert gradient.abs().max() < 1e-8
