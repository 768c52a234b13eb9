"""Makes deliberate errors and counts those that `dssl verify` notices: `python -m tests.mutants`, or `make mutants`.

First every claim is decided once to see which lines it runs. Then errors are chosen at random from the lines reached,
equally many of each kind where there are enough. Each is judged by the claims that reach its line, quickest first,
until one of them differs from the record. An error that none notices counts only if it changes a value.
"""

import argparse
import hashlib
import json
import multiprocessing
import pathlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from claims import claim_ids
from ledger.workers import WORKER_ENVIRONMENT
from runtime import cores, jobs, programs, sources, store
from tests.mutants import trial
from tests.mutants.operators import KINDS, mutants

MUTATED = ("theory", "sims/linear", "sims/rounds", "sims/samplers", "sims/losses")
PRELOADED = ("jax", "jax.numpy", "sympy", "scipy.stats", "scipy.optimize", "networkx", "optax", "jaxtyping", "rich")
SEED = 1
RECORD = trial.ROOT / "results" / "mutants.json"
PAGE = trial.ROOT / "docs" / "mutants.md"
LONGEST = 60.0  # seconds beyond five times what the claims take


def main(arguments: Sequence[str]) -> int:
    """Runs what is asked for; exit code 1 when an error on record as noticed is not noticed anymore."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--number", type=int, default=600, help="how many errors to make")
    parser.add_argument("--sample", metavar="DATE", help="only as many as --number of those on record, chosen by date")
    parser.add_argument("--survivors", action="store_true", help="only those on record that nobody noticed")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    environment = {**WORKER_ENVIRONMENT, **programs.kept()}
    with cores.environment(environment), ThreadPoolExecutor(chosen.workers) as threads:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        reached = _reached(threads)
        if chosen.sample or chosen.survivors:
            known = json.loads(RECORD.read_text(encoding="utf-8"))["mutants"]
            wanted = [m for m in known if bool(m["noticed_by"]) is bool(chosen.sample)]
            specs = _again(wanted, chosen, reached)
        else:
            specs = _chosen(chosen.number, reached)
        return _tried(specs, threads, is_record=not (chosen.sample or chosen.survivors))


def _reached(threads: ThreadPoolExecutor) -> dict[str, dict[str, Any]]:
    """What each claim runs, by its id. Errors: SystemExit when a claim differs from the record without any error."""
    folder = jobs.Folder(store_folder("reach"), {"what": "lines that claims reach", "code": sources.digest()})
    specs = [{"claim": claim} for claim in claim_ids()]
    done = track(jobs.run(_reach_job, specs, folder, threads), "lines", total=len(specs), console=Console(stderr=True))
    found = {d.spec["claim"]: d for d in done}
    for claim, d in found.items():
        if d.error or d.result["differs"]:
            raise SystemExit(f"{claim} differs without any error made: {d.error or d.result['differs']}")
    return {claim: d.result for claim, d in found.items()}


def _chosen(number: int, reached: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Errors at lines that some claim reaches: in turn one of each kind, in a random order."""
    rng = np.random.default_rng(SEED)
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file, by_line in _by_line(reached).items():
        for m in mutants((trial.ROOT / file).read_text(encoding="utf-8")):
            if m.line in by_line:
                by_kind[m.kind].append({"file": file, **vars(m)})
    for kind in KINDS:
        rng.shuffle(by_kind[kind])  # type: ignore[arg-type]  (a list is shuffled in place)
    taken = []
    while len(taken) < number and any(by_kind.values()):
        taken += [by_kind[kind].pop() for kind in KINDS if by_kind[kind]]
    return [_spec(m, reached) for m in taken[:number]]


def _by_line(reached: Mapping[str, Any]) -> dict[str, dict[int, list[str]]]:
    """The claims that run each line of each file, quickest first."""
    found: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for claim, result in sorted(reached.items(), key=lambda one: one[1]["seconds"]):
        for file, lines in result["lines"].items():
            if file.startswith(tuple(f"{folder}/" for folder in MUTATED)):
                for line in lines:
                    found[file][line].append(claim)
    return found


def _spec(m: Mapping[str, Any], reached: Mapping[str, Any]) -> dict[str, Any]:
    claims = _by_line(reached)[m["file"]].get(m["line"], [])
    limit = LONGEST + 5 * sum(reached[c]["seconds"] for c in claims)
    kept = ("file", "index", "line", "kind", "was", "becomes")
    return {**{k: m[k] for k in kept}, "claims": claims, "limit": round(limit)}


