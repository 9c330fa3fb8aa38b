"""Planes beyond the random and the trajectory's, lines, and what a surface holds beside the loss."""

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.experiment import PlaneKind, Split, View
from landscape.geometry.curvature import top_eigenvalues
from landscape.geometry.directions import filter_lengths, random_direction, weights_length
from landscape.geometry.hessians import hessian
from landscape.geometry.planes import (
    coordinate_plane,
    gradient_plane,
    hessian_plane,
    pca_plane,
    plane_through,
    random_plane,
)
from landscape.geometry.surfaces import SurfaceScan, axis, loss_surface, losses_at, path_on
from landscape.loss.losses import accuracies_of, losses_of
from landscape.loss.network import NetworkRestriction, network_of, objective
from landscape.loss.objective import Objective
from landscape.serving.devices import chunk_size
from landscape.training.run import Run
from landscape.training.training import train
from landscape.views import plane_of, scan_of, surface_of
from models.layout import Block, Layout
from models.normalization import Context
from tests.cases import SMALL, quadratic

LAYOUT = Layout((Block("a.weight", (3, 4), 1), Block("a.bias", (4,)), Block("b.weight", (4, 2), 1)))


@pytest.fixture(scope="module")
def weights() -> np.ndarray:
    return np.random.default_rng(0).standard_normal(LAYOUT.size)


@pytest.fixture(scope="module")
def run() -> Run:
    return train(SMALL.replace(normalization="batch"))


def test_lengths_of_filters(weights):
    lengths = filter_lengths(weights, LAYOUT)
    matrix = weights[:12].reshape(3, 4)
    np.testing.assert_allclose(lengths[:12].reshape(3, 4), np.tile(np.linalg.norm(matrix, axis=0), (3, 1)))
    np.testing.assert_array_equal(lengths[12:16], 1)
    matrix = weights.copy()
    matrix[[16, 18, 20, 22]] = 0
    np.testing.assert_array_equal(filter_lengths(matrix, LAYOUT)[[16, 18]], 1)
    np.testing.assert_array_equal(filter_lengths(matrix, LAYOUT, empty=0)[[16, 18]], 0)


def test_gradient_plane_is_the_gradient_and_what_is_orthogonal(weights):
    gradient = np.random.default_rng(1).standard_normal(LAYOUT.size)
    plane = gradient_plane(weights, LAYOUT, gradient, seed=3)
    first, second = plane.directions
    length = np.linalg.norm(np.concatenate([weights[:12], weights[16:]]))
    assert weights_length(weights, LAYOUT) == pytest.approx(length)
    np.testing.assert_allclose(first, gradient / np.linalg.norm(gradient) * length)
    assert np.linalg.norm(second) == pytest.approx(length)
    assert abs(plane.cosine) < 1e-12
    drawn = random_direction(weights, LAYOUT, torch.Generator().manual_seed(3))
    assert np.linalg.matrix_rank(np.stack([first, second, drawn]), tol=1e-9) == 2


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_no_gradient_gives_no_plane(weights, bad):
    with pytest.raises(ValueError, match="gradient is zero or not finite"):
        gradient_plane(weights, LAYOUT, np.full(LAYOUT.size, bad))


def test_hessian_plane_of_a_quadratic_is_its_steepest():
    of = quadratic(30)
    exact = np.linalg.eigvalsh(of.A.numpy())
    origin = np.linalg.solve(of.A.numpy(), -of.b.numpy())
    top = top_eigenvalues(of, origin, 2, tolerance=1e-10)
    plane = hessian_plane(origin, of.layout, top.values, top.vectors)
    length = np.linalg.norm(origin)
    for found, value in ((loss_surface(of, plane.line(i), axis(1, 5)), exact[-1 - i]) for i in range(2)):
        expected = of.at(origin) + 0.5 * value * length**2 * axis(1, 5) ** 2
        np.testing.assert_allclose(found.loss[0], expected, rtol=1e-8)
    assert plane.labels[0] == f"eigenvector 1 of the Hessian (eigenvalue {exact[-1]:.3g})"
    turned = hessian_plane(origin, of.layout, top.values, -top.vectors)
    np.testing.assert_array_equal(plane.directions, turned.directions)


