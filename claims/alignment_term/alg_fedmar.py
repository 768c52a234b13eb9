"""Algorithm 1 (FedMAR): what the averaged embeddings stand for, and one round as decentralised learning."""

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.plain_embeddings import (
    batches_at,
    embedding_parameters,
    eq6,
    mean_distance,
    squared_distances,
    steadied,
    terms,
)
from ledger.printed.found_witnesses import found
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.alignment_term.gaussian_mmd import AVERAGED_EMBEDDING_FLOOR, n_averaged
from theory.alignment_term.remainders import LEAST_DIM, averaged_embedding_remainder
from theory.domain import Condition, Domain, Point, Quantifier, Whole
from theory.formula import Source

BECAUSE_VARIANCE = "Averaging |C| independent embeddings slot by slot divides their covariance by |C|."
BECAUSE_ORDER = (
    "Which image stands at place k of a batch is arbitrary. Listing the batch of one client in another order "
    "changes the average."
)


def covariance_of_average() -> sp.Expr:
    """Variance of the average of |C| = 3 independent embeddings of variance v (one coordinate), from second moments."""
    v = sp.Symbol("v", positive=True)
    second = sp.Matrix(3, 3, lambda i, j: v if i == j else 0)
    return (sp.ones(1, 3) * second * sp.ones(3, 1))[0] / 9


def term_beyond_floor(at: Point, effort: Effort) -> Sample:
    """The term between a client and the average over others like it; the client is none of those averaged."""
    batch, dim, averaged = (int(at[name]) for name in ("batch", "feature_dim", "n_averaged"))
    squared = squared_distances(effort.seed, effort.trials, batch, dim, averaged)
    pairs = batch * (batch - 1)
    # Mean squared distances are known exactly: less their share the noise is smaller than the distance from the limit.
    centred = (
        squared[0].sum(axis=(1, 2)) / pairs - 2 * dim,
        squared[1].sum(axis=(1, 2)) / pairs - 2 * dim / averaged,
        squared[2].mean(axis=(1, 2)) - dim * (1 + 1 / averaged),
    )
    return Sample(steadied(terms(squared), *(c / dim for c in centred)))


MANY_DIMENSIONS = Domain(
    (Whole("n_averaged", 2, 200), Whole("batch", 2, 32), Whole("feature_dim", LEAST_DIM, 10**5)),
    (Condition("feature_dim at least twice the batch", r"D \ge 2B", lambda p: p["feature_dim"] >= 2 * p["batch"]),),
    Quantifier.IN_THE_LIMIT,
    "Every client's embeddings are independent draws of one normal law of equal variances in all feature dimensions; "
    "batches of n_averaged clients are averaged slot by slot and compared with the batch of a further client.",
    limit="of many feature dimensions",
)


def remainder_at(at: Point) -> float:
    """How far the mean of the term may be from its limit at this point."""
    return averaged_embedding_remainder(int(at["feature_dim"]), int(at["n_averaged"]))


FLOOR_IN_THE_LIMIT = OnDomain(
    MANY_DIMENSIONS,
    Then(
        "=",
        lambda at: AVERAGED_EMBEDDING_FLOOR.value(n_averaged=int(at["n_averaged"])),
        term_beyond_floor,
        remainder=remainder_at,
    ),
    "Squared distances are near their means. Their variance and that of the bandwidth are of order 1/D, with "
    "known constants.",
    Evidence.SAMPLED,
    named=[{"n_averaged": k, "batch": 16, "feature_dim": d} for k, d in ((5, 400), (20, 10**4))],
)


def floor_from_concentration() -> sp.Expr:
    """The squared MMD when squared distances take their means 2v, 2v/K and v(1 + 1/K); the squared bandwidth is 2v."""

    def similarity(squared: sp.Expr) -> sp.Expr:
        return sp.exp(-squared / 4)

    local, average, across = sp.Integer(2), 2 / n_averaged, 1 + 1 / n_averaged
    return similarity(local) + similarity(average) - 2 * similarity(across)


