"""Decides one statement: its seed, its check, its verdict."""

import zlib

from ledger.statement import Claim, Context, Entry, Statement
from runtime.effort import Tier


def seed_of(statement: Statement, fresh: int = 0) -> int:
    """A seed that depends on the statement's key alone: neither other claims nor a better wording move its draws.

    `fresh` numbers other seeds for the same statement; 0 is the one of the record.
    """
    return zlib.crc32(f"{statement.key}#{fresh}".encode() if fresh else statement.key.encode())


def decide(claim: Claim, statement: Statement, tier: Tier = "quick", spoil: float = 1.0, fresh_seed: int = 0) -> Entry:
    """Run one check; `fresh_seed` draws other random numbers than those of the record."""
    context = Context(tier=tier, spoil=spoil, seed=seed_of(statement, fresh_seed))
    return Entry(claim, statement, statement.check.run(context))
