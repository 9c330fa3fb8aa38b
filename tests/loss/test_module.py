"""Anybody's module against a loop over copies of it: surfaces, batches and tied weights, and what has no landscape."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.data import DataLoader, TensorDataset

from landscape import (
    axis,
    gradient_plane,
    input_weights_plane,
    loss_surface,
    losses_at,
    module_objective,
    probe_along_gradient,
    random_plane,
    sharpness_along,
    spectral_density,
    top_eigenvalues,
)


class Constant(nn.Module):
    """A module whose output no parameter changes."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x):
        return 0 * self.linear(x) + 1


def test_a_constant_loss_is_flat_in_every_measure():
    loss = module_objective(Constant(), nn.functional.mse_loss, (torch.ones(4, 3), torch.zeros(4, 2)))
    surface = loss_surface(loss, random_plane(loss.parameters, loss.layout), axis(1, 5), axis(1, 3))
    assert surface.loss.tolist() == [[1.0] * 5] * 3
    assert math.isnan(surface.stretch)
    assert top_eigenvalues(loss, loss.parameters).values.tolist() == [0.0]
    assert spectral_density(loss, loss.parameters, probes=2).negative == 0
    probe = probe_along_gradient(loss, loss.parameters, [0.1, 0.2])
    assert (probe.loss_range, probe.gradient_change.max()) == (0, 0)
    assert np.isnan(probe.max_beta)
    assert sharpness_along(loss, loss.parameters[None], np.array([0])).sharpness.tolist() == [0.0]
    _, gradient = loss.gradient(loss.tensor(loss.parameters)[None])
    with pytest.raises(ValueError, match="gradient is zero or not finite"):
        gradient_plane(loss.parameters, loss.layout, gradient[0].numpy())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_data_that_are_not_finite_are_refused_with_a_sentence(bad):
    table = np.ones((6, 3))
    table[4, 1] = bad
    sentence = "1 of 18 values of the data are not finite.*Remove"
    for spoilt in (table, torch.from_numpy(table).float()):
        with pytest.raises(ValueError, match=sentence):
            module_objective(nn.Linear(3, 3), nn.functional.mse_loss, (spoilt, np.zeros((6, 3))))
        with pytest.raises(ValueError, match=sentence):
            module_objective(nn.Linear(3, 3), nn.functional.mse_loss, (np.zeros((6, 3)), spoilt))


def convolutional():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(3 * 36, 4)
    )


def dense():
    return nn.Sequential(nn.Linear(64, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 4))


def instance():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.InstanceNorm2d(2, affine=True, track_running_stats=True), nn.Flatten(), nn.Linear(72, 4)
    )


def parametrized():
    return nn.Sequential(weight_norm(nn.Linear(64, 5)), nn.GELU(), nn.LayerNorm(5), nn.Linear(5, 4))


MODULES = {make.__name__: make for make in (convolutional, dense, instance, parametrized)}


