"""What stands in a link and is no setting stays there; what stands there twice, or cannot be read, goes."""

from streamlit.testing.v1 import AppTest

from tests.pages.support import ROOT, button, control, link_of


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
    button(app, "Its own settings").click()
    app.run()
    assert link_of(app) == {"ask": "l-too-small"}
    assert values_of(app)["step"] == 1.0
    button(app, "Close").click()
    app.run()
    assert link_of(app) == {"curvature": "0.5"}


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


def test_why_settings_do_not_fit_together_is_a_whole_sentence():
    for link in ({"source": "wine", "feature_1": "25"}, {"source": "wine", "feature_2": "13"}):
        app = opened(**link)
        drawn = [node.type for node in app.main]
        assert drawn.index("error") < drawn.index("subheader"), "it stands above the sections that it leaves empty"
        (error,) = app.error
        assert error.value.startswith("These settings do not fit together. ")
        assert error.value.endswith(".")
        assert not error.value.endswith("..")
