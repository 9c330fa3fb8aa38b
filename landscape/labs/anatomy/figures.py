"""The pictures of one layer: its activations and its weights as tables of coloured cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.figures.cells import cells_panel
from landscape.figures.panel import Panel


def table_panel(
    title: str,
    values: np.ndarray,
    groups: np.ndarray,
    chosen: tuple[int, int],
    examples: Sequence[int],
    names: Sequence[str],
    caption: str,
) -> Panel:
    """Draw the activations of a dense layer, a row an example, a column a unit.

    Args: values, groups: (N, C). examples: (N,) their numbers, which a click sets; names: (N,) what they are called.
    """
    units = range(values.shape[1])
    return cells_panel(
        title,
        values,
        groups,
        chosen=chosen,
        outlined=int(groups[chosen]),
        rows=names,
        columns=[f"{unit}" for unit in units],
        row_title="example",
        column_title="unit",
        picks=[[{"example": example, "unit": unit} for unit in units] for example in examples],
        caption=caption,
        alt=_told(groups, chosen),
    )


def card_panels(
    values: np.ndarray,
    groups: np.ndarray,
    chosen: tuple[int, int, int],
    examples: Sequence[int],
    names: Sequence[str],
    caption: str,
) -> list[Panel]:
    """Draw the activations of images, a card an example, a row a channel, a column a pixel.

    Args: values, groups: (N, L, C). chosen: its card, pixel and channel.
    """
    limits = float(values.min()), float(values.max())
    pixels, channels = range(values.shape[1]), range(values.shape[2])
    group = int(groups[chosen])
    return [
        cells_panel(
            f"Example {names[card]}",
            values[card].T,
            # Every card has the hues of all groups: without their greatest number each would have its own.
            groups[card].T,
            hues=int(groups.max()) + 1,
            chosen=(chosen[2], chosen[1]) if card == chosen[0] else None,
            outlined=group,
            rows=[f"{channel}" for channel in channels],
            row_title="channel",
            column_title="pixel",
            limits=limits,
            numbers=False,
            picks=[[{"example": examples[card], "pixel": p, "unit": c} for p in pixels] for c in channels],
            caption=caption if card == 0 else "",
            alt=_told(groups[card].T, (chosen[2], chosen[1])) if card == chosen[0] else "Another example.",
        )
        for card in range(len(values))
    ]


def weight_panel(title: str, values: np.ndarray, groups: np.ndarray, chosen: tuple[int, int], caption: str) -> Panel:
    """Draw the weights of a layer, a row a unit, a column an input.

    Args: values, groups: (inputs, C). chosen: its input and unit.
    """
    inputs, units = (range(size) for size in values.shape)
    few = len(inputs) <= 8
    return cells_panel(
        title,
        values.T,
        groups.T,
        chosen=chosen[::-1],
        outlined=int(groups[chosen]),
        rows=[f"{unit}" for unit in units],
        columns=[f"{one}" for one in inputs] if few else (),
        row_title="unit",
        column_title="input",
        numbers=few,
        picks=[[{"input": one, "unit": unit} for one in inputs] for unit in units],
        caption=caption,
        alt=_told(groups.T, chosen[::-1]),
    )


def _told(groups: np.ndarray, chosen: tuple[int, int]) -> str:
    group = int(groups[chosen])
    own = int((groups == group).sum()) if group >= 0 else 1
    rows, columns = groups.shape
    return f"A table of {rows} rows and {columns} columns. {own} of its cells share the statistics of the chosen one."
