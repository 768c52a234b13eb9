"""The block Lanczos law compiled: start blocks are counted on the host, the levels run on the device for all trials."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from sims import block_lanczos
from sims.block_lanczos import Plan
from sims.signal_rows import SignalRows
from sims.truncation import Noise, bulk_edges, truncated_share
from theory.setting import Setting

TRIALS_A_BLOCK = 2_000
MOST_STEPS = 200
# What iteration leaves of the part off the start, at most; a deficit is then off by at most twice that share of it.
ITERATION_ERROR = 1e-7


def degrees_of_freedom(terms: tuple[Noise, ...], dim: int, widths: tuple[int, ...]) -> list[list[np.ndarray]]:
    """Those of the chi diagonals of every level's triangular factors: the unseen columns, then each term."""
    levels, seen = [], widths[0]
    for n_new in widths[1:]:
        down = np.arange(n_new, dtype=float)
        levels.append([dim - seen - down, *(g.n_rows - seen - down for g in terms)])
        seen += n_new
    return levels


def tridiagonal(
    key: Key[Array, ""], terms: tuple[Noise, ...], dim: int, widths: tuple[int, ...], roots: Float[Array, "g m m"]
) -> Float[Array, "k k"]:
    """X of one trial in the basis of block Lanczos, given the roots of its start block.

    Source: ledger; the law of `block_lanczos.blocks`.
    """
    total, at, now = sum(widths), 0, list(roots)
    x = jnp.zeros((total, total))
    x = x.at[: widths[0], : widths[0]].set(sum(g.weight * (r.T @ r) for g, r in zip(terms, now, strict=True)))
    freedom = degrees_of_freedom(terms, dim, widths)
    # One call for all diagonals: every call of a gamma generator costs seconds of compilation.
    chi_key, key = jax.random.split(key)
    chis = jnp.sqrt(jax.random.chisquare(chi_key, jnp.asarray(np.concatenate([c for level in freedom for c in level]))))
    drawn = 0
    for level, (width, n_new) in zip(freedom, itertools.pairwise(widths), strict=True):
        key, *keys = jax.random.split(key, 1 + len(level))
        factors = []
        for normal_key in keys:
            above = jnp.triu(jax.random.normal(normal_key, (n_new, n_new)), 1)
            factors.append(above + jnp.diag(chis[drawn : drawn + n_new]))
            drawn += n_new
        spread = factors[0].T
        couplings = [g.std * spread[k * width : (k + 1) * width] for k, g in enumerate(terms)]
        below = sum(g.weight * (c.T @ r) for g, c, r in zip(terms, couplings, now, strict=True))
        now = [g.std * r for g, r in zip(terms, factors[1:], strict=True)]
        diagonal = sum(g.weight * (c.T @ c + r.T @ r) for g, c, r in zip(terms, couplings, now, strict=True))
        fresh = slice(at + width, at + width + n_new)
        x = x.at[fresh, at : at + width].set(below).at[at : at + width, fresh].set(below.T)
        x = x.at[fresh, fresh].set(diagonal)
        at += width
    return x


@functools.partial(jax.jit, static_argnums=(1, 2, 3))
def _trials(keys, terms, dim, widths, roots, shift, steps):
    """r at the start for every trial, by subspace iteration from the start, as many steps as the spike asks for."""

    def one(key, roots):
        x = tridiagonal(key, terms, dim, widths, roots)
        shifted = x - shift * jnp.eye(len(x))
        m = widths[0]

        def step(_, q):
            image = shifted @ q
            return image @ jnp.linalg.inv(image[:m])

        q = jax.lax.fori_loop(0, steps, step, jnp.eye(len(x), m))
        return jnp.diagonal(jnp.linalg.inv(q.T @ q))

    return jax.vmap(one)(keys, roots)


def sample(
    rng: np.random.Generator, what: Plan, s: Setting, rows: SignalRows, trials: int
) -> tuple[Float[np.ndarray, "trials m"], float]:
    """What `block_lanczos.sample` gives, from the same law with other random numbers.

    Source: ledger. Units: dimensionless.
    """
    edges = bulk_edges(what.noises, s.dim, trials)
    key, parts, bound = jax.random.key(int(rng.integers(2**63))), [], 0.0
    for start in range(0, trials, TRIALS_A_BLOCK):
        n = min(TRIALS_A_BLOCK, trials - start)
        roots = block_lanczos.start_roots(rng, what.noises, rows, n)
        spike = float(np.linalg.eigvalsh(block_lanczos.weighted_sum(what.noises, roots, roots))[:, 0].min())
        enough = what.for_spike(spike, edges)
        keys = jax.random.split(jax.random.fold_in(key, start), n)
        shift = sum(edges) / 2
        stacked = jnp.asarray(np.stack(roots, axis=1))
        found = _trials(keys, what.noises, s.dim, enough.widths, stacked, shift, _steps(spike, edges))
        r = np.asarray(found)
        bound = max(bound, truncated_share(spike, edges, enough.levels) * float((1 - r).max()))
        parts.append(r)
    return np.concatenate(parts), bound


def _steps(spike: float, edges: tuple[float, float]) -> int:
    """Steps of subspace iteration that leave `ITERATION_ERROR`, each of which shrinks it by noise over spike."""
    low, high = edges
    rate = (high - low) / (2 * spike - high - low) if spike > high else 1.0
    return MOST_STEPS if rate >= 1 else min(MOST_STEPS, 1 + math.ceil(math.log(ITERATION_ERROR) / math.log(rate)))
