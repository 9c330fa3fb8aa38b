"""What a server keeps in memory for good: what its pages import, and what they compute imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

LARGE = "('pandas', 'pyarrow', 'sympy', 'sklearn')"
"""Packages that a page and its networks do without: they stay in memory, and the first visitor waits for them."""

PAGES = f"""
import logging, sys
from pathlib import Path

logging.disable()
from tests.pages.support import ROOT, begun

for page in sorted((ROOT / "pages").glob("*.py")):
    begun(page.name)
    assert not (found := [name for name in {LARGE} if name in sys.modules]), (page.name, found)
"""

MEASURES = f"""
import sys
from landscape import Experiment, layer_jacobians, objective, spectral_density, top_eigenvalues, train

run = train(Experiment().replace(dataset="moons", normalization="layer", width=4, depth=2, num_steps=4))
top_eigenvalues(objective(run), run.parameters[-1])
spectral_density(objective(run), run.parameters[-1], probes=1, steps=4)
layer_jacobians(run)
assert not (found := [name for name in {LARGE} if name in sys.modules]), found
"""


def test_pages_import_no_large_package_of_which_they_need_nothing():
    after(PAGES)


def test_measures_import_no_large_package_of_which_they_need_nothing():
    after(MEASURES)


def after(script: str) -> None:
    """Run a script in a process of its own, and expect it to end well."""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
