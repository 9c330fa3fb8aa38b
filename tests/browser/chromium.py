"""Find a Chromium for the tests in a browser, or get one. `python tests/browser/chromium.py` does it before them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What an installed one is called on the path."""

REASON = (
    "no Chromium works here: none is installed, Playwright's own could not be downloaded, and there is no package of "
    "the distribution. Install Chromium, so that `chromium` is on the path, and run the tests again."
)


def find() -> str | None:
    """Return the path of a Chromium that works: an installed one, else Playwright's own; None where there is none."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    with sync_playwright() as playwright:
        found.append(playwright.chromium.executable_path)
    # Some distributions put a script there that only tells how to install it; a download may lack a system library.
    return next((path for path in found if _succeeds([path, "--version"], seconds=60)), None)


def get() -> str | None:
    """Return the path of a Chromium as `find` does, after having got one where there is none."""
    root = [] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["sudo", "-n"]
    ways = (
        [[sys.executable, "-m", "playwright", "install", "chromium"]],
        [[*root, "apt-get", "update"], [*root, "apt-get", "install", "--yes", "chromium"]],
    )
    for commands in ways:
        if path := find():
            return path
        for command in commands:
            _succeeds(command, seconds=600)
    return find()


def _succeeds(command: Sequence[str], seconds: float) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=seconds).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    sys.stderr.write(f"Browser: {get() or REASON}\n")
