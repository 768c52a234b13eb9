"""Eqs (3) and (4) written out over every mask, in sympy: how the reconstruction and the alignment loss are related.

One symbolic x is enough: both losses are linear in x x^T, so what holds for it holds for every average over data.
"""

import itertools
from collections.abc import Callable

import sympy as sp

from theory.symbols import mask_ratio


def mean_over_masks(function: Callable[[sp.Matrix, sp.Matrix], sp.Matrix], x: sp.Matrix) -> sp.Matrix:
    """E over m of function(x m, x (1 - m)), by listing all masks; an entry of m is 0 with probability p.

    Source: chen2026, Section 3.2.
    """
    terms = []
    for mask in itertools.product((0, 1), repeat=x.rows):
        visible = sp.Matrix([x[k] * m for k, m in enumerate(mask)])
        chance = sp.prod([mask_ratio if m == 0 else 1 - mask_ratio for m in mask])
        terms.append(chance * function(visible, x - visible))
    return sum(terms[1:], terms[0]).applyfunc(sp.expand)


def reconstruction_loss(encoder: sp.Matrix, decoder: sp.Matrix, x: sp.Matrix) -> sp.Expr:
    """Eq (3) as printed: the mean of |W_d W_e (x m) - x (1 - m)|^2. Source: chen2026, (3)."""

    def squared_error(a: sp.Matrix, b: sp.Matrix) -> sp.Matrix:
        error = decoder * (encoder * a) - b
        return error.T * error

    return mean_over_masks(squared_error, x)[0]


def alignment_loss(encoder: sp.Matrix, x: sp.Matrix) -> sp.Expr:
    """Eq (4) as printed: |W^T W|^2 / 2 less the mean inner product of the embedded views. Source: chen2026, (4)."""
    inner = mean_over_masks(lambda a, b: (encoder * a).T * (encoder * b), x)[0]
    gram = encoder.T * encoder
    return sp.expand(-inner + (gram.T * gram).trace() / 2)


def visible_moment(x: sp.Matrix) -> sp.Matrix:
    """E[a a^T] over the masks, a = x m. Source: ledger."""
    return mean_over_masks(lambda a, b: a * a.T, x)


def tied_remainder(encoder: sp.Matrix, x: sp.Matrix) -> sp.Expr:
    """(3) with W_d = W_e^T, less twice (4): tr(M (E[a a^T] - I) M) + E|b|^2, with M = W^T W.

    Source: ledger. (4) is (3) with the second moment of the visible view replaced by the identity: the remainder is
    constant in W, and the minimisers one and the same, where E[a a^T] = I.
    """
    gram = encoder.T * encoder
    hidden = mean_over_masks(lambda a, b: b.T * b, x)[0]
    return sp.expand((gram * (visible_moment(x) - sp.eye(x.rows)) * gram).trace() + hidden)


def symbolic_encoder(feature_dim: int, dim: int) -> sp.Matrix:
    """A c x d matrix of real symbols w_jk."""
    return sp.Matrix(feature_dim, dim, lambda j, k: sp.Symbol(f"w_{j}{k}", real=True))


def symbolic_sample(dim: int) -> sp.Matrix:
    """A column of real symbols x_k."""
    return sp.Matrix([sp.Symbol(f"x_{k}", real=True) for k in range(dim)])
