"""Theorem 4.3: the representability of distributed CL, part by part.

Similar views, one draw a sample: the printed rate is false for 1 <= beta < 1.2 (1.15 with FL) and true beyond.
Dissimilar views: tr(H) in the bound is wrong by a factor d at H = I, and transformations that Assumption A.9 admits
lose the signal altogether.
"""

import math
from fractions import Fraction

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.checks.rates import FROM_ONE, falls_like, growth, has_exponent, order_at_most
from ledger.deficits.listed_population import MODEL, NOISE, OFFSET, represented, second_moment_at, whole_signal
from ledger.drawn.drawn_networks import DRAW
from ledger.printed.found_witnesses import found
from ledger.printed.printed_theorems import (
    CL_EXPONENT,
    TWICE_AS_MANY,
    deficits_fall,
    few_samples,
    leading_coordinates,
    positive_trace_represents,
)
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Instead, Statement
from theory.data.moments import second_moment
from theory.deficits.transformation import IDENTITY_VIEW_DEFICIT_FL
from theory.domain import Choice, Condition, Domain, Point, Real, Whole
from theory.formula import Source
from theory.objectives.transformations import NAMES, named_transformation, transformation_condition
from theory.readings import Objective, Scope
from theory.setting import Setting
from theory.symbols import beta

CL = Objective.CL
PRINTED = Fraction(-3, 5)
LOCAL_EDGE, FL_EDGE = Fraction(6, 5), Fraction(23, 20)
LOCAL = (
    "Part (1), one client alone, with similar views: the deficit 1 - r_k is O(d^(-3/5)) on every signal coordinate "
    "but the client's own."
)
DECENTRALISED = (
    "Part (2), with DecL and similar views: the deficit 1 - r_k is O(d^(-3/5)). Here all clients have the same "
    "weight, and N is fixed."
)
FEDERATED = "Part (2), with FL and similar views: the deficit 1 - r_k is O(d^(-3/5))."
DISSIMILAR = "Parts (1) and (2), with dissimilar views: the deficit 1 - r_k is O(d^(-3/5) / tr(H))."
LATEX_LOCAL = r"1 - \frac{O(d^{-1/5})}{d^{2/5} + O(d^{-1/5})} \le r_{i,k}^C \le 1"
LATEX_DEC = r"1 - \frac{O(d^{-1/5})}{(1 - 1/|\bar A|)\,d^{2/5} + O(d^{-1/5})} \le \bar r_{Dec}^C \le 1"
LATEX_FED = r"1 - \frac{O(d^{-1/5})}{d^{2/5} - \Theta(d^{7/20}) + O(d^{-1/5})} \le \bar r_{Fed}^C \le 1"
LATEX_H = r"1 - \frac{O(d^{-1/5})}{\operatorname{tr}(H)\,d^{2/5} + O(d^{-1/5})} \le r_{i,k}^C \le 1"
TOO_SLOW = (
    "To second order the deficit is of order d^(3/5 - beta), or with FL and N = d^(1/20) of order d^(11/20 - beta). "
    "Here the exponent is above -3/5."
)
ABOVE_NOISE = (
    "On the signal the eigenvalues of the alignment matrix exceed those of the noise by at least min(1/N, tau^2/4)."
)
FAST_ENOUGH = (
    "To second order the deficit is of order d^(3/5 - beta), or with FL and N = d^(1/20) of order d^(11/20 - beta). "
    "Here the exponent is at most -3/5."
)


def _rate(
    key: str, text: str, scope: Scope, latex: str, edge: Fraction, *, is_growing: bool, instead: Instead, replaces: str
) -> tuple[Statement, Statement]:
    """A printed rate, for the sample sizes that are too small for it and for those that are large enough."""

    many = Real("beta", float(edge), math.inf, "[)", reach=(float(edge), 4.0))

    return (
        Statement(
            f"{key}-few-samples",
            "printed",
            text,
            few_samples(scope, float(edge), TOO_SLOW, found(f"{key}-few-samples")),
            reading=read_as(parts.SIMILAR),
            latex=latex,
            instead=instead,
        ),
        Statement(
            f"{key}-many-samples",
            "printed",
            f"{text[:-1]}, for beta >= {edge}.",
            falls_like(CL, scope, PRINTED, many, FAST_ENOUGH, is_growing=is_growing),
            reading=read_as(parts.SIMILAR),
            latex=latex,
            spoil=1.1,
            replaces=(replaces,),
        ),
    )


def identity_growth() -> sp.Expr:
    """The exponent over beta of the second-order federated deficit with H = I, N = d^(1/20)."""
    return growth(IDENTITY_VIEW_DEFICIT_FL, is_growing=True)