def module_and_data(name, dtype):
    """A module that has trained a little, so that its averages and momenta are not the initial ones, and its data."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = MODULES[name]().to(dtype)
        x, y = torch.randn(20, 1, 8, 8, dtype=dtype), torch.randint(4, (20,))
        x = x.flatten(1) if isinstance(module[0], nn.Linear) else x
        optimizer = torch.optim.SGD(module.parameters(), 0.1)
        for _ in range(5):
            optimizer.zero_grad()
            functional.cross_entropy(module(x), y).backward()
            optimizer.step()
    return module, (x, y)


def looped(module, data, plane, alphas, betas, statistics):
    """The same surface by a loop that puts every point into a copy of the module."""
    net, rows = copy.deepcopy(module).train(statistics == "batch"), []
    for part in net.modules():
        if isinstance(part, nn.Dropout):
            part.eval()
    for b in betas:
        for a in alphas:
            point = plane.origin + a * plane.directions[0] + b * plane.directions[1]
            nn.utils.vector_to_parameters(torch.as_tensor(point, dtype=data[0].dtype), net.parameters())
            rows.append(functional.cross_entropy(net(data[0]), data[1]).item())
            net.load_state_dict({name: value for name, value in module.state_dict().items()})
    return np.reshape(rows, (len(betas), len(alphas)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("statistics", ["batch", "running"])
@pytest.mark.parametrize("name", MODULES)
def test_somebodys_module_is_drawn_rightly_and_comes_back_bit_for_bit(name, statistics, dtype):
    module, data = module_and_data(name, dtype)
    module[0].eval()  # each part has a mode of its own
    module[-1].bias.requires_grad_(False)
    before = copy.deepcopy(module.state_dict())
    kept = [(part.training, part.extra_repr()) for part in module.modules()]
    grads = [None if p.grad is None else p.grad.clone() for p in module.parameters()]
    noise, given = torch.get_rng_state(), [values.clone() for values in data]

    loss = module_objective(module, functional.cross_entropy, data, statistics)
    plane = random_plane(loss.parameters, loss.layout, seed=2)
    alphas, betas = axis(1, 3), axis(1, 2)
    surface = loss_surface(loss, plane, alphas, betas)
    top = top_eigenvalues(loss, loss.parameters)
    probe_along_gradient(loss, loss.parameters, [0.1, 0.2])

    assert torch.equal(torch.get_rng_state(), noise)
    assert all(torch.equal(module.state_dict()[key], value) for key, value in before.items())
    assert [(part.training, part.extra_repr()) for part in module.modules()] == kept
    assert [p.requires_grad for p in module.parameters()].count(False) == 1
    for parameter, grad in zip(module.parameters(), grads, strict=True):
        assert torch.equal(parameter.grad, grad)
    assert all(torch.equal(now, then) for now, then in zip(data, given, strict=True))

    exact = dtype is torch.float64
    assert loss.parameters.dtype == plane.directions.dtype == (np.float64 if exact else np.float32)
    expected = looped(module, data, plane, alphas, betas, statistics)
    np.testing.assert_allclose(surface.loss, expected, rtol=1e-10 if exact else 1e-5)
    assert np.isfinite(top.values).all()
    if name in ("convolutional", "dense"):
        other = module_objective(module, functional.cross_entropy, data, {"batch": "running"}.get(statistics, "batch"))
        assert abs(losses_at(other, loss.parameters[None])[0] - surface.centre) > 1e-4


def test_population_statistics_of_a_module_are_refused():
    module, data = module_and_data("dense", torch.float32)
    with pytest.raises(ValueError, match="must be batch or running, not population"):
        module_objective(module, functional.cross_entropy, data, "population")


def tied():
    net = nn.Sequential(nn.Linear(64, 64, bias=False), nn.Tanh(), nn.Linear(64, 64, bias=False), nn.Tanh())
    net[2].weight = net[0].weight
    return net.append(nn.Linear(64, 4))


class SharedTwice(nn.Module):
    """As translators are built: one embedding under two names, and its weight the output's too."""

    def __init__(self):
        super().__init__()
        self.shared, self.mix, self.head = nn.Embedding(7, 4), nn.Linear(4, 4), nn.Linear(4, 7, bias=False)
        self.encoder = nn.ModuleDict({"embed": self.shared})
        self.head.weight = self.shared.weight

    def forward(self, words):
        return self.head(torch.tanh(self.mix(self.encoder["embed"](words).mean(1))))


