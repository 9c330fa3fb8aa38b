"""Whether a module is a function of the objective's own parameters: right numbers by hand, or a sentence that says why."""

import copy
import functools
import random
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from landscape import axis, loss_surface, losses_at, module_objective, random_plane, top_eigenvalues

GENERATOR = torch.Generator().manual_seed(5)
X, Y = torch.randn(20, 3, generator=GENERATOR, dtype=torch.float64), torch.randint(4, (20,), generator=GENERATOR)
REACHES = "computes with 0.weight of the module that was given.*weight_decay"


def classifier():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4)).double()


def by_hand(factor=3.0, decay=0.0):
    """The loss, the gradient and the top eigenvalue of the plain classifier at that many times its parameters."""
    w = factor * nn.utils.parameters_to_vector(classifier().parameters()).detach()

    def loss(w):
        first, bias, second, last = w.split([15, 5, 20, 4])
        outputs = torch.tanh(X @ first.view(5, 3).T + bias) @ second.view(4, 5).T + last
        return functional.cross_entropy(outputs, Y) + decay / 2 * w.square().sum()

    gradient = torch.autograd.functional.jacobian(loss, w)
    return loss(w), gradient, torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, w))[-1]


def check_is_the_classifier(module, loss=functional.cross_entropy, decay=0.0, **options):
    of = module_objective(module, loss, (X, Y), **options)
    w = 3 * of.parameters
    value, gradient, sharpness = by_hand(decay=decay)
    assert loss_surface(of, random_plane(w, of.layout), axis(1, 3), axis(1, 3)).centre == pytest.approx(value.item())
    np.testing.assert_allclose(of.gradient(of.tensor(w)[None])[1][0], gradient, atol=1e-12)
    assert top_eigenvalues(of, w, tolerance=1e-8).values[0] == pytest.approx(sharpness.item(), rel=1e-6)


class Checkpointed(nn.Module):
    def __init__(self, reentrant):
        super().__init__()
        self.net, self.reentrant = classifier(), reentrant

    def forward(self, x):
        for layer in self.net:
            x = checkpoint(layer, x, use_reentrant=self.reentrant)
        return x


def test_activation_checkpointing_computes_again_from_the_same_parameters():
    check_is_the_classifier(Checkpointed(False))


def test_reentrant_checkpointing_is_refused():
    with pytest.raises(ValueError, match="pass use_reentrant=False"):
        module_objective(Checkpointed(True), functional.cross_entropy, (X, Y))


def wrapped(kind):
    module = classifier()
    inner, plain = module.forward, type(module).forward
    match kind:
        case "closure":
            module.forward = lambda h: inner(h)
        case "decorator":
            module.forward = functools.wraps(inner)(lambda *args: inner(*args))
        case "layer":
            first = module[0].forward
            module[0].forward = lambda h: first(h)
        case "without gradients":
            module.forward = torch.no_grad()(lambda h: inner(h))
        case "frozen":
            module.requires_grad_(False).forward = lambda h: inner(h)
        case "hook":
            weight = module[0].weight
            module[0].register_forward_hook(lambda part, args, output: output + weight.sum())
        case "method":
            module.forward = types.MethodType(lambda self, h: plain(self, h), module)
        case "partial":
            module.forward = functools.partial(plain, module)
    return module


@pytest.mark.parametrize("kind", ["closure", "decorator", "layer", "without gradients", "frozen", "hook"])
def test_a_wrapped_forward_that_computes_with_the_originals_weights_is_refused(kind):
    with pytest.raises(ValueError, match=REACHES):
        module_objective(wrapped(kind), functional.cross_entropy, (X, Y))


@pytest.mark.parametrize("kind", ["method", "partial"])
def test_a_wrapped_forward_that_holds_its_module_computes_with_the_copys(kind):
    check_is_the_classifier(wrapped(kind))


