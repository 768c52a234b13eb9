"""What Corollary 4.5 and Eqs (29), (87) say of networks, for any connected network and any link that it lacks.

Corollary 4.5 is read as a statement about one added link: a sensitivity or a deficit afterwards is at most that before.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, NETWORKS, network_at
from ledger.printed.printed_theorems import mean_moment, objective_shares, off_diagonal, represented, tau_at
from ledger.statement import Evidence
from theory.deficits.weighted import weighted_deficit
from theory.domain import Choice, Condition, Domain, Parameter, Point, Whole
from theory.setting import Setting

ROUND_OFF = 1e-12
VISIBLE = 1e-9  # a fall or a difference that round-off cannot make
SAMPLES = 10_000  # a client; every deficit to second order is proportional to 1 over it
Quantity = Callable[[np.ndarray, float], float]

DIM = Whole("dim", 64, 10**6)
PARAMETERS: tuple[Parameter, ...] = (
    Whole("n_clients", 3, 10),
    Choice("network", tuple(n for n in NETWORKS if n != "complete")),
    DRAW,
)
LACKS_A_LINK = Condition("a network that lacks a link", r"G \ne K_N", lambda p: len(missing_links(network_at(p))) > 0)
MODEL = (
    "The paper's data model without rare classes, tau = d^(1/5) and mu = d^(-1/5), as many features as clients (the "
    "paper has twice as many or more; further ones hold noise); "
)
POPULATION = MODEL + "the minimiser of Eq (1) in the population. The draw names a link that is added."
SAMPLED = MODEL + "the minimiser of Eq (1) on samples, to second order. The draw names a link that is added."


def missing_links(adjacency: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of clients without a link, the smaller number first."""
    first, second = np.nonzero(np.triu(~adjacency, 1))
    return list(zip(first.tolist(), second.tolist(), strict=True))


def with_one_link(at: Point) -> np.ndarray:
    """The point's network with one of the links that it lacks, (N, N)."""
    adjacency = network_at(at).copy()
    absent = missing_links(adjacency)
    a, b = absent[int(np.random.default_rng((int(at["draw"]), 6)).integers(len(absent)))]
    adjacency[a, b] = adjacency[b, a] = True
    return adjacency


def complementary_sensitivity(adjacency: np.ndarray, dim: float) -> float:
    """max - min of the r_k under complementary masks."""
    shares = objective_shares(adjacency)
    return float(np.ptp(represented(off_diagonal(mean_moment(shares, tau_at(dim))), len(shares))))


def independent_sensitivity(adjacency: np.ndarray, dim: float) -> float:
    """max - min of the r_k under independent masks."""
    shares = objective_shares(adjacency)
    matrix = mean_moment(shares, tau_at(dim)) + tau_at(dim) ** -2 * np.eye(len(shares))
    return float(np.ptp(represented(matrix, len(shares))))


def expected_deficits(adjacency: np.ndarray, dim: float) -> np.ndarray:
    """E(1 - r_k) of masking, independent masks averaged, to second order, (N,)."""
    setting = Setting.paper(int(dim), n_clients=len(adjacency), samples_per_client=SAMPLES)
    return weighted_deficit(setting, objective_shares(adjacency).tolist())


def spread_of_deficits(adjacency: np.ndarray, dim: float) -> float:
    """max - min of the expected r_k."""
    return float(np.ptp(expected_deficits(adjacency, dim)))


def mean_deficit(adjacency: np.ndarray, dim: float) -> float:
    """The mean of E(1 - r_k)."""
    return float(expected_deficits(adjacency, dim).mean())


