"""What each unit of a layer gives along training: mean, deviation, fourth moment and percentiles, unit by unit.

Pooled over a layer, units that lie apart look like one wide distribution; here each is by itself. Taken on the first
training examples as one batch, in training's form (see `passes`), at the snapshots of a run. Leaves out recurrent
networks, whose layers act once at every time step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.internals.distributions import PERCENTILES, quantiles, spread
from landscape.internals.passes import Form, form_of, taken_passes
from landscape.serving.devices import default_device, device_name
from landscape.training.run import Run
from models.config import Placement

LINEAR, ENTERING, LEAVING = 0, 1, 2
"""The moments of a layer: what its linear map gives, what enters its activation function, what leaves it."""

KEPT = 1024
"""Of the typical unit's values at most so many are kept, evenly spaced."""


@dataclass(frozen=True, eq=False)
class UnitMoments:
    """The distribution of each unit over the examples (and locations). S snapshots, L layers, C units.

    layers: their names. steps: (S,).
    mean, deviation, kurtosis: (S, L, 3, C) of what the linear map gives, of what enters the activation function, and of
    what leaves the layer; the kurtosis is the excess over a Gaussian's, not a number for a unit that is constant.
    percentiles: (S, L, C, 3) the 15th, 50th and 85th of what enters the activation function; pooled: (S, L, 3) those of
    all units of a layer together.
    typical: (L,) the unit whose median moves along training as that of the median unit does. values: (S, L, N) what of it
    enters the activation function. device: where they were computed. form: in which the network was.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    kurtosis: np.ndarray
    percentiles: np.ndarray
    pooled: np.ndarray
    typical: np.ndarray
    values: np.ndarray
    device: str = "CPU"
    form: Form = Form.TRAINING

    @property
    def drift(self) -> np.ndarray:
        """How far each unit's median moves along training, from its least to its greatest: (L, C)."""
        return np.ptp(self.percentiles[..., 1], axis=0)


def unit_moments(run: Run, examples: int = 256) -> UnitMoments:
    """Return the distribution of each unit of each layer, at every snapshot of a run.

    >>> from landscape import Experiment, train
    >>> found = unit_moments(train(Experiment().replace(normalization="batch", width=8, depth=2, num_steps=20)))
    >>> bool(np.allclose(found.deviation[0, :, ENTERING], 1, atol=1e-3)), bool((found.drift >= 0).all())
    (True, True)

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Fig. 1 (b, c), draws the percentiles of one typical unit of the last
    hidden layer; that the median's drift says which is typical is ours.

    Args: run: of any network but a recurrent one; examples: of the training data, the first so many.
    Returns: UnitMoments at the S snapshots.
    Raises: ValueError for a recurrent network, or no examples.
    """
    linear = "before" if run.experiment.network.placement is Placement.BEFORE else "preactivation"
    levels = torch.tensor(PERCENTILES, device=default_device()) / 100
    layers: tuple[str, ...] = ()
    moments: list[Tensor] = []
    percentiles: list[Tensor] = []
    pooled: list[Tensor] = []
    wanted = (linear, "preactivation", "activation")
    for taken in taken_passes(run, examples, wanted):
        layers = tuple(taken)
        of_layers = [[seen[name] for name in wanted] for seen in taken.values()]
        moments.append(torch.stack([torch.stack([_moments(one) for one in own], 2) for own in of_layers], 2))
        entering = [own[ENTERING] for own in of_layers]
        percentiles.append(torch.stack([quantiles(one.transpose(1, 2), levels) for one in entering], 1))
        pooled.append(torch.stack([quantiles(one.flatten(1), levels) for one in entering], 1))
    mean, deviation, kurtosis = torch.cat(moments, 1).cpu().numpy()
    by_unit, of_all = (torch.cat(parts).cpu().numpy() for parts in (percentiles, pooled))
    typical = typical_units(by_unit)
    values = (
        torch.cat([_of_typical(taken, typical) for taken in taken_passes(run, examples, ("preactivation",))])
        .cpu()
        .numpy()
    )
    device, form = device_name(default_device()), form_of(run.experiment)
    return UnitMoments(layers, run.steps, mean, deviation, kurtosis, by_unit, of_all, typical, values, device, form)


def typical_units(percentiles: np.ndarray) -> np.ndarray:
    """Return of each layer the unit of median drift (L,), given percentiles (S, L, C, 3).

    >>> drifts = np.array([[3.0, 1.0, 2.0]])
    >>> typical_units(np.stack([np.zeros((1, 3, 3)), np.repeat(drifts[..., None], 3, -1)])).tolist()
    [2]
    """
    drift = np.nan_to_num(np.ptp(percentiles[..., 1], axis=0))
    return np.argsort(drift, axis=1, kind="stable")[:, (drift.shape[1] - 1) // 2]


def _moments(values: Tensor) -> Tensor:
    """Return mean, deviation and excess kurtosis over the examples: (E, N, C) -> (3, E, C)."""
    mean = values.mean(1)
    centred = values - mean[:, None]
    deviation = centred.square().mean(1).sqrt()
    # Of the standardized values: their fourth power neither under- nor overflows; 0 / 0 of a constant is not a number.
    kurtosis = (centred / deviation[:, None]).square().square().mean(1) - 3
    return torch.stack([mean, deviation, kurtosis])


def _of_typical(taken: dict[str, dict[str, Tensor]], typical: np.ndarray) -> Tensor:
    """Return what enters the activation function of each layer's typical unit, (E, L, N)."""
    entering = [seen["preactivation"][..., int(unit)] for seen, unit in zip(taken.values(), typical, strict=True)]
    least = min(values.shape[1] for values in entering)
    return torch.stack([values[:, spread(values.shape[1], min(least, KEPT))] for values in entering], 1)


def layer_means(run: Run, examples: int = 256) -> np.ndarray:
    """Return the mean of what leaves each layer, over its units and the examples, at every snapshot of a run.

    >>> from landscape import Experiment, train
    >>> means = layer_means(train(Experiment().replace(normalization="batch", placement="after", depth=2, num_steps=5)))
    >>> means.shape[1], bool(np.allclose(means[0], 0, atol=1e-4))
    (2, True)

    Source: Arpit et al. 2016, arXiv 1603.01431, Fig. 1, draws these along training.

    Args: run: of any network but a recurrent one; examples: of the training data, the first so many.
    Returns: (S, L).
    Raises: ValueError for a recurrent network, or no examples.
    """
    means = [
        torch.stack([seen["activation"].mean((1, 2)) for seen in taken.values()], 1)
        for taken in taken_passes(run, examples, ("activation",))
    ]
    return torch.cat(means).cpu().numpy()
