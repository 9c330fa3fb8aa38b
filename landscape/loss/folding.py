"""A network by its stored statistics, written as one without any normalization."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from landscape.data import examples_of, load
from landscape.loss.network import network_of
from landscape.training.run import Run
from models.config import Kind, Placement
from models.normalization import Context, Layer
from models.normalization.batch import OverBatch


def folded(run: Run) -> Run:
    """Return a run without normalization that computes what this one's network does by its stored statistics.

    y = scale (W x + b - mean) / sqrt(variance + epsilon) + shift is one affine map of x, with the stored numbers fixed:
    W' = W factor, b' = b factor + shift - mean factor, factor = scale / sqrt(variance + epsilon).

    >>> from landscape import Experiment, network_of, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=2, normalization="batch", num_steps=50))
    >>> folded(run).parameters.shape, run.parameters.shape[1] - 2 * 8  # a bias in place of a scale and a shift
    ((1, 114), 114)

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 2, its last line.

    Args: run: with a normalization over the batch before the activation function of its hidden layers alone, whose
        statistics are not those of time steps.
    Returns: a run of one snapshot with the other experiment and no states.
    Raises: ValueError for any other network.
    """
    network = network_of(run.experiment)
    config, layer = network.config, network.layer
    if not isinstance(layer, OverBatch) or config.kind is Kind.RECURRENT:
        raise ValueError(
            f"the run's network must be normalized over the batch, with one set of stored numbers, not by {layer.label} in "
            f"a {config.kind.label} network: there is no one affine map otherwise"
        )
    if config.placement is Placement.AFTER or type(network.input_layer) is not Layer:
        raise ValueError(
            "the run's normalization must stand before the activation function of the hidden layers alone, to be folded "
            f"into the weights before it, not {config.normalized}, {config.placement}"
        )
    experiment = run.experiment.replace(normalization="none")
    target = network_of(experiment)
    parts = network.layout.split(torch.as_tensor(run.parameters[-1:]).double())
    state = network.unflatten_state(torch.as_tensor(run.states[-1:]).double())
    plain = {}
    for place, item in network.maps.items():
        weight, bias = network.weights(place, parts)
        bias = weight.new_zeros(1, item.outputs) if bias is None else bias
        factor, shift = torch.ones_like(bias), torch.zeros_like(bias)
        if state.get(place):
            factor, shift = layer.folded(network.own(place, parts), state[place])
        plain[f"{place}.weight"], plain[f"{place}.bias"] = weight * factor.unsqueeze(1), bias * factor + shift
    parameters = target.layout.join(plain).float().numpy()
    return replace(run.bare(), experiment=experiment, parameters=parameters, states=torch.empty(1, 0).numpy())


@dataclass(frozen=True)
class FoldingError:
    """By how much the outputs of a folded network differ from those by stored statistics, on the test data.

    difference: the greatest. largest: the largest output in size. alike: the share of examples of the same greatest output.
    """

    difference: float
    largest: float
    alike: float


def folding_error(run: Run) -> FoldingError:
    """Return by how much folding changes the outputs on the test data: rounding alone.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=2, normalization="batch", num_steps=50))
    >>> folding_error(run).difference < 1e-4, folding_error(run).alike
    (True, 1.0)

    Args: run: as `folded` takes it.
    Returns: a FoldingError.
    Raises: ValueError for a network that cannot be folded.
    """
    outputs = []
    for one in (run, folded(run)):
        network = network_of(one.experiment)
        parameters, states = (torch.as_tensor(of[-1:]) for of in (one.parameters, one.states))
        x, _ = examples_of(load(one.experiment.data), "test", parameters.dtype, parameters.device)
        state = network.unflatten_state(states)
        with torch.no_grad():
            outputs.append(network.forward(parameters, state, x[None], Context(statistics="stored"))[0][0])
    own, plain = outputs
    alike = (own.argmax(1) == plain.argmax(1)).double().mean()
    return FoldingError(float((own - plain).abs().max()), float(own.abs().max()), float(alike))
