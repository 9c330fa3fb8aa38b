# ruff: noqa: B018
"""From a training loop of your own to its surface, its path, its spectrum and its smoothness, cell by cell.

Each `# %%` begins a cell, as editors and `jupytext` read them: in a notebook the last line of a cell shows its figure.
Run as a script from the project's folder, `python -m examples.in_a_notebook`, it writes `figures.html` instead.
"""

# %% Two networks of your own, one with BatchNorm.
import numpy as np
import torch
from torch import nn

from landscape import (
    Snapshots,
    axis,
    loss_surface,
    module_objective,
    path_on,
    pca_plane,
    probe_snapshots,
    random_plane,
    sharpness_along,
    spectral_density,
)
from landscape.figures.notebook import show

torch.set_num_threads(1)  # faster for networks as small as these
RATE = 0.1
generator = torch.Generator().manual_seed(0)
inputs = torch.randn(256, 2, generator=generator)
targets = (inputs.square().sum(1) > 1.4).long()  # inside or outside a circle


def network(batch_norm: bool) -> nn.Sequential:
    """Return three hidden layers of 32."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for i in range(3):
        layers += [nn.Linear(2 if i == 0 else 32, 32), *([nn.BatchNorm1d(32)] if batch_norm else []), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(32, 2))


modules = {"plain": network(False), "BatchNorm": network(True)}

# %% Train them as you would anyway. The one line more: a hook that keeps their parameters.
snapshots = {}
for name, module in modules.items():
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE)
    snapshots[name] = Snapshots(module, most=31)
    optimizer.register_step_post_hook(snapshots[name])
    for _ in range(200):
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(inputs), targets).backward()
        optimizer.step()

# %% The loss as a function of all parameters: what everything below is measured on.
losses = {
    name: module_objective(module, nn.functional.cross_entropy, (inputs, targets)) for name, module in modules.items()
}

# %% Its surface on a random plane around the end, both in one range.
surfaces = {}
for name, loss in losses.items():
    plane = random_plane(loss.parameters, loss.layout, seed=0)
    surfaces[name] = loss_surface(loss, plane, axis(1, 21), axis(1, 21))
    print(f"{name}: loss {surfaces[name].centre:.4f}, on the plane up to {np.max(surfaces[name].loss):.1f}")
surface_figure = show(surfaces)
surface_figure

# %% The path of training, on the plane of its own principal axes.
paths, below = {}, {}
for name, loss in losses.items():
    kept = snapshots[name]
    paths[name] = path_on(loss, pca_plane(kept.parameters), kept.parameters, kept.steps)
    low, high = paths[name].coordinates.min(0), paths[name].coordinates.max(0)
    alphas, betas = (axis(0.6 * max(b - a, 1e-3), 21, (a + b) / 2) for a, b in zip(low, high, strict=True))
    below[name] = loss_surface(loss, paths[name].plane, alphas, betas)
path_figure = show(below, path=paths, drawing="contour")
path_figure

# %% The spectrum of the Hessian where training ended.
spectra = {name: spectral_density(loss, loss.parameters, probes=2, steps=32) for name, loss in losses.items()}
spectrum_figure = show(spectra, theme="dark")
spectrum_figure

# %% How smooth the loss is along the gradient, and how sharp, as training goes on.
sizes = RATE * np.geomspace(0.5, 4, 4)
probes = {name: probe_snapshots(loss, snapshots[name].parameters, sizes) for name, loss in losses.items()}
smoothness_figure = show(probes, steps=snapshots["plain"].steps)
smoothness_figure

# %%
few = slice(None, None, 8)
sharpness_figure = show(
    {
        name: sharpness_along(loss, snapshots[name].parameters[few], snapshots[name].steps[few])
        for name, loss in losses.items()
    }
)
sharpness_figure

# %% As a script: all figures in one file that needs no network.
with open("figures.html", "w", encoding="utf-8") as file:
    every = (surface_figure, path_figure, spectrum_figure, smoothness_figure, sharpness_figure)
    for place, figure in enumerate(every):
        file.write(figure.to_html(full_html=False, include_plotlyjs=place == 0))
