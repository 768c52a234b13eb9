"""Eq (3) solved: against a slow fit, sympy over all masks, and a literal sampler."""

import math

import numpy as np
import pytest
import sympy as sp

from theory.data.moments import CornerMatrix, masked_alignment, second_moment, symbolic_fl_block, symbolic_local_block
from theory.deficits.masked_autoencoder import (
    MAE_DEFICIT_FL,
    MAE_DEFICIT_FL_SAMPLED,
    MAE_DEFICIT_LOCAL_OTHER,
    MAE_DEFICIT_LOCAL_OTHER_SAMPLED,
    mae_deficit,
    mae_deficit_saturating,
)
from theory.formula import OutOfDomainError
from theory.objectives.reconstruction import (
    alignment_rows,
    encoder_rows,
    explained_variance,
    principal_angles,
    reconstruction_representability,
    view_moments,
)
from theory.objectives.reconstruction_identity import (
    alignment_loss,
    mean_over_masks,
    reconstruction_loss,
    symbolic_encoder,
    symbolic_sample,
    tied_remainder,
)
from theory.readings import EXPECTED, Mask, Rare, Scope
from theory.setting import Setting
from theory.symbols import dim, draws, feature_dim, mask_ratio, mu, n_clients, samples, tau

UNEQUAL = (0.4, 0.2, 0.15, 0.1, 0.1, 0.05)


# --- exact -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("features", "size"), [(1, 2), (2, 2), (1, 3)])
def test_the_tied_reconstruction_loss_is_twice_the_alignment_loss_plus_a_remainder(features, size):
    encoder, x = symbolic_encoder(features, size), symbolic_sample(size)
    tied = reconstruction_loss(encoder, encoder.T, x)
    assert sp.expand(tied - 2 * alignment_loss(encoder, x) - tied_remainder(encoder, x)) == 0


def test_the_remainder_depends_on_the_encoder():
    encoder, x = symbolic_encoder(1, 2), symbolic_sample(2)
    assert sp.diff(tied_remainder(encoder, x), encoder[0]) != 0


def test_view_moments_are_the_average_over_all_masks():
    x = symbolic_sample(3)
    outer, p = x * x.T, mask_ratio
    own = sp.diag(*[outer[k, k] for k in range(3)])
    listed = [mean_over_masks(f, x) for f in (lambda a, b: a * a.T, lambda a, b: a * b.T, lambda a, b: b * b.T)]
    closed = [(1 - p) ** 2 * outer + p * (1 - p) * own, p * (1 - p) * (outer - own), p**2 * outer + p * (1 - p) * own]
    for one, other in zip(listed, closed, strict=True):
        assert (one - other).applyfunc(sp.expand).is_zero_matrix


@pytest.mark.parametrize("n", [3, 4])
def test_the_federated_deficit_is_the_diagonal_of_the_matrix_expression(n):
    block = symbolic_fl_block(n)
    own = sp.diag(*[block[k, k] for k in range(n)])
    off = (block - own).inv()
    spread = (own * off * block * off * own)[0, 0] / mu**2
    expr = MAE_DEFICIT_FL.expr.subs({n_clients: n, feature_dim: n, dim: 10, samples: 1})
    assert sp.simplify(expr - sp.Rational(10 - n, n) * spread) == 0


@pytest.mark.parametrize("n", [3, 4])
def test_the_sampled_deficits_are_the_diagonals_of_the_matrix_expressions(n):
    p, q = sp.Rational(3, 5), sp.Rational(2, 5)
    numbers = {tau: sp.Rational(7, 3), mu: sp.Rational(1, 2), mask_ratio: p}
    cases = [(symbolic_fl_block(n), MAE_DEFICIT_FL_SAMPLED, n, lambda v: (11 - n) / v, n)]
    local = symbolic_local_block(n, n - 1)[: n - 1, : n - 1]
    cases.append((local, MAE_DEFICIT_LOCAL_OTHER_SAMPLED, n - 1, lambda v: (11 - n) / v + 1 / (1 + v), 1))
    for block, formula, c, pixels, total in cases:
        block = block.subs(numbers)
        own = sp.diag(*[block[k, k] for k in range(block.rows)])
        visible, cross, hidden = q**2 * block + p * q * own, p * q * (block - own), p**2 * block + p * q * own
        inverse_guess = visible * cross.inv()
        spread = (inverse_guess * hidden * inverse_guess.T - visible)[0, 0] / q
        value = formula.exact(
            n_clients=n,
            dim=11,
            feature_dim=c,
            samples_per_client=1,
            tau=numbers[tau],
            mu=numbers[mu],
            mask_ratio=p,
            draws=1,
        )
        assert sp.simplify(value - pixels(numbers[mu] ** 2) / total * spread) == 0


