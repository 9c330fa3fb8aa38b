"""The bowls of two weights, what training leaves of them, and the descent inequality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from plotly import graph_objects as go

from landscape.captions import number
from landscape.figures import theme
from landscape.figures.panel import Group, Panel
from landscape.figures.surfaces import contour_panel, height_range
from landscape.figures.theme import OKABE_ITO, Style
from landscape.figures.training import Series, curves_panel
from landscape.surfaces import Surface
from landscape.two_weights import (
    Bowl,
    Center,
    Cost,
    Descended,
    Divisors,
    Gradients,
    Inequality,
    Kind,
    Slopes,
    TwoWeights,
    bowl_of,
    examples_of,
)

COLOURS = {
    Kind.RAW: OKABE_ITO["vermillion"],
    Kind.CENTERED: OKABE_ITO["orange"],
    Kind.SCALED: OKABE_ITO["reddish purple"],
    Kind.STANDARDIZED: OKABE_ITO["blue"],
    Kind.WHITENED: OKABE_ITO["bluish green"],
    Kind.OWN: OKABE_ITO["sky blue"],
}
"""Each preprocessing keeps its colour."""

FAR = 30.0
"""A path is drawn up to so many times the picture's extent; what lies beyond would only bend the line."""

LEAST_SHOWN = 1e-8
"""A loss so little above its minimum is 0 for the eye."""

SHORT = 0.15
"""An axis shorter than this share of the longer one has no room beside it."""

AXIS_SHARE = 0.75
"""Of the picture that the longer axis of an ellipse reaches."""


@dataclass(frozen=True, eq=False)
class Line:
    """A curve with its name, written at the point of index `at`, above it or where `anchor` says."""

    name: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    at: int = -1
    dash: str = "solid"
    anchor: str = "bottom right"


def title_of(kind: Kind) -> str:
    """Return a preprocessing's name as a title.

    >>> title_of(Kind.RAW)
    'Raw'
    """
    return kind.label[0].upper() + kind.label[1:]


def bowl_panels(
    config: TwoWeights, bowls: Sequence[Bowl], surfaces: Sequence[Surface], descents: Mapping[Kind, Descended]
) -> list[Panel]:
    """Draw the loss over the two weights for each preprocessing, with its eigen-axes and the path of training.

    Both weights have one unit, and every picture reaches as far from its minimum; each has colours of its own.
    """
    panels = []
    for bowl, surface in zip(bowls, surfaces, strict=True):
        path = descents[bowl.kind].trajectory[:, :2] - bowl.minimum[:2]
        outside = np.flatnonzero(np.abs(path).max(1) > FAR * config.extent)
        path = path[: outside[0] + 1] if outside.size else path
        first, second = config.names if bowl.kind is not Kind.WHITENED else ("1st", "2nd")
        panel = contour_panel(
            surface.alphas,
            surface.betas,
            surface.loss,
            title=title_of(bowl.kind),
            heights=height_range([surface.loss], logarithmic=False),
            colour=COLOURS[bowl.kind],
            labels=(f"weight of {first}", f"weight of {second}"),
            path=np.clip(path, -FAR * config.extent, FAR * config.extent),
            alt=f"Contours of the loss over two weights: {caption_of(bowl)}",
        )
        panel.figure.data[0].update(showscale=False)
        _add_axes(panel.figure, bowl, config)
        panels.append(replace(panel, caption=caption_of(bowl)))
    return panels


def caption_of(bowl: Bowl) -> str:
    """Return what stands below a bowl: L beside its bound, the longest stable step, the condition number."""
    bound = "¼E|x|²" if bowl.smoothness < bowl.bound and bowl.objective.model == "logistic" else "E|x|²"
    return (
        f"L = {number(bowl.smoothness)}, at most {bound} = {number(bowl.bound)}. "
        f"Longest step 2/L = {number(bowl.longest_step)}. Condition number {number(bowl.condition)}."
    )


