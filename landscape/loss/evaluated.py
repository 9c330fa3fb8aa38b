"""A module and its loss as one thing that is copied with other parameters in it: what an objective of a module computes.

Both are copied together, so that a loss that is a method of the module, or holds it, finds the copy. Compiled modules
are copied as what they were compiled from, which has second derivatives.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from landscape.loss.examples import Examples, inputs_as, losses_as
from landscape.loss.purity import Refusal, place_of
from models.layout import Block

BY_FEATURE = (nn.Flatten, nn.Identity, nn.Dropout, nn.BatchNorm1d)
"""Layers that leave each feature of the data in its place."""


class Evaluated(nn.Module):
    """A module and a loss: a batch -> outputs and loss.

    Dropout is off, and whatever is not one of torch's own normalizations is in evaluation mode.

    Raises: ValueError where the loss is not one number.
    """

    def __init__(self, module: nn.Module, loss: Callable[..., Tensor]) -> None:
        super().__init__()
        self.module, self.loss = module, loss

    def forward(self, batch: Examples) -> tuple[Any, Tensor]:
        args, named = inputs_as(self.module.forward, batch.inputs)
        outputs = self.module(*args, **named)
        args, named = losses_as(self.loss, outputs, batch.targets)
        loss = self.loss(*args, **named)
        if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.is_floating_point():
            given = f"{tuple(loss.shape)} numbers" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
            given = f"one of {loss.dtype}" if isinstance(loss, Tensor) and loss.numel() == 1 else given
            raise Refusal(
                f"the loss must return a tensor of one number for a batch, not {given}; take the mean over the "
                "examples, and leave out item()"
            )
        return outputs, loss.reshape(())

    def filled(self, values: dict[str, Tensor]) -> Evaluated:
        """Return a copy with these tensors as the module's parameters, by name, wherever the copy holds them.

        It keeps them for as long as anything of it is needed: activation checkpointing computes from them again when it
        differentiates.
        """
        return copy.deepcopy(self, {id(own): values[name] for name, own in self.module.named_parameters()})

    def held(self, names: list[str]) -> list[tuple[str, Tensor]]:
        """Return tensors that the module's parts hold as attributes, by their names."""
        parts = dict(self.module.named_modules())
        return [(name, getattr(parts[name.rpartition(".")[0]], name.rpartition(".")[2])) for name in names]


def pattern_of(module: nn.Module, loss: Callable[..., Tensor], batch_statistics: bool) -> Evaluated:
    """Return a copy of a module and a loss from which others are made, in evaluation mode but for its normalizations.

    Raises: ValueError where the module cannot be copied.
    """
    memo: dict[int, Any] = {}
    for part in reversed(list(module.modules())):  # what lies inside of another one before it
        if (compiled := getattr(part, "_orig_mod", None)) is not None:
            memo[id(part)] = copy.deepcopy(compiled, memo)
    try:
        pattern = copy.deepcopy(Evaluated(module, loss), memo)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ValueError(
            f"the module, or its loss, cannot be copied: {str(error).rstrip('.')}. Where that is `torch.nn.utils.weight_norm`, take "
            "`torch.nn.utils.parametrizations.weight_norm`; elsewhere leave out of it what is no part of it"
        ) from error
    pattern.eval()
    for part in pattern.module.modules():
        if isinstance(part, _NormBase):  # batch and instance normalization, which may store averages
            part.train(batch_statistics)
    return pattern


