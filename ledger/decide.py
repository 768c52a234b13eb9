"""Decides one statement: its seed, its check, its verdict."""

import zlib

from ledger.statement import Claim, Context, Entry, Statement
from runtime.effort import Tier


def seed_of(statement: Statement) -> int:
    """A seed that depends on the statement's key alone: neither other claims nor a better wording move its draws."""
    return zlib.crc32(statement.key.encode())


def decide(claim: Claim, statement: Statement, tier: Tier = "quick", spoil: float = 1.0) -> Entry:
    """Run one check."""
    context = Context(tier=tier, spoil=spoil, seed=seed_of(statement))
    return Entry(claim, statement, statement.check.run(context))
