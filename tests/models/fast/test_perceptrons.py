"""Outputs that are written out into memory that is kept: against the network's own forward pass, and for those alone."""

import pytest
import torch

from models.activations import Activation
from models.build import build
from models.config import NetworkConfig
from models.fast.perceptrons import PerceptronEvaluation
from models.normalization import Context, Normalization

MEMBERS, EXAMPLES = 5, 7


def plane_of(config, inputs=(4,)):
    """A network, a basis of a plane of its parameters, coefficients of points, and two batches of examples."""
    network = build(config, inputs, 3)
    generator = torch.Generator().manual_seed(0)
    basis = network.initial_parameters(range(3)).double()
    basis += 0.1 * torch.randn(basis.shape, generator=generator, dtype=torch.float64)
    coefficients = torch.randn(MEMBERS, 3, generator=generator, dtype=torch.float64)
    coefficients[:, 0] = 1
    return network, basis, coefficients, torch.randn(2, 1, EXAMPLES, *inputs, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(("normalization", "affine"), [("none", True), ("batch", True), ("batch", False)])
@pytest.mark.parametrize("activation", Activation)
def test_outputs_are_those_of_the_network_at_every_call(activation, normalization, affine, depth):
    config = NetworkConfig("mlp", 6, depth, activation, normalization=normalization, affine=affine)
    network, basis, coefficients, batches = plane_of(config)
    with torch.no_grad():
        evaluation = PerceptronEvaluation(network, basis, batches, MEMBERS)
        for chosen in (slice(None), slice(0, 2), slice(2, 5), slice(None)):
            some = coefficients[chosen] @ basis
            state = network.initial_state(len(some), some)
            for found, x in zip(evaluation(coefficients[chosen]), batches, strict=True):
                expected, _ = network.forward(some, state, x, Context(momentum=0.0))
                torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("activation", Activation)
def test_a_bias_unit_does_not_drift_in_forty_layers(activation):
    network, basis, coefficients, batches = plane_of(NetworkConfig("mlp", 8, 40, activation))
    some = coefficients @ basis
    context, state = Context(momentum=0.0), network.initial_state(len(some))
    with torch.no_grad():
        expected = network.forward(some, state, batches[0], context)[0]
        single = network.forward(some.float(), state, batches[0].float(), context)[0]
        (found,) = PerceptronEvaluation(network, basis.float(), [batches[0].float()], MEMBERS)(coefficients.float())
    scale = expected.abs().amax((1, 2))
    ours, theirs = ((one - expected).abs().amax((1, 2)) / scale for one in (found, single))
    assert bool((ours < 10 * theirs + 1e-6).all()), f"{ours} against {theirs}"


@pytest.mark.parametrize(
    "changes",
    [
        {"normalization": "batch", "normalized": "both"},
        {"normalization": "batch", "placement": "after"},
        {"kind": "recurrent"},
        {"skip": True},
        {"normalization": "batch", "strength": 0.5},
        {"kind": "cnn"},
        *({"normalization": name} for name in Normalization if name not in ("none", "batch", "instance")),
    ],
    ids=str,
)
def test_no_other_network_is_evaluated_so(changes):
    config = NetworkConfig(**{"kind": "mlp", "width": 6, "depth": 2, "groups": 2} | changes)
    assert not PerceptronEvaluation.can(build(config, (4, 4), 3))
