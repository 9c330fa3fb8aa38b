"""The measures along the gradient, by step of training, and the loss along the gradient from one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from plotly import graph_objects as go

from landscape.figures import theme
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style, styles_of
from landscape.figures.training import Series, curves_panel, powers, vertical_line
from landscape.smoothness import GradientLine, Smoothness, StepLine

DECADES = 12
"""A logarithmic axis spans at most so many; what lies higher is drawn at its end."""

ARROW = 30.0
"""Pixels of an arrow that is as long as the gradient at the start."""

LONGEST = 1.6
"""An arrow is drawn at most so many times as long as that; its label holds the true factor."""


def measure_panels(
    labels: Sequence[str],
    normalizations: Sequence[str],
    found: Sequence[Smoothness | None],
    num_steps: int,
    cursor: int,
) -> list[Panel]:
    """Return the panels of what is measured along a training, as far as it is there, in one colour a normalization.

    Bands of the loss and of the change of the gradient along the ladder, the effective beta, and the training itself.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Fig. 4.

    Args: num_steps: of the training; cursor: the step that a line marks.
    """
    known = [
        (label, style, one)
        for label, style, one in zip(labels, styles_of(normalizations), found, strict=True)
        if one is not None
    ]
    panels = []
    for title, unit, name in (
        ("Loss along the gradient", "least to greatest loss", "loss_band"),
        ("Change of the gradient along it", "least to greatest change", "change_band"),
    ):
        bands = [(label, style, one.steps, getattr(one.probe, name)) for label, style, one in known]
        panels.append(band_panel(bands, title=title, unit=unit, num_steps=num_steps, cursor=cursor))
    shared = {"logarithmic": True, "num_steps": num_steps, "cursor": cursor}
    beta = [
        Series(label, style, one.steps, drawable([one.probe.max_beta])[0], one.run.diverged_at is not None)
        for label, style, one in known
    ]
    panel = curves_panel(beta, title="Effective beta", unit="greatest on the ladder", **shared)
    for edge in sorted({one.edge_of_stability for *_, one in known}):
        panel.figure.add_scatter(
            x=[0, num_steps],
            y=[edge, edge],
            mode="lines",
            name=f"2 / learning rate = {edge:g}",
            line={"color": theme.TEXT, "dash": "dot", "width": 1.5},
            hoverinfo="skip",
        )
    panels.append(replace(panel, caption="The dotted line is 2 / learning rate, the edge of stability."))
    for title, unit, name in (
        ("Training loss", "loss of each batch", "loss"),
        ("Gradient norm", "length of the gradient", "gradient_norm"),
    ):
        series = []
        for label, style, one in known:
            values = drawable([getattr(one.run, name)])[0]
            series.append(Series(label, style, np.arange(len(values)), values, one.run.diverged_at is not None))
        panels.append(curves_panel(series, title=title, unit=unit, **shared))
    return panels


def drawable(values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return values as a logarithmic axis can show them: what overflowed, or is too high, lies at the axis' upper end.

    >>> drawable([np.array([1.0, 100.0, np.inf]), np.array([0.0, np.nan])])
    [array([  1., 100., 100.]), array([  1., 100.])]
    """
    every = np.concatenate([np.zeros(0), *(np.ravel(one) for one in values)])
    shown = every[np.isfinite(every) & (every > 0)]
    if not len(shown):
        return [np.ones_like(one) for one in values]
    low = shown.min()
    high = min(shown.max(), low * 10.0**DECADES)
    return [np.clip(np.nan_to_num(one, nan=high, posinf=high), low, high) for one in values]


def band_panel(
    bands: Sequence[tuple[str, Style, np.ndarray, np.ndarray]],
    *,
    title: str,
    unit: str,
    num_steps: int,
    cursor: int,
) -> Panel:
    """Draw each network's band as an area between its ends, on a logarithmic axis.

    Args: bands: label, style, steps (M,) and ends (M, 2) of each; the rest as in `curves_panel`.
    """
    ends = drawable([band for *_, band in bands])
    figure = go.Figure(
        layout=theme.layout(
            xaxis=theme.axis("step", zeroline=False, showgrid=False, nticks=6, range=[0, num_steps]),
            yaxis=theme.axis(unit, zeroline=False, **powers(ends)),
            hovermode="x unified",
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}},
            margin={"l": 64, "r": 16, "t": 40, "b": 48},
            shapes=[vertical_line(cursor)],
        )
    )
    for (label, style, steps, band), drawn in zip(bands, ends, strict=True):
        x = np.asarray(steps, np.float32)
        line = {"color": style.colour, "dash": style.dash, "width": 1.5}
        shared = {"x": x, "mode": "lines", "line": line, "legendgroup": label}
        figure.add_scatter(y=drawn[:, 0].astype(np.float32), showlegend=False, hoverinfo="skip", name=label, **shared)
        figure.add_scatter(
            y=drawn[:, 1].astype(np.float32),
            name=label,
            fill="tonexty",
            fillcolor=_transparent(style.colour),
            customdata=[f"{low:.3g} to {high:.3g}" for low, high in band],
            hovertemplate="%{customdata}",
            **shared,
        )
    cut = [label for (label, _, _, band), drawn in zip(bands, ends, strict=True) if not (band <= drawn.max()).all()]
    caption = f"{' and '.join(cut)}: what overflows, or climbs out of the picture, lies at its upper end." if cut else ""
    said = "; ".join(
        f"{label} ends between {band[-1, 0]:.3g} and {band[-1, 1]:.3g}" for label, _, _, band in bands if len(band)
    )
    return Panel(title, Group.PATH, figure, alt=f"Bands by step: {said}.", caption=caption)


