"""The panels about inference, one or two a section, which is why this is long. Pure: from arrays to figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landscape.dynamics.averages import Averages
from landscape.figures import theme
from landscape.figures.bands import SYMBOLS
from landscape.figures.curves import Series, curves_panel, powers
from landscape.figures.panel import Group, Panel
from landscape.figures.theme import Style
from landscape.internals.sequences import ReadLater
from landscape.internals.statistics import BatchStatistics, Corrections, StoredStatistics
from landscape.internals.together import Mates, Together
from landscape.labs.words import layer_name

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": theme.FONT_SIZE}}
MARGIN = {"l": 64, "r": 16, "t": 40, "b": 48}

LOW_SCORE = -0.2
"""Where an axis of explained variance begins: under it all is lost."""

SHADES = (theme.OKABE_ITO["sky blue"], theme.OKABE_ITO["orange"], theme.OKABE_ITO["reddish purple"])
"""Of three kinds of batches, or three weights of averages, none of which is a network."""

APART = 0.7
"""Of the room between two sizes, how much the networks' dots take side by side."""

MOST_DOTS = 600
"""More than these are as dense to the eye, and slower to draw."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One network: its name and style, and what of it there is, or None."""

    name: str
    style: Style
    together: Together | None = None
    alike: Together | None = None
    losses: Together | None = None
    mates: Mates | None = None


LIMIT_STEPS = 20
"""So many places of each half of the training at which its limits are taken."""


def awaited(title: str, group: Group, what: str = "Training…", failed: bool = False) -> Panel:
    """Return a panel of which nothing is there yet, or ever."""
    return Panel(title, group, pending="This could not be computed: see above." if failed else what, empty=failed)


def powers_of_two(sizes: np.ndarray, title: str) -> dict[str, Any]:
    """Return a logarithmic axis over sizes of batches, labelled at every other power of two."""
    ticks = [2**power for power in range(0, 15, 2) if sizes.min() <= 2**power <= sizes.max()]
    room = 0.04 * max(float(np.log10(sizes.max() / sizes.min())), 0.1)
    ends = [float(np.log10(sizes.min())) - room, float(np.log10(sizes.max())) + room]
    named = {"tickvals": ticks, "ticktext": [f"{tick}" for tick in ticks]}
    return theme.axis(title, type="log", range=ends, showgrid=False, zeroline=False, **named)


def together_panels(networks: Sequence[Drawn], score: str, guess: float, batch: int) -> list[Panel]:
    """Draw the score over how many are normalized together, and the training loss over the size of the batch.

    batch: the size with which the networks were trained, marked.
    """
    titles = f"Test {score} by how many stand together", "Training loss of the same weights, by batch size"
    scores: list[dict[str, Any]] = []
    losses: list[dict[str, Any]] = []
    said, sizes, loss_sizes = [], [np.array([1.0])], [np.array([2.0])]
    for one in networks:
        if one.together is not None:
            sizes.append(one.together.sizes)
            scores.append(_line(one.name, one.style, one.together.sizes, one.together.accuracy))
            ends = one.together.sizes[[0, -1]].astype(np.float32)
            level = np.full(2, one.together.stored_accuracy, np.float32)
            line = {"color": one.style.colour, "width": 1.25, "dash": "dot"}
            scores.append(
                {"type": "scatter", "x": ends, "y": level, "mode": "lines", "line": line}
                | {"showlegend": False, "name": f"{one.name}, by stored statistics"}
            )
            said.append(
                f"{one.name} from {one.together.accuracy[0]:.2f} alone to {np.nanmax(one.together.accuracy):.2f}"
            )
        if one.alike is not None:
            shown = _line(f"{one.name}, sorted by class", one.style, one.alike.sizes, one.alike.accuracy)
            crossed = {"line": {**shown["line"], "dash": "dash"}, "marker": {**shown["marker"], "symbol": "x"}}
            # Its colour says whose it is, and the note what the crosses are: a legend of two names each leaves no picture.
            scores.append(shown | crossed | {"showlegend": False})
        if one.losses is not None:
            loss_sizes.append(one.losses.sizes)
            losses.append(_line(one.name, one.style, one.losses.sizes, one.losses.loss))
    lowest = 0.0 if score == "accuracy" else LOW_SCORE
    panels = []
    if scores:
        figure = theme.figure(
            *scores,
            xaxis=powers_of_two(np.concatenate(sizes), "test examples normalized together"),
            yaxis=theme.axis(f"test {score}", range=[lowest, 1.03], zeroline=False, nticks=6),
            legend=LEGEND,
            margin=MARGIN,
            shapes=[_level(guess), _mark(batch)],
        )
        panels.append(Panel(titles[0], Group.PATH, figure, alt=f"{'; '.join(said)}."))
    else:
        panels.append(awaited(titles[0], Group.PATH))
    if losses:
        figure = theme.figure(
            *losses,
            xaxis=powers_of_two(np.concatenate(loss_sizes), "training examples in a batch"),
            yaxis=theme.axis("loss", zeroline=False, **powers([np.asarray(trace["y"]) for trace in losses])),
            legend=LEGEND,
            margin=MARGIN,
            shapes=[_mark(batch)],
        )
        panels.append(Panel(titles[1], Group.PATH, figure, alt="The loss of one set of weights, by batch size."))
    else:
        panels.append(awaited(titles[1], Group.PATH))
    return panels


