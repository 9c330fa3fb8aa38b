"""The pictures of curvature hold the numbers of the results, on one axis."""

import numpy as np
import pytest

from landscape.experiment import Comparison, Variant
from landscape.figures.theme import styles_of
from landscape.labs.curvature.figures import (
    Drawn,
    Rate,
    edge_panels,
    share_panel,
    shared_grid,
    smoothed,
    spectrum_panel,
)
from landscape.labs.curvature.request import Curvature
from models.fields import Misfit

WIDE, NARROW = styles_of(["none", "batch"])
SPECTRA = [
    Drawn("wide", WIDE, np.array([[0.0, 15.0]]), np.array([[0.9, 0.1]]), np.array([15.0, 2.0, np.nan]), 0.9),
    Drawn("narrow", NARROW, np.array([[0.0, 1.5]]), np.array([[0.9, 0.1]]), np.array([1.5, 1.0]), 0.2),
]


def test_a_density_has_integral_one_and_its_peaks_at_the_nodes():
    nodes, weights = np.array([[0.0, 4.0], [1.0, 3.0]]), np.array([[0.5, 0.5], [0.25, 0.75]])
    grid = shared_grid([nodes])
    density = smoothed(nodes, weights, grid)
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-3)
    assert grid[density.argmax()] == pytest.approx(3, abs=0.02)
    assert np.trapezoid(density * grid, grid) == pytest.approx((nodes * weights).sum() / 2, abs=1e-2)


def test_spectra_share_one_axis_and_one_width():
    traces = spectrum_panel("", SPECTRA).figure.data
    lines = [trace for trace in traces if trace.mode == "lines"]
    np.testing.assert_array_equal(lines[0].x, lines[1].x)
    near = np.abs(lines[0].x) < 0.2
    np.testing.assert_allclose(lines[0].y[near], lines[1].y[near], rtol=1e-5)
    assert [list(trace.x) for trace in traces if trace.mode == "markers"] == [[15.0, 2.0], [1.5, 1.0]]


def test_of_what_is_there_yet_something_is_drawn():
    first = [Drawn("wide", WIDE, None, None, np.array([15.0]), 0.9), Drawn("narrow", NARROW, None, None, None, None)]
    (ticks,) = spectrum_panel("", first).figure.data
    assert ticks.showlegend
    assert list(share_panel(first).figure.data[0].y) == ["wide"]
    assert share_panel(first[1:]).figure is None
    assert spectrum_panel("", first[1:], failed=True).empty


def test_a_hessian_that_is_not_finite_draws_no_density():
    broken = Drawn("broken", WIDE, np.full((1, 2), np.nan), np.full((1, 2), np.nan), np.full(3, np.nan), np.nan)
    figure = spectrum_panel("", [broken, SPECTRA[1]]).figure
    assert len(figure.data) == 4
    assert share_panel([broken]).figure is None


def test_sharpness_stands_beside_its_edge_and_rises_are_marked():
    loss = np.array([3.0, 2.0, 2.5, 1.0, 1.5])
    rate = Rate("rate 0.1", 20.0, np.array([0, 5]), np.array([12.0, 20.5]), loss)
    none_yet = Rate("rate 0.2", 10.0, None, None, None)
    sharp, below = edge_panels([rate, none_yet, none_yet], 5)
    edge, found = sharp.figure.data
    assert list(edge.y) == [20.0, 20.0]
    assert list(found.y) == [12.0, 20.5]
    curve, rises = below.figure.data
    np.testing.assert_array_equal(curve.y, loss)
    assert list(rises.x) == [2.0, 4.0]


def test_a_recurrent_network_is_written_by_its_weights_alone():
    base = Curvature().comparison.base.replace(kind="recurrent", depth=1)
    comparison = Comparison(base, (Variant(normalization="none"),))
    with pytest.raises(Misfit, match="Choose weight-plain") as refused:
        Curvature(comparison)
    assert Curvature(comparison, written=refused.value.remedy["written"]).plain().network.kind == "recurrent"
