"""What every lab must hold to, whichever it is: its folder, its page, its controls, its sentences, its questions."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from string import Formatter
from urllib.parse import parse_qsl

import pytest

from landscape.experiment import MAX_VARIANTS, VARIED
from landscape.labs.lab import Lab, Shown
from tests.labs.every_lab import FOLDERS, LABS

ROOT = Path(__file__).parents[2]
QUESTIONS = [(name, question) for name, lab in LABS.items() for question in lab.questions]
EVERYWHERE = {"variants", "normalization", *(f"v{i}_{name}" for i in range(1, MAX_VARIANTS + 1) for name in VARIED)}
"""Fields whose controls every page draws where a lab has them."""


def name_of(value: object) -> str:
    return value if isinstance(value, str) else getattr(value, "slug", "")


@pytest.mark.parametrize("name", FOLDERS)
def test_a_lab_is_named_as_its_folder_and_has_a_page_and_a_line(name):
    lab = LABS[name]
    assert (lab.name, lab.codec.page) == (name, name)
    page = (ROOT / "pages" / f"{name}.py").read_text()
    assert len(page.splitlines()) == 6
    assert page.startswith(f'"""{lab.question}"""')
    assert (ROOT / "app.py").read_text().count(f"pages/{name}.py") == 1
    assert re.search(rf'pages/{name}.py", title="{lab.title}", icon="{lab.icon}"', (ROOT / "app.py").read_text())


@pytest.mark.parametrize("name", FOLDERS)
def test_what_draws_a_page_and_what_computes_knows_no_lab(name):
    shared = [*(ROOT / "pages" / "components").glob("*.*"), *(ROOT / "landscape" / "figures").glob("*.py")]
    shared += [path for path in (ROOT / "landscape" / "labs").glob("*.py")]
    for path in shared:
        if path.suffix in (".py", ".js", ".css"):
            assert f"labs.{name}" not in path.read_text(), path
            assert f"labs import {name}" not in path.read_text(), path


def fields_of(lab: Lab) -> list[str]:
    """Return the fields that have a control, in the settings that a lab starts with, whatever is chosen in one of them."""
    start = lab.codec.defaults
    fields = lab.codec.fields.items()
    choices = {name: list(bounds.kind) for name, bounds in fields if issubclass(bounds.kind, StrEnum)}
    choices |= {name: [False, True] for name, bounds in fields if bounds.kind is bool}
    every = [start, *(start | {name: choice} for name, many in choices.items() for choice in many)]
    found = [name for values in every for section in lab.sections for name in section.controls(values)]
    for values in every:
        for group in lab.groups(values):
            found += [*group.fields, *(name for names in group.folded.values() for name in names)]
            found += [name for action in group.actions(values) for name in action.values]
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_every_setting_has_a_control(name):
    lab = LABS[name]
    assert set(fields_of(lab)) <= set(lab.codec.fields)
    assert set(lab.codec.fields) - set(fields_of(lab)) <= EVERYWHERE


@pytest.mark.parametrize("name", FOLDERS)
def test_sections_name_jobs_and_fields_that_there_are(name):
    lab = LABS[name]
    jobs = set(lab.jobs(lab.codec.request_of({}))) if lab.jobs else set()
    assert len({section.name for section in lab.sections}) == len(lab.sections)
    for section in lab.sections:
        assert {*section.jobs, *section.awaited} <= jobs
        assert section.picks in ("", *lab.codec.fields)


ON_DEMAND = [(name, field) for name in FOLDERS for field in LABS[name].codec.fields if field.startswith("try_")]


@pytest.mark.parametrize(("name", "field"), ON_DEMAND)
def test_what_takes_its_time_is_computed_where_it_is_asked_for_and_changes_nothing_else(name, field):
    lab = LABS[name]
    less, more = (lab.jobs(lab.codec.request_of({field: asked})) for asked in (False, True))
    late = {job for job in less if not any(less[job]) and any(more[job])}
    assert late
    keys = [{job: [one and one.key for one in many[job]] for job in set(less) - late} for many in (less, more)]
    assert keys[0] == keys[1]
    sections = [section for section in lab.sections if {*section.jobs} <= late]
    assert sections
    for section in sections:
        assert section.show(lab.codec.request_of({field: False}), {}) == Shown()


@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=name_of)
def test_a_question_asks_for_what_its_section_shows(name, question):
    lab = LABS[name]
    (section,) = [section for section in lab.sections if section.name == question.section]
    own = [many for job, many in (lab.jobs(question.request) if lab.jobs else {}).items() if job in section.jobs]
    assert not own or any(not many or any(many) for many in own)


@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=name_of)
def test_a_question_is_a_short_link_to_a_section_with_choices_to_predict_from(name, question):
    lab = LABS[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", question.slug)
    assert question.ask.endswith("?")
    assert question.section in {section.name for section in lab.sections}
    assert len(question.choices) in (0, 2, 3, 4)
    assert len({choice.text for choice in question.choices}) == len(question.choices)
    values = lab.codec.values_of(question.request)
    assert lab.codec.request_of(values) == question.request
    assert lab.codec.read({}, base=values) == (values, ())


@pytest.mark.parametrize("name", FOLDERS)
def test_questions_have_names_of_their_own(name):
    lab = LABS[name]
    assert len({question.slug for question in lab.questions}) == len(lab.questions) >= 3
    assert len({question.ask for question in lab.questions}) == len(lab.questions)


@pytest.mark.parametrize("name", FOLDERS)
def test_questions_in_view_are_some_of_all_in_few_words(name):
    lab = LABS[name]
    assert set(lab.front) <= {question.slug for question in lab.questions}
    assert len(lab.front) <= 4
    assert all(text.endswith("?") and len(text) <= 32 for text in lab.front.values())


def sentences() -> Iterator[tuple[str, str]]:
    """Yield every template of every lab, and of the kit, with the module in which it stands."""
    for path in sorted((ROOT / "landscape" / "labs").glob("**/*.py")):
        module = import_module(
            path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        )
        for constant, value in vars(module).items():
            if constant.endswith("SENTENCES") and isinstance(value, dict):
                yield from ((f"{module.__name__}.{constant}.{key}", text) for key, text in value.items())


TEMPLATES = dict(sentences())


@pytest.mark.parametrize("place", TEMPLATES)
def test_a_sentence_is_whole(place):
    """It begins as one does and ends as one does, and no hole is part of a word."""
    text = TEMPLATES[place]
    plain = text.replace("**", "").strip()
    assert re.match(r"[A-Z{\"0-9]", plain), "it begins with a capital or a name"
    assert plain[-1] in ".?!…", "it ends"
    assert len(plain.split()) >= 3, "it is no half-word"
    assert "  " not in text
    assert not re.search(r"[A-Za-z]\{|\}[A-Za-z]", text), "a hole is a word, or several"
    assert all(name and name.isidentifier() for _, name, _, _ in Formatter().parse(text) if name is not None)


def test_there_are_sentences_to_read():
    assert len(TEMPLATES) > 20


@pytest.mark.parametrize("name", FOLDERS)
def test_what_explains_a_picture_holds_on_a_phone_too(name):
    """Pictures stand beside each other on a wide screen alone, and all of them below the text that is about them."""
    prose = import_module(f"landscape.labs.{name}.prose")
    for constant, text in vars(prose).items():
        if isinstance(text, str):
            assert not re.search(r"\b[Oo]n the (left|right)\b|\b(Left|Right|Above|Below):", text), constant


@pytest.mark.parametrize("name", FOLDERS)
def test_sentences_see_facts_and_no_results(name):
    """What says something imports no module that computes or trains."""
    for part in ("words", "questions", "prose"):
        path = ROOT / "landscape" / "labs" / name / f"{part}.py"
        if not path.exists():
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                rooms = ("landscape.training", "landscape.internals", "landscape.dynamics", "landscape.loss", "torch")
                assert not node.module.startswith(rooms), f"{path}: {node.module}"
                assert not {"Results", "Known"} & {alias.name for alias in node.names}, path


@pytest.mark.parametrize("name", FOLDERS)
def test_links_in_the_prose_lead_to_settings_that_there_are(name):
    prose = import_module(f"landscape.labs.{name}.prose")
    texts = [text for text in vars(prose).values() if isinstance(text, str)]
    for lab, _, query in re.findall(r"\]\((\w+)(\?([^)]*))?\)", " ".join(texts)):
        values, problems = LABS[lab].codec.read(dict(parse_qsl(query)))
        assert not problems
        assert LABS[lab].codec.request_of(values)
