"""Section 6.1: how unlike Dirichlet clients are, as the cited work draws them and as the released code does.

Heterogeneity is the variance of the class shares over its value when every client has one class. Both the spread of
the clients' matrices and zeta^2, the dissimilarity of their gradients, are proportional to it.
"""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.drawn_matrices import ROUND_OFF
from ledger.checks.drawn_networks import DRAW
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.statement import Claim, Evidence, Statement
from sims.class_shares import dirichlet_shares, heterogeneity, released_shares, sampled_shares
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Real, Whole
from theory.formula import Source
from theory.readings import Objective
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    SAMPLED_HETEROGENEITY,
    balancing_spread,
    dissimilarity,
    released_correction,
)

# Source: chen2026, Table 3 (the concentrations and client numbers); 100 classes of Mini-ImageNet, 10 of CIFAR-10.
CONCENTRATIONS = ("100000", "1", "0.1", "0.01", "0.001")
CLIENTS, CLIENTS_DECENTRALISED, CLASSES, DIM, FEATURES = 100, 20, 100, 6, 2
SEEN = ("shares", "labels")
DRAWN, WHOLE = "drawn", "whole classes"
BECAUSE_PER_CLASS = (
    "The code draws, class by class, shares of the clients with parameter alpha, and balances. A client then has "
    "parameter alpha for every class, alpha C in total, where the cited work has alpha in total."
)
BECAUSE_COVARIANCE = "Both draws treat classes alike, so the covariance of the shares is h (diag p - p p^T)."


def released_draws(seed: int, count: int, clients: int, classes: int, alpha: float) -> list[np.ndarray]:
    """Independent draws of all clients' class shares as the released code makes them, each (clients, classes)."""
    return [released_shares(seed + trial, classes, clients, alpha) for trial in range(count)]


def uniform(classes: int) -> np.ndarray:
    """Equal class probabilities, shape (classes,)."""
    return np.full(classes, 1 / classes)


