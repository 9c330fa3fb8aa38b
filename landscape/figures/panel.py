"""A panel: a figure, and what of it moves when training is played back. What every figure module makes.

The figures travel as JSON with typed arrays in base64, each path once and whole; the browser slices it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import plotly
from plotly import graph_objects as go
from plotly.io._json import to_json_plotly

PLOTLY_JS = Path(plotly.__file__).parent / "package_data"
"""The folder of plotly.js in the installed plotly, which the viewer serves."""


class Group(StrEnum):
    """The rows in which panels stand, from top to bottom."""

    SCENE = "scene"
    PATH = "path"
    CURVE = "curve"
    ACTIVATION = "activation"


class Mode(StrEnum):
    """What playback does to a trace or shape at snapshot k.

    prefix: it shows its points up to k. point: it shows its point k alone. row: its y is `offset + scale * rows[k]`.
    line: it is a vertical line, which moves to the step of snapshot k. A trace with fewer snapshots stays at its last.
    frames: it shows the last of its frames that is not after k, and at the last snapshot what the figure holds. end: it
    shows at the last snapshot alone. note: it is an annotation that does so.
    """

    PREFIX = "prefix"
    POINT = "point"
    ROW = "row"
    LINE = "line"
    FRAMES = "frames"
    END = "end"
    NOTE = "note"


@dataclass(frozen=True, eq=False)
class Frames:
    """Surfaces that a trace shows one after the other.

    at: (F,) the snapshot from which on each is shown, in order. x: (A,). y: (B,). z: (F, B, A) heights.
    told: (F, B, A) what one reads by pointing at them.
    """

    at: Sequence[int]
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    told: np.ndarray


@dataclass(frozen=True)
class Readout:
    """Words on one network that stand beside the slider. words: (S,) at each snapshot. colour: its dot."""

    name: str
    colour: str
    words: Sequence[str]


@dataclass(frozen=True, eq=False)
class Playback:
    """How one trace (for a line, one shape; for a note, one annotation) follows the slider.

    trace: its index in the figure. rows: (S, bins) unsigned bytes of a row playback. frames: of a playback of frames.
    """

    trace: int
    mode: Mode
    rows: np.ndarray | None = None
    offset: float = 0.0
    scale: float = 1.0
    frames: Frames | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """A figure with its place, its title, its words for those who do not see it, and its playback.

    figure: None while it is being computed; `pending` then says what is awaited. Where nothing is to come it is `empty`,
        and `pending` says why: a drawing that stood there goes.
    colour: that of the network which it shows, as a dot before the title.
    caption: a sentence below the figure.
    """

    title: str
    group: Group
    figure: go.Figure | None = None
    alt: str = ""
    playback: tuple[Playback, ...] = ()
    colour: str = ""
    caption: str = ""
    pending: str = ""
    empty: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return what the viewer in the browser reads, its arrays as base64 typed arrays."""
        return {
            "title": self.title,
            "group": self.group,
            "figure": self.figure and self.figure.to_plotly_json(),
            "alt": self.alt,
            "animation": [_encoded(playback) for playback in self.playback],
            "colour": self.colour,
            "caption": self.caption,
            "pending": self.pending,
            "empty": self.empty,
        }


def _encoded(playback: Playback) -> dict[str, Any]:
    spec: dict[str, Any] = {"trace": playback.trace, "mode": playback.mode}
    if playback.rows is not None:
        rows = np.ascontiguousarray(playback.rows, np.uint8)
        shape = ", ".join(str(size) for size in rows.shape)
        # As plotly encodes typed arrays, to be read in the browser by the same few lines.
        spec["rows"] = {"dtype": "u1", "bdata": b64encode(rows.tobytes()).decode(), "shape": shape}
        spec |= {"offset": playback.offset, "scale": playback.scale}
    if (frames := playback.frames) is not None:
        arrays = {name: np.ascontiguousarray(getattr(frames, name), np.float32) for name in ("x", "y", "z", "told")}
        spec["frames"] = {"at": [int(at) for at in frames.at]}
        spec["frames"] |= {
            name: {"dtype": "f4", "bdata": b64encode(array.tobytes()).decode()} for name, array in arrays.items()
        }
    return spec


def payload(
    panels: Sequence[Panel], steps: Sequence[float], readouts: Sequence[Readout] = (), **settings: Any
) -> bytes:
    """Return the JSON message of the viewer, in which a number that is not finite is null.

    Args:
        panels: what is drawn, in order.
        steps: (S,) the step of training of each snapshot, or what else the slider goes along.
        readouts: what stands beside the slider.
        settings: what else the viewer reads.
    """
    message = {
        "panels": [panel.to_dict() for panel in panels],
        "steps": [int(step) if step == int(step) else float(step) for step in steps],
        "readouts": [vars(readout) for readout in readouts],
        **settings,
    }
    return to_json_plotly(message, engine="json").encode()
