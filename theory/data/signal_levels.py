"""Eigenspaces of the signal block for one scope: eigenvalue, weight in a coordinate, gap to the noise."""

from dataclasses import dataclass

import sympy as sp

from theory.formula import OutOfDomainError
from theory.readings import Scope
from theory.symbols import mu, n_clients, tau

N = n_clients
QUARTER = tau**2 / 4


@dataclass(frozen=True)
class SignalLevel:
    """One eigenspace: its eigenvalue in E[x x^T], its share of each axis, and its gap in the matrix fitted."""

    eigenvalue: sp.Expr
    weight: sp.Expr
    gap: sp.Expr


@dataclass(frozen=True)
class SignalLevels:
    """The eigenspaces, the all-ones one first, and the entry on the diagonal of E[x x^T] common to the coordinates."""

    levels: tuple[SignalLevel, ...]
    diagonal: sp.Expr
    least_clients: int

    def __iter__(self):
        return iter(self.levels)


def signal_levels(scope: Scope, *, is_off_diagonal: bool = False) -> SignalLevels:
    """The eigenspaces of E[x x^T] on the scope's coordinates, with the gaps of the matrix that the loss fits.

    The gap is the eigenvalue less mu^2, or, `is_off_diagonal`, that of E[x x^T] without its diagonal (factor of the
    masks left out: it cancels).

    Source: ledger; tested against `theory.data.moments` by linear algebra. Units: squared data units.
    Errors: OutOfDomainError for a local scope without its diagonal, where coordinate i joins the noise.
    """
    if is_off_diagonal and scope is not Scope.FL:
        raise OutOfDomainError(
            "With complementary masks a client's own coordinate has eigenvalue 0: it tilts with the noise and the "
            "others couple to it, so the local deficit has no such closed form. Use scope=fl."
        )
    if scope is Scope.LOCAL_OWN:
        level = SignalLevel(1 + mu**2, sp.Integer(1), sp.Integer(1))
        return SignalLevels((level,), 1 + mu**2, 2)
    if scope is Scope.FL:
        size, identity, ones = N, QUARTER + 1 / N, (N - 2) * QUARTER / N
    else:
        size, identity, ones = N - 1, QUARTER, QUARTER
    diagonal = identity + ones + mu**2
    shift = identity + ones if is_off_diagonal else sp.Integer(0)
    top, rest = identity + size * ones, identity
    return SignalLevels(
        (
            SignalLevel(top + mu**2, 1 / size, top - shift),
            SignalLevel(rest + mu**2, 1 - 1 / size, rest - shift),
        ),
        diagonal,
        3 if is_off_diagonal else 2,
    )
