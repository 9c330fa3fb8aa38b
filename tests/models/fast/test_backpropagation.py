"""The gradient that is written out: against autograd, for all that it is made for, and it alone."""

import pytest
import torch

from landscape.experiment import LossFunction
from landscape.loss.losses import losses_of
from landscape.training.training import Training
from models.activations import Activation
from models.build import build
from models.config import NetworkConfig
from models.fast import door
from models.fast.backpropagation import WRITTEN_OUT, Backpropagation
from models.fast.losses import WITH_GRADIENT
from models.normalization import Context, Normalization
from tests.cases import SMALL

OTHERS = "batch-renorm", "batch-noisy", "group"
LIMITS = {"renorm_r": 1.2, "renorm_d": 0.1}


def both_ways(config, batches=3):
    """Outputs, gradients and averages of some batches: written out, and by autograd through the network itself."""
    inputs = (8, 8) if config.kind == "cnn" else (5,)
    network = build(config, inputs, 3)
    generator = torch.Generator().manual_seed(0)
    start = network.initial_parameters([0]).double()
    start = start + 0.1 * torch.randn(start.shape, generator=generator, dtype=torch.float64)

    def blocks(flat):
        return {name: part[0] if part.ndim == 2 else part for name, part in network.layout.split(flat).items()}

    gradient, states = torch.full_like(start, torch.nan), [network.initial_state(1, start) for _ in range(2)]
    noise = [(torch.Generator().manual_seed(1),) for _ in range(2)]
    by_hand = Backpropagation(network, blocks(start), blocks(gradient), states[0], "squared", generators=noise[0])
    for batch in range(batches):
        by_hand.now.progress = progress = batch / 2
        x, towards = (torch.randn(7, *shape, generator=generator, dtype=torch.float64) for shape in (inputs, (3,)))
        with torch.no_grad():
            found = by_hand.forward(x)
            by_hand.backward(towards)
        leaf = start.clone().requires_grad_()
        context = Context(progress=progress, training=True, generators=noise[1])
        outputs, states[1] = network.forward(leaf, states[1], x[None], context)
        (expected,) = torch.autograd.grad(outputs, leaf, towards[None])
        yield (found[None], gradient, states[0]), (outputs.detach(), expected, states[1])


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(
    ("kind", "normalization"), [("mlp", "none"), ("mlp", "batch"), ("mlp", "layer"), ("cnn", "none"), ("cnn", "batch")]
)
@pytest.mark.parametrize("activation", Activation)
def test_outputs_gradients_and_averages_are_those_of_autograd(activation, kind, normalization, affine):
    config = NetworkConfig(kind, 4, 3, activation, normalization=normalization, affine=affine)
    for found, expected in both_ways(config):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        *({"skip": True, "kind": kind, "normalization": name} for kind in ("mlp", "cnn") for name in ("none", "batch")),
        *({"normalization": "batch", "strength": strength, "skip": True} for strength in (0.0, 0.25, 0.9)),
        *({"normalization": name, "groups": 2, "width": 8} for name in OTHERS),
        *({"normalization": name, "groups": 2, "width": 8, "skip": True} for name in OTHERS),
        *({"normalization": "batch-renorm", "renorm_begin": begin, **LIMITS} for begin in (0.0, 0.75)),
    ],
    ids=str,
)
def test_so_are_those_with_skip_connections_and_with_relatives_of_batchnorm(changes, affine):
    config = NetworkConfig(**{"width": 4, "depth": 4, "affine": affine} | changes)
    for found, expected in both_ways(config):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"normalization": "batch", "normalized": "both"},
        {"normalization": "batch", "placement": "after"},
        {"dropout": 0.1},
        {"kind": "recurrent"},
        {"kind": "cnn", "normalization": "batch", "strength": 0.5},
        *({"kind": "cnn", "normalization": name} for name in ("layer", *OTHERS)),
        *({"normalization": name} for name in Normalization if name not in WRITTEN_OUT and name != "instance"),
    ],
    ids=str,
)
def test_others_are_left_to_autograd(changes):
    inputs = {"recurrent": (3, 2), "cnn": (8, 8)}.get(changes.get("kind"), (8,))
    assert not Backpropagation.can(build(NetworkConfig(width=8, depth=2, groups=2, **changes), inputs, 2))


@pytest.mark.parametrize("loss", LossFunction)
@pytest.mark.parametrize("classes", [True, False])
def test_a_loss_and_its_gradient_are_those_of_autograd(loss, classes):
    if loss is LossFunction.CROSS_ENTROPY and not classes:
        return
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(6, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([0, 2, 1, 1, 0, 2])
    if not classes:
        targets = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    expected = losses_of(outputs[None], targets[None], loss)[0]
    (gradient,) = torch.autograd.grad(expected, outputs)
    found = WITH_GRADIENT[loss](outputs.detach(), targets)
    torch.testing.assert_close(found, (expected.detach(), gradient), rtol=1e-12, atol=1e-15)


IMAGES = {"kind": "cnn", "dataset": "digits", "num_examples": 200, "num_steps": 8}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"normalization": "batch"},
        {"normalization": "batch", "loss": "squared"},
        {"normalization": "layer"},
        *({"normalization": name, "groups": 2} for name in OTHERS),
        IMAGES,
        IMAGES | {"normalization": "batch"},
    ],
    ids=str,
)
def test_a_training_is_the_same_by_autograd(changes):
    experiment = SMALL.replace(**changes, learning_rate=0.02)

    def trained():
        training = Training([experiment], dtype=torch.float64)
        ways.append(training.written_out)
        training.advance(float("inf"))
        return training.result()

    ways = []
    written_out = trained()
    with door.closed():
        by_autograd = trained()
    assert [way is None for way in ways] == [False, True]
    for name in ("loss", "gradient_norm", "parameters", "states", "test_accuracy"):
        found, expected = (torch.as_tensor(getattr(run, name)) for run in (written_out, by_autograd))
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)
