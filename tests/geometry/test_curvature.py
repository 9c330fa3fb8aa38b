"""Curvature against numpy's eigenvalues of known matrices, full Hessians of plain functions, and finite differences."""

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.experiment import DataConfig
from landscape.geometry.curvature import bottom_eigenvalues, top_eigenvalues
from landscape.geometry.hessians import hessian_operator
from landscape.loss.module import module_objective
from landscape.loss.network import objective
from landscape.loss.objective import Objective
from landscape.training.training import train
from tests.cases import NETWORKS, Quadratic, quadratic


def full_hessian(loss, point):
    return torch.autograd.functional.hessian(lambda w: loss(w[None])[0], torch.as_tensor(point))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 40])
@pytest.mark.parametrize("count", [1, 3])
def test_eigenvalues_of_a_quadratic_are_those_of_its_matrix(size, count):
    if count > size:
        pytest.skip("a matrix has no more eigenvalues than rows")
    loss = quadratic(size)
    values, vectors = np.linalg.eigh(loss.A.numpy())
    top = top_eigenvalues(loss, np.ones(size), count, tolerance=1e-10)
    np.testing.assert_allclose(top.values, values[::-1][:count], rtol=1e-8)
    for ours, theirs in zip(top.vectors, vectors.T[::-1], strict=False):
        assert abs(ours @ theirs) == pytest.approx(1, abs=1e-6)
    assert (top.residuals < 1e-6).all()


@pytest.mark.parametrize("size", [2, 12])
def test_the_largest_is_not_the_one_of_greatest_magnitude(size):
    loss = Quadratic(np.diag(np.linspace(-9.0, 4.0, size)), np.zeros(size))
    assert top_eigenvalues(loss, np.zeros(size)).values[0] == pytest.approx(4, rel=1e-2)


@pytest.mark.parametrize("scale", [1e-20, 1e-8, 1e-6, 1.0, 1e12])
@pytest.mark.parametrize("count", [1, 3])
def test_the_tolerance_is_relative_in_single_precision_too(scale, count):
    random = np.random.default_rng(0)
    exact = np.concatenate([[1.0, 0.9, 0.8], random.uniform(-0.2, 0.3, 60)])
    basis = np.linalg.qr(random.standard_normal((63, 63)))[0]
    loss = Quadratic((basis * exact @ basis.T * scale).astype(np.float32), np.zeros(63, np.float32))
    loss.dtype = torch.float32
    np.testing.assert_allclose(top_eigenvalues(loss, np.zeros(63), count).values / scale, exact[:count], rtol=2e-3)


@pytest.mark.parametrize("size", [2, 12])
def test_a_flat_loss_has_no_curvature(size):
    class Linear(Objective):
        dtype = torch.float64

        def __call__(self, parameters):
            return parameters.sum(1)

    for loss in (Quadratic(np.zeros((size, size)), np.ones(size)), Linear()):
        assert top_eigenvalues(loss, np.ones(size)).values[0] == pytest.approx(0, abs=1e-12)


def test_a_hessian_that_is_not_finite_is_not_a_number():
    loss = Quadratic(np.full((12, 12), np.inf), np.ones(12))
    top = top_eigenvalues(loss, np.ones(12), 2)
    assert np.isnan(top.values).all()
    assert np.isnan(top.residuals).all()
    assert (top.values.shape, top.vectors.shape) == ((2,), (2, 12))


