"""What the sources state of networks as a whole, and what the README promises of a new normalization."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from landscape.experiment import Experiment
from landscape.training.training import train
from models.activations import Activation, activate
from models.build import build
from models.config import NetworkConfig
from models.normalization import LAYERS, Context, Normalization, example
from models.normalization.batch import OverBatch

MEMBERS, FEATURES = 3, 5
EXACT = {"rtol": 0.0, "atol": 1e-10}
THEIRS = {
    Activation.LINEAR: nn.Identity(),
    Activation.SIGMOID: nn.Sigmoid(),
    Activation.TANH: nn.Tanh(),
    Activation.RELU: nn.ReLU(),
    Activation.LEAKY_RELU: nn.LeakyReLU(),
    Activation.GELU: nn.GELU(),
}
OVER_BATCH = [member for member, layer in LAYERS.items() if issubclass(layer, OverBatch)]


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64)


@pytest.mark.parametrize("activation", Activation)
def test_activations_are_torchs(activation):
    x = normal(MEMBERS, 7, FEATURES)
    torch.testing.assert_close(activate(x.clone(), activation), THEIRS[activation](x), **EXACT)
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(activate(leaf, activation).sum(), leaf)
    (expected,) = torch.autograd.grad(THEIRS[activation](leaf).sum(), leaf)
    torch.testing.assert_close(gradient, expected, **EXACT)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("member", OVER_BATCH)
def test_testing_is_one_affine_map_that_the_linear_map_before_can_take_up(member, affine):
    layer = LAYERS[member](affine=affine)
    parameters = {name: normal(MEMBERS, FEATURES) for name in layer.parameters(FEATURES)}
    state = {name: 0.5 + normal(MEMBERS, FEATURES).abs() for name in layer.state(FEATURES)}
    x, weight, bias = normal(MEMBERS, 7, 4), normal(MEMBERS, 4, FEATURES), normal(MEMBERS, 1, FEATURES)
    expected, _ = layer.normalize(x @ weight + bias, parameters, state, Context(statistics="stored"))
    factor, shift = (values[:, None] for values in layer.folded(parameters, state))
    assert factor.shape == shift.shape == (MEMBERS, 1, FEATURES)
    torch.testing.assert_close(x @ (weight * factor) + (bias * factor + shift), expected, **EXACT)


def test_moving_averages_in_training_make_the_weights_grow_and_the_loss_fall_slowly():
    """Ioffe 2017, arXiv 1702.03275: what a gradient step gains the averages take back, here in part."""
    base = Experiment().replace(width=32, depth=3, num_steps=150, learning_rate=0.3)
    growth, loss = {}, {}
    for name in ("batch", "batch-moving"):
        run = train(base.replace(normalization=name))
        first = run.parameters[:, build(run.experiment.network, (64,), 10).layout.slice("layer1.weight")]
        growth[name] = (first[-1] ** 2).sum() / (first[0] ** 2).sum() - 1
        loss[name] = run.loss[-20:].mean()
    assert growth["batch-moving"] > 10 * growth["batch"]
    assert loss["batch-moving"] > 2 * loss["batch"]


def test_the_readmes_normalization_works_as_it_stands(monkeypatch):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (block,) = re.findall(r"```python\n(# models/normalization/example.py.*?)```", readme, re.DOTALL)
    layer, registry = block.split("# models/normalization/__init__.py")
    assert len(layer.splitlines()) <= 15
    assert [line.split("#")[0].strip() for line in registry.strip().splitlines()] == [
        'MAX = "max"',
        "Normalization.MAX: example.MaxNorm,",
    ]
    names = dict(vars(example))
    exec(layer, names)
    monkeypatch.setitem(LAYERS, Normalization.LAYER, names["MaxNorm"])
    network = build(NetworkConfig(normalization="layer", width=4, depth=1, activation="linear"), (3,), 2)
    parameters, x = network.initial_parameters([0, 1]).double(), normal(1, 6, 3)
    parts = network.layout.split(parameters)
    h = x @ parts["layer1.weight"] + parts["layer1.bias"][:, None]
    h = h / (h.abs().amax(2, keepdim=True) + 1e-5)
    outputs, _ = network.forward(parameters, network.initial_state(2, parameters), x, Context())
    torch.testing.assert_close(outputs, h @ parts["output.weight"] + parts["output.bias"][:, None], **EXACT)
