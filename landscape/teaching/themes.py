"""Every question of every lab by theme, and found by words."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.labs.lab import Lab, Question
from landscape.teaching.labs import labs

THEMES = {
    "How long a step may be": (1, 2, 3, 4, 5, 6, 24, 25, 68),
    "Features of unlike scales": (7, 8, 9, 15, 16, 17, 19, 29, 45, 66),
    "What is normalized, by what": (12, 21, 22, 31, 48, 67),
    "Landscapes": (18, 37, 39, 65, 69, 70, 71),
    "Smoothness and curvature": (38, 40, 59, 60, 61, 62, 63, 72),
    "Inside the layers": (13, 14, 30, 46, 57, 58, 64),
    "Is it the distribution?": (34, 35, 36, 43, 44, 53),
    "Initial weights, activations and depth": (26, 27, 33),
    "What can be rescaled": (32, 54, 55, 56),
    "Batches, and one example alone": (10, 11, 20, 23, 41, 42, 49, 50, 51, 52),
    "Regularization": (28, 47),
}
"""Of the rows that a question covers, which belong together."""

OTHER = "And what else one may ask"


@dataclass(frozen=True)
class Entry:
    """A question with the lab that it opens, and the themes of what it covers, the first of which it stands under."""

    lab: Lab
    question: Question
    themes: tuple[str, ...]

    @property
    def name(self) -> str:
        """How a lesson's link and file call it."""
        return f"{self.lab.name}.{self.question.slug}"


def themes_of(question: Question) -> tuple[str, ...]:
    """Return the themes of the rows that a question covers, in their order there.

    >>> themes_of(next(one for one in labs()["compare"].questions if one.slug == "what-follows"))
    ('How long a step may be',)
    """
    found = [theme for row in question.rows for theme, rows in THEMES.items() if row in rows]
    return tuple(dict.fromkeys(found)) or (OTHER,)


def by_theme(words: str = "") -> dict[str, list[Entry]]:
    """Return the questions in which all these words stand, by the first theme of each; themes without any are left out.

    Words are looked for in the question, its themes, and the title of its lab.
    """
    wanted = words.lower().split()
    found: dict[str, list[Entry]] = {theme: [] for theme in (*THEMES, OTHER)}
    for lab in labs().values():
        for question in lab.questions:
            entry = Entry(lab, question, themes_of(question))
            text = " ".join((question.ask, lab.title, *entry.themes)).lower()
            if all(word in text for word in wanted):
                found[entry.themes[0]].append(entry)
    return {theme: entries for theme, entries in found.items() if entries}


def entries() -> list[Entry]:
    """Return all questions, theme after theme."""
    return [entry for many in by_theme().values() for entry in many]
