"""The page on smoothness as its visitors find it, in a real browser."""

from urllib.parse import parse_qsl, urlsplit

SMALL = "num_steps=40&probes=20&width=16&depth=3&num_examples=500"
DRAWN = """() => document.querySelectorAll('.lv[data-revision^="done"]').length === 2"""
BANDS = """() => Array.from(document.querySelectorAll('.lv')[0].querySelectorAll('.js-plotly-plot'))
    .filter((plot) => plot._fullData.some(({fill}) => fill === 'tonexty'))
    .map((plot) => Array.from(plot._fullData[1].y))"""
LINES = """() => Array.from(document.querySelectorAll('.lv')[1].querySelectorAll('.js-plotly-plot'), (plot) => {
    const arrows = plot._fullLayout.annotations.filter(({showarrow}) => showarrow).length;
    return {loss: Array.from(plot._fullData[0].y), arrows, colour: plot._fullData[0].line.color};
})"""


def settled(one):
    one.page.wait_for_function(DRAWN)
    one.settled()
    return one


def opened(visitor, link=SMALL):
    one = visitor
    one.page.goto(f"{one.address}/smoothness?{link}")
    return settled(one)


def after(one, act):
    one.page.eval_on_selector_all(".lv", "all => all.forEach((viewer) => delete viewer.dataset.revision)")
    act()
    return settled(one)


def parameters(one):
    return dict(parse_qsl(urlsplit(one.page.url).query))


def test_bands_of_each_network_and_the_losses_along_one_gradient(visitor):
    one = opened(visitor())
    bands, lines = one.page.evaluate(BANDS), one.page.evaluate(LINES)
    assert [len(band) for band in bands] == [20] * 3
    assert [line["arrows"] for line in lines] == [4] * 3
    assert len({line["colour"] for line in lines}) == 3
    one.says("What to notice")
    one.says("There is no consensus")


def test_the_slider_moves_the_start_of_the_line_and_the_link_brings_it_back(visitor):
    one = opened(visitor(), f"{SMALL}&step=10")
    bands, before = one.page.evaluate(BANDS), one.page.evaluate(LINES)
    slider = one.page.get_by_role("slider", name="From step")
    after(one, lambda: slider.press("ArrowRight"))
    lines = one.page.evaluate(LINES)
    assert parameters(one)["step"] == "11"
    assert lines != before
    assert one.page.evaluate(BANDS) == bands
    other = opened(visitor(), urlsplit(one.page.url).query)
    assert other.page.evaluate(LINES) == lines


def test_a_click_on_a_curve_chooses_the_step_of_the_slider_and_the_line(visitor):
    one = opened(visitor(), f"{SMALL}&step=10")
    bands, before = one.page.evaluate(BANDS), one.page.evaluate(LINES)
    slider = one.page.get_by_role("slider", name="From step")
    for plot, across, expected in ((4, 0.5, 20), (0, 0.75, 30)):
        area = one.page.locator(".lv").first.locator(".js-plotly-plot").nth(plot).locator(".nsewdrag").first
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        place = {"x": across * box["width"], "y": box["height"] / 2}
        after(one, lambda area=area, place=place: area.click(position=place))
        step = int(parameters(one)["step"])
        assert abs(step - expected) <= 2
        assert slider.get_attribute("value") == str(step)
        lines = one.page.evaluate(LINES)
        assert lines != before
        before = lines
        assert one.page.evaluate(BANDS) == bands
    after(one, lambda: slider.press("ArrowRight"))
    assert parameters(one)["step"] == str(step + 1)
    other = opened(visitor(), f"{SMALL}&step={step}")
    assert other.page.evaluate(LINES) == lines


def test_another_normalization_changes_its_band_alone(visitor):
    one = opened(visitor())
    before = one.page.evaluate(BANDS)
    after(one, lambda: one.select("Network 3: normalization", "weight normalization"))
    bands = one.page.evaluate(BANDS)
    assert bands[:2] == before[:2]
    assert bands[2] != before[2]


def test_a_phone_needs_no_sideways_scrolling(visitor):
    one = opened(visitor(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True))
    for element in ("html", "[data-testid=stMain]", ".lv"):
        wide, room = one.page.eval_on_selector(element, "element => [element.scrollWidth, element.clientWidth]")
        assert wide <= room <= 390
