"""Decides every sampled statement under fresh seeds, and counts those that come out otherwise: `make fresh`.

A true statement is called VIOLATED with a chance that `ledger/false_alarms.py` bounds. This is a test of that bound:
nothing that holds on record may be VIOLATED in some tens of runs. What is done is kept in build/.
"""

import argparse
import multiprocessing
import pathlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from rich.console import Console
from rich.progress import track

from claims import catalogue, claim
from ledger import verdicts
from ledger.checks.trained_order import TrainedAlike, TrainedOrder
from ledger.decide import decide
from ledger.statement import Evidence, Statement
from ledger.workers import WORKER_ENVIRONMENT
from runtime import cores, jobs, programs, sources, store

RECORD = store.RESULTS / "fresh_seeds.json"
SCHEMA = 1


def is_drawn(statement: Statement, evidence: str) -> bool:
    """Whether fresh seeds give other numbers: a sampled statement that is not about trainings on record."""
    return evidence == Evidence.SAMPLED and not isinstance(statement.check, TrainedOrder | TrainedAlike)


def main(arguments: Sequence[str] | None = None) -> int:
    """Decides, prints what came out otherwise, and writes the record; exit code 1 when what holds was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.fresh_seeds", description=__doc__)
    parser.add_argument("--runs", type=int, default=30, help="how many fresh seeds each statement gets")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=RECORD)
    chosen = parser.parse_args(arguments)
    evidence = {verdicts.key(r): r["evidence"] for r in verdicts.recorded()}
    known = {verdicts.key(r): r["status"] for r in verdicts.recorded()}
    wanted = {
        name: [s.key for s in found.statements if is_drawn(s, evidence.get(s.key, ""))]
        for name, found in catalogue().items()
    }
    specs = [
        {"claim": name, "keys": keys, "run": run}
        for run in range(1, chosen.runs + 1)
        for name, keys in wanted.items()
        if keys
    ]
    found = _decided(specs, chosen.workers)
    others = [
        {"key": key, "run": d.spec["run"], "recorded": known[key], "found": status}
        for d in found
        for key, status in d.result.items()
        if status != known[key]
    ]
    alarms = sum(o["recorded"] == "HOLDS" and o["found"] == "VIOLATED" for o in others)
    counts = {"runs": chosen.runs, "statements": sum(map(len, wanted.values())), "false_alarms": alarms}
    listed = sorted(others, key=lambda o: (o["key"], o["run"]))
    store.write(chosen.out, store.rows({"schema": SCHEMA, **counts, "otherwise": listed}))
    for (key, recorded, status), n in sorted(Counter((o["key"], o["recorded"], o["found"]) for o in others).items()):
        print(f"{key}: {status} in {n} of {chosen.runs} runs, {recorded} on record")
    print(f"{counts['statements']} statements, {chosen.runs} runs: {alarms} false alarms.")
    return int(alarms > 0)


def _decided(specs: Sequence[dict[str, Any]], workers: int) -> list[jobs.Done]:
    digest = sources.digest()
    folder = jobs.Folder(pathlib.Path("build", "fresh", digest), {"what": "fresh seeds", "code": digest})
    context = multiprocessing.get_context("spawn")
    with cores.environment({**WORKER_ENVIRONMENT, **programs.kept()}), ProcessPoolExecutor(workers, context) as pool:
        found = list(track(jobs.run(_job, specs, folder, pool), "Runs", total=len(specs), console=Console(stderr=True)))
    if broken := next((d for d in found if d.error), None):
        raise SystemExit(f"{broken.spec['claim']} broke under a fresh seed:\n{broken.error}")
    return found


def _job(spec: dict[str, Any]) -> dict[str, str]:
    found = claim(spec["claim"])
    chosen = [s for s in found.statements if s.key in spec["keys"]]
    return {s.key: str(decide(found, s, "quick", fresh_seed=spec["run"]).verdict.status) for s in chosen}


if __name__ == "__main__":
    raise SystemExit(main())
