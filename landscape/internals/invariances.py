"""What of a network can be rescaled without a change of its outputs, and what its gradient does meanwhile.

All in double precision, on the first training examples as one batch that is normalized by its own statistics, without
noise and without dropped units. What is left of a change is then that of the epsilon beside a variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.experiment import Experiment
from landscape.loss.losses import losses_of
from landscape.loss.network import network_of
from landscape.training.run import Run
from models.network import Map, Network
from models.normalization import Context, NetworkState

EXAMPLES = 64
"""Of the training data so many make the batch, the first ones."""

AS_ONE_BATCH = Context(progress=0.0, momentum=0.0)
"""By the batch's own statistics, without noise."""

CPU = torch.device("cpu")
"""A few products of small matrices in double precision, which not every GPU has."""


class Rescaling(StrEnum):
    """What is multiplied by a factor, or shifted by it; `others` is what one example's factor does to the other ones."""

    LAYER = "layer"
    LAYER_SHIFT = "layer-shift"
    UNIT = "unit"
    INPUTS = "inputs"
    INPUTS_SHIFT = "inputs-shift"
    EXAMPLE = "example"
    OTHERS = "others"


@dataclass(frozen=True, eq=False)
class Invariances:
    """By how much a network's outputs change when something of it is rescaled.

    place: the hidden layer whose weights are, the one in the middle. factor: by which.
    change: |y' - y| / |y| of the outputs y of the examples that it is about, one for each rescaling.
    """

    experiment: Experiment
    place: str
    factor: float
    change: dict[Rescaling, float]


def invariances(network: Experiment | Run, factor: float = 3.0, examples: int = EXAMPLES) -> Invariances:
    """Return by how much the outputs of a network change when something is rescaled.

        layer          W -> c W, the weights of the hidden layer in the middle; biases stay
        layer-shift    W -> W + c v 1^T, one vector v added to the weights of each of its units
        unit           w_i -> c w_i, of the unit of that layer that varies most
        inputs         X -> c X;   inputs-shift   X -> X + c
        example        x_1 -> c x_1, by the output of that example;   others   the same, by those of all other ones

    >>> changes = {kind: invariances(Experiment().replace(depth=2, normalization=kind)).change for kind in ("none", "batch")}
    >>> [round(float(changes[kind]["layer"]), 3) for kind in changes]  # three times the outputs, and the same
    [2.0, 0.0]

    Source: Ba, Kiros & Hinton 2016, arXiv 1607.06450, Table 1, whose six columns are the first six of these.

    Args: network: an experiment, for its network at the initial weights, or a run, for the last ones; factor: c; examples:
        the first so many of the training data, at least two.
    Returns: Invariances with a change for each Rescaling.
    Raises: ValueError for fewer than two examples, of which there are no others.
    """
    if examples < 2:
        raise ValueError(f"examples must be at least 2, not {examples}: what one does to the others needs another")
    experiment = network.experiment if isinstance(network, Run) else network
    built, data = network_of(experiment), load(experiment.data)
    x = examples_of(data, "train", torch.float64, CPU)[0][None, :examples]
    with torch.no_grad():
        if isinstance(network, Run):
            start = torch.as_tensor(network.parameters[-1:]).double()
            state = built.unflatten_state(torch.as_tensor(network.states[-1:]).double())
        else:
            start = built.initialize_from(built.initial_parameters([experiment.seed]).double(), x)
            state = built.initial_state(1, start)
        place = middle_of(built)
        weights = built.layout.slice(f"{place}.weight")
        weight = start[0, weights].view(-1, built.maps[place].outputs)
        generator = torch.Generator().manual_seed(experiment.seed + 5)
        vector = torch.randn(len(weight), 1, generator=generator, dtype=torch.float64) * weight.std()
        unit = _liveliest(built, start, state, x, place)
        alone = torch.ones(weight.shape[1], dtype=torch.float64)
        alone[unit] = factor
        altered = {
            Rescaling.LAYER: factor * weight,
            Rescaling.LAYER_SHIFT: weight + factor * vector,
            Rescaling.UNIT: weight * alone,
        }
        first = x.clone()
        first[:, 0] *= factor
        inputs = {Rescaling.INPUTS: factor * x, Rescaling.INPUTS_SHIFT: x + factor, Rescaling.EXAMPLE: first}

        def outputs(parameters: Tensor, x: Tensor) -> Tensor:
            return built.forward(parameters, state, x, AS_ONE_BATCH)[0][0]

        base = outputs(start, x)
        rows: dict[Rescaling, Tensor] = {kind: outputs(start, one) for kind, one in inputs.items()}
        for kind, values in altered.items():  # one after the other: large networks would not fit side by side
            parameters = start.clone()
            parameters[0, weights] = values.flatten()
            rows[kind] = outputs(parameters, x)
    change = {kind: _change(base, after) for kind, after in rows.items()}
    larger = rows[Rescaling.EXAMPLE]
    change |= {
        Rescaling.EXAMPLE: _change(base[:1], larger[:1]),
        Rescaling.OTHERS: _change(base[1:], larger[1:]),
    }
    return Invariances(experiment, place, factor, {kind: change[kind] for kind in Rescaling})


