"""A referee's question: how many samples does each client need, and what do the bounds say in terms of n_i?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from ledger.checks.kinds import Bound, Finding, ForAll
from ledger.statement import Claim, Context, Evidence, Statement
from sims.samplers.montecarlo import sample_pair
from theory.deficits.concentration import concentration_threshold
from theory.deficits.exponents import Quantity, exponent
from theory.deficits.finite_sample import deficit_bound
from theory.formula import Source
from theory.readings import Objective, Reading, Scope
from theory.scaling import NGrowth
from theory.setting import Setting
from theory.symbols import beta

PRINTED = {Objective.MIM: sp.Rational(-4, 5), Objective.CL: sp.Rational(-3, 5)}
# |D_i| = d^beta at which the claimed rate is reached, from the exponents 1/5 - beta and 3/5 - beta.
NEEDED = {Objective.MIM: sp.Integer(1), Objective.CL: sp.Rational(6, 5)}
CONFIDENCE = 0.95
Growth = tuple[Objective, sp.Rational]


def growths(context: Context) -> list[Growth]:
    """Each objective with every beta from 1 to 2 in steps of 1/20, |D_i| growing like d^beta."""
    return [(o, sp.Rational(k, 20)) for o in Objective for k in range(20, 41)]


def rate(point: Growth) -> sp.Expr:
    """Exponent in d of the mean local deficit off the client's own coordinate."""
    return exponent(Quantity.DEFICIT, point[0], Scope.LOCAL_OTHER).subs(beta, point[1])


def rate_is_claimed(point: Growth, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the local deficit falls at least as fast as printed: its exponent of d is at most the printed one."""
    true, said = rate(point), PRINTED[point[0]]
    return bool(true <= said), {
        "objective": str(point[0]),
        "beta": str(point[1]),
        "true": str(true),
        "printed": str(said),
    }


def rate_from_threshold(point: Growth, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """The claimed rate is reached exactly from the needed beta (times `spoil`) on."""
    reached, needed = bool(rate(point) <= PRINTED[point[0]]), NEEDED[point[0]] * sp.Rational(str(spoil))
    return reached == bool(point[1] >= needed), {"objective": str(point[0]), "beta": str(point[1]), "reached": reached}


def step_from_one(objective: Objective, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Does |X - E X| reach the claimed order for every beta >= 1?"""
    least = concentration_threshold(objective, is_expected=objective is Objective.MIM, n_growth=NGrowth.PAPER)
    return least <= 1, {"objective": str(objective), "least_beta": str(least)}


def bound_findings(context: Context) -> list[Finding]:
    """The 95% quantile of each deficit over data sets, the largest of them, against the bound in n_i, N = 2 and 3."""
    findings = []
    for n_clients, samples in ((2, 20_000), (3, 60_000)):
        s = Setting.paper(150, n_clients=n_clients, samples_per_client=samples)
        pair = sample_pair(context.seed + n_clients, s, reading=Reading(), trials=context.trials(150, 1000))
        for objective, sample in zip((Objective.CL, Objective.MIM), pair, strict=True):
            claimed = deficit_bound(s, objective, delta=1 - CONFIDENCE).value
            quantile = float(np.quantile(1 - sample.r, CONFIDENCE, axis=0).max())
            at = {"objective": str(objective), "clients": n_clients, "dim": s.dim, "samples_per_client": samples}
            # A void bound is no number, and leaves the check undecided.
            findings.append(Finding(at, float("nan") if claimed is None else claimed, quantile))
    return findings


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
            "|D_i| of order d^beta with any beta >= 1 gives local deficits of order d^(-4/5) (MIM) and d^(-3/5) (CL).",
            ForAll(growths, rate_is_claimed, "CL's exponent is 3/5 - beta: -2/5 at beta = 1.", Evidence.ENUMERATED),
            reading="masks averaged, one augmentation a sample, Theorems 4.2 and 4.3",
            instead=("samples.rate-thresholds",),
        ),
        Statement(
            "samples.concentration-step",
            "printed",
            "|D_i| of order d^beta with any beta >= 1 brings |X - E X| to the order that the proofs use, N = d^(1/20).",
            ForAll(lambda context: tuple(Objective), step_from_one, "Both need beta of 1.85.", Evidence.ENUMERATED),
            reading="the step after (19) and (44)",
            instead=("concentration.least-beta",),
        ),
        Statement(
            "samples.rate-thresholds",
            "corrected",
            "To second order the claimed local rates hold exactly for beta >= 1 (MIM) and beta >= 6/5 (CL).",
            ForAll(
                growths,
                rate_from_threshold,
                "Exponents of the second-order deficits, beta up to 2.",
                Evidence.ENUMERATED,
            ),
            reading="masks averaged, one augmentation a sample",
        ),
        Statement(
            "samples.explicit-bound",
            "corrected",
            "For each coordinate k of the signal: with probability 95% 1 - r_k lies below a bound with explicit "
            "constants and n_i samples a client.",
            Bound(bound_findings, "Quantile of each 1 - r_k over data sets, federated."),
            reading="masks averaged, one augmentation a sample",
        ),
    ),
)
