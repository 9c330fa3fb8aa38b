"""The page about invariances, without a browser: it opens, its factor moves, it answers."""

from tests.pages.support import button, control, finished, link_of, opened, tables

SMALL = {"width": "8", "depth": "1", "num_steps": "8", "num_examples": "100", "start_steps": "10", "try_starts": "true"}


def page(**link):
    return opened("invariance.py", **SMALL | link)


def test_it_shows_all_its_sections():
    app = page()
    assert not app.error
    assert not app.warning
    assert len(app.info) == 7
    assert [len(table) for table in tables(app)][-1] == 5


def test_the_factor_is_in_the_link():
    app = page()
    before = app.info[0].value
    control(app, "factor").set_value(100.0)
    app = finished(app.run())
    assert link_of(app)["factor"] == "100"
    assert app.info[0].value != before


def test_a_question_is_answered_under_the_title():
    app = page(ask="unit")
    assert any("one unit alone" in one.value for one in app.markdown)
    button(app, "Close").click()
    assert "ask" not in link_of(finished(app.run()))


def test_numbers_as_targets_and_what_does_not_fit_the_table_are_no_error():
    app = page(dataset="target-curve", loss="squared", kinds="more")
    assert not app.error
