"""The one way a page gets a result: jobs shared by all sessions, held by the session that asks."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4
from zlib import crc32

import streamlit as st

from landscape.devices import keep_freed_memory
from landscape.dynamics.smoothness import LineTask, Smoothness, SmoothnessTask
from landscape.experiment import PlaneKind, View
from landscape.internals.distributions import excess_kurtosis
from landscape.labs.codec import Request
from landscape.labs.smoothness.request import SmoothnessRequest
from landscape.serving.jobs import Job
from landscape.serving.task import Once, Task
from landscape.serving.tickets import Status, Ticket
from landscape.serving.workers import default_dispatcher, one_thread
from landscape.training.run import Run
from landscape.training.training import Training
from landscape.views import Bare, InspectionTask, MeasuresTask, scan_of
from pages.components.controls import literal

POLL_SECONDS = 0.5
AWAIT_SECONDS = 0.45
"""How long a drawing stays for an end that it would miss, less than until the next one."""
SLICE_SECONDS = 0.05
"""How long a change of a control may wait for a drawing that awaits an end."""
PACE_SECONDS = 2.0
"""For so long jobs are watched before it is told how long they will take."""
ENDED = (Status.DONE, Status.FAILED)
PROGRESS_HEIGHT = 16
"""In pixels, of a progress bar without a text: what is done the page says below it."""

keep_freed_memory()
gc.collect()
gc.freeze()  # what was imported stays out of every later collection, which would otherwise take a tenth of a second


@dataclass(frozen=True)
class NetworkTickets:
    """The jobs of one network of a comparison. Their results are bare: the store alone keeps all snapshots.

    training: what the run comes from, while there is none.
    """

    run: Ticket
    surface: Ticket
    inspection: Ticket
    measures: Ticket
    training: Ticket | None

    @property
    def known_run(self) -> Run | None:
        """The run, or what there is of it, or None."""
        return self.training.partial if self.training and not self.run.done else self.run.result

    @property
    def pictures(self) -> tuple[Ticket, ...]:
        """Those that all pictures wait for."""
        return self.run, *self.drawn

    @property
    def ended(self) -> bool:
        """Whether all have ended, well or not."""
        return all(ticket.done for ticket in self.all)

    @property
    def drawn(self) -> tuple[Ticket, ...]:
        """Those of landscapes, which come after the training."""
        return self.surface, self.inspection

    @property
    def all(self) -> tuple[Ticket, ...]:
        return *self.pictures, self.measures, *([self.training] if self.training else [])


def request_comparison(request: Request) -> tuple[NetworkTickets, ...]:
    """Ask for every network of a comparison, and let go of what this session asked for before and needs no more."""
    experiments, view = request.comparison.experiments(), request.view
    trainings = [Job(f"training {one!r}", partial(Training, [one]), serial=True) for one in experiments]
    fixed = f"{view.num_examples} {view.batches}"

    def each(
        name: str, task: Callable[[Run], Task], needs: Sequence[Job | Ticket], key: str, **how: bool
    ) -> list[Ticket]:
        return [
            _request(Job(f"{name} {one!r} {key}", task, (need,), **how))
            for one, need in zip(experiments, needs, strict=True)
        ]

    # In the order in which they are worth having: the trainings of all networks, then their landscapes, then the rest.
    runs = each("run", _bare_run, trainings, "")
    pending = [None if run.done else _request(training) for run, training in zip(runs, trainings, strict=True)]
    on: Sequence[Job | Ticket] = trainings if view.plane is PlaneKind.PCA else runs
    surfaces = each("surface", partial(_bare_surface, view=view), on, repr(view))
    inspections = each("inspection", partial(_bare_inspection, view=view), trainings, fixed)
    # One after the other: of images the second derivatives take more memory than all else.
    measures = each("measures", partial(MeasuresTask, view=view), runs, fixed, serial=True)
    tickets = tuple(map(NetworkTickets, runs, surfaces, inspections, measures, pending))
    _hold([ticket for network in tickets for ticket in network.all], [training.key for training in trainings])
    return tickets


@dataclass(frozen=True)
class SmoothnessTickets:
    """The jobs of one network of the page on smoothness; `shapes` are missing for a recurrent network."""

    measures: Ticket
    shapes: Ticket | None
    line: Ticket


def request_smoothness(request: SmoothnessRequest) -> tuple[SmoothnessTickets, ...]:
    """Ask for the measures along each network's training, then for the rest, and let go of what was asked before."""
    experiments, ladder = request.comparison.experiments(), request.ladder
    keys = [f"{experiment!r} {ladder!r}" for experiment in experiments]
    measures = [
        _request(Job(f"smoothness {key}", partial(SmoothnessTask, experiment, ladder), serial=True))
        for key, experiment in zip(keys, experiments, strict=True)
    ]
    lines = [
        _request(Job(f"line {key} {request.step}", partial(LineTask, step=request.step), (measured,), serial=True))
        for key, measured in zip(keys, measures, strict=True)
    ]
    shapes = [
        None if experiment.network.kind == "recurrent" else _request(Job(f"shapes {key}", _shapes, (measured,)))
        for key, experiment, measured in zip(keys, experiments, measures, strict=True)
    ]
    _hold([ticket for ticket in (*measures, *lines, *shapes) if ticket is not None])
    return tuple(map(SmoothnessTickets, measures, shapes, lines))


