"""The Hessian's spectrum: closed forms, the full Hessian of small networks, and what scale-invariance leaves alone."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

from landscape.data import examples_of, load
from landscape.experiment import Experiment
from landscape.geometry.curvature import (
    bottom_eigenvalues,
    condition_number,
    gradient_energy,
    top_eigenvalues,
)
from landscape.geometry.hessians import hessian, hessian_operator, hessian_products
from landscape.geometry.sharpness import SharpnessScan, relative_objective, sharpness_along
from landscape.geometry.spectrum import DensityScan, hessian_trace, spectral_density
from landscape.loss.network import objective
from landscape.loss.objective import Objective
from landscape.training.run import Run
from landscape.training.training import train
from models.fast.layers import FastBatchNorm
from models.layout import Block, Layout
from models.normalization import LAYERS, Normalization
from models.normalization.batch import BatchNorm
from tests.cases import NETWORKS, SMALL, Quadratic, quadratic
from tests.reference import twin

CUT = (Normalization.BATCH_DETACHED,)
"""It passes no gradient through its statistics, so that what it passes back is no function's gradient."""


class Simple(Objective):
    """A loss by any formula, in float64, of five parameters."""

    dtype = torch.float64
    layout = Layout((Block("w", (5,)),))

    def __init__(self, formula) -> None:
        self.formula = formula

    def __call__(self, parameters: Tensor) -> Tensor:
        return self.formula(parameters)


@pytest.fixture(scope="module")
def runs() -> dict[str, Run]:
    small = SMALL.replace(preprocessing="standardize", width=8, groups=2, num_steps=10)
    dense = [name for name in Normalization if name is not Normalization.INSTANCE]
    made = {name.value: train(small.replace(normalization=name)) for name in dense}
    assert set(made) | {"instance"} == {name.value for name in LAYERS}
    return made


def diagonal(values: np.ndarray, chunk: int = 4) -> Quadratic:
    return Quadratic(np.diag(values).astype(float), np.zeros(len(values)), chunk=chunk)


