"""What goes on inside a network: the distributions of its activations, layer by layer, along a training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.data import load
from landscape.objective import examples_of, network_of
from landscape.training import Run
from models.normalization import Context

BINS = 40
EXAMPLES = 64


@dataclass(frozen=True, eq=False)
class ActivationHistograms:
    """Histograms of activations before and after each layer's normalization. S snapshots, L layers.

    layers: their names. steps: (S,). edges: (BINS + 1,), the same for all layers and snapshots.
    density: (S, L, 2, BINS) share of the values in each bin; what lies beyond the ends is counted in the last bins.
    deviation: (S, L, 2) over the examples and units.
    """

    layers: tuple[str, ...]
    steps: np.ndarray
    edges: np.ndarray
    density: np.ndarray
    deviation: np.ndarray


def activation_histograms(run: Run) -> ActivationHistograms:
    """Return the distributions at every snapshot of a run, on the first 64 training examples, by batch statistics.

    The edges span the 1st to 99th percentile of all of them, widened by a tenth.
    """
    network, data = network_of(run.experiment), load(run.experiment.data)
    x, _ = examples_of(data, "train", torch.float32, torch.device("cpu"))
    parameters = torch.as_tensor(run.parameters)
    taken: dict[str, dict[str, Tensor]] = {}

    def tap(place: str, moment: str, values: Tensor) -> None:
        if place != "input" and moment != "activation":
            taken.setdefault(place, {})[moment] = values.flatten(1).clone()

    with torch.no_grad():
        blank = network.initial_state(len(parameters), parameters)
        network.forward(parameters, blank, x[None, :EXAMPLES], Context(tap=tap))
    layers = tuple(taken)
    values = torch.stack([torch.stack([taken[place][moment] for moment in ("before", "after")]) for place in layers])
    values = torch.nan_to_num(values).permute(2, 0, 1, 3)  # (S, L, 2, examples * units)
    sample = values.flatten()[:: max(1, values.numel() // 100_000)]
    low, high = (float(torch.quantile(sample, q)) for q in (0.01, 0.99))
    margin = 0.1 * (high - low) or 0.5
    low, high = low - margin, high + margin
    bins = ((values - low) * (BINS / (high - low))).clamp_(0, BINS - 1).long()
    rows = bins.flatten(0, 2)
    rows += torch.arange(len(rows))[:, None] * BINS
    counts = torch.bincount(rows.flatten(), minlength=len(rows) * BINS).view(*values.shape[:3], BINS)
    density = counts.numpy() / values.shape[3]
    return ActivationHistograms(layers, run.steps, np.linspace(low, high, BINS + 1), density, values.std(3).numpy())
