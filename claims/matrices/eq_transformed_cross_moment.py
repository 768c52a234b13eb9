"""Eqs (55) to (58): the alignment matrix of CL when one view is H x.

Its mean is the symmetric part of H E[x x^T], d x d and symmetric by construction: entry (k, k) is (H E[x x^T])_kk.
The paper multiplies by tr(H), which at H = I is d, where the truth is 1.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.enumerated import SCALING, U, degree, generic
from ledger.checks.kinds import ForAll, Identity, Printed
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_matrices import ROUND_OFF
from ledger.drawn.drawn_networks import DRAW
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Instead, Statement, Status
from theory import symbols as sy
from theory.data.moments import symbolic_local_block
from theory.domain import Domain, Point, Real, Whole
from theory.formula import Source

N = 4
X, XI, H = generic("x", 3, 1), generic("s", 3, 1), generic("h", 3, 3)
SIGMA = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"S{min(i, j) + 1}{max(i, j) + 1}", real=True))
# At H = I, and at H = I on the signal and 0 elsewhere: entry (k, k) of the mean, and its largest eigenvalue.
ENTRY, EDGE = symbolic_local_block(N, 0)[1, 1], sum(symbolic_local_block(N, 0).row(1), sp.Integer(0))
IDENTITY_TRACE = ("d", U**20)
MEAN = "(56): off the client's own coordinate, signal entries of the mean matrix are tr(H) tau^2 up to O(d^(-1/5))."


def _printed_sum() -> sp.Matrix:
    return (H * X * X.T + H * X * XI.T + X * X.T * H.T + XI * X.T * H.T) / 2


def _pair(h: sp.Matrix, x: sp.Matrix, noise: sp.Matrix) -> sp.Matrix:
    return (h * x * (x + noise).T + (x + noise) * x.T * h.T) / 2


def _mean() -> sp.Matrix:
    # x listed as the three columns of a root of E[x x^T] would do as well; here the products are read off.
    images = _pair(H, X, sp.zeros(3, 1)).applyfunc(sp.expand)
    moments = {X[i] * X[j]: SIGMA[i, j] for i in range(3) for j in range(i, 3)}
    return images.applyfunc(lambda e: sp.expand(e).subs(moments))


def _close(
    key: str,
    about: str,
    text: str,
    words: tuple[str, str],
    trace: tuple[str, sp.Expr],
    derived: sp.Expr,
    because: str,
    latex: str = "",
    instead: Instead = (),
) -> Statement:
    """The print tr(H) tau^2, right up to O(d^(-1/5)): `words` are H and the entry, `trace` tr(H) said and meant."""
    (h, where), (said, value) = words, trace
    printed = value * sy.tau**2

    def predicate(_: str, __: float) -> tuple[bool, Mapping[str, Any]]:
        ratio = degree((printed / derived).subs(SCALING))
        return bool(degree((printed - derived).subs(SCALING)) <= -4), {
            "H": h,
            "entry": where,
            "printed": f"tr(H) tau^2, tr(H) = {said}",
            "derived": str(derived),
            "printed_over_derived_grows_like_d_to_the": str(ratio / 20),
        }

    read = parts.IDENTITY if h == "identity" else parts.IDENTITY_ON_SIGNAL
    check = ForAll(lambda _: (where,), predicate, because, Evidence.ENUMERATED)
    return Statement(key, "printed", text, check, reading=read_as(read), latex=latex, instead=instead, about=(about,))


def _transforms(context: Context) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(context.seed)
    yield np.eye(3), np.diag([3.0, 2.0, 1.0])
    for size in (3, 5, 9):
        for _ in range(context.trials(60, 600)):
            root = rng.standard_normal((size, size))
            yield rng.standard_normal((size, size)), root @ root.T


def _singular_bound(point: tuple[np.ndarray, np.ndarray], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    h, sigma = point
    x = (h @ sigma + sigma @ h.T) / 2
    u, values, vt = np.linalg.svd(x)
    bound = values[0] * np.sum(np.abs(u * vt.T), axis=1)
    return bool(np.all(np.diag(x) <= spoil * bound + 1e-12 * values[0])), {"H": h.tolist()}


def _needs_a_trick(point: tuple[np.ndarray, np.ndarray], _: float) -> tuple[bool, Mapping[str, Any]]:
    h, sigma = point
    x = (h @ sigma + sigma @ h.T) / 2
    return x.shape[0] != x.shape[1], {
        "H": h.tolist(),
        "shape": list(x.shape),
        "asymmetry": float(np.abs(x - x.T).max()),
    }


ANY_H = Domain(
    (
        Whole("dim", 2, 16),
        Whole("samples_per_client", 1, 32),
        Real("augmentation_std", 0.0, np.inf, "[)", reach=(0.0, 2.0)),
        DRAW,
    ),
    assumes="H is any matrix. The matrix of one data set is half the mean of b a^T + a b^T, a = x + xi and b = H x.",
)


def _summed_products(at: Point) -> np.ndarray:
    """The alignment matrix of a drawn data set, summed sample by sample and entry by entry: (d, d)."""
    rng, d, n = np.random.default_rng((int(at["draw"]), 8)), int(at["dim"]), int(at["samples_per_client"])
    h, total = rng.standard_normal((d, d)), np.zeros((d, d))
    for _ in range(n):
        x = rng.standard_normal(d)
        a, b = x + float(at["augmentation_std"]) * rng.standard_normal(d), h @ x
        total += (np.outer(b, a) + np.outer(a, b)) / 2
    return total / n


def _moduli(at: Point) -> np.ndarray:
    return np.sort(np.abs(np.linalg.eigvals(_summed_products(at))))


def _singular_values(at: Point, _: Effort) -> Sample:
    values = np.sort(np.linalg.svd(_summed_products(at), compute_uv=False))
    return Sample(values[None], ROUND_OFF * float(values[-1]))


CLAIM = Claim(
    id="eq-transformed-cross-moment",
    title="The alignment matrix of contrastive learning with dissimilar views",
    items=("eq-55", "eq-56", "eq-57", "eq-58", "svd-remark"),
    source=Source("chen2026", "A.6.3, Eqs (55)-(58)"),
    statements=(
        Statement(
            "eq55.four-products",
            "printed",
            "(55): the alignment matrix is the average over samples of the four products of H x, x and xi, halved.",
            Identity(_printed_sum, lambda: _pair(H, X, XI), "Half of b a^T + a b^T with b = H x, multiplied out."),
            latex=r"X_i^{C'} = \tfrac{1}{2n}\sum_j (H x_j x_j^\top + H x_j \xi_j^\top + x_j x_j^\top H^\top + \dots)",
            about=("eq-55",),
        ),
        _close(
            "eq55.mean-identity",
            "eq-56",
            MEAN,
            ("identity", "entry (k, k)"),
            IDENTITY_TRACE,
            ENTRY,
            "At H = I the mean is E[x x^T], and tr(H) is d.",
            r"\mathbb{E}[X_i^{C'}] = \operatorname{diag}(\operatorname{tr}(H) d^{2/5}, \dots) + O(d^{-1/5})",
            instead=("eq55.symmetric-part",),
        ),
        _close(
            "eq55.mean-identity-on-signal",
            "eq-56",
            MEAN,
            ("identity on the signal, 0 elsewhere", "entry (k, k)"),
            ("N = 4", sp.Integer(N)),
            ENTRY,
            "It fails with a trace that does not grow with d, too: here tr(H) = N, and the entry is tau^2/2 + mu^2.",
            instead=("eq55.symmetric-part",),
        ),
        _close(
            "eq55.entry-identity",
            "eq-57",
            "(57), second line: e_k^T X e_k is tr(H) d^(2/5) up to O(d^(-1/5)).",
            ("identity", "entry (k, k)"),
            IDENTITY_TRACE,
            ENTRY,
            "At H = I the printed value is too large by a factor of order d, as in (56).",
            r"e_k^\top X_i^{C'} e_k = \operatorname{tr}(H)\, d^{2/5} \pm O(d^{-1/5})",
            instead=("eq55.symmetric-part",),
        ),
        _close(
            "eq55.edge-identity",
            "eq-57",
            "(57), third line: the largest eigenvalue is tr(H) d^(2/5) up to O(d^(-1/5)).",
            ("identity", "largest eigenvalue"),
            IDENTITY_TRACE,
            EDGE,
            "At H = I it is N tau^2/4 + mu^2.",
            r"\lambda_{i,1}^{C'} = \operatorname{tr}(H)\, d^{2/5} \pm O(d^{-1/5})",
            instead=("eq55.symmetric-part", "eq18.second-moment"),
        ),
        Statement(
            "eq55.square-or-not",
            "printed",
            "Before (58): the transformation may make the alignment matrix non-square, so singular vectors are needed.",
            ForAll(
                _transforms,
                _needs_a_trick,
                "H is d x d, and half of M + M^T is square and symmetric.",
                Evidence.ENUMERATED,
            ),
            instead=("eq55.square-and-symmetric",),
            about=("svd-remark", "eq-58"),
        ),
        Statement(
            "eq55.products-of-columns",
            "printed",
            "(58): the products u_j v_j of two column vectors stand for u_j v_j^T.",
            Printed(Status.ILL_FORMED, "A column times a column is no matrix; a transpose is missing in every term."),
            instead=("eq55.singular-bound",),
            about=("eq-58",),
        ),
        Statement(
            "eq55.singular-bound",
            "printed",
            "(58), with the transposes: e_k^T X e_k is at most the largest singular value times sum "
            "|e_k^T u_j v_j^T e_k|.",
            ForAll(_transforms, _singular_bound, "The triangle inequality.", Evidence.SEARCHED),
            reading=read_as(parts.MENDED),
            latex=r"e_k^\top X e_k \le \lambda_1 \sum_j |e_k^\top u_j v_j^\top e_k|",
            about=("eq-58",),
        ),
        Statement(
            "eq55.symmetric-part",
            "corrected",
            "The mean of the alignment matrix is the symmetric part of H E[x x^T], so entry (k, k) is (H E[x x^T])_kk.",
            Identity(
                lambda: ((H * SIGMA + SIGMA * H.T) / 2).applyfunc(sp.expand),
                _mean,
                "Generic H and second moment, three coordinates; the noise has mean 0 and is independent of x.",
            ),
            latex=r"\mathbb{E}[X_i^{C'}] = \tfrac12 (H\Sigma_i + \Sigma_i H^\top)",
        ),
        Statement(
            "eq55.square-and-symmetric",
            "corrected",
            "The alignment matrix is square and symmetric for every H. So its singular values are the absolute "
            "values of its eigenvalues.",
            OnDomain(
                ANY_H,
                Then("=", _moduli, _singular_values),
                "It is half of a matrix plus its transpose.",
                Evidence.NUMERIC,
            ),
        ),
    ),
)
