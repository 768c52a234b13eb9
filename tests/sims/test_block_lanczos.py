"""Block tridiagonal matrices, small enough to reach every coordinate: the law of the whole X, and exact subspaces."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sims import block_lanczos, block_lanczos_jax, matrix_law
from sims.signal_rows import signal_rows
from sims.stats import same_distribution
from theory.readings import Objective, Reading
from theory.setting import Setting

M = 2
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


# Blocks of 2, 2, 2, ... (one Gram matrix) or of 2, 4, 8 (two) fill all coordinates, and rows run nearly as short.
@pytest.mark.parametrize(
    ("form", "objective", "dim", "levels"),
    [
        (_numpy_form, Objective.MIM, 14, 6),
        (_numpy_form, Objective.CL, 14, 2),
        (_compiled_form, Objective.MIM, 8, 3),
        (_compiled_form, Objective.CL, 6, 1),
    ],
)
def test_all_levels_have_the_law_of_the_whole_matrix(form, objective, dim, levels):
    s = Setting.paper(dim, n_clients=M, samples_per_client=dim // 2 + 1, augmentation_std=0.7)
    reading, trials = READINGS[objective], 2_000
    rows, rng = signal_rows(s, reading), np.random.default_rng(1)
    terms = block_lanczos.noises(s, objective, reading, rows)
    what = block_lanczos.Plan(terms, M, levels)
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


# Close enough to the noise that a few steps are not enough.
CLOSE = Setting.paper(400, n_clients=M, samples_per_client=400, mu=0.9)


def test_iteration_reaches_the_top_eigenvectors_of_the_blocks():
    rows, trials = signal_rows(CLOSE, Reading()), 20
    terms = block_lanczos.noises(CLOSE, Objective.MIM, Reading(), rows)
    what = block_lanczos.Plan(terms, M, 4)
    r, _ = block_lanczos.sample(np.random.default_rng(3), what, CLOSE, rows, trials)
    # The same draws, decomposed whole.
    rng = np.random.default_rng(3)
    roots = block_lanczos.start_roots(rng, terms, rows, trials)
    x = _assembled(*block_lanczos.blocks(rng, what, CLOSE.dim, roots))
    exact = (np.linalg.eigh(x)[1][:, :M, -M:] ** 2).sum(axis=2)
    assert (1 - exact).max() > 0.1
    # The last step moves the part off the start by less than 1e-6 of it, all that would follow by a few times that,
    # and a deficit by twice as much.
    assert np.all(np.abs(r - exact) <= 1e-5 * (1 - exact))


def test_compiled_iteration_stops_when_further_steps_change_nothing(monkeypatch):
    rows = signal_rows(CLOSE, Reading())
    terms = block_lanczos.noises(CLOSE, Objective.MIM, Reading(), rows)
    what = block_lanczos.Plan(terms, M, 2)

    def found():
        return block_lanczos_jax.sample(np.random.default_rng(3), what, CLOSE, rows, 20)[0]

    r = found()
    monkeypatch.setattr(block_lanczos_jax, "_steps", lambda spike, edges: 1_000)
    settled = found()
    assert (1 - settled).max() > 0.1
    # Steps are counted to leave 1e-7 of the part off the start, which is at most twice that of a deficit.
    assert np.all(np.abs(r - settled) <= 2e-7 * (1 - settled))
