"""Lengths of weights along training: against the snapshots of a run, the gradient of a step, and Pythagoras."""

import pickle

import numpy as np
import pytest
import torch

from landscape import Experiment, step_objective, train, weight_lengths
from landscape.dynamics.lengths import WeightLengthsTask
from landscape.loss.network import network_of

SMALL = Experiment().replace(dataset="moons", depth=2, width=16, normalization="batch", num_steps=20, learning_rate=0.5)


def blocks(experiment):
    layout = network_of(experiment).layout
    return [layout.slice(f"{place}.weight") for place in ("layer1", "layer2")]


def test_lengths_are_those_of_the_snapshots_of_the_same_training():
    run, found = train(SMALL), weight_lengths(SMALL)
    assert found.layers == ("layer1", "layer2")
    assert found.squares.shape == (1, 21, 2)
    for layer, block in enumerate(blocks(SMALL)):
        expected = np.square(run.parameters[:, block].astype(float)).sum(1)
        np.testing.assert_allclose(found.squares[0, run.steps, layer], expected, rtol=1e-5)
    np.testing.assert_allclose(found.accuracy, run.test_accuracy[-1:])


def test_a_step_is_as_long_as_the_rate_times_the_gradient():
    step, found = 7, weight_lengths(SMALL)
    loss = step_objective(SMALL, step)
    leaf = loss.start[None].clone().requires_grad_()
    gradient = torch.autograd.grad(loss(leaf).sum(), leaf)[0][0]
    for layer, block in enumerate(blocks(SMALL)):
        expected = 0.25 * float(gradient[block].square().sum())
        assert found.moved[0, step, layer] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("kind", ["batch", "weight"])
def test_weights_grow_by_the_squared_steps_where_their_length_does_not_matter(kind):
    found = weight_lengths(SMALL.replace(normalization=kind))
    np.testing.assert_allclose(found.length, found.predicted, rtol=1e-3)
    assert found.length[0, -1] > found.length[0, 0]
    assert np.all(np.diff(found.length[0]) >= -1e-4)


def test_without_normalization_they_do_not():
    found = weight_lengths(SMALL.replace(normalization="none", learning_rate=0.3))
    grown, moved = found.length[0, -1] - found.length[0, 0], found.moved.sum()
    assert abs(grown / moved - 1) > 0.1


def test_effective_rates_of_a_stack_are_those_of_each_member_alone():
    experiments = [SMALL.replace(init_scale=scale) for scale in (0.1, 1.0)]
    found = weight_lengths(*experiments)
    for member, one in enumerate(experiments):
        alone = weight_lengths(one)
        np.testing.assert_allclose(found.effective_rate[member], alone.effective_rate[0], rtol=1e-3)
    mean = found.squares[1, 0].sum() / 32
    assert found.effective_rate[1, 0] == pytest.approx(0.5 / mean)
    assert found.effective_rate[0, 0] > 50 * found.effective_rate[1, 0]
    assert found.effective_rate[0, -1] < found.effective_rate[0, 0] / 2


def test_a_training_that_diverges_has_lengths_up_to_there():
    wild = SMALL.replace(normalization="none", learning_rate=50.0, init_scale=10.0, loss="squared")
    found = weight_lengths(wild, wild.replace(learning_rate=1e-5, init_scale=1.0))
    (step, well) = found.diverged_at
    assert well is None
    assert step is not None
    assert np.isfinite(found.squares[0, :step]).all()
    assert np.isnan(found.squares[0, step:]).all()
    assert np.isfinite(found.squares[1]).all()


def test_a_task_goes_on_where_it_was_and_shows_what_there_is():
    task = WeightLengthsTask([SMALL])
    assert task.partial() is None
    for _ in range(5):
        task.work()
    task = pickle.loads(pickle.dumps(task))
    assert task.partial().length.shape == (1, 6)
    np.testing.assert_array_equal(task.complete().squares, weight_lengths(SMALL).squares)


def test_large_networks_are_trained_one_after_the_other_to_the_same_lengths(monkeypatch):
    experiments = [SMALL.replace(init_scale=scale) for scale in (0.1, 1.0, 3.0)]
    together = weight_lengths(*experiments)
    monkeypatch.setattr("landscape.dynamics.lengths.stack_size", lambda experiment: 2)
    task = WeightLengthsTask(experiments)
    fractions = []
    while not task.finished:
        task.work()
        fractions.append(task.fraction)
    assert task.count == 2
    assert fractions == sorted(fractions)
    np.testing.assert_allclose(task.result().squares, together.squares, rtol=1e-4)
    assert task.result().experiments == together.experiments


def test_stacks_that_end_at_unlike_steps_are_joined(monkeypatch):
    monkeypatch.setattr("landscape.dynamics.lengths.stack_size", lambda experiment: 1)
    wild = SMALL.replace(normalization="none", learning_rate=50.0, init_scale=10.0, loss="squared")
    found = weight_lengths(wild, wild.replace(learning_rate=1e-5, init_scale=1.0))
    assert found.squares.shape == (2, 21, 2)
    assert np.isfinite(found.squares[1]).all()
    assert np.isnan(found.squares[0, -1]).all()
