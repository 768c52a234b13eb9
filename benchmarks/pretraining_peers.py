"""One federated round of pre-training, ours against PyTorch: `python -m benchmarks.pretraining_peers --peers PYTHON`.

PYTHON is an interpreter with torch, which is no dependency of the project (`python -m venv peers; peers/bin/pip install
torch`); without it the rows say so. All clients train for an epoch, and a server averages. Times are wall times after a
run that compiles. Each set of devices has a process of its own and all are asked in turn; ratios are medians of ratios
within a turn, against the faster PyTorch way in it. The same number of parameters and steps everywhere, or no table.
"""

import os
import pathlib
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import tyro

from benchmarks import pretraining_worker, record
from benchmarks.training_peers import Worker
from sims.pretraining.descent import Descent

TITLE = "`python -m benchmarks.pretraining_peers`"
CEILING = {"size": 1024, "repeats": 8}
CASES = {
    "MAE, ViT": ("mae", "vit"),
    "SimSiam, ViT": ("simsiam", "vit"),
    "SimSiam, ResNet": ("simsiam", "resnet"),
}
ADAMW = Descent(weight_decay=0.05, warm_up=0.0, is_decayed=False)
ONE_STEP = Descent("sgd", weight_decay=0.05, steps=1, warm_up=0.0, is_decayed=False)
BY = {"AdamW": ADAMW, "one SGD step": ONE_STEP}
NOTE = (
    "N = {n_clients} clients with {n_images} images of 28 x 28 each, batches of {batch}, float32, laptop presets; "
    "AdamW takes an epoch, SGD one step. Operations are those of all matrix products in the traced gradient of one "
    "step (products with a vector and whatever is no product left out, the ResNet in its im2col form) times the "
    "steps; the ceiling is NumPy's float32 product on all cores. PyTorch is eager, with fused optimisers, scaled dot "
    "product attention, augmentations in batches and all cores in each operation unless said otherwise. Why each form "
    "on a CPU: `loop` makes one compiled call of a client's round, so that Python pays for clients and not for steps, "
    "one client's activations stay in cache, and each device works on a client of its own; `steps` pays a call for "
    "each step, and is for encoders that convolve natively, as XLA has no fast convolution inside compiled loops; "
    "`vmap` turns every product into one of {n_clients} small ones in {n_clients} times the memory, which suits an "
    "accelerator; `collapsed`, exact for one plain step with a server, takes one optimiser step and moves one model "
    "where the others do so for each client; its gradients are taken client by client as in `loop`. Our processes keep "
    "freed memory (`runtime/memory.py`), but for the one that says it is returned."
)


@dataclass(frozen=True)
class Options:
    """`peers`: a Python with torch. `turns`: timings of a way, `slow_turns` of `vmap`. `xla_flags` of the process with
    a device a core, empty as `dssl` has it. `cases` to time, `by` which steps, and the ways whose names contain one of
    `ways` (all if none is given). `record`: also append to RESULTS.md."""

    peers: pathlib.Path | None = None
    cores: int = os.cpu_count() or 1
    turns: int = 7
    slow_turns: int = 2
    n_clients: int = 20
    n_images: int = 192
    batch_size: int = 64
    xla_flags: str = ""
    cases: tuple[str, ...] = tuple(CASES)
    by: tuple[str, ...] = tuple(BY)
    ways: tuple[str, ...] = ()
    record: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False


@dataclass(frozen=True)
class Way:
    """Who is asked for what; a worker of None is a peer that was not given."""

    worker: Worker | None
    way: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    turns: int = 1


def main(options: Options) -> int:
    """Times all cases, printing (and recording) each when it is done; 1 if the ways did not do the same work."""
    o = options
    for what, given, known in (("Cases", o.cases, CASES), ("Steps", o.by, BY)):
        if unknown := set(given) - set(known):
            raise SystemExit(f"{what} are {'; '.join(known)}; got {'; '.join(sorted(unknown))}.")
    workers = started(o)
    result = 0
    note = NOTE.format(n_clients=o.n_clients, n_images=o.n_images, batch=o.batch_size)
    try:
        for name in o.cases:
            flops = pretraining_worker.step_flops(*CASES[name], o.batch_size)
            for steps in o.by:
                descent = BY[steps]
                every = ways_of(name, descent, workers, o)
                ways = {way: asked for way, asked in every.items() if not o.ways or any(part in way for part in o.ways)}
                found, missing, tops = timed(ways, workers["ceiling"], o.turns)
                if complaint := disagreement(found):
                    print(f"{name}, {descent.optimizer}: {complaint}", file=sys.stderr)
                    result = 1
                    continue
                table = summary(list(ways), found, missing, tops, flops, o.batch_size)
                rows = [{"trained": name, "by": steps, **row} for row in table]
                print(*record.table(rows), "", sep="\n", flush=True)
                if o.record:
                    record.record(TITLE, rows, note)
    finally:
        for worker in workers.values():
            if worker is not None:
                worker.close()
    return result


