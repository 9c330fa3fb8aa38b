"""What a lesson is: an ordered list of questions over any labs; and how one is written as a link and as a file.

In a link a lesson is a name, or its steps themselves: `two_weights.thousands~compare.digits`. In a file it is text:

    # For my class
    two_weights.thousands One feature in units, one in thousands.
    compare.digits
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from landscape.labs.lab import Question
from landscape.teaching.labs import question_of

MOST_STEPS = 40
"""A lesson has no more steps, so that its link stays one that can be sent."""

OWN_TITLE = "A lesson of one's own"

SHOWN = 60
"""A message shows so many characters of what it cannot read."""


@dataclass(frozen=True)
class Step:
    """A question of a lab, and one sentence that leads to it."""

    lab: str
    slug: str
    sentence: str = ""

    @property
    def name(self) -> str:
        """How it is written in a link."""
        return f"{self.lab}.{self.slug}"

    @property
    def question(self) -> Question:
        """The question."""
        found = question_of(self.lab, self.slug)
        if found is None:
            raise ValueError(
                f"{self.name[:SHOWN]!r} names no question: it must be a page, a dot and a question of that page, as "
                "two_weights.thousands"
            )
        return found


@dataclass(frozen=True)
class Lesson:
    """Questions in order. name: in a link; sentence: what one knows after it."""

    name: str
    title: str
    sentence: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise ValueError(f"A lesson has 1 to {MOST_STEPS} questions, not {len(self.steps)}: take others away")


def name_of(steps: Sequence[Step]) -> str:
    """Return the name in a link of a lesson that has no other: its steps.

    >>> name_of([Step("compare", "digits"), Step("robustness", "rates")])
    'compare.digits~robustness.rates'
    """
    return "~".join(step.name for step in steps)


def own_lesson(name: str) -> Lesson:
    """Return the lesson that the steps in a link make, told apart by `~` or by commas.

    >>> [step.slug for step in own_lesson("compare.digits,robustness.rates").steps]
    ['digits', 'rates']

    Raises: ValueError where a step names no question.
    """
    steps = tuple(_step(one.strip()) for one in re.split("[~,]", name) if one.strip())
    return Lesson(name_of(steps), OWN_TITLE, "", steps)


def read_lesson(text: str) -> Lesson:
    """Return the lesson that a file holds: a line with a title after `#`, then a line for each question.

    >>> lesson = read_lesson("# Bowls" + chr(10) + "two_weights.thousands One feature in thousands.")
    >>> lesson.title, lesson.steps[0].sentence
    ('Bowls', 'One feature in thousands.')

    Raises: ValueError with the line that cannot be read.
    """
    title, steps = OWN_TITLE, []
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if line.startswith("#"):
            title = line.lstrip("# ") or title
        elif line:
            name, _, sentence = line.partition(" ")
            try:
                steps.append(_step(name, sentence.strip()))
            except ValueError as error:
                raise ValueError(f"Line {number}: {error}") from error
    return Lesson(name_of(steps), title, "", tuple(steps))


def write_lesson(lesson: Lesson) -> str:
    """Return a lesson as a file that `read_lesson` reads."""
    lines = [f"# {lesson.title}", *(f"{step.name} {step.sentence}".rstrip() for step in lesson.steps)]
    return "\n".join(lines) + "\n"


def _step(name: str, sentence: str = "") -> Step:
    """Return a step whose question there is."""
    lab, _, slug = name.partition(".")
    question = Step(lab, slug).question
    return Step(lab, question.slug, sentence)
