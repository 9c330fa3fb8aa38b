"""The examples run as they stand, in any folder, and leave nothing in the project."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEFT = {"your_own_network": {"landscapes.html"}, "in_a_notebook": {"figures.html"}, "tour": set()}


ALONE = "tour"
"""Run in a process of its own, as a reader does; the others here, which does not import torch once more for each."""


def run_alone(name, folder):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-W", "error", "-m", f"examples.{name}"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_tried():
    assert {path.stem for path in (ROOT / "examples").glob("*.py")} == set(LEFT)


@pytest.mark.parametrize("name", LEFT)
def test_an_example_runs_and_leaves_only_what_it_says(name, tmp_path, monkeypatch, capsys):
    before = sorted((ROOT / "examples").glob("*.*"))
    if name == ALONE:
        printed = run_alone(name, tmp_path)
    else:
        monkeypatch.chdir(tmp_path)
        runpy.run_module(f"examples.{name}", run_name="__main__")
        printed = capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == LEFT[name]
    assert sorted((ROOT / "examples").glob("*.*")) == before
    heights = dict(re.findall(r"^ *(plain|BatchNorm): .* (?:up to|at most) ([0-9.]+)", printed, re.MULTILINE))
    plain, normalized = float(heights["plain"]), float(heights["BatchNorm"])
    assert plain > 2 * normalized
    assert "nan" not in printed
