"""`README.md` and `docs/verdicts.md`, brought up to date."""

import pathlib
from collections.abc import Iterable, Mapping

from claims import HERE
from dssl.documents import examples, findings, times
from ledger.decided_together import in_words
from ledger.report import verdict_page
from ledger.statement import Claim
from ledger.verdicts import Row, wanted
from runtime import store
from runtime.usage import UsageError

# Below the folder of the README.
VERDICTS_PAGE = pathlib.PurePath("docs", "verdicts.md")


def blocks(rows: list[Row], claims: Mapping[str, Claim]) -> dict[str, str]:
    """What stands between each pair of markers of the README."""
    return {
        "tally": findings.tally(rows),
        "picture": findings.picture(),
        "findings": findings.findings(rows),
        "times": times.commands(),
        "training-times": times.trainings(),
        "encoders": "\n\n".join(filter(None, (in_words(claims), verdict_page.what_training_is_worth()))),
    }


def with_blocks(text: str, found: Mapping[str, str]) -> str:
    """The document with each block between its markers. Errors: UsageError where a pair of markers is missing."""
    for name, content in found.items():
        begin, end = markers(name)
        if begin not in text or end not in text:
            raise UsageError(f"The README has no markers for {name}; put {begin} and {end} where it belongs.")
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{content}\n{end}{rest.partition(end)[2]}"
    return text


def markers(name: str) -> tuple[str, str]:
    """The two comments around a generated block."""
    return f"<!-- {name}:begin (generated: `dssl readme`) -->", f"<!-- {name}:end -->"


def update(claims: Mapping[str, Claim], path: pathlib.Path, verdicts: pathlib.Path, *, runs_examples: bool) -> None:
    """Writes the README and the page of verdicts beside it.

    Errors: UsageError when the README or the record cannot be read, or an example fails; nothing is written then.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}). Run it where README.md lies, or name the file.") from None
    page = path.parent / VERDICTS_PAGE
    store.check_writable(page)
    rows = wanted(verdicts, claims.values)
    text = with_blocks(text, blocks(rows, claims))
    if runs_examples:
        text = examples.with_outputs(text)
    store.write(path, text)
    store.write(page, verdict_page.page(rows, claims, files(claims)))


def files(claims: Iterable[str]) -> dict[str, str]:
    """The file of each claim, as seen from the page of verdicts."""
    return {name: f"../claims/{found.parent.name}/{found.name}" for name in claims for found in _found(name)}


def _found(claim: str) -> Iterable[pathlib.Path]:
    return HERE.glob(f"*/{claim.replace('-', '_')}.py")
