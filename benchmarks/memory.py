"""Peak memory of one client's MIM trial at full size: `python -m benchmarks.memory`. Prints a Markdown table.

The literal sampler draws every sample and sums in blocks; the matrix law needs no sample. Each runs in a process of its
own, so that the peak is its own.
"""

import dataclasses
import multiprocessing
import os
import resource
import time
from dataclasses import dataclass

# Before numpy is loaded: one BLAS thread, as in `benchmarks.montecarlo`.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import tyro  # noqa: E402

from sims import montecarlo  # noqa: E402
from theory import perturbation  # noqa: E402
from theory.readings import EXPECTED, Objective, Scope  # noqa: E402
from theory.setting import Setting  # noqa: E402

GIB = 2**30


@dataclass(frozen=True)
class Options:
    """Size of the client's data; a run above `gib` fails."""

    n_clients: int = 2
    dim: int = 4096
    samples: int = 1_000_000
    gib: float = 4.0
    methods: tuple[montecarlo.Method, ...] = ("literal", "matrix")


@dataclass(frozen=True)
class Row:
    """What one run took, and the deficit of the client's own coordinate beside the second-order one."""

    method: str
    seconds: float
    peak: float
    deficit: float
    predicted: float


def run(options: Options, method: montecarlo.Method) -> Row:
    """One trial of one client's MIM, alone in this process."""
    s = Setting.paper(options.dim, n_clients=options.n_clients, samples_per_client=options.samples)
    start = time.perf_counter()
    found = montecarlo.sample_representability(
        1, s, objective=Objective.MIM, scope="local", client=0, trials=1, method=method
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    predicted = perturbation.deficit(s, Objective.MIM, Scope.LOCAL_OWN, EXPECTED)
    return Row(method, seconds, peak, float(1 - found.r[0, 0]), predicted)


def main(options: Options) -> int:
    """Every method in a fresh process; 1 if one of them took more memory than allowed."""
    o = options
    print(f"one client of {o.n_clients}, d={o.dim}, n={o.samples}, MIM with expected masks\n")
    print("| sampler | s a trial | peak GiB | deficit of its own coordinate | second order |")
    print("| --- | ---: | ---: | ---: | ---: |", flush=True)
    worst = 0.0
    # Spawned, not forked: a fork would inherit the parent's peak.
    context = multiprocessing.get_context("spawn")
    for method in o.methods:
        with context.Pool(1) as pool:
            row: Row = pool.apply(run, (o, method))
        worst = max(worst, row.peak)
        _, seconds, peak, deficit, predicted = dataclasses.astuple(row)
        print(f"| {method} | {seconds:.3g} | {peak:.2f} | {deficit:.4g} | {predicted:.4g} |", flush=True)
    return int(worst > o.gib)


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options)))