@dataclass(frozen=True, eq=False)
class RescaledGradients:
    """The gradient of the loss by a layer's weights, when these are multiplied by a factor.

    place: the hidden layer in the middle. factors: (F,). norms: (F,) |dL/dW| at the weights times each factor.
    cosines: (U,) of each hidden unit's own weights and their gradient, at the weights as they are.
    """

    place: str
    factors: np.ndarray
    norms: np.ndarray
    cosines: np.ndarray


def rescaled_gradients(run: Run, factors: Sequence[float], examples: int = 512) -> RescaledGradients:
    """Return the length of the gradient by a layer's weights at multiples of these, at the last weights of a run.

    Where L(c w) = L(w), the gradient at c w is that at w over c, and it is orthogonal to w.

    >>> from landscape import train
    >>> run = train(Experiment().replace(depth=2, width=16, normalization="batch", num_steps=20))
    >>> found = rescaled_gradients(run, [1.0, 10.0])
    >>> round(float(found.norms[0] / found.norms[1]), 2), bool(abs(found.cosines).max() < 1e-3)
    (10.0, True)

    Source: van Laarhoven 2017, arXiv 1706.05350, Sec. 2; Salimans & Kingma 2016, arXiv 1602.07868, Eq. 3.

    Args: run: of any network; factors: F of them, above 0; examples: the first so many of the training data, in one batch.
    Returns: RescaledGradients of the hidden layer in the middle.
    Raises: ValueError for a factor that is not above 0.
    """
    if min(factors) <= 0:
        raise ValueError(f"factors must be above 0, not {min(factors)}: at 0 the layer has no weights")
    network = network_of(run.experiment)
    x, y = (values[None, :examples] for values in examples_of(load(run.experiment.data), "train", torch.float64, CPU))
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]).double())
    place = middle_of(network)
    block, hidden = network.layout.slice(f"{place}.weight"), [f"{item.place}.weight" for item in _hidden(network)]
    start = torch.as_tensor(run.parameters[-1:]).double()

    def gradients(factor: float) -> dict[str, Tensor]:
        parameters = start.clone()
        parameters[:, block] *= factor
        parts = {name: part.clone().requires_grad_() for name, part in network.layout.split(parameters).items()}
        with torch.enable_grad():
            outputs, _ = network.forward(parts, state, x, AS_ONE_BATCH)
            loss = losses_of(outputs, y, run.experiment.training.loss).sum()
            return dict(zip(hidden, torch.autograd.grad(loss, [parts[name] for name in hidden]), strict=True))

    here, weights = gradients(1.0), network.layout.split(start)
    cosines = [torch.cosine_similarity(weights[name][0], here[name][0], dim=0, eps=1e-300) for name in hidden]
    norms = [float(gradients(factor)[f"{place}.weight"].norm()) for factor in factors]
    return RescaledGradients(place, np.asarray(factors, float), np.array(norms), torch.cat(cosines).numpy())


def _hidden(network: Network) -> list[Map]:
    return [item for item in network.maps.values() if item.place != "output"]


def middle_of(network: Network) -> str:
    """Return the place of the hidden layer in the middle."""
    hidden = _hidden(network)
    return hidden[len(hidden) // 2].place


def _liveliest(network: Network, parameters: Tensor, state: NetworkState, x: Tensor, place: str) -> int:
    """Return the unit of a layer whose activation varies most over the examples: a unit that is never on shows nothing."""
    seen: list[Tensor] = []

    def tap(at: str, moment: str, values: Tensor) -> None:
        if moment == "activation" and at.partition(".")[0] == place:
            seen.append(values.flatten(1, -2)[0].std(0))

    network.forward(parameters, state, x, replace(AS_ONE_BATCH, tap=tap))
    return int(torch.stack(seen).sum(0).argmax())


def _change(before: Tensor, after: Tensor) -> float:
    return float((after - before).norm() / before.norm())
