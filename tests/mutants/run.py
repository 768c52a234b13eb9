"""Makes deliberate errors and counts those that `dssl verify` notices: `python -m tests.mutants`, or `make mutants`.

First every claim is decided once to see which lines it runs. Then errors are chosen at random from the lines reached,
equally many of each kind where there are enough. Each is judged by the claims that reach its line, quickest first,
until one of them differs from the record. An error that none notices counts only if it changes a value.
"""

import argparse
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
from ledger.workers import CONSTANTS, WORKER_ENVIRONMENT
from runtime import cores, jobs, programs, sources
from tests.mutants import record, trial
from tests.mutants.operators import KINDS, mutants

MUTATED = ("theory", "sims/linear", "sims/rounds", "sims/samplers", "sims/losses")
PRELOADED = ("jax", "jax.numpy", "sympy", "scipy.stats", "scipy.optimize", "networkx", "optax", "jaxtyping", "rich")
SEED = 1
LONGEST = 60.0  # seconds beyond five times what the claims take


def main(arguments: Sequence[str]) -> int:
    """Runs what is asked for; exit code 1 when a sample of those on record as noticed is not noticed whole."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--number", type=int, default=500, help="how many errors to make")
    parser.add_argument("--sample", metavar="DATE", help="only --number of those on record as noticed, chosen by date")
    parser.add_argument("--survivors", action="store_true", help="only those on record that nobody noticed")
    parser.add_argument("--seed", type=int, default=SEED, help="another random choice, of which nothing is recorded")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    with cores.environment({**WORKER_ENVIRONMENT, **programs.kept()}), ThreadPoolExecutor(chosen.workers) as threads:
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(PRELOADED))
        if chosen.sample:
            found = _tried(_sampled(chosen.number, chosen.sample), threads)
            return int(_told(found))
        reached = _reached(threads)
        if chosen.survivors:
            known = record.read()
            again = _tried([_spec(m, reached) for m in known if record.end(m) == record.SURVIVED], threads)
            names = {record.name(m) for m in again}
            found = [m for m in known if record.name(m) not in names] + again
        else:
            found = _tried(_chosen(chosen.number, reached, chosen.seed), threads)
        _told(found)
        if chosen.seed == SEED:
            record.write(found)
        return 0


def _reached(threads: ThreadPoolExecutor) -> dict[str, dict[str, Any]]:
    """What each claim runs, by its id, and what the derived constants run.

    Errors: SystemExit when a claim differs from the record without any error.
    """
    folder = jobs.Folder(store_folder("reach"), {"what": "lines that claims reach", "code": sources.digest()})
    specs = [{"claim": claim} for claim in (*claim_ids(), CONSTANTS)]
    done = track(jobs.run(_reach_job, specs, folder, threads), "lines", total=len(specs), console=Console(stderr=True))
    found = {d.spec["claim"]: d for d in done}
    for claim, d in found.items():
        if d.error or d.result["differs"]:
            raise SystemExit(f"{claim} differs without any error made: {d.error or d.result['differs']}")
    return {claim: d.result for claim, d in found.items()}


def _chosen(number: int, reached: Mapping[str, Any], seed: int) -> list[dict[str, Any]]:
    """Errors at lines that some claim reaches: in turn one of each kind, in a random order."""
    rng = np.random.default_rng(seed)
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file, by_line in _by_line(reached).items():
        for m in mutants((trial.ROOT / file).read_text(encoding="utf-8")):
            if m.line in by_line:
                by_kind[m.kind].append({"file": file, **vars(m)})
    for kind in KINDS:
        rng.shuffle(by_kind[kind])  # type: ignore[arg-type]  (a list is shuffled in place)
    taken = []
    while len(taken) < number and any(by_kind.values()):
        drawn = (by_kind[kind].pop() for kind in KINDS if by_kind[kind])
        # What this module needs itself, such as domains, is imported before any error could be made in it.
        taken += [m for m in drawn if not trial.is_imported(m["file"])]
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
    m = m if "index" in m else _found_again(m)
    claims = _by_line(reached)[m["file"]].get(m["line"], [])
    limit = LONGEST + 5 * sum(reached[c]["seconds"] for c in claims)
    kept = ("file", "index", "line", "kind", "was", "becomes")
    return {**{k: m[k] for k in kept}, "claims": claims, "limit": round(limit)}


def _sampled(number: int, day: str) -> list[dict[str, Any]]:
    """Some on record as noticed, chosen by a date; each is to be noticed by the same claim again."""
    known = [m for m in record.read() if m["noticed_by"] in (*claim_ids(), CONSTANTS)]
    rng = np.random.default_rng(int(day.replace("-", "")))
    some = [known[i] for i in sorted(rng.choice(len(known), min(number, len(known)), replace=False))]
    return [{**_found_again(m), "claims": [m["noticed_by"]], "limit": round(5 * LONGEST)} for m in some]


def _found_again(m: Mapping[str, Any]) -> dict[str, Any]:
    """One on record as the source has it now. Errors: SystemExit when the source does not have it anymore."""
    source = (trial.ROOT / m["file"]).read_text(encoding="utf-8")
    same = [n for n in mutants(source) if (n.kind, n.was, n.becomes) == (m["kind"], m["was"], m["becomes"])]
    if not same:
        raise SystemExit(f"{m['file']} has no {m['was']!r} anymore; make the record anew with `make mutants`.")
    return {"file": m["file"], **vars(min(same, key=lambda n: abs(n.line - m["line"])))}


def _tried(specs: Sequence[dict[str, Any]], threads: ThreadPoolExecutor) -> list[dict[str, Any]]:
    folder = jobs.Folder(store_folder("tried"), {"what": "deliberate errors", "code": sources.digest()})
    done = jobs.run(_judge_job, specs, folder, threads)
    found = []
    for d in track(done, "errors", total=len(specs), console=Console(stderr=True)):
        if d.error:
            raise SystemExit(f"An error could not be judged: {d.spec}\n{d.error}")
        found.append({**d.spec, **d.result})
    return found


def _told(found: Sequence[Mapping[str, Any]]) -> bool:
    """Prints those that nobody noticed, and the counts; whether there were any."""
    ends = Counter(map(record.end, found))
    for m in found:
        if record.end(m) == record.SURVIVED:
            print(f"{m['file']}:{m['line']} {m['kind']}: {m['was']}  ->  {m['becomes']}  ({m['how']})")
    print(", ".join(f"{n} {end}" for end, n in sorted(ends.items())))
    return bool(ends[record.SURVIVED])


def _reach_job(spec: dict[str, Any]) -> dict[str, Any]:
    return _in_a_process(trial.reach, (spec["claim"],), 600.0)


def _judge_job(spec: dict[str, Any]) -> dict[str, Any]:
    """Judged; if nobody noticed, whether a value changes at all, and then whether a number of a statement does."""
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
    inside = _moved(trial.values, spec)
    if inside is None:
        return {"noticed_by": "", "how": record.UNCHANGED}
    if shown := _moved(trial.numbers_of_statements, spec):
        return {"noticed_by": "", "how": f"Moves {', '.join(shown[:3])}."}
    where = ", ".join(inside[:3]) or "how often functions are called"
    return {"noticed_by": "", "how": f"{record.INSIDE}: moves {where}, and no number of a statement."}


def _moved(listen: Any, spec: Mapping[str, Any]) -> list[str] | None:
    """The names of the values that the error moves, as `listen` hears them; None if it moves none."""
    # Most errors that change anything do so in the first claim.
    for claims in filter(None, (spec["claims"][:1], spec["claims"][1:])):
        before, after = (
            _in_a_process(listen, (spec["file"], index, claims), 4 * spec["limit"])["values"]
            for index in (None, spec["index"])
        )
        if not trial.are_the_same(before, after):
            return sorted({a[0] for a, b in zip(before, after, strict=False) if not trial.are_the_same([a], [b])})
    return None


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
