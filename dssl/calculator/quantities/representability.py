"""r_k over the signal coordinates at the minimiser of the population loss."""

from dataclasses import dataclass

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._population import Population
from theory.objectives.representability import leading_representability, representability
from theory.readings import Coordinates, Selection

TITLE = "Representability r_k of the N signal coordinates at the population minimiser"

LONGEST_LIST = 10_000


@dataclass(frozen=True, kw_only=True)
class Query(Population):
    """`coordinates=leading` lists the leading feature_dim coordinates, the noise ones by their average."""

    selection: Selection = Selection.PSD
    coordinates: Coordinates = Coordinates.SIGNAL

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.coordinates is Coordinates.LEADING and (self.feature_dim or 0) > LONGEST_LIST:
            raise ValueError(
                f"coordinates=leading lists feature_dim numbers, at most {LONGEST_LIST}; "
                f"got feature_dim={self.feature_dim}. Lower feature_dim, or use coordinates=signal."
            )


def answer(query: Query) -> Answer:
    """A list, one entry a coordinate."""
    matrix = query.matrix()
    feature_dim = query.n_clients if query.feature_dim is None else query.feature_dim
    values, unique = representability(matrix, feature_dim, query.n_clients, query.selection)
    if query.coordinates is Coordinates.LEADING:
        values = leading_representability(matrix, feature_dim, feature_dim, query.selection)
    reason = "" if unique else f"feature_dim={feature_dim} cuts a degenerate eigenspace: the mean over all minimisers."
    return Answer(
        value=[float(v) for v in values],
        units="dimensionless, in [0, 1]",
        source="chen2026, Definition 4.1; the minimiser's row space is ledger",
        reason=reason,
    )
