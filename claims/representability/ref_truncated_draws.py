"""Whether the bound on what a truncated draw leaves out holds: draws that stop early against the same draws in full.

Our fastest sampler draws only the first blocks of a data set's alignment matrix (docs/proofs/block_lanczos.md). Most
sampled statements rest on it, and count its bound as an uncertainty. Here the later blocks are drawn as well.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ledger.checks.on_domain import OnDomain, Sample, Then
from ledger.statement import Claim, Evidence, Statement
from sims.samplers import block_lanczos, joint_lanczos
from sims.samplers.block_lanczos import Plan, assembled
from sims.samplers.signal_rows import SignalRows, signal_rows
from sims.samplers.truncation import Noise
from theory.domain import Choice, Condition, Domain, Point, Real, Value, Whole
from theory.formula import Source
from theory.readings import Objective, Reading
from theory.setting import Setting

CL, MIM = Objective.CL, Objective.MIM
TRIALS = 4
# Eigenvectors of matrices of this size have r to this much.
ROUND_OFF = 1e-13
SIZES = (
    Choice("scope", ("fl", "local")),
    Whole("n_clients", 2, 4),
    Whole("dims_a_client", 4, 30),
    Whole("samples_per_client", 8, 3000),
    Real("tau", 0.0, np.inf, "()", reach=(0.6, 4.5), is_log=True),
    Real("mu", 0.0, np.inf, "()", reach=(0.05, 0.6), is_log=True),
    Real("augmentation_std", 0.0, np.inf, "()", reach=(0.1, 1.5), is_log=True),
    Real("share", 1e-7, 1.0, "[)", reach=(1e-7, 0.5), is_log=True),
    Whole("draw", 1, 1_000_000),
)
MODEL = (
    "Data of the paper's data model without rare classes, as many features as clients, dims_a_client dimensions for "
    "each client. MIM has masks in expectation, CL one pair of views. Block Lanczos plans its blocks so that it leaves "
    "out about this share of the mean deficit."
)


def setting_at(at: Point) -> Setting:
    """The setting of a point; whole blocks fill its dimensions."""
    n = int(at["n_clients"])
    sizes = (n, n * int(at["dims_a_client"]), n, int(at["samples_per_client"]))
    return Setting(*sizes, float(at["tau"]), float(at["mu"]), augmentation_std=float(at["augmentation_std"]))


def reading_of(objective: Objective) -> Reading:
    """One pair of views for CL, masks in expectation for MIM."""
    return Reading(draws=1) if objective is Objective.CL else Reading()


def rows_at(at: Point) -> SignalRows:
    """The clean rows of the scope; both objectives have the same."""
    return signal_rows(setting_at(at), Reading(), at["scope"])


def noises_at(at: Point, objective: Objective) -> tuple[Noise, ...]:
    """The Gram matrices of the objective's alignment matrix."""
    return block_lanczos.noises(setting_at(at), objective, reading_of(objective), rows_at(at))


def plan_at(at: Point, objective: Objective, most: int) -> Plan | str:
    """The plan of block Lanczos at a point, or why there is none."""
    s, reading = setting_at(at), reading_of(objective)
    return block_lanczos.plan(s, objective, reading, rows_at(at), TRIALS, float(at["share"]), most)


def plan_alone(at: Point) -> Plan | str:
    """The plan for the objective of the point."""
    objective, width = Objective(at["objective"]), rows_at(at).width
    return plan_at(at, objective, block_lanczos.most_levels(noises_at(at, objective), setting_at(at).dim, width))


def plans_of_both(at: Point) -> list[Plan | str]:
    """The plans for CL and MIM of the same data sets."""
    most = joint_lanczos.most_levels(noises_at(at, CL), setting_at(at).dim, rows_at(at).width)
    return [plan_at(at, objective, most) for objective in (CL, MIM)]


def fills(at: Point) -> bool:
    """Whether samples are enough for blocks that fill all dimensions."""
    return rows_at(at).n_rows >= setting_at(at).dim <= block_lanczos.MOST_COLUMNS


def in_full(diagonal: list[np.ndarray], below: list[np.ndarray]) -> np.ndarray:
    """r at the start coordinates, from all eigenvectors of the assembled matrix."""
    m = below[0].shape[2]
    return (np.linalg.eigh(assembled(diagonal, below))[1][:, :m, -m:] ** 2).sum(axis=2)


@dataclass(frozen=True)
class Compared:
    """For each objective of one draw: the bound, the largest error of any r, and what the full draw leaves open.

    `is_inside` says whether the noise keeps within the edges that the plan counts on.
    """

    bounds: np.ndarray
    errors: np.ndarray
    left_open: float
    is_inside: bool


def alone(at: Point) -> Compared:
    """A draw that stops early, against the same draw with blocks that fill all dimensions."""
    return _alone(tuple(sorted(at.items())))


