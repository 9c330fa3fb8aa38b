"""A step of a lesson: where in it a page stands, the question with its choices before anything is shown, and what follows.

The link holds it all: `?lesson=name&at=3` opens the page of the third question with that question's settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from landscape.labs.lab import Jobs, Lab, Question, Section
from landscape.labs.words import literal, sentence
from landscape.teaching.labs import labs
from landscape.teaching.lesson import Lesson, Step
from landscape.teaching.lessons import lesson_of
from pages.components import compute
from pages.components.page_links import page_link
from pages.components.question import UNANSWERED, WAITING
from pages.components.settings import ASK, AT, LESSON, Settings, adopt, current
from pages.components.terms import linked, prose

START = "start"
"""The page that lists the lessons."""

SENTENCES = {
    "right": "You said: *{said}*. So it is here.",
    "wrong": "You said: *{said}*. Here it is: *{right}*.",
    "open": "You said: *{said}*. These results bear none of it out.",
    "shown": "Here is what is found.",
}
"""How the answer stands beside what was said, a template each."""

NOT_THERE = "at in the link must be a whole number from 1 to {most}, not {at!r}; the first question stands here."


@dataclass(frozen=True)
class Place:
    """Where in a lesson a page stands. at: the number of the step, from 1 on. problems: what of the link was not clear."""

    lesson: Lesson
    at: int
    problems: tuple[str, ...] = ()

    @property
    def step(self) -> Step:
        """The question here."""
        return self.lesson.steps[self.at - 1]

    @property
    def question(self) -> Question:
        """The question here."""
        return self.step.question

    def moved(self, by: int) -> Place | None:
        """Return the place so many questions further; None beyond the ends."""
        at = self.at + by
        return Place(self.lesson, at) if 1 <= at <= len(self.lesson.steps) else None

    @property
    def link(self) -> dict[str, str]:
        """The parameters that open it, on the page of its step."""
        return {ASK: self.step.slug, LESSON: self.lesson.name, AT: f"{self.at}"}


def arrive(page: str) -> tuple[Place | None, tuple[str, ...]]:
    """Return where in a lesson the link of this page stands, and sentences on what is wrong with it; None outside of one.

    Where the question is another page's, go there.
    """
    link = st.query_params
    if LESSON not in link:
        return None, ()
    try:
        place = _place(link[LESSON], link.get(AT, "1"))
    except ValueError as error:
        leave()
        return None, (str(error),)
    places: dict[str, Place] = st.session_state.setdefault("places", {})
    if place.step.lab != page:
        shown = st.session_state.get("in_lesson")
        if shown is None or shown.link != place.link:
            _go(place)
        # The address of another page, which came late, as after a step back: this page stands where it stood.
        if page not in places or places[page].lesson != place.lesson:
            leave()
            return None, ()
        place = places[page]
    before = st.session_state.get("in_lesson")
    own = {ASK: place.step.slug, AT: f"{place.at}"}
    if before is None or before.link != place.link or any(link.get(name) != text for name, text in own.items()):
        # Also where it says so already: of a link to the page that is shown the browser's address knows nothing.
        link.from_dict(link.to_dict() | own)
    st.session_state["in_lesson"] = places[page] = place
    return place, place.problems


def leave() -> None:
    """Take the lesson out of the link; the question and its settings stay."""
    for name in (LESSON, AT):
        st.query_params.pop(name, None)


def follow(settings: Settings, place: Place) -> None:
    """Have the question of a lesson asked, also where another was, or none any more."""
    if settings.asked != place.question:
        settings.adopt(settings.codec.values_of(place.question.request), settings.problems, place.question)


def head(place: Place) -> bool:
    """Draw the question, with its choices until one was made, and return whether the answer may be shown."""
    lesson, question = place.lesson, place.question
    st.caption(f"{literal(lesson.title)} · {place.at} of {len(lesson.steps)}")
    st.title(question.ask)
    if place.step.sentence:
        prose(literal(place.step.sentence))
    if _said(question) is None:
        if question.choices:
            st.markdown("**What do you expect?**")
        for i, choice in enumerate(question.choices):
            st.button(
                choice.text, on_click=_say, args=(question, choice.text), key=f"say-{question.slug}-{i}", wrap=True
            )
        st.button(
            "Show the answer", on_click=_say, args=(question, ""), type="tertiary", key=f"say-{question.slug}-show"
        )
    return _said(question) is not None


def answer(lab: Lab, place: Place, request: Any, tickets: compute.Tickets) -> None:
    """Draw the computed answer beside what was said, as soon as it is known."""

    def draw() -> None:
        results = compute.known(tickets)
        facts = lab.facts(request, results)
        told = "" if facts is None else place.question.answer(facts)
        if not told:
            ended = all(ticket.done for ticket in compute.of(tickets))
            st.info(UNANSWERED if ended else WAITING, icon=":material/hourglass:")
            return
        said = f"{beside(place.question, _said(place.question) or '', facts)} {told}"
        st.success(linked(said), icon=":material/insights:")

    if tickets:
        compute.live("lesson", compute.of(tickets), draw)
    else:
        draw()


def beside(question: Question, said: str, facts: Any) -> str:
    """Return what was said beside what is so."""
    if not said:
        return SENTENCES["shown"]
    right = [choice.text for choice in question.choices if choice.right(facts)]
    case = "right" if said in right else "wrong" if right else "open"
    return sentence(SENTENCES[case], said=said, right=right)


def foot(place: Place) -> None:
    """Draw the ways on and back, and out of the lesson."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if (before := place.moved(-1)) is not None:
            _link(before, "Back", ":material/arrow_back:")
        if (after := place.moved(1)) is not None:
            _link(after, "Next", ":material/arrow_forward:")
        else:
            page_link(START, "The end: to the other lessons", {}, ":material/flag:")
        st.button("Leave the lesson here", on_click=_leave, type="tertiary", key="leave-lesson")


