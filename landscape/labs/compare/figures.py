"""All panels of a comparison: the landscapes, the paths, the curves and the activations of each network.

It is long, as each kind of picture is one function from results to panels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from landscape.experiment import Display, Drawing, PlaneKind, View
from landscape.figures.curves import Series, curves_panel
from landscape.figures.histograms import histograms_panel
from landscape.figures.lines import Line, lines_panel
from landscape.figures.moving import with_frames, with_note
from landscape.figures.panel import Group, Panel, Readout
from landscape.figures.surfaces import SCENE_CROSS, HeightRange, contour_panel, height_range, surface_panel
from landscape.figures.theme import Figure, Style, styles_of
from landscape.geometry.descents import Balls
from landscape.geometry.surfaces import Surface
from landscape.labs.compare.captions import (
    balls_caption,
    drawn_caption,
    frozen_caption,
    moved_caption,
    readout,
    start_caption,
    surface_caption,
)
from landscape.labs.compare.dropping import keeping
from landscape.labs.compare.facts import Facts
from landscape.labs.compare.outcomes import Outcome
from landscape.labs.compare.request import BallsRequest
from landscape.training.run import Run

BALL = "white"

LIFT = 0.02
"""So much of the height the ways of balls are lifted above a surface, not to sink into its facets."""

FAILED = "This could not be computed: see above."
ENDED = "training ended here"
STEPS = ("steps along direction 1", "steps along direction 2")
"""Of a plane of random directions: how its axes are called on the picture."""

AS_GIVEN = BallsRequest()

APART = "A range of its own, as it diverged."


def comparison_panels(
    labels: Sequence[str],
    normalizations: Sequence[str],
    outcomes: Sequence[Outcome | None],
    view: View,
    display: Display,
    failed: Sequence[frozenset[Group]] = (),
    starts: Sequence[tuple[Surface, int] | None] = (),
    balls: BallsRequest = AS_GIVEN,
) -> list[Panel]:
    """Return the panels of a comparison, as far as its results are there.

    Args:
        labels: of the networks. normalizations: which give them their colours.
        outcomes: one a network, None before its first step.
        failed: of each network what could not be computed: what is missing there will not come.
        starts: the landscapes around the weights while the networks are trained, and at which step: they stand until those
            around the last weights come.
        balls: those that are asked for, to which a click on a landscape adds one.
    """
    styles, failed = styles_of(normalizations), failed or [frozenset()] * len(labels)
    starts = starts or [None] * len(labels)
    panels = []
    for which in (Group.SCENE, Group.PATH):
        surfaces = [_surface(outcome, which) for outcome in outcomes]
        diverged = [outcome is not None and outcome.run.diverged_at is not None for outcome in outcomes]
        drawn = [_drawn(one, outcome, which) for one, outcome in zip(surfaces, outcomes, strict=True)]
        if which is Group.SCENE and not any(drawn):
            drawn = [[start[0].loss] if start is not None else [] for start in starts]
        ranges = _ranges(drawn, diverged, display)
        for i, (label, style, outcome) in enumerate(zip(labels, styles, outcomes, strict=True)):
            draw = _landscape if which is Group.SCENE else _path
            panel = draw(label, style, outcome, surfaces[i], ranges[i], view, display)
            drawn_on = surfaces[i] if which is Group.SCENE else None
            if panel.figure is not None and drawn_on is not None:
                panel.figure.data[0].meta = {"sets": _dropping(drawn_on, balls)}
            start = starts[i] if which is Group.SCENE and which not in failed[i] else None
            if panel.figure is None and start is not None and not any(one is not None for one in surfaces):
                panel = _start(label, style, start, ranges[i], view, display)
            apart = panel.figure and display.shared_range and diverged[i] and not all(diverged)
            panel = replace(panel, caption=f"{panel.caption} {APART}") if apart else panel
            panels.append(_ended(panel, which in failed[i]))
            if which is Group.SCENE and outcome is not None and outcome.frozen is not None:
                panels.append(_frozen(label, style, outcome.frozen, ranges[i], view, display))
    untrained = all(Group.CURVE in groups for groups in failed)
    panels += [_ended(panel, untrained) for panel in _curves(labels, styles, outcomes)]
    panels += [
        _ended(_activations(label, style, outcome), Group.ACTIVATION in groups)
        for label, style, outcome, groups in zip(labels, styles, outcomes, failed, strict=True)
    ]
    return panels


def _ended(panel: Panel, failed: bool) -> Panel:
    """Return a panel that awaits nothing where it failed."""
    return replace(panel, pending=FAILED, empty=True) if failed and panel.figure is None else panel


def _surface(outcome: Outcome | None, which: Group) -> Surface | None:
    if outcome is None:
        return None
    if which is Group.SCENE:
        return outcome.surface
    return None if outcome.inspection is None else outcome.inspection.surface


def _drawn(surface: Surface | None, outcome: Outcome | None, which: Group) -> list[np.ndarray]:
    """Return all losses that a network's panels of a row draw, one after the other or side by side."""
    if surface is None or outcome is None:
        return []
    if which is not Group.SCENE:
        return [surface.loss]
    frames = () if outcome.frames is None else outcome.frames.surfaces
    return [one.loss for one in (surface, *frames, outcome.frozen) if one is not None]


