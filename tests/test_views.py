"""From a run and a view to the numbers of pictures, the activations' histograms, and what the presets are to show."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.experiment import View
from landscape.geometry.planes import pca_plane, random_plane
from landscape.internals.distributions import BINS, EXAMPLES, activation_histograms
from landscape.loss.network import network_of, objective
from landscape.training.training import Training, train
from landscape.views import Bare, InspectionTask, MeasuresTask, objective_of, plane_of, scan_of, surface_of
from tests.cases import NETWORKS, SMALL
from tests.reference import loss_at, twin

RUN = train(NETWORKS["batch"])


def trained(experiments):
    """The runs of experiments, those that can share a stack in one."""
    training = Training(experiments)
    training.advance(float("inf"))
    return training.results()


@pytest.mark.parametrize("statistics", ["batch", "running", "population"])
def test_a_view_asks_for_its_objective_plane_and_grid(statistics):
    view = View(extent=0.5, resolution=5, resolution_y=3, statistics=statistics, batches=2, num_examples=90, seed=8)
    surface, plane = surface_of(RUN, view), random_plane(RUN.parameters[-1], network_of(RUN.experiment).layout, 8)
    np.testing.assert_array_equal(surface.plane.directions, plane.directions)
    np.testing.assert_array_equal(surface.plane.origin, RUN.parameters[-1])
    assert surface.alphas.tolist() == [-0.5, -0.25, 0, 0.25, 0.5]
    assert surface.betas.tolist() == [-0.5, 0, 0.5]
    how = {"statistics": statistics, "batches": 2, "num_examples": 90, "state": RUN.states[-1]}
    assert surface.centre == pytest.approx(loss_at(RUN.experiment, RUN.parameters[-1], **how), rel=1e-5)
    assert surface.loss[1, 2] == pytest.approx(surface.centre, rel=1e-5)
    assert float(objective_of(RUN, view)(torch.as_tensor(RUN.parameters[-1:]))[0]) == pytest.approx(surface.centre)


def test_what_was_drawn_coarse_is_not_drawn_anew_with_each_chunk(monkeypatch):
    monkeypatch.setattr("landscape.geometry.surfaces.GLANCE", 0)
    task, shown = Bare(InspectionTask(RUN, View(num_examples=90))), []
    while not task.finished:
        task.advance(0.0)
        shown.append(task.partial())
    seen = {id(one) for one in shown if one is not None}
    assert len(seen) == 1
    assert shown[-1] is not None


def test_what_is_bare_says_the_same_but_for_its_vectors():
    view = View(resolution=3, num_examples=90)
    task = InspectionTask(RUN, view)
    task.advance(1e9)
    task.advance(1e9)
    whole, bare = task.result(), Bare(task).result()
    for of, other in ((whole.surface, bare.surface), (whole.path, bare.path)):
        assert other.plane.origin.size == other.plane.directions.size == 0
        assert len(other.plane.directions) == 2
        assert other.plane.cosine == of.plane.cosine
        assert other.plane.labels == of.plane.labels
        np.testing.assert_array_equal(other.plane.explained_variance, of.plane.explained_variance)
    np.testing.assert_array_equal(bare.path.coordinates, whole.path.coordinates)
    np.testing.assert_array_equal(surface_of(RUN.bare(), view).loss, surface_of(RUN, view).loss)
    np.testing.assert_array_equal(RUN.bare().steps, RUN.steps)


def test_the_picture_of_the_trajectorys_plane_holds_the_trajectory():
    view = View(plane="pca", resolution=7, resolution_y=5)
    surface, plane = surface_of(RUN, view), pca_plane(RUN.parameters)
    coordinates = plane.coordinates(RUN.parameters)
    for points, own in ((surface.alphas, coordinates[:, 0]), (surface.betas, coordinates[:, 1])):
        assert points[0] < own.min()
        assert points[-1] > own.max()
    assert np.ptp(surface.alphas) == pytest.approx(1.3 * np.ptp(coordinates[:, 0]), rel=1e-5)
    wider = surface_of(RUN, replace(view, extent=2.0))
    assert np.ptp(wider.alphas) == pytest.approx(2 * np.ptp(surface.alphas))


def test_the_two_features_are_those_of_extreme_scale_unless_others_are_picked():
    run = train(SMALL.replace(dataset="wine", num_steps=1))
    data, layout = load(run.experiment.data), network_of(run.experiment).layout
    names = {"hue": 10, "proline": 12, "ash": 2, "nonflavanoid_phenols": 7}
    assert (data.scales.argmin(), data.scales.argmax()) == (names["nonflavanoid_phenols"], names["proline"])

    def moved(**features):
        plane = plane_of(run, View(plane="input-weights", **features))
        weights = plane.directions[:, layout.slice("layer1.weight")].reshape(2, 13, -1)
        return plane.labels, [int(np.flatnonzero(rows.any(1))[0]) for rows in weights]

    labels, rows = moved()
    assert rows == [7, 12]
    assert ("nonflavanoid_phenols" in labels[0], "proline" in labels[1]) == (True, True)
    assert moved(feature_x=2)[1] == [2, 12]
    assert moved(feature_x=10, feature_y=2)[1] == [10, 2]
    for bad in ({"feature_x": 13}, {"feature_x": 12}, {"feature_x": 3, "feature_y": 3}):
        with pytest.raises(ValueError, match="two different ones from 0 to 12"):
            surface_of(run, View(plane="input-weights", **bad))


def test_a_view_that_does_not_fit_is_a_sentence():
    with pytest.raises(ValueError, match="Choose fewer batches"):
        surface_of(RUN, View(num_examples=20, batches=16))


def test_a_run_of_one_step_and_a_diverged_one_have_every_picture():
    one = train(SMALL.replace(num_steps=1))
    wild = train(SMALL.replace(activation="relu", depth=6, width=16, learning_rate=100.0))
    assert wild.diverged_at is not None
    for run in (one, wild):
        for plane in ("random", "pca", "input-weights"):
            surface = surface_of(run, View(plane=plane, resolution=5))
            assert surface.loss.shape == (5, 5)
        task = InspectionTask(run, View(num_examples=100))
        while not task.finished:
            task.advance(1.0)
        assert len(task.result().path.loss) == len(run.steps)


def test_an_inspection_is_the_sum_of_its_parts():
    task = InspectionTask(RUN, View(num_examples=100, statistics="running", batches=2))
    fractions = [task.fraction]
    while not task.finished:
        task.advance(0.0)
        fractions.append(task.fraction)
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    made, plane = task.result(), pca_plane(RUN.parameters)
    np.testing.assert_array_equal(made.path.plane.directions, plane.directions)
    expected = [loss_at(RUN.experiment, w, batches=2, num_examples=100) for w in RUN.parameters]
    np.testing.assert_allclose(made.path.loss, expected, rtol=1e-5)
    assert made.histograms.layers == ("layer1", "layer2")


def test_measures_are_those_of_the_whole_hessian_and_of_population_statistics():
    task = MeasuresTask(RUN, View(num_examples=100, statistics="running", batches=2))
    task.advance(0.0)
    assert task.finished
    made = task.result()
    loss = objective(RUN, batches=2, num_examples=100, dtype=torch.float64)
    point = loss.tensor(RUN.parameters[-1])
    full = torch.autograd.functional.hessian(lambda w: loss(w[None])[0], point)
    assert made.sharpness == pytest.approx(float(torch.linalg.eigvalsh(full)[-1]), rel=0.02)
    tested = objective(RUN, "population", "test", num_examples=10**6)
    assert made.population_accuracy == float(tested.accuracy(tested.tensor(RUN.parameters[-1:]))[0])


def test_histograms_are_those_of_the_plain_modules():
    run = train(NETWORKS["batch"])
    histograms = activation_histograms(run)
    assert histograms.density.shape == (len(run.steps), 2, 2, BINS)
    np.testing.assert_allclose(histograms.density.sum(3), 1)
    np.testing.assert_array_equal(histograms.steps, run.steps)
    net = twin(run.experiment, run.parameters[-1]).train()
    seen = {}
    for name in ("layer1_norm", "layer2_norm"):
        net.get_submodule(name).register_forward_hook(
            lambda m, args, out, name=name: seen.update({name: (args[0], out)})
        )
    net(load(run.experiment.data).train_x[:EXAMPLES].double())
    edges = histograms.edges
    for layer, moments in enumerate(seen.values()):
        for moment, values in enumerate(moments):
            values = values.detach().numpy().ravel()
            clipped = np.clip(values, edges[0], edges[-1] - 1e-9)
            counts = np.histogram(clipped, edges)[0] / values.size
            np.testing.assert_allclose(histograms.density[-1, layer, moment], counts, atol=2.5 / values.size)
            assert histograms.deviation[-1, layer, moment] == pytest.approx(values.std(), rel=0.01)
    assert histograms.deviation[0, :, 1] == pytest.approx([1, 1], abs=0.02)


def test_looking_is_the_same_twice():
    one, two = (scan_of(RUN, View(resolution=5)) for _ in range(2))
    for scan in (one, two):
        scan.advance(float("inf"))
    np.testing.assert_array_equal(one.result().loss, two.result().loss)
