"""In the paper's own model the clients' matrices share eigenvectors: then no network tilts what training represents.

(18) makes every client's matrix diagonal. Training on any network then leaves the averaged model in the span of the
same coordinates, and with c = N every client's coordinate is represented whole. Their order can change.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW, REVERSIBLE, mixing_at, network_parameters
from ledger.drawn.drawn_trainings import SLOW, STEP, measurement, row_projector, step_at
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from sims.linear.heterogeneity import commuting
from sims.linear.objective import random_start
from sims.linear.resting_clients import projector
from sims.linear.trained_networks import mixing_of
from sims.linear.training import train
from sims.linear.training_options import TrainingOptions
from theory.domain import Domain, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.networks.mixing import perron_weights
from theory.objectives.curvature import top_projector
from theory.training.effective_covariance import effective_covariance, training_mean
from theory.training.overtaking import overtaking_rate, overtaking_remainder

PROOF = "docs/proofs/effective_covariance.md, 9"
Seen = tuple[bool, Mapping[str, Any]]
BLOCK, MOST_BLOCKS = 10.0, 40  # e-foldings of the slowest pull between two looks, and how many looks
ROUND_OFF = 1e-9
NEWTON_STEPS = 60
COMMON, SWING = (3.0, 2.0, 1.9, 0.5), 1.5  # diagonal of the mean; how far clients differ in its third entry


# The paper's diagonal matrices, as many features as clients.
PAPER = Domain(
    (
        *network_parameters(8, least=2, rules=REVERSIBLE),
        Whole("noise_coordinates", 1, 4),
        Real("tau", 0.0, np.inf, "()", reach=(0.7, 3.0), is_log=True),
        Real("mu", 0.0, np.inf, "[)", reach=(0.05, 1.0), is_log=True),
        Whole("local_steps", 1, 5),
        Real("stiffness", 0.0, 1.0, "()", reach=(0.3, 0.95)),
        DRAW,
    ),
    assumes="Granted (18): client i's matrix is diagonal, mu^2 plus 1 at its own coordinate, plus tau^2 at the other "
    "clients' coordinates, and plus 0 at the noise coordinates. There are as many features as clients. The step "
    "size is stiffness / (6 x E), x the largest entry and E the number of local steps. All clients start from one "
    "random model.",
)


def all_whole(at: Point) -> np.ndarray:
    """r_k = 1 for every client's coordinate, (N,)."""
    return np.ones(int(at["n_clients"]))


def represented(at: Point, effort: Effort) -> Sample:
    """r_k of the averaged model after training, simulated until what is left to move is round-off, (1, N)."""
    n, steps = int(at["n_clients"]), int(at["local_steps"])
    x = commuting(n, n + int(at["noise_coordinates"]), tau=float(at["tau"]), mu=float(at["mu"]))
    mixing = mixing_at(at)
    v = perron_weights(mixing)
    largest = float(x.max())
    step = float(at["stiffness"]) / (6 * largest * steps)
    start = np.random.default_rng((int(at["draw"]), 9)).normal(size=(n, x.shape[1]))
    models = np.repeat(start[None] / np.linalg.norm(start, 2) * np.sqrt(largest), n, axis=0)
    signal = np.diag(np.tensordot(v, x, 1))[:n].min() - float(at["mu"]) ** 2
    found, moved, left = np.zeros(n), np.inf, np.inf
    # A start with little of a direction is slow to learn it, so that no number of rounds is enough for every start.
    for _ in range(MOST_BLOCKS):
        for _ in range(int(BLOCK / (2 * step * steps * signal))):
            for _ in range(steps):
                models = models - 2 * step * models @ (np.swapaxes(models, 1, 2) @ models - x)
            models = np.tensordot(mixing, models, 1)
        before, found = found, np.diag(row_projector(np.tensordot(v, models, 1)))[:n]
        last, moved = moved, float(np.abs(found - before).max())
        left = moved * moved / (last - moved) if moved < last else np.inf  # of a geometric series
        if max(moved, left) < ROUND_OFF:
            break
    return measurement(found, max(ROUND_OFF, left))


# Any diagonal matrices, one represented coordinate and one outside.
DIAGONAL = Domain(
    (
        *network_parameters(12, least=2, rules=REVERSIBLE),
        Real("lead", -np.inf, np.inf, "()", reach=(-0.5, 0.5)),
        Real("difference", 0.0, 1.0, "(]", reach=(0.05, 1.0), is_log=True),
        Real("stiffness", 0.0, 1.0, "()", reach=(1e-4, 0.3), is_log=True),
        DRAW,
    ),
    (SLOW,),
    Quantifier.IN_THE_LIMIT,
    "Clients' matrices are diagonal. Their entries at the represented coordinate are 2 plus lead/2, and 2 minus lead/2 "
    "at the one outside, plus a random part of size difference; what other features represent does not matter. "
    f"{STEP} Training takes one local step a round and is at rest.",
    limit="of small steps, stiffness to 0",
)