def _add_axes(figure: go.Figure, bowl: Bowl, config: TwoWeights) -> None:
    """Draw the axes of the ellipses: along each eigenvector as long as 1 / sqrt(eigenvalue), the longer one to the edge."""
    values, vectors = np.linalg.eigh(bowl.hessian[:2, :2])
    annotations, points = [], []
    if values[-1] > 0:
        lengths = np.sqrt(values[0] / values) if values[0] > 0 else np.array([1.0, 0.0])
        for value, vector, length in zip(values, vectors.T, lengths, strict=True):
            tip = AXIS_SHARE * config.extent * length * vector / np.abs(vectors[:, 0]).max()
            # On the side away from the start, where no path runs.
            tip = -tip if tip @ [config.start_1, config.start_2] > 0 else tip
            points += [-tip, tip, np.full(2, np.nan)]
            annotations.append(
                {
                    "x": tip[0],
                    "y": tip[1],
                    "text": f"λ {number(max(value, 0.0))}",
                    "showarrow": False,
                    # A short axis has its number below the middle, out of the way of the long one's.
                    "xanchor": "center" if length < SHORT else "right" if tip[0] > 0 else "left",
                    "yanchor": "top" if length < SHORT else "bottom",
                    "yshift": -8 if length < SHORT else 2,
                    "font": {"color": "white", "size": theme.FONT_SIZE - 1},
                    "bgcolor": "rgba(20,20,40,0.45)",
                }
            )
        x, y = np.array(points, np.float32).T
        dots = {"color": "white", "width": 1.25, "dash": "dot"}
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=dots, hoverinfo="skip"))
    # All at once: each change of a figure is checked anew.
    square = {"yaxis": {"scaleanchor": "x", "constrain": "domain"}, "xaxis": {"constrain": "domain"}}
    figure.update_layout(annotations=annotations, **square)


def training_panel(config: TwoWeights, descents: Mapping[Kind, Descended]) -> Panel:
    """Draw the loss above its minimum by step, for each preprocessing; what overflowed ends in a cross."""
    ceiling = 1e3 * max(float(one.above[0]) for one in descents.values()) or 1.0
    series = []
    for kind, one in descents.items():
        above = np.clip(one.above, LEAST_SHOWN, ceiling)
        high = np.flatnonzero(one.above > ceiling)
        above = above[: high[0] + 1] if high.size else above
        style = Style(COLOURS[kind], "dot" if kind is Kind.OWN else "solid")
        series.append(Series(title_of(kind), style, np.arange(len(above)), above, one.diverged))
    panel = curves_panel(
        series,
        title="Loss above its minimum",
        logarithmic=True,
        num_steps=config.num_steps,
        limits=(LEAST_SHOWN, max(10 * ceiling / 1e3, 1.0)),
    )
    panel.figure.update_layout(showlegend=False)
    return replace(panel, caption="In the colours of the titles.")


