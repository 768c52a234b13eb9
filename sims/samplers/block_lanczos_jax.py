"""The block Lanczos law compiled: start blocks are drawn on the host, the levels on the device for all trials."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from sims.samplers import block_lanczos
from sims.samplers.block_lanczos import ITERATION, Plan
from sims.samplers.signal_rows import SignalRows
from sims.samplers.truncation import Noise
from theory.setting import Setting

TRIALS_A_BLOCK = 2_000
MOST_STEPS = 200


def degrees_of_freedom(terms: tuple[Noise, ...], dim: int, width: int, levels: int) -> np.ndarray:
    """Those of the chi diagonals of every level's triangular factors: the unseen columns, then each term's rows."""
    unseen = [np.array([dim, *(g.n_rows for g in terms)])[:, None] - k * width for k in range(1, levels + 1)]
    return np.stack([n - np.arange(width, dtype=float) for n in unseen])


def blocks(
    key: Key[Array, ""], terms: tuple[Noise, ...], dim: int, levels: int, roots: Float[Array, "g m m"]
) -> tuple[list[Array], list[Array]]:
    """Diagonal blocks of X of one trial and the blocks below them, given the roots of its start block.

    Source: ledger; the law of `block_lanczos.blocks`.
    """
    m, n_terms = roots.shape[1], len(terms)
    chi_key, triangle_key, *keys = jax.random.split(key, 2 + levels)
    # One call for all diagonals: every call of a gamma generator costs seconds of compilation.
    freedom = jnp.asarray(degrees_of_freedom(terms, dim, m, levels))
    chis = jnp.sqrt(jax.random.chisquare(chi_key, freedom))
    triangles = jnp.triu(jax.random.normal(triangle_key, (levels, n_terms + 1, m, m)), 1)
    factors = triangles + jax.vmap(jax.vmap(jnp.diag))(chis)
    known = jnp.concatenate([r / g.std for g, r in zip(terms, roots, strict=True)])
    power = jnp.repeat(jnp.array([g.power for g in terms]), m)[:, None]
    used = jnp.zeros((n_terms * m, 0))
    diagonal, below = [known.T @ (power * known)], []
    for level in range(levels):
        wanted = jnp.tile(power, (level + 1, 1)) * known
        fresh = wanted - used @ (used.T @ wanted)
        directions, root = _positive_qr(fresh - used @ (used.T @ fresh))
        used = jnp.concatenate([used, directions], axis=1)
        spread, *new = factors[level]
        old = directions @ spread.T
        if used.shape[1] < len(used):
            free = jax.random.normal(keys[level], wanted.shape)
            old += free - used @ (used.T @ free)
        below.append(spread @ root)
        known = jnp.concatenate([old, *new])
        used = jnp.concatenate([used, jnp.zeros((n_terms * m, used.shape[1]))])
        diagonal.append(known.T @ (jnp.tile(power, (level + 2, 1)) * known))
    return diagonal, below


def _positive_qr(columns: Float[Array, "rows k"]) -> tuple[Float[Array, "rows k"], Float[Array, "k k"]]:
    """As `sims.samplers.wishart.positive_qr`."""
    q, r = jnp.linalg.qr(columns)
    signs = jnp.where(jnp.diagonal(r) < 0, -1.0, 1.0)
    return q * signs[None], r * signs[:, None]


@functools.partial(jax.jit, static_argnums=(1, 2, 3))
def _trials(keys, terms, dim, levels, roots, shift, steps):
    """Blocks of X and Z of its top subspace (I; Z), by subspace iteration from the start, for every trial."""
    m = roots.shape[-1]

    def one(key, roots):
        diagonal, below = blocks(key, terms, dim, levels, roots)
        x = jnp.zeros(((levels + 1) * m,) * 2)
        for k, d in enumerate(diagonal):
            x = x.at[k * m : (k + 1) * m, k * m : (k + 1) * m].set(d - shift * jnp.eye(m))
        for k, b in enumerate(below):
            x = x.at[(k + 1) * m : (k + 2) * m, k * m : (k + 1) * m].set(b)
            x = x.at[k * m : (k + 1) * m, (k + 1) * m : (k + 2) * m].set(b.T)

        def step(_, q):
            image = x @ q
            return image @ jnp.linalg.inv(image[:m])

        q = jax.lax.fori_loop(0, steps, step, jnp.eye(len(x), m))
        return jnp.diagonal(jnp.linalg.inv(q.T @ q)), diagonal, below

    return jax.vmap(one)(keys, roots)


def sample(
    rng: np.random.Generator, what: Plan, s: Setting, rows: SignalRows, trials: int
) -> tuple[Float[np.ndarray, "trials m"], float]:
    """What `block_lanczos.sample` gives, from the same law with other random numbers.

    Source: ledger. Units: dimensionless.
    """
    key, parts, bound = jax.random.key(int(rng.integers(2**63))), [], 0.0
    for start in range(0, trials, TRIALS_A_BLOCK):
        n = min(TRIALS_A_BLOCK, trials - start)
        roots = block_lanczos.start_roots(rng, what.noises, rows, n)
        spike = block_lanczos.least_spike(block_lanczos.weighted_sum(what.noises, roots, roots))
        keys = jax.random.split(jax.random.fold_in(key, start), n)
        stacked, shift = jnp.asarray(np.stack(roots, axis=1)), sum(what.edges) / 2
        levels, steps = what.levels(s.dim, roots), _steps(spike, what)
        r, diagonal, below = jax.tree.map(np.asarray, _trials(keys, what.noises, s.dim, levels, stacked, shift, steps))
        off = block_lanczos.error_bound(diagonal, below, what) + ITERATION * what.tolerance * float((1 - r).max())
        bound = min(1.0, max(bound, off))
        parts.append(r)
    return np.concatenate(parts), bound


def _steps(spike: float, what: Plan) -> int:
    """Steps of subspace iteration that leave a tenth of its tolerance, each shrinking it by noise over spike."""
    low, high = what.edges
    rate = (high - low) / (2 * spike - high - low) if spike > high else 1.0
    return MOST_STEPS if rate >= 1 else min(MOST_STEPS, 1 + math.ceil(math.log(what.tolerance / 10) / math.log(rate)))
