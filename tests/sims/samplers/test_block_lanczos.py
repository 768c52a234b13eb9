"""Block tridiagonal matrices, small enough to reach every coordinate: the law of the whole X, and exact subspaces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims.samplers import block_lanczos, block_lanczos_jax, matrix_law
from sims.samplers.gaussian_sheets import orthonormal
from sims.samplers.signal_rows import signal_rows
from sims.samplers.truncation import bulk_edges
from sims.stats import same_distribution
from theory.readings import Objective, Reading
from theory.setting import Setting

M = 2


def _numpy_form(rng, terms, dim, roots, levels):
    return block_lanczos.assembled(*block_lanczos.blocks(rng, terms, dim, roots, levels))


def _compiled_form(rng, terms, dim, roots, levels):
    keys = jax.random.split(jax.random.key(int(rng.integers(2**63))), len(roots[0]))
    one = lambda key, roots: block_lanczos_jax.blocks(key, terms, dim, levels, roots)  # noqa: E731
    parts = jax.jit(jax.vmap(one))(keys, jnp.asarray(np.stack(roots, axis=1)))
    return block_lanczos.assembled(*jax.tree.map(np.asarray, parts))


# Blocks of 2 fill all coordinates, and rows run nearly as short.
@pytest.mark.parametrize(
    ("form", "objective", "draws", "dim"),
    [
        (_numpy_form, Objective.MIM, "expected", 14),
        (_numpy_form, Objective.CL, 1, 14),
        (_numpy_form, Objective.CL, 2, 8),
        (_compiled_form, Objective.MIM, "expected", 8),
        (_compiled_form, Objective.CL, 1, 8),
    ],
)
def test_all_levels_have_the_law_of_the_whole_matrix(form, objective, draws, dim):
    s = Setting.paper(dim, n_clients=M, samples_per_client=dim // 2 + 1, augmentation_std=0.7)
    reading, trials = Reading(draws=draws), 2_000
    rows, rng = signal_rows(s, reading), np.random.default_rng(1)
    terms = block_lanczos.noises(s, objective, reading, rows)
    ours = form(rng, terms, s.dim, block_lanczos.start_roots(rng, terms, rows, trials), dim // M - 1)
    assert ours.shape == (trials, dim, dim)

    def plain():
        if objective is Objective.CL:
            return matrix_law.contrastive(rng, s, rows, int(draws)).dense()
        return matrix_law.SignedGrams(((1 / rows.n_rows, matrix_law.draw_sample_factor(rng, s, rows)),)).dense()

    theirs = np.array([plain() for _ in range(trials)])
    for of in (
        lambda a: np.trace(a[:, M:, M:], axis1=1, axis2=2),
        lambda a: (a[:, M:, :M] ** 2).sum(axis=(1, 2)),
        lambda a: (a[:, M:, M:] ** 2).sum(axis=(1, 2)),
        lambda a: np.linalg.eigvalsh(a)[:, 0],
        lambda a: np.linalg.eigvalsh(a)[:, 3],
        lambda a: np.linalg.eigvalsh(a)[:, -M - 1],
        lambda a: np.linalg.eigvalsh(a)[:, -1],
        lambda a: (np.linalg.eigh(a)[1][:, 0, -M:] ** 2).sum(axis=1),
    ):
        assert same_distribution(of(ours), of(theirs))


# Close enough to the noise that a few steps are not enough.
CLOSE = Setting.paper(400, n_clients=M, samples_per_client=400, mu=0.9)


def _plan(s, terms, allowed, most):
    return block_lanczos.Plan(terms, s.n_clients, allowed, most, bulk_edges(terms, s.dim, 100))


def test_iteration_reaches_the_top_eigenvectors_of_the_blocks():
    rows, rng = signal_rows(CLOSE, Reading()), np.random.default_rng(3)
    terms = block_lanczos.noises(CLOSE, Objective.MIM, Reading(), rows)
    roots = block_lanczos.start_roots(rng, terms, rows, 20)
    drawn = block_lanczos.blocks(rng, terms, CLOSE.dim, roots, 4)
    what = _plan(CLOSE, terms, 0.0, 4)
    r, bound = block_lanczos.start_projections(*drawn, what)
    exact = (np.linalg.eigh(block_lanczos.assembled(*drawn))[1][:, :M, -M:] ** 2).sum(axis=2)
    assert (1 - exact).max() > 0.1
    # The last step moves the part off the start by less than 1e-6 of it, all that would follow by a few times that,
    # and a deficit by twice as much: the ten times that the bound allows for.
    allowance = block_lanczos.ITERATION * what.tolerance * (1 - exact).max()
    assert np.all(np.abs(r - exact) <= allowance)
    assert bound >= allowance * 0.999


def test_compiled_iteration_stops_when_further_steps_change_nothing(monkeypatch):
    rows = signal_rows(CLOSE, Reading())
    terms = block_lanczos.noises(CLOSE, Objective.MIM, Reading(), rows)
    what = _plan(CLOSE, terms, 1e-3, 3)

    def found():
        return block_lanczos_jax.sample(np.random.default_rng(3), what, CLOSE, rows, 20)[0]

    r = found()
    monkeypatch.setattr(block_lanczos_jax, "_steps", lambda spike, what: 1_000)
    settled = found()
    assert (1 - settled).max() > 0.1
    # Steps are counted to leave a tenth of 1e-6 of the part off the start, which is at most twice that of a deficit.
    assert np.all(np.abs(r - settled) <= 2e-7 * (1 - settled))


def test_nearly_parallel_columns_still_get_orthonormal_directions():
    rng = np.random.default_rng(0)
    columns = rng.standard_normal((3, 9, 4))
    columns[1, :, 3] = columns[1, :, 0] + 1e-9 * columns[1, :, 3]
    columns[2, :, 3] = columns[2, :, 0]
    directions, root = orthonormal(columns)
    assert np.allclose(directions @ root, columns, rtol=0, atol=1e-12)
    assert np.allclose(np.swapaxes(directions, 1, 2) @ directions, np.eye(4), rtol=0, atol=1e-12)
