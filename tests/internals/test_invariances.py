"""What may be rescaled: against a forward pass in plain NumPy, the published table, and finite differences."""

import numpy as np
import pytest
import torch

from landscape import Experiment, invariances, rescaled_gradients, train
from landscape.data import load
from landscape.internals.invariances import Rescaling, middle_of
from landscape.loss.network import network_of
from models.normalization import Context

SMALL = Experiment().replace(depth=3, width=16, num_steps=30, seed=5)
SIX = ("layer", "layer-shift", "unit", "inputs", "inputs-shift", "example")

PUBLISHED = {
    "batch": (True, False, True, True, True, False),
    "weight": (True, False, True, False, False, False),
    "layer": (True, True, False, True, False, True),
    "rms": (True, False, False, True, False, True),
    "none": (False,) * 6,
}
"""Ba, Kiros & Hinton 2016, arXiv 1607.06450, Table 1; RMS normalization as Zhang & Sennrich 2019 extend it."""


@pytest.mark.parametrize("factor", [0.5, 3.0, 10.0, 100.0])
@pytest.mark.parametrize("kind", PUBLISHED)
def test_the_table_is_the_published_one_cell_by_cell(kind, factor):
    change = invariances(SMALL.replace(normalization=kind, width=32), factor).change
    for rescaling, blind in zip(SIX, PUBLISHED[kind], strict=True):
        if blind:
            assert change[rescaling] < 1e-4, (rescaling, change[rescaling])
        else:
            assert change[rescaling] > 0.05, (rescaling, change[rescaling])


@pytest.mark.parametrize("kind", ["none", "layer", "rms", "group", "weight", "propagation"])
def test_what_looks_at_one_example_leaves_the_others_exactly(kind):
    assert invariances(SMALL.replace(normalization=kind), 3.0).change[Rescaling.OTHERS] == 0


@pytest.mark.parametrize("kind", ["batch", "batch-center", "batch-l1", "weight-mean"])
def test_what_looks_at_the_batch_does_not(kind):
    assert invariances(SMALL.replace(normalization=kind, width=32), 3.0).change[Rescaling.OTHERS] > 0.01


def numpy_outputs(weights, x, kind):
    """Return the outputs of a perceptron without biases, scale 1 and shift 0, normalized before ReLU."""
    for weight in weights[:-1]:
        x = x @ weight
        if kind == "batch":
            x = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
        elif kind == "layer":
            x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
        x = np.maximum(x, 0)
    return x @ weights[-1]


@pytest.mark.parametrize("kind", ["none", "batch", "layer"])
def test_changes_are_those_of_a_pass_in_numpy(kind):
    experiment, factor = SMALL.replace(normalization=kind), 3.0
    network = network_of(experiment)
    parts = network.layout.split(network.initial_parameters([experiment.seed]).double())
    weights = [parts[f"{item.place}.weight"][0].numpy() for item in network.maps.values()]
    x = load(experiment.data).train_x[:64].double().numpy()
    y = numpy_outputs(weights, x, kind)
    change = invariances(experiment, factor).change

    def relative(after, before=y):
        return np.linalg.norm(after - before) / np.linalg.norm(before)

    scaled = [weight * (factor if i == 1 else 1) for i, weight in enumerate(weights)]
    larger = x.copy()
    larger[0] *= factor
    alone = numpy_outputs(weights, larger, kind)
    expected = {
        "layer": relative(numpy_outputs(scaled, x, kind)),
        "inputs": relative(numpy_outputs(weights, factor * x, kind)),
        "inputs-shift": relative(numpy_outputs(weights, x + factor, kind)),
        "example": relative(alone[:1], y[:1]),
        "others": relative(alone[1:], y[1:]),
    }
    for rescaling, value in expected.items():
        assert change[rescaling] == pytest.approx(value, rel=1e-6, abs=1e-12), rescaling


def test_without_biases_or_normalization_a_factor_of_a_layer_is_that_of_the_outputs():
    assert invariances(SMALL, 5.0).change[Rescaling.LAYER] == pytest.approx(4.0)


def test_images_and_sequences_are_rescaled_too():
    for kind in ("cnn", "recurrent"):
        change = invariances(SMALL.replace(kind=kind, depth=2, width=6, normalization="batch"), 3.0).change
        assert change[Rescaling.LAYER] < 1e-4
        assert all(np.isfinite(value) for value in change.values())


def test_one_example_has_no_others():
    with pytest.raises(ValueError, match="at least 2"):
        invariances(SMALL, examples=1)


def run_of(kind):
    return train(SMALL.replace(normalization=kind, learning_rate=0.05))


def test_a_run_is_rescaled_at_its_last_weights():
    run = run_of("layer")
    assert invariances(run).change[Rescaling.LAYER] > 10 * invariances(run.experiment).change[Rescaling.LAYER]
    assert invariances(run_of("weight")).change[Rescaling.UNIT] < 1e-12


@pytest.mark.parametrize("kind", ["batch", "weight", "propagation"])
def test_the_gradient_is_divided_by_the_factor_and_stands_at_right_angles(kind):
    factors = np.array([0.3, 1.0, 3.0, 30.0])
    found = rescaled_gradients(run_of(kind), factors)
    np.testing.assert_allclose(found.norms * factors, found.norms[1], rtol=0.01)
    assert np.abs(found.cosines).max() < 1e-3


def test_without_normalization_it_is_neither():
    found = rescaled_gradients(run_of("none"), [1.0, 10.0])
    assert found.norms[1] > 0.5 * found.norms[0]
    assert np.abs(found.cosines).max() > 0.1


def test_a_gradient_is_that_of_finite_differences():
    run = run_of("layer")
    network = network_of(run.experiment)
    place = middle_of(network)
    (found,) = rescaled_gradients(run, [2.0], examples=32).norms
    data, block = load(run.experiment.data), network.layout.slice(f"{place}.weight")
    x, y = data.train_x[None, :32].double(), data.train_y[:32]
    start = torch.as_tensor(run.parameters[-1:]).double()
    start[:, block] *= 2.0

    def loss(parameters):
        outputs, _ = network.forward(parameters, network.initial_state(len(parameters), parameters), x, Context())
        return torch.stack([torch.nn.functional.cross_entropy(own, y) for own in outputs])

    size, step = block.stop - block.start, 1e-5
    moves = torch.zeros(size, start.shape[1], dtype=torch.float64)
    moves[torch.arange(size), torch.arange(block.start, block.stop)] = step
    slopes = (loss(start + moves) - loss(start - moves)) / (2 * step)
    assert found == pytest.approx(float(slopes.norm()), rel=1e-4)


def test_a_factor_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        rescaled_gradients(run_of("none"), [1.0, 0.0])
