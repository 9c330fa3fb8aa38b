"""The panels about invariances: the table in colours, gradients over a factor, lengths, effective rates, starts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.curves import powers
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style

GREEN, PALE, PLAIN = "#2E9E77", "#A9D8C6", "#E9DCCB"
"""A cell that does not notice, one that hardly does, one that does; on all of them black is read in both themes."""

INK = "#141414"

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}}

SHADES = theme.DEPTHS
"""Of the initial scales, from the least on: in order, and none the colour of a network."""


def verdict_panel(
    title: str,
    change: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    unchanged: float,
    nearly: float,
    described: Sequence[str],
) -> Panel:
    """Draw a table of changes (R, C), the first row at the top: green where one counts as none, pale where it is small.

    Args: rows, columns: their names; unchanged, nearly: the limits; described: each column in words, for who points at a cell.
    """
    level = np.where(change < unchanged, 0, np.where(change < nearly, 1, 2))
    colours = [[0, GREEN], [1 / 3, GREEN], [1 / 3, PALE], [2 / 3, PALE], [2 / 3, PLAIN], [1, PLAIN]]
    texts = [[_text(value, unchanged) for value in row] for row in change]
    heat = {
        "type": "heatmap",
        "z": level,
        "zmin": -0.5,
        "zmax": 2.5,
        "colorscale": colours,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": texts,
        "texttemplate": "%{text}",
        "textfont": {"color": INK, "size": theme.FONT_SIZE - 2},
        "customdata": [
            [f"{row}<br>{what}<br>change {value:.2g}" for what, value in zip(described, values, strict=True)]
            for row, values in zip(rows, change, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    horizontal = {"tickvals": list(range(len(columns))), "ticktext": list(columns), "side": "top", "tickangle": 0}
    figure = theme.figure(
        heat,
        xaxis=theme.axis("", showgrid=False, zeroline=False, fixedrange=True, **horizontal),
        yaxis=theme.axis(
            "", tickvals=list(range(len(rows))), ticktext=list(rows), showgrid=False, zeroline=False, fixedrange=True
        )
        | {"autorange": "reversed", "automargin": True},
        dragmode=False,
        margin={"l": 16, "r": 8, "t": 64, "b": 12},
    )
    said = "; ".join(
        f"{row}: {', '.join(column.replace('<br>', ' ') for column, value in zip(columns, values, strict=True) if value < unchanged) or 'none'}"
        for row, values in zip(rows, change, strict=True)
    )
    return Panel(title, Group.PATH, figure, alt=f"What changes nothing, by normalization. {said}.")


def _text(value: float, unchanged: float) -> str:
    """Return what stands in a cell."""
    if value < unchanged:
        return "<b>0</b>" if value == 0 else f"<b>{value:.0e}</b>".replace("e-0", "e-")
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e") if value < 1e-3 or value >= 1e3 else f"{value:.2g}"


@dataclass(frozen=True, eq=False)
class Curve:
    """A line over x: its name, its style, its values; crossed: whether its last point is where a training diverged."""

    name: str
    style: Style
    x: np.ndarray
    y: np.ndarray
    crossed: bool = False
    markers: bool = False
    legend: bool = True


def curves(
    title: str,
    lines: Sequence[Curve],
    *,
    x_title: str,
    y_title: str,
    logarithmic_x: bool = False,
    logarithmic_y: bool = False,
    y_range: tuple[float, float] | None = None,
    called: str = "",
    colour: str = "",
) -> Panel:
    """Draw lines over one pair of axes, with a legend above and a cross where one ends early.

    called: what the names in the legend are.
    """
    traces: list[dict[str, Any]] = []
    for one in lines:
        x, y = one.x.astype(np.float32), one.y.astype(np.float32)
        look = {"color": one.style.colour, "dash": one.style.dash, "width": 2.25}
        shared = {"type": "scatter", "name": one.name, "legendgroup": one.name}
        mode = "lines+markers" if one.markers else "lines"
        traces.append(
            {
                **shared,
                "x": x,
                "y": y,
                "mode": mode,
                "line": look,
                "marker": {"size": 7, "color": one.style.colour},
                "showlegend": one.legend,
                "cliponaxis": not one.markers,
            }
        )
        if one.crossed and np.isfinite(y).any():
            last = int(np.flatnonzero(np.isfinite(y))[-1])
            cross = {"symbol": "x", "size": 11, "color": one.style.colour}
            end = {"x": x[last : last + 1], "y": y[last : last + 1], "mode": "markers", "marker": cross}
            traces.append({**shared, **end, "showlegend": False})
    horizontal: dict[str, Any] = {"showgrid": False, "zeroline": False}
    if logarithmic_x:
        horizontal |= powers([one.x for one in lines])
    else:
        room = 0.15 if any(one.markers for one in lines) else 0.0  # where the first mark stands on whole numbers
        ends = [float(pick(float(one.x[at]) for one in lines)) for pick, at in ((min, 0), (max, -1))]
        few = room and ends[1] - ends[0] < 12
        horizontal |= {"range": [ends[0] - room, ends[1] + room]} | ({"dtick": 1} if few else {"nticks": 6})
    vertical: dict[str, Any] = powers([one.y for one in lines]) if logarithmic_y else {"nticks": 6}
    if y_range:
        vertical["range"] = np.log10(y_range).tolist() if logarithmic_y else list(y_range)
    figure = theme.figure(
        *traces,
        xaxis=theme.axis(x_title, **horizontal),
        yaxis=theme.axis(y_title, zeroline=False, **vertical),
        legend={**LEGEND, "title": {"text": called, "font": LEGEND["font"]}},
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
        showlegend=True,
    )
    said = "; ".join(f"{one.name} ends at {_end(one.y)}" for one in lines if one.legend and np.isfinite(one.y).any())
    return Panel(title, Group.PATH, figure, alt=f"{title}: {said}.", colour=colour)


def _end(values: np.ndarray) -> str:
    return f"{values[np.isfinite(values)][-1]:.3g}"


def cosine_panel(title: str, names: Sequence[str], styles: Sequence[Style], cosines: Sequence[np.ndarray]) -> Panel:
    """Draw for each network a strip of dots, one a unit, at the cosine of its weights and their gradient."""
    traces = []
    for place, (name, style, values) in enumerate(zip(names, styles, cosines, strict=True)):
        known = values[np.isfinite(values)]
        # Spread by their order, so that dots of one height stand beside each other.
        aside = 0.3 * np.sin(2.4 * np.arange(len(known)))
        traces.append(
            {
                "type": "scatter",
                "x": (place + aside).astype(np.float32),
                "y": known.astype(np.float32),
                "mode": "markers",
                "name": name,
                "marker": {"size": 5, "color": style.colour, "opacity": 0.6},
                "hovertemplate": "%{y:.2g}<extra>" + name + "</extra>",
            }
        )
    figure = theme.figure(
        *traces,
        xaxis=theme.axis(
            "",
            showticklabels=False,  # on a phone the names, side by side, would lie over each other
            range=[-0.5, len(names) - 0.5],
            showgrid=False,
            zeroline=False,
        ),
        yaxis=theme.axis("cosine of weights and gradient", zeroline=True, zerolinewidth=1.5, nticks=7),
        legend={**LEGEND, "itemsizing": "constant"},
        margin={"l": 64, "r": 16, "t": 40, "b": 24},
        showlegend=True,
    )
    said = "; ".join(
        f"{name} at most {np.nanmax(np.abs(values), initial=0.0):.2g}"
        for name, values in zip(names, cosines, strict=True)
    )
    return Panel(title, Group.PATH, figure, alt=f"Cosines of weights and gradient by unit: {said}.")


def bars_panel(
    title: str,
    names: Sequence[str],
    styles: Sequence[Style],
    groups: Sequence[str],
    values: np.ndarray,
    crossed: np.ndarray,
    *,
    x_title: str,
    y_title: str,
    y_range: tuple[float, float],
) -> Panel:
    """Draw (R, G) as bars, those of one group side by side, a cross in place of a bar where there is none."""
    traces = [
        {
            "type": "bar",
            "name": name,
            "x": list(groups),
            "y": np.where(cross, 0.0, own).astype(np.float32),
            "text": ["×" if none else f"{value:.2f}" for value, none in zip(own, cross, strict=True)],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": style.colour, "pattern": {"shape": "" if style.dash == "solid" else "/"}},
            "hovertemplate": "%{x}: %{y:.3f}<extra>" + name + "</extra>",
        }
        for name, style, own, cross in zip(names, styles, values, crossed, strict=True)
    ]
    figure = theme.figure(
        *traces,
        barmode="group",
        xaxis=theme.axis(x_title, type="category", zeroline=False, showgrid=False),
        yaxis=theme.axis(y_title, range=list(y_range), zeroline=False, nticks=6),
        legend=LEGEND,
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
    )
    said = "; ".join(
        f"{name} {', '.join(f'{value:.2f}' for value in own)}" for name, own in zip(names, values, strict=True)
    )
    return Panel(title, Group.PATH, figure, alt=f"{title}: {said}.")
