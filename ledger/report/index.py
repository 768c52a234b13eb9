"""The items of the paper in the order of the report and of the site, and which of their statements decide."""

from collections.abc import Iterable, Mapping, Sequence

from ledger.items import Item, numbered
from ledger.lookup import written
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
    ("Theorems, definitions, assumptions", ("definition", "theorem", "corollary", "lemma", "assumption", "remark")),
    ("Tables, figures, algorithms", ("table", "figure", "algorithm")),
    ("Equations", ("eq", "eqs")),
    ("Referees' questions", ("referee", "review")),
    ("Networks and training", ("network", "graph")),
    ("Steps in the text", ()),
)
# What decides an item or a claim: what is printed, else what we expected, else what is shown here.
BY_WEIGHT: tuple[Kind, ...] = ("printed", "expected", "corrected")
_NAMES = {
    "eckart-young-step": "Eckart-Young step",
    "svd-remark": "SVD remark",
    "ssd-parts": "Soft separation and distillation (another paper)",
    "review-spectral-gap": "A review: spectral gap",
}


def grouped(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The items under each heading that has some, by number where they have one, the rest in the ledger's order."""
    groups: dict[str, list[Item]] = {heading: [] for heading, _ in _GROUPS}
    for item in items:
        kind = item.key.split("-")[0]
        groups[next(h for h, kinds in _GROUPS if kind in kinds or not kinds)].append(item)
    for heading, kinds in _GROUPS[:3]:
        # Theorems and their like share one row of numbers; tables, figures and algorithms have one each.
        are_apart = heading.startswith("Tables")
        groups[heading].sort(key=lambda i: (kinds.index(i.key.split("-")[0]) if are_apart else 0, *_number(i)))
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


def item_status(rows: Sequence[Row]) -> str:
    """What became of an item whose statements these are: of those that decide."""
    return summary(r["status"] for r in deciding(rows))


def title(key: str) -> str:
    """An item's key as a heading: theorem-4.4 as Theorem 4.4, data-model as Data model."""
    return written(key) if numbered(key) else label(key)


def label(key: str) -> str:
    """The same, shorter where it stands among its like: eq-12 as (12), data-model as Data model."""
    if key in _NAMES:
        return _NAMES[key]
    if numbered(key):
        return title(key).removeprefix("Eqs ").removeprefix("Eq ")
    kind, _, rest = key.partition("-")
    if kind == "network":
        return rest.replace("-", " ").capitalize()
    return f"{kind} {rest.replace('-', ' ')}".strip().capitalize()


def _number(item: Item) -> tuple[list[int], bool, str]:
    """By number, A.1 behind 4.6; what is said of it in training comes after the item itself."""
    found = numbered(item.key)
    if found is None:
        return ([0], False, item.key)
    ordinals = [1000 if part == "A" else int(part) for part in found.first.split(".")]
    return (ordinals, bool(found.last or found.words), item.key)
