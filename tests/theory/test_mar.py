"""Closed forms of the MAR term, against numbers worked out another way."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy import integrate

from theory.formula import OutOfDomainError
from theory.mar import ALIGNMENT_WEIGHT, AVERAGED_EMBEDDING_FLOOR, EMBEDDING_BYTES, GAUSSIAN_MMD, MODEL_BYTES


def test_the_weight_is_half_way_at_half_the_horizon():
    assert ALIGNMENT_WEIGHT.exact(weight_max=0.1, weight_min=0.001, selections=5, horizon=10) == sp.Rational(101, 2000)


def test_the_weight_is_not_meant_beyond_the_horizon():
    with pytest.raises(OutOfDomainError):
        ALIGNMENT_WEIGHT.value(weight_max=0.1, weight_min=0.001, selections=15, horizon=10)


def test_gaussian_mmd_agrees_with_quadrature_in_one_dimension():
    bandwidth, std_local, std_global = 1.3, 0.8, 1.7

    def similarity(variance: float) -> float:
        density = 1 / math.sqrt(2 * math.pi * variance)
        value, _ = integrate.quad(
            lambda u: density * math.exp(-(u**2) / (2 * variance) - u**2 / (2 * bandwidth**2)), -np.inf, np.inf
        )
        return value

    expected = (
        similarity(2 * std_local**2) + similarity(2 * std_global**2) - 2 * similarity(std_local**2 + std_global**2)
    )
    found = GAUSSIAN_MMD.value(feature_dim=1, bandwidth=bandwidth, std_local=std_local, std_global=std_global)
    # Adaptive quadrature to 1e-10.
    assert found == pytest.approx(expected, rel=1e-8)


def test_one_client_alone_pays_nothing():
    assert AVERAGED_EMBEDDING_FLOOR.exact(n_averaged=1) == 0


def test_bytes_are_four_a_number():
    assert EMBEDDING_BYTES.exact(tokens=49, width=768, batch=256) == 38_535_168
    assert MODEL_BYTES.exact(parameters=86_000_000) == 344_000_000
