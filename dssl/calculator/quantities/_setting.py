"""The keys that every static quantity shares, and how they become a `Setting` and exact arguments."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import sympy as sp

from theory.formula import rational
from theory.readings import EXPECTED
from theory.setting import Setting

Draws = int | Literal["expected"]
_LARGEST_POWER = 30


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

    def assumed(self) -> dict[str, Any]:
        """What stands in the place of keys that were left out and have no fixed default."""
        return {
            "tau": self.dim ** (1 / 5) if self.tau is None else self.tau,
            "mu": self.dim ** (-1 / 5) if self.mu is None else self.mu,
            "feature_dim": self.n_clients if self.feature_dim is None else self.feature_dim,
        }


@dataclass(frozen=True, kw_only=True)
class Sampled(Model):
    """A model with samples: their number, or `beta` with samples_per_client = d^beta, rounded up."""

    samples_per_client: int | None = None
    beta: float | None = None

    def samples(self) -> int:
        """Samples per client. Errors: ValueError unless exactly one of the two keys is given."""
        if (self.samples_per_client is None) == (self.beta is None):
            came = "neither. Give" if self.beta is None else f"{self.samples_per_client} and {self.beta}. Keep"
            raise ValueError(f"Give samples_per_client, or beta for dim^beta of them; got {came} one.")
        if self.samples_per_client is not None:
            return self.samples_per_client
        assert self.beta is not None
        power = self.beta * math.log10(self.dim) if self.dim > 0 else 0.0
        if not 0 <= power <= _LARGEST_POWER:
            raise ValueError(
                f"dim^beta samples lie between 1 and 10^{_LARGEST_POWER}; got beta={self.beta:g} with dim={self.dim}. "
                "Change beta."
            )
        return math.ceil(self.dim**self.beta)

    def assumed(self) -> dict[str, Any]:
        """As of a model; and the samples, where they come from `beta`."""
        return super().assumed() | ({} if self.beta is None else {"samples_per_client": self.samples()})


def check_draws(draws: object) -> None:
    """ValueError unless "expected" or a whole number from 1."""
    if draws != EXPECTED and (isinstance(draws, bool) or not isinstance(draws, int) or draws < 1):
        raise ValueError(f'draws must be "{EXPECTED}" or a whole number from 1; got draws={draws!r}.')
