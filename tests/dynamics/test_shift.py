"""Internal covariate shift and domain shift against plain loops over `torch.nn` modules."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from landscape.data import load
from landscape.dynamics.shift import internal_covariate_shift, shift_of
from landscape.dynamics.steps import step_objective
from landscape.experiment import Experiment
from landscape.internals.domains import Domain, adapted_state, domain_shift, gaussian_divergence
from landscape.loss.module import module_objective
from landscape.loss.network import network_of
from landscape.serving.devices import device_name
from landscape.training.training import train
from tests.cases import NETWORKS, SMALL
from tests.reference import plain_loss, twin


def plain_shift(experiment, before, after, x, y):
    """Return |G - G'| and the cosine of each layer, one network for each, the layers below it from `after`."""
    names = [name for name, _ in twin(experiment, before).named_children() if not name.endswith(("_norm", "_act"))]
    rows = []
    for layer in names:
        found = []
        for moved in (False, True):
            net, source = twin(experiment, before).train(), twin(experiment, after)
            for name, module in net.named_children():
                if name == layer or not moved:
                    break
                module.load_state_dict(source.get_submodule(name).state_dict())
            loss = plain_loss(net(x), y, experiment)
            found.append(torch.autograd.grad(loss, net.get_submodule(layer).weight)[0].flatten())
        g, shifted = found
        rows.append((float((g - shifted).norm()), float(nn.functional.cosine_similarity(g, shifted, dim=0))))
    return names, np.array(rows).T


@pytest.mark.parametrize("normalized", ["hidden", "both"])
def test_few_points_at_a_time_give_the_same_shift(normalized):
    deep = SMALL.replace(normalization="batch", normalized=normalized, depth=5)
    loss, after = step_objective(deep, 3), step_objective(deep, 4).start
    assert loss.gradient_chunk > 6
    whole = internal_covariate_shift(loss, loss.start, after)
    loss.chunk = 8
    parts = internal_covariate_shift(loss, loss.start, after)
    np.testing.assert_allclose(parts.difference, whole.difference, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(parts.cosine, whole.cosine, atol=1e-6)
    assert whole.device == device_name(loss.device)


def test_steps_of_a_large_network_are_measured_a_few_points_at_a_time():
    assert step_objective(Experiment().replace(width=512, depth=14, num_steps=1), 0).chunk <= 3


@pytest.mark.parametrize("name", ["none", "none-relu-deep", "batch", "batch-both", "layer"])
def test_it_is_definition_2_1(name):
    experiment = NETWORKS[name].replace(learning_rate=0.5)
    objective, after = step_objective(experiment, 3), step_objective(experiment, 4).start.numpy()
    found = internal_covariate_shift(objective, objective.start, after)
    x, y = objective.x[0].double(), objective.y[0]
    names, (difference, cosine) = plain_shift(experiment, objective.start.numpy(), after, x, y)
    assert list(found.layers) == names
    np.testing.assert_allclose(found.difference, difference, rtol=1e-2, atol=1e-6)
    np.testing.assert_allclose(found.cosine, cosine, rtol=1e-4)
    assert found.difference[-1] > 1e-4
    if experiment.network.normalized == "hidden":
        assert found.difference[0] == 0


def test_in_a_module_a_batchnorm_belongs_to_the_layer_before_it():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Tanh())
    module = module.append(nn.Linear(4, 2)).double()
    x, y = torch.randn(30, 3, dtype=torch.float64), torch.randint(2, (30,))
    objective = module_objective(module, nn.functional.cross_entropy, (x, y))
    after = objective.parameters + 0.3 * np.random.default_rng(0).standard_normal(len(objective.parameters))
    found = internal_covariate_shift(objective, objective.parameters, after)
    assert found.layers == ("0", "3", "6")
    moved = copy.deepcopy(module)
    nn.utils.vector_to_parameters(torch.as_tensor(after), moved.parameters())
    for i, layer in enumerate((0, 3, 6)):
        gradients = []
        for below in (module, moved):
            net = nn.Sequential(*copy.deepcopy(below)[:layer], *copy.deepcopy(module)[layer:])
            loss = nn.functional.cross_entropy(net(x), y)
            gradients.append(torch.autograd.grad(loss, net[layer].weight)[0].flatten())
        g, shifted = gradients
        assert found.difference[i] == pytest.approx(float((g - shifted).norm()), rel=1e-9)
        assert found.cosine[i] == pytest.approx(float(nn.functional.cosine_similarity(g, shifted, dim=0)), rel=1e-9)
    assert found.difference[0] == 0


@pytest.mark.parametrize(
    ("module", "layers"),
    [
        (nn.Linear(3, 2), ("weight",)),
        (nn.Sequential(nn.Linear(3, 4), nn.LayerNorm((1, 4)), nn.Linear(4, 2)), ("0", "1", "1.bias", "2")),
    ],
)
def test_in_a_module_weights_may_have_any_name(module, layers):
    x, y = torch.randn(30, 1, 3), torch.randint(2, (30,))
    loss = module_objective(module, lambda z, y: nn.functional.cross_entropy(z[:, 0], y), (x, y))
    found = internal_covariate_shift(loss, loss.parameters, loss.parameters + 0.1)
    assert found.layers == layers
    assert found.difference[0] == 0
    assert (found.gradient_norm > 0).all()


def test_no_steps_to_measure_are_refused():
    with pytest.raises(ValueError, match="count must be at least 1"):
        shift_of(SMALL, 0)


def test_no_cosine_is_over_1():
    cosines = shift_of(SMALL.replace(num_steps=40, learning_rate=1e-6), 40).shift.cosine
    assert np.abs(cosines).max() <= 1


