"""The moments of units along a training, against `torch.nn` modules at the snapshots, and against the law of the noise."""

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.dynamics.stability import StepMomentsTask, step_moments
from landscape.training.training import train
from tests.cases import SMALL
from tests.reference import twin


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_they_are_those_of_what_enters_each_activation(normalization):
    experiment = SMALL.replace(normalization=normalization)
    found, run = step_moments(experiment, 30), train(experiment)
    x = load(experiment.data).train_x.double()
    for step in (0, 14, 29):
        (row,) = np.flatnonzero(found.steps == step)
        (snapshot,) = np.flatnonzero(run.steps == step)
        h = x
        for name, module in twin(experiment, run.parameters[snapshot]).train().named_children():
            if name.endswith("_act"):
                layer = found.layers.index(name.removesuffix("_act"))
                np.testing.assert_allclose(found.mean[row, layer], h.mean(0).detach(), rtol=1e-3, atol=1e-4)
                np.testing.assert_allclose(found.deviation[row, layer], h.std(0, correction=0).detach(), rtol=1e-3)
            h = module(h)


def test_looking_changes_nothing():
    experiment = SMALL.replace(normalization="batch-noisy")
    assert np.array_equal(step_moments(experiment, 7).run.loss, train(experiment).loss)


def test_noise_moves_every_unit_as_its_law_says():
    """A unit's own shift is uniform on (-1/2, 1/2): two of them differ by a third on average."""
    experiment = SMALL.replace(normalization="batch-noisy", affine=False, width=40, num_steps=40)
    found = step_moments(experiment, 40)
    assert np.abs(found.mean).max() < 0.6
    assert np.abs(np.diff(found.mean, axis=0)).mean() == pytest.approx(1 / 3, abs=0.02)
    # (1 + u / 4)^2 + 0.1^2 over u, and the examples' own shifts: the variance of a unit that had 1.
    assert (found.deviation**2).mean() == pytest.approx(1 + 0.25 + 0.0625 / 3 + 0.01 + 0.04 / 12, abs=0.03)


def test_a_jump_is_from_a_step_to_the_next_in_deviations():
    """At each step, as here all are looked at, the mean after one is the mean before the next."""
    for normalization in ("none", "batch-noisy"):
        found = step_moments(SMALL.replace(normalization=normalization), 30)
        expected = np.abs(np.diff(found.mean, axis=0)) / found.deviation[:-1]
        np.testing.assert_allclose(found.jump[:-1], expected, rtol=1e-6, atol=1e-9)


def test_a_constant_unit_has_no_jump():
    looks = [(("layer1",), np.array([[[1.0, 1.0]], [[2.0, 0.0]], [[4.0, 1.0]]]))]
    found = StepMomentsTask(SMALL, 1).collect(None, np.array([0]), looks)
    np.testing.assert_array_equal(found.jump, [[[1.5, np.nan]]])


def test_what_cannot_be_looked_at_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        StepMomentsTask(SMALL, 0)
    with pytest.raises(ValueError, match="recurrent"):
        StepMomentsTask(SMALL.replace(dataset="digits", kind="recurrent", depth=1), 5)
    assert torch.is_grad_enabled()
