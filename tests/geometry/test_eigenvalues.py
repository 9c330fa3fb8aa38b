"""Eigenvalues found a product at a time, against numpy's of known matrices, full Hessians, and scipy's Lanczos."""

import pickle

import numpy as np
import pytest
import torch

from landscape.geometry.curvature import gradient_energy, top_eigenvalues
from landscape.geometry.eigenvalues import EigenvalueScan, Lanczos, count_outliers, eigenvalues_along
from landscape.geometry.hessians import hessian
from landscape.geometry.sharpness import sharpness_along
from landscape.loss.network import objective
from landscape.loss.objective import Objective
from landscape.training.training import train
from tests.cases import NETWORKS, Quadratic, quadratic

STEPS = np.array([0])


def rotated(values, seed=0):
    """Return a quadratic whose Hessian has these eigenvalues, along random directions."""
    random = np.random.default_rng(seed)
    basis = np.linalg.qr(random.standard_normal((len(values),) * 2))[0]
    return Quadratic(basis * values @ basis.T, random.standard_normal(len(values)))


@pytest.mark.parametrize("size", [1, 2, 3, 8, 40, 300])
@pytest.mark.parametrize("count", [1, 3, 20])
def test_eigenvalues_of_a_quadratic_are_those_of_its_matrix(size, count):
    if count > size:
        pytest.skip("a matrix has no more eigenvalues than rows")
    loss, point = quadratic(size), np.ones(size)
    found = eigenvalues_along(loss, point[None], STEPS, count, tolerance=1e-8)
    values, vectors = np.linalg.eigh(loss.A.numpy())
    np.testing.assert_allclose(found.values[0], values[::-1][:count], rtol=1e-7, atol=1e-7)
    gradient = loss.A.numpy() @ point + loss.b.numpy()
    shares = np.square(vectors.T[::-1] @ gradient)[:count] / (gradient @ gradient)
    np.testing.assert_allclose(found.shares[0], shares, atol=1e-6)


def test_it_begins_again_where_the_basis_is_full_and_still_finds_them(monkeypatch):
    monkeypatch.setattr("landscape.geometry.eigenvalues.BASIS_BYTES", 0)
    values = np.concatenate([np.linspace(0, 0.8, 600), [0.9, 0.95, 1.0]])
    search = Lanczos(rotated(values), np.zeros(603), 3, tolerance=1e-8)
    while not search.done:
        search.step()
    assert search.products > 2 * len(search.projected)  # more than the basis ever held
    np.testing.assert_allclose(search.found()[0], values[::-1][:3], rtol=1e-6)


def test_residuals_are_true_of_the_vectors():
    loss = quadratic(120)
    search = Lanczos(loss, np.zeros(120), 5)
    while not search.done:
        search.step()
    values, vectors, residuals = search.found()
    true = np.linalg.norm(vectors @ loss.A.numpy() - values[:, None] * vectors, axis=1)
    np.testing.assert_allclose(residuals, true, atol=1e-8)
    assert (true <= 1e-3 * np.abs(np.linalg.eigvalsh(loss.A.numpy())).max()).all()


@pytest.mark.parametrize("values", [[4.0, 4.0, 4.0, 1.0], [0.0] * 30, [2.0] * 30, [-3.0, -2.0, -1.0] * 10])
def test_equal_eigenvalues_of_small_spaces_are_all_found(values):
    found = eigenvalues_along(rotated(np.array(values)), np.zeros((1, len(values))), STEPS, count=3)
    np.testing.assert_allclose(found.values[0], sorted(values)[::-1][:3], atol=1e-6)


@pytest.mark.parametrize("scale", [1e-20, 1e-6, 1.0, 1e12])
def test_the_tolerance_is_relative_in_single_precision_too(scale):
    exact = np.concatenate([[1.0, 0.9, 0.8], np.random.default_rng(0).uniform(-0.2, 0.3, 200)])
    loss = rotated(exact * scale)
    loss.A, loss.b, loss.dtype = loss.A.float(), loss.b.float(), torch.float32
    found = eigenvalues_along(loss, np.zeros((1, 203)), STEPS, count=3)
    np.testing.assert_allclose(found.values[0] / scale, exact[:3], rtol=2e-3)


