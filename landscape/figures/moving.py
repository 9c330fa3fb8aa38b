"""A surface that moves with training, and words on the picture that stand where it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from landscape.figures import theme
from landscape.figures.panel import Frames, Mode, Panel, Playback
from landscape.figures.surfaces import HeightRange

BACKING = "rgba(20,20,28,0.72)"
"""Behind words on a picture, whose own colours run from dark to light."""


def with_frames(
    panel: Panel,
    at: Sequence[int],
    alphas: np.ndarray,
    betas: np.ndarray,
    losses: Sequence[np.ndarray],
    heights: HeightRange,
) -> Panel:
    """Return the panel of a surface that shows these losses before the last snapshot, and all else of it at the last.

    Args:
        panel: whose first trace is the surface, in space or as contours.
        at: (F,) the snapshot from which on each is shown. alphas: (A,). betas: (B,). losses: (B, A) each.
        heights: the range that is drawn.
    """
    told = np.stack(losses)
    frames = Frames(at, alphas, betas, heights.heights(told), np.where(np.isfinite(told), told, np.nan))
    others = range(1, len(panel.figure.data)) if panel.figure is not None else ()
    ends = tuple(Playback(trace, Mode.END) for trace in others)
    return replace(panel, playback=(Playback(0, Mode.FRAMES, frames=frames), *ends, *panel.playback))


def with_note(panel: Panel, text: str, x: float, y: float, z: float | None = None) -> Panel:
    """Return the panel with words at a point that are seen at the last snapshot: in space where a height z is given."""
    if panel.figure is None:
        return panel
    note = {
        "text": text,
        "x": x,
        "y": y,
        "ax": 0,
        "ay": -58,
        "showarrow": True,
        "arrowhead": 2,
        "arrowwidth": 1.5,
        "arrowcolor": "white",
        "bgcolor": BACKING,
        "borderpad": 3,
        "font": {"color": "white", "size": theme.FONT_SIZE - 1},
    }
    if z is None:
        panel.figure.add_annotation(note)
    else:
        panel.figure.update_layout(scene_annotations=[{**note, "z": z}])
    return replace(panel, playback=(*panel.playback, Playback(0, Mode.NOTE)))
