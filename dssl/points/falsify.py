"""Attacks on statements with a domain, one or many: what `dssl falsify` calls."""

import multiprocessing
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from typing import Any

import numpy as np

from claims import catalogue
from dssl.points.check import statement_of
from ledger import attack, verdicts
from ledger.attack_record import Row
from ledger.checks.on_domain import OnDomain, Outcome
from ledger.decide import seed_of
from ledger.statement import Status
from ledger.workers import WORKER_ENVIRONMENT
from runtime import cores, jobs, programs, sources
from runtime.store import jsonable
from runtime.usage import UsageError
from theory.domain import Point


def attackable() -> list[str]:
    """The keys of all statements with a domain, sorted, but those that are refuted on record."""
    refuted = {verdicts.key(r) for r in verdicts.recorded() if r["status"] != Status.HOLDS}
    stated = (s for claim in catalogue().values() for s in claim.statements)
    return sorted(s.key for s in stated if s.given is not None and s.key not in refuted)


def falsified(key: str, seconds: float, seed: int | None = None, told: Callable[[int], None] = lambda _: None) -> Row:
    """One attack: {"key", "date", "seconds", "tried", "coverage", "ratio", "worst_at", "witness", "check"}.

    `witness` is None, or the simplest point found where the statement fails; `check` is the command that shows it.
    `told` learns after each point how many were tried. None were where the time is too short for one: then nothing is
    known.
    Errors: UsageError for an unknown key or a statement without a domain.
    """
    statement = statement_of(key)
    check = statement.check
    assert isinstance(check, OnDomain), "whoever has a domain has this check"
    start = seed_of(statement) if seed is None else seed
    found = attack.attack(check.given, check.then, seconds, start, told=told)
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


def refuse_untried(row: Row) -> Row:
    """The row again. Errors: UsageError where the time was too short for a single point."""
    if not row["tried"]:
        raise UsageError(f"{row['seconds']:g} s are too short for a single point of {row['key']}. Give it more time.")
    return row


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


def line(key: str, at: Point) -> str:
    """The command that measures the statement at a point, its numbers in full."""
    return f"dssl check {key} --at " + " ".join(f"{name}={value}" for name, value in at.items())


def _numbers(one: Outcome) -> dict[str, float]:
    return {"claimed": one.claimed, "measured": one.measured, "standard_error": one.standard_error}


def _rounded(at: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(f"{v:.4g}") if isinstance(v, float) else v for name, v in at.items()}


def _job(spec: dict[str, Any]) -> Row:
    return falsified(spec["key"], spec["seconds"], spec["seed"])
