"""One deliberate error, tried in a process of its own: which claims reach a line, who notices, which values move."""

import functools
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import math
import pathlib
import sys
import time
import traceback
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.mutants.operators import mutated

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOVED = 1e-9  # relative: a value that moves by less does not count as changed
Numbers = list[float] | str
Values = list[tuple[str, Numbers]]


def reach(claim_id: str) -> dict[str, Any]:
    """Decides a claim: its seconds, what differs from the record, and the lines of the mathematics that it runs."""
    import coverage

    measured = coverage.Coverage(data_file=None, include=[f"{ROOT}/theory/*", f"{ROOT}/sims/*"], config_file=False)
    started = time.perf_counter()
    measured.start()
    try:
        differs = _differs(claim_id)
    finally:
        measured.stop()
    data = measured.get_data()
    lines = {
        str(pathlib.Path(file).relative_to(ROOT)): sorted(data.lines(file) or []) for file in data.measured_files()
    }
    return {"seconds": time.perf_counter() - started, "differs": differs, "lines": lines}


def judge(file: str, index: int, claims: Sequence[str]) -> dict[str, Any]:
    """Whether deciding these claims, one after the other, gives something else than the record: the first that does."""
    _make_error(file, index)
    for claim_id in claims:
        if differs := _differs(claim_id):
            return {"noticed_by": claim_id, "how": differs}
    return {"noticed_by": "", "how": ""}


def values(file: str, index: int | None, claims: Sequence[str]) -> dict[str, Any]:
    """All that functions and constants of this file give while the claims are decided; without an error for None."""
    seen: Values = []
    _make_error(file, index, lambda module: _listen(module, seen))
    for claim_id in claims:
        _differs(claim_id)
    module = sys.modules.get(_module_of(file))
    if module is not None:
        for name, value in sorted(vars(module).items()):
            # A plain number is a tolerance or a size: it counts by the values that it moves, not by itself.
            is_value = not callable(value) and not isinstance(value, types.ModuleType | bool | int | float | str)
            if is_value and not name.startswith("__"):
                seen.append((name, numbers(value)))
    return {"values": seen}


def numbers_of_statements(file: str, index: int | None, claims: Sequence[str]) -> dict[str, Any]:
    """All numbers that statements show while these claims are decided: both sides, what lies between, the witness."""
    from claims import claim
    from ledger.workers import CONSTANTS, decide_claim

    seen: Values = []
    _make_error(file, index)
    for claim_id in claims:
        if claim_id != CONSTANTS:  # digits that move would have been noticed
            for row in decide_claim(claim, claim_id, "quick").rows:
                shown = [row.get(name) for name in ("tightness", "margin", "scale", "witness")]
                seen.append((row["key"], numbers([value for value in shown if value is not None])))
    return {"values": seen}


