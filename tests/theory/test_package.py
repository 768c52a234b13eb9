"""What importing the package must switch on, and what it must not import."""

import subprocess
import sys

import pytest

import theory


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "module", ["sims", "theory.float64", "theory.alignment_term.gaussian_mmd", "theory.training.stationary_models"]
)
def test_float64_is_on_wherever_jax_is_used(module):
    run(f"import {module}, jax.numpy as jnp; assert jnp.asarray(1.0).dtype == jnp.float64")


def test_a_compiled_formula_is_in_float64():
    run(
        "from theory.networks.topologies.ring import LAPLACIAN_EIGENVALUE as f; import jax.numpy as jnp; "
        "assert f.compiled(**dict.fromkeys(f.arguments, 5.0)).dtype == jnp.float64"
    )


@pytest.mark.parametrize(
    "module", ["theory.deficits.closed_forms", "theory.deficits.finite_sample", "theory.networks.certificate"]
)
def test_a_closed_form_needs_no_jax(module):
    run(f"import sys, {module}; assert 'jax' not in sys.modules, 'jax was imported'")


def test_the_package_is_not_shadowed_by_its_tests():
    assert theory.__file__ is not None
