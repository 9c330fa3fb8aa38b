"""What does normalization do to a network's loss landscape?"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields

import streamlit as st

from landscape.captions import Outcome, Row, notice, table, time_left
from landscape.figures.comparison import comparison_panels
from landscape.figures.panel import Panel
from landscape.links import Request
from landscape.presets import COMPARE
from pages.components import compute, controls
from pages.components.text import compare as text
from pages.components.viewer import viewer


def outcomes_of(request: Request, networks: tuple[compute.NetworkTickets, ...]) -> list[Outcome | None]:
    """Return what is known of each network now."""
    runs = [tickets.known_run for tickets in networks]
    surfaces = compute.together([tickets.surface for tickets in networks])
    inspections = compute.together([tickets.inspection for tickets in networks])
    return [
        run and Outcome(label, run, tickets.run.done, surface, inspection, tickets.measures.result)
        for label, tickets, run, surface, inspection in zip(
            request.comparison.labels(), networks, runs, surfaces, inspections, strict=True
        )
    ]


def panels_of(request: Request, outcomes: list[Outcome | None], failed: tuple[bool, ...]) -> list[Panel]:
    """Return the panels of what is known."""
    comparison = request.comparison
    normalizations = [experiment.network.normalization for experiment in comparison.experiments()]
    return comparison_panels(comparison.labels(), normalizations, outcomes, request.view, request.display, failed)


def in_markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. Streamlit's own would bring pandas with it: 60 MB of the server's memory."""
    small = [[f":small[{cell}]" for cell in line] for line in (columns, *rows)]
    lines = [small[0], ["---"] * len(columns), *small[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def draw(request: Request, networks: tuple[compute.NetworkTickets, ...]) -> None:
    """Draw all that is known now."""
    drawn = all(ticket.done for network in networks for ticket in network.pictures)
    outcomes = outcomes_of(request, networks)
    known = [outcome for outcome in outcomes if outcome and outcome.finished]
    tickets = [ticket for network in networks for ticket in network.all]
    compute.show_progress(tickets)
    if len(known) < len(outcomes):
        left = compute.seconds_left([network.training or network.run for network in networks], ("training", request))
        found = text.TRAINING.format(f": {time_left(left)}. {text.FASTER_TRAINING}" if time_left(left) else "…")
    else:
        left = compute.seconds_left([ticket for network in networks for ticket in network.drawn], ("drawing", request))
        found = notice(known, request.view) + (text.DRAWING.format(time_left(left)) if time_left(left) else "")
    st.info(f"**What to notice.** {found}", icon=":material/visibility:")
    sources = [
        part for one in outcomes if one for part in (one.label, one.run, one.surface, one.inspection, one.finished)
    ]
    failed = tuple(any(ticket.error is not None for ticket in network.pictures) for network in networks)
    panels = compute.kept("panels", (request, failed, *sources), lambda: panels_of(request, outcomes, failed))
    steps = max((outcome.run.steps.tolist() for outcome in outcomes if outcome), key=len, default=[])
    viewer(panels, steps, revision=f"{'done' if drawn else 'pending'} {compute.digest(request)}")
    if known:
        st.subheader("In numbers")
        score = request.comparison.base.data.dataset.score
        columns = [text.COLUMNS[field.name].replace("accuracy", score) for field in fields(Row)]
        st.markdown(in_markdown(columns, map(astuple, table(known))))
        st.caption(text.TABLE_NOTE.replace("accuracy", score))


controls.begin()
st.title(text.QUESTION)
st.markdown(text.INTRODUCTION)
controls.base_controls()
controls.view_controls()
controls.run_controls(COMPARE, compute.forget)
controls.variant_controls()
request = controls.finish()
networks = compute.request_comparison(request)
compute.live(
    [ticket for network in networks for ticket in network.all],
    lambda: draw(request, networks),
    awaited=[ticket for network in networks for ticket in network.pictures],
)
with st.expander("How to read this: the maths, and where it comes from", icon=":material/menu_book:"):
    st.markdown(text.READING)