def _ranges(drawn: Sequence[list[np.ndarray]], diverged: Sequence[bool], display: Display) -> list[HeightRange]:
    """Return the range of each network: one for all, but for those that diverged, which would flatten the others."""
    alike = [one for one, apart in zip(drawn, diverged, strict=True) if one and not apart]
    shared = height_range([loss for losses in alike or drawn for loss in losses], display.logarithmic)
    return [
        height_range(one, display.logarithmic) if one and (not display.shared_range or (apart and alike)) else shared
        for one, apart in zip(drawn, diverged, strict=True)
    ]


def _landscape(
    label: str,
    style: Style,
    outcome: Outcome | None,
    surface: Surface | None,
    heights: HeightRange,
    view: View,
    display: Display,
) -> Panel:
    title = f"Loss landscape: {label}"
    if outcome is None or surface is None:
        return Panel(title, Group.SCENE, colour=style.colour, pending=_waiting(outcome))
    # On the plane of the trajectory's axes the path lies on this very plane.
    known = outcome.inspection if view.plane is PlaneKind.PCA else None
    path = None if known is None else known.path.coordinates
    flat = display.drawing is Drawing.CONTOUR
    panel = drawing(title, style, surface, heights, view, display, path)
    said = [surface_caption(surface, outcome.run.parameters.shape[1])]
    if outcome.balls is not None and panel.figure is not None:
        _add_balls(panel.figure, outcome.balls, None if flat else heights)
    if outcome.frames is not None:
        frames = outcome.frames.surfaces
        axes = frames[0].alphas, frames[0].betas
        panel = with_frames(panel, outcome.frames.at, *axes, [one.loss for one in frames], heights)
        said.append(moved_caption(frames[0]))
    if outcome.balls is not None:
        said.append(balls_caption(outcome.balls))
    if path is None:
        (height,) = heights.heights(np.array([surface.centre]))
        panel = with_note(panel, ENDED, 0.0, 0.0, None if flat else float(height))
    return _captioned(panel, " ".join(filter(None, [*said, drawn_caption(surface, view)])))


def _dropping(surface: Surface, balls: BallsRequest) -> dict[str, Any]:
    """Return what a click on a landscape sets: one more ball, there, in shares of what the picture shows."""
    kept = keeping(vars(balls))
    ends = {"ball_x": ("x", surface.alphas), "ball_y": ("y", surface.betas)}
    reach = {
        name: [axis, float(along[0] + along[-1]) / 2, float(along[-1] - along[0]) / 2]
        for name, (axis, along) in ends.items()
    }
    return {"another_ball": True, "more_balls": str(kept), **reach}


def drawing(
    title: str,
    style: Style,
    surface: Surface,
    heights: HeightRange,
    view: View,
    display: Display,
    path: np.ndarray | None = None,
) -> Panel:
    """Return a landscape as a surface or as contours, as is asked for."""
    labels = STEPS if view.plane is PlaneKind.RANDOM else surface.plane.labels
    shared: dict[str, Any] = {
        "title": title, "heights": heights, "colour": style.colour, "labels": labels, "path": path
    }  # fmt: skip
    if display.drawing is Drawing.CONTOUR:
        return contour_panel(surface.alphas, surface.betas, surface.loss, group=Group.SCENE, **shared)
    ridden = None if path is None else _heights_below(surface, path)
    return surface_panel(surface.alphas, surface.betas, surface.loss, path_heights=ridden, **shared)


