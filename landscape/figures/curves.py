"""Curves over the steps of training: loss, gradient norm, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Mode, Panel, Playback
from landscape.figures.theme import Style

FEW_DECADES = 2.2

DOT = {"mode": "lines+markers", "marker": {"size": 7}, "cliponaxis": False}
"""How a curve of a single point is drawn, of which a line shows nothing."""


@dataclass(frozen=True, eq=False)
class Series:
    """One network's curve: steps (T,) and values (T,), which may be fewer than the others' where it diverged."""

    label: str
    style: Style
    steps: np.ndarray
    values: np.ndarray
    diverged: bool = False


def curves_panel(
    series: Sequence[Series],
    *,
    title: str,
    unit: str = "",
    logarithmic: bool = False,
    num_steps: int | None = None,
    limits: tuple[float, float] | None = None,
    cursor: int | None = None,
    alt: str = "",
) -> Panel:
    """Draw one curve a network; a cross marks the last value of one that diverged, a line the step under the slider.

    Args:
        unit: what the vertical axis shows.
        num_steps: the last step, so that the axis stands still while curves grow.
        limits: the ends of the vertical axis, else those of the data.
        cursor: the step that the line marks, if not 0, where the axis stands; else it follows the playback.
    """
    traces: list[dict[str, Any]] = []
    for one in series:
        line = {"color": one.style.colour, "dash": one.style.dash, "width": 2.25}
        steps, values = np.asarray(one.steps, np.float32), np.asarray(one.values, np.float32)
        known = np.isfinite(values).sum()
        # What lies between two snapshots nobody measured: a line would tell it.
        drawn = DOT if known == 1 else {**DOT, "mode": "markers"} if known == 2 else {"mode": "lines"}
        traces.append(theme.trace("scatter", x=steps, y=values, name=one.label, line=line, **drawn))
        if one.diverged and np.isfinite(values).any():
            last = int(np.flatnonzero(np.isfinite(values))[-1])
            marker = {"symbol": "x", "size": 11, "color": one.style.colour}
            traces.append(
                theme.trace(
                    "scatter",
                    x=steps[last : last + 1],
                    y=values[last : last + 1],
                    mode="markers",
                    marker=marker,
                    showlegend=False,
                    hovertemplate=f"{one.label} diverged<extra></extra>",
                )
            )
    vertical: dict[str, Any] = powers([one.values for one in series]) if logarithmic else {"nticks": 6}
    if limits:
        vertical["range"] = np.log10(limits).tolist() if logarithmic else list(limits)
    horizontal = {"range": [0, num_steps]} if num_steps else {}
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("step", zeroline=False, showgrid=False, nticks=6, **horizontal),
        yaxis=theme.axis(unit, zeroline=False, **vertical),
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}},
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
        shapes=[] if cursor == 0 else [vertical_line(cursor or 0)],
    )
    names = "; ".join(f"{one.label} ends at {_last(one.values)}" for one in series if len(one.values))
    playback = (Playback(0, Mode.LINE),) if cursor is None else ()
    return Panel(title, Group.CURVE, figure, alt=alt or f"By step: {names}.", playback=playback)


def powers(values: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return the settings of a logarithmic axis that holds these values: labels at powers, or at 1, 2 and 5 of few."""
    every = np.concatenate([np.zeros(0), *(np.ravel(one) for one in values)])
    shown = every[np.isfinite(every) & (every > 0)]
    low, high = np.log10([shown.min(), shown.max()]) if len(shown) else (0.0, 1.0)
    if high - low < FEW_DECADES:
        ticks = [factor * 10.0**power for power in range(int(low) - 2, int(high) + 2) for factor in (1, 2, 5)]
        if sum(low <= np.log10(tick) <= high for tick in ticks) < 2:  # so narrow that Plotly's own are better
            return {"type": "log", "nticks": 5, "exponentformat": "power"}
        return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    # Plotly writes a power in letters a quarter larger than it is told.
    size = 0.8 * (theme.FONT_SIZE - 1)
    return {
        "type": "log",
        "dtick": max(1, round((high - low) / 6)),
        "exponentformat": "power",
        "tickfont": {"size": size},
    }


def vertical_line(x: float) -> dict[str, Any]:
    """Return the shape that marks a place of the horizontal axis."""
    ends = {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"}
    return {**ends, "line": {"color": theme.MUTED, "width": 1.5, "dash": "dot"}}


def _last(values: np.ndarray) -> str:
    return f"{float(values[-1]):.3g}"
