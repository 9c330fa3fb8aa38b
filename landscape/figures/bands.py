"""Scores over a setting: a line a network in the middle of its seeds, with the least and the greatest of them around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style

FAINT = 0.18
"""How opaque a band is, as lines cross it."""

APART = 0.6
"""Of the room between two choices, how much the networks' points take side by side."""


@dataclass(frozen=True, eq=False)
class Band:
    """One network's scores: middle, low and high (A,) over its seeds; not a number where there is none yet, or no more."""

    name: str
    style: Style
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray


def bands_panel(
    title: str,
    bands: Sequence[Band],
    values: Sequence[float],
    *,
    x_title: str,
    y_title: str,
    limits: tuple[float, float],
    level: float | None = None,
    mark: float | None = None,
    alt: str = "",
) -> Panel:
    """Draw a line a network over a logarithmic axis, in the band of its seeds.

    Args:
        values: (A,) of the horizontal axis. limits: the ends of the vertical one.
        level: a height that a dashed line marks; mark: a place of the horizontal axis.
    """
    x = np.asarray(values, np.float32)
    traces: list[dict[str, Any]] = []
    for one in bands:
        colour = one.style.colour
        shared = {"type": "scatter", "legendgroup": one.name, "name": one.name}
        around = np.flatnonzero(np.isfinite(one.low) & np.isfinite(one.high))
        if len(around) > 1 and np.any(one.high[around] > one.low[around]):
            traces.append(
                {
                    **shared,
                    "x": np.concatenate([x[around], x[around][::-1]]),
                    "y": np.concatenate([one.high[around], one.low[around][::-1]]).astype(np.float32),
                    "mode": "lines",
                    "line": {"width": 0},
                    "fill": "toself",
                    "fillcolor": _faint(colour),
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
        traces.append(
            {
                **shared,
                "x": x,
                "y": one.middle.astype(np.float32),
                "mode": "lines+markers",
                "line": {"color": colour, "dash": one.style.dash, "width": 2.25},
                "marker": {"size": 7, "color": colour},
                "cliponaxis": False,
            }
        )
    room = 0.06 * max(float(np.log10(x.max() / x.min())), 0.1)
    ends = [float(np.log10(x.min())) - room, float(np.log10(x.max())) + room]
    ticks = {"dtick": 1, "exponentformat": "none"}  # else 0.0001 is written 100µ
    horizontal = {"type": "log", "range": ends, "showgrid": False, "zeroline": False, **ticks}
    return _panel(title, traces, horizontal, x_title, y_title, limits, level, mark, alt or _said(bands))


def choices_panel(
    title: str,
    bands: Sequence[Band],
    names: Sequence[str],
    *,
    x_title: str,
    y_title: str,
    limits: tuple[float, float],
    level: float | None = None,
    alt: str = "",
) -> Panel:
    """Draw a point a network at each choice, side by side, with a bar from its least seed to its greatest.

    Args: names: (A,) of the choices; the others as `bands_panel`.
    """
    traces = []
    for place, one in enumerate(bands):
        aside = APART * ((place + 0.5) / len(bands) - 0.5)
        spread = {
            "type": "data",
            "symmetric": False,
            "array": np.nan_to_num(one.high - one.middle).astype(np.float32),
            "arrayminus": np.nan_to_num(one.middle - one.low).astype(np.float32),
            "color": one.style.colour,
            "thickness": 2,
            "width": 5,
        }
        traces.append(
            {
                "type": "scatter",
                "name": one.name,
                "x": (np.arange(len(names)) + aside).astype(np.float32),
                "y": one.middle.astype(np.float32),
                "mode": "markers",
                "error_y": spread,
                "marker": {"size": 11, "color": one.style.colour, "symbol": SYMBOLS[place % len(SYMBOLS)]},
                "cliponaxis": False,
                "customdata": list(names),
                "hovertemplate": "%{customdata}: %{y:.3f}<extra>" + one.name + "</extra>",
            }
        )
    horizontal = {
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "range": [-0.5, len(names) - 0.5],
        "showgrid": False,
        "zeroline": False,
    }
    return _panel(title, traces, horizontal, x_title, y_title, limits, level, None, alt or _said(bands))


SYMBOLS = ("circle", "diamond", "square", "triangle-up")
"""Tell the networks' points apart without their colours."""


def _panel(
    title: str,
    traces: Sequence[dict[str, Any]],
    horizontal: dict[str, Any],
    x_title: str,
    y_title: str,
    limits: tuple[float, float],
    level: float | None,
    mark: float | None,
    alt: str,
) -> Panel:
    shapes = []
    line = {"color": theme.MUTED, "width": 1.5}
    if level is not None:
        ends = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level}
        shapes.append({**ends, "line": {**line, "dash": "dash"}})
    if mark is not None:
        ends = {"type": "line", "x0": mark, "x1": mark, "yref": "paper", "y0": 0, "y1": 1}
        shapes.append({**ends, "line": {**line, "dash": "dot"}})
    figure = theme.figure(
        *traces,
        xaxis=theme.axis(x_title, **horizontal),
        yaxis=theme.axis(y_title, range=list(limits), zeroline=False, nticks=7),
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}},
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
        showlegend=True,
        shapes=shapes,
    )
    return Panel(title, Group.PATH, figure, alt=alt)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{FAINT})"


def _said(bands: Sequence[Band]) -> str:
    """Return the lines in words, for those who do not see them."""
    said = []
    for one in bands:
        known = one.middle[np.isfinite(one.middle)]
        if len(known):
            said.append(f"{one.name} from {known.min():.2f} to {known.max():.2f}")
    return f"In the middle of the seeds: {'; '.join(said)}."
