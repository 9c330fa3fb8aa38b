"""The same functions on anybody's `nn.Module`: its loss as an objective, its weights never touched.

The parameters are all of the module's, frozen ones too; weights that are tied are one block. Leaves out population
statistics, as which data the module saw is not known here, and half precision, in which a loss changes by rounding.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from landscape.experiment import Statistics
from landscape.loss.evaluated import (
    Evaluated,
    aliases_of,
    blocks_of,
    check_module,
    feature_weights,
    pattern_of,
    places_of,
)
from landscape.loss.examples import Examples, Values, described, examples_of
from landscape.loss.losses import accuracies_of
from landscape.loss.objective import Objective, plainly, statistics_of
from landscape.loss.purity import Refusal, Watch, check_noise, check_repeats, noise_states, silent_checkpoints
from models.layout import Layout

Batch = tuple[Values, Values]
"""Inputs and targets: each (N, ...) of N examples, or a tuple or dictionary of several such, or None."""


class ModuleObjective(Objective):
    """The loss of a module on fixed data: L(w) = mean over the batches of loss(module with parameters w (x), targets).

    parameters: (P,) those of the module when this was made: the origin of a plane.

    Args and Raises: as `module_objective`.
    """

    def __init__(
        self,
        module: nn.Module,
        loss: Callable[..., Tensor],
        data: Batch | Iterable[Any],
        statistics: Statistics = Statistics.BATCH,
        weight_decay: float = 0.0,
    ) -> None:
        check_module(module)
        if isinstance(loss, type) or not callable(loss):
            given = f"the class {loss.__name__}: make one, {loss.__name__}()" if isinstance(loss, type) else repr(loss)
            raise ValueError(f"the loss must be a function of outputs and targets, not {given}")
        if statistics is Statistics.POPULATION:
            raise ValueError(
                "the statistics of a module must be batch or running, not population: which training data it saw is "
                "not known here. Put them into its buffers, as one pass over the data with momentum=None does, and "
                "choose running"
            )
        if not 0 <= weight_decay < math.inf:
            raise ValueError(f"weight_decay must be a number from 0, not {weight_decay}")
        self.weight_decay = weight_decay
        with torch.inference_mode(False):
            self.pattern = pattern_of(module, loss, statistics is Statistics.BATCH)
        self.places = places_of(self.pattern)
        named = dict(self.pattern.module.named_parameters())
        first = next(iter(named.values()))
        self.dtype, self.device = first.dtype, first.device
        self.batches = examples_of(data, self.dtype, self.device)
        # Copies into which values are put, one after the other where nothing is differentiated; a thread takes its own.
        self.idle: list[Evaluated] = []
        self.reuses = True
        flat = torch.cat([part.detach().flatten() for part in named.values()])
        self.parameters: np.ndarray = flat.cpu().numpy().copy()
        self.layout = Layout(blocks_of(self.pattern.module, None))
        self.layout = Layout(blocks_of(self.pattern.module, self._tried(module, flat)))

    def __call__(self, parameters: Tensor) -> Tensor:
        return self._computed(parameters)[0]

    def accuracy(self, parameters: Tensor) -> Tensor:
        return self.measure(parameters)[1]

    def measure(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            return self._computed(parameters, _accuracy)

    def _computed(
        self, parameters: Tensor, accuracy: Callable[[Any, Values], Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the losses and the accuracies (E,) of parameters (E, P); zeros where no accuracy is given."""
        differentiable = torch.is_grad_enabled() and parameters.requires_grad
        with plainly(self.device):
            own = parameters if differentiable else parameters.detach().clone()
            losses, accuracies = [], []
            for one in self._members(own):
                results = [self._evaluated(one, batch) for batch in self.batches]
                losses.append(torch.stack([loss.to(self.device) for _, loss in results]).mean())
                if accuracy is not None:
                    pairs = zip(results, self.batches, strict=True)
                    shares = [accuracy(outputs, batch.targets) for (outputs, _), batch in pairs]
                    accuracies.append(torch.stack(shares).mean())
            loss = torch.stack(losses)
            if self.weight_decay:
                loss = loss + 0.5 * self.weight_decay * own.square().sum(1)
            share = torch.stack(accuracies) if accuracies else torch.zeros_like(loss)
        return (loss if differentiable else loss.detach()), share.detach()

    def _members(self, parameters: Tensor) -> list[dict[str, Tensor]]:
        """Return the named parameters of each member (E, P): copies, as layers may write over them."""
        parts = self.layout.split(parameters)
        return [{name: part[i].clone() for name, part in parts.items()} for i in range(len(parameters))]

    def _evaluated(self, parts: dict[str, Tensor], batch: Examples) -> tuple[Any, Tensor]:
        """Return outputs and loss of a batch, by the module with these parameters."""
        if not self.reuses or any(part.requires_grad for part in parts.values()):
            return self.pattern.filled(parts)(batch.copied())
        try:
            copied = self.idle.pop()
        except IndexError:
            copied = copy.deepcopy(self.pattern)
        result = self._within(copied, parts, batch)
        self.idle.append(copied)
        return result

    def _within(self, copied: Evaluated, parts: dict[str, Tensor], batch: Examples) -> tuple[Any, Tensor]:
        """Return the same by a copy that has these parameters for this once: it costs a third of a new one."""
        # BatchNorm writes its running averages: into copies, so that every batch and point starts from the same.
        values = {f"module.{name}": part for name, part in parts.items()}
        values |= {name: buffer.clone() for name, buffer in self.pattern.named_buffers()}
        named = {place: values[name] for place, name in self.places.items() if name in values}
        before = [(part, vars(part).copy()) for part in copied.modules()]
        try:
            return functional_call(copied, named, (batch.copied(),), tie_weights=False)
        finally:
            for part, state in before:  # so does whatever a module notes down in itself as it computes
                vars(part).clear()
                vars(part).update(state)

    def _tried(self, module: nn.Module, parameters: Tensor) -> str | None:
        """Return the name of the weight that takes the data's features, once the objective is seen to be a function.

        On the first batch, once as surfaces compute it and twice as gradients do.

        Raises: ValueError where it is none, or the module or the loss does not take the batch.
        """
        batch, tolerance = self.batches[0], 1e-5 if self.dtype is torch.float32 else 1e-10
        losses, gradients, noise, aliases = [], [], [], aliases_of(module)
        foreign = [*module.named_parameters(), *module.named_buffers()]
        with plainly(self.device):
            copied = copy.deepcopy(self.pattern)
            (parts,) = self._members(parameters[None])
            try:  # whatever still computes with a copy's own parameters, as those in a list of it, needs a new copy
                with _told(batch), Watch([*foreign, *copied.module.named_parameters()], copied.named_parameters()):
                    losses.append(self._within(copied, parts, batch)[1])
                self.idle.append(copied)
            except Refusal:
                self.reuses = False
            for _ in range(2):
                leaf = parameters[None].clone().requires_grad_()
                (parts,) = self._members(leaf)
                filled = self.pattern.filled(parts)
                seeing = feature_weights(filled.module, batch.inputs)
                watch = [*foreign, *filled.held(aliases)], list(filled.named_parameters())
                with _told(batch), Watch(*watch):
                    loss = filled(batch.copied())[1]
                with Watch(*watch):
                    gradients.append(_gradient(loss, leaf))
                losses.append(loss.detach())
                noise.append(noise_states(self.device))
        for other in losses[1:]:
            check_repeats(losses[0], other, "loss", tolerance)
        check_repeats(gradients[0], gradients[1], "gradient", 100 * tolerance)
        check_noise(*noise)
        named = [name for name, part in parts.items() if any(part is weight for weight in seeing)]
        return named[0] if len(named) == 1 else None


