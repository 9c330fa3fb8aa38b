"""A table of the user's own, as a dataset of every lab that takes one: loaded beside the control of the data.

It stays in the session: no link, no file and no other session has it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import streamlit as st

from landscape.data.parsing import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, parse
from landscape.labs.words import literal
from landscape.serving.own_table import OwnTable
from pages.components.exchange import let_go
from pages.components.settings import OWN, adopt, current, with_table

NOTES, PROBLEM = "own_notes", "own_problem"
"""The places in the session of what was to be said of the last file."""

MEGABYTES = MOST_BYTES // 2**20

ASK = (
    f"A CSV file: a row for each example, numbers, and in the last column a class or a number. At most {MOST_ROWS:,} "
    f"rows, {MOST_COLUMNS} features, {MEGABYTES} MB."
)
STAYS = "It stays in this session: a link to this page does not hold it, and nobody else sees it."


def holds_own(kind: type[Any]) -> bool:
    """Return whether a choice has a member that is a table of the user's own."""
    return issubclass(kind, StrEnum) and any(getattr(member, "own", False) for member in kind)


def offered(kind: type[StrEnum]) -> list[Any]:
    """Return the members of a choice, less those that need a table that is not there."""
    if not holds_own(kind):
        return list(kind)
    return [member for member in kind if member.takes(st.session_state.get(OWN))]  # type: ignore[attr-defined]


def own_table(name: str) -> None:
    """Draw what loads a table for a field, and what was found in it."""
    table: OwnTable | None = st.session_state.get(OWN)
    problem = st.session_state.pop(PROBLEM, None)
    with st.expander("A table of your own", icon=":material/upload_file:", key=f"own-{name}", expanded=bool(problem)):
        # A new widget after each file, so that the file is taken once and let go of.
        key = f"own-{name}-{st.session_state.get('uploads', 0)}"
        st.file_uploader(
            ASK,
            type=["csv", "tsv", "txt", "data"],
            key=key,
            on_change=_load,
            args=(key, name),
            max_upload_size=MEGABYTES,
        )
        if problem:
            st.error(literal(problem))
        if table is not None:
            st.caption(literal(f"{_described(table)} {STAYS}"))
            for note in st.session_state.get(NOTES, ()):
                st.caption(literal(f"– {note}"))
            st.button(
                "Forget this table", key=f"forget-{name}", on_click=_forget, args=(name,), icon=":material/delete:"
            )


def _described(table: OwnTable) -> str:
    """Return a table in words.

    >>> import numpy as np
    >>> from landscape.serving.own_table import own_table
    >>> _described(own_table(np.eye(2), np.array([0, 1]), ("age", "weight"), ("no", "yes")))
    'Loaded: 2 rows, 2 features (age, weight), 2 classes (no, yes).'
    """
    features, rows, outputs = table.size
    told = (
        f"{outputs} classes ({_few(table.class_names)})" if table.has_classes else "a number to predict, standardized"
    )
    return f"Loaded: {rows:,} rows, {features} feature{'s' * (features > 1)} ({_few(table.names)}), {told}."


def _few(names: tuple[str, ...], most: int = 5) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _load(key: str, name: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
    try:
        parsed = parse(file.getvalue())
        _show(name, parsed.table)
        st.session_state[NOTES] = parsed.notes
    except ValueError as error:
        st.session_state[PROBLEM] = str(error)
    finally:
        let_go(file.file_id)


def _show(name: str, table: OwnTable) -> None:
    """Take a table, and make it the data of the lab that is shown, with what else must change for that.

    Raises: ValueError where the lab cannot show it.
    """
    settings = current()
    member = next((one for one in settings.codec.fields[name].kind if one.own and one.takes(table)), None)
    if member is None:
        raise ValueError("This page shows two features, and this table has one: choose a table with more.")
    st.session_state[OWN] = table
    settings.take()
    values = settings.values | {name: member}
    if ways := settings.codec.mends(with_table(values)):
        values |= ways[0]
    adopt(values)


def _forget(name: str) -> None:
    for place in (OWN, NOTES):
        st.session_state.pop(place, None)
    settings = current()
    settings.take()
    if settings.values[name].own:
        adopt(settings.values | {name: settings.codec.defaults[name]})