def test_eigenvectors_not_found_give_no_plane(weights):
    with pytest.raises(ValueError, match="not finite"):
        hessian_plane(weights, LAYOUT, np.full(2, np.nan), np.full((2, LAYOUT.size), np.nan))


def test_three_networks_are_corners_of_their_plane():
    of, points = quadratic(8), np.random.default_rng(0).standard_normal((3, 8))
    plane = plane_through(points, ("first", "second", "third"))
    np.testing.assert_allclose(plane.coordinates(points), [[0, 0], [1, 0], [0, 1]], atol=1e-12)
    surface = loss_surface(of, plane, np.array([0.0, 1.0]), np.array([0.0, 0.5, 1.0]))
    middle = points[0] + (points[1] - points[0]) + 0.5 * (points[2] - points[0])
    corners = [surface.loss[0, 0], surface.loss[0, 1], surface.loss[2, 0], surface.loss[1, 1]]
    np.testing.assert_allclose(corners, [of.at(w) for w in (*points, middle)], rtol=1e-12)
    assert plane.labels == ("from first to second", "from first to third")
    assert plane.cosine != pytest.approx(0, abs=1e-3)


def test_line_between_two_networks_is_their_interpolation():
    of, points = quadratic(8), np.random.default_rng(0).standard_normal((2, 8))
    line = plane_through(points)
    surface = loss_surface(of, line, np.linspace(-0.5, 1.5, 7))
    expected = [of.at((1 - t) * points[0] + t * points[1]) for t in np.linspace(-0.5, 1.5, 7)]
    assert surface.loss.shape == (1, 7)
    np.testing.assert_allclose(surface.loss[0], expected, rtol=1e-12)
    np.testing.assert_allclose(line.coordinates(points), [[0], [1]], atol=1e-12)
    assert line.cosine == 0
    assert np.isnan(surface.stretch)


@pytest.mark.parametrize(("points", "sentence"), [(np.zeros((1, 4)), "through 1"), (np.ones((3, 4)), "the same")])
def test_planes_through_too_little_are_refused(points, sentence):
    with pytest.raises(ValueError, match=sentence):
        plane_through(points)


def test_two_weights_move_alone(weights):
    plane = coordinate_plane(weights, LAYOUT, ("a.weight", (2, 1)), ("b.weight", (0, 1)))
    assert plane.labels == ("a.weight[2, 1]", "b.weight[0, 1]")
    point = LAYOUT.split(torch.as_tensor(plane.points(np.array([[5.0, -7.0]])) - weights))
    moved = {name: part[0].nonzero().tolist() for name, part in point.items()}
    assert moved == {"a.weight": [[2, 1]], "a.bias": [], "b.weight": [[0, 1]]}
    assert (float(point["a.weight"][0, 2, 1]), float(point["b.weight"][0, 0, 1])) == pytest.approx((5, -7))


@pytest.mark.parametrize("wrong", [("c.weight", (0, 0)), ("a.weight", (3, 0)), ("a.weight", (0,)), ("a.bias", (-1,))])
def test_weights_that_are_not_there_are_refused(weights, wrong):
    with pytest.raises(ValueError, match="there is no weight"):
        coordinate_plane(weights, LAYOUT, ("a.bias", (0,)), wrong)
    with pytest.raises(ValueError, match="must differ"):
        coordinate_plane(weights, LAYOUT, ("a.bias", (0,)), ("a.bias", (0,)))


