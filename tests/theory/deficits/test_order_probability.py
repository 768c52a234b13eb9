"""The probability that contrast comes out more sensitive, against drawn Gaussians."""

import math

import numpy as np
import pytest

from theory.deficits.order_probability import deficit_ratio, order_probability
from theory.formula import OutOfDomainError
from theory.setting import Setting


def _point(d: int = 64, **more) -> Setting:
    return Setting.paper(d, n_clients=2, samples_per_client=8000, **more)


def test_with_equal_deficits_the_order_is_a_coin_toss():
    assert order_probability(_point(augmentation_std=0.0)) == pytest.approx(0.5, rel=1e-14)


@pytest.mark.parametrize("d", [64, 4096])
def test_the_formula_is_the_arctangent_of_the_deficits_ratio(d):
    s = _point(d)
    assert order_probability(s) == pytest.approx(1 - 2 / math.pi * math.atan(deficit_ratio(s)), rel=1e-12)


def test_it_tends_to_one_like_the_noise_ratio():
    s = _point(10**12)
    assert 1 - order_probability(s) == pytest.approx(4 / math.pi * s.mu**2, rel=1e-3)


@pytest.mark.parametrize("sigma", [0.2, 1.0])
@pytest.mark.parametrize("is_same_data", [False, True])
def test_drawn_couplings_come_out_in_this_order(sigma, is_same_data):
    """Couplings as Gaussians: contrast's is masking's plus the augmentation's, or an independent one of its size."""
    s = _point(256, augmentation_std=sigma)
    rng = np.random.default_rng(20260704)
    trials, ratio = 20_000, deficit_ratio(s)
    shape = (trials, s.dim - 2, 2)
    masking = rng.standard_normal(shape, dtype=np.float32)
    other = rng.standard_normal(shape, dtype=np.float32)
    contrast = masking + math.sqrt(1 / ratio - 1) * other if is_same_data else math.sqrt(1 / ratio) * other
    spread = [np.abs(np.diff(np.sum(z**2, axis=1), axis=1)) for z in (contrast, masking)]
    measured = float(np.mean(spread[0] > spread[1]))
    want = order_probability(s, is_same_data=is_same_data)
    # Four binomial standard errors.
    assert abs(measured - want) <= 4 * math.sqrt(want * (1 - want) / trials)


def test_outside_its_derivation_the_formula_says_so():
    with pytest.raises(OutOfDomainError, match="two clients; got n_clients=3"):
        order_probability(Setting.paper(64, n_clients=3))
    with pytest.raises(OutOfDomainError, match="got mu=0"):
        order_probability(_point(mu=0.0, augmentation_std=0.0))
    with pytest.raises(OutOfDomainError, match="same number"):
        order_probability(_point(augmentation_std=0.0), is_same_data=True)
