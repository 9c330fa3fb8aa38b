"""What stands in a link and is no setting stays there; what stands there twice, or cannot be read, goes."""

import numpy as np
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from landscape.labs.two_weights.request import Source
from landscape.serving.own_table import own_table
from pages.components.settings import OWN
from tests.labs.every_lab import LABS
from tests.pages.support import ROOT, bare, button, control, drawn, link_of, run, turn_to

TWO_WEIGHTS, SMOOTHNESS = (bare(LABS[name]) for name in ("two_weights", "smoothness"))


def opened(**link) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / "two_weights.py"), default_timeout=60)
    app.query_params.update(link)
    app.run()
    assert [exception.value for exception in app.exception] == []
    return app


def values_of(app):
    return app.session_state["settings"]["two_weights"].values


def test_what_is_no_setting_stays_in_the_link_when_a_control_moves():
    app = opened(controls="inequality", embed="true", embed_options="dark_theme", curvature="2")
    reserved = {"controls": "inequality", "embed": "true", "embed_options": "dark_theme"}
    assert link_of(app) == reserved | {"curvature": "2"}
    control(app, "curvature").set_value(0.5)
    app.run()
    assert link_of(app) == reserved | {"curvature": "0.5"}
    assert not app.warning


def test_of_a_name_that_stands_twice_the_last_value_is_used_and_stays_alone():
    app = opened(step=["2", "2.5"], curvature=["1", "2"])
    assert len(app.warning) == 2
    assert all("more than once; the last value is used." in warning.value for warning in app.warning)
    assert (values_of(app)["step"], values_of(app)["curvature"]) == (2.5, 2.0)
    assert app.query_params == {"step": "2.5", "curvature": "2"}


def test_a_question_holds_its_settings_and_what_differs_from_them():
    app = opened(ask="l-too-small", step="2.5")
    assert values_of(app)["curvature"] == 0.5
    assert link_of(app) == {"ask": "l-too-small", "step": "2.5"}
    assert not app.warning
    assert changes_told(app) == 1
    button(app, "Its own settings").click()
    app.run()
    assert link_of(app) == {"ask": "l-too-small"}
    assert values_of(app)["step"] == 1.0
    assert changes_told(app) == 0
    button(app, "Close").click()
    app.run()
    assert link_of(app) == {"curvature": "0.5"}


def changes_told(app):
    return sum("changed since" in caption.value for caption in app.caption)


def test_a_question_that_there_is_not_is_told_and_goes():
    app = opened(ask="q" * 100, step="2.5")
    (warning,) = app.warning
    assert "asks '" + "q" * 60 + "', which is no question of this page" in warning.value
    assert link_of(app) == {"step": "2.5"}


def test_what_could_not_be_read_is_told_until_a_control_moves():
    app = opened(step="9")
    assert len(app.warning) == 1
    app.run()
    assert len(app.warning) == 1
    control(app, "step").set_value(2.5)
    app.run()
    assert not app.warning
    button(app, "Reset").click()
    app.run()
    assert link_of(app) == {}
    assert values_of(app)["step"] == 1.0
    assert control(app, "step").value == 1.0


def test_a_step_in_the_history_is_a_new_link():
    app = opened(step="2.5")
    app.query_params.clear()
    app.query_params["step"] = "0.5"
    app.run()
    assert control(app, "step").value == 0.5
    assert link_of(app) == {"step": "0.5"}


def test_a_step_back_to_no_link_brings_the_defaults():
    app = drawn(TWO_WEIGHTS, step="2.5")
    assert values_of(turn_to(app, 0))["step"] == 1.0


def test_a_late_link_does_not_take_back_what_was_moved():
    app = drawn(TWO_WEIGHTS, step="2.5")
    control(app, "curvature").set_value(0.5)
    turn_to(app, 0)  # the browser still has the address from before the page wrote its link
    assert (values_of(app)["step"], values_of(app)["curvature"]) == (2.5, 0.5)
    assert link_of(app) == {"step": "2.5", "curvature": "0.5"}


def test_a_page_that_was_seen_before_has_what_it_had_and_takes_no_other_pages_link():
    app = drawn(TWO_WEIGHTS, SMOOTHNESS, step="2.5")
    turn_to(app, 1, step="2.5")  # what the first page wrote came late
    assert not app.warning
    assert link_of(app) == {}
    control(app, "seed").set_value(7)
    assert link_of(run(app)) == {"seed": "7"}
    turn_to(app, 0, seed="7")
    assert not app.warning
    assert link_of(app) == {"step": "2.5"}
    turn_to(app, 1)
    assert link_of(app) == {"seed": "7"}
    turn_to(app, 0, step="0.5")  # a link of its own is taken
    assert values_of(app)["step"] == 0.5


def test_a_table_that_is_gone_since_is_told_and_only_the_data_are_the_defaults():
    app = drawn(TWO_WEIGHTS, step="2.5")
    app.session_state[OWN] = own_table(
        np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2, ("a", "b"), ("no", "yes")
    )
    turn_to(app, 0, step="2.5", source="own", feature_2="1")
    assert not app.warning
    assert not app.error
    assert values_of(app)["source"] is Source.OWN
    del app.session_state[OWN]
    run(app)
    (warning,) = app.warning
    assert "Drawn: units and hundreds is shown; load yours beside the data." in warning.value.replace("\\", "")
    assert (values_of(app)["source"], values_of(app)["step"]) == (Source.GAUSSIANS, 2.5)


def test_a_link_is_written_where_it_says_something_else_or_twice(monkeypatch):
    """Each writing is a step in the browser's history."""
    written, write = [], QueryParamsProxy.from_dict
    monkeypatch.setattr(QueryParamsProxy, "from_dict", lambda *given: (written.append(given[1]), write(*given)))
    app = drawn(TWO_WEIGHTS, step=["2", "2.5"], curvature="2")
    assert app.query_params == {"step": "2.5", "curvature": "2"}
    assert len(written) == 1
    run(app)
    assert len(written) == 1
    control(app, "curvature").set_value(0.5)
    run(app)
    assert written[1:] == [{"step": "2.5", "curvature": "0.5"}]


def test_why_settings_do_not_fit_together_is_a_whole_sentence():
    for link in ({"source": "wine", "feature_1": "25"}, {"source": "wine", "feature_2": "13"}):
        app = opened(**link)
        drawn = [node.type for node in app.main]
        assert drawn.index("error") < drawn.index("subheader"), "it stands above the sections that it leaves empty"
        (error,) = app.error
        assert error.value.startswith("These settings do not fit together. ")
        assert error.value.endswith(".")
        assert not error.value.endswith("..")
