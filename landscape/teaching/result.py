"""What a result of a paper is, beside the same measured here: one number, from the facts of a lab's question, over seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf, isfinite
from statistics import median

from landscape.labs.codec import Values
from landscape.labs.lab import Facts, Question
from landscape.labs.words import Hole, told
from landscape.teaching.labs import labs, question_of

SEEDS = (0, 1, 2)
"""Of the initial weights and batches."""

SEED_FIELDS = ("seed", "runs")
"""The fields that say which seeds a lab takes."""


class Verdict(StrEnum):
    """What is measured here says of a paper's result."""

    AGREES = "agrees"
    DIRECTION = "agrees in direction"
    NOT_HERE = "not at this size"
    UNANSWERED = "not answered by these results"


@dataclass(frozen=True)
class Range:
    """From one number to another, both included.

    >>> 2.0 in Range(1.0), 0.5 in Range(1.0)
    (True, False)
    """

    low: float = -inf
    high: float = inf

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Result:
    """A result of a paper, and how the same is measured here.

    name: in keys. paper: who, when, where in it. claim: one sentence. theirs: the paper's number, in words.
    what: what the number is. lab, slug: the question whose facts hold it. jobs: of that lab, those the facts take.
    measure: facts -> the number, None where they have none. agrees: where it confirms the paper's; direction: where it has
    the same sign. unit: how it is told. changes: values beside those of the question.
    """

    name: str
    paper: str
    claim: str
    theirs: str
    what: str
    lab: str
    slug: str
    jobs: tuple[str, ...]
    measure: Callable[[Facts], float | None]
    agrees: Range
    direction: Range
    unit: Callable[[float], Hole] = float
    changes: Values = field(default_factory=dict, hash=False)

    @property
    def authors(self) -> str:
        """Who found it, and when."""
        return self.paper.split(", arXiv")[0]

    @property
    def question(self) -> Question:
        """The question whose facts hold the number."""
        found = question_of(self.lab, self.slug)
        if found is None:
            raise ValueError(f"{self.lab}.{self.slug} names no question: give the result {self.name} another")
        return found

    def values(self, seed: int) -> Values:
        """Return the values of a request with this seed."""
        return self._values() | {"seed": seed}

    def settings(self) -> dict[str, str]:
        """Return what differs from the defaults of the page, less how many seeds it takes, as a link has it."""
        codec = labs()[self.lab].codec
        return codec.write(self._values(), codec.defaults | self._seeds())

    def link(self) -> dict[str, str]:
        """Return the parameters of a link that shows it."""
        codec = labs()[self.lab].codec
        base = codec.values_of(self.question.request)
        return {"ask": self.slug} | codec.write(self._values(), base | self._seeds())

    def _values(self) -> Values:
        return labs()[self.lab].codec.values_of(self.question.request) | self.changes

    def _seeds(self) -> Values:
        """Return what stands for the seeds here, which the page has of its own."""
        return {name: value for name, value in self._values().items() if name in SEED_FIELDS}


@dataclass(frozen=True)
class Found:
    """The number of a result, by seed: not a number where the facts have none; and what it says of the paper's."""

    result: Result
    numbers: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median of those that are numbers."""
        known = [one for one in self.numbers if one == one]
        return median(known) if known else float("nan")

    @property
    def verdict(self) -> Verdict:
        """It agrees where the median is where the paper's is, and no seed on the other side."""
        known = [one for one in self.numbers if one == one]
        if 2 * len(known) <= len(self.numbers):
            return Verdict.UNANSWERED
        if self.middle in self.result.agrees and all(one in self.result.direction for one in known):
            return Verdict.AGREES
        return Verdict.DIRECTION if self.middle in self.result.direction else Verdict.NOT_HERE

    @property
    def ours(self) -> str:
        """The median, and each seed's."""
        return f"{self._told(self.middle)} ({', '.join(map(self._told, self.numbers))})"

    def _told(self, value: float) -> str:
        return told(self.result.unit(value)) if isfinite(value) else "none" if value != value else told(value)
