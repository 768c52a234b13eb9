"""The keys that every static quantity shares, and how they become a `Setting` and exact arguments."""

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from theory.formula import rational
from theory.readings import EXPECTED
from theory.setting import Setting

Draws = int | Literal["expected"]


@dataclass(frozen=True, kw_only=True)
class Model:
    """The model's keys. tau and mu default to the paper's d^(1/5) and d^(-1/5), feature_dim to n_clients."""

    n_clients: int
    dim: int
    tau: float | None = None
    mu: float | None = None
    mask_ratio: float = 0.75
    feature_dim: int | None = None

    def setting(self, **more: object) -> Setting:
        """The point of the assumption space; ValueError, in one sentence, when it lies outside."""
        return Setting.paper(
            self.dim,
            n_clients=self.n_clients,
            feature_dim=self.feature_dim,
            tau=self.tau,
            mu=self.mu,
            mask_ratio=self.mask_ratio,
            **{"samples_per_client": 1, **more},
        )

    def scales(self) -> dict[str, sp.Expr]:
        """tau and mu exactly: as given, or as roots of d."""
        root = sp.root(sp.Integer(self.dim), 5)
        return {
            "tau": root if self.tau is None else rational(self.tau),
            "mu": 1 / root if self.mu is None else rational(self.mu),
        }


def check_draws(draws: object) -> None:
    """ValueError unless "expected" or a whole number from 1."""
    if draws != EXPECTED and (isinstance(draws, bool) or not isinstance(draws, int) or draws < 1):
        raise ValueError(f'draws must be "{EXPECTED}" or a whole number from 1; got draws={draws!r}.')
