"""Small pictures of the data beside their control, as SVG: what the networks learn.

They are drawn by hand: a plot of its own for each would cost a page more than all that it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from landscape.figures.theme import OKABE_ITO

LEVELS = 6
"""Shades of an image."""

SIDE = 100.0
"""Height of a picture of points, in units of its own; it is twice as wide."""

GREY = "#808080"
"""Of an image's greatest value: it is seen on light and on dark."""

COLOURS = tuple(OKABE_ITO.values())


def images_svg(images: np.ndarray, said: str) -> str:
    """Return images (K, h, w) in a row, all on one scale from the least value to the greatest.

    >>> images_svg(np.eye(2)[None], "one").count("M")
    2
    """
    count, height, width = images.shape
    low, high = float(images.min()), float(images.max())
    shades = np.round((LEVELS - 1) * (images - low) / max(high - low, 1e-12)).astype(int)
    columns = (count + 1) // 2 if count > 5 else count
    lines = -(-count // columns)
    parts = []
    for shade in range(1, LEVELS):
        places = np.argwhere(shades == shade)
        drawn = "".join(
            f"M{number % columns * (width + 1) + x} {number // columns * (height + 1) + y}h1v1h-1z"
            for number, y, x in places.tolist()
        )
        if drawn:
            parts.append(f'<path d="{drawn}" fill="{GREY}" fill-opacity="{shade / (LEVELS - 1):.2g}"/>')
    return _svg(columns * (width + 1), lines * (height + 1), parts, said)


def points_svg(x: np.ndarray, y: np.ndarray, groups: Sequence[int], said: str) -> str:
    """Return points (N,) as they lie, both axes on one scale, each group in a colour of its own.

    >>> points_svg(np.array([0.0, 1.0]), np.array([0.0, 100.0]), [0, 1], "two").count("<circle")
    2
    """
    middles = [(values.min() + values.max()) / 2 for values in (x, y)]
    reach = max(float(np.ptp(x)) / 4, float(np.ptp(y)) / 2, 1e-12)
    across, up = ((values - middle) / reach * 0.45 * SIDE for values, middle in zip((x, y), middles, strict=True))
    parts = [
        f'<circle cx="{SIDE + right:.1f}" cy="{SIDE / 2 - above:.1f}" r="1.6" fill="{COLOURS[group % len(COLOURS)]}"/>'
        for right, above, group in zip(across.tolist(), up.tolist(), groups, strict=True)
    ]
    return _svg(2 * SIDE, SIDE, parts, said)


def _svg(width: float, height: float, parts: Sequence[str], said: str) -> str:
    size = f'viewBox="0 0 {width:g} {height:g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><title>{escape(said)}</title>{"".join(parts)}</svg>'
