"""The bowls of two weights, what training leaves of them, and the descent inequality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from landscape.figures import theme
from landscape.figures.curves import Series, curves_panel, powers
from landscape.figures.lines import Line, lines_panel
from landscape.figures.panel import Group, Panel
from landscape.figures.surfaces import contour_panel, height_range
from landscape.figures.theme import OKABE_ITO, Style
from landscape.geometry.surfaces import Surface
from landscape.labs.compare.words import number
from landscape.labs.two_weights.measure import (
    ROUNDING,
    SINGULAR,
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

SHORT = 0.4
"""An axis shorter than this share of the longer one has no room beside it."""

AXIS_SHARE = 0.75
"""Of the picture that the longer axis of an ellipse reaches."""

SHOWN = 200
"""Examples that are drawn: more would hide each other, and each is an element of the page."""

EXAMPLES_SCALE = [(0, OKABE_ITO["blue"]), (1, OKABE_ITO["vermillion"])]
"""Neither end, nor what lies between, comes near a light or a dark background."""

drawn_once = lru_cache(maxsize=64)
"""Results are the same objects while what they depend on is the same: so is a picture of them. Making one takes
milliseconds, since plotly checks every part of it."""


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
    start = config.start_1, config.start_2
    return [
        _bowl_panel(bowl, surface, descents[bowl.kind], config.names, config.extent, start)
        for bowl, surface in zip(bowls, surfaces, strict=True)
    ]


@drawn_once
def _bowl_panel(
    bowl: Bowl,
    surface: Surface,
    descended: Descended,
    names: tuple[str, str],
    extent: float,
    start: tuple[float, float],
) -> Panel:
    path = descended.trajectory[:, :2] - bowl.minimum[:2]
    outside = np.flatnonzero(np.abs(path).max(1) > FAR * extent)
    path = path[: outside[0] + 1] if outside.size else path
    first, second = names if bowl.kind is not Kind.WHITENED else ("1st", "2nd")
    panel = contour_panel(
        surface.alphas,
        surface.betas,
        surface.loss,
        title=title_of(bowl.kind),
        heights=height_range([surface.loss], logarithmic=False),
        colour=COLOURS[bowl.kind],
        labels=(f"weight of {first}", f"weight of {second}"),
        path=np.clip(path, -FAR * extent, FAR * extent),
        alt=f"Contours of the loss over two weights: {caption_of(bowl)}",
    )
    panel.figure.data[0].update(showscale=False)
    _add_axes(panel.figure, bowl, extent, start)
    return replace(panel, caption=caption_of(bowl))


def caption_of(bowl: Bowl) -> str:
    """Return what stands below a bowl: L beside its bound, the longest stable step, the condition number."""
    bound = "¼E|x|²" if bowl.smoothness < bowl.bound and bowl.objective.model == "logistic" else "E|x|²"
    return (
        f"L = {number(bowl.smoothness)}, at most {bound} = {number(bowl.bound)}. "
        f"Longest step 2/L = {number(bowl.longest_step)}. Condition number {number(bowl.condition)}."
    )


def _add_axes(figure: theme.Figure, bowl: Bowl, extent: float, start: tuple[float, float]) -> None:
    """Draw the axes of the ellipses: along each eigenvector as long as 1 / sqrt(eigenvalue), the longer one to the edge."""
    values, vectors = np.linalg.eigh(bowl.hessian[:2, :2])
    values[values <= SINGULAR * values[-1]] = 0.0
    annotations, points = [], []
    if values[-1] > 0:
        lengths = np.sqrt(values[0] / values) if values[0] > 0 else np.array([1.0, 0.0])
        for value, vector, length in zip(values, vectors.T, lengths, strict=True):
            tip = AXIS_SHARE * extent * length * vector / np.abs(vectors[:, 0]).max()
            # On the side away from the start, where no path runs.
            tip = -tip if tip @ start > 0 else tip
            points += [-tip, tip, np.full(2, np.nan)]
            annotations.append(
                {
                    "x": tip[0],
                    "y": tip[1],
                    "text": f"λ {number(value)}",
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
        figure.add_scatter(x=x, y=y, mode="lines", line=dots, hoverinfo="skip")
    # All at once: each change of a figure is checked anew.
    square = {"yaxis": {"scaleanchor": "x", "constrain": "domain"}, "xaxis": {"constrain": "domain"}}
    figure.update_layout(annotations=annotations, **square)


def training_panel(descents: Mapping[Kind, Descended], num_steps: int) -> Panel:
    """Draw the loss above its minimum by step, for each preprocessing; what overflowed ends in a cross."""
    return _training_panel(tuple(descents.items()), num_steps)


@drawn_once
def _training_panel(descents: tuple[tuple[Kind, Descended], ...], num_steps: int) -> Panel:
    start = max(float(one.above[0]) for _, one in descents)
    ceiling, limits = max(1e3 * start, 1.0), (LEAST_SHOWN, max(10 * start, 1.0))
    series = []
    for kind, one in descents:
        above = np.clip(one.above, LEAST_SHOWN, ceiling)
        high = np.flatnonzero(one.above > ceiling)
        above = above[: high[0] + 1] if high.size else above
        series.append(Series(title_of(kind), Style(COLOURS[kind]), np.arange(len(above)), above, one.diverged))
    panel = curves_panel(
        series,
        title="Loss above its minimum",
        logarithmic=True,
        num_steps=num_steps,
        limits=limits,
    )
    # The labels are those of what the axis shows, not of curves which may be one line at its foot.
    labels = {"tickvals": None, "ticktext": None, **powers([np.array(limits)])}
    panel.figure.update_layout(showlegend=False, yaxis=labels)
    return replace(panel, caption="In the colours of the titles.", group=Group.PATH)


@drawn_once
def inequality_panels(found: Inequality) -> list[Panel]:
    """Draw the loss along the gradient beside its parabola, and the guaranteed decrease beside the real one."""
    unit = found.true_smoothness or 1.0
    x, drop, promised = found.steps * unit, found.start_loss - found.loss, found.start_loss - found.parabola
    low, high = _range(found.loss, [found.start_loss])
    floor = min(low, float(found.parabola[: len(x) // 2 + 1].min()))
    span = high - floor
    shared = {"x_title": "step η, in units of 1/L", "marks": {found.chosen * unit: "your step"}}
    highest = max(drop.max(), min(promised.max(), 2 * drop.max()), 1e-12)
    ends = (floor - 0.1 * span, found.start_loss + 0.5 * span), (-0.5 * span, 1.15 * highest)
    place = 3 * len(x) // 4

    def parabola(name: str, y: np.ndarray, ends: tuple[float, float], side: str) -> Line:
        # Its name stands where it leaves the picture, inside of its arms.
        inside = np.flatnonzero((y >= ends[0]) & (y <= ends[1]))
        at = int(inside[-1]) if inside.size else 0
        return Line(name, x, y, OKABE_ITO["orange"], at, "dash", f"{'middle' if at < len(x) - 1 else side} left")

    return [
        lines_panel(
            "The loss along the gradient",
            [
                parabola("parabola", found.parabola, ends[0], "bottom"),
                Line("loss", x, found.loss, OKABE_ITO["blue"], place, anchor="top right"),
            ],
            y_range=ends[0],
            alt=f"The parabola lies {'above the loss' if not found.cut else 'partly below the loss'}.",
            **shared,
        ),
        lines_panel(
            "How far one step descends",
            [
                parabola("guaranteed", promised, ends[1], "top"),
                Line("real", x, drop, OKABE_ITO["blue"], place, anchor="bottom right"),
            ],
            y_range=ends[1],
            zero=True,
            alt=f"At your step: guaranteed {number(found.guaranteed)}, real {number(found.real)}.",
            **shared,
        ),
    ]


def _range(values: np.ndarray, others: Sequence[float]) -> tuple[float, float]:
    every = np.concatenate([values, others])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    # What differs by rounding is one height.
    return low, high if high - low > ROUNDING * (1 + abs(low)) else low + max(abs(low), 1.0)


@drawn_once
def center_panel(found: Center, multiple: float) -> Panel:
    """Draw E|x - c|^2 against c, with the page's c."""
    line = Line("E|x − c|²", found.multiples, found.moments, OKABE_ITO["blue"], 8, anchor="top right")
    floor = Line("least", found.multiples[[0, -1]], np.full(2, found.least), theme.MUTED, 0, "dot", "bottom right")
    return lines_panel(
        "Subtract a centre c",
        [line, floor],
        x_title="c, in units of the mean",
        marks={multiple: "your c"},
        y_range=(0, 1.08 * float(found.moments.max()) or 1.0),
        group=Group.PATH,
        alt=f"Least at c = mean: {number(found.least)}.",
    )


