"""A matrix revealed by products is one matrix, has the law of the whole one, and never trades an awkward draw away."""

import dataclasses

import numpy as np
import pytest

from sims.samplers import block_lanczos, matrix_law, matrix_trials, montecarlo, subspace
from sims.samplers.revealed import RevealedGrams
from sims.samplers.signal_rows import signal_rows
from sims.samplers.subspace import krylov_subspace, top_subspace
from sims.stats import deficit, same_distribution
from theory.readings import Objective, Reading
from theory.setting import Setting

TASKS = [(Objective.MIM, Reading()), (Objective.CL, Reading(draws=1)), (Objective.CL, Reading(draws=3))]
SMALL = Setting.paper(20, n_clients=3, samples_per_client=40, augmentation_std=0.7)
# Fewer samples than columns: products run out of fresh rows.
FEW = Setting.paper(20, n_clients=3, samples_per_client=3, augmentation_std=0.7)


def _revealed(rng, s, task, trials):
    objective, reading = task
    rows = signal_rows(s, reading)
    terms = block_lanczos.noises(s, objective, reading, rows)
    return RevealedGrams(rng, terms, s.dim, block_lanczos.start_roots(rng, terms, rows, trials))


def _touch(x, dim, products):
    """Orthonormal blocks of three columns, the start first, and X times them."""
    seen = np.repeat(np.eye(dim, 3)[None], x.trials, axis=0)
    image = x.apply(seen)
    for _ in range(products - 1):
        fresh = image[:, :, -3:] - seen @ (np.swapaxes(seen, 1, 2) @ image[:, :, -3:])
        fresh = np.linalg.qr(fresh - seen @ (np.swapaxes(seen, 1, 2) @ fresh))[0]
        seen, image = np.concatenate([seen, fresh], axis=2), np.concatenate([image, x.apply(fresh)], axis=2)
    return seen, image


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("s", [SMALL, FEW], ids=["many rows", "few rows"])
@pytest.mark.parametrize("products", [1, 2, 5])
def test_products_and_the_whole_matrix_agree(task, s, products):
    x = _revealed(np.random.default_rng(1), s, task, 4)
    seen, image = _touch(x, s.dim, products)
    # Columns of weak directions carry round-off of the strong ones, a few 1e-15 of the largest entry.
    for t in range(4):
        whole = x.dense(t)
        assert np.allclose(whole @ seen[t], image[t], rtol=0, atol=1e-12 * np.abs(whole).max())
        assert np.allclose(whole, whole.T, rtol=0, atol=1e-12 * np.abs(whole).max())


@pytest.mark.parametrize("task", TASKS)
def test_what_is_drawn_does_not_hang_on_round_off(task):
    """On another machine directions have other last digits, and where entries are zero those alone."""
    drawn = []
    for way in (-1, 1):
        x = _revealed(np.random.default_rng(1), SMALL, task, 4)
        noise = np.random.default_rng(2)

        def product(v, x=x, noise=noise, way=way):
            return x.apply(v + way * 1e-17 * noise.standard_normal(v.shape))

        start = np.repeat(np.eye(SMALL.dim, 3)[None], 4, axis=0)
        krylov_subspace(product, start, 3, angle=1e-9)
        drawn.append(x.dense(0))
    np.testing.assert_allclose(drawn[0], drawn[1], rtol=0, atol=1e-9 * np.abs(drawn[0]).max())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("s", [SMALL, FEW], ids=["many rows", "few rows"])
def test_the_whole_matrix_has_the_law_of_its_factors(task, s):
    x = _revealed(np.random.default_rng(1), s, task, 600)
    _touch(x, s.dim, 3)
    rows, rng = signal_rows(s, task[1]), np.random.default_rng(2)

    def plain():
        if task[0] is Objective.CL:
            return matrix_law.contrastive(rng, s, rows, int(task[1].draws)).dense()
        return matrix_law.SignedGrams(((1 / rows.n_rows, matrix_law.draw_sample_factor(rng, s, rows)),)).dense()

    ours, theirs = (np.array(a) for a in zip(*[(x.dense(t), plain()) for t in range(600)], strict=True))
    for of in (
        lambda a: np.trace(a[:, 3:, 3:], axis1=1, axis2=2),
        lambda a: (a[:, :3, 3:] ** 2).sum(axis=(1, 2)),
        lambda a: (a[:, 3:, 3:] ** 2).sum(axis=(1, 2)),
        lambda a: np.linalg.eigvalsh(a)[:, -1],
        lambda a: np.linalg.eigvalsh(a)[:, 0],
        lambda a: a[:, 5, 7],
        lambda a: a[:, 0, 1],
    ):
        assert same_distribution(of(ours), of(theirs))


