"""Training a stack of networks, and what remains of it: runs.

A training is cut into chunks (`Training.advance`), so that it can report, be cancelled and give way to others; all
that is random in it comes from generators made from the experiment's seed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscape.data import examples_of, load
from landscape.devices import chunk_size, default_device, device_name, keep_freed_memory
from landscape.experiment import Experiment
from landscape.loss.losses import accuracies_of, loss_and_gradient, losses_of
from landscape.loss.network import NetworkObjective, network_of
from landscape.loss.objective import lengths
from landscape.training.batches import Batches
from landscape.training.optimizers import Descent
from landscape.training.run import Run
from models.fast.backpropagation import Backpropagation
from models.network import Network
from models.normalization import Context, NetworkState

SNAPSHOTS = 41
"""Snapshots of a training, evenly spaced, its first and last step among them."""

SNAPSHOT_BYTES = 5 * 2**19
"""A run keeps fewer snapshots rather than more than so many bytes of them, but always the first and the last."""

SHARED = ("parts", "gradient_parts", "written_out")
"""What of a training shares the memory of its parameters, gradient and state."""

SHORT = 8
"""Snapshots: where no more of them came before a divergence, the steps up to it are done again for their path."""

EXACT = 1e-15, 1e15
"""Between these the lengths of gradients are exact in single precision, in a third of the time of double precision."""

DIVERGED = 1000.0
"""A loss so many times the first counts as diverged."""


class Training:
    """The training of a stack: experiments that differ only in seed, rates, initialization scale and the like.

    Each member's numbers are those of its training alone.

    Args:
        experiments: E of them, alike in `stack_key`.
        device: where to train; by default a GPU where there is one.
        dtype: of the parameters.
        snapshots: how many to take at most.

    Raises: ValueError where the experiments cannot share a stack.
    """

    def __init__(
        self,
        experiments: Sequence[Experiment],
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
        snapshots: int = SNAPSHOTS,
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
        data = load(base.data)
        self.majority = data.majority
        self.x, self.y = examples_of(data, "train", dtype, self.device)
        self.test_x, self.test_y = examples_of(data, "test", dtype, self.device)
        self.network = network_of(base)
        seeds = [experiment.seed for experiment in experiments]
        self.batches = Batches(seeds, self.y, base.training.batch_size, base.training.batch_order)
        self.arranged: tuple[Tensor, Tensor, Tensor] = (torch.empty(0),) * 3
        self.generators = tuple(torch.Generator(self.device).manual_seed(seed + 2) for seed in seeds)
        drawn = self.network.initial_parameters(seeds, [experiment.network for experiment in experiments])
        self.parameters = drawn.to(self.device, dtype)
        self.state = self.network.initial_state(len(seeds), self.parameters)
        self.step = 0
        self.steps_total = base.training.num_steps
        self.parameters = self.network.initialize_from(self.parameters, self._batch(0)[0])
        self.gradient = torch.empty_like(self.parameters)
        self._share()
        self.descent = Descent(
            base.training.optimizer,
            *(self._column(name) for name in ("learning_rate", "momentum", "weight_decay")),
        )
        count = max(2, min(snapshots, SNAPSHOT_BYTES // (4 * self.network.layout.size), self.steps_total + 1))
        self.snapshot_steps = set(np.linspace(0, self.steps_total, count).astype(int).tolist())
        self.snapshots: list[tuple[int, np.ndarray, np.ndarray]] = []
        self.test_accuracies: list[np.ndarray] = []
        self.losses: list[list[float]] = []
        self.gradient_norms: list[list[float]] = []
        self.diverged_at: list[int | None] = [None] * len(seeds)
        self.limits: list[float] = []

    def __getstate__(self) -> dict[str, Any]:
        """Go into a pickle without what shares the memory of something else: there it would not."""
        return {name: value for name, value in vars(self).items() if name not in SHARED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Come back from a pickle."""
        self.__dict__.update(state)
        self._share()

    @property
    def finished(self) -> bool:
        return self.step >= self.steps_total or None not in self.diverged_at

    @property
    def fraction(self) -> float:
        return 1.0 if self.finished else self.step / self.steps_total

    def advance(self, seconds: float) -> None:
        """Train for about so many seconds, at least one step."""
        until = time.perf_counter() + seconds
        with torch.no_grad():
            while not self.finished:
                self._step()
                if time.perf_counter() > until:
                    break
        if self.finished and (not self.snapshots or self.snapshots[-1][0] != self.step):
            self._snapshot()
            self._retrace()

    def partial(self) -> Run | None:
        """Return the first member's run so far, or None before its first snapshot."""
        return self._run(0) if self.snapshots else None

    def result(self) -> Run:
        """Return the first member's run."""
        return self._run(0)

    def results(self) -> tuple[Run, ...]:
        """Return the run of every member."""
        return tuple(self._run(member) for member in range(len(self.experiments)))

    def _share(self) -> None:
        """Make leaves that share the memory of the parameters, and views of the gradient for theirs.

        The gradient by leaves needs no pass through the views, which in a small network took a tenth of a step.
        """
        parts, gradients = (blocks_of(self.network, flat) for flat in (self.parameters, self.gradient))
        self.written_out = None
        if len(self.parameters) == 1 and Backpropagation.can(self.network):
            self.written_out = Backpropagation(self.network, parts, gradients, self.state)
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
        if self.step in self.snapshot_steps:
            self._snapshot()
        x, y = self._batch(self.step)
        losses, state = self._by_autograd(x, y) if self.written_out is None else self._as_written_out(x, y)
        gradient = self.gradient
        # As lists: to note two numbers in tensors, and to compare them there, took a thirtieth of a small step.
        losses, norms = torch.stack([losses, torch.linalg.vector_norm(gradient, dim=1)]).tolist()
        if not all(EXACT[0] < norm < EXACT[1] for norm in norms):
            norms = lengths(gradient).tolist()
        self.limits = self.limits or [DIVERGED * loss for loss in losses]
        self.losses.append(losses)
        self.gradient_norms.append(norms)
        alive = [loss <= limit for loss, limit in zip(losses, self.limits, strict=True)]
        if not all(alive):
            self._note_divergence(alive)
        if None in self.diverged_at:
            self.descent.step(self.parameters, gradient)
            self.network.project(self.parts)
            self.state = state
            self.step += 1

    def _by_autograd(self, x: Tensor, y: Tensor) -> tuple[Tensor, NetworkState]:
        """Return the losses and what the network remembers after this batch; write the gradient."""
        progress = self.step / self.steps_total
        context = Context(progress=progress, training=True, generators=self.generators, overwrite=True)
        with torch.enable_grad():
            outputs, state = self.network.forward(self.parts, self.state, x, context)
            losses = losses_of(outputs, y, self.base.training.loss)
            gradients = torch.autograd.grad(losses, list(self.parts.values()), torch.ones_like(losses))
        torch._foreach_copy_(self.gradient_parts, gradients)
        return losses.detach(), state

    def _as_written_out(self, x: Tensor, y: Tensor) -> tuple[Tensor, NetworkState]:
        loss, towards = loss_and_gradient(self.written_out.forward(x[0]), y[0], self.base.training.loss)
        self.written_out.backward(towards)
        return loss[None], self.state

    def _note_divergence(self, alive: list[bool]) -> None:
        for member, well in enumerate(alive):
            if not well and self.diverged_at[member] is None:
                self.diverged_at[member] = self.step

    def _snapshot(self) -> None:
        kept = self.parameters, self.network.flatten_state(self.state)
        self.snapshots.append((self.step, *(values.cpu().numpy().copy() for values in kept)))

    def _retrace(self) -> None:
        """Train again up to an early divergence, for a path of more than the few snapshots that came before it."""
        end = self.diverged_at[0]
        if len(self.experiments) > 1 or end is None or end - 1 in self.snapshot_steps or len(self.snapshots) > SHORT:
            return
        if len(self.snapshot_steps) == 2:  # as many as were asked for
            return
        again = Training(self.experiments, self.device, self.parameters.dtype)
        again.snapshot_steps = set(np.linspace(0, end - 1, len(self.snapshot_steps)).astype(int).tolist())
        again.advance(float("inf"))
        self.snapshots, self.test_accuracies = again.snapshots, []

    def _test(self) -> None:
        """Compute the test accuracy of the snapshots that have none: of many at once, in half of the time."""
        each = len(self.test_x) * self.network.working_size * self.parameters.element_size()
        held = self.network.layout.size * self.parameters.element_size()
        most = max(1, chunk_size(each, self.device, held) // len(self.experiments))
        while missing := self.snapshots[len(self.test_accuracies) :][:most]:
            parameters, states = (
                torch.as_tensor(np.concatenate([item[i] for item in missing])).to(self.parameters) for i in (1, 2)
            )
            with torch.no_grad():
                context, state = Context(statistics="stored"), self.network.unflatten_state(states)
                outputs = self.network.forward(parameters, state, self.test_x[None], context)[0]
                found = accuracies_of(outputs, self.test_y[None]).cpu().numpy()
            self.test_accuracies += np.split(found, len(missing))

    def _run(self, member: int) -> Run:
        diverged_at = self.diverged_at[member]
        done = self.step if diverged_at is None else diverged_at + 1
        self._test()
        tested = [(*item, found) for item, found in zip(self.snapshots, self.test_accuracies, strict=True)]
        kept = [item for item in tested if diverged_at is None or item[0] < diverged_at]
        kept = [item for item in kept if np.isfinite(item[1][member]).all()] or tested[:1]
        parameters, states, accuracy = (
            np.stack([item[i][min(member, len(item[i]) - 1)] for item in kept]) for i in range(1, 4)
        )
        unknown = float("nan"), float("nan")
        train_loss, train_accuracy = self._on_training_set(parameters[-1], states[-1]) if self.finished else unknown
        examples = max(len(self.test_x), 1)
        margin = max(0.05, 3 * (self.majority * (1 - self.majority) / examples) ** 0.5)
        return Run(
            experiment=self.experiments[member],
            steps=np.array([item[0] for item in kept]),
            parameters=parameters,
            states=states,
            loss=np.array([values[member] for values in self.losses[:done]], np.float32),
            gradient_norm=np.array([values[member] for values in self.gradient_norms[:done]], np.float32),
            test_accuracy=accuracy,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            diverged_at=diverged_at,
            learned=diverged_at is None and bool(accuracy[-1] > self.majority + margin),
            majority=self.majority,
            device=device_name(self.device),
        )

    def _on_training_set(self, parameters: np.ndarray, state: np.ndarray) -> tuple[float, float]:
        """Return loss and accuracy of parameters (P,) over the whole training set as one batch, by its statistics."""
        of_run = partial(NetworkObjective, self.network, self.x, self.y, self.base.training.loss)
        whole = of_run(state=self.network.unflatten_state(torch.as_tensor(state).to(self.parameters)[None]))
        losses, accuracies = whole.measure(torch.as_tensor(parameters).to(self.parameters)[None])
        return float(losses[0]), float(accuracies[0])


def blocks_of(network: Network, flat: Tensor) -> dict[str, Tensor]:
    """View a flat `(E, P)` as its blocks, those without a filter as `(C,)` in a stack of one, as a layer takes them."""
    parts = network.layout.split(flat.detach())
    return {name: part[0] if len(flat) == 1 and part.ndim == 2 else part for name, part in parts.items()}


def stack_key(experiment: Experiment) -> Experiment:
    """Return what experiments must have in common to be trained as one stack."""
    return experiment.replace(seed=0, learning_rate=0.1, momentum=0.9, weight_decay=0.0, init_scale=1.0)


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
    training = Training([experiment], device)
    training.advance(float("inf"))
    return training.result()
