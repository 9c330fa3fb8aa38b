"""The arithmetic of a cell as it is written, line by line, with its own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landscape.labs.anatomy.facts import Arithmetic, Center, Divisor
from landscape.labs.words import number

SHOWN = 4
"""Of a sum of many values the first so many are written out."""


@dataclass(frozen=True)
class Line:
    """One line of the arithmetic of a cell."""

    step: str
    numbers: str
    result: str


def lines(one: Arithmetic, called: str = "The chosen cell") -> list[Line]:
    """Return the arithmetic of a cell, line by line, with its own numbers. called: what it is."""
    made = [Line(called, "", number(one.value))]
    if one.center != one.center:
        return [
            *made,
            Line("Normalized", "by the layer itself: one cell tells no line", number(one.normalized)),
            *_learnt(one),
        ]
    count, squares = len(one.values), [value**2 for value in one.values]
    if one.center_kind is Center.MEAN:
        made.append(Line(f"Sum of the {count} cells", _sum(one.values), number(sum(one.values))))
        made.append(Line("Mean", f"{number(sum(one.values))} / {count}", number(one.center)))
    elif one.center_kind is Center.STORED:
        made.append(Line(f"Stored {one.center_name}", "from the batches of training", number(one.center)))
    elif one.center_kind is Center.MEASURED:
        made.append(Line("Centre, measured", "where the line through these cells is 0", number(one.center)))
    if one.divisor_kind is Divisor.DEVIATION:
        mean = sum(one.values) / count
        if one.center_kind is not Center.MEAN:
            made.append(Line("Mean, which is not subtracted", f"{number(sum(one.values))} / {count}", number(mean)))
        off = [value - mean for value in one.values]
        total = sum(value**2 for value in off)
        made.append(Line("Deviation of this cell from it", _minus(one.value, mean), number(off[one.at])))
        made.append(Line("Sum of the squared deviations", _squares(off), number(total)))
        made.append(Line("Variance", f"{number(total)} / {count}", number(total / count)))
        made.append(Line("Root", f"√({number(total / count)} + {number(one.epsilon)})", number(one.divisor)))
    elif one.divisor_kind is Divisor.ROOT_MEAN_SQUARE:
        made.append(Line(f"Sum of the {count} squares", _squares(one.values), number(sum(squares))))
        made.append(Line("Mean square", f"{number(sum(squares))} / {count}", number(sum(squares) / count)))
        made.append(Line("Root", f"√({number(sum(squares) / count)} + {number(one.epsilon)})", number(one.divisor)))
    elif one.divisor_kind is Divisor.LENGTH:
        made.append(Line(f"Sum of the {count} squares", _squares(one.values), number(sum(squares))))
        made.append(Line("Length", f"√{number(sum(squares))}", number(one.divisor)))
    elif one.divisor_kind is Divisor.MAGNITUDE:
        total = sum(map(abs, one.values))
        made.append(Line(f"Sum of the {count} sizes, signs dropped", _sum([*map(abs, one.values)]), number(total)))
        made.append(Line("Mean size", f"{number(total)} / {count} + {number(one.epsilon)}", number(one.divisor)))
    elif one.divisor_kind is Divisor.GREATEST:
        made.append(Line(f"Greatest of the {count} sizes", f"+ {number(one.epsilon)}", number(one.divisor)))
    elif one.divisor_kind is Divisor.STORED:
        made.append(Line(f"Stored {one.divisor_name}", "from the batches of training", number(one.divisor)))
    elif one.divisor_kind is Divisor.STORED_ROOT:
        stored = one.divisor**2 - one.epsilon
        made.append(Line(f"Stored {one.divisor_name}", "from the batches of training", number(stored)))
        made.append(Line("Root", f"√({number(stored)} + {number(one.epsilon)})", number(one.divisor)))
    elif one.divisor_kind is Divisor.MEASURED:
        made.append(Line("Divisor, measured", "of the line through these cells", number(one.divisor)))
    if (one.center_kind, one.divisor_kind) == (Center.NOTHING, Divisor.NOTHING):
        return made
    below = "" if one.divisor_kind is Divisor.NOTHING else f" / {number(one.divisor)}"
    centred = one.center_kind is not Center.NOTHING
    above = _minus(one.value, one.center) if centred else number(one.value)
    inner = f"({above})" if below and centred else above
    times = "" if one.factor == 1 else f"{number(one.factor)} × "
    made.append(Line("Normalized", f"{times}{inner}{below}", number(one.normalized)))
    made += _learnt(one)
    if one.center_kind is Center.STORED or one.divisor_kind in (Divisor.STORED, Divisor.STORED_ROOT):
        slope = one.scale * one.factor / one.divisor
        at_zero = one.shift - slope * one.center
        made.append(
            Line("The same as one map", f"{number(slope)} × {_signed(one.value)} {_plus(at_zero)}", number(one.result))
        )
    return made


def _learnt(one: Arithmetic) -> list[Line]:
    """Return the line of the learnt scale and shift, where they change anything."""
    if one.scale == 1 and one.shift == 0:
        return []
    product = f"{number(one.scale)} × {_signed(one.normalized)}"
    if one.shift == 0:
        return [Line("Learnt scale", product, number(one.result))]
    return [Line("Learnt scale and shift", f"{product} {_plus(one.shift)}", number(one.result))]


def _plus(value: float) -> str:
    return f"− {number(-value)}" if value < 0 else f"+ {number(value)}"


def _signed(value: float) -> str:
    return f"(−{number(-value)})" if value < 0 else number(value)


def _minus(value: float, other: float) -> str:
    return f"{number(value)} {_plus(-other)}"


def _sum(values: Sequence[float]) -> str:
    """Return a sum as it is written, the first few of many.

    >>> _sum([1.0, -2.0, 3.0]), _sum([1.0] * 9)
    ('1 − 2 + 3', '1 + 1 + 1 + 1 + … (9 in all)')
    """
    shown = values if len(values) <= 2 * SHOWN else values[:SHOWN]
    text = number(shown[0]) + "".join(f" {_plus(value)}" for value in shown[1:])
    return text if len(shown) == len(values) else f"{text} + … ({len(values)} in all)"


def _squares(values: Sequence[float]) -> str:
    shown = values if len(values) <= 2 * SHOWN else values[:SHOWN]
    text = " + ".join(f"{_signed(value)}²" for value in shown)
    return text if len(shown) == len(values) else f"{text} + … ({len(values)} in all)"
