"""Eqs (78)-(89): the comparison of decentralised and federated widths, and the fully connected network."""

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from claims.sensitivity.eq_sensitivity_is_a_width import PRINTED, theorem_width
from ledger import parts
from ledger.checks.kinds import Empty, ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.drawn.drawn_networks import DRAW
from ledger.printed.found_witnesses import found
from ledger.printed.printed_networks import strictly_above_federated
from ledger.printed.printed_widths import bracket_is_negative, limit_is_not_zero, signals_decide
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Instead, Statement, Status
from theory.deficits import printed_sensitivity as ps
from theory.domain import Condition, Domain, Point, Whole
from theory.formula import Source
from theory.networks import small_networks
from theory.symbols import n_clients

D = ps.dim
SIGNAL = D ** sp.Rational(2, 5)
SHIFT = ps.shift_fl * D ** sp.Rational(7, 20)
# With (36)'s diagonal (1 - 1/N) tau^2 + 1/N the Theta(d^(7/20)) of the federated line is 2p(1-p) d^(2/5) / N.
SHIFT_FROM_CLIENTS = ps.PAIR * SIGNAL / n_clients

BECAUSE_ZERO = (
    "Every width tends to 0 as d grows, so the limit of any difference of widths is 0, which is not above zero."
)
BECAUSE_SAME_ERROR = "Equal numerators: the larger fraction is the one with the smaller denominator."
BECAUSE_OTHER_ERROR = (
    "Two O() need not hide the same constant. With unequal numerators the other width can be the larger."
)
BECAUSE_SIGN = (
    "The difference is 2p(1-p) d^(2/5) (1/N - 1/|A|). Its sign depends on how |A| grows with N; here it is 0."
)
BECAUSE_EVENT = (
    "The limit of an inequality is not a number: each side tends to 0, and no limit of the bracket is defined."
)
BECAUSE_REGULAR = (
    "On a regular network (all clients have equally many neighbours) every client has the weight 1/N. So the two "
    "objectives are the same function."
)
BECAUSE_ALGEBRA = "The objective is a sum of N equal terms with the weight 1/N."


def difference_of_signals() -> sp.Expr:
    """The left side of Eq (79)."""
    return ps.PAIR * ps.FRACTION * SIGNAL - (ps.PAIR * SIGNAL - SHIFT)


def expanded_difference() -> sp.Expr:
    """The right side of Eq (79), and the bracket of Eq (80)."""
    return ps.PAIR * SIGNAL - ps.PAIR / ps.connectivity * SIGNAL - ps.PAIR * SIGNAL + SHIFT


MIM = (ps.DEC_MIM, ps.FED_MIM)
SIMILAR = (ps.DEC_CL_PROOF, ps.FED_CL)
DISSIMILAR = (ps.DEC_CL_H_PROOF, ps.FED_CL_H)

Sizes = tuple[sp.Rational, sp.Rational, sp.Rational, sp.Rational]


def signals_and_equal_errors(context: Context) -> list[Sizes]:
    """Pairs of denominators' signals and numerators (decentralised, federated), the numerators equal."""
    grid = [sp.Rational(n, 4) for n in (1, 2, 5, 9)]
    return [(a, b, e, e) for a, b, e in itertools.product(grid, repeat=3)]


