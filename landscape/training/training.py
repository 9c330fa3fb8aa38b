"""Training a stack of networks, and what remains of it: runs.

Here is what happens step by step; beside it stand what is noted of the steps and when that is a divergence (`record`),
which parameters are kept (`snapshots`), and how well they do (`grading`). All that is random comes from generators made
from the experiment's seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.data import Data, load
from landscape.experiment import Experiment
from landscape.loss.losses import loss_on
from landscape.loss.network import network_of
from landscape.loss.objective import lengths
from landscape.serving.devices import default_device, device_name, keep_freed_memory
from landscape.serving.task import ChunkedTask
from landscape.training.batches import Batches
from landscape.training.grading import Grader
from landscape.training.optimizers import Descent
from landscape.training.record import Record
from landscape.training.run import Run
from landscape.training.snapshots import SNAPSHOTS, Snapshots, snapshot_count
from models.fast import door
from models.network import Network
from models.normalization import Context, NetworkState

SHARED = ("parts", "gradient_parts", "written_out")
"""What of a training shares the memory of its parameters, gradient and state."""

OF_MEMBERS = ("learning_rate", "momentum", "weight_decay", "init_scale")
"""The values in which the members of a stack may differ, beside their seeds."""

EXACT = 1e-15, 1e15
"""Between these the lengths of gradients are exact in single precision, which takes less time than double precision."""


class Training(ChunkedTask):
    """The training of a stack: experiments that differ only in seed, rates, initialization scale and the like.

    Each member's numbers are those of its training alone.

    Args:
        experiments: E of them, alike in `stack_key`.
        device: where to train; by default a GPU where there is one.
        dtype: of the parameters.
        snapshots: how many to take at most.
        data: what to train on and to test by, in place of the experiments' own; of the same shapes.

    Raises: ValueError where the experiments cannot share a stack.
    """

    def __init__(
        self,
        experiments: Sequence[Experiment],
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
        snapshots: int = SNAPSHOTS,
        data: Data | None = None,
    ) -> None:
        if len({stack_key(experiment) for experiment in experiments}) != 1:
            raise ValueError(
                "experiments in one stack may differ only in seed, learning_rate, momentum, weight_decay and "
                "init_scale; train the others apart"
            )
        keep_freed_memory()
        self.experiments = tuple(experiments)
        self.base = base = self.experiments[0]
        self.device = device or default_device()
        self.given, data = data, data or load(base.data)
        self.majority = data.majority
        self.network = network_of(base)
        seeds = [experiment.seed for experiment in experiments]
        drawn = self.network.initial_parameters(seeds, [experiment.network for experiment in experiments])
        self.parameters = drawn.to(self.device, dtype)
        self.state = self.network.initial_state(len(seeds), self.parameters)
        self.grader = Grader(self.network, data, base.training, self.parameters.new_empty(0))
        self.x, self.y = self.grader.x, self.grader.y
        order, few = base.training.batch_order, base.training.batch_classes
        self.batches = Batches(seeds, self.y, base.training.batch_size, order, few)
        self.arranged: tuple[Tensor, Tensor, Tensor] = (torch.empty(0),) * 3
        self.generators = tuple(torch.Generator(self.device).manual_seed(seed + 2) for seed in seeds)
        self.step = 0
        self.steps_total = base.training.num_steps
        self.parameters = self.network.initialize_from(self.parameters, self._batch(0)[0])
        self.gradient = torch.empty_like(self.parameters)
        self._share()
        rate, momentum, decay = (self._column(name) for name in ("learning_rate", "momentum", "weight_decay"))
        self.descent = Descent(base.training.optimizer, rate, momentum, decay)
        self.snapshots = Snapshots(self.steps_total, snapshot_count(snapshots, self.network.layout.size))
        self.test_accuracies: list[np.ndarray] = []
        self.record = Record(len(seeds))
        self.again: Training | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Go into a pickle without what shares the memory of something else: there it would not."""
        return {name: value for name, value in vars(self).items() if name not in SHARED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Come back from a pickle."""
        self.__dict__.update(state)
        self._share()

    @property
    def ended(self) -> bool:
        """Whether no step is left to do."""
        return self.step >= self.steps_total or self.record.all_diverged

    @property
    def finished(self) -> bool:
        # The last snapshot is the only one that no step was done after.
        return self.snapshots.has(self.step) if self.again is None else self.again.finished

    @property
    def fraction(self) -> float:
        return 1.0 if self.ended else self.step / self.steps_total

    def work(self) -> None:
        """Do one step, and after the last what is left to do of the path."""
        if self.again is not None:
            self.again.work()
            if self.again.finished:
                self.snapshots, self.test_accuracies = self.again.snapshots, []
            return
        with torch.no_grad():
            self._step()
        if self.ended:
            self._snapshot()
            self.again = self._path_again()

    def partial(self) -> Run | None:
        """Return the first member's run so far, or None before its first snapshot."""
        return self._runs([0])[0] if self.snapshots.taken else None

    def result(self) -> Run:
        """Return the first member's run."""
        return self._runs([0])[0]

    def results(self) -> tuple[Run, ...]:
        """Return the run of every member."""
        return self._runs(range(len(self.experiments)))

    def _share(self) -> None:
        """Make leaves that share the memory of the parameters, and views of the gradient for theirs.

        The gradient by leaves needs no pass through the views.
        """
        parts, gradients = (blocks_of(self.network, flat) for flat in (self.parameters, self.gradient))
        training = self.base.training
        how = training.loss, training.averages_weight, self.generators
        self.written_out = door.backpropagation(self.network, parts, gradients, self.state, *how)
        self.parts = {name: part.requires_grad_() for name, part in parts.items()}
        self.gradient_parts = list(gradients.values())

    def _column(self, name: str) -> float | Tensor:
        values = [experiment.get(name) for experiment in self.experiments]
        return values[0] if len(set(values)) == 1 else self.parameters.new_tensor(values)[:, None]

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        indexes = self.batches.at(step)
        if indexes is None:
            return self.x[None], self.y[None]
        if len(indexes) > 1:
            indexes = indexes.to(self.device)
            return self.x[indexes], self.y[indexes]
        epoch, place = self.batches.epoch, self.batches.place(step)
        if self.arranged[0] is not epoch:  # once an epoch: to gather each batch took a twentieth of a small step
            rows = epoch.to(self.device)
            self.arranged = epoch, self.x[rows], self.y[rows]
        return self.arranged[1][:, place], self.arranged[2][:, place]

    def _step(self) -> None:
        if self.step in self.snapshots.wanted:
            self._snapshot()
        x, y = self._batch(self.step)
        if self.written_out is None:
            losses, state = self._by_autograd(x, y)
        else:
            losses, state = self.written_out.step(x[0], y[0], self.step / self.steps_total)[None], self.state
        gradient = self.gradient
        # As lists: to note two numbers in tensors, and to compare them there, took a thirtieth of a small step.
        losses, norms = torch.stack([losses, torch.linalg.vector_norm(gradient, dim=1)]).tolist()
        if not all(EXACT[0] < norm < EXACT[1] for norm in norms):
            norms = lengths(gradient).tolist()
        self.record.note(losses, norms)
        if not self.record.all_diverged:
            self.descent.step(self.parameters, gradient)
            self.network.project(self.parts)
            self.state = state
            self.step += 1

    def _by_autograd(self, x: Tensor, y: Tensor) -> tuple[Tensor, NetworkState]:
        """Return the losses and what the network remembers after this batch; write the gradient."""
        progress = self.step / self.steps_total
        weight = self.base.training.averages_weight
        context = Context(progress=progress, momentum=weight, training=True, generators=self.generators)
        with torch.enable_grad():
            outputs, state = self.network.forward(self.parts, self.state, x, context)
            losses = loss_on(y, self.network.outputs, self.base.training.loss, outputs.dtype)(outputs)
            gradients = torch.autograd.grad(losses.sum(), list(self.parts.values()))
        torch._foreach_copy_(self.gradient_parts, gradients)
        return losses.detach(), state

    def _snapshot(self) -> None:
        if not self.snapshots.has(self.step):
            self.snapshots.take(self.step, self.parameters, self.network.flatten_state(self.state))

    def _path_again(self) -> Training | None:
        """Return the training up to an early divergence, for a path of more than the few snapshots before it; or None."""
        end = self.record.diverged_at[0]
        if len(self.experiments) > 1 or end is None or not self.snapshots.are_few_before(end):
            return None
        if self.steps_total not in self.snapshots.wanted:
            return None  # it is such a path itself, which ends at another step on a machine that rounds otherwise
        again = Training(self.experiments, self.device, self.parameters.dtype, data=self.given)
        again.snapshots = Snapshots(end - 1, len(self.snapshots.wanted))
        return again

    def _runs(self, members: Sequence[int]) -> tuple[Run, ...]:
        """Return the runs of members, up to now or to the end."""
        self._test()
        runs = [self._unjudged(member) for member in members]
        return self.grader.judged(runs) if self.finished else tuple(runs)

    def _test(self) -> None:
        """Note the test accuracies of the snapshots that have none: of many at once, in half of the time."""
        missing = self.snapshots.taken[len(self.test_accuracies) :]
        if not missing:
            return
        parameters, states = (
            np.concatenate([getattr(one, name) for one in missing]) for name in ("parameters", "states")
        )
        self.test_accuracies += np.split(self.grader.by_stored_statistics(parameters, states), len(missing))

    def _unjudged(self, member: int) -> Run:
        """Return a member's run but for what its last parameters do on the data."""
        diverged_at = self.record.diverged_at[member]
        accuracies = {
            one.step: found[member] for one, found in zip(self.snapshots.taken, self.test_accuracies, strict=True)
        }
        kept = self.snapshots.of(member, diverged_at)
        parameters, states = (np.stack(parts) for parts in zip(*(one.member(member) for one in kept), strict=True))
        loss, gradient_norm = self.record.of(member)
        return Run(
            experiment=self.experiments[member],
            steps=np.array([one.step for one in kept]),
            parameters=parameters,
            states=states,
            loss=loss,
            gradient_norm=gradient_norm,
            test_accuracy=np.array([accuracies[one.step] for one in kept]),
            train_loss=float("nan"),
            train_accuracy=float("nan"),
            diverged_at=diverged_at,
            learned=False,
            majority=self.majority,
            device=device_name(self.device),
        )


def blocks_of(network: Network, flat: Tensor) -> dict[str, Tensor]:
    """View a flat `(E, P)` as its blocks, those without a filter as `(C,)` in a stack of one, as a layer takes them."""
    parts = network.layout.split(flat.detach())
    return {name: part[0] if len(flat) == 1 and part.ndim == 2 else part for name, part in parts.items()}


def stack_key(experiment: Experiment) -> tuple[object, ...]:
    """Return what experiments must have in common to be trained as one stack: all values but those of members' own."""
    parts = experiment.data, experiment.network, experiment.training
    return tuple(value for part in parts for name, value in vars(part).items() if name not in OF_MEMBERS)


def train(experiment: Experiment, device: torch.device | None = None) -> Run:
    """Train the network of an experiment and return its run.

    Equal experiments give equal runs on one number of torch's threads, whatever other trainings are at work beside them:
    sums over large batches are cut among threads, and round otherwise on another number of them.

    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=50))
    >>> run.loss.shape, run.diverged_at
    ((50,), None)

    Args: experiment: what to train; device: where, a GPU where there is one if not given.
    Returns: a Run, which ends at its last finite snapshot where the training diverged.
    """
    return Training([experiment], device).complete()
