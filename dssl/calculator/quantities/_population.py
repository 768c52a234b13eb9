"""The keys of the population matrices, shared by their spectrum and their representability."""

from dataclasses import dataclass
from typing import Literal

from dssl.calculator.quantities._setting import Model
from theory.data.moments import CornerMatrix, alignment_matrix
from theory.readings import Mask, Objective, Rare

# The corner is N to 2N wide and its eigenvectors cost N^3: about a second here.
LARGEST_CORNER = 400


@dataclass(frozen=True, kw_only=True)
class Population(Model):
    """Which alignment matrix: objective, mask, whose data, where the rare class points, and the client weights."""

    objective: Objective = Objective.CL
    mask: Mask = Mask.INDEPENDENT
    scope: Literal["fl", "local"] = "fl"
    client: int = 0
    rare: Rare = Rare.ABSENT
    rare_fraction: float = 0.0
    rare_coordinate: int | None = None
    rare_coordinates: list[int] | None = None
    weights: list[float] | None = None

    def __post_init__(self) -> None:
        self.matrix()

    def matrix(self) -> CornerMatrix:
        """The population alignment matrix. Errors: ValueError, in one sentence, for keys outside the model."""
        if self.n_clients > LARGEST_CORNER:
            raise ValueError(
                f"The signal's matrix is n_clients wide here, so n_clients <= {LARGEST_CORNER}; "
                f"got n_clients={self.n_clients}. Lower n_clients."
            )
        if self.rare is Rare.ABSENT and self.rare_fraction > 0:
            raise ValueError(
                f"A rare class of share {self.rare_fraction} must point somewhere; got rare=absent. "
                "Use rare=inside or rare=outside."
            )
        return alignment_matrix(
            self.setting(rare_fraction=self.rare_fraction),
            self.objective,
            self.mask,
            scope=self.scope,
            client=self.client,
            rare=self.rare,
            rare_coordinates=self.rare_at(),
            weights=self.weights,
        )

    def rare_at(self) -> list[int] | None:
        """The coordinates given, from 0: one for a client, or one for every client."""
        if self.rare_coordinate is None:
            return self.rare_coordinates
        if self.rare_coordinates is not None:
            raise ValueError("Give rare_coordinate or rare_coordinates, not both.")
        return [self.rare_coordinate] * (1 if self.scope == "local" else min(self.n_clients, LARGEST_CORNER))
