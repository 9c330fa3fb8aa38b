"""An SVG within a page: as an image, since what Streamlit takes as HTML may hold no SVG elements."""

from __future__ import annotations

from base64 import b64encode
from html import escape

import streamlit as st


def svg(source: str, said: str, style: str = "") -> None:
    """Draw an SVG with its namespace. said: its text for those who do not see it; style: of the image, as CSS."""
    data = b64encode(source.encode()).decode()
    st.html(
        f'<img alt="{escape(said)}" src="data:image/svg+xml;base64,{data}" style="max-width: 100%; {escape(style)}">'
    )
