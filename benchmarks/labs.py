"""Measure the other labs in a browser: `python -m benchmarks.labs [--write]` in the root."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.harness import OF, PARTS, Times
from benchmarks.page import ALL, FLAGS, FORGET, NOTE_PICTURES, PATIENCE, REPEATS, Measure, at_rest, serve, show
from tests.browser.chromium import REASON, find

QUIET = 0.5
"""Seconds without a picture after which all of them are there."""

FIRST = """() => {
    const first = window.pictures.find(({inView, filled}) => inView && filled);
    return first && (first.at - window.begin) / 1000;
}"""
"""Seconds to the first picture in view, once it is there."""

TRAINED = ("activations", "covariate_shift", "smoothness", "curvature", "invariance", "robustness", "inference")
"""The labs of trainings, beside the comparison."""

SEEDS = 3
"""How many new seeds each of them is given."""

SETTLED = (
    """(quiet) => performance.now() - Math.max(window.begin, ...window.pictures.map(({at}) => at)) > 1000 * quiet"""
)

PICTURES = "() => window.pictures.map((one) => ({...one, at: (one.at - window.begin) / 1000}))"


def opened(browser: Browser, address: str, link: str) -> Page:
    """Return a window on a link, of somebody with a session of their own, that notes its pictures from now on."""
    page = browser.new_context(viewport={"width": 1300, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(f"{address}/{link}")
    at_rest(page)
    page.evaluate(FORGET)
    page.wait_for_function(SETTLED, arg=QUIET)
    page.evaluate(NOTE_PICTURES)
    return page


def sliders(browser: Browser, address: str) -> list[Measure]:
    """Return how long the bowls of two weights take from an arrow key on each slider to the pictures in view."""
    page = opened(browser, address, "two_weights")
    times: dict[str, list[float]] = {}
    every: dict[str, list[float]] = {}
    for slider in page.get_by_test_id("stSlider").locator("input").all():
        if not slider.is_visible():
            continue
        name = slider.get_attribute("aria-label") or ""
        slider.evaluate("slider => slider.scrollIntoView()")  # to the top, so that its pictures are in view
        slider.focus()
        for i in range(REPEATS + 1):
            page.evaluate(FORGET)
            slider.press("ArrowLeft" if i % 2 else "ArrowRight")
            page.wait_for_function(SETTLED, arg=QUIET)
            at_rest(page)
            seen = page.evaluate(PICTURES)
            if i:  # the first pays for what the others find
                times.setdefault(name, []).append(max(one["at"] for one in seen if one["inView"]))
                every.setdefault(name, []).append(max(one["at"] for one in seen))
    page.context.close()
    medians = sorted(((Times(tuple(own)), name) for name, own in times.items()), key=lambda one: one[0].median)
    slowest, name = medians[-1]
    all_ = max((Times(tuple(own)) for own in every.values()), key=lambda own: own.median)
    return [
        Measure(f"two weights, the slowest of {len(medians)} sliders ({name}): pictures in view", slowest, " s", 0.3),
        Measure("two weights, the median slider: pictures in view", medians[len(medians) // 2][0], " s", 0.3),
        Measure("two weights, the slowest slider: all pictures of the page", all_, " s"),
    ]


def trained(browser: Browser, address: str, lab: str) -> list[Measure]:
    """Return how long a lab of trainings takes from a new seed to its first picture in view, and to all of its pictures."""
    page = opened(browser, address, lab)
    first, last = [], []
    for _ in range(SEEDS + 1):
        page.evaluate(FORGET)
        page.get_by_role("button", name="New seed").click()
        first.append(page.wait_for_function(FIRST).json_value())
        last.append(page.wait_for_function(ALL).json_value())
        at_rest(page)
        page.wait_for_function(SETTLED, arg=QUIET)
    page.context.close()
    return [
        Measure(f"from a new seed to the first picture{OF}{lab}", Times(tuple(first[1:])), " s", 1.0),
        Measure(f"from a new seed to all pictures{OF}{lab}", Times(tuple(last[1:])), " s", 4.0),
    ]


def measures() -> Iterator[Measure]:
    """Yield all measures, one after the other."""
    path = find()
    if path is None:
        sys.exit(REASON)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with serve() as (address, _):
            yield from sliders(browser, address)
            for lab in TRAINED:
                yield from trained(browser, address, lab)
        browser.close()


if __name__ == "__main__":
    show(measures(), PARTS[2])
