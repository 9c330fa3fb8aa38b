"""What is done once to the features, by statistics of the training data."""

from __future__ import annotations

import numpy as np
from numpy import ndarray

from landscape.experiment import Preprocessing

LEAST_VARIANCE = 1e-6
"""Whitening leaves out principal components with less than this share of the largest one's variance."""


def deviations_of(x: ndarray) -> ndarray:
    """Return the standard deviation (over N, as in BatchNorm) of each feature, exactly 0 where it is constant.

    Rounding can give a constant feature a deviation of 1e-17, by which one must not divide.
    """
    return np.where(x.max(axis=0) == x.min(axis=0), 0.0, x.std(axis=0))


def preprocessing_map(train: ndarray, how: Preprocessing) -> tuple[ndarray, ndarray]:
    """Return the shift (F,) and the matrix (F, F) of a preprocessing, x -> (x - shift) @ matrix.

    With m, s and R the mean, deviation and correlation of the training features:
    none x; center x - m; scale x / s; standardize z = (x - m) / s; whiten R^(-1/2) z.

    Whitening is the symmetric one of the standardized features, Cov[z]^(-1/2) (z - E[z]): it undoes the ramp, as
    standardizing does, and each output stays as near to its own feature as whitening allows. Of the features as they
    are, the root would lose those of small scale to rounding. Components of variance under `LEAST_VARIANCE` of the
    largest are left out, that is, set to 0: divided by their deviation they would be noise, or infinite where there are
    fewer examples than features. A feature that is constant in the training data is divided by 1: where the test data
    are not constant in it, the ramp stays in them.

    Source: Ioffe & Szegedy (2015), arXiv 1502.03167, section 3; Kessy, Lewin & Strimmer (2018), arXiv 1512.00809,
    "ZCA-cor whitening".
    """
    mean, deviations = train.mean(axis=0), deviations_of(train)
    centers = how in (Preprocessing.CENTER, Preprocessing.STANDARDIZE, Preprocessing.WHITEN)
    scales = how in (Preprocessing.SCALE, Preprocessing.STANDARDIZE, Preprocessing.WHITEN)
    matrix = np.diag(1 / np.where(deviations > 0, deviations, 1.0)) if scales else np.eye(len(mean))
    if how is Preprocessing.WHITEN:
        z = (train - mean) @ matrix
        variances, components = np.linalg.eigh(z.T @ z / len(z))
        kept = variances > LEAST_VARIANCE * variances[-1]
        matrix = matrix @ (components[:, kept] / np.sqrt(variances[kept])) @ components[:, kept].T
    return mean if centers else np.zeros_like(mean), matrix
