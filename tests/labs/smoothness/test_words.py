"""What is said of the measures along the gradient: every number is that of the result, which is made here by hand."""

from dataclasses import replace

import numpy as np
import pytest

from landscape.dynamics.smoothness import Ladder, Smoothness, StepLine
from landscape.experiment import Experiment
from landscape.geometry.gradient_lines import Probe
from landscape.labs.smoothness.findings import AGREES, LATER, NOT_COMPARED, NOT_HERE, PARTLY, evidence, findings
from landscape.labs.smoothness.words import (
    Measured,
    line_caption,
    lines_notice,
    numbers,
    smoothness_notice,
    smoothness_table,
)
from tests.labs.compare.test_words import DIVERGED, IDLE, LEARNED
from tests.labs.smoothness.test_figures import LINE

STEPS = np.arange(0, 300, 10)
BASE = Experiment().replace(num_steps=300)


def measured(normalization="none", spread=1.0, change=1.0, beta=20.0, spike=1.0, run=LEARNED, **changes):
    """Return measures that are constant after the first fifth, but for one spike; all are ten times as large before."""
    experiment = BASE.replace(normalization=normalization)
    height = np.where(STEPS < 60, 10.0, 1.0)
    height[20] = spike
    start = np.ones(len(STEPS))
    rungs = np.array([0.0, 1.0])
    probe = Probe(
        step_sizes=np.array([0.05, 0.4]),
        loss=1 + height[:, None] * spread * rungs,
        gradient_change=height[:, None] * change * (0.5 + 0.5 * rungs),
        effective_beta=height[:, None] * beta * (0.5 + 0.5 * rungs),
        start_loss=start,
        gradient_norm=start,
    )
    run = replace(run, experiment=experiment, gradient_norm=np.array([1.0, 1.0, 4.0, 1.0]))
    label = {"none": "none", "batch": "BatchNorm", "layer": "layer", "batch-l1": "l1", "batch-noisy": "noisy"}
    return Measured(label.get(normalization, normalization), Smoothness(run, Ladder(), STEPS, probe), **changes)


ROUGH = measured(spread=0.4, change=5.0, spike=40.0)
SMOOTH = measured("batch", spread=0.02, change=1.0, beta=15.0, spike=2.0)


def at_rate(one, learning_rate):
    """Return the measures as those of a training at another learning rate."""
    run = one.smoothness.run
    run = replace(run, experiment=run.experiment.replace(learning_rate=learning_rate))
    return replace(one, smoothness=replace(one.smoothness, run=run))


def cut(one, count, diverged_at=None, probes=100):
    """Return the measures at the first steps alone."""
    found, probe = one.smoothness, one.smoothness.probe
    names = ("loss", "gradient_change", "effective_beta", "start_loss", "gradient_norm")
    probe = replace(probe, **{name: getattr(probe, name)[:count] for name in names})
    run = replace(found.run, diverged_at=diverged_at, learned=diverged_at is None)
    return replace(one, smoothness=Smoothness(run, Ladder(probes=probes), STEPS[:count], probe))


def with_one_rung(one):
    """Return the measures on a ladder of one step size, along which the loss has no range."""
    probe = one.smoothness.probe
    names = ("loss", "gradient_change", "effective_beta")
    probe = replace(probe, step_sizes=probe.step_sizes[1:], **{name: getattr(probe, name)[:, 1:] for name in names})
    return replace(one, smoothness=replace(one.smoothness, ladder=Ladder(rungs=1), probe=probe))


def test_the_table_holds_medians_and_greatest_after_the_first_fifth():
    row = smoothness_table([ROUGH])[0]
    assert (row.network, row.test_accuracy, row.edge) == ("none", "0.964", "20")
    assert (row.loss_range, row.gradient_change, row.effective_beta) == ("0.4 (16)", "5 (200)", "20 (800)")
    assert (row.outlier, row.kurtosis) == ("4", "…")
    assert smoothness_table([replace(ROUGH, kurtosis=np.array([0.5, -0.3, 0.1]))])[0].kurtosis == "0.3"
    assert smoothness_table([replace(ROUGH, ended=True)])[0].kurtosis == "not computed"
    assert smoothness_table([measured(run=DIVERGED)])[0].test_accuracy == "diverged at step 7"


