"""One table for all pages, without pandas, which would take more of the server's memory than all tables together."""

from __future__ import annotations

from contextlib import nullcontext
from html import escape
from typing import Any

import streamlit as st

from landscape.labs.lab import Linked, Table
from pages.components.terms import explained

SHORT = 20
"""An entry of so many letters, as a number with its range in brackets, stands in one line."""

LONG = 40
"""An entry of more letters is a sentence, which no column squeezes to a word a line."""


def table(one: Table) -> None:
    """Draw a table with its title and its note. Whatever an entry holds is text, and changes nothing of the structure."""
    if one.title and not one.folded:
        st.subheader(one.title)
    with st.expander(one.title) if one.folded else nullcontext():
        st.html(html_of(one))
        if one.note:
            st.caption(one.note)


def html_of(one: Table) -> str:
    """Return the table as HTML.

    >>> print(html_of(Table([{"a": "|v| < 1"}], {"a": "Name"})))
    <div class="lv-table" style="overflow-x: auto"><table><thead><tr><th scope="col">Name</th></tr></thead>
    <tbody><tr><th scope="row" class="short">|v| &lt; 1</th></tr></tbody></table></div>
    >>> print(_cells({"a": "layer normalization", "b": "0.0203 (0.12)"}, Table([], {"a": "", "b": ""})))
    <th scope="row" class="short">layer normalization</th><td class="short">0.0203 (0.12)</td>
    """
    head = explained("".join(f'<th scope="col">{escape(title)}</th>' for title in one.columns.values()))
    body = "".join(f"<tr>{_cells(row, one)}</tr>" for row in one.rows)
    return f'<div class="lv-table" style="overflow-x: auto"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _cells(row: Any, one: Table) -> str:
    first, *others = (_entry(row, name) for name in one.columns)
    cells = (f"<td{_class(entry)}>{_shown(entry)}</td>" for entry in others)
    return f'<th scope="row"{_class(first)}>{_shown(first)}</th>' + "".join(cells)


def _class(entry: Any) -> str:
    """Return what tells the style how long an entry is, as an attribute."""
    letters = len(entry.text if isinstance(entry, Linked) else str(entry))
    if letters > LONG:
        return ' class="long"'
    return ' class="short"' if letters <= SHORT and not isinstance(entry, Linked) else ""


def _shown(entry: Any) -> str:
    """Return an entry as HTML.

    >>> _shown(Linked("0.9 < 1", "smoothness?ask=why"))
    '0.9 &lt; 1 <a href="smoothness?ask=why" target="_self">see it</a>'
    """
    if not isinstance(entry, Linked):
        return escape(str(entry))
    return f'{escape(entry.text)} <a href="{escape(entry.to)}" target="_self">{escape(entry.called)}</a>'


def _entry(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)