def _line(name: str, style: Style, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "x": x.astype(np.float32),
        "y": y.astype(np.float32),
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 2.25},
        "marker": {"size": 6, "color": style.colour},
        "cliponaxis": False,
    }


def _level(height: float) -> dict[str, Any]:
    line = {"color": theme.MUTED, "width": 1.5, "dash": "dash"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": line}


def _mark(place: float) -> dict[str, Any]:
    line = {"color": theme.MUTED, "width": 1.5, "dash": "dot"}
    return {"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def image_panel(example: np.ndarray, title: str) -> Panel:
    """Draw an example: as an image where it is one, (s * s,) numbers, or else its features as bars."""
    values = np.asarray(example, np.float32).ravel()
    side = int(np.sqrt(len(values)))
    if side * side == len(values) and side > 2:
        picture = {"type": "heatmap", "z": values.reshape(side, side), "colorscale": theme.GREYS, "showscale": False}
        picture |= {"hoverinfo": "skip", "xgap": 1, "ygap": 1}
        hidden = {"visible": False, "fixedrange": True, "constrain": "domain"}
        figure = theme.figure(
            picture,
            xaxis=hidden,
            yaxis={**hidden, "autorange": "reversed", "scaleanchor": "x"},
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            dragmode=False,
        )
    else:
        bars = {"type": "bar", "x": np.arange(len(values)) + 1, "y": values, "marker": {"color": theme.MUTED}}
        figure = theme.figure(bars, xaxis=theme.axis("feature"), yaxis=theme.axis("value"), margin=MARGIN)
    return Panel(title, Group.PATH, figure, alt=f"{title}.")


def mates_panel(networks: Sequence[Drawn], classes: bool) -> Panel:
    """Draw what each network says of one example, a dot a batch of other mates, by the size of the batch."""
    title = "How sure of the right class, in other company" if classes else "The first output, in other company"
    unit = "output of the right class less the best other" if classes else "first output"
    known = [one for one in networks if one.mates is not None]
    if not known:
        return awaited(title, Group.PATH)
    traces, said = [], []
    rng = np.random.default_rng(0)
    for place, one in enumerate(known):
        mates = one.mates
        if mates is None:
            continue
        values = margins(mates)
        aside = APART * ((place + 0.5) / len(known) - 0.5)
        room = APART / len(known) / 2
        spread = rng.uniform(-0.6 * room, 0.6 * room, values.shape)
        x = np.arange(len(mates.sizes))[:, None] + aside + spread
        traces.append(
            {
                "type": "scatter",
                "name": one.name,
                "x": x.ravel().astype(np.float32),
                "y": values.ravel().astype(np.float32),
                "mode": "markers",
                "marker": {
                    "size": 6,
                    "color": one.style.colour,
                    "opacity": 0.65,
                    "symbol": SYMBOLS[place % len(SYMBOLS)],
                },
                "hovertemplate": "%{y:.2f}<extra>" + one.name + "</extra>",
                "cliponaxis": False,
            }
        )
        ranges = [f"{values[i].min():.2f} to {values[i].max():.2f} at {size}" for i, size in enumerate(mates.sizes)]
        said.append(f"{one.name} {', '.join(ranges)}")
    names = [f"{size}" for size in known[0].mates.sizes] if known[0].mates is not None else []
    figure = theme.figure(
        *traces,
        xaxis=theme.axis(
            "examples in the batch",
            tickvals=list(range(len(names))),
            ticktext=names,
            range=[-0.5, len(names) - 0.5],
            showgrid=False,
            zeroline=False,
        ),
        yaxis=theme.axis(unit, zeroline=classes, zerolinewidth=1.5, nticks=7),
        legend=LEGEND,
        margin=MARGIN,
    )
    return Panel(title, Group.PATH, figure, alt=f"A dot a batch: {'; '.join(said)}.")


def margins(mates: Mates) -> np.ndarray:
    """Return of the first example the output of its class less the greatest other (M, D); of numbers the first output."""
    outputs = mates.outputs[:, :, 0]
    if mates.targets.ndim > 1:
        return np.asarray(outputs[..., 0])
    right = int(mates.targets[0])
    return np.asarray(outputs[..., right] - np.delete(outputs, right, -1).max(-1))


def statistics_panels(found: BatchStatistics | None, places: tuple[str, str], failed: bool) -> list[Panel]:
    """Draw the error of a batch's mean over its size, and its variance beside the population's.

    places: what the first and the last layer are called.
    """
    titles = "How far a batch's mean lies from all examples' mean", "A batch's variance over all examples' variance"
    if found is None:
        return [awaited(title, Group.PATH, failed=failed) for title in titles]
    fine = np.geomspace(found.sizes.min(), found.sizes.max(), 60)
    chance = {"type": "scatter", "name": "1 / √m", "x": fine.astype(np.float32), "y": (fine**-0.5).astype(np.float32)}
    chance |= {"mode": "lines", "line": {"color": theme.MUTED, "width": 2, "dash": "dash"}}
    lines = [chance]
    layers = [(0, places[0]), (-1, places[1])] if found.error.shape[1] > 1 else [(0, places[0])]
    for shade, (layer, name) in zip(SHADES, layers, strict=False):
        lines.append(_line(layer_name(name), Style(shade), found.sizes, found.error[:, layer]))
    count = fine * found.values[0]
    expected = {**chance, "name": "(m − 1) / m", "y": ((count - 1) / count).astype(np.float32)}
    one = np.array([fine[0], fine[-1]], np.float32)
    level = {**chance, "name": "1", "x": one, "y": np.ones(2, np.float32), "showlegend": False}
    ratios = [
        expected,
        level,
        _line("sum of squares / m", Style(SHADES[0]), found.sizes, found.biased[:, 0]),
        _line("sum of squares / (m − 1)", Style(SHADES[1]), found.sizes, found.unbiased[:, 0]),
    ]
    axis = powers_of_two(found.sizes, "examples in the batch, m")
    errors = [np.asarray(trace["y"]) for trace in lines]
    first = theme.figure(
        *lines,
        xaxis=axis,
        yaxis=theme.axis("in deviations", zeroline=False, **powers(errors)),
        legend=LEGEND,
        margin=MARGIN,
    )
    second = theme.figure(
        *ratios,
        xaxis=axis,
        yaxis=theme.axis("ratio", zeroline=False, range=[0.4, 1.15], nticks=6),
        legend=LEGEND,
        margin=MARGIN,
    )
    alt = f"The error falls from {found.error[0, 0]:.2f} at {found.sizes[0]} to {found.error[-1, 0]:.2f} at {found.sizes[-1]}."
    other = f"Of {found.sizes[0]} the variance is {found.biased[0, 0]:.2f}, corrected {found.unbiased[0, 0]:.2f}."
    return [Panel(titles[0], Group.PATH, first, alt=alt), Panel(titles[1], Group.PATH, second, alt=other)]


def averages_panels(
    following: Averages | None,
    errors: Sequence[tuple[float, np.ndarray, float]],
    score: str,
    num_steps: int,
    failed: tuple[bool, bool],
) -> list[Panel]:
    """Draw the test score along training by averages of several weights, and how fast each forgets at fixed weights.

    errors: of each weight the error (1 + D,) after each batch, and where it is to come down to.
    """
    titles = f"Test {score} by moving averages, along the training", "The averages at fixed weights, batch after batch"
    panels = []
    lowest = 0.0 if score == "accuracy" else LOW_SCORE
    if following is None:
        panels.append(awaited(titles[0], Group.CURVE, failed=failed[0]))
    else:
        series = [
            Series(f"weight {weight:g}", Style(shade), following.steps, curve)
            for shade, weight, curve in zip(SHADES, following.weights, following.accuracy, strict=False)
        ]
        unit = f"test {score}"
        panels.append(
            curves_panel(series, title=titles[0], unit=unit, num_steps=num_steps, limits=(lowest, 1.03), cursor=0)
        )
    if not errors:
        panels.append(awaited(titles[1], Group.CURVE, failed=failed[1]))
        return panels
    traces: list[dict[str, Any]] = []
    for shade, (weight, error, floor) in zip(SHADES, errors, strict=False):
        line = {"color": shade, "width": 2}
        x = np.arange(len(error)).astype(np.float32)
        traces.append(
            {"type": "scatter", "name": f"weight {weight:g}", "x": x, "y": error.astype(np.float32)}
            | {"mode": "lines", "line": line}
        )
        closed = np.sqrt(np.square(error[0] * (1 - weight) ** x) + floor**2)
        traces.append(
            {"type": "scatter", "x": x, "y": closed.astype(np.float32), "mode": "lines", "showlegend": False}
            | {"line": {**line, "width": 1.5, "dash": "dash"}, "hoverinfo": "skip"}
        )
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("batches taken in", zeroline=False, showgrid=False, nticks=6),
        yaxis=theme.axis("error, in deviations", zeroline=False, **powers([np.asarray(one["y"]) for one in traces])),
        legend=LEGEND,
        margin=MARGIN,
    )
    said = "; ".join(
        f"weight {weight:g} comes down to {error[len(error) // 2 :].mean():.3f}" for weight, error, _ in errors
    )
    return [*panels, Panel(titles[1], Group.CURVE, figure, alt=f"Errors of moving averages: {said}.")]


def corrections_panel(kinds: Sequence[tuple[str, Corrections | None]], failed: bool) -> Panel:
    """Draw r against d of the first layer, a dot a batch and unit, each kind of batches in its colour."""
    title = "Renormalization's r and d, a dot a batch and unit"
    traces, said = [], []
    for shade, symbol, (name, one) in zip(SHADES, SYMBOLS, kinds, strict=False):
        if one is None:
            continue
        d, r = one.d[:, 0].ravel(), one.r[:, 0].ravel()
        some = np.random.default_rng(0).permutation(len(d))[:MOST_DOTS]
        marker = {"size": 4.5, "color": shade, "opacity": 0.6, "symbol": symbol}
        traces.append(
            {"type": "scatter", "name": name, "x": d[some].astype(np.float32)}
            | {"y": r[some].astype(np.float32), "mode": "markers", "marker": marker}
        )
        said.append(f"{name}: r {r.mean():.2f} ± {r.std():.2f}, d {d.mean():.2f} ± {d.std():.2f}")
    if not traces:
        return awaited(title, Group.PATH, failed=failed)
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("d: the shift of the mean, in stored deviations", zeroline=True, nticks=7),
        yaxis=theme.axis("r: deviation over the stored one", zeroline=False, nticks=6),
        legend=LEGEND,
        margin=MARGIN,
        shapes=[_level(1.0)],
    )
    return Panel(title, Group.PATH, figure, alt=f"{'; '.join(said)}.")


