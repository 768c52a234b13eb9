"""Linear encoders trained over a drawn network, in the limit of small steps: domains, and what is measured there.

A point names the clients (`n_clients`, `dim`, `feature_dim`, `level`, `draw`), the network and the mixing rule where
there is a choice, and `local_steps`. Clients' matrices are (1 - level) B + level S_i: B is common and has a gap after
`feature_dim`, S_i is the client's own random matrix. At level 1 they have nothing in common but their law.
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import permutations

import numpy as np

from ledger.checks.on_domain import Effort, Sample
from ledger.drawn.drawn_networks import (
    DRAW,
    NETWORKS,
    OWN_WEIGHTS,
    OWN_WEIGHTS_WORDS,
    mixing_at,
    network_at,
    network_parameters,
)
from sims.linear.heterogeneity import exchangeable
from sims.linear.resting_clients import Trained
from sims.linear.small_steps import SETTLED, limit_of, mean_projectors, placed_at_rest, rest, small_step
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.networks.mixing import Mixing
from theory.training.consensus_curvature import LinearTraining

SMALL_STEPS = "of small step sizes"
CLIENTS = (
    "Clients train linear encoders on the alignment loss. The matrix of client i is (1 - level) B + level S_i: B is "
    "common to all, S_i is the client's own, and both are drawn."
)
CLEAR_GAP = 0.02  # of the largest eigenvalue; the limit is there for any gap, and steps must be smaller for a smaller
SAME = 1e-9  # weights nearer to one another than this are equal but for rounding
EXTRAPOLATED = 1.0  # the last extrapolation moves the limit by more than it leaves open
Matrices = np.ndarray


def client_parameters(largest_dim: int = 6, local_steps: int = 5, least_dim: int = 2) -> tuple[Parameter, ...]:
    """The sizes, the local steps (left out where there is one only), how unlike clients are, and the draw."""
    steps: tuple[Parameter, ...] = (Whole("local_steps", 1, local_steps),) if local_steps > 1 else ()
    sizes = Whole("dim", least_dim, largest_dim), Whole("feature_dim", 1, largest_dim - 1)
    return *sizes, *steps, Real("level", 0.0, 1.0, "(]", reach=(0.02, 1.0), is_log=True), DRAW


def trained_domain(
    reach: int = 8,
    *,
    least: int = 3,
    networks: tuple[str, ...] = NETWORKS,
    rules: tuple[str, ...] = ("metropolis",),
    least_dim: int = 2,
    largest_dim: int = 6,
    local_steps: int = 5,
    further: tuple[Condition, ...] = (),
    assumes: str = CLIENTS,
) -> Domain:
    """Networks, clients and local steps, in the limit of small steps."""
    names = network_parameters(reach, least=least, networks=networks, rules=rules)
    parameters = (*names, *client_parameters(largest_dim, local_steps, least_dim))
    conditions = (FEATURES, a_gap(rules[0]), *further)
    words = f"{assumes} {OWN_WEIGHTS_WORDS}" if OWN_WEIGHTS in rules else assumes
    return Domain(parameters, conditions, Quantifier.IN_THE_LIMIT, words, limit=SMALL_STEPS)


def drifting(rule: str = "metropolis") -> Condition:
    """The averaged model moves off at all: a server that averages after every step stays at the optimum."""
    return Condition(
        "more than one local step, or a network that does not act as a server",
        r"E > 1\ \text{or}\ M \ne 11^T/N",
        lambda at: steps_at(at) > 1 or float(np.ptp(mixing_at(at, rule))) > SAME,
    )


APART = Condition(
    "a network that leaves models apart: M is not 11^T/N",
    r"M \ne 11^T/N",
    lambda at: float(np.ptp(mixing_at(at))) > SAME,
)
FEATURES = Condition("feature_dim below dim", "c < d", lambda p: p["feature_dim"] < p["dim"])


def a_gap(rule: str = "metropolis", network: str = "") -> Condition:
    """The clients' mean matrix, as training weighs them, tells the represented directions from the others.

    The network is the point's own, unless the condition is about another one.
    """
    whose = (" as the network weighs them" if rule == "uniform" else "") + (f" on the {network}" if network else "")
    fixed = {"network": network} if network else {}
    return Condition(
        f"the mean of the clients' matrices{whose} has a gap after feature_dim of {CLEAR_GAP:g} of its largest "
        "eigenvalue",
        rf"\theta_c - \theta_{{c+1}} \ge {CLEAR_GAP:g}\,\theta_1",
        lambda at: FEATURES.holds(at) and relative_gap({**at, **fixed}, rule) >= CLEAR_GAP,
    )


def relative_gap(at: Point, rule: str = "metropolis") -> float:
    """theta_c - theta_{c+1} of the mean matrix as training weighs the clients, over theta_1."""
    names = ("n_clients", "network", "draw")
    weights = _uniform_weights(*(at[k] for k in names)) if at.get("mixing", rule) == "uniform" else None
    return _relative_gap(*_identity(at, int(at["n_clients"])), weights)


def matrices_at(at: Point, n_clients: int | None = None) -> Matrices:
    """The clients' matrices of a point, (N, d, d)."""
    return _matrices(*_identity(at, n_clients or int(at["n_clients"])))


