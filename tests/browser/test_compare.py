"""The comparison page as its visitors find it, in a real browser."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

SMALL = "num_steps=25&width=16&depth=2&resolution=11&num_examples=500&view_num_examples=128"
FLAT = f"{SMALL}&drawing=contour"
"""Without pictures in three dimensions, which are slow where there is no graphics card."""

LITTLE = "resolution=11&view_num_examples=128&drawing=contour&controls=none"
"""What is trained is the page's own, as large and as long as there; what is drawn is little."""

CAMERA = "plot => plot._fullLayout.scene._scene.getCamera()"
SCENES = ".lv-message + .lv-row .js-plotly-plot"


LOSE = """const send = WebSocket.prototype.send;
window.lost = 0;
WebSocket.prototype.send = function (data) {
    const late = new TextDecoder("latin1").decode(data).includes("late");
    if (window.losing && !late) return void window.lost++;
    [window.losing, window.clicked] = [window.clicked, false];
    send.call(this, data);
};"""
"""After the message that a click sends, lets all that the page asks the server get lost, up to its last resort."""

REVERSE = """const Plain = window.Blob;
window.held = [];
window.Blob = class extends Plain {
    constructor(parts, options) {
        const module = String(parts?.[0]);
        const reversed = `export default (given) => {
            if (new TextDecoder().decode(given.data).includes('"revision":"pending'))
                return new Promise((go) => window.held.push(() => go(viewer(given))));
            const end = viewer(given);
            window.held.forEach((go) => go());
            return end;
        };
        function viewer`;
        super(module.includes("class Viewer") ? [module.replace("export default function", reversed)] : parts, options);
    }
};"""
"""Hands the last message over to the viewer before all others."""

CLICK_AND_LOSE = "button => { window.clicked = true; button.click(); }"


def parameters(visitor):
    return dict(parse_qsl(urlsplit(visitor.page.url).query))


def test_opens_on_two_landscapes_with_their_paths_curves_and_activations(visitor):
    page = visitor().open().page
    assert page.get_attribute(".lv", "data-ready") == "9"
    assert page.locator(SCENES).count() == 2
    assert page.get_by_text("What to notice").first.is_visible()
    assert page.locator(".lv-stale").count() == 0
    assert urlsplit(page.url).query == ""


def test_another_normalization_changes_the_picture_and_leaves_the_camera(visitor):
    one = visitor().open(SMALL)
    turned = {"eye": {"x": 0.4, "y": 1.9, "z": 0.7}, "center": {"x": 0, "y": 0, "z": 0}, "up": {"x": 0, "y": 0, "z": 1}}
    one.page.eval_on_selector(SCENES, "(plot, camera) => Plotly.relayout(plot, {'scene.camera': camera})", turned)
    eyes = f"() => Array.from(document.querySelectorAll('{SCENES}'), {CAMERA}).map(({{eye}}) => eye.x)"
    one.page.wait_for_function(f"() => ({eyes})().every((x) => Math.abs(x - 0.4) < 1e-6)")  # the other one follows
    before = one.pictures()
    one.after(lambda: one.select("Network 2: normalization", "layer normalization"))
    after = one.pictures()
    assert after[0][0] == before[0][0]
    assert after[0][1] != before[0][1]
    assert one.page.evaluate(eyes) == pytest.approx([0.4, 0.4])
    for eye in one.page.eval_on_selector_all(SCENES, "plots => plots.map((plot) => plot.layout.scene.camera.eye)"):
        assert eye == pytest.approx(turned["eye"])


def test_a_link_gives_the_same_picture_to_somebody_else(visitor):
    one = visitor().open(FLAT)
    before = one.pictures()
    one.after(lambda: one.select("Network 1: normalization", "RMS normalization"))
    one.after(lambda: one.page.get_by_role("button", name="New seed").click())
    other = visitor()
    other.page.goto(one.page.url)
    other.settled()
    assert parameters(one)["v1_normalization"] == "rms"
    assert parameters(one)["seed"] == "4"
    assert other.page.url == one.page.url
    assert other.pictures() == one.pictures() != before
    assert other.curves("Training loss") == one.curves("Training loss")


def test_slider_and_play_move_the_paths_without_asking_the_server(visitor):
    one = visitor().open(FLAT)
    path = "() => Math.min(...document.querySelectorAll('.lv-row')[1].querySelector('.js-plotly-plot')._fullData"
    lengths = (
        f"{path}.filter(({{type, mode}}) => type === 'scatter' && mode.includes('lines')).map(({{x}}) => x.length))"
    )
    whole, sent = one.page.evaluate(lengths), one.sent
    slider = one.page.get_by_role("slider", name="Step of training")
    slider.press("Home")
    one.page.wait_for_selector('.lv[data-snapshot="0"]')
    assert one.page.evaluate(lengths) == 1 < whole
    assert "step 0 of 25" in one.page.inner_text(".lv-bar")
    one.page.get_by_role("button", name="Play the training").click()
    one.page.wait_for_function(f"({lengths})() === {whole}")
    assert one.sent == sent


