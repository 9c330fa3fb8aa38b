"""Results as plain figures: the arrays of the results, in colours that need no page."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from landscape import (
    Experiment,
    Ladder,
    Snapshots,
    View,
    activation_histograms,
    axis,
    eigenvalues_along,
    loss_surface,
    module_objective,
    objective,
    path_on,
    pca_plane,
    probe_along_gradient,
    probe_snapshots,
    random_plane,
    sharpness_along,
    smoothness_of,
    spectral_density,
    surface_of,
    sweep,
    train,
)
from landscape.figures.notebook import show
from landscape.figures.panel import Group, Panel
from landscape.figures.stills import THEMES, plain

SMALL = Experiment().replace(dataset="moons", width=4, depth=1, num_steps=8, num_examples=60)
NAMED = {"plain": SMALL, "BatchNorm": SMALL.replace(normalization="batch")}


@pytest.fixture(scope="module")
def runs():
    return {name: train(experiment) for name, experiment in NAMED.items()}


@pytest.fixture(scope="module")
def results(runs):
    """Several results of each kind, by the kind's name."""
    losses = {name: objective(run) for name, run in runs.items()}
    every = {
        "surface": {name: surface_of(run, View(resolution=5, resolution_y=3)) for name, run in runs.items()},
        "run": runs,
        "smoothness": {name: smoothness_of(one, Ladder(rungs=2, probes=3)) for name, one in NAMED.items()},
        "sweep": {name: sweep(one, "learning_rate", (0.1, 1.0), (0, 1)) for name, one in NAMED.items()},
        "histograms": {name: activation_histograms(run) for name, run in runs.items()},
    }
    along = {name: (losses[name], run.parameters[[0, -1]], run.steps[[0, -1]]) for name, run in runs.items()}
    every["path"] = {
        name: path_on(loss, pca_plane(runs[name].parameters), runs[name].parameters, runs[name].steps)
        for name, loss in losses.items()
    }
    every["probe"] = {
        name: probe_along_gradient(one[0], one[1][1], np.array([0.1, 0.2])) for name, one in along.items()
    }
    every["probes"] = {name: probe_snapshots(one[0], one[1], np.array([0.1, 0.2])) for name, one in along.items()}
    every["density"] = {name: spectral_density(one[0], one[1][1], 1, 8) for name, one in along.items()}
    every["sharpness"] = {name: sharpness_along(*one) for name, one in along.items()}
    every["eigenvalues"] = {name: eigenvalues_along(*one, count=2) for name, one in along.items()}
    return every


KINDS = (
    *("surface", "run", "smoothness", "sweep", "histograms", "path", "probe", "probes", "density", "sharpness"),
    "eigenvalues",
)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_alone_and_beside_another_without_a_variable_of_the_page(results, kind, theme):
    for given in (results[kind]["plain"], results[kind]):
        figure = show(given, theme=theme)
        text = figure.to_json()
        assert len(figure.data) > 0
        assert "var(--" not in text
        assert json.loads(text)["layout"]["paper_bgcolor"] == THEMES[theme]["--st-background-color"]


def test_a_surface_is_the_array_of_the_result_and_both_have_one_range(results):
    one, other = results["surface"].values()
    figure = show(results["surface"], drawing="contour", logarithmic=False)
    first, second = figure.data
    np.testing.assert_array_equal(first.customdata, one.loss.astype(np.float32))
    np.testing.assert_array_equal(second.customdata, other.loss.astype(np.float32))
    assert (first.zmin, first.zmax) == (second.zmin, second.zmax)
    assert (first.showscale, second.showscale) == (False, None)
    assert (first.xaxis, first.yaxis, second.xaxis, second.yaxis) == ("x", "y", "x2", "y2")
    left, right = figure.layout.xaxis.domain, figure.layout.xaxis2.domain
    assert 0 == left[0] < left[1] < right[0] < right[1] == pytest.approx(1)


def test_scenes_stand_in_places_of_their_own(results):
    figure = show(results["surface"])
    assert [trace.scene for trace in figure.data if trace.type == "surface"] == ["scene", "scene2"]
    assert figure.layout.scene.domain.x[1] < figure.layout.scene2.domain.x[0]


