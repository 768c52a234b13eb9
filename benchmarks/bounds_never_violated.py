"""Proven bounds against 10^4 data sets a case: `python -m benchmarks.bounds_never_violated`.

Each case draws data sets at one setting and counts those whose 1 - r_k, at the one k that the bound speaks of, lies
beyond the bound. The cases that are done are kept in `results/bounds_trials.json`: a run that was stopped goes on.
"""

import dataclasses
import itertools
import pathlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from scipy import stats

from benchmarks.record import record
from runtime import store
from sims.samplers import montecarlo
from theory.deficits.closed_forms import deficit
from theory.deficits.finite_sample import Side, deficit_bound
from theory.readings import EXPECTED, Objective, Reading, Scope
from theory.setting import Setting

RECORD = store.RESULTS / "bounds_trials.json"
SCHEMA = 1
Site = Literal["fl", "local"]
SIDES: tuple[Side, ...] = ("upper", "lower")
# The scopes that one matrix serves, and the coordinate k that stands for the others by symmetry (client 0's data).
LOOKS: dict[Site, dict[Scope, int]] = {"fl": {Scope.FL: 0}, "local": {Scope.LOCAL_OWN: 0, Scope.LOCAL_OTHER: 1}}
# (N, d, samples a client over d, sigma): from loose bounds to bounds within a percent of the mean.
SIZES = (
    (2, 48, 128, 1.0),
    (3, 48, 64, 0.3),
    (4, 256, 64, 0.3),
    (4, 256, 256, 1.0),
    (6, 1024, 400, 1.0),
    (4, 65_536, 120, 1.0),
    (3, 2**20, 1000, 1.0),
)
# Here a client's own data give no CL bound, or no fast draw.
FL_SIZES = ((2, 48, 8, 1.0), (4, 256, 64, 1.0), (4, 65_536, 30, 1.0), (3, 2**20, 8, 1.0))
CHANCE_OF_A_FALSE_ALARM = 1e-6


@dataclass(frozen=True)
class Options:
    """`trials` a case, bounds at failure probability `delta`; `seed` of the first case; `json` keeps the record, and
    `record` adds its summary to RESULTS.md.
    """

    trials: int = 10_000
    delta: float = 0.05
    seed: int = 4096
    json: pathlib.Path = store.HERE / RECORD.name
    record: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False


@dataclass(frozen=True)
class Case:
    """One objective, matrix and size; its scopes share the data sets."""

    objective: Objective
    site: Site
    setting: Setting

    def name(self, scope: Scope) -> str:
        """The key of a scope's row in the record."""
        s = self.setting
        sizes = f"N={s.n_clients} d={s.dim} n={s.samples_per_client} sigma={s.augmentation_std}"
        return f"{self.objective.value} {scope.value} {sizes}"

    @property
    def names(self) -> list[str]:
        """The keys of all its rows."""
        return [self.name(scope) for scope in LOOKS[self.site]]


def cases() -> list[Case]:
    """The grid."""
    points = [("fl", size) for size in SIZES + FL_SIZES] + [("local", size) for size in SIZES]
    return [
        Case(objective, site, Setting.paper(dim, n_clients=n, samples_per_client=ratio * dim, augmentation_std=std))
        for (site, (n, dim, ratio, std)), objective in itertools.product(points, Objective)
    ]


