"""The README is true: what it names is there, its links ask what they say, its tables are those that were measured."""

import doctest
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from benchmarks.harness import KINDS, PARTS, WHOLE, goals, pasted
from landscape.teaching.labs import labs, question_of
from landscape.teaching.lessons import lesson_of
from landscape.teaching.published import RESULTS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TREE = re.search(r"## The house\n\n(.*?)\n\n", README, re.DOTALL).group(1).splitlines()
MADE = "NAME"
"""Stands for what a reader makes."""


def named():
    """Yield the files and folders that the README names in its text."""
    for one in re.findall(r"`([\w./]+(?:\.py|\.md|/))`", README):
        if MADE not in one:
            yield one
    yield from re.findall(r"\]\(([^)]+)\)", README)


def places():
    """Yield what the tree names, each with the folder below which it is said to be."""
    above = [""]
    for line in TREE:
        depth = (len(line) - len(line.lstrip()) - 4) // 2
        names, said = re.match(r"((?:[\w.]+(?:\.py|/) ?)+)(.*)", line.strip()).groups()
        yield from ((above[depth], name.rstrip("/")) for name in names.split())
        above[depth + 1 :] = [f"{above[depth]}/{names.split()[0]}".strip("/")]
        yield from ((above[-1], name) for name in re.findall(r"\w+\.py", said))


@pytest.mark.parametrize("name", sorted(set(named())))
def test_what_the_readme_names_is_there(name):
    assert any(
        (ROOT / where / name).exists() for where in ("", "landscape", "landscape/labs", "landscape/labs/compare")
    )


def test_the_house_has_the_rooms_that_it_says_and_no_others():
    rooms = {path.name for path in (ROOT / "landscape").iterdir() if path.is_dir() and path.name != "__pycache__"}
    told = set(places())
    assert {name for folder, name in told if folder == "landscape" and "." not in name} == rooms
    for folder, name in told:
        assert any((ROOT / folder).rglob(name) if folder else [(ROOT / name).exists()]), name


def test_the_labs_that_it_shows_are_pages_of_the_app_in_its_order():
    """A lab that is added has a line in the app alone."""
    told = re.findall(r"^\| (?:[A-Z][^|]*)?\| ([^|]+) \| [A-Z][^|]+ \|$", README, re.MULTILINE)
    titles = re.findall(r'title="([^"]+)", icon', (ROOT / "app.py").read_text(encoding="utf-8"))
    first = titles.pop(0)
    titles.insert(1, first)
    assert told == [title for title in titles if title in told]
    assert len(told) == 12


def test_questions_lessons_results_and_settings_in_links_are_there():
    links = [parse_qs(link) for link in re.findall(r"`[\w]*\?([^`]+)`", README)]
    asked = [link["ask"][0] for link in links if "ask" in link]
    assert "digits" in asked
    for slug in asked:
        assert slug == "slug" or question_of("compare", slug) is not None
    for link in links:
        if "lesson" in link:
            lesson = lesson_of(link["lesson"][0])
            assert lesson is not None
            assert int(link.get("at", "1")[0]) <= len(lesson.steps)
        if "result" in link:
            assert set(link["result"][0].split(",")) <= set(RESULTS)
    (settings,) = [link for link in links if "dataset" in link]
    _, problems = labs()["compare"].codec.read({name: many[0] for name, many in settings.items()})
    assert not problems
    assert set(re.search(r"landscape\.teaching ([\w ]+)`", README).group(1).split()) <= set(RESULTS)


def test_the_lines_of_a_notebook_run():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert (failed, tried) == (0, 4)


def test_the_short_table_is_made_of_the_whole():
    assert pasted("goals", ROOT / "README.md") == goals([pasted(part, WHOLE) for part in PARTS], KINDS)


def test_the_second_command_is_what_is_run_for_every_change():
    assert "\n./test\n" in README
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith('/../test"')


def test_it_is_short():
    assert len(README.split()) <= 1900
