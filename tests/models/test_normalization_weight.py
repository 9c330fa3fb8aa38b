"""Weight normalization and normalization propagation, against torch, the papers' formulas and quadrature."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from landscape.experiment import DataConfig, Experiment
from models.activations import Activation, activate
from models.build import build
from models.config import NetworkConfig
from models.normalization import LAYERS, Context, Normalization
from models.normalization.weight import MOMENTS, lengths

MEMBERS = 3
EXACT = {"rtol": 0.0, "atol": 1e-10}
LENGTH_AND_DIRECTION = ["weight", "weight-plain", "weight-log", "weight-bounded", "weight-mean"]
ON_WEIGHTS = [*LENGTH_AND_DIRECTION, "propagation", "propagation-unit"]


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64)


def layer_of(name, **options):
    return LAYERS[Normalization(name)](**options)


@pytest.mark.parametrize("name", LENGTH_AND_DIRECTION)
def test_equals_torch(name):
    layer = layer_of(name)
    key = "log_scale" if name == "weight-log" else "scale"
    v, learnt = normal(MEMBERS, 4, 5).requires_grad_(), normal(MEMBERS, 5).requires_grad_()
    x, upstream = normal(MEMBERS, 7, 4).requires_grad_(), normal(MEMBERS, 7, 5)
    y = x @ layer.weight(v, {key: learnt})
    of_x, of_v, of_learnt = torch.autograd.grad((y * upstream).sum(), (x, v, learnt))
    for i in range(MEMBERS):
        peer = weight_norm(nn.Linear(4, 5, bias=False, dtype=torch.float64))
        g = learnt[i].exp() if name == "weight-log" else learnt[i]
        peer.parametrizations.weight.original0.data = g[:, None].detach().clone()
        peer.parametrizations.weight.original1.data = v[i].T.detach().clone()
        own = x[i].detach().requires_grad_()
        out = peer(own)
        torch.testing.assert_close(y[i], out, **EXACT)
        want_g, want_v, want_x = torch.autograd.grad((out * upstream[i]).sum(), [*peer.parameters(), own])
        torch.testing.assert_close(of_x[i], want_x, **EXACT)
        torch.testing.assert_close(of_v[i], want_v.T, **EXACT)
        torch.testing.assert_close(of_learnt[i], want_g[:, 0] * (g if name == "weight-log" else 1), **EXACT)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("name", ON_WEIGHTS)
def test_gradients_equal_finite_differences_and_are_orthogonal_to_v(name, affine):
    layer = layer_of(name, affine=affine)
    v, values = normal(2, 3, 2).requires_grad_(), [normal(2, 2).requires_grad_() for _ in layer.parameters(2)]

    def function(v, *values):
        return layer.weight(v, dict(zip(layer.parameters(2), values, strict=True)))

    assert torch.autograd.gradcheck(function, (v, *values))
    assert torch.autograd.gradgradcheck(function, (v, *values))
    (gradient,) = torch.autograd.grad((function(v, *values) * normal(2, 3, 2)).sum(), v)
    assert gradient.abs().min() > 1e-6
    torch.testing.assert_close((v * gradient).sum(1), torch.zeros(2, 2).double(), **EXACT)
    if not affine:
        growth = MOMENTS[Activation.RELU].growth if name == "propagation" else 1
        torch.testing.assert_close(lengths(function(v)), torch.full((2, 2), 1 / growth).double(), rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", ["weight", "weight-log", "weight-bounded", "weight-mean"])
@pytest.mark.parametrize("affine", [True, False])
def test_data_dependent_initialization_standardizes_its_batch_through_all_layers(name, affine):
    network = build(NetworkConfig(width=6, depth=4, normalization=name, affine=affine), (5,), 2)
    x = 3 + 2 * normal(1, 40, 5)
    drawn = network.initial_parameters([0, 1, 2]).double()
    parameters = network.initialize_from(drawn, x)
    seen = {}

    def tap(place, moment, values):
        if moment == "after" and place != "input":
            seen[place] = values.clone()

    network.forward(parameters, network.initial_state(3, parameters), x, Context(tap=tap))
    assert len(seen) == 4
    for values in seen.values():
        torch.testing.assert_close(values.mean(1), torch.zeros(3, 6).double(), **EXACT)
        if affine:
            torch.testing.assert_close(values.std(1, correction=0), torch.ones(3, 6).double(), **EXACT)
    for name, part in network.layout.split(parameters).items():
        assert not name.endswith("weight") or torch.equal(part, network.layout.split(drawn)[name])


def test_data_dependent_initialization_of_constant_units_is_finite():
    layer, v = layer_of("weight"), normal(1, 3, 2)
    for x in (torch.zeros(1, 8, 3).double(), torch.full((1, 8, 3), 0.7).double()):
        initial = layer.initialize(v, x @ v)
        torch.testing.assert_close(initial["scale"], torch.ones(1, 2).double())
        y = x @ layer.weight(v, initial) + initial["bias"]
        torch.testing.assert_close(y, torch.zeros_like(y), **EXACT)


def test_plain_start_is_the_function_of_the_plain_network():
    x = normal(1, 9, 5)
    outputs = []
    for name in ("none", "weight-plain"):
        network = build(NetworkConfig(width=6, depth=3, normalization=name), (5,), 2)
        parameters = network.initialize_from(network.initial_parameters([0, 1]).double(), x)
        outputs.append(network.forward(parameters, network.initial_state(2, parameters), x, Context())[0])
    torch.testing.assert_close(*outputs, **EXACT)


@pytest.mark.parametrize("bound", [0.25, 2.0])
def test_a_bound_is_a_setting(bound):
    network = build(NetworkConfig(width=6, depth=2, normalization="weight-bounded", bound=bound), (5,), 2)
    v = normal(MEMBERS, 5, 6)
    kept, was = lengths(network.hidden_layer.project(v)), lengths(v)
    torch.testing.assert_close(kept, was.clamp(max=bound), **EXACT)
    assert (was > bound).any()


def test_bound_keeps_v_within_1_and_the_function_as_it_is():
    network = build(NetworkConfig(width=6, depth=3, normalization="weight-bounded", init_scale=3.0), (5,), 2)
    x = normal(1, 9, 5)
    parameters = network.initialize_from(network.initial_parameters([0, 1]).double(), x)
    kept = parameters.clone()
    network.project(network.layout.split(kept))
    before, after = (network.forward(p, network.initial_state(2, p), x, Context())[0] for p in (parameters, kept))
    torch.testing.assert_close(before, after, **EXACT)
    parts, was = network.layout.split(kept), network.layout.split(parameters)
    assert lengths(was["layer1.weight"]).min() > 1
    torch.testing.assert_close(lengths(parts["layer1.weight"]), torch.ones(2, 6).double(), **EXACT)
    assert torch.equal(parts["output.weight"], was["output.weight"])
    short = 0.1 * parts["layer2.weight"]
    assert torch.equal(layer_of("weight-bounded").project(short), short)


@pytest.mark.parametrize("affine", [True, False])
def test_mean_only_centers_what_weight_normalization_gives(affine):
    layer = layer_of("weight-mean", affine=affine)
    v, x = normal(MEMBERS, 4, 5), normal(MEMBERS, 7, 4)
    parameters = {name: normal(MEMBERS, 5) for name in layer.parameters(5)}
    assert list(parameters) == (["scale", "shift"] if affine else [])
    state = {"mean": normal(MEMBERS, 5)}
    w = v / lengths(v)[:, None] * (parameters["scale"][:, None] if affine else 1)
    shift = parameters["shift"][:, None] if affine else 0
    t = x @ layer.weight(v, parameters)
    y, new = layer.normalize(t, parameters, state, Context())
    torch.testing.assert_close(y, x @ w - (x @ w).mean(1, keepdim=True) + shift, **EXACT)
    torch.testing.assert_close(new["mean"], 0.9 * state["mean"] + 0.1 * (x @ w).mean(1), **EXACT)
    stored, _ = layer.normalize(t, parameters, state, Context(statistics="stored"))
    torch.testing.assert_close(stored, x @ w - state["mean"][:, None] + shift, **EXACT)


def density(z):
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


@pytest.mark.parametrize("activation", Activation)
def test_constants_of_activations_equal_quadrature(activation):
    def values(z):
        point = torch.tensor([z], dtype=torch.float64, requires_grad=True)
        value = activate(point.clone(), activation)
        return value.item(), torch.autograd.grad(value, point)[0].item()

    def expectation(f):
        halves = ((-11.0, 0.0), (0.0, 11.0))
        return sum(quad(lambda z: f(*values(z)) * density(z), *half, epsabs=1e-11, epsrel=1e-11)[0] for half in halves)

    mean = expectation(lambda value, slope: value)
    deviation = math.sqrt(expectation(lambda value, slope: value**2) - mean**2)
    growth = math.sqrt(expectation(lambda value, slope: slope**2)) / deviation
    moments = MOMENTS[activation]
    assert [moments.mean, moments.deviation, moments.growth] == pytest.approx([mean, deviation, growth], abs=1e-9)


def test_constants_of_relu_are_the_papers():
    moments = MOMENTS[Activation.RELU]
    assert moments.mean == pytest.approx(math.sqrt(1 / (2 * math.pi)), abs=1e-11)
    assert moments.deviation == pytest.approx(math.sqrt((1 - 1 / math.pi) / 2), abs=1e-11)
    assert moments.growth == pytest.approx(1 / math.sqrt(1 - 1 / math.pi), abs=1e-11)
    assert (round(moments.mean, 6), round(moments.deviation, 6)) == (0.398942, 0.583819)
    assert round(moments.growth, 2) == 1.21


@pytest.mark.parametrize(("name", "divisor"), [("propagation", 1.2111738962), ("propagation-unit", 1.0)])
def test_propagation_equals_its_formula(name, divisor):
    config = NetworkConfig(width=4, depth=2, normalization=name)
    network = build(config, (3,), 2)
    parameters = normal(MEMBERS, network.layout.size)
    x, parts = normal(MEMBERS, 5, 3), network.layout.split(parameters)
    outputs, _ = network.forward(parameters, network.initial_state(MEMBERS, parameters), x, Context())
    for i in range(MEMBERS):
        h = x[i]
        for place in ("layer1", "layer2"):
            weight, bias, scale = (parts[f"{place}.{key}"][i] for key in ("weight", "bias", "scale"))
            pre = scale * (h @ weight) / (divisor * weight.square().sum(0).sqrt()) + bias
            h = (torch.relu(pre) - math.sqrt(1 / (2 * math.pi))) / math.sqrt((1 - 1 / math.pi) / 2)
        torch.testing.assert_close(
            outputs[i], h @ parts["output.weight"][i] + parts["output.bias"][i], rtol=0, atol=1e-8
        )


def activations(name, activation="relu", width=500, depth=10):
    """Mean and deviation of the corrected activations of each layer, standard normal inputs."""
    network = build(NetworkConfig(width=width, depth=depth, normalization=name, activation=activation), (width,), 2)
    parameters = network.initial_parameters([0])
    seen = []

    def tap(place, moment, values):
        if moment == "activation":
            seen.append((values.mean().item(), values.std().item()))

    with torch.no_grad():
        network.forward(parameters, network.initial_state(1), torch.randn(1, 500, width), Context(tap=tap))
    return np.array(seen).T


@pytest.mark.parametrize("activation", Activation)
def test_propagation_keeps_mean_0_and_deviation_1(activation):
    means, deviations = activations("propagation-unit", activation)
    assert np.abs(means).max() < 0.05
    assert np.abs(deviations - 1).max() < 0.1


def test_propagation_with_the_factor_shrinks_as_the_fixed_point_tells():
    means, deviations = activations("propagation", depth=15)
    assert deviations[:5] == pytest.approx([0.826, 0.69, 0.60, 0.55, 0.51], abs=0.02)
    assert deviations[-1] == pytest.approx(0.50, abs=0.03)
    assert means[-1] == pytest.approx(-0.34, abs=0.04)


@pytest.mark.parametrize(("name", "growth"), [("propagation-unit", 1.21), ("propagation", 1.0)])
def test_growth_is_that_of_the_jacobian_of_a_layer(name, growth):
    """At standard normal inputs; the factor is there to bring it to 1."""
    layer, width = layer_of(name), 400
    weight = layer.weight(torch.randn(1, width, width), {"scale": torch.ones(1, width)})
    x = torch.randn(1, 300, width, requires_grad=True)
    y = layer.correct(torch.relu(x @ weight))
    (gradient,) = torch.autograd.grad(y, x, upstream := torch.randn_like(y))
    assert (gradient.norm() / upstream.norm()).item() == pytest.approx(growth, abs=0.02)


@pytest.mark.parametrize("name", ON_WEIGHTS)
def test_weights_of_inputs_and_places_after_the_activation_are_refused(name):
    for where in ("input", "both"):
        with pytest.raises(ValueError, match=f"NetworkConfig.normalized must be hidden with normalization {name}, "):
            NetworkConfig(normalization=name, normalized=where)
    with pytest.raises(ValueError, match=f"NetworkConfig.placement must be before with normalization {name}, "):
        NetworkConfig(normalization=name, placement="after")


@pytest.mark.parametrize("name", ["propagation", "propagation-unit"])
def test_propagation_wants_standardized_inputs(name):
    network = NetworkConfig(normalization=name)
    refused = [
        DataConfig(dataset="wine"),
        DataConfig(dataset="wine", preprocessing="center"),
        DataConfig(dataset="wine", preprocessing="scale"),
        DataConfig(dataset="digits", input_scale=10.0),
        DataConfig(dataset="digits", preprocessing="scale"),
    ]
    for data in refused:
        with pytest.raises(
            ValueError, match="DataConfig.preprocessing must be standardize or whiten with.*Choose stand"
        ):
            Experiment(data=data, network=network)
        Experiment(data=data)
    Experiment(data=DataConfig(dataset="digits"), network=network)
    for preprocessing in ("standardize", "whiten"):
        Experiment(data=DataConfig(dataset="wine", input_scale=10.0, preprocessing=preprocessing), network=network)
