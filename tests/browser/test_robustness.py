"""A click on a cell of the map, in a real browser: the comparison opens with the networks of that cell."""

import re

from playwright.sync_api import expect

FEW = "width=4&depth=1&num_steps=8&num_examples=100&runs=1&most_rate=1&a_decade=1"


def test_a_click_on_a_cell_of_the_map_opens_the_comparison_at_its_setting(visitor):
    one = visitor()
    one.page.goto(f"{one.address}/robustness?{FEW}")
    one.settled()
    cells = one.page.locator(".st-key-map .js-plotly-plot .nsewdrag").first
    cells.scroll_into_view_if_needed()
    plot = cells.bounding_box()
    # Of seven rows and four columns the second column of the third row from below.
    one.page.mouse.click(plot["x"] + plot["width"] * 1.5 / 4, plot["y"] + plot["height"] * 4.5 / 7)
    expect(one.page).to_have_url(re.compile(r"/\?.*init_scale=0\.316"))
    link = one.page.url
    assert "robustness" not in link
    assert "learning_rate=0.01" in link
    assert {"width=4", "depth=1", "v3_normalization=layer"} <= set(link.partition("?")[2].split("&"))
