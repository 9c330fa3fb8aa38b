"""Planes: filter norms, orthogonality, the seed's draws, principal axes against numpy and scikit-learn."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from landscape.geometry.directions import filter_normalize, orthogonal
from landscape.geometry.planes import (
    Plane,
    input_weights_plane,
    pca_plane,
    plane_through,
    random_plane,
)
from landscape.geometry.surfaces import axis, loss_surface
from landscape.loss.network import network_of, objective
from landscape.training.training import train
from models.layout import Block, Layout
from tests.cases import NETWORKS, SMALL


def initial(experiment):
    """The initial parameters (P,) of an experiment, its 1-D ones moved off zero, and their layout."""
    network = network_of(experiment)
    parameters = network.initial_parameters([experiment.seed])[0].numpy()
    rng = np.random.default_rng(0)
    for block in network.layout.blocks:
        if block.filter_axis is None:
            parameters[network.layout.slice(block.name)] += rng.uniform(0.5, 1, block.size)
    return parameters, network.layout


def filters(values, layout):
    """The filters of each weight by its name: (units, inputs)."""
    return {
        block.name: values[layout.slice(block.name)].reshape(block.shape).T
        for block in layout.blocks
        if block.filter_axis is not None
    }


@pytest.mark.parametrize("name", NETWORKS)
def test_random_directions_have_the_networks_filters_and_are_orthogonal(name):
    parameters, layout = initial(NETWORKS[name])
    plane = random_plane(parameters, layout, seed=3)
    first, second = plane.directions
    own = filters(parameters, layout)
    assert len(own) == NETWORKS[name].network.depth + 1
    for block, weights in filters(first, layout).items():
        np.testing.assert_allclose(np.linalg.norm(weights, axis=1), np.linalg.norm(own[block], axis=1), rtol=1e-5)
    for block in layout.blocks:
        if len(block.shape) == 1:
            assert not plane.directions[:, layout.slice(block.name)].any(), block.name
    wide = first.astype(float), second.astype(float)
    cosine = wide[0] @ wide[1] / np.linalg.norm(wide[0]) / np.linalg.norm(wide[1])
    assert abs(cosine) < 1e-6
    assert abs(plane.cosine) < 1e-6
    assert plane.cosine == pytest.approx(cosine, abs=1e-9)
    assert np.linalg.norm(second) > 0.5 * np.linalg.norm(first)
    np.testing.assert_array_equal(plane.origin, parameters)


def test_the_second_direction_is_normalized_before_it_is_made_orthogonal():
    parameters, layout = initial(SMALL)
    first, second = random_plane(parameters, layout, seed=3).directions.astype(float)
    normalized = filter_normalize(second, parameters, layout)
    lengths = [
        np.linalg.norm(part, axis=1) for values in (second, parameters) for part in filters(values, layout).values()
    ]
    half = len(lengths) // 2
    assert any(np.abs(a / b - 1).max() > 1e-3 for a, b in zip(lengths[:half], lengths[half:], strict=True))
    assert abs(first @ normalized) / (first @ first) > 1e-6


def test_filter_normalization_of_any_axis_by_a_loop():
    rng = np.random.default_rng(1)
    layout = Layout(
        (Block("conv", (3, 4, 2, 5), 3), Block("bias", (5,)), Block("dense", (5, 6), 1), Block("row", (2, 3), 0))
    )
    direction, parameters = rng.standard_normal((2, layout.size))
    ours = filter_normalize(direction, parameters, layout)
    assert not ours[layout.slice("bias")].any()
    for block in layout.blocks:
        if block.filter_axis is None:
            continue
        place = layout.slice(block.name)
        d, w, got = (
            np.moveaxis(v[place].reshape(block.shape), block.filter_axis, 0) for v in (direction, parameters, ours)
        )
        for one, own, result in zip(d, w, got, strict=True):
            expected = one / np.sqrt((one**2).sum()) * np.sqrt((own**2).sum())
            np.testing.assert_allclose(result, expected, rtol=1e-8)


def test_a_seed_draws_one_plane():
    parameters, layout = initial(SMALL)
    one, again, other = (random_plane(parameters, layout, seed).directions for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("name", ["batch", "batch-both", "layer", "batch-after-plain"])
def test_networks_compared_share_their_draws(name):
    """One seed moves each filter in one direction, whatever the normalization and however long the filter."""
    (plain, layout), (other, other_layout) = initial(SMALL), initial(NETWORKS[name])
    other = other * np.random.default_rng(0).uniform(0.5, 2, len(other)).astype(np.float32)
    theirs = filters(random_plane(other, other_layout, 5).directions[0], other_layout)
    for block, ours in filters(random_plane(plain, layout, 5).directions[0], layout).items():
        for one, two in zip(ours, theirs[block], strict=True):
            assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) == pytest.approx(1, abs=1e-6)


def test_orthogonal_to_nothing_is_itself():
    np.testing.assert_array_equal(orthogonal(np.ones(3), np.zeros(3)), np.ones(3))


@pytest.mark.parametrize("shape", [(9, 30), (30, 9), (3, 50)])
def test_the_trajectorys_plane_is_that_of_its_principal_components(shape):
    rng = np.random.default_rng(2)
    trajectory = rng.standard_normal(shape).cumsum(axis=0) * np.linspace(0.1, 2, shape[1])
    plane = pca_plane(trajectory)
    _, values, axes = np.linalg.svd(trajectory - trajectory.mean(0), full_matrices=False)
    theirs = PCA(2, svd_solver="full").fit(trajectory)
    np.testing.assert_array_equal(plane.origin, trajectory[-1])
    np.testing.assert_allclose(plane.explained_variance, values[:2] ** 2 / (values**2).sum(), rtol=1e-9)
    np.testing.assert_allclose(plane.explained_variance, theirs.explained_variance_ratio_, rtol=1e-9)
    for ours, expected, sklearns in zip(plane.directions, axes, theirs.components_, strict=False):
        assert np.linalg.norm(ours) == pytest.approx(1)
        np.testing.assert_allclose(ours * np.sign(ours @ expected), expected, atol=1e-8)
        np.testing.assert_allclose(ours * np.sign(ours @ sklearns), sklearns, atol=1e-8)
    projected = (trajectory - trajectory[-1]) @ plane.directions.T
    np.testing.assert_allclose(plane.coordinates(trajectory), projected, atol=1e-8)


def test_a_trajectory_of_few_points_has_axes_of_zero():
    point = np.arange(4.0)
    still = pca_plane(np.stack([point] * 3))
    assert not still.directions.any()
    assert still.explained_variance.tolist() == [0, 0]
    assert still.coordinates(np.stack([point])).tolist() == [[0, 0]]
    lonely = pca_plane(point[None])
    assert lonely.directions.shape == (2, 4)
    straight = pca_plane(np.stack([point, point + 1, point + 3]))
    assert np.abs(straight.directions[0]).tolist() == pytest.approx([0.5] * 4)
    assert not straight.directions[1].any()
    assert straight.explained_variance.tolist() == pytest.approx([1, 0], abs=1e-12)
    assert straight.cosine == 0


def test_coordinates_of_an_oblique_plane_are_those_of_the_nearest_point():
    rng = np.random.default_rng(3)
    origin, first, second = rng.standard_normal((3, 6))
    plane = Plane(origin, np.stack([first, second]), ("a", "b"))
    coordinates = rng.standard_normal((5, 2))
    inside = origin + coordinates @ plane.directions
    np.testing.assert_allclose(plane.points(coordinates), inside, rtol=1e-12)
    normal = np.linalg.svd(plane.directions)[2][-1]
    np.testing.assert_allclose(plane.coordinates(inside + 7 * normal), coordinates, atol=1e-10)


@pytest.mark.parametrize("name", ["none", "batch-both"])
def test_the_plane_of_input_weights_moves_two_features_alone(name):
    experiment = NETWORKS[name].replace(dataset="wine")
    parameters, layout = initial(experiment)
    plane = input_weights_plane(parameters, layout, (11, 4), ("a", "b"), seed=2)
    amounts = []
    for direction, feature in zip(plane.directions, (11, 4), strict=True):
        assert np.linalg.norm(direction) == pytest.approx(1, abs=1e-6)
        weights = direction[layout.slice("layer1.weight")].reshape(13, -1)
        amounts.append(weights[feature])
        assert np.count_nonzero(direction) == np.count_nonzero(amounts[-1]) == experiment.network.width
    np.testing.assert_array_equal(*amounts)
    assert plane.cosine == 0
    assert [label.split()[-1] for label in plane.labels] == ["a", "b"]
    for bad in ((0, 13), (3, 3), (-1, 12), (-1, 0)):
        with pytest.raises(ValueError, match="two different ones from 0 to 12"):
            input_weights_plane(parameters, layout, bad)
    with pytest.raises(ValueError, match="first layer"):
        input_weights_plane(parameters, Layout((Block("w", (2, 2), 1),)), (0, 1))


def test_a_batchnorm_loss_is_constant_along_its_own_filters_unless_frozen():
    run = train(NETWORKS["batch"])
    layout = network_of(run.experiment).layout
    direction = np.zeros_like(run.parameters[-1])
    for i, block in enumerate(("layer1.weight", "layer2.weight")):
        place = layout.slice(block)
        shape = layout.blocks[[b.name for b in layout.blocks].index(block)].shape
        amounts = np.linspace(0.2, 1, shape[1]) * (-1) ** i
        direction[place] = (run.parameters[-1][place].reshape(shape) * amounts).ravel()
    line = Plane(run.parameters[-1], direction[None], ("own filters",))
    surfaces = {
        how: loss_surface(objective(run, how), line, axis(0.6, 9), axis(0, 1))
        for how in ("batch", "running", "population")
    }
    rise = {how: np.ptp(surface.loss) / surface.centre for how, surface in surfaces.items()}
    assert rise["batch"] < 1e-2
    assert rise["population"] < 1e-2
    assert rise["running"] > 0.1


@pytest.mark.parametrize("points", [[[0, 0], [1, 1], [1, 1]], [[0, 0], [1, 1], [3, 3]], [[2, 1], [2, 1], [0, 0]]])
def test_three_points_on_one_line_give_no_plane(points):
    with pytest.raises(ValueError, match="lie on one line, or are the same"):
        plane_through(np.array(points, float))


def test_a_trajectory_that_is_not_finite_has_no_plane():
    with pytest.raises(ValueError, match="not finite: leave out the snapshots"):
        pca_plane(np.array([[0.0, 1.0], [np.nan, 0.0]]))
