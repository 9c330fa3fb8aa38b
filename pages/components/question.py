"""The questions of a lab: the fold in which they stand, and the one that is asked, with its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from landscape.labs.lab import Lab, Question
from pages.components import compute
from pages.components.settings import adopt, current

COLUMNS = 3
WAITING = "The answer comes with the results…"
UNANSWERED = "What was asked cannot be answered from these results."
CHANGED = "A setting was changed since: this is the answer of the changed settings."

_MOUNT = st.components.v2.component(
    "landscape_asked",
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def questions(lab: Lab) -> None:
    """Draw the fold of questions. Each sets all controls, and so the link; choosing one closes the fold."""
    if not lab.questions:
        return
    settings = current()
    fold = f"questions-{lab.name}-{settings.adopted}"  # another one after each choice, which is closed
    with st.expander(f"{len(lab.questions)} questions to try", icon=":material/help:", key=fold):
        columns = st.columns(COLUMNS)
        for i, question in enumerate(lab.questions):
            with columns[i * COLUMNS // len(lab.questions)]:
                values = lab.codec.values_of(question.request)
                st.button(
                    question.ask, on_click=adopt, args=(values, question), type="tertiary", key=f"ask-{question.slug}"
                )


def asked(lab: Lab, request: Any, tickets: compute.Tickets) -> None:
    """Draw the question that is asked, its answer as soon as it is known, and what may be asked next."""
    question = current().asked
    if question is None:
        return
    compute.live(compute.of(tickets), lambda: _strip(lab, question, request, tickets)) if tickets else _strip(
        lab, question, request, tickets
    )
    _MOUNT(key=f"asked-{lab.name}", data={"section": question.section, "adopted": current().adopted})


def _strip(lab: Lab, question: Question, request: Any, tickets: compute.Tickets) -> None:
    settings, results = current(), compute.known(tickets)
    ended = all(ticket.done for ticket in compute.of(tickets))
    facts = lab.facts(request, results)
    st.markdown(f"**{question.ask}**")
    said = "" if facts is None else question.answer(facts)
    st.markdown(said or (UNANSWERED if ended else WAITING))
    if settings.changed:
        st.caption(CHANGED)
    with st.container(horizontal=True):
        values = lab.codec.values_of(question.request)
        if settings.changed:
            st.button(
                "Its own settings", on_click=adopt, args=(values, question), type="tertiary", key="asked-settings"
            )
        place = list(lab.questions).index(question)
        after = lab.questions[(place + 1) % len(lab.questions)]
        if after is not question:
            st.button(
                f"Next: {after.ask}",
                on_click=adopt,
                args=(lab.codec.values_of(after.request), after),
                type="tertiary",
                key="asked-next",
            )
        st.button("Close", on_click=adopt, args=(settings.values,), type="tertiary", key="asked-close")
