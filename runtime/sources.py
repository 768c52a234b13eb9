"""Which state of the code gave a result: a digest of the sources and of the record."""

import hashlib
import pathlib

from runtime import store

ROOT = pathlib.Path(__file__).resolve().parent.parent
DECIDING = ("theory", "sims", "ledger", "claims", "runtime")  # packages that a verdict depends on


def digest() -> str:
    """Twelve hexadecimal digits that change with what a verdict depends on: the sources and the verdicts on record."""
    found = hashlib.sha256()
    for file in sorted(f for top in DECIDING for f in (ROOT / top).rglob("*.py")):
        found.update(file.read_bytes())
    if store.VERDICTS.exists():
        found.update(store.VERDICTS.read_bytes())
    return found.hexdigest()[:12]
