"""What the controls of a lab show: one object in the session for each lab, apart from all others', and its link.

The link is the state. Widgets are not bound to it one by one (`bind="query-params"`): one codec reads and writes the
whole link, so that it holds stable names instead of labels, and a bad value gives a sentence instead of being dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from landscape.labs.codec import Codec, Values
from landscape.labs.lab import Lab, Question
from landscape.serving.own_table import OwnTable

PREDICT = "predict"
"""The parameter of a link by which a question's choices come before its answer."""

LESSON, AT = "lesson", "at"
"""The parameters of a link that name a lesson, and which of its questions the page stands at, from 1 on."""

RESERVED = ("controls", "embed", "embed_options", PREDICT, LESSON, AT, "size", "camera")
"""Parameters of a link that are no settings. `controls=networks,view` shows only these groups, `controls=none` none;
`size=large` is for a projector; the camera of the scenes is the browser's."""

ASK = "ask"
"""The parameter of a link that names a question: what else it holds is told from the settings of that question."""


_HISTORY = st.components.v2.component(
    "landscape_history", js=Path(__file__).with_name("history.js").read_text(encoding="utf-8"), isolate_styles=False
)


OWN = "own_table"
"""The place in the session of the user's own table: it goes with the session, and nobody else's has it."""

GONE = (
    "The settings ask for a table of somebody's own, which is not here: it stays in the session in which it was loaded, "
    "and no link or file holds it. {} is shown; load yours beside the data."
)


@dataclass(eq=False)
class Settings:
    """The settings of one lab in one session: they arrive by a link, adopt values, and name widgets.

    values: of all controls. asked: the question, or None. problems: sentences on what could not be read.
    link: as it was written last. made: of each field, at which adoption its widget was made; first: with which value.
    adopted: the number of the last adoption, of all that there were in the session, so that no two labs have a widget of
    one key.
    """

    codec: Codec
    questions: dict[str, Question]
    values: Values = field(default_factory=dict)
    asked: Question | None = None
    problems: tuple[str, ...] = ()
    link: dict[str, str] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    first: Values = field(default_factory=dict)
    adopted: int = 0

    def arrive(self, link: dict[str, str]) -> None:
        """Take up what a link says."""
        slug = link.get(ASK)
        asked = self.questions.get(slug or "")
        rest = {name: text for name, text in link.items() if name != ASK}
        values, problems = self.codec.read(rest, base=self._base(asked))
        if slug is not None and asked is None:
            problems = (f"The link asks {slug[:60]!r}, which is no question of this page; it is ignored.", *problems)
        self.adopt(values, problems, asked)
        self.link = link

    def adopt(self, values: Values, problems: tuple[str, ...] = (), asked: Question | None = None) -> None:
        """Make these the values of all controls, as the answer to a question or to none."""
        self.values, self.problems, self.asked = dict(values), problems, asked
        st.session_state["adoptions"] = self.adopted = st.session_state.get("adoptions", 0) + 1
        # A new widget only where there is none that shows the value: to make all anew is most of a page's work in the
        # browser.
        for name, value in values.items():
            if name not in self.made or self._typed(name) or st.session_state.get(self.key(name), value) != value:
                self.made[name] = self.adopted

    def key(self, name: str) -> str:
        """Name the widget of a field: it tells apart those made for the same field, one after the other.

        Adopted values make new widgets, which begin with `first`. A value set through the session state instead reaches a
        slow browser too late where the page runs again meanwhile, and the widget answers with the first of its options.
        """
        key = f"{name}-{self.made[name]}"
        if key not in st.session_state:
            self.first[name] = self.values[name]
        return key

    @property
    def written(self) -> dict[str, str]:
        """The link that says all this."""
        slug = {} if self.asked is None else {ASK: self.asked.slug}
        return slug | self.codec.write(self.values, self._base(self.asked))

    @property
    def changed(self) -> bool:
        """Whether a setting differs from those of the question that is asked."""
        return self.asked is not None and bool(self.codec.write(self.values, self._base(self.asked)))

    @property
    def moved(self) -> bool:
        """Whether a control was moved: then a link that differs is only late, and not a step in the history."""
        shown = st.session_state
        return any(shown.get(f"{name}-{self.made[name]}", value) != value for name, value in self.values.items())

    def take(self) -> None:
        """Take the values that the controls show now, before any of them is drawn: which ones are drawn depends on them."""
        shown = st.session_state
        self.values |= {name: shown.get(f"{name}-{made}", self.values[name]) for name, made in self.made.items()}

    def miss_table(self) -> None:
        """Take the defaults in place of a table of the user's own that is not in this session, and say so."""
        table = st.session_state.get(OWN)
        gone = {name for name, value in self.values.items() if hasattr(value, "takes") and not value.takes(table)}
        if gone:
            instead = {name: self.codec.defaults[name] for name in gone}
            label = next(iter(instead.values())).label
            said = GONE.format(label[0].upper() + label[1:])
            self.adopt(self.values | instead, (*self.problems, said), self.asked)

    def _base(self, asked: Question | None) -> Values | None:
        return None if asked is None else self.codec.values_of(asked.request)

    def _typed(self, name: str) -> bool:
        """Return whether a field's number is typed: its widget may show one that was refused, which nobody here knows."""
        bounds = self.codec.fields[name]
        return bounds.kind is int and not bounds.stops


