"""Linear clients that a point names by `n_clients`, `network`, `mixing`, `dim`, `feature_dim`, `difference` and `draw`.

All share one matrix, with a gap after `feature_dim` eigenvalues, and each adds a random positive semi-definite one of
its own whose norm is at most `difference` times that gap: the target is then unique for every weighing of the clients.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ledger.checks.on_domain import OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, REVERSIBLE, mixing_at, network_parameters
from ledger.statement import Evidence
from sims.linear.resting_clients import ROUND_OFF, Trained, at_rest
from theory.domain import Condition, Domain, Parameter, Point, Quantifier, Real, Whole
from theory.networks.mixing import perron_weights
from theory.training.consensus_curvature import LinearTraining
from theory.training.small_steps import LIPSCHITZ, response_norm

Models = np.ndarray  # (clients, feature, dim)
BETWEEN = Condition("feature_dim below dim", "c < d", lambda p: p["feature_dim"] < p["dim"])
CLIENTS = (
    "Clients have linear alignment losses; they share one matrix, with eigenvalues in [1, 2] on feature_dim random "
    "directions and in [0, 1 - gap] on the rest, and each adds a random positive semi-definite one of norm difference "
    "times gap at most."
)
STEP = (
    "The step size is stiffness / (6 x max(1, z)), x the largest eigenvalue of a client's matrix and z the norm of the "
    "network's response (I - M + 1 v^T)^-1 - I, in which client i counts with its training weight v_i."
)

LIMIT = "of small steps, stiffness to 0"
LETTERS = (
    "X_i are the clients' matrices, X_v = sum_i v_i X_i, D_i = X_i - X_v, Z the network's response, and X_eff = X_v + "
    "2 eta sum_ij v_i Z_ij D_j D_i. The averaged model has the weights v_i, and the target is what the optimum for X_v "
    "represents."
)
RESTING = f"{CLIENTS} {STEP} Training takes one local step a round and mixes reversibly; it is at rest. {LETTERS}"
SMALL_STEPS = (1e-3, 0.3)  # of stiffness: round-off hides the drift below, and remainders say little above


def slow(rule: str = "metropolis") -> Condition:
    """That one round of mixing does not bring all clients together, by the point's own rule or by `rule`."""
    return Condition(
        "mixing that one round does not finish",
        r"M \ne \mathbf 1v^\top",
        lambda at: response_norm(mixing_at(at, rule)) > 1e-9,
    )


SLOW = slow()


def resting(then: Then, because: str, *, named: Sequence[Point] = ()) -> OnDomain:
    """A statement about models at rest in the limit of small steps, or for all of them if it has no remainder."""
    is_limit = then.remainder is not None
    domain = Domain(
        resting_parameters(SMALL_STEPS),
        (BETWEEN, SLOW),
        Quantifier.IN_THE_LIMIT if is_limit else Quantifier.FOR_ALL,
        RESTING,
        limit=LIMIT if is_limit else "",
    )
    return OnDomain(domain, then, because, Evidence.NUMERIC, points=(6, 300), corners=(3, 64), named=named)


def client_parameters(
    dim: int = 8, feature_dim: int = 4, difference: float = 0.5, *, least_features: int = 1
) -> tuple[Parameter, ...]:
    """The clients' matrices; `BETWEEN` and `DRAW` are to be added."""
    return (
        Whole("dim", least_features + 1, dim),
        Whole("feature_dim", least_features, feature_dim),
        Real("gap", 0.0, 1.0, "(]", reach=(0.1, 0.9)),
        Real("difference", 0.0, difference, "(]", reach=(0.05, difference), is_log=True),
    )


def resting_parameters(
    stiffness: tuple[float, float], *, most: float = 1.0, reach: int = 12, rules: tuple[str, ...] = REVERSIBLE
) -> tuple[Parameter, ...]:
    """Clients on an undirected network with a step size by `STEP`; `BETWEEN` is to be added."""
    return (
        *network_parameters(reach, least=2, rules=rules),
        *client_parameters(),
        Real("stiffness", 0.0, most, "()", reach=stiffness, is_log=True),
        DRAW,
    )