def _transparent(colour: str) -> str:
    return f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.28)"


def line_panels(
    labels: Sequence[str], normalizations: Sequence[str], lines: Sequence[StepLine | None], captions: Sequence[str]
) -> list[Panel]:
    """Return each network's loss along the gradient from one step of its training, all with the same ends of the axes.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2.
    """
    losses = drawable([np.append(one.line.loss, one.line.start_loss) for one in lines if one is not None])
    every = np.concatenate([np.ones(1), *losses]) if losses else np.ones(1)
    every = every[1:] if losses else every
    limits = np.log10(every.min()) - 0.08, np.log10(every.max()) + 0.08
    ends = iter(losses)
    panels = []
    for label, style, one, caption in zip(labels, styles_of(normalizations), lines, captions, strict=True):
        title = f"Along the gradient: {label}"
        if one is None:
            panels.append(Panel(title, Group.ACTIVATION, colour=style.colour, pending="Training up to this step…"))
            continue
        figure = line_figure(one.line, next(ends)[:-1], style, limits)
        panels.append(Panel(title, Group.ACTIVATION, figure, alt=caption, colour=style.colour, caption=caption))
    return panels


def line_figure(line: GradientLine, loss: np.ndarray, style: Style, limits: tuple[float, float]) -> go.Figure:
    """Draw the loss along the gradient, and below it the gradients at the start and at a few steps, as arrows.

    An arrow points where the gradient there would step to: to the right as at the start, back where a step further
    climbs, and the more upwards the more it leaves the line. Its label: its length, and its angle to the one at the start.

    Args: loss: (K,) as it can be drawn; limits: the decades of its axis.
    """
    reach = float(line.step_sizes[-1])
    rows = {"loss": [0.4, 1], "arrows": [0, 0.24]}
    figure = go.Figure(
        layout=theme.layout(
            xaxis=theme.axis(
                "step size ρ", zeroline=False, showgrid=False, nticks=5, range=[-0.06 * reach, 1.16 * reach], anchor="y2"
            ),
            yaxis=theme.axis("loss", zeroline=False, type="log", domain=rows["loss"], range=limits, nticks=6),
            yaxis2=theme.axis("", visible=False, domain=rows["arrows"], range=[-1, 1], fixedrange=True),
            showlegend=False,
            margin={"l": 56, "r": 8, "t": 8, "b": 44},
        )
    )
    figure.add_scatter(
        x=line.step_sizes.astype(np.float32),
        y=loss.astype(np.float32),
        mode="lines",
        line={"color": style.colour, "dash": style.dash, "width": 2.5},
        hovertemplate="ρ = %{x:.3g}: loss %{y:.3g}<extra></extra>",
    )
    places = np.array([0, *line.arrow_sizes])
    at = np.interp(places, line.step_sizes, loss)
    figure.add_scatter(
        x=places.astype(np.float32),
        y=at.astype(np.float32),
        mode="markers",
        marker={"color": style.colour, "size": 9, "line": {"color": theme.BACKGROUND, "width": 1.5}},
        hoverinfo="skip",
    )
    figure.add_scatter(x=[places[0]], y=[0], yaxis="y2", mode="markers", marker={"opacity": 0}, hoverinfo="skip")
    for rho, ratio, angle in zip(places, line.ratios, line.angles, strict=True):
        if not np.isfinite(ratio):
            _label(figure, rho, "overflow", 0)
            continue
        length = ARROW * min(ratio, LONGEST)
        right, up = length * np.cos(angle), length * np.sin(angle)
        figure.add_annotation(
            x=rho, y=-0.1, yref="y2", xshift=right, yshift=up, ax=-right, ay=up, text="",
            showarrow=True, arrowhead=2, arrowsize=1, arrowwidth=2.5, arrowcolor=style.colour,
        )  # fmt: skip
        _label(figure, rho, f"×{ratio:.2g}<br>{np.degrees(angle):.0f}°" if rho else "gradient<br>here", -12)
    return figure


def _label(figure: go.Figure, rho: float, text: str, shift: float) -> None:
    font = {"size": theme.FONT_SIZE - 2, "color": theme.TEXT}
    figure.add_annotation(
        x=rho, y=-0.1, yref="y2", yshift=shift, yanchor="top", text=text, font=font, showarrow=False, align="center"
    )  # fmt: skip