def test_many_masks_a_sample_are_masks_in_expectation():
    for sampled, expected in [
        (MAE_DEFICIT_FL_SAMPLED, MAE_DEFICIT_FL),
        (MAE_DEFICIT_LOCAL_OTHER_SAMPLED, MAE_DEFICIT_LOCAL_OTHER),
    ]:
        numbers = {tau: 2, mu: sp.Rational(1, 2), mask_ratio: sp.Rational(3, 4), n_clients: 5}
        assert sp.simplify(sp.limit(sampled.expr.subs(numbers), draws, sp.oo) - expected.expr.subs(numbers)) == 0


def test_the_expected_deficit_does_not_depend_on_the_mask_ratio():
    assert mask_ratio not in MAE_DEFICIT_FL.expr.free_symbols


# --- numeric ---------------------------------------------------------------------------------------------------------


def alternating_fit(sigma, p, c, sweeps=4000):
    """W_e by alternating least squares on the dense view moments: slow, and told nothing of eigenvectors."""
    m = view_moments(sigma, p)
    visible, cross = m.visible.dense(), m.cross.dense()
    encoder: np.ndarray = np.random.default_rng(11).standard_normal((c, sigma.dim))
    decoder: np.ndarray = np.zeros((sigma.dim, c))
    for _ in range(sweeps):
        decoder = np.linalg.solve(encoder @ visible @ encoder.T, encoder @ cross).T
        encoder = np.linalg.solve(decoder.T @ decoder, decoder.T @ np.linalg.solve(visible, cross).T)
    guess = decoder @ encoder
    loss = np.trace(m.hidden.dense()) - 2 * np.trace(guess @ cross) + np.trace(guess @ visible @ guess.T)
    return encoder, loss


@pytest.mark.parametrize("features", [1, 2, 4])
def test_the_row_space_is_that_of_alternating_least_squares(features):
    s = Setting.paper(12, n_clients=6)
    sigma = second_moment(s, weights=UNEQUAL)
    encoder, loss = alternating_fit(sigma, 0.6, features)
    rows = np.zeros((12, features))
    rows[:6] = encoder_rows(sigma, 0.6, features)
    # Alternation converges linearly: 1e-6 in angle is 1e-12 in r.
    assert np.max(principal_angles(rows, encoder.T)) < 1e-6
    hidden = np.trace(view_moments(sigma, 0.6).hidden.dense())
    explained = np.sum(explained_variance(sigma, 0.6)[:features])
    np.testing.assert_allclose(loss, hidden - explained, rtol=1e-12)


@pytest.mark.parametrize("n", [3, 5, 8])
def test_federated_reconstruction_captures_every_coordinate_and_literal_alignment_one_direction(n):
    s = Setting.paper(30, n_clients=n)
    sigma = second_moment(s)
    r, is_unique = reconstruction_representability(sigma, s.mask_ratio, n, n)
    np.testing.assert_allclose(r, 1.0, rtol=1e-12)
    assert is_unique
    literal = alignment_rows(masked_alignment(sigma, s.mask_ratio, Mask.COMPLEMENTARY), n)
    np.testing.assert_allclose(literal[:, 0] ** 2, 1 / n, rtol=1e-12)
    assert literal.shape == (n, 1)
    assert np.max(principal_angles(encoder_rows(sigma, s.mask_ratio, n), literal)) < 1e-7


def test_local_reconstruction_misses_the_clients_own_coordinate():
    s = Setting.paper(30, n_clients=5)
    r, _ = reconstruction_representability(second_moment(s, scope="local", client=2), s.mask_ratio, 5, 5)
    np.testing.assert_allclose(r, [1, 1, 0, 1, 1], atol=1e-12)


