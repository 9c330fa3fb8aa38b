"""Balls on a slice: against the closed form of gradient descent on a quadratic, and plain steps of a network."""

import pickle

import numpy as np
import pytest

from landscape.geometry.descents import BallsTask, roll_balls
from landscape.geometry.planes import Plane, random_plane
from landscape.loss.network import objective
from landscape.training.training import train
from tests.cases import SMALL, Quadratic

STARTS = np.array([[0.8, 0.8], [-0.5, 0.7], [0.3, -0.3]])


def bowl(size=6, seed=0):
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    return Quadratic(root @ root.T / size, np.zeros(size))


def plane(size=6, seed=1):
    rng = np.random.default_rng(seed)
    first, second = np.linalg.qr(rng.standard_normal((size, 2)))[0].T
    return Plane(np.zeros(size), np.stack([3 * first, 0.5 * second]), ("x", "y"))


def test_a_ball_goes_as_gradient_descent_on_the_slice_does():
    loss, slice_ = bowl(), plane()
    d = slice_.directions
    hessian = d @ loss.A.numpy() @ d.T
    step = np.eye(2) - 0.2 * np.diag(1 / np.square(d).sum(1)) @ hessian
    balls = roll_balls(loss, slice_, STARTS, rate=0.2, steps=15, extent=10.0)
    for t in range(16):
        expected = STARTS @ np.linalg.matrix_power(step, t).T
        np.testing.assert_allclose(balls.coordinates[t], expected, atol=1e-9)
        np.testing.assert_allclose(balls.loss[t], [loss.at(c @ d) for c in expected], atol=1e-9)
    assert not balls.thrown.any()


def test_the_step_is_the_projection_of_a_step_of_the_whole():
    run = train(SMALL)
    loss = objective(run)
    slice_ = random_plane(run.parameters[-1], loss.layout)
    balls = roll_balls(loss, slice_, STARTS, rate=0.3, steps=1)
    for k, start in enumerate(STARTS):
        point = slice_.points(start[None])
        gradient = loss.gradient(loss.tensor(point))[1][0].numpy()
        moved = slice_.coordinates(point - 0.3 * gradient[None])[0]
        np.testing.assert_allclose(balls.coordinates[1, k], moved, atol=1e-4)


def test_a_rate_beyond_two_over_the_curvature_throws_out_and_one_below_arrives():
    loss, slice_ = bowl(), plane()
    d = slice_.directions
    unit = d / np.linalg.norm(d, axis=1, keepdims=True)
    top = np.linalg.eigvalsh(unit @ loss.A.numpy() @ unit.T)[-1]
    far, near = (roll_balls(loss, slice_, STARTS, rate=share * 2 / top, steps=400) for share in (1.5, 0.9))
    assert far.thrown.all()
    assert not far.arrived.any()
    assert np.isfinite(far.loss).all()
    assert np.linalg.norm(far.coordinates, axis=2).max() <= 2
    assert near.arrived.all()


def test_a_ball_that_was_thrown_out_stays_and_the_others_go_on():
    loss, slice_ = bowl(), plane()
    balls = roll_balls(loss, slice_, np.array([[1e-6, 0.0], [1.9, 1.9]]), rate=30.0, steps=4)
    assert balls.thrown[1]
    assert (balls.coordinates[1:, 1] == balls.coordinates[-1, 1]).all()
    assert not (balls.coordinates[1, 0] == balls.coordinates[0, 0]).all()


def test_of_balls_that_were_thrown_out_no_gradient_is_taken(monkeypatch):
    loss, asked = bowl(), []
    gradient = loss.gradient
    monkeypatch.setattr(loss, "gradient", lambda points: asked.append(len(points)) or gradient(points))
    balls = roll_balls(loss, plane(), np.array([[1e-6, 0.0], [1.9, 1.9]]), rate=30.0, steps=4)
    assert sum(asked) == 5 + 1
    exact = [float(loss(loss.tensor(plane().points(here[None])))[0]) for here in balls.coordinates[:, 1]]
    np.testing.assert_allclose(balls.loss[:, 1], exact, rtol=1e-5)


def test_the_task_pickles_between_two_steps_and_finds_the_same():
    loss, slice_ = bowl(), plane()
    task = BallsTask(loss, slice_, STARTS, 0.2, 10)
    while not task.finished:
        task.work()
        task = pickle.loads(pickle.dumps(task))
    np.testing.assert_array_equal(task.result().coordinates, roll_balls(loss, slice_, STARTS, 0.2, 10).coordinates)
    assert task.fraction == 1


@pytest.mark.parametrize("starts", [[0.1, 0.2], [[0.1]], [[np.nan, 0.0]]])
def test_starts_that_are_no_places_are_refused(starts):
    with pytest.raises(ValueError, match="starts must be finite coordinates"):
        roll_balls(bowl(), plane(), starts, 0.1)


def test_a_rate_is_over_zero():
    with pytest.raises(ValueError, match="rate must be over 0, not -1"):
        roll_balls(bowl(), plane(), STARTS, -1.0)
