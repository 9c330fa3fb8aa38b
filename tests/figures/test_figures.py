"""The figures draw the results as they are, and a panel reaches the browser whole."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly import graph_objects as go
from streamlit.testing.v1 import AppTest

from landscape.figures import theme
from landscape.figures.curves import Series, curves_panel
from landscape.figures.histograms import histograms_panel
from landscape.figures.panel import PLOTLY_JS, Group, Mode, Panel, payload
from landscape.figures.surfaces import (
    HeightRange,
    clipped_caption,
    contour_panel,
    height_range,
    overflowed,
    surface_panel,
)
from models.normalization import Normalization

ALPHAS = np.linspace(-1, 1, 5)
BETAS = np.linspace(-2, 2, 3)
LOSS = 0.5 + ALPHAS[None, :] ** 2 + 10 * (BETAS[:, None] + 0.5) ** 2
DTYPES = {"f4": np.float32, "f8": np.float64, "u1": np.uint8}


def decoded(spec: dict) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(spec["bdata"]), DTYPES[spec["dtype"]])
    return values.reshape([int(n) for n in spec["shape"].split(",")]) if "shape" in spec else values


@pytest.mark.parametrize("draw", [surface_panel, contour_panel])
class TestSurfaces:
    def draw(self, draw, loss=LOSS, logarithmic=False, **settings) -> Panel:
        return draw(ALPHAS, BETAS, loss, title="a", heights=height_range([loss], logarithmic), **settings)

    def test_z_is_the_array_of_the_result_with_y_in_rows(self, draw):
        trace = self.draw(draw).figure.data[0]
        np.testing.assert_array_equal(trace.z, LOSS.astype(np.float32))
        np.testing.assert_array_equal(trace.x, ALPHAS.astype(np.float32))
        np.testing.assert_array_equal(trace.y, BETAS.astype(np.float32))

    def test_logarithmic_heights_and_the_loss_itself_for_reading(self, draw):
        trace = self.draw(draw, logarithmic=True).figure.data[0]
        np.testing.assert_allclose(trace.z, np.log10(LOSS), rtol=1e-6)
        np.testing.assert_array_equal(trace.customdata, LOSS.astype(np.float32))

    def test_a_transposed_surface_is_refused(self, draw):
        with pytest.raises(ValueError, match=r"\(3, 5\), not \(5, 3\)"):
            self.draw(draw, LOSS.T)

    def test_overflow_is_marked_where_it_is_and_drawn_at_the_ceiling(self, draw):
        loss = LOSS.copy()
        loss[2, 1], loss[0, 4] = np.nan, np.inf
        panel = self.draw(draw, loss, logarithmic=True)
        surface, crosses = panel.figure.data
        assert sorted(zip(crosses.x, crosses.y, strict=True)) == [(-0.5, 2), (1, -2)]
        assert surface.z[2, 1] == surface.z[0, 4] == np.nanmax(surface.z)
        assert "2 of 15 points overflowed" in panel.caption

    def test_nothing_is_marked_where_nothing_overflowed(self, draw):
        panel = self.draw(draw)
        assert len(panel.figure.data) == 1
        assert panel.caption == ""

    def test_compared_surfaces_share_the_ends_of_colour(self, draw):
        heights = height_range([LOSS, 30 * LOSS])
        panels = [draw(ALPHAS, BETAS, loss, title="a", heights=heights) for loss in (LOSS, 30 * LOSS)]
        low, high = "zmin" if draw is contour_panel else "cmin", "zmax" if draw is contour_panel else "cmax"
        assert len({(panel.figure.data[0][low], panel.figure.data[0][high]) for panel in panels}) == 1

    def test_the_path_is_played_back_from_arrays_sent_once(self, draw):
        path = np.array([[0.5, -1.0], [0.2, 0.0], [0.0, 0.5], [-0.1, 0.6]])
        on_surface = {"path_heights": np.array([4.0, 3.0, 2.0, 1.0])} if draw is surface_panel else {}
        panel = self.draw(draw, path=path, colour="#0072B2", **on_surface)
        assert {playback.mode for playback in panel.playback} == {Mode.PREFIX, Mode.POINT}
        for playback in panel.playback:
            trace = panel.figure.data[playback.trace]
            np.testing.assert_allclose(np.stack([trace.x, trace.y], axis=1), path, rtol=1e-6)


def test_the_path_tells_the_true_loss_from_the_height_below_it():
    path, losses = np.array([[0.5, -1.0], [0.0, 0.5]]), np.array([[0, 2.5, 3.0], [40, 0.25, 0.25]])
    heights = height_range([LOSS])
    panel = contour_panel(ALPHAS, BETAS, LOSS, title="a", heights=heights, path=path, path_losses=losses)
    _, line = (trace for trace in panel.figure.data if trace.customdata is not None)
    np.testing.assert_array_equal(line.customdata, losses)
    assert "customdata[1]" in line.hovertemplate
    assert "customdata[2]" in line.hovertemplate


class TestHeightRange:
    def test_spans_all_surfaces(self):
        assert height_range([np.array([[1.0, 2.0]]), np.array([[0.5, 40.0]])]) == HeightRange(0.5, 40.0)

    def test_spans_five_decades_at_most(self):
        heights = height_range([np.array([[1e-3, 1.0]]), np.array([[1.0, 1e19]])])
        assert heights == HeightRange(1e-3, pytest.approx(100.0))
        assert heights.heights(np.array([1e19])) == pytest.approx(2)

    def test_a_steep_surface_does_not_flatten_its_neighbours_on_a_linear_scale(self):
        assert height_range([np.array([[0.0, 3.0]]), np.array([[1.0, 1e19]])], logarithmic=False).high == 30

    def test_what_is_not_finite_does_not_count(self):
        assert height_range([np.array([[1.0, np.nan, 3.0, np.inf]])]) == HeightRange(1.0, 3.0)

    @pytest.mark.parametrize("loss", [np.full((2, 2), np.nan), np.zeros((2, 2)), np.ones((2, 2)), -np.ones((2, 2))])
    @pytest.mark.parametrize("logarithmic", [True, False])
    def test_a_surface_without_relief_still_has_a_range(self, loss, logarithmic):
        low, high = height_range([loss], logarithmic).axis()
        assert np.isfinite([low, high]).all()
        assert low < high

    @pytest.mark.parametrize(
        "heights", [HeightRange(0.003, 300.0), HeightRange(1.5, 4.5), HeightRange(0.02, 0.03), HeightRange(2.3, 2.31)]
    )
    def test_ticks_say_the_loss_itself(self, heights):
        ticks = heights.ticks()
        assert [float(text.replace(",", "")) for text in ticks["ticktext"]] == pytest.approx(
            [10**height for height in ticks["tickvals"]]
        )
        assert len(ticks["ticktext"]) >= 2

    @pytest.mark.parametrize("logarithmic", [True, False])
    @pytest.mark.parametrize("relief", [1.01e-6, 1e-5, 3e-4, 1e-3, 0.004, 0.01, 0.3, 2.0, 1e4])
    @pytest.mark.parametrize("low", [1.37e-7, 0.000999, 0.2, 2.3026, 7.0, 99.97, 31234.5])
    def test_any_range_has_ticks_that_differ(self, low, relief, logarithmic):
        heights = height_range([np.array([[low, low * (1 + relief)]])], logarithmic)
        ticks, (bottom, top) = heights.ticks(), heights.axis()
        assert 2 <= len(set(ticks["ticktext"])) == len(ticks["tickvals"]) <= 8
        assert bottom - 1e-8 <= min(ticks["tickvals"]) < max(ticks["tickvals"]) <= top + 1e-8

    @pytest.mark.parametrize("heights", [HeightRange(0.0, 76.5, False), HeightRange(2.3, 2.31, False)])
    def test_ticks_of_a_linear_scale_are_round(self, heights):
        ticks = heights.ticks()
        assert [float(text) for text in ticks["ticktext"]] == pytest.approx(ticks["tickvals"])
        assert 3 <= len(ticks["tickvals"]) <= 7
        assert heights.low <= ticks["tickvals"][0] <= ticks["tickvals"][-1] <= heights.high

    def test_caption_says_how_far_it_goes(self):
        assert clipped_caption(np.array([[1.0, 2.5e19]]), HeightRange(1.0, 1e5)) == (
            "Drawn flat above 100,000: it rises to 2.5e+19."
        )
        assert clipped_caption(np.array([[7.0, 9.0]]), HeightRange(0.1, 5.0)) == (
            "It lies wholly above 5, from 7 to 9, and is drawn flat: let each have its own range to see its shape."
        )

    def test_overflowed(self):
        assert overflowed(np.array([[1.0, np.nan], [-np.inf, np.inf]])) == 3


class TestTheme:
    def test_each_normalization_has_one_colour_and_a_new_one_needs_no_entry(self):
        assert theme.colour_of(Normalization.BATCH) == theme.colour_of("batch") == theme.OKABE_ITO["blue"]
        assert theme.colour_of("yet to be invented") in theme.FAMILIES["other"]
        # Fixed for good: not by Python's own hash of strings, which differs from one process to the next.
        assert theme.colour_of("batch-l1") == theme.styles_of(["batch-l1"])[0].colour == "#6A63C4"

    @given(st.lists(st.sampled_from(list(Normalization)), min_size=1, max_size=6))
    def test_networks_of_a_picture_never_share_a_colour_and_the_commonest_keep_theirs(self, names):
        styles = theme.styles_of(names)
        assert len({style.colour for style in styles}) == len(names)
        for name in ("none", "batch", "layer", "weight"):
            if name in names:
                assert styles[names.index(name)].colour == theme.colour_of(name)

    def test_kin_have_kindred_colours_and_differ_in_dash(self):
        styles = theme.styles_of(["none", "batch", "batch", "none", "batch-l1"])
        assert [style.dash for style in styles] == ["solid", "solid", "dash", "dash", "dot"]
        for style, family in zip(styles, ("none", "batch", "batch", "none", "batch"), strict=True):
            assert style.colour in theme.FAMILIES[family]


class TestCurves:
    def test_curves_are_the_values_and_the_one_that_diverged_is_marked_at_its_last_finite_value(self):
        steps = np.arange(4)
        values = np.array([1.0, 5.0, 900.0, np.inf])
        series = [Series("none", theme.Style("#D55E00"), steps, values, diverged=True)]
        panel = curves_panel(series, title="loss", logarithmic=True, num_steps=100)
        curve, cross = panel.figure.data
        np.testing.assert_array_equal(curve.y, values)
        assert (cross.x[0], cross.y[0]) == (2, 900)
        assert panel.figure.layout.xaxis.range == (0, 100)
        assert panel.figure.layout.yaxis.type == "log"
        assert panel.playback[0].mode is Mode.LINE

    @pytest.mark.parametrize(
        ("values", "mode"),
        [
            ([2.0], "lines+markers"),
            ([2.0, np.inf], "lines+markers"),
            ([2, 1], "markers"),
            ([2, 1, np.nan], "markers"),
            ([2, 1, 0], "lines"),
        ],
    )
    def test_a_curve_of_one_point_is_seen_and_two_are_no_line(self, values, mode):
        series = [Series("none", theme.Style("#D55E00"), np.arange(len(values)), np.array(values))]
        assert curves_panel(series, title="loss").figure.data[0].mode == mode

    @pytest.mark.parametrize(("values", "ours"), [([2.3026], False), ([2.30, 2.31], False), ([0.11, 0.6], True)])
    def test_a_logarithmic_axis_without_two_round_numbers_is_left_to_plotly(self, values, ours):
        series = [Series("none", theme.Style("#D55E00"), np.arange(len(values)), np.array(values))]
        axis = curves_panel(series, title="loss", logarithmic=True).figure.layout.yaxis
        assert (axis.tickvals is not None) == ours

    def test_a_curve_that_has_not_begun_draws(self):
        panel = curves_panel([Series("none", theme.Style("#D55E00"), np.array([]), np.array([]))], title="loss")
        assert len(panel.figure.data[0].y) == 0


class TestHistograms:
    EDGES = np.linspace(-2, 2, 5)
    BEFORE = np.random.default_rng(0).uniform(size=(3, 2, 4))
    AFTER = np.random.default_rng(1).uniform(size=(3, 2, 4))

    def test_each_ridge_stands_on_its_layer_and_keeps_its_shape(self):
        panel = histograms_panel(self.EDGES, self.BEFORE, self.AFTER, title="batch", colour="#0072B2")
        assert len(panel.figure.data) == len(panel.playback) == 4
        ridge = next(p for p in panel.playback if p.offset == 1 and panel.figure.data[p.trace].name == "before")
        shape = self.BEFORE[:, 1] / self.BEFORE[:, 1].max(axis=1, keepdims=True)
        np.testing.assert_allclose(ridge.rows[:, 1:-1] / 255, shape, atol=1 / 255)
        np.testing.assert_allclose(
            panel.figure.data[ridge.trace].y, ridge.offset + ridge.scale * ridge.rows[-1], rtol=1e-6
        )

    def test_of_many_layers_some_are_drawn_from_the_first_to_the_last(self):
        many = np.random.default_rng(0).uniform(size=(3, 64, 4))
        names = [f"{layer}, step {step}" for layer in range(1, 9) for step in range(1, 9)]
        panel = histograms_panel(self.EDGES, many, None, title="none", colour="#D55E00", names=names)
        axis = panel.figure.layout.yaxis
        assert len(panel.figure.data) == len(axis.tickvals) == 16
        assert (axis.ticktext[0], axis.ticktext[-1], axis.range) == ("1, step 1", "8, step 8", (-0.12, 16))
        for place, ridge in enumerate(reversed(panel.playback)):
            layer = names.index(axis.ticktext[place])
            shape = many[:, layer] / many[:, layer].max(axis=1, keepdims=True)
            np.testing.assert_allclose(ridge.rows[:, 1:-1] / 255, shape, atol=1 / 255)

    def test_without_normalization_there_is_one_ridge_a_layer(self):
        panel = histograms_panel(self.EDGES, self.BEFORE, None, title="none", colour="#D55E00")
        assert len(panel.figure.data) == 2

    def test_an_empty_histogram_is_flat(self):
        panel = histograms_panel(self.EDGES, np.zeros((3, 2, 4)), None, title="none", colour="#D55E00")
        assert not any(playback.rows.any() for playback in panel.playback)

    def test_shapes_that_do_not_fit_are_refused(self):
        with pytest.raises(ValueError, match="4 bins"):
            histograms_panel(self.EDGES, self.BEFORE[..., :3], None, title="none", colour="#D55E00")


class TestPanel:
    def test_reaches_the_browser_whole(self):
        panel = surface_panel(ALPHAS, BETAS, LOSS, title="none", heights=height_range([LOSS]), colour="#D55E00")
        rows = histograms_panel(TestHistograms.EDGES, TestHistograms.BEFORE, None, title="none", colour="#D55E00")
        message = json.loads(payload([panel, rows], [0, 5, 10], revision="r"))
        assert message["steps"] == [0, 5, 10]
        assert message["revision"] == "r"
        surface, ridges = message["panels"]
        assert (surface["group"], surface["title"], surface["colour"]) == ("scene", "none", "#D55E00")
        np.testing.assert_array_equal(decoded(surface["figure"]["data"][0]["customdata"]), LOSS.astype(np.float32))
        np.testing.assert_array_equal(decoded(ridges["animation"][0]["rows"]), rows.playback[0].rows)

    def test_one_that_is_awaited_has_words_and_no_figure(self):
        (panel,) = json.loads(payload([Panel("none", Group.SCENE, pending="Training, 40%")], []))["panels"]
        assert panel["figure"] is None
        assert panel["pending"] == "Training, 40%"

    def test_numbers_that_are_not_finite_are_valid_json(self):
        figure = go.Figure(layout={"meta": {"value": float("nan")}})
        (panel,) = json.loads(payload([Panel("a", Group.CURVE, figure)], []), parse_constant=pytest.fail)["panels"]
        assert panel["figure"]["layout"]["meta"]["value"] is None

    def test_two_surfaces_with_their_paths_are_light(self):
        axis = np.linspace(-1, 1, 51)
        loss = 0.1 + axis[None, :] ** 2 + axis[:, None] ** 2
        path = np.linspace((1, 1), (0, 0), 200)
        settings = {"title": "a", "heights": height_range([loss]), "path": path, "path_heights": np.ones(200)}
        panels = [surface_panel(axis, axis, loss, **settings) for _ in range(2)]
        assert len(payload(panels, range(200))) < 120_000

    def test_plotly_js_is_where_the_viewer_serves_it_from(self):
        assert (PLOTLY_JS / "plotly.min.js").is_file()


def page(scenes: int) -> None:
    from landscape.figures.panel import Group, Panel
    from pages.components.viewer import viewer

    viewer([Panel(f"network {i}", Group.SCENE, pending="Training") for i in range(scenes)], [0, 1])


class TestViewer:
    def test_mounts(self):
        assert not AppTest.from_function(page, args=(4,)).run().exception

    def test_refuses_more_scenes_than_a_browser_keeps(self):
        with pytest.raises(ValueError, match="at most 4 scenes, not 5"):
            page(5)
