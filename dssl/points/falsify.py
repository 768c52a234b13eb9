"""Attacks on statements with a domain, one or many: what `dssl falsify` calls, and the record of attacks survived."""

import json
import multiprocessing
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from typing import Any

import numpy as np

from claims import catalogue
from dssl.points.check import statement_of
from ledger import attack, verdicts
from ledger.checks.on_domain import OnDomain, Outcome
from ledger.decide import seed_of
from ledger.statement import Status
from ledger.workers import WORKER_ENVIRONMENT
from runtime import cores, jobs, programs, sources, store
from runtime.store import jsonable
from runtime.usage import UsageError
from theory.domain import Point

ATTACKS = store.RESULTS / "attacks.json"
SCHEMA = 1
Row = dict[str, Any]


def attackable() -> list[str]:
    """The keys of all statements with a domain, sorted, but those that are refuted on record."""
    refuted = {verdicts.key(r) for r in verdicts.recorded() if r["status"] != Status.HOLDS}
    stated = (s for claim in catalogue().values() for s in claim.statements)
    return sorted(s.key for s in stated if s.given is not None and s.key not in refuted)


def falsified(key: str, seconds: float, seed: int | None = None) -> Row:
    """One attack: {"key", "date", "seconds", "tried", "coverage", "ratio", "worst_at", "witness", "check"}.

    `witness` is None, or the simplest point found where the statement fails; `check` is the command that shows it.
    Errors: UsageError for an unknown key or a statement without a domain.
    """
    statement = statement_of(key)
    check = statement.check
    assert isinstance(check, OnDomain), "whoever has a domain has this check"
    start = seed_of(statement) if seed is None else seed
    found = attack.attack(check.given, check.then, seconds, start)
    at = None if found.witness is None else found.witness.at
    return jsonable(
        {
            "key": key,
            "date": date.today().isoformat(),
            "seconds": round(found.seconds, 1),
            "tried": found.tried,
            "coverage": round(found.coverage, 3),
            "ratio": found.ratio,
            "worst_at": None if found.worst is None else _rounded(found.worst.at),
            "witness": None if found.witness is None else {**found.witness.at, **_numbers(found.witness)},
            "check": None if at is None else line(key, at),
        }
    )


def many(keys: Sequence[str], seconds: float, seed: int | None, workers: int, folder: pathlib.Path) -> Iterator[Row]:
    """Attacks on all these statements in some processes; those that `folder` has from this state of the code are read.

    Errors: UsageError where the folder holds other jobs; RuntimeError when an attack breaks.
    """
    purpose = {"what": "attacks", "seconds": seconds, "seed": seed, "code": sources.digest()}
    context = multiprocessing.get_context("spawn")
    with cores.environment({**WORKER_ENVIRONMENT, **programs.kept()}), ProcessPoolExecutor(workers, context) as pool:
        specs = [{"key": key, "seconds": seconds, "seed": seed} for key in keys]
        for done in jobs.run(_job, specs, jobs.Folder(folder, purpose), pool):
            if done.error:
                raise RuntimeError(f"The attack on {done.spec['key']} broke:\n{done.error}")
            yield done.result


def sample(keys: Sequence[str], n: int, day: str) -> list[str]:
    """Some of the keys, chosen by a date: equal for equal dates."""
    rng = np.random.default_rng(int(day.replace("-", "")))
    return sorted(rng.choice(list(keys), min(n, len(keys)), replace=False).tolist())


def recorded(path: pathlib.Path = ATTACKS) -> dict[str, Row]:
    """The last attack on record of each statement, by key; none without a record."""
    if not path.exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("schema") != SCHEMA:
        raise UsageError(f"{path} has schema {content.get('schema')!r}; this version reads {SCHEMA}. Make it anew.")
    return {row["key"]: row for row in content["attacks"]}


def record(rows: Sequence[Row], path: pathlib.Path = ATTACKS) -> None:
    """Puts these attacks on record in place of earlier ones; statements that are gone are left out."""
    kept = {**recorded(path), **{row["key"]: row for row in rows}}
    known = set(attackable())
    listed = [{n: v for n, v in kept[key].items() if v is not None} for key in sorted(kept) if key in known]
    store.write(path, store.rows({"schema": SCHEMA, "attacks": listed}))


def line(key: str, at: Point) -> str:
    """The command that measures the statement at a point, its numbers in full."""
    return f"dssl check {key} --at " + " ".join(f"{name}={value}" for name, value in at.items())


def _numbers(one: Outcome) -> dict[str, float]:
    return {"claimed": one.claimed, "measured": one.measured, "standard_error": one.standard_error}


def _rounded(at: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(f"{v:.4g}") if isinstance(v, float) else v for name, v in at.items()}


def _job(spec: dict[str, Any]) -> Row:
    return falsified(spec["key"], spec["seconds"], spec["seed"])
