"""Statistics of batches against numpy on the layers' inputs, and against closed forms of sampling."""

import numpy as np
import pytest
import torch

from landscape import (
    Experiment,
    batch_statistics,
    load,
    network_of,
    read_later,
    renormalization_corrections,
    shared_over_time,
    stored_statistics,
    train,
)
from landscape.data.batch_orders import drawn_batches

DIGITS = Experiment().replace(depth=2, width=8, num_steps=60, batch_size=32)


@pytest.fixture(scope="module")
def batch():
    return train(DIGITS.replace(normalization="batch", seed=5))


@pytest.fixture(scope="module")
def renorm():
    return train(DIGITS.replace(normalization="batch-renorm", seed=5, num_steps=150))


def entering(run):
    """Return what enters the first normalization, (N, C), in float64."""
    network, data = network_of(run.experiment), load(run.experiment.data)
    weight = network.layout.split(torch.as_tensor(run.parameters[-1:]))["layer1.weight"][0]
    return (data.train_x.double() @ weight.double()).numpy()


def test_a_batch_of_all_has_the_statistics_of_the_population(batch):
    z = entering(batch)
    found = batch_statistics(batch, [len(z)], draws=2)
    np.testing.assert_allclose(found.population_mean[0], z.mean(0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.population_variance[0], z.var(0), rtol=1e-3)
    assert found.error.max() < 1e-4
    assert found.expected[0] == 0
    assert found.places == ("layer1", "layer2")
    np.testing.assert_allclose(found.biased, 1, rtol=1e-4)


def test_errors_and_variances_of_drawn_batches_are_those_of_sampling(batch):
    found = batch_statistics(batch, [2, 8, 64], draws=100, seed=3)
    np.testing.assert_allclose(found.error[:, 0] / found.expected, 1, atol=0.1)
    np.testing.assert_allclose(found.biased[:, 0], [1 / 2, 7 / 8, 63 / 64], rtol=0.08)
    np.testing.assert_allclose(found.unbiased[:, 0], 1, rtol=0.08)


def test_the_moments_of_a_batch_are_numpys(batch):
    z, rows = entering(batch), drawn_batches(load(DIGITS.data).train_y, 4, seed=4 * 1000)[0]
    found = batch_statistics(batch, [4], draws=1, seed=0)
    np.testing.assert_allclose(found.mean[0, 0, 0], z[rows].mean(0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.variance[0, 0, 0], z[rows].var(0), rtol=1e-3, atol=1e-4)


def test_locations_count_as_values_of_a_unit():
    run = train(Experiment().replace(kind="cnn", depth=1, width=3, num_steps=2, normalization="batch", num_examples=80))
    found = batch_statistics(run, [1, 2], draws=3)
    assert found.values.tolist() == [64]
    np.testing.assert_allclose(found.unbiased[0] / found.biased[0], 64 / 63, rtol=1e-6)


def test_r_and_d_take_a_batch_to_its_stored_statistics(renorm):
    """(x - mean) / deviation * r + d = (x - stored mean) / stored deviation."""
    z, y = entering(renorm), load(DIGITS.data).train_y
    rows, stored = drawn_batches(y, 16, seed=2), stored_statistics(renorm)
    found = renormalization_corrections(renorm, 16, seed=2)
    for i in (0, 7):
        own = z[rows[i]]
        xhat = (own - own.mean(0)) / np.sqrt(own.var(0) + 1e-5) * found.r[i, 0] + found.d[i, 0]
        expected = (own - stored.mean[0]) / stored.deviation[0]
        np.testing.assert_allclose(xhat, expected, rtol=1e-3, atol=1e-3)
    assert (found.r_max, found.d_max) == (3, 5)
    beyond = (found.r > 3) | (found.r < 1 / 3) | (np.abs(found.d) > 5)
    assert found.clipped == pytest.approx(beyond.mean())


def test_what_is_stored_is_the_state(batch):
    network = network_of(batch.experiment)
    state = network.unflatten_state(torch.as_tensor(batch.states[-1:]))
    found = stored_statistics(batch)
    np.testing.assert_allclose(found.mean[1], state["layer2"]["mean"][0])
    np.testing.assert_allclose(found.deviation[1], (state["layer2"]["variance"][0] + 1e-5).sqrt(), rtol=1e-6)
    assert found.numbers == batch.states.shape[1] == 32


def test_a_network_without_stored_moments_says_so():
    run = train(DIGITS.replace(normalization="layer", num_steps=2))
    with pytest.raises(ValueError, match="which layer normalization does not"):
        stored_statistics(run)


READER = Experiment().replace(kind="recurrent", depth=2, width=6, num_steps=8, activation="tanh", num_examples=200)


@pytest.mark.parametrize(
    "own", [{}, {"normalization": "batch"}, {"normalization": "batch", "time_statistics": "shared"}]
)
def test_a_sequence_as_long_as_in_training_is_read_as_there(own):
    run = train(READER.replace(**own))
    assert read_later(run, [0]).accuracy[0] == pytest.approx(run.test_accuracy[-1])


def test_later_steps_take_the_statistics_of_the_last():
    """By a naive loop over the steps of an image with two blank rows before it."""
    run = train(READER.replace(depth=1, normalization="batch", seed=2))
    network, data = network_of(run.experiment), load(run.experiment.data)
    parts = {name: part[0] for name, part in network.layout.split(torch.as_tensor(run.parameters[-1:])).items()}
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]))
    images = data.test_x.view(-1, 8, 8)
    rows = torch.cat([torch.full((len(images), 2, 8), float(images.min())), images], 1)
    h = torch.zeros(len(images), 6)
    for t in range(10):
        own = {name: values[0] for name, values in state[f"layer1.t{min(t + 1, 8)}"].items()}
        z = torch.cat([rows[:, t], h], 1) @ parts["layer1.weight"]
        xhat = (z - own["mean"]) / torch.sqrt(own["variance"] + 1e-5)
        h = torch.tanh(parts["layer1.scale"] * xhat + parts["layer1.shift"])
    outputs = h @ parts["output.weight"] + parts["output.bias"]
    expected = float((outputs.argmax(1) == data.test_y).float().mean())
    assert read_later(run, [2]).accuracy[0] == pytest.approx(expected, abs=0.03)


def test_one_set_for_all_steps_is_what_a_training_with_it_stores():
    own = READER.replace(normalization="batch", seed=3)
    expected, found = train(own.replace(time_statistics="shared")), shared_over_time(train(own))
    np.testing.assert_allclose(found.states, expected.states[-1:], rtol=1e-4, atol=1e-5)
    assert np.array_equal(found.parameters, expected.parameters[-1:])
    assert found.test_accuracy[-1] == pytest.approx(expected.test_accuracy[-1], abs=0.03)
    with pytest.raises(ValueError, match="there are none to share"):
        shared_over_time(expected)


def test_what_is_no_recurrent_network_cannot_read_later(batch):
    with pytest.raises(ValueError, match="must be recurrent"):
        read_later(batch, [1])
