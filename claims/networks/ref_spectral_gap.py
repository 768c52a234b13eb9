"""A public machine-written review credits the paper with a robustness gap O(1/lambda_2) of the graph Laplacian.

The paper has no such theorem. What is true of that form, with steps along the Laplacian: the models' distance from one
another and the averaged model's drift are O(1/lambda_2), the squared distance is O(1/lambda_2^2).
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from ledger import parts
from ledger.checks.kinds import Finding, ForAll, Prediction
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, network_at, network_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from ledger.training.link_on_domain import laplacian_of
from ledger.training.settled_training import settled_check
from ledger.training.small_steps import (
    CLEAR_GAP,
    CLIENTS,
    FEATURES,
    SMALL_STEPS,
    client_parameters,
    limit_at_rest,
    one,
    steps_at,
)
from sims.linear.heterogeneity import homophily
from sims.linear.quadratic_clients import Quadratics
from sims.linear.resting_clients import DIM, FEATURE_DIM, Trained, at_rest, clients
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.networks.mixing import mixing_matrix
from theory.networks.spectra import laplacian_spectrum
from theory.networks.topologies import topology
from theory.training.consensus import client_variance, consensus_exchangeable
from theory.training.consensus_curvature import LinearTraining

NUMERIC = Evidence.NUMERIC
STEP = 0.2  # of the mixing along the Laplacian: eigenvalues of rings and paths are at most 4
STEP_SIZE = 2e-5  # small against the slowest mixing here, so that exponents are those of the limit
LEVEL = 0.1
FAMILIES = {"ring": (6, 8, 12, 16), "path": (4, 6, 8, 12)}


def algebraic_connectivity(name: str, n_clients: int) -> float:
    """The second smallest eigenvalue of the network's Laplacian, in links: not that of the mixing matrix."""
    return float(laplacian_spectrum(topology(name, n_clients))[1])


@cache
def along_slowest(name: str, n_clients: int) -> Trained:
    """Clients unlike along the Laplacian's slowest vector, mixed along the Laplacian, at rest."""
    adjacency = topology(name, n_clients)
    x = homophily(0, adjacency, DIM, FEATURE_DIM, LEVEL)
    return at_rest(mixing_matrix(adjacency, "laplacian", step=STEP), x, STEP_SIZE)


def exponent(
    measure: Callable[[str, int], float], claimed: float, sizes: Mapping[str, tuple[int, ...]]
) -> Callable[[Context], list[Finding]]:
    """The slope of log measure over log lambda_2, for every family of networks."""

    def findings(context: Context) -> list[Finding]:
        found = []
        for name, counts in sizes.items():
            points = np.log([(algebraic_connectivity(name, n), measure(name, n)) for n in counts])
            slope = float(np.polyfit(points[:, 0], points[:, 1], 1)[0])
            found.append(Finding({"family": name, "n_clients": list(counts)}, claimed, slope))
        return found

    return findings


def squared_distance(name: str, n_clients: int) -> float:
    """The consensus error at rest, in squared weights, of clients unlike along the Laplacian's slowest vector."""
    return along_slowest(name, n_clients).consensus


def drift(name: str, n_clients: int) -> float:
    """|P - P*|_F of the averaged model at rest, clients unlike along the Laplacian's slowest vector."""
    return along_slowest(name, n_clients).drift


def expected_square(name: str, n_clients: int) -> float:
    """The consensus error averaged over all placements of clients, over zeta^2 and the squared step, first order."""
    return consensus_exchangeable(mixing_matrix(topology(name, n_clients), "laplacian", step=STEP), 1.0, 1.0)