def test_the_notice_compares_the_roughest_with_the_smoothest():
    said = " ".join(smoothness_notice([ROUGH, SMOOTH]))
    assert "0.4 (16) for none and 0.02 (0.04) for BatchNorm" in said
    assert "**none** is **20 times** as rough as **BatchNorm**; at its worst 400 times." in said
    assert "**none** is **5 times** as rough" in said
    assert "20 (800) for none and 15 (30) for BatchNorm; 2 / learning rate is 20" in said
    assert "It settles near that line, within a factor of 2, for every network here, normalized or not" in said
    assert "4 times (none) and 4 times (BatchNorm)" in said


def test_measures_that_are_alike_are_called_so():
    said = " ".join(smoothness_notice([ROUGH, measured("batch", spread=0.3, change=4.0, spike=30.0)]))
    assert "That is alike" in said
    assert "as rough as" not in said
    spiky = " ".join(smoothness_notice([ROUGH, measured("batch", spread=0.4, change=5.0)]))
    assert "The medians are alike; what differs are the spikes, **40 times** as high." in spiky


def test_an_effective_beta_away_from_the_edge_is_told_as_such():
    far = measured("batch", beta=500.0)
    assert "near that line for none only" in " ".join(smoothness_notice([ROUGH, far]))
    alone = " ".join(smoothness_notice([far]))
    assert "not near that line for any network here, unlike in the paper's figure" in alone
    assert "for every network here, as in the paper" in " ".join(smoothness_notice([SMOOTH]))


def test_each_network_is_held_against_its_own_learning_rate():
    slow = at_rate(measured(spread=0.4, beta=56.0), 0.03)
    said = " ".join(smoothness_notice([slow, SMOOTH]))
    assert "2 / learning rate is 66.7 for none and 20 for BatchNorm. It settles near its own line" in said
    found = {finding.claim: finding for finding in findings([slow, SMOOTH])}
    assert found[LEVEL].here == (
        "Medians 56 without and 15 with BatchNorm; 2 / learning rate is 66.7 without and 20 with it."
    )
    assert found[LEVEL].verdict == AGREES
    for claim in (RANGE, CHANGE, SPIKES):  # a ladder is made of multiples of the rate
        assert found[claim].verdict == NOT_COMPARED
        assert "learning rates differ" in found[claim].here
    assert verdicts(at_rate(measured(beta=20.0), 0.01), SMOOTH)[LEVEL] == "does not agree without (20)"
    assert evidence([slow, SMOOTH])["rate"] == ("", "")
    assert evidence([slow, SMOOTH])["smooth"][0] == ""
    idle = replace(slow, smoothness=replace(slow.smoothness, run=replace(slow.smoothness.run, learned=False)))
    assert evidence([idle, SMOOTH])["rate"] == ("", "")


def test_what_diverged_in_the_first_fifth_is_compared_with_nothing():
    early, layer = cut(ROUGH, 2, diverged_at=15), measured("layer", spread=0.2)
    said = smoothness_notice([early, SMOOTH, layer])
    assert "After the first fifth of training nothing was measured of none (diverged at step 15), " in " ".join(said)
    (spread,) = [each for each in said if "the loss along the gradient varies" in each]
    assert "for none" not in spread
    assert "0.02 (0.04) for BatchNorm and 0.2 (0.2) for layer" in spread
    assert any("It settles near that line, within a factor of 2, for every other network here" in each for each in said)
    row = smoothness_table([early])[0]
    assert (row.loss_range, row.gradient_change, row.effective_beta) == ("no later step",) * 3
    found = findings([early, SMOOTH])
    assert {finding.verdict for finding in found} == {NOT_COMPARED}
    assert all("none (diverged at step 15)" in finding.here for finding in found)
    here = evidence([early, SMOOTH, measured("weight")])
    assert (here["smooth"][0], here["decoupled"]) == ("", ("", ""))
    assert here["rate"] == ("Here, at this rate, only BatchNorm learns.", "")
    assert not any("varies by" in each for each in smoothness_notice([early, SMOOTH]))
    norm = replace(cut(measured("batch-l1"), 2, diverged_at=15), kurtosis=np.array([0.4]))
    assert verdicts(SMOOTH, norm) == {"Other norms smooth as well as BatchNorm": NOT_COMPARED}
    assert smoothness_notice([replace(SMOOTH, kurtosis=np.array([0.2])), norm])[-1].endswith("BatchNorm for l1.")


