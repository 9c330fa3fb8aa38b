"""The scale and shift that a normalization has learnt, beside the deviation and mean that it takes away.

With scale = deviation and shift = mean a unit is what it was without the normalization. Leaves out recurrent networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.internals.passes import taken_passes
from landscape.loss.network import network_of
from landscape.training.run import Run


@dataclass(frozen=True, eq=False)
class LearntScales:
    """What the normalizations of the hidden layers have learnt. S snapshots, L layers, C units.

    layers: their names. steps: (S,). scale, shift: (S, L, C), as learnt.
    deviation, mean: (S, L, C) of what enters the normalization, over the examples (and locations).
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    deviation: np.ndarray
    mean: np.ndarray

    @property
    def undone(self) -> np.ndarray:
        """The share of units whose scale is nearer, by its factor, to the unit's own deviation than to 1: (S, L)."""
        size = np.abs(self.scale)
        with np.errstate(divide="ignore", invalid="ignore"):
            nearer = np.abs(np.log(size / self.deviation)) < np.abs(np.log(size))
        return nearer.mean(-1)


def learnt_scales(run: Run, examples: int = 512) -> LearntScales:
    """Return the learnt scales and shifts of each hidden layer, and what they stand for, at every snapshot of a run.

    >>> from landscape import Experiment, train
    >>> found = learnt_scales(train(Experiment().replace(normalization="batch", width=8, depth=2, num_steps=20)))
    >>> bool((found.scale[0] == 1).all()), bool((found.shift[0] == 0).all()), bool((found.deviation > 0).all())
    (True, True, True)

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3: scale = sqrt(Var[x]) and shift = E[x] recover the original
    activations.

    Args: run: of any network but a recurrent one, whose hidden layers learn a scale and a shift; examples: of the
        training data, the first so many.
    Returns: LearntScales at the S snapshots.
    Raises: ValueError for a network without them, a recurrent one, or no examples.
    """
    network = network_of(run.experiment)
    learnt = set(network.hidden_layer.parameters(1))
    if not {"scale", "shift"} <= learnt:
        raise ValueError(
            f"run's hidden layers must learn a scale and a shift, and with {network.config.normalization}, "
            f"affine={network.config.affine}, normalized={network.config.normalized} they do not: choose BatchNorm or "
            "layer normalization with affine=True"
        )
    parts = network.layout.split(torch.as_tensor(run.parameters))
    places: tuple[str, ...] = ()
    moments: list[Tensor] = []
    for taken in taken_passes(run, examples, ("before",)):
        places = tuple(taken)
        entering = [seen["before"] for seen in taken.values()]
        moments.append(torch.stack([torch.stack([one.std(1, correction=0), one.mean(1)]) for one in entering], 2))
    deviation, mean = torch.cat(moments, 1).cpu().numpy()
    scale, shift = (
        torch.stack([parts[f"{place}.{name}"] for place in places], 1).numpy() for name in ("scale", "shift")
    )
    return LearntScales(places, run.steps, scale, shift, deviation, mean)
