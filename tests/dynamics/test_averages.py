"""Moving averages along a training, against the averages that a training with that weight stores, and closed forms."""

import numpy as np
import pytest
import torch
from torch import nn

from landscape import Experiment, averages_along, train
from landscape.dynamics.averages import AveragesTask, filtered
from landscape.dynamics.steps import StepObjective
from landscape.training.training import Training
from tests.cases import SMALL

BATCH = SMALL.replace(normalization="batch", seed=4)


@pytest.mark.parametrize("weight", [0.03, 0.1, 1.0])
def test_an_average_of_a_weight_is_what_a_training_with_it_stores(weight):
    run = train(BATCH.replace(averages_weight=weight))
    found = averages_along(BATCH, [0.5, weight], count=4)
    at = [run.steps.tolist().index(step) for step in found.steps.tolist()]
    np.testing.assert_allclose(found.accuracy[1], run.test_accuracy[at], atol=1e-6)


@pytest.mark.parametrize("normalization", ["batch", "batch-renorm", "batch-noisy"])
@pytest.mark.parametrize("weight", [0.02, 0.7])
def test_the_weight_is_that_of_every_step(normalization, weight):
    """What is stored after each step is the average that a naive loop takes of the step's batch."""
    training = Training([BATCH.replace(normalization=normalization, averages_weight=weight, num_steps=6)])
    kept = training.network.flatten_state(training.state).clone()
    while not training.ended:
        batch = training.network.flatten_state(StepObjective(training).batch_state())
        training.work()
        kept = (1 - weight) * kept + weight * batch
        np.testing.assert_allclose(training.network.flatten_state(training.state), kept, rtol=2e-4, atol=1e-5)


def test_the_weight_is_pytorchs_momentum():
    """Of a batch that is given: a BatchNorm1d of that momentum stores the same."""
    training = Training([BATCH.replace(averages_weight=0.3, num_steps=1, depth=1)])
    x, _ = training._batch(0)
    weight = training.network.layout.split(training.parameters)["layer1.weight"][0]
    twin = nn.BatchNorm1d(weight.shape[1], momentum=0.3)
    twin(x[0] @ weight)
    training.work()
    np.testing.assert_allclose(training.state["layer1"]["mean"][0], twin.running_mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(training.state["layer1"]["variance"][0], twin.running_var, rtol=1e-4)


def test_the_weight_changes_no_weights_of_batch_normalization():
    slow, usual = train(BATCH.replace(averages_weight=0.01)), train(BATCH)
    assert np.array_equal(slow.parameters, usual.parameters)
    assert not np.array_equal(slow.states, usual.states)


def test_a_filter_forgets_by_powers():
    values, first = np.ones((5, 2)), np.array([0.0, 3.0])
    found = filtered(values, 0.2, first)
    expected = 1 + (first - 1) * (0.8 ** np.arange(1, 6))[:, None]
    np.testing.assert_allclose(found, expected)


def test_a_filter_of_noise_deviates_by_its_closed_form():
    noise = torch.randn(20000, generator=torch.Generator().manual_seed(0)).numpy()
    for weight in (0.1, 0.5, 1.0):
        found = filtered(noise, weight, np.array(0.0))[200:]
        assert found.std() == pytest.approx(np.sqrt(weight / (2 - weight)), rel=0.05)


def test_what_cannot_be_averaged_says_why():
    with pytest.raises(ValueError, match="which no normalization does not"):
        averages_along(SMALL, [0.1])
    with pytest.raises(ValueError, match="over 0 and at most 1"):
        averages_along(BATCH, [0.0])


def test_it_grows_on_the_way():
    task = AveragesTask(
        Experiment().replace(dataset="moons", width=4, depth=1, normalization="batch", num_steps=4), [0.1]
    )
    assert task.partial() is None
    task.work()
    assert task.partial().steps.tolist() == [0]
    assert not task.finished
    assert task.complete().steps.tolist() == [0, 1, 2, 3, 4]
