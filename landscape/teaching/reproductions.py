"""The jobs whose results are the numbers of a paper's result: the same as those of the lab's own page, and one more a seed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from landscape.labs.lab import Job, Jobs, Known, Lab
from landscape.serving.task import Once
from landscape.teaching.labs import labs
from landscape.teaching.published import RESULTS
from landscape.teaching.result import SEEDS, Result

Shape = dict[str, tuple[bool, ...]]
"""By the name of a job whether there is one for each network."""


def jobs_of(result: Result) -> list[Job]:
    """Return the jobs whose results are a result's numbers, one a seed.

    What they need is not asked for by itself: it is let go of as soon as its number is there, and of many results that
    are computed at once little is held.
    """
    lab, jobs = labs()[result.lab], []
    for seed in SEEDS:
        request = lab.codec.request_of(result.values(seed))
        needed = _needed(result, lab, request)
        needs = tuple(job for many in needed.values() for job in many if job is not None)
        shape = {name: tuple(job is not None for job in many) for name, many in needed.items()}
        make = partial(_number, request, result.name, shape)
        jobs.append(Job(f"result {result.name} {request!r}", make, needs, patient=True))
    return jobs


def number_of(result: Result, request: Any, results: Sequence[Any], shape: Shape) -> float:
    """Return the number of a result, given those of the jobs that it takes, one after the other."""
    rest = iter(results)
    known = {
        name: [Known(next(rest), done=True) if there else Known(done=True) for there in many]
        for name, many in shape.items()
    }
    facts = labs()[result.lab].facts(request, known)
    found = None if facts is None else result.measure(facts)
    return float("nan") if found is None else float(found)


def _needed(result: Result, lab: Lab, request: Any) -> Jobs:
    """Return a lab's jobs less those that a result does not take."""
    every = lab.jobs(request) if lab.jobs else {}
    return {name: many if name in result.jobs else [None] * len(many) for name, many in every.items()}


def _number(request: Any, name: str, shape: Shape, *results: Any) -> Once:
    """Return the task of a result's number; by name, as what is measured is a function that does not pickle."""
    return Once(partial(number_of, RESULTS[name], request, results, shape))
