"""Outputs of many perceptrons on a plane of parameters, written out: what most surfaces are.

The network's own forward pass gives the same numbers. Here what can be done once for the whole plane is done once, and
every array is made once and written over by each call, so that what a layer reads is still in the cache. Without gradient
only, on fixed examples, by their own statistics.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from models.activations import Activation, activate
from models.config import Kind, Normalized, Placement
from models.fast.kernels import activate_, normalize_rows
from models.network import Network
from models.normalization import Normalization

BIAS_UNIT = 16.0
"""The pre-activation of a bias unit: so far out each activation function is flat, or a line, and roundings do not grow."""


def bias_unit_value(activation: Activation) -> float:
    """Return g(16), the value of a bias unit.

    >>> bias_unit_value(Activation.RELU), round(bias_unit_value(Activation.SIGMOID), 6)
    (16.0, 1.0)
    """
    return activate(torch.tensor(BIAS_UNIT, dtype=torch.float64), activation).item()


def plain_or_batch(network: Network) -> bool:
    """Return whether nothing is normalized, or the hidden layers alone, by BatchNorm before the activation.

    Those with skip connections, or normalized by a part, are left to their own forward pass.
    """
    config = network.config
    if config.skip:
        return False
    whole = config.normalization is Normalization.BATCH and config.strength == 1
    hidden = config.normalized is Normalized.HIDDEN and config.placement is Placement.BEFORE
    return config.normalization is Normalization.NONE or (whole and hidden)


class PerceptronEvaluation:
    """The forward pass of perceptrons on a plane of parameters, plain or with BatchNorm, into memory that is kept.

    z_1 is itself a plane, h_i = g(normalize(z_i)), z_{i+1} = W_{i+1} h_i + b_{i+1}; the last z is the output. Without
    normalization each layer has a bias unit, whose value is g(16) for all examples and whose outgoing weights are
    b / g(16), so that a bias takes no pass over the activations. With it the hidden layers have no biases.

    Source: for the normalization Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 1.

    Args:
        network: one that `can` be evaluated so.
        basis: (1 + K, P), the origin of the plane and its directions.
        batches: the examples of each batch, `(1, N, *inputs)`.
        members: how many points there are at most in a call.
    """

    def __init__(self, network: Network, basis: Tensor, batches: Sequence[Tensor], members: int) -> None:
        self.network, self.members = network, members
        self.normalizes = network.config.normalization is Normalization.BATCH
        first, *rest = network.maps
        parts = network.layout.split(basis)
        matrices = [self._matrix(parts, place, hidden=place != rest[-1]) for place in rest]
        self.shapes = [matrix.shape[1:] for matrix in matrices]
        self.basis = torch.cat([matrix.flatten(1) for matrix in matrices], dim=1)
        self.bias = parts[f"{rest[-1]}.bias"] if self.normalizes else None
        learnt = [parts[f"{place}.{name}"] for place in (first, *rest) for name, _ in network.names.get(place, ())]
        self.learnt = torch.stack(learnt) if learnt else None
        self.firsts = [self._first_plane(parts, first, x).flatten(1) for x in batches]
        self.weights = basis.new_empty(members, self.basis.shape[1])
        # Normalizing makes a new array of what is in the one; else the layers go to and fro between two.
        units, examples = self.shapes[-1][1], batches[0].shape[1]
        self.kept = [basis.new_empty(members, units, examples) for _ in range(1 if self.normalizes else 2)]
        self.rows: dict[int, list[Tensor]] = {}

    @staticmethod
    def can(network: Network) -> bool:
        """Return whether a network is of those that are written out."""
        return network.config.kind is Kind.MLP and plain_or_batch(network)

    def __call__(self, coefficients: Tensor) -> list[Tensor]:
        """Return the outputs `(E, N, C)` for each batch at the points `coefficients @ basis`.

        Args: coefficients `(E, 1 + K)`, the first of which, the origin's, is 1.
        """
        count = len(coefficients)
        torch.mm(coefficients, self.basis, out=self.weights[:count])
        if count not in self.rows:
            self.rows[count] = self._rows(count)
        # Of all layers at once: layer by layer they took a tenth of a small network's time.
        learnt = None if self.learnt is None else torch.matmul(coefficients, self.learnt).flatten(1).unbind()
        outputs = [self._last_rows(coefficients, first, self.rows[count], learnt) for first in self.firsts]
        if self.bias is not None:
            bias = torch.mm(coefficients, self.bias).unsqueeze(2)
            outputs = [y.add_(bias) for y in outputs]
        return [y.transpose(1, 2) for y in outputs]

    def _last_rows(
        self, coefficients: Tensor, first: Tensor, rows: list[Tensor], learnt: Sequence[Tensor] | None
    ) -> Tensor:
        """Return the last product `(E, C, N)` of one batch."""
        kept = [values[: len(coefficients)] for values in self.kept]
        torch.mm(coefficients, first, out=kept[0].flatten(1))
        x = self._follow(kept[0], learnt, 0)
        for i, own in enumerate(rows[:-1], start=1):
            # In two lines, so that what was `x` is free, and its memory taken again, when the next is made.
            x = torch.bmm(own, x, out=kept[i % len(kept)])
            x = self._follow(x, learnt, i)
        return torch.bmm(rows[-1], x)

    def _follow(self, y: Tensor, learnt: Sequence[Tensor] | None, layer: int) -> Tensor:
        """Return what a layer makes of its pre-activations `(E, units, N)`, which may be written over."""
        if self.normalizes:
            own = (None, None) if learnt is None else (learnt[2 * layer], learnt[2 * layer + 1])
            y = normalize_rows(y, own, self.network.hidden_layer.epsilon)
        return activate_(y, self.network.config.activation)

    def _first_plane(self, parts: dict[str, Tensor], place: str, x: Tensor) -> Tensor:
        """Return what the first map makes of examples `(1, N, *inputs)` at origin and directions, `(1 + K, units, N)`."""
        z = torch.matmul(parts[f"{place}.weight"].transpose(1, 2), x.flatten(2).transpose(1, 2))
        return z if self.normalizes else _with_bias_unit(z + parts[f"{place}.bias"].unsqueeze(2))

    def _matrix(self, parts: dict[str, Tensor], place: str, hidden: bool) -> Tensor:
        """Return a map as `(1 + K, outputs, inputs)`, with the bias unit where there is one."""
        rows = parts[f"{place}.weight"].transpose(1, 2)
        if self.normalizes:
            return rows
        value = bias_unit_value(self.network.config.activation)
        rows = torch.cat([rows, parts[f"{place}.bias"].unsqueeze(2) / value], dim=2)
        if hidden:
            rows = functional.pad(rows, (0, 0, 0, 1))
            rows[0, -1, -1] = BIAS_UNIT / value
        return rows

    def _rows(self, count: int) -> list[Tensor]:
        """Return the weights of the first so many members as those of each map, `(E, outputs, inputs)`."""
        parts = self.weights[:count].split([outputs * inputs for outputs, inputs in self.shapes], dim=1)
        return [part.view(count, *shape) for part, shape in zip(parts, self.shapes, strict=True)]


def _with_bias_unit(first: Tensor) -> Tensor:
    """Return pre-activations `(1 + K, units, N)` with those of a bias unit, the same on the whole plane."""
    first = functional.pad(first, (0, 0, 0, 1))
    first[0, -1] = BIAS_UNIT
    return first