def test_one_measured_step_says_nothing_of_later_ones():
    networks = [cut(ROUGH, 1, probes=1), cut(SMOOTH, 1, probes=1)]
    said = " ".join(smoothness_notice(networks))
    assert "Only step 0 was measured of none and BatchNorm: one step says nothing of later ones." in said
    assert "After the first fifth" not in said
    assert "effective beta" not in said
    assert set(verdicts(*networks).values()) == {NOT_COMPARED}
    # It diverged, but long after its only step that was to be measured.
    assert "Only step 0" in " ".join(smoothness_notice([cut(ROUGH, 1, diverged_at=250, probes=1)]))


def test_one_step_size_has_no_range():
    networks = [with_one_rung(ROUGH), with_one_rung(SMOOTH)]
    said = smoothness_notice(networks)
    assert "A range of the loss needs two step sizes, and the ladder has one." in said
    assert not any("the loss along the gradient varies" in each or "That is alike" in each for each in said)
    assert any("the gradient changes by" in each for each in said)
    assert smoothness_table(networks)[0].loss_range == "one step size"
    found = verdicts(*networks)
    assert found[RANGE] == NOT_COMPARED
    assert NOT_COMPARED not in (found[CHANGE], found[SPIKES], found[LEVEL])


def test_the_edge_is_that_of_gradient_descent():
    run = replace(ROUGH.smoothness.run, experiment=BASE.replace(optimizer="momentum"))
    said = " ".join(smoothness_notice([replace(ROUGH, smoothness=replace(ROUGH.smoothness, run=run))]))
    assert "20, the edge of stability of plain gradient descent and not of this optimizer." in said
    assert "not of this optimizer" not in " ".join(smoothness_notice([ROUGH]))


def test_a_training_that_was_cut_short_is_named():
    said = " ".join(smoothness_notice([measured(run=DIVERGED), SMOOTH]))
    assert "**none** diverged at step 7" in said
    assert "for none (until it diverged)" in said


def test_overflow_is_infinitely_rough():
    probe = replace(ROUGH.smoothness.probe, loss=np.full((30, 2), np.nan))
    broken = replace(ROUGH, smoothness=replace(ROUGH.smoothness, probe=probe))
    assert smoothness_table([broken])[0].loss_range == "infinite (infinite)"
    assert "**infinite times** as rough" in " ".join(smoothness_notice([broken, SMOOTH]))


@pytest.mark.parametrize(
    ("spread", "kurtosis", "words"),
    [
        (0.02, 0.4, "0.2 with BatchNorm and 0.4 (l1): less Gaussian than with BatchNorm for l1, and yet as smooth"),
        (0.5, 0.4, "and not as smooth"),
        (0.02, 0.1, "no less Gaussian than with BatchNorm"),
    ],
)
def test_other_norms_are_less_gaussian_or_not(spread, kurtosis, words):
    batch, other = replace(SMOOTH, kurtosis=np.array([-0.2])), measured("batch-l1", spread=spread, beta=15)
    assert words in smoothness_notice([batch, replace(other, kurtosis=np.array([kurtosis]))])[-1]


def test_a_scale_of_the_initial_weights_is_said():
    run = replace(ROUGH.smoothness.run, experiment=BASE.replace(init_scale=1.25))
    assert (
        "made 1.25 times as large"
        in smoothness_notice([replace(ROUGH, smoothness=replace(ROUGH.smoothness, run=run))])[-1]
    )


