"""The ledger's items: everything that the paper numbers, and the claims that answer it."""

import pathlib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

LEDGER = pathlib.Path(__file__).resolve().parent.parent / "claims" / "ledger.toml"
# "eq-12", "theorem-4.4", "table-6-training": in the last form trained models are asked what the item says.
_KINDS = (
    "definition",
    "theorem",
    "corollary",
    "lemma",
    "assumption",
    "remark",
    "algorithm",
    "table",
    "figure",
    "section",
)
_KEY = re.compile(r"(?P<kind>[a-z]+)-(?P<first>(?:A\.)?\d+(?:\.\d+)*)(?:-(?P<last>\d+))?(?:-(?P<words>[a-z-]+))?")
_TRAINED = ("training", "shape")
# How an item leans on others; claims/ledger.toml begins with what each word means.
RELATIONS = ("uses", "repeats", "notation", "examines")
_LISTS = ("answered_by", "mends", *RELATIONS)
_FIELDS = {"key", "printed", "where", "pending", "latex", "answer", "outcome", "slip", *_LISTS}


@dataclass(frozen=True)
class Numbered:
    """The parts of a key with a number: "eqs-25-33-training" is eq, 25, 33, training. What is not there is ""."""

    kind: str
    first: str
    last: str
    words: str


def numbered(key: str) -> Numbered | None:
    """The parts of an item's key; None for one without a number, such as data-model."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    parts = found.groupdict("")
    return Numbered(**{**parts, "kind": "eq" if parts["kind"] == "eqs" else parts["kind"]})


@dataclass(frozen=True)
class Item:
    """One thing that the paper prints: where, what in our words, and the claims that answer it (or why none does).

    Four fields hold keys of other items: `uses` what its statement or its printed proof needs, `repeats` steps whose
    argument its proof says to repeat, `notation` where it takes only names from, `examines` what it asks about.
    `answer` says in a sentence or two whether it holds, and `outcome` what that comes to, such as "depends". Both are
    written by hand, for what readers ask for most; `ledger.report.answers` compares them with the verdicts.
    `mends` holds keys of statements that say what holds in place of the item, the most useful one first.
    `slip` says, where nothing that is printed here holds as it stands, why the arguments that use it take no harm.
    """

    key: str
    printed: str
    where: str
    answered_by: tuple[str, ...] = ()
    pending: str = ""
    latex: str = ""
    uses: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    notation: tuple[str, ...] = ()
    examines: tuple[str, ...] = ()
    answer: str = ""
    outcome: str = ""
    slip: str = ""
    mends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.answer) != bool(self.outcome):
            raise ValueError(f"An answer and its outcome stand together; {self.key} has only one. Add the other.")
        if bool(self.answered_by) == bool(self.pending):
            raise ValueError(
                f"A ledger item is answered by claims or pending with a reason; {self.key} has "
                f"{'both' if self.pending else 'neither'}. Keep one."
            )

    @property
    def rests_on(self) -> tuple[str, ...]:
        """The items that must hold for its printed proof to hold: those that it uses, and whose argument it repeats."""
        return (*self.uses, *self.repeats)

    @property
    def linked(self) -> tuple[str, ...]:
        """All items that it names in one of the four ways."""
        return tuple(key for name in RELATIONS for key in getattr(self, name))


def required() -> list[str]:
    """The keys that the ledger must have: everything numbered or named in the paper, and the referees' questions."""
    return [
        *(f"eq-{n}" for n in range(1, 90)),
        "definition-4.1",
        *(f"theorem-4.{n}" for n in (2, 3, 4, 6)),
        "corollary-4.5",
        "lemma-A.11",
        *(f"assumption-A.{n}" for n in (1, 3, 5, 7, 9)),
        *(f"remark-A.{n}" for n in (2, 4, 6, 8, 10)),
        "algorithm-1",
        "algorithm-2",
        "section-5",
        "section-A.5",
        *(f"table-{n}" for n in range(1, 9)),
        "figure-2",
        "figure-3",
        *(f"referee-{n}" for n in range(1, 8)),
    ]


