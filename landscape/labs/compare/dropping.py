"""Balls that are dropped one by one: where they lie, as links hold it, and the buttons that drop one more or take it back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import cos, pi, sin, sqrt
from typing import Any

from landscape.labs.codec import Values
from landscape.labs.lab import Action
from models.fields import Bounds

MOST = 8
"""As many balls at most are dropped one by one; the last of them lies where the sliders say, the others are kept."""

NONE = "none"
"""What links write where no ball is kept."""

_PLACE = r"-?\d{1,3}~-?\d{1,3}"
_PLACES = re.compile(rf"{_PLACE}(_{_PLACE}){{0,{MOST - 2}}}", re.ASCII)

GOLDEN = pi * (3 - sqrt(5))
"""The angle by which the next ball is turned from the last: however many there are, no two lie on one another."""

NEAR = 0.1
"""Nearer to the centre than so much of the picture, a turn would move a ball hardly at all."""


class Places(tuple[tuple[float, float], ...]):
    """Places in shares of what the picture shows to each side, in hundredths; written as links hold them.

    >>> str(Places([(0.8, -0.5), (0.25, 1.0)])), str(Places())
    ('80~-50_25~100', 'none')
    """

    def __new__(cls, places: Iterable[tuple[float, float]] = ()) -> Places:
        """Make places, each to the hundredth."""
        return super().__new__(cls, ((hundredth(x), hundredth(y)) for x, y in places))

    def __str__(self) -> str:
        return "_".join(f"{round(100 * x)}~{round(100 * y)}" for x, y in self) or NONE


@dataclass(frozen=True)
class PlacesBounds(Bounds):
    """The bounds of a field that holds places: how many, and how far from the centre."""

    def parse(self, text: str) -> Places:
        """Read places as links write them; raise a ValueError that says what may stand there."""
        if text == NONE:
            return Places()
        if _PLACES.fullmatch(text):
            pairs = (pair.split("~") for pair in text.split("_"))
            places = Places((int(x) / 100, int(y) / 100) for x, y in pairs)
            if _within(places):
                return places
        raise ValueError(f"{self._said()}, not {text!r}")

    def check(self, value: Any) -> Places:
        """Return places, or raise a ValueError that says what may stand there."""
        places = Places(value)
        if len(places) >= MOST or not _within(places):
            raise ValueError(f"{self._said()}, not {str(places)!r}")
        return places

    def _said(self) -> str:
        return (
            f"must be {NONE}, or at most {MOST - 1} places such as 50~-30_-20~70: hundredths of the way from the centre of the "
            "picture to its edge, from -100 to 100"
        )


def kept(label: str, help: str) -> Any:
    """Declare a field that holds the places of balls that are kept."""
    return field(default=Places(), metadata={"bounds": PlacesBounds(label, help, Places)})


def hundredth(share: float) -> float:
    """Return a share to the hundredth, never a negative zero: a place is then one place, whoever says it."""
    return round(share, 2) + 0.0


def keeping(values: Values) -> Places:
    """Return the places to keep where one more ball is dropped, the last one's among them; all there are where no more may.

    values: `another_ball`, `ball_x`, `ball_y` and `more_balls` as a request or a link has them.
    """
    places: Places = values["more_balls"]
    last = ((values["ball_x"], values["ball_y"]),) if values["another_ball"] else ()
    return Places((*places, *last)[: MOST - 1])


def dropping(values: Values) -> tuple[Action, Action]:
    """Return the buttons that drop another ball and that take the last one back, without values where they may not."""
    on, places = values["another_ball"], values["more_balls"]
    drop: Values = {}
    if not on:
        drop = {"another_ball": True}
    elif len(places) < MOST - 1:
        x, y = _turned(values["ball_x"], values["ball_y"])
        drop = {"more_balls": keeping(values), "ball_x": x, "ball_y": y}
    back: Values = {}
    if on and places:
        back = {"more_balls": Places(places[:-1]), "ball_x": places[-1][0], "ball_y": places[-1][1]}
    elif on:
        back = {"another_ball": False}
    elif places:
        back = {"more_balls": Places(places[:-1])}
    return Action("Drop another ball", drop), Action("Take the last one back", back)


def _turned(x: float, y: float) -> tuple[float, float]:
    """Return where the next ball is dropped: as far from the centre as the last, at another angle, and within the picture."""
    if max(abs(x), abs(y)) < NEAR:
        return 0.5, 0.5
    there = x * cos(GOLDEN) - y * sin(GOLDEN), x * sin(GOLDEN) + y * cos(GOLDEN)
    over = max(1.0, *map(abs, there))
    return hundredth(there[0] / over), hundredth(there[1] / over)


def _within(places: Places) -> bool:
    return all(abs(share) <= 1 for place in places for share in place)
