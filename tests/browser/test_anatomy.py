"""A click on a cell, in a real browser: it is chosen, in the controls, in the link and in its arithmetic."""

import re

from playwright.sync_api import expect


def test_a_click_on_a_cell_chooses_it_by_row_and_column(visitor):
    one = visitor()
    one.page.goto(f"{one.address}/anatomy?steps=20")
    one.settled()
    plot = one.page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    # Of six rows and eight columns the middle of the third row and of the fifth column.
    place = plot["x"] + plot["width"] * 4.5 / 8, plot["y"] + plot["height"] * 2.5 / 6
    one.after(lambda: one.page.mouse.click(*place))
    expect(one.page).to_have_url(re.compile(r"example=2&unit=4"))
    shown = one.page.evaluate("() => document.querySelector('.js-plotly-plot').data[0].text[2][4]")
    one.says(f"The chosen cell{shown[:4].replace('-', '−')}")
