"""What happens with one example?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from landscape.data import load
from landscape.figures.panel import Panel
from landscape.figures.theme import styles_of
from landscape.labs.codec import Values
from landscape.labs.groups import NETWORKS, RENORMALIZATION, without
from landscape.labs.inference import prose
from landscape.labs.inference.facts import LAST, dropping_name, errors_of_averages, facts_of, floor_of
from landscape.labs.inference.figures import (
    Dots,
    Drawn,
    averages_panels,
    corrections_panel,
    distance_panel,
    dots_panel,
    image_panel,
    later_panel,
    limits_panel,
    mates_panel,
    naive_panels,
    statistics_panels,
    steps_panel,
    together_panels,
)
from landscape.labs.inference.measure import jobs
from landscape.labs.inference.questions import QUESTIONS
from landscape.labs.inference.request import CODEC, LONGER, NAIVE, READER_NAMES, WEIGHTS, Inference
from landscape.labs.inference.words import (
    hard_rows,
    mates_notice,
    naive_notice,
    numbers,
    readers_notice,
    renorm_notice,
    rows,
    statistics_notice,
    together_notice,
    told_of_limits,
    told_of_shown,
)
from landscape.labs.lab import Known, Lab, Results, Section, Shown, Table

NO_STATISTICS = "None of these networks stores a mean and a variance: choose BatchNorm for one of them."

NO_RENORM = "Batch renormalization cannot be trained with these settings: it takes batches of two or more."


def example_control(values: Values) -> Mapping[str, int | None]:
    """Return the controls of the example that is shown, up to the last of the test data where that can be told."""
    try:
        last = len(load(CODEC.request_of(values).comparison.base.data).test_y) - 1
    except ValueError:
        last = None
    return {"example": last, "dropout_too": None}


def together(request: Inference, results: Results) -> Shown:
    """Show how each network does by how many are normalized together."""
    facts, base = facts_of(request, results), request.comparison.base
    data = load(base.data)
    panels = together_panels(_drawn(request, results), base.data.dataset.score, data.majority, base.training.batch_size)
    columns = _columns(prose.COLUMNS, request)
    return Shown(
        notice=together_notice(facts) if facts else (),
        panels=panels,
        tables=[Table(rows(facts), columns)] if facts and facts.company else (),
    )


def mates(request: Inference, results: Results) -> Shown:
    """Show one example, and what is said of it with other mates."""
    facts, data = facts_of(request, results), load(request.comparison.base.data)
    place, classes = min(request.example, len(data.test_x) - 1), data.classification
    title = f"Test example {place}" + (f": {data.class_names[int(data.test_y[place])]}" if classes else "")
    said = [told for told in (told_of_shown(facts), *mates_notice(facts)) if told] if facts else []
    return Shown(
        notice=said,
        panels=[
            image_panel(data.test_x[place].numpy(), title),
            mates_panel([*_drawn(request, results), *_dropping(request, results)], classes),
        ],
    )


def statistics(request: Inference, results: Results) -> Shown:
    """Show how good an estimate a batch is, and what averages of many are."""
    if request.subject is None:
        return Shown(problems=[NO_STATISTICS])
    facts, base = facts_of(request, results), request.comparison.base
    (sampled,), (sequence,), (following,) = (results[name] for name in ("statistics", "forgetting", "following"))
    places = (sampled.value.places[0], sampled.value.places[-1]) if sampled.value else ("", "")
    found = sequence.value
    errors = (
        [(weight, errors_of_averages(found, weight), floor_of(found, weight)) for weight in WEIGHTS] if found else []
    )
    return Shown(
        notice=statistics_notice(facts) if facts else (),
        panels=[
            *statistics_panels(sampled.value, places, sampled.done),
            *averages_panels(
                following.value,
                errors,
                base.data.dataset.score,
                base.training.num_steps,
                (following.done, sequence.done),
            ),
        ],
    )


def renorm(request: Inference, results: Results) -> Shown:
    """Show r and d, training against inference, and trainings on batches that are small or alike."""
    facts, base = facts_of(request, results), request.comparison.base
    names = [f"{order.label}, {size} in a batch" for size, order in request.corrected()]
    corrections = [one.value for one in results["corrections"]]
    failed = all(one.done for one in results["corrections"])
    score, limits = base.data.dataset.score, (0.0 if base.data.dataset.has_classes else -0.2, 1.03)
    conditions = list(request.hard())
    panels: list[Panel] = [
        corrections_panel(list(zip(names, corrections, strict=True)), failed),
        limits_panel(list(zip(names, corrections, strict=True)), base.training.num_steps, failed),
        distance_panel(_drawn(request, results), base.training.batch_size),
        dots_panel("Training loss at the end", _hard(request, results["hard run"], _last_loss), conditions, "loss"),
        dots_panel(
            f"Test {score}", _hard(request, results["hard run"], _last_score), conditions, f"test {score}", limits
        ),
    ]
    columns = _columns(prose.HARD_COLUMNS, request)
    return Shown(
        problems=[NO_RENORM] if request.renormalized is None else (),
        notice=renorm_notice(facts) if facts else (),
        panels=panels,
        note=prose.RENORM_LIMITS.format(
            limits=told_of_limits(base.network.renorm_r, base.network.renorm_d, base.network.renorm_begin)
        ),
        tables=[Table(hard_rows(facts), columns, "The trainings in numbers", folded=True)]
        if facts and facts.hard
        else (),
    )


def naive(request: Inference, results: Results) -> Shown:
    """Show trainings by averages, where that is asked for."""
    if not request.try_averages:
        return Shown()
    facts = facts_of(request, results)
    drawn = []
    each = zip(
        NAIVE, styles_of(list(NAIVE)), results["naive training"], results["naive run"], results["lengths"], strict=True
    )
    steps = LONGER * request.comparison.base.training.num_steps
    for kind, style, training, run, lengths in each:
        known = run.value or training.value
        snapshots = known.steps if known is not None and lengths.value is not None else np.zeros(0)
        drawn.append((kind.label, style, None if known is None else known.loss, snapshots, lengths.value))
    return Shown(notice=naive_notice(facts) if facts else (), panels=naive_panels(drawn, steps))


def readers(request: Inference, results: Results) -> Shown:
    """Show what recurrent networks store, and how they read on, where that is asked for."""
    if not request.try_readers:
        return Shown()
    facts = facts_of(request, results)
    styles = styles_of(["none", "batch", "batch", "layer"])
    _, each, shared, _ = results["reader stored"]
    later = [(name, style, one.value) for name, style, one in zip(READER_NAMES, styles, results["later"], strict=True)]
    return Shown(
        notice=readers_notice(facts) if facts else (),
        panels=[steps_panel(each.value, shared.value, styles[1:3]), later_panel(later)],
    )


def _drawn(request: Inference, results: Results) -> list[Drawn]:
    """Return what of each network there is to draw."""
    names, styles = request.comparison.labels(), styles_of(request.comparison.normalizations())
    many = (results[name] for name in ("together", "sorted", "loss", "mates"))
    return [
        Drawn(name, style, *(one.value for one in own)) for name, style, *own in zip(names, styles, *many, strict=True)
    ]


def _dropping(request: Inference, results: Results) -> list[Drawn]:
    """Return what there is to draw of the network with dropout; nothing where there is none."""
    if request.dropping is None:
        return []
    (one,), styles = results["dropping"], styles_of([*request.comparison.normalizations(), "none"])
    return [Drawn(dropping_name(request.dropping), styles[-1], mates=one.value)]


def _hard(request: Inference, known: Sequence[Known], value: Any) -> list[Dots]:
    """Return of each network a value of its training under each condition."""
    names, styles = request.comparison.labels(), styles_of(request.comparison.normalizations())
    values = np.array([np.nan if one.value is None else value(one.value) for one in known])
    by_network = values.reshape(-1, len(names)).T
    return [Dots(*own) for own in zip(names, styles, by_network, strict=True)]


def _last_loss(run: Any) -> float:
    loss = float(run.loss[-LAST:].mean()) if len(run.loss) else float("nan")
    return loss if np.isfinite(loss) else float("nan")


def _last_score(run: Any) -> float:
    return float(run.test_accuracy[-1])


def _columns(titles: Mapping[str, str], request: Inference) -> dict[str, str]:
    score = request.comparison.base.data.dataset.score
    return {name: title.format(score=score) for name, title in titles.items()}


def take_along(request: Inference, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    facts = facts_of(request, results)
    return numbers(facts) if facts else []


LAB = Lab(
    name="inference",
    title="One example",
    icon=":material/looks_one:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=lambda values: [without(group, RENORMALIZATION) for group in NETWORKS],
    jobs=jobs,
    sections=[
        Section(
            "together",
            together,
            ("run", "training", "together", "sorted", "loss"),
            prose.TOGETHER_TITLE,
            prose.TOGETHER_NOTE,
            "together",
            awaited=("together",),
        ),
        Section(
            "mates",
            mates,
            ("mates", "dropping training", "dropping run", "dropping"),
            prose.MATES_TITLE,
            prose.MATES_NOTE,
            "mates",
            example_control,
        ),
        Section(
            "statistics",
            statistics,
            ("statistics", "forgetting", "following", "folding"),
            prose.STATISTICS_TITLE,
            prose.STATISTICS_NOTE,
            "statistics",
        ),
        Section(
            "renorm",
            renorm,
            ("corrections", "together", "hard training", "hard run"),
            prose.RENORM_TITLE,
            prose.RENORM_NOTE,
            "renorm",
            lambda values: dict.fromkeys((*RENORMALIZATION, "small", "alike")),
        ),
        Section(
            "naive",
            naive,
            ("naive training", "naive run", "lengths"),
            prose.NAIVE_TITLE,
            prose.NAIVE_NOTE,
            "naive",
            lambda values: {"try_averages": None} | ({"learns": None} if values["try_averages"] else {}),
        ),
        Section(
            "readers",
            readers,
            ("reader training", "reader run", "reader stored", "later"),
            prose.READERS_TITLE,
            prose.READERS_NOTE,
            "readers",
            lambda values: {"try_readers": None},
        ),
    ],
    facts=facts_of,
    questions=QUESTIONS,
    numbers=take_along,
)
