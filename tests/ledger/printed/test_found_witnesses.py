"""Every witness belongs to a refuted statement with a domain, is a point of it, and fails there."""

import pytest

from claims import catalogue
from ledger.checks.on_domain import Effort, OnDomain, outcome
from ledger.printed.found_witnesses import WITNESSES, found

STATEMENTS = {s.key: s for claim in catalogue().values() for s in claim.statements}


@pytest.mark.parametrize("key", sorted(WITNESSES))
def test_the_statement_fails_at_its_witness(key):
    statement = STATEMENTS[key]
    check = statement.check
    assert statement.kind != "corrected"
    assert isinstance(check, OnDomain)
    assert check.given.refused(WITNESSES[key]) == ""
    assert WITNESSES[key] in check.named
    assert outcome(check.given, check.then, WITNESSES[key], Effort(1600, 20_261)).holds is False


def test_statements_without_a_witness_have_none():
    assert found("no.such-key") == []
