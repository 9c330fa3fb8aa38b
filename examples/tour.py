"""Walk through the core with two networks, one plain and one with BatchNorm.

Run it from the project's folder: `python -m examples.tour`. It prints what it finds and takes some seconds.
"""

import numpy as np
import torch

from landscape import (
    Experiment,
    Ladder,
    View,
    gradient_norms,
    hessian_trace,
    objective,
    path_on,
    pca_plane,
    shift_of,
    smoothness_of,
    spectral_density,
    surface_of,
    sweep,
    top_eigenvalues,
    train,
)
from landscape.experiment import Statistics

torch.set_num_threads(1)  # faster for networks as small as these
plain = Experiment().replace(width=32, depth=6, num_steps=200, learning_rate=0.1)
experiments = {"plain": plain, "BatchNorm": plain.replace(normalization="batch")}

print("Train both from the same initial weights.")
runs = {name: train(experiment) for name, experiment in experiments.items()}
for name, run in runs.items():
    print(f"  {name}: training loss {run.train_loss:.4f}, test accuracy {run.test_accuracy[-1]:.3f}")

print("Draw the loss on one random plane, by batch statistics and, for BatchNorm, by the frozen ones.")
view = View(resolution=15, num_examples=256)
for name, run in runs.items():
    surface = surface_of(run, view)
    print(f"  {name}: {surface.centre:.3f} at the centre, at most {surface.finite.max():.1f}")
frozen = surface_of(runs["BatchNorm"], View(resolution=15, num_examples=256, statistics=Statistics.RUNNING))
print(f"  BatchNorm, frozen: at most {frozen.finite.max():.1f}, which is not what training descends")

print("Follow the training on the plane of its own principal axes.")
losses = {name: objective(run, num_examples=256) for name, run in runs.items()}
for name, run in runs.items():
    path = path_on(losses[name], pca_plane(run.parameters), run.parameters, run.steps)
    print(f"  {name}: the plane holds {path.plane.explained:.0%} of its variance")

print("Look at the curvature where it ended.")
for name, run in runs.items():
    top = top_eigenvalues(losses[name], run.parameters[-1])
    trace = hessian_trace(losses[name], run.parameters[-1], probes=8)
    density = spectral_density(losses[name], run.parameters[-1], probes=2, steps=32)
    print(
        f"  {name}: sharpness {top.values[0]:.1f} (stable below {2 / 0.1:g}), trace {trace.value:.0f} +- "
        f"{trace.error:.0f}, {density.negative:.1%} of the eigenvalues clearly below 0"
    )

print("Measure along the gradient, at steps of the training, how far the loss and the gradient can be trusted.")
for name, experiment in experiments.items():
    probe = smoothness_of(experiment, Ladder(probes=20)).probe
    loss_range, beta = np.median(probe.loss_range), np.median(probe.max_beta)
    print(f"  {name}: median loss range {loss_range:.3f}, effective beta {beta:.1f}")

print("Measure internal covariate shift: what layers below do to a layer's gradient.")
for name, experiment in experiments.items():
    cosine = np.nanmedian(shift_of(experiment, count=10).shift.cosine, axis=0)
    print(f"  {name}: median cosine by layer {', '.join(f'{value:.2f}' for value in cosine)}")

print("See gradients grow or vanish with depth, at the start.")
for name, run in runs.items():
    norms = gradient_norms(run).activations[0]
    print(f"  {name}: {(norms[0] / norms[-2]) ** (1 / 5):.2f} times a layer")

print("Sweep the learning rate, three seeds each, as one stack.")
rates = [0.01, 0.1, 1.0]
for name, experiment in experiments.items():
    accuracies = sweep(experiment, "learning_rate", rates, seeds=(0, 1, 2)).test_accuracy
    words = [
        f"{rate:g}: {np.nanmean(row):.2f}" if np.isfinite(row).any() else f"{rate:g}: diverged"
        for rate, row in zip(rates, accuracies, strict=True)
    ]
    print(f"  {name}: {', '.join(words)}")