@pytest.mark.parametrize("scope", ["fl", "local"])
def test_two_clients_learn_nothing(scope):
    s = Setting.paper(30, n_clients=2)
    sigma = second_moment(s, scope=scope)
    assert explained_variance(sigma, s.mask_ratio).size == 0
    r, is_unique = reconstruction_representability(sigma, s.mask_ratio, 2, 2)
    assert not is_unique
    np.testing.assert_array_equal(r, 0.0)


def test_a_rare_coordinate_is_never_encoded():
    s = Setting.paper(30, n_clients=3, feature_dim=6, rare_fraction=0.3)
    rows = encoder_rows(second_moment(s, rare=Rare.OUTSIDE), s.mask_ratio, 6)
    assert rows.shape == (6, 3)
    np.testing.assert_allclose(rows[3:], 0.0, atol=1e-12)


def test_a_cut_through_equal_explained_variances_gives_their_mean():
    s = Setting.paper(30, n_clients=4)
    r, is_unique = reconstruction_representability(second_moment(s), s.mask_ratio, 2, 4)
    np.testing.assert_allclose(r, 2 / 4, rtol=1e-12)
    assert not is_unique


def test_unequal_clients_make_the_three_row_spaces_differ():
    sigma = second_moment(Setting.paper(40, n_clients=6), weights=UNEQUAL)
    three = encoder_rows(sigma, 0.75, 2)
    literal = principal_angles(three, alignment_rows(masked_alignment(sigma, 0.75, Mask.COMPLEMENTARY), 2))
    independent = principal_angles(three, alignment_rows(masked_alignment(sigma, 0.75, Mask.INDEPENDENT), 2))
    # The audit's B-vi prints these to one decimal of a degree.
    np.testing.assert_allclose(np.degrees(literal), [3.3], atol=0.05)
    np.testing.assert_allclose(np.degrees(independent), [87.1, 3.2], atol=0.05)


@pytest.mark.parametrize("beta", [1.0, 1.5])
def test_the_deficit_grows_like_dimension_to_nine_fifths_less_beta(beta):
    def value(dim):
        return mae_deficit(Setting.paper(dim, beta, n_clients=6))

    slope = math.log10(value(10**13) / value(10**12))
    assert abs(slope - (9 / 5 - beta)) < 1e-4


# --- statistical -----------------------------------------------------------------------------------------------------


def literal_moments(rng, s, p, draws, clients):
    """E-hat of (a a^T, a b^T) from data written out as in Section 3.2, masks averaged exactly or drawn."""
    n, d, total = s.n_clients, s.dim, s.samples_per_client * len(clients)
    visible, cross = np.zeros((d, d)), np.zeros((d, d))
    for i in clients:
        x = s.mu * rng.standard_normal((s.samples_per_client, d))
        signal = -s.tau * rng.integers(0, 2, (s.samples_per_client, n))
        signal[:, i] = 1 - 2 * rng.integers(0, 2, s.samples_per_client)
        x[:, :n] += signal
        if draws == EXPECTED:
            second = x.T @ x / total
            own = np.diag(np.diag(second))
            visible += (1 - p) ** 2 * second + p * (1 - p) * own
            cross += p * (1 - p) * (second - own)
            continue
        for _ in range(draws):
            a = x * (rng.random(x.shape) >= p)
            visible += a.T @ a / total / draws
            cross += a.T @ (x - a) / total / draws
    return visible, cross


def fitted_r(visible, cross, c):
    explained = cross.T @ np.linalg.solve(visible, cross)
    directions = np.linalg.eigh((explained + explained.T) / 2)[1][:, -c:]
    rows = np.linalg.qr(np.linalg.solve(visible, cross @ directions))[0]
    return np.sum(rows**2, axis=1)


