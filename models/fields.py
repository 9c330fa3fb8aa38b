"""Fields of configurations that know their bounds, so that validation, controls and links share one source."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class Misfit(ValueError):
    """Fields that are fine one by one do not fit together.

    remedy: fields by name, each with a value that by itself makes what is said to be wrong right.
    network: of several that are compared, the number of the one that is wrong, from 1 on.
    """

    network: int | None = None

    def __init__(self, message: str, **remedy: Any) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True)
class Bounds:
    """What a field may hold and how people call it.

    low, high: the closed range of a number (None for a choice or a switch).
    kind: int, float, bool or a StrEnum.
    logarithmic: whether a control should step by factors.
    stops: the values among which a control chooses, where these are not all.
    """

    label: str
    help: str
    kind: type[Any]
    low: float = -math.inf
    high: float = math.inf
    logarithmic: bool = False
    stops: tuple[float, ...] = ()

    def parse(self, text: str) -> Any:
        """Read a value as links write it; raise a ValueError that says what may stand there."""
        if self.kind is bool:
            if text.lower() not in ("true", "false"):
                raise ValueError(f"must be true or false, not {text!r}")
            return text.lower() == "true"
        if issubclass(self.kind, StrEnum):
            return self.check(text)
        try:
            # Python also reads 1_000 and the digits of other scripts, which no link of ours holds.
            return self.check(self.kind(text if text.isascii() and "_" not in text else ""))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"must be {self._range()}, not {text!r}") from error

    def check(self, value: Any) -> Any:
        """Return the value in its own type, or raise a ValueError that says what may stand there."""
        if self.kind is bool:
            if not isinstance(value, bool):
                raise ValueError(f"must be true or false, not {value!r}")
            return value
        if issubclass(self.kind, StrEnum):
            try:
                return self.kind(value)
            except ValueError as error:
                raise ValueError(f"must be one of {', '.join(self.kind)}, not {value!r}") from error
        whole = self.kind is int
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or (whole and value != int(value)) or not self.low <= value <= self.high:
            raise ValueError(f"must be {self._range()}, not {value!r}")
        return self.kind(value)

    def _range(self) -> str:
        if self.kind is int:
            return f"a whole number from {int(self.low)} to {int(self.high)}"
        return f"a number from {self.low:g} to {self.high:g}"


def number(
    default: float,
    low: float,
    high: float,
    label: str,
    help: str,
    logarithmic: bool = False,
    stops: tuple[float, ...] = (),
) -> Any:
    """Declare a field that holds a number (whole where the default is) in [low, high]."""
    bounds = Bounds(label, help, type(default), low, high, logarithmic, stops)
    return field(default=default, metadata={"bounds": bounds})


def choice(default: StrEnum, label: str, help: str) -> Any:
    """Declare a field that holds one member of the default's enum."""
    return field(default=default, metadata={"bounds": Bounds(label, help, type(default))})


def switch(default: bool, label: str, help: str) -> Any:
    """Declare a field that holds true or false."""
    return field(default=default, metadata={"bounds": Bounds(label, help, bool)})


def carried() -> Any:
    """Declare a field that holds what no link can: it comes with the request, and None where nothing came."""
    return field(default=None, metadata={"carried": True})


def bounds_of(config: Any) -> dict[str, Bounds]:
    """Return the bounds of every such field of a configuration (class or instance), by name."""
    return {item.name: item.metadata["bounds"] for item in fields(config) if "bounds" in item.metadata}


def validate(config: Any) -> None:
    """Check each field of a frozen configuration and give it its own type; a ValueError names the field.

    Raises: ValueError "NetworkConfig.width must be a whole number from 1 to 512, not 0".
    """
    for name, bounds in bounds_of(config).items():
        try:
            object.__setattr__(config, name, bounds.check(getattr(config, name)))
        except ValueError as error:
            raise ValueError(f"{type(config).__name__}.{name} {error}") from None
