"""Theorem 4.6: decentralised learning is at most as robust as federated learning. Objectives here, training later."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from claims.sensitivity.eq_decentralised_against_federated import always_both_zero
from ledger import parts
from ledger.checks.kinds import Empty, ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.checks.sampled_order import SampledOrder
from ledger.drawn.drawn_networks import DRAW, mixing_at, network_parameters
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement, Status
from sims.samplers.weighted import weighted_representability
from sims.stats import sensitivity
from theory.data.moments import alignment_matrix
from theory.deficits.on_networks import expected_deficits, population_sensitivity
from theory.domain import Condition, Domain, Point, Real, Whole
from theory.formula import Source
from theory.networks import small_networks as networks
from theory.objectives.representability import representability
from theory.readings import Mask, Objective, Reading
from theory.setting import Setting

ROUND_OFF = 1e-12
STAR = nx.star_graph(3)
BECAUSE_EVENT = "The limit of an inequality is not a number: each side tends to 0."
BECAUSE_ZERO = (
    "By symmetry the federated r_k are all equal. So the federated sensitivity is 0, and no sensitivity is below 0."
)


def small_networks(context: Context) -> list[nx.Graph]:
    """Every connected network of three to six clients; two clients have the complete graph only."""
    return list(networks.connected_networks(3, 6))


def sensitivity_of_expectation(graph: nx.Graph) -> float:
    """max - min of the expected r_k, to second order; at most the mean sensitivity, which is another number."""
    return float(np.ptp(expected_deficits(graph)))


def at_least_federated(quantity: Callable[[nx.Graph], float]) -> Callable[..., tuple[bool, Mapping[str, Any]]]:
    """s of the network is at least s of the complete graph; spoiled, at least that plus a tenth."""

    def predicate(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        dec, fed = quantity(graph), quantity(nx.complete_graph(graph.number_of_nodes()))
        holds = dec >= fed - ROUND_OFF + (1 - spoil)
        return holds, {"network": networks.name(graph), "s_dec": dec, "s_fed": fed}

    return predicate


def weights_at(at: Point) -> np.ndarray:
    """The weight of each client's loss in Eq (1), (N,), neighbourhoods being averaged uniformly."""
    return mixing_at(at, "uniform").mean(axis=0)


def least_spread(at: Point) -> float:
    """A multiple of the largest weight less the least: how far the r_k lie apart at least.

    Off the diagonal the matrix is 1 - w_k - w_l but for a factor, on it 0. Its one positive eigenvalue L has the vector
    u_k = ((1 - w_k) S - S')/(L + 1 - 2 w_k), S = sum u, S' = sum w u: it falls with w_k at the rate (S (L - 1) + 2 S')
    over the squared denominator. S' >= least S, u of the least weight is at least N^(-1/2), and L lies between the mean
    of the entries and the largest sum of a row.
    """
    w, n = weights_at(at), int(at["n_clients"])
    least, largest = float(w.min()), float(w.max())
    ends = (n - 1) * (n - 2) / n, (n - 2) * (1 - least)
    rate = min((end - 1 + 2 * least) / (end + 1 - 2 * least) ** 2 for end in ends)  # one peak between the ends
    total = math.sqrt((ends[0] + 1 - 2 * largest) / (1 - 2 * least))
    return rate * total / math.sqrt(n) * (largest - least)


def spread(at: Point, effort: Effort) -> Sample:
    """The decentralised sensitivity less the federated one, complementary masks."""
    n = int(at["n_clients"])
    s = Setting.paper(int(at["dim"]), n_clients=n, tau=float(at["tau"]), mu=float(at["mu"]))
    found = [
        float(np.ptp(representability(alignment_matrix(s, Objective.MIM, Mask.COMPLEMENTARY, weights=w), n, n)[0]))
        for w in (list(weights_at(at)), [1 / n] * n)
    ]
    return Sample(np.atleast_1d(found[0] - found[1]), ROUND_OFF)


def star_against_federated(
    objective: Objective, draws: int | str
) -> Callable[[Context], tuple[np.ndarray, np.ndarray]]:
    """Sampled s of the star and of equal weights, from the same data."""

    def samples(context: Context) -> tuple[np.ndarray, np.ndarray]:
        s = Setting.paper(64, n_clients=4, samples_per_client=1000)
        weightings = [networks.weights(STAR), networks.weights(nx.complete_graph(4))]
        r = weighted_representability(
            context.seed,
            s,
            weightings,
            objective=objective,
            reading=Reading(draws=draws),
            trials=context.trials(120, 500),
        )
        return sensitivity(r[:, 0]), sensitivity(r[:, 1])

    return samples


