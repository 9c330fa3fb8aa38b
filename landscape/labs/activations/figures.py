"""Pictures of the inside of networks: percentiles, units, the use of activation functions, gradients, scales, constants.

It is long, as it holds the pictures of six sections; each is one function from arrays to panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.curves import powers
from landscape.figures.panel import Group, Mode, Panel, Playback
from landscape.figures.theme import Style

WAITING, FAILED = "Training…", "This could not be computed: see above."

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}}

MARGIN = {"l": 64, "r": 16, "t": 40, "b": 48}

BINS = 30
"""Of the histogram of one unit, and of learnt scales."""

SHARE = 0.36
"""Of a figure, the histogram below a function."""

POINTS = 2000
"""Singular values are drawn up to so many in a network."""

BARE = {"zeroline": False, "showgrid": False}
"""An axis of steps is drawn without lines."""

FLOOR = 1e-6
"""What is smaller is drawn there on a logarithmic axis."""


@dataclass(frozen=True, eq=False)
class Percentiles:
    """One network's percentiles (S, 3) by step (S,), or None; unit: what they are of."""

    name: str
    style: Style
    steps: np.ndarray | None
    values: np.ndarray | None
    what: str = ""


@dataclass(frozen=True, eq=False)
class Units:
    """One network's typical unit, its values (N,), and mean and deviation (C,) of every unit of its layer, or None."""

    name: str
    style: Style
    values: np.ndarray | None
    mean: np.ndarray | None
    deviation: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Used:
    """An activation function and its inputs: x, height, bend (G,); edges and density (S, bins), line (S, 2), or None."""

    name: str
    style: Style
    x: np.ndarray | None = None
    height: np.ndarray | None = None
    bend: np.ndarray | None = None
    edges: np.ndarray | None = None
    density: np.ndarray | None = None
    line: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ByLayer:
    """One network's numbers by layer.

    start, end: (L,) lengths of gradients. steps: (S,); moves: (S, L + 1) shares of themselves by which weights are moved, the output's last.
    points: (2L, 3) 25th, 50th, 75th percentile of the units' deviations after each linear map and where its activation begins.
    """

    name: str
    style: Style
    start: np.ndarray | None = None
    end: np.ndarray | None = None
    steps: np.ndarray | None = None
    moves: np.ndarray | None = None
    points: np.ndarray | None = None


def waiting(title: str, group: Group, failed: bool, colour: str = "") -> Panel:
    """Return a panel of which nothing is there yet, or ever."""
    return Panel(title, group, pending=FAILED if failed else WAITING, empty=failed, colour=colour)


def _x(values: Any) -> np.ndarray:
    return np.asarray(values, np.float32)


