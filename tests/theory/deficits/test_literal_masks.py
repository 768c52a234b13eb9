"""The deficit under literal masks: against data and masks drawn one by one, against its limits, and its refusals."""

import numpy as np
import pytest

from dssl.calculator import compute
from theory.deficits.literal_masks import effective_samples, literal_allowance, literal_deficit, literal_law
from theory.formula import OutOfDomainError
from theory.readings import EXPECTED, Scope
from theory.setting import Setting


def drawn(s: Setting, scope: Scope, draws: int | str, trials: int, seed: int) -> np.ndarray:
    """Mean of 1 - r_k over the scope, a trial each: masks drawn pixel by pixel, or averaged by leaving the diagonal."""
    rng, out = np.random.default_rng(seed), np.empty(trials)
    n, n_i = s.n_clients, s.samples_per_client
    for trial in range(trials):
        blocks = []
        for i in range(n if scope is Scope.FL else 1):
            b = np.zeros((n_i, s.dim))
            b[:, :n] = -s.tau * rng.integers(0, 2, (n_i, n))
            b[:, i] = rng.choice([-1.0, 1.0], n_i)
            blocks.append(b + s.mu * rng.standard_normal(b.shape))
        x = np.vstack(blocks)
        if draws == EXPECTED:
            matrix = x.T @ x
            np.fill_diagonal(matrix, 0.0)
        else:
            matrix = np.zeros((s.dim, s.dim))
            for _ in range(int(draws)):
                visible = rng.random(x.shape) > s.mask_ratio
                half = (x * visible).T @ (x * ~visible)
                matrix += half + half.T
        values, vectors = np.linalg.eigh(matrix)
        top = vectors[:, -s.feature_dim :][:, values[-s.feature_dim :] > 0]
        r = (top[:n] ** 2).sum(axis=1)
        out[trial] = 1 - {Scope.FL: r, Scope.LOCAL_OWN: r[:1], Scope.LOCAL_OTHER: r[1:]}[scope].mean()
    return out


@pytest.mark.parametrize(
    ("n", "dim", "n_i", "c", "scope", "draws", "mask_ratio"),
    [
        (2, 100, 100, 2, Scope.FL, EXPECTED, 0.75),
        (2, 120, 60, 2, Scope.FL, 1, 0.6),
        (2, 200, 60, 40, Scope.FL, 3, 0.5),
        (2, 150, 300, 2, Scope.LOCAL_OTHER, EXPECTED, 0.75),
        (2, 300, 300, 2, Scope.LOCAL_OWN, EXPECTED, 0.75),
        (3, 150, 100, 3, Scope.FL, 2, 0.4),
        (3, 150, 500, 3, Scope.LOCAL_OWN, 1, 0.75),
        (5, 200, 80, 5, Scope.FL, EXPECTED, 0.75),
        (5, 150, 200, 60, Scope.FL, 1, 0.3),
        (4, 150, 300, 4, Scope.LOCAL_OTHER, EXPECTED, 0.75),
    ],
)
def test_literal_data_meet_the_limit_within_its_allowance(n, dim, n_i, c, scope, draws, mask_ratio):
    s = Setting.paper(dim, n_clients=n, samples_per_client=n_i, feature_dim=c, mask_ratio=mask_ratio)
    found = drawn(s, scope, draws, 12, seed=n * dim + n_i)
    error = found.std(ddof=1) / np.sqrt(len(found))
    allowance = literal_allowance(s, scope, draws)
    assert abs(found.mean() - literal_deficit(s, scope, draws)) <= allowance + 3 * error
    assert error < 0.02


@pytest.mark.parametrize(("dim", "n_i"), [(113, 347), (225, 701)])
def test_where_a_direction_is_about_to_leave_the_bulk_the_allowance_holds_more_than_its_first_part(dim, n_i):
    s = Setting.paper(dim, n_clients=3, samples_per_client=n_i, feature_dim=3, tau=1.48513, mu=0.490164)
    found = drawn(s, Scope.FL, EXPECTED, 40, seed=dim)
    error = found.std(ddof=1) / np.sqrt(len(found))
    distance = literal_deficit(s) - found.mean()
    assert distance > 3 / (dim - 3) + 3 * error
    assert distance <= literal_allowance(s) + 3 * error


