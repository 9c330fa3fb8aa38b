"""The only widgets that make configurations: one for each kind of field, grouped as a lab says.

It is long, as each kind of field has its widget, and groups, networks and buttons stand beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import streamlit as st

from landscape.experiment import MAX_VARIANTS, VARIED
from landscape.labs.codec import Values
from landscape.labs.fitting import FITTING, chosen
from landscape.labs.lab import Group, Lab
from landscape.labs.words import literal, spoken
from pages.components.settings import adopt, change, current, request_of, with_table, write_link
from pages.components.svg import svg
from pages.components.upload import holds_own, offered, own_table

THUMBNAIL = "width: 100%; max-height: 7rem; object-fit: contain"
"""The style of a picture of the data."""

AS_BASE = "as in the sidebar"


def groups_of(lab: Lab) -> tuple[str, ...]:
    """Return the names of the groups of controls that a page has, by which `controls=` in a link shows them.

    Beside those of the lab: what each network has of its own, the questions, the buttons, the files.
    """
    own = [group.name for group in lab.groups(lab.codec.defaults)]
    own += [section.group for section in lab.sections if section.controls(lab.codec.defaults)]
    compares = bool(lab.networks) or "variants" in lab.codec.fields
    shared = {"networks": compares, "presets": bool(lab.questions), "run": True, "files": lab.numbers is not None}
    return tuple(dict.fromkeys((*own, *(name for name, there in shared.items() if there))))


def unclear(lab: Lab) -> tuple[str, ...]:
    """Return a sentence for each parameter of the link that stands there twice, and for groups that there are not."""
    twice = [name for name in st.query_params if len(st.query_params.get_all(name)) > 1]
    problems = [f"The link names {name} more than once; the last value is used." for name in twice]
    groups = groups_of(lab)
    unknown = [name for name in _wanted() if name not in (*groups, "none")]
    if unknown:
        names = ", ".join(map(repr, unknown))
        problems.append(f"controls in the link names {names}; it may name {', '.join(groups)}, or none.")
    return tuple(problems)


def _wanted() -> list[str]:
    return [name for name in st.query_params.get("controls", "").split(",") if name]


def shown(lab: Lab, group: str) -> bool:
    """Return whether the link lets this group of controls be seen."""
    wanted = [name for name in _wanted() if name in (*groups_of(lab), "none")]
    return not wanted or group in wanted


def finish() -> Any:
    """Write the values into the link and return the request that they make.

    Where they do not fit together the page says why, offers what mends it, and stops there: the controls stay.
    """
    settings = current()
    write_link()
    try:
        return request_of(settings)
    except ValueError as error:
        labels = {name: bounds.label for name, bounds in settings.codec.fields.items()}
        said = literal(spoken(str(error), labels)).rstrip(".")
        st.error(f"These settings do not fit together. {said}.")
        for changes in settings.codec.mends(with_table(settings.values)):
            told = ", ".join(f"{called(name)}: {label_of(value)}" for name, value in changes.items())
            st.button(literal(told), on_click=change, args=(changes,), icon=":material/build:")
        st.stop()


def control(
    name: str,
    label: str | None = None,
    optional: bool = False,
    names: Sequence[str] = (),
    last: int | None = None,
) -> None:
    """Draw the control of a field, as its bounds ask for.

    optional: lets it take the base's value. names: what the numbers from 0 on stand for, to choose from.
    last: the greatest number that it may have now.
    """
    settings = current()
    bounds, key = settings.codec.fields[name], settings.key(name)
    first = settings.first[name]
    about = _about(bounds.help, settings.values[name])
    text: dict[str, Any] = {"label": label or bounds.label, "help": about, "key": key}
    if optional or issubclass(bounds.kind, StrEnum):
        options = [None, *_options(name, first)] if optional else _options(name, first)
        value = st.selectbox(
            **text, options=options, index=options.index(first), format_func=label_of, on_change=_fit, args=(name, key)
        )
        if sizes := FITTING.get(name, {}).get(value):
            told = " and ".join(f"{settings.codec.fields[size].label.lower()} {most}" for size, most in sizes.items())
            st.caption(f"Choosing {label_of(value)} takes at most {told}; larger ones may take long.")
    elif names:
        # A link may hold a number that has no name here: it stays, and the request says what may stand there.
        first = first if last is None else min(first, last)
        options = sorted({*range(len(names)), first})
        value = st.selectbox(
            **text,
            options=options,
            index=options.index(first),
            format_func=lambda i: names[i] if i < len(names) else f"{i}",
        )
    elif last is not None:
        value = st.slider(**text, min_value=0, max_value=last, value=min(first, last)) if last else 0
    elif bounds.kind is bool:
        value = st.toggle(**text, value=first)
    elif bounds.logarithmic or bounds.stops:
        value = st.select_slider(**text, options=_stops(name, first), value=first, format_func=label_of)
    elif bounds.kind is int:
        value = st.number_input(**text, value=first, min_value=int(bounds.low), max_value=int(bounds.high), step=1)
    else:
        value = st.slider(**text, value=first, min_value=bounds.low, max_value=bounds.high)
    settings.values[name] = value


def group(one: Group) -> None:
    """Draw a group of controls in the sidebar, the rarely used ones folded away."""
    settings = current()
    with st.sidebar:
        st.subheader(one.title)
        for name in one.fields:
            control(name, names=one.options.get(name, ()))
            if holds_own(settings.codec.fields[name].kind):
                own_table(name)
        for i, action in enumerate(one.actions(settings.values)):
            # By its key it keeps the keyboard while what it does changes.
            key = f"{one.name}-action-{i}"
            st.button(action.text, key, disabled=not action.values, on_click=change, args=(dict(action.values),))
        if picture := one.picture(settings.values):
            svg(picture.svg, picture.said, THUMBNAIL)
            st.caption(picture.said)
        for title, names in one.folded.items():
            changed = sum(settings.values[name] != settings.codec.defaults[name] for name in names)
            # By its key it stays open when its title changes.
            with st.expander(f"{title} ({changed} changed)" if changed else title, key=f"folded {title}"):
                for name in names:
                    control(name, names=one.options.get(name, ()))


def beside(fields: Mapping[str, int | Sequence[str] | None]) -> None:
    """Draw controls in one row, each with the greatest number that it may have now, or the names of those from 0 on."""
    columns = st.columns(len(fields), vertical_alignment="bottom") if fields else ()
    for (name, given), column in zip(fields.items(), columns, strict=True):
        with column:
            if given is None or isinstance(given, int):
                control(name, last=given)
            else:
                control(name, names=given, last=len(given) - 1)


def variant_controls() -> None:
    """Draw the controls of each network that is compared, side by side."""
    values = current().values
    columns = st.container(key="variants").columns(values["variants"], border=True)
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


def network_control(networks: Mapping[str, Values]) -> None:
    """Draw the choice between networks, each some values by name; the others stay as they are."""
    settings = current()
    chosen = next(
        (name for name, own in networks.items() if all(settings.values[one] == own[one] for one in _telling(networks))),
        None,
    )
    key = f"network-{chosen}-{settings.adopted}"

    def choose(adopted: int) -> None:
        if adopted == settings.adopted:  # else a late message of a control that is gone
            settings.take()
            adopt(settings.values | networks[st.session_state[key]])

    st.segmented_control(
        "Kind of network",
        list(networks),
        default=chosen,
        key=key,
        on_change=choose,
        args=(settings.adopted,),
        required=True,
    )


def _telling(networks: Mapping[str, Values]) -> list[str]:
    """Return the choices by which networks are told apart: those in which any two differ."""
    first, *others = networks.values()
    differ = [name for name in first if any(other[name] != first[name] for other in others)]
    return [name for name in differ if isinstance(first[name], StrEnum)]


def run_controls(lab: Lab, again: Callable[[], None]) -> None:
    """Draw the buttons: how many networks, a new seed, once more, back to the defaults."""
    settings = current()
    values = settings.values
    counted = shown(lab, "networks") and "variants" in values
    if not counted and not shown(lab, "run"):
        return  # an empty row takes room
    with st.container(horizontal=True, vertical_alignment="center"):
        if counted:
            key = f"count_{values['variants']}"
            st.segmented_control(
                "Networks compared",
                range(1, MAX_VARIANTS + 1),
                default=values["variants"],
                key=key,
                on_change=_count_changed,
                args=(key,),
                required=True,
            )
        if shown(lab, "run"):
            if "seed" in values:
                told = f"Other initial weights and batches than seed {values['seed']} gives."
                st.button("New seed", on_click=_new_seed, icon=":material/casino:", help=told)
            if lab.jobs:
                told = "The same seed: the same numbers again."
                st.button("Run again", on_click=again, icon=":material/replay:", help=told)
            defaults = settings.codec.defaults
            st.button("Reset", on_click=adopt, args=(defaults,), icon=":material/restart_alt:", help="All defaults.")


def _fit(name: str, key: str) -> None:
    """Take the sizes that fit what was just chosen."""
    settings = current()
    if name in FITTING:
        settings.take()
        adopt(settings.values | chosen(settings.values, name, st.session_state[key]), settings.asked)


def _count_changed(key: str) -> None:
    settings = current()
    settings.take()
    values = settings.values
    values["variants"] = st.session_state[key]
    used = {values[f"v{i}_normalization"] for i in range(1, MAX_VARIANTS + 1)}
    kinds = settings.codec.fields["normalization"].kind
    for i in range(1, values["variants"] + 1):
        if values[f"v{i}_normalization"] is None:
            values[f"v{i}_normalization"] = next((kind for kind in kinds if kind not in used), kinds("none"))
            used.add(values[f"v{i}_normalization"])
    adopt(values, settings.asked)


def _new_seed() -> None:
    settings = current()
    settings.take()
    adopt(settings.values | {"seed": (settings.values["seed"] + 1) % 2**31}, settings.asked)


def _options(name: str, first: Any) -> list[Any]:
    """Return what may be chosen from where all is shown by name."""
    kind = current().codec.fields[name].kind
    if kind is bool:
        return [True, False]
    return offered(kind) if issubclass(kind, StrEnum) else _stops(name, first)


def _stops(name: str, first: float | None) -> list[float]:
    """Return the values among which a control of a number chooses, the one that it shows among them."""
    bounds = current().codec.fields[name]
    decades = [float(f"{factor * 10.0**power:.6g}") for power in range(-6, 4) for factor in (1, 2, 5)]
    inside: set[float] = {bounds.kind(one) for one in bounds.stops or decades if bounds.low <= one <= bounds.high}
    return sorted(inside if first is None else inside | {first})


def called(name: str) -> str:
    """Return the label of a field, with the network that has it of its own."""
    label = current().codec.fields[name].label
    own = re.match(r"v(\d)_", name)
    return f"Network {own[1]}, {label[0].lower()}{label[1:]}" if own else label


def _about(help_text: str, value: Any) -> str:
    """Return what a control's help says: of a normalization that is chosen also what it does, and where it is seen."""
    does = getattr(value, "about", "")
    if not does:
        return help_text
    said = f"**[{value.label}](anatomy?normalization={value.value})**: {does}"
    return f"{help_text}\n\n{said}\n\nThe name leads to its arithmetic, cell by cell."


def label_of(value: Any) -> str:
    if value is None:
        return AS_BASE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return getattr(value, "label", value.value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)
