"""A hand on a phone, and the pictures in a window of any size: what turns, what scrolls, what covers what."""

import pytest
from playwright.sync_api import Page, expect

from landscape.labs.compare import LAB
from tests.browser.conftest import PATIENCE

TINY = "num_steps=20&width=8&depth=2&resolution=11&num_examples=200&view_num_examples=64"
FLAT = f"{TINY}&drawing=contour"
SHOWN = f"{TINY}&controls=none"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PROJECTOR = {"viewport": {"width": 1024, "height": 768}}

STAGES = ".lv-row[data-group={}] .lv-stage"
CAMERAS = """() => Array.from(document.querySelectorAll('.lv-row[data-group=scene] .js-plotly-plot'), (plot) =>
    Object.values(plot._fullLayout.scene._scene.getCamera().eye))"""
RANGES = """() => Array.from(document.querySelectorAll('.lv-row[data-group=path] .js-plotly-plot'), (plot) =>
    [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range])"""
SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"
ROWS = """() => Array.from(document.querySelectorAll('.lv-row'), (row) =>
    Array.from(row.children, (panel) => Math.round(panel.getBoundingClientRect().left)))"""
TOPS = """() => {
    const row = document.querySelector('.lv-row[data-group=scene]');
    row.querySelector('.lv-title').textContent = 'A long title '.repeat(12);
    return Array.from(row.querySelectorAll('.lv-stage'), (stage) => Math.round(stage.getBoundingClientRect().top));
}"""
COVERED = """() => {
    const bar = document.querySelector('.lv-bar').getBoundingClientRect();
    return Array.from(document.querySelectorAll('.lv-stage'), (stage) => stage.getBoundingClientRect())
        .filter(({top, bottom}) => top < bar.bottom && bottom > bar.top).length;
}"""


def drag(
    page: Page, selector: str, fingers: list[tuple[float, float]], by: tuple[float, float], steps: int = 10
) -> None:
    """Lay fingers on an element, at shares of its width and height, and move them by so many pixels."""
    element = page.locator(selector).first
    element.scroll_into_view_if_needed()
    box, touch = element.bounding_box(), page.context.new_cdp_session(page)

    def places(step: int) -> list[dict[str, float]]:
        return [
            {
                "x": box["x"] + x * box["width"] + by[0] * step / steps,
                "y": box["y"] + y * box["height"] + by[1] * step / steps,
            }
            for x, y in fingers
        ]

    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": places(0)})
    for step in range(1, steps + 1):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": places(step)})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def apart(cameras: list[list[float]]) -> float:
    return max(abs(one - other) for one, other in zip(*cameras, strict=True))


def test_by_touch_a_swipe_scrolls_and_a_drag_along_or_two_fingers_turn_all_scenes(visitor):
    page = visitor(**PHONE).open(SHOWN).page
    home, ranges, top = page.evaluate(CAMERAS), page.evaluate(RANGES), page.evaluate(SCROLLED)
    for group in ("scene", "path", "curve"):
        drag(page, STAGES.format(group), [(0.5, 0.7)], (5, -150))
        page.wait_for_function(f"top => ({SCROLLED})() > top + 50", arg=top)
        top = page.evaluate(SCROLLED)
    assert page.evaluate(CAMERAS) == home
    drag(page, STAGES.format("path"), [(0.3, 0.5)], (120, 5))
    assert page.evaluate(RANGES) == ranges

    for fingers, by in (([(0.3, 0.5)], (100, 10)), ([(0.3, 0.4), (0.6, 0.5)], (0, 60))):
        before = page.evaluate(CAMERAS)
        page.locator(STAGES.format("scene")).first.scroll_into_view_if_needed()
        top = page.evaluate(SCROLLED)
        drag(page, STAGES.format("scene"), fingers, by)
        page.wait_for_function(
            f"before => ({CAMERAS})().every((eye, i) => Math.hypot(...eye.map((x, j) => x - before[i][j])) > 0.3)",
            arg=before,
        )
        page.wait_for_function(
            f"() => {{ const [one, other] = ({CAMERAS})(); return one.every((x, j) => Math.abs(x - other[j]) < 1e-6); }}"
        )
        assert page.evaluate(SCROLLED) == top
    assert page.evaluate(CAMERAS)[0][2] > home[0][2] + 0.3  # two fingers down: seen from farther above


def test_a_browser_without_webgl_is_told_that_contours_need_none_and_given_them(visitor):
    one = visitor(alone=True)
    one.page.add_init_script("""const context = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return /webgl/.test(kind) ? null : context.call(this, kind, ...rest);
        };""")
    one.open(TINY)
    scenes = one.page.locator(".lv-row[data-group=scene]")
    expect(scenes).to_contain_text("Contours need none")
    one.after(lambda: scenes.get_by_role("button", name="Show contours").first.click())
    assert "drawing=contour" in one.page.url
    assert [len(row) for row in one.pictures()] == [2, 2]
    expect(scenes).not_to_contain_text("Contours need none")


