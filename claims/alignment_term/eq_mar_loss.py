"""Eq (5): the MAR loss, a batch statistic inside an expectation over single samples."""

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Empty, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.drawn.plain_embeddings import eq6, mean_distance
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement, Status
from sims.losses.adaptive_mmd import a_mmd
from theory.domain import Choice, Domain, Point, Whole
from theory.formula import OutOfDomainError, Source

BECAUSE_BATCH = (
    "A-MMD compares two batches. For the single sample of the expectation, its factor 1/(B(B-1)) and its "
    "bandwidth are undefined."
)
reconstruction, alignment, weight = sp.symbols("reconstruction alignment weight", real=True)


def undefined_for_one_sample(spoil: float) -> bool:
    """Is Eq (6) undefined for batches of one? Spoiled, for batches of two."""
    rng, size = np.random.default_rng(0), 1 if spoil == 1 else 2
    try:
        a_mmd(rng.standard_normal((size, 3)), rng.standard_normal((size, 3)))
    except OutOfDomainError:
        return True
    return False


def batches_of(at: Point) -> np.ndarray:
    """A local and a global batch, (2, batch, feature_dim): normal, in two clusters, or each batch all alike."""
    shape = (2, int(at["batch"]), int(at["feature_dim"]))
    rng = np.random.default_rng((int(at["draw"]), 3))
    drawn, apart = rng.standard_normal(shape), np.array([0.0, 100.0])[:, None, None]
    return {
        "alike": np.broadcast_to(apart, shape),
        "clusters": 1e-3 * drawn + np.where(rng.random((2, shape[1], 1)) < 0.5, apart, 1.0),
        "normal": drawn,
    }[str(at["embeddings"])]


def size_of_term(at: Point, effort: Effort) -> Sample:
    """|A-MMD| at the bandwidth of the batch, pair by pair; a batch all alike is its limit, kernels 1 and 0."""
    x, y = batches_of(at)
    s = mean_distance(x)
    value = float(np.real(eq6(x, y, s if s > 0 else np.finfo(float).tiny ** 0.25)))
    return Sample(np.array([abs(value)]), 1e-12)


PAIRS_OF_BATCHES = Domain(
    (Choice("embeddings", ("alike", "clusters", "normal")), Whole("batch", 2, 12), Whole("feature_dim", 1, 8), DRAW),
    assumes="Squared distances in the kernel, the bandwidth being the mean distance over pairs of the local batch.",
)
DEFINED = OnDomain(
    PAIRS_OF_BATCHES,
    Then("<=", lambda at: 2.0, size_of_term),
    "With two or more samples both means over pairs exist. Kernels lie in [0, 1], and the mean across batches "
    "counts twice.",
    Evidence.SEARCHED,
    named=[{"embeddings": "alike", "batch": 2, "feature_dim": 3, "draw": 1}],
)


def mar_loss() -> sp.Expr:
    """Eq (5) as the sum of its two terms, each of them and the weight a symbol."""
    return reconstruction + weight * alignment


CLAIM = Claim(
    id="eq-mar-loss",
    title="The MAR loss",
    items=("eq-5", "section-5"),
    source=Source("chen2026", "Eq (5), Section 5"),
    statements=(
        Statement(
            "eq5.one-sample",
            "printed",
            "The MAR loss is an expectation over one sample and its mask of the reconstruction error plus the "
            "weighted A-MMD.",
            Empty(Status.ILL_FORMED, BECAUSE_BATCH, undefined_for_one_sample, Evidence.NUMERIC),
            reading=read_as(parts.AS_TYPED),
            instead=("eq5.pairs-of-batches",),
        ),
        Statement(
            "eq5.weight-zero",
            "printed",
            "With weight 0 the MAR loss is the reconstruction loss of Eq (3).",
            Identity(lambda: mar_loss().subs(weight, 0), lambda: reconstruction, "The weight multiplies the term."),
            reading=read_as(parts.PAIRS_OF_BATCHES),
        ),
        Statement(
            "eq5.pairs-of-batches",
            "corrected",
            "With the expectation over pairs of batches of two samples and more, the alignment term of the MAR "
            "loss is defined: a number of size at most 2.",
            DEFINED,
            reading=read_as(parts.PAIRS_OF_BATCHES),
        ),
    ),
)
