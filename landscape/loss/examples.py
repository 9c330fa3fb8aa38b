"""Somebody's own data, as what their module and their loss take: pairs of tensors, and tuples and dictionaries of such.

A batch is (inputs, targets), either of which may be None. Inputs go to the module as one argument, or a tuple or a
dictionary of them as several where it takes so many; targets likewise to the loss, after the outputs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from landscape.loss.losses import check_finite

Values = Any
"""Tensors or arrays, (N, ...) of N examples; or a tuple, list or dictionary of such, and of whatever else; or None."""

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""Those by position and those by name."""

RULE = (
    "data must be inputs and targets, or batches of such pairs, and must not be empty; inputs and targets are tensors or "
    "arrays, tuples or dictionaries of them, or None where there are none"
)


@dataclass(frozen=True, eq=False)
class Examples:
    """A batch: what the module takes, and what the loss takes beside the outputs."""

    inputs: Values
    targets: Values

    def copied(self) -> Examples:
        """Return a batch of its own tensors: a layer, or a loss, in place writes over what it is given."""
        return Examples(_mapped(self.inputs, torch.clone), _mapped(self.targets, torch.clone))

    @property
    def size(self) -> int:
        """The number of examples, by the first tensor; 1 where there is none."""
        return next((len(tensor) for tensor in tensors_of((self.inputs, self.targets)) if tensor.ndim), 1)


def examples_of(data: object, dtype: torch.dtype, device: torch.device) -> list[Examples]:
    """Return copies of the batches on a device, in a precision where they are not whole numbers.

    Args: data, one batch or an iterable of batches, which is read once.
    Raises: ValueError where they are no batches, are empty or not finite, or of different sizes.
    """
    if isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        raise ValueError("data must be batches, not one example after the other; put a Dataset into a DataLoader")
    if isinstance(data, Tensor | np.ndarray | Mapping | str) or not isinstance(data, Iterable):
        raise ValueError(
            f"{RULE}. Of type {type(data).__name__} alone it is none: write (inputs, None) where the loss takes no targets"
        )
    one = _is_one(data)
    if not one and isinstance(data, tuple | list) and any(isinstance(batch, Tensor | np.ndarray) for batch in data):
        raise ValueError(
            f"{RULE}. Here are {len(data)} tensors: write ((a, b), targets) for several inputs, (inputs, None) for no targets"
        )
    batches = [_read(batch, dtype, device) for batch in ([data] if one else data)]
    if not batches:
        raise ValueError(RULE)
    if len(sizes := {batch.size for batch in batches}) > 1:
        raise ValueError(
            f"the batches must have one size, not {', '.join(map(str, sorted(sizes)))} examples: a mean over them "
            "would not weigh all examples alike; leave the odd one out, as drop_last=True does in a DataLoader"
        )
    return batches


def _is_one(data: Iterable[Any]) -> bool:
    """Return whether these are the inputs and targets of one batch, and not two batches."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        return False
    first, second = data
    if isinstance(first, Tensor | np.ndarray):
        return True
    return isinstance(data, tuple) and (
        first is None or isinstance(first, Mapping) or not isinstance(second, tuple | list)
    )


def _read(batch: object, dtype: torch.dtype, device: torch.device) -> Examples:
    if isinstance(batch, Tensor | np.ndarray):  # as a DataLoader of inputs alone gives them
        batch = (batch,)
    if isinstance(batch, Mapping):
        raise ValueError(f"{RULE}. A batch here is a dictionary: write (dictionary, None) where it is all inputs")
    if not isinstance(batch, tuple | list) or len(batch) not in (1, 2):
        given = f"of {len(batch)}" if isinstance(batch, tuple | list) else f"a {type(batch).__name__}"
        raise ValueError(f"{RULE}. A batch here is {given}: write ((a, b), targets) for several inputs")
    inputs, targets = (*batch, None)[:2]

    def taken(values: object) -> Tensor:
        return _tensor(values, dtype, device)

    found = Examples(_mapped(inputs, taken), _mapped(targets, taken))
    plain = [one for one in (found.inputs, found.targets) if isinstance(one, Tensor)]
    if any(not one.ndim for one in plain) and isinstance(found.inputs, Tensor):
        raise ValueError("data must be batches, not one example after the other; put a Dataset into a DataLoader")
    tensors = list(tensors_of(found.inputs))
    if found.inputs is not None and not any(tensor.numel() for tensor in tensors):
        raise ValueError(RULE)
    if len(plain) == 2 and len(plain[0]) != len(plain[1]):
        raise ValueError(f"{len(plain[0])} inputs need as many targets, not {len(plain[1])}")
    return found


def _tensor(values: object, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a tensor of its own, real or complex numbers in the precision, whole ones as they are."""
    try:
        with torch.inference_mode(False):
            tensor = torch.as_tensor(values).detach().clone()
    except (TypeError, ValueError) as error:
        raise ValueError(f"an array of the data does not hold numbers that torch knows: {error}") from error
    if tensor.is_complex():
        dtype = torch.complex128 if dtype is torch.float64 else torch.complex64
    elif not tensor.is_floating_point():
        dtype = tensor.dtype
    tensor = tensor.to(device, dtype)
    if tensor.layout is torch.strided:
        check_finite(tensor)
    else:
        check_finite((tensor.coalesce() if tensor.layout is torch.sparse_coo else tensor).values())
    return tensor


