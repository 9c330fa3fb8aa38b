"""What is computed about robustness: the trainings of each network over the rates, on the map, in time, by choice."""

from __future__ import annotations

from functools import partial

from landscape.labs.lab import Job, Jobs
from landscape.labs.robustness.request import Robustness
from landscape.training.grids import SweepGrid, SweepGridTask


def jobs(request: Robustness) -> Jobs:
    """Return what is computed, a job a network, in the order in which it is worth having."""
    return {
        "rates": [_job(grid) for grid in request.rate_grids()],
        "map": [_job(grid) for grid in request.map_grids()],
        "curves": [_job(grid) for grid in request.curve_grids()],
        # Stacks of few members are many small operations.
        "choices": [_job(grid, serial=True) if request.try_choices else None for grid in request.choice_grids()],
    }


def _job(grid: SweepGrid, serial: bool = False) -> Job:
    return Job(f"{grid!r}", partial(SweepGridTask, grid), serial=serial)
