"""Named curves over one pair of axes, with marks across them: the panels that are no surface and no training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Panel


@dataclass(frozen=True, eq=False)
class Line:
    """A curve with its name, if any, written at the point of index `at`, above it or where `anchor` says."""

    name: str
    x: np.ndarray
    y: np.ndarray
    colour: str
    at: int = -1
    dash: str = "solid"
    anchor: str = "bottom right"


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
    group: Group = Group.CURVE,
    alt: str = "",
) -> Panel:
    """Draw named curves, each named beside it, and vertical lines at marks, each with its name at the top.

    The horizontal axis ends where the curves do; of a mark beyond its ends the name stands there, with an arrow.
    zero: whether a line marks y = 0.
    """
    ends = [pick(float(pick(line.x)) for line in lines) for pick in (min, max)]
    traces = [
        theme.trace(
            "scatter",
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
    horizontal = {**horizontal, "range": np.log10(ends).tolist() if logarithmic_x else ends}
    vertical = power if logarithmic_y else {"nticks": 6}
    if y_range:
        vertical = {**vertical, "range": list(y_range)}
    figure = theme.figure(
        *traces,
        showlegend=False,
        xaxis=theme.axis(x_title, zeroline=False, showgrid=False, **horizontal),
        yaxis=theme.axis(y_title, **{"zeroline": zero, "zerolinewidth": 1.5, **vertical}),
        margin={"l": 64, "r": 16, "t": 24, "b": 48},
    )
    notes, shapes = [], []
    for line in lines:
        x, y = float(line.x[line.at]), float(line.y[line.at])
        if not (line.name and np.isfinite(y) and (not y_range or y_range[0] <= y <= y_range[1])):
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
        at = float(np.clip(place, ends[0], ends[1]))
        note = {"x": np.log10(at) if logarithmic_x else at, "y": 1, "yref": "paper", "yanchor": "bottom"}
        if at < place:
            note |= {"text": f"{name} →", "xanchor": "right"}
        elif at > place:
            note |= {"text": f"← {name}", "xanchor": "left"}
        else:
            note["text"] = name
            dotted = {"color": theme.TEXT, "width": 1.5, "dash": "dot"}
            shapes.append({"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": dotted})
        notes.append(note)
    font = {"color": theme.TEXT, "size": theme.FONT_SIZE}
    figure.update_layout(annotations=[{**note, "showarrow": False, "font": font} for note in notes], shapes=shapes)
    return Panel(title, group, figure, alt=alt)
