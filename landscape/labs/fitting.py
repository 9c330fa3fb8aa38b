"""What fits a choice: the sizes that a kind of network takes when it is chosen.

A unit of a perceptron does as much as one pixel of a channel, or one row that a recurrent unit reads: what is small in the
one is large in the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.config import Kind

FITTING: Mapping[str, Mapping[Any, Mapping[str, Any]]] = {
    "kind": {
        Kind.CNN: {"depth": 4, "width": 16},
        Kind.RECURRENT: {"depth": 2, "width": 32},
    }
}
"""By field and value, the greatest sizes that fit."""

BY_LINK = {"kind": (Kind.CNN,)}
"""The choices that bring their sizes where a link names them alone; a link with any other means what it always meant."""


def chosen(values: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Return which sizes change when a field takes this value: those that are larger than fits it.

    >>> chosen({"kind": Kind.MLP, "depth": 8, "width": 8}, "kind", Kind.CNN)
    {'depth': 4}
    """
    sizes = FITTING.get(name, {}).get(value, {})
    return {size: most for size, most in sizes.items() if size in values and values[size] > most}


def by_link(base: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return which sizes of the base change by what a link names, given the values of what it names.

    >>> by_link({"kind": Kind.MLP, "depth": 8, "width": 64}, {"kind": Kind.CNN, "width": 32})
    {'depth': 4}
    """
    changes: dict[str, Any] = {}
    for name, values in BY_LINK.items():
        if named.get(name) in values and named[name] != base[name]:
            changes |= chosen(base, name, named[name])
    return {size: value for size, value in changes.items() if size not in named}