def test_a_large_learning_rate_diverges_without_normalization_and_not_with_it(visitor):
    one = visitor().open(f"learning_rate=2&{LITTLE}")
    found = re.search(r"no normalization diverged at step (\d+)", one.page.inner_text("[data-testid=stMain]"))
    assert int(found[1]) < 10
    assert one.curves("Test accuracy")["BatchNorm"][-1] > 0.95


def test_raw_wine_needs_a_normalization(visitor):
    accuracy = visitor().open(f"dataset=wine&batch_size=256&{LITTLE}").curves("Test accuracy")
    assert accuracy["no normalization"][-1] < 0.5
    assert accuracy["BatchNorm"][-1] > 0.75


def test_a_bad_link_gives_the_defaults_and_a_message_for_each_value(visitor):
    one = visitor().open(f"{FLAT}&learning_rate=banana&seed=1e400&nonsense=1")
    alerts = " ".join(one.page.get_by_role("alert").all_inner_texts())
    for words in ("learning_rate in the link", "'banana'; 0.1 is used", "seed in the link", "'nonsense'"):
        assert words in alerts
    assert "Traceback" not in one.page.inner_text("body")
    assert parameters(one) == dict(parse_qsl(FLAT))


def test_settings_that_do_not_fit_are_explained_and_can_be_left(visitor):
    one = visitor()
    one.page.goto(f"{one.address}/?{FLAT}&batch_size=1")
    one.says("one example has no variance")
    one.select("Network 2: normalization", "layer normalization")
    one.settled()
    assert one.page.get_by_text("one example has no variance").count() == 0


def test_a_question_is_one_click_and_reset_another(visitor):
    one = visitor().open(FLAT)
    one.page.get_by_text("questions to try").click()
    one.page.get_by_role("button", name="And a real table").click()
    one.page.wait_for_url(lambda address: urlsplit(address).query == "ask=real-table")
    one.page.get_by_role("button", name="Reset", exact=True).click()
    one.page.wait_for_url(lambda address: urlsplit(address).query == "")


def test_balls_are_dropped_by_the_keyboard_and_by_a_click_and_taken_back(visitor):
    one = visitor().open(FLAT)
    drop, back = (one.page.get_by_role("button", name=name) for name in ("Drop another ball", "Take the last one back"))
    for _ in range(2):
        one.after(lambda: drop.press("Enter"))
    expect(drop).to_be_focused()
    assert parameters(one)["more_balls"] == "50~50"
    landscape = one.page.locator(".lv-stage").nth(1)
    place = {"x": 120, "y": 120}
    landscape.hover(position=place)
    one.page.wait_for_selector(".hovertext")
    one.after(lambda: landscape.click(position=place))
    assert parameters(one)["more_balls"].startswith("50~50_")
    for _ in range(3):
        one.after(lambda: back.press("Enter"))
    assert parameters(one) == dict(parse_qsl(FLAT))


def test_a_term_of_a_notice_is_explained_and_leads_nowhere(visitor):
    one = visitor().open(FLAT)
    term = one.page.locator('.stAlert a[href="#term"]').first
    assert term.get_attribute("title").endswith(".")
    before = one.page.url
    term.click()
    expect(term).to_be_focused()
    assert one.page.url == before
    assert one.page.locator(".lv-caption abbr").count() > 0


def test_back_goes_back_to_the_settings_before(visitor):
    one = visitor().open(FLAT)
    before = one.pictures()
    one.after(lambda: one.page.get_by_role("button", name="New seed").click())
    assert parameters(one) == dict(parse_qsl(FLAT)) | {"seed": "4"}
    assert one.pictures() != before
    one.after(one.page.go_back)
    assert parameters(one) == dict(parse_qsl(FLAT))
    assert one.pictures() == before


def test_a_slow_browser_keeps_the_defaults(visitor):
    one = visitor()
    browser = one.page.context.new_cdp_session(one.page)
    browser.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    try:
        one.open(f"{FLAT}&seed=4")
        one.after(lambda: one.page.get_by_role("button", name="New seed").click())
        assert parameters(one) == dict(parse_qsl(FLAT)) | {"seed": "5"}
    finally:
        browser.send("Emulation.setCPUThrottlingRate", {"rate": 1})  # the next visitor gets the window
        browser.detach()


