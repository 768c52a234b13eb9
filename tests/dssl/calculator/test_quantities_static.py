"""The calculator's static quantities: dense twins, defaults, domains, and refusals in one sentence."""

import math

import numpy as np
import pytest

from dssl.calculator import compute
from runtime.usage import UsageError

SIZES = {"n_clients": 3, "dim": 30}
SAMPLED = {**SIZES, "samples_per_client": 9}
READINGS = [{"objective": "cl"}] + [
    {"objective": "mim", "mask": m, "mask_ratio": 0.7}
    for m in ("independent", "complementary", "fixed_count", "printed")
]
RARE = [
    {},
    {"rare": "outside", "rare_fraction": 0.3},
    {"rare": "inside", "rare_fraction": 0.3},
    {"rare": "inside", "rare_fraction": 0.3, "rare_coordinate": 1},
]
WHOSE = [{"scope": "fl"}, {"scope": "local", "client": 1}, {"scope": "fl", "weights": [0.4, 0.3, 0.2, 0.1]}]


def _dense(n: int, d: int, **keys) -> np.ndarray:
    """The alignment matrix written out entry by entry."""
    tau, mu, rho = d**0.2, d**-0.2, keys.get("rare_fraction", 0.0)
    local = keys["scope"] == "local"
    weights = keys.get("weights", [1 / n] * n)
    sigma = mu**2 * np.eye(d)
    for j, i in enumerate([keys["client"]] if local else range(n)):
        w = 1.0 if local else weights[i]
        for k in range(n):
            for l in range(n):
                if k == l == i:
                    sigma[k, l] += w * (1 - rho)
                elif i not in (k, l):
                    sigma[k, l] += w * (1 - rho) * tau**2 / (2 if k == l else 4)
        if "rare" in keys:
            h = keys.get("rare_coordinate", n + j if keys["rare"] == "outside" else (i + 1) % n)
            sigma[h, h] += w * rho
    if keys["objective"] == "cl":
        return sigma
    pi, diagonal = 0.21, np.diag(np.diag(sigma))
    return {
        "independent": pi * sigma,
        "complementary": pi * (sigma - diagonal),
        "fixed_count": pi * d / (d - 1) * (sigma - diagonal),
        "printed": 2 * pi * diagonal,
    }[keys["mask"]]


@pytest.mark.parametrize("whose", WHOSE, ids=lambda w: "-".join(w))
@pytest.mark.parametrize("rare", RARE, ids=lambda r: "-".join(map(str, r.values())) or "absent")
@pytest.mark.parametrize("reading", READINGS, ids=lambda r: r.get("mask", "cl"))
def test_spectrum_and_representability_equal_the_matrix_written_out(reading, rare, whose):
    keys = {**reading, **rare, **whose}
    x = _dense(4, 20, **keys)
    got = compute.compute("population_spectrum", {"n_clients": 4, "dim": 20, **keys})
    flat = np.repeat([v for v, _ in got["value"]], [m for _, m in got["value"]])
    np.testing.assert_allclose(flat, np.linalg.eigvalsh(x)[::-1], atol=1e-12)
    values, vectors = np.linalg.eigh(x)
    gaps = [c for c in range(1, 9) if values[-c] > 1e-9 and values[-c] - values[-c - 1] > 1e-9]
    for c in gaps:
        r = compute.compute("representability", {"n_clients": 4, "dim": 20, "feature_dim": c, **keys})["value"]
        np.testing.assert_allclose(r, np.sum(vectors[:4, -c:] ** 2, axis=1), atol=1e-9)


def test_defaults_are_the_paper_s_scaling_and_as_many_features_as_clients():
    plain = compute.compute("deficit", {"objective": "cl", "n_clients": 3, "dim": 32, "samples_per_client": 900})
    spelled = {"tau": 2.0, "mu": 0.5, "feature_dim": 3, "draws": 1, "scope": "fl", "augmentation_std": 1.0}
    full = compute.compute(
        "deficit", {"objective": "cl", "n_clients": 3, "dim": 32, "samples_per_client": 900, **spelled}
    )
    assert plain["value"] == pytest.approx(full["value"], rel=1e-14)


def test_a_deficit_with_all_features_is_zero():
    keys = {"objective": "cl", "n_clients": 3, "dim": 30, "samples_per_client": 900, "feature_dim": 30}
    assert compute.compute("deficit", keys)["value"] == 0.0


