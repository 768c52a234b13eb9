"""Every check can fail: spoiled on purpose, a statement that holds comes back VIOLATED, an empty one is not empty."""

import fcntl
import json
import os

import pytest

from claims import verdicts, workers
from claims.catalogue import catalogue
from claims.check import Empty, Printed
from claims.core import Claim, Statement

RECORDED = {verdicts.key(r): r["status"] for r in verdicts.recorded()}


def spoilable() -> list[tuple[Claim, Statement]]:
    """Statements with something to spoil: those that hold, and those shown to be empty."""
    found = []
    for claim in catalogue().values():
        for s in claim.statements:
            status = RECORDED.get(verdicts.key_of(claim, s))
            if not isinstance(s.check, Printed) and (status == "HOLDS" or isinstance(s.check, Empty)):
                found.append((claim, s))
    return found


def _name(case: tuple[Claim, Statement]) -> str:
    return f"{case[0].id}-{case[1].kind}-{case[1].reading}"


@pytest.fixture(scope="session")
def spoiled(tmp_path_factory) -> dict[verdicts.Key, str]:
    """The status of every such statement when spoiled: all decided once, in two processes.

    Under pytest-xdist the processes of one run share the folder above their own, and so the answer.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    kept = shared / "spoiled.json"
    with (shared / "spoiled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            claims = workers.order(sorted({claim.id for claim, _ in spoilable()}), verdicts.recorded())
            only = frozenset(verdicts.key_of(c, s) for c, s in spoilable())
            outcomes = list(workers.run(claims, "quick", 2, spoil=True, only=only))
            assert not [o.error for o in outcomes if o.error]
            kept.write_text(json.dumps([r for o in outcomes for r in o.rows]))
    return {verdicts.key(r): r["status"] for r in json.loads(kept.read_text())}


@pytest.mark.parametrize("case", spoilable(), ids=_name)
def test_a_spoiled_statement_is_caught(case, spoiled):
    claim, statement = case
    status = spoiled[verdicts.key_of(claim, statement)]
    if isinstance(statement.check, Empty):
        assert status != statement.check.status
    else:
        assert status == "VIOLATED"


def test_most_statements_have_something_to_spoil():
    assert len(spoilable()) > len(RECORDED) / 3