def inequality_panels(found: Inequality) -> list[Panel]:
    """Draw the loss along the gradient beside its parabola, and the guaranteed decrease beside the real one."""
    unit = found.true_smoothness or 1.0
    x, chosen = found.steps * unit, found.chosen * unit
    low, high = _range(found.loss, [found.start_loss])
    drop = found.start_loss - found.loss
    shared = {"x_title": "step η, in units of 1/L", "marks": {chosen: "your step"}}
    middle = len(x) // 2
    lines = [
        Line("parabola", x, found.parabola, OKABE_ITO["orange"], middle, "dash", "bottom left"),
        Line("loss", x, found.loss, OKABE_ITO["blue"], 3 * middle // 2, anchor="top right"),
    ]
    bound = [
        Line("guaranteed", x, found.start_loss - found.parabola, OKABE_ITO["orange"], middle, "dash", "top left"),
        Line("real", x, drop, OKABE_ITO["blue"], 3 * middle // 2, anchor="bottom right"),
    ]
    floor = float(found.parabola[: middle + 1].min())
    span = high - min(low, floor)
    return [
        lines_panel(
            "The loss along the gradient", lines, y_range=(min(low, floor) - 0.1 * span, found.start_loss + 0.5 * span),
            alt=f"The parabola lies {'above the loss' if not found.cut else 'partly below the loss'}.", **shared,
        ),
        lines_panel(
            "How far one step descends", bound, y_range=(-0.5 * span, 1.15 * max(drop.max(), 1e-12)), zero=True,
            alt=f"At your step: guaranteed {number(found.guaranteed)}, real {number(found.real)}.", **shared,
        ),
    ]  # fmt: skip


def _range(values: np.ndarray, others: Sequence[float]) -> tuple[float, float]:
    every = np.concatenate([values, others])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    return low, high if high > low else low + max(abs(low), 1.0)


def center_panel(found: Center, multiple: float) -> Panel:
    """Draw E|x - c|^2 against c, with the page's c."""
    line = Line("E|x − c|²", found.multiples, found.moments, OKABE_ITO["blue"], 8, anchor="top right")
    floor = Line(
        "E|x − mean|²", found.multiples[[0, -1]], np.full(2, found.least), theme.MUTED, 0, "dot", "bottom right"
    )
    return lines_panel(
        "Subtract a centre c",
        [line, floor],
        x_title="c, in units of the mean",
        marks={multiple: "your c"},
        y_range=(0, 1.08 * float(found.moments.max()) or 1.0),
        alt=f"Least at c = mean: {number(found.least)}.",
    )


def divisor_panel(found: Divisors, multiple: float | None) -> Panel:
    """Draw what gradient descent leaves to be learnt against the divisor s, with the page's s; None is a division by
    infinity."""
    left = np.clip(found.left, 0, 1.3)
    line = Line("left to learn", found.multiples, left, OKABE_ITO["blue"], -1, anchor="top left")
    return lines_panel(
        "Divide by s",
        [line],
        x_title="s, in units of the standard deviation",
        y_title="",
        marks={} if multiple is None else {multiple: "your s"},
        y_range=(-0.05, 1.35),
        logarithmic_x=True,
        alt=f"Least at s = {number(float(found.multiples[found.left.argmin()]))} deviations.",
    )


def gradients_panel(found: Gradients) -> Panel:
    """Draw the gradients of weights and bias against the size of the inputs."""
    lines = [
        Line("weights", found.sizes, found.weights, OKABE_ITO["vermillion"], 15, anchor="top right"),
        Line("bias", found.sizes, found.bias, OKABE_ITO["blue"], 15, anchor="bottom right"),
    ]
    return lines_panel(
        "Gradient of one example, mean length",
        lines,
        x_title="all inputs multiplied by",
        logarithmic_x=True,
        logarithmic_y=True,
        alt=f"Bias {number(float(found.bias[-1]))} throughout; weights up to {number(float(found.weights[-1]))}.",
    )


def slopes_panel(found: Slopes) -> Panel:
    """Draw the derivatives of three losses for an example of class 1."""
    lines = [
        Line("squared error, linear output", found.h, found.squared, OKABE_ITO["orange"], 60, anchor="bottom left"),
        Line("sigmoid + cross-entropy", found.h, found.sigmoid_cross_entropy, OKABE_ITO["blue"], 44, anchor="top right"),
        Line("cross-entropy alone, by p", found.p, found.cross_entropy, OKABE_ITO["vermillion"], 20, anchor="middle right"),
    ]  # fmt: skip
    return lines_panel(
        "Derivative of the loss, class 1",
        lines,
        x_title="output h (or the probability p)",
        y_range=(-9.5, 7.5),
        alt="Between -1 and 0 for sigmoid with cross-entropy, unbounded for the others.",
    )


def examples_panels(config: TwoWeights, kinds: Sequence[Kind]) -> list[Panel]:
    """Draw the examples by their two features for some preprocessings; the colour is the first raw feature's."""
    raw = examples_of(config).x[:, 0]
    panels = []
    for kind in kinds:
        x = bowl_of(config, kind).features.astype(np.float32)
        marker = {"size": 5, "color": raw.astype(np.float32), "colorscale": "Cividis", "opacity": 0.8}
        names = [f"{name}, {kind.label}" for name in config.names]
        scatter = go.Scatter(x=x[:, 0], y=x[:, 1], mode="markers", marker=marker, hoverinfo="x+y")
        figure = go.Figure(
            scatter,
            theme.layout(
                showlegend=False,
                xaxis=theme.axis(names[0], zeroline=False, nticks=6),
                yaxis=theme.axis(names[1], zeroline=False, nticks=6),
            ),
        )
        panels.append(
            Panel(f"Examples: {kind.label}", Group.CURVE, figure, alt=f"{len(x)} examples.", colour=COLOURS[kind])
        )
    return panels


def cost_panel(found: Cost) -> Panel:
    """Draw the seconds of standardizing and whitening against the number of features."""
    lines = [
        Line("whiten", found.features, found.whiten, COLOURS[Kind.WHITENED], -2, anchor="bottom left"),
        Line("standardize", found.features, found.standardize, COLOURS[Kind.STANDARDIZED], -2, anchor="top left"),
    ]
    return lines_panel(
        "What preprocessing costs",
        lines,
        x_title="number of features",
        y_title="seconds",
        logarithmic_x=True,
        logarithmic_y=True,
        alt=f"Whitening takes {number(float(found.whiten[-1]))} seconds for {found.features[-1]} features.",
    )


def lines_panel(
    title: str,
    lines: Sequence[Line],
    *,
    x_title: str = "",
    y_title: str = "",
    y_range: tuple[float, float] | None = None,
    marks: Mapping[float, str] | None = None,
    logarithmic_x: bool = False,
    logarithmic_y: bool = False,
    zero: bool = False,
    alt: str = "",
) -> Panel:
    """Draw named curves, each named beside it, and vertical lines at marks, each with its name at the top.

    zero: whether a line marks y = 0.
    """
    traces = [
        go.Scatter(
            x=np.asarray(line.x, np.float32),
            y=np.clip(np.asarray(line.y, float), -1e30, 1e30).astype(np.float32),
            name=line.name,
            mode="lines",
            line={"color": line.colour, "dash": line.dash, "width": 2.5},
        )
        for line in lines
    ]
    power = {"type": "log", "dtick": 1, "exponentformat": "power"}
    horizontal = power if logarithmic_x else {"nticks": 6}
    vertical = power if logarithmic_y else {"nticks": 6}
    if y_range:
        vertical = {**vertical, "range": list(y_range)}
    figure = go.Figure(
        traces,
        theme.layout(
            showlegend=False,
            xaxis=theme.axis(x_title, zeroline=False, showgrid=False, **horizontal),
            yaxis=theme.axis(y_title, **{"zeroline": zero, "zerolinewidth": 1.5, **vertical}),
            margin={"l": 64, "r": 16, "t": 24, "b": 48},
        ),
    )
    notes, shapes = [], []
    for line in lines:
        x, y = float(line.x[line.at]), float(line.y[line.at])
        if not (np.isfinite(y) and (not y_range or y_range[0] <= y <= y_range[1])):
            continue
        above, side = line.anchor.split()
        notes.append(
            {
                "x": np.log10(x) if logarithmic_x else x,
                "y": np.log10(y) if logarithmic_y else y,
                "text": line.name,
                "xanchor": "right" if side == "left" else "left",
                "yanchor": above,
                "xshift": 6 if side == "right" else -6,
            }
        )
    for place, name in (marks or {}).items():
        at = np.log10(place) if logarithmic_x else place
        ends = {"x0": place, "x1": place, "y0": 0, "y1": 1, "yref": "paper"}
        shapes.append({"type": "line", **ends, "line": {"color": theme.TEXT, "width": 1.5, "dash": "dot"}})
        notes.append({"x": at, "y": 1, "yref": "paper", "text": name, "yanchor": "bottom"})
    font = {"color": theme.TEXT, "size": theme.FONT_SIZE}
    figure.update_layout(annotations=[{**note, "showarrow": False, "font": font} for note in notes], shapes=shapes)
    return Panel(title, Group.CURVE, figure, alt=alt)
