"""The bowls of two weights, what training leaves of them, and the descent inequality.

A panel or more for each of eight sections, which is why this is long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.curves import Series, curves_panel, powers
from landscape.figures.lines import Line, lines_panel
from landscape.figures.panel import Group, Panel
from landscape.figures.surfaces import contour_panel, height_range
from landscape.figures.theme import OKABE_ITO, Style
from landscape.geometry.surfaces import Surface
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
from landscape.labs.words import number

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

SIDE, LETTER = 180, 7
"""In pixels, of a bowl where the page is narrow, and of a letter of its labels."""

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
    config: TwoWeights,
    bowls: Sequence[Bowl],
    surfaces: Sequence[Surface],
    descents: Mapping[Kind, Descended],
    captions: Sequence[str],
) -> list[Panel]:
    """Draw the loss over the two weights for each preprocessing, with its eigen-axes and the path of training.

    Both weights have one unit, and every picture reaches as far from its minimum; each has colours of its own.
    """
    return [
        _bowl_panel(bowl, surface, descents[bowl.kind], config.names, config.extent, caption)
        for bowl, surface, caption in zip(bowls, surfaces, captions, strict=True)
    ]


@drawn_once
def _bowl_panel(
    bowl: Bowl,
    surface: Surface,
    descended: Descended,
    names: tuple[str, str],
    extent: float,
    caption: str,
) -> Panel:
    path = descended.trajectory[:, :2] - bowl.minimum[:2]
    outside = np.flatnonzero(np.abs(path).max(1) > FAR * extent)
    path = np.clip(path[: outside[0] + 1] if outside.size else path, -FAR * extent, FAR * extent)
    over, notes = _axes(bowl, extent, path)
    panel = contour_panel(
        surface.alphas,
        surface.betas,
        surface.loss,
        title=title_of(bowl.kind),
        heights=height_range([surface.loss], logarithmic=False),
        colour=COLOURS[bowl.kind],
        labels=(f"weight of {names[0]}", f"weight of {names[1]}"),
        path=path,
        alt=f"Contours of the loss over two weights: {caption}",
        scale=False,
        over=over,
        notes=notes,
        axes=({"constrain": "domain", "nticks": 4}, {"scaleanchor": "x", "constrain": "domain"}),
    )
    return replace(panel, caption=caption)


def _axes(bowl: Bowl, extent: float, path: np.ndarray) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a trace of the axes of the ellipses, if any, and their annotations.

    Along each eigenvector one is as long as 1 / sqrt(eigenvalue), the longer one to the edge.
    """
    values, vectors = np.linalg.eigh(bowl.hessian[:2, :2])
    values[values <= SINGULAR * values[-1]] = 0.0
    traces, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    if values[-1] > 0:
        lengths = np.sqrt(values[0] / values) if values[0] > 0 else np.array([1.0, 0.0])
        tips = [
            AXIS_SHARE * extent * length * vector / np.abs(vectors[:, 0]).max()
            for vector, length in zip(vectors.T, lengths, strict=True)
        ]
        lines = [np.linspace(-tip, tip, 25) for tip in tips]
        taken = np.concatenate([*lines, _along(path)]) / extent
        for value, tip in zip(values, tips, strict=True):
            text = f"λ {number(value)}"
            (x, y), taken = _free_place(tip / extent, text, taken)
            note = {"x": x * extent, "y": y * extent, "text": text, "showarrow": False, "xanchor": "center"}
            font = {"color": "white", "size": theme.FONT_SIZE - 1}
            annotations.append({**note, "yanchor": "middle", "font": font, "bgcolor": "rgba(20,20,40,0.45)"})
        points = [point for tip in tips for point in (-tip, tip, np.full(2, np.nan))]
        x, y = np.array(points, np.float32).T
        dots = {"color": "white", "width": 1.25, "dash": "dot"}
        traces.append(theme.trace("scatter", x=x, y=y, mode="lines", line=dots, hoverinfo="skip"))
    return traces, annotations


def _along(path: np.ndarray) -> np.ndarray:
    """Return points (K, 2) at equal distances along a path, and many at its ends, where circle and star stand."""
    length = np.append(0.0, np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum())
    at = np.linspace(0, length[-1], 60)
    between = np.stack([np.interp(at, length, path[:, 0]), np.interp(at, length, path[:, 1])], 1)
    return np.concatenate([between, np.repeat(path[[0, -1]], 20, 0)])


