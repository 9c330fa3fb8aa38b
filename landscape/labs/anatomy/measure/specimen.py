"""One layer of a trained network, cut out: what enters its normalization, its weight, and what it has learnt and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.data import load
from landscape.training.run import Run
from models.build import build
from models.normalization import Context, Layer

PLACE = "layer2"
"""The second hidden layer: it has as few inputs as the first one has units."""


@dataclass(frozen=True, eq=False)
class Specimen:
    """The second hidden layer of a network, on a few examples. N examples, L locations (1 in a dense layer), C features.

    layer: its normalization. before: (N, L, C) what the linear map gives, float64. weight: (inputs, C) as it is learnt.
    parameters, state: (C,) of the normalization, by name. classes: (N,) of the examples, as people call them.
    """

    layer: Layer
    before: np.ndarray
    weight: np.ndarray
    parameters: Mapping[str, np.ndarray]
    state: Mapping[str, np.ndarray]
    classes: tuple[str, ...]


def specimen_of(run: Run, count: int) -> Specimen:
    """Cut out the second hidden layer at the end of a run, on the first training examples.

    The layer below is taken as at test, by what it stores: so the same values enter, whatever is done with this one.
    """
    experiment, data = run.experiment, load(run.experiment.data)
    network = build(experiment.network, data.inputs, data.classes)
    taken: dict[str, Tensor] = {}

    def tap(place: str, moment: str, values: Tensor) -> None:
        if (place, moment) == (PLACE, "before"):
            taken[place] = values.clone()

    parts = network.layout.split(torch.as_tensor(run.parameters[-1:]).double())
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]).double())
    with torch.no_grad():
        context = Context(statistics="stored", momentum=0.0, tap=tap)
        network.forward(dict(parts), state, data.train_x[None, :count].double(), context)
    before = taken[PLACE][0]
    return Specimen(
        network.places[PLACE][0],
        before.reshape(count, -1, before.shape[-1]).numpy(),
        parts[f"{PLACE}.weight"][0].numpy(),
        {name: values.reshape(-1).numpy() for name, values in network.own(PLACE, dict(parts)).items()},
        {name: values.reshape(-1).numpy() for name, values in state[PLACE].items()},
        tuple(data.class_names[label] for label in data.train_y[:count].tolist()),
    )