def verdicts(*networks):
    return {finding.claim: finding.verdict for finding in findings(networks)}


RANGE, CHANGE = (
    "BatchNorm narrows the band of the loss along the gradient",
    "BatchNorm makes gradients foretell themselves",
)
SPIKES = "BatchNorm removes the spikes of the effective beta"
LEVEL = "The effective beta is near 2 / learning rate with and without BatchNorm"


def test_the_paper_agrees_or_not_by_the_numbers():
    assert verdicts(ROUGH, SMOOTH) == {RANGE: AGREES, CHANGE: PARTLY, SPIKES: AGREES, LEVEL: AGREES}
    alike = measured("batch", spread=0.4, change=5.0, spike=40.0)
    assert verdicts(ROUGH, alike) == {RANGE: NOT_HERE, CHANGE: NOT_HERE, SPIKES: NOT_HERE, LEVEL: AGREES}
    assert verdicts(measured(change=50.0), SMOOTH)[CHANGE] == AGREES
    assert verdicts(measured(beta=900.0), measured("batch", beta=900.0))[LEVEL] == NOT_HERE
    change = next(finding.here for finding in findings([ROUGH, SMOOTH]) if finding.claim == CHANGE)
    assert change == "5 times smaller in the first fifth of training, 5 times smaller later (medians)."
    here = next(finding.here for finding in findings([ROUGH, SMOOTH]) if finding.claim == LEVEL)
    assert here == "Medians 20 without and 15 with BatchNorm; 2 / learning rate is 20."


@pytest.mark.parametrize(
    ("early", "late", "here", "verdict"),
    [
        (0.8, 9.0, "1.25 times larger in the first fifth of training, 9 times smaller later (medians).", LATER),
        (0.8, 1.5, "1.25 times larger in the first fifth of training, 1.5 times smaller later (medians).", NOT_HERE),
        (3.0, 0.5, "3 times smaller in the first fifth of training, 2 times larger later (medians).", PARTLY),
        (1.0, 0.0, "as large in the first fifth of training, infinite times larger later (medians).", NOT_HERE),
    ],
)
def test_a_change_that_is_larger_is_called_so_and_is_no_agreement(early, late, here, verdict):
    plain, batch = measured(), measured("batch")
    probe = plain.smoothness.probe
    change = np.where(STEPS < 60, 10 * early, late)[:, None] * np.array([0.5, 1.0])
    plain = replace(plain, smoothness=replace(plain.smoothness, probe=replace(probe, gradient_change=change)))
    (found,) = [finding for finding in findings([plain, batch]) if finding.claim == CHANGE]
    assert (found.here, found.verdict) == (here, verdict)


@pytest.mark.parametrize(
    ("plain", "batch", "verdict"),
    [(645.0, 19.9, "does not agree without (645)"), (20.0, 900.0, "does not agree with (900)")],
)
def test_one_of_two_levels_far_from_the_line_contradicts_the_claim_of_both(plain, batch, verdict):
    networks = measured(beta=plain), measured("batch", beta=batch)
    assert verdicts(*networks)[LEVEL] == verdict
    assert "near that line for " + ("BatchNorm" if plain > batch else "none") + " only" in " ".join(
        smoothness_notice(networks)
    )


def test_the_paper_has_no_say_on_what_is_not_there():
    assert findings([ROUGH]) == []
    assert set(verdicts(SMOOTH, measured("batch-l1", spread=0.03))) == {"Other norms smooth as well as BatchNorm"}
    assert verdicts(SMOOTH, measured("batch-l1", spread=0.03)).popitem()[1] == AGREES
    assert verdicts(SMOOTH, measured("batch-l1", spread=0.3)).popitem()[1] == NOT_HERE
    noisy = measured("batch-noisy", run=replace(LEARNED, train_accuracy=0.5))
    assert verdicts(SMOOTH, noisy) == {"Unstable distributions do not hurt": NOT_HERE}


