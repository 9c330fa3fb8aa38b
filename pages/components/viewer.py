"""Linked plots that keep their camera, with playback in the browser.

`st.plotly_chart` resets a camera whenever its data changes, so the plots live in a component of our own: new data
goes into the plots that stand, the cameras of all scenes move together, and the slider moves along all panels without
asking the server. plotly.js is served from the installed plotly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from pathlib import Path

import streamlit as st
from streamlit.components.v1 import declare_component

from landscape.figures.panel import PLOTLY_JS, Group, Panel, Readout, payload
from landscape.labs.glossary import terms_in

HERE = Path(__file__).parent

ENLARGED = 1.45
"""How many times as large letters and lines are for a projector."""

MAX_SCENES = 4
"""A browser keeps 16 WebGL contexts and kills the oldest."""

_MOUNT = st.components.v2.component(
    "landscape_viewer",
    css=(HERE / "viewer.css").read_text(encoding="utf-8"),
    js="\n".join(
        (HERE / name).read_text(encoding="utf-8") for name in ("viewer.js", "touch.js", "plots.js", "pictures.js")
    ),
    isolate_styles=False,
)
_NUMBERS = count(int(time.time() * 1000))
"""Of messages: each is later than those before, also than those of a server before this one."""


@cache
def _plotly_js() -> str:
    """Return the address of plotly.js below that of the app."""
    # Streamlit registers a folder only while a script runs, so this waits for the first viewer.
    declare_component("plotlyjs", path=str(PLOTLY_JS))
    return f"component/{__name__}.plotlyjs/plotly.min.js"


def viewer(
    panels: Sequence[Panel],
    steps: Sequence[float] = (),
    key: str = "viewer",
    height: int = 420,
    revision: str = "",
    flat: Callable[[], None] | None = None,
    readouts: Sequence[Readout] = (),
    large: bool = False,
    along: str = "step",
) -> None:
    """Show panels in rows by group, with a slider over the snapshots wherever a panel follows one.

    A panel replaces the one that stood at its place in its group; while it is pending, the old drawing stays, dimmed.

    Args:
        panels: what is drawn; at most four of them scenes.
        steps: (S,) the step of training of each snapshot, or what else the slider goes along.
        key: one for each viewer of a page. It keeps the plots, the camera and the slider.
        height: of a scene in pixels.
        revision: given back as `data-revision` of the viewer once everything is drawn, with the number of panels drawn
            as `data-ready`.
        flat: makes the page draw contours in place of scenes, which a browser without WebGL offers.
        readouts: what stands beside the slider.
        large: whether letters and lines are drawn larger, for a projector.
        along: what the slider goes along.

    Raises:
        ValueError: if there are more scenes than a browser keeps.
    """
    scenes = sum(panel.group is Group.SCENE for panel in panels)
    if scenes > MAX_SCENES:
        raise ValueError(f"a viewer holds at most {MAX_SCENES} scenes, not {scenes}; draw the others as contours")
    terms = terms_in(" ".join(panel.caption for panel in panels))
    settings = {
        "plotly": _plotly_js(),
        "flat": flat is not None,
        "enlarge": ENLARGED if large else 1,
        "terms": terms,
        "along": along,
    }
    message = payload(panels, steps, readouts, height=height, revision=revision, **settings)
    # Where news are late the browser asks for them, by a trigger that lets the script run.
    told = _MOUNT(
        key=key,
        data=b"%d %b" % (_number(key, message), message),
        on_late_change=lambda: None,
        on_flat_change=flat or (lambda: None),
    )
    if told.flat:
        st.rerun()  # of the page: a viewer may stand in a part of it that runs by itself


def _number(key: str, message: bytes) -> int:
    """Return a later number for each new message of a viewer, and the same for the same one."""
    told, number = st.session_state.get(f"{key}-number", (None, 0))
    if told != hash(message):
        number = next(_NUMBERS)
        st.session_state[f"{key}-number"] = hash(message), number
    return number
