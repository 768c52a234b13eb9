"""Dirichlet clients at the points of a domain: how unlike they are, and how far apart their gradients.

Two draws of class shares: each client from one Dirichlet law (cited), or each class over the clients, both sums then
balanced (released).
"""

import itertools
import math

import numpy as np

from ledger.checks.on_domain import Effort, Sample
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.drawn_networks import DRAW
from sims.class_shares import dirichlet_shares, heterogeneity, released_shares, sampled_shares
from theory.domain import Choice, Condition, Domain, Point, Quantifier, Real, Whole
from theory.readings import Objective
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    SAMPLED_HETEROGENEITY,
    balancing_spread,
    dissimilarity,
    released_correction,
)

EPS = float(np.finfo(float).eps)
DIM, FEATURES = 6, 2
SEEN = ("shares", "labels")
DRAWN, WHOLE = "drawn", "whole classes"
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


def uniform(classes: int) -> np.ndarray:
    """Equal class probabilities, shape (classes,)."""
    return np.full(classes, 1 / classes)


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


def cited(at: Point, effort: Effort) -> Sample:
    """The heterogeneity of clients drawn as cited, from their shares."""
    return Sample(mean_heterogeneity(blocks(at, effort), probabilities_at(at)))


def of_labels(at: Point, effort: Effort) -> Sample:
    """The heterogeneity of clients drawn as cited, from labels drawn from their shares."""
    return Sample(mean_heterogeneity(labelled(at, effort, blocks(at, effort)), probabilities_at(at)))


def labels_claimed(at: Point) -> float:
    """h + (1 - h)/n with h = 1/(1 + alpha)."""
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


def gradients(at: Point, effort: Effort) -> Sample:
    """Squared distances of the gradients of clients drawn as cited, the mean of each block."""
    shares = blocks(at, effort)
    shares = shares if at["sees"] == SEEN[0] else labelled(at, effort, shares)
    return Sample(squared_gradients(shares, probabilities_at(at), *class_matrices(at)).mean(axis=1))


def zeta_squared_claimed(at: Point) -> float:
    """zeta^2 of a point, by `theory.training.dissimilarity`."""
    samples = None if at["sees"] == SEEN[0] else int(at["samples_per_client"])
    h = DIRICHLET_HETEROGENEITY.value(concentration=at["concentration"])
    matrices, w = class_matrices(at)
    return dissimilarity(matrices, probabilities_at(at), h, samples=samples, model=w)


def one_client(at: Point) -> np.ndarray:
    """Some client's class shares, (C,)."""
    rng, classes = np.random.default_rng((int(at["draw"]), 16)), int(at["n_classes"])
    return rng.dirichlet(np.full(classes, float(at["concentration"]) / classes))


def relabelled(at: Point, _: Effort) -> Sample:
    """The mean of one client's squared gradient distance over all orders of its classes."""
    q, classes = one_client(at), int(at["n_classes"])
    every = np.array([q[list(order)] for order in itertools.permutations(range(classes))])
    matrices, w = class_matrices(at)
    found = squared_gradients(every, uniform(classes), matrices, w)
    # A small difference of two gradients has the round-off of their size.
    size = 2 * float(np.linalg.norm(w @ w.T @ w) + np.linalg.norm(w @ matrices, axis=(1, 2)).max())
    round_off = ROUND_OFF * float(found.max()) + 4 * EPS * size * float(np.sqrt(found.max()))
    return Sample(np.array([found.mean()]), round_off)


def relabelled_claimed(at: Point) -> float:
    """zeta^2 with the heterogeneity of that client."""
    p = uniform(int(at["n_classes"]))
    matrices, w = class_matrices(at)
    return dissimilarity(matrices, p, min(1.0, heterogeneity(one_client(at)[None], p)), model=w)


def swept(at: Point, _: Effort) -> Sample:
    """All shares together, then those of each class after an even sweep, or of each client after an odd one."""
    n, classes = int(at["n_clients"]), int(at["n_classes"])
    rng = np.random.default_rng((int(at["draw"]), 17))
    shares = rng.dirichlet(np.full(n, float(at["concentration"])), size=classes).T / classes
    for _sweep in range(int(at["sweeps"])):
        columns, rows = shares.sum(axis=0, keepdims=True), shares.sum(axis=1, keepdims=True)
        shares = shares / columns / rows
    parts = shares.sum(axis=int(at["sweeps"]) % 2)
    return Sample(np.append(shares.sum(), parts)[None], ROUND_OFF * n * classes)


def handed_out(at: Point) -> np.ndarray:
    """What `swept` should find: 1 and 1/C a class, or N C and C a client."""
    n, classes = int(at["n_clients"]), int(at["n_classes"])
    if at["sweeps"] % 2:
        return np.append(n * classes, np.full(n, classes)).astype(float)
    return np.append(1.0, np.full(classes, 1 / classes))


def balanced(at: Point, _: Effort) -> Sample:
    """The heterogeneity of balanced shares, drawn or whole classes."""
    n, classes = int(at["n_clients"]), int(at["n_classes"])
    if at["shares"] == WHOLE:
        shares = np.repeat(np.eye(n), classes // n, axis=1) * n / classes
    else:
        shares = released_shares(int(at["draw"]), classes, n, float(at["concentration"]), sweeps=1000)
    # Where balancing has not come to its end, a class exceeds its equal share by this, and a client's part with it.
    unequal = float(np.abs(shares.sum(axis=0) * classes / n - 1).max())
    return Sample(np.array([heterogeneity(shares, uniform(classes))]), 2 * unequal + ROUND_OFF)


def cap(at: Point) -> float:
    """(N - 1)/(C - 1)."""
    return (at["n_clients"] - 1) / (at["n_classes"] - 1)


def released(at: Point, effort: Effort) -> Sample:
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


def many_clients(at: Point) -> float:
    """(1 + k/N)/(1 + alpha C)."""
    n, classes, alpha = int(at["n_clients"]), int(at["n_classes"]), float(at["concentration"])
    return (1 + released_correction(n, classes, alpha)) / (1 + alpha * classes)


def interpolated(at: Point) -> float:
    """The interpolation formula of the released draw."""
    return RELEASED_HETEROGENEITY.value(**at)


def next_order(at: Point) -> float:
    """The next order: products of the first one with itself and with the variance that it is an expansion in."""
    n, classes, alpha = int(at["n_clients"]), int(at["n_classes"]), float(at["concentration"])
    first = abs(released_correction(n, classes, alpha))
    return first * (first + balancing_spread(n, classes, alpha)) / (1 + alpha * classes)
