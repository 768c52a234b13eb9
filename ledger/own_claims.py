"""Claims of another project, decided as those of the paper are: a file with a `CLAIM`, or a folder of such files."""

import importlib.util
import pathlib
import sys
from dataclasses import dataclass

from ledger.statement import Claim
from runtime.usage import UsageError

_PACKAGE = "claims_of_your_own"  # the name under which files are imported, which no other package has


@dataclass(frozen=True)
class OwnClaims:
    """The files by the ids of their claims, and where their verdicts are recorded. Calling it loads a claim.

    Worker processes receive it and import the files anew.
    """

    files: tuple[tuple[str, pathlib.Path], ...]
    record: pathlib.Path

    def __call__(self, claim_id: str) -> Claim:
        """One claim. Errors: UsageError for a file without a CLAIM, or with another id than the file's name."""
        path = dict(self.files)[claim_id]
        if str(path.parent) not in sys.path:  # so that a claim can import what lies beside it
            sys.path.append(str(path.parent))
        spec = importlib.util.spec_from_file_location(f"{_PACKAGE}.{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        claim = getattr(module, "CLAIM", None)
        if not isinstance(claim, Claim):
            raise UsageError(f"{path} needs a CLAIM, a ledger.statement.Claim; got {type(claim).__name__}. Add one.")
        if claim.id != claim_id:
            raise UsageError(f"The claim in {path} must have the id {claim_id!r}; got {claim.id!r}. Rename one.")
        return claim


def find(path: pathlib.Path) -> OwnClaims:
    """The claims in a file, or in the files of a folder that do not begin with "_"; each is imported once.

    The id of a claim is the file's name with hyphens.

    Errors: UsageError for a path without claims, a file that cannot be imported, and keys that come twice.
    """
    if not path.exists():
        raise UsageError(f"There is no {path}. Name a Python file with a CLAIM, or a folder of such files.")
    if path.is_dir():
        files, record = sorted(p for p in path.glob("*.py") if not p.name.startswith("_")), path / "verdicts.json"
    else:
        files, record = [path] if path.is_file() and path.suffix == ".py" else [], path.with_suffix(".json")
    if not files:
        raise UsageError(f"{path} holds no claims. Name a Python file with a CLAIM, or a folder of such files.")
    own = OwnClaims(tuple((p.stem.replace("_", "-"), p.resolve()) for p in files), record)
    keys: dict[str, str] = {}
    for claim_id, file in own.files:
        try:
            claim = own(claim_id)
        except UsageError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())
            raise UsageError(f"{file} cannot be imported ({type(error).__name__}: {said}). Mend it.") from error
        for statement in claim.statements:
            if statement.key in keys:
                raise UsageError(f"{statement.key} is in {keys[statement.key]} and in {claim_id}; a key comes once.")
            keys[statement.key] = claim_id
    return own
