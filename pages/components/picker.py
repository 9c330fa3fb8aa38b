"""A click on a picture chooses a step, or a cell, beside the sliders, which do so by keyboard too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.settings import change, current

_MOUNT = st.components.v2.component(
    "landscape_picker",
    css=".lp-place .js-plotly-plot .plotly .cursor-crosshair { cursor: pointer; }",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


PICKED = "picked"
"""The place in the session of the container whose picture was clicked, until what shows it has seen that."""


def was_picked(key: str) -> bool:
    """Return, once, whether a picture of this container was clicked."""
    if st.session_state.get(PICKED) != key:
        return False
    del st.session_state[PICKED]
    return True


def picker(name: str, key: str) -> None:
    """Let a click on a picture set fields of the page's settings, as their sliders do, by one run of the script.

    Args:
        name: of the field, a whole number, which is the curves' horizontal axis. A point that carries `customdata`, whole
            numbers by the names of fields, sets all of these instead; and a trace whose `meta` says under `sets` what
            each field takes: a value, or a coordinate's name, its middle and its reach. Where the field is no whole number
            a click on such a trace alone sets it.
        key: of the container that holds the pictures; its viewer may draw them anew at any time.
    """
    own = f"picker-{name}"

    def picked() -> None:
        settings, picked = current(), st.session_state[own].picked
        chosen = picked if isinstance(picked, dict) else {name: picked}
        bounds = settings.codec.fields
        taken = {field: _fitting(bounds[field], value) for field, value in chosen.items() if field in bounds}
        change(taken)
        st.session_state[PICKED] = key

    marked = current().codec.fields[name].kind is not int
    _MOUNT(key=own, data=[{"key": key, "marked": marked}], on_picked_change=picked)


def _fitting(bounds: Any, value: float | str) -> Any:
    """Return a value as a field takes it: whole, or of three decimals, within its bounds; or read as links write it."""
    if isinstance(value, str):
        return bounds.parse(value)
    if bounds.kind is float:
        return min(max(round(float(value), 3), bounds.low), bounds.high)
    return bounds.kind(round(value))
