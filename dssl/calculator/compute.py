"""The calculator: one question (a name and keys) to one answer, by the files of `dssl.calculator.quantities`.

A quantity's file is imported only when asked for, so that one call costs one import.
"""

import importlib
import json
import math
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from dssl.calculator import quantities
from dssl.calculator.key_words import KEYS
from dssl.calculator.quantities import Answer
from runtime.parse import describe, parse, shown
from runtime.store import jsonable
from runtime.usage import UsageError, unknown
from theory.formula import OutOfDomainError

_LONGEST_NUMBER = 1000  # digits; Python refuses some thousand
FOLDER = pathlib.Path(quantities.__file__).resolve().parent


@dataclass(frozen=True)
class Key:
    """One key of a quantity: its type as written, and its default as text ("required" without one).

    `meaning` and `unit` are words; `allowed` says which values it takes.
    """

    name: str
    kind: str
    default: str
    meaning: str
    unit: str
    allowed: str


def names() -> list[str]:
    """Every quantity, by name: the listing of the folder."""
    return sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))


def title(name: str) -> str:
    """What comes out of the quantity, in a line of words."""
    return _module(name).TITLE


def most(name: str) -> float | None:
    """The largest value that the quantity itself can have, where its formula may exceed it; else None."""
    return getattr(_module(name), "MOST", None)


def about(name: str) -> str:
    """What the quantity says of its keys together, in sentences; "" for nothing."""
    return " ".join((_module(name).Query.__doc__ or "").split())


def keys(name: str) -> list[Key]:
    """The keys that a quantity takes, in the order of its file."""
    query = _module(name).Query
    hints = get_type_hints(query)
    return [Key(f.name, _written(f.type), _default(f), *KEYS[f.name], describe(hints[f.name])) for f in fields(query)]


def query_of(name: str) -> Any:
    """The dataclass whose fields are the quantity's keys. Errors: UsageError for an unknown name."""
    return _module(name).Query


def compute(
    name: str, arguments: Mapping[str, Any], *, is_text: bool = True, query: Callable[[Any], Any] | None = None
) -> dict[str, Any]:
    """One answer as a JSON object. With `is_text` a string argument is read as typed on a command line.

    `query` may put another class in the place of the quantity's own, such as one with a network of its own.

    Errors: UsageError for an unknown name or key, a missing key, or a value that the quantity refuses.
    """
    module = _module(name)
    asked = _query(module.Query, name, arguments, is_text=is_text, change=query)
    answer = _answer(module, asked)
    return {
        "name": name,
        "value": jsonable(answer.value),
        "exact": answer.exact,
        "status": answer.status,
        "units": answer.units,
        "source": answer.source,
        "latex": answer.latex,
        "reason": answer.reason,
        "assumed": jsonable(_assumed(asked, arguments)),
    }


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
        return compute(name, arguments, is_text=False)
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
            "assumed": {},
        }


def _assumed(query: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that were left out, with the values that stand in their place; those without any are not listed."""
    values = {f.name: getattr(query, f.name) for f in fields(query)}
    if hasattr(query, "assumed"):
        values |= query.assumed()
    return {name: value for name, value in values.items() if name not in given and value is not None}


def _module(name: str) -> Any:
    if name not in names():
        raise unknown("quantity", name, names(), "`dssl compute --list` shows all.")
    return importlib.import_module(f"dssl.calculator.quantities.{name}")


def _query(
    query: Any, name: str, arguments: Mapping[str, Any], *, is_text: bool, change: Callable[[Any], Any] | None
) -> Any:
    hints = get_type_hints(query)
    known = [f.name for f in fields(query)]
    values = {}
    for key, raw in arguments.items():
        if key not in known:
            raise unknown(f"key of {name}", key, known, f"It takes {', '.join(known)}.")
        try:
            values[key] = parse(key, raw, hints[key], is_text=is_text)
        except UsageError as error:
            if key == "dim" and str(raw).lower() in ("inf", "+inf", "infinity"):
                raise UsageError(
                    f"{name} has no value for dim=inf. Limits of many pixels are sigma_star with dim=inf, and "
                    "deficit_limit with gamma, the ratio of pixels to samples. Give a whole number."
                ) from None
            raise error
    for field in fields(query):
        if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"{name} needs {field.name}, which was not given; add {field.name}=...")
    return _refusing(lambda: (change(query) if change else query)(**values))


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


def _written(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _default(field: Any) -> str:
    if field.default is not MISSING:
        return str(field.default)
    return "required" if field.default_factory is MISSING else str(field.default_factory())
