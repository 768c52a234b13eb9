"""The population of a point of a domain, built from a list of its samples: what the population statements measure.

Every sample without its pixel noise is listed (two classes, every offset), every pair of masks is listed, the d x d
matrix is written out and taken apart by `numpy.linalg.eigh`. Nothing here uses a formula of `theory`.
"""

import itertools
from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Float

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.statement import Evidence
from theory.domain import Condition, Domain, Parameter, Point, Real, Whole

Views = Literal["augmented", "independent", "complementary"]
Site = Literal["fl", "local"]
# Eigenvalues closer than this, relative to the largest, count as one; the domains keep true gaps far above it.
SAME = 1e-11
ROUND_OFF = 1e-7  # of an entry of r: eigh is good to 1e-16 times the largest eigenvalue over the smallest gap
NOISE = Real("mu", 0.0, np.inf, "()", reach=(0.02, 3.0), is_log=True)
OFFSET = Real("tau", 0.0, np.inf, "()", reach=(0.2, 20.0), is_log=True)
RATIO = Real("mask_ratio", 0.0, 1.0, "()")
ENOUGH_FEATURES = Condition(
    "feature_dim from n_clients to dim", r"N \le c \le d", lambda p: p["n_clients"] <= p["feature_dim"] <= p["dim"]
)
ANY_FEATURES = Condition(
    "n_clients and feature_dim at most dim", r"N, c \le d", lambda p: max(p["n_clients"], p["feature_dim"]) <= p["dim"]
)
MODEL = "The population is that of the paper's data model, without rare classes."


def clean_samples(n_clients: int, tau: float, client: int) -> Float[np.ndarray, "samples n_clients"]:
    """The samples of a client without pixel noise, each as likely as any other: +-e_i - tau sum_{k != i} q_k e_k.

    Source: chen2026, Section 3.2.
    """
    offsets = np.array(list(itertools.product((0.0, 1.0), repeat=n_clients - 1)))
    rows = np.insert(-tau * offsets, client, 0.0, axis=1)
    return np.concatenate([rows + sign * np.eye(n_clients)[client] for sign in (1.0, -1.0)])


def clean_moment(n_clients: int, tau: float, site: Site) -> Float[np.ndarray, "n_clients n_clients"]:
    """E[x x^T] of the samples without pixel noise: of client 0, or the mean over all clients."""
    members = range(1) if site == "local" else range(n_clients)
    lists = [clean_samples(n_clients, tau, i) for i in members]
    return np.mean([rows.T @ rows / len(rows) for rows in lists], axis=0)


def falling_shares(n_clients: int, power: float) -> Float[np.ndarray, " n_clients"]:
    """Shares of the clients in a mean, falling like i^(-power)."""
    shares = np.arange(1.0, n_clients + 1) ** -power
    return shares / shares.sum()


def second_moment_at(at: Point, site: Site) -> Float[np.ndarray, "dim dim"]:
    """E[x x^T] of a point's population, pixel noise included."""
    n, moment = int(at["n_clients"]), float(at["mu"]) ** 2 * np.eye(int(at["dim"]))
    moment[:n, :n] += clean_moment(n, float(at["tau"]), site)
    return moment


def view_moments(
    moment: Float[np.ndarray, "dim dim"], views: Views, mask_ratio: float
) -> tuple[Float[np.ndarray, "dim dim"], Float[np.ndarray, "dim dim"]]:
    """E[a a^T] and E[a b^T] of the two views a and b, from all pairs of masks of a pixel and of two pixels.

    The first view keeps a pixel with probability 1 - p; the second what the first hides (`complementary`), or a pixel
    by itself with probability p (`independent`). Augmenting adds noise of mean 0, which E[a b^T] does not contain.
    """
    if views == "augmented":
        return moment, moment
    kept = {1: 1 - mask_ratio, 0: mask_ratio}
    shown = {1: mask_ratio, 0: 1 - mask_ratio}
    own = both = seen = seen_both = 0.0
    for first, second in itertools.product((0, 1), repeat=2):  # the masks of pixels k and l in the first view
        chance = kept[first] * kept[second]
        seen_both += chance * first * second
        if views == "complementary":
            both += chance * first * (1 - second)
        else:
            both += sum(chance * shown[other] * first * other for other in (0, 1))
    for first in (0, 1):
        seen += kept[first] * first
        own += sum(
            kept[first] * first * other * (shown[other] if views == "independent" else float(other == 1 - first))
            for other in (0, 1)
        )
    diagonal = np.diag(np.diag(moment))
    between = moment - diagonal
    return seen_both * between + seen * diagonal, both * between + own * diagonal


def represented(matrix: Float[np.ndarray, "dim dim"], feature_dim: int) -> Float[np.ndarray, " dim"]:
    """r_k of the best positive semi-definite fit of this rank, averaged over the choices that the fit leaves open."""
    values, vectors = np.linalg.eigh(matrix)
    same = SAME * float(np.abs(values).max())
    values, squares = values[::-1], vectors[:, ::-1] ** 2
    positive = int(np.sum(values > same))
    if positive <= feature_dim:
        return squares[:, :positive].sum(axis=1)
    cut = values[feature_dim - 1]
    above, tied = values > cut + same, np.abs(values - cut) <= same
    share = (feature_dim - int(above.sum())) / int(tied.sum())
    return squares[:, above].sum(axis=1) + share * squares[:, tied].sum(axis=1)


def learned_at(at: Point, views: Views, site: Site) -> Float[np.ndarray, " dim"]:
    """r_k of every coordinate at a point, under the alignment loss."""
    moment = second_moment_at(at, site)
    cross = view_moments(moment, views, float(at.get("mask_ratio", 0.5)))[1]
    return represented(cross, int(at["feature_dim"]))


def population_parameters(*more: Parameter, least_clients: int = 2) -> tuple[Parameter, ...]:
    """Clients, dimension, features, tau and mu, and `more`."""
    sizes = (Whole("n_clients", least_clients, 8), Whole("dim", 2, 64), Whole("feature_dim", 1, 64))
    return *sizes, OFFSET, NOISE, *more


def population_check(
    claimed: Callable[[Point], np.ndarray],
    measured: Callable[[Point], np.ndarray],
    because: str,
    *more: Parameter,
    least_clients: int = 2,
    condition: Condition | tuple[Condition, ...] = ENOUGH_FEATURES,
    assumes: str = MODEL,
) -> OnDomain:
    """Numbers of the population, equal at every point of the data model."""

    def sample(at: Point, _: Effort) -> Sample:
        return Sample(measured(at)[None], ROUND_OFF)

    conditions = (condition,) if isinstance(condition, Condition) else condition
    return OnDomain(
        Domain(population_parameters(*more, least_clients=least_clients), conditions, assumes=assumes),
        Then("=", claimed, sample),
        because,
        Evidence.NUMERIC,
        points=(24, 400),
        corners=(8, 64),
    )


def whole_signal(views: Views, site: Site, because: str, *more: Parameter) -> OnDomain:
    """Every signal coordinate is represented whole, whatever the rest: r_k = 1."""
    return population_check(
        lambda at: np.ones(int(at["n_clients"])),
        lambda at: learned_at(at, views, site)[: int(at["n_clients"])],
        because,
        *more,
    )
