"""Draws a section of a lab as its jobs go on: progress, pictures, what to notice of them, tables, and where to go from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from landscape.experiment import Drawing
from landscape.figures.panel import Panel
from landscape.labs.lab import Lab, Results, Section, Shown
from landscape.labs.words import time_left
from pages.components import compute, controls, lesson
from pages.components.page_links import open_page, page_link
from pages.components.picker import picker, was_picked
from pages.components.settings import change, current
from pages.components.table import table
from pages.components.take import is_large
from pages.components.terms import caption, linked
from pages.components.viewer import viewer

LONG = "Computing: {}. A smaller depth or width, fewer steps or a lower resolution takes less."

FAILED = "This could not be computed: see above."
"""What stands in place of a picture of which a job has failed."""

FEW = 1
"""So many points to notice leave the first picture whole in view below them, on a projector too; more stand after it, as all
do in large letters, and in a lesson, whose answer stands above."""


@dataclass(frozen=True)
class _Jobs:
    """The jobs of a section: own, all of them; pictures, those without which its pictures are not the last ones; told,
    those whose failure it tells."""

    own: list[compute.Ticket]
    pictures: list[compute.Ticket]
    told: list[compute.Ticket]


def live(
    lab: Lab,
    section: Section,
    request: Any,
    tickets: compute.Tickets,
    patient: set[str],
    every: Sequence[compute.Ticket] = (),
) -> None:
    """Draw a section as its jobs go on.

    patient: the names of jobs that run after all others, whose pictures come late. every: the jobs of all sections.
    """
    first, soon = _first_here(lab, section), [name for name in section.jobs or tickets if name not in patient]
    own = compute.of(tickets, section.jobs) if lab.jobs and not _is_alone(lab, section, tickets) else []
    below = {name for one in lab.sections if _is_alone(lab, one, tickets) for name in one.jobs}
    others = () if below & set(section.jobs or tickets) else every
    awaited = compute.of(tickets, section.awaited) if section.awaited else []
    prompt = compute.of(tickets, section.prompt) if section.prompt and own else []
    jobs = _Jobs(own, awaited or compute.of(tickets, soon), compute.of(tickets, first) if first and own else [])
    if own:
        compute.live(section.name, own, lambda: _draw(section, request, tickets, jobs), awaited, prompt, others)
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


def _is_alone(lab: Lab, section: Section, tickets: compute.Tickets) -> bool:
    """Return whether a section awaits jobs of sections above alone: the page is drawn anew at their end.

    To look for news before would be as many runs of the script again, from the time of the browser that draws their pictures.
    """
    first = _first_here(lab, section)
    return bool(first) and not compute.of(tickets, first)


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