PENALTIES = {
    "squares": lambda module: 0.01 * sum(part.square().sum() for part in module.parameters()),
    "data": lambda module: 0.01 * module[0].weight.data.abs().sum(),
    "item": lambda module: module[0].weight.norm().item(),
    "numpy": lambda module: float(np.square(module[0].weight.detach().numpy()).sum()),
    "list": lambda module: module[0].weight.tolist()[0][0],
}


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_a_penalty_on_the_weights_from_outside_is_refused(penalty, frozen):
    module = classifier().requires_grad_(not frozen)
    before = copy.deepcopy(module.state_dict())
    with pytest.raises(ValueError, match=REACHES):
        module_objective(module, lambda z, y: functional.cross_entropy(z, y) + penalty(module), (X, Y))
    assert all(torch.equal(module.state_dict()[key], value) for key, value in before.items())


class Penalized(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, outputs, targets):
        return functional.cross_entropy(outputs, targets) + 0.01 * sum(
            p.square().sum() for p in self.module.parameters()
        )


def test_weight_decay_is_an_argument_or_a_loss_that_holds_the_module():
    check_is_the_classifier(classifier(), decay=0.02, weight_decay=0.02)
    module = classifier()
    check_is_the_classifier(module, Penalized(module), decay=0.02)
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="weight_decay must be a number from 0"):
            module_objective(classifier(), functional.cross_entropy, (X, Y), weight_decay=bad)


def test_parameters_of_the_loss_are_refused_and_constants_are_not():
    class Tempered(nn.Module):
        def __init__(self):
            super().__init__()
            self.temperature = nn.Parameter(torch.ones((), dtype=torch.float64))

        def forward(self, outputs, targets):
            return functional.cross_entropy(outputs * self.temperature, targets)

    with pytest.raises(ValueError, match="parameter loss.temperature, which is not among the module's"):
        module_objective(classifier(), Tempered(), (X, Y))
    check_is_the_classifier(classifier(), Tempered().requires_grad_(False))
    check_is_the_classifier(classifier(), nn.CrossEntropyLoss(weight=torch.ones(4, dtype=torch.float64)))


class Listed(nn.Module):
    """Layers and weights that stand in lists too."""

    def __init__(self):
        super().__init__()
        self.net = classifier()
        self.layers, self.weights = [self.net[0], self.net[2]], [self.net[0].weight]

    def forward(self, x):
        return self.layers[1](torch.tanh(functional.linear(x, self.weights[0], self.net[0].bias)))


