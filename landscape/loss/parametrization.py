"""One function, written two ways: the parameters with which a network under another normalization computes the same."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.loss.network import network_of
from landscape.training.run import Run
from models.config import Kind, Placement
from models.network import Network
from models.normalization import LAYERS, Context, Layer, NetworkState, Normalization
from models.normalization.batch import OverBatch
from models.normalization.weight import UnitNormalizationPropagation, lengths


def same_function(run: Run, normalization: Normalization | str, num_examples: int = 512) -> Run:
    """Return a run whose network has another normalization, and at its last parameters computes what this one does.

    Of a unit with t = w.x + b, mean and deviation over the examples at hand, and learnt scale and shift:

        BatchNorm: w, scale = deviation(t), shift = mean(t);   weight normalization: v = w, g = |w|, b;   none: w, b

    so that loss and outputs are equal, while gradient and Hessian, by which one descends, are not. Over a batch the
    functions are the same on the examples whose statistics were taken, normalized together; the stored averages become
    those of these examples.

    >>> from landscape import Experiment, objective, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=2, num_steps=50))
    >>> other = same_function(run, "batch")
    >>> plain, batch = (float(of(of.tensor(one.parameters[-1:]))) for one in (run, other) for of in [objective(one)])
    >>> abs(plain - batch) < 1e-5, run.parameters.shape[1], other.parameters.shape[1]
    (True, 114, 130)

    Source: that the transform can be the identity is Ioffe & Szegedy 2015, arXiv 1502.03167, Sec. 3; for weights Salimans
    & Kingma 2016, arXiv 1602.07868, Eq. 2.

    Args: run, without normalization, with one on its weights, or with one over the batch that stands before the
        activation function of the hidden layers; normalization of the other network: none, over the batch or on the
        weights; num_examples: the first so many of the training set, all in one batch, as `objective` takes them.
    Returns: a run of one snapshot, its last, with the other experiment, parameters (1, P') and states (1, Q').
    Raises: ValueError for a normalization over single examples, one without learnt scale and shift, or one with
        statistics of each time step, which cannot be the identity.
    """
    experiment = run.experiment.replace(normalization=normalization)
    source, target = network_of(run.experiment), network_of(experiment)
    _check(source, "run")
    _check(target, "normalization")
    if isinstance(source.layer, OverBatch) and (
        source.config.placement is Placement.AFTER or type(source.input_layer) is not Layer
    ):
        raise ValueError(
            "run's normalization must stand before the activation function of the hidden layers alone, to be taken into "
            f"the weights, not {source.config.normalized}, {source.config.placement}"
        )
    x = examples_of(load(experiment.data), "train", torch.float64, torch.device("cpu"))[0][None, :num_examples]
    with torch.no_grad():
        weights, biases = _plain(source, torch.as_tensor(run.parameters[-1:]).double(), x)
        parameters, state = _written(target, weights, biases, x)
    states = target.flatten_state(state).float().numpy()
    return replace(run.bare(), experiment=experiment, parameters=parameters.float().numpy(), states=states)


def can_be_identity(normalization: Normalization) -> bool:
    """Return whether with some scale and shift it leaves each unit as it is: none, over the batch at hand, on the weights.

    >>> [can_be_identity(kind) for kind in (Normalization.BATCH, Normalization.LAYER, Normalization.PROPAGATION)]
    [True, False, False]
    """
    layer = LAYERS[normalization]
    return (
        layer is Layer or layer.over_batch or (layer.on_weights and not issubclass(layer, UnitNormalizationPropagation))
    )


def _check(network: Network, name: str) -> None:
    layer, config = network.layer, network.config
    if not can_be_identity(config.normalization):
        fitting = ", ".join(kind for kind in Normalization if can_be_identity(kind))
        raise ValueError(
            f"{name} must have a normalization that can be the identity ({fitting}), not {config.normalization}: what "
            "that does to a unit differs from example to example, lags behind the weights, or is fixed"
        )
    if type(layer) is not Layer and not layer.affine:
        raise ValueError(
            f"{name} must have a learnt scale and shift: without them {layer.label} fixes what a unit gives"
        )
    if isinstance(layer, OverBatch) and config.kind is Kind.RECURRENT:
        raise ValueError(
            f"{name} must not be {config.normalization} in a recurrent network: one scale and shift cannot undo the "
            "statistics of each time step. Choose a normalization on the weights, or another kind of network."
        )


def _plain(network: Network, parameters: Tensor, x: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the weights `(1, inputs, C)` and biases `(1, C)` of each map without any normalization, by its place."""
    parts = dict(network.layout.split(parameters))
    factors: dict[str, Tensor] = {}
    shifts: dict[str, Tensor] = {}

    def fold(place: str, moment: str, values: Tensor) -> None:
        layer = network.places[place][0] if place in network.places else None  # time steps have states of their own
        if moment == "before" and isinstance(layer, OverBatch):
            own, (centred, factor, _) = network.own(place, parts), layer.by_batch(values.clone())
            centre = _of_unit(values - centred)
            zero, one = torch.zeros_like(values), torch.ones_like(values)
            shift = _of_unit(layer.rescale(zero, own, factor))
            factors[place] = _of_unit(layer.rescale(one, own, factor)) - shift
            shifts[place] = shift - centre * factors[place]

    state = network.initial_state(1, parameters)
    network.forward(parts, state, x, Context(progress=0.0, momentum=0.0, tap=fold))
    weights, biases = {}, {}
    for place, item in network.maps.items():
        weight, bias = network.weights(place, parts)
        bias = weight.new_zeros(1, item.outputs) if bias is None else bias
        factor = factors.get(place, torch.ones_like(bias))
        weights[place], biases[place] = weight * factor.unsqueeze(1), bias * factor + shifts.get(place, 0.0)
    return weights, biases


def _written(
    network: Network, weights: dict[str, Tensor], biases: dict[str, Tensor], x: Tensor
) -> tuple[Tensor, NetworkState]:
    """Return the parameters `(1, P)` by which a network applies these maps, and what it remembers of the examples."""
    like = next(iter(weights.values()))
    parts = dict(network.layout.split(like.new_ones(1, network.layout.size)))
    for place, item in network.maps.items():
        parts[f"{place}.weight"] = weights[place]
        if item.bias:
            parts[f"{place}.bias"] = biases[place]
        length = lengths(weights[place])
        for name, values in (("scale", length), ("log_scale", length.log())):
            if item.layer.on_weights and f"{place}.{name}" in parts:
                parts[f"{place}.{name}"] = values

    def undo(place: str, moment: str, values: Tensor) -> None:
        layer = network.places[place][0] if place in network.places else None  # time steps have states of their own
        if moment == "before" and isinstance(layer, OverBatch):
            centred, factor, _ = layer.by_batch(values.clone())
            lost = 0.0 if place not in network.maps or network.maps[place].bias else biases[place]
            if f"{place}.scale" in parts and factor is not None and not layer.on_weights:
                parts[f"{place}.scale"] = _of_unit(factor).reciprocal()
            parts[f"{place}.shift"] = _of_unit(values - centred) + lost

    state = network.initial_state(1, like)
    _, state = network.forward(parts, state, x, Context(progress=0.0, momentum=1.0, tap=undo))
    return network.layout.join(parts), state


def _of_unit(values: Tensor) -> Tensor:
    """Return what all examples (and locations) of `(1, N, ..., C)` share, `(1, C)`."""
    return values.flatten(1, -2)[:, 0]
