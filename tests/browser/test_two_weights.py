"""The page of two weights in a real browser."""

from urllib.parse import parse_qsl, urlsplit

import pytest

OTHER = "num_steps=20&width=8&depth=2&resolution=11&num_examples=200&view_num_examples=64&drawing=contour"
"""Of the page of landscapes a link with few computations."""

BOWLS = "() => Array.from(document.querySelectorAll('.js-plotly-plot'))"
PATHS = f"({BOWLS})().slice(0, 5).map((plot) => Array.from(plot._fullData[2].y))"


def opened(visitor, link=""):
    visitor.page.goto(f"{visitor.address}/two_weights?{link}")
    return visitor.settled()


@pytest.fixture
def page(visitor):
    return opened(visitor())


def test_it_draws_five_bowls_and_what_to_notice(page):
    assert page.page.locator(".lv").first.get_attribute("data-ready") == "6"
    assert page.page.get_by_text("What to notice").first.is_visible()
    assert len(page.page.evaluate(PATHS)) == 5


def test_a_slider_changes_the_picture_and_its_link_restores_it(visitor, page):
    before = page.page.evaluate(PATHS)
    slider = page.page.get_by_role("slider", name="Step, times 1/L")
    page.after(lambda: [slider.press("ArrowRight") for _ in range(10)])
    page.page.wait_for_url("**/two_weights?step=*")
    page.settled()
    after = page.page.evaluate(PATHS)
    assert after != before
    assert 1 < float(dict(parse_qsl(urlsplit(page.page.url).query))["step"]) < 2
    other = visitor()
    other.page.goto(page.page.url)
    other.settled()
    assert other.page.evaluate(PATHS) == page.page.evaluate(PATHS)


def test_a_question_is_a_click(page):
    page.page.get_by_text("questions to try").click()
    page.after(lambda: page.page.get_by_role("button", name="What if x2 is in thousands?").click())
    assert dict(parse_qsl(urlsplit(page.page.url).query)) == {"ask": "thousands"}


def test_settings_stay_while_another_page_is_shown(visitor):
    one = visitor().open(OTHER)  # the app's own navigation stands from its first page on
    opened(one, "step=1.5")
    before = one.page.evaluate(PATHS)
    one.page.get_by_role("link", name="Compare landscapes").first.click()
    one.says("What does normalization do")
    one.settled()
    one.page.get_by_role("link", name="Two weights").first.click()
    one.says("Why do unlike scales")
    one.page.wait_for_url("**/two_weights?step=1.5")
    one.settled()
    assert one.page.evaluate(PATHS) == before


def test_an_experiment_is_saved_and_loaded(page, tmp_path):
    page.page.get_by_text("Save and load").click()
    with page.page.expect_download() as download:
        page.page.get_by_role("button", name="Experiment (JSON)").click()
    saved = tmp_path / "saved.json"
    download.value.save_as(saved)
    saved.write_text(saved.read_text().replace("{}", '{"step": "1.5"}'))
    page.after(lambda: page.page.locator("[data-testid=stMainBlockContainer] input[type=file]").set_input_files(saved))
    page.page.wait_for_url("**/two_weights?step=1.5")


def test_a_phone_needs_no_sideways_scrolling(visitor):
    one = opened(visitor(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True))
    for element in ("html", "[data-testid=stMain]", ".lv"):
        wide, room = one.page.eval_on_selector(element, "element => [element.scrollWidth, element.clientWidth]")
        assert wide <= room <= 390
