"""Directions through a network's parameters, and how long they are: in units of its filters, or of all its weights.

Follows Li et al. 2018 (arXiv 1712.09913) for filter normalization.
"""

from __future__ import annotations

import numpy as np
import torch

from models.layout import Layout


def filter_normalize(direction: np.ndarray, parameters: np.ndarray, layout: Layout) -> np.ndarray:
    """Return the direction with each filter as long as the network's own; zero on 1-D parameters.

    d_ij <- d_ij / |d_ij| * |w_ij| for filter j of layer i: in a dense layer the incoming weights of one unit.

    >>> from models.layout import Block
    >>> layout = Layout((Block("weight", (2, 1), filter_axis=1), Block("bias", (1,))))  # one filter of two weights
    >>> filter_normalize(np.array([0.0, 2.0, 7.0]), np.array([3.0, 4.0, 1.0]), layout).round(6).tolist()
    [0.0, 5.0, 0.0]

    Source: Li et al. 2018, arXiv 1712.09913, Sec. 4, and the authors' code (`ignore="biasbn"`).

    Args: direction (P,); parameters (P,); layout of both.
    Returns: (P,).
    """
    filters = np.concatenate([np.full(block.size, block.filter_axis is not None) for block in layout.blocks])
    scale = filter_lengths(parameters, layout, empty=0.0) / (filter_lengths(direction, layout, empty=0.0) + 1e-10)
    return (direction * np.where(filters, scale, 0)).astype(direction.dtype)


def filter_lengths(parameters: np.ndarray, layout: Layout, empty: float = 1.0) -> np.ndarray:
    """Return for each of the parameters (P,) the length of the filter that it belongs to, and 1 on 1-D parameters.

    Args: empty, what to return for a filter of zeros.
    """
    result = np.ones_like(parameters)
    for block in layout.blocks:
        if block.filter_axis is None:
            continue
        place = layout.slice(block.name)
        axes = tuple(axis for axis in range(len(block.shape)) if axis != block.filter_axis)
        lengths = np.sqrt(np.square(parameters[place].reshape(block.shape)).sum(axis=axes, keepdims=True))
        result[place] = np.broadcast_to(np.where(lengths > 0, lengths, empty), block.shape).ravel()
    return result


def orthogonal(direction: np.ndarray, to: np.ndarray) -> np.ndarray:
    """Return the direction less its part along another, d - to <d, to> / |to|^2."""
    square = float(to @ to)
    return direction - to * (float(direction @ to) / square) if square else direction


def random_direction(parameters: np.ndarray, layout: Layout, generator: torch.Generator) -> np.ndarray:
    """Return a Gaussian direction (P,), filter-normalized."""
    direction = np.zeros_like(parameters)
    for block in layout.blocks:
        if block.filter_axis is not None:
            drawn = torch.randn(block.size, generator=generator, dtype=torch.float32).numpy()
            direction[layout.slice(block.name)] = drawn
    return filter_normalize(direction, parameters, layout)


def weights_length(parameters: np.ndarray, layout: Layout) -> float:
    """Return the length of all filters together: how far from zero the weights are."""
    parts = [parameters[layout.slice(block.name)] for block in layout.blocks if block.filter_axis is not None]
    return float(np.linalg.norm(np.concatenate(parts))) if parts else float(np.linalg.norm(parameters))


def scaled_to(length: float, direction: np.ndarray, what: str) -> np.ndarray:
    """Return the direction with a given length.

    Raises: ValueError where it is zero or not finite, which says what it was.
    """
    own = float(np.linalg.norm(direction.astype(np.float64)))
    if not (np.isfinite(own) and own > 0):
        raise ValueError(
            f"the {what} is zero or not finite at these parameters, so that it gives no direction; choose another "
            "plane, or a training that does not diverge"
        )
    return (direction * (length / own)).astype(direction.dtype)
