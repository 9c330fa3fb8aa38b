"""Links of before labs were folders, collected then: each says today what it said."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from landscape.labs.codec import text_of
from tests.labs.every_lab import LABS

COLLECTED = json.loads(Path(__file__).with_name("links.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", COLLECTED["defaults"])
def test_a_link_that_says_nothing_means_what_it_meant(name):
    defaults = {field: text_of(value) for field, value in LABS[name].codec.defaults.items()}
    assert {field: defaults[field] for field in COLLECTED["defaults"][name]} == COLLECTED["defaults"][name]


@pytest.mark.parametrize("one", COLLECTED["links"], ids=lambda one: f"{one['lab']}?{one['link']}"[:60])
def test_a_link_says_what_it_said(one):
    codec = LABS[one["lab"]].codec
    values, problems = codec.read(dict(parse_qsl(one["link"], keep_blank_values=True)))
    meant = COLLECTED["defaults"][one["lab"]] | one["values"]
    meant = {name: text for name, text in meant.items() if name not in codec.idle(values)}
    assert {name: text_of(values[name]) for name in meant} == meant
    assert list(problems) == one["problems"]
    assert codec.write(values) == one["written"]


@pytest.mark.parametrize("one", COLLECTED["links"], ids=lambda one: f"{one['lab']}?{one['link']}"[:60])
def test_a_file_says_what_its_link_says(one):
    codec = LABS[one["lab"]].codec
    file = json.dumps({"page": one["lab"], "settings": one["written"]})
    values, problems = codec.from_json(file)
    assert problems == ()
    assert codec.write(values) == one["written"]
