"""Peak memory of one client's MIM trial at full size: `python -m benchmarks.memory`. `--record` keeps the table.

The literal sampler draws every sample and sums in blocks; the matrix law needs no sample. Each runs in a process of its
own, so that the peak is its own.
"""

import multiprocessing
import os
import resource
import time
from dataclasses import dataclass
from typing import Annotated, Any

# Before numpy is loaded: one BLAS thread, as in `benchmarks.montecarlo`.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import tyro  # noqa: E402

from benchmarks.record import record, table  # noqa: E402
from sims.samplers import montecarlo  # noqa: E402
from theory.deficits import closed_forms  # noqa: E402
from theory.readings import EXPECTED, Objective, Scope  # noqa: E402
from theory.setting import Setting  # noqa: E402

GIB = 2**30


@dataclass(frozen=True)
class Options:
    """Size of the client's data; a run above `gib` fails. `record` adds rows to RESULTS.md."""

    n_clients: int = 2
    dim: int = 4096
    samples: int = 1_000_000
    gib: float = 4.0
    methods: tuple[montecarlo.Method, ...] = ("literal", "matrix")
    record: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False


def run(options: Options, method: montecarlo.Method) -> dict[str, Any]:
    """What one trial of one client's MIM took, alone in this process, and its deficit beside the second-order one."""
    s = Setting.paper(options.dim, n_clients=options.n_clients, samples_per_client=options.samples)
    start = time.perf_counter()
    found = montecarlo.sample_representability(
        1, s, objective=Objective.MIM, scope="local", client=0, trials=1, method=method
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    predicted = closed_forms.deficit(s, Objective.MIM, Scope.LOCAL_OWN, EXPECTED)
    return {
        "sampler": method,
        "s a trial": seconds,
        "peak GiB": peak,
        "deficit of its own coordinate": float(1 - found.r[0, 0]),
        "second order": predicted,
    }


def main(options: Options) -> int:
    """Every method in a fresh process; 1 if one of them took more memory than allowed."""
    o, rows = options, []
    title = f"one client's MIM trial at d = {o.dim}, n = {o.samples:,} (N = {o.n_clients}), in a process of its own"
    print(f"{title}; expected masks\n")
    # Spawned, not forked: a fork would inherit the parent's peak.
    context = multiprocessing.get_context("spawn")
    for method in o.methods:
        with context.Pool(1) as pool:
            rows.append(pool.apply(run, (o, method)))
        print(*table(rows)[0 if len(rows) == 1 else -1 :], sep="\n", flush=True)
    if o.record:
        record(f"`python -m benchmarks.memory`: {title}", rows)
    return int(max(row["peak GiB"] for row in rows) > o.gib)


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options)))