def jobs_of(lab: Lab, question: Question, request: Any) -> Jobs:
    """Return the jobs of a request, those of the question's section first; the others run while nobody waits."""
    every, own = lab.jobs(request) if lab.jobs else {}, _section(lab, question).jobs
    first = {name: many for name, many in every.items() if name in own or not own}
    rest = {name: [job and replace(job, patient=True) for job in many] for name, many in every.items()}
    return first | {name: many for name, many in rest.items() if name not in first}


def ahead(place: Place) -> Jobs:
    """Return the jobs of the section in which the next question is answered; none at the end."""
    after = place.moved(1)
    if after is None:
        return {}
    lab, question = labs()[after.step.lab], after.question
    own = _section(lab, question).jobs
    return {name: many for name, many in jobs_of(lab, question, question.request).items() if name in own or not own}


def _section(lab: Lab, question: Question) -> Section:
    return next(section for section in lab.sections if section.name == question.section)


def _place(name: str, at: str) -> Place:
    own: dict[str, Lesson] = st.session_state.get("own_lessons", {})
    lesson = own.get(name) or lesson_of(name)
    most = len(lesson.steps)
    if at.isascii() and at.isdigit() and 1 <= int(at[:4]) <= most:
        return Place(lesson, int(at[:4]))
    return Place(lesson, 1, (NOT_THERE.format(at=at[:20], most=most),))


def _go(place: Place) -> None:
    """Go to the page of a step; where this page runs by itself, draw a link to it and stop there."""
    try:
        st.switch_page(f"pages/{place.step.lab}.py", query_params={**_kept(), **place.link})
    except StreamlitPageNotFoundError:
        _link(place, place.question.ask, ":material/arrow_forward:")
        st.stop()


def _link(place: Place, label: str, icon: str) -> None:
    page_link(place.step.lab, label, {**place.link, **_kept()}, icon)


def _kept() -> dict[str, str]:
    """Return what of the link goes along from step to step."""
    return {"controls": st.query_params["controls"]} if "controls" in st.query_params else {}


def _leave() -> None:
    settings = current()
    leave()
    adopt(settings.values, settings.asked)


def _say(question: Question, said: str) -> None:
    every = st.session_state.setdefault("said", {})
    every[question] = said


def _said(question: Question) -> str | None:
    """Return which choice was made in this session, empty where the answer was asked for without one; None before."""
    return st.session_state.get("said", {}).get(question)