def _again(known: Sequence[Mapping[str, Any]], chosen: Any, reached: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those on record, found again by their text: all, or some chosen by date."""
    specs = []
    for m in known:
        source = (trial.ROOT / m["file"]).read_text(encoding="utf-8")
        same = [n for n in mutants(source) if (n.kind, n.was, n.becomes) == (m["kind"], m["was"], m["becomes"])]
        if same:
            nearest = min(same, key=lambda n: abs(n.line - m["line"]))
            specs.append(_spec({"file": m["file"], **vars(nearest)}, reached))
    if chosen.sample:
        rng = np.random.default_rng(int(hashlib.sha256(chosen.sample.encode()).hexdigest()[:8], 16))
        specs = [specs[i] for i in sorted(rng.choice(len(specs), min(chosen.number, len(specs)), replace=False))]
    return specs


def _tried(specs: Sequence[dict[str, Any]], threads: ThreadPoolExecutor, *, is_record: bool) -> int:
    folder = jobs.Folder(store_folder("tried"), {"what": "deliberate errors", "code": sources.digest()})
    done = track(jobs.run(_judge_job, specs, folder, threads), "errors", total=len(specs), console=Console(stderr=True))
    found = [{**d.spec, **(d.result or {"noticed_by": "", "how": f"not tried: {d.error[-200:]}"})} for d in done]
    found.sort(key=lambda m: (m["file"], m["line"], m["index"]))
    counted = [m for m in found if m["noticed_by"] or m["how"] != "changes no value"]
    noticed = sum(bool(m["noticed_by"]) for m in counted)
    console = Console()
    for m in counted:
        if not m["noticed_by"]:
            console.print(f"{m['file']}:{m['line']} {m['kind']}: {m['was']}  ->  {m['becomes']}", soft_wrap=True)
            console.print(f"    {m['how']} Reached by {', '.join(m['claims'][:4])}", soft_wrap=True)
    console.print(f"{noticed} of {len(counted)} noticed; {len(found) - len(counted)} more change no value.")
    if is_record:
        store.write(RECORD, store.rows({"schema": 1, "mutants": [_row(m) for m in found]}))
    return 0 if noticed == len(counted) or is_record else 1


def _row(m: Mapping[str, Any]) -> dict[str, Any]:
    return {k: m[k] for k in ("file", "line", "kind", "was", "becomes", "noticed_by", "how")}


def _reach_job(spec: dict[str, Any]) -> dict[str, Any]:
    return _in_a_process(trial.reach, (spec["claim"],), 600.0)


def _judge_job(spec: dict[str, Any]) -> dict[str, Any]:
    """Judged; if nobody noticed, whether a value changes at all."""
    if not spec["claims"]:
        return {"noticed_by": "", "how": "reached by no claim anymore."}
    try:
        result = _in_a_process(trial.judge, (spec["file"], spec["index"], spec["claims"]), spec["limit"])
    except TimeoutError:
        return {"noticed_by": "the clock", "how": f"not decided in {spec['limit']} seconds"}
    except EOFError:
        return {"noticed_by": "the system", "how": "the process died"}
    if result["noticed_by"]:
        return result
    limit = 4 * spec["limit"]
    before = _in_a_process(trial.values, (spec["file"], None, spec["claims"]), limit)["values"]
    after = _in_a_process(trial.values, (spec["file"], spec["index"], spec["claims"]), limit)["values"]
    if trial.are_the_same(before, after):
        return {"noticed_by": "", "how": "changes no value"}
    moved = sorted({a[0] for a, b in zip(before, after, strict=False) if not trial.are_the_same([a], [b])})
    return {"noticed_by": "", "how": f"Moves {', '.join(moved[:3]) or 'how often functions are called'}."}


def _in_a_process(function: Any, arguments: tuple[Any, ...], seconds: float) -> dict[str, Any]:
    """The function's result from a fresh process. Errors: TimeoutError, EOFError when it died, RuntimeError."""
    context = multiprocessing.get_context("forkserver")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=trial.send, args=(there, function, arguments), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(seconds):
            raise TimeoutError(f"{function.__name__} took more than {seconds:.0f} seconds.")
        is_good, result = here.recv()
    finally:
        process.kill()
        process.join()
    if not is_good:
        raise RuntimeError(result)
    return result


def store_folder(name: str) -> pathlib.Path:
    """Where jobs of this state of the code are kept, so that an interrupted run goes on."""
    return trial.ROOT / "build" / "mutants" / sources.digest() / name


def summary(found: Sequence[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """How many of each kind were noticed, were not, and change no value."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for m in found:
        end = "noticed" if m["noticed_by"] else "changes no value" if m["how"] == "changes no value" else "survived"
        table[m["kind"]][end] += 1
    return table
