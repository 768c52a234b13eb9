"""Assumption A.7 and Remark A.8: independent samples, said to be the least that concentration needs.

The assumption is sound, and excludes offsets drawn once per class. It is not minimal: samples that come in identical
pairs are dependent and their second moment concentrates all the same, at half the sample size.
"""

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from ledger import parts
from ledger.checks.enumerated import all_offsets, block_given_offsets
from ledger.checks.kinds import ForAll, Identity
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.formula import Source

N_SAMPLES = 6
BLOCKS = (1, 2, 3)


def _variance_of_mean(n_samples: int, block_size: int) -> sp.Expr:
    """Variance of the mean of (q tau)^2 over samples in identical, mutually independent blocks, all q listed."""
    outcomes = list(itertools.product((0, 1), repeat=n_samples // block_size))
    means = [sp.Rational(block_size * sum(q), n_samples) * sy.tau**2 for q in outcomes]
    mean = sum(means) / len(outcomes)
    return sp.expand(sum((m - mean) ** 2 for m in means) / len(outcomes))


def _independence_is_needed(block_size: int, _: float) -> tuple[bool, Mapping[str, Any]]:
    variances = [_variance_of_mean(n, block_size) for n in (6, 12)]
    concentrates = sp.simplify(variances[0] / variances[1]) == 2
    return block_size == 1 or not concentrates, {
        "samples": f"identical blocks of {block_size}",
        "variance_with_6_and_12_samples": [str(v) for v in variances],
    }


def _frozen(_: Context) -> Iterable[tuple[tuple[int, ...], ...]]:
    return itertools.product(all_offsets(3), repeat=2)


def _at_the_mean(offsets: tuple[tuple[int, ...], ...], _: float) -> tuple[bool, Mapping[str, Any]]:
    # With endless samples the empirical matrix of a client tends to its mean given q, not to the mean over q.
    given = block_given_offsets(3, 0, offsets) + sy.mu**2 * sp.eye(3)
    mean = symbolic_local_block(3, 0)
    return bool((given - mean).applyfunc(sp.expand).is_zero_matrix), {
        "q": str(offsets),
        "limit_of_empirical_matrix": str(given.applyfunc(sp.expand)),
        "population_matrix": str(mean),
    }


def _mean_over_offsets() -> sp.Matrix:
    draws = list(_frozen(Context()))
    return sum((block_given_offsets(3, 0, q) for q in draws), sp.zeros(3, 3)) / len(draws) + sy.mu**2 * sp.eye(3)


CLAIM = Claim(
    id="asm-independent-sampling",
    title="Independent local samples",
    items=("assumption-A.7", "remark-A.8"),
    source=Source("chen2026", "Assumption A.7 and Remark A.8"),
    statements=(
        Statement(
            "a7.variance-per-sample",
            "expected",
            "A.7: with n independent samples the empirical second moment of an offset has 1/n of the variance "
            "that it has with one sample.",
            Identity(
                lambda: sp.Matrix([sy.tau**4 / 4 / n for n in (1, 2, 6)]),
                lambda: sp.Matrix([_variance_of_mean(n, 1) for n in (1, 2, 6)]),
                "All outcomes of q in one, two and six samples are listed. One sample has the variance tau^4/4.",
            ),
            reading=read_as(parts.PER_SAMPLE),
            about=("assumption-A.7",),
        ),
        Statement(
            "a7.limit-per-class",
            "printed",
            "A.8: the empirical matrix of a client tends to the population matrix.",
            ForAll(
                _frozen,
                _at_the_mean,
                "If the offsets q are drawn once per class, all samples of a class share them, and they never "
                "average out.",
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.PER_CLASS),
            instead=("a7.population-per-class",),
            about=("remark-A.8",),
        ),
        Statement(
            "a7.independence-least",
            "printed",
            "A.8: independence of samples is the weakest assumption under which empirical matrices concentrate.",
            ForAll(
                lambda _: BLOCKS,
                _independence_is_needed,
                "Samples that are repeated in pairs are dependent. Yet their matrices concentrate, like those of "
                "half as many independent samples.",
                Evidence.ENUMERATED,
            ),
            latex=r"\|X_i - \mathbb{E}X_i\| \to 0 \Rightarrow \text{independent samples}",
            instead=("a7.identical-blocks",),
            about=("remark-A.8",),
        ),
        Statement(
            "a7.population-per-class",
            "corrected",
            "If the offsets q are drawn once per class, the population matrix is the mean over q of the matrices "
            "given q.",
            Identity(
                _mean_over_offsets, lambda: symbolic_local_block(3, 0), "All draws of q are listed for three clients."
            ),
            reading=read_as(parts.PER_CLASS),
            about=("remark-A.8",),
        ),
        Statement(
            "a7.identical-blocks",
            "corrected",
            "If n samples come in blocks of m identical ones, they concentrate like n/m independent samples.",
            Identity(
                lambda: sp.Matrix([m * _variance_of_mean(1, 1) / N_SAMPLES for m in BLOCKS]),
                lambda: sp.Matrix([_variance_of_mean(N_SAMPLES, m) for m in BLOCKS]),
                "All outcomes of six samples, in blocks of one, two and three, are listed.",
            ),
            about=("remark-A.8",),
        ),
    ),
)