@pytest.mark.parametrize("n", [3, 6, 50])
def test_with_ample_samples_one_direction_is_left(n):
    s = Setting.paper(10**8, beta=1.9, n_clients=n)
    assert literal_deficit(s) == pytest.approx(1 - 1 / n, abs=2e-3)
    assert literal_deficit(s, Scope.LOCAL_OTHER) == pytest.approx(1 - 1 / (n - 1), abs=2e-3)


def test_a_direction_without_a_population_loses_somewhat_more_than_half():
    for dim, n_i in ((256, 2000), (10**6, 10**8)):
        s = Setting.paper(dim, n_clients=2, samples_per_client=n_i)
        size = s.tau**2 / 4 + 1 / 2
        # The root m of the law is of order sqrt(gamma / (size mu^2)), and the next term has mu^2 m in it.
        allowed = (dim / s.total_samples * s.mu**2 / size) ** 0.5
        assert literal_deficit(s) == pytest.approx((1 + s.mu**2 / size) / 2, abs=allowed)
    own = Setting.paper(10**6, n_clients=3, samples_per_client=10**8)
    assert literal_deficit(own, Scope.LOCAL_OWN) == pytest.approx((1 + own.mu**2) / 2, abs=7e-3)


def test_many_draws_are_masks_in_expectation():
    s = Setting.paper(400, n_clients=3, samples_per_client=100, feature_dim=50)
    assert literal_deficit(s, draws=10**7) == pytest.approx(literal_deficit(s), rel=1e-5)
    assert effective_samples(s, Scope.FL, 10**9) == pytest.approx(effective_samples(s, Scope.FL, EXPECTED))


@pytest.mark.parametrize("draws", [1, 2, 7])
@pytest.mark.parametrize("mask_ratio", [0.1, 0.5, 0.8])
def test_the_law_of_drawn_masks_has_no_trace_and_the_variance_of_its_entries(draws, mask_ratio):
    """The noise block has a zero diagonal; the sum of squares of a row is gamma times one entry's variance times n."""
    law = literal_law(0.3, 0.7, mask_ratio, draws)
    assert sum(w * a for w, a in law.terms) == pytest.approx(0, abs=1e-12)
    pi = mask_ratio * (1 - mask_ratio)
    entry = 0.3**2 * (1 + (1 / (2 * pi) - 1) / draws)
    assert sum(w * a**2 for w, a in law.terms) == pytest.approx(entry, rel=1e-12)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"n_clients": 2, "dim": 20}, "20 n_clients = 40"),
        ({"n_clients": 3, "dim": 400, "samples_per_client": 2}, "6 samples in the matrix"),
        ({"n_clients": 3, "dim": 400, "feature_dim": 2}, "feature_dim=2"),
        ({"n_clients": 3, "dim": 400, "mu": 0.0}, "mu > 0"),
        ({"n_clients": 2, "dim": 400, "mu": 0.05, "scope": "local_own"}, "own coordinate"),
    ],
)
def test_outside_its_domain_the_calculator_says_why_in_one_sentence(keys, told):
    asked = {"objective": "mim", "mask": "complementary", "samples_per_client": 500, **keys}
    answer = compute.compute("deficit", asked)
    assert answer["status"] == "out_of_domain"
    assert told in answer["reason"]


@pytest.mark.parametrize("mask", ["complementary", "fixed_count"])
@pytest.mark.parametrize("n", [2, 3, 7])
def test_the_calculator_answers_for_any_number_of_clients(mask, n):
    keys = {"objective": "mim", "mask": mask, "n_clients": n, "dim": 256, "samples_per_client": 2000}
    answer = compute.compute("deficit", keys)
    assert answer["status"] == "ok"
    assert answer["value"] == literal_deficit(Setting.paper(256, n_clients=n, samples_per_client=2000))
    assert "A limit" in answer["reason"]


def test_a_population_share_is_not_taken_for_a_finite_sample():
    with pytest.raises(OutOfDomainError, match="Raise them"):
        literal_deficit(Setting.paper(40, n_clients=5))
