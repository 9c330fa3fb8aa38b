"""The panels about robustness: lines over rates, maps, points by choice. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.figures import theme
from landscape.figures.bands import SYMBOLS, Band, bands_panel, choices_panel
from landscape.figures.curves import Series, curves_panel
from landscape.figures.maps import Map, map_panels
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style
from landscape.labs.robustness.facts import names_of, steps_to
from landscape.labs.robustness.measure import Unrest
from landscape.labs.robustness.request import LOWER, UPWARDS, Robustness
from landscape.training.grids import SweepOutcome

RATE = "learning rate"

SIDES = ("before normalizing", "after it")
"""Where the units are looked at; of a network without normalization both are the same."""

ASIDE = 0.7
"""Of the room of a side, how much the networks' dots take beside one another."""

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
    rates, rows = request.rates(LOWER), UPWARDS[request.upwards]
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
        picks=[[{"cell_rate": column, "cell_row": row} for column in range(len(rates))] for row in range(len(rows))],
        chosen=request.cell,
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


def unrest_panels(
    request: Robustness, names: Sequence[str], styles: Sequence[Style], found: Sequence[Unrest | None]
) -> list[Panel]:
    """Draw the loss of each step of the first seed, and a dot for each batch: how far the units deviate in it."""
    known = [(name, style, one) for name, style, one in zip(names, styles, found, strict=True) if one is not None]
    title = f"Loss of each step's batch at the learning rate {request.large_rate:g}"
    dots = "How far the last layer's units deviate, batch by batch"
    steps = request.comparison.base.training.num_steps
    if not known:
        return [
            Panel(text, group, None, pending="Training…") for text, group in ((title, Group.CURVE), (dots, Group.PATH))
        ]
    series = [
        Series(name, style, np.arange(one.loss.shape[1]), one.loss[0], bool(one.diverged[0]))
        for name, style, one in known
    ]
    curves = curves_panel(series, title=title, unit="loss", logarithmic=True, num_steps=steps, cursor=0)
    return [curves, batches_panel(dots, known)]


def batches_panel(title: str, known: Sequence[tuple[str, Style, Unrest]]) -> Panel:
    """Draw a dot for each batch of the first seed that is left, over the batch in the middle; before and behind normalizing."""
    traces, said = [], []
    for place, (name, style, one) in enumerate(known):
        left = [seed for seed in range(len(one.before)) if one.before.shape[1] and one.before[seed].min() > 0]
        if not left:
            continue
        values = np.stack([many[left[0]] / np.median(many[left[0]]) for many in (one.before, one.after)])
        aside = ASIDE * ((place + 0.5) / len(known) - 0.5)
        spread = np.linspace(-0.3, 0.3, values.shape[1]) * ASIDE / len(known)
        traces.append(
            {
                "type": "scatter",
                "name": name,
                "x": (np.arange(2)[:, None] + aside + spread).ravel().astype(np.float32),
                "y": values.ravel().astype(np.float32),
                "mode": "markers",
                "marker": {"size": 6, "color": style.colour, "opacity": 0.85, "symbol": SYMBOLS[place % len(SYMBOLS)]},
                "hovertemplate": "%{y:.2f}<extra>" + name + "</extra>",
                "cliponaxis": False,
            }
        )
        said.append(
            f"{name} from {values[0].min():.2f} to {values[0].max():.2f}, after it {values[1].min():.2f} to {values[1].max():.2f}"
        )
    if not traces:
        going = any(one.before.shape[1] == 0 for _, _, one in known)
        return Panel(
            title, Group.PATH, None, pending="Training…" if going else "All diverged: nothing is left.", empty=not going
        )
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("", tickvals=[0, 1], ticktext=SIDES, range=[-0.5, 1.5], showgrid=False, zeroline=False),
        yaxis=theme.axis("deviation over that of the middle batch", zeroline=False, nticks=7),
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}},
        margin={"l": 64, "r": 16, "t": 40, "b": 48},
        showlegend=True,
    )
    return Panel(title, Group.PATH, figure, alt=f"A dot a batch: {'; '.join(said)}.")


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
