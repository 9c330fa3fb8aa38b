"""How the same is done elsewhere: networks of `torch.nn`, loops over grid points, trainings by `torch.optim`."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from landscape import Experiment, Plane, load
from landscape.loss.network import network_of
from landscape.training.batches import Batches
from models.cnn import KERNEL, Convolutional
from models.network import Kind


def module_of(experiment: Experiment, parameters: np.ndarray) -> nn.Sequential:
    """Return a network of ours (mlp or cnn, plain or BatchNorm, an mlp by layers too, relu), with flat parameters (P,)."""
    network, config = network_of(experiment), experiment.network
    sides = network.sides if isinstance(network, Convolutional) else []
    convolves = bool(sides)
    inputs, net = int(np.prod(network.inputs)), nn.Sequential()
    net.add_module("shape", nn.Unflatten(1, (1, sides[0], sides[0])) if convolves else nn.Flatten())
    for i in range(1, config.depth + 1):
        before = config.width if i > 1 else 1 if convolves else inputs
        bias = network.maps[f"layer{i}"].bias
        linear = nn.Conv2d(before, config.width, KERNEL, padding=1, bias=bias) if convolves else None
        net.add_module(f"layer{i}", linear or nn.Linear(before, config.width, bias))
        if config.normalization == "batch":
            net.add_module(f"layer{i}_norm", (nn.BatchNorm2d if convolves else nn.BatchNorm1d)(config.width))
        elif config.normalization == "layer" and not convolves:
            net.add_module(f"layer{i}_norm", nn.LayerNorm(config.width))
        elif config.normalization != "none":
            raise ValueError(f"there are no modules for a {config.kind.value} with {config.normalization.value}")
        net.add_module(f"layer{i}_activation", nn.ReLU())
        if convolves and sides[i] < sides[i - 1]:
            net.add_module(f"layer{i}_pool", nn.AvgPool2d(2))
    net.add_module("flat", nn.Flatten())
    net.add_module("output", nn.Linear(network.maps["output"].inputs, network.outputs))
    with torch.no_grad():
        for parameter, values in zip(net.parameters(), tensors_of(net, experiment, parameters), strict=True):
            parameter.copy_(values)
    return net


def tensors_of(net: nn.Sequential, experiment: Experiment, flat: np.ndarray) -> list[Tensor]:
    """Return a flat vector (P,) of ours as tensors in the order and shape of the module's parameters."""
    parts = network_of(experiment).layout.split(torch.as_tensor(flat)[None])
    found = []
    for name, parameter in net.named_parameters():
        place, kind = name.split(".")
        if place.endswith("_norm"):
            kind = {"weight": "scale", "bias": "shift"}[kind]
        values = parts[f"{place.removesuffix('_norm')}.{kind}"][0]
        if parameter.ndim == 4:  # ours: a patch's pixels, then its channels
            values = values.unflatten(0, (KERNEL, KERNEL, -1)).permute(3, 2, 0, 1)
        elif parameter.ndim == 2:
            if place == "output" and experiment.network.kind is Kind.CNN:  # ours: locations, then channels
                values = values.unflatten(0, (-1, experiment.network.width)).transpose(0, 1).flatten(0, 1)
            values = values.T
        found.append(values.contiguous())
    return found