@pytest.mark.parametrize(
    ("name", "keys", "status", "reason"),
    [
        ("deficit", {**SAMPLED, "objective": "cl", "feature_dim": 2}, "out_of_domain", "feature_dim"),
        ("exponent", {"quantity": "sensitivity", "scope": "local_own", "beta": 1.0}, "out_of_domain", "scope=fl"),
        ("order_probability", {"n_clients": 3, "dim": 30}, "out_of_domain", "two clients"),
        ("sigma_star", {"n_clients": 3, "dim": 30, "draws": "expected"}, "void", "sigma=0"),
        ("sigma_star", {"n_clients": 3, "dim": 30, "mu": 0.0}, "void", "mu=0"),
        ("sigma_star", {"n_clients": 3, "dim": 30, "mask": "complementary"}, "out_of_domain", "independent masks only"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is(name, keys, status, reason):
    got = compute.compute(name, keys)
    assert (got["status"], got["value"]) == (status, None)
    assert reason in got["reason"]


BAD = [
    ("population_spectrum", {**SIZES, "dim": 2}, "got dim=2"),
    ("population_spectrum", {**SIZES, "mask_ratio": 1.0}, "got mask_ratio=1.0"),
    ("population_spectrum", {**SIZES, "client": 3, "scope": "local"}, "got client=3"),
    ("population_spectrum", {**SIZES, "weights": [0.5, 0.5]}, "One weight a client"),
    ("population_spectrum", {**SIZES, "rare_fraction": 0.3}, "rare=inside or rare=outside"),
    ("population_spectrum", {**SIZES, "rare": "near"}, "near"),
    ("population_spectrum", {**SIZES, "rare": "outside", "rare_fraction": 0.3, "dim": 5}, "dim >= 6"),
    ("representability", {**SIZES, "feature_dim": 31}, "got feature_dim=31"),
    ("representability", {**SIZES, "mask": "random"}, "random"),
    ("deficit", {**SIZES, "objective": "cl", "samples_per_client": 0}, "samples_per_client=0"),
    (
        "deficit",
        {**SAMPLED, "objective": "cl", "augmentation_std": -1.0},
        "augmentation_std=-1.0",
    ),
    ("deficit", {**SAMPLED, "objective": "cl", "draws": 0}, "got draws=0"),
    ("deficit", {**SAMPLED, "objective": "cl", "draws": "all"}, "got draws='all'"),
    ("deficit", {**SAMPLED, "objective": "jepa"}, "jepa"),
    ("sigma_star", {**SIZES, "mask_ratio": 0.0}, "got mask_ratio=0.0"),
    ("sigma_star", {"n_clients": 1, "dim": math.inf}, "got n_clients=1"),
    ("sigma_star", {**SIZES, "dim": 30.5}, "got dim=30.5"),
    ("sigma_star", {**SIZES, "dim": -math.inf}, "dim=-inf"),
    ("exponent", {"quantity": "deficit", "beta": 0.0}, "got beta=0.0"),
    ("exponent", {"quantity": "mae_deficit", "objective": "cl", "beta": 1.0}, "objective=cl"),
    ("concentration_threshold", {"objective": "cl", "draws": -1}, "got draws=-1"),
    ("order_probability", {"dim": 30, "draws": 0}, "got draws=0"),
]


@pytest.mark.parametrize(("name", "keys", "sentence"), BAD, ids=lambda v: str(v) if isinstance(v, str) else "")
def test_bad_input_is_refused_with_the_offending_value(name, keys, sentence):
    with pytest.raises((UsageError, ValueError)) as caught:
        compute.compute(name, keys)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["population_spectrum", "representability"])
def test_a_trillion_coordinates_are_answered(name):
    assert compute.compute(name, {"n_clients": 4, "dim": 10**12})["status"] == "ok"


@pytest.mark.parametrize("objective", ["cl", "mim"])
def test_default_draws_that_differ_are_told_and_given_ones_are_not(objective):
    asked = {"objective": objective, "n_clients": "3", "dim": "1000", "samples_per_client": "100000"}
    left_out = compute.compute("deficit", asked)
    assert left_out["assumed"]["draws"] == {"cl": 1, "mim": "expected"}[objective]
    assert "1 for cl, all masks averaged (expected) for mim" in left_out["reason"]
    given = compute.compute("deficit", {**asked, "draws": "2"})
    assert "draws" not in given["assumed"]
    assert given["reason"] == ""
