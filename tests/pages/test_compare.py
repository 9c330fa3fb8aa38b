"""Every page, without a browser: it opens, each control moves, bad links and failures give sentences."""

import re
from base64 import b64decode
from collections.abc import Collection
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from landscape.experiment import DEFAULT_SEED, Dataset
from landscape.labs import jobs
from landscape.labs.codec import text_of
from landscape.labs.compare import LAB, outcomes
from landscape.labs.compare.request import CODEC
from models.config import Kind
from models.normalization import Normalization
from pages.components import compute
from pages.components.controls import groups_of
from pages.components.question import HIDDEN, UNANSWERED
from tests.labs.every_lab import LABS
from tests.pages.support import (
    ROOT,
    SECONDS,
    begun,
    button,
    control,
    finished,
    let_go,
    link_of,
    opened,
    plain,
    tables,
    tickets,
    values_of,
    widgets_of,
)

DEFAULTS, FIELDS = CODEC.defaults, CODEC.fields
PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
SMALL = {"num_steps": "10", "width": "8", "depth": "2", "resolution": "5", "num_examples": "200"}

WITHOUT_CONTROL = {"kind", "variants", "seed", "normalization", "more_balls"}
"""Fields that have one value only, a button of their own, or a control for each network."""

CONTROLS = sorted(name for name in FIELDS if name not in WITHOUT_CONTROL and not name.startswith(("v3_", "v4_")))
OWN = [name for name in CONTROLS if name.startswith(("v1_", "v2_"))]

AWAITED = {
    "activation", "another_ball", "ball_rate", "batch_size", "dataset", "extent", "frozen", "loss", "normalized", "optimizer",
    "other_rates", "plane", "preprocessing", "statistics",
}  # fmt: skip
"""Controls each of which has something else computed, or drawn."""


def moved(widget):
    """Move a control to another value."""
    match widget.type:
        case "selectbox":
            # A network's own options begin with "as in the sidebar"; the next may say what the sidebar says.
            step = 1 if widget.value is not None else 2
            return widget.select_index(((widget.index or 0) + step) % len(widget.options))
        case "toggle":
            return widget.set_value(not widget.value)
        case "number_input":
            return widget.increment()
        case "slider":
            return widget.set_value((widget.value + widget.max) / 2)
        case "select_slider":
            place = widget.options.index(f"{widget.value:g}")
            neighbour = widget.options[place + 1 if place + 1 < len(widget.options) else place - 1]
            return widget.set_value(type(widget.value)(float(neighbour)))
    raise AssertionError(f"what is a {widget.type}?")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_by_itself_on_its_defaults(page):
    """A lab up to what it asks to be computed; the tests of each page await all of it, in small settings."""
    lab = LABS.get(page.removesuffix(".py"))
    app = begun(page) if lab else opened(page)
    assert len(app.title) == 1
    assert not app.error
    assert not app.warning
    assert tickets(app) or lab is None or lab.jobs is None
    assert [ticket.error for ticket in tickets(app) if ticket.error] == []
    let_go(app)


def test_the_app_opens_on_the_comparison():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    app.query_params.update(SMALL)
    assert "What to notice" in finished(app.run()).info[0].value


def test_a_control_moves_and_what_it_asks_for_is_computed():
    walk(begun(**SMALL, variants="1"), [name for name in CONTROLS if name not in OWN], AWAITED)


@pytest.mark.parametrize("own", ["v1_", "v2_"])
def test_a_control_of_one_network_moves(own):
    walk(begun(**SMALL), [name for name in CONTROLS if name.startswith(own)])


def walk(app: AppTest, names: list[str], awaited: Collection[str] = ()) -> None:
    """Move controls of a page one after the other, each back before the next, and open the links that they bring.

    awaited: those of which what they ask for is awaited.
    """
    assert {*awaited} <= {*names}
    start, texts = link_of(app), {}
    for name in names:
        widget = control(app, name)
        before, index = widget.value, getattr(widget, "index", None)
        moved(widget)
        app.run()
        if name in awaited:
            finished(app)
        after = control(app, name).value
        assert after != before, name
        assert [each.value for each in app.error] == [], name
        texts[name] = text_of(after)
        assert link_of(app) == start | {name: texts[name]}
        widget = control(app, name)
        _ = widget.select_index(index or 0) if widget.type == "selectbox" else widget.set_value(before)
    app.run()
    assert link_of(app) == start
    let_go(app)
    together = begun(**start | texts)
    let_go(together)
    shown = {widget.key.partition("-")[0] for widget in widgets_of(together)}
    for name in names:  # what some of the others hide stands there alone
        alone = together if name in shown else begun(**start | {name: texts[name]})
        assert text_of(control(alone, name).value) == texts[name]


