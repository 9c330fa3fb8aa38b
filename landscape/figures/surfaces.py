"""Surfaces of the loss in three dimensions and as contours, with the path that training took.

Rows are y: the array of a surface is drawn as it is, never transposed. All surfaces that are compared share one range
of height and colour. A logarithmic range spans at most five decades above the lowest loss; what lies higher is drawn
flat at the ceiling, and a caption says how far it goes. It is long, as both drawings of a surface and their paths share
range, colours and captions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Mode, Panel, Playback

SCENE_CROSS = "cross"
"""The symbol of a cross in a scene: `x` is drawn there by a letter that some fonts lack."""

DECADES = 5
"""The most that a logarithmic range spans above the lowest loss."""

LINEAR_RATIO = 10
"""In a linear range the ceiling is at most this many times the maximum of the lowest surface: a surface that rises to
1e19 does not flatten its neighbours."""

FLOOR = 1e-6
"""Losses below are the rounding of single precision: a logarithmic range starts there at the least."""

CONTOUR_LINE = "rgb(150,150,158)"
"""Shows on a surface, and below it on a light and on a dark page."""

BOX = "rgb(178,178,186)"
"""Of the lines of the box: the same on both pages, fainter than the contours."""

PATH_HOVER = (
    "step %{customdata[0]}<br>loss %{customdata[1]:.3g}<br>"
    "height of the surface below it %{customdata[2]:.3g}<extra></extra>"
)

CAMERA = {"eye": {"x": 1.2, "y": -1.95, "z": 1.15}, "center": {"x": -0.03, "y": 0, "z": -0.17}}
"""Seen from a little above the rim, so that the inside of a bowl shows."""


@dataclass(frozen=True)
class HeightRange:
    """The losses between which surfaces are drawn."""

    low: float
    high: float
    logarithmic: bool = True

    def heights(self, loss: np.ndarray) -> np.ndarray:
        """Return the heights at which losses are drawn, of the same shape: clipped, log10 where logarithmic.

        A loss that is not a number or infinite is drawn at the ceiling.

        >>> HeightRange(0.01, 100).heights(np.array([0.001, 1.0, np.inf])).tolist()
        [-2.0, 0.0, 2.0]
        """
        clipped = np.clip(np.where(np.isfinite(loss), loss, self.high), self.low, self.high)
        return np.log10(clipped) if self.logarithmic else clipped

    def axis(self) -> tuple[float, float]:
        """Return the ends of the range as heights."""
        low, high = self.heights(np.array([self.low, self.high]))
        return float(low), float(high)

    def ticks(self) -> dict[str, object]:
        """Return the ticks of an axis or colour bar: at round losses, labelled with the losses themselves."""
        losses = self._in_equal_steps() if not self.logarithmic else self._in_decades()
        digits = 6
        if len(losses) > 1:  # as many as tell neighbours apart, where they differ little
            digits = max(digits, 2 + int(np.log10(np.abs(losses).max() / np.diff(losses).min())))
        at = np.log10(losses) if self.logarithmic else losses
        return {"tickvals": at.tolist(), "ticktext": [f"{loss:,.{digits}g}" for loss in losses]}

    def _in_equal_steps(self) -> np.ndarray:
        """Return round losses within the range, two to seven of them."""
        step = (self.high - self.low) / 6
        size = 10 ** np.floor(np.log10(step))
        step = size * next(m for m in (1, 2, 5, 10) if m * size >= step)
        return np.arange(np.ceil(self.low / step), np.floor(self.high / step) + 1) * step

    def _in_decades(self) -> np.ndarray:
        """Return round losses within the range, three to seven of them; in equal steps where it is too narrow."""
        low, high = np.log10(self.low) - 1e-9, np.log10(self.high) + 1e-9
        decades = range(int(np.floor(low)), int(np.ceil(high)) + 1)
        for mantissas in ((1,), (1, 2, 5), np.arange(1, 10, 0.5), np.arange(1, 10, 0.1), np.arange(1, 10, 0.01)):
            losses = [m * 10.0**decade for decade in decades for m in mantissas if low <= decade + np.log10(m) <= high]
            if len(losses) >= 3:
                return np.array(losses[:: -(-len(losses) // 7)])
        return self._in_equal_steps()


def height_range(losses: Sequence[np.ndarray], logarithmic: bool = True) -> HeightRange:
    """Return the range that surfaces share.

    >>> height_range([np.array([[0.01, 5.0]]), np.array([[0.1, 1e19]])])
    HeightRange(low=0.01, high=1000.0, logarithmic=True)

    Args:
        losses: one (B, A) array a surface; values that are not finite do not count.
    """
    finite = [values for loss in losses if (values := loss[np.isfinite(loss)].astype(float)).size]
    if not finite:
        return HeightRange(0.1, 1.0, logarithmic)
    low, high = min(float(v.min()) for v in finite), max(float(v.max()) for v in finite)
    if logarithmic:
        low = max(low, FLOOR)
        high = min(high, low * 10**DECADES)
    else:
        high = min(high, LINEAR_RATIO * min(float(v.max()) for v in finite))
    # A surface without any relief still needs a range of some height.
    return HeightRange(low, high if high - low > 1e-6 * abs(low) else low + max(0.1 * abs(low), FLOOR), logarithmic)


def overflowed(loss: np.ndarray) -> int:
    """Return how many points of a surface are not finite."""
    return int(np.sum(~np.isfinite(loss)))


def clipped_caption(loss: np.ndarray, heights: HeightRange) -> str:
    """Return how far a surface goes above the ceiling and how many of its points overflowed; empty if neither.

    >>> clipped_caption(np.array([[1.0, 2e4], [np.nan, 3.0]]), HeightRange(0.01, 1000.0))
    'Drawn flat above 1,000: it rises to 20,000. 1 of 4 points overflowed, marked with a cross.'
    """
    parts = []
    highest, lowest = (
        end(loss, where=np.isfinite(loss), initial=initial) for end, initial in ((np.max, -np.inf), (np.min, np.inf))
    )
    if heights.high <= lowest < highest:
        parts.append(
            f"It lies wholly above {_written(heights.high)}, from {_written(lowest)} to {_written(highest)}, and is drawn flat: "
            "let each have its own range to see its shape."
        )
    elif highest > heights.high * (1 + 1e-6):
        parts.append(f"Drawn flat above {_written(heights.high)}: it rises to {_written(highest)}.")
    if count := overflowed(loss):
        parts.append(f"{count} of {loss.size} points overflowed, marked with a cross.")
    return " ".join(parts)


def _written(loss: float) -> str:
    return f"{loss:,.3g}" if loss < 1000 else f"{loss:,.0f}" if loss < 1e6 else f"{loss:.2g}"


def surface_panel(
    alphas: np.ndarray,
    betas: np.ndarray,
    loss: np.ndarray,
    *,
    title: str,
    heights: HeightRange,
    colour: str = "",
    labels: tuple[str, ...] = ("α", "β"),
    alt: str = "",
    path: np.ndarray | None = None,
    path_heights: np.ndarray | None = None,
) -> Panel:
    """Draw a surface of the loss in three dimensions, with the path of training on it if there is one.

    Args:
        alphas: (A,) coordinates along x. betas: (B,) coordinates along y.
        loss: (B, A); a point that is not finite is drawn at the ceiling with a cross.
        heights: the range, shared by the surfaces compared.
        path: (S, 2) coordinates of the snapshots. path_heights: (S,) the loss at which each is drawn.
    """
    z = _drawn(alphas, betas, loss, heights)
    low, high = heights.axis()
    span = high - low
    surface = theme.trace(
        "surface",
        x=_light(alphas),
        y=_light(betas),
        z=z,
        customdata=_light(loss),
        colorscale=theme.SURFACE_SCALE,
        cmin=low,
        cmax=high,
        showscale=False,
        contours={
            "z": {
                "show": True,
                "start": low,
                "end": high,
                "size": span / 12,
                "color": CONTOUR_LINE,
                "width": 1,
                "project": {"z": True},
                "usecolormap": False,
            }
        },
        lighting={"ambient": 0.62, "diffuse": 0.75, "specular": 0.12, "roughness": 0.7, "fresnel": 0.05},
        lightposition={"x": -2000, "y": -3000, "z": 6000},
        hovertemplate=_hover(labels),
    )
    traces: list[dict[str, Any]] = [surface]
    rows, columns = np.nonzero(~np.isfinite(loss))
    if rows.size:
        traces.append(
            theme.trace(
                "scatter3d",
                x=_light(alphas[columns]),
                y=_light(betas[rows]),
                z=np.full(rows.size, high, np.float32),
                mode="markers",
                marker={"symbol": SCENE_CROSS, "size": 5, "color": theme.OKABE_ITO["vermillion"]},
                hovertemplate="overflowed<extra></extra>",
            )
        )
    playback: tuple[Playback, ...] = ()
    if path is not None and path_heights is not None:
        # Lifted by a hair, so that the line does not sink into the facets of the surface.
        along = {"x": _light(path[:, 0]), "y": _light(path[:, 1])}
        along["z"] = _light(heights.heights(path_heights) + 0.012 * span)
        first = len(traces)
        traces += [
            theme.trace(
                "scatter3d", **along, mode="lines", line={"color": colour or "white", "width": 6}, hoverinfo="skip"
            ),
            theme.trace(
                "scatter3d",
                **along,
                mode="markers",
                marker={"size": 5, "color": colour or theme.TEXT, "line": {"color": "white", "width": 1}},
                hoverinfo="skip",
            ),
        ]
        playback = (Playback(first, Mode.PREFIX), Playback(first + 1, Mode.POINT))
    figure = theme.figure(
        *traces,
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        scene={
            "xaxis": _edge(labels[0], range=_ends(alphas), nticks=5),
            "yaxis": _edge(labels[1], range=_ends(betas), nticks=5),
            "zaxis": _edge("height: the loss", range=[low - 0.18 * span, high + 0.02 * span], **heights.ticks()),
            "aspectmode": "manual",
            "aspectratio": {"x": 1, "y": 1, "z": 0.85},
            "camera": CAMERA,
            "dragmode": "turntable",
        },
    )
    return Panel(
        title,
        Group.SCENE,
        figure,
        alt=alt or f"Surface of the loss, from {_extremes(loss)}.",
        playback=playback,
        colour=colour,
        caption=clipped_caption(loss, heights),
    )


def contour_panel(
    alphas: np.ndarray,
    betas: np.ndarray,
    loss: np.ndarray,
    *,
    title: str,
    heights: HeightRange,
    colour: str = "",
    labels: tuple[str, ...] = ("α", "β"),
    alt: str = "",
    path: np.ndarray | None = None,
    path_losses: np.ndarray | None = None,
    group: Group = Group.PATH,
    scale: bool = True,
    over: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[Mapping[str, Any]] = (),
    axes: tuple[Mapping[str, Any], ...] = ({}, {}),
) -> Panel:
    """Draw a surface of the loss as filled contours, with the path of training across it if there is one.

    The path starts at an open circle and ends at a star; a dot stands at the snapshot under the slider.

    Args:
        alphas: (A,) coordinates along x. betas: (B,) coordinates along y.
        loss: (B, A); a point that is not finite is drawn at the ceiling with a cross.
        heights: the range, shared by the surfaces compared.
        path: (S, 2) coordinates of the snapshots. path_losses: (S, 3) the step of each, its true loss and the height of
            the surface below it, which one reads by pointing at the path.
        scale: whether the colours are explained beside it. over: traces on top of all. notes: annotations. axes: further
            settings of both axes. All at once, as each change of a figure that is made is checked anew.
    """
    z = _drawn(alphas, betas, loss, heights)
    low, high = heights.axis()
    traces: list[dict[str, Any]] = [
        theme.trace(
            "contour",
            x=_light(alphas),
            y=_light(betas),
            z=z,
            customdata=_light(loss),
            colorscale=theme.SURFACE_SCALE,
            zmin=low,
            zmax=high,
            autocontour=False,
            contours={"start": low, "end": high, "size": (high - low) / 16, "coloring": "fill"},
            line={"width": 0.5, "color": "rgba(255,255,255,0.45)"},
            colorbar={
                "thickness": 10,
                "outlinewidth": 0,
                "xpad": 6,
                "tickfont": {"size": theme.FONT_SIZE - 1},
                **heights.ticks(),
            },
            hovertemplate=_hover(labels),
            showscale=None if scale else False,
        )
    ]
    rows, columns = np.nonzero(~np.isfinite(loss))
    if rows.size:
        traces.append(
            theme.trace(
                "scatter",
                x=_light(alphas[columns]),
                y=_light(betas[rows]),
                mode="markers",
                marker={"symbol": "x-thin", "size": 6, "line": {"width": 1.5, "color": theme.OKABE_ITO["vermillion"]}},
                hovertemplate="overflowed<extra></extra>",
            )
        )
    playback: tuple[Playback, ...] = ()
    if path is not None and len(path):
        along: dict[str, object] = {"x": _light(path[:, 0]), "y": _light(path[:, 1]), "hoverinfo": "skip"}
        told = along
        if path_losses is not None:
            told = {**along, "customdata": _light(path_losses), "hoverinfo": "all", "hovertemplate": PATH_HOVER}
        ends = [("circle-open", 10, path[0]), ("star", 13, path[-1])]
        first = len(traces)
        traces += [
            # A white casing sets the line off from every colour of the map.
            theme.trace("scatter", **along, mode="lines", line={"color": "white", "width": 5}),
            theme.trace("scatter", **told, mode="lines", line={"color": colour or "black", "width": 2.5}),
            *(
                theme.trace(
                    "scatter",
                    x=_light(point[:1]),
                    y=_light(point[1:]),
                    mode="markers",
                    marker={"symbol": symbol, "size": size, "color": "white", "line": {"color": "white", "width": 2}},
                    hovertemplate=("start" if symbol == "circle-open" else "end") + " of training<extra></extra>",
                )
                for symbol, size, point in ends
            ),
            theme.trace(
                "scatter",
                **along,
                mode="markers",
                marker={"size": 11, "color": colour or "black", "line": {"color": "white", "width": 2}},
            ),
        ]
        playback = (
            Playback(first, Mode.PREFIX),
            Playback(first + 1, Mode.PREFIX),
            Playback(first + 4, Mode.POINT),
        )
    figure = theme.figure(
        *traces,
        *over,
        showlegend=False,
        xaxis={**_flat(labels[0], alphas), **axes[0]},
        yaxis={**_flat(labels[1], betas), **axes[1]},
        annotations=list(notes),
    )
    return Panel(
        title,
        group,
        figure,
        alt=alt
        or f"Contours of the loss, from {_extremes(loss)}" + (", with the path of training." if playback else "."),
        playback=playback,
        colour=colour,
        caption=clipped_caption(loss, heights),
    )


def _flat(label: str, places: np.ndarray) -> dict[str, Any]:
    return theme.axis(label, showgrid=False, zeroline=False, range=_ends(places), nticks=6)


def _drawn(alphas: np.ndarray, betas: np.ndarray, loss: np.ndarray, heights: HeightRange) -> np.ndarray:
    if loss.shape != (len(betas), len(alphas)):
        raise ValueError(
            f"a surface must be (betas, alphas), rows being y, here {(len(betas), len(alphas))}, not {loss.shape}; "
            "pass the result's array as it is"
        )
    return _light(heights.heights(loss))


def _light(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)


def _hover(labels: tuple[str, ...]) -> str:
    return f"{labels[0]} %{{x:.3g}}<br>{labels[1]} %{{y:.3g}}<br>loss %{{customdata:.4g}}<extra></extra>"


def _ends(values: np.ndarray) -> list[float]:
    return [float(values[0]), float(values[-1])]


def _edge(label: str, **settings: object) -> dict[str, object]:
    """Return an axis of the box around a surface, whose lines show on a light and on a dark page."""
    box = {"showline": True, "linecolor": BOX, "linewidth": 2, "gridcolor": BOX, "showbackground": False}
    return theme.axis(label, **box, showspikes=False, zeroline=False, **settings)


def _extremes(loss: np.ndarray) -> str:
    finite = loss[np.isfinite(loss)]
    return f"{_written(finite.min())} to {_written(finite.max())}" if finite.size else "nothing finite"
