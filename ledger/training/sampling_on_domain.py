"""A server that samples clients, and the same clients on a network: where statements about their errors hold.

Clients are nearly alike here: each matrix is off their mean by at most `ALIKE` of the gap after `feature_dim`. Errors
are then of first order in these differences, and rounds are linear up to a share of the same size.
"""

import math
from functools import lru_cache

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Relation, Sample, Then
from ledger.drawn.drawn_networks import DRAW, OWN_WEIGHTS, OWN_WEIGHTS_WORDS, mixing_at, network_parameters
from ledger.statement import Evidence
from ledger.training.small_steps import FEATURES
from sims.linear.heterogeneity import exchangeable
from sims.linear.resting_clients import at_rest
from sims.linear.sampled_clients import squared_errors
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Value, Whole
from theory.objectives.curvature import Curvature, curvature
from theory.training.participation import crossover_step_size, partial_participation_error

ALIKE = 0.01
# Rates, forces and the projector change by at most that share each, the force of a client counted twice.
REMAINDER = 4 * ALIKE
NOISE = 0.1  # of the mean over runs: three standard errors of it are less
CLEAR_GAP = 0.2  # of the largest eigenvalue: rounds are as many as its inverse
RUNS = (150, 800)
ROUND_OFF = 1e-24  # of a squared subspace error
TIGHT = {
    **{"n_clients": 4, "network": "complete", "mixing": "lazy", "n_sampled": 1},
    **{"dim": 4, "feature_dim": 2, "pace": 0.1, "draw": 3},
}
SAMPLED = Condition("n_sampled below n_clients", "C < N", lambda p: p["n_sampled"] < p["n_clients"])
ASSUMES = (
    "Clients train linear encoders on the alignment loss. Each matrix is off their mean by at most 1% of the gap after "
    "feature_dim. The server draws n_sampled clients afresh each round; pace is step_size times 4 local_steps times "
    "the largest eigenvalue of the mean matrix."
)


def parameters(local_steps: int) -> tuple[Parameter, ...]:
    """Sizes, clients a round, local steps if there is a choice, and the pace."""
    steps: tuple[Parameter, ...] = (Whole("local_steps", 1, local_steps),) if local_steps > 1 else ()
    return (
        Whole("n_sampled", 1, 7),
        *(Whole("dim", 2, 6), Whole("feature_dim", 1, 5)),
        *steps,
        Real("pace", 0.0, 1.0, "(]", reach=(0.3, 1.0), is_log=True),
        DRAW,
    )


GAP = Condition(
    f"the mean matrix has a gap after feature_dim of {CLEAR_GAP:g} of its largest eigenvalue",
    rf"\theta_c - \theta_{{c+1}} \ge {CLEAR_GAP:g}\,\theta_1",
    lambda at: FEATURES.holds(at) and shape_at(at).gap >= CLEAR_GAP * float(shape_at(at).values[0]),
)


def server_domain() -> Domain:
    """Any number of clients of which the server samples fewer, any sizes and local steps."""
    return Domain(
        (Whole("n_clients", 2, 8), *parameters(4)),
        (SAMPLED, FEATURES, GAP),
        Quantifier.IN_THE_LIMIT,
        ASSUMES,
        limit="of nearly alike clients",
    )


def all_clients_check(because: str) -> OnDomain:
    """The squared error of a server that every client trains with in every round is the predicted one."""
    domain = Domain(
        (
            Whole("n_clients", 2, 8),
            *(Whole("dim", 2, 6), Whole("feature_dim", 1, 5)),
            Whole("local_steps", 2, 4),
            Real("pace", 0.0, 1.0, "(]", reach=(0.01, 1.0), is_log=True),
            DRAW,
        ),
        (FEATURES, GAP),
        Quantifier.IN_THE_LIMIT,
        f"{ASSUMES} Here all clients train in each round.",
        limit="of small steps, pace to 0",
    )

    def predicted(at: Point) -> float:
        return _predicted({**at, "n_sampled": at["n_clients"]}) / _largest_drift(at) ** 2

    def simulated(at: Point, _: Effort) -> Sample:
        found = _simulated({**at, "n_sampled": at["n_clients"]}, Effort(1, 0))
        return Sample(found.values / _largest_drift(at) ** 2, ROUND_OFF / _largest_drift(at) ** 2)

    def remainder(at: Point) -> float:
        # A round changes what it acts on by at most this share of it, and the differences act on each other once more.
        left = float(at["pace"]) + 2 * ALIKE
        return 2 * left * math.sqrt(predicted(at)) + left**2

    then = Then("=", predicted, simulated, 0.0, remainder, is_argued=True)
    named = [{"n_clients": 4, "dim": 4, "feature_dim": 2, "local_steps": 3, "pace": 0.01, "draw": 3}]
    return OnDomain(domain, then, because, Evidence.NUMERIC, (6, 60), corners=(2, 16), named=named)


def _largest_drift(at: Point) -> float:
    """eta (E - 1) |D|^2 over the gap, in Frobenius norm on both sides: no first-order drift is larger."""
    x, shape, c = clients_at(at), shape_at(at), int(at["feature_dim"])
    squared = float(np.linalg.norm(x - x.mean(axis=0), 2, axis=(1, 2)).max()) ** 2
    return step_at(at) * (int(at["local_steps"]) - 1) * squared / shape.gap * math.sqrt(2 * c)


