"""See what normalization does to a neural network's loss landscape: the public API, flat.

run = train(Experiment().replace(normalization="batch"))
surface = surface_of(run, View())
"""

from landscape.activations import (
    ActivationHistograms,
    LayerInputs,
    activation_histograms,
    excess_kurtosis,
    layer_inputs,
)
from landscape.curvature import (
    Eigenvalues,
    bottom_eigenvalues,
    condition_number,
    gradient_energy,
    hessian,
    hessian_operator,
    top_eigenvalues,
)
from landscape.data import Data, load
from landscape.directions import (
    Plane,
    filter_normalize,
    gradient_plane,
    hessian_plane,
    input_weights_plane,
    pca_plane,
    plane_through,
    random_plane,
    two_weights_plane,
)
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
from landscape.gradients import GradientNorms, LayerJacobians, gradient_norms, layer_jacobians
from landscape.jobs import Dispatcher, Task, Ticket, default_dispatcher, make_dispatcher
from landscape.modules import ModuleObjective, module_objective
from landscape.objective import NetworkObjective, Objective, network_of, objective
from landscape.sharpness import Sharpness, SharpnessScan, relative_objective, sharpness_along
from landscape.shift import (
    Domain,
    DomainShift,
    LayerShift,
    Shift,
    ShiftTask,
    domain_shift,
    gaussian_divergence,
    internal_covariate_shift,
    shift_of,
)
from landscape.smoothness import (
    GradientLine,
    Ladder,
    Probe,
    Smoothness,
    SmoothnessTask,
    line_along_gradient,
    probe_along_gradient,
    smoothness_of,
)
from landscape.spectrum import DensityScan, SpectralDensity, Trace, hessian_trace, spectral_density
from landscape.steps import StepObjective, step_objective
from landscape.store import Store
from landscape.surfaces import Path, Surface, SurfaceScan, axis, loss_surface, losses_at, path_on
from landscape.sweeps import Sweep, SweepTask, join_sweeps, sweep, sweep_stacks
from landscape.training import Run, Training, train
from landscape.views import Inspection, objective_of, plane_of, surface_of

__all__ = [
    "ActivationHistograms",
    "Comparison",
    "Data",
    "DataConfig",
    "DensityScan",
    "Dispatcher",
    "Display",
    "Domain",
    "DomainShift",
    "Eigenvalues",
    "Experiment",
    "GradientLine",
    "GradientNorms",
    "Inspection",
    "Ladder",
    "LayerInputs",
    "LayerJacobians",
    "LayerShift",
    "ModuleObjective",
    "NetworkConfig",
    "NetworkObjective",
    "Objective",
    "Path",
    "Plane",
    "Probe",
    "Run",
    "Sharpness",
    "SharpnessScan",
    "Shift",
    "ShiftTask",
    "Smoothness",
    "SmoothnessTask",
    "SpectralDensity",
    "StepObjective",
    "Store",
    "Surface",
    "SurfaceScan",
    "Sweep",
    "SweepTask",
    "Task",
    "Ticket",
    "Trace",
    "Training",
    "TrainingConfig",
    "Variant",
    "View",
    "activation_histograms",
    "axis",
    "bottom_eigenvalues",
    "condition_number",
    "default_dispatcher",
    "domain_shift",
    "excess_kurtosis",
    "filter_normalize",
    "gaussian_divergence",
    "gradient_energy",
    "gradient_norms",
    "gradient_plane",
    "hessian",
    "hessian_operator",
    "hessian_plane",
    "hessian_trace",
    "input_weights_plane",
    "internal_covariate_shift",
    "join_sweeps",
    "layer_inputs",
    "layer_jacobians",
    "line_along_gradient",
    "load",
    "loss_surface",
    "losses_at",
    "make_dispatcher",
    "module_objective",
    "network_of",
    "objective",
    "objective_of",
    "path_on",
    "pca_plane",
    "plane_of",
    "plane_through",
    "probe_along_gradient",
    "random_plane",
    "relative_objective",
    "sharpness_along",
    "shift_of",
    "smoothness_of",
    "spectral_density",
    "step_objective",
    "surface_of",
    "sweep",
    "sweep_stacks",
    "top_eigenvalues",
    "train",
    "two_weights_plane",
]