def limits_panel(kinds: Sequence[tuple[str, Corrections | None]], num_steps: int, failed: bool) -> Panel:
    """Draw which share of these r and d the limits of each step of the training would clip, by kind of batches."""
    title = "What the opening limits would cut of these r and d"
    progress = np.linspace(0, 1, 2 * LIMIT_STEPS + 1)
    series = [
        Series(name, Style(shade), progress * num_steps, np.array([one.clipped_at(at) for at in progress.tolist()]))
        for shade, (name, one) in zip(SHADES, kinds, strict=False)
        if one is not None
    ]
    if not series:
        return awaited(title, Group.CURVE, failed=failed)
    said = "; ".join(
        f"{one.label} {one.values[LIMIT_STEPS]:.0%} half-way, {one.values[-1]:.0%} at the end" for one in series
    )
    unit = "share beyond the limits"
    return curves_panel(
        series, title=title, unit=unit, num_steps=num_steps, limits=(0, 1.03), cursor=0, alt=f"Of all r and d: {said}."
    )


def distance_panel(networks: Sequence[Drawn], batch: int) -> Panel:
    """Draw how far the outputs of training's form lie from those of inference, over the size of the batch."""
    title = "Training's outputs less inference's, by batch size"
    traces = []
    for one in networks:
        if one.together is None:
            continue
        several = (one.together.sizes > 1) & (one.together.sizes <= 256)
        apart = np.where(one.together.apart > 1e-6, one.together.apart, np.nan)[several]
        name = one.name if np.isfinite(apart).any() else f"{one.name}: none"
        traces.append(_line(name, one.style, one.together.sizes[several], apart))
    if not traces:
        return awaited(title, Group.PATH)
    values = [np.asarray(trace["y"]) for trace in traces]
    figure = theme.figure(
        *traces,
        xaxis=powers_of_two(np.concatenate([np.asarray(trace["x"]) for trace in traces]), "examples in the batch"),
        yaxis=theme.axis("in deviations of the outputs", zeroline=False, **powers(values)),
        legend=LEGEND,
        margin=MARGIN,
        shapes=[_mark(batch)],
    )
    firsts = "; ".join(f"{trace['name']} {np.asarray(trace['y'])[0]:.3g}" for trace in traces)
    return Panel(title, Group.PATH, figure, alt=f"With batches of two: {firsts}.")


