"""Eq (5): the MAR loss, a batch statistic inside an expectation over single samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import Empty, ForAll, Identity
from ledger.statement import Claim, Evidence, Statement, Status
from sims.losses.adaptive_mmd import a_mmd
from theory.formula import OutOfDomainError, Source

BECAUSE_BATCH = (
    "A-MMD compares two batches; for the single sample of the expectation its 1/(B(B-1)) and its bandwidth "
    "are undefined."
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


def defined_for_a_batch(size: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Is Eq (6) a finite number for two batches of `size`? Spoiled, the batches shrink to one sample."""
    rng, size = np.random.default_rng(size), size if spoil == 1 else 1
    try:
        value = float(a_mmd(rng.standard_normal((size, 3)), rng.standard_normal((size, 3))))
    except OutOfDomainError as error:
        return False, {"batch": size, "why": str(error)}
    return bool(np.isfinite(value)), {"batch": size, "a_mmd": value}


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
            reading="as typed",
            instead=("eq5.pairs-of-batches",),
        ),
        Statement(
            "eq5.weight-zero",
            "printed",
            "With weight 0 the MAR loss is the reconstruction loss of Eq (3).",
            Identity(lambda: mar_loss().subs(weight, 0), lambda: reconstruction, "The weight multiplies the term."),
            reading="A-MMD per pair of batches",
        ),
        Statement(
            "eq5.pairs-of-batches",
            "corrected",
            "With the expectation over pairs of batches of two samples and more, the alignment term of the MAR "
            "loss is defined.",
            ForAll(lambda _: range(2, 9), defined_for_a_batch, "Gaussian batches.", Evidence.SEARCHED),
            reading="A-MMD per pair of batches",
        ),
    ),
)
