"""The check of an order between two views of the same real images."""

from dataclasses import dataclass
from typing import Any

from experiments.real_images.measured import EFFORT, N_AXES, Where, sampled
from experiments.real_images.paired_differences import Quantity, difference, quantity
from ledger.statement import Context, Evidence, Status, Verdict
from sims.real_inputs.views import View


@dataclass(frozen=True)
class ImageOrder:
    """The quantity of view `larger` exceeds `times` that of `smaller`, on average over trials that share their images.

    Spoiled, the quantity of `larger` is multiplied by the statement's own factor before the two are compared. A factor
    below 0 makes the two change places: where `smaller` is small and uncertain, no factor could show an error.
    """

    where: Where
    quantity: Quantity
    smaller: View
    larger: View
    because: str
    times: float = 1.0
    n_axes: int = N_AXES
    samples_per_client: int = 1000
    repeats: int = 1

    def run(self, context: Context) -> Verdict:
        """The verdict; `tightness` is `times` the mean of `smaller` over that of `larger`, `margin` the gap."""
        trials, size = self.repeats * EFFORT[context.tier].trials, self.samples_per_client
        low, high = (
            quantity(self.quantity, sampled(self.where, size, trials, view, self.n_axes))
            for view in (self.smaller, self.larger)
        )
        if context.spoil < 0:
            low, high = high, low
        d = difference(self.times * low, abs(context.spoil) * high)
        status = Status(d.status)
        found = (
            f"{self.because} Difference {d.mean:.3g} +- {d.standard_error:.2g} over {trials} trials "
            f"of {size} images a client."
        )
        tightness = d.smaller / d.larger if d.larger else None
        witness: dict[str, Any] = {
            "inputs": str(self.where),
            "samples_per_client": size,
            "wanted_smaller": d.smaller,
            "wanted_larger": d.larger,
            "standard_error_of_difference": d.standard_error,
        }
        return Verdict(
            status, Evidence.SAMPLED, found, tightness, d.mean, witness if status is Status.VIOLATED else None
        )
