"""A network folded into one without normalization computes what its stored statistics give."""

import numpy as np
import pytest
import torch

from landscape import Experiment, folded, folding_error, load, network_of, train
from models.normalization import Context
from tests.cases import SMALL

CASES = {
    "batch": SMALL.replace(normalization="batch"),
    "without scale and shift": SMALL.replace(normalization="batch", affine=False),
    "renormalized": SMALL.replace(normalization="batch-renorm"),
    "detached, with a bias": SMALL.replace(normalization="batch-detached"),
    "l1": SMALL.replace(normalization="batch-l1"),
    "images": Experiment().replace(
        kind="cnn", width=3, depth=2, num_examples=100, num_steps=10, normalization="batch", batch_size=16
    ),
}


def outputs(run, x):
    network = network_of(run.experiment)
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]))
    parameters = torch.as_tensor(run.parameters[-1:])
    return network.forward(parameters, state, x[None], Context(statistics="stored"))[0][0].numpy()


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_the_same(name):
    run = train(CASES[name])
    plain, x = folded(run), load(run.experiment.data).train_x
    assert plain.experiment.network.normalization == "none"
    assert plain.states.shape == (1, 0)
    own = outputs(run, x)
    np.testing.assert_allclose(outputs(plain, x), own, atol=1e-4 * np.abs(own).max())
    found = folding_error(run)
    assert found.difference < 1e-4 * found.largest
    assert found.alike == 1


def test_the_map_of_a_layer_is_the_closed_form():
    run = train(CASES["batch"])
    network = network_of(run.experiment)
    parts = network.layout.split(torch.as_tensor(run.parameters[-1:]).double())
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]).double())["layer1"]
    factor = parts["layer1.scale"] / torch.sqrt(state["variance"] + 1e-5)
    found = network_of(folded(run).experiment).layout.split(torch.as_tensor(folded(run).parameters))
    np.testing.assert_allclose(found["layer1.weight"][0], (parts["layer1.weight"] * factor[:, None])[0], rtol=1e-5)
    expected = parts["layer1.shift"] - factor * state["mean"]
    np.testing.assert_allclose(found["layer1.bias"][0], expected[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (SMALL, "normalized over the batch"),
        (SMALL.replace(normalization="batch", placement="after"), "before the activation"),
        (SMALL.replace(normalization="batch", normalized="both"), "before the activation"),
        (Experiment().replace(kind="recurrent", depth=1, width=4, normalization="batch", num_steps=2), "recurrent"),
    ],
)
def test_what_cannot_be_folded_says_why(experiment, said):
    with pytest.raises(ValueError, match=said):
        folded(train(experiment.replace(num_steps=1)))
