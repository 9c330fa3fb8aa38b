"""The results of a lab's jobs, run here to their ends, one after the other."""

from __future__ import annotations

from typing import Any

from landscape.labs.lab import Known, Lab, Results
from landscape.serving.jobs import Job


def results_of(lab: Lab, request: Any) -> Results:
    """Return what is known when all jobs of a request have ended; one that fails is known to."""
    assert lab.jobs is not None
    ended: dict[str, Known] = {}
    return {name: [_ended(job, ended) for job in many] for name, many in lab.jobs(request).items()}


def facts_of(lab: Lab, request: Any) -> Any:
    """Return the facts of a request."""
    facts = lab.facts(request, results_of(lab, request))
    assert facts is not None
    return facts


def _ended(job: Job | None, ended: dict[str, Known]) -> Known:
    if job is None:
        return Known(done=True)
    if job.key not in ended:
        needs = [_ended(need, ended) for need in job.needs if isinstance(need, Job)]
        ended[job.key] = Known(done=True, failed=True) if any(one.failed for one in needs) else _made(job, needs)
    return ended[job.key]


def _made(job: Job, needs: list[Known]) -> Known:
    try:
        task = job.make(*(one.value for one in needs))
        while not task.finished:
            task.advance(float("inf"))
        return Known(task.result(), done=True)
    except (RuntimeError, ValueError):
        return Known(done=True, failed=True)
