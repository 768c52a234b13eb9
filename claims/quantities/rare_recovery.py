"""Whether the representation sees a rare class whose coordinate lies outside the signal."""

from dataclasses import dataclass
from typing import Literal

from claims.quantities import Answer
from theory.formula import OutOfDomainError
from theory.rare_recovery import rare_recovery, rare_recovery_formula
from theory.readings import Objective
from theory.setting import Setting

TITLE = "Representability of a rare class's coordinate outside the signal, d / samples fixed; 0 below the threshold"


@dataclass(frozen=True)
class Query:
    """MIM: independent masks in expectation. CL: one draw a sample. `rare_fraction` of each client's samples."""

    objective: Objective
    n_clients: int
    dim: int
    samples_per_client: int
    rare_fraction: float
    scope: Literal["fl", "local"] = "fl"
    feature_dim: int | None = None
    mask_ratio: float = 0.75
    augmentation_std: float = 1.0
    tau: float | None = None
    mu: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rare_fraction < 1:
            raise ValueError(
                "rare_fraction, the rare class's share of a client's samples, must lie strictly between 0 and 1; "
                f"got rare_fraction={self.rare_fraction}. Try 0.1."
            )
        self.setting()

    def setting(self) -> Setting:
        return Setting.paper(
            self.dim,
            n_clients=self.n_clients,
            samples_per_client=self.samples_per_client,
            feature_dim=self.feature_dim,
            tau=self.tau,
            mu=self.mu,
            mask_ratio=self.mask_ratio,
            augmentation_std=self.augmentation_std,
            rare_fraction=self.rare_fraction,
        )


def answer(query: Query) -> Answer:
    """The limit of r_h. Errors: OutOfDomainError when W is given too few rows for signal and rare coordinates."""
    room = 2 * query.n_clients if query.scope == "fl" else query.n_clients + 1
    if query.feature_dim is not None and query.feature_dim < room:
        raise OutOfDomainError(
            f"Signal and rare coordinates together need feature_dim >= {room}; got feature_dim={query.feature_dim}."
        )
    formula = rare_recovery_formula(query.objective, query.scope)
    value = rare_recovery(query.setting(), query.objective, query.scope)
    return Answer(value, formula.units, str(formula.source), latex=formula.latex)
