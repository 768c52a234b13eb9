"""The probability that contrast has the larger sensitivity than masking, with two clients."""

import math

import sympy as sp

from theory.deficits.closed_forms import deficit, deficit_formula
from theory.formula import Formula, OutOfDomainError, Source
from theory.readings import EXPECTED, Objective
from theory.setting import Setting
from theory.symbols import dim, feature_dim, n_clients

_CL = deficit_formula(Objective.CL)
_MIM = deficit_formula(Objective.MIM, is_expected=True)

ORDER_PROBABILITY = Formula(
    name="order_probability",
    title="P(s of contrast > s of masking) with two clients, masks in expectation",
    # s = |difference of two deficits| is a half-normal of scale proportional to the deficit; for two independent ones
    # P(|X| > |Y|) = 1 - (2/pi) atan(scale of Y / scale of X).
    expr=1 - 2 / sp.pi * sp.atan(sp.cancel((_MIM.expr / _CL.expr).subs(n_clients, 2))),
    domain=(*_CL.domain, feature_dim < dim, sp.Eq(n_clients, 2)),
    units="probability",
    source=Source("ledger", "central limit in d of the difference of two deficits; chen2026, Theorem 4.4, prints 1"),
)


def order_probability(s: Setting, draws: int = 1, *, is_same_data: bool = False) -> float:
    """P(s^C > s^M) for N = 2: contrast with `draws` views a sample against independent masks in expectation.

    Contrast's coupling is masking's plus that of the augmentation, so on the same data the two differences have
    correlation q = deficit of MIM / deficit of CL; `is_same_data` counts it, and moves the value by about q^3/pi.

    Source: ledger. The paper's Theorem 4.4 has probability 1; it tends to 1 as 1 - (4/pi) mu^2/sigma^2.
    Units: probability.
    Errors: OutOfDomainError for other than two clients, and where nothing is missed by either (c = d, or no noise).
    """
    if s.n_clients != 2:
        raise OutOfDomainError(
            f"The closed form is for two clients; got n_clients={s.n_clients}. Sample the order instead for more."
        )
    values = {"dim": s.dim, "n_clients": 2, "feature_dim": s.feature_dim, "samples_per_client": s.samples_per_client}
    values |= {"tau": s.tau, "mu": s.mu, "augmentation_std": s.augmentation_std, "draws": draws}
    if s.mu == 0 and s.augmentation_std == 0:
        raise OutOfDomainError("Without noise both sensitivities are 0 and neither is larger; got mu=0. Use mu > 0.")
    probability = ORDER_PROBABILITY.value(**values)
    if not is_same_data:
        return probability
    q = deficit_ratio(s, draws)
    if q == 1:
        raise OutOfDomainError("Without augmentation noise both sensitivities are the same number on the same data.")
    # P(X^2 > Y^2) = P((X - Y)(X + Y) > 0) for correlated Gaussians of scales 1 and q.
    between = (1 - q**2) / math.sqrt((1 + q**2) ** 2 - 4 * q**4)
    return 0.5 + math.asin(between) / math.pi


def deficit_ratio(s: Setting, draws: int = 1) -> float:
    """Deficit of masking in expectation over that of contrast with `draws` views, in [0, 1]. Source: ledger."""
    return deficit(s, Objective.MIM, draws=EXPECTED) / deficit(s, Objective.CL, draws=draws)