def never_rises(
    quantity: Quantity, because: str, assumes: str, named: Sequence[Point] = (), *, is_strict: bool = False
) -> OnDomain:
    """The quantity with one more link is at most what it was before; strictly, it is less by a visible amount."""

    def rise(at: Point, effort: Effort) -> Sample:
        before, after = (quantity(a, float(at["dim"])) for a in (network_at(at), with_one_link(at)))
        return Sample(np.array([after - before]), ROUND_OFF)

    return OnDomain(
        Domain((*PARAMETERS, DIM), (LACKS_A_LINK,), assumes=assumes),
        Then("<=", lambda at: -VISIBLE if is_strict else 0.0, rise),
        because,
        Evidence.NUMERIC,
        named=named,
    )


def strictly_above_federated(because: str, named: Sequence[Point] = ()) -> OnDomain:
    """Off the complete network the sensitivity of the objective of Eq (1) is above that of equal weights."""

    def excess(at: Point, effort: Effort) -> Sample:
        equal = np.ones((int(at["n_clients"]),) * 2, dtype=bool) & ~np.eye(int(at["n_clients"]), dtype=bool)
        found = [complementary_sensitivity(a, float(at["dim"])) for a in (network_at(at), equal)]
        return Sample(np.array([found[0] - found[1]]), ROUND_OFF)

    return OnDomain(
        Domain((*PARAMETERS, DIM), (LACKS_A_LINK,), assumes=MODEL + "complementary masks, in the population."),
        Then(">=", lambda at: VISIBLE, excess),
        because,
        Evidence.NUMERIC,
        named=named,
    )


def sizes_equal(claimed: Callable[[np.ndarray], float], because: str, named: Sequence[Point] = ()) -> OnDomain:
    """The mean of 1/|A_i| over the clients is this number, of the sizes |A_i| with the clients themselves."""

    def sizes(at: Point) -> np.ndarray:
        return network_at(at).sum(axis=1) + 1.0

    return OnDomain(
        Domain(PARAMETERS),
        Then(
            "=", lambda at: claimed(sizes(at)), lambda at, effort: Sample(np.array([np.mean(1 / sizes(at))]), ROUND_OFF)
        ),
        because,
        Evidence.NUMERIC,
        named=named,
    )


def one_average_decides(because: str, named: Sequence[Point] = ()) -> OnDomain:
    """The weights that training with uniform averaging leaves as they are equal those of one averaging step, Eq (1)."""

    def training_shares(at: Point, effort: Effort) -> Sample:
        members = network_at(at).astype(float) + np.eye(int(at["n_clients"]))
        mixing = members / members.sum(axis=1, keepdims=True)
        powers = np.linalg.matrix_power(mixing, 2**14)  # every row is the left eigenvector by then
        return Sample(powers.mean(axis=0)[None], 1e-9)

    return OnDomain(
        Domain(PARAMETERS),
        Then("=", lambda at: objective_shares(network_at(at)), training_shares),
        because,
        Evidence.NUMERIC,
        named=named,
    )


def connectivity_decides(because: str, named: Sequence[Point] = ()) -> OnDomain:
    """Two networks with as many clients and links, and so with one |A-bar|, have one largest deficit."""

    def other(at: Point) -> np.ndarray:
        first = network_at(at)
        links, rng = int(first.sum()) // 2, np.random.default_rng((int(at["draw"]), 11))
        n = len(first)
        # A path through the clients in random order, and further links at random.
        second, order = np.zeros((n, n), dtype=bool), rng.permutation(n)
        second[order[:-1], order[1:]] = second[order[1:], order[:-1]] = True
        for a, b in rng.permutation(missing_links(second))[: links - n + 1]:
            second[a, b] = second[b, a] = True
        return second

    def largest(adjacency: np.ndarray, at: Point) -> float:
        return float(expected_deficits(adjacency, float(at["dim"])).max())

    return OnDomain(
        Domain((*PARAMETERS, DIM), (LACKS_A_LINK,), assumes=MODEL + "independent masks averaged, to second order."),
        Then(
            "=",
            lambda at: largest(network_at(at), at),
            lambda at, effort: Sample(np.array([largest(other(at), at)])),
            within=1e-9,
        ),
        because,
        Evidence.NUMERIC,
        named=named,
    )