def load(path: pathlib.Path = LEDGER) -> list[Item]:
    """The items in the order of the file.

    Errors: ValueError for an unknown or missing field, a key that comes twice, an item both answered and pending, and
    links to what is no other item, named twice, or in a circle.
    """
    items: list[Item] = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("item", []):
        strange, missing = set(entry) - _FIELDS, {"key", "printed", "where"} - set(entry)
        if strange or missing:
            what = f"unknown field {min(strange)!r}" if strange else f"no {min(missing)!r}"
            raise ValueError(f"The ledger item {entry.get('key', '?')!r} has {what}; fields are {sorted(_FIELDS)}.")
        item = Item(**{**entry, **{name: tuple(entry.get(name, ())) for name in _LISTS}})
        if any(item.key == other.key for other in items):
            raise ValueError(f"The ledger has {item.key!r} twice. Merge them.")
        items.append(item)
    _check_links(items)
    return items


def _check_links(items: Sequence[Item]) -> None:
    known = {item.key for item in items}
    for item in items:
        for i, key in enumerate(item.linked):
            if key not in known or key == item.key or key in item.linked[:i]:
                wrong = (
                    "itself"
                    if key == item.key
                    else f"{key!r}, which is no item"
                    if key not in known
                    else f"{key!r} twice"
                )
                raise ValueError(f"The ledger item {item.key!r} names {wrong}. Name each other item once.")
    try:
        TopologicalSorter({item.key: item.linked for item in items}).prepare()
    except CycleError as error:
        circle = ", ".join(reversed(error.args[1]))
        raise ValueError(f"Items of the ledger lean on each other in a circle: {circle}. Leave one link out.") from None


def unanswered(items: Iterable[Item], claims: Iterable[str]) -> dict[str, list[str]]:
    """What keeps the ledger from being whole: required keys without an item, answers that are no claim."""
    items, known = list(items), set(claims)
    present = {item.key for item in items}
    return {
        "missing": [key for key in required() if key not in present],
        "no such claim": [f"{i.key}: {c}" for i in items for c in i.answered_by if c not in known],
    }


def named_by(key: str, items: Iterable[Item]) -> dict[str, list[str]]:
    """The items that name this one, under each of the four relations that some do."""
    items = list(items)
    found = {relation: [i.key for i in items if key in getattr(i, relation)] for relation in RELATIONS}
    return {relation: keys for relation, keys in found.items() if keys}


def numbers(keys: Iterable[str]) -> str:
    """The numbers under which the paper prints these items: "Eqs (8)-(10), (12), Theorem 4.4".

    Steps in the text and questions of referees have no number and are left out.
    """
    found = [n for key in keys if (n := numbered(key))]
    equations = sorted(int(n.first) for n in found if n.kind == "eq" and not n.last and not n.words)
    runs: list[list[int]] = []
    for n in equations:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    shown = [f"({r[0]})" if len(r) == 1 else f"({r[0]})-({r[-1]})" for r in runs]
    heading = [f"{'Eq' if len(equations) == 1 else 'Eqs'} {', '.join(shown)}"] if shown else []
    others = sorted((n for n in found if n.kind in _KINDS), key=lambda n: _KINDS.index(n.kind))
    further = [*(n for n in found if n.kind == "eq" and (n.last or n.words)), *others]
    printed = list(dict.fromkeys(heading + [_named(n) for n in further if not n.words.startswith(_TRAINED)]))
    trained = list(dict.fromkeys(_named(n) for n in further if n.words.startswith(_TRAINED)))
    if not trained:
        return ", ".join(printed)
    if trained == printed:
        return f"{', '.join(printed)}, also in our own trainings"
    return ", ".join([*printed, f"{', '.join(trained)} in our own trainings"])


def _named(item: Numbered) -> str:
    is_equation = item.kind == "eq"
    first, last = (f"({n})" if is_equation and n else n for n in (item.first, item.last))
    number = f"s {first}-{last}" if last else f" {first}"
    return f"{item.kind.capitalize()}{number}"
