"""What all tests share: one thread for torch, so that tests beside each other do not fight for the cores; fast ones first."""

from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)

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
