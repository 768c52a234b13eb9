"""The words of a verdict: what became of a statement, how that was found out, and who made the statement.

Nothing is imported here but the standard library, so that a record can be shown without loading any mathematics.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args

Kind = Literal["printed", "corrected", "expected"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Status(StrEnum):
    """What became of a statement. Only `HOLDS` is good news; `PENDING` is for items that no check answers yet."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    VACUOUS = "VACUOUS"
    ILL_FORMED = "ILL_FORMED"
    INCONCLUSIVE = "INCONCLUSIVE"
    OUT_OF_DOMAIN = "OUT_OF_DOMAIN"
    PENDING = "PENDING"


class Evidence(StrEnum):
    """How the verdict was reached. Nothing that was tried at some points of a wider domain is PROVED or ENUMERATED."""

    PROVED = "PROVED"  # by sympy, for all values of the letters
    ENUMERATED = "ENUMERATED"  # every case of a finite set, or one counterexample, decided without rounding
    CERTIFIED = "CERTIFIED"
    NUMERIC = "NUMERIC"
    SEARCHED = "SEARCHED"
    SAMPLED = "SAMPLED"
    READING = "READING"  # a matter of what is printed (a missing argmin, an index): nothing to compute


STATUS_WORDS: Mapping[str, str] = {
    "HOLDS": "holds",
    "VIOLATED": "fails",
    "VACUOUS": "says nothing",
    "ILL_FORMED": "ill-formed",
    "INCONCLUSIVE": "undecided",
    "OUT_OF_DOMAIN": "does not apply",
    "PENDING": "not answered yet",
}
EVIDENCE_WORDS: Mapping[str, str] = {
    "PROVED": "proved by algebra",
    "ENUMERATED": "every case decided",
    "CERTIFIED": "enclosed by intervals",
    "NUMERIC": "computed in double precision",
    "SEARCHED": "searched for a counterexample",
    "SAMPLED": "sampled",
    "READING": "a matter of what is printed",
}
