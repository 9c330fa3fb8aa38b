"""Another domain of the same data: how far its activations lie from those of training, before and after AdaBN.

It is long, as what is done to the data, what is measured and what AdaBN changes are read together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from landscape.data import examples_of, load
from landscape.internals.passes import Form, snapshots_of
from landscape.loss.losses import accuracies_of
from landscape.loss.network import network_of
from landscape.serving.devices import device_name
from landscape.training.run import Run
from models.fields import number, validate
from models.network import Network
from models.normalization import Context, Layer, NetworkState


@dataclass(frozen=True)
class Domain:
    """A second domain: the same examples seen otherwise, x' = contrast * p(x) + brightness + ramp * t + noise * N(0, 1).

    p blurs and moves a picture; t runs from -1 at its left edge to 1 at its right one. Brightness, ramp and noise are in
    units of the deviation of all training inputs; a contrast below 0 turns light into dark. Contrast 1 and all else 0
    changes nothing. Examples that are no pictures can be neither blurred nor moved, and have no ramp.
    """

    contrast: float = number(0.5, -10.0, 10.0, "Contrast", "Multiplies the inputs; below 0 light is dark.")
    brightness: float = number(1.0, -10.0, 10.0, "Brightness", "Added to the inputs, in their deviations.")
    noise: float = number(0.0, 0.0, 10.0, "Noise", "Deviation of the noise added, in that of the inputs.")
    ramp: float = number(
        0.0, -10.0, 10.0, "Ramp", "Added at the right edge and taken off at the left one, in deviations."
    )
    blur: int = number(0, 0, 3, "Blur", "A pixel is the mean of those so many around it to each side.")
    moved: int = number(0, -4, 4, "Moved", "By so many pixels to the right.")

    def __post_init__(self) -> None:
        validate(self)

    def apply(self, x: Tensor, deviation: float, seed: int) -> Tensor:
        """Return inputs (N, ...) as they look in this domain.

        What comes in from beyond an edge is as its pixels for a blur, and background, the least of all, for a move.

        >>> picture = torch.tensor([[[0.0, 1.0], [0.0, 3.0]]])
        >>> Domain(contrast=1, brightness=0, moved=-1).apply(picture, 1.0, 0).tolist()
        [[[1.0, 0.0], [3.0, 0.0]]]

        Raises: ValueError where they are no pictures, and the domain is one of pictures.
        """
        drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed), dtype=x.dtype)
        added = self.brightness + self.noise * drawn
        if self.ramp or self.blur or self.moved:
            x, across = self._pictured(x)
            added = added + self.ramp * across
        return self.contrast * x + deviation * added

    def _pictured(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return pictures blurred and moved, shaped as they came, and where their pixels lie from left to right."""
        side = math.isqrt(x[0].numel())
        if side < 2 or x.shape[1:] not in ((side, side), (side * side,)):
            raise ValueError(
                "Domain.ramp, blur and moved must be 0 where examples are no square pictures, not of shape "
                f"{tuple(x.shape[1:])}: choose the digits, or contrast, brightness and noise alone"
            )
        pictures = x.reshape(-1, 1, side, side)
        if self.blur:
            edges = functional.pad(pictures, (self.blur,) * 4, mode="replicate")
            pictures = functional.avg_pool2d(edges, 2 * self.blur + 1, stride=1)
        if self.moved:
            moved = torch.full_like(pictures, float(x.amin()))
            here, there = (
                slice(max(self.moved, 0), side + min(self.moved, 0)),
                slice(max(-self.moved, 0), side - max(self.moved, 0)),
            )
            moved[..., here] = pictures[..., there]
            pictures = moved
        across = torch.linspace(-1, 1, side, dtype=x.dtype).expand(side, side)
        return pictures.reshape(x.shape), across.reshape(x.shape[1:])


@dataclass(frozen=True, eq=False)
class DomainShift:
    """The divergence between two domains at L layers, and what AdaBN does to it and to the accuracy.

    layers: the hidden ones, and the input where it is normalized. before, after: (L,) symmetric divergence of what
    enters their normalizations, without and with AdaBN. source_accuracy: on the test data as it is. accuracy_before,
    accuracy_after: on the same in the other domain, by the statistics of training and by those of the domain. device:
    where they were computed. form: in which the network was: both domains are seen as in testing, by statistics.

    Source: Li et al. 2016, arXiv 1603.04779.
    """

    layers: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray
    source_accuracy: float
    accuracy_before: float
    accuracy_after: float
    device: str = "CPU"
    form: Form = Form.TESTING