@pytest.mark.parametrize("name", [name.value for name in Normalization if name is not Normalization.INSTANCE])
def test_products_match_differences_of_the_gradient(runs, name):
    run = runs[name]
    of = objective(run, dtype=torch.float64)
    w = of.tensor(run.parameters[-1])
    v = torch.randn(w.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    step = 1e-6
    up, down = (of.gradient((w + sign * step * v)[None])[1][0] for sign in (1, -1))
    difference = (up - down) / (2 * step)
    product = hessian_products(of, run.parameters[-1])(v[None])[0]
    error = float((product - difference).abs().max() / difference.abs().max())
    assert (error < 1e-5) is (name not in CUT)


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")
@pytest.mark.parametrize("name", ["none", "batch", "batch-detached", "layer", "weight"])
def test_whole_hessian_matches_torch_func(runs, name, monkeypatch):
    run = runs[name]
    of = objective(run, dtype=torch.float64)
    of.chunk = 7
    ours = hessian(of, run.parameters[-1])
    # Under torch.func the derivative of PyTorch's batch-norm kernel is wrong in the block of scale and input, for
    # torch.nn.BatchNorm1d as well: the formula in plain operations is the reference.
    monkeypatch.setattr(FastBatchNorm, "normalize", BatchNorm.normalize)
    reference = torch.func.hessian(lambda w: of(w[None])[0])(of.tensor(run.parameters[-1])).numpy()
    np.testing.assert_allclose(ours, reference, atol=1e-10 * np.abs(reference).max())
    np.testing.assert_allclose(ours, ours.T, atol=1e-10 * np.abs(ours).max())


@pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # what curvlinops imports calls it
@pytest.mark.parametrize("name", ["none", "none-relu-deep", "batch-after-plain"])
def test_spectrum_matches_curvlinops_on_plain_modules(name):
    from curvlinops import HessianLinearOperator

    experiment = NETWORKS[name]
    run = train(experiment)
    net = twin(experiment, run.parameters[-1]).train()
    for module in net:
        if isinstance(
            module, torch.nn.BatchNorm1d
        ):  # it differentiates functionally, and averages are written in place
            module.running_mean = module.running_var = module.num_batches_tracked = None
    x, y = examples_of(load(experiment.data), "train", torch.float64, torch.device("cpu"))
    operator = HessianLinearOperator(net, torch.nn.CrossEntropyLoss(), list(net.parameters()), [(x, y)])
    reference = operator @ torch.eye(operator.shape[0], dtype=torch.float64)
    ours = hessian(objective(run, dtype=torch.float64), run.parameters[-1])
    exact = torch.linalg.eigvalsh(reference).numpy()
    np.testing.assert_allclose(np.linalg.eigvalsh(ours), exact, atol=1e-8 * exact[-1])


@pytest.mark.parametrize("name", ["none", "batch", "layer", "weight", "batch-l1"])
def test_outermost_eigenvalues_match_eigh(runs, name):
    run = runs[name]
    of, w = objective(run, dtype=torch.float64), run.parameters[-1]
    exact = np.linalg.eigvalsh(hessian(of, w))
    top, bottom = (find(of, w, 3, tolerance=1e-8) for find in (top_eigenvalues, bottom_eigenvalues))
    np.testing.assert_allclose(top.values, exact[::-1][:3], rtol=1e-6)
    np.testing.assert_allclose(bottom.values, exact[:3], rtol=1e-6, atol=1e-8)
    whole = hessian(of, w)
    for value, vector, residual in zip(top.values, top.vectors, top.residuals, strict=True):
        assert residual == pytest.approx(np.linalg.norm(whole @ vector - value * vector), abs=1e-12)


def test_rough_eigenvalues_lie_within_their_residuals():
    of = quadratic(60)
    exact = np.linalg.eigvalsh(of.A.numpy())
    rough = top_eigenvalues(of, np.zeros(60), 2, tolerance=0.05)
    assert rough.residuals.max() > 1e-6
    for value, residual in zip(rough.values, rough.residuals, strict=True):
        assert np.abs(exact - value).min() <= residual + 1e-12


@pytest.mark.parametrize("size", [1, 3, 6, 40])
def test_eigenvalues_of_few_parameters_in_order(size):
    values = np.linspace(-2, 5, size) if size > 1 else np.array([3.0])
    of, origin, count = diagonal(values), np.zeros(size), min(size, 2)
    np.testing.assert_allclose(top_eigenvalues(of, origin, count, 1e-9).values, values[::-1][:count], atol=1e-8)
    np.testing.assert_allclose(bottom_eigenvalues(of, origin, count, 1e-9).values, values[:count], atol=1e-8)


@pytest.mark.parametrize("count", [0, 6])
def test_impossible_counts_are_refused(count):
    with pytest.raises(ValueError, match="from 1 to the 5 parameters"):
        top_eigenvalues(diagonal(np.ones(5)), np.zeros(5), count)


@pytest.mark.parametrize("formula", [lambda w: w.sum(1), lambda w: torch.ones(len(w), dtype=w.dtype)])
def test_linear_and_constant_losses_are_flat(formula):
    of = Simple(formula)
    top = top_eigenvalues(of, np.ones(5))
    assert (top.values[0], top.residuals[0]) == (0, 0)
    assert hessian_trace(of, np.ones(5)).value == 0
    density = spectral_density(of, np.ones(5), probes=2)
    assert np.isfinite(density.density).all()
    assert not density.nodes.any()


def test_a_hessian_that_is_not_finite_gives_no_numbers():
    of = Simple(lambda w: (w * float("nan")).square().sum(1))
    assert np.isnan(top_eigenvalues(of, np.ones(5)).values).all()
    assert np.isnan(hessian_trace(of, np.ones(5)).value)
    assert np.isnan(spectral_density(of, np.ones(5), probes=2).density).all()
    assert np.isnan(sharpness_along(of, np.ones((2, 5)), np.arange(2)).sharpness).all()


def test_whole_hessian_of_a_large_network_is_refused():
    with pytest.raises(ValueError, match="top_eigenvalues"):
        hessian(diagonal(np.ones(2)), np.zeros(5000))


def test_condition_number_leaves_out_what_is_flat_or_negative():
    assert condition_number(np.array([-5.0, 0.0, 1e-8, 0.5, 4.0])) == 8
    assert np.isnan(condition_number(np.array([-1.0, 0.0])))
    assert np.isnan(condition_number(np.array([np.nan, 1.0])))


def test_a_list_of_eigenvalues_has_a_condition_number():
    assert condition_number([8.0, 2.0, -1.0]) == 4


def test_gradient_energy_of_a_quadratic():
    values = np.arange(1.0, 21.0)
    of, w = diagonal(values), np.ones(20)
    top = top_eigenvalues(of, w, 3, tolerance=1e-10)
    np.testing.assert_allclose(gradient_energy(of, w, top), values[::-1][:3] ** 2 / (values**2).sum(), rtol=1e-6)
    assert np.isnan(gradient_energy(of, np.zeros(20), top)).all()


def test_trace_of_a_diagonal_is_exact_and_of_others_within_its_error():
    values = np.linspace(-1, 4, 30)
    assert hessian_trace(diagonal(values), np.zeros(30), 3).value == pytest.approx(values.sum())
    of = quadratic(50)
    estimate = hessian_trace(of, np.zeros(50), probes=400)
    exact = float(of.A.trace())
    spread = np.sqrt(2 * (np.square(of.A.numpy()).sum() - np.square(np.diag(of.A.numpy())).sum()) / 400)
    assert estimate.error == pytest.approx(spread, rel=0.2)
    assert abs(estimate.value - exact) < 4 * estimate.error
    with pytest.raises(ValueError, match="at least 2"):
        hessian_trace(of, np.zeros(50), probes=1)


def test_estimates_do_not_depend_on_the_size_of_a_stack():
    of, origin = quadratic(40), np.zeros(40)
    traces, densities = [], []
    for chunk in (1, 8, 100):
        of.chunk = chunk
        traces.append(hessian_trace(of, origin, 6).value)
        densities.append(spectral_density(of, origin, 6, 20).density)
    np.testing.assert_allclose(traces, traces[0])
    np.testing.assert_allclose(densities, [densities[0]] * 3, atol=1e-8)


def test_no_probes_and_no_steps_are_refused():
    for wrong in ({"probes": 0}, {"steps": 0}):
        with pytest.raises(ValueError, match="must be at least 1"):
            spectral_density(quadratic(4), np.ones(4), **wrong)


def test_a_whole_lanczos_has_the_exact_spectrum_as_nodes():
    of = quadratic(30)
    exact = np.linalg.eigvalsh(of.A.numpy())
    found = spectral_density(of, np.zeros(30), probes=40, steps=100)
    assert found.steps == 30
    np.testing.assert_allclose(found.nodes, np.tile(exact, (40, 1)), atol=1e-8)
    np.testing.assert_allclose(found.weights.sum(1), 1)
    assert np.trapezoid(found.density, found.grid) == pytest.approx(1, abs=1e-3)


def test_density_is_near_the_exact_spectrum():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.uniform(0, 1, 380), rng.uniform(-0.5, 0, 100), [5.0] * 20])
    found = spectral_density(diagonal(values, chunk=16), np.zeros(500), probes=10, steps=40)
    distance = wasserstein_distance(values, found.nodes.ravel(), v_weights=found.weights.ravel())
    assert distance < 0.03  # of a range of 5.5; a spectrum without the outliers lies 0.2 away
    assert found.trace == pytest.approx(values.sum(), rel=0.1)
    peak = found.grid > 4
    share = np.trapezoid(found.density[peak], found.grid[peak])
    assert share == pytest.approx(20 / 500, rel=0.4)
    assert found.negative == pytest.approx((values < -found.width).mean(), rel=0.2)


