"""Where the inputs of activation functions fall: on a straight part, at the bend, or where the function is flat.

Between them lies what a layer can do: where all inputs fall on a straight part it is a linear map, where they fall on a
flat one no gradient passes. Taken on the first training examples as one batch, in training's form (see `passes`), at the
snapshots of a run. Leaves out recurrent networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
import torch
from torch import Tensor

from landscape.internals.distributions import FLAT, slope
from landscape.internals.passes import Form, form_of, taken_passes
from landscape.serving.devices import default_device, device_name
from landscape.training.run import Run
from models.activations import Activation, activate

REACH = 6.0
"""The histograms reach so far on both sides; what lies beyond is counted in their last bins."""

BINS = 60

GRID = 48001
"""Points on which a function's bend is summed up, from -4 to 4 times as far as its histograms reach."""


@dataclass(frozen=True, eq=False)
class ActivationCurve:
    """An activation function f on a grid of G points.

    x: (G,). height: (G,) f(x). bend: (G,) |f''(x)|, as the change of the slope over a step of the grid, so that a kink is a
    peak of one step. near: the share of the bend that lies from -1 to 1, see `bend_share`.
    """

    x: np.ndarray
    height: np.ndarray
    bend: np.ndarray
    near: float


@dataclass(frozen=True, eq=False)
class ActivationUse:
    """How the activation functions are used. S snapshots, L layers.

    layers: their names. steps: (S,). curve: the function itself. edges: (BINS + 1,) of the histograms.
    density: (S, L, BINS) share of the inputs in each bin, all units together.
    within: (S, L) the share from -1 to 1. saturated: (S, L) the share where the slope is under a tenth of the greatest.
    slope: (S, L) the root mean square of the slope at the inputs.
    linear: (S, L) R squared of the best straight line through a unit's inputs and outputs, the median over units; not a
    number where all are constant. line: (S, L, 2) height at 0 and slope of the best line of all units of a layer together.
    device: where they were computed. form: in which the network was.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    curve: ActivationCurve
    edges: np.ndarray
    density: np.ndarray
    within: np.ndarray
    saturated: np.ndarray
    slope: np.ndarray
    linear: np.ndarray
    line: np.ndarray
    device: str = "CPU"
    form: Form = Form.TRAINING


def activation_use(run: Run, examples: int = 256) -> ActivationUse:
    """Return where the inputs of each layer's activation functions fall, at every snapshot of a run.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=4, depth=2, activation="linear", num_steps=20))
    >>> used = activation_use(run)
    >>> bool(np.allclose(used.linear, 1)), bool(np.allclose(used.slope, 1)), bool(np.allclose(used.density.sum(-1), 1))
    (True, True, True)

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3: normalizing the inputs of a sigmoid would constrain them to its
    linear regime; to measure that by the R squared of a line is ours.

    Args: run: of any network but a recurrent one; examples: of the training data, the first so many.
    Returns: ActivationUse at the S snapshots.
    Raises: ValueError for a recurrent network, or no examples.
    """
    activation, device = run.experiment.network.activation, default_device()
    greatest = float(slope(torch.linspace(-4, 4, 801), activation).max())
    layers: tuple[str, ...] = ()
    found: list[list[Tensor]] = []
    for taken in taken_passes(run, examples, ("preactivation",)):
        layers = tuple(taken)
        of_layers = [_use(seen["preactivation"].double(), activation, greatest) for seen in taken.values()]
        found.append([torch.stack(parts, 1) for parts in zip(*of_layers, strict=True)])
    density, within, saturated, slopes, linear, line = (
        torch.cat(parts).float().cpu().numpy() for parts in zip(*found, strict=True)
    )
    edges, form = np.linspace(-REACH, REACH, BINS + 1), form_of(run.experiment)
    return ActivationUse(
        layers,
        run.steps,
        activation_curve(activation),
        edges,
        density,
        within,
        saturated,
        slopes,
        linear,
        line,
        device_name(device),
        form,
    )


def _use(values: Tensor, activation: Activation, greatest: float) -> tuple[Tensor, ...]:
    """Return density, within, saturated, slope, linear and line of one layer's inputs (E, N, C)."""
    slopes = slope(values, activation)
    bins = ((values.nan_to_num() + REACH) * (BINS / (2 * REACH))).clamp(0, BINS - 1).long().flatten(1)
    counts = torch.zeros(len(values), BINS, dtype=values.dtype, device=values.device)
    counts.scatter_add_(1, bins, torch.ones_like(bins, dtype=values.dtype))
    outputs = activate(values, activation)
    return (
        counts / bins.shape[1],
        (values.abs() <= 1).double().mean((1, 2)),
        (slopes.abs() < FLAT * greatest).double().mean((1, 2)),
        slopes.square().mean((1, 2)).sqrt(),
        linear_share(values, outputs).nanmedian(1).values,
        _best_line(values.flatten(1), outputs.flatten(1)),
    )


def linear_share(x: Tensor, y: Tensor) -> Tensor:
    """Return R squared of the best straight line from x to y over the examples: (E, N, C) -> (E, C).

    Not a number where either is constant.

    >>> x = torch.linspace(-1, 1, 101)[None, :, None]
    >>> round(linear_share(x, 3 * x - 1).item(), 6), round(linear_share(x, x**2).item(), 6)
    (1.0, 0.0)
    """
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    return (x * y).mean(1).square() / (x.square().mean(1) * y.square().mean(1))


def _best_line(x: Tensor, y: Tensor) -> Tensor:
    """Return height at 0 and slope of the best straight line from x to y: (E, n) -> (E, 2)."""
    centre, height = x.mean(1), y.mean(1)
    rise = ((x - centre[:, None]) * (y - height[:, None])).mean(1) / x.var(1, correction=0).clamp_min(1e-300)
    return torch.stack([height - rise * centre, rise], 1)


def bend_share(activation: Activation | str, reach: float = 1.0) -> float:
    """Return which share of an activation function's bend lies between -reach and reach.

    The bend is the total change of the slope, the integral of |f''|, in which ReLU's kink is 1.

    >>> {name: round(bend_share(name), 2) for name in ("tanh", "gelu", "relu", "sigmoid")}
    {'tanh': 0.58, 'gelu': 0.77, 'relu': 1.0, 'sigmoid': 0.21}

    Args: activation: which function; reach: how far, positive.
    Returns: from 0 to 1, or not a number for a straight line, which has no bend.
    """
    x = torch.linspace(-4 * REACH, 4 * REACH, GRID, dtype=torch.float64)
    change = slope(x, Activation(activation)).diff().abs()
    total = float(change.sum())
    inside = (x[:-1].abs() <= reach) & (x[1:].abs() <= reach)
    return float(change[inside].sum()) / total if total > 0 else nan


def activation_curve(activation: Activation | str, points: int = 241) -> ActivationCurve:
    """Return an activation function over the width of the histograms, with its bend.

    >>> curve = activation_curve("tanh")
    >>> round(float(abs(curve.x[curve.bend.argmax()])), 2), round(float(np.interp(2.0, curve.x, curve.height)), 3)
    (0.65, 0.964)

    Args: activation: which function; points: of the grid.
    Returns: ActivationCurve.
    """
    x = torch.linspace(-REACH, REACH, points, dtype=torch.float64)
    step = float(x[1] - x[0])
    ends = torch.cat([x - step / 2, x[-1:] + step / 2])
    bend = slope(ends, Activation(activation)).diff().abs() / step
    height = activate(x, Activation(activation))
    return ActivationCurve(x.numpy(), height.numpy(), bend.numpy(), bend_share(activation))
