"""The index of the report: one chip for every item of the ledger, with its verdict and a link to it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.items import Item, numbered
from ledger.status import Kind, Status
from ledger.verdicts import Row

# A sign beside the colour, for print and for readers who do not see the colour.
SIGNS: Mapping[str, str] = {
    Status.HOLDS: "✓",
    Status.VIOLATED: "✗",
    Status.VACUOUS: "∅",
    Status.ILL_FORMED: "¶",
    Status.INCONCLUSIVE: "?",
    Status.OUT_OF_DOMAIN: "–",
    Status.PENDING: "…",
    "MIXED": "±",
}
# Heading, and how the keys of its items begin; the last takes what is left.
_GROUPS = (
    ("Equations", ("eq", "eqs")),
    ("Theorems, definitions, assumptions", ("definition", "theorem", "corollary", "lemma", "assumption", "remark")),
    ("Algorithms, tables, figures", ("algorithm", "table", "figure")),
    ("Referees' questions", ("referee", "review")),
    ("Networks and training", ("network", "graph")),
    ("Steps in the text", ()),
)
# What decides an item or a claim: what is printed, else what we expected, else what is shown here.
BY_WEIGHT: tuple[Kind, ...] = ("printed", "expected", "corrected")
About = Mapping[str, tuple[str, ...]]
_NAMES = {"eckart-young-step": "Eckart-Young step", "svd-remark": "SVD remark"}


@dataclass(frozen=True)
class Chip:
    """One item: its short name, its full place in the paper, what became of it, and the anchor of the first answer."""

    label: str
    where: str
    status: str
    sign: str
    anchor: str


def index(items: Sequence[Item], rows: Sequence[Row], about: About) -> dict[str, tuple[Chip, ...]]:
    """The chips under each heading, equations by number, the rest in the ledger's order.

    `about` has, by the key of a statement, the items that it says it is about.
    """
    return {heading: tuple(_chip(i, rows, about) for i in found) for heading, found in grouped(items).items()}


def grouped(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The items under each heading that has some, equations by number, the rest in the ledger's order."""
    groups: dict[str, list[Item]] = {heading: [] for heading, _ in _GROUPS}
    for item in items:
        kind = item.key.split("-")[0]
        groups[next(h for h, kinds in _GROUPS if kind in kinds or not kinds)].append(item)
    groups["Equations"].sort(key=_number)
    return {heading: found for heading, found in groups.items() if found}


def summary(statuses: Iterable[str]) -> str:
    """The one status that all share, MIXED where they differ, PENDING where there is none."""
    found = set(statuses)
    return found.pop() if len(found) == 1 else "MIXED" if found else Status.PENDING.value


def deciding(rows: Sequence[Row]) -> list[Row]:
    """The statements that decide: the printed ones, where there are none the expected ones, else the corrected ones."""
    kinds = (kind for kind in BY_WEIGHT if any(r["statement"] == kind for r in rows))
    kind = next(kinds, None)
    return [r for r in rows if r["statement"] == kind]


def answering(item: Item, rows: Sequence[Row], about: About) -> list[Row]:
    """The statements that answer an item, claim by claim.

    Where a claim answers several items and some of its statements say that they are about this one, only those count.
    """
    found: list[Row] = []
    for claim in item.answered_by:
        answers = [r for r in rows if r["claim"] == claim]
        found += [r for r in answers if item.key in about.get(r["key"], ())] or answers
    return found


def item_status(item: Item, rows: Sequence[Row], about: About) -> str:
    """What became of an item: of the statements that answer it, those that decide."""
    return summary(r["status"] for r in deciding(answering(item, rows, about)))


def _chip(item: Item, rows: Sequence[Row], about: About) -> Chip:
    status = item_status(item, rows, about)
    return Chip(label(item.key), item.where, status, SIGNS[status], "pending" if item.pending else item.key)


def _number(item: Item) -> tuple[int, str]:
    """Equations in the order of their first number, what is said of them in training after the display itself."""
    found = numbered(item.key)
    return (int(re.findall(r"\d+", found.first)[0]) if found else 0, item.key)


def label(key: str) -> str:
    """An item's short name: eq-12 as (12), theorem-4.2 as Theorem 4.2, data-model as Data model.

    Of several equations the first and the last are named: eqs-25-33-training as (25)-(33) training.
    """
    if key in _NAMES:
        return _NAMES[key]
    found = numbered(key)
    if found and found.kind == "eq":
        return " ".join(["-".join(f"({n})" for n in (found.first, found.last) if n), *found.words.split("-")]).strip()
    kind, _, rest = key.partition("-")
    if kind == "network":
        return rest.replace("-", " ").capitalize()
    return f"{kind} {rest.replace('-', ' ')}".capitalize().replace(" a.", " A.")
