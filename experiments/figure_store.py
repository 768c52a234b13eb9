"""Records behind the figures: made by `figure_records/`, stored in results/figures/, compared when made again."""

import importlib
import math
import pathlib
from typing import Any

from runtime import store
from runtime.effort import Tier

HERE = pathlib.Path(__file__).resolve().parent
# Sampled numbers repeat to the last bits on one machine; another processor's linear algebra moves the tenth digit.
SAME_NUMBER = 1e-6
SCHEMA = 1
_DIGITS = 8  # that are kept of a number: two more than are compared


def names() -> list[str]:
    """Every figure with a record, by the listing of `experiments/figure_records/`."""
    return sorted(p.stem for p in (HERE / "figure_records").glob("*.py") if p.stem != "__init__")


def make(name: str, tier: Tier = "full") -> dict[str, Any]:
    """The record of one figure, with the tier that made it. Errors: ValueError for an unknown name."""
    if name not in names():
        raise ValueError(f"There is no figure {name!r}; there are {', '.join(names())}.")
    made = importlib.import_module(f"experiments.figure_records.{name}").record(tier)
    return store.shortened(store.jsonable({"schema": SCHEMA, "tier": tier, **made}), _DIGITS)


def difference(old: Any, new: Any, where: str = "") -> str:
    """The first place at which two records differ, in words; empty when they agree."""
    if isinstance(old, dict) and isinstance(new, dict):
        if old.keys() != new.keys():
            return f"{where or 'record'} has the keys {sorted(new)} and had {sorted(old)}"
        return next((d for k in old if (d := difference(old[k], new[k], f"{where}.{k}".strip(".")))), "")
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return f"{where} has {len(new)} entries and had {len(old)}"
        pairs = enumerate(zip(old, new, strict=True))
        return next((d for i, (a, b) in pairs if (d := difference(a, b, f"{where}[{i}]"))), "")
    if isinstance(old, float | int) and isinstance(new, float | int) and not isinstance(old, bool):
        return "" if math.isclose(old, new, rel_tol=SAME_NUMBER, abs_tol=1e-12) else f"{where} is {new} and was {old}"
    return "" if old == new else f"{where} is {new!r} and was {old!r}"
