"""The core as somebody from outside would try it: surfaces recomputed with plain torch, deep and diverging networks,
odd grids, flat losses, bad data, and modules that must come back as they were."""

import copy
import math
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.data import DataLoader, TensorDataset

from landscape import (
    Domain,
    NetworkObjective,
    Training,
    View,
    axis,
    domain_shift,
    gradient_norms,
    gradient_plane,
    input_weights_plane,
    layer_inputs,
    layer_jacobians,
    load,
    loss_surface,
    losses_at,
    module_objective,
    network_of,
    objective,
    path_on,
    pca_plane,
    plane_of,
    plane_through,
    probe_along_gradient,
    random_plane,
    sharpness_along,
    smoothness_of,
    spectral_density,
    surface_of,
    top_eigenvalues,
    train,
)
from landscape.labs.compare.words import Outcome, notice, surface_caption, table
from landscape.views import InspectionTask
from tests.cases import SMALL

IMAGES = SMALL.replace(dataset="digits", kind="cnn", width=4, depth=2, num_steps=15, num_examples=120)
TRIED = {
    "plain": SMALL,
    "batch": SMALL.replace(normalization="batch"),
    "batch, no scale and shift": SMALL.replace(normalization="batch", affine=False),
    "layer": SMALL.replace(normalization="layer"),
    "group": SMALL.replace(normalization="group", groups=3),
    "RMS": SMALL.replace(normalization="rms"),
    "weight": SMALL.replace(normalization="weight"),
    "propagation": SMALL.replace(normalization="propagation-unit", preprocessing="standardize"),
    "images, batch": IMAGES.replace(normalization="batch"),
    "images, instance": IMAGES.replace(normalization="instance"),
    "images, weight": IMAGES.replace(normalization="weight"),
    "images, propagation": IMAGES.replace(normalization="propagation"),
}
PLANES = ("random", "pca", "input-weights", "gradient", "hessian")


@cache
def run_of(name, seed=0):
    return train(TRIED[name].replace(seed=seed))


def plain_outputs(experiment, w, x, buffers, training, momentum=0.1):
    """The outputs (N, C) of one network with parameters w (P,), layer by layer, by `torch.nn.functional`."""
    config, layout = experiment.network, network_of(experiment).layout
    p = {block.name: torch.as_tensor(w[layout.slice(block.name)]).view(block.shape).double() for block in layout.blocks}
    convolutional, relu_mean, relu_deviation = (
        config.kind == "cnn",
        1 / math.sqrt(2 * math.pi),
        math.sqrt(0.5 - 0.5 / math.pi),
    )
    mean, deviation, factor = {
        "tanh": (0.0, 0.627928730349, 1.085268276651),
        "relu": (relu_mean, relu_deviation, 1.211173896),
    }[config.activation]
    h = x.double().view(-1, 1, 8, 8) if convolutional else x.double().flatten(1)
    for i in range(1, config.depth + 1):
        weight, bias, scale, shift = (p.get(f"layer{i}.{key}") for key in ("weight", "bias", "scale", "shift"))
        weight = weight.view(3, 3, -1, config.width).permute(3, 2, 0, 1) if convolutional else weight.T
        length = weight.flatten(1).norm(dim=1).view(-1, *(1,) * (weight.ndim - 1))
        if config.normalization in ("weight", "propagation", "propagation-unit"):
            weight = weight / length * scale.view_as(length)
        if config.normalization == "propagation":
            weight = weight / factor
        z = functional.conv2d(h, weight, bias, padding=1) if convolutional else functional.linear(h, weight, bias)
        match config.normalization:
            case "batch":
                z = functional.batch_norm(z, *buffers[f"layer{i}"], scale, shift, training, momentum)
            case "layer":
                z = functional.layer_norm(z, z.shape[1:], scale, shift)
            case "group":
                z = functional.group_norm(z, config.groups, scale, shift)
            case "rms":
                z = functional.rms_norm(z, z.shape[1:], scale, eps=1e-5)
            case "instance":
                z = functional.instance_norm(z, None, None, scale, shift)
        h = {"tanh": torch.tanh, "relu": torch.relu}[config.activation](z)
        if config.normalization.startswith("propagation"):
            h = (h - mean) / deviation
        h = functional.avg_pool2d(h, 2) if convolutional else h
    h = h.flatten(2).transpose(1, 2).flatten(1) if convolutional else h
    return functional.linear(h, p["output.weight"].T, p["output.bias"])


