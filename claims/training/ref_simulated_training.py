"""Whether the simulator of training keeps what it says: a step size that is safe, and the names of what a run came to.

Other claims and commands rest on both. `stable_step_size` promises a ball that no model leaves; `train` says whether a
run converged, diverged, reached a level, or still moves.
"""

import math
from functools import lru_cache

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, RINGS_ARE_WIDE, mixing_at, network_parameters
from ledger.drawn.drawn_trainings import BETWEEN
from ledger.statement import Claim, Evidence, Statement
from sims.linear.objective import optimum, random_start, stable_step_size
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.domain import Choice, Domain, Point, Real, Whole
from theory.formula import Source

ROUND_OFF = 1e-9
SCALE = Real("scale", 0.0, math.inf, "()", reach=(1e-2, 1e2), is_log=True)
CLIENTS = (
    "Clients have linear alignment losses. Their matrices share eigenvalues in [1, 2] on feature_dim axes, "
    "and in [0, 1/2] on the rest; each adds a random positive semi-definite matrix of norm `difference`; all are "
    "multiplied by `scale`. Metropolis weights, and a common random start."
)
# What a run can come to, by how long it is, how large its step is, and whether gradients are noisy.
NAMES = ("converged", "moving", "diverged", "level")
ENDS = {
    "at rest": "converged",
    "a share of 1e-5 left": "moving",
    "just begun": "moving",
    "step beyond stability": "diverged",
    "noisy, at its level": "level",
    "noisy, just begun": "moving",
}
SAYS = {"settled": "converged", "still move": "moving", "beyond stability": "diverged", "fluctuates": "level"}
LEFT, TILT = 1e-5, 1e-3


def matrices_at(at: Point) -> np.ndarray:
    """The clients' matrices, (N, d, d)."""
    return _matrices(
        *(int(at[k]) for k in ("n_clients", "dim", "feature_dim", "draw")), float(at["difference"])
    ) * float(at["scale"])


@lru_cache(maxsize=1024)
def _matrices(n: int, dim: int, feature_dim: int, draw: int, difference: float) -> np.ndarray:
    rng = np.random.default_rng((draw, 21))
    axes = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    values = np.concatenate([rng.uniform(1, 2, feature_dim), rng.uniform(0, 0.5, dim - feature_dim)])
    own = rng.standard_normal((n, dim, dim))
    own = own @ own.mT
    return (axes * values) @ axes.T + difference * own / np.linalg.norm(own, 2, axis=(1, 2))[:, None, None]


BALL = Domain(
    (
        *network_parameters(8),
        Whole("dim", 2, 8),
        Whole("feature_dim", 1, 4),
        Real("difference", 0.0, 1.0, "[]", reach=(0.0, 1.0)),
        SCALE,
        Whole("local_steps", 1, 8),
        Real("begun_at", 0.0, 1.0, "(]", reach=(0.01, 1.0), is_log=True),
        DRAW,
    ),
    (BETWEEN, RINGS_ARE_WIDE),
    assumes=f"{CLIENTS} The start is scaled so that its squared norm is `begun_at` times the largest eigenvalue. Fifty "
    "rounds.",
)
ROUNDS = 50


def sizes(at: Point, _: Effort) -> Sample:
    """Over the largest eigenvalue: the squared norm of the random start, less it, and the largest after any round."""
    x, c = matrices_at(at), int(at["feature_dim"])
    largest = float(np.linalg.eigvalsh(x).max())
    start = random_start(int(at["draw"]), x, c)
    models = start * math.sqrt(float(at["begun_at"]) * largest) / np.linalg.norm(start[0], 2)
    most = float(at["begun_at"]) * largest
    options = TrainingOptions(step_size=stable_step_size(x), rounds=1, local_steps=int(at["local_steps"]))
    for _round in range(ROUNDS):
        models = train(models, x, mixing_at(at), options).post_mix
        most = max(most, float(np.linalg.norm(models, 2, axis=(1, 2)).max()) ** 2)
    begun = np.linalg.norm(start[0], 2) ** 2
    return Sample(np.array([[begun, -begun, most]]) / largest, ROUND_OFF)