@pytest.mark.parametrize(
    ("link", "remedy"),
    [
        ({"dataset": "linear-map"}, "Loss: squared"),
        ({"dataset": "wine", "kind": "cnn"}, "Network: multilayer perceptron"),
        ({"v2_batch_size": "1"}, "Network 2, batch size: 64"),
        ({"v2_normalization": "weight", "v2_normalized": "both"}, "Network 2, normalization stands on: hidden"),
        ({"v2_normalization": "weight", "placement": "after"}, "Placement: before"),
        ({"dataset": "wine", "v2_normalization": "propagation"}, "Preprocessing: standardize"),
    ],
)
def test_what_does_not_fit_is_mended_with_one_click(link, remedy):
    app = opened(**SMALL | link)
    assert "do not fit together" in app.error[0].value
    button(app, remedy).click()
    finished(app.run())
    assert not app.error
    assert "What to notice" in plain(app.info[0].value)


def test_a_kind_that_is_chosen_takes_sizes_that_fit_it_and_says_so():
    app = opened(**SMALL | {"width": "64", "depth": "3"})
    control(app, "kind").set_value(Kind.CNN)
    app.run()
    assert not app.exception
    assert {name: link_of(app)[name] for name in ("depth", "kind", "width")} == {
        "depth": "3", "kind": "cnn", "width": "16"
    }  # fmt: skip
    assert any("at most depth 4 and width 16" in caption.value for caption in app.caption)
    control(app, "width").set_value(32)
    app.run()
    assert link_of(app)["width"] == "32"


ASKED = {question.slug: question for question in LAB.questions}


@pytest.mark.parametrize("slug", ASKED)
def test_a_question_is_a_link_that_sets_all(slug):
    app = begun(ask=slug)
    let_go(app)
    assert link_of(app) == {"ask": slug}
    assert CODEC.request_of(values_of(app)) == ASKED[slug].request
    assert f"**{ASKED[slug].ask}**" in said(app)


def test_a_question_is_one_click():
    app = begun(**SMALL)
    button(app, ASKED["balls"].ask).click()
    app.run()
    let_go(app)
    assert not app.exception
    assert not app.error
    assert link_of(app) == {"ask": "balls"}
    assert CODEC.request_of(values_of(app)) == ASKED["balls"].request


@pytest.mark.parametrize(
    "slug", ["digits", "balls", "what-follows", "frozen", "unlike-scales", "real-table", "strength"]
)
def test_a_question_is_answered_under_the_title(slug):
    """One of each section and of each kind of data, in smaller settings than its own."""
    app = opened(**SMALL, ask=slug)
    answered(app, ASKED[slug], CODEC.request_of(values_of(app)))


def answered(app: AppTest, question, request) -> None:
    """See that the answer of a page's own results stands there, or that they have none."""
    assert not app.error
    answer = question.answer(LAB.facts(request, compute.known(asked_of(app, request))))
    assert f"**{question.ask}**" in said(app)
    assert (answer or UNANSWERED) in said(app)
    assert not answer or any('](#term "' in each.value for each in app.markdown), "its terms are explained"
    assert "What to notice" in plain(app.info[0].value)


def said(app: AppTest) -> list[str]:
    return [plain(each.value) for each in app.markdown]


def asked_of(app: AppTest, request):
    """Return the tickets of a request that the page holds."""
    by_key = {ticket.key: ticket for ticket in tickets(app)}
    return {name: [by_key.get(job.key) if job else None for job in many] for name, many in LAB.jobs(request).items()}


