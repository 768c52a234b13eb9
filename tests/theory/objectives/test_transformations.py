"""Conditions on H: proofs by sympy, eigenvectors of the dense matrix, and a literal sampler."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp

from theory.data.moments import second_moment
from theory.deficits.transformation import IDENTITY_VIEW_DEFICIT_FL, transformed_view_deficit
from theory.objectives.transformation_family import family, small_integer_matrices
from theory.objectives.transformations import (
    LARGEST_DIM,
    NAMES,
    checked_transformation,
    named_transformation,
    plane_rotation,
    transformation_condition,
)
from theory.setting import Setting


def setting(n=6, dim=40, c=None, **keys):
    return Setting.paper(dim, n_clients=n, feature_dim=c, **keys)


def condition(h, s):
    return transformation_condition(h, s, second_moment(s))


# --- exact -----------------------------------------------------------------------------------------------------------


def test_lyapunov_turns_a_positive_block_into_a_positive_trace():
    h = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"h_{i}{j}", real=True))
    s = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"s_{min(i, j)}{max(i, j)}", real=True))
    # sym(H S) > 0 makes S^(-1/2) (H S + S H^T) S^(-1/2) > 0, whose trace is this one.
    assert sp.simplify((s.inv() * (h * s + s * h.T)).trace() - 2 * h.trace()) == 0


def test_the_symmetric_part_of_h_does_not_fix_the_aligned_matrix():
    sigma = sp.diag(2, 1)

    def spectrum(h):
        return (h * sigma + sigma * h.T).applyfunc(lambda v: v / 2).eigenvals()

    pairs = itertools.combinations(small_integer_matrices(), 2)
    same = ((a, b) for a, b in pairs if a + a.T == b + b.T and spectrum(a) != spectrum(b))
    first, second = next(same)
    assert (first + first.T) == (second + second.T)
    # The trace, and only the trace, is the same.
    assert (first * sigma).trace() == (second * sigma).trace()


def test_a_quarter_turn_has_no_symmetric_part_and_still_aligns():
    turn = sp.Matrix([[0, -1], [1, 0]])
    aligned = (turn * sp.diag(2, 1) + sp.diag(2, 1) * turn.T) / 2
    assert (turn + turn.T).is_zero_matrix
    assert set(aligned.eigenvals()) == {sp.Rational(1, 2), -sp.Rational(1, 2)}


# --- numeric ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "dim", "c"), [(4, 12, 4), (4, 12, 8), (3, 9, 3)])
def test_the_conditions_and_the_representability_agree(n, dim, c):
    s = setting(n, dim, c)
    for words, h in family(n, c, dim):
        found = condition(h, s)
        is_perfect = found.unique and min(found.representability) > 1 - 1e-9
        if is_perfect:
            assert found.necessary, words
            assert found.trace_signal > 0, words
        if found.condition_holds:
            assert is_perfect, words
        if c == n:
            assert found.condition_holds == is_perfect, words
        if found.gap_bound is not None:
            assert 1 - min(found.representability) <= found.gap_bound + 1e-12, words


def test_the_gap_bound_is_met_by_small_leaks_and_tight_within_two():
    s = setting(4, 12)
    leak = np.zeros((12, 12))
    leak[7, 0] = 1.0
    ratios = []
    for size in (1e-1, 1e-2, 1e-3):
        found = condition(np.eye(12) + size * leak, s)
        assert found.gap_bound is not None
        missed = 1 - min(found.representability)
        assert 0 < missed <= found.gap_bound
        ratios.append(found.gap_bound / missed)
    assert ratios[-1] < 6


def test_a_positive_trace_does_not_suffice():
    s = setting()
    found = [(w, condition(h, s)) for w, h in family(6, 6, 40)]
    lost = [w for w, f in found if f.trace_leading > 0 and max(f.representability) < 1e-9]
    assert lost


def test_the_printed_trace_is_not_necessary_when_c_exceeds_n():
    s = setting(4, 12, 8)
    assert any(
        f.trace_leading <= 0 and f.unique and min(f.representability) > 1 - 1e-9
        for f in (condition(h, s) for _, h in family(4, 8, 12))
    )


def test_the_audits_examples_come_out():
    s = setting()
    turned = condition(named_transformation("rotation", 6, 40), s)
    np.testing.assert_allclose(turned.representability, [0, 0, 1, 1, 1, 1], atol=1e-12)
    assert (turned.trace_signal, turned.sensitivity) == (pytest.approx(2.0), pytest.approx(1.0))
    blurred = condition(named_transformation("blur", 6, 40), s)
    np.testing.assert_allclose(blurred.representability[:3], [0.840, 0.791, 0.702], atol=5e-4)
    assert blurred.sensitivity == pytest.approx(0.138, abs=5e-4)
    eighth = condition(plane_rotation(40, 0, 6, math.pi / 4), s)
    assert eighth.trace_signal == pytest.approx(5.7, abs=0.05)
    assert eighth.representability[0] == pytest.approx((2 + math.sqrt(2)) / 4)


@pytest.mark.parametrize("name", ["flip", "cyclic", "negation"])
def test_the_sensitivity_cannot_see_that_the_signal_is_lost(name):
    found = condition(named_transformation(name, 6, 40), setting())
    assert found.trace_signal <= 0
    assert max(found.representability) < 0.6
    assert found.sensitivity < 1e-9


@pytest.mark.parametrize("n", [4, 5, 6])
def test_a_cyclic_shift_keeps_the_positive_cosines(n):
    # On S the shift commutes with Sigma > 0; the symmetric part of the shift has the eigenvalues cos(2 pi k / n).
    positive = sum(math.cos(2 * math.pi * k / n) > 1e-12 for k in range(n))
    found = condition(named_transformation("cyclic", n, 40), setting(n))
    np.testing.assert_allclose(found.representability, positive / n, rtol=1e-9)


def test_a_flip_keeps_half_of_every_signal_coordinate():
    found = condition(named_transformation("flip", 5, 30), setting(5, 30))
    np.testing.assert_allclose(found.representability, 0.5, rtol=1e-9)


def test_named_transformations_are_what_they_say():
    x = np.arange(1.0, 7.0)
    wanted = {
        "identity": [1, 2, 3, 4, 5, 6],
        "flip": [6, 5, 4, 3, 2, 1],
        "translation": [6, 1, 2, 3, 4, 5],
        "cyclic": [3, 1, 2, 4, 5, 6],
        "rotation": [-1, -2, 3, 4, 5, 6],
        "negation": [-1, -2, -3, 4, 5, 6],
        "blur": [(6 + 2 * 1 + 2) / 4, 2, 3, 4, 5, (5 + 2 * 6 + 1) / 4],
    }
    assert set(wanted) == set(NAMES)
    for name, image in wanted.items():
        np.testing.assert_allclose(named_transformation(name, 3, 6) @ x, image, atol=1e-12)


def test_the_closed_form_for_one_augmented_view_is_the_matrix_expression():
    s = setting(5, 30, samples_per_client=1000, augmentation_std=0.8)
    matrix = transformed_view_deficit(np.eye(5), 1.0, s, second_moment(s), draws=2)
    values = {k: getattr(s, k) for k in IDENTITY_VIEW_DEFICIT_FL.arguments if k != "draws"}
    np.testing.assert_allclose(matrix, IDENTITY_VIEW_DEFICIT_FL.value(draws=2, **values), rtol=1e-12)


# --- statistical -----------------------------------------------------------------------------------------------------


def literal_aligned(rng, s, h, draws):
    """sym of the mean of (x + sigma xi)(H x)^T over data written out as in Section 3.2."""
    n, d = s.n_clients, s.dim
    total = np.zeros((d, d))
    for i in range(n):
        x = s.mu * rng.standard_normal((s.samples_per_client, d))
        signal = -s.tau * rng.integers(0, 2, (s.samples_per_client, n))
        signal[:, i] = 1 - 2 * rng.integers(0, 2, s.samples_per_client)
        x[:, :n] += signal
        for _ in range(draws):
            view = x + s.augmentation_std * rng.standard_normal(x.shape)
            total += view.T @ (x @ h.T) / s.total_samples / draws
    return (total + total.T) / 2


@pytest.mark.parametrize(
    ("scale", "angle", "noise", "draws"), [(1.0, 0.0, 1.0, 1), (1.0, 0.5, 1.0, 1), (1.5, 0.3, 0.5, 2)]
)
def test_the_deficit_of_a_transformed_view_is_what_a_literal_sampler_gives(scale, angle, noise, draws):
    s = setting(4, 24, samples_per_client=10_000, augmentation_std=0.8)
    h_signal = scale * plane_rotation(4, 0, 1, angle)
    h = noise * np.eye(24)
    h[:4, :4] = h_signal
    predicted = transformed_view_deficit(h_signal, noise, s, second_moment(s), draws)
    rng = np.random.default_rng([24, draws, round(10 * angle)])
    trials = 40
    values = np.empty((trials, 4))
    for t in range(trials):
        vectors = np.linalg.eigh(literal_aligned(rng, s, h, draws))[1][:, -4:]
        values[t] = 1 - np.sum(vectors[:4] ** 2, axis=1)
    mean, error = values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(trials)
    assert np.all(error < 0.1 * predicted)
    # The next order is about the deficit over the relative gap, a few times the deficit; four coordinates are compared.
    assert np.all(np.abs(mean - predicted) < 3.5 * error + 4 * predicted**2), (mean / predicted, error / predicted)


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("h", "message"),
    [
        (np.ones((3, 4)), "square matrix; got shape \\(3, 4\\)"),
        (np.eye(3), "40 x 40 for dim=40; got 3 x 3"),
        (np.full((40, 40), np.nan), "finite; got nan at row 0, column 0"),
        (np.eye(40) * 1j, "real numbers; got entries of type complex128"),
    ],
)
def test_a_bad_h_is_refused_with_its_value(h, message):
    with pytest.raises(ValueError, match=message):
        checked_transformation(h, 40)


def test_an_unknown_name_and_a_wide_matrix_are_refused():
    with pytest.raises(ValueError, match="no transformation 'swirl'"):
        named_transformation("swirl", 3, 6)
    with pytest.raises(ValueError, match=f"dim <= {LARGEST_DIM}; got dim={LARGEST_DIM + 1}"):
        named_transformation("flip", 3, LARGEST_DIM + 1)
    with pytest.raises(ValueError, match="two different coordinates"):
        plane_rotation(4, 1, 1, 0.3)


def test_a_deficit_needs_a_population_that_represents_the_signal():
    s = setting(4, 24)
    with pytest.raises(ValueError, match="signal must lie above the noise"):
        transformed_view_deficit(-np.eye(4), 1.0, s, second_moment(s))
