"""See what normalization does to a neural network's loss landscape: the public API, flat.

run = train(Experiment().replace(normalization="batch"))
surface = surface_of(run, View())
"""

from landscape.data import Data, load
from landscape.data.batch_orders import drawn_batches
from landscape.dynamics.averages import Averages, AveragesTask, averages_along
from landscape.dynamics.lengths import WeightLengths, WeightLengthsTask, weight_lengths
from landscape.dynamics.shift import LayerShift, Shift, ShiftTask, internal_covariate_shift, shift_of
from landscape.dynamics.smoothness import (
    Ladder,
    LineTask,
    Smoothness,
    SmoothnessTask,
    StepLine,
    ladder_of,
    smoothness_of,
)
from landscape.dynamics.stability import StepMoments, StepMomentsTask, step_moments
from landscape.dynamics.steps import StepObjective, step_objective
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
from landscape.geometry.curvature import (
    Eigenvalues,
    bottom_eigenvalues,
    condition_number,
    gradient_energy,
    top_eigenvalues,
)
from landscape.geometry.descents import Balls, BallsTask, roll_balls
from landscape.geometry.directions import filter_normalize
from landscape.geometry.eigenvalues import EigenvalueScan, LeadingEigenvalues, count_outliers, eigenvalues_along
from landscape.geometry.gradient_lines import (
    GradientLine,
    Probe,
    line_along_gradient,
    probe_along_gradient,
    probe_snapshots,
)
from landscape.geometry.hessians import hessian, hessian_operator
from landscape.geometry.planes import (
    Plane,
    coordinate_plane,
    gradient_plane,
    hessian_plane,
    input_weights_plane,
    pca_plane,
    plane_through,
    random_plane,
    two_weights_plane,
)
from landscape.geometry.sharpness import Sharpness, SharpnessScan, relative_objective, sharpness_along
from landscape.geometry.spectrum import DensityScan, SpectralDensity, Trace, hessian_trace, spectral_density
from landscape.geometry.surfaces import Path, Surface, SurfaceScan, axis, loss_surface, losses_at, path_on
from landscape.internals.bends import ActivationCurve, ActivationUse, activation_curve, activation_use, bend_share
from landscape.internals.correlations import LayerCorrelations, layer_correlations
from landscape.internals.distributions import (
    ActivationHistograms,
    LayerInputs,
    activation_histograms,
    excess_kurtosis,
    layer_inputs,
)
from landscape.internals.domains import (
    Domain,
    DomainFeatures,
    DomainShift,
    adapted_state,
    domain_features,
    domain_shift,
    domain_told,
    gaussian_divergence,
)
from landscape.internals.gradients import GradientNorms, LayerJacobians, gradient_norms, layer_jacobians, layer_lengths
from landscape.internals.invariances import Invariances, RescaledGradients, Rescaling, invariances, rescaled_gradients
from landscape.internals.scales import LearntScales, learnt_scales
from landscape.internals.sequences import ReadLater, read_later, shared_over_time
from landscape.internals.statistics import (
    BatchStatistics,
    Corrections,
    StoredStatistics,
    batch_statistics,
    renormalization_corrections,
    stored_statistics,
)
from landscape.internals.together import (
    Mates,
    MatesTask,
    Together,
    TogetherTask,
    normalized_together,
    outputs_with_mates,
)
from landscape.internals.units import UnitMoments, layer_means, unit_moments
from landscape.loss.folding import FoldingError, folded, folding_error
from landscape.loss.module import ModuleObjective, module_objective
from landscape.loss.module_snapshots import Snapshots
from landscape.loss.network import NetworkObjective, network_of, objective
from landscape.loss.objective import Objective
from landscape.loss.parametrization import same_function
from landscape.serving.jobs import Dispatcher, Job
from landscape.serving.store import Store
from landscape.serving.task import Task
from landscape.serving.tickets import Ticket
from landscape.serving.workers import default_dispatcher, make_dispatcher
from landscape.training.grids import SweepAxis, SweepGrid, SweepGridTask, SweepOutcome, grid_stacks, sweep_grid
from landscape.training.run import Run
from landscape.training.sweeps import Sweep, SweepTask, join_sweeps, sweep, sweep_stacks
from landscape.training.training import Training, train
from landscape.views import Inspection, objective_of, plane_of, surface_of