def test_iteration_finds_what_a_full_decomposition_finds():
    s = Setting.paper(60, n_clients=3, samples_per_client=600, augmentation_std=0.3)
    x = _revealed(np.random.default_rng(3), s, TASKS[1], 5)
    found = krylov_subspace(x.apply, np.repeat(np.eye(60, 3)[None], 5, axis=0), 3)
    assert found.settled.all()
    for t in range(5):
        whole = top_subspace(x.dense(t), 3)
        off = np.linalg.norm(whole @ whole.T - found.basis[t] @ found.basis[t].T, 2)
        assert off <= found.angle[t] + 1e-12


@pytest.mark.parametrize("objective", Objective)
def test_a_spike_inside_the_noise_is_drawn_too(objective):
    s = Setting.paper(40, n_clients=2, samples_per_client=30, mu=2.0, tau=1.0)
    reading = Reading(draws=1) if objective is Objective.CL else Reading()
    law, literal = (
        montecarlo.sample_representability(k, s, objective=objective, reading=reading, trials=300, method=method)
        for k, method in enumerate(("matrix", "literal"))
    )
    assert same_distribution(deficit(law.r), deficit(literal.r))
    assert deficit(law.r).mean() > 0.2


@pytest.mark.parametrize("levels", [1, 3])
def test_trials_that_do_not_settle_are_decomposed_whole(levels, monkeypatch):
    s = Setting.paper(40, n_clients=3, samples_per_client=60)
    rows = signal_rows(s, Reading())
    settled, _ = matrix_trials.revealed_trials(np.random.default_rng(1), s, TASKS[0], rows, 300)
    monkeypatch.setattr(subspace, "KRYLOV_LEVELS", levels)
    whole, angle = matrix_trials.revealed_trials(np.random.default_rng(2), s, TASKS[0], rows, 300)
    # None settled, so no angle is left; one level has found no basis at all.
    assert angle == 0
    for of in (deficit, lambda r: r[:, 0], lambda r: r[:, 2]):
        assert same_distribution(of(settled), of(whole))


def test_a_trial_that_does_not_settle_keeps_its_own_matrix(monkeypatch):
    s = Setting.paper(40, n_clients=3, samples_per_client=60)
    rows = signal_rows(s, Reading())
    kept, _ = matrix_trials.revealed_trials(np.random.default_rng(1), s, TASKS[0], rows, 8)

    def unsettled(*arguments):
        found = krylov_subspace(*arguments)
        return dataclasses.replace(found, settled=np.zeros(8, dtype=bool))

    monkeypatch.setattr(matrix_trials, "krylov_subspace", unsettled)
    whole, _ = matrix_trials.revealed_trials(np.random.default_rng(1), s, TASKS[0], rows, 8)
    # A settled basis is within an angle of 1e-6 of the top of its matrix, a squared projection within its square.
    assert np.allclose(whole, kept, rtol=0, atol=1e-11)
    assert not np.array_equal(whole, kept)


def test_joint_matrices_that_do_not_settle_are_decomposed_whole(monkeypatch):
    s = Setting.paper(40, n_clients=3, samples_per_client=600, augmentation_std=0.3)
    settled = montecarlo.sample_pair(1, s, trials=3, method="matrix")
    monkeypatch.setattr(subspace, "KRYLOV_LEVELS", 1)
    whole = montecarlo.sample_pair(1, s, trials=3, method="matrix")
    for a, b in zip(settled, whole, strict=True):
        assert 0 < a.truncation < 1e-12
        assert b.truncation == 0
        assert np.allclose(a.r, b.r, rtol=0, atol=1e-11)
