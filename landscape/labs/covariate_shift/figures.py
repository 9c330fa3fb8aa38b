"""The panels about shifts: units' distributions by step, domains, gradients that move, a part of a curve. Pure.

It is long, as each of six sections has its pictures, a function each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from landscape.dynamics.shift import Shift
from landscape.dynamics.stability import StepMoments
from landscape.figures import theme
from landscape.figures.bands import Band, choices_panel
from landscape.figures.curves import Series, curves_panel, powers
from landscape.figures.images import images_panel
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style
from landscape.labs.covariate_shift.facts import Abroad, Inside, relative_of
from landscape.labs.covariate_shift.measure import Domains, PartOfCurve
from landscape.labs.covariate_shift.request import Elsewhere
from landscape.labs.words import layer_name

UNITS = 3
"""So many units of a layer are drawn."""

FAINT = 0.16

SMALL = 10
"""In pixels: the names of six domains stand side by side on a phone."""

WAITING = "Training…"

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}}

MARGIN = {"l": 64, "r": 16, "t": 40, "b": 48}

AT_HOME, BETTER_AT_HOME = "Dashed: at home.", "Dashed: at home, the better network."
DIVERGED = "It diverged at step {}."

DEPTHS = ("#8A63B8", "#4C78C8", "#21918C", "#5EC962", "#C8A500")
"""From the lowest layer to the highest: near viridis, with ends that are seen on white and on black."""


def inside_panels(
    names: Sequence[str], styles: Sequence[Style], found: Sequence[StepMoments | None], num_steps: int
) -> list[Panel]:
    """Draw for each network the mean of some units of its last hidden layer by step, in a band of one deviation."""
    known = [one for one in found if one is not None]
    reach = [_reach(one) for one in known]
    ends = [min(low for low, _ in reach), max(high for _, high in reach)] if reach else [-1.0, 1.0]
    panels = []
    for name, style, one in zip(names, styles, found, strict=True):
        if one is None:
            panels.append(Panel(name, Group.PATH, None, pending=WAITING, colour=style.colour))
            continue
        traces: list[dict[str, Any]] = []
        for place, unit in enumerate(_units(one)):
            mean, deviation = one.mean[:, -1, unit], one.deviation[:, -1, unit]
            x, low, high = one.steps.astype(np.float32), mean - deviation, mean + deviation
            mode = "lines" if len(x) > 1 else "markers"  # of a single look a line shows nothing
            shared = {"type": "scatter", "mode": mode, "name": f"unit {unit + 1}", "legendgroup": f"{unit}"}
            around = {"x": np.concatenate([x, x[::-1]]), "y": np.concatenate([high, low[::-1]]).astype(np.float32)}
            faint = {"fill": "toself", "fillcolor": faint_of(style.colour), "line": {"width": 0}}
            traces.append({**shared, **around, **faint, "hoverinfo": "skip", "showlegend": False})
            line = {"color": style.colour, "width": 2, "dash": theme.DASHES[place % len(theme.DASHES)]}
            traces.append({**shared, "x": x, "y": mean.astype(np.float32), "line": line})
        figure = theme.figure(
            *traces,
            xaxis=theme.axis("step", zeroline=False, showgrid=False, nticks=5, range=[0, num_steps]),
            yaxis=theme.axis("what enters the activation", zeroline=True, nticks=6, range=ends),
            legend=LEGEND,
            margin=MARGIN,
        )
        alt = f"{name}: means of {UNITS} units of the last hidden layer by step, each in a band of its deviation."
        diverged = one.run.diverged_at
        caption = "" if diverged is None else DIVERGED.format(diverged)
        panels.append(Panel(name, Group.PATH, figure, alt=alt, colour=style.colour, caption=caption))
    return panels


def _units(found: StepMoments) -> list[int]:
    """Return the units that are drawn: evenly spaced among those that are no constant."""
    alive = np.flatnonzero(found.deviation[:, -1].min(0) > 0)
    alive = alive if len(alive) else np.arange(found.mean.shape[2])
    return alive[np.unique(np.linspace(0, len(alive) - 1, min(UNITS, len(alive))).round().astype(int))].tolist()


def _reach(found: StepMoments) -> tuple[float, float]:
    units = _units(found)
    mean, deviation = found.mean[:, -1, units], found.deviation[:, -1, units]
    return float((mean - deviation).min()), float((mean + deviation).max())


def loss_panel(
    names: Sequence[str], styles: Sequence[Style], found: Sequence[StepMoments | None], num_steps: int
) -> Panel:
    """Draw the training loss of each network."""
    title = "Loss of each step's batch"
    series = [
        Series(name, style, np.arange(len(one.run.loss)), one.run.loss, one.run.diverged_at is not None)
        for name, style, one in zip(names, styles, found, strict=True)
        if one is not None
    ]
    if not series:
        return Panel(title, Group.CURVE, None, pending=WAITING)
    return curves_panel(series, title=title, unit="loss", logarithmic=True, num_steps=num_steps, cursor=0)


def jump_panel(records: Sequence[Inside], styles: Sequence[Style]) -> Panel:
    """Draw how far the mean of the median unit moves from one step to the next."""
    title = "How far a unit's mean jumps from step to step"
    if not records:
        return Panel(title, Group.CURVE, None, pending=WAITING)
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [one.name for one in records],
        "x": [one.jump for one in records],
        "text": [f"{one.jump:.2g}" for one in records],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [style.colour for style in styles[: len(records)]]},
        "hoverinfo": "skip",
    }
    known = np.array([one.jump for one in records])
    known = known[np.isfinite(known) & (known > 0)]
    ends = [np.log10(known.min()) - 0.6, np.log10(known.max()) + 0.5] if len(known) else [-3, 0]
    figure = theme.figure(
        bars,
        xaxis=theme.axis("in its deviations", zeroline=False, **powers([known]) | {"range": ends}),
        yaxis=theme.axis("", autorange="reversed", automargin=True, showgrid=False),
        showlegend=False,
        margin={"l": 16, "r": 24, "t": 12, "b": 48},
    )
    said = "; ".join(f"{one.name} {one.jump:.2g}" for one in records)
    return Panel(title, Group.CURVE, figure, alt=f"Jumps of the median unit: {said}.")


def example_panel(found: Domains | None, chosen: Elsewhere) -> Panel:
    """Draw the same examples as they are and in each domain, where they are pictures; else nothing is drawn."""
    title = "The same examples, seen otherwise"
    if found is None:
        return Panel(title, Group.PATH, None, pending=WAITING)
    every = np.stack([found.examples, *(one.examples for one in found.seen)])
    side = round(every[0, 0].size ** 0.5)
    if side < 2 or side * side != every[0, 0].size:
        return Panel(title, Group.PATH, None, pending="These examples are no pictures.", empty=True)
    pictures = every.reshape(*every.shape[:2], side, side)
    # Each domain from its own least to its own greatest: in another light a network sees them as well.
    low, high = (pick(pictures, axis=(1, 2, 3), keepdims=True) for pick in (np.min, np.max))
    low, high = np.minimum(low, low[0]), np.maximum(high, high[0])
    names = ["at home", *(one.elsewhere.label for one in found.seen)]
    place = 1 + [one.elsewhere for one in found.seen].index(chosen)
    return images_panel(title, (pictures - low) / (high - low), names, chosen=place)


def score_panel(abroad: Sequence[Abroad], styles: Sequence[Style], score: str) -> Panel:
    """Draw each network's score in each domain, and with AdaBN beside it where it stores statistics."""
    title = f"Test {score} in each domain"
    if not abroad:
        return Panel(title, Group.PATH, None, pending=WAITING)
    bands = []
    for one, style, other in zip(abroad, styles[: len(abroad)], styles[len(abroad) :], strict=True):
        bands.append(_points(one.name, style, [there.before for there in one.there]))
        if one.stores:
            bands.append(_points(f"{one.name}, AdaBN", other, [there.after for there in one.there]))
    source = max(one.source for one in abroad)
    names = [there.elsewhere.short for there in abroad[0].there]
    said = "; ".join(
        f"{one.name}, {there.elsewhere.label}: {there.before:.2f}, with AdaBN {there.after:.2f}"
        for one in abroad
        for there in one.there
    )
    limits = (min(-0.02, *(float(np.nanmin(band.middle)) for band in bands)), 1.04)
    told: dict[str, Any] = {"y_title": f"test {score}", "limits": limits, "level": source, "alt": f"{said}."}
    panel = choices_panel(title, bands, names, x_title="domain", **told)
    if panel.figure is not None:
        panel.figure.update_xaxes(tickangle=0, tickfont_size=SMALL)
    return replace(panel, caption=AT_HOME if len(abroad) < 2 else BETTER_AT_HOME)