def are_the_same(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether no value moves by more than `MOVED`, relative to the size of the numbers it stands for."""
    first, second = list(one), list(other)
    return len(first) == len(second) and all(
        a[0] == b[0] and _are_close(a[1], b[1]) for a, b in zip(first, second, strict=True)
    )


def _are_close(a: Any, b: Any) -> bool:
    if isinstance(a, str) or isinstance(b, str) or len(a) != len(b):
        return a == b
    return all(
        (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=MOVED) for x, y in zip(a, b, strict=True)
    )


def send(to: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """What a process begins with: sends (True, result), or (False, traceback)."""
    try:
        to.send((True, function(*arguments)))
    except Exception:  # told where the process was started
        to.send((False, traceback.format_exc()))


def _differs(claim_id: str) -> str:
    """What is not as recorded after the claim is decided in the quick tier, in a few words; "" for nothing.

    In place of a claim's id, `CONSTANTS` asks for the derived constants.
    """
    from claims import claim
    from ledger import verdicts
    from ledger.workers import CONSTANTS, compute_constants, decide_claim
    from runtime import store

    if claim_id == CONSTANTS:
        found = compute_constants(store.CONSTANTS)
        if found.error:
            return f"breaks: {found.error.strip().splitlines()[-1][:120]}"
        return f"{found.moved[0].name} moved" if found.moved else ""
    outcome = decide_claim(claim, claim_id, "quick")
    if outcome.error:
        return f"breaks: {outcome.error.strip().splitlines()[-1][:120]}"
    record = verdicts.read(store.VERDICTS, lambda: (), may_be_missing=False)
    moved = verdicts.moves(record.rows, outcome.rows, [claim_id], {}, numbers=True)
    return str(moved[0])[:200] if moved else ""


def _module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def is_imported(file: str) -> bool:
    """Whether the module of this file is imported in this process."""
    return _module_of(file) in sys.modules


def _make_error(file: str, index: int | None, after: Callable[[types.ModuleType], None] | None = None) -> None:
    """From now on the module of this file is imported with the error made. Errors: RuntimeError if it is imported."""
    if is_imported(file):
        raise RuntimeError(f"{file} is imported already, so that no error can be made in it.")
    sys.meta_path.insert(0, _Finder(file, index, after))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, file: str, index: int | None, after: Callable[[types.ModuleType], None] | None) -> None:
        self.file, self.index, self.after = file, index, after

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """The spec of the module with the error; None for every other module."""
        if fullname != _module_of(self.file):
            return None
        loader = _Loader(fullname, str(ROOT / self.file))
        loader.error, loader.after = self.index, self.after
        return importlib.util.spec_from_file_location(fullname, ROOT / self.file, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    error: int | None
    after: Callable[[types.ModuleType], None] | None

    def get_code(self, fullname: str) -> types.CodeType:
        """Compiled from the changed tree, whatever is cached."""
        source = pathlib.Path(self.path).read_text(encoding="utf-8")
        tree: Any = source if self.error is None else mutated(source, self.error)
        return compile(tree, self.path, "exec")

    def exec_module(self, module: types.ModuleType) -> None:
        """As usual; then whoever listens gets the module before anybody can take a function out of it."""
        super().exec_module(module)
        if self.after is not None:
            self.after(module)


def _listen(module: types.ModuleType, seen: Values) -> None:
    """Every function of the module, and of its classes, tells what it gives back."""
    own = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]
    for holder in [module, *own]:
        for name, value in list(vars(holder).items()):
            is_plain = isinstance(value, types.FunctionType) and not name.startswith("__")
            # What JAX or a cache has wrapped is a function of its own type.
            is_wrapped = holder is module and callable(value) and hasattr(value, "__wrapped__")
            if (is_plain or is_wrapped) and getattr(value, "__module__", "") == module.__name__:
                setattr(holder, name, _telling(value, seen))


def _telling(function: Callable[..., Any], seen: Values) -> Callable[..., Any]:
    @functools.wraps(function)
    def telling(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if (found := numbers(result)) != []:
            seen.append((getattr(function, "__name__", ""), found))
        return result

    return telling


def numbers(value: Any) -> Numbers:
    """Some numbers that move when the value does: sums of an array with unlike weights; the text of an expression."""
    if isinstance(value, bool | int | float | complex | np.number):
        return [float(np.real(value)), float(np.imag(value))]
    if isinstance(value, Mapping):
        return [x for v in value.values() if not isinstance(n := numbers(v), str) for x in n]
    if isinstance(value, tuple | list):
        parts = [numbers(v) for v in value[:1000]]
        plain = [p for p in parts if not isinstance(p, str)]
        return [x for p in plain for x in p] if len(plain) == len(parts) else "|".join(map(str, parts))
    if hasattr(value, "free_symbols"):
        return hashlib.sha256(str(value).encode()).hexdigest()[:12]
    if hasattr(value, "__dataclass_fields__"):
        return numbers([getattr(value, name) for name in value.__dataclass_fields__])
    try:
        array = np.asarray(value)
    except Exception:  # a traced value, or nothing that has numbers
        return []
    if array.dtype.kind not in "biufc" or not array.size:
        return []
    flat = array.ravel()
    flat = np.concatenate([np.real(flat), np.imag(flat)]).astype(np.float64)
    weights = np.random.default_rng(flat.size).random(flat.size)
    return [float(np.abs(flat).sum()), float(flat @ weights), float(flat**2 @ weights)]
