"""The questions about one layer: exactly one choice is right, whatever the seed, and it is the one expected."""

from dataclasses import replace

import pytest

from landscape.labs.anatomy import LAB
from landscape.labs.anatomy.lines import lines
from landscape.labs.anatomy.questions import QUESTIONS
from landscape.labs.anatomy.request import Anatomy, Moment, Shape, When
from models.fields import Misfit
from models.normalization import Normalization
from tests.labs.anatomy.cut import KINDS, facts, results

RIGHT = {"batch": 0, "layer": 1, "group": 2, "weights": 1, "alone": 0, "order": 0, "undo": 0, "undo-layer": 1}


@pytest.mark.parametrize("seed", [3, 21, 22])
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.slug)
def test_one_choice_is_right_and_the_question_is_answered(question, seed):
    found = facts(replace(question.request, seed=seed, steps=20))
    assert [choice.right(found) for choice in question.choices].index(True) == RIGHT[question.slug]
    assert sum(choice.right(found) for choice in question.choices) == 1
    assert question.answer(found)


@pytest.mark.parametrize(("shape", "kind"), KINDS)
def test_every_normalization_is_shown_and_every_question_answered_of_it(shape, kind):
    for when in When:
        for alone in (False, True):
            request = Anatomy(normalization=kind, shape=shape, steps=20, when=when, alone=alone, moment=Moment.AFTER)
            found = facts(request)
            for section in LAB.sections:
                assert section.show(request, results(request))
            for question in QUESTIONS:
                assert sum(choice.right(found) for choice in question.choices) == 1
                assert question.answer(found)


def test_a_cell_beyond_the_ends_is_the_last_one():
    assert Anatomy(shape=Shape.IMAGES, example=5, unit=7, pixel=15).cell == (3, 15, 3)
    assert Anatomy(input=35).weight == (7, 0)


def test_what_needs_pixels_offers_the_network_that_has_them():
    with pytest.raises(Misfit) as raised:
        Anatomy(normalization=Normalization.INSTANCE)
    assert raised.value.remedy == {"shape": Shape.IMAGES}


def test_the_lines_of_batchnorm_go_from_the_cell_to_its_result():
    found = facts(Anatomy(steps=20)).arithmetic
    made = lines(found)
    assert [line.step.partition(" ")[0] for line in made] == [
        "The", "Sum", "Mean", "Deviation", "Sum", "Variance", "Root", "Normalized", "Learnt",
    ]  # fmt: skip
    assert float(made[-1].result.replace("−", "-")) == pytest.approx(found.result, rel=1e-2, abs=1e-3)


def test_what_is_not_there_yet_is_awaited():
    waiting = {"specimen": [type(results(Anatomy(steps=20))["specimen"][0])()], "training": []}
    assert LAB.facts(Anatomy(), waiting) is None
    shown = LAB.sections[0].show(Anatomy(), waiting)
    assert shown.panels[0].figure is None
    assert shown.panels[0].pending
