"""The page about inference, without a browser: it opens, moves, asks, and says what cannot be."""

from tests.pages.support import button, control, finished, link_of, opened, tables

SMALL = {
    "width": "12", "depth": "2", "num_steps": "20", "num_examples": "200", "try_averages": "true", "try_readers": "true",
}  # fmt: skip


def test_it_shows_all_its_sections():
    app = opened("inference.py", **SMALL)
    assert not app.error
    assert not app.warning
    assert len(tables(app)[0]) == 4
    assert len(app.info) == 6


def test_controls_beside_sections_are_in_the_link():
    app = opened("inference.py", **SMALL)
    control(app, "example").set_value(3)
    app.run()
    control(app, "learns").set_value(True)
    finished(app.run())
    assert link_of(app)["example"] == "3"
    assert link_of(app)["learns"] == "true"
    assert not app.error


def test_the_limits_of_renormalization_are_set_beside_it():
    app = opened("inference.py", **SMALL | {"renorm_r": "2", "renorm_begin": "0.5"})
    assert control(app, "renorm_r").value == 2
    assert any("for the first 50% of the training, and open from there to 2 and 5" in one.value for one in app.caption)
    control(app, "renorm_r").set_value(1.0)
    app.run()
    control(app, "renorm_d").set_value(0.0)
    app = finished(app.run())
    assert (link_of(app)["renorm_r"], link_of(app)["renorm_d"]) == ("1", "0")
    assert any("These stay at 1 and 0" in one.value for one in app.caption)
    assert not app.error


def test_a_question_is_answered_under_the_title():
    app = opened("inference.py", **SMALL | {"ask": "folded"})
    assert any("folded into the weights before it" in one.value for one in app.markdown)
    button(app, "Close").click()
    assert "ask" not in link_of(finished(app.run()))


def test_networks_that_store_nothing_and_targets_that_are_numbers_are_no_error():
    own = {"variants": "2", "v1_normalization": "none", "v2_normalization": "layer"}
    app = opened(
        "inference.py", **SMALL | own | {"dataset": "target-curve", "loss": "squared", "learning_rate": "0.01"}
    )
    assert not app.error
    assert any("stores a mean" in one.value for one in app.warning)
