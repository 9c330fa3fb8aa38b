"""Results and facts of the lab about shifts, each job run once for all tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from landscape.labs.covariate_shift import LAB
from landscape.labs.covariate_shift.facts import Facts
from landscape.labs.covariate_shift.request import CovariateShift
from landscape.labs.lab import Job, Known, Results

DONE: dict[str, object] = {}


def result(job: Job) -> object:
    """Return the result of a job."""
    if job.key not in DONE:
        needs = [result(need) for need in job.needs if isinstance(need, Job)]
        task = job.make(*needs)
        task.advance(float("inf"))
        DONE[job.key] = task.result()
    return DONE[job.key]


def results_of(request: CovariateShift, *names: str) -> Results:
    """Return what the page knows of the jobs of these names, at their ends; of the others nothing."""
    return {
        name: [Known(result(job), True) if name in names and job else Known() for job in many]
        for name, many in LAB.jobs(request).items()
    }


def seeded(request: CovariateShift, seed: int) -> CovariateShift:
    """Return a request with another seed."""
    comparison = request.comparison
    return replace(request, comparison=replace(comparison, base=comparison.base.replace(seed=seed)))


QUESTIONS = {question.slug: question for question in LAB.questions}

NEEDED = {
    "noise": ("moments",),
    "domain": ("domains",),
    "below": ("shift", "linear"),
    "both": ("shift", "domains"),
    "curve": ("curve",),
    "why": ("moments", "linear"),
}
"""The jobs by which each section's questions are answered."""


@cache
def facts(slug: str, seed: int) -> Facts:
    """Return the facts of a question with another seed."""
    question = QUESTIONS[slug]
    request = seeded(question.request, seed)
    found = LAB.facts(request, results_of(request, *NEEDED[question.section]))
    assert found is not None
    return found


def right(slug: str, seed: int) -> str:
    """Return the one choice that is right."""
    (choice,) = [choice.text for choice in QUESTIONS[slug].choices if choice.right(facts(slug, seed))]
    return choice