def sign_is_decided(point: Sizes, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """sign(s_Dec - s_Fed) is opposite to the sign of the difference of the signals (times `spoil` on the federated)."""
    dec, fed, e_dec, e_fed = point
    widths = e_dec / (dec + e_dec) - e_fed / (fed + e_fed)
    signals = dec - sp.Rational(str(spoil)) * fed
    details = {"signals": [str(dec), str(fed)], "errors": [str(e_dec), str(e_fed)], "s_dec_minus_s_fed": str(widths)}
    return bool(sp.sign(widths) == -sp.sign(signals)), details


def always_both_zero(spoil: float) -> bool:
    """Both sides of the bracket of Eq (87) tend to 0, so its limit would be that of 0 against 0."""
    values = [ps.limit_in_dim(f.expr.subs({ps.connectivity: 3, ps.mask_ratio: sp.Rational(3, 4)})) for f in MIM]
    return all(v == sp.Rational(str(spoil)) - 1 for v in values)


def equals_federated(graph: nx.Graph, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether every client has objective weight 1/N (times `spoil`), which makes the objective the federated one."""
    weights = small_networks.weights(graph)
    wanted = Fraction(str(spoil)) / len(graph)
    return all(w == wanted for w in weights), {"edges": list(graph.edges), "weights": [str(w) for w in weights]}


def objective_weights_at(at: Point, _: Effort) -> Sample:
    """The weight of each client's loss in Eq (1), a mean over clients of means over neighbourhoods."""
    links = nx.to_numpy_array(nx.random_regular_graph(int(at["degree"]), int(at["n_clients"]), seed=int(at["draw"])))
    neighbourhoods = links + np.eye(len(links))
    return Sample((neighbourhoods / neighbourhoods.sum(axis=1, keepdims=True)).mean(axis=0)[None], 1e-14)


REGULAR = Domain(
    (Whole("n_clients", 2, 40), Whole("degree", 1, 39), DRAW),
    (
        Condition(
            "degree below n_clients, and their product even",
            r"\deg < N,\ N \deg \text{ even}",
            lambda p: p["degree"] < p["n_clients"] and p["degree"] * p["n_clients"] % 2 == 0,
        ),
    ),
    assumes="The network is a random one with this many neighbours for every client, seeded by draw.",
)


def fully_connected_objective() -> sp.Expr:
    """The left side of Eq (88) for four clients."""
    losses = sp.symbols("loss_1:5")
    inner = sum((sp.Rational(1, 4) * loss for loss in losses), sp.Integer(0))
    return sum((sp.Rational(1, 4) * inner for _ in losses), sp.Integer(0))


def federated_objective() -> sp.Expr:
    """The right side of Eq (88) for four clients."""
    return sum((sp.Rational(1, 4) * loss for loss in sp.symbols("loss_1:5")), sp.Integer(0))


def positive_limit(key: str, number: str, *pairs: tuple[ps.Formula, ps.Formula]) -> Statement:
    """The statement that an equation's decentralised widths minus the federated ones have limits above 0."""
    return Statement(
        key,
        "printed",
        f"({number}): the limit of the decentralised width minus the federated width is above zero.",
        limit_is_not_zero(pairs, BECAUSE_ZERO, found(key)),
        reading=read_as(parts.O_AS_THETA),
        instead=("eq78.limit-all",),
        about=(f"eq-{number}",),
    )


def theorem_difference(pair: tuple[ps.Formula, ps.Formula]) -> sp.Expr:
    """The decentralised minus the federated width, each as one minus the lower bound of its theorem."""
    widths = {formula.name: (signal, noise) for formula, signal, noise in PRINTED.values()}
    dec, fed = (theorem_width(*widths[formula.name]) for formula in pair)
    return dec - fed


def defined_as(key: str, number: str, pair: tuple[ps.Formula, ps.Formula], instead: Instead = ()) -> Statement:
    """The statement that an equation subtracts the very widths that the theorems give."""
    return Statement(
        key,
        "printed",
        f"The difference in Eq ({number}) is that of the two widths that Theorems 4.2 and 4.3 give.",
        Identity(
            lambda: pair[0].expr - pair[1].expr,
            lambda: theorem_difference(pair),
            "The decentralised CL widths have the sign slip of Eqs (63) and (64). The MIM width is that of the "
            "theorem.",
        ),
        instead=instead,
        about=(f"eq-{number}",),
    )


def mended(views: str, number: str, pair: tuple[ps.Formula, ps.Formula], plus: ps.Formula) -> Statement:
    """The statement that the sign slip of a printed difference is one of lower order."""
    dec, fed = pair
    return Statement(
        f"eq78.mended-{views}",
        "corrected",
        "With a plus in place of the minus in the denominator of the decentralised width, the difference in Eq "
        f"({number}) is that of the two widths that Theorem 4.3 gives. The printed difference divided by the mended "
        "one tends to 1 as d grows, for each |A| from 2 on, constants hidden in O() and Theta() being equal.",
        Identity(
            lambda: sp.Matrix([plus.expr - fed.expr, 1]),
            lambda: sp.Matrix(
                [theorem_difference(pair), ps.limit_in_dim((dec.expr - fed.expr) / (plus.expr - fed.expr))]
            ),
            "The term with the wrong sign is of lower order than the term d^(2/5) beside it.",
        ),
        about=(f"eq-{number}",),
    )


CLAIM = Claim(
    id="eq-decentralised-against-federated",
    title="Decentralised against federated widths, and the fully connected network",
    items=(*(f"eq-{n}" for n in range(78, 90)), "remark-A.2"),
    source=Source("chen2026", "Eqs (78)-(89), A.6.5"),
    statements=(
        defined_as("eq78.difference-mim", "78", MIM),
        Statement(
            "eq78.order-equal-errors",
            "printed",
            "If all hidden errors are equal, the difference of the signals decides which width is the larger.",
            ForAll(signals_and_equal_errors, sign_is_decided, BECAUSE_SAME_ERROR, Evidence.SEARCHED),
            reading=read_as(parts.EQUAL_CONSTANTS),
            about=("eq-78", "eq-79"),
        ),
        Statement(
            "eq78.order-other-constants",
            "printed",
            "The difference of the signals decides which width is the larger.",
            signals_decide(BECAUSE_OTHER_ERROR, found("eq78.order-other-constants")),
            reading=read_as(parts.OTHER_CONSTANTS),
            instead=("eq78.order-equal-errors",),
            about=("eq-78", "eq-79"),
        ),
        Statement(
            "eq78.signals-expanded",
            "printed",
            "The second line of Eq (79) is the first one, the difference of the signals, expanded.",
            Identity(expanded_difference, difference_of_signals, "Expansion of a product."),
            about=("eq-79",),
        ),
        Statement(
            "eq78.signals-fixed-connectivity",
            "printed",
            "With |A| fixed while N grows, the difference of the signals is negative in the limit.",
            Identity(
                lambda: sp.Integer(-1),
                lambda: sp.sign(
                    ps.limit_in_dim(expanded_difference().subs({ps.mask_ratio: sp.Rational(3, 4), ps.connectivity: 5}))
                ),
                "With |A| fixed the term -2p(1-p) d^(2/5) / |A| outgrows Theta(d^(7/20)).",
            ),
            about=("eq-80",),
        ),
        Statement(
            "eq78.signals-full-connectivity",
            "printed",
            "With |A| = N, the difference of the signals is negative in the limit.",
            bracket_is_negative(BECAUSE_SIGN, found("eq78.signals-full-connectivity"), share=1.0),
            instead=("eq78.signals-bracket",),
            about=("eq-80",),
        ),
        Statement(
            "eq78.signals-fixed-share",
            "printed",
            "With |A| a fixed share of N, the difference of the signals is negative in the limit.",
            bracket_is_negative(
                "If |A| is a fixed share of N, both terms are of order d^(7/20). Then the hidden constant decides "
                "the sign.",
                found("eq78.signals-fixed-share"),
            ),
            instead=("eq78.signals-bracket",),
            about=("eq-80",),
        ),
        positive_limit("eq78.limit-mim", "81", MIM),
        defined_as("eq78.difference-similar", "82", SIMILAR, ("eq78.mended-similar",)),
        defined_as("eq78.difference-dissimilar", "83", DISSIMILAR, ("eq78.mended-dissimilar",)),
        mended("similar", "82", SIMILAR, ps.DEC_CL),
        mended("dissimilar", "83", DISSIMILAR, ps.DEC_CL_H),
        positive_limit("eq78.limit-similar", "84", SIMILAR),
        positive_limit("eq78.limit-dissimilar", "85", DISSIMILAR),
        positive_limit("eq78.limit-either-views", "86", SIMILAR, DISSIMILAR),
        Statement(
            "eq78.limit-bracketed",
            "printed",
            "As d grows the bracketed inequality has a limit: lim [s_Dec > s_Fed].",
            Empty(Status.ILL_FORMED, BECAUSE_EVENT, always_both_zero),
            reading=read_as(parts.AS_TYPED),
            instead=("eq78.limit-all",),
            about=("eq-87",),
        ),
        Statement(
            "eq78.strict-off-complete",
            "printed",
            "(81): at each d, on every network but the fully connected one, the decentralised sensitivity is "
            "strictly above the federated one. (Eq (87) makes an exception for networks of equal degrees; Eq (81) "
            "makes none.)",
            strictly_above_federated(BECAUSE_REGULAR, found("eq78.strict-off-complete")),
            instead=("eq78.regular-networks",),
            about=("eq-81", "eq-87"),
            replaces=("thm46.complementary-strict",),
        ),
        Statement(
            "eq78.complete-objective",
            "printed",
            "With full connectivity the decentralised objective is the federated one.",
            Identity(fully_connected_objective, federated_objective, BECAUSE_ALGEBRA),
            about=("eq-88", "remark-A.2"),
            replaces=("a1.federated-complete",),
        ),
        Statement(
            "eq78.complete-sensitivity",
            "printed",
            "With full connectivity the decentralised and the federated sensitivity are equal.",
            ForAll(
                lambda context: [nx.complete_graph(n) for n in range(2, 9)],
                equals_federated,
                "Equal objectives have equal minimisers, at every d and not only in the limit.",
                Evidence.SEARCHED,
            ),
            reading=read_as(parts.OBJECTIVE),
            about=("eq-89",),
        ),
        Statement(
            "eq78.signals-bracket",
            "corrected",
            "The bracket of Eq (80) is 2p(1-p) d^(2/5) (1/N - 1/|A|). It is never positive, and 0 at full "
            "connectivity |A| = N.",
            Identity(
                lambda: ps.PAIR * SIGNAL * (1 / n_clients - 1 / ps.connectivity),
                lambda: expanded_difference() - SHIFT + SHIFT_FROM_CLIENTS,
                "Theta(d^(7/20)) is 2p(1-p) d^(2/5) / N by Eq (36)'s diagonal.",
            ),
            about=("eq-79", "eq-80"),
        ),
        Statement(
            "eq78.limit-all",
            "corrected",
            "As d grows, every difference of a decentralised and a federated width tends to 0.",
            Identity(
                lambda: sp.zeros(3, 1),
                lambda: sp.Matrix([ps.limit_in_dim(dec.expr - fed.expr) for dec, fed in (MIM, SIMILAR, DISSIMILAR)]),
                BECAUSE_ZERO,
            ),
            about=("eq-81", "eq-84", "eq-87"),
        ),
        Statement(
            "eq78.regular-networks",
            "corrected",
            "On every regular network (all clients have equally many neighbours) the decentralised objective is "
            "the federated one: each client's loss has the weight 1/N.",
            OnDomain(
                REGULAR,
                Then("=", lambda at: np.full(int(at["n_clients"]), 1 / at["n_clients"]), objective_weights_at),
                BECAUSE_REGULAR,
                Evidence.NUMERIC,
                points=(20, 400),
            ),
            about=("eq-87", "eq-89", "remark-A.2"),
        ),
    ),
)
