"""Representability of a rare class whose coordinate lies outside the signal."""

from dataclasses import dataclass
from typing import Literal

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Sampled
from theory.deficits.rare_recovery import rare_recovery, rare_recovery_formula
from theory.formula import OutOfDomainError
from theory.readings import Objective
from theory.setting import Setting

TITLE = "Representability of a rare class's coordinate outside the signal, d / samples fixed; 0 below the threshold"


@dataclass(frozen=True, kw_only=True)
class Query(Sampled):
    """MIM: independent masks in expectation. CL: one draw a sample. `rare_fraction` of each client's samples."""

    objective: Objective
    rare_fraction: float
    scope: Literal["fl", "local"] = "fl"
    augmentation_std: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.rare_fraction < 1:
            raise ValueError(
                "rare_fraction, the rare class's share of a client's samples, must lie strictly between 0 and 1; "
                f"got rare_fraction={self.rare_fraction}. Try 0.1."
            )
        self.point()  # refuses what lies outside the assumption space

    def point(self) -> Setting:
        """The setting with these samples, this noise and this rare class. Errors: ValueError as `Model.setting`."""
        return self.setting(
            samples_per_client=self.samples(),
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
    value = rare_recovery(query.point(), query.objective, query.scope)
    return Answer(value, formula.units, str(formula.source), latex=formula.latex)
