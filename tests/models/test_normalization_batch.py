"""The normalizations over the batch, against torch's layers, the papers' formulas and finite differences."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import relu

from models.build import build
from models.config import NetworkConfig
from models.fast.layers import FastBatchNorm
from models.normalization import LAYERS, Context, Normalization
from models.normalization.batch import BatchNorm, BatchRenorm, renormalization_limits

MEMBERS = 3
EXACT = {"rtol": 0.0, "atol": 1e-10}
SHAPES = [(7, 5), (5, 6, 3)]
BATCH, STORED = Context(momentum=0.1), Context(statistics="stored")


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64)


def stack_of(layer, features):
    """Random parameters and the initial state of a stack."""
    parameters = {name: normal(MEMBERS, features).requires_grad_() for name in layer.parameters(features)}
    state = {name: torch.full((MEMBERS, features), v, dtype=torch.float64) for name, v in layer.state(features).items()}
    return parameters, state


def moments(x):
    """Mean and biased variance of each feature of one member, `x (N, ..., C)`, by the definition."""
    rows = x.reshape(-1, x.shape[-1])
    mean = rows.sum(0) / len(rows)
    return mean, ((rows - mean) ** 2).sum(0) / len(rows)


def torch_order(x):
    """Channels second, as torch wants them: `(N, C)` or `(N, C, H, W)`."""
    return x if x.ndim == 2 else x.movedim(-1, 1).unflatten(2, (2, -1))


@pytest.mark.parametrize("kind", [BatchNorm, FastBatchNorm])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_equals_torch_in_training_over_steps_and_in_evaluation(shape, affine, kind):
    layer, features = kind(affine=affine), shape[-1]
    parameters, state = stack_of(layer, features)
    make = nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d
    peers = [make(features, affine=affine, dtype=torch.float64) for _ in range(MEMBERS)]
    if affine:
        for i, peer in enumerate(peers):
            peer.weight.data, peer.bias.data = (parameters[name][i].detach().clone() for name in ("scale", "shift"))
    for context in (BATCH, BATCH, BATCH, STORED, BATCH, STORED):
        x = (2 + 3 * normal(MEMBERS, *shape)).requires_grad_()
        upstream = normal(MEMBERS, *shape)
        y, state = layer.normalize(x, parameters, state, context)
        gradients = torch.autograd.grad((y * upstream).sum(), [x, *parameters.values()])
        for i, peer in enumerate(peers):
            peer.train(context is BATCH)
            own = x[i].detach().requires_grad_()
            out = peer(torch_order(own))
            torch.testing.assert_close(torch_order(y[i]), out, **EXACT)
            expected = torch.autograd.grad((out * torch_order(upstream[i])).sum(), [own, *peer.parameters()])
            for got, want in zip(gradients, expected, strict=True):
                torch.testing.assert_close(got[i], want, **EXACT)
            torch.testing.assert_close(state["mean"][i], peer.running_mean, **EXACT)
            torch.testing.assert_close(state["variance"][i], peer.running_var, **EXACT)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_kernel_equals_the_plain_operations_to_second_order(shape, affine):
    kernel, plain = FastBatchNorm(affine=affine), BatchNorm(affine=affine)
    parameters, state = stack_of(kernel, shape[-1])
    x, upstream = normal(MEMBERS, *shape).requires_grad_(), normal(MEMBERS, *shape)
    inputs = [x, *parameters.values()]
    found = []
    for layer in (kernel, plain):
        y, new = layer.normalize(x, parameters, state, BATCH)
        first = torch.autograd.grad((y**3 * upstream).sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum(part.sin().sum() for part in first), inputs)
        found.append([y, *new.values(), *first, *second])
    for got, want in zip(*found, strict=True):
        torch.testing.assert_close(got, want, **EXACT)


@pytest.mark.parametrize("kind", [BatchNorm, FastBatchNorm])
def test_momentum_one_over_k_gives_the_population_statistics_of_algorithm_2(kind):
    layer = kind()
    parameters, state = stack_of(layer, 4)
    batches = [5 * normal(MEMBERS, 9, 4) + 1 for _ in range(4)]
    for k, x in enumerate(batches, start=1):
        _, state = layer.normalize(x, parameters, state, Context(momentum=1 / k))
    means = torch.stack([torch.stack([moments(member)[0] for member in x]) for x in batches])
    variances = torch.stack([torch.stack([moments(member)[1] for member in x]) for x in batches])
    torch.testing.assert_close(state["mean"], means.mean(0), **EXACT)
    torch.testing.assert_close(state["variance"], 9 / 8 * variances.mean(0), **EXACT)


def paper_formula(name, x, epsilon):
    """Transcribe each relative of BatchNorm for one member: what stands before scale and shift, what is remembered."""
    mean, variance = moments(x)
    size = {
        "batch-l1": x.abs().reshape(-1, x.shape[-1]).sum(0) / (x.numel() / x.shape[-1]) + epsilon,
        "batch-l2": ((x**2).reshape(-1, x.shape[-1]).sum(0) / (x.numel() / x.shape[-1]) + epsilon) ** 0.5,
        "batch-linf": x.abs().reshape(-1, x.shape[-1]).max(0).values + epsilon,
    }
    count = x.numel() / x.shape[-1]
    unbiased = variance * count / (count - 1)
    match name:
        case "batch-center":
            return x - mean, {"mean": mean}
        case "batch-scale":
            return x / (variance + epsilon) ** 0.5, {"variance": unbiased}
        case "batch-detached":
            centred = x - mean.detach()
            return centred / (variance.detach() + epsilon) ** 0.5, {"mean": mean, "variance": unbiased}
        case _:
            return (x - mean) / size[name], {"mean": mean, "scale": size[name]}


RELATIVES = ["batch-center", "batch-scale", "batch-l1", "batch-l2", "batch-linf", "batch-detached"]


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", RELATIVES)
def test_relatives_equal_their_formula(name, shape, affine):
    layer = LAYERS[Normalization(name)](affine=affine)
    parameters, state = stack_of(layer, shape[-1])
    x = (2 + 3 * normal(MEMBERS, *shape)).requires_grad_()
    upstream = normal(MEMBERS, *shape)
    y, new = layer.normalize(x, parameters, state, BATCH)
    inputs = [x, *parameters.values()]
    gradients = torch.autograd.grad((y * upstream).sum(), inputs)
    for i in range(MEMBERS):
        xhat, batch = paper_formula(name, x[i], layer.epsilon)
        expected = xhat * parameters["scale"][i] if "scale" in parameters else xhat
        expected = expected + parameters["shift"][i] if "shift" in parameters else expected
        torch.testing.assert_close(y[i], expected, **EXACT)
        for got, want in zip(gradients, torch.autograd.grad((expected * upstream[i]).sum(), inputs), strict=True):
            torch.testing.assert_close(got[i], want[i], **EXACT)
        assert new.keys() == batch.keys()
        for key, value in batch.items():
            torch.testing.assert_close(new[key][i], 0.9 * state[key][i] + 0.1 * value.detach(), **EXACT)
    stored, same = layer.normalize(x, parameters, new, STORED)
    assert same is new
    plain = x - new["mean"].view(MEMBERS, *(1,) * (len(shape) - 1), -1) if "mean" in new else x
    divisor = new["scale"] if "scale" in new else (new["variance"] + layer.epsilon).sqrt() if "variance" in new else 1
    scale = parameters.get("scale", torch.ones(()).double()) / divisor
    full = (MEMBERS, *(1,) * (len(shape) - 1), shape[-1])
    expected = plain * scale.expand(MEMBERS, shape[-1]).reshape(full)
    expected = expected + parameters["shift"].reshape(full) if affine else expected
    torch.testing.assert_close(stored, expected, **EXACT)


@pytest.mark.parametrize("name", ["batch", "batch-center", "batch-scale", "batch-l1", "batch-l2", "batch-linf"])
def test_gradients_equal_finite_differences(name):
    layer = LAYERS[Normalization(name)]()
    parameters, state = stack_of(layer, 2)
    x = (1 + normal(2, 4, 2)).requires_grad_()
    state = {key: value[:2] for key, value in state.items()}
    values = [value[:2].detach().requires_grad_() for value in parameters.values()]

    def function(x, *values):
        return layer.normalize(x, dict(zip(parameters, values, strict=True)), state, BATCH)[0]

    assert torch.autograd.gradcheck(function, (x, *values))
    assert torch.autograd.gradgradcheck(function, (x, *values))


def test_moving_averages_are_those_before_the_batch_and_then_take_it_in():
    moving, plain = LAYERS[Normalization.BATCH_MOVING](), BatchNorm()
    parameters, state = stack_of(moving, 5)
    x = (2 + normal(MEMBERS, 7, 5)).requires_grad_()
    for _ in range(3):
        y, new = moving.normalize(x, parameters, state, BATCH)
        torch.testing.assert_close(y, plain.normalize(x, parameters, state, STORED)[0], **EXACT)
        torch.testing.assert_close(
            new["variance"], plain.normalize(x, parameters, state, BATCH)[1]["variance"], **EXACT
        )
        (gradient,) = torch.autograd.grad(y.sum(), x)
        slope = parameters["scale"] / (state["variance"] + moving.epsilon).sqrt()
        torch.testing.assert_close(gradient, slope[:, None].expand_as(gradient), **EXACT)
        state = new
    assert state["mean"].abs().min() > 0.1
    assert moving.normalize(x, parameters, state, STORED)[1] is state


def test_without_gradient_through_the_statistics_a_bias_grows_and_the_loss_stays():
    """Ioffe & Szegedy 2015, Sec. 2: the same loop with the gradient leaves the bias where it is."""
    x, target = normal(1, 50, 1), normal(1, 50, 1)

    def train(layer):
        bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
        losses, state = [], {"mean": torch.zeros(1, 1).double(), "variance": torch.ones(1, 1).double()}
        for _ in range(50):
            loss = (layer.normalize(x + bias, {}, state, BATCH)[0] - target - 3).square().mean()
            bias = (bias - 0.1 * torch.autograd.grad(loss, bias)[0]).detach().requires_grad_()
            losses.append(loss.item())
        return bias.item(), losses

    bias, losses = train(LAYERS[Normalization.BATCH_DETACHED](affine=False))
    assert abs(bias) > 20
    assert losses[0] == pytest.approx(losses[-1], rel=1e-9)
    assert abs(train(BatchNorm(affine=False))[0]) < 1e-10


class TestFacts:
    """Exact for epsilon near 0."""

    layer = BatchNorm(affine=False, epsilon=1e-30)

    def output(self, weight, u):
        state = {
            "mean": torch.zeros(1, weight.shape[-1]).double(),
            "variance": torch.ones(1, weight.shape[-1]).double(),
        }
        return self.layer.normalize(u @ weight, {}, state, BATCH)[0]

    def test_scale_of_the_weights_does_not_matter_and_divides_the_gradient(self):
        weight, u, upstream = normal(1, 4, 3).requires_grad_(), normal(1, 9, 4).requires_grad_(), normal(1, 9, 3)
        grad_w, grad_u = torch.autograd.grad((self.output(weight, u) * upstream).sum(), (weight, u))
        for a in (0.01, 7.0):
            large = (a * weight).detach().requires_grad_()
            y = self.output(large, u)
            torch.testing.assert_close(y, self.output(weight, u), **EXACT)
            large_w, large_u = torch.autograd.grad((y * upstream).sum(), (large, u))
            torch.testing.assert_close(large_w, grad_w / a, rtol=1e-10, atol=1e-10)
            torch.testing.assert_close(large_u, grad_u, **EXACT)
        torch.testing.assert_close((weight * grad_w).sum(1), torch.zeros(1, 3).double(), **EXACT)

    def test_theorem_4_1_of_santurkar_is_an_equality(self):
        m, gamma = 11, 1.7
        y, g = normal(1, m, 1).requires_grad_(), normal(1, m, 1)
        state = {"mean": torch.zeros(1, 1).double(), "variance": torch.ones(1, 1).double()}
        parameters = {"scale": torch.full((1, 1), gamma, dtype=torch.float64), "shift": torch.zeros(1, 1).double()}
        z = BatchNorm(epsilon=1e-30).normalize(y, parameters, state, BATCH)[0]
        (gradient,) = torch.autograd.grad((z * g).sum(), y)
        _, variance = moments(y[0])
        yhat = (y - y.mean()) / variance.sqrt()
        right = g.square().sum() - g.sum() ** 2 / m - ((g * yhat).sum() / math.sqrt(m)) ** 2
        torch.testing.assert_close(gradient.square().sum(), (gamma**2 / variance * right).squeeze(), **EXACT)

    def test_gradients_of_deep_relu_networks_grow_by_a_fifth_a_layer(self):
        """Yang et al. 2019: sqrt(pi / (pi - 1)) = 1.211 for wide layers and large batches."""
        width, depth = 192, 12
        state = {"mean": torch.zeros(1, width), "variance": torch.ones(1, width)}
        x, layers = torch.randn(1, 256, width), []
        for _ in range(depth):
            layers.append(x.requires_grad_() if not layers else x)
            x = relu(BatchNorm(affine=False).normalize(x @ torch.randn(width, width), {}, state, BATCH)[0])
        gradients = torch.autograd.grad((x * torch.randn_like(x)).sum(), layers)
        norms = [gradient.norm().item() for gradient in gradients]
        assert 1.15 < (norms[0] / norms[-1]) ** (1 / (depth - 1)) < 1.25


def test_batch_renormalization_equals_its_formula_and_its_gradient():
    """The forward pass of Algorithm 1, and its backward pass as printed, r and d constant, clipped and not."""
    x = 1 + 2 * normal(MEMBERS, 7, 5)
    x.requires_grad_()
    for progress in (0.0, 0.3, 1.0):
        layer = BatchRenorm()
        parameters, _ = stack_of(layer, 5)
        state = {"mean": 0.5 * normal(MEMBERS, 5), "deviation": (2 * normal(MEMBERS, 5)).exp()}
        upstream = normal(MEMBERS, 7, 5)
        y, new = layer.normalize(x, parameters, state, Context(progress=progress, momentum=0.01))
        (gradient,) = torch.autograd.grad((y * upstream).sum(), x)
        r_max, d_max = renormalization_limits(progress)
        for i in range(MEMBERS):
            mean, variance = moments(x[i].detach())
            deviation = (variance + layer.epsilon).sqrt()
            r = (deviation / state["deviation"][i]).clamp(1 / r_max, r_max)
            d = ((mean - state["mean"][i]) / state["deviation"][i]).clamp(-d_max, d_max)
            scale, shift = (parameters[name][i].detach() for name in ("scale", "shift"))
            expected = ((x[i].detach() - mean) / deviation * r + d) * scale + shift
            torch.testing.assert_close(y[i].detach(), expected, **EXACT)
            of_xhat = upstream[i] * scale
            centred = x[i].detach() - mean
            of_deviation = (of_xhat * centred * -r / deviation**2).sum(0)
            of_mean = (of_xhat * -r / deviation).sum(0)
            expected = of_xhat * r / deviation + of_deviation * centred / (7 * deviation) + of_mean / 7
            torch.testing.assert_close(gradient[i], expected, **EXACT)
            torch.testing.assert_close(new["mean"][i], state["mean"][i] + 0.01 * (mean - state["mean"][i]), **EXACT)
            change = 0.01 * (deviation - state["deviation"][i])
            torch.testing.assert_close(new["deviation"][i], state["deviation"][i] + change, **EXACT)


def test_batch_renormalization_unclipped_trains_with_the_output_of_testing():
    layer, x = BatchRenorm(), 1 + normal(MEMBERS, 7, 5)
    parameters, _ = stack_of(layer, 5)
    state = {"mean": 0.8 + 0.1 * normal(MEMBERS, 5), "deviation": 1.2 + 0.01 * normal(MEMBERS, 5)}
    trained, tested = (layer.normalize(x, parameters, state, context)[0] for context in (BATCH, STORED))
    torch.testing.assert_close(trained, tested, **EXACT)
    plain = layer.normalize(x, parameters, state, Context(progress=0.0))[0]
    torch.testing.assert_close(
        plain, BatchNorm().normalize(x, parameters, stack_of(BatchNorm(), 5)[1], BATCH)[0], **EXACT
    )
    assert (plain - tested).abs().max() > 0.1


def test_schedule_of_batch_renormalization_is_the_papers_in_fractions():
    steps = torch.arange(0, 40_001, 1000).tolist()
    for step, (r_max, d_max) in zip(steps, (renormalization_limits(step / 40_000) for step in steps), strict=True):
        assert r_max == pytest.approx(1 if step < 5000 else 1 + 2 * (step - 5000) / 35_000)
        assert d_max == pytest.approx(0 if step < 5000 else min(5, 5 * (step - 5000) / 20_000))


class TestNoise:
    """Santurkar et al. 2018, App. A.2.1."""

    layer = LAYERS[Normalization.BATCH_NOISY](affine=False)

    def disturb(self, x, seeds=(0,), training=True):
        generators = tuple(torch.Generator().manual_seed(seed) for seed in seeds)
        context = Context(training=training, generators=generators)
        return self.step(x, context), context

    def step(self, x, context):
        state = {"mean": x.new_zeros(len(x), x.shape[-1]), "variance": x.new_ones(len(x), x.shape[-1])}
        return self.layer.normalize(x, {}, state, context)[0]

    def test_alone_it_is_the_same_noise_without_normalization(self):
        x = normal(1, 300, 5)
        standardized = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
        generator = torch.Generator().manual_seed(0)
        alone, _ = LAYERS[Normalization.NOISE]().normalize(
            standardized, {}, {}, Context(training=True, generators=(generator,))
        )
        torch.testing.assert_close(alone, self.disturb(x)[0], rtol=1e-5, atol=1e-5)
        assert torch.equal(LAYERS[Normalization.NOISE]().normalize(x, {}, {}, Context())[0], x)

    def test_marginal_deviation_is_1_169(self):
        y, _ = self.disturb(torch.randn(1, 200, 4000))
        assert y.std().item() == pytest.approx(1.1694, abs=0.006)
        assert y.mean().item() == pytest.approx(0.0, abs=0.02)

    @pytest.mark.parametrize("shape", [(2000, 300), (20, 100, 300)])
    def test_distribution_of_shifts_and_scales(self, shape):
        """Recover m_ij from zeros and s_ij from what two equal draws do to x and to 0: units first, examples after."""
        x = torch.randn(1, *shape, dtype=torch.float64)
        x = x - x.mean((0, *range(1, x.ndim - 1)), keepdim=True)
        x[x.abs() < 0.1] = 0.1
        shifts = self.disturb(torch.zeros_like(x))[0].flatten(0, -2)
        clean = self.disturb(x, training=False)[0].flatten(0, -2)
        usable = clean.abs() > 0.05
        scales = torch.where(usable, (self.disturb(x)[0].flatten(0, -2) - shifts) / clean, torch.nan)
        mu, sigma = shifts.mean(0), scales.nanmean(0)
        assert mu.abs().max() < 0.51
        assert mu.std().item() == pytest.approx(1 / math.sqrt(12), abs=0.03)
        assert (shifts - mu).abs().max() < 0.11
        assert (shifts - mu).std().item() == pytest.approx(0.2 / math.sqrt(12), rel=0.02)
        assert 0.99 < sigma.min() < 1.02
        assert 1.23 < sigma.max() < 1.26
        assert sigma.std().item() == pytest.approx(0.25 / math.sqrt(12), abs=0.01)
        rest = (scales - sigma)[usable]
        assert rest.std().item() == pytest.approx(0.1, rel=0.02)
        assert (rest.abs() < 0.1).double().mean().item() == pytest.approx(0.6827, abs=0.01)

    def test_fresh_at_each_step_and_reproducible_for_each_member(self):
        x = normal(3, 9, 5)
        together, context = self.disturb(x, seeds=(4, 5, 6))
        alone, own = self.disturb(x[1:2], seeds=(5,))
        assert torch.equal(together[1:2], alone)
        again = self.step(x, context)
        assert (again - together).abs().min(dim=1).values.max() > 1e-3
        assert torch.equal(again[1:2], self.step(x[1:2], own))

    def test_none_outside_training(self):
        x = normal(3, 9, 5)
        clean, _ = self.disturb(x, training=False)
        state = {"mean": torch.zeros(3, 5).double(), "variance": torch.ones(3, 5).double()}
        assert torch.equal(clean, BatchNorm(affine=False).normalize(x, {}, state, BATCH)[0])


def test_one_example_gives_the_shift_and_finite_statistics():
    layer = BatchNorm()
    parameters, state = stack_of(layer, 4)
    y, state = layer.normalize(normal(MEMBERS, 1, 4), parameters, state, BATCH)
    torch.testing.assert_close(y[:, 0], parameters["shift"], **EXACT)
    assert torch.isfinite(state["variance"]).all()


def test_inputs_shared_by_the_stack_are_normalized_for_each_member():
    """One batch `(1, N, F)` for E networks: each has its own scale and its own running averages."""
    network = build(NetworkConfig(width=4, depth=1, normalization="batch", normalized="both"), (6,), 2)
    parameters = network.initial_parameters([0, 1]).double()
    state = network.initial_state(2, parameters)
    x = normal(1, 8, 6)
    outputs, new = network.forward(parameters, state, x, BATCH)
    assert outputs.shape == (2, 8, 2)
    assert new["input"]["mean"].shape == (2, 6)
    torch.testing.assert_close(new["input"]["mean"][1], 0.1 * x[0].mean(0), **EXACT)
