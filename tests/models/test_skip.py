"""Skip connections: against plain PyTorch in float64, and by what they do to activations at the start."""

import math

import pytest
import torch
from torch.nn import functional

from landscape import Experiment, axis, loss_surface, objective, random_plane, same_function, train
from landscape.data import load
from models.build import build
from models.config import NetworkConfig
from models.fast import door
from models.fields import Misfit
from models.normalization import Context

MEMBERS, EXAMPLES, SIDE, CLASSES = 2, 7, 4, 3
BUILDERS = pytest.mark.parametrize("make", [build, door.network], ids=["read", "fast"])
CASES = [
    *(("mlp", name, {}) for name in ("none", "batch", "layer")),
    *(("cnn", name, {}) for name in ("none", "batch")),
    *((kind, "batch", {"placement": "after"}) for kind in ("mlp", "cnn")),
]
SMALL = Experiment().replace(
    dataset="moons", num_examples=200, width=6, depth=3, num_steps=20, batch_size=32, skip=True
)
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda z: z}


def network_of(make=build, kind="mlp", normalization="none", **options):
    options = {"width": 6, "depth": 4, "activation": "tanh", "skip": True, **options}
    return make(NetworkConfig(kind=kind, normalization=normalization, **options), (SIDE * SIDE,), CLASSES)


def plain(config, parts, x):
    """The outputs `(N, C)` of one network by functions of torch alone, given its blocks by name."""

    def normalized(z, place):
        learnt = parts.get(f"{place}.scale"), parts.get(f"{place}.shift")
        match config.normalization:
            case "batch":
                return functional.batch_norm(z, None, None, *learnt, training=True)
            case "layer":
                return functional.layer_norm(z, z.shape[1:], *learnt)
        return z

    h = x.view(-1, 1, SIDE, SIDE) if config.kind == "cnn" else x
    for i in range(1, config.depth + 1):
        weight, bias = parts[f"layer{i}.weight"], parts.get(f"layer{i}.bias")
        if config.kind == "cnn":
            kernels = weight.view(3, 3, -1, config.width).permute(3, 2, 0, 1)
            z = functional.conv2d(h, kernels, bias, padding=1)
        else:
            z = functional.linear(h, weight.T, bias)
        g = ACTIVATIONS[config.activation]
        made = normalized(g(z), f"layer{i}") if config.placement == "after" else g(normalized(z, f"layer{i}"))
        h = made if i == 1 else h + made
        if config.kind == "cnn" and h.shape[-1] == SIDE:
            h = functional.avg_pool2d(h, 2)
    h = h.flatten(2).transpose(1, 2).flatten(1) if config.kind == "cnn" else h
    return functional.linear(h, parts["output.weight"].T, parts["output.bias"])


