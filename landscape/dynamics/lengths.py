"""How long the weights are along training, and with them the learning rate that counts.

Where a unit's output does not depend on the length of its weights, the gradient stands at right angles to them: each step
of plain gradient descent lengthens them, by Pythagoras, and the longer they are the less a step turns them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscape.experiment import Experiment
from landscape.serving.task import ChunkedTask
from landscape.training.sweeps import stack_size
from landscape.training.training import Training


@dataclass(frozen=True, eq=False)
class WeightLengths:
    """The lengths of the hidden layers' weights along the training of E networks of one kind. T steps, L layers.

    units: (L,) of each layer. squares: (E, T + 1, L) |W|^2 before each step and after the last. moved: (E, T, L) the
    squared length of each step of W; both not a number from where a training diverged. accuracy: (E,) on the test data
    at the end. diverged_at: of each the step, or None.
    """

    experiments: tuple[Experiment, ...]
    layers: tuple[str, ...]
    units: np.ndarray
    squares: np.ndarray
    moved: np.ndarray
    accuracy: np.ndarray
    diverged_at: tuple[int | None, ...]

    @property
    def length(self) -> np.ndarray:
        """|w|^2 of all hidden weights together (E, T + 1)."""
        return self.squares.sum(2)

    @property
    def predicted(self) -> np.ndarray:
        """What |w|^2 is (E, T + 1) if each step is at right angles to the weights: the first, and all squared steps."""
        steps = np.cumsum(self.moved.sum(2), axis=1)
        return self.length[:, :1] + np.concatenate([np.zeros((len(steps), 1)), steps], axis=1)

    @property
    def effective_rate(self) -> np.ndarray:
        """The learning rate over the mean |w|^2 of a hidden unit (E, T + 1), by which a direction turns.

        Source: van Laarhoven 2017, arXiv 1706.05350, Sec. 2.
        """
        rates = np.array([one.training.learning_rate for one in self.experiments])
        return rates[:, None] * self.units.sum() / self.length


class WeightLengthsTask(ChunkedTask):
    """Trains networks and notes the lengths of their hidden weights at every step.

    They are trained as one stack, or one after the other where the networks are so large that nothing is gained by it, and
    all of them would take the memory of many.

    Args: experiments: E of them that may share a stack.
    """

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        most = stack_size(experiments[0])
        self.waiting = [tuple(experiments[i : i + most]) for i in range(0, len(experiments), most)]
        self.count, self.ended = len(self.waiting), list[WeightLengths]()
        self._begin()

    def _begin(self) -> None:
        """Begin with the stack that is next."""
        self.training = Training(self.waiting.pop(0), snapshots=2)
        network = self.training.network
        items = [item for item in network.maps.values() if item.place != "output"]
        self.layers = tuple(item.place for item in items)
        self.units = np.array([item.outputs for item in items])
        self.places = [network.layout.slice(f"{place}.weight") for place in self.layers]
        self.squares = [_squares(self._weights())]
        self.moved: list[Tensor] = []

    def _weights(self) -> list[Tensor]:
        """Return the hidden weights, each layer's (E, n), which go on changing."""
        return [self.training.parameters.detach()[:, place] for place in self.places]

    @property
    def finished(self) -> bool:
        return not self.waiting and self.training.finished

    @property
    def fraction(self) -> float:
        return (len(self.ended) + self.training.fraction) / self.count

    def work(self) -> None:
        """Do one step of a training, and note what it did to the weights."""
        if self.training.finished:
            self.ended.append(self._found())
            self._begin()
        step, before = self.training.step, [weights.clone() for weights in self._weights()]
        self.training.work()
        if self.training.step > step:
            after = self._weights()
            self.squares.append(_squares(after))
            self.moved.append(_squares([now - then for now, then in zip(after, before, strict=True)]))

    def partial(self) -> WeightLengths | None:
        """Return the lengths so far, or None before the first step, or while other stacks are to come."""
        return self._found() if self.moved and self.count == 1 else None

    def result(self) -> WeightLengths:
        """Return the lengths.

        Raises: RuntimeError where every training diverged at its first step.
        """
        found = _joined([*self.ended, self._found()])
        if not found.moved.shape[1]:
            raise RuntimeError(
                "the training diverged at its first step: there are no steps to measure; choose a smaller initialization "
                "scale or learning rate"
            )
        return found

    def _found(self) -> WeightLengths:
        squares = torch.stack(self.squares, 1).cpu().numpy()
        moved = (
            torch.stack(self.moved, 1).cpu().numpy() if self.moved else np.zeros((len(squares), 0, len(self.layers)))
        )
        ended = tuple(self.training.record.diverged_at)
        for member, step in enumerate(ended):
            if step is not None:
                squares[member, max(step, 1) :], moved[member, max(step - 1, 0) :] = np.nan, np.nan
        accuracy = np.array([float(run.test_accuracy[-1]) for run in self.training.results()])
        return WeightLengths(self.training.experiments, self.layers, self.units, squares, moved, accuracy, ended)


def _squares(layers: Sequence[Tensor]) -> Tensor:
    """Return the squared length (E, L) of each layer's (E, n)."""
    return torch.stack([one.square().sum(1, dtype=torch.float64) for one in layers], 1)


def _joined(parts: Sequence[WeightLengths]) -> WeightLengths:
    """Return the lengths of several stacks as of one; of those that ended sooner what follows is not a number."""
    if len(parts) == 1:
        return parts[0]
    steps = max(one.moved.shape[1] for one in parts)

    def padded(values: np.ndarray, length: int) -> np.ndarray:
        return np.pad(values, ((0, 0), (0, length - values.shape[1]), (0, 0)), constant_values=np.nan)

    return WeightLengths(
        tuple(one for part in parts for one in part.experiments),
        parts[0].layers,
        parts[0].units,
        np.concatenate([padded(one.squares, steps + 1) for one in parts]),
        np.concatenate([padded(one.moved, steps) for one in parts]),
        np.concatenate([one.accuracy for one in parts]),
        tuple(step for one in parts for step in one.diverged_at),
    )


def weight_lengths(*experiments: Experiment) -> WeightLengths:
    """Return the lengths of the hidden weights at every step of trainings that share a stack.

    With one of the normalizations that ignore them, |w_T|^2 = |w_0|^2 + the sum of rate^2 |g|^2 under plain gradient descent.

    >>> from landscape import Experiment
    >>> found = weight_lengths(Experiment().replace(depth=2, width=16, normalization="batch", learning_rate=1.0, num_steps=50))
    >>> grown = found.length[0, -1] / found.length[0, 0]
    >>> bool(grown > 1.05), round(float(found.length[0, -1] / found.predicted[0, -1]), 2)
    (True, 1.0)

    Source: Salimans & Kingma 2016, arXiv 1602.07868, Sec. 2.1; van Laarhoven 2017, arXiv 1706.05350, Sec. 2.

    Args: experiments: E of them, which differ in seed, learning rate, weight decay or initialization scale alone.
    Returns: WeightLengths of the E trainings.
    """
    return WeightLengthsTask(experiments).complete()
