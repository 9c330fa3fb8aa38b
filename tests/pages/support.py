"""What the tests of pages share: a page without a browser, run again until its jobs are done, and read.

A page asks for jobs and draws again when there is news of them; here it is run again after a wait on its jobs.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from landscape.labs.lab import Lab, Section, Shown

ROOT = Path(__file__).parents[2]
RERUNS = 20
SECONDS = 60


def begun(page: str = "compare.py", **link: str) -> AppTest:
    """Open a page at a link, and wait for none of its results."""
    app = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=SECONDS)
    app.query_params.update(link)
    app.run()
    assert [exception.value for exception in app.exception] == []
    return app


def opened(page: str = "compare.py", **link: str) -> AppTest:
    """Open a page at a link, and wait for all that it shows."""
    return finished(begun(page, **link))


def bare(lab: Lab) -> Lab:
    """Return a lab that computes nothing and shows nothing but its controls."""
    sections = [
        Section(one.name, lambda request, results: Shown(), group=one.group, controls=one.controls)
        for one in lab.sections
    ]
    return replace(lab, sections=sections, jobs=lambda request: {}, questions=(), front={}, numbers=None)


def drawn(*labs: Lab, **link: Any) -> AppTest:
    """Open the first of some labs at a link, all of them in one session: `turn_to` opens the others."""

    def page(labs):
        import streamlit as st

        from pages.components.lab import show

        show(labs[st.session_state.get("turned_to", 0)])

    app = AppTest.from_function(page, default_timeout=SECONDS, args=(labs,))
    app.query_params.update(link)
    return run(app)


def turn_to(app: AppTest, number: int, **link: Any) -> AppTest:
    """Open one of the labs by its number, or the same once more, with this in the browser's address."""
    app.session_state["turned_to"] = number
    app.query_params.clear()
    app.query_params.update(link)
    return run(app)


def run(app: AppTest) -> AppTest:
    """Run a page again, and see that it raises nothing."""
    app.run()
    assert [exception.value for exception in app.exception] == []
    return app


def let_go(app: AppTest) -> None:
    """Give up the jobs of a page, which compute no longer unless somebody else waits for them."""
    for ticket in tickets(app):
        ticket.release()


def finished(app: AppTest) -> AppTest:
    """Run the page again until its jobs are done and it has drawn them."""
    drawn: list[str] | None = None
    for _ in range(RERUNS):
        assert [exception.value for exception in app.exception] == []
        held = tickets(app)
        keys = [ticket.key for ticket in held]
        if not held or (keys == drawn and all(ticket.done for ticket in held)):  # they had ended before it was drawn
            return app
        for ticket in held:
            while not ticket.done:
                assert ticket.wait(SECONDS), f"no news of {ticket.key}"
        drawn = keys
        app.run()
    raise AssertionError("the page asks for ever more jobs")


def plain(text: str) -> str:
    """Return a notice as it reads, without the marks of its terms."""
    return re.sub(r'\[([^\]]+)\]\(#term "[^"]*"\)', r"\1", text)


def tickets(app: AppTest, kind: str = "") -> list:
    """Return what the page holds, of jobs whose key begins so."""
    held = app.session_state.get("held", {})
    return [ticket for ticket in held.get("tickets", []) if ticket.key.startswith(kind)]


def values_of(app: AppTest) -> dict[str, Any]:
    """Return the values of the controls of the lab that is shown."""
    return app.session_state["settings"][app.session_state["lab"]].values


def control(app: AppTest, name: str) -> Any:
    """Return the control of a field."""
    return next(widget for widget in widgets_of(app) if widget.key.startswith(f"{name}-"))


def widgets_of(app: AppTest) -> list[Any]:
    """Return the controls of fields."""
    kinds = (app.selectbox, app.select_slider, app.number_input, app.toggle, app.slider)
    return [widget for kind in kinds for widget in kind]


def link_of(app: AppTest) -> dict[str, str]:
    """Return the link's parameters; AppTest gives what it set itself as lists."""
    return {name: text if isinstance(text, str) else text[-1] for name, text in app.query_params.items()}


def button(app: AppTest, label: str) -> Any:
    """Return the button of that label."""
    return next(each for each in app.button if each.label == label)


class _Table(HTMLParser):
    """Reads the one table of a piece of HTML: its rows of cells, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] += data


def tables(app: AppTest) -> list[list[dict[str, str]]]:
    """Return the tables of a page, each as rows by the titles of their columns."""
    found = []
    for element in app.get("html"):
        reader = _Table()
        reader.feed(element.proto.body)
        if reader.rows:
            head, *rows = reader.rows
            found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found
