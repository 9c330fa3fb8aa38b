"""A server of the app and a Chromium, both started once; and a visitor, who has a window of their own.

Nothing sleeps: every wait is for a condition of the page.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect, sync_playwright

from tests.browser.chromium import REASON, find

ROOT = Path(__file__).parents[2]
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader")
PATIENCE = 120_000
"""Milliseconds: a machine without a graphics card takes seconds for the first picture in three dimensions."""

WINDOW = {"viewport": {"width": 1300, "height": 900}, "reduced_motion": "reduce"}
"""What a window is like where nothing else is said: nothing in it moves by itself, which would be drawn all the time."""

DONE = """() => {
    const revisions = Array.from(document.querySelectorAll(".lv"), (viewer) => viewer.dataset.revision ?? "pending");
    return revisions[0]?.startsWith("done") && !revisions.some((revision) => revision.startsWith("pending"));
}"""
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'

PICTURES = """() => Array.from(document.querySelectorAll('.lv-row')).slice(0, 2).map((row) =>
    Array.from(row.querySelectorAll('.js-plotly-plot')).map((plot) => {
        const drawn = plot._fullData.find(({type}) => ['surface', 'contour', 'heatmap'].includes(type));
        return Array.from(drawn.z, (values) => Array.from(values));
    }))"""

CURVES = """(title) => {
    const panel = Array.from(document.querySelectorAll('.lv-panel')).find((panel) =>
        panel.querySelector('.lv-title').textContent === title);
    const traces = panel.querySelector('.js-plotly-plot')._fullData;
    return Object.fromEntries(traces.map(({name, y}) => [name, Array.from(y)]));
}"""


class Visitor:
    """Somebody with the page before them."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.sent = page, address, 0
        page.set_default_timeout(PATIENCE)
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._count)

    def _count(self, _: Any) -> None:
        self.sent += 1

    def open(self, link: str = "") -> Visitor:
        """Go to the app with the parameters of a link and wait until everything is drawn."""
        self.page.goto(f"{self.address}/?{link}")
        return self.settled()

    def settled(self) -> Visitor:
        """Wait until everything is drawn and the page has come to rest."""
        self.page.wait_for_function(DONE)
        self.page.wait_for_selector(IDLE)
        return self

    def after(self, act: Callable[[], Any]) -> Visitor:
        """Act, and wait until everything that follows from it is drawn."""
        self.page.eval_on_selector(".lv", "viewer => delete viewer.dataset.revision")
        act()
        return self.settled()

    def select(self, label: str, option: str) -> None:
        """Choose an option of the control of that label."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_role("option", name=option, exact=True).click()

    def pictures(self) -> list[list[list[list[float]]]]:
        """Return the heights that are drawn: of the landscapes, then of the planes of the paths."""
        return self.page.evaluate(PICTURES)

    def curves(self, title: str) -> dict[str, list[float]]:
        """Return the curves of a panel by the name of the network."""
        return self.page.evaluate(CURVES, title)

    def says(self, text: Any) -> None:
        """Wait until the page says this."""
        expect(self.page.get_by_test_id("stMain")).to_contain_text(text)

    def leave(self) -> None:
        """Leave the window as the next one finds it: empty, with nothing stored."""
        self.page.remove_listener("websocket", self._listen)
        self.page.mouse.move(0, 0)
        if self.page.url.startswith(self.address):
            self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        self.page.goto("about:blank")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a server of the app. At the end its log must be free of tracebacks."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    options = {"headless": "true", "port": port, "address": "localhost"}
    flags = [f"--server.{name}={value}" for name, value in options.items()]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *flags],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    log, ready = [], threading.Event()

    def listen() -> None:
        for line in server.stdout:
            log.append(line)
            if "You can now view" in line:
                ready.set()
        ready.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    ready.wait(PATIENCE / 1000)
    assert server.poll() is None, "".join(log)
    yield f"http://localhost:{port}"
    server.terminate()
    server.wait()
    listener.join()
    server.stdout.close()
    assert "Traceback" not in "".join(log), "".join(log)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium. Without one these tests are skipped, which is a failure where CI=true."""
    path = find()
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(REASON)
    elif path is None:
        pytest.skip(REASON)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def windows(browser: Browser) -> dict[str, list[Page]]:
    """The windows that nobody uses now, by what they are like. One that showed the app before has read its scripts, which
    is half the work of a visit."""
    return defaultdict(list)


@pytest.fixture
def visitor(browser: Browser, address: str, windows: dict[str, list[Page]]) -> Iterator[Callable[..., Visitor]]:
    """Make visitors: each has a window, a session and an empty storage of their own. Options are those of the window.

    alone: in a window that nobody had before and nobody gets afterwards, for what is done to it stays.
    """
    came: list[tuple[Visitor, str | None]] = []

    def visit(alone: bool = False, **options: Any) -> Visitor:
        options = WINDOW | options
        viewport = options.pop("viewport")
        kind = None if alone else json.dumps(options, sort_keys=True)
        page = windows[kind].pop() if kind and windows[kind] else browser.new_context(**options).new_page()
        page.set_viewport_size(viewport)
        came.append((Visitor(page, address), kind))
        return came[-1][0]

    yield visit
    for one, kind in came:
        if kind is None:
            one.page.context.close()
        else:
            one.leave()
            windows[kind].append(one.page)
