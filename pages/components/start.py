"""The page where one begins: a live pair of landscapes, the lessons, every question by theme, a lesson of one's own."""

from __future__ import annotations

from typing import Any

import streamlit as st

from landscape.figures.panel import Group
from landscape.labs.lab import Lab
from landscape.labs.words import literal
from landscape.teaching.labs import labs
from landscape.teaching.lesson import MOST_STEPS, Lesson, Step, name_of, read_lesson, write_lesson
from landscape.teaching.lessons import LESSONS
from landscape.teaching.themes import Entry, by_theme, entries
from pages.components import compute
from pages.components.exchange import LARGEST, MEGABYTES, let_go
from pages.components.frame import begin_page
from pages.components.page_links import FIRST, address_of, page_link
from pages.components.settings import ASK, AT, LESSON, keep_in_step
from pages.components.terms import prose
from pages.components.viewer import viewer

NAME = "start"

TITLE = "What does normalization do, and why does it help?"

PARAGRAPH = """
Training a network is walking downhill on a landscape: the loss, as a height over the weights. Normalization layers such as
BatchNorm change that landscape, and with it what training can do. Here small networks are trained before your eyes, and
what you see is computed from them: nothing is drawn by hand. Turn the pair below: **the same data, the same initial weights, without
normalization and with BatchNorm.** Below them are four lessons and every question, and at the end all pages.
"""

LESSONS_NOTE = "Some ten minutes each: first you predict, then it is computed."

QUESTIONS_NOTE = "Each opens a page with its settings, and is answered there from what is computed."

OWN_NOTE = (
    "Choose questions in the order in which they are to come. The link is the whole lesson: send it to a class, with "
    "`&controls=none` as a sheet without controls. In the file each question may have a sentence of yours after its name."
)


def show() -> None:
    """Draw the page."""
    begin_page()
    keep_in_step(NAME)
    st.title(TITLE)
    prose(PARAGRAPH)
    pair = st.container(key="pair")
    st.subheader("Lessons")
    st.markdown(LESSONS_NOTE)
    _lessons()
    st.subheader("Every question")
    st.markdown(QUESTIONS_NOTE)
    _questions()
    with st.expander("A lesson of your own", icon=":material/edit_note:"):
        _own()
    with pair:
        _pair(labs()[FIRST])


def _pair(lab: Lab) -> None:
    """Draw the landscapes of a lab's defaults as they come, and nothing else of it."""
    request, section = lab.codec.request_of({}), lab.sections[0]
    every = lab.jobs(request) if lab.jobs else {}
    wanted = {*section.awaited, *section.prompt}
    tickets = compute.ask({name: many if name in wanted else [None] * len(many) for name, many in every.items()})
    awaited, prompt = compute.of(tickets, section.awaited), compute.of(tickets, section.prompt)

    def draw() -> None:
        revision = "done" if all(ticket.done for ticket in awaited) else "pending"
        compute.show_progress(compute.of(tickets), awaited, "start")
        shown = section.show(request, compute.known(tickets))
        scenes = [panel for panel in shown.panels if panel.group is Group.SCENE]
        revision = f"{revision} {compute.digest(request)}"
        viewer(scenes, key="viewer-start", height=320, revision=revision)

    compute.live("start", compute.of(tickets), draw, awaited, prompt)
    page_link(lab.name, f"More of this: {lab.title.lower()}", {}, lab.icon)


def _lessons() -> None:
    lessons = list(LESSONS.values())
    for i in range(0, len(lessons), 2):  # a row at a time: two beside each other are of one height
        for column, lesson in zip(st.columns(2), lessons[i : i + 2], strict=False):
            with column, st.container(border=True, height="stretch"):
                st.markdown(f"**{lesson.title}**")
                st.markdown(lesson.sentence)
                _begin(lesson, f"{len(lesson.steps)} questions: begin")


def _begin(lesson: Lesson, label: str) -> None:
    page_link(lesson.steps[0].lab, label, link_to(lesson), ":material/play_arrow:")


def link_to(lesson: Lesson) -> dict[str, str]:
    """Return the parameters of a link to the first question of a lesson."""
    return {ASK: lesson.steps[0].slug, LESSON: lesson.name, AT: "1"}


def _questions() -> None:
    words = st.text_input("Search", key="search", placeholder="Search the questions: momentum, batch, sigmoid …")
    found = by_theme(words[:100])
    if not found:
        st.markdown("No question has all of these words.")
    for theme, many in found.items():
        with st.expander(f"{theme} ({len(many)})", expanded=bool(words), key=f"theme {theme} {bool(words)}"):
            for entry in many:
                page_link(
                    entry.lab.name, f"{entry.question.ask} · {_told(entry)}", {ASK: entry.question.slug}, entry.lab.icon
                )


def _told(entry: Entry) -> str:
    """Return the lab that a question opens, and what else it is about."""
    return " · ".join((f"*{entry.lab.title}*", *(theme.lower() for theme in entry.themes[1:])))


def _own() -> None:
    """Draw what makes a lesson of questions in any order: a link, and a file that is read again."""
    st.markdown(OWN_NOTE)
    every = {entry.name: entry for entry in entries()}
    chosen = st.multiselect(
        "Questions, in order",
        list(every),
        format_func=lambda name: f"{every[name].question.ask} ({every[name].lab.title})",
        max_selections=MOST_STEPS,
        key="own-questions",
    )
    if chosen:
        steps = tuple(Step(every[name].lab.name, every[name].question.slug) for name in chosen)
        _offer(Lesson(name_of(steps), "My lesson", "", steps))
    st.markdown("Or load a file: a line for each question, its name first; a title after `#`.")
    key = f"lesson-file-{st.session_state.get('uploads', 0)}"
    st.file_uploader(
        f"A lesson, of {LARGEST // 1024} kB at most",
        type=["txt", "md"],
        key=key,
        on_change=_load,
        args=(key,),
        max_upload_size=MEGABYTES,
    )
    if problem := st.session_state.pop("lesson_problem", None):
        st.error(literal(problem))
    for lesson in st.session_state.get("own_lessons", {}).values():
        _offer(lesson)


def _offer(lesson: Lesson) -> None:
    """Draw a lesson's link and file."""
    page = lesson.steps[0].lab
    here = (st.context.url or "").partition("?")[0]  # of this page; without a browser there is none
    address = here.removesuffix(NAME) + address_of(page, {LESSON: lesson.name, AT: "1"}).removeprefix("./")
    st.code(address, language=None, wrap_lines=True)
    with st.container(horizontal=True):
        _begin(lesson, f"{literal(lesson.title)}: {len(lesson.steps)} questions, begin")
        st.download_button(
            "As a file",
            write_lesson(lesson),
            "lesson.txt",
            "text/plain",
            icon=":material/download:",
            on_click="ignore",
            key=f"file-{lesson.title}-{lesson.name}",
        )


def _load(key: str) -> None:
    file: Any = st.session_state[key]
    if file is None:
        return
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1
    try:
        if file.size > LARGEST:
            raise ValueError(f"This file has {file.size:,} bytes, and at most {LARGEST:,} are read: take others away")
        lesson = read_lesson(file.getvalue().decode("utf-8"))
        st.session_state["own_lessons"] = {lesson.name: lesson}
    except UnicodeDecodeError:
        st.session_state["lesson_problem"] = "This file is no text: save it as UTF-8."
    except ValueError as error:
        st.session_state["lesson_problem"] = f"{error}."
    finally:
        let_go(file.file_id)
