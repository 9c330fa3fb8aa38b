"""Draws a lab: its question, its controls, its sections as their results come, its numbers to take along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from landscape.labs.glossary import terms_in
from landscape.labs.lab import Job, Lab, Section
from landscape.labs.words import literal
from pages.components import borrowed, compute, controls, lesson
from pages.components.exchange import exchange
from pages.components.frame import begin_page
from pages.components.question import HIDDEN, asked, is_hidden, questions
from pages.components.section import live
from pages.components.settings import begin, current, with_table
from pages.components.take import is_large, show_large, take_along
from pages.components.terms import prose


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
    jobs = lesson.jobs_of(lab, place.question, request)
    tickets = compute.ask(jobs, lesson.ahead(place))
    if below is None:
        return
    with answer:
        lesson.answer(lab, place, request, tickets)
    with below:
        live(lab, section, request, tickets, patient={name for name, many in jobs.items() if _are_patient(many)})


def _whole(lab: Lab) -> None:
    """Draw all of a lab."""
    st.title(lab.question)
    strip = st.container(key="asked")
    _introduction(lab)
    _controls(lab)
    misfit = st.container()  # in view, above the sections that it leaves empty
    places = [_place(lab, section) for section in lab.sections]
    end = st.container()
    with misfit:
        request = controls.finish()
    jobs = {**(lab.jobs(request) if lab.jobs else {}), **borrowed.jobs(lab)}
    tickets = compute.ask(jobs)
    with strip:
        asked(lab, request, tickets)
    hidden = is_hidden(lab)
    if hidden:
        with misfit:
            st.info(HIDDEN, icon=":material/visibility_off:")
    else:
        patient = {name for name, many in jobs.items() if _are_patient(many)}
        every = [ticket for section in lab.sections for ticket in compute.of(tickets, section.jobs)]
        for section, place in zip(lab.sections, places, strict=True):
            with place:
                live(lab, section, request, tickets, patient, every)
                borrowed.offer(lab, section)
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


def _are_patient(jobs: Sequence[Job | None]) -> bool:
    return any(job is not None and job.patient for job in jobs)