def _points(name: str, style: Style, values: Sequence[float]) -> Band:
    points = np.array(values, float)
    return Band(name, style, points, points, points)


def divergence_panel(
    names: Sequence[str], styles: Sequence[Style], found: Sequence[Domains | None], chosen: Elsewhere
) -> Panel:
    """Draw how far what enters each layer's normalization diverges between home and the domain, before and after AdaBN."""
    title = f"Divergence by layer: {chosen.label}"
    traces, layers, said = [], 0, []
    for name, style, one in zip(names, styles, found, strict=False):
        if one is None:
            continue
        (shift,) = [seen.shift for seen in one.seen if seen.elsewhere is chosen]
        layers = max(layers, len(shift.layers))
        ways = [("", shift.before, "solid")] + ([(", AdaBN", shift.after, "dot")] if one.stores else [])
        for how, values, dash in ways:
            shown = np.where(np.isfinite(values), np.maximum(values, LEAST), np.nan)
            traces.append(
                {
                    "type": "scatter",
                    "name": f"{name}{how}",
                    "x": [layer_name(layer) for layer in shift.layers],
                    "y": shown.astype(np.float32),
                    "mode": "lines+markers",
                    "line": {"color": style.colour, "dash": dash, "width": 2.25},
                    "marker": {"size": 8},
                    "cliponaxis": False,
                }
            )
            said.append(f"{name}{how} {', '.join(f'{value:.2g}' for value in values)}")
    if not traces:
        return Panel(title, Group.CURVE, None, pending=WAITING)
    heights = [np.asarray(trace["y"]) for trace in traces]
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("", zeroline=False, showgrid=False, type="category"),
        yaxis=theme.axis("symmetric divergence", zeroline=False, **powers(heights)),
        legend=LEGEND,
        margin={**MARGIN, "t": 64},
    )
    return Panel(title, Group.CURVE, figure, alt=f"By layer: {'; '.join(said)}.")


