"""Theorems 4.2 and 4.3 under the paper's own assumptions, as statements about numbers at a point.

The population is written out here: second moments of the signal, the matrix of a loss, its positive leading
eigenvectors. A deficit that is O(d^a) falls by 16^a or more as the dimension grows sixteenfold; the exponent between
the two dimensions is compared with the printed one.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, network_at
from ledger.statement import Evidence
from theory.deficits.closed_forms import deficit
from theory.domain import Choice, Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.readings import Objective, Scope
from theory.setting import Setting

FACTOR = 16  # of the dimension
EXPONENT_LEFT = 0.02  # what lower orders may leave of an exponent at these dimensions
MOST_GROWTH = 2.0  # beta that is measured where none is the last
GONE = -9.0  # the exponent of a deficit that is 0 up to round-off
ROUND_OFF = 1e-12
LIMIT = "of many dimensions"
MIM_EXPONENT, CL_EXPONENT = -4 / 5, -3 / 5

CLIENTS, DIM = Whole("n_clients", 2, 16), Whole("dim", 10**4, 10**12)
POPULATION = (
    "The paper's data model without rare classes, tau = d^(1/5) and mu = d^(-1/5), in the population; {features}. The "
    "number of clients stays as the dimension grows, where the paper lets it grow like d^(1/20)."
)
# The paper asks for c >= 2N. On the signal further features change nothing: in the population they hold pixel noise.
AS_MANY = "as many features as clients (the paper has twice as many or more; further ones hold noise)"
TWICE_AS_MANY = "twice as many features as clients"
Deficits = Callable[[Point, float], np.ndarray]


def tau_at(dim: float) -> float:
    """The size of the offsets, d^(1/5)."""
    return dim**0.2


def signal_moment(n_clients: int, tau: float, client: int) -> np.ndarray:
    """One client's E[x x^T] on the signal without pixel noise, (N, N): 1 at its own coordinate, offsets elsewhere."""
    moment = tau**2 / 4 * (np.ones((n_clients, n_clients)) + np.eye(n_clients))
    moment[client] = moment[:, client] = 0.0
    moment[client, client] = 1.0
    return moment


def mean_moment(shares: np.ndarray, tau: float) -> np.ndarray:
    """The mean of the clients' moments by these shares, (N, N)."""
    return sum(w * signal_moment(len(shares), tau, i) for i, w in enumerate(shares)) + np.zeros((len(shares),) * 2)


def off_diagonal(moment: np.ndarray) -> np.ndarray:
    """What complementary masks leave of a moment, up to a factor."""
    return moment - np.diag(np.diag(moment))


def represented(matrix: np.ndarray, n_features: int) -> np.ndarray:
    """r_k: squared projections of the axes on the positive ones of the leading eigenvectors, (N,)."""
    values, vectors = np.linalg.eigh(matrix)
    leading = np.flatnonzero(values > ROUND_OFF * np.abs(values).max())[-n_features:]
    return np.sum(vectors[:, leading] ** 2, axis=1)


def objective_shares(adjacency: np.ndarray) -> np.ndarray:
    """How much Eq (1) listens to each client: the mean over clients of 1/|A_i| on the neighbourhoods, (N,)."""
    members = adjacency.astype(float) + np.eye(len(adjacency))
    return np.mean(members / members.sum(axis=1, keepdims=True), axis=0)


def complementary_local(at: Point, dim: float) -> np.ndarray:
    """1 - r_k of the first client at the others' coordinates: complementary masks, of a fixed count or not."""
    n = int(at["n_clients"])
    return 1 - represented(off_diagonal(signal_moment(n, tau_at(dim), 0)), n)[1:]


def complementary_federated(at: Point, dim: float) -> np.ndarray:
    """1 - r_k of the federated mean."""
    n = int(at["n_clients"])
    return 1 - represented(off_diagonal(mean_moment(np.full(n, 1 / n), tau_at(dim))), n)


def complementary_on_network(at: Point, dim: float) -> np.ndarray:
    """1 - r_k of the objective of Eq (1) on the point's network."""
    shares = objective_shares(network_at(at))
    return 1 - represented(off_diagonal(mean_moment(shares, tau_at(dim))), len(shares))


def leading_coordinates(at: Point, dim: float) -> np.ndarray:
    """1 - r_k over the leading 2N, c = 2N: N features are left for d - N pixels that are all alike."""
    n = int(at["n_clients"])
    own = 1 - represented(mean_moment(np.full(n, 1 / n), tau_at(dim)) + tau_at(dim) ** -2 * np.eye(n), n)
    return np.concatenate([own, np.full(n, 1 - n / (dim - n))])


def offsets_per_class(at: Point, dim: float) -> np.ndarray:
    """1 - r_k at the others' coordinates, one draw of offsets a class; further features share all directions alike."""
    n = int(at["n_clients"])
    rng = np.random.default_rng((int(at["draw"]), 9))
    means = np.column_stack([[1.0, -1.0], -tau_at(dim) * rng.integers(0, 2, (2, n - 1))])
    values, vectors = np.linalg.eigh(means.T @ means / 2)
    spanned = np.flatnonzero(values > ROUND_OFF * values.max())
    own = np.sum(vectors[:, spanned] ** 2, axis=1)
    rest = (n - len(spanned)) / (dim - len(spanned))
    return 1 - (own + rest * (1 - own))[1:]


