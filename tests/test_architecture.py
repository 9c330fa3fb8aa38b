"""The layers: who may import whom, read from the sources, and each rule seen to fail on a planted import."""

import ast
import re
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ARRAYS = ("torch", "numpy", "scipy")
BELOW = (
    "models",
    "landscape.experiment",
    "landscape.serving.own_table",
    "landscape.data",
    "landscape.serving.devices",
    "landscape.serving.task",
)


@dataclass(frozen=True)
class Rule:
    """What the modules under a path may import beside the standard library, of that what they may not, and of this what yet."""

    allowed: tuple[str, ...]
    never: tuple[str, ...] = ()
    yet: tuple[str, ...] = ()

    def permits(self, module: str) -> bool:
        """Return whether a module may be imported."""
        return within(module, self.yet) or (within(module, self.allowed) and not within(module, self.never))


def room(name: str, *below: str) -> Rule:
    """Return the rule of a room of `landscape`: arrays, models, itself, and the rooms that lie below it."""
    allowed = (*ARRAYS, *BELOW, f"landscape.{name}", *(f"landscape.{one}" for one in below))
    return Rule(allowed, never=("models.fast",), yet=("models.fast.door",))


GEOMETRY = ("models.layout", "landscape.geometry", "landscape.serving.devices", "landscape.loss.objective")

RULES = {
    "models": Rule(("torch", "models"), never=("models.fast",)),
    "models/fast": Rule(("torch", "models")),
    "landscape/__init__.py": Rule(("landscape",), never=("landscape.figures", "landscape.labs", "landscape.teaching")),
    "landscape/experiment.py": Rule(
        ("models", "landscape.serving.own_table", "landscape.serving.memory"), never=("models.fast",)
    ),
    "landscape/serving/devices.py": Rule(("torch",)),
    "landscape/views.py": room("views", "loss", "training.run", "geometry", "internals"),
    "landscape/data": room("data"),
    "landscape/loss": room("loss", "training.run"),
    "landscape/training": room("training", "loss"),
    "landscape/geometry": Rule((*ARRAYS, *GEOMETRY, "landscape.serving.task")),
    "landscape/internals": room("internals", "loss", "training.run"),
    "landscape/dynamics": room("dynamics", "loss", "training", "geometry", "internals"),
    "landscape/serving": Rule(("numpy", "landscape.serving")),
    "landscape/serving/memory.py": Rule(("models.config",)),
    "landscape/figures": Rule(("plotly", "numpy", "landscape.figures")),
    "landscape/labs": Rule(("numpy", "models", "landscape"), never=("models.fast", "landscape.teaching")),
    "landscape/teaching": Rule(("landscape",), never=("landscape.figures",)),
    "pages": Rule(("streamlit", "landscape", "pages")),
    "pages/components/take.py": Rule(("streamlit", "landscape", "pages", "segno")),
    "app.py": Rule(("streamlit",)),
}
"""By path; the longest one that fits a file rules it. A file of `landscape` that none fits may import nothing."""

MEASURE = Rule((*ARRAYS, "models", "landscape"), never=("landscape.figures", "models.fast"))
"""Of what a lab measures that no other lab needs: `measure.py` or the package `measure` in its folder."""

KIT = {path.stem for path in (ROOT / "landscape" / "labs").glob("*.py")} - {"__init__"}
"""The modules that all labs share. Whatever else `landscape.labs` holds is a lab."""

LAZY = {
    "landscape/serving/workers.py": ("threadpoolctl", "torch"),
    "landscape/serving/cluster.py": ("distributed",),
    "landscape/serving/task.py": ("torch",),
}
"""What a module may import inside of functions alone."""


def within(name: str, packages: tuple[str, ...], separator: str = ".") -> bool:
    """Return whether a module (or path) is one of the packages or lies in one."""
    return any(name == package or name.startswith(package + separator) for package in packages)


def sources(root: Path) -> list[Path]:
    """Return the files of a tree that a rule speaks of."""
    return sorted(
        {path for top in ("models", "landscape", "pages") for path in root.glob(f"{top}/**/*.py")}
        | {path for path in [root / "app.py"] if path.exists()}
    )


def rule_of(name: str) -> Rule:
    """Return the rule of the file of that path."""
    if re.match(r"landscape/labs/\w+/measure(/|\.py)", name):
        return MEASURE
    fitting = [where for where in RULES if within(name, (where,), "/")]
    return RULES[max(fitting, key=len)] if fitting else Rule(())


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


