"""How far the units of a layer are from uncorrelated, beside what the angles between their weights allow.

Normalization propagation supposes that what a linear map gives has a diagonal covariance. It has one if its inputs do and
its weights are at right angles; how far from that they are bounds how far the covariance is from diagonal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.internals.passes import forward_pass
from landscape.loss.network import network_of
from landscape.training.run import Run
from models.config import Kind


@dataclass(frozen=True, eq=False)
class LayerCorrelations:
    """Correlations between the units of each layer, at one snapshot. L layers, C units.

    layers: their names. matrix: (L, C, C) correlations over the examples of what the linear maps give; not a number in
    the row and column of a constant unit.
    rms: (L,) the root mean square of those off the diagonal. coherence: (L,) the greatest |cosine| between the weights of
    two units. error: (L,) length of the covariance off its diagonal. bound: (L,) what that is at most, if the layer's inputs
    are uncorrelated and of equal variance.
    """

    layers: tuple[str, ...]
    matrix: np.ndarray
    rms: np.ndarray
    coherence: np.ndarray
    error: np.ndarray
    bound: np.ndarray


def layer_correlations(run: Run, snapshot: int = -1, examples: int = 512) -> LayerCorrelations:
    """Return the correlations between the units of each hidden layer, and their bound by the coherence of the weights.

        u = W^T x:  | Cov(u) - diag |_F  <=  s^2 m sqrt(sum_{i != j} |W_i|^2 |W_j|^2),  m = max_{i != j} |cos(W_i, W_j)|

    where Cov(x) = s^2 I; here s^2 is the mean variance of the layer's inputs, so that beyond a whitened first layer the
    bound is what it would be if they were uncorrelated.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(preprocessing="whiten", width=16, depth=2, num_steps=1))
    >>> found = layer_correlations(run, snapshot=0)
    >>> found.matrix.shape, bool(found.error[0] <= found.bound[0])
    ((2, 16, 16), True)

    Source: Arpit, Zhou, Kota & Govindaraju 2016, arXiv 1603.01431, Proposition 1.

    Args: run: of a multilayer perceptron with two units or more; snapshot: which; examples: of the training data, the
        first so many, at least two.
    Returns: LayerCorrelations.
    Raises: ValueError for another kind of network, one unit, or fewer than two examples.
    """
    network = network_of(run.experiment)
    if network.config.kind is not Kind.MLP or network.config.width < 2:
        raise ValueError(
            f"run must be of a multilayer perceptron with two units or more, not {network.config.kind} of width "
            f"{network.config.width}: between its units there are correlations, and between their weights angles"
        )
    if examples < 2:
        raise ValueError(f"examples must be at least 2, not {examples}: over one nothing varies")
    seen = forward_pass(run, network, [snapshot], examples)
    entering = [seen.x, *seen.hidden.values()]
    matrices, rms, coherence, error, bound = [], [], [], [], []
    for place, x in zip(seen.hidden, entering, strict=False):
        weight = network.weights(place, seen.parts)[0][0].detach().double()
        x = x[0].detach().double().flatten(1)
        covariance = _covariance(x @ weight)
        sizes = covariance.diagonal().sqrt()
        matrix = covariance / (sizes[:, None] * sizes)
        lengths = torch.linalg.vector_norm(weight, dim=0)
        cosines = weight.T @ weight / (lengths[:, None] * lengths)
        variance = float(x.var(0, correction=0).mean())
        matrices.append(matrix.float())
        rms.append(float(_off(matrix).square().nanmean().sqrt()))
        coherence.append(float(_off(cosines).abs().nan_to_num().max()))
        error.append(float(torch.linalg.vector_norm(_off(covariance))))
        products = torch.linalg.vector_norm(_off(lengths[:, None] * lengths))
        bound.append(variance * coherence[-1] * float(products))
    found = (np.array(values) for values in (rms, coherence, error, bound))
    return LayerCorrelations(tuple(seen.hidden), torch.stack(matrices).cpu().numpy(), *found)


def _covariance(values: Tensor) -> Tensor:
    """Return the covariance (C, C) of values (N, C)."""
    centred = values - values.mean(0)
    return centred.T @ centred / len(values)


def _off(square: Tensor) -> Tensor:
    """Return the entries off the diagonal of a square, as one vector."""
    return square[~torch.eye(len(square), dtype=torch.bool, device=square.device)]
