"""One strict codec between what was asked and flat text by name, as links hold it.

A link holds only what differs from the defaults. Reading never raises: each bad value gives its default and a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from landscape.experiment import PART_OF, PARTS, VARIED, Comparison, Display, Experiment, Variant, View
from models.fields import Bounds, bounds_of

MAX_VARIANTS = 4

LONGEST = 60
"""No value is as long as so many characters; of one that is longer, a message shows so many."""


Values = dict[str, Any]
"""Values by name as in links."""


@dataclass(frozen=True, eq=False)
class Codec:
    """Reads and writes what one page shows: as a link's parameters, and as a file.

    page: the page's name, by which the settings of each page are kept apart.
    fields: what may stand in its link, and the bounds of each.
    defaults: the values of a link that says nothing, all of them.
    request_of: values, some or all -> the request that they make; a ValueError says what does not fit together.
    values_of: a request -> all its values.
    optional: names whose value may be None, which links write as an empty text.
    idle: values -> the names that do not matter beside them, and are not written.
    """

    page: str
    fields: Mapping[str, Bounds]
    defaults: Values
    request_of: Callable[[Values], Any] = dict
    values_of: Callable[[Any], Values] = dict
    optional: Collection[str] = ()
    idle: Callable[[Values], Collection[str]] = lambda values: ()

    def read(self, parameters: Mapping[str, str], where: str = "link") -> tuple[Values, tuple[str, ...]]:
        """Read a link's parameters into values, and a sentence for each that cannot be read. Never raise.

        Args: where, what holds the parameters, as the sentences call it.
        """
        values, problems = dict(self.defaults), []
        for name, text in parameters.items():
            if name not in self.fields:
                problems.append(
                    f"The {where} names {_shortened(name)!r}, which is no setting of this page; it is ignored."
                )
                continue
            try:
                empty = text == "" and name in self.optional
                values[name] = None if empty else self.fields[name].parse(_shortened(text))
            except ValueError as error:
                shown = "the base's value" if self.defaults[name] is None else text_of(self.defaults[name])
                problems.append(f"{name} in the {where} {error}; {shown} is used.")
        return values, tuple(problems)

    def write(self, values: Values) -> dict[str, str]:
        """Write values as a link's parameters: those that differ from the defaults and matter."""
        idle = self.idle(values)
        changed = {name: value for name, value in values.items() if value != self.defaults[name] and name not in idle}
        return {name: text_of(value) for name, value in changed.items()}

    def to_json(self, values: Values) -> str:
        """Write values as a file: the page's name and the parameters of its link."""
        return json.dumps({"page": self.page, "settings": self.write(values)}, indent=2)

    def from_json(self, text: str | bytes) -> tuple[Values, tuple[str, ...]]:
        """Read a file as `read` does a link.

        Raises: ValueError with a sentence where it is no such file, or another page's.
        """
        try:
            found = json.loads(text)
            page, settings = found["page"], found["settings"]
            parameters = {
                str(name): value if isinstance(value, str) else text_of(value) for name, value in settings.items()
            }
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(
                "This file holds no experiment: it must be one that this page has saved, as JSON."
            ) from error
        if page != self.page:
            raise ValueError(f"This file holds an experiment of the page {_shortened(str(page))!r}, not {self.page!r}.")
        return self.read(parameters, "file")


def codec_of(page: str, config: type) -> Codec:
    """Return the codec of a page whose request is one configuration, all defaults, of fields with bounds."""
    fields = bounds_of(config)

    def values_of(request: Any) -> Values:
        return {name: getattr(request, name) for name in fields}

    return Codec(page, fields, values_of(config()), lambda values: config(**values), values_of)


@dataclass(frozen=True)
class Request:
    """All that a link to the comparison page holds."""

    comparison: Comparison = Comparison()
    view: View = View()
    display: Display = Display()


OF_VARIANTS = {f"v{i}_{name}": name for i in range(1, MAX_VARIANTS + 1) for name in VARIED}
"""The names in links of what a variant may have of its own, and the fields that they give; empty: the base's value."""


def _fields() -> dict[str, Bounds]:
    """An experiment's, `v1_...` of a variant (None: the base's), those of view and display."""
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


def idle(values: Values) -> set[str]:
    """Return the names of variants beyond those that are compared."""
    return {f"v{i}_{name}" for i in range(values["variants"] + 1, MAX_VARIANTS + 1) for name in VARIED}


COMPARISON = Codec("compare", FIELDS, DEFAULTS, request_of, values_of, OF_VARIANTS, idle)
"""The codec of the comparison page."""


def read(parameters: Mapping[str, str]) -> tuple[Values, tuple[str, ...]]:
    """Read a link to the comparison page into values, and a sentence for each that cannot be read.

    >>> values, problems = read({"learning_rate": "0.5", "width": "1e400"})
    >>> values["learning_rate"], values["width"], problems
    (0.5, 64, ("width in the link must be a whole number from 1 to 512, not '1e400'; 64 is used.",))
    """
    return COMPARISON.read(parameters)


def write(values: Values) -> dict[str, str]:
    """Write values as the parameters of a link to the comparison page.

    >>> write(values_of(Request(view=View(resolution=51))))
    {'resolution': '51'}
    """
    return COMPARISON.write(values)


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
