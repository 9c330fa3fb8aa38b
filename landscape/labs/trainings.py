"""What is known of trained networks, and what is to be said of it: the same in every lab that trains some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt

from landscape.data import load
from landscape.labs.words import Share, sentence
from landscape.training.learned import well_above
from landscape.training.run import Run

GAP = 0.1
"""A test accuracy so much under the training accuracy is worth a sentence."""

ERRORS = 2.0
"""Two accuracies within so many standard errors of their difference are alike."""


class Ended(StrEnum):
    """How a training ended."""

    DIVERGED = "diverged"
    OVERFLOWED = "overflowed"
    NOT_LEARNED = "not learned"
    TRAINING_DATA_ONLY = "training data only"
    LEARNED = "learned"


@dataclass(frozen=True)
class Trained:
    """The facts of one training.

    steps: done until the last snapshot. diverged_at: the step, or None. first_loss, last_loss: of a batch.
    learned: see `Run`. fits: whether it has learned, or did so on the training data by the same rule.
    score: "accuracy", or "R²" for targets that are numbers; guess: what has the score `majority` without any learning.
    train_accuracy: by batch statistics. test_accuracy: by stored ones. population_accuracy: by those of the whole training
    set, None while it is not known. error: the standard error of the test accuracy. weight_decay: of its training.
    """

    name: str
    learning_rate: float
    steps: int
    diverged_at: int | None
    first_loss: float
    last_loss: float
    learned: bool
    fits: bool
    majority: float
    score: str
    guess: str
    train_accuracy: float
    test_accuracy: float
    population_accuracy: float | None
    error: float
    weight_decay: float = 0.0

    @property
    def ended(self) -> Ended:
        """How it ended."""
        if self.diverged_at is not None:
            return Ended.DIVERGED if isfinite(self.last_loss) else Ended.OVERFLOWED
        if self.learned:
            return Ended.LEARNED
        return Ended.TRAINING_DATA_ONLY if self.fits else Ended.NOT_LEARNED

    @property
    def lags(self) -> bool:
        """Whether it does clearly better on the test data by statistics of the training set than by the stored ones."""
        return self.population_accuracy is not None and self.population_accuracy - self.test_accuracy > GAP / 2

    @property
    def falls_short(self) -> bool:
        """Whether it does so much worse on the test data than on the training data that it is worth a sentence."""
        return self.diverged_at is None and self.fits and self.train_accuracy - self.test_accuracy > GAP


def trained_of(name: str, run: Run, population_accuracy: float | None = None) -> Trained:
    """Return the facts of a run."""
    dataset, data = run.experiment.data.dataset, load(run.experiment.data)
    accuracy, examples = float(run.test_accuracy[-1]), len(data.test_x)
    spread = accuracy * (1 - accuracy) if dataset.has_classes else 0.0
    return Trained(
        name=name,
        learning_rate=run.experiment.training.learning_rate,
        steps=int(run.steps[-1]),
        diverged_at=run.diverged_at,
        first_loss=float(run.loss[0]) if len(run.loss) else float("nan"),
        last_loss=float(run.loss[-1]) if len(run.loss) else float("nan"),
        learned=run.learned,
        fits=run.learned or well_above(run.majority, run.train_accuracy, len(data.train_x)),
        majority=run.majority,
        score=dataset.score,
        guess="majority class" if dataset.has_classes else "mean",
        train_accuracy=run.train_accuracy,
        test_accuracy=accuracy,
        population_accuracy=population_accuracy,
        error=sqrt(max(spread, 0.0) / max(examples, 1)),
        weight_decay=run.experiment.training.weight_decay,
    )


def alike(a: Trained, b: Trained) -> bool:
    """Return whether two test accuracies differ by less than their own error lets one tell."""
    return abs(a.test_accuracy - b.test_accuracy) <= max(ERRORS * sqrt(a.error**2 + b.error**2), 0.01)


class Case(StrEnum):
    """What there is to say of trainings, a template each."""

    DIVERGED = "diverged"
    OVERFLOWED = "overflowed"
    NOT_LEARNED = "not learned"
    UNTRAINED_IS_FLAT = "untrained is flat"
    ONE = "one"
    ONE_FITS = "one fits"
    ALIKE = "alike"
    UNLIKE = "unlike"
    GAP = "gap"
    GAP_LAGS = "gap lags"
    ONE_LAGS = "one lags"
    DECAY = "weight decay"


SENTENCES = {
    Case.DIVERGED: "The network with **{name}** diverged at step {step} with learning rate {rate}: its loss rose to {last}, from {first}. "
    "What is drawn and told of it ends at its last snapshot before (step {end}).",
    Case.OVERFLOWED: "The network with **{name}** diverged at step {step} with learning rate {rate}: its loss overflowed. "
    "What is drawn and told of it ends at its last snapshot before (step {end}).",
    Case.NOT_LEARNED: "The network with **{name}** has not learned: its test {score} is {test}, the {guess} alone gives {majority}.",
    Case.UNTRAINED_IS_FLAT: "The landscape of a network that has not learned may be flat for that reason alone.",
    Case.ONE: "**{name}** reaches {test} on the test data at step {steps}.",
    Case.ONE_FITS: "**{name}** learns the training data to {train}.",
    Case.ALIKE: "At step {steps} the networks reach about the same test {score}: {each}.",
    Case.UNLIKE: "At step {steps} the networks reach unlike test scores ({score}): {each}.",
    Case.GAP: "**{name}** fits the training data ({train}, by batch statistics) better than the test data ({test}).",
    Case.GAP_LAGS: "**{name}** fits the training data ({train}, by batch statistics) better than the test data ({test}): "
    "its stored averages lag behind its weights; by statistics of the whole training set it is {population}.",
    Case.ONE_LAGS: "On the test data it reaches {population} by statistics of the whole training set, and {test} by its "
    "stored averages, which lag behind its weights.",
    Case.DECAY: "Training descends more than the loss: weight decay adds {decay} times the weights to each gradient. What is "
    "drawn and measured here is the loss alone, without it.",
}


def told_of(networks: Sequence[Trained], draws: bool = True) -> list[str]:
    """Return what is to be said of trainings: which diverged, did not learn, learned alike or fit too well.

    draws: whether their landscapes are drawn, so that an untrained one asks for a word.
    """
    said = [_badly(one) for one in networks if one.ended in (Ended.DIVERGED, Ended.OVERFLOWED, Ended.NOT_LEARNED)]
    if draws and any(one.ended is Ended.NOT_LEARNED for one in networks):
        said.append(SENTENCES[Case.UNTRAINED_IS_FLAT])
    learned = [one for one in networks if one.ended is Ended.LEARNED]
    able = [one for one in networks if one.ended in (Ended.LEARNED, Ended.TRAINING_DATA_ONLY)]
    alone = able[0] if len(able) == 1 and able[0].lags else None
    if alone:
        said.append(sentence(SENTENCES[Case.ONE_FITS], name=alone.name, train=Share(alone.train_accuracy)))
    elif len(learned) == 1:
        (one,) = learned
        said.append(sentence(SENTENCES[Case.ONE], name=one.name, test=Share(one.test_accuracy), steps=one.steps))
    if len(learned) > 1:
        worst, best = (pick(learned, key=lambda one: one.test_accuracy) for pick in (min, max))
        case = Case.ALIKE if alike(worst, best) else Case.UNLIKE
        each = {one.name: Share(one.test_accuracy) for one in learned}
        said.append(sentence(SENTENCES[case], steps=learned[0].steps, score=learned[0].score, each=each))
    return said + [_short(one, one is alone) for one in networks if one.falls_short]


def decay_of(networks: Sequence[Trained]) -> list[str]:
    """Return that what is drawn leaves weight decay out, where some network was trained with it."""
    decay = max((one.weight_decay for one in networks), default=0.0)
    return [sentence(SENTENCES[Case.DECAY], decay=decay)] if decay else []


def _badly(one: Trained) -> str:
    if one.ended is Ended.NOT_LEARNED:
        shares = {"test": Share(one.test_accuracy), "majority": Share(one.majority)}
        return sentence(SENTENCES[Case.NOT_LEARNED], name=one.name, score=one.score, guess=one.guess, **shares)
    case = Case.DIVERGED if one.ended is Ended.DIVERGED else Case.OVERFLOWED
    return sentence(
        SENTENCES[case],
        name=one.name,
        step=one.diverged_at or 0,
        rate=one.learning_rate,
        last=one.last_loss,
        first=one.first_loss,
        end=one.steps,
    )


def _short(one: Trained, alone: bool) -> str:
    case = Case.ONE_LAGS if alone else Case.GAP_LAGS if one.lags else Case.GAP
    return sentence(
        SENTENCES[case],
        name=one.name,
        train=Share(one.train_accuracy),
        test=Share(one.test_accuracy),
        population=Share(one.population_accuracy or 0.0),
    )
