"""The pictures of the inside of layers hold the numbers of the results."""

import numpy as np
import pytest

from landscape.experiment import Comparison, Variant
from landscape.figures.panel import Mode
from landscape.figures.theme import styles_of
from landscape.labs.activations.figures import (
    ByLayer,
    FromScales,
    Percentiles,
    Units,
    Used,
    correction_panel,
    deep_panels,
    deviation_panel,
    gradient_panel,
    matrix_panel,
    means_panels,
    percentile_panels,
    scales_panel,
    singular_panels,
    undone_panel,
    unit_panels,
    update_panels,
    use_panels,
    widths_panel,
)
from landscape.labs.activations.request import Activations
from models.fields import Misfit

PLAIN, BATCH = styles_of(["none", "batch"])
STEPS = np.array([0, 5, 10])


def test_percentiles_share_one_height_and_the_middle_line_is_the_median():
    wide = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.5, 3.0], [-4.0, 1.0, 6.0]])
    panels = percentile_panels(
        [Percentiles("plain", PLAIN, STEPS, wide), Percentiles("batch", BATCH, STEPS, wide / 10)], 10, False
    )
    low, high, middle = panels[0].figure.data
    np.testing.assert_allclose([low.y, middle.y, high.y], wide.T)
    ranges = [panel.figure.layout.yaxis.range for panel in panels]
    assert ranges[0] == ranges[1]
    assert ranges[0][0] < -4 < 6 < ranges[0][1]


def test_wide_first_steps_are_at_the_logarithm_of_one_more_and_ticks_are_steps():
    values = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.5, 3.0], [-4.0, 1.0, 6.0]])
    (panel,) = percentile_panels([Percentiles("plain", PLAIN, STEPS, values)], 100, False, wide=True)
    along = panel.figure.layout.xaxis
    assert along.type == "log"
    np.testing.assert_allclose(panel.figure.data[2].x, STEPS + 1)
    assert [tick - 1 for tick in along.tickvals] == [int(text) for text in along.ticktext] == [0, 1, 3, 10, 30, 100]
    np.testing.assert_allclose(along.range, [0, np.log10(101)])


def test_a_histogram_has_the_area_of_the_normal_curve_beside_it():
    rng = np.random.default_rng(0)
    values = rng.normal(3, 2, 500)
    histogram, dots = unit_panels([Units("plain", PLAIN, values, np.array([3.0, 1.0]), np.array([2.0, 0.5]))], False)
    bars, normal = histogram.figure.data
    assert float(bars.y.sum() * (bars.x[1] - bars.x[0])) == pytest.approx(1, abs=1e-3)
    assert np.trapezoid(normal.y, normal.x) == pytest.approx(1, abs=0.01)
    assert normal.x[normal.y.argmax()] == pytest.approx(values.mean(), abs=0.2)
    assert (list(dots.figure.data[0].x), list(dots.figure.data[0].y)) == ([3.0, 1.0], [2.0, 0.5])


def test_a_constant_unit_is_drawn():
    panels = unit_panels([Units("dead", PLAIN, np.zeros(20), np.zeros(2), np.zeros(2))], False)
    assert all(np.isfinite(trace.y).all() for panel in panels for trace in panel.figure.data)


def test_inputs_and_their_best_line_follow_the_slider():
    x = np.linspace(-6, 6, 25)
    density = np.zeros((3, 4))
    density[:, 1] = [1.0, 0.5, 0.25]
    density[:, 2] = [0.0, 0.5, 0.75]
    line = np.array([[0.0, 0.5], [0.0, 0.1], [0.2, 0.1]])
    used = Used("batch", BATCH, x, np.tanh(x), np.exp(-(x**2)), np.linspace(-6, 6, 5), density, line)
    (panel,) = use_panels([used], False)
    of_line, of_inputs = panel.playback
    assert (of_line.mode, of_inputs.mode) == (Mode.ROW, Mode.ROW)
    shown = of_inputs.offset + of_inputs.scale * of_inputs.rows.astype(float)
    np.testing.assert_allclose(shown[:, 1:-1], density / density.max(1, keepdims=True), atol=0.005)
    drawn = of_line.offset + of_line.scale * of_line.rows.astype(float)
    np.testing.assert_allclose(drawn[2], [-0.4, 0.8], atol=0.5 * of_line.scale)
    np.testing.assert_allclose(panel.figure.data[of_line.trace].y, [-0.4, 0.8], atol=1e-6)
    np.testing.assert_allclose(panel.figure.data[of_inputs.trace].y[1:-1], density[-1] / density[-1].max(), atol=0.005)


