"""Measure many users at once, and the memory of the server: `python -m benchmarks.many [--write]`.

Thirty users with experiments of their own, thirty on one link, thirty browsers that go through one lesson, thirty pages of
all labs open at once.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ViewportSize, async_playwright

from benchmarks.harness import OF, PARTS, Times
from benchmarks.page import FLAGS, FLAT, PATIENCE, Measure, serve, show
from landscape import Experiment, Run, SurfaceScan, Training, View
from landscape.serving.jobs import Dispatcher, Job
from landscape.serving.workers import make_dispatcher
from landscape.teaching.lessons import LESSONS
from landscape.views import scan_of
from tests.browser.chromium import REASON, find

USERS = 30

NO_SCENES = "--disable-3d-apis"
"""Browsers that draw no scenes: in software, on the cores of the server, thirty of them would be what is measured."""

LESSON = LESSONS["why-normalize"]
"""The lesson that all go through."""

LABS = ("", *sorted({path.stem for path in (Path(__file__).parents[1] / "pages").glob("*.py")} - {"compare"}))
"""The pages by their addresses: the comparison is the bare one."""

WINDOW: ViewportSize = {"width": 1300, "height": 900}

AT_REST = """() => {
    const viewers = Array.from(document.querySelectorAll(".lv"));
    const begun = viewers.length || (location.pathname === "/reproductions" && document.querySelector("h1"));
    const drawn = viewers.every(({ dataset }) => dataset.revision?.startsWith("done"));
    const running = document.querySelector("[data-testid=stProgress], [data-test-script-state=running]");
    if (running || !begun || !drawn) window.since = undefined;
    else window.since ??= performance.now();
    return performance.now() - window.since > 1000;
}"""
"""Whether all pictures are drawn, and for a second nothing has been computed for the page."""

SAID = re.compile(r"^(You said|Here is what is found)")
"""How the answer to what was said begins."""


def resident(process: int, field: str = "VmRSS") -> float:
    """Return the memory of a process in MB, as Linux counts it; `VmHWM` is the most it ever was."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024 / 1e6


async def memory(browser: Browser, address: str, process: int) -> list[Measure]:
    """Return the memory of a new server with one page open, and with thirty of all labs, each with a seed of its own."""
    pages, one = [], 0.0
    for seed in range(USERS):
        page = await (await browser.new_context(viewport=WINDOW)).new_page()
        await page.goto(f"{address}/{LABS[seed % len(LABS)]}?{FLAT}&seed={seed}", timeout=PATIENCE * 1000)
        await page.wait_for_function(AT_REST, timeout=PATIENCE * 1000)
        pages.append(page)
        one = one or resident(process)
    all_, most = resident(process), resident(process, "VmHWM")
    for page in pages:
        await page.context.close()
    counted = [
        ("1 page open", one, None),
        (f"{USERS} pages of all labs open", all_, 690.0),
        ("the same, at most", most, 690.0),
    ]
    return [
        Measure(f"memory of the server{OF}{name}", Times((value,)), " MB", budget) for name, value, budget in counted
    ]


async def pupil(browser: Browser, address: str) -> float:
    """Go through the lesson, say the first choice at each question and wait for its answer; return the seconds it took."""
    page = await (await browser.new_context(viewport=WINDOW)).new_page()
    page.set_default_timeout(5 * PATIENCE * 1000)
    begin = time.perf_counter()
    await page.goto(f"{address}/?lesson={LESSON.name}")
    for at, step in enumerate(LESSON.steps, start=1):
        await page.get_by_text(f"{at} of {len(LESSON.steps)}").wait_for()
        await page.get_by_role("button", name=step.question.choices[0].text, exact=True).click()
        await page.get_by_text(SAID).first.wait_for()
        if at < len(LESSON.steps):
            await page.get_by_role("link", name="Next").click()
    took = time.perf_counter() - begin
    await page.context.close()
    return took


async def lesson(browser: Browser, address: str, process: int) -> list[Measure]:
    """Return how long thirty browsers that begin a lesson at once take to its last answer, and the server's memory."""
    took = Times(tuple(await asyncio.gather(*(pupil(browser, address) for _ in range(USERS)))))
    what = f"{USERS} browsers through a lesson of {len(LESSON.steps)} questions"
    return [
        Measure(f"{what}: each takes", took, " s"),
        Measure(f"{what}: slowest / median", Times((max(took.values) / took.median,)), "", 3.0),
        Measure(f"memory of the server{OF}{what}, at most", Times((resident(process, "VmHWM"),)), " MB", 690.0),
    ]


async def in_browsers(path: str, measure: Callable[[Browser, str, int], Awaitable[list[Measure]]]) -> list[Measure]:
    """Return what is measured of a new server in Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=(*FLAGS, NO_SCENES))
        with serve() as (address, process):
            found = await measure(browser, address, process)
        await browser.close()
    return found


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
    for measure in (memory, lesson):
        yield from asyncio.run(in_browsers(path, measure))


if __name__ == "__main__":
    show(measures(), PARTS[3])
