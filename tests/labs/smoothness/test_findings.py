"""The verdicts on the paper's claims, and the evidence, by facts whose numbers are made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.labs.explanations import Cause
from landscape.labs.smoothness.explanations import evidence, explanations
from landscape.labs.smoothness.findings import Claim, Verdict, findings
from landscape.labs.smoothness.tables import rows_of, table
from tests.labs.smoothness.made import (
    DIVERGED,
    IDLE,
    LEARNED,
    ROUGH,
    SMOOTH,
    STEPS,
    cut,
    facts,
    measured,
    of_run,
    with_one_rung,
    with_settings,
)


def verdicts(*outcomes):
    return {finding.claim: finding.verdict for finding in findings(facts(*outcomes))}


def here(claim, *outcomes):
    return next(finding.here for finding in findings(facts(*outcomes)) if finding.claim is claim)


def test_the_paper_agrees_or_not_by_the_numbers():
    assert verdicts(ROUGH, SMOOTH) == {
        Claim.RANGE: Verdict.AGREES,
        Claim.CHANGE: Verdict.PARTLY,
        Claim.SPIKES: Verdict.AGREES,
        Claim.LEVEL: Verdict.AGREES,
    }
    alike = measured("batch", spread=0.4, change=5.0, spike=40.0)
    found = verdicts(ROUGH, alike)
    assert {found[claim] for claim in (Claim.RANGE, Claim.CHANGE, Claim.SPIKES)} == {Verdict.NOT_HERE}
    assert found[Claim.LEVEL] is Verdict.AGREES
    # Higher spikes do not make a band wider whose median is narrower.
    assert verdicts(measured(spread=0.2, spike=40.0), measured("batch", spread=0.4))[Claim.RANGE] is Verdict.NOT_HERE
    assert verdicts(measured(change=50.0), SMOOTH)[Claim.CHANGE] is Verdict.AGREES
    assert verdicts(measured(beta=900.0), measured("batch", beta=900.0))[Claim.LEVEL] is Verdict.NOT_HERE
    assert "5 times as large without it in the first fifth of training, and 5 times later" in here(
        Claim.CHANGE, ROUGH, SMOOTH
    )
    assert here(Claim.LEVEL, ROUGH, SMOOTH) == "Medians 20 without and 15 with BatchNorm; 2 / learning rate is 20."


@pytest.mark.parametrize(
    ("early", "late", "words", "verdict"),
    [
        (0.8, 9.0, "1.25 times as large with BatchNorm as without it; later it is 9 times as large without", Verdict.LATER),
        (0.8, 1.5, "later it is 1.5 times as large without it", Verdict.NOT_HERE),
        (3.0, 0.5, "3 times as large without BatchNorm as with it; later it is 2 times as large with it", Verdict.PARTLY),
        (0.8, 0.5, "no smaller: it is 1.25 times as large as without it in the first fifth of training, and 2 times later", Verdict.NOT_HERE),
    ],
)  # fmt: skip
def test_a_change_that_is_larger_is_called_so_and_is_no_agreement(early, late, words, verdict):
    plain, batch = measured(), measured("batch")
    probe = plain.smoothness.probe
    change = np.where(STEPS < 60, 10 * early, late)[:, None] * np.array([0.5, 1.0])
    plain = replace(plain, smoothness=replace(plain.smoothness, probe=replace(probe, gradient_change=change)))
    assert words in here(Claim.CHANGE, plain, batch)
    assert verdicts(plain, batch)[Claim.CHANGE] is verdict


@pytest.mark.parametrize(
    ("plain", "batch", "verdict"), [(645.0, 19.9, Verdict.NOT_WITHOUT), (20.0, 900.0, Verdict.NOT_WITH)]
)
def test_one_of_two_levels_far_from_the_line_contradicts_the_claim_of_both(plain, batch, verdict):
    networks = measured(beta=plain), measured("batch", beta=batch)
    assert verdicts(*networks)[Claim.LEVEL] is verdict
    assert "effective beta" not in evidence(facts(*networks))[Cause.SMOOTH].contra


def test_the_paper_has_no_say_on_what_is_not_there():
    assert findings(facts(ROUGH)) == []
    assert verdicts(SMOOTH, measured("batch-l1", spread=0.03)) == {Claim.NORMS: Verdict.AGREES}
    assert verdicts(SMOOTH, measured("batch-l1", spread=0.3)) == {Claim.NORMS: Verdict.NOT_HERE}


def test_unlike_rates_are_not_compared():
    slow = with_settings(measured(spread=0.4, beta=56.0), learning_rate=0.03)
    found = verdicts(slow, SMOOTH)
    assert found[Claim.LEVEL] is Verdict.AGREES  # each with its own line
    for claim in (Claim.RANGE, Claim.CHANGE, Claim.SPIKES):  # a ladder is made of multiples of the rate
        assert found[claim] is Verdict.NOT_COMPARED
        assert "learning rates differ" in here(claim, slow, SMOOTH)
    assert verdicts(with_settings(measured(beta=20.0), learning_rate=0.01), SMOOTH)[Claim.LEVEL] is Verdict.NOT_WITHOUT
    for one in (slow, of_run(slow, learned=False)):
        said = evidence(facts(one, SMOOTH))
        assert (said[Cause.RATE].pro, said[Cause.RATE].contra, said[Cause.SMOOTH].pro) == ("", "", "")


def test_what_was_not_measured_or_diverged_is_not_compared():
    early = cut(ROUGH, 2, diverged_at=15)
    assert set(verdicts(early, SMOOTH).values()) == {Verdict.NOT_COMPARED}
    assert all(finding.here.endswith(": none.") for finding in findings(facts(early, SMOOTH)))
    said = evidence(facts(early, SMOOTH, measured("weight")))
    assert (said[Cause.SMOOTH].pro, said[Cause.DECOUPLED].pro, said[Cause.DECOUPLED].contra) == ("", "", "")
    assert verdicts(SMOOTH, cut(measured("batch-l1"), 2, diverged_at=15)) == {Claim.NORMS: Verdict.NOT_COMPARED}
    later = of_run(ROUGH, diverged_at=250)
    assert verdicts(later, SMOOTH)[Claim.RANGE] is Verdict.NOT_COMPARED
    assert set(verdicts(cut(ROUGH, 1, probes=1), cut(SMOOTH, 1, probes=1)).values()) == {Verdict.NOT_COMPARED}
    found = verdicts(with_one_rung(ROUGH), with_one_rung(SMOOTH))
    assert found.pop(Claim.RANGE) is Verdict.NOT_COMPARED
    assert Verdict.NOT_COMPARED not in found.values()
    idle = measured("batch", spread=0.02, run=IDLE)
    assert verdicts(ROUGH, idle)[Claim.RANGE] is Verdict.NOT_COMPARED


def test_another_optimizer_has_no_edge():
    networks = [with_settings(one, optimizer="adam") for one in (ROUGH, SMOOTH)]
    found = verdicts(*networks)
    assert found[Claim.LEVEL] is Verdict.NOT_COMPARED
    assert found[Claim.RANGE] is Verdict.AGREES
    assert "none of Adam" in here(Claim.LEVEL, *networks)
    assert "2 / learning rate with BatchNorm and without: 15" not in evidence(facts(*networks))[Cause.SMOOTH].contra
    assert {row.edge for row in table(facts(*networks))} == {"no threshold"}


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [
        (0.997, 0.962, Verdict.TRAINS),
        (0.996, 0.897, Verdict.TRAINING_ONLY),
        (0.95, 0.96, Verdict.NEARLY),
        (0.5, 0.5, Verdict.NOT_HERE),
    ],
)
def test_noise_is_judged_on_both_data_and_without_a_word_on_stability(train, test, verdict):
    noisy = measured(
        "batch-noisy", run=replace(LEARNED, train_accuracy=train, test_accuracy=np.array([0.1, 0.5, test]))
    )
    assert verdicts(SMOOTH, noisy) == {Claim.NOISE: verdict}
    assert "is not measured" in here(Claim.NOISE, SMOOTH, noisy)
    assert f"{test:.3f}" in here(Claim.NOISE, SMOOTH, noisy)
    assert verdicts(of_run(SMOOTH, learned=False, train_accuracy=0.1), noisy) == {Claim.NOISE: Verdict.NOT_COMPARED}


def test_evidence_is_for_and_against():
    noisy = measured("batch-noisy", run=replace(LEARNED, train_accuracy=0.991))
    said = evidence(facts(ROUGH, SMOOTH, noisy, measured("layer", spread=0.2)))
    assert said[Cause.SMOOTH].pro == "Here the median loss range is 20 times as large without BatchNorm."
    assert "0.964 (none), 0.964 (noisy) and 0.964 (layer), beside BatchNorm's 0.964" in said[Cause.SMOOTH].contra
    assert "0.4 (none), 1 (noisy) and 0.2 (layer), beside BatchNorm's 0.02" in said[Cause.SMOOTH].contra
    assert "15 and 20, beside 20" in said[Cause.SMOOTH].contra
    assert "0.991" in said[Cause.SHIFT].contra
    assert "same rate" in said[Cause.RATE].contra
    assert all(not (one.pro or one.contra) for one in evidence(facts(SMOOTH)).values())
    alike = evidence(facts(ROUGH, measured("batch", spread=0.4, beta=500)))
    assert (alike[Cause.SMOOTH].pro, alike[Cause.SMOOTH].contra) == ("", "")
    # As bad as each other is not as well: neither learned.
    idle = [measured(spread=0.4, run=IDLE), measured("batch", spread=0.02, beta=500, run=IDLE)]
    assert evidence(facts(*idle))[Cause.SMOOTH].contra == ""


def test_who_learns_beside_the_plain_network_is_named():
    said = evidence(facts(measured(run=DIVERGED), SMOOTH, measured("weight"), measured("layer", run=IDLE)))
    assert said[Cause.RATE].pro.endswith("does not learn; what does: BatchNorm and weight.")


def test_weight_normalization_is_evidence_of_one_kind_or_the_other():
    rough = evidence(facts(ROUGH, measured("weight", spread=0.3)))[Cause.DECOUPLED]
    smooth = evidence(facts(ROUGH, measured("weight", spread=0.03)))[Cause.DECOUPLED]
    assert "0.3" in rough.contra
    assert rough.pro == ""
    assert "0.03" in smooth.pro
    assert smooth.contra == ""


def test_no_explanation_is_without_evidence_for_and_against():
    for one in explanations(facts(ROUGH, SMOOTH)):
        assert one.pro
        assert one.contra


def test_a_name_changes_nothing_of_a_cell():
    bounded = measured("weight-bounded", run=IDLE, label="weight normalization, |v| bounded")
    found = findings(facts(ROUGH, SMOOTH, measured("batch-l1", label="l1 |v|", spread=0.03)))
    assert "1.5 (l1 |v|)" in found[-1].here
    assert table(facts(bounded))[0].network == "weight normalization, |v| bounded"


def test_what_is_no_accuracy_is_not_called_so():
    curve = [with_settings(one, dataset="target-curve", loss="squared") for one in (SMOOTH, measured("batch-noisy"))]
    assert findings(facts(*curve))[0].here.startswith("Training R² 0.999")
    assert "training R² 0.999" in evidence(facts(*curve))[Cause.SHIFT].contra


def test_the_table_holds_medians_and_greatest_after_the_first_fifth():
    row = table(facts(ROUGH))[0]
    assert (row.network, row.test_accuracy, row.edge) == ("none", "0.964", "20")
    assert (row.loss_range, row.gradient_change, row.effective_beta) == ("0.4 (16)", "5 (200)", "20 (800)")
    assert (row.outlier, row.kurtosis) == ("4", "…")
    assert table(facts(replace(ROUGH, kurtosis=np.array([0.5, -0.3, 0.1]))))[0].kurtosis == "0.3"
    assert table(facts(replace(ROUGH, ended=True)))[0].kurtosis == "not computed"
    diverged = table(facts(measured(run=DIVERGED)))[0]
    assert (diverged.test_accuracy, diverged.outlier) == ("diverged at step 7", "diverged")
    early = table(facts(cut(ROUGH, 2, diverged_at=15)))[0]
    assert (early.loss_range, early.gradient_change, early.effective_beta) == ("no later step",) * 3
    assert table(facts(with_one_rung(ROUGH)))[0].loss_range == "one step size"


def test_the_numbers_of_the_pictures_row_by_row():
    rows = rows_of(facts(ROUGH, SMOOTH))
    assert len(rows) == 60
    assert rows[20] == {
        "network": "none",
        "step": 200,
        "loss": 1.0,
        "gradient_norm": 1.0,
        "least_loss": 1.0,
        "greatest_loss": 17.0,
        "least_change": 100.0,
        "greatest_change": 200.0,
        "effective_beta": 800.0,
    }
