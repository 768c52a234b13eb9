"""The second moments, against enumeration, against dense matrices, and against drawn data."""

import itertools

import numpy as np
import pytest
import sympy as sp

from theory import symbols
from theory.data import moments
from theory.data.moments import CornerMatrix, alignment_matrix, second_moment
from theory.readings import Mask, Objective, Rare
from theory.setting import Setting

SETTINGS = [Setting.paper(12, n_clients=n) for n in (2, 3, 5)]


def _numbers(block: sp.Matrix, s: Setting) -> np.ndarray:
    values = {symbols.tau: s.tau, symbols.mu: s.mu, symbols.rare_fraction: s.rare_fraction}
    return np.array(block.subs(values), dtype=float)


# Exact: what the enumeration gives is the closed form.


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_a_clients_block_is_one_at_its_own_coordinate_and_tau_squared_over_four_of_i_plus_j_elsewhere(n):
    i = n - 1
    t, m = symbols.tau, symbols.mu

    def wanted(row: int, col: int) -> sp.Expr:
        if i in (row, col):
            return (1 + m**2) if row == col else sp.Integer(0)
        return t**2 / 4 * (2 if row == col else 1) + (m**2 if row == col else 0)

    assert moments.symbolic_local_block(n, i) == sp.Matrix(n, n, wanted).applyfunc(sp.expand)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_the_average_block_is_a_multiple_of_the_identity_plus_one_of_the_ones(n):
    t, m = symbols.tau, symbols.mu
    a, b = t**2 / 4 + sp.Rational(1, n), (n - 2) * t**2 / (4 * n)
    wanted = a * sp.eye(n) + b * sp.ones(n, n) + m**2 * sp.eye(n)
    assert (moments.symbolic_fl_block(n) - wanted).applyfunc(sp.expand).is_zero_matrix


def test_the_mask_moments_behind_the_alignment_matrices():
    p = symbols.mask_ratio
    chance = {1: 1 - p, 0: p}  # an entry is kept with probability 1 - p
    pairs = [(a, b, chance[a] * chance[b]) for a in (0, 1) for b in (0, 1)]

    def mean(term):  # over the bits of coordinates k and l in one mask, and of an independent second mask
        return sp.expand(sum(w * v * term(k, l, k2, l2) for k, l, w in pairs for k2, l2, v in pairs))

    pi = p * (1 - p)
    # Independent masks keep with probability 1-p in one view and p in the other (Section 3.2 complements the second).
    assert sp.expand(mean(lambda k, l, k2, l2: k * (1 - l2)) - pi) == 0
    assert sp.expand(mean(lambda k, l, k2, l2: k * (1 - k2)) - pi) == 0
    # Complementary masks: the same between two coordinates, nothing on the diagonal.
    assert sp.expand(mean(lambda k, l, k2, l2: k * (1 - l)) - pi) == 0
    assert mean(lambda k, l, k2, l2: k * (1 - k)) == 0


@pytest.mark.parametrize(("d", "masked"), [(4, 1), (5, 3), (6, 3)])
def test_a_fixed_count_multiplies_by_d_over_d_minus_one(d, masked):
    masks = list(itertools.combinations(range(d), masked))
    hits = sum(1 for m in masks if 0 not in m and 1 in m)
    p = sp.Rational(masked, d)
    assert sp.Rational(hits, len(masks)) == p * (1 - p) * sp.Rational(d, d - 1)


# Numeric: floats against the enumeration and against dense linear algebra.


@pytest.mark.parametrize("s", SETTINGS, ids=lambda s: f"N={s.n_clients}")
def test_second_moments_equal_their_symbolic_twins(s):
    n = s.n_clients
    for i in range(n):
        np.testing.assert_allclose(
            second_moment(s, scope="local", client=i).corner,
            _numbers(moments.symbolic_local_block(n, i), s),
            rtol=1e-14,
        )
    np.testing.assert_allclose(second_moment(s).corner, _numbers(moments.symbolic_fl_block(n), s), rtol=1e-14)


@pytest.mark.parametrize("h", [0, 2])
def test_a_rare_class_inside_the_signal_equals_its_symbolic_twin(h):
    s = Setting.paper(12, n_clients=4, rare_fraction=0.3)
    got = second_moment(s, scope="local", client=0, rare=Rare.INSIDE, rare_coordinates=[h]).corner
    np.testing.assert_allclose(got, _numbers(moments.symbolic_local_block(4, 0, h), s), rtol=1e-14)


@pytest.mark.parametrize("rare", list(Rare))
@pytest.mark.parametrize("scope", ["fl", "local"])
def test_every_trace_counts_the_mass_of_the_rare_class(scope, rare):
    s = Setting.paper(12, n_clients=3, rare_fraction=0.3)
    f, n = (1.0 if rare is Rare.ABSENT else 0.7), 3
    common = 1 + (n - 1) * s.tau**2 / 2
    wanted = f * common + (1 - f) + 12 * s.mu**2
    got = np.trace(second_moment(s, scope=scope, client=1, rare=rare).dense())
    assert got == pytest.approx(wanted, rel=1e-13)


