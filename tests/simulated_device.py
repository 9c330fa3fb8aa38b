"""A second device that is none, for machines without a GPU: its tensors refuse the company of those that are not on it.

The numbers lie on the CPU and are computed there, so that results can be compared; what is checked is that all that
meets is in one place. It goes by the name of PyTorch's `meta` device, the one device that every build has.
"""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("meta")

BETWEEN_DEVICES = {"aten::copy_", "aten::_to_copy"}
"""Operations that CUDA too does between devices."""

BESIDE_INDEXES = {"aten::index": (0,), "aten::index_put_": (0, -1)}
"""Operations whose indexes CUDA too takes from the CPU: which of their tensors are no indexes."""


class Distant(torch.Tensor):
    """A tensor on the device. here: its numbers, on the CPU."""

    @staticmethod
    def __new__(cls, here: torch.Tensor) -> "Distant":
        kind = {"dtype": here.dtype, "device": DEVICE, "strides": here.stride()}
        return torch.Tensor._make_wrapper_subclass(cls, here.shape, storage_offset=here.storage_offset(), **kind)

    def __init__(self, here: torch.Tensor) -> None:
        self.here = here

    def __repr__(self) -> str:
        return f"Distant({self.here})"

    def tolist(self) -> Any:
        return self.here.tolist()

    def new_tensor(self, values: Any) -> "Distant":
        return Distant(self.here.new_tensor(values))

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return call(func, args, kwargs or {})


class Generator(torch.Generator):
    """What `torch.Generator` is to be: there is none on the device, one on the CPU stands for it."""

    def __new__(cls, device: torch.device | str = "cpu") -> torch.Generator:
        return super().__new__(cls, "cpu")


class Simulation(TorchDispatchMode):
    """A context in which tensors can be made on the device, and sent there."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return call(func, args, kwargs or {})


def call(func: Any, args: tuple, kwargs: dict) -> Any:
    """Do an operation on the CPU, and put its results where they would be.

    Raises: RuntimeError where it mixes devices, as CUDA would, which takes only single numbers from the CPU.
    """
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    distant = [one for one in tensors if isinstance(one, Distant)]
    name = func._schema.name
    checked = [tensors[i] for i in BESIDE_INDEXES.get(name, range(len(tensors)))]
    strange = [tuple(one.shape) for one in checked if one.ndim and not isinstance(one, Distant)]
    if distant and strange and name not in BETWEEN_DEVICES:
        raise RuntimeError(f"{func}: tensors of the shapes {strange} are on the CPU, others are not")
    asked = kwargs.get("device")
    there = bool(distant) if asked is None else asked == DEVICE
    if name == "aten::copy_":
        there = isinstance(args[0], Distant)
    if asked == DEVICE:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    numbers = {id(one.here): one for one in distant}  # what is changed in place comes back as the same tensor
    result = func(*tree_map(_here, args), **tree_map(_here, kwargs))
    return tree_map(lambda one: _there(one, numbers) if there and isinstance(one, torch.Tensor) else one, result)


def _here(value: Any) -> Any:
    return value.here if isinstance(value, Distant) else value


def _there(here: torch.Tensor, known: dict[int, Distant]) -> Distant:
    return known[id(here)] if id(here) in known else Distant(here)
