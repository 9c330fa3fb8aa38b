"""Surfaces and paths: closed forms on quadratics, naive loops over `torch.nn` modules, and points that overflow."""

import numpy as np
import pytest
import torch

from landscape.experiment import Experiment, View
from landscape.geometry.planes import Plane, pca_plane, random_plane
from landscape.geometry.surfaces import Surface, SurfaceScan, axis, loss_surface, losses_at, path_on
from landscape.loss.network import network_of, objective
from landscape.loss.objective import Objective
from landscape.training.training import train
from landscape.views import surface_of
from models.layout import Block, Layout
from tests.cases import NETWORKS, Quadratic, quadratic
from tests.reference import naive_surface

ROUNDING = 1e-14
"""A product of matrices rounds a row by its place in the chunk, on some processors."""

ALPHAS, BETAS = np.array([-1.0, -0.4, 0.1, 0.5, 0.9]), np.array([-0.7, 0.0, 1.2])


def plane_in(size, directions=2, seed=1):
    rng = np.random.default_rng(seed)
    return Plane(rng.standard_normal(size), rng.standard_normal((directions, size)), ("a", "b")[:directions])


@pytest.mark.parametrize("chunk", [1, 4, 7, 1000])
def test_a_quadratics_surface_is_exact_and_its_rows_are_y(chunk):
    loss, plane = quadratic(6), plane_in(6)
    loss.chunk = chunk
    surface = loss_surface(loss, plane, ALPHAS, BETAS)
    assert surface.loss.shape == (3, 5)
    for row, beta in enumerate(BETAS):
        for column, alpha in enumerate(ALPHAS):
            point = plane.origin + alpha * plane.directions[0] + beta * plane.directions[1]
            assert surface.loss[row, column] == pytest.approx(loss.at(point), rel=1e-12)
    assert surface.centre == pytest.approx(loss.at(plane.origin), rel=1e-12)
    assert (surface.changed, surface.overflowed) == (0, 0)
    np.testing.assert_array_equal(surface.alphas, ALPHAS)
    np.testing.assert_array_equal(surface.betas, BETAS)


def test_lines_are_surfaces_of_one_row():
    loss, plane = quadratic(6), plane_in(6)
    line = Plane(plane.origin, plane.directions[:1], ("a",))
    alphas = axis(2, 7)
    expected = [loss.at(plane.origin + alpha * plane.directions[0]) for alpha in alphas]
    for given in (line, plane):
        surface = loss_surface(loss, given, alphas, axis(0, 1))
        assert surface.loss.shape == (1, 7)
        np.testing.assert_allclose(surface.loss[0], expected, rtol=1e-12)
        assert np.isnan(surface.stretch)
    column = loss_surface(loss, plane, axis(0, 1), alphas)
    expected = [[loss.at(plane.origin + beta * plane.directions[1])] for beta in alphas]
    np.testing.assert_allclose(column.loss, expected, rtol=1e-12)


def test_a_constant_loss_is_a_flat_surface():
    loss = Quadratic(np.zeros((4, 4)), np.zeros(4), 2.5)
    surface = loss_surface(loss, plane_in(4), ALPHAS, BETAS)
    assert (surface.loss == 2.5).all()
    assert np.isnan(surface.stretch)


def test_the_stretch_of_a_valley_is_the_ratio_of_its_curvatures():
    loss = Quadratic(np.diag([2.0, 200.0]), np.zeros(2))
    plane = Plane(np.zeros(2), np.eye(2), ("x", "y"))
    assert loss_surface(loss, plane, axis(1, 5), axis(1, 7)).stretch == pytest.approx(100 * (28 / 63) / (10 / 20))
    assert loss_surface(loss, plane, axis(1, 5), axis(1, 5)).stretch == pytest.approx(100)