@drawn_once
def divisor_panel(found: Divisors, multiple: float | None) -> Panel:
    """Draw what gradient descent leaves to be learnt against the divisor s, with the page's s; None is a division by
    infinity."""
    left = np.clip(found.left, 0, 1.3)
    flat = bool(np.isnan(left).all())
    name = "diverges" if left[0] > 1 else ""
    line = Line(name, found.multiples, left, OKABE_ITO["blue"], 0, anchor="top right")
    least = found.multiples[0 if flat else found.left.argmin()]
    said = (
        "The loss is flat: there is nothing to learn." if flat else f"Least at s = {number(float(least))} deviations."
    )
    panel = lines_panel(
        "Divide by s",
        [line],
        x_title="s, in units of the standard deviation",
        y_title="share left to learn",
        marks={} if multiple is None else {multiple: "your s"},
        y_range=(-0.05, 1.35),
        logarithmic_x=True,
        group=Group.PATH,
        alt=said,
    )
    return replace(panel, caption=said) if flat else panel


@drawn_once
def gradients_panel(found: Gradients) -> Panel:
    """Draw the gradients of weights and bias against the size of the inputs."""
    # 0 has no place on a logarithmic axis, and so no name.
    name = "weights" if found.weights[0] > 0 else ""
    lines = [
        Line(name, found.sizes, found.weights, OKABE_ITO["vermillion"], 15, anchor="top right"),
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


@drawn_once
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


def examples_panels(bowls: Sequence[Bowl], names: tuple[str, str]) -> list[Panel]:
    """Draw the examples by their two features for some preprocessings; the colour is the first one's first feature."""
    return [_examples_panel(bowl, bowls[0], names) for bowl in bowls]


@drawn_once
def _examples_panel(bowl: Bowl, first: Bowl, names: tuple[str, str]) -> Panel:
    x, colour = bowl.features[:SHOWN].astype(np.float32), first.features[:SHOWN, 0].astype(np.float32)
    marker = {"size": 5, "color": colour, "colorscale": EXAMPLES_SCALE}
    axes = [theme.axis(f"{name}, {bowl.kind.label}", zeroline=False, nticks=6) for name in names]
    figure = theme.figure(
        {"type": "scatter", "x": x[:, 0], "y": x[:, 1], "mode": "markers", "marker": marker, "hoverinfo": "x+y"},
        showlegend=False,
        xaxis=axes[0],
        yaxis=axes[1],
    )
    title = f"Examples: {bowl.kind.label}"
    said = f"{len(x)} of {len(bowl.features)} examples."
    return Panel(title, Group.CURVE, figure, alt=said, colour=COLOURS[bowl.kind], caption=said)


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
