"""Every claim of the paper, one file each: what is printed, what is true instead, and a check for both.

Claims are sorted by topic into subfolders, called rooms: `setting`, `matrices`, `representability`, `sensitivity`,
`networks`, `training`, `alignment_term`, `experiments`, `released_code`. Begin with the room of your topic; its
docstring says which of its files decides which theorem or equation. A claim may use `theory`, `sims`, `runtime`,
`experiments` and `ledger`. `ledger.toml` lists every item of the paper with the claims that answer it.
"""

import importlib
import pathlib
from functools import cache

from ledger.statement import Claim

HERE = pathlib.Path(__file__).resolve().parent
# How a claim's file name begins. asm: assumption or remark; def: definition; eq: numbered equation; lem, thm, cor: as
# printed; sec: prose; alg, fig, tab: algorithm, figure, table; ref: a referee's question.
PREFIXES = ("alg", "asm", "cor", "def", "eq", "fig", "lem", "ref", "sec", "tab", "thm")


@cache
def _places() -> dict[str, str]:
    """For each claim's id (its file name with hyphens), the module that holds it."""
    found = (p for p in HERE.glob("*/*.py") if p.stem.split("_")[0] in PREFIXES)
    return {p.stem.replace("_", "-"): f"{p.parent.name}.{p.stem}" for p in sorted(found, key=lambda p: p.stem)}


def claim_ids() -> list[str]:
    """Every claim's id, without importing one."""
    return list(_places())


@cache
def claim(claim_id: str) -> Claim:
    """One claim, importing no other claim but those that it uses.

    Errors: ValueError when the file's CLAIM carries another id; KeyError for an id without a file.
    """
    found: Claim = importlib.import_module(f"{__name__}.{_places()[claim_id]}").CLAIM
    if found.id != claim_id:
        raise ValueError(f"The claim in the file of {claim_id!r} must have that id; got {found.id!r}. Rename one.")
    return found


@cache
def retired() -> frozenset[str]:
    """Keys of statements that are no longer made, one a line of `retired_keys.txt`; never used again."""
    lines = (HERE / "retired_keys.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines if line.strip() and not line.startswith("#"))


@cache
def catalogue() -> dict[str, Claim]:
    """Every claim by id."""
    return {claim_id: claim(claim_id) for claim_id in claim_ids()}
