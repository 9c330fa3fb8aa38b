"""What a result of a paper is, beside the same measured here: one number, from the facts of a lab's question, over seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from math import ceil, floor, inf, isfinite, log10
from statistics import median

from landscape.labs.codec import Values
from landscape.labs.lab import Facts, Question
from landscape.labs.words import MANY_TIMES, Ratio, number, told
from landscape.teaching.labs import labs, question_of

SEEDS = (0, 1, 2)
"""Of the initial weights and batches."""

SEED_FIELDS = ("seed", "runs")
"""The fields that say which seeds a lab takes."""


MINUS = "−"
"""As long as a plus, as in all numbers that people read."""

CHANCE = 0.03
"""Accuracies on some hundred test examples differ by so much by chance, about one and a half standard errors; the rounding of
another processor alone moves one of a short noisy training by more."""


class Verdict(StrEnum):
    """What is measured here says of a paper's result."""

    AGREES = "agrees"
    DIRECTION = "agrees in direction"
    UNSTEADY = "unsteady"
    NOT_HERE = "not at this size"
    UNANSWERED = "not answered by these results"


class Unit(Enum):
    """How a number is told: times a factor, with a suffix, and with so many decimals at most.

    POINTS: of a difference between two shares in percent. A share of some hundred examples has no second decimal.
    """

    PLAIN = 1, "", 6
    TIMES = 1, " times", 6
    PERCENT = 100, "%", 1
    POINTS = 100, " points", 1

    def __init__(self, factor: int, suffix: str, finest: int):
        self.factor = factor
        self.suffix = suffix
        self.finest = finest


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

    def wider(self, by: float) -> Range:
        """Return the range that begins sooner and ends later."""
        return Range(self.low - by, self.high + by)


@dataclass(frozen=True)
class Result:
    """A result of a paper, and how the same is measured here.

    name: in keys. paper: who, when, where in it. claim: one sentence. theirs: the paper's number, in words.
    what: what the number is. lab, slug: the question whose facts hold it. jobs: of that lab, those the facts take.
    measure: facts -> the number, None where they have none. agrees: where it confirms the paper's; direction: where it has
    the same sign. unit: what it is told in. changes: values beside those of the question.
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
    unit: Unit = Unit.PLAIN
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
    def known(self) -> tuple[float, ...]:
        """Those that are numbers."""
        return tuple(one for one in self.numbers if one == one)

    @property
    def middle(self) -> float:
        """The median of those that are numbers."""
        return median(self.known) if self.known else float("nan")

    @property
    def verdict(self) -> Verdict:
        """It agrees where the median is where the paper's is; it is unsteady where a seed goes another way, not by chance."""
        if 2 * len(self.known) <= len(self.numbers):
            return Verdict.UNANSWERED
        if self.middle not in self.result.direction:
            return Verdict.NOT_HERE
        not_against = self.result.direction.wider(CHANCE if self.result.unit is Unit.POINTS else 0.0)
        if not all(one in not_against for one in self.known):
            return Verdict.UNSTEADY
        return Verdict.AGREES if self.middle in self.result.agrees else Verdict.DIRECTION

    @property
    def ours(self) -> str:
        """The median with its unit, and each seed's, all with as many decimals as say something."""
        decimals, suffix = self._decimals(), self.result.unit.suffix
        seeds = [self._told(one, decimals) for one in self.numbers]
        # What is told in words, as thousands of times, keeps its unit.
        seeds = [one.removesuffix(suffix) if one[0] in f"{MINUS}0123456789" else one for one in seeds]
        return f"{self._told(self.middle, decimals)} ({', '.join(seeds)})"

    def _decimals(self) -> int:
        """Return how many decimals tell the seeds apart: two digits of the median at least and three at most, if the unit has."""
        unit = self.result.unit
        scaled = [one * unit.factor for one in self.known if isfinite(one)]
        size = abs(median(scaled or [0.0])) or max(map(abs, scaled), default=0.0)
        if not size:
            return 0
        first, spread = floor(log10(size)), max(scaled) - min(scaled)
        apart = ceil(-log10(spread)) if spread else 0
        return max(0, min(max(apart, 1 - first), 2 - first, unit.finest))

    def _told(self, value: float, decimals: int) -> str:
        unit = self.result.unit
        if not isfinite(value):
            return "none" if value != value else number(value)
        if unit is Unit.TIMES and value >= MANY_TIMES:
            return told(Ratio(value))
        # Nothing is told as less than nothing where it only rounds to it.
        written = f"{round(value * unit.factor, decimals) + 0.0:.{decimals}f}{unit.suffix}"
        return written.replace("-", MINUS)
