"""The loss of each preprocessing over its two weights, exactly: its minimum, its Hessian, its L and what bounds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch.nn import functional

from landscape.geometry.planes import Plane
from landscape.geometry.surfaces import Surface, axis, loss_surface
from landscape.labs.two_weights.measure.examples import examples_of, prepared
from landscape.labs.two_weights.measure.separation import Separation, separation_in
from landscape.labs.two_weights.request import DATA, MODEL, Kind, Model, TwoWeights, remembered
from landscape.loss.objective import Objective
from models.layout import Block, Layout

RESOLUTION = 25
"""Grid points along an edge of a surface: a bowl has no finer shape."""

SINGULAR = 1e-12
"""An eigenvalue under this share of the top one is 0 up to rounding: the loss is flat along its eigenvector."""

FOUND = 1e-9
"""A derivative that is smaller, in units of its feature's size, is 0: there the search for the minimum ends."""

GAINED = 0.05
"""Where a line separates the classes, the search ends at a step that lowers the loss by less than this."""


class LinearModel(Objective):
    """The loss of h = <x, w> as a function of w, exactly, for one or E sets of features.

    Least squares 1/2 E(h - y)^2, of Hessian E[x x^T]; logistic E[log(1 + e^h) - y h], of Hessian E[p(1 - p) x x^T].

    Args: x `(1 or E, N, P)`, the last column ones where there is a bias; y `(N,)` targets or classes.
    """

    dtype = torch.float64
    chunk = 512

    def __init__(self, x: ndarray, y: ndarray, model: Model) -> None:
        self.x, self.y, self.model = torch.from_numpy(x), torch.from_numpy(y), model
        self.layout = Layout((Block("weight", (x.shape[2],)),))

    def outputs(self, parameters: Tensor) -> Tensor:
        """Return h `(E, N)`."""
        return parameters @ self.x[0].T if len(self.x) == 1 else (self.x @ parameters[:, :, None])[:, :, 0]

    def __call__(self, parameters: Tensor) -> Tensor:
        h = self.outputs(parameters)
        if self.model is Model.LEAST_SQUARES:
            return (h - self.y).square().mean(1) / 2
        return (functional.softplus(h) - self.y * h).mean(1)

    def derivative(self, h: Tensor) -> Tensor:
        """Return dl/dh of outputs `(E, N)`: h - y, or sigmoid(h) - y, which lies in (-1, 1)."""
        return (h if self.model is Model.LEAST_SQUARES else torch.sigmoid(h)) - self.y

    def gradient(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the losses and the gradients."""
        return self(parameters), self.gradient_alone(parameters)

    def gradient_alone(self, parameters: Tensor) -> Tensor:
        """Return the gradients E[dl/dh x] in closed form, without autograd."""
        slopes = self.derivative(self.outputs(parameters)) / len(self.y)
        return slopes @ self.x[0] if len(self.x) == 1 else (slopes[:, None] @ self.x)[:, 0]

    def hessian(self, parameters: ndarray) -> ndarray:
        """Return the Hessian (P, P) at parameters (P,), of the one set of features."""
        x = self.x[0].numpy()
        weights = np.ones(len(x))
        if self.model is Model.LOGISTIC:
            p = torch.sigmoid(self.outputs(self.tensor(parameters)[None]))[0].numpy()
            weights = p * (1 - p)
        return x.T @ (weights[:, None] * x) / len(x)

    def minimum(self, separated: bool = False) -> ndarray:
        """Return the parameters (P,) of least loss, the shortest where there are many.

        Newton's method in units of each feature's size, halving steps that climb. Classes that a line separates have no
        minimum: the loss falls for ever, and the search ends where a step gains next to nothing.
        """
        x = self.x[0].numpy()
        size = np.sqrt((x**2).mean(0))
        size[size == 0] = 1
        scaled = LinearModel((x / size)[None], self.y.numpy(), self.model)
        at = np.zeros(x.shape[1])
        for _ in range(40):
            loss, gradient = (value[0].numpy() for value in scaled.gradient(scaled.tensor(at)[None]))
            if np.abs(gradient).max() < FOUND:
                break
            step = np.linalg.lstsq(scaled.hessian(at), gradient, rcond=SINGULAR)[0]
            ladder = at - step * 0.5 ** np.arange(20)[:, None]
            losses = scaled(scaled.tensor(ladder)).numpy()
            lower = np.flatnonzero(losses <= loss)
            at = ladder[lower[0]] if lower.size else at
            if separated and lower.size and loss - losses[lower[0]] < GAINED:
                break
        return at / size


@dataclass(frozen=True, eq=False)
class Bowl:
    """The loss of one preprocessing, in numbers.

    features: (N, P). separation: of the classes by a line, where the loss is logistic. minimum: (P,), or where there is none,
    as a line separates the classes, a point where the loss falls hardly any more.
    hessian: (P, P) at the minimum. eigenvalues: (P,) from the lowest.
    smoothness: L, the greatest top eigenvalue of the Hessian anywhere: that of E[x x^T], a quarter of it for logistic.
    bound: on L, E|x|^2, a quarter of it for logistic.
    """

    kind: Kind
    objective: LinearModel
    features: ndarray
    separation: Separation
    minimum: ndarray
    minimum_loss: float
    hessian: ndarray
    eigenvalues: ndarray
    smoothness: float
    bound: float

    @property
    def found(self) -> bool:
        """Whether there is a minimum, which there is not for separated classes."""
        return self.separation is Separation.NONE

    @property
    def flat(self) -> bool:
        """Whether the loss does not change along some direction."""
        return bool(self.eigenvalues[0] <= SINGULAR * self.eigenvalues[-1])

    @property
    def condition(self) -> float:
        """The condition number of the Hessian, top eigenvalue over lowest; infinite where the bowl is a trough."""
        return np.inf if self.flat else float(self.eigenvalues[-1] / self.eigenvalues[0])

    @property
    def longest_step(self) -> float:
        """The longest step that surely descends, 2 / L."""
        return 2 / self.smoothness if self.smoothness > 0 else np.inf


@remembered(*DATA, *MODEL)
def bowl_of(config: TwoWeights, kind: Kind) -> Bowl:
    """Return the loss of one preprocessing in numbers.

    Source: kexue.fm/archives/6992, (12): |E[lambda x]|^2 <= E[lambda^2] E|x|^2, so E|x|^2 bounds L, whatever the weights.

    >>> bowl = bowl_of(TwoWeights(), Kind.STANDARDIZED)
    >>> bowl.smoothness <= bowl.bound and abs(bowl.bound - 2) < 1e-12
    True
    """
    examples, x = examples_of(config), prepared(config, kind)
    logistic = config.model is Model.LOGISTIC
    objective = LinearModel(x[None], examples.classes if logistic else examples.target, config.model)
    separation = separation_in(config, kind)
    minimum = objective.minimum(separation is not Separation.NONE)
    hessian, moment = objective.hessian(minimum), x.T @ x / len(x)
    most = 0.25 if logistic else 1.0
    return Bowl(
        kind=kind,
        objective=objective,
        features=x,
        separation=separation,
        minimum=minimum,
        minimum_loss=float(objective(objective.tensor(minimum)[None])[0]),
        hessian=hessian,
        eigenvalues=np.maximum(np.linalg.eigvalsh(hessian), 0),
        smoothness=most * float(np.linalg.eigvalsh(moment)[-1]),
        bound=most * float(np.trace(moment)),
    )


@remembered(*DATA, *MODEL, "extent")
def surface_of(config: TwoWeights, kind: Kind) -> Surface:
    """Return the loss over the two weights around the minimum; a bias stays at its best value there."""
    bowl = bowl_of(config, kind)
    plane = Plane(bowl.minimum, np.eye(2, len(bowl.minimum)), ("w1", "w2"))
    # Relative to the minimum: the grid's centre is the loss computed there, to the last digits.
    coordinates = axis(config.extent, RESOLUTION)
    return loss_surface(bowl.objective, plane, coordinates, coordinates)
