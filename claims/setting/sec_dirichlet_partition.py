"""Section 6.1: how unlike Dirichlet clients are, as the cited work draws them and as the released code does.

Heterogeneity is the variance of the class shares over its value when every client has one class. Both the spread of
the clients' matrices and zeta^2, the dissimilarity of their gradients, are proportional to it.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll
from ledger.checks.on_domain import OnDomain, Then
from ledger.drawn.dirichlet_clients import (
    BALANCED_DOMAIN,
    CITED_DOMAIN,
    EXAMPLES,
    GRADIENT_DOMAIN,
    LABELS_DOMAIN,
    MANY_CLIENTS,
    RELABELLED_DOMAIN,
    RELEASED_DOMAIN,
    SWEEPS_DOMAIN,
    WHOLE,
    balanced,
    cap,
    cited,
    gradients,
    handed_out,
    interpolated,
    labels_claimed,
    many_clients,
    next_order,
    of_labels,
    relabelled,
    relabelled_claimed,
    released,
    swept,
    uniform,
    zeta_squared_claimed,
)
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from sims.class_shares import heterogeneity, released_shares
from theory.formula import Source
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    SAMPLED_HETEROGENEITY,
)

# Source: chen2026, Table 3 (the concentrations and client numbers); 100 classes of Mini-ImageNet, 10 of CIFAR-10.
CONCENTRATIONS = ("100000", "1", "0.1", "0.01", "0.001")
CLIENTS, CLIENTS_DECENTRALISED, CLASSES = 100, 20, 100
BECAUSE_PER_CLASS = (
    "Class by class, the code draws the clients' shares with parameter alpha, and then balances them. So a client "
    "has the parameter alpha for every class, which is alpha C in total. The cited work has alpha in total."
)
BECAUSE_COVARIANCE = "Both draws treat all classes alike. So the covariance of the shares is h (diag p - p p^T)."


def released_draws(seed: int, count: int, clients: int, classes: int, alpha: float) -> list[np.ndarray]:
    """Independent draws of all clients' class shares as the released code makes them, each (clients, classes)."""
    return [released_shares(seed + trial, classes, clients, alpha) for trial in range(count)]


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
                    cited,
                    within=0.04,
                ),
                "This is the covariance of a Dirichlet law.",
                Evidence.SAMPLED,
                points=(6, 60),
            ),
            reading=read_as(parts.AS_CITED),
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
                    released,
                    within=0.02,
                ),
                BECAUSE_PER_CLASS,
                Evidence.SAMPLED,
                points=(2, 20),
                corners=(0, 4),
                trials=(60, 200),
                named=[{"n_clients": CLIENTS, "n_classes": CLASSES, "concentration": 0.1}],
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("dirichlet.released-heterogeneity",),
        ),
        Statement(
            "dirichlet.cited-smaller-parameter",
            "printed",
            "A smaller parameter makes clients more heterogeneous, over the five values of Table 3.",
            ForAll(
                lambda context: PAIRS,
                rises_as_cited,
                "The heterogeneity is 1/(1 + alpha), which falls with alpha.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.AS_CITED),
        ),
        Statement(
            "dirichlet.released-smaller-parameter",
            "printed",
            "A smaller parameter makes clients more heterogeneous, over the five values of Table 3.",
            ForAll(
                lambda context: PAIRS,
                rises_as_released,
                "The heterogeneity rises as alpha falls, and then levels off.",
                Evidence.SAMPLED,
            ),
            reading=read_as(parts.AS_RELEASED),
            spoil=0.5,
        ),
        Statement(
            "dirichlet.even-sweeps",
            "corrected",
            "After an even number of sweeps, such as the code's 100, balancing has handed out every class exactly "
            "once. After an odd number each client's shares sum to C, and all shares to N C.",
            OnDomain(
                SWEEPS_DOMAIN,
                Then("=", handed_out, swept),
                "Row factors are 1/(K b), column factors 1/(K^T a), and the columns of K are equal from the start.",
                Evidence.NUMERIC,
                points=(10, 200),
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "dirichlet.released-many-clients",
            "corrected",
            "With many clients and C classes the released draw has the heterogeneity (1 + k/N)/(1 + alpha C), "
            "where k depends on alpha and C. The error is of the order of (k/N)^2 and of k/N times the variance "
            "that balancing adds.",
            OnDomain(
                MANY_CLIENTS,
                Then("=", many_clients, released, within=0.03, remainder=next_order, is_argued=True),
                BECAUSE_PER_CLASS,
                Evidence.SAMPLED,
                points=(4, 40),
                corners=(2, 8),
                trials=(100, 1000),
            ),
            reading=read_as(parts.AS_RELEASED),
            latex=r"\frac{1 + k/N}{1 + \alpha C}",
        ),
        Statement(
            "dirichlet.released-heterogeneity",
            "corrected",
            "With C classes the released draw has a heterogeneity near 1/(1 + alpha C). A closed form gives the "
            "heterogeneity to within two percent in these examples.",
            OnDomain(
                EXAMPLES,
                Then("=", interpolated, released, within=0.02),
                BECAUSE_PER_CLASS,
                Evidence.SAMPLED,
                points=(0, 0),
                corners=(8, 8),
                trials=(150, 1000),
            ),
            reading=read_as(parts.AS_RELEASED),
            latex=RELEASED_HETEROGENEITY.latex,
        ),
        Statement(
            "dirichlet.cap-few-clients",
            "corrected",
            "With N clients, more classes C and balanced shares, the heterogeneity is at most (N/C - 1/C)/(1 - "
            "1/C) = (N - 1)/(C - 1), however small alpha is. If N divides C, clients that hold whole classes "
            "reach this bound.",
            OnDomain(
                BALANCED_DOMAIN,
                Then("<=", cap, balanced),
                "Clients are of equal size and so are classes. So no class is more than N/C of a client.",
                Evidence.SEARCHED,
                points=(6, 100),
                named=[
                    {"n_clients": n, "n_classes": 12, "concentration": 1.0, "shares": WHOLE, "draw": 1} for n in (2, 6)
                ],
            ),
            spoil=0.99,
        ),
        Statement(
            "dirichlet.gradient-dissimilarity",
            "corrected",
            "For CL and MIM the dissimilarity is zeta^2 = 4 h (sum_c p_c |W S_c|^2 - |W sum_c p_c S_c|^2), where "
            "h is the heterogeneity. h is 1/(1 + alpha) for the shares themselves, and 1/(1 + alpha) + (1 - 1/(1 "
            "+ alpha))/n for n labels drawn from them.",
            OnDomain(
                GRADIENT_DOMAIN,
                Then("=", zeta_squared_claimed, gradients, within=0.08),
                BECAUSE_COVARIANCE,
                Evidence.SAMPLED,
                points=(6, 60),
            ),
            reading=read_as(parts.AS_CITED),
        ),
        Statement(
            "dirichlet.relabelled-dissimilarity",
            "corrected",
            "Take any client, with heterogeneity h. Averaged over all ways to name its classes, its squared "
            "distance from the population's gradient is 4 h (sum_c |W S_c|^2/C - |W sum_c S_c/C|^2). So this is "
            "the mean for every way to draw shares that treats all classes alike, the released one included.",
            OnDomain(
                RELABELLED_DOMAIN,
                Then("=", relabelled_claimed, relabelled),
                "All C! orders of the classes are averaged. The covariance of the shares is then h (diag p - p p^T).",
                Evidence.NUMERIC,
                points=(8, 100),
            ),
        ),
        Statement(
            "dirichlet.sampled-labels",
            "corrected",
            "A client with n labels drawn from its shares has the heterogeneity h + (1 - h)/n, where h = 1/(1 + "
            "alpha).",
            OnDomain(
                LABELS_DOMAIN,
                Then("=", labels_claimed, of_labels, within=0.04),
                "Counts of n drawn labels are multinomial and add a variance of their own.",
                Evidence.SAMPLED,
                points=(6, 60),
            ),
            reading=read_as(parts.AS_CITED),
            latex=SAMPLED_HETEROGENEITY.latex,
        ),
    ),
)
