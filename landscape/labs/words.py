"""The kit of sentences: numbers, lists, waits and names as people read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

LONG = 8
"""A wait of so many seconds is told of."""


def number(value: float) -> str:
    """Return a number with three significant digits, as people read it, with a minus as long as a plus.

    >>> number(0.0023456), number(2491.0), number(999.6), number(1.2e9), number(float("nan"))
    ('0.00235', '2490', '1000', '1.2e+09', 'not a number')
    >>> number(-0.5), number(1e-5)
    ('−0.5', '1e−05')
    """
    if np.isnan(value):
        return "not a number"
    if np.isinf(value):
        return "infinite"
    rounded = float(f"{value:.3g}")
    written = f"{rounded:.0f}" if 1e3 <= abs(rounded) < 1e6 else f"{value:.3g}"
    return written.replace("-", "−")


def listing(names: Sequence[str]) -> str:
    """Return names as they stand in a sentence.

    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def time_left(seconds: float | None) -> str:
    """Return how long a wait will still take, in words; nothing where that is short or not known.

    >>> time_left(42.0), time_left(170.0), time_left(3.0), time_left(None)
    ('about 40 seconds more', 'about 3 minutes more', '', '')
    """
    if seconds is None or seconds < LONG:
        return ""
    return f"about {f'{5 * round(seconds / 5)} seconds' if seconds < 100 else f'{round(seconds / 60)} minutes'} more"


def literal(text: str) -> str:
    """Return a text in which nothing is Markdown: what stands in a link, or a name, is shown as it stands there.

    >>> literal("**bold** |v| under_score")
    '\\\\*\\\\*bold\\\\*\\\\* \\\\|v\\\\| under_score'
    """
    return re.sub(r"([\\`*\[\]<>#|~$]|(?<!\w)_|_(?!\w)|:(?=\w))", r"\\\1", text)


def unmarked(text: str) -> str:
    r"""Return a sentence as it reads where nothing is Markdown, as in a table.

    >>> unmarked(literal("|v| under_score"))
    '|v| under_score'
    """
    return re.sub(r"\\([\\`*\[\]<>#|~$_:])", r"\1", text)


def spoken(message: str, labels: Mapping[str, str]) -> str:
    """Return a message in which fields of configurations have the names of their controls.

    >>> spoken("NetworkConfig.width must be 1", {"width": "Width"})
    'Width must be 1'
    """
    return re.sub(r"\b[A-Z]\w+\.(\w+)", lambda found: labels.get(found[1], found[0]), message)


class Share(float):
    """A number from 0 to 1 that is told with three decimals, as accuracies are."""


class Steps(int):
    """How many steps of training."""


class Percent(float):
    """A share that is told in percent, of which less than a thousandth is told as that."""


class Ratio(float):
    """How many times as much: told as a number up to some thousand, and beyond that in words."""


class Quotient(float):
    """One length over another: told as a number where it lies between a five thousandth and five thousand."""


Hole = float | int | str | Sequence["Hole"] | Mapping[str, "Hole"]
"""What may stand in a hole of a sentence. A mapping is told as `value (name)`, one after the other."""

MANY_TIMES = 5000
"""Ratios over this say no more than that they are large: they come from what overflows or vanishes."""


def told(value: Hole) -> str:
    """Return what stands in a hole of a sentence as people read it; a name is text, and never Markdown.

    >>> told(0.123456), told(Share(0.9712)), told({"a|b": Share(0.5), "c": Share(1)})
    ('0.123', '0.971', '0.500 (a\\\\|b) and 1.000 (c)')
    >>> told(Ratio(86.4)), told(Ratio(5.6e6)), told(["x", "y"])
    ('86.4 times', 'millions of times', 'x and y')
    >>> told({"a": Quotient(2.84e-5), "b": Quotient(1.03), "c": Quotient(34500)})
    'under 1/5000 (a), 1.03 (b) and over 5000 (c)'
    >>> told(Steps(60)), told(Steps(1))
    ('60 steps', '1 step')
    >>> told(Percent(0.977)), told(Percent(5e-12)), told(Percent(0))
    ('97.7%', 'less than 0.1%', '0%')
    """
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Mapping):
        return listing([f"{told(one)} ({literal(name)})" for name, one in value.items()])
    if isinstance(value, Sequence):
        return listing([told(one) for one in value])
    if isinstance(value, Share):
        return f"{float(value):.3f}"
    if isinstance(value, Steps):
        return f"{int(value)} step{'' if value == 1 else 's'}"
    if isinstance(value, Percent):
        return "less than 0.1%" if 0 < value < 1e-3 else f"{number(100 * value)}%"
    if isinstance(value, Ratio):
        return _times(float(value))
    if isinstance(value, Quotient) and value > 0 and not 1 / MANY_TIMES < value < MANY_TIMES:
        return f"under 1/{MANY_TIMES}" if value < 1 else f"over {MANY_TIMES}"
    return f"{value}" if isinstance(value, int) else number(value)


def _times(ratio: float) -> str:
    if np.isnan(ratio) or ratio < MANY_TIMES:
        return f"{number(ratio)} times"
    if ratio < 1e6:
        return "thousands of times"
    return "millions of times" if ratio < 1e9 else "more than a billion times"


def layer_name(name: str) -> str:
    """Return the name of a layer as people read it.

    >>> layer_name("layer13"), layer_name("output")
    ('layer 13', 'output')
    """
    return re.sub(r"^layer(?=\d)", "layer ", name)


def sentence(template: str, **holes: Hole) -> str:
    """Return a whole sentence: a template with its named holes filled, and a capital where it begins with a name.

    >>> sentence("**{name}** reaches {accuracy}.", name="no normalization", accuracy=Share(0.97))
    '**No normalization** reaches 0.970.'
    """
    said = template.format(**{name: told(value) for name, value in holes.items()})
    return re.sub(r"^(\**)([a-z])", lambda found: found[1] + found[2].upper(), said)
