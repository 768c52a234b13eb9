"""All sources of the documentation site, written into one folder for Sphinx."""

import pathlib
import shutil

from claims import HERE, catalogue
from dssl.documents.explorer import page as explorer
from dssl.documents.site import cards, copied, explanation, proof_map, reference, tables, tools
from ledger import attack_record, items, verdicts
from ledger.report import page as report
from runtime.usage import UsageError

_ROOT = HERE.parent
# What Sphinx copies as it stands, beside the first page; `docs/site/conf.py` names the folder.
EXTRA = "extra"
REPORT = f"{EXTRA}/report.html"
_MARK = "conf.py"  # what a folder of sources has; no other folder is emptied


def write(out: pathlib.Path, checkout: pathlib.Path = _ROOT, *, runs_examples: bool = True) -> list[pathlib.Path]:
    """Writes every source into `out`, in the place of what was there, and gives their paths.

    Nothing changes there before all are written. With `runs_examples` the commands of the pages in `docs/site` are
    run, which takes a minute or two.

    Errors: UsageError where an example fails, a slot cannot be filled, or where `out` is a folder of something else.
    """
    if out.exists() and any(out.iterdir()) and not (out / _MARK).exists():
        raise UsageError(f"{out} holds other things than sources of the site. Name a new folder with --out.")
    partial = out.with_name(f"{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    copied.copy(checkout, partial, runs_examples=runs_examples)
    explanation.write(checkout, partial, records())
    generated = {**of_claims(), **tools.commands(checkout), **tools.quantities(), **reference.pages(), **_extra()}
    for name, text in generated.items():
        path = partial / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    partial.replace(out)
    return sorted(path for path in out.rglob("*") if path.is_file())


def _extra() -> dict[str, str]:
    """The report, and the explorer, whose links lead to the cards beside it."""
    return {
        REPORT: report.build(verdicts.recorded(), catalogue()),
        f"{EXTRA}/{explorer.NAME}": explorer.build(cards.FOLDER),
    }


def of_claims() -> dict[str, str]:
    """The page of every claim, the lists of them and the map of the proofs, by their files."""
    found = records()
    pages = {f"{cards.FOLDER}/{name}.md": cards.card(name, found) for name in found.claims}
    return {**pages, **tables.pages(found), **proof_map.pages(found)}


def records() -> cards.Records:
    """What the pages of claims are made from, as it is recorded now."""
    record = verdicts.read()
    return cards.Records(
        rows={r["key"]: r for r in record.rows},
        claims=record.claims,
        items=items.load(),
        rooms={path.stem.replace("_", "-"): path.parent.name for path in HERE.glob("*/*.py")},
        latex={s.key: s.latex for claim in catalogue().values() for s in claim.statements if s.latex},
        attacks=attack_record.recorded(),
    )