@contextmanager
def _told(batch: Examples) -> Iterator[None]:
    """Turn an error of a module or a loss that does not take a batch into a sentence."""
    try:
        with silent_checkpoints():
            yield
    except Refusal:
        raise
    except (RuntimeError, TypeError, LookupError, AttributeError, ValueError) as error:
        if "Expected more than 1" in str(error):
            raise ValueError(
                "BatchNorm, or instance normalization, by the statistics of a batch needs more than one value of each "
                "feature, which one example is not: give batches of more, or statistics='running'"
            ) from error
        raise ValueError(
            f"the module and the loss do not take this batch, inputs {described(batch.inputs)} and targets "
            f"{described(batch.targets)}: {type(error).__name__}: {error}. Write ((a, b), targets) for several inputs, and "
            "[((a, b), (c, d))] where both are several"
        ) from error


def _gradient(loss: Tensor, leaf: Tensor) -> Tensor:
    """Return the gradient; zeros where there is none, as surfaces need none."""
    if not loss.requires_grad:
        return torch.zeros_like(leaf)
    try:
        (gradient,) = torch.autograd.grad(loss, leaf, allow_unused=True)
    except Refusal:
        raise
    except RuntimeError:  # told where a gradient is asked for
        return torch.zeros_like(leaf)
    return torch.zeros_like(leaf) if gradient is None else gradient


