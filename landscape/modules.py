"""The same functions on anybody's `nn.Module`: its loss as an objective, its weights never touched."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _NormBase

from landscape.experiment import Statistics
from landscape.objective import Objective, check_finite
from models.layout import Block, Layout


class ModuleObjective(Objective):
    """The loss of a module on fixed data: L(w) = loss(module with parameters w (inputs), targets).

    parameters: (P,) those of the module when this was made: the origin of a plane.
    """

    def __init__(
        self,
        module: nn.Module,
        loss: Callable[[Tensor, Tensor], Tensor],
        data: tuple[Tensor | np.ndarray, Tensor | np.ndarray],
        statistics: Statistics = Statistics.BATCH,
    ) -> None:
        named = dict(module.named_parameters())
        if not named:
            raise ValueError("the module has no parameters, so that its loss has no landscape")
        if statistics is Statistics.POPULATION:
            raise ValueError(
                "the statistics of a module must be batch or running, not population: which training data it saw is "
                "not known here. Put them into its buffers, as one pass over the data with momentum=None does, and "
                "choose running"
            )
        self.module = copy.deepcopy(module).eval()
        for part in self.module.modules():
            if isinstance(part, _NormBase):  # batch and instance normalization, which may store averages
                part.train(statistics is Statistics.BATCH)
        self.buffers = dict(self.module.named_buffers())
        first = next(iter(named.values()))
        self.dtype, self.device = first.dtype, first.device
        self.loss, self.data = loss, tuple(self._ready(values) for values in data)
        self.layout = Layout(
            tuple(Block(name, tuple(part.shape), 0 if part.ndim > 1 else None) for name, part in named.items())
        )
        flat = torch.cat([part.detach().flatten() for part in named.values()])
        self.parameters: np.ndarray = flat.cpu().numpy().copy()

    def _ready(self, values: Tensor | np.ndarray) -> Tensor:
        """Return inputs or targets where the module is, and in its precision where they are not whole numbers."""
        values = torch.as_tensor(values)
        check_finite(values)
        return values.to(self.device, self.dtype if values.is_floating_point() else values.dtype)

    def __call__(self, parameters: Tensor) -> Tensor:
        parts = self.layout.split(parameters)
        return torch.stack([self._one({name: part[i] for name, part in parts.items()}) for i in range(len(parameters))])

    def _one(self, parts: dict[str, Tensor]) -> Tensor:
        # BatchNorm writes its running averages: into copies, so that every point starts from the same.
        buffers = {name: values.clone() for name, values in self.buffers.items()}
        inputs, targets = self.data
        return self.loss(functional_call(self.module, parts | buffers, (inputs,)), targets)


def module_objective(
    module: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    data: tuple[Tensor | np.ndarray, Tensor | np.ndarray],
    statistics: Statistics | str = Statistics.BATCH,
) -> ModuleObjective:
    """Return the loss of a module as a function of its parameters, for planes, surfaces, curvature and the rest.

    >>> from landscape import axis, loss_surface, random_plane
    >>> objective = module_objective(nn.Linear(3, 1), nn.MSELoss(), (torch.ones(4, 3), torch.zeros(4, 1)))
    >>> surface = loss_surface(objective, random_plane(objective.parameters, objective.layout), axis(1, 5), axis(1, 3))
    >>> surface.loss.shape, bool(abs(surface.loss[1, 2] - surface.centre) < 1e-6)
    ((3, 5), True)

    Args:
        module: copied; neither its parameters nor its buffers nor its mode are changed. Dropout is off.
        loss: (outputs, targets) -> a scalar.
        data: inputs (N, ...) and targets, tensors or arrays, all of which are one batch.
        statistics: "batch" normalizes by this batch, as in training; "running" by the module's stored averages.

    Raises: ValueError where inputs or targets are not finite, the module has no parameters, or population statistics
    are asked for.
    """
    return ModuleObjective(module, loss, data, Statistics(statistics))
