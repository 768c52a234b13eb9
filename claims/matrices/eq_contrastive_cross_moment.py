"""Eqs (43) and (44): the alignment matrix of CL with similar views, and its mean.

The empirical matrix is a difference of two Gram matrices. Its mean is E[x x^T] exactly: the augmentation noise adds
nothing to the mean, not even O(d^(-1/5)), and the signal block is the one that (18) misses.
"""

import itertools

import sympy as sp

from ledger.checks.enumerated import entries_up_to, generic, matrix_entries
from ledger.checks.kinds import ForAll, Identity
from ledger.statement import Claim, Evidence, Statement
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.formula import Source

N, CLIENT = 4, 0
X, XI, XI_OTHER = generic("x", 2, 1), generic("s", 2, 1), generic("t", 2, 1)


def pair(x: sp.Matrix, first: sp.Matrix, second: sp.Matrix) -> sp.Matrix:
    """Half of b a^T + a b^T for the views a = x + first, b = x + second."""
    a, b = x + first, x + second
    return (b * a.T + a * b.T) / 2


def _printed_sum() -> sp.Matrix:
    cross = X * XI.T + XI_OTHER * X.T + X * XI_OTHER.T + XI * X.T
    return (2 * X * X.T + cross + XI_OTHER * XI.T + XI * XI_OTHER.T) / 2


def _grams() -> sp.Matrix:
    mean, half_difference = X + (XI + XI_OTHER) / 2, (XI - XI_OTHER) / 2
    return mean * mean.T - half_difference * half_difference.T


def _mean_over_noise() -> sp.Matrix:
    # Linear in each noise vector, so any law with mean 0 gives the Gaussian mean; signs can be listed.
    signs = [sp.Matrix(s) for s in itertools.product((1, -1), repeat=2)]
    std = sy.augmentation_std
    total = sum((pair(X, std * s, std * t) for s in signs for t in signs), sp.zeros(2, 2))
    return (total / len(signs) ** 2).applyfunc(sp.expand)


CLAIM = Claim(
    id="eq-contrastive-cross-moment",
    title="The alignment matrix of contrastive learning with similar views",
    items=("eq-42", "eq-43", "eq-44"),
    source=Source("chen2026", "A.6.3, Eqs (43) and (44)"),
    statements=(
        Statement(
            "eq43.seven-products",
            "printed",
            "(42), left side, and (43): the alignment matrix is half the mean over samples of the seven products "
            "of x, xi and xi'.",
            Identity(_printed_sum, lambda: pair(X, XI, XI_OTHER), "Half of b a^T + a b^T, multiplied out."),
            latex=r"X_i^C = \tfrac{1}{2n} \sum_j (2 x_j x_j^\top + x_j \xi_j^\top + \dots + \xi_j \xi_j'^\top)",
            about=("eq-42", "eq-43"),
            replaces=("eq39.seven-products",),
        ),
        Statement(
            "eq43.mean-diagonal",
            "printed",
            "(44): the mean of the alignment matrix is diag(tau^2 off the client's coordinate, 1 on it, 0 "
            "outside) up to O(d^(-1/5)).",
            entries_up_to(
                lambda: matrix_entries(
                    sp.diag(*[1 if k == CLIENT else sy.tau**2 for k in range(N)]), symbolic_local_block(N, CLIENT)
                ),
                -4,
                "The entry (2, 2) is tau^2/2 + mu^2 and the entry (2, 3) is tau^2/4.",
            ),
            latex=r"\mathbb{E}[X_i^C] = \operatorname{diag}(d^{2/5}, \dots, 1, \dots, d^{2/5}, 0, \dots) + O(d^{-1/5})",
            instead=(
                "eq43.mean-second-moment",
                "eq18.second-moment",
            ),
            about=("eq-44",),
        ),
        Statement(
            "eq43.noise-in-mean",
            "printed",
            "(44): the augmentation noise contributes terms of O(d^(-1/5)) to the mean of the alignment matrix.",
            ForAll(
                lambda _: (sy.augmentation_std,),
                lambda std, spoil: (
                    bool((_mean_over_noise() - sp.Rational(str(spoil)) * X * X.T).is_zero_matrix),
                    {"mean": str(_mean_over_noise())},
                ),
                "True, but it says little: the contribution is exactly 0 for every strength of the noise.",
                Evidence.ENUMERATED,
            ),
            about=("eq-44",),
        ),
        Statement(
            "eq43.mean-second-moment",
            "corrected",
            "The mean of the alignment matrix is E[x x^T] exactly, whatever the augmentation noise.",
            Identity(
                lambda: X * X.T, _mean_over_noise, "All products with one noise vector have mean 0, as has xi xi'^T."
            ),
            latex=r"\mathbb{E}[X_i^C] = \Sigma_i",
        ),
        Statement(
            "eq43.gram-difference",
            "corrected",
            "The alignment matrix is the Gram matrix of x + (xi + xi')/2 minus the Gram matrix of (xi - xi')/2. "
            "The two vectors are independent of each other.",
            Identity(
                _grams,
                lambda: pair(X, XI, XI_OTHER),
                "Polarisation; the sum and difference of xi and xi' are independent.",
            ),
            latex=r"X^C = \tfrac1n\sum_j (y_j y_j^\top - z_j z_j^\top)",
        ),
    ),
)
