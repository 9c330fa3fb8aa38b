"""The picture of a table: its numbers, one hue a group, and what a click on a cell sets."""

from colorsys import rgb_to_hls

import numpy as np
import pytest

from landscape.figures.cells import LEVELS, cells_panel
from landscape.figures.panel import payload

VALUES = np.arange(6.0).reshape(2, 3)
GROUPS = np.array([[0, 1, -1], [0, 1, 1]])


def colours(panel) -> list[list[tuple[float, float, float]]]:
    """Return hue, lightness and saturation of each cell, as a browser draws it."""
    heat = panel.figure.data[0]
    ends, names = zip(*heat.colorscale, strict=True)
    share = (np.asarray(heat.z) - heat.zmin) / (heat.zmax - heat.zmin)
    named = [[names[max(i for i, end in enumerate(ends) if end <= one)] for one in row] for row in share]
    return [[rgb_to_hls(*(int(part) / 255 for part in name[4:-1].split(","))) for name in row] for row in named]


def test_cells_of_a_group_have_one_hue_and_those_of_none_are_grey():
    made = colours(cells_panel("a", VALUES, GROUPS))
    assert made[0][2][2] == 0
    assert made[0][0][0] == pytest.approx(made[1][0][0], abs=0.03)
    assert made[0][1][0] == pytest.approx(made[1][2][0], abs=0.03)
    assert abs(made[0][0][0] - made[0][1][0]) > 0.1


def test_the_greater_is_the_darker():
    made = colours(cells_panel("a", VALUES, np.zeros((2, 3), int)))
    lightness = [cell[1] for row in made for cell in row]
    assert lightness == sorted(lightness, reverse=True)
    assert len(set(lightness)) == LEVELS


def test_a_card_has_the_hues_of_all_cards():
    whole, card = (
        cells_panel("a", VALUES, GROUPS, limits=(0, 5)),
        cells_panel("b", VALUES[:, :1], GROUPS[:, :1], hues=2, limits=(0, 5)),
    )
    assert [row[0] for row in colours(card)] == [row[0] for row in colours(whole)]


def test_a_click_says_what_it_sets_and_the_numbers_stand_in_the_cells():
    picks = [[{"example": row, "unit": column} for column in range(3)] for row in range(2)]
    panel = cells_panel("a", VALUES, GROUPS, picks=picks)
    assert panel.figure.data[0].customdata[1][2] == {"example": 1, "unit": 2}
    assert panel.figure.data[0].text[1][2] == "5.00"
    assert b'"unit":' in payload([panel], ())


def test_the_line_goes_around_the_group_and_not_through_it():
    panel = cells_panel("a", VALUES, np.zeros((2, 3), int), outlined=0)
    (line,) = panel.figure.layout.shapes
    assert line.path.count("M") == 2 * (2 + 3)
    assert not cells_panel("a", VALUES, GROUPS, outlined=-1).figure.layout.shapes


def test_equal_values_and_no_groups_are_drawn_too():
    panel = cells_panel("a", np.zeros((2, 2)), np.full((2, 2), -1), chosen=(0, 1))
    assert len(panel.figure.layout.shapes) == 1


def test_cells_have_the_minus_of_the_axes_and_zero_has_none():
    panel = cells_panel("a", np.array([[-0.254, -0.001], [0.0, 1.0]]), np.zeros((2, 2), int))
    assert [list(row) for row in panel.figure.data[0].text] == [["−0.25", "0.00"], ["0.00", "1.00"]]