def test_a_teacher_hides_the_controls(visitor):
    one = visitor().open(f"{FLAT}&controls=none")
    assert one.page.get_by_role("combobox").count() == 0
    assert one.page.get_by_test_id("stSlider").count() == 0
    assert one.page.get_by_role("button", name="New seed").count() == 0
    assert parameters(one) == dict(parse_qsl(FLAT)) | {"controls": "none"}


def test_a_page_whose_news_get_lost_asks_for_them(visitor):
    one = visitor(alone=True)
    one.page.add_init_script(LOSE)
    one.open("drawing=contour&seed=88")
    one.after(lambda: one.page.get_by_role("button", name="New seed").evaluate(CLICK_AND_LOSE))
    assert one.page.evaluate("[window.lost > 0, window.losing]") == [True, False]


def test_messages_out_of_order_leave_the_last_one_drawn(visitor):
    one = visitor(alone=True)
    one.page.add_init_script(REVERSE)
    one.open("drawing=contour&seed=89&num_steps=1500")
    assert one.page.evaluate("window.held.length") > 0
    assert one.page.locator(".lv-stale").count() == 0


def test_every_plot_fits_its_place_when_networks_are_added(visitor):
    one = visitor().open(f"{FLAT}&variants=1")
    one.after(lambda: one.page.get_by_role("radio", name="3", exact=True).click())
    one.page.wait_for_function("""() => Array.from(document.querySelectorAll('.js-plotly-plot')).every((plot) =>
        Math.abs(plot._fullLayout.width - plot.clientWidth) < 2)""")


def test_a_phone_needs_no_sideways_scrolling(visitor):
    one = visitor(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).open(SMALL)
    for element in ("html", "[data-testid=stMain]", ".lv"):
        wide, room = one.page.eval_on_selector(element, "element => [element.scrollWidth, element.clientWidth]")
        assert wide <= room <= 390
    for plot in one.page.locator(".js-plotly-plot").all():
        assert plot.bounding_box()["width"] > 250


def test_the_dark_theme_draws_light_text_on_dark(visitor):
    one = visitor(color_scheme="dark").open(FLAT)
    font = one.page.eval_on_selector(".js-plotly-plot", "plot => plot._fullLayout.font.color")
    assert min(channels(one, font)) > 200
    background = one.page.eval_on_selector("[data-testid=stApp]", "app => getComputedStyle(app).backgroundColor")
    assert max(channels(one, background)) < 60


def channels(visitor, colour):
    """Return red, green and blue of a colour as the browser reads it."""
    style = (
        "colour => { const probe = document.createElement('i'); probe.style.color = colour; return probe.style.color }"
    )
    return [int(number) for number in re.findall(r"\d+", visitor.page.evaluate(style, colour))[:3]]


def test_a_folded_group_stays_open_when_a_control_in_it_is_moved(visitor):
    one = visitor().open(FLAT)
    one.page.get_by_text("More about the data").click()
    noise = one.page.get_by_role("slider", name="Noise")
    one.after(lambda: noise.press("ArrowRight"))
    one.page.get_by_text("More about the data (2 changed)").wait_for()
    assert noise.is_visible()
    once = parameters(one)["noise"]
    one.after(lambda: noise.press("ArrowRight"))
    assert float(parameters(one)["noise"]) > float(once) > 0.2


def test_an_old_path_goes_where_there_is_none(visitor):
    one = visitor().open(FLAT)
    paths = ".lv-row[data-group=path] .lv-plot:has(.main-svg)"
    assert one.page.locator(paths).count() == 2
    one.after(lambda: one.select("Dataset", "wine"))
    assert "No path: it diverged" in one.page.inner_text(".lv-row[data-group=path]")
    assert one.page.locator(paths).count() == 1


def test_reset_clears_a_number_that_was_refused(visitor):
    one = visitor().open(FLAT)
    one.page.get_by_text("More about training").click()
    seed = one.page.get_by_role("spinbutton", name="Seed")
    seed.fill("99999999999999999999")
    seed.press("Enter")
    one.page.get_by_role("button", name="Reset", exact=True).click()
    expect(one.page.get_by_role("spinbutton", name="Seed")).to_have_value("3")


def test_the_first_page_opens_by_the_name_of_its_file(visitor):
    one = visitor()
    one.page.goto(f"{one.address}/compare?{FLAT}&seed=4")
    one.settled()
    assert urlsplit(one.page.url).path == "/"
    assert parameters(one) == dict(parse_qsl(f"{FLAT}&seed=4"))
    assert one.page.get_by_text("Page not found").count() == 0
