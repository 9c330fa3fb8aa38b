"""What all tests share: one thread for torch, so that tests beside each other do not fight for the cores; fast ones first.

And every figure that a test draws is checked by plotly, which the pages leave out for time.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from plotly.graph_objects import Figure
from plotly.io._json import to_json_plotly

from landscape.figures import theme

torch.set_num_threads(1)

unchecked = theme.figure


def checked(*traces: Any, **settings: Any) -> Figure:
    """Return a figure of which plotly has checked every part, and which it would give to the browser no other than unchecked."""
    figure = Figure([dict(trace) for trace in traces], theme.layout(**settings))
    assert told(unchecked(*traces, **settings)) == told(figure)
    return figure


def told(figure: Figure) -> Any:
    """Return what the browser is told of a figure, without the template, which is empty, and what is null or an empty list."""
    read = json.loads(to_json_plotly(figure.to_plotly_json(), engine="json"))
    read["layout"]["template"] = {}
    return without_null(read)


def without_null(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: without_null(value) for name, value in part.items() if value is not None and value != []}
    return [without_null(value) for value in part] if isinstance(part, list) else part


theme.figure = checked

SLOW = "labs", "pages", "test_packaging.py", "browser"
"""Below `tests`, in the order of how long one test takes; all others come before them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that take longest last, each kind in the order in which it was found."""
    items.sort(key=lambda item: _kind(item.path))


def _kind(path: Path) -> int:
    here = Path(__file__).parent
    if here not in path.parents:
        return 0
    name = path.relative_to(here).parts[0]
    return 1 + SLOW.index(name) if name in SLOW else 0
