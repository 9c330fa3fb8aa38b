"""Draws a lab: its question, its controls, its sections as their results come, its numbers to take along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from landscape.experiment import Drawing
from landscape.figures.panel import Panel
from landscape.labs.glossary import terms_in
from landscape.labs.lab import Job, Lab, Results, Section, Shown
from landscape.labs.words import literal, time_left
from pages.components import borrowed, compute, controls, lesson
from pages.components.exchange import exchange
from pages.components.frame import begin_page
from pages.components.page_links import open_page, page_link
from pages.components.picker import picker, was_picked
from pages.components.question import HIDDEN, asked, is_hidden, questions
from pages.components.settings import begin, change, current, with_table
from pages.components.table import table
from pages.components.take import is_large, show_large, take_along
from pages.components.terms import caption, linked, prose
from pages.components.viewer import viewer

LONG = "Computing: {}. A smaller depth or width, fewer steps or a lower resolution takes less."

FAILED = "This could not be computed: see above."
"""What stands in place of a picture of which a job has failed."""

FEW = 1
"""So many points to notice leave the first picture whole in view below them, on a projector too; more stand after it, as all
do in large letters, and in a lesson, whose answer stands above."""


def show(lab: Lab) -> None:
    """Draw the page of a lab."""
    begin_page()
    show_large()
    place, unclear = lesson.arrive(lab.name)
    settings = begin(lab)
    if place is not None:
        lesson.follow(settings, place)
    settings.problems = (*unclear, *settings.problems)
    for problem in (*settings.problems, *controls.unclear(lab)):
        st.warning(literal(problem))
    if lab.jobs is None:
        compute.compute_here()
    if place is None:
        _whole(lab)
    else:
        _step(lab, place)


def _step(lab: Lab, place: lesson.Place) -> None:
    """Draw one question of a lesson: before anything is said nothing is shown, afterwards its section alone."""
    section = next(section for section in lab.sections if section.name == place.question.section)
    with st.container(border=True, key="lesson"):
        with st.container():  # of its own: what follows keeps its place when the choices go
            told = lesson.head(place)
        answer = st.container()
        lesson.foot(place)
    below = None
    if told:
        _groups(lab)
        below = _place(lab, section)
    request = controls.finish()
    if request is None:
        return
    jobs = lesson.jobs_of(lab, place.question, request)
    tickets = compute.ask(jobs, lesson.ahead(place))
    if below is None:
        return
    with answer:
        lesson.answer(lab, place, request, tickets)
    with below:
        _live(lab, section, request, tickets, patient={name for name, many in jobs.items() if _are_patient(many)})


def _whole(lab: Lab) -> None:
    """Draw all of a lab."""
    st.title(lab.question)
    strip = st.container(key="asked")
    _introduction(lab)
    above = st.container()
    misfit = st.container()  # in view, above the sections that it leaves empty
    places = [_place(lab, section) for section in lab.sections]
    end = st.container()
    controls.settle()
    with misfit:
        request = controls.finish()
    if request is None:
        with above:
            _controls(lab)
        return
    jobs = {**(lab.jobs(request) if lab.jobs else {}), **borrowed.jobs(lab)}
    tickets = compute.ask(jobs)
    hidden = is_hidden(lab)
    if hidden:
        with misfit:
            st.info(HIDDEN, icon=":material/visibility_off:")
    else:
        patient = {name for name, many in jobs.items() if _are_patient(many)}
        for section, place in zip(lab.sections, places, strict=True):
            with place:
                _live(lab, section, request, tickets, patient)
                borrowed.offer(lab, section)
    # After the jobs are asked for and it is seen that they run: most of what stands on a page are its controls.
    with above:
        _controls(lab)
    with strip:
        asked(lab, request, tickets)
    with end:
        done = all(ticket.done for ticket in compute.of(tickets))
        if lab.numbers and done and not hidden and controls.shown(lab, "files"):
            exchange(lab.name, lab.numbers(request, compute.known(tickets)))
        take_along(lab)
        with st.expander("How to read this: the maths, and where it comes from", icon=":material/menu_book:"):
            prose(lab.reading)
        with st.expander("The words that stand here", icon=":material/dictionary:"):
            texts = (lab.question, lab.introduction, lab.reading, *(section.note for section in lab.sections))
            shown = [
                *texts,
                *(bounds.label for bounds in lab.codec.fields.values()),
                *(one.ask for one in lab.questions),
            ]
            st.markdown("\n".join(f"- **{term}**: {said}" for term, said in terms_in(" ".join(shown)).items()))


def _introduction(lab: Lab) -> None:
    """Draw what the page is about: folded where letters are large, as otherwise the pictures are out of the window."""
    if not is_large():
        prose(lab.introduction)
        return
    with st.expander("What this page is about", icon=":material/info:"):
        prose(lab.introduction)


def _controls(lab: Lab) -> None:
    """Draw all controls but those of the sections."""
    _groups(lab)
    settings = current()
    if controls.shown(lab, "presets"):
        questions(lab)
    controls.run_controls(lab, compute.forget)
    if controls.shown(lab, "networks"):
        if lab.networks:
            controls.network_control(lab.networks)
        if "variants" in settings.values:
            controls.variant_controls()


def _groups(lab: Lab) -> None:
    """Draw the controls of the sidebar."""
    for group in lab.groups(with_table(current().values)):
        if controls.shown(lab, group.name):
            controls.group(group)


def _place(lab: Lab, section: Section) -> Any:
    """Draw what of a section stands before its results, and return the place for these."""
    place = st.container(key=section.name)
    with place:
        if section.title:
            st.subheader(section.title)
        if section.note:
            prose(section.note)
        if controls.shown(lab, section.group):
            controls.beside(section.controls(current().values))
    return place


@dataclass(frozen=True)
class _Jobs:
    """The jobs of a section: own, all of them; pictures, those without which its pictures are not the last ones; told,
    those whose failure it tells; prompt, the quick ones."""

    own: list[compute.Ticket]
    pictures: list[compute.Ticket]
    told: list[compute.Ticket]
    prompt: list[compute.Ticket]


def _are_patient(jobs: Sequence[Job | None]) -> bool:
    return any(job is not None and job.patient for job in jobs)


def _live(lab: Lab, section: Section, request: Any, tickets: compute.Tickets, patient: set[str]) -> None:
    """Draw a section as its jobs go on. patient: the names of jobs that run after all others, whose pictures come late."""
    first, soon = _first_here(lab, section), [name for name in section.jobs or tickets if name not in patient]
    # Of jobs of sections above alone nothing is awaited here: the page is drawn anew at their end, and to look for news
    # before would be as many runs of the script again, from the time of the browser that draws their pictures.
    alone = bool(first) and not compute.of(tickets, first)
    own = compute.of(tickets, section.jobs) if lab.jobs and not alone else []
    awaited = compute.of(tickets, section.awaited) if section.awaited else []
    prompt = compute.of(tickets, section.prompt) if section.prompt and own else []
    jobs = _Jobs(own, awaited or compute.of(tickets, soon), compute.of(tickets, first) if first and own else [], prompt)
    if own:
        compute.live(own, lambda: _draw(section, request, tickets, jobs), awaited, prompt)
    else:
        _draw(section, request, tickets, jobs)
    if section.picks and controls.shown(lab, section.group):
        picker(section.picks, section.name)


def _draw(section: Section, request: Any, tickets: compute.Tickets, jobs: _Jobs) -> None:
    """Draw what is known of a section now."""
    # Asked before looking at the results: what ends meanwhile is not drawn.
    revision = f"{'done' if all(ticket.done for ticket in jobs.pictures) else 'pending'} {compute.digest(request)}"
    results = compute.known(tickets)
    if jobs.own:
        compute.show_progress(jobs.own, jobs.told, section.name)
        if left := time_left(compute.seconds_left(jobs.own, (section.name, request))):
            st.caption(LONG.format(left))
    shown: Shown = compute.kept(section.name, (request, *_sources(results)), lambda: section.show(request, results))
    for problem in shown.problems:
        st.warning(problem, icon=":material/warning:")
    many = len(shown.notice) > FEW or is_large() or lesson.LESSON in st.query_params
    if not many:
        _notice(shown.notice)
    if shown.panels:
        viewer(
            _without_waiting(shown.panels, compute.of(tickets, section.jobs)),
            shown.steps,
            f"viewer-{section.name}",
            section.height,
            revision,
            _contours(),
            shown.readouts,
            is_large(),
            shown.along,
            compute.again(jobs.prompt),
        )
    if many:
        _notice(shown.notice)
    if shown.note:
        caption(shown.note)
    for one in shown.tables:
        table(one)
    if shown.said:
        st.markdown(shown.said)
    picked = was_picked(section.name)
    for action in shown.actions:
        if action.lab:
            if picked:
                open_page(action.lab, action.values)
            page_link(action.lab, action.text, action.values, ":material/arrow_forward:")
            continue
        st.button(action.text, on_click=change, args=(dict(action.values),), icon=":material/arrow_forward:")


def _without_waiting(panels: Sequence[Panel], tickets: Sequence[compute.Ticket]) -> Sequence[Panel]:
    """Return the panels, those without a figure told to stay so where all jobs have ended and one has failed."""
    if not all(ticket.done for ticket in tickets) or all(ticket.error is None for ticket in tickets):
        return panels
    return [one if one.figure or one.empty else replace(one, pending=FAILED, empty=True) for one in panels]


def _notice(points: Sequence[str]) -> None:
    """Draw what is to be noticed; nothing where there is nothing yet."""
    if points:
        said = "\n\n" + "\n".join(f"- {one}" for one in points) if len(points) > 1 else f" {points[0]}"
        st.info(linked(f"**What to notice.**{said}"), icon=":material/visibility:")


def _first_here(lab: Lab, section: Section) -> list[str]:
    """Return the jobs of a section that none before it has: their failures are told here, and once."""
    before = [name for other in lab.sections[: list(lab.sections).index(section)] for name in other.jobs]
    return [name for name in section.jobs if name not in before]


def _contours() -> Callable[[], None] | None:
    """Return what chooses contours in place of scenes, where the lab has that choice."""
    fields = current().codec.fields
    name = next((name for name, bounds in fields.items() if bounds.kind is Drawing), None)
    if name is None:
        return None

    return lambda: change({name: Drawing.CONTOUR})


def _sources(results: Results) -> list[object]:
    """Return what tells whether there are news: each value, the very same or another, and whether it is the last."""
    return [part for many in results.values() for one in many for part in (one.value, one.done, one.failed)]