def test_a_setting_that_was_changed_since_is_told_and_a_question_closes():
    app = opened(**SMALL, ask="digits")
    assert link_of(app) == SMALL | {"ask": "digits"}
    assert any("changed since" in each.value for each in app.caption)
    button(app, "Its own settings").click()
    app.run()
    assert link_of(app) == {"ask": "digits"}
    assert not any("changed since" in each.value for each in app.caption)
    control(app, "num_steps").set_value(10)
    app.run()
    assert link_of(app) == {"ask": "digits", "num_steps": "10"}
    button(app, "Close").click()
    app.run()
    assert not app.exception
    assert link_of(app) == {"num_steps": "10"}
    assert not any("Two networks learn" in text for text in said(app))
    let_go(app)


def test_a_question_is_answered_after_a_prediction_where_the_link_asks_for_one():
    app = opened(**SMALL, ask="digits", predict="true")
    answers = [text for text in said(app) if "their test accuracies are" in text or "unlike landscapes" in text]
    assert not answers
    # Nor do notices, tables or pictures tell it.
    assert [one.value for one in app.info] == [HIDDEN]
    assert not any("In numbers" in one.value for one in app.subheader)
    choices = app.pills[0]
    assert choices.options == ["About alike", "The plain one is much higher"]
    assert link_of(app) == SMALL | {"ask": "digits", "predict": "true"}
    choices.set_value("About alike")
    finished(app.run())
    assert any("You said: *About alike*" in text for text in said(app))
    assert any("What to notice" in one.value for one in app.info)
    assert any("In numbers" in one.value for one in app.subheader)


def test_a_question_that_there_is_not_is_told():
    app = begun(**SMALL, ask="why **not**")
    assert r"asks 'why \*\*not\*\*', which is no question of this page" in app.warning[0].value
    assert link_of(app) == SMALL


def test_reset_new_seed_and_the_number_of_networks():
    app = opened(**SMALL)
    button(app, "New seed").click()
    assert link_of(finished(app.run())) == SMALL | {"seed": str(DEFAULT_SEED + 1)}
    app.segmented_control[0].set_value(4)
    finished(app.run())
    assert len(tickets(app)) == 4 * 8
    chosen = {values_of(app)[f"v{i}_normalization"] for i in range(1, 5)}
    assert len(chosen) == 4
    button(app, "Reset").click()
    app.run()
    assert not app.exception
    assert link_of(app) == {}
    assert values_of(app) == DEFAULTS
    let_go(app)


def test_only_controls_that_show_another_value_are_made_anew():
    app = opened(**SMALL)

    def keys():
        return {widget.key for widget in (*app.selectbox, *app.select_slider, *app.number_input)}

    finished(control(app, "learning_rate").set_value(0.5).run())
    before = keys()
    finished(button(app, "New seed").click().run())
    seeded = keys()
    # Which may show a number that was refused.
    typed = {"seed", "view_seed", "feature_x", "feature_y", "groups", "batch_classes"}
    assert {key.split("-")[0] for key in seeded - before} == typed
    assert (control(app, "learning_rate").value, control(app, "seed").value) == (0.5, DEFAULT_SEED + 1)
    button(app, "Reset").click().run()
    let_go(app)
    assert {key.split("-")[0] for key in keys() - seeded} == {"learning_rate", *typed, *SMALL}
    assert all(control(app, name).value == DEFAULTS[name] for name in ("learning_rate", "seed", *SMALL))


def test_running_again_computes_anew_and_finds_the_same():
    app = opened(**SMALL)
    first = tickets(app, "run ")[0].result
    finished(app.run())
    assert tickets(app, "run ")[0].result is first
    button(app, "Run again").click()
    finished(app.run())
    second = tickets(app, "run ")[0].result
    assert second is not first
    assert (second.parameters == first.parameters).all()


def test_another_view_of_networks_whose_snapshots_are_gone_trains_nothing(monkeypatch):
    app = opened(**SMALL, seed="11")
    store = compute.default_dispatcher().store
    for key in app.session_state["held"]["behind"]:
        assert key in store
        store.drop(key)

    def again(_):
        raise AssertionError("trained again")

    monkeypatch.setattr(jobs, "Training", again)
    control(app, "view_seed").set_value(7)
    finished(app.run())
    assert not app.error
    held = tickets(app)
    assert [ticket.key for ticket in held if ticket.error or ticket.key.startswith("training")] == []
    assert {len(ticket.result.parameters) for ticket in held if ticket.key.startswith("run ")} == {1}


