"""The page about shifts, without a browser: it opens, moves, asks, and leads to other pages."""

from tests.pages.support import button, control, finished, link_of, opened, tables

SMALL = {
    "width": "8", "depth": "2", "num_steps": "12", "num_examples": "200", "looks": "4", "linear_steps": "10",
    "curve_steps": "10",
}  # fmt: skip


def test_it_shows_networks_domains_and_explanations():
    app = opened("covariate_shift.py", **SMALL)
    assert not app.error
    assert not app.warning
    assert [len(table) for table in tables(app)] == [4, 12, 6]
    assert all("see it" in row["For it"] for row in tables(app)[2])


def test_another_domain_is_in_the_link():
    app = opened("covariate_shift.py", **SMALL)
    widget = control(app, "elsewhere")
    widget.select_index(widget.options.index("moved by a pixel"))
    finished(app.run())
    assert link_of(app)["elsewhere"] == "moved"
    assert not app.error


def test_a_question_is_answered_under_the_title():
    app = opened("covariate_shift.py", **SMALL | {"ask": "curve"})
    assert any("the error is so many times as large" in one.value for one in app.markdown)
    button(app, "Close").click()
    assert "ask" not in link_of(finished(app.run()))