def test_gradients_updates_and_deviations_are_drawn_by_layer():
    points = np.array([[0.9, 1.0, 1.1], [1.0, 1.0, 1.0], [0.4, 0.5, 0.6], [0.0, 0.0, 0.0]])
    moves = np.array([[1e-3, 1e-4], [2e-3, 3e-4], [1e-3, 1e-3]])
    one = ByLayer("plain", PLAIN, np.array([1e-6, 1.0]), np.array([0.1, 0.2]), STEPS, moves, points)
    missing = ByLayer("batch", BATCH)
    solid, dotted = gradient_panel([one, missing], False).figure.data
    np.testing.assert_allclose(solid.y, one.start)
    np.testing.assert_allclose(dotted.y, one.end)
    first, second = update_panels([one, missing], 10, False)
    np.testing.assert_allclose([trace.y for trace in first.figure.data], moves.T)
    assert second.figure is None
    (trace,) = deviation_panel([one, missing], False).figure.data
    np.testing.assert_allclose(trace.y, [1.0, 1.0, 0.5, 1e-6])
    assert gradient_panel([missing], True).empty


def test_a_deep_network_stands_beside_its_theory():
    lengths = np.array([[0.1, 1.0, 2.0], [4.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
    (panel, waits) = deep_panels(
        [FromScales("batch", BATCH, (0.5, 1.0, 2.0), lengths, 1.2), FromScales("plain", PLAIN)], False
    )
    *lines, theory = panel.figure.data
    np.testing.assert_allclose(lines[1].y, [2.0, 1.0, 1.0])
    np.testing.assert_allclose(theory.y, [1.44, 1.2, 1.0])
    assert waits.figure is None


def test_scales_are_shares_that_sum_to_one():
    scales = np.array([[0.2, -0.9], [1.1, 5.0]])
    (trace,) = scales_panel([("batch", BATCH, scales), ("plain", PLAIN, None)], False).figure.data
    assert float(trace.y[1:-1:2].sum()) == pytest.approx(1)


def test_undone_outputs_lie_on_the_diagonal():
    plain = np.array([-1.0, 0.0, 2.0])
    cloud, diagonal, undone = undone_panel(plain, plain[::-1], plain, BATCH, False).figure.data
    np.testing.assert_array_equal(undone.x, undone.y)
    assert list(cloud.y) == [2.0, 0.0, -1.0]
    assert list(diagonal.x) == [-1.0, 2.0]
    assert undone_panel(None, None, None, BATCH, False).figure is None


def test_constants_are_drawn_as_they_are():
    matrix = np.array([[1.0, -0.5], [-0.5, 1.0]])
    np.testing.assert_allclose(matrix_panel(matrix, "", False).figure.data[0].z, np.abs(matrix))
    (line,) = widths_panel((16, 64), [np.array([0.2, 0.3]), None], False).figure.data
    np.testing.assert_allclose(line.y, [0.2, 0.3])
    means = np.array([[0.4, 0.4], [0.3, 0.2], [0.1, 0.0]])
    both = correction_panel([("with", BATCH, means[0], means[1]), ("bare", PLAIN, means[2], means[0])], False)
    np.testing.assert_allclose([trace.y for trace in both.figure.data], [means[1], means[0], means[0], means[2]])
    assert correction_panel([("with", BATCH, None, None)], True).empty
    known, waits = means_panels([("batch", BATCH, STEPS, means), ("plain", PLAIN, None, None)], False)
    np.testing.assert_allclose([trace.y for trace in known.figure.data], means.T)
    assert waits.figure is None
    (panel,) = singular_panels([("batch", BATCH, [np.array([[2.0, 0.0]]), np.array([[1.0, 1.0]])])], False)
    strip, rms = panel.figure.data
    assert sorted(strip.y) == [0.0, 1.0, 1.0, 2.0]
    np.testing.assert_allclose(rms.y, [np.sqrt(2), 1.0])


def test_a_recurrent_network_is_refused_with_a_way_out():
    base = Activations().comparison.base.replace(kind="recurrent", depth=1)
    with pytest.raises(Misfit, match="Choose mlp"):
        Activations(Comparison(base, (Variant(normalization="none"),)))
