"""Which arithmetic a normalization does, found from its outputs: what it subtracts, and by what it divides.

Within cells that share their statistics every normalization here is a straight line, xhat = (x - centre) / divisor. The
layer's own outputs are compared with the lines of all centres and divisors that people use; what fits all cells is told
as that, and of what none fits the line itself is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

FITS = 1e-7
"""Outputs that differ by less than this are the same."""


class Center(StrEnum):
    """What is subtracted."""

    NOTHING = "nothing"
    MEAN = "mean"
    STORED = "stored"
    MEASURED = "measured"


class Divisor(StrEnum):
    """By what is divided."""

    NOTHING = "nothing"
    DEVIATION = "deviation"
    ROOT_MEAN_SQUARE = "root mean square"
    MAGNITUDE = "mean magnitude"
    GREATEST = "greatest magnitude"
    LENGTH = "length"
    STORED = "stored"
    STORED_ROOT = "root of what is stored"
    MEASURED = "measured"


CENTERS: dict[Center, Callable[[np.ndarray], float]] = {
    Center.NOTHING: lambda x: 0.0,
    Center.MEAN: lambda x: float(x.mean()),
}

DIVISORS: dict[Divisor, Callable[[np.ndarray, float], float]] = {
    Divisor.NOTHING: lambda x, epsilon: 1.0,
    Divisor.DEVIATION: lambda x, epsilon: float(np.sqrt(x.var() + epsilon)),
    Divisor.ROOT_MEAN_SQUARE: lambda x, epsilon: float(np.sqrt((x**2).mean() + epsilon)),
    Divisor.MAGNITUDE: lambda x, epsilon: float(np.abs(x).mean() + epsilon),
    Divisor.GREATEST: lambda x, epsilon: float(np.abs(x).max() + epsilon),
    Divisor.LENGTH: lambda x, epsilon: float(np.sqrt((x**2).sum())),
}
"""Of the values that share them, and the layer's epsilon."""


@dataclass(frozen=True)
class Rule:
    """xhat = factor * (x - centre) / divisor.

    center, divisor: of the cells that share them. center_name, divisor_name: of the stored number, where it is one.
    factor: a constant of the normalization, the same for all.
    """

    center: Center
    divisor: Divisor
    factor: float = 1.0
    center_name: str = ""
    divisor_name: str = ""

    def line(self, x: np.ndarray, stored: Mapping[str, float], epsilon: float) -> tuple[float, float]:
        """Return centre and divisor of cells `(m,)` that share them, given what is stored of their feature."""
        center = stored[self.center_name] if self.center is Center.STORED else CENTERS[self.center](x)
        if self.divisor is Divisor.STORED:
            return center, stored[self.divisor_name]
        if self.divisor is Divisor.STORED_ROOT:
            square = stored[self.divisor_name] + epsilon
            return center, square**0.5 if square > 0 else float("nan")
        return center, DIVISORS[self.divisor](x, epsilon)


def rules(stored: Mapping[str, object]) -> Iterator[Rule]:
    """Yield every rule that people use, the stored numbers among them by their names."""
    centers = [(center, "") for center in CENTERS] + [(Center.STORED, name) for name in stored]
    divisors = [(divisor, "") for divisor in DIVISORS]
    divisors += [(kind, name) for name in stored for kind in (Divisor.STORED_ROOT, Divisor.STORED)]
    for center, center_name in centers:
        for divisor, divisor_name in divisors:
            yield Rule(center, divisor, 1.0, center_name, divisor_name)


def recognize(
    x: np.ndarray, xhat: np.ndarray, groups: np.ndarray, state: Mapping[str, np.ndarray], epsilon: float
) -> Rule | None:
    """Return the rule that gives all outputs `xhat (..., C)` from `x (..., C)`, or None where none of the usual ones does.

    Args: groups: (cells,) those that share their statistics; state: (C,) by name.

    >>> x = np.array([[0.0], [2.0], [4.0]])
    >>> found = recognize(x, (x - 2) / 4, np.zeros(3, int), {}, 0.0)  # 4 is the greatest magnitude
    >>> found.center.value, found.divisor.value
    ('mean', 'greatest magnitude')
    """
    features = np.broadcast_to(np.arange(x.shape[-1]), x.shape).reshape(-1)
    cells = [(groups == group).nonzero()[0] for group in range(groups.max() + 1)]
    if not cells:
        return None
    flat, outputs, best = x.reshape(-1), xhat.reshape(-1), None
    for rule in rules(state):
        made = []
        for own in cells:
            stored = {name: float(values[features[own[0]]]) for name, values in state.items()}
            center, divisor = rule.line(flat[own], stored, epsilon)
            made.append((flat[own] - center) / divisor if divisor else np.full(len(own), np.nan))
        predicted, wanted = np.concatenate(made), np.concatenate([outputs[own] for own in cells])
        if np.allclose(predicted, wanted, rtol=FITS, atol=FITS):
            return rule
        factor = float(predicted @ wanted / (predicted @ predicted)) if np.isfinite(predicted).all() else np.nan
        if best is None and np.isfinite(factor) and np.allclose(factor * predicted, wanted, rtol=FITS, atol=FITS):
            best = Rule(rule.center, rule.divisor, factor, rule.center_name, rule.divisor_name)
    return best


def measured_line(x: np.ndarray, xhat: np.ndarray) -> tuple[float, float]:
    """Return centre and divisor of the straight line through cells `(m,)` and their outputs; not numbers if there is none.

    >>> measured_line(np.array([1.0, 3.0, 5.0]), np.array([0.0, 0.5, 1.0]))
    (1.0, 4.0)
    """
    low, high = int(x.argmin()), int(x.argmax())
    if x[high] == x[low] or xhat[high] == xhat[low]:
        return float("nan"), float("nan")
    divisor = float((x[high] - x[low]) / (xhat[high] - xhat[low]))
    center = float(x[low] - divisor * xhat[low])
    straight = np.allclose((x - center) / divisor, xhat, rtol=FITS, atol=FITS)
    return (center, divisor) if straight else (float("nan"), float("nan"))
