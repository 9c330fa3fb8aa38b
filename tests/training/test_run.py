"""When a network has learned: by the better of two statistics, well above a constant guess."""

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.experiment import Experiment
from landscape.loss.network import objective
from landscape.training.grading import Grader, population_batches
from landscape.training.learned import well_above
from landscape.training.training import Training, train
from tests.cases import NETWORKS, SMALL

RAW = Experiment().replace(dataset="breast-cancer", normalization="batch", seed=1)


def by_rule(run):
    """The rule in other words: half of the guess's errors, by whichever statistics do better."""
    tests = [float(objective(run, name, "test", num_examples=10**6).measure(
        torch.as_tensor(run.parameters[-1:]))[1]) for name in ("running", "population")]  # fmt: skip
    return 1 - max(tests) <= (1 - run.majority) / 2


@pytest.mark.parametrize(
    ("majority", "accuracy", "examples", "learned"),
    [
        (0.1, 0.18, 360, False),
        (0.1, 0.54, 360, False),
        (0.1, 0.56, 360, True),
        (0.5, 0.655, 400, False),
        (0.5, 0.76, 400, True),
        (0.63, 0.7, 114, False),
        (0.63, 0.895, 114, True),
        (0.5, 0.75, 8, False),  # six of eight: a coin does so in a seventh of all cases
        (0.5, 1.0, 8, True),
        (0.0, 0.4, 100, False),  # R²
        (0.0, 0.6, 100, True),
        (0.5, float("nan"), 100, False),
    ],
)
def test_learned_is_well_above_the_constant_guess(majority, accuracy, examples, learned):
    assert well_above(majority, accuracy, examples) is learned


@pytest.mark.parametrize("seed", range(2))
def test_averages_that_lag_do_not_hide_what_was_learned(seed):
    run = train(RAW.replace(seed=seed))
    assert run.train_accuracy > 0.85
    assert run.population_accuracy > 0.85
    assert run.learned
    assert run.learned == by_rule(run)


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": "digits", "num_steps": 3, "learning_rate": 0.01},
        {"dataset": "moons", "num_steps": 2, "learning_rate": 1e-4},
        {"dataset": "breast-cancer", "learning_rate": 1e-6, "num_steps": 2},
        {"dataset": "target-curve", "loss": "squared", "num_steps": 1, "learning_rate": 1e-6},
    ],
    ids=["digits", "moons", "breast-cancer", "target-curve"],
)
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_what_has_hardly_begun_has_not_learned(changes, normalization):
    run = train(Experiment().replace(normalization=normalization, **changes))
    assert run.diverged_at is None
    assert not run.learned
    assert run.learned == by_rule(run)


@pytest.mark.parametrize("name", NETWORKS)
def test_population_accuracy_is_that_of_the_objective_of_that_name(name):
    run = train(NETWORKS[name])
    tested = objective(run, "population", "test", num_examples=10**6)
    assert run.population_accuracy == float(tested.accuracy(tested.tensor(run.parameters[-1:]))[0])
    if not run.states.size:
        assert run.population_accuracy == run.test_accuracy[-1]


def test_a_run_that_goes_on_has_not_learned_yet():
    training = Training([SMALL.replace(normalization="batch", num_steps=100)])
    training.advance(0)
    assert not training.partial().learned
    assert np.isnan(training.partial().population_accuracy)
    assert training.complete().learned


def test_a_stack_is_graded_as_each_of_its_members(monkeypatch):
    members = [SMALL.replace(normalization="batch", seed=seed) for seed in range(5)]
    together, alone = Training(members), [train(member) for member in members]
    together.advance(float("inf"))
    monkeypatch.setattr("landscape.loss.network.chunk_size", lambda *sizes: 2)  # in chunks of two members
    for run, expected in zip(together.results(), alone, strict=True):
        assert run.train_loss == pytest.approx(expected.train_loss, rel=1e-4)
        assert run.population_accuracy == pytest.approx(expected.population_accuracy, abs=0.02)


def test_population_statistics_are_of_batches_all_over_the_training_set():
    x = torch.arange(6400.0)[:, None]
    batches = population_batches(x, 10)
    firsts = [int(batch[0, 0, 0]) for batch in batches]
    assert len(batches) == 64
    assert (firsts[0], firsts[-1]) == (0, 6390)
    assert np.ptp(np.diff(firsts)) <= 10
    assert [batch.shape for batch in population_batches(x[:5], 1)] == [(1, 2, 1)] * 2
    data = load(SMALL.data)
    grader = Grader(Training([SMALL]).network, data, SMALL.training, torch.empty(0))
    assert len(grader.test_y) == len(data.test_y)


def test_a_bare_run_holds_its_last_snapshot():
    run = train(SMALL.replace(normalization="batch", num_steps=6))
    bare = run.bare()
    assert len(run.parameters) > 2
    np.testing.assert_array_equal(bare.parameters, run.parameters[-1:])
    np.testing.assert_array_equal(bare.states, run.states[-1:])
    np.testing.assert_array_equal(bare.steps, run.steps)
