"""All panels of a comparison: the landscapes, the paths, the curves and the activations of each network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from landscape.experiment import Display, Drawing, PlaneKind, View
from landscape.figures.curves import Series, curves_panel
from landscape.figures.histograms import histograms_panel
from landscape.figures.panel import Group, Panel
from landscape.figures.surfaces import HeightRange, contour_panel, height_range, surface_panel
from landscape.figures.theme import Style, styles_of
from landscape.geometry.surfaces import Surface
from landscape.labs.compare.outcomes import Outcome
from landscape.labs.compare.words import surface_caption

FAILED = "This could not be computed: see above."
APART = "A range of its own, as it diverged."


def comparison_panels(
    labels: Sequence[str],
    normalizations: Sequence[str],
    outcomes: Sequence[Outcome | None],
    view: View,
    display: Display,
    failed: Sequence[frozenset[Group]] = (),
) -> list[Panel]:
    """Return the panels of a comparison, as far as its results are there.

    Args:
        labels: of the networks. normalizations: which give them their colours.
        outcomes: one a network, None before its first step.
        failed: of each network what could not be computed: what is missing there will not come.
    """
    styles, failed = styles_of(normalizations), failed or [frozenset()] * len(labels)
    panels = []
    for which in (Group.SCENE, Group.PATH):
        surfaces = [_surface(outcome, which) for outcome in outcomes]
        diverged = [outcome is not None and outcome.run.diverged_at is not None for outcome in outcomes]
        ranges = _ranges(surfaces, diverged, display)
        for i, (label, style, outcome) in enumerate(zip(labels, styles, outcomes, strict=True)):
            draw = _landscape if which is Group.SCENE else _path
            panel = draw(label, style, outcome, surfaces[i], ranges[i], view, display)
            apart = panel.figure and display.shared_range and diverged[i] and not all(diverged)
            panel = replace(panel, caption=f"{panel.caption} {APART}") if apart else panel
            panels.append(_ended(panel, which in failed[i]))
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


def _ranges(surfaces: Sequence[Surface | None], diverged: Sequence[bool], display: Display) -> list[HeightRange]:
    """Return the range of each surface: one for all, but for those that diverged, which would flatten the others."""
    alike = [one for one, apart in zip(surfaces, diverged, strict=True) if one is not None and not apart]
    shared = height_range([one.loss for one in alike or surfaces if one is not None], display.logarithmic)
    return [
        height_range([one.loss], display.logarithmic)
        if one is not None and (not display.shared_range or (apart and alike))
        else shared
        for one, apart in zip(surfaces, diverged, strict=True)
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
    shared: dict[str, Any] = {
        "title": title,
        "heights": heights,
        "colour": style.colour,
        "labels": surface.plane.labels,
        "path": path,
    }
    if display.drawing is Drawing.CONTOUR:
        panel = contour_panel(surface.alphas, surface.betas, surface.loss, group=Group.SCENE, **shared)
    else:
        ridden = None if path is None else _heights_below(surface, path)
        panel = surface_panel(surface.alphas, surface.betas, surface.loss, path_heights=ridden, **shared)
    return _captioned(panel, surface_caption(surface, view))


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
