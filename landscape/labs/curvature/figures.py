"""Spectra with their outliers as ticks, the gradient's share, and the sharpness along training beside its edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.curves import powers
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style

LEAST = 1e-5
"""The density axis begins here: less of it comes from the tails of the smoothing."""

SMOOTHING = 0.006
"""Deviation of the Gaussians that smooth a density, as a share of the axis."""

POINTS = 801
"""Of the axis."""

HEIGHT = 0.16
"""Of a figure, the ticks below the curves."""

FAILED = "This could not be computed: see above."

AT_RATES = ("sky blue", "orange", "reddish purple")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One spectrum: its name and style; what is None is not there yet.

    nodes, weights: (probes, m) of the quadrature that its density is made of. values: (k,) the greatest eigenvalues.
    share: of the gradient along the ten steepest directions.
    """

    name: str
    style: Style
    nodes: np.ndarray | None
    weights: np.ndarray | None
    values: np.ndarray | None
    share: float | None


def awaited(title: str, group: Group, what: str, failed: bool) -> Panel:
    """Return a panel of which nothing is there yet, or ever."""
    return Panel(title, group, pending=FAILED if failed else what, empty=failed)


def spectrum_panel(title: str, spectra: Sequence[Drawn], failed: bool = False) -> Panel:
    """Draw the densities of the eigenvalues over one axis, and below them the greatest of each as ticks.

    failed: whether what is missing will not come.
    """
    traces: list[dict[str, Any]] = []
    grid = shared_grid([one.nodes for one in spectra if one.nodes is not None])
    for place, one in enumerate(spectra):
        shared = {"type": "scatter", "name": one.name, "legendgroup": one.name}
        line = {"color": one.style.colour, "dash": one.style.dash, "width": 2.25}
        if one.nodes is not None and one.weights is not None:
            density = smoothed(one.nodes, one.weights, grid)
            y = np.where(density < LEAST, np.nan, density).astype(np.float32)
            traces.append({**shared, "x": grid.astype(np.float32), "y": y, "mode": "lines", "line": line})
        if one.values is not None:
            found = one.values[np.isfinite(one.values)].astype(np.float32)
            traces.append(
                {
                    **shared,
                    "x": found,
                    "y": np.full(len(found), -place, np.float32),
                    "yaxis": "y2",
                    "mode": "markers",
                    "marker": {
                        "symbol": "line-ns-open",
                        "size": 11,
                        "color": one.style.colour,
                        "line": {"width": 1.75},
                    },
                    "showlegend": one.nodes is None,
                    "hovertemplate": "%{x:.3g}<extra>" + one.name + "</extra>",
                }
            )
    if not traces:
        return awaited(title, Group.PATH, "Products with the Hessian…", failed)
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("eigenvalue of the Hessian", zeroline=True, showgrid=False, nticks=8, anchor="y2"),
        yaxis=theme.axis(
            "density",
            domain=[HEIGHT + 0.04, 1],
            zeroline=False,
            type="log",
            dtick=1,
            exponentformat="power",
            tickfont={"size": 0.8 * (theme.FONT_SIZE - 1)},
        ),
        yaxis2=theme.axis("", domain=[0, HEIGHT], showticklabels=False, showgrid=False, zeroline=False)
        | {"range": [0.5 - len(spectra), 0.5]},
        legend=LEGEND,
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
    )
    tops = [f"{one.name} up to {float(one.values[0]):.3g}" for one in spectra if one.values is not None]
    return Panel(title, Group.PATH, figure, alt=f"Densities of eigenvalues on one axis: {'; '.join(tops)}.")


def shared_grid(nodes: Sequence[np.ndarray]) -> np.ndarray:
    """Return a grid (G,) that holds all these nodes and the Gaussians around them."""
    every = np.concatenate([np.zeros(1), *(one[np.isfinite(one)] for one in nodes)])
    margin = 5 * SMOOTHING * max(float(np.ptp(every)), 1e-12)
    return np.linspace(every.min() - margin, every.max() + margin, POINTS)


