"""The only widgets that make configurations. The link is the state: whatever they show stands in the URL.

Widgets are not bound one by one (`bind="query-params"`): one codec reads and writes the whole link, so that it holds
stable names instead of labels, and a bad value gives a sentence instead of being dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import streamlit as st

from landscape.experiment import VARIED
from landscape.labs.codec import COMPARISON, FIELDS, MAX_VARIANTS, Codec, Values

RESERVED = ("controls", "embed", "embed_options")
"""Parameters of a link that are no settings. `controls=networks,view` shows only these groups, `controls=none` none."""

DEVIATIONS = (0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
MEANS = (*(-value for value in reversed(DEVIATIONS[1:])), *DEVIATIONS)

STOPS: dict[str, tuple[float, ...]] = {
    "batch_size": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 20000),
    "num_steps": (10, 25, 50, 100, 200, 400, 800, 1600, 3200, 5000),
    "width": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    "depth": (1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32, 48, 64),
    "resolution": (11, 16, 21, 31, 41, 51, 71, 101),
    "resolution_y": (0, 11, 16, 21, 31, 41, 51, 71, 101),
    "view_num_examples": (64, 128, 256, 512, 1024, 2048),
    "mean_1": MEANS,
    "mean_2": MEANS,
    "deviation_1": DEVIATIONS,
    "deviation_2": DEVIATIONS,
    "batches": (1, 2, 4, 8, 16, 32, 64),
    "num_examples": (100, 200, 500, 1000, 2000, 5000, 10000, 20000),
}
"""The steps of sliders that go by factors."""

OF_A_PAGE = ("values", "problems", "link", "adopted", "made", "first")
"""What the session's state keeps of each page, apart from the others' while another is shown."""

GROUPS = (
    "data",
    "model",
    "training",
    "network",
    "view",
    "networks",
    "inequality",
    "prepare",
    "more",
    "presets",
    "run",
    "files",
)
"""What `controls` in a link may name on one page or another, beside none."""

AS_BASE = "as in the sidebar"


def begin(codec: Codec = COMPARISON) -> None:
    """Take up the page's settings: those it had in this session, or its link's where that is new.

    A link is new on a first visit and after a step in the browser's history. Navigation to a page that was seen before
    comes with an empty link: there the page has what it had.
    """
    st.set_page_config(layout="wide")  # a link opened before anything else runs its page without app.py
    state, link = st.session_state, _link()
    before, state["codec"] = state.get("codec"), codec
    own_rerun = state.pop("own_rerun", False)
    if before is not None and before.page == codec.page:
        new = link != state["link"] and not _moved() and not own_rerun
    else:
        pages = state.setdefault("pages", {})
        if before is not None:
            pages[before.page] = {name: state[name] for name in OF_A_PAGE}
        kept = pages.get(codec.page)
        new = kept is None or link not in ({}, kept["link"])
        state.update(kept or {"made": {}, "first": {}})
    if new:
        values, problems = codec.read(link)
        adopt(values, (*problems, *_unclear()))
        state["link"] = link
    elif _moved():
        state["problems"] = ()  # they were read before
    for problem in state["problems"]:
        st.warning(literal(problem))


def literal(text: str) -> str:
    """Return a text in which nothing is Markdown: what stands in a link is shown as it stands there."""
    return re.sub(r"([\\`*\[\]<>#|~$]|(?<!\w)_|_(?!\w)|:(?=\w))", r"\\\1", text)


def _unclear() -> tuple[str, ...]:
    """Return a sentence for each parameter of the link that stands there twice, and for groups that there are not."""
    twice = [name for name in st.query_params if len(st.query_params.get_all(name)) > 1]
    problems = [f"The link names {name} more than once; the last value is used." for name in twice]
    unknown = [name for name in _wanted() if name not in (*GROUPS, "none")]
    if unknown:
        names = ", ".join(map(repr, unknown))
        problems.append(f"controls in the link names {names}; it may name {', '.join(GROUPS)}, or none.")
    return tuple(problems)


def _wanted() -> list[str]:
    return [name for name in st.query_params.get("controls", "").split(",") if name]


def _link() -> dict[str, str]:
    return {name: text for name, text in st.query_params.to_dict().items() if name not in RESERVED}


def _moved() -> bool:
    """Return whether a control was moved: then a link that differs is only late, and not a step in the history."""
    values = st.session_state["values"]
    return any(st.session_state.get(_key(name), values[name]) != values[name] for name in values)


def finish() -> Any:
    """Write the values into the link and return the request that they make.

    Where they do not fit together the page says why and stops there: the controls stay as they are.
    """
    codec, values = st.session_state["codec"], st.session_state["values"]
    link = codec.write(values)
    if link != _link() or any(len(st.query_params.get_all(name)) > 1 for name in st.query_params):
        kept = {name: text for name, text in st.query_params.to_dict().items() if name in RESERVED}
        st.query_params.from_dict(link | kept)
    st.session_state["link"] = link
    try:
        return codec.request_of(values)
    except ValueError as error:
        st.error(f"These settings do not fit together. {literal(_in_words(str(error)))}")
        for name, value in getattr(error, "remedy", {}).items():
            # For all networks: what one has of its own may be what does not fit.
            own = {f"v{i}_{name}": None for i in range(1, MAX_VARIANTS + 1) if f"v{i}_{name}" in values}
            told = f"{codec.fields[name].label}: {_label(value)}"
            st.button(told, on_click=adopt, args=(values | own | {name: value},), icon=":material/build:")
        st.stop()


def _in_words(message: str) -> str:
    """Return a message in which fields of configurations have the names of their controls."""
    fields = st.session_state["codec"].fields
    labels = {name: bounds.label for name, bounds in fields.items()}
    return re.sub(r"\b[A-Z]\w+\.(\w+)", lambda found: labels.get(found[1], found[0]), message)


def adopt(values: Values, problems: tuple[str, ...] = ()) -> None:
    """Make these the values of all controls."""
    state = st.session_state
    state["values"], state["problems"] = dict(values), problems
    # Of the whole session, so that no two pages have a widget of one key.
    state["adoptions"] = state["adopted"] = state.get("adoptions", 0) + 1
    # A new widget only where there is none that shows the value: to make all anew is most of a page's work in the browser.
    for name, value in values.items():
        if name not in state["made"] or _typed(name) or state.get(_key(name), value) != value:
            state["made"][name] = state["adopted"]


def _typed(name: str) -> bool:
    """Return whether a field's number is typed: its widget may show one that was refused, which nobody here knows."""
    bounds = st.session_state["codec"].fields[name]
    return bounds.kind is int and not bounds.logarithmic and _sizes(name) is None


