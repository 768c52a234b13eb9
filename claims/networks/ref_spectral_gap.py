"""A public machine-written review credits the paper with a robustness gap O(1/lambda_2) of the graph Laplacian.

The paper has no such theorem. What is true of that form, with steps along the Laplacian: the models' distance from one
another and the averaged model's drift are O(1/lambda_2), the squared distance is O(1/lambda_2^2).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from ledger.checks.kinds import Bound, Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.heterogeneity import homophily
from sims.linear.quadratic_clients import Quadratics
from sims.linear.resting_clients import DIM, FEATURE_DIM, Trained, adjacency_of, at_rest, clients, mixing_of, simulated
from theory.formula import Source
from theory.networks import small_networks
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


def distances(context: Context) -> list[Finding]:
    """Root mean square distance at rest against (eta/eps)(1/lambda_2 - eps) zeta, convex quadratics of any eta h."""
    findings, rng = [], np.random.default_rng(context.seed)
    for graph in small_networks.connected_networks(3, 5 if context.tier == "quick" else 6):
        n = graph.number_of_nodes()
        spectrum, modes = np.linalg.eigh(np.diag(adjacency_of(graph).sum(axis=1)) - adjacency_of(graph).astype(float))
        # Up to 1 over the largest eigenvalue of L no eigenvalue of M is negative.
        step = float(rng.uniform(0.1, 1.0) / spectrum[-1])
        for is_slowest in (True, False):
            levels = 30 * np.exp(rng.uniform(np.log(1e-7), 0, (n, 2)))
            turns = np.linalg.qr(rng.standard_normal((n, 2, 2)))[0]
            pulls = modes[:, 1:2] * rng.standard_normal(2) if is_slowest else rng.standard_normal((n, 2))
            hessians = np.einsum("iab,ib,icb->iac", turns, levels * (1e-6 if is_slowest else 1.0), turns)
            q = Quadratics(mixing_of(graph, "laplacian", step), hessians, pulls - pulls.mean(axis=0), 1.0)
            bound = float((1 / spectrum[1] - step) / step * np.sqrt(q.dissimilarity))
            at = {"network": small_networks.name(graph), "step": step, "along_the_slowest_mode": is_slowest}
            found = float(np.sqrt(client_variance(q.rest)))
            findings.append(Finding(at, bound, found, resolution=1e-6 * bound))
    return findings


def by_rounds(context: Context) -> list[Finding]:
    """Distance on the ring of four after rounds of training, and at rest."""
    adjacency = topology("ring", 4)
    problem = (mixing_matrix(adjacency, "laplacian", step=STEP), homophily(0, adjacency, DIM, FEATURE_DIM, LEVEL), 0.02)
    return [
        Finding({"network": "ring of four"}, at_rest(*problem).consensus, simulated(*problem, rounds=9000).consensus)
    ]


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
            "The losses are locally convex, as the review's theorem assumes.",
            ForAll(lambda context: (3,), is_convex, "f_i has a saddle or a maximum at W = 0.", Evidence.NUMERIC),
            reading="the review's assumptions, linear clients of Eqs (2) and (4)",
            instead="not known",
        ),
        Statement(
            "laplacian-gap.review-smooth",
            "printed",
            "The losses are L-smooth, as the review's theorem assumes.",
            ForAll(
                lambda context: (1.0, 10.0, 100.0),
                is_smooth,
                "The penalty |W^T W|^2/2 is of fourth order: no constant serves for all W.",
                Evidence.NUMERIC,
            ),
            reading="the review's assumptions, linear clients of Eqs (2) and (4)",
            instead="not known",
        ),
        Statement(
            "laplacian-gap.squared-slowest-mode",
            "printed",
            "The squared distance between the models is O(1/lambda_2).",
            Prediction(
                exponent(squared_distance, -1.0, FAMILIES),
                "The exponent is -2 where clients differ along the slowest mode.",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=f"squared distance, {FIXED}, clients most like their neighbours",
            instead=("laplacian-gap.exponent-slowest-mode",),
        ),
        Statement(
            "laplacian-gap.squared-placements",
            "printed",
            "The squared distance between the models is O(1/lambda_2).",
            Prediction(
                exponent(expected_square, -1.0, LARGE),
                "Averaged over placements all modes count: sum 1/mu^2 over N - 1 grows like lambda_2^(-3/2).",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=f"squared distance, {FIXED}, mean over placements",
            instead=("laplacian-gap.exponent-placements",),
        ),
        Statement(
            "laplacian-gap.squared-metropolis",
            "printed",
            "The squared distance between the models is O(1/lambda_2).",
            ForAll(
                lambda context: range(3, 20),
                on_stars,
                "Every star has lambda_2 = 1, and Metropolis weights mix it the more slowly the larger it is.",
                NUMERIC,
            ),
            reading="squared distance, Metropolis weights",
            instead=("consensus.gap-bound-convex",),
        ),
        Statement(
            "laplacian-gap.distance",
            "printed",
            "The distance between the models is O(1/lambda_2).",
            Prediction(
                exponent(lambda name, n: np.sqrt(squared_distance(name, n)), -1.0, FAMILIES),
                "Attained where clients differ along the slowest mode.",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=f"root mean square distance, {FIXED}",
            spoil=2.0,
        ),
        Statement(
            "laplacian-gap.drift",
            "printed",
            "The averaged model's subspace error is O(1/lambda_2).",
            Prediction(
                exponent(drift, -1.0, FAMILIES),
                "kappa is 2/(eps mu) - 1 for one local step.",
                rtol=0.15,
                evidence=NUMERIC,
            ),
            reading=f"drift of the averaged model, {FIXED}, clients most like their neighbours",
            spoil=2.0,
        ),
        Statement(
            "laplacian-gap.distance-bound-convex",
            "corrected",
            "If the clients' losses are convex quadratics and M = I - eps L has no negative eigenvalue, the distance "
            "at rest is at most (eta/eps)(1/lambda_2 - eps) zeta, for one local step of any size eta.",
            Bound(
                distances,
                "The gap bound, proved, in terms of lambda_2; every connected network of three to five clients (six in "
                "the full tier), eta h drawn up to 30, clients at random or along the slowest mode (there eta h is a "
                "millionth of that).",
                evidence=Evidence.SEARCHED,
            ),
            reading=f"root mean square distance, {FIXED}",
            replaces=("laplacian-gap.distance-bound",),
        ),
        Statement(
            "laplacian-gap.exponent-slowest-mode",
            "corrected",
            "The squared distance grows like lambda_2^-2 where clients differ along the slowest mode.",
            Prediction(exponent(squared_distance, -2.0, FAMILIES), "Models at rest.", rtol=0.1, evidence=NUMERIC),
            reading=f"squared distance, {FIXED}, clients most like their neighbours",
            spoil=0.5,
        ),
        Statement(
            "laplacian-gap.exponent-placements",
            "corrected",
            "On rings and paths the squared distance averaged over placements grows like lambda_2^(-3/2).",
            Prediction(exponent(expected_square, -1.5, LARGE), "First order.", rtol=0.02, evidence=NUMERIC),
            reading=f"squared distance, {FIXED}, mean over placements",
        ),
        Statement(
            "laplacian-gap.simulated",
            "corrected",
            "Simulated training ends where the models at rest are, on which these exponents are measured.",
            Prediction(by_rounds, "Ring of four.", rtol=1e-6, evidence=NUMERIC),
            reading="simulated rounds",
        ),
    ),
)
