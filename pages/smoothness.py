"""Is the loss really smoother with BatchNorm?"""

import streamlit as st

from landscape.labs.compare.words import time_left
from landscape.labs.presets import SMOOTHNESS, SMOOTHNESS_NETWORKS
from landscape.labs.smoothness import prose as text
from landscape.labs.smoothness.figures import line_panels, measure_panels
from landscape.labs.smoothness.findings import evidence, findings
from landscape.labs.smoothness.request import SMOOTHNESS as CODEC
from landscape.labs.smoothness.request import SmoothnessRequest
from landscape.labs.smoothness.words import (
    Measured,
    line_caption,
    lines_notice,
    numbers,
    smoothness_notice,
    smoothness_table,
)
from pages.components import compute, controls
from pages.components.exchange import exchange
from pages.components.picker import picker
from pages.components.viewer import viewer

Tickets = tuple[compute.SmoothnessTickets, ...]


def measured_of(request: SmoothnessRequest, networks: Tickets) -> list[Measured | None]:
    """Return what is known of each network now."""
    found = []
    for label, tickets in zip(request.comparison.labels(), networks, strict=True):
        measures, shapes = compute.known(tickets.measures), tickets.shapes and tickets.shapes.result
        ended = tickets.shapes is None or tickets.shapes.done
        found.append(measures and Measured(label, measures, tickets.measures.done, shapes, ended))
    return found


def revision(request: SmoothnessRequest, tickets: list) -> str:
    """Return the name of what is drawn now. Ask before looking at the results: what ends meanwhile is not drawn."""
    return f"{'done' if all(ticket.done for ticket in tickets) else 'pending'} {compute.digest(request)}"


def draw_training(request: SmoothnessRequest, networks: Tickets) -> None:
    """Draw what is measured along the trainings, as far as it is there."""
    tickets = [network.measures for network in networks]
    drawn = revision(request, tickets)
    compute.show_progress(tickets)
    if left := time_left(compute.seconds_left(tickets, ("measures", request))):
        st.caption(text.TRAINING_LONG.format(left))
    found = [one and one.smoothness for one in measured_of(request, networks)]
    normalizations = [experiment.network.normalization for experiment in request.comparison.experiments()]
    steps = request.comparison.base.training.num_steps
    panels = measure_panels(request.comparison.labels(), normalizations, found, steps, min(request.step, steps - 1))
    viewer(panels, key="training", revision=drawn)


def draw_lines(request: SmoothnessRequest, networks: Tickets) -> None:
    """Draw the loss along the gradient of one step."""
    tickets = [network.line for network in networks]
    drawn = revision(request, tickets)
    lines = [ticket.result for ticket in tickets]
    normalizations = [experiment.network.normalization for experiment in request.comparison.experiments()]
    captions = [line_caption(line) if line else "" for line in lines]
    panels = line_panels(request.comparison.labels(), normalizations, lines, captions)
    viewer(panels, key="lines", revision=drawn)
    if all(lines):
        known = list(zip(request.comparison.labels(), lines, strict=True))
        st.info(f"**What to notice.** {lines_notice(known)}", icon=":material/visibility:")


def explain(found: list[Measured]) -> None:
    """Say what the numbers mean: a table, the paper beside it, the explanations and what speaks for and against them."""
    st.subheader("In numbers")
    score = found[0].smoothness.run.experiment.data.dataset.score
    columns = {name: title.replace("accuracy", score) for name, title in text.COLUMNS.items()}
    st.table([{columns[name]: value for name, value in vars(row).items()} for row in smoothness_table(found)])
    st.caption(text.TABLE_NOTE)
    if rows := findings(found):
        st.subheader(text.PAPER)
        st.table([{text.PAPER_COLUMNS[name]: value for name, value in vars(row).items()} for row in rows])
    st.subheader(text.CONSENSUS)
    here = evidence(found)
    said = [
        {"Explanation": claim, "For": f"{pro} {here.get(key, ('', ''))[0]}", "Against": f"{contra} {here.get(key, ('', ''))[1]}"}
        for key, (claim, pro, contra) in text.EXPLANATIONS.items()
    ]  # fmt: skip
    st.table(said)


controls.begin(CODEC)
st.title(text.QUESTION)
st.markdown(text.INTRODUCTION)
controls.base_controls()
controls.ladder_controls()
controls.questions(SMOOTHNESS)
controls.run_controls({}, compute.forget)
controls.network_control(SMOOTHNESS_NETWORKS)
controls.variant_controls()
training, notice, lines = st.container(key="curves"), st.container(), st.container()
with lines:
    st.subheader(text.LINES)
    st.markdown(text.LINES_NOTE)
    if controls.shown("view"):
        controls.step_control("step", st.session_state["values"]["num_steps"] - 1)
request = controls.finish()
networks = compute.request_smoothness(request)
with training:
    compute.live([network.measures for network in networks], lambda: draw_training(request, networks))
    if controls.shown("view"):
        picker("step", "curves")
with lines:
    rest = [ticket for network in networks for ticket in (network.line, network.shapes) if ticket is not None]
    compute.live(rest, lambda: draw_lines(request, networks))
known = [one for one in measured_of(request, networks) if one]
if known and all(network.measures.done for network in networks):
    notice.info(
        "**What to notice.**\n\n" + "\n".join(f"- {said}" for said in smoothness_notice(known)),
        icon=":material/visibility:",
    )
    explain(known)
    exchange("smoothness", numbers(known))
with st.expander("How to read this: the maths, and where it comes from", icon=":material/menu_book:"):
    st.markdown(text.READING)
