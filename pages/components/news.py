"""Has the browser ask for news of a part of a page, once for each time that the part is drawn.

A timer of Streamlit's own goes on at one pace, wherever the reader looks, and only a run of the whole page ends it: seven
sections that wait for their pictures took more of the browser's time than the pictures.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import streamlit as st

_MOUNT = st.components.v2.component(
    "landscape_news", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"), isolate_styles=False
)
_TURNS = count()


def ask_for_news(part: str, seconds: float | None) -> None:
    """Have the part of the page in which this is drawn run again.

    Args:
        part: its name; where a container has it for its key, it is asked for less often while that is out of sight.
        seconds: until it is asked for; None where nothing is to come.
    """
    data = {"part": part, "seconds": seconds, "turn": next(_TURNS)}
    _MOUNT(key=f"news-{part}", data=[data], on_news_change=lambda: None)