def test_seen_from_above_no_numbers_stand_one_upon_the_other(visitor):
    page = visitor().open(SHOWN).page
    shown = "() => Array.from(document.querySelectorAll('[data-turns] .js-plotly-plot'), ({_fullLayout}) => _fullLayout.scene.zaxis.showticklabels)"
    assert page.evaluate(shown) == [True, True]
    look = "(plot, eye) => Plotly.relayout(plot, {'scene.camera': {eye, center: {x: 0, y: 0, z: 0}}})"
    for eye, seen in (({"x": 0, "y": -0.1, "z": 2}, "false"), ({"x": 1.2, "y": -1.9, "z": 1}, "true")):
        page.eval_on_selector("[data-turns] .js-plotly-plot", look, eye)
        page.wait_for_function(f"() => ({shown})().every((one) => one === {seen})")


def test_three_networks_stand_in_one_grid(visitor):
    page = visitor(viewport={"width": 1300, "height": 800}).open(f"{FLAT}&variants=3&controls=none").page
    for width in (1300, 1024, 820):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("width => window.innerWidth === width", arg=width)
        first, *rest = page.evaluate(ROWS)
        assert len(set(first)) == 3
        assert all(row == first for row in rest)


def test_on_a_projector_the_first_pictures_are_whole_in_view_and_nothing_covers_any(visitor):
    page = visitor(**PROJECTOR).open("controls=none&drawing=contour&resolution=11").page
    for stage in page.locator(STAGES.format("scene")).all():
        box = stage.bounding_box()
        assert box["y"] > 0
        assert box["y"] + box["height"] <= 768
    for top in range(0, page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollHeight"), 300):
        page.evaluate("top => document.querySelector('[data-testid=stMain]').scrollTo(0, top)", top)
        assert page.evaluate(COVERED) == 0
    assert len(set(page.evaluate(TOPS))) == 1, "a title of several lines moves its picture, and those beside it"


def test_on_a_phone_icons_lie_on_no_picture_tables_scroll_and_the_other_pages_are_found(visitor):
    one = visitor(**PHONE).open(FLAT)
    page = one.page
    for plot in page.locator(".lv-stage").all():
        bar = plot.locator(".modebar").bounding_box()
        assert bar["y"] + bar["height"] <= plot.bounding_box()["y"] + 2
    for panel in page.locator(".lv-panel").all():
        box = panel.locator(".lv-take summary").bounding_box()
        assert panel.bounding_box()["y"] - 2 <= box["y"]
        assert box["y"] + box["height"] <= panel.locator(".lv-stage").bounding_box()["y"] + 2
    table = ".lv-table"
    wide, room = page.eval_on_selector(table, "table => [table.scrollWidth, table.clientWidth]")
    assert wide > room
    assert room <= 390
    page.eval_on_selector(table, "table => table.scrollBy(1000, 0)")
    assert page.eval_on_selector(table, "table => table.scrollLeft") > 0
    assert page.locator(f"{table} tbody th").first.bounding_box()["x"] >= 0  # the names of the rows stay
    page.get_by_test_id("stMain").get_by_role("link", name="Two weights").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Why do unlike scales make training hard?", timeout=PATIENCE
    )


@pytest.mark.parametrize("window", [{"viewport": {"width": 1280, "height": 900}}, PHONE], ids=["desktop", "phone"])
class TestQuestion:
    def seen(self, page: Page, section: str) -> None:
        """Wait until the question and the first picture of its section stand in the window, the one above the other."""
        page.wait_for_function(
            """section => {
                const strip = document.querySelector('.st-key-asked').getBoundingClientRect();
                const {top, bottom} = document.querySelector(`.st-key-${section} .lv-stage`).getBoundingClientRect();
                return strip.top >= 0 && strip.bottom <= top && bottom <= window.innerHeight;
            }""",
            arg=section,
        )
        assert page.evaluate(
            """() => {
                const {left, top, width, height} = document.querySelector('.st-key-asked').getBoundingClientRect();
                return document.elementFromPoint(left + width / 2, top + height / 2).closest('.st-key-asked') !== null;
            }"""
        )

    def test_a_link_opens_at_the_section_that_answers_below_the_question(self, visitor, window):
        one = visitor(**window)
        one.page.goto(f"{one.address}/smoothness?ask=ahead&num_steps=20&probes=10&width=8&depth=2&num_examples=200")
        one.settled()
        self.seen(one.page, "lines")
        one.says("From step")

    def test_choosing_one_closes_the_fold_and_shows_both(self, visitor, window):
        one = visitor(**window)
        one.page.goto(f"{one.address}/two_weights")
        one.settled()
        one.page.get_by_text("questions to try").click()
        ask = one.page.get_by_role("button", name="What if x2 is in thousands?")
        one.after(ask.click)
        expect(ask).not_to_be_visible()
        self.seen(one.page, "bowls")
        one.page.mouse.wheel(0, 400)  # it stays with the reader, who moves freely
        expect(one.page.locator(".st-key-asked")).to_be_in_viewport(ratio=0.9)

    def test_the_next_question_and_its_end_are_one_click(self, visitor, window):
        one = visitor(**window)
        one.open("ask=sigmoid&drawing=contour&resolution=11&num_steps=20&width=8&depth=1")
        one.after(lambda: one.page.get_by_role("button", name="Next:").click())
        after = LAB.questions[1 + [question.slug for question in LAB.questions].index("sigmoid")]
        assert f"ask={after.slug}" in one.page.url
        self.seen(one.page, after.section)
        one.page.get_by_role("button", name="Close").click()
        expect(one.page.locator(".st-key-asked")).not_to_be_visible()
        one.page.wait_for_url(lambda address: "ask=" not in address)
