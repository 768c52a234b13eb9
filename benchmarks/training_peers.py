"""Rounds of linear training against PyTorch and FedJAX: `python -m benchmarks.training_peers --peers PYTHON`.

PYTHON is an interpreter with torch and fedjax; they are no dependencies of the project (make one with
`python -m venv peers; peers/bin/pip install torch fedjax`). Without it, or where one is missing, the table says so.
Every way runs in a process of its own and they are asked in turn; ratios are medians of ratios within a turn, of wall
time and of processor time. The second hardly moves when other work shares the cores.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import tyro

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = ((20, 128, 20, 500), (100, 256, 32, 20))  # N, d, c, rounds a timing
CEILING = {"size": 1024, "repeats": 4}
COLLAPSED_ROUNDS = 2_000


@dataclass(frozen=True)
class Options:
    """`peers`: a Python with torch and fedjax. `turns`: timings of every way. `record`: also append to RESULTS.md."""

    peers: pathlib.Path | None = None
    cores: int = os.cpu_count() or 1
    turns: int = 7
    record: bool = False
    machine: str = f"{os.cpu_count()} cores"


class Worker:
    """A process that times what it is asked for."""

    def __init__(
        self,
        python: str,
        cores: int,
        *,
        virtual_devices: bool,
        threads: int,
        script: str = "training_worker.py",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": str(threads)}
        environment["MKL_NUM_THREADS"] = str(threads)
        if virtual_devices:
            environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        arguments = [python, str(ROOT / "benchmarks" / script), "--cores", str(cores)]
        arguments += ["--virtual-devices"] if virtual_devices else []
        environment["PYTHONPATH"] = str(ROOT)
        environment |= variables or {}
        self._process = subprocess.Popen(
            arguments, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def time(self, way: str, **arguments: object) -> dict[str, float]:
        """Seconds, or what is missing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"way": way, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main(options: Options) -> None:
    """Times every way at both sizes and prints (and records) one Markdown table."""
    spread = Worker(sys.executable, options.cores, virtual_devices=True, threads=1)
    single = Worker(sys.executable, options.cores, virtual_devices=False, threads=options.cores)
    peers = None
    if options.peers is not None:
        peers = Worker(str(options.peers), options.cores, virtual_devices=False, threads=options.cores)
    ways = {
        "engine, clients over one device a core": (spread, "ours"),
        "engine, one device": (single, "ours"),
        "PyTorch, bmm by hand": (peers, "torch_bmm"),
        "PyTorch, loop over clients": (peers, "torch_loop"),
        "FedJAX": (peers, "fedjax"),
        "`train`, collapsed": (spread, "ours_collapsed"),
    }
    lines: list[str] = []
    print(HEADER, flush=True)
    for n, d, c, rounds in SIZES:
        for network in ("ring", "server"):
            chosen = {k: v for k, v in ways.items() if network == "server" or v[1] not in ("fedjax", "ours_collapsed")}
            lines += table(chosen, spread, n, d, c, network, rounds, options)
            print("\n".join(lines[-len(chosen) :]), flush=True)
    text = "\n".join([HEADER, *lines])
    if options.record:
        with (ROOT / "benchmarks" / "RESULTS.md").open("a", encoding="utf-8") as file:
            file.write(f"\n## `python -m benchmarks.training_peers`\n\n{text}\n")
    for worker in (spread, single, peers):
        if worker is not None:
            worker.close()


HEADER = (
    "| machine | N, d, c | network | way | ms a round | client-steps a second | engine is faster by (wall) | by (CPU) "
    "| share of the product ceiling |\n| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"
)


def table(ways, reference: Worker, n, d, c, network, rounds, options: Options) -> list[str]:
    """The rows of one size and network."""
    seconds: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    tops, missing, checksums = [], {}, set()
    for _ in range(options.turns):
        tops.append(reference.time("ceiling", **CEILING))
        for name, (worker, way) in ways.items():
            if worker is None:
                missing[name] = "no --peers given"
                continue
            # What `train` spends before and after its loop is large beside a few collapsed rounds.
            times = COLLAPSED_ROUNDS // rounds if way == "ours_collapsed" else 1
            answer = worker.time(way, n=n, d=d, c=c, network=network, rounds=rounds * times)
            if "missing" in answer:
                missing[name] = str(answer["missing"])
            else:
                seconds[name].append(answer | {k: answer[k] / times for k in ("wall", "cpu")})
                if times == 1:
                    checksums.add(round(answer["checksum"], 9))
    if len(checksums) > 1:
        raise SystemExit(f"The ways disagree on what they trained: {checksums}.")
    # Of the gradient alone, by the cheapest form known: what mixing adds is not counted as work done.
    flops = n * (2 * c * d * d + 4 * c * c * d) * rounds
    top = [2 * CEILING["size"] ** 3 * CEILING["repeats"] / t["cpu"] for t in tops]
    first = next(iter(seconds.values()))
    rows = []
    for name, found in seconds.items():
        head = f"| {options.machine} | {n}, {d}, {c} | {network} | {name}"
        if not found:
            rows.append(f"{head} | missing: {missing[name]} | | | | |")
            continue
        wall = statistics.median(s["wall"] for s in found)
        ratios = [statistics.median(s[k] / r[k] for s, r in zip(found, first, strict=True)) for k in ("wall", "cpu")]
        share = statistics.median(flops / s["cpu"] / t for s, t in zip(found, top, strict=True))
        of_ceiling = "" if name.endswith("collapsed") else f"{share:.0%}"
        rows.append(
            f"{head} | {1e3 * wall / rounds:.3g} | {n * rounds / wall:.3g} | {ratios[0]:.3g} | {ratios[1]:.3g} "
            f"| {of_ceiling} |"
        )
    return rows


if __name__ == "__main__":
    main(tyro.cli(Options))
