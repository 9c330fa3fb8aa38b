"""A landscape that a slider leads from no normalization to BatchNorm, and how high it is and at which rates it learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from landscape.experiment import Display, Drawing, View
from landscape.figures.curves import vertical_line
from landscape.figures.lines import Line, lines_panel
from landscape.figures.moving import with_frames
from landscape.figures.panel import Group, Mode, Panel, Playback, Readout
from landscape.figures.surfaces import height_range
from landscape.figures.theme import styles_of
from landscape.labs.compare.facts import Part
from landscape.labs.compare.figures import drawing
from landscape.labs.compare.outcomes import MOST_PICTURES
from landscape.labs.compare.strength_words import readout
from landscape.labs.compare.strengths import Weakened, are_known
from models.normalization import Normalization

TITLE = "Loss landscape, from no normalization (0) to BatchNorm (1)"
HEIGHTS = "How high it is, by strength"
RATES = "Learning rates at which it learns, by strength"


def strength_panels(
    found: Sequence[Weakened], parts: Sequence[Part], view: View, display: Display, scenes: int
) -> list[Panel]:
    """Return the panels of the slider, pending while the networks at both ends and something between are not there.

    Args:
        found: the landscapes by strength, in order. parts: their facts.
        scenes: how many landscapes the page draws beside.
    """
    if not are_known(found) or len(parts) < len(found):
        return [Panel(TITLE, Group.SCENE, pending="Training with more and more of BatchNorm…")]
    (style,) = styles_of([Normalization.BATCH])
    losses = [one.surface.loss for one in found]
    heights = height_range(losses, display.logarithmic)
    last = found[-1].surface
    flat = replace(display, drawing=Drawing.CONTOUR) if scenes >= MOST_PICTURES else display
    panel = drawing(TITLE, style, last, heights, view, flat)
    panel = with_frames(panel, range(len(found) - 1), last.alphas, last.betas, losses[:-1], heights)
    strengths = np.array([one.strength for one in parts])
    tops, medians = (np.array([getattr(one.slice, name) for one in parts]) for name in ("top", "median"))
    high = lines_panel(
        HEIGHTS,
        [
            Line("highest", strengths, tops, style.colour, at=0),
            Line("median", strengths, medians, style.colour, at=0, dash="dash"),
        ],
        x_title="strength of BatchNorm",
        y_title="loss",
        logarithmic_y=True,
        alt=f"The highest loss goes from {tops[0]:.3g} to {tops[-1]:.3g}.",
    )
    return [panel, _marked(high, strengths), _rates(parts, style.colour)]


def readouts_of(parts: Sequence[Part]) -> list[Readout]:
    """Return what stands beside the slider at each strength."""
    (style,) = styles_of([Normalization.BATCH])
    return [Readout("At this strength", style.colour, [readout(one) for one in parts])]


def _rates(parts: Sequence[Part], colour: str) -> Panel:
    """Return the least and the greatest rate at which the network learns at each strength, once all are known."""
    whole = [one.rates for one in parts if one.rates is not None and one.rates.whole]
    if len(whole) < len(parts):
        return Panel(RATES, Group.CURVE, pending="Training at other rates…")
    strengths = np.array([one.strength for one in parts])
    ends = [np.array([pick(one.learns, default=np.nan) for one in whole]) for pick in (max, min)]
    panel = lines_panel(
        RATES,
        [
            Line("greatest", strengths, ends[0], colour, at=-2, anchor="bottom left"),
            Line("least", strengths, ends[1], colour, at=0, dash="dash"),
        ],
        x_title="strength of BatchNorm",
        y_title="learning rate",
        logarithmic_y=True,
        alt=f"The greatest goes from {ends[0][0]:g} to {ends[0][-1]:g}.",
    )
    return _marked(panel, strengths)


def _marked(panel: Panel, strengths: np.ndarray) -> Panel:
    """Return a panel of curves over the strength with points where something was trained, and a line at the slider's."""
    if panel.figure is not None:
        panel.figure.update_traces(mode="lines+markers", marker={"size": 7}, cliponaxis=False)
        panel.figure.add_shape(vertical_line(float(strengths[-1])))
    return replace(panel, playback=(Playback(0, Mode.LINE),))