def _accuracy(outputs: Any, targets: Values) -> Tensor:
    """Return the share of right answers ()."""
    both = isinstance(outputs, Tensor) and isinstance(targets, Tensor)
    if not both or outputs.ndim != 2 or targets.is_floating_point() or targets.shape != outputs.shape[:1]:
        raise ValueError(
            "accuracy needs outputs (N, C) and whole numbers (N,) as targets, the classes; here outputs are "
            f"{described(outputs)} and targets {described(targets)}. Leave accuracy out"
        )
    return accuracies_of(outputs[None], targets[None])[0]


def module_objective(
    module: nn.Module,
    loss: Callable[..., Tensor],
    data: Batch | Iterable[Any],
    statistics: Statistics | str = Statistics.BATCH,
    weight_decay: float = 0.0,
) -> ModuleObjective:
    """Return the loss of a module as a function of its parameters, for planes, surfaces, curvature and the rest.

    L(w) = mean over the batches of loss(module with parameters w (inputs), targets) + weight_decay |w|^2 / 2.

    >>> from landscape import axis, loss_surface, random_plane
    >>> objective = module_objective(nn.Linear(3, 1), nn.MSELoss(), (torch.ones(4, 3), torch.zeros(4, 1)))
    >>> surface = loss_surface(objective, random_plane(objective.parameters, objective.layout), axis(1, 5), axis(1, 3))
    >>> surface.loss.shape, bool(abs(surface.loss[1, 2] - surface.centre) < 1e-6)
    ((3, 5), True)

    Source: Li et al. 2018, arXiv 1712.09913, Eq. 1, with batch statistics by default where they take running ones.

    Args:
        module: copied; neither its parameters nor its buffers nor its mode are changed. Dropout is off. Whatever is not
            one of torch's own layers is in evaluation mode, a BatchNorm that somebody wrote too.
        loss: (outputs, targets) -> a tensor of one number. One that needs the module itself is a method of it, or an
            nn.Module that holds it: it finds the copy.
        data: inputs (N, ...) and targets, tensors or arrays, as one batch; or batches of such pairs, all of one size,
            as a list or a DataLoader, which is read once. Copied. Inputs, targets or both may be tuples or dictionaries
            of such: the arguments of the module's forward pass, and those of the loss after the outputs, or one argument
            where these take one; or None. One batch of tuples on both sides stands in a list, [((a, b), (c, d))].
        statistics: "batch" normalizes by each batch, as in training; "running" by the module's stored averages.
        weight_decay: of all parameters, as `torch.optim.SGD` takes it: it adds weight_decay * w to the gradient.

    Returns: a ModuleObjective; its `parameters` (P,) are the module's, its `layout` has a block for each by name, and
    marks the weight of the one dense layer that the data's features enter.
    Raises: ValueError where inputs or targets are empty, not finite (in the module's precision) or not as many,
    batches are of different sizes, the module has no parameters (yet) or some in another precision, or population
    statistics are asked for; and, as the first batch is tried, where the module or the loss does not take it, gives no
    number, computes with parameters from elsewhere or in half precision, or changes from call to call.

    What the module detaches moves surfaces, and is constant in gradients and curvature. Attention by torch's fused
    kernels has no second derivative: compute curvature within `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`. Torch's
    weight normalization has a wrong one (`torch.autograd.gradgradcheck` fails on it, silently here): write it out as
    `g * v / v.norm()` for curvature. The row of an embedding's padding has no gradient by torch's choice, and so no
    curvature, but surfaces move it.
    """
    return ModuleObjective(module, loss, data, statistics_of(statistics), weight_decay)
