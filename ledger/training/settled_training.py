"""Linear encoders trained round by round on a drawn network, beside the models at rest that are solved for.

Rounds go on until the slowest of them has shrunk what is left of the start to a share of 1e-11. Their number follows
from the rates at which local steps and mixing forget, for clients that are alike; those here differ little.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ledger.checks.on_domain import OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, NETWORKS, mixing_at, network_parameters
from ledger.statement import Evidence
from ledger.training.small_steps import CLIENTS, FEATURES, drifting, matrices_at, steps_at
from sims.linear.resting_clients import Trained, at_rest
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Value, Whole
from theory.networks.mixing import Mixing, perron_weights
from theory.objectives.linear_alignment import gradient
from theory.training.consensus_curvature import LinearTraining
from theory.training.subspace_drift import drift_form

LEFT = 1e-11  # of the start, when the rounds end
ROUND_OFF = 1e-10  # of distances, after thousands of rounds
CLEAR_GAP = 0.2  # of the largest eigenvalue: rounds are as many as its inverse
KEEPS_ORDER = 0.25  # of the gap, by which the first order may move an eigenvalue
PACE = "step_size times 4 local_steps times the largest eigenvalue of the mean matrix"

Problem = tuple[Mixing, np.ndarray, int, float, int]
Measure = Callable[[Trained], np.ndarray]


def distances(trained: Trained) -> np.ndarray:
    """How far the models are from one another (root mean square), and their average from the common optimum."""
    return np.array([math.sqrt(trained.consensus), trained.drift])


def settled_check(
    rules: tuple[str, ...],
    because: str,
    *,
    networks: tuple[str, ...] = NETWORKS,
    matrices: Callable[[Point], np.ndarray] = matrices_at,
    local_steps: int = 3,
    sizes: tuple[int, int] = (3, 8),
    points: tuple[int, int] = (3, 60),
) -> OnDomain:
    """Training from the common optimum ends at the models at rest: distances between models, and to the optimum."""
    then = Then(
        "=",
        lambda at: distances(at_rest(*_arguments(problem_at(at, rules, matrices)))),
        lambda at, effort: _after_rounds(problem_at(at, rules, matrices)),
    )
    given = settled_domain(rules, networks, matrices, local_steps, sizes)
    return OnDomain(given, then, because, Evidence.NUMERIC, points=points, corners=(1, 12))


def settled_domain(
    rules: tuple[str, ...],
    networks: tuple[str, ...],
    matrices: Callable[[Point], np.ndarray],
    local_steps: int,
    sizes: tuple[int, int],
) -> Domain:
    """Networks and clients that differ little against the gap: what is solved for is where rounds from there end."""
    steps: tuple[Parameter, ...] = (Whole("local_steps", 1, local_steps),) if local_steps > 1 else ()

    @lru_cache(maxsize=4096)
    def facts(key: tuple[tuple[str, Value], ...]) -> tuple[float, float, float]:
        """Gap and largest eigenvalue of the mean matrix, and by how much drift moves one at most, at pace 1."""
        mixing, x, c, step, steps = problem_at({**dict(key), "pace": 1.0}, rules, matrices)
        mean = np.einsum("i,ikl->kl", perron_weights(mixing), x)
        values = np.linalg.eigvalsh(mean)[::-1]
        apart = float(np.linalg.norm(x - mean, 2, axis=(1, 2)).max())
        moved = step * float(np.linalg.norm(drift_form(mixing, steps), 2)) * apart**2
        return float(values[c - 1] - values[c]), float(values[0]), moved

    def without_pace(at: Point) -> tuple[tuple[str, Value], ...]:
        return tuple((name, value) for name, value in at.items() if name != "pace")

    def has_gap(at: Point) -> bool:
        gap, largest, _ = facts(without_pace(at))
        return gap >= CLEAR_GAP * largest

    def keeps_order(at: Point) -> bool:
        gap, _, moved = facts(without_pace(at))
        return at["pace"] * moved <= KEEPS_ORDER * gap

    return Domain(
        (
            *network_parameters(sizes[1], least=sizes[0], networks=networks, rules=rules),
            *(Whole("dim", 3, 6), Whole("feature_dim", 1, 5)),
            *steps,
            Real("level", 0.0, 0.2, "(]", reach=(0.02, 0.2), is_log=True),
            Real("pace", 0.0, 0.5, "(]", reach=(0.1, 0.5), is_log=True),
            DRAW,
        ),
        (
            FEATURES,
            drifting(rules[0]),
            Condition(
                f"the mean matrix has a gap after feature_dim of {CLEAR_GAP:g} of its largest eigenvalue",
                rf"\theta_c - \theta_{{c+1}} \ge {CLEAR_GAP:g}\,\theta_1",
                lambda at: FEATURES.holds(at) and has_gap(at),
            ),
            Condition(
                f"the drift that the network adds to an eigenvalue is at most {KEEPS_ORDER:g} of that gap",
                rf"\eta \max|\kappa| \max_i |D_i|^2 \le {KEEPS_ORDER:g}\,(\theta_c - \theta_{{c+1}})",
                lambda at: FEATURES.holds(at) and keeps_order(at),
            ),
        ),
        Quantifier.IN_THE_LIMIT,
        f"{CLIENTS} All start at the common optimum; pace is {PACE}.",
        limit="of many rounds",
    )


def problem_at(at: Point, rules: tuple[str, ...], matrices: Callable[[Point], np.ndarray]) -> Problem:
    """Mixing, clients' matrices, feature_dim, step size and local steps of a point."""
    mixing, x, steps = mixing_at(at, rules[0]), matrices(at), steps_at(at)
    largest = float(np.linalg.eigvalsh(np.einsum("i,ikl->kl", perron_weights(mixing), x))[-1])
    return mixing, x, int(at["feature_dim"]), float(at["pace"]) / (4 * steps * largest), steps


def _arguments(problem: Problem) -> tuple[Mixing, np.ndarray, float, int, int]:
    mixing, x, c, step, steps = problem
    return mixing, x, step, steps, c


def _after_rounds(problem: Problem) -> Sample:
    """Rounds as the algorithm has them, in NumPy: every client's local steps, then the mixing."""
    mixing, x, c, step, steps = problem
    training = LinearTraining(mixing, x, c, step, steps)
    models, pulls = training.start, training.shape.rates
    slowest = max(
        float(np.abs(1 - step * pulls[pulls > 0]).max()) ** steps, float(np.sort(np.abs(np.linalg.eigvals(mixing)))[-2])
    )
    for _ in range(math.ceil(1.5 * math.log(LEFT) / math.log(slowest))):
        for _ in range(steps):
            models = models - step * gradient(models, x)
        models = np.einsum("ij,jcd->icd", mixing, models)
    return Sample(distances(Trained(training, models))[None], ROUND_OFF)