def test_evidence_is_for_and_against():
    noisy = measured("batch-noisy", run=replace(LEARNED, train_accuracy=0.991))
    said = evidence([ROUGH, SMOOTH, noisy, measured("layer", spread=0.2)])
    assert said["smooth"][0] == "Here the median loss range is 20 times larger without BatchNorm."
    assert "none (0.964, loss range 0.4)" in said["smooth"][1]
    assert "layer (0.964, loss range 0.2)" in said["smooth"][1]
    assert "0.991" in said["shift"][1]
    assert "same rate" in said["rate"][1]
    assert "only BatchNorm learns" in evidence([measured(run=DIVERGED), SMOOTH])["rate"][0]
    assert evidence([SMOOTH]) == dict.fromkeys(("shift", "smooth", "rate", "decoupled"), ("", ""))
    alike = evidence([ROUGH, measured("batch", spread=0.4)])
    assert alike["smooth"] == ("", "")
    # As bad as each other is not as well: neither learned.
    idle = [measured(spread=0.4, run=IDLE), measured("batch", spread=0.02, run=IDLE)]
    assert evidence(idle)["smooth"][1] == ""


def test_what_is_no_accuracy_is_not_called_so():
    curve = [measured("batch"), measured("batch-noisy")]
    for place, one in enumerate(curve):
        run = one.smoothness.run
        run = replace(run, experiment=run.experiment.replace(dataset="target-curve", loss="squared"))
        curve[place] = replace(one, smoothness=replace(one.smoothness, run=run))
    assert findings(curve)[0].here.startswith("Training R² 0.999")
    assert "training R² 0.999" in evidence(curve)["shift"][1]


def test_lines_say_where_the_loss_goes():
    caption = line_caption(StepLine(7, LINE))
    assert caption == (
        "From step 7: the loss 2 falls to 0.5, then climbs to 20 at the longest step. At the longest step the gradient is "
        "25 times as long as at the start, 127° off."
    )
    falls = StepLine(7, replace(LINE, loss=np.linspace(2, 1, 5)))
    assert "the loss 2 falls to 1 at the longest step. At" in line_caption(falls)
    assert "the loss 2 overflows." in line_caption(StepLine(7, replace(LINE, loss=np.array([2, 3, 4, np.inf, np.nan]))))
    said = lines_notice([("none", StepLine(7, LINE)), ("BatchNorm", falls)])
    assert "step 7 the loss goes up to 20 for none (it starts at 2) and never above its start for BatchNorm" in said
    wavy = StepLine(5, replace(LINE, loss=np.array([2.0, 1, 3, 0.5, 9])))
    assert lines_notice([("none", wavy), ("BatchNorm", falls)]).endswith("It is wavy for none.")
    assert "none from step 5" in lines_notice([("none", wavy), ("BatchNorm", falls)])


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        # A dip of two in a climb of tens of thousands is under a thousandth of the range, and is there.
        ([60.9, 58.2, 300, 9000, 78700], "the loss 60.9 falls to 58.2, then climbs to 78700 at the longest step. At"),
        ([2, 3, 4, 5, 20], "the loss 2 climbs to 20 at the longest step. At"),
        ([2, 1, 0.5, 0.7, 1], "falls to 0.5, then climbs to 1 at the longest step, still below its start. At"),
        ([2, 1, 3, 0.5, 9], "falls to 0.5, then climbs to 9 at the longest step. It turns 3 times. At"),
        ([2, 5, 4, 3, 1], "the loss 2 falls to 1 at the longest step. It turns once. At"),
        ([2, 1, 4, np.inf, np.inf], "the loss 2 falls to 1, then overflows. At"),
        ([2, 2, 2, 2, 2], "the loss 2 stays. At"),
    ],
)
def test_a_curve_goes_where_its_caption_says(loss, words):
    caption = line_caption(StepLine(7, replace(LINE, loss=np.array(loss, float), start_loss=float(loss[0]))))
    assert words in caption
    assert "never turns" not in caption


def test_the_numbers_of_the_pictures_row_by_row():
    rows = numbers([ROUGH, SMOOTH])
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
