"""The panels about robustness: lines over rates, maps, points by choice. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.figures.bands import Band, bands_panel, choices_panel
from landscape.figures.curves import Series, curves_panel
from landscape.figures.maps import Map, map_panels
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style
from landscape.labs.robustness.facts import names_of, steps_to
from landscape.labs.robustness.request import UPWARDS, Robustness
from landscape.training.grids import SweepOutcome

RATE = "learning rate"

LOWEST_R2 = -0.2
"""Where an axis of explained variance begins: under it all is lost."""


def rate_panels(
    request: Robustness, names: Sequence[str], styles: Sequence[Style], found: Sequence[SweepOutcome | None]
) -> list[Panel]:
    """Draw the accuracy over the learning rates, and the steps until a network is trained."""
    known = [(name, style, one) for name, style, one in zip(names, styles, found, strict=True) if one is not None]
    score, limits = _score(request)
    titles = f"Test {score} after {request.comparison.base.training.num_steps} steps", "Steps until trained"
    if not known:
        return [Panel(title, Group.PATH, None, pending="Training…") for title in titles]
    steps = request.comparison.base.training.num_steps
    accuracies = [_band(name, style, one.standing()[0, 0]) for name, style, one in known]
    waits = [_band(name, style, steps_to(one, request.trains_at)[0, 0]) for name, style, one in known]
    return [
        bands_panel(
            titles[0],
            accuracies,
            request.rates(),
            x_title=RATE,
            y_title=f"test {score}",
            limits=limits,
            level=request.trains_at,
            mark=request.own_rate,
        ),
        bands_panel(
            titles[1],
            waits,
            request.rates(),
            x_title=RATE,
            y_title="steps",
            limits=(0, 1.04 * steps),
            mark=request.own_rate,
        ),
    ]


def map_figures(
    request: Robustness,
    names: Sequence[str],
    styles: Sequence[Style],
    found: Sequence[SweepOutcome | None],
    captions: Sequence[str],
) -> list[Panel]:
    """Draw the map of each network."""
    rates, rows = request.rates(lower=10.0), UPWARDS[request.upwards]
    blank = np.full((len(rows), len(rates)), np.nan)
    maps = [
        Map(
            name,
            style,
            blank if one is None else one.standing()[0, :, :, 0],
            np.zeros(blank.shape, bool) if one is None else one.diverged[0, :, :, 0],
        )
        for name, style, one in zip(names, styles, found, strict=True)
    ]
    return map_panels(
        maps,
        [f"{rate:g}" for rate in rates],
        [f"{row:g}" for row in rows],
        x_title=RATE,
        y_title=request.upwards.label,
        score=_score(request)[0],
        trained=request.trains_at,
        captions=captions,
    )


def curve_figures(
    request: Robustness, names: Sequence[str], styles: Sequence[Style], found: Sequence[SweepOutcome | None]
) -> list[Panel]:
    """Draw how the accuracy grows by step, a panel for each multiple of the learning rate."""
    score, limits = _score(request)
    steps = request.comparison.base.training.num_steps
    panels = []
    for place, (factor, rate) in enumerate(request.times.items()):
        title = f"{factor:g} times the rate: {rate:g}" if factor > 1 else f"The rate of the sidebar: {rate:g}"
        series = [
            Series(name, style, np.round(one.fractions * steps), _middle(one, place))
            for name, style, one in zip(names, styles, found, strict=True)
            if one is not None
        ]
        if series:
            unit = f"test {score}"
            panels.append(curves_panel(series, title=title, unit=unit, num_steps=steps, limits=limits, cursor=0))
        else:
            panels.append(Panel(title, Group.CURVE, None, pending="Training…"))
    return panels


def _middle(found: SweepOutcome, place: int) -> np.ndarray:
    """Return the middle (S,) of the seeds at a value across; one that diverged is where a constant guess is."""
    curves, diverged = found.accuracy[0, 0, place], found.diverged[0, 0, place]
    return np.median(np.where(np.isnan(curves) & diverged[:, None], found.majority, curves), axis=0)


def choice_panels(
    request: Robustness, names: Sequence[str], styles: Sequence[Style], found: Sequence[SweepOutcome | None]
) -> list[Panel]:
    """Draw the accuracy of each network at each choice."""
    known = [(name, style, one) for name, style, one in zip(names, styles, found, strict=True) if one is not None]
    score, limits = _score(request)
    title = f"Test {score} by {request.chosen.label}"
    if not known:
        return [Panel(title, Group.PATH, None, pending="Training…")]
    bands = [_band(name, style, one.standing()[0, 0]) for name, style, one in known]
    return [
        choices_panel(
            title,
            bands,
            names_of(known[0][2]),
            x_title=request.chosen.label,
            y_title=f"test {score}",
            limits=limits,
            level=request.trains_at,
        )
    ]


def _score(request: Robustness) -> tuple[str, tuple[float, float]]:
    """Return what is counted, and the ends of its axis."""
    dataset = request.comparison.base.data.dataset
    return dataset.score, (0.0 if dataset.has_classes else LOWEST_R2, 1.03)


def _band(name: str, style: Style, values: np.ndarray) -> Band:
    """Return the middle, the least and the greatest over the seeds (A, R); not a number where the middle one has none.

    A seed that never comes to an accuracy waits for ever: the middle of those that do is then no middle.
    """
    middle, low, high = (np.full(len(values), np.nan) for _ in range(3))
    for place, own in enumerate(values):
        seeds = np.sort(own[~np.isnan(own)])
        if len(seeds) and np.isfinite(seeds[len(seeds) // 2]):
            reached = seeds[np.isfinite(seeds)]
            middle[place], low[place], high[place] = seeds[len(seeds) // 2], reached[0], reached[-1]
            if len(seeds) % 2 == 0:
                middle[place] = np.median(seeds)
    return Band(name, style, middle, low, high)