def check_module(module: object) -> None:
    """Raise a ValueError where something is no module whose loss has a landscape, and say what to give."""
    if not isinstance(module, nn.Module):
        raise ValueError(f"the module must be a torch.nn.Module, not {_named(module)}")
    if isinstance(module, nn.DataParallel) or any(
        isinstance(part, torch.jit.ScriptModule) for part in module.modules()
    ):
        scripted = next((part for part in module.modules() if isinstance(part, torch.jit.ScriptModule)), module)
        raise ValueError(f"a {type(scripted).__name__} cannot be taken apart; give the module that it was made from")
    named = dict(module.named_parameters())
    lazy = (UninitializedParameter, UninitializedBuffer)
    if any(isinstance(part, lazy) for part in (*named.values(), *module.buffers())):
        raise ValueError("the module has lazy layers without parameters yet; run it once on some inputs before")
    if not named:
        raise ValueError("the module has no parameters, so that its loss has no landscape")
    if empty := next((name for name, part in named.items() if not part.numel()), None):
        raise ValueError(f"the module's parameter {empty} holds no numbers; leave it out")
    if unreal := next((name for name, part in named.items() if part.is_complex()), None):
        raise ValueError(
            f"the module's parameter {unreal} is complex, and a landscape is over real numbers: keep it as real ones, "
            "nn.Parameter(torch.view_as_real(...)), and let the forward pass take torch.view_as_complex of it"
        )
    bare = any(part.is_meta and type(part.data) is Tensor for part in named.values())
    if len(devices := {str(part.device) for part in named.values()}) > 1 or bare:
        raise ValueError(
            f"the module's parameters lie on {', '.join(sorted(devices))}: they must lie on one device that holds "
            "numbers; give module.to(device), or to_empty(device=...) and its state where it is on meta"
        )
    if (types := {part.dtype for part in named.values()}) not in ({torch.float32}, {torch.float64}):
        raise ValueError(
            f"the module's parameters must all be float32 or all float64, not {', '.join(sorted(map(str, types)))}: "
            "in half precision a loss changes by rounding; give module.float()"
        )


def _named(thing: object) -> str:
    """Return what was given in place of a module, and the way to one."""
    if isinstance(thing, dict):
        return (
            "a dictionary: a state_dict holds numbers and not what is computed with them; give the module that loads it"
        )
    if isinstance(thing, type):
        return f"the class {thing.__name__}: make one, {thing.__name__}(...)"
    if callable(thing):
        return (
            f"a {type(thing).__name__}: write what is computed as the forward pass of a module, whose parameters are "
            "nn.Parameter"
        )
    return f"a {type(thing).__name__}"


def aliases_of(module: nn.Module) -> list[str]:
    """Return the names of tensors beside a module's parameters that share numbers with these: no copy of it keeps that."""
    shared = {place_of(part) for part in module.parameters()} - {0}
    return [
        f"{path}.{name}".removeprefix(".")
        for path, part in module.named_modules()
        for name, value in vars(part).items()
        if isinstance(value, Tensor) and not isinstance(value, nn.Parameter) and place_of(value) in shared
    ]


def places_of(module: nn.Module) -> dict[str, str]:
    """Return all places of parameters and buffers in a module, with the first name of what stands there.

    A part that is registered twice is one place: torch, told to tie weights itself, fills it twice, and leaves in it what
    was put there first.
    """
    names = {id(tensor): name for name, tensor in (*module.named_parameters(), *module.named_buffers())}
    places: dict[str, str] = {}
    for path, part in module.named_modules():
        own = *part.named_parameters(recurse=False), *part.named_buffers(recurse=False)
        places |= {f"{path}.{name}".removeprefix("."): names[id(tensor)] for name, tensor in own}
    return places


def blocks_of(module: nn.Module, features: str | None) -> tuple[Block, ...]:
    """Return the module's parameters as blocks; features: the name of the weight that takes those of the data."""
    return tuple(
        Block(name, tuple(part.shape), 0 if part.ndim > 1 else None, inputs=name == features)
        for name, part in module.named_parameters()
    )


def feature_weights(module: nn.Module, inputs: object) -> list[Tensor]:
    """Return a list that will hold, once the module was run on inputs, the weights of dense layers that took them.

    Of layers that saw the data's features each in its place, wherever they are registered; a weight that stands in
    several places is no first layer's.
    """
    found: list[Tensor] = []
    if not isinstance(inputs, Tensor) or inputs.layout is not torch.strided:
        return found
    same = [inputs.detach().clone()]
    held = [id(weight) for part in module.modules() for weight in part._parameters.values()]

    def takes(args: tuple[Any, ...]) -> bool:
        given = args[0].detach() if args and isinstance(args[0], Tensor) else None
        return given is not None and any(
            given.numel() == one.numel() and torch.equal(given.reshape(len(one), -1), one.reshape(len(one), -1))
            for one in same
        )

    def before(part: nn.Module, args: tuple[Any, ...]) -> None:
        weight = part._parameters.get("weight")
        if weight is not None and held.count(id(weight)) == 1 and takes(args):
            found.append(weight)

    def after(part: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        if takes(args):
            same.append(output.detach().clone())

    for part in module.modules():
        if isinstance(part, nn.Linear):
            part.register_forward_pre_hook(before)
        elif isinstance(part, BY_FEATURE):
            part.register_forward_hook(after)
    return found
