"""Draw the loss landscape of networks of your own: any `nn.Module`, here a plain one and one with BatchNorm.

Run it from the project's folder: `python -m examples.your_own_network`. It writes `landscapes.html`.
"""

import numpy as np
import torch
from plotly.subplots import make_subplots
from torch import nn

from landscape import axis, loss_surface, module_objective, random_plane, top_eigenvalues
from landscape.figures.surfaces import height_range, surface_panel

torch.set_num_threads(1)  # faster for networks as small as these
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


def train(module: nn.Module) -> None:
    """Train it as you would anyway."""
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(inputs), targets).backward()
        optimizer.step()


surfaces = {}
for name, batch_norm in (("plain", False), ("BatchNorm", True)):
    module = network(batch_norm)
    train(module)
    objective = module_objective(module, nn.functional.cross_entropy, (inputs, targets))
    plane = random_plane(objective.parameters, objective.layout, seed=0)
    surface = loss_surface(objective, plane, axis(1, 21), axis(1, 21))
    sharpness = top_eigenvalues(objective, objective.parameters).values[0]
    print(
        f"{name}: loss {surface.centre:.4f}, on the plane up to {np.max(surface.loss):.1f}, "
        f"sharpness {sharpness:.2f} (stable below {2 / 0.1:g})"
    )
    surfaces[name] = surface

heights = height_range([surface.loss for surface in surfaces.values()])
figure = make_subplots(1, 2, specs=[[{"type": "scene"}] * 2], subplot_titles=list(surfaces))
for column, surface in enumerate(surfaces.values(), start=1):
    drawn = surface_panel(surface.alphas, surface.betas, surface.loss, title="", heights=heights)
    for trace in drawn.figure.data[:1] if drawn.figure else ():
        figure.add_trace(trace, 1, column)
figure.write_html("landscapes.html", include_plotlyjs="cdn")
