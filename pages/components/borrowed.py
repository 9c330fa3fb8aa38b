"""Numbers that other labs measure, on the page of a lab that shows them beside its own: computed when somebody asks for them.

No lab knows another; each of these is a result of a paper, with its jobs.
"""

from __future__ import annotations

import streamlit as st

from landscape.labs.lab import Jobs, Lab, Section
from landscape.teaching.published import RESULTS
from landscape.teaching.reproductions import jobs_of
from landscape.teaching.result import SEEDS
from pages.components.page_links import page_link

PAGE = "reproductions"
"""Where the same numbers stand beside the papers'."""


def jobs(lab: Lab) -> Jobs:
    """Return the jobs of what a lab's page borrows, by the names under which its sections know them; none before they are asked for."""
    if not st.session_state.get(_key(lab)):
        return {}
    return {f"result {name}": jobs_of(RESULTS[name]) for section in lab.sections for name in section.borrowed}


def offer(lab: Lab, section: Section) -> None:
    """Draw what asks for the numbers that a section borrows, and where they stand beside the papers'."""
    if not section.borrowed:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if not st.session_state.get(_key(lab)):
            st.button(
                f"Measure here what other pages show, over {len(SEEDS)} seeds",
                on_click=_ask,
                args=(lab,),
                icon=":material/play_arrow:",
                key=f"measure-{section.name}",
            )
        page_link(PAGE, "The same beside the numbers of the papers", {"result": ",".join(section.borrowed)})


def _ask(lab: Lab) -> None:
    st.session_state[_key(lab)] = True


def _key(lab: Lab) -> str:
    return f"borrowed-{lab.name}"
