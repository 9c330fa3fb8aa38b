"""All that is computed is computed on the device of choice, and says so.

Where there is no GPU a simulated device stands for one (`simulated_device`): it computes on the CPU, but no tensor that
is on it meets one that is not. With a GPU the same is seen on CUDA.
"""

import sys
from contextlib import nullcontext
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
import torch

import landscape
from landscape import Domain, Experiment, objective, train
from landscape.serving import devices
from landscape.serving.devices import device_name
from models.build import NETWORKS
from models.normalization import LAYERS
from tests.simulated_device import DEVICE, Distant, Generator, Simulation

SMALL = Experiment().replace(num_examples=100, width=8, depth=2, groups=2, num_steps=3, batch_size=32)
SIMULATED = not torch.cuda.is_available()


@pytest.fixture
def elsewhere(monkeypatch):
    """A context in which the device of choice is the GPU, or the simulated one."""
    if not SIMULATED:
        return nullcontext()
    monkeypatch.setattr(torch, "Generator", Generator)
    choose(monkeypatch, DEVICE)
    return Simulation()


def choose(monkeypatch, device):
    for name, module in list(sys.modules.items()):
        if name.startswith("landscape.") and hasattr(module, "default_device"):
            monkeypatch.setattr(module, "default_device", lambda: device)


def numbers(result):
    """All numbers of a result, those of the results in it included."""
    if is_dataclass(result):
        result = [getattr(result, field.name) for field in fields(result) if field.name not in ("seconds", "plane")]
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return np.concatenate([numbers(one) for one in result] or [np.empty(0)])
    if isinstance(result, float | int | np.ndarray):
        return np.ravel(result).astype(float)
    return np.empty(0)


def names(result):
    """The devices that a result names, and the results in it."""
    if isinstance(result, list | tuple):
        return {name for one in result for name in names(one)}
    if not is_dataclass(result):
        return set()
    inner = {name for field in fields(result) for name in names(getattr(result, field.name))}
    return inner | ({result.device} if hasattr(result, "device") else set())


def configurations():
    for kind in NETWORKS:
        for normalization in LAYERS:
            try:
                experiment = SMALL.replace(kind=kind, normalization=normalization)
                landscape.network_of(experiment)
            except ValueError:
                continue
            yield pytest.param(experiment, id=f"{kind}-{normalization}")


def test_the_simulated_device_refuses_what_is_on_the_cpu():
    with Simulation():
        there, here = torch.ones(3, device=DEVICE), torch.arange(3)
        assert isinstance(there, Distant)
        assert (there + torch.tensor(2.0)).tolist() == [3.0, 3.0, 3.0]
        assert there[here].cpu().tolist() == [1.0, 1.0, 1.0]
        for mixed in (lambda: there + here, lambda: here[there.long()], lambda: there.mul_(here.float())):
            with pytest.raises(RuntimeError, match="on the CPU"):
                mixed()


