"""Surfaces of networks recomputed with plain torch: every plane and statistics, deep and diverging ones, odd grids."""

import copy
import math
from functools import cache

import numpy as np
import pytest
import torch
from torch.nn import functional

from landscape import (
    Domain,
    NetworkObjective,
    Training,
    View,
    axis,
    domain_shift,
    gradient_norms,
    layer_inputs,
    layer_jacobians,
    load,
    loss_surface,
    losses_at,
    network_of,
    objective,
    path_on,
    pca_plane,
    plane_of,
    plane_through,
    random_plane,
    smoothness_of,
    surface_of,
    top_eigenvalues,
    train,
)
from landscape.labs.compare.captions import drawn_caption, surface_caption
from landscape.labs.compare.facts import facts_from
from landscape.labs.compare.outcomes import Outcome
from landscape.labs.compare.request import Request
from landscape.labs.compare.words import notice, table
from landscape.views import InspectionTask
from tests.cases import SMALL

IMAGES = SMALL.replace(dataset="digits", kind="cnn", width=4, depth=2, num_steps=15, num_examples=120)
TRIED = {
    "plain": SMALL,
    "batch": SMALL.replace(normalization="batch"),
    "batch, no scale and shift": SMALL.replace(normalization="batch", affine=False),
    "layer": SMALL.replace(normalization="layer"),
    "group": SMALL.replace(normalization="group", groups=2),
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
    facts = facts_from(Request(view=view), [outcome], 1)
    (row,) = table(facts)
    caption = f"{surface_caption(surface, run.parameters.shape[1])} {drawn_caption(surface, view)}"
    return surface, inspection, [notice(facts), caption, *vars(row).values()]


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


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_data_of_a_network_that_are_not_finite_are_refused_with_a_sentence(bad):
    run = run_of("plain")
    x, y = load(run.experiment.data).train_x.clone(), load(run.experiment.data).train_y
    x[3, 0] = bad
    with pytest.raises(ValueError, match="values of the data are not finite"):
        NetworkObjective(network_of(run.experiment), x, y, run.experiment.training.loss)
