"""What stands below each picture of a comparison, and beside its slider."""

from __future__ import annotations

import numpy as np

from landscape.experiment import PlaneKind, View
from landscape.geometry.descents import Balls
from landscape.geometry.surfaces import Surface
from landscape.labs.words import number, sentence

ROLLED = "Balls that roll down it at a rate of {rate}: {dropped}; thrown out: {out}; at the bottom: {low}."

RIGHT = 1e-4
"""Directions whose cosine is smaller stand at right angles, but for rounding."""


def surface_caption(surface: Surface, dimensions: int) -> str:
    """Return what a surface's picture must say: what it is a slice of, and how high it is in the middle and elsewhere."""
    said = f"One slice of {dimensions:,} dimensions. Height: the loss. In the middle, where training ended, it is"
    if not len(surface.finite):
        return f"{said} {number(surface.centre)}."
    top, median = float(surface.finite.max()), float(np.median(surface.finite))
    return f"{said} {number(surface.centre)}; at most it is {number(top)}, and its median is {number(median)}."


def drawn_caption(surface: Surface, view: View) -> str:
    """Return how a surface was computed: its statistics, batches and directions."""
    batches = "one batch" if view.batches == 1 else f"{view.batches} batches"
    said = f"Drawn by {view.statistics.value} statistics, {batches}"
    if view.plane is not PlaneKind.RANDOM:
        return f"{said}."
    cosine = surface.plane.cosine
    told = "directions at right angles" if abs(cosine) < RIGHT else f"cosine of the directions {cosine:.0e}"
    return f"{said}; {told}."


def start_caption(surface: Surface, step: int) -> str:
    """Return what the picture around the initial weights, or those of a later step, must say."""
    when = (
        f"At step {step}: a coarse slice around the weights"
        if step
        else "Before the first step: a coarse slice around the initial weights"
    )
    return f"{when}, where the loss is {number(surface.centre)}. The network is being trained…"


def moved_caption(start: Surface) -> str:
    """Return how high a landscape was before the first step; nothing where it had no height."""
    return f"Before the first step it rose to {number(float(start.finite.max()))}." if len(start.finite) else ""


def frozen_caption(surface: Surface) -> str:
    """Return what the picture by frozen statistics must say."""
    return (
        f"The same weights on the same plane, by running statistics, frozen as training left them. Loss in the middle "
        f"{number(surface.centre)}."
    )


def readout(loss: float, score: str, reached: float, ended: bool) -> str:
    """Return what stands beside the slider of one network at one step.

    >>> readout(0.0213, "accuracy", 0.967, ended=False)
    'loss of the batch 0.0213, test accuracy 0.97'
    """
    return f"{'training loss' if ended else 'loss of the batch'} {number(loss)}, test {score} {reached:.2f}"


def balls_caption(rolled: Balls) -> str:
    """Return what became of the balls in one landscape."""
    holes = {"dropped": len(rolled.thrown), "out": int(rolled.thrown.sum()), "low": int(rolled.arrived.sum())}
    return sentence(ROLLED, rate=rolled.rate, **holes)
