"""Results of papers as rows of a table, and as the table in Markdown: what the page and the command show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from landscape.serving.tickets import Ticket
from landscape.serving.workers import default_dispatcher
from landscape.teaching.labs import labs
from landscape.teaching.reproductions import jobs_of
from landscape.teaching.result import SEEDS, Found, Result

COLUMNS = {
    "claim": "Claim",
    "paper": "Paper",
    "theirs": "Its number",
    "what": "What is measured here",
    "ours": "Here: median (each seed)",
    "verdict": "Verdict",
    "settings": "Settings",
}
"""The title of each column of the table, in order."""

SHORT = ("paper", "claim", "theirs", "what", "ours", "verdict")
"""The columns of the table in Markdown: settings stand in the links."""


def row_of(found: Found) -> dict[str, str]:
    """Return the row of a result that is found."""
    result = found.result
    return {
        "claim": result.claim,
        "paper": result.paper,
        "theirs": result.theirs,
        "what": result.what,
        "ours": found.ours,
        "verdict": found.verdict.value,
        "settings": settings_of(result),
    }


def numbers_of(found: Found) -> dict[str, str | float]:
    """Return the numbers of a result that is found, each in a cell of its own and unrounded; an empty one is none."""
    unit = found.result.unit
    known = {"median": found.middle} | {f"seed {seed}": one for seed, one in zip(SEEDS, found.numbers, strict=True)}
    told: dict[str, str | float] = {name: "" if one != one else one * unit.factor for name, one in known.items()}
    return {"name": found.result.name} | told | {"unit": unit.suffix.strip()}


def settings_of(result: Result) -> str:
    """Return in words what differs from the defaults of the lab's page."""
    codec = labs()[result.lab].codec
    values, each = codec.read(result.settings())[0], []
    for name, written in result.settings().items():
        own, value = re.match(r"v(\d)_", name), values[name]
        label = codec.fields[name].label.lower() + (f" of network {own[1]}" if own else "")
        # As the page's controls have it, not as links do.
        told = (
            ("" if value else "not ") + label
            if isinstance(value, bool)
            else f"{label}: {getattr(value, 'label', written)}"
        )
        each.append(told)
    return ", ".join(each) or "the defaults of the page"


def line_of(row: Mapping[str, str], columns: Iterable[str] = SHORT) -> str:
    """Return a row of a table in Markdown; what would end a cell is escaped.

    >>> line_of({"a": "|v| = 1", "b": "2"}, ("a", "b"))
    '| \\\\|v\\\\| = 1 | 2 |'
    """
    cells = [row[name].replace("|", r"\|") for name in columns]
    return f"| {' | '.join(cells)} |"


def head() -> str:
    """Return the first two lines of the table in Markdown.

    >>> head().count("|") == 2 * (len(SHORT) + 1)
    True
    """
    return f"{line_of(COLUMNS)}\n|{'---|' * len(SHORT)}"


def lines(results: Iterable[Result]) -> Iterator[str]:
    """Yield the table of these results in Markdown, line after line as they are computed here."""
    yield from head().split("\n")
    for result in results:
        yield line_of(row_of(computed(result)))


def computed(result: Result) -> Found:
    """Compute a result, its seeds side by side; a seed that fails has no number."""
    tickets = [default_dispatcher().request(job) for job in jobs_of(result)]
    return Found(result, tuple(map(_ended, tickets)))


def _ended(ticket: Ticket) -> float:
    while not ticket.done:
        ticket.wait()
    return float("nan") if ticket.error is not None else float(ticket.result)
