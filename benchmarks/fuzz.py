"""Open links at random, over all labs: `python -m benchmarks.fuzz N`, `--seed S`, `--lab NAME`.

Values at their bounds, junk, names twice, names and questions that there are not, `controls`, and all of it mixed. A page
that raises, a traceback in the log, a problem that is no sentence, and a link that does not come back are printed, each
with its link. Sizes that a link does not try are small. Of some links the jobs are awaited, the others are left at once;
with `--pages 0.2` only a fifth of the pages is opened, and the other links are only read.
"""

from __future__ import annotations

import argparse
import logging
import random
import re
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from streamlit.testing.v1 import AppTest

from landscape.labs.codec import Values, text_of
from landscape.labs.lab import Lab, Question
from models.fields import Bounds
from pages.components.controls import groups_of
from pages.components.settings import ASK, RESERVED
from tests.labs.every_lab import FOLDERS, LABS

ROOT = Path(__file__).parents[1]

SMALL = {
    "num_examples": "60",
    "view_num_examples": "20",
    "num_steps": "5",
    "width": "4",
    "depth": "2",
    "resolution": "5",
    "edge_steps": "10",
    "edge_snapshots": "4",
    "measured": "32",
    "probes": "1",
    "lanczos_steps": "8",
    "rungs": "2",
    "looks": "4",
    "linear_steps": "10",
    "curve_steps": "10",
}
"""Sizes with which a page is opened in no time, where a lab has them."""

JUNK = (
    "",
    " ",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "0",
    "1e-320",
    "1_000",
    "0x10",
    "٣",
    "None",
    "true",
    "TRUE",
    "[]",
    "{x}",
    "%s",
    "%00",
    "\x00",
    "\n",
    "**bold**",
    "a|b|c",
    "$x^2$",
    ":red[x]",
    "<script>alert(1)</script>",
    "'; drop table",
    "✗" * 5,
    "9" * 500,
    "a" * 5000,
)
"""Texts that no field, or hardly one, may hold."""

NAMES = (
    "",
    " ",
    "colour",
    "LEARNING_RATE",
    "v9_width",
    "v1_",
    "__class__",
    "a b",
    "**x**",
    "|",
    "<b>",
    "é",
    "n" * 3000,
)
"""Names that no lab has."""

AWAITED, PATIENCE = 0.08, 60.0
"""The share of links whose jobs are awaited, and for how many seconds at most; so long a page may take, too."""

Parameters = list[tuple[str, str]]
"""Of a link, in order: a name may stand there twice."""


class Kind(StrEnum):
    """What is tried of a link."""

    BOUNDS = "bounds"
    CHOICES = "choices"
    JUNK = "junk"
    DOUBLES = "doubles"
    NAMES = "names"
    ASK = "ask"
    CONTROLS = "controls"
    MIXED = "mixed"


@dataclass(frozen=True)
class Link:
    """A link to a lab. awaited: whether its jobs are."""

    lab: str
    parameters: tuple[tuple[str, str], ...]
    awaited: bool = False

    @property
    def read(self) -> dict[str, str]:
        """What a page reads of it: of a name that stands there twice the last value."""
        return {name: text for name, text in self.parameters if name not in (*RESERVED, ASK)}

    @property
    def asked(self) -> Question | None:
        """The question that it names, if there is such."""
        slug = dict(self.parameters).get(ASK)
        return next((one for one in LABS[self.lab].questions if one.slug == slug), None)

    def __str__(self) -> str:
        return f"{self.lab}?{urlencode(self.parameters)}"


def links(number: int, seed: int = 0, labs: Sequence[str] = FOLDERS) -> Iterator[Link]:
    """Yield so many links, the labs in turn, and each lab's kinds in turn, of which the next lab is one ahead."""
    chance = random.Random(seed)
    for i in range(number):
        round_, place = divmod(i, len(labs))
        lab, kind = LABS[labs[place]], list(Kind)[(round_ + place) % len(Kind)]
        kinds = chance.sample(list(Kind)[:-1], 3) if kind is Kind.MIXED else [kind]
        tried = [one for kind in kinds for one in _tried(lab, kind, chance)]
        chance.shuffle(tried)
        names = {name for name, _ in tried}
        small = [(name, text) for name, text in SMALL.items() if name in lab.codec.fields and name not in names]
        yield Link(lab.name, tuple(small + tried), chance.random() < AWAITED)