def clients_near(at: Point) -> np.ndarray:
    """The clients' matrices, (N, d, d)."""
    n, d, c = (int(at[name]) for name in ("n_clients", "dim", "feature_dim"))
    gap, difference = float(at["gap"]), float(at["difference"])
    rng = np.random.default_rng((int(at["draw"]), 4))
    values = np.concatenate([1 + rng.random(c), (1 - gap) * rng.random(d - c)])
    values[c - 1], values[c] = 1.0, 1 - gap  # the gap is met
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    bases = np.linalg.qr(rng.normal(size=(n, d, d)))[0]
    own = (bases * (difference * gap * rng.random((n, 1, d)))) @ np.swapaxes(bases, 1, 2)
    matrices = (basis * values) @ basis.T + own
    return (matrices + np.swapaxes(matrices, 1, 2)) / 2


def problem_at(at: Point) -> LinearTraining:
    """The training of a point with a `stiffness`: its local steps are those of the point, or one."""
    return _problem(tuple(sorted(at.items())))


def rest_at(at: Point) -> Trained:
    """Its models at rest, a common rotation apart, each verified by a round. Errors: as `at_rest`."""
    return _rest(tuple(sorted(at.items())))


def step_at(mixing: np.ndarray, matrices: np.ndarray, stiffness: float, local_steps: int = 1) -> float:
    """The step size by `STEP`, over the number of local steps."""
    largest = float(np.linalg.eigvalsh(matrices).max())
    return stiffness / (LIPSCHITZ * local_steps * largest * max(1.0, response_norm(mixing)))


def simulated(problem: LinearTraining, start: Models, rounds: int) -> tuple[Models, np.ndarray]:
    """Models after each round, (rounds, N, c, d), and the sums of local gradients that led there, by plain loops."""
    models, sums = np.array(start), []
    path = []
    for _ in range(rounds):
        local = models
        for _ in range(problem.local_steps):
            # Written out here, so that the loss's own code is not asked about itself.
            gram = np.swapaxes(local, 1, 2) @ local
            local = local - problem.step_size * 2 * local @ (gram - problem.covariances)
        sums.append((models - local) / problem.step_size)
        models = np.tensordot(problem.mixing, local, 1)
        path.append(models)
    return np.array(path), np.array(sums)


def measurement(value: Any, resolution: float = 0.0) -> Sample:
    """What one measurement without randomness is: one draw."""
    return Sample(np.asarray(value, dtype=np.float64)[None], resolution)


def target_at(at: Point) -> np.ndarray:
    """The projector on what the optimum of the weighted objective represents, (d, d), by NumPy's eigenvectors."""
    p = problem_at(at)
    top = np.linalg.eigh(np.tensordot(perron_weights(p.mixing), p.covariances, 1))[1][:, -p.feature_dim :]
    return top @ top.T


def row_projector(model: np.ndarray) -> np.ndarray:
    """The projector on the rows of a model, (d, d), from its singular vectors."""
    rows = np.linalg.svd(model, full_matrices=False)[2]
    return rows.T @ rows


def averaged(trained: Trained) -> np.ndarray:
    """The mean of the models by their training weights, (c, d)."""
    return np.einsum("i,icd->cd", perron_weights(trained.problem.mixing), trained.models)


def turned(model: np.ndarray, towards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A model turned in the embedding as near as can be to another one, (c, d), and the rotation, (c, c)."""
    left, _, right = np.linalg.svd(towards @ model.T)
    return left @ right @ model, left @ right


def solved_to(trained: Trained) -> float:
    """How far entries of a projector at rest are known: what a round moves by round-off, over the loss's slowest pull.

    The models' singular values are about 1, so that a projector changes by no more than about as much as its models.
    """
    problem = trained.problem
    slowest = problem.step_size * problem.local_steps * 2 * problem.shape.gap
    return 4 * ROUND_OFF / min(slowest, 1.0)


@lru_cache(maxsize=64)
def _problem(items: tuple[tuple[str, object], ...]) -> LinearTraining:
    at: Mapping[str, object] = dict(items)
    matrices = clients_near(at)
    mixing = mixing_at(at, "uniform")
    local_steps = int(str(at.get("local_steps", 1)))
    step = step_at(mixing, matrices, float(str(at["stiffness"])), local_steps)
    return LinearTraining(mixing, matrices, int(str(at["feature_dim"])), step, local_steps)


@lru_cache(maxsize=64)
def _rest(items: tuple[tuple[str, object], ...]) -> Trained:
    p = _problem(items)
    return at_rest(p.mixing, p.covariances, p.step_size, p.local_steps, p.feature_dim)
