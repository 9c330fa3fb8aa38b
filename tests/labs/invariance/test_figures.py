"""The panels about invariances show the arrays that they are given."""

import numpy as np

from landscape.figures.theme import Style, styles_of
from landscape.labs.invariance.figures import Curve, bars_panel, cosine_panel, curves, verdict_panel

STYLES = styles_of(["none", "batch"])


def test_the_table_has_a_colour_for_none_for_little_and_for_more():
    change = np.array([[0.0, 3e-6, 5e-3], [2.0, 1e-12, 2500.0]])
    panel = verdict_panel(
        "t", change, ["a", "b"], ["x", "y<br>z", "w"], unchanged=1e-4, nearly=1e-2, described=["1", "2", "3"]
    )
    (heat,) = panel.figure.data
    assert np.asarray(heat.z).tolist() == [[0, 0, 1], [2, 0, 2]]
    assert [list(row) for row in heat.text] == [["<b>0</b>", "<b>3e-6</b>", "0.005"], ["2", "<b>1e-12</b>", "2e3"]]
    assert panel.alt.endswith("a: x, y z; b: y z.")
    assert panel.figure.layout.yaxis.autorange == "reversed"


def test_a_curve_that_ends_early_has_a_cross_at_its_last_value():
    y = np.array([1.0, 2.0, np.nan])
    panel = curves("t", [Curve("a", STYLES[0], np.arange(3), y, crossed=True)], x_title="x", y_title="y")
    line, cross = panel.figure.data
    np.testing.assert_array_equal(line.y, y.astype(np.float32))
    assert (list(cross.x), list(cross.y)) == ([1], [2])
    assert panel.alt == "t: a ends at 2."


def test_logarithmic_limits_are_powers():
    line = Curve("a", Style("#000000"), np.array([1.0, 10.0]), np.array([0.1, 10.0]))
    panel = curves("t", [line], x_title="x", y_title="y", logarithmic_x=True, logarithmic_y=True, y_range=(0.1, 10.0))
    assert list(panel.figure.layout.yaxis.range) == [-1, 1]
    assert panel.figure.layout.xaxis.type == "log"


def test_cosines_stand_in_a_strip_of_their_network_without_those_that_are_none():
    panel = cosine_panel("t", ["a", "b"], STYLES, [np.array([0.1, np.nan, -0.4]), np.array([1e-6])])
    first, second = panel.figure.data
    np.testing.assert_allclose(first.y, [0.1, -0.4], rtol=1e-6)
    assert np.all(np.abs(np.asarray(first.x)) < 0.5)
    assert np.all(np.abs(np.asarray(second.x) - 1) < 0.5)
    assert "a at most 0.4" in panel.alt


def test_bars_have_a_cross_where_there_is_none():
    values, crossed = np.array([[0.5, 0.6], [0.7, 0.1]]), np.array([[False, False], [False, True]])
    panel = bars_panel("t", ["a", "b"], STYLES, ["0.1", "1"], values, crossed, x_title="x", y_title="y", y_range=(0, 1))
    first, second = panel.figure.data
    np.testing.assert_allclose(first.y, [0.5, 0.6], rtol=1e-6)
    np.testing.assert_allclose(second.y, [0.7, 0.0], rtol=1e-6)
    assert list(second.text) == ["0.70", "×"]


def test_names_of_networks_that_would_lie_over_each_other_stand_in_the_legend():
    panel = cosine_panel("t", ["no normalization", "weight normalization"], STYLES, [np.zeros(2), np.zeros(2)])
    assert panel.figure.layout.showlegend
    assert not panel.figure.layout.xaxis.showticklabels
    assert [trace.name for trace in panel.figure.data] == ["no normalization", "weight normalization"]