def _tried(lab: Lab, kind: Kind, chance: random.Random) -> Parameters:
    """Return parameters of one kind."""
    fields = lab.codec.fields
    some = chance.sample(list(fields), chance.randint(1, 4))
    slugs = [question.slug for question in lab.questions]
    if kind is Kind.BOUNDS:
        return [(name, _at_bound(fields[name], chance)) for name in some]
    if kind is Kind.CHOICES:
        return [(name, _chosen(fields[name], chance)) for name in chance.sample(list(fields), 6)]
    if kind is Kind.JUNK:
        return [(name, chance.choice(JUNK)) for name in some]
    if kind is Kind.DOUBLES:
        return [(name, chance.choice((_chosen(fields[name], chance), chance.choice(JUNK)))) for name in some * 2]
    if kind is Kind.NAMES:
        return [(chance.choice(NAMES), chance.choice(JUNK)) for _ in some]
    if kind is Kind.ASK:
        return [("ask", chance.choice((*slugs, *JUNK))) for _ in range(chance.choice((1, 1, 2)))]
    groups = chance.sample([*groups_of(lab), "none", *NAMES[:6]], 2)
    return [("controls", chance.choice((",".join(groups), groups[0], ",", chance.choice(JUNK))))]


def _at_bound(bounds: Bounds, chance: random.Random) -> str:
    """Return a field's least or greatest value, or one just beyond."""
    if bounds.kind is bool or not issubclass(bounds.kind, int | float):
        return _chosen(bounds, chance)
    low, high = bounds.kind(bounds.low), bounds.kind(bounds.high)
    beyond = (low - 1, high + 1) if bounds.kind is int else (low - 1e-9, high * (1 + 1e-9))
    return text_of(chance.choice((low, high, low, high, *beyond)))


def _chosen(bounds: Bounds, chance: random.Random) -> str:
    """Return some value that a field may have."""
    if bounds.kind is bool:
        return chance.choice(("true", "false"))
    if issubclass(bounds.kind, StrEnum):
        return chance.choice(list(bounds.kind)).value
    if not issubclass(bounds.kind, int | float):  # places, of which a link holds seven at most
        return "_".join(["50~-30", "-100~100", "7~0"] * chance.randint(1, 3))
    if bounds.stops:
        return text_of(bounds.kind(chance.choice(bounds.stops)))
    low, high = bounds.low, bounds.high
    value = low + (high - low) * chance.random() ** 4
    return text_of(int(value) if bounds.kind is int else float(f"{value:.4g}"))


def misread(link: Link) -> list[str]:
    """Read a link as its page does, without the page, and return what is wrong."""
    lab, asked = LABS[link.lab], link.asked
    try:
        values, problems = lab.codec.read(link.read, base=None if asked is None else lab.codec.values_of(asked.request))
        found = [f"no sentence: {text!r}" for text in problems if not is_sentence(text)]
        found += lost(lab, values)
        lab.groups(values)
        for section in lab.sections:
            section.controls(values)
        try:
            request = lab.codec.request_of(values)
        except ValueError as error:
            for mend in lab.codec.mends(values):
                lab.codec.request_of(values | mend)
            return found if is_sentence(f"{error}.") else [*found, f"no sentence: {str(error)!r}"]
        if lab.jobs:
            keys = [job.key for many in lab.jobs(request).values() for job in many if job is not None]
            found += [f"has a key that names no config: {key}" for key in keys if "object at 0x" in key]
    except Exception as error:
        return [f"raises {error!r}"]
    return found


