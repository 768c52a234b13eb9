"""One value parsed to the type that a field asks for, from text (a command line) or from JSON (a batch)."""

import enum
import json
import math
import re
import types
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from runtime.usage import UsageError

# A number as typed: ASCII digits, no underscores. Formulas take fourth powers and products of them, which double
# precision holds for sizes up to here; nothing in the model is meant beyond.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity", "+infinity")
LARGEST = 1e30
SMALLEST = 1e-30
_SHOWN = 60


class _NoMatchError(Exception):
    """This member of a union does not take the value."""


def parse(key: str, raw: Any, hint: Any, *, is_text: bool) -> Any:
    """`raw` as a value of the type `hint`.

    Text may be a number (1e6 is whole), inf, a word, a list a,b,c or JSON. From JSON a number must be a number: only
    "inf" may stand as a string, since JSON has no infinity.

    Errors: UsageError naming the key, what was wanted and what came.
    """
    if isinstance(raw, str) and is_text:
        raw = raw.strip()
    if _is_nan(raw, is_text, hint):
        raise UsageError(f"{key} must be {describe(hint)}; got {key}={raw}, which is not a number. Give one.")
    try:
        value = _any_of(raw, hint, is_text)
    except _NoMatchError:
        raise UsageError(f"{key} must be {describe(hint)}; got {key}={shown(raw)}.") from None
    for number in value if isinstance(value, list | tuple) else (value,):
        _check_size(key, number, raw)
    return value