def started(o: Options) -> dict[str, Worker | None]:
    """A process for each set of devices, PyTorch's if there is one, and one that knows only NumPy."""

    def worker(python: str, variables: Mapping[str, str], *, virtual_devices: bool = False) -> Worker:
        return Worker(
            *(python, o.cores),
            virtual_devices=virtual_devices,
            threads=o.cores,
            script="pretraining_worker.py",
            variables={"OPENBLAS_NUM_THREADS": str(o.cores), **variables},
        )

    here = sys.executable
    return {
        "ceiling": worker(here, {}),
        "spread": worker(here, {"XLA_FLAGS": o.xla_flags}, virtual_devices=True),
        "returning": worker(here, {pretraining_worker.RETURNS_FREED: "1"}, virtual_devices=True),
        "single": worker(here, {}),
        "peers": None if o.peers is None else worker(str(o.peers), {}),
    }


def ways_of(name: str, descent: Descent, workers: Mapping[str, Worker | None], o: Options) -> dict[str, Way]:
    """Every way of one case, by what the table calls it."""
    method, encoder = CASES[name]
    how = asdict(descent) | {"batch_size": o.batch_size}
    case = {"method": method, "encoder": encoder, "n_clients": o.n_clients, "n_images": o.n_images, "descent": how}
    ways = {}
    for form in ("loop", "collapsed") if descent.steps else ("loop", "steps", "vmap"):
        for devices, worker in (("a device a core", "spread"), ("one device", "single")):
            turns = o.slow_turns if form == "vmap" else o.turns
            ways[f"engine, `{form}`, {devices}"] = Way(workers[worker], "ours", case | {"form": form}, turns)
    chosen = "collapsed" if descent.steps else "loop"
    ways[f"engine, `{chosen}`, a device a core, freed memory returned"] = Way(
        workers["returning"], "ours", case | {"form": chosen}, o.turns
    )
    torch = case | {"sizes": asdict(pretraining_worker.build(method, encoder)), "threads": o.cores}
    # Small operations may be faster on one thread, and are where other work shares the cores.
    settings: dict[str, dict[str, Any]] = {"": {}, ", one thread": {"threads": 1}}
    if encoder == "resnet":
        settings[", channels last"] = {"channels_last": True}
    for how_else, setting in settings.items():
        ways[f"PyTorch, clients in sequence{how_else}"] = Way(workers["peers"], "torch", torch | setting, o.turns)
    return ways


def timed(ways: Mapping[str, Way], top: Worker | None, turns: int) -> tuple[dict, dict[str, str], list[float]]:
    """For each way its answers by turn, why others have none, and the ceiling's operations a second by turn."""
    assert top is not None
    found: dict[str, dict[int, dict[str, float]]] = {}
    missing, tops = {}, []
    for turn in range(turns):
        answer = top.time("ceiling", **CEILING)
        tops.append(answer["flops"] / answer["wall"])
        for name, way in ways.items():
            if turn >= way.turns or name in missing:
                continue
            answer = (
                {"missing": "no --peers given"} if way.worker is None else way.worker.time(way.way, **way.arguments)
            )
            if "missing" in answer:
                missing[name] = str(answer["missing"])
            else:
                found.setdefault(name, {})[turn] = answer
    return found, missing, tops


def disagreement(found: Mapping[str, Mapping[int, Mapping[str, float]]]) -> str | None:
    """Why ways cannot be compared: other parameters or steps, or forms of ours that trained something else."""
    answers = [(name, answer) for name, by_turn in found.items() for answer in by_turn.values()]
    for what in ("parameters", "steps"):
        counts = {name: answer[what] for name, answer in answers}
        if len(set(counts.values())) > 1:
            return f"the ways differ in their {what}: {counts}. Not comparable."
    # One computation up to round-off, which AdamW enlarges; a mean loss may be near 0.
    for what, most in (("moved", 0.05), ("loss", 0.01)):
        values = {name: answer[what] for name, answer in answers if name.startswith("engine")}
        scale = max(values.values(), default=0.0) if what == "moved" else 1.0
        if values and max(values.values()) - min(values.values()) > most * scale:
            return f"forms of the engine disagree on {what}: {values}."
    return None


def summary(
    names: Sequence[str],
    found: Mapping[str, Mapping[int, Mapping[str, float]]],
    missing: Mapping[str, str],
    tops: Sequence[float],
    step_flops: int,
    batch_size: int,
) -> list[dict[str, Any]]:
    """A row for each way: medians over its turns, of ratios within a turn where there are two times."""
    peers = [found[name] for name in names if name.startswith("PyTorch") and name in found]
    fastest = [min(by_turn[t]["wall"] for by_turn in peers) for t in range(len(tops))] if peers else []
    rows = []
    for name in names:
        walls = {turn: answer["wall"] for turn, answer in found.get(name, {}).items()}
        row: dict[str, Any] = {"way": f"{name}: missing, {missing[name]}" if name in missing else name}
        row |= dict.fromkeys(("ms a round", "images a second", "PyTorch over it", "share of the ceiling", "turns"))
        if walls:
            wall = statistics.median(walls.values())
            steps = next(iter(found[name].values()))["steps"]
            row |= {"ms a round": 1e3 * wall, "images a second": steps * batch_size / wall, "turns": len(walls)}
            if fastest:
                row["PyTorch over it"] = statistics.median(fastest[t] / w for t, w in walls.items())
            row["share of the ceiling"] = statistics.median(steps * step_flops / w / tops[t] for t, w in walls.items())
        rows.append(row)
    return rows


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options)))
