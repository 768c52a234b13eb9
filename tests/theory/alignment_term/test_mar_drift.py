"""The tilt and the shrinkage that the alignment term leaves, against plain descent on the averaged gradient."""

import numpy as np
import pytest

from theory.alignment_term.gaussian_mmd import alignment_force
from theory.alignment_term.mar_drift import alignment_bias, shrunk_lengths
from theory.formula import OutOfDomainError

N, DIM, FEATURES, BANDWIDTH = 4, 5, 2, 2.0


def clients(scale: float) -> np.ndarray:
    off = np.random.default_rng(1).standard_normal((N, DIM, DIM))
    off = off + off.transpose(0, 2, 1)
    return np.diag([3.0, 2.2, 0.6, 0.5, 0.4]) + scale * (off - off.mean(axis=0))


def at_rest(x: np.ndarray, mixing: np.ndarray, weight: float, pool) -> np.ndarray:
    """One model for all clients, moved along the mean gradient until it rests; `pool` makes z-bar from embeddings."""
    model = np.diag(np.sqrt([3.0, 2.2, 0, 0, 0]))[:FEATURES]
    for _ in range(4000):
        embedded = model @ x @ model.T
        slope = np.mean(
            [
                2 * model @ (model.T @ model - x_i)
                + weight * np.asarray(alignment_force(a, *pool(embedded, row), BANDWIDTH)) @ model @ x_i
                for x_i, a, row in zip(x, embedded, mixing, strict=True)
            ],
            axis=0,
        )
        model = model - 0.05 * slope
        if np.abs(slope).max() < 1e-13:
            return model
    raise AssertionError("descent has not settled")


def test_the_tilt_is_that_of_descent_to_the_next_order():
    """Of a mixing with unequal rows; the relative error falls with the differences between clients."""
    mixing = (np.eye(N) + np.roll(np.eye(N), 1, axis=1) + np.roll(np.eye(N), -1, axis=1)) / 3
    errors = []
    for scale in (0.04, 0.02):
        x = clients(scale)
        model = at_rest(x, mixing, 0.5, lambda embedded, row: (embedded, row))
        rows = np.linalg.qr(model.T)[0]
        best = np.linalg.eigh(x.mean(axis=0))[1][:, -FEATURES:]
        found = np.linalg.norm(rows @ rows.T - best @ best.T)
        errors.append(abs(alignment_bias(x, x, mixing, FEATURES, 0.5, BANDWIDTH) / found - 1))
    assert errors[0] < 2e-2
    assert errors[1] < 0.6 * errors[0]


def test_the_lengths_are_those_of_descent():
    x = clients(0.0)
    for averaged, weight in ((2.0, 0.5), (3.0, 4.0)):
        model = at_rest(x, np.eye(N), weight, lambda embedded, row, k=averaged: (embedded[:1] / k, np.ones(1)))
        lengths = shrunk_lengths(np.array([3.0, 2.2]), averaged, weight, BANDWIDTH)
        np.testing.assert_allclose(np.sum(model**2, axis=1), lengths, rtol=1e-10)  # descent stops at 1e-13
        assert (lengths < [3.0, 2.2]).all()


@pytest.mark.parametrize("spectrum", [[3.0, 2.2], [5.0, 0.3, 0.2], [2.0, 1e-3]])
def test_every_length_at_rest_solves_its_own_equation(spectrum):
    values = np.array(spectrum)
    lengths = shrunk_lengths(values, 3.0, 0.4, BANDWIDTH)
    embedded = np.diag(lengths * values)
    force = np.diag(np.asarray(alignment_force(embedded, embedded[None] / 3.0, np.ones(1), BANDWIDTH)))
    np.testing.assert_allclose(lengths / values, 1 - 0.4 * force / 2, rtol=1e-12)


def test_one_client_in_the_average_costs_nothing():
    np.testing.assert_allclose(shrunk_lengths(np.array([3.0, 2.2]), 1.0, 5.0, BANDWIDTH), [3.0, 2.2], rtol=1e-13)


def test_what_has_no_answer_is_refused():
    tied = np.tile(np.diag([3.0, 0.6, 0.6, 0.1, 0.05]), (N, 1, 1))
    with pytest.raises(OutOfDomainError, match="eigenvalue gap"):
        alignment_bias(tied, tied, np.eye(N), FEATURES, 1.0, BANDWIDTH)
    flat = np.broadcast_to(np.eye(DIM), (N, DIM, DIM))
    with pytest.raises(OutOfDomainError, match="gap"):
        alignment_bias(flat, flat, np.eye(N), FEATURES, 1.0, BANDWIDTH)
    with pytest.raises(OutOfDomainError, match="weight=10000"):
        shrunk_lengths(np.array([3.0, 2.2]), 5.0, 10000.0, BANDWIDTH)
