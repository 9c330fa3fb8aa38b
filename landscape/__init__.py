"""See what normalization does to a neural network's loss landscape: the public API, flat.

run = train(Experiment().replace(normalization="batch"))
surface = surface_of(run, View())
"""

from landscape.activations import ActivationHistograms, activation_histograms
from landscape.curvature import Eigenvalues, hessian_operator, top_eigenvalues
from landscape.data import Data, load
from landscape.directions import Plane, filter_normalize, input_weights_plane, pca_plane, random_plane
from landscape.experiment import (
    Comparison,
    DataConfig,
    Display,
    Experiment,
    NetworkConfig,
    TrainingConfig,
    Variant,
    View,
)
from landscape.modules import ModuleObjective, module_objective
from landscape.objective import NetworkObjective, Objective, objective
from landscape.surfaces import Path, Surface, SurfaceScan, axis, loss_surface, path_on
from landscape.training import Run, Training, train
from landscape.views import Inspection, plane_of, surface_of

__all__ = [
    "ActivationHistograms",
    "Comparison",
    "Data",
    "DataConfig",
    "Display",
    "Eigenvalues",
    "Experiment",
    "Inspection",
    "ModuleObjective",
    "NetworkConfig",
    "NetworkObjective",
    "Objective",
    "Path",
    "Plane",
    "Run",
    "Surface",
    "SurfaceScan",
    "Training",
    "TrainingConfig",
    "Variant",
    "View",
    "activation_histograms",
    "axis",
    "filter_normalize",
    "hessian_operator",
    "input_weights_plane",
    "load",
    "loss_surface",
    "module_objective",
    "objective",
    "path_on",
    "pca_plane",
    "plane_of",
    "random_plane",
    "surface_of",
    "top_eigenvalues",
    "train",
]
