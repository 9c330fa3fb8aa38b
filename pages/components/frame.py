"""What every page begins with, by whatever way it was opened."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def begin_page() -> None:
    """Take the whole width and the style of all pages, and let app.py draw its navigation around the page.

    Until `st.navigation` was called once in a server, Streamlit takes the folder `pages` for its older kind of
    navigation, and a page that is opened by its link runs without app.py.
    """
    if PagesManager.uses_pages_directory and Path(str(sys.modules["__main__"].__file__)).name == "app.py":
        PagesManager.uses_pages_directory = False
        st.rerun()
    st.set_page_config(layout="wide")
    st.html(Path(__file__).with_suffix(".css"))
