"""The same functions on anybody's `nn.Module`: its loss as an objective, its weights never touched.

The parameters are all of the module's, frozen ones too; weights that are tied are one block. Leaves out population
statistics, as which data the module saw is not known here, and half precision, in which a loss changes by rounding.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.parameter import UninitializedParameter

from landscape.experiment import Statistics
from landscape.loss.losses import accuracies_of, check_finite
from landscape.loss.objective import Objective, statistics_of
from models.layout import Block, Layout

Batch = tuple[Tensor | np.ndarray, Tensor | np.ndarray]
"""Inputs (N, ...) and targets, one of each example."""


class ModuleObjective(Objective):
    """The loss of a module on fixed data: L(w) = mean over the batches of loss(module with parameters w (x), targets).

    parameters: (P,) those of the module when this was made: the origin of a plane.

    Args and Raises: as `module_objective`.
    """

    def __init__(
        self,
        module: nn.Module,
        loss: Callable[[Tensor, Tensor], Tensor],
        data: Batch | Iterable[Batch],
        statistics: Statistics = Statistics.BATCH,
    ) -> None:
        if isinstance(module, torch.jit.ScriptModule | nn.DataParallel):
            raise ValueError(f"a {type(module).__name__} cannot be taken apart; give the module that it was made from")
        named = dict(module.named_parameters())
        if any(isinstance(part, UninitializedParameter) for part in named.values()):
            raise ValueError("the module has lazy layers without parameters yet; run it once on some inputs before")
        if not named:
            raise ValueError("the module has no parameters, so that its loss has no landscape")
        if empty := next((name for name, part in named.items() if not part.numel()), None):
            raise ValueError(f"the module's parameter {empty} holds no numbers; leave it out")
        if statistics is Statistics.POPULATION:
            raise ValueError(
                "the statistics of a module must be batch or running, not population: which training data it saw is "
                "not known here. Put them into its buffers, as one pass over the data with momentum=None does, and "
                "choose running"
            )
        first, types = next(iter(named.values())), {part.dtype for part in named.values()}
        self.dtype, self.device = first.dtype, first.device
        if types not in ({torch.float32}, {torch.float64}):
            raise ValueError(
                f"the module's parameters must all be float32 or all float64, not {', '.join(sorted(map(str, types)))}: "
                "in half precision a loss changes by rounding; give module.float()"
            )
        try:
            self.module = copy.deepcopy(module).eval()
        except RuntimeError as error:
            raise ValueError(
                f"the module cannot be copied: {error} Where that is `torch.nn.utils.weight_norm`, take "
                "`torch.nn.utils.parametrizations.weight_norm`"
            ) from error
        for part in self.module.modules():
            if isinstance(part, _NormBase):  # batch and instance normalization, which may store averages
                part.train(statistics is Statistics.BATCH)
        self.buffers = dict(self.module.named_buffers())
        self.places = _places(self.module)
        self.loss, self.batches = loss, self._ready(data)
        self.layout = Layout(_blocks(module))
        flat = torch.cat([part.detach().flatten() for part in named.values()])
        self.parameters: np.ndarray = flat.cpu().numpy().copy()

    def _ready(self, data: Batch | Iterable[Batch]) -> list[tuple[Tensor, Tensor]]:
        """Return copies of the batches where the module is, in its precision where they are not whole numbers."""
        one = isinstance(data, tuple | list) and len(data) == 2 and isinstance(data[0], Tensor | np.ndarray)
        batches = [tuple(self._copied(values) for values in batch) for batch in ([data] if one else data)]
        if not batches or any(len(batch) != 2 or not batch[0].numel() for batch in batches):
            raise ValueError("data must be inputs and targets, or batches of such pairs, and must not be empty")
        if any(not values.ndim for batch in batches for values in batch):
            raise ValueError("data must be batches, not one example after the other; put a Dataset into a DataLoader")
        if unlike := next((pair for pair in batches if len(pair[0]) != len(pair[1])), None):
            raise ValueError(f"{len(unlike[0])} inputs need as many targets, not {len(unlike[1])}")
        sizes = {len(inputs) for inputs, _ in batches}
        if len(sizes) > 1:
            raise ValueError(
                f"the batches must have one size, not {', '.join(map(str, sorted(sizes)))} examples: a mean over them "
                "would not weigh all examples alike; leave the odd one out, as drop_last=True does in a DataLoader"
            )
        return batches

    def _copied(self, values: Tensor | np.ndarray) -> Tensor:
        values = torch.as_tensor(values).detach().clone()
        values = values.to(self.device, self.dtype if values.is_floating_point() else values.dtype)
        check_finite(values)
        return values

    def __call__(self, parameters: Tensor) -> Tensor:
        return torch.stack([torch.stack(self._losses(self._outputs(one))).mean() for one in self._members(parameters)])

    def accuracy(self, parameters: Tensor) -> Tensor:
        return self.measure(parameters)[1]

    def measure(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        losses, accuracies = [], []
        with torch.no_grad():
            for one in self._members(parameters):
                outputs = self._outputs(one)
                losses.append(torch.stack(self._losses(outputs)).mean())
                accuracies.append(torch.stack(self._accuracies(outputs)).mean())
        return torch.stack(losses), torch.stack(accuracies)

    def _members(self, parameters: Tensor) -> list[dict[str, Tensor]]:
        """Return the named parameters of each member (E, P)."""
        parts = self.layout.split(parameters)
        return [{name: part[i] for name, part in parts.items()} for i in range(len(parameters))]

    def _outputs(self, parts: dict[str, Tensor]) -> list[Tensor]:
        """Return what the module with these parameters makes of each batch."""
        outputs = []
        for inputs, _ in self.batches:
            # BatchNorm writes its running averages: into copies, so that every batch and point starts from the same.
            values = parts | {name: values.clone() for name, values in self.buffers.items()}
            named = {place: values[name] for place, name in self.places.items()}
            # A first layer in place writes over its inputs: into a copy too.
            outputs.append(functional_call(self.module, named, (inputs.clone(),), tie_weights=False))
        return outputs

    def _losses(self, outputs: list[Tensor]) -> list[Tensor]:
        losses = [self.loss(values, targets) for values, (_, targets) in zip(outputs, self.batches, strict=True)]
        for loss in losses:
            if not isinstance(loss, Tensor) or loss.numel() != 1:
                given = f"{tuple(loss.shape)} numbers" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
                raise ValueError(
                    f"the loss must return a tensor of one number for a batch, not {given}; take the mean over the "
                    "examples, and leave out item()"
                )
        return [loss.reshape(()) for loss in losses]

    def _accuracies(self, outputs: list[Tensor]) -> list[Tensor]:
        accuracies = []
        for values, (_, targets) in zip(outputs, self.batches, strict=True):
            if values.ndim != 2 or targets.is_floating_point() or targets.shape != values.shape[:1]:
                raise ValueError(
                    "accuracy needs outputs (N, C) and whole numbers (N,) as targets, the classes; here outputs are "
                    f"{tuple(values.shape)} and targets {tuple(targets.shape)} of {targets.dtype}. Leave accuracy out"
                )
            accuracies.append(accuracies_of(values[None], targets[None])[0])
        return accuracies


def _places(module: nn.Module) -> dict[str, str]:
    """Return all places of parameters and buffers in a module, with the first name of what stands there.

    A part that is registered twice is one place: torch, told to tie weights itself, fills it twice, and leaves in it what
    was put there first.
    """
    names = {id(tensor): name for name, tensor in (*module.named_parameters(), *module.named_buffers())}
    places = {}
    for path, part in module.named_modules():
        own = *part.named_parameters(recurse=False), *part.named_buffers(recurse=False)
        places |= {f"{path}.{name}".removeprefix("."): names[id(tensor)] for name, tensor in own}
    return places


def _blocks(module: nn.Module) -> tuple[Block, ...]:
    """Return the module's parameters as blocks; the first weight takes the features where it is a dense layer's."""
    named = dict(module.named_parameters())
    first = next((name for name, part in named.items() if part.ndim > 1), "")
    dense = isinstance(module.get_submodule(first.rpartition(".")[0]), nn.Linear)
    return tuple(
        Block(name, tuple(part.shape), 0 if part.ndim > 1 else None, inputs=dense and name == first)
        for name, part in named.items()
    )


def module_objective(
    module: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    data: Batch | Iterable[Batch],
    statistics: Statistics | str = Statistics.BATCH,
) -> ModuleObjective:
    """Return the loss of a module as a function of its parameters, for planes, surfaces, curvature and the rest.

    L(w) = mean over the batches of loss(module with parameters w (inputs), targets).

    >>> from landscape import axis, loss_surface, random_plane
    >>> objective = module_objective(nn.Linear(3, 1), nn.MSELoss(), (torch.ones(4, 3), torch.zeros(4, 1)))
    >>> surface = loss_surface(objective, random_plane(objective.parameters, objective.layout), axis(1, 5), axis(1, 3))
    >>> surface.loss.shape, bool(abs(surface.loss[1, 2] - surface.centre) < 1e-6)
    ((3, 5), True)

    Source: Li et al. 2018, arXiv 1712.09913, Eq. 1, with batch statistics by default where they take running ones.

    Args:
        module: copied; neither its parameters nor its buffers nor its mode are changed. Dropout is off. Whatever is not
            one of torch's own layers is in evaluation mode, a BatchNorm that somebody wrote too.
        loss: (outputs, targets) -> a tensor of one number.
        data: inputs (N, ...) and targets, tensors or arrays, as one batch; or batches of such pairs, all of one size,
            as a list or a DataLoader, which is read once. Copied.
        statistics: "batch" normalizes by each batch, as in training; "running" by the module's stored averages.

    Returns: a ModuleObjective; its `parameters` (P,) are the module's, its `layout` has a block for each by name.
    Raises: ValueError where inputs or targets are empty, not finite (in the module's precision) or not as many,
    batches are of different sizes, the module has no parameters (yet) or some in another precision, or population
    statistics are asked for; when it is evaluated, where the loss is not one number.

    Attention by torch's fused kernels has no second derivative: compute curvature within
    `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`. Torch's weight normalization has a wrong one
    (`torch.autograd.gradgradcheck` fails on it, silently here): write it out as `g * v / v.norm()` for curvature. The row
    of an embedding's padding has no gradient by torch's choice, and so no curvature, but surfaces move it.
    """
    return ModuleObjective(module, loss, data, statistics_of(statistics))
