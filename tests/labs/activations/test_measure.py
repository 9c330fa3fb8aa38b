"""What is measured inside of layers, beside the formulas and the runs that it is taken from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.experiment import Comparison, Variant
from landscape.internals.units import unit_moments
from landscape.labs.activations.facts import merged
from landscape.labs.activations.measure import FirstSteps, jobs, passed
from landscape.labs.activations.request import EARLY, PAPER, Activations, Propagation
from landscape.loss.network import network_of
from landscape.training.training import train

SMALL = PAPER.replace(width=8, depth=2, num_steps=16, num_examples=200)


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_the_first_steps_are_those_of_the_training(normalization):
    run = train(SMALL.replace(normalization=normalization))
    assert run.steps.tolist() == list(range(17)), "of so few steps a run keeps all"
    whole, first = unit_moments(run), FirstSteps(run.experiment).complete()
    at = [step for step in EARLY if step <= 16]
    assert first.steps.tolist() == at
    np.testing.assert_allclose(first.percentiles, whole.percentiles[at], atol=1e-6)
    np.testing.assert_allclose(first.mean, whole.mean[at], atol=1e-6)


def test_first_and_later_steps_follow_each_other():
    one = SMALL.replace(num_steps=100)
    first, whole = FirstSteps(one).complete(), unit_moments(train(one))
    steps, by_unit, pooled = merged(first, whole)
    assert steps.tolist() == sorted(set(EARLY) | {step for step in whole.steps.tolist() if step > EARLY[-1]})
    assert len(by_unit) == len(pooled) == len(steps)
    np.testing.assert_array_equal(by_unit[-1], whole.percentiles[-1])
    np.testing.assert_array_equal(pooled[0], first.pooled[0])


def test_a_training_that_ends_early_has_the_steps_up_to_there_and_a_large_one_fewer():
    diverges = SMALL.replace(learning_rate=100.0, activation="relu", loss="squared", num_steps=100)
    first = FirstSteps(diverges).complete()
    assert first.steps[0] == 0
    assert first.steps[-1] < 64
    assert np.isfinite(first.percentiles).all()
    assert len(FirstSteps(SMALL.replace(width=512, depth=4)).wanted) < len(EARLY)


def test_first_steps_are_looked_at_only_where_that_is_asked_for():
    comparison = Comparison(SMALL, (Variant(normalization="batch"),))
    request = Activations(comparison)
    assert jobs(request)["early"] == [None]
    (job,) = jobs(replace(request, first_steps=True))["early"]
    assert job.make().complete().steps.tolist() == [step for step in EARLY if step <= 16]


@pytest.mark.parametrize("corrected", [True, False])
def test_unit_weights_with_the_correction_and_without_are_their_formulas(corrected):
    """max(0, w.x / |w|) layer by layer, then less the mean of a standard normal's ReLU and over its deviation."""
    both = Propagation(propagation_steps=10).corrections(3)
    experiment = both[0 if corrected else 1].replace(depth=3, width=16, num_examples=300)
    run = train(experiment)
    x = load(experiment.data).train_x.double().numpy()
    parts = network_of(experiment).layout.split(torch.as_tensor(run.parameters[:1]))
    found = passed(run)
    for layer in range(3):
        weight, bias = (parts[f"layer{layer + 1}.{name}"][0].double().numpy() for name in ("weight", "bias"))
        x = np.maximum(x @ (weight / np.linalg.norm(weight, axis=0)) + bias, 0)
        if corrected:
            x = (x - np.sqrt(1 / (2 * np.pi))) / np.sqrt((1 - 1 / np.pi) / 2)
        np.testing.assert_allclose([found.mean[layer], found.deviation[layer]], [x.mean(), x.std()], rtol=1e-4)
    assert found.score == run.test_accuracy[-1]
