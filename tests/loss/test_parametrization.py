"""One function in two parametrizations: equal outputs, by our own passes and by formulas; unlike curvature."""

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.loss.network import network_of, objective
from landscape.loss.parametrization import can_be_identity, same_function
from landscape.training.training import train
from models.normalization import Context, Normalization
from tests.cases import SMALL

FITTING = [kind for kind in Normalization if can_be_identity(kind)]
IMAGES = SMALL.replace(dataset="digits", kind="cnn", width=4, depth=2, num_steps=5)
SEQUENCES = SMALL.replace(dataset="digits", kind="recurrent", width=6, depth=1, num_steps=5)


def outputs(run, num_examples=100):
    of = objective(run, num_examples=num_examples, device=torch.device("cpu"))
    return of.outputs(of.tensor(run.parameters[-1:]))[0][0][0].numpy()


@pytest.mark.parametrize("kind", FITTING)
@pytest.mark.parametrize("source", ["none", "batch", "weight", "batch-l1"])
def test_outputs_stay(source, kind):
    run = train(SMALL.replace(normalization=source))
    other = same_function(run, kind, 100)
    assert other.experiment == run.experiment.replace(normalization=kind)
    assert other.parameters.shape == (1, network_of(other.experiment).layout.size)
    np.testing.assert_allclose(outputs(other), outputs(run), atol=2e-5)


@pytest.mark.parametrize("kind", ["batch", "weight", "weight-mean"])
@pytest.mark.parametrize(
    "experiment", [IMAGES, SMALL.replace(placement="after"), SMALL.replace(initialization="torch")]
)
def test_outputs_stay_in_other_networks(experiment, kind):
    if experiment.network.placement == "after" and kind != "batch":
        pytest.skip("what acts on weights stands before")
    run = train(experiment)
    np.testing.assert_allclose(outputs(same_function(run, kind, 100)), outputs(run), atol=2e-5)


def test_outputs_stay_where_the_input_is_normalized_too():
    run = train(SMALL.replace(normalized="both"))
    np.testing.assert_allclose(outputs(same_function(run, "batch", 100)), outputs(run), atol=2e-5)


def test_outputs_of_a_recurrent_network_stay():
    run = train(SEQUENCES)
    np.testing.assert_allclose(outputs(same_function(run, "weight", 100)), outputs(run), atol=2e-5)


def test_scale_and_shift_are_deviation_and_mean_of_what_a_unit_gives():
    run = train(SMALL)
    other = same_function(run, "batch", 100)
    parts = network_of(other.experiment).layout.split(torch.as_tensor(other.parameters))
    plain = network_of(run.experiment).layout.split(torch.as_tensor(run.parameters[-1:]))
    x = torch.as_tensor(load(run.experiment.data).train_x[:100])
    units = (x @ plain["layer1.weight"][0] + plain["layer1.bias"][0]).numpy()
    np.testing.assert_allclose(parts["layer1.scale"][0], np.sqrt(units.var(0) + 1e-5), rtol=1e-4)
    np.testing.assert_allclose(parts["layer1.shift"][0], units.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(parts["layer1.weight"], plain["layer1.weight"])
    lengths = network_of(run.experiment.replace(normalization="weight")).layout.split(
        torch.as_tensor(same_function(run, "weight").parameters)
    )["layer1.scale"][0]
    np.testing.assert_allclose(lengths, np.linalg.norm(plain["layer1.weight"][0].numpy(), axis=0), rtol=1e-5)


def test_the_stored_averages_are_those_of_the_examples():
    run = train(SMALL)
    other = same_function(run, "batch", 100)
    stored = objective(other, "running", num_examples=100)
    # Training stores the unbiased variance, which is 100 / 99 of that by which it divides.
    np.testing.assert_allclose(
        float(stored(stored.tensor(other.parameters))),
        float(objective(run, num_examples=100)(stored.tensor(run.parameters[-1:]))),
        rtol=0.05,
    )
    network = network_of(other.experiment)
    state = network.unflatten_state(torch.as_tensor(other.states))
    seen = {}
    network.forward(
        torch.as_tensor(other.parameters),
        network.initial_state(1),
        torch.as_tensor(load(run.experiment.data).train_x[None, :100]),
        Context(momentum=0.0, tap=lambda place, moment, x: seen.setdefault((place, moment), x.clone())),
    )
    np.testing.assert_allclose(state["layer2"]["mean"][0], seen["layer2", "before"][0].mean(0), atol=1e-4)


def test_there_and_back_again_is_the_same_network():
    run = train(SMALL)
    back = same_function(same_function(run, "batch"), "none")
    np.testing.assert_allclose(back.parameters, run.parameters[-1:], atol=1e-4)


def test_a_unit_that_is_constant_stays_so():
    run = train(SMALL)
    layout = network_of(run.experiment).layout
    run.parameters[-1, layout.slice("layer1.weight")] = 0.0
    np.testing.assert_allclose(outputs(same_function(run, "batch", 100)), outputs(run), atol=2e-5)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({}, "layer", "that can be the identity"),
        ({}, "batch-moving", "lags behind the weights"),
        ({"normalization": "rms"}, "batch", "^run must have a normalization"),
        ({"affine": False}, "batch", "must have a learnt scale and shift"),
        ({"dataset": "digits", "kind": "recurrent", "depth": 1}, "batch", "recurrent network"),
        ({"normalization": "batch", "placement": "after"}, "none", "must stand before the activation"),
        ({"normalization": "batch", "normalized": "both"}, "none", "must stand before the activation"),
        ({}, "nothing", "must be one of"),
    ],
)
def test_what_cannot_be_the_identity_is_a_sentence(change, kind, said):
    run = train(SMALL.replace(num_steps=2, **change))
    with pytest.raises(ValueError, match=said):
        same_function(run, kind)