def rises_as_cited(pair: tuple[str, str], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether 1/(1 + alpha) rises, by more than the factor 1/`spoil`, from the pair's first alpha to its second."""
    now, then = (sp.Rational(DIRICHLET_HETEROGENEITY.exact(concentration=sp.Rational(a))) for a in pair)
    return bool(then > now / sp.Rational(str(spoil))), {"alpha": pair, "heterogeneity": [str(now), str(then)]}


def rises_as_released(pair: tuple[str, str], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Means of ten draws, 20 clients and 100 classes; they stand several standard errors apart."""
    now, then = (
        np.mean([heterogeneity(q, uniform(CLASSES)) for q in released_draws(0, 10, CLIENTS_DECENTRALISED, CLASSES, a)])
        for a in map(float, pair)
    )
    return bool(then > now / spoil), {"alpha": pair, "heterogeneity": [float(now), float(then)]}


N_CLASSES = Whole("n_classes", 2, 12)
CONCENTRATION = Real("concentration", 0.0, np.inf, "()", reach=(0.05, 20.0), is_log=True)
SIZES = (Whole("n_clients", 2, 30), Whole("n_classes", 2, 30))
BLOCK = 64  # clients in one number of a random measurement
# Shares in one number where they are drawn together; the sweeps of the code, which end where clients are this equal.
ENOUGH_SHARES, SWEEPS, BALANCED = 600, 100, 1e-4
ANY_CLASSES = "Classes have any probabilities; the draw says which, and which matrices, where those matter."
CITED_DOMAIN = Domain((N_CLASSES, CONCENTRATION, DRAW), (), Quantifier.IN_EXPECTATION, ANY_CLASSES)
LABELS_DOMAIN = Domain(
    (N_CLASSES, CONCENTRATION, Whole("samples_per_client", 1, 64), DRAW), (), Quantifier.IN_EXPECTATION, ANY_CLASSES
)
GRADIENT_DOMAIN = Domain(
    (*LABELS_DOMAIN.parameters, Choice("objective", tuple(str(o) for o in Objective)), Choice("sees", SEEN)),
    (),
    Quantifier.IN_EXPECTATION,
    f"{ANY_CLASSES} A client sees its shares themselves, or labels drawn from them; W is any.",
)
RELABELLED_DOMAIN = Domain(
    (Whole("n_classes", 2, 5, most=8), CONCENTRATION, DRAW),
    assumes="A client has any class shares; the mean runs over all ways to name its classes. W is any.",
)
SWEEPS_DOMAIN = Domain(
    (*SIZES, Whole("sweeps", 1, 200), Real("concentration", 0.0, np.inf, "()", reach=(0.2, 20.0), is_log=True), DRAW),
    assumes="Each class hands out its 1/C of all images to the clients by a Dirichlet draw; sums are taken per sweep.",
)
BALANCED_DOMAIN = Domain(
    (*SIZES, CONCENTRATION, Choice("shares", (DRAWN, WHOLE)), DRAW),
    (
        Condition("fewer clients than classes", r"N < C", lambda p: p["n_clients"] < p["n_classes"]),
        Condition(
            "n_classes a multiple of n_clients where clients hold whole classes",
            r"N \mid C",
            lambda p: p["shares"] == DRAWN or p["n_classes"] % p["n_clients"] == 0,
        ),
    ),
    assumes="Clients and classes are of equal size; shares are drawn and balanced, or each client holds whole classes.",
)
RELEASED_DOMAIN = Domain(
    (
        Whole("n_clients", 2, 128),
        Whole("n_classes", 2, 16),
        Real("concentration", 0.0, np.inf, "()", reach=(0.1, 10.0), is_log=True),
    ),
    (),
    Quantifier.IN_EXPECTATION,
)
MANY_CLIENTS = Domain(
    (
        Whole("n_clients", 3, 128),
        Whole("n_classes", 2, 16),
        Real("concentration", 0.0, np.inf, "()", reach=(0.1, 10.0), is_log=True),
    ),
    (
        Condition(
            "n_clients large enough that balancing multiplies a class by a factor whose logarithm has a variance of at "
            "most 0.2",
            r"\operatorname{Var} b \le 0.2",
            lambda p: balancing_spread(p["n_clients"], p["n_classes"], p["concentration"]) <= 0.2,
        ),
    ),
    Quantifier.IN_THE_LIMIT,
    limit="n_clients -> infinity",
)
EXAMPLES = Domain(
    (Choice("n_clients", (20, 100)), Choice("n_classes", (10, 100)), Choice("concentration", (0.1, 1.0))),
    (
        Condition(
            "concentration times the larger of n_clients and n_classes at least 3",
            r"\alpha \max(N, C) \ge 3",
            lambda p: p["concentration"] * max(p["n_clients"], p["n_classes"]) >= 3,
        ),
    ),
    Quantifier.IN_EXPECTATION,
    "An example: the formula is an interpolation between limits, and is compared at these settings alone.",
)


def probabilities_at(at: Point) -> np.ndarray:
    """Class probabilities of a point, (C,)."""
    return np.random.default_rng((int(at["draw"]), 14)).dirichlet(np.full(int(at["n_classes"]), 5.0))


def blocks(at: Point, effort: Effort) -> np.ndarray:
    """Class shares of clients drawn as cited, (trials, BLOCK, C)."""
    size = effort.trials * BLOCK
    shares = dirichlet_shares(effort.seed, probabilities_at(at), size, float(at["concentration"]))
    return shares.reshape(effort.trials, BLOCK, -1)


def labelled(at: Point, effort: Effort, shares: np.ndarray) -> np.ndarray:
    """The shares of the labels that clients draw from theirs, of the same shape."""
    flat = shares.reshape(-1, shares.shape[-1])
    # Sums above 1 by a round-off are refused as probabilities.
    flat = flat / np.maximum(flat.sum(axis=1, keepdims=True), 1.0)
    return sampled_shares(effort.seed, flat, int(at["samples_per_client"])).reshape(shares.shape)


def mean_heterogeneity(shares: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Of each block of clients, (trials,)."""
    return np.mean(np.sum((shares - p) ** 2, axis=2), axis=1) / (1 - p @ p)


def _cited(at: Point, effort: Effort) -> Sample:
    return Sample(mean_heterogeneity(blocks(at, effort), probabilities_at(at)))


def _of_labels(at: Point, effort: Effort) -> Sample:
    return Sample(mean_heterogeneity(labelled(at, effort, blocks(at, effort)), probabilities_at(at)))


def _labels_claimed(at: Point) -> float:
    h = DIRICHLET_HETEROGENEITY.value(concentration=at["concentration"])
    return SAMPLED_HETEROGENEITY.value(heterogeneity=h, samples_per_client=at["samples_per_client"])


def class_matrices(at: Point) -> tuple[np.ndarray, np.ndarray]:
    """The alignment matrix of every class (C, d, d), masks of ratio 3/4 for MIM, and a model W (c, d), all random."""
    rng, classes = np.random.default_rng((int(at["draw"]), 15)), int(at["n_classes"])
    roots = rng.standard_normal((classes, DIM, 3))
    moments = roots @ np.swapaxes(roots, 1, 2)
    if at.get("objective") == Objective.MIM:
        moments = 0.75 * 0.25 * moments * (1 - np.eye(DIM))
    return moments, rng.standard_normal((FEATURES, DIM))


def squared_gradients(shares: np.ndarray, p: np.ndarray, matrices: np.ndarray, w: np.ndarray) -> np.ndarray:
    """|grad f_i - grad f|^2 of every client, from the gradients themselves: shares (..., C) to (...)."""
    local, mean = (2 * (w @ w.T @ w - w @ np.tensordot(q, matrices, axes=1)) for q in (shares, p))
    return np.sum((local - mean) ** 2, axis=(-1, -2))


def _gradients(at: Point, effort: Effort) -> Sample:
    shares = blocks(at, effort)
    shares = shares if at["sees"] == SEEN[0] else labelled(at, effort, shares)
    return Sample(squared_gradients(shares, probabilities_at(at), *class_matrices(at)).mean(axis=1))


def _zeta_squared(at: Point) -> float:
    samples = None if at["sees"] == SEEN[0] else int(at["samples_per_client"])
    h = DIRICHLET_HETEROGENEITY.value(concentration=at["concentration"])
    matrices, w = class_matrices(at)
    return dissimilarity(matrices, probabilities_at(at), h, samples=samples, model=w)


def one_client(at: Point) -> np.ndarray:
    """Some client's class shares, (C,)."""
    rng, classes = np.random.default_rng((int(at["draw"]), 16)), int(at["n_classes"])
    return rng.dirichlet(np.full(classes, float(at["concentration"]) / classes))


def _relabelled(at: Point, _: Effort) -> Sample:
    q, classes = one_client(at), int(at["n_classes"])
    every = np.array([q[list(order)] for order in itertools.permutations(range(classes))])
    found = squared_gradients(every, uniform(classes), *class_matrices(at))
    return Sample(np.array([found.mean()]), ROUND_OFF * float(found.max()))


def _relabelled_claimed(at: Point) -> float:
    p = uniform(int(at["n_classes"]))
    matrices, w = class_matrices(at)
    return dissimilarity(matrices, p, min(1.0, heterogeneity(one_client(at)[None], p)), model=w)


def _swept(at: Point, _: Effort) -> Sample:
    """All shares together, then those of each class after an even sweep, or of each client after an odd one."""
    n, classes = int(at["n_clients"]), int(at["n_classes"])
    rng = np.random.default_rng((int(at["draw"]), 17))
    shares = rng.dirichlet(np.full(n, float(at["concentration"])), size=classes).T / classes
    for _sweep in range(int(at["sweeps"])):
        columns, rows = shares.sum(axis=0, keepdims=True), shares.sum(axis=1, keepdims=True)
        shares = shares / columns / rows
    parts = shares.sum(axis=int(at["sweeps"]) % 2)
    return Sample(np.append(shares.sum(), parts)[None], ROUND_OFF * n * classes)


def _handed_out(at: Point) -> np.ndarray:
    n, classes = int(at["n_clients"]), int(at["n_classes"])
    if at["sweeps"] % 2:
        return np.append(n * classes, np.full(n, classes)).astype(float)
    return np.append(1.0, np.full(classes, 1 / classes))


def _balanced(at: Point, _: Effort) -> Sample:
    n, classes = int(at["n_clients"]), int(at["n_classes"])
    if at["shares"] == WHOLE:
        shares = np.repeat(np.eye(n), classes // n, axis=1) * n / classes
    else:
        shares = released_shares(int(at["draw"]), classes, n, float(at["concentration"]), sweeps=1000)
    # Where balancing has not come to its end, a class exceeds its equal share by this, and a client's part with it.
    unequal = float(np.abs(shares.sum(axis=0) * classes / n - 1).max())
    return Sample(np.array([heterogeneity(shares, uniform(classes))]), 2 * unequal + ROUND_OFF)


def _cap(at: Point) -> float:
    return (at["n_clients"] - 1) / (at["n_classes"] - 1)


def _released(at: Point, effort: Effort) -> Sample:
    """Mean heterogeneity of clients drawn and balanced as the released code does, several draws in one number."""
    n, classes = int(at["n_clients"]), int(at["n_classes"])
    rng, draws = np.random.default_rng(effort.seed), math.ceil(ENOUGH_SHARES / (n * (classes - 1)))
    size = (effort.trials * draws, classes)
    shares = rng.dirichlet(np.full(n, float(at["concentration"])), size=size) / classes
    for _ in range(SWEEPS // 2):
        for _half in range(2):
            shares = shares / shares.sum(axis=2, keepdims=True) / shares.sum(axis=1, keepdims=True)
        if np.abs(shares.sum(axis=1) * n - 1).max() < BALANCED:
            break
    shares = shares / shares.sum(axis=1, keepdims=True)
    found = mean_heterogeneity(np.swapaxes(shares, 1, 2), uniform(classes))
    return Sample(found.reshape(effort.trials, draws).mean(axis=1))


def _many_clients(at: Point) -> float:
    n, classes, alpha = int(at["n_clients"]), int(at["n_classes"]), float(at["concentration"])
    return (1 + released_correction(n, classes, alpha)) / (1 + alpha * classes)


def _interpolated(at: Point) -> float:
    return RELEASED_HETEROGENEITY.value(**at)


def _next_order(at: Point) -> float:
    """The next order: products of the first one with itself and with the variance that it is an expansion in."""
    n, classes, alpha = int(at["n_clients"]), int(at["n_classes"]), float(at["concentration"])
    first = abs(released_correction(n, classes, alpha))
    return first * (first + balancing_spread(n, classes, alpha)) / (1 + alpha * classes)


PAIRS = list(itertools.pairwise(CONCENTRATIONS))
RELEASED, CITED = "as the released code draws", "as Hsu et al. (2019) draw"
CLAIM = Claim(
    id="sec-dirichlet-partition",
    title="Dirichlet clients and how unlike they are",
    items=("section-6.1-partition",),
    source=Source("chen2026", "Section 6.1, Table 3"),
    statements=(
        Statement(
            "dirichlet.cited-heterogeneity",
            "expected",
            "Class shares drawn from a Dirichlet law with parameter alpha have heterogeneity 1/(1 + alpha).",
            OnDomain(
                CITED_DOMAIN,
                Then(
                    "=",
                    lambda at: DIRICHLET_HETEROGENEITY.value(concentration=at["concentration"]),
                    _cited,
                    within=0.04,
                ),
                "Covariance of a Dirichlet law.",
                Evidence.SAMPLED,
                points=(6, 60),
            ),
            reading=CITED,
            latex=DIRICHLET_HETEROGENEITY.latex,
        ),
        Statement(
            "dirichlet.released-as-cited",
            "expected",
            "Class shares drawn from a Dirichlet law with parameter alpha have heterogeneity 1/(1 + alpha).",
            OnDomain(
                RELEASED_DOMAIN,
                Then(
                    "=",
                    lambda at: DIRICHLET_HETEROGENEITY.value(concentration=at["concentration"]),
                    _released,
                    within=0.02,
                ),
                BECAUSE_PER_CLASS,
                Evidence.SAMPLED,
                points=(2, 20),
                corners=(0, 4),
                trials=(60, 200),
                named=[{"n_clients": CLIENTS, "n_classes": CLASSES, "concentration": 0.1}],
            ),
            reading=RELEASED,
            instead=("dirichlet.released-heterogeneity",),
        ),
        Statement(
            "dirichlet.cited-smaller-parameter",
            "printed",
            "A smaller parameter makes clients more heterogeneous, over the five values of Table 3.",
            ForAll(lambda context: PAIRS, rises_as_cited, "1/(1 + alpha) falls with alpha.", Evidence.ENUMERATED),
            reading=CITED,
        ),
        Statement(
            "dirichlet.released-smaller-parameter",
            "printed",
            "A smaller parameter makes clients more heterogeneous, over the five values of Table 3.",
            ForAll(lambda context: PAIRS, rises_as_released, "It rises, and levels off.", Evidence.SAMPLED),
            reading=RELEASED,
            spoil=0.5,
        ),
        Statement(
            "dirichlet.even-sweeps",
            "corrected",
            "Balancing hands out every class exactly once after every even number of sweeps, such as the code's 100; "
            "after an odd number each client has the sum C, and all shares add up to N C.",
            OnDomain(
                SWEEPS_DOMAIN,
                Then("=", _handed_out, _swept),
                "Row factors are 1/(K b), column factors 1/(K^T a), and the columns of K are equal from the start.",
                Evidence.NUMERIC,
                points=(10, 200),
            ),
            reading=RELEASED,
        ),
        Statement(
            "dirichlet.released-many-clients",
            "corrected",
            "With many clients the released draw has the heterogeneity (1 + k/N)/(1 + alpha C), C classes, k a "
            "function of alpha and C, up to (k/N)^2 and k/N times the variance that balancing brings.",
            OnDomain(
                MANY_CLIENTS,
                Then("=", _many_clients, _released, within=0.03, remainder=_next_order),
                BECAUSE_PER_CLASS,
                Evidence.SAMPLED,
                points=(4, 40),
                corners=(2, 8),
                trials=(100, 1000),
            ),
            reading=RELEASED,
            latex=r"\frac{1 + k/N}{1 + \alpha C}",
        ),
        Statement(
            "dirichlet.released-heterogeneity",
            "corrected",
            "The released draw has a heterogeneity near 1/(1 + alpha C), C classes: a closed form gives it within"
            " two percent in these examples.",
            OnDomain(
                EXAMPLES,
                Then("=", _interpolated, _released, within=0.02),
                BECAUSE_PER_CLASS,
                Evidence.SAMPLED,
                points=(0, 0),
                corners=(8, 8),
                trials=(150, 1000),
            ),
            reading=RELEASED,
            latex=RELEASED_HETEROGENEITY.latex,
        ),
        Statement(
            "dirichlet.cap-few-clients",
            "corrected",
            "With fewer clients than classes, balanced shares have a heterogeneity of at most (N/C - 1/C)/(1 - "
            "1/C) = (N - 1)/(C - 1), however small alpha is. Where N divides C, clients who hold whole classes reach "
            "it.",
            OnDomain(
                BALANCED_DOMAIN,
                Then("<=", _cap, _balanced),
                "Equal clients and classes: no class fills more than N/C of a client.",
                Evidence.SEARCHED,
                points=(6, 100),
                named=[
                    {"n_clients": n, "n_classes": 12, "concentration": 1.0, "shares": WHOLE, "draw": 1} for n in (2, 6)
                ],
            ),
            reading="any balanced shares",
            spoil=0.99,
        ),
        Statement(
            "dirichlet.gradient-dissimilarity",
            "corrected",
            "zeta^2 = 4 h (sum_c p_c |W S_c|^2 - |W sum_c p_c S_c|^2) with h the heterogeneity, for CL and MIM: "
            "1/(1 + alpha) for the shares themselves, h + (1 - h)/n for n labels drawn from them.",
            OnDomain(
                GRADIENT_DOMAIN,
                Then("=", _zeta_squared, _gradients, within=0.08),
                BECAUSE_COVARIANCE,
                Evidence.SAMPLED,
                points=(6, 60),
            ),
            reading=CITED,
        ),
        Statement(
            "dirichlet.relabelled-dissimilarity",
            "corrected",
            "Averaged over all ways to name its classes, any client's squared distance from the population's gradient "
            "is 4 h (sum_c |W S_c|^2/C - |W sum_c S_c/C|^2), h its own heterogeneity: so for every draw of shares that "
            "treats classes alike, the released one included.",
            OnDomain(
                RELABELLED_DOMAIN,
                Then("=", _relabelled_claimed, _relabelled),
                "All C! orders of the classes; the covariance of the shares is then h (diag p - p p^T).",
                Evidence.NUMERIC,
                points=(8, 100),
            ),
        ),
        Statement(
            "dirichlet.sampled-labels",
            "corrected",
            "With n labels drawn from its shares a client has heterogeneity h + (1 - h)/n, h = 1/(1 + alpha).",
            OnDomain(
                LABELS_DOMAIN,
                Then("=", _labels_claimed, _of_labels, within=0.04),
                "Multinomial counts add their own variance.",
                Evidence.SAMPLED,
                points=(6, 60),
            ),
            reading=CITED,
            latex=SAMPLED_HETEROGENEITY.latex,
        ),
    ),
)