class Aliased(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = classifier()
        self.view = self.net[0].weight.detach()

    def forward(self, x):
        return self.net(x) + self.view.sum()


def test_parameters_in_lists_are_found_and_views_of_them_are_refused():
    check_is_the_classifier(Listed())
    with pytest.raises(ValueError, match="computes with view"):
        module_objective(Aliased(), functional.cross_entropy, (X, Y))


CALLS = []
NOISE = {
    "dropout": lambda self, h: functional.dropout(h, 0.5),
    "dropout that gradients alone see": lambda self, h: functional.dropout(h, 0.5) - h.detach() * 0,
    "variational": lambda self, h: h + 1e-3 * torch.randn(h.shape, dtype=h.dtype),
    "numpy": lambda self, h: h * (1 + 0.1 * np.random.default_rng().random()),
    "Python": lambda self, h: h * (1 + 0.1 * random.random()),
    "a count outside": lambda self, h: CALLS.append(None) or h * len(CALLS),
}


class Changing(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.net, self.change, self.calls = classifier(), [change], 0

    def forward(self, x):
        self.calls += 1
        self.last = self.change[0](self, self.net(x))
        return self.last


@pytest.mark.parametrize("kind", NOISE)
def test_what_changes_from_call_to_call_is_refused_when_made(kind):
    with pytest.raises(ValueError, match="call to call.*leave noise out in evaluation mode"):
        module_objective(Changing(NOISE[kind]), functional.cross_entropy, (X, Y))


def test_noise_that_seldom_matters_is_refused():
    seldom = Changing(lambda self, h: h if torch.rand(()) > 1e-6 else 0 * h)
    with pytest.raises(ValueError, match="draws random numbers anew"):
        module_objective(seldom, functional.cross_entropy, (X, Y))


def test_what_a_module_notes_down_or_seeds_itself_changes_nothing():
    check_is_the_classifier(Changing(lambda self, h: h * self.calls))

    def seeded(self, h):
        return h + torch.randn(h.shape, dtype=h.dtype, generator=torch.Generator().manual_seed(1))

    of = module_objective(Changing(seeded), functional.cross_entropy, (X, Y))
    expected = functional.cross_entropy(seeded(None, classifier()(X)), Y)
    np.testing.assert_allclose(losses_at(of, np.stack([of.parameters] * 3)), expected.item())


def test_a_module_that_differentiates_by_its_inputs_has_surfaces_too():
    class Sloped(Checkpointed):
        def forward(self, x):
            x = x.clone().requires_grad_()
            outputs = self.net(x)
            (slope,) = torch.autograd.grad(outputs.sum(), x, create_graph=True)
            return outputs + slope.sum(1, keepdim=True)

    module = Sloped(False)
    of = module_objective(module, functional.mse_loss, (X, torch.zeros(20, 4)))
    surface = loss_surface(of, random_plane(of.parameters, of.layout), axis(1, 3), axis(1, 3))
    assert surface.centre == pytest.approx(functional.mse_loss(module(X), torch.zeros(20, 4, dtype=X.dtype)).item())
    v = np.random.default_rng(0).standard_normal(len(of.parameters))
    ahead, behind = losses_at(of, of.parameters + 1e-5 * np.stack([v, -v]))
    slope = float(of.gradient(of.tensor(of.parameters)[None])[1][0] @ torch.as_tensor(v))
    assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode, lambda: torch.autocast("cpu", torch.bfloat16)])
def test_whatever_the_caller_is_within_the_numbers_are_the_same(around):
    module = classifier().float()

    def everything():
        of = module_objective(module, functional.cross_entropy, (X, Y))
        surface = loss_surface(of, random_plane(of.parameters, of.layout), axis(1, 3), axis(1, 3))
        return (
            surface.loss,
            of.gradient(of.tensor(of.parameters)[None])[1].numpy(),
            top_eigenvalues(of, of.parameters).values,
        )

    expected = everything()
    with around():
        found = everything()
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_half_precision_within_a_module_is_refused():
    class Cast(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = classifier().float()

        def forward(self, x):
            with torch.autocast("cpu", torch.bfloat16):
                return self.net(x).float()

    with pytest.raises(ValueError, match="computes in bfloat16, as within torch.autocast"):
        module_objective(Cast(), functional.cross_entropy, (X, Y))


@pytest.mark.parametrize("what", ["module", "layer", "loss"])
def test_what_was_compiled_has_its_second_derivative(what):
    compiled = functools.partial(torch.compile, backend="aot_eager")
    module, loss = classifier(), functional.cross_entropy
    match what:
        case "module":
            module = compiled(module)
        case "layer":
            module[0] = compiled(module[0])
        case "loss":
            loss = compiled(lambda z, y: functional.cross_entropy(z, y))
    check_is_the_classifier(module, loss)


def test_a_function_without_a_second_derivative_is_told():
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, gradient):
            return 2 * gradient

    of = module_objective(Changing(lambda self, h: Doubled.apply(h)), functional.cross_entropy, (X, Y))
    assert np.isfinite(losses_at(of, of.parameters[None])).all()
    with pytest.raises(ValueError, match="no second derivative here"):
        top_eigenvalues(of, of.parameters)


def test_the_compiler_is_not_loaded_for_modules_that_nobody_compiled():
    code = (
        "import sys, torch; from landscape import module_objective; "
        "module_objective(torch.nn.Linear(2, 1), torch.nn.MSELoss(), (torch.ones(4, 2), torch.ones(4, 1))); "
        "print('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
