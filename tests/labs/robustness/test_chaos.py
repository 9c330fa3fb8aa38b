"""How unlike batches are at the end of trainings, against a loop over modules; and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape import load, train
from landscape.data.batch_orders import drawn_batches
from landscape.experiment import Comparison, Variant
from landscape.labs.lab import Known
from landscape.labs.robustness import LAB
from landscape.labs.robustness.chaos import Case, batches_case, cause_case, chaos_notice, loss_case, told_of_cause
from landscape.labs.robustness.facts import AtLargeRate, Facts
from landscape.labs.robustness.measure import UnrestTask, deviations_of_batches
from landscape.labs.robustness.request import MapAxis, Robustness
from landscape.loss.network import network_of
from tests.cases import SMALL

THREE = tuple(Variant(normalization=name) for name in ("none", "batch", "layer"))
REQUEST = Robustness(
    Comparison(SMALL.replace(num_steps=30, batch_size=16, depth=2, activation="relu"), THREE), runs=2, large_rate=0.2
)

PLAIN = AtLargeRate("no normalization", "none", (3.0,) * 3, (1.2,) * 3, (2.0,) * 3, (2.0,) * 3, (8.0,) * 3, 0)
BATCH = replace(
    PLAIN, name="BatchNorm", normalization="batch", highest=(1.4,) * 3, late=(0.3,) * 3, unevenness=(1.06,) * 3,
    behind=(1.0,) * 3,
)  # fmt: skip
LAYER = replace(PLAIN, name="layer normalization", normalization="layer", unevenness=(1.1,) * 3, behind=(1.1,) * 3)
LOST = replace(PLAIN, highest=(float("inf"),) * 3, late=(float("inf"),) * 3, unevenness=(), behind=(), lost=3)
FACTS = Facts("accuracy", 0.8, 0.1, 3, 150, MapAxis.INIT_SCALE, 7, "activation")
(SECTION,) = [section for section in LAB.sections if section.name == "chaos"]


def told(*networks):
    return chaos_notice(replace(FACTS, unrest=networks))


@pytest.fixture(scope="module")
def unrest():
    return [UnrestTask(stack).complete() for stack in REQUEST.at_large_rate()]


@pytest.mark.parametrize("place", [0, 1, 2], ids=["none", "batch", "layer"])
def test_the_losses_are_those_of_each_training_alone(place, unrest):
    for seed, experiment in enumerate(REQUEST.at_large_rate()[place]):
        run = train(experiment)
        np.testing.assert_allclose(unrest[place].loss[seed], run.loss, rtol=1e-3)
        np.testing.assert_allclose(unrest[place].gradient_norm[seed], run.gradient_norm, rtol=1e-2)
        assert not unrest[place].diverged[seed]


@pytest.mark.parametrize("place", [0, 1, 2], ids=["none", "batch", "layer"])
def test_deviations_are_those_of_a_loop_over_batches_and_modules(place, unrest):
    """Witness: the last hidden layer by `torch.nn`, a batch after the other, its deviation by `Tensor.std`."""
    experiment = REQUEST.at_large_rate()[place][0]
    run, data = train(experiment), load(experiment.data)
    parts = network_of(experiment).layout.split(torch.as_tensor(run.parameters[-1:]).double())
    rows = drawn_batches(data.train_y, experiment.training.batch_size, seed=experiment.seed)
    before, after = [], []
    for own in rows:
        x = data.train_x[own].double()
        for layer in ("layer1", "layer2"):
            entering = x @ parts[f"{layer}.weight"][0]
            if f"{layer}.bias" in parts:
                entering = entering + parts[f"{layer}.bias"][0]
            leaving = entering
            if place:
                norm = (torch.nn.BatchNorm1d, torch.nn.LayerNorm)[place - 1](entering.shape[1]).double()
                norm.weight.data, norm.bias.data = parts[f"{layer}.scale"][0], parts[f"{layer}.shift"][0]
                leaving = norm(entering)
            x = leaving.relu()
        for noted, values in ((before, entering), (after, leaving)):
            noted.append(float(values.detach().std(0, correction=0).square().mean().sqrt()))
    found = deviations_of_batches(run)
    np.testing.assert_allclose(found[0], before, rtol=1e-3)
    np.testing.assert_allclose(found[1], after, rtol=1e-3)
    np.testing.assert_allclose(unrest[place].before[0], before, rtol=2e-2)
    np.testing.assert_allclose(unrest[place].after[0], after, rtol=2e-2)


def test_nothing_is_measured_of_what_diverged():
    stack = [REQUEST.at_large_rate()[0][0].replace(learning_rate=100.0)] * 2
    found = UnrestTask(stack).complete()
    assert found.diverged.all()
    assert np.isnan(found.before).all()
    results = {name: [Known()] * 3 for name in LAB.jobs(REQUEST)}
    assert SECTION.show(REQUEST, results | {"unrest": [Known(found, True)] * 3}).panels[1].empty
    known = LAB.facts(REQUEST, results | {"unrest": [Known(found, True)] * 3}).unrest[0]
    assert known.lost == 2
    assert known.unevenness == ()
    assert np.isinf(known.highest).all()


def test_the_section_draws_a_dot_a_batch_and_the_loss_of_each_step(unrest):
    results = {name: [Known()] * 3 for name in LAB.jobs(REQUEST)}
    shown = SECTION.show(REQUEST, results | {"unrest": [Known(one, True) for one in unrest]})
    loss, dots = shown.panels
    np.testing.assert_allclose(loss.figure.data[1].y, unrest[1].loss[0], rtol=1e-6)
    for trace, one in zip(dots.figure.data, unrest, strict=True):
        values = np.stack([one.before[0] / np.median(one.before[0]), one.after[0] / np.median(one.after[0])])
        np.testing.assert_allclose(trace.y, values.ravel(), rtol=1e-5)
    assert len(shown.notice) >= 4
    going = SECTION.show(REQUEST, results)
    assert all(panel.pending for panel in going.panels)
    assert going.notice == ()


def test_a_calmer_loss_and_unlike_batches_are_told():
    assert loss_case(BATCH, PLAIN) is Case.CALMER
    assert [batches_case(one) for one in (PLAIN, BATCH, LAYER)] == [Case.UNEVEN, Case.EQUALIZED, Case.ABOUT_EVEN]
    first, *_, last = told(PLAIN, BATCH, LAYER)
    assert "rises up to 3 still, that of **BatchNorm** up to 1.4" in first
    assert last.startswith("Alike batches are not all there is to it")
    assert cause_case(LAYER, BATCH) is Case.NOT_ALL
    assert cause_case(replace(LAYER, late=BATCH.late), BATCH) is Case.ALL
    assert told_of_cause(replace(LAYER, unevenness=(1.5,) * 3), BATCH) == ""


def test_what_is_lost_and_what_stands_alone_are_told():
    assert loss_case(BATCH, LOST) is Case.LOST
    assert "with 3 of 3 seeds" in told(LOST, BATCH)[0]
    assert batches_case(LOST) is Case.GONE
    assert loss_case(replace(BATCH, late=PLAIN.late), PLAIN) is Case.AS_WILD
    assert told(BATCH)[0].startswith("After step 20 the loss of **BatchNorm**")
    assert told() == []
