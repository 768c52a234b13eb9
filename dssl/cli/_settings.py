"""What a user types for a setting of the data model and for one of its quantities, taken apart."""

from collections.abc import Mapping
from typing import Any

from dssl.interface.settings import FIELDS
from runtime.parse import parse
from runtime.usage import unknown


def fields_and_keys(
    of: str, given: Mapping[str, str], hints: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of a `Setting`, and the other keys of what is asked for, whose types are `hints`; all parsed.

    Errors: UsageError for a key that is neither, and for a value of the wrong type.
    """
    for name in given:
        if name not in FIELDS and name not in hints:
            raise unknown(f"key of {of}", name, (*FIELDS, *hints), "`dssl compute NAME --help` lists keys.")
    fields = {name: parse(name, raw, int | float, is_text=True) for name, raw in given.items() if name in FIELDS}
    keys = {name: parse(name, raw, hints[name], is_text=True) for name, raw in given.items() if name not in FIELDS}
    return fields, {name: str(value) if hasattr(value, "value") else value for name, value in keys.items()}
