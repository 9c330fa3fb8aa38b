"""Histograms of the activations of one network, a ridge a layer, before and after normalization.

Each ridge is scaled by its own peak: what it shows is where the values lie and how widely they spread.
"""

from __future__ import annotations

import numpy as np
from plotly import graph_objects as go

from landscape.figures import theme
from landscape.figures.panel import Group, Mode, Panel, Playback

HEIGHT = 0.85
"""Of a ridge, where the next one stands 1 higher."""


def histograms_panel(
    edges: np.ndarray,
    before: np.ndarray,
    after: np.ndarray | None,
    *,
    title: str,
    colour: str,
    label: str = "activation",
    alt: str = "",
) -> Panel:
    """Draw the histograms of each layer, the first at the bottom, which follow the slider.

    Before normalization they are a grey outline, after it filled with the network's colour; where nothing is
    normalized the one histogram is filled.

    Args:
        edges: (bins + 1,) of the bins, shared by layers and snapshots.
        before, after: (S, L, bins) counts or densities; after is None where nothing is normalized.

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
    traces, playback = [], []
    for layer in reversed(range(layers)):
        for name, counts in given.items():
            filled = name == "after" or after is None
            line = {"color": colour if filled else theme.MUTED, "width": 1.75 if filled else 1.5}
            rows = _bytes_of(counts[:, layer])
            playback.append(Playback(len(traces), Mode.ROW, rows, offset=float(layer), scale=HEIGHT / 255))
            traces.append(
                go.Scatter(
                    x=x,
                    y=(layer + HEIGHT / 255 * rows[-1]).astype(np.float32),
                    mode="lines",
                    line=line,
                    fill="toself" if filled else "none",
                    fillcolor=_translucent(colour) if filled else None,
                    name={"before": "before", "after": "after normalization"}[name],
                    showlegend=after is not None and layer == layers - 1,
                    hoverinfo="skip",
                )
            )
    figure = go.Figure(
        traces,
        theme.layout(
            xaxis=theme.axis(label, zeroline=True, nticks=6, range=[float(edges[0]), float(edges[-1])]),
            yaxis=theme.axis(
                "layer",
                tickvals=list(range(layers)),
                ticktext=[str(layer + 1) for layer in range(layers)],
                range=[-0.12, layers],
                zeroline=False,
                fixedrange=True,
            ),
            legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
            margin={"l": 48, "r": 16, "t": 40, "b": 48},
        ),
    )
    return Panel(
        title,
        Group.ACTIVATION,
        figure,
        alt=alt
        or f"Histograms of {layers} layers" + (" before and after normalization." if after is not None else "."),
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
