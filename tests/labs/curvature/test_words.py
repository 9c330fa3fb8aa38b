"""What is said about curvature: the case that the facts are, whole sentences, and what failed is told."""

from dataclasses import replace
from string import Formatter

import pytest

from landscape.experiment import Comparison, Statistics, Variant
from landscape.labs.curvature import LAB, questions, words
from landscape.labs.curvature.facts import AtRate, Facts, Spectrum
from landscape.labs.curvature.request import CODEC, Curvature, Edge
from landscape.labs.curvature.words import Case, beside, edge_case, edge_notice, same_case, same_notice, spectra_notice
from landscape.labs.lab import Known
from landscape.labs.trainings import Trained

TRAINED = Trained(
    "rate 0.1", 0.1, 100, None, 2.0, 0.1, True, True, 0.1, "accuracy", "majority class", 0.99, 0.95, 0.95, 0.01
)
PLAIN = Spectrum("no normalization", "none", Statistics.BATCH, 0.24, 1.0, 15.0, 2.0, 9, 0.9, 0.01, 40.0)
BATCH = replace(PLAIN, name="BatchNorm", normalization="batch", top=1.5, tenth=0.9, outliers=0, share=0.2)
FROZEN = replace(BATCH, statistics=Statistics.RUNNING, top=6.0, outliers=7)
AT_EDGE = AtRate(TRAINED, 20.0, 0.6, 1.1, 1.02, 0.2)
BELOW = replace(AT_EDGE, late=0.1)
DIVERGED = replace(AT_EDGE, trained=replace(TRAINED, diverged_at=7), late=float("nan"))


@pytest.mark.parametrize("template", [*words.SENTENCES.values(), *questions.SENTENCES.values()])
def test_a_sentence_is_whole(template):
    assert template[0].isupper()
    assert template.endswith(".")
    assert all(name != "" for _, name, _, _ in Formatter().parse(template))


@pytest.mark.parametrize(
    ("rates", "case"),
    [
        ([AT_EDGE, AT_EDGE], Case.SETTLES),
        ([BELOW, BELOW], Case.BELOW),
        ([AT_EDGE, BELOW], Case.UNLIKE),
        ([replace(AT_EDGE, late=3.0)], Case.UNLIKE),
    ],
)
def test_where_the_sharpness_ends(rates, case):
    assert edge_case(rates) is case


def test_of_a_training_that_diverged_no_sharpness_is_told():
    said = edge_notice(Facts(rates=(DIVERGED,)))
    assert "diverged" in said
    assert "nan" not in said
    assert "not a number" not in edge_notice(Facts(rates=(DIVERGED, AT_EDGE)))
    assert edge_notice(Facts()) == ""


@pytest.mark.parametrize(
    ("statistics", "top", "case"),
    [
        ("running", 6.0, Case.FROZEN_BACK),
        ("running", 1.6, Case.FROZEN_SAME),
        ("population", 1.3, Case.POPULATION_SAME),
        ("population", 6.0, Case.POPULATION_BACK),
    ],
)
def test_what_other_statistics_make_of_a_spectrum(statistics, top, case):
    other = replace(FROZEN, statistics=Statistics(statistics), top=top)
    said = beside(Facts(spectra=(BATCH, other)), other)
    assert said == words.sentence(words.SENTENCES[case], name="BatchNorm", other=top, batch=1.5)
    assert beside(Facts(spectra=(BATCH, other)), BATCH) == ""


@pytest.mark.parametrize(
    ("top", "case"), [(6.0, Case.SAME_LESS), (14.0, Case.SAME_ALIKE), (16.0, Case.SAME_ALIKE), (40.0, Case.SAME_MORE)]
)
def test_how_a_function_is_curved_in_two_ways_to_write_it(top, case):
    assert same_case(PLAIN, replace(BATCH, top=top)) is case


def test_nothing_is_said_of_one_function_before_both_spectra_are_there():
    assert same_notice(Facts(plain=PLAIN)) == ""
    assert same_notice(Facts(plain=PLAIN, written=replace(BATCH, top=float("nan")))) == ""
    assert "2.5 times" in same_notice(Facts(plain=PLAIN, written=replace(BATCH, top=6.0)))


def test_what_was_not_found_is_told():
    said = " ".join(spectra_notice(Facts((TRAINED,), (PLAIN, replace(BATCH, top=float("nan"), share=float("nan"))))))
    assert "Not all of the twenty" in said
    assert "not a number" not in said


def test_other_statistics_are_taken_of_networks_that_store_some():
    labels = [(0, Statistics.BATCH), (1, Statistics.BATCH), (1, Statistics.RUNNING)]
    assert list(Curvature().curves()) == labels
    layers = Comparison(variants=(Variant(normalization="layer"), Variant(normalization="weight")))
    assert len(Curvature(layers).curves()) == 2
    assert len(Curvature(beside="batch").curves()) == 2


def test_a_link_holds_what_differs():
    values, problems = CODEC.read({"edge_rate": "0.2", "written": "weight-plain", "v2_normalization": "layer"})
    assert problems == ()
    request = CODEC.request_of(values)
    assert (request.edge, request.written.value) == (Edge(edge_rate=0.2), "weight-plain")
    assert request.edge.rates() == (0.14, 0.2, 0.3)
    assert CODEC.write(CODEC.values_of(request)) == {
        "edge_rate": "0.2", "written": "weight-plain", "v2_normalization": "layer",
    }  # fmt: skip


def test_what_cannot_be_is_said_when_it_is_asked():
    with pytest.raises(ValueError, match="instance"):
        Edge(edge_normalization="instance")


def test_sections_wait_and_fail_without_a_word_too_many():
    request = Curvature()
    for known in (Known(), Known(done=True, failed=True)):
        results = {name: [known] * len(many) for name, many in LAB.jobs(request).items()}
        assert LAB.facts(request, results) is None
        for section in LAB.sections:
            shown = section.show(request, results)
            assert not shown.notice
            assert all(panel.figure is None and panel.pending and panel.empty == known.failed for panel in shown.panels)


def test_the_kinds_of_jobs_share_no_key_unless_they_are_the_same():
    jobs = [job for many in LAB.jobs(Curvature()).values() for job in many]
    assert len({job.key for job in jobs}) == len(jobs) - 2  # the plain network's spectrum stands in two sections


def test_weight_decay_is_told_as_left_out_of_what_is_measured():
    decayed = replace(TRAINED, weight_decay=0.02)
    assert "weight decay adds 0.02 times the weights" in spectra_notice(Facts((decayed,), (PLAIN,)))[-1]
    assert not any("weight decay" in text for text in spectra_notice(Facts((TRAINED,), (PLAIN,))))


def test_of_a_network_that_diverged_nothing_is_told_of_frozen_statistics():
    trained = replace(TRAINED, name="BatchNorm")
    facts = Facts((trained,), (BATCH, FROZEN))
    assert any("is steep again" in text for text in spectra_notice(facts))
    gone = replace(facts, trained=(replace(trained, diverged_at=3, learned=False),))
    assert not any("is steep again" in text for text in spectra_notice(gone))
