"""Gram matrices of clean rows by counting, by bits and by multiplying drawn rows are draws of one law."""

import numpy as np
import pytest

from sims.samplers import signal_rows as module
from sims.samplers.matrix_law import clean_sample
from sims.samplers.signal_rows import signal_rows
from sims.stats import same_distribution, standard_errors_allowed
from theory.readings import Offsets, Rare, Reading
from theory.setting import Setting


def _rows(size, n_clients=4, tau=1.7):
    s = Setting.paper(2 * n_clients, n_clients=n_clients, samples_per_client=size, tau=tau, rare_fraction=0.3)
    return signal_rows(s, Reading(rare=Rare.OUTSIDE), "fl")


@pytest.mark.parametrize("size", [1, 63, 64, 130])
@pytest.mark.parametrize("form", ["_bit_grams", "_counted_grams"])
@pytest.mark.parametrize("label", [1, -1])
def test_a_class_has_the_gram_matrix_of_drawn_rows(form, size, label):
    rows, trials = _rows(500), 2_000
    ours = getattr(rows, form)(np.random.default_rng(1), 1, label, size, trials)
    b = rows.rows(np.random.default_rng(2), 1, label, size * trials).reshape(trials, size, -1)
    plain = np.swapaxes(b, 1, 2) @ b
    assert np.allclose(ours, np.swapaxes(ours, 1, 2), rtol=1e-12)
    # Every entry, and one combination of all of them.
    mixed = np.array([0.3, 1.0, 0.7, -0.4] + [0.0] * (rows.width - 4))
    for k in range(rows.width):
        for l in range(k + 1):
            # Sums in another order differ in the last digits, which would split ties.
            assert same_distribution(np.round(ours[:, k, l], 6), np.round(plain[:, k, l], 6))
    assert same_distribution(np.round(mixed @ ours @ mixed, 6), np.round(mixed @ plain @ mixed, 6))


def test_blocks_of_trials_change_nothing(monkeypatch):
    a = _rows(300).grams(np.random.default_rng(1), 40)
    monkeypatch.setattr(module, "WORDS_A_BLOCK", 50)
    b = _rows(300).grams(np.random.default_rng(2), 40)
    assert a.shape == b.shape
    assert same_distribution(np.round(a[:, 0, 1], 6), np.round(b[:, 0, 1], 6))
    assert len(np.unique(b[:, 0, 1])) > 10


def test_many_clients_take_no_table_of_patterns():
    rows = _rows(20_000, n_clients=40)
    gram = rows.grams(np.random.default_rng(1), 1)[0]
    off = gram[np.triu_indices(40, 1)]
    # tau^2/4 for a pair of offsets over 38 clients, none on average for a label and an offset.
    n = 38 * (20_000 - 6_000)
    expected = 1.7**2 / 4 * n
    # A product of two offsets is Bernoulli 1/4, of relative variance 3; labels add less than a tenth to it.
    assert np.abs(off / expected - 1).max() < standard_errors_allowed() * np.sqrt(1.1 * 3 / n)


@pytest.mark.parametrize("offsets", Offsets)
@pytest.mark.parametrize("scope", ["fl", "local"])
def test_all_clean_rows_have_the_gram_matrix_of_drawn_rows(offsets, scope):
    # An odd number of samples: classes differ in size.
    s = Setting.paper(8, n_clients=3, samples_per_client=21, tau=1.7, rare_fraction=0.3)
    rows, trials = signal_rows(s, Reading(offsets=offsets, rare=Rare.OUTSIDE), scope), 2_000
    assert rows.classes()[:2] == [(0, 1, 8), (0, -1, 7)]
    ours, rng = rows.grams(np.random.default_rng(1), trials), np.random.default_rng(2)
    drawn = [clean_sample(rng, rows, rows.width) for _ in range(trials)]
    plain = np.array([b.T @ b for b in drawn])
    for k in range(rows.width):
        for l in range(k + 1):
            assert same_distribution(np.round(ours[:, k, l], 6), np.round(plain[:, k, l], 6))
    mixed = np.array([0.3, 1.0, 0.7] + [0.2] * (rows.width - 3))
    assert same_distribution(np.round(mixed @ ours @ mixed, 6), np.round(mixed @ plain @ mixed, 6))
