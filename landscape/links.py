"""One strict codec between what was asked and flat text by name, as links hold it.

A link holds only what differs from the defaults. Reading never raises: each bad value gives its default and a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from landscape.experiment import PART_OF, PARTS, VARIED, Comparison, Display, Experiment, Variant, View
from models.fields import Bounds, bounds_of

MAX_VARIANTS = 4

LONGEST = 60
"""No value is as long as so many characters; of one that is longer, a message shows so many."""


@dataclass(frozen=True)
class Request:
    """All that a link to the comparison page holds."""

    comparison: Comparison = Comparison()
    view: View = View()
    display: Display = Display()


Values = dict[str, Any]
"""Values by name as in links: an experiment's, `v1_...` of a variant (None: the base's), of view and display."""


OF_VARIANTS = {f"v{i}_{name}": name for i in range(1, MAX_VARIANTS + 1) for name in VARIED}
"""The names in links of what a variant may have of its own, and the fields that they give; empty: the base's value."""


def _fields() -> dict[str, Bounds]:
    found = {"seed": bounds_of(Experiment)["seed"]}
    for config in PARTS.values():
        found |= bounds_of(config)
    found["variants"] = Bounds("Networks", "How many networks are compared.", int, 1, MAX_VARIANTS)
    found |= {name: found[own] for name, own in OF_VARIANTS.items()}
    found |= {view_name(name): bounds for name, bounds in bounds_of(View).items()}
    return found | bounds_of(Display)


def view_name(name: str) -> str:
    """Return the name in links of a view's field: its own, or `view_...` where an experiment has one of that name."""
    return f"view_{name}" if name in PART_OF or name == "seed" else name


FIELDS = _fields()
"""What may stand in a link, and the bounds of each."""


def values_of(request: Request) -> Values:
    """Return the values that make this request, all of them, by name."""
    base = request.comparison.base
    values: Values = {name: base.get(name) for name in [*PART_OF, "seed"]}
    values["variants"] = len(request.comparison.variants)
    variants = [*request.comparison.variants, *(Variant() for _ in range(MAX_VARIANTS - values["variants"]))]
    for i, variant in enumerate(variants, start=1):
        values |= {f"v{i}_{name}": getattr(variant, name) for name in VARIED}
    values |= {view_name(name): getattr(request.view, name) for name in bounds_of(View)}
    return values | {name: getattr(request.display, name) for name in bounds_of(Display)}


def request_of(values: Values) -> Request:
    """Return the request that values by name make; what is missing takes its default.

    Raises: ValueError with a sentence where values that are fine one by one do not fit together.
    """
    values = DEFAULTS | values
    base = Experiment().replace(**{name: values[name] for name in [*PART_OF, "seed"]})
    variants = tuple(
        Variant(**{name: values[f"v{i}_{name}"] for name in VARIED}) for i in range(1, values["variants"] + 1)
    )
    view = View(**{name: values[view_name(name)] for name in bounds_of(View)})
    display = Display(**{name: values[name] for name in bounds_of(Display)})
    return Request(Comparison(base, variants), view, display)


DEFAULTS = values_of(Request())
"""The values of a link that says nothing."""


def read(parameters: Mapping[str, str]) -> tuple[Values, tuple[str, ...]]:
    """Read a link's parameters into values, and a sentence for each that cannot be read.

    >>> values, problems = read({"learning_rate": "0.5", "width": "1e400"})
    >>> values["learning_rate"], values["width"], problems
    (0.5, 64, ("width in the link must be a whole number from 1 to 512, not '1e400'; 64 is used.",))
    """
    values, problems = dict(DEFAULTS), []
    for name, text in parameters.items():
        if name not in FIELDS:
            problems.append(f"The link names {_shortened(name)!r}, which is no setting of this page; it is ignored.")
            continue
        try:
            values[name] = None if text == "" and name in OF_VARIANTS else FIELDS[name].parse(_shortened(text))
        except ValueError as error:
            shown = "the base's value" if DEFAULTS[name] is None else text_of(DEFAULTS[name])
            problems.append(f"{name} in the link {error}; {shown} is used.")
    return values, tuple(problems)


def write(values: Values) -> dict[str, str]:
    """Write values as a link's parameters: those that differ from the defaults and matter.

    >>> write(values_of(Request(view=View(resolution=51))))
    {'resolution': '51'}
    """
    idle = {f"v{i}_{name}" for i in range(values["variants"] + 1, MAX_VARIANTS + 1) for name in VARIED}
    changed = {name: value for name, value in values.items() if value != DEFAULTS[name] and name not in idle}
    return {name: text_of(value) for name, value in changed.items()}


def text_of(value: Any) -> str:
    """Return a value as links write it."""
    if value is None:
        return ""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