def test_a_part_with_two_names_whose_weight_is_tied_is_evaluated_anew_each_time():
    torch.manual_seed(0)
    words, targets = torch.randint(7, (10, 3)), torch.randint(7, (10,))
    loss = module_objective(SharedTwice().double(), nn.functional.cross_entropy, (words, targets))
    for factor in (1.0, 2.0, -3.0):
        moved = SharedTwice().double()
        nn.utils.vector_to_parameters(factor * torch.from_numpy(loss.parameters), moved.parameters())
        expected = nn.functional.cross_entropy(moved(words), targets)
        (gradient,) = loss.gradient(factor * loss.tensor(loss.parameters)[None])[1]
        assert loss(factor * loss.tensor(loss.parameters)[None]).item() == pytest.approx(expected.item(), rel=1e-12)
        expected.backward()
        torch.testing.assert_close(gradient, nn.utils.parameters_to_vector([p.grad for p in moved.parameters()]))


def test_a_loss_without_the_parameters_has_no_gradient():
    module = nn.Linear(3, 2)
    loss = module_objective(module, lambda outputs, y: y.float().mean(), (torch.ones(4, 3), torch.arange(4)))
    values, gradients = loss.gradient(torch.ones(2, 8))
    assert values.tolist() == [1.5, 1.5]
    assert not gradients.any()


def test_what_is_no_plain_module_and_no_batch_is_refused_with_a_sentence():
    x, y = torch.ones(4, 3), torch.zeros(4, 2)
    with pytest.raises(ValueError, match="put a Dataset into a DataLoader"):
        module_objective(nn.Linear(3, 2), nn.MSELoss(), torch.utils.data.TensorDataset(x[:, 0], y[:, 0]))
    with pytest.raises(ValueError, match="DataParallel cannot be taken apart"):
        module_objective(nn.DataParallel(nn.Linear(3, 2)), nn.MSELoss(), (x, y))


def test_tied_weights_are_one_block_and_move_together():
    torch.manual_seed(0)
    module, x, y = tied().double(), torch.randn(20, 64, dtype=torch.float64), torch.randint(4, (20,))
    loss = module_objective(module, functional.cross_entropy, (x, y))
    assert [block.name for block in loss.layout.blocks] == ["0.weight", "4.weight", "4.bias"]
    plane = random_plane(loss.parameters, loss.layout)
    surface = loss_surface(loss, plane, axis(1, 3), axis(1, 2))
    np.testing.assert_allclose(surface.loss, looped(module, (x, y), plane, axis(1, 3), axis(1, 2), "batch"), rtol=1e-10)
    assert module[2].weight is module[0].weight


@pytest.mark.parametrize("name", ["dense", "convolutional"])
def test_a_module_on_a_dataset_in_batches(name):
    module, (x, y) = module_and_data(name, torch.float64)
    before = copy.deepcopy(module.state_dict())
    loader = DataLoader(TensorDataset(x, y), 5)
    for data in (loader, [(x[i : i + 5], y[i : i + 5]) for i in range(0, 20, 5)]):
        loss = module_objective(module, functional.cross_entropy, data)
        parts = [
            module_objective(module, functional.cross_entropy, (x[i : i + 5], y[i : i + 5])) for i in range(0, 20, 5)
        ]
        plane = random_plane(loss.parameters, loss.layout)
        surface = loss_surface(loss, plane, axis(1, 3), axis(1, 2), accuracy=True)
        alone = [loss_surface(part, plane, axis(1, 3), axis(1, 2), accuracy=True) for part in parts]
        np.testing.assert_allclose(surface.loss, np.mean([one.loss for one in alone], axis=0), rtol=1e-12)
        np.testing.assert_allclose(surface.accuracy, np.mean([one.accuracy for one in alone], axis=0), rtol=1e-6)
    as_one = module_objective(module, functional.cross_entropy, (x, y))
    assert abs(losses_at(as_one, loss.parameters[None])[0] - surface.centre) > 1e-4  # the batch is part of the loss
    assert all(torch.equal(module.state_dict()[key], value) for key, value in before.items())


