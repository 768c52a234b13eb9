"""The check of an order between the means of two sampled quantities."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ledger.checks.kinds import STANDARD_ERRORS_TO_HOLD, STANDARD_ERRORS_TO_VIOLATE
from ledger.statement import Context, Evidence, Status, Verdict

Samples = Float[np.ndarray, " trials"]


@dataclass(frozen=True)
class SampledOrder:
    """The mean of `greater` exceeds that of `lesser`, both from the same trials (or independent, trial by trial).

    Holds at three standard errors of the difference, violated at minus five, inconclusive between. Spoiled by a factor
    below 1, the claim is that `greater` times this factor still exceeds `lesser`.
    """

    samples: Callable[[Context], tuple[Samples, Samples]]
    because: str
    at: Mapping[str, Any]

    def run(self, context: Context) -> Verdict:
        """The verdict; `tightness` is the lesser mean over the greater, `margin` the mean difference."""
        greater, lesser = self.samples(context)
        greater = context.spoil * greater
        difference = greater - lesser
        error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
        mean = float(difference.mean())
        tightness = float(lesser.mean() / greater.mean())
        if mean > STANDARD_ERRORS_TO_HOLD * error:
            return Verdict(Status.HOLDS, Evidence.SAMPLED, self.because, tightness, mean)
        witness = {
            **dict(self.at),
            "mean_said_greater": float(greater.mean()),
            "mean_said_lesser": float(lesser.mean()),
            "standard_error_of_difference": error,
            "trials": len(difference),
        }
        if mean < -STANDARD_ERRORS_TO_VIOLATE * error:
            return Verdict(Status.VIOLATED, Evidence.SAMPLED, self.because, tightness, mean, witness)
        reason = f"The difference is {mean:.2e} with a standard error of {error:.2e}. {self.because}"
        return Verdict(Status.INCONCLUSIVE, Evidence.SAMPLED, reason, tightness, mean, witness)
