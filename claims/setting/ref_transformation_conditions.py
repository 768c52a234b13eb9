"""A referee's question: what must H satisfy for contrast with views x + xi and H x to learn the signal?

X = sym(H Sigma) must be positive on the signal, must not mix the signal with the rest, and must rank it first. The
trace says almost nothing.
"""

import math

import numpy as np

from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.drawn.drawn_samples import drawn_samples, members_of
from ledger.drawn.drawn_transformations import (
    ALONG_AXIS,
    RESOLUTION,
    aligned_at,
    between,
    chosen_alignment,
    represented,
    transformation_at,
    transformation_domain,
)
from ledger.drawn.listed_moments import FL, LOCAL, MODEL, listed_block
from ledger.statement import Claim, Evidence, Statement
from theory.data.moments import CornerMatrix, second_moment
from theory.deficits.transformation import transformed_view_deficit
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Real, Value, Whole
from theory.formula import Source
from theory.objectives.transformation_bounds import first_order_remainder, least_on_signal, loss_lower_bound
from theory.objectives.transformations import Condition as TransformationCondition
from theory.objectives.transformations import transformation_condition
from theory.setting import Setting

FEATURES = Whole("feature_dim", 1, 16)
FIT = Condition("feature_dim at most dim", r"c \le d", lambda p: p["feature_dim"] <= p["dim"])
POSITIVE = Condition("least above 0", r"\lambda_{\min}(PXP) > 0", lambda p: p["least"] > 0)
ABOVE_RIVAL = Condition(
    "least above rival", r"\lambda_{\min}(PXP) > \lambda_{\max}(P_\perp X P_\perp)", lambda p: p["least"] > p["rival"]
)
ENOUGH = Condition("feature_dim at least n_clients", r"c \ge N", lambda p: p["feature_dim"] >= p["n_clients"])


def _ranked(at: Point) -> bool:
    n = int(at["n_clients"])
    outside = np.linalg.eigvalsh(chosen_alignment(at)[n:, n:])
    return n + int(np.sum(outside >= at["least"])) <= at["feature_dim"]


RANKED = Condition(
    "at most c - N eigenvalues of X outside the signal as large as the least on it",
    r"\#\{j : \lambda_j(P_\perp X P_\perp) \ge \lambda_{\min}(PXP)\} \le c - N",
    _ranked,
)
# One plane of a signal coordinate and a noise coordinate: the bounds are nearly met there.
PLANE: dict[str, Value] = {"n_clients": 2, "dim": 3, "tau": 2.0, "mu": 0.5, "scope": FL, "draw": 1}
LEAKING: dict[str, Value] = {**PLANE, "least": 1.0, "rival": 0.0, "leak": 0.02, "leaks_along": ALONG_AXIS}


def setting_at(at: Point, feature_dim: int) -> Setting:
    """The setting of a point."""
    return Setting(int(at["n_clients"]), int(at["dim"]), feature_dim, 100, float(at["tau"]), float(at["mu"]))


def _least_value(at: Point, _: Effort) -> Sample:
    n = int(at["n_clients"])
    aligned = aligned_at(at, chosen_alignment(at))
    return Sample(np.linalg.eigvalsh(aligned[:n, :n])[:1], RESOLUTION)


def _least_claimed(at: Point) -> float:
    return least_on_signal(chosen_alignment(at), int(at["n_clients"]), int(at["feature_dim"]))


def _represented(at: Point, _: Effort) -> Sample:
    r = represented(aligned_at(at, chosen_alignment(at)), int(at["n_clients"]), int(at["feature_dim"]))
    return Sample(r[None], RESOLUTION)


def _lost_together(at: Point, _: Effort) -> Sample:
    n = int(at["n_clients"])
    return Sample(np.array([n - represented(aligned_at(at, chosen_alignment(at)), n, n).sum()]), RESOLUTION)


def _lost_each(at: Point, _: Effort) -> Sample:
    """1 - r_k of every signal coordinate, and the sensitivity."""
    n = int(at["n_clients"])
    lost = 1 - represented(aligned_at(at, chosen_alignment(at)), n, n)
    return Sample(np.append(lost, _condition(at).sensitivity)[None], RESOLUTION)


def _gap_bound(at: Point) -> np.ndarray:
    bound = _condition(at).gap_bound
    return np.full(int(at["n_clients"]) + 1, np.nan if bound is None else bound)