def network_domain() -> Domain:
    """One local step, and networks whose mixing has no negative eigenvalue and leaves models apart."""
    return Domain(
        (*network_parameters(8, rules=("metropolis", "lazy", "laplacian", OWN_WEIGHTS)), *parameters(1)),
        (
            SAMPLED,
            FEATURES,
            GAP,
            Condition(
                "a symmetric mixing matrix whose eigenvalues are not negative and not all 0 besides the 1",
                r"\lambda_N \ge 0 < \lambda_2",
                lambda at: _modes(at)[0] >= 0 and _modes(at)[-2] > 1e-3,
            ),
        ),
        Quantifier.IN_THE_LIMIT,
        f"{ASSUMES} {OWN_WEIGHTS_WORDS}",
        limit="of nearly alike clients",
    )


def server_check(because: str) -> OnDomain:
    """The simulated server's squared error is the predicted one."""
    then = Then("=", _predicted, _simulated, NOISE, lambda at: REMAINDER * _predicted(at), is_argued=True)
    return OnDomain(server_domain(), then, because, Evidence.SAMPLED, (3, 24), RUNS, (1, 8))


def ratio_check(relation: Relation, because: str) -> OnDomain:
    """The server's squared error over the network's, against the crossing step size over the step size."""

    def claimed(at: Point) -> float:
        return least_ratio(at) if relation == ">=" else most_ratio(at)

    def measured(at: Point, effort: Effort) -> Sample:
        network = at_rest(mixing_at(at), clients_at(at), step_at(at), 1, int(at["feature_dim"]))
        return Sample(_simulated(at, effort).values / network.local_error_squared)

    then = Then(relation, claimed, measured, remainder=lambda at: REMAINDER * claimed(at), is_argued=True)
    return OnDomain(network_domain(), then, because, Evidence.SAMPLED, (3, 24), RUNS, (1, 8), [TIGHT])


def least_ratio(at: Point) -> float:
    """The crossing step size over the step size."""
    return _crossing(at) / step_at(at)


def most_ratio(at: Point) -> float:
    """That times (1 + eta h g)^2 / (1 - eta h/2), h the largest rate, g = lam/(1 - lam) of the slowest mode."""
    rate = step_at(at) * float(shape_at(at).rates[:, int(at["feature_dim"]) :].max())
    slowest = float(_modes(at)[-2])
    return least_ratio(at) * (1 + rate * slowest / (1 - slowest)) ** 2 / (1 - rate / 2)


def clients_at(at: Point) -> np.ndarray:
    """The nearly alike clients of a point, (N, d, d)."""
    return _clients(int(at["draw"]), int(at["n_clients"]), int(at["dim"]), int(at["feature_dim"]))


@lru_cache(maxsize=4096)
def _clients(seed: int, n_clients: int, dim: int, feature_dim: int) -> np.ndarray:
    x = exchangeable(seed, n_clients, dim, feature_dim, 0.5)
    mean = x.mean(axis=0)
    values = np.linalg.eigvalsh(mean)[::-1]
    gap = float(values[feature_dim - 1] - values[feature_dim])
    return mean + (x - mean) * ALIKE * gap / float(np.linalg.norm(x - mean, 2, axis=(1, 2)).max())


def shape_at(at: Point) -> Curvature:
    """The optimum for the mean of the clients, and the curvature there."""
    return _shape(int(at["draw"]), int(at["n_clients"]), int(at["dim"]), int(at["feature_dim"]))


@lru_cache(maxsize=4096)
def _shape(seed: int, n_clients: int, dim: int, feature_dim: int) -> Curvature:
    return curvature(_clients(seed, n_clients, dim, feature_dim).mean(axis=0), feature_dim)


def step_at(at: Point) -> float:
    """The step size of a point."""
    return float(at["pace"]) / (4 * int(at.get("local_steps", 1)) * float(shape_at(at).values[0]))


def _predicted(at: Point) -> float:
    steps = int(at["local_steps"])
    return partial_participation_error(clients_at(at), int(at["feature_dim"]), int(at["n_sampled"]), step_at(at), steps)


def _simulated(at: Point, effort: Effort) -> Sample:
    c, sampled, steps = int(at["feature_dim"]), int(at["n_sampled"]), int(at.get("local_steps", 1))
    return Sample(squared_errors(effort.seed, clients_at(at), c, sampled, step_at(at), steps, effort.trials))


def _modes(at: Point) -> np.ndarray:
    return _eigenvalues(tuple((k, at[k]) for k in ("n_clients", "network", "mixing", "draw")))


@lru_cache(maxsize=4096)
def _eigenvalues(names: tuple[tuple[str, Value], ...]) -> np.ndarray:
    return np.linalg.eigvalsh(mixing_at(dict(names)))


def _crossing(at: Point) -> float:
    return crossover_step_size(mixing_at(at), clients_at(at), int(at["feature_dim"]), int(at["n_sampled"]))
