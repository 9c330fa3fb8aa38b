"""Optimizers of a stack: each member by its own learning rate, as `torch.optim` would move it alone.

Follows the update rules of `torch.optim` (SGD, Adagrad, RMSprop, Adam) at their default constants; leaves out AMSGrad,
centred RMSProp and dampening.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from landscape.experiment import Optimizer


@dataclass(eq=False)
class Descent:
    """The state of an optimizer over a stack of parameters `(E, P)`.

    learning_rate, momentum, weight_decay: a number, or `(E, 1)` for a stack whose members differ.
    memory: what the optimizer keeps, each `(E, P)`.

    With g the gradient plus weight_decay * w:
    gradient descent  w -= rate * g
    momentum          v = momentum * v + g; w -= rate * v
    Nesterov          v = momentum * v + g; w -= rate * (g + momentum * v)
    Adagrad           s += g^2; w -= rate * g / (sqrt(s) + 1e-10)
    RMSProp           s = 0.99 s + 0.01 g^2; w -= rate * g / (sqrt(s) + 1e-8)
    Adam              m = 0.9 m + 0.1 g; s = 0.999 s + 0.001 g^2, both divided by 1 - decay^t;
                      w -= rate * m / (sqrt(s) + 1e-8)

    Source: torch.optim; Kingma & Ba 2015, arXiv 1412.6980, Algorithm 1.
    """

    kind: Optimizer
    learning_rate: float | Tensor
    momentum: float | Tensor = 0.9
    weight_decay: float | Tensor = 0.0
    count: int = 0
    memory: dict[str, Tensor] = field(default_factory=dict)

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Move the parameters `(E, P)` in place by one step along the gradient `(E, P)`, which is overwritten."""
        self.count += 1
        if isinstance(self.weight_decay, Tensor):
            gradient.addcmul_(self.weight_decay, parameters)
        elif self.weight_decay:
            gradient.add_(parameters, alpha=self.weight_decay)
        direction = self._direction(gradient)
        if isinstance(self.learning_rate, Tensor):
            parameters.addcmul_(self.learning_rate, direction, value=-1)
        else:
            parameters.sub_(direction, alpha=self.learning_rate)

    def _direction(self, gradient: Tensor) -> Tensor:
        match self.kind:
            case Optimizer.GRADIENT_DESCENT:
                return gradient
            case Optimizer.MOMENTUM | Optimizer.NESTEROV:
                velocity = self._keep("velocity", gradient)
                velocity.mul_(self.momentum).add_(gradient)
                return velocity if self.kind is Optimizer.MOMENTUM else gradient.add_(self.momentum * velocity)
            case Optimizer.ADAGRAD:
                square = self._keep("square", gradient).addcmul_(gradient, gradient)
                return gradient.div_(square.sqrt().add_(1e-10))
            case Optimizer.RMSPROP:
                square = self._keep("square", gradient).mul_(0.99).addcmul_(gradient, gradient, value=0.01)
                return gradient.div_(square.sqrt().add_(1e-8))
            case Optimizer.ADAM:
                mean = self._keep("mean", gradient).lerp_(gradient, 0.1)
                square = self._keep("square", gradient).mul_(0.999).addcmul_(gradient, gradient, value=0.001)
                corrected = mean / (1 - 0.9**self.count)
                return corrected.div_((square / (1 - 0.999**self.count)).sqrt_().add_(1e-8))

    def _keep(self, name: str, like: Tensor) -> Tensor:
        if name not in self.memory:
            self.memory[name] = torch.zeros_like(like)
        return self.memory[name]
