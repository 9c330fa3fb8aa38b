"""The layers: who may import whom, read from the sources, and each rule seen to fail on a planted import."""

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Rule:
    """What the modules under a path may import beside the standard library, and of that what they may not."""

    allowed: tuple[str, ...]
    never: tuple[str, ...] = ()


RULES = {
    "models": Rule(("torch", "models")),
    "landscape": Rule(("torch", "numpy", "scipy", "models", "landscape"), never=("landscape.figures",)),
    "landscape/figures": Rule(("plotly", "numpy", "landscape")),
    "pages": Rule(("streamlit", "landscape", "pages")),
    "app.py": Rule(("streamlit",)),
}
"""By path; the longest one that fits a file rules it."""

LAZY = {"landscape/jobs.py": ("dask", "distributed", "threadpoolctl")}
"""What a module may import inside of functions alone."""


def within(name: str, packages: tuple[str, ...], separator: str = ".") -> bool:
    """Return whether a module (or path) is one of the packages or lies in one."""
    return any(name == package or name.startswith(package + separator) for package in packages)


def sources(root: Path) -> list[Path]:
    """Return the files of a tree that a rule speaks of."""
    return sorted(
        {path for where in RULES for path in (root.glob(where) if "." in where else root.glob(f"{where}/**/*.py"))}
    )


def imports(source: str, package: str) -> list[tuple[str, bool]]:
    """Return every module that a source imports, wherever in it, and whether only inside of a function.

    package: in which the source lies, for relative imports.
    """
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lazy = {inner for function in functions for inner in ast.walk(function)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node in lazy) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
            base = base if node.level else node.module
            found += [(f"{base}.{alias.name}", node in lazy) for alias in node.names]
    return found


def violations(root: Path) -> list[str]:
    """Return each forbidden import of a tree as `path: module`."""
    found = []
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        rule = RULES[max((where for where in RULES if within(name, (where,), "/")), key=len)]
        for module, lazy in imports(path.read_text(), ".".join(Path(name).parts[:-1])):
            if module.split(".")[0] in sys.stdlib_module_names or (lazy and within(module, LAZY.get(name, ()))):
                continue
            if not within(module, rule.allowed) or within(module, rule.never):
                found.append(f"{name}: {module}")
    return found


def test_every_layer_imports_only_what_lies_below():
    assert violations(ROOT) == []


def test_the_rules_see_the_whole_house():
    files = [path.relative_to(ROOT).as_posix() for path in sources(ROOT)]
    for where in RULES:
        assert any(within(name, (where,), "/") for name in files), where
    assert {"models/normalization/batch.py", "pages/components/controls.py", "landscape/jobs.py"} <= set(files)


PLANTED = {
    "models/a.py": ["import landscape", "import numpy", "import plotly.io", "import streamlit as st", "import pages.a"],
    "models/normalization/a.py": ["from landscape.data import load", "from ...landscape import data"],
    "landscape/a.py": [
        "import plotly",
        "import streamlit",
        "from pages.components import controls",
        "from landscape.figures import theme",
        "from landscape import figures",
        "from . import figures",
        "def f():\n    from plotly import graph_objects",
        "import dask",
        "def f():\n    import dask.distributed",
        "import sklearn.datasets",
    ],
    "landscape/jobs.py": ["import dask", "from distributed import Client", "class A:\n    import dask"],
    "landscape/figures/a.py": ["import torch", "from models.network import NetworkConfig", "import streamlit"],
    "pages/a.py": ["import torch", "import numpy as np", "from models import mlp", "from plotly import graph_objects"],
    "pages/components/a.py": ["def f():\n    import torch", "if True:\n    import numpy", "import app"],
    "app.py": ["import landscape", "from pages import compare", "import torch", "import numpy, streamlit"],
}

ALLOWED = {
    "models/a.py": "import torch, math\nfrom models.layout import Layout\nfrom . import mlp",
    "landscape/a.py": "import scipy.sparse\nfrom landscape.data import load\nfrom models.network import Kind",
    "landscape/jobs.py": "def f():\n    from distributed import Client\n    import dask",
    "landscape/figures/a.py": "import plotly, numpy\nfrom landscape.surfaces import Surface",
    "pages/components/a.py": "import streamlit\nfrom landscape.figures import theme\nfrom pages.components import b",
    "app.py": "import gc\nimport streamlit as st",
    "benchmarks/a.py": "import torch, streamlit",
}


def plant(root: Path, name: str, source: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(source)


@pytest.mark.parametrize(("name", "source"), [(name, source) for name, many in PLANTED.items() for source in many])
def test_a_planted_import_is_found(tmp_path, name, source):
    plant(tmp_path / "house", name, source)
    assert len(violations(tmp_path / "house")) == 1


@pytest.mark.parametrize(("name", "source"), ALLOWED.items())
def test_an_allowed_import_passes(tmp_path, name, source):
    plant(tmp_path / "house", name, source)
    assert violations(tmp_path / "house") == []
