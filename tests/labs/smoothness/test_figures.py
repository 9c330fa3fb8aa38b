"""The pictures of the measures along the gradient hold the numbers of the results, and no number that is none."""

import json
from dataclasses import replace

import numpy as np
import pytest

from landscape.dynamics.smoothness import Ladder, StepLine, smoothness_of
from landscape.figures import theme
from landscape.figures.panel import Group, payload
from landscape.labs.smoothness.figures import ARROW, FAILED, LONGEST, drawable, line_panels, measure_panels
from tests.cases import SMALL
from tests.labs.smoothness.made import LINE

LADDER = Ladder(rungs=3, probes=6)
FOUND = [smoothness_of(SMALL.replace(normalization=name), LADDER) for name in ("none", "batch")]
NAMES = ["none", "BatchNorm"], ["none", "batch"]


def panels(found=FOUND):
    return measure_panels(*NAMES, found, num_steps=30, cursor=12)


def of_title(found, title):
    return next(panel for panel in found if panel.title == title)


def test_a_band_lies_between_the_ends_of_the_result_and_is_filled():
    for panel, one in zip(panels(), FOUND, strict=False):
        traces = panel.figure.data
        for pair, band in ((traces[:2], one.probe.loss_band), (traces[2:], one.probe.change_band)):
            for end, trace in enumerate(pair):
                np.testing.assert_array_equal(trace.x, one.steps)
                np.testing.assert_allclose(trace.y, band[:, end], rtol=1e-6)
            assert [trace.fill for trace in pair] == [None, "tonexty"]
        assert {trace.yaxis for trace in traces[:2]} == {"y"}
        assert {trace.yaxis for trace in traces[2:]} == {"y2"}


def test_a_curve_of_one_point_is_a_dot():
    one = smoothness_of(SMALL, Ladder(rungs=3, probes=1))
    found = panels([one, FOUND[1]])
    single = [*found[0].figure.data, of_title(found, "Effective beta").figure.data[0]]
    assert {trace.mode for trace in single} == {"lines+markers"}
    assert not any(trace.cliponaxis for trace in single)  # step 0 lies on the axis
    longer = [*found[1].figure.data, *of_title(found, "Effective beta").figure.data[1:]]
    longer += of_title(found, "Training loss").figure.data
    assert {trace.mode for trace in longer} == {"lines"}
    short = panels([smoothness_of(SMALL.replace(num_steps=1), Ladder(rungs=3)), None])
    assert of_title(short, "Training loss").figure.data[0].mode == "lines+markers"


def test_networks_keep_their_colours_and_share_the_axes():
    first, second, *_ = panels()
    assert [first.colour, second.colour] == [theme.colour_of("none"), theme.colour_of("batch")]
    assert {trace.line.color for trace in first.figure.data} == {first.colour}
    for axis in ("yaxis", "yaxis2"):
        assert first.figure.layout[axis].range == second.figure.layout[axis].range
        low, high = first.figure.layout[axis].range
        drawn = [t.y for p in (first, second) for t in p.figure.data if t.yaxis == axis.replace("axis", "")]
        assert low <= np.log10(np.min(drawn))
        assert np.log10(np.max(drawn)) <= high


def test_effective_beta_and_the_line_at_2_over_the_rate():
    panel = of_title(panels(), "Effective beta")
    *curves, edge = panel.figure.data
    for curve, one in zip(curves, FOUND, strict=True):
        np.testing.assert_allclose(curve.y, one.probe.max_beta, rtol=1e-6)
    assert list(edge.y) == [20, 20]
    assert (edge.line.dash, edge.name) == ("dot", "2 / learning rate = 20")


def test_each_learning_rate_has_its_line():
    other = smoothness_of(SMALL.replace(learning_rate=0.5), LADDER)
    traces = of_title(panels([FOUND[0], other]), "Effective beta").figure.data
    assert [trace.y[0] for trace in traces if trace.line.dash == "dot"] == [4, 20]


def test_no_line_is_drawn_for_an_optimizer_without_such_a_threshold():
    other = smoothness_of(SMALL.replace(optimizer="adam"), LADDER)
    panel = of_title(panels([other, other]), "Effective beta")
    assert not [trace for trace in panel.figure.data if trace.line.dash == "dot"]
    assert "dotted" not in panel.alt


def test_the_training_is_drawn_with_the_chosen_step():
    found = panels()
    for title, name in (("Training loss", "loss"), ("Gradient norm", "gradient_norm")):
        for curve, one in zip(of_title(found, title).figure.data, FOUND, strict=True):
            np.testing.assert_allclose(curve.y, getattr(one.run, name), rtol=1e-6)
    assert {panel.figure.layout.shapes[0].x0 for panel in found} == {12}
    assert not any(panel.playback for panel in found)