def test_the_accuracy_of_a_module_is_the_share_of_right_answers():
    module, (x, y) = module_and_data("dense", torch.float32)
    loss = module_objective(module, functional.cross_entropy, (x, y))
    surface = loss_surface(loss, random_plane(loss.parameters, loss.layout), [0.0], [0.0], accuracy=True)
    assert surface.accuracy[0, 0] == pytest.approx(float((module(x).argmax(1) == y).float().mean()))
    regression = module_objective(nn.Linear(64, 4), nn.MSELoss(), (x, torch.randn(20, 4)))
    with pytest.raises(ValueError, match="accuracy needs outputs"):
        regression.accuracy(regression.tensor(regression.parameters)[None])


def test_what_is_done_to_the_data_later_changes_nothing():
    module, (x, y) = module_and_data("dense", torch.float32)
    with torch.inference_mode():
        given = x.clone(), y.clone()
    loss = module_objective(module, functional.cross_entropy, given)
    before = losses_at(loss, loss.parameters[None])
    with torch.inference_mode():
        given[0].zero_()
    assert losses_at(loss, loss.parameters[None]) == before
    assert np.isfinite(probe_along_gradient(loss, loss.parameters, [0.1]).loss).all()


def test_an_exception_in_the_loss_leaves_the_module_as_it_was():
    module, data = module_and_data("dense", torch.float32)
    before, modes = copy.deepcopy(module.state_dict()), [part.training for part in module.modules()]
    calls = []

    def fails_late(outputs, targets):
        calls.append(None)
        if len(calls) == 4:
            raise KeyError("mine")
        return functional.cross_entropy(outputs, targets)

    loss = module_objective(module, fails_late, data)
    with pytest.raises(KeyError, match="mine"):
        loss_surface(loss, random_plane(loss.parameters, loss.layout), axis(1, 3), axis(1, 3))
    assert all(torch.equal(module.state_dict()[key], value) for key, value in before.items())
    assert [part.training for part in module.modules()] == modes


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        (nn.CrossEntropyLoss(reduction="none"), r"one number for a batch, not \(20,\) numbers; take the mean"),
        (lambda outputs, targets: functional.cross_entropy(outputs, targets).item(), "not a float"),
    ],
)
def test_a_loss_that_is_not_one_number_is_refused_with_a_sentence(loss, sentence):
    module, data = module_and_data("dense", torch.float32)
    with pytest.raises(ValueError, match=sentence):
        module_objective(module, loss, data)


def test_modules_and_data_that_have_no_landscape_are_refused_with_a_sentence():
    module, (x, y) = module_and_data("dense", torch.float32)
    for data in ((x[:0], y[:0]), [], [(x, y, y)]):
        with pytest.raises(ValueError, match="inputs and targets, or batches of such pairs"):
            module_objective(module, functional.cross_entropy, data)
    with pytest.raises(ValueError, match="one size, not 6, 7 examples.*drop_last"):
        module_objective(module, functional.cross_entropy, DataLoader(TensorDataset(x, y), 7))
    mixed = copy.deepcopy(module)
    mixed[-1].double()
    for bad, types in ((mixed, "torch.float32, torch.float64"), (copy.deepcopy(module).bfloat16(), "torch.bfloat16")):
        with pytest.raises(ValueError, match=f"all be float32 or all float64, not {types}"):
            module_objective(bad, functional.cross_entropy, (x, y))
    with pytest.raises(ValueError, match="has no parameters"):
        module_objective(nn.ReLU(), functional.cross_entropy, (x, y))
    with pytest.raises(ValueError, match="lazy layers without parameters yet"):
        module_objective(nn.LazyLinear(2), functional.cross_entropy, (x, y))
    with pytest.raises(ValueError, match="20 inputs need as many targets, not 7"):
        module_objective(module, functional.cross_entropy, (x, y[:7]))
    with pytest.raises(ValueError, match="statistics must be one of batch, running, population, not 'bogus'"):
        module_objective(module, functional.cross_entropy, (x, y), "bogus")
    with pytest.raises(ValueError, match="not finite"):  # in the module's precision
        module_objective(module, functional.cross_entropy, (np.full(x.shape, 1e300), y))