@pytest.mark.parametrize(("columns", "rows"), [(7, 1), (1, 7), (3, 5), (1, 1)])
@pytest.mark.parametrize("coarse", [True, False])
def test_grids_of_any_shape(columns, rows, coarse):
    of = quadratic(6)
    origin = np.random.default_rng(3).standard_normal(6)
    directions = np.random.default_rng(4).standard_normal((2, 6))
    plane = plane_through(np.stack([origin, *(origin + directions)]))
    scan = SurfaceScan(of, plane, axis(1, columns, 0.3), axis(2, rows, -0.2), coarse)
    while not scan.finished:
        scan.advance(0)
    expected = [[of.at(origin + a * directions[0] + b * directions[1]) for a in scan.alphas] for b in scan.betas]
    np.testing.assert_allclose(scan.result().loss, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", [PlaneKind.GRADIENT, PlaneKind.HESSIAN])
def test_views_on_gradient_and_hessian(run, kind):
    view = View(plane=kind, resolution=5, resolution_y=3, extent=0.2)
    surface = surface_of(run, view)
    assert surface.loss.shape == (3, 5)
    assert surface.loss[1, 2] == pytest.approx(surface.centre, rel=1e-5)
    assert abs(surface.plane.cosine) < 1e-3
    first = surface.plane.directions[0].astype(float)
    of = objective(run, dtype=torch.float64)
    if kind is PlaneKind.GRADIENT:
        exact = of.gradient(of.tensor(run.parameters[-1:]))[1][0].numpy()
    else:
        exact = np.linalg.eigh(hessian(of, run.parameters[-1]))[1][:, -1]
    assert abs(first @ exact) / np.linalg.norm(first) / np.linalg.norm(exact) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("batches", [1, 3])
def test_accuracy_beside_the_loss(run, split, batches):
    of = objective(run, split=split, batches=batches)
    plane = random_plane(run.parameters[-1], of.layout)
    alphas, betas = axis(1, 5), axis(1, 3)
    both = loss_surface(of, plane, alphas, betas, accuracy=True)
    alone = loss_surface(of, plane, alphas, betas)
    assert alone.accuracy is None
    assert both.accuracy.shape == (3, 5)
    assert both.device == "CPU" or torch.cuda.is_available()
    np.testing.assert_array_equal(both.loss, alone.loss)
    network, data = network_of(run.experiment), load(run.experiment.data)
    x, y = (data.train_x, data.train_y) if split is Split.TRAIN else (data.test_x, data.test_y)
    size = len(x) // batches
    for row, column in ((0, 0), (1, 2), (2, 1)):
        w = torch.as_tensor(plane.points(np.array([[alphas[column], betas[row]]])))
        parts = []
        for part in range(batches):
            chosen = slice(part * size, (part + 1) * size)
            outputs = network.forward(w, network.initial_state(1, w), x[None, chosen].float(), Context())[0]
            right = float((outputs[0].argmax(1) == y[chosen]).float().mean())
            parts.append((right, float(losses_of(outputs, y[None, chosen], of.loss)[0])))
            assert float(accuracies_of(outputs, y[None, chosen])[0]) == pytest.approx(right)
        expected = np.mean(parts, axis=0)
        assert (both.accuracy[row, column], both.loss[row, column]) == pytest.approx(tuple(expected), rel=1e-4)


def test_accuracy_takes_no_second_forward(run, monkeypatch):
    monkeypatch.setattr("landscape.geometry.surfaces.GLANCE", 0)
    of = objective(run)
    calls = []
    outputs = NetworkRestriction.outputs
    monkeypatch.setattr(NetworkRestriction, "outputs", lambda self, at: calls.append(len(at)) or outputs(self, at))
    scan = SurfaceScan(of, random_plane(run.parameters[-1], of.layout), axis(1, 3), axis(1, 3), with_accuracy=True)
    scan.advance(float("inf"))
    assert sum(calls) == 9
    assert scan.partial().accuracy.shape == (2, 2)


def test_accuracy_of_an_objective_without_any_is_refused():
    of = quadratic(4)
    plane = plane_through(np.eye(3, 4))
    with pytest.raises(NotImplementedError, match="no notion of accuracy"):
        loss_surface(of, plane, axis(1, 3), axis(1, 3), accuracy=True)


def test_split_of_a_view(run):
    train_view, test_view = (View(split=split, resolution=3) for split in Split)
    np.testing.assert_array_equal(plane_of(run, train_view).directions, plane_of(run, test_view).directions)
    centres = [scan_of(run, view).centre for view in (train_view, test_view)]
    expected = [float(losses_at(objective(run, split=split), run.parameters[-1:])[0]) for split in ("train", "test")]
    assert centres == pytest.approx(expected)
    assert centres[0] != pytest.approx(centres[1], rel=1e-3)


@pytest.mark.parametrize(("threads", "members"), [(1, 24), (2, 32), (16, 48)])
def test_chunks_grow_with_the_threads_and_are_bounded(threads, members):
    cpu, before = torch.device("cpu"), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        assert chunk_size(2**17, cpu, parameters=140_000) == members
    finally:
        torch.set_num_threads(before)
    assert chunk_size(100, cpu) == 4096
    assert chunk_size(100, cpu, parameters=2**22) == 4
    assert chunk_size(100, cpu, parameters=2**24) == 1
    assert chunk_size(100, cpu, parameters=2**30) == 1


def test_an_objective_holds_no_more_parameters_than_its_memory(run):
    wide = SMALL.replace(width=512, depth=3, num_steps=1, num_examples=40)
    of = objective(train(wide), num_examples=2)
    assert isinstance(of, Objective)
    assert of.chunk * of.layout.size * 4 <= 2**24
    assert objective(run).chunk > 4


def test_chunks_are_bounded_by_the_batches_of_population_statistics_too():
    large = SMALL.replace(num_examples=20_000, batch_size=20_000, num_steps=2, normalization="batch")
    run = train(large)
    chunks = {kind: objective(run, kind, num_examples=1).chunk for kind in ("running", "population")}
    assert chunks["running"] == 4096
    assert chunks["population"] * 16_000 * large.network.width * 4 <= 6 * 2**20


@pytest.mark.parametrize(
    ("alphas", "betas", "line", "sentence"),
    [
        ([], [0.0], False, "alphas must be one or more finite numbers"),
        ([0.0, np.nan], [0.0], False, "alphas must be one or more finite numbers"),
        ([0.0], [[0.0]], False, "betas must be one or more finite numbers"),
        ([0.0, 1.0], [0.0, 1.0], True, "a line has one coordinate: leave betas out"),
    ],
)
def test_grids_that_are_none_are_refused(alphas, betas, line, sentence):
    plane = plane_through(np.eye(2 if line else 3, 4))
    with pytest.raises(ValueError, match=sentence):
        loss_surface(quadratic(4), plane, np.array(alphas), np.array(betas))


def test_points_and_trajectories_of_another_shape_are_refused():
    of, plane = quadratic(4), plane_through(np.eye(3, 4))
    with pytest.raises(ValueError, match=r"at least one, not \(0, 4\)"):
        losses_at(of, np.empty((0, 4)))
    with pytest.raises(ValueError, match=r"must be \(S, 4\)"):
        path_on(of, plane, np.zeros((3, 5)), np.arange(3))
    assert path_on(of, plane, np.eye(3, 4), np.arange(3)).device == "CPU"


def test_whole_numbers_as_points_are_not_rounded_to_whole_numbers():
    plane = plane_through(np.array([[1, 1], [3, 1], [1, 2]]))
    assert plane.points(np.array([[0.5, 0.5]])).tolist() == [[2.0, 1.5]]


def test_parameters_that_no_plane_goes_through_are_refused_with_a_sentence():
    layout = Layout((Block("weight", (2, 2), filter_axis=1),))
    with pytest.raises(ValueError, match=r"must be \(4,\), those of the layout, not \(3,\)"):
        random_plane(np.ones(3), layout)
    with pytest.raises(ValueError, match="make a plane of directions of your own"):
        random_plane(np.ones(3), Layout((Block("bias", (3,)),)))
    with pytest.raises(ValueError, match=r"at least one snapshot, not \(0, 4\)"):
        pca_plane(np.ones((0, 4)))
    with pytest.raises(ValueError, match="3 snapshots need as many steps, not 2"):
        path_on(quadratic(4), random_plane(np.ones(4), layout), np.ones((3, 4)), np.arange(2))