@lru_cache(maxsize=256)
def _alone(items: tuple[tuple[str, Any], ...]) -> Compared:
    at = dict(items)
    s, rows, terms, what = setting_at(at), rows_at(at), noises_at(at, Objective(at["objective"])), plan_alone(at)
    assert isinstance(what, Plan), "the domain makes sure of it"
    r, bound = block_lanczos.sample(np.random.default_rng(int(at["draw"])), what, s, rows, TRIALS)
    again = np.random.default_rng(int(at["draw"]))
    roots = block_lanczos.start_roots(again, terms, rows, TRIALS)
    diagonal, below = block_lanczos.blocks(again, terms, s.dim, roots, s.dim // rows.width - 1)
    error = np.abs(r - in_full(diagonal, below)).max()
    return Compared(np.array([bound]), np.array([error]), ROUND_OFF, _is_inside(diagonal, below, what))


def together(at: Point) -> Compared:
    """Draws of both objectives from the same data that stop early, against the same draws with all blocks there are."""
    return _together(tuple(sorted(at.items())))


@lru_cache(maxsize=256)
def _together(items: tuple[tuple[str, Any], ...]) -> Compared:
    at = dict(items)
    s, rows = setting_at(at), rows_at(at)
    contrast, plain = plans_of_both(at)
    assert isinstance(contrast, Plan), "the domain makes sure of it"
    assert isinstance(plain, Plan), "the domain makes sure of it"
    found = joint_lanczos.sample(np.random.default_rng(int(at["draw"])), contrast, plain, s, rows, TRIALS)
    again, (samples,) = np.random.default_rng(int(at["draw"])), plain.noises
    where, tasks = joint_lanczos.spaces(contrast.noises), joint_lanczos.forms(contrast.noises, samples)
    known = joint_lanczos.start(again, contrast.noises, samples, rows, TRIALS)
    most = joint_lanczos.most_levels(contrast.noises, s.dim, rows.width)
    drawn = joint_lanczos.blocks(again, s.dim, where, tasks, known, most)
    errors = [np.abs(r - in_full(*blocks)).max() for (r, _), blocks in zip(found, drawn, strict=True)]
    left = [block_lanczos.error_bound(*blocks, what) for blocks, what in zip(drawn, (contrast, plain), strict=True)]
    is_inside = all(_is_inside(*blocks, what) for blocks, what in zip(drawn, (contrast, plain), strict=True))
    return Compared(np.array([bound for _, bound in found]), np.array(errors), ROUND_OFF + max(left), is_inside)


def _is_inside(diagonal: list[np.ndarray], below: list[np.ndarray], what: Plan) -> bool:
    noise = np.linalg.eigvalsh(assembled(diagonal[1:], below[1:]))
    return bool(what.edges[0] <= noise.min() and noise.max() <= what.edges[1])


FILLED = Condition("as many samples as dimensions, and at most 130 of these", r"d \le n,\ d \le 130", fills)
EDGES = (
    "the noise's eigenvalues within the edges that the plan counts on, as in all but about one draw in a million",
    r"\lambda(\text{noise}) \in [\text{low}, \text{high}]",
)
ALONE = Domain(
    (Choice("objective", ("cl", "mim")), *SIZES),
    (
        FILLED,
        Condition("block Lanczos has a plan", r"\text{planned}", lambda p: isinstance(plan_alone(p), Plan)),
        Condition(*EDGES, lambda p: alone(p).is_inside),
    ),
    assumes=MODEL,
)
TOGETHER = Domain(
    SIZES,
    (
        FILLED,
        Condition(
            "block Lanczos has a plan for both",
            r"\text{planned}",
            lambda p: all(isinstance(plan, Plan) for plan in plans_of_both(p)),
        ),
        Condition(*EDGES, lambda p: together(p).is_inside),
    ),
    assumes=MODEL,
)
BECAUSE = (
    "From block to block, the eigenvectors above the noise become smaller as fast as a Chebyshev polynomial "
    "grows. The last step of the iteration bounds what is left out."
)

# Nearest to the bound of some hundred random points.
NEAR: dict[str, Value] = {
    "scope": "fl",
    "n_clients": 2,
    "dims_a_client": 30,
    "samples_per_client": 1053,
    "tau": 4.394,
    "mu": 0.3186,
    "augmentation_std": 0.7745,
    "share": 0.2216,
    "draw": 489914,
}

CLAIM = Claim(
    id="ref-truncated-draws",
    title="What truncated draws leave out",
    items=("truncated-draws",),
    source=Source("ledger", "docs/proofs/block_lanczos.md"),
    question="Most sampled statements rest on draws of which only a part is made. Is the stated error of these true?",
    statements=(
        Statement(
            "truncated.one-objective",
            "corrected",
            "Let CL or MIM be drawn alone, by our fast method (block Lanczos), which truncates. No r_k of a "
            "truncated draw differs from that of the whole draw by more than the bound that comes with the draw.",
            OnDomain(
                ALONE,
                Then(
                    "<=",
                    lambda at: alone(at).bounds,
                    lambda at, _: Sample(alone(at).errors[None], alone(at).left_open),
                ),
                BECAUSE,
                Evidence.NUMERIC,
                points=(24, 200),
                corners=(0, 0),
                named=(NEAR | {"objective": "cl"},),
            ),
            spoil=0.01,
        ),
        Statement(
            "truncated.both-objectives",
            "corrected",
            "Let CL and MIM be drawn from the same data sets, by our fast method (block Lanczos), which "
            "truncates. No r_k of a truncated draw differs from that of the whole draw by more than the bound "
            "that comes with the draw.",
            OnDomain(
                TOGETHER,
                Then(
                    "<=",
                    lambda at: together(at).bounds,
                    lambda at, _: Sample(together(at).errors[None], together(at).left_open),
                ),
                BECAUSE,
                Evidence.NUMERIC,
                points=(16, 100),
                corners=(0, 0),
                named=(NEAR,),
            ),
            spoil=0.01,
        ),
    ),
)
