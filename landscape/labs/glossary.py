"""The terms of the field that the pages use, one sentence each."""

from __future__ import annotations

import re

GLOSSARY = {
    "accuracy": "The share of examples that a network classifies rightly; on test data, of examples that it was not trained on.",
    "activation": "What a unit of a layer gives, after the activation function; before it, one speaks of a pre-activation.",
    "AdaBN": "BatchNorm with the statistics of the examples at hand in place of those of training; no weight changes.",
    "batch": "The examples that one step of training sees together.",
    "batch renormalization": "What BatchNorm gives, times r plus d: numbers by which each batch comes out as stored statistics have it.",
    "batch statistics": "The mean and the deviation of each unit over the examples of one batch, as BatchNorm uses them in training.",
    "BatchNorm": "Subtracts from each unit its mean over the batch and divides by its deviation, then multiplies by a learnt scale and "
    "adds a learnt shift.",
    "condition number": "The greatest curvature of a bowl over the least: 1 is round, a thousand a long narrow valley.",
    "cosine": "Of two directions: 1 where they are the same, 0 where they are at a right angle, −1 where they are opposed.",
    "covariate shift": "What a network, or a layer, is fed is distributed otherwise than what it learnt on.",
    "cross-entropy": "The usual loss of classification: minus the logarithm of the probability that is given to the right class.",
    "curvature": "How fast the slope of the loss changes as one walks: the second derivative along that direction.",
    "deviation": "The standard deviation: how far values lie from their mean, on the whole.",
    "divergence": "How unlike two distributions are: 0 where they are the same.",
    "domain": "A kind of examples, such as the digits as they are, or the same ones blurred.",
    "dropout": "In training a share of the activations is set to zero at random, anew at each step.",
    "edge of stability": "2 / learning rate: where the loss is curved more than that, plain gradient descent bounces up the walls.",
    "effective beta": "How much the gradient changes along a step, over the length of that step.",
    "effective learning rate": "How far a step turns weights whose length does not matter: the learning rate over their squared length.",
    "eigenvalue": "Of the Hessian: the curvature along one of the directions in which the bowl is stretched.",
    "filter-normalized": "Each direction is made as long, filter by filter, as the network's own weights are.",
    "gradient": "The direction in which the loss grows fastest, and how fast; training steps the other way.",
    "group normalization": "Normalizes groups of units of one example together, whatever the other examples are.",
    "Hessian": "The matrix of all second derivatives of the loss: its curvature in every direction.",
    "instance normalization": "Normalizes one channel of one image over its pixels, whatever the other channels and images are.",
    "Jacobian": "Of a layer: by how much each number that it gives changes with each that it takes.",
    "kurtosis": "How much of a distribution lies in its tails: the excess over that of a normal distribution is 0 for one.",
    "landscape": "The loss as a height over the weights: low is good, and training goes downhill.",
    "layer normalization": "Normalizes all units of a layer together, in each example by itself.",
    "learning rate": "The length of a step of training, in units of the gradient.",
    "loss": "How wrong a network is on some examples, as one number; training makes it small.",
    "median": "Half of the values lie under it, and half of them over it.",
    "momentum": "A share of the last step that the next one keeps.",
    "moving average": "A number into which each new value enters with a small weight, and out of which old ones fade.",
    "percentile": "The 15th is the value under which 15 in a hundred of the values lie; the 50th is the median.",
    "population statistics": "Mean and deviation of each unit over the whole training set, at the weights as they are.",
    "principal component": "A direction along which points spread most, or most but for those before it.",
    "running statistics": "Moving averages of the batches' means and deviations, stored in training and used for prediction.",
    "saturated": "Said of an activation function where it is flat: there its slope, and with it the gradient, is about zero.",
    "seed": "The number from which all that is random is drawn: the same seed, the same initial weights and batches.",
    "sharpness": "The greatest eigenvalue of the Hessian: how much the loss curves where it curves most.",
    "singular value": "Of a matrix: the factor by which it stretches along one of the directions that it keeps at right angles.",
    "skip connection": "What a layer is given goes by it too, and is added to what it makes: the layer learns only what to change.",
    "slice": "A plane of two directions through the thousands of dimensions in which the weights lie.",
    "standardize": "Subtract a feature's mean and divide by its standard deviation.",
    "strength": "How much of BatchNorm there is: the share t of the mean is subtracted, and the deviation divides to the power t.",
    "weight decay": "A pull of all weights towards zero, added to each step.",
    "weight normalization": "Learns the length and the direction of each unit's weights apart.",
    "whitening": "Makes features uncorrelated, each of deviation 1.",
}
"""Each term with its sentence."""


def terms_in(text: str) -> dict[str, str]:
    """Return the terms that stand in a text, each with its sentence.

    >>> sorted(terms_in("The Sharpness, and two gradients."))
    ['gradient', 'sharpness']
    """
    return {
        term: said
        for term, said in GLOSSARY.items()
        if re.search(rf"\b{re.escape(term)}(s|es)?\b", text, re.IGNORECASE)
    }
