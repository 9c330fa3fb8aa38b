"""The glossary: one sentence a term, and on each page the terms that stand there."""

import pytest

from landscape.labs.glossary import GLOSSARY, terms_in
from tests.labs.every_lab import LABS
from tests.pages.support import opened


@pytest.mark.parametrize("term", GLOSSARY)
def test_a_term_has_one_sentence_that_is_not_the_term_again(term):
    said = GLOSSARY[term]
    assert said.endswith(".")
    assert said.count(". ") == 0
    assert 6 <= len(said.split()) <= 32
    assert not said.lower().startswith(f"{term.lower()} ")


def test_terms_are_in_order_and_found_whole():
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.lower)
    assert terms_in("a lossless slicer") == {}
    assert list(terms_in("Losses, seeds")) == ["loss", "seed"]


@pytest.mark.parametrize("name", LABS)
def test_every_lab_uses_terms_that_are_explained(name):
    lab = LABS[name]
    assert len(terms_in(f"{lab.question} {lab.introduction} {lab.reading}")) >= 3


def test_a_page_lists_the_terms_that_stand_on_it():
    app = opened("two_weights.py")
    (listed,) = [each.value for each in app.markdown if "**learning rate**:" in each.value]
    assert "**Hessian**:" in listed
    assert "**dropout**" not in listed
