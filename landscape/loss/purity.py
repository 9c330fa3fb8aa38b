"""Whether a module and its loss are a function of the objective's own parameters alone: seen operation by operation.

Every operation of torch passes by while they are computed. None may touch a parameter that the objective does not move,
or round to half precision.
"""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import CheckpointFunction

from landscape.loss.examples import tensors_of

HALF = (torch.float16, torch.bfloat16)

WAY_OUT = (
    "Make it a function of the parameters: leave noise out in evaluation mode (`self.training` is False here), or draw it "
    "from a generator that each call seeds anew"
)


class Refusal(ValueError):
    """A sentence on a module or a loss that has no landscape as it is."""


READS = (Tensor.numpy, Tensor.tolist, Tensor.__array__)
"""What takes a tensor's numbers out of torch without an operation."""


class _Reading(TorchFunctionMode):
    """Show a `Watch` whose numbers are taken out."""

    def __init__(self, see: Callable[[Tensor], None]) -> None:
        super().__init__()
        self.see = see

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func in READS:
            self.see(args[0])
        return func(*args, **(kwargs or {}))


class Watch(TorchDispatchMode):
    """Raise a `Refusal` at the first operation on what the objective does not move, before it does anything.

    Args: foreign, tensors of other modules by name, which no operation may read or write; own, the names of parameters
        that the loss holds itself.
    """

    def __init__(self, foreign: Iterable[tuple[str, Tensor]], own: Iterable[tuple[str, Tensor]] = ()) -> None:
        super().__init__()
        self.foreign = {place: name for name, tensor in foreign if (place := place_of(tensor))}
        self.own = {id(tensor): name for name, tensor in own}
        self.found: Refusal | None = None
        self.reading = _Reading(self._see)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False: to tell torch's compiler to leave this alone would load the compiler, which takes seconds."""
        return False

    def __enter__(self) -> Watch:
        self.reading.__enter__()
        return super().__enter__()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if not torch.is_grad_enabled() and _is_reentrant(sys._getframe()):
            self._raise(
                "the module's activation checkpointing with use_reentrant=True gives no gradient by the parameters and no "
                "curvature; pass use_reentrant=False to torch.utils.checkpoint.checkpoint"
            )
        for tensor in tensors_of((args, kwargs)):
            self._see(tensor)
        result = func(*args, **(kwargs or {}))
        if half := next((one.dtype for one in tensors_of(result) if one.dtype in HALF), None):
            self._raise(
                f"the module or the loss computes in {str(half).removeprefix('torch.')}, as within torch.autocast: in half "
                "precision a loss changes by rounding; leave that out where landscapes are computed"
            )
        return result

    def _see(self, tensor: Tensor) -> None:
        if name := self.foreign.get(place_of(tensor)):
            self._raise(
                f"the module's forward, or the loss, computes with {name} of the module that was given: the objective, "
                "whose parameters are its own, would not move it. For a penalty on the weights give weight_decay; "
                "elsewhere let what computes reach the module as self, in a method of it or of an nn.Module that holds "
                "it, and not from outside, as the closure of a function or of a wrapped forward does"
            )
        if isinstance(tensor, nn.Parameter) and tensor.requires_grad:
            name = self.own.get(id(tensor), f"of shape {tuple(tensor.shape)}")
            self._raise(
                f"the loss, or the module's forward, computes with the parameter {name}, which is not among the module's, "
                "so that the objective would not move it: register it in the module, or call requires_grad_(False) on "
                "it where it is a constant"
            )

    def _raise(self, sentence: str) -> None:
        self.found = self.found or Refusal(sentence)
        raise self.found

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        super().__exit__(exc_type, exc_value, traceback)
        self.reading.__exit__(exc_type, exc_value, traceback)
        if self.found is not None:  # somebody's code caught it
            raise self.found


def place_of(tensor: Tensor) -> int:
    """Return where a tensor's numbers begin in memory, however it is viewed; 0 where it has none of its own."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse, or one of torch.func's
        return 0


def _is_reentrant(frame: FrameType | None) -> bool:
    """Return whether a frame lies within the forward pass of a reentrant checkpoint."""
    while frame is not None:
        if frame.f_code is CheckpointFunction.forward.__code__:
            return True
        frame = frame.f_back
    return False


@contextmanager
def silent_checkpoints() -> Iterator[None]:
    """Leave out the warning of a reentrant checkpoint, which is refused with a sentence."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "None of the inputs have requires_grad")
        yield


def noise_states(device: torch.device) -> list[Any]:
    """Return the states of the global generators of random numbers: torch's, numpy's, and Python's."""
    numpys = np.random.get_state()
    states: list[Any] = [torch.get_rng_state().tolist(), [str(part) for part in numpys], random.getstate()]
    return [*states, torch.cuda.get_rng_state(device).tolist()] if device.type == "cuda" else states


def check_repeats(first: Tensor, second: Tensor, what: str, tolerance: float) -> None:
    """Raise a `Refusal` where two computations of the same numbers differ by more than rounding.

    tolerance: relative to the largest, as sums on a GPU come in any order.
    """
    one, other = first.detach().double(), second.detach().double()
    both = torch.stack([one, other])
    finite = both[torch.isfinite(both)]
    scale = float(finite.abs().max()) if len(finite) else 0.0
    if torch.allclose(one, other, rtol=0, atol=tolerance * scale, equal_nan=True):
        return
    values = f"{float(one):.6g} and then {float(other):.6g}" if one.numel() == 1 else "not the same twice"
    raise Refusal(
        f"the {what} at the same parameters is {values}: the module or the loss changes from call to call, as with a "
        f"dropout that is always on, or a count of its calls. {WAY_OUT}"
    )


def check_noise(after: list[Any], again: list[Any]) -> None:
    """Raise a `Refusal` where calls draw random numbers that are not the same ones each time.

    Args: states of the generators after two calls; one that seeds them leaves the same state each time.
    """
    if after != again:
        raise Refusal(
            "the module or the loss draws random numbers anew in each call, so that its loss may change from call to "
            f"call. {WAY_OUT}"
        )
