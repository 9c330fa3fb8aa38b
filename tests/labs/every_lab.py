"""Every lab that there is, found by its folder."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import landscape.labs
from landscape.labs.lab import Lab

FOLDERS = sorted(path.parent.name for path in Path(landscape.labs.__path__[0]).glob("*/__init__.py"))

LABS: dict[str, Lab] = {name: import_module(f"landscape.labs.{name}").LAB for name in FOLDERS}
"""By the name of its folder."""
