"""Eigenvalues of the population alignment matrix, in closed form where symmetry gives one."""

from dataclasses import dataclass

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._population import LARGEST_CORNER, Population
from theory.data.population_spectra import Level, RareSite, evaluate, spectrum
from theory.readings import Rare

TITLE = "Eigenvalues of the population alignment matrix with their multiplicities, descending"


@dataclass(frozen=True, kw_only=True)
class Query(Population):
    """See `Population`. With equal weights and no rare class the closed form needs no matrix, however many clients."""

    def __post_init__(self) -> None:
        is_plain = self.rare is Rare.ABSENT and self.rare_at() is None and self.weights is None
        if self.n_clients <= LARGEST_CORNER or not is_plain or self.rare_fraction:
            super().__post_init__()
            return
        self.setting()
        if not 0 <= self.client < self.n_clients:
            raise ValueError(f"Clients are counted from 0 to {self.n_clients - 1}; got client={self.client}.")


def answer(query: Query) -> Answer:
    """[eigenvalue, multiplicity] pairs, descending."""
    site = _site(query)
    if site is None:
        # Unequal weights or rare coordinates break the symmetry: the corner's eigenvalues have no common closed form.
        value = query.matrix().spectrum()
        exact = latex = ""
    else:
        levels = spectrum(query.objective, query.mask, query.scope, site)
        at = {"n_clients": query.n_clients, "dim": query.dim, "mask_ratio": query.mask_ratio, **query.scales()}
        value = evaluate(levels, at | {"rare_fraction": query.rare_fraction})
        exact = "; ".join(_words(level) for level in levels)
        latex = r",\quad ".join(level.eigenvalue.latex for level in levels)
    return Answer(
        value=[[eigenvalue, count] for eigenvalue, count in value],
        units="squared data units",
        source="ledger, from chen2026, Section 3.2; (18), (36) and (44) differ",
        exact=exact,
        latex=latex,
    )


def _site(query: Query) -> RareSite | None:
    """Where the rare class points as far as the closed form can tell; None where it has none."""
    if query.weights is not None:
        return None
    at = query.rare_at()
    if query.rare is Rare.ABSENT:
        return RareSite.ABSENT
    if query.rare is Rare.OUTSIDE:
        distinct = at is None or query.scope == "local" or len(set(at)) == query.n_clients
        return RareSite.OUTSIDE if distinct else None
    if query.scope == "fl":
        return RareSite.OTHER if at is None or sorted(at) == list(range(query.n_clients)) else None
    own = at is not None and at[0 if len(at) == 1 else query.client] == query.client
    return RareSite.OWN if own else RareSite.OTHER


def _words(level: Level) -> str:
    return f"({level.multiplicity}) times {level.eigenvalue.expr}"
