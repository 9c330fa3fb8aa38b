"""Convolutions that are written out as products of matrices: against the network's own forward pass, and PyTorch's."""

import pytest
import torch
from torch.nn import functional

from models.activations import Activation
from models.build import build
from models.config import NetworkConfig
from models.fast import images as evaluation_images
from models.fast.convolutions import bands_of
from models.fast.images import ImageEvaluation
from models.normalization import Context, Normalization
from tests.models.fast.test_perceptrons import plane_of

CASES = [("none", True), ("batch", True), ("batch", False)]


def forward(network, parameters, x):
    """The outputs of a stack by its own forward pass, by the statistics of the batch."""
    state = network.initial_state(len(parameters), parameters)
    return network.forward(parameters, state, x, Context(momentum=0.0))[0]


@pytest.mark.parametrize("inputs", [(8, 8), (16,)], ids=str)
@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize(("normalization", "affine"), CASES)
@pytest.mark.parametrize("activation", Activation)
def test_outputs_are_those_of_the_network_at_every_call(activation, normalization, affine, depth, inputs):
    config = NetworkConfig("cnn", 5, depth, activation, normalization=normalization, affine=affine)
    network, basis, coefficients, batches = plane_of(config, inputs)
    with torch.no_grad():
        evaluation = ImageEvaluation(network, basis, batches, len(coefficients))
        for chosen in (slice(None), slice(0, 1), slice(2, 5)):
            for found, x in zip(evaluation(coefficients[chosen]), batches, strict=True):
                expected = forward(network, coefficients[chosen] @ basis, x)
                torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("normalization", "affine"), CASES)
@pytest.mark.parametrize("kilobytes", [1, 8, 20])
def test_some_channels_at_a_time_give_the_same(kilobytes, normalization, affine, monkeypatch):
    config = NetworkConfig("cnn", 5, 3, normalization=normalization, affine=affine)
    network, basis, coefficients, batches = plane_of(config, (8, 8))
    with torch.no_grad():
        whole = ImageEvaluation(network, basis, batches, len(coefficients))(coefficients)
        monkeypatch.setattr(evaluation_images, "AT_ONCE", 2**10 * kilobytes)
        for found, expected in zip(
            ImageEvaluation(network, basis, batches, len(coefficients))(coefficients), whole, strict=True
        ):
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("side", [2, 4])
def test_matrices_are_convolutions(side):
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(1, 9 * 3, 5, generator=generator, dtype=torch.float64)
    images = torch.randn(7, 3, side, side, generator=generator, dtype=torch.float64)
    kernels = weight.view(3, 3, 3, 5).permute(3, 2, 0, 1)
    expected = functional.conv2d(images, kernels, padding=1)
    units = images.permute(2, 1, 3, 0) if side == 4 else images.permute(1, 2, 3, 0)
    rows = [matrix[0] @ units.reshape(-1, 7)[inputs] for inputs, matrix in bands_of(weight, side)]
    found = torch.cat([row.view(5, -1, side, 7) for row in rows], dim=1)
    torch.testing.assert_close(found.permute(3, 0, 1, 2), expected)


def test_statistics_of_the_first_layer_are_as_exact_as_the_networks_own():
    """In single precision, with pixels far from zero whose scales differ: the covariance of patches loses nothing."""
    network, basis, coefficients, batches = plane_of(NetworkConfig("cnn", 6, 2, normalization="batch"), (8, 8))
    batches = [100 + x * torch.logspace(0, 2, 64, dtype=torch.float64).view(8, 8) for x in batches]
    single = [x.float() for x in batches]
    with torch.no_grad():
        found = ImageEvaluation(network, basis.float(), single, len(coefficients))(coefficients.float())
        for ours, x, rounded in zip(found, batches, single, strict=True):
            expected = forward(network, coefficients @ basis, x)
            theirs = forward(network, (coefficients @ basis).float(), rounded)
            error, bound = ((one - expected).abs().max() / expected.abs().max() for one in (ours, theirs))
            assert error < 3 * bound + 1e-6, f"{error} against {bound}"


@pytest.mark.parametrize(
    ("inputs", "changes"),
    [
        ((8, 8), {"normalization": "batch", "normalized": "both"}),
        ((8, 8), {"normalization": "batch", "placement": "after"}),
        ((8, 8), {"kind": "mlp"}),
        ((8, 8), {"skip": True}),
        ((8, 8), {"normalization": "batch", "strength": 0.5}),
        ((8, 8), {"width": 65}),
        ((8, 8), {"examples": 31}),
        ((6, 6), {}),
        ((16, 16), {}),
        *(((8, 8), {"normalization": name}) for name in Normalization if name not in ("none", "batch")),
    ],
    ids=str,
)
def test_no_other_network_is_evaluated_so(inputs, changes):
    options = {"kind": "cnn", "width": 4, "depth": 2, "groups": 2, "examples": 32} | changes
    examples = options.pop("examples")
    assert not ImageEvaluation.can(build(NetworkConfig(**options), inputs, 3), examples)


def test_small_images_are_evaluated_so():
    assert ImageEvaluation.can(build(NetworkConfig("cnn", 64, 8, normalization="batch"), (64,), 10), 32)
