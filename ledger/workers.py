"""Decides claims, and computes the derived constants, in a few worker processes; hands over each result as it comes.

A worker runs its linear algebra on one thread: the claims are the parallelism, and a sum then never depends on how many
cores a machine has.
"""

import multiprocessing
import pathlib
import signal
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Any

from ledger import verdicts
from ledger.decide import decide
from ledger.statement import Claim
from ledger.verdicts import About, Row
from runtime import cores, programs
from runtime.effort import Tier
from runtime.usage import UsageError

WORKER_ENVIRONMENT = {
    **cores.ONE_THREAD,
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # two workers share one accelerator
}
# Sampled and searched claims take longest: started first, none of them is left running alone at the end.
_SLOWEST_FIRST = ("SAMPLED", "SEARCHED", "CERTIFIED", "NUMERIC", "ENUMERATED", "PROVED", "READING")
CONSTANTS = "derived constants"  # in place of a claim's id


@dataclass(frozen=True)
class Outcome:
    """One claim's rows, seconds and what it is about; of the constants, how many there are and which ones moved.

    `error` is the traceback when a check itself broke, and then there is nothing else.
    """

    claim: str
    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    error: str = ""
    about: About | None = None
    n_constants: int = 0
    moved: tuple[Any, ...] = ()


Load = Callable[[str], Claim]
# The keys wanted of a claim, by the claim's id. A claim that is not in it is decided whole.
Only = Mapping[str, Collection[str]]


def decide_claim(load: Load, claim_id: str, tier: Tier, spoil: bool = False, only: Only | None = None) -> Outcome:
    """Every statement of one claim, or `only` some, decided here; `spoil`: each by its own factor."""
    started = time.perf_counter()
    try:
        claim = load(claim_id)
        wanted = (only or {}).get(claim_id)
        chosen = [s for s in claim.statements if wanted is None or s.key in wanted]
        rows = [verdicts.row(decide(claim, s, tier, s.spoil if spoil else 1.0)) for s in chosen]
    except Exception:  # a broken check is reported beside the others' verdicts; the command then fails
        return Outcome(claim_id, seconds=time.perf_counter() - started, error=traceback.format_exc())
    return Outcome(claim_id, rows, time.perf_counter() - started, about=verdicts.about(claim))


def compute_constants(path: pathlib.Path) -> Outcome:
    """Every derived constant, compared with the record at `path`. `moved` are `ledger.constants.Moved`.

    Errors: UsageError, before anything is computed, for a record that is missing or damaged.
    """
    started = time.perf_counter()
    try:
        from ledger.constants import constants, moved, recorded

        record = recorded(path)
        found = constants()
        moves = tuple(moved(record, found))
    except UsageError:  # of the record, which is bad input and no broken check
        raise
    except Exception:  # as of a claim
        return Outcome(CONSTANTS, seconds=time.perf_counter() - started, error=traceback.format_exc())
    return Outcome(CONSTANTS, seconds=time.perf_counter() - started, n_constants=len(found), moved=moves)


def run(
    load: Load,
    claims: Sequence[str],
    tier: Tier,
    n_workers: int,
    spoil: bool = False,
    only: Only | None = None,
    constants: pathlib.Path | None = None,
) -> Iterator[Outcome]:
    """Each claim's outcome, in the order of completion, and that of the constants if their record is given.

    Abandoned or interrupted, it ends its workers at once.
    `load` is a function of a module, such as `claims.claim`: every worker imports it anew.
    """
    context = multiprocessing.get_context("spawn")  # a forked XLA client hangs
    with cores.environment(WORKER_ENVIRONMENT | programs.kept()):
        n_jobs = len(claims) + (constants is not None)
        pool = ProcessPoolExecutor(max(1, min(n_workers, n_jobs)), context, initializer=_prepare_worker)
        # Constants take as long as the slowest claims: begun first, they are not left running alone at the end.
        futures = [pool.submit(compute_constants, constants)] if constants is not None else []
        futures += [pool.submit(decide_claim, load, c, tier, spoil, only) for c in claims]
        is_complete = False
        try:
            for future in as_completed(futures):
                yield future.result()
            is_complete = True
        finally:
            pool.shutdown(wait=is_complete, cancel_futures=True)
            if not is_complete:
                for child in multiprocessing.active_children():
                    child.terminate()


def schedule(claims: Sequence[str], recorded_rows: Sequence[Row]) -> list[str]:
    """The claims, those with the slowest recorded kind of evidence first; unrecorded ones before all."""
    slowest: dict[str, int] = {}
    for r in recorded_rows:
        rank = _SLOWEST_FIRST.index(r["evidence"]) if r["evidence"] in _SLOWEST_FIRST else 0
        slowest[r["claim"]] = min(rank, slowest.get(r["claim"], rank))
    return sorted(claims, key=lambda c: (slowest.get(c, -1), c))


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends the workers
    cores.end_with_parent()
