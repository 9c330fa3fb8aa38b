"""Why do unlike scales make training hard?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from landscape.labs.codec import Values
from landscape.labs.lab import Group, Lab, Results, Section, Shown, Table
from landscape.labs.two_weights import figures, measure, prose, words
from landscape.labs.two_weights.facts import Facts, facts_of
from landscape.labs.two_weights.questions import QUESTIONS
from landscape.labs.two_weights.request import ADAPTIVE, CODEC, Kind, Rate, Source, TwoWeights, feature_names

GIVEN = tuple(kind for kind in Kind if kind is not Kind.OWN)
"""The preprocessings that stand side by side; the user's own has its own place."""

COMPARED = (Kind.RAW, Kind.STANDARDIZED, Kind.WHITENED)
"""Those whose examples are drawn."""


def groups(values: Values) -> Sequence[Group]:
    """Return the controls that matter beside what is chosen."""
    if values["source"] is Source.GAUSSIANS:
        drawn = ("source", "mean_1", "deviation_1", "mean_2", "deviation_2", "correlation")
        data = Group("data", "Data", drawn, {"More about the data": ("noise", "num_examples")})
    else:
        names = feature_names(values["source"], values.get("table"))
        options = {"feature_1": names, "feature_2": names}
        data = Group("data", "Data", ("source", "feature_1", "feature_2"), options=options)
    adaptive = values["optimizer"] in ADAPTIVE
    shared = adaptive or values["rate"] is Rate.SHARED
    training = (
        "optimizer",
        *(() if adaptive else ("rate",)),
        "learning_rate" if shared else "step",
        *(("momentum",) if values["optimizer"] in ("momentum", "nesterov") else ()),
        *("num_steps", "start_1", "start_2", "extent"),
    )
    return data, Group("model", "Model", ("model", "bias")), Group("training", "Training", training)


def inequality_controls(values: Values) -> Mapping[str, int | None]:
    """Return the controls of the inequality, which is about gradient descent: its step is a multiple of 1/L."""
    names = ("looked_at", "curvature", *(("step",) if values["optimizer"] in ADAPTIVE else ()))
    return dict.fromkeys(names)


def prepare_controls(values: Values) -> Mapping[str, int | None]:
    """Return the controls of the centre and the divisor, by which all learn at one rate: with its control, if it has none."""
    shared = values["optimizer"] in ADAPTIVE or values["rate"] is Rate.SHARED
    return dict.fromkeys(("center", "divisor", "zero", *(() if shared else ("learning_rate",))))


def bowls(config: TwoWeights, results: Results) -> Shown:
    """Show the bowl of each preprocessing, what training leaves of its loss, and all in numbers."""
    facts, descents = facts_of(config), measure.descents_of(config)
    panels = _bowls(config, facts, GIVEN)
    panels.append(figures.training_panel({kind: descents[kind] for kind in GIVEN}, config.num_steps))
    return Shown(
        problems=words.problems(facts),
        notice=[words.notice(facts)],
        panels=panels,
        steps=range(config.num_steps + 1),
        note=prose.BOWLS_NOTE,
        tables=[Table(words.table(facts), prose.COLUMNS)],
    )


def _bowls(config: TwoWeights, facts: Facts, kinds: Sequence[Kind]) -> list[figures.Panel]:
    return figures.bowl_panels(
        config,
        [measure.bowl_of(config, kind) for kind in kinds],
        [measure.surface_of(config, kind) for kind in kinds],
        measure.descents_of(config),
        [words.caption_of(facts, kind) for kind in kinds],
    )


def inequality(config: TwoWeights, results: Results) -> Shown:
    """Show the loss along the gradient beside its parabola."""
    panels = figures.inequality_panels(measure.inequality_of(config))
    return Shown(panels=panels, said=words.inequality_notice(facts_of(config)))


def prepare(config: TwoWeights, results: Results) -> Shown:
    """Show the bowl of the user's own centre and divisor, and what each does."""
    facts = facts_of(config)
    panels = _bowls(config, facts, [Kind.OWN])
    panels.append(figures.center_panel(measure.center_of(config), config.center))
    divisor = None if config.zero else config.divisor
    panels.append(figures.divisor_panel(measure.divisors_of(config), divisor, words.divisor_caption(facts)))
    said = f"{words.center_notice(facts)}\n\n{words.divisor_notice(facts)}"
    return Shown(panels=panels, steps=range(config.num_steps + 1), said=said)


def gradient(config: TwoWeights, results: Results) -> Shown:
    """Show how the gradients grow with the inputs, and which losses have a bounded derivative."""
    panels = [figures.gradients_panel(measure.gradients_of(config)), figures.slopes_panel(measure.slopes())]
    return Shown(panels=panels, said=words.gradient_notice(facts_of(config)))


def examples(config: TwoWeights, results: Results) -> Shown:
    """Show the examples as they are, standardized and whitened."""
    drawn = [measure.bowl_of(config, kind) for kind in COMPARED]
    return Shown(panels=figures.examples_panels(drawn, config.names), said=words.order_notice(facts_of(config)))


def compare(config: TwoWeights, results: Results) -> Shown:
    """Show each optimizer on each preprocessing, where asked for."""
    facts = facts_of(config)
    if facts.optimized is None:
        return Shown()
    columns = {"optimizer": "Optimizer"} | {kind.value: kind.label.capitalize() for kind in GIVEN}
    rows = Table(words.optimizer_rows(facts), columns, note=prose.COMPARE_NOTE)
    return Shown(tables=[rows], said=words.optimizer_notice(facts))


def cost(config: TwoWeights, results: Results) -> Shown:
    """Show what whitening costs, where asked for."""
    if not config.cost:
        return Shown()
    return Shown(panels=[figures.cost_panel(measure.cost())], said=words.cost_notice(facts_of(config)))


def facts(config: TwoWeights, results: Results) -> Facts:
    """Return the facts, which need no jobs."""
    return facts_of(config)


def numbers(config: TwoWeights, results: Results) -> Sequence[Mapping[str, Any]]:
    """Return the numbers to take along."""
    return words.rows_of(facts_of(config))


LAB = Lab(
    name="two_weights",
    title="Two weights",
    icon=":material/filter_center_focus:",
    question=prose.QUESTION,
    introduction=prose.INTRODUCTION,
    reading=prose.READING,
    codec=CODEC,
    groups=groups,
    sections=[
        Section("bowls", bowls, group="more", height=280),
        Section("inequality", inequality, title=prose.INEQUALITY, group="inequality", controls=inequality_controls),
        Section("prepare", prepare, title=prose.PREPARE, group="prepare", controls=prepare_controls, height=280),
        Section("gradient", gradient, title=prose.GRADIENT, group="more"),
        Section("examples", examples, title=prose.EXAMPLES, group="more"),
        Section(
            "compare", compare, title=prose.COMPARE, group="more", controls=lambda values: dict.fromkeys(["compare"])
        ),
        Section("cost", cost, title=prose.COST, group="more", controls=lambda values: dict.fromkeys(["cost"])),
    ],
    facts=facts,
    questions=QUESTIONS,
    numbers=numbers,
)
