"""The measures along the gradient, by step of training, and the loss along the gradient from one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from landscape.dynamics.smoothness import Smoothness, StepLine
from landscape.figures import theme
from landscape.figures.curves import DOT, Series, curves_panel, powers, vertical_line
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style, styles_of
from landscape.geometry.gradient_lines import GradientLine
from landscape.labs.words import number

DECADES = 12
"""A logarithmic axis spans at most so many; what lies higher is drawn at its end."""

FAILED = "This could not be computed: see above."

ARROW = 28.0
"""Pixels of an arrow that is as long as the gradient at the start."""

SHORTEST, LONGEST = 0.35, 1.5
"""An arrow is drawn at least and at most so many times as long as that; its label holds the true factor."""


def measure_panels(
    labels: Sequence[str],
    normalizations: Sequence[str],
    found: Sequence[Smoothness | None],
    num_steps: int,
    cursor: int,
) -> list[Panel]:
    """Return the panels of what is measured along a training, as far as it is there, in one colour a normalization.

    For each network the bands of the loss and of the change of the gradient along the ladder, all with the same axes;
    for all together the effective beta and the training itself.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Fig. 4.

    Args: num_steps: of the training; cursor: the step that a line marks.
    """
    styles = styles_of(normalizations)
    panels = band_panels(labels, styles, found, num_steps, cursor)
    known = [(label, style, one) for label, style, one in zip(labels, styles, found, strict=True) if one is not None]

    def curves(
        title: str, unit: str, values: Sequence[np.ndarray], steps: Sequence[np.ndarray], edges: Sequence[float] = ()
    ) -> Panel:
        alt = "The dotted line is 2 / learning rate." if edges else ""
        series = [
            Series(label, style, own_steps, own, one.run.diverged_at is not None)
            for (label, style, one), own, own_steps in zip(known, drawable(values), steps, strict=True)
        ]
        panel = curves_panel(series, title=title, unit=unit, logarithmic=True, num_steps=num_steps, cursor=cursor)
        figure = panel.figure
        assert figure is not None
        # The bands above name the colours.
        figure.update_traces(showlegend=False, line={"width": 1.75})
        figure.update_layout(margin={"t": 26})
        for edge in edges:
            figure.add_scatter(
                x=[0, num_steps],
                y=[edge, edge],
                mode="lines",
                name=f"2 / learning rate = {edge:g}",
                line={"color": theme.TEXT, "dash": "dot", "width": 2},
                showlegend=True,
                hoverinfo="skip",
            )
        return replace(panel, alt=f"{panel.alt} {alt}".strip())

    # A threshold of plain gradient descent, and of no other optimizer.
    plain = [one for *_, one in known if one.run.experiment.training.optimizer == "gradient-descent"]
    edges = sorted({one.edge_of_stability for one in plain})
    panels.append(
        curves(
            "Effective beta",
            "greatest on the ladder",
            [one.probe.max_beta for *_, one in known],
            [one.steps for *_, one in known],
            edges,
        )
    )
    for title, unit, name in (
        ("Training loss", "loss of each batch", "loss"),
        ("Gradient norm", "length of the gradient", "gradient_norm"),
    ):
        values = [getattr(one.run, name) for *_, one in known]
        panels.append(curves(title, unit, values, [np.arange(len(own)) for own in values]))
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


BANDS = (("loss_band", "y", "loss", [0.54, 1]), ("change_band", "y2", "gradient change", [0, 0.46]))
"""The two bands of a panel: the property of a probe, its axis, what that shows, and where it stands."""


def band_panels(
    labels: Sequence[str], styles: Sequence[Style], found: Sequence[Smoothness | None], num_steps: int, cursor: int
) -> list[Panel]:
    """Draw each network's bands along its gradient as areas between their ends, over the same logarithmic axes."""
    known = [one for one in found if one is not None]
    drawn = {name: drawable([getattr(one.probe, name) for one in known]) for name, *_ in BANDS}
    axes = {
        f"yaxis{axis[1:]}": theme.axis(
            unit, zeroline=False, domain=domain, **powers(drawn[name]), **_limits(drawn[name])
        )
        for name, axis, unit, domain in BANDS
    }
    panels, position = [], 0
    for label, style, one in zip(labels, styles, found, strict=True):
        figure = theme.figure(
            xaxis=theme.axis("step", zeroline=False, showgrid=False, nticks=6, range=[0, num_steps], anchor="y2"),
            **axes,
            hovermode="x unified",
            showlegend=False,
            margin={"l": 64, "r": 12, "t": 8, "b": 44},
            shapes=[vertical_line(cursor)],
        )
        said, captions = [], []
        for name, axis, unit, _ in BANDS:
            if one is None:
                continue
            band, ends = getattr(one.probe, name), drawn[name][position]
            _add_band(figure, one.steps, band, ends, style, axis)
            said.append(f"The {unit} ends between {band[-1, 0]:.3g} and {band[-1, 1]:.3g}.")
            if not (band <= ends.max() * 1.0001).all():
                captions.append(f"The {unit} climbs to {_words(band.max())}, beyond the picture's upper end.")
        if one and one.run.diverged_at is not None:
            captions.append(f"It diverged at step {one.run.diverged_at}.")
        position += one is not None
        alt = " ".join(["Bands along the gradient by step.", *said])
        panels.append(Panel(label, Group.PATH, figure, alt=alt, colour=style.colour, caption=" ".join(captions)))
    return panels


