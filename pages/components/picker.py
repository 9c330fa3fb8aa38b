"""A click on a curve over the steps of training chooses that step, beside the slider, which does so by keyboard too."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.components.settings import adopt, current

_MOUNT = st.components.v2.component(
    "landscape_picker",
    css=".lp-place .js-plotly-plot .plotly .cursor-crosshair { cursor: pointer; }",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def picker(name: str, key: str) -> None:
    """Let a click on a curve set a field of the page's settings, as its slider does, by one run of the script.

    Args:
        name: of the field, a whole number, which is the curves' horizontal axis.
        key: of the container that holds the curves; its viewer may draw them anew at any time.
    """
    own = f"picker-{name}"

    def picked() -> None:
        settings = current()
        adopt(settings.values | {name: round(st.session_state[own].picked)}, settings.asked)

    _MOUNT(key=own, data=key, on_picked_change=picked)