def test_few_different_eigenvalues_end_lanczos_early():
    found = spectral_density(diagonal(np.repeat([1.0, 3.0], 20)), np.zeros(40), probes=3, steps=30)
    np.testing.assert_allclose((found.weights * found.nodes**3).sum(1).mean(), 14, rtol=0.2)
    weighty = found.nodes[found.weights > 1e-9]
    assert np.minimum(np.abs(weighty - 1), np.abs(weighty - 3)).max() < 1e-8


@pytest.mark.parametrize("name", ["none", "batch"])
def test_density_of_a_network_in_single_precision(runs, name):
    run = runs[name]
    exact = np.linalg.eigvalsh(hessian(objective(run, dtype=torch.float64), run.parameters[-1]))
    found = spectral_density(objective(run), run.parameters[-1], probes=10, steps=40)
    distance = wasserstein_distance(exact, found.nodes.ravel(), v_weights=found.weights.ravel())
    assert distance < 0.02 * (exact[-1] - exact[0])
    np.testing.assert_allclose([found.nodes.min(), found.nodes.max()], exact[[0, -1]], atol=1e-3 * exact[-1])


def test_scan_gives_parts_and_the_same_density(runs):
    run = runs["none"]
    scan = DensityScan(objective(run), run.parameters[-1], probes=3, steps=8)
    scan.objective.chunk = 1
    assert scan.partial() is None
    scan.advance(0)
    assert (scan.fraction, len(scan.partial().nodes)) == (1 / 3, 1)
    while not scan.finished:
        scan.advance(0)
    np.testing.assert_array_equal(scan.result().nodes[:1], scan.partial().nodes[:1])
    whole = spectral_density(scan.objective, run.parameters[-1], probes=3, steps=8)
    np.testing.assert_array_equal(scan.result().density, whole.density)


def test_relative_sharpness_stays_when_filters_grow(runs):
    run = runs["batch"]
    of, w = objective(run, dtype=torch.float64), run.parameters[-1].astype(float)
    w[of.layout.slice("layer1.weight")] *= 40  # so that the layer's epsilon matters less
    w[of.layout.slice("layer2.weight")] *= 40
    grown = w.copy()
    blocks = {block.name: block for block in of.layout.blocks}
    for name in ("layer1.weight", "layer2.weight"):
        factors = np.random.default_rng(0).uniform(2, 30, blocks[name].shape[1])
        grown[of.layout.slice(name)] = (w[of.layout.slice(name)].reshape(blocks[name].shape) * factors).ravel()
    plain = [np.trace(hessian(of, at)[:12, :12]) for at in (w, grown)]
    assert plain[0] > 4 * plain[1]
    relative = [top_eigenvalues(*relative_objective(of, at), tolerance=1e-8).values[0] for at in (w, grown)]
    assert relative[0] == pytest.approx(relative[1], rel=1e-3)


