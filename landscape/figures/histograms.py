"""Histograms of the activations of one network, a ridge a layer, before and after normalization.

Each ridge is scaled by its own peak: what it shows is where the values lie and how widely they spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Group, Mode, Panel, Playback

HEIGHT = 0.85
"""Of a ridge, where the next one stands 1 higher."""

MOST = 16
"""Ridges in a panel. A recurrent network has one for each layer and step of the sequence."""


def histograms_panel(
    edges: np.ndarray,
    before: np.ndarray,
    after: np.ndarray | None,
    *,
    title: str,
    colour: str,
    label: str = "activation",
    names: Sequence[str] = (),
    alt: str = "",
) -> Panel:
    """Draw the histograms of each layer, the first at the bottom, which follow the slider.

    Before normalization they are a grey outline, after it filled with the network's colour; where nothing is
    normalized the one histogram is filled. Of more than `MOST` layers so many are drawn, from the first to the last.

    Args:
        edges: (bins + 1,) of the bins, shared by layers and snapshots.
        before, after: (S, L, bins) counts or densities; after is None where nothing is normalized.
        names: (L,) of the layers, else their numbers.

    Raises:
        ValueError: if the shapes do not fit.
    """
    given = {"before": before} | ({} if after is None else {"after": after})
    for name, counts in given.items():
        if counts.ndim != 3 or counts.shape[2] != len(edges) - 1 or counts.shape != before.shape:
            raise ValueError(
                f"{name} must be (snapshots, layers, {len(edges) - 1} bins) like the edges, not {counts.shape}"
            )
    centres = (edges[:-1] + edges[1:]) / 2
    # Both ends stand on the baseline, so that the outline closes along it.
    x = np.concatenate([edges[:1], centres, edges[-1:]]).astype(np.float32)
    layers = before.shape[1]
    shown = np.unique(np.linspace(0, layers - 1, MOST).round().astype(int)).tolist()
    names = names or [str(layer + 1) for layer in range(layers)]
    traces: list[dict[str, Any]] = []
    playback: list[Playback] = []
    for place, layer in reversed(list(enumerate(shown))):
        for name, counts in given.items():
            filled = name == "after" or after is None
            line = {"color": colour if filled else theme.MUTED, "width": 1.75 if filled else 1.5}
            rows = _bytes_of(counts[:, layer])
            playback.append(Playback(len(traces), Mode.ROW, rows, offset=float(place), scale=HEIGHT / 255))
            traces.append(
                theme.trace(
                    "scatter",
                    x=x,
                    y=(place + HEIGHT / 255 * rows[-1]).astype(np.float32),
                    mode="lines",
                    line=line,
                    fill="toself" if filled else "none",
                    fillcolor=_translucent(colour) if filled else None,
                    name={"before": "before", "after": "normalized"}[name],
                    showlegend=after is not None and place == len(shown) - 1,
                    hoverinfo="skip",
                )
            )
    figure = theme.figure(
        *traces,
        xaxis=theme.axis(label, zeroline=True, nticks=6, range=[float(edges[0]), float(edges[-1])]),
        yaxis=theme.axis(
            "layer",
            tickvals=list(range(len(shown))),
            ticktext=[names[layer] for layer in shown],
            range=[-0.12, len(shown)],
            zeroline=False,
            fixedrange=True,
            automargin=True,
        ),
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        margin={"l": 48, "r": 16, "t": 40, "b": 48},
    )
    figure.update_yaxes(title_standoff=8)  # names may be longer than numbers
    return Panel(
        title,
        Group.ACTIVATION,
        figure,
        alt=alt
        or f"Histograms of {len(shown)} layers" + (" before and after normalization." if after is not None else "."),
        playback=tuple(playback),
        colour=colour,
    )


def _bytes_of(counts: np.ndarray) -> np.ndarray:
    """Return each row as bytes of its peak, with a zero at either end: (S, bins) -> (S, bins + 2)."""
    peaks = np.maximum(counts.max(axis=1, keepdims=True), np.finfo(float).tiny)
    return np.pad(np.round(255 * counts / peaks), ((0, 0), (1, 1))).astype(np.uint8)


def _translucent(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"
