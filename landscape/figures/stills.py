"""Panels as plain figures, for wherever no page gives colours and no slider moves: a notebook, a script, a paper.

The figures of the kit name their colours by the CSS variables of the page. Here these get the values of a light or a
dark theme, what playback moves stands where it ends, and panels stand side by side in one figure.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from plotly import graph_objects as go

from landscape.figures.panel import Mode, Panel

THEMES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "--st-text-color": "#31333F",
        "--st-background-color": "#FFFFFF",
        "--st-border-color": "#D6D6D9",
        "--st-gray-color": "#7D7F88",
        "--st-font": "Source Sans Pro, Helvetica, Arial, sans-serif",
    },
    "dark": {
        "--st-text-color": "#FAFAFA",
        "--st-background-color": "#0E1117",
        "--st-border-color": "#41444C",
        "--st-gray-color": "#9A9CA3",
        "--st-font": "Source Sans Pro, Helvetica, Arial, sans-serif",
    },
}
"""The values of the variables that figures name, by theme: those of the app's own."""

HEIGHT, TOP, LINE = 460, 64, 16
"""Of a figure, of the room for titles, and of a line of a caption more, in pixels."""

GAP = 0.09
"""Of the width of a figure, between two panels."""

TITLE_SIZE = 15

LETTERS = 120
"""Of a caption, that have room in a line over the whole width."""


def plain(panels: Sequence[Panel], theme: str = "light", title: str = "") -> go.Figure:
    """Return one figure of panels side by side, in the colours of a theme.

    A panel whose figure is not there yet, or never will be, is left out. A name stands once in the legend.

    Args: panels: each with axes of its own, or one scene. theme: light or dark. title: above all panels.
    Raises: ValueError for another theme, or where no panel has a figure.
    """
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, not {theme!r}")
    drawn = [panel for panel in panels if panel.figure is not None]
    if not drawn:
        raise ValueError("there is nothing to draw: give at least one panel that has a figure")
    width = (1 - GAP * (len(drawn) - 1)) / len(drawn)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"annotations": [], "shapes": []}
    for place, panel in enumerate(drawn):
        left = place * (width + GAP)
        _place(panel, place, (round(left, 6), min(round(left + width, 6), 1.0)), traces, layout)
    _legend_once(traces)
    _one_colour_bar(traces)
    variables = THEMES[theme]
    background = variables["--st-background-color"]
    lines = max(len(_lines(panel, width)) for panel in drawn)
    layout |= {
        "template": {},
        "paper_bgcolor": background,
        "plot_bgcolor": background,
        "font": {"family": "var(--st-font)", "color": "var(--st-text-color)"},
        "margin": {"l": 64, "r": 24, "t": TOP + (32 if title else 0) + LINE * lines, "b": 56},
        "height": HEIGHT + LINE * lines,
        "legend": {"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top"},
        "title": {"text": title},
    }
    return go.Figure(_themed(traces, variables), _themed(layout, variables))


def still(panel: Panel) -> go.Figure:
    """Return a panel's figure as it is at the end of training: points at their last snapshot, no line at a step.

    >>> from landscape.figures.panel import Group, Playback
    >>> along = go.Figure(go.Scatter(x=[0, 1, 2], y=[3, 2, 1]))
    >>> still(Panel("a path", Group.PATH, along, playback=(Playback(0, Mode.POINT),))).data[0].x
    (2,)
    """
    figure = go.Figure(panel.figure)
    for playback in panel.playback:
        if playback.mode is Mode.POINT:
            trace = figure.data[playback.trace]
            trace.update(
                {name: trace[name][-1:] for name in ("x", "y", "z") if name in trace and trace[name] is not None}
            )
    lines = {playback.trace for playback in panel.playback if playback.mode is Mode.LINE}
    figure.layout.shapes = [shape for i, shape in enumerate(figure.layout.shapes) if i not in lines]
    return figure