def gaussian_divergence(a: Tensor, b: Tensor) -> Tensor:
    """Return the symmetric Kullback-Leibler divergence of each unit between two domains, taken as Gaussian, `(C,)`.

    KL(A|B) + KL(B|A) = (s_A^2 + d^2) / (2 s_B^2) + (s_B^2 + d^2) / (2 s_A^2) - 1, d = mean_A - mean_B: the logarithms
    of the two cancel. Infinite where a unit is constant in one domain alone, 0 where in both and alike.

    Source: Li et al. 2016, arXiv 1603.04779, Sec. 3.

    Args: a `(N, C)`, b `(M, C)`: the unit's values in each domain.
    Returns: (C,), at least 0, in float64.

    >>> a = torch.tensor([[-1.0], [1.0]])
    >>> gaussian_divergence(a, a + 3).item()  # d^2 / s^2
    9.0
    """
    (mean_a, var_a), (mean_b, var_b) = _moments(a), _moments(b)
    gap = (mean_a - mean_b).square()
    divergence = (var_a + gap) / (2 * var_b) + (var_b + gap) / (2 * var_a) - 1
    return torch.where((var_a == var_b) & (gap == 0), 0.0, divergence)


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance `(C,)` of values `(N, C)`, in float64; of a constant its value, and 0."""
    x = x.double()
    mean = torch.where(x.amin(0) == x.amax(0), x[0], x.mean(0))
    return mean, (x - mean).square().mean(0)


def adapted_state(network: Network, parameters: Tensor, x: Tensor) -> NetworkState:
    """Return the statistics of a new domain for parameters `(E, P)`: AdaBN. No weights change, no label is seen.

    All examples are one batch: mean_j = E[x_j], variance_j = Var[x_j] of each unit over the domain, layer after layer,
    each on what the adapted ones below give. Moving averages that the steps of a recurrent network share, and by which
    they normalize, have no such statistics: each pass over the domain changes them for the next.

    Source: Li et al. 2016, arXiv 1603.04779, Algorithm 1.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=4, depth=1, normalization="batch", num_steps=5))
    >>> x, parameters = load(run.experiment.data).test_x, torch.as_tensor(run.parameters[-1:])
    >>> network = network_of(run.experiment)
    >>> entering = x @ parameters[0, network.layout.slice("layer1.weight")].view(13, 4)
    >>> bool(torch.allclose(adapted_state(network, parameters, x)["layer1"]["mean"][0], entering.mean(0), rtol=1e-4))
    True

    Args: network: of our kinds; parameters (E, P); x `(N, *inputs)` of the new domain.
    Returns: what a `NetworkObjective` by running statistics takes as its state.
    """
    state = network.initial_state(len(parameters), parameters)
    with torch.no_grad():
        # Once for each layer: one that normalizes by what it remembers even here has it right after those below have.
        for _ in network.states:
            _, state = network.forward(parameters, state, x[None], Context(progress=0.0, momentum=1.0))
    return state


def domain_shift(run: Run, domain: Domain) -> DomainShift:
    """Return what a second domain does to a trained network, and what AdaBN undoes.

    The test examples are the first domain, the same examples altered are the second; AdaBN's statistics come from the
    training examples so altered, which the accuracy does not count. The divergence is that of what *enters* each
    normalization: at its output both domains have the same mean and deviation by construction. What enters the first
    one does not change. A network without normalization has nothing to adapt: before and after are the same.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=8, depth=2, normalization="batch", num_steps=20))
    >>> domain_shift(run, Domain(contrast=1, brightness=0)).before.tolist()  # the same domain
    [0.0, 0.0]

    Source: Li et al. 2016, arXiv 1603.04779, Algorithm 1; the divergence averaged over the units of a layer.

    Args: run: at whose end; domain: the second one.
    Returns: a DomainShift of L layers.
    """
    looks = _Looks(run, domain)
    source, plain, mended = looks.source, looks.before, looks.after
    before, after = (
        np.array(
            [
                float(gaussian_divergence(source.entering[place], other.entering[place]).mean())
                for place in source.entering
            ]
        )
        for other in (plain, mended)
    )
    accuracies = source.accuracy, plain.accuracy, mended.accuracy
    return DomainShift(tuple(source.entering), before, after, *accuracies, looks.device)


@dataclass(frozen=True, eq=False)
class DomainFeatures:
    """Where the examples of two domains lie in the last hidden layer, before AdaBN and after it. N test examples.

    before, after: (2, N, 2) of each domain, the first one first, on the plane along which both together spread most.
    told_before, told_after: the share of held-out examples whose domain the best linear rule tells; half is chance.

    Source: Li et al. 2016, arXiv 1603.04779, Sec. 3.1.
    """

    before: np.ndarray
    after: np.ndarray
    told_before: float
    told_after: float


def domain_features(run: Run, domain: Domain) -> DomainFeatures:
    """Return where the examples of two domains lie in the last hidden layer, without and with AdaBN.

    The domains are those of `domain_shift`, the features what leaves the last hidden layer. The plane is that of the two
    greatest principal components of both domains together, for each of the two pictures its own.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="wine", width=8, depth=2, normalization="batch", num_steps=20))
    >>> found = domain_features(run, Domain(contrast=1, brightness=3))
    >>> found.before.shape, found.told_before > 0.9
    ((2, 36, 2), True)

    Source: Li et al. 2016, arXiv 1603.04779, Sec. 3.1, who tell domains by a support vector machine; here by least squares.

    Args: run: at whose end; domain: the second one.
    Returns: DomainFeatures of the test examples.
    """
    looks = _Looks(run, domain)
    pairs = [torch.stack([looks.source.features, other.features]) for other in (looks.before, looks.after)]
    before, after = (_on_plane(pair) for pair in pairs)
    told_before, told_after = (domain_told(pair) for pair in pairs)
    return DomainFeatures(before, after, told_before, told_after)


def domain_told(features: Tensor) -> float:
    """Return the share of held-out features `(2, N, C)` whose domain a linear rule tells, found on every other example.

    The rule is least squares with a slight ridge on standardized features, with targets -1 and 1: half of the examples of
    both domains make it, the other half are told.

    >>> domain_told(torch.stack([torch.zeros(8, 1), torch.ones(8, 1)]))
    1.0

    Source: Li et al. 2016, arXiv 1603.04779, Sec. 3.1, by a support vector machine.

    Args: features (2, N, C) of N examples in either domain.
    Returns: a share from 0 to 1.
    """
    made, held = (features.double()[:, start::2].flatten(0, 1) for start in (0, 1))
    mean, deviation = made.mean(0), made.std(0)
    made, held = ((rows - mean) / torch.where(deviation > 0, deviation, 1.0) for rows in (made, held))
    sign = torch.tensor([-1.0, 1.0]).double()
    ridge = 1e-6 * len(made) * torch.eye(made.shape[1]).double()
    rule = torch.linalg.solve(made.T @ made + ridge, made.T @ sign.repeat_interleave(len(made) // 2))
    return float(((held @ rule).sign() == sign.repeat_interleave(len(held) // 2)).double().mean())


def _on_plane(features: Tensor) -> np.ndarray:
    """Return features `(2, N, C)` on the plane of their two greatest principal components, `(2, N, 2)`."""
    flat = features.double().flatten(0, 1)
    centred = functional.pad(flat - flat.mean(0), (0, max(0, 2 - flat.shape[1])))
    axes = torch.linalg.svd(centred, full_matrices=False)[2][:2]
    # Each axis has two senses; of these the one in which its largest part is positive.
    axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
    return (centred @ axes.T).view(*features.shape[:2], 2).numpy()


@dataclass(frozen=True, eq=False)
class _Look:
    """A pass on the test examples in one domain: what enters each normalization, what leaves the last layer, accuracy."""

    entering: dict[str, Tensor]
    features: Tensor
    accuracy: float


class _Looks:
    """A trained network on its test examples: as they are, in a second domain, and there with AdaBN."""

    def __init__(self, run: Run, domain: Domain) -> None:
        self.network, data = network_of(run.experiment), load(run.experiment.data)
        self.parameters, stored = snapshots_of(run, self.network, [-1])
        here, self.targets = examples_of(data, "test", self.parameters.dtype, self.parameters.device)
        deviation = float(data.train_x.std())
        train, test = (domain.apply(x, deviation, seed).to(here) for seed, x in enumerate((data.train_x, data.test_x)))
        self.source, self.before = self._look(here, stored), self._look(test, stored)
        self.after = self._look(test, adapted_state(self.network, self.parameters, train))
        self.device = device_name(here.device)

    def _look(self, x: Tensor, state: NetworkState) -> _Look:
        entering: dict[str, Tensor] = {}
        features = x.flatten(1)

        def tap(place: str, moment: str, values: Tensor) -> None:
            nonlocal features
            if moment == "before" and (place != "input" or type(self.network.input_layer) is not Layer):
                entering[place] = values[0].flatten(0, -2).clone()
            if moment == "activation":
                features = values[0].flatten(1).clone()

        with torch.no_grad():
            outputs, _ = self.network.forward(self.parameters, state, x[None], Context(statistics="stored", tap=tap))
            return _Look(entering, features.cpu(), float(accuracies_of(outputs, self.targets[None])))