def test_along_a_training_each_step_is_that_of_its_own():
    experiment = SMALL.replace(num_steps=9, optimizer="adam", learning_rate=0.05)
    found = shift_of(experiment, 3)
    assert found.steps.tolist() == [0, 4, 8]
    assert found.shift.cosine.shape == (3, 3)
    for row, step in enumerate((0, 4)):
        objective = step_objective(experiment, step)
        one = internal_covariate_shift(objective, objective.start, step_objective(experiment, step + 1).start)
        np.testing.assert_array_equal(found.shift.difference[row], one.difference)


def test_the_divergence_is_the_sum_of_both_kullback_leiblers():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(500, 3, generator=generator, dtype=torch.float64)
    b = torch.tensor([1.0, 2.0, 0.5]) * torch.randn(400, 3, generator=generator, dtype=torch.float64) + 1
    normal = [torch.distributions.Normal(v.mean(0), v.std(0, correction=0)) for v in (a, b)]
    kl = torch.distributions.kl_divergence
    torch.testing.assert_close(gaussian_divergence(a, b), kl(*normal) + kl(*normal[::-1]))


@pytest.mark.parametrize("value", [0.0, 0.1, 3.3, -0.8112, 1e20])
def test_constant_units_diverge_not_at_all_or_infinitely(value):
    constant = torch.full((400, 1), value)
    assert gaussian_divergence(constant, constant[:57]).item() == 0
    assert gaussian_divergence(constant, constant[:57] + 1e19).item() == float("inf")
    assert gaussian_divergence(constant, torch.arange(5.0)[:, None]).item() == float("inf")


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_the_divergence_knows_no_unit(scale):
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(200, 3, generator=generator) * s for s in (1.0, 2.0))
    expected = gaussian_divergence(a.double(), b.double())
    torch.testing.assert_close(gaussian_divergence(a * scale, b * scale), expected, rtol=1e-5, atol=0)


def test_adapted_statistics_are_those_of_each_layers_own_inputs():
    run = train(SMALL.replace(normalization="batch", depth=2))
    network, data = network_of(run.experiment), load(run.experiment.data)
    x = 3 * data.test_x + 1
    state = adapted_state(network, torch.as_tensor(run.parameters[-1:]), x)
    net = twin(run.experiment, run.parameters[-1], run.states[-1]).train()
    z = net.layer1(x.double())
    torch.testing.assert_close(state["layer1"]["mean"][0].double(), z.mean(0), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(state["layer1"]["variance"][0].double(), z.var(0), rtol=1e-4, atol=1e-5)
    z = net.layer2(net.layer1_act(net.layer1_norm(z)))
    torch.testing.assert_close(state["layer2"]["mean"][0].double(), z.mean(0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("normalization", ["batch-renorm", "batch-moving", "batch-l1"])
def test_adapted_statistics_of_other_norms_are_too(normalization):
    run = train(SMALL.replace(normalization=normalization, depth=3))
    network, x = network_of(run.experiment), 3 * load(run.experiment.data).test_x + 1
    w = network.layout.split(torch.as_tensor(run.parameters[[-1]]).double())
    state, h = adapted_state(network, torch.as_tensor(run.parameters[-1:]), x), x.double()
    for place in ("layer1", "layer2", "layer3"):
        z = h @ w[f"{place}.weight"][0] + w.get(f"{place}.bias", torch.zeros(1))[0]
        size = {"mean": z.mean(0)}
        match normalization:
            case "batch-renorm":
                size["deviation"] = scale = (z.var(0, correction=0) + 1e-5).sqrt()
            case "batch-moving":
                size["variance"] = z.var(0)
                scale = (z.var(0) + 1e-5).sqrt()
            case "batch-l1":
                size["scale"] = scale = z.abs().mean(0) + 1e-5
        for name, expected in size.items():
            torch.testing.assert_close(state[place][name][0].double(), expected, rtol=1e-3, atol=1e-4)
        h = ((z - z.mean(0)) / scale * w[f"{place}.scale"][0] + w[f"{place}.shift"][0]).tanh()


DIGITS = Experiment().replace(width=32, depth=3, num_steps=150)


def test_adabn_brings_the_domains_together_and_the_accuracy_back():
    found = domain_shift(train(DIGITS.replace(normalization="batch")), Domain(contrast=0.5, brightness=1.0))
    assert found.before[0] == found.after[0] > 1
    assert (found.before[1:] > 0.3).all()
    assert (found.after[1:] < 0.05 * found.before[1:]).all()
    assert found.source_accuracy > 0.9
    assert found.accuracy_before < 0.75
    assert found.accuracy_after > 0.9


def test_a_network_without_batchnorm_has_nothing_to_adapt():
    found = domain_shift(train(DIGITS.replace(normalization="layer")), Domain(noise=0.5))
    np.testing.assert_array_equal(found.before, found.after)
    assert found.accuracy_before == found.accuracy_after


@pytest.mark.parametrize("normalization", ["batch", "batch-moving", "layer"])
def test_the_input_is_a_layer_where_it_is_normalized(normalization):
    # Layer normalization takes three features or more; moons have two.
    base = SMALL.replace(dataset="wine") if normalization == "layer" else SMALL
    run = train(base.replace(normalization=normalization, normalized="both"))
    assert domain_shift(run, Domain()).layers[0] == "input"
    assert domain_shift(train(SMALL), Domain()).layers[0] == "layer1"


def test_the_same_domain_does_not_diverge():
    found = domain_shift(train(DIGITS.replace(num_steps=20)), Domain(contrast=1, brightness=0))
    assert found.before.tolist() == [0, 0, 0]
    assert found.source_accuracy == found.accuracy_before
