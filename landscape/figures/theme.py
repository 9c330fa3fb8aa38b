"""Every colour, font and template of the figures.

Networks take the palette of Okabe and Ito, whose colours stay apart for colour-blind eyes; surfaces take a sequential
map. Text, axes and backgrounds are named by the CSS variables of the page, so that one figure serves the light and the
dark theme; the viewer puts their values in.

Source: Okabe and Ito 2008, Color Universal Design; van der Walt and Smith 2015, matplotlib (viridis).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from plotly.graph_objects import Figure

OKABE_ITO = {
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "bluish green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "reddish purple": "#CC79A7",
}

NETWORK_COLOURS = {
    "none": OKABE_ITO["vermillion"],
    "batch": OKABE_ITO["blue"],
    "layer": OKABE_ITO["bluish green"],
    "batch-l1": OKABE_ITO["orange"],
    "batch-l2": OKABE_ITO["sky blue"],
    "batch-linf": OKABE_ITO["reddish purple"],
}
"""The colours that never change from page to page."""

OTHER_COLOURS = tuple(OKABE_ITO[name] for name in ("orange", "sky blue", "yellow", "reddish purple"))

DASHES = ("solid", "dash", "dot", "dashdot")
"""Tell networks apart that share a normalization, and so a colour."""

SURFACE_SCALE = "viridis"

TEXT = "var(--st-text-color)"
BACKGROUND = "var(--st-background-color)"
GRID = "var(--st-border-color)"
MUTED = "var(--st-gray-color)"
FONT_SIZE = 13


@dataclass(frozen=True)
class Style:
    """How one network is drawn wherever it appears."""

    colour: str
    dash: str = "solid"


def colour_of(normalization: str) -> str:
    """Return the colour of a normalization: its own where it has one, else one of the others, fixed by its name.

    >>> colour_of("batch") == OKABE_ITO["blue"] and colour_of("anything") == colour_of("anything")
    True
    """
    name = str(normalization)
    return NETWORK_COLOURS.get(name) or OTHER_COLOURS[crc32(name.encode()) % len(OTHER_COLOURS)]


def styles_of(normalizations: Sequence[str]) -> tuple[Style, ...]:
    """Return the style of each network compared; those that share a colour differ in their dash.

    >>> [style.dash for style in styles_of(["none", "batch", "batch"])]
    ['solid', 'solid', 'dash']
    """
    colours = [colour_of(name) for name in normalizations]
    return tuple(
        Style(colour, DASHES[colours[:position].count(colour) % len(DASHES)]) for position, colour in enumerate(colours)
    )


def axis(title: str = "", **settings: Any) -> dict[str, Any]:
    """Return the settings of an axis in the colours of the page."""
    return {
        "title": {"text": title, "font": {"size": FONT_SIZE}},
        "color": TEXT,
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        "linecolor": GRID,
        "tickfont": {"size": FONT_SIZE - 1},
        **settings,
    }


def figure(*traces: Mapping[str, Any], **settings: Any) -> Figure:
    """Return a figure of traces, each as plotly names its settings, in the layout that all figures share."""
    return Figure(list(traces), layout(**settings))


def layout(**settings: Any) -> dict[str, Any]:
    """Return the layout that all figures share: transparent, with the page's font and colours, and no title.

    A constant `uirevision` keeps zooms when the data changes.
    """
    base: Mapping[str, Any] = {
        "template": {},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "var(--st-font)", "size": FONT_SIZE, "color": TEXT},
        "hoverlabel": {"bgcolor": BACKGROUND, "bordercolor": GRID, "font": {"color": TEXT, "size": FONT_SIZE}},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": MUTED, "activecolor": TEXT},
        "margin": {"l": 56, "r": 16, "t": 12, "b": 48},
        "uirevision": "constant",
        "autosize": True,
    }
    return {**base, **settings}
