"""The page of results of papers: each computed on demand, over three seeds, through the jobs of the labs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from landscape.labs.lab import Table
from landscape.labs.words import literal, time_left
from landscape.serving.tickets import Ticket
from landscape.teaching.labs import labs
from landscape.teaching.published import RESULTS
from landscape.teaching.reproductions import jobs_of
from landscape.teaching.result import CHANCE, SEEDS, Found, Result, Verdict
from landscape.teaching.sheet import COLUMNS, head, line_of, numbers_of, row_of, settings_of
from pages.components import compute
from pages.components.exchange import csv_of
from pages.components.frame import begin_page
from pages.components.page_links import page_link
from pages.components.settings import keep_in_step
from pages.components.table import table

NAME = "reproductions"

TITLE = "Does it hold?"

PLAY = ":material/play_arrow:"

INTRODUCTION = f"""
What papers found in large networks, beside the same number measured here in small ones, each over {len(SEEDS)} seeds. Nothing
is written by hand: each number comes from the results of a question of this app, computed when you ask for it. A result *agrees* where
the median over the seeds is where the paper's number is and no seed contradicts it; it *agrees in direction* where it goes the same
way by less; it is *unsteady* where the median goes that way but not each seed; all else is told as not seen *at this size*.
Accuracies contradict each other by more than {100 * CHANCE:.0f} points: less is chance, on some hundred test examples.
"""

ASKED = "result"
"""The parameter of a link that names results, to be computed as the page opens."""

ICONS = {
    Verdict.AGREES: ":green-badge[:material/check: agrees]",
    Verdict.DIRECTION: ":blue-badge[:material/trending_up: agrees in direction]",
    Verdict.UNSTEADY: ":violet-badge[:material/shuffle: unsteady]",
    Verdict.NOT_HERE: ":orange-badge[:material/close: not at this size]",
    Verdict.UNANSWERED: ":gray-badge[not answered by these results]",
}


def show() -> None:
    """Draw the page."""
    begin_page()
    keep_in_step(NAME)
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    _arrive()
    asked = _asked()
    tickets = compute.ask({name: jobs_of(result) for name, result in RESULTS.items() if name in asked})
    with st.container(horizontal=True):
        st.button("Compute all", on_click=_ask, args=(list(RESULTS),), icon=PLAY, key="all")
        idle = all(ticket.done for ticket in compute.of(tickets))
        st.button("Cancel", on_click=_cancel, icon=":material/stop:", key="cancel", disabled=idle)
    compute.live(NAME, compute.of(tickets), lambda: _draw(asked, tickets))


def _arrive() -> None:
    """Ask for the results that the link names, once: what was cancelled since stays so."""
    link = st.query_params.get(ASKED, "")
    named = [name for name in link.split(",") if name]
    unknown = [name for name in named if name not in RESULTS]
    if unknown:
        st.warning(literal(f"The link names {unknown[0][:60]!r}, which is no result of this page; it is ignored."))
    if st.session_state.get("reproductions-link") != link:
        st.session_state["reproductions-link"] = link
        st.session_state["reproductions-named"] = tuple(name for name in RESULTS if name in named)
        _ask([name for name in RESULTS if name in named])


def found_of(result: Result, tickets: compute.Tickets) -> Found | None:
    """Return what is found, None while a seed is awaited; a seed that failed has no number."""
    known = compute.known({result.name: tickets[result.name]})[result.name] if result.name in tickets else []
    if not known or not all(one.done for one in known):
        return None
    return Found(result, tuple(float("nan") if one.value is None else one.value for one in known))


def _draw(asked: frozenset[str], tickets: compute.Tickets) -> None:
    """Draw all results, those that are asked for as far as they are."""
    found = {name: one for name in asked if (one := found_of(RESULTS[name], tickets)) is not None}
    st.session_state["reproduced"] = tuple(found)
    held = compute.of(tickets)
    if held and not all(ticket.done for ticket in held):
        done = sum(1.0 if ticket.done else ticket.fraction for ticket in held)
        st.progress(done / len(held), f"{len(found)} of {len(asked)} results")
        if left := time_left(compute.seconds_left(held, (NAME, asked))):
            st.caption(f"Computing: {left}.")
    if found:
        counts = {verdict: sum(one.verdict is verdict for one in found.values()) for verdict in Verdict}
        told = [f"{count} {verdict}" for verdict, count in counts.items() if count]
        st.markdown(f"**Of {len(found)} {'result' if len(found) == 1 else 'results'}: {', '.join(told)}.**")
    paper, named = "", st.session_state["reproductions-named"]
    # Those that the link is about come first, under their papers as all.
    for name in sorted(RESULTS, key=lambda name: name not in named):
        result = RESULTS[name]
        if result.authors != paper:
            paper = result.authors
            st.subheader(paper)
        _result(result, name in asked, found.get(name), compute.of(tickets, [name]) if name in tickets else ())
    ordered = {name: found[name] for name in RESULTS if name in found}
    if ordered:
        rows = [row_of(one) for one in ordered.values()]
        table(Table(rows, COLUMNS, "As a table", folded=True))
        with st.expander("As Markdown"):
            st.code("\n".join((head(), *map(line_of, rows))), language="markdown")
        st.download_button(
            "Numbers (CSV)",
            csv_of([numbers_of(one) | row for one, row in zip(ordered.values(), rows, strict=True)]),
            "reproductions.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
            key="reproductions-csv",
        )


def _result(result: Result, asked: bool, found: Found | None, tickets: Sequence[Ticket]) -> None:
    """Draw one result; what could not be computed says why."""
    with st.container(border=True, key=f"result-{result.name}"):
        state = ICONS[found.verdict] if found else "*computing …*" if asked else ""
        st.markdown(f"**{literal(result.claim)}** {state}")
        here = f" **Here: {found.ours}.**" if found else ""
        st.markdown(f"{literal(result.what)}. Paper: {literal(result.theirs)}.{here}")
        st.caption(f"{literal(result.paper)}. With {literal(settings_of(result))}; seeds {', '.join(map(str, SEEDS))}.")
        for error in {str(ticket.error).rstrip(".") for ticket in tickets if ticket.error is not None}:
            st.error(literal(f"A seed could not be computed: {error}."), icon=":material/error:")
        with st.container(horizontal=True, vertical_alignment="center"):
            key = f"compute-{result.name}"
            if not asked and st.button("Compute", on_click=_ask, args=([result.name],), key=key, icon=PLAY):
                st.rerun()  # of the page, which asks for the jobs: results are drawn by themselves as they come
            page_link(result.lab, f"See it: {result.question.ask}", result.link(), labs()[result.lab].icon)


def _asked() -> frozenset[str]:
    return st.session_state.setdefault("reproductions", frozenset())


def _ask(names: Sequence[str]) -> None:
    st.session_state["reproductions"] = _asked() | frozenset(names)


def _cancel() -> None:
    """Let go of what is not there yet."""
    st.session_state["reproductions"] = frozenset(st.session_state.get("reproduced", ()))