@pytest.mark.parametrize(
    ("scope", "n", "c", "draws", "trials", "samples"),
    [
        (Scope.FL, 6, 6, EXPECTED, 24, 20_000),
        (Scope.FL, 6, 12, EXPECTED, 24, 20_000),
        (Scope.FL, 4, 4, 1, 16, 40_000),
        (Scope.FL, 5, 5, 3, 12, 20_000),
        (Scope.LOCAL_OTHER, 5, 4, EXPECTED, 40, 40_000),
        (Scope.LOCAL_OTHER, 5, 5, EXPECTED, 40, 40_000),
        (Scope.LOCAL_OTHER, 5, 4, 1, 24, 60_000),
    ],
)
def test_the_deficit_is_what_a_literal_sampler_gives(scope, n, c, draws, trials, samples):
    s = Setting.paper(24, n_clients=n, feature_dim=c, samples_per_client=samples, mask_ratio=0.6)
    clients = range(n) if scope is Scope.FL else [0]
    measured_on = range(n) if scope is Scope.FL else range(1, n)
    rng = np.random.default_rng([24, n, c, samples])
    values = []
    for _ in range(trials):
        r = fitted_r(*literal_moments(rng, s, 0.6, draws, clients), c)
        values.append(np.mean(1 - r[list(measured_on)]))
    mean, error = np.mean(values), np.std(values, ddof=1) / math.sqrt(trials)
    predicted = mae_deficit(s, draws, scope)
    # The next order is about the deficit itself, relative.
    assert abs(mean - predicted) < 3 * error + 2 * predicted**2, (mean / predicted, error / predicted)
    assert error < 0.1 * predicted


def test_the_own_coordinate_is_lost_at_finite_sample_size_too():
    s = Setting.paper(24, n_clients=5, samples_per_client=20_000, mask_ratio=0.6)
    rng = np.random.default_rng(24)
    r = fitted_r(*literal_moments(rng, s, 0.6, EXPECTED, [0]), 5)
    assert mae_deficit(s, EXPECTED, Scope.LOCAL_OWN) == 1.0
    assert r[0] < 0.05


# --- errors ----------------------------------------------------------------------------------------------------------


def test_two_clients_are_out_of_domain():
    with pytest.raises(OutOfDomainError, match="nothing is learned; got n_clients=2"):
        mae_deficit(Setting.paper(30, n_clients=2))


@pytest.mark.wrong_types
@pytest.mark.parametrize("draws", [0, -1, "twice", 1.5, True])
def test_draws_must_be_expected_or_a_count(draws):
    with pytest.raises(ValueError, match="draws must be"):
        mae_deficit(Setting.paper(30, n_clients=3), draws)


def test_a_rare_class_is_out_of_domain():
    with pytest.raises(OutOfDomainError, match="rare_fraction"):
        mae_deficit(Setting.paper(30, n_clients=3, rare_fraction=0.1))


def test_mask_ratio_and_features_are_checked():
    sigma = CornerMatrix(np.eye(2), 1.0, 4)
    with pytest.raises(ValueError, match="mask_ratio"):
        view_moments(sigma, 1.0)
    with pytest.raises(ValueError, match="feature_dim=0"):
        encoder_rows(sigma, 0.5, 0)


@pytest.mark.parametrize(
    ("n", "dim", "n_i", "allowed"), [(3, 150, 150, 0.02), (6, 150, 900, 0.03), (4, 100, 5000, 0.06)]
)
def test_at_any_size_the_deficit_of_eq_3_is_the_saturating_form_and_not_its_leading_order(n, dim, n_i, allowed):
    """Reduced-rank regression on drawn data, masks averaged: relative error of order d/n and 1/d."""
    s, rng, found = Setting.paper(dim, n_clients=n, samples_per_client=n_i), np.random.default_rng(dim), []
    p = float(s.mask_ratio)
    for _ in range(6):
        x = s.mu * rng.standard_normal((n * n_i, dim))
        for i in range(n):
            b = -s.tau * rng.integers(0, 2, (n_i, n))
            b[:, i] = rng.choice([-1.0, 1.0], n_i)
            x[i * n_i : (i + 1) * n_i, :n] += b
        moment = x.T @ x / len(x)
        diagonal = np.diag(np.diag(moment))
        visible, crossed = (1 - p) ** 2 * moment + p * (1 - p) * diagonal, p * (1 - p) * (moment - diagonal)
        best = np.linalg.solve(visible, crossed)
        top = np.linalg.eigh(crossed @ best)[1][:, -n:]
        rows = np.linalg.qr(best @ top)[0]
        found.append(1 - (rows[:n] ** 2).sum() / n)
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) - mae_deficit_saturating(s)) <= allowed * np.mean(found) + 3 * error