def smoothed(nodes: np.ndarray, weights: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return the density (G,) on a grid of a quadrature (probes, m), by Gaussians of one width.

    Spectra that are compared have the same: each with a share of its own range, the wider one's peak at zero would look
    wider for that reason alone.
    """
    width = SMOOTHING * (grid[-1] - grid[0])
    bumps = np.exp(-0.5 * np.square((grid - nodes[..., None]) / width)) / (width * np.sqrt(2 * np.pi))
    return np.asarray((weights[..., None] * bumps).sum((0, 1)) / len(nodes))


LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}}


def share_panel(spectra: Sequence[Drawn], failed: bool = False) -> Panel:
    """Draw as bars how much of the gradient lies along the ten steepest directions."""
    title = "The gradient's share along the ten steepest directions"
    known = [one for one in spectra if one.share is not None and np.isfinite(one.share)]
    if not known:
        return awaited(title, Group.CURVE, "Products with the Hessian…", failed)
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [one.name for one in known],
        "x": [float(one.share or 0) for one in known],
        "text": [f"{one.share:.2f}" for one in known],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {
            "color": [one.style.colour for one in known],
            "pattern": {"shape": ["" if one.style.dash == "solid" else "/" for one in known]},
        },
        "hoverinfo": "skip",
    }
    figure = theme.figure(
        bars,
        xaxis=theme.axis("share of the gradient's squared length", range=[0, 1.08], zeroline=False, nticks=6),
        yaxis=theme.axis("", autorange="reversed", automargin=True, showgrid=False),
        showlegend=False,
        margin={"l": 16, "r": 16, "t": 12, "b": 48},
    )
    said = "; ".join(f"{one.name} {one.share:.2f}" for one in known)
    return Panel(title, Group.CURVE, figure, alt=f"Shares of the gradient: {said}.")


@dataclass(frozen=True, eq=False)
class Rate:
    """One training: its name and edge, 2 / learning rate; steps and sharpness (S,) so far, and loss (T,), or None."""

    name: str
    edge: float
    steps: np.ndarray | None
    sharpness: np.ndarray | None
    loss: np.ndarray | None


def edge_panels(rates: Sequence[Rate], num_steps: int, failed: bool = False) -> list[Panel]:
    """Draw the sharpness by step beside 2 / learning rate, and below it the loss with the steps that raise it."""
    colours = [theme.OKABE_ITO[name] for name in AT_RATES]
    horizontal = theme.axis("step", zeroline=False, showgrid=False, nticks=6, range=[0, num_steps])
    sharp: list[dict[str, Any]] = []
    loss: list[dict[str, Any]] = []
    for place, (one, colour) in enumerate(zip(rates, colours, strict=True)):
        shared = {"type": "scatter", "name": one.name, "line": {"color": colour, "width": 2.25}}
        if one.steps is not None and one.sharpness is not None:
            ends = np.array([0, num_steps], np.float32)
            line = {"color": colour, "width": 1.75, "dash": "dash"}
            limit = {"x": ends, "y": np.full(2, one.edge, np.float32), "mode": "lines", "line": line}
            sharp.append({"type": "scatter", **limit, "showlegend": False, "hoverinfo": "skip"})
            found = {"x": one.steps.astype(np.float32), "y": one.sharpness.astype(np.float32)}
            sharp.append({**shared, **found, "mode": "lines+markers", "marker": {"size": 6}, "cliponaxis": False})
        if one.loss is not None:
            steps = np.arange(len(one.loss))
            loss.append({**shared, "x": steps.astype(np.float32), "y": one.loss.astype(np.float32), "mode": "lines"})
            rises = (np.flatnonzero(np.diff(one.loss) > 0) + 1).astype(np.float32)
            marker = {"symbol": "line-ns-open", "size": 8, "color": colour, "line": {"width": 1}}
            loss.append(
                {
                    "type": "scatter",
                    "x": rises,
                    "y": np.full(len(rises), -place, np.float32),
                    "yaxis": "y2",
                    "mode": "markers",
                    "marker": marker,
                    "showlegend": False,
                    "hoverinfo": "skip",
                }
            )
    every = [one.sharpness for one in rates if one.sharpness is not None]
    every += [np.array([one.edge]) for one in rates if one.sharpness is not None]
    upper = theme.figure(
        *sharp,
        xaxis=horizontal,
        yaxis=theme.axis("greatest eigenvalue", zeroline=False, **powers(every)),
        legend=LEGEND,
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
    )
    lower = theme.figure(
        *loss,
        xaxis={**horizontal, "anchor": "y2"},
        yaxis=theme.axis(
            "loss",
            domain=[HEIGHT + 0.04, 1],
            zeroline=False,
            **powers([one.loss for one in rates if one.loss is not None]),
        ),
        yaxis2=theme.axis("", domain=[0, HEIGHT], showticklabels=False, showgrid=False, zeroline=False)
        | {"range": [0.5 - len(rates), 0.5]},
        legend=LEGEND,
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
    )
    said = "; ".join(
        f"{one.name} ends at {one.sharpness[-1]:.3g} beside {one.edge:.3g}"
        for one in rates
        if one.sharpness is not None
    )
    titles = "Sharpness, and 2 / learning rate dashed", "Loss, and the steps that raise it"
    return [
        Panel(titles[0], Group.PATH, upper, alt=f"Sharpness by step: {said}.")
        if sharp
        else awaited(titles[0], Group.PATH, "Training on full batches…", failed),
        Panel(titles[1], Group.CURVE, lower, alt="Loss by step, falling, with ticks at the steps that raise it.")
        if loss
        else awaited(titles[1], Group.CURVE, "Training on full batches…", failed),
    ]