def test_bad_values_of_a_link_give_defaults_and_sentences():
    app = begun(**SMALL, learning_rate="banana", seed="1e400", nonsense="1", v1_normalization="magic")
    told = [warning.value for warning in app.warning]
    assert len(told) == 4
    for words in ("'banana'; 0.1 is used", f"'1e400'; {DEFAULT_SEED} is used", "'nonsense'", "'magic'"):
        assert any(words in sentence for sentence in told)
    assert link_of(app) == SMALL


def test_what_stands_in_a_link_is_text_and_no_markdown():
    app = opened(**SMALL, seed="![x](http://a/b.png) **bold** :red[hi] `c`", __class__="1")
    assert r"!\[x\](" in app.warning[0].value
    assert r"\*\*bold\*\* \:red\[hi\] \`c\`" in app.warning[0].value
    assert r"\__class_\_" in app.warning[1].value
    control(app, "width").set_value(16)
    finished(app.run())
    assert not app.warning  # it was read, and a control was moved since


def test_groups_of_controls_that_there_are_not_hide_nothing():
    app = begun(**SMALL, controls="bogus")
    assert (
        "names 'bogus'; it may name data, training, network, view, balls, networks, presets, run, files, or none"
        in app.warning[0].value
    )
    assert control(app, "learning_rate").value == 0.1
    assert not begun(**SMALL, controls="network").warning


def test_the_readme_names_the_groups_of_controls():
    (said,) = re.findall(r"`\?controls=none` hides(.*?)It goes with", (ROOT / "README.md").read_text(), re.DOTALL)
    assert set(re.findall(r"`([a-z]+)`", said)) == set(groups_of(LAB))


def test_settings_that_do_not_fit_are_explained_and_the_controls_stay():
    app = opened(**SMALL, batch_size="1")
    assert "one example has no variance" in app.error[0].value
    control(app, "batch_size").set_value(32)
    finished(app.run())
    assert not app.error
    assert "What to notice" in plain(app.info[0].value)


def test_an_exception_in_a_job_is_a_sentence_with_a_way_on(monkeypatch):
    def fails(_):
        raise RuntimeError("the dog ate the weights.")

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "Training", fails)
        app = opened(**SMALL, seed="9")
    assert [error.value for error in app.error] == [
        "This could not be computed: the dog ate the weights. Change a setting, or press Reset."
    ]
    assert not app.info  # nothing is awaited, and nothing to be noticed
    failed = tickets(app, "run ")[0]
    assert tickets(finished(app.run()), "run ")[0] is failed  # it is not tried again and again
    button(app, "Run again").click()
    finished(app.run())
    assert not app.error
    assert "What to notice" in plain(app.info[0].value)


def test_a_measure_that_fails_leaves_the_rest(monkeypatch):
    monkeypatch.setattr(outcomes, "MeasuresTask", lambda run, view: {}["no such thing"])
    app = opened(**SMALL, seed="10")
    assert "could not be computed" in app.error[0].value
    assert "What to notice" in plain(app.info[0].value)
    _, numbers = tables(app)
    blank = [entry for row in numbers for entry in row.values() if entry == "not computed"]
    assert len(blank) == 2 * 2  # of two networks the sharpness and one accuracy


@pytest.mark.parametrize(
    ("groups", "there", "gone"),
    [("none", (), ("dataset", "learning_rate", "width", "plane", "v1_normalization")),
     ("networks,view", ("plane", "v1_normalization"), ("dataset", "learning_rate", "width"))],
)  # fmt: skip
def test_a_link_hides_controls(groups, there, gone):
    app = begun(**SMALL, controls=groups)
    keys = {widget.key.partition("-")[0] for kind in (app.selectbox, app.select_slider) for widget in kind}
    assert keys >= set(there)
    assert not keys & set(gone)
    assert link_of(app) == SMALL | {"controls": groups}