def _start(
    label: str, style: Style, start: tuple[Surface, int], heights: HeightRange, view: View, display: Display
) -> Panel:
    """Return the landscape around a network's initial weights, or later ones, which stands while it is trained."""
    surface, step = start
    panel = drawing(f"Loss landscape: {label}", style, surface, heights, view, display)
    return _captioned(panel, start_caption(surface, step))


def _frozen(label: str, style: Style, frozen: Surface, heights: HeightRange, view: View, display: Display) -> Panel:
    """Return the landscape of a network by the statistics that it stored."""
    panel = drawing(f"Frozen statistics: {label}", style, frozen, heights, view, display)
    return _captioned(panel, frozen_caption(frozen))


def readouts_of(outcomes: Sequence[Outcome | None], styles: Sequence[Style]) -> list[Readout]:
    """Return what stands beside the slider: loss and score of each network at each snapshot."""
    return [
        Readout(outcome.label, style.colour, _readout(outcome.run))
        for outcome, style in zip(outcomes, styles, strict=True)
        if outcome is not None
    ]


def _readout(run: Run) -> list[str]:
    """Return the words at each snapshot: the loss of the batch that came then; at the end, of all training data."""
    score, losses = run.experiment.data.dataset.score, (*run.loss.tolist(), run.train_loss)
    return [
        readout(losses[min(step, len(run.loss))], score, reached, ended=step >= len(run.loss))
        for step, reached in zip(run.steps.tolist(), run.test_accuracy.tolist(), strict=True)
    ]


def _add_balls(figure: Figure, balls: Balls, heights: HeightRange | None) -> None:
    """Draw the ways of the balls, lifted onto a surface where heights are given: a dot where one ends, a cross if it is out."""
    gap = np.full((1, balls.coordinates.shape[1]), np.nan)
    x, y = (np.concatenate([balls.coordinates[:, :, i], gap]).T.ravel().astype(np.float32) for i in (0, 1))
    ends = balls.coordinates[-1].astype(np.float32)
    cross = "x" if heights is None else SCENE_CROSS
    symbols = [cross if out else "circle" for out in balls.thrown]
    line = {"color": BALL, "width": 2 if heights is None else 5}
    marker = {
        "color": BALL,
        "symbol": symbols,
        "size": 8 if heights is None else 5,
        "line": {"color": "black", "width": 1},
    }
    if heights is None:
        figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False)
        figure.add_scatter(
            x=ends[:, 0], y=ends[:, 1], mode="markers", marker=marker, hoverinfo="skip", showlegend=False
        )
        return
    low, high = heights.axis()
    lifted = heights.heights(balls.loss) + LIFT * (high - low)
    z = np.concatenate([lifted, gap]).T.ravel().astype(np.float32)
    figure.add_scatter3d(x=x, y=y, z=z, mode="lines", line=line, hoverinfo="skip")
    last = lifted[-1].astype(np.float32)
    figure.add_scatter3d(x=ends[:, 0], y=ends[:, 1], z=last, mode="markers", marker=marker, hoverinfo="skip")


def rates_panel(facts: Facts) -> Panel:
    """Return the test accuracy over the learning rates, a line a network, with the band of the seeds where there are some."""
    swept = [(one, one.rates) for one in facts.networks if one.rates is not None]
    title = "Test accuracy after the same steps, by learning rate"
    styles = styles_of([one.experiment.network.normalization for one in facts.networks])
    if not swept:
        return Panel(title, Group.CURVE, pending="Training at other rates…")
    own = {facts.networks[0].trained.learning_rate: "rate of this page"}
    lines = []
    for (one, rates), style in zip(swept, styles, strict=False):
        x = np.asarray(rates.rates)
        lines.append(Line(one.name, x, np.asarray(rates.accuracy), style.colour, dash=style.dash))
    panel = lines_panel(
        title,
        lines,
        x_title="learning rate",
        y_title=f"test {facts.networks[0].trained.score}",
        y_range=(0.0, 1.05),
        marks=own,
        logarithmic_x=True,
        alt=_told(facts),
    )
    for (_, rates), style in zip(swept, styles, strict=False):
        if rates.seeds > 1 and panel.figure is not None:
            x = np.concatenate([rates.rates, rates.rates[::-1]]).astype(np.float32)
            band = np.concatenate([rates.least, rates.most[::-1]]).astype(np.float32)
            fill = {"fill": "toself", "fillcolor": style.colour, "opacity": 0.18, "line": {"width": 0}}
            panel.figure.add_scatter(x=x, y=band, mode="lines", hoverinfo="skip", showlegend=False, **fill)
    return panel