@dataclass(frozen=True, eq=False)
class Dots:
    """One network's values (A,) at each place of an axis of names; not a number where there is none."""

    name: str
    style: Style
    values: np.ndarray


def dots_panel(
    title: str, dots: Sequence[Dots], names: Sequence[str], unit: str, limits: tuple[float, float] | None = None
) -> Panel:
    """Draw a point a network at each of several names, side by side; on a logarithmic axis where no limits are given."""
    if not any(np.isfinite(one.values).any() for one in dots):
        return awaited(title, Group.CURVE)
    traces = []
    for place, one in enumerate(dots):
        aside = APART * ((place + 0.5) / len(dots) - 0.5)
        traces.append(
            {
                "type": "scatter",
                "name": one.name,
                "x": (np.arange(len(names)) + aside).astype(np.float32),
                "y": one.values.astype(np.float32),
                "mode": "markers",
                "marker": {"size": 12, "color": one.style.colour, "symbol": SYMBOLS[place % len(SYMBOLS)]},
                "customdata": list(names),
                "hovertemplate": "%{customdata}: %{y:.3f}<extra>" + one.name + "</extra>",
                "cliponaxis": False,
            }
        )
    vertical = {"range": list(limits), "nticks": 6} if limits else powers([one.values for one in dots])
    figure = theme.figure(
        *traces,
        xaxis=theme.axis(
            "",
            tickvals=list(range(len(names))),
            ticktext=list(names),
            range=[-0.5, len(names) - 0.5],
            showgrid=False,
            zeroline=False,
        ),
        yaxis=theme.axis(unit, zeroline=False, **vertical),
        legend=LEGEND,
        margin=MARGIN,
    )
    said = "; ".join(f"{one.name} {', '.join(f'{value:.2f}' for value in one.values)}" for one in dots)
    return Panel(title, Group.CURVE, figure, alt=f"At {', '.join(names)}: {said}.")