def _key(name: str) -> str:
    """Return the key of a field's widget: it tells apart those made for the same field, one after the other."""
    return f"{name}-{st.session_state['made'][name]}"


def shown(group: str) -> bool:
    """Return whether the link lets this group of controls be seen."""
    wanted = [name for name in _wanted() if name in (*GROUPS, "none")]
    return not wanted or group in wanted


def control(name: str, label: str | None = None, optional: bool = False, names: Sequence[str] = ()) -> None:
    """Draw the control of a field, as its bounds ask for.

    optional: lets it take the base's value. names: what the numbers from 0 on stand for, to choose from.
    """
    bounds, values = st.session_state["codec"].fields[name], st.session_state["values"]
    key = _key(name)
    # Adopted values make new widgets, which begin with them. A value set through the session state instead reaches a
    # slow browser too late where the page runs again meanwhile, and the widget answers with the first of its options.
    if key not in st.session_state:
        st.session_state["first"][name] = values[name]
    first = st.session_state["first"][name]
    text = {"label": label or bounds.label, "help": bounds.help, "key": key}
    if optional or issubclass(bounds.kind, StrEnum):
        if bounds.kind is bool:
            options = [True, False]
        else:
            options = list(bounds.kind) if issubclass(bounds.kind, StrEnum) else _stops(name, first)
        options = [None, *options] if optional else options
        value = st.selectbox(**text, options=options, index=options.index(first), format_func=_label)
    elif names:
        # A link may hold a number that has no name here: it stays, and the request says what may stand there.
        options = sorted({*range(len(names)), first})
        value = st.selectbox(
            **text,
            options=options,
            index=options.index(first),
            format_func=lambda i: names[i] if i < len(names) else f"{i}",
        )
    elif bounds.kind is bool:
        value = st.toggle(**text, value=first)
    elif bounds.logarithmic or name in STOPS:
        value = st.select_slider(**text, options=_stops(name, first), value=first, format_func=_label)
    elif bounds.kind is int:
        value = st.number_input(**text, value=first, min_value=int(bounds.low), max_value=int(bounds.high), step=1)
    else:
        value = st.slider(**text, value=first, min_value=bounds.low, max_value=bounds.high)
    values[name] = value


