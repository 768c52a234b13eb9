"""Every check can fail: spoiled on purpose, a statement that holds comes back VIOLATED, an empty one is not empty."""

import pytest

from claims import catalogue
from ledger import verdicts
from ledger.checks.kinds import Empty, Printed
from ledger.decide import decide
from ledger.statement import Claim, Statement

RECORDED = {verdicts.key(r): r["status"] for r in verdicts.recorded()}
CLAIMS = catalogue()


def spoilable(claim: Claim) -> list[Statement]:
    """Statements with something to spoil: those that hold, and those shown to be empty."""
    return [
        s
        for s in claim.statements
        if not isinstance(s.check, Printed) and (RECORDED.get(s.key) == "HOLDS" or isinstance(s.check, Empty))
    ]


def is_caught(claim: Claim, statement: Statement) -> bool:
    """Whether the statement, spoiled by its own factor, comes back as anything but what it is."""
    status = decide(claim, statement, spoil=statement.spoil).verdict.status
    if isinstance(statement.check, Empty):
        return status != statement.check.status
    return status == "VIOLATED"


@pytest.mark.parametrize("claim", [c for c in CLAIMS.values() if spoilable(c)], ids=lambda c: c.id)
def test_every_spoiled_statement_of_a_claim_is_caught(claim):
    """A claim a case: who asks for one spoils one."""
    assert [s.key for s in spoilable(claim) if not is_caught(claim, s)] == []


def test_most_statements_have_something_to_spoil():
    assert sum(len(spoilable(claim)) for claim in CLAIMS.values()) > len(RECORDED) / 3
