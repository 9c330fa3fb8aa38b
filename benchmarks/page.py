"""Measure the comparison page in a browser, and many users at once: `python -m benchmarks.page [--write]`."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.harness import MEDIAN, PARTS, Times, write
from landscape import Experiment, Run, SurfaceScan, Training, View
from landscape.serving.jobs import Dispatcher, Job
from landscape.serving.workers import make_dispatcher
from landscape.views import scan_of
from tests.browser.chromium import REASON, find

ROOT = Path(__file__).parents[1]
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader")
PATIENCE = 120
FLAT = "drawing=contour"
"""The default comparison without WebGL, of which one browser cannot keep thirty pages."""

REPEATS, USERS = 8, 30

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
        found.results = window.resultsAt - begin;
        found.sign ??= found.pictures;
        resolve(found);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { attributes: true, childList: true, subtree: true });
    Array.from(document.querySelectorAll("button")).find((one) => one.textContent.includes("New seed")).click();
})"""
"""Press New seed; answer after how many milliseconds there was a sign of life, all results, and all pictures."""


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
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def changes(browser: Browser, address: str, link: str, what: str) -> list[Measure]:
    """Return how long the comparison page takes from a changed control to its pictures."""
    page = opened(browser, address, link)
    found = []
    for _ in range(REPEATS + 1):
        found.append(page.evaluate(CHANGE))
        at_rest(page)
    page.context.close()
    columns = {name: [one[name] / 1000 for one in found[1:]] for name in found[0]}
    columns["drawing"] = [all_ - had for all_, had in zip(columns["pictures"], columns["results"], strict=True)]
    names = {
        "sign": (f"{what}: first sign of life", 0.3),
        "results": (f"{what}: all results in the browser", None),
        "drawing": (f"{what}: from there to all pictures, the browser's drawing", None),
        "pictures": (f"{what}: all final pictures", 1.5),
    }
    return [Measure(name, Times(tuple(columns[key])), " s", most) for key, (name, most) in names.items()]


def resident(process: int, field: str = "VmRSS") -> float:
    """Return the memory of a process in MB, as Linux counts it; `VmHWM` is the most it ever was."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024 / 1e6


def memory(browser: Browser) -> list[Measure]:
    """Return the memory of a new server with one page open, and with thirty, each on two trainings of its own."""
    with serve() as (address, process):
        pages = [opened(browser, address, f"{FLAT}&seed=0")]
        one = resident(process)
        pages += [opened(browser, address, f"{FLAT}&seed={seed}") for seed in range(1, USERS)]
        all_, most = resident(process), resident(process, "VmHWM")
        for page in pages:
            page.context.close()
    counted = [("1 page open", one, None), (f"{USERS} pages open", all_, 690.0), ("the same, at most", most, 690.0)]
    return [Measure(f"memory of the server, {name}", Times((value,)), " MB", budget) for name, value, budget in counted]


def _scan(run: Run, view: View) -> SurfaceScan:
    return scan_of(run, view)


def ask(dispatcher: Dispatcher, experiment: Experiment, user: int, made: list[Experiment]) -> Any:
    """Ask for the surface of an experiment as a page does; `made` counts the trainings."""

    def make() -> Training:
        made.append(experiment)
        return Training([experiment])

    run = Job(f"run {experiment!r}", make, serial=True)
    view = View(resolution=21)
    return dispatcher.request(Job(f"surface {experiment!r} {view!r}", partial(_scan, view=view), (run,)), owner=user)


def crowd(experiments: list[Experiment]) -> tuple[Times, int]:
    """Return how long each of many users at once waits for a surface, and how many trainings there were."""
    dispatcher = make_dispatcher("threads")
    made: list[Experiment] = []
    begin = time.perf_counter()
    waiting = dict(enumerate(ask(dispatcher, one, user, made) for user, one in enumerate(experiments)))
    ends = []
    while waiting:
        time.sleep(0.005)
        for user in [user for user, ticket in waiting.items() if ticket.done]:
            if (error := waiting.pop(user).error) is not None:
                raise error
            ends.append(time.perf_counter() - begin)
    return Times(tuple(ends)), len(made)


def users() -> list[Measure]:
    """Return how thirty users at once are served, on thirty experiments and on one."""
    base = Experiment().replace(num_steps=100)
    apart, _ = crowd([base.replace(seed=seed) for seed in range(USERS)])
    ratio = Times((max(apart.values) / apart.median,))
    together, trainings = crowd([base] * USERS)
    return [
        Measure(f"{USERS} users, {USERS} experiments: each waits", apart, " s"),
        Measure(f"{USERS} users, {USERS} experiments: slowest / median", ratio, "", 3.0),
        Measure(f"{USERS} users, one link: each waits", together, " s"),
        Measure(f"{USERS} users, one link: trainings", Times((trainings,)), "", 1.0),
    ]


def measures() -> Iterator[Measure]:
    """Yield all measures, one after the other."""
    path = find()
    if path is None:
        sys.exit(REASON)
    yield from users()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        with serve() as (address, _):
            yield from changes(browser, address, "", "comparison page")
            yield from changes(browser, address, f"{FLAT}&seed=1000", "the same as contours")
        yield from memory(browser)
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
