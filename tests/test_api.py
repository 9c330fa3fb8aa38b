"""What `landscape` offers: every name is typed, tells what it does and where it comes from; none of it is heavy."""

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

import landscape

FROM_PAPERS = (
    "DomainFeatures",
    "DomainShift",
    "Ladder",
    "LayerShift",
    "Probe",
    "SpectralDensity",
    "activation_use",
    "adapted_state",
    "bottom_eigenvalues",
    "condition_number",
    "count_outliers",
    "domain_features",
    "domain_shift",
    "domain_told",
    "eigenvalues_along",
    "excess_kurtosis",
    "filter_normalize",
    "gaussian_divergence",
    "gradient_energy",
    "gradient_norms",
    "hessian_operator",
    "hessian_trace",
    "internal_covariate_shift",
    "invariances",
    "ladder_of",
    "layer_correlations",
    "layer_inputs",
    "layer_jacobians",
    "learnt_scales",
    "line_along_gradient",
    "loss_surface",
    "module_objective",
    "path_on",
    "pca_plane",
    "plane_through",
    "probe_along_gradient",
    "probe_snapshots",
    "random_plane",
    "relative_objective",
    "rescaled_gradients",
    "same_function",
    "sharpness_along",
    "shift_of",
    "smoothness_of",
    "spectral_density",
    "top_eigenvalues",
    "weight_lengths",
    "unit_moments",
)
"""What follows a paper: its docstring says which, by `Source:`."""

MEASURING = (
    "bends",
    "correlations",
    "curvature",
    "directions",
    "distributions",
    "domains",
    "eigenvalues",
    "gradient_lines",
    "gradients",
    "invariances",
    "lengths",
    "module",
    "parametrization",
    "planes",
    "scales",
    "sharpness",
    "shift",
    "smoothness",
    "spectrum",
    "stability",
    "sweeps",
    "units",
)
"""The modules of `landscape` in which the measures stand."""

HEAVY = ("sklearn", "scipy.stats", "pandas", "matplotlib", "dask", "distributed")
"""What nobody should wait for who only opens a page: scikit-learn alone takes over a second."""


def functions_of(name: str) -> Iterator[tuple[str, Callable]]:
    """Yield the public functions and methods behind a name of the API, each defined in this project."""
    thing = inspect.unwrap(getattr(landscape, name))
    if inspect.isfunction(thing):
        yield name, thing
        return
    for key, member in vars(thing).items():
        member = getattr(member, "fget", None) or getattr(member, "func", member)
        if inspect.isfunction(member) and (key == "__init__" or not key.startswith("_")) and in_source(member):
            yield f"{name}.{key}", member


def in_source(function: Callable) -> bool:
    """Return whether it was written here, unlike the methods that dataclasses and protocols are given."""
    return function.__code__.co_filename.endswith(".py") and function.__module__.startswith(("landscape", "models"))


def test_all_is_sorted_and_complete():
    assert landscape.__all__ == sorted(set(landscape.__all__))
    assert set(landscape.__all__) == {name for name, value in vars(landscape).items() if callable(value)}


@pytest.mark.parametrize("name", landscape.__all__)
def test_a_name_tells_what_it_is(name):
    text = inspect.getdoc(getattr(landscape, name))
    assert text
    assert inspect.getdoc(object) not in text
    first = text.splitlines()[0]
    assert first.endswith((".", ":")), first
    if not inspect.isclass(getattr(landscape, name)):
        verb = first.split()[0]
        assert verb[0].isupper(), first
        assert not verb.endswith(("s", "ing")), first


@pytest.mark.parametrize("name", landscape.__all__)
def test_every_parameter_and_result_has_a_type(name):
    for place, function in functions_of(name):
        signature = inspect.signature(function)
        named = [one for one in signature.parameters.values() if one.name not in ("self", "cls")]
        assert all(one.annotation is not one.empty for one in named), place
        assert signature.return_annotation is not signature.empty, place


@pytest.mark.parametrize("name", FROM_PAPERS)
def test_what_follows_a_paper_names_it(name):
    assert "Source:" in inspect.getdoc(getattr(landscape, name))


FUNCTIONS = [
    name
    for name in landscape.__all__
    if inspect.isfunction(thing := getattr(landscape, name)) and thing.__module__.rpartition(".")[2] in MEASURING
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_measures_says_what_it_takes_and_gives_and_shows_a_truth(name):
    function = getattr(landscape, name)
    text = inspect.getdoc(function)
    assert ">>>" in text
    assert re.search(r"Returns(:| and)", text)
    for parameter in inspect.signature(function).parameters:
        assert re.search(rf"\b{parameter}\b", text) or "as `" in text, parameter
    if re.search(r"^\s+raise ", inspect.getsource(function), re.MULTILINE):
        assert re.search(r"Raises(:| )", text)


def test_importing_the_api_brings_nothing_heavy():
    code = f"import sys, landscape; print([name for name in {HEAVY} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
