"""The deficit in the limit where dimension and samples grow together."""

import math
from dataclasses import dataclass

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Sampled
from theory.deficits.proportional_limit import deficit_limit, deficit_limit_formula, spare_share
from theory.readings import Objective, Scope
from theory.setting import Setting

TITLE = "Mean 1 - r_k over the scope in the limit of a fixed ratio gamma of noise coordinates to samples"


@dataclass(frozen=True, kw_only=True)
class Query(Sampled):
    """gamma = (d - N) / samples in the matrix; it may be given in place of the samples.

    `feature_dim` beyond N enters by its share (c - N)/(d - N) of the noise coordinates.
    """

    objective: Objective
    gamma: float | None = None
    scope: Scope = Scope.FL
    augmentation_std: float = 1.0

    def __post_init__(self) -> None:
        given = [name for name in ("samples_per_client", "beta", "gamma") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                "The ratio needs exactly one of samples_per_client, beta and gamma; "
                f"got {' and '.join(given) or 'none'}."
            )
        if self.gamma is not None and not 0 < self.gamma < math.inf:
            raise ValueError(
                f"gamma is noise coordinates per sample, positive and finite; got gamma={self.gamma}. Try 0.5."
            )
        self.point()  # refuses what lies outside the assumption space

    def point(self) -> Setting:
        """The setting with these samples and this augmentation noise. Errors: ValueError as `Model.setting`."""
        samples = self.samples() if self.gamma is None else None
        return self.setting(samples_per_client=samples, augmentation_std=self.augmentation_std)


def answer(query: Query) -> Answer:
    """The limit, which is 1 for a direction that the bulk of noise swallows."""
    formula = deficit_limit_formula(query.objective, query.scope)
    value = deficit_limit(query.point(), query.objective, query.scope, query.gamma)
    if query.point().feature_dim == query.n_clients:
        return Answer(value, formula.units, str(formula.source), latex=formula.latex)
    reason = (
        f"With (c - N)/(d - N) = {spare_share(query.point()):.3g} spare features for each noise coordinate, which hold "
        "a part of what is missing; the closed form is for c = N, so none is given."
    )
    return Answer(value, formula.units, str(formula.source), reason=reason)
