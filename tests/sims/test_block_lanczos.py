"""Block tridiagonal matrices, small enough to reach every coordinate: the law of the whole X, and exact subspaces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims import block_lanczos, block_lanczos_jax, matrix_law
from sims.signal_rows import signal_rows
from sims.stats import same_distribution
from sims.truncation import bulk_edges
from theory.readings import Objective, Reading
from theory.setting import Setting

M = 2
# Blocks of 2, 2, ..., 2 (one Gram matrix) and of 2, 4, 8 (two) fill 14 coordinates; rows run nearly as short.
FULL = {Objective.MIM: 6, Objective.CL: 2}
READINGS = {Objective.MIM: Reading(), Objective.CL: Reading(draws=1)}


def _assembled(diagonal, below):
    at = np.cumsum([0, *(d.shape[1] for d in diagonal)])
    x = np.zeros((len(diagonal[0]), at[-1], at[-1]))
    for k, d in enumerate(diagonal):
        x[:, at[k] : at[k + 1], at[k] : at[k + 1]] = d
    for k, b in enumerate(below):
        x[:, at[k + 1] : at[k + 2], at[k] : at[k + 1]] = b
        x[:, at[k] : at[k + 1], at[k + 1] : at[k + 2]] = np.swapaxes(b, 1, 2)
    return x


def _numpy_form(rng, what, dim, roots):
    return _assembled(*block_lanczos.blocks(rng, what, dim, roots))


def _compiled_form(rng, what, dim, roots):
    keys = jax.random.split(jax.random.key(int(rng.integers(2**63))), len(roots[0]))
    one = lambda key, roots: block_lanczos_jax.tridiagonal(key, what.noises, dim, what.widths, roots)  # noqa: E731
    return np.asarray(jax.jit(jax.vmap(one))(keys, jnp.asarray(np.stack(roots, axis=1))))


@pytest.mark.parametrize("form", [_numpy_form, _compiled_form])
@pytest.mark.parametrize("objective", Objective)
def test_all_levels_have_the_law_of_the_whole_matrix(objective, form):
    s = Setting.paper(14, n_clients=M, samples_per_client=8, augmentation_std=0.7)
    reading, trials = READINGS[objective], 2_000
    rows, rng = signal_rows(s, reading), np.random.default_rng(1)
    terms = block_lanczos.noises(s, objective, reading, rows)
    what = block_lanczos.Plan(terms, M, FULL[objective])
    assert sum(what.widths) == s.dim
    ours = form(rng, what, s.dim, block_lanczos.start_roots(rng, terms, rows, trials))

    def plain():
        if objective is Objective.CL:
            return matrix_law.contrastive(rng, s, rows, 1).dense()
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


@pytest.mark.parametrize("compiled", [False, True])
def test_iteration_leaves_no_more_than_round_off_of_the_blocks_own_subspace(compiled):
    s = Setting.paper(400, n_clients=M, samples_per_client=400, mu=0.9)
    rows, trials = signal_rows(s, Reading()), 20
    terms = block_lanczos.noises(s, Objective.MIM, Reading(), rows)
    what = block_lanczos.Plan(terms, M, 4)
    form = block_lanczos_jax if compiled else block_lanczos
    r, _ = form.sample(np.random.default_rng(3), what, s, rows, trials)

    # The same draws, decomposed whole.
    rng = np.random.default_rng(3)
    key = jax.random.key(int(rng.integers(2**63))) if compiled else None
    roots = block_lanczos.start_roots(rng, terms, rows, trials)
    spike = np.linalg.eigvalsh(block_lanczos.weighted_sum(terms, roots, roots))[:, 0].min()
    low, high = bulk_edges(terms, s.dim, trials)
    # Close enough to the noise that a few steps are not enough.
    assert 0.3 < (high - low) / (2 * spike - high - low) < 0.9
    if compiled:
        keys = jax.random.split(jax.random.fold_in(key, 0), trials)
        one = lambda key, roots: block_lanczos_jax.tridiagonal(key, terms, s.dim, what.widths, roots)  # noqa: E731
        x = np.asarray(jax.jit(jax.vmap(one))(keys, jnp.asarray(np.stack(roots, axis=1))))
    else:
        x = _assembled(*block_lanczos.blocks(rng, what, s.dim, roots))
    top = np.linalg.eigh(x)[1][:, :M, -M:]
    exact = (top**2).sum(axis=2)
    assert (1 - exact).max() > 0.05
    # Iteration may leave 1e-6 of the part off the start, whose square counts.
    assert np.allclose(r, exact, rtol=0, atol=1e-11)