LEAST = 1e-4
"""A divergence below this is drawn there."""

HOME, THERE = theme.OKABE_ITO["bluish green"], theme.OKABE_ITO["reddish purple"]


def feature_panels(name: str, found: Domains | None, chosen: Elsewhere) -> list[Panel]:
    """Draw where the examples of both domains lie in the last hidden layer, before AdaBN and after it."""
    titles = f"{name}: both domains inside", f"{name}: with AdaBN"
    if found is None:
        return [Panel(title, Group.CURVE, None, pending=WAITING) for title in titles]
    (seen,) = [seen for seen in found.seen if seen.elsewhere is chosen]
    panels = []
    ways = (seen.features.before, seen.features.told_before), (seen.features.after, seen.features.told_after)
    for title, (points, told) in zip(titles, ways if found.stores else ways[:1], strict=False):
        traces = [
            {
                "type": "scatter",
                "name": where,
                "x": domain[:, 0].astype(np.float32),
                "y": domain[:, 1].astype(np.float32),
                "mode": "markers",
                "marker": {"size": 5, "color": colour, "symbol": symbol, "opacity": 0.65},
                "hoverinfo": "skip",
            }
            for where, domain, colour, symbol in zip(
                ("at home", chosen.label), points, (HOME, THERE), ("circle", "x"), strict=True
            )
        ]
        blank = {"showticklabels": False, "zeroline": False}
        figure = theme.figure(
            *traces,
            xaxis=theme.axis("first principal component", **blank),
            yaxis=theme.axis("second principal component", **blank),
            legend=LEGEND,
            margin={"l": 40, "r": 16, "t": 40, "b": 40},
        )
        caption = f"A linear rule tells the domain of {told:.0%} of the examples; guessing would tell half."
        panels.append(Panel(title, Group.CURVE, figure, alt=f"Features of both domains. {caption}", caption=caption))
    return panels


