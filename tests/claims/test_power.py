"""Every check can fail: spoiled on purpose, a statement that holds comes back VIOLATED, an empty one is not empty."""

import pytest

from claims import verdicts
from claims.catalogue import catalogue, decide
from claims.check import Empty, Printed
from claims.core import Claim, Statement

RECORDED = {verdicts.key(r): r["status"] for r in verdicts.recorded()}


def spoilable() -> list[tuple[Claim, Statement]]:
    """Statements with something to spoil: those that hold, and those shown to be empty."""
    found = []
    for claim in catalogue().values():
        for s in claim.statements:
            status = RECORDED.get((claim.id, s.reading, s.kind, s.text))
            if not isinstance(s.check, Printed) and (status == "HOLDS" or isinstance(s.check, Empty)):
                found.append((claim, s))
    return found


def _name(case: tuple[Claim, Statement]) -> str:
    return f"{case[0].id}-{case[1].kind}-{case[1].reading}"


@pytest.mark.parametrize("case", spoilable(), ids=_name)
def test_a_spoiled_statement_is_caught(case):
    claim, statement = case
    status = decide(claim, statement, "quick", statement.spoil).verdict.status
    if isinstance(statement.check, Empty):
        assert status is not statement.check.status
    else:
        assert status == "VIOLATED"


def test_most_statements_have_something_to_spoil():
    assert len(spoilable()) > len(RECORDED) / 3
