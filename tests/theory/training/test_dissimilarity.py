"""Gradient dissimilarity: covariances of class shares, masks listed one by one, and limits of the closed forms."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from theory.formula import OutOfDomainError
from theory.readings import Mask, Objective
from theory.symbols import n_clients
from theory.training.dissimilarity import (
    DIRICHLET_HETEROGENEITY,
    RELEASED_HETEROGENEITY,
    SAMPLED_HETEROGENEITY,
    balancing_spread,
    class_alignments,
    class_variance,
    concentration,
    dissimilarity,
    n_classes,
    released_correction,
    zeta_squared,
)


def moments(seed: int, count: int, dim: int) -> np.ndarray:
    roots = np.random.default_rng(seed).standard_normal((count, dim, 2))
    return roots @ roots.transpose(0, 2, 1)


def test_dirichlet_shares_have_that_variance():
    """A share is Beta(alpha p, alpha (1 - p)); its second moment is a ratio of gamma functions."""
    p = sp.Symbol("p", positive=True)
    a = concentration * p
    second = a * (a + 1) / (concentration * (concentration + 1))
    assert sp.simplify(second - p**2 - DIRICHLET_HETEROGENEITY.expr * (p - p**2)) == 0


def test_one_label_a_client_is_one_class_a_client():
    for h in (0, sp.Rational(1, 3), 1):
        assert SAMPLED_HETEROGENEITY.exact(heterogeneity=h, samples_per_client=1) == 1


def test_many_clients_make_the_released_shares_dirichlet_with_concentration_times_classes():
    limit = sp.limit(RELEASED_HETEROGENEITY.expr.subs(sp.Min(n_clients, n_classes), n_classes), n_clients, sp.oo)
    assert sp.simplify(limit - 1 / (1 + concentration * n_classes)) == 0


@pytest.mark.parametrize(("clients", "classes", "shared"), [(20, 100, 5), (100, 10, 1), (10, 10, 1)])
def test_a_vanishing_concentration_gives_whole_classes_to_whole_clients(clients, classes, shared):
    """A client with `shared` whole classes is off by 1/shared - 1/C, of 1 - 1/C at most."""
    limit = RELEASED_HETEROGENEITY.expr.subs({n_clients: clients, n_classes: classes}).subs(concentration, 0)
    expected = (sp.Rational(1, shared) - sp.Rational(1, classes)) / (1 - sp.Rational(1, classes))
    assert sp.simplify(limit - expected) == 0


def balanced_entry(n: int, c: int):
    """(B_11 - 1)^2 of the balanced scaling of 1 + x, as a function of x."""

    def off(x):
        g = 1 + x.reshape(n, c)
        rows = jnp.ones(n)
        for _ in range(5):  # at x = 0 a sweep forgets where it started, so each settles one more derivative
            columns = n / (g.T @ rows)
            rows = c / (g @ columns)
        return (rows[0] * g[0, 0] * columns[0] - 1) ** 2

    return off


def along(f, v):
    return lambda x: jax.jvp(f, (x,), (v,))[1]


@pytest.mark.parametrize(("n", "c"), [(2, 2), (2, 3)])
def test_the_released_form_is_exact_to_second_order_for_large_concentration(n, c):
    """Gamma(alpha)/alpha = 1 + x has moments 1/alpha, 2/alpha^2, 3/alpha^2 + ...: a Taylor expansion in x."""
    f, axes, zero = balanced_entry(n, c), jnp.eye(n * c), jnp.zeros(n * c)

    def fourth_derivative(pair):
        v, w = axes[pair[0]], axes[pair[1]]
        return along(along(along(along(f, v), v), w), w)(zero)

    second = jax.lax.map(lambda v: along(along(f, v), v)(zero), axes)
    third = jax.lax.map(lambda v: along(along(along(f, v), v), v)(zero), axes)
    pairs = jnp.array(list(itertools.product(range(n * c), repeat=2)))
    fourth = jax.lax.map(fourth_derivative, pairs)
    expansion = [float(second.sum()) / 2, float(third.sum()) / 3 + float(fourth.sum()) / 8]
    t = sp.Symbol("t", positive=True)  # 1 / alpha
    form = ((n_classes - 1) * RELEASED_HETEROGENEITY.expr).subs({n_clients: n, n_classes: c})
    series = sp.series(sp.cancel(form.subs(concentration, 1 / t)), t, 0, 3).removeO()
    # The scaling has converged to round-off; fourth derivatives lose some digits.
    assert expansion == pytest.approx([float(series.coeff(t, k)) for k in (1, 2)], rel=1e-9, abs=1e-9)


def test_the_released_form_refuses_where_it_was_not_found_to_hold():
    with pytest.raises(OutOfDomainError, match="concentration"):
        RELEASED_HETEROGENEITY.value(n_clients=20, n_classes=100, concentration=0.001)
    with pytest.raises(OutOfDomainError):
        RELEASED_HETEROGENEITY.value(n_clients=4, n_classes=4, concentration=1.0)


def balanced_gammas(n_clients: int, n_classes: int, concentration: float, count: int) -> np.ndarray:
    """Matrices of Gamma(concentration) entries scaled until rows and columns all have the mean 1."""
    b = np.random.default_rng(0).gamma(concentration, size=(count, n_clients, n_classes))
    for _ in range(400):
        b = b / b.mean(axis=2, keepdims=True)
        b = b / b.mean(axis=1, keepdims=True)
    return b


@pytest.mark.parametrize(("n", "c"), [(2, 8), (8, 2)])
def test_the_released_form_refuses_where_two_clients_or_classes_put_it_off_by_percents(n, c):
    """One margin of two leaves too little room for the interpolation between large and small concentrations."""
    values = {"n_clients": n, "n_classes": c, "concentration": 0.375}
    measured = ((balanced_gammas(n, c, 0.375, 4000) - 1) ** 2).mean(axis=(1, 2)) / (c - 1)
    standard_error = measured.std() / np.sqrt(len(measured))
    symbols = {n_clients: n, n_classes: c, concentration: sp.Rational(3, 8)}
    excess = float(RELEASED_HETEROGENEITY.expr.subs(symbols)) / measured.mean() - 1
    assert excess > 0.01 + 5 * standard_error / measured.mean()
    with pytest.raises(OutOfDomainError, match=r"n_c"):
        RELEASED_HETEROGENEITY.value(**values)


@pytest.mark.parametrize(("n", "c"), [(5, 8), (8, 6)])
def test_the_released_form_holds_within_a_percent_at_the_corner_of_its_domain(n, c):
    measured = ((balanced_gammas(n, c, 0.375, 4000) - 1) ** 2).mean(axis=(1, 2)) / (c - 1)
    claimed = RELEASED_HETEROGENEITY.value(n_clients=n, n_classes=c, concentration=0.375)
    standard_error = measured.std() / np.sqrt(len(measured))
    assert abs(claimed - measured.mean()) < 0.01 * measured.mean() + 4 * standard_error


@pytest.mark.parametrize("mask", [Mask.COMPLEMENTARY, Mask.INDEPENDENT])
def test_masked_classes_are_the_mean_over_all_masks(mask):
    (second,) = moments(1, 1, 3)
    p, total = 0.3, np.zeros((3, 3))
    for m, other in itertools.product(itertools.product((0, 1), repeat=3), repeat=2):
        first = np.array(m)
        kept = first if mask is Mask.COMPLEMENTARY else np.array(other)
        chance = np.prod(np.where(first, 1 - p, p)) * np.prod(np.where(other, 1 - p, p))
        total += chance * np.outer(first, 1 - kept) * second
    found = class_alignments(second[None], Objective.MIM, p, mask)
    np.testing.assert_allclose(found[0], total, rtol=1e-12, atol=1e-15)
    assert class_alignments(second[None], Objective.CL) is not None
    np.testing.assert_array_equal(class_alignments(second[None], Objective.CL)[0], second)


def test_one_class_a_client_is_the_mean_over_classes():
    s, p, w = moments(2, 4, 5), np.array([0.1, 0.2, 0.3, 0.4]), np.random.default_rng(3).standard_normal((2, 5))
    mean = np.einsum("c,cde->de", p, s)
    gradients = 2 * w @ (w.T @ w - s)
    centre = 2 * w @ (w.T @ w - mean)
    expected = p @ np.sum((gradients - centre) ** 2, axis=(1, 2))
    assert dissimilarity(s, p, 1.0, model=w) == pytest.approx(expected, rel=1e-12)
    assert dissimilarity(s, p, 0.0, model=w) == 0
    assert class_variance(s, p) == pytest.approx(p @ np.sum(s**2, axis=(1, 2)) - np.sum(mean**2), rel=1e-12)


def test_finite_samples_are_the_mean_over_every_outcome():
    """Two mirrored clients' shares, two samples each, two values in a class: every outcome with its chance."""
    values = np.array([[[1.0, 0.5], [0.2, -1.0]], [[0.0, 2.0], [1.5, 1.0]]])  # class, value, coordinate
    outer = values[..., :, None] * values[..., None, :]
    classes, p, share = outer.mean(axis=1), np.array([0.5, 0.5]), 0.8
    mean = classes.mean(axis=0)
    within = float(np.mean(np.sum((outer - classes[:, None]) ** 2, axis=(2, 3))))
    total = 0.0
    for q in ((share, 1 - share), (1 - share, share)):
        for (c1, v1), (c2, v2) in itertools.product(itertools.product(range(2), repeat=2), repeat=2):
            chance = 0.5 * q[c1] * q[c2] / 4
            total += chance * np.sum(((outer[c1, v1] + outer[c2, v2]) / 2 - mean) ** 2)
    h = (2 * share - 1) ** 2  # the covariance of these shares over diag p - p p^T
    found = dissimilarity(classes, p, h, samples=2, within_class_variance=within)
    assert found == pytest.approx(total, rel=1e-12)


