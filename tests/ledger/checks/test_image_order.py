"""The check of an order between two views of images: by how many times, and spoiled by a factor of its own."""

import numpy as np
import pytest

from experiments.real_images.measured import CL, MIM_EXPECTED
from ledger.checks import image_order
from ledger.statement import Context, Status

TRIALS = 20


def order(monkeypatch: pytest.MonkeyPatch, times: float, deficit_smaller: float, deficit_larger: float):
    """The check where the deficits of masking and of contrast are about these numbers."""

    def sampled(_where, _size, trials, view, n_axes):
        noise = np.random.default_rng(3).normal(0, 1e-3, (trials, n_axes))
        return 1 - (deficit_smaller if view == MIM_EXPECTED else deficit_larger) * (1 + noise)

    monkeypatch.setattr(image_order, "sampled", sampled)
    return image_order.ImageOrder("pixels", "deficit", MIM_EXPECTED, CL, "Made up.", times)


@pytest.mark.parametrize(("times", "status"), [(1.0, Status.HOLDS), (2.5, Status.HOLDS), (3.5, Status.VIOLATED)])
def test_the_larger_must_exceed_a_multiple_of_the_smaller(monkeypatch, times, status):
    verdict = order(monkeypatch, times, 0.1, 0.3).run(Context())
    assert verdict.status is status
    assert verdict.tightness == pytest.approx(times / 3, rel=1e-2)
    assert (verdict.witness is None) == (status is Status.HOLDS)


def test_it_is_spoiled_by_a_factor_of_its_own(monkeypatch):
    """Spoiled relative to what was measured, any order however wide would seem to have power."""
    check = order(monkeypatch, 2.5, 0.1, 0.3)
    assert check.run(Context(spoil=0.9)).status is Status.HOLDS
    assert check.run(Context(spoil=0.8)).status is Status.VIOLATED


def test_spoiled_by_a_factor_below_0_the_two_change_places(monkeypatch):
    assert order(monkeypatch, 1.0, 0.1, 0.3).run(Context(spoil=-1.0)).status is Status.VIOLATED
    assert order(monkeypatch, 1.0, 0.3, 0.1).run(Context(spoil=-1.0)).status is Status.HOLDS