def begin(lab: Lab) -> Settings:
    """Return a lab's settings: those it had in this session, or its link's where that is new.

    A link is new on a first visit and after a step in the browser's history. Navigation to a page that was seen before
    comes with an empty link: there the page has what it had.
    """
    state = st.session_state
    link, before = link_now(), keep_in_step(lab.name)
    own_rerun = state.pop("own_rerun", False)
    every: dict[str, Settings] = state.setdefault("settings", {})
    if link and any(other.link == link for other in every.values()):
        # What another page wrote last came into the browser's address after this page did: it is not this one's.
        link = every[lab.name].link if lab.name in every else {}
    if lab.name not in every:
        every[lab.name] = Settings(lab.codec, {one.slug: one for one in lab.questions})
        every[lab.name].arrive(link)
        every[lab.name].miss_table()
        return every[lab.name]
    settings = every[lab.name]
    if before == lab.name:
        new = link != settings.link and not settings.moved and not own_rerun
    else:
        new = link not in ({}, settings.link)
    if new:
        settings.arrive(link)
    elif settings.moved:
        settings.problems = ()  # they were read before
        settings.take()
    settings.miss_table()
    return settings


def keep_in_step(page: str) -> str | None:
    """Have the browser's history and the page that is shown go together; return the page that was shown before."""
    state = st.session_state
    # A page that runs without app.py knows no address.
    # In a list, as all data of components here: in a dict Streamlit looks for tables, by pandas, which stays in memory.
    _HISTORY(key="history", data=[{"path": state.get("address"), "all": state.get("addresses", [])}])
    before, state["lab"] = state.get("lab"), page
    return before


def current() -> Settings:
    """Return the settings of the lab that is shown."""
    return st.session_state["settings"][st.session_state["lab"]]


def adopt(values: Values, asked: Question | None = None) -> None:
    """Make these the values of all controls of the lab that is shown."""
    current().adopt(values, asked=asked)


def change(changes: Values) -> None:
    """Change some values of the lab that is shown; what else was moved since it was drawn stays as it was moved."""
    settings = current()
    settings.take()
    settings.adopt(settings.values | changes, asked=settings.asked)


def link_now() -> dict[str, str]:
    """Return what stands in the browser's link, less what is no setting."""
    return {name: text for name, text in st.query_params.to_dict().items() if name not in RESERVED}


def write_link() -> None:
    """Write the settings into the browser's link where it says anything else."""
    settings, link = current(), current().written
    if link != link_now() or any(len(st.query_params.get_all(name)) > 1 for name in st.query_params):
        kept = {name: text for name, text in st.query_params.to_dict().items() if name in RESERVED}
        st.query_params.from_dict(link | kept)
    settings.link = link


def request_of(settings: Settings) -> Any:
    """Return the request that the values make; a ValueError says what does not fit together."""
    return settings.codec.request_of(with_table(settings.values))


def with_table(values: Values) -> Values:
    """Return values beside the user's own table, if there is one in this session, as requests and groups take it."""
    table: OwnTable | None = st.session_state.get(OWN)
    return values if table is None else values | {"table": table}
