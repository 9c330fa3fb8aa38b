"""What goes through a network's layers: distributions, percentiles and saturation of their activations.

All are taken on the first training examples as one batch, in training's form (see `passes`), at the snapshots of a run,
which are one stack. Recurrent networks, whose layers act once at every time step, have histograms only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.internals.passes import (
    Form,
    form_of,
    forward_pass,
    forward_passes,
    snapshots_of,
    training_context,
)
from landscape.loss.network import network_of
from landscape.serving.devices import default_device, device_name
from landscape.training.run import Run
from models.activations import Activation, activate

BINS = 40
EXAMPLES = 64
WIDEST = 5
"""The axis of the histograms reaches so many times as far as that of the median layer would."""
VALUES = 2048
"""A histogram takes at most so many of a layer's activations, evenly spaced among them."""
GOLDEN = (1 + 5**0.5) / 2
"""The fractions of its multiples fill [0, 1) evenly, however many there are."""
SAMPLE = 100_000
"""The ends of the axis are those of about so many of all values."""


@dataclass(frozen=True, eq=False)
class ActivationHistograms:
    """Histograms of activations before and after each layer's normalization. S snapshots, L layers.

    layers: their names. steps: (S,). edges: (BINS + 1,), the same for all layers and snapshots.
    density: (S, L, 2, BINS) share of the values in each bin; what lies beyond the ends is counted in the last bins.
    deviation: (S, L, 2) of the values. device: where the activations were computed. form: in which the network was; the
    noise of noisy BatchNorm is in the values after it.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    edges: np.ndarray
    density: np.ndarray
    deviation: np.ndarray
    device: str = "CPU"
    form: Form = Form.TRAINING


def activation_histograms(run: Run) -> ActivationHistograms:
    """Return the distributions at every snapshot of a run, on the first 64 training examples, in training's form.

    The edges span the 1st to 99th percentile of all of them, widened by a tenth, but no more than five times what the
    median layer needs: raw inputs of a thousand would leave every other layer a line.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=4, depth=2, num_steps=20))
    >>> bool(np.allclose(activation_histograms(run).density.sum(-1), 1))
    True

    Args: run: of any network.
    Returns: ActivationHistograms at the S snapshots.
    """
    network, data = network_of(run.experiment), load(run.experiment.data)
    parameters, state = snapshots_of(run, network, range(len(run.parameters)))
    x, _ = examples_of(data, "train", parameters.dtype, parameters.device)
    taken: dict[str, dict[str, Tensor]] = {}

    def tap(place: str, moment: str, values: Tensor) -> None:
        if place != "input" and moment in ("before", "after"):
            values = values.flatten(1)
            taken.setdefault(place, {})[moment] = values[:, spread(values.shape[1], VALUES)]

    with torch.no_grad():
        context = training_context(run.experiment, len(parameters), parameters.device, tap)
        network.forward(parameters, state, x[None, :EXAMPLES], context)
    layers = tuple(taken)
    least = min(values.shape[1] for of_layer in taken.values() for values in of_layer.values())
    moments = [[taken[place][moment] for moment in ("before", "after")] for place in layers]
    values = torch.stack([torch.stack([v[:, spread(v.shape[1], least)] for v in own]) for own in moments])
    values = torch.nan_to_num(values).permute(2, 0, 1, 3).cpu()  # (S, L, 2, values)
    sample = values[..., spread(least, max(1, SAMPLE * least // values.numel()))]
    some = sample.abs().permute(1, 2, 0, 3).flatten(2)
    usual = float(quantiles(some, torch.tensor([0.99])).median())
    low, high = (float(torch.quantile(sample, q).clamp(-WIDEST * usual, WIDEST * usual)) for q in (0.01, 0.99))
    margin = 0.1 * (high - low) or 0.5
    low, high = low - margin, high + margin
    bins = ((values - low) * (BINS / (high - low))).clamp_(0, BINS - 1).long()
    rows = bins.flatten(0, 2)
    rows += torch.arange(len(rows))[:, None] * BINS
    counts = torch.bincount(rows.flatten(), minlength=len(rows) * BINS).view(*values.shape[:3], BINS)
    density = counts.numpy() / values.shape[3]
    edges, deviation = np.linspace(low, high, BINS + 1), values.std(3).numpy()
    device, form = device_name(parameters.device), form_of(run.experiment)
    return ActivationHistograms(layers, run.steps, edges, density, deviation, device, form)


def spread(size: int, most: int) -> Tensor:
    """Return which of `size` values to take so that there are at most so many, evenly spaced, and of each unit alike.

    They are one of each of so many equal parts, at the fractions k times the golden ratio: at the same place of each,
    some units would come again and again, and others never.

    >>> spread(4, 9).tolist(), spread(16, 4).tolist()
    ([0, 1, 2, 3], [0, 6, 8, 15])
    """
    chosen = min(size, most)
    parts = torch.arange(chosen, dtype=torch.float64)
    return ((parts + parts * GOLDEN % 1) * (size / chosen)).long().clamp_max(size - 1)


PERCENTILES = (15, 50, 85)
"""Those that Ioffe & Szegedy 2015 (arXiv 1502.03167), Fig. 1, draws."""

FLAT = 0.1
"""An activation function is flat where its slope is less than this share of the greatest it has."""


@dataclass(frozen=True, eq=False)
class LayerInputs:
    """What enters the activation functions. S snapshots, L layers.

    layers: their names. steps: (S,).
    percentiles: (S, L, 3) the 15th, 50th and 85th of one unit's values over the examples (and locations), or of all
    units' where no unit is given.
    saturated: (S, L) the share of values where the activation function is flat: its slope less than a tenth of the
    greatest. For ReLU the share of zeros. dead: (S, L) the share of units that are so for every example. device: where
    they were computed. form: in which the network was.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    percentiles: np.ndarray
    saturated: np.ndarray
    dead: np.ndarray
    device: str = "CPU"
    form: Form = Form.TRAINING