def _numbers(count: int) -> dict[str, Any]:
    """Return an axis of so many layers."""
    step = max(1, count // 8)
    return theme.axis(
        "layer", tickvals=list(range(1, count + 1, step)), range=[0.7, count + 0.3], zeroline=False, showgrid=False
    )


def _steps_from_one(num_steps: int) -> dict[str, Any]:
    """Return a logarithmic axis of one more than the step, whose ticks are steps."""
    last = num_steps + 1
    ticks = [0, *(step for step in (1, 3, 10, 30, 100, 300, 1000, 3000, 10000) if step < last)]
    return theme.axis(
        "step (logarithmic)",
        type="log",
        range=[0, float(np.log10(last))],
        tickvals=[tick + 1 for tick in ticks],
        ticktext=[str(tick) for tick in ticks],
        **BARE,
    )


def percentile_panels(networks: Sequence[Percentiles], num_steps: int, failed: bool, wide: bool = False) -> list[Panel]:
    """Draw a network's 15th, 50th and 85th percentile by step, all panels of one height.

    wide: whether the first steps are drawn wide, at the logarithm of one more than the step, as the first is 0.
    """
    along = _steps_from_one(num_steps) if wide else theme.axis("step", range=[0, num_steps], nticks=5, **BARE)
    known = [one.values for one in networks if one.values is not None]
    every = np.concatenate([np.zeros(1), *(values.ravel() for values in known)])
    every = every[np.isfinite(every)]
    margin = 0.05 * (np.ptp(every) or 1.0)
    limits = [float(every.min() - margin), float(every.max() + margin)]
    panels = []
    for one in networks:
        if one.values is None or one.steps is None:
            panels.append(waiting(one.name, Group.PATH, failed, one.style.colour))
            continue
        x, (low, middle, high) = _x(one.steps), _x(one.values).T
        shared = {"type": "scatter", "x": x + 1 if wide else x, "mode": "lines"}
        thin = {"color": one.style.colour, "width": 1}
        figure = theme.figure(
            {**shared, "y": low, "line": thin, "name": "15%"},
            {
                **shared,
                "y": high,
                "line": thin,
                "name": "85%",
                "fill": "tonexty",
                "fillcolor": theme.faint(one.style.colour),
            },
            {**shared, "y": middle, "line": {"color": one.style.colour, "width": 2.5}, "name": "50%"},
            xaxis=along,
            yaxis=theme.axis("enters the activation", range=limits, zeroline=True, nticks=7),
            hovermode="x" if wide else "x unified",  # unified, it would tell one more than the step
            showlegend=False,
        )
        said = f"{one.what}: its median goes from {middle[0]:.2g} to {middle[-1]:.2g}."
        panels.append(Panel(one.name, Group.PATH, figure, alt=said, colour=one.style.colour, caption=one.what))
    return panels


def unit_panels(networks: Sequence[Units], failed: bool) -> list[Panel]:
    """Draw a typical unit's values as a histogram under a normal curve, and all units of a layer as dots."""
    panels = []
    dots: list[dict[str, Any]] = []
    for one in networks:
        if one.values is None or one.mean is None or one.deviation is None:
            panels.append(waiting(one.name, Group.CURVE, failed, one.style.colour))
            continue
        values = one.values[np.isfinite(one.values)]
        mean, deviation = float(values.mean()), float(values.std()) or 1e-12
        reach = max(3.2 * deviation, float(np.abs(values - mean).max()))
        edges = np.linspace(mean - reach, mean + reach, BINS + 1)
        density = np.histogram(values, edges)[0] / (len(values) * (edges[1] - edges[0]))
        x = np.linspace(edges[0], edges[-1], 121)
        normal = np.exp(-0.5 * ((x - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
        figure = theme.figure(
            {
                "type": "bar",
                "x": _x((edges[1:] + edges[:-1]) / 2),
                "y": _x(density),
                "marker": {"color": theme.faint(one.style.colour, 0.6)},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "x": _x(x),
                "y": _x(normal),
                "mode": "lines",
                "line": {"color": theme.TEXT, "width": 1.75, "dash": "dash"},
                "hoverinfo": "skip",
            },
            bargap=0,
            xaxis=theme.axis("enters the activation", zeroline=False, nticks=6),
            yaxis=theme.axis("", showticklabels=False, showgrid=False, zeroline=False),
            showlegend=False,
            margin={"l": 16, "r": 16, "t": 12, "b": 48},
        )
        said = f"A histogram of mean {mean:.2g} and deviation {deviation:.2g} beside the normal curve."
        panels.append(Panel(one.name, Group.CURVE, figure, alt=said, colour=one.style.colour))
        dots.append(
            {
                "type": "scatter",
                "x": _x(one.mean),
                "y": _x(one.deviation),
                "name": one.name,
                "mode": "markers",
                "marker": {"size": 7, "color": theme.faint(one.style.colour, 0.65)},
                "hovertemplate": "mean %{x:.3g}, deviation %{y:.3g}<extra>" + one.name + "</extra>",
            }
        )
    title = "All units of the layer at the end"
    if not dots:
        return [*panels, waiting(title, Group.ACTIVATION, failed)]
    figure = theme.figure(
        *dots,
        xaxis=theme.axis("mean of a unit", zeroline=True, nticks=7),
        yaxis=theme.axis("deviation of a unit", rangemode="tozero", nticks=6),
        legend=LEGEND,
        margin=MARGIN,
        showlegend=True,
    )
    return [*panels, Panel(title, Group.ACTIVATION, figure, alt="A dot a unit: its mean and its deviation.")]


def use_panels(networks: Sequence[Used], failed: bool, group: Group = Group.PATH) -> list[Panel]:
    """Draw each activation function with its bend and the best line, and below it the histogram of its inputs."""
    return [_use_panel(one, failed, group) for one in networks]


def _use_panel(one: Used, failed: bool, group: Group) -> Panel:
    if one.x is None or one.height is None or one.bend is None or one.edges is None:
        return waiting(one.name, group, failed, one.style.colour)
    if one.density is None or one.line is None:
        return waiting(one.name, group, failed, one.style.colour)
    reach, colour = float(one.edges[-1]), one.style.colour
    low, high = float(one.height.min()), float(one.height.max())
    room = 0.12 * (high - low)
    low, high = low - room, high + room
    # The bend, scaled to a third of the height; a kink is one point, drawn as high as what bends softly.
    bend = low + (high - low) / 3 * one.bend / max(float(one.bend.max()), 1e-12)
    ends = np.array([-reach, reach])
    lines = one.line[:, :1] + one.line[:, 1:] * ends  # (S, 2)
    lines = np.nan_to_num(lines)
    bottom, rise = float(lines.min()), float(np.ptp(lines)) or 1.0
    # Each histogram is as high as its own peak: what it shows is where the inputs lie.
    share = one.density / np.maximum(one.density.max(1, keepdims=True), 1e-12)
    centres = (one.edges[1:] + one.edges[:-1]) / 2
    stood = np.concatenate([centres[:1], centres, centres[-1:]])
    rows = np.pad(np.round(255 * share), ((0, 0), (1, 1)))
    of_line = np.round(255 * (lines - bottom) / rise)
    playback = (
        Playback(2, Mode.ROW, of_line.astype(np.uint8), offset=bottom, scale=rise / 255),
        Playback(3, Mode.ROW, rows.astype(np.uint8), offset=0.0, scale=1 / 255),
    )
    shared = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    figure = theme.figure(
        {
            **shared,
            "x": _x(np.concatenate([one.x[:1], one.x, one.x[-1:]])),
            "y": _x(np.concatenate([[low], bend, [low]])),
            "fill": "toself",
            "line": {"width": 0},
            "fillcolor": theme.faint(theme.OKABE_ITO["yellow"], 0.55),
            "name": "bend",
        },
        {
            **shared,
            "x": _x(one.x),
            "y": _x(one.height),
            "line": {"color": theme.TEXT, "width": 2.25},
            "name": "function",
        },
        {
            **shared,
            "x": _x(ends),
            "y": _x(lines[-1]),
            "line": {"color": colour, "width": 2, "dash": "dash"},
            "name": "best line",
        },
        {
            **shared,
            "x": _x(stood),
            "y": _x(rows[-1] / 255),
            "yaxis": "y2",
            "fill": "toself",
            "fillcolor": theme.faint(colour, 0.45),
            "line": {"color": colour, "width": 1.5},
            "name": "inputs",
        },
        xaxis=theme.axis("input", range=[-reach, reach], zeroline=True, nticks=7, anchor="y2"),
        yaxis=theme.axis("", domain=[SHARE + 0.04, 1], range=[low, high], nticks=5, zeroline=False),
        yaxis2=theme.axis("", domain=[0, SHARE], range=[0, 1.05], showticklabels=False, showgrid=False),
        showlegend=False,
        margin={"l": 40, "r": 16, "t": 12, "b": 48},
    )
    near = float(one.density[-1][np.abs(centres) < 1].sum())
    said = f"The activation function, and its inputs: {100 * near:.0f}% of them from −1 to 1."
    return Panel(one.name, group, figure, alt=said, playback=playback, colour=colour)


def gradient_panel(networks: Sequence[ByLayer], failed: bool) -> Panel:
    """Draw the length of the gradient by each layer's output, before the first step and at the end."""
    title = "Gradient by each layer's output"
    traces = []
    for one in networks:
        for values, dash, when in ((one.start, "solid", "at the start"), (one.end, "dot", "at the end")):
            if values is not None:
                traces.append(_by_layer(f"{one.name}, {when}", one.style, values, dash, values is one.start, one.name))
    if not traces:
        return waiting(title, Group.PATH, failed)
    every = [trace["y"] for trace in traces]
    figure = theme.figure(
        *traces,
        xaxis=_numbers(max(len(values) for values in every)),
        yaxis=theme.axis("|dL / dh|", zeroline=False, **powers(every)),
        legend=LEGEND,
        margin=MARGIN,
        showlegend=True,
    )
    said = "; ".join(
        f"{one.name} from {one.start[-1]:.2g} at the last layer to {one.start[0]:.2g} at the first"
        for one in networks
        if one.start is not None
    )
    return Panel(title, Group.PATH, figure, alt=f"Gradients before the first step: {said}.")


def _by_layer(
    name: str, style: Style, values: np.ndarray, dash: str, legend: bool = True, label: str = ""
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": _x(np.arange(1, len(values) + 1)),
        "y": _x(np.where(values > 0, np.maximum(values, 1e-30), np.nan)),
        "name": label or name,
        "legendgroup": label or name,
        "showlegend": legend,
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": dash, "width": 2.25},
        "marker": {"size": 6},
        "hovertemplate": "layer %{x}: %{y:.3g}<extra>" + name + "</extra>",
    }


def update_panels(networks: Sequence[ByLayer], num_steps: int, failed: bool) -> list[Panel]:
    """Draw by step by what share of itself a step moves each layer's weights, a panel a network, all of one height."""
    limits = powers([np.maximum(one.moves, 1e-12) for one in networks if one.moves is not None])
    every = np.concatenate([np.ones(0), *(one.moves.ravel() for one in networks if one.moves is not None)])
    every = every[np.isfinite(every) & (every > 1e-12)]
    shown = [float(np.log10(every.min())) - 0.2, float(np.log10(every.max())) + 0.2] if len(every) else [-3.0, 0.0]
    panels = []
    for one in networks:
        title = one.name
        if one.moves is None or one.steps is None:
            panels.append(waiting(title, Group.CURVE, failed, one.style.colour))
            continue
        colours = theme.shades(one.moves.shape[1])
        names = [f"layer {layer + 1}" for layer in range(len(colours) - 1)] + ["output"]
        traces = [
            {
                "type": "scatter",
                "x": _x(one.steps),
                "y": _x(np.maximum(one.moves[:, layer], 1e-12)),
                "name": names[layer],
                "mode": "lines",
                "line": {"color": colour, "width": 2},
            }
            for layer, colour in enumerate(colours)
        ]
        figure = theme.figure(
            *traces,
            xaxis=theme.axis("step", range=[0, num_steps], zeroline=False, showgrid=False, nticks=5),
            yaxis=theme.axis("step over weights", zeroline=False, **limits | {"range": shown}),
            showlegend=False,
        )
        first = one.moves[0]
        said = f"Before the first step from {first.min():.2g} to {first.max():.2g} of the weights, by layer."
        panels.append(Panel(title, Group.CURVE, figure, alt=said, colour=one.style.colour))
    return panels


def deviation_panel(networks: Sequence[ByLayer], failed: bool) -> Panel:
    """Draw the middle deviation of units after each linear map and where each activation begins, half of them in a bar."""
    title = "Deviations of units, layer by layer"
    traces: list[dict[str, Any]] = []
    for one in networks:
        if one.points is None:
            continue
        low, middle, high = np.maximum(one.points, FLOOR).T
        x = np.repeat(np.arange(1, len(middle) // 2 + 1), 2) + np.tile([-0.2, 0.2], len(middle) // 2)
        spread = {"type": "data", "symmetric": False, "array": _x(high - middle), "arrayminus": _x(middle - low)}
        traces.append(
            {
                "type": "scatter",
                "x": _x(x),
                "y": _x(middle),
                "name": one.name,
                "mode": "lines+markers",
                "line": {"color": one.style.colour, "dash": one.style.dash, "width": 1.75},
                "marker": {"size": 6, "symbol": ["circle-open", "circle"] * (len(middle) // 2)},
                "error_y": {**spread, "color": one.style.colour, "thickness": 1.25, "width": 3},
                "hovertemplate": "%{y:.3g}<extra>" + one.name + "</extra>",
            }
        )
    if not traces:
        return waiting(title, Group.PATH, failed)
    figure = theme.figure(
        *traces,
        xaxis=_numbers(max(len(trace["x"]) for trace in traces) // 2),
        yaxis=theme.axis("deviation over the examples", zeroline=False, **powers([trace["y"] for trace in traces])),
        legend=LEGEND,
        margin=MARGIN,
        showlegend=True,
    )
    said = "; ".join(f"{trace['name']} ends at {float(trace['y'][-1]):.2g}" for trace in traces)
    return Panel(title, Group.PATH, figure, alt=f"Deviations by layer: {said}.")


@dataclass(frozen=True, eq=False)
class FromScales:
    """One deep network: its initial scales, lengths of gradients (scales, L), and what theory says grows a layer; or None."""

    name: str
    style: Style
    scales: Sequence[float] = ()
    lengths: np.ndarray | None = None
    theory: float = 1.0


def _relative(lengths: np.ndarray) -> np.ndarray:
    """Return each row over its last, not a number where that is none."""
    last = lengths[:, -1:]
    return lengths / np.where(last > 0, last, np.nan)


def deep_panels(networks: Sequence[FromScales], failed: bool) -> list[Panel]:
    """Draw the gradients of deep networks by layer, a line an initial scale, relative to the last layer's."""
    relative = [_relative(one.lengths) for one in networks if one.lengths is not None]
    vertical = powers([np.clip(values, 1e-20, 1e20) for values in relative] + [np.array([0.1, 100.0])])
    every = np.concatenate([np.ones(1), *(values.ravel() for values in relative)])
    every = np.clip(every[np.isfinite(every) & (every > 0)], 1e-20, 1e20)
    span = [min(float(np.log10(every.min())), -1.0) - 0.3, max(float(np.log10(every.max())), 2.0) + 0.3]
    panels = []
    for one in networks:
        if one.lengths is None:
            panels.append(waiting(one.name, Group.PATH, failed, one.style.colour))
            continue
        depth = one.lengths.shape[1]
        traces = [
            _by_layer(f"× {scale:.3g}", Style(colour), row, dash)
            for scale, row, colour, dash in zip(
                one.scales,
                _relative(one.lengths),
                theme.shades(len(one.scales)),
                ("dot", "solid", "dashdot"),
                strict=False,
            )
        ]
        theory = one.theory ** np.arange(depth - 1, -1, -1.0)
        traces.append(
            {
                "type": "scatter",
                "x": _x(np.arange(1, depth + 1)),
                "y": _x(theory),
                "name": f"{one.theory:.3g} a layer",
                "mode": "lines",
                "line": {"color": theme.TEXT, "dash": "dash", "width": 1.75},
                "hoverinfo": "skip",
            }
        )
        figure = theme.figure(
            *traces,
            xaxis=_numbers(depth),
            yaxis=theme.axis("|dL / dh|, last layer = 1", zeroline=False, **vertical | {"range": span}),
            legend=LEGEND,
            margin={**MARGIN, "t": 56},
            showlegend=True,
        )
        said = "; ".join(
            f"weights {scale:g} times {row[0] / max(row[-1], 1e-30):.2g}"
            for scale, row in zip(one.scales, one.lengths, strict=True)
        )
        alt = f"First layer's gradient over the last's: {said}."
        panels.append(Panel(one.name, Group.PATH, figure, alt=alt, colour=one.style.colour))
    return panels


def scales_panel(networks: Sequence[tuple[str, Style, np.ndarray | None]], failed: bool) -> Panel:
    """Draw the sizes of learnt scales as histograms on one axis, with a line at 1, where all begin."""
    title = "Learnt scales"
    known = [(name, style, np.abs(values)) for name, style, values in networks if values is not None]
    if not known:
        return waiting(title, Group.PATH, failed)
    highest = max(1.6, float(np.quantile(np.concatenate([values.ravel() for _, _, values in known]), 0.995)))
    edges = np.linspace(0, highest, BINS + 1)
    traces = []
    for name, style, values in known:
        share = np.histogram(np.minimum(values, highest), edges)[0] / values.size
        traces.append(
            {
                "type": "scatter",
                "x": _x(np.repeat(edges, 2)),
                "y": _x(np.concatenate([[0], np.repeat(share, 2), [0]])),
                "name": name,
                "mode": "lines",
                "fill": "tozeroy",
                "fillcolor": theme.faint(style.colour),
                "line": {"color": style.colour, "dash": style.dash, "width": 2},
                "hoverinfo": "skip",
            }
        )
    one = {"type": "line", "x0": 1, "x1": 1, "y0": 0, "y1": 1, "yref": "paper"}
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("|scale| of a unit", range=[0, highest], zeroline=False, nticks=7),
        yaxis=theme.axis("share of the units", rangemode="tozero", nticks=5, zeroline=False),
        shapes=[{**one, "line": {"color": theme.MUTED, "width": 1.5, "dash": "dot"}}],
        legend=LEGEND,
        margin={**MARGIN, "t": 56},
        showlegend=True,
    )
    said = "; ".join(f"{name} {float(np.median(values)):.2f}" for name, _, values in known)
    return Panel(title, Group.PATH, figure, alt=f"Middle scale: {said}.")


def undone_panel(
    plain: np.ndarray | None, first: np.ndarray | None, last: np.ndarray | None, style: Style, failed: bool
) -> Panel:
    """Draw a plain network's outputs against those with BatchNorm: as made, and undone by scale and shift."""
    title = "Outputs of one network, plain and with BatchNorm"
    if plain is None or first is None or last is None:
        return waiting(title, Group.PATH, failed)
    shared = {"type": "scatter", "x": _x(plain), "mode": "markers"}
    ends = _x([plain.min(), plain.max()])
    figure = theme.figure(
        {
            **shared,
            "y": _x(first),
            "name": "scale 1, shift 0",
            "marker": {"size": 4, "color": theme.faint(theme.OKABE_ITO["vermillion"], 0.6)},
        },
        {
            "type": "scatter",
            "x": ends,
            "y": ends,
            "mode": "lines",
            "line": {"color": theme.MUTED, "width": 1, "dash": "dot"},
            "showlegend": False,
            "hoverinfo": "skip",
        },
        {**shared, "y": _x(last), "name": "undone", "marker": {"size": 5, "color": theme.faint(style.colour, 0.8)}},
        xaxis=theme.axis("plain output", zeroline=False, nticks=6),
        yaxis=theme.axis("with BatchNorm", zeroline=False, nticks=6),
        legend=LEGEND,
        margin=MARGIN,
        showlegend=True,
    )
    return Panel(title, Group.PATH, figure, alt="Undone, every output lies on the diagonal; as made, they are a cloud.")


def matrix_panel(matrix: np.ndarray | None, title: str, failed: bool) -> Panel:
    """Draw the correlations between the units of a layer as a square of colours."""
    if matrix is None:
        return waiting(title, Group.PATH, failed)
    cells = {
        "type": "heatmap",
        "z": np.abs(matrix).astype(np.float32),
        "zmin": 0,
        "zmax": 1,
        "colorscale": theme.SURFACE_SCALE,
        "showscale": True,
        "colorbar": {"thickness": 12, "tickfont": {"color": theme.TEXT, "size": theme.FONT_SIZE - 1}},
        "hovertemplate": "units %{x}, %{y}: %{z:.2f}<extra></extra>",
    }
    figure = theme.figure(
        cells,
        xaxis=theme.axis("unit", showgrid=False, zeroline=False, nticks=5),
        yaxis=theme.axis("unit", showgrid=False, zeroline=False, nticks=5, autorange="reversed"),
    )
    off = np.abs(matrix[~np.eye(len(matrix), dtype=bool)])
    said = f"Sizes of correlations, 1 on the diagonal, {np.nanmean(off):.2f} off it in the mean."
    return Panel(title, Group.PATH, figure, alt=said)


def widths_panel(widths: Sequence[int], rms: Sequence[np.ndarray | None], failed: bool) -> Panel:
    """Draw how correlated units are by layer, a line a width."""
    title = "Correlation between units, by layer"
    colours = theme.shades(len(widths))
    traces = [
        _by_layer(f"width {width}", Style(colour), values, "solid")
        for width, values, colour in zip(widths, rms, colours, strict=True)
        if values is not None
    ]
    if not traces:
        return waiting(title, Group.PATH, failed)
    figure = theme.figure(
        *traces,
        xaxis=_numbers(max(len(trace["x"]) for trace in traces)),
        yaxis=theme.axis("root mean square", rangemode="tozero", nticks=6),
        legend=LEGEND,
        margin=MARGIN,
        showlegend=True,
    )
    said = "; ".join(f"{trace['name']} ends at {float(trace['y'][-1]):.2f}" for trace in traces)
    return Panel(title, Group.PATH, figure, alt=f"By layer: {said}.")


def correction_panel(
    networks: Sequence[tuple[str, Style, np.ndarray | None, np.ndarray | None]], failed: bool
) -> Panel:
    """Draw the deviation of what leaves each layer (solid) and its mean (dotted): name, style, means and deviations (L,)."""
    title = "Deviation (solid) and mean (dotted), by layer"
    traces, said = [], []
    for name, style, means, deviations in networks:
        if means is None or deviations is None:
            continue
        traces.append(_by_layer(name, style, deviations, "solid"))
        dotted = _by_layer(f"{name}: mean", style, means, "dot")
        traces.append({**dotted, "y": _x(means), "showlegend": False})  # means may be 0 or less
        said.append(f"{name} ends at deviation {deviations[-1]:.2g} and mean {means[-1]:.2g}")
    if not traces:
        return waiting(title, Group.PATH, failed)
    figure = theme.figure(
        *traces,
        xaxis=_numbers(max(len(trace["x"]) for trace in traces)),
        yaxis=theme.axis("of a layer's outputs", zeroline=True, nticks=6),
        legend=LEGEND,
        margin=MARGIN,
        showlegend=True,
    )
    return Panel(title, Group.PATH, figure, alt=f"By layer: {'; '.join(said)}.")


def means_panels(
    networks: Sequence[tuple[str, Style, np.ndarray | None, np.ndarray | None]], failed: bool
) -> list[Panel]:
    """Draw the mean of each layer's outputs by step, a panel a network, all of one height."""
    known = [means for _, _, _, means in networks if means is not None]
    every = np.concatenate([np.zeros(1), *(means.ravel() for means in known)])
    every = every[np.isfinite(every)]
    margin = 0.06 * (float(np.ptp(every)) or 1.0)
    limits = [float(every.min()) - margin, float(every.max()) + margin]
    panels = []
    for name, style, steps, means in networks:
        title = name
        if means is None or steps is None:
            panels.append(waiting(title, Group.CURVE, failed, style.colour))
            continue
        traces = [
            {
                "type": "scatter",
                "x": _x(steps),
                "y": _x(means[:, layer]),
                "name": f"layer {layer + 1}",
                "mode": "lines",
                "line": {"color": colour, "width": 2},
            }
            for layer, colour in enumerate(theme.shades(means.shape[1]))
        ]
        figure = theme.figure(
            *traces,
            xaxis=theme.axis("step", zeroline=False, showgrid=False, nticks=5),
            yaxis=theme.axis("mean of a layer's outputs", range=limits, zeroline=True, nticks=6),
            showlegend=False,
        )
        said = f"At the end from {means[-1].min():.2f} to {means[-1].max():.2f}, by layer."
        panels.append(Panel(title, Group.CURVE, figure, alt=said, colour=style.colour))
    return panels


def singular_panels(networks: Sequence[tuple[str, Style, Sequence[np.ndarray] | None]], failed: bool) -> list[Panel]:
    """Draw the singular values of the hidden layers' Jacobians as a strip a layer, with their root mean square."""
    panels = []
    for name, style, values in networks:
        title = name
        if values is None:
            panels.append(waiting(title, Group.ACTIVATION, failed, style.colour))
            continue
        layers = [np.sort(one.ravel()) for one in values]
        layers = [one[:: max(1, -(-len(one) * len(layers) // POINTS))] for one in layers]
        rms = np.array([np.sqrt(np.square(one).mean()) for one in values])
        x = np.concatenate([np.full(len(one), place + 1.0) for place, one in enumerate(layers)])
        aside = 0.6 * (np.arange(len(x)) * 0.6180339887 % 1 - 0.5)
        figure = theme.figure(
            {
                "type": "scatter",
                "x": _x(x + aside),
                "y": _x(np.concatenate(layers)),
                "mode": "markers",
                "marker": {"size": 3, "color": theme.faint(style.colour, 0.45)},
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "x": _x(np.arange(1, len(rms) + 1)),
                "y": _x(rms),
                "mode": "lines+markers",
                "line": {"color": theme.TEXT, "width": 2},
                "hovertemplate": "root mean square %{y:.3f}<extra></extra>",
            },
            xaxis={**_numbers(len(rms)), "range": [0.6, len(rms) + 0.4]},
            yaxis=theme.axis("singular value", range=[-0.1, 3.6], zeroline=False, nticks=5),
            showlegend=False,
            shapes=[
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": 1,
                    "y1": 1,
                    "line": {"color": theme.MUTED, "width": 1.5, "dash": "dot"},
                }
            ],
        )
        said = f"Root mean square from {rms.min():.2f} to {rms.max():.2f}; the greatest is {layers[-1][-1]:.2f} or near it."
        panels.append(Panel(title, Group.ACTIVATION, figure, alt=said, colour=style.colour))
    return panels
