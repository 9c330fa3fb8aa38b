"""Links from one page to another, which hold all that the other is to show."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

FIRST = "compare"
"""The page of the bare address."""


def page_link(page: str, label: str, link: Mapping[str, str], icon: str | None = None) -> None:
    """Draw a link to a page by its name, with these parameters."""
    try:
        st.page_link(f"pages/{page}.py", label=label, icon=icon, query_params=dict(link))
    except StreamlitPageNotFoundError:
        # A page that runs by itself knows no other.
        st.markdown(f"[{label}]({address_of(page, link)})")


def open_page(page: str, link: Mapping[str, str]) -> None:
    """Go to a page by its name, with these parameters; a page that runs by itself knows no other, and stays."""
    with suppress(StreamlitPageNotFoundError):
        st.switch_page(f"pages/{page}.py", query_params=dict(link))


def address_of(page: str, link: Mapping[str, str]) -> str:
    """Return the address of a page, below that of the app.

    >>> address_of("two_weights", {"lesson": "kin", "at": "2"}), address_of("compare", {"ask": "digits"})
    ('two_weights?lesson=kin&at=2', './?ask=digits')
    """
    return f"{'./' if page == FIRST else page}?{urlencode(link)}"