def on_stars(n_clients: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Squared distance times lambda_2 (1 on every star) on the star, against twice that on the star of three."""
    values = [
        at_rest(mixing_matrix(topology("star", n), "metropolis"), clients(n, LEVEL), STEP_SIZE).consensus
        * algebraic_connectivity("star", n)
        for n in (3, n_clients)
    ]
    return values[1] <= 2 * values[0], {
        "network": f"star of {n_clients}",
        "lambda_2": algebraic_connectivity("star", n_clients),
        "squared_distance_times_lambda_2": values[1],
        "on_the_star_of_three": values[0],
    }


def is_convex(n_clients: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Along X_i's first eigenvector the loss near W = 0 is -lambda t^2 + t^4/2: is it convex there?"""
    largest = float(np.linalg.eigvalsh(clients(n_clients)[0])[-1])
    return -2 * largest >= 0, {"client": 0, "at": "W = 0", "second_derivative": -2 * largest}


def is_smooth(scale: float, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """|grad f(s W) - grad f(0)| / |s W| against a hundred times that at s = 1: a Lipschitz constant for all W?"""
    problem = LinearTraining(np.eye(1), clients(2)[:1], FEATURE_DIM, 1.0)
    w = np.ones((1, FEATURE_DIM, DIM))
    unit = float(np.linalg.norm(problem.gradient(w)) / np.linalg.norm(w))
    here = float(np.linalg.norm(problem.gradient(scale * w)) / np.linalg.norm(scale * w))
    return here <= 100 * unit, {"scale": scale, "gradient_over_distance": here, "at_scale_1": unit}


def connectivity_at(at: Point) -> tuple[float, float]:
    """lambda_2 of the Laplacian, and the length of the steps: `share` over its largest eigenvalue."""
    values = np.linalg.eigvalsh(laplacian_of(network_at(at)))
    return float(values[1]), float(at["share"] / values[-1])


def mixed_at(at: Point) -> np.ndarray:
    """I - eps L, (N, N)."""
    return np.eye(int(at["n_clients"])) - connectivity_at(at)[1] * laplacian_of(network_at(at))


def quadratics_at(at: Point) -> Quadratics:
    """Convex quadratics of a point, at step size 1: eta h log-uniform over seven decades up to `curvature`."""
    n, p = int(at["n_clients"]), int(at["parameters"])
    rng = np.random.default_rng((int(at["draw"]), 3))
    levels = at["curvature"] * 1e-7 ** rng.random((n, p))
    turns = np.linalg.qr(rng.standard_normal((n, p, p)))[0]
    pulls = rng.standard_normal((n, p))
    if at["gradients"] == SLOWEST:
        pulls = np.linalg.eigh(laplacian_of(network_at(at)))[1][:, 1:2] * pulls[0]
    return Quadratics(mixed_at(at), turns * levels[:, None] @ turns.mT, pulls - pulls.mean(axis=0), 1.0)


def distance_bound(at: Point) -> float:
    """(eta/eps)(1/lambda_2 - eps) zeta at step size 1."""
    least, step = connectivity_at(at)
    return (1 / least - step) / step * math.sqrt(quadratics_at(at).dissimilarity)


def distance_at_rest(at: Point, effort: Effort) -> Sample:
    """The root mean square distance between the models at rest, solved for."""
    found = math.sqrt(client_variance(quadratics_at(at).rest))
    # Rest answers to the smallest curvature of all, a ten-millionth of the largest: seven digits of sixteen.
    return one((found, 1e-7 * found))


def like_neighbours(at: Point) -> np.ndarray:
    """Clients that differ along the Laplacian's slowest vector, (N, d, d)."""
    sizes = int(at["dim"]), int(at["feature_dim"])
    return homophily(int(at["draw"]), network_at(at), *sizes, float(at["level"]))


def along_slowest_mode(at: Point) -> float:
    """E^2 (1/(eps lambda_2) - 1)^2 zeta^2, zeta^2 of the gradients at the common optimum."""
    least, step = connectivity_at(at)
    problem = LinearTraining(mixed_at(at), like_neighbours(at), int(at["feature_dim"]), 1.0)
    zeta = client_variance(problem.gradient(problem.start))
    return steps_at(at) ** 2 * (1 / (step * least) - 1) ** 2 * zeta


def squared_distance_limit(at: Point, effort: Effort) -> Sample:
    """The consensus error of models at rest over the squared step, small steps."""
    return one(limit_at_rest(lambda t: t.consensus, mixed_at(at), like_neighbours(at), at, 2))


def has_a_gap(at: Point) -> bool:
    """The mean of clients that are most like their neighbours has a gap after feature_dim."""
    if not FEATURES.holds(at):
        return False
    values, c = np.linalg.eigvalsh(like_neighbours(at).mean(axis=0))[::-1], int(at["feature_dim"])
    return bool(values[c - 1] - values[c] >= CLEAR_GAP * values[0])


LIMIT = math.pi**3 / 90


def over_placements(at: Point, effort: Effort) -> Sample:
    """The mean of (1/mu - eps)^2 over the Laplacian's eigenvalues mu, times lambda_2^(3/2)."""
    modes = np.linalg.eigvalsh(laplacian_of(topology(str(at["network"]), int(at["n_clients"]))))[1:]
    found = float(np.mean((1 / modes - at["step"]) ** 2)) * modes[0] ** 1.5
    return one((found, 1e-9))


def still_to_go(at: Point) -> float:
    """How far N clients are from the limit at most.

    On the ring sum 1/mu = (N^2 - 1)/12 and sum 1/mu^2 = (N^2 - 1)(N^2 + 11)/720; a path has half of those of a ring
    twice as long, less the one eigenvalue 4. And sin x lies between x (1 - x^2/6) and x.
    """
    n, eps = int(at["n_clients"]), float(at["step"])
    length, x = (n, math.pi / n) if at["network"] == "ring" else (2 * n, math.pi / (2 * n))
    largest = (1 + 1 / (n - 1)) * (1 + 11 / length**2) - 1 + x**2 / 2
    smaller = (2 * x) ** 3 * (eps * length**2 / 6 + eps**2 * length + 1) / (n - 1)
    return LIMIT * largest + smaller


SLOWEST = "along the slowest mode"
SHARE = Real("share", 0.0, 1.0, "(]", reach=(0.05, 0.95))
STEPS = "M = I - eps L, eps being share over the largest eigenvalue of the network's Laplacian L."


LARGE = {"ring": (32, 64, 128), "path": (32, 64, 128)}
FIXED = "steps of one length along the Laplacian"
CLAIM = Claim(
    id="ref-spectral-gap",
    title="A robustness gap O(1/lambda_2) of the Laplacian, and what is true of that form",
    items=("review-spectral-gap",),
    source=Source("review2026", "the robustness gap that it credits to chen2026, with the assumptions it names"),
    question="Is the robustness gap O(1/lambda_2), lambda_2 the second smallest eigenvalue of the graph's Laplacian?",
    statements=(
        Statement(
            "laplacian-gap.review-convex",
            "printed",
            "The losses of linear clients, Eqs (2) and (4), are locally convex, as the review's theorem assumes.",
            ForAll(
                lambda context: (3,),
                is_convex,
                "The loss of a client has a saddle or a maximum at W = 0.",
                Evidence.NUMERIC,
            ),
            instead="not known",
        ),
        Statement(
            "laplacian-gap.review-smooth",
            "printed",
            "The losses of linear clients, Eqs (2) and (4), are L-smooth, as the review's theorem assumes.",
            ForAll(
                lambda context: (1.0, 10.0, 100.0),
                is_smooth,
                "The penalty |W^T W|^2/2 is of fourth order in W, so no constant L serves for all W.",
                Evidence.NUMERIC,
            ),
            instead="not known",
        ),
        Statement(
            "laplacian-gap.squared-slowest-mode",
            "printed",
            "The squared distance between the models is O(1/lambda_2).",
            Prediction(
                exponent(squared_distance, -1.0, FAMILIES),
                "If clients differ along the slowest mode, the squared distance grows like lambda_2^(-2).",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=read_as(parts.LAPLACIAN, parts.LIKE_NEIGHBOURS),
            instead=("laplacian-gap.exponent-slowest-mode",),
        ),
        Statement(
            "laplacian-gap.squared-placements",
            "printed",
            "The squared distance between the models is O(1/lambda_2).",
            Prediction(
                exponent(expected_square, -1.0, LARGE),
                "Averaged over placements all modes count. The sum of 1/mu^2 over the modes, divided by N - 1, "
                "grows like lambda_2^(-3/2).",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=read_as(parts.LAPLACIAN, parts.OVER_PLACEMENTS),
            instead=("laplacian-gap.exponent-placements",),
        ),
        Statement(
            "laplacian-gap.squared-metropolis",
            "printed",
            "The squared distance between the models is O(1/lambda_2).",
            ForAll(
                lambda context: range(3, 20),
                on_stars,
                "Every star has the Laplacian eigenvalue lambda_2 = 1. But with Metropolis weights larger stars "
                "mix more slowly.",
                NUMERIC,
            ),
            reading=read_as(parts.METROPOLIS),
            instead=("consensus.gap-bound-convex",),
        ),
        Statement(
            "laplacian-gap.distance",
            "printed",
            "The root mean square distance between the models is O(1/lambda_2).",
            Prediction(
                exponent(lambda name, n: np.sqrt(squared_distance(name, n)), -1.0, FAMILIES),
                "The order is reached if clients differ along the slowest mode.",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=read_as(parts.LAPLACIAN),
            spoil=2.0,
        ),
        Statement(
            "laplacian-gap.drift",
            "printed",
            "The averaged model's subspace error is O(1/lambda_2).",
            Prediction(
                exponent(drift, -1.0, FAMILIES),
                "For one local step kappa is 2/(eps mu) - 1, for the Laplacian's eigenvalue mu.",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=read_as(parts.LAPLACIAN, parts.LIKE_NEIGHBOURS),
            spoil=2.0,
        ),
        Statement(
            "laplacian-gap.distance-bound-convex",
            "corrected",
            "Let the clients' losses be convex quadratics, and let M = I - eps L have no negative eigenvalue. The "
            "square root of the consensus error at rest is at most (eta/eps)(1/lambda_2 - eps) zeta, for one "
            "local step of any size eta. lambda_2 is the Laplacian's.",
            OnDomain(
                Domain(
                    (
                        *network_parameters(12),
                        *(SHARE, Whole("parameters", 1, 4)),
                        Real("curvature", 0.0, math.inf, "()", reach=(1e-5, 30.0), is_log=True),
                        *(Choice("gradients", ("drawn", SLOWEST)), DRAW),
                    ),
                    assumes=f"{STEPS} curvature is the largest eta h; zeta^2 is the mean squared distance of gradients "
                    "from their mean, at the common optimum.",
                ),
                Then("<=", distance_bound, distance_at_rest),
                "The gap bound, proved in docs/proofs/consensus.md, 5, in terms of lambda_2.",
                Evidence.SEARCHED,
                points=(16, 300),
                named=[
                    {"n_clients": 6, "network": "path", "share": 0.5, "parameters": 2, "curvature": 1e-5, "draw": 1}
                    | {"gradients": SLOWEST}
                ],
            ),
            replaces=("laplacian-gap.distance-bound",),
            spoil=0.95,
        ),
        Statement(
            "laplacian-gap.exponent-slowest-mode",
            "corrected",
            "If clients differ along the slowest mode, the consensus error is eta^2 E^2 (1/(eps lambda_2) - 1)^2 "
            "zeta^2 for small steps. At a fixed length eps it grows like lambda_2^(-2). lambda_2 is the "
            "Laplacian's.",
            OnDomain(
                Domain(
                    (*network_parameters(12), SHARE, *client_parameters()),
                    (
                        FEATURES,
                        Condition(
                            f"the mean of the clients' matrices has a gap after feature_dim of {CLEAR_GAP:g} of its "
                            "largest eigenvalue",
                            rf"\theta_c - \theta_{{c+1}} \ge {CLEAR_GAP:g}\,\theta_1",
                            has_a_gap,
                        ),
                    ),
                    Quantifier.IN_THE_LIMIT,
                    f"{CLIENTS} Clients differ in proportion to the Laplacian's slowest vector. {STEPS}",
                    limit=SMALL_STEPS,
                ),
                Then("=", along_slowest_mode, squared_distance_limit),
                "Computed for models at rest, with linear encoders on the alignment loss.",
                NUMERIC,
                points=(5, 200),
                corners=(1, 32),
            ),
        ),
        Statement(
            "laplacian-gap.exponent-placements",
            "corrected",
            "On rings and paths, as the number of clients grows, the consensus error averaged over placements, "
            "divided by (eta zeta / eps)^2, tends to (pi^3/90) lambda_2^(-3/2). lambda_2 is the Laplacian's.",
            OnDomain(
                Domain(
                    (
                        Choice("network", ("ring", "path")),
                        *(Whole("n_clients", 3, 256), Real("step", 0.0, 0.25, "(]")),
                    ),
                    (),
                    Quantifier.IN_THE_LIMIT,
                    "step is the length eps of the steps along the Laplacian.",
                    limit="of many clients",
                ),
                Then("=", lambda at: LIMIT, over_placements, remainder=still_to_go),
                "Averaged over placements all modes count. The sums of 1/mu and of 1/mu^2 over the modes are known.",
                NUMERIC,
                points=(3, 100),
                corners=(1, 8),
                named=[{"network": name, "n_clients": 128, "step": 0.25} for name in ("ring", "path")],
            ),
            reading=read_as(parts.SMALL_STEPS, parts.OVER_PLACEMENTS),
        ),
        Statement(
            "laplacian-gap.simulated",
            "corrected",
            "Simulated training with steps along the Laplacian ends at the models at rest that we compute, for "
            "clients most like their neighbours.",
            settled_check(
                ("laplacian",),
                "In each simulated round the clients take their steps and then average.",
                matrices=like_neighbours,
                local_steps=1,
            ),
        ),
    ),
)
