"""Heterogeneity and gradient dissimilarity against the Dirichlet concentration, in the two conventions in use."""

from collections.abc import Callable
from typing import Any

import numpy as np

from runtime.effort import Tier
from sims.class_shares import dirichlet_shares, released_shares
from sims.class_shares import heterogeneity as of_shares
from sims.linear import heterogeneity, objective
from sims.stats import estimate
from theory.formula import OutOfDomainError
from theory.readings import Objective
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    class_alignments,
    dissimilarity,
)

CLAIMS = ("sec-dirichlet-partition",)
SEED, DIM, FEATURE_DIM, MASK_RATIO = 1709, 16, 3, 0.75
SIZES = ((20, 10), (100, 100))  # clients and classes
CURVE = tuple(float(v) for v in np.geomspace(0.01, 100, 61))
# Below the least concentration released shares round to nothing for some client.
SAMPLED = {"hsu": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), "released": (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)}
CLIENTS_DRAWN = 6000  # at every point: fewer draws of larger federations


def record(tier: Tier) -> dict[str, Any]:
    """For each convention and size: heterogeneity and zeta^2 at the optimum, closed forms and means over draws."""
    everything = [(convention, *size) for convention in SAMPLED for size in SIZES]
    return {
        "claims": list(CLAIMS),
        "dim": DIM,
        "feature_dim": FEATURE_DIM,
        "mask_ratio": MASK_RATIO,
        "clients_drawn": CLIENTS_DRAWN,
        "concentration": list(CURVE),
        "rows": [_row(*point) for point in (everything if tier == "full" else everything[-1:])],
    }


def _row(convention: str, n_clients: int, n_classes: int) -> dict[str, Any]:
    p = np.full(n_classes, 1 / n_classes)
    moments = heterogeneity.exchangeable(SEED, n_classes, DIM, FEATURE_DIM, 0.5)
    objectives = {"cl": class_alignments(moments, Objective.CL)}
    objectives["mim"] = class_alignments(moments, Objective.MIM, MASK_RATIO)
    models = {name: objective.optimum(s.mean(axis=0), FEATURE_DIM) for name, s in objectives.items()}
    draws = {a: _draws(convention, n_clients, p, a) for a in SAMPLED[convention]}

    def at(concentration: float) -> float | None:
        return _closed(convention, n_clients, n_classes, concentration)

    def zeta_squared(name: str) -> dict[str, Any]:
        model, classes = models[name], objectives[name]
        return _series(
            draws,
            lambda a: None if (h := at(a)) is None else dissimilarity(classes, p, h, model=model),
            lambda shares: _zeta_squared(model, shares - p, classes),
        )

    return {
        "convention": convention,
        "n_clients": n_clients,
        "n_classes": n_classes,
        "heterogeneity": _series(draws, at, lambda shares: of_shares(shares, p)),
        "zeta_squared": {name: zeta_squared(name) for name in objectives},
    }


def _closed(convention: str, n_clients: int, n_classes: int, concentration: float) -> float | None:
    """None where the closed form does not hold."""
    if convention == "hsu":
        return DIRICHLET_HETEROGENEITY.value(concentration=concentration)
    try:
        return RELEASED_HETEROGENEITY.value(concentration=concentration, n_clients=n_clients, n_classes=n_classes)
    except OutOfDomainError:
        return None


def _draws(convention: str, n_clients: int, p: np.ndarray, concentration: float) -> list[np.ndarray]:
    place = SAMPLED[convention].index(concentration)
    seeds = np.random.default_rng([SEED, n_clients, place]).integers(2**31, size=CLIENTS_DRAWN // n_clients)
    if convention == "hsu":
        return [dirichlet_shares(int(s), p, n_clients, concentration) for s in seeds]
    return [released_shares(int(s), len(p), n_clients, concentration) for s in seeds]


def _zeta_squared(model: np.ndarray, off: np.ndarray, classes: np.ndarray) -> float:
    """Mean squared distance of the clients' gradients from that of the whole population, share by share."""
    gradients = -2 * np.einsum("nc,cab->nab", off, model @ classes)
    return float(np.mean(np.sum(gradients**2, axis=(1, 2))))


def _series(
    draws: dict[float, list[np.ndarray]],
    closed_form: Callable[[float], float | None],
    value: Callable[[np.ndarray], float],
) -> dict[str, Any]:
    found = [estimate(np.array([value(shares) for shares in drawn])) for drawn in draws.values()]
    return {
        "closed_form": [closed_form(a) for a in CURVE],
        "sampled": {
            "concentration": list(draws),
            "closed_form": [closed_form(a) for a in draws],
            "mean": [e.mean for e in found],
            "standard_error": [e.standard_error for e in found],
        },
    }
