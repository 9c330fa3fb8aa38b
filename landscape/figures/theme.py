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

from plotly.colors import get_colorscale
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

FAMILIES = {
    "none": (OKABE_ITO["vermillion"], "#F4A77E", "#A34A12"),
    "batch": (OKABE_ITO["blue"], OKABE_ITO["sky blue"], "#6A63C4", "#8ED1C8"),
    "example": (OKABE_ITO["bluish green"], "#7CCBA2", "#7A9A01", "#B9D36B"),
    "weight": (OKABE_ITO["orange"], "#F3CB74", "#A67C00"),
    "propagation": (OKABE_ITO["reddish purple"], "#E3B5CD", "#98487A"),
    "other": (OKABE_ITO["yellow"], "#B8A800", "#8C8C8C"),
}
"""The colours of each family of normalizations, the commonest member's first: kin have kindred ones."""

KIN = {
    **dict.fromkeys(("layer", "rms", "group", "instance"), "example"),
    **{name: name for name in ("none", "batch", "weight", "propagation")},
}
"""The family of each normalization, by the first word of its name."""

OWN = {"none": 0, "batch": 0, "layer": 0, "weight": 0, "propagation": 0, "rms": 1, "group": 2, "instance": 3}
"""Which colour of its family a normalization has wherever it is drawn; the others have the second, and those after it."""

DASHES = ("solid", "dash", "dot", "dashdot")
"""Tell networks of one family apart a second time."""

SURFACE_SCALE = get_colorscale("viridis")
"""Not by its name: the browser has other colours by some of these."""

GREYS = get_colorscale("greys")
"""From white to black."""

DEPTHS = ("#7B5FCB", "#4F7BC0", "#2B93A8", "#1FA187", "#4AC16D", "#A0DA39")
"""As viridis from violet to green, but such that both ends are seen on a light page and on a dark one."""

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


def family_of(normalization: str) -> str:
    """Return the family of a normalization.

    >>> family_of("batch-l1"), family_of("group"), family_of("yet to be invented")
    ('batch', 'example', 'other')
    """
    return KIN.get(str(normalization).partition("-")[0], "other")


def colour_of(normalization: str) -> str:
    """Return the colour of a normalization where no other network of the picture has it.

    >>> colour_of("batch") == OKABE_ITO["blue"] and colour_of("batch-l1") in FAMILIES["batch"][1:]
    True
    """
    name, shades = str(normalization), FAMILIES[family_of(normalization)]
    return shades[OWN[name]] if name in OWN else shades[1 + crc32(name.encode()) % (len(shades) - 1)]


def styles_of(normalizations: Sequence[str]) -> tuple[Style, ...]:
    """Return the style of each network of a picture, no two of one colour; those of one family differ in their dash too.

    Where a colour is taken a network has the next one of its family, then that of another.

    >>> styles = styles_of(["none", "batch", "batch"])
    >>> len({style.colour for style in styles}), [style.dash for style in styles]
    (3, ['solid', 'solid', 'dash'])
    """
    names, every = [str(name) for name in normalizations], [shade for shades in FAMILIES.values() for shade in shades]
    families = [family_of(name) for name in names]
    colours: dict[int, str] = {}
    # The first of each that has a colour of its own before the rest, so that none of the others takes it.
    for place in sorted(range(len(names)), key=lambda place: names[place] not in OWN or names[place] in names[:place]):
        wanted = (colour_of(names[place]), *FAMILIES[families[place]], *every)
        colours[place] = next(colour for colour in wanted if colour not in colours.values())
    return tuple(
        Style(colours[place], DASHES[families[:place].count(family) % len(DASHES)])
        for place, family in enumerate(families)
    )


def shades(count: int) -> tuple[str, ...]:
    """Return so many colours in order, violet to green, as for the layers of one network.

    >>> shades(6) == DEPTHS, len(set(shades(16)))
    (True, 16)
    """
    stops = [[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in DEPTHS]
    found = []
    for place in range(count):
        at = place * (len(stops) - 1) / max(count - 1, 1)
        low = min(int(at), len(stops) - 2)
        mixed = [round(a + (at - low) * (b - a)) for a, b in zip(stops[low], stops[low + 1], strict=True)]
        found.append("#" + "".join(f"{one:02X}" for one in mixed))
    return tuple(found)


def faint(colour: str, opacity: float = 0.2) -> str:
    """Return a colour that one sees through.

    >>> faint("#FF8000", 0.5)
    'rgba(255,128,0,0.5)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


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


def trace(kind: str, **settings: Any) -> dict[str, Any]:
    """Return a trace by its type, as `figure` takes it."""
    return {"type": kind, **settings}


def figure(*traces: Mapping[str, Any], **settings: Any) -> Figure:
    """Return a figure of traces, each as plotly names its settings, in the layout that all figures share.

    Plotly's own check of every part would take three times as long as all else, so what they say goes to the browser as it
    is: titles are `{"text": ...}`, colour scales lists of places and colours. The tests check all that they draw.
    """
    return Figure(list(traces), layout(**settings), _validate=False)


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
