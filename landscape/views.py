"""From a run and a view to pictures' numbers: the plane, the surface on it, the path across it, the sharpness."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from landscape.data import load
from landscape.experiment import PlaneKind, View
from landscape.geometry.curvature import top_eigenvalues
from landscape.geometry.planes import Plane, gradient_plane, hessian_plane, input_weights_plane, pca_plane, random_plane
from landscape.geometry.surfaces import Path, Surface, SurfaceScan, axis, path_on
from landscape.internals.distributions import ActivationHistograms, activation_histograms
from landscape.loss.network import NetworkObjective, network_of, objective
from landscape.serving.task import ChunkedTask, Task, made
from landscape.training.run import Run

PATH_MARGIN = 1.3
"""The picture of a trajectory's plane reaches this much beyond the trajectory."""


def objective_of(run: Run, view: View) -> NetworkObjective:
    """Return the objective that a view of a run asks for.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5))
    >>> objective_of(run, View(statistics="population", num_examples=100)).statistics.value
    'population'

    Args: run: whose network; view: its split, examples, batches and statistics.
    Returns: a NetworkObjective.
    Raises: ValueError where the view's batches do not fit its examples.
    """
    return objective(run, view.statistics, view.split, view.batches, view.num_examples)


def plane_of(run: Run, view: View) -> Plane:
    """Return the plane that a view of a run asks for, through the run's last parameters.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5))
    >>> bool((plane_of(run, View(plane="input-weights")).origin == run.parameters[-1]).all())
    True

    Args: run: whose parameters; view: its kind of plane, seed and features, and for the planes of gradient and Hessian
        what `objective_of` takes.
    Returns: a Plane.
    Raises: ValueError where the run's network has no such plane.
    """
    layout = network_of(run.experiment).layout
    match view.plane:
        case PlaneKind.PCA:
            return pca_plane(run.parameters)
        case PlaneKind.INPUT_WEIGHTS:
            data = load(run.experiment.data)
            least, greatest = data.extreme_features
            x = least if view.feature_x < 0 else view.feature_x
            y = greatest if view.feature_y < 0 else view.feature_y
            count = next((block.shape[0] for block in layout.blocks if block.inputs), 0)
            named = max(x, y) < count <= len(data.feature_names)
            names = (data.feature_names[x], data.feature_names[y]) if named else (f"x{x + 1}", f"x{y + 1}")
            return input_weights_plane(run.parameters[-1], layout, (x, y), names, view.seed)
        case PlaneKind.GRADIENT:
            of = objective_of(run, differentiated_view(run, view))
            gradient = of.gradient(of.tensor(run.parameters[-1:]))[1][0].cpu().numpy()
            return gradient_plane(run.parameters[-1], layout, gradient, view.seed)
        case PlaneKind.HESSIAN:
            top = top_eigenvalues(objective_of(run, differentiated_view(run, view)), run.parameters[-1], count=2)
            return hessian_plane(run.parameters[-1], layout, top.values, top.vectors)
        case _:
            return random_plane(run.parameters[-1], layout, view.seed)


def scan_of(run: Run, view: View) -> SurfaceScan:
    """Return the computation of the surface that a view of a run asks for."""
    plane = plane_of(run, view)
    columns, rows = view.grid()
    if view.plane is PlaneKind.PCA:
        coordinates = plane.coordinates(run.parameters)
        low, high = coordinates.min(0), coordinates.max(0)
        centre, reach = (low + high) / 2, np.maximum((high - low) / 2, 1e-3) * PATH_MARGIN * view.extent
        reach = np.maximum(reach, reach.max() / 4)
        alphas, betas = axis(reach[0], columns, centre[0]), axis(reach[1], rows, centre[1])
    else:
        alphas, betas = axis(view.extent, columns), axis(view.extent, rows)
    return SurfaceScan(objective_of(run, view), plane, alphas, betas)


def surface_of(run: Run, view: View) -> Surface:
    """Return the surface that a view of a run asks for.

    >>> from landscape import Experiment, train
    >>> run = train(Experiment().replace(dataset="moons", width=8, depth=1, num_steps=5))
    >>> surface = surface_of(run, View(resolution=5, resolution_y=3))
    >>> surface.loss.shape, bool(np.isclose(surface.loss[1, 2], surface.centre))
    ((3, 5), True)

    Args: run: around whose last parameters; view: which plane, grid, data and statistics.
    Returns: a Surface; for accuracy beside the loss see `loss_surface`.
    Raises: ValueError where the view does not fit the run (its plane, its batches).
    """
    return scan_of(run, view).complete()


