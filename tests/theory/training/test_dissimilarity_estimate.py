"""What one sample adds to the dissimilarity: closed forms of normal samples against sums over all their entries."""

import numpy as np
import pytest

from theory.training.dissimilarity_estimate import _noise_rows, _normal, _seen

D, C = 5, 2
MANY = 1e9  # samples a client, so many that its own moment is exact


def given():
    rng = np.random.default_rng(1)
    a = rng.normal(size=(D, D))
    return a @ a.T / D, rng.normal(size=(C, D)), rng.normal(size=(3, D)), rng.normal(size=(3, D))


def test_normal_samples_spread_as_their_fourth_moments_say():
    x, w, left, right = given()
    found = _normal(x, MANY, w, left, right)
    # Isserlis: Cov(y_a x_k, y_b x_l) = E y_a y_b E x_k x_l + E y_a x_l E x_k y_b, y = W x.
    inside, across = w @ x @ w.T, w @ x
    covariance = np.einsum("ab,kl->akbl", inside, x) + np.einsum("al,bk->akbl", across, across)
    assert found.trace == pytest.approx(np.einsum("akak->", covariance))
    assert found.square == pytest.approx(np.sum(covariance**2))
    h = left.T @ right + right.T @ left
    # Var of x^T H x, entry by entry.
    along = sum(
        h[k, m] * h[p, q] * (x[k, p] * x[m, q] + x[k, q] * x[m, p])
        for k in range(D)
        for m in range(D)
        for p in range(D)
        for q in range(D)
    )
    assert found.along == pytest.approx(along)


def test_measured_spreads_are_unbiased_sums_over_entries():
    rng = np.random.default_rng(2)
    _, w, left, right = given()
    x = rng.standard_t(9, size=(30, D))
    found = _seen(x, w, left, right)
    products = np.einsum("sa,sk->sak", x @ w.T, x).reshape(len(x), -1)
    assert found.trace == pytest.approx(np.sum(np.var(products, axis=0, ddof=1)))
    assert found.along == pytest.approx(np.var(2 * np.einsum("sc,sc->s", x @ left.T, x @ right.T), ddof=1))
    centred = products - products.mean(axis=0)
    pairs = sum((centred[i] @ centred[j]) ** 2 for i in range(len(x)) for j in range(len(x)) if i != j)
    assert found.square == pytest.approx(pairs / (len(x) * (len(x) - 1)))


@pytest.mark.parametrize("n", [2, 3, 8])
def test_the_noise_of_a_normal_samples_own_moment_is_estimated_without_bias(n):
    rng, trials = np.random.default_rng([3, n]), 40_000
    x, w, _, _ = given()
    drawn = rng.standard_normal((trials, n, D)) @ np.linalg.cholesky(x).T
    moments = np.swapaxes(drawn, 1, 2) @ drawn / n
    found = np.array([_noise_rows(m, n, w, None) for m in moments])
    wanted = w @ (x * np.trace(x) + x @ x)
    error = found.std(axis=0) / np.sqrt(trials)
    assert (np.abs(found.mean(axis=0) - wanted) < 4.5 * error).all()
    # So that a share of X^2 / n left out would be seen.
    assert (9 * error < np.abs(w @ x @ x / n)).any()
