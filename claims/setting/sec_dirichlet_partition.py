"""Section 6.1: how unlike Dirichlet clients are, as the cited work draws them and as the released code does.

Heterogeneity is the variance of the class shares over its value when every client has one class. Both the spread of
the clients' matrices and zeta^2, the dissimilarity of their gradients, are proportional to it.
"""

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import Bound, Finding, ForAll, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.class_shares import dirichlet_shares, heterogeneity, released_shares, sampled_shares
from theory.formula import Source
from theory.objectives import linear_alignment
from theory.readings import Objective
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    SAMPLED_HETEROGENEITY,
    class_alignments,
    dissimilarity,
)

# Source: chen2026, Table 3 (the concentrations and client numbers); 100 classes of Mini-ImageNet, 10 of CIFAR-10.
CONCENTRATIONS = ("100000", "1", "0.1", "0.01", "0.001")
CLIENTS, CLIENTS_DECENTRALISED, CLASSES, DIM, FEATURES = 100, 20, 100, 6, 2
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


def sampled(at: Mapping[str, Any], claimed: float, values: list[float] | np.ndarray) -> Finding:
    """The mean of independent values, with its standard error, against the claimed mean."""
    error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    return Finding({**at, "draws": len(values)}, claimed, float(np.mean(values)), error)


def cited_findings(context: Context) -> list[Finding]:
    """Mean over clients drawn as cited, against 1 / (1 + alpha)."""
    p, findings = uniform(10), []
    for alpha in (1.0, 0.1, 0.01):
        shares = dirichlet_shares(context.seed, p, context.trials(40_000, 400_000), alpha)
        each = np.sum((shares - p) ** 2, axis=1) / (1 - p @ p)
        findings.append(sampled({"alpha": alpha}, DIRICHLET_HETEROGENEITY.value(concentration=alpha), each))
    return findings


def released_as_cited(context: Context) -> list[Finding]:
    """The released draw at the paper's federated setting, against the same formula."""
    draws = released_draws(context.seed, context.trials(20, 200), CLIENTS, CLASSES, 0.1)
    at = {"alpha": 0.1, "clients": CLIENTS, "classes": CLASSES}
    values = [heterogeneity(q, uniform(CLASSES)) for q in draws]
    return [sampled(at, DIRICHLET_HETEROGENEITY.value(concentration=0.1), values)]


def released_findings(context: Context) -> list[Finding]:
    """Mean heterogeneity of the released draw against its closed form, for three pairs of N and C at alpha = 0.1."""
    findings = []
    for clients, classes, quick in ((CLIENTS, CLASSES, 180), (CLIENTS_DECENTRALISED, CLASSES, 450), (CLIENTS, 10, 400)):
        draws = released_draws(context.seed, context.trials(quick, 5 * quick), clients, classes, 0.1)
        claimed = RELEASED_HETEROGENEITY.value(n_clients=clients, n_classes=classes, concentration=0.1)
        values = [heterogeneity(q, uniform(classes)) for q in draws]
        findings.append(sampled({"alpha": 0.1, "clients": clients, "classes": classes}, claimed, values))
    return findings


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


def cap_findings(context: Context) -> list[Finding]:
    """The largest of several draws, balanced to the end, against clients with N/C in each class that they hold."""
    findings = []
    for clients in (10, CLIENTS_DECENTRALISED, 50):
        cap = float((Fraction(clients, CLASSES) - Fraction(1, CLASSES)) / (1 - Fraction(1, CLASSES)))
        found = max(
            heterogeneity(released_shares(context.seed + trial, CLASSES, clients, 0.01, sweeps=1000), uniform(CLASSES))
            for trial in range(context.trials(4, 40))
        )
        # After 1000 sweeps the columns are equal to 1e-8.
        findings.append(Finding({"alpha": 0.01, "clients": clients, "classes": CLASSES}, cap, found, resolution=1e-7))
    return findings


