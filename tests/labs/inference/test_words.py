"""What is said about inference: the case that the facts are, and nothing before they are there."""

from dataclasses import replace

import pytest

from landscape.experiment import Comparison, Variant
from landscape.labs.inference.facts import Company, Facts, Hard, Naive, OtherMates, Reader
from landscape.labs.inference.questions import fewest_together, lags
from landscape.labs.inference.request import BASE, CODEC, Alike, Inference
from landscape.labs.inference.words import (
    Case,
    alone_case,
    falls,
    grew,
    hard_case,
    later_case,
    mates_notice,
    moved,
    naive_notice,
    shared_worse,
    sorted_case,
    together_notice,
    told_of_hard,
    told_of_limits,
    told_of_others,
    told_of_quarters,
)

BATCH = Company(
    "BatchNorm", "batch", True, (1, 2, 4, 32), (0.1, 0.35, 0.7, 0.95), (0.1, 0.1, 0.1, 0.26), 0.96, (1.0, 0.9, 0.7, 0.2),
    (2, 1024), (1.8, 0.1),
)  # fmt: skip
LAYER = Company(
    "layer normalization", "layer", False, (1, 32), (0.95, 0.95), (), 0.95, (0.0, 0.0), (2, 1024), (0.1, 0.1)
)
MATES = OtherMates("BatchNorm", "batch", True, (2, 4), (0.6, 0.5), (0.5, 0.25), (0.4, 0.8), True)
HARD = Hard("sorted", "BatchNorm", "batch", 2.3, 0.2, False)
NAIVE = Naive("BatchNorm", "batch", 1.01, 1.0, 0.14, (1.0, 0.4, 0.2, 0.15), False)
FACTS = Facts((), "accuracy", 0.1, 359, (0, "3"), (BATCH, LAYER), (MATES,), hard=(HARD,), naive=(NAIVE,))


@pytest.mark.parametrize(
    ("one", "case"),
    [
        (BATCH, Case.ALONE_LOST),
        (replace(BATCH, scores=(0.5, 0.6, 0.7, 0.95)), Case.ALONE_WORSE),
        (replace(BATCH, scores=(0.95, 0.6, 0.7, 0.95)), Case.ALONE_HOLDS),
    ],
)
def test_what_one_example_alone_gives(one, case):
    assert alone_case(FACTS, one) is case


def test_company_is_told_network_by_network():
    said = together_notice(FACTS)
    assert len(said) == 4
    assert "0.350" in said[0]
    assert sorted_case(BATCH) is Case.SORTED_LOST
    assert sorted_case(replace(BATCH, alike=(0.1, 0.3, 0.7, 0.94))) is Case.SORTED_HOLDS
    assert falls(BATCH)
    assert not falls(LAYER)
    assert (BATCH.score(3), BATCH.score(1000), BATCH.distance(2)) == (0.35, 0.95, 0.9)


def test_how_many_are_needed():
    assert fewest_together(BATCH) == 32
    assert fewest_together(replace(BATCH, stored=0.999)) == 0
    assert lags(replace(BATCH, stored=0.8))
    assert not lags(BATCH)


def test_mates_that_move_nothing_are_one_dot():
    still = replace(MATES, name="layer normalization", normalization="layer", spread=(1e-7, 1e-7))
    assert not moved(still)
    assert mates_notice(replace(FACTS, mates=(MATES, still)))[-1] == "One dot, whatever the mates: layer normalization."
    calm = replace(MATES, name="batch renormalization", normalization="batch-renorm", spread=(0.1, 0.01))
    assert "6 times as much" in mates_notice(replace(FACTS, mates=(MATES, calm)))[1]


def test_the_limits_are_told_as_they_are_set():
    assert "to 3 and 5: the paper's" in told_of_limits(3.0, 5.0, 0.125)
    assert "for the first 25% of the training, and open from there to 2 and 0;" in told_of_limits(2.0, 0.0, 0.25)
    assert told_of_limits(1.0, 0.0, 0.125) == told_of_limits(3.0, 5.0, 1.0)
    assert "is BatchNorm here" in told_of_limits(1.0, 0.0, 0.125)
    assert "from the first step on" in told_of_limits(100.0, 100.0, 0.0)


def test_renormalization_is_told_where_both_are_trained():
    assert told_of_hard(FACTS, "sorted") == ""
    renorm = replace(HARD, name="batch renormalization", normalization="batch-renorm", loss=0.7)
    assert hard_case(HARD, renorm) is Case.HARD_MENDED
    assert hard_case(HARD, replace(renorm, loss=2.0)) is Case.HARD_ALIKE
    assert hard_case(replace(HARD, loss=1.0), replace(renorm, loss=2.0)) is Case.HARD_NO_BETTER
    assert "batches sorted by class" in told_of_hard(replace(FACTS, hard=(HARD, renorm)), "sorted")


def test_weights_grow_beside_those_of_batch_normalization():
    moving = replace(NAIVE, name="by averages", normalization="batch-moving", growth=1.8, quarters=(1.1, 0.8, 0.9, 1.2))
    assert grew(moving, NAIVE)
    assert not grew(replace(moving, growth=1.1), NAIVE)
    assert "does not come to rest" in told_of_quarters(moving)
    assert "still learns" in told_of_quarters(NAIVE)
    assert len(naive_notice(replace(FACTS, naive=(NAIVE, moving)))) == 2
    assert "diverged" in naive_notice(replace(FACTS, naive=(NAIVE, replace(moving, diverged=True))))[0]


def test_recurrent_networks_on_more_steps():
    plain = Reader("plain", 0.9, 0.95, 0, (), (0, 8), (0.9, 0.85))
    each, shared = replace(plain, later=(0.9, 0.5)), replace(plain, score=0.85, later=(0.85, 0.75))
    assert later_case(replace(FACTS, readers=(plain, each, shared, plain))) is Case.LATER_STEPS
    assert later_case(replace(FACTS, readers=(plain, plain, shared, plain))) is Case.LATER_ALIKE
    assert shared_worse(each, shared)
    assert not shared_worse(each, each)


def test_what_cannot_be_trained_is_left_out():
    own = Comparison(BASE.replace(batch_size=1), (Variant(normalization="none"), Variant(normalization="layer")))
    request = Inference(own)
    assert request.renormalized is None
    assert request.subject is None
    assert replace(request, try_averages=True).naive()[0] is None
    assert list(request.hard()) == ["as in the sidebar", "batches of 4", "few classes"]
    assert list(replace(request, alike=Alike.SORTED).hard())[-1] == "sorted"


def test_old_and_new_settings_stand_in_a_link():
    values, problems = CODEC.read({"averages_weight": "0.01", "batch_order": "few-classes", "batch_classes": "5"})
    assert problems == ()
    training = CODEC.request_of(values).comparison.base.training
    assert (training.averages_weight, training.batch_order.value, training.batch_classes) == (0.01, "few-classes", 5)


def test_a_higher_loss_with_a_higher_score_is_explained():
    small, usual = (replace(HARD, condition=name) for name in ("batches of 4", "as in the sidebar"))
    layer = replace(small, name="layer normalization", normalization="layer", loss=0.9, score=0.7)
    for score, explained in ((0.8, True), (0.6, False)):
        facts = replace(FACTS, hard=(usual, replace(small, loss=1.4, score=score), layer))
        assert ("averages of many batches" in told_of_others(facts, "batches of 4")) is explained
