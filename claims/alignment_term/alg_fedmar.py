"""Algorithm 1 (FedMAR): what the averaged embeddings stand for, and one round as decentralised learning."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import Finding, ForAll, Identity, Prediction
from ledger.statement import Claim, Context, Evidence, Statement
from sims.losses.adaptive_mmd import a_mmd
from theory.alignment_term.gaussian_mmd import AVERAGED_EMBEDDING_FLOOR, n_averaged
from theory.formula import Source

BECAUSE_VARIANCE = "Averaging |C| independent embeddings slot by slot divides their covariance by |C|."
BECAUSE_ORDER = (
    "Slot k of a batch is an arbitrary image; listing one client's batch in another order changes the average."
)
CLIENTS, BATCH, FEATURES = 5, 16, 400


def covariance_of_average() -> sp.Expr:
    """Variance of the average of |C| = 3 independent embeddings of variance v (one coordinate), from second moments."""
    v = sp.Symbol("v", positive=True)
    second = sp.Matrix(3, 3, lambda i, j: v if i == j else 0)
    return (sp.ones(1, 3) * second * sp.ones(3, 1))[0] / 9


def embeddings(seed: int, clients: int) -> np.ndarray:
    """One batch a client, all clients with one and the same distribution."""
    return np.random.default_rng(seed).standard_normal((clients, BATCH, FEATURES))


def order_is_immaterial(seed: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The same images of client 1 in another order: does the MAR term of client 0 stay?"""
    z = embeddings(seed, CLIENTS)
    turned = z.copy()
    turned[1] = z[1][::-1]
    before, after = (float(a_mmd(z[0], batches.mean(axis=0))) for batches in (z, turned))
    return abs(after - before) <= 1e-12, {"term": before, "term_after_reordering_client_1": after}


def floor_findings(context: Context) -> list[Finding]:
    """The term between a client and the average over identical clients, against its limit in many dimensions."""
    trials, findings = context.trials(40, 200), []
    for clients in (CLIENTS, 20):
        # The local client is no member of the average: the formula treats the two batches as independent.
        values = []
        for trial in range(trials):
            z = embeddings(context.seed + 1000 * clients + trial, clients + 1)
            values.append(float(a_mmd(z[0], z[1:].mean(axis=0))))
        error = float(np.std(values, ddof=1) / np.sqrt(trials))
        claimed = AVERAGED_EMBEDDING_FLOOR.value(n_averaged=clients)
        findings.append(Finding({"clients": clients, "features": FEATURES}, claimed, float(np.mean(values)), error))
    return findings


def floor_from_concentration() -> sp.Expr:
    """The squared MMD when squared distances take their means 2v, 2v/K and v(1 + 1/K); the squared bandwidth is 2v."""

    def similarity(squared: sp.Expr) -> sp.Expr:
        return sp.exp(-squared / 4)

    local, average, across = sp.Integer(2), 2 / n_averaged, 1 + 1 / n_averaged
    return similarity(local) + similarity(average) - 2 * similarity(across)


def identical_clients_pay_nothing(count: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the term's limit in many dimensions is 0 between a client and the average of `count` clients like it."""
    floor = AVERAGED_EMBEDDING_FLOOR.value(n_averaged=count)
    return floor == 0, {"clients_averaged": count, "term_between_identical_clients": floor}


def round_on_all_clients() -> sp.Matrix:
    """Models after one round of Algorithm 1 with every client sampled, models and updates being symbols."""
    start = sp.Matrix(sp.symbols("start_1:4"))
    update = sp.Matrix(sp.symbols("update_1:4"))
    server = sum(start) / 3
    return sp.Matrix([sum(server + u for u in update) / 3] * 3)


def round_on_complete_graph() -> sp.Matrix:
    """The same from decentralised rounds on the complete graph: mix, update, mix."""
    mixing = sp.ones(3, 3) / 3
    start, update = sp.Matrix(sp.symbols("start_1:4")), sp.Matrix(sp.symbols("update_1:4"))
    return mixing * (mixing * start + update)


CLAIM = Claim(
    id="alg-fedmar",
    title="Algorithm 1, FedMAR",
    items=("algorithm-1", "section-5"),
    source=Source("chen2026", "Algorithm 1, A.1"),
    statements=(
        Statement(
            "fedmar.all-clients-sampled",
            "printed",
            "With every client sampled, a round is one of decentralised learning on the complete graph.",
            Identity(round_on_all_clients, round_on_complete_graph, "Lines 9 to 18 against mixing by 1/N."),
            reading="all clients sampled",
        ),
        Statement(
            "fedmar.averaged-covariance",
            "expected",
            "The averaged embeddings of line 17 have the covariance of the global distribution, for which they stand.",
            Identity(lambda: sp.Symbol("v", positive=True), covariance_of_average, BECAUSE_VARIANCE),
            reading="line 17 as typed, identical clients",
            instead=("fedmar.covariance-share",),
        ),
        Statement(
            "fedmar.term-one-distribution",
            "expected",
            "The alignment term vanishes between clients whose embeddings have one distribution.",
            ForAll(
                lambda context: (2, 5, 100),
                identical_clients_pay_nothing,
                "The average is less spread than any client, and the term sees it.",
                Evidence.NUMERIC,
            ),
            reading="line 17 as typed, many feature dimensions",
            instead=("fedmar.floor-limit",),
        ),
        Statement(
            "fedmar.batch-order",
            "expected",
            "The alignment term depends on the clients' embeddings as sets, not on the order of their batches.",
            ForAll(lambda context: (context.seed,), order_is_immaterial, BECAUSE_ORDER, Evidence.NUMERIC),
            reading="line 17 as typed",
            instead="not known",
        ),
        Statement(
            "fedmar.covariance-share",
            "corrected",
            "Averaging the embeddings of |C| clients slot by slot leaves 1/|C| of their covariance.",
            Identity(lambda: sp.Symbol("v", positive=True) / 3, covariance_of_average, BECAUSE_VARIANCE),
            reading="line 17 as typed, three identical clients",
        ),
        Statement(
            "fedmar.floor-limit",
            "corrected",
            "Between identical clients the alignment term tends to (e^(-1/4) - e^(-1/(4|C|)))^2 in many feature "
            "dimensions.",
            Identity(
                lambda: sp.expand(AVERAGED_EMBEDDING_FLOOR.expr),
                floor_from_concentration,
                "Squared distances take their means.",
            ),
            reading="line 17 as typed, squared distance in the kernel",
            latex=AVERAGED_EMBEDDING_FLOOR.latex,
        ),
        Statement(
            "fedmar.floor-400-dims",
            "corrected",
            "In 400 feature dimensions the alignment term between identical clients is near its limit (e^(-1/4) -"
            " e^(-1/(4|C|)))^2.",
            Prediction(floor_findings, "Gaussian embeddings, batches of 16.", rtol=0.05),
            reading="line 17 as typed, squared distance in the kernel",
        ),
    ),
)
