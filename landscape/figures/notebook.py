"""Results as plain figures, without a page: `show(surface)`, `show(run)`, `show(smoothness)` and the like.

Each result is told by what it holds, not by its class, so that this draws whatever has the same arrays; several of one
kind, by name, are drawn with one range. Nothing here is the figures' own: these are the panels of the app.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from plotly import graph_objects as go

from landscape.figures import theme as colours
from landscape.figures.bands import Band, bands_panel
from landscape.figures.curves import Series, curves_panel
from landscape.figures.histograms import histograms_panel
from landscape.figures.lines import Line, lines_panel
from landscape.figures.panel import Panel
from landscape.figures.stills import plain
from landscape.figures.surfaces import contour_panel, height_range, surface_panel
from landscape.figures.theme import Style, styles_of

Named = Mapping[str, Any]
"""Results of one kind by name; of a result alone the name is empty."""


def show(
    result: Any,
    *,
    path: Any = None,
    steps: Sequence[int] | np.ndarray | None = None,
    drawing: str = "surface",
    logarithmic: bool = True,
    theme: str = "light",
    title: str = "",
) -> go.Figure:
    """Return a plain figure of a result, or of several of one kind by name: `show({"plain": one, "BatchNorm": other})`.

    It draws surfaces and lines of the loss, paths, runs, smoothness, probes along the gradient, spectral densities,
    sharpness and leading eigenvalues along a training, sweeps, and histograms of activations.

    >>> from landscape import Experiment, View, surface_of, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5))
    >>> surface = surface_of(run, View(resolution=5))
    >>> [trace.type for trace in show(surface, drawing="contour").data], show(run, theme="dark").layout.font.color
    (['contour'], '#FAFAFA')

    Args:
        result: what is drawn; a mapping is several results by name.
        path: that of a surface, or a mapping as the surfaces': drawn on it.
        steps: (M,) of the training at which M probes were made; else they are numbered.
        drawing: of a surface, surface or contour. logarithmic: whether its heights go by factors.
        theme: light or dark. title: above all.
    Returns: a plotly Figure, with its colours in it.
    Raises: ValueError for a result that it does not know, several of unlike kinds, or another drawing or theme.
    """
    several = isinstance(result, Mapping)
    results: Named = result if several else {"": result}
    kinds = {_kind_of(one) for one in results.values()}
    if len(kinds) != 1:
        raise ValueError("the results of one figure must be of one kind, at least one: show each kind by itself")
    (kind,) = kinds
    if drawing not in ("surface", "contour"):
        raise ValueError(f"drawing must be surface or contour, not {drawing!r}")
    if kind == "surface":
        paths: Named = path if isinstance(path, Mapping) else {name: path for name in results}
        panels = _surfaces(results, paths, drawing == "surface", logarithmic)
    elif kind == "probe":
        panels = _probes(results, steps)
    else:
        panels = _DRAWN[kind](results)
    return plain(panels, theme, title)


def _kind_of(result: Any) -> str:
    """Return the kind of a result, the first whose attributes it has."""
    for kind, names in _TOLD_BY.items():
        if all(hasattr(result, name) for name in names):
            return kind
    raise ValueError(
        f"there is no figure for a {type(result).__name__}; there is one for each of: {', '.join(_TOLD_BY)}. Several "
        "results of one kind go into a dictionary by name"
    )


def _styles(results: Named) -> tuple[Style, ...]:
    """Return a style for each: of what its network is normalized by where that is known, else a colour for each."""
    runs = [getattr(one, "run", one) for one in results.values()]
    known = [getattr(getattr(run, "experiment", None), "network", None) for run in runs]
    kinds = [network.normalization for network in known if network is not None]
    if len(kinds) == len(runs):
        return styles_of(kinds)
    return tuple(Style(PALETTE[i % len(PALETTE)], colours.DASHES[i // len(PALETTE) % 4]) for i in range(len(results)))


PALETTE = tuple(colours.OKABE_ITO[name] for name in ("vermillion", "blue", "bluish green", "orange", "reddish purple"))
"""Of results whose normalization nobody knows; legible on both themes."""


def _surfaces(results: Named, paths: Named, scenes: bool, logarithmic: bool) -> list[Panel]:
    """Draw the loss on planes, all in one range; on a line as curves."""
    if all(min(one.loss.shape) == 1 for one in results.values()):
        lines = [
            Line(name, one.alphas, one.loss.ravel(), style.colour)
            for (name, one), style in zip(results.items(), _styles(results), strict=True)
        ]
        label = next(iter(results.values())).plane.labels[0]
        return [lines_panel("Loss along a line", lines, x_title=label, y_title="loss")]
    heights = height_range([one.loss for one in results.values()], logarithmic)
    panels = []
    for (name, one), style in zip(results.items(), _styles(results), strict=True):
        path = paths.get(name)
        shared: dict[str, Any] = {"title": name or "Loss", "heights": heights, "labels": tuple(one.plane.labels)}
        if path is not None:
            shared |= {"path": path.coordinates, "colour": style.colour}
        if scenes:
            own: dict[str, Any] = {} if path is None else {"path_heights": path.height}
            panels.append(surface_panel(one.alphas, one.betas, one.loss, **shared, **own))
        else:
            own = {} if path is None else {"path_losses": np.stack([path.steps, path.loss, path.height], 1)}
            panels.append(contour_panel(one.alphas, one.betas, one.loss, **shared, **own))
    return panels


def _curves(
    results: Named, title: str, unit: str, steps: Callable, values: Callable, logarithmic: bool = True
) -> Panel:
    """Draw a number by step, one curve a result; what overflowed leaves a gap."""
    series = []
    for (name, one), style in zip(results.items(), _styles(results), strict=True):
        numbers = np.asarray(values(one), float)
        drawn = np.where(np.isfinite(numbers), numbers, np.nan)
        diverged = getattr(getattr(one, "run", one), "diverged_at", None) is not None
        series.append(Series(name, style, np.asarray(steps(one)), drawn, diverged))
    return curves_panel(series, title=title, unit=unit, logarithmic=logarithmic)


def _steps(one: Any) -> np.ndarray:
    """Return the steps of training at which a result was measured."""
    return one.steps


def _runs(results: Named) -> list[Panel]:
    def by_batch(run: Any) -> np.ndarray:
        return np.arange(len(run.loss))

    return [
        _curves(results, "Training loss", "loss of each batch", by_batch, lambda run: run.loss),
        _curves(results, "Gradient norm", "length of the gradient", by_batch, lambda run: run.gradient_norm),
        _curves(results, "Test score", "on the test data", _steps, lambda run: run.test_accuracy, False),
    ]


def _smoothness(results: Named) -> list[Panel]:
    return _measures(results, _steps, lambda one: one.probe)


def _measures(results: Named, steps: Callable, probe: Callable) -> list[Panel]:
    """Draw what is measured along the gradient by step of training.

    Source: Santurkar et al. 2018, arXiv 1805.11604, Fig. 4.
    """
    return [
        _curves(results, "Range of the loss along the gradient", "loss", steps, lambda one: probe(one).loss_range),
        _curves(results, "Change of the gradient", "length", steps, lambda one: probe(one).greatest_change),
        _curves(results, "Effective beta", "greatest on the ladder", steps, lambda one: probe(one).max_beta),
    ]


def _probes(results: Named, steps: Sequence[int] | np.ndarray | None) -> list[Panel]:
    """Draw probes along the gradient: from one point by size of step, from several by step of training."""
    dimensions = {np.ndim(one.loss) for one in results.values()}
    if dimensions == {2}:
        return _measures(
            results, lambda one: np.arange(len(one.loss)) if steps is None else np.asarray(steps), lambda one: one
        )
    if dimensions != {1}:
        raise ValueError("probes of one figure must all be of one point, (K,), or all of several, (M, K)")
    panels = []
    for title, name in (
        ("Loss", "loss"),
        ("Change of the gradient", "gradient_change"),
        ("Effective beta", "effective_beta"),
    ):
        lines = [
            Line(label, one.step_sizes, getattr(one, name), style.colour)
            for (label, one), style in zip(results.items(), _styles(results), strict=True)
        ]
        panels.append(lines_panel(f"{title} along the gradient", lines, x_title="step size", logarithmic_x=True))
    return panels


def _densities(results: Named) -> list[Panel]:
    lines = []
    for (name, one), style in zip(results.items(), _styles(results), strict=True):
        visible = np.where(one.density > LEAST_DENSITY, one.density, np.nan)
        lines.append(Line(name, one.grid, visible, style.colour, at=int(np.nanargmax(visible))))
    title = "Density of the Hessian's eigenvalues"
    return [lines_panel(title, lines, x_title="eigenvalue", y_title="density", logarithmic_y=True)]


LEAST_DENSITY = 1e-8
"""Below it a density is not drawn: tails of the Gaussians that smooth it."""


def _sharpness(results: Named) -> list[Panel]:
    return [
        _curves(results, "Sharpness", "greatest eigenvalue", _steps, lambda one: one.sharpness),
        _curves(results, "In units of each filter", "greatest eigenvalue", _steps, lambda one: one.relative),
    ]


def _eigenvalues(results: Named) -> list[Panel]:
    """Draw the leading eigenvalues of each result by step, the greatest in full and the others dotted."""
    panels = []
    for (name, one), style in zip(results.items(), _styles(results), strict=True):
        series = [
            Series(f"{i + 1}", Style(style.colour, "solid" if i == 0 else "dot"), one.steps, values)
            for i, values in enumerate(np.asarray(one.values, float).T)
        ]
        panels.append(curves_panel(series, title=name or "Leading eigenvalues", unit="eigenvalue"))
    return panels


def _paths(results: Named) -> list[Panel]:
    """Draw the true loss by step, and beside it the height of the plane below, which leaves out what lies off it."""
    return [
        _curves(results, "Loss along the path", "true loss", _steps, lambda one: one.loss),
        _curves(results, "Height of the plane below it", "loss on the plane", _steps, lambda one: one.height),
        _curves(results, "Distance from the plane", "length", _steps, lambda one: one.residual, False),
    ]


def _sweeps(results: Named) -> list[Panel]:
    bands, one = [], next(iter(results.values()))
    for (name, sweep), style in zip(results.items(), _styles(results), strict=True):
        known = np.where(sweep.diverged, np.nan, sweep.test_accuracy)
        ends = [np.array([pick(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in known])
                for pick in (np.median, np.min, np.max)]  # fmt: skip
        bands.append(Band(name or "test score", style, *ends))
    settings = {"x_title": one.label, "y_title": "test score", "limits": (0.0, 1.03)}
    return [bands_panel("Test score after training", bands, one.values, **settings)]


def _histograms(results: Named) -> list[Panel]:
    return [
        histograms_panel(
            one.edges,
            one.density[:, :, 0],
            None if np.array_equal(one.density[:, :, 0], one.density[:, :, 1]) else one.density[:, :, 1],
            title=name or "Activations",
            colour=style.colour,
            names=one.layers,
        )
        for (name, one), style in zip(results.items(), _styles(results), strict=True)
    ]


_TOLD_BY: Mapping[str, Sequence[str]] = {
    "surface": ("alphas", "betas", "loss", "plane"),
    "path": ("coordinates", "height", "residual", "steps"),
    "smoothness": ("probe", "ladder", "steps"),
    "probe": ("step_sizes", "effective_beta", "gradient_change"),
    "density": ("grid", "density", "nodes"),
    "eigenvalues along a training": ("steps", "values", "shares"),
    "sharpness": ("steps", "sharpness", "relative"),
    "histograms of activations": ("edges", "density", "layers"),
    "sweep": ("values", "seeds", "test_accuracy", "label"),
    "run": ("loss", "gradient_norm", "test_accuracy", "steps"),
}
"""The kinds of results by what tells each from all before it."""

_DRAWN: Mapping[str, Callable[[Named], list[Panel]]] = {
    "path": _paths,
    "smoothness": _smoothness,
    "density": _densities,
    "eigenvalues along a training": _eigenvalues,
    "sharpness": _sharpness,
    "histograms of activations": _histograms,
    "sweep": _sweeps,
    "run": _runs,
}
"""What draws each kind; surfaces and probes take more than the results."""
