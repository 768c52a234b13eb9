"""Texts that repeat parts of each other, stored once: a record of a thousand sentences has each condition once.

A stored text is the text itself, or a list of its parts in order: plain strings, and numbers of phrases in a table. A
phrase has its number from its letters, so that a new phrase leaves the numbers of the others as they are.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping

Stored = str | list[str | int]
# Conditions of a domain are parted by semicolons, sentences by full stops.
_PARTS = re.compile(r"(?<=; )|(?<=\. )|(?<= where )")
_NUMBERS = 9973  # a prime: numbers have four digits at most
_ROOM = 6  # characters that a number takes in a text, and its entry in the table beside the phrase


def table(texts: Iterable[str]) -> dict[int, str]:
    """The parts that are shorter to write as a number, by number. Errors: ValueError for more phrases than numbers."""
    found = Counter(part for text in texts for part in _PARTS.split(text))
    repeated = sorted(part for part, n in found.items() if (n - 1) * len(part) > (n + 1) * _ROOM)
    if len(repeated) > _NUMBERS // 2:
        raise ValueError(f"At most {_NUMBERS // 2} phrases were wanted; got {len(repeated)}. Raise _NUMBERS.")
    phrases: dict[int, str] = {}
    for part in repeated:
        number = zlib.crc32(part.encode()) % _NUMBERS
        while number in phrases:
            number = (number + 1) % _NUMBERS
        phrases[number] = part
    return dict(sorted(phrases.items()))


def stored(text: str, numbers: Mapping[str, int]) -> Stored:
    """The text with a number in place of each part that has one; plain where none has."""
    parts: list[str | int] = []
    for part in _PARTS.split(text):
        if part in numbers:
            parts.append(numbers[part])
        elif parts and isinstance(last := parts[-1], str):
            parts[-1] = last + part
        else:
            parts.append(part)
    return text if all(isinstance(part, str) for part in parts) else parts


def restored(value: Stored, phrases: Mapping[str, str]) -> str:
    """The text that was stored, with the table as JSON gives it back, numbers as text.

    Errors: KeyError or TypeError for what `stored` did not make of these phrases.
    """
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else phrases[str(part)] for part in value)