def test_relative_hessian_is_the_hessian_between_filter_lengths(runs):
    run = runs["none"]
    of, w = objective(run, dtype=torch.float64), run.parameters[-1].astype(float)
    relative, at = relative_objective(of, w)
    lengths = np.divide(w, at, out=np.ones_like(w), where=at != 0)
    np.testing.assert_allclose(hessian(relative, at), lengths[:, None] * hessian(of, w) * lengths, atol=1e-12)
    assert float(relative(relative.tensor(at)[None])[0]) == pytest.approx(float(of(of.tensor(w)[None])[0]))
    first = of.layout.slice("layer1.weight")
    np.testing.assert_allclose(np.linalg.norm(at[first].reshape(2, 8), axis=0), 1)


def test_sharpness_along_a_training(runs):
    run = runs["batch"]
    of = objective(run, dtype=torch.float64)
    scan = SharpnessScan(of, run.parameters, run.steps)
    scan.advance(0)
    assert len(scan.partial().steps) == 1
    found = sharpness_along(of, run.parameters, run.steps)
    assert found.sharpness.shape == found.relative.shape == run.steps.shape
    exact = [np.linalg.eigvalsh(hessian(of, run.parameters[i]))[-1] for i in (0, -1)]
    np.testing.assert_allclose(found.sharpness[[0, -1]], exact, rtol=1e-2)


def test_nodes_without_weight_do_not_stretch_the_spectrum():
    values = np.repeat([100.0, 101.0], 30)
    few, many = (spectral_density(diagonal(values), np.zeros(60), steps=steps) for steps in (2, 40))
    np.testing.assert_allclose(few.grid[[0, -1]], many.grid[[0, -1]], rtol=1e-6)
    np.testing.assert_allclose(few.density, many.density, rtol=1e-3, atol=1e-6)


def test_a_sharp_density_needs_many_points():
    options = {"smoothing": 3e-4, "points": 3001}
    found = spectral_density(diagonal(np.linspace(-1, 2, 40)), np.zeros(40), **options)
    assert np.trapezoid(found.density, found.grid) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="points, not 501"):
        spectral_density(quadratic(3), np.zeros(3), smoothing=3e-4)


@pytest.mark.parametrize("measure", [hessian, spectral_density, hessian_trace, top_eigenvalues, hessian_operator])
def test_several_points_are_refused(measure):
    with pytest.raises(ValueError, match=r"those of one point, \(P,\), not \(1, 3\)"):
        measure(quadratic(3), np.zeros((1, 3)))


@pytest.mark.parametrize(("snapshots", "steps"), [(0, 0), (2, 3)])
def test_sharpness_needs_a_step_for_each_snapshot(snapshots, steps):
    with pytest.raises(ValueError, match="one row for each of the"):
        sharpness_along(quadratic(3), np.zeros((snapshots, 3)), np.arange(steps))


def test_a_density_needs_smoothing():
    with pytest.raises(ValueError, match="smoothing must be over 0, not 0"):
        spectral_density(quadratic(4), np.zeros(4), smoothing=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("dataset", ["moons", "circles", "spirals", "blobs"])
def test_the_nodes_lie_within_the_spectrum_where_most_eigenvalues_are_zero(dataset, dtype):
    run = train(Experiment().replace(dataset=dataset, width=5, depth=3, num_steps=50))
    loss = objective(run, dtype=dtype)
    exact = np.linalg.eigvalsh(hessian(loss, run.parameters[-1]).astype(float))
    found = spectral_density(loss, run.parameters[-1])
    slack = 1e-3 * np.abs(exact).max()
    assert exact[0] - slack <= found.nodes.min() <= found.nodes.max() <= exact[-1] + slack


@pytest.mark.parametrize("seed", range(8))
def test_the_top_eigenvalue_is_not_the_second_where_the_least_is_four_times_as_large(seed):
    experiment = Experiment().replace(
        dataset="linear-map", preprocessing="standardize", loss="squared", activation="tanh", width=3, depth=2,
        normalization="group", placement="after", groups=1, num_examples=53, num_steps=5, batch_size=16, seed=32,
    )  # fmt: skip
    run = train(experiment)
    loss = objective(run, num_examples=30)
    exact = np.linalg.eigvalsh(hessian(loss, run.parameters[-1]).astype(float))
    found = top_eigenvalues(loss, run.parameters[-1], seed=seed)
    assert found.values[0] == pytest.approx(exact[-1], rel=1e-3)
