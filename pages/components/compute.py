"""The one way a page gets a result: jobs shared by all sessions, held by the session that asks."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import uuid4
from zlib import crc32

import streamlit as st

from landscape.labs.lab import Jobs, Known, Results
from landscape.labs.words import literal
from landscape.serving.devices import keep_freed_memory
from landscape.serving.jobs import Job
from landscape.serving.tickets import Status, Ticket
from landscape.serving.workers import default_dispatcher, one_thread
from pages.components.news import ask_for_news

POLL_SECONDS = 0.5
"""Between two drawings while jobs run."""

PROMPT_SECONDS = 0.03
"""The same where quick jobs are awaited."""

AWAIT_SECONDS = 0.45
"""How long a drawing stays for an end that it would miss, less than until the next one."""

SLICE_SECONDS = 0.05
"""How long a change of a control may wait for a drawing that awaits an end."""

PACE_SECONDS = 2.0
"""For so long jobs are watched before it is told how long they will take."""

ENDED = (Status.DONE, Status.FAILED)

PROGRESS_HEIGHT = 16
"""In pixels, of a progress bar without a text: what is done the page says below it."""

Tickets = Mapping[str, Sequence[Ticket | None]]
"""By the name of a job, one for each network; None where a network has no such job, or nothing awaits it any more."""

keep_freed_memory()
gc.collect()
gc.freeze()  # what was imported stays out of every later collection, which would otherwise take long with torch loaded


def ask(jobs: Jobs, ahead: Jobs | None = None) -> Tickets:
    """Ask for the jobs of a request, and let go of what this session asked for before and needs no more.

    ahead: what is likely to be asked for next. It is computed while nobody waits for anything.
    """
    every = [job for many in jobs.values() for job in many if job is not None]
    tickets = {job.key: _request(job) for job in every if not job.passing}
    # What only others need is asked for by itself, to see how far it is, while one of them is not there.
    awaited = {need.key for job in every if not job.passing and not tickets[job.key].done for need in job.needs}
    tickets |= {job.key: _request(job) for job in every if job.passing and job.key in awaited}
    soon = [job for many in (ahead or {}).values() for job in many if job is not None and not job.passing]
    # Asked for before what was held is let go, as some of it may be the same.
    later = [_request(replace(job, patient=True)) for job in soon]
    _hold(list(tickets.values()), sorted({need.key for job in every for need in _behind(job)} - set(tickets)), later)
    return {name: [tickets.get(job.key) if job else None for job in many] for name, many in jobs.items()}


def _behind(job: Job) -> Iterator[Job]:
    """Yield all that a job needs, and what that needs."""
    for need in job.needs:
        if isinstance(need, Job):
            yield need
            yield from _behind(need)


def of(tickets: Tickets, names: Sequence[str] = ()) -> list[Ticket]:
    """Return the tickets of these jobs, or of all."""
    return [ticket for name in names or tickets for ticket in tickets[name] if ticket is not None]


def known(tickets: Tickets) -> Results:
    """Return what is known of each job now."""
    return {name: [_known(ticket) for ticket in many] for name, many in tickets.items()}


def _known(ticket: Ticket | None) -> Known:
    if ticket is None:
        return Known(done=True)
    # Asked first: what ends meanwhile is not yet said to have ended.
    done = ticket.done
    return Known(ticket.result if done else ticket.partial, done, ticket.error is not None)


def compute_here() -> None:
    """Let a page compute in its own script, on one core as a worker does, and let go of what others of its kind asked for.

    Small tensors shared out among cores take longer than on one, above all where others use the cores too.
    """
    one_thread()
    _hold([])


def forget() -> None:
    """Let go of the results that this session shows, so that asking again computes them anew."""
    held = _held()
    for ticket in held.get("tickets", []):
        default_dispatcher().store.drop(ticket.key)
        ticket.release()
    for key in held.get("behind", []):
        default_dispatcher().store.drop(key)
    held.clear()


def show_progress(tickets: Sequence[Ticket], told: Sequence[Ticket], name: str) -> None:
    """Show how far jobs are, in a place that keeps its height when they are done, and failures as sentences.

    told: those whose failure is told here, each kind once; of the others another section tells. name: of the place.
    """
    for error in {str(ticket.error).rstrip(".") for ticket in told if ticket.error is not None}:
        said = f"This could not be computed: {error}. Change a setting, or press Reset."
        st.error(literal(said), icon=":material/error:")
    with st.container(height=PROGRESS_HEIGHT, border=False, key=f"progress-{name}"):
        if not all(ticket.done for ticket in tickets):
            st.progress(sum(ticket.fraction for ticket in tickets) / len(tickets))


def seconds_left(tickets: Sequence[Ticket], what: tuple[object, ...]) -> float | None:
    """Return how long these jobs will still take, at their pace since this was first asked; None before it is known.

    what: tells them from the jobs that it was asked of before.
    """
    done, now = sum(1.0 if ticket.done else ticket.fraction for ticket in tickets), time.monotonic()
    begun, first = kept("begun", what, lambda: (now, done))
    seen = now - begun
    return seen * (len(tickets) - done) / (done - first) if done > first and seen >= PACE_SECONDS else None


def kept(name: str, sources: tuple[object, ...], make: Callable[[], Any]) -> Any:
    """Return what was made last under this name where its sources are equal (results: the very same), else make it.

    A page that looks for news draws again also where there is none.
    """
    held = _held()
    if name not in held or not _alike(held[name][0], sources):
        held[name] = sources, make()
    return held[name][1]


def _alike(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    """Return whether sources are the same: results the very same, whatever their class takes for equal; settings equal."""
    return len(before) == len(now) and all(
        one is other or (type(one) is type(other) and _is_setting(one) and one == other)
        for one, other in zip(before, now, strict=True)
    )


def _is_setting(value: object) -> bool:
    """Return whether a value compares as a whole: plain values, and requests, which are hashable."""
    return type(value).__hash__ is not None and type(value).__hash__ is not object.__hash__


def digest(request: object) -> str:
    """Return a short name of a request, which tells its pictures from those of another."""
    return f"{crc32(repr(request).encode()):08x}"


def live(
    part: str,
    tickets: Sequence[Ticket],
    draw: Callable[[], None],
    awaited: Sequence[Ticket] = (),
    prompt: Sequence[Ticket] = (),
    others: Sequence[Ticket] = (),
) -> None:
    """Draw a part of the page now, and again every half second until all its jobs are done; at once when the awaited ones are.

    When they and the others are done the whole page runs again. part: its name. prompt: quick jobs, whose end draws before
    that of the awaited ones. others: jobs of other parts, of which each does the same.
    """
    pending = not all(ticket.done for ticket in tickets)
    turns = count()
    last: list[float] = []

    @st.fragment
    def redraw() -> None:
        done = all(ticket.done for ticket in tickets)
        stages = (stage for stage in (prompt, awaited) if not all(ticket.done for ticket in stage))
        soon = next(stages, tickets)
        draw()
        if pending:
            ask_for_news(part, _until_news(done, last, others, soon is prompt))
        if not done and awaited and next(turns) > 0 and _have_ended(soon):
            st.rerun(scope="fragment")

    redraw()


def _until_news(done: bool, last: list[float], others: Sequence[Ticket], hurry: bool) -> float | None:
    """Return after how many seconds a part of the page is to ask for news; run the whole page where there will be none.

    last: when the part was drawn with all its jobs done, which is noted here.
    """
    if not done:
        return PROMPT_SECONDS if hurry else POLL_SECONDS
    if not all(ticket.done for ticket in others):
        return None  # that of which a job ends last goes on
    last.append(time.monotonic())
    if last[-1] - last[0] > POLL_SECONDS / 2:
        # A run of the whole page: not before the browser has drawn the last pictures.
        st.session_state["own_rerun"] = True  # the link that it brings may be older than the one in the browser
        st.rerun()
    return POLL_SECONDS


def _have_ended(tickets: Sequence[Ticket]) -> bool:
    until = time.monotonic() + AWAIT_SECONDS
    for ticket in tickets:
        while not ticket.done and (left := until - time.monotonic()) > 0:
            ticket.wait(min(left, SLICE_SECONDS))
            _let_streamlit_end_the_script()
    return all(ticket.done for ticket in tickets)


def _let_streamlit_end_the_script() -> None:
    """Give way to a change of a control: any access to the session's state ends the script where one came."""
    st.session_state.get("owner")


def _request(job: Job) -> Ticket:
    # What has ended is kept while its settings are: asked for anew by each run of the page, a failure would fail, and a
    # result that the store had no room for would be computed, for ever.
    before = [*_held().get("tickets", []), *_held().get("later", [])]
    ended = {ticket.key: ticket for ticket in before if ticket.status in ENDED}
    return ended.get(job.key) or default_dispatcher().request(job, _owner())


def _held() -> dict[str, Any]:
    # One object, changed in place: Streamlit keeps the value before a change beside the new one until the next change.
    return st.session_state.setdefault("held", {})


def _owner() -> str:
    return st.session_state.setdefault("owner", uuid4().hex)


def _hold(tickets: list[Ticket], behind: Sequence[str] = (), later: Sequence[Ticket] = ()) -> None:
    """Hold these jobs, and let go of those held before; note the keys of results that stand behind theirs.

    later: tickets of what may be asked for next.
    """
    held = _held()
    before = [*held.get("tickets", []), *held.get("later", [])]
    held["tickets"], held["behind"], held["later"] = tickets, behind, later
    for ticket in before:
        ticket.release()