def compute_here() -> None:
    """Let a page compute in its own script, on one core as a worker does, and let go of what others of its kind asked for.

    Small tensors shared out among cores take longer than on one: a hundred times, where others use the cores too.
    """
    one_thread()
    _hold([])
    _held().pop("panels", None)


def forget() -> None:
    """Let go of the results that this session shows, so that asking again computes them anew."""
    held = _held()
    for name in ("panels", "begun"):
        held.pop(name, None)
    for ticket in held.pop("tickets", []):
        default_dispatcher().store.drop(ticket.key)
        ticket.release()
    for key in held.pop("behind", []):
        default_dispatcher().store.drop(key)


def known(ticket: Ticket) -> Any:
    """Return the result, or what there is of it, or None."""
    return ticket.result if ticket.done else ticket.partial


def together(tickets: Sequence[Ticket]) -> list[Any]:
    """Return what is known of each once there is something of all: pictures that share a range are drawn at once.

    One that failed keeps nobody waiting.
    """
    found = [known(ticket) for ticket in tickets]
    waiting = any(one is None and not ticket.done for one, ticket in zip(found, tickets, strict=True))
    return [None] * len(tickets) if waiting else found


def show_progress(tickets: Sequence[Ticket]) -> None:
    """Show how far the jobs are, in a place that keeps its height when they are done, and each failure as a sentence."""
    for error in {str(ticket.error).rstrip(".") for ticket in tickets if ticket.error is not None}:
        said = f"This could not be computed: {error}. Change a setting, or press Reset."
        st.error(literal(said), icon=":material/error:")
    with st.container(height=PROGRESS_HEIGHT, border=False):
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
    if name not in held or held[name][0] != sources:
        held[name] = sources, make()
    return held[name][1]


def digest(request: object) -> str:
    """Return a short name of a request, which tells its pictures from those of another."""
    return f"{crc32(repr(request).encode()):08x}"


def live(tickets: Sequence[Ticket], draw: Callable[[], None], awaited: Sequence[Ticket] = ()) -> None:
    """Draw now, and again every half second until all jobs are done; and at once when the awaited ones are, and all."""
    pending = not all(ticket.done for ticket in tickets)
    turns = count()
    last: list[float] = []

    @st.fragment(run_every=POLL_SECONDS if pending else None)
    def redraw() -> None:
        done = all(ticket.done for ticket in tickets)
        soon = tickets if all(ticket.done for ticket in awaited) else awaited
        draw()
        if done and pending:
            last.append(time.monotonic())
            if last[-1] - last[0] > POLL_SECONDS / 2:
                # It ends the turns, and is a run of the whole page: not before the browser has drawn the last pictures.
                st.session_state["own_rerun"] = True  # the link that it brings may be older than the one in the browser
                st.rerun()
        if not done and awaited and next(turns) > 0 and _have_ended(soon):
            st.rerun(scope="fragment")

    redraw()


def _have_ended(tickets: Sequence[Ticket]) -> bool:
    until = time.monotonic() + AWAIT_SECONDS
    for ticket in tickets:
        while not ticket.done and (left := until - time.monotonic()) > 0:
            ticket.wait(min(left, SLICE_SECONDS))
            st.session_state.get("owner")  # where a change of a control came, Streamlit ends the script here
    return all(ticket.done for ticket in tickets)


def _request(job: Job) -> Ticket:
    # What has ended is kept while its settings are: asked for anew by each run of the page, a failure would fail, and a
    # result that the store had no room for would be computed, for ever.
    ended = {ticket.key: ticket for ticket in _held().get("tickets", []) if ticket.status in ENDED}
    return ended.get(job.key) or default_dispatcher().request(job, _owner())


def _bare_run(run: Run) -> Once:
    return Once(run.bare)


def _bare_surface(run: Run, view: View) -> Bare:
    return Bare(scan_of(run, view))


def _bare_inspection(run: Run, view: View) -> Bare:
    return Bare(InspectionTask(run, view))


def _shapes(measured: Smoothness) -> Once:
    return Once(partial(excess_kurtosis, measured.run))


def _held() -> dict[str, Any]:
    # One object, changed in place: Streamlit keeps the value before a change beside the new one until the next change.
    return st.session_state.setdefault("held", {})


def _owner() -> str:
    return st.session_state.setdefault("owner", uuid4().hex)


def _hold(tickets: list[Ticket], behind: Sequence[str] = ()) -> None:
    """Hold these jobs, and let go of those held before; note the keys of results that stand behind theirs."""
    held = _held()
    before, held["tickets"], held["behind"] = held.get("tickets", []), tickets, behind
    for ticket in before:
        ticket.release()