class Loops:
    """The loops over the points of a plane, one after the other, with modules in training mode.

    plane: of ours, whose directions the loops take. x, y: the examples.
    """

    def __init__(self, experiment: Experiment, plane: Plane, alphas: np.ndarray, betas: np.ndarray, count: int) -> None:
        data = load(experiment.data)
        self.x, self.y = data.train_x[:count].float(), data.train_y[:count]
        self.module = module_of(experiment, plane.origin)
        self.vectors = [tensors_of(self.module, experiment, flat) for flat in (plane.origin, *plane.directions)]
        self.alphas, self.betas = alphas.tolist(), betas.tolist()

    def points(self) -> Iterator[list[Tensor]]:
        """Yield the parameters of each point, row by row."""
        for beta in self.betas:
            for alpha in self.alphas:
                yield [
                    torch.add(w, first, alpha=alpha).add_(second, alpha=beta)
                    for w, first, second in zip(*self.vectors, strict=True)
                ]

    def load_and_iterate(self, batch_size: int = 128) -> np.ndarray:
        """Load the whole state at each point, which restores the buffers too, and go through a DataLoader."""
        loader = DataLoader(TensorDataset(self.x, self.y), batch_size)
        state = {name: values.clone() for name, values in self.module.state_dict().items()}
        names = [name for name, _ in self.module.named_parameters()]
        losses = []
        with torch.no_grad():
            for point in self.points():
                self.module.load_state_dict(state | dict(zip(names, point, strict=True)))
                total = 0.0
                for x, y in loader:
                    total += cross_entropy(self.module(x), y).item() * len(y)
                losses.append(total / len(self.y))
        return np.array(losses).reshape(len(self.betas), len(self.alphas))

    def in_memory(self) -> np.ndarray:
        """Copy the parameters of each point into the module, and compute all examples as one batch."""
        losses, parameters = [], list(self.module.parameters())
        with torch.no_grad():
            for point in self.points():
                for parameter, values in zip(parameters, point, strict=True):
                    parameter.copy_(values)
                losses.append(cross_entropy(self.module(self.x), self.y).item())
        return np.array(losses).reshape(len(self.betas), len(self.alphas))

    def package(self) -> np.ndarray:
        """Let the package `loss-landscapes` walk over the same plane from its corner.

        It takes directions as the ends of two lines (`planar_interpolation`), so that they can be ours. It moves each
        second of its columns by a step: what it gives is `walked` of ours.
        """
        import loss_landscapes
        from loss_landscapes.metrics import Loss

        steps = len(self.alphas)
        metric = Loss(cross_entropy, self.x, self.y)
        origin, first, second = self.vectors
        reach_x, reach_y = (steps * (line[1] - line[0]) for line in (self.alphas, self.betas))
        corner = [w + self.alphas[0] * d + self.betas[0] * e for w, d, e in zip(origin, first, second, strict=True)]
        ends = [
            [w + reach * d for w, d in zip(corner, direction, strict=True)]
            for reach, direction in ((reach_x, first), (reach_y, second))
        ]
        modules = [self._copy(values) for values in (corner, *ends)]
        return loss_landscapes.planar_interpolation(*modules, metric, steps)

    def _copy(self, values: list[Tensor]) -> nn.Module:
        module = copy.deepcopy(self.module)
        with torch.no_grad():
            for parameter, value in zip(module.parameters(), values, strict=True):
                parameter.copy_(value)
        return module


def walked(loss: np.ndarray) -> np.ndarray:
    """Return of losses (B + 1, A), one row more than the package was asked for, those that it gives, (A, B).

    Its even columns begin a step after the corner, its odd ones at it.
    """
    columns = loss.T
    return np.array([column[1:] if i % 2 == 0 else column[:-1] for i, column in enumerate(columns)])


def train_plainly(experiment: Experiment, dtype: torch.dtype = torch.float32) -> np.ndarray:
    """Train with `torch.nn` and `torch.optim` from our initial weights on our batches; return the losses (T,)."""
    config = experiment.training
    data = load(experiment.data)
    x, y, test_x = data.train_x.to(dtype), data.train_y, data.test_x.to(dtype)
    start = network_of(experiment).initial_parameters([experiment.seed])[0].numpy()
    net = module_of(experiment, start).to(dtype)
    optimizer = torch.optim.SGD(net.parameters(), config.learning_rate)
    batches = Batches([experiment.seed], y, config.batch_size, config.batch_order)
    losses = []
    for step in range(config.num_steps):
        indexes = batches.at(step)
        rows = slice(None) if indexes is None else indexes[0]
        loss = cross_entropy(net(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        net(test_x).argmax(1).eq(data.test_y).float().mean().item()
    return np.array(losses)
