"""The page of all verdicts, `docs/verdicts.md`: what the words mean, how many there are, one line for each claim."""

from collections.abc import Mapping

from experiments.paper import ceiling
from ledger import items
from ledger import parts as vocabulary
from ledger.checks.trained_order import recorded
from ledger.decided_together import in_words
from ledger.in_words import EVIDENCE_MEANINGS, KIND_WORDS, STATUS_MEANINGS
from ledger.lookup import Index
from ledger.report.answers import answer, is_asked_for
from ledger.report.index import grouped, title
from ledger.statement import Claim
from ledger.status import KINDS
from ledger.verdicts import Record, Row, about, counts


def page(rows: list[Row], claims: Mapping[str, Claim], files: Mapping[str, str]) -> str:
    """The whole page, in Markdown. `files`: the address of each claim's file, as seen from the page."""
    parts = [
        "# Verdicts",
        "<!-- generated: `dssl readme`; do not edit by hand -->",
        "This page lists what became of every claim. A claim is a group of statements: about one item of the paper "
        "(such as a theorem), about several related items, or about a question that the paper raises. A statement "
        "is one sentence under one *reading*, and has one verdict. A reading settles something that the paper "
        "leaves open, such as how masks are drawn. The link of a claim leads to the file that checks it; `dssl "
        "verify --claim ID` decides it again.",
        "## What the words mean",
        _words("status", STATUS_MEANINGS),
        "The evidence says how a verdict was reached:",
        _words("evidence", EVIDENCE_MEANINGS),
        "Statements are of three kinds:",
        _words("kind", KIND_WORDS),
        "A reading has parts, at most one for each open choice:",
        _readings(),
        "## How many verdicts of each kind",
        _counts(rows),
        "Some claims are about *encoders*: neural networks that turn an image into features. We trained them on "
        "Fashion-MNIST.",
        in_words(claims),
        what_training_is_worth(),
        "## Does it hold? Short answers",
        "For each theorem, table and the like: whether it holds, and in short what we found. The report "
        "(`dssl report`) has the equations as well, and the verdict under every reading.",
        _short_answers(rows, claims),
        "## Claim by claim",
        _claims(rows, claims, files),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def what_training_is_worth() -> str:
    """How much pre-training gains, in words; "" where that was not trained."""
    trained = recorded("ceiling")
    return "" if trained is None else ceiling.in_words(trained)


def _words(heading: str, meanings: Mapping[str, str]) -> str:
    rows = (f"| {word} | {_sentence(word, meaning)} |" for word, meaning in meanings.items())
    return "\n".join([f"| {heading} | meaning |", "|---|---|", *rows])


def _readings() -> str:
    rows = (f"| {part.axis} | {part.words} | {part.means} |" for part in vocabulary.EVERY)
    return "\n".join(["| open choice | part of a reading | meaning |", "|---|---|---|", *rows])


def _sentence(word: str, meaning: str) -> str:
    """The meaning with a capital and a full stop, without the word itself before it."""
    text = meaning.removeprefix(f"{word.lower()}: ").rstrip(".")
    return f"{text[0].upper()}{text[1:]}."


def _counts(rows: list[Row]) -> str:
    lines = ["| kind | " + " | ".join(STATUS_MEANINGS) + " |", "|---" * (len(STATUS_MEANINGS) + 1) + "|"]
    for kind, found in counts(rows).items():
        lines.append(f"| {kind} | " + " | ".join(str(found.get(s, 0)) for s in STATUS_MEANINGS) + " |")
    return "\n".join(lines)


def _short_answers(rows: list[Row], claims: Mapping[str, Claim]) -> str:
    index = Index(Record(rows, {name: about(claim) for name, claim in claims.items()}), items.load())
    lines = ["| item | does it hold? | what we found |", "|---|---|---|"]
    for item in (i for found in grouped(index.items).values() for i in found if is_asked_for(i)):
        said = answer(item, index.of_item(item), index.rows)
        lines.append(f"| {title(item.key)} | {said.sign} {said.short} | {said.words} {said.count} |")
    return "\n".join(lines)


def _claims(rows: list[Row], claims: Mapping[str, Claim], files: Mapping[str, str]) -> str:
    lines = ["| claim | about | " + " | ".join(KINDS) + " |", "|---" * (len(KINDS) + 2) + "|"]
    for name, claim in sorted(claims.items()):
        cells = [_cell([r for r in rows if r["claim"] == name and r["statement"] == k]) for k in KINDS]
        title = claim.title.replace("|", "\\|")
        lines.append(f"| [`{name}`]({files[name]}) | {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(rows: list[Row]) -> str:
    found = {s: sum(r["status"] == s for r in rows) for s in STATUS_MEANINGS}
    return ", ".join(s if n == 1 else f"{n} {s}" for s, n in found.items() if n)