def entries_at(at: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The mixing matrix, the clients' entries inside and outside, (N,) each, and the step size."""
    mixing = mixing_at(at)
    parts = np.random.default_rng((int(at["draw"]), 10)).random((2, len(mixing))) - 0.5
    inside, outside = (
        2 + sign * float(at["lead"]) / 2 + float(at["difference"]) * one
        for sign, one in zip((1, -1), parts, strict=True)
    )
    matrices = np.stack([inside, outside], axis=1)[:, :, None] * np.eye(2)
    return mixing, inside, outside, step_at(mixing, matrices, float(at["stiffness"]))


def resting(mixing: np.ndarray, inside: np.ndarray, step: float) -> np.ndarray:
    """w = M (w - 2 eta w (w^2 - a)), (N,), by Newton's method."""
    w = np.full(len(mixing), np.sqrt(perron_weights(mixing) @ inside))
    for _ in range(NEWTON_STEPS):
        off = mixing @ (w - 2 * step * w * (w**2 - inside)) - w
        slope = mixing * (1 - 2 * step * (3 * w**2 - inside)) - np.eye(len(w))
        change = np.linalg.solve(slope, off)
        w = w - change
        if np.abs(change).max() < 1e-15:
            break
    return w


def growth(at: Point, effort: Effort) -> Sample:
    """By how much the coordinate outside grows in a round beside the represented one, over 2 eta."""
    mixing, inside, outside, step = entries_at(at)
    w = resting(mixing, inside, step)
    root = np.sqrt(perron_weights(mixing))
    kept = np.sqrt(1 + 2 * step * (outside - w**2))
    # Similar to M (1 + eta B), and symmetric where mixing is reversible.
    symmetric = kept[:, None] * (root[:, None] * mixing / root) * kept
    largest = float(np.linalg.eigvalsh((symmetric + symmetric.T) / 2)[-1])
    return measurement((largest - 1) / (2 * step), 1e-14 / step)


def claimed_growth(at: Point) -> float:
    """The difference of the coordinates' entries of X_eff."""
    return overtaking_rate(*entries_at(at))


def growth_remainder(at: Point) -> float:
    """How far the growth can be from it."""
    mixing, inside, outside, step = entries_at(at)
    return overtaking_remainder(mixing, inside, outside, step, resting(mixing, inside, step))


def swinging() -> np.ndarray:
    """Eight clients with one diagonal mean; half have a third entry above it, half below."""
    x = np.repeat(np.diag(COMMON)[None], 8, axis=0)
    x[:, 2, 2] += SWING * np.repeat([1.0, -1.0], 4)
    return x


def step_sizes(context: Context) -> tuple[float, ...]:
    """One step size at which the third coordinate's entry of X_eff is below the second's, and two where it is above."""
    return (0.002, 0.012, 0.02)


def keeps_target(step_size: float, spoil: float) -> Seen:
    """Does training from a random start end at the top coordinates of the averaged objective?"""
    share, effective = share_of_third(step_size)
    return share < 0.5, {"step_size": step_size, "share_of_coordinate_outside": share, "its_effective_entry": effective}


@cache
def share_of_third(step_size: float) -> tuple[float, float]:
    """How much of the third coordinate the averaged model represents, and its entry of X_eff."""
    x, mixing = swinging(), mixing_of("ring", "metropolis", 8)
    rng = np.random.default_rng(1)
    start = random_start(1, x, 2) + 0.01 * rng.standard_normal((8, 2, 4))
    run = train(start, x, mixing, TrainingOptions(step_size=step_size, rounds=120_000))
    effective = effective_covariance(mixing, x, step_size)
    assert np.allclose(top_projector(training_mean(mixing, x), 2), np.diag([1.0, 1, 0, 0])), "the target: the first two"
    return float(projector(np.asarray(run.mean_model))[2, 2]), float(effective[2, 2])


CLAIM = Claim(
    id="thm-shared-eigenvectors",
    title="Networks and the paper's diagonal model",
    items=("network-shared-eigenvectors",),
    source=Source("chen2026", f"Section 3.1 and A.6.2, before Eq (19); against {PROOF}"),
    statements=(
        Statement(
            "shared.represented-whole",
            "corrected",
            "Training represents every client's coordinate whole (r_k = 1), on every network and with every "
            "number of local steps.",
            OnDomain(
                PAPER,
                Then("=", all_whole, represented),
                "Noise coordinates have the smallest entries of X_eff. Training is simulated from a random start.",
                Evidence.NUMERIC,
                points=(3, 60),
                corners=(1, 16),
                # A start with little of one direction.
                named=[
                    {"n_clients": 8, "network": "tree", "mixing": "data_size", "noise_coordinates": 1, "tau": 3.0}
                    | {"mu": 0.0, "local_steps": 1, "stiffness": 0.5, "draw": 17},
                ],
            ),
            reading=read_as(parts.POPULATION),
            spoil=0.99,
        ),
        Statement(
            "shared.averaged-objective-order",
            "printed",
            "If clients share eigenvectors and differ much, training represents those with the largest "
            "eigenvalues in the averaged objective.",
            ForAll(
                step_sizes,
                keeps_target,
                "Differences between clients add to the entries of X_eff. So a coordinate outside the represented "
                "ones can overtake one of them.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.SIMULATED),
            instead=("shared.effective-order",),
        ),
        Statement(
            "shared.effective-order",
            "corrected",
            "Shared eigenvectors stay, but X_eff decides which are represented. Near models at rest a coordinate "
            "outside grows in a round by 2 eta times its entry of X_eff minus that of the represented one, up to "
            "a remainder of third order. So it overtakes once its entry is the larger.",
            OnDomain(
                DIAGONAL,
                Then("=", claimed_growth, growth, remainder=growth_remainder),
                "The growth is the largest eigenvalue of a round, linearised along that coordinate.",
                Evidence.NUMERIC,
                points=(8, 400),
                named=[
                    {"n_clients": n, "network": g, "mixing": m, "lead": 0.0, "difference": 1.0, "stiffness": 1e-3}
                    | {"draw": 1}
                    for n, g, m in ((6, "ring", "metropolis"), (5, "star", "uniform"))
                ],
            ),
        ),
    ),
)
