"""The measures along the gradient: closed forms on quadratics, and the paper's definition as a plain `torch.nn` loop."""

import pickle

import numpy as np
import pytest
import torch

from landscape.data import load
from landscape.dynamics.smoothness import Ladder, LineTask, SmoothnessTask, ladder_of, smoothness_of
from landscape.dynamics.steps import step_objective
from landscape.geometry.gradient_lines import GradientLine, line_along_gradient, probe_along_gradient
from landscape.loss.network import network_of
from landscape.serving.devices import device_name
from landscape.training.training import train
from tests.cases import NETWORKS, SMALL, Quadratic, quadratic
from tests.reference import plain_loss, twin

SIZES = np.array([0.01, 0.1, 0.7])
POINT = np.array([1.0, -2.0, 0.5, 3.0])


def quadratic_gradient():
    loss = quadratic(4)
    return loss, loss.A.numpy(), loss.A.numpy() @ POINT + loss.b.numpy()


def test_on_a_quadratic_the_change_is_the_step_times_a_g():
    loss, A, g = quadratic_gradient()
    probe = probe_along_gradient(loss, POINT, SIZES)
    np.testing.assert_allclose(probe.loss, [loss.at(POINT - rho * g) for rho in SIZES], rtol=1e-12)
    np.testing.assert_allclose(probe.gradient_change, SIZES * np.linalg.norm(A @ g), rtol=1e-9)
    np.testing.assert_allclose(probe.effective_beta, np.linalg.norm(A @ g) / np.linalg.norm(g), rtol=1e-9)
    assert probe.max_beta == pytest.approx(np.linalg.norm(A @ g) / np.linalg.norm(g))
    assert (probe.start_loss, probe.gradient_norm) == pytest.approx((loss.at(POINT), np.linalg.norm(g)))
    assert probe.loss_range == pytest.approx(np.ptp(probe.loss))
    np.testing.assert_allclose(probe.change_band, probe.gradient_change[[0, -1]])


def test_on_a_quadratic_the_line_is_a_parabola_with_its_slope():
    loss, A, g = quadratic_gradient()
    grid = np.linspace(0, 1, 11)
    line = line_along_gradient(loss, POINT, grid, SIZES)
    np.testing.assert_allclose(
        line.loss, loss.at(POINT) - grid * (g @ g) + grid**2 / 2 * (g @ A @ g), rtol=1e-9, atol=1e-9
    )
    gradients = np.stack([g - rho * A @ g for rho in SIZES])
    np.testing.assert_allclose(line.along, gradients @ g / np.linalg.norm(g), rtol=1e-9)
    np.testing.assert_allclose(np.hypot(line.along, line.across), np.linalg.norm(gradients, axis=1), rtol=1e-9)
    np.testing.assert_allclose(line.arrow_loss, [loss.at(POINT - rho * g) for rho in SIZES], rtol=1e-9)


def test_what_overflows_counts_as_an_infinite_range():
    loss, _, _ = quadratic_gradient()
    probe = probe_along_gradient(loss, POINT, [1e-3, 1e200])
    assert not np.isfinite(probe.loss[1])
    assert np.isinf(probe.loss_range)
    assert np.isinf(probe.change_band[1])
    loss = Quadratic(np.diag([1e200, -1e200]), np.ones(2))  # its gradient is not a number there
    probe = probe_along_gradient(loss, np.ones(2), [1e-9, 1e200])
    assert np.isnan(probe.effective_beta[1])
    assert np.isinf(probe.max_beta)


@pytest.mark.parametrize("sizes", [[], [0.0, 1.0], [-1.0], 0.1])
def test_steps_are_over_0(sizes):
    with pytest.raises(ValueError, match="over 0"):
        probe_along_gradient(quadratic(4), POINT, sizes)