def _transformation(at: Point) -> np.ndarray:
    """A random H of the point's family, (d, d): entries of its blocks are normal.

    `apart` leaves the signal and the rest alone, near a multiple of the identity on each, either sign; `coupled` adds
    a block between them; `named` is one of the catalogue.
    """
    n, d, rng = int(at["n_clients"]), int(at["dim"]), np.random.default_rng(int(at["draw"]))
    if at["family"] == "named":
        return named_transformation(str(rng.choice(NAMES)), n, d)
    h = np.diag(np.where(np.arange(d) < n, *rng.normal(1.0, 1.0, 2)))
    h[:n, :n] += rng.normal(0, 0.2, (n, n))
    h[n:, n:] += rng.normal(0, 0.2, (d - n, d - n))
    if at["family"] == "coupled":
        h[n:, :n] += rng.normal(0, 0.3, (d - n, n))
    return h


def _condition_says(at: Point) -> float:
    """1 where the condition holds, 0 where it does not."""
    n = int(at["n_clients"])
    s = Setting(n, int(at["dim"]), n, 1, float(at["tau"]), float(at["mu"]))
    return float(transformation_condition(_transformation(at), s, second_moment(s)).condition_holds)


def _signal_is_learned(at: Point, _: Effort) -> Sample:
    """1 where the best fit of rank N to sym(H E[x x^T]) has r_k = 1 on the signal, else 0."""
    n, product = int(at["n_clients"]), _transformation(at) @ second_moment_at(at, "fl")
    r = represented((product + product.T) / 2, n)[:n]
    return Sample(np.array([float(r.min() > 1 - 1e-6)]))


TRANSFORMED = Domain(
    (
        Whole("n_clients", 2, 8),
        Whole("dim", 3, 64),
        OFFSET,
        NOISE,
        Choice("family", ("apart", "coupled", "named")),
        DRAW,
    ),
    (Condition("n_clients below dim", "N < d", lambda p: p["n_clients"] < p["dim"]),),
    assumes=f"{MODEL} There are as many features as clients. H is a random matrix of its family, seeded by draw.",
)


def exponent(key: str, scope: Scope, offset: Fraction, text: str, latex: str, *, is_growing: bool = True) -> Statement:
    """The corrected rate of CL with one draw a sample: exponent offset - beta."""
    check = has_exponent(
        CL,
        scope,
        sp.Rational(offset) - beta,
        "The second-order deficit is d^(-beta) times a rational function of d^(1/20), whose degree gives the exponent.",
        is_expected=False,
        is_growing=is_growing,
    )
    return Statement(key, "corrected", text, check, reading=read_as(parts.SIMILAR), latex=latex)