def naive_panels(
    runs: Sequence[tuple[str, Style, np.ndarray | None, np.ndarray, np.ndarray | None]], num_steps: int
) -> list[Panel]:
    """Draw the length of the hidden weights by step, over that at the start, and the loss.

    runs: name, style, loss (T,) so far or None, steps (S,) of the snapshots, lengths (S,) or None.
    """
    titles = "Length of the hidden weights, over that at the start", "Loss of each step's batch, a mean over 20 steps"
    lengths = [Series(name, style, steps, of / of[0]) for name, style, _, steps, of in runs if of is not None]
    losses = [
        Series(name, style, np.arange(len(loss)), smoothed(loss))
        for name, style, loss, _, _ in runs
        if loss is not None
    ]
    return [
        curves_panel(lengths, title=titles[0], unit="times", num_steps=num_steps, cursor=0)
        if lengths
        else awaited(titles[0], Group.CURVE),
        curves_panel(losses, title=titles[1], unit="loss", num_steps=num_steps, logarithmic=True, cursor=0)
        if losses
        else awaited(titles[1], Group.CURVE),
    ]


def smoothed(values: np.ndarray, window: int = 20) -> np.ndarray:
    """Return the mean of each value and up to so many before it, less one.

    >>> smoothed(np.array([1.0, 3.0, 5.0]), 2).tolist()
    [1.0, 2.0, 4.0]
    """
    total = np.concatenate([np.zeros(1), np.cumsum(np.asarray(values, float))])
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(ends - window, 0)
    return (total[ends] - total[begins]) / (ends - begins)


