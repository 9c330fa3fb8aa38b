"""Another domain of the same data: how far its activations lie from those of training, before and after AdaBN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.devices import device_name
from landscape.internals.passes import Form, snapshots_of
from landscape.loss.losses import accuracies_of
from landscape.loss.network import network_of
from landscape.training.run import Run
from models.fields import number, validate
from models.network import Network
from models.normalization import Context, Layer, NetworkState


@dataclass(frozen=True)
class Domain:
    """A second domain: the same examples seen otherwise, x' = contrast * x + brightness + noise * N(0, 1).

    The numbers are in units of the deviation of all training inputs; 1, 0, 0 changes nothing.
    """

    contrast: float = number(0.5, 0.0, 10.0, "Contrast", "Multiplies the inputs.")
    brightness: float = number(1.0, -10.0, 10.0, "Brightness", "Added to the inputs, in their deviations.")
    noise: float = number(0.0, 0.0, 10.0, "Noise", "Deviation of the noise added, in that of the inputs.")

    def __post_init__(self) -> None:
        validate(self)

    def apply(self, x: Tensor, deviation: float, seed: int) -> Tensor:
        """Return inputs (N, ...) as they look in this domain."""
        drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed), dtype=x.dtype)
        return self.contrast * x + deviation * (self.brightness + self.noise * drawn)


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
    network, data = network_of(run.experiment), load(run.experiment.data)
    parameters, stored = snapshots_of(run, network, [-1])
    here, targets = examples_of(data, "test", parameters.dtype, parameters.device)
    deviation = float(data.train_x.std())
    train, test = (domain.apply(x, deviation, seed).to(here) for seed, x in enumerate((data.train_x, data.test_x)))
    adapted = adapted_state(network, parameters, train)

    def look(x: Tensor, state: NetworkState) -> tuple[dict[str, Tensor], float]:
        entering: dict[str, Tensor] = {}

        def tap(place: str, moment: str, values: Tensor) -> None:
            if moment == "before" and (place != "input" or type(network.input_layer) is not Layer):
                entering[place] = values[0].flatten(0, -2).clone()

        with torch.no_grad():
            outputs, _ = network.forward(parameters, state, x[None], Context(statistics="stored", tap=tap))
            return entering, float(accuracies_of(outputs, targets[None]))

    source, source_accuracy = look(here, stored)
    plain, accuracy_before = look(test, stored)
    mended, accuracy_after = look(test, adapted)
    before, after = (
        np.array([float(gaussian_divergence(source[place], other[place]).mean()) for place in source])
        for other in (plain, mended)
    )
    accuracies = source_accuracy, accuracy_before, accuracy_after
    return DomainShift(tuple(source), before, after, *accuracies, device_name(here.device))