def plain_loss(run, w, view):
    """The loss at w (P,) as a view asks for it, on the training data, in float64."""
    experiment, data, network = run.experiment, load(run.experiment.data), network_of(run.experiment)
    x, y = data.train_x[: view.num_examples], data.train_y[: view.num_examples]
    fresh = {place: (torch.zeros(1), torch.ones(1)) for place in network.states}
    if view.statistics == "running":
        stored = network.unflatten_state(torch.as_tensor(run.states[-1:]))
        fresh = {place: (own["mean"][0], own["variance"][0]) for place, own in stored.items() if own}
    buffers = {
        place: tuple(values.double().expand(experiment.network.width).clone() for values in own)
        for place, own in fresh.items()
    }
    if view.statistics == "population":
        size = experiment.training.batch_size
        for k in range(len(data.train_x) // size):
            batch = data.train_x[k * size : (k + 1) * size]
            plain_outputs(experiment, w, batch, buffers, True, momentum=1 / (k + 1))
    size = len(x) // view.batches
    losses = []
    for part in (slice(i * size, (i + 1) * size) for i in range(view.batches)):
        outputs = plain_outputs(experiment, w, x[part], copy.deepcopy(buffers), view.statistics == "batch")
        losses.append(functional.cross_entropy(outputs, y[part]).item())
    return float(np.mean(losses))


def plain_grid(run, surface, view):
    directions = [direction.astype(float) for direction in surface.plane.directions]
    betas = surface.betas if len(directions) == 2 else [0.0]
    return [
        [
            plain_loss(run, surface.plane.origin + sum(c * d for c, d in zip((a, b), directions, strict=False)), view)
            for a in surface.alphas
        ]
        for b in betas
    ]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("name", TRIED)
def test_surfaces_on_every_plane_are_plain_torchs(name, plane):
    run = run_of(name)
    view = View(plane=plane, extent=0.5, resolution=3, resolution_y=2, num_examples=60, seed=4)
    if plane == "input-weights" and run.experiment.network.kind == "cnn":
        with pytest.raises(ValueError, match="needs a first layer with a weight for each feature"):
            surface_of(run, view)
        return
    surface = surface_of(run, view)
    expected = plain_grid(run, surface, view)
    np.testing.assert_allclose(surface.loss, expected, rtol=1e-4)
    assert np.ptp(expected) > 1e-3 * np.mean(expected)
    assert surface.centre == pytest.approx(plain_loss(run, run.parameters[-1], view), rel=1e-4)


@pytest.mark.parametrize("batches", [1, 3])
@pytest.mark.parametrize("statistics", ["batch", "running", "population"])
@pytest.mark.parametrize("name", ["batch", "images, batch", "layer"])
def test_surfaces_on_all_statistics_are_plain_torchs(name, statistics, batches):
    run = run_of(name)
    view = View(extent=0.5, resolution=3, resolution_y=2, num_examples=60, statistics=statistics, batches=batches)
    surface = surface_of(run, view)
    np.testing.assert_allclose(surface.loss, plain_grid(run, surface, view), rtol=1e-4)


@pytest.mark.parametrize("name", ["plain", "batch", "RMS", "weight"])
def test_curves_and_the_plane_through_three_trainings_are_plain_torchs(name):
    runs = [run_of(name, seed) for seed in range(3)]
    ends, view = np.stack([run.parameters[-1] for run in runs]), View(num_examples=60)
    loss = objective(runs[0], num_examples=60)
    random = random_plane(ends[0], loss.layout)
    for plane in (plane_through(ends[:2]), random.line(), random.line(1)):
        curve = loss_surface(loss, plane, np.linspace(-0.5, 1.5, 5))
        assert curve.loss.shape == (1, 5)
        np.testing.assert_allclose(curve.loss, plain_grid(runs[0], curve, view), rtol=1e-4)
    surface = loss_surface(loss, plane_through(ends), np.linspace(0, 1, 3), np.linspace(0, 1, 2))
    np.testing.assert_allclose(surface.loss, plain_grid(runs[0], surface, view), rtol=1e-4)
    corners = [surface.loss[0, 0], surface.loss[0, -1], surface.loss[-1, 0]]
    np.testing.assert_allclose(corners, [plain_loss(runs[0], end, view) for end in ends], rtol=1e-4)


@pytest.mark.parametrize(("columns", "rows"), [(1, 7), (7, 1), (1, 1)])
def test_grids_of_one_row_or_column(columns, rows):
    run, view = run_of("batch"), View(num_examples=60)
    loss = objective(run, num_examples=60)
    plane = random_plane(run.parameters[-1], loss.layout)
    surface = loss_surface(loss, plane, axis(0.5, columns), axis(0.5, rows))
    assert surface.loss.shape == (rows, columns)
    np.testing.assert_allclose(surface.loss, plain_grid(run, surface, view), rtol=1e-4)
    assert surface.loss[rows // 2, columns // 2] == pytest.approx(surface.centre, rel=1e-5)
    assert math.isnan(surface.stretch)
    assert surface_of(run, View(resolution=7, resolution_y=1)).loss.shape == (1, 7)


def everything_of(run):
    """What a page would draw and say of one run."""
    view = View(resolution=5, num_examples=64)
    task = InspectionTask(run, view)
    while not task.finished:
        task.advance(float("inf"))
    surface, inspection = surface_of(run, view), task.result()
    outcome = Outcome("network", run, surface=surface, inspection=inspection)
    (row,) = table([outcome])
    return surface, inspection, [notice([outcome], view), surface_caption(surface, view), *vars(row).values()]


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_forty_layers(normalization):
    run = train(SMALL.replace(normalization=normalization, activation="relu", width=8, depth=40, learning_rate=0.01))
    surface, inspection, texts = everything_of(run)
    assert np.isfinite(run.loss).all()
    assert np.isfinite(surface.loss).all()
    assert surface.overflowed == 0
    assert np.isfinite(inspection.surface.loss).all()
    for values in (inspection.path.loss, inspection.path.height, inspection.path.residual):
        assert np.isfinite(values).all()
    assert inspection.histograms.layers == tuple(f"layer{i}" for i in range(1, 41))
    assert not any("nan" in text or "not a number" in text for text in texts)
    np.testing.assert_allclose(
        [inspection.path.loss[0], inspection.path.loss[-1]],
        [losses_at(objective(run, num_examples=64), run.parameters[[end]])[0] for end in (0, -1)],
        rtol=1e-4,
    )


@pytest.mark.parametrize("changes", [{"learning_rate": 30.0}, {"learning_rate": 0.1, "init_scale": 100.0}])
def test_a_network_that_diverges_is_drawn_up_to_there_and_told(changes):
    run = train(SMALL.replace(loss="squared", activation="linear", **changes))
    assert run.diverged_at is not None
    assert not run.learned
    assert np.isfinite(run.parameters).all()
    surface, inspection, texts = everything_of(run)
    assert np.isfinite(surface.centre) or (surface.overflowed > 0 and "centre infinite" in texts[1])
    assert len(inspection.path.loss) == len(run.steps)
    assert f"diverged at step {run.diverged_at}" in texts[0]
    assert any(text.startswith("no: diverged") for text in texts)


def test_a_notebook_whose_default_is_double_precision_measures_the_same():
    run = run_of("batch")

    def everything():
        surface = surface_of(run, View(resolution=3, num_examples=60))
        measures = gradient_norms(run).weights, layer_inputs(run).percentiles, layer_jacobians(run).values[0]
        return surface.loss, *measures, domain_shift(run, Domain(noise=0.1)).before

    single = everything()
    torch.set_default_dtype(torch.float64)
    try:
        double = everything()
    finally:
        torch.set_default_dtype(torch.float32)
    for one, other in zip(single, double, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-5)


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
    run = run_of("plain")
    x, y = load(run.experiment.data).train_x.clone(), load(run.experiment.data).train_y
    x[3, 0] = bad
    with pytest.raises(ValueError, match="values of the data are not finite"):
        NetworkObjective(network_of(run.experiment), x, y, run.experiment.training.loss)


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


@pytest.mark.parametrize("name", ["plain", "batch", "images, batch"])
def test_both_precisions_go_through_the_whole_chain(name):
    found = {}
    for dtype, kind in ((torch.float32, np.float32), (torch.float64, np.float64)):
        training = Training([TRIED[name].replace(num_steps=8)], dtype=dtype)
        training.advance(float("inf"))
        run = training.result()
        loss = objective(run, num_examples=60, dtype=dtype)
        plane = random_plane(run.parameters[-1], loss.layout)
        trajectory = pca_plane(run.parameters)
        assert run.parameters.dtype == plane.directions.dtype == trajectory.directions.dtype == kind
        surface = loss_surface(loss, plane, axis(0.5, 3), axis(0.5, 2))
        path = path_on(loss, trajectory, run.parameters, run.steps)
        top = top_eigenvalues(loss, run.parameters[-1], tolerance=1e-4)
        assert top.vectors.dtype == kind
        found[dtype] = run.loss, surface.loss, path.loss, path.height, top.values
        if dtype is torch.float64:
            np.testing.assert_allclose(surface.loss, plain_grid(run, surface, View(num_examples=60)), rtol=1e-9)
    for single, double in zip(*found.values(), strict=True):
        np.testing.assert_allclose(single, double, rtol=2e-3)


def test_a_plane_asked_for_of_a_diverged_training_is_a_plane_or_a_sentence():
    run = train(SMALL.replace(loss="squared", activation="linear", learning_rate=30.0))
    for plane in PLANES:
        try:
            found = plane_of(run, View(plane=plane, num_examples=60))
        except ValueError as error:
            assert "choose another plane" in str(error)  # noqa: PT017
        else:
            assert np.isfinite(found.directions).all()
    assert smoothness_of(run.experiment).probe.loss.shape[0] <= run.diverged_at


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
    made = module_objective(module, loss, data)
    with pytest.raises(ValueError, match=sentence):
        losses_at(made, made.parameters[None])


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
