"""Products with the Hessian of an objective, and for few parameters the whole of it.

Follows Pearlmutter 1994. The products differentiate twice through everything that the objective does, batch statistics
included. Where a normalization passes no gradient through its statistics, they are taken as constants in both
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator
from torch import Tensor

from landscape.loss.objective import Objective, plainly

FULL_HESSIAN = 4096
"""Parameters up to which a whole Hessian is formed: 128 MB of numbers."""


def hessian_products(objective: Objective, parameters: np.ndarray, members: int = 1) -> Callable[[Tensor], Tensor]:
    """Return the map of vectors V (members, P) to H V at parameters (P,), each by its own copy in one stack.

    H v = gradient of <gradient L, v>; the gradient's graph is made once and kept.

    Source: Pearlmutter 1994, Fast exact multiplication by the Hessian.
    """
    check_point(parameters)
    # Not by torch.func: in torch 2.13 its second derivatives through the kernels of BatchNorm and LayerNorm are wrong
    # between a learnt scale and the input.
    with _differentiable(objective.device):
        leaf = objective.tensor(parameters).expand(members, -1).clone().requires_grad_()
        loss = objective(leaf).sum()
        # 0 times a square of zero adds nothing, but gives a loss that is linear or constant in the parameters a Hessian
        # too, and one that is not finite none: 0 times infinity is not a number.
        loss = loss + (leaf - leaf.detach()).square().sum() * (0 * loss.detach())
        (gradient,) = torch.autograd.grad(loss, leaf, create_graph=True)
        _check_twice(gradient)

    def products(vectors: Tensor) -> Tensor:
        with _differentiable(objective.device):
            # As a sum: given the vectors beside it, torch imports sympy, which stays in memory.
            along = (gradient * vectors.clone()).sum()
            return torch.autograd.grad(along, leaf, retain_graph=True)[0]

    return products


NO_SECOND = ("double backward", "differentiate twice", "once_differentiable", "is not implemented")
"""What torch says of functions that have a first derivative alone."""


def _check_twice(gradient: Tensor) -> None:
    """Raise a RuntimeError where a part of a gradient has no derivative: torch takes it as constant, without a word.

    A function that is marked with `once_differentiable` ends the graph of its gradient in a node of its own.
    """
    seen, ahead = set(), [gradient.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name().endswith("Error"):
            raise RuntimeError("a function in it is marked with once_differentiable")
        ahead += [function for function, _ in node.next_functions]


@contextmanager
def _differentiable(device: torch.device) -> Iterator[None]:
    """Differentiate whatever the caller is within, and tell what has no second derivative.

    Raises: ValueError.
    """
    try:
        with plainly(device):
            yield
    except RuntimeError as error:
        if not any(sentence in str(error) for sentence in NO_SECOND):
            raise
        raise ValueError(
            f"the loss has no second derivative here, so no curvature ({str(error).splitlines()[0]}). Give a compiled "
            "module as it was before torch.compile; compute attention within sdpa_kernel(SDPBackend.MATH) of "
            "torch.nn.attention; write a function with a backward pass of its own in torch's operations"
        ) from error


def check_point(parameters: np.ndarray) -> None:
    """Raise a ValueError where parameters are not those of one point, (P,)."""
    if np.ndim(parameters) != 1:
        raise ValueError(f"parameters must be those of one point, (P,), not {np.shape(parameters)}")


def hessian_operator(objective: Objective, parameters: np.ndarray) -> LinearOperator:
    """Return the Hessian (P, P) at parameters (P,) as products only, in the objective's precision.

    H v = gradient of <gradient L, v>.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> (hessian_operator(loss, loss.parameters) @ np.ones(2)).tolist()
    [1.0, 4.0]

    Source: Pearlmutter 1994, Fast exact multiplication by the Hessian.

    Args: objective of P parameters; parameters (P,).
    Returns: an operator of scipy's.
    Raises: ValueError for the parameters of several points.
    """
    products = hessian_products(objective, parameters)

    def product(vector: np.ndarray) -> np.ndarray:
        return products(objective.tensor(vector.reshape(1, -1)))[0].cpu().numpy()

    dtype = np.float64 if objective.dtype is torch.float64 else np.float32
    return LinearOperator((len(parameters),) * 2, matvec=product, dtype=dtype)


def hessian(objective: Objective, parameters: np.ndarray) -> np.ndarray:
    """Return the whole Hessian (P, P) at parameters (P,), for small P, in stacks of the objective's chunk.

    >>> from landscape import module_objective
    >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
    >>> loss = module_objective(torch.nn.Linear(2, 1, bias=False), torch.nn.MSELoss(), data)  # (w1^2 + 4 w2^2) / 2
    >>> hessian(loss, loss.parameters).tolist()
    [[1.0, 0.0], [0.0, 4.0]]

    Args: objective of P parameters; parameters (P,).
    Returns: H_ij = d2L / dw_i dw_j, (P, P).
    Raises: ValueError for more parameters than a whole Hessian fits, or for those of several points.
    """
    size = len(parameters)
    if size > FULL_HESSIAN:
        raise ValueError(
            f"a whole Hessian takes at most {FULL_HESSIAN} parameters, not {size}; use top_eigenvalues or "
            "spectral_density, which take products with it alone"
        )
    members = min(size, objective.chunk)
    products = hessian_products(objective, parameters, members)
    rows = torch.zeros(size, size, dtype=objective.dtype, device=objective.device)
    for start in range(0, size, members):
        start = min(start, size - members)  # the last stack overlaps the one before it
        units = torch.zeros(members, size, dtype=objective.dtype, device=objective.device)
        units[torch.arange(members), start + torch.arange(members)] = 1
        rows[start : start + members] = products(units)
    return rows.cpu().numpy()
