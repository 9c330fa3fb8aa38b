"""What a batch may be: one tensor or several, by place or by name, on either side, or none; all else in a sentence."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from landscape import input_weights_plane, losses_at, module_objective
from tests.loss.test_purity import Listed, X, Y, classifier

LOSS = functional.cross_entropy(classifier()(X), Y).item()
ONES = torch.ones(20, dtype=X.dtype)


class Taking(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = classifier()


class Two(Taking):
    def forward(self, a, b=None):
        return self.net(a if b is None else a + b)


class Pair(Taking):
    def forward(self, pair):
        return self.net(pair[0] + pair[1])


class Whole(Taking):
    def forward(self, batch):
        return self.net(batch["a"] + batch["b"])


class Twice(Taking):
    def forward(self, x):
        return self.net(x), self.net(x)


def weighted(outputs, targets, weights):
    return (functional.cross_entropy(outputs, targets, reduction="none") * weights).mean()


GIVEN = {
    "two inputs": (Two, functional.cross_entropy, ((X / 2, X / 2), Y)),
    "two inputs, in a list of batches": (Two, functional.cross_entropy, [((X / 2, X / 2), Y)]),
    "a pair as one": (Pair, functional.cross_entropy, ((X / 2, X / 2), Y)),
    "by name": (Two, functional.cross_entropy, ({"a": X / 2, "b": X / 2}, Y)),
    "some by name": (Two, functional.cross_entropy, ({"a": X}, Y)),
    "a dictionary as one": (Whole, functional.cross_entropy, ({"a": X / 2, "b": X / 2}, Y)),
    "arrays": (Two, functional.cross_entropy, ((X.numpy() / 2, X.numpy() / 2), Y.numpy())),
    "two targets": (classifier, weighted, (X, (Y, ONES))),
    "two targets as one": (classifier, lambda z, both: weighted(z, *both), (X, (Y, ONES))),
    "targets by name": (classifier, weighted, (X, {"targets": Y, "weights": ONES})),
    "targets as a dictionary": (classifier, lambda z, t: functional.cross_entropy(z, t["y"]), (X, {"y": Y})),
    "two of each": (Two, weighted, [((X / 2, X / 2), (Y, ONES))]),
    "two outputs": (Twice, lambda a, b, y: functional.cross_entropy((a + b) / 2, y), (X, Y)),
    "no targets": (classifier, lambda z: functional.cross_entropy(z, Y), (X, None)),
    "no targets, said": (classifier, lambda z, none: functional.cross_entropy(z, Y), (X, None)),
    "inputs alone from a loader": (
        classifier,
        lambda z: functional.cross_entropy(z, Y),
        DataLoader(TensorDataset(X), 20),
    ),
    "a generator": (classifier, functional.cross_entropy, ((X[i : i + 5], Y[i : i + 5]) for i in range(0, 20, 5))),
    "complex": (lambda: nn.Sequential(Real(), classifier()), functional.cross_entropy, (X * (1 + 1j), Y)),
    "sparse": (classifier, functional.cross_entropy, (X.to_sparse(), Y)),
}


class Real(nn.Module):
    def forward(self, x):
        return x.real


@pytest.mark.parametrize("name", GIVEN)
def test_a_batch_is_what_the_module_and_the_loss_take(name):
    make, loss, data = GIVEN[name]
    of = module_objective(make(), loss, data)
    assert losses_at(of, of.parameters[None])[0] == pytest.approx(LOSS, rel=1e-12)


def test_a_module_may_take_nothing():
    class Valley(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor([3.0, 4.0]))

        def forward(self):
            return self.w

    of = module_objective(Valley(), lambda w: w.square().sum(), (None, None))
    assert losses_at(of, np.array([[3.0, 4.0], [1.0, 0.0]])).tolist() == [25.0, 1.0]


class Custom:
    pass


REFUSED = {
    "a tensor": (X, "write \\(inputs, None\\)"),
    "a dictionary": ({"x": X, "y": Y}, "Of type dict alone"),
    "nothing": (None, "Of type NoneType alone"),
    "three tensors": ((X, X, Y), "Here are 3 tensors: write \\(\\(a, b\\), targets\\)"),
    "batches that are dictionaries": ([{"x": X, "y": Y}] * 3, "A batch here is a dictionary"),
    "a dataset": (TensorDataset(X, Y), "put a Dataset into a DataLoader"),
    "examples": (list(zip(X, Y, strict=True)), "put a Dataset into a DataLoader"),
    "words": ((np.array([["a"]]), Y), "does not hold numbers"),
    "an object": ((Custom(), Y), "Here is something of type Custom"),
    "no batch": (iter(()), "must not be empty"),
    "no example": ((X[:0], Y[:0]), "must not be empty"),
    "unlike sizes": ([(X[:12], Y[:12]), (X[12:], Y[12:])], "one size, not 8, 12 examples"),
    "complex, not a number": ((X * torch.tensor(complex(0, np.nan)), Y), "60 of 60 values of the data are not finite"),
    "too few features": ((X[:, :2], Y), "do not take this batch, inputs float64 \\(20, 2\\) and targets int64"),
    "two inputs for one": (((X, X), Y), "do not take this batch, inputs \\(float64 \\(20, 3\\), float64"),
    "whole numbers": ((X.long(), Y), "do not take this batch"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_batch_is_refused_with_a_sentence(name):
    data, sentence = REFUSED[name]
    with pytest.raises(ValueError, match=sentence):
        module_objective(classifier(), functional.cross_entropy, data)


NO_MODULE = {
    "a function": (lambda x: x, "not a function: write what is computed as the forward pass of a module"),
    "a state": (classifier().state_dict(), "a state_dict holds numbers.*give the module that loads it"),
    "a class": (nn.Linear, "make one, Linear"),
    "parameters": (list(classifier().parameters()), "not a list"),
    "complex": (nn.Linear(3, 4, dtype=torch.complex64), "weight is complex.*view_as_real"),
    "half": (classifier().half(), "give module.float"),
    "on meta": (nn.Linear(3, 4, device="meta"), "lie on meta"),
    "lazy": (nn.Sequential(nn.Linear(3, 4), nn.LazyBatchNorm1d(affine=False)), "run it once on some inputs"),
}


@pytest.mark.parametrize("name", NO_MODULE)
def test_what_is_no_module_with_a_landscape_is_refused_with_the_way_out(name):
    module, sentence = NO_MODULE[name]
    with pytest.raises(ValueError, match=sentence):
        module_objective(module, functional.cross_entropy, (X, Y))


@pytest.mark.parametrize(
    ("loss", "given"), [("mse", "not 'mse'"), (nn.MSELoss, r"make one, MSELoss\(\)"), (None, "None")]
)
def test_what_is_no_loss_is_refused(loss, given):
    with pytest.raises(ValueError, match=given):
        module_objective(classifier(), loss, (X, Y))


def test_one_example_through_batch_normalization_is_told():
    module = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 4)).double()
    with pytest.raises(ValueError, match="more than one value of each feature.*or statistics='running'"):
        module_objective(module, functional.cross_entropy, (X[:1], Y[:1]))
    of = module_objective(module, functional.cross_entropy, (X[:1], Y[:1]), "running")
    expected = functional.cross_entropy(copy.deepcopy(module).eval()(X[:1]), Y[:1])
    assert losses_at(of, of.parameters[None])[0] == pytest.approx(expected.item())


class HeadFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.head, self.first = nn.Linear(5, 4), nn.Linear(3, 5)

    def forward(self, x):
        return self.head(torch.tanh(self.first(x)))


class Branches(HeadFirst):
    def __init__(self):
        super().__init__()
        self.beside = nn.Linear(3, 4)

    def forward(self, x):
        return super().forward(x) + self.beside(x)


def test_the_first_layer_is_the_one_that_sees_the_data():
    torch.manual_seed(0)
    module = HeadFirst().double()
    of = module_objective(module, functional.cross_entropy, (X, Y))
    plane = input_weights_plane(of.parameters, of.layout, (0, 2))
    for direction, feature in zip(plane.directions, (0, 2), strict=True):
        moved, changed = copy.deepcopy(module), X.clone()
        nn.utils.vector_to_parameters(torch.as_tensor(of.parameters + direction), moved.parameters())
        changed[:, feature] = 0  # without this feature the weights that moved say nothing
        assert not torch.allclose(moved(X), module(X))
        torch.testing.assert_close(moved(changed), module(changed))
    normalized = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(3), HeadFirst()).double()
    of = module_objective(normalized, functional.cross_entropy, (X, Y))
    assert [block.name for block in of.layout.blocks if block.inputs] == ["2.first.weight"]


@pytest.mark.parametrize("make", [Branches, Listed, lambda: nn.Sequential(nn.Tanh(), nn.Linear(3, 4))])
def test_where_no_one_dense_layer_takes_the_features_there_is_no_plane_of_them(make):
    of = module_objective(make().double(), functional.cross_entropy, (X, Y))
    with pytest.raises(ValueError, match="needs a first layer with a weight for each feature.*one nn.Linear takes"):
        input_weights_plane(of.parameters, of.layout, (0, 1))
