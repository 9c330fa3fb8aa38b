"""What does normalization do to a network's loss landscape?"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields

import streamlit as st

from landscape.figures.panel import Group, Panel
from landscape.labs.codec import Request
from landscape.labs.compare import prose as text
from landscape.labs.compare.figures import comparison_panels
from landscape.labs.compare.words import Outcome, Row, notice, table, time_left
from landscape.labs.presets import COMPARE
from pages.components import compute, controls
from pages.components.viewer import viewer


def outcomes_of(request: Request, networks: tuple[compute.NetworkTickets, ...]) -> list[Outcome | None]:
    """Return what is known of each network now."""
    runs = [tickets.known_run for tickets in networks]
    surfaces = compute.together([tickets.surface for tickets in networks])
    inspections = compute.together([tickets.inspection for tickets in networks])
    return [
        run and Outcome(label, run, tickets.run.done, surface, inspection, tickets.measures.result, tickets.ended)
        for label, tickets, run, surface, inspection in zip(
            request.comparison.labels(), networks, runs, surfaces, inspections, strict=True
        )
    ]


def failed_of(network: compute.NetworkTickets) -> frozenset[Group]:
    """Return the rows of pictures of which a network's could not be computed."""
    sources = {
        Group.SCENE: network.surface,
        Group.PATH: network.inspection,
        Group.CURVE: network.run,
        Group.ACTIVATION: network.inspection,
    }
    return frozenset(group for group, ticket in sources.items() if ticket.error is not None)


def panels_of(request: Request, outcomes: list[Outcome | None], failed: tuple[frozenset[Group], ...]) -> list[Panel]:
    """Return the panels of what is known."""
    comparison = request.comparison
    normalizations = [experiment.network.normalization for experiment in comparison.experiments()]
    return comparison_panels(comparison.labels(), normalizations, outcomes, request.view, request.display, failed)


def in_markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. Streamlit's own would bring pandas with it: 60 MB of the server's memory."""
    small = [[f":small[{cell}]" for cell in line] for line in (columns, *rows)]
    lines = [small[0], ["---"] * len(columns), *small[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def told(request: Request, networks: tuple[compute.NetworkTickets, ...], outcomes: list[Outcome | None]) -> str:
    """Return what is to be noticed of the networks once they are trained, and how long what is awaited will take."""
    known = [outcome for outcome in outcomes if outcome and outcome.finished]
    if len(known) < sum(network.run.error is None for network in networks):
        trainings = [network.training or network.run for network in networks]
        left = time_left(compute.seconds_left(trainings, ("training", request)))
        return text.TRAINING_LONG.format(left) if left else text.TRAINING
    pending = [ticket for network in networks for ticket in network.drawn]
    left = time_left(compute.seconds_left(pending, ("drawing", request)))
    return notice(known, request.view) + (text.DRAWING_LONG.format(left) if left else "")


def draw(request: Request, networks: tuple[compute.NetworkTickets, ...]) -> None:
    """Draw all that is known now."""
    drawn = all(ticket.done for network in networks for ticket in network.pictures)
    outcomes = outcomes_of(request, networks)
    known = [outcome for outcome in outcomes if outcome and outcome.finished]
    tickets = [ticket for network in networks for ticket in network.all]
    compute.show_progress(tickets)
    if said := told(request, networks, outcomes):
        st.info(f"**What to notice.** {said}", icon=":material/visibility:")
    sources = [
        part for one in outcomes if one for part in (one.label, one.run, one.surface, one.inspection, one.finished)
    ]
    failed = tuple(map(failed_of, networks))
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