def run_case(case: Case, options: Options, seed: int) -> dict[str, Any]:
    """Rows by name: for each side the bound, or why it is void, the trials beyond it and how tight it is.

    A trial counts as a violation already if its truncation error could have hidden one.
    """
    s, objective = case.setting, case.objective
    draws = 1 if objective is Objective.CL else EXPECTED
    sample = montecarlo.sample_representability(
        seed, s, objective=objective, scope=case.site, reading=Reading(draws=draws), trials=options.trials
    )
    common: dict[str, Any] = {"setting": dataclasses.asdict(s), "objective": objective, "delta": options.delta}
    common |= {"seed": seed, "trials": len(sample.r), "method": sample.method, "truncation": sample.truncation}
    rows = {}
    for scope, k in LOOKS[case.site].items():
        missing = 1 - sample.r[:, k]
        row = {"scope": scope, "mean": missing.mean(), "least": missing.min(), "largest": missing.max()}
        row["second_order"] = deficit(s, objective, scope, draws)
        for side in SIDES:
            bound = deficit_bound(s, objective, scope, options.delta, side)
            if bound.value is None:
                row[side] = {"bound": None, "void_reason": bound.void_reason}
                continue
            over, worst = missing + sample.truncation > bound.value, row["largest"]
            if side == "lower":
                over, worst = missing - sample.truncation < bound.value, row["least"]
            row[side] = {
                "bound": bound.value,
                "violations": int(over.sum()),
                "bound_over_mean": bound.value / row["mean"],
                "bound_over_worst": bound.value / worst,
            }
        rows[case.name(scope)] = common | row
    return rows


def main(options: Options) -> int:
    """Runs the cases that the record lacks, then shows all; 1 if some bound fails more often than it may."""
    grid, console = cases(), Console(stderr=True)
    names = [name for case in grid for name in case.names]
    store.check_writable(options.json)
    done: dict[str, Any] = store.record(options.json, SCHEMA)["cells"] if options.json.exists() else {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("cells", total=len(grid))
        for seed, case in enumerate(grid, start=options.seed):
            progress.update(task, description=case.names[-1])
            asked = {"delta": options.delta, "seed": seed, "trials": options.trials}
            if not all(asked.items() <= done.get(name, {}).items() for name in case.names):
                done |= store.jsonable(run_case(case, options, seed))
                ordered = {name: done[name] for name in names if name in done}
                store.write(options.json, store.rows({"schema": SCHEMA, "cells": ordered}))
            progress.advance(task)
    rows = {name: done[name] for name in names}
    Console().print(_table(rows))
    if options.record:
        title = f"proven bounds at failure probability {options.delta}, {options.trials} data sets a case"
        record(f"`python -m benchmarks.bounds_never_violated`: {title}", summary(rows))
    allowed = stats.binom.isf(CHANCE_OF_A_FALSE_ALARM, options.trials, options.delta)
    return int(any(row[side].get("violations", 0) > allowed for row in rows.values() for side in SIDES))


def summary(rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of every objective, scope and side: cases with a bound and without, most violations, loosest and tightest bound.

    The two are bound over mean for an upper bound, mean over bound for a lower one: 1 would be the mean itself.
    """
    found = []
    for objective, scope, side in itertools.product(Objective, Scope, SIDES):
        here = [row for row in rows.values() if (row["objective"], row["scope"]) == (objective, scope)]
        bounds = [row[side] for row in here if row[side]["bound"] is not None]
        loose = sorted(b["bound_over_mean"] if side == "upper" else 1 / b["bound_over_mean"] for b in bounds)
        found.append(
            {
                "objective": objective.value,
                "scope": scope.value,
                "side": side,
                "cells": len(bounds),
                "void": len(here) - len(bounds),
                "most violations": max((b["violations"] for b in bounds), default=None),
                "tightest": loose[0] if loose else None,
                "loosest": loose[-1] if loose else None,
            }
        )
    return found


def _table(rows: dict[str, Any]) -> Table:
    case = Column("case", no_wrap=True)
    table = Table(case, "side", "trials", "violations", "bound / mean", "bound / worst", box=None)
    for name, row in rows.items():
        for side in SIDES:
            found = row[side]
            if found["bound"] is None:
                table.add_row(name, side, str(row["trials"]), "", "void", "")
                continue
            ratios = (f"{found[key]:.4g}" for key in ("bound_over_mean", "bound_over_worst"))
            table.add_row(name, side, str(row["trials"]), str(found["violations"]), *ratios)
    return table


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    sys.exit(main(tyro.cli(Options)))
