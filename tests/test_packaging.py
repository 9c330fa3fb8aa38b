"""The library as others install it: a wheel that holds all that it needs, and says what else must be there."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")

TRY = """
import sys
import torch
from pathlib import Path
import landscape, models
from landscape import Experiment, module_objective, top_eigenvalues, train
from landscape.figures.panel import Panel

installed = Path(sys.argv[1])
assert installed in Path(landscape.__file__).parents and installed in Path(models.__file__).parents
run = train(Experiment().replace(dataset="digits", normalization="batch", width=8, depth=1, num_steps=3))
assert run.loss.shape == (3,)
module = torch.nn.Linear(2, 1, bias=False)
# The mean of (w x)^2 over x = (1, 0) and (0, 2) has the Hessian diag(1, 4).
data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
objective = module_objective(module, torch.nn.functional.mse_loss, data)
print(float(top_eigenvalues(objective, objective.parameters).values[0]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy of all that lies here, offline, with the setuptools that is installed."""
    source, target = tmp_path_factory.mktemp("source") / "project", tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info"))
    build = (*PIP, "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(target), str(source))
    subprocess.run(build, check=True, capture_output=True, text=True)
    (made,) = target.glob("*.whl")
    return made


def test_the_wheel_holds_the_library_alone_and_all_of_it(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    there = {
        path.relative_to(ROOT).as_posix()
        for top in ("landscape", "models")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == there
    assert {"landscape/py.typed", "models/py.typed", "landscape/data/tables/digits.csv.gz"} <= held


def test_what_is_installed_trains_and_measures_from_elsewhere(wheel, tmp_path):
    target = tmp_path / "installed"
    subprocess.run(
        (*PIP, "install", "--no-deps", "--no-compile", "--no-index", "--target", str(target), str(wheel)),
        check=True,
        capture_output=True,
    )
    (tmp_path / "elsewhere").mkdir()
    found = subprocess.run(
        (sys.executable, "-c", TRY, str(target)),
        cwd=tmp_path / "elsewhere",
        env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert float(found.stdout) == pytest.approx(4.0, rel=1e-4)


def imported(top):
    """Return the packages of others that the modules below a folder import, anywhere."""
    found = set()
    for path in (ROOT / top).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"landscape", "models"}


def test_what_is_declared_is_what_is_imported_and_as_old_as_what_is_pinned():
    declared = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["cluster"]]
    least = dict(re.fullmatch(r"(\w+)>=([\d.]+)", one).groups() for one in declared)
    assert set(least) == imported("landscape") | imported("models")
    pinned = (ROOT / "requirements.txt").read_text() + (ROOT / "requirements-dev.txt").read_text()
    for name, version in least.items():
        assert re.search(rf"^{name}=={re.escape(version)}(\.|$)", pinned, re.MULTILINE), (name, version)