def compare(compute, elsewhere, monkeypatch, rtol, noisy=False):
    """See that all is computed on the device of choice, named in the results, and the same as on the CPU.

    noisy: whether it draws noise where it computes, which on CUDA is another than on the CPU.
    """
    with elsewhere:
        chosen = device_name(landscape.serving.devices.default_device())
        there = compute()
    choose(monkeypatch, torch.device("cpu"))
    here = compute()
    assert chosen != "CPU"
    assert names(there) == {chosen}
    assert names(here) == {"CPU"}
    if SIMULATED or not noisy:
        np.testing.assert_allclose(numbers(there), numbers(here), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("experiment", list(configurations()))
def test_a_training_and_its_surfaces(experiment, elsewhere, monkeypatch):
    def compute():
        found = [train(experiment)]
        for statistics in ("batch", "running", "population"):
            loss = objective(found[0], statistics=statistics, num_examples=40)
            plane, points = landscape.random_plane(found[0].parameters[-1], loss.layout), landscape.axis(0.1, 3)
            found.append(landscape.loss_surface(loss, plane, points, points, accuracy=True))
        return found

    compare(compute, elsewhere, monkeypatch, 1e-3, noisy=experiment.network.normalization == "batch-noisy")


def without_vectors(found):
    """Eigenvalues without their vectors and residuals, whose signs and last digits are the device's own."""
    return replace(found, vectors=np.empty(0), residuals=np.empty(0))


SIZES = np.array([0.05, 0.1])
AT_A_POINT = {
    "top eigenvalues": lambda loss, at: without_vectors(landscape.top_eigenvalues(loss, at, 2)),
    "bottom eigenvalues": lambda loss, at: without_vectors(landscape.bottom_eigenvalues(loss, at)),
    "gradient energy": lambda loss, at: landscape.gradient_energy(loss, at, landscape.top_eigenvalues(loss, at)),
    "relative sharpness": lambda loss, at: without_vectors(
        landscape.top_eigenvalues(*landscape.relative_objective(loss, at))
    ),
    "trace": lambda loss, at: landscape.hessian_trace(loss, at, 4),
    "spectral density": lambda loss, at: landscape.spectral_density(loss, at, 2, 6),
    "losses": lambda loss, at: landscape.losses_at(loss, np.stack([at, 0.9 * at])),
    "probe": lambda loss, at: landscape.probe_along_gradient(loss, at, SIZES),
    "line": lambda loss, at: landscape.line_along_gradient(loss, at, SIZES, SIZES),
    "shift": lambda loss, at: landscape.internal_covariate_shift(loss, at, 0.9 * at),
}
OF_A_RUN = {
    "path": lambda run, loss: landscape.path_on(loss, landscape.pca_plane(run.parameters), run.parameters, run.steps),
    "sharpness": lambda run, loss: landscape.sharpness_along(loss, run.parameters[[0, -1]], run.steps[[0, -1]]),
    "histograms": lambda run, loss: landscape.activation_histograms(run),
    "layer inputs": lambda run, loss: landscape.layer_inputs(run),
    "kurtosis": lambda run, loss: landscape.excess_kurtosis(run),
    "gradient norms": lambda run, loss: landscape.gradient_norms(run),
    "Jacobians": lambda run, loss: landscape.layer_jacobians(run),
    "domains": lambda run, loss: landscape.domain_shift(run, Domain()),
}
OF_AN_EXPERIMENT = {
    "smoothness": landscape.smoothness_of,
    "shift": lambda experiment: landscape.shift_of(experiment, 2),
    "step": lambda experiment: (loss := landscape.step_objective(experiment, 2))(loss.start[None]).tolist(),
    "sweep of a stack": lambda experiment: landscape.sweep(experiment, "learning_rate", [0.01, 0.1], [0, 1]),
    "sweep side by side": lambda experiment: landscape.sweep(experiment, "batch_size", [16, 32]),
    "Adam, squared": lambda experiment: train(experiment.replace(optimizer="adam", loss="squared")),
}
BATCHNORM = SMALL.replace(normalization="batch", learning_rate=0.01)


@pytest.mark.parametrize("measure", AT_A_POINT.values(), ids=AT_A_POINT)
def test_a_measure_at_a_point(measure, elsewhere, monkeypatch):
    def compute():
        run = train(BATCHNORM)
        return [run, measure(objective(run, num_examples=40), run.parameters[-1])]

    compare(compute, elsewhere, monkeypatch, 1e-2)


@pytest.mark.parametrize("experiment", [BATCHNORM, BATCHNORM.replace(kind="cnn", width=4)], ids=["mlp", "cnn"])
@pytest.mark.parametrize("measure", OF_A_RUN.values(), ids=OF_A_RUN)
def test_a_measure_of_a_run(measure, experiment, elsewhere, monkeypatch):
    def compute():
        run = train(experiment)
        return [run, measure(run, objective(run, num_examples=40))]

    compare(compute, elsewhere, monkeypatch, 1e-2)


@pytest.mark.parametrize("experiment", [BATCHNORM, SMALL.replace(dropout=0.1)], ids=["BatchNorm", "dropout"])
@pytest.mark.parametrize("measure", OF_AN_EXPERIMENT.values(), ids=OF_AN_EXPERIMENT)
def test_a_measure_of_an_experiment(measure, experiment, elsewhere, monkeypatch):
    noisy = experiment.network.dropout > 0
    compare(lambda: [train(experiment), measure(experiment)], elsewhere, monkeypatch, 1e-2, noisy)


def test_a_module_of_ones_own(elsewhere, monkeypatch):
    data = torch.randn(20, 3), torch.randint(2, (20,))

    def compute():
        device = landscape.serving.devices.default_device()
        torch.manual_seed(0)
        layers = torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 2)
        module = torch.nn.Sequential(*layers).to(device)
        loss = landscape.module_objective(module, torch.nn.functional.cross_entropy, data)
        plane, points = landscape.random_plane(loss.parameters, loss.layout), landscape.axis(1, 3)
        top = landscape.top_eigenvalues(loss, loss.parameters)
        return [landscape.loss_surface(loss, plane, points, points), without_vectors(top)]

    compare(compute, elsewhere, monkeypatch, 1e-3)


def test_free_memory_is_returned_each_time_the_process_grew_and_not_in_between(monkeypatch):
    held, free, returned = [1000], [0], []

    def release():
        returned.append(free[0])
        held[0], free[0] = held[0] - free[0], 0

    monkeypatch.setattr(devices, "_least_resident", 2**63)
    monkeypatch.setattr(devices, "GROWTH_BYTES", 64)
    monkeypatch.setattr(devices, "_resident", lambda: held[0])
    monkeypatch.setattr(devices, "release_freed_memory", release)
    for live, freed in ((0, 0), (0, 60), (20, 30), (-100, 0), (80, 0), (0, 10), (0, 50), (0, 5)):
        held[0] += live + freed
        free[0] += freed
        devices.limit_freed_memory()
    # What lives on is not returned, and counts no more afterwards; once less lives, growth counts from there.
    assert returned == [90, 0, 65]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells it so")
def test_how_much_the_process_holds_is_in_bytes():
    before = devices._resident()
    held = np.ones(2**23)
    assert 0.9 * held.nbytes < devices._resident() - before < 1.5 * held.nbytes
