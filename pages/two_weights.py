"""Why do unlike scales make training hard?"""

import streamlit as st

from landscape.labs.codec import codec_of
from landscape.labs.presets import TWO_WEIGHTS
from landscape.labs.two_weights import figures, measure
from landscape.labs.two_weights import prose as text
from landscape.labs.two_weights import words as captions
from landscape.labs.two_weights.request import ADAPTIVE, Kind, Rate, Source, TwoWeights, feature_names
from pages.components import compute, controls
from pages.components.controls import control, shown
from pages.components.exchange import exchange
from pages.components.viewer import viewer

CODEC = codec_of("two_weights", TwoWeights)


def sidebar(values: dict) -> None:
    """Draw the controls of the data, the model and the training."""
    with st.sidebar:
        if shown("data"):
            st.subheader("Data")
            control("source")
            if values["source"] is Source.GAUSSIANS:
                for name in ("mean_1", "deviation_1", "mean_2", "deviation_2", "correlation"):
                    control(name)
                with st.expander("More about the data"):
                    control("noise")
                    control("num_examples")
            else:
                names = feature_names(values["source"])
                control("feature_1", names=names)
                control("feature_2", names=names)
        if shown("model"):
            st.subheader("Model")
            control("model")
            control("bias")
        if shown("training"):
            st.subheader("Training")
            control("optimizer")
            adaptive = values["optimizer"] in ADAPTIVE
            if not adaptive:
                control("rate")
            control("learning_rate" if adaptive or values["rate"] is Rate.SHARED else "step")
            if values["optimizer"] in ("momentum", "nesterov"):
                control("momentum")
            for name in ("num_steps", "start_1", "start_2", "extent"):
                control(name)


def beside(names: tuple[str, ...], group: str) -> None:
    """Draw controls in one row."""
    if shown(group):
        for name, column in zip(names, st.columns(len(names), vertical_alignment="bottom"), strict=True):
            with column:
                control(name)


controls.begin(CODEC)
compute.compute_here()
st.title(text.QUESTION)
st.markdown(text.INTRODUCTION)
controls.questions(TWO_WEIGHTS)
sidebar(st.session_state["values"])
top = st.container()
st.subheader(text.INEQUALITY)
# An adaptive optimizer has no multiple of 1/L; the inequality, which is about gradient descent, has.
adaptive = st.session_state["values"]["optimizer"] in ADAPTIVE
beside(("looked_at", "curvature", "step") if adaptive else ("looked_at", "curvature"), "inequality")
inequality = st.container()
st.subheader(text.PREPARE)
# By divisor all learn at one rate, whose control is in the sidebar only where it is that of all training.
shared = adaptive or st.session_state["values"]["rate"] is Rate.SHARED
beside(("center", "divisor", "zero") if shared else ("center", "divisor", "zero", "learning_rate"), "prepare")
prepare = st.container()
st.subheader(text.GRADIENT)
gradient = st.container()
st.subheader(text.EXAMPLES)
examples = st.container()
st.subheader(text.COMPARE)
beside(("compare",), "more")
compare = st.container()
st.subheader(text.COST)
beside(("cost",), "more")
cost = st.container()

config = controls.finish()
bowls = {kind: measure.bowl_of(config, kind) for kind in Kind}
descents = measure.descents_of(config)
surfaces = {kind: measure.surface_of(config, kind) for kind in Kind}
rows = captions.table(config, bowls, descents)
given = [kind for kind in Kind if kind is not Kind.OWN]
steps = range(config.num_steps + 1)

with top:
    for problem in captions.problems(config, bowls, descents):
        st.warning(problem, icon=":material/warning:")
    st.info(f"**What to notice.** {captions.notice(config, bowls, descents)}", icon=":material/visibility:")
    panels = figures.bowl_panels(config, [bowls[kind] for kind in given], [surfaces[kind] for kind in given], descents)
    panels.append(figures.training_panel({kind: descents[kind] for kind in given}, config.num_steps))
    viewer(panels, steps, "bowls", 280, f"done {compute.digest(config)}")
    st.caption(text.BOWLS_NOTE)
    st.table([{text.COLUMNS[name]: captions.shown(value) for name, value in vars(row).items()} for row in rows])
with inequality:
    found = measure.inequality_of(config)
    viewer(figures.inequality_panels(found), key="inequality")
    st.markdown(captions.inequality_notice(config, found))
with prepare:
    center, divisors = measure.center_of(config), measure.divisors_of(config)
    panels = figures.bowl_panels(config, [bowls[Kind.OWN]], [surfaces[Kind.OWN]], descents)
    panels.append(figures.center_panel(center, config.center))
    panels.append(figures.divisor_panel(divisors, None if config.zero else config.divisor))
    viewer(panels, steps, "prepare", 280)
    st.markdown(captions.center_notice(config, center))
    st.markdown(captions.divisor_notice(config, divisors, bowls[Kind.OWN]))
with gradient:
    gradients, slopes = measure.gradients_of(config), measure.slopes()
    viewer([figures.gradients_panel(gradients), figures.slopes_panel(slopes)], key="gradient")
    st.markdown(f"{captions.gradients_notice(config, gradients)} {captions.slopes_notice(slopes)}")
with examples:
    drawn = [bowls[kind] for kind in (Kind.RAW, Kind.STANDARDIZED, Kind.WHITENED)]
    viewer(figures.examples_panels(drawn, config.names), key="examples")
    st.markdown(captions.order_notice(config))
if config.compare:
    with compare:
        optimizers = measure.optimizers_of(config)
        st.table(captions.optimizer_rows(optimizers))
        st.caption(text.COMPARE_NOTE)
        st.markdown(captions.optimizer_notice(config, optimizers))
if config.cost:
    with cost:
        measured = measure.cost()
        viewer([figures.cost_panel(measured)], key="cost")
        st.markdown(captions.cost_notice(measured))

exchange("two_weights", [vars(row) for row in rows])
with st.expander("How to read this: the maths, and where it comes from", icon=":material/menu_book:"):
    st.markdown(text.READING)