def questions(presets: Mapping[str, tuple[str, Any]]) -> None:
    """Draw presets as questions: each sets all controls, and so the link."""
    if not shown("presets"):
        return
    with st.expander(f"{len(presets)} questions to try", icon=":material/help:"):
        columns = st.columns(3)
        for i, (question, (help_text, request)) in enumerate(presets.items()):
            values = st.session_state["codec"].values_of(request)
            with columns[i * len(columns) // len(presets)]:
                st.button(question, help=help_text, on_click=adopt, args=(values,), type="tertiary")


def base_controls() -> None:
    """Draw the controls of what all networks share, in the sidebar, the rarely used ones folded away."""
    with st.sidebar:
        if shown("data"):
            st.subheader("Data")
            for name in ("dataset", "input_scale", "preprocessing"):
                control(name)
            _folded("More about the data", ("num_examples", "noise"))
        if shown("training"):
            st.subheader("Training")
            for name in ("learning_rate", "optimizer", "batch_size", "num_steps"):
                control(name)
            _folded("More about training", ("seed", "loss", "momentum", "weight_decay", "batch_order"))
        if shown("network"):
            st.subheader("Network")
            for name in ("activation", "depth", "width"):
                control(name)
            more = (
                "kind",
                "normalized",
                "initialization",
                "init_scale",
                "placement",
                "affine",
                "groups",
                "dropout",
                "time_statistics",
            )
            _folded("More about the network", more)


def view_controls() -> None:
    """Draw the controls of what is drawn of each landscape, in the sidebar."""
    if shown("view"):
        with st.sidebar:
            st.subheader("View")
            for name in ("plane", "statistics", "drawing", "logarithmic", "shared_range"):
                control(name)
            more = ("extent", "resolution", "resolution_y", "view_num_examples", "split", "batches", "view_seed")
            _folded("More about the view", (*more, "feature_x", "feature_y"))


def variant_controls() -> None:
    """Draw the controls of each network that is compared, side by side."""
    if not shown("networks"):
        return
    values = st.session_state["values"]
    columns = st.columns(values["variants"], border=True)
    for i, column in enumerate(columns, start=1):
        with column:
            if values[f"v{i}_normalization"] is None:
                values[f"v{i}_normalization"] = values["normalization"]
            own = [name for name in VARIED[1:] if values[f"v{i}_{name}"] is not None]
            with st.container(horizontal=True, vertical_alignment="bottom"):
                control(f"v{i}_normalization", f"Network {i}: normalization")
                with st.popover(f"What else differs ({len(own)})" if own else "What else differs"):
                    for name in VARIED[1:]:
                        control(f"v{i}_{name}", optional=True)


def ladder_controls() -> None:
    """Draw the controls of the ladder of step sizes along the gradient, in the sidebar."""
    if shown("view"):
        with st.sidebar:
            st.subheader("Along the gradient")
            for name in ("lowest", "highest"):
                control(name)
            _folded("More about the ladder", ("rungs", "probes"))


def network_control(networks: dict[str, Values]) -> None:
    """Draw the choice between networks, each some values by name; the others stay as they are."""
    values, telling = st.session_state["values"], ("kind", "dataset", "activation")
    chosen = next((name for name, own in networks.items() if all(own[t] == values[t] for t in telling)), None)
    key = f"network-{chosen}-{st.session_state['adopted']}"

    def choose(adopted: int) -> None:
        if adopted == st.session_state["adopted"]:  # else a late message of a control that is gone
            adopt(st.session_state["values"] | networks[st.session_state[key]])

    if shown("networks"):
        st.segmented_control(
            "Kind of network",
            list(networks),
            default=chosen,
            key=key,
            on_change=choose,
            args=(st.session_state["adopted"],),
            required=True,
        )


def step_control(name: str, last: int) -> None:
    """Draw the slider of a step of the training, from 0 to the last."""
    values, key = st.session_state["values"], _key(name)
    if key not in st.session_state:
        st.session_state["first"][name] = values[name]
    first, bounds = st.session_state["first"][name], st.session_state["codec"].fields[name]
    values[name] = st.slider(bounds.label, 0, last, min(first, last), key=key, help=bounds.help) if last else 0


def run_controls(presets: dict[str, tuple[str, Any]], again: Callable[[], None]) -> None:
    """Draw the presets and the buttons: how many networks, a new seed, once more, back to the defaults."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown("presets"):
            for name, (help_text, request) in presets.items():
                st.button(name, help=help_text, on_click=adopt, args=(st.session_state["codec"].values_of(request),))
        if shown("networks"):
            st.segmented_control(
                "Networks compared",
                range(1, MAX_VARIANTS + 1),
                default=st.session_state["values"]["variants"],
                key=f"count_{st.session_state['values']['variants']}",
                on_change=_count_changed,
                args=(f"count_{st.session_state['values']['variants']}",),
                required=True,
            )
        if shown("run"):
            told = f"Other initial weights and batches than seed {st.session_state['values']['seed']} gives."
            st.button("New seed", on_click=_new_seed, icon=":material/casino:", help=told)
            st.button(
                "Run again", on_click=again, icon=":material/replay:", help="The same seed: the same numbers again."
            )
            defaults = st.session_state["codec"].defaults
            st.button("Reset", on_click=adopt, args=(defaults,), icon=":material/restart_alt:", help="All defaults.")


def _folded(title: str, names: tuple[str, ...]) -> None:
    values, defaults = st.session_state["values"], st.session_state["codec"].defaults
    changed = sum(values[name] != defaults[name] for name in names)
    # By its key it stays open when its title changes.
    with st.expander(f"{title} ({changed} changed)" if changed else title, key=f"folded {title}"):
        for name in names:
            control(name)


def _count_changed(key: str) -> None:
    values = st.session_state["values"]
    values["variants"] = st.session_state[key]
    used = {values[f"v{i}_normalization"] for i in range(1, MAX_VARIANTS + 1)}
    kinds = FIELDS["normalization"].kind
    for i in range(1, values["variants"] + 1):
        if values[f"v{i}_normalization"] is None:
            values[f"v{i}_normalization"] = next((kind for kind in kinds if kind not in used), kinds("none"))
            used.add(values[f"v{i}_normalization"])
    adopt(values)


def _new_seed() -> None:
    values = st.session_state["values"]
    adopt(values | {"seed": (values["seed"] + 1) % 2**31})


def _stops(name: str, first: float | None) -> list[float]:
    bounds = st.session_state["codec"].fields[name]
    stops = _sizes(name)
    if stops is None:
        decades = [factor * 10.0**power for power in range(-6, 4) for factor in (1, 2, 5)]
        stops = tuple(float(f"{value:.6g}") for value in decades)
    inside = {bounds.kind(value) for value in stops if bounds.low <= value <= bounds.high}
    return sorted(inside | ({first} - {None}))


def _sizes(name: str) -> tuple[float, ...] | None:
    return STOPS.get(name) or STOPS.get(name.partition("_")[2])


def _label(value: Any) -> str:
    if value is None:
        return AS_BASE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return getattr(value, "label", value.value)
    return f"{value:g}"
