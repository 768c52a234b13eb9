"""The calculator: one question (a name and keys) to one answer, by the files of `dssl.calculator.quantities`.

A quantity's file is imported only when asked for, so that one call costs one import.
"""

import importlib
import json
import math
import pathlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from dssl.calculator import quantities
from dssl.calculator.quantities import Answer
from runtime.parse import parse, shown
from runtime.store import jsonable
from runtime.usage import UsageError, unknown
from theory.formula import OutOfDomainError

_LONGEST_NUMBER = 1000  # digits; Python refuses some thousand
FOLDER = pathlib.Path(quantities.__file__).resolve().parent


@dataclass(frozen=True)
class Key:
    """One key of a quantity: its type as written, and its default as text ("required" without one)."""

    name: str
    kind: str
    default: str


def names() -> list[str]:
    """Every quantity, by name: the listing of the folder."""
    return sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))


def title(name: str) -> str:
    """What comes out of the quantity, in a line of words."""
    return _module(name).TITLE


def keys(name: str) -> list[Key]:
    """The keys that a quantity takes, in the order of its file."""
    return [Key(f.name, _written(f.type), _default(f)) for f in fields(_module(name).Query)]


def compute(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One answer as a JSON object. A string argument is read as typed on a command line, other types as in JSON.

    Errors: UsageError for an unknown name or key, a missing key, or a value that the quantity refuses.
    """
    module = _module(name)
    return _as_json(name, _answer(module, _query(module, name, arguments, is_text=True)))


def batch(text: str) -> tuple[list[dict[str, Any]], bool]:
    """The answers to a JSON list of {"name", "args"}, and whether every entry was good.

    A bad entry gives a result with status "error" and the reason, so that the others are not lost.

    Errors: UsageError when `text` is not such a list at all.
    """
    try:
        entries = json.loads(
            text, parse_constant=str, parse_int=_whole, parse_float=_real, object_pairs_hook=_without_repetition
        )
    except RecursionError:
        raise UsageError('The batch is nested too deeply. Give a list of {"name", "args"} objects.') from None
    except json.JSONDecodeError as error:
        raise UsageError(f'The batch is not JSON ({error}). Give a list of {{"name", "args"}} objects.') from None
    if not isinstance(entries, list):
        raise UsageError(f'The batch must be a JSON list of {{"name", "args"}} objects; got {shown(entries)}.')
    results = [_entry(entry) for entry in entries]
    return results, all(r["status"] != "error" for r in results)


def _whole(digits: str) -> int | str:
    """The whole number, or its digits where Python refuses them: text is refused where a number is due."""
    return int(digits) if len(digits) < _LONGEST_NUMBER else digits


def _real(digits: str) -> float | str:
    """The number, or its digits where double precision would take it for an infinite one."""
    return float(digits) if math.isfinite(float(digits)) else digits


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UsageError(
                f"The batch gives {key!r} twice in one object, {shown(found[key])} and {shown(value)}; keep one."
            )
        found[key] = value
    return found


def _entry(entry: Any) -> dict[str, Any]:
    name = entry.get("name") if isinstance(entry, dict) else None
    try:
        if not isinstance(name, str):
            raise UsageError(f'An entry must be an object with a "name" and "args"; got {shown(entry)}.')
        strange = sorted(set(entry) - {"name", "args"})
        if strange:
            raise UsageError(f'An entry has the keys "name" and "args" only; got {strange[0]!r} too. Remove it.')
        arguments = entry.get("args", {})
        if not isinstance(arguments, dict):
            raise UsageError(f'"args" must be an object of keys and values; got {shown(arguments)}.')
        module = _module(name)
        return _as_json(name, _answer(module, _query(module, name, arguments, is_text=False)))
    except UsageError as error:
        return {
            "name": name if isinstance(name, str) else "",
            "value": None,
            "exact": "",
            "status": "error",
            "units": "",
            "source": "",
            "latex": "",
            "reason": str(error),
        }


def _module(name: str) -> Any:
    if name not in names():
        raise unknown("quantity", name, names(), "`dssl compute --list` shows all.")
    return importlib.import_module(f"dssl.calculator.quantities.{name}")


def _query(module: Any, name: str, arguments: Mapping[str, Any], *, is_text: bool) -> Any:
    hints = get_type_hints(module.Query)
    known = [f.name for f in fields(module.Query)]
    values = {}
    for key, raw in arguments.items():
        if key not in known:
            raise unknown(f"key of {name}", key, known, f"It takes {', '.join(known)}.")
        values[key] = parse(key, raw, hints[key], is_text=is_text)
    for field in fields(module.Query):
        if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"{name} needs {field.name}, which was not given; add {field.name}=...")
    return _refusing(lambda: module.Query(**values))


def _answer(module: Any, query: Any) -> Answer:
    try:
        return _refusing(lambda: module.answer(query))
    except OutOfDomainError as error:
        return Answer(None, units="", source="", status="out_of_domain", reason=str(error))


def _refusing(action: Any) -> Any:
    try:
        return action()
    except OutOfDomainError:
        raise
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error


def _as_json(name: str, answer: Answer) -> dict[str, Any]:
    return {
        "name": name,
        "value": jsonable(answer.value),
        "exact": answer.exact,
        "status": answer.status,
        "units": answer.units,
        "source": answer.source,
        "latex": answer.latex,
        "reason": answer.reason,
    }


def _written(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _default(field: Any) -> str:
    if field.default is not MISSING:
        return str(field.default)
    return "required" if field.default_factory is MISSING else str(field.default_factory())