def package_of(name: str) -> str:
    """Return the package in which the file of that path lies."""
    return ".".join(Path(name).parts[:-1])


def another_lab(name: str, module: str) -> bool:
    """Return whether the module is of a lab that is not the file's own. A page knows its own lab, and what draws none."""
    parts = module.split(".")
    if parts[:2] != ["landscape", "labs"] or len(parts) < 3 or parts[2] in KIT or name.startswith("landscape/__init__"):
        return False
    own = Path(name).parts[2] if name.startswith("landscape/labs/") else Path(name).stem
    return parts[2] != own


def violations(root: Path) -> list[str]:
    """Return each forbidden import of a tree as `path: module`."""
    found = []
    for path in sources(root):
        name = path.relative_to(root).as_posix()
        rule = rule_of(name)
        for module, lazy in imports(path.read_text(), package_of(name)):
            if module.split(".")[0] in sys.stdlib_module_names or (lazy and within(module, LAZY.get(name, ()))):
                continue
            if not rule.permits(module) or another_lab(name, module):
                found.append(f"{name}: {module}")
    return found


def circle(root: Path) -> list[str]:
    """Return the modules of an import circle, imports within functions and for types included; none if there is none."""
    names = {
        path.relative_to(root).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): path
        for path in sources(root)
    }
    graph = {}
    for name, path in names.items():
        package = package_of(path.relative_to(root).as_posix())
        modules = [module for module, _ in imports(path.read_text(), package)]
        # `from a import b` names the module a.b, or what the module a holds.
        graph[name] = {one if one in names else one.rpartition(".")[0] for one in modules} & set(names)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_every_layer_imports_only_what_lies_below():
    assert violations(ROOT) == []


def test_no_module_imports_itself_by_way_of_others():
    assert circle(ROOT) == []


def test_the_rules_see_the_whole_house():
    files = [path.relative_to(ROOT).as_posix() for path in sources(ROOT)]
    for where in RULES:
        assert any(within(name, (where,), "/") for name in files), where
    assert {"models/normalization/batch.py", "pages/components/controls.py", "landscape/serving/jobs.py"} <= set(files)


def test_landscape_shows_few_names_and_each_room_says_what_it_knows_of():
    names = {path.name.removesuffix(".py") for path in (ROOT / "landscape").iterdir()}
    assert len(names - {"__init__", "__pycache__", "py.typed"}) <= 12
    for init in (ROOT / "landscape").glob("*/__init__.py"):
        assert len(ast.get_docstring(ast.parse(init.read_text())).splitlines()[0]) > 20, init


def test_a_module_that_is_long_says_why():
    for path in sources(ROOT):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 300:
            assert re.search(r"\blong\b", ast.get_docstring(ast.parse(text)) or ""), path


