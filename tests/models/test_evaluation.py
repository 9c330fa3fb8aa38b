"""Outputs that are written out into memory that is kept: against the network's own forward pass, and for those alone."""

import pytest
import torch

from models.activations import Activation
from models.build import build
from models.config import NetworkConfig
from models.evaluation import Evaluation
from models.normalization import Context, Normalization

MEMBERS, EXAMPLES = 5, 7


def stack_of(config, inputs=(4,)):
    network = build(config, inputs, 3)
    generator = torch.Generator().manual_seed(0)
    parameters = network.initial_parameters(range(MEMBERS)).double()
    parameters += 0.1 * torch.randn(parameters.shape, generator=generator, dtype=torch.float64)
    return network, parameters, torch.randn(1, EXAMPLES, *inputs, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(("normalization", "affine"), [("none", True), ("batch", True), ("batch", False)])
@pytest.mark.parametrize("activation", Activation)
def test_outputs_are_those_of_the_network_at_every_call(activation, normalization, affine, depth):
    config = NetworkConfig("mlp", 6, depth, activation, normalization=normalization, affine=affine)
    network, parameters, x = stack_of(config)
    evaluation = Evaluation(network, MEMBERS, EXAMPLES, parameters)
    with torch.no_grad():
        for chosen in (slice(None), slice(0, 2), slice(2, 5), slice(None)):
            some = parameters[chosen]
            evaluation.parameters[: len(some)] = some
            evaluation.first[: len(some)] = network.first_map(some, x).transpose(1, 2)
            found = evaluation.forward(len(some))
            expected, _ = network.forward(some, network.initial_state(len(some), some), x, Context(momentum=0.0))
            torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"normalization": "batch", "normalized": "both"},
        {"normalization": "batch", "placement": "after"},
        {"kind": "recurrent"},
        {"kind": "cnn"},
        *({"normalization": name} for name in Normalization if name not in ("none", "batch", "instance")),
    ],
    ids=str,
)
def test_no_other_network_is_evaluated_so(changes):
    config = NetworkConfig(**{"kind": "mlp", "width": 4, "depth": 2, "groups": 2} | changes)
    assert not Evaluation.can(build(config, (4, 4), 3))