def layer_panels(
    names: Sequence[str],
    styles: Sequence[Style],
    found: Sequence[Shift | None],
    *,
    cosine: bool,
    num_steps: int,
    group: Group,
) -> list[Panel]:
    """Draw by step how the gradient of each layer changes as those below move, a line a layer, a panel a network.

    cosine: whether the angle between both is drawn, or else the length of their difference over that of the gradient.
    """
    relative = [None if one is None else relative_of(one) for one in found]
    every = [values[:, 1:] for values in relative if values is not None]
    panels = []
    for name, style, one, lengths in zip(names, styles, found, relative, strict=True):
        title = f"{name}: {'cosine of G and G′' if cosine else '|G − G′| / |G|'}"
        if one is None or lengths is None:
            panels.append(Panel(title, group, None, pending=WAITING, colour=style.colour))
            continue
        values, count = one.shift.cosine if cosine else lengths, len(one.shift.layers)
        traces = []
        for layer in range(1, count):
            shown = layer in (1, count // 2, count - 1)
            line = {"color": depth_colour((layer - 1) / max(count - 2, 1)), "width": 3 if layer == count - 1 else 1.5}
            traces.append(
                {
                    "type": "scatter",
                    "name": layer_name(one.shift.layers[layer]),
                    "x": one.steps.astype(np.float32),
                    "y": values[:, layer].astype(np.float32),
                    "mode": "lines",
                    "line": line,
                    "showlegend": shown,
                }
            )
        vertical = {"range": [-1.05, 1.05], "zeroline": True} if cosine else {"zeroline": False, **_shared(every)}
        figure = theme.figure(
            *traces,
            xaxis=theme.axis("step", zeroline=False, showgrid=False, nticks=5, range=[0, num_steps]),
            yaxis=theme.axis("cosine" if cosine else "|G − G′| / |G|", **vertical),
            legend=LEGEND,
            margin=MARGIN,
        )
        middle = np.nanmedian(values[:, 1:]) if np.isfinite(values[:, 1:]).any() else np.nan
        panels.append(Panel(title, group, figure, alt=f"{title}: {middle:.2g} in the median.", colour=style.colour))
    return panels


def _shared(every: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return a logarithmic axis that holds all of these."""
    values = np.concatenate([np.ravel(one) for one in every])
    values = values[np.isfinite(values) & (values > 0)]
    ends = np.log10([values.min(), values.max()]) + [-0.05, 0.05] if len(values) else np.array([-1.0, 1.0])
    return powers(every) | {"range": ends.tolist()}


def depth_colour(share: float) -> str:
    """Return the colour of a layer so far up, from 0 for the lowest to 1 for the highest."""
    return DEPTHS[round(share * (len(DEPTHS) - 1))]


def shift_loss_panel(
    names: Sequence[str], styles: Sequence[Style], found: Sequence[Shift | None], num_steps: int, group: Group
) -> Panel:
    """Draw the loss of the networks whose gradients are measured."""
    title = "Their loss"
    series = [
        Series(name, style, np.arange(len(one.run.loss)), one.run.loss, one.run.diverged_at is not None)
        for name, style, one in zip(names, styles, found, strict=True)
        if one is not None
    ]
    if not series:
        return Panel(title, group, None, pending=WAITING)
    drawn = curves_panel(series, title=title, unit="loss", logarithmic=True, num_steps=num_steps, cursor=0)
    return Panel(title, group, drawn.figure, alt=drawn.alt)


def output_panel(names: Sequence[str], styles: Sequence[Style], found: Sequence[Shift | None], num_steps: int) -> Panel:
    """Draw how much the gradient of the output layer changes as the layers below it move."""
    title = "Internal: |G − G′| / |G| of the output layer"
    series = [
        Series(name, style, one.steps, relative_of(one)[:, -1])
        for name, style, one in zip(names, styles, found, strict=True)
        if one is not None
    ]
    if not series:
        return Panel(title, Group.PATH, None, pending=WAITING)
    drawn = curves_panel(series, title=title, unit="|G − G′| / |G|", logarithmic=True, num_steps=num_steps, cursor=0)
    return Panel(title, Group.PATH, drawn.figure, alt=drawn.alt)


def home_panel(abroad: Sequence[Abroad], styles: Sequence[Style], chosen: Elsewhere, score: str) -> Panel:
    """Draw the score of each network at home, in the domain, and there with AdaBN."""
    title = f"Between domains: test {score}, {chosen.label}"
    if not abroad:
        return Panel(title, Group.PATH, None, pending=WAITING)
    bands, said = [], []
    for one, style in zip(abroad, styles, strict=False):
        there = one.at(chosen)
        if there is not None:
            after = there.after if one.stores else float("nan")
            bands.append(_points(one.name, style, [one.source, there.before, after]))
            said.append(f"{one.name} {one.source:.2f}, {there.before:.2f}, {after:.2f}")
    names = ["at home", "there", "with AdaBN"]
    limits = (min(-0.02, *(float(np.nanmin(band.middle)) for band in bands)), 1.04)
    alt = f"At home, {chosen.label}, with AdaBN: {'; '.join(said)}."
    return choices_panel(title, bands, names, x_title="", y_title=f"test {score}", limits=limits, alt=alt)


def curve_panel(
    names: Sequence[str], styles: Sequence[Style], found: Sequence[PartOfCurve | None], learnt: float
) -> Panel:
    """Draw the curve, the examples that were seen, and what each network says of all of it."""
    title = "A curve of which a part is learnt"
    known = [(name, style, one) for name, style, one in zip(names, styles, found, strict=True) if one is not None]
    if not known:
        return Panel(title, Group.PATH, None, pending=WAITING)
    first = known[0][2]
    seen = slice(None, None, max(1, len(first.seen_x) // 250))
    dots = {"size": 4, "color": theme.MUTED, "opacity": 0.5}
    points = {"x": first.seen_x[seen], "y": first.seen_y[seen], "mode": "markers", "marker": dots}
    black = {"color": theme.TEXT, "width": 1.5}
    traces: list[dict[str, Any]] = [
        {"type": "scatter", "name": "examples", **points, "hoverinfo": "skip"},
        {"type": "scatter", "name": "the curve", "x": first.x, "y": first.true, "mode": "lines", "line": black},
    ]
    for name, style, one in known:
        line = {"color": style.colour, "width": 2.5}
        traces.append({"type": "scatter", "name": name, "x": one.x, "y": one.told, "mode": "lines", "line": line})
        if one.adapted is not None:
            beyond = one.x >= learnt
            dotted = {"color": style.colour, "width": 2.5, "dash": "dot"}
            told = {"x": one.x[beyond], "y": one.adapted[beyond], "mode": "lines", "line": dotted}
            traces.append({"type": "scatter", "name": f"{name}, AdaBN", **told})
    reach = float(np.abs(first.true).max())
    shade = {"type": "rect", "x0": learnt, "x1": float(first.x[-1]), "yref": "paper", "y0": 0, "y1": 1}
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("x", zeroline=False, showgrid=False, range=[float(first.x[0]), float(first.x[-1])]),
        yaxis=theme.axis("y", zeroline=False, nticks=7, range=[-1.8 * reach, 1.8 * reach]),
        legend=LEGEND,
        margin={**MARGIN, "t": 64},
        shapes=[{**shade, "fillcolor": theme.MUTED, "opacity": 0.12, "line": {"width": 0}}],
    )
    alt = f"The curve and the networks, of which x below {learnt:g} was learnt; beyond it they leave the curve."
    return Panel(title, Group.PATH, figure, alt=alt)


def faint_of(colour: str) -> str:
    """Return a colour through which lines are seen."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{FAINT})"
