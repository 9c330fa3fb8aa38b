"""What one takes along: pictures that say what they are, a link with the view, a page for a projector and on paper."""

import re
import struct
from base64 import b64encode

import pytest
from playwright.sync_api import expect

from pages.components.take import qr_of
from tests.browser.conftest import PATIENCE, Visitor

SMALL = "depth=1&width=8&num_steps=20&resolution=11&view_num_examples=64"
SCENE = ".lv-row[data-group=scene] .lv-panel"
COLOURS = """canvas => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
}"""
CAMERA = "() => document.querySelector('.lv-row[data-group=scene] .js-plotly-plot')._fullLayout.scene.camera.eye"


@pytest.fixture(scope="module")
def taken(browser, address):
    """A page with two scenes, at rest, in a window that may copy."""
    context = browser.new_context(
        viewport={"width": 1300, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield Visitor(context.new_page(), address).open(SMALL)
    context.close()


def code_of(link):
    """The picture of a link's code, as the page has it."""
    return f"data:image/svg+xml;base64,{b64encode(qr_of(link).encode()).decode()}"


def downloaded(page, format, folder, panel=SCENE):
    """Take the first picture along, as a file of the folder."""
    page.locator(f"{panel} .lv-take summary").first.click()
    with page.expect_download() as waiting:
        page.locator(f"{panel} .lv-formats").first.get_by_role("button", name=format).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_a_picture_is_taken_as_png_of_twice_the_pixels_as_svg_and_as_a_page_that_needs_no_network(
    taken, tmp_path, browser
):
    page = taken.page
    stage = page.locator(f"{SCENE} .lv-stage").first.bounding_box()
    png = downloaded(page, "PNG", tmp_path)
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    assert width == pytest.approx(2 * stage["width"], abs=2)
    assert height > 2 * stage["height"] + 60
    svg = downloaded(page, "SVG", tmp_path).read_text()
    words = " ".join(re.findall(r"<text x=[^>]*>([^<]*)</text>", svg))
    for said in ("no normalization", "What does normalization do", "Depth: 1", "Resolution: 11"):
        assert said.lower() in words.lower(), said
    assert "num_steps=20" in words.replace(" ", "")
    alone = downloaded(page, "HTML", tmp_path)
    context = browser.new_context(offline=True)
    try:
        own = context.new_page()
        own.goto(alone.as_uri())
        own.wait_for_selector("#plot .main-svg", timeout=PATIENCE)
        expect(own.locator("body")).to_contain_text("Depth: 1")
        drawn = "() => document.querySelector('#plot')._fullData[0].z.length"
        assert own.evaluate(drawn) == 11
    finally:
        context.close()


def test_the_copied_link_shows_the_scenes_as_they_were_turned(taken, visitor):
    page = taken.page
    stage = page.locator(f"{SCENE} .lv-stage").first
    stage.evaluate("stage => stage.scrollIntoView({block: 'center'})")
    box = stage.bounding_box()
    before = page.evaluate(CAMERA)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_function("() => window.landscapeCamera")
    turned = page.evaluate(CAMERA)
    assert abs(turned["x"] - before["x"]) > 0.1
    page.get_by_text("Take along", exact=True).click()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.locator(".lt-told")).to_have_text("Copied.")
    link = page.evaluate("() => navigator.clipboard.readText()")
    assert "camera=" in link
    other = visitor().open(link.partition("?")[2]).page
    there = other.evaluate(CAMERA)
    assert all(there[name] == pytest.approx(turned[name], abs=0.01) for name in "xyz")
    # The code for telephones is that of the same link, and of another one when the scenes are turned again.
    page.get_by_text("Its link as a code, for telephones").click()
    expect(page.locator(f'img[src="{code_of(link)}"]')).to_be_visible()
    look = "plot => Plotly.relayout(plot, {'scene.camera': {eye: {x: 1, y: 1, z: 1}, center: {x: 0, y: 0, z: 0}}})"
    page.eval_on_selector(f"{SCENE} .js-plotly-plot", look)
    page.get_by_role("button", name="Copy the link").click()
    page.wait_for_function("async before => (await navigator.clipboard.readText()) !== before", arg=link)
    again = page.evaluate("() => navigator.clipboard.readText()")
    expect(page.locator(f'img[src="{code_of(again)}"]')).to_be_visible()


def test_on_paper_there_are_pictures_settings_and_link_and_no_controls(taken):
    page = taken.page
    page.emulate_media(media="print")
    try:
        for gone in ("stSidebar", "stHeader", "stButton"):
            assert page.get_by_test_id(gone).locator("visible=true").count() == 0
        expect(page.locator(".lt-settings")).to_contain_text("Depth: 1")
        assert page.locator(f"{SCENE} .lv-stage").first.bounding_box()["height"] > 100
        page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
        colours = page.locator(f"{SCENE} .lv-printed").first.evaluate(COLOURS)
        assert colours > 100  # an empty canvas has one
        main = "() => getComputedStyle(document.querySelector('[data-testid=stMain]')).overflow"
        assert page.evaluate(main) == "visible"
    finally:
        page.emulate_media(media="screen")


def test_a_projector_gets_larger_letters(taken, visitor):
    size = "() => document.querySelector('.js-plotly-plot')._fullLayout.font.size"
    letters = "() => parseFloat(getComputedStyle(document.querySelector('.lv-title')).fontSize)"
    usual = [taken.page.evaluate(one) for one in (size, letters)]
    large = visitor().open(f"{SMALL}&size=large").page
    assert all(large.evaluate(one) > 1.3 * before for one, before in zip((size, letters), usual, strict=True))