def _condition(at: Point) -> TransformationCondition:
    s = setting_at(at, int(at["n_clients"]))
    sigma = second_moment(s, scope="fl" if at["scope"] == FL else "local")
    return transformation_condition(transformation_at(at, chosen_alignment(at)), s, sigma)


ENOUGH_COORDINATES, ENOUGH_SAMPLES = 12, 96
# Finite samples: H = (H_S, beyond I), and the views of every sample drawn.
SAMPLED = Domain(
    (
        Whole("n_clients", 2, 4),
        Whole("dim", 3, 12),
        Whole("samples_per_client", 1, 32),
        Whole("draws", 1, 3),
        Real("tau", 0.0, math.inf, "()", reach=(0.5, 3.0), is_log=True),
        Real("mu", 0.0, math.inf, "()", reach=(0.1, 1.0)),
        Real("augmentation_std", 0.0, math.inf, "[)", reach=(0.0, 2.0)),
        Choice("scope", (FL, LOCAL)),
        Real("least", 0.0, 1.0, "(]", reach=(0.2, 1.0)),
        Real("beyond", -math.inf, math.inf, "()", reach=(-2.0, 2.0)),
        DRAW,
    ),
    (
        Condition("dim above n_clients", "N < d", lambda p: p["n_clients"] < p["dim"]),
        Condition(
            "beyond mu^2 at most half of least",
            r"2 h \mu^2 \le \lambda",
            lambda p: 2 * p["beyond"] * p["mu"] ** 2 <= p["least"],
        ),
    ),
    Quantifier.IN_EXPECTATION,
    f"{MODEL} H is H_S on the signal and `beyond` times the identity outside; sym(H_S Sigma_S) has eigenvalues from "
    "`least` to 1. The views of a sample are x + xi, drawn `draws` times, and H x.",
)