def steps_panel(stored: StoredStatistics | None, shared: StoredStatistics | None, styles: Sequence[Style]) -> Panel:
    """Draw the stored deviations by time step: each unit a dot, their mean a line; and the one for all steps."""
    title = "Stored deviations, by time step"
    if stored is None:
        return awaited(title, Group.PATH)
    steps = np.arange(1, len(stored.places) + 1)
    units = stored.deviation.shape[1]
    aside = np.random.default_rng(0).uniform(-0.15, 0.15, stored.deviation.shape)
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "name": f"each of {units} units",
            "x": (steps[:, None] + aside).ravel().astype(np.float32),
            "y": stored.deviation.ravel().astype(np.float32),
            "mode": "markers",
            "marker": {"size": 4, "color": styles[0].colour, "opacity": 0.5},
            "hoverinfo": "skip",
        },
        _line("their mean", styles[0], steps, stored.deviation.mean(1)),
    ]
    if shared is not None:
        level = np.full(2, shared.deviation.mean(), np.float32)
        line = {"color": styles[1].colour, "width": 2.25, "dash": "dash"}
        ends = np.array([steps[0], steps[-1]], np.float32)
        traces.append(
            {"type": "scatter", "name": "one for all steps", "x": ends, "y": level, "mode": "lines", "line": line}
        )
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("time step (row of the digit)", zeroline=False, showgrid=False, dtick=1),
        yaxis=theme.axis("deviation", zeroline=False, rangemode="tozero", nticks=6),
        legend=LEGEND,
        margin=MARGIN,
    )
    means = ", ".join(f"{value:.2f}" for value in stored.deviation.mean(1))
    return Panel(title, Group.PATH, figure, alt=f"The mean deviation of the units, step after step: {means}.")


def later_panel(readers: Sequence[tuple[str, Style, ReadLater | None]]) -> Panel:
    """Draw the test accuracy over the blank rows that are read before the digit."""
    title = "Test accuracy, with blank rows before the digit"
    traces = [_line(name, style, one.rows, one.accuracy) for name, style, one in readers if one is not None]
    if not traces:
        return awaited(title, Group.PATH)
    figure = theme.figure(
        *traces,
        xaxis=theme.axis("blank rows: steps more than in training", zeroline=False, showgrid=False, dtick=2),
        yaxis=theme.axis("test accuracy", range=[0, 1.03], zeroline=False, nticks=6),
        legend=LEGEND,
        margin=MARGIN,
    )
    said = "; ".join(f"{name} from {one.accuracy[0]:.2f} to {one.accuracy[-1]:.2f}" for name, _, one in readers if one)
    return Panel(title, Group.PATH, figure, alt=f"{said}.")
