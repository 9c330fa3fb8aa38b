"""Data against scikit-learn's copies, closed forms, and NumPy witnesses of the ramp and of each preprocessing."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sklearn.datasets
import torch

from landscape import data as module
from landscape.data import SYNTHETIC, _loaded, load
from landscape.data.preprocessing import LEAST_VARIANCE
from landscape.experiment import DataConfig, Dataset, Preprocessing

REAL = {
    "wine": sklearn.datasets.load_wine,
    "breast-cancer": sklearn.datasets.load_breast_cancer,
    "digits": sklearn.datasets.load_digits,
}


GIVEN = [dataset for dataset in Dataset if not dataset.own]


def arrays(**config):
    """Return the training and test features of a configuration as float64 arrays."""
    data = load(DataConfig(**config))
    return data.train_x.double().numpy(), data.test_x.double().numpy()


def without_cache(config):
    return module._made(config)


@pytest.mark.parametrize("name", REAL)
def test_shipped_tables_are_scikit_learns(name):
    theirs = REAL[name]()
    x, y, feature_names, class_names = module._shipped(Dataset(name))
    np.testing.assert_array_equal(x, theirs.data)
    np.testing.assert_array_equal(y, theirs.target)
    assert feature_names == tuple(theirs.feature_names)
    assert class_names == tuple(str(label) for label in theirs.target_names)


@pytest.mark.parametrize("preprocessing", Preprocessing)
@pytest.mark.parametrize("dataset", GIVEN)
def test_every_dataset_loads_finite(dataset, preprocessing):
    for count, scale in ((2000, 1.0), (40, 1000.0)):
        data = load(
            DataConfig(dataset=dataset, num_examples=count, input_scale=scale, preprocessing=preprocessing, noise=0.0)
        )
        assert data.train_x.dtype == data.test_x.dtype == torch.float32
        assert data.train_x.isfinite().all()
        assert data.test_x.isfinite().all()
        assert data.inputs == (len(data.feature_names),) == data.scales.shape
        if data.classification:
            assert data.train_y.dtype == data.test_y.dtype == torch.int64
            assert data.train_y.unique().tolist() == list(range(data.classes))
            assert count == 40 or data.test_y.unique().tolist() == list(range(data.classes))
            assert len(data.class_names) == data.classes
            assert 1 / data.classes <= data.majority < 1
        else:
            assert data.train_y.dtype == torch.float32
            assert data.train_y.shape[1:] == data.test_y.shape[1:] == (data.classes,)
            assert data.class_names == ()
            assert data.majority == 0


@pytest.mark.parametrize(
    ("dataset", "count", "expected"),
    [
        ("wine", 2000, (142, 36)),
        ("breast-cancer", 2000, (455, 114)),
        ("digits", 2000, (1438, 359)),
        ("digits", 500, (400, 100)),
        ("wine", 40, (32, 8)),
        ("moons", 20000, (16000, 4000)),
        ("target-curve", 43, (34, 9)),
    ],
)
def test_sizes(dataset, count, expected):
    data = load(DataConfig(dataset=dataset, num_examples=count))
    assert (len(data.train_x), len(data.test_x)) == (len(data.train_y), len(data.test_y)) == expected


@pytest.mark.parametrize("count", [2000, 100])
@pytest.mark.parametrize("name", REAL)
def test_examples_are_distinct_rows_of_the_table_with_their_classes(name, count):
    data = load(DataConfig(dataset=name, num_examples=count))
    x, y = torch.cat([data.train_x, data.test_x]), torch.cat([data.train_y, data.test_y])
    if name == "digits":
        x = ((x - x.min()) / (x.max() - x.min()) * 16).round()
    rows = {(*features, label) for features, label in zip(map(tuple, x.tolist()), y.tolist(), strict=True)}
    theirs = REAL[name]()
    table = zip(map(tuple, theirs.data.astype(np.float32).tolist()), theirs.target.tolist(), strict=True)
    assert rows <= {(*features, label) for features, label in table}
    assert len(rows) == len(x) == min(count, len(theirs.target))


@pytest.mark.parametrize("count", [2000, 200])
@pytest.mark.parametrize("name", REAL)
def test_split_keeps_the_shares_of_the_classes(name, count):
    data = load(DataConfig(dataset=name, num_examples=count))
    shares = np.bincount(REAL[name]().target) / len(REAL[name]().target)
    for labels in (data.train_y, data.test_y):
        assert np.abs(np.bincount(labels) - shares * len(labels)).max() <= 2
    assert data.majority == max(np.bincount(data.test_y)) / len(data.test_y)


def test_training_order_is_not_arranged_by_class():
    labels = load(DataConfig(dataset="blobs", num_examples=20000)).train_y.reshape(-1, 64)
    counts = torch.stack([(labels == label).sum(dim=1) for label in range(4)]).double()
    assert counts.std() == pytest.approx(np.sqrt(64 * 0.25 * 0.75), rel=0.1)


def test_digits_have_one_global_mean_and_deviation():
    train, _ = arrays(dataset="digits")
    assert train.mean() == pytest.approx(0, abs=1e-6)
    assert train.std() == pytest.approx(1, abs=1e-6)
    assert np.ptp(train.mean(axis=0)) > 1


def test_ramp_multiplies_the_features_geometrically():
    plain, _ = arrays(dataset="wine")
    ramped, _ = arrays(dataset="wine", input_scale=1000)
    factors = [1000 ** (j / 12) for j in range(13)]
    np.testing.assert_allclose(ramped, plain * factors, rtol=1e-6)
    data = load(DataConfig(dataset="wine", input_scale=1000))
    np.testing.assert_allclose(data.scales, ramped.std(axis=0), rtol=1e-5)


def test_ramp_leaves_a_single_feature_alone():
    np.testing.assert_array_equal(
        arrays(dataset="target-curve", input_scale=1000)[0], arrays(dataset="target-curve")[0]
    )


@pytest.mark.parametrize("dataset", ["wine", "gaussians", "breast-cancer"])
@pytest.mark.parametrize("scale", [1, 100])
def test_preprocessing_by_statistics_of_the_training_data(dataset, scale):
    train, test = arrays(dataset=dataset, input_scale=scale)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    expected = {
        "center": lambda x: x - mean,
        "scale": lambda x: x / deviation,
        "standardize": lambda x: (x - mean) / deviation,
    }
    for preprocessing, formula in expected.items():
        prepared = arrays(dataset=dataset, input_scale=scale, preprocessing=preprocessing)
        unit = formula(train).std(axis=0)
        for ours, raw in zip(prepared, (train, test), strict=True):
            np.testing.assert_allclose(ours / unit, formula(raw) / unit, atol=2e-5)


@pytest.mark.parametrize("preprocessing", ["standardize", "whiten"])
@pytest.mark.parametrize("dataset", GIVEN)
def test_standardizing_and_whitening_undo_the_ramp(dataset, preprocessing):
    varies = load(DataConfig(dataset=dataset)).scales > 0
    for plain, ramped in zip(
        arrays(dataset=dataset, preprocessing=preprocessing),
        arrays(dataset=dataset, preprocessing=preprocessing, input_scale=1000),
        strict=True,
    ):
        np.testing.assert_allclose(ramped[:, varies], plain[:, varies], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize("dataset", ["wine", "breast-cancer", "moons", "linear-map"])
def test_whitened_training_data_has_identity_covariance(dataset, scale):
    train, test = arrays(dataset=dataset, input_scale=scale, preprocessing="whiten")
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.cov(train.T, bias=True), np.eye(train.shape[1]), atol=1e-4)
    assert np.abs(np.cov(test.T, bias=True) - np.eye(train.shape[1])).max() > 1e-3


def test_whitening_is_the_symmetric_root_of_the_correlation():
    z, _ = arrays(dataset="wine", preprocessing="standardize")
    whitened, _ = arrays(dataset="wine", preprocessing="whiten")
    variances, components = np.linalg.eigh(np.corrcoef(z.T))
    np.testing.assert_allclose(whitened, z @ components @ np.diag(variances**-0.5) @ components.T, atol=1e-4)


def test_whitening_leaves_out_directions_without_variance():
    train, _ = arrays(dataset="digits", num_examples=50, preprocessing="whiten")
    variances = np.linalg.eigvalsh(np.cov(train.T, bias=True))
    kept = variances > 0.5
    assert kept.sum() == 39
    np.testing.assert_allclose(variances[kept], 1, atol=1e-4)
    np.testing.assert_allclose(variances[~kept], 0, atol=LEAST_VARIANCE)


def test_constant_features_are_divided_by_one():
    data = load(DataConfig(dataset="digits", input_scale=1000, preprocessing="standardize"))
    constant = data.scales == 0
    assert constant[0]
    assert 0 < constant.sum() < 10
    assert data.train_x[:, constant].abs().max() < 1e-9
    np.testing.assert_allclose(data.train_x[:, ~constant].std(dim=0, correction=0), 1, rtol=1e-4)


def test_extreme_features():
    assert load(DataConfig(dataset="gaussians")).extreme_features == (0, 1)
    assert load(DataConfig(dataset="moons", input_scale=100, preprocessing="standardize")).extreme_features == (0, 1)
    assert load(DataConfig(dataset="target-curve")).extreme_features == (0, 0)
    names = load(DataConfig(dataset="wine")).feature_names
    assert [names[j] for j in load(DataConfig(dataset="wine")).extreme_features] == ["nonflavanoid_phenols", "proline"]
    digits = load(DataConfig(dataset="digits"))
    assert digits.scales[digits.extreme_features[0]] > 0


def test_gaussians_have_the_promised_moments_and_need_both_features():
    train, _ = arrays(dataset="gaussians", num_examples=20000)
    np.testing.assert_allclose(train.mean(axis=0), [5, 500], rtol=0.01)
    np.testing.assert_allclose(train.std(axis=0), [2, 200], rtol=0.02)
    assert abs(np.corrcoef(train.T)[0, 1]) < 0.03
    for noise in (0.0, 0.5):
        data = load(DataConfig(dataset="gaussians", num_examples=20000, noise=noise, preprocessing="standardize"))
        rule = (data.train_x.sum(dim=1) > 0).long()
        # The angle between the score with and without noise over pi: the share of points on the wrong side of the line.
        assert (rule != data.train_y).double().mean() == pytest.approx(np.arctan(noise) / np.pi, abs=0.02)
        for feature in range(2):
            assert ((data.train_x[:, feature] > 0).long() == data.train_y).double().mean() < 0.8


def test_noiseless_shapes():
    def plane(dataset):
        data = load(DataConfig(dataset=dataset, noise=0.0))
        return data.train_x.double().numpy(), data.train_y.numpy()

    x, y = plane("circles")
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y, 0.5, 1), atol=1e-6)
    x, y = plane("moons")
    np.testing.assert_allclose(np.linalg.norm(x - np.outer(y, [1, 0.5]), axis=1), 1, atol=1e-6)
    assert (x[y == 0, 1] >= 0).all()
    assert (x[y == 1, 1] <= 0.5).all()
    x, y = plane("blobs")
    assert {*map(tuple, np.c_[x, y].tolist())} == {(-1, -1, 0), (1, -1, 1), (-1, 1, 2), (1, 1, 3)}
    x, y = plane("spirals")
    turned = np.arctan2(x[:, 1], x[:, 0]) - np.pi * (np.linalg.norm(x, axis=1) + y)
    np.testing.assert_allclose(np.cos(turned), 1, atol=1e-6)
    x, y = plane("target-curve")
    np.testing.assert_allclose(y, np.sin(2 * x) + x / 2, atol=1e-5)


@pytest.mark.parametrize("dataset", ["moons", "circles", "blobs", "spirals", "target-curve"])
def test_noise_is_a_deviation(dataset):
    quiet, loud = (load(DataConfig(dataset=dataset, num_examples=20000, noise=noise)) for noise in (0.0, 0.3))
    difference = loud.train_x - quiet.train_x if loud.classification else loud.train_y - quiet.train_y
    assert difference.std().item() == pytest.approx(0.3, rel=0.02)


def test_linear_map_is_one_linear_map_without_noise():
    small, large = (load(DataConfig(dataset="linear-map", num_examples=count, noise=1.0)) for count in (100, 2000))
    fit, *_ = torch.linalg.lstsq(large.train_x.double(), large.train_y.double())
    np.testing.assert_allclose(small.train_x.double() @ fit, small.train_y, atol=1e-5)
    assert (small.classes, small.classification) == (10, False)
    assert 0.8 < fit.std() < 1.2


def test_every_dataset_is_either_drawn_or_shipped():
    assert {*SYNTHETIC, *map(Dataset, REAL)} == {*GIVEN}


def test_the_same_in_every_thread_and_global_generators_untouched():
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()
    configs = [DataConfig(dataset=dataset, num_examples=100) for dataset in GIVEN] * 4
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(without_cache, configs))
    torch.manual_seed(1)
    np.random.seed(1)
    try:
        for config, result in zip(configs, results, strict=True):
            for name in ("train_x", "train_y", "test_x", "test_y"):
                assert torch.equal(getattr(result, name), getattr(load(config), name))
        torch_after, numpy_after = torch.get_rng_state(), np.random.get_state()
        torch.manual_seed(1)
        np.random.seed(1)
        assert torch.equal(torch.get_rng_state(), torch_after)
        np.testing.assert_array_equal(np.random.get_state()[1], numpy_after[1])
    finally:
        torch.set_rng_state(torch_state)
        np.random.set_state(numpy_state)


def test_cache_returns_the_same_object_within_a_bound():
    assert load(DataConfig(dataset="moons")) is load(DataConfig(dataset="moons", num_examples=2000))
    assert _loaded.cache_info().maxsize == 32