def deficits_fall(
    deficits: Deficits,
    printed: float,
    because: str,
    named: Sequence[Point] = (),
    *,
    least_clients: int = 2,
    more: tuple[Parameter, ...] = (),
    said: str = "",
    features: str = AS_MANY,
) -> OnDomain:
    """The largest deficit falls with the dimension at least like d^printed."""

    def exponent(at: Point, effort: Effort) -> Sample:
        first, later = (float(deficits(at, float(at["dim"]) * f).max()) for f in (1, FACTOR))
        falls = math.log(later / first) / math.log(FACTOR) if min(first, later) > ROUND_OFF else GONE
        return Sample(np.array([falls]), EXPONENT_LEFT)

    clients = Whole("n_clients", least_clients, 16)
    assumes = POPULATION.format(features=features) + (f" {said}" if said else "")
    return OnDomain(
        Domain((clients, DIM, *more), quantifier=Quantifier.IN_THE_LIMIT, assumes=assumes, limit=LIMIT),
        Then("<=", lambda at: printed, exponent),
        because,
        Evidence.NUMERIC,
        corners=(2, 32),
        named=named,
    )


ON_NETWORKS: tuple[Parameter, ...] = (Choice("network", ("random", "tree", "ring", "path", "star", "complete")), DRAW)
WITH_OFFSETS: tuple[Parameter, ...] = (DRAW,)


def few_samples(scope: Scope, edge: float, because: str, named: Sequence[Point] = ()) -> OnDomain:
    """The second-order deficit of contrast, one draw a sample, falls at least like d^(-3/5) with n_i = d^beta samples.

    `edge` is the growth beta below which that is said; infinite where it is said of every beta from 1 on.
    """

    def exponent(at: Point, effort: Effort) -> Sample:
        sizes = [float(at["dim"]) * f for f in (1, FACTOR)]
        first, later = (
            deficit(
                Setting.paper(int(d), float(at["beta"]), n_clients=int(at["n_clients"])), Objective.CL, scope, draws=1
            )
            for d in sizes
        )
        return Sample(np.array([math.log(later / first) / math.log(FACTOR)]), EXPONENT_LEFT)

    return OnDomain(
        Domain(
            (CLIENTS, DIM, Real("beta", 1.0, edge, "[)", reach=(1.0, min(edge, MOST_GROWTH)))),
            quantifier=Quantifier.IN_THE_LIMIT,
            assumes="The paper's data model without rare classes, tau = d^(1/5) and mu = d^(-1/5), with d^beta samples "
            "a client and augmentation noise of standard deviation 1; to second order. The number of clients stays as "
            "the dimension grows.",
            limit=LIMIT,
        ),
        Then("<=", lambda at: CL_EXPONENT, exponent),
        because,
        Evidence.NUMERIC,
        corners=(2, 32),
        named=named,
    )


def transformed_signal(at: Point) -> tuple[np.ndarray, float]:
    """A diagonal H: its entries on the signal, drawn and shifted until their sum is positive, and the one elsewhere."""
    drawn = np.random.default_rng((int(at["draw"]), 10)).standard_normal(int(at["n_clients"]))
    return drawn - min(float(drawn.sum()), 0.0) / len(drawn) + at["trace_share"], float(at["elsewhere"])


def positive_trace_represents(because: str, named: Sequence[Point] = ()) -> OnDomain:
    """With dissimilar views, H diagonal with a positive trace on the signal, the least r_k tends to 1."""

    def least(at: Point, effort: Effort) -> Sample:
        n, dim = int(at["n_clients"]), float(at["dim"])
        entries, elsewhere = transformed_signal(at)
        noise = dim**-0.4
        moment = entries[:, None] * (mean_moment(np.full(n, 1 / n), tau_at(dim)) + noise * np.eye(n))
        values, vectors = np.linalg.eigh((moment + moment.T) / 2)
        # Pixels outside the signal have the value elsewhere mu^2, and there are more of them than features.
        kept = values > max(elsewhere * noise, 0.0)
        return Sample(np.array([np.sum(vectors[:, kept] ** 2, axis=1).min()]), ROUND_OFF)

    return OnDomain(
        Domain(
            (
                CLIENTS,
                DIM,
                Real("trace_share", 0.0, np.inf, "()", reach=(0.01, 1.0), is_log=True),
                Real("elsewhere", 0.0, np.inf, "[)", reach=(0.0, 100.0)),
                DRAW,
            ),
            (
                Condition(
                    "at least twice as many dimensions as clients",
                    r"d \ge 2N",
                    lambda p: p["dim"] >= 2 * p["n_clients"],
                ),
            ),
            Quantifier.IN_THE_LIMIT,
            POPULATION.format(features=AS_MANY)
            + " H is diagonal: its entries on the signal are drawn, with a sum of at least trace_share N; all others "
            "are `elsewhere`.",
            limit=LIMIT,
        ),
        Then("=", lambda at: 1.0, least, remainder=lambda at: 0.5),
        because,
        Evidence.NUMERIC,
        corners=(2, 32),
        named=named,
    )
