"""Masks, labels and offsets of Section 3.2 listed case by case, as an independent test of closed forms.

Nothing here knows a closed form. The paper's scaling turns every printed order into a power of u = d^(1/20).
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sympy as sp

from ledger.checks.kinds import ForAll
from ledger.statement import Evidence
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.readings import Mask
from theory.scaling import SCALE as U

SCALING = {sy.tau: U**4, sy.mu: U**-4}
KEEP = 1 - sy.mask_ratio
PI = sy.mask_ratio * KEEP
LEADING = 2 * PI * sy.tau**2  # what the paper puts on the diagonal for MIM

Entry = tuple[str, sp.Expr, sp.Expr]


def generic(name: str, rows: int, cols: int) -> sp.Matrix:
    """A matrix of distinct real symbols."""
    return sp.Matrix(rows, cols, lambda i, j: sp.Symbol(f"{name}{i + 1}{j + 1}", real=True))


def gradient(scalar: sp.Expr, w: sp.Matrix) -> sp.Matrix:
    """The matrix of partial derivatives of `scalar` with respect to the entries of `w`."""
    return sp.Matrix(w.rows, w.cols, lambda i, j: sp.diff(scalar, w[i, j]))


def half_gram_penalty(w: sp.Matrix) -> sp.Expr:
    """0.5 |W^T W|_F^2, the regulariser of Eqs (2) and (4)."""
    gram = w.T * w
    return (gram * gram.T).trace() / 2


def local_covariance(n: int, client: int) -> sp.Matrix:
    """The centred covariance of one client on the signal coordinates.

    Source: ledger; the losses use the uncentred second moment, `theory.data.moments.symbolic_local_block`.
    """
    # Labels and offsets are independent, so E x is 0 at the client's own coordinate and -tau/2 at the others.
    mean = sp.Matrix([0 if k == client else -sy.tau / 2 for k in range(n)])
    return (symbolic_local_block(n, client) - mean * mean.T).applyfunc(sp.expand)


def block_given_offsets(n: int, client: int, offsets: Sequence[Sequence[int]]) -> sp.Matrix:
    """One client's E[x x^T] on the signal when q is drawn once per class: one row of N zeros and ones per class.

    Source: chen2026, Section 3.2, the superscript of q read literally. Pixel noise is left out.
    """
    moment = sp.zeros(n, n)
    for sign, row in zip((1, -1), offsets, strict=True):
        x = sp.Matrix([sign if k == client else -row[k] * sy.tau for k in range(n)])
        moment += x * x.T / 2
    return moment


def masked_pair(x: sp.Matrix, mask: Mask) -> sp.Matrix:
    """Half of E[b a^T + a b^T] for one image x, a and b its two masked views, by listing all masks.

    Source: chen2026, Eq (17), first line. `FIXED_COUNT` masks half of the entries, so p = 1/2.
    Errors: ValueError for `PRINTED`, which is no law of masks.
    """
    size = len(x)
    total = sp.zeros(size, size)
    for probability, first, second in _mask_pairs(size, mask):
        a, b = x.multiply_elementwise(sp.Matrix(first)), x.multiply_elementwise(sp.Matrix(second))
        total += probability * (b * a.T + a * b.T) / 2
    return total.applyfunc(sp.factor)


def printed_pair(x: sp.Matrix) -> sp.Matrix:
    """The last line of Eq (17) for one image: 2p(1-p) diag(x) diag(x)^T."""
    return 2 * PI * sp.diag(*x) * sp.diag(*x).T


def aligned(moment: sp.Matrix, mask: Mask) -> sp.Matrix:
    """The alignment matrix of a second moment under independent or complementary masks.

    Masks treat all pixels alike, so two pixels of value one return the factor on the diagonal and the one off it.
    """
    pair = masked_pair(sp.ones(2, 1), mask)
    factors = sp.Matrix(moment.rows, moment.cols, lambda k, l: pair[0, int(k != l)])
    return moment.multiply_elementwise(factors)


def is_big_o(expr: sp.Expr, power: int) -> bool:
    """Whether an expression in u = d^(1/20) is O(u^power)."""
    return bool(degree(expr) <= power)


def degree(expr: sp.Expr) -> sp.Expr:
    """The exact power of u with which a rational expression in u grows; -oo for zero."""
    numerator, denominator = sp.fraction(sp.together(sp.expand(expr)))
    if sp.expand(numerator) == 0:
        return -sp.oo
    return sp.Integer(sp.Poly(numerator, U).degree() - sp.Poly(denominator, U).degree())


def entries_up_to(entries: Callable[[], Iterable[Entry]], power: int, because: str) -> ForAll:
    """A check that each derived entry equals the printed one up to O(d^(power/20)) as d grows."""

    def predicate(entry: Entry, spoil: float) -> tuple[bool, Mapping[str, Any]]:
        where, printed, derived = entry
        difference = (derived - sp.Rational(str(spoil)) * printed).subs(SCALING)
        return is_big_o(difference, power), {
            "entry": where,
            "printed": str(printed),
            "derived": str(sp.factor(derived)),
            "difference_grows_like_d_to_the": str(degree(difference) / 20),
            "allowed": str(sp.Rational(power, 20)),
        }

    return ForAll(lambda _: entries(), predicate, because, Evidence.ENUMERATED)


def matrix_entries(printed: sp.Matrix, derived: sp.Matrix, label: str = "") -> list[Entry]:
    """The entries on and above the diagonal of two symmetric matrices, named from 1."""
    return [
        (f"{label}({k + 1}, {l + 1})", printed[k, l], derived[k, l])
        for k, l in itertools.combinations_with_replacement(range(printed.rows), 2)
    ]


def _mask_pairs(size: int, mask: Mask) -> list[tuple[sp.Expr, tuple[int, ...], tuple[int, ...]]]:
    every = list(itertools.product((0, 1), repeat=size))
    if mask is Mask.INDEPENDENT:
        # The second view keeps a pixel with probability p, as 1 - m does, but without looking at m.
        return [(_probability(m) * _probability(_complement(other)), m, other) for m in every for other in every]
    if mask is Mask.COMPLEMENTARY:
        return [(_probability(m), m, _complement(m)) for m in every]
    if mask is Mask.FIXED_COUNT:
        half = [m for m in every if 2 * sum(m) == size]
        return [(sp.Rational(1, len(half)), m, _complement(m)) for m in half]
    raise ValueError(f"The masks of a reading that has masks were wanted; got {mask.value}. Use printed_pair.")


def _probability(m: tuple[int, ...]) -> sp.Expr:
    return sp.prod([KEEP if kept else sy.mask_ratio for kept in m])


def _complement(m: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 - kept for kept in m)


def all_offsets(n: int) -> list[tuple[int, ...]]:
    """Every draw of q for one class, one zero or one a coordinate."""
    return list(itertools.product((0, 1), repeat=n))
