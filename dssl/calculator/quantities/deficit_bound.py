"""A proven bound of 1 - r_k at a finite sample, upper or lower."""

from dataclasses import dataclass
from typing import Literal

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Sampled
from theory.deficits.finite_sample import deficit_bound, is_local_void
from theory.readings import Objective, Scope
from theory.setting import Setting

TITLE = "Bound of 1 - r_k, for one k of the scope, that holds with probability 1 - delta at a finite sample"
UNITS = "dimensionless, in [0, 1]"
SOURCE = "ledger, docs/proofs/finite_sample.md; tropp2012, davidson2001, laurent2000"

LARGEST_CLIENTS = 400


@dataclass(frozen=True, kw_only=True)
class Query(Sampled):
    """MIM: independent masks in expectation. CL: one draw a sample. n_i samples a client, no rare class."""

    objective: Objective
    scope: Scope = Scope.FL
    delta: float = 0.05
    side: Literal["upper", "lower"] = "upper"
    augmentation_std: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.delta < 1:
            raise ValueError(
                f"delta is a failure probability, strictly between 0 and 1; got delta={self.delta}. Try 0.05."
            )
        if self.n_clients > LARGEST_CLIENTS:
            raise ValueError(
                f"The bound computes the signal's matrix, n_clients wide, so n_clients <= {LARGEST_CLIENTS}; "
                f"got n_clients={self.n_clients}. Lower n_clients."
            )
        self.point()  # refuses what lies outside the assumption space

    def point(self) -> Setting:
        """The setting with these samples and this augmentation noise. Errors: ValueError as `Model.setting`."""
        return self.setting(samples_per_client=self.samples(), augmentation_std=self.augmentation_std)


def answer(query: Query) -> Answer:
    """The bound; void, with the condition that fails, where the proof gives nothing."""
    bound = deficit_bound(query.point(), query.objective, query.scope, query.delta, query.side)
    if bound.value is None:
        return Answer(None, UNITS, SOURCE, status="void", reason=bound.void_reason + _void_at_any_dim(query))
    return Answer(bound.value, UNITS, SOURCE, reason=_looseness(query))


def _void_at_any_dim(query: Query) -> str:
    if query.objective is not Objective.CL or not is_local_void(query.point(), query.scope):
        return ""
    return " With samples_per_client <= dim and 2 sigma^2 >= 1 + mu^2 one client's bound says nothing at any dim."


def _looseness(query: Query) -> str:
    if (query.objective, query.scope, query.side) != (Objective.CL, Scope.LOCAL_OTHER, "upper"):
        return ""
    return (
        "As dim grows, with beta > 1, this bound of another client's coordinate tends to 1 + sigma^2 = "
        f"{1 + query.augmentation_std**2:.4g} times the second-order deficit, not to the deficit."
    )