def test_weights_mix_the_clients():
    s = Setting.paper(12, n_clients=3)
    w = [0.5, 0.3, 0.2]
    wanted = sum(w[i] * second_moment(s, scope="local", client=i).corner for i in range(3))
    np.testing.assert_allclose(second_moment(s, weights=w).corner, wanted, rtol=1e-14)


@pytest.mark.parametrize("mask", list(Mask))
def test_the_alignment_matrix_equals_the_dense_one(mask):
    s = Setting.paper(12, n_clients=4, mask_ratio=0.7)
    dense = second_moment(s).dense()
    pi, diagonal = 0.7 * 0.3, np.diag(np.diag(dense))
    wanted = {
        Mask.INDEPENDENT: pi * dense,
        Mask.COMPLEMENTARY: pi * (dense - diagonal),
        Mask.FIXED_COUNT: pi * 12 / 11 * (dense - diagonal),
        Mask.PRINTED: 2 * pi * diagonal,
    }[mask]
    np.testing.assert_allclose(alignment_matrix(s, Objective.MIM, mask).dense(), wanted, rtol=1e-13, atol=1e-15)


def test_contrastive_learning_aligns_with_the_second_moment_itself():
    s = Setting.paper(12, n_clients=4)
    np.testing.assert_array_equal(alignment_matrix(s, Objective.CL).corner, second_moment(s).corner)


def test_dissimilar_views_symmetrise_h_times_the_second_moment():
    s = Setting.paper(12, n_clients=3)
    h = np.sin(np.arange(144.0)).reshape(12, 12)
    sigma = second_moment(s)
    wanted = (h @ sigma.dense() + sigma.dense() @ h.T) / 2
    np.testing.assert_allclose(moments.dissimilar_alignment(h, sigma), wanted, rtol=1e-13, atol=1e-14)


def test_the_spectrum_counts_every_dimension_even_at_a_trillion():
    s = Setting.paper(10**12, n_clients=5)
    spectrum = second_moment(s, scope="local", client=2).spectrum()
    assert sum(count for _, count in spectrum) == 10**12
    assert [count for _, count in spectrum] == [1, 3, 1, 10**12 - 5]
    assert spectrum[-1][0] == s.mu**2


# Statistical: drawn data, written like Section 3.2.


def test_drawn_data_has_this_second_moment():
    n, d, count = 4, 6, 200_000
    s = Setting.paper(d, n_clients=n, rare_fraction=0.25)
    rng = np.random.default_rng(20260701)
    i, h = 1, 4
    x = s.mu * rng.standard_normal((count, d))
    is_rare = rng.random(count) < s.rare_fraction
    q = rng.integers(0, 2, (count, n))
    q[:, i] = 0
    q[is_rare] = 0
    x[:, :n] -= s.tau * q
    x[:, i] += np.where(is_rare, 0.0, rng.choice([-1.0, 1.0], count))
    x[is_rare, h] += 1.0
    want = second_moment(s, scope="local", client=i, rare=Rare.OUTSIDE, rare_coordinates=[h]).dense()
    products = x[:, :, None] * x[:, None, :]
    error = products.std(axis=0) / np.sqrt(count)
    # 21 distinct entries: four standard errors are passed by chance about once in 800 runs, and the seed is fixed.
    assert np.all(np.abs(products.mean(axis=0) - want) <= 4 * error)


# What is refused.


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"client": 3}, "counted from 0 to 2; got client=3"),
        ({"weights": [0.5, 0.5]}, "One weight a client"),
        ({"weights": [0.5, 0.6, 0.1]}, "must sum to 1"),
        ({"weights": [1.5, -0.5, 0.0]}, "must not be negative"),
        ({"weights": [float("nan"), 0.5, 0.5]}, "must not be negative"),
        ({"scope": "local", "weights": [0.5, 0.25, 0.25]}, "belong to scope"),
        ({"rare_coordinates": [4, 5, 6]}, "Rare coordinates need"),
        ({"rare": Rare.INSIDE, "rare_coordinates": [4, 0, 0]}, "from 0 to 2; got 4"),
        ({"rare": Rare.OUTSIDE, "rare_coordinates": [12, 4, 5]}, "from 3 to 11; got 12"),
        ({"rare": Rare.OUTSIDE, "rare_coordinates": [4, 5]}, "One rare coordinate"),
    ],
)
def test_what_lies_outside_the_model_is_refused_in_one_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        second_moment(Setting.paper(12, n_clients=3), **options)


def test_a_corner_must_be_square_and_fit():
    with pytest.raises(ValueError, match="square"):
        CornerMatrix(np.zeros((2, 3)), 1.0, 4)
    with pytest.raises(ValueError, match="fit in dim=1"):
        CornerMatrix(np.eye(2), 1.0, 1)
