"""The groups of controls that labs share: what all networks of a comparison have in common."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from landscape.labs.given import thumbnail
from landscape.labs.lab import Group

DATA = Group(
    "data",
    "Data",
    ("dataset", "input_scale", "preprocessing"),
    {"More about the data": ("num_examples", "noise")},
    picture=thumbnail,
)

TRAINING = Group(
    "training",
    "Training",
    ("learning_rate", "optimizer", "batch_size", "num_steps"),
    {
        "More about training": (
            "seed",
            "loss",
            "momentum",
            "weight_decay",
            "batch_order",
            "batch_classes",
            "averages_weight",
        )
    },
)

RENORMALIZATION = ("renorm_r", "renorm_d", "renorm_begin")
"""The fields of batch renormalization alone."""

NETWORK = Group(
    "network",
    "Network",
    ("activation", "depth", "width"),
    {
        "More about the network": (
            "kind",
            "normalized",
            "initialization",
            "init_scale",
            "placement",
            "affine",
            "skip",
            "strength",
            "groups",
            "bound",
            *RENORMALIZATION,
            "dropout",
            "time_statistics",
        )
    },
)

NETWORKS = (DATA, TRAINING, NETWORK)
"""Of an experiment, all of it."""


def without(group: Group, names: Collection[str]) -> Group:
    """Return a group less some fields, which have their controls elsewhere on the page."""
    folded = {title: tuple(name for name in own if name not in names) for title, own in group.folded.items()}
    return replace(group, fields=tuple(name for name in group.fields if name not in names), folded=folded)
