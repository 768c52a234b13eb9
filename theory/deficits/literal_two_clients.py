"""What complementary masks keep of two clients' signal, where the population's alignment matrix is zero.

With n samples in all, each signal coordinate k couples to the noise coordinates by entries of variance lambda mu^2/n,
lambda the second moment of that coordinate: a star with k in its middle. The noise coordinates couple to each other
through mu^2 (W - I), W the second moment of n standard normal vectors. With z = theta + mu^2 for the star's positive
eigenvalue theta, and g(z) the resolvent trace of mu^2 W, the two meet in theta = lambda gamma (z g(z) - 1). With
u = z g(z) - 1 the law of W reads z = mu^2 (1 + u)(1 + gamma u)/u, so that theta solves a quadratic; the eigenvector's
share of k is 1/(1 - d theta/dz) there. `theory.deficits.literal_masks` has the same limit for any number of clients, by
numbers instead of a formula.
"""

import sympy as sp

from theory.data.moments import symbolic_fl_block
from theory.formula import Formula, Source
from theory.symbols import gamma, mu

__all__ = ["TWO_CLIENTS_LITERAL"]

_SIGNAL = symbolic_fl_block(2)[0, 0]  # lambda, pixel noise included
_LEVEL = _SIGNAL / mu**2
_PULL = (sp.sqrt(gamma**2 + 4 * gamma * (_LEVEL - 1)) - gamma) / 2

# Below 1/2 everywhere: the noise coordinates couple among themselves too, and that takes from the star.
TWO_CLIENTS_LITERAL = Formula(
    name="literal_masks_two_clients",
    title="Mean representability of the signal of two clients under complementary masks, d/n fixed, d large",
    expr=(_LEVEL - 2 - _PULL) / (2 * (_LEVEL - 1) - _PULL),
    domain=(_LEVEL - 2 - _PULL > 0,),  # elsewhere the star lies within the noise, and nothing is kept
    units="dimensionless, in (0, 1/2)",
    source=Source("ledger", "star of one signal coordinate over the noise, theory.deficits.literal_two_clients"),
)