def _identity(at: Point, n_clients: int) -> tuple[int, int, int, int, float]:
    return int(at["draw"]), n_clients, int(at["dim"]), int(at["feature_dim"]), float(at["level"])


# The corners of a domain repeat the same clients on every network, hundreds of times.
@lru_cache(maxsize=4096)
def _matrices(draw: int, n_clients: int, dim: int, feature_dim: int, level: float) -> Matrices:
    return exchangeable(draw, n_clients, dim, feature_dim, level)


@lru_cache(maxsize=4096)
def _relative_gap(
    draw: int, n_clients: int, dim: int, feature_dim: int, level: float, weights: tuple[float, ...] | None
) -> float:
    x = _matrices(draw, n_clients, dim, feature_dim, level)
    values = np.linalg.eigvalsh(np.average(x, axis=0, weights=weights))[::-1]
    return float((values[feature_dim - 1] - values[feature_dim]) / values[0])


@lru_cache(maxsize=4096)
def _uniform_weights(n_clients: int, network: str, draw: int) -> tuple[float, ...]:
    """What training weighs clients by under uniform averaging: the sizes of their neighbourhoods."""
    sizes = network_at({"n_clients": n_clients, "network": network, "draw": draw}).sum(axis=1) + 1
    return tuple(sizes / sizes.sum())


def steps_at(at: Point) -> int:
    """The local steps of a point, one where it names none."""
    return int(at.get("local_steps", 1))


def limit_at_rest(
    quantity: Callable[[Trained], float | np.ndarray], mixing: Mixing, matrices: Matrices, at: Point, power: int
) -> tuple[np.ndarray, float]:
    """The limit of a quantity of models at rest over the step size to a power, and how well it is known."""
    c, steps = int(at["feature_dim"]), steps_at(at)
    first = small_step(mixing, matrices, c, steps)

    def measure(eta: float) -> np.ndarray:
        problem = LinearTraining(mixing, matrices, c, eta, steps)
        return np.asarray(quantity(Trained(problem, rest(mixing, matrices, c, eta, steps)))) / eta**power

    return resolved(*limit_of(measure, first), first, power)


def limit_over_placements(
    quantity: Callable[[np.ndarray], np.ndarray], mixing: Mixing, matrices: Matrices, at: Point, power: int
) -> tuple[np.ndarray, float]:
    """The same of the models of every placement of the clients, (placements, N, c, d); `quantity` takes the mean."""
    c, steps = int(at["feature_dim"]), steps_at(at)
    placed = matrices[np.array(list(permutations(range(len(matrices)))))]
    first = small_step(mixing, matrices, c, steps)

    def measure(eta: float) -> np.ndarray:
        return np.asarray(quantity(placed_at_rest(mixing, placed, c, eta, steps))) / eta**power

    return resolved(*limit_of(measure, first), first, power)


def resolved(value: np.ndarray, moved: float, first: float, power: int) -> tuple[np.ndarray, float]:
    """A limit, with the round-off of the models added to what extrapolation leaves.

    Rest is found up to a change of a round by SETTLED. That leaves models off by this over the pull of a round, and
    what is divided by the step size by that once more over the step size.
    """
    largest = max(1.0, float(np.abs(value).max()))
    return value, EXTRAPOLATED * moved + SETTLED * largest * (4 / first) ** (1 + min(power, 1))


def one(value: tuple[float | np.ndarray, float]) -> Sample:
    """A number, or an array, that is measured once."""
    return Sample(np.asarray(value[0], dtype=float)[None], value[1])


def measured_at_rest(
    quantity: Callable[[Trained], float | np.ndarray], power: int, rule: str = "metropolis"
) -> Callable[[Point, Effort], Sample]:
    """`limit_at_rest` of the network and the clients that a point names."""
    return lambda at, effort: one(limit_at_rest(quantity, mixing_at(at, rule), matrices_at(at), at, power))


def mean_consensus(models: np.ndarray) -> np.ndarray:
    """The consensus error (1/N) sum |W_i - mean|^2, the mean over placements."""
    apart = models - models.mean(axis=1, keepdims=True)
    return np.mean(np.sum(apart**2, axis=(1, 2, 3))) / models.shape[1]


def mean_squared_error(wanted: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """|P - P*|_F^2 of the plain mean model, the mean over placements; `wanted` is P*."""
    return lambda models: np.mean(np.sum((mean_projectors(models) - wanted) ** 2, axis=(1, 2)))


def first_order_tilt(mean: np.ndarray, added: np.ndarray, feature_dim: int) -> float:
    """|dP|_F of the leading eigenvectors of `mean`, to first order in what is `added` to it.

    Source: first-order perturbation of eigenvectors. Units: dimensionless. Errors: none.
    """
    values, vectors = np.linalg.eigh(mean)
    across = vectors[:, -feature_dim:].T @ added @ vectors[:, :-feature_dim]
    apart = values[-feature_dim:, None] - values[None, :-feature_dim]
    return float(np.sqrt(2) * np.linalg.norm(across / apart))
