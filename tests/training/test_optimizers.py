"""Each optimizer step for step against `torch.optim`, for a stack whose members differ in rate, momentum, decay."""

import pytest
import torch

from landscape.experiment import Optimizer
from landscape.training.optimizers import Descent

THEIRS = {
    "gradient-descent": lambda p, rate, momentum, decay: torch.optim.SGD(p, lr=rate, weight_decay=decay),
    "momentum": lambda p, rate, momentum, decay: torch.optim.SGD(p, lr=rate, momentum=momentum, weight_decay=decay),
    "nesterov": lambda p, rate, momentum, decay: torch.optim.SGD(
        p, lr=rate, momentum=momentum, weight_decay=decay, nesterov=True
    ),
    "adagrad": lambda p, rate, momentum, decay: torch.optim.Adagrad(p, lr=rate, weight_decay=decay),
    "rmsprop": lambda p, rate, momentum, decay: torch.optim.RMSprop(p, lr=rate, weight_decay=decay),
    "adam": lambda p, rate, momentum, decay: torch.optim.Adam(p, lr=rate, weight_decay=decay),
}


def gradient_at(w):
    """The gradient of a bent valley, not the same in any two coordinates."""
    scales = torch.linspace(0.1, 3.0, w.shape[-1], dtype=w.dtype)
    return scales * w + torch.sin(3 * w)


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("kind", Optimizer)
def test_steps_are_those_of_torch(kind, decay):
    start = torch.randn(3, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    rates, momenta, decays = (0.1, 0.02, 0.003), (0.9, 0.5, 0.99), (decay, decay * 3, 0.0)
    columns = (torch.tensor(values, dtype=torch.float64)[:, None] for values in (rates, momenta, decays))
    ours, descent = start.clone(), Descent(kind, *columns)
    theirs = [member.clone().requires_grad_() for member in start]
    optimizers = [THEIRS[kind]([w], *own) for w, *own in zip(theirs, rates, momenta, decays, strict=True)]
    alone = start[:1].clone()
    descent_alone = Descent(kind, rates[0], momenta[0], decays[0])
    for _ in range(25):
        descent.step(ours, gradient_at(ours))
        descent_alone.step(alone, gradient_at(alone))
        for w, optimizer in zip(theirs, optimizers, strict=True):
            w.grad = gradient_at(w.detach())
            optimizer.step()
        expected = torch.stack(theirs).detach()
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(alone, expected[:1], rtol=1e-10, atol=1e-12)
    assert (ours - start).abs().max() > 0.01
