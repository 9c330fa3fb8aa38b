"""One strict codec between what was asked and flat text by name, as links hold it.

A link holds only what differs from the defaults. Reading never raises: each bad value gives its default and a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from landscape.experiment import MAX_VARIANTS, PART_OF, PARTS, VARIED, Comparison, Variant
from landscape.labs.fitting import by_link
from models.fields import Bounds, Misfit, bounds_of

LONGEST = 80
"""No value is as long as so many characters; of one that is longer, a message shows so many."""


Values = dict[str, Any]
"""Values by name as in links."""


@dataclass(frozen=True, eq=False)
class Codec:
    """Reads and writes what one lab shows: as a link's parameters, and as a file.

    page: the lab's name, by which the settings of each lab are kept apart.
    fields: what may stand in its link, and the bounds of each.
    defaults: the values of a link that says nothing, all of them.
    request_of: values, some or all -> the request that they make; a ValueError says what does not fit together.
    values_of: a request -> all its values.
    carried: names of what comes with the values and stands in no link.
    optional: names whose value may be None, which links write as an empty text.
    idle: values -> the names that do not matter beside them, and are not written.
    """

    page: str
    fields: Mapping[str, Bounds]
    defaults: Values
    request_of: Callable[[Values], Any]
    values_of: Callable[[Any], Values]
    optional: Collection[str] = ()
    idle: Callable[[Values], Collection[str]] = lambda values: ()
    carried: Collection[str] = ()

    def read(
        self, parameters: Mapping[str, str], where: str = "link", base: Values | None = None
    ) -> tuple[Values, tuple[str, ...]]:
        """Read a link's parameters into values, and a sentence for each that cannot be read. Never raise.

        Args: where, what holds the parameters, as the sentences call it; base, what they are told from: the defaults,
            or the values of a question that is asked.
        """
        base = self.defaults if base is None else base
        values, problems = dict(base), []
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
                shown = "the base's value" if base[name] is None else text_of(base[name])
                problems.append(f"{name} in the {where} {error}; {shown} is used.")
        values |= by_link(base, {name: values[name] for name in parameters if name in self.fields})
        idle = self.idle(values)
        for name in parameters:
            if name in idle and values[name] != base[name]:
                problems.append(
                    f"{name} in the {where} has no effect: it is of a network that this page does not hold."
                )
        return values, tuple(problems)

    def write(self, values: Values, base: Values | None = None) -> dict[str, str]:
        """Write values as a link's parameters: those that matter and differ from the base, or else the defaults.

        Sizes that a choice would bring are written too where they are others, and where they are not.
        """
        base, idle = self.defaults if base is None else base, self.idle(values)
        changed = {name: value for name, value in values.items() if value != base[name] and name not in idle}
        changed |= {name: values[name] for name in by_link(base, changed)}
        return {name: text_of(value) for name, value in changed.items()}

    def mends(self, values: Values) -> list[Values]:
        """Return the ways to mend values that do not fit together, each the few that change; all fit after any of them.

        What one of several networks has of its own is changed for it alone, all else for all.
        """
        try:
            self.request_of(values)
        except Misfit as misfit:
            return [
                way for name, value in misfit.remedy.items() if (way := self._mend(values, {}, misfit, name, value))
            ]
        except ValueError:
            pass  # it says a way out, but has no values for it
        return []

    def _mend(self, values: Values, changed: Values, misfit: Misfit, name: str, value: Any) -> Values:
        """Return what changes, a remedy and what it asks for in its turn; nothing where that leads nowhere."""
        own = f"v{misfit.network}_{name}"
        name = own if values.get(own) is not None else name
        if name in changed or name not in self.fields:
            return {}
        changed = changed | {name: value}
        try:
            self.request_of(values | changed)
        except Misfit as further:
            ways = (self._mend(values, changed, further, *remedy) for remedy in further.remedy.items())
            return next(filter(None, ways), {})
        except ValueError:
            return {}
        return changed

    def to_json(self, values: Values) -> str:
        """Write values as a file: the lab's name and the parameters of its link."""
        return json.dumps({"page": self.page, "settings": self.write(values)}, indent=2)

    def from_json(self, text: str | bytes) -> tuple[Values, tuple[str, ...]]:
        """Read a file as `read` does a link.

        Raises: ValueError with a sentence where it is no such file, or another lab's.
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


@dataclass(frozen=True)
class _Place:
    """A field within a request. path: the names of the attributes that lead to it. bounds: None of what it carries."""

    name: str
    path: tuple[str, ...]
    bounds: Bounds | None


def codec_of(page: str, default: Any) -> Codec:
    """Return the codec of a lab, given what its link asks for when it says nothing.

    A request is a frozen dataclass whose fields have bounds, or are such dataclasses in their turn, or a `Comparison`,
    whose networks have fields of their own: `v1_...`, `v2_...`. What it carries stands in no link. A name in a link is the field's own, or where an earlier
    field has that name, the part's and the field's: `view_seed`.

    >>> from landscape.experiment import Experiment
    >>> codec = codec_of("example", Experiment())
    >>> values, problems = codec.read({"learning_rate": "0.5", "width": "1e400"})
    >>> codec.request_of(values).training.learning_rate, problems
    (0.5, ("width in the link must be a whole number from 1 to 512, not '1e400'; 64 is used.",))
    """
    every = list(_places(default))
    places = [place for place in every if place.bounds is not None]
    varies = [place.path for place in places if place.path[-1] == "variants"]
    of_variants = {f"v{i}_{name}": name for i in range(1, MAX_VARIANTS + 1) for name in VARIED} if varies else {}

    def values_of(request: Any) -> Values:
        values: Values = {}
        for place in places:
            value = _at(request, place.path)
            if place.path in varies:
                values[place.name] = len(value)
                for i in range(MAX_VARIANTS):
                    variant = value[i] if i < len(value) else Variant()
                    values |= {f"v{i + 1}_{name}": getattr(variant, name) for name in VARIED}
            else:
                values[place.name] = value
        return values

    defaults = values_of(default)

    def request_of(values: Values) -> Any:
        values = defaults | values
        given = {place.path: values[place.name] for place in every if place.name in values}
        for path in varies:
            numbers = range(1, given[path] + 1)
            given[path] = tuple(Variant(**{name: values[f"v{i}_{name}"] for name in VARIED}) for i in numbers)
        return _made(default, given)

    def idle(values: Values) -> set[str]:
        return {name for name in of_variants if int(name[1 : name.index("_")]) > values["variants"]}

    bounds = {place.name: place.bounds for place in every if place.bounds is not None}
    bounds |= {name: bounds_of(PARTS[PART_OF[own]])[own] for name, own in of_variants.items()}
    return Codec(
        page,
        bounds,
        defaults,
        request_of,
        values_of,
        tuple(of_variants),
        idle if varies else lambda values: (),
        tuple(place.name for place in every if place.bounds is None),
    )


def _places(default: Any, path: tuple[str, ...] = (), taken: set[str] | None = None) -> Iterator[_Place]:
    """Yield every field of a request and its parts that has bounds or is carried, in order."""
    taken = set() if taken is None else taken
    own = bounds_of(default)
    for item in fields(default):
        value, here = getattr(default, item.name), (*path, item.name)
        if item.name in own:
            name = "_".join((*path[-1:], item.name)) if item.name in taken else item.name
            if name in taken:
                raise ValueError(f"a request has two fields that links would call {name!r}: give one another name")
            taken.add(name)
            yield _Place(name, here, own[item.name])
        elif "carried" in item.metadata:
            yield _Place(item.name, here, None)
        elif isinstance(default, Comparison) and item.name == "variants":
            yield _Place(item.name, here, Bounds("Networks", "How many networks are compared.", int, 1, MAX_VARIANTS))
        elif is_dataclass(value):
            yield from _places(value, here, taken)


def _at(request: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        request = getattr(request, name)
    return request


def _made(default: Any, given: Mapping[tuple[str, ...], Any], path: tuple[str, ...] = ()) -> Any:
    """Return a request like the default with the given values by path; its parts are made, and checked, first."""
    changes: dict[str, Any] = {}
    for item in fields(default):
        here = (*path, item.name)
        if here in given:
            changes[item.name] = given[here]
        elif any(other[: len(here)] == here for other in given):
            changes[item.name] = _made(getattr(default, item.name), given, here)
    return replace(default, **changes)


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