__all__ = [
    "ActivationCurve",
    "ActivationHistograms",
    "ActivationUse",
    "Averages",
    "AveragesTask",
    "Balls",
    "BallsTask",
    "BatchStatistics",
    "Comparison",
    "Corrections",
    "Data",
    "DataConfig",
    "DensityScan",
    "Dispatcher",
    "Display",
    "Domain",
    "DomainFeatures",
    "DomainShift",
    "EigenvalueScan",
    "Eigenvalues",
    "Experiment",
    "FoldingError",
    "GradientLine",
    "GradientNorms",
    "Inspection",
    "Invariances",
    "Job",
    "Ladder",
    "LayerCorrelations",
    "LayerInputs",
    "LayerJacobians",
    "LayerShift",
    "LeadingEigenvalues",
    "LearntScales",
    "LineTask",
    "Mates",
    "MatesTask",
    "ModuleObjective",
    "NetworkConfig",
    "NetworkObjective",
    "Objective",
    "Path",
    "Plane",
    "Probe",
    "ReadLater",
    "RescaledGradients",
    "Rescaling",
    "Run",
    "Sharpness",
    "SharpnessScan",
    "Shift",
    "ShiftTask",
    "Smoothness",
    "SmoothnessTask",
    "Snapshots",
    "SpectralDensity",
    "StepLine",
    "StepMoments",
    "StepMomentsTask",
    "StepObjective",
    "Store",
    "StoredStatistics",
    "Surface",
    "SurfaceScan",
    "Sweep",
    "SweepAxis",
    "SweepGrid",
    "SweepGridTask",
    "SweepOutcome",
    "SweepTask",
    "Task",
    "Ticket",
    "Together",
    "TogetherTask",
    "Trace",
    "Training",
    "TrainingConfig",
    "UnitMoments",
    "Variant",
    "View",
    "WeightLengths",
    "WeightLengthsTask",
    "activation_curve",
    "activation_histograms",
    "activation_use",
    "adapted_state",
    "averages_along",
    "axis",
    "batch_statistics",
    "bend_share",
    "bottom_eigenvalues",
    "condition_number",
    "coordinate_plane",
    "count_outliers",
    "default_dispatcher",
    "domain_features",
    "domain_shift",
    "domain_told",
    "drawn_batches",
    "eigenvalues_along",
    "excess_kurtosis",
    "filter_normalize",
    "folded",
    "folding_error",
    "gaussian_divergence",
    "gradient_energy",
    "gradient_norms",
    "gradient_plane",
    "grid_stacks",
    "hessian",
    "hessian_operator",
    "hessian_plane",
    "hessian_trace",
    "input_weights_plane",
    "internal_covariate_shift",
    "invariances",
    "join_sweeps",
    "ladder_of",
    "layer_correlations",
    "layer_inputs",
    "layer_jacobians",
    "layer_lengths",
    "layer_means",
    "learnt_scales",
    "line_along_gradient",
    "load",
    "loss_surface",
    "losses_at",
    "make_dispatcher",
    "module_objective",
    "network_of",
    "normalized_together",
    "objective",
    "objective_of",
    "outputs_with_mates",
    "path_on",
    "pca_plane",
    "plane_of",
    "plane_through",
    "probe_along_gradient",
    "probe_snapshots",
    "random_plane",
    "read_later",
    "relative_objective",
    "renormalization_corrections",
    "rescaled_gradients",
    "roll_balls",
    "same_function",
    "shared_over_time",
    "sharpness_along",
    "shift_of",
    "smoothness_of",
    "spectral_density",
    "step_moments",
    "step_objective",
    "stored_statistics",
    "surface_of",
    "sweep",
    "sweep_grid",
    "sweep_stacks",
    "top_eigenvalues",
    "train",
    "two_weights_plane",
    "unit_moments",
    "weight_lengths",
]