def test_before_the_first_results_there_are_axes():
    found = panels([None, None])
    assert [panel.group for panel in found] == [Group.PATH] * 2 + [Group.CURVE] * 3
    assert not any(panel.figure.data for panel in found)
    assert len(panels([FOUND[0], None])[1].figure.data) == 0


def diverging():
    return smoothness_of(SMALL.replace(learning_rate=100, loss="squared", activation="linear"), Ladder(probes=30))


def test_what_diverges_is_drawn_as_far_as_it_goes():
    one = diverging()
    probe = replace(one.probe, loss=one.probe.loss.copy(), gradient_change=one.probe.gradient_change.copy())
    probe.loss[-1, -1], probe.gradient_change[-1, -1] = np.inf, np.nan
    one = replace(one, probe=probe)
    found = panels([one, FOUND[1]])
    for panel in found:
        for trace in panel.figure.data:
            assert np.isfinite(np.asarray(trace.y, float)).all()
            assert (np.asarray(trace.y, float) > 0).all()
    assert f"It diverged at step {one.run.diverged_at}." in found[0].caption
    assert "The loss climbs to infinity, beyond the picture's upper end." in found[0].caption
    assert found[1].caption == ""
    crosses = [trace for trace in of_title(found, "Training loss").figure.data if trace.marker.symbol == "x"]
    assert len(crosses) == 1
    assert "NaN" not in payload(found, []).decode()
    json.loads(payload(found, []))


def test_an_axis_spans_twelve_decades_at_most():
    low, high = drawable([np.array([1e-3, 1e30, np.nan]), np.array([1.0, 0.0])])
    np.testing.assert_allclose(low, [1e-3, 1e9, 1e9])
    np.testing.assert_allclose(high, [1.0, 1e-3])


def test_lines_are_the_results_over_one_range_with_dots_at_the_arrows():
    flat = replace(LINE, loss=np.full(5, 0.1), start_loss=0.1)
    lines = [StepLine(7, LINE), StepLine(7, flat)]
    found = line_panels(*NAMES, lines, ["first", "second"])
    for panel, one in zip(found, lines, strict=True):
        curve, dots, *_ = panel.figure.data
        np.testing.assert_allclose(curve.x, one.line.step_sizes, rtol=1e-6)
        np.testing.assert_allclose(curve.y, one.line.loss, rtol=1e-6)
        np.testing.assert_allclose(dots.x, [0, 0.1, 0.2, 0.4], rtol=1e-6)
        np.testing.assert_allclose(dots.y, one.line.loss[[0, 1, 2, 4]], rtol=1e-6)
    assert found[0].figure.layout.yaxis.range == found[1].figure.layout.yaxis.range
    assert (found[1].alt, found[1].caption) == ("second", "second")


def test_arrows_have_the_length_and_the_angle_of_the_gradients():
    figure = line_panels(["none"], ["none"], [StepLine(7, LINE)], [""])[0].figure
    arrows = [note for note in figure.layout.annotations if note.showarrow]
    assert [(note.xshift, note.yshift) for note in arrows] == [
        pytest.approx(expected, abs=1e-9)
        for expected in (
            (ARROW, 0),
            (0.5 * ARROW, 0),
            (0, 0.5 * ARROW),
            (-0.6 * LONGEST * ARROW, 0.8 * LONGEST * ARROW),
        )
    ]
    words = [note.text for note in figure.layout.annotations if not note.showarrow]
    assert words == ["", "×0.5<br>0°", "×0.5<br>90°", "×25<br>127°"]


def test_a_gradient_that_overflows_has_no_arrow():
    line = replace(LINE, loss=np.array([2.0, 1, 5, np.inf, np.nan]), along=np.array([1.0, 0, np.nan]))
    panel = line_panels(["none"], ["none"], [StepLine(7, line)], [""])[0]
    assert sum(note.showarrow for note in panel.figure.layout.annotations) == 3
    assert panel.figure.layout.annotations[-1].text == "overflow"
    assert np.isfinite(panel.figure.data[0].y).all()


def test_a_line_that_is_awaited_says_so():
    found = line_panels(*NAMES, [None, StepLine(7, LINE)], ["", ""])
    assert found[0].pending
    assert found[0].figure is None
    assert found[1].figure is not None


def test_a_line_that_failed_awaits_nothing():
    (panel,) = line_panels(["none"], ["none"], [None], [""], [True])
    assert panel.empty
    assert panel.pending == FAILED