def test_the_time_left_follows_the_pace_since_the_request(monkeypatch):
    jobs, clock, held = [SimpleNamespace(fraction=part, done=False) for part in (0.2, 0.0)], [100.0], {}
    monkeypatch.setattr(compute, "_held", lambda: held)
    monkeypatch.setattr(compute, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    assert compute.seconds_left(jobs, ("jobs",)) is None  # nothing is done since
    clock[0], jobs[0].fraction = 105.0, 0.7
    assert compute.seconds_left(jobs, ("jobs",)) == pytest.approx(13)  # 0.5 of 2 took 5 s, 1.3 are to do
    jobs[1].done = True  # it failed: nothing of it is awaited
    assert compute.seconds_left(jobs, ("jobs",)) == pytest.approx(1)  # 1.5 took 5 s, 0.3 are to do
    assert compute.seconds_left(jobs, ("other jobs",)) is None


@pytest.mark.parametrize("slug", ["digits", "unlike-scales", "real-table"])
def test_a_question_about_a_network_that_is_not_there_is_left_unanswered(slug):
    app = opened(ask=slug, variants="1", **SMALL)
    assert UNANSWERED in [element.value for element in app.markdown]


def test_a_ball_that_is_dropped_rolls_by_itself_and_stands_in_the_link():
    app = opened(**SMALL)
    before = {ticket.key: ticket.result for ticket in tickets(app, "balls ")}
    control(app, "another_ball").set_value(True)
    finished(app.run())
    assert link_of(app) == SMALL | {"another_ball": "true"}
    after = {ticket.key: ticket.result for ticket in tickets(app, "balls ")}
    assert len(after) == 4
    assert all(after[key] is result for key, result in before.items())
    others = [result.coordinates.shape[1] for key, result in after.items() if key not in before]
    assert others == [1, 1]


def test_balls_are_dropped_by_the_keyboard_and_taken_back_and_stand_in_the_link():
    app = opened(**SMALL)
    places = []
    for _ in range(3):
        button(app, "Drop another ball").click()
        finished(app.run())
        places.append({ticket.key: ticket.result for ticket in tickets(app, "balls ")})
    link = link_of(app)
    assert set(link) - set(SMALL) == {"another_ball", "more_balls", "ball_x", "ball_y"}
    assert link["more_balls"].startswith("50~50_")
    assert [len(one) for one in places] == [4, 6, 8]
    assert all(places[2][key] is result for key, result in places[1].items())
    for _ in range(3):
        button(app, "Take the last one back").click()
        finished(app.run())
    assert link_of(app) == SMALL
    assert button(app, "Take the last one back").disabled


def test_a_term_of_the_glossary_says_its_sentence_where_it_stands():
    app = begun(**SMALL)
    (introduction,) = [each.value for each in app.markdown if "walks downhill" in each.value]
    assert introduction.count('title="How wrong a network is on some examples') == 1
    assert '<abbr class="lv-term" tabindex="0"' in introduction


def test_the_help_of_a_normalization_says_what_it_does_and_leads_to_its_arithmetic():
    app = opened(**SMALL)
    told = control(app, "v2_normalization").help
    assert Normalization.BATCH.about in told
    assert "(anatomy?normalization=batch)" in told
    control(app, "v2_normalization").set_value(Normalization.LAYER)
    app.run()
    assert Normalization.LAYER.about in control(app, "v2_normalization").help
    assert "about" not in control(app, "dataset").help


def test_the_data_are_shown_beside_their_control():
    app = opened(**SMALL)
    (picture,) = pictures_of(app)
    assert "One example of each digit" in picture
    control(app, "dataset").set_value(Dataset.MOONS)
    app.run()
    (picture,) = pictures_of(app)
    assert picture.count("<circle") == 150


def pictures_of(app: AppTest) -> list[str]:
    """Return the SVGs among the controls of a page."""
    bodies = [element.proto.body for element in app.sidebar.get("html")]
    return [b64decode(data).decode() for body in bodies for data in re.findall('svg.xml;base64,([^"]+)', body)]


def test_frozen_statistics_stand_beside_those_of_the_batch():
    app = opened(**SMALL, frozen="true")
    assert len(tickets(app, "surface ")) == 3
    assert "stored, frozen, the same slice climbs to" in plain(app.info[0].value)
    assert len(tickets(opened(**SMALL, frozen="true", v2_normalization="layer"), "surface ")) == 2