def signal_map(at: Point, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H_S, sym(H_S Sigma_S)) of a point, both (N, N), the second chosen and the antisymmetric part drawn."""
    n, rng = int(at["n_clients"]), np.random.default_rng((int(at["draw"]), 11))
    aligned, turn = between(rng, float(at["least"]), 1.0, n), rng.standard_normal((n, n)) / 2
    return (aligned + (turn - turn.T) / 2) @ np.linalg.inv(sigma), aligned


def _population(at: Point) -> np.ndarray:
    """E[x x^T] on the signal, pixel noise included, (N, N), all labels and offsets listed."""
    n = int(at["n_clients"])
    blocks = [listed_block(n, float(at["tau"]), i) for i in members_of(at)]
    return sum(blocks, np.zeros((n, n))) / len(blocks) + float(at["mu"]) ** 2 * np.eye(n)


def _mean_costs(at: Point) -> np.ndarray:
    sigma = _population(at)
    n, total = len(sigma), int(at["samples_per_client"])
    s = Setting(
        n, int(at["dim"]), n, total, float(at["tau"]), float(at["mu"]), augmentation_std=float(at["augmentation_std"])
    )
    corner = CornerMatrix(sigma, float(at["mu"]) ** 2, s.dim)
    costs = transformed_view_deficit(signal_map(at, sigma)[0], float(at["beyond"]), s, corner, int(at["draws"]))
    return costs * (n if at["scope"] == LOCAL else 1)  # one client alone has n_i samples


def _drawn_costs(at: Point, effort: Effort) -> Sample:
    """|P_perp X g_k|^2 for every k, X from samples and views drawn one by one."""
    sigma = _population(at)
    h_signal, aligned = signal_map(at, sigma)
    n, d, k, h = len(sigma), int(at["dim"]), int(at["draws"]), float(at["beyond"])
    g = np.linalg.inv(aligned - h * float(at["mu"]) ** 2 * np.eye(n))
    rng, members = np.random.default_rng(effort.seed), members_of(at)
    total = int(at["samples_per_client"]) * len(members)
    # Few samples and few coordinates make for heavy tails: then a number is the mean over several data sets.
    data_sets = max(math.ceil(ENOUGH_COORDINATES / (d - n)), math.ceil(ENOUGH_SAMPLES / total))
    found = np.zeros((effort.trials, n))
    for _ in range(data_sets):
        block = np.zeros((effort.trials, d - n, n))
        for client in members:
            x = drawn_samples(rng, at, client, effort.trials)
            # Only the mean over its draws of a sample's view enters X.
            noise = rng.standard_normal((k, *x.shape)).mean(axis=0)
            a = x + float(at["augmentation_std"]) * noise
            moved = x[:, :, :n] @ h_signal.T
            block += np.swapaxes(a[:, :, n:], 1, 2) @ moved / 2 + h * np.swapaxes(x[:, :, n:], 1, 2) @ a[:, :, :n] / 2
        found += np.sum((block / total @ g) ** 2, axis=1) / data_sets
    return Sample(found)


# A symmetric perturbation of diag(M, beyond I), of the norm `share` times the gap.
PERTURBED = Domain(
    (
        Whole("n_clients", 2, 6),
        Whole("dim", 3, 16),
        Real("least", 0.0, 1.0, "(]", reach=(0.2, 1.0)),
        Real("beyond", -math.inf, 1.0, "()", reach=(-1.0, 0.1)),
        Real("share", 0.0, 0.5, "[)", reach=(1e-3, 0.5), is_log=True),
        Choice("perturbation", ("plane", "any")),
        DRAW,
    ),
    (
        Condition("dim above n_clients", "N < d", lambda p: p["n_clients"] < p["dim"]),
        Condition("least above beyond", r"\lambda > h \mu^2", lambda p: p["least"] > p["beyond"]),
    ),
    assumes=(
        "X is block-diagonal: eigenvalues from `least` to 1 on the signal, `beyond` outside. The estimate differs from "
        "it by any symmetric matrix whose norm is `share` times the gap g = least - max(0, beyond)."
    ),
)


def _gap(at: Point) -> float:
    return float(at["least"]) - max(0.0, float(at["beyond"]))


def _perturbed(at: Point) -> tuple[np.ndarray, np.ndarray]:
    """X without and with its perturbation, (d, d) both. "plane" is the worst of one signal and one noise axis."""
    n, d, rng = int(at["n_clients"]), int(at["dim"]), np.random.default_rng((int(at["draw"]), 12))
    x = float(at["beyond"]) * np.eye(d)
    x[:n, :n] = between(rng, float(at["least"]), 1.0, n)
    off = rng.standard_normal((d, d))
    if at["perturbation"] == "plane":
        off = np.zeros((d, d))
        off[0, 0], off[n, 0], off[n, n] = 0.5, 1.0, -0.5
    off = off + off.T
    return x, x + float(at["share"]) * _gap(at) * off / np.linalg.norm(off, 2)


def _off_first_order(at: Point, _: Effort) -> Sample:
    n = int(at["n_clients"])
    x, estimate = _perturbed(at)
    g = np.linalg.inv(x[:n, :n] - float(at["beyond"]) * np.eye(n))
    first = np.linalg.norm((estimate - x)[n:, :n] @ g, axis=0)
    lost = np.linalg.eigh(estimate)[1][:n, :-n]  # the components of e_k along what is not kept
    return Sample(np.abs(np.linalg.norm(lost, axis=1) - first)[None], RESOLUTION)


def _remainder(at: Point) -> np.ndarray:
    return np.full(int(at["n_clients"]), first_order_remainder(float(at["share"]) * _gap(at), _gap(at)))


CLAIM = Claim(
    id="ref-transformation-conditions",
    title="What H must satisfy",
    items=("referee-5",),
    source=Source("chen2026", "Assumption A.9"),
    question="Which condition on H does Theorem 4.3 need?",
    statements=(
        Statement(
            "transform.necessary",
            "corrected",
            "r_k = 1 on the signal only if X = sym(H Sigma) is positive definite there. The least eigenvalue of X "
            "there is at least l - (l - l_d) sum (1 - r_k). l > 0 is the least eigenvalue that W keeps, and l_d "
            "the least of all.",
            OnDomain(
                transformation_domain(FEATURES, conditions=(FIT,)),
                Then(">=", _least_claimed, _least_value),
                "The quadratic form of X on a unit vector is at least l on the part that W keeps, and at least "
                "l_d on the rest.",
                Evidence.NUMERIC,
                points=(12, 200),
                named=[{**LEAKING, "leak": 0.0, "least": least, "feature_dim": 2} for least in (0.5, 1.0)],
            ),
            spoil=1.01,
        ),
        Statement(
            "transform.sufficient",
            "corrected",
            "Let c >= N. r_k = 1 on the signal if X = sym(H Sigma) maps the signal into itself, is positive "
            "there, and has its eigenvalues there among the c largest.",
            OnDomain(
                transformation_domain(FEATURES, conditions=(FIT, POSITIVE, ENOUGH, RANKED), has_leak=False),
                Then("=", lambda at: np.ones(int(at["n_clients"])), _represented),
                "Then the signal is spanned by eigenvectors that W keeps.",
                Evidence.NUMERIC,
                points=(12, 200),
            ),
        ),
        Statement(
            "transform.loss-at-least",
            "corrected",
            "Let c = N and X = sym(H Sigma). r_k = 1 on the signal only if X maps the signal into itself, and is "
            "there at least 0 and at least as large as outside. The deficits add up to at least |P_perp X "
            "P|_F^2/(l_1 - l_d)^2 and to at least g^2/N/(l_1 - l_d)^2. g is by how much the least eigenvalue on "
            "the signal falls short of that.",
            OnDomain(
                transformation_domain(),
                Then(">=", lambda at: loss_lower_bound(chosen_alignment(at), int(at["n_clients"])), _lost_together),
                "The part of X that leaves the signal is at most l_1 - l_d times the sines of the angles. By Ky "
                "Fan's theorem the same is true of g.",
                Evidence.NUMERIC,
                points=(12, 200),
                named=[LEAKING],
            ),
            latex=r"\sum_{k \in S} (1 - r_k) \ge \frac{\|P_\perp X P\|_F^2}{(\lambda_1 - \lambda_d)^2}",
            spoil=1.05,
            replaces=("transform.necessary-and-sufficient",),
        ),
        Statement(
            "transform.leak-bound",
            "corrected",
            "Let c = N, and let H map a part of the signal out of the signal. Every deficit 1 - r_k, and so the "
            "sensitivity, is at most (|P_perp X P| / gap)^2. The gap is the least eigenvalue of X on the signal, "
            "minus the larger of 0 and eigenvalue number N + 1 of X.",
            OnDomain(
                transformation_domain(conditions=(ABOVE_RIVAL,)),
                Then("<=", _gap_bound, _lost_each),
                "This is the residual form of the sine theorem of Davis and Kahan.",
                Evidence.NUMERIC,
                points=(12, 200),
                named=[LEAKING],
            ),
            latex=r"1 - r_k \le \big(\|P_\perp X P\| / \mathrm{gap}\big)^2",
            spoil=0.95,
        ),
        Statement(
            "transform.samples",
            "corrected",
            "Let H = (H_S, h I) meet the condition. On finite samples the deficit of coordinate k is |P_perp X "
            "g_k|^2 to leading order. The mean of this is exactly (d - N)/n_total times a quarter of mu^2 (B + "
            "2hC + h^2 A) + (sigma^2/K)(B + h^2 mu^2 |g|^2).",
            OnDomain(
                SAMPLED,
                Then("=", _mean_costs, _drawn_costs, within=0.1),
                "The samples are independent. The noise on each coordinate outside the signal is independent of "
                "everything else.",
                Evidence.SAMPLED,
                points=(6, 60),
                corners=(2, 32),
                trials=(400, 2000),
            ),
            latex=r"g_k = (\operatorname{sym}(H_S\Sigma_S) - h\mu^2)^{-1} e_k,\ A = g^\top\Sigma g,\ "
            r"B = g^\top H\Sigma H^\top g,\ C = g^\top\Sigma H^\top g",
            spoil=0.8,
        ),
        Statement(
            "transform.samples-remainder",
            "corrected",
            "The square root of 1 - r_k differs from its leading order |P_perp X g_k| by at most (4/pi)(e/g)^2/(1 "
            "- 2e/g). e is the norm of the difference of X from its mean, and must be below half the gap g.",
            OnDomain(
                PERTURBED,
                Then("<=", _remainder, _off_first_order),
                "The projector is written as an integral of the resolvent along a line through the gap.",
                Evidence.NUMERIC,
                points=(12, 200),
                named=[
                    {
                        "n_clients": 2,
                        "dim": 3,
                        "least": 1.0,
                        "beyond": 0.0,
                        "share": share,
                        "perturbation": "plane",
                        "draw": 1,
                    }
                    for share in (0.01, 0.1)
                ],
            ),
            latex=r"\big|\sqrt{1-r_k} - \|P_\perp \hat X g_k\|\big| \le \tfrac4\pi \frac{(e/g)^2}{1 - 2e/g}",
            spoil=0.75,
        ),
    ),
)