CLAIM = Claim(
    id="thm-representability-cl",
    title="Theorem 4.3: representability of distributed contrastive learning",
    items=("theorem-4.3",),
    source=Source("chen2026", "Theorem 4.3"),
    statements=(
        *_rate(
            "thm43.local",
            LOCAL,
            Scope.LOCAL_OTHER,
            LATEX_LOCAL,
            LOCAL_EDGE,
            is_growing=True,
            instead=("thm43.local-other-exponent",),
            replaces="lem-a11.local-beta-1-2",
        ),
        *_rate(
            "thm43.decl",
            DECENTRALISED,
            Scope.FL,
            LATEX_DEC,
            LOCAL_EDGE,
            is_growing=False,
            instead=("thm43.fl-exponent-fixed-clients",),
            replaces="lem-a11.decl-beta-1-2",
        ),
        *_rate(
            "thm43.fl",
            FEDERATED,
            Scope.FL,
            LATEX_FED,
            FL_EDGE,
            is_growing=True,
            instead=("thm43.fl-exponent-growing-clients",),
            replaces="lem-a11.fl-beta-1-15",
        ),
        Statement(
            "thm43.local-expected-draws",
            "printed",
            LOCAL,
            falls_like(
                CL,
                Scope.LOCAL_OTHER,
                PRINTED,
                FROM_ONE,
                "If augmentations are averaged, CL has the alignment matrix of MIM with independent masks, up to a "
                "factor. To second order its deficit is of order d^(1/5 - beta).",
                is_expected=True,
            ),
            reading=read_as(parts.SIMILAR, parts.AUGMENTATIONS_AVERAGED),
            latex=LATEX_LOCAL,
            spoil=1.4,
        ),
        Statement(
            "thm43.fl-all-coordinates",
            "printed",
            "Part (2), with FL and similar views: the deficit 1 - r_k is O(d^(-3/5)) on all of the leading c "
            "coordinates, where c = 2N.",
            deficits_fall(
                leading_coordinates,
                CL_EXPONENT,
                "Only N coordinates carry signal. For the other N of the leading c coordinates, c - N features are "
                "left, and these are shared with all d - N pixels outside the signal.",
                found("thm43.fl-all-coordinates"),
                features=TWICE_AS_MANY,
            ),
            reading=read_as(parts.SIMILAR, parts.LEADING),
            latex=LATEX_FED,
            instead=(
                "thm43.population-fl",
                "coordinates.population-2n",
            ),
        ),
        Statement(
            "thm43.dissimilar-identity",
            "printed",
            DISSIMILAR,
            order_at_most(
                PRINTED - 1,
                identity_growth,
                FROM_ONE,
                "H = I has trace d, so the printed bound is of order d^(-8/5). But with H = I the deficit is of the "
                "same order as with similar views.",
                "N = d^(1/20)",
            ),
            reading=read_as(parts.IDENTITY),
            latex=LATEX_H,
            instead=("thm43.identity-exponent",),
        ),
        Statement(
            "thm43.dissimilar-trace",
            "printed",
            "Parts (1) and (2), with dissimilar views: if H has a positive trace on the signal, r_k tends to 1.",
            positive_trace_represents(
                "Assumption A.9 allows transformations that reverse the sign of the signal, or that raise the noise "
                "above the signal.",
                found("thm43.dissimilar-trace"),
            ),
            reading=read_as(parts.DISSIMILAR),
            latex=LATEX_H,
            instead=("thm43.dissimilar-condition",),
            replaces=("a9.trace-sufficient-signal",),
        ),
        exponent(
            "thm43.local-other-exponent",
            Scope.LOCAL_OTHER,
            Fraction(3, 5),
            "To second order a client's deficit on another client's coordinate is of order d^(3/5 - beta), with N = "
            "d^(1/20).",
            r"\mathbb{E}(1 - r_{i,k}) = \Theta(d^{3/5-\beta})",
        ),
        exponent(
            "thm43.local-own-exponent",
            Scope.LOCAL_OWN,
            Fraction(1),
            "To second order a client's deficit on its own coordinate (not in the theorem) is of order d^(1 - beta), "
            "with N = d^(1/20).",
            r"\mathbb{E}(1 - r_{i,i}) = \Theta(d^{1-\beta})",
        ),
        exponent(
            "thm43.fl-exponent-growing-clients",
            Scope.FL,
            Fraction(11, 20),
            "To second order the federated deficit is of order d^(11/20 - beta), with N = d^(1/20).",
            r"\mathbb{E}(1 - \bar r_k) = \Theta(d^{11/20-\beta})",
        ),
        exponent(
            "thm43.fl-exponent-fixed-clients",
            Scope.FL,
            Fraction(3, 5),
            "To second order the federated deficit is of order d^(3/5 - beta), with N fixed.",
            r"\mathbb{E}(1 - \bar r_k) = \Theta(d^{3/5-\beta})",
            is_growing=False,
        ),
        Statement(
            "thm43.identity-exponent",
            "corrected",
            "With H = I, too, the federated deficit is to second order of order d^(11/20 - beta), with N = d^(1/20).",
            Identity(
                lambda: sp.Rational(11, 20) - beta,
                identity_growth,
                "The second-order deficit is d^(-beta) times a rational function of d^(1/20), whose degree gives the "
                "exponent.",
            ),
            reading=read_as(parts.IDENTITY),
        ),
        Statement(
            "thm43.dissimilar-condition",
            "corrected",
            "With c = N, r_k = 1 on the signal exactly when the symmetric part of H E[x x^T] maps the signal into "
            "itself, and is positive there and larger than elsewhere.",
            OnDomain(
                TRANSFORMED,
                Then("=", _condition_says, _signal_is_learned),
                "The best approximation of rank N is compared with the condition, for random transformations and for "
                "those of our catalogue.",
                Evidence.NUMERIC,
                points=(20, 400),
                corners=(4, 64),
            ),
            reading=read_as(parts.DISSIMILAR),
            latex=r"\lambda_{\min}(PXP) > \max(0, \lambda_{\max}(P_\perp X P_\perp)),\ P_\perp X P = 0",
        ),
        Statement(
            "thm43.population-local",
            "corrected",
            "In the population a client represents every signal coordinate whole: r_k = 1.",
            whole_signal("augmented", "local", ABOVE_NOISE),
            reading=read_as(parts.SIMILAR),
        ),
        Statement(
            "thm43.population-fl",
            "corrected",
            "In the population the federated encoder represents every signal coordinate whole: r_k = 1.",
            whole_signal("augmented", "fl", ABOVE_NOISE),
            reading=read_as(parts.SIMILAR),
        ),
    ),
)