def _limits(values: Sequence[np.ndarray]) -> dict[str, list[float]]:
    """Return the range of a logarithmic axis that all the panels share."""
    if not values:
        return {}
    low, high = (np.log10(pick([pick(one) for one in values])) for pick in (np.min, np.max))
    margin = 0.04 * max(high - low, 1)
    return {"range": [low - margin, high + margin]}


def _add_band(
    figure: theme.Figure, steps: np.ndarray, band: np.ndarray, ends: np.ndarray, style: Style, axis: str
) -> None:
    shared = {
        "x": np.asarray(steps, np.float32),
        "yaxis": axis,
        "mode": "lines",
        "line": {"color": style.colour, "dash": style.dash, "width": 1.25},
        **(DOT if len(steps) == 1 else {}),
    }
    figure.add_scatter(y=ends[:, 0].astype(np.float32), hoverinfo="skip", **shared)
    figure.add_scatter(
        y=ends[:, 1].astype(np.float32),
        fill="tonexty",
        fillcolor=_transparent(style.colour),
        customdata=[f"{_words(low)} to {_words(high)}" for low, high in band],
        hovertemplate="%{customdata}<extra></extra>",
        **shared,
    )


def _words(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "infinity"


def _transparent(colour: str) -> str:
    return f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.35)"


def line_panels(
    labels: Sequence[str],
    normalizations: Sequence[str],
    lines: Sequence[StepLine | None],
    captions: Sequence[str],
    failed: Sequence[bool] = (),
) -> list[Panel]:
    """Return each network's loss along the gradient from one step of its training, all with the same ends of the axes.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Sec. 3.2.

    Args: failed: of each network whether what is missing will not come.
    """
    losses = drawable([np.append(one.line.loss, one.line.start_loss) for one in lines if one is not None])
    limits = _limits(losses).get("range", [0, 1])
    ends = iter(losses)
    panels = []
    each = zip(labels, styles_of(normalizations), lines, captions, failed or [False] * len(labels), strict=True)
    for label, style, one, caption, missing in each:
        if one is None:
            pending = FAILED if missing else "Training up to this step…"
            panels.append(Panel(label, Group.ACTIVATION, colour=style.colour, pending=pending, empty=missing))
            continue
        figure = line_figure(one.line, next(ends)[:-1], style, limits)
        panels.append(Panel(label, Group.ACTIVATION, figure, alt=caption, colour=style.colour, caption=caption))
    return panels


def line_figure(line: GradientLine, loss: np.ndarray, style: Style, limits: Sequence[float]) -> theme.Figure:
    """Draw the loss along the gradient, and below it the gradients at the start and at a few steps, as arrows.

    An arrow points where the gradient there would step to: to the right as at the start, back where a step further
    climbs, and the more upwards the more it leaves the line. Its label: its length, and its angle to the one at the start.

    Args: loss: (K,) as it can be drawn; limits: the decades of its axis.
    """
    reach = float(line.step_sizes[-1])
    places = np.array([0, *line.arrow_sizes])
    labels = ["here", *(f"ρ = {rho:.3g}" for rho in line.arrow_sizes)]
    figure = theme.figure(
        xaxis=theme.axis("step size ρ", zeroline=False, showgrid=False, nticks=5, range=[-0.04 * reach, 1.04 * reach]),
        yaxis=theme.axis(
            "loss", zeroline=False, domain=[0.5, 1], range=list(limits), **powers([10.0 ** np.array(limits)])
        ),
        xaxis2=theme.axis(
            anchor="y2",
            range=[-0.6, len(places) - 0.4],
            tickvals=list(range(len(places))),
            ticktext=labels,
            showgrid=False,
            zeroline=False,
            fixedrange=True,
        ),
        yaxis2=theme.axis(visible=False, domain=[0, 0.32], range=[-1, 0.7], fixedrange=True),
        showlegend=False,
        margin={"l": 56, "r": 8, "t": 8, "b": 28},
    )
    figure.add_scatter(
        x=line.step_sizes.astype(np.float32),
        y=loss.astype(np.float32),
        mode="lines",
        line={"color": style.colour, "dash": style.dash, "width": 2.5},
        hovertemplate="ρ = %{x:.3g}: loss %{y:.3g}<extra></extra>",
    )
    dots = {"color": style.colour, "size": 9, "line": {"color": theme.BACKGROUND, "width": 1.5}}
    figure.add_scatter(
        x=places.astype(np.float32),
        y=np.interp(places, line.step_sizes, loss).astype(np.float32),
        mode="markers",
        marker=dots,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=list(range(len(places))), y=[0.0] * len(places), xaxis="x2", yaxis="y2", mode="markers", marker=dots,
        hoverinfo="skip",
    )  # fmt: skip
    for place, (ratio, angle) in enumerate(zip(line.ratios, line.angles, strict=True)):
        at = {"x": place, "y": 0, "xref": "x2", "yref": "y2"}
        overflow = not np.isfinite(ratio)
        words = "overflow" if overflow else f"×{number(ratio)}<br>{np.degrees(angle):.0f}°" if place else ""
        font = {"size": theme.FONT_SIZE - 2, "color": theme.TEXT}
        figure.add_annotation(**at, yshift=-10, yanchor="top", text=words, font=font, showarrow=False)
        if overflow:
            continue
        length = ARROW * min(max(ratio, SHORTEST), LONGEST)
        right, up = length * np.cos(angle), length * np.sin(angle)
        figure.add_annotation(
            **at, xshift=right, yshift=up, ax=-right, ay=up, text="", showarrow=True,
            arrowhead=2, arrowsize=0.9, arrowwidth=2.5, arrowcolor=style.colour,
        )  # fmt: skip
    return figure
