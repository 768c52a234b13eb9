"""The catalogue of claims is the listing of this folder: every file named after a label of the paper holds a CLAIM."""

import importlib
import pathlib
import zlib
from functools import cache

from claims.core import Claim, Context, Entry, Statement, Tier

HERE = pathlib.Path(__file__).resolve().parent
# asm: assumption or remark; def: definition; eq: numbered equation; lem, thm, cor: as printed; sec: prose; alg, fig,
# tab: algorithm, figure, table; ref: a referee's question. Each file holds the corrected statements beside the printed.
PREFIXES = ("alg", "asm", "cor", "def", "eq", "fig", "lem", "ref", "sec", "tab", "thm")


def claim_files() -> list[pathlib.Path]:
    """The claim files, by name."""
    return sorted(p for p in HERE.glob("*.py") if p.stem.split("_")[0] in PREFIXES and "_" in p.stem)


def claim_ids() -> list[str]:
    """Every claim's id, without importing one."""
    return [path.stem.replace("_", "-") for path in claim_files()]


@cache
def catalogue() -> dict[str, Claim]:
    """Every claim by id, ids being file names with hyphens.

    Errors: ValueError when a file's CLAIM carries another id.
    """
    claims = {}
    for path in claim_files():
        claim: Claim = importlib.import_module(f"claims.{path.stem}").CLAIM
        wanted = path.stem.replace("_", "-")
        if claim.id != wanted:
            raise ValueError(f"The claim in {path.name} must have the id {wanted!r}; got {claim.id!r}. Rename one.")
        claims[claim.id] = claim
    return claims


def seed_of(claim: Claim, statement: Statement) -> int:
    """A seed that depends on the statement's name alone, so that adding a claim moves no other result."""
    return zlib.crc32("/".join((claim.id, statement.kind, statement.reading, statement.text)).encode())


def decide(claim: Claim, statement: Statement, tier: Tier = "quick", spoil: float = 1.0) -> Entry:
    """Run one check."""
    context = Context(tier=tier, spoil=spoil, seed=seed_of(claim, statement))
    return Entry(claim.id, statement.reading, statement.kind, statement.text, statement.check.run(context))
