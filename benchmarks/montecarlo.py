"""Time a trial of every sampler, in one run: `python -m benchmarks.montecarlo`; `--record` keeps medians and ratios.

A trial is one data set, its CL matrix with one augmentation pair and its MIM matrix with expected masks, the top
subspace of each and r. Rounds alternate between samplers, so that a busy machine slows all of them alike.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

# Before numpy is loaded. More threads help the literal sampler's products and hurt the small ones of the laws: set them
# to compare.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import tyro  # noqa: E402

from benchmarks.record import record, table  # noqa: E402
from sims.samplers import montecarlo  # noqa: E402
from theory.readings import EXPECTED, Objective, Reading  # noqa: E402
from theory.setting import Setting  # noqa: E402


@dataclass(frozen=True)
class Options:
    """Sizes of the benchmark. Trials of a law are timed together and divided. `record` adds rows to RESULTS.md."""

    n_clients: int = 6
    dim: int = 512
    rounds: int = 3
    matrix_trials: int = 64
    joint_trials: int = 3
    lanczos_trials: int = 1_000
    record: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False


def literal_numpy(s: Setting, seed: int) -> None:
    """numpy draws, cross moments and numpy's full eigh: the plain way."""
    rng = np.random.default_rng(seed)
    total = {o: np.zeros((s.dim, s.dim)) for o in Objective}
    for i in range(s.n_clients):
        n = s.samples_per_client
        x = float(s.mu) * rng.standard_normal((n, s.dim))
        x[:, : s.n_clients] -= float(s.tau) * rng.integers(0, 2, (n, s.n_clients))
        x[:, i] = np.where(np.arange(n) < n // 2, 1, -1) + float(s.mu) * rng.standard_normal(n)
        total[Objective.MIM] += x.T @ x
        a = x + float(s.augmentation_std) * rng.standard_normal(x.shape)
        b = x + float(s.augmentation_std) * rng.standard_normal(x.shape)
        total[Objective.CL] += a.T @ b
    for cross in total.values():
        vectors = np.linalg.eigh((cross + cross.T) / 2)[1][:, -s.feature_dim :]
        (vectors[: s.n_clients] ** 2).sum(axis=1)


def literal_jax(s: Setting) -> Callable[[int], None]:
    """The same, compiled."""

    @jax.jit
    def trial(key):
        zero = jnp.zeros((s.dim, s.dim))

        def one(carry, i):
            keys = jax.random.split(jax.random.fold_in(key, i), 4)
            shape = (s.samples_per_client, s.dim)
            x = s.mu * jax.random.normal(keys[0], shape)
            q = jax.random.bernoulli(keys[1], 0.5, (shape[0], s.n_clients)).astype(float)
            sign = jnp.where(jnp.arange(shape[0]) < shape[0] // 2, 1.0, -1.0)
            clean = jnp.where(jnp.arange(s.n_clients)[None] == i, sign[:, None], -s.tau * q)
            x = x.at[:, : s.n_clients].add(clean)
            a = x + s.augmentation_std * jax.random.normal(keys[2], shape)
            b = x + s.augmentation_std * jax.random.normal(keys[3], shape)
            return (carry[0] + x.T @ x, carry[1] + a.T @ b), None

        sums, _ = jax.lax.scan(one, (zero, zero), jnp.arange(s.n_clients))
        return [(jnp.linalg.eigh((m + m.T) / 2)[1][: s.n_clients, -s.feature_dim :] ** 2).sum(axis=1) for m in sums]

    return lambda seed: jax.block_until_ready(trial(jax.random.key(seed)))


def both(s: Setting, method: montecarlo.Method, trials: int, seed: int, backend: montecarlo.Backend = "numpy") -> None:
    """CL and MIM by one of the exact laws, each with data of its own."""
    for objective, draws in ((Objective.CL, 1), (Objective.MIM, EXPECTED)):
        montecarlo.sample_representability(
            seed, s, objective=objective, reading=Reading(draws=draws), trials=trials, method=method, backend=backend
        )


def pair(s: Setting, method: montecarlo.Method, trials: int, seed: int) -> None:
    """CL and MIM of the same data by one of the exact laws."""
    montecarlo.sample_pair(seed, s, trials=trials, method=method)


def main(options: Options) -> None:
    """Run every sampler `rounds` times and print a Markdown table."""
    o = options
    s = Setting.paper(o.dim, n_clients=o.n_clients, samples_per_client=4 * o.dim)
    compiled = literal_jax(s)
    compiled(0)
    both(s, "lanczos", o.lanczos_trials, 0, "jax")
    runs: dict[str, tuple[Callable[[int], None], int]] = {
        "literal, NumPy": (lambda seed: literal_numpy(s, seed), 1),
        "literal, JAX": (compiled, 1),
        "matrix law, CL and MIM of the same data": (
            lambda seed: pair(s, "matrix", o.joint_trials, seed),
            o.joint_trials,
        ),
        "matrix law": (lambda seed: both(s, "matrix", o.matrix_trials, seed), o.matrix_trials),
        "block Lanczos law, CL and MIM of the same data": (
            lambda seed: pair(s, "lanczos", o.lanczos_trials, seed),
            o.lanczos_trials,
        ),
        "block Lanczos law": (lambda seed: both(s, "lanczos", o.lanczos_trials, seed), o.lanczos_trials),
        "block Lanczos law, JAX": (
            lambda seed: both(s, "lanczos", o.lanczos_trials, seed, "jax"),
            o.lanczos_trials,
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for seed in range(1, o.rounds + 1):
        for name, (run, trials) in runs.items():
            start = time.perf_counter()
            run(seed)
            seconds[name].append((time.perf_counter() - start) / trials)
    reference = seconds["literal, NumPy"]
    rows = [
        {
            "BLAS threads": os.environ["OPENBLAS_NUM_THREADS"],
            "sampler": name,
            "ms a trial": 1e3 * statistics.median(values),
            "literal NumPy over it": statistics.median(a / b for a, b in zip(reference, values, strict=True)),
        }
        for name, values in seconds.items()
    ]
    sizes = f"N = {s.n_clients}, d = {s.dim}, n = {s.samples_per_client} a client"
    what = "a trial of CL (one augmentation pair) and MIM (expected masks)"
    print(f"{what}, {sizes}, {o.rounds} rounds\n", *table(rows), sep="\n")
    if o.record:
        record(f"`python -m benchmarks.montecarlo`: {what}, {sizes}", rows)


if __name__ == "__main__":
    main(tyro.cli(Options))