@dataclass(frozen=True, eq=False)
class Inspection:
    """What is drawn of one run beside its surface: its path on its own plane, and its activations.

    surface, path: on the plane of the trajectory's principal axes, by batch statistics.
    """

    path: Path
    surface: Surface
    histograms: ActivationHistograms

    def bare(self) -> Inspection:
        """Return the inspection on a bare plane."""
        return replace(self, path=self.path.bare(), surface=self.surface.bare())


@dataclass(eq=False)
class Bare:
    """The computation of another task, whose results are kept bare: many pages that are open hold many of them."""

    task: Task
    seen: Any = None
    shown: Any = None

    @property
    def finished(self) -> bool:
        return self.task.finished

    @property
    def fraction(self) -> float:
        return self.task.fraction

    def advance(self, seconds: float) -> None:
        """Do the next part."""
        self.task.advance(seconds)

    def partial(self) -> Any | None:
        """Return what can be drawn already, the very same as long as the other task does."""
        found = self.task.partial()
        if found is not self.seen:
            self.seen, self.shown = found, found and found.bare()
        return self.shown

    def result(self) -> Any:
        """Return the result."""
        return self.task.result().bare()


@dataclass(eq=False)
class InspectionTask(ChunkedTask):
    """The computation of an inspection, in chunks: first path and histograms, then the surface under the path."""

    run: Run
    view: View
    path: Path | None = None
    histograms: ActivationHistograms | None = None
    scan: SurfaceScan | None = None
    shown: Inspection | None = None

    @property
    def finished(self) -> bool:
        return self.scan is not None and self.scan.finished

    @property
    def fraction(self) -> float:
        return 0.0 if self.scan is None else 0.2 + 0.8 * self.scan.fraction

    def work(self) -> None:
        """Do the next part."""
        if self.scan is None:
            self.scan = scan_of(self.run, path_view(self.view))
            self.path = path_on(self.scan.objective, self.scan.plane, self.run.parameters, self.run.steps)
            self.histograms = activation_histograms(self.run)
        else:
            self.scan.work()

    def rest(self) -> None:
        """Let go of what the surface holds at work."""
        if self.scan is not None:
            self.scan.rest()

    def partial(self) -> Inspection | None:
        """Return the inspection with a coarse surface once that is there."""
        surface = None if self.scan is None else self.scan.partial()
        if surface is not None and self.shown is None:
            self.shown = self._on(surface)
        return self.shown

    def result(self) -> Inspection:
        """Return the inspection."""
        return self._on(made(self.scan).result())

    def _on(self, surface: Surface) -> Inspection:
        return Inspection(made(self.path), surface, made(self.histograms))


@dataclass(frozen=True)
class Measures:
    """What is measured at a run's last parameters.

    sharpness: the top eigenvalue of the Hessian on the view's training data, by batch statistics, with its residual; of
        a large network on as many examples as its second derivatives have memory for.
    population_accuracy: the run's.
    """

    sharpness: float
    sharpness_residual: float
    population_accuracy: float


@dataclass(eq=False)
class MeasuresTask(ChunkedTask):
    """The computation of the measures, in one chunk."""

    run: Run
    view: View
    measures: Measures | None = None

    @property
    def finished(self) -> bool:
        return self.measures is not None

    def work(self) -> None:
        """Do all."""
        view = differentiated_view(self.run, path_view(self.view))
        top = top_eigenvalues(objective_of(self.run, view), self.run.parameters[-1])
        self.measures = Measures(float(top.values[0]), float(top.residuals[0]), self.run.population_accuracy)

    def result(self) -> Measures:
        """Return the measures."""
        return made(self.measures)


def path_view(view: View) -> View:
    """Return the view of the trajectory's own plane, by batch statistics, on the data of the given view."""
    return replace(View(), plane=PlaneKind.PCA, resolution=19, num_examples=view.num_examples, batches=view.batches)


def differentiated_view(run: Run, view: View) -> View:
    """Return the view on as many of its examples as there is memory for a network's derivatives on them."""
    most = max(run.experiment.size.curvature_examples, view.batches * run.experiment.network.least_batch)
    return view if view.num_examples <= most else replace(view, num_examples=most)
