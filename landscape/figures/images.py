"""Small pictures in rows and columns, all on one grey scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Panel

BETWEEN = 1
"""Pixels between two pictures, through which the page is seen."""


def images_panel(
    title: str,
    pictures: np.ndarray,
    rows: Sequence[str],
    *,
    chosen: int | None = None,
    group: Group = Group.PATH,
    caption: str = "",
    alt: str = "",
) -> Panel:
    """Draw pictures, the first row at the top, from white for the least value of all to black for the greatest, as ink on paper.

    Args:
        pictures: (R, C, H, W). rows: (R,) the name of each row. chosen: the row whose name stands in bold.

    Raises: ValueError where there is not one name for each row.
    """
    if pictures.ndim != 4 or len(rows) != len(pictures):
        raise ValueError(f"pictures must be (rows, columns, height, width) of {len(rows)} rows, not {pictures.shape}")
    count, _, height, _ = pictures.shape
    sheet = np.pad(pictures.astype(np.float32), ((0, 0), (0, 0), (0, BETWEEN), (0, BETWEEN)), constant_values=np.nan)
    sheet = sheet.transpose(0, 2, 1, 3).reshape(count * (height + BETWEEN), -1)
    heat = {
        "type": "heatmap",
        "z": sheet,
        "colorscale": theme.GREYS,
        "showscale": False,
        "hoverinfo": "skip",
    }
    names = [f"<b>{name}</b>" if place == chosen else name for place, name in enumerate(rows)]
    middles = [place * (height + BETWEEN) + (height - 1) / 2 for place in range(count)]
    upright = {"autorange": "reversed", "tickvals": middles, "ticktext": names, "automargin": True}
    figure = theme.figure(
        heat,
        xaxis=theme.axis(
            "", showticklabels=False, ticks="", showgrid=False, zeroline=False, fixedrange=True, constrain="domain"
        ),
        yaxis=theme.axis(
            "", showgrid=False, zeroline=False, fixedrange=True, scaleanchor="x", constrain="domain", **upright
        ),
        dragmode=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
    )
    return Panel(title, group, figure, alt=alt or f"Pictures in rows: {', '.join(rows)}.", caption=caption)