ENDED = Domain(
    (
        Choice("run", tuple(ENDS)),
        *network_parameters(6),
        Whole("dim", 2, 6),
        Whole("feature_dim", 1, 3),
        Real("difference", 0.0, 0.05, "(]", reach=(0.001, 0.05), is_log=True),
        SCALE,
        DRAW,
    ),
    (BETWEEN, RINGS_ARE_WIDE),
    assumes=f"{CLIENTS} One local step. Runs of this many times 1 / (step size times gap) rounds are at rest, or at "
    "their level: 100. A step beyond stability is 2 / (largest eigenvalue).",
)


def name_of(at: Point, _: Effort) -> Sample:
    """The place in `NAMES` of what the simulator says of the run."""
    x, c, run = matrices_at(at), int(at["feature_dim"]), str(at["run"])
    mean = x.mean(axis=0)
    values = np.linalg.eigvalsh(mean)[::-1]
    step = 2 / float(values[0]) if run == "step beyond stability" else stable_step_size(x)
    start, noise = random_start(int(at["draw"]), x, c), 0.0
    rounds = math.ceil(100 / (step * float(values[c - 1] - values[c])))
    if "begun" in run:
        rounds = 7
    if run == "a share of 1e-5 left":
        x, start, rounds = _tilted(mean, c, len(x), step)
    if "noisy" in run:
        noise = 0.01 * float(values[0]) ** 1.5
    found = train(start, x, mixing_at(at), TrainingOptions(step_size=step, rounds=rounds, gradient_noise=noise))
    (name,) = (name for words, name in SAYS.items() if words in found.message)
    return Sample(np.array([1.0 + NAMES.index(name)]))


def _tilted(mean: np.ndarray, c: int, n: int, step: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Equal clients that begin at their optimum, its last feature tilted towards the first direction left out.

    That is the slowest way to rest there is: each round leaves 1 - 2 step (gap) of the tilt.
    """
    values, vectors = np.linalg.eigh(mean)
    best = optimum(mean, c)
    aside = vectors[:, -c - 1] * math.sqrt(float(values[-c]))
    tilted = best + TILT * np.outer(best @ vectors[:, -c] / math.sqrt(float(values[-c])), aside)
    gap = float(values[-c] - values[-c - 1])
    return np.stack([mean] * n), np.stack([tilted] * n), math.ceil(math.log(TILT / LEFT) / (2 * step * gap))


CLAIM = Claim(
    id="ref-simulated-training",
    title="What the simulator says of a training",
    items=("simulated-training",),
    source=Source("ledger", "sims.linear.objective.stable_step_size and sims.linear.trajectory"),
    question="Does the simulator of training use safe step sizes, and say rightly what became of a run?",
    statements=(
        Statement(
            "simulated.safe-step",
            "corrected",
            "With the step size 1/(6 x), x the largest eigenvalue of any client's matrix, no model's squared norm ever "
            "exceeds x if it does not at the start. The random start has x/100.",
            OnDomain(
                BALL,
                Then("<=", lambda _: np.array([0.01, -0.01, 1.0]), sizes),
                "A step maps the ball of squared radius x into itself, and so does averaging.",
                Evidence.NUMERIC,
                points=(6, 60),
                corners=(2, 16),
            ),
            latex=r"\max_i \|W_i\|_2^2 \le \max_i \|X_i\|_2 \text{ for } \eta = 1/(6 \max_i \|X_i\|_2)",
        ),
        Statement(
            "simulated.called-by-name",
            "corrected",
            'The simulator names how a run ended. It is "converged" at rest, and "moving" if it has just '
            'begun or a share of 1e-5 of the way is left. It is "diverged" if the step size is too large for '
            'stability, and "level" if gradient noise keeps it at one level.',
            OnDomain(
                ENDED,
                Then("=", lambda at: 1.0 + NAMES.index(ENDS[str(at["run"])]), name_of),
                "The last two records show how fast the moves shrink. The sum of the geometric series of moves "
                "says how much is left.",
                Evidence.NUMERIC,
                points=(3, 60),
                corners=(0, 0),
                named=[
                    {
                        "run": run,
                        "n_clients": 4,
                        "network": "ring",
                        "dim": 4,
                        "feature_dim": 2,
                        "difference": 0.02,
                        "scale": 3.0,
                        "draw": 1,
                    }
                    for run in ENDS
                ],
            ),
        ),
    ),
)