@pytest.mark.parametrize("shape", [(5, 7), (31, 9), (4, 6), (3, 3), (3, 4), (4, 3)])
def test_a_scan_is_the_same_whatever_its_order_and_shows_a_coarse_grid_first(shape, monkeypatch):
    monkeypatch.setattr("landscape.geometry.surfaces.GLANCE", 0)
    loss, plane = quadratic(5), plane_in(5)
    alphas, betas = axis(1, shape[1]), axis(2, shape[0])
    whole = loss_surface(loss, plane, alphas, betas)
    scan = SurfaceScan(loss, plane, alphas, betas)
    assert (scan.fraction, scan.finished, scan.partial()) == (0, False, None)
    partials, fractions = [], []
    while not scan.finished:
        scan.advance(0.0)
        fractions.append(scan.fraction)
        partials.append(scan.partial())
    assert fractions == sorted(set(fractions))
    assert fractions[-1] == 1
    seen = [partial for partial in partials if partial is not None]
    assert bool(seen) == (shape != (4, 6))
    assert scan.num_coarse == np.prod([(n + 1) // 2 if n % 2 else n for n in shape])
    for partial in seen:
        assert np.isfinite(partial.loss).all()
        rows = np.isin(betas, partial.betas)
        columns = np.isin(alphas, partial.alphas)
        np.testing.assert_allclose(partial.loss, whole.loss[np.ix_(rows, columns)], rtol=ROUNDING)
        assert partial.alphas[[0, -1]].tolist() == alphas[[0, -1]].tolist()
    np.testing.assert_allclose(scan.result().loss, whole.loss, rtol=ROUNDING)


@pytest.mark.parametrize("wrong", [[], [[0.0]], [0.0, np.nan]])
def test_coordinates_that_are_none_are_refused(wrong):
    for one, other in ((wrong, [0.0]), ([0.0], wrong)):
        with pytest.raises(ValueError, match="one or more finite numbers"):
            SurfaceScan(quadratic(5), plane_in(5), np.asarray(one), np.asarray(other))


def test_a_line_has_one_coordinate():
    assert SurfaceScan(quadratic(5), plane_in(5, 1), axis(1, 3), np.zeros(1)).loss.shape == (1, 3)
    with pytest.raises(ValueError, match="not 2 betas"):
        SurfaceScan(quadratic(5), plane_in(5, 1), axis(1, 3), axis(1, 2))


def test_a_bare_surface_has_its_numbers_and_no_parameters():
    surface = loss_surface(quadratic(5), plane_in(5), ALPHAS, BETAS)
    bare = surface.bare()
    assert bare.loss is surface.loss
    assert (bare.plane.origin.size, bare.plane.directions.shape) == (0, (2, 0))


def test_a_path_of_other_parameters_than_the_planes_is_refused():
    for trajectory in (np.zeros((3, 4)), np.zeros(5)):
        with pytest.raises(ValueError, match=r"must be \(S, 5\)"):
            path_on(quadratic(5), plane_in(5), trajectory, np.arange(3))


def test_what_a_scan_has_shown_it_shows_until_the_end():
    scan = SurfaceScan(quadratic(5), plane_in(5), axis(1, 9), axis(1, 9))
    while scan.done < scan.num_coarse:
        scan.advance(0.0)
    assert scan.partial() is None  # the fine one comes at once
    scan.spent = 1000.0
    shown = scan.partial()
    scan.spent = 0.0
    assert shown is not None
    assert scan.partial() is shown


class Overflowing(Objective):
    """exp(w1 + w2) in float32, which is infinite from 89 on; not a number where w1 is negative enough."""

    def __call__(self, parameters):
        total = parameters.sum(1)
        return torch.exp(total) + torch.sqrt(parameters[:, 0] + 150) - torch.sqrt(parameters[:, 0] + 150)


def test_points_that_overflow_are_counted_and_kept():
    plane = Plane(np.zeros(2), 100 * np.eye(2), ("x", "y"))
    surface = loss_surface(Overflowing(), plane, np.array([-2.0, -1.0, 0.0, 1.0]), axis(1, 3))
    assert surface.overflowed == 3 + 3
    assert np.isnan(surface.loss[:, 0]).all()
    assert np.isposinf(surface.loss[[1, 2, 2], [3, 2, 3]]).all()
    assert len(surface.finite) == 12 - 6
    assert np.isfinite(surface.finite).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_surface_of_nothing_finite_says_so_without_a_warning(value):
    plane = Plane(np.zeros(2), np.eye(2), ("x", "y"))
    for centre in (1.0, value):
        surface = Surface(plane, axis(1, 3), axis(1, 3), np.full((3, 3), value), centre)
        assert surface.overflowed == 9
        assert len(surface.finite) == 0
        assert np.isnan(surface.stretch)


def test_the_stretch_is_of_the_finite_points():
    plane = Plane(np.zeros(2), np.eye(2), ("x", "y"))
    loss = np.array([[9.0, np.inf, 9.0], [2.0, 1.0, 2.0], [9.0, 5.0, 9.0]])
    assert Surface(plane, axis(1, 3), axis(1, 3), loss, 1.0).stretch == pytest.approx(2 / (2 / 3))


def test_a_network_that_overflows_is_counted_without_a_warning():
    run = train(Experiment().replace(dataset="moons", num_examples=100, depth=10, width=8, num_steps=1))
    surface = surface_of(run, View(extent=100.0, resolution=5))
    huge = Plane(
        run.parameters[-1],
        1e8 * random_plane(run.parameters[-1], network_of(run.experiment).layout).directions,
        ("", ""),
    )
    assert np.isfinite(surface.centre)
    overflowing = loss_surface(objective(run), huge, axis(1, 5), axis(1, 3))
    assert overflowing.overflowed == 14
    assert np.isfinite(overflowing.loss[1, 2])


class Uneven(Objective):
    """2 + sin(a |w|_1 (1 + b k)) in float32, of the member at place k of its stack."""

    layout, chunk = Layout((Block("w", (3,)),)), 15

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __call__(self, parameters):
        return 2 + torch.sin(self.a * parameters.abs().sum(1) * (1 + self.b * torch.arange(len(parameters))))


def test_a_member_of_a_stack_has_the_loss_that_it_has_alone_but_for_roundings():
    plane = Plane(np.array([1.0, 2.0, 3.5]), np.eye(3)[:2], ("", ""))
    surface = loss_surface(Uneven(1e7, 1e-7), plane, axis(1, 5), axis(1, 3))  # a rounding turns the sine by a radian
    assert abs(surface.loss[1, 2] - surface.centre) > 0.1
    with pytest.raises(RuntimeError, match="must give each member of a stack the loss that it has alone"):
        loss_surface(Uneven(1.0, 0.1), plane, axis(1, 5), axis(1, 3))


def test_an_objective_that_changes_is_found_out():
    loss = quadratic(3)

    class Drifting(Quadratic):
        def __call__(self, parameters):
            self.c += 0.1
            return super().__call__(parameters)

    with pytest.raises(RuntimeError, match="must be a pure function"):
        loss_surface(Drifting(loss.A, loss.b, loss.c), plane_in(3), ALPHAS, BETAS)


@pytest.mark.parametrize("batches", [1, 4])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_surface_is_a_naive_loop_over_plain_modules(name, batches):
    run = train(NETWORKS[name])
    view = View(extent=0.8, resolution=5, resolution_y=3, batches=batches, num_examples=120, seed=2)
    surface = surface_of(run, view)
    assert surface.loss.shape == (3, 5)
    expected = naive_surface(
        run.experiment, surface.plane, surface.alphas, surface.betas, batches=batches, num_examples=120
    )
    np.testing.assert_allclose(surface.loss, expected, rtol=1e-5)
    assert np.ptp(expected) > 0.02 * expected.min()
    assert surface.centre == pytest.approx(expected[1, 2], rel=1e-5)
    assert not np.allclose(surface.loss, expected[::-1], rtol=1e-3)


@pytest.mark.parametrize("statistics", ["running", "population"])
@pytest.mark.parametrize("name", ["batch", "batch-both"])
def test_a_surface_on_stored_statistics_is_torchs_evaluation_mode(name, statistics):
    run = train(NETWORKS[name])
    surface = surface_of(run, View(extent=0.8, resolution=5, resolution_y=3, statistics=statistics))
    expected = naive_surface(
        run.experiment, surface.plane, surface.alphas, surface.betas, statistics=statistics, state=run.states[-1]
    )
    np.testing.assert_allclose(surface.loss, expected, rtol=2e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_frozen_statistics_draw_batchnorm_far_too_rugged(seed):
    run = train(
        Experiment().replace(
            dataset="digits", width=32, depth=6, num_steps=200, normalization="batch", num_examples=1000, seed=seed
        )
    )
    assert run.learned
    tops = {
        how: surface_of(run, View(resolution=11, statistics=how, num_examples=256)).loss.max()
        for how in ("batch", "running", "population")
    }
    assert tops["running"] > 3 * tops["batch"]
    assert tops["population"] < 2 * tops["batch"]


def test_the_path_of_a_trajectory_by_closed_form():
    loss, rng = quadratic(7), np.random.default_rng(4)
    axes = np.linalg.qr(rng.standard_normal((7, 7)))[0].T
    plane = Plane(rng.standard_normal(7), axes[:2], ("a", "b"))
    coordinates, off = rng.standard_normal((5, 2)), np.array([0.0, 0.5, 2.0, -1.0, 3.0])
    coordinates[0] = 0
    inside = plane.origin + coordinates @ axes[:2]
    trajectory = inside + off[:, None] * axes[2]
    path = path_on(loss, plane, trajectory, np.arange(5))
    np.testing.assert_allclose(path.coordinates, coordinates, atol=1e-12)
    np.testing.assert_allclose(path.residual, np.abs(off), atol=1e-12)
    np.testing.assert_allclose(path.loss, [loss.at(w) for w in trajectory], rtol=1e-10)
    np.testing.assert_allclose(path.height, [loss.at(w) for w in inside], rtol=1e-10)
    assert path.off_plane == pytest.approx((off**2).sum() / ((off**2).sum() + (coordinates**2).sum()))
    still = path_on(loss, plane, np.stack([plane.origin] * 2), np.arange(2))
    assert still.off_plane == 0
    np.testing.assert_allclose(losses_at(loss, trajectory), path.loss)


def test_a_path_lies_on_its_own_plane_and_off_a_random_one():
    run = train(NETWORKS["batch"])
    ours = objective(run)
    own = path_on(ours, pca_plane(run.parameters), run.parameters, run.steps)
    other = path_on(ours, random_plane(run.parameters[-1], ours.layout), run.parameters, run.steps)
    assert own.off_plane < 0.3
    assert other.off_plane > 0.7
    assert own.coordinates[-1] == pytest.approx([0, 0], abs=1e-6)
    assert own.height[-1] == pytest.approx(own.loss[-1], rel=1e-5)
    np.testing.assert_allclose(own.loss, other.loss, rtol=1e-5)
    np.testing.assert_array_equal(own.steps, run.steps)
