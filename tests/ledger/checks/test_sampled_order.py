"""The check of an order holds, is violated, stays open, and can be spoiled."""

import numpy as np
import pytest

from ledger.checks.sampled_order import SampledOrder
from ledger.statement import Context, Status


def order(shift: float, trials: int = 400) -> SampledOrder:
    rng = np.random.default_rng(11)
    lesser = 1 + 0.1 * rng.standard_normal(trials)
    return SampledOrder(
        lambda context: (lesser + shift + 0.1 * rng.standard_normal(trials), lesser), "made up", {"shift": shift}
    )


@pytest.mark.parametrize(
    ("shift", "status"), [(0.5, Status.HOLDS), (-0.5, Status.VIOLATED), (0.0, Status.INCONCLUSIVE)]
)
def test_the_sign_of_the_difference_decides(shift, status):
    assert order(shift).run(Context()).status is status


def test_an_order_is_spoiled_by_a_factor_of_its_own():
    assert order(0.5).run(Context(spoil=0.9)).status is Status.HOLDS


def test_a_spoiled_order_is_violated_with_a_witness():
    verdict = order(0.5).run(Context(spoil=0.5))
    assert verdict.status is Status.VIOLATED
    assert verdict.witness is not None
