"""Lessons, themes and links: every step names a question that there is, and what one writes is what one reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscape.teaching.labs import ORDER, labs, question_of
from landscape.teaching.lesson import MOST_STEPS, Lesson, Step, name_of, read_lesson, write_lesson
from landscape.teaching.lessons import LESSONS, lesson_of
from landscape.teaching.themes import OTHER, THEMES, by_theme, entries, themes_of
from tests.labs.every_lab import FOLDERS, LABS

STEPS = [Step(name, question.slug) for name, lab in LABS.items() for question in lab.questions]


def test_the_labs_are_those_of_the_folders_each_once():
    assert sorted(labs()) == FOLDERS
    assert all(labs()[name] is LABS[name] for name in FOLDERS)
    known = [name for name in ORDER if name in FOLDERS]
    assert list(labs())[: len(known)] == known


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_is_ten_minutes_of_questions_that_there_are_each_to_predict(lesson):
    assert 8 <= len(lesson.steps) <= 10
    assert len(set(lesson.steps)) == len({step.name for step in lesson.steps}) == len(lesson.steps)
    for step in lesson.steps:
        assert question_of(step.lab, step.slug) in LABS[step.lab].questions
        assert len(step.question.choices) >= 2, step
        assert step.sentence.endswith((".", "?", ":"))
        assert step.sentence[0].isupper()


def test_the_debate_ends_in_no_consensus():
    assert LESSONS["covariate-shift"].steps[-1].name == "smoothness.why"


def test_a_lesson_has_a_name_that_is_no_list_of_steps_and_is_found_by_it():
    for name, lesson in LESSONS.items():
        assert lesson_of(name) is lesson
        assert "." not in name


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=MOST_STEPS))
def test_a_list_of_steps_in_a_link_is_read_as_it_was_written(steps):
    for link in (name_of(steps), ", ".join(step.name for step in steps)):
        assert lesson_of(link).steps == tuple(steps)
        assert lesson_of(link).name == name_of(steps)


SENTENCES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(STEPS), SENTENCES), min_size=1, max_size=9), SENTENCES)
def test_a_file_is_read_as_it_was_written(lines, title):
    steps = tuple(Step(step.lab, step.slug, said) for step, said in lines)
    lesson = Lesson(name_of(steps), f"T{title}", "", steps)
    assert read_lesson(write_lesson(lesson)) == lesson


@pytest.mark.parametrize(
    "name", ["", "~", "why", "compare", "compare.", ".digits", "compare.nothing", "nolab.digits", "a" * 999]
)
def test_what_is_no_lesson_is_told_in_a_sentence_with_an_example_or_a_bound(name):
    with pytest.raises(ValueError, match="The link names no lesson.") as raised:
        lesson_of(name)
    assert "as two_weights.thousands" in str(raised.value) or "1 to 40 questions, not 0" in str(raised.value)
    assert len(str(raised.value)) < 250


def test_a_file_that_cannot_be_read_says_in_which_line_and_a_long_one_how_long_it_may_be():
    with pytest.raises(ValueError, match="Line 3: 'compare.no' names no question"):
        read_lesson("# T\ncompare.digits\ncompare.no Why?")
    with pytest.raises(ValueError, match="1 to 40 questions, not 41"):
        read_lesson("compare.digits\n" * 41)
    with pytest.raises(ValueError, match="not 0"):
        read_lesson("# A title alone")


def test_each_row_has_one_theme_and_each_question_stands_under_its_first_once():
    rows = [row for many in THEMES.values() for row in many]
    assert sorted(rows) == list(range(1, max(rows) + 1))
    stand = [(entry.lab.name, entry.question.slug) for entry in entries()]
    assert sorted(stand) == sorted((step.lab, step.slug) for step in STEPS)
    for theme, many in by_theme().items():
        for entry in many:
            assert themes_of(entry.question)[0] == theme
            assert (theme == OTHER) == (not entry.question.rows)


def test_questions_are_found_by_all_of_the_words_in_any_case():
    found = {entry.name for many in by_theme("SIGMOIDS batch").values() for entry in many}
    assert "robustness.sigmoid-rates" in found
    assert all("sigmoid" in question_of(*name.split(".")).ask.lower() for name in found)
    assert by_theme("zebra") == {}
    assert sum(map(len, by_theme("Curvature").values())) >= len(LABS["curvature"].questions)