PLANTED = {
    "models/a.py": [
        "import landscape",
        "import numpy",
        "import plotly.io",
        "import streamlit as st",
        "import pages.a",
        "from models.fast import backpropagation",
        "from models import fast",
    ],
    "models/normalization/a.py": ["from landscape.data import load", "from ...landscape import data"],
    "models/fast/a.py": ["import landscape.loss", "import numpy"],
    "landscape/a.py": ["import torch", "from landscape import data"],
    "landscape/__init__.py": ["from landscape.labs import compare", "from . import figures", "import torch"],
    "landscape/experiment.py": ["import torch", "from landscape import data", "from models.fast import perceptrons"],
    "landscape/views.py": ["from landscape.serving.jobs import Ticket", "from landscape.dynamics import shift"],
    "landscape/data/a.py": ["from landscape.loss import losses", "import plotly"],
    "landscape/loss/a.py": [
        "import plotly",
        "import streamlit",
        "from pages.components import controls",
        "from landscape.figures import theme",
        "from landscape import figures",
        "from .. import figures",
        "def f():\n    from plotly import graph_objects",
        "import dask",
        "def f():\n    import dask.distributed",
        "import sklearn.datasets",
        "from landscape.training.training import train",
        "if TYPE_CHECKING:\n    from landscape.geometry.planes import Plane",
        "from models.fast.perceptrons import PerceptronEvaluation",
        "import models.fast.kernels",
        "from models import fast",
    ],
    "landscape/training/a.py": ["from landscape.geometry import planes", "from landscape import views"],
    "landscape/geometry/a.py": [
        "from landscape.loss.network import NetworkObjective",
        "from models.network import Network",
        "from landscape.training.run import Run",
        "from landscape.experiment import Experiment",
    ],
    "landscape/internals/a.py": [
        "from landscape.training.training import train",
        "from landscape.dynamics import shift",
    ],
    "landscape/dynamics/a.py": ["from landscape.serving.jobs import Ticket", "from landscape import views"],
    "landscape/serving/cluster.py": ["import distributed", "class A:\n    from distributed import Client"],
    "landscape/serving/workers.py": [
        "def f():\n    import distributed",
        "import torch",
        "from landscape.training import training",
    ],
    "landscape/figures/a.py": [
        "import torch",
        "from models.network import NetworkConfig",
        "import streamlit",
        "from landscape.geometry.surfaces import Surface",
        "from landscape.labs.compare import words",
    ],
    "landscape/labs/a.py": [
        "import streamlit",
        "import torch",
        "import plotly",
        "from pages.components import compute",
        "from landscape.teaching.labs import labs",
    ],
    "landscape/teaching/a.py": [
        "import torch",
        "import streamlit",
        "from pages.components import compute",
        "from landscape.figures import theme",
        "from landscape.labs.a_lab import LAB",
    ],
    "pages/a.py": ["import torch", "import numpy as np", "from models import mlp", "from plotly import graph_objects"],
    "pages/a_lab.py": ["from landscape.labs.another_lab import LAB"],
    "pages/components/a.py": [
        "def f():\n    import torch",
        "if True:\n    import numpy",
        "import app",
        "from landscape.labs.a_lab import LAB",
    ],
    "app.py": ["import landscape", "from pages import compare", "import torch", "import numpy, streamlit"],
}

ALLOWED = {
    "models/a.py": "import torch, math\nfrom models.layout import Layout\nfrom . import mlp",
    "landscape/data/a.py": "import numpy\nfrom landscape.experiment import Experiment",
    "landscape/loss/a.py": "import scipy.sparse\nfrom landscape.data import load\nfrom models.fast import door",
    "landscape/geometry/a.py": "import torch\nfrom landscape.loss.objective import Objective",
    "landscape/serving/workers.py": "def f():\n    import torch, threadpoolctl",
    "landscape/serving/cluster.py": "def f():\n    from distributed import Client",
    "landscape/figures/a.py": "import plotly, numpy\nfrom landscape.figures import theme",
    "landscape/labs/a.py": "import numpy\nfrom landscape.geometry.surfaces import Surface\nfrom landscape import figures",
    "landscape/labs/a_lab/facts.py": "import numpy\nfrom landscape.labs.words import number\nfrom landscape.labs.a_lab import x",
    "landscape/labs/a_lab/measure.py": "import torch, scipy\nfrom landscape.labs.a_lab.request import Request",
    "landscape/labs/a_lab/measure/a.py": "import torch",
    "landscape/teaching/a.py": "from landscape.labs.lab import Question\nfrom landscape.teaching.labs import labs",
    "pages/a_lab.py": "from landscape.labs.a_lab import LAB",
    "pages/components/a.py": "import streamlit\nfrom landscape.figures import theme\nfrom pages.components import b",
    "app.py": "import gc\nimport streamlit as st",
    "benchmarks/a.py": "import torch, streamlit",
}

CIRCLES = {
    "of two": {"models/a.py": "import models.b", "models/b.py": "from models.a import f"},
    "of three": {
        "landscape/loss/a.py": "from . import b",
        "landscape/loss/b.py": "from landscape.loss.c import x",
        "landscape/loss/c.py": "import landscape.loss.a",
    },
    "of types": {
        "models/a.py": "if TYPE_CHECKING:\n    from models.b import B",
        "models/b.py": "from models.a import A",
    },
    "in a function": {"models/a.py": "def f():\n    import models.b", "models/b.py": "import models.a"},
    "with a package": {"models/a/__init__.py": "from models.b import B", "models/b.py": "from models.a import A"},
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


@pytest.mark.parametrize("planted", CIRCLES.values(), ids=CIRCLES)
def test_a_planted_circle_is_found(tmp_path, planted):
    for name, source in planted.items():
        plant(tmp_path / "house", name, source)
    assert len(set(circle(tmp_path / "house"))) == len(planted)
