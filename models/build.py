"""From a configuration to a network."""

from __future__ import annotations

from models.cnn import Convolutional
from models.config import Kind, NetworkConfig
from models.mlp import Perceptron
from models.network import Network
from models.recurrent import Recurrent

NETWORKS: dict[Kind, type[Network]] = {Kind.MLP: Perceptron, Kind.CNN: Convolutional, Kind.RECURRENT: Recurrent}
"""The network of each kind."""


def build(config: NetworkConfig, inputs: tuple[int, ...], outputs: int) -> Network:
    """Return the network of a configuration on examples of shape `inputs`, with that many outputs."""
    return NETWORKS[config.kind](config, inputs, outputs)
