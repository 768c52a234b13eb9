"""The probability that s^C > s^M with two clients; Theorem 4.4 prints certainty."""

from dataclasses import dataclass
from typing import Any

from dssl.calculator.quantities import Answer
from dssl.calculator.quantities._setting import Model
from theory.deficits.order_probability import ORDER_PROBABILITY
from theory.deficits.order_probability import order_probability as evaluate
from theory.formula import OutOfDomainError

TITLE = "Probability that contrast is more sensitive than masking in expectation, two clients"


@dataclass(frozen=True, kw_only=True)
class Query(Model):
    """`draws` views a sample for contrast; `is_same_data` counts that both are trained on one sample."""

    n_clients: int = 2
    # Both deficits are proportional to 1/n_i, so their ratio does not depend on it.
    samples_per_client: int = 1
    draws: int = 1
    augmentation_std: float = 1.0
    is_same_data: bool = False

    def __post_init__(self) -> None:
        self.point()  # refuses what lies outside the assumption space
        if self.draws < 1:
            raise ValueError(f"draws must be a whole number from 1; got draws={self.draws}.")

    def point(self):
        """The setting with these samples and this augmentation noise. Errors: ValueError as `Model.setting`."""
        return self.setting(samples_per_client=self.samples_per_client, augmentation_std=self.augmentation_std)


def answer(query: Query) -> Answer:
    """One probability, or out_of_domain with the reason."""
    formula = ORDER_PROBABILITY
    about: dict[str, Any] = {"units": formula.units, "source": str(formula.source), "latex": formula.latex}
    try:
        value = evaluate(query.point(), query.draws, is_same_data=query.is_same_data)
    except OutOfDomainError as error:
        return Answer(value=None, status="out_of_domain", reason=str(error), **about)
    return Answer(value=value, exact="" if query.is_same_data else str(formula.expr), **about)
