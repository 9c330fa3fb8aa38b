"""The panels about robustness show the arrays of the results, and what there is of them."""

from dataclasses import replace

import numpy as np
import pytest
from plotly.colors import sample_colorscale

from landscape.experiment import Comparison, Variant
from landscape.figures.bands import Band, bands_panel, choices_panel
from landscape.figures.maps import Map, map_panels
from landscape.figures.theme import SURFACE_SCALE, styles_of
from landscape.labs.compare.request import CODEC as COMPARE
from landscape.labs.lab import Known
from landscape.labs.robustness import LAB
from landscape.labs.robustness.request import Robustness
from landscape.training.grids import SweepGridTask
from tests.cases import SMALL

(MAP,) = [section for section in LAB.sections if section.name == "map"]
STYLES = styles_of(["none", "batch"])
SEVERAL = Robustness(
    Comparison(SMALL.replace(num_steps=16), (Variant(normalization="none"), Variant(normalization="batch"))),
    least_rate=0.01,
    most_rate=1.0,
    a_decade=1,
    runs=2,
    upwards="batch-size",
    try_choices=True,
    chosen="batch-size",
)


def test_a_line_stands_in_its_band():
    middle, low, high = np.array([0.2, 0.5, np.nan]), np.array([0.1, 0.4, np.nan]), np.array([0.3, 0.6, np.nan])
    panel = bands_panel(
        "t", [Band("a", STYLES[0], middle, low, high)], (0.1, 1.0, 10.0), x_title="x", y_title="y", limits=(0, 1),
        level=0.8, mark=1.0,
    )  # fmt: skip
    around, line = panel.figure.data
    np.testing.assert_allclose(around.y, [0.3, 0.6, 0.4, 0.1], rtol=1e-6)
    np.testing.assert_allclose(around.x, [0.1, 1, 1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(line.y, middle, rtol=1e-6)
    assert [(shape.y0, shape.y1) for shape in panel.figure.layout.shapes] == [(0.8, 0.8), (0, 1)]
    assert "a from 0.20 to 0.50" in panel.alt
    assert panel.figure.layout.xaxis.exponentformat == "none", "a rate of 0.0001 is not 100µ"


def test_points_of_networks_stand_side_by_side_at_each_choice():
    bands = [
        Band(name, style, *(np.array([0.5, value]) for value in (0.4, 0.3, 0.9)))
        for name, style in zip("ab", STYLES, strict=True)
    ]
    first, second = choices_panel("t", bands, ["x", "y"], x_title="x", y_title="y", limits=(0, 1)).figure.data
    assert first.x[0] < 0 < second.x[0] < first.x[1]
    np.testing.assert_allclose(first.error_y.array, [0, 0.5], rtol=1e-6)
    np.testing.assert_allclose(first.error_y.arrayminus, [0, 0.1], rtol=1e-6)
    assert first.marker.symbol != second.marker.symbol


def test_maps_are_the_arrays_on_one_scale_and_mark_what_trains_and_what_diverged():
    score = np.array([[0.1, 0.85, 0.2], [np.nan, 0.96, 0.1]])
    crossed = np.array([[False, False, False], [False, False, True]])
    empty = Map("b", STYLES[1], np.full((2, 3), np.nan), np.zeros((2, 3), bool))
    first, second = map_panels(
        [Map("a", STYLES[0], score, crossed), empty], ["1", "2", "3"], ["4", "5"],
        x_title="rate", y_title="scale", score="accuracy", trained=0.8, captions=["why", ""],
    )  # fmt: skip
    (cells,) = first.figure.data
    np.testing.assert_allclose(cells.z, score, rtol=1e-6)
    black = '<span style="color:#000000">{}</span>'
    assert [list(row) for row in cells.text] == [
        ["10", black.format("<b>85</b>"), "20"],
        ["", black.format("<b>96</b>"), "×"],
    ]
    assert (cells.zmin, cells.zmax) == (0, 1)
    assert cells.hovertext[1][0] == "rate 1, scale 5"
    assert cells.customdata is None
    assert first.caption == "why"
    assert "2 of 6 cells" in first.alt
    assert second.figure is None
    assert second.pending


@pytest.mark.parametrize("score", np.linspace(0, 1, 21))
def test_numbers_are_read_on_the_colour_of_their_cell(score):
    of = Map("a", STYLES[0], np.array([[score]]), np.zeros((1, 1), bool))
    (panel,) = map_panels([of], ["1"], ["2"], x_title="", y_title="", score="accuracy", trained=0.8)
    (cells,) = panel.figure.data
    (text,) = np.ravel(cells.text)
    colours = sample_colorscale(SURFACE_SCALE, [score], colortype="tuple")[0], (0, 0, 0), (1, 1, 1)
    # Relative luminance and contrast: WCAG 2.1, which asks for 4.5 of small text.
    cell, black, white = (
        np.dot(np.where(one <= 0.04045, one / 12.92, ((one + 0.055) / 1.055) ** 2.4), [0.2126, 0.7152, 0.0722]) + 0.05
        for one in map(np.array, colours)
    )
    assert cells.textfont.color == "#ffffff"
    assert (cell / black if "#000000" in text else white / cell) >= 4.5


@pytest.fixture(scope="module")
def results():
    return {name: [Known(job.make().complete(), True) for job in many] for name, many in LAB.jobs(SEVERAL).items()}


def shown(name, results):
    (section,) = [section for section in LAB.sections if section.name == name]
    return section.show(SEVERAL, results)


def test_sections_draw_the_trainings(results):
    accuracy, steps = shown("rates", results).panels
    lines = [trace for trace in accuracy.figure.data if trace.mode == "lines+markers"]
    for line, known in zip(lines, results["rates"], strict=True):
        np.testing.assert_allclose(line.y, np.median(known.value.standing()[0, 0], axis=1), rtol=1e-6)
    assert steps.figure.layout.yaxis.range[0] == 0
    plain, batch = shown("map", results).panels
    np.testing.assert_allclose(plain.figure.data[0].z, results["map"][0].value.standing()[0, :, :, 0], rtol=1e-6)
    assert plain.caption == ""
    assert batch.caption.startswith("Batch size must be at least 2")
    assert len(shown("curves", results).panels) == 3
    assert shown("rates", results).note.startswith("Trainings here: 12, of 16 steps each.")
    assert "BatchNorm: Batch size must be at least 2" in shown("choices", results).note
    assert len(shown("rates", results).tables[0].rows) == 2


def test_what_there_is_of_a_training_is_drawn_before_it_ends(results):
    (job, *_) = LAB.jobs(SEVERAL)["map"]
    task = job.make()
    assert isinstance(task, SweepGridTask)
    task.advance(0)
    going = Known(task.partial())
    panels = shown("map", results | {"map": [going, Known()]}).panels
    z = panels[0].figure.data[0].z
    assert 0 < np.isfinite(z).sum() < z.size
    assert panels[1].figure is None
    notices = shown("map", results | {"map": [going, Known()]}).notice
    assert list(notices) == []


def test_a_middle_that_never_comes_is_not_drawn(results):
    never = replace(results["rates"][0].value, accuracy=np.zeros_like(results["rates"][0].value.accuracy))
    _, steps = shown("rates", results | {"rates": [Known(never, True), Known()]}).panels
    assert all(np.isnan(trace.y).all() for trace in steps.figure.data)


def test_a_click_on_a_cell_leads_to_the_comparison_of_its_very_networks(results):
    there = shown("map", results)
    cells = there.panels[0].figure.data[0]
    assert cells.customdata[2][3] == {"cell_rate": 3, "cell_row": 2}
    request = replace(SEVERAL, **cells.customdata[2][3])
    (action,) = MAP.show(request, results).actions
    assert action.lab == "compare"
    values, problems = COMPARE.read(action.values)
    assert problems == ()
    trained = [known.value.grid.experiment((0, 2, 3, 0)) for known in results["map"]]
    assert list(COMPARE.request_of(values).comparison.experiments()) == trained
    assert "learning rate 1, batch size 4" in action.text


def test_a_cell_that_cannot_be_leads_nowhere_and_one_that_is_not_there_is_the_last(results):
    assert MAP.show(replace(SEVERAL, cell_row=0), results).actions == ()
    last = replace(SEVERAL, upwards="depth", cell_row=6, cell_rate=40)
    assert last.cell == (4, 3)
    assert list(MAP.controls(LAB.codec.defaults | {"upwards": "depth"}))[1:] == ["cell_rate", "cell_row"]


def test_what_a_network_has_of_its_own_gives_way_to_the_cell():
    own = (Variant(normalization="none", learning_rate=1.0), Variant(normalization="batch", batch_size=32))
    found = replace(SEVERAL, comparison=Comparison(SMALL, own)).at_cell().experiments()
    assert {one.training.learning_rate for one in found} == {1.0}
    assert {one.training.batch_size for one in found} == {8}
