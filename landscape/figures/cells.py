"""A table of numbers as a picture: cells of one group have one hue, and are the darker the greater they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from colorsys import hls_to_rgb

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Panel

LEVELS = 6
"""Shades of a hue."""

LIGHT, DARK = 0.92, 0.62
"""The lightness of the least and of the greatest value: on all between, black is read in both themes."""

INK = "#141414"
GOLDEN = 0.381966
"""The fractions of its multiples are hues far from each other, however many there are."""


def cells_panel(
    title: str,
    values: np.ndarray,
    groups: np.ndarray,
    *,
    chosen: tuple[int, int] | None = None,
    outlined: int | None = None,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    row_title: str = "",
    column_title: str = "",
    limits: tuple[float, float] | None = None,
    hues: int | None = None,
    numbers: bool = True,
    picks: Sequence[Sequence[Mapping[str, int]]] = (),
    caption: str = "",
    alt: str = "",
) -> Panel:
    """Draw a table, the first row at the top.

    Args:
        values: (R, C). groups: (R, C) whole numbers from 0; cells of -1 belong to none and are grey.
        chosen: row and column of the cell with a thick frame. outlined: the group around which a line is drawn.
        rows: (R,) and columns: (C,), the names of those.
        limits: the values of the lightest and of the darkest shade, else the least and the greatest.
        hues: how many groups have a hue, where other pictures show more groups than this one.
        numbers: whether each cell shows its number, for which it takes room.
        picks: (R, C) what a click on each cell sets, by name.
    """
    hues = int(groups.max()) + 1 if hues is None else hues
    low, high = limits or (float(values.min()), float(values.max()))
    level = np.clip((values - low) / ((high - low) or 1.0) * LEVELS, 0, LEVELS - 1).astype(int)
    heat = theme.trace(
        "heatmap",
        z=(groups + 1) * LEVELS + level,
        zmin=-0.5,
        zmax=(hues + 1) * LEVELS - 0.5,
        colorscale=_shades(hues),
        showscale=False,
        xgap=2,
        ygap=2,
        text=[[_two_decimals(value) for value in row] for row in values],
        texttemplate="%{text}" if numbers else None,
        textfont={"color": INK, "size": theme.FONT_SIZE},
        customdata=[list(row) for row in picks] or None,
        hovertemplate="%{text}<extra></extra>",
    )
    shapes = []
    if outlined is not None and outlined >= 0:
        line = {"color": theme.TEXT, "width": 2.5}
        shapes.append({"type": "path", "path": _border(groups == outlined), "line": line})
    if chosen is not None:
        row, column = chosen
        left, right, top, bottom = column - 0.42, column + 0.42, row - 0.4, row + 0.4
        frame = f"M{left},{top}L{right},{top}L{right},{bottom}L{left},{bottom}Z"
        shapes.append({"type": "path", "path": frame, "line": {"color": INK, "width": 3}})
    figure = theme.figure(
        heat,
        xaxis=_axis(column_title, columns, values.shape[1]),
        yaxis=_axis(row_title, rows, values.shape[0]) | {"autorange": "reversed", "automargin": True},
        shapes=shapes,
        dragmode=False,
        margin={"l": 16, "r": 8, "t": 8, "b": 48},
    )
    return Panel(title, Group.ACTIVATION, figure, alt=alt, caption=caption)


def _two_decimals(value: float) -> str:
    """Return a number as a cell shows it, with the minus of the axes; what rounds to 0 has none.

    >>> _two_decimals(-0.254), _two_decimals(-0.001)
    ('−0.25', '0.00')
    """
    return f"{value:z.2f}".replace("-", "−")


def _axis(title: str, names: Sequence[str], count: int) -> dict:
    """Return an axis that names each row or column, or none of them where there are no names."""
    ticks = (
        {"tickvals": list(range(count)), "ticktext": list(names)} if names else {"showticklabels": False, "ticks": ""}
    )
    return theme.axis(title, zeroline=False, showgrid=False, fixedrange=True, **ticks)


def _shades(hues: int) -> list[list]:
    """Return a scale of steps: grey, then each hue, in `LEVELS` shades from light to dark."""
    colours = []
    for hue in range(-1, hues):
        for lightness in np.linspace(LIGHT, DARK, LEVELS):
            red, green, blue = hls_to_rgb((0.57 + hue * GOLDEN) % 1, float(lightness), 0.0 if hue < 0 else 0.7)
            colours.append(f"rgb({round(255 * red)},{round(255 * green)},{round(255 * blue)})")
    ends = np.linspace(0, 1, len(colours) + 1).tolist()
    return [[end, colour] for i, colour in enumerate(colours) for end in ends[i : i + 2]]


def _border(inside: np.ndarray) -> str:
    """Return the line around the cells of a table that are inside, as an SVG path in rows and columns."""
    around = np.pad(inside, 1)
    parts = []
    for row, column in np.argwhere(inside):
        left, right, top, bottom = column - 0.5, column + 0.5, row - 0.5, row + 0.5
        for beside, line in (
            (around[row, column + 1], f"M{left},{top}L{right},{top}"),
            (around[row + 2, column + 1], f"M{left},{bottom}L{right},{bottom}"),
            (around[row + 1, column], f"M{left},{top}L{left},{bottom}"),
            (around[row + 1, column + 2], f"M{right},{top}L{right},{bottom}"),
        ):
            if not beside:
                parts.append(line)
    return "".join(parts)
