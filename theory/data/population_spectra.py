"""The spectra of the population alignment matrices in closed form, for any number of clients and any dimension.

They hold for uniform client weights and rare classes placed symmetrically: none; every client's own coordinate outside
the signal; inside it, each signal coordinate once (`fl`), the client's own or another's (`local`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import sympy as sp

from theory.data.moments import grouped
from theory.formula import Formula, Source
from theory.readings import Mask, Objective
from theory.symbols import dim, mask_ratio, mu, n_clients, rare_fraction, tau

N, d, rho, f = n_clients, dim, rare_fraction, 1 - rare_fraction
ONE = sp.Integer(1)
PI = mask_ratio * (1 - mask_ratio)
QUARTER = tau**2 / 4


class RareSite(StrEnum):
    """Where the rare class points, as far as the spectrum can tell."""

    ABSENT = "absent"
    OUTSIDE = "outside"
    OWN = "own"  # local: h_i = i
    OTHER = "other"  # local: h_i another signal coordinate; fl: each signal coordinate is some client's h_i


@dataclass(frozen=True)
class Level:
    """One eigenvalue and how often it occurs, over `theory.symbols`."""

    eigenvalue: Formula
    multiplicity: sp.Expr


def spectrum(
    objective: Objective,
    mask: Mask = Mask.INDEPENDENT,
    scope: Literal["fl", "local"] = "fl",
    rare: RareSite = RareSite.ABSENT,
) -> tuple[Level, ...]:
    """The eigenvalues of the alignment matrix, each with its multiplicity; two may coincide at some arguments.

    Source: ledger, from chen2026 Section 3.2; the paper's (18), (23), (36), (37) and (45) differ.
    Units: squared data units.
    Errors: ValueError for a rare class at the own coordinate of a client under `fl`, where that is the same as inside.
    """
    if scope == "fl" and rare is RareSite.OWN:
        raise ValueError(f'Under scope "fl" a rare class inside the signal is rare="{RareSite.OTHER}"; got "own".')
    if objective is Objective.CL or mask is Mask.INDEPENDENT:
        factor, levels = (ONE if objective is Objective.CL else PI), _second_moment(scope, rare)
    elif mask is Mask.PRINTED:
        factor, levels = 2 * PI, _diagonal(scope, rare)
    else:
        factor, levels = (PI * d / (d - 1) if mask is Mask.FIXED_COUNT else PI), _off_diagonal(scope)
    least_dim = N + {RareSite.OUTSIDE: N if scope == "fl" else 1}.get(rare, 0)
    domain = (N >= 2, d >= least_dim)
    reading = "cl" if objective is Objective.CL else f"mim_{mask.value}"
    return tuple(
        Level(
            Formula(
                name=f"population_spectrum_{reading}_{scope}_{rare.value}_{name}",
                title=f"Eigenvalue of the alignment matrix: {words}",
                expr=factor * (value.subs(rho, 0) if rare is RareSite.ABSENT else value),
                domain=domain,
                units="squared data units",
                source=Source("ledger", "from chen2026, Section 3.2, by the symmetry of the signal block"),
            ),
            sp.expand(count),
        )
        for name, words, value, count in levels
    )


def evaluate(levels: tuple[Level, ...], values: Mapping[str, Any]) -> list[tuple[float, int]]:
    """(eigenvalue, multiplicity), descending, coinciding eigenvalues joined and empty ones dropped."""
    sizes = {N: values["n_clients"], d: values["dim"]}
    counted = [(level.eigenvalue.value(**values), int(level.multiplicity.subs(sizes))) for level in levels]
    # With N = 2 a rare class leaves its plane one dimension short: the count N - 3 = -1 takes the spare one back.
    return [pair for pair in grouped(counted) if pair[1] > 0]


Rows = list[tuple[str, str, sp.Expr, sp.Expr]]


def _second_moment(scope: str, rare: RareSite) -> Rows:
    noise = ("noise", "noise coordinates", mu**2)
    if scope == "fl":
        common = rho / N if rare is RareSite.OTHER else sp.Integer(0)
        rows: Rows = [
            ("ones", "the all-ones direction of the signal", f * ((N - 1) * QUARTER + 1 / N) + common + mu**2, ONE),
            ("contrasts", "the signal orthogonal to all-ones", f * (QUARTER + 1 / N) + common + mu**2, N - 1),
        ]
        if rare is RareSite.OUTSIDE:
            rows.append(("rare", "the coordinates of the rare classes", rho / N + mu**2, N))
        return [*rows, (*noise, d - N - (N if rare is RareSite.OUTSIDE else 0))]
    own = ("own", "the client's own coordinate", (1 if rare is RareSite.OWN else f) + mu**2, ONE)
    if rare is RareSite.OTHER:
        # h is singled out: on (e_h, the ones of the rest) the block is f tau^2/4 [[2, sqrt(N-2)], [., N-1]] + rho e_h.
        half_sum, half_gap = (f * QUARTER * (N + 1) + rho) / 2, (f * QUARTER * (3 - N) + rho) / 2
        root = sp.sqrt(half_gap**2 + (f * QUARTER) ** 2 * (N - 2))
        offsets: Rows = [
            ("upper", "the larger of the rare class's plane", half_sum + root + mu**2, ONE),
            ("lower", "the smaller of the rare class's plane", half_sum - root + mu**2, ONE),
            ("contrasts", "the offsets orthogonal to that plane", f * QUARTER + mu**2, N - 3),
        ]
        return [own, *offsets, (*noise, d - N)]
    offsets = [
        ("ones", "the all-ones direction of the offsets", f * N * QUARTER + mu**2, ONE),
        ("contrasts", "the offsets orthogonal to all-ones", f * QUARTER + mu**2, N - 2),
    ]
    if rare is RareSite.OUTSIDE:
        return [own, *offsets, ("rare", "the rare class's coordinate", rho + mu**2, ONE), (*noise, d - N - 1)]
    return [own, *offsets, (*noise, d - N)]


def _diagonal(scope: str, rare: RareSite) -> Rows:
    noise = ("noise", "noise coordinates", mu**2)
    if scope == "fl":
        common = rho / N if rare is RareSite.OTHER else sp.Integer(0)
        rows: Rows = [("signal", "the signal coordinates", f * ((N - 1) * 2 * QUARTER + 1) / N + common + mu**2, N)]
        if rare is RareSite.OUTSIDE:
            rows.append(("rare", "the coordinates of the rare classes", rho / N + mu**2, N))
        return [*rows, (*noise, d - N - (N if rare is RareSite.OUTSIDE else 0))]
    rows = [
        ("own", "the client's own coordinate", (1 if rare is RareSite.OWN else f) + mu**2, ONE),
        ("offsets", "the other signal coordinates", 2 * f * QUARTER + mu**2, N - 1 - int(rare is RareSite.OTHER)),
    ]
    if rare is RareSite.OTHER:
        rows.append(("rare", "the rare class's coordinate", 2 * f * QUARTER + rho + mu**2, ONE))
    if rare is RareSite.OUTSIDE:
        rows.append(("rare", "the rare class's coordinate", rho + mu**2, ONE))
    return [*rows, (*noise, d - N - int(rare is RareSite.OUTSIDE))]


def _off_diagonal(scope: str) -> Rows:
    # A rare class sits on the diagonal alone, wherever it points: it only thins the rest out.
    if scope == "fl":
        off = f * (N - 2) * QUARTER / N
        return [
            ("ones", "the all-ones direction of the signal", off * (N - 1), ONE),
            ("contrasts", "the signal orthogonal to all-ones", -off, N - 1),
            ("empty", "every other coordinate", sp.Integer(0), d - N),
        ]
    return [
        ("ones", "the all-ones direction of the offsets", f * (N - 2) * QUARTER, ONE),
        ("contrasts", "the offsets orthogonal to all-ones", -f * QUARTER, N - 2),
        ("empty", "every other coordinate", sp.Integer(0), d - N + 1),
    ]