def test_a_path_stands_at_its_end(runs, results):
    path = results["path"]["plain"]
    figure = show(results["surface"]["plain"], path=path, drawing="contour")
    line = next(trace for trace in figure.data if trace.type == "scatter" and trace.mode == "lines")
    np.testing.assert_array_equal(line.x, path.coordinates[:, 0].astype(np.float32))
    dot = figure.data[-1]
    np.testing.assert_array_equal([dot.x[0], dot.y[0]], path.coordinates[-1].astype(np.float32))
    assert len(dot.x) == 1


def test_curves_are_the_numbers_of_the_run_and_each_name_stands_once_in_the_legend(runs):
    figure = show(runs)
    losses = [trace for trace in figure.data if trace.xaxis == "x"]
    for trace, run in zip(losses, runs.values(), strict=True):
        np.testing.assert_array_equal(trace.y, run.loss.astype(np.float32))
    assert [trace.name for trace in figure.data if trace.showlegend] == list(runs)
    assert all(shape.type != "line" for shape in figure.layout.shapes)


def test_a_loss_that_overflowed_leaves_a_gap_not_a_number():
    run = SimpleNamespace(
        loss=np.array([1.0, np.inf]), gradient_norm=np.array([1.0, np.nan]), test_accuracy=np.array([0.5]),
        steps=np.array([0]), diverged_at=1,
    )  # fmt: skip
    figure = show(run)
    assert np.isnan(figure.data[0].y[1])
    assert "Infinity" not in figure.to_json()


def test_what_cannot_be_drawn_is_refused_with_the_way_out(results):
    surface = results["surface"]["plain"]
    for given, settings, said in (
        (3.0, {}, "no figure for a float"),
        ({}, {}, "at least one"),
        ({"a": surface, "b": results["run"]["plain"]}, {}, "of one kind"),
        (surface, {"drawing": "relief"}, "surface or contour"),
        (surface, {"theme": "sepia"}, "light, dark"),
        ({"a": results["probe"]["plain"], "b": results["probes"]["plain"]}, {}, "all be of one point"),
    ):
        with pytest.raises(ValueError, match=said):
            show(given, **settings)
    with pytest.raises(ValueError, match="nothing to draw"):
        plain([Panel("awaited", Group.SCENE)])


def test_snapshots_are_the_parameters_of_a_training_of_ones_own():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))
    inputs, targets = torch.randn(20, 2), torch.arange(20) % 2
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
    snapshots, visited = Snapshots(module, most=6), []
    optimizer.register_step_post_hook(snapshots)
    for _ in range(23):
        visited.append(nn.utils.parameters_to_vector(module.parameters()).detach().numpy().copy())
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(inputs), targets).backward()
        optimizer.step()
    visited.append(nn.utils.parameters_to_vector(module.parameters()).detach().numpy().copy())
    steps = snapshots.steps
    assert steps[0] == 0
    assert steps[-1] == 23
    assert 3 <= len(steps) <= 6
    assert len(set(np.diff(steps)[:-1])) == 1
    np.testing.assert_array_equal(snapshots.parameters, np.stack(visited)[steps])
    loss = module_objective(module, nn.functional.cross_entropy, (inputs, targets))
    np.testing.assert_array_equal(snapshots.parameters[-1], loss.parameters)
    with pytest.raises(ValueError, match="at least 3"):
        Snapshots(module, most=2)


def test_a_line_of_the_loss_is_drawn_as_a_curve():
    loss = module_objective(nn.Linear(2, 1), nn.MSELoss(), (torch.ones(4, 2), torch.zeros(4, 1)))
    plane = random_plane(loss.parameters, loss.layout)
    line = loss_surface(loss, plane.line(), axis(1, 5))
    figure = show(line)
    np.testing.assert_allclose(figure.data[0].y, line.loss.ravel(), rtol=1e-6)


def test_probes_of_snapshots_are_those_of_each():
    loss = module_objective(nn.Linear(2, 1), nn.MSELoss(), (torch.eye(2), torch.ones(2, 1)))
    points, sizes = np.random.default_rng(0).standard_normal((3, 3)), np.array([0.1, 0.4])
    both = probe_snapshots(loss, points, sizes)
    for i, point in enumerate(points):
        alone = probe_along_gradient(loss, point, sizes)
        np.testing.assert_array_equal(both.loss[i], alone.loss)
        np.testing.assert_array_equal(both.max_beta[i], alone.max_beta)
    for wrong in (points[0], points[:0]):
        with pytest.raises(ValueError, match=r"\(M, P\)"):
            probe_snapshots(loss, wrong, sizes)
