"""The sweep of trainings: its rate on a part and how long the whole takes, or the whole: `python -m benchmarks.rounds`.

With `--store DIR` everything is trained and kept, with progress and the time left; stop it with Ctrl-C and start it
again to go on. Without, a few parts are timed.
"""

import math
import os
import pathlib
import statistics
import time
from dataclasses import dataclass

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# One device a core does better than threads inside products.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax  # noqa: E402
import numpy as np  # noqa: E402
import tyro  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn  # noqa: E402

from sims import placement  # noqa: E402
from sims.linear import sweep as ts  # noqa: E402
from sims.linear.sweep_store import SweepStore  # noqa: E402

TOPOLOGIES = (
    *("ring", "path", "star", "complete", "torus:4x5", "exponential", "circulant:1,2", "circulant:1,2,3"),
    *("regular:3", "regular:4", "er:5", "barbell", "two_cliques", "geometric:0.4", "small_world:4:0.2", "ba:2"),
)
RESULTS = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
LEVELS = (0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class Options:
    """`rounds` of the timed parts: their time is scaled to the whole. `batches` are timed after one that
    compiles. `record` appends to RESULTS.md."""

    seeds: int = 64
    rounds: int = 1000
    timed_rounds: int = 200
    batches: int = 3
    cores: int = os.cpu_count() or 1
    store: pathlib.Path | None = None
    record: bool = False
    machine: str = f"{os.cpu_count()} cores"


def ceiling(size: int = 1024, repeats: int = 4) -> float:
    """Floating-point operations a CPU second of NumPy's product of two matrices on one thread."""
    a = np.random.default_rng(0).standard_normal((size, size))
    start = time.process_time()
    for _ in range(repeats):
        a @ a
    return 2 * size**3 * repeats / (time.process_time() - start)


def sweep(options: Options, rounds: int) -> ts.Sweep:
    """64 seeds x 16 networks x 5 levels, N = 20, d = 128, c = 20."""
    return ts.Sweep(tuple(TOPOLOGIES), LEVELS, options.seeds, rounds=rounds, n_records=20)


def timed(options: Options) -> None:
    """The rate on a few batches of parts."""
    whole, part = sweep(options, options.rounds), sweep(options, options.timed_rounds)
    train, parts, size = ts.trainer(part), part.parts(), placement.n_devices()
    seconds, work, tops = [], [], []
    flops = 2 * part.feature_dim * part.dim**2 + 4 * part.feature_dim**2 * part.dim
    steps = size * len(TOPOLOGIES) * part.rounds * part.n_clients
    for k in range(options.batches + 1):
        batch = parts[k * size : (k + 1) * size]
        tops.append(ceiling())
        wall, cpu = time.perf_counter(), time.process_time()
        list(train(batch, size))
        seconds.append(time.perf_counter() - wall)
        work.append(steps * flops / (time.process_time() - cpu))
    wall = statistics.median(seconds[1:])
    share = statistics.median(w / t for w, t in zip(work[1:], tops[1:], strict=True))
    n_batches = math.ceil(len(parts) / size)
    all_of_it = n_batches * wall * whole.rounds / part.rounds
    text = (
        f"{len(TOPOLOGIES)} networks x {len(LEVELS)} levels x {options.seeds} seeds, N={whole.n_clients}, "
        f"d={whole.dim}, c={whole.feature_dim}, {whole.rounds} rounds: {whole.client_steps:.3g} client-steps, "
        f"one compilation, {size} devices ({jax.default_backend()}). "
        f"First batch, with compilation: {seconds[0]:.1f} s; then {wall:.2f} s for {steps} client-steps: "
        f"{steps / wall:.3g} a second, {share:.0%} of the product ceiling per CPU second. "
        f"The whole at this rate: {all_of_it / 60:.0f} minutes."
    )
    print(text)
    if options.record:
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(f"\n## `python -m benchmarks.rounds`: {options.machine}\n\n{text}\n")


def finished(options: Options, store: pathlib.Path) -> None:
    """What the whole took, by the times at which its parts were written."""
    whole, times = sweep(options, options.rounds), sorted(f.stat().st_mtime for f in store.glob("*.npz"))
    size = placement.n_devices()
    gaps = np.diff(times[::size])  # parts are finished `size` at a time
    steps = whole.client_steps / len(times) * size
    text = (
        f"The whole of {len(times)} parts, {whole.client_steps:.3g} client-steps: {(times[-1] - times[0]) / 60:.0f} "
        f"minutes from the first part to the last; "
        f"{steps / statistics.median(gaps):.3g} client-steps a second in the median batch of {size}, "
        f"{steps / gaps.min():.3g} in the fastest, {steps / gaps.max():.3g} in the slowest."
    )
    print(text)
    if options.record:
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(f"\n## `python -m benchmarks.rounds --store DIR`: {options.machine}\n\n{text}\n")


def main(options: Options) -> None:
    """Times a part, or trains everything into a store."""
    placement.use_cores(options.cores)
    if options.store is None:
        return timed(options)
    whole = sweep(options, options.rounds)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("parts")
        try:
            ts.run_sweep(
                whole,
                SweepStore(options.store, ts.spec(whole)),
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        except KeyboardInterrupt:
            print(f"Stopped. Finished parts are in {options.store}; start again to go on.")
            return
    finished(options, options.store)


if __name__ == "__main__":
    main(tyro.cli(Options))