def _free_place(tip: np.ndarray, text: str, taken: np.ndarray) -> tuple[tuple[float, float], np.ndarray]:
    """Return where a label of an axis hides least, and what is taken then. All in units of the extent.

    tip: of the axis. taken: (K, 2) points of what is drawn: the axes, the path, other labels.
    """
    half = np.array([(LETTER * len(text) + 8) / SIDE, 24 / SIDE])
    angles = np.arange(16) * np.pi / 8
    around = np.stack([np.cos(angles), np.sin(angles)], 1)
    reach = np.linalg.norm(tip)
    middles = [end + away * half * around for end in (tip, -tip) for away in (1.2, 2.0)]
    places = np.clip(np.concatenate(middles), half - 0.98, 0.98 - half)
    x, y = (np.abs(taken[:, i] - places[:, i, None]) < half[i] for i in (0, 1))
    hidden = (x & y).sum(1)
    far = np.minimum(np.linalg.norm(places - tip, axis=1), np.linalg.norm(places + tip, axis=1)) / (1 + reach)
    best = int((hidden + 0.1 * far).argmin())
    box = places[best] + half * np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1]), -1).reshape(-1, 2)
    return (float(places[best, 0]), float(places[best, 1])), np.concatenate([taken, np.repeat(box, 20, 0)])


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
    assert panel.figure is not None
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
    x_title, marks = "step η, in units of 1/L", {found.chosen * unit: "your step"}
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
                Line("loss", x, found.loss, OKABE_ITO["blue"], place, anchor=_beside(found.loss, place)),
            ],
            y_range=ends[0],
            alt=f"The parabola lies {'above the loss' if not found.cut else 'partly below the loss'}.",
            x_title=x_title,
            marks=marks,
        ),
        lines_panel(
            "How far one step descends",
            [
                parabola("guaranteed", promised, ends[1], "top"),
                Line("real", x, drop, OKABE_ITO["blue"], place, anchor=_beside(drop, place)),
            ],
            y_range=ends[1],
            zero=True,
            alt=f"At your step: guaranteed {number(found.guaranteed)}, real {number(found.real)}.",
            x_title=x_title,
            marks=marks,
        ),
    ]


def _beside(y: np.ndarray, at: int) -> str:
    """Return where a name to the right of a curve's point stands clear of it: below what rises, above what falls."""
    return "top right" if y[at + 1] > y[at] else "bottom right"


def _range(values: np.ndarray, others: Sequence[float]) -> tuple[float, float]:
    every = np.concatenate([values, others])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    # What differs by rounding is one height.
    return low, high if high - low > ROUNDING * (1 + abs(low)) else low + max(abs(low), 1.0)


@drawn_once
def center_panel(found: Center, multiple: float) -> Panel:
    """Draw E|x - c|^2 against c, with the page's c."""
    line = Line("E|x − c|²", found.multiples, found.moments, OKABE_ITO["blue"], 8)
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
def divisor_panel(found: Divisors, multiple: float | None, caption: str = "") -> Panel:
    """Draw what gradient descent leaves to be learnt against the divisor s, with the page's s; None is a division by
    infinity."""
    left = np.clip(found.left, 0, 1.3)
    panel = lines_panel(
        "Divide by s",
        [Line("", found.multiples, left, OKABE_ITO["blue"], 0)],
        x_title="s, in units of the standard deviation",
        y_title="share of the loss left" if found.separated else "share left to learn",
        marks={} if multiple is None else {multiple: "your s"},
        y_range=(-0.05, 1.35),
        logarithmic_x=True,
        group=Group.PATH,
        alt=caption,
    )
    return replace(panel, caption=caption)


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
        Line("sigmoid +<br>cross-entropy", found.h, found.sigmoid_cross_entropy, OKABE_ITO["blue"], anchor="top left"),
        Line("cross-entropy alone, by p", found.p, found.cross_entropy, OKABE_ITO["vermillion"], 20, anchor="middle right"),
    ]  # fmt: skip
    return lines_panel(
        "Derivative of the loss, class 1",
        lines,
        x_title="output h (or the probability p)",
        y_range=(-9.5, 7.5),
        alt="Between −1 and 0 for sigmoid with cross-entropy, unbounded for the others.",
    )


def examples_panels(bowls: Sequence[Bowl], names: tuple[str, str]) -> list[Panel]:
    """Draw the examples by their two features for some preprocessings; the colour is the first one's first feature.

    In each picture both features have one unit, so that unlike scales look unlike.
    """
    return [_examples_panel(bowl, bowls[0], names) for bowl in bowls]


@drawn_once
def _examples_panel(bowl: Bowl, first: Bowl, names: tuple[str, str]) -> Panel:
    x, colour = bowl.features[:SHOWN, :2].astype(np.float32), first.features[:SHOWN, 0].astype(np.float32)
    marker = {"size": 5, "color": colour, "colorscale": EXAMPLES_SCALE}
    low, high = x.min(0).astype(float), x.max(0).astype(float)
    spans, half = high - low, 0.54 * float((high - low).max()) or 1.0
    ends = [[float(middle - half), float(middle + half)] for middle in (low + high) / 2]
    axes = [
        theme.axis(f"{name}, {bowl.kind.label}", zeroline=False, nticks=4, range=end, constrain="domain")
        for name, end in zip(names, ends, strict=True)
    ]
    figure = theme.figure(
        {"type": "scatter", "x": x[:, 0], "y": x[:, 1], "mode": "markers", "marker": marker, "hoverinfo": "x+y"},
        showlegend=False,
        xaxis=axes[0],
        yaxis={**axes[1], "scaleanchor": "x"},
    )
    title = f"Examples: {bowl.kind.label}"
    said = (
        f"{len(x)} of {len(bowl.features)} examples, both features in one unit: {names[0]} spans {number(spans[0])}, "
        f"{names[1]} {number(spans[1])}."
    )
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
