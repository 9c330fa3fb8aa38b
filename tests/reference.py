"""Slow and plain witnesses: networks of `torch.nn` modules, loops over grid points, the papers' algorithms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from landscape.data import load
from landscape.experiment import Experiment
from landscape.loss.network import network_of

ACTIVATIONS = {"linear": nn.Identity, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}


def twin(experiment: Experiment, parameters: np.ndarray, state: np.ndarray | None = None) -> nn.Sequential:
    """Return the network as `torch.nn` modules in float64, with flat parameters (P,) and running statistics (Q,)."""
    config, data, layout = experiment.network, load(experiment.data), network_of(experiment).layout
    names = [block.name for block in layout.blocks]
    norm = {
        "none": lambda features: nn.Identity(),
        "batch": lambda features: nn.BatchNorm1d(features, affine=config.affine),
        "layer": lambda features: nn.LayerNorm(features, elementwise_affine=config.affine),
    }[config.normalization]
    on_input, on_hidden = config.normalized != "hidden", config.normalized != "input"
    inputs = int(np.prod(data.inputs))
    modules: dict[str, nn.Module] = {}
    if on_input:
        modules["input_norm"] = norm(inputs)
    for i in range(1, config.depth + 1):
        linear = nn.Linear(inputs if i == 1 else config.width, config.width, bias=f"layer{i}.bias" in names)
        middle = [(f"layer{i}_norm", norm(config.width) if on_hidden else nn.Identity())]
        middle.append((f"layer{i}_act", ACTIVATIONS[config.activation]()))
        modules |= {f"layer{i}": linear, **dict(middle if config.placement == "before" else middle[::-1])}
    modules["output"] = nn.Linear(config.width, data.classes)
    net = nn.Sequential()
    for name, module in modules.items():
        net.add_module(name, module.double())
    load_flat(net, experiment, parameters)
    if state is not None:
        state_layout = network_of(experiment).state_layout
        for block in state_layout.blocks:
            place, key = block.name.split(".")
            buffer = {"mean": "running_mean", "variance": "running_var"}[key]
            values = torch.as_tensor(state[state_layout.slice(block.name)]).clone()
            setattr(net.get_submodule(f"{place}_norm"), buffer, values.double())
    return net


def targets_in(net: nn.Sequential) -> dict[str, Tensor]:
    """Return the parameters of a twin by the names of our blocks."""
    found = {}
    for name, module in net.named_children():
        place = name.removesuffix("_norm")
        kind = {"weight": "scale", "bias": "shift"} if name.endswith("_norm") else {"weight": "weight", "bias": "bias"}
        found |= {f"{place}.{kind[key]}": value for key, value in module.named_parameters()}
    return found


def load_flat(net: nn.Sequential, experiment: Experiment, parameters: np.ndarray) -> None:
    """Put flat parameters (P,) into a twin; every parameter of the twin must be met."""
    layout, found = network_of(experiment).layout, targets_in(net)
    assert set(found) == {block.name for block in layout.blocks}
    with torch.no_grad():
        for block in layout.blocks:
            values = torch.as_tensor(parameters[layout.slice(block.name)]).reshape(block.shape)
            found[block.name].data = (
                (values.T if block.filter_axis is not None else values).clone().to(found[block.name])
            )


def flat_of(net: nn.Sequential, experiment: Experiment) -> np.ndarray:
    """Return the parameters of a twin as our flat vector (P,)."""
    found = targets_in(net)
    parts = [
        (found[block.name].T if block.filter_axis is not None else found[block.name]).detach().flatten()
        for block in network_of(experiment).layout.blocks
    ]
    return torch.cat(parts).numpy()


def flat_state_of(net: nn.Sequential, experiment: Experiment) -> np.ndarray:
    """Return the running statistics of a twin as our flat state (Q,)."""
    buffers = {"mean": "running_mean", "variance": "running_var"}
    parts = []
    for block in network_of(experiment).state_layout.blocks:
        place, key = block.name.split(".")
        parts.append(getattr(net.get_submodule(f"{place}_norm"), buffers[key]))
    return torch.cat(parts).numpy() if parts else np.empty(0)


def plain_loss(outputs: Tensor, y: Tensor, experiment: Experiment) -> Tensor:
    """Return the mean loss of outputs (N, C)."""
    if experiment.training.loss == "cross-entropy":
        return functional.cross_entropy(outputs, y)
    return (outputs - functional.one_hot(y, outputs.shape[1])).pow(2).sum(1).mean()


def algorithm_2(net: nn.Sequential, batches: Sequence[Tensor]) -> None:
    """Set a twin's running statistics by Ioffe & Szegedy 2015, Algorithm 2: E[mu_B] and m/(m-1) E[sigma_B^2]."""
    seen: dict[nn.Module, list[Tensor]] = {m: [] for m in net if isinstance(m, nn.BatchNorm1d)}
    handles = [m.register_forward_pre_hook(lambda m, args: seen[m].append(args[0])) for m in seen]
    net.train()
    for x in batches:
        net(x)
    for handle in handles:
        handle.remove()
    for module, inputs in seen.items():
        module.running_mean = torch.stack([x.mean(0) for x in inputs]).mean(0)
        m = len(inputs[0])
        module.running_var = m / (m - 1) * torch.stack([((x - x.mean(0)) ** 2).mean(0) for x in inputs]).mean(0)


def loss_at(
    experiment: Experiment,
    parameters: np.ndarray,
    statistics: str = "batch",
    batches: int = 1,
    num_examples: int = 512,
    state: np.ndarray | None = None,
) -> float:
    """Return the loss at parameters (P,) by `torch.nn` modules in float64."""
    data = load(experiment.data)
    x, y = data.train_x.double()[:num_examples], data.train_y[:num_examples]
    net = twin(experiment, parameters, state)
    with torch.no_grad():
        if statistics == "population":
            m, all_x = experiment.training.batch_size, data.train_x.double()
            algorithm_2(net, [all_x[i * m : (i + 1) * m] for i in range(len(all_x) // m)])
        net.train(statistics == "batch")
        size = len(x) // batches
        parts = [slice(i * size, (i + 1) * size) for i in range(batches)]
        return float(np.mean([float(plain_loss(net(x[part]), y[part], experiment)) for part in parts]))


def naive_surface(experiment: Experiment, plane, alphas: np.ndarray, betas: np.ndarray, **how) -> np.ndarray:
    """Return losses (B, A), one network and one grid point at a time."""
    origin, (first, second) = plane.origin.astype(float), plane.directions.astype(float)
    return np.array([[loss_at(experiment, origin + a * first + b * second, **how) for a in alphas] for b in betas])