BATCHES = Domain(
    (Whole("n_averaged", 2, 20), *embedding_parameters()),
    assumes="Embeddings are drawn from the standard normal law; the term of one of the averaged clients is looked at, "
    "with the bandwidth of its batch.",
)


def term_of(at: Point, *, is_turned: bool) -> float:
    """The term of the first client; turned, the second one lists its batch in the opposite order."""
    batches = batches_at(at, int(at["n_averaged"]))
    if is_turned:
        batches[1] = batches[1][::-1].copy()
    return float(np.real(eq6(batches[0], batches.mean(axis=0), mean_distance(batches[0]))))


def term_after_reordering(at: Point, effort: Effort) -> Sample:
    """The same images of the second client in the opposite order."""
    return Sample(np.array([term_of(at, is_turned=True)]), 1e-12)


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
            "If every client is sampled, a round is one of decentralised learning on the complete network.",
            Identity(
                round_on_all_clients,
                round_on_complete_graph,
                "Lines 9 to 18 are compared with averaging by the weights 1/N.",
            ),
        ),
        Statement(
            "fedmar.averaged-covariance",
            "expected",
            "If clients are identical, the averaged embeddings of line 17 have the covariance of the global "
            "distribution, which they are meant to represent.",
            Identity(lambda: sp.Symbol("v", positive=True), covariance_of_average, BECAUSE_VARIANCE),
            reading=read_as(parts.SLOTWISE),
            instead=("fedmar.covariance-share",),
        ),
        Statement(
            "fedmar.term-one-distribution",
            "expected",
            "The alignment term vanishes between clients whose embeddings have one distribution.",
            OnDomain(
                MANY_DIMENSIONS,
                Then("=", lambda at: 0.0, term_beyond_floor, remainder=remainder_at),
                "The average of embeddings varies less than the embeddings of any client, and the alignment term "
                "measures that.",
                Evidence.SAMPLED,
                named=found("fedmar.term-one-distribution"),
            ),
            reading=read_as(parts.SLOTWISE),
            instead=("fedmar.floor-limit",),
        ),
        Statement(
            "fedmar.batch-order",
            "expected",
            "The alignment term depends on the clients' embeddings as sets, not on the order of their batches.",
            OnDomain(
                BATCHES,
                Then("=", lambda at: term_of(at, is_turned=False), term_after_reordering),
                BECAUSE_ORDER,
                Evidence.NUMERIC,
                named=found("fedmar.batch-order"),
            ),
            reading=read_as(parts.SLOTWISE),
            instead="not known",
        ),
        Statement(
            "fedmar.covariance-share",
            "corrected",
            "Averaging the embeddings of |C| identical clients (tried with three) slot by slot leaves 1/|C| of "
            "their covariance.",
            Identity(lambda: sp.Symbol("v", positive=True) / 3, covariance_of_average, BECAUSE_VARIANCE),
            reading=read_as(parts.SLOTWISE),
        ),
        Statement(
            "fedmar.floor-limit",
            "corrected",
            "Between identical clients the alignment term tends to (e^(-1/4) - e^(-1/(4|C|)))^2 in many feature "
            "dimensions.",
            Identity(
                lambda: sp.expand(AVERAGED_EMBEDDING_FLOOR.expr),
                floor_from_concentration,
                "In the limit of many feature dimensions squared distances equal their means.",
            ),
            reading=read_as(parts.SLOTWISE, parts.SQUARED_KERNEL),
            latex=AVERAGED_EMBEDDING_FLOOR.latex,
        ),
        Statement(
            "fedmar.floor-many-dims",
            "corrected",
            "Between identical clients the mean of the alignment term differs from (e^(-1/4) - e^(-1/(4K)))^2 by "
            "at most about 2.3/D. D is the number of feature dimensions, and K the number of clients averaged.",
            FLOOR_IN_THE_LIMIT,
            reading=read_as(parts.SLOTWISE, parts.SQUARED_KERNEL),
            replaces=("fedmar.floor-400-dims",),
        ),
    ),
)
