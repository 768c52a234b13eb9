"""How many images the second-order formulas need: the remainders of `ledger.deficits.mean_deficits` as formulas.

With complementary masks and three or more clients MIM keeps one direction of the signal, which is a limit and no second
order; `SINGLE_DIRECTION` is its deficit, and its remainder is that of `ledger.deficits.drawn_masks`.

The ledger tests deficits where their remainder, relative to them, is at most 1/10; and mean sensitivities where that of
the normal law is (`claims.sensitivity.thm_critical_noise`). Both are functions of numbers there. Here they are written
as formulas, for a server and as many features as clients, so that the page can say where the ledger vouches for a
number. `tests/dssl/documents/test_explorer.py` holds them against those functions.
"""

import sympy as sp

from theory.formula import Formula, Source
from theory.symbols import augmentation_std, dim, mask_ratio, mu, n_clients, samples, tau

N, d, n, p = n_clients, dim, samples, mask_ratio
MOST = 0.1

shown = sp.Symbol("shown", integer=True, nonnegative=True)  # how many of a sample's offsets are there, 0 to N - 1
reach = sp.Symbol("reach", positive=True)  # the largest of `REACH` over them
remainder = sp.Symbol("remainder", positive=True)  # of the deficit

_LEAST = tau**2 / 4 + 1 / N  # the least gap of the pooled signal
_ONES = (N - 2) * tau**2 / (4 * N)
_SOURCE = Source("ledger", "ledger/deficits/mean_deficits.py")
_UNITS = "relative to the value"

# b^T M^-1 b of a clean sample b = (1, -tau, .., -tau, 0, ..) with `shown` offsets, M = _LEAST I + _ONES J.
REACH = Formula(
    name="reach",
    title="Squared length of a clean image, measured by the signal's second moment",
    expr=(1 + shown * tau**2 - _ONES / (_LEAST + N * _ONES) * (1 - shown * tau) ** 2) / _LEAST,
    domain=(N >= 2, shown < N),
    units="dimensionless",
    source=_SOURCE,
)


def _remainder(name: str, title: str, noise: sp.Expr, scatter: sp.Expr) -> Formula:
    pixels = (d - N) / (N * n) * noise / _LEAST
    own = (reach + (N + 2) * noise / _LEAST) * (1 + noise / _LEAST) * scatter / (N * n)
    return Formula(name, title, 3 * pixels + 4 * own, (N >= 2, d > N, p < 1), _UNITS, _SOURCE)


_SCATTER = 1 / (p * (1 - p))
REMAINDERS = {
    "cl": _remainder(
        "remainder_cl", "Remainder of CL's deficit, views drawn", mu**2 + augmentation_std**2, sp.Integer(1)
    ),
    "averaged": _remainder("remainder_averaged", "Remainder of MIM's deficit, masks averaged", mu**2, sp.Integer(1)),
    "drawn": _remainder(
        "remainder_drawn", "Remainder of MIM's deficit, masks drawn", mu**2 * (1 + sp.sqrt(_SCATTER)), _SCATTER
    ),
}

NORMAL_REMAINDER = Formula(
    name="normal_remainder",
    title="Remainder of the mean sensitivity, from that of the deficit",
    expr=2 * (1 + sp.log(N)) / (d - N) + remainder * (1 + (d - N) / 8),
    domain=(d > N,),
    units=_UNITS,
    source=Source("ledger", "claims/sensitivity/thm_critical_noise.py"),
)

# Complementary masks, averaged, N >= 3: the positive eigenvalue on the signal is (N - 1) times `_BELOW`, the others are
# -`_BELOW`. The tilt towards the noise pixels, and the chance that the sample has a second positive eigenvalue.
_BELOW = (N - 2) * tau**2 / (4 * N)
_TILT = (
    2 * (d - N) * mu**2 / (N * n) * ((_LEAST + N * _BELOW + mu**2) / ((N - 1) ** 2 * N) + _LEAST + mu**2) / _BELOW**2
)
_OFFSETS = (tau**2 / 2 + mu**2) ** 2 - (tau**2 / 4) ** 2
_ENTRY = ((N - 2) * _OFFSETS + 2 * (1 + mu**2) * (tau**2 / 2 + mu**2)) / (N**2 * n)

SINGLE_DIRECTION = Formula(
    name="single_direction",
    title="Mean deficit of MIM, all pairs of complementary masks, three or more clients",
    expr=1 - 1 / N,
    domain=(N >= 3, d > N),
    units="dimensionless, in (0, 1)",
    source=Source("ledger", "ledger/deficits/drawn_masks.py"),
)
SINGLE_DIRECTION_REMAINDER = Formula(
    name="single_direction_remainder",
    title="Remainder of MIM's deficit, complementary masks, three or more clients",
    expr=_TILT + N * (N - 1) * _ENTRY / _BELOW**2,
    domain=(N >= 3, d > N),
    units="units of the deficit",
    source=Source("ledger", "ledger/deficits/drawn_masks.py"),
)
