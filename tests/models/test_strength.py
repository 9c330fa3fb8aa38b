"""BatchNorm by a part: against its formula and PyTorch in float64, and what it does to scales."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from landscape import Experiment, objective, same_function, train
from landscape.loss.network import network_of
from models.config import NetworkConfig
from models.fields import Misfit
from models.normalization import Context
from models.normalization.base import EPSILON
from models.normalization.batch import WeakBatchNorm

SHAPES = [(2, 9, 3), (2, 5, 4, 3)]
SMALL = Experiment().replace(dataset="moons", num_examples=200, width=6, depth=3, num_steps=20, batch_size=32)


def drawn(*shape):
    return torch.randn(shape, dtype=torch.float64)


def layer_with(strength, members=2, features=3, affine=True):
    """A layer, its parameters, disturbed, and its first state."""
    layer = WeakBatchNorm(affine, strength=strength)
    parameters = {name: value + 0.3 * drawn(members, features) for name, value in layer.parameters(features).items()}
    state = {name: torch.full((members, features), value).double() for name, value in layer.state(features).items()}
    return layer, parameters, state


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.7, 1.0])
@pytest.mark.parametrize("shape", SHAPES, ids=["dense", "images"])
def test_it_is_its_formula_and_so_are_its_gradient_and_what_it_remembers(shape, strength):
    layer, parameters, state = layer_with(strength)
    x, towards = drawn(*shape).requires_grad_(), drawn(*shape)
    y, after = layer.normalize(x, parameters, state, Context(training=True))
    (gradient,) = torch.autograd.grad((y * towards).sum(), x)
    tested, _ = layer.normalize(x, parameters, after, Context(statistics="stored"))
    for member in range(len(x)):
        own = x[member].detach().requires_grad_()
        rows, (scale, shift) = own.flatten(0, -2), (parameters[name][member] for name in ("scale", "shift"))
        deviation = torch.sqrt(rows.var(0, correction=0) + EPSILON)
        expected = scale * (rows - strength * rows.mean(0)) / deviation**strength + shift
        torch.testing.assert_close(y[member].flatten(0, -2), expected)
        (by_hand,) = torch.autograd.grad((expected * towards[member].flatten(0, -2)).sum(), own)
        torch.testing.assert_close(gradient[member], by_hand)
        torch_norm = nn.BatchNorm1d(3).double()
        torch_norm(rows)
        mean, variance = torch_norm.running_mean, torch_norm.running_var
        torch.testing.assert_close(after["mean"][member], mean)
        torch.testing.assert_close(after["variance"][member], variance)
        stored = scale * (rows - strength * mean) / (variance + EPSILON) ** (strength / 2) + shift
        torch.testing.assert_close(tested[member].flatten(0, -2), stored)


def test_the_gradient_is_that_of_finite_differences():
    layer, parameters, state = layer_with(0.4, members=1)
    assert torch.autograd.gradcheck(
        lambda x: layer.normalize(x, parameters, state, Context())[0], drawn(1, 5, 3).requires_grad_()
    )


def test_its_ends_are_the_identity_and_pytorchs_batchnorm():
    x = drawn(1, 20, 3)
    for strength, expected in ((0.0, x[0]), (1.0, functional.batch_norm(x[0], None, None, training=True))):
        layer, parameters, state = layer_with(strength, members=1, affine=False)
        found, _ = layer.normalize(x, parameters, state, Context())
        torch.testing.assert_close(found[0], expected)


@pytest.mark.parametrize("strength", [0.25, 0.5])
def test_what_comes_in_c_times_as_large_goes_out_c_to_the_rest_as_large(strength):
    layer, parameters, state = layer_with(strength, members=1, affine=False)
    x = drawn(1, 50, 3) * 10 + 4
    once, more = (layer.normalize(c * x, parameters, state, Context())[0] for c in (1, 16))
    torch.testing.assert_close(more, 16 ** (1 - strength) * once, rtol=1e-5, atol=1e-5)
    deviations = x.std(1, correction=0) ** (1 - strength)
    torch.testing.assert_close(once.std(1, correction=0), deviations, rtol=1e-5, atol=0)


def test_what_testing_does_is_one_affine_map():
    layer, parameters, state = layer_with(0.3)
    x = drawn(2, 8, 3)
    _, state = layer.normalize(x, parameters, state, Context())
    factor, shift = layer.folded(parameters, state)
    found, _ = layer.normalize(x, parameters, state, Context(statistics="stored"))
    torch.testing.assert_close(found, x * factor[:, None] + shift[:, None])


def test_at_strength_0_and_without_scale_and_shift_training_is_that_of_the_plain_network():
    plain, weak = (train(SMALL.replace(affine=False, strength=0.0, normalization=kind)) for kind in ("none", "batch"))
    np.testing.assert_allclose(weak.loss, plain.loss, rtol=1e-5)
    np.testing.assert_allclose(weak.parameters, plain.parameters, atol=1e-5)


@pytest.mark.parametrize("strength", [0.25, 1.0])
def test_one_seed_gives_the_same_weights_and_biases_stand_where_they_are_felt(strength):
    made = network_of(SMALL.replace(normalization="batch", strength=strength))
    names = {block.name for block in made.layout.blocks}
    assert ("layer1.bias" in names) == (strength < 1)
    plain = network_of(SMALL)
    ours, theirs = (net.layout.split(net.initial_parameters([3]))["layer2.weight"] for net in (made, plain))
    assert torch.equal(ours, theirs)


def test_a_plain_network_is_written_with_it_as_the_same_function():
    run = train(SMALL.replace(strength=0.5))
    other = same_function(run, "batch")
    losses = [float(of(of.tensor(one.parameters[-1:]))) for one in (run, other) for of in [objective(one)]]
    assert other.experiment.network.strength == 0.5
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


def test_only_batchnorm_is_taken_by_a_part():
    NetworkConfig(strength=0.5)  # nothing to be taken by a part: as its other settings, it is not looked at
    with pytest.raises(Misfit, match=r"NetworkConfig.strength must be 1 with normalization layer, not 0.5") as refused:
        NetworkConfig(normalization="layer", strength=0.5)
    for name, value in refused.value.remedy.items():
        NetworkConfig(**{"normalization": "layer", "strength": 0.5, name: value})
    with pytest.raises(ValueError, match=r"NetworkConfig.strength must be a number from 0 to 1, not 1.5"):
        NetworkConfig(strength=1.5)
