"""Downloads of what a page shows: its numbers as CSV, its experiment as JSON that loads back.

An experiment is a few lines. A file that is larger than any is refused unread, and of none is anything held afterwards.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from landscape.labs.words import literal
from pages.components.settings import current

LARGEST = 64 * 1024
"""Bytes of a file that are read; a saved experiment has about one thousand."""

MEGABYTES = 1
"""The most that the browser sends of a file, the least that Streamlit can be told."""


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
        # A new widget after each file, so that the file is taken once, let go of, and the controls are free again.
        key = f"upload-{codec.page}-{st.session_state.get('uploads', 0)}"
        st.file_uploader(
            f"Load an experiment: a file that this page saved, of {LARGEST // 1024} kB at most",
            type="json",
            key=key,
            on_change=_load,
            args=(key,),
            max_upload_size=MEGABYTES,
        )
        if problem := st.session_state.pop("upload_problem", None):
            st.error(literal(problem))


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
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
    settings = current()
    try:
        if file.size > LARGEST:
            raise ValueError(
                f"This file has {file.size:,} bytes, and at most {LARGEST:,} are read: choose one that this page has saved, "
                "as JSON, which has about a thousand."
            )
        settings.adopt(*settings.codec.from_json(file.getvalue()))
    except ValueError as error:
        st.session_state["upload_problem"] = str(error)
        settings.problems = ()  # of what was read before
    finally:
        let_go(file.file_id)


def let_go(file_id: str) -> None:
    """Drop an uploaded file, which Streamlit otherwise holds as long as the session."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)