def _mapped(values: Values, function: Callable[[Any], Tensor]) -> Values:
    """Return the same tuples, lists and dictionaries of what a function makes of each tensor or array."""
    if isinstance(values, Tensor | np.ndarray):
        return function(values)
    if isinstance(values, Mapping):
        return {key: _mapped(value, function) for key, value in values.items()}
    if isinstance(values, tuple | list):
        parts = [_mapped(value, function) for value in values]
        return type(values)(*parts) if hasattr(values, "_fields") else type(values)(parts)
    if values is None or isinstance(values, bool | int | float | str):
        return values
    raise ValueError(f"{RULE}. Here is something of type {type(values).__name__}")


def tensors_of(values: Values) -> Iterator[Tensor]:
    """Yield the tensors in tuples, lists and dictionaries."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, Mapping):
        for value in values.values():
            yield from tensors_of(value)
    elif isinstance(values, tuple | list):
        for value in values:
            yield from tensors_of(value)


def described(values: Values) -> str:
    """Return the types and shapes of values in words.

    >>> described({"x": torch.ones(4, 3), "y": (torch.arange(4), None)})
    '{x: float32 (4, 3), y: (int64 (4,), None)}'
    """
    if isinstance(values, Tensor):
        return f"{str(values.dtype).removeprefix('torch.')} {tuple(values.shape)}"
    if isinstance(values, Mapping):
        return f"{{{', '.join(f'{key}: {described(value)}' for key, value in values.items())}}}"
    if isinstance(values, tuple | list):
        return f"({', '.join(map(described, values))})"
    return "None" if values is None else f"a {type(values).__name__}"


def inputs_as(forward: Callable[..., Any], inputs: Values) -> Arguments:
    """Return inputs as the arguments that a forward takes: several, one, or none."""
    whole: Arguments = ((inputs,), {})
    if inputs is None:
        return _fitting(forward, ((), {}), whole)
    return _fitting(forward, *_spread(inputs), whole)


def losses_as(loss: Callable[..., Any], outputs: Any, targets: Values) -> Arguments:
    """Return outputs and targets as the arguments that a loss takes: two, or several of either, or outputs alone."""
    several = [args for args, _ in _spread(outputs) if args]
    if targets is None:
        return _fitting(loss, ((outputs,), {}), ((outputs, None), {}), *((args, {}) for args in several))
    forms: list[Arguments] = [((outputs, targets), {})]
    forms += [((outputs, *args), named) for args, named in _spread(targets)]
    forms += [((*args, targets), {}) for args in several]
    forms += [((*args, *own), named) for args in several for own, named in _spread(targets)]
    return _fitting(loss, *forms)


def _spread(values: Values) -> list[Arguments]:
    """Return values as several arguments, where they are several."""
    if isinstance(values, Mapping) and all(isinstance(key, str) for key in values):
        return [((), dict(values))]
    return [(tuple(values), {})] if isinstance(values, tuple | list) else []


def _fitting(function: Callable[..., Any], *forms: Arguments) -> Arguments:
    """Return the first form of arguments that a function's signature takes; the first of all where none fits."""
    try:
        signature = inspect.signature(getattr(function, "forward", function))
    except (TypeError, ValueError):  # of functions that are not Python's
        return forms[0]
    for args, named in forms:
        try:
            signature.bind(*args, **named)
        except TypeError:
            continue
        return args, named
    return forms[0]
