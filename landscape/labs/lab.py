"""What a lab is: one question, what may be asked of it, what is computed for that, and what is shown of it.

A lab is data and pure functions. Who draws it (`pages/components/lab.py`) knows no lab, and no lab knows who draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from landscape.figures.panel import Panel, Readout
from landscape.labs.codec import Codec, Values
from landscape.serving.jobs import Job


@dataclass(frozen=True)
class Known:
    """What is known of a job now.

    value: its result, or what there is of it, or None. done: nothing more will come. failed: and what came is no result.
    """

    value: Any = None
    done: bool = False
    failed: bool = False


Results = Mapping[str, Sequence[Known]]
"""By the name of a job, one for each network."""

Jobs = Mapping[str, Sequence[Job | None]]
"""By name, one for each network; None where a network has no such job. In the order in which they are worth having."""

Facts = Any
"""A lab's own frozen dataclass of numbers, truth values and names: all that its sentences, tables and tests read."""


@dataclass(frozen=True)
class Thumbnail:
    """A small picture among controls: as SVG, with the sentence below it."""

    svg: str
    said: str


@dataclass(frozen=True)
class Group:
    """Controls that stand together in the sidebar.

    name: by which `controls=` in a link shows or hides them. fields: of the codec, by name.
    folded: by its title, the rarer ones that are folded away.
    options: by field, the names of the numbers from 0 on, where these are chosen by name.
    picture: values -> what they choose, small; None where they choose nothing that can be.
    actions: values -> buttons below the fields; one that sets nothing stands there and cannot be pressed.
    """

    name: str
    title: str
    fields: tuple[str, ...]
    folded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    picture: Callable[[Values], Thumbnail | None] = lambda values: None
    actions: Callable[[Values], Sequence[Action]] = lambda values: ()


@dataclass(frozen=True)
class Linked:
    """An entry of a table that says where it is to be seen. to: the lab, with a question's settings. called: the link."""

    text: str
    to: str
    called: str = "see it"


@dataclass(frozen=True)
class Table:
    """Rows of one kind of record, dataclasses or mappings. columns: the title of each of its fields, in order.

    An entry may be `Linked`.

    folded: whether it is folded away under its title.
    """

    rows: Sequence[Any]
    columns: Mapping[str, str]
    title: str = ""
    note: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Action:
    """A button that changes settings: its text, and the values that it sets.

    lab: where it is named, a link to that page instead, with these parameters; a click on a picture of a section that
    picks goes there too.
    """

    text: str
    values: Mapping[str, Any]
    lab: str = ""


@dataclass(frozen=True)
class Shown:
    """What a section shows now, from top to bottom.

    problems: what keeps a picture from being what one expects. notice: sentences on what to notice. panels: pictures.
    steps: (S,) the step of training of each snapshot, where panels follow a slider. note: a line below the pictures.
    said: a paragraph below the tables. actions: buttons at the end, each of which changes settings or leads to another lab.
    readouts: words that stand beside the slider, at each snapshot others. along: what the slider goes along, and `steps`
    are of: where it is no step of training, they may be no whole numbers.
    """

    problems: Sequence[str] = ()
    notice: Sequence[str] = ()
    panels: Sequence[Panel] = ()
    steps: Sequence[float] = ()
    note: str = ""
    tables: Sequence[Table] = ()
    said: str = ""
    actions: Sequence[Action] = ()
    readouts: Sequence[Readout] = ()
    along: str = "step"


@dataclass(frozen=True)
class Section:
    """A part of the page: one idea.

    show: from the request and what is known of its jobs to what is drawn; pure. It is called again as jobs come.
    jobs: those during which it is drawn anew; all of the lab's where empty and there are any.
    title, note: a heading, and a paragraph below it. group: by which a link shows or hides its controls.
    controls: values -> its own controls by field, each with the greatest number it may have now, or the names of the
    numbers from 0 on to choose from, or None for its bound.
    picks: the field that a click on its curves sets. awaited: jobs whose end draws it at once. prompt: those of which it
    is drawn at once before that, as they are quick.
    height: of a scene, in pixels. borrowed: results of papers, measured by other labs, whose numbers it shows beside its
    own once somebody asks for them: they are among its results as `result NAME`, one a seed.
    """

    name: str
    show: Callable[[Any, Results], Shown]
    jobs: tuple[str, ...] = ()
    title: str = ""
    note: str = ""
    group: str = "view"
    controls: Callable[[Values], Mapping[str, int | Sequence[str] | None]] = lambda values: {}
    picks: str = ""
    awaited: tuple[str, ...] = ()
    height: int = 420
    prompt: tuple[str, ...] = ()
    borrowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of several answers to predict from. right: whether the facts bear it out."""

    text: str
    right: Callable[[Facts], bool]


@dataclass(frozen=True)
class Question:
    """A question with its settings, and its answer made of facts.

    slug: its name in a link, `?ask=slug`. ask: the question. request: the settings that answer it.
    section: the part of the page where the answer is seen. answer: facts -> one sentence, or nothing while those that it
    takes are not there.
    choices: to predict from. rows: of what users must be able to see, which this covers.
    """

    slug: str
    ask: str
    request: Any
    section: str
    answer: Callable[[Facts], str]
    choices: tuple[Choice, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Lab:
    """One question, and all that its page is made of.

    jobs: request -> what is computed for it; None where the sections compute what they show, as it is quick.
    facts: request, results -> facts; None while there are too few results.
    networks: choices between networks, each some values by name.
    numbers: request, results -> rows of the numbers to take along as CSV.
    front: some of the questions by slug, each in a few words: they stand in view beside the fold that holds all.
    """

    name: str
    title: str
    icon: str
    question: str
    introduction: str
    reading: str
    codec: Codec
    groups: Callable[[Values], Sequence[Group]]
    sections: Sequence[Section]
    facts: Callable[[Any, Results], Facts | None]
    jobs: Callable[[Any], Jobs] | None = None
    questions: Sequence[Question] = ()
    networks: Mapping[str, Values] = field(default_factory=dict)
    numbers: Callable[[Any, Results], Sequence[Mapping[str, Any]]] | None = None
    front: Mapping[str, str] = field(default_factory=dict)
