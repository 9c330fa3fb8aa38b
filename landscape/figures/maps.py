"""Heat maps of one score over two settings, a panel a network, all on one colour scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style

SMALL_TEXT = 10
"""In pixels: the number in a cell is as wide as its cell on a phone."""

BRIGHT = 0.44
"""From this score on black is read better on the colour of a cell than white, which is read up to it."""

FEW = 7
"""So many values have room for their names."""


@dataclass(frozen=True, eq=False)
class Map:
    """One network's scores (B, A), from 0 to 1; not a number where there is none. crossed: (B, A) where it diverged."""

    name: str
    style: Style
    score: np.ndarray
    crossed: np.ndarray


def map_panels(
    maps: Sequence[Map],
    columns: Sequence[str],
    rows: Sequence[str],
    *,
    x_title: str,
    y_title: str,
    score: str,
    trained: float,
    captions: Sequence[str] = (),
    picks: Sequence[Sequence[Mapping[str, int]]] = (),
    chosen: tuple[int, int] | None = None,
) -> list[Panel]:
    """Draw a map a network, in each cell its score in hundredths, a cross where it diverged, nothing where there is none.

    All have one colour scale, from 0 to 1, so that equal colours are equal scores.

    Args:
        columns, rows: the values of the axes as text, (A,) and (B,); the first row is the lowest.
        score: what is drawn, for the hover text; trained: from which score on a number stands in bold type.
        captions: a sentence below each map.
        picks: (B, A) what a click on each cell sets, by name. chosen: row and column of the cell with a frame.
    """
    panels = []
    for place, one in enumerate(maps):
        if not np.isfinite(one.score).any():
            panels.append(Panel(one.name, Group.PATH, None, pending="Training…", colour=one.style.colour))
            continue
        cells = {
            "type": "heatmap",
            "z": one.score.astype(np.float32),
            "x": list(range(len(columns))),
            "y": list(range(len(rows))),
            "zmin": 0,
            "zmax": 1,
            "colorscale": theme.SURFACE_SCALE,
            "text": _texts(one, trained),
            "texttemplate": "%{text}",
            "textfont": {"size": SMALL_TEXT, "color": "#ffffff"},
            "hovertext": [[f"{x_title} {column}, {y_title} {row}" for column in columns] for row in rows],
            "customdata": [list(row) for row in picks] or None,
            "hovertemplate": "%{hovertext}<br>" + score + " %{z:.3f}<extra></extra>",
            "hoverongaps": False,
            "xgap": 1,
            "ygap": 1,
            "showscale": False,
        }
        figure = theme.figure(
            cells,
            xaxis=_axis(x_title, columns) | {"tickangle": 0},
            yaxis=_axis(y_title, rows),
            margin={"l": 76, "r": 8, "t": 8, "b": 52},
            shapes=[] if chosen is None else _frame(*chosen),
        )
        count = int(np.sum(one.score[np.isfinite(one.score)] >= trained))
        panels.append(
            Panel(
                one.name,
                Group.PATH,
                figure,
                alt=f"{one.name}: {score} of at least {trained:g} in {count} of {one.score.size} cells.",
                colour=one.style.colour,
                caption=captions[place] if place < len(captions) else "",
            )
        )
    return panels


def _axis(title: str, values: Sequence[str]) -> dict[str, Any]:
    """Return an axis that names each of few values, and every other one of many, so that no name meets the next."""
    named = range(0, len(values), 1 if len(values) <= FEW else 2)
    return theme.axis(title, tickvals=list(named), ticktext=[values[i] for i in named], showgrid=False, zeroline=False)


def _frame(row: int, column: int) -> list[dict[str, Any]]:
    """Return the frame of a cell: a light line on a dark one, so that it is seen on any colour."""
    around = {"type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    return [around | {"line": {"color": colour, "width": width}} for colour, width in (("#141414", 5), ("#ffffff", 2))]


def _texts(one: Map, trained: float) -> list[list[str]]:
    """Return the text of each cell: the score in hundredths, bold where it is high enough, or a cross; black where bright."""
    texts = []
    for scores, crosses in zip(one.score, one.crossed, strict=True):
        row = []
        for value, crossed in zip(scores, crosses, strict=True):
            number = f"{100 * value:.0f}" if np.isfinite(value) else ""
            bold = np.isfinite(value) and value >= trained
            text = "×" if crossed else f"<b>{number}</b>" if bold else number
            row.append(f'<span style="color:#000000">{text}</span>' if value >= BRIGHT else text)
        texts.append(row)
    return texts
