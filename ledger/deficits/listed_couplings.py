"""Second-order deficits from a list of all that can happen to one sample: what statements "to second order" measure.

A pixel l outside the signal couples to the signal by a mean over samples of independent terms t, and to second order
1 - r_k is the sum over l of (t . G e_k)^2, G the inverse of the signal's part of E[x x^T] without pixel noise. The
covariance of t is listed here: every clean sample, every pair of masks, and every sign of every noise. A term is linear
in each noise, and its square therefore of second degree, so that signs +-1 give the Gaussian moments exactly.
"""

import itertools
from functools import cache

import numpy as np
from jaxtyping import Float

from ledger.deficits.listed_population import Site, clean_moment, clean_samples
from theory.domain import Point
from theory.readings import Objective


def listed_deficits(at: Point, objective: Objective, site: Site, *, is_averaged: bool) -> Float[np.ndarray, " n"]:
    """E(1 - r_k) of every signal coordinate to second order, with one draw a sample or draws averaged.

    `at` has n_clients, dim, samples_per_client, tau, mu, and mask_ratio or augmentation_std; feature_dim is n_clients
    where it is missing. Source: ledger, the module's text.
    """
    n, d = int(at["n_clients"]), int(at["dim"])
    spare = d - int(at.get("feature_dim", n))
    samples = int(at["samples_per_client"]) * (n if site == "fl" else 1)
    tilt = np.linalg.inv(clean_moment(n, float(at["tau"]), site))
    covariance = _covariance(at, objective, site, is_averaged)
    return spare / samples * np.einsum("ki,ij,jk->k", tilt, covariance, tilt)


def listed_ratio(at: Point) -> float:
    """The mean deficit of contrast over that of masking, federated, one draw each, to second order."""
    sizes = {"samples_per_client": 1, **at}  # both have the same number of samples and of noise pixels
    contrast, masked = (listed_deficits(sizes, o, "fl", is_averaged=False).mean() for o in Objective)
    return float(contrast / masked)


def _covariance(at: Point, objective: Objective, site: Site, is_averaged: bool) -> Float[np.ndarray, "n n"]:
    """Of one sample's coupling to one noise pixel, over the mean of the masks, by the signal coordinates."""
    n, tau, mu = int(at["n_clients"]), float(at["tau"]), float(at["mu"])
    moment = clean_moment(n, tau, site) + mu**2 * np.eye(n)
    if is_averaged:
        return mu**2 * moment
    if objective is Objective.MIM:
        own, between = _mask_factors(float(at["mask_ratio"]))
        return mu**2 * (between * moment + (own - between) * np.diag(np.diag(moment)))
    members = range(1) if site == "local" else range(n)
    rows = np.concatenate([clean_samples(n, tau, i) for i in members])
    std = float(at["augmentation_std"])
    pairs = np.array([[_augmented(rows[:, k], rows[:, j], k == j, mu, std) for j in range(n)] for k in range(n)])
    return pairs


@cache
def _mask_factors(p: float) -> tuple[float, float]:
    """E of f_k^2 and of f_k f_j, f_k = (m_k m'_l + m'_k m_l)/2 over its mean, all six masks listed."""
    own = between = mean = 0.0
    for m_k, m_j, m_l, s_k, s_j, s_l in itertools.product((0, 1), repeat=6):
        chance = np.prod([1 - p if m else p for m in (m_k, m_j, m_l)])
        chance *= np.prod([p if s else 1 - p for s in (s_k, s_j, s_l)])
        f_k, f_j = (m_k * s_l + s_k * m_l) / 2, (m_j * s_l + s_j * m_l) / 2
        own, between, mean = own + chance * f_k**2, between + chance * f_k * f_j, mean + chance * f_k
    return float(own / mean**2), float(between / mean**2)


def _augmented(first: np.ndarray, second: np.ndarray, is_one: bool, mu: float, std: float) -> float:
    """E of t_k t_j for t_k = ((x_k + a_k)(x_l + b_l) + (x_k + b_k)(x_l + a_l))/2, every sign of every noise listed."""
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=9)))
    if is_one:
        signs = signs[np.all(signs[:, 6:] == 1.0, axis=1)]  # one coordinate has one set of noises
    x_k, a_k, b_k, x_l, a_l, b_l, x_j, a_j, b_j = signs.T * np.array([mu, std, std] * 3)[:, None]

    def term(clean: np.ndarray, x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        pixel = clean[:, None] + x
        return ((pixel + a) * (x_l + b_l) + (pixel + b) * (x_l + a_l)) / 2

    t_k = term(first, x_k, a_k, b_k)
    return float(np.mean(t_k * (t_k if is_one else term(second, x_j, a_j, b_j))))