def batches_of(experiment):
    """Yield the indexes of each step: a permutation an epoch from the seed's generator, cut, the rest dropped."""
    count, size = len(load(experiment.data).train_x), experiment.training.batch_size
    generator = torch.Generator().manual_seed(experiment.seed + 1)
    while True:
        order = torch.randperm(count, generator=generator)
        yield from order[: count // size * size].split(size)


def loss_and_gradient(net, x, y, experiment):
    loss = plain_loss(net(x), y, experiment)
    return loss.item(), torch.autograd.grad(loss, list(net.parameters()))


def santurkar(experiment, steps, factors):
    """Train a twin by plain gradient descent and return L and |grad L - g| along g (M, K) at steps, and |g| (M,)."""
    network, data, rate = network_of(experiment), load(experiment.data), experiment.training.learning_rate
    net = twin(experiment, network.initial_parameters([experiment.seed])[0].numpy()).train()
    batches, losses, changes, norms = batches_of(experiment), [], [], []
    for step in range(max(steps) + 1):
        index = next(batches)
        x, y = data.train_x.double()[index], data.train_y[index]
        _, g = loss_and_gradient(net, x, y, experiment)
        start = [p.detach().clone() for p in net.parameters()]
        rows = []
        for rho in [rate * factor for factor in factors] if step in steps else []:
            for p, w, slope in zip(net.parameters(), start, g, strict=True):
                p.data = w - rho * slope
            loss, there = loss_and_gradient(net, x, y, experiment)
            rows.append((loss, float(sum((a - b).pow(2).sum() for a, b in zip(there, g, strict=True))) ** 0.5))
        if rows:
            losses.append([row[0] for row in rows])
            changes.append([row[1] for row in rows])
            norms.append(float(sum(part.pow(2).sum() for part in g)) ** 0.5)
        for p, w, slope in zip(net.parameters(), start, g, strict=True):
            p.data = w - rate * slope
    return np.array(losses), np.array(changes), np.array(norms)


@pytest.mark.parametrize("name", ["none", "batch", "batch-both", "layer"])
def test_along_a_training_it_is_what_the_paper_defines(name):
    experiment = NETWORKS[name].replace(num_steps=12)
    ladder = Ladder(rungs=3, probes=4)
    found = smoothness_of(experiment, ladder)
    assert found.steps.tolist() == [0, 4, 7, 11]
    sizes = found.probe.step_sizes
    np.testing.assert_allclose(sizes, experiment.training.learning_rate * np.array([0.5, 2**0.5, 4]))
    losses, changes, norms = santurkar(experiment, found.steps, [0.5, 2**0.5, 4])
    np.testing.assert_allclose(found.probe.loss, losses, rtol=2e-4)
    np.testing.assert_allclose(found.probe.gradient_change, changes, rtol=5e-3)
    np.testing.assert_allclose(found.probe.gradient_norm, norms, rtol=2e-3)
    np.testing.assert_allclose(found.probe.max_beta, (changes / (sizes * norms[:, None])).max(1), rtol=5e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"normalization": "batch-noisy"},
        {"normalization": "batch-renorm"},
        {"dropout": 0.3},
        {"normalization": "weight"},
        {"optimizer": "adam", "learning_rate": 0.01},
        {"batch_size": 20000},
        {"kind": "cnn", "dataset": "digits", "width": 4, "normalization": "batch"},
    ],
)
def test_measuring_leaves_the_training_as_it_is_and_starts_from_its_loss(changes):
    experiment = SMALL.replace(num_steps=8, **changes)
    found, alone = smoothness_of(experiment, Ladder(rungs=2, probes=8)), train(experiment)
    np.testing.assert_array_equal(found.run.parameters, alone.parameters)
    np.testing.assert_array_equal(found.run.loss, alone.loss)
    np.testing.assert_allclose(found.probe.start_loss, alone.loss, rtol=1e-5)
    np.testing.assert_allclose(found.probe.gradient_norm, alone.gradient_norm, rtol=1e-3)


def test_the_noise_of_a_step_is_one_draw_for_all_members():
    loss = step_objective(SMALL.replace(normalization="batch-noisy"), 3)
    losses = loss(loss.start.expand(4, -1))
    assert len(set(losses.tolist())) == 1
    other = step_objective(SMALL.replace(normalization="batch-noisy", seed=1), 3)
    other.noise, noisy = loss.noise, other(other.start[None])
    assert noisy != other(other.start[None])


def test_chunks_give_the_same_and_the_task_pickles_between_them():
    experiment, ladder = SMALL.replace(num_steps=10, normalization="batch"), Ladder(rungs=2, probes=5)
    whole, task = smoothness_of(experiment, ladder), SmoothnessTask(experiment, ladder)
    assert task.partial() is None
    task.advance(0)
    first = task.partial()
    assert first.steps.tolist() == [0]
    while not task.finished:
        task = pickle.loads(pickle.dumps(task))
        task.advance(0)
    assert first.probe.loss.shape == (1, 2)
    np.testing.assert_array_equal(task.result().probe.loss, whole.probe.loss)
    np.testing.assert_array_equal(task.result().steps, whole.steps)