def test_zeta_squared_of_given_clients_is_that_of_their_gradients():
    x, w, v = moments(4, 3, 5), np.random.default_rng(5).standard_normal((2, 5)), np.array([0.5, 0.3, 0.2])
    gradients = 2 * w @ (w.T @ w - x)
    off = gradients - np.einsum("n,ncd->cd", v, gradients)
    assert zeta_squared(w, x, v) == pytest.approx(np.mean(np.sum(off**2, axis=(1, 2))), rel=1e-12)
    assert zeta_squared(w, x) == pytest.approx(zeta_squared(w, x, np.full(3, 1 / 3)), rel=1e-14)


@pytest.mark.wrong_types
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heterogeneity": 1.5}, "1.5"),
        ({"probabilities": np.array([0.5, 0.6])}, "sum"),
        ({"probabilities": np.array([1.0])}, "2 probabilities"),
        ({"samples": 0}, "samples=0"),
        ({"within_class_variance": -1.0}, "-1.0"),
    ],
)
def test_bad_input_is_refused(change, message):
    good = {"matrices": moments(6, 2, 3), "probabilities": np.array([0.5, 0.5]), "heterogeneity": 0.5}
    with pytest.raises(ValueError, match=message):
        dissimilarity(**(good | change))


def test_masks_need_a_ratio():
    with pytest.raises(ValueError, match="mask_ratio=None"):
        class_alignments(moments(7, 2, 3), Objective.MIM)
    with pytest.raises(ValueError, match="fixed_count"):
        class_alignments(moments(7, 2, 3), Objective.MIM, 0.5, Mask.FIXED_COUNT)


@pytest.mark.parametrize(("n_classes", "alpha"), [(3, 0.3), (10, 1.0)])
def test_the_released_correction_is_what_balancing_takes_off(n_classes, alpha):
    """To 15% of itself, where the correction is a tenth: the next order, and the noise of these draws."""
    rng, n, trials = np.random.default_rng(5), 24, 4000
    shares = rng.gamma(alpha, size=(trials, n, n_classes))
    for _ in range(60):
        shares = shares / shares.sum(axis=1, keepdims=True) * n
        shares = shares / shares.sum(axis=2, keepdims=True)
    found = (np.sum(shares**2, axis=(1, 2)) / n - 1 / n_classes) / (1 - 1 / n_classes)
    missing = found.mean() * (1 + alpha * n_classes) - 1
    assert missing == pytest.approx(released_correction(n, n_classes, alpha), rel=0.15)


def test_balancing_moves_shares_less_the_more_clients_there_are():
    assert balancing_spread(100, 10, 1.0) == pytest.approx(balancing_spread(10, 10, 1.0) / 10)
    assert balancing_spread(10, 10, 0.1) > balancing_spread(10, 10, 1.0)
