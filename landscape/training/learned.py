"""When a network has learned: the one rule, for runs and for what is said of them."""

from __future__ import annotations


def well_above(majority: float, accuracy: float, examples: int) -> bool:
    """Return whether an accuracy on so many examples is well above that of a constant guess.

    It errs at most half as often as the guess does, of numbers as targets it leaves at most half of their variance; and
    it is three standard errors of the guess above it, or right everywhere, as on a handful of examples half is luck.

    >>> [well_above(0.1, accuracy, 360) for accuracy in (0.18, 0.55)]  # ten classes
    [False, True]
    >>> [well_above(0.5, accuracy, 400) for accuracy in (0.655, 0.76)]  # two
    [False, True]

    Args: majority: what the guess gets right, from 0 to 1; accuracy; examples: how many it was measured on.
    """
    error = (majority * (1 - majority) / max(examples, 1)) ** 0.5
    return bool(accuracy >= min(1.0, majority + max((1 - majority) / 2, 3 * error)))