@BUILDERS
@pytest.mark.parametrize(("kind", "normalization", "options"), CASES)
def test_outputs_and_gradients_are_those_of_plain_torch(make, kind, normalization, options):
    network = network_of(make, kind, normalization, **options)
    drawn = network.initial_parameters(range(MEMBERS)).double()
    parameters = (drawn + 0.1 * torch.randn(drawn.shape, dtype=torch.float64)).requires_grad_()
    x, towards = torch.randn(1, EXAMPLES, SIDE * SIDE).double(), torch.randn(EXAMPLES, CLASSES).double()
    state = network.initial_state(MEMBERS, drawn)
    outputs, _ = network.forward(parameters, state, x, Context())
    (gradient,) = torch.autograd.grad((outputs * towards).sum(), parameters)
    with torch.no_grad():
        again, _ = network.forward(parameters, state, x, Context(momentum=0.0))
    for member in range(MEMBERS):
        own = parameters[member : member + 1].detach().requires_grad_()
        parts = {name: part[0] for name, part in network.layout.split(own).items()}
        expected = plain(network.config, parts, x[0])
        (by_torch,) = torch.autograd.grad((expected * towards).sum(), own)
        for found, wanted in ((outputs, expected), (again, expected), (gradient, by_torch[0])):
            torch.testing.assert_close(found[member], wanted, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_training_and_surface_are_those_of_plain_torch(normalization):
    """Three steps of gradient descent in single precision, and the losses around where they end."""
    experiment = Experiment().replace(
        normalization=normalization, skip=True, width=8, depth=3, num_steps=3, num_examples=80, batch_size=64
    )
    run, data = train(experiment), load(experiment.data)
    assert run.states.shape[1] == (2 * 8 * 3 if normalization == "batch" else 0)
    loss = objective(run, num_examples=60, dtype=torch.float64)
    x, y = data.train_x[:60].double().flatten(1), data.train_y[:60]

    def at(flat):
        parts = {name: part[0] for name, part in loss.layout.split(torch.as_tensor(flat).double()[None]).items()}
        return functional.cross_entropy(plain(experiment.network, parts, x), y)

    plane = random_plane(run.parameters[-1], loss.layout)
    surface = loss_surface(loss, plane, axis(0.5, 3), axis(0.5, 5))
    first, second = plane.directions
    for row, beta in zip(surface.loss, surface.betas, strict=True):
        for found, alpha in zip(row, surface.alphas, strict=True):
            assert found == pytest.approx(float(at(plane.origin + alpha * first + beta * second)), rel=1e-5)
    start = torch.as_tensor(run.parameters[0]).double().requires_grad_()
    (gradient,) = torch.autograd.grad(at(start), start)
    found = loss.gradient(loss.tensor(run.parameters[:1]))[1][0]
    torch.testing.assert_close(torch.as_tensor(found), gradient, rtol=1e-6, atol=1e-9)


def test_under_batchnorm_the_length_of_a_blocks_weights_does_not_matter():
    network = network_of(normalization="batch", width=12)
    parameters, x = network.initial_parameters([0]).double(), torch.randn(1, 40, SIDE * SIDE).double()
    state, towards = network.initial_state(1, parameters), torch.randn(40, CLASSES).double()
    parts = {name: part.clone().requires_grad_() for name, part in network.layout.split(parameters).items()}
    outputs, _ = network.forward(parts, state, x, Context())
    for layer in ("layer1", "layer3"):
        weight = parts[f"{layer}.weight"]
        longer, _ = network.forward({**parts, f"{layer}.weight": 3 * weight}, state, x, Context())
        torch.testing.assert_close(longer, outputs, rtol=0, atol=1e-4)
        (gradient,) = torch.autograd.grad((outputs * towards).sum(), weight, retain_graph=True)
        along = (gradient * weight).sum(1) / (gradient.norm(dim=1) * weight.norm(dim=1))
        assert along.abs().max() < 1e-3
    without = network_of(width=12)
    parts = without.layout.split(without.initial_parameters([0]).double())
    state = without.initial_state(1)
    outputs, _ = without.forward(parts, state, x, Context())
    longer, _ = without.forward({**parts, "layer3.weight": 3 * parts["layer3.weight"]}, state, x, Context())
    assert (longer - outputs).abs().max() > 0.1


@pytest.mark.parametrize(("kind", "written"), [("none", "batch"), ("batch", "weight"), ("batch", "none")])
def test_one_function_is_written_two_ways(kind, written):
    run = train(SMALL.replace(normalization=kind))
    other = same_function(run, written)
    losses = [float(of(of.tensor(one.parameters[-1:]))) for one in (run, other) for of in [objective(one)]]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def sizes(**options):
    """The mean square of what leaves each layer at the start, (L,), and the mean over the root of it."""
    network = network_of(width=512, depth=8, **options)
    made = {}
    context = Context(
        momentum=0.0, tap=lambda place, moment, x: made.update({place: x.clone()} if moment == "activation" else {})
    )
    x, parameters = torch.randn(1, 64, SIDE * SIDE), network.initial_parameters([3])
    with torch.no_grad():
        network.forward(parameters, network.initial_state(1), x, context)
    leaving = torch.stack([values[0] for values in made.values()]).cumsum(0)
    square = leaving.square().mean((1, 2))
    return square, leaving.mean((1, 2)) / square.sqrt()


def test_each_block_doubles_the_activations_at_the_start_without_normalization():
    """Linear: |h + W h|^2 = 2 |h|^2 in the mean. ReLU: 2 + 2 mean / sqrt(pi rms^2), as W h is Gaussian with variance 2 |h|^2 / n."""
    square, _ = sizes(activation="linear", initialization="xavier")
    torch.testing.assert_close(square[1:] / square[:-1], torch.full((7,), 2.0), rtol=0.1, atol=0)
    square, share = sizes(activation="relu", initialization="he")
    torch.testing.assert_close(square[1:] / square[:-1], 2 + 2 * share[:-1] / math.sqrt(math.pi), rtol=0.1, atol=0)
    assert square[-1] > 2**7 * square[0]


def test_with_batchnorm_each_block_adds_as_much_as_the_first():
    """So that the i-th is a share 1 / i of what leaves it: the blocks begin near the identity.

    Source: De & Smith 2020, arXiv 2002.10444, Sec. 3.
    """
    square, _ = sizes(activation="linear", initialization="xavier", normalization="batch")
    torch.testing.assert_close(square, torch.arange(1.0, 9.0), rtol=0.1, atol=0)


def test_one_layer_has_none_and_the_parameters_are_the_same_with_and_without():
    one, plain_one = (network_of(depth=1, skip=skip) for skip in (True, False))
    parameters, x = one.initial_parameters([0]), torch.randn(1, 5, SIDE * SIDE)
    assert torch.equal(
        *(net.forward(parameters, {"input": {}, "layer1": {}}, x, Context())[0] for net in (one, plain_one))
    )
    deep, plain_deep = (network_of(skip=skip) for skip in (True, False))
    assert deep.layout == plain_deep.layout
    assert torch.equal(deep.initial_parameters([4]), plain_deep.initial_parameters([4]))


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({"kind": "recurrent"}, {"skip": False, "kind": "mlp"}),
        ({"normalization": "propagation"}, {"skip": False, "normalization": "batch"}),
    ],
)
def test_what_has_no_place_for_it_is_refused_with_ways_out(given, remedy):
    with pytest.raises(Misfit, match=r"NetworkConfig.skip must be false .* Choose") as refused:
        NetworkConfig(skip=True, **given)
    assert refused.value.remedy == remedy
    for name, value in remedy.items():
        NetworkConfig(**{"skip": True, **given, name: value})