def total_is_kept(sweeps: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The balancing of the code, both sums taken before either division: is all data handed out once?

    Spoiled, after one sweep more.
    """
    sweeps += spoil != 1
    shares = np.random.default_rng(0).dirichlet(np.full(CLIENTS_DECENTRALISED, 0.1), size=CLASSES).T
    shares /= shares.sum()
    for _ in range(sweeps):
        columns, rows = shares.sum(axis=0, keepdims=True), shares.sum(axis=1, keepdims=True)
        shares = shares / columns / rows
    # The total is 1 or N C = 2000, and nothing in between has to be told apart.
    return bool(abs(shares.sum() - 1) < 1e-3), {"sweeps": sweeps, "handed_out": float(shares.sum())}


def random_class_alignments(objective: Objective, classes: int) -> np.ndarray:
    """The alignment matrices S_c of random classes, complementary masks of ratio 3/4 for MIM: (classes, DIM, DIM)."""
    roots = np.random.default_rng(classes).standard_normal((classes, DIM, 3))
    return class_alignments(roots @ roots.transpose(0, 2, 1), objective, 0.75)


def model() -> np.ndarray:
    """One random W for all gradients that are compared, shape (FEATURES, DIM)."""
    return np.random.default_rng(2).standard_normal((FEATURES, DIM))


def squared_gradients(shares: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """|grad f_i - grad f|^2 of every client, from the gradients themselves."""
    w = model()
    local = linear_alignment.gradient(w, np.einsum("nc,cde->nde", shares, moments))
    return np.sum((local - linear_alignment.gradient(w, moments.mean(axis=0))) ** 2, axis=(1, 2))


def zeta_findings(context: Context) -> list[Finding]:
    """Mean squared distance of clients' gradients from the population's against zeta^2, for three draws of shares."""
    findings = []
    for objective in Objective:
        s, p = random_class_alignments(objective, 10), uniform(10)
        cited = dirichlet_shares(context.seed, p, context.trials(100_000, 400_000), 0.1)
        h = DIRICHLET_HETEROGENEITY.value(concentration=0.1)
        at = {"objective": str(objective), "alpha": 0.1}
        findings.append(
            sampled({**at, "draw": "cited"}, dissimilarity(s, p, h, model=model()), squared_gradients(cited, s))
        )
        few = squared_gradients(sampled_shares(context.seed, cited, 5), s)
        findings.append(
            sampled({**at, "draw": "cited, 5 samples"}, dissimilarity(s, p, h, samples=5, model=model()), few)
        )
        draws = released_draws(context.seed, context.trials(600, 3000), CLIENTS, 10, 0.1)
        h = RELEASED_HETEROGENEITY.value(n_clients=CLIENTS, n_classes=10, concentration=0.1)
        # Clients of one released draw are balanced against each other: only whole draws are independent.
        means = np.array([squared_gradients(q, s).mean() for q in draws])
        findings.append(sampled({**at, "draw": "released"}, dissimilarity(s, p, h, model=model()), means))
    return findings


def sampled_findings(context: Context) -> list[Finding]:
    """Mean heterogeneity of n labels drawn from a client's shares, alpha = 1, against h + (1 - h)/n."""
    p, findings = uniform(10), []
    for samples in (1, 5, 50):
        shares = dirichlet_shares(context.seed, p, context.trials(40_000, 400_000), 1.0)
        drawn = sampled_shares(context.seed, shares, samples)
        h = DIRICHLET_HETEROGENEITY.value(concentration=1.0)
        claimed = SAMPLED_HETEROGENEITY.value(heterogeneity=h, samples_per_client=samples)
        each = np.sum((drawn - p) ** 2, axis=1) / (1 - p @ p)
        findings.append(sampled({"alpha": 1.0, "samples": samples}, claimed, each))
    return findings


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
            Prediction(cited_findings, "Covariance of a Dirichlet law.", rtol=0.01),
            reading=CITED,
            latex=DIRICHLET_HETEROGENEITY.latex,
        ),
        Statement(
            "dirichlet.released-as-cited",
            "expected",
            "Class shares drawn from a Dirichlet law with parameter alpha have heterogeneity 1/(1 + alpha).",
            Prediction(released_as_cited, BECAUSE_PER_CLASS, rtol=0.01),
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
            "Balancing the shares hands out every image once after an even number of sweeps, such as the code's 100.",
            ForAll(
                lambda context: (98, 100, 102),
                total_is_kept,
                "Both sums are taken before either division, so the total alternates between 1 and N C.",
                Evidence.NUMERIC,
            ),
            reading=RELEASED + ", even number of sweeps",
        ),
        Statement(
            "dirichlet.released-heterogeneity",
            "corrected",
            "The released draw has a heterogeneity near 1/(1 + alpha C), C classes: a closed form gives it within"
            " one percent.",
            Prediction(released_findings, BECAUSE_PER_CLASS, rtol=0.01),
            reading=RELEASED,
            latex=RELEASED_HETEROGENEITY.latex,
        ),
        Statement(
            "dirichlet.cap-few-clients",
            "corrected",
            "With fewer clients than classes, balanced shares have a heterogeneity of at most (N/C - 1/C)/(1 - "
            "1/C), however small alpha is.",
            Bound(cap_findings, "Equal clients and classes: no class fills more than N/C of a client."),
            reading=RELEASED,
        ),
        Statement(
            "dirichlet.gradient-dissimilarity",
            "corrected",
            "zeta^2 = 4 h (sum_c p_c |W S_c|^2 - |W sum_c p_c S_c|^2) with h the heterogeneity, for CL and MIM.",
            Prediction(zeta_findings, BECAUSE_COVARIANCE, rtol=0.01),
            reading="both draws",
        ),
        Statement(
            "dirichlet.sampled-labels",
            "corrected",
            "With n labels drawn from its shares a client has heterogeneity h + (1 - h)/n.",
            Prediction(sampled_findings, "Multinomial counts add their own variance.", rtol=0.01),
            reading=CITED,
            latex=SAMPLED_HETEROGENEITY.latex,
        ),
    ),
)
