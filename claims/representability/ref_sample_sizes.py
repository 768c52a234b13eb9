"""A referee's question: how many samples does each client need, and what do the bounds say in terms of n_i?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.checks.on_domain import Effort, OnDomain, Sample, Then
from ledger.checks.rates import EXPONENT_ROUND_OFF, FROM_ONE, SCALING
from ledger.deficits.finite_sample_bounds import bound_at, bound_domain, bound_holds, paper
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement
from theory.deficits.concentration import concentration_threshold
from theory.deficits.exponents import Quantity, exponent
from theory.domain import Choice, Condition, Domain, Point, Quantifier
from theory.formula import Source
from theory.readings import EXPECTED, Objective, Scope
from theory.scaling import NGrowth
from theory.symbols import beta

PRINTED = {Objective.MIM: sp.Rational(-4, 5), Objective.CL: sp.Rational(-3, 5)}


def rate(objective: Objective) -> sp.Expr:
    """Exponent in d, over beta, of the mean local deficit off the client's own coordinate."""
    return exponent(Quantity.DEFICIT, objective, Scope.LOCAL_OTHER)


def rate_at(at: Point, _: Effort) -> Sample:
    """The same at one beta."""
    law = rate(Objective(at["objective"]))
    return Sample(np.array([float(law.subs(beta, sp.Rational(str(at["beta"]))))]), EXPONENT_ROUND_OFF)


OBJECTIVE = Choice("objective", (Objective.CL.value, Objective.MIM.value))


def step_from_one(objective: Objective, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Does |X - E X| reach the claimed order for every beta >= 1?"""
    least = concentration_threshold(objective, is_expected=objective is Objective.MIM, n_growth=NGrowth.PAPER)
    return least <= 1, {"objective": str(objective), "least_beta": str(least)}


def bound_of(at: Point) -> Then:
    """The statement of one objective, masks averaged or one augmentation a sample."""
    objective = Objective(at["objective"])
    return bound_holds(objective, 1 if objective is Objective.CL else EXPECTED, "fl", "upper")


def explicit_bound() -> OnDomain:
    """1 - r_k below its bound, for either objective, wherever the bound says something."""
    contrast, masked = (bound_domain(o, "fl", "upper") for o in (Objective.CL, Objective.MIM))
    own = next(one for one in masked.parameters if one.name == "mask_ratio")
    sizes = next(one for one in contrast.conditions if "feature_dim" in one.words)
    speaks = Condition(
        "samples enough for the bound to lie strictly between 0 and 1",
        r"0 < \text{bound} < 1",
        lambda p: bound_at(Objective(p["objective"]), "fl", "upper", p) is not None,
    )
    given = Domain(
        (*contrast.parameters, own, OBJECTIVE),
        (sizes, speaks),
        Quantifier.WITH_PROBABILITY,
        contrast.assumes,
        probability=contrast.probability,
    )
    tight = paper(2, 2**20, 2**23, Objective.CL) | {"mask_ratio": 0.75, "feature_dim": 2}
    return OnDomain(
        given,
        Then("<=", lambda at: bound_of(at).claimed(at), lambda at, effort: bound_of(at).measured(at, effort)),
        "The bound is proved in docs/proofs/finite_sample.md, with all constants.",
        Evidence.SAMPLED,
        points=(4, 16),
        corners=(0, 8),
        named=tuple(tight | {"objective": o.value} for o in Objective),
    )


CLAIM = Claim(
    id="ref-sample-sizes",
    title="Samples per client: what each statement needs",
    items=("referee-6",),
    source=Source("chen2026", "Theorems 4.2 and 4.3, A.6.2; reviewer 1, question 6"),
    question="Which per-client sample sizes does concentration need, and what are the bounds in terms of n_i?",
    statements=(
        Statement(
            "samples.local-rates",
            "printed",
            "If clients have d^beta samples, every beta >= 1 gives local deficits of order d^(-4/5) for MIM and "
            "d^(-3/5) for CL.",
            OnDomain(
                Domain((FROM_ONE, OBJECTIVE), assumes=f"{SCALING}; N is fixed."),
                Then("<=", lambda at: float(PRINTED[Objective(at["objective"])]), rate_at),
                "The deficit of CL is of order d^(3/5 - beta), which is d^(-2/5) at beta = 1.",
                Evidence.NUMERIC,
            ),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
            instead=("samples.rate-thresholds",),
        ),
        Statement(
            "samples.concentration-step",
            "printed",
            "N = d^(1/20), in the steps after (19) and (44): if clients have d^beta samples, every beta >= 1 "
            "brings |X - E X| to the order that the proofs use.",
            ForAll(
                lambda context: tuple(Objective), step_from_one, ("Both steps need beta >= 1.85."), Evidence.ENUMERATED
            ),
            instead=("concentration.least-beta",),
        ),
        Statement(
            "samples.rate-thresholds",
            "corrected",
            "To second order the claimed local rates hold exactly for beta >= 1 (MIM) and beta >= 6/5 (CL). The "
            "exponent minus the printed one is 1 - beta for MIM and 6/5 - beta for CL.",
            Identity(
                lambda: sp.Matrix([1 - beta, sp.Rational(6, 5) - beta]),
                lambda: sp.Matrix([rate(o) - PRINTED[o] for o in (Objective.MIM, Objective.CL)]),
                "The exponents are the degrees in d of the second-order deficits, for every beta.",
            ),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
        ),
        Statement(
            "samples.explicit-bound",
            "corrected",
            "With n_i samples per client the deficit 1 - r_k of each signal coordinate k is below the upper bound "
            "of docs/proofs/finite_sample.md.",
            explicit_bound(),
            reading=read_as(parts.MASKS_AVERAGED, parts.ONE_AUGMENTATION),
        ),
    ),
)