def _place(
    panel: Panel, place: int, column: tuple[float, float], traces: list[dict[str, Any]], layout: dict[str, Any]
) -> None:
    """Add a panel to the traces and the layout of a figure, its axes renamed, within a column of its width."""
    figure, left, width = still(panel), column[0], column[1] - column[0]
    own = figure.layout.to_plotly_json()
    axes = [name for name in own if re.fullmatch(r"[xy]axis\d*", name)]
    first = 1 + max([int(re.sub(r"\D", "", name) or 1) for name in layout if "axis" in name], default=0)

    def renamed(reference: str) -> str:
        """Return the name in the whole figure of an axis, or of what is told relative to one: x2, or x2 domain."""
        number = re.match(r"\d*", reference[1:])
        own = number[0] if number else ""
        there = first - 1 + int(own or 1)
        return f"{reference[0]}{'' if there == 1 else there}{reference[1 + len(own) :]}"

    for name in axes:
        axis = dict(own[name])
        low, high = axis.get("domain", (0, 1))
        if name[0] == "x":
            axis["domain"] = [left + width * low, min(left + width * high, 1.0)]
        axis["anchor"] = renamed(axis.get("anchor", "y" if name[0] == "x" else "x"))
        layout[f"{name[0]}axis{renamed(name[0] + name[5:])[1:]}"] = axis
    if "scene" in own:
        layout[f"scene{place + 1}"] = {**own["scene"], "domain": {"x": list(column), "y": [0, 1]}}
    for trace in figure.data:
        given = trace.to_plotly_json()
        if "scene" in own:
            given["scene"] = f"scene{place + 1}"
        elif axes:
            given |= {f"{letter}axis": renamed(given.get(f"{letter}axis", letter)) for letter in "xy"}
        if figure.layout.showlegend is False:
            given["showlegend"] = False
        traces.append(given)
    for kind in ("annotations", "shapes"):
        for one in own.get(kind, ()):
            # The height of the paper is every panel's, its width is not.
            x = one.get("xref", "x" if kind == "shapes" or axes else "paper")
            y = one.get("yref", "y" if kind == "shapes" or axes else "paper")
            across = f"{renamed('x')} domain" if x == "paper" else renamed(x)
            layout[kind].append({**one, "xref": across, "yref": y if y == "paper" else renamed(y)})
    said = "<br>".join([f"<b>{panel.title}</b>", *(f"<sub>{line}</sub>" for line in _lines(panel, width))])
    above = {"text": said, "x": left + width / 2, "y": 1, "xref": "paper", "yref": "paper", "yshift": 14}
    above |= {"xanchor": "center", "yanchor": "bottom", "showarrow": False, "font": {"size": TITLE_SIZE}}
    layout["annotations"].append(above)


def _lines(panel: Panel, width: float) -> list[str]:
    """Return the lines of a panel's caption, as long as its share of the figure's width lets them be."""
    return textwrap.wrap(panel.caption, max(32, round(LETTERS * width)))


def _legend_once(traces: Sequence[dict[str, Any]]) -> None:
    """Let each name stand once in the legend, and switch all of that name."""
    seen: set[str] = set()
    for trace in traces:
        name = trace.get("name")
        if name and trace.get("showlegend") is not False:
            trace["legendgroup"] = name
            trace["showlegend"] = name not in seen
            seen.add(name)


def _one_colour_bar(traces: Sequence[dict[str, Any]]) -> None:
    """Leave the colour bar of the last contours alone, as all share their range."""
    bars = [trace for trace in traces if trace.get("type") == "contour"]
    for trace in bars[:-1]:
        trace["showscale"] = False


def _themed(value: Any, variables: Mapping[str, str]) -> Any:
    """Return a value in which each variable of the page has its value."""
    if isinstance(value, str):
        named = re.fullmatch(r"var\((--[\w-]+)\)", value)
        return variables[named[1]] if named else value
    if isinstance(value, Mapping):
        return {name: _themed(one, variables) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_themed(one, variables) for one in value]
    return value