@pytest.mark.parametrize("name", ["none", "batch", "batch-both", "layer"])
def test_eigenvalues_of_a_network_are_those_of_its_full_hessian(name):
    run = train(NETWORKS[name])
    loss = objective(run, dtype=torch.float64, num_examples=60, device=torch.device("cpu"))
    point = run.parameters[-1].astype(float)
    full = full_hessian(loss, point).numpy()
    values = np.linalg.eigvalsh((full + full.T) / 2)
    top = top_eigenvalues(loss, point, 3, tolerance=1e-8)
    np.testing.assert_allclose(top.values, values[::-1][:3], rtol=1e-6)
    operator, rng = hessian_operator(loss, point), np.random.default_rng(0)
    for vector in rng.standard_normal((2, len(point))):
        step = 1e-5 * vector
        ahead, behind = loss.gradient(torch.as_tensor(np.stack([point + step, point - step])))[1].numpy()
        np.testing.assert_allclose(operator.matvec(vector), full @ vector, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(operator.matvec(vector), (ahead - behind) / 2e-5, rtol=1e-4, atol=1e-6)
    single = top_eigenvalues(objective(run, num_examples=60), run.parameters[-1])
    assert single.values[0] == pytest.approx(values[-1], rel=0.02)
    again = top_eigenvalues(objective(run, num_examples=60), run.parameters[-1])
    assert single.values[0] == pytest.approx(again.values[0], rel=1e-4)


def test_the_curvature_of_a_scale_invariant_network_goes_with_the_inverse_square_of_its_weights():
    run = train(NETWORKS["batch"].replace(depth=1))
    loss = objective(run, dtype=torch.float64, device=torch.device("cpu"))
    weights = loss.layout.slice("layer1.weight")

    def largest(factor):
        point = run.parameters[-1].astype(float)
        point[weights] *= factor
        full = full_hessian(loss, point)[weights, weights]
        return float(torch.linalg.eigvalsh(full)[-1])

    assert largest(3.0) * 9 == pytest.approx(largest(1.0), rel=1e-2)


SPECTRA = {
    "positive definite": np.logspace(-3, 1, 60),
    "singular": np.concatenate([np.zeros(50), np.linspace(0.1, 10, 50)]),
    "up to one": np.linspace(0, 1, 60),
    "a saddle": np.linspace(-0.3, 10, 60),
    "identity": np.ones(60),
    "repeated": np.concatenate([[5, 5, 4.99, 4.9], np.linspace(0, 1, 26)]),
    "three times": np.concatenate([[-2, -2, -2, 7, 7, 7], np.linspace(-1, 1, 40)]),
}


ENDS = [
    *((name, count, 1) for name in SPECTRA for count in (1, 3)),
    *((name, 1, -1) for name in SPECTRA),
    ("positive definite", 2, 1), ("repeated", 2, 1), ("three times", 3, -1),
]  # fmt: skip
"""A spectrum, how many of its eigenvalues are sought at each end, and whether it is turned around."""


@pytest.mark.parametrize(("spectrum", "count", "sign"), ENDS)
def test_both_ends_of_a_spectrum_also_near_zero_and_repeated(spectrum, count, sign):
    values = np.sort(sign * SPECTRA[spectrum])
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((len(values),) * 2))[0]
    loss = Quadratic(basis * values @ basis.T, np.zeros(len(values)))
    width = np.abs(values).max()
    for found, exact in ((top_eigenvalues, values[::-1]), (bottom_eigenvalues, values)):
        rough = found(loss, np.zeros(len(values)), count)
        np.testing.assert_allclose(rough.values, exact[:count], atol=1e-2 * width)
        assert (rough.residuals < 2e-2 * width).all()
        fine = found(loss, np.zeros(len(values)), count, tolerance=1e-8)
        np.testing.assert_allclose(fine.values, exact[:count], atol=1e-6 * width)
        np.testing.assert_allclose(fine.vectors @ fine.vectors.T, np.eye(count), atol=1e-6)


@pytest.mark.parametrize("dataset", ["wine", "digits", "breast-cancer"])
def test_the_least_eigenvalue_of_a_softmax_regression_is_zero(dataset):
    data = load(DataConfig(dataset=dataset, preprocessing="standardize"))
    x, y = data.train_x[:200].double(), data.train_y[:200]
    torch.manual_seed(0)
    loss = module_objective(
        torch.nn.Linear(x.shape[1], data.classes).double(), torch.nn.functional.cross_entropy, (x, y)
    )
    width = top_eigenvalues(loss, loss.parameters).values[0]
    for tolerance in (1e-2, 1e-6):
        bottom = bottom_eigenvalues(loss, loss.parameters, 2, tolerance)
        np.testing.assert_allclose(bottom.values, 0, atol=tolerance * width)


def test_parameters_of_several_points_are_refused():
    with pytest.raises(ValueError, match=r"one point, \(P,\), not \(1, 12\)"):
        top_eigenvalues(quadratic(12), np.ones((1, 12)))
