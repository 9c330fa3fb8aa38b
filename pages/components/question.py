"""The questions of a lab: the fold in which they stand, and the one that is asked, with its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from landscape.labs.codec import Values
from landscape.labs.lab import Lab, Question
from landscape.labs.words import literal
from pages.components import compute
from pages.components.settings import PREDICT, adopt, current
from pages.components.terms import linked

COLUMNS = 3
WAITING = "The answer comes with the results…"
UNANSWERED = "What was asked cannot be answered from these results."
HIDDEN = "The pictures come once you have said what you expect."
CHANGED = "A setting was changed since: this is the answer of the changed settings."

_MOUNT = st.components.v2.component(
    "landscape_asked",
    css=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def questions(lab: Lab) -> None:
    """Draw the fold of questions, and some beside it. Each sets all controls, and so the link; choosing one closes the fold."""
    if not lab.questions:
        return
    settings, by_slug = current(), {question.slug: question for question in lab.questions}
    fold = f"questions-{lab.name}-{settings.adopted}"  # another one after each choice, which is closed
    with st.container(key="questions", horizontal=True, vertical_alignment="center"):
        with st.expander(f"{len(lab.questions)} questions to try", icon=":material/help:", key=fold):
            columns = st.columns(COLUMNS)
            for i, question in enumerate(lab.questions):
                with columns[i * COLUMNS // len(lab.questions)]:
                    _choice(lab, question, question.ask, f"ask-{question.slug}")
        for slug, text in lab.front.items():
            _choice(lab, by_slug[slug], text, f"front-{slug}")


def _choice(lab: Lab, question: Question, text: str, key: str) -> None:
    """Draw the button that asks a question."""
    values = lab.codec.values_of(question.request)
    st.button(text, on_click=adopt, args=(values, question), type="tertiary", key=key, wrap=True)


def asked(lab: Lab, request: Any, tickets: compute.Tickets) -> None:
    """Draw the question that is asked, its answer as soon as it is known, and what may be asked next."""
    question = current().asked
    if question is None:
        return

    def draw() -> None:
        _strip(lab, question, request, tickets)

    if tickets:
        compute.live("asked", compute.of(tickets), draw)
    else:
        draw()
    # Brought into view when it is asked, and again when the pictures come after a prediction.
    data = {"section": question.section, "adopted": f"{current().adopted} {is_hidden(lab)}"}
    _MOUNT(key=f"asked-{lab.name}", data=[data])


def is_hidden(lab: Lab) -> bool:
    """Return whether results are not shown yet: the link asks to predict, and nothing was chosen so far."""
    question = current().asked
    if question is None or PREDICT not in st.query_params or not question.choices:
        return False
    return not st.session_state.get(_key(lab, question), False)


def _key(lab: Lab, question: Question) -> str:
    """Return where it is noted that something was predicted."""
    return f"has-predicted-{lab.name}-{question.slug}"


def _strip(lab: Lab, question: Question, request: Any, tickets: compute.Tickets) -> None:
    """Draw the strip below the title: the question, what was predicted, the answer, and where to go from it."""
    settings = current()
    st.markdown(f"**{question.ask}**")
    if _predicted(lab, question):
        results = compute.known(tickets)
        facts = lab.facts(request, results)
        said = "" if facts is None else question.answer(facts)
        ended = all(ticket.done for ticket in compute.of(tickets))
        st.markdown(linked(said or (UNANSWERED if ended else WAITING)))
    if settings.changed:
        st.caption(CHANGED)
    with st.container(horizontal=True):
        if settings.changed:
            _go("Its own settings", "settings", lab.codec.values_of(question.request), question)
        after = lab.questions[(list(lab.questions).index(question) + 1) % len(lab.questions)]
        if after is not question:
            _go(f"Next: {after.ask}", "next", lab.codec.values_of(after.request), after)
        _go("Close", "close", settings.values, None)


def _predicted(lab: Lab, question: Question) -> bool:
    """Return whether the answer may be shown: where the link asks to predict, not before something was chosen."""
    if PREDICT not in st.query_params or not question.choices:
        return True
    key = f"predicted-{lab.name}-{question.slug}"
    chosen = st.pills("What do you expect?", [choice.text for choice in question.choices], key=key)
    if chosen is not None:
        if is_hidden(lab):
            st.session_state[_key(lab, question)] = True
            st.rerun()  # of the page, whose pictures may be seen now
        st.markdown(f"You said: *{literal(chosen)}*. Here it is:")
    return chosen is not None


def _go(label: str, key: str, values: Values, question: Question | None) -> None:
    if st.button(label, on_click=adopt, args=(values, question), type="tertiary", key=f"asked-{key}", wrap=True):
        st.rerun()  # of the page: the strip is drawn by itself as results come