AT = {"network": networks.name(STAR), "dim": 64, "samples_per_client": 1000}
CLAIM = Claim(
    id="thm-federated-no-less-robust",
    title="Federated against decentralised learning: the sensitivity of the objectives' minimisers",
    items=("theorem-4.6",),
    source=Source("chen2026", "Theorem 4.6, A.6.5"),
    statements=(
        Statement(
            "thm46.limit-as-typed",
            "printed",
            "As d grows the bracketed inequality has a limit: lim [s_Dec >= s_Fed].",
            Empty(Status.ILL_FORMED, BECAUSE_EVENT, always_both_zero),
            reading=read_as(parts.AS_TYPED),
            instead=("thm46.complementary-population", "thm46.independent-samples"),
        ),
        Statement(
            "thm46.complementary-population",
            "printed",
            "The decentralised sensitivity is at least the federated one.",
            ForAll(
                small_networks,
                at_least_federated(population_sensitivity(Mask.COMPLEMENTARY)),
                BECAUSE_ZERO,
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.COMPLEMENTARY, parts.POPULATION),
        ),
        Statement(
            "thm46.independent-population",
            "printed",
            "With c = N the decentralised sensitivity is at least the federated one.",
            ForAll(
                small_networks,
                at_least_federated(population_sensitivity(Mask.INDEPENDENT)),
                "Both sensitivities are 0 on every network: c = N features hold the whole signal.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.INDEPENDENT, parts.POPULATION),
        ),
        Statement(
            "thm46.independent-samples",
            "printed",
            "The sensitivity of the mean r_k is with DecL at least what it is with FL.",
            ForAll(small_networks, at_least_federated(sensitivity_of_expectation), BECAUSE_ZERO, Evidence.NUMERIC),
            reading=read_as(parts.INDEPENDENT, parts.SAMPLES),
        ),
        Statement(
            "thm46.star-independent",
            "printed",
            "On a star of four clients MIM has a larger sensitivity with the decentralised objective than with "
            "the federated one.",
            SampledOrder(
                star_against_federated(Objective.MIM, "expected"),
                "Both objectives are fitted to the same data. On the star the clients' weights are unequal.",
                AT,
            ),
            reading=read_as(parts.INDEPENDENT, parts.MASKS_AVERAGED),
            spoil=0.65,
        ),
        Statement(
            "thm46.star-contrast-one-draw",
            "printed",
            "On a star of four clients CL has a larger sensitivity with the decentralised objective than with the "
            "federated one.",
            SampledOrder(
                star_against_federated(Objective.CL, 1),
                "Both objectives are fitted to the same data. On the star the clients' weights are unequal.",
                AT,
            ),
            reading=read_as(parts.ONE_AUGMENTATION),
            spoil=0.65,
        ),
        Statement(
            "thm46.equal-weights",
            "corrected",
            "The decentralised and the federated sensitivity are equal exactly when all clients have the same "
            "weight in Eq (1). Otherwise the decentralised one is larger, by at least a known multiple of the "
            "largest weight minus the least.",
            OnDomain(
                Domain(
                    (
                        *network_parameters(24),
                        Whole("dim", 24, 4096),
                        Real("tau", 0.0, math.inf, "()", reach=(0.3, 6.0), is_log=True),
                        Real("mu", 0.0, math.inf, "[)", reach=(0.02, 1.0), is_log=True),
                        DRAW,
                    ),
                    (Condition("n_clients below dim", "N < d", lambda at: at["n_clients"] < at["dim"]),),
                    assumes="Complementary masks, population, no rare classes, c = N; r_k falls as client k's weight "
                    "rises.",
                ),
                Then(">=", least_spread, spread),
                "The matrix has one positive eigenvalue, whose eigenvector has a closed form. With equal weights "
                "all its entries are equal.",
                Evidence.NUMERIC,
                points=(16, 300),
                named=[{"n_clients": 4, "network": "path", "dim": 64, "tau": 2.0, "mu": 0.4, "draw": 1}],
            ),
            reading=read_as(parts.COMPLEMENTARY, parts.POPULATION),
            spoil=1.8,
        ),
    ),
)