def wrong(link: Link) -> list[str]:
    """Open a link and return what is wrong with what is shown."""
    with _tracebacks() as logged:
        app = AppTest.from_file(str(ROOT / "pages" / f"{link.lab}.py"), default_timeout=PATIENCE)
        for name in dict(link.parameters):
            texts = [text for own, text in link.parameters if own == name]
            app.query_params[name] = texts if len(texts) > 1 else texts[0]
        try:
            app.run()
            if link.awaited and _ended(app):
                app.run()
        except RuntimeError as error:  # of the test's frame: a page has no end
            return [f"takes too long: {error}"]
        finally:
            for ticket in _tickets(app):
                ticket.release()
    found = [f"raises {exception.value}" for exception in app.exception]
    found += [f"logs {text}" for text in logged]
    problems = [element.value for kind in (app.warning, app.error) for element in kind]
    found += [f"no sentence: {text!r}" for text in problems if not is_sentence(text)]
    said = [element.value for kind in (app.info, app.markdown, app.caption) for element in kind]
    found += [f"says {hole.group()!r} in {text!r}" for text in said if (hole := _HALF.search(_FORMULA.sub("", text)))]
    return found if app.exception else [*found, *lost(LABS[link.lab], app.session_state["settings"][link.lab].values)]


def _ended(app: AppTest) -> bool:
    """Wait for the jobs of a page; return whether they all ended in time."""
    until = time.monotonic() + PATIENCE
    for ticket in _tickets(app):
        while not ticket.done and (left := until - time.monotonic()) > 0:
            ticket.wait(left)
    return all(ticket.done for ticket in _tickets(app))


def _tickets(app: AppTest) -> list[Any]:
    return app.session_state["held"].get("tickets", []) if "held" in app.session_state else []


_HALF = re.compile(r"\bnan\b|\bNone\b|<\w+ object|\{[a-z_]+\}|\b(\w+Error|Traceback)\b|\be[+-]0\d\d")
"""What no sentence of a page holds."""

_FORMULA = re.compile(r"\$\$.*?\$\$|\$.*?\$|`.*?`", re.DOTALL)


def is_sentence(text: str) -> bool:
    """Return whether a text is whole sentences for people: words, an end, and nothing of an exception.

    >>> is_sentence("Width must be a whole number from 1 to 512, not 0."), is_sentence("KeyError: 'x'")
    (True, False)
    """
    whole = len(text.split()) >= 4 and text.rstrip()[-1] in ".?!"
    return whole and not re.search(r"Traceback|\w+(Error|Exception)\b|object at 0x|tensor\(", text)


def lost(lab: Lab, values: Values) -> list[str]:
    """Return what is lost of values where the link that is written of them is read again, or the file."""
    codec, idle = lab.codec, lab.codec.idle(values)
    told: list[str] = []
    for what, (again, problems) in {
        "link": codec.read(codec.write(values)),
        "file": codec.from_json(codec.to_json(values)),
    }.items():
        gone = [name for name in values if name not in idle and again[name] != values[name]]
        told += [f"its {what} loses {', '.join(gone)}"] if gone else []
        told += [f"its {what} is told {problem!r}" for problem in problems]
    return told


@contextmanager
def _tracebacks() -> Iterator[list[str]]:
    """Collect what is logged with an exception meanwhile, by whomever."""
    found: list[str] = []
    factory = logging.getLogRecordFactory()

    def note(*given: Any, **named: Any) -> logging.LogRecord:
        record = factory(*given, **named)
        if record.exc_info and record.exc_info[0] is not None:
            found.append(f"{record.getMessage()[:300]} ({record.exc_info[1]!r})")
        return record

    logging.setLogRecordFactory(note)
    try:
        yield found
    finally:
        logging.setLogRecordFactory(factory)


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the links and print what is wrong; return 0 where nothing is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("number", type=int, help="how many links")
    parser.add_argument("--seed", type=int, default=0, help="of the links")
    parser.add_argument("--lab", choices=FOLDERS, action="append", help="only this one, or these")
    parser.add_argument("--pages", type=float, default=1.0, metavar="SHARE", help="of the links whose pages are opened")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", ResourceWarning)  # of the folder that each page's test leaves behind
    logging.getLogger("streamlit.runtime.scriptrunner_utils").setLevel(logging.ERROR)  # no browser is there, it says
    bad, chance = 0, random.Random(chosen.seed)
    for i, link in enumerate(links(chosen.number, chosen.seed, chosen.lab or FOLDERS), start=1):
        found = misread(link) + (wrong(link) if chance.random() < chosen.pages else [])
        bad += bool(found)
        if found:
            print(link, *found, sep="\n  ", flush=True)
        if i % 100 == 0:
            print(f"{i} links, {bad} with something wrong", file=sys.stderr, flush=True)
    print(f"{chosen.number} links of seed {chosen.seed}, {bad} with something wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
