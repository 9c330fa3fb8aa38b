"""Downloads of what a page shows: its numbers as CSV, its experiment as JSON that loads back."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.components.settings import current


def exchange(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw the buttons that save the page's numbers and its experiment, and the field that takes an experiment back.

    Args: name, of the files; rows, of the numbers, all of one set of columns.
    """
    settings = current()
    codec, values = settings.codec, settings.values
    with st.expander("Save and load", icon=":material/save:"):
        with st.container(horizontal=True):
            st.download_button(
                "Numbers (CSV)", csv_of(rows), f"{name}.csv", "text/csv", icon=":material/table:", on_click="ignore"
            )
            st.download_button(
                "Experiment (JSON)",
                codec.to_json(values),
                f"{name}.json",
                "application/json",
                icon=":material/science:",
                on_click="ignore",
            )
        # A new widget after each file, so that the file is taken once and the controls are free again.
        key = f"upload-{codec.page}-{settings.adopted}"
        st.file_uploader("Load an experiment", type="json", key=key, on_change=_load, args=(key,))
        if problem := st.session_state.pop("upload_problem", None):
            st.error(problem)


def csv_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header.

    >>> csv_of([{"a": 1.5, "b": "x, y"}])
    'a,b\\r\\n1.5,"x, y"\\r\\n'
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _load(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    settings = current()
    try:
        settings.adopt(*settings.codec.from_json(file.getvalue()))
    except ValueError as error:
        st.session_state["upload_problem"] = str(error)
        settings.problems = ()  # of what was read before