def test_a_loss_that_is_not_finite_is_counted_and_has_no_curvature():
    loss = module_objective(
        nn.Linear(3, 2), lambda outputs, _: outputs.sum() * math.inf, (torch.ones(4, 3), torch.ones(4))
    )
    surface = loss_surface(loss, random_plane(loss.parameters, loss.layout), axis(1, 3), axis(1, 2))
    assert surface.overflowed == 6
    assert np.isnan(top_eigenvalues(loss, loss.parameters).values).all()


def test_curvature_does_not_mind_who_calls_without_gradients():
    module, data = module_and_data("dense", torch.float64)
    loss = module_objective(module, functional.cross_entropy, data)
    with torch.no_grad():
        without = top_eigenvalues(loss, loss.parameters).values
    assert without == top_eigenvalues(loss, loss.parameters).values


def test_attention_has_curvature_by_the_kernel_that_the_docstring_names():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    module = nn.Sequential(layer, nn.Flatten(), nn.Linear(12, 2)).double()
    data = torch.randn(6, 3, 4, dtype=torch.float64), torch.randint(2, (6,))
    loss = module_objective(module, functional.cross_entropy, data)
    with sdpa_kernel(SDPBackend.MATH):
        top = top_eigenvalues(loss, loss.parameters, tolerance=1e-6)
    v, h = torch.as_tensor(top.vectors[0]), 1e-5
    (_, ahead), (_, behind) = (loss.gradient((loss.tensor(loss.parameters) + sign * h * v)[None]) for sign in (1, -1))
    np.testing.assert_allclose((ahead - behind)[0] / (2 * h), top.values[0] * top.vectors[0], atol=1e-4)


def test_the_first_dense_weights_of_a_module_take_the_features():
    module, (x, y) = module_and_data("dense", torch.float64)
    loss = module_objective(module, functional.cross_entropy, (x, y))
    plane = input_weights_plane(loss.parameters, loss.layout, (3, 60))
    for direction, feature in zip(plane.directions, (3, 60), strict=True):
        net = copy.deepcopy(module)
        nn.utils.vector_to_parameters(torch.as_tensor(loss.parameters + direction), net.parameters())
        moved = (net[0].weight - module[0].weight).detach()
        assert moved.any(0).nonzero().flatten().tolist() == [feature]
        assert float(moved.norm()) == pytest.approx(1)
    module, (x, y) = module_and_data("convolutional", torch.float64)
    loss = module_objective(module, functional.cross_entropy, (x, y))
    with pytest.raises(ValueError, match="needs a first layer with a weight for each feature"):
        input_weights_plane(loss.parameters, loss.layout, (0, 1))


def test_a_module_that_writes_over_its_inputs_finds_the_same_ones_each_time():
    module = nn.Sequential(nn.LeakyReLU(0.1, inplace=True), nn.Linear(4, 3))
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(12, 4, generator=generator), torch.randint(0, 3, (12,), generator=generator)
    loss = module_objective(module, nn.CrossEntropyLoss(), data)
    expected = nn.functional.cross_entropy(module(data[0].clone()), data[1]).item()
    np.testing.assert_allclose(losses_at(loss, np.stack([loss.parameters] * 3)), expected, rtol=1e-6)


def test_modules_that_hold_nothing_or_cannot_be_copied_are_refused_with_a_sentence():
    empty = nn.Linear(2, 1)
    empty.extra = nn.Parameter(torch.empty(0))
    with pytest.raises(ValueError, match="extra holds no numbers"):
        module_objective(empty, nn.MSELoss(), (torch.ones(4, 2), torch.zeros(4, 1)))
    with pytest.warns(FutureWarning, match="deprecated"):
        old = nn.utils.weight_norm(nn.Linear(2, 1))
    with pytest.raises(ValueError, match="cannot be copied.*parametrizations"):
        module_objective(old, nn.MSELoss(), (torch.ones(4, 2), torch.zeros(4, 1)))
