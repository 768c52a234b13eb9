"""Two clients under complementary masks: the closed form against its own equations, its limit, and drawn matrices."""

import numpy as np
import pytest
import sympy as sp

from theory.deficits.literal_masks import literal_law
from theory.deficits.literal_two_clients import TWO_CLIENTS_LITERAL
from theory.formula import OutOfDomainError
from theory.symbols import gamma, mu, tau


def test_with_many_samples_it_is_half_of_one_less_than_the_noise_takes():
    level = (tau**2 / 2 + 1) / 2 + mu**2
    limit = TWO_CLIENTS_LITERAL.expr.subs(gamma, 0)
    assert sp.simplify(limit - (1 - 2 * mu**2 / level) / (1 - mu**2 / level) / 2) == 0


@pytest.mark.parametrize("ratio", [0.01, 0.3, 2.0])
def test_it_solves_the_equation_of_the_star(ratio):
    noise, offset = 0.4, 2.0
    level = ((offset**2 / 2 + 1) / 2 + noise**2) / noise**2
    u = 1 / np.sqrt(np.roots([1, ratio, -ratio * (level - 1)]).max() ** 2)

    def z(v):
        return (1 + v) * (1 + ratio * v) / v

    assert z(u) - 1 == pytest.approx(level * ratio * u, rel=1e-12)
    step = 1e-6 * u
    slope = level * ratio * 2 * step / (z(u + step) - z(u - step))
    found = TWO_CLIENTS_LITERAL.value(tau=offset, mu=noise, gamma=ratio)
    assert found == pytest.approx(1 / (1 - slope), rel=1e-7)  # a difference quotient


def test_the_limit_law_of_any_number_of_clients_says_the_same_or_refuses_too():
    rng, given = np.random.default_rng(8), 0
    for offset, noise, ratio in np.exp(rng.uniform([-2, -2, -4], [2, 1, 2], (100, 3))):
        size = offset**2 / 4 + 1 / 2
        outlier = literal_law(noise**2, ratio, 0.75).outlier(size, size)
        if outlier is None:
            with pytest.raises(OutOfDomainError):
                TWO_CLIENTS_LITERAL.value(tau=offset, mu=noise, gamma=ratio)
        else:
            assert outlier[1] == pytest.approx(TWO_CLIENTS_LITERAL.value(tau=offset, mu=noise, gamma=ratio), rel=1e-8)
            given += 1
    assert 20 < given < 80  # both happen


def test_a_star_within_the_noise_is_refused():
    with pytest.raises(OutOfDomainError):
        TWO_CLIENTS_LITERAL.value(tau=0.5, mu=1.0, gamma=0.5)


def test_drawn_matrices_of_a_star_over_noise_meet_it():
    # Nothing of the sampler: a bare matrix of n normal rows with one column of second moment lambda.
    rng, dim, n, level = np.random.default_rng(5), 300, 400, 12.0
    kept = []
    for _ in range(12):
        x = rng.standard_normal((n, dim + 1))
        x[:, 0] *= np.sqrt(level)
        second = x.T @ x / n
        kept.append(np.linalg.eigh(second - np.diag(np.diag(second)))[1][0, -1] ** 2)
    claimed = TWO_CLIENTS_LITERAL.value(tau=np.sqrt(4 * (level - 1) - 2), mu=1.0, gamma=dim / n)
    # 1/d in the mean, and four standard errors.
    assert abs(np.mean(kept) - claimed) <= 1 / dim + 4 * np.std(kept) / np.sqrt(len(kept))