def test_a_training_that_diverges_is_measured_until_then():
    experiment = SMALL.replace(learning_rate=100, loss="squared", activation="linear")
    found = smoothness_of(experiment, Ladder(probes=30))
    assert found.run.diverged_at == len(found.steps)
    with pytest.raises(ValueError, match="before it diverges"):
        step_objective(experiment, 29)


def test_a_step_that_is_not_done_is_refused():
    for step in (-1, 30):
        with pytest.raises(ValueError, match="from 0 to 29"):
            step_objective(SMALL, step)


def test_the_ladders_are_the_papers():
    assert (ladder_of(SMALL).lowest, ladder_of(SMALL).highest) == (0.5, 4)
    deep_linear = ladder_of(SMALL.replace(activation="linear"))
    assert (deep_linear.lowest, deep_linear.highest) == (0.01, 30)
    with pytest.raises(ValueError, match="lowest must be at most"):
        Ladder(lowest=5)


def test_the_line_of_a_step_starts_at_its_loss_and_weights():
    experiment = SMALL.replace(num_steps=12, normalization="batch")
    measured = smoothness_of(experiment, Ladder(highest=4, rungs=3, probes=12))
    task = LineTask(measured, 7)
    while not task.finished:
        assert 0 <= task.fraction < 1
        task = pickle.loads(pickle.dumps(task))
        task.advance(0)
    found, rate = task.result(), experiment.training.learning_rate
    assert found.step == 7
    assert found.line.loss[0] == pytest.approx(measured.run.loss[7], rel=1e-5)
    assert found.line.step_sizes[[0, -1]] == pytest.approx([0, 4 * rate])
    assert found.line.arrow_sizes == pytest.approx([rate, 2 * rate, 4 * rate])
    # The last rung of the ladder is the end of the line.
    assert found.line.loss[-1] == pytest.approx(measured.probe.loss[7, -1], rel=1e-4)


def line_of(measured, step):
    task = LineTask(measured, step)
    while not task.finished:
        task.advance(1)
    return task.result()


@pytest.mark.parametrize("probes", [30, 1])
def test_a_line_of_a_training_that_diverged_starts_at_its_last_step_before(probes):
    experiment = SMALL.replace(learning_rate=0.5, loss="squared", activation="linear")
    measured = smoothness_of(experiment, Ladder(probes=probes))
    assert line_of(measured, 29).step == measured.run.diverged_at - 1 > 0


def test_a_line_starts_at_its_step_whichever_steps_were_measured():
    measured = smoothness_of(SMALL, Ladder(probes=1))
    last = SMALL.training.num_steps - 1
    assert measured.steps.tolist() == [0]
    assert [line_of(measured, step).step for step in (3, last, last + 9)] == [3, last, last]


def test_arrows_on_a_parabola_turn_back_beyond_its_bottom():
    loss = quadratic(1)
    gradient = loss.A.numpy()[0, 0] * 2.0 + loss.b.numpy()[0]
    bottom = 1 / loss.A.numpy()[0, 0]
    line = line_along_gradient(loss, np.array([2.0]), np.linspace(0, 4 * bottom, 21), [0.5 * bottom, 3 * bottom])
    assert line.gradient_norm == pytest.approx(abs(gradient))
    assert line.ratios == pytest.approx([1, 0.5, 2])
    assert line.angles == pytest.approx([0, 0, np.pi])
    assert line.turns == 1


@pytest.mark.parametrize(
    ("loss", "turns"),
    [
        (np.arange(9.0), 0),
        (np.sin(np.linspace(0, 20, 400)), 6),
        (np.ones(5), 0),
        (np.append(np.linspace(1, 0, 5), np.linspace(0, 0.03, 61)), 1),  # slowly, in steps under a thousandth
        (np.append(np.linspace(1, 0, 5), np.linspace(0, 0.0009, 61)), 0),
        (np.array([0, 1, 0.9995, 1.5, 1.4995, 2]), 0),
        (np.array([1, 0, np.inf]), 0),
    ],
)
def test_turns_are_counted(loss, turns):
    empty = np.zeros(0)
    assert GradientLine(np.arange(len(loss)), loss, empty, empty, empty, empty, 1.0, 1.0).turns == turns


def test_few_step_sizes_at_a_time_give_the_same_probe():
    loss, sizes = step_objective(NETWORKS["batch"], 3), np.geomspace(0.01, 1, 9)
    whole = probe_along_gradient(loss, loss.start, sizes)
    loss.chunk = 8
    parts = probe_along_gradient(loss, loss.start, sizes)
    for name in ("loss", "gradient_change", "effective_beta"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-4)
    assert whole.device == device_name(loss.device)