def _told(facts: Facts) -> str:
    """Return for those who do not see it what the picture of the rates shows."""
    each = [f"{one.name} learns at {len(one.rates.learns)} of them" for one in facts.networks if one.rates is not None]
    return f"Test accuracy over learning rates. {'; '.join(each)}."


def _path(
    label: str,
    style: Style,
    outcome: Outcome | None,
    surface: Surface | None,
    heights: HeightRange,
    view: View,
    display: Display,
) -> Panel:
    title = f"Path of training: {label}"
    if outcome is None or outcome.inspection is None or surface is None:
        return Panel(title, Group.PATH, colour=style.colour, pending=_waiting(outcome))
    path = outcome.inspection.path
    if len(path.steps) < 2:
        said = "No path: it diverged before its second snapshot."
        return Panel(title, Group.PATH, colour=style.colour, pending=said, empty=True)
    panel = contour_panel(
        surface.alphas,
        surface.betas,
        surface.loss,
        title=title,
        heights=heights,
        colour=style.colour,
        labels=surface.plane.labels,
        path=path.coordinates,
        path_losses=np.stack([path.steps, path.loss, path.height], axis=1),
    )
    caption = f"This plane holds {surface.plane.explained:.0%} of the path's variance; {path.off_plane:.0%} of its length squared is off it."
    return _captioned(panel, caption)


def _curves(labels: Sequence[str], styles: Sequence[Style], outcomes: Sequence[Outcome | None]) -> list[Panel]:
    known = [
        (label, style, outcome.run) for label, style, outcome in zip(labels, styles, outcomes, strict=True) if outcome
    ]
    if not known:
        return [
            Panel(title, Group.CURVE, pending="Training…")
            for title in ("Training loss", "Gradient norm", "Test accuracy")
        ]
    last = max(run.experiment.training.num_steps for *_, run in known)
    data = known[0][2].experiment.data.dataset

    def series(name: str) -> list[Series]:
        made = []
        for label, style, run in known:
            values = getattr(run, name)
            steps = run.steps if name == "test_accuracy" else np.arange(len(values))
            made.append(Series(label, style, steps, values, run.diverged_at is not None))
        return made

    return [
        curves_panel(
            series("loss"), title="Training loss", unit="loss of each batch", logarithmic=True, num_steps=last
        ),
        curves_panel(
            series("gradient_norm"),
            title="Gradient norm",
            unit="length of the gradient",
            logarithmic=True,
            num_steps=last,
        ),
        curves_panel(
            series("test_accuracy"),
            title=f"Test {data.score}",
            unit="share of right answers" if data.has_classes else "share of the variance explained",
            num_steps=last,
            limits=(0, 1.02) if data.has_classes else None,
        ),
    ]


def _activations(label: str, style: Style, outcome: Outcome | None) -> Panel:
    title = f"Activations: {label}"
    if outcome is None or outcome.inspection is None:
        return Panel(title, Group.ACTIVATION, colour=style.colour, pending=_waiting(outcome))
    histograms, network = outcome.inspection.histograms, outcome.run.experiment.network
    before, after = histograms.density[:, :, 0], histograms.density[:, :, 1]
    # As without normalization, and by those that act on the weights alone.
    untouched = np.array_equal(before, after)
    return histograms_panel(
        histograms.edges,
        before,
        None if untouched else after,
        title=title,
        colour=style.colour,
        label="input of the activation function" if network.placement == "before" else "activation",
        names=[layer.removeprefix("layer").replace(".t", ", step ") for layer in histograms.layers],
    )


def _heights_below(surface: Surface, path: np.ndarray) -> np.ndarray:
    """Return the loss (S,) of the grid point nearest to each point of a path (S, 2)."""
    columns = np.abs(surface.alphas[None] - path[:, :1]).argmin(1)
    rows = np.abs(surface.betas[None] - path[:, 1:]).argmin(1)
    return surface.loss[rows, columns]


def _waiting(outcome: Outcome | None) -> str:
    return "Training…" if outcome is None or not outcome.finished else "Drawing the landscape…"


def _captioned(panel: Panel, caption: str) -> Panel:
    return replace(panel, caption=" ".join(part for part in (caption, panel.caption) if part))