def pairs(words: Iterable[str], wanted: str, remedy: str = "") -> dict[str, str]:
    """Keys and values as typed, from words such as dim=100. Where one is not, `wanted` and `remedy` stand around it.

    Errors: UsageError for a word without "=", and for a key that comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"{wanted}; got {word!r}. {remedy}".rstrip())
        if key in found:
            raise UsageError(f"{key} was given twice, as {found[key]} and {value}; give it once.")
        found[key] = value
    return found


def shown(value: Any) -> str:
    """`value` as an error message shows it: whole when short, else its beginning."""
    text = (
        repr(value) if not isinstance(value, int) or abs(value) <= LARGEST else f"a number of {_digits(value)} digits"
    )
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _digits(value: int) -> int:
    return int(value.bit_length() * math.log10(2)) + 1  # str() refuses whole numbers beyond some thousand digits


def _check_size(key: str, number: Any, raw: Any) -> None:
    if isinstance(number, bool) or not isinstance(number, int | float) or not number or number in (math.inf, -math.inf):
        return
    if not SMALLEST <= abs(number) <= LARGEST:
        raise UsageError(
            f"{key} must be 0 or between {SMALLEST:g} and {LARGEST:g} in size, where double precision holds the "
            f"formulas; got {key}={shown(raw)}. Give a number of such a size."
        )


def describe(hint: Any) -> str:
    """The type in words, for an error message."""
    members = _members(hint)
    # Whoever takes any number takes whole ones.
    return " or ".join(dict.fromkeys(_describe_one(m) for m in members if m is not int or float not in members))


# The narrowest type first, so that 4 is a whole number and not a word in `int | str`.
_ORDER = (type(None), bool, int, float)


def _members(hint: Any) -> list[Any]:
    if get_origin(hint) in (Union, types.UnionType):
        members = [m for part in get_args(hint) for m in _members(part)]
    else:
        members = [hint]

    def rank(member: Any) -> int:
        if member in _ORDER:
            return _ORDER.index(member)
        return len(_ORDER) + (1 if member in (str, Any) else 0)

    return sorted(members, key=rank)


def _as(raw: Any, member: Any, is_text: bool) -> Any:
    if member is type(None):
        return _none(raw, is_text)
    if member is bool:
        return _bool(raw, is_text)
    if member is int:
        return _int(raw, is_text)
    if member is float:
        return _number(raw, is_text)
    if member is Any:
        return raw
    if member is str:
        return _checked(raw, isinstance(raw, str))
    if get_origin(member) is Literal:
        return _literal(raw, get_args(member), is_text)
    if isinstance(member, type) and issubclass(member, enum.Enum):
        by_value = {str(m.value): m for m in member}
        return by_value[str(_checked(raw, str(raw) in by_value))]
    if get_origin(member) in (list, tuple, Sequence) or member in (list, tuple):
        return _sequence(raw, member, is_text)
    raise _NoMatchError


def _checked(raw: Any, is_good: bool) -> Any:
    if not is_good:
        raise _NoMatchError
    return raw


def _none(raw: Any, is_text: bool) -> None:
    _checked(raw, raw is None or (is_text and str(raw).lower() == "none"))


def _bool(raw: Any, is_text: bool) -> bool:
    words = {"true": True, "false": False}
    if is_text and isinstance(raw, str):
        return words[_checked(raw.lower(), raw.lower() in words)]
    return _checked(raw, isinstance(raw, bool))


def _number(raw: Any, is_text: bool) -> float:
    if isinstance(raw, str):
        # 1e400 is a finite number that double precision takes for an infinite one: only the word means infinity.
        is_number = is_text and _NUMBER.fullmatch(raw) and math.isfinite(float(raw))
        raw = float(_checked(raw, is_number or raw.lower() in _INFINITE))
    _checked(raw, isinstance(raw, int | float) and not isinstance(raw, bool) and raw == raw)  # not NaN
    try:
        return float(raw)
    except OverflowError:  # a whole number from JSON beyond double precision
        raise _NoMatchError from None


def _int(raw: Any, is_text: bool) -> int:
    if isinstance(raw, str) and is_text and _NUMBER.fullmatch(raw):
        try:
            return int(raw)  # beyond 2^53 a detour through float would change the number
        except ValueError:
            pass
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    number = _number(raw, is_text)
    return int(_checked(number, math.isfinite(number) and number == int(number)))


def _literal(raw: Any, allowed: Sequence[Any], is_text: bool) -> Any:
    for value in allowed:
        if type(raw) is type(value) and raw == value:
            return value
        if is_text and str(raw) == str(value):
            return value
    raise _NoMatchError


def _sequence(raw: Any, member: Any, is_text: bool) -> tuple[Any, ...] | list[Any]:
    if isinstance(raw, str) and is_text:
        if raw.startswith("["):
            try:
                raw, is_text = json.loads(raw), False
            except (ValueError, RecursionError):
                raise _NoMatchError from None
        else:
            raw = [part.strip() for part in raw.split(",")]
    _checked(raw, isinstance(raw, list | tuple))
    origin = get_origin(member) or member
    inside = [a for a in get_args(member) if a is not Ellipsis]
    if origin is tuple and inside and Ellipsis not in get_args(member):
        _checked(raw, len(raw) == len(inside))
        return tuple(_any_of(r, hint, is_text) for r, hint in zip(raw, inside, strict=True))
    items = [_any_of(r, inside[0] if inside else Any, is_text) for r in raw]
    return items if origin is list else tuple(items)


def _any_of(raw: Any, hint: Any, is_text: bool) -> Any:
    for member in _members(hint):
        try:
            return _as(raw, member, is_text)
        except _NoMatchError:
            continue
    raise _NoMatchError


def _is_nan(raw: Any, is_text: bool, hint: Any) -> bool:
    if isinstance(raw, float):
        return math.isnan(raw)
    wants_number = any(m in (int, float) for m in _members(hint))
    return isinstance(raw, str) and wants_number and raw.lower() in ("nan", "-nan", "+nan")


def _describe_one(member: Any) -> str:
    words = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "a word",
        type(None): "none",
        Any: "anything",
    }
    if member in words:
        return words[member]
    if get_origin(member) is Literal:
        return "one of " + ", ".join(str(a) for a in get_args(member))
    if isinstance(member, type) and issubclass(member, enum.Enum):
        return "one of " + ", ".join(str(m.value) for m in member)
    if get_origin(member) in (list, tuple, Sequence) or member in (list, tuple):
        inside = [a for a in get_args(member) if a is not Ellipsis]
        return f"a list a,b,c whose entries are {describe(inside[0])}" if inside else "a list a,b,c"
    return str(member)