def test_what_is_not_finite_is_not_a_number():
    found = eigenvalues_along(Quadratic(np.full((12, 12), np.inf), np.ones(12)), np.ones((1, 12)), STEPS, count=2)
    assert found.values.shape == (1, 2)
    assert np.isnan(found.values).all()
    assert np.isnan(found.residuals).all()


def test_what_is_not_found_is_not_a_number(monkeypatch):
    monkeypatch.setattr("landscape.geometry.eigenvalues.MOST", 30)
    search = Lanczos(rotated(1 + np.linspace(0, 1e-3, 2000)), np.zeros(2000), 5, tolerance=1e-12)
    while not search.done:
        search.step()
    assert np.isnan(search.found()[0]).any()


class Flat(Objective):
    dtype = torch.float64

    def __call__(self, parameters):
        return parameters.sum(1)


def test_a_flat_loss_has_no_curvature():
    np.testing.assert_array_equal(eigenvalues_along(Flat(), np.ones((1, 9)), STEPS, count=2).values, [[0.0, 0.0]])


@pytest.mark.parametrize("name", ["none", "batch", "layer"])
def test_along_a_training_they_are_those_of_the_full_hessians_and_of_scipy(name):
    run = train(NETWORKS[name])
    loss = objective(run, dtype=torch.float64, num_examples=60, device=torch.device("cpu"))
    chosen = [0, 10, -1]
    points, steps = run.parameters[chosen].astype(float), run.steps[chosen]
    found = eigenvalues_along(loss, points, steps, count=4, relative=True, tolerance=1e-7)
    for point, values, shares in zip(points, found.values, found.shares, strict=True):
        np.testing.assert_allclose(values, np.linalg.eigvalsh(hessian(loss, point))[::-1][:4], rtol=1e-6)
        top = top_eigenvalues(loss, point, 4, tolerance=1e-8)
        np.testing.assert_allclose(shares, gradient_energy(loss, point, top), atol=1e-4)
    known = sharpness_along(loss, points, steps)
    np.testing.assert_allclose(found.sharpness, known.sharpness, rtol=2e-3)
    np.testing.assert_allclose(found.relative, known.relative, rtol=2e-3)
    np.testing.assert_array_equal(found.steps, steps)


@pytest.mark.parametrize("relative", [False, True])
def test_cut_into_chunks_and_pickled_between_two_the_numbers_stay(relative):
    run = train(NETWORKS["batch"])
    points, steps = run.parameters[[0, 10, -1]], run.steps[[0, 10, -1]]
    whole = eigenvalues_along(objective(run), points, steps, 3, relative)
    task, fractions, seen = EigenvalueScan(objective(run), points, steps, 3, relative), [], set()
    while not task.finished:
        task.advance(0)
        fractions.append(task.fraction)
        partial = task.partial()
        seen.add(0 if partial is None else len(partial.values))
        task = pickle.loads(pickle.dumps(task))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert seen == {0, 1, 2, 3}
    np.testing.assert_allclose(task.result().values, whole.values, rtol=1e-6)
    np.testing.assert_allclose(task.result().shares, whole.shares, rtol=1e-3, atol=1e-6)
    assert np.isnan(whole.relative).all() == (not relative)


def test_outliers_are_counted_against_the_least():
    assert count_outliers(np.array([7.0, 3.1, 3.0, 1.0])) == 2
    assert count_outliers(np.array([7.0, 3.1, 3.0, 1.0]), factor=2) == 3
    assert count_outliers(np.array([2.0, 1.0, -1.0])) == 2
    assert count_outliers(np.array([np.nan, 7.0, 1.0])) == 1
    assert count_outliers(np.array([np.nan])) == count_outliers(np.array([])) == 0


@pytest.mark.parametrize(
    ("shape", "steps", "count", "said"),
    [
        ((3,), 3, 1, r"must be \(S, P\)"),
        ((2, 3), 3, 1, "the 3 steps"),
        ((1, 3), 1, 4, "from 1 to the 3"),
        ((1, 3), 1, 0, "from 1"),
    ],
)
def test_what_does_not_fit_is_a_sentence(shape, steps, count, said):
    with pytest.raises(ValueError, match=said):
        EigenvalueScan(quadratic(3), np.zeros(shape), np.arange(steps), count)
