"""What remains of a training: a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from landscape.experiment import Experiment


@dataclass(frozen=True, eq=False)
class Run:
    """A trained network, and how it went. S snapshots, T steps, P parameters.

    steps: (S,) the step before which each snapshot was taken; the last is the number of steps done. Of a network with
        over 220 000 parameters only the first and the last are kept: its path is then a straight line.
    parameters: (S, P) at each snapshot. states: (S, Q) what the normalizations remembered.
    loss: (T,) of each step's batch, before the step. gradient_norm: (T,) of that loss.
    test_accuracy: (S,) at each snapshot, by the stored statistics.
    train_loss, train_accuracy: over the whole training set as one batch, by its statistics, at the last snapshot; not
        numbers while training goes on.
    diverged_at: the first step whose loss was not finite or 1000 times the first, or None. The snapshots end before.
    learned: whether it has not diverged, and the better of the test accuracies by stored and by population statistics
        is well above that of a constant guess (`landscape.training.learned`); false while training goes on.
    majority: the share of the most frequent class in the test data, which a constant guess gets right; 0 for targets
        that are numbers. device: where it was computed.
    population_accuracy: on the test data at the last snapshot, by means of the statistics of up to 64 training batches
        at its parameters (Ioffe & Szegedy 2015, arXiv 1502.03167, Algorithm 2); `test_accuracy[-1]` of a network that
        stores no statistics. Not a number while training goes on.
    """

    experiment: Experiment
    steps: np.ndarray
    parameters: np.ndarray
    states: np.ndarray
    loss: np.ndarray
    gradient_norm: np.ndarray
    test_accuracy: np.ndarray
    train_loss: float
    train_accuracy: float
    diverged_at: int | None
    learned: bool
    majority: float
    device: str
    population_accuracy: float = float("nan")

    def bare(self) -> Run:
        """Return the run with parameters and states of its last snapshot alone, (1, P) and (1, Q), in less memory.

        The steps, and what was noted at each, stay.
        """
        return replace(self, parameters=self.parameters[-1:].copy(), states=self.states[-1:].copy())