def layer_inputs(run: Run, unit: int | None = None, examples: int = 256) -> LayerInputs:
    """Return percentiles and saturation of what enters each layer's activation function, at every snapshot of a run.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=4, depth=2, num_steps=20))
    >>> found = layer_inputs(run, unit=0)
    >>> found.percentiles.shape == (len(run.steps), 2, 3), bool((np.diff(found.percentiles) >= 0).all())
    (True, True)

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Fig. 1 (b, c): one typical unit of the last hidden layer.

    Args: run: of any network but a recurrent one; unit: which of each layer, or None for all; examples: of the training
        data, the first so many.
    Returns: LayerInputs at the S snapshots.
    Raises: ValueError for a unit that no layer has, a recurrent network, or no examples.
    """
    width = run.experiment.network.width
    if unit is not None and not 0 <= unit < width:
        raise ValueError(f"unit must be from 0 to {width - 1}, those that a layer has, not {unit}")
    device, activation = default_device(), run.experiment.network.activation
    levels = (torch.tensor(PERCENTILES) / 100).to(device)
    greatest = float(slope(torch.linspace(-4, 4, 801), activation).max())
    layers: tuple[str, ...] = ()
    percentiles: list[Tensor] = []
    saturated: list[Tensor] = []
    dead: list[Tensor] = []
    for seen in forward_passes(run, examples):
        layers = tuple(seen.inputs)
        values = [own.detach().flatten(1, -2) for own in seen.inputs.values()]  # each (S, examples, C)
        flat = [slope(own, activation).abs() < FLAT * greatest for own in values]
        chosen = values if unit is None else [own[..., unit : unit + 1] for own in values]
        percentiles.append(torch.stack([quantiles(own.flatten(1), levels) for own in chosen], dim=1))
        saturated.append(torch.stack([own.float().mean((1, 2)) for own in flat], dim=1))
        dead.append(torch.stack([own.all(1).float().mean(1) for own in flat], dim=1))
    found = [torch.cat(parts).cpu().numpy() for parts in (percentiles, saturated, dead)]
    return LayerInputs(layers, run.steps, found[0], found[1], found[2], device_name(device), form_of(run.experiment))


def quantiles(values: Tensor, levels: Tensor) -> Tensor:
    """Return quantiles along the last axis, linear between order statistics: `(..., n)` and `(q,)` -> `(..., q)`.

    `torch.quantile` does the same for up to 16 million values alone.
    """
    ordered, place = values.sort(-1).values, levels * (values.shape[-1] - 1)
    low = place.floor().long()
    high = (low + 1).clamp_max(values.shape[-1] - 1)
    return torch.lerp(ordered[..., low], ordered[..., high], (place - low).to(values.dtype))


def slope(values: Tensor, activation: Activation) -> Tensor:
    """Return the activation function's slope at each of the values, shaped as they are.

    >>> slope(torch.tensor([-1.0, 0.5]), Activation.RELU).tolist(), slope(torch.zeros(1), Activation.SIGMOID).item()
    ([0.0, 1.0], 0.25)
    """
    leaf = values.detach().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(activate(leaf.clone(), activation).sum(), leaf)
    return found


def excess_kurtosis(run: Run, examples: int = 512) -> np.ndarray:
    """Return the excess kurtosis (L,) of what enters each layer's activation function, at a run's last snapshot.

    E (z - m)^4 / (E (z - m)^2)^2 - 3 over a layer's units and the examples (and locations) together: 0 for a Gaussian.
    In training's form: the noise of noisy BatchNorm is in them.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=4, depth=2, num_steps=20))
    >>> excess_kurtosis(run).shape
    (2,)

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.3, finds activations by other norms no longer Gaussian-like;
    that the fourth moment says how far is ours.

    Args: run: of any network but a recurrent one; examples: of the training data, the first so many.
    Returns: (L,), at least -2.
    Raises: ValueError for a recurrent network, or no examples.
    """
    found = []
    for values in forward_pass(run, network_of(run.experiment), [-1], examples).inputs.values():
        centred = values.detach().double().flatten()
        centred -= centred.mean()
        found.append(float((centred**4).mean() / (centred**2).mean() ** 2 - 3))
    return np.array(found)
