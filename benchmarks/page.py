"""Measure the comparison page in a browser: `python -m benchmarks.page [--write]`."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.harness import MEDIAN, PARTS, Times, write
from tests.browser.chromium import REASON, find

ROOT = Path(__file__).parents[1]
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader")
PATIENCE = 120
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
"""No script of the page runs."""

FLAT = "drawing=contour"
"""The default comparison without WebGL."""

REPEATS = 8

NOTE_RESULTS = """
window.WebSocket = class extends WebSocket {
    constructor(...given) {
        super(...given);
        this.addEventListener("message", ({ data }) => {
            if (data instanceof ArrayBuffer && new TextDecoder("latin1").decode(data).includes('"done '))
                window.resultsAt ??= performance.now();
        });
    }
};"""
"""Notes when the first message with all results of the server comes."""

CHANGE = """() => new Promise((resolve) => {
    const before = document.querySelector(".lv").dataset.revision;
    const begin = performance.now();
    window.pictures = [];
    window.resultsAt = undefined;
    const found = {};
    let signed = false;
    const look = () => {
        const shown = document.querySelector("[data-testid=stProgress], .lv-stale");
        // What the page holds is seen in the next frame.
        if (shown && !signed) {
            signed = true;
            requestAnimationFrame(() => (found.sign = performance.now() - begin));
        }
        const revision = document.querySelector(".lv").dataset.revision ?? "";
        if (!revision.startsWith("done") || revision === before) return;
        observer.disconnect();
        found.pictures = performance.now() - begin;
        found.landscapes = window.pictures.filter(({landscape}) => landscape)[1].at - begin;
        found.results = window.resultsAt - begin;
        found.sign ??= found.pictures;
        resolve(found);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { attributes: true, childList: true, subtree: true });
    Array.from(document.querySelectorAll("button")).find((one) => one.textContent.includes("New seed")).click();
})"""
"""Press New seed; answer after how many milliseconds there was a sign of life, all results, and all pictures."""


NOTE_PICTURES = """() => {
    const react = window.Plotly.react;
    window.Plotly.react = async (plot, ...given) => {
        const result = await react(plot, ...given);
        const {top, bottom} = plot.getBoundingClientRect();
        // What a plot holds is seen in the next frame.
        requestAnimationFrame(() => {
            const filled = plot._fullData.some(({x, y, z}) => (z ?? y ?? x)?.length);
            const inView = bottom > 0 && top < window.innerHeight;
            const landscape = plot._fullData.some(({type}) => ["surface", "contour"].includes(type));
            window.pictures.push({at: performance.now(), inView, filled, landscape});
        });
        return result;
    };
}"""
"""Notes each picture when it is seen: whether it is in view, there is something in it, and what."""

FORGET = """() => {
    document.querySelectorAll(".lv").forEach((viewer) => delete viewer.dataset.revision);
    window.pictures = [];
    window.begin = performance.now();
}"""
"""Begins to measure: the pictures from now on, and when all viewers have drawn theirs."""

ALL = """() => {
    const revisions = Array.from(document.querySelectorAll(".lv"), ({ dataset }) => dataset.revision ?? "pending");
    const all = revisions[0]?.startsWith("done") && !revisions.some((revision) => revision.startsWith("pending"));
    return all && (performance.now() - window.begin) / 1000;
}"""
"""Seconds to all pictures, once they are there."""


@dataclass(frozen=True)
class Measure:
    """One thing that was measured, and the most that it may be; None where nothing is asked."""

    name: str
    values: Times
    unit: str
    budget: float | None = None

    def line(self) -> str:
        """Return a row of a table in Markdown."""
        met = budget = ""
        if self.budget is not None:
            met = "yes" if self.values.median <= self.budget else "no"
            budget = f"{self.budget:g}{self.unit}"
        return f"| {self.name} | {self.values.text(self.unit)} | {budget} | {met} |"


@contextmanager
def serve() -> Iterator[tuple[str, int]]:
    """Run the app on a free port; give its address and the number of its process."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    options = {"headless": "true", "port": port, "address": "localhost"}
    flags = [f"--server.{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *flags]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        for _ in range(PATIENCE * 10):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait()


def opened(browser: Browser, address: str, link: str) -> Page:
    """Return a window on a link, of somebody with a session of their own, when all is drawn and at rest."""
    page = browser.new_context(viewport={"width": 1300, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.add_init_script(NOTE_RESULTS)
    page.goto(f"{address}/?{link}")
    at_rest(page)
    return page


def at_rest(page: Page) -> None:
    """Wait until all is drawn and no script of the page runs."""
    page.wait_for_selector('.lv[data-revision^="done"]')
    page.wait_for_selector("[data-testid=stProgress]", state="detached")
    page.wait_for_selector(IDLE)


def changes(browser: Browser, address: str, link: str, what: str) -> list[Measure]:
    """Return how long the comparison page takes from a changed control to its pictures."""
    page = opened(browser, address, link)
    page.evaluate(NOTE_PICTURES)
    found = []
    for _ in range(REPEATS + 1):
        found.append(page.evaluate(CHANGE))
        at_rest(page)
    page.context.close()
    columns = {name: [one[name] / 1000 for one in found[1:]] for name in found[0]}
    columns["drawing"] = [all_ - had for all_, had in zip(columns["pictures"], columns["results"], strict=True)]
    names = {
        "sign": (f"{what}: first sign of life", 0.3),
        "landscapes": (f"{what}: a coarse landscape of each network", 0.5),
        "results": (f"{what}: all results in the browser", None),
        "drawing": (f"{what}: from there to all pictures, the browser's drawing", None),
        "pictures": (f"{what}: all final pictures", 1.5),
    }
    # The goals are those of the page as it opens.
    return [
        Measure(name, Times(tuple(columns[key])), " s", most if not link else None)
        for key, (name, most) in names.items()
    ]


def ball(browser: Browser, address: str) -> Measure:
    """Return how long a ball takes from the key that drops it to its path in all landscapes."""
    page = opened(browser, address, FLAT)
    found = []
    for i in range(REPEATS + 1):
        page.evaluate(FORGET)
        page.get_by_role("button", name=("Drop another ball", "Take the last one back")[i % 2]).press("Enter")
        found.append(page.wait_for_function(ALL).json_value())
        at_rest(page)
    page.context.close()
    return Measure(
        "comparison page, from a key to another ball's path, as contours", Times(tuple(found[2::2])), " s", 0.3
    )


def measures() -> Iterator[Measure]:
    """Yield all measures, one after the other."""
    path = find()
    if path is None:
        sys.exit(REASON)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with serve() as (address, _):
            yield from changes(browser, address, "", "comparison page")
            yield from changes(browser, address, f"{FLAT}&seed=1000", "the same as contours")
            yield ball(browser, address)
        browser.close()


def show(measures: Iterable[Measure], part: str) -> None:
    """Print a table that grows as it is measured; with `--write`, paste it where the part of this command stands."""
    lines = [f"| what | {MEDIAN} | budget | met |\n| --- | --- | --- | --- |"]
    print(*lines)
    for measure in measures:
        lines.append(measure.line())
        print(lines[-1], flush=True)
    if "--write" in sys.argv[1:]:
        write("\n".join(lines), part)


if __name__ == "__main__":
    show(measures(), PARTS[1])
